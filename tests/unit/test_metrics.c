/* Counters of several workers on one page, and what a restarted worker does to them. */
#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/metrics.h"

static void page(void **state)
{
    (void)state;
    struct metrics *m = metrics_new(2);
    assert_non_null(m);
    metrics_worker_started(m, 0);
    metrics_worker_started(m, 1);
    metrics_add(m, 0, METRIC_HTTP_REQUESTS, 3);
    metrics_add(m, 0, METRIC_HTTP_REQUESTS, 4);
    metrics_set(m, 1, METRIC_SOCKETS, 5);
    metrics_add(m, 1, METRIC_DB_MICROSECONDS, 1500000);
    metrics_add(m, 7, METRIC_SOCKETS, 5); /* no such worker: ignored */
    struct buf out = BUF_INIT(256 * KIB);
    metrics_write(m, &out);
    const char *text = buf_str(&out);
    assert_non_null(strstr(text, "interflow_http_requests_total{worker=\"1\"} 7\n"));
    assert_non_null(strstr(text, "interflow_http_requests_total{worker=\"2\"} 0\n"));
    assert_non_null(strstr(text, "interflow_sockets{worker=\"2\"} 5\n"));
    assert_non_null(strstr(text, "interflow_db_seconds_total{worker=\"2\"} 1.5\n"));
    assert_non_null(strstr(text, "# TYPE interflow_sockets gauge\n"));
    assert_non_null(strstr(text, "# TYPE interflow_http_requests_total counter\n"));
    /* Every metric has a row: a line without a name would begin with a brace or a blank. */
    assert_null(strstr(text, "\n{"));
    assert_null(strstr(text, "(null)"));
    buf_free(&out);
}

static void shared_and_restarted(void **state)
{
    (void)state;
    struct metrics *m = metrics_new(1);
    pid_t pid = fork();
    if (pid == 0) {
        metrics_worker_started(m, 0);
        metrics_add(m, 0, METRIC_JOBS_DONE, 2);
        metrics_set(m, 0, METRIC_SOCKETS, 9);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    metrics_worker_started(m, 0); /* the next process of this worker */
    struct buf out = BUF_INIT(256 * KIB);
    metrics_write(m, &out);
    assert_non_null(strstr(buf_str(&out), "interflow_jobs_done_total{worker=\"1\"} 2\n"));
    assert_non_null(strstr(buf_str(&out), "interflow_sockets{worker=\"1\"} 0\n"));
    assert_non_null(strstr(buf_str(&out), "interflow_worker_starts_total{worker=\"1\"} 2\n"));
    buf_free(&out);
}

static void null_is_fine(void **state)
{
    (void)state;
    metrics_add(NULL, 0, METRIC_SOCKETS, 1);
    struct buf out = BUF_INIT(KIB);
    metrics_write(NULL, &out);
    assert_non_null(strstr(buf_str(&out), "interflow_info"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(page),
                                       cmocka_unit_test(shared_and_restarted),
                                       cmocka_unit_test(null_is_fine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
