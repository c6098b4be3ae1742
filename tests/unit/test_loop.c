/* Coroutines and the loop: switches, waits, deadlines, cancellation, shields, wakes that come
 * early, offloaded work, the cap on their number, and what ends with the loop. */
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/loop.h"

#include "check.h"

struct bench {
    struct loop *l;
    int running; /* tasks until the loop stops */
    char log[256];
};

struct step {
    struct bench *b;
    struct co *co;
    const char *name;
    int64_t ms;
    int fd;
    enum err e;
    uint32_t events;
    int count;
    bool flag;
};

static void note(struct bench *b, const char *s)
{
    size_t n = strlen(b->log);
    (void)snprintf(b->log + n, sizeof(b->log) - n, "%s", s);
}

static void done(struct bench *b)
{
    if (--b->running == 0) loop_stop(b->l);
}

static void start(struct bench *b, void (*fn)(void *), struct step *s)
{
    s->b = b;
    b->running++;
    assert_int_equal(loop_spawn(b->l, fn, s, &s->co), ERR_OK);
}

static void sleeper(void *arg)
{
    struct step *s = arg;
    s->e = loop_sleep(s->b->l, s->ms);
    note(s->b, s->name);
    done(s->b);
}

static void test_sleep_order(void **state)
{
    (void)state;
    struct bench b = {.l = loop_new(10, 0)};
    struct step s[] = {{.name = "c", .ms = 30}, {.name = "a", .ms = 0}, {.name = "b", .ms = 15}};
    int64_t before = clock_mono_ms();
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        start(&b, sleeper, &s[i]);
    loop_run(b.l);
    assert_string_equal(b.log, "abc");
    int64_t took = clock_mono_ms() - before;
    assert_true(took >= 30 && took < 1000);
    assert_int_equal(loop_count(b.l), 0);
    loop_free(b.l);
}

static void fd_reader(void *arg)
{
    struct step *s = arg;
    s->e = loop_wait_fd(s->b->l, s->fd, EPOLLIN, clock_mono_ms() + s->ms, &s->events);
    done(s->b);
}

static void fd_writer(void *arg)
{
    struct step *s = arg;
    assert_int_equal(loop_sleep(s->b->l, 10), ERR_OK);
    assert_int_equal(write(s->fd, "x", 1), 1);
    done(s->b);
}

static void test_wait_fd(void **state)
{
    (void)state;
    int pair[2], silent[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, silent), 0);
    struct bench b = {.l = loop_new(10, 0)};
    struct step reader = {.fd = pair[0], .ms = 5000}, writer = {.fd = pair[1]};
    struct step late = {.fd = silent[0], .ms = 20}, twice = {.fd = pair[0], .ms = 5000};
    start(&b, fd_reader, &reader);
    start(&b, fd_reader, &late);
    start(&b, fd_reader, &twice); /* one waiter per descriptor */
    start(&b, fd_writer, &writer);
    loop_run(b.l);
    assert_int_equal(reader.e, ERR_OK);
    assert_true(reader.events & EPOLLIN);
    assert_int_equal(late.e, ERR_DEADLINE);
    assert_int_equal(twice.e, ERR_IO);
    /* The descriptor was let go: it can be waited for again, and a hang-up ends the wait too. */
    char x;
    assert_int_equal(read(pair[0], &x, 1), 1);
    start(&b, fd_reader, &reader);
    (void)close(pair[1]);
    loop_run(b.l);
    assert_int_equal(reader.e, ERR_OK);
    assert_true(reader.events & EPOLLHUP);
    loop_free(b.l);
    (void)close(pair[0]);
    (void)close(silent[0]);
    (void)close(silent[1]);
}

static void victim(void *arg)
{
    struct step *s = arg;
    s->e = loop_sleep(s->b->l, 60000);
    assert_true(loop_cancelled(s->b->l));
    assert_int_equal(loop_sleep(s->b->l, 1), ERR_CANCELLED); /* at once from now on */
    assert_int_equal(loop_park(s->b->l, CLOCK_NEVER), ERR_CANCELLED);
    loop_shield(s->b->l, true);
    loop_shield(s->b->l, true);
    assert_int_equal(loop_sleep(s->b->l, 5), ERR_OK); /* clean-up may still wait */
    loop_shield(s->b->l, false);
    assert_int_equal(loop_sleep(s->b->l, 5), ERR_OK);
    loop_shield(s->b->l, false);
    assert_int_equal(loop_sleep(s->b->l, 5), ERR_CANCELLED);
    done(s->b);
}

static void shielded(void *arg)
{
    struct step *s = arg;
    loop_shield(s->b->l, true);
    s->e = loop_sleep(s->b->l, 30); /* cancelled in the middle: goes on */
    loop_shield(s->b->l, false);
    s->flag = loop_sleep(s->b->l, 1) == ERR_CANCELLED;
    done(s->b);
}

static void canceller(void *arg)
{
    struct step *s = arg; /* s[0] me, s[1] victim, s[2] shielded */
    assert_int_equal(loop_sleep(s->b->l, 10), ERR_OK);
    loop_cancel(s->b->l, s[1].co);
    loop_cancel(s->b->l, s[2].co);
    loop_cancel(s->b->l, NULL);
    done(s->b);
}

static void test_cancel(void **state)
{
    (void)state;
    struct bench b = {.l = loop_new(10, 0)};
    struct step s[3] = {0};
    start(&b, canceller, &s[0]);
    start(&b, victim, &s[1]);
    start(&b, shielded, &s[2]);
    loop_run(b.l);
    assert_int_equal(s[1].e, ERR_CANCELLED);
    assert_int_equal(s[2].e, ERR_OK);
    assert_true(s[2].flag);
    loop_cancel(b.l, s[1].co); /* ended long ago: ignored */
    loop_wake(b.l, s[1].co);
    loop_free(b.l);
}

static void parker(void *arg)
{
    struct step *s = arg;
    assert_int_equal(loop_sleep(s->b->l, 10), ERR_OK); /* the wake comes meanwhile and is kept */
    s->e = loop_park(s->b->l, clock_mono_ms() + 5000);
    s->flag = loop_park(s->b->l, clock_mono_ms() + 10) == ERR_DEADLINE; /* one, not two */
    done(s->b);
}

static void waker(void *arg)
{
    struct step *s = arg;
    loop_wake(s->b->l, s[1].co);
    loop_wake(s->b->l, s[1].co);
    done(s->b);
}

static void test_park(void **state)
{
    (void)state;
    struct bench b = {.l = loop_new(10, 0)};
    struct step s[2] = {0};
    start(&b, waker, &s[0]);
    start(&b, parker, &s[1]);
    loop_run(b.l);
    assert_int_equal(s[1].e, ERR_OK);
    assert_true(s[1].flag);
    loop_free(b.l);
}

static void burn(void *arg)
{
    struct step *s = arg;
    for (int i = 0; i < 1000; i++)
        s->count++;
    (void)usleep(1000);
}

static void offloader(void *arg)
{
    struct step *s = arg;
    for (int i = 0; i < 20; i++) {
        s->e = loop_offload(s->b->l, burn, s);
        if (s->e) break;
        s->count++; /* ours again, without a lock */
    }
    done(s->b);
}

static void test_offload(void **state)
{
    (void)state;
    struct bench b = {.l = loop_new(100, 3)};
    struct step s[12] = {0};
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        start(&b, offloader, &s[i]);
    loop_run(b.l);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        assert_int_equal(s[i].e, ERR_OK);
        assert_int_equal(s[i].count, 20 * 1001);
    }
    /* More than the queue takes: refused, not lost. */
    struct step many[90] = {0};
    int refused = 0;
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        start(&b, offloader, &many[i]);
    loop_run(b.l);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        if (many[i].e == ERR_UNAVAILABLE) refused++;
    }
    assert_in_range(refused, 1, 90 - 64);
    loop_free(b.l);
}

static void slow_burn(void *arg)
{
    struct step *s = arg;
    (void)usleep(30000);
    s->flag = true;
}

static void offload_cancelled(void *arg)
{
    struct step *s = arg;
    s->e = loop_offload(s->b->l, slow_burn, s);
    s->count = s->flag ? 1 : 0; /* it had ended before we came back */
    done(s->b);
}

static void test_offload_cancel(void **state)
{
    (void)state;
    struct bench b = {.l = loop_new(10, 1)};
    struct step s[3] = {0};
    start(&b, canceller, &s[0]);
    start(&b, offload_cancelled, &s[1]);
    start(&b, shielded, &s[2]);
    loop_run(b.l);
    assert_int_equal(s[1].e, ERR_CANCELLED);
    assert_int_equal(s[1].count, 1);
    loop_free(b.l);
    b = (struct bench){.l = loop_new(10, 0)}; /* without threads: on the spot */
    struct step here = {0};
    start(&b, offload_cancelled, &here);
    loop_run(b.l);
    assert_int_equal(here.e, ERR_OK);
    assert_true(here.flag);
    loop_free(b.l);
}

static void forever(void *arg)
{
    struct step *s = arg;
    char *held = mem_alloc(1000); /* leak detection: the drain must unwind us */
    s->e = loop_park(s->b->l, CLOCK_NEVER);
    mem_free(held);
}

static void test_limit_and_drain(void **state)
{
    (void)state;
    struct loop *l = loop_new(3, 0);
    struct bench b = {.l = l};
    struct step s[3] = {0};
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        start(&b, forever, &s[i]);
    assert_int_equal(loop_spawn(l, forever, &s[0], NULL), ERR_UNAVAILABLE);
    assert_int_equal(loop_count(l), 3);
    assert_true(loop_drain(l, clock_mono_ms() + 2000));
    assert_int_equal(loop_count(l), 0);
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        assert_int_equal(s[i].e, ERR_CANCELLED);
    start(&b, forever, &s[0]);
    loop_free(l); /* drains by itself */
    assert_int_equal(s[0].e, ERR_CANCELLED);
}

/* Watches: level-triggered, may remove themselves and others within one batch. */
struct pair_watch {
    struct loop *l;
    struct loop_watch *w[2];
    int fired;
};

static void on_pair(void *arg, uint32_t events)
{
    struct pair_watch *p = arg;
    assert_true(events & EPOLLIN);
    p->fired++;
    loop_unwatch(p->l, p->w[0]);
    loop_unwatch(p->l, p->w[1]);
    p->w[0] = p->w[1] = NULL;
}

static void on_stop(void *arg)
{
    loop_stop(arg);
}

static void test_watch(void **state)
{
    (void)state;
    int a[2], c[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c), 0);
    struct loop *l = loop_new(1, 0);
    struct pair_watch p = {.l = l};
    p.w[0] = loop_watch(l, a[0], EPOLLIN, on_pair, &p);
    p.w[1] = loop_watch(l, c[0], EPOLLIN, on_pair, &p);
    assert_null(loop_watch(l, a[0], EPOLLIN, on_pair, &p));
    assert_int_equal(write(a[1], "x", 1), 1);
    assert_int_equal(write(c[1], "x", 1), 1);
    (void)loop_timer(l, clock_mono_ms() + 20, on_stop, l);
    struct loop_timer *never = loop_timer(l, clock_mono_ms() + 5, on_stop, NULL);
    loop_timer_cancel(l, never);
    loop_run(l);
    assert_int_equal(p.fired, 1);
    loop_free(l);
    for (int i = 0; i < 2; i++) {
        (void)close(a[i]);
        (void)close(c[i]);
    }
}

struct hooked {
    struct loop *l;
    int turns;
};

static int hook_prepare(void *arg)
{
    (void)arg;
    return 1;
}

static void hook_check(void *arg)
{
    struct hooked *h = arg;
    if (++h->turns == 5) loop_stop(h->l);
}

static void test_hook(void **state)
{
    (void)state;
    struct loop *l = loop_new(1, 0);
    struct hooked h = {.l = l};
    loop_hook(l, hook_prepare, hook_check, &h);
    loop_run(l);
    assert_int_equal(h.turns, 5);
    loop_unhook(l, &h);
    (void)loop_timer(l, clock_mono_ms() + 5, on_stop, l);
    loop_run(l);
    assert_int_equal(h.turns, 5);
    loop_free(l);
}

static void rearm(void *arg)
{
    struct hooked *h = arg;
    if (++h->turns < 1000) (void)loop_timer(h->l, clock_mono_ms(), rearm, h);
}

static void test_timer_cannot_starve(void **state)
{
    (void)state;
    struct loop *l = loop_new(1, 0);
    struct hooked h = {.l = l};
    (void)loop_timer(l, clock_mono_ms(), rearm, &h);
    (void)loop_timer(l, clock_mono_ms(), on_stop, l); /* would never stop if re-arming went first */
    loop_run(l);
    assert_true(h.turns < 10);
    loop_free(l); /* frees the timer that is left */
}

/* Many, switching much, each with its own locals. */
static void switcher(void *arg)
{
    struct step *s = arg;
    unsigned char local[2048];
    memset(local, (int)s->ms, sizeof(local));
    for (int i = 0; i < 50; i++)
        assert_int_equal(loop_sleep(s->b->l, 0), ERR_OK);
    for (size_t i = 0; i < sizeof(local); i++)
        assert_int_equal(local[i], (unsigned char)s->ms);
    double d = (double)s->ms / 3;
    char text[64];
    (void)snprintf(text, sizeof(text), "%.17g", d);
    s->flag = strlen(text) > 0;
    done(s->b);
}

static void test_many(void **state)
{
    (void)state;
    struct bench b = {.l = loop_new(2000, 0)};
    struct step *s = mem_array(2000, sizeof(*s));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2000; i++) {
            s[i] = (struct step){.ms = i};
            start(&b, switcher, &s[i]);
        }
        loop_run(b.l);
        for (int i = 0; i < 2000; i++)
            assert_true(s[i].flag);
    }
    mem_free(s);
    loop_free(b.l);
}

#if defined(__clang__)
__attribute__((optnone))
#else
__attribute__((optimize("O0")))
#endif
static int
deep(volatile char *up, int n)
{
    volatile char here[1024];
    here[0] = (char)(up ? up[0] + 1 : 0);
    return n == 0 ? here[0] : deep(here, n - 1) + here[0];
}

static void overflow(void *arg)
{
    struct step *s = arg;
    s->count = deep(NULL, 100 * 1000);
}

static void test_guard_page(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)close(2);
        struct rlimit none = {0};
        (void)setrlimit(RLIMIT_CORE, &none);
        struct bench b = {.l = loop_new(1, 0)};
        struct step s = {0};
        start(&b, overflow, &s);
        loop_run(b.l);
        _exit(0); /* it ran over its stack unnoticed */
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleep_order),
        cmocka_unit_test(test_wait_fd),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_park),
        cmocka_unit_test(test_offload),
        cmocka_unit_test(test_offload_cancel),
        cmocka_unit_test(test_limit_and_drain),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_timer_cannot_starve),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_guard_page),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
