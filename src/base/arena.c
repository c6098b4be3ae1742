/* The memory pool of arena.h: blocks, one of them current. The first block is small and holds the
 * arena's own struct, so that a request that needs little costs one malloc; later blocks double up
 * to BLOCK_MAX. A piece too large for a block of the usual size gets one of its own, and the
 * current one stays in use.
 *
 * Invariant: every byte of a block beyond `used`, and the gap after every piece, is poisoned under
 * ASan. */
#include "base/arena.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_GAP ((size_t)16)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GAP ((size_t)16)
#endif
#endif
#ifndef ARENA_GAP
#define ARENA_GAP ((size_t)0)
#endif

#define ALIGN       ((size_t)16)
#define BLOCK_FIRST (2 * KIB)
#define BLOCK_MAX   (64 * KIB)

_Static_assert(_Alignof(max_align_t) <= ALIGN, "pieces must suit every type");

struct block {
    struct block *next;
    size_t size; /* bytes of data */
    size_t used;
    size_t reserved_; /* keeps data aligned */
    unsigned char data[];
};

struct on_free {
    struct on_free *next;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct block *first;   /* holds this struct */
    struct block *others;  /* all blocks but the first */
    struct block *current; /* where the next piece is taken from */
    struct on_free *on_free;
    size_t limit;
    size_t used;
    size_t next_size; /* of the next block */
    bool exceeded;
};

_Static_assert(offsetof(struct block, data) % ALIGN == 0, "data must be aligned");

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) & ~(ALIGN - 1);
}

static struct block *block_new(size_t size)
{
    struct block *b = mem_realloc(NULL, sizeof(*b) + size);
    *b = (struct block){.size = size};
    ASAN_POISON_MEMORY_REGION(b->data, size);
    return b;
}

static void block_free(struct block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    mem_free(b);
}

/* The next size bytes of b, which must have room for round_up(size) + ARENA_GAP. */
static void *block_take(struct block *b, size_t size)
{
    void *p = b->data + b->used;
    b->used += round_up(size) + ARENA_GAP;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return memset(p, 0, size);
}

static struct arena *arena_in(struct block *first, size_t limit_bytes)
{
    struct arena *a = block_take(first, sizeof(*a));
    *a = (struct arena){
        .current = first, .first = first, .limit = limit_bytes, .next_size = 2 * BLOCK_FIRST};
    return a;
}

struct arena *arena_new(size_t limit_bytes)
{
    if (limit_bytes > SIZE_MAX / 4) limit_bytes = SIZE_MAX / 4; /* sums below cannot overflow */
    return arena_in(block_new(BLOCK_FIRST - sizeof(struct block)), limit_bytes);
}

/* Runs the registered functions; each is taken off first, so one may register another. */
static void run_on_free(struct arena *a)
{
    while (a->on_free) {
        struct on_free *f = a->on_free;
        a->on_free = f->next;
        f->fn(f->arg);
    }
}

void arena_free(struct arena *a)
{
    if (!a) return;
    run_on_free(a);
    for (struct block *b = a->others; b;) {
        struct block *next = b->next;
        block_free(b);
        b = next;
    }
    block_free(a->first);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
    *a = NULL;
}

void arena_reset(struct arena *a)
{
    run_on_free(a);
    struct block *first = a->first;
    struct block *kept = NULL; /* the largest ordinary block */
    size_t limit = a->limit;
    for (struct block *b = a->others; b;) {
        struct block *next = b->next;
        if (b->size <= BLOCK_MAX && (!kept || b->size > kept->size)) {
            if (kept) block_free(kept);
            kept = b;
        } else {
            block_free(b);
        }
        b = next;
    }
    ASAN_POISON_MEMORY_REGION(first->data, first->size);
    first->used = 0;
    a = arena_in(first, limit); /* at the same address as before */
    if (kept) {
        ASAN_POISON_MEMORY_REGION(kept->data, kept->size);
        kept->used = 0;
        kept->next = NULL;
        a->others = a->current = kept;
    }
}

/* Takes size bytes regardless of the limit. */
static void *take(struct arena *a, size_t size)
{
    size_t need = round_up(size) + ARENA_GAP;
    struct block *b = a->current;
    if (b->size - b->used >= need) return block_take(b, size);

    size_t ordinary = a->next_size - sizeof(struct block);
    bool own = need > ordinary / 2;
    b = block_new(own ? need : ordinary);
    b->next = a->others;
    a->others = b;
    if (!own) {
        a->current = b;
        if (a->next_size < BLOCK_MAX) a->next_size *= 2;
    }
    return block_take(b, size);
}

void *arena_alloc(struct arena *a, size_t size_bytes)
{
    size_t limit = a->limit;
    if (size_bytes > limit || a->used > limit - size_bytes) {
        a->exceeded = true;
        if (size_bytes > ARENA_SMALL || a->used > limit + ARENA_RESERVE - size_bytes) return NULL;
    }
    a->used += round_up(size_bytes);
    return take(a, size_bytes);
}

void *arena_array(struct arena *a, size_t count, size_t size_bytes)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size_bytes, &total)) total = SIZE_MAX;
    return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *data, size_t len)
{
    void *p = arena_alloc(a, len);
    if (p && len) memcpy(p, data, len);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_memdup(a, s, strlen(s) + 1) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *p = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;
    if (p && len) memcpy(p, s, len);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(small, sizeof(small), fmt, ap);
    char *s = NULL;
    if (len >= 0 && (size_t)len < sizeof(small)) {
        s = arena_memdup(a, small, (size_t)len + 1);
    } else if (len >= 0) {
        s = arena_alloc(a, (size_t)len + 1);
        if (s) (void)vsnprintf(s, (size_t)len + 1, fmt, again);
    }
    va_end(again);
    return s;
}

void arena_on_free(struct arena *a, void (*fn)(void *), void *arg)
{
    /* Beyond the limit if need be: a resource must not leak. */
    struct on_free *f = take(a, sizeof(*f));
    *f = (struct on_free){.next = a->on_free, .fn = fn, .arg = arg};
    a->on_free = f;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

bool arena_exceeded(const struct arena *a)
{
    return a->exceeded;
}
