/* Events against a real PostgreSQL: a reader next to many writers whose transactions commit out of
 * order, roll back and use savepoints misses nothing, doubles nothing, keeps the order; who comes
 * later to a row is told later, whatever its transaction's number; a burst is given on in portions; the catch-up of a client joins
 * live reading without a gap; positions that are too old or from elsewhere are known as such; the
 * bus between workers, and between machines. */
#include "check.h"

#include <libpq-fe.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "core/bus.h"
#include "core/config.h"
#include "database.h"
#include "sql.h"

#define PATIENCE_MS (60 * SECOND_MS) /* for what must happen, on a machine that is busy */

static struct test_database db;

static const char *const event_params[] = {"org", "n", NULL};
static const char *const ms_params[] = {"ms", NULL};
static const char *const no_params[] = {NULL};
static const struct sql EVENT_ADD = {
    .name = "t_event_add",
    .text = "insert into events (org_id, type, payload) "
            "values ($1, 'test', jsonb_build_object('n', $2::int)) returning id",
    .params = event_params,
    .param_count = 2,
    .wakes = WAKE_EVENTS};
static const struct sql SLEEP = {.name = "t_sleep",
                                 .text = "select pg_sleep($1::int / 1000.0)",
                                 .params = ms_params,
                                 .param_count = 1};
static const struct sql SAVE = {.name = "t_save", .text = "savepoint s", .params = no_params};
static const struct sql BACK = {
    .name = "t_back", .text = "rollback to savepoint s", .params = no_params};

static int sql_int(const char *text)
{
    return test_sql_int(&db, text);
}

static int set_up(void **state)
{
    (void)state;
    db = test_database_start();
    test_database_migrate(&db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_database_stop(&db);
    return 0;
}

/* --- what readers saw ------------------------------------------------------------------ */

#define SEEN_MAX 20000

struct seen {
    int64_t ids[SEEN_MAX];
    int count, disorder;
    uint64_t xid;
    int64_t id;
    char last[64];
};

static void on_event(void *arg, const struct event *e)
{
    struct seen *s = arg;
    if (e->xid < s->xid || (e->xid == s->xid && e->id <= s->id)) s->disorder++;
    s->xid = e->xid;
    s->id = e->id;
    if (s->count < SEEN_MAX) s->ids[s->count] = e->id;
    s->count++;
    (void)snprintf(s->last, sizeof s->last, "%s", e->position);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The ids in the table (of an organization, or all) and those seen are the same set. */
static void assert_complete(struct seen *s, const char *where)
{
    char text[160];
    (void)snprintf(text, sizeof text, "select id from events %s order by id", where);
    PGconn *pg = PQconnectdb(db.url);
    PGresult *r = PQexec(pg, text);
    assert_int_equal(PQntuples(r), s->count);
    qsort(s->ids, (size_t)s->count, sizeof s->ids[0], compare_ids);
    for (int i = 0; i < s->count; i++) {
        assert_int_equal(strtoll(PQgetvalue(r, i, 0), NULL, 10), s->ids[i]);
    }
    PQclear(r);
    PQfinish(pg);
    assert_int_equal(s->disorder, 0);
}

/* --- writers --------------------------------------------------------------------------- */

struct writer {
    struct app *app;
    int n;
    int *left;
    bool failed;
};

static unsigned step(unsigned *seed, unsigned most)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % most;
}

static void writer_main(void *arg)
{
    struct writer *w = arg;
    unsigned seed = (unsigned)w->n * 7919u + 1;
    for (int i = 0; i < 60 && !w->failed; i++) {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(w->app, MIB, clock_mono_ms() + PATIENCE_MS);
        c->org = (struct uuid){{(unsigned char)(w->n % 2 + 1)}};
        struct param n = P_INT("n", i);
        enum err e = ERR_OK;
        if (step(&seed, 3) == 0) {
            e = db_query(c, &EVENT_ADD, PARAMS(n), NULL);
        } else {
            CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
            e = db_begin(c, &tx);
            if (!e) e = db_query(c, &EVENT_ADD, PARAMS(n), NULL);
            if (!e && step(&seed, 3) == 0) {
                e = db_query(c, &SAVE, NULL, NULL);
                if (!e) e = db_query(c, &EVENT_ADD, PARAMS(n), NULL);
                if (!e && step(&seed, 2)) e = db_query(c, &BACK, NULL, NULL);
            }
            if (!e) e = db_query(c, &SLEEP, PARAMS(P_INT("ms", (int64_t)step(&seed, 12))), NULL);
            if (!e) e = db_query(c, &EVENT_ADD, PARAMS(n), NULL);
            if (!e && step(&seed, 4)) e = db_commit(c, &tx); /* or rolled back */
        }
        if (e) w->failed = true;
    }
    (*w->left)--;
}

#define CLIENT_ORG "org_id = '01000000-0000-0000-0000-000000000000'"

struct reading {
    struct seen live, client;
};

/* A client of organization 1 that comes and goes: it always resumes from its last position. */
struct client {
    struct app *app;
    struct seen *seen;
    int want; /* events there are for it; -1: not known yet */
    int64_t until_ms;
    bool done;
    int rounds;
};

static bool client_has_all(const struct client *k)
{
    return k->want >= 0 && (k->seen->count >= k->want || clock_mono_ms() > k->until_ms);
}

static void client_main(void *arg)
{
    struct client *k = arg;
    for (bool last_round = false;;) {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(k->app, 16 * MIB, clock_mono_ms() + PATIENCE_MS);
        c->org = (struct uuid){{1}};
        if (k->rounds == 0) {
            const char *position = NULL;
            assert_int_equal(events_position(c, &position), ERR_OK);
            (void)snprintf(k->seen->last, sizeof k->seen->last, "%s", position);
        }
        const char *last = NULL;
        bool more = true;
        while (more) {
            assert_int_equal(events_since(c, k->seen->last, 7, on_event, k->seen, &last, &more),
                             ERR_OK);
            (void)snprintf(k->seen->last, sizeof k->seen->last, "%s", last);
        }
        k->rounds++;
        if (last_round) break;
        if (loop_sleep(k->app->loop, 9) != ERR_OK) break;
        last_round = client_has_all(k); /* once more: nothing comes twice */
    }
    k->done = true;
}

static void order(struct app *app, void *arg)
{
    struct reading *r = arg;
    enum { WRITERS = 8 };
    static struct writer writers[WRITERS];
    int left = WRITERS;
    app->events = event_reader_new(app);
    event_reader_on(app->events, on_event, &r->live);
    static struct client client;
    client = (struct client){.app = app, .seen = &r->client, .want = -1};
    assert_int_equal(loop_spawn(app->loop, client_main, &client, NULL), ERR_OK);
    assert_int_equal(loop_sleep(app->loop, 100), ERR_OK); /* both have their first position */
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.app = app, .n = i, .left = &left};
        assert_int_equal(loop_spawn(app->loop, writer_main, &writers[i], NULL), ERR_OK);
    }
    while (left > 0) {
        assert_int_equal(loop_sleep(app->loop, 20), ERR_OK);
    }
    /* Whatever holds the horizon back for a while (an ANALYZE of the server's own), all are told. */
    int want = sql_int("select count(*) from events");
    client.until_ms = clock_mono_ms() + PATIENCE_MS;
    client.want = sql_int("select count(*) from events where " CLIENT_ORG);
    while (!client.done || (r->live.count < want && clock_mono_ms() < client.until_ms)) {
        assert_int_equal(loop_sleep(app->loop, 20), ERR_OK);
    }
    assert_int_equal(loop_sleep(app->loop, 700), ERR_OK); /* a poll more: nothing comes twice */
    for (int i = 0; i < WRITERS; i++) {
        assert_false(writers[i].failed);
    }
    assert_true(r->live.count > 300);
    assert_true(client.rounds > 5);
    assert_complete(&r->live, "");
    assert_complete(&r->client, "where " CLIENT_ORG);
}

static void test_order(void **state)
{
    (void)state;
    struct reading *r = mem_alloc(sizeof *r);
    test_run_wide(&db, 10, order, r);
    mem_free(r);
}

/* --- who comes later is told later ----------------------------------------------------- */

static PGconn *connect_begin(const char *first)
{
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg, first);
    return pg;
}

/* Waits until the statement that was sent waits for a lock. */
static void until_waiting(const PGconn *pg)
{
    char text[160];
    (void)snprintf(text, sizeof text,
                   "select count(*) from pg_stat_activity where pid = %d and wait_event_type = "
                   "'Lock'",
                   PQbackendPID(pg));
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; sql_int(text) != 1;) {
        assert_true(clock_mono_ms() < end);
        (void)usleep(2000);
    }
}

static void finish_sent(PGconn *pg)
{
    for (PGresult *r; (r = PQgetResult(pg)) != NULL; PQclear(r))
        assert_true(PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK);
}

#define T_EVENT                                                                                    \
    "insert into events (org_id, type, payload) select "                                           \
    "'07000000-0000-0000-0000-000000000000', 't.lock', json_build_object('n', n) from "
#define T_TAKE    "update t_rows set n = n + 1 where id = 1 returning n"
#define T_NUMBERS "select string_agg(payload->>'n', '' order by xid, id)::int from events where "

/* One whose transaction has the lower number waits for a row that one with the higher number
 * holds. */
static void turns(const char *first, const char *then)
{
    PQfinish(connect_begin("delete from events where type = 't.lock'; update t_rows set n = 0"));
    PGconn *older = connect_begin("begin; select pg_current_xact_id()");
    PGconn *younger = connect_begin("begin; with t as (" T_TAKE ") " T_EVENT "t");
    assert_int_equal(PQsendQuery(older, first), 1);
    until_waiting(older);
    /* and somebody whom this does not concern ends in between */
    PQfinish(connect_begin(T_EVENT "(select 0 as n where false) x"));
    test_sql(younger, "commit");
    finish_sent(older);
    if (then) test_sql(older, then);
    test_sql(older, "commit");
    assert_int_equal(sql_int(T_NUMBERS "type = 't.lock'"), 12);
    /* and both can be read at once: nothing has to happen first */
    assert_int_equal(sql_int("select count(*) from events where type = 't.lock' and xid < "
                             "pg_snapshot_xmin(pg_current_snapshot())"),
                     2);
    PQfinish(older);
    PQfinish(younger);
}

static void test_turns(void **state)
{
    (void)state;
    PQfinish(connect_begin("create table t_rows (id int primary key, n int); insert into t_rows "
                           "values (1, 0), (2, 0), (3, 0); grant select, update on t_rows to "
                           "interflow_app"));
    turns(T_TAKE, T_EVENT "(select n from t_rows where id = 1) t"); /* lock, then write */
    turns("select * from t_rows where id = 1 for update",
          "with t as (" T_TAKE ") " T_EVENT "t");       /* the same by an explicit lock */
    turns("with t as (" T_TAKE ") " T_EVENT "t", NULL); /* all in the statement that waits */
    turns("savepoint s; with t as (" T_TAKE ") " T_EVENT "t", NULL);
}

static const char *const row_params[] = {"row", NULL};
static const struct sql ROW_TAKE = {
    .name = "t_row_take",
    .text = "with t as (update t_rows set n = n + 1 where id = $1::int returning id, n) insert "
            "into events (org_id, type, payload) select '07000000-0000-0000-0000-000000000000', "
            "'t.row', json_build_object('row', id, 'n', n) from t",
    .params = row_params,
    .param_count = 1,
    .wakes = WAKE_EVENTS};
static const struct sql NUMBER = {
    .name = "t_number", .text = "select pg_current_xact_id()", .params = no_params};

/* Comes to its row with a number that is fresh, or old already. */
static void taker_main(void *arg)
{
    struct writer *w = arg;
    unsigned seed = (unsigned)w->n * 104729u + 3;
    for (int i = 0; i < 80 && !w->failed; i++) {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(w->app, MIB, clock_mono_ms() + PATIENCE_MS);
        c->org = (struct uuid){{7}};
        CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
        enum err e = db_begin(c, &tx);
        if (!e && step(&seed, 2)) e = db_query(c, &NUMBER, NULL, NULL);
        if (!e && step(&seed, 2))
            e = db_query(c, &SLEEP, PARAMS(P_INT("ms", (int64_t)step(&seed, 6))), NULL);
        if (!e) e = db_query(c, &ROW_TAKE, PARAMS(P_INT("row", (int64_t)step(&seed, 3) + 1)), NULL);
        if (!e && step(&seed, 5)) e = db_commit(c, &tx); /* or rolled back */
        if (e) w->failed = true;
    }
    (*w->left)--;
}

static void rows_race(struct app *app, void *arg)
{
    (void)arg;
    enum { TAKERS = 9 };
    static struct writer takers[TAKERS];
    int left = TAKERS;
    for (int i = 0; i < TAKERS; i++) {
        takers[i] = (struct writer){.app = app, .n = i, .left = &left};
        assert_int_equal(loop_spawn(app->loop, taker_main, &takers[i], NULL), ERR_OK);
    }
    while (left > 0)
        assert_int_equal(loop_sleep(app->loop, 20), ERR_OK);
    for (int i = 0; i < TAKERS; i++)
        assert_false(takers[i].failed);
    assert_true(sql_int("select count(*) from events where type = 't.row'") > 400);
    assert_int_equal(
        sql_int("select count(*) from (select (payload->>'n')::int as n, row_number() over "
                "(partition by payload->>'row' order by xid, id) as told from events where type = "
                "'t.row') x where n <> told"),
        0);
}

static void test_rows_race(void **state)
{
    (void)state;
    PQfinish(connect_begin("update t_rows set n = 0"));
    test_run_wide(&db, 10, rows_race, NULL);
}

/* --- bursts ---------------------------------------------------------------------------- */

struct turns_seen {
    struct app *app;
    size_t now, most, all;
    int count;
    bool over;
};

static void on_burst(void *arg, const struct event *e)
{
    struct turns_seen *t = arg;
    t->now += strlen(e->payload);
    t->all += strlen(e->payload);
    t->count++;
    if (t->now > t->most) t->most = t->now;
}

/* Others get their turn in between: what connections queue can leave. */
static void each_turn(void *arg)
{
    struct turns_seen *t = arg;
    while (!t->over && loop_sleep(t->app->loop, 0) == ERR_OK)
        t->now = 0;
}

static void burst(struct app *app, void *arg)
{
    struct turns_seen *t = arg;
    t->app = app;
    app->events = event_reader_new(app);
    event_reader_on(app->events, on_burst, t);
    assert_int_equal(loop_sleep(app->loop, 600), ERR_OK);
    PQfinish(connect_begin("insert into events (org_id, type, payload) select "
                           "'0b000000-0000-0000-0000-000000000000', 't.burst', "
                           "json_build_object('x', repeat('y', 2000)) from generate_series(1, "
                           "450)"));
    assert_int_equal(loop_spawn(app->loop, each_turn, t, NULL), ERR_OK);
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; t->count < 450 && clock_mono_ms() < end;)
        assert_int_equal(loop_sleep(app->loop, 1), ERR_OK);
    t->over = true;
    assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    assert_int_equal(t->count, 450);
    assert_true(t->all > 800 * KIB);
    assert_true(t->most < 140 * KIB);
}

static void test_burst(void **state)
{
    (void)state;
    struct turns_seen t = {0};
    test_run(&db, burst, &t);
}

/* --- how fast -------------------------------------------------------------------------- */

static void quick(struct app *app, void *arg)
{
    struct seen *s = arg;
    app->events = event_reader_new(app);
    event_reader_on(app->events, on_event, s);
    assert_int_equal(loop_sleep(app->loop, 600), ERR_OK);
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + PATIENCE_MS);
    c->org = (struct uuid){{1}};
    /* By the wake, not by the poll: each begins when a poll is just over, so that by polls alone
     * each would take the 500 ms. The quickest counts: the machine may be busy. */
    int64_t quickest = PATIENCE_MS;
    for (int i = 0; i < 20 && quickest >= 200; i++) {
        int before = s->count;
        int64_t began = clock_mono_ms();
        assert_int_equal(db_query(c, &EVENT_ADD, PARAMS(P_INT("n", 1)), NULL), ERR_OK);
        while (s->count == before && clock_mono_ms() < began + PATIENCE_MS)
            assert_int_equal(loop_sleep(app->loop, 1), ERR_OK);
        assert_int_equal(s->count, before + 1);
        int64_t took = clock_mono_ms() - began;
        if (i > 0 && took < quickest) quickest = took;
    }
    assert_true(quickest < 200);
}

static void test_quick(void **state)
{
    (void)state;
    struct seen *s = mem_alloc(sizeof *s);
    test_run(&db, quick, s);
    mem_free(s);
}

/* --- positions ------------------------------------------------------------------------- */

static void positions(struct app *app, void *arg)
{
    struct seen *s = arg;
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + PATIENCE_MS);
    c->org = (struct uuid){{9}};
    const char *start = NULL, *last = NULL;
    bool more = false;
    assert_int_equal(events_position(c, &start), ERR_OK);
    assert_int_equal(events_since(c, start, 10, on_event, s, &last, &more), ERR_OK);
    assert_string_equal(last, start);
    assert_false(more);
    assert_int_equal(s->count, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(db_query(c, &EVENT_ADD, PARAMS(P_INT("n", i)), NULL), ERR_OK);
    }
    assert_int_equal(events_since(c, start, 3, on_event, s, &last, &more), ERR_OK);
    assert_int_equal(s->count, 3);
    assert_true(more);
    assert_int_equal(events_since(c, last, 3, on_event, s, &last, &more), ERR_OK);
    assert_int_equal(s->count, 5);
    assert_false(more);
    /* another organization has none of them */
    c->org = (struct uuid){{8}};
    const char *other = NULL;
    assert_int_equal(events_since(c, start, 3, on_event, s, &other, &more), ERR_OK);
    assert_int_equal(s->count, 5);
    c->org = (struct uuid){{9}};
    static const char *const bad[] = {
        "",   "x", "12", "12-", "-1-2", "1-2-3", "99999999999-0", "99999999999999999999999999-1",
        "1-0"};
    assert_int_equal(events_since(c, NULL, 3, on_event, s, &other, &more), ERR_NOT_FOUND);
    /* pruning moves the horizon: what lies before it is not known any more, what lies after it
     * is */
    PGconn *pg = PQconnectdb(db.url);
    PQclear(PQexec(pg, "update events set created_at = now() - interval '2 days' where "
                       "org_id::text not like '09%' or payload->>'n' < '2'"));
    PQfinish(pg);
    struct rows *r = NULL;
    int removed = 0;
    do {
        assert_int_equal(
            db_one(c, &SQL_EVENT_PRUNE, PARAMS(P_INT("keep_s", 86400), P_INT("limit", 50)), &r),
            ERR_OK);
        removed = (int)rows_int(r, 0, "removed", -1);
    } while (removed > 0);
    assert_int_equal(sql_int("select count(*) from events"), 3);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        enum err e = events_since(c, bad[i], 3, on_event, s, &other, &more);
        if (e != ERR_NOT_FOUND) (void)fprintf(stderr, "position '%s'\n", bad[i]);
        assert_int_equal(e, ERR_NOT_FOUND);
    }
    assert_int_equal(events_since(c, start, 3, on_event, s, &other, &more), ERR_NOT_FOUND);
    assert_int_equal(events_since(c, last, 3, on_event, s, &other, &more), ERR_OK);
    assert_int_equal(s->count, 5);
}

static void test_positions(void **state)
{
    (void)state;
    struct seen *s = mem_alloc(sizeof *s);
    test_run(&db, positions, s);
    mem_free(s);
}

/* --- the bus --------------------------------------------------------------------------- */

struct ear {
    int heard;
    char last[64];
};

static void hear(void *arg, const char *payload)
{
    struct ear *e = arg;
    e->heard++;
    (void)snprintf(e->last, sizeof e->last, "%s", payload);
}

static struct bus_ends ends_of(int workers)
{
    struct bus_ends ends = {.count = workers};
    for (int i = 0; i < workers; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
        ends.receive[i] = pair[0];
        ends.send[i] = pair[1];
    }
    return ends;
}

static void ends_close(struct bus_ends *ends)
{
    for (int i = 0; i < ends->count; i++) {
        (void)close(ends->receive[i]);
        (void)close(ends->send[i]);
    }
}

/* Waits until the workers of both machines have heard as many, or this as the last. */
static void until_heard(struct app *app, struct ear ears[2][2], int count, const char *last)
{
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; clock_mono_ms() < end;) {
        bool all = true;
        for (int m = 0; m < 2; m++)
            for (int w = 0; w < 2; w++)
                if (ears[m][w].heard < count || (last && strcmp(ears[m][w].last, last) != 0))
                    all = false;
        if (all) return;
        assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    }
    fail_msg("%d (%s) not heard", count, last ? last : "any");
}

static void workers_and_machines(struct app *app, void *arg)
{
    (void)arg;
    struct config config = {.database_url = db.url};
    struct app machine[2][2];
    struct bus_ends ends[2] = {ends_of(2), ends_of(2)};
    struct bus *bus[2][2];
    struct ear ears[2][2];
    memset(ears, 0, sizeof ears);
    for (int m = 0; m < 2; m++) {
        for (int w = 0; w < 2; w++) {
            machine[m][w] = *app;
            machine[m][w].config = &config;
            bus[m][w] = bus_new(&machine[m][w], &ends[m], w);
            assert_non_null(bus[m][w]);
            bus_on(bus[m][w], "typing", hear, &ears[m][w]);
        }
    }
    /* within a machine at once */
    bus_send(bus[0][1], "typing", "line 1\nline 2");
    assert_int_equal(ears[0][1].heard, 0); /* not before the next turn */
    for (int64_t end = clock_mono_ms() + PATIENCE_MS;
         (ears[0][0].heard == 0 || ears[0][1].heard == 0) && clock_mono_ms() < end;)
        assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    assert_int_equal(ears[0][0].heard, 1);
    assert_int_equal(ears[0][1].heard, 1);
    assert_string_equal(ears[0][0].last, "line 1\nline 2");
    /* the machines have found each other after a moment; each worker everywhere hears everything
     * once */
    for (int from = 0; from < 2; from++) {
        memset(ears, 0, sizeof ears);
        int64_t until = clock_mono_ms() + PATIENCE_MS;
        while (ears[1 - from][1].heard == 0 && clock_mono_ms() < until) {
            bus_send(bus[from][1], "typing", "hello");
            assert_int_equal(loop_sleep(app->loop, 50), ERR_OK);
        }
        bus_send(bus[from][1], "typing", "over");
        until_heard(app, ears, 1, "over");
    }
    memset(ears, 0, sizeof ears);
    char big[BUS_MESSAGE_MAX + 1];
    memset(big, 'x', BUS_MESSAGE_MAX);
    big[BUS_MESSAGE_MAX] = 0;
    for (int i = 0; i < 5; i++) {
        bus_send(bus[0][1], "typing", big);
    }
    for (int i = 0; i < 200; i++) {
        bus_send(bus[1][0], "typing", "tick");
    }
    bus_send(bus[0][0], "nobody", "listens");
    until_heard(app, ears, 205, NULL);
    assert_int_equal(loop_sleep(app->loop, 100), ERR_OK); /* nothing comes twice */
    for (int m = 0; m < 2; m++) {
        for (int w = 0; w < 2; w++) {
            assert_int_equal(ears[m][w].heard, 205);
        }
    }
    assert_int_equal(sql_int("select count(*) from nodes"), 2);
    for (int m = 0; m < 2; m++) {
        for (int w = 0; w < 2; w++) {
            bus_free(bus[m][w]);
        }
        ends_close(&ends[m]);
    }
}

static void test_bus(void **state)
{
    (void)state;
    test_run(&db, workers_and_machines, NULL);
}

static void count_missed(void *arg)
{
    ++*(int *)arg;
}

/* A worker that does not read for a while: datagrams beyond those that its socket holds, all heard
 * in their order; far beyond: it is told so. */
static void slow_worker(struct app *app, void *arg)
{
    (void)arg;
    struct config config = {0};
    struct app own = *app;
    own.config = &config;
    own.events = NULL;
    own.jobs = NULL;
    struct bus_ends ends = ends_of(2);
    struct bus *quick = bus_new(&own, &ends, 0);
    enum { FEW = 60, MANY = 2000 };
    for (int round = 0; round < 2; round++) {
        int count = round == 0 ? FEW : MANY;
        char text[1001];
        for (int i = 0; i < count; i++) {
            memset(text, 'x', sizeof text - 1);
            text[sizeof text - 1] = 0;
            (void)snprintf(text, sizeof text, "%d", i);
            if (round > 0) text[strlen(text)] = ' '; /* long ones */
            bus_send(quick, "typing", text);
            if (round == 0 || i % 40 == 0)
                assert_int_equal(loop_sleep(app->loop, 1), ERR_OK); /* leaves by itself */
        }
        struct ear ear = {0};
        int missed = 0;
        struct bus *slow = bus_new(&own, &ends, 1);
        bus_on(slow, "typing", hear, &ear);
        bus_on_missed(slow, count_missed, &missed);
        for (int64_t end = clock_mono_ms() + PATIENCE_MS;
             strtol(ear.last, NULL, 10) < count - 1 && clock_mono_ms() < end;)
            assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
        assert_int_equal(strtol(ear.last, NULL, 10), count - 1);
        assert_int_equal(missed, round);
        if (round == 0)
            assert_int_equal(ear.heard, FEW);
        else
            assert_true(ear.heard < MANY);
        bus_free(slow);
    }
    bus_free(quick);
    ends_close(&ends);
}

static void test_slow_worker(void **state)
{
    (void)state;
    test_run(&db, slow_worker, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),     cmocka_unit_test(test_turns),
        cmocka_unit_test(test_rows_race), cmocka_unit_test(test_burst),
        cmocka_unit_test(test_quick),     cmocka_unit_test(test_positions),
        cmocka_unit_test(test_bus),       cmocka_unit_test(test_slow_worker),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
