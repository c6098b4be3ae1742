/* The HTTP server: libmicrohttpd in the worker's loop. This file and http_answer.c alone know the
 * library.
 *
 * libmicrohttpd keeps its connections in an epoll of its own, which the loop watches; in every turn
 * MHD_run works off what is there. Its timeouts do not know of resumed connections, so that a flag,
 * `pending`, keeps the loop from sleeping after every resume and upgrade; it is cleared before
 * MHD_run, never after.
 *
 * A request (struct exchange) goes: target known → header complete (route looked up, limits set) →
 * body read → coroutine runs the handler while the connection is suspended → resumed → answer
 * queued → completed. A connection is never suspended twice: with a chunked body the library calls
 * again in the same pass although it is suspended. While it is suspended nobody sees that the
 * client left; the handler's deadline ends it (watchdog).
 *
 * Slow clients: the library's timeout counts from the last byte, so that a byte now and then keeps
 * a connection for ever. The watchdog therefore gives each phase a time of its own: a header must
 * be complete idle_timeout_s after the last answer; bodies and answers must move at MIN_RATE on
 * average beyond that grace. Offenders are shut down, which the library takes for a client that
 * left.
 *
 * What is refused by its header alone is answered at once, without "100 Continue"; small bodies are
 * read and dropped first, because closing on unread bytes resets the connection and may destroy the
 * answer. The library's own refusals (malformed requests, headers beyond its 32 KB) are short HTML
 * pages: they cannot be changed. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/http_peers.h"
#include "core/http_rules.h"
#include "core/http_server_impl.h"
#include "core/http_upload.h"
#include "core/log.h"

#define POOL_BYTES  32768      /* the library's memory of one connection: header, buffers */
#define HEADER_MAX  (16 * KIB) /* ours, answered with 431 as JSON */
#define HEADERS_MAX 100
#define ARENA_MAX   (32 * MIB)  /* of one request */
#define DISCARD_MAX (256 * KIB) /* a refused body up to this is read and dropped */
#define MIN_RATE    1024        /* bytes a second */
#define DEADLINE_MS (30 * SECOND_MS)
#define LATE_MS     (5 * SECOND_MS) /* beyond its deadline a handler is cancelled */
#define WATCHDOG_MS SECOND_MS
#define FREE_MS     (2 * SECOND_MS)

void http_count(const struct http_server *s, enum metric which, int64_t by)
{
    if (s->app->metrics) metrics_add(s->app->metrics, s->app->worker_index, which, by);
}

void link_enter(struct link *k, enum phase phase)
{
    if (!k) return;
    k->phase = phase;
    k->since_ms = loop_now(k->server->loop);
    k->bytes = 0;
}

/* --- the header ------------------------------------------------------------------------ */

const char *request_header(const struct ctx *c, const struct request *r, const char *name)
{
    (void)c;
    const struct exchange *x = r->impl;
    return MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, name);
}

static enum MHD_Result on_header_shown(void *cls, enum MHD_ValueKind kind, const char *name,
                                       const char *value)
{
    (void)kind;
    char key[100];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof key; n++)
        key[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] + ('a' - 'A')) : name[n];
    key[n] = 0;
    json_t *text = json_string(value ? value : "");
    if (text) (void)json_object_set_new(cls, key, text);
    return MHD_YES;
}

json_t *request_headers(const struct request *r)
{
    const struct exchange *x = r->impl;
    json_t *all = json_object();
    (void)MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, on_header_shown, all);
    return all;
}

const char *request_cookie(struct ctx *c, const struct request *r, const char *name)
{
    return http_cookie(c->arena, request_header(c, r, "Cookie"), name);
}

struct header_count {
    int all, lengths, encodings, hosts;
    bool odd; /* a name or value that cannot be one */
};

/* A token (RFC 9110, 5.6.2). The library lets "Transfer-Encoding : chunked" pass as a field of
 * another name, which some proxies read as the known one. */
static bool header_name_valid(const char *name, size_t len)
{
    static const char token[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return len > 0 && strspn(name, token) == len;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                 size_t name_len, const char *value, size_t value_len)
{
    (void)kind;
    struct header_count *n = cls;
    n->all++;
    if (!header_name_valid(name, name_len) || (value && strlen(value) != value_len)) n->odd = true;
    if (strcasecmp(name, "Content-Length") == 0) n->lengths++;
    if (strcasecmp(name, "Transfer-Encoding") == 0) n->encodings++;
    if (strcasecmp(name, "Host") == 0) n->hosts++;
    return MHD_YES;
}

/* What could mean different things to a proxy and to us is refused (request smuggling), then
 * sizes. */
static enum err check_header(struct exchange *x)
{
    struct header_count n = {0};
    (void)MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, on_header, &n);
    const char *encoding = request_header(x->c, &x->r, "Transfer-Encoding");
    const char *length = request_header(x->c, &x->r, "Content-Length");
    x->content_length = encoding ? -1 : (length ? strtoll(length, NULL, 10) : 0);
    x->expects = http_token_listed(request_header(x->c, &x->r, "Expect"), "100-continue");
    if (n.odd || n.hosts > 1 || n.lengths + n.encodings > 1 ||
        (encoding && strcasecmp(encoding, "chunked") != 0)) {
        x->content_length =
            INT64_MAX; /* where the body ends is not certain: answer at once and close */
        return fault(x->c, ERR_INVALID, "BAD_REQUEST", "the header contradicts itself");
    }
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (n.all > HEADERS_MAX || (size && size->header_size > HEADER_MAX)) {
        return fault(x->c, ERR_HEADERS, NULL, "at most %d header fields and %zu bytes", HEADERS_MAX,
                     HEADER_MAX);
    }
    const char *coding = request_header(x->c, &x->r, "Content-Encoding");
    if (coding && strcasecmp(coding, "identity") != 0) {
        return fault(x->c, ERR_MEDIA_TYPE, NULL, "bodies with a Content-Encoding are not taken");
    }
    return ERR_OK;
}

/* All X-Forwarded-For fields as one list. */
static enum MHD_Result on_forwarded(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    struct buf *b = cls;
    if (strcasecmp(name, "X-Forwarded-For") != 0) return MHD_YES;
    if (b->len > 0) buf_addc(b, ',');
    buf_adds(b, value);
    return MHD_YES;
}

static void find_client(struct exchange *x)
{
    const char *trusted = x->server->o.trusted_proxies;
    char peer[ADDRESS_TEXT_SIZE] = "";
    if (!x->link) return;
    (void)address_text(&x->link->address, peer);
    x->c->address = arena_strdup(x->c->arena, peer);
    if (!address_in(&x->link->address, trusted)) return;
    CLEANUP(buf_free) struct buf list = BUF_INIT(4 * KIB);
    (void)MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, on_forwarded, &list);
    const char *found = http_client_address(x->c->arena, peer, buf_str(&list), trusted);
    if (found) x->c->address = found;
    const char *proto = request_header(x->c, &x->r, "X-Forwarded-Proto");
    x->r.secure = proto && strcasecmp(proto, "https") == 0;
}

/* Look the route up and prepare for its body. */
static enum err prepare_body(struct exchange *x)
{
    struct http_server *s = x->server;
    int64_t file_max = 0;
    enum err e = s->cb.accept(s->cb.arg, &x->r, &x->body_max, &file_max);
    if (e) return e;
    if (x->body_max == 0) x->body_max = s->o.json_body_max;
    if (file_max > s->o.upload_max_bytes) file_max = s->o.upload_max_bytes;
    if (x->content_length == 0) return ERR_OK;
    const char *type = request_header(x->c, &x->r, "Content-Type");
    if (type && strncasecmp(type, "multipart/", 10) == 0) {
        if (file_max <= 0)
            return fault(x->c, ERR_MEDIA_TYPE, NULL, "this address takes no multipart body");
        x->upload_total_max = 2 * file_max + (int64_t)x->body_max;
        if (x->content_length > x->upload_total_max) {
            return fault(x->c, ERR_TOO_LARGE, "FILE_TOO_LARGE", "the body has more than %lld bytes",
                         (long long)x->upload_total_max);
        }
        struct http_upload_limits limits = {
            .dir = s->o.upload_dir, .file_max = file_max, .fields_max = x->body_max};
        x->upload = http_upload_new(x->c, &x->r, type, &limits);
        if (!x->upload)
            return fault(x->c, ERR_INVALID, "MULTIPART_INVALID", "the boundary is missing");
        return ERR_OK;
    }
    if (x->content_length > (int64_t)x->body_max) {
        return fault(x->c, ERR_TOO_LARGE, NULL, "the body has more than %zu bytes", x->body_max);
    }
    x->body = BUF_INIT(x->body_max + 1);
    return ERR_OK;
}

static enum err read_header(struct exchange *x, const char *method)
{
    find_client(x);
    enum err e = check_header(x);
    if (e) return e;
    if (!http_method_parse(method, &x->r.method, &x->head)) {
        return fault(x->c, ERR_METHOD, NULL, "this method is not known here");
    }
    if (!http_target(x->c->arena, x->target, &x->r.path, &x->r.query)) {
        return fault(x->c, ERR_INVALID, "BAD_REQUEST", "the address is malformed");
    }
    return prepare_body(x);
}

static void begin(struct exchange *x, const char *method)
{
    struct http_server *s = x->server;
    x->c = ctx_new(s->app, ARENA_MAX, clock_mono_ms() + DEADLINE_MS);
    x->started_us = clock_mono_us();
    x->r.impl = x;
    x->r.path = "/";
    x->r.query = "";
    x->p.fd = -1;
    s->active++;
    link_enter(x->link, PHASE_BODY);
    x->refused = read_header(x, method);
}

/* --- the course of a request ----------------------------------------------------------- */

/* The coroutine of a request. */
static void run_handler(void *arg)
{
    struct exchange *x = arg;
    struct http_server *s = x->server;
    s->cb.handle(s->cb.arg, x->c, &x->r, &x->p);
    x->co = NULL;
    x->handled = true;
    x->suspended = false;
    s->running--;
    MHD_resume_connection(x->mhd);
    s->pending = true;
}

/* All of the body is here. */
static enum MHD_Result complete(struct exchange *x)
{
    struct http_server *s = x->server;
    if (!x->refused && x->upload) x->refused = http_upload_finish(x->upload);
    if (!x->refused) {
        x->r.body = (struct bytes){(const unsigned char *)buf_str(&x->body), x->body.len};
        x->c->deadline_ms =
            clock_mono_ms() + DEADLINE_MS; /* the time of the upload does not count */
        x->refused = loop_spawn(s->loop, run_handler, x, &x->co);
    }
    if (x->refused) return http_answer_fault(x, x->refused);
    s->running++;
    x->suspended = true;
    link_enter(x->link, PHASE_HANDLER);
    MHD_suspend_connection(x->mhd);
    return MHD_YES;
}

static void body_drop(struct exchange *x)
{
    x->server->body_bytes -= x->body.len;
    buf_free(&x->body);
}

/* A piece of the body. MHD_NO ends the connection: the client sends without end what was
 * refused. */
static enum MHD_Result take(struct exchange *x, const char *data, size_t len)
{
    x->received += (int64_t)len;
    if (x->link) x->link->bytes = x->received;
    if (x->upload) {
        int64_t most = x->upload_total_max;
        if (x->received > most + (int64_t)DISCARD_MAX) return MHD_NO;
        http_upload_add(x->upload, data, len);
        if (!x->refused && x->received > most) {
            x->refused = fault(x->c, ERR_TOO_LARGE, "FILE_TOO_LARGE", "the body is too large");
        }
        return MHD_YES;
    }
    if (!x->refused) {
        bool fits = x->body.len + len <= x->body_max;
        if (fits && x->server->body_bytes + len <= x->server->o.bodies_max) {
            buf_add(&x->body, data, len);
            x->server->body_bytes += len;
            return MHD_YES;
        }
        x->refused = fits ? fault(x->c, ERR_UNAVAILABLE, NULL, "too much is being received")
                          : fault(x->c, ERR_TOO_LARGE, NULL, "the body has more than %zu bytes",
                                  x->body_max);
        body_drop(x);
    }
    return x->received > (int64_t)(x->body_max + DISCARD_MAX) ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **con_cls)
{
    (void)cls;
    (void)mhd;
    (void)url;
    (void)version;
    struct exchange *x = *con_cls;
    if (!x) return MHD_NO;
    if (!x->c) {
        begin(x, method);
        bool large = x->content_length > (int64_t)DISCARD_MAX;
        if (x->refused && (large || (x->expects && x->content_length != 0)))
            return http_answer_fault(x, x->refused);
        return MHD_YES;
    }
    if (x->suspended || x->answered)
        return MHD_YES; /* a second call of the same pass: touch nothing */
    if (*data_len > 0) {
        enum MHD_Result ok = take(x, data, *data_len);
        *data_len = 0;
        return ok;
    }
    return x->handled ? http_answer(x) : complete(x);
}

static void exchange_free(struct exchange *x)
{
    struct http_server *s = x->server;
    if (x->c) s->active--;
    if (x->p.upgrade && !x->upgraded) x->p.upgrade(x->p.upgrade_arg, -1, NULL, 0);
    if (!x->fd_given && x->p.fd > STDERR_FILENO) (void)close(x->p.fd);
    http_upload_clean(x->upload);
    body_drop(x);
    if (x->link) {
        x->link->exchange = NULL;
        link_enter(x->link, PHASE_IDLE);
    }
    ctx_free(x->c);
    mem_free(x->target);
    mem_free(x);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)mhd;
    (void)code;
    struct exchange *x = *con_cls;
    *con_cls = NULL;
    if (x) exchange_free(x);
}

/* The request line is there. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *s = cls;
    struct exchange *x = mem_alloc(sizeof(*x));
    x->server = s;
    x->mhd = mhd;
    x->target = mem_strdup(target);
    /* The library would take the query apart into its pool, and close the connection without a word
     * when some hundred arguments fill that; router_input.c reads our copy instead. */
    char *query = strchr((char *)(uintptr_t)target, '?');
    if (query) query[1] = '\0';
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->link = info ? info->socket_context : NULL;
    if (x->link) x->link->exchange = x;
    return x;
}

/* --- connections ----------------------------------------------------------------------- */

static bool limited(const struct http_server *s, const struct address *a)
{
    return s->o.connections_per_address_max > 0 && !address_in(a, "127.0.0.1,::1") &&
           !address_in(a, s->o.trusted_proxies);
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *sa, socklen_t len)
{
    (void)len;
    struct http_server *s = cls;
    struct address a;
    if (!address_of(sa, &a) || !limited(s, &a)) return MHD_YES;
    return http_peers_count(s->peers, &a) < s->o.connections_per_address_max ? MHD_YES : MHD_NO;
}

static struct link *link_new(struct http_server *s, struct MHD_Connection *mhd)
{
    struct link *k = mem_alloc(sizeof(*k));
    k->server = s;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    k->fd = info ? info->connect_fd : -1;
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr && address_of(info->client_addr, &k->address)) {
        k->counted = limited(s, &k->address);
    }
    if (k->counted) http_peers_add(s->peers, &k->address, 1);
    k->next = s->links;
    if (k->next) k->next->prev = k;
    s->links = k;
    link_enter(k, PHASE_IDLE);
    return k;
}

static void link_free(struct link *k)
{
    struct http_server *s = k->server;
    if (k->counted) http_peers_add(s->peers, &k->address, -1);
    if (k->exchange) k->exchange->link = NULL;
    if (k->prev) {
        k->prev->next = k->next;
    } else {
        s->links = k->next;
    }
    if (k->next) k->next->prev = k->prev;
    mem_free(k);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = link_new(cls, mhd);
    } else if (*context) {
        link_free(*context);
        *context = NULL;
    }
}

/* Has it been too slow in its phase? */
static bool link_overdue(const struct link *k, int64_t now_ms)
{
    const struct http_server *s = k->server;
    int64_t took_ms = now_ms - k->since_ms;
    int64_t grace_ms = s->o.idle_timeout_s * SECOND_MS;
    switch (k->phase) {
    case PHASE_IDLE: return took_ms > grace_ms || (s->quiet && took_ms > s->quiet_idle_ms);
    case PHASE_BODY:
    case PHASE_ANSWER: return took_ms > grace_ms + k->bytes * SECOND_MS / MIN_RATE;
    case PHASE_HANDLER: break;
    }
    return false;
}

/* Did a request come in that nobody has looked at yet? Who is merely slow sends in a phase of its
 * own. */
static bool link_unread(const struct link *k)
{
    int bytes = 0;
    return k->phase == PHASE_IDLE && k->server->quiet && ioctl(k->fd, FIONREAD, &bytes) == 0 &&
           bytes > 0;
}

static void on_watchdog(void *arg)
{
    struct http_server *s = arg;
    int64_t now_ms = loop_now(s->loop);
    for (struct link *k = s->links; k; k = k->next) {
        struct exchange *x = k->exchange;
        if (k->phase == PHASE_HANDLER) {
            if (x && x->co && now_ms - LATE_MS > x->c->deadline_ms) loop_cancel(s->loop, x->co);
        } else if (k->fd >= 0 && link_overdue(k, now_ms) && !link_unread(k)) {
            (void)shutdown(k->fd, SHUT_RDWR);
        }
    }
    s->watchdog = loop_timer(s->loop, now_ms + WATCHDOG_MS, on_watchdog, s);
}

/* --- the library in the loop ----------------------------------------------------------- */

static int before_wait(void *arg)
{
    struct http_server *s = arg;
    MHD_UNSIGNED_LONG_LONG ms = 0;
    if (s->pending) return 0;
    if (MHD_get_timeout(s->mhd, &ms) != MHD_YES) return -1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void after_wait(void *arg)
{
    struct http_server *s = arg;
    s->pending = false; /* before: what MHD_run itself resumes must be seen in the next turn */
    (void)MHD_run(s->mhd);
}

static void on_epoll(void *arg, uint32_t events)
{
    (void)arg;
    (void)events; /* it only wakes the loop; MHD_run does the rest */
}

PRINTF_LIKE(2, 0) static void on_log(void *cls, const char *format, va_list ap)
{
    (void)cls;
    char text[256];
    (void)vsnprintf(text, sizeof(text), format, ap);
    text[strcspn(text, "\r\n")] = '\0';
    log_event(LOG_DEBUG, NULL, "http", LOG_FIELDS(LOG_TEXT("detail", text)));
}

static enum err open_listener(struct http_server *s)
{
    if (s->o.listen_fd >= 0) {
        s->listen_fd = fcntl(s->o.listen_fd, F_DUPFD_CLOEXEC, 3);
        return s->listen_fd >= 0 ? ERR_OK : ERR_IO;
    }
    char port[16];
    (void)snprintf(port, sizeof(port), "%d", s->o.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *all = NULL;
    if (getaddrinfo(s->o.host, port, &hints, &all) != 0) return ERR_INVALID;
    for (struct addrinfo *i = all; i && s->listen_fd < 0; i = i->ai_next) {
        int on = 1, fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(fd, i->ai_addr, i->ai_addrlen) == 0 && listen(fd, 4096) == 0) {
            s->listen_fd = fd;
        } else {
            (void)close(fd);
        }
    }
    freeaddrinfo(all);
    return s->listen_fd >= 0 ? ERR_OK : ERR_IO;
}

static int bound_port(int fd)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) return 0;
    if (name.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
    return name.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&name)->sin_port) : 0;
}

static enum err start(struct http_server *s)
{
    enum err e = open_listener(s);
    if (e) return e;
    s->port = bound_port(s->listen_fd);
    /* The library asks for it: several workers share the socket, and another one may have taken the
     * connection. */
    (void)fcntl(s->listen_fd, F_SETFL, fcntl(s->listen_fd, F_GETFL) | O_NONBLOCK);
    (void)signal(SIGPIPE, SIG_IGN);
    s->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE, 0,
        on_accept, s, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
        MHD_OPTION_LISTEN_SOCKET, s->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)s->o.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)s->o.idle_timeout_s, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (!s->mhd) return ERR_IO;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    s->watch = info ? loop_watch(s->loop, info->epoll_fd, EPOLLIN, on_epoll, s) : NULL;
    if (!s->watch) return ERR_IO;
    loop_hook(s->loop, before_wait, after_wait, s);
    s->watchdog = loop_timer(s->loop, clock_mono_ms() + WATCHDOG_MS, on_watchdog, s);
    return ERR_OK;
}

enum err http_server_new(struct app *app, struct loop *l, const struct http_server_options *o,
                         const struct http_callbacks *cb, struct http_server **ret_server)
{
    struct http_server *s = mem_alloc(sizeof(*s));
    s->app = app;
    s->loop = l;
    s->o = *o;
    s->cb = *cb;
    s->listen_fd = -1;
    if (s->o.connections_max <= 0) s->o.connections_max = 4000;
    if (s->o.idle_timeout_s <= 0) s->o.idle_timeout_s = 30;
    if (s->o.json_body_max == 0) s->o.json_body_max = MIB;
    if (s->o.bodies_max == 0) s->o.bodies_max = 256 * MIB;
    if (s->o.upload_max_bytes <= 0) s->o.upload_max_bytes = 64 * (int64_t)MIB;
    s->o.host = s->strings[0] = mem_strdup(o->host ? o->host : "127.0.0.1");
    s->o.upload_dir = s->strings[1] = mem_strdup(o->upload_dir ? o->upload_dir : "/tmp");
    s->o.trusted_proxies = s->strings[2] = mem_strdup(o->trusted_proxies ? o->trusted_proxies : "");
    s->peers = http_peers_new();
    enum err e = start(s);
    if (e) {
        http_server_free(s);
        return e;
    }
    *ret_server = s;
    return ERR_OK;
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_server_quiesce(struct http_server *s, int64_t idle_ms)
{
    if (s->quiet) return;
    s->quiet = true;
    s->quiet_idle_ms = idle_ms;
    if (MHD_quiesce_daemon(s->mhd) != MHD_INVALID_SOCKET) {
        (void)close(s->listen_fd);
        s->listen_fd = -1;
    }
}

int http_server_active(const struct http_server *s)
{
    return s->active;
}

int http_server_connections(const struct http_server *s)
{
    int n = 0;
    for (const struct link *k = s->links; k; k = k->next)
        n++;
    return n;
}

void http_server_free(struct http_server *s)
{
    if (!s) return;
    assert(!co_self());
    for (struct link *k = s->links; k; k = k->next) {
        if (k->exchange) loop_cancel(s->loop, k->exchange->co);
    }
    if (s->running > 0) (void)loop_drain(s->loop, clock_mono_ms() + FREE_MS);
    if (s->running > 0)
        return; /* a handler does not end: rather leak than pull the ground from under it */
    if (s->watch) {
        loop_unhook(s->loop, s);
        loop_unwatch(s->loop, s->watch);
        loop_timer_cancel(s->loop, s->watchdog);
    }
    if (s->mhd) {
        http_server_quiesce(s, 0);
        MHD_stop_daemon(s->mhd);
    }
    if (s->listen_fd >= 0) (void)close(s->listen_fd);
    http_peers_free(s->peers);
    for (size_t i = 0; i < ARRAY_LEN(s->strings); i++)
        mem_free(s->strings[i]);
    mem_free(s);
}
