/* The allocation wrappers: the only callers of malloc in this program. For objects that outlive a
 * context (x_new / x_free); everything else belongs to an arena. They abort when the machine has no
 * memory: there is no sensible way on, and the supervisor starts the process again. */
#ifndef INTERFLOW_BASE_MEM_H
#define INTERFLOW_BASE_MEM_H

#include "base/util.h"

/* Zeroed memory, never NULL (size 0 gives one byte). Owned by the caller: mem_free. */
void *mem_alloc(size_t size_bytes);
/* count elements of size_bytes each, zeroed; aborts when the product overflows. */
void *mem_array(size_t count, size_t size_bytes);
/* As realloc; the new part is not zeroed. p may be NULL. */
void *mem_realloc(void *p, size_t size_bytes);
char *mem_strdup(const char *s); /* NULL stays NULL */
void mem_free(void *p);          /* NULL is fine */
void mem_freep(void *p);         /* cleanup function: CLEANUP(mem_freep) char *s = ...; */

#endif
