/* The database layer while the server goes away: it is restarted, gently and not, under thirty
 * coroutines that write; work goes on by itself afterwards and what was acknowledged is there. And
 * without any server: an error in bounded time. */
#include "check.h"

#include <libpq-fe.h>

#include "base/mem.h"
#include "database.h"

static struct test_database db;

static const char *const id_params[] = {"id", NULL};
static const struct sql ECHO_N = {
    .name = "t_echo", .text = "select $1::int as n", .params = id_params, .param_count = 1};
static const struct sql TX_INSERT_ID = {.name = "t_log_add",
                                        .text = "insert into t_log (id) values ($1::bigint)",
                                        .params = id_params,
                                        .param_count = 1};

static int set_up(void **state)
{
    (void)state;
    db = test_database_start();
    test_database_migrate(&db);
    test_sql_do(&db, "create table t_log (id bigint primary key); call platform_shared('t_log')");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_database_stop(&db);
    return 0;
}

struct storm {
    struct app *app;
    bool stop;
    int left;
    int64_t next_id;
    int64_t acknowledged[200000];
    int acknowledged_count, refused;
    int64_t last_ok_ms;
};

static void storm_main(void *arg)
{
    struct storm *s = arg;
    while (!s->stop) {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(s->app, MIB, clock_mono_ms() + 8000);
        int64_t id = ++s->next_id;
        CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
        enum err e = id % 3 == 0 ? db_begin(c, &tx) : ERR_OK;
        if (!e) e = db_query(c, &TX_INSERT_ID, PARAMS(P_INT("id", id)), NULL);
        if (!e && tx) e = db_commit(c, &tx);
        if (!e) {
            if (s->acknowledged_count < (int)ARRAY_LEN(s->acknowledged))
                s->acknowledged[s->acknowledged_count++] = id;
            s->last_ok_ms = clock_mono_ms();
        } else if (e == ERR_UNAVAILABLE || e == ERR_DEADLINE) {
            s->refused++;
        } else {
            (void)fprintf(stderr, "unexpected error %d: %s\n", (int)e,
                          c->fault.message ? c->fault.message : "");
            abort();
        }
        if (loop_sleep(s->app->loop, 1) != ERR_OK) break;
    }
    s->left--;
}

static void restarts(struct app *app, void *arg)
{
    (void)arg;
    struct storm *s = mem_alloc(sizeof *s);
    s->app = app;
    s->left = 30;
    for (int i = 0; i < s->left; i++) {
        assert_int_equal(loop_spawn(app->loop, storm_main, s, NULL), ERR_OK);
    }
    static const char *const modes[] = {"fast", "immediate"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        assert_int_equal(loop_sleep(app->loop, 300), ERR_OK);
        pid_t pid = 0;
        (void)test_database_exec(&db,
                                 (const char *const[]){"pg_ctl", "-D", "data", "-l", "server.log",
                                                       "-m", modes[i], "-w", "restart", NULL},
                                 &pid);
        int status = 0;
        while (waitpid(pid, &status, WNOHANG) == 0) {
            assert_int_equal(loop_sleep(app->loop, 10), ERR_OK);
        }
        assert_int_equal(status, 0);
        int64_t back = clock_mono_ms();
        while (s->last_ok_ms < back && clock_mono_ms() < back + 10000) {
            assert_int_equal(loop_sleep(app->loop, 10), ERR_OK);
        }
        assert_true(s->last_ok_ms >= back); /* work goes on by itself */
    }
    s->stop = true;
    while (s->left > 0) {
        assert_int_equal(loop_sleep(app->loop, 10), ERR_OK);
    }
    /* fsync is off here, but the operating system did not crash: what was acknowledged is there */
    PGconn *pg = PQconnectdb(db.url);
    assert_true(s->acknowledged_count > 100);
    for (int i = 0; i < s->acknowledged_count; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "select id from t_log where id = %lld",
                       (long long)s->acknowledged[i]);
        PGresult *r = PQexec(pg, text);
        assert_int_equal(PQntuples(r), 1);
        PQclear(r);
    }
    PQfinish(pg);
    mem_free(s);
}

static void test_restarts(void **state)
{
    (void)state;
    test_run(&db, restarts, NULL);
}

/* Without a server: an error in bounded time, no hanging. */
static void nobody_there(struct app *app, void *arg)
{
    (void)arg;
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 300);
    assert_int_equal(db_query(c, &ECHO_N, PARAMS(P_INT("id", 1)), NULL), ERR_UNAVAILABLE);
    assert_false(db_ready(app->db));
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct test_database nowhere = db;
    (void)snprintf(nowhere.url, sizeof nowhere.url,
                   "postgresql:///postgres?host=/tmp/interflow-nowhere");
    test_run(&nowhere, nobody_there, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
