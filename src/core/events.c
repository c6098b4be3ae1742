/* Reading the table of events (events.h).
 *
 * One coroutine per worker reads all organizations' events in the order (xid, id). A transaction
 * may commit after a younger one, so a row counts only when its transaction is older than every one
 * still under way (settled): the reader stops at the first row that is not, looks again a few
 * milliseconds later, and therefore skips nothing. When nothing is new it looks on each wake of the
 * bus and twice a second by itself: a lost wake costs half a second.
 *
 * Nothing is remembered over a restart: caches and clients begin from the database. */
#include "core/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "sql.h"

#define BATCH 500
/* Given on in one turn: what connections queue leaves at its end, far below what they may queue. */
#define TURN_BYTES     (128 * KIB)
#define POLL_MS        500
#define PENDING_MIN_MS 2
#define PENDING_MAX_MS 100
#define LISTENERS_MAX  16
#define POSITION_SIZE  48
#define SINCE_MAX      10000

struct listener {
    void (*cb)(void *arg, const struct event *e);
    void *arg;
};

struct event_reader {
    struct app *app;
    struct co *co; /* NULL once it has ended */
    struct listener listeners[LISTENERS_MAX];
    int listener_count;
    uint64_t xid; /* the last event that was given on */
    int64_t id;
    bool started; /* its first position is known */
    bool woken;
    bool freed; /* the owner let go: the coroutine frees the struct */
};

/* "824-1391" */
static bool position_parse(const char *text, uint64_t *ret_xid, int64_t *ret_id)
{
    if (!text || text[0] < '0' || text[0] > '9' || strlen(text) >= POSITION_SIZE) return false;
    char *end = NULL;
    unsigned long long xid = strtoull(text, &end, 10);
    if (*end != '-' || end[1] < '0' || end[1] > '9') return false;
    long long id = strtoll(end + 1, &end, 10);
    if (*end) return false;
    *ret_xid = xid;
    *ret_id = id;
    return true;
}

static struct event event_of(const struct rows *r, int row, char position[POSITION_SIZE])
{
    struct event e = {
        .position = position,
        .xid = strtoull(rows_text(r, row, "xid"), NULL, 10),
        .id = rows_int(r, row, "id", 0),
        .org = rows_uuid(r, row, "org_id"),
        .type = rows_text(r, row, "type"),
        .chat = rows_uuid(r, row, "chat_id"),
        .team = rows_uuid(r, row, "team_id"),
        .assignee = rows_uuid(r, row, "assignee_id"),
        .previous_team = rows_uuid(r, row, "previous_team_id"),
        .previous_assignee = rows_uuid(r, row, "previous_assignee_id"),
        .user = rows_uuid(r, row, "user_id"),
        .customer = rows_uuid(r, row, "customer_id"),
        .permission = (int)rows_int(r, row, "permission", 0),
        .payload = rows_text(r, row, "payload"),
        .created_ms = rows_int(r, row, "created_ms", 0),
    };
    /* Both numbers come from PostgreSQL as digits; 20 + 1 + 20 + NUL fit. */
    const char *xid = rows_text(r, row, "xid"), *id = rows_text(r, row, "id");
    size_t xid_len = strnlen(xid, 20), id_len = strnlen(id, 20);
    memcpy(position, xid, xid_len);
    position[xid_len] = '-';
    memcpy(position + xid_len + 1, id, id_len);
    position[xid_len + 1 + id_len] = 0;
    return e;
}

static struct ctx *reader_context(struct event_reader *r)
{
    struct ctx *c = ctx_new(r->app, MIB, clock_mono_ms() + 20 * SECOND_MS);
    c->actor.kind = ACTOR_SYSTEM;
    return c;
}

static enum err read_start(struct event_reader *r)
{
    CLEANUP(ctx_freep) struct ctx *c = reader_context(r);
    const char *position = NULL;
    enum err e = events_position(c, &position);
    if (e) return e;
    return position_parse(position, &r->xid, &r->id) ? ERR_OK : ERR_INTERNAL;
}

/* One batch. *ret_more: read on at once; *ret_pending: there are events that are not settled
 * yet. */
static enum err read_batch(struct event_reader *r, bool *ret_more, bool *ret_pending)
{
    CLEANUP(ctx_freep) struct ctx *c = reader_context(r);
    struct rows *rows = NULL;
    const char *xid = arena_printf(c->arena, "%llu", (unsigned long long)r->xid);
    enum err e =
        db_query(c, &SQL_EVENT_READ,
                 PARAMS(P_TEXT("xid", xid), P_INT("id", r->id), P_INT("limit", BATCH)), &rows);
    if (e) return e;
    int n = rows_count(rows), given = 0;
    int64_t created_ms = 0;
    size_t turn_bytes = 0;
    for (; given < n && rows_bool(rows, given, "settled"); given++) {
        char position[POSITION_SIZE];
        struct event event = event_of(rows, given, position);
        for (int i = 0; i < r->listener_count; i++) {
            r->listeners[i].cb(r->listeners[i].arg, &event);
        }
        r->xid = event.xid;
        r->id = event.id;
        created_ms = event.created_ms;
        turn_bytes += strlen(event.payload);
        if (turn_bytes < TURN_BYTES) continue;
        turn_bytes = 0; /* what was queued leaves at the end of the turn */
        e = loop_sleep(r->app->loop, 0);
        if (e) return e;
    }
    if (given > 0) {
        int64_t lag_ms = clock_unix_ms() - created_ms;
        metrics_add(r->app->metrics, r->app->worker_index, METRIC_EVENTS_READ, given);
        metrics_set(r->app->metrics, r->app->worker_index, METRIC_EVENTS_LAG_MS,
                    lag_ms > 0 ? lag_ms : 0);
    }
    *ret_more = given == BATCH;
    *ret_pending = given < n;
    return ERR_OK;
}

static void reader_main(void *arg)
{
    struct event_reader *r = arg;
    struct loop *l = r->app->loop;
    int64_t pending_ms = PENDING_MIN_MS;
    for (;;) {
        r->woken = false;
        bool more = false, pending = false;
        enum err e = r->started ? read_batch(r, &more, &pending) : read_start(r);
        if (e == ERR_CANCELLED || r->freed) break;
        if (!e) r->started = true;
        int64_t wait_ms = POLL_MS;
        if (more) {
            wait_ms = 0;
        } else if (pending) {
            wait_ms = pending_ms;
            pending_ms = pending_ms * 2 < PENDING_MAX_MS ? pending_ms * 2 : PENDING_MAX_MS;
        }
        if (!pending) pending_ms = PENDING_MIN_MS;
        int64_t until = clock_mono_ms() + wait_ms;
        /* A batch at a time: others of this worker come in between, and wakes of one burst count
         * once. */
        e = loop_sleep(l, more ? 0 : 1);
        while (!e && !r->woken && clock_mono_ms() < until) {
            e = loop_park(l, until);
            if (e == ERR_DEADLINE) e = ERR_OK;
        }
        if (e || r->freed) break;
    }
    r->co = NULL;
    if (r->freed) mem_free(r);
}

struct event_reader *event_reader_new(struct app *app)
{
    struct event_reader *r = mem_alloc(sizeof *r);
    r->app = app;
    if (loop_spawn(app->loop, reader_main, r, &r->co) != ERR_OK) {
        mem_free(r);
        return NULL;
    }
    return r;
}

void event_reader_free(struct event_reader *r)
{
    if (!r) return;
    if (!r->co) {
        mem_free(r);
        return;
    }
    r->freed = true;
    loop_cancel(r->app->loop, r->co);
}

void event_reader_on(struct event_reader *r, void (*cb)(void *arg, const struct event *e),
                     void *arg)
{
    if (r->listener_count == LISTENERS_MAX) abort(); /* a bug of ours: LISTENERS_MAX is too small */
    r->listeners[r->listener_count++] = (struct listener){.cb = cb, .arg = arg};
}

bool event_reader_started(const struct event_reader *r)
{
    return r->started;
}

void event_reader_wake(struct event_reader *r)
{
    if (!r || r->woken) return;
    r->woken = true;
    loop_wake(r->app->loop, r->co);
}

/* --- for one client -------------------------------------------------------------------- */

enum err events_since(struct ctx *c, const char *position, int limit,
                      void (*cb)(void *arg, const struct event *e), void *arg,
                      const char **ret_last, bool *ret_more)
{
    uint64_t xid = 0;
    int64_t id = 0;
    if (!position_parse(position, &xid, &id)) return ERR_NOT_FOUND;
    if (limit < 1 || limit > SINCE_MAX) limit = SINCE_MAX;
    const char *xid_text = arena_printf(c->arena, "%llu", (unsigned long long)xid);
    struct rows *r = NULL;
    enum err e = db_query(
        c, &SQL_EVENTS_SINCE,
        PARAMS(P_TEXT("xid", xid_text), P_INT("id", id), P_INT("limit", (int64_t)limit + 1)), &r);
    if (e) return e;
    int n = rows_count(r);
    if (n == 0 || !rows_bool(r, 0, "known")) return ERR_NOT_FOUND;
    if (!rows_text(r, 0, "xid")) n = 0; /* the row that only says that the position is known */
    char last[POSITION_SIZE] = "";
    for (int i = 0; i < n && i < limit; i++) {
        struct event event = event_of(r, i, last);
        cb(arg, &event);
    }
    *ret_last = arena_strdup(c->arena, last[0] ? last : position);
    *ret_more = n > limit;
    return *ret_last ? ERR_OK : fault(c, ERR_NO_MEMORY, NULL, "Too much data for one request");
}

enum err events_position(struct ctx *c, const char **ret_position)
{
    return db_json(c, &SQL_EVENT_POSITION, NULL, ret_position);
}

/* --- clean-up -------------------------------------------------------------------------- */

#define KEEP_S      (24 * 3600)
#define PRUNE_BATCH 5000

static enum job_outcome prune(struct ctx *c, struct job *j)
{
    (void)j;
    for (;;) {
        struct rows *r = NULL;
        enum err e = db_one(c, &SQL_EVENT_PRUNE,
                            PARAMS(P_INT("keep_s", KEEP_S), P_INT("limit", PRUNE_BATCH)), &r);
        if (e) return JOB_RETRY;
        if (rows_int(r, 0, "removed", 0) == 0) return JOB_DONE;
        if (loop_sleep(c->app->loop, 50) != ERR_OK) return JOB_RETRY; /* leave room for others */
    }
}

const struct job_kind events_jobs[] = {
    {.name = "events.prune",
     .help = "Remove events that are older than a day",
     .every_s = 300,
     .at_once = 1,
     .run = prune},
    {0},
};
