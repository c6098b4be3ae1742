/* Answers of handlers (http.h): JSON, empty, and the one shape of every error:
 *
 *     {"success":false, "error":"words", "code":"TAG_DUPLICATE",
 *      "details":[{"field","message","code"}],
 *      "requestId":"32 hex digits", …further members of the fault}
 *
 * What a client may read about our own failures (500, 503, 504) is the word for the status and
 * the request id; the words of the fault go to the log alone (router.c). */
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/http.h"

#define FAULT_BODY_MAX (256 * KIB)

const char *const http_method_names[HTTP_METHOD_COUNT] = {"GET",   "POST",   "PUT",
                                                          "PATCH", "DELETE", "OPTIONS"};

void reply_json(struct ctx *c, struct reply *p, int status, const char *json)
{
    if (!json) { /* the arena's limit was met while the text was made */
        reply_fault(c, p, ERR_NO_MEMORY);
        return;
    }
    p->kind = REPLY_TEXT;
    p->status = status;
    p->content_type = "application/json; charset=utf-8";
    p->body = (struct bytes){(const unsigned char *)json, strlen(json)};
    p->body_static = false;
}

void reply_jsonf(struct ctx *c, struct reply *p, int status, const json_t *j)
{
    reply_json(c, p, status, json_text(c->arena, j));
}

void reply_empty(struct reply *p, int status)
{
    p->kind = REPLY_TEXT;
    p->status = status;
    p->content_type = NULL;
    p->body = (struct bytes){0};
    p->body_static = true;
}

void reply_header(struct ctx *c, struct reply *p, const char *name, const char *value)
{
    if (!value || strpbrk(value, "\r\n") || strpbrk(name, "\r\n: ")) return;
    for (int i = 0; i < p->header_count; i++)
        if (strcmp(p->headers[i].name, name) == 0 && strcmp(name, "Set-Cookie") != 0) {
            p->headers[i].value = arena_strdup(c->arena, value);
            return;
        }
    if (p->header_count >= REPLY_HEADERS_MAX) return;
    p->headers[p->header_count].name = arena_strdup(c->arena, name);
    p->headers[p->header_count++].value = arena_strdup(c->arena, value);
}

static bool hides_words(int status)
{
    return status == 500 || status == 503 || status == 504;
}

static void add_details(struct buf *b, const struct fault *f)
{
    buf_adds(b, ",\"details\":[");
    for (int i = 0; i < f->detail_count; i++) {
        const struct fault_detail *d = &f->details[i];
        buf_adds(b, i ? ",{\"field\":" : "{\"field\":");
        buf_add_json(b, d->field);
        buf_adds(b, ",\"message\":");
        buf_add_json(b, d->message);
        buf_adds(b, ",\"code\":");
        buf_add_json(b, d->code);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

static void add_data(struct ctx *c, struct buf *b, const json_t *data)
{
    const char *text = data ? json_text(c->arena, data) : NULL;
    size_t len = text ? strlen(text) : 0;
    if (len <= 2) return; /* nothing, or "{}" */
    buf_addc(b, ',');
    buf_add(b, text + 1, len - 2); /* the members without the braces */
}

void reply_fault(struct ctx *c, struct reply *p, enum err e)
{
    const struct err_row *row = err_row(e);
    const struct fault *f = &c->fault;
    bool hide = hides_words(row->status) || f->err != e;
    struct buf b = BUF_INIT(FAULT_BODY_MAX);
    buf_adds(&b, "{\"success\":false,\"error\":");
    buf_add_json(&b, !hide && f->message ? f->message : row->text);
    buf_adds(&b, ",\"code\":");
    buf_add_json(&b, !hide && f->code ? f->code : row->code);
    if (hide)
        buf_adds(&b, ",\"details\":[]");
    else
        add_details(&b, f);
    buf_addf(&b, ",\"requestId\":\"%s\"", c->trace);
    if (!hide) add_data(c, &b, f->data);
    buf_addc(&b, '}');
    const char *text = buf_failed(&b) ? NULL : arena_strndup(c->arena, b.data, b.len);
    buf_free(&b);
    p->kind = REPLY_TEXT;
    p->status = row->status;
    p->content_type = "application/json; charset=utf-8";
    p->body_static = text == NULL;
    if (!text)
        text =
            "{\"success\":false,\"error\":\"Too large\",\"code\":\"LIMIT_REACHED\",\"details\":[]}";
    p->body = (struct bytes){(const unsigned char *)text, strlen(text)};
    p->etag = NULL;
}
