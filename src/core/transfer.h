/* One transfer by libcurl in the worker's loop: what http_client.c, smtp.c and mail_conn.c
 * share. Nobody else includes it. */
#ifndef INTERFLOW_CORE_TRANSFER_H
#define INTERFLOW_CORE_TRANSFER_H

#include <curl/curl.h>
#include <stdatomic.h>

#include "core/http_client.h"

struct transfer {
    struct http_client *client;
    CURL *easy;
    struct co *co;
    const char *networks; /* private ones that are allowed */
    bool unguarded;
    bool loopback_only; /* this machine and nothing else: for what is not encrypted */
    bool keep;          /* on a thread: the connection outlives the transfer (mail_conn.c) */
    bool blocked;       /* an address was refused */
    enum err stop;      /* why a callback of the caller ended it, and the code to tell */
    const char *stop_code;
    /* May set a better fault for a failed transfer and return its error; ERR_OK: none. May be
     * NULL. */
    enum err (*explain)(struct ctx *c, struct transfer *t);
    void *arg; /* for explain */
    bool done;
    CURLcode result;
    char error[CURL_ERROR_SIZE];
    struct uuid org;        /* whose it is; nil: the installation's */
    int64_t turn;           /* place in the queue for a thread; 0: waits for none */
    bool on_thread;         /* has one of the TRANSFER_THREADS_MAX */
    atomic_bool stop_asked; /* on a thread: end soon */
    int thread_fd;          /* on a thread: becomes readable at its end */
    struct transfer *prev, *next;
};

/* A handle with everything that all transfers share: guard, protocols, limits of time.
 * ERR_UNAVAILABLE without a client. internal: no guard, and no connection shared with those that
 * are guarded. */
MUST_USE enum err transfer_begin(struct ctx *c, struct transfer *t, const char *url,
                                 const char *protocols, int timeout_ms, bool internal);
/* Run it and wait. ERR_OK, or the translation of what went wrong, with its fault set. */
MUST_USE enum err transfer_run(struct ctx *c, struct transfer *t);
/* The same for protocols that libcurl ends with a blocking wait (mail): on a thread of its own,
 * which sees nothing but the handle. A cancelled one ends within a second. At most
 * TRANSFER_THREADS_MAX at once in a worker, and TRANSFER_THREADS_ORG of one organization: servers
 * that hang hold up those who named them, nobody else. More wait for their turn, in the order they
 * came, at most TRANSFER_WAIT_MS (ERR_DEADLINE, CALL_TIMEOUT). */
#define TRANSFER_THREADS_MAX 32
#define TRANSFER_THREADS_ORG 4
#define TRANSFER_WAIT_MS     (2 * MINUTE_MS)
MUST_USE enum err transfer_run_on_thread(struct ctx *c, struct transfer *t);
/* Cleanup function; fine before begin on a zeroed struct. */
void transfer_end(struct transfer *t);
/* A mail server's name or address: nothing that could end a command. */
bool mail_host_usable(const char *host);
/* Milliseconds that are left to a call with this limit. */
int64_t transfer_time(const struct ctx *c, int timeout_ms);

#endif
