/* One change to many chats: a list of ids, or everything that a filter matches (at most 1,000).
 * Each chat is its own transaction, so that one that cannot be changed does not hold back the
 * others; the answer names those that failed and why. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/schemas.h"
#include "sql.h"

#define BULK_MAX 1000

struct bulk_action {
    const char *name;
    chat_change *change;
    int permission;
};

static enum err bulk_read(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    *ret_json = NULL;
    return db_exec(c, &SQL_CHAT_READ, PARAMS(P_UUID("chatId", s->id), P_NULL("seq")));
}

static enum err bulk_tag(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    *ret_json = NULL;
    return db_exec(c, &SQL_CHAT_TAG, PARAMS(P_UUID("customer", s->customer)));
}

static const struct bulk_action actions[] = {
    {"take", chat_take, PERMISSION_CHATS_REPLY},
    {"assign", chat_assign, PERMISSION_CHATS_ASSIGN},
    {"transfer", chat_transfer, PERMISSION_CHATS_REPLY},
    {"close", chat_close, PERMISSION_CHATS_CLOSE},
    {"reopen", chat_reopen, PERMISSION_CHATS_CLOSE},
    {"read", bulk_read, PERMISSION_CHATS_VIEW},
    {"tag", bulk_tag, PERMISSION_CUSTOMERS_EDIT},
};

static const struct bulk_action *action_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0) return &actions[i];
    return NULL;
}

/* The ids to work on: those given, or those that the filter matches now. */
static enum err bulk_ids(struct ctx *c, struct uuid *ids, int *ret_count)
{
    if (in_json(c, "chatIds")) {
        *ret_count = input_uuids(c, "chatIds", ids, BULK_MAX);
        return ERR_OK;
    }
    json_t *filter = in_json(c, "filter");
    if (!filter) {
        fault_field(c, "chatIds", "REQUIRED", "say which chats: chatIds or filter");
        return ERR_INVALID;
    }
    enum err e = chat_filter_check(c, filter, "filter.");
    if (e) return e;
    json_t *input = c->in;
    c->in = filter; /* the filter's members are the list's parameters */
    struct rows *rows = NULL;
    e = db_query(c, &SQL_CHATS_IDS_FILTERED, NULL, &rows);
    c->in = input;
    if (e) return e;
    *ret_count = rows_count(rows);
    for (int i = 0; i < *ret_count; i++)
        ids[i] = rows_uuid(rows, i, "id");
    return ERR_OK;
}

/* What the action cannot do without: said once, not per chat. */
static enum err bulk_arguments(struct ctx *c, const struct bulk_action *a)
{
    if (a->change == bulk_tag && uuid_is_nil(in_uuid(c, "tagId")))
        return fault_field(c, "tagId", "REQUIRED", "which tag?");
    if (a->change == chat_assign && !in_has(c, "userId"))
        return fault_field(c, "userId", "REQUIRED", "to whom? null: to nobody");
    if (a->change == chat_transfer && uuid_is_nil(in_uuid(c, "userId")) &&
        uuid_is_nil(in_uuid(c, "teamId")))
        return fault_field(c, "teamId", "REQUIRED", "a transfer needs a team or a person");
    if ((a->change == bulk_read || a->change == chat_take) && c->actor.kind != ACTOR_USER)
        return fault(c, ERR_FORBIDDEN, NULL, "only a person can do this");
    return ERR_OK;
}

static enum err bulk(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct bulk_action *a = action_find(in_text(c, "action"));
    if (!a || !(c->actor.permissions & PERMISSION_BIT(a->permission)))
        return fault(c, ERR_FORBIDDEN, NULL, "this action needs a permission that you do not have");
    enum err e = bulk_arguments(c, a);
    if (e) return e;
    struct uuid *ids = arena_alloc(c->arena, BULK_MAX * sizeof(*ids));
    if (!ids) return ERR_NO_MEMORY;
    int count = 0, done = 0;
    e = bulk_ids(c, ids, &count);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *failed = json_array();
    for (int i = 0; i < count; i++) {
        const char *json = NULL;
        e = chat_apply(c, ids[i], a->change, &json);
        if (e == ERR_CANCELLED || e == ERR_DEADLINE || e == ERR_UNAVAILABLE) return e;
        if (!e) {
            done++;
            continue;
        }
        json_array_append_new(failed, json_pack("{s:o, s:s}", "id", json_uuid(ids[i]), "code",
                                                c->fault.code ? c->fault.code : err_row(e)->code));
        fault_clear(c);
    }
    CLEANUP(json_decrefp) json_t *answer = json_pack("{s:i, s:O}", "done", done, "failed", failed);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

static const struct field filter_fields[] = {
    {.name = "view",
     .type = F_ENUM,
     .values = "all|mine|unassigned|waiting|closed|any",
     .otherwise = "\"all\""},
    {.name = "status", .type = F_TEXT},
    {.name = "teamId", .type = F_TEXT},
    {.name = "tagId", .type = F_TEXT},
    {.name = "channelId", .type = F_TEXT},
    {.name = "assigneeId", .type = F_TEXT},
    {.name = "customerId", .type = F_UUID},
    {.name = "unread", .type = F_BOOL},
    {.name = "snoozed", .type = F_BOOL, .otherwise = "false"},
    {.name = "archived", .type = F_BOOL, .otherwise = "false"},
    {0},
};

static const struct field bulk_fields[] = {
    {.name = "action",
     .type = F_ENUM,
     .values = "take|assign|transfer|close|reopen|read|tag",
     .required = true},
    {.name = "chatIds", .type = F_ARRAY, .of = F_UUID, .min = 1, .max = BULK_MAX},
    {.name = "filter",
     .type = F_OBJECT,
     .fields = filter_fields,
     .help = "Everything that this matches, instead of chatIds."},
    {.name = "userId", .type = F_UUID, .nullable = true, .help = "assign, transfer"},
    {.name = "teamId", .type = F_UUID, .nullable = true, .help = "transfer"},
    {.name = "note", .type = F_TEXT, .max = 2000, .help = "transfer, close"},
    {.name = "closureTypeId", .type = F_UUID, .nullable = true, .help = "close"},
    {.name = "tagId", .type = F_UUID, .help = "tag"},
    {0},
};

static const struct field failed_fields[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "code", .type = F_TEXT, .required = true},
    {0},
};
static const struct field bulk_answer[] = {
    {.name = "done", .type = F_INT, .required = true},
    {.name = "failed", .type = F_ARRAY, .of = F_OBJECT, .fields = failed_fields, .required = true},
    {0},
};
static const struct schema bulk_schema = {
    "BulkResult", "How many were changed, and which could not be.", bulk_answer};

const struct route inbox_bulk_routes[] = {
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/chats/bulk",
     .id = "chats.bulk",
     .summary = "One change to many chats.",
     .group = "Chats",
     .permission = PERMISSION_CHATS_VIEW,
     .deadline_ms = 120000,
     .fields = bulk_fields,
     .answer = &bulk_schema,
     .handler = bulk},
    {0},
};
