/* The allocation wrappers of mem.h. They exist so that no caller has to handle a NULL from the
 * machine itself: limits on what a user can make us allocate are the arenas' and buffers'
 * business. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    (void)fputs("interflow: out of memory\n", stderr);
    abort();
}

void *mem_alloc(size_t size_bytes)
{
    void *p = calloc(1, size_bytes ? size_bytes : 1);
    if (!p) out_of_memory();
    return p;
}

void *mem_array(size_t count, size_t size_bytes)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size_bytes, &total)) out_of_memory();
    return mem_alloc(total);
}

void *mem_realloc(void *p, size_t size_bytes)
{
    void *q = realloc(p, size_bytes ? size_bytes : 1);
    if (!q) out_of_memory();
    return q;
}

char *mem_strdup(const char *s)
{
    if (!s) return NULL;
    size_t size = strlen(s) + 1;
    return memcpy(mem_alloc(size), s, size);
}

void mem_free(void *p)
{
    free(p);
}

void mem_freep(void *p)
{
    /* p points to a pointer of any type; copying its bytes keeps to the aliasing rules. */
    void *target = NULL;
    memcpy(&target, p, sizeof(target));
    free(target);
    target = NULL;
    memcpy(p, &target, sizeof(target));
}
