/* One's own account: name and language, password, second factor, logins, a further organization. */
#include <string.h>

#include "auth/identity.h"
#include "auth/schemas.h"
#include "auth/totp.h"
#include "base/clock.h"
#include "sql.h"

#define TOTP_PURPOSE "users.totp_secret"

static enum err me(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e = db_json(c, &SQL_AUTH_ME, PARAMS(P_TEXT("version", INTERFLOW_VERSION)), &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err me_update(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *password = take_secret(c, "password");
    const char *json = NULL;
    if (in_has(c, "email")) { /* whoever has the mailbox can take the account over */
        if (!password)
            return fault_field(c, "password", "REQUIRED",
                               "The current password is needed to change the e-mail address");
        enum err e = password_again(c, p, password);
        if (e) return e;
    }
    enum err e = db_json(c, &SQL_AUTH_ME_UPDATE, NULL, &json);
    if (e) return e;
    auth_forget(c, c->actor.id);
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err password_change(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *current = take_secret(c, "current");
    const char *password = take_secret(c, "password");
    const char *hash = NULL;
    enum err e = password_field(c, "password", password, NULL);
    if (e) return e;
    e = password_again(c, p, current);
    if (e) return e;
    e = password_make(c, password, &hash);
    if (e) return e;
    e = db_exec(c, &SQL_AUTH_PASSWORD_SET,
                PARAMS(P_TEXT("password_hash", hash), P_UUID("session", c->actor.session_id)));
    if (e) return e;
    auth_forget(c, c->actor.id);
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- logins ---------------------------------------------------------------------------- */

static enum err sessions(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e =
        db_json(c, &SQL_AUTH_SESSIONS, PARAMS(P_UUID("session", c->actor.session_id)), &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err session_end(struct ctx *c, struct request *r, struct reply *p)
{
    struct uuid session = in_uuid(c, "sessionId");
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_AUTH_SESSIONS_END,
                        PARAMS(P_UUID("session", session), P_NULL("keep")), &rows);
    if (e) return e;
    if (rows_int(rows, 0, "ended", 0) == 0)
        return fault(c, ERR_NOT_FOUND, "SESSION_NOT_FOUND", "There is no such login");
    auth_forget(c, c->actor.id);
    if (uuid_equal(session, c->actor.session_id)) session_cookie(c, r, p, NULL);
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err sessions_end(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum err e = db_exec(c, &SQL_AUTH_SESSIONS_END,
                         PARAMS(P_NULL("session"), P_UUID("keep", c->actor.session_id)));
    if (e) return e;
    auth_forget(c, c->actor.id);
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- the second factor ----------------------------------------------------------------- */

static enum err totp_begin(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct rows *rows = NULL;
    const char *secret = totp_secret(c->arena);
    const char *sealed =
        secret ? secret_seal(c->arena, c->app->seal_key, TOTP_PURPOSE, secret) : NULL;
    if (!sealed) return ERR_NO_MEMORY;
    enum err e = db_one(c, &SQL_AUTH_TOTP_BEGIN, PARAMS(P_TEXT("sealed", sealed)), &rows);
    if (e) return e;
    const char *email = rows_text(rows, 0, "email");
    if (!email) return fault(c, ERR_CONFLICT, "TOTP_ENABLED", "The second factor is on already");
    const char *uri = totp_uri(c->arena, email, secret);
    json_t *j =
        json_pack("{s:s, s:s, s:s}", "secret", secret, "uri", uri, "qrSvg", qr_svg(c->arena, uri));
    reply_jsonf(c, p, 200, j);
    json_decref(j);
    return ERR_OK;
}

static enum err totp_enable(struct ctx *c, const char *sealed, int64_t step, struct reply *p)
{
    struct rows *rows = NULL;
    const char *hashes = "{";
    json_t *codes = json_array();
    for (int i = 0; i < RECOVERY_CODES; i++) {
        char code[RECOVERY_CODE_SIZE];
        recovery_code_make(code);
        json_array_append_new(codes, json_string(code));
        hashes = arena_printf(c->arena, "%s%s%s", hashes, i ? "," : "",
                              token_hash(c, recovery_code_normal(c->arena, code)));
    }
    CLEANUP(json_decrefp) json_t *answer = json_pack("{s:o}", "recoveryCodes", codes);
    enum err e = db_one(c, &SQL_AUTH_TOTP_ENABLE,
                        PARAMS(P_TEXT("sealed", sealed), P_INT("step", step),
                               P_TEXT("codes", arena_printf(c->arena, "%s}", hashes))),
                        &rows);
    if (e) return e;
    if (!rows_bool(rows, 0, "enabled"))
        return fault(c, ERR_CONFLICT, "RETRY", "The secret was changed meanwhile");
    auth_forget(c, c->actor.id);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

static enum err totp_confirm(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct rows *rows = NULL;
    const char *secret = NULL;
    enum err e = db_one(c, &SQL_AUTH_TOTP_WAITING, NULL, &rows);
    if (e) return e;
    const char *sealed = rows_text(rows, 0, "sealed");
    if (!sealed) return fault(c, ERR_CONFLICT, "TOTP_NOT_BEGUN", "Ask for a secret first");
    e = secret_open(c->arena, c->app->seal_key, TOTP_PURPOSE, sealed, &secret);
    if (e)
        return fault(c, ERR_INTERNAL, NULL,
                     "A secret of two factors cannot be opened: is this the right key file?");
    int64_t step = totp_verify(secret, in_text(c, "code"), clock_unix_ms());
    if (step == 0)
        return fault_field(c, "code", "CODE_WRONG",
                           "The code is not right: is the clock of the phone?");
    return totp_enable(c, sealed, step, p);
}

static enum err totp_disable(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum err e = password_again(c, p, take_secret(c, "password"));
    if (e) return e;
    e = db_exec(c, &SQL_AUTH_TOTP_DISABLE, NULL);
    if (e) return e;
    auth_forget(c, c->actor.id);
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err organization_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e = db_json(c, &SQL_AUTH_ORGANIZATION_CREATE, NULL, &json);
    if (e) return e;
    auth_forget(c, c->actor.id);
    reply_json(c, p, 201, json);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field me_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 120},
    {.name = "language", .type = F_ENUM, .values = LANGUAGES},
    {.name = "settings",
     .type = F_OBJECT,
     .help = "Merged into what is there; null removes a member; 16 KB in all."},
    {.name = "email", .type = F_EMAIL, .help = "Needs the password."},
    {.name = "password", .type = F_TEXT, .raw = true, .secret = true, .max = 200},
    {0},
};
static const struct field password_fields[] = {
    {.name = "current", .type = F_TEXT, .required = true, .raw = true, .secret = true, .max = 200},
    {.name = "password",
     .type = F_TEXT,
     .required = true,
     .raw = true,
     .secret = true,
     .max = 200,
     .help = "At least 8 characters."},
    {0},
};
static const struct field code_fields[] = {
    {.name = "code", .type = F_TEXT, .required = true, .secret = true, .max = 10},
    {0},
};
static const struct field again_fields[] = {
    {.name = "password", .type = F_TEXT, .required = true, .raw = true, .secret = true, .max = 200},
    {0},
};
static const struct field organization_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .max = 120},
    HOME_FIELDS,
    {0},
};

static const struct field session_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "current", .type = F_BOOL, .required = true, .help = "The one that asks."},
    {.name = "address", .type = F_TEXT, .required = true},
    {.name = "userAgent", .type = F_TEXT, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "lastSeenAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema session_schema = {
    .name = "Session", .help = "A login.", .fields = session_shape};
static const struct field totp_shape[] = {
    {.name = "secret", .type = F_TEXT, .required = true},
    {.name = "uri", .type = F_TEXT, .required = true},
    {.name = "qrSvg", .type = F_TEXT, .required = true, .help = "The same as a QR code."},
    {0},
};
static const struct schema totp_schema = {
    .name = "TotpSecret", .help = "For an authenticator app.", .fields = totp_shape};
static const struct field codes_shape[] = {
    {.name = "recoveryCodes",
     .type = F_ARRAY,
     .of = F_TEXT,
     .required = true,
     .help = "Shown once; each is good once."},
    {0},
};
static const struct schema codes_schema = {
    .name = "RecoveryCodes", .help = "Recovery codes.", .fields = codes_shape};
static const struct field made_shape[] = {{.name = "id", .type = F_UUID, .required = true}, {0}};
static const struct schema made_schema = {
    .name = "OrganizationMade", .help = "The new organization.", .fields = made_shape};

const struct route auth_account_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/me",
     .id = "me.get",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "Who is logged in, and their organizations.",
     .answer = &me_schema,
     .handler = me},
    {.method = HTTP_PATCH,
     .path = "/api/me",
     .id = "me.update",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "Change one's own name, language, settings or e-mail address.",
     .fields = me_fields,
     .answer = &me_schema,
     .errors = "403 PASSWORD_WRONG|409 EMAIL_TAKEN|429 TOO_MANY_TRIES",
     .handler = me_update},
    {.method = HTTP_POST,
     .path = "/api/me/password",
     .id = "me.password",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "Change one's own password; all other logins end.",
     .fields = password_fields,
     .shape = ANSWER_EMPTY,
     .errors = "403 PASSWORD_WRONG|429 TOO_MANY_TRIES",
     .handler = password_change},
    {.method = HTTP_POST,
     .path = "/api/me/totp",
     .id = "me.totp.begin",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "A secret for an authenticator app; the second factor begins with its first code.",
     .answer = &totp_schema,
     .errors = "409 TOTP_ENABLED",
     .handler = totp_begin},
    {.method = HTTP_POST,
     .path = "/api/me/totp/confirm",
     .id = "me.totp.confirm",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "The first code: turns the second factor on and gives recovery codes.",
     .fields = code_fields,
     .answer = &codes_schema,
     .errors = "400 CODE_WRONG|409 TOTP_NOT_BEGUN",
     .rate_per_minute = 30,
     .handler = totp_confirm},
    {.method = HTTP_DELETE,
     .path = "/api/me/totp",
     .id = "me.totp.disable",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "Turn the second factor off.",
     .fields = again_fields,
     .shape = ANSWER_EMPTY,
     .errors = "403 PASSWORD_WRONG|429 TOO_MANY_TRIES",
     .handler = totp_disable},
    {.method = HTTP_GET,
     .path = "/api/me/sessions",
     .id = "me.sessions.list",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "One's own logins, this one first.",
     .answer = &session_schema,
     .shape = ANSWER_LIST,
     .handler = sessions},
    {.method = HTTP_DELETE,
     .path = "/api/me/sessions",
     .id = "me.sessions.end",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "End all other logins.",
     .shape = ANSWER_EMPTY,
     .handler = sessions_end},
    {.method = HTTP_DELETE,
     .path = "/api/me/sessions/{sessionId}",
     .id = "me.sessions.delete",
     .group = "Session",
     .access = ACCESS_USER,
     .summary = "End one login.",
     .shape = ANSWER_EMPTY,
     .errors = "404 SESSION_NOT_FOUND",
     .handler = session_end},
    {.method = HTTP_POST,
     .path = "/api/organizations",
     .id = "organizations.create",
     .group = "Session",
     .access = ACCESS_USER,
     .status = 201,
     .summary = "A further organization, with oneself as its owner.",
     .fields = organization_fields,
     .answer = &made_schema,
     .errors = "409 TOO_MANY_ORGANIZATIONS",
     .handler = organization_create},
    {0},
};
