/* The visitor's live connection: what the team writes, states of what the visitor wrote, typing. A
 * visitor gets events of their own chat only, and of those only what webchat_shows() would show:
 * the payload is rewritten, never passed on.
 *
 * When the channel is paused or removed, its visitors are sent away with a code of its own, so that
 * the page can say so and does not come back at once.
 *
 * Which chat is theirs: the newest one at connection (asked once), afterwards the one whose events
 * carry their visitor id (chat.visitor.id), so that a first message's new chat is recognised
 * without asking again. */
#include "channels/webchat/live.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/bus.h"
#include "core/loop.h"
#include "sql.h"

#define TYPING_PER_SECOND    4
#define CLOSE_CHANNEL_CLOSED 4004 /* web/widget/api.ts knows it */

struct visitor_conn {
    struct uuid visitor;
    struct uuid channel;
    struct uuid chat; /* nil: none yet */
    char visitor_text[UUID_TEXT_SIZE];
    int64_t typed_ms; /* the running second … */
    int typed;        /* … and how often it said that it types, or not */
};

/* Does the payload's chat name this visitor as its own? Only the member that the server wrote
 * counts: the id may also stand in words, names or page addresses of somebody else's chat, where
 * anybody can put it. */
static bool chat_of_visitor(const struct visitor_conn *v, const char *payload)
{
    if (!strstr(payload, v->visitor_text)) return false; /* as nearly always: not worth a parse */
    json_t *p = json_loads(payload, 0, NULL);
    const char *id = json_get_text(json_object_get(json_object_get(p, "chat"), "visitor"), "id");
    bool mine = id && strcmp(id, v->visitor_text) == 0;
    json_decref(p);
    return mine;
}

/* Is this event about the visitor's chat? Learns a new chat from the visitor id in the payload.
 * Only of chat.created, which comes before the first message: looking into every message for every
 * visitor would cost more than all the rest. */
static bool is_mine(struct visitor_conn *v, const struct event *e)
{
    if (uuid_is_nil(e->chat)) return false;
    if (uuid_equal(e->chat, v->chat)) return true;
    if (strcmp(e->type, "chat.created") != 0 || !chat_of_visitor(v, e->payload)) return false;
    v->chat = e->chat;
    return true;
}

static void add_reply(json_t *out, const json_t *reply)
{
    const char *direction = json_get_text(reply, "direction");
    json_object_set_new(out, "replyTo", json_null());
    if (!direction || (strcmp(direction, "in") != 0 && strcmp(direction, "out") != 0)) return;
    json_object_set_new(out, "replyTo",
                        json_pack("{s:O, s:O, s:s}", "id", json_object_get(reply, "id"), "text",
                                  json_object_get(reply, "content"), "from",
                                  strcmp(direction, "in") == 0 ? "visitor" : "agent"));
}

/* These members of o, null where there is none. */
static json_t *only(const json_t *o, const char *const *keys, size_t count)
{
    json_t *out = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *v = json_object_get(o, keys[i]);
        json_object_set_new(out, keys[i], v ? json_incref(v) : json_null());
    }
    return out;
}

static json_t *only_each(const json_t *list, const char *const *keys, size_t count)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        json_array_append_new(out, only(json_array_get(list, i), keys, count));
    return out;
}

static const char *const choice_keys[] = {"id", "title", "description"};

/* What a message of ours offers to press: webchat_offer() in SQL. Its sender may have kept more
 * beside the titles, which is not the visitor's. */
static json_t *visible_offer(const json_t *data)
{
    static const char *const link_keys[] = {"title", "url"};
    const json_t *v;
    if ((v = json_object_get(data, "buttons")) != NULL)
        return json_pack("{s:o}", "buttons", only_each(v, choice_keys, 2));
    if ((v = json_object_get(data, "link")) != NULL)
        return json_pack("{s:o}", "link", only(v, link_keys, ARRAY_LEN(link_keys)));
    if ((v = json_object_get(data, "list")) == NULL) return json_null();
    static const char *const list_keys[] = {"button"}, *const section_keys[] = {"title"};
    const json_t *sections = json_object_get(v, "sections");
    json_t *list = only(v, list_keys, 1), *out = json_array();
    for (size_t i = 0; i < json_array_size(sections); i++) {
        const json_t *section = json_array_get(sections, i);
        json_t *o = only(section, section_keys, 1);
        json_object_set_new(
            o, "rows",
            only_each(json_object_get(section, "rows"), choice_keys, ARRAY_LEN(choice_keys)));
        json_array_append_new(out, o);
    }
    json_object_set_new(list, "sections", out);
    return json_pack("{s:o}", "list", list);
}

static json_t *visible_files(const json_t *files)
{
    static const char *const keys[] = {"id",        "kind",  "name",  "type",
                                       "sizeBytes", "width", "height"};
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *f = json_array_get(files, i);
        json_t *o = json_object();
        for (size_t k = 0; k < ARRAY_LEN(keys); k++)
            json_object_set(o, keys[k], json_object_get(f, keys[k]));
        const char *state = json_get_text(f, "state");
        if (state && strcmp(state, "ready") == 0) json_array_append(list, o);
        json_decref(o);
    }
    return list;
}

/* The same shape as webchat_item() in SQL, but for its cursor. NULL: not for visitors. */
static json_t *visible_message(const json_t *m)
{
    const char *direction = json_get_text(m, "direction"), *status = json_get_text(m, "status");
    if (!direction || !status || strcmp(status, "scheduled") == 0 ||
        strcmp(status, "cancelled") == 0)
        return NULL;
    bool in = strcmp(direction, "in") == 0, out = strcmp(direction, "out") == 0;
    const char *what = json_get_text(json_object_get(m, "data"), "what");
    bool closed = strcmp(direction, "event") == 0 && what && strcmp(what, "closed") == 0;
    if (!in && !out && !closed) return NULL;
    const char *author = json_get_text(m, "authorName"), *kind = json_get_text(m, "authorKind");
    const char *first = out && author && kind && strcmp(kind, "user") == 0 ? author : "";
    size_t first_len = strcspn(first, " ");
    bool deleted = json_is_string(json_object_get(m, "deletedAt"));
    json_t *o = json_pack("{s:O, s:O, s:O, s:s, s:s, s:O, s:b, s:s, s:s%, s:O}", "id",
                          json_object_get(m, "id"), "chatId", json_object_get(m, "chatId"), "seq",
                          json_object_get(m, "seq"), "from",
                          in    ? "visitor"
                          : out ? "agent"
                                : "system",
                          "kind", closed ? "closed" : json_get_text(m, "kind"), "text",
                          json_object_get(m, "content"), "deleted", deleted, "status", status,
                          "authorName", first, first_len, "at", json_object_get(m, "createdAt"));
    if (!o) return NULL;
    json_object_set_new(o, "files", visible_files(json_object_get(m, "files")));
    if (in)
        json_object_set(o, "clientId", json_object_get(m, "clientId"));
    else
        json_object_set_new(o, "clientId", json_null());
    add_reply(o, json_object_get(m, "replyTo"));
    const json_t *data = json_object_get(m, "data");
    json_t *answer = in ? json_object_get(data, "answer") : NULL;
    json_object_set_new(o, "offer", out ? visible_offer(data) : json_null());
    json_object_set_new(o, "answer", answer ? only(answer, choice_keys, 2) : json_null());
    return o;
}

static const char *message_frame(const struct event *e, struct buf *out)
{
    json_t *payload = json_loads(e->payload, 0, NULL);
    json_t *visible = visible_message(json_object_get(payload, "message"));
    json_decref(payload);
    if (!visible) return NULL;
    char *text = json_dumps(visible, JSON_COMPACT);
    json_decref(visible);
    buf_adds(out, text);
    mem_free(text);
    return "message";
}

/* Does it say that this channel is closed to visitors now? */
static bool closes_channel(const struct visitor_conn *v, const struct event *e)
{
    if (strcmp(e->type, "settings.changed") != 0 || !strstr(e->payload, "\"channelId\""))
        return false; /* as nearly always: not worth a parse */
    json_t *p = json_loads(e->payload, 0, NULL);
    const char *id = json_get_text(p, "channelId"), *status = json_get_text(p, "status");
    struct uuid channel;
    bool closed = id && status && uuid_parse(id, &channel) && uuid_equal(channel, v->channel) &&
                  (strcmp(status, "paused") == 0 || strcmp(status, "removed") == 0);
    json_decref(p);
    return closed;
}

static const char *visitor_filter(struct hub_conn *conn, const struct event *e, struct buf *out)
{
    struct visitor_conn *v = hub_data(conn);
    if (closes_channel(v, e)) hub_close(conn, CLOSE_CHANNEL_CLOSED, "channel closed");
    if (!is_mine(v, e)) return NULL;
    if (strcmp(e->type, "message.created") == 0 || strcmp(e->type, "message.changed") == 0)
        return message_frame(e, out);
    if (strcmp(e->type, "chat.read") == 0) {
        buf_adds(out, "{}");
        return "seen"; /* somebody of the team has read; who is not the visitor's business */
    }
    return NULL;
}

enum err webchat_progress_set(struct ctx *c, struct uuid channel, struct uuid visitor,
                              struct uuid message, const char *status)
{
    char id[UUID_TEXT_SIZE];
    return db_exec(c, &SQL_WEBCHAT_PROGRESS,
                   PARAMS(P_UUID("channel", channel), P_TEXT("visitor", uuid_text(visitor, id)),
                          P_UUID("message", message), P_TEXT("status", status)));
}

/* "Stopped" and "types again" may follow each other closely, so it is their number that is limited,
 * not their distance. */
static bool may_type(struct visitor_conn *v, int64_t now_ms)
{
    if (now_ms - v->typed_ms >= SECOND_MS) {
        v->typed_ms = now_ms;
        v->typed = 0;
    }
    return v->typed++ < TYPING_PER_SECOND;
}

/* {"type":"typing","on":…} and {"type":"delivered"|"read","id":message}. */
static void visitor_receive(struct ctx *c, struct hub_conn *conn, const json_t *frame)
{
    struct visitor_conn *v = hub_data(conn);
    struct uuid channel = v->channel, visitor = v->visitor, chat = v->chat, message;
    const char *type = json_get_text(frame, "type"), *id = json_get_text(frame, "id");
    if (!type) return;
    if (strcmp(type, "typing") == 0) {
        bool on = json_get_bool(frame, "on", true);
        if (uuid_is_nil(chat) || !may_type(v, loop_now(c->app->loop))) return;
        struct channel ch = {.id = channel, .kind = "webchat"};
        channel_sink()->typing(c, &ch, chat, on);
    } else if ((strcmp(type, "delivered") == 0 || strcmp(type, "read") == 0) && id &&
               uuid_parse(id, &message)) {
        (void)!webchat_progress_set(c, channel, visitor, message, type);
    }
}

static void visitor_closed(struct hub_conn *conn)
{
    mem_free(hub_data(conn));
}

const struct hub_kind webchat_hub_kind = {
    .name = "visitor",
    .per_actor = 8,     /* tabs */
    .per_address = 400, /* people behind one address of a carrier or an office */
    .share = 75,        /* visitors never take the last places from the staff */
    .filter = visitor_filter,
    .receive = visitor_receive,
    .closed = visitor_closed,
};

enum err webchat_live_connect(struct ctx *c, struct request *r, struct reply *p,
                              const struct visit *visit)
{
    struct rows *rows = NULL;
    char id[UUID_TEXT_SIZE];
    enum err e = db_one(c, &SQL_WEBCHAT_CHAT,
                        PARAMS(P_UUID("channel", visit->channel.id),
                               P_TEXT("visitor", uuid_text(visit->visitor, id))),
                        &rows);
    if (e) return e;
    if (rows_bool(rows, 0, "closed"))
        return fault(c, ERR_NOT_FOUND, "CHANNEL_NOT_FOUND", "there is no such web chat");
    struct visitor_conn *v = mem_alloc(sizeof(*v));
    v->visitor = visit->visitor;
    v->channel = visit->channel.id;
    uuid_text(visit->visitor, v->visitor_text);
    v->chat = rows_uuid(rows, 0, "id");
    /* From what was asked just now, so that a chat which begins meanwhile is not missed. */
    e = hub_accept(c, r, p, &webchat_hub_kind, v, rows_text(rows, 0, "position"));
    if (e) mem_free(v);
    return e;
}

/* --- typing of agents, from any worker or node ----------------------------------------- */

static bool pick_chat(struct hub_conn *conn, void *arg)
{
    const struct visitor_conn *v = hub_data(conn);
    return hub_conn_kind(conn) == &webchat_hub_kind &&
           uuid_equal(v->chat, *(const struct uuid *)arg);
}

static void on_typing(void *arg, const char *payload)
{
    struct app *app = arg;
    json_t *p = json_loads(payload, 0, NULL);
    const char *o = json_get_text(p, "org"), *id = json_get_text(p, "chat");
    struct uuid org, chat;
    if (o && id && uuid_parse(o, &org) && uuid_parse(id, &chat))
        hub_each(app->hub, org, pick_chat, "typing",
                 json_get_bool(p, "on", false) ? "{\"on\":true}" : "{\"on\":false}", &chat);
    json_decref(p);
}

enum err webchat_start(struct app *app)
{
    bus_on(app->bus, "webchat", on_typing, app);
    return ERR_OK;
}
