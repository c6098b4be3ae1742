/* Webhooks over the API: set up, test, the log of deliveries, sending again.
 *
 * A webhook is told of every chat of the organization, so only who sees all of them may set one up
 * or name its address. The secret leaves the program twice at most: when it is made, and when
 * another one is asked for. */
#include <string.h>

#include "auth/permissions.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/address.h"
#include "core/http_client.h"
#include "sql.h"
#include "webhooks/webhooks.h"

#define SECRET_BYTES 32
#define HINT_SHOWN   4 /* last characters of a secret that its owner sees again */
#define HOST_MAX     253

/* --- what comes in --------------------------------------------------------------------- */

/* The host of an address that field_url accepted; "" when it names a user or is too long. */
static void host_of(const char *url, char out[HOST_MAX + 1])
{
    const char *host = strstr(url, "://");
    out[0] = 0;
    if (!host) return;
    host += 3;
    size_t authority = strcspn(host, "/?#\\");
    if (memchr(host, '@', authority)) return;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#\\");
    if (len > HOST_MAX || len > authority) return;
    memcpy(out, host, len);
    out[len] = 0;
}

/* Words said early; the guard that counts looks at the address that is really connected to. */
static enum err check_url(struct ctx *c)
{
    const char *url = in_text(c, "url");
    const char *networks = c->app->config->private_networks;
    char host[HOST_MAX + 1];
    struct address a;
    if (!url) return ERR_OK;
    host_of(url, host);
    if (!host[0])
        return fault_field(c, "url", "INVALID_URL",
                           "Must be an address without user name and password");
    /* Plain text would show customers' data to everybody on the way; our own networks may have
     * it. */
    if (strncasecmp(url, "https://", 8) != 0 && !(networks && networks[0]))
        return fault_field(c, "url", "URL_NOT_HTTPS", "Must begin with https://");
    if (address_parse(host, &a) && !address_public(&a, networks))
        return fault_field(c, "url", "ADDRESS_FORBIDDEN",
                           "This address is not one that may be called");
    return ERR_OK;
}

static enum err check(struct ctx *c)
{
    if (!c->actor.sees_all_chats)
        return fault(c, ERR_FORBIDDEN, "RIGHTS_EXCEEDED",
                     "Webhooks are told of all chats: that needs the permission chats.view_all");
    enum err e = check_url(c);
    if (e) return e;
    size_t i;
    json_t *name;
    json_array_foreach(in_json(c, "events"), i, name)
    {
        if (!webhook_type_known(json_string_value(name)))
            return fault_field(c, arena_printf(c->arena, "events[%zu]", i), "INVALID_VALUE",
                               "There is no event of this name: see webhooks.types");
    }
    struct rows *rows = NULL;
    e = db_query(c, &SQL_WEBHOOK_LINKS_MISSING, NULL, &rows);
    if (e) return e;
    if (rows_count(rows) == 0) return ERR_OK;
    return fault_field(c,
                       arena_printf(c->arena, "%s[%d]", rows_text(rows, 0, "field"),
                                    (int)rows_int(rows, 0, "at", 0)),
                       "NOT_FOUND", "There is no such team or channel");
}

/* --- secrets --------------------------------------------------------------------------- */

struct secret {
    const char *clear, *sealed, *hint;
};

static enum err secret_make(struct ctx *c, struct secret *ret)
{
    const char *token = crypto_token(c->arena, SECRET_BYTES);
    ret->clear = arena_printf(c->arena, "whsec_%s", token ? token : "");
    ret->sealed = ret->clear
                      ? secret_seal(c->arena, c->app->seal_key, WEBHOOK_SECRET_PURPOSE, ret->clear)
                      : NULL;
    if (!token || !ret->sealed) return fault(c, ERR_NO_MEMORY, NULL, "Too much data");
    ret->hint = ret->clear + strlen(ret->clear) - HINT_SHOWN;
    return ERR_OK;
}

/* The webhook with its secret, this once. */
static enum err reply_with_secret(struct ctx *c, struct reply *p, int status, const char *json,
                                  const struct secret *s)
{
    json_t *w = NULL;
    enum err e = json_parse(c->arena, json, strlen(json), &w, NULL);
    if (e) return e;
    json_object_set_new(w, "secret", json_string(s->clear));
    reply_jsonf(c, p, status, w);
    return ERR_OK;
}

/* --- handlers -------------------------------------------------------------------------- */

static enum err add(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct secret s = {0};
    const char *xid = NULL, *json = NULL;
    enum err e = check(c);
    if (!e) e = secret_make(c, &s);
    if (!e) e = db_begin(c, &tx);
    if (!e) e = db_json(c, &SQL_WEBHOOK_BEGIN, NULL, &xid);
    if (!e)
        e = db_json(c, &SQL_WEBHOOK_ADD,
                    PARAMS(P_TEXT("secret", s.sealed), P_TEXT("hint", s.hint), P_TEXT("xid", xid)),
                    &json);
    if (!e) e = db_commit(c, &tx);
    if (e) return e;
    return reply_with_secret(c, p, 201, json, &s);
}

static enum err not_found(struct ctx *c, enum err e)
{
    return e == ERR_NOT_FOUND ? fault(c, e, "WEBHOOK_NOT_FOUND", "There is no such webhook") : e;
}

static enum err change(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *xid = NULL, *json = NULL;
    enum err e = check(c);
    if (!e) e = db_begin(c, &tx);
    if (!e && in_bool(c, "active", false)) e = db_json(c, &SQL_WEBHOOK_BEGIN, NULL, &xid);
    if (!e) e = not_found(c, db_json(c, &SQL_WEBHOOK_CHANGE, PARAMS(P_TEXT("xid", xid)), &json));
    if (!e) e = db_commit(c, &tx);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err rotate(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct secret s = {0};
    const char *json = NULL;
    enum err e = secret_make(c, &s);
    if (!e)
        e = not_found(c,
                      db_json(c, &SQL_WEBHOOK_ROTATE,
                              PARAMS(P_TEXT("secret", s.sealed), P_TEXT("hint", s.hint)), &json));
    if (e) return e;
    return reply_with_secret(c, p, 200, json, &s);
}

/* A notification of its own kind, called here and now: who asks sees the answer. */
static enum err test(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct rows *rows = NULL;
    struct webhook_try t;
    const char *json = NULL;
    enum err e =
        not_found(c, db_one(c, &SQL_WEBHOOK_PING_ADD, PARAMS(P_UUID("event", uuid_v7())), &rows));
    if (!e) e = webhook_call(c, rows, 0, &t);
    if (e) return e;
    e = db_json(c, &SQL_WEBHOOK_PING_DONE,
                PARAMS(P_UUID("id", rows_uuid(rows, 0, "id")), P_INT("status", t.status),
                       P_TEXT("code", t.code), P_TEXT("error", t.error), P_TEXT("answer", t.answer),
                       P_INT("took", t.took_ms)),
                &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err types(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(json_decrefp) json_t *items = json_array();
    for (const struct webhook_type *t = webhook_types; t->name; t++)
        json_array_append_new(items, json_pack("{s:s, s:s}", "type", t->name, "help", t->help));
    CLEANUP(json_decrefp) json_t *answer = json_pack("{s:O, s:n}", "items", items, "next");
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

#define WEBHOOK_FIELDS(need)                                                                       \
    {.name = "name", .type = F_TEXT, .required = need, .min = 1, .max = 60, .example = "\"ERP\""}, \
        {.name = "url",                                                                            \
         .type = F_URL,                                                                            \
         .required = need,                                                                         \
         .min = 8,                                                                                 \
         .max = 2000,                                                                              \
         .help = "Where notifications are sent by POST: https, on the public internet.",           \
         .example = "\"https://erp.example.com/interflow\""},                                      \
        {.name = "events",                                                                         \
         .type = F_ARRAY,                                                                          \
         .of = F_TEXT,                                                                             \
         .item_max = 60,                                                                           \
         .required = need,                                                                         \
         .min = 1,                                                                                 \
         .max = 100,                                                                               \
         .help = "Names from webhooks.types.",                                                     \
         .example = "[\"message.received\", \"chat.closed\"]"},                                    \
        {.name = "teamIds",                                                                        \
         .type = F_ARRAY,                                                                          \
         .of = F_UUID,                                                                             \
         .max = 200,                                                                               \
         .help = "Of chats and messages only those of these teams; empty: all."},                  \
    {                                                                                              \
        .name = "channelIds", .type = F_ARRAY, .of = F_UUID, .max = 200,                           \
        .help = "Of chats and messages only those of these channels; empty: all."                  \
    }

static const struct field add_fields[] = {
    WEBHOOK_FIELDS(true), {.name = "active", .type = F_BOOL, .otherwise = "true"}, {0}};
static const struct field change_fields[] = {
    WEBHOOK_FIELDS(false),
    {.name = "active",
     .type = F_BOOL,
     .help = "Switched on again it is told of what happens from then on; what waits is sent."},
    {0}};
static const struct field replay_fields[] = {
    {.name = "since",
     .type = F_DATETIME,
     .required = true,
     .help = "Notifications that were given up and are not older than this.",
     .example = "\"2026-11-19T00:00:00Z\""},
    {0}};
static const struct field list_fields[] = {
    {.name = "state", .type = F_ENUM, .in = IN_QUERY, .values = "waiting|delivered|dead"},
    {.name = "type", .type = F_TEXT, .in = IN_QUERY, .max = 60},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 200, .otherwise = "50"},
    {.name = "cursor", .type = F_TEXT, .in = IN_QUERY, .max = 100},
    {0}};

static const struct field error_shape[] = {{.name = "code", .type = F_TEXT, .required = true},
                                           {.name = "message", .type = F_TEXT, .required = true},
                                           {.name = "status", .type = F_INT, .nullable = true},
                                           {.name = "at", .type = F_DATETIME, .required = true},
                                           {0}};
#define WEBHOOK_SHAPE                                                                              \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "name", .type = F_TEXT, .required = true},                                        \
        {.name = "url", .type = F_TEXT, .required = true},                                         \
        {.name = "events", .type = F_ARRAY, .of = F_TEXT, .required = true},                       \
        {.name = "teamIds", .type = F_ARRAY, .of = F_UUID, .required = true},                      \
        {.name = "channelIds", .type = F_ARRAY, .of = F_UUID, .required = true},                   \
        {.name = "active", .type = F_BOOL, .required = true},                                      \
        {.name = "offReason",                                                                      \
         .type = F_ENUM,                                                                           \
         .values = "gone|failing",                                                                 \
         .nullable = true,                                                                         \
         .help = "Why the program switched it off: 410, or a day of nothing but failures."},       \
        {.name = "offAt", .type = F_DATETIME, .nullable = true},                                   \
        {.name = "secretHint",                                                                     \
         .type = F_TEXT,                                                                           \
         .required = true,                                                                         \
         .help = "The last characters of the secret."},                                            \
        {.name = "previousSecretUntil",                                                            \
         .type = F_DATETIME,                                                                       \
         .nullable = true,                                                                         \
         .help = "Until then the secret of before signs along."},                                  \
        {.name = "sendsContacts",                                                                  \
         .type = F_BOOL,                                                                           \
         .required = true,                                                                         \
         .help = "With telephone numbers and e-mail addresses in clear: who named the address "    \
                 "may see them."},                                                                 \
        {.name = "failingSince", .type = F_DATETIME, .nullable = true},                            \
        {.name = "pausedUntil",                                                                    \
         .type = F_DATETIME,                                                                       \
         .nullable = true,                                                                         \
         .help = "After several failures in a row nothing is tried until then."},                  \
        {.name = "lastSuccessAt", .type = F_DATETIME, .nullable = true},                           \
        {.name = "lastFailureAt", .type = F_DATETIME, .nullable = true},                           \
        {.name = "lastError", .type = F_OBJECT, .fields = error_shape, .nullable = true},          \
        {.name = "waiting",                                                                        \
         .type = F_INT,                                                                            \
         .required = true,                                                                         \
         .help = "Notifications that wait; counted up to 10,000."},                                \
        {.name = "dead",                                                                           \
         .type = F_INT,                                                                            \
         .required = true,                                                                         \
         .help = "Given up in the last 14 days; counted up to 10,000."},                           \
        {.name = "createdByName", .type = F_TEXT, .required = true},                               \
        {.name = "createdAt", .type = F_DATETIME, .required = true},                               \
    {                                                                                              \
        .name = "updatedAt", .type = F_DATETIME, .required = true                                  \
    }
static const struct field webhook_shape[] = {WEBHOOK_SHAPE, {0}};
static const struct field secret_shape[] = {WEBHOOK_SHAPE,
                                            {.name = "secret",
                                             .type = F_TEXT,
                                             .required = true,
                                             .secret = true,
                                             .help = "Signs what is sent. Shown this once."},
                                            {0}};
static const struct schema webhook_schema = {"Webhook", "An address that is told of events.",
                                             webhook_shape};
static const struct schema secret_schema = {"WebhookWithSecret", "A webhook and its new secret.",
                                            secret_shape};

#define DELIVERY_SHAPE                                                                             \
    {.name = "id", .type = F_UUID, .required = true},                                              \
        {.name = "webhookId", .type = F_UUID, .required = true},                                   \
        {.name = "eventId",                                                                        \
         .type = F_UUID,                                                                           \
         .required = true,                                                                         \
         .help = "The same for every try: X-Interflow-Event-Id."},                                 \
        {.name = "type", .type = F_TEXT, .required = true},                                        \
        {.name = "sequence",                                                                       \
         .type = F_INT,                                                                            \
         .required = true,                                                                         \
         .help = "1, 2, 3 … of this webhook, without gap; 0: a test."},                            \
        {.name = "state", .type = F_ENUM, .required = true, .values = "waiting|delivered|dead"},   \
        {.name = "tries", .type = F_INT, .required = true},                                        \
        {.name = "status", .type = F_INT, .nullable = true, .help = "HTTP, of the last try."},     \
        {.name = "errorCode", .type = F_TEXT, .nullable = true},                                   \
        {.name = "error", .type = F_TEXT, .nullable = true},                                       \
        {.name = "tookMs", .type = F_INT, .nullable = true},                                       \
        {.name = "occurredAt", .type = F_DATETIME, .required = true},                              \
        {.name = "createdAt", .type = F_DATETIME, .required = true},                               \
        {.name = "endedAt", .type = F_DATETIME, .nullable = true},                                 \
    {                                                                                              \
        .name = "nextTryAt", .type = F_DATETIME, .nullable = true                                  \
    }
static const struct field attempt_shape[] = {{.name = "at", .type = F_DATETIME, .required = true},
                                             {.name = "status", .type = F_INT, .nullable = true},
                                             {.name = "code", .type = F_TEXT, .required = true},
                                             {.name = "error", .type = F_TEXT, .required = true},
                                             {.name = "tookMs", .type = F_INT, .nullable = true},
                                             {0}};
static const struct field delivery_shape[] = {DELIVERY_SHAPE, {0}};
static const struct field detail_shape[] = {
    DELIVERY_SHAPE,
    {.name = "body", .type = F_TEXT, .required = true, .help = "Exactly what is sent."},
    {.name = "bodyHidden",
     .type = F_BOOL,
     .required = true,
     .help = "It holds telephone numbers or e-mail addresses that the reader may not see."},
    {.name = "answer", .type = F_TEXT, .required = true, .help = "At most 4 KB of it."},
    {.name = "attempts",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = attempt_shape,
     .required = true},
    {0}};
static const struct field test_shape[] = {
    DELIVERY_SHAPE,
    {.name = "ok", .type = F_BOOL, .required = true},
    {.name = "answer", .type = F_TEXT, .required = true, .help = "At most 4 KB of it."},
    {0}};
static const struct schema delivery_schema = {
    "WebhookDelivery", "A notification and what became of it.", delivery_shape};
static const struct schema detail_schema = {"WebhookDeliveryDetail",
                                            "A notification with all that was said.", detail_shape};
static const struct schema test_schema = {"WebhookTest", "What came of a test.", test_shape};

static const struct field type_shape[] = {{.name = "type", .type = F_TEXT, .required = true},
                                          {.name = "help", .type = F_TEXT, .required = true},
                                          {0}};
static const struct schema type_schema = {"WebhookType", "An event that can be asked for.",
                                          type_shape};
static const struct field queued_shape[] = {
    {.name = "queued", .type = F_INT, .required = true},
    {.name = "more", .type = F_BOOL, .required = true, .help = "There are others: ask again."},
    {0}};
static const struct schema queued_schema = {"WebhookReplay", "How many are sent again.",
                                            queued_shape};

#define O     "/api/{organizationId}"
#define GROUP "Webhooks"
#define NEEDS .group = GROUP, .permission = PERMISSION_WEBHOOKS_MANAGE

const struct route webhooks_routes[] = {
    {.method = HTTP_GET,
     .path = O "/webhook-types",
     .id = "webhooks.types",
     .summary = "The events that a webhook can be told of.",
     NEEDS,
     .answer = &type_schema,
     .shape = ANSWER_LIST,
     .handler = types},
    {.method = HTTP_GET,
     .path = O "/webhooks",
     .id = "webhooks.list",
     .summary = "The webhooks, with how they are.",
     NEEDS,
     .answer = &webhook_schema,
     .shape = ANSWER_LIST,
     .sql = &SQL_WEBHOOKS_LIST},
    {.method = HTTP_POST,
     .path = O "/webhooks",
     .id = "webhooks.create",
     .summary = "Make a webhook; its secret is shown once.",
     NEEDS,
     .status = 201,
     .fields = add_fields,
     .answer = &secret_schema,
     .errors = "403 RIGHTS_EXCEEDED|409 WEBHOOK_DUPLICATE|409 LIMIT_REACHED",
     .handler = add},
    {.method = HTTP_GET,
     .path = O "/webhooks/{webhookId}",
     .id = "webhooks.get",
     .summary = "One webhook.",
     NEEDS,
     .answer = &webhook_schema,
     .errors = "404 WEBHOOK_NOT_FOUND",
     .sql = &SQL_WEBHOOK_GET},
    {.method = HTTP_PATCH,
     .path = O "/webhooks/{webhookId}",
     .id = "webhooks.update",
     .summary = "Change a webhook, or switch it on or off.",
     NEEDS,
     .fields = change_fields,
     .answer = &webhook_schema,
     .errors = "403 RIGHTS_EXCEEDED|404 WEBHOOK_NOT_FOUND|409 WEBHOOK_DUPLICATE",
     .handler = change},
    {.method = HTTP_DELETE,
     .path = O "/webhooks/{webhookId}",
     .id = "webhooks.remove",
     .summary = "Remove a webhook and its log.",
     NEEDS,
     .shape = ANSWER_EMPTY,
     .errors = "404 WEBHOOK_NOT_FOUND",
     .sql = &SQL_WEBHOOK_REMOVE},
    {.method = HTTP_POST,
     .path = O "/webhooks/{webhookId}/secret",
     .id = "webhooks.rotate",
     .summary = "A new secret; the one of before signs along for 24 hours.",
     NEEDS,
     .answer = &secret_schema,
     .errors = "404 WEBHOOK_NOT_FOUND",
     .handler = rotate},
    {.method = HTTP_POST,
     .path = O "/webhooks/{webhookId}/test",
     .id = "webhooks.test",
     .summary = "Send a test notification now and say what the receiver answered.",
     NEEDS,
     .deadline_ms = 20000,
     .rate_per_minute = 30,
     .answer = &test_schema,
     .errors = "404 WEBHOOK_NOT_FOUND",
     .handler = test},
    {.method = HTTP_POST,
     .path = O "/webhooks/{webhookId}/replay",
     .id = "webhooks.replay",
     .summary = "Send again everything that was given up since a time, at most 10,000 at once.",
     NEEDS,
     .fields = replay_fields,
     .answer = &queued_schema,
     .errors = "404 WEBHOOK_NOT_FOUND",
     .sql = &SQL_WEBHOOK_REPLAY_DEAD},
    {.method = HTTP_GET,
     .path = O "/webhooks/{webhookId}/deliveries",
     .id = "webhooks.deliveries",
     .summary = "The log of notifications, newest first; kept 14 days.",
     NEEDS,
     .fields = list_fields,
     .answer = &delivery_schema,
     .shape = ANSWER_LIST,
     .errors = "404 WEBHOOK_NOT_FOUND",
     .sql = &SQL_WEBHOOK_DELIVERIES_LIST},
    {.method = HTTP_GET,
     .path = O "/webhooks/{webhookId}/deliveries/{deliveryId}",
     .id = "webhooks.delivery",
     .summary = "One notification: what was sent, each try, the last answer.",
     NEEDS,
     .answer = &detail_schema,
     .errors = "404 DELIVERY_NOT_FOUND",
     .sql = &SQL_WEBHOOK_DELIVERY_GET},
    {.method = HTTP_POST,
     .path = O "/webhooks/{webhookId}/deliveries/{deliveryId}/replay",
     .id = "webhooks.delivery_replay",
     .summary = "Send one notification again, with the same event id.",
     NEEDS,
     .answer = &delivery_schema,
     .errors = "404 DELIVERY_NOT_FOUND|409 WEBHOOK_NOT_REPLAYABLE",
     .sql = &SQL_WEBHOOK_REPLAY},
    {0},
};
