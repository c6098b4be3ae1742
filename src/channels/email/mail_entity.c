/* Reading the structure of a mail in one pass. We look for lines that begin with "--" and compare
 * them with the boundaries that are open, innermost first; so a part ends where any of its parents
 * ends, however the sender nested them, and time is linear in the size of the mail.
 *
 * Why not GMime's parser for this: it has no limits on parts and memory, and goes 1,024 levels deep
 * on the stack. Its codecs (parameters, transfer encodings) are used here.
 *
 * Invariant: depth, parts, bytes of headers and time are checked before anything is allocated for
 * them. */
#include "channels/email/mail_entity.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

#include "channels/email/mail_charset.h"

#define BOUNDARY_MAX   200 /* bytes; RFC 2046 says 70 */
#define PARAMETERS_MAX (16 * KIB)

struct scan {
    struct mail_reader *r;
    const char *at, *end;
    const struct mail_entity *open[64]; /* multiparts whose boundary may come, outermost first */
    int open_count;
    /* The boundary line that ended the last search; level -1: the end of the bytes. */
    int hit_level;
    bool hit_closes;
};

static size_t line_len(const char *s, const char *end)
{
    const char *nl = memchr(s, '\n', (size_t)(end - s));
    return nl ? (size_t)(nl - s) : (size_t)(end - s);
}

/* Which open multipart does the line at s ("--…") belong to? -1: none. */
static int boundary_level(const struct scan *k, const char *s, bool *ret_closes)
{
    const char *end = k->end;
    if (end - s > BOUNDARY_MAX + 64) end = s + BOUNDARY_MAX + 64;
    size_t len = line_len(s, end);
    while (len > 0 && isspace((unsigned char)s[len - 1]))
        len--;
    if (len < 3) return -1;
    for (int closes = 0; closes < 2; closes++) {
        for (int i = k->open_count - 1; i >= 0; i--) {
            const char *b = k->open[i]->boundary;
            size_t n = strlen(b);
            if (len < 2 + n || memcmp(s + 2, b, n) != 0) continue;
            bool exact = len == 2 + n;
            bool closing = len >= 4 + n && s[2 + n] == '-' && s[3 + n] == '-';
            if (closes ? !closing : !exact) continue;
            *ret_closes = closes;
            return i;
        }
    }
    return -1;
}

/* From k->at on, to the next line that is an open boundary. Returns the end of what lies before
 * (without the line end that belongs to the boundary); k->at stands behind the boundary line. */
static const char *to_boundary(struct scan *k)
{
    const char *s = k->at; /* always the beginning of a line */
    k->hit_level = -1;
    while (k->open_count > 0 && s < k->end) {
        int level = -1;
        if (k->end - s > 2 && s[0] == '-' && s[1] == '-')
            level = boundary_level(k, s, &k->hit_closes);
        if (level >= 0) {
            size_t len = line_len(s, k->end);
            const char *before = s;
            if (before > k->at && before[-1] == '\n') before--;
            if (before > k->at && before[-1] == '\r') before--;
            k->hit_level = level;
            k->at = s + len < k->end ? s + len + 1 : k->end;
            return before;
        }
        s = mail_find(s, k->end, "\n--");
        if (!s) break;
        s++;
    }
    k->at = k->end;
    return k->end;
}

static bool field_line(const char *s, size_t len, size_t *ret_name_len)
{
    size_t n = 0;
    while (n < len && n < 200 && s[n] > ' ' && s[n] < 127 && s[n] != ':')
        n++;
    size_t name_len = n;
    while (n < len && (s[n] == ' ' || s[n] == '\t'))
        n++;
    if (name_len == 0 || n >= len || s[n] != ':') return false;
    *ret_name_len = name_len;
    return true;
}

static const char *lower(struct arena *a, const char *s, size_t len)
{
    char *out = arena_strndup(a, s, len);
    for (char *c = out; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return out;
}

/* The headers from k->at up to the empty line. k->hit_level is set when a boundary came first. */
static enum mail_fault read_fields(struct scan *k, struct mail_entity *e)
{
    const struct mail_limits *limits = k->r->limits;
    const char *begin = k->at;
    size_t room = 0;
    k->hit_level = -1;
    while (k->at < k->end) {
        const char *s = k->at;
        const char *nl = memchr(s, '\n', (size_t)(k->end - s));
        size_t len = nl ? (size_t)(nl - s) : (size_t)(k->end - s);
        const char *next = nl ? nl + 1 : k->end;
        size_t name_len = 0;
        if ((size_t)(next - begin) > limits->header_max) {
            /* A body without headers may well have a line as long as this. */
            if (e->field_count == 0 && !field_line(s, len, &name_len)) return MAIL_OK;
            return MAIL_HEADERS_TOO_LARGE;
        }
        if (len > 0 && s[len - 1] == '\r') len--;
        if (len >= 3 && s[0] == '-' && s[1] == '-') {
            int level = boundary_level(k, s, &k->hit_closes);
            if (level >= 0) {
                k->hit_level = level;
                k->at = next;
                return MAIL_OK;
            }
        }
        if (len == 0) {
            k->at = next;
            return MAIL_OK;
        }
        bool mbox =
            (len >= 5 && memcmp(s, "From ", 5) == 0) || (len >= 6 && memcmp(s, ">From ", 6) == 0);
        if ((s[0] == ' ' || s[0] == '\t') && e->field_count > 0) {
            struct mail_field *f = &e->fields[e->field_count - 1];
            f->value_len = (size_t)(s + len - f->value);
        } else if (field_line(s, len, &name_len)) {
            if (e->field_count >= limits->header_count_max) return MAIL_HEADERS_TOO_LARGE;
            if (e->field_count == room) {
                room = room ? room * 2 : 32;
                struct mail_field *more = arena_array(k->r->arena, room, sizeof(*more));
                if (!more) return MAIL_NO_MEMORY;
                if (e->fields) memcpy(more, e->fields, e->field_count * sizeof(*more));
                e->fields = more;
            }
            const char *value = memchr(s, ':', len);
            value = value ? value + 1 : s + len;
            struct mail_field *f = &e->fields[e->field_count];
            *f = (struct mail_field){.name = lower(k->r->arena, s, name_len),
                                     .value = value,
                                     .value_len = (size_t)(s + len - value)};
            if (!f->name) return MAIL_NO_MEMORY;
            e->field_count++;
        } else if (e->field_count == 0 && !mbox) {
            return MAIL_OK; /* no headers at all: k->at stays, everything is body */
        } else if (!mbox) {
            k->r->problems |= MAIL_PROBLEM_BAD_HEADER;
        }
        k->at = next;
    }
    return MAIL_OK;
}

const struct mail_field *mail_field_find(const struct mail_entity *e, const char *name)
{
    for (size_t i = 0; e && i < e->field_count; i++)
        if (strcmp(e->fields[i].name, name) == 0) return &e->fields[i];
    return NULL;
}

static void note_charset(struct mail_reader *r, enum mail_charset_found found)
{
    if (found >= MAIL_CHARSET_GUESSED) r->problems |= MAIL_PROBLEM_CHARSET;
    if (found >= MAIL_CHARSET_DAMAGED) r->problems |= MAIL_PROBLEM_DAMAGED;
}

const char *mail_field_text(struct mail_reader *r, const struct mail_entity *e, const char *name)
{
    enum mail_charset_found found = MAIL_CHARSET_SAID;
    const struct mail_field *f = mail_field_find(e, name);
    if (!f) return NULL;
    const char *text = mail_words(r->arena, f->value, f->value_len, &found);
    note_charset(r, found);
    return text;
}

/* A header with parameters for GMime: one line of UTF-8, of bounded length. */
static const char *structured(struct mail_reader *r, const struct mail_field *f)
{
    enum mail_charset_found found = MAIL_CHARSET_SAID;
    size_t len = f->value_len < PARAMETERS_MAX ? f->value_len : PARAMETERS_MAX;
    const char *s = mail_words_normal(r->arena, f->value, len, &found);
    note_charset(r, found);
    return s ? s : "";
}

/* What GMime gave, as clean UTF-8 in the arena. */
static const char *kept(struct mail_reader *r, const char *s)
{
    if (!s || !*s) return "";
    const char *text =
        mail_utf8(r->arena, (struct bytes){(const unsigned char *)s, strlen(s)}, "utf-8", NULL);
    return text ? text : "";
}

static void read_type(struct mail_reader *r, struct mail_entity *e, GMimeParserOptions *options)
{
    const struct mail_field *f = mail_field_find(e, "content-type");
    bool digest = e->parent && strcmp(e->parent->type, "multipart/digest") == 0;
    e->charset = e->name = e->method = e->report_type = e->format = e->delsp = e->protocol = "";
    e->boundary = "";
    e->type = digest ? "message/rfc822" : "text/plain";
    if (!f) return;
    const char *value = structured(r, f);
    size_t slash = strcspn(value, "/;");
    if (value[slash] != '/') return;
    e->type_given = true;
    GMimeContentType *t = g_mime_content_type_parse(options, value);
    if (!t) return;
    const char *type = arena_printf(r->arena, "%s/%s", g_mime_content_type_get_media_type(t),
                                    g_mime_content_type_get_media_subtype(t));
    type = type ? lower(r->arena, kept(r, type), strlen(kept(r, type))) : NULL;
    if (type && strlen(type) < 128) e->type = type;
    e->charset = kept(r, g_mime_content_type_get_parameter(t, "charset"));
    e->name = kept(r, g_mime_content_type_get_parameter(t, "name"));
    e->method = kept(r, g_mime_content_type_get_parameter(t, "method"));
    e->report_type = kept(r, g_mime_content_type_get_parameter(t, "report-type"));
    e->format = kept(r, g_mime_content_type_get_parameter(t, "format"));
    e->delsp = kept(r, g_mime_content_type_get_parameter(t, "delsp"));
    e->protocol = kept(r, g_mime_content_type_get_parameter(t, "protocol"));
    const char *boundary = g_mime_content_type_get_parameter(t, "boundary");
    if (boundary && strlen(boundary) <= BOUNDARY_MAX) {
        char *b = arena_strdup(r->arena, boundary);
        size_t len = b ? strlen(b) : 0;
        while (len > 0 && isspace((unsigned char)b[len - 1]))
            b[--len] = '\0'; /* white space at the end of a line is not compared */
        e->boundary = b ? b : "";
    }
    g_object_unref(t);
}

static void read_rest(struct mail_reader *r, struct mail_entity *e)
{
    const struct mail_field *f = mail_field_find(e, "content-disposition");
    e->disposition = e->filename = e->content_id = "";
    if (f) {
        GMimeContentDisposition *d = g_mime_content_disposition_parse(NULL, structured(r, f));
        if (d) {
            const char *kind = kept(r, g_mime_content_disposition_get_disposition(d));
            e->disposition = strcasecmp(kind, "inline") == 0 ? "inline" : "attachment";
            e->filename = kept(r, g_mime_content_disposition_get_parameter(d, "filename"));
            g_object_unref(d);
        }
    }
    const char *id = mail_field_text(r, e, "content-id");
    if (id && strlen(id) < 512) {
        size_t len = strlen(id);
        bool angles = len >= 2 && id[0] == '<' && id[len - 1] == '>';
        const char *bare = angles ? arena_strndup(r->arena, id + 1, len - 2) : id;
        e->content_id = bare ? bare : "";
    }
    const char *coding = mail_field_text(r, e, "content-transfer-encoding");
    size_t len = coding ? strcspn(coding, " \t;(") : 0;
    if (!coding || len == 0) return;
    if (strncasecmp(coding, "base64", len) == 0 && len == 6)
        e->coding = MAIL_CODING_BASE64;
    else if (strncasecmp(coding, "quoted-printable", len) == 0 && len == 16)
        e->coding = MAIL_CODING_QUOTED;
    else if (strncasecmp(coding, "x-uuencode", len) == 0 ||
             strncasecmp(coding, "uuencode", len) == 0)
        e->coding = MAIL_CODING_UU;
    else if (strncasecmp(coding, "7bit", len) != 0 && strncasecmp(coding, "8bit", len) != 0 &&
             strncasecmp(coding, "binary", len) != 0)
        r->problems |= MAIL_PROBLEM_CODING;
}

/* A multipart that names no boundary: the first line that could be one, with a header below it. */
static const char *guess_boundary(struct scan *k)
{
    const char *s = k->at;
    for (int lines = 0; lines < 50 && s < k->end; lines++) {
        size_t len = line_len(s, k->end);
        const char *next = s + len < k->end ? s + len + 1 : k->end;
        while (len > 0 && isspace((unsigned char)s[len - 1]))
            len--;
        if (len > 4 && len <= BOUNDARY_MAX && s[0] == '-' && s[1] == '-') {
            size_t name_len = 0;
            if (field_line(next, line_len(next, k->end), &name_len))
                return arena_strndup(k->r->arena, s + 2, len - 2);
        }
        s = next;
    }
    return NULL;
}

static void as_text(struct mail_entity *e, struct mail_reader *r)
{
    r->problems |= MAIL_PROBLEM_NO_BOUNDARY;
    e->type = "text/plain";
    e->multipart = false;
}

static enum mail_fault read_entity(struct scan *k, struct mail_entity *e);

/* The parts between the boundaries of e. k->at stands behind e's headers. */
static enum mail_fault read_parts(struct scan *k, struct mail_entity *e)
{
    struct mail_reader *r = k->r;
    const char *body = k->at;
    int level = k->open_count;
    if (level >= r->limits->depth_max || level >= (int)ARRAY_LEN(k->open)) return MAIL_TOO_DEEP;
    k->open[k->open_count++] = e;
    const char *before = to_boundary(k); /* the preamble, which nobody sees */
    while (k->hit_level == level && !k->hit_closes) {
        struct mail_entity *child = arena_alloc(r->arena, sizeof(*child));
        if (!child) return MAIL_NO_MEMORY;
        child->parent = e;
        child->depth = e->depth + 1;
        if (e->last)
            e->last->next = child;
        else
            e->first = child;
        e->last = child;
        enum mail_fault f = read_entity(k, child);
        if (f) return f;
    }
    k->open_count = level;
    if (!e->first) { /* never met: what there is, is text */
        as_text(e, r);
        e->body = (struct bytes){(const unsigned char *)body, (size_t)(before - body)};
    }
    if (k->hit_level == level) { /* closed as it should be; the epilogue is skipped */
        (void)to_boundary(k);
    } else {
        r->problems |= MAIL_PROBLEM_CUT_OFF;
    }
    return MAIL_OK;
}

/* The headers and the body of one part, up to the boundary that ends it (k->hit_level). */
static enum mail_fault read_entity(struct scan *k, struct mail_entity *e)
{
    struct mail_reader *r = k->r;
    const char *begin = k->at;
    e->type = "text/plain"; /* until the headers are read, also when they cannot be */
    e->charset = e->name = e->method = e->report_type = e->format = e->delsp = e->protocol = "";
    e->boundary = e->disposition = e->filename = e->content_id = "";
    if (++r->parts > r->limits->parts_max) return MAIL_TOO_MANY_PARTS;
    if (clock_mono_ms() > r->deadline_mono_ms) return MAIL_TOO_SLOW;
    enum mail_fault f = read_fields(k, e);
    if (f) return f;
    GMimeParserOptions *options = g_mime_parser_options_new();
    read_type(r, e, options);
    g_mime_parser_options_free(options);
    read_rest(r, e);
    e->multipart = strncmp(e->type, "multipart/", 10) == 0;
    const char *body = k->at;
    const char *end = body;
    if (k->hit_level < 0) {
        if (e->multipart && !*e->boundary) {
            const char *guess = guess_boundary(k);
            r->problems |= MAIL_PROBLEM_NO_BOUNDARY;
            if (guess)
                e->boundary = guess;
            else
                as_text(e, r);
        }
        if (e->multipart) {
            f = read_parts(k, e);
            e->whole = (struct bytes){(const unsigned char *)begin, (size_t)(k->at - begin)};
            return f;
        }
        end = to_boundary(k);
    } else if (e->multipart) {
        as_text(e, r);
    }
    e->body = (struct bytes){(const unsigned char *)body, (size_t)(end - body)};
    e->whole = (struct bytes){(const unsigned char *)begin, (size_t)(end - begin)};
    return MAIL_OK;
}

/* A mail whose lines end with CR alone, as a copy with LF. */
static enum mail_fault with_line_ends(struct mail_reader *r, struct bytes *bytes)
{
    if (memchr(bytes->data, '\n', bytes->len) || !memchr(bytes->data, '\r', bytes->len))
        return MAIL_OK;
    char *copy = arena_memdup(r->arena, bytes->data, bytes->len);
    if (!copy) return MAIL_NO_MEMORY;
    for (size_t i = 0; i < bytes->len; i++)
        if (copy[i] == '\r') copy[i] = '\n';
    r->problems |= MAIL_PROBLEM_LINE_ENDS;
    bytes->data = (const unsigned char *)copy;
    return MAIL_OK;
}

enum mail_fault mail_entity_read(struct mail_reader *r, struct bytes bytes,
                                 struct mail_entity **ret_root)
{
    mail_gmime_ready();
    size_t skip = 0;
    while (skip < bytes.len && isspace(bytes.data[skip]))
        skip++;
    if (skip == bytes.len) return MAIL_EMPTY;
    bytes = (struct bytes){bytes.data + skip, bytes.len - skip};
    if (bytes.len >= 3 && memcmp(bytes.data, "\xef\xbb\xbf", 3) == 0)
        bytes = (struct bytes){bytes.data + 3, bytes.len - 3};
    enum mail_fault f = with_line_ends(r, &bytes);
    if (f) return f;
    const char *s = (const char *)bytes.data;
    struct scan k = {.r = r, .at = s, .end = s + bytes.len, .hit_level = -1};
    struct mail_entity *root = arena_alloc(r->arena, sizeof(*root));
    if (!root) return MAIL_NO_MEMORY;
    *ret_root = root;
    f = read_entity(&k, root);
    if (root->field_count == 0) r->problems |= MAIL_PROBLEM_NO_HEADERS;
    return f;
}

struct mail_entity *mail_entity_next(const struct mail_entity *root, struct mail_entity *e)
{
    if (e->first) return e->first;
    while (e != root && !e->next)
        e = e->parent;
    return e == root ? NULL : e->next;
}

enum mail_fault mail_entity_body(struct mail_reader *r, const struct mail_entity *e,
                                 struct bytes *ret)
{
    int state = 0;
    guint32 save = 0;
    size_t len = 0;
    *ret = e->body;
    if (e->coding == MAIL_CODING_NONE || e->body.len == 0) return MAIL_OK;
    unsigned char *out = arena_alloc(r->arena, e->body.len + 8);
    if (!out) return MAIL_NO_MEMORY;
    if (clock_mono_ms() > r->deadline_mono_ms) return MAIL_TOO_SLOW;
    switch (e->coding) {
    case MAIL_CODING_BASE64:
        len = g_mime_encoding_base64_decode_step(e->body.data, e->body.len, out, &state, &save);
        /* Padding that was cut off with the end. */
        len += g_mime_encoding_base64_decode_step((const unsigned char *)"==", 2, out + len, &state,
                                                  &save);
        break;
    case MAIL_CODING_QUOTED:
        len = g_mime_encoding_quoted_decode_step(e->body.data, e->body.len, out, &state, &save);
        break;
    case MAIL_CODING_UU: {
        const unsigned char *s = e->body.data;
        size_t left = e->body.len;
        const unsigned char *begin = left >= 6 ? memmem(s, left, "begin ", 6) : NULL;
        const unsigned char *nl = begin ? memchr(begin, '\n', left - (size_t)(begin - s)) : NULL;
        if (nl) {
            left -= (size_t)(nl + 1 - s);
            s = nl + 1;
        }
        len = g_mime_encoding_uudecode_step(s, left, out, &state, &save);
        break;
    }
    case MAIL_CODING_NONE: break;
    }
    *ret = (struct bytes){out, len};
    return MAIL_OK;
}

/* format=flowed (RFC 3676): a space at the end of a line continues it. In place. */
static void unflow(char *text, bool delete_space)
{
    char *out = text;
    bool joins = false; /* the line before ended with a soft break */
    int depth_before = 0;
    for (const char *s = text; *s;) {
        size_t len = strcspn(s, "\n");
        bool last = !s[len];
        int depth = 0;
        while (s[depth] == '>')
            depth++;
        const char *line = s + depth;
        const char *line_end = s + len;
        if (line < line_end && *line == ' ') line++;
        bool signature = line_end - line == 3 && memcmp(line, "-- ", 3) == 0;
        bool soft = line_end > line && line_end[-1] == ' ' && !signature;
        if (joins && depth == depth_before && !signature) {
            if (out > text) out--; /* the line end written before */
        } else {
            for (int i = 0; i < depth; i++)
                *out++ = '>';
            if (depth > 0 && line > s + depth) *out++ = ' ';
        }
        size_t keep = (size_t)(line_end - line);
        if (soft && delete_space) keep--;
        memmove(out, line, keep);
        out += keep;
        if (!last) *out++ = '\n';
        joins = soft;
        depth_before = depth;
        s = last ? line_end : line_end + 1;
    }
    *out = '\0';
}

enum mail_fault mail_entity_text(struct mail_reader *r, const struct mail_entity *e,
                                 size_t max_bytes, char **ret)
{
    enum mail_charset_found found = MAIL_CHARSET_SAID;
    struct bytes body;
    struct mail_entity part = *e;
    if (part.body.len > 2 * max_bytes + max_bytes) {
        part.body.len = 3 * max_bytes; /* no coding takes more than three bytes for one */
        r->problems |= MAIL_PROBLEM_TEXT_CUT;
    }
    enum mail_fault f = mail_entity_body(r, &part, &body);
    if (f) return f;
    if (body.len > max_bytes) {
        r->problems |= MAIL_PROBLEM_TEXT_CUT;
        body.len = max_bytes;
        while (body.len > 0 && (body.data[body.len] & 0xc0) == 0x80)
            body.len--; /* not inside a character of UTF-8 */
    }
    if (memchr(body.data ? body.data : (const unsigned char *)"", '\0', body.len) &&
        strncasecmp(e->charset, "utf-16", 6) != 0 && strncasecmp(e->charset, "utf-32", 6) != 0)
        r->problems |= MAIL_PROBLEM_NUL;
    char *text = mail_utf8(r->arena, body, e->charset, &found);
    note_charset(r, found);
    if (!text) return MAIL_NO_MEMORY;
    if (strcasecmp(e->format, "flowed") == 0 && strcmp(e->type, "text/plain") == 0)
        unflow(text, strcasecmp(e->delsp, "yes") == 0);
    *ret = text;
    return MAIL_OK;
}
