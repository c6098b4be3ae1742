/* A memory pool that is freed as a whole: one per request, job or flow step. Allocation is a
 * pointer bump; nothing is freed by hand. Each arena is born with a limit in bytes. Not shared by
 * threads.
 *
 * The limit guards against what a user can make us allocate. An allocation that would pass it gives
 * NULL: callers check wherever the size or the number of allocations comes from outside (a body, an
 * upload, rows of a query). Small pieces (ARENA_SMALL) may still use a reserve (ARENA_RESERVE)
 * beyond the limit, so that the code that reports the trouble works without checks of its own;
 * arena_exceeded says that it came to that.
 *
 * Under ASan everything that was not handed out is poisoned, with a gap between neighbours: an
 * overflow inside an arena is seen like one of malloc. */
#ifndef INTERFLOW_BASE_ARENA_H
#define INTERFLOW_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/util.h"

#define ARENA_SMALL   KIB        /* bytes: what counts as a small allocation */
#define ARENA_RESERVE (64 * KIB) /* bytes beyond the limit that small allocations may use */

struct arena;

/* A new pool that hands out at most limit_bytes. It costs one allocation of 2 KiB until more is
 * needed. Aborts when the machine has no memory at all. */
struct arena *arena_new(size_t limit_bytes);
/* Runs what arena_on_free registered, then gives all memory back. NULL is fine. */
void arena_free(struct arena *a);
void arena_freep(struct arena **a);
/* As arena_free followed by arena_new with the same limit, but keeps some blocks for the next
 * round: for loops that treat one thing after the other. */
void arena_reset(struct arena *a);

/* Zeroed, aligned for any type, valid until arena_free. NULL only when the limit is met (see
 * above). */
void *arena_alloc(struct arena *a, size_t size_bytes);
/* count elements of size_bytes each. NULL also when the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size_bytes);
void *arena_memdup(struct arena *a, const void *data, size_t len);
char *arena_strdup(struct arena *a, const char *s);              /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len); /* adds the NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Run fn(arg) when the arena is freed or reset, in reverse order of registration: for what is not
 * memory (PGresult, json_t, descriptor). Never fails. */
void arena_on_free(struct arena *a, void (*fn)(void *), void *arg);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);
/* True once an allocation was refused or had to use the reserve. */
bool arena_exceeded(const struct arena *a);

#endif
