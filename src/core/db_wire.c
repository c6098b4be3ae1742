/* The wire: a group as commands of the pipeline, answers as results of groups (model: db_impl.h).
 *
 * libpq in non-blocking mode does the protocol; PQgetResult is called only while groups are on the
 * wire and PQisBusy says no. A statement is prepared by the first group that carries it on this
 * connection. A group that is refused because a Parse before it failed, or because tables changed
 * under a prepared plan, was not executed: it is sent again. */
#include <assert.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/mem.h"
#include "core/db_impl.h"

/* --- prepared statements of a connection ----------------------------------------------- */

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

/* --- sending --------------------------------------------------------------------------- */

static void conn_watch_for(struct conn *k, uint32_t events)
{
    if (k->watching == events) return;
    k->watching = events;
    loop_watch_set(k->pool->db->loop, k->watch, events);
}

void db_conn_flush(struct conn *k)
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
        ok = PQsendQueryPrepared(k->pg, ORG_STATEMENT, 1, (const char *const[]){g->org}, NULL, NULL,
                                 0);
        break;
    case COMMAND_PARSE: ok = PQsendPrepare(k->pg, g->sql->name, g->sql->text, 0, NULL); break;
    case COMMAND_RUN:
        ok = g->sql ? PQsendQueryPrepared(k->pg, g->sql->name, g->sql->param_count, g->values, NULL,
                                          NULL, 0)
                    : PQsendQueryParams(k->pg, g->text, 0, NULL, NULL, NULL, NULL, 0);
        break;
    }
    if (ok) g->commands[g->command_count++] = command;
    return ok == 1;
}

/* Put g on the wire. False: nothing of it can have been executed (no Sync went out) and the
 * connection is broken. */
bool db_conn_send(struct conn *k, struct group *g)
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
    if (PQpipelineSync(k->pg) == 1) db_conn_flush(k);
    return true; /* from here on it may have been executed; a failure shows when reading */
}

void db_conn_submit(struct conn *k, struct group *g)
{
    assert(k->leased);
    g->in_tx = true;
    if (k->state != CONN_LIVE || !db_conn_send(k, g)) {
        db_group_lost(k->pool->db, g);
        if (k->state == CONN_LIVE) db_conn_lost(k, "cannot send");
    }
}

/* --- answers --------------------------------------------------------------------------- */

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

    bool unknown = g->failed &&
                   sqlstate_is(g->result, "26000"); /* its Parse, sent by a group before, failed */
    bool known = g->failed && sqlstate_is(g->result, "42P05"); /* … or came after all */
    bool stale = g->failed && sqlstate_is(g->result, "0A000") && g->sql;
    if (unknown && g->sql) prepared_set(k, g->sql, PREPARED_NO);
    if (stale)
        k->retire = true; /* tables changed under prepared plans: begin with a clean connection */
    /* The cancellation was meant for the one before. */
    bool hit = g->failed && k->cancelled_ms > 0 && sqlstate_is(g->result, "57014");
    int most = stale ? 1 : 3;
    if ((unknown || known || stale || hit) && g->sql && !g->in_tx && g->again < most &&
        !g->detached) {
        PQclear(g->result); /* it did nothing: sending it again is safe */
        g->result = NULL;
        g->failed = false;
        g->again++;
        db_queue_add(p, g, true);
        return;
    }
    bool release = g->release;
    db_group_done(p->db, g);
    if (release) db_conn_release(k);
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
        if (command == COMMAND_PARSE)
            prepared_set(k, g->sql, sqlstate_is(r, "42P05") ? PREPARED_YES : PREPARED_NO);
        g->failed = true;
        PQclear(g->result);
        g->result = r;
        return;
    }
    PQclear(r);
}

/* Take what has arrived. May complete groups, and may end with the connection lost. */
void db_conn_process(struct conn *k)
{
    while (k->state == CONN_LIVE && k->first && !PQisBusy(k->pg)) {
        PGresult *r = PQgetResult(k->pg);
        if (PQstatus(k->pg) == CONNECTION_BAD) {
            PQclear(r);
            db_conn_lost(k, PQerrorMessage(k->pg));
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
            db_conn_lost(k, "COPY in a named query");
            return;
        }
        group_answer(k, g, r);
    }
    if (k->state != CONN_LIVE) return;
    if (k->retire && !k->first && !k->leased) {
        db_conn_replace(k);
        return;
    }
    db_pool_dispatch(k->pool);
}
