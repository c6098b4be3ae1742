/* The host of the database: which URLs need a look-up, what comes of one, and a connection by name. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/db_host.h"
#include "database.h"

static const struct sql ECHO_ONE = {
    .name = "t_one", .text = "select 1 as n", .params = (const char *const[]){NULL}};

static void test_none_needed(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "postgresql:///interflow?host=/run/postgresql",
        "postgresql:///interflow",
        "postgresql://u:p@127.0.0.1:5432/interflow",
        "postgresql://u@[::1]/interflow",
        "host=db.example hostaddr=192.0.2.1 dbname=x",
        "host=/a,/b dbname=x",
        "host=db.example,/run/postgresql", /* a list of addresses cannot say this */
        "postgresql://%zz",                /* libpq says what is wrong */
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_null(db_lookup_new(urls[i]));
    }
    db_lookup_free(NULL);
}

static int items(const char *list)
{
    int n = 1;
    for (const char *p = list; *p; p++) {
        n += *p == ',';
    }
    return n;
}

static void test_names(void **state)
{
    (void)state;
    const char *hosts = NULL, *addresses = NULL, *ports = NULL;
    struct lookup *l = db_lookup_new("postgresql://u:p@localhost:5433/interflow?sslmode=require");
    assert_non_null(l);
    db_lookup_run(l);
    assert_true(db_lookup_found(l, &hosts, &addresses, &ports));
    assert_true(strstr(addresses, "127.0.0.1") || strstr(addresses, "::1"));
    assert_int_equal(items(hosts), items(addresses));
    assert_int_equal(items(ports), items(addresses));
    assert_int_equal(strncmp(hosts, "localhost", 9), 0);
    assert_int_equal(strncmp(ports, "5433", 4), 0);
    db_lookup_free(l);

    l = db_lookup_new("host=127.0.0.1,localhost port=1,22 dbname=x");
    assert_non_null(l);
    db_lookup_run(l);
    assert_true(db_lookup_found(l, &hosts, &addresses, &ports));
    assert_int_equal(strncmp(hosts, "127.0.0.1,localhost", 19), 0);
    assert_int_equal(strncmp(addresses, "127.0.0.1,", 10), 0);
    assert_int_equal(strncmp(ports, "1,22", 4), 0);
    assert_int_equal(items(hosts), items(addresses));
    assert_int_equal(items(ports), items(addresses));
    db_lookup_free(l);

    l = db_lookup_new("host=localhost dbname=x");
    assert_non_null(l);
    db_lookup_run(l);
    assert_true(db_lookup_found(l, &hosts, &addresses, &ports));
    assert_null(ports);
    db_lookup_free(l);
}

static void test_unknown(void **state)
{
    (void)state;
    const char *hosts = NULL, *addresses = NULL, *ports = NULL;
    struct lookup *l = db_lookup_new("postgresql://interflow-nowhere.invalid/interflow");
    assert_non_null(l);
    db_lookup_run(l);
    assert_false(db_lookup_found(l, &hosts, &addresses, &ports));
    db_lookup_free(l);
}

/* --- a connection ---------------------------------------------------------------------- */

static void ask(struct app *app, void *arg)
{
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 8000);
    struct rows *r = NULL;
    assert_int_equal(db_query(c, &ECHO_ONE, NULL, &r), *(const enum err *)arg);
    if (r) assert_int_equal(rows_int(r, 0, "n", 0), 1);
}

static int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        abort();
    (void)close(fd);
    return ntohs(a.sin_port);
}

static void test_connection(void **state)
{
    (void)state;
    struct test_database db = test_database_start();
    test_database_migrate(&db);
    int port = free_port();
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/postgresql.conf", db.dir);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    (void)fprintf(f, "listen_addresses = 'localhost'\nport = %d\n", port);
    (void)fclose(f);
    assert_int_equal(
        TEST_PG(&db, "pg_ctl", "-D", "data", "-l", "server.log", "-w", "-m", "fast", "restart"), 0);
    struct test_database by_name = db;
    enum err wanted = ERR_OK;
    (void)snprintf(by_name.url, sizeof by_name.url, "postgresql://postgres@localhost:%d/postgres",
                   port);
    test_run(&by_name, ask, &wanted);
    wanted = ERR_UNAVAILABLE;
    (void)snprintf(by_name.url, sizeof by_name.url,
                   "postgresql://postgres@interflow-nowhere.invalid:%d/postgres", port);
    test_run(&by_name, ask, &wanted);
    test_database_stop(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_needed),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
