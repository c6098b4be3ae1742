/* Connected accounts over the API. Settings are checked by the rows of their kind, secrets are
 * sealed before they are written; the kind may look at a new account (connect) before it is
 * saved. */
#include <string.h>

#include "auth/hours.h"
#include "auth/permissions.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/channel.h"
#include "channels/channels.h"
#include "sql.h"

#define PUBLIC_KEY_BYTES 9

/* settings (an object or absent) against the kind's rows: defaults filled in, unknown members
 * refused as "settings.x". */
static enum err settings_check(struct ctx *c, const struct field *rows, const char *name,
                               json_t **ret)
{
    json_t *given = in_json(c, name), *input = c->in;
    if (given && !json_is_object(given))
        return fault_field(c, name, "INVALID_TYPE", "Must be an object");
    CLEANUP(json_decrefp) json_t *empty = json_object();
    json_t *checked = json_object();
    c->in = checked;
    enum err e = fields_bind(c, rows, IN_BODY, given ? given : empty);
    c->in = input;
    for (int i = 0; i < c->fault.detail_count; i++)
        c->fault.details[i].field =
            arena_printf(c->arena, "%s.%s", name, c->fault.details[i].field);
    if (e) {
        json_decref(checked);
        return e;
    }
    *ret = checked;
    return ERR_OK;
}

struct account {
    json_t *settings; /* NULL: not given */
    const char *sealed;
};

static enum err account_check(struct ctx *c, const struct channel_kind *kind, bool is_new,
                              struct account *ret)
{
    if (is_new || in_has(c, "settings")) {
        enum err e = settings_check(c, kind->settings, "settings", &ret->settings);
        if (e) return e;
    }
    if (kind->secrets && (is_new || in_has(c, "secrets"))) {
        CLEANUP(json_decrefp) json_t *secrets = NULL;
        enum err e = settings_check(c, kind->secrets, "secrets", &secrets);
        if (e) return e;
        ret->sealed = channel_secrets_seal(c, secrets);
    }
    return ERR_OK;
}

static enum err hours_check(struct ctx *c)
{
    const json_t *hours = in_json(c, "hours");
    const char *why = NULL;
    if (!hours || json_is_null(hours) || hours_valid(hours, &why)) return ERR_OK;
    return fault_field(c, "hours", "INVALID_HOURS", "%s", why);
}

static enum err account_connect(struct ctx *c, const struct channel_kind *kind,
                                const struct account *a)
{
    if (!kind->connect) return ERR_OK;
    struct channel ch = {.kind = kind->kind,
                         .name = in_text(c, "name"),
                         .settings = a->settings,
                         .secrets = in_json(c, "secrets")};
    return kind->connect(c, &ch);
}

static enum err channel_add(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct channel_kind *kind = channel_kind_find(in_text(c, "kind"));
    if (!kind) {
        fault_field(c, "kind", "INVALID_VALUE",
                    "this installation does not know this kind of channel");
        return ERR_INVALID;
    }
    struct account a = {0};
    enum err e = hours_check(c);
    if (!e) e = account_check(c, kind, true, &a);
    if (!e) e = account_connect(c, kind, &a);
    const char *json = NULL;
    if (!e)
        e = db_json(c, &SQL_CHANNEL_ADD,
                    PARAMS(P_TEXT("public_key", crypto_token(c->arena, PUBLIC_KEY_BYTES)),
                           P_JSON("settings_json", a.settings), P_TEXT("sealed", a.sealed),
                           P_TEXT("address_of_client", c->address),
                           P_TEXT("address", in_text(c, "address"))),
                    &json);
    json_decref(a.settings);
    if (e) return e;
    reply_json(c, p, 201, json);
    return ERR_OK;
}

static enum err channel_change(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct channel ch;
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, &ch);
    if (e) return e;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    if (!kind) /* made by a newer program */
        return fault(c, ERR_UNAVAILABLE, NULL, "this program does not know the channel's kind");
    struct account a = {0};
    e = hours_check(c);
    if (!e) e = account_check(c, kind, false, &a);
    const char *json = NULL;
    if (!e)
        e = db_json(c, &SQL_CHANNEL_CHANGE,
                    PARAMS(P_JSON("settings_json", a.settings), P_TEXT("sealed", a.sealed),
                           P_BOOL("has_team", in_has(c, "defaultTeamId")),
                           P_BOOL("has_hours", in_has(c, "hours")),
                           P_TEXT("address_of_client", c->address),
                           P_TEXT("address", in_text(c, "address"))),
                    &json);
    json_decref(a.settings);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err status_set(struct ctx *c, struct reply *p, const char *status)
{
    const char *json = NULL;
    enum err e =
        db_json(c, &SQL_CHANNEL_STATUS,
                PARAMS(P_TEXT("status", status), P_TEXT("address_of_client", c->address)), &json);
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
    const char *json = NULL;
    enum err e =
        db_json(c, &SQL_CHANNEL_REMOVE, PARAMS(P_TEXT("address_of_client", c->address)), &json);
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

#define SPAN_HELP                                                                                    \
    "{\"mon\":[[\"08:00\",\"12:00\"],[\"13:00\",\"18:00\"]],…} in the organization's zone; null: " \
    "always open."

#define CHANNEL_FIELDS(need)                                                                       \
    {.name = "name",                                                                               \
     .type = F_TEXT,                                                                               \
     .required = need,                                                                             \
     .min = 1,                                                                                     \
     .max = 60,                                                                                    \
     .example = "\"Site\""},                                                                       \
        {.name = "address",                                                                        \
         .type = F_TEXT,                                                                           \
         .max = 200,                                                                               \
         .help = "What people know it by.",                                                        \
         .example = "\"loja.example\""},                                                           \
        {.name = "settings",                                                                       \
         .type = F_JSON,                                                                           \
         .help = "Of its kind; see webchat settings in docs.",                                     \
         .max = 65536},                                                                            \
        {.name = "secrets",                                                                        \
         .type = F_JSON,                                                                           \
         .secret = true,                                                                           \
         .max = 65536,                                                                             \
         .help = "Kept sealed; never given back."},                                                \
        {.name = "defaultTeamId", .type = F_UUID, .nullable = true},                               \
    {                                                                                              \
        .name = "hours", .type = F_JSON, .nullable = true, .max = 4096, .help = SPAN_HELP          \
    }

static const struct field add_fields[] = {
    {.name = "kind", .type = F_TEXT, .required = true, .max = 20, .example = "\"webchat\""},
    CHANNEL_FIELDS(true),
    {0},
};
static const struct field change_fields[] = {CHANNEL_FIELDS(false), {0}};

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
    {.name = "hours", .type = F_JSON, .required = true, .nullable = true},
    {.name = "lastEventAt", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "createdAt", .type = F_DATETIME, .required = true},
    {.name = "chats30Days", .type = F_INT, .required = true},
    {0},
};
static const struct schema channel_schema = {"Channel", "One connected account.", answer_fields};

#define C "/api/{organizationId}/channels"
#define ROW(m, p, i, s)                                                                            \
    .method = m, .path = C p, .id = "channels." i, .summary = s, .group = "Channels",              \
    .permission = PERMISSION_CHANNELS_MANAGE, .answer = &channel_schema

const struct route channels_routes[] = {
    {ROW(HTTP_GET, "", "list", "Connected accounts."), .shape = ANSWER_LIST,
     .sql = &SQL_CHANNELS_LIST},
    {ROW(HTTP_POST, "", "create", "Connect an account."), .creates = true, .fields = add_fields,
     .errors = "409 LIMIT_REACHED", .handler = channel_add},
    {ROW(HTTP_GET, "/{channelId}", "get", "One account."), .sql = &SQL_CHANNEL_GET},
    {ROW(HTTP_PATCH, "/{channelId}", "update", "Change an account."), .fields = change_fields,
     .errors = "404 CHANNEL_NOT_FOUND", .handler = channel_change},
    {ROW(HTTP_POST, "/{channelId}/pause", "pause",
         "Take nothing in and send nothing, for a while."),
     .handler = channel_pause},
    {ROW(HTTP_POST, "/{channelId}/resume", "resume", "Go on."), .handler = channel_resume},
    {ROW(HTTP_DELETE, "/{channelId}", "remove", "Disconnect for good; the history stays."),
     .shape = ANSWER_EMPTY, .handler = channel_remove},
    {0},
};
