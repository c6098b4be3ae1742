/* Coroutines on their own stacks.
 *
 * A coroutine is entered once by setcontext (a system call for the signal mask), later switches are
 * a pair of _setjmp/_longjmp, which leave the mask alone: 18 ns against 198. Jumping to another
 * stack is what _FORTIFY_SOURCE takes for an attack (longjmp_chk), hence it is undefined here,
 * before any header.
 *
 * Sanitizers must be told of every switch. ASan: start_switch_fiber before leaving a stack,
 * finish_switch_fiber on arrival; on the last switch of a coroutine the save slot is NULL, which
 * frees its fake frames; the bounds of the resumer's stack come from finish. TSan knows jmp_bufs by
 * thread only, so there swapcontext is used, with a TSan fiber for each coroutine.
 *
 * Stacks: a guard page below, kept in a small cache when they are free. The pool keeps the structs
 * of ended coroutines in a queue (first in, first out) so that a late loop_cancel on a stale
 * pointer meets a struct that says "ended" rather than a stranger. */
#undef _FORTIFY_SOURCE

#include "core/coroutine.h"

#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/mem.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CO_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define CO_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(CO_ASAN)
#define CO_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(CO_TSAN)
#define CO_TSAN 1
#endif

#ifdef CO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CO_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(CO_ASAN) || defined(CO_TSAN)
#define STACK_BYTES (4 * CO_STACK_BYTES)
#else
#define STACK_BYTES CO_STACK_BYTES
#endif

#define STACKS_CACHED   64
#define STRUCTS_RESTING 256 /* ended structs that are kept before one is used again */

struct co {
    struct co_pool *pool;
    void (*fn)(void *arg);
    void *arg;
    char *map; /* guard page, then the stack */
    bool started;
    bool ended;
    jmp_buf here; /* where it stands while suspended */
    jmp_buf back; /* where its resumer stands while it runs */
    struct co *next_free;
#ifdef CO_ASAN
    void *fake;              /* ASan's fake frames of the coroutine while it is suspended */
    const void *back_bottom; /* the resumer's stack */
    size_t back_size;
#endif
#ifdef CO_TSAN
    void *fiber, *back_fiber;
    ucontext_t here_uc, back_uc;
#endif
};

struct co_pool {
    int max;
    int live;
    size_t guard_bytes;
    struct co **all;
    int all_count;
    struct co *free_first, **free_last;
    char *stacks[STACKS_CACHED];
    int stack_count;
    ucontext_t first; /* used for a moment, at the first entry of a coroutine */
};

/* The one that runs on this thread. A thread has at most one loop. */
static _Thread_local struct co *current;

/* --- the sanitizers' view of a switch -------------------------------------------------- */

#ifdef CO_ASAN
static void leave_to_coroutine(struct co *co, void **ret_fake)
{
    __sanitizer_start_switch_fiber(ret_fake, co->map + co->pool->guard_bytes, STACK_BYTES);
}
static void arrive_in_resumer(void *fake)
{
    __sanitizer_finish_switch_fiber(fake, NULL, NULL);
}
static void leave_to_resumer(struct co *co)
{
    __sanitizer_start_switch_fiber(co->ended ? NULL : &co->fake, co->back_bottom, co->back_size);
}
static void arrive_in_coroutine(struct co *co)
{
    __sanitizer_finish_switch_fiber(co->fake, &co->back_bottom, &co->back_size);
}
#else
static void leave_to_coroutine(struct co *co, void **ret_fake)
{
    (void)co;
    *ret_fake = NULL;
}
static void arrive_in_resumer(void *fake)
{
    (void)fake;
}
static void leave_to_resumer(struct co *co)
{
    (void)co;
}
static void arrive_in_coroutine(struct co *co)
{
    (void)co;
}
#endif

/* --- the switches themselves ----------------------------------------------------------- */

static void entry(void);

static void context_make(struct co *co, ucontext_t *uc)
{
    if (getcontext(uc) != 0) abort();
    uc->uc_stack.ss_sp = co->map + co->pool->guard_bytes;
    uc->uc_stack.ss_size = STACK_BYTES;
    uc->uc_link = NULL;
    makecontext(uc, entry, 0);
}

#ifdef CO_TSAN
static void switch_to_coroutine(struct co *co)
{
    if (!co->started) context_make(co, &co->here_uc);
    co->started = true;
    co->back_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(co->fiber, 0);
    if (swapcontext(&co->back_uc, &co->here_uc) != 0) abort();
}
static void switch_to_resumer(struct co *co)
{
    __tsan_switch_to_fiber(co->back_fiber, 0);
    if (swapcontext(&co->here_uc, &co->back_uc) != 0) abort();
}
#else
__attribute__((noinline)) static void switch_to_coroutine(struct co *co)
{
    if (_setjmp(co->back) != 0) return;
    if (co->started) _longjmp(co->here, 1);
    co->started = true;
    /* Not a local: setcontext never returns, and ASan would take this frame for still alive. */
    context_make(co, &co->pool->first);
    (void)setcontext(&co->pool->first);
    abort();
}
__attribute__((noinline)) static void switch_to_resumer(struct co *co)
{
    if (_setjmp(co->here) != 0) return;
    _longjmp(co->back, 1);
}
#endif

static void entry(void)
{
    struct co *co = current;
    arrive_in_coroutine(co);
    co->fn(co->arg);
    co->ended = true;
    leave_to_resumer(co);
    switch_to_resumer(co);
    abort(); /* nobody resumes an ended one */
}

/* --- stacks ---------------------------------------------------------------------------- */

static char *stack_take(struct co_pool *p)
{
    if (p->stack_count > 0) return p->stacks[--p->stack_count];
    size_t size = p->guard_bytes + STACK_BYTES;
    char *map =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (map == MAP_FAILED) return NULL;
    if (mprotect(map + p->guard_bytes, STACK_BYTES, PROT_READ | PROT_WRITE) != 0) {
        (void)munmap(map, size);
        return NULL;
    }
    return map;
}

static void stack_give(struct co_pool *p, char *map)
{
#ifdef CO_ASAN
    /* The frame of entry() never returns: its poison must not outlive it. */
    ASAN_UNPOISON_MEMORY_REGION(map + p->guard_bytes, STACK_BYTES);
#endif
    if (p->stack_count < STACKS_CACHED) {
        p->stacks[p->stack_count++] = map;
    } else {
        (void)munmap(map, p->guard_bytes + STACK_BYTES);
    }
}

/* --- public ---------------------------------------------------------------------------- */

struct co_pool *co_pool_new(int max)
{
    struct co_pool *p = mem_alloc(sizeof(*p));
    p->max = max;
    p->guard_bytes = (size_t)sysconf(_SC_PAGESIZE);
    p->all = mem_array((size_t)max, sizeof(struct co *));
    p->free_last = &p->free_first;
    return p;
}

void co_pool_free(struct co_pool *p)
{
    if (!p) return;
    for (int i = 0; i < p->all_count; i++) {
        struct co *co = p->all[i];
        if (co->map) stack_give(p, co->map);
#ifdef CO_TSAN
        if (co->fiber) __tsan_destroy_fiber(co->fiber);
#endif
        mem_free(co);
    }
    for (int i = 0; i < p->stack_count; i++) {
        (void)munmap(p->stacks[i], p->guard_bytes + STACK_BYTES);
    }
    mem_free(p->all);
    mem_free(p);
}

int co_pool_live(const struct co_pool *p)
{
    return p->live;
}

struct co *co_new(struct co_pool *p, void (*fn)(void *arg), void *arg)
{
    if (p->live >= p->max) return NULL;
    char *map = stack_take(p);
    if (!map) return NULL;
    struct co *co = p->free_first;
    if (co && (p->all_count >= p->max || p->all_count - p->live > STRUCTS_RESTING)) {
        p->free_first = co->next_free;
        if (!p->free_first) p->free_last = &p->free_first;
    } else { /* grow a little first: the longer a struct rests, the safer stale pointers are */
        co = mem_alloc(sizeof(*co));
        p->all[p->all_count++] = co;
    }
    *co = (struct co){.pool = p, .fn = fn, .arg = arg, .map = map};
#ifdef CO_TSAN
    co->fiber = __tsan_create_fiber(0);
#endif
    p->live++;
    return co;
}

void co_resume(struct co *co)
{
    assert(!current && !co->ended);
    void *fake = NULL;
    current = co;
    leave_to_coroutine(co, &fake);
    switch_to_coroutine(co);
    arrive_in_resumer(fake);
    current = NULL;
    if (!co->ended) return;
    struct co_pool *p = co->pool;
#ifdef CO_TSAN
    __tsan_destroy_fiber(co->fiber);
    co->fiber = NULL;
#endif
    stack_give(p, co->map);
    co->map = NULL;
    co->next_free = NULL;
    *p->free_last = co;
    p->free_last = &co->next_free;
    p->live--;
}

void co_suspend(void)
{
    struct co *co = current;
    assert(co);
    leave_to_resumer(co);
    switch_to_resumer(co);
    arrive_in_coroutine(co);
}

struct co *co_self(void)
{
    return current;
}

void *co_arg(const struct co *co)
{
    return co->ended ? NULL : co->arg;
}
