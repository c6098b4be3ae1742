/* What http_server.c (connections, requests) and http_answer.c (answers) share: the two files that
 * know libmicrohttpd. Nobody else includes it. */
#ifndef INTERFLOW_CORE_HTTP_SERVER_IMPL_H
#define INTERFLOW_CORE_HTTP_SERVER_IMPL_H

#include <microhttpd.h>

#include "base/buf.h"
#include "core/address.h"
#include "core/app.h"
#include "core/http.h"
#include "core/loop.h"
#include "core/metrics.h"

struct http_peers;
struct http_upload;

enum phase { PHASE_IDLE, PHASE_BODY, PHASE_HANDLER, PHASE_ANSWER };

/* One TCP connection. */
struct link {
    struct http_server *server;
    struct link *prev, *next;
    struct address address;
    bool counted;
    int fd; /* the library's */
    enum phase phase;
    int64_t since_ms;
    int64_t bytes; /* received (body) or to be sent (answer) in this phase */
    struct exchange *exchange;
};

struct exchange {
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct link *link;
    char *target; /* until the context exists */
    struct ctx *c;
    struct request r;
    struct reply p;
    struct co *co;
    int64_t started_us;
    int64_t content_length; /* -1: chunked; 0: none */
    size_t body_max;
    struct buf body;
    struct http_upload *upload;
    int64_t upload_total_max;
    int64_t received;
    enum err refused; /* the rest of the body is dropped */
    bool head;
    bool expects; /* Expect: 100-continue */
    bool suspended;
    bool handled;
    bool answered;
    bool upgraded;
    bool fd_given; /* the library closes the reply's descriptor */
};

struct http_server {
    struct app *app;
    struct loop *loop;
    struct http_server_options o;
    struct http_callbacks cb;
    struct MHD_Daemon *mhd;
    struct loop_watch *watch;
    struct loop_timer *watchdog;
    struct http_peers *peers;
    struct link *links;
    int listen_fd; /* our own descriptor of it */
    int port;
    int active;        /* exchanges from a complete header to their end */
    int running;       /* handlers in their coroutines */
    size_t body_bytes; /* of all bodies that are in memory */
    bool pending;
    bool quiet;            /* no new connections */
    int64_t quiet_idle_ms; /* then: how long a connection without a request is kept */
    char *strings[3];
};

/* The link's phase begins now. */
void link_enter(struct link *k, enum phase phase);
void http_count(const struct http_server *s, enum metric which, int64_t by);

/* --- http_answer.c --------------------------------------------------------------------- */
/* Hand x->p to the library. MHD_NO: it could not be done, the connection ends. */
enum MHD_Result http_answer(struct exchange *x);
enum MHD_Result http_answer_fault(struct exchange *x, enum err e);

#endif
