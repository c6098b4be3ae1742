/* Inside src/auth: from a request to who makes it, and the pieces that login, sign-up and links
 * share. */
#ifndef INTERFLOW_AUTH_IDENTITY_H
#define INTERFLOW_AUTH_IDENTITY_H

#include "auth/auth.h"
#include "auth/session_cache.h"
#include "base/crypto.h"

#define TOKEN_BYTES    32
#define SESSION_COOKIE "if_session"
#define SESSION_S      (30 * 24 * 3600)

/* app->auth */
struct auth {
    struct session_cache *sessions;
};

/* A new token for somebody to keep, and the hash for us. Both in the arena. */
void token_make(struct ctx *c, const char **ret_token, const char **ret_hash);
/* SHA-256 of a token that came from outside, as hexadecimal text in the arena. */
const char *token_hash(struct ctx *c, const char *token);
/* Set the cookie; token NULL removes it. */
void session_cookie(struct ctx *c, const struct request *r, struct reply *p, const char *token);
/* What the client says it is, as valid text of at most 300 bytes; "" when it says nothing. */
const char *client_agent(struct ctx *c, const struct request *r);
/* For routes that take anybody: c->actor becomes the person of the session, when there is a good
 * one. ERR_OK without one. */
MUST_USE enum err session_optional(struct ctx *c, struct request *r, struct reply *p);
/* ERR_FORBIDDEN / CROSS_SITE when a browser says that another site made this request: for public
 * routes that set the cookie. */
MUST_USE enum err same_site(struct ctx *c, const struct request *r);
/* Every worker, this one first, forgets what it remembers of a person (or of c->org when user is
 * nil). Call after the commit; the event auth.changed of the same commit does it again for those
 * who missed the hint. */
void auth_forget(struct ctx *c, struct uuid user);

/* The part of c->address by which tries are counted: IPv4 as it is, the /64 network of IPv6; NULL
 * for the machine itself (a proxy that names nobody would otherwise lock everybody out). */
const char *throttle_address(struct ctx *c);
/* 429 TOO_MANY_TRIES with Retry-After. */
MUST_USE enum err throttle_refuse(struct ctx *c, struct reply *p, int64_t wait_s);
/* Count a try without account: free ones an hour, then a pause of first_s, doubled each time. */
MUST_USE enum err throttle_try(struct ctx *c, struct reply *p, const char *kind, int free,
                               int first_s);
/* The actor's own password, asked for again. 403 PASSWORD_WRONG with attemptsLeft, 429. */
MUST_USE enum err password_again(struct ctx *c, struct reply *p, const char *password);

/* A text of the input, taken out of it, so that it travels no further (to the database, to a log).
 * NULL when absent. */
const char *take_secret(struct ctx *c, const char *name);
/* Is a password in the field acceptable? ERR_INVALID naming the field. */
MUST_USE enum err password_field(struct ctx *c, const char *field, const char *password,
                                 const char *email);

#endif
