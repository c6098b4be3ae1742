/* A program run apart: its exit code, what it may not have, and its end when it takes too long. */
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/child.h"
#include "core/loop.h"

#include "check.h"

struct run {
    struct app app;
    const char *const *argv;
    struct child_limits limits;
    int code;
    enum err e;
    int64_t took_ms;
    char fault[64];
};

static void body(void *arg)
{
    struct run *r = arg;
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(&r->app, MIB, clock_mono_ms() + MINUTE_MS);
    int64_t began_ms = clock_mono_ms();
    r->e = child_run(c, r->argv, &r->limits, &r->code);
    r->took_ms = clock_mono_ms() - began_ms;
    if (c->fault.code) (void)snprintf(r->fault, sizeof r->fault, "%s", c->fault.code);
    loop_stop(r->app.loop);
}

static void run(struct run *r, const char *const *argv)
{
    r->app.loop = loop_new(4, 0);
    r->argv = argv;
    r->code = -1;
    if (r->limits.time_ms == 0) r->limits.time_ms = 10000;
    assert_int_equal(loop_spawn(r->app.loop, body, r, NULL), ERR_OK);
    loop_run(r->app.loop);
    loop_free(r->app.loop);
}

#define SHELL(script) ((const char *const[]){"/bin/sh", "-c", (script), NULL})

static void test_code(void **state)
{
    (void)state;
    struct run r = {0};
    run(&r, SHELL("exit 7"));
    assert_int_equal(r.e, ERR_OK);
    assert_int_equal(r.code, 7);
    r = (struct run){0};
    run(&r, SHELL("kill -SEGV $$"));
    assert_int_equal(r.e, ERR_OK);
    assert_int_equal(r.code, 128 + 11);
}

static void test_missing(void **state)
{
    (void)state;
    struct run r = {0};
    run(&r, (const char *const[]){"/usr/bin/there-is-no-such-program", NULL});
    assert_int_equal(r.e, ERR_NOT_FOUND);
    assert_string_equal(r.fault, "PROGRAM_MISSING");
}

/* Nothing of ours: no descriptor, no environment. */
static void test_bare(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int open_here = open("/dev/null", O_RDONLY);
    assert_true(open_here > 2);
    (void)setenv("SECRET_OF_OURS", "x", 1);
    struct run r = {0};
    run(&r,
        SHELL("test -z \"$SECRET_OF_OURS\" && test -z \"$(cat)\" && test ! -e /proc/self/fd/4"));
    assert_int_equal(r.code, 0);
}

static void test_limits(void **state)
{
    (void)state;
    struct run r = {.limits = {.time_ms = 300}};
    run(&r, SHELL("sleep 30 & sleep 30"));
    assert_int_equal(r.e, ERR_DEADLINE);
    assert_string_equal(r.fault, "PROGRAM_SLOW");
    assert_true(r.took_ms < 20000); /* far before its sleep ends */
    r = (struct run){.limits = {.cpu_s = 1}};
    run(&r, SHELL("while :; do :; done"));
    assert_int_equal(r.e, ERR_OK);
    assert_true(r.code > 128);
    r = (struct run){.limits = {.file_bytes = 4096}};
    char path[] = "/tmp/interflow-child-XXXXXX";
    CLEANUP(fd_closep) int fd = mkstemp(path);
    char script[128];
    (void)snprintf(script, sizeof script, "head -c 100000 /dev/zero > %s", path);
    run(&r, SHELL(script));
    assert_int_not_equal(r.code, 0);
    assert_true(lseek(fd, 0, SEEK_END) <= 4096);
    unlink(path);
}

static bool landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

/* Only the file that it reads, the one that it writes, and the programs of the system. */
static void test_closed_off(void **state)
{
    (void)state;
    if (!landlock()) skip();
    char from[] = "/tmp/interflow-child-XXXXXX", to[] = "/tmp/interflow-child-XXXXXX",
         other[] = "/tmp/interflow-child-XXXXXX", script[512];
    CLEANUP(fd_closep) int a = mkstemp(from);
    CLEANUP(fd_closep) int b = mkstemp(to);
    CLEANUP(fd_closep) int c = mkstemp(other);
    assert_true(a >= 0 && b >= 0 && c >= 0);
    assert_int_equal(write(a, "inside", 6), 6);
    const struct child_limits limits = {.reads = from, .writes = to};
    (void)snprintf(script, sizeof script, "/bin/cat %s > %s", from, to);
    struct run r = {.limits = limits};
    run(&r, SHELL(script));
    assert_int_equal(r.code, 0);
    assert_int_equal(lseek(b, 0, SEEK_END), 6);
    static const char *const closed[][2] = {{"/bin/cat", ""},
                                            {"echo x >", ""},
                                            {"echo x >", ".new"},
                                            {"/bin/ls /etc", ""},
                                            {"/bin/rm -f", ""}};
    for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
        (void)snprintf(script, sizeof script, "%s %s%s", closed[i][0], other, closed[i][1]);
        r = (struct run){.limits = limits};
        run(&r, SHELL(script));
        assert_int_equal(r.e, ERR_OK);
        if (r.code == 0) fail_msg("it may: %s", script);
    }
    assert_int_equal(lseek(c, 0, SEEK_END), 0);
    unlink(from);
    unlink(to);
    unlink(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code),       cmocka_unit_test(test_missing),
        cmocka_unit_test(test_bare),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_closed_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
