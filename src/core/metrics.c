/* Counters for Prometheus (metrics.h). One block of shared memory, a row of atomics per worker:
 * each worker writes its own row with relaxed operations, and whichever worker is asked for
 * /metrics reads them all. A restarted worker goes on with the row of the one before, so counters
 * only rise; its gauges are set to zero when it starts. */
#include "core/metrics.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum metric_type { COUNTER, GAUGE };

struct metric_row {
    const char *name;
    enum metric_type type;
    const char *help;
    int64_t divisor; /* shown value = stored / divisor; 0: as stored */
};

static const struct metric_row rows[METRIC_COUNT] = {
    [METRIC_HTTP_REQUESTS] = {"interflow_http_requests_total", COUNTER, "Requests answered.", 0},
    [METRIC_HTTP_ERRORS] = {"interflow_http_errors_total", COUNTER,
                            "Requests answered with a status of 500 or more.", 0},
    [METRIC_HTTP_ACTIVE] = {"interflow_http_active", GAUGE, "Requests under way.", 0},
    [METRIC_HTTP_MICROSECONDS] = {"interflow_http_seconds_total", COUNTER,
                                  "Time from request to answer.", 1000000},
    [METRIC_DB_QUERIES] = {"interflow_db_queries_total", COUNTER,
                           "Statements answered by the database.", 0},
    [METRIC_DB_ERRORS] = {"interflow_db_errors_total", COUNTER, "Statements that failed.", 0},
    [METRIC_DB_MICROSECONDS] = {"interflow_db_seconds_total", COUNTER,
                                "Time from statement to result.", 1000000},
    [METRIC_DB_CONNECTIONS] = {"interflow_db_connections", GAUGE, "Open database connections.", 0},
    [METRIC_DB_WAITING] = {"interflow_db_waiting", GAUGE, "Contexts that wait for a connection.",
                           0},
    [METRIC_JOBS_DONE] = {"interflow_jobs_done_total", COUNTER, "Jobs done.", 0},
    [METRIC_JOBS_FAILED] = {"interflow_jobs_failed_total", COUNTER, "Runs of jobs that failed.", 0},
    [METRIC_JOBS_PARKED] = {"interflow_jobs_parked_total", COUNTER,
                            "Jobs given up and parked for a person.", 0},
    [METRIC_JOBS_RUNNING] = {"interflow_jobs_running", GAUGE, "Jobs under way.", 0},
    [METRIC_EVENTS_READ] = {"interflow_events_read_total", COUNTER, "Events read from the table.",
                            0},
    [METRIC_EVENTS_LAG_MS] = {"interflow_events_lag_seconds", GAUGE,
                              "Age of the last event when it was read.", 1000},
    [METRIC_SOCKETS] = {"interflow_sockets", GAUGE, "Live connections.", 0},
    [METRIC_SOCKET_FRAMES] = {"interflow_socket_frames_total", COUNTER,
                              "Frames sent to live connections.", 0},
    [METRIC_SOCKETS_CUT] = {"interflow_sockets_cut_total", COUNTER,
                            "Live connections cut off because they read too slowly.", 0},
    [METRIC_COROUTINES] = {"interflow_coroutines", GAUGE, "Coroutines alive.", 0},
    [METRIC_WORKER_STARTS] = {"interflow_worker_starts_total", COUNTER, "Starts of this worker.",
                              0},
    [METRIC_MESSAGES_IN] = {"interflow_messages_in_total", COUNTER,
                            "Messages received from customers.", 0},
    [METRIC_MESSAGES_OUT] = {"interflow_messages_out_total", COUNTER, "Messages sent to customers.",
                             0},
};

struct metrics {
    int workers;
    _Atomic int64_t values[];
};

static size_t index_of(const struct metrics *m, int worker, enum metric which)
{
    (void)m;
    return (size_t)worker * METRIC_COUNT + (size_t)which;
}

struct metrics *metrics_new(int workers)
{
    size_t size = sizeof(struct metrics) + (size_t)workers * METRIC_COUNT * sizeof(_Atomic int64_t);
    struct metrics *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) return NULL;
    m->workers = workers;
    return m;
}

void metrics_add(struct metrics *m, int worker, enum metric which, int64_t amount)
{
    if (m && worker >= 0 && worker < m->workers)
        atomic_fetch_add_explicit(&m->values[index_of(m, worker, which)], amount,
                                  memory_order_relaxed);
}

void metrics_set(struct metrics *m, int worker, enum metric which, int64_t value)
{
    if (m && worker >= 0 && worker < m->workers)
        atomic_store_explicit(&m->values[index_of(m, worker, which)], value, memory_order_relaxed);
}

void metrics_worker_started(struct metrics *m, int worker)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (rows[i].type == GAUGE) metrics_set(m, worker, (enum metric)i, 0);
    metrics_add(m, worker, METRIC_WORKER_STARTS, 1);
}

void metrics_write(const struct metrics *m, struct buf *out)
{
    buf_addf(out,
             "# HELP interflow_info Version of the program.\n# TYPE interflow_info gauge\n"
             "interflow_info{version=\"%s\"} 1\n",
             INTERFLOW_VERSION);
    for (int i = 0; m && i < METRIC_COUNT; i++) {
        buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[i].name, rows[i].help, rows[i].name,
                 rows[i].type == COUNTER ? "counter" : "gauge");
        for (int w = 0; w < m->workers; w++) {
            int64_t v = atomic_load_explicit(&m->values[index_of(m, w, (enum metric)i)],
                                             memory_order_relaxed);
            buf_addf(out, "%s{worker=\"%d\"} ", rows[i].name, w + 1);
            if (rows[i].divisor)
                buf_addf(out, "%.6g\n", (double)v / (double)rows[i].divisor);
            else
                buf_addf(out, "%lld\n", (long long)v);
        }
    }
}
