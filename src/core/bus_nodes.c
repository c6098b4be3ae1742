/* The line to other machines on the same database: one connection that listens, and that sends what
 * this machine's workers said, at most every FLUSH_MS and only while other nodes are alive (each
 * renews a row of table `nodes`). Never inside a business transaction: NOTIFY there would cost most
 * of the commits.
 *
 * Everything here is a hint. While the connection is down other machines notice our events half a
 * second later, by their own polls. Whoever comes (back) says hello to all, whether or not it sees
 * others: two that begin at one moment do not see each other's row yet. A hello tells the others
 * that they may have missed something of us; we ourselves take it that we have. One command is under way at a time; the connection is made
 * again with back-off. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "core/bus_impl.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"

#define FLUSH_MS   5
#define SEEN_MS    (20 * SECOND_MS)
#define RETRY_MS   (3 * SECOND_MS)
#define ANSWER_MS  (15 * SECOND_MS)
#define NOTIFY_MAX 7900
#define QUEUE_MAX  (256 * KIB)

enum node_step { STEP_DOWN, STEP_CONNECTING, STEP_SETUP, STEP_IDLE, STEP_SEEN, STEP_NOTIFY };

struct bus_nodes {
    struct bus *bus;
    struct app *app;
    char *url;
    char id[UUID_TEXT_SIZE];
    char name[128];
    PGconn *pg;
    struct loop_watch *watch;
    struct loop_timer *timer; /* of the step, or what comes next */
    enum node_step step;
    int64_t seen_ms, flushed_ms; /* last done */
    int others;
    bool greet; /* out begins with our hello */
    struct buf out;
};

static void go_on(struct bus_nodes *n);
static void node_connect(struct bus_nodes *n);

static void node_close(struct bus_nodes *n)
{
    loop_unwatch(n->app->loop, n->watch);
    n->watch = NULL;
    loop_timer_cancel(n->app->loop, n->timer);
    n->timer = NULL;
    PQfinish(n->pg);
    n->pg = NULL;
    n->step = STEP_DOWN;
    n->others = 0;
}

static void on_retry(void *arg)
{
    struct bus_nodes *n = arg;
    n->timer = NULL;
    node_connect(n);
}

static void node_down(struct bus_nodes *n)
{
    if (n->step >= STEP_IDLE) log_event(LOG_WARN, NULL, "line to the other nodes lost", NULL);
    node_close(n);
    n->timer = loop_timer(n->app->loop, clock_mono_ms() + RETRY_MS, on_retry, n);
}

static void on_no_answer(void *arg)
{
    struct bus_nodes *n = arg;
    n->timer = NULL;
    node_down(n);
}

static void step_begin(struct bus_nodes *n, enum node_step step)
{
    n->step = step;
    loop_timer_cancel(n->app->loop, n->timer);
    n->timer = loop_timer(n->app->loop, clock_mono_ms() + ANSWER_MS, on_no_answer, n);
}

static void watch_for_output(struct bus_nodes *n)
{
    int left = PQflush(n->pg);
    if (left < 0) {
        node_down(n);
        return;
    }
    loop_watch_set(n->app->loop, n->watch, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void ask(struct bus_nodes *n, enum node_step step, const struct sql *q,
                const char *const *values)
{
    step_begin(n, step);
    if (PQsendQueryParams(n->pg, q->text, q->param_count, NULL, values, NULL, NULL, 0) != 1) {
        node_down(n);
        return;
    }
    watch_for_output(n);
}

/* As many whole records as one NOTIFY takes. */
static void notify(struct bus_nodes *n)
{
    size_t len = bus_records_fit(n->out.data, n->out.len, NOTIFY_MAX);
    n->greet = false;
    if (len == 0) {
        buf_clear(&n->out);
        return;
    }
    char payload[NOTIFY_MAX + 1];
    memcpy(payload, n->out.data, len);
    payload[len] = 0;
    buf_drop(&n->out, len);
    n->flushed_ms = clock_mono_ms();
    ask(n, STEP_NOTIFY, &SQL_NODE_NOTIFY, (const char *const[]){payload});
}

static void on_due(void *arg)
{
    struct bus_nodes *n = arg;
    n->timer = NULL;
    go_on(n);
}

/* Idle: what is due now, or a timer for what is due next. */
static void go_on(struct bus_nodes *n)
{
    int64_t now = clock_mono_ms();
    loop_timer_cancel(n->app->loop, n->timer);
    n->timer = NULL;
    if (n->seen_ms == 0 || now - n->seen_ms >= SEEN_MS) {
        bool hello = n->seen_ms == 0;
        n->seen_ms = now;
        if (hello) {
            buf_clear(&n->out); /* of before; hello says that it is lost */
            (void)bus_record_add(&n->out, BUS_HELLO, n->id);
            n->greet = true;
            static const char missed[] = BUS_MISSED " 0\n";
            bus_from_nodes(n->bus, missed, sizeof missed - 1);
        }
        ask(n, STEP_SEEN, &SQL_NODE_SEEN, (const char *const[]){n->id, n->name, INTERFLOW_VERSION});
        return;
    }
    bool wanted = n->out.len > 0 && (n->others > 0 || n->greet);
    if (wanted && now - n->flushed_ms >= FLUSH_MS) {
        notify(n);
        return;
    }
    int64_t due = n->seen_ms + SEEN_MS;
    if (wanted) due = n->flushed_ms + FLUSH_MS;
    n->timer = loop_timer(n->app->loop, due, on_due, n);
}

static void take_notifications(struct bus_nodes *n)
{
    int self = PQbackendPID(n->pg);
    for (PGnotify *m = PQnotifies(n->pg); m; m = PQnotifies(n->pg)) {
        if (m->be_pid != self) {
            if (strncmp(m->extra, BUS_HELLO " ", sizeof BUS_HELLO) == 0 && n->others == 0)
                n->others = 1; /* until the next count */
            bus_from_nodes(n->bus, m->extra, strlen(m->extra));
        }
        PQfreemem(m);
    }
}

/* False: the connection is gone. */
static bool take_results(struct bus_nodes *n)
{
    while (!PQisBusy(n->pg)) {
        PGresult *r = PQgetResult(n->pg);
        if (!r) {
            if (n->step == STEP_SETUP)
                log_event(LOG_INFO, NULL, "line to the other nodes is open", NULL);
            n->step = STEP_IDLE;
            return true;
        }
        ExecStatusType status = PQresultStatus(r);
        bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (good && n->step == STEP_SEEN && PQntuples(r) == 1) {
            n->others = (int)strtol(PQgetvalue(r, 0, 0), NULL, 10);
        }
        PQclear(r);
        if (!good) {
            log_event(LOG_WARN, NULL, "line to the other nodes",
                      LOG_FIELDS(LOG_TEXT("why", PQerrorMessage(n->pg))));
            node_down(n);
            return false;
        }
    }
    return true;
}

static void on_event(void *arg, uint32_t events)
{
    struct bus_nodes *n = arg;
    (void)events;
    if (!PQconsumeInput(n->pg)) {
        node_down(n);
        return;
    }
    watch_for_output(n);
    if (n->step == STEP_DOWN) return;
    if (n->step != STEP_IDLE && !take_results(n)) return;
    take_notifications(n);
    if (n->step == STEP_IDLE) go_on(n);
}

static void on_connect(void *arg, uint32_t events)
{
    struct bus_nodes *n = arg;
    (void)events;
    loop_unwatch(n->app->loop, n->watch);
    n->watch = NULL;
    PostgresPollingStatusType next = PQconnectPoll(n->pg);
    if (next == PGRES_POLLING_FAILED) {
        node_down(n);
        return;
    }
    if (next != PGRES_POLLING_OK) {
        uint32_t want = next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT;
        n->watch = loop_watch(n->app->loop, PQsocket(n->pg), want, on_connect, n);
        if (!n->watch) node_down(n);
        return;
    }
    n->watch = loop_watch(n->app->loop, PQsocket(n->pg), EPOLLIN, on_event, n);
    step_begin(n, STEP_SETUP);
    n->seen_ms = 0;
    static const char setup[] =
        "set role interflow_app; set statement_timeout = 10000; listen interflow";
    if (!n->watch || PQsetnonblocking(n->pg, 1) != 0 || PQsendQuery(n->pg, setup) != 1) {
        node_down(n);
        return;
    }
    watch_for_output(n);
}

static void no_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static void node_connect(struct bus_nodes *n)
{
    static const char *const keys[] = {"keepalives_idle",
                                       "keepalives_interval",
                                       "keepalives_count",
                                       "dbname",
                                       "client_encoding",
                                       "fallback_application_name",
                                       NULL};
    const char *const values[] = {"15", "5", "3", n->url, "UTF8", "interflow bus", NULL};
    n->pg = PQconnectStartParams(keys, values, 1);
    if (!n->pg || PQstatus(n->pg) == CONNECTION_BAD) {
        node_down(n);
        return;
    }
    (void)PQsetNoticeProcessor(n->pg, no_notice, NULL);
    step_begin(n, STEP_CONNECTING);
    n->watch = loop_watch(n->app->loop, PQsocket(n->pg), EPOLLOUT, on_connect, n);
    if (!n->watch) node_down(n);
}

void bus_nodes_send(struct bus_nodes *n, const char *data, size_t len)
{
    if (n->others == 0 && !n->greet) return;
    if (n->out.len + len > n->out.max) { /* the line is stuck */
        buf_clear(&n->out);
        (void)bus_record_add(&n->out, BUS_MISSED, "");
    }
    buf_add(&n->out, data, len);
    if (n->step == STEP_IDLE) go_on(n);
}

struct bus_nodes *bus_nodes_new(struct bus *b, struct app *app, const char *url)
{
    struct bus_nodes *n = mem_alloc(sizeof *n);
    n->bus = b;
    n->app = app;
    n->url = mem_strdup(url);
    n->out = BUF_INIT(QUEUE_MAX);
    (void)uuid_text(uuid_v7(), n->id);
    if (gethostname(n->name, sizeof n->name - 1) != 0) n->name[0] = 0;
    node_connect(n);
    return n;
}

void bus_nodes_free(struct bus_nodes *n)
{
    if (!n) return;
    node_close(n);
    buf_free(&n->out);
    mem_free(n->url);
    mem_free(n);
}
