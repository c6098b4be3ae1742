/* Connected accounts over the API. Settings are checked by the rows of their kind, secrets are
 * sealed before they are written, and the kind looks at a new or changed account before it is saved:
 * in the route's .prepare, because that calls out and a request with an Idempotency-Key works inside
 * a transaction. The log is in api_log.c. */
#include <string.h>

#include "auth/hours.h"
#include "auth/permissions.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/account.h"
#include "channels/base_url.h"
#include "channels/channels.h"
#include "channels/kinds.h"
#include "sql.h"

#define PUBLIC_KEY_BYTES 9

static enum err hours_check(struct ctx *c)
{
    const json_t *hours = in_json(c, "hours");
    const char *why = NULL;
    if (!hours || json_is_null(hours) || hours_valid(hours, &why)) return ERR_OK;
    return fault_field(c, "hours", "INVALID_HOURS", "%s", why);
}

static enum err kind_of_input(struct ctx *c, const struct channel_kind **ret)
{
    *ret = channel_kind_find(in_text(c, "kind"));
    if (*ret) return ERR_OK;
    return fault_field(c, "kind", "INVALID_VALUE",
                       "this installation does not know this kind of channel");
}

/* The account of the path with its kind. */
static enum err account_of_path(struct ctx *c, struct channel *ret,
                                const struct channel_kind **ret_kind)
{
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, ret);
    if (e) return e;
    *ret_kind = channel_kind_find(ret->kind);
    return *ret_kind
               ? ERR_OK /* made by a newer program */
               : fault(c, ERR_UNAVAILABLE, NULL, "this program does not know the channel's kind");
}

/* .prepare: what was read and found, for the handler. */
static enum err prepare(struct ctx *c, const struct channel_kind *kind, const struct channel *was,
                        bool always)
{
    struct account_input *a = arena_alloc(c->arena, sizeof *a);
    if (!a) return ERR_NO_MEMORY;
    c->prepared = a;
    enum err e = hours_check(c);
    if (!e) e = account_read(c, kind, was, a);
    if (!e && (always || a->secrets_given || a->settings_given)) e = account_look(c, a);
    return e;
}

static enum err add_prepare(struct ctx *c, const struct request *r)
{
    (void)r;
    const struct channel_kind *kind = NULL;
    enum err e = kind_of_input(c, &kind);
    return e ? e : prepare(c, kind, NULL, true);
}

static enum err change_prepare(struct ctx *c, const struct request *r)
{
    (void)r;
    struct channel ch;
    const struct channel_kind *kind = NULL;
    enum err e = account_of_path(c, &ch, &kind);
    return e ? e : prepare(c, kind, &ch, false);
}

static enum err look_prepare(struct ctx *c, const struct request *r)
{
    (void)r;
    struct channel ch;
    const struct channel_kind *kind = NULL;
    enum err e = account_of_path(c, &ch, &kind);
    return e ? e : prepare(c, kind, &ch, true);
}

static enum err channel_add(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct account_input *a = c->prepared;
    const struct channel *ch = &a->channel;
    enum err e = account_must_work(c, a);
    if (e) return e;
    struct rows *rows = NULL;
    e = db_one(c, &SQL_CHANNEL_ADD,
               PARAMS(P_TEXT("base", base_url(c)), P_TEXT("name", ch->name),
                      P_TEXT("public_key", crypto_token(c->arena, PUBLIC_KEY_BYTES)),
                      P_JSON("settings_json", ch->settings), P_TEXT("sealed", a->sealed),
                      P_TEXT("address_of_client", c->address), P_TEXT("address", ch->address),
                      P_TEXT("external_account", ch->external_account),
                      P_JSON("quality", a->checked.quality), P_BOOL("checked", a->looked),
                      a->checked.token_expires_unix_ms
                          ? P_INT("token_expires_ms", a->checked.token_expires_unix_ms)
                          : P_NULL("token_expires_ms")),
               &rows);
    if (!e) e = db_exec(c, &SQL_CHANNEL_BEGIN, PARAMS(P_UUID("channel", rows_uuid(rows, 0, "id"))));
    if (e) return e;
    reply_json(c, p, 201, rows_text(rows, 0, "channel"));
    return ERR_OK;
}

static enum err change_save(struct ctx *c, const struct account_input *a, const char **ret_json)
{
    const struct channel *ch = &a->channel;
    return db_json(c, &SQL_CHANNEL_CHANGE,
                   PARAMS(P_TEXT("base", base_url(c)),
                          P_JSON("settings_json", a->settings_given ? ch->settings : NULL),
                          P_TEXT("sealed", a->sealed), P_BOOL("has_secrets", a->secrets_given),
                          P_BOOL("has_team", in_has(c, "defaultTeamId")),
                          P_BOOL("has_stage", in_has(c, "defaultStageId")),
                          P_BOOL("has_hours", in_has(c, "hours")),
                          P_TEXT("address_of_client", c->address), P_TEXT("address", ch->address),
                          P_TEXT("external_account", ch->external_account),
                          P_JSON("quality", a->checked.quality), P_BOOL("checked", a->looked),
                          a->checked.token_expires_unix_ms
                              ? P_INT("token_expires_ms", a->checked.token_expires_unix_ms)
                              : P_NULL("token_expires_ms")),
                   ret_json);
}

static enum err channel_change(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct account_input *a = c->prepared;
    const char *json = NULL;
    enum err e = account_must_work(c, a);
    if (!e) e = change_save(c, a, &json);
    /* What was looked at and works is connected again, whatever it was. */
    if (!e && a->looked) {
        e = account_found_save(c, a);
        if (!e) e = db_exec(c, &SQL_CHANNEL_BEGIN, PARAMS(P_UUID("channel", a->channel.id)));
        if (!e) e = db_json(c, &SQL_CHANNEL_GET, PARAMS(P_TEXT("base", base_url(c))), &json);
    }
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err reply_report(struct ctx *c, const struct account_input *a, struct reply *p)
{
    CLEANUP(json_decrefp) json_t *report = account_report(a);
    reply_jsonf(c, p, 200, report);
    return ERR_OK;
}

static enum err check_new(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return reply_report(c, c->prepared, p);
}

static enum err check_account(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct account_input *a = c->prepared;
    /* Of something that is only being tried out nothing is kept. */
    bool as_it_is = !a->secrets_given && !in_has(c, "settings");
    enum err e = a->looked && as_it_is ? account_found_save(c, a) : ERR_OK;
    return e ? e : reply_report(c, a, p);
}

static enum err status_set(struct ctx *c, struct reply *p, const char *status)
{
    const char *json = NULL;
    enum err e = db_json(c, &SQL_CHANNEL_STATUS,
                         PARAMS(P_TEXT("status", status), P_TEXT("base", base_url(c)),
                                P_TEXT("address_of_client", c->address)),
                         &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err channel_pause(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return status_set(c, p, "paused");
}

static enum err channel_resume(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return status_set(c, p, "connected");
}

static enum err channel_remove(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct channel ch;
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, &ch);
    if (e) return e;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    const char *json = NULL;
    e = db_json(
        c, &SQL_CHANNEL_REMOVE,
        PARAMS(P_TEXT("address_of_client", c->address), P_BOOL("told", kind && kind->removed)),
        &json);
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err channels_list(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e = db_json(c, &SQL_CHANNELS_LIST, PARAMS(P_TEXT("base", base_url(c))), &json);
    if (!e) reply_json(c, p, 200, json);
    return e;
}

static enum err channel_get(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    enum err e = db_json(c, &SQL_CHANNEL_GET, PARAMS(P_TEXT("base", base_url(c))), &json);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHANNEL_NOT_FOUND", "there is no such channel");
    if (!e) reply_json(c, p, 200, json);
    return e;
}

static enum err kinds_list(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *kinds = channel_kinds_json(c, true);
    if (!kinds) return ERR_NO_MEMORY;
    reply_json(c, p, 200, arena_printf(c->arena, "{\"items\":%s,\"next\":null}", kinds));
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

#define SPAN_HELP                                                                                    \
    "{\"mon\":[[\"08:00\",\"12:00\"],[\"13:00\",\"18:00\"]],…} in the organization's zone; null: " \
    "always open."

static const struct field words_fields[] = {
    {.name = "pt", .type = F_TEXT, .max = 1000},
    {.name = "es", .type = F_TEXT, .max = 1000},
    {.name = "en", .type = F_TEXT, .max = 1000},
    {0},
};

#define ACCOUNT_FIELDS                                                                             \
    {.name = "address",                                                                            \
     .type = F_TEXT,                                                                               \
     .max = 200,                                                                                   \
     .help = "What people know it by; of e-mail: the mailbox.",                                    \
     .example = "\"loja.example\""},                                                               \
        {.name = "settings",                                                                       \
         .type = F_JSON,                                                                           \
         .help = "Of its kind: GET …/channel-kinds has the rows.",                                 \
         .max = 65536},                                                                            \
        {.name = "secrets",                                                                        \
         .type = F_JSON,                                                                           \
         .secret = true,                                                                           \
         .max = 65536,                                                                             \
         .help = "Kept sealed; never given back. What is left out stays."},                        \
        {.name = "ticket",                                                                         \
         .type = F_TEXT,                                                                           \
         .nullable = true,                                                                         \
         .max = 100,                                                                               \
         .help = "Of a login at the platform (channels.oauthFinish), instead of secrets."},        \
    {                                                                                              \
        .name = "accountId", .type = F_TEXT, .nullable = true, .max = 100,                         \
        .help = "With ticket: the account that was chosen."                                        \
    }

#define CHANNEL_FIELDS                                                                             \
    {.name = "name", .type = F_TEXT, .min = 1, .max = 60, .example = "\"Site\""}, ACCOUNT_FIELDS,  \
        {.name = "defaultTeamId", .type = F_UUID, .nullable = true},                               \
        {.name = "defaultStageId",                                                                 \
         .type = F_UUID,                                                                           \
         .nullable = true,                                                                         \
         .help = "Where a new customer who writes here is put in the funnel."},                    \
        {.name = "greeting",                                                                       \
         .type = F_OBJECT,                                                                         \
         .fields = words_fields,                                                                   \
         .help = "Sent once at the beginning of a chat, in the customer's language."},             \
        {.name = "away",                                                                           \
         .type = F_OBJECT,                                                                         \
         .fields = words_fields,                                                                   \
         .help = "The same outside the opening hours."},                                           \
    {                                                                                              \
        .name = "hours", .type = F_JSON, .nullable = true, .max = 4096, .help = SPAN_HELP          \
    }

static const struct field add_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true, .max = 20, .example = "\"webchat\""},
    CHANNEL_FIELDS,
    {0},
};
static const struct field change_fields[] = {CHANNEL_FIELDS, {0}};
static const struct field check_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true, .max = 20, .example = "\"webchat\""},
    ACCOUNT_FIELDS,
    {0},
};
static const struct field look_fields[] = {ACCOUNT_FIELDS, {0}};

static const struct field error_fields[] = {
    {.name = "code", .type = F_TEXT},
    {.name = "message", .type = F_TEXT},
    {.name = "at", .type = F_DATETIME},
    {0},
};
static const struct field count_fields[] = {
    {.name = "in24h", .type = F_INT, .required = true},
    {.name = "out24h", .type = F_INT, .required = true},
    {.name = "failed24h", .type = F_INT, .required = true},
    {.name = "parked", .type = F_INT, .required = true},
    {0},
};
static const struct field webhook_fields[] = {
    {.name = "url", .type = F_TEXT, .required = true},
    {.name = "verifyToken", .type = F_TEXT, .required = true},
    {0},
};

static const struct field answer_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "address", .type = F_TEXT, .required = true},
    {.name = "status",
     .type = F_ENUM,
     .values = "connected|reconnecting|disconnected|paused",
     .required = true},
    {.name = "statusReason", .type = F_TEXT, .required = true},
    {.name = "statusSince", .type = F_DATETIME, .required = true},
    {.name = "publicKey",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "Web chat: the script tag's data-channel."},
    {.name = "settings", .type = F_JSON, .required = true},
    {.name = "hasSecrets", .type = F_BOOL, .required = true},
    {.name = "defaultTeamId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "defaultStageId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "hours", .type = F_JSON, .required = true, .nullable = true},
    {.name = "greeting", .type = F_JSON, .required = true},
    {.name = "away", .type = F_JSON, .required = true},
    {.name = "externalAccount",
     .type = F_TEXT,
     .required = true,
     .help = "The platform's id of it; empty: not known."},
    {.name = "quality", .type = F_JSON, .required = true, .help = "In the platform's words."},
    {.name = "tokenExpiresAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "checkedAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "lastError",
     .type = F_OBJECT,
     .fields = error_fields,
     .required = true,
     .nullable = true},
    {.name = "counts", .type = F_OBJECT, .fields = count_fields, .required = true},
    {.name = "webhook",
     .type = F_OBJECT,
     .fields = webhook_fields,
     .required = true,
     .nullable = true,
     .help = "What is to be entered at the platform."},
    {.name = "lastEventAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "chats30Days", .type = F_INT, .required = true},
    {0},
};
static const struct schema channel_schema = {"Channel", "One connected account.", answer_fields};

static const struct field step_fields[] = {
    {.name = "id", .type = F_TEXT, .required = true},
    {.name = "ok", .type = F_BOOL, .required = true},
    {.name = "code", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "message", .type = F_TEXT, .required = true, .nullable = true},
    {.name = "field", .type = F_TEXT, .required = true, .nullable = true},
    {0},
};
static const struct field report_fields[] = {
    {.name = "ok", .type = F_BOOL, .required = true},
    {.name = "steps", .type = F_ARRAY, .of = F_OBJECT, .fields = step_fields, .required = true},
    {.name = "found", .type = F_JSON, .required = true},
    {0},
};
static const struct schema report_schema = {
    "ChannelCheck", "What a look at an account found, step by step.", report_fields};

static const struct field kind_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true},
    {.name = "label", .type = F_TEXT, .required = true},
    {.name = "can", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "identityKind", .type = F_TEXT, .required = true},
    {.name = "opens", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {.name = "limits", .type = F_JSON, .required = true},
    {.name = "textMax", .type = F_INT, .required = true},
    {.name = "fileMaxBytes", .type = F_INT, .required = true},
    {.name = "windowHours", .type = F_INT, .required = true},
    {.name = "settings", .type = F_JSON, .required = true, .help = "Rows of the form."},
    {.name = "secrets", .type = F_JSON, .required = true},
    {.name = "oauth", .type = F_BOOL, .required = true},
    {.name = "checks", .type = F_BOOL, .required = true},
    {0},
};
static const struct schema kind_schema = {"ChannelKind", "What a kind of channel can do and needs.",
                                          kind_fields};

#define C "/api/{organizationId}/channels"
#define ROW(m, p, i, s)                                                                            \
    .method = m, .path = C p, .id = "channels." i, .summary = s, .group = "Channels",              \
    .permission = PERMISSION_CHANNELS_MANAGE, .answer = &channel_schema
#define LOOK_MS 60000 /* platforms are asked several things, one after the other */

/* CHECK_FAILED stands for the code of the first step that failed, which the answer names as its
 * "step". */

const struct route channels_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/channel-kinds",
     .id = "channels.kinds",
     .summary = "The kinds of channels, their limits and the rows of their forms.",
     .group = "Channels",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .answer = &kind_schema,
     .shape = ANSWER_LIST,
     .handler = kinds_list},
    {ROW(HTTP_GET, "", "list", "Connected accounts."), .shape = ANSWER_LIST,
     .handler = channels_list},
    {ROW(HTTP_POST, "", "create", "Connect an account."), .creates = true, .fields = add_fields,
     .errors =
         "400 CHECK_FAILED|409 LIMIT_REACHED|409 CHANNEL_ALREADY_CONNECTED|404 TICKET_UNKNOWN",
     .deadline_ms = LOOK_MS, .prepare = add_prepare, .handler = channel_add},
    {.method = HTTP_POST,
     .path = C "/check",
     .id = "channels.check",
     .summary = "Does an account work, before it is saved?",
     .group = "Channels",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .fields = check_fields,
     .answer = &report_schema,
     .rate_per_minute = 60,
     .deadline_ms = LOOK_MS,
     .prepare = add_prepare,
     .handler = check_new},
    {ROW(HTTP_GET, "/{channelId}", "get", "One account."), .errors = "404 CHANNEL_NOT_FOUND",
     .handler = channel_get},
    {ROW(HTTP_PATCH, "/{channelId}", "update", "Change an account."), .fields = change_fields,
     .errors =
         "400 CHECK_FAILED|404 CHANNEL_NOT_FOUND|409 CHANNEL_ALREADY_CONNECTED|404 TICKET_UNKNOWN",
     .deadline_ms = LOOK_MS, .prepare = change_prepare, .handler = channel_change},
    {.method = HTTP_POST,
     .path = C "/{channelId}/check",
     .id = "channels.checkOne",
     .summary = "Does this account work? With settings or secrets: would it, with these?",
     .group = "Channels",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .fields = look_fields,
     .answer = &report_schema,
     .errors = "404 CHANNEL_NOT_FOUND",
     .rate_per_minute = 60,
     .deadline_ms = LOOK_MS,
     .prepare = look_prepare,
     .handler = check_account},
    {ROW(HTTP_POST, "/{channelId}/reconnect", "reconnect",
         "Connect an account again, with new secrets or a new login."),
     .fields = look_fields,
     .errors =
         "400 CHECK_FAILED|404 CHANNEL_NOT_FOUND|409 CHANNEL_ALREADY_CONNECTED|404 TICKET_UNKNOWN",
     .deadline_ms = LOOK_MS, .prepare = look_prepare, .handler = channel_change},
    {ROW(HTTP_POST, "/{channelId}/pause", "pause",
         "Take nothing in and send nothing, for a while."),
     .handler = channel_pause},
    {ROW(HTTP_POST, "/{channelId}/resume", "resume", "Go on."), .handler = channel_resume},
    {ROW(HTTP_DELETE, "/{channelId}", "remove", "Disconnect for good; the history stays."),
     .shape = ANSWER_EMPTY, .errors = "404 CHANNEL_NOT_FOUND", .handler = channel_remove},
    {0},
};
