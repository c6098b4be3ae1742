/* One connection to a mail server, by libcurl, for protocols that we speak ourselves: libcurl
 * resolves, connects (through the guard of transfer.c), does TLS or STARTTLS, and logs in; from then
 * on the caller sends and receives bytes on the worker's loop. Coroutine only. */
#ifndef INTERFLOW_CORE_MAIL_CONN_H
#define INTERFLOW_CORE_MAIL_CONN_H

#include "core/http_client.h"

struct mail_conn;

#define MAIL_CONN_SAID_MAX 300 /* bytes of a server's words that are kept for a person */

struct mail_login {
    const char *protocol; /* "imap" or "smtp" */
    const char *host;
    int port;
    enum smtp_security security; /* SMTP_PLAIN: to this machine only (PLAIN_FORBIDDEN) */
    const char *user;
    const char *password; /* or: */
    const char *bearer;   /* an OAuth access token: XOAUTH2, OAUTHBEARER */
    int timeout_ms;       /* of connecting and logging in; default 30,000 */
};

/* Connect and log in. *ret lives until mail_conn_free, also beyond c. ERR_INVALID: HOST_INVALID;
 * ERR_FORBIDDEN: ADDRESS_FORBIDDEN, PLAIN_FORBIDDEN; ERR_UNAUTHORIZED: MAIL_LOGIN_FAILED with the
 * server's words; ERR_UPSTREAM: HOST_UNKNOWN, CONNECT_FAILED, TLS_FAILED, MAIL_SERVER_REFUSED;
 * ERR_DEADLINE: CALL_TIMEOUT; ERR_CANCELLED, ERR_UNAVAILABLE as for http_call. */
MUST_USE enum err mail_conn_open(struct ctx *c, const struct mail_login *login,
                                 struct mail_conn **ret);
/* Never waits for the server. NULL is fine. */
void mail_conn_free(struct mail_conn *m);
void mail_conn_freep(struct mail_conn **m);
/* All of it, or an error: ERR_IO when the connection broke. deadline_ms: clock_mono_ms. */
MUST_USE enum err mail_conn_send(struct mail_conn *m, const void *data, size_t len,
                                 int64_t deadline_ms);
/* At least one byte, at most len. ERR_IO: closed or broken; ERR_DEADLINE; ERR_CANCELLED. */
MUST_USE enum err mail_conn_receive(struct mail_conn *m, void *out, size_t len, int64_t deadline_ms,
                                    size_t *ret_len);

#endif
