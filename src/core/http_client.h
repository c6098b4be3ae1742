/* Calls to the outside, by libcurl multi on the worker's loop. A call cannot reach private,
 * loopback, link-local or otherwise special addresses unless config->private_networks allows them:
 * checked on the address that is really connected to (after DNS, on every redirect and reconnect),
 * so that no name can lie. */
#ifndef INTERFLOW_CORE_HTTP_CLIENT_H
#define INTERFLOW_CORE_HTTP_CLIENT_H

#include "core/app.h"

struct http_client;

struct http_call {
    const char *method;         /* "GET" … */
    const char *url;            /* http or https only */
    const char *const *headers; /* "Name: value", NULL at the end; may be NULL */
    struct bytes body;
    int timeout_ms;      /* default 30,000; never past the context's deadline */
    size_t response_max; /* default 8 MiB: ERR_TOO_LARGE beyond */
    size_t keep_max;     /* > 0: of the body only so much is kept, the rest is read and dropped */
    int redirects_max;   /* default 0; headers are dropped when the host changes */
    int write_fd;        /* > 0: the body goes there instead of memory */
    bool internal;       /* our own peers in tests only: no address check */
    /* Must not happen twice: on a connection of its own, for libcurl repeats a request by itself
     * when a connection that was kept open breaks without an answer. */
    bool once;
};
struct http_answer {
    int status;
    struct bytes body; /* arena */
    const char *content_type;
    const char *(*header)(const struct http_answer *a, const char *name);
    /* The i-th of them, as it came; false: there are no more. */
    bool (*header_at)(const struct http_answer *a, int i, const char **ret_name,
                      const char **ret_value);
    void *impl;
    const char *address; /* that answered */
    int64_t took_ms;
};

struct http_client *http_client_new(struct app *app);
/* Calls under way end with ERR_CANCELLED; sets app->http_client NULL. NULL is fine. */
void http_client_free(struct http_client *h);
/* ERR_OK with any HTTP status; the answer lives as long as the context. ERR_INVALID: not a URL that
 * we call (code URL_INVALID); ERR_FORBIDDEN: the address is not allowed (ADDRESS_FORBIDDEN);
 * ERR_UPSTREAM: HOST_UNKNOWN, CONNECT_FAILED, TLS_FAILED, TOO_MANY_REDIRECTS or CALL_FAILED;
 * ERR_DEADLINE (CALL_TIMEOUT); ERR_TOO_LARGE (ANSWER_TOO_LARGE); ERR_CANCELLED; ERR_UNAVAILABLE:
 * the program ends. Redirects are followed as browsers do (303, and POST on 301/302, become GET
 * without body). */
MUST_USE enum err http_call(struct ctx *c, const struct http_call *call,
                            struct http_answer *ret_answer);
/* Is this address (text, v4 or v6, mapped forms too) one that calls may reach? */
bool address_allowed(const char *address, const char *allowed_networks);

/* One mail through an SMTP server (libcurl), with the same guard. message: complete RFC 5322 text
 * with CRLF. */
enum smtp_security { SMTP_PLAIN, SMTP_STARTTLS, SMTP_TLS };
struct smtp_call {
    const char *host;
    int port;
    enum smtp_security security;
    const char *user, *password; /* NULL: none */
    const char *bearer;          /* instead of the password: an OAuth access token */
    bool plain_loopback_only;    /* SMTP_PLAIN to this machine only (PLAIN_FORBIDDEN) */
    const char *from;
    const char *const *to; /* NULL at the end */
    struct bytes message;
    int timeout_ms;
};
/* ERR_OK: the server took it. ERR_INVALID: an address or the host is malformed; ERR_UNPROCESSABLE:
 * the server refused it for good (SMTP_REFUSED, SMTP_LOGIN_FAILED; its words are in the fault's);
 * ERR_UPSTREAM: refused for now (SMTP_BUSY) or not reached, as for http_call; ERR_FORBIDDEN,
 * ERR_DEADLINE, ERR_CANCELLED as there. */
MUST_USE enum err smtp_send(struct ctx *c, const struct smtp_call *call);

#endif
