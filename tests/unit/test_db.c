/* The database layer against a real PostgreSQL: hundreds of coroutines share pipelined connections
 * while statements fail in between; organizations stay apart; transactions, leases, nesting, retry;
 * errors become the right faults; who gives up waiting disturbs nobody. That the server goes away
 * is test_db_away.c. */
#include "check.h"

#include <libpq-fe.h>

#include "base/mem.h"
#include "database.h"
#include "sql.h"

static struct test_database db;

/* --- statements of this test ----------------------------------------------------------- */

#define PARAM_NAMES(...)                                                                           \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const char *const no_params[] = {NULL};
static const char *const n_params[] = {"n", NULL};
static const char *const ms_params[] = {"ms", NULL};
static const char *const item_params[] = {"org", "name", "n", NULL};
static const char *const org_params[] = {"org", NULL};
static const char *const id_params[] = {"id", NULL};
static const char *const context_params[] = {"org",  "actor",  "actor_id", "actor_kind", "lang",
                                             "flag", "nested", "ratio",    "nowhere",    NULL};

static const struct sql ECHO_N = {
    .name = "t_echo", .text = "select $1::int as n", .params = n_params, .param_count = 1};
static const struct sql DIVIDE = {
    .name = "t_divide", .text = "select 100 / $1::int as n", .params = n_params, .param_count = 1};
static const struct sql WRONG = {
    .name = "t_wrong", .text = "select no_such_column from t_items", .params = no_params};
static const struct sql SLEEP = {.name = "t_sleep",
                                 .text = "select pg_sleep($1::int / 1000.0)",
                                 .params = ms_params,
                                 .param_count = 1};
static const struct sql SLOW_SEARCH = {.name = "t_search",
                                       .text = "select pg_sleep($1::int / 1000.0)",
                                       .params = ms_params,
                                       .param_count = 1,
                                       .db_class = DB_SEARCH};
static const struct sql BIG = {.name = "t_big",
                               .text =
                                   "select repeat('x', 1000) as x from generate_series(1, $1::int)",
                               .params = n_params,
                               .param_count = 1};
static const struct sql ITEM_ADD = {
    .name = "t_item_add",
    .text = "insert into t_items (org_id, name, n) values ($1, $2, $3::int) returning name",
    .params = item_params,
    .param_count = 3,
    .wakes = WAKE_EVENTS};
static const struct sql ITEM_COUNT = {
    .name = "t_item_count", .text = "select count(*) as n from t_items", .params = no_params};
static const struct sql ITEM_RAISE = {.name = "t_item_raise",
                                      .text = "update t_items set n = n + 1 where org_id = $1",
                                      .params = org_params,
                                      .param_count = 1};
static const struct sql CHILD_ADD = {
    .name = "t_child_add",
    .text = "insert into t_children (org_id, item_name) values ($1, $2)",
    .params = item_params,
    .param_count = 2};
static const struct sql ITEM_DELETE = {.name = "t_item_delete",
                                       .text = "delete from t_items where org_id = $1",
                                       .params = org_params,
                                       .param_count = 1};
static const struct sql RAISE = {
    .name = "t_raise",
    .text = "select fault(409, 'CHAT_CLOSED', 'chatId', '{\"customerId\": \"7\"}')",
    .params = no_params};
static const struct sql KILL = {.name = "t_kill", .text = "select t_kill()", .params = no_params};
static const struct sql COUNTER_UP = {.name = "t_counter_up",
                                      .text = "update t_counter set n = n + 1 where id = $1::int",
                                      .params = id_params,
                                      .param_count = 1};
static const struct sql CONTEXT = {
    .name = "t_context",
    .text = "select $1::text as org, $2::text as actor, $3::text as actor_id, $4::text as kind, "
            "$5::text as lang, $6::boolean as flag, "
            "$7::jsonb->'a'->>1 as nested, $8::float8 * 2 as ratio, $9::text as nowhere",
    .params = context_params,
    .param_count = 9};

static const struct sql WHOLE = {
    .name = "t_whole", .text = "select * from t_counter", .params = no_params};
static const struct sql CURSOR = {.name = "t_cursor",
                                  .text =
                                      "select current_setting('timezone') as zone, "
                                      "bool_and(cursor_time(cursor_make(at, id)) = at and "
                                      "cursor_id(cursor_make(at, id)) = id) as same "
                                      "from (select '2026-03-29 00:59:59.999999+00'::timestamptz + "
                                      "n * interval '10 minutes 1 microsecond' as at, "
                                      "gen_random_uuid() as id from generate_series(1, 500) n) x",
                                  .params = no_params};

static int ask_int(const char *text)
{
    return test_sql_int(&db, text);
}

static int set_up(void **state)
{
    (void)state;
    db = test_database_start();
    test_database_migrate(&db);
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg,
             "create table t_items (org_id uuid not null, name text not null, n int not null check "
             "(n < 1000000), "
             "  constraint t_items_key primary key (org_id, name));"
             "call platform_tenant('t_items');"
             "comment on constraint t_items_key on t_items is 'ITEM_DUPLICATE: name';"
             "create table t_children (org_id uuid not null, item_name text not null, "
             "  foreign key (org_id, item_name) references t_items (org_id, name));"
             "call platform_tenant('t_children');"
             "create table t_counter (id int primary key, n int not null); insert into t_counter "
             "values (1, 0), (2, 0);"
             "call platform_shared('t_counter');"
             "create function t_kill() returns boolean language sql security definer set "
             "search_path = pg_catalog "
             "  as 'select pg_terminate_backend(pg_backend_pid())';"
             "revoke all on function t_kill() from public; grant execute on function t_kill() to "
             "interflow_app;");
    PQfinish(pg);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_database_stop(&db);
    return 0;
}

static struct ctx *context(struct app *app, struct uuid org)
{
    struct ctx *c = ctx_new(app, 64 * MIB, clock_mono_ms() + 20 * SECOND_MS);
    c->org = org;
    return c;
}

static int query_int(struct ctx *c, const struct sql *q, const struct param *params)
{
    struct rows *r = NULL;
    assert_int_equal(db_one(c, q, params, &r), ERR_OK);
    return (int)rows_int(r, 0, "n", -1);
}

/* --- many coroutines on few connections ------------------------------------------------ */

struct crowd {
    struct app *app;
    int left, wrong;
    struct co *waiter;
};
struct member {
    struct crowd *crowd;
    int n;
};

static void crowd_wait(struct crowd *w)
{
    w->waiter = co_self();
    while (w->left > 0) {
        assert_int_equal(loop_park(w->app->loop, clock_mono_ms() + 60000), ERR_OK);
    }
}

static void crowd_left(struct crowd *w)
{
    if (--w->left == 0) loop_wake(w->app->loop, w->waiter);
}

static void member_main(void *arg)
{
    struct member *m = arg;
    struct crowd *w = m->crowd;
    for (int round = 0; round < 5; round++) {
        struct uuid org = {{(unsigned char)m->n, 1}};
        CLEANUP(ctx_freep) struct ctx *c = context(w->app, m->n % 3 ? org : (struct uuid){0});
        struct rows *r = NULL;
        int kind = (m->n + round) % 7;
        if (kind == 3) {
            if (db_query(c, &DIVIDE, PARAMS(P_INT("n", 0)), &r) != ERR_INVALID) w->wrong++;
        } else if (kind == 5) {
            if (db_query(c, &WRONG, NULL, &r) != ERR_INTERNAL) w->wrong++;
        } else {
            int n = m->n * 10 + round;
            if (db_one(c, &ECHO_N, PARAMS(P_INT("n", n)), &r) != ERR_OK ||
                rows_int(r, 0, "n", -1) != n)
                w->wrong++;
        }
    }
    crowd_left(w);
}

static void pipeline(struct app *app, void *arg)
{
    (void)arg;
    static struct member members[200];
    struct crowd w = {.app = app, .left = 200};
    for (int i = 0; i < 200; i++) {
        members[i] = (struct member){.crowd = &w, .n = i};
        assert_int_equal(loop_spawn(app->loop, member_main, &members[i], NULL), ERR_OK);
    }
    crowd_wait(&w);
    assert_int_equal(w.wrong, 0);
    assert_true(db_ready(app->db));
}

static void test_pipeline(void **state)
{
    (void)state;
    test_run(&db, pipeline, NULL);
}

/* --- parameters and results ------------------------------------------------------------ */

static void parameters(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, uuid_v7());
    c->actor.kind = ACTOR_KEY;
    c->actor.id = uuid_v7();
    json_object_set_new(c->in, "flag", json_true());
    json_object_set_new(c->in, "nested", json_pack("{s:[ii]}", "a", 4, 5));
    json_object_set_new(c->in, "ratio", json_real(0.25));
    json_object_set_new(c->in, "org", json_string("not this"));
    struct rows *r = NULL;
    assert_int_equal(db_one(c, &CONTEXT, PARAMS(P_TEXT("lang", "pt")), &r), ERR_OK);
    char org[UUID_TEXT_SIZE];
    assert_string_equal(rows_text(r, 0, "org"), uuid_text(c->org, org));
    assert_null(rows_text(r, 0, "actor"));
    assert_true(uuid_equal(rows_uuid(r, 0, "actor_id"), c->actor.id));
    assert_string_equal(rows_text(r, 0, "kind"), "key");
    assert_string_equal(rows_text(r, 0, "lang"), "pt");
    assert_true(rows_bool(r, 0, "flag"));
    assert_int_equal(rows_int(r, 0, "nested", 0), 5);
    assert_string_equal(rows_text(r, 0, "ratio"), "0.5");
    assert_null(rows_text(r, 0, "nowhere"));
    assert_int_equal(db_query(c, &BIG, PARAMS(P_INT("n", 20000)), &r), ERR_OK);
    assert_int_equal(rows_count(r), 20000);
    assert_int_equal((int)strlen(rows_text(r, 19999, "x")), 1000);
    const char *text = NULL;
    assert_int_equal(db_json(c, &ECHO_N, PARAMS(P_NULL("n")), &text), ERR_NOT_FOUND);
    assert_int_equal(db_json(c, &ECHO_N, PARAMS(P_INT("n", 8)), &text), ERR_OK);
    assert_string_equal(text, "8");
    assert_int_equal(db_one(c, &ITEM_RAISE, NULL, &r), ERR_NOT_FOUND);
}

/* A table changes under prepared plans (an upgrade while an older worker still runs): nobody
 * notices. */
static void changed_table(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, (struct uuid){0});
    struct rows *r = NULL;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(db_query(c, &WHOLE, NULL, &r), ERR_OK);
    }
    PGconn *pg = PQconnectdb(db.url);
    test_sql(pg, "alter table t_counter add column more text default 'new'");
    PQfinish(pg);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(db_query(c, &WHOLE, NULL, &r), ERR_OK);
        assert_string_equal(rows_text(r, 0, "more"), "new");
    }
}

static void test_changed_table(void **state)
{
    (void)state;
    test_run(&db, changed_table, NULL);
}

/* Keyset cursors keep the microseconds whatever zone the machine has; connections speak UTC. */
static void cursors(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, (struct uuid){0});
    struct rows *r = NULL;
    assert_int_equal(db_one(c, &CURSOR, NULL, &r), ERR_OK);
    assert_string_equal(rows_text(r, 0, "zone"), "UTC");
    assert_true(rows_bool(r, 0, "same"));
}

static void test_cursors(void **state)
{
    (void)state;
    test_run(&db, cursors, NULL);
}

static void test_parameters(void **state)
{
    (void)state;
    test_run(&db, parameters, NULL);
}

/* --- organizations stay apart ---------------------------------------------------------- */

static void apart(struct app *app, void *arg)
{
    (void)arg;
    struct uuid mine = uuid_v7(), other = uuid_v7();
    CLEANUP(ctx_freep) struct ctx *c = context(app, mine);
    assert_int_equal(db_query(c, &ITEM_ADD, PARAMS(P_TEXT("name", "a"), P_INT("n", 1)), NULL),
                     ERR_OK);
    assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 1);
    /* a foreign organization sees nothing, changes nothing, deletes nothing, on all connections */
    CLEANUP(ctx_freep) struct ctx *f = context(app, other);
    CLEANUP(ctx_freep) struct ctx *nobody = context(app, (struct uuid){0});
    for (int i = 0; i < 12; i++) {
        struct rows *r = NULL;
        assert_int_equal(query_int(f, &ITEM_COUNT, NULL), 0);
        assert_int_equal(db_query(f, &ITEM_RAISE, PARAMS(P_UUID("org", mine)), &r), ERR_OK);
        assert_int_equal(rows_affected(r), 0);
        assert_int_equal(db_query(f, &ITEM_DELETE, PARAMS(P_UUID("org", mine)), &r), ERR_OK);
        assert_int_equal(rows_affected(r), 0);
        /* an organization that was forgotten sees nothing, right after one that sees its own */
        assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 1);
        assert_int_equal(query_int(nobody, &ITEM_COUNT, NULL), 0);
        assert_int_equal(db_query(nobody, &DIVIDE, PARAMS(P_INT("n", 0)), NULL), ERR_INVALID);
        fault_clear(nobody);
    }
    /* writing into another organization, or without one, is refused */
    assert_int_equal(db_query(f, &ITEM_ADD,
                              PARAMS(P_UUID("org", mine), P_TEXT("name", "b"), P_INT("n", 1)),
                              NULL),
                     ERR_INTERNAL);
    assert_int_equal(db_query(nobody, &ITEM_ADD,
                              PARAMS(P_UUID("org", mine), P_TEXT("name", "b"), P_INT("n", 1)),
                              NULL),
                     ERR_INTERNAL);
    assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 1);
    /* inside a transaction too, also after a change of the organization on the way */
    struct db_tx *tx = NULL;
    assert_int_equal(db_begin(nobody, &tx), ERR_OK);
    assert_int_equal(query_int(nobody, &ITEM_COUNT, NULL), 0);
    nobody->org = mine;
    assert_int_equal(query_int(nobody, &ITEM_COUNT, NULL), 1);
    nobody->org = other;
    assert_int_equal(query_int(nobody, &ITEM_COUNT, NULL), 0);
    db_rollbackp(&tx);
}

static void test_apart(void **state)
{
    (void)state;
    test_run(&db, apart, NULL);
}

/* --- transactions ---------------------------------------------------------------------- */

static enum err add_item(struct ctx *c, const char *name)
{
    return db_query(c, &ITEM_ADD, PARAMS(P_TEXT("name", name), P_INT("n", 1)), NULL);
}

static enum err inner_fails(struct ctx *c)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = add_item(c, "inner");
    if (e) return e;
    return ERR_CONFLICT;
}

static void transactions(struct app *app, void *arg)
{
    (void)arg;
    struct test_run *run = (struct test_run *)app; /* app is its first member */
    CLEANUP(ctx_freep) struct ctx *c = context(app, uuid_v7());
    struct db_tx *tx = NULL, *inner = NULL;

    assert_int_equal(db_begin(c, &tx), ERR_OK);
    assert_int_equal(add_item(c, "a"), ERR_OK);
    assert_int_equal(run->wake_count, 0);
    assert_int_equal(db_begin(c, &inner), ERR_OK);
    assert_int_equal(add_item(c, "b"), ERR_OK);
    assert_int_equal(db_commit(c, &inner), ERR_OK);
    assert_int_equal(run->wake_count, 0);
    assert_int_equal(db_commit(c, &tx), ERR_OK);
    assert_null(tx);
    assert_null(c->tx);
    assert_int_equal(run->wake_count, 1); /* only at the real commit */
    assert_int_equal(run->wakes, WAKE_EVENTS);
    assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 2);

    assert_int_equal(db_begin(c, &tx), ERR_OK);
    assert_int_equal(add_item(c, "c"), ERR_OK);
    db_rollbackp(&tx);
    assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 2);

    /* an inner rollback takes the outer one along */
    assert_int_equal(db_begin(c, &tx), ERR_OK);
    assert_int_equal(add_item(c, "d"), ERR_OK);
    assert_int_equal(inner_fails(c), ERR_CONFLICT);
    assert_int_equal(db_commit(c, &tx), ERR_INTERNAL);
    fault_clear(c);
    assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 2);

    /* after a failed statement nothing can be committed */
    assert_int_equal(db_begin(c, &tx), ERR_OK);
    assert_int_equal(add_item(c, "e"), ERR_OK);
    assert_int_equal(add_item(c, "a"), ERR_CONFLICT);
    assert_string_equal(c->fault.code, "ITEM_DUPLICATE");
    assert_string_equal(c->fault.details[0].field, "name");
    assert_int_equal(db_commit(c, &tx), ERR_INTERNAL);
    fault_clear(c);
    assert_int_equal(query_int(c, &ITEM_COUNT, NULL), 2);

    /* a statement with a bad Parse inside a transaction, then the same connections go on */
    for (int i = 0; i < 6; i++) {
        assert_int_equal(db_begin(c, &tx), ERR_OK);
        assert_int_equal(db_query(c, &WRONG, NULL, NULL), ERR_INTERNAL);
        fault_clear(c);
        db_rollbackp(&tx);
    }
    assert_int_equal(run->wake_count, 1);
    assert_int_equal(add_item(c, "z"), ERR_OK); /* outside: at once */
    assert_int_equal(run->wake_count, 2);
}

static void test_transactions(void **state)
{
    (void)state;
    test_run(&db, transactions, NULL);
}

/* More transactions than leased connections: all get one, in the order in which they asked. */
struct queue_member {
    struct crowd *crowd;
    int n;
    int *order;
    int *count;
};

static void queue_main(void *arg)
{
    struct queue_member *m = arg;
    CLEANUP(ctx_freep) struct ctx *c = context(m->crowd->app, (struct uuid){0});
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    if (db_begin(c, &tx) != ERR_OK) m->crowd->wrong++;
    m->order[(*m->count)++] = m->n;
    if (db_query(c, &SLEEP, PARAMS(P_INT("ms", 5)), NULL) != ERR_OK) m->crowd->wrong++;
    if (m->n % 2 && db_commit(c, &tx) != ERR_OK) m->crowd->wrong++;
    crowd_left(m->crowd);
}

static void leases(struct app *app, void *arg)
{
    (void)arg;
    enum { N = 40 };
    static struct queue_member members[N];
    int order[N], count = 0;
    struct crowd w = {.app = app, .left = N};
    for (int i = 0; i < N; i++) {
        members[i] = (struct queue_member){&w, i, order, &count};
        assert_int_equal(loop_spawn(app->loop, queue_main, &members[i], NULL), ERR_OK);
    }
    crowd_wait(&w);
    assert_int_equal(w.wrong, 0);
    for (int i = 0; i < N; i++) {
        assert_int_equal(order[i], i);
    }
}

static void test_leases(void **state)
{
    (void)state;
    test_run(&db, leases, NULL);
}

static void no_lease(struct app *app, void *arg)
{
    (void)arg;
    struct ctx *c[4];
    struct db_tx *tx[4];
    for (int i = 0; i < 4; i++) {
        c[i] = context(app, (struct uuid){0});
        assert_int_equal(db_begin(c[i], &tx[i]), ERR_OK);
    }
    CLEANUP(ctx_freep) struct ctx *late = ctx_new(app, MIB, clock_mono_ms() + 100);
    struct db_tx *none = NULL;
    assert_int_equal(db_begin(late, &none), ERR_UNAVAILABLE);
    assert_null(none);
    for (int i = 0; i < 4; i++) {
        db_rollbackp(&tx[i]);
        ctx_free(c[i]);
    }
    CLEANUP(ctx_freep) struct ctx *again = context(app, (struct uuid){0});
    CLEANUP(db_rollbackp) struct db_tx *t = NULL;
    assert_int_equal(db_begin(again, &t), ERR_OK);
    assert_int_equal(query_int(again, &ECHO_N, PARAMS(P_INT("n", 3))), 3);
}

static void test_no_lease(void **state)
{
    (void)state;
    test_run(&db, no_lease, NULL);
}

/* --- retry ----------------------------------------------------------------------------- */

/* Two rows in an order of one's own: some of these deadlock. */
struct retry_member {
    struct crowd *crowd;
    int n, calls, done;
};

static enum err count_up(struct ctx *c, void *arg)
{
    struct retry_member *m = arg;
    m->calls++;
    enum err e = db_query(c, &COUNTER_UP, PARAMS(P_INT("id", m->n % 2 ? 1 : 2)), NULL);
    if (e) return e;
    e = db_query(c, &SLEEP, PARAMS(P_INT("ms", 3)), NULL);
    if (e) return e;
    return db_query(c, &COUNTER_UP, PARAMS(P_INT("id", m->n % 2 ? 2 : 1)), NULL);
}

static void retry_main(void *arg)
{
    struct retry_member *m = arg;
    for (int i = 0; i < 6; i++) {
        CLEANUP(ctx_freep) struct ctx *c = context(m->crowd->app, (struct uuid){0});
        enum err e = db_retry(c, count_up, m);
        if (!e) {
            m->done++;
            if (c->fault.err) m->crowd->wrong++;
        } else if (e != ERR_CONFLICT || strcmp(c->fault.code, "RETRY") != 0) {
            m->crowd->wrong++;
        }
    }
    crowd_left(m->crowd);
}

static void retry(struct app *app, void *arg)
{
    (void)arg;
    static struct retry_member members[3];
    struct crowd w = {.app = app, .left = 3};
    for (int i = 0; i < 3; i++) {
        members[i] = (struct retry_member){.crowd = &w, .n = i};
        assert_int_equal(loop_spawn(app->loop, retry_main, &members[i], NULL), ERR_OK);
    }
    crowd_wait(&w);
    assert_int_equal(w.wrong, 0);
    int done = members[0].done + members[1].done + members[2].done;
    int calls = members[0].calls + members[1].calls + members[2].calls;
    assert_int_equal(ask_int("select sum(n) from t_counter"), 2 * done);
    assert_true(done >= 12);
    assert_true(calls > done); /* somebody had to try again, or this test proves nothing */
}

static void test_retry(void **state)
{
    (void)state;
    test_run(&db, retry, NULL);
}

/* --- faults ---------------------------------------------------------------------------- */

static void faults(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = context(app, uuid_v7());
    assert_int_equal(add_item(c, "a"), ERR_OK);
    assert_int_equal(add_item(c, "a"), ERR_CONFLICT);
    assert_string_equal(c->fault.code, "ITEM_DUPLICATE");
    assert_string_equal(c->fault.details[0].field, "name");
    fault_clear(c);
    assert_int_equal(db_query(c, &ITEM_ADD, PARAMS(P_NULL("name"), P_INT("n", 1)), NULL),
                     ERR_INVALID);
    assert_string_equal(c->fault.details[0].field, "name");
    assert_string_equal(c->fault.details[0].code, "REQUIRED");
    fault_clear(c);
    assert_int_equal(db_query(c, &ITEM_ADD, PARAMS(P_TEXT("name", "x"), P_INT("n", 2000000)), NULL),
                     ERR_INVALID);
    fault_clear(c);
    assert_int_equal(db_query(c, &ITEM_ADD, PARAMS(P_TEXT("name", "x"), P_TEXT("n", "many")), NULL),
                     ERR_INVALID);
    fault_clear(c);
    assert_int_equal(db_query(c, &CHILD_ADD, PARAMS(P_TEXT("name", "nobody")), NULL), ERR_INVALID);
    assert_string_equal(c->fault.details[0].field, "itemName");
    fault_clear(c);
    assert_int_equal(db_query(c, &CHILD_ADD, PARAMS(P_TEXT("name", "a")), NULL), ERR_OK);
    assert_int_equal(db_query(c, &ITEM_DELETE, NULL, NULL), ERR_CONFLICT);
    assert_string_equal(c->fault.code, "IN_USE");
    fault_clear(c);
    assert_int_equal(db_query(c, &RAISE, NULL, NULL), ERR_CONFLICT);
    assert_string_equal(c->fault.code, "CHAT_CLOSED");
    assert_string_equal(c->fault.details[0].field, "chatId");
    assert_string_equal(json_string_value(json_object_get(c->fault.data, "customerId")), "7");
    fault_clear(c);
    /* 500 ms is the limit of the search class here; others are not touched by it */
    assert_int_equal(db_query(c, &SLOW_SEARCH, PARAMS(P_INT("ms", 2000)), NULL), ERR_DEADLINE);
    fault_clear(c);
    assert_int_equal(db_query(c, &SLEEP, PARAMS(P_INT("ms", 700)), NULL), ERR_OK);
    assert_int_equal(db_query(c, &KILL, NULL, NULL), ERR_UNAVAILABLE);
    fault_clear(c);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(query_int(c, &ECHO_N, PARAMS(P_INT("n", i))), i);
    }
    struct db_tx *tx = NULL;
    assert_int_equal(db_begin(c, &tx), ERR_OK);
    assert_int_equal(db_query(c, &KILL, NULL, NULL), ERR_UNAVAILABLE);
    fault_clear(c);
    assert_int_equal(db_query(c, &ECHO_N, NULL, NULL), ERR_UNAVAILABLE);
    fault_clear(c);
    assert_int_equal(db_commit(c, &tx), ERR_UNAVAILABLE);
    fault_clear(c);
    assert_int_equal(db_begin(c, &tx), ERR_OK);
    assert_int_equal(query_int(c, &ECHO_N, PARAMS(P_INT("n", 9))), 9);
    assert_int_equal(db_commit(c, &tx), ERR_OK);
}

static void test_faults(void **state)
{
    (void)state;
    test_run(&db, faults, NULL);
}

/* --- who gives up disturbs nobody ------------------------------------------------------ */

struct quitter {
    struct crowd *crowd;
    int n;
    struct co *co;
};

static void quitter_main(void *arg)
{
    struct quitter *q = arg;
    struct crowd *w = q->crowd;
    {
        bool impatient = q->n % 2;
        CLEANUP(ctx_freep)
        struct ctx *c = ctx_new(w->app, MIB, clock_mono_ms() + (impatient ? 15 : 20000));
        CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
        enum err e = q->n % 3 == 0 ? db_begin(c, &tx) : ERR_OK;
        if (!e) e = db_query(c, &SLEEP, PARAMS(P_INT("ms", impatient ? 60 : 1)), NULL);
        if (!impatient && e && e != ERR_CANCELLED) w->wrong++;
        if (impatient && e != ERR_DEADLINE && e != ERR_UNAVAILABLE && e != ERR_CANCELLED)
            w->wrong++;
    }
    q->co = NULL;
    crowd_left(w);
}

static void giving_up(struct app *app, void *arg)
{
    (void)arg;
    enum { N = 60 };
    static struct quitter quitters[N];
    struct crowd w = {.app = app, .left = N};
    for (int i = 0; i < N; i++) {
        quitters[i] = (struct quitter){.crowd = &w, .n = i};
        assert_int_equal(loop_spawn(app->loop, quitter_main, &quitters[i], &quitters[i].co),
                         ERR_OK);
    }
    assert_int_equal(loop_sleep(app->loop, 8), ERR_OK);
    for (int i = 0; i < N; i += 5) {
        loop_cancel(app->loop, quitters[i].co);
    }
    crowd_wait(&w);
    assert_int_equal(w.wrong, 0);
    pipeline(app, NULL); /* everybody still gets their own answers */
    leases(app, NULL);
}

static void test_giving_up(void **state)
{
    (void)state;
    test_run(&db, giving_up, NULL);
}

/* --- what nobody waits for ------------------------------------------------------------- */

/* Of the fast class, which others share, and of the reports, where it would hold the only connection. */
static const struct sql LONG_REPORT = {.name = "t_report",
                                       .text = "select pg_sleep($1::int / 1000.0)",
                                       .params = ms_params,
                                       .param_count = 1,
                                       .db_class = DB_REPORT};
static const struct sql SLEEPING = {
    .name = "t_sleeping",
    .text = "select count(*) as n from pg_stat_activity where state = 'active' and query like "
            "'select pg_sleep%'",
    .params = no_params};

enum { UNWANTED_RUN_MS = 2900, UNWANTED_MOST_MS = 2500 };

/* The statement runs when its caller leaves: its connection is there before. */
static void abandon(struct app *app, const struct sql *q)
{
    CLEANUP(ctx_freep) struct ctx *first = ctx_new(app, MIB, clock_mono_ms() + 20000);
    assert_int_equal(db_query(first, q, PARAMS(P_INT("ms", 0)), NULL), ERR_OK);
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 20);
    assert_int_equal(db_query(c, q, PARAMS(P_INT("ms", UNWANTED_RUN_MS)), NULL), ERR_DEADLINE);
}

static void unwanted(struct app *app, void *arg)
{
    (void)arg;
    /* Three come behind it on the same connection: the cancellation may not harm them. */
    static struct member members[3];
    abandon(app, &SLEEP);
    abandon(app, &LONG_REPORT);
    int64_t began_ms = clock_mono_ms();
    struct crowd w = {.app = app, .left = 3};
    for (int i = 0; i < 3; i++) {
        members[i] = (struct member){.crowd = &w, .n = i + 1};
        assert_int_equal(loop_spawn(app->loop, member_main, &members[i], NULL), ERR_OK);
    }
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 20000);
    assert_int_equal(db_query(c, &LONG_REPORT, PARAMS(P_INT("ms", 0)), NULL), ERR_OK);
    crowd_wait(&w);
    assert_true(clock_mono_ms() - began_ms < UNWANTED_MOST_MS);
    assert_int_equal(w.wrong, 0);
    struct rows *r = NULL;
    assert_int_equal(db_one(c, &SLEEPING, NULL, &r), ERR_OK);
    assert_int_equal(rows_int(r, 0, "n", -1), 0);
}

/* In a transaction: the connection is closed, so that nothing of it stays open, and another serves. */
static void unwanted_tx(struct app *app, void *arg)
{
    (void)arg;
    int64_t began_ms = clock_mono_ms();
    for (int i = 0; i < 2; i++) {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 150);
        CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
        if (db_begin(c, &tx) != ERR_OK) continue;
        assert_int_equal(db_query(c, &SLEEP, PARAMS(P_INT("ms", UNWANTED_RUN_MS)), NULL),
                         ERR_DEADLINE);
    }
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 20000);
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    assert_int_equal(db_begin(c, &tx), ERR_OK);
    struct rows *r = NULL;
    assert_int_equal(db_one(c, &SLEEPING, NULL, &r), ERR_OK);
    assert_int_equal(rows_int(r, 0, "n", -1), 0);
    assert_int_equal(db_commit(c, &tx), ERR_OK);
    assert_true(clock_mono_ms() - began_ms < UNWANTED_MOST_MS);
}

static void test_unwanted(void **state)
{
    (void)state;
    test_run(&db, unwanted, NULL);
    test_run_wide(&db, 1, unwanted_tx, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipeline),  cmocka_unit_test(test_changed_table),
        cmocka_unit_test(test_cursors),   cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_apart),     cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_leases),    cmocka_unit_test(test_no_lease),
        cmocka_unit_test(test_retry),     cmocka_unit_test(test_faults),
        cmocka_unit_test(test_giving_up), cmocka_unit_test(test_unwanted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
