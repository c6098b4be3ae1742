/* Multipart bodies: cut in different places they must give the same parts; parts never nest or
 * overlap; what the reader gives out is no more than what came in. The input is a byte that says
 * how to cut, the boundary up to a line end, and the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct buf log;
    size_t bytes;
    bool open;
};

static enum err on_part(void *arg, const struct multipart_part *part)
{
    struct seen *s = arg;
    if (s->open || !part->name) abort();
    s->open = true;
    buf_addf(&s->log, "<%s|%s|%s>", part->name, part->filename ? part->filename : "-",
             part->type ? part->type : "-");
    return ERR_OK;
}

static enum err on_data(void *arg, const void *data, size_t len)
{
    struct seen *s = arg;
    if (!s->open || len == 0) abort();
    s->bytes += len;
    buf_add(&s->log, data, len);
    return ERR_OK;
}

static enum err on_end(void *arg)
{
    struct seen *s = arg;
    if (!s->open) abort();
    s->open = false;
    buf_adds(&s->log, "</>");
    return ERR_OK;
}

static const struct multipart_events events = {.part = on_part, .data = on_data, .end = on_end};

static enum err feed(struct arena *a, struct seen *s, const char *type, const uint8_t *body,
                     size_t size, size_t step)
{
    *s = (struct seen){.log = BUF_INIT(8 * MIB)};
    struct multipart *m = multipart_new(a, type, &events, s);
    if (!m) return ERR_MEDIA_TYPE;
    enum err e = ERR_OK;
    for (size_t i = 0; i < size && !e; i += step)
        e = multipart_add(m, body + i, size - i < step ? size - i : step);
    if (!e) e = multipart_finish(m);
    if (multipart_finish(m) != e) abort(); /* the first error stays */
    if (s->bytes > size || (!e && s->open)) abort();
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
    if (!line) return 0;
    CLEANUP(arena_freep) struct arena *a = arena_new(16 * MIB);
    const char *boundary = arena_strndup(a, (const char *)data + 1, (size_t)(line - data - 1));
    const char *type = arena_printf(a, "multipart/form-data; boundary=%s", boundary);
    if (!type) return 0;
    const uint8_t *body = line + 1;
    size_t body_size = (size_t)(data + size - body), step = 1 + data[0] % 50;
    struct seen whole, cut;
    enum err e = feed(a, &whole, type, body, body_size, body_size + 1);
    enum err f = feed(a, &cut, type, body, body_size, step);
    /* With the body whole, an overlong header may be found to be malformed as well: both are
     * refused. */
    if ((e == ERR_OK) != (f == ERR_OK)) abort();
    if (e == ERR_OK && (whole.log.len != cut.log.len ||
                        memcmp(buf_str(&whole.log), buf_str(&cut.log), whole.log.len) != 0)) {
        abort();
    }
    buf_free(&whole.log);
    buf_free(&cut.log);
    return 0;
}
