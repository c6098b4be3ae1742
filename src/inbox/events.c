/* What a webhook's bodies held, into the inbox: messages in lots, the rest in lots.
 *
 * Of one stretch the messages go first, then everything else, each in its own order: states,
 * reactions and edits are about messages that are there already or came just before. Only a change
 * of somebody's identity, or of the account, keeps its place among them.
 *
 * Many messages go in lanes beside each other, each with its own people, since one statement after
 * the other leaves most of the machine idle.
 *
 * Messages of one person keep their order: a lot holds at most one of each, and the next lot begins
 * when this one is stored. What the short way does not take (somebody new, an attachment, a double)
 * goes the long way alone before it. Everything may come twice: nothing here minds. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/coroutine.h"
#include "core/ctx.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/receive.h"
#include "sql.h"

#define LOT_MAX    100
#define LANES      3
#define LANE_MIN   20 /* messages: fewer are not worth a lane */
#define LANE_ARENA (48 * MIB)

static const char *const status_names[] = {
    [STATUS_QUEUED] = "queued", [STATUS_SENT] = "sent",     [STATUS_DELIVERED] = "delivered",
    [STATUS_READ] = "read",     [STATUS_FAILED] = "failed",
};

/* Will the same thing fail again? Then it is the event's fault. */
static bool is_final(enum err e)
{
    return e != ERR_UNAVAILABLE && e != ERR_DEADLINE && e != ERR_CANCELLED && e != ERR_CONFLICT &&
           e != ERR_NO_MEMORY;
}

/* --- messages -------------------------------------------------------------------------- */

struct window {
    struct ctx *c;
    const struct channel *channel;
    const struct inbound *items[LOT_MAX];
    bool done[LOT_MAX];
    int count, left;
};

/* Is it the first of its person that is still to be stored? */
static bool is_next(const struct window *w, int i)
{
    for (int k = 0; k < i; k++)
        if (!w->done[k] && strcmp(w->items[k]->identifier, w->items[i]->identifier) == 0)
            return false;
    return true;
}

/* The usual ones among the next of everybody, in one statement. A refusal of the whole lot is no
 * error: all of them go the long way. */
static enum err store_together(struct window *w)
{
    struct ctx *c = w->c;
    int members[LOT_MAX], count = 0;
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (int i = 0; i < w->count; i++) {
        json_t *p = NULL;
        if (w->done[i] || !inbound_is_usual(w->items[i]) || !is_next(w, i)) continue;
        struct fault before = c->fault;
        if (inbound_json(c, w->channel, w->items[i], &p)) { /* said by the long way */
            c->fault = before;
            continue;
        }
        json_array_append_new(list, p);
        members[count++] = i;
    }
    if (count < 2) return ERR_OK;
    struct rows *rows = NULL;
    struct fault before = c->fault;
    enum err e = db_query(c, &SQL_INBOX_RECEIVE_KNOWN, PARAMS(P_JSON("batch", list)), &rows);
    if (e) {
        if (!is_final(e) && e != ERR_CONFLICT) return e;
        c->fault = before;
        return ERR_OK;
    }
    for (int i = 0; i < rows_count(rows); i++) {
        int64_t n = rows_int(rows, i, "n", 0);
        if (n < 1 || n > count || w->done[members[n - 1]]) continue;
        w->done[members[n - 1]] = true;
        w->left--;
    }
    metrics_add(c->app->metrics, c->app->worker_index, METRIC_MESSAGES_IN, rows_count(rows));
    return ERR_OK;
}

/* The next of everybody that is not stored yet, each alone. */
static enum err store_alone(struct window *w)
{
    bool next[LOT_MAX];
    for (int i = 0; i < w->count; i++)
        next[i] = !w->done[i] && is_next(w, i);
    for (int i = 0; i < w->count; i++) {
        if (!next[i]) continue;
        enum err e = inbox_receive_one(w->c, w->channel, w->items[i]);
        if (e) return e;
        w->done[i] = true;
        w->left--;
    }
    return ERR_OK;
}

static enum err window_store(struct window *w)
{
    w->left = w->count;
    while (w->left > 0) {
        int before = w->left;
        enum err e = store_together(w);
        /* While most of a lot goes together, those behind it may, too. */
        if (!e && (w->left == before || w->left > 0)) e = store_alone(w);
        if (e) return e;
    }
    w->count = 0;
    memset(w->done, 0, sizeof w->done);
    return ERR_OK;
}

/* --- lanes ----------------------------------------------------------------------------- */

/* A lane takes the messages of its people; the lanes run beside each other. */
struct lane {
    struct join *join;
    struct window window;
    const struct inbound_list *list;
    int from, to, number, lanes;
    enum err err;
};

struct join {
    struct co *waiting;
    int running;
};

static int lane_of(const struct inbound *in, int lanes)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (const char *p = in->identifier; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return (int)(h % (uint32_t)lanes);
}

static enum err lane_store(struct lane *l)
{
    struct window *w = &l->window;
    for (int i = l->from; i < l->to; i++) {
        const struct inbound *in = &l->list->items[i];
        if (in->type != INBOUND_MESSAGE) continue;
        if (l->lanes > 1 && lane_of(in, l->lanes) != l->number) continue;
        w->items[w->count++] = in;
        if (w->count < LOT_MAX) continue;
        enum err e = window_store(w);
        if (e) return e;
    }
    return window_store(w);
}

static void lane_run(void *arg)
{
    struct lane *l = arg;
    struct app *app = l->window.c->app;
    struct ctx *c = ctx_new(app, LANE_ARENA, l->window.c->deadline_ms);
    c->org = l->window.c->org;
    c->actor = l->window.c->actor;
    l->window.c = c;
    l->err = lane_store(l);
    ctx_free(c);
    if (--l->join->running == 0) loop_wake(app->loop, l->join->waiting);
}

static int count_messages(const struct inbound_list *list, int from, int to)
{
    int count = 0;
    for (int i = from; i < to; i++)
        count += list->items[i].type == INBOUND_MESSAGE;
    return count;
}

/* Of the errors the one that says "later" wins: then all of it is given again. */
static enum err messages_store(struct ctx *c, const struct channel *ch,
                               const struct inbound_list *list, int from, int to)
{
    int count = count_messages(list, from, to);
    int wanted = count < 2 * LANE_MIN ? 1 : count / LANE_MIN < LANES ? count / LANE_MIN : LANES;
    struct lane *lanes = arena_array(c->arena, (size_t)wanted, sizeof *lanes);
    struct join join = {.waiting = co_self()};
    if (!lanes) return ERR_NO_MEMORY;
    enum err e = ERR_OK;
    for (int i = 0; i < wanted; i++)
        lanes[i] = (struct lane){.join = &join,
                                 .window = {.c = c, .channel = ch},
                                 .list = list,
                                 .from = from,
                                 .to = to,
                                 .number = i,
                                 .lanes = wanted};
    for (int i = 1; i < wanted && !e; i++) {
        e = loop_spawn(c->app->loop, lane_run, &lanes[i], NULL);
        join.running += !e;
    }
    if (!e) e = lane_store(&lanes[0]);
    /* The others have their own deadline; what they read is ours, so that they are waited for. */
    loop_shield(c->app->loop, true);
    while (join.running > 0 && loop_park(c->app->loop, CLOCK_NEVER) == ERR_OK)
        ;
    loop_shield(c->app->loop, false);
    for (int i = 1; i < wanted; i++)
        if (lanes[i].err && (!e || is_final(e))) e = lanes[i].err;
    return e;
}

/* --- everything else ------------------------------------------------------------------- */

static void set_text(json_t *o, const char *key, const char *text)
{
    if (text) json_object_set_new(o, key, json_string(text));
}

static json_t *status_json(const struct inbound *in)
{
    char id[UUID_TEXT_SIZE];
    if (!in->external_id || in->status == STATUS_QUEUED) return NULL;
    json_t *o = json_pack("{s:s, s:s}", "type", "status", "status", status_names[in->status]);
    set_text(o, "externalId", in->external_id);
    if (in->error) json_object_set(o, "error", in->error);
    if (!uuid_is_nil(in->our_message)) set_text(o, "ourMessage", uuid_text(in->our_message, id));
    if (in->our_part > 0) json_object_set_new(o, "ourPart", json_integer(in->our_part));
    return o;
}

/* The keys of who it was before, as previousKeys. */
static enum err identity_add(struct ctx *c, const struct inbound *in, json_t *o)
{
    CLEANUP(json_decrefp) json_t *old = json_object();
    struct inbound before = {.identity_kind = in->identity_kind, .identifier = in->previous};
    enum err e = inbound_keys(c, &before, old);
    if (!e) e = inbound_keys(c, in, o);
    if (e) return e;
    json_object_set(o, "previousKeys", json_object_get(old, "keys"));
    set_text(o, "previous", in->previous);
    return ERR_OK;
}

/* One event as inbox_apply() takes it; *ret NULL: nothing to do. */
static enum err event_json(struct ctx *c, const struct channel *ch, const struct inbound *in,
                           json_t **ret)
{
    const struct channel_kind *kind = channel_kind_find(ch->kind);
    enum err e = ERR_OK;
    json_t *o = NULL;
    switch (in->type) {
    case INBOUND_STATUS: o = status_json(in); break;
    case INBOUND_REACTION:
        if (!in->target_external_id) break;
        o = json_pack("{s:s, s:s, s:s, s:b}", "type", "reaction", "target", in->target_external_id,
                      "emoji", in->emoji ? in->emoji : "", "echo", in->echo);
        if (kind && kind->limits.window_hours > 0 && !in->echo)
            json_object_set_new(o, "windowHours", json_integer(kind->limits.window_hours));
        break;
    case INBOUND_EDIT:
        if (in->target_external_id)
            o = json_pack("{s:s, s:s, s:s}", "type", "edit", "target", in->target_external_id,
                          "text", in->text ? in->text : "");
        break;
    case INBOUND_REMOVAL:
        if (in->target_external_id)
            o = json_pack("{s:s, s:s}", "type", "removal", "target", in->target_external_id);
        break;
    case INBOUND_WATERMARK:
        if (!in->identifier || in->status < STATUS_DELIVERED || in->status > STATUS_READ) break;
        o = json_pack("{s:s, s:s}", "type", "watermark", "status", status_names[in->status]);
        set_text(o, "target", in->target_external_id);
        e = inbound_keys(c, in, o);
        break;
    case INBOUND_NAME:
        if (!in->identifier || !in->customer_name) break;
        o = json_pack("{s:s, s:s}", "type", "name", "name", in->customer_name);
        e = inbound_keys(c, in, o);
        break;
    case INBOUND_IDENTITY:
        if (!in->identifier || !in->previous) break;
        o = json_pack("{s:s}", "type", "identity");
        e = identity_add(c, in, o);
        break;
    case INBOUND_ACCOUNT:
    case INBOUND_TEMPLATE:
        if (in->data)
            o = json_pack("{s:s, s:O}", "type",
                          in->type == INBOUND_ACCOUNT ? "account" : "template", "data", in->data);
        break;
    case INBOUND_MESSAGE:
    case INBOUND_NOTE: break;
    }
    if (o && in->sent_unix_ms > 0) json_object_set_new(o, "sentMs", json_integer(in->sent_unix_ms));
    if (e) {
        json_decref(o);
        return e;
    }
    *ret = o;
    return ERR_OK;
}

static enum err apply(struct ctx *c, const struct channel *ch, const json_t *list)
{
    struct rows *rows = NULL;
    return inbox_one(c, &SQL_INBOX_APPLY, PARAMS(P_UUID("channel", ch->id), P_JSON("events", list)),
                     &rows);
}

/* A lot that the database refused, one by one, to find which it was. */
static enum err apply_alone(struct ctx *c, const struct channel *ch, const json_t *list)
{
    size_t i;
    json_t *o;
    json_array_foreach((json_t *)(uintptr_t)list, i, o)
    {
        CLEANUP(json_decrefp) json_t *one = json_pack("[O]", o);
        enum err e = apply(c, ch, one);
        if (e) return e;
    }
    return ERR_OK;
}

static enum err rest_flush(struct ctx *c, const struct channel *ch, json_t *list)
{
    if (json_array_size(list) == 0) return ERR_OK;
    struct fault before = c->fault;
    enum err e = apply(c, ch, list);
    if (e && is_final(e) && json_array_size(list) > 1) {
        c->fault = before;
        e = apply_alone(c, ch, list);
    }
    json_array_clear(list);
    return e;
}

static enum err rest_store(struct ctx *c, const struct channel *ch, const struct inbound_list *list,
                           int from, int to)
{
    CLEANUP(json_decrefp) json_t *lot = json_array();
    for (int i = from; i < to; i++) {
        json_t *o = NULL;
        enum err e = event_json(c, ch, &list->items[i], &o);
        if (e) return e;
        if (!o) continue;
        json_array_append_new(lot, o);
        if (json_array_size(lot) < LOT_MAX) continue;
        e = rest_flush(c, ch, lot);
        if (e) return e;
    }
    return rest_flush(c, ch, lot);
}

/* --- all of it ------------------------------------------------------------------------- */

static bool keeps_its_place(const struct inbound *in)
{
    return in->type == INBOUND_IDENTITY || in->type == INBOUND_ACCOUNT;
}

enum err inbox_events(struct ctx *c, const struct channel *ch, const struct inbound_list *list)
{
    for (int from = 0; from < list->count;) {
        int to = from + 1;
        if (!keeps_its_place(&list->items[from]))
            while (to < list->count && !keeps_its_place(&list->items[to]))
                to++;
        enum err e = messages_store(c, ch, list, from, to);
        if (!e) e = rest_store(c, ch, list, from, to);
        if (e) return e;
        from = to;
    }
    return ERR_OK;
}
