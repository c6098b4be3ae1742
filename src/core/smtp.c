/* Mail out by SMTP (smtp_send in http_client.h), on top of transfer.c: the same guard. libcurl
 * speaks the protocol (EHLO, STARTTLS, AUTH, dot-stuffing), on a thread because it waits for the
 * last answer on the spot; the message comes complete. Host and addresses are checked here, since
 * they end up in commands. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "core/transfer.h"

#define SMTP_TIMEOUT_MS  60000
#define ADDRESS_TEXT_MAX 320
#define RECIPIENTS_MAX   100

#define SAID_MAX 400

struct outgoing {
    struct bytes message;
    size_t sent;
    char said[SAID_MAX]; /* the server's last line */
};

static size_t on_read(char *out, size_t one, size_t len, void *arg)
{
    struct outgoing *o = arg;
    size_t room = one * len, left = o->message.len - o->sent;
    if (room > left) room = left;
    if (room > 0) memcpy(out, o->message.data + o->sent, room);
    o->sent += room;
    return room;
}

/* libcurl shows each line that the server says; the last refusal among them is the reason. */
static size_t on_line(char *data, size_t one, size_t len, void *arg)
{
    struct outgoing *o = arg;
    size_t n = one * len;
    while (n > 0 && (data[n - 1] == '\r' || data[n - 1] == '\n'))
        n--;
    if (n >= sizeof(o->said)) n = sizeof(o->said) - 1;
    if (n > 0 && (data[0] == '4' || data[0] == '5')) {
        memcpy(o->said, data, n);
        o->said[n] = '\0';
    }
    return one * len;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct outgoing *o = arg;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > o->message.len)
        return CURL_SEEKFUNC_FAIL;
    o->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

bool mail_host_usable(const char *s)
{
    size_t len = s ? strlen(s) : 0;
    if (len == 0 || len > 253) return false;
    for (; *s; s++) {
        if (!isalnum((unsigned char)*s) && !strchr(".-_:", *s)) return false;
    }
    return true;
}

/* Bare "name@host", nothing that could end a command. */
static bool address_usable(const char *s)
{
    size_t len = s ? strlen(s) : 0;
    if (len < 3 || len > ADDRESS_TEXT_MAX || !strchr(s, '@')) return false;
    for (; *s; s++) {
        if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == '<' || *s == '>') return false;
    }
    return true;
}

static void slist_freep(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static enum err make_recipients(struct ctx *c, const struct smtp_call *call,
                                struct curl_slist **list)
{
    int n = 0;
    for (const char *const *to = call->to; to && *to; to++, n++) {
        if (!address_usable(*to) || n >= RECIPIENTS_MAX) break;
        char text[ADDRESS_TEXT_MAX + 3];
        (void)snprintf(text, sizeof(text), "<%s>", *to);
        struct curl_slist *longer = curl_slist_append(*list, text);
        if (!longer) return ERR_NO_MEMORY;
        *list = longer;
    }
    if (n == 0 || call->to[n])
        return fault(c, ERR_INVALID, "ADDRESS_INVALID", "a recipient's address is malformed");
    return ERR_OK;
}

/* What the server said, when it was the server that refused. */
static enum err refused(struct ctx *c, struct transfer *t)
{
    long reply = 0;
    const struct outgoing *o = t->arg;
    const char *said = text_clean(c->arena, o->said, strlen(o->said));
    if (!said) return ERR_NO_MEMORY;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &reply);
    /* 454 and its like: whoever looks passwords up is away. They may be right. */
    if (t->result == CURLE_LOGIN_DENIED && said[0] == '4')
        return fault(c, ERR_UPSTREAM, "SMTP_BUSY",
                     "the mail server cannot check user name and password now: %s", said);
    if (t->result == CURLE_LOGIN_DENIED) {
        return fault(c, ERR_UNPROCESSABLE, "SMTP_LOGIN_FAILED",
                     "the mail server refused user name or password: %s", said);
    }
    if (reply >= 500)
        return fault(c, ERR_UNPROCESSABLE, "SMTP_REFUSED",
                     "the mail server refused the mail (%ld): %s", reply, said);
    if (reply >= 400)
        return fault(c, ERR_UPSTREAM, "SMTP_BUSY",
                     "the mail server does not take the mail now (%ld): %s", reply, said);
    return ERR_OK;
}

enum err smtp_send(struct ctx *c, const struct smtp_call *call)
{
    if (!mail_host_usable(call->host) || call->port <= 0 || call->port > 65535) {
        return fault(c, ERR_INVALID, "HOST_INVALID", "the mail server's name or port is malformed");
    }
    if (!address_usable(call->from))
        return fault(c, ERR_INVALID, "ADDRESS_INVALID", "the sender's address is malformed");
    bool v6 = strchr(call->host, ':') != NULL;
    const char *url =
        arena_printf(c->arena, "%s://%s%s%s:%d", call->security == SMTP_TLS ? "smtps" : "smtp",
                     v6 ? "[" : "", call->host, v6 ? "]" : "", call->port);
    const char *from = arena_printf(c->arena, "<%s>", call->from);
    if (!url || !from) return ERR_NO_MEMORY;
    CLEANUP(slist_freep) struct curl_slist *to = NULL;
    enum err e = make_recipients(c, call, &to);
    if (e) return e;
    struct outgoing out = {.message = call->message};
    CLEANUP(transfer_end) struct transfer t = {0};
    e = transfer_begin(c, &t, url, "smtp,smtps",
                       call->timeout_ms > 0 ? call->timeout_ms : SMTP_TIMEOUT_MS, false);
    if (e) return e;
    (void)curl_easy_setopt(
        t.easy, CURLOPT_USE_SSL,
        (long)(call->security == SMTP_STARTTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (call->user) {
        (void)curl_easy_setopt(t.easy, CURLOPT_USERNAME, call->user);
        if (call->bearer)
            (void)curl_easy_setopt(t.easy, CURLOPT_XOAUTH2_BEARER, call->bearer);
        else
            (void)curl_easy_setopt(t.easy, CURLOPT_PASSWORD, call->password ? call->password : "");
    }
    (void)curl_easy_setopt(t.easy, CURLOPT_HEADERFUNCTION, on_line);
    (void)curl_easy_setopt(t.easy, CURLOPT_HEADERDATA, &out);
    t.arg = &out;
    t.loopback_only = call->plain_loopback_only && call->security == SMTP_PLAIN;
    (void)curl_easy_setopt(t.easy, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(t.easy, CURLOPT_MAIL_RCPT, to);
    (void)curl_easy_setopt(t.easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(t.easy, CURLOPT_READFUNCTION, on_read);
    (void)curl_easy_setopt(t.easy, CURLOPT_READDATA, &out);
    (void)curl_easy_setopt(t.easy, CURLOPT_SEEKFUNCTION, on_seek);
    (void)curl_easy_setopt(t.easy, CURLOPT_SEEKDATA, &out);
    (void)curl_easy_setopt(t.easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->message.len);
    t.explain = refused;
    return transfer_run_on_thread(c, &t);
}
