/* The small pool of threads behind loop_offload: pure functions on data that nobody else touches
 * meanwhile. */
#ifndef INTERFLOW_CORE_OFFLOAD_H
#define INTERFLOW_CORE_OFFLOAD_H

#include <stdbool.h>

#include "base/err.h"

#define OFFLOAD_QUEUE_MAX 64

struct offload;

/* One piece of work. Lies with its owner, who may not touch it (nor what arg owns) until it comes
 * back. */
struct offload_work {
    void (*fn)(void *arg);
    void *arg;
    void *owner;
    struct offload_work *next;
};

struct offload *offload_new(int threads);
/* Waits for the threads to end what they do; what still waits in the queue is not run. NULL is
 * fine. */
void offload_free(struct offload *o);
/* Becomes readable when something is done. */
int offload_fd(const struct offload *o);
/* False when OFFLOAD_QUEUE_MAX pieces wait already. */
bool offload_put(struct offload *o, struct offload_work *w);
/* What is done since the last call: a list, oldest first, NULL when nothing. */
struct offload_work *offload_done(struct offload *o);

#endif
