/* The tokenizer. Each call moves on by at least one byte and looks at each byte a bounded number of
 * times, so the whole is linear. Where a browser would need the tree to know what comes (raw text
 * elements inside SVG and the like) we differ harmlessly: nothing read here is trusted. */
#include "channels/email/html_read.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "channels/email/mail_charset.h"

#define ENTITY_NAME_MAX 16

/* Their content is text up to their own end tag, whatever it looks like. */
static const char *const raw_names[] = {"script", "style",  "title",   "textarea",
                                        "xmp",    "iframe", "noembed", "noframes"};

bool html_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

void html_read_start(struct html_reader *r, const char *html, size_t len)
{
    *r = (struct html_reader){.at = html, .end = html + len};
}

static const char *skip_space(const char *s, const char *end)
{
    while (s < end && html_is_space(*s))
        s++;
    return s;
}

static void set_name(char name[24], const char *s, const char *end)
{
    size_t len = (size_t)(end - s);
    if (len >= 24) len = 23;
    for (size_t i = 0; i < len; i++)
        name[i] = (char)tolower((unsigned char)s[i]);
    name[len] = '\0';
}

/* One attribute at s; returns what is behind it. */
static const char *read_attr(const char *s, const char *end, struct html_token *t)
{
    struct html_attr attr = {.name = {.s = s}};
    if (*s == '=') s++; /* a name may begin with it */
    while (s < end && !html_is_space(*s) && *s != '/' && *s != '>' && *s != '=')
        s++;
    attr.name.len = (size_t)(s - attr.name.s);
    const char *equals = skip_space(s, end);
    if (equals < end && *equals == '=') {
        s = skip_space(equals + 1, end);
        if (s < end && (*s == '"' || *s == '\'')) {
            char quote = *s++;
            const char *close = memchr(s, quote, (size_t)(end - s));
            attr.value = (struct html_piece){s, (size_t)((close ? close : end) - s)};
            s = close ? close + 1 : end;
        } else {
            attr.value.s = s;
            while (s < end && !html_is_space(*s) && *s != '>')
                s++;
            attr.value.len = (size_t)(s - attr.value.s);
        }
    }
    if (t->attr_count < HTML_ATTRS_MAX) t->attrs[t->attr_count++] = attr;
    return s;
}

/* A tag at r->at ("<b …" or "</b …"); false when the input ends inside it, which then is nothing. */
static bool read_tag(struct html_reader *r, struct html_token *t, bool closes)
{
    const char *s = r->at + (closes ? 2 : 1);
    const char *name = s;
    while (s < r->end && !html_is_space(*s) && *s != '/' && *s != '>')
        s++;
    set_name(t->name, name, s);
    t->kind = closes ? HTML_CLOSE : HTML_OPEN;
    for (;;) {
        while (s < r->end && (html_is_space(*s) || *s == '/'))
            s++;
        if (s >= r->end) return false;
        if (*s == '>') break;
        s = read_attr(s, r->end, t);
    }
    r->at = s + 1;
    return true;
}

static const char *after(const char *s, const char *end, const char *mark)
{
    const char *at = mail_find(s, end, mark);
    return at ? at + strlen(mark) : end;
}

/* What begins with "<!", "<?" or "</" and is no tag: where it ends. */
static const char *skip_markup(const char *s, const char *end)
{
    if (end - s >= 4 && memcmp(s, "<!--", 4) == 0) {
        if (end - s > 4 && s[4] == '>') return s + 5;
        if (end - s > 5 && s[4] == '-' && s[5] == '>') return s + 6;
        for (const char *dash = s + 4; dash < end; dash++) {
            dash = mail_find(dash, end, "--");
            if (!dash) return end;
            if (end - dash > 2 && dash[2] == '>') return dash + 3;
            if (end - dash > 3 && dash[2] == '!' && dash[3] == '>') return dash + 4;
        }
        return end;
    }
    return after(s, end, ">");
}

/* The raw text of r->raw, up to its end tag. */
static void read_raw(struct html_reader *r, struct html_token *t)
{
    size_t len = strlen(r->raw);
    const char *s = r->at;
    const char *stop = r->end;
    while (s < r->end && (s = mail_find(s, r->end, "</"))) {
        size_t left = (size_t)(r->end - s) - 2;
        if (left > len && strncasecmp(s + 2, r->raw, len) == 0 &&
            (html_is_space(s[2 + len]) || s[2 + len] == '/' || s[2 + len] == '>')) {
            stop = s;
            break;
        }
        s += 2;
    }
    t->kind = HTML_RAW;
    memcpy(t->name, r->raw, sizeof(t->name));
    t->text = (struct html_piece){r->at, (size_t)(stop - r->at)};
    r->at = stop;
    r->raw[0] = '\0';
}

static void begin_raw(struct html_reader *r, const struct html_token *t)
{
    for (size_t i = 0; i < ARRAY_LEN(raw_names); i++)
        if (strcmp(t->name, raw_names[i]) == 0) memcpy(r->raw, t->name, sizeof(r->raw));
}

bool html_next(struct html_reader *r, struct html_token *t)
{
    t->kind = HTML_DONE;
    t->attr_count = 0;
    t->name[0] = '\0';
    while (r->at < r->end) {
        const char *s = r->at;
        t->at = s;
        if (r->raw[0]) {
            read_raw(r, t);
            t->end = r->at;
            return true;
        }
        bool tag = *s == '<' && r->end - s > 1 && isalpha((unsigned char)s[1]);
        bool close = *s == '<' && r->end - s > 2 && s[1] == '/' && isalpha((unsigned char)s[2]);
        if (tag || close) {
            if (!read_tag(r, t, close)) {
                r->at = r->end;
                t->kind = HTML_DONE;
                return false;
            }
            if (tag) begin_raw(r, t);
            t->end = r->at;
            return true;
        }
        if (*s == '<' && r->end - s > 1 && strchr("!?/", s[1]) && s[1]) {
            r->at = skip_markup(s, r->end);
            continue;
        }
        const char *stop = memchr(s + 1, '<', (size_t)(r->end - s) - 1);
        if (!stop) stop = r->end;
        t->kind = HTML_TEXT;
        t->text = (struct html_piece){s, (size_t)(stop - s)};
        t->end = r->at = stop;
        return true;
    }
    return false;
}

const struct html_piece *html_attr_find(const struct html_token *t, const char *name)
{
    size_t len = strlen(name);
    for (int i = 0; i < t->attr_count; i++)
        if (t->attrs[i].name.len == len && strncasecmp(t->attrs[i].name.s, name, len) == 0)
            return &t->attrs[i].value;
    return NULL;
}

static void add_code(struct buf *out, uint32_t code)
{
    char room[4];
    /* Many programs write numbers of windows-1252 for characters. */
    if (code >= 0x80 && code <= 0x9f) code = mail_windows_1252((unsigned char)code);
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) code = 0xfffd;
    if (code == '\r') code = '\n';
    if ((code < 0x20 && code != '\t' && code != '\n') || code == 0x7f) return;
    buf_add(out, room, utf8_put(code, room));
}

/* The reference at s ("&…"); returns its length, 0 when it is none. */
static size_t add_reference(struct buf *out, const char *s, size_t len, bool in_attribute)
{
    size_t n = 1;
    if (len > 1 && s[1] == '#') {
        bool hex = len > 2 && (s[2] == 'x' || s[2] == 'X');
        uint32_t code = 0;
        size_t first = hex ? 3 : 2;
        for (n = first; n < len; n++) {
            char c = (char)tolower((unsigned char)s[n]);
            if (isdigit((unsigned char)c))
                code = code * (hex ? 16 : 10) + (uint32_t)(c - '0');
            else if (hex && c >= 'a' && c <= 'f')
                code = code * 16 + (uint32_t)(c - 'a') + 10;
            else
                break;
            if (code > 0x110000) code = 0x110000;
        }
        if (n == first) return 0;
        add_code(out, code);
        return n < len && s[n] == ';' ? n + 1 : n;
    }
    while (n < len && n <= ENTITY_NAME_MAX && isalnum((unsigned char)s[n]))
        n++;
    bool ended = n < len && s[n] == ';';
    uint32_t code = n > 1 ? html_entity(s + 1, n - 1) : 0;
    if (code && ended) {
        add_code(out, code);
        return n + 1;
    }
    /* Without semicolon: Latin-1 names only, in text also before other letters ("&copy2024"). */
    for (size_t k = n; k > 2; k--) {
        code = html_entity(s + 1, k - 1);
        if (code == 0 || (code > 0xff)) continue;
        char next = k < len ? s[k] : ' ';
        if (in_attribute && (next == '=' || isalnum((unsigned char)next))) return 0;
        add_code(out, code);
        return k;
    }
    return 0;
}

void html_decode(struct buf *out, struct html_piece s, bool in_attribute)
{
    for (size_t i = 0; i < s.len;) {
        const char *at = s.s + i;
        size_t left = s.len - i;
        uint32_t code = 0;
        size_t n = *at == '&' ? add_reference(out, at, left, in_attribute) : 0;
        if (n > 0) {
            i += n;
            continue;
        }
        if ((unsigned char)*at < 0x80) {
            if ((unsigned char)*at >= 0x20 ? *at != 0x7f : (*at == '\t' || *at == '\n'))
                buf_addc(out, *at);
            else if (*at == '\r' || *at == '\f')
                buf_addc(out, '\n');
            i++;
            continue;
        }
        n = utf8_next(at, left, &code);
        if (n == 0) {
            buf_adds(out, "\xef\xbf\xbd");
            i++;
        } else {
            if (code > 0x9f) buf_add(out, at, n);
            i += n;
        }
    }
}
