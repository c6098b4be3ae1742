/* What is opened by a link that somebody was given: a new password, an invitation. The token in the
 * link is 256 random bits; the database has its hash, its age, and whether it was used. */
#include <string.h>

#include "auth/identity.h"
#include "auth/mail.h"
#include "auth/schemas.h"
#include "sql.h"

/* --- passwords ------------------------------------------------------------------------- */

/* Always the same answer after the same work: whether there is an account shows nowhere. */
static enum err forgot(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *token = NULL;
    const char *hash = NULL;
    enum err e = throttle_try(c, p, "forgot", 20, 60);
    if (e) return e;
    token_make(c, &token, &hash);
    const char *link = arena_printf(c->arena, "%s/reset/%s", public_base(c, NULL), token);
    const char *secret = mail_secret(c, link);
    e = db_exec(c, &SQL_AUTH_RESET_REQUEST,
                PARAMS(P_TEXT("token_hash", hash), P_TEXT("secret", secret)));
    if (e) return e;
    reply_json(c, p, 202, "{\"success\":true}");
    return ERR_OK;
}

static enum err link_gone(struct ctx *c, const char *code)
{
    fault_clear(c);
    return fault(c, ERR_NOT_FOUND, code, "This link was used already, or is too old");
}

static enum err reset(struct ctx *c, struct request *r, struct reply *p)
{
    const char *token = token_hash(c, take_secret(c, "token"));
    const char *password = take_secret(c, "password");
    const char *hash = NULL;
    struct rows *rows = NULL;
    enum err e = same_site(c, r);
    if (e) return e;
    e = throttle_try(c, p, "link", 60, 60);
    if (e) return e;
    e = db_one(c, &SQL_AUTH_RESET_FIND, PARAMS(P_TEXT("token_hash", token)), &rows);
    if (e) return e;
    const char *email = rows_text(rows, 0, "email");
    if (!email) return link_gone(c, "RESET_NOT_FOUND");
    e = password_field(c, "password", password, email);
    if (e) return e;
    e = password_make(c, password, &hash);
    if (e) return e;
    e = db_one(c, &SQL_AUTH_RESET_DONE,
               PARAMS(P_TEXT("token_hash", token), P_TEXT("password_hash", hash)), &rows);
    if (e) return e;
    struct uuid user = rows_uuid(rows, 0, "user_id");
    if (uuid_is_nil(user)) return link_gone(c, "RESET_NOT_FOUND");
    auth_forget(c, user);
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- invitations ----------------------------------------------------------------------- */

static enum err invitation(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e = throttle_try(c, p, "link", 60, 60);
    if (e) return e;
    e = db_json(c, &SQL_AUTH_INVITATION,
                PARAMS(P_TEXT("token_hash", token_hash(c, in_text(c, "token")))), &json);
    if (e == ERR_NOT_FOUND) return link_gone(c, "INVITATION_NOT_FOUND");
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

/* What a new account needs: a name, a password, and an address unless the invitation has one. */
static enum err newcomer(struct ctx *c, const char *token, const char *password,
                         const char **ret_hash)
{
    const char *text = NULL;
    enum err e = db_json(c, &SQL_AUTH_INVITATION, PARAMS(P_TEXT("token_hash", token)), &text);
    if (e == ERR_NOT_FOUND) return link_gone(c, "INVITATION_NOT_FOUND");
    if (e) return e;
    CLEANUP(json_decrefp) json_t *known = json_loads(text, 0, NULL);
    const char *email = json_string_value(json_object_get(known, "email"));
    if (json_is_true(json_object_get(known, "existingUser")))
        return fault(c, ERR_UNAUTHORIZED, "LOGIN_FIRST",
                     "There is an account with this address: log in, then open the link again");
    if (!in_text(c, "name")) e = fault_field(c, "name", "REQUIRED", "Is required");
    if (!email && !in_text(c, "email")) e = fault_field(c, "email", "REQUIRED", "Is required");
    if (!password) return fault_field(c, "password", "REQUIRED", "Is required");
    if (e) return e;
    e = password_field(c, "password", password, email ? email : in_text(c, "email"));
    if (e) return e;
    return password_make(c, password, ret_hash);
}

static enum err invitation_accept(struct ctx *c, struct request *r, struct reply *p)
{
    const char *password = take_secret(c, "password");
    const char *token = token_hash(c, take_secret(c, "token"));
    const char *hash = NULL;
    const char *cookie = NULL;
    const char *session = NULL;
    const char *json = NULL;
    enum err e = same_site(c, r);
    if (e) return e;
    e = throttle_try(c, p, "link", 60, 60);
    if (e) return e;
    e = session_optional(c, r, p);
    if (e) return e;
    bool new_account = c->actor.kind != ACTOR_USER;
    if (new_account) {
        e = newcomer(c, token, password, &hash);
        if (e) return e;
        token_make(c, &cookie, &session);
    }
    e = db_json(c, &SQL_AUTH_INVITATION_ACCEPT,
                PARAMS(P_TEXT("token_hash", token), P_TEXT("password_hash", hash),
                       P_TEXT("session_hash", session), P_TEXT("agent", client_agent(c, r))),
                &json);
    if (e) return e;
    if (new_account)
        session_cookie(c, r, p, cookie);
    else
        auth_forget(c, c->actor.id);
    reply_json(c, p, 200, json);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field forgot_fields[] = {{.name = "email", .type = F_EMAIL, .required = true},
                                             {0}};
static const struct field reset_fields[] = {
    {.name = "token",
     .type = F_TEXT,
     .required = true,
     .secret = true,
     .max = 100,
     .help = "From the link /reset/{token}."},
    {.name = "password", .type = F_TEXT, .required = true, .raw = true, .secret = true, .max = 200},
    {0},
};
static const struct field token_fields[] = {
    {.name = "token", .type = F_TEXT, .in = IN_PATH, .required = true, .max = 100},
    {0},
};
static const struct field accept_fields[] = {
    {.name = "token", .type = F_TEXT, .in = IN_PATH, .required = true, .max = 100},
    {.name = "name",
     .type = F_TEXT,
     .min = 1,
     .max = 120,
     .help = "Of a new account; whoever is logged in needs nothing here."},
    {.name = "email",
     .type = F_EMAIL,
     .help = "Of a new account, unless the invitation names one."},
    {.name = "password", .type = F_TEXT, .raw = true, .secret = true, .max = 200},
    {.name = "language", .type = F_ENUM, .values = LANGUAGES},
    {0},
};
static const struct field invitation_shape[] = {
    {.name = "organization", .type = F_TEXT, .required = true},
    {.name = "language", .type = F_ENUM, .values = LANGUAGES, .required = true},
    {.name = "email", .type = F_EMAIL, .nullable = true},
    {.name = "inviter", .type = F_TEXT, .nullable = true},
    {.name = "roleName", .type = F_TEXT, .required = true},
    {.name = "existingUser", .type = F_BOOL, .required = true, .help = "Log in first."},
    {.name = "expiresAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema invitation_schema = {
    .name = "InvitationPage", .help = "What the invited person sees.", .fields = invitation_shape};

const struct route auth_link_routes[] = {
    {.method = HTTP_POST,
     .path = "/api/password/forgot",
     .id = "password.forgot",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .status = 202,
     .summary = "Ask for a new password: a link by mail, or one that an admin hands over. Always "
                "the same answer.",
     .fields = forgot_fields,
     .shape = ANSWER_OTHER,
     .errors = "429 TOO_MANY_TRIES",
     .handler = forgot},
    {.method = HTTP_POST,
     .path = "/api/password/reset",
     .id = "password.reset",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .summary = "Set a new password by a link; all logins end.",
     .fields = reset_fields,
     .shape = ANSWER_EMPTY,
     .errors = "404 RESET_NOT_FOUND|429 TOO_MANY_TRIES",
     .handler = reset},
    {.method = HTTP_GET,
     .path = "/api/invitations/{token}",
     .id = "invitation.get",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .summary = "What an invitation is for.",
     .fields = token_fields,
     .answer = &invitation_schema,
     .errors = "404 INVITATION_NOT_FOUND|429 TOO_MANY_TRIES",
     .handler = invitation},
    {.method = HTTP_POST,
     .path = "/api/invitations/{token}/accept",
     .id = "invitation.accept",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .summary = "Become a member: as who is logged in, or with a new account.",
     .fields = accept_fields,
     .answer = &me_schema,
     .errors = "401 LOGIN_FIRST|403 INVITATION_OTHER_EMAIL|404 INVITATION_NOT_FOUND|409 "
               "ALREADY_MEMBER|409 EMAIL_TAKEN",
     .handler = invitation_accept},
    {0},
};
