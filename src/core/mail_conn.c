/* A connection to a mail server that outlives the call that made it (mail_conn.h).
 *
 * libcurl's CURLOPT_CONNECT_ONLY does for IMAP and SMTP everything up to and with the login, and
 * then lends its connection for curl_easy_send and curl_easy_recv. The login runs on a thread
 * (transfer.c says why); afterwards the loop waits for the descriptor. A closing handle would say
 * goodbye and wait for the answer: the socket is shut down first, so that there is nothing to wait
 * for. What arrives faster than it is read would keep the coroutine from ever waiting: it steps back
 * after TURN_BYTES, so that one mail server cannot hold up the worker. */
#include "core/mail_conn.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/loop.h"
#include "core/transfer.h"

#define TURN_BYTES (256 * KIB)

struct mail_conn {
    struct loop *loop;
    struct transfer transfer;
    curl_socket_t fd;
    size_t turn;                   /* bytes received since the last wait */
    char said[MAIL_CONN_SAID_MAX]; /* the server's last line during the login */
};

/* libcurl shows each line that the server says; the last one before a failure is the reason. */
static size_t on_line(char *data, size_t one, size_t len, void *arg)
{
    struct mail_conn *m = arg;
    size_t n = one * len;
    while (n > 0 && (data[n - 1] == '\r' || data[n - 1] == '\n'))
        n--;
    if (n > 0) {
        if (n >= sizeof(m->said)) n = sizeof(m->said) - 1;
        memcpy(m->said, data, n);
        m->said[n] = '\0';
    }
    return one * len;
}

/* The words alone: no tag ("A002 NO "), no reply code. */
static const char *words(struct ctx *c, const struct mail_conn *m)
{
    const char *s = text_clean(c->arena, m->said, strlen(m->said));
    if (!s) return "";
    const char *no = strstr(s, " NO "), *bad = strstr(s, " BAD ");
    if (no && no - s < 8) return no + 4;
    if (bad && bad - s < 8) return bad + 5;
    return s;
}

/* Whoever looks passwords up is away, or too many are logged in (RFC 5530, SMTP's 4yz): no word
 * about the password. */
static bool passes(const char *said)
{
    static const char *const codes[] = {"[UNAVAILABLE]", "[INUSE]", "[SERVERBUG]", "[LIMIT]",
                                        "Too many simultaneous"};
    if (said[0] == '4' && said[1] >= '0' && said[1] <= '9') return true;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (strcasestr(said, codes[i])) return true;
    return false;
}

static enum err refused(struct ctx *c, struct transfer *t)
{
    struct mail_conn *m = t->arg;
    const char *said = words(c, m);
    switch (t->result) {
    case CURLE_LOGIN_DENIED:
        if (passes(said))
            return fault(c, ERR_UPSTREAM, "MAIL_SERVER_REFUSED",
                         "the mail server lets nobody in now: %s", said);
        return fault(c, ERR_UNAUTHORIZED, "MAIL_LOGIN_FAILED",
                     "the mail server refused user name or password%s%s", *said ? ": " : "", said);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED:
        return fault(c, ERR_UPSTREAM, "MAIL_SERVER_REFUSED",
                     "the mail server did not take the connection%s%s", *said ? ": " : "", said);
    default: return ERR_OK;
    }
}

static void set_login(struct mail_conn *m, const struct mail_login *login)
{
    CURL *e = m->transfer.easy;
    (void)curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
    (void)curl_easy_setopt(
        e, CURLOPT_USE_SSL,
        (long)(login->security == SMTP_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    (void)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 60L);
    (void)curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 20L);
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_line);
    (void)curl_easy_setopt(e, CURLOPT_HEADERDATA, m);
    if (login->user) (void)curl_easy_setopt(e, CURLOPT_USERNAME, login->user);
    if (login->bearer)
        (void)curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER, login->bearer);
    else if (login->user)
        (void)curl_easy_setopt(e, CURLOPT_PASSWORD, login->password ? login->password : "");
}

enum err mail_conn_open(struct ctx *c, const struct mail_login *login, struct mail_conn **ret)
{
    if (!mail_host_usable(login->host) || login->port <= 0 || login->port > 65535)
        return fault(c, ERR_INVALID, "HOST_INVALID", "the mail server's name or port is malformed");
    bool v6 = strchr(login->host, ':') != NULL;
    const char *url = arena_printf(c->arena, "%s%s://%s%s%s:%d", login->protocol,
                                   login->security == SMTP_TLS ? "s" : "", v6 ? "[" : "",
                                   login->host, v6 ? "]" : "", login->port);
    const char *protocols = arena_printf(c->arena, "%s,%ss", login->protocol, login->protocol);
    if (!url || !protocols) return ERR_NO_MEMORY;
    CLEANUP(mail_conn_freep) struct mail_conn *m = mem_alloc(sizeof(*m));
    m->loop = c->app->loop;
    m->fd = CURL_SOCKET_BAD;
    enum err e = transfer_begin(c, &m->transfer, url, protocols, login->timeout_ms, false);
    if (e) return e;
    m->transfer.arg = m;
    m->transfer.keep = true;
    m->transfer.loopback_only = login->security == SMTP_PLAIN;
    m->transfer.explain = refused;
    set_login(m, login);
    e = transfer_run_on_thread(c, &m->transfer);
    if (e) return e;
    if (curl_easy_getinfo(m->transfer.easy, CURLINFO_ACTIVESOCKET, &m->fd) != CURLE_OK ||
        m->fd == CURL_SOCKET_BAD)
        return fault(c, ERR_UPSTREAM, "CONNECT_FAILED", "the connection broke at once");
    *ret = m;
    m = NULL;
    return ERR_OK;
}

void mail_conn_free(struct mail_conn *m)
{
    if (!m) return;
    if (m->fd != CURL_SOCKET_BAD) (void)shutdown(m->fd, SHUT_RDWR);
    transfer_end(&m->transfer);
    mem_free(m);
}

void mail_conn_freep(struct mail_conn **m)
{
    mail_conn_free(*m);
}

enum err mail_conn_send(struct mail_conn *m, const void *data, size_t len, int64_t deadline_ms)
{
    const char *p = data;
    while (len > 0) {
        size_t sent = 0;
        CURLcode r = curl_easy_send(m->transfer.easy, p, len, &sent);
        if (r == CURLE_AGAIN) {
            enum err e = loop_wait_fd(m->loop, m->fd, EPOLLOUT, deadline_ms, NULL);
            if (e) return e;
            continue;
        }
        if (r != CURLE_OK) return ERR_IO;
        p += sent;
        len -= sent;
    }
    return ERR_OK;
}

enum err mail_conn_receive(struct mail_conn *m, void *out, size_t len, int64_t deadline_ms,
                           size_t *ret_len)
{
    if (m->turn >= TURN_BYTES) {
        m->turn = 0;
        enum err e = loop_sleep(m->loop, 0);
        if (e) return e;
        if (clock_mono_ms() >= deadline_ms) return ERR_DEADLINE;
    }
    for (;;) {
        size_t got = 0;
        CURLcode r = curl_easy_recv(m->transfer.easy, out, len, &got);
        if (r == CURLE_OK && got > 0) {
            m->turn += got;
            *ret_len = got;
            return ERR_OK;
        }
        if (r != CURLE_AGAIN) return ERR_IO;
        m->turn = 0;
        enum err e = loop_wait_fd(m->loop, m->fd, EPOLLIN, deadline_ms, NULL);
        if (e) return e;
    }
}
