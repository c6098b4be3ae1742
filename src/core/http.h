/* One HTTP request and its answer, without a word about the library underneath (http_server.c alone
 * knows libmicrohttpd). A handler runs in a coroutine of its own and fills the answer; it may wait
 * as it likes. */
#ifndef INTERFLOW_CORE_HTTP_H
#define INTERFLOW_CORE_HTTP_H

#include "core/ctx.h"

enum http_method {
    HTTP_GET,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHOD_COUNT
};
extern const char *const http_method_names[HTTP_METHOD_COUNT];

#define UPLOAD_FILES_MAX 10

/* A file of a multipart body, already on disk (a temporary file in the data folder, unlinked at the
 * request's end unless files_keep takes it). */
struct upload {
    const char *field;
    const char *name; /* as the client said: not to be trusted, no path in it */
    const char *type; /* as the client said; files_keep detects the real one */
    const char *path;
    int64_t size_bytes;
    unsigned char sha256[32];
};

struct request {
    enum http_method method;
    const char *path;          /* decoded once, starts with "/", no "..", no NUL */
    const char *query;         /* raw, after "?"; "" when none */
    const struct route *route; /* once matched */
    struct bytes body;         /* raw body (not multipart), at most the route's body_max */
    struct upload uploads[UPLOAD_FILES_MAX];
    int upload_count;
    json_t *form; /* text parts of a multipart body: an object; a repeated name is an array. NULL:
                     none */
    bool secure;  /* came over TLS (X-Forwarded-Proto of a trusted proxy) */
    void *impl;   /* http_server.c */
};

enum reply_kind { REPLY_NONE, REPLY_TEXT, REPLY_FILE, REPLY_UPGRADE };

#define REPLY_HEADERS_MAX 24

/* Every answer also carries X-Request-Id, X-Content-Type-Options: nosniff, Referrer-Policy:
 * same-origin, X-Frame-Options: DENY (unless a Content-Security-Policy speaks of frame-ancestors)
 * and, without an etag, Cache-Control: no-store. A header of the same name in `headers` takes the
 * place of these; an empty value leaves it out. */

struct reply {
    enum reply_kind kind;
    int status;
    const char *content_type;
    struct bytes body; /* arena memory, or static when body_static */
    bool body_static;
    int fd; /* REPLY_FILE: sent from here, closed by the server; ranges are honoured */
    int64_t size_bytes;
    const char *etag; /* with quotes; If-None-Match gives 304 */
    struct {
        const char *name, *value;
    } headers[REPLY_HEADERS_MAX];
    int header_count;
    /* REPLY_UPGRADE: owns the non-blocking fd from then on; extra: what the client sent already. fd
     * -1: it did not come to the upgrade (client gone, HTTP/1.0), only arg is to be released.
     * Called once in any case. */
    void (*upgrade)(void *arg, int fd, const void *extra, size_t extra_len);
    void *upgrade_arg;
};

/* Header by name (the first one), cookie by name; NULL when absent. */
const char *request_header(const struct ctx *c, const struct request *r, const char *name);
const char *request_cookie(struct ctx *c, const struct request *r, const char *name);
/* All headers by name, lower case, into a new object; what is not UTF-8 is left out. */
json_t *request_headers(const struct request *r);

void reply_json(struct ctx *c, struct reply *p, int status,
                const char *json); /* json lives in the arena */
void reply_jsonf(struct ctx *c, struct reply *p, int status, const json_t *j);
void reply_empty(struct reply *p, int status); /* 204 and the like */
void reply_header(struct ctx *c, struct reply *p, const char *name,
                  const char *value); /* refuses CR/LF */
void reply_fault(struct ctx *c, struct reply *p,
                 enum err e); /* {success:false, error, code, details, requestId} */

/* --- the server ------------------------------------------------------------------------ */
struct http_server;
struct loop;
struct http_server_options {
    const char *host;    /* address to bind */
    int port;            /* 0: any */
    int listen_fd;       /* >= 0: use this listening socket (inherited), host and port only named in
     * logs */
    int connections_max; /* 4000 */
    int connections_per_address_max; /* 0: no limit; loopback and trusted proxies never count */
    int idle_timeout_s;   /* 30: for a header to be complete; bodies and answers must then move at 1
                             KiB/s */
    size_t json_body_max; /* 1 MiB, unless the route says otherwise */
    size_t bodies_max;    /* 256 MiB: of all bodies in memory at once; beyond it 503 */
    int64_t upload_max_bytes;    /* per file, 64 MiB */
    const char *upload_dir;      /* temporary files */
    const char *trusted_proxies; /* "127.0.0.1,::1": whose X-Forwarded-For/-Proto are believed */
};
/* Called in a coroutine for each request whose body is complete: authenticate, run, reply
 * (router_handle). Before the body is read `accept` (loop's stack, must not wait) looks the route
 * up and says how large the body may be. */
struct http_callbacks {
    enum err (*accept)(void *arg, struct request *r, size_t *ret_body_max, int64_t *ret_upload_max);
    void (*handle)(void *arg, struct ctx *c, struct request *r, struct reply *p);
    void *arg;
};
MUST_USE enum err http_server_new(struct app *app, struct loop *l,
                                  const struct http_server_options *o,
                                  const struct http_callbacks *cb, struct http_server **ret_server);
int http_server_port(const struct http_server *s);
/* Stop taking new connections; answers under way go on and say that they are the last ones. A
 * connection without a request is closed after idle_ms: a client may be about to use one that it
 * used a moment ago, and would find it closed under its request. */
void http_server_quiesce(struct http_server *s, int64_t idle_ms);
int http_server_active(const struct http_server *s); /* requests under way */
int http_server_connections(const struct http_server *s);
void http_server_free(struct http_server *s);

#endif
