/* Chats over the API: lists, details, changes of state. Every change goes through chat_apply: lock
 * what the actor may see, judge it here, write it by inbox_change (sql/functions/inbox.sql) with
 * its line in the conversation and its events, in one commit. */
#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/json.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/schemas.h"
#include "sql.h"

/* --- lists ----------------------------------------------------------------------------- */

#define CHAT_FILTER_FIELDS                                                                         \
    {.name = "status",                                                                             \
     .type = F_TEXT,                                                                               \
     .in = IN_QUERY,                                                                               \
     .help = "One or several of pending, in_progress, waiting, closed, with commas."},             \
        {.name = "teamId", .type = F_TEXT, .in = IN_QUERY, .help = "Ids with commas."},            \
        {.name = "tagId",                                                                          \
         .type = F_TEXT,                                                                           \
         .in = IN_QUERY,                                                                           \
         .help = "Ids with commas: customers with any of these tags."},                            \
        {.name = "channelId", .type = F_TEXT, .in = IN_QUERY, .help = "Ids with commas."},         \
        {.name = "assigneeId", .type = F_TEXT, .in = IN_QUERY, .help = "Ids with commas."},        \
        {.name = "customerId", .type = F_UUID, .in = IN_QUERY},                                    \
        {.name = "unread",                                                                         \
         .type = F_BOOL,                                                                           \
         .in = IN_QUERY,                                                                           \
         .help = "Only chats with something that I have not seen."},                               \
        {.name = "snoozed",                                                                        \
         .type = F_BOOL,                                                                           \
         .in = IN_QUERY,                                                                           \
         .otherwise = "false",                                                                     \
         .help = "Only those that sleep."},                                                        \
    {                                                                                              \
        .name = "archived", .type = F_BOOL, .in = IN_QUERY, .otherwise = "false",                  \
        .help = "Archived ones too."                                                               \
    }

static const struct field list_fields[] = {
    {.name = "view",
     .type = F_ENUM,
     .in = IN_QUERY,
     .values = "all|mine|unassigned|waiting|closed|any",
     .otherwise = "\"all\""},
    CHAT_FILTER_FIELDS,
    {.name = "order",
     .type = F_ENUM,
     .in = IN_QUERY,
     .values = "recent|waiting|priority",
     .help = "Default: recent; waiting in view waiting."},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 200, .otherwise = "50"},
    {.name = "cursor", .type = F_TEXT, .in = IN_QUERY, .max = 100},
    {0},
};

static bool status_known(const char *word)
{
    static const char *const words[] = {"pending", "in_progress", "waiting", "closed"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

static bool uuid_word(const char *word)
{
    struct uuid id;
    return uuid_parse(word, &id);
}

static bool list_valid(struct ctx *c, const char *list, bool (*valid)(const char *word))
{
    for (const char *p = list;;) {
        size_t len = strcspn(p, ",");
        if (!valid(arena_strndup(c->arena, p, len))) return false;
        if (!p[len]) return true;
        p += len + 1;
    }
}

enum err chat_filter_check(struct ctx *c, const json_t *filter, const char *prefix)
{
    static const char *const ids[] = {"teamId", "tagId", "channelId", "assigneeId"};
    enum err e = ERR_OK;
    const char *text = json_get_text(filter, "status");
    if (text && !list_valid(c, text, status_known))
        e = fault_field(
            c, arena_printf(c->arena, "%sstatus", prefix), "INVALID_CHOICE",
            "Must be one or several of pending, in_progress, waiting, closed, with commas");
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        text = json_get_text(filter, ids[i]);
        if (text && !list_valid(c, text, uuid_word))
            e = fault_field(c, arena_printf(c->arena, "%s%s", prefix, ids[i]), "INVALID_UUID",
                            "Must be ids, with commas");
    }
    return e;
}

/* "20261119134205123456.<id>", with "<priority>/" before it in the order by priority: as
 * cursor_make wrote it. An unreadable one must not depend on whether there is a row to compare it
 * with. */
static enum err cursor_check(struct ctx *c, bool by_priority)
{
    const char *p = in_text(c, "cursor");
    if (!p) return ERR_OK;
    bool good = !by_priority || (*p >= '0' && *p <= '9' && p[1] == '/');
    if (good && by_priority) p += 2;
    good = good && strspn(p, "0123456789") == 20 && p[20] == '.' && uuid_word(p + 21);
    if (good) return ERR_OK;
    (void)fault_field(c, "cursor", "INVALID_CURSOR", "This is no cursor of this list");
    return ERR_INVALID;
}

static bool is_filtered(const struct ctx *c)
{
    static const char *const filters[] = {"status",     "teamId",     "tagId", "channelId",
                                          "assigneeId", "customerId", "unread"};
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (in_has(c, filters[i])) return true;
    return in_bool(c, "snoozed", false) || in_bool(c, "archived", false);
}

/* Each plain view has a statement of its own on its own index; any filter goes to the statement
 * that takes them all. */
static const struct sql *list_query(const struct ctx *c)
{
    const char *view = in_text(c, "view"), *order = in_text(c, "order");
    bool waiting = strcmp(view, "waiting") == 0;
    if (!order) order = waiting ? "waiting" : "recent";
    if (strcmp(order, "priority") == 0) return &SQL_CHATS_LIST_FILTERED_PRIORITY;
    if (!is_filtered(c) && strcmp(view, "any") != 0) {
        if (waiting && strcmp(order, "waiting") == 0) return &SQL_CHATS_LIST_WAITING;
        if (strcmp(order, "recent") == 0 && !waiting)
            return strcmp(view, "mine") == 0         ? &SQL_CHATS_LIST_MINE
                   : strcmp(view, "unassigned") == 0 ? &SQL_CHATS_LIST_UNASSIGNED
                   : strcmp(view, "closed") == 0     ? &SQL_CHATS_LIST_CLOSED
                                                     : &SQL_CHATS_LIST_OPEN;
    }
    return strcmp(order, "waiting") == 0 ? &SQL_CHATS_LIST_FILTERED_WAITING
                                         : &SQL_CHATS_LIST_FILTERED_RECENT;
}

static enum err chats_list(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *json = NULL;
    const struct sql *query = list_query(c);
    enum err e = chat_filter_check(c, c->in, "");
    if (!e) e = cursor_check(c, query == &SQL_CHATS_LIST_FILTERED_PRIORITY);
    if (e) return e;
    e = db_json(c, query, NULL, &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

/* --- changes of state ------------------------------------------------------------------ */

enum err chat_lock(struct ctx *c, struct uuid chat, struct chat_state *ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHAT_LOCK, PARAMS(P_UUID("chat", chat)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHAT_NOT_FOUND", "there is no such chat");
    if (e) return e;
    *ret = (struct chat_state){
        .id = chat,
        .status = rows_text(rows, 0, "status"),
        .assignee = rows_uuid(rows, 0, "assignee_id"),
        .team = rows_uuid(rows, 0, "team_id"),
        .customer = rows_uuid(rows, 0, "customer_id"),
        .channel = rows_uuid(rows, 0, "channel_id"),
        .contact = rows_uuid(rows, 0, "contact_id"),
        .inbound_count = (int)rows_int(rows, 0, "inbound_count", 0),
        .message_count = (int)rows_int(rows, 0, "message_count", 0),
    };
    return ERR_OK;
}

bool chat_closed(const struct chat_state *s)
{
    return strcmp(s->status, "closed") == 0;
}

enum err chat_write(struct ctx *c, const struct chat_state *s, json_t *set, const char *what,
                    json_t *data, const char **ret_json)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHAT_CHANGE,
                        PARAMS(P_UUID("chat", s->id), P_JSON("set", set), P_TEXT("what", what),
                               P_JSON("data", data)),
                        &rows);
    json_decref(set);
    json_decref(data);
    if (e) return e;
    if (ret_json) *ret_json = rows_text(rows, 0, "chat");
    return ERR_OK;
}

struct apply_arg {
    enum err (*change)(struct ctx *c, struct chat_state *s, const char **ret_json);
    struct uuid chat;
    const char *json;
};

static enum err apply_body(struct ctx *c, void *arg)
{
    struct apply_arg *a = arg;
    struct chat_state s;
    enum err e = chat_lock(c, a->chat, &s);
    if (e) return e;
    return a->change(c, &s, &a->json);
}

enum err chat_apply(struct ctx *c, struct uuid chat, chat_change *change, const char **ret_json)
{
    struct apply_arg a = {.change = change, .chat = chat};
    enum err e = db_retry(c, apply_body, &a);
    if (e) return e;
    *ret_json = a.json;
    return ERR_OK;
}

static enum err apply_and_reply(struct ctx *c, struct reply *p, chat_change *change)
{
    const char *json = NULL;
    enum err e = chat_apply(c, in_uuid(c, "chatId"), change, &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err must_be_open(struct ctx *c, const struct chat_state *s)
{
    return chat_closed(s)
               ? fault(c, ERR_CONFLICT, "CHAT_CLOSED", "this chat is closed; reopen it first")
               : ERR_OK;
}

/* A chat that somebody else has is theirs to give away, or their manager's. */
static enum err must_be_free(struct ctx *c, const struct chat_state *s)
{
    if (uuid_is_nil(s->assignee) || uuid_equal(s->assignee, c->actor.id) ||
        (c->actor.permissions & PERMISSION_BIT(PERMISSION_CHATS_ASSIGN)))
        return ERR_OK;
    return fault(c, ERR_CONFLICT, "CHAT_ASSIGNED", "somebody else has this chat");
}

json_t *json_uuid(struct uuid u)
{
    char text[UUID_TEXT_SIZE];
    return uuid_is_nil(u) ? json_null() : json_string(uuid_text(u, text));
}

enum err chat_take(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    enum err e = must_be_open(c, s);
    if (e) return e;
    if (uuid_is_nil(c->actor.id) || c->actor.kind != ACTOR_USER)
        return fault(c, ERR_FORBIDDEN, NULL, "only a person can take a chat");
    e = must_be_free(c, s);
    if (e) return e;
    return chat_write(c, s,
                      json_pack("{s:o, s:s, s:n}", "assignee_id", json_uuid(c->actor.id), "status",
                                "in_progress", "snoozed_until"),
                      "taken", NULL, ret_json);
}

static enum err handle_take(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_take);
}

/* A member who can be given chats. */
static enum err agent_check(struct ctx *c, struct uuid user, const char *field,
                            const char **ret_name)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_AGENT, PARAMS(P_UUID("user", user)), &rows);
    if (e == ERR_NOT_FOUND) {
        fault_field(c, field, "NOT_FOUND", "no active member of this organization has this id");
        return ERR_INVALID;
    }
    if (e) return e;
    *ret_name = rows_text(rows, 0, "name");
    return ERR_OK;
}

static enum err team_check(struct ctx *c, struct uuid team, const char **ret_name)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_TEAM, PARAMS(P_UUID("team", team)), &rows);
    if (e == ERR_NOT_FOUND) {
        fault_field(c, "teamId", "NOT_FOUND", "there is no such team");
        return ERR_INVALID;
    }
    if (e) return e;
    *ret_name = rows_text(rows, 0, "name");
    return ERR_OK;
}

enum err chat_assign(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    enum err e = must_be_open(c, s);
    if (e) return e;
    struct uuid user = in_uuid(c, "userId");
    if (uuid_is_nil(user))
        return chat_write(c, s, json_pack("{s:n, s:s}", "assignee_id", "status", "pending"),
                          "released", NULL, ret_json);
    const char *name = NULL;
    e = agent_check(c, user, "userId", &name);
    if (e) return e;
    return chat_write(
        c, s,
        json_pack("{s:o, s:s, s:n}", "assignee_id", json_uuid(user), "status", "in_progress",
                  "snoozed_until"),
        "assigned", json_pack("{s:o, s:s}", "userId", json_uuid(user), "userName", name), ret_json);
}

static enum err handle_assign(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_assign);
}

/* Leave: one's own chat goes back to the queue. */
static enum err chat_leave(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    enum err e = must_be_open(c, s);
    if (e) return e;
    if (!uuid_equal(s->assignee, c->actor.id))
        return fault(c, ERR_CONFLICT, "CHAT_NOT_YOURS", "this chat is not yours");
    return chat_write(c, s, json_pack("{s:n, s:s}", "assignee_id", "status", "pending"), "left",
                      NULL, ret_json);
}

static enum err handle_leave(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_leave);
}

enum err chat_transfer(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    enum err e = must_be_open(c, s);
    if (e) return e;
    e = must_be_free(c, s);
    if (e) return e;
    struct uuid user = in_uuid(c, "userId"), team = in_uuid(c, "teamId");
    if (uuid_is_nil(user) && uuid_is_nil(team)) {
        fault_field(c, "teamId", "REQUIRED", "a transfer needs a team or a person");
        return ERR_INVALID;
    }
    const char *user_name = NULL, *team_name = NULL;
    if (!uuid_is_nil(user) && (e = agent_check(c, user, "userId", &user_name))) return e;
    if (!uuid_is_nil(team) && (e = team_check(c, team, &team_name))) return e;
    const char *note = in_text(c, "note");
    json_t *set = json_pack("{s:o, s:s, s:n}", "assignee_id", json_uuid(user), "status",
                            uuid_is_nil(user) ? "pending" : "in_progress", "snoozed_until");
    if (!uuid_is_nil(team)) json_object_set_new(set, "team_id", json_uuid(team));
    json_t *data =
        json_pack("{s:o, s:s*, s:o, s:s*, s:s}", "userId", json_uuid(user), "userName", user_name,
                  "teamId", json_uuid(team), "teamName", team_name, "note", note ? note : "");
    return chat_write(c, s, set, "transferred", data, ret_json);
}

static enum err handle_transfer(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_transfer);
}

static enum err chat_set_status(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    enum err e = must_be_open(c, s);
    if (e) return e;
    const char *status = in_text(c, "status");
    e = must_be_free(c, s);
    if (e) return e;
    json_t *set = json_pack("{s:s}", "status", status);
    if (strcmp(status, "pending") == 0) json_object_set_new(set, "assignee_id", json_null());
    if (strcmp(status, "in_progress") == 0 && uuid_is_nil(s->assignee)) {
        if (c->actor.kind != ACTOR_USER) {
            json_decref(set);
            return fault(c, ERR_CONFLICT, "CHAT_UNASSIGNED",
                         "a chat in progress needs somebody: assign it instead");
        }
        json_object_set_new(set, "assignee_id", json_uuid(c->actor.id));
    }
    return chat_write(c, s, set, "status", json_pack("{s:s, s:s}", "from", s->status, "to", status),
                      ret_json);
}

static enum err handle_status(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_set_status);
}

/* What must be filled before a chat may be closed. */
static enum err closing_check(struct ctx *c, const struct chat_state *s, struct uuid type,
                              const char *note)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_CLOSING,
                        PARAMS(P_UUID("customer", s->customer), P_UUID("type", type)), &rows);
    if (e) return e;
    if (uuid_is_nil(type) && rows_bool(rows, 0, "needs_type")) {
        fault_field(c, "closureTypeId", "REQUIRED", "say why this chat ends");
        return ERR_INVALID;
    }
    if (!uuid_is_nil(type) && !rows_bool(rows, 0, "type_known")) {
        fault_field(c, "closureTypeId", "NOT_FOUND", "there is no such closure type");
        return ERR_INVALID;
    }
    if (rows_bool(rows, 0, "needs_note") && (!note || !*note)) {
        fault_field(c, "note", "REQUIRED", "this closure type needs a note");
        return ERR_INVALID;
    }
    const char *missing = rows_text(rows, 0, "missing");
    if (missing) {
        json_t *list = NULL;
        e = json_parse(c->arena, missing, strlen(missing), &list, NULL);
        if (e) return e;
        fault_data(c, "missing", json_incref(list));
        return fault(c, ERR_CONFLICT, "FIELDS_REQUIRED",
                     "fields of the customer must be filled before closing");
    }
    return ERR_OK;
}

enum err chat_close(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    if (chat_closed(s)) return fault(c, ERR_CONFLICT, "CHAT_CLOSED", "this chat is closed already");
    struct uuid type = in_uuid(c, "closureTypeId");
    const char *note = in_text(c, "note");
    enum err e = closing_check(c, s, type, note);
    if (e) return e;
    return chat_write(
        c, s,
        json_pack("{s:s, s:o, s:s, s:n}", "status", "closed", "closure_type_id", json_uuid(type),
                  "closure_note", note ? note : "", "snoozed_until"),
        "closed",
        json_pack("{s:o, s:s}", "closureTypeId", json_uuid(type), "note", note ? note : ""),
        ret_json);
}

static enum err handle_close(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_close);
}

enum err chat_reopen(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    if (!chat_closed(s)) return fault(c, ERR_CONFLICT, "CHAT_OPEN", "this chat is open");
    json_t *set = json_pack("{s:s, s:n, s:n, s:s}", "status", "pending", "closure_type_id",
                            "archived_at", "closure_note", "");
    if (c->actor.kind == ACTOR_USER) {
        json_object_set_new(set, "assignee_id", json_uuid(c->actor.id));
        json_object_set_new(set, "status", json_string("in_progress"));
    } else {
        json_object_set_new(set, "assignee_id", json_null());
    }
    enum err e = chat_write(c, s, set, "reopened", NULL, ret_json);
    /* Another chat of the same contact may be open: the unique index says so. */
    return e;
}

static enum err handle_reopen(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_reopen);
}

static enum err chat_snooze(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    enum err e = must_be_open(c, s);
    if (e) return e;
    const char *until = in_text(c, "until");
    int64_t ms = 0;
    if (until && time_parse(until, &ms) && ms <= clock_unix_ms()) {
        fault_field(c, "until", "OUT_OF_RANGE", "choose a time in the future");
        return ERR_INVALID;
    }
    json_t *value = until ? json_string(until) : json_null();
    return chat_write(c, s, json_pack("{s:o}", "snoozed_until", value), until ? "snoozed" : "woken",
                      until ? json_pack("{s:s}", "until", until) : NULL, ret_json);
}

static enum err handle_snooze(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_snooze);
}

static enum err chat_archive(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    char now[TIME_TEXT_SIZE];
    json_t *at =
        in_bool(c, "archived", true) ? json_string(time_text(clock_unix_ms(), now)) : json_null();
    return chat_write(c, s, json_pack("{s:o}", "archived_at", at), NULL, NULL, ret_json);
}

static enum err handle_archive(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_archive);
}

static enum err chat_set_priority(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    return chat_write(c, s, json_pack("{s:I}", "priority", (json_int_t)in_int(c, "priority", 0)),
                      NULL, NULL, ret_json);
}

static enum err handle_priority(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_set_priority);
}

static enum err chat_pin(struct ctx *c, struct chat_state *s, const char **ret_json)
{
    struct uuid message = in_uuid(c, "messageId");
    if (!uuid_is_nil(message)) {
        enum err e = db_one(c, &SQL_INBOX_MESSAGE_IN_CHAT,
                            PARAMS(P_UUID("chat", s->id), P_UUID("message", message)), NULL);
        if (e == ERR_NOT_FOUND) {
            fault_field(c, "messageId", "NOT_FOUND", "no message of this chat has this id");
            return ERR_INVALID;
        }
        if (e) return e;
    }
    return chat_write(c, s, json_pack("{s:o}", "pinned_message_id", json_uuid(message)), NULL, NULL,
                      ret_json);
}

static enum err handle_pin(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return apply_and_reply(c, p, chat_pin);
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field assign_fields[] = {
    {.name = "userId",
     .type = F_UUID,
     .required = true,
     .nullable = true,
     .help = "Null puts the chat back into the queue."},
    {0},
};
static const struct field transfer_fields[] = {
    {.name = "teamId", .type = F_UUID, .nullable = true},
    {.name = "userId", .type = F_UUID, .nullable = true},
    {.name = "note",
     .type = F_TEXT,
     .max = 2000,
     .help = "For whoever takes over; never sent to the customer."},
    {0},
};
static const struct field status_fields[] = {
    {.name = "status", .type = F_ENUM, .values = "pending|in_progress|waiting", .required = true},
    {0},
};
static const struct field close_fields[] = {
    {.name = "closureTypeId",
     .type = F_UUID,
     .nullable = true,
     .help = "Needed when the organization has closure types."},
    {.name = "note", .type = F_TEXT, .max = 2000},
    {0},
};
static const struct field snooze_fields[] = {
    {.name = "until",
     .type = F_DATETIME,
     .required = true,
     .nullable = true,
     .help = "Null wakes it.",
     .example = "\"2026-11-20T09:00:00Z\""},
    {0},
};
static const struct field archive_fields[] = {
    {.name = "archived", .type = F_BOOL, .required = true}, {0}};
static const struct field priority_fields[] = {
    {.name = "priority", .type = F_INT, .min = 0, .max = 3, .required = true}, {0}};
static const struct field pin_fields[] = {
    {.name = "messageId", .type = F_UUID, .required = true, .nullable = true}, {0}};
static const struct field read_fields[] = {
    {.name = "seq",
     .type = F_INT,
     .min = 0,
     .max = 2147483647,
     .help = "The last message on the screen; default: all."},
    {0},
};

#define CHAT "/api/{organizationId}/chats/{chatId}"
#define CHAT_ROW(verb, word, text, perm, f, h, errs)                                               \
    {                                                                                              \
        .method = HTTP_POST, .path = CHAT "/" verb, .id = "chats." word, .summary = text,          \
        .group = "Chats", .permission = perm, .fields = f, .answer = &inbox_schema_chat,           \
        .errors = "404 CHAT_NOT_FOUND" errs, .handler = h                                          \
    }

const struct route inbox_chat_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/chats",
     .id = "chats.list",
     .summary = "List chats of a view, with filters.",
     .group = "Chats",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = list_fields,
     .answer = &inbox_schema_chat,
     .shape = ANSWER_LIST,
     .handler = chats_list},
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/chats/counts",
     .id = "chats.counts",
     .summary = "Count the chats of each view.",
     .group = "Chats",
     .permission = PERMISSION_CHATS_VIEW,
     .answer = &inbox_schema_counts,
     .sql = &SQL_CHATS_COUNTS},
    {.method = HTTP_GET,
     .path = CHAT,
     .id = "chats.get",
     .summary = "One chat.",
     .group = "Chats",
     .permission = PERMISSION_CHATS_VIEW,
     .answer = &inbox_schema_chat,
     .errors = "404 CHAT_NOT_FOUND",
     .sql = &SQL_CHAT_GET},
    CHAT_ROW("take", "take", "Take a chat: it becomes mine and in progress.",
             PERMISSION_CHATS_REPLY, NULL, handle_take, "|409 CHAT_CLOSED|409 CHAT_ASSIGNED"),
    CHAT_ROW("leave", "leave", "Give my chat back to the queue.", PERMISSION_CHATS_REPLY, NULL,
             handle_leave, "|409 CHAT_NOT_YOURS|409 CHAT_CLOSED"),
    CHAT_ROW("assign", "assign", "Give a chat to somebody, or to nobody.", PERMISSION_CHATS_ASSIGN,
             assign_fields, handle_assign, "|409 CHAT_CLOSED"),
    CHAT_ROW("transfer", "transfer", "Transfer a chat to a team or a person, with a note.",
             PERMISSION_CHATS_REPLY, transfer_fields, handle_transfer,
             "|409 CHAT_CLOSED|409 CHAT_ASSIGNED"),
    CHAT_ROW("status", "status", "Change the state of an open chat.", PERMISSION_CHATS_REPLY,
             status_fields, handle_status,
             "|409 CHAT_CLOSED|409 CHAT_ASSIGNED|409 CHAT_UNASSIGNED"),
    CHAT_ROW("close", "close", "Close a chat.", PERMISSION_CHATS_CLOSE, close_fields, handle_close,
             "|409 CHAT_CLOSED|409 FIELDS_REQUIRED"),
    CHAT_ROW("reopen", "reopen", "Reopen a closed chat.", PERMISSION_CHATS_CLOSE, NULL,
             handle_reopen, "|409 CHAT_OPEN|409 CHAT_ALREADY_OPEN"),
    CHAT_ROW("snooze", "snooze", "Let a chat sleep until a time, or until the customer writes.",
             PERMISSION_CHATS_REPLY, snooze_fields, handle_snooze, "|409 CHAT_CLOSED"),
    CHAT_ROW("archive", "archive", "Put a chat out of sight, or back.", PERMISSION_CHATS_REPLY,
             archive_fields, handle_archive, ""),
    CHAT_ROW("priority", "priority", "Set the priority.", PERMISSION_CHATS_REPLY, priority_fields,
             handle_priority, ""),
    CHAT_ROW("pin", "pin", "Pin a message on top of the chat, or none.", PERMISSION_CHATS_REPLY,
             pin_fields, handle_pin, ""),
    {.method = HTTP_POST,
     .path = CHAT "/read",
     .id = "chats.read",
     .summary = "Say how far I have read.",
     .group = "Chats",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .fields = read_fields,
     .answer = &inbox_schema_read,
     .sql = &SQL_CHAT_READ},
    {.method = HTTP_POST,
     .path = CHAT "/unread",
     .id = "chats.unread",
     .summary = "Mark as unread for me.",
     .group = "Chats",
     .permission = PERMISSION_CHATS_VIEW,
     .no_keys = true,
     .answer = &inbox_schema_read,
     .sql = &SQL_CHAT_UNREAD},
    {0},
};
