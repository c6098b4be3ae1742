/* The heap behind the loop's timers and deadlines: a plain binary heap of pointers; each node knows
 * its place, so that removal (most deadlines never fire) costs log n as well. */
#include "core/timer_heap.h"

#include <assert.h>

#include "base/mem.h"

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    if (a->due_ms != b->due_ms) return a->due_ms < b->due_ms;
    return a->order < b->order;
}

static void put(struct timer_heap *h, size_t i, struct heap_node *node)
{
    h->nodes[i] = node;
    node->place = i + 1;
}

static void rise(struct timer_heap *h, size_t i, struct heap_node *node)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!before(node, h->nodes[parent])) break;
        put(h, i, h->nodes[parent]);
        i = parent;
    }
    put(h, i, node);
}

static void sink(struct timer_heap *h, size_t i, struct heap_node *node)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->count) break;
        if (child + 1 < h->count && before(h->nodes[child + 1], h->nodes[child])) child++;
        if (!before(h->nodes[child], node)) break;
        put(h, i, h->nodes[child]);
        i = child;
    }
    put(h, i, node);
}

void timer_heap_add(struct timer_heap *h, struct heap_node *node, int64_t due_ms)
{
    assert(node->place == 0);
    if (h->count == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->nodes = mem_realloc(h->nodes, h->cap * sizeof(struct heap_node *));
    }
    node->due_ms = due_ms;
    node->order = h->next_order++;
    h->count++;
    rise(h, h->count - 1, node);
}

void timer_heap_remove(struct timer_heap *h, struct heap_node *node)
{
    if (node->place == 0) return;
    size_t i = node->place - 1;
    struct heap_node *last = h->nodes[--h->count];
    node->place = 0;
    if (last == node) return;
    if (before(last, node)) {
        rise(h, i, last);
    } else {
        sink(h, i, last);
    }
}

struct heap_node *timer_heap_first(const struct timer_heap *h)
{
    return h->count > 0 ? h->nodes[0] : NULL;
}

void timer_heap_clear(struct timer_heap *h)
{
    for (size_t i = 0; i < h->count; i++) {
        h->nodes[i]->place = 0;
    }
    mem_free(h->nodes);
    *h = (struct timer_heap){0};
}
