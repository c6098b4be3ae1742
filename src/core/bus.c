/* Hints between processes (bus.h). What a worker sends in one turn of its loop leaves as one
 * datagram to each of its siblings, and reaches its own listeners, at the next turn: bursts cost
 * one system call per sibling. The queue of a socketpair is short; what does not fit is dropped,
 * which costs latency and nothing else.
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

#define TOPICS_MAX 16
#define WAKE_TOPIC "wake"

struct topic {
    char name[BUS_TOPIC_MAX];
    void (*cb)(void *arg, const char *payload);
    void *arg;
};

struct bus {
    struct app *app;
    struct bus_ends ends;
    int self;
    struct loop_watch *watch;
    struct loop_timer *flush;
    struct topic topics[TOPICS_MAX];
    int topic_count;
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
    if (wakes & WAKE_EVENTS) event_reader_wake(b->app->events);
    if (wakes & WAKE_JOBS) jobs_wake(b->app->jobs);
}

static void deliver(void *arg, const char *topic, const char *payload)
{
    struct bus *b = arg;
    if (strcmp(topic, WAKE_TOPIC) == 0) {
        wake_parts(b, (uint32_t)strtoul(payload, NULL, 10));
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

static void to_siblings(struct bus *b, char origin, const char *data, size_t len)
{
    struct iovec parts[2] = {{.iov_base = &origin, .iov_len = 1},
                             {.iov_base = (char *)(uintptr_t)data, .iov_len = len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    for (int i = 0; i < b->ends.count; i++) {
        if (i == b->self) continue;
        while (sendmsg(b->ends.send[i], &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
               errno == EINTR) {
        }
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

struct bus *bus_new(struct app *app, const struct bus_ends *ends, int self)
{
    struct bus *b = mem_alloc(sizeof *b);
    b->app = app;
    b->ends = *ends;
    b->self = self;
    b->out = BUF_INIT(BUS_DATAGRAM - 1);
    b->datagram = mem_alloc(BUS_DATAGRAM);
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
    loop_unwatch(b->app->loop, b->watch);
    buf_free(&b->out);
    mem_free(b->datagram);
    mem_free(b);
}
