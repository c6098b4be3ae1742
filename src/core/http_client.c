/* Calls by HTTP (http_client.h), on top of transfer.c. Redirects are followed here, one transfer
 * each, not by libcurl: so that the caller's headers (keys, signatures) are dropped when the host
 * changes, which libcurl does only for its own. */
#include "core/http_client.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/transfer.h"

#define RESPONSE_MAX (8 * MIB)
#define HEADER_BYTES (64 * KIB) /* of one answer */
#define HEADERS_KEPT 128

struct answer_header {
    const char *name, *value;
};

/* What arrives. Lives in the context's arena. */
struct arriving {
    struct arena *arena;
    struct transfer *transfer; /* while it runs */
    struct buf body;
    int fd; /* > 0: the body goes there */
    size_t max, keep, got;
    bool redirects; /* a redirect will be followed: its body is of no interest */
    bool redirect;  /* this answer is one */
    struct answer_header headers[HEADERS_KEPT];
    int header_count;
    size_t header_bytes;
};

static const char *find_header(const struct http_answer *a, const char *name)
{
    const struct arriving *in = a->impl;
    for (int i = 0; in && i < in->header_count; i++) {
        if (strcasecmp(in->headers[i].name, name) == 0) return in->headers[i].value;
    }
    return NULL;
}

static bool header_at(const struct http_answer *a, int i, const char **ret_name,
                      const char **ret_value)
{
    const struct arriving *in = a->impl;
    if (!in || i < 0 || i >= in->header_count) return false;
    *ret_name = in->headers[i].name;
    *ret_value = in->headers[i].value;
    return true;
}

/* For a callback: end the transfer for this reason. */
static size_t stop(struct arriving *in, enum err e, const char *code)
{
    in->transfer->stop = e;
    in->transfer->stop_code = code;
    return 0;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
    (void)one;
    struct arriving *in = arg;
    if (in->redirects && in->redirect) return len;
    if (in->got + len > in->max) return stop(in, ERR_TOO_LARGE, "ANSWER_TOO_LARGE");
    in->got += len;
    if (in->fd <= 0) {
        size_t room = in->keep > in->body.len ? in->keep - in->body.len : 0;
        buf_add(&in->body, data, len < room ? len : room);
        return len;
    }
    for (size_t done = 0; done < len;) {
        ssize_t n = write(in->fd, data + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return stop(in, ERR_IO, NULL);
        done += (size_t)n;
    }
    return len;
}

static size_t on_header(char *data, size_t one, size_t len, void *arg)
{
    (void)one;
    struct arriving *in = arg;
    in->header_bytes += len;
    if (in->header_bytes > HEADER_BYTES) return stop(in, ERR_TOO_LARGE, "ANSWER_TOO_LARGE");
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) { /* after "100 Continue" comes another */
        const char *space = memchr(data, ' ', len);
        in->header_count = 0;
        in->redirect = space && space + 1 < data + len && space[1] == '3';
        return len;
    }
    const char *colon = memchr(data, ':', len);
    if (!colon || in->header_count >= HEADERS_KEPT) return len;
    const char *value = colon + 1, *end = data + len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    struct answer_header h = {
        .name = arena_strndup(in->arena, data, (size_t)(colon - data)),
        .value = arena_strndup(in->arena, value, (size_t)(end - value)),
    };
    if (h.name && h.value) in->headers[in->header_count++] = h;
    return len;
}

static void release_body(void *arg)
{
    struct arriving *in = arg;
    buf_free(&in->body);
}

static void slist_freep(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static void url_freep(CURLU **u)
{
    curl_url_cleanup(*u);
}

/* --- addresses ------------------------------------------------------------------------- */

static CURLU *url_parse(const char *text)
{
    CURLU *u = curl_url();
    if (!u) return NULL;
    if (curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK) return u;
    curl_url_cleanup(u);
    return NULL;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    (void)curl_url_get(a, part, &x, CURLU_DEFAULT_PORT);
    (void)curl_url_get(b, part, &y, CURLU_DEFAULT_PORT);
    bool same = x && y && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

/* Same scheme, host and port? Only then do the caller's headers go along. */
static bool same_origin(const char *from, const char *to)
{
    CLEANUP(url_freep) CURLU *a = url_parse(from);
    CLEANUP(url_freep) CURLU *b = url_parse(to);
    return a && b && same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
           same_part(a, b, CURLUPART_PORT);
}

static bool url_usable(const char *text)
{
    if (!text || (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0))
        return false;
    for (const char *s = text; *s; s++) {
        if ((unsigned char)*s <= 0x20 || *s == 0x7f) return false;
    }
    CLEANUP(url_freep) CURLU *u = url_parse(text);
    return u != NULL;
}

/* --- one step -------------------------------------------------------------------------- */

static bool has_header(const char *const *headers, const char *name)
{
    size_t len = strlen(name);
    for (; headers && *headers; headers++) {
        if (strncasecmp(*headers, name, len) == 0 && (*headers)[len] == ':') return true;
    }
    return false;
}

static enum err make_headers(struct ctx *c, const struct http_call *call, bool with_body,
                             struct curl_slist **list)
{
    for (const char *const *h = call->headers; h && *h; h++) {
        if (strpbrk(*h, "\r\n") || !strchr(*h, ':'))
            return fault(c, ERR_INVALID, "HEADER_INVALID", "a header is malformed");
        struct curl_slist *longer = curl_slist_append(*list, *h);
        if (!longer) return ERR_NO_MEMORY;
        *list = longer;
    }
    /* What libcurl would add by itself and no API wants. */
    static const char *const none[] = {"Expect:", "Content-Type:"};
    for (size_t i = 0; i < (with_body ? 2 : 1); i++) {
        if (i == 1 && has_header(call->headers, "Content-Type")) continue;
        struct curl_slist *longer = curl_slist_append(*list, none[i]);
        if (!longer) return ERR_NO_MEMORY;
        *list = longer;
    }
    return ERR_OK;
}

static void set_method(CURL *easy, const char *method, struct bytes body)
{
    if (body.len > 0 || strcmp(method, "POST") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                               body.len > 0 ? (const char *)body.data : "");
    }
    if (strcmp(method, "HEAD") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (strcmp(method, "GET") != 0 || body.len > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    }
}

static enum err read_answer(struct ctx *c, struct transfer *t, struct arriving *in,
                            struct http_answer *a, const char **ret_redirect)
{
    long status = 0;
    const char *type = NULL, *address = NULL, *redirect = NULL;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &address);
    (void)curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &redirect);
    a->status = (int)status;
    a->content_type = arena_strdup(c->arena, type);
    a->address = arena_strdup(c->arena, address);
    a->impl = in;
    a->header = find_header;
    a->header_at = header_at;
    a->body = (struct bytes){(const unsigned char *)buf_str(&in->body), in->body.len};
    *ret_redirect = arena_strdup(c->arena, redirect);
    return redirect && !*ret_redirect ? ERR_NO_MEMORY : ERR_OK;
}

static enum err call_once(struct ctx *c, const struct http_call *call, bool redirects,
                          struct http_answer *a, const char **ret_redirect)
{
    struct arriving *in = arena_alloc(c->arena, sizeof(*in));
    if (!in) return ERR_NO_MEMORY;
    in->arena = c->arena;
    in->fd = call->write_fd;
    in->max = call->response_max > 0 ? call->response_max : RESPONSE_MAX;
    in->keep = call->keep_max > 0 && call->keep_max < in->max ? call->keep_max : in->max;
    in->body = BUF_INIT(in->max + 1);
    arena_on_free(c->arena, release_body, in);
    CLEANUP(slist_freep) struct curl_slist *headers = NULL;
    CLEANUP(transfer_end) struct transfer t = {0};
    in->transfer = &t;
    in->redirects = redirects;
    enum err e = transfer_begin(c, &t, call->url, "http,https", call->timeout_ms, call->internal);
    if (!e)
        e = make_headers(c, call, call->body.len > 0 || strcmp(call->method, "POST") == 0,
                         &headers);
    if (e) return e;
    (void)curl_easy_setopt(t.easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(t.easy, CURLOPT_USERAGENT, "Interflow/" INTERFLOW_VERSION);
    (void)curl_easy_setopt(t.easy, CURLOPT_ACCEPT_ENCODING, "");
    (void)curl_easy_setopt(t.easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(t.easy, CURLOPT_WRITEDATA, in);
    (void)curl_easy_setopt(t.easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(t.easy, CURLOPT_HEADERDATA, in);
    if (call->once) (void)curl_easy_setopt(t.easy, CURLOPT_FRESH_CONNECT, 1L);
    set_method(t.easy, call->method, call->body);
    e = transfer_run(c, &t);
    in->transfer = NULL;
    if (e) return e;
    return read_answer(c, &t, in, a, ret_redirect);
}

/* --- public ---------------------------------------------------------------------------- */

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* What the next request looks like after this answer. */
static void follow(struct http_call *call, int status, const char *to)
{
    bool post = strcmp(call->method, "POST") == 0;
    if ((status == 303 && strcmp(call->method, "HEAD") != 0) ||
        (post && (status == 301 || status == 302))) {
        call->method = "GET";
        call->body = (struct bytes){0};
    }
    if (!same_origin(call->url, to)) call->headers = NULL;
    call->url = to;
}

enum err http_call(struct ctx *c, const struct http_call *call, struct http_answer *ret_answer)
{
    struct http_call now = *call;
    struct http_answer a = {0};
    int64_t began_ms = clock_mono_ms();
    int64_t until_ms = began_ms + transfer_time(c, call->timeout_ms);
    if (!now.method) now.method = "GET";
    for (int left = call->redirects_max;; left--) {
        if (!url_usable(now.url))
            return fault(c, ERR_INVALID, "URL_INVALID", "this address cannot be called");
        const char *to = NULL;
        now.timeout_ms = (int)(until_ms - clock_mono_ms());
        if (now.timeout_ms <= 0) return fault(c, ERR_DEADLINE, "CALL_TIMEOUT", "no answer in time");
        enum err e = call_once(c, &now, left > 0, &a, &to);
        if (e) return e;
        if (call->redirects_max <= 0 || !to || !is_redirect(a.status)) break;
        if (left == 0)
            return fault(c, ERR_UPSTREAM, "TOO_MANY_REDIRECTS", "more than %d redirects",
                         call->redirects_max);
        follow(&now, a.status, to);
    }
    a.took_ms = clock_mono_ms() - began_ms;
    *ret_answer = a;
    return ERR_OK;
}
