/* What a member of the staff sees live: the hub's kind for browsers of agents.
 *
 * The rule is the API's: an event about a chat reaches those who could open that chat. Who could
 * before the change and cannot any more is told only that it is gone. Events never carry telephone
 * numbers or addresses in the clear, so that hiding contacts needs no second rule here. A change of
 * the person's rights closes the socket: the page connects again and is judged afresh.
 *
 * Ephemeral news (typing, viewing, presence) go over the bus, not through the table: losing one
 * costs nothing: typing and looking end by themselves in the pages after some seconds, and presence
 * is said again with the next change.
 *
 * While a page is open its pings keep memberships.last_seen_at fresh, by which the web chat says
 * whether somebody is there. */
#include "inbox/live.h"

#include <stdio.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/permissions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/bus.h"
#include "core/events.h"
#include "core/hub.h"
#include "core/loop.h"
#include "inbox/inbox.h"
#include "sql.h"

#define EPHEMERAL_PER_SECOND 4
#define CLOSE_RIGHTS_CHANGED 4001
#define RIGHTS_SURE_MS                                                                             \
    (5 * SECOND_MS) /* what is older than this was known when the rights were read */
#define SEEN_EVERY_MS (45 * SECOND_MS)
#define TELL_EVERY_MS (20 * SECOND_MS) /* platforms show typing for so long */

/* One connection's reader. Owned by the hub's connection, freed by closed(). */
struct viewer {
    struct uuid user;
    struct uuid session;
    int64_t since_unix_ms; /* when the rights below were read */
    permission_set permissions;
    bool sees_all;
    int team_count;
    struct uuid *teams;         /* team_count, or NULL */
    struct uuid chat;           /* being looked at; nil: none */
    struct uuid customer;       /* of that chat … */
    struct uuid team, assignee; /* … as they were when the look began */
    struct uuid flow;           /* being drawn; nil: none */
    int64_t seen_ms;            /* when last_seen_at was written */
    int64_t ephemeral_ms;       /* the running second … */
    int ephemeral_count;        /* … and what it has had */
    struct uuid told;           /* the chat whose platform was last told of typing … */
    int64_t told_ms;            /* … and when */
    char *name;
};

static bool viewer_sees(const struct viewer *v, struct uuid team, struct uuid assignee)
{
    if (v->sees_all || (!uuid_is_nil(assignee) && uuid_equal(assignee, v->user))) return true;
    if (uuid_is_nil(team)) return false;
    for (int i = 0; i < v->team_count; i++)
        if (uuid_equal(v->teams[i], team)) return true;
    return false;
}

/* "{uuid,uuid}", as the actor carries it: all of them, however many. */
static void viewer_teams(struct viewer *v, const char *array)
{
    size_t most = strlen(array) / (UUID_TEXT_SIZE - 1);
    if (most > 0) v->teams = mem_alloc(most * sizeof *v->teams);
    for (const char *p = array; *p && (size_t)v->team_count < most; p++) {
        char text[UUID_TEXT_SIZE];
        if ((*p != '{' && *p != ',') || strlen(p + 1) < UUID_TEXT_SIZE - 1) continue;
        memcpy(text, p + 1, UUID_TEXT_SIZE - 1);
        text[UUID_TEXT_SIZE - 1] = 0;
        if (uuid_parse(text, &v->teams[v->team_count])) v->team_count++;
    }
}

static void viewer_free(struct viewer *v)
{
    mem_free(v->teams);
    mem_free(v->name);
    mem_free(v);
}

/* News between the workers only. */
static bool is_internal(const struct event *e)
{
    return strncmp(e->type, "auth.", 5) == 0;
}

static const char *live_filter(struct hub_conn *conn, const struct event *e, struct buf *out)
{
    struct viewer *v = hub_data(conn);
    if (is_internal(e)) {
        bool is_old = e->created_ms <
                      v->since_unix_ms - RIGHTS_SURE_MS; /* met again by a client that resumes */
        if (!is_old && (uuid_is_nil(e->user) || uuid_equal(e->user, v->user)))
            hub_close(conn, CLOSE_RIGHTS_CHANGED, "rights changed");
        return NULL;
    }
    if (!uuid_is_nil(e->user) && !uuid_equal(e->user, v->user)) return NULL;
    if (e->permission > 0 && !(v->permissions & PERMISSION_BIT(e->permission))) return NULL;
    if (!uuid_is_nil(e->chat)) {
        if (!(v->permissions & PERMISSION_BIT(PERMISSION_CHATS_VIEW))) return NULL;
        if (viewer_sees(v, e->team, e->assignee)) return e->type;
        if (!viewer_sees(v, e->previous_team, e->previous_assignee)) return NULL;
        if (uuid_equal(e->chat, v->chat)) v->chat = v->customer = (struct uuid){0};
        char id[UUID_TEXT_SIZE];
        buf_addf(out, "{\"chatId\":\"%s\"}", uuid_text(e->chat, id));
        return "chat.removed";
    }
    if (!uuid_is_nil(e->customer)) {
        if (!(v->permissions & PERMISSION_BIT(PERMISSION_CUSTOMERS_VIEW))) return NULL;
        if (!v->sees_all && !uuid_equal(e->customer, v->customer))
            return NULL; /* a restricted agent hears only of the customer on the screen */
    }
    return e->type;
}

/* --- ephemeral news -------------------------------------------------------------------- */

static bool ephemeral_allowed(struct viewer *v, int64_t now_ms)
{
    if (now_ms - v->ephemeral_ms >= SECOND_MS) {
        v->ephemeral_ms = now_ms;
        v->ephemeral_count = 0;
    }
    return v->ephemeral_count++ < EPHEMERAL_PER_SECOND;
}

/* What travels on the bus: who may see it, and the frame. */
static void live_publish(struct app *app, struct uuid org, const char *type, struct uuid team,
                         struct uuid assignee, json_t *data)
{
    char o[UUID_TEXT_SIZE], t[UUID_TEXT_SIZE], a[UUID_TEXT_SIZE];
    json_t *p =
        json_pack("{s:s, s:s, s:s, s:s, s:O}", "org", uuid_text(org, o), "type", type, "team",
                  uuid_text(team, t), "assignee", uuid_text(assignee, a), "data", data);
    char *text = p ? json_dumps(p, JSON_COMPACT) : NULL;
    if (text && strlen(text) < BUS_MESSAGE_MAX) bus_send(app->bus, "live", text);
    mem_free(text);
    json_decref(p);
    json_decref(data);
}

void live_typing(struct app *app, struct uuid org, const struct live_chat *chat, struct uuid user,
                 const char *name, bool on)
{
    char id[UUID_TEXT_SIZE], u[UUID_TEXT_SIZE];
    json_t *data = json_pack("{s:s, s:s, s:b}", "chatId", uuid_text(chat->id, id), "name",
                             name ? name : "", "on", on);
    if (!uuid_is_nil(user))
        json_object_set_new(data, "userId", json_string(uuid_text(user, u)));
    else
        json_object_set_new(data, "visitor", json_true());
    live_publish(app, org, "typing", chat->team, chat->assignee, data);
}

enum err live_chat_load(struct ctx *c, struct uuid id, struct live_chat *ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_LIVE_CHAT, PARAMS(P_UUID("chat", id)), &rows);
    if (e) return e;
    *ret = (struct live_chat){
        .id = id,
        .team = rows_uuid(rows, 0, "team_id"),
        .assignee = rows_uuid(rows, 0, "assignee_id"),
        .customer = rows_uuid(rows, 0, "customer_id"),
        .channel = rows_uuid(rows, 0, "channel_id"),
        .identifier = rows_text(rows, 0, "identifier"),
    };
    return ERR_OK;
}

static void receive_typing(struct ctx *c, struct viewer *v, const json_t *frame)
{
    struct uuid id;
    struct live_chat chat;
    const char *text = json_get_text(frame, "chatId");
    if (!text || !uuid_parse(text, &id) ||
        !(v->permissions & PERMISSION_BIT(PERMISSION_CHATS_REPLY)))
        return;
    if (live_chat_load(c, id, &chat)) return;
    bool on = json_get_bool(frame, "on", true);
    live_typing(c->app, c->org, &chat, v->user, v->name, on);
    struct channel ch;
    if (json_get_bool(frame, "note", false) || channel_load(c, chat.channel, false, &ch)) return;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    if (!kind || !kind->typing) return;
    if (kind->decode) { /* a call to its platform, which shows it for a while */
        int64_t now_ms = loop_now(c->app->loop);
        if (!on || (uuid_equal(v->told, id) && now_ms - v->told_ms < TELL_EVERY_MS)) return;
        v->told = id;
        v->told_ms = now_ms;
    }
    kind->typing(c, &ch, id, chat.identifier, on);
}

static void publish_viewing(struct hub_conn *conn, bool on)
{
    const struct viewer *v = hub_data(conn);
    char id[UUID_TEXT_SIZE], u[UUID_TEXT_SIZE];
    live_publish(hub_app(conn), hub_org(conn), "viewing", v->team, v->assignee,
                 json_pack("{s:s, s:s, s:s, s:b}", "chatId", uuid_text(v->chat, id), "userId",
                           uuid_text(v->user, u), "name", v->name, "on", on));
}

static void receive_viewing(struct ctx *c, struct hub_conn *conn, const json_t *frame)
{
    struct viewer *v = hub_data(conn);
    struct live_chat chat;
    struct uuid id = {0};
    const char *text = json_get_text(frame, "chatId");
    bool known = text && (v->permissions & PERMISSION_BIT(PERMISSION_CHATS_VIEW)) &&
                 uuid_parse(text, &id) && live_chat_load(c, id, &chat) == ERR_OK;
    if (!uuid_is_nil(v->chat)) publish_viewing(conn, false);
    v->chat = v->customer = (struct uuid){0};
    if (!known) return;
    v->chat = id;
    v->customer = chat.customer;
    v->team = chat.team;
    v->assignee = chat.assignee;
    publish_viewing(conn, true);
}

static void publish_editing(struct hub_conn *conn, bool on)
{
    const struct viewer *v = hub_data(conn);
    const struct uuid nil = {0};
    char id[UUID_TEXT_SIZE], u[UUID_TEXT_SIZE];
    live_publish(hub_app(conn), hub_org(conn), "flow.editing", nil, nil,
                 json_pack("{s:s, s:s, s:s, s:b}", "flowId", uuid_text(v->flow, id), "userId",
                           uuid_text(v->user, u), "name", v->name, "on", on));
}

/* Said again by the page from time to time, so that who comes later hears of it. */
static void receive_editing(struct hub_conn *conn, const json_t *frame)
{
    struct viewer *v = hub_data(conn);
    struct uuid id = {0};
    const char *text = json_get_text(frame, "flowId");
    bool known =
        text && (v->permissions & PERMISSION_BIT(PERMISSION_FLOWS_VIEW)) && uuid_parse(text, &id);
    if (!known) id = (struct uuid){0};
    if (!uuid_is_nil(v->flow) && !uuid_equal(v->flow, id)) publish_editing(conn, false);
    v->flow = id;
    if (known) publish_editing(conn, true);
}

/* The page is there. */
static void receive_ping(struct ctx *c, struct viewer *v)
{
    int64_t now_ms = loop_now(c->app->loop);
    if (v->seen_ms && now_ms - v->seen_ms < SEEN_EVERY_MS) return;
    v->seen_ms = now_ms;
    if (db_exec(c, &SQL_LIVE_SEEN, NULL)) v->seen_ms = 0; /* with the next one */
}

static void live_receive(struct ctx *c, struct hub_conn *conn, const json_t *frame)
{
    struct viewer *v = hub_data(conn);
    const char *type = json_get_text(frame, "type");
    if (type && strcmp(type, "ping") == 0) {
        receive_ping(c, v);
        return;
    }
    if (!type || !ephemeral_allowed(v, loop_now(c->app->loop))) return;
    if (strcmp(type, "typing") == 0)
        receive_typing(c, v, frame);
    else if (strcmp(type, "viewing") == 0)
        receive_viewing(c, conn, frame);
    else if (strcmp(type, "editing") == 0)
        receive_editing(conn, frame);
}

struct live_pick {
    struct uuid team, assignee, user;
    int permission; /* > 0: for its holders, whatever chats they see */
    bool all;
};

static bool pick_viewer(struct hub_conn *conn, void *arg)
{
    const struct live_pick *p = arg;
    if (hub_conn_kind(conn) != &inbox_hub_kind) return false;
    const struct viewer *v = hub_data(conn);
    if (!uuid_is_nil(p->user) && uuid_equal(v->user, p->user))
        return false; /* not back to the one who types */
    if (p->permission > 0) return (v->permissions & PERMISSION_BIT(p->permission)) != 0;
    return p->all || ((v->permissions & PERMISSION_BIT(PERMISSION_CHATS_VIEW)) &&
                      viewer_sees(v, p->team, p->assignee));
}

static bool same_user(struct hub_conn *conn, void *arg)
{
    const struct viewer *v = hub_data(conn);
    return hub_conn_kind(conn) == &inbox_hub_kind && uuid_equal(v->user, *(const struct uuid *)arg);
}

static void publish_presence(struct app *app, struct uuid org, struct uuid user, bool online)
{
    char u[UUID_TEXT_SIZE];
    struct uuid nil = {0};
    live_publish(app, org, "presence", nil, nil,
                 json_pack("{s:s, s:b}", "userId", uuid_text(user, u), "online", online));
}

/* From any worker or node. */
static void live_bus(void *arg, const char *payload)
{
    struct app *app = arg;
    json_t *p = json_loads(payload, 0, NULL);
    struct uuid org;
    struct live_pick pick = {0};
    const char *o = json_get_text(p, "org"), *t = json_get_text(p, "team"),
               *a = json_get_text(p, "assignee");
    const char *type = json_get_text(p, "type");
    if (!o || !t || !a || !type || !uuid_parse(o, &org) || !uuid_parse(t, &pick.team) ||
        !uuid_parse(a, &pick.assignee)) {
        json_decref(p);
        return;
    }
    const json_t *data = json_object_get(p, "data");
    const char *user = json_get_text(data, "userId");
    if (user && strcmp(type, "presence") != 0) (void)uuid_parse(user, &pick.user);
    pick.all = strcmp(type, "presence") == 0;
    if (strcmp(type, "flow.editing") == 0) pick.permission = PERMISSION_FLOWS_VIEW;
    char *text = json_dumps(data, JSON_COMPACT);
    if (text) hub_each(app->hub, org, pick_viewer, type, text, &pick);
    mem_free(text);
    struct uuid gone;
    /* Their last page at another worker was closed, but here one is open: they are there. */
    if (pick.all && user && uuid_parse(user, &gone) && !json_get_bool(data, "online", true) &&
        hub_any(app->hub, org, same_user, &gone))
        publish_presence(app, org, gone, true);
    json_decref(p);
}

/* --- connections ----------------------------------------------------------------------- */

static bool same_user_elsewhere(struct hub_conn *conn, void *arg)
{
    const struct viewer *v = hub_data(arg);
    return conn != arg && same_user(conn, (void *)(uintptr_t)&v->user);
}

/* Their second page here is no news: when a worker restarts everybody comes back at once, and each
 * word of presence goes to everybody. */
static void live_opened(struct hub_conn *conn)
{
    const struct viewer *v = hub_data(conn);
    if (!hub_any(hub_app(conn)->hub, hub_org(conn), same_user_elsewhere, conn))
        publish_presence(hub_app(conn), hub_org(conn), v->user, true);
}

static void live_closed(struct hub_conn *conn)
{
    struct viewer *v = hub_data(conn);
    if (!uuid_is_nil(v->chat)) publish_viewing(conn, false);
    if (!uuid_is_nil(v->flow)) publish_editing(conn, false);
    if (!hub_any(hub_app(conn)->hub, hub_org(conn), same_user, &v->user))
        publish_presence(hub_app(conn), hub_org(conn), v->user, false);
    viewer_free(v);
}

const struct hub_kind inbox_hub_kind = {
    .name = "staff",
    .per_actor = 32,
    .filter = live_filter,
    .receive = live_receive,
    .opened = live_opened,
    .closed = live_closed,
};

/* GET /api/{organizationId}/events */
enum err live_connect(struct ctx *c, struct request *r, struct reply *p)
{
    const char *cursor = in_text(c, "cursor");
    if (!cursor || !*cursor) {
        /* The place first, then the rights: what changes them from here on comes as an event. */
        enum err e = events_position(c, &cursor);
        if (!e) e = auth_rights_now(c, r, p);
        if (e) return e;
    }
    struct viewer *v = mem_alloc(sizeof(*v));
    v->user = c->actor.id;
    v->since_unix_ms = clock_unix_ms();
    v->session = c->actor.session_id;
    v->permissions = c->actor.permissions;
    v->sees_all = c->actor.sees_all_chats;
    v->name = mem_strdup(c->actor.name ? c->actor.name : "");
    viewer_teams(v, c->actor.team_ids);
    enum err e = hub_accept(c, r, p, &inbox_hub_kind, v, cursor);
    if (e) viewer_free(v);
    return e;
}

void live_start(struct app *app)
{
    bus_on(app->bus, "live", live_bus, app);
}
