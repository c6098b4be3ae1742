/* Queues: which group goes to which connection, who gets a leased connection next, who waited too
 * long (model: db_impl.h).
 *
 * Groups for shared connections go to the one that answers soonest; a connection that is stuck
 * behind a slow statement is avoided. Connections are opened when they are needed: the first shared
 * and the first leased one at once, another when the others are busy. While none lives, groups and
 * leases wait, at most AWAY_MS. */
#include "base/clock.h"
#include "base/mem.h"
#include "core/db_impl.h"

#define AWAY_MS      (5 * SECOND_MS)
#define TICK_MS      (1 * SECOND_MS)
#define GRACE_MS     (5 * SECOND_MS) /* beyond a statement's time limit: the peer is dead */
#define SHARED_DEPTH 32
#define SHARED_BUSY  4  /* groups on the wire that make another connection worthwhile */
#define SLOW_MS      20 /* a head of line this old: prefer another connection */
#define QUEUE_MAX    20000
#define UNWANTED_MS  500             /* what nobody waits for may run this long */
#define CANCEL_MS    (5 * SECOND_MS) /* then it is cancelled once more */

/* --- groups ---------------------------------------------------------------------------- */

struct group *db_group_new(const struct sql *q, const char *text, const char *const *values)
{
    struct group *g = mem_alloc(sizeof *g);
    g->sql = q;
    g->text = text;
    g->values = values;
    return g;
}

void db_group_free(struct group *g)
{
    if (!g) return;
    PQclear(g->result);
    mem_free(g);
}

void db_group_org(struct group *g, struct uuid org)
{
    g->set_org = true;
    g->org[0] = 0;
    if (!uuid_is_nil(org)) (void)uuid_text(org, g->org);
}

static bool group_succeeded(const struct group *g)
{
    return !g->failed && !g->lost;
}

void db_group_done(struct db *d, struct group *g)
{
    g->state = GROUP_DONE;
    if (g->sql && g->sql->wakes && !g->in_tx && group_succeeded(g))
        d->wake(d->wake_arg, g->sql->wakes);
    if (g->detached) {
        db_group_free(g);
    } else {
        loop_wake(d->loop, g->waiter);
    }
}

void db_queue_add(struct pool *p, struct group *g, bool front)
{
    g->state = GROUP_QUEUED;
    if (front) {
        g->next = p->first;
        p->first = g;
        if (!g->next) p->last = &g->next;
    } else {
        g->next = NULL;
        *p->last = g;
        p->last = &g->next;
    }
    p->queued++;
}

static struct group *queue_take(struct pool *p)
{
    struct group *g = p->first;
    p->first = g->next;
    if (!p->first) p->last = &p->first;
    p->queued--;
    return g;
}

static bool queue_remove(struct pool *p, const struct group *g)
{
    for (struct group **at = &p->first; *at; at = &(*at)->next) {
        if (*at != g) continue;
        *at = g->next;
        if (!*at) p->last = at;
        p->queued--;
        return true;
    }
    return false;
}

void db_group_abandon(struct db *d, struct group *g)
{
    g->waiter = NULL;
    if (g->state == GROUP_SENT) {
        g->detached = true;
        return;
    }
    if (g->state == GROUP_QUEUED) {
        for (int i = 0; i < POOL_COUNT; i++) {
            if (queue_remove(&d->pools[i], g)) break;
        }
    }
    db_group_free(g);
}

void db_group_lost(struct db *d, struct group *g)
{
    g->lost = true;
    db_group_done(d, g);
}

/* --- queues ---------------------------------------------------------------------------- */

/* The connection that answers soonest; NULL when all are full or away. */
static struct conn *pool_pick(struct pool *p)
{
    struct conn *best = NULL;
    int64_t best_score = INT64_MAX;
    int64_t now = loop_now(p->db->loop);
    for (int i = 0; i < p->count; i++) {
        struct conn *k = &p->conns[i];
        if (k->state != CONN_LIVE || k->retire || k->on_wire >= p->depth) continue;
        int64_t score = k->on_wire;
        if (k->first && now - k->first->since_ms > SLOW_MS) score += 1000;
        if (score < best_score) {
            best_score = score;
            best = k;
        }
    }
    return best;
}

static void pool_open_one(struct pool *p)
{
    for (int i = 0; i < p->count; i++) {
        if (p->conns[i].state == CONN_CONNECTING || p->conns[i].state == CONN_SETUP)
            return; /* one is coming */
    }
    for (int i = 0; i < p->count; i++) {
        if (p->conns[i].state == CONN_UNUSED) {
            db_conn_connect(&p->conns[i]);
            return;
        }
    }
}

void db_pool_dispatch(struct pool *p)
{
    while (p->first) {
        struct conn *k = pool_pick(p);
        if (!k) break;
        if (k->on_wire >= SHARED_BUSY) pool_open_one(p);
        struct group *g = queue_take(p);
        if (!db_conn_send(k, g)) {
            db_queue_add(p, g, true);
            db_conn_lost(k, "cannot send");
            return; /* db_conn_lost dispatched what is left */
        }
    }
    if (p->first) pool_open_one(p);
}

void db_pool_submit(struct pool *p, struct group *g)
{
    g->since_ms = clock_mono_ms();
    if (p->queued >= QUEUE_MAX) {
        db_group_lost(p->db, g);
        return;
    }
    db_queue_add(p, g, false);
    db_pool_dispatch(p);
}

/* --- leases ---------------------------------------------------------------------------- */

void db_pool_lease(struct pool *p)
{
    struct db *d = p->db;
    for (int i = 0; i < p->count && p->waiting; i++) {
        struct conn *k = &p->conns[i];
        if (k->state != CONN_LIVE || k->leased || k->retire) continue;
        struct lease_wait *w = p->waiting;
        p->waiting = w->next;
        if (!p->waiting) p->waiting_last = &p->waiting;
        k->leased = true;
        k->promised = w;
        w->conn = k;
        loop_wake(d->loop, w->co);
    }
    if (p->waiting) pool_open_one(p);
}

void db_conn_release(struct conn *k)
{
    k->leased = false;
    k->tx = NULL;
    if (k->retire) {
        db_conn_replace(k);
    } else {
        db_pool_lease(k->pool);
    }
}

int db_pools_waiting(const struct db *d)
{
    int n = 0;
    for (int i = 0; i < POOL_COUNT; i++) {
        n += d->pools[i].queued;
        for (const struct lease_wait *w = d->pools[i].waiting; w; w = w->next) {
            n++;
        }
    }
    return n;
}

/* --- once a second: who waits too long ------------------------------------------------- */

static bool pool_alive(const struct pool *p)
{
    for (int i = 0; i < p->count; i++) {
        if (p->conns[i].state == CONN_LIVE) return true;
    }
    return false;
}

static void pool_tick(struct pool *p, int64_t now)
{
    for (int i = 0; i < p->count; i++) {
        struct conn *k = &p->conns[i];
        if (k->state == CONN_LIVE && k->first && k->first->detached && k->first->sql &&
            now - k->first->since_ms > UNWANTED_MS &&
            (k->cancelled_ms == 0 || now - k->cancelled_ms > CANCEL_MS))
            db_conn_cancel(k);
        /* The server itself ends what runs too long. */
        if (k->state == CONN_LIVE && k->first &&
            now - k->first->since_ms > p->timeout_ms + GRACE_MS) {
            db_conn_lost(k, "no answer within the time limit");
        }
    }
    if (pool_alive(p)) return;
    while (p->first && now - p->first->since_ms > AWAY_MS) {
        db_group_lost(p->db, queue_take(p));
    }
    while (p->waiting && now - p->waiting->since_ms > AWAY_MS) {
        struct lease_wait *w = p->waiting;
        p->waiting = w->next;
        if (!p->waiting) p->waiting_last = &p->waiting;
        w->failed = true;
        loop_wake(p->db->loop, w->co);
    }
}

static void on_tick(void *arg)
{
    struct db *d = arg;
    int64_t now = clock_mono_ms();
    for (int i = 0; i < POOL_COUNT; i++) {
        pool_tick(&d->pools[i], now);
    }
    d->tick = loop_timer(d->loop, now + TICK_MS, on_tick, d);
}

static void pool_init(struct db *d, enum pool_kind kind, int count, int depth, int timeout_ms)
{
    struct pool *p = &d->pools[kind];
    p->db = d;
    p->kind = kind;
    p->count = count;
    p->depth = depth;
    p->timeout_ms = timeout_ms;
    p->last = &p->first;
    p->waiting_last = &p->waiting;
    p->conns = mem_array((size_t)count, sizeof *p->conns);
    for (int i = 0; i < count; i++) {
        p->conns[i].pool = p;
        p->conns[i].last = &p->conns[i].first;
    }
}

void db_pools_open(struct db *d, const struct db_options *o)
{
    pool_init(d, POOL_SHARED, o->shared > 0 ? o->shared : 1, SHARED_DEPTH, o->fast_timeout_ms);
    pool_init(d, POOL_LEASED, o->leased > 0 ? o->leased : 1, 1, o->fast_timeout_ms);
    pool_init(d, POOL_SEARCH, o->search > 0 ? o->search : 1, 1, o->search_timeout_ms);
    pool_init(d, POOL_REPORT, o->report > 0 ? o->report : 1, 1, o->report_timeout_ms);
    db_conn_connect(&d->pools[POOL_SHARED].conns[0]);
    db_conn_connect(&d->pools[POOL_LEASED].conns[0]);
    d->tick = loop_timer(d->loop, clock_mono_ms() + TICK_MS, on_tick, d);
}

void db_pools_close(struct db *d)
{
    loop_timer_cancel(d->loop, d->tick);
    for (int i = 0; i < POOL_COUNT; i++) {
        struct pool *p = &d->pools[i];
        for (int j = 0; j < p->count; j++) {
            struct conn *k = &p->conns[j];
            if (k->tx) k->tx->conn = NULL;
            struct group *g = k->first;
            db_conn_close(k);
            while (g) {
                struct group *next = g->next;
                if (g->detached)
                    db_group_free(
                        g); /* else a coroutine still hangs on it, although the loop was drained */
                g = next;
            }
            mem_free(k->prepared);
        }
        mem_free(p->conns);
    }
}
