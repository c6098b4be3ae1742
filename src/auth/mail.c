/* Sending mail: a job per mail, so that a mail server that is away costs nobody a request and no
 * mail is lost. Links are sealed while they wait, because whoever reads them could use them. The
 * Message-ID comes from the job, so that a mail that went out twice (a worker died after the server
 * had taken it) is one mail to the receiver's program. */
#include "auth/mail.h"

#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/config.h"
#include "core/log.h"
#include "sql.h"

#define SECRET_PURPOSE   "mail.secret"
#define PASSWORD_PURPOSE "smtp_settings.password"
#define SMTP_TIMEOUT_MS  20000

const char *mail_secret(struct ctx *c, const char *link)
{
    return secret_seal(c->arena, c->app->seal_key, SECRET_PURPOSE, link);
}

enum err mail_add(struct ctx *c, const struct mail *m)
{
    CLEANUP(json_decrefp)
    json_t *payload =
        json_pack("{s:s, s:s, s:s}", "to", m->to, "template", m->template, "language", m->language);
    json_object_set(payload, "data", m->data ? (json_t *)(uintptr_t)m->data : json_null());
    if (m->secret) json_object_set_new(payload, "secret", json_string(m->secret));
    return job_add(c, &(struct job_new){.kind = "mail.send", .payload = payload});
}

static int security_of(const char *name)
{
    if (strcmp(name, "tls") == 0) return SMTP_TLS;
    return strcmp(name, "starttls") == 0 ? SMTP_STARTTLS : SMTP_PLAIN;
}

static enum err send_through(struct ctx *c, const struct rows *rows, const char *to,
                             struct bytes message)
{
    const char *user = rows_text(rows, 0, "username");
    const char *sealed = rows_text(rows, 0, "password");
    const char *password = NULL;
    if (sealed) {
        enum err e = secret_open(c->arena, c->app->seal_key, PASSWORD_PURPOSE, sealed, &password);
        if (e)
            return fault(c, ERR_UNPROCESSABLE, "SMTP_PASSWORD_UNREADABLE",
                         "Set the password of the mail server again");
    }
    struct smtp_call call = {
        .host = rows_text(rows, 0, "host"),
        .port = (int)rows_int(rows, 0, "port", 587),
        .user = user && *user ? user : NULL,
        .password = password,
        .from = rows_text(rows, 0, "from_email"),
        .to = (const char *const[]){to, NULL},
        .message = message,
        .timeout_ms = SMTP_TIMEOUT_MS,
    };
    switch (security_of(rows_text(rows, 0, "security"))) {
    case SMTP_TLS: call.security = SMTP_TLS; break;
    case SMTP_STARTTLS: call.security = SMTP_STARTTLS; break;
    default: call.security = SMTP_PLAIN; break;
    }
    return smtp_send(c, &call);
}

enum err mail_send_now(struct ctx *c, const char *to, const char *template, const char *language,
                       const json_t *vars, const char *message_id)
{
    struct rows *rows = NULL;
    struct bytes message;
    const struct mail_text *text = mail_text_find(template, language);
    if (!text) return fault(c, ERR_INTERNAL, NULL, "There is no mail text %s", template);
    enum err e = db_query(c, &SQL_SMTP_GET, NULL, &rows);
    if (e) return e;
    if (rows_count(rows) == 0)
        return fault(c, ERR_NOT_FOUND, "SMTP_NOT_CONFIGURED", "No mail server is set");
    const char *from = rows_text(rows, 0, "from_email");
    const char *domain = strrchr(from, '@');
    struct mail_headers h = {
        .from_email = from,
        .from_name = rows_text(rows, 0, "from_name"),
        .to = to,
        .message_id = arena_printf(c->arena, "%s%s", message_id, domain ? domain : "@localhost"),
        .date_unix_ms = clock_unix_ms(),
        .boundary = arena_printf(c->arena, "=_%s", crypto_token(c->arena, 18)),
        .language = language,
    };
    e = mail_message(c->arena, &h, text, vars, &message);
    if (e) return fault(c, e, NULL, "The mail cannot be written");
    return send_through(c, rows, to, message);
}

/* Variables of the texts: the payload's data and the sealed link. NULL: the link cannot be
 * opened. */
static json_t *variables(struct ctx *c, const struct job *j)
{
    json_t *vars = json_deep_copy(json_object_get(j->payload, "data"));
    const char *sealed = json_get_text(j->payload, "secret");
    const char *link = NULL;
    if (!json_is_object(vars)) {
        json_decref(vars);
        vars = json_object();
    }
    if (!sealed) return vars;
    if (secret_open(c->arena, c->app->seal_key, SECRET_PURPOSE, sealed, &link)) {
        json_decref(vars);
        return NULL;
    }
    json_object_set_new(vars, "link", json_string(link));
    return vars;
}

static const char *message_id(struct ctx *c, const struct job *j)
{
    char org[UUID_TEXT_SIZE];
    char hex[SHA256_HEX_SIZE];
    const char *text = arena_printf(c->arena, "%s %lld", uuid_text(c->org, org), (long long)j->id);
    sha256_hex(text, strlen(text), hex);
    return arena_strndup(c->arena, hex, 32);
}

enum job_outcome mail_job(struct ctx *c, struct job *j)
{
    const char *to = json_get_text(j->payload, "to");
    const char *template = json_get_text(j->payload, "template");
    const char *language = json_get_text(j->payload, "language");
    CLEANUP(json_decrefp) json_t *vars = variables(c, j);
    if (!to || !template || !vars) {
        j->error = vars ? "the mail has no receiver"
                        : "the link of this mail cannot be opened: another key file?";
        return JOB_PARK;
    }
    enum err e = mail_send_now(c, to, template, language ? language : "pt", vars, message_id(c, j));
    if (!e) return JOB_DONE;
    j->error = c->fault.message ? c->fault.message : err_row(e)->text;
    bool lasting =
        e == ERR_NOT_FOUND || e == ERR_FORBIDDEN || e == ERR_UNPROCESSABLE || e == ERR_INVALID;
    return lasting ? JOB_PARK : JOB_RETRY;
}

static enum job_outcome sweep(struct ctx *c, struct job *j)
{
    int days = c->app->config ? c->app->config->audit_keep_days : 0;
    enum err e = db_exec(c, &SQL_AUTH_SWEEP, NULL);
    if (!e && days > 0) e = db_exec(c, &SQL_AUDIT_SWEEP, PARAMS(P_INT("days", days)));
    if (!e) return JOB_DONE;
    j->error = c->fault.message;
    return JOB_RETRY;
}

const struct job_kind auth_jobs[] = {
    {.name = "mail.send",
     .help = "A mail to the staff through the organization's mail server.",
     .max_tries = 12,
     .timeout_s = 60,
     .at_once = 4,
     .run = mail_job},
    {.name = "auth.sweep",
     .help = "Removes expired logins, tickets, links and counts of tries, and the audit log beyond "
             "what "
             "is kept.",
     .every_s = 3600,
     .run = sweep},
    {0},
};
