/* Coroutines: straight-line code that gives up the processor while it waits. Each has its own 256
 * KB stack by mmap with a guard page, taken from a pool; switches by glibc's ucontext (first entry)
 * and _setjmp/_longjmp, annotated for ASan and TSan. They run on one thread only: the worker's
 * loop. Nobody but loop.c resumes one. */
#ifndef INTERFLOW_CORE_COROUTINE_H
#define INTERFLOW_CORE_COROUTINE_H

#include <stdbool.h>

#include "base/err.h"

struct co;
struct co_pool;

#define CO_STACK_BYTES                                                                             \
    (256 * KIB) /* four times as much under a sanitizer, whose frames are larger */

/* At most max coroutines at once. Never NULL. */
struct co_pool *co_pool_new(int max);
/* Gives all stacks back. Coroutines that are still alive are dropped where they stand: what they
 * hold leaks, so let them end first (loop_drain). NULL is fine. */
void co_pool_free(struct co_pool *p);
int co_pool_live(const struct co_pool *p);

/* Make one, suspended before fn(arg). NULL when max are alive or the system has no more mappings.
 * It frees itself when fn returns; its struct is used again only after all others that are free, so
 * that a stale pointer does not soon mean somebody else. */
struct co *co_new(struct co_pool *p, void (*fn)(void *arg), void *arg);
/* From the loop only: run until it suspends or ends. */
void co_resume(struct co *co);
/* From inside only: give control back to the resumer. */
void co_suspend(void);
/* The running one, or NULL on the loop's own stack. */
struct co *co_self(void);
/* The arg given to co_new; NULL once it has ended. */
void *co_arg(const struct co *co);

#endif
