/* A binary heap of due times. The nodes lie inside the structs that wait, so that nothing is
 * allocated per wait. Equal times leave in the order of arrival. */
#ifndef INTERFLOW_CORE_TIMER_HEAP_H
#define INTERFLOW_CORE_TIMER_HEAP_H

#include <stdbool.h>

#include "base/util.h"

struct heap_node {
    int64_t due_ms;
    uint64_t order;
    size_t place; /* index + 1; 0: not in the heap */
};

struct timer_heap {
    struct heap_node **nodes;
    size_t count, cap;
    uint64_t next_order;
};

/* node must not be in a heap, and stays where it is in memory until it is removed. */
void timer_heap_add(struct timer_heap *h, struct heap_node *node, int64_t due_ms);
/* Fine when it is not in the heap. */
void timer_heap_remove(struct timer_heap *h, struct heap_node *node);
/* The node due first, or NULL. */
struct heap_node *timer_heap_first(const struct timer_heap *h);
void timer_heap_clear(struct timer_heap *h);

#endif
