/* Named queries for coroutines (db.h): a call becomes a group of commands (db_impl.h), the
 * coroutine parks until the answers are there, and the result or the error is handed to the
 * context. Everything about connections is in db_pool.c, about transactions in db_tx.c. */
#include "core/db.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/app.h"
#include "core/db_impl.h"
#include "core/log.h"
#include "core/metrics.h"

static void release_result(void *arg)
{
    PQclear(arg);
}

static void measure(struct ctx *c, enum err e, int64_t began_us)
{
    struct app *app = c->app;
    if (!app->metrics) return;
    int w = app->worker_index;
    metrics_add(app->metrics, w, METRIC_DB_QUERIES, 1);
    metrics_add(app->metrics, w, METRIC_DB_MICROSECONDS, clock_mono_us() - began_us);
    if (e) metrics_add(app->metrics, w, METRIC_DB_ERRORS, 1);
    metrics_set(app->metrics, w, METRIC_DB_CONNECTIONS, app->db->live);
    metrics_set(app->metrics, w, METRIC_DB_WAITING, db_pools_waiting(app->db));
}

enum err db_group_await(struct ctx *c, struct group *g, struct rows **ret_rows)
{
    struct db *d = c->app->db;
    int64_t deadline = c->deadline_ms ? c->deadline_ms : CLOCK_NEVER;
    while (g->state != GROUP_DONE) {
        enum err e = loop_park(d->loop, deadline);
        if (!e || g->state == GROUP_DONE) continue;
        bool queued = g->state == GROUP_QUEUED;
        db_group_abandon(d, g);
        if (e == ERR_DEADLINE && queued)
            return fault(c, ERR_UNAVAILABLE, NULL, "The database has no free connection");
        if (e == ERR_DEADLINE)
            return fault(c, ERR_DEADLINE, NULL, "The database did not answer in time");
        return e;
    }
    enum err e = ERR_OK;
    if (g->lost) {
        e = fault(c, ERR_UNAVAILABLE, NULL, "The database is not available");
    } else if (g->failed) {
        e = db_error(c, g->sql, g->result);
    } else if (ret_rows) {
        struct rows *r = arena_alloc(c->arena, sizeof *r);
        if (r) {
            r->pg = g->result;
            g->result = NULL;
            arena_on_free(c->arena, release_result, r->pg);
            *ret_rows = r;
        } else {
            e = fault(c, ERR_NO_MEMORY, NULL, "Too much data for one request");
        }
    }
    db_group_free(g);
    return e;
}

static enum pool_kind pool_of(enum db_class class)
{
    switch (class) {
    case DB_SEARCH: return POOL_SEARCH;
    case DB_REPORT: return POOL_REPORT;
    case DB_FAST:
    case DB_CLASS_COUNT: break;
    }
    return POOL_SHARED;
}

/* In the transaction of the context. */
static enum err query_in_tx(struct ctx *c, struct group *g, struct rows **ret_rows)
{
    struct db_tx *tx = c->tx;
    const struct sql *q = g->sql;
    if (!tx->conn) {
        db_group_free(g);
        return fault(c, ERR_UNAVAILABLE, NULL, "The database is not available");
    }
    char org[UUID_TEXT_SIZE] = "";
    if (!uuid_is_nil(c->org)) (void)uuid_text(c->org, org);
    if (strcmp(org, tx->org) != 0) { /* an organization that this transaction makes */
        db_group_org(g, c->org);
        memcpy(tx->org, org, sizeof tx->org);
    }
    db_conn_submit(tx->conn, g);
    enum err e = db_group_await(c, g, ret_rows);
    if (e) {
        tx->failed = true;
    } else {
        c->wakes |= q->wakes;
    }
    return e;
}

enum err db_query(struct ctx *c, const struct sql *q, const struct param *params,
                  struct rows **ret_rows)
{
    struct db *d = c->app->db;
    assert(co_self()); /* it waits */
    if (loop_interrupted(d->loop)) return ERR_CANCELLED;
    const char *const *values = db_params_values(c, q, params);
    if (!values) return fault(c, ERR_NO_MEMORY, NULL, "Too much data for one request");
    int64_t began_us = clock_mono_us();
    struct group *g = db_group_new(q, NULL, values);
    g->waiter = co_self();
    enum err e = ERR_OK;
    if (c->tx) {
        e = query_in_tx(c, g, ret_rows);
    } else {
        if (!uuid_is_nil(c->org)) db_group_org(g, c->org);
        db_pool_submit(&d->pools[pool_of(q->db_class)], g);
        e = db_group_await(c, g, ret_rows);
    }
    measure(c, e, began_us);
    return e;
}

enum err db_one(struct ctx *c, const struct sql *q, const struct param *params,
                struct rows **ret_rows)
{
    struct rows *r = NULL;
    enum err e = db_query(c, q, params, &r);
    if (e) return e;
    if (rows_count(r) == 0) return ERR_NOT_FOUND;
    if (ret_rows) *ret_rows = r;
    return ERR_OK;
}

enum err db_json(struct ctx *c, const struct sql *q, const struct param *params,
                 const char **ret_text)
{
    struct rows *r = NULL;
    enum err e = db_query(c, q, params, &r);
    if (e) return e;
    if (PQntuples(r->pg) == 0 || PQnfields(r->pg) == 0 || PQgetisnull(r->pg, 0, 0))
        return ERR_NOT_FOUND;
    *ret_text = PQgetvalue(r->pg, 0, 0);
    return ERR_OK;
}

enum err db_exec(struct ctx *c, const struct sql *q, const struct param *params)
{
    return db_query(c, q, params, NULL);
}

struct db *db_new(struct loop *l, const struct db_options *o,
                  void (*wake)(void *arg, uint32_t wakes), void *arg)
{
    struct db *d = mem_alloc(sizeof *d);
    d->loop = l;
    d->url = mem_strdup(o->url);
    d->role = mem_strdup(o->role);
    d->wake = wake;
    d->wake_arg = arg;
    db_pools_open(d, o);
    return d;
}

void db_free(struct db *d)
{
    if (!d) return;
    db_pools_close(d);
    db_constraints_free(d);
    mem_free(d->url);
    mem_free(d->role);
    mem_free(d);
}

bool db_ready(const struct db *d)
{
    return d->live > 0;
}
