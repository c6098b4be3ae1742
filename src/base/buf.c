/* The growing byte buffer of buf.h. Invariant: data, once there, is NUL-terminated at len, and len
 * never passes max; a refused append changes nothing but `failed`. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define FIRST_CAP ((size_t)256)

void buf_free(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data) b->data[0] = '\0';
}

/* Room for len more bytes and the NUL, or failed. */
static bool reserve(struct buf *b, size_t len)
{
    if (b->failed) return false;
    if (len > b->max - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + len + 1;
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max && need <= b->max) cap = b->max; /* no more than it can ever use */
    b->data = mem_realloc(b->data, cap);
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (len == 0 || !reserve(b, len)) return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    if (s) buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_addvf(b, fmt, ap);
    va_end(ap);
}

void buf_addvf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    size_t room = b->failed || !b->data ? 0 : b->cap - b->len;
    int len = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
    if (len < 0) {
        b->failed = true;
    } else if (reserve(b, (size_t)len)) {
        if ((size_t)len >= room) (void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
        b->len += (size_t)len;
    }
    if (b->data) b->data[b->len] = '\0'; /* what did not fit leaves no trace */
    va_end(again);
}

void buf_add_json(struct buf *b, const char *s)
{
    if (!s) {
        buf_add(b, "null", 4);
        return;
    }
    size_t left = strlen(s);
    buf_addc(b, '"');
    while (left > 0 && !b->failed) {
        size_t plain = 0; /* the run that needs no escape */
        while (plain < left && (unsigned char)s[plain] >= 0x20 && (unsigned char)s[plain] < 0x7f &&
               s[plain] != '"' && s[plain] != '\\')
            plain++;
        buf_add(b, s, plain);
        s += plain;
        left -= plain;
        if (left == 0) break;

        unsigned char c = (unsigned char)*s;
        size_t used = 1;
        if (c == '"' || c == '\\') {
            buf_addc(b, '\\');
            buf_addc(b, (char)c);
        } else if (c == '\n') {
            buf_add(b, "\\n", 2);
        } else if (c == '\r') {
            buf_add(b, "\\r", 2);
        } else if (c == '\t') {
            buf_add(b, "\\t", 2);
        } else if (c < 0x80) {
            buf_addf(b, "\\u%04x", c);
        } else if ((used = utf8_next(s, left, NULL)) > 0) {
            buf_add(b, s, used);
        } else {
            used = 1;
            buf_add(b, "\xef\xbf\xbd", 3); /* U+FFFD: what comes out is always valid */
        }
        s += used;
        left -= used;
    }
    buf_addc(b, '"');
}

void buf_add_html(struct buf *b, const char *s)
{
    if (!s) return;
    for (; *s; s++) {
        size_t plain = strcspn(s, "&<>\"'");
        buf_add(b, s, plain);
        s += plain;
        switch (*s) {
        case '&': buf_adds(b, "&amp;"); break;
        case '<': buf_adds(b, "&lt;"); break;
        case '>': buf_adds(b, "&gt;"); break;
        case '"': buf_adds(b, "&quot;"); break;
        case '\'': buf_adds(b, "&#39;"); break;
        default: return; /* the end */
        }
    }
}

void buf_drop(struct buf *b, size_t len)
{
    if (len > b->len) len = b->len;
    if (len == 0) return;
    memmove(b->data, b->data + len, b->len - len);
    b->len -= len;
    b->data[b->len] = '\0';
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}
