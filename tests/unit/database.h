/* A private, migrated PostgreSQL for one test program, and a way to run a function inside a
 * coroutine of a fresh loop with a database. The cluster lives in a folder of its own under /tmp,
 * listens on a socket there only, and goes with the program. As root it is run by the user
 * postgres. Header only, since each test is one file. */
#ifndef INTERFLOW_TESTS_DATABASE_H
#define INTERFLOW_TESTS_DATABASE_H

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "core/app.h"
#include "core/db.h"
#include "core/events.h"
#include "core/jobs.h"
#include "core/loop.h"
#include "core/worker.h"

struct test_database {
    char dir[64];
    char bin[128];
    char url[160];
    int alive; /* the keeper waits for this end to close */
    pid_t keeper;
};

/* Run `bin/program args…` as the user of the cluster; -1: started only (its pid in *ret_pid),
 * otherwise its exit status. */
static inline int test_database_exec(const struct test_database *t, const char *const *argv,
                                     pid_t *ret_pid)
{
    pid_t pid = fork();
    if (pid < 0) abort();
    if (pid == 0) {
        if (geteuid() == 0) {
            const struct passwd *p = getpwnam("postgres");
            if (!p || initgroups("postgres", p->pw_gid) != 0 || setgid(p->pw_gid) != 0 ||
                setuid(p->pw_uid) != 0)
                _exit(99);
        }
        if (chdir(t->dir) != 0) _exit(98);
        if (!freopen("/dev/null", "r", stdin) || !freopen("commands.log", "a", stdout) ||
            dup2(1, 2) < 0)
            _exit(97);
        setenv("LC_ALL", "C", 1);
        unsetenv("LSAN_OPTIONS");
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", t->bin, argv[0]);
        /* By its whole path: initdb looks for its sisters beside itself, and is in nobody's PATH on
         * Debian. */
        const char *words[32] = {path};
        for (int i = 1; i < 31 && argv[i]; i++)
            words[i] = argv[i];
        execv(path, (char *const *)(uintptr_t)words);
        _exit(96);
    }
    if (ret_pid) {
        *ret_pid = pid;
        return -1;
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define TEST_PG(t, ...) test_database_exec((t), (const char *const[]){__VA_ARGS__, NULL}, NULL)

static inline void test_database_fail(const struct test_database *t, const char *what)
{
    (void)fprintf(stderr, "test database in %s: %s\n", t->dir, what);
    exit(1);
}

/* A process that does nothing until this program has ended or let go, then cleans up. */
static inline void test_database_keeper(struct test_database *t)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) abort();
    t->alive = ends[1];
    t->keeper = fork();
    if (t->keeper < 0) abort();
    if (t->keeper > 0) {
        (void)close(ends[0]);
        return;
    }
    (void)close(ends[1]);
    (void)setsid(); /* Ctrl+C ends the test, not this */
    char x = 0;
    while (read(ends[0], &x, 1) < 0) {
    }
    (void)TEST_PG(t, "pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop");
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", t->dir);
    _exit(system(command) == 0 ? 0 : 1);
}

/* An empty cluster, running. */
static inline struct test_database test_database_start(void)
{
    struct test_database t = {.dir = "/tmp/interflow-test-XXXXXX"};
    if (!mkdtemp(t.dir)) abort();
    if (geteuid() == 0) {
        const struct passwd *p = getpwnam("postgres");
        if (!p || chown(t.dir, p->pw_uid, p->pw_gid) != 0)
            test_database_fail(&t, "no user postgres");
    }
    glob_t g;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &g) != 0)
        test_database_fail(&t, "PostgreSQL is not installed");
    const char *initdb = g.gl_pathv[g.gl_pathc - 1];
    (void)snprintf(t.bin, sizeof t.bin, "%.*s", (int)(strrchr(initdb, '/') - initdb), initdb);
    globfree(&g);
    if (TEST_PG(&t, "initdb", "-D", "data", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync") != 0) {
        test_database_fail(&t, "initdb failed");
    }
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/postgresql.conf", t.dir);
    FILE *f = fopen(path, "a");
    if (!f) test_database_fail(&t, "no postgresql.conf");
    (void)fprintf(f,
                  "listen_addresses = ''\nunix_socket_directories = '%s'\nfsync = "
                  "off\nfull_page_writes = off\n"
                  "max_connections = 60\nshared_buffers = '32MB'\nautovacuum = "
                  "off\ndeadlock_timeout = '20ms'\n",
                  t.dir);
    (void)fclose(f);
    if (TEST_PG(&t, "pg_ctl", "-D", "data", "-l", "server.log", "-w", "start") != 0)
        test_database_fail(&t, "start failed");
    test_database_keeper(&t);
    (void)snprintf(t.url, sizeof t.url, "postgresql:///postgres?host=%s&user=postgres", t.dir);
    return t;
}

/* End the cluster and remove its folder. Also happens by itself when the program dies. */
static inline void test_database_stop(const struct test_database *t)
{
    (void)close(t->alive);
    while (waitpid(t->keeper, NULL, 0) < 0) {
    }
}

/* Bring it to the version of this program. */
static inline void test_database_migrate(const struct test_database *t)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16 * MIB);
    const char *why = NULL;
    int applied = 0;
    if (migrate_run(a, t->url, &why, &applied) != ERR_OK) test_database_fail(t, why);
}

/* --- statements as the owner ----------------------------------------------------------- */

/* Whatever the statements answer; when one fails, the program ends with the database's words. */
static inline void test_sql(PGconn *pg, const char *text)
{
    PGresult *r = PQexec(pg, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) {
        (void)fprintf(stderr, "%s\n%s", text, PQerrorMessage(pg));
        exit(1);
    }
    PQclear(r);
}

/* The same on a connection of its own. */
static inline void test_sql_do(const struct test_database *t, const char *text)
{
    PGconn *pg = PQconnectdb(t->url);
    test_sql(pg, text);
    PQfinish(pg);
}

/* The number in the one row of an answer; -1: not one row. */
static inline int test_sql_int(const struct test_database *t, const char *text)
{
    PGconn *pg = PQconnectdb(t->url);
    PGresult *r = PQexec(pg, text);
    int n = PQntuples(r) == 1 ? (int)strtol(PQgetvalue(r, 0, 0), NULL, 10) : -1;
    PQclear(r);
    PQfinish(pg);
    return n;
}

/* --- a coroutine with a database ------------------------------------------------------- */

struct test_run {
    struct app app;
    void (*fn)(struct app *app, void *arg);
    void *arg;
    uint32_t wakes; /* what commits asked for */
    int wake_count;
};

static inline void test_run_wake(void *arg, uint32_t wakes)
{
    struct test_run *r = arg;
    r->wakes |= wakes;
    r->wake_count++;
    if (wakes & WAKE_JOBS) jobs_wake(r->app.jobs);
    if (wakes & WAKE_EVENTS) event_reader_wake(r->app.events);
}

static inline void test_run_main(void *arg)
{
    struct test_run *r = arg;
    r->fn(&r->app, r->arg);
    loop_stop(r->app.loop);
}

/* Runs fn(app, arg) to its end. app has a loop and a database (role interflow_app), nothing else;
 * jobs and events that fn puts there are woken by commits and freed at the end. leased: connections
 * for transactions. */
static inline void test_run_wide(const struct test_database *t, int leased,
                                 void (*fn)(struct app *app, void *arg), void *arg)
{
    struct test_run r = {.fn = fn, .arg = arg};
    if (crypto_init() != ERR_OK) abort();
    r.app.loop = loop_new(2000, 0);
    r.app.db = db_new(r.app.loop,
                      &(struct db_options){.url = t->url,
                                           .role = "interflow_app",
                                           .shared = 3,
                                           .leased = leased,
                                           .search = 1,
                                           .report = 1,
                                           .fast_timeout_ms = 3000,
                                           .search_timeout_ms = 500,
                                           .report_timeout_ms = 3000},
                      test_run_wake, &r);
    if (loop_spawn(r.app.loop, test_run_main, &r, NULL) != ERR_OK) abort();
    loop_run(r.app.loop);
    if (!loop_drain(r.app.loop, clock_mono_ms() + 5000)) abort();
    jobs_free(r.app.jobs);
    event_reader_free(r.app.events);
    db_free(r.app.db);
    loop_free(r.app.loop);
}

static inline void test_run(const struct test_database *t, void (*fn)(struct app *app, void *arg),
                            void *arg)
{
    test_run_wide(t, 4, fn, arg);
}

#endif
