/* The Graph API client (graph.h): one call, its body in the form that the endpoint wants, its
 * answer read. Bodies with files are built outside the arena, because they may be larger than any
 * arena, and are gone when the call is over. */
#include "channels/meta/graph.h"

#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "channels/log.h"
#include "channels/meta/meta_json.h"

#define MULTIPART_MAX (110 * MIB)
#define FORM_MAX      (256 * KIB)
#define ANSWER_MAX    (4 * MIB)

static void add_escaped(struct buf *b, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (const char *p = text; p && *p; p++) {
        if (strchr(plain, *p))
            buf_addc(b, *p);
        else
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)*p);
    }
}

const char *graph_escape(struct arena *a, const char *text)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(FORM_MAX);
    add_escaped(&b, text);
    const char *copy = buf_failed(&b) ? NULL : arena_strdup(a, buf_str(&b));
    return copy ? copy : "";
}

/* A quoted parameter of a part's header: quotes and line ends as browsers write them. */
static void add_quoted(struct buf *b, const char *text)
{
    buf_addc(b, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            buf_adds(b, "%22");
        else if (*p == '\r' || *p == '\n')
            buf_addc(b, ' ');
        else
            buf_addc(b, *p);
    }
    buf_addc(b, '"');
}

void graph_multipart(struct buf *out, const struct graph_part *parts, int count,
                     const char *boundary)
{
    for (int i = 0; i < count; i++) {
        const struct graph_part *p = &parts[i];
        buf_addf(out, "--%s\r\nContent-Disposition: form-data; name=", boundary);
        add_quoted(out, p->name);
        if (p->filename) {
            buf_adds(out, "; filename=");
            add_quoted(out, p->filename);
        }
        buf_adds(out, "\r\n");
        if (p->type) buf_addf(out, "Content-Type: %s\r\n", p->type);
        buf_adds(out, "\r\n");
        buf_add(out, p->data.data, p->data.len);
        buf_adds(out, "\r\n");
    }
    buf_addf(out, "--%s--\r\n", boundary);
}

static void add_form(struct buf *out, const json_t *form)
{
    const char *key;
    json_t *value;
    bool first = true;
    json_object_foreach((json_t *)form, key, value)
    {
        if (!json_is_string(value)) continue;
        if (!first) buf_addc(out, '&');
        first = false;
        add_escaped(out, key);
        buf_addc(out, '=');
        add_escaped(out, json_string_value(value));
    }
}

static const char *address_of(struct ctx *c, const struct graph_request *r)
{
    const struct config *config = c->app->config;
    const char *base = r->host == GRAPH_INSTAGRAM       ? config->instagram_graph_url
                       : r->host == GRAPH_INSTAGRAM_API ? config->instagram_api_url
                                                        : config->meta_graph_url;
    if (r->no_version || r->host == GRAPH_INSTAGRAM_API)
        return arena_printf(c->arena, "%s%s", base, r->path);
    return arena_printf(c->arena, "%s/%s%s", base, config->meta_graph_version, r->path);
}

/* The body into out, and its Content-Type. */
static const char *write_body(struct ctx *c, const struct graph_request *r, struct buf *out)
{
    if (r->part_count > 0) {
        const char *boundary = arena_printf(c->arena, "interflow-%s", crypto_token(c->arena, 18));
        graph_multipart(out, r->parts, r->part_count, boundary);
        return arena_printf(c->arena, "multipart/form-data; boundary=%s", boundary);
    }
    if (r->form) {
        add_form(out, r->form);
        return "application/x-www-form-urlencoded";
    }
    if (!r->body) return NULL;
    const char *text = json_text(c->arena, r->body);
    if (text)
        buf_adds(out, text);
    else
        out->failed = true;
    return "application/json";
}

enum err graph_call(struct ctx *c, const struct channel *ch, const struct graph_request *r,
                    struct graph_answer *ret)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(MULTIPART_MAX);
    const char *type = write_body(c, r, &body);
    if (buf_failed(&body))
        return fault(c, ERR_TOO_LARGE, "CALL_TOO_LARGE", "more than can be sent to Meta at once");
    const char *headers[3];
    int n = 0;
    if (type) headers[n++] = arena_printf(c->arena, "Content-Type: %s", type);
    if (r->token) headers[n++] = arena_printf(c->arena, "Authorization: Bearer %s", r->token);
    headers[n] = NULL;
    struct http_call call = {.method = r->method,
                             .url = address_of(c, r),
                             .headers = headers,
                             .body = {(const unsigned char *)buf_str(&body), body.len},
                             .timeout_ms = r->timeout_ms,
                             .once = !uuid_is_nil(r->message), /* no message leaves twice */
                             .response_max = ANSWER_MAX};
    struct http_answer answer;
    enum err e = channel_call(c, ch, r->what, r->message, &call, &answer);
    if (e) return e;
    struct graph_answer got = {.status = answer.status};
    if (answer.body.len > 0 && meta_json_parse(c->arena, answer.body, &got.json, NULL) != ERR_OK)
        got.json = NULL;
    meta_error_read(c->arena, r->product, answer.status, got.json, &got.error);
    if (got.error.class == META_FINE && !got.json) {
        /* 200 with something else than JSON: whether it was done is unknown. */
        got.error.class = META_LATER;
        got.error.id = "META_UNREADABLE";
        got.error.words = "Meta's answer could not be read.";
    }
    if (got.error.class == META_SLOW && answer.header) {
        const char *after = answer.header(&answer, "Retry-After");
        int64_t seconds = 0;
        for (const char *p = after; p && *p >= '0' && *p <= '9' && seconds < 100000; p++)
            seconds = seconds * 10 + (*p - '0');
        if (seconds * SECOND_MS > got.error.retry_after_ms)
            got.error.retry_after_ms = seconds * SECOND_MS;
    }
    *ret = got;
    return ERR_OK;
}
