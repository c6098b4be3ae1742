/* Jobs against a real PostgreSQL: order keys, doubles, failure and back-off, parking, leases that
 * run out, are renewed or are lost, time limits, recurring jobs; several workers at once run
 * everything exactly once and in order. */
#include "check.h"

#include <signal.h>

#include "base/json.h"
#include "database.h"
#include "sql.h"

static struct test_database db;

/* What the runners note; one test runs at a time. */
static struct {
    int ran[64]; /* order of the numbers in the payloads */
    int count;
    int together, most_together;
    int parked, given_up;
    int tries;
    int cancelled;
    int fd; /* of the child process */
    bool fail;
    bool away_once; /* what hears of a parked job cannot do anything about it at first */
    bool held;      /* what run_hold waits for the end of */
    struct uuid org, slow;
    int slow_together, slow_most; /* of that organization */
} note;

static void sql_do(const char *text)
{
    test_sql_do(&db, text);
}

static int sql_int(const char *text)
{
    return test_sql_int(&db, text);
}

/* Sleep; how it ended does not matter. */
static void nap(struct app *app, int64_t ms)
{
    if (loop_sleep(app->loop, ms) != ERR_OK) return;
}

/* --- runners --------------------------------------------------------------------------- */

static enum job_outcome run_note(struct ctx *c, struct job *j)
{
    int n = (int)json_get_int(c->in, "n", -1);
    note.together++;
    if (note.together > note.most_together) note.most_together = note.together;
    nap(c->app, 3);
    note.together--;
    if (note.count < (int)ARRAY_LEN(note.ran)) note.ran[note.count] = n;
    note.count++;
    note.tries = j->tries;
    note.org = c->org;
    return JOB_DONE;
}

static enum job_outcome run_fail(struct ctx *c, struct job *j)
{
    (void)c;
    note.count++;
    note.tries = j->tries;
    if (!note.fail) return JOB_DONE;
    j->error = "no luck";
    return JOB_RETRY;
}

static enum err on_parked(struct ctx *c, struct job *j)
{
    assert_ptr_equal(c->in, j->payload);
    assert_true(json_is_object(j->payload)); /* who hangs on it is named there */
    if (strcmp(j->error, "no luck") == 0) note.parked++;
    if (strncmp(j->error, "given up", 8) == 0) note.given_up++;
    if (note.away_once) return note.away_once = false, ERR_UNAVAILABLE;
    return ERR_OK;
}

static enum job_outcome run_sleep(struct ctx *c, struct job *j)
{
    (void)j;
    note.count++;
    if (loop_sleep(c->app->loop, 60000) == ERR_CANCELLED) note.cancelled++;
    return JOB_RETRY;
}

static enum job_outcome run_again(struct ctx *c, struct job *j)
{
    (void)c;
    note.count++;
    note.tries = j->tries;
    if (note.count == 3) return JOB_DONE;
    j->again_unix_ms = clock_unix_ms() + 20;
    return JOB_AGAIN_AT;
}

/* Fails, then finds no room, then does it. */
static enum job_outcome run_crowded(struct ctx *c, struct job *j)
{
    (void)c;
    note.count++;
    note.tries = j->tries;
    if (note.count == 1) return JOB_RETRY;
    if (note.count == 3) return JOB_DONE;
    j->again_unix_ms = clock_unix_ms();
    j->untried = true;
    return JOB_AGAIN_AT;
}

static enum job_outcome run_hang(struct ctx *c, struct job *j)
{
    (void)j;
    if (write(note.fd, "x", 1) != 1) abort();
    nap(c->app, 60000);
    return JOB_RETRY;
}

/* Of the slow organization each hangs until it is let go. */
static enum job_outcome run_hold(struct ctx *c, struct job *j)
{
    (void)j;
    bool slow = uuid_equal(c->org, note.slow);
    note.slow_together += slow;
    if (note.slow_together > note.slow_most) note.slow_most = note.slow_together;
    while (slow && note.held && loop_sleep(c->app->loop, 5) == ERR_OK)
        ;
    note.slow_together -= slow;
    note.count++;
    return JOB_DONE;
}

static const struct job_kind kinds[] = {
    {.name = "t.note", .run = run_note},
    {.name = "t.fail", .run = run_fail, .max_tries = 2, .parked = on_parked},
    {.name = "t.sleep", .run = run_sleep, .timeout_s = 1},
    {.name = "t.long", .run = run_sleep, .lease_s = 2},
    {.name = "t.again", .run = run_again},
    {.name = "t.crowded", .run = run_crowded},
    {.name = "t.one", .run = run_note, .at_once = 1},
    {.name = "t.fair", .run = run_hold, .at_once = 4, .per_org = 2},
    {0},
};
static const struct job_kind *const tables[] = {kinds, NULL};

static const struct job_kind hang_kinds[] = {{.name = "t.hang", .run = run_hang, .lease_s = 1},
                                             {0}};
static const struct job_kind *const hang_tables[] = {hang_kinds, NULL};
static const struct job_kind after_kinds[] = {{.name = "t.hang", .run = run_note, .lease_s = 1},
                                              {0}};
static const struct job_kind *const after_tables[] = {after_kinds, NULL};
static const struct job_kind every_kinds[] = {{.name = "t.every", .run = run_note, .every_s = 1},
                                              {0}};
static const struct job_kind *const every_tables[] = {every_kinds, NULL};

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

static int fresh(void **state)
{
    (void)state;
    memset(&note, 0, sizeof note);
    sql_do("delete from jobs");
    return 0;
}

static void add(struct app *app, struct uuid org, struct job_new n, int number)
{
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 5000);
    c->org = org;
    CLEANUP(json_decrefp) json_t *payload = json_pack("{s:i}", "n", number);
    n.payload = payload;
    assert_int_equal(job_add(c, &n), ERR_OK);
}

static void wait_for(struct app *app, const int *value, int wanted, int64_t ms)
{
    int64_t until = clock_mono_ms() + ms;
    while (*value < wanted && clock_mono_ms() < until) {
        assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    }
    assert_int_equal(loop_sleep(app->loop, 60), ERR_OK); /* whatever comes too much, comes now */
}

/* --- tests ----------------------------------------------------------------------------- */

static void ordered(struct app *app, void *arg)
{
    (void)arg;
    struct uuid org = uuid_v7();
    for (int i = 0; i < 20; i++) {
        add(app, org, (struct job_new){.kind = "t.note", .order_key = "chat 1"}, i);
    }
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.count, 20, 5000);
    assert_int_equal(note.count, 20);
    assert_int_equal(note.most_together, 1);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(note.ran[i], i);
    }
    assert_true(uuid_equal(note.org, org));
    assert_int_equal(sql_int("select count(*) from jobs"), 0);
    /* without a key they run together, as many as the kind may; another organization's equal key is
     * another key */
    note.count = note.most_together = 0;
    for (int i = 0; i < 30; i++) {
        add(app, uuid_v7(),
            (struct job_new){.kind = "t.note", .order_key = i % 2 ? "chat 1" : NULL}, i);
    }
    wait_for(app, &note.count, 30, 5000);
    assert_int_equal(note.count, 30);
    assert_true(note.most_together > 1);
    assert_true(note.most_together <= 8);
    note.count = note.most_together = 0;
    for (int i = 0; i < 10; i++) {
        add(app, org, (struct job_new){.kind = "t.one"}, i);
    }
    wait_for(app, &note.count, 10, 5000);
    assert_int_equal(note.count, 10);
    assert_int_equal(note.most_together, 1);
}

static void test_ordered(void **state)
{
    (void)state;
    test_run(&db, ordered, NULL);
}

static void head_removed(struct app *app, void *arg)
{
    (void)arg;
    struct uuid org = uuid_v7();
    add(app, org, (struct job_new){.kind = "t.note", .order_key = "k", .delay_ms = 600000},
        1); /* the oldest is not due */
    for (int i = 2; i < 5; i++) {
        add(app, org, (struct job_new){.kind = "t.note", .order_key = "k"}, i);
    }
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.count, 1, 200);
    assert_int_equal(note.count, 0);
    assert_int_equal(sql_int("select count(*) from jobs where state = 'blocked'"), 3);
    sql_do("delete from jobs where due_at > now() + interval '1 minute'"); /* a timer that somebody
                                                                              takes back */
    jobs_wake(app->jobs);
    wait_for(app, &note.count, 3, 3000);
    assert_int_equal(note.count, 3);
    assert_int_equal(note.ran[0], 2);
    assert_int_equal(note.ran[2], 4);
}

static void test_head_removed(void **state)
{
    (void)state;
    test_run(&db, head_removed, NULL);
}

/* One that hangs holds two places of four; those who come behind its thirty go by. */
static void fair(struct app *app, void *arg)
{
    static struct app other;
    note.slow = uuid_v7();
    note.held = true;
    for (int i = 0; i < 30; i++) {
        add(app, note.slow, (struct job_new){.kind = "t.fair"}, i);
    }
    for (int i = 0; i < 6; i++) {
        add(app, i % 3 ? uuid_v7() : (struct uuid){0}, (struct job_new){.kind = "t.fair"}, i);
    }
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.count, 6, 60000);
    assert_int_equal(note.count, 6);
    assert_int_equal(note.slow_together, 2);
    /* a second worker takes none of them beside those of the first */
    other = *app;
    other.jobs = jobs_new(&other, tables);
    add(app, uuid_v7(), (struct job_new){.kind = "t.fair"}, 7);
    wait_for(app, &note.count, 7, 60000);
    assert_int_equal(note.count, 7);
    assert_int_equal(note.slow_together, 2);
    /* what waits for that wakes nobody before its time */
    assert_int_equal(sql_int("select (coalesce(jobs_next_due('{t.fair}', '{2}'), -1) > 1000)::int"),
                     1);
    assert_int_equal(sql_int("select jobs_next_due('{t.fair}')"), 0);
    assert_int_equal(sql_int("select count(*) from job_take('{t.fair}', '{9}', '{9}', '{2}')"), 0);
    assert_int_equal(note.slow_most, 2);
    note.held = false;
    wait_for(app, &note.count, 37, 60000);
    assert_int_equal(note.count, 37);
    while (!jobs_quiesce(other.jobs)) {
        assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    }
    *(struct jobs **)arg = other.jobs;
}

static void test_fair(void **state)
{
    (void)state;
    struct jobs *extra[2] = {NULL, NULL};
    test_run(&db, fair, extra);
    jobs_free(extra[0]);
}

static void crowded(struct app *app, void *arg)
{
    (void)arg;
    add(app, uuid_v7(), (struct job_new){.kind = "t.crowded"}, 1);
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.count, 3, 60000);
    assert_int_equal(note.count, 3);
    assert_int_equal(note.tries,
                     2); /* the run without room was none; the failure before it counts */
    assert_int_equal(sql_int("select count(*) from jobs"), 0);
}

static void test_crowded(void **state)
{
    (void)state;
    test_run(&db, crowded, NULL);
}

static void doubles(struct app *app, void *arg)
{
    (void)arg;
    struct uuid org = uuid_v7();
    add(app, org, (struct job_new){.kind = "t.note", .unique_key = "u", .delay_ms = 150}, 1);
    add(app, org, (struct job_new){.kind = "t.note", .unique_key = "u"}, 2);
    add(app, (struct uuid){0},
        (struct job_new){.kind = "t.note", .unique_key = "u", .delay_ms = 150}, 3);
    add(app, (struct uuid){0}, (struct job_new){.kind = "t.note", .unique_key = "u"}, 4);
    app->jobs = jobs_new(app, tables);
    int64_t began = clock_mono_ms();
    wait_for(app, &note.count, 2, 3000);
    assert_int_equal(note.count, 2);
    assert_true(clock_mono_ms() - began < 2000); /* the next due time is known, not polled for */
    assert_int_equal(note.ran[0] + note.ran[1], 4);
    add(app, org, (struct job_new){.kind = "t.note", .unique_key = "u"}, 5);
    wait_for(app, &note.count, 3, 3000);
    assert_int_equal(note.count, 3);
    /* a job of a transaction that is rolled back never was */
    {
        CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 5000);
        c->org = org;
        struct db_tx *tx = NULL;
        assert_int_equal(db_begin(c, &tx), ERR_OK);
        assert_int_equal(job_add(c, &(struct job_new){.kind = "t.note"}), ERR_OK);
        db_rollbackp(&tx);
    }
    wait_for(app, &note.count, 4, 200);
    assert_int_equal(note.count, 3);
}

static void test_doubles(void **state)
{
    (void)state;
    test_run(&db, doubles, NULL);
}

static void failing(struct app *app, void *arg)
{
    (void)arg;
    struct uuid org = uuid_v7();
    note.fail = true;
    add(app, org, (struct job_new){.kind = "t.fail", .order_key = "k"}, 1);
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.count, 1, 3000);
    assert_int_equal(note.count, 1);
    assert_int_equal(sql_int("select count(*) from jobs where state = 'waiting' and error = 'no "
                             "luck' and tries = 1 and "
                             "due_at between now() + interval '0.5 s' and now() + interval '2 s'"),
                     1);
    add(app, org, (struct job_new){.kind = "t.note", .order_key = "k"},
        7); /* waits for the one that failed */
    sql_do("update jobs set due_at = now()");
    jobs_wake(app->jobs);
    wait_for(app, &note.parked, 1, 3000);
    assert_int_equal(note.parked, 1);
    wait_for(app, &note.count, 3, 3000);
    assert_int_equal(sql_int("select tries from jobs where state = 'parked' and error = 'no luck'"),
                     2);
    assert_int_equal(note.count, 3); /* two tries, and the one behind it */
    assert_int_equal(sql_int("select count(*) from jobs"), 1);
    /* a person looks, and tries again */
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, MIB, clock_mono_ms() + 5000);
    c->org = org;
    struct rows *r = NULL;
    assert_int_equal(db_query(c, &SQL_JOBS_PARKED, NULL, &r), ERR_OK);
    assert_non_null(strstr(rows_text(r, 0, "json_build_object"), "no luck"));
    /* one that nobody looked at for long is not kept for ever; this one is */
    sql_do("insert into jobs (kind, state, parked_at) values ('t.old', 'parked', now() - interval "
           "'91 days')");
    assert_int_equal(db_one(c, &SQL_JOBS_PARKED_SWEEP, PARAMS(P_INT("days", 90)), &r), ERR_OK);
    assert_int_equal(rows_int(r, 0, "removed", 0), 1);
    note.fail = false;
    int id = sql_int("select id from jobs");
    c->org = uuid_v7();
    assert_int_equal(db_one(c, &SQL_JOB_PARKED_RETRY, PARAMS(P_INT("jobId", id)), &r),
                     ERR_NOT_FOUND);
    c->org = org;
    assert_int_equal(db_one(c, &SQL_JOB_PARKED_RETRY, PARAMS(P_INT("jobId", id)), &r), ERR_OK);
    wait_for(app, &note.count, 4, 3000);
    assert_int_equal(note.count, 4);
    assert_int_equal(sql_int("select count(*) from jobs"), 0);
}

static void test_failing(void **state)
{
    (void)state;
    test_run(&db, failing, NULL);
}

/* Every worker that ran it died: who hangs on it hears of it, with what it was for, and again when
 * nothing could be done at first. */
static void given_up(struct app *app, void *arg)
{
    (void)arg;
    note.away_once = true;
    sql_do("insert into jobs (kind, payload, state, tries, taken, lease_until) values ('t.fail', "
           "'{\"n\": 5}', 'running', 2, 2, now() - interval '1 second')");
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.given_up, 1, 3000);
    assert_int_equal(note.given_up, 1);
    assert_int_equal(sql_int("select count(*) from jobs where state = 'parked'"), 0);
    sql_do("update jobs set lease_until = now() - interval '1 second' where state = 'running'");
    jobs_wake(app->jobs);
    wait_for(app, &note.given_up, 2, 3000);
    assert_int_equal(note.given_up, 2);
    assert_int_equal(loop_sleep(app->loop, 300), ERR_OK);
    assert_int_equal(sql_int("select count(*) from jobs where state = 'parked'"), 1);
    assert_int_equal(note.count, 0); /* it was not run */
}

static void test_given_up(void **state)
{
    (void)state;
    test_run(&db, given_up, NULL);
}

static void limits(struct app *app, void *arg)
{
    (void)arg;
    add(app, (struct uuid){0}, (struct job_new){.kind = "t.sleep"}, 1);
    add(app, (struct uuid){0}, (struct job_new){.kind = "t.again"}, 1);
    app->jobs = jobs_new(app, tables);
    wait_for(app, &note.cancelled, 1, 3000);
    assert_int_equal(note.cancelled, 1);
    assert_int_equal(sql_int("select count(*) from jobs where kind = 't.sleep' and state = "
                             "'waiting' and error = 'took too long'"),
                     1);
    assert_int_equal(sql_int("select count(*) from jobs where kind = 't.again'"), 0);
    assert_int_equal(note.tries, 1); /* "again" is not a failure */
    sql_do("delete from jobs");
    /* a lease of 2 s is renewed after one: the job is still ours after three */
    note.count = note.cancelled = 0;
    add(app, (struct uuid){0}, (struct job_new){.kind = "t.long"}, 1);
    wait_for(app, &note.count, 1, 3000);
    assert_int_equal(loop_sleep(app->loop, 2600), ERR_OK);
    assert_int_equal(note.count, 1);
    assert_int_equal(sql_int("select count(*) from jobs where state = 'running' and lease_until > "
                             "now() and taken = 1"),
                     1);
    assert_false(jobs_quiesce(app->jobs));
    /* somebody else took it: our run ends and leaves the row alone */
    sql_do("update jobs set taken = 2, lease_until = now() + interval '1 hour'");
    wait_for(app, &note.cancelled, 1, 3000);
    assert_int_equal(note.cancelled, 1);
    assert_int_equal(sql_int("select count(*) from jobs where state = 'running' and taken = 2"), 1);
    assert_true(jobs_quiesce(app->jobs));
    add(app, (struct uuid){0}, (struct job_new){.kind = "t.note"}, 1);
    wait_for(app, &note.count, 2, 200);
    assert_int_equal(note.count, 1); /* nothing new is taken */
}

static void test_limits(void **state)
{
    (void)state;
    test_run(&db, limits, NULL);
}

/* --- a worker is killed ---------------------------------------------------------------- */

static void hang(struct app *app, void *arg)
{
    (void)arg;
    app->jobs = jobs_new(app, hang_tables);
    nap(app, 60000);
}

static void after_kill(struct app *app, void *arg)
{
    (void)arg;
    app->jobs = jobs_new(app, after_tables);
    wait_for(app, &note.count, 1, 5000);
    assert_int_equal(note.count, 1);
    assert_int_equal(note.tries, 2);
    assert_int_equal(sql_int("select count(*) from jobs"), 0);
}

static void test_killed(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    sql_do("insert into jobs (kind) values ('t.hang')");
    pid_t pid = fork();
    if (pid == 0) {
        note.fd = ends[1];
        test_run(&db, hang, NULL);
        _exit(0);
    }
    char x = 0;
    assert_int_equal(read(ends[0], &x, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    (void)waitpid(pid, NULL, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    test_run(&db, after_kill, NULL);
}

/* --- several workers ------------------------------------------------------------------- */

static void many(struct app *app, void *arg)
{
    (void)arg;
    enum { KEYS = 8, EACH = 25 };
    for (int i = 0; i < KEYS * EACH; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key %d", i % KEYS);
        add(app, (struct uuid){{1}}, (struct job_new){.kind = "t.note", .order_key = key}, i);
    }
    static struct app other,
        third; /* they outlive this coroutine: the schedulers end when the loop is drained */
    other = third = *app;
    app->jobs = jobs_new(app, tables);
    other.jobs = jobs_new(&other, tables);
    third.jobs = jobs_new(&third, tables);
    wait_for(app, &note.count, KEYS * EACH, 20000);
    assert_int_equal(note.count, KEYS * EACH);
    assert_int_equal(sql_int("select count(*) from jobs"), 0);
    assert_true(note.most_together <= KEYS);
    int last[KEYS];
    memset(last, -1, sizeof last);
    for (int i = 0; i < (int)ARRAY_LEN(note.ran); i++) {
        int key = note.ran[i] % KEYS;
        assert_true(note.ran[i] > last[key]); /* the order of each key, whoever ran it */
        last[key] = note.ran[i];
    }
    while (!jobs_quiesce(other.jobs) || !jobs_quiesce(third.jobs)) {
        assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    }
    *(struct jobs **)arg = other.jobs;
    ((struct jobs **)arg)[1] = third.jobs;
}

static void recurring(struct app *app, void *arg)
{
    static struct app other;
    other = *app;
    app->jobs = jobs_new(app, every_tables);
    other.jobs = jobs_new(&other, every_tables);
    assert_int_equal(loop_sleep(app->loop, 2600), ERR_OK);
    assert_int_equal(sql_int("select count(*) from jobs"), 1);
    assert_in_range(note.count, 2, 3); /* at 0, 1 and 2 seconds, not twice as often */
    assert_int_equal(note.most_together, 1);
    while (!jobs_quiesce(other.jobs)) {
        assert_int_equal(loop_sleep(app->loop, 5), ERR_OK);
    }
    *(struct jobs **)arg = other.jobs;
}

static void test_many(void **state)
{
    (void)state;
    struct jobs *extra[2] = {NULL, NULL};
    test_run(&db, many, extra);
    jobs_free(extra[0]);
    jobs_free(extra[1]);
}

static void test_recurring(void **state)
{
    (void)state;
    struct jobs *extra[2] = {NULL, NULL};
    test_run(&db, recurring, extra);
    jobs_free(extra[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ordered, fresh),
        cmocka_unit_test_setup(test_head_removed, fresh),
        cmocka_unit_test_setup(test_fair, fresh),
        cmocka_unit_test_setup(test_crowded, fresh),
        cmocka_unit_test_setup(test_doubles, fresh),
        cmocka_unit_test_setup(test_failing, fresh),
        cmocka_unit_test_setup(test_given_up, fresh),
        cmocka_unit_test_setup(test_limits, fresh),
        cmocka_unit_test_setup(test_killed, fresh),
        cmocka_unit_test_setup(test_many, fresh),
        cmocka_unit_test_setup(test_recurring, fresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
