/* Coming in: sign-up, login with one or two factors, logout.
 *
 *   login:  count the try → fetch the hash (or none) → argon2id on a thread, always
 *               → wrong: 401, the same for everybody
 *               → right: a session, or a ticket when a code is needed
 *
 * Tries are counted in the database before the password is looked at, so that many at once on
 * several workers count too. Nothing here tells whether an address has an account, in words or in
 * time; sign-up must (it cannot make a second account), and is limited by address instead. */
#include <string.h>

#include "auth/identity.h"
#include "auth/schemas.h"
#include "auth/totp.h"
#include "base/clock.h"
#include "core/log.h"
#include "sql.h"

/* --- sign-up --------------------------------------------------------------------------- */

static enum err signup(struct ctx *c, struct request *r, struct reply *p)
{
    const char *password = take_secret(c, "password");
    const char *hash = NULL;
    const char *token = NULL;
    const char *session = NULL;
    const char *json = NULL;
    enum err e = same_site(c, r);
    if (e) return e;
    e = password_field(c, "password", password, in_text(c, "email"));
    if (e) return e;
    e = throttle_try(c, p, "signup", 10, 60);
    if (e) return e;
    e = password_make(c, password, &hash);
    if (e) return e;
    token_make(c, &token, &session);
    e = db_json(c, &SQL_AUTH_SIGNUP,
                PARAMS(P_TEXT("password_hash", hash), P_TEXT("token_hash", session),
                       P_TEXT("agent", client_agent(c, r))),
                &json);
    if (e) return e;
    session_cookie(c, r, p, token);
    reply_json(c, p, 201, json);
    return ERR_OK;
}

/* --- login ----------------------------------------------------------------------------- */

static enum err login_failed(struct ctx *c, const char *code, const char *words, int64_t left)
{
    if (left >= 0) fault_data(c, "attemptsLeft", json_integer(left));
    return fault(c, ERR_UNAUTHORIZED, code, "%s", words);
}

static enum err answer_ticket(struct ctx *c, struct reply *p, struct uuid user, const char *hash)
{
    const char *ticket = NULL;
    const char *ticket_hash = NULL;
    struct rows *rows = NULL;
    token_make(c, &ticket, &ticket_hash);
    enum err e = db_one(c, &SQL_AUTH_TICKET_MAKE,
                        PARAMS(P_UUID("user", user), P_TEXT("password_hash", hash),
                               P_TEXT("ticket_hash", ticket_hash)),
                        &rows);
    if (e) return e;
    if (!rows_bool(rows, 0, "made"))
        return fault(c, ERR_CONFLICT, "RETRY", "The password was changed meanwhile");
    reply_json(c, p, 200,
               arena_printf(c->arena, "{\"totpRequired\":true,\"ticket\":\"%s\"}", ticket));
    return ERR_OK;
}

static enum err answer_session(struct ctx *c, const struct request *r, struct reply *p,
                               struct uuid user, const char *hash)
{
    const char *token = NULL;
    const char *session = NULL;
    const char *json = NULL;
    token_make(c, &token, &session);
    enum err e = db_json(
        c, &SQL_AUTH_LOGIN_DONE,
        PARAMS(P_UUID("user", user), P_TEXT("password_hash", hash), P_TEXT("token_hash", session),
               P_TEXT("address_key", throttle_address(c)), P_TEXT("agent", client_agent(c, r))),
        &json);
    if (e == ERR_NOT_FOUND)
        return fault(c, ERR_CONFLICT, "RETRY", "The password was changed meanwhile");
    if (e) return e;
    session_cookie(c, r, p, token);
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err login(struct ctx *c, struct request *r, struct reply *p)
{
    const char *password = take_secret(c, "password");
    struct rows *rows = NULL;
    bool right = false;
    enum err e = same_site(c, r);
    if (e) return e;
    e = db_one(c, &SQL_AUTH_LOGIN_BEGIN, PARAMS(P_TEXT("address_key", throttle_address(c))), &rows);
    if (e) return e;
    int64_t wait_s = rows_int(rows, 0, "wait_s", 0);
    if (wait_s > 0) return throttle_refuse(c, p, wait_s);
    const char *hash = rows_text(rows, 0, "password_hash");
    e = password_check(c, hash, password, &right);
    if (e) return e;
    if (!right)
        return login_failed(c, "LOGIN_FAILED", "E-mail address or password is not right",
                            rows_int(rows, 0, "left_n", 0));
    struct uuid user = rows_uuid(rows, 0, "user_id");
    if (rows_bool(rows, 0, "totp")) return answer_ticket(c, p, user, hash);
    return answer_session(c, r, p, user, hash);
}

/* The step of a right code; 0 with *ret_recovery the hash of a recovery code; both empty: neither
 * is right. */
static enum err read_code(struct ctx *c, const char *sealed, int64_t *ret_step,
                          const char **ret_recovery)
{
    const char *code = in_text(c, "code");
    const char *recovery = in_text(c, "recoveryCode");
    if (code) {
        const char *secret = NULL;
        enum err e = secret_open(c->arena, c->app->seal_key, "users.totp_secret", sealed, &secret);
        if (e)
            return fault(c, ERR_INTERNAL, NULL,
                         "A secret of two factors cannot be opened: is this the right key file?");
        *ret_step = totp_verify(secret, code, clock_unix_ms());
    } else if (recovery) {
        const char *normal = recovery_code_normal(c->arena, recovery);
        if (normal) *ret_recovery = token_hash(c, normal);
    }
    return ERR_OK;
}

static enum err login_totp(struct ctx *c, struct request *r, struct reply *p)
{
    const char *ticket = token_hash(c, take_secret(c, "ticket"));
    const char *recovery = NULL;
    const char *token = NULL;
    const char *session = NULL;
    const char *json = NULL;
    int64_t step = 0;
    struct rows *rows = NULL;
    enum err e = same_site(c, r);
    if (e) return e;
    if (!in_has(c, "code") && !in_has(c, "recoveryCode"))
        return fault_field(c, "code", "REQUIRED", "A code is needed");
    e = db_query(c, &SQL_AUTH_TICKET_BEGIN, PARAMS(P_TEXT("ticket_hash", ticket)), &rows);
    if (e) return e;
    if (rows_count(rows) == 0)
        return login_failed(c, "TICKET_EXPIRED", "Log in again with your password", -1);
    e = read_code(c, rows_text(rows, 0, "totp_secret"), &step, &recovery);
    if (e) return e;
    if (step == 0 && !recovery) return login_failed(c, "CODE_WRONG", "The code is not right", -1);
    token_make(c, &token, &session);
    e = db_json(c, &SQL_AUTH_TICKET_DONE,
                PARAMS(P_TEXT("ticket_hash", ticket), step ? P_INT("step", step) : P_NULL("step"),
                       P_TEXT("code_hash", recovery), P_TEXT("token_hash", session),
                       P_TEXT("address_key", throttle_address(c)),
                       P_TEXT("agent", client_agent(c, r))),
                &json);
    if (e == ERR_NOT_FOUND)
        return login_failed(c, "CODE_WRONG", "The code is not right, or was used before", -1);
    if (e) return e;
    session_cookie(c, r, p, token);
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err logout(struct ctx *c, struct request *r, struct reply *p)
{
    enum err e = db_exec(c, &SQL_AUTH_SESSIONS_END,
                         PARAMS(P_UUID("session", c->actor.session_id), P_NULL("keep")));
    if (e) return e;
    auth_forget(c, c->actor.id);
    session_cookie(c, r, p, NULL);
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field signup_fields[] = {
    {.name = "organization",
     .type = F_TEXT,
     .required = true,
     .max = 120,
     .help = "Its name.",
     .example = "\"Quintal da Lola\""},
    {.name = "name",
     .type = F_TEXT,
     .required = true,
     .max = 120,
     .help = "Of the owner.",
     .example = "\"Marina Duarte\""},
    {.name = "email",
     .type = F_EMAIL,
     .required = true,
     .example = "\"marina@quintaldalola.com.br\""},
    {.name = "password",
     .type = F_TEXT,
     .required = true,
     .raw = true,
     .secret = true,
     .max = 200,
     .help = "At least 8 characters."},
    HOME_FIELDS,
    {0},
};

static const struct field login_fields[] = {
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "password", .type = F_TEXT, .required = true, .raw = true, .secret = true, .max = 200},
    {0},
};

static const struct field totp_fields[] = {
    {.name = "ticket",
     .type = F_TEXT,
     .required = true,
     .secret = true,
     .max = 100,
     .help = "From POST /api/login."},
    {.name = "code",
     .type = F_TEXT,
     .secret = true,
     .max = 10,
     .help = "Six digits of the authenticator app."},
    {.name = "recoveryCode",
     .type = F_TEXT,
     .secret = true,
     .max = 40,
     .help = "Instead of a code; each is good once."},
    {0},
};

const struct route auth_session_routes[] = {
    {.method = HTTP_POST,
     .path = "/api/signup",
     .id = "session.signup",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .status = 201,
     .summary = "Make an organization with its owner, and log in.",
     .fields = signup_fields,
     .answer = &me_schema,
     .errors = "409 EMAIL_TAKEN|429 TOO_MANY_TRIES",
     .handler = signup},
    {.method = HTTP_POST,
     .path = "/api/login",
     .id = "session.login",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .summary = "Log in; sets the session cookie, or asks for the second factor.",
     .fields = login_fields,
     .answer = &me_schema,
     .errors = "401 LOGIN_FAILED|429 TOO_MANY_TRIES",
     .handler = login},
    {.method = HTTP_POST,
     .path = "/api/login/totp",
     .id = "session.totp",
     .group = "Session",
     .access = ACCESS_PUBLIC,
     .summary = "The second factor of a login.",
     .fields = totp_fields,
     .answer = &me_schema,
     .errors = "401 CODE_WRONG|401 TICKET_EXPIRED",
     .handler = login_totp},
    {.method = HTTP_POST,
     .path = "/api/logout",
     .id = "session.logout",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "End this login.",
     .shape = ANSWER_EMPTY,
     .handler = logout},
    {0},
};
