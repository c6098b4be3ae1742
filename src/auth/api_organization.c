/* The organization itself: its settings, its mail server, its audit log, and the work that failed
 * for good. */
#include <string.h>

#include "auth/hours.h"
#include "auth/identity.h"
#include "auth/mail.h"
#include "auth/permissions.h"
#include "auth/schemas.h"
#include "base/clock.h"
#include "base/json.h"
#include "sql.h"

#define SETTINGS_MAX     (32 * 1024)
#define REOPEN_HOURS_MAX 720

/* --- settings -------------------------------------------------------------------------- */

/* Settings belong to the pages that use them; checked here is what the server itself reads. */
static enum err settings_check(struct ctx *c, const json_t *settings)
{
    const json_t *reopen = json_object_get(settings, "reopenHours"),
                 *hours = json_object_get(settings, "hours"),
                 *holidays = json_object_get(settings, "holidays");
    const char *why = "";
    if (hours && !json_is_null(hours) && !hours_valid(hours, &why))
        return fault_field(c, "settings.hours", "INVALID_HOURS", "%s", why);
    if (holidays && !json_is_null(holidays) && !holidays_valid(holidays, &why))
        return fault_field(c, "settings.holidays", "INVALID_DATE", "%s", why);
    if (!reopen || json_is_null(reopen)) return ERR_OK;
    if (json_is_integer(reopen) && json_integer_value(reopen) >= 0 &&
        json_integer_value(reopen) <= REOPEN_HOURS_MAX)
        return ERR_OK;
    return fault_field(c, "settings.reopenHours", "OUT_OF_RANGE",
                       "Must be a whole number of hours from 0 to 720, or null");
}

static enum err organization_update(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum err bad = settings_check(c, in_json(c, "settings"));
    if (bad) return bad;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *before = NULL;
    struct rows *rows = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_one(c, &SQL_ORGANIZATION_GET, NULL, &before);
    if (e) return e;
    e = db_one(c, &SQL_ORGANIZATION_UPDATE, PARAMS(P_TEXT("before", rows_text(before, 0, "json"))),
               &rows);
    if (e) return e;
    if (rows_int(rows, 0, "settings_size", 0) > SETTINGS_MAX)
        return fault(c, ERR_TOO_LARGE, "SETTINGS_TOO_LARGE", "The settings hold at most 32 KB");
    CLEANUP(json_decrefp) json_t *changes = json_loads(rows_text(rows, 0, "changes"), 0, NULL);
    e = audit(c, "organization.update", "organization", c->org, rows_text(before, 0, "name"),
              changes);
    if (e) return e;
    e = settings_changed(c, "organization");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_json(c, p, 200, rows_text(rows, 0, "json"));
    return ERR_OK;
}

/* --- mail server ----------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The sealed password to keep. An old one stays only for the same server and user: else whoever may
 * change the settings could have it sent to a server of theirs. */
static enum err smtp_password(struct ctx *c, bool given, const char *password,
                              const char **ret_sealed)
{
    struct rows *rows = NULL;
    *ret_sealed = NULL;
    if (given && password && *password) {
        *ret_sealed = secret_seal(c->arena, c->app->seal_key, "smtp_settings.password", password);
        return *ret_sealed ? ERR_OK : ERR_NO_MEMORY;
    }
    if (given) return ERR_OK; /* null or "": none any more */
    enum err e = db_query(c, &SQL_SMTP_GET, NULL, &rows);
    if (e || rows_count(rows) == 0 || !rows_text(rows, 0, "password")) return e;
    bool kept = same(rows_text(rows, 0, "host"), in_text(c, "host")) &&
                same(rows_text(rows, 0, "username"), in_text(c, "user")) &&
                rows_int(rows, 0, "port", 0) == in_int(c, "port", 0) &&
                same(rows_text(rows, 0, "security"), in_text(c, "security"));
    if (!kept)
        return fault_field(c, "password", "REQUIRED",
                           "Give the password again when the server or the user changes");
    *ret_sealed = rows_text(rows, 0, "password");
    return ERR_OK;
}

static enum err smtp_put(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    bool given = in_has(c, "password");
    const char *password = take_secret(c, "password");
    const char *sealed = NULL;
    const char *json = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = smtp_password(c, given, password, &sealed);
    if (e) return e;
    e = db_exec(c, &SQL_SMTP_PUT, PARAMS(P_TEXT("sealed", sealed)));
    if (e) return e;
    e = audit(c, "smtp.update", "organization", c->org, in_text(c, "host"), NULL);
    if (e) return e;
    e = settings_changed(c, "smtp");
    if (e) return e;
    e = db_json(c, &SQL_SMTP_JSON, NULL, &json);
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err smtp_delete(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *host = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_json(c, &SQL_SMTP_DELETE, NULL, &host);
    if (e == ERR_NOT_FOUND) return fault(c, e, "SMTP_NOT_CONFIGURED", "No mail server is set");
    if (e) return e;
    e = audit(c, "smtp.delete", "organization", c->org, host, NULL);
    if (e) return e;
    e = settings_changed(c, "smtp");
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err smtp_test(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct rows *rows = NULL;
    enum err e =
        db_one(c, &SQL_INVITATION_CONTEXT, PARAMS(P_NULL("email"), P_NULL("teamIds")), &rows);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *vars = json_pack("{s:s?, s:s?}", "organization", rows_text(rows, 0, "organization"),
                             "inviter", c->actor.name);
    e = mail_send_now(c, in_text(c, "to"), "test", c->actor.language, vars,
                      crypto_token(c->arena, 16));
    if (e == ERR_DEADLINE || e == ERR_UPSTREAM || e == ERR_FORBIDDEN || e == ERR_UNAVAILABLE) {
        const char *why =
            c->fault.message ? arena_strdup(c->arena, c->fault.message) : err_row(e)->text;
        fault_clear(c);
        return fault(c, ERR_UPSTREAM, "SMTP_FAILED", "%s", why);
    }
    if (e) return e;
    reply_json(c, p, 200, "{\"success\":true}");
    return ERR_OK;
}

/* --- parked work ----------------------------------------------------------------------- */

static enum err parked(struct ctx *c, struct reply *p, const struct sql *q, const char *action)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *kind = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_json(c, q, NULL, &kind);
    if (e == ERR_NOT_FOUND) return fault(c, e, "JOB_NOT_FOUND", "There is no such parked work");
    if (e) return e;
    e = audit(c, action, "job", (struct uuid){0}, kind, NULL);
    if (e) return e;
    e = db_commit(c, &tx);
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err job_retry(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return parked(c, p, &SQL_JOB_PARKED_RETRY, "job.retry");
}

static enum err job_delete(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return parked(c, p, &SQL_JOB_PARKED_DROP, "job.delete");
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field organization_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 120},
    {.name = "timeZone", .type = F_TEXT, .min = 1, .max = 64, .help = "IANA name."},
    {.name = "language", .type = F_ENUM, .values = LANGUAGES},
    {.name = "currency", .type = F_TEXT, .min = 3, .max = 3, .help = "ISO 4217."},
    {.name = "country",
     .type = F_TEXT,
     .min = 2,
     .max = 2,
     .help = "ISO 3166, two letters; for phone numbers without a country code."},
    {.name = "settings",
     .type = F_OBJECT,
     .help = "Merged into what is there; null removes a member. reopenHours: for so many hours "
             "(0 to 720) a message opens the closed chat again. hours: {mon: [[\"08:00\", "
             "\"18:00\"]], …}, where a team or a channel has none. holidays: [\"2026-12-24\", of "
             "every year \"12-25\"]: nobody is at work."},
    {0},
};
static const struct field smtp_fields[] = {
    {.name = "host",
     .type = F_TEXT,
     .required = true,
     .max = 253,
     .example = "\"smtp.exemplo.com.br\""},
    {.name = "port", .type = F_INT, .required = true, .min = 1, .max = 65535, .example = "587"},
    {.name = "security",
     .type = F_ENUM,
     .values = "tls|starttls|none",
     .otherwise = "\"starttls\""},
    {.name = "user", .type = F_TEXT, .max = 320},
    {.name = "password",
     .type = F_TEXT,
     .raw = true,
     .secret = true,
     .nullable = true,
     .max = 500,
     .help = "Absent: the old one stays, for the same server and user."},
    {.name = "from", .type = F_EMAIL, .required = true, .example = "\"equipe@exemplo.com.br\""},
    {.name = "fromName", .type = F_TEXT, .max = 120},
    {0},
};
static const struct field test_fields[] = {{.name = "to", .type = F_EMAIL, .required = true}, {0}};
static const struct field smtp_shape[] = {
    {.name = "configured", .type = F_BOOL, .required = true},
    {.name = "host", .type = F_TEXT},
    {.name = "port", .type = F_INT},
    {.name = "security", .type = F_ENUM, .values = "tls|starttls|none"},
    {.name = "user", .type = F_TEXT},
    {.name = "passwordSet", .type = F_BOOL},
    {.name = "from", .type = F_EMAIL},
    {.name = "fromName", .type = F_TEXT},
    {0},
};
static const struct schema smtp_schema = {
    .name = "MailServer", .help = "The mail server of the organization.", .fields = smtp_shape};

static const struct field audit_fields[] = {
    {.name = "actorId", .type = F_UUID, .in = IN_QUERY},
    {.name = "entity", .type = F_TEXT, .in = IN_QUERY, .max = 40, .example = "\"user\""},
    {.name = "entityId", .type = F_UUID, .in = IN_QUERY},
    {.name = "action",
     .type = F_TEXT,
     .in = IN_QUERY,
     .max = 60,
     .help = "user.update, or user for all of them."},
    {.name = "from", .type = F_DATETIME, .in = IN_QUERY},
    {.name = "to", .type = F_DATETIME, .in = IN_QUERY},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 200, .otherwise = "50"},
    {.name = "cursor", .type = F_TEXT, .in = IN_QUERY, .max = 60},
    {0},
};
static const struct field audit_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "actorKind", .type = F_TEXT, .required = true, .help = "user, key, visitor, system."},
    {.name = "actorId", .type = F_UUID, .nullable = true},
    {.name = "actorName", .type = F_TEXT, .required = true},
    {.name = "action", .type = F_TEXT, .required = true, .example = "\"team.update\""},
    {.name = "entity", .type = F_TEXT, .required = true},
    {.name = "entityId", .type = F_UUID, .nullable = true},
    {.name = "label", .type = F_TEXT, .required = true},
    {.name = "changes", .type = F_JSON, .required = true, .help = "{field: {from, to}}"},
    {.name = "address", .type = F_TEXT, .required = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema audit_schema = {
    .name = "AuditEntry", .help = "Who did what, when, from where.", .fields = audit_shape};

static const struct field job_fields[] = {
    {.name = "jobId", .type = F_INT, .in = IN_PATH, .required = true, .min = 1, .max = INT64_MAX},
    {0}};
static const struct field job_shape[] = {
    {.name = "id", .type = F_INT, .required = true},
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "tries", .type = F_INT, .required = true},
    {.name = "error", .type = F_TEXT, .nullable = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "parkedAt", .type = F_DATETIME, .required = true},
    {0},
};
static const struct schema job_schema = {
    .name = "ParkedJob", .help = "Work that failed for good.", .fields = job_shape};

const struct route auth_organization_routes[] = {
    {.method = HTTP_PATCH,
     .path = "/api/{organizationId}",
     .id = "organization.update",
     .group = "Organization",
     .permission = PERMISSION_ORGANIZATION_MANAGE,
     .no_keys = true,
     .summary = "Change the organization.",
     .fields = organization_fields,
     .answer = &organization_schema,
     .errors = "400 UNKNOWN_TIME_ZONE|413 SETTINGS_TOO_LARGE",
     .handler = organization_update},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/audit",
     .id = "audit.list",
     .group = "Organization",
     .permission = PERMISSION_AUDIT_VIEW,
     .summary = "The audit log, newest first.",
     .fields = audit_fields,
     .answer = &audit_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_AUDIT_LIST},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/settings/smtp",
     .id = "smtp.get",
     .group = "Organization",
     .no_keys = true,
     .permission = PERMISSION_ORGANIZATION_MANAGE,
     .summary = "The mail server; without its password.",
     .answer = &smtp_schema,
     .sql = &SQL_SMTP_JSON},
    {.method = HTTP_PUT,
     .path = "/api/{organizationId}/settings/smtp",
     .id = "smtp.put",
     .group = "Organization",
     .no_keys = true,
     .permission = PERMISSION_ORGANIZATION_MANAGE,
     .summary = "Set the mail server.",
     .fields = smtp_fields,
     .answer = &smtp_schema,
     .handler = smtp_put},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/settings/smtp",
     .id = "smtp.delete",
     .group = "Organization",
     .no_keys = true,
     .permission = PERMISSION_ORGANIZATION_MANAGE,
     .summary = "Forget the mail server.",
     .shape = ANSWER_EMPTY,
     .errors = "404 SMTP_NOT_CONFIGURED",
     .handler = smtp_delete},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/settings/smtp/test",
     .id = "smtp.test",
     .group = "Organization",
     .no_keys = true,
     .permission = PERMISSION_ORGANIZATION_MANAGE,
     .summary = "Send a test mail now.",
     .fields = test_fields,
     .shape = ANSWER_OTHER,
     .deadline_ms = 40000,
     .rate_per_minute = 10,
     .errors = "404 SMTP_NOT_CONFIGURED|422 SMTP_LOGIN_FAILED|422 SMTP_REFUSED|502 SMTP_FAILED",
     .handler = smtp_test},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/jobs/parked",
     .id = "jobs.parked",
     .group = "Organization",
     .permission = PERMISSION_JOBS_MANAGE,
     .summary = "Work that failed for good and waits for a person.",
     .answer = &job_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_JOBS_PARKED},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/jobs/{jobId}/retry",
     .id = "jobs.retry",
     .group = "Organization",
     .permission = PERMISSION_JOBS_MANAGE,
     .summary = "Try it again.",
     .fields = job_fields,
     .shape = ANSWER_EMPTY,
     .errors = "404 JOB_NOT_FOUND",
     .handler = job_retry},
    {.method = HTTP_DELETE,
     .path = "/api/{organizationId}/jobs/{jobId}",
     .id = "jobs.delete",
     .group = "Organization",
     .permission = PERMISSION_JOBS_MANAGE,
     .summary = "Give it up.",
     .fields = job_fields,
     .shape = ANSWER_EMPTY,
     .errors = "404 JOB_NOT_FOUND",
     .handler = job_delete},
    {0},
};
