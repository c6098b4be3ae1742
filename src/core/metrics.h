/* Counters, gauges and histograms for Prometheus (/metrics). Each worker has its own; the page adds
 * a label worker="N" and shows all workers (shared memory made by the supervisor before forking;
 * plain relaxed atomics). Rows, not strings: */
#ifndef INTERFLOW_CORE_METRICS_H
#define INTERFLOW_CORE_METRICS_H

#include "base/buf.h"

enum metric {
    METRIC_HTTP_REQUESTS,
    METRIC_HTTP_ERRORS,
    METRIC_HTTP_ACTIVE,
    METRIC_HTTP_MICROSECONDS,
    METRIC_DB_QUERIES,
    METRIC_DB_ERRORS,
    METRIC_DB_MICROSECONDS,
    METRIC_DB_CONNECTIONS,
    METRIC_DB_WAITING,
    METRIC_JOBS_DONE,
    METRIC_JOBS_FAILED,
    METRIC_JOBS_PARKED,
    METRIC_JOBS_RUNNING,
    METRIC_EVENTS_READ,
    METRIC_EVENTS_LAG_MS,
    METRIC_SOCKETS,
    METRIC_SOCKET_FRAMES,
    METRIC_SOCKETS_CUT,
    METRIC_COROUTINES,
    METRIC_WORKER_STARTS,
    METRIC_MESSAGES_IN,
    METRIC_MESSAGES_OUT,
    METRIC_COUNT
};

struct metrics;
/* Shared by all workers; made before forking, lives as long as the processes. NULL when there is no
 * memory: all calls below take NULL and do nothing. worker counts from 0. */
struct metrics *metrics_new(int workers);
/* A (new) process begins to write this row: its gauges go to zero, METRIC_WORKER_STARTS rises. */
void metrics_worker_started(struct metrics *m, int worker);
void metrics_add(struct metrics *m, int worker, enum metric which, int64_t amount);
void metrics_set(struct metrics *m, int worker, enum metric which, int64_t value);
/* The page in Prometheus' text format 0.0.4. */
void metrics_write(const struct metrics *m, struct buf *out);

#endif
