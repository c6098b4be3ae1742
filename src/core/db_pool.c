/* Connections: their life, which group of commands goes where, and which answer belongs to whom (model: db_impl.h).
 *
 * A connection is opened when it is needed (the first shared and the first leased one at once), set up by one batch of simple
 * commands, then kept in pipeline mode for good. When it breaks, every group on its wire ends "lost" — it may have been
 * executed, so it is never sent again — while groups in the queue wait for the next connection, at most AWAY_MS.
 *
 * libpq in non-blocking mode does the protocol. Two rules keep it honest: PQgetResult is called only while groups are on the
 * wire and PQisBusy says no; and the descriptor is taken out of epoll before libpq may close it. Name resolution of a remote host
 * may block for a moment at (re)connection; the private cluster and addresses do not. */
#include <assert.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "core/db_impl.h"
#include "core/log.h"

#define CONNECT_MS     (10 * SECOND_MS)
#define AWAY_MS        (5 * SECOND_MS)   /* longest wait in the queue while no connection lives */
#define BACKOFF_MAX_MS (2 * SECOND_MS)
#define IDLE_TX_MS     (15 * SECOND_MS)  /* an open transaction holds back every event reader */
#define TICK_MS        (1 * SECOND_MS)
#define GRACE_MS       (5 * SECOND_MS)   /* beyond a statement's time limit: the peer is dead */
#define SHARED_DEPTH   32
#define SHARED_BUSY    4                 /* groups on the wire that make another connection worthwhile */
#define SLOW_MS        20                /* a head of line this old: prefer another connection */
#define QUEUE_MAX      20000

static const char org_statement[] = "interflow_org";

static void conn_connect(struct conn *k);
static void conn_lost(struct conn *k, const char *why);
static void conn_process(struct conn *k);
static void pool_dispatch(struct pool *p);

/* --- groups --- */

struct group *group_new(const struct sql *q, const char *text, const char *const *values)
{
    struct group *g = mem_alloc(sizeof *g);
    g->sql = q;
    g->text = text;
    g->values = values;
    return g;
}

void group_free(struct group *g)
{
    if (!g) return;
    PQclear(g->result);
    mem_free(g);
}

void group_org(struct group *g, struct uuid org)
{
    g->set_org = true;
    g->org[0] = 0;
    if (!uuid_is_nil(org)) (void)uuid_text(org, g->org);
}

static bool group_succeeded(const struct group *g)
{
    return !g->failed && !g->lost;
}

static void group_done(struct db *d, struct group *g)
{
    g->state = GROUP_DONE;
    if (g->sql && g->sql->wakes && !g->in_tx && group_succeeded(g)) d->wake(d->wake_arg, g->sql->wakes);
    if (g->detached) {
        group_free(g);
    } else {
        loop_wake(d->loop, g->waiter);
    }
}

static void queue_add(struct pool *p, struct group *g, bool front)
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

void group_abandon(struct db *d, struct group *g)
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
    group_free(g);
}

/* --- prepared statements of a connection --- */

static struct prepared *prepared_slot(struct conn *k, const struct sql *q)
{
    size_t mask = (size_t)k->prepared_size - 1;
    size_t i = (((uintptr_t)q >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
    while (k->prepared[i].sql && k->prepared[i].sql != q) {
        i = (i + 1) & mask;
    }
    return &k->prepared[i];
}

static struct prepared *prepared_find(struct conn *k, const struct sql *q)
{
    if (k->prepared_count * 2 >= k->prepared_size) {
        struct prepared *old = k->prepared;
        int old_size = k->prepared_size;
        k->prepared_size = old_size ? old_size * 2 : 128;
        k->prepared = mem_array((size_t)k->prepared_size, sizeof *k->prepared);
        for (int i = 0; i < old_size; i++) {
            if (old[i].sql) *prepared_slot(k, old[i].sql) = old[i];
        }
        mem_free(old);
    }
    return prepared_slot(k, q);
}

enum prepared_state { PREPARED_NO, PREPARED_SENT, PREPARED_YES };

static enum prepared_state prepared_get(struct conn *k, const struct sql *q)
{
    const struct prepared *p = prepared_find(k, q);
    if (!p->sql) return PREPARED_NO;
    return p->ready ? PREPARED_YES : PREPARED_SENT;
}

static void prepared_set(struct conn *k, const struct sql *q, enum prepared_state state)
{
    struct prepared *p = prepared_find(k, q);
    if (state == PREPARED_NO) {
        if (!p->sql) return;
        /* Take it out and put what follows in its run in again: open addressing has no holes. */
        size_t mask = (size_t)k->prepared_size - 1;
        size_t i = (size_t)(p - k->prepared);
        *p = (struct prepared){0};
        k->prepared_count--;
        for (i = (i + 1) & mask; k->prepared[i].sql; i = (i + 1) & mask) {
            struct prepared moved = k->prepared[i];
            k->prepared[i] = (struct prepared){0};
            *prepared_slot(k, moved.sql) = moved;
        }
        return;
    }
    if (!p->sql) k->prepared_count++;
    *p = (struct prepared){.sql = q, .ready = state == PREPARED_YES};
}

/* --- sending --- */

static void conn_watch_for(struct conn *k, uint32_t events)
{
    if (k->watching == events) return;
    k->watching = events;
    loop_watch_set(k->pool->db->loop, k->watch, events);
}

static void conn_flush(struct conn *k)
{
    int left = PQflush(k->pg);
    if (left < 0) return; /* the read side will say what happened */
    conn_watch_for(k, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static bool send_command(struct conn *k, struct group *g, enum command command)
{
    int ok = 0;
    switch (command) {
    case COMMAND_ORG:
        ok = PQsendQueryPrepared(k->pg, org_statement, 1, (const char *const[]){g->org}, NULL, NULL, 0);
        break;
    case COMMAND_PARSE: ok = PQsendPrepare(k->pg, g->sql->name, g->sql->text, 0, NULL); break;
    case COMMAND_RUN:
        ok = g->sql ? PQsendQueryPrepared(k->pg, g->sql->name, g->sql->param_count, g->values, NULL, NULL, 0)
                    : PQsendQueryParams(k->pg, g->text, 0, NULL, NULL, NULL, NULL, 0);
        break;
    }
    if (ok) g->commands[g->command_count++] = command;
    return ok == 1;
}

/* Put g on the wire. False: nothing of it can have been executed (no Sync went out) and the connection is broken. */
static bool conn_send(struct conn *k, struct group *g)
{
    struct db *d = k->pool->db;
    g->command_count = g->command_at = 0;
    /* BEGIN comes before the setting, which would end with its own statement otherwise. */
    bool begins = g->text && g->set_org;
    bool ok = true;
    if (begins) ok = send_command(k, g, COMMAND_RUN);
    if (ok && g->set_org) ok = send_command(k, g, COMMAND_ORG);
    if (ok && g->sql && prepared_get(k, g->sql) == PREPARED_NO) {
        ok = send_command(k, g, COMMAND_PARSE);
        if (ok) prepared_set(k, g->sql, PREPARED_SENT);
    }
    if (ok && !begins) ok = send_command(k, g, COMMAND_RUN);
    if (!ok) return false;
    g->state = GROUP_SENT;
    g->since_ms = loop_now(d->loop);
    g->next = NULL;
    *k->last = g;
    k->last = &g->next;
    k->on_wire++;
    if (PQpipelineSync(k->pg) == 1) conn_flush(k);
    return true; /* from here on it may have been executed; a failure shows when reading */
}

static void group_lost(struct db *d, struct group *g)
{
    g->lost = true;
    group_done(d, g);
}

void conn_submit(struct conn *k, struct group *g)
{
    assert(k->leased);
    g->in_tx = true;
    if (k->state != CONN_LIVE || !conn_send(k, g)) {
        group_lost(k->pool->db, g);
        if (k->state == CONN_LIVE) conn_lost(k, "cannot send");
    }
}

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
        if (p->conns[i].state == CONN_CONNECTING || p->conns[i].state == CONN_SETUP) return; /* one is coming */
    }
    for (int i = 0; i < p->count; i++) {
        if (p->conns[i].state == CONN_UNUSED) {
            conn_connect(&p->conns[i]);
            return;
        }
    }
}

static void pool_dispatch(struct pool *p)
{
    while (p->first) {
        struct conn *k = pool_pick(p);
        if (!k) break;
        if (k->on_wire >= SHARED_BUSY) pool_open_one(p);
        struct group *g = queue_take(p);
        if (!conn_send(k, g)) {
            queue_add(p, g, true);
            conn_lost(k, "cannot send");
            return; /* conn_lost dispatched what is left */
        }
    }
    if (p->first) pool_open_one(p);
}

void pool_submit(struct pool *p, struct group *g)
{
    g->since_ms = clock_mono_ms();
    if (p->queued >= QUEUE_MAX) {
        group_lost(p->db, g);
        return;
    }
    queue_add(p, g, false);
    pool_dispatch(p);
}

/* --- leases --- */

void pool_lease(struct pool *p)
{
    struct db *d = p->db;
    for (int i = 0; i < p->count && p->waiting; i++) {
        struct conn *k = &p->conns[i];
        if (k->state != CONN_LIVE || k->leased || k->retire) continue;
        struct lease_wait *w = p->waiting;
        p->waiting = w->next;
        if (!p->waiting) p->waiting_last = &p->waiting;
        k->leased = true;
        w->conn = k;
        loop_wake(d->loop, w->co);
    }
    if (p->waiting) pool_open_one(p);
}

static void conn_replace(struct conn *k);

void conn_release(struct conn *k)
{
    k->leased = false;
    k->tx = NULL;
    if (k->retire) {
        conn_replace(k);
    } else {
        pool_lease(k->pool);
    }
}

int pools_waiting(const struct db *d)
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

/* --- answers --- */

static bool sqlstate_is(const PGresult *r, const char *state)
{
    const char *have = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    return have && strcmp(have, state) == 0;
}

/* The group's Sync has come. */
static void group_complete(struct conn *k, struct group *g)
{
    struct pool *p = k->pool;
    k->first = g->next;
    if (!k->first) k->last = &k->first;
    k->on_wire--;
    g->next = NULL;
    if (k->first) k->first->since_ms = loop_now(p->db->loop); /* its turn begins now */

    bool unknown = g->failed && sqlstate_is(g->result, "26000"); /* its Parse, sent by a group before, failed */
    bool known = g->failed && sqlstate_is(g->result, "42P05");   /* … or came after all */
    bool stale = g->failed && sqlstate_is(g->result, "0A000") && g->sql;
    if (unknown && g->sql) prepared_set(k, g->sql, PREPARED_NO);
    if (stale) k->retire = true; /* tables changed under prepared plans: begin with a clean connection */
    if ((unknown || known || stale) && g->sql && !g->in_tx && g->again < 3 && !g->detached) {
        PQclear(g->result); /* refused before it ran: sending it again is safe */
        g->result = NULL;
        g->failed = false;
        g->again++;
        queue_add(p, g, true);
        return;
    }
    bool release = g->release;
    group_done(p->db, g);
    if (release) conn_release(k);
}

static void group_answer(struct conn *k, struct group *g, PGresult *r)
{
    enum command command = g->commands[g->command_at];
    switch (PQresultStatus(r)) {
    case PGRES_PIPELINE_ABORTED:
        if (command == COMMAND_PARSE) prepared_set(k, g->sql, PREPARED_NO);
        PQclear(r);
        return;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        if (command == COMMAND_PARSE) prepared_set(k, g->sql, PREPARED_YES);
        if (command != COMMAND_RUN || g->result) break;
        g->result = r;
        return;
    default:
        if (command == COMMAND_PARSE) prepared_set(k, g->sql, sqlstate_is(r, "42P05") ? PREPARED_YES : PREPARED_NO);
        g->failed = true;
        PQclear(g->result);
        g->result = r;
        return;
    }
    PQclear(r);
}

/* Take what has arrived. May complete groups, and may end with the connection lost. */
static void conn_process(struct conn *k)
{
    while (k->state == CONN_LIVE && k->first && !PQisBusy(k->pg)) {
        PGresult *r = PQgetResult(k->pg);
        if (PQstatus(k->pg) == CONNECTION_BAD) {
            PQclear(r);
            conn_lost(k, PQerrorMessage(k->pg));
            return;
        }
        struct group *g = k->first;
        if (!r) {
            if (g->command_at + 1 < g->command_count) g->command_at++;
            continue;
        }
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            group_complete(k, g);
            continue;
        }
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            PQclear(r);
            conn_lost(k, "COPY in a named query");
            return;
        }
        group_answer(k, g, r);
    }
    if (k->state != CONN_LIVE) return;
    if (k->retire && !k->first && !k->leased) {
        conn_replace(k);
        return;
    }
    pool_dispatch(k->pool);
}

static void on_event(void *arg, uint32_t events)
{
    struct conn *k = arg;
    (void)events;
    if (!PQconsumeInput(k->pg)) {
        /* What arrived before the end may hold answers; conn_process finds them and then the end. */
        conn_process(k);
        if (k->state == CONN_LIVE) conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    conn_flush(k);
    conn_process(k);
}

/* --- life of a connection --- */

static void conn_close(struct conn *k)
{
    struct db *d = k->pool->db;
    loop_unwatch(d->loop, k->watch);
    k->watch = NULL;
    loop_timer_cancel(d->loop, k->timer);
    k->timer = NULL;
    PQfinish(k->pg);
    k->pg = NULL;
    if (k->state == CONN_LIVE) d->live--;
    k->state = CONN_DOWN;
    k->retire = false;
    k->leased = false;
    k->prepared_count = 0;
    if (k->prepared) memset(k->prepared, 0, (size_t)k->prepared_size * sizeof *k->prepared);
}

static void on_retry(void *arg)
{
    struct conn *k = arg;
    k->timer = NULL;
    conn_connect(k);
}

static int64_t jitter(int64_t most)
{
    uint32_t random = 0;
    crypto_random(&random, sizeof random);
    return (int64_t)(random % (uint32_t)(most + 1));
}

static void conn_later(struct conn *k)
{
    int shift = k->failures < 6 ? k->failures : 6;
    int64_t most = INT64_C(50) << shift;
    if (most > BACKOFF_MAX_MS) most = BACKOFF_MAX_MS;
    k->failures++;
    k->state = CONN_DOWN;
    k->timer = loop_timer(k->pool->db->loop, clock_mono_ms() + most / 2 + jitter(most / 2), on_retry, k);
}

/* Groups on the wire may or may not have been executed: their callers learn that, nobody sends them again. */
static void conn_lost(struct conn *k, const char *why)
{
    struct db *d = k->pool->db;
    if (!d->said_away) {
        char line[200];
        size_t len = strcspn(why, "\n");
        if (len >= sizeof line) len = sizeof line - 1;
        memcpy(line, why, len);
        line[len] = 0;
        log_event(LOG_WARN, NULL, "database connection lost", LOG_FIELDS(LOG_TEXT("why", line)));
        d->said_away = true;
    }
    bool was_live = k->state == CONN_LIVE;
    struct group *g = k->first;
    k->first = NULL;
    k->last = &k->first;
    k->on_wire = 0;
    struct db_tx *tx = k->tx;
    k->tx = NULL;
    conn_close(k);
    if (tx) {
        tx->conn = NULL;
        tx->failed = true;
    }
    if (was_live) k->failures = 0;
    conn_later(k);
    while (g) {
        struct group *next = g->next;
        g->next = NULL;
        group_lost(d, g);
        g = next;
    }
    if (was_live) pool_dispatch(k->pool); /* the others take over what waits */
}

/* Quiet, but to be made anew. */
static void conn_replace(struct conn *k)
{
    assert(!k->first && !k->leased);
    conn_close(k);
    conn_connect(k);
}

static void conn_live(struct conn *k)
{
    struct db *d = k->pool->db;
    loop_timer_cancel(d->loop, k->timer);
    k->timer = NULL;
    k->state = CONN_LIVE;
    k->failures = 0;
    d->live++;
    if (d->said_away) {
        log_event(LOG_INFO, NULL, "database connected", NULL);
        d->said_away = false;
    }
    if (k->pool->kind == POOL_LEASED) {
        pool_lease(k->pool);
    } else {
        pool_dispatch(k->pool);
    }
}

/* Answers to the settings; then pipeline mode for good. */
static void conn_setup_read(struct conn *k)
{
    struct db *d = k->pool->db;
    while (!PQisBusy(k->pg)) {
        PGresult *r = PQgetResult(k->pg);
        if (!r) {
            if (!PQenterPipelineMode(k->pg)) {
                conn_lost(k, PQerrorMessage(k->pg));
                return;
            }
            conn_live(k);
            return;
        }
        ExecStatusType status = PQresultStatus(r);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            PQclear(r);
            conn_lost(k, PQerrorMessage(k->pg));
            return;
        }
        if (status == PGRES_TUPLES_OK && PQnfields(r) == 3) constraints_load(d, r);
        PQclear(r);
    }
}

static bool conn_setup_send(struct conn *k)
{
    struct db *d = k->pool->db;
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * KIB);
    if (d->role) {
        char *role = PQescapeIdentifier(k->pg, d->role, strlen(d->role));
        if (!role) return false;
        buf_addf(&b, "set role %s; ", role);
        PQfreemem(role);
    }
    buf_addf(&b,
             "set statement_timeout = %d; set idle_in_transaction_session_timeout = %d; set timezone = 'UTC'; "
             "set datestyle = iso; set client_min_messages = warning; set jit = off; "
             "prepare %s (text) as select set_config('app.org', $1, true)",
             k->pool->timeout_ms, (int)IDLE_TX_MS, org_statement);
    if (!d->constraints_loaded) {
        buf_adds(&b,
                 "; select c.conname, coalesce(obj_description(c.oid, 'pg_constraint'), "
                 "  case when c.contype in ('p', 'u', 'x') then obj_description(c.conindid, 'pg_class') end), "
                 "  (select a.attname from unnest(c.conkey) with ordinality k (n, at) join pg_attribute a "
                 "   on a.attrelid = c.conrelid and a.attnum = k.n where a.attname <> 'org_id' order by k.at desc limit 1) "
                 "from pg_constraint c where c.conrelid <> 0 and c.connamespace = 'public'::regnamespace "
                 "union all select i.relname, obj_description(i.oid, 'pg_class'), null "
                 "from pg_class i join pg_index x on x.indexrelid = i.oid "
                 "where x.indisunique and obj_description(i.oid, 'pg_class') is not null "
                 "and not exists (select from pg_constraint c where c.conindid = i.oid and c.contype in ('p', 'u', 'x'))");
    }
    return !buf_failed(&b) && PQsendQuery(k->pg, buf_str(&b)) == 1;
}

static void on_setup(void *arg, uint32_t events)
{
    struct conn *k = arg;
    (void)events;
    if (k->state == CONN_LIVE) {
        on_event(arg, events);
        return;
    }
    if (!PQconsumeInput(k->pg)) {
        conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    conn_flush(k);
    conn_setup_read(k);
}

static void conn_connected(struct conn *k)
{
    struct db *d = k->pool->db;
    k->watch = loop_watch(d->loop, PQsocket(k->pg), EPOLLIN, on_setup, k);
    k->watching = EPOLLIN;
    k->state = CONN_SETUP;
    if (!k->watch || PQsetnonblocking(k->pg, 1) != 0 || !conn_setup_send(k)) {
        conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    conn_flush(k);
}

static void on_connect(void *arg, uint32_t events)
{
    struct conn *k = arg;
    struct db *d = k->pool->db;
    (void)events;
    loop_unwatch(d->loop, k->watch); /* libpq may close this descriptor and open another */
    k->watch = NULL;
    PostgresPollingStatusType next = PQconnectPoll(k->pg);
    if (next == PGRES_POLLING_OK) {
        conn_connected(k);
        return;
    }
    if (next == PGRES_POLLING_FAILED) {
        conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    k->watch = loop_watch(d->loop, PQsocket(k->pg), next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT, on_connect, k);
    if (!k->watch) conn_lost(k, "cannot watch the socket");
}

static void on_connect_timeout(void *arg)
{
    struct conn *k = arg;
    k->timer = NULL;
    conn_lost(k, "no answer to the connection attempt");
}

static void no_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static void conn_connect(struct conn *k)
{
    struct db *d = k->pool->db;
    /* A peer that vanished without a word is noticed within half a minute; what the URL says comes later and wins. */
    static const char *const keys[] = {"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
                                       "dbname", "client_encoding", "fallback_application_name", NULL};
    const char *const values[] = {"15", "5", "3", "20000", d->url, "UTF8", "interflow", NULL};
    k->state = CONN_CONNECTING;
    k->pg = PQconnectStartParams(keys, values, 1);
    if (!k->pg || PQstatus(k->pg) == CONNECTION_BAD) {
        conn_lost(k, k->pg ? PQerrorMessage(k->pg) : "out of memory");
        return;
    }
    (void)PQsetNoticeProcessor(k->pg, no_notice, NULL);
    k->timer = loop_timer(d->loop, clock_mono_ms() + CONNECT_MS, on_connect_timeout, k);
    k->watch = loop_watch(d->loop, PQsocket(k->pg), EPOLLOUT, on_connect, k);
    if (!k->watch) conn_lost(k, "cannot watch the socket");
}

/* --- once a second: who waits too long --- */

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
        /* The server itself ends what runs too long. */
        if (k->state == CONN_LIVE && k->first && now - k->first->since_ms > p->timeout_ms + GRACE_MS) {
            conn_lost(k, "no answer within the time limit");
        }
    }
    if (pool_alive(p)) return;
    while (p->first && now - p->first->since_ms > AWAY_MS) {
        group_lost(p->db, queue_take(p));
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

void pools_open(struct db *d, const struct db_options *o)
{
    pool_init(d, POOL_SHARED, o->shared > 0 ? o->shared : 1, SHARED_DEPTH, o->fast_timeout_ms);
    pool_init(d, POOL_LEASED, o->leased > 0 ? o->leased : 1, 1, o->fast_timeout_ms);
    pool_init(d, POOL_SEARCH, o->search > 0 ? o->search : 1, 1, o->search_timeout_ms);
    pool_init(d, POOL_REPORT, o->report > 0 ? o->report : 1, 1, o->report_timeout_ms);
    conn_connect(&d->pools[POOL_SHARED].conns[0]);
    conn_connect(&d->pools[POOL_LEASED].conns[0]);
    d->tick = loop_timer(d->loop, clock_mono_ms() + TICK_MS, on_tick, d);
}

void pools_close(struct db *d)
{
    loop_timer_cancel(d->loop, d->tick);
    for (int i = 0; i < POOL_COUNT; i++) {
        struct pool *p = &d->pools[i];
        assert(!p->waiting); /* coroutines end before the database does */
        for (int j = 0; j < p->count; j++) {
            struct conn *k = &p->conns[j];
            if (k->tx) k->tx->conn = NULL;
            struct group *g = k->first;
            conn_close(k);
            while (g) {
                struct group *next = g->next;
                assert(g->detached);
                group_free(g);
                g = next;
            }
            mem_free(k->prepared);
        }
        mem_free(p->conns);
    }
}
