/* The event loop of a worker. One turn: ask the hooks how long to sleep, epoll_wait, dispatch
 * descriptors, fire timers, resume the coroutines that are ready, run the hooks' check.
 *
 * A coroutine is a task here: ready (in the queue), running, or waiting. Whatever ends its wait —
 * descriptor, deadline, wake, cancellation, end of offloaded work — calls task_ready with the
 * outcome; the first one wins, the others find the task no longer waiting. Coroutines are only ever
 * resumed from the queue, never from a callback: no code sees another run in the middle of it
 * unless it waits.
 *
 * Watches that are removed while events are dispatched go to a graveyard until the batch is over,
 * since a later event of the same batch may still point to them. A task's own watch needs no grave:
 * it is removed when the task runs, which is after the batch. */
#include "core/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/offload.h"
#include "core/timer_heap.h"

#define HOOKS_MAX     8
#define BATCH         256
#define FREE_DRAIN_MS (2 * SECOND_MS)

struct loop_watch {
    int fd;
    bool dead;
    void (*cb)(void *arg, uint32_t events);
    void *arg;
    struct loop_watch *next_dead;
};

struct loop_timer {
    struct heap_node node; /* first: the heap gives it back */
    void (*cb)(void *arg);
    void *arg;
    bool allocated; /* false: part of a task */
};

enum task_state { TASK_READY, TASK_RUNNING, TASK_WAITING };

struct task {
    struct loop *loop;
    struct co *co;
    void (*fn)(void *arg);
    void *arg;
    struct task *prev, *next; /* all that live */
    struct task *next_ready;
    struct loop_timer deadline;
    struct loop_watch watch; /* of loop_wait_fd */
    struct offload_work work;
    uint32_t got; /* events of the descriptor */
    enum task_state state;
    enum err outcome;
    int shield;
    bool cancelled;
    bool parked;    /* waits in loop_park */
    bool woken;     /* a wake that nobody waited for yet */
    bool offloaded; /* cannot be interrupted */
};

struct hook {
    int (*prepare)(void *arg);
    void (*check)(void *arg);
    void *arg;
};

struct loop {
    int epoll;
    int64_t now_ms;
    bool stop;
    bool draining;
    struct co_pool *pool;
    struct timer_heap timers;
    struct task *tasks;
    struct task *ready_first, **ready_last;
    struct hook hooks[HOOKS_MAX];
    int hook_count;
    struct loop_watch *graveyard;
    struct offload *offload; /* NULL: no threads */
    struct loop_watch *offload_watch;
    struct epoll_event batch[BATCH];
};

/* --- tasks ----------------------------------------------------------------------------- */

static struct task *task_self(struct loop *l)
{
    struct co *co = co_self();
    assert(co); /* waits are for coroutines only */
    struct task *t = co_arg(co);
    assert(t->loop == l);
    (void)l;
    return t;
}

static void task_queue(struct task *t)
{
    struct loop *l = t->loop;
    t->state = TASK_READY;
    t->next_ready = NULL;
    *l->ready_last = t;
    l->ready_last = &t->next_ready;
}

static void task_ready(struct task *t, enum err outcome)
{
    if (t->state != TASK_WAITING) return;
    t->outcome = outcome;
    task_queue(t);
}

static void task_on_deadline(void *arg)
{
    task_ready(arg, ERR_DEADLINE);
}

static void task_on_fd(void *arg, uint32_t events)
{
    struct task *t = arg;
    t->got = events;
    task_ready(t, ERR_OK);
}

static void task_main(void *arg)
{
    struct task *t = arg;
    t->fn(t->arg);
}

static bool task_interrupted(const struct task *t)
{
    return t->cancelled && t->shield == 0;
}

/* Wait until something calls task_ready. */
static enum err task_wait(struct task *t, int64_t deadline_ms)
{
    if (deadline_ms != CLOCK_NEVER) {
        timer_heap_add(&t->loop->timers, &t->deadline.node, deadline_ms);
    }
    t->state = TASK_WAITING;
    co_suspend();
    timer_heap_remove(&t->loop->timers, &t->deadline.node);
    return t->outcome;
}

static void task_free(struct task *t)
{
    struct loop *l = t->loop;
    if (t->prev) {
        t->prev->next = t->next;
    } else {
        l->tasks = t->next;
    }
    if (t->next) t->next->prev = t->prev;
    mem_free(t);
}

static void tasks_run(struct loop *l)
{
    struct task *t = l->ready_first;
    l->ready_first = NULL;
    l->ready_last = &l->ready_first;
    while (t) {
        struct task *next = t->next_ready;
        t->state = TASK_RUNNING;
        co_resume(t->co);
        if (t->state == TASK_RUNNING) task_free(t); /* it neither waits nor is queued: it ended */
        t = next;
    }
}

enum err loop_spawn(struct loop *l, void (*fn)(void *arg), void *arg, struct co **ret_co)
{
    if (l->draining) return ERR_UNAVAILABLE;
    struct task *t = mem_alloc(sizeof(*t));
    t->co = co_new(l->pool, task_main, t);
    if (!t->co) {
        mem_free(t);
        return ERR_UNAVAILABLE;
    }
    t->loop = l;
    t->fn = fn;
    t->arg = arg;
    t->deadline.cb = task_on_deadline;
    t->deadline.arg = t;
    t->next = l->tasks;
    if (t->next) t->next->prev = t;
    l->tasks = t;
    task_queue(t);
    if (ret_co) *ret_co = t->co;
    return ERR_OK;
}

static void task_cancel(struct task *t)
{
    t->cancelled = true;
    if (t->shield == 0 && !t->offloaded) task_ready(t, ERR_CANCELLED);
}

void loop_cancel(struct loop *l, struct co *co)
{
    (void)l;
    struct task *t = co ? co_arg(co) : NULL;
    if (t) task_cancel(t);
}

void loop_shield(struct loop *l, bool on)
{
    struct task *t = task_self(l);
    t->shield += on ? 1 : -1;
    assert(t->shield >= 0);
}

bool loop_cancelled(struct loop *l)
{
    return task_self(l)->cancelled;
}

bool loop_interrupted(struct loop *l)
{
    return task_interrupted(task_self(l));
}

/* --- waits ----------------------------------------------------------------------------- */

enum err loop_sleep_until(struct loop *l, int64_t deadline_ms)
{
    struct task *t = task_self(l);
    if (task_interrupted(t)) return ERR_CANCELLED;
    enum err e = task_wait(t, deadline_ms);
    return e == ERR_DEADLINE ? ERR_OK : e;
}

enum err loop_sleep(struct loop *l, int64_t ms)
{
    return loop_sleep_until(l, clock_mono_ms() + ms);
}

enum err loop_wait_fd(struct loop *l, int fd, uint32_t events, int64_t deadline_ms,
                      uint32_t *ret_events)
{
    struct task *t = task_self(l);
    if (task_interrupted(t)) return ERR_CANCELLED;
    t->watch = (struct loop_watch){.fd = fd, .cb = task_on_fd, .arg = t};
    struct epoll_event ev = {.events = events, .data.ptr = &t->watch};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) return ERR_IO;
    t->got = 0;
    enum err e = task_wait(t, deadline_ms);
    (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
    if (e == ERR_OK && ret_events) *ret_events = t->got;
    return e;
}

enum err loop_park(struct loop *l, int64_t deadline_ms)
{
    struct task *t = task_self(l);
    if (task_interrupted(t)) return ERR_CANCELLED;
    if (t->woken) {
        t->woken = false;
        return ERR_OK;
    }
    t->parked = true;
    enum err e = task_wait(t, deadline_ms);
    t->parked = false;
    return e;
}

void loop_wake(struct loop *l, struct co *co)
{
    (void)l;
    struct task *t = co ? co_arg(co) : NULL;
    if (!t) return;
    if (t->parked && t->state == TASK_WAITING) {
        task_ready(t, ERR_OK);
    } else {
        t->woken = true;
    }
}

enum err loop_offload(struct loop *l, void (*fn)(void *arg), void *arg)
{
    if (!l->offload || !co_self()) {
        fn(arg);
        return ERR_OK;
    }
    struct task *t = task_self(l);
    if (task_interrupted(t)) return ERR_CANCELLED;
    t->work = (struct offload_work){.fn = fn, .arg = arg, .owner = t};
    if (!offload_put(l->offload, &t->work)) return ERR_UNAVAILABLE;
    t->offloaded = true;
    enum err e = task_wait(t, CLOCK_NEVER);
    t->offloaded = false;
    if (e == ERR_OK && task_interrupted(t)) return ERR_CANCELLED;
    return e;
}

static void on_offload(void *arg, uint32_t events)
{
    (void)events;
    struct loop *l = arg;
    struct offload_work *w = offload_done(l->offload);
    while (w) {
        struct offload_work *next = w->next;
        task_ready(w->owner, ERR_OK);
        w = next;
    }
}

/* --- callbacks ------------------------------------------------------------------------- */

struct loop_watch *loop_watch(struct loop *l, int fd, uint32_t events,
                              void (*cb)(void *arg, uint32_t events), void *arg)
{
    struct loop_watch *w = mem_alloc(sizeof(*w));
    *w = (struct loop_watch){.fd = fd, .cb = cb, .arg = arg};
    struct epoll_event ev = {.events = events, .data.ptr = w};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
        mem_free(w);
        return NULL;
    }
    return w;
}

void loop_watch_set(struct loop *l, struct loop_watch *w, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = w};
    (void)epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &ev);
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
    if (!w) return;
    assert(!w->dead);
    (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    w->dead = true;
    w->next_dead = l->graveyard;
    l->graveyard = w;
}

static void graveyard_clear(struct loop *l)
{
    while (l->graveyard) {
        struct loop_watch *w = l->graveyard;
        l->graveyard = w->next_dead;
        mem_free(w);
    }
}

struct loop_timer *loop_timer(struct loop *l, int64_t due_ms, void (*cb)(void *arg), void *arg)
{
    struct loop_timer *t = mem_alloc(sizeof(*t));
    t->cb = cb;
    t->arg = arg;
    t->allocated = true;
    timer_heap_add(&l->timers, &t->node, due_ms);
    return t;
}

void loop_timer_cancel(struct loop *l, struct loop_timer *t)
{
    if (!t) return;
    timer_heap_remove(&l->timers, &t->node);
    mem_free(t);
}

static void timers_fire(struct loop *l)
{
    uint64_t end = l->timers.next_order; /* timers made by these callbacks wait for the next turn */
    for (;;) {
        struct heap_node *n = timer_heap_first(&l->timers);
        if (!n || n->due_ms > l->now_ms || n->order >= end) return;
        timer_heap_remove(&l->timers, n);
        struct loop_timer *t = (struct loop_timer *)n;
        void (*cb)(void *) = t->cb;
        void *arg = t->arg;
        if (t->allocated) mem_free(t);
        cb(arg);
    }
}

void loop_hook(struct loop *l, int (*prepare)(void *arg), void (*check)(void *arg), void *arg)
{
    assert(l->hook_count < HOOKS_MAX);
    l->hooks[l->hook_count++] = (struct hook){.prepare = prepare, .check = check, .arg = arg};
}

void loop_unhook(struct loop *l, void *arg)
{
    int kept = 0;
    for (int i = 0; i < l->hook_count; i++) {
        if (l->hooks[i].arg != arg) l->hooks[kept++] = l->hooks[i];
    }
    l->hook_count = kept;
}

/* --- the turn -------------------------------------------------------------------------- */

/* Milliseconds to sleep, -1 for ever. most_ms: an upper bound, -1 for none. */
static int sleep_time(struct loop *l, int most_ms)
{
    int ms = most_ms;
    for (int i = 0; i < l->hook_count; i++) {
        int wish = l->hooks[i].prepare ? l->hooks[i].prepare(l->hooks[i].arg) : -1;
        if (wish >= 0 && (ms < 0 || wish < ms)) ms = wish;
    }
    if (l->ready_first || l->stop) return 0;
    const struct heap_node *n = timer_heap_first(&l->timers);
    if (n) {
        int64_t left = n->due_ms - clock_mono_ms();
        if (left < 0) left = 0;
        if (left > INT32_MAX) left = INT32_MAX;
        if (ms < 0 || left < ms) ms = (int)left;
    }
    return ms;
}

static void turn(struct loop *l, int most_ms)
{
    int n = epoll_wait(l->epoll, l->batch, BATCH, sleep_time(l, most_ms));
    assert(n >= 0 || errno == EINTR);
    l->now_ms = clock_mono_ms();
    for (int i = 0; i < n; i++) {
        struct loop_watch *w = l->batch[i].data.ptr;
        if (!w->dead) w->cb(w->arg, l->batch[i].events);
    }
    graveyard_clear(l);
    timers_fire(l);
    tasks_run(l);
    for (int i = 0; i < l->hook_count; i++) {
        if (l->hooks[i].check) l->hooks[i].check(l->hooks[i].arg);
    }
}

struct loop *loop_new(int max_coroutines, int threads)
{
    struct loop *l = mem_alloc(sizeof(*l));
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) abort();
    l->now_ms = clock_mono_ms();
    l->pool = co_pool_new(max_coroutines);
    l->ready_last = &l->ready_first;
    if (threads > 0) {
        l->offload = offload_new(threads);
        l->offload_watch = loop_watch(l, offload_fd(l->offload), EPOLLIN, on_offload, l);
        if (!l->offload_watch) abort();
    }
    return l;
}

void loop_run(struct loop *l)
{
    assert(!co_self());
    while (!l->stop)
        turn(l, -1);
    l->stop = false;
}

void loop_stop(struct loop *l)
{
    l->stop = true;
}

int64_t loop_now(const struct loop *l)
{
    return l->now_ms;
}

int loop_count(const struct loop *l)
{
    return co_pool_live(l->pool);
}

bool loop_drain(struct loop *l, int64_t deadline_ms)
{
    assert(!co_self());
    l->draining = true;
    for (struct task *t = l->tasks; t; t = t->next) {
        task_cancel(t);
    }
    while (l->tasks && clock_mono_ms() < deadline_ms)
        turn(l, 20);
    l->draining = false;
    return !l->tasks;
}

void loop_free(struct loop *l)
{
    if (!l) return;
    (void)loop_drain(l, clock_mono_ms() + FREE_DRAIN_MS);
    loop_unwatch(l, l->offload_watch);
    graveyard_clear(l);
    offload_free(l->offload);
    while (l->timers.count > 0) {
        struct loop_timer *t = (struct loop_timer *)timer_heap_first(&l->timers);
        timer_heap_remove(&l->timers, &t->node);
        if (t->allocated) mem_free(t);
    }
    timer_heap_clear(&l->timers);
    while (l->tasks)
        task_free(l->tasks);
    co_pool_free(l->pool);
    (void)close(l->epoll);
    mem_free(l);
}
