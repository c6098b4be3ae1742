/* Who is there and what they may do: what the other domains and the program use of src/auth.
 *
 * A person (users) belongs to organizations through memberships, each with one role; a role is a
 * set of named permissions (permissions.h). Requests are made by a person with a session cookie, or
 * by an integration with an API key; authenticate (auth.c) turns either into ctx->actor. The
 * invariants of the whole domain:
 *   - tokens (sessions, keys, invitations, resets, tickets) leave the program once; the database
 *     has their SHA-256;
 *   - nobody gives, changes or takes away more rights than they have themselves (rights.h);
 *   - an organization always has an active owner;
 *   - a known and an unknown e-mail address get the same answer in the same time. */
#ifndef INTERFLOW_AUTH_AUTH_H
#define INTERFLOW_AUTH_AUTH_H

#include "core/app.h"
#include "core/jobs.h"
#include "core/router.h"

/* For src/server/tables.c. */
extern const struct router_auth auth_router;
enum err auth_start(struct app *app);
void auth_stop(struct app *app);
extern const struct route auth_session_routes[]; /* sign-up, login, two factors */
extern const struct route auth_account_routes[]; /* one's own account */
extern const struct route auth_link_routes[];    /* password resets, invitations: by token */
extern const struct route auth_member_routes[];  /* users, invitations */
extern const struct route auth_role_routes[];
extern const struct route auth_team_routes[];
extern const struct route auth_key_routes[];
/* The organization itself, its mail server, audit log, parked work. */
extern const struct route auth_organization_routes[];
extern const struct job_kind auth_jobs[]; /* mail.send, auth.sweep */

/* Read the rights of the person who asks from the database, whatever is remembered of them, into
 * c->actor: for what is kept open under these rights. Keys stay as they are. ERR_UNAUTHORIZED and
 * ERR_FORBIDDEN with a fault. */
MUST_USE enum err auth_rights_now(struct ctx *c, struct request *r, struct reply *p);

/* One line of the audit log for what c->actor does in c->org, in the open transaction. action:
 * "team.update"; entity: "team"; id nil: none; label: what people know it by; changes: {"field":
 * {"from","to"}} or any object, borrowed, may be NULL. From SQL: audit_add()
 * (sql/functions/auth.sql). */
MUST_USE enum err audit(struct ctx *c, const char *action, const char *entity, struct uuid id,
                        const char *label, const json_t *changes);
/* Tell all clients of c->org to load something anew: "users", "teams", "roles", "organization",
 * "apiKeys", … */
MUST_USE enum err settings_changed(struct ctx *c, const char *what);

/* Where links in mails and answers begin, without a slash at the end: the configured public
 * address; else that of the request (r may be NULL) when it comes from somebody who is logged in;
 * else the address we listen on. */
const char *public_base(struct ctx *c, const struct request *r);

/* A password that we accept? False: *ret_code and *ret_words say why not (static). email may be
 * NULL. */
bool password_acceptable(const char *password, const char *email, const char **ret_code,
                         const char **ret_words);
/* Hash on a thread. In the arena. */
MUST_USE enum err password_make(struct ctx *c, const char *password, const char **ret_hash);
/* Check on a thread; hash NULL takes as long and is false. */
MUST_USE enum err password_check(struct ctx *c, const char *hash, const char *password,
                                 bool *ret_right);

#endif
