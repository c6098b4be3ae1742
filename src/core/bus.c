/* Hints between processes (bus.h). What a worker sends in one turn of its loop leaves as one
 * datagram to each of its siblings, and reaches its own listeners, at the next turn: bursts cost
 * one system call per sibling. The queue of a socketpair is short (net.unix.max_dgram_qlen, 10
 * datagrams by default); what does not fit waits in a queue of ours and leaves in few large
 * datagrams as soon as the sibling has read. When that queue is full too it is thrown away and
 * begins with the record "missed".
 *
 * Worker 0 also holds the line to other machines (bus_nodes.c), when the database is not our
 * private one. It passes on what its siblings and it itself send, and gives all of them what comes
 * from outside (marked, so that it does not go out again). */
#include "core/bus.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/bus_impl.h"
#include "core/config.h"
#include "core/events.h"
#include "core/jobs.h"
#include "core/loop.h"

#define TOPICS_MAX   16
#define WAKE_TOPIC   "wake"
#define RETRY_MIN_MS 1
#define RETRY_MAX_MS 32

struct topic {
    char name[BUS_TOPIC_MAX];
    void (*cb)(void *arg, const char *payload);
    void *arg;
};

struct missed {
    void (*cb)(void *arg);
    void *arg;
};

/* What one sibling has not been told yet: records of this machine's workers ('l') and of other
 * machines ('r'). */
struct backlog {
    struct buf local, remote;
};

struct bus {
    struct app *app;
    struct bus_ends ends;
    int self;
    struct loop_watch *watch;
    struct loop_timer *flush;
    struct topic topics[TOPICS_MAX];
    int topic_count;
    struct missed missed[TOPICS_MAX];
    int missed_count;
    struct backlog *backlogs; /* ends.count; of its own: nothing */
    struct loop_timer *retry; /* while one of them waits */
    int64_t retry_ms;
    uint32_t wakes;
    struct buf out;          /* records of this turn */
    char *datagram;          /* BUS_DATAGRAM bytes */
    struct bus_nodes *nodes; /* NULL: this machine is alone, or another worker has it */
};

/* --- records --------------------------------------------------------------------------- */

bool bus_record_add(struct buf *out, const char *topic, const char *payload)
{
    size_t len = strlen(payload);
    if (len > BUS_MESSAGE_MAX || strlen(topic) >= BUS_TOPIC_MAX) return false;
    buf_addf(out, "%s %zu\n", topic, len);
    buf_add(out, payload, len);
    return !buf_failed(out);
}

size_t bus_records_fit(const char *data, size_t len, size_t max)
{
    size_t fit = 0;
    while (fit < len) {
        const char *at = data + fit;
        const char *newline = memchr(at, '\n', len - fit);
        const char *space = newline ? memchr(at, ' ', (size_t)(newline - at)) : NULL;
        if (!space) break;
        size_t size = (size_t)(newline + 1 - at) + strtoul(space + 1, NULL, 10);
        if (size > len - fit || fit + size > max) break;
        fit += size;
    }
    return fit;
}

void bus_records(const char *data, size_t len,
                 void (*fn)(void *arg, const char *topic, const char *payload), void *arg)
{
    while (len > 0) {
        const char *newline = memchr(data, '\n', len);
        const char *space = newline ? memchr(data, ' ', (size_t)(newline - data)) : NULL;
        if (!space || space == data || space - data >= BUS_TOPIC_MAX) return;
        char topic[BUS_TOPIC_MAX], payload[BUS_MESSAGE_MAX + 1];
        memcpy(topic, data, (size_t)(space - data));
        topic[space - data] = 0;
        unsigned long size = strtoul(space + 1, NULL, 10);
        size_t rest = len - (size_t)(newline + 1 - data);
        if (size > rest || size > BUS_MESSAGE_MAX) return;
        memcpy(payload, newline + 1, size);
        payload[size] = 0;
        fn(arg, topic, payload);
        data = newline + 1 + size;
        len = rest - size;
    }
}

/* --- receiving ------------------------------------------------------------------------- */

static void wake_parts(struct bus *b, uint32_t wakes)
{
    if ((wakes & WAKE_EVENTS) && b->app->events) event_reader_wake(b->app->events);
    if ((wakes & WAKE_JOBS) && b->app->jobs) jobs_wake(b->app->jobs);
}

static void deliver(void *arg, const char *topic, const char *payload)
{
    struct bus *b = arg;
    if (strcmp(topic, WAKE_TOPIC) == 0) {
        wake_parts(b, (uint32_t)strtoul(payload, NULL, 10));
        return;
    }
    if (strcmp(topic, BUS_MISSED) == 0 || strcmp(topic, BUS_HELLO) == 0) {
        wake_parts(b, WAKE_EVENTS | WAKE_JOBS);
        for (int i = 0; i < b->missed_count; i++)
            b->missed[i].cb(b->missed[i].arg);
        return;
    }
    for (int i = 0; i < b->topic_count; i++) {
        if (strcmp(b->topics[i].name, topic) == 0) b->topics[i].cb(b->topics[i].arg, payload);
    }
}

static void on_datagram(void *arg, uint32_t events)
{
    struct bus *b = arg;
    (void)events;
    for (int i = 0; i < 64; i++) { /* the rest at the next turn */
        ssize_t n = recv(b->ends.receive[b->self], b->datagram, BUS_DATAGRAM, MSG_DONTWAIT);
        if (n <= 1) return;
        bus_records(b->datagram + 1, (size_t)n - 1, deliver, b);
        if (b->datagram[0] == 'l' && b->nodes)
            bus_nodes_send(b->nodes, b->datagram + 1, (size_t)n - 1);
    }
}

/* --- sending --------------------------------------------------------------------------- */

/* One datagram; false: not now. */
static bool datagram_send(int fd, char origin, const char *data, size_t len)
{
    struct iovec parts[2] = {{.iov_base = &origin, .iov_len = 1},
                             {.iov_base = (char *)(uintptr_t)data, .iov_len = len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = 0;
    do {
        n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n >= 0;
}

/* True: nothing is left. */
static bool backlog_send(int fd, char origin, struct buf *queue)
{
    while (queue->len > 0) {
        size_t len = bus_records_fit(queue->data, queue->len, BUS_DATAGRAM - 1);
        if (len > 0 && !datagram_send(fd, origin, queue->data, len)) return false;
        buf_drop(queue, len > 0 ? len : queue->len);
    }
    buf_free(queue);
    *queue = BUF_INIT(BUS_QUEUE_MAX);
    return true;
}

static void backlog_add(struct buf *queue, const char *data, size_t len)
{
    if (queue->len + len > queue->max) {
        buf_clear(queue);
        (void)bus_record_add(queue, BUS_MISSED, "");
    }
    buf_add(queue, data, len);
}

static void on_retry(void *arg)
{
    struct bus *b = arg;
    bool left = false;
    for (int i = 0; i < b->ends.count; i++) {
        struct backlog *log = &b->backlogs[i];
        if (!backlog_send(b->ends.send[i], 'l', &log->local) ||
            !backlog_send(b->ends.send[i], 'r', &log->remote))
            left = true;
    }
    b->retry_ms = !left                        ? RETRY_MIN_MS
                  : b->retry_ms < RETRY_MAX_MS ? b->retry_ms * 2
                                               : RETRY_MAX_MS;
    b->retry =
        left ? loop_timer(b->app->loop, loop_now(b->app->loop) + b->retry_ms, on_retry, b) : NULL;
}

static void to_siblings(struct bus *b, char origin, const char *data, size_t len)
{
    for (int i = 0; i < b->ends.count; i++) {
        if (i == b->self) continue;
        struct buf *queue = origin == 'l' ? &b->backlogs[i].local : &b->backlogs[i].remote;
        if (queue->len == 0 && datagram_send(b->ends.send[i], origin, data, len)) continue;
        backlog_add(queue, data, len); /* in its order, behind what waits */
        if (!b->retry)
            b->retry = loop_timer(b->app->loop, loop_now(b->app->loop) + b->retry_ms, on_retry, b);
    }
}

static void on_flush(void *arg)
{
    struct bus *b = arg;
    b->flush = NULL;
    if (b->wakes) {
        char bits[16];
        size_t n = 0;
        for (uint32_t v = b->wakes; v > 0; v /= 10) {
            n++;
        }
        bits[n] = 0;
        for (uint32_t v = b->wakes; v > 0; v /= 10) {
            bits[--n] = (char)('0' + v % 10);
        }
        (void)bus_record_add(&b->out, WAKE_TOPIC, bits);
        b->wakes = 0;
    }
    /* Listeners may send again: that goes into a new buffer. */
    struct buf out = b->out;
    b->out = BUF_INIT(BUS_DATAGRAM - 1);
    if (out.len > 0) {
        to_siblings(b, 'l', out.data, out.len);
        if (b->nodes) bus_nodes_send(b->nodes, out.data, out.len);
        bus_records(out.data, out.len, deliver, b);
    }
    buf_free(&out);
}

static void flush_soon(struct bus *b)
{
    if (!b->flush) b->flush = loop_timer(b->app->loop, loop_now(b->app->loop), on_flush, b);
}

void bus_send(struct bus *b, const char *topic, const char *payload)
{
    if (!b) return;
    if (b->out.len + BUS_RECORD_MAX + 32 > b->out.max) {
        loop_timer_cancel(b->app->loop, b->flush); /* full: this much leaves now */
        on_flush(b);
    }
    bool fits = bus_record_add(&b->out, topic, payload);
    assert(fits); /* topics and payloads are ours and bounded */
    (void)fits;
    flush_soon(b);
}

void bus_wake(struct bus *b, uint32_t wakes)
{
    if (!b) return;
    b->wakes |= wakes;
    flush_soon(b);
}

void bus_from_nodes(struct bus *b, const char *data, size_t len)
{
    to_siblings(b, 'r', data, len);
    bus_records(data, len, deliver, b);
}

void bus_on(struct bus *b, const char *topic, void (*cb)(void *arg, const char *payload), void *arg)
{
    size_t len = strlen(topic);
    if (!b) return;
    if (b->topic_count == TOPICS_MAX || len >= BUS_TOPIC_MAX) abort(); /* a bug of ours */
    struct topic *t = &b->topics[b->topic_count++];
    memcpy(t->name, topic, len + 1);
    t->cb = cb;
    t->arg = arg;
}

void bus_on_missed(struct bus *b, void (*cb)(void *arg), void *arg)
{
    if (!b) return;
    if (b->missed_count == TOPICS_MAX) abort(); /* a bug of ours */
    b->missed[b->missed_count++] = (struct missed){.cb = cb, .arg = arg};
}

struct bus *bus_new(struct app *app, const struct bus_ends *ends, int self)
{
    struct bus *b = mem_alloc(sizeof *b);
    b->app = app;
    b->ends = *ends;
    b->self = self;
    b->out = BUF_INIT(BUS_DATAGRAM - 1);
    b->datagram = mem_alloc(BUS_DATAGRAM);
    b->retry_ms = RETRY_MIN_MS;
    b->backlogs = mem_alloc(sizeof *b->backlogs * (size_t)(ends->count + 1));
    for (int i = 0; i < ends->count; i++)
        b->backlogs[i] = (struct backlog){BUF_INIT(BUS_QUEUE_MAX), BUF_INIT(BUS_QUEUE_MAX)};
    if (ends->count > 0) {
        b->watch = loop_watch(app->loop, ends->receive[self], EPOLLIN, on_datagram, b);
        if (!b->watch) {
            bus_free(b);
            return NULL;
        }
    }
    const char *url = app->config ? app->config->database_url : NULL;
    if (self == 0 && url) b->nodes = bus_nodes_new(b, app, url);
    return b;
}

void bus_free(struct bus *b)
{
    if (!b) return;
    bus_nodes_free(b->nodes);
    loop_timer_cancel(b->app->loop, b->flush);
    loop_timer_cancel(b->app->loop, b->retry);
    loop_unwatch(b->app->loop, b->watch);
    for (int i = 0; i < b->ends.count; i++) {
        buf_free(&b->backlogs[i].local);
        buf_free(&b->backlogs[i].remote);
    }
    mem_free(b->backlogs);
    buf_free(&b->out);
    mem_free(b->datagram);
    mem_free(b);
}
