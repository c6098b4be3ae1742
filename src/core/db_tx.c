/* Transactions: a leased connection from BEGIN to COMMIT or ROLLBACK.
 *
 * BEGIN and the organization are sent without waiting, so that they share the first statement's
 * round trip. ROLLBACK is sent and forgotten: the connection gives itself back when the answer
 * comes, so that unwinding never waits, not even in a coroutine that was cancelled. COMMIT waits
 * whatever happens to the caller: its outcome must be known.
 *
 * db_begin inside a transaction joins it (the outer one of an idempotent request): the inner commit
 * does nothing, an inner rollback lets the outer one only roll back. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "core/app.h"
#include "core/db_impl.h"

#define RETRY_TIMES 4

static enum err lease(struct ctx *c, struct pool *p, struct conn **ret_conn)
{
    struct db *d = p->db;
    struct lease_wait w = {.co = co_self(), .since_ms = clock_mono_ms()};
    *p->waiting_last = &w;
    p->waiting_last = &w.next;
    db_pool_lease(p);
    int64_t deadline = c->deadline_ms ? c->deadline_ms : CLOCK_NEVER;
    enum err e = ERR_OK;
    while (!w.conn && !w.failed && !e) {
        e = loop_park(d->loop, deadline);
    }
    if (w.conn) w.conn->promised = NULL;
    if (w.conn && !e) {
        *ret_conn = w.conn;
        return ERR_OK;
    }
    if (w.conn) {
        db_conn_release(w.conn); /* it came in the same turn as the deadline */
    } else if (!w.failed) {
        struct lease_wait **at = &p->waiting;
        while (*at != &w) {
            at = &(*at)->next;
        }
        *at = w.next;
        if (!*at) p->waiting_last = at;
    }
    if (e == ERR_CANCELLED) return e;
    return fault(c, ERR_UNAVAILABLE, NULL, "The database has no free connection");
}

enum err db_begin(struct ctx *c, struct db_tx **ret_tx)
{
    struct db *d = c->app->db;
    if (c->tx) {
        c->tx->depth++;
        *ret_tx = c->tx;
        return ERR_OK;
    }
    assert(co_self());
    if (loop_interrupted(d->loop)) return ERR_CANCELLED;
    struct db_tx *tx = arena_alloc(c->arena, sizeof *tx);
    if (!tx) return fault(c, ERR_NO_MEMORY, NULL, "Too much data for one request");
    struct conn *k = NULL;
    enum err e = lease(c, &d->pools[POOL_LEASED], &k);
    if (e) return e;
    *tx = (struct db_tx){.ctx = c, .db = d, .conn = k, .depth = 1};
    k->tx = tx;
    c->tx = tx;
    c->wakes = 0;
    struct group *g = db_group_new(NULL, "begin", NULL);
    db_group_org(g, c->org);
    memcpy(tx->org, g->org, sizeof tx->org);
    g->detached = true; /* when it fails, so does the next statement */
    db_conn_submit(k, g);
    *ret_tx = tx;
    return ERR_OK;
}

static void rollback(struct db_tx *tx)
{
    struct conn *k = tx->conn;
    tx->ctx->tx = NULL;
    tx->ctx->wakes = 0;
    tx->conn = NULL;
    if (!k) return;
    k->tx = NULL;
    struct group *g = db_group_new(NULL, "rollback", NULL);
    g->detached = true;
    g->release = true;
    db_conn_submit(k, g);
}

void db_rollbackp(struct db_tx **ptx)
{
    struct db_tx *tx = *ptx;
    *ptx = NULL;
    if (!tx) return;
    if (tx->depth > 1) {
        tx->depth--;
        tx->inner_rollback = true;
        return;
    }
    rollback(tx);
}

static enum err commit(struct ctx *c, struct db_tx *tx)
{
    struct db *d = tx->db;
    struct conn *k = tx->conn;
    struct group *g = db_group_new(NULL, "commit", NULL);
    g->waiter = co_self();
    int64_t deadline_ms = c->deadline_ms;
    c->deadline_ms = CLOCK_NEVER; /* the pool gives up on a dead connection */
    loop_shield(d->loop, true);
    db_conn_submit(k, g);
    struct rows *r = NULL;
    enum err e = db_group_await(c, g, &r);
    loop_shield(d->loop, false);
    c->deadline_ms = deadline_ms;
    bool rolled_back = !e && strcmp(PQcmdStatus(r->pg), "COMMIT") != 0;
    if (tx->conn) db_conn_release(tx->conn);
    tx->conn = NULL;
    uint32_t wakes = c->wakes;
    c->tx = NULL;
    c->wakes = 0;
    if (rolled_back)
        return fault(c, ERR_INTERNAL, NULL, "The transaction had failed before its commit");
    /* Also when the connection broke: perhaps it was committed, and waking is only a hint. */
    if (wakes && (!e || e == ERR_UNAVAILABLE)) d->wake(d->wake_arg, wakes);
    return e;
}

enum err db_commit(struct ctx *c, struct db_tx **ptx)
{
    struct db_tx *tx = *ptx;
    *ptx = NULL;
    assert(tx && tx == c->tx);
    if (tx->depth > 1) {
        tx->depth--;
        return ERR_OK;
    }
    if (!tx->conn) {
        rollback(tx);
        return fault(c, ERR_UNAVAILABLE, NULL, "The database is not available");
    }
    if (tx->failed || tx->inner_rollback) {
        rollback(tx);
        return fault(c, ERR_INTERNAL, NULL, "The transaction had failed before its commit");
    }
    return commit(c, tx);
}

/* A word to the transaction that nobody waits for: when it fails, so does the next statement. */
static enum err say(struct ctx *c, const char *words)
{
    struct db_tx *tx = c->tx;
    assert(tx);
    if (!tx->conn) return fault(c, ERR_UNAVAILABLE, NULL, "The database is not available");
    struct group *g = db_group_new(NULL, words, NULL);
    g->detached = true;
    db_conn_submit(tx->conn, g);
    return ERR_OK;
}

enum err db_savepoint(struct ctx *c)
{
    return say(c, "savepoint step");
}

enum err db_savepoint_keep(struct ctx *c)
{
    return say(c, "release savepoint step");
}

enum err db_savepoint_undo(struct ctx *c)
{
    enum err e = say(c, "rollback to savepoint step");
    if (!e) e = say(c, "release savepoint step");
    if (!e) c->tx->failed = false;
    return e;
}

static bool is_retry(const struct ctx *c, enum err e)
{
    return e == ERR_CONFLICT && c->fault.code && strcmp(c->fault.code, "RETRY") == 0;
}

static enum err attempt(struct ctx *c, enum err (*body)(struct ctx *c, void *arg), void *arg)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = body(c, arg);
    if (e) return e;
    return db_commit(c, &tx);
}

enum err db_retry(struct ctx *c, enum err (*body)(struct ctx *c, void *arg), void *arg)
{
    bool nested = c->tx != NULL; /* only the outermost can begin anew */
    struct fault before = c->fault;
    for (int tries = 1;; tries++) {
        enum err e = attempt(c, body, arg);
        if (!is_retry(c, e) || nested || tries == RETRY_TIMES) return e;
        c->fault = before;
        uint32_t random = 0;
        crypto_random(&random, sizeof random);
        e = loop_sleep(c->app->loop, 5 + random % (uint32_t)(20 << tries));
        if (e) return e;
    }
}
