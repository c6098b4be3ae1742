/* The multipart reader. A part ends at CRLF "--" boundary; the first boundary may stand at the very
 * start, which is read as if a CRLF came before it. Bytes wait in `hold` only as long as they may
 * belong to a boundary or a header, so that pieces may be cut anywhere (the fuzzer feeds the same
 * body whole and byte by byte and compares).
 *
 * libmicrohttpd's own MHD_PostProcessor is not used: it exists only together with a connection, so
 * that it can be neither fuzzed nor tested alone, and it turns form fields and files into the same
 * calls without limits on headers. */
#include "core/multipart.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "core/http_rules.h"

#define PIECE (16 * KIB)

enum state { IN_PREAMBLE, AFTER_BOUNDARY, IN_HEADER, IN_BODY, IN_EPILOGUE };

struct multipart {
    const struct multipart_events *ev;
    void *arg;
    enum state state;
    bool fresh; /* IN_BODY: the CRLF that ended the header is still in front */
    enum err failed;
    char mark[MULTIPART_BOUNDARY_MAX + 5]; /* CRLF -- boundary */
    size_t mark_len;
    struct buf hold;
};

static void release(void *arg)
{
    struct multipart *m = arg;
    buf_free(&m->hold);
}

struct multipart *multipart_new(struct arena *a, const char *content_type,
                                const struct multipart_events *ev, void *arg)
{
    if (!content_type || strncasecmp(content_type, "multipart/form-data", 19) != 0) return NULL;
    const char *boundary = http_parameter(a, content_type, "boundary");
    size_t len = boundary ? strlen(boundary) : 0;
    if (len == 0 || len > MULTIPART_BOUNDARY_MAX || strpbrk(boundary, "\r\n")) return NULL;
    struct multipart *m = arena_alloc(a, sizeof(*m));
    if (!m) return NULL;
    m->ev = ev;
    m->arg = arg;
    memcpy(m->mark, "\r\n--", 4);
    memcpy(m->mark + 4, boundary, len);
    m->mark_len = len + 4;
    m->hold = BUF_INIT(2 * PIECE + MULTIPART_HEADER_MAX + 256);
    arena_on_free(a, release, m);
    buf_add(&m->hold, "\r\n", 2);
    return m;
}

/* --- one part's header ----------------------------------------------------------------- */

/* Undo what browsers do to quotes and line ends in names (WHATWG, multipart/form-data encoding). */
static void undo_percent(char *s)
{
    static const struct {
        const char *escape;
        char c;
    } rows[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
    char *out = s;
    while (*s) {
        char c = *s++;
        for (size_t i = 0; c == '%' && i < ARRAY_LEN(rows); i++) {
            if (strncasecmp(s, rows[i].escape + 1, 2) == 0) {
                c = rows[i].c;
                s += 2;
                break;
            }
        }
        *out++ = c;
    }
    *out = '\0';
}

/* filename*=UTF-8''na%C3%AFve.txt (RFC 8187). NULL when absent, of another charset, or broken. */
static char *extended_filename(struct arena *a, const char *disposition)
{
    const char *value = http_parameter(a, disposition, "filename*");
    if (!value || strncasecmp(value, "utf-8'", 6) != 0) return NULL;
    const char *text = strchr(value + 6, '\'');
    return text ? http_unescape(a, text + 1, strlen(text + 1)) : NULL;
}

/* A copy of the header named name among lines separated by CRLF, or NULL. */
static char *find_header(struct arena *a, const char *lines, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    const char *end = lines + len;
    while (lines < end) {
        const char *eol = memmem(lines, (size_t)(end - lines), "\r\n", 2);
        if (!eol) eol = end;
        size_t n = (size_t)(eol - lines);
        if (n > name_len && lines[name_len] == ':' && strncasecmp(lines, name, name_len) == 0) {
            const char *value = lines + name_len + 1;
            while (value < eol && (*value == ' ' || *value == '\t'))
                value++;
            return arena_strndup(a, value, (size_t)(eol - value));
        }
        lines = eol + 2;
    }
    return NULL;
}

static enum err read_header(struct multipart *m, struct arena *a, const char *lines, size_t len)
{
    if (memchr(lines, '\0', len)) return ERR_INVALID;
    const char *disposition = find_header(a, lines, len, "Content-Disposition");
    if (!disposition || strncasecmp(disposition, "form-data", 9) != 0) return ERR_INVALID;
    char *name = http_parameter(a, disposition, "name");
    if (!name) return ERR_INVALID;
    undo_percent(name);
    char *filename = extended_filename(a, disposition);
    if (!filename) {
        filename = http_parameter(a, disposition, "filename");
        if (filename) undo_percent(filename);
    }
    struct multipart_part part = {
        .name = name, .filename = filename, .type = find_header(a, lines, len, "Content-Type")};
    return m->ev->part(m->arg, &part);
}

/* --- the states: each takes what it can from the front of hold and says how much ------- */

static enum err step_preamble(struct multipart *m, const char *s, size_t len, size_t *ret_taken)
{
    const char *mark = memmem(s, len, m->mark, m->mark_len);
    if (mark) {
        *ret_taken = (size_t)(mark - s) + m->mark_len;
        m->state = AFTER_BOUNDARY;
    } else {
        *ret_taken = len >= m->mark_len ? len - (m->mark_len - 1) : 0;
    }
    return ERR_OK;
}

static enum err step_after_boundary(struct multipart *m, const char *s, size_t len,
                                    size_t *ret_taken)
{
    if (len >= 2 && s[0] == '-' && s[1] == '-') {
        m->state = IN_EPILOGUE;
        *ret_taken = 2;
        return ERR_OK;
    }
    size_t i = 0;
    while (i < len && (s[i] == ' ' || s[i] == '\t'))
        i++; /* padding, RFC 2046 */
    if (i > 64) return ERR_INVALID;
    if (len - i < 2) {
        bool may_be = i == len || s[i] == '\r' || (i == 0 && s[0] == '-');
        return may_be ? ERR_OK : ERR_INVALID;
    }
    if (s[i] != '\r' || s[i + 1] != '\n') return ERR_INVALID;
    /* The CRLF stays: with it, an empty header ends like any other, at CRLF CRLF. */
    m->state = IN_HEADER;
    *ret_taken = i;
    return ERR_OK;
}

static enum err step_header(struct multipart *m, const char *s, size_t len, size_t *ret_taken)
{
    const char *end = memmem(s, len, "\r\n\r\n", 4);
    if (!end) return len > MULTIPART_HEADER_MAX ? ERR_HEADERS : ERR_OK;
    size_t header_len = (size_t)(end - s);
    if (header_len > MULTIPART_HEADER_MAX) return ERR_HEADERS;
    if (header_len < 2) return ERR_INVALID; /* no header at all: no name */
    struct arena *a = arena_new(16 * MULTIPART_HEADER_MAX);
    enum err e = read_header(m, a, s + 2, header_len - 2);
    arena_free(a);
    m->state = IN_BODY;
    m->fresh = true;
    *ret_taken = header_len + 2; /* the second CRLF may begin a boundary: an empty part */
    return e;
}

static enum err step_body(struct multipart *m, const char *s, size_t len, size_t *ret_taken)
{
    size_t skip = m->fresh ? 2 : 0;
    const char *mark = memmem(s, len, m->mark, m->mark_len);
    size_t until = mark ? (size_t)(mark - s) : (len >= m->mark_len ? len - (m->mark_len - 1) : 0);
    if (!mark && until <= skip) return ERR_OK;
    if (until > skip) {
        enum err e = m->ev->data(m->arg, s + skip, until - skip);
        if (e) return e;
    }
    m->fresh = false;
    *ret_taken = until;
    if (!mark) return ERR_OK;
    *ret_taken = until + m->mark_len;
    m->state = AFTER_BOUNDARY;
    return m->ev->end(m->arg);
}

static enum err step(struct multipart *m, const char *s, size_t len, size_t *ret_taken)
{
    switch (m->state) {
    case IN_PREAMBLE: return step_preamble(m, s, len, ret_taken);
    case AFTER_BOUNDARY: return step_after_boundary(m, s, len, ret_taken);
    case IN_HEADER: return step_header(m, s, len, ret_taken);
    case IN_BODY: return step_body(m, s, len, ret_taken);
    case IN_EPILOGUE: break;
    }
    *ret_taken = len;
    return ERR_OK;
}

/* Take all that can be taken from hold. */
static enum err digest(struct multipart *m)
{
    size_t done = 0;
    enum err e = ERR_OK;
    for (;;) {
        enum state before = m->state;
        size_t taken = 0;
        e = step(m, m->hold.data + done, m->hold.len - done, &taken);
        done += taken;
        if (e || (taken == 0 && m->state == before)) break;
    }
    buf_drop(&m->hold, done);
    return e;
}

enum err multipart_add(struct multipart *m, const void *data, size_t len)
{
    const char *s = data;
    while (len > 0 && !m->failed) {
        size_t n = len < PIECE ? len : PIECE;
        buf_add(&m->hold, s, n);
        m->failed = buf_failed(&m->hold) ? ERR_HEADERS : digest(m);
        s += n;
        len -= n;
    }
    return m->failed;
}

enum err multipart_finish(struct multipart *m)
{
    if (!m->failed && m->state != IN_EPILOGUE) m->failed = ERR_INVALID;
    return m->failed;
}
