/* The registry of live connections: by organization, so that an event touches only those of its
 * own; with one timer for all pings and time limits, and one hook that flushes at the end of a turn
 * what was queued in it. The connection itself is in hub_conn.c. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/http_rules.h"
#include "core/hub_impl.h"
#include "core/metrics.h"

#define CHAINS     4096
#define TICK_MS    SECOND_MS
#define DRAIN_MS   (2 * SECOND_MS)
#define DRAIN_STEP 50 /* ms */
#define FREE_MS    (2 * SECOND_MS)

void hub_count_metric(struct hub *h, bool cut, int frames)
{
    if (!h->app->metrics) return;
    if (cut) metrics_add(h->app->metrics, h->app->worker_index, METRIC_SOCKETS_CUT, 1);
    if (frames > 0)
        metrics_add(h->app->metrics, h->app->worker_index, METRIC_SOCKET_FRAMES, frames);
}

/* --- the index by organization --------------------------------------------------------- */

static struct org_conns **org_find(struct hub *h, struct uuid org)
{
    size_t chain = 0;
    memcpy(&chain, org.b + 8, sizeof(chain)); /* the random half of a version 7 */
    struct org_conns **at = &h->orgs[(chain ^ chain >> 32) % CHAINS];
    while (*at && !uuid_equal((*at)->org, org))
        at = &(*at)->next;
    return at;
}

static struct hub_conn *org_first(struct hub *h, struct uuid org)
{
    struct org_conns *o = *org_find(h, org);
    return o ? o->first : NULL;
}

void hub_enter(struct hub_conn *conn)
{
    struct hub *h = conn->hub;
    conn->next = h->conns;
    if (conn->next) conn->next->prev = conn;
    h->conns = conn;
    struct org_conns **at = org_find(h, conn->org);
    if (!*at) {
        *at = mem_alloc(sizeof(**at));
        (*at)->org = conn->org;
    }
    conn->org_next = (*at)->first;
    if (conn->org_next) conn->org_next->org_prev = conn;
    (*at)->first = conn;
}

void hub_leave(struct hub_conn *conn)
{
    struct hub *h = conn->hub;
    if (conn->next) conn->next->prev = conn->prev;
    if (conn->prev) {
        conn->prev->next = conn->next;
    } else {
        h->conns = conn->next;
    }
    if (conn->org_next) conn->org_next->org_prev = conn->org_prev;
    if (conn->org_prev) {
        conn->org_prev->org_next = conn->org_next;
        return;
    }
    struct org_conns **at = org_find(h, conn->org);
    struct org_conns *o = *at;
    o->first = conn->org_next;
    if (o->first) return;
    *at = o->next;
    mem_free(o);
}

/* --- giving out ------------------------------------------------------------------------ */

void hub_dirty(struct hub_conn *conn)
{
    if (conn->dirty || conn->state == CONN_DEAD) return;
    conn->dirty = true;
    conn->refs++;
    conn->next_dirty = conn->hub->dirty;
    conn->hub->dirty = conn;
}

static int before_wait(void *arg)
{
    const struct hub *h = arg;
    return h->dirty ? 0 : -1;
}

static void flush_all(void *arg)
{
    struct hub *h = arg;
    struct hub_conn *conn = h->dirty;
    h->dirty = NULL;
    while (conn) {
        struct hub_conn *next = conn->next_dirty;
        conn->dirty = false;
        conn_flush(conn);
        hub_conn_release(conn);
        conn = next;
    }
}

static void on_event(void *arg, const struct event *e)
{
    struct hub *h = arg;
    struct held_event *held = NULL;
    h->current = e;
    int n = 0;
    for (struct hub_conn *conn = org_first(h, e->org); conn; conn = conn->org_next) {
        conn_event(conn, e, &held);
        n++;
    }
    hub_count_metric(h, false, n);
    h->current = NULL;
    held_drop(held);
    frame_drop(h->cached);
    h->cached = NULL;
    mem_free(h->cached_type);
    h->cached_type = NULL;
}

void hub_send(struct hub_conn *conn, const char *type, const char *data_json)
{
    struct frame *f = frame_new(type, NULL, data_json);
    conn_send(conn, f);
    frame_drop(f);
}

void hub_each(struct hub *h, struct uuid org, bool (*pick)(struct hub_conn *conn, void *arg),
              const char *type, const char *data_json, void *arg)
{
    struct frame *f = NULL;
    for (struct hub_conn *conn = h ? org_first(h, org) : NULL; conn; conn = conn->org_next) {
        if (conn->state != CONN_OPEN || !conn->greeted || (pick && !pick(conn, arg))) continue;
        if (!f) f = frame_new(type, NULL, data_json);
        conn_send(conn, f);
    }
    frame_drop(f);
}

bool hub_any(struct hub *h, struct uuid org, bool (*pick)(struct hub_conn *conn, void *arg),
             void *arg)
{
    for (struct hub_conn *conn = h ? org_first(h, org) : NULL; conn; conn = conn->org_next) {
        if (conn->state == CONN_OPEN && pick(conn, arg)) return true;
    }
    return false;
}

/* --- coming and going ------------------------------------------------------------------ */

/* May one more of this kind come? Walks the connections of the organization, or all of them when
 * the address counts: some hundred microseconds for twenty thousand, beside a TLS handshake. */
static bool has_room(const struct hub *h, const struct ctx *c, const struct hub_kind *kind)
{
    int actor = 0, address = 0, all = 0;
    if (kind->per_actor > 0)
        for (const struct hub_conn *conn = org_first((struct hub *)(uintptr_t)h, c->org); conn;
             conn = conn->org_next)
            actor += conn->kind == kind && uuid_equal(conn->actor.id, c->actor.id);
    if (kind->per_actor > 0 && actor >= kind->per_actor) return false;
    if (kind->per_address <= 0 && kind->share <= 0) return true;
    for (const struct hub_conn *conn = h->conns; conn; conn = conn->next) {
        if (conn->kind != kind) continue;
        all++;
        address += conn->address && c->address && strcmp(conn->address, c->address) == 0;
    }
    return (kind->per_address <= 0 || address < kind->per_address) &&
           (kind->share <= 0 || all < (int)((int64_t)h->max * kind->share / 100));
}

enum err hub_accept(struct ctx *c, struct request *r, struct reply *p, const struct hub_kind *kind,
                    void *user_data, const char *cursor)
{
    struct hub *h = c->app->hub;
    const char *version = request_header(c, r, "Sec-WebSocket-Version");
    char accept[WS_ACCEPT_SIZE];
    if (r->method != HTTP_GET || !http_token_listed(request_header(c, r, "Upgrade"), "websocket") ||
        !http_token_listed(request_header(c, r, "Connection"), "upgrade") || !version ||
        strcmp(version, "13") != 0 ||
        !ws_accept_key(request_header(c, r, "Sec-WebSocket-Key"), accept)) {
        return fault(c, ERR_INVALID, "WEBSOCKET_EXPECTED",
                     "this address speaks WebSocket (RFC 6455, version 13) only");
    }
    if (!h || h->draining || h->count >= h->max) {
        return fault(c, ERR_UNAVAILABLE, NULL,
                     "no more live connections here, try again in a moment");
    }
    if (!has_room(h, c, kind))
        return fault(c, ERR_RATE_LIMITED, "TOO_MANY_CONNECTIONS",
                     "too many live connections at once, close some first");
    struct hub_conn *conn = conn_new(h, c, kind, user_data, cursor && *cursor ? cursor : NULL);
    p->kind = REPLY_UPGRADE;
    p->status = 101;
    p->upgrade = conn_upgraded;
    p->upgrade_arg = conn;
    reply_header(c, p, "Upgrade", "websocket");
    reply_header(c, p, "Sec-WebSocket-Accept", accept);
    return ERR_OK;
}

void *hub_data(const struct hub_conn *conn)
{
    return conn->user_data;
}

struct uuid hub_org(const struct hub_conn *conn)
{
    return conn->org;
}

struct app *hub_app(const struct hub_conn *conn)
{
    return conn->hub->app;
}

const struct hub_kind *hub_conn_kind(const struct hub_conn *conn)
{
    return conn->kind;
}

void hub_close(struct hub_conn *conn, int code, const char *reason)
{
    conn_close(conn, code, reason);
}

int hub_count(const struct hub *h)
{
    return h ? h->count : 0;
}

static void on_tick(void *arg)
{
    struct hub *h = arg;
    int64_t now_ms = loop_now(h->loop);
    for (struct hub_conn *conn = h->conns, *next; conn; conn = next) {
        next = conn->next;
        conn_tick(conn, now_ms);
    }
    h->tick = loop_timer(h->loop, now_ms + TICK_MS, on_tick, h);
}

/* Close a share of those that are open, so that they do not all come back in one moment. */
static void on_drain(void *arg)
{
    struct hub *h = arg;
    int steps = (int)(DRAIN_MS / DRAIN_STEP), left = (h->count + steps - 1) / steps;
    h->drain = NULL;
    bool more = false;
    for (struct hub_conn *conn = h->conns; conn; conn = conn->next) {
        if (conn->state != CONN_OPEN) continue;
        more = true;
        if (left-- <= 0) break;
        conn_close(conn, 1012, "restart");
    }
    if (more) h->drain = loop_timer(h->loop, loop_now(h->loop) + DRAIN_STEP, on_drain, h);
}

void hub_drain(struct hub *h)
{
    if (!h || h->draining) return;
    h->draining = true;
    on_drain(h);
}

struct hub *hub_new(struct app *app, int connections_max)
{
    struct hub *h = mem_alloc(sizeof(*h));
    h->app = app;
    h->loop = app->loop;
    h->max = connections_max;
    h->orgs = mem_array(CHAINS, sizeof(struct org_conns *));
    h->ping = frame_ping();
    loop_hook(h->loop, before_wait, flush_all, h);
    h->tick = loop_timer(h->loop, clock_mono_ms() + TICK_MS, on_tick, h);
    event_reader_on(app->events, on_event, h);
    return h;
}

void hub_free(struct hub *h)
{
    if (!h) return;
    h->draining = true;
    flush_all(h);
    while (h->conns)
        conn_cut(h->conns);
    /* Those whose coroutines still run are freed by these, which were cancelled. */
    if (loop_count(h->loop) > 0) (void)loop_drain(h->loop, clock_mono_ms() + FREE_MS);
    flush_all(h);
    loop_unhook(h->loop, h);
    loop_timer_cancel(h->loop, h->tick);
    loop_timer_cancel(h->loop, h->drain);
    frame_drop(h->ping);
    mem_free(h->orgs);
    if (h->app->hub == h) h->app->hub = NULL;
    mem_free(h);
}
