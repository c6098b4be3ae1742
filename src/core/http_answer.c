/* Answers to HTTP requests: what a handler left in struct reply becomes a response of
 * libmicrohttpd. Here are the conditions (ETag, If-None-Match, If-Modified-Since → 304), ranges of
 * files (206, 416; several ranges: the whole), the headers that every answer carries unless the
 * handler chose its own, and the upgrade, which takes the descriptor away from the library at
 * once. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "core/http_rules.h"
#include "core/http_server_impl.h"

static const char *reply_value(const struct reply *p, const char *name)
{
    for (int i = 0; i < p->header_count; i++) {
        if (strcasecmp(p->headers[i].name, name) == 0) return p->headers[i].value;
    }
    return NULL;
}

static void put(struct MHD_Response *m, const char *name, const char *value)
{
    if (value && *value) (void)MHD_add_response_header(m, name, value);
}

/* The handler's own value wins; an empty one leaves the header out. */
static void put_default(struct MHD_Response *m, const struct reply *p, const char *name,
                        const char *value)
{
    if (!reply_value(p, name)) put(m, name, value);
}

static void put_headers(struct exchange *x, struct MHD_Response *m)
{
    const struct reply *p = &x->p;
    for (int i = 0; i < p->header_count; i++)
        put(m, p->headers[i].name, p->headers[i].value);
    put(m, "ETag", p->etag);
    put_default(m, p, "X-Request-Id", x->c->trace);
    if (x->server->quiet && p->kind != REPLY_UPGRADE) put(m, "Connection", "close");
    if (p->kind == REPLY_UPGRADE) return;
    const char *policy = reply_value(p, "Content-Security-Policy");
    put_default(m, p, "X-Content-Type-Options", "nosniff");
    put_default(m, p, "Referrer-Policy", "same-origin");
    if (!policy || !strstr(policy, "frame-ancestors")) put_default(m, p, "X-Frame-Options", "DENY");
    if (!p->etag) put_default(m, p, "Cache-Control", "no-store");
}

/* Does the client have it already? (RFC 9110, 13.2.2) */
static bool not_modified(const struct exchange *x)
{
    if (x->r.method != HTTP_GET || x->p.status != 200) return false;
    const char *tags = request_header(x->c, &x->r, "If-None-Match");
    if (tags) return http_etag_listed(tags, x->p.etag);
    const char *since = request_header(x->c, &x->r, "If-Modified-Since");
    const char *changed = reply_value(&x->p, "Last-Modified");
    int64_t since_ms = 0, changed_ms = 0;
    return since && changed && time_http_parse(since, &since_ms) &&
           time_http_parse(changed, &changed_ms) && changed_ms <= since_ms;
}

/* Range counts only when If-Range (absent, the same strong tag, the same date) allows it. */
static const char *range_wanted(const struct exchange *x)
{
    if (x->r.method != HTTP_GET || x->head || x->p.status != 200) return NULL;
    const char *condition = request_header(x->c, &x->r, "If-Range");
    if (condition) {
        const char *now = condition[0] == '"' ? x->p.etag : reply_value(&x->p, "Last-Modified");
        if (!now || strcmp(now, condition) != 0) return NULL;
    }
    return request_header(x->c, &x->r, "Range");
}

static struct MHD_Response *empty_response(void)
{
    return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *text_response(const struct reply *p)
{
    /* The arena lives until the exchange is completed: no copy. */
    return MHD_create_response_from_buffer(p->body.len, (void *)(uintptr_t)p->body.data,
                                           MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *file_response(struct exchange *x)
{
    struct reply *p = &x->p;
    int64_t from = 0, len = p->size_bytes;
    char text[80];
    enum http_range range = http_range(range_wanted(x), p->size_bytes, &from, &len);
    if (range == RANGE_BAD) {
        p->header_count = 0;
        reply_fault(x->c, p, ERR_RANGE);
        (void)snprintf(text, sizeof(text), "bytes */%lld", (long long)p->size_bytes);
        reply_header(x->c, p, "Content-Range", text);
        return text_response(p);
    }
    reply_header(x->c, p, "Accept-Ranges", "bytes");
    if (range == RANGE_ONE) {
        p->status = 206;
        (void)snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)from,
                       (long long)(from + len - 1), (long long)p->size_bytes);
        reply_header(x->c, p, "Content-Range", text);
    }
    if (len == 0) return empty_response();
    struct MHD_Response *m =
        MHD_create_response_from_fd_at_offset64((uint64_t)len, p->fd, (uint64_t)from);
    x->fd_given = m != NULL;
    if (x->link) x->link->bytes = len;
    return m;
}

static void on_upgrade(void *cls, struct MHD_Connection *mhd, void *con_cls, const char *extra,
                       size_t extra_len, MHD_socket sock, struct MHD_UpgradeResponseHandle *handle)
{
    (void)mhd;
    (void)con_cls;
    struct exchange *x = cls;
    /* The library closes its descriptor only; ours lives on and costs none of its memory. */
    int fd = fcntl(sock, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0) {
        int on = 1, off = 0;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    x->upgraded = true;
    x->p.upgrade(x->p.upgrade_arg, fd, extra, extra_len);
    (void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    x->server->pending = true;
}

static struct MHD_Response *make_response(struct exchange *x)
{
    struct reply *p = &x->p;
    if (p->kind == REPLY_NONE || (p->kind == REPLY_FILE && p->fd < 0))
        reply_fault(x->c, p, ERR_INTERNAL);
    if (p->kind == REPLY_UPGRADE) return MHD_create_response_for_upgrade(on_upgrade, x);
    if (not_modified(x)) {
        p->status = 304;
        return empty_response();
    }
    struct MHD_Response *m = p->kind == REPLY_FILE ? file_response(x) : text_response(p);
    if (m) put(m, "Content-Type", p->content_type);
    return m;
}

enum MHD_Result http_answer(struct exchange *x)
{
    struct http_server *s = x->server;
    link_enter(x->link, PHASE_ANSWER);
    if (x->link) x->link->bytes = (int64_t)x->p.body.len;
    struct MHD_Response *m = make_response(x);
    if (!m) return MHD_NO;
    put_headers(x, m);
    x->answered = true;
    enum MHD_Result ok = MHD_queue_response(x->mhd, (unsigned)x->p.status, m);
    MHD_destroy_response(m);
    http_count(s, METRIC_HTTP_REQUESTS, 1);
    http_count(s, METRIC_HTTP_MICROSECONDS, clock_mono_us() - x->started_us);
    if (x->p.status >= 500) http_count(s, METRIC_HTTP_ERRORS, 1);
    return ok;
}

enum MHD_Result http_answer_fault(struct exchange *x, enum err e)
{
    reply_fault(x->c, &x->p, e);
    if (e == ERR_METHOD)
        reply_header(x->c, &x->p, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return http_answer(x);
}
