/* libcurl's multi interface in the worker's loop, and the guard of every connection that leaves it.
 *
 * libcurl names the descriptors that it waits for (on_socket_wish) and one timer (on_timer_wish);
 * the loop watches them and calls curl_multi_socket_action. A coroutine adds its transfer and
 * parks; when libcurl says that it is done, it is woken. Names are resolved by libcurl's own
 * threads. Mail is another matter: libcurl waits for the server's last word of SMTP and IMAP on the
 * spot, also in the multi interface, so that such transfers run on a thread each (easy interface).
 *
 * The guard: libcurl asks us to make each socket and shows the address that it will connect to,
 * after resolving, for each try, redirect and reconnect. An address that is not allowed gets no
 * socket. Connections are kept and used again only among guarded transfers, so that one made
 * without a guard (tests) is never lent to another. Proxies from the environment are ignored:
 * behind one we would see its address only. */
#include "core/transfer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/address.h"
#include "core/loop.h"

#define CONNECT_MS (10 * SECOND_MS)
#define TIMEOUT_MS (30 * SECOND_MS)
#define KEPT_MAX   64L /* idle connections */
#define HOST_MAX   32L /* connections to one host; more wait */
#define TOTAL_MAX  512L

struct http_client {
    struct app *app;
    CURLM *multi;
    struct loop_timer *timer;
    struct transfer *transfers;                     /* newest first */
    struct transfer *threads[TRANSFER_THREADS_MAX]; /* those that have one; NULL: free */
    int64_t turns;                                  /* given out so far */
};

struct socket_watch {
    struct http_client *client;
    struct loop_watch *watch;
    curl_socket_t fd;
};

static void collect(struct http_client *h)
{
    int left = 0;
    for (CURLMsg *m = curl_multi_info_read(h->multi, &left); m;
         m = curl_multi_info_read(h->multi, &left)) {
        if (m->msg != CURLMSG_DONE) continue;
        struct transfer *t = NULL;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        if (!t) continue;
        t->result = m->data.result;
        t->done = true;
        loop_wake(h->app->loop, t->co);
    }
}

static void on_ready(void *arg, uint32_t events)
{
    struct socket_watch *w = arg;
    struct http_client *h = w->client;
    int what = 0, running = 0;
    if (events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (events & EPOLLERR) what |= CURL_CSELECT_ERR;
    (void)curl_multi_socket_action(h->multi, w->fd, what, &running);
    collect(h);
}

static void on_timer(void *arg)
{
    struct http_client *h = arg;
    int running = 0;
    h->timer = NULL;
    (void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(h);
}

static int on_timer_wish(CURLM *multi, long ms, void *arg)
{
    (void)multi;
    struct http_client *h = arg;
    loop_timer_cancel(h->app->loop, h->timer);
    h->timer = ms < 0 ? NULL : loop_timer(h->app->loop, clock_mono_ms() + ms, on_timer, h);
    return 0;
}

static int on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    (void)easy;
    struct http_client *h = arg;
    struct socket_watch *w = assigned;
    struct loop *l = h->app->loop;
    if (what == CURL_POLL_REMOVE) {
        if (!w) return 0;
        loop_unwatch(l, w->watch);
        mem_free(w);
        (void)curl_multi_assign(h->multi, fd, NULL);
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                      (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (w) {
        loop_watch_set(l, w->watch, events);
        return 0;
    }
    w = mem_alloc(sizeof(*w));
    w->client = h;
    w->fd = fd;
    w->watch = loop_watch(l, fd, events, on_ready, w);
    if (!w->watch) {
        mem_free(w);
        return -1;
    }
    (void)curl_multi_assign(h->multi, fd, w);
    return 0;
}

/* --- the guard ------------------------------------------------------------------------- */

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    struct transfer *t = arg;
    struct address a;
    bool fine = address_of(&to->addr, &a) && (t->unguarded || address_public(&a, t->networks)) &&
                (!t->loopback_only || address_loopback(&a));
    if (!fine) {
        t->blocked = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* --- one transfer ---------------------------------------------------------------------- */

int64_t transfer_time(const struct ctx *c, int timeout_ms)
{
    int64_t now_ms = clock_mono_ms(), ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS;
    int64_t left_ms = c->deadline_ms - now_ms;
    return left_ms < ms ? left_ms : ms;
}

enum err transfer_begin(struct ctx *c, struct transfer *t, const char *url, const char *protocols,
                        int timeout_ms, bool internal)
{
    struct http_client *h = c->app->http_client;
    int64_t ms = transfer_time(c, timeout_ms);
    if (!h) return fault(c, ERR_UNAVAILABLE, NULL, "no calls to the outside now");
    if (ms <= 0) return fault(c, ERR_DEADLINE, "CALL_TIMEOUT", "no time left for the call");
    CURL *e = curl_easy_init();
    if (!e) return ERR_NO_MEMORY;
    *t = (struct transfer){.client = h, .easy = e, .unguarded = internal, .thread_fd = -1};
    t->org = c->org;
    t->networks = c->app->config ? c->app->config->private_networks : NULL;
    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    (void)curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)ms);
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(ms < CONNECT_MS ? ms : CONNECT_MS));
    if (c->app->config && c->app->config->ca_file)
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, c->app->config->ca_file);
    if (internal) {
        (void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
        (void)curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    }
    if (curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, protocols) != CURLE_OK ||
        curl_easy_setopt(e, CURLOPT_URL, url) != CURLE_OK) {
        return fault(c, ERR_INVALID, "URL_INVALID", "this address cannot be called");
    }
    return ERR_OK;
}

static enum err translate(struct ctx *c, struct transfer *t)
{
    enum err better = t->result != CURLE_OK && t->explain ? t->explain(c, t) : ERR_OK;
    if (better) return better;
    const char *why = t->error[0] ? t->error : curl_easy_strerror(t->result);
    if (t->result != CURLE_OK && t->stop)
        return fault(c, t->stop, t->stop_code, "the answer could not be taken");
    switch (t->result) {
    case CURLE_OK: return ERR_OK;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return fault(c, ERR_INVALID, "URL_INVALID", "this address cannot be called");
    case CURLE_OPERATION_TIMEDOUT:
        return fault(c, ERR_DEADLINE, "CALL_TIMEOUT", "no answer in time");
    case CURLE_COULDNT_RESOLVE_HOST:
        return fault(c, ERR_UPSTREAM, "HOST_UNKNOWN", "the host name is not known");
    case CURLE_COULDNT_CONNECT:
        if (t->blocked && t->loopback_only) {
            return fault(c, ERR_FORBIDDEN, "PLAIN_FORBIDDEN",
                         "without encryption only a server on this machine is called");
        }
        if (t->blocked) {
            return fault(c, ERR_FORBIDDEN, "ADDRESS_FORBIDDEN",
                         "calls to private and special addresses are not allowed");
        }
        return fault(c, ERR_UPSTREAM, "CONNECT_FAILED", "no connection: %s", why);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
        return fault(c, ERR_UPSTREAM, "TLS_FAILED", "no secure connection: %s", why);
    default: return fault(c, ERR_UPSTREAM, "CALL_FAILED", "the call failed: %s", why);
    }
}

static void enter(struct transfer *t)
{
    struct http_client *h = t->client;
    t->done = false;
    t->co = co_self();
    t->prev = NULL;
    t->next = h->transfers;
    if (t->next) t->next->prev = t;
    h->transfers = t;
}

static void leave(struct transfer *t)
{
    struct http_client *h = t->client;
    if (!h || !t->co) return;
    if (t->thread_fd < 0) (void)curl_multi_remove_handle(h->multi, t->easy);
    if (t->next) t->next->prev = t->prev;
    if (t->prev) {
        t->prev->next = t->next;
    } else {
        h->transfers = t->next;
    }
    t->co = NULL;
}

enum err transfer_run(struct ctx *c, struct transfer *t)
{
    struct http_client *h = t->client;
    struct loop *l = c->app->loop;
    enter(t);
    if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
        leave(t);
        return fault(c, ERR_INTERNAL, NULL, "the call could not be started");
    }
    enum err e = ERR_OK;
    while (!e && !t->done)
        e = loop_park(l, c->deadline_ms);
    leave(t);
    if (e == ERR_DEADLINE) return fault(c, e, "CALL_TIMEOUT", "no answer in time");
    if (e) return e;
    if (!t->client) return ERR_CANCELLED;
    return translate(c, t);
}

/* --- on a thread ----------------------------------------------------------------------- */

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    struct transfer *t = arg;
    return atomic_load(&t->stop_asked) ? 1 : 0;
}

static void *thread_main(void *arg)
{
    struct transfer *t = arg;
    uint64_t one = 1;
    t->result = curl_easy_perform(t->easy);
    if (write(t->thread_fd, &one, sizeof(one)) < 0) abort(); /* cannot fail: the counter is 0 */
    return NULL;
}

/* The thread is the only one that touches t and the handle until it was joined. */
static enum err wait_for_thread(struct ctx *c, struct transfer *t, pthread_t thread)
{
    struct loop *l = c->app->loop;
    enum err e = loop_wait_fd(l, t->thread_fd, EPOLLIN, c->deadline_ms, NULL);
    if (e) {
        atomic_store(&t->stop_asked, true);
        loop_shield(l, true);
        (void)!loop_wait_fd(l, t->thread_fd, EPOLLIN, CLOCK_NEVER, NULL);
        loop_shield(l, false);
    }
    (void)pthread_join(thread, NULL);
    return e;
}

/* A free place for a thread of this organization; -1: none. */
static int free_place(const struct http_client *h, struct uuid org)
{
    int place = -1, own = 0;
    for (int i = 0; i < TRANSFER_THREADS_MAX; i++) {
        if (!h->threads[i])
            place = i;
        else if (uuid_equal(h->threads[i]->org, org))
            own++;
    }
    return own < TRANSFER_THREADS_ORG || uuid_is_nil(org) ? place : -1;
}

/* The free places, to those who wait longest and may have one. */
static void give_turns(struct http_client *h)
{
    for (;;) {
        struct transfer *first = NULL;
        int place = -1;
        for (struct transfer *t = h->transfers; t; t = t->next) {
            if (t->turn == 0 || (first && first->turn < t->turn)) continue;
            int free = free_place(h, t->org);
            if (free < 0) continue;
            first = t;
            place = free;
        }
        if (!first) return;
        h->threads[place] = first;
        first->on_thread = true;
        first->turn = 0;
        if (first->co != co_self()) loop_wake(h->app->loop, first->co);
    }
}

static void give_back(struct transfer *t)
{
    struct http_client *h = t->client;
    t->turn = 0;
    if (!h || !t->on_thread) return;
    t->on_thread = false;
    for (int i = 0; i < TRANSFER_THREADS_MAX; i++)
        if (h->threads[i] == t) h->threads[i] = NULL;
    give_turns(h);
}

static enum err wait_for_turn(struct ctx *c, struct transfer *t)
{
    int64_t until = clock_mono_ms() + TRANSFER_WAIT_MS;
    if (c->deadline_ms < until) until = c->deadline_ms;
    t->turn = ++t->client->turns;
    give_turns(t->client);
    enum err e = ERR_OK;
    while (!e && t->client && !t->on_thread)
        e = loop_park(c->app->loop, until);
    if (e == ERR_DEADLINE && !t->on_thread)
        return fault(c, e, "CALL_TIMEOUT",
                     "too many calls of mail servers at once: those before this one take too long");
    return !e && !t->client ? ERR_CANCELLED : e;
}

enum err transfer_run_on_thread(struct ctx *c, struct transfer *t)
{
    t->thread_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->thread_fd < 0) return fault(c, ERR_UNAVAILABLE, NULL, "too many open files");
    (void)curl_easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
    (void)curl_easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
    if (!t->keep) /* or the goodbye (QUIT) would wait in curl_easy_cleanup */
        (void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
    enter(t);
    enum err e = wait_for_turn(c, t);
    pthread_t thread;
    sigset_t all, before;
    (void)sigfillset(&all);
    if (!e) {
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        if (pthread_create(&thread, NULL, thread_main, t) != 0) e = ERR_UNAVAILABLE;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (!e) e = wait_for_thread(c, t, thread);
    give_back(t);
    leave(t);
    (void)close(t->thread_fd);
    t->thread_fd = -1;
    if (e == ERR_DEADLINE) return fault(c, e, "CALL_TIMEOUT", "no answer in time");
    if (e) return e;
    return t->client ? translate(c, t) : ERR_CANCELLED;
}

void transfer_end(struct transfer *t)
{
    leave(t);
    if (t->easy) curl_easy_cleanup(t->easy);
    t->easy = NULL;
}

/* --- the client ------------------------------------------------------------------------ */

struct http_client *http_client_new(struct app *app)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL;
    struct http_client *h = mem_alloc(sizeof(*h));
    h->app = app;
    h->multi = curl_multi_init();
    if (!h->multi) {
        mem_free(h);
        return NULL;
    }
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, KEPT_MAX);
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_MAX);
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, TOTAL_MAX);
    return h;
}

void http_client_free(struct http_client *h)
{
    if (!h) return;
    while (h->transfers) {
        struct transfer *t = h->transfers;
        struct co *co = t->co;
        leave(t);
        t->client = NULL; /* its coroutine finds that it was cancelled */
        t->done = true;
        if (t->on_thread) {
            atomic_store(&t->stop_asked, true);
        } else {
            loop_wake(h->app->loop, co);
        }
    }
    (void)curl_multi_cleanup(h->multi);
    loop_timer_cancel(h->app->loop, h->timer);
    if (h->app->http_client == h) h->app->http_client = NULL;
    mem_free(h);
}
