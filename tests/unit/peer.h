/* A bare client for tests of servers: a socket in a coroutine of the loop under test, so that every
 * byte and pause is the test's own. Failures end the test by cmocka's asserts. */
#ifndef INTERFLOW_TESTS_PEER_H
#define INTERFLOW_TESTS_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/loop.h"

#include "check.h"

#define PEER_WAIT_MS 15000

struct peer {
    struct loop *l;
    int fd;
    struct buf in; /* received, not yet taken */
    bool closed;   /* by the other side */
};

/* from: our own address, NULL for any. */
static inline struct peer peer_connect_to(struct loop *l, const char *host, int port,
                                          const char *from)
{
    struct peer p = {.l = l,
                     .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                     .in = BUF_INIT(64 * MIB)};
    assert_true(p.fd >= 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    assert_int_equal(inet_pton(AF_INET, host, &to.sin_addr), 1);
    if (from) {
        struct sockaddr_in me = {.sin_family = AF_INET};
        assert_int_equal(inet_pton(AF_INET, from, &me.sin_addr), 1);
        assert_int_equal(bind(p.fd, (struct sockaddr *)&me, sizeof(me)), 0);
    }
    if (connect(p.fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        assert_int_equal(errno, EINPROGRESS);
        assert_int_equal(loop_wait_fd(l, p.fd, EPOLLOUT, clock_mono_ms() + PEER_WAIT_MS, NULL),
                         ERR_OK);
    }
    return p;
}

static inline struct peer peer_connect_from(struct loop *l, int port, const char *from)
{
    return peer_connect_to(l, "127.0.0.1", port, from);
}

static inline struct peer peer_connect(struct loop *l, int port)
{
    return peer_connect_to(l, "127.0.0.1", port, NULL);
}

static inline void peer_close(struct peer *p)
{
    if (p->fd >= 0) (void)close(p->fd);
    p->fd = -1;
    buf_free(&p->in);
}

/* Close with RST. */
static inline void peer_abort(struct peer *p)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    peer_close(p);
}

/* False when the other side has closed. */
static inline bool peer_send(struct peer *p, const void *data, size_t len)
{
    const char *s = data;
    while (len > 0) {
        ssize_t n = send(p->fd, s, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            assert_int_equal(
                loop_wait_fd(p->l, p->fd, EPOLLOUT, clock_mono_ms() + PEER_WAIT_MS, NULL), ERR_OK);
            continue;
        }
        if (n < 0) return false;
        s += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool peer_sends(struct peer *p, const char *s)
{
    return peer_send(p, s, strlen(s));
}

/* Wait for more bytes at most ms. False: closed, or none came in time. */
static inline bool peer_more(struct peer *p, int64_t ms)
{
    char data[65536];
    for (;;) {
        ssize_t n = recv(p->fd, data, sizeof(data), 0);
        if (n > 0) {
            buf_add(&p->in, data, (size_t)n);
            return true;
        }
        if (n == 0 || errno != EAGAIN) {
            p->closed = true;
            return false;
        }
        if (loop_wait_fd(p->l, p->fd, EPOLLIN, clock_mono_ms() + ms, NULL) != ERR_OK) return false;
    }
}

/* One HTTP answer. */
struct peer_answer {
    int status; /* 0: closed without one */
    char head[4096];
    struct buf body;
};

static inline const char *peer_header(const struct peer_answer *a, const char *name)
{
    static _Thread_local char value[512];
    size_t len = strlen(name);
    for (const char *s = strstr(a->head, "\r\n"); s; s = strstr(s, "\r\n")) {
        s += 2;
        if (strncasecmp(s, name, len) != 0 || s[len] != ':') continue;
        s += len + 1;
        s += strspn(s, " ");
        size_t n = strcspn(s, "\r");
        if (n >= sizeof(value)) n = sizeof(value) - 1;
        memcpy(value, s, n);
        value[n] = '\0';
        return value;
    }
    return NULL;
}

static inline void peer_answer_free(struct peer_answer *a)
{
    buf_free(&a->body);
}

/* Read the next answer; head: it has no body whatever it says. */
static inline struct peer_answer peer_read(struct peer *p, bool head)
{
    struct peer_answer a = {.body = BUF_INIT(64 * MIB)};
    const char *end = NULL;
    while (!(end = p->in.len ? memmem(p->in.data, p->in.len, "\r\n\r\n", 4) : NULL)) {
        if (!peer_more(p, PEER_WAIT_MS)) return a;
    }
    size_t head_len = (size_t)(end - p->in.data) + 4;
    assert_true(head_len < sizeof(a.head));
    memcpy(a.head, p->in.data, head_len);
    buf_drop(&p->in, head_len);
    a.status = (int)strtol(a.head + 9, NULL, 10);
    const char *length = peer_header(&a, "Content-Length");
    size_t want = length && !head && a.status != 204 && a.status != 304 && a.status >= 200
                      ? (size_t)strtoull(length, NULL, 10)
                      : 0;
    while (a.body.len < want) {
        if (p->in.len == 0 && !peer_more(p, PEER_WAIT_MS)) break;
        size_t n = p->in.len < want - a.body.len ? p->in.len : want - a.body.len;
        buf_add(&a.body, p->in.data, n);
        buf_drop(&p->in, n);
    }
    assert_int_equal(a.body.len, want);
    return a;
}

/* Send a request and read its answer. */
static inline struct peer_answer peer_ask(struct peer *p, const char *request)
{
    (void)peer_sends(p, request);
    return peer_read(p, strncmp(request, "HEAD", 4) == 0);
}

#endif
