/* The life of a connection: connect, settings in one batch of simple commands, then pipeline mode
 * for good; when it breaks, a new one with back-off (model: db_impl.h).
 *
 * Groups on the wire of a broken connection end "lost": they may have been executed, so they are
 * never sent again. The descriptor is taken out of epoll before libpq may close it. The host's name is
 * looked up and a statement is cancelled on a thread: both are calls that wait. */
#include <assert.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "core/db_host.h"
#include "core/db_impl.h"
#include "core/log.h"

#define CONNECT_MS     (10 * SECOND_MS)
#define BACKOFF_MAX_MS (2 * SECOND_MS)
#define GONE_MS        (2 * SECOND_MS)  /* how often the server looks whether we are still there */
#define IDLE_TX_MS     (15 * SECOND_MS) /* an open transaction holds back every event reader */

/* --- life of a connection -------------------------------------------------------------- */

void db_conn_close(struct conn *k)
{
    struct db *d = k->pool->db;
    k->attempt++;
    k->cancelled_ms = 0;
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
    if (k->promised) { /* lost between the promise and the waiter's turn: it waits on, as the
     * first */
        struct lease_wait *w = k->promised;
        struct pool *p = k->pool;
        k->promised = NULL;
        w->conn = NULL;
        w->next = p->waiting;
        if (!p->waiting) p->waiting_last = &w->next;
        p->waiting = w;
    }
    k->prepared_count = 0;
    if (k->prepared) memset(k->prepared, 0, (size_t)k->prepared_size * sizeof *k->prepared);
}

static void on_retry(void *arg)
{
    struct conn *k = arg;
    k->timer = NULL;
    db_conn_connect(k);
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
    k->timer =
        loop_timer(k->pool->db->loop, clock_mono_ms() + most / 2 + jitter(most / 2), on_retry, k);
}

/* Groups on the wire may or may not have been executed: their callers learn that, nobody sends them
 * again. */
void db_conn_lost(struct conn *k, const char *why)
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
    db_conn_close(k);
    if (tx) {
        tx->conn = NULL;
        tx->failed = true;
    }
    if (was_live) k->failures = 0;
    conn_later(k);
    while (g) {
        struct group *next = g->next;
        g->next = NULL;
        db_group_lost(d, g);
        g = next;
    }
    if (was_live) db_pool_dispatch(k->pool); /* the others take over what waits */
}

/* Quiet, but to be made anew. */
void db_conn_replace(struct conn *k)
{
    assert(!k->first && !k->leased);
    db_conn_close(k);
    db_conn_connect(k);
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
        db_pool_lease(k->pool);
    } else {
        db_pool_dispatch(k->pool);
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
                db_conn_lost(k, PQerrorMessage(k->pg));
                return;
            }
            conn_live(k);
            return;
        }
        ExecStatusType status = PQresultStatus(r);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            PQclear(r);
            db_conn_lost(k, PQerrorMessage(k->pg));
            return;
        }
        if (status == PGRES_TUPLES_OK && PQnfields(r) == 3) db_constraints_load(d, r);
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
             "set statement_timeout = %d; set idle_in_transaction_session_timeout = %d; set "
             "timezone = 'UTC'; "
             "set datestyle = iso; set client_min_messages = warning; set jit = off; "
             "set client_connection_check_interval = %d; "
             "prepare %s (text) as select set_config('app.org', $1, true)",
             k->pool->timeout_ms, (int)IDLE_TX_MS, (int)GONE_MS, ORG_STATEMENT);
    if (!d->constraints_loaded) {
        buf_adds(&b, "; select c.conname, coalesce(obj_description(c.oid, 'pg_constraint'), "
                     "  case when c.contype in ('p', 'u', 'x') then obj_description(c.conindid, "
                     "'pg_class') end), "
                     "  (select a.attname from unnest(c.conkey) with ordinality k (n, at) join "
                     "pg_attribute a "
                     "   on a.attrelid = c.conrelid and a.attnum = k.n where a.attname <> 'org_id' "
                     "order by k.at desc limit 1) "
                     "from pg_constraint c where c.conrelid <> 0 and c.connamespace = "
                     "'public'::regnamespace "
                     "union all select i.relname, obj_description(i.oid, 'pg_class'), null "
                     "from pg_class i join pg_index x on x.indexrelid = i.oid "
                     "where x.indisunique and obj_description(i.oid, 'pg_class') is not null "
                     "and not exists (select from pg_constraint c where c.conindid = i.oid and "
                     "c.contype in ('p', 'u', 'x'))");
    }
    return !buf_failed(&b) && PQsendQuery(k->pg, buf_str(&b)) == 1;
}

static void on_event(void *arg, uint32_t events)
{
    struct conn *k = arg;
    (void)events;
    if (!PQconsumeInput(k->pg)) {
        /* What arrived before the end may hold answers; db_conn_process finds them and then the
         * end. */
        db_conn_process(k);
        if (k->state == CONN_LIVE) db_conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    db_conn_flush(k);
    db_conn_process(k);
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
        db_conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    db_conn_flush(k);
    conn_setup_read(k);
}

static void conn_connected(struct conn *k)
{
    struct db *d = k->pool->db;
    k->watch = loop_watch(d->loop, PQsocket(k->pg), EPOLLIN, on_setup, k);
    k->watching = EPOLLIN;
    k->state = CONN_SETUP;
    if (!k->watch || PQsetnonblocking(k->pg, 1) != 0 || !conn_setup_send(k)) {
        db_conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    db_conn_flush(k);
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
        db_conn_lost(k, PQerrorMessage(k->pg));
        return;
    }
    k->watch = loop_watch(d->loop, PQsocket(k->pg),
                          next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT, on_connect, k);
    if (!k->watch) db_conn_lost(k, "cannot watch the socket");
}

static void on_connect_timeout(void *arg)
{
    struct conn *k = arg;
    k->timer = NULL;
    db_conn_lost(k, "no answer to the connection attempt");
}

static void no_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* hosts NULL: as the URL says. */
static void conn_start(struct conn *k, const char *hosts, const char *addresses, const char *ports)
{
    struct db *d = k->pool->db;
    /* A peer that vanished without a word is noticed within half a minute; what comes later wins:
     * the URL over our defaults, the addresses over its host. */
    const char *keys[] = {"keepalives_idle",
                          "keepalives_interval",
                          "keepalives_count",
                          "tcp_user_timeout",
                          "dbname",
                          "client_encoding",
                          "fallback_application_name",
                          hosts ? "host" : NULL,
                          "hostaddr",
                          ports ? "port" : NULL,
                          NULL};
    const char *values[] = {"15",        "5",   "3",       "20000", d->url, "UTF8",
                            "interflow", hosts, addresses, ports,   NULL};
    k->pg = PQconnectStartParams(keys, values, 1);
    if (!k->pg || PQstatus(k->pg) == CONNECTION_BAD) {
        db_conn_lost(k, k->pg ? PQerrorMessage(k->pg) : "out of memory");
        return;
    }
    (void)PQsetNoticeProcessor(k->pg, no_notice, NULL);
    k->watch = loop_watch(d->loop, PQsocket(k->pg), EPOLLOUT, on_connect, k);
    if (!k->watch) db_conn_lost(k, "cannot watch the socket");
}

struct connecting {
    struct conn *conn;
    struct lookup *lookup;
    uint64_t attempt;
};

/* A coroutine: find the host, then go on with the connection, unless it has been given up. */
static void look_up(void *arg)
{
    struct connecting *w = arg;
    struct conn *k = w->conn;
    const char *hosts = NULL, *addresses = NULL, *ports = NULL;
    enum err e = loop_offload(k->pool->db->loop, db_lookup_run, w->lookup);
    if (k->attempt == w->attempt) {
        if (!e && db_lookup_found(w->lookup, &hosts, &addresses, &ports)) {
            conn_start(k, hosts, addresses, ports);
        } else {
            db_conn_lost(k, "the name of the database's host was not found");
        }
    }
    db_lookup_free(w->lookup);
    mem_free(w);
}

void db_conn_connect(struct conn *k)
{
    struct db *d = k->pool->db;
    k->state = CONN_CONNECTING;
    k->attempt++;
    k->timer = loop_timer(d->loop, clock_mono_ms() + CONNECT_MS, on_connect_timeout, k);
    struct lookup *lookup = db_lookup_new(d->url);
    if (!lookup) {
        conn_start(k, NULL, NULL, NULL);
        return;
    }
    struct connecting *w = mem_alloc(sizeof *w);
    *w = (struct connecting){.conn = k, .lookup = lookup, .attempt = k->attempt};
    struct co *co = NULL;
    if (loop_spawn(d->loop, look_up, w, &co) == ERR_OK) return;
    db_lookup_free(lookup);
    mem_free(w);
    db_conn_lost(k, "no room for another task");
}

/* --- cancelling ------------------------------------------------------------------------ */

struct canceller {
    struct loop *loop;
    PGcancel *cancel;
};

static void cancel_run(void *arg)
{
    char words[256];
    (void)PQcancel(arg, words, sizeof words); /* unsuccessful: the statement's time limit ends it */
}

/* A coroutine; knows nothing of the connection, which may be gone when it ends. */
static void cancel_main(void *arg)
{
    struct canceller *w = arg;
    enum err e = loop_offload(w->loop, cancel_run, w->cancel);
    if (e) log_event(LOG_DEBUG, NULL, "a statement was not cancelled", NULL);
    PQfreeCancel(w->cancel);
    mem_free(w);
}

void db_conn_cancel(struct conn *k)
{
    struct loop *l = k->pool->db->loop;
    k->retire = true;
    k->cancelled_ms = loop_now(l);
    PGcancel *cancel = PQgetCancel(k->pg);
    if (!cancel) return;
    struct canceller *w = mem_alloc(sizeof *w);
    *w = (struct canceller){.loop = l, .cancel = cancel};
    struct co *co = NULL;
    if (loop_spawn(l, cancel_main, w, &co) == ERR_OK) return;
    PQfreeCancel(cancel);
    mem_free(w);
}
