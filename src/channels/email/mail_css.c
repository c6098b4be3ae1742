/* An allow-list of properties and, for each value, an allow-list of characters and functions. What we
 * do not understand (escapes, variables, functions, negative lengths) is dropped with its whole
 * declaration: a mail that looks plainer is better than one that shows something over our page.
 *
 * Invariant: no "url", no "\", no "@", no position, no transform, no negative length goes out. */
#include "channels/email/mail_css.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "channels/email/mail_charset.h"

#define VALUE_MAX        300
#define LENGTH_MAX       4000 /* of any number: pixels, points, per cent */
#define DECLARATIONS_MAX 200
#define SELECTOR_MAX     500

static const char *const properties[] = {
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-left-radius",
    "border-bottom-right-radius",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-left-radius",
    "border-top-right-radius",
    "border-top-style",
    "border-top-width",
    "border-width",
    "box-sizing",
    "caption-side",
    "clear",
    "color",
    "direction",
    "display",
    "empty-cells",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style",
    "list-style-position",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "overflow-wrap",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "unicode-bidi",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
};

static const char *const displays[] = {
    "block",
    "inline",
    "inline-block",
    "none",
    "list-item",
    "table",
    "inline-table",
    "table-row",
    "table-cell",
    "table-row-group",
    "table-header-group",
    "table-footer-group",
    "table-column",
    "table-column-group",
    "table-caption",
};

static const char *const functions[] = {"rgb", "rgba", "hsl", "hsla"};

static int by_name(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

static bool listed(const char *const *list, size_t count, const char *s)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], s) == 0) return true;
    return false;
}

/* Only names of colours are called: the word before each "(". */
static bool functions_fit(const char *s)
{
    int depth = 0;
    for (const char *c = s; *c; c++) {
        if (*c == ')' && --depth < 0) return false;
        if (*c != '(') continue;
        const char *name = c;
        size_t len = 0;
        char word[8] = "";
        if (++depth > 1) return false;
        while (name > s && isalpha((unsigned char)name[-1]))
            name--;
        len = (size_t)(c - name);
        if (len >= sizeof(word) || (name > s && name[-1] == '-')) return false;
        memcpy(word, name, len);
        if (!listed(functions, ARRAY_LEN(functions), word)) return false;
    }
    return depth == 0;
}

/* No negative length, none beyond LENGTH_MAX; "#00ff00" and words with digits are no numbers. */
static bool numbers_fit(const char *s)
{
    bool quoted = false;
    for (const char *c = s; *c; c++) {
        if (*c == '\'') quoted = !quoted;
        bool begins = c == s || strchr(" ,(/", c[-1]);
        if (quoted || !begins) continue;
        const char *n = c + (*c == '+' || *c == '-');
        if (!isdigit((unsigned char)*n) && !(*n == '.' && isdigit((unsigned char)n[1]))) continue;
        double value = strtod(n, NULL);
        if (*c == '-' && value > 0) return false;
        if (!(value <= LENGTH_MAX)) return false;
    }
    return true;
}

/* Words that no harmless value needs, small letters. */
static const char *const never[] = {"url", "image", "expression", "script", "import"};

/* Writes the value into room as it may go out: one kind of quotes, no "!important". False when it
 * must not. */
static bool value_clean(const char *s, size_t len, char room[VALUE_MAX])
{
    size_t n = 0;
    bool quoted = false;
    char quote = 0;
    const char *bang = memchr(s, '!', len);
    if (bang) len = (size_t)(bang - s);
    while (len > 0 && isspace((unsigned char)s[len - 1]))
        len--;
    if (len == 0 || len >= VALUE_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\'') {
            if (quoted && c != (unsigned char)quote) return false;
            quote = (char)c;
            quoted = !quoted;
            room[n++] = '\'';
        } else if (isspace(c)) {
            room[n++] = ' ';
        } else if (quoted ? (isalnum(c) || c >= 0x80 || strchr("-_.", c))
                          : (isalnum(c) || strchr("#%.,()+-/_", c))) {
            room[n++] = quoted ? (char)c : (char)tolower(c);
        } else {
            return false;
        }
    }
    room[n] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        if (strcasestr(room, never[i])) return false;
    return !quoted && functions_fit(room) && numbers_fit(room);
}

static bool value_fits(const char *name, const char *value)
{
    if (strcmp(name, "display") == 0) return listed(displays, ARRAY_LEN(displays), value);
    return true;
}

static void note_facts(const char *name, const char *value, struct mail_css_facts *facts)
{
    bool size = strcmp(name, "width") == 0 || strcmp(name, "height") == 0;
    bool most = strcmp(name, "max-width") == 0 || strcmp(name, "max-height") == 0;
    if (strcmp(name, "display") == 0 && strcmp(value, "none") == 0) facts->hidden = true;
    if (strcmp(name, "visibility") == 0 && strcmp(value, "hidden") == 0) facts->hidden = true;
    if (strcmp(name, "mso-hide") == 0) facts->hidden = true;
    if ((size || most) && isdigit((unsigned char)value[0])) {
        char *end = NULL;
        double n = strtod(value, &end);
        bool pixels = !*end || strncmp(end, "px", 2) == 0;
        if ((pixels && n <= 2 && size) || (n <= 0 && most)) facts->tiny = true;
    }
}

/* "#fff url(x.png) no-repeat" without the picture, so that light text keeps its dark ground. */
static size_t without_picture(const char *s, size_t len, char room[VALUE_MAX])
{
    size_t n = 0;
    if (len >= 10 * VALUE_MAX) return 0;
    for (size_t i = 0; i < len && n + 1 < VALUE_MAX;) {
        if (len - i >= 4 && strncasecmp(s + i, "url(", 4) == 0) {
            const char *close = memchr(s + i, ')', len - i);
            if (!close) return 0;
            i = (size_t)(close - s) + 1;
        } else {
            room[n++] = s[i++];
        }
    }
    return n;
}

static void declaration(struct buf *out, const char *s, size_t len, struct mail_css_facts *facts)
{
    char name[32];
    char room[VALUE_MAX];
    char value[VALUE_MAX];
    size_t n = 0;
    while (len > 0 && isspace((unsigned char)*s)) {
        s++;
        len--;
    }
    while (n < len && n < sizeof(name) - 1 && (isalpha((unsigned char)s[n]) || s[n] == '-')) {
        name[n] = (char)tolower((unsigned char)s[n]);
        n++;
    }
    name[n] = '\0';
    while (n < len && isspace((unsigned char)s[n]))
        n++;
    if (n >= len || s[n] != ':') return;
    s += n + 1;
    len -= n + 1;
    while (len > 0 && isspace((unsigned char)*s)) {
        s++;
        len--;
    }
    if (strcmp(name, "background") == 0) {
        len = without_picture(s, len, room);
        s = room;
        while (len > 0 && isspace((unsigned char)*s)) {
            s++;
            len--;
        }
    }
    if (!value_clean(s, len, value)) return;
    if (facts) note_facts(name, value, facts);
    if (!bsearch(name, properties, ARRAY_LEN(properties), sizeof(properties[0]), by_name)) return;
    if (value_fits(name, value)) buf_addf(out, "%s:%s;", name, value);
}

/* The end of a declaration: a ';' outside quotes and brackets. */
static size_t declaration_len(const char *s, size_t len)
{
    char quote = 0;
    int depth = 0;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (quote) {
            if (c == quote) quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (c == ';' && depth == 0) {
            return i;
        }
    }
    return len;
}

/* s without comments, each a space. */
static void without_comments(struct buf *out, const char *s, size_t len)
{
    while (len > 0) {
        const char *open = mail_find(s, s + len, "/*");
        size_t n = open ? (size_t)(open - s) : len;
        buf_add(out, s, n);
        if (!open) return;
        buf_addc(out, ' ');
        s += n + 2;
        len -= n + 2;
        const char *close = mail_find(s, s + len, "*/");
        if (!close) return;
        len -= (size_t)(close + 2 - s);
        s = close + 2;
    }
}

void mail_css_declarations(struct buf *out, const char *s, size_t len, struct mail_css_facts *facts)
{
    CLEANUP(buf_free) struct buf plain = BUF_INIT(len + 1);
    without_comments(&plain, s, len);
    const char *at = buf_str(&plain);
    size_t left = plain.len;
    for (int i = 0; i < DECLARATIONS_MAX && left > 0; i++) {
        size_t n = declaration_len(at, left);
        declaration(out, at, n, facts);
        if (n == left) break;
        at += n + 1;
        left -= n + 1;
    }
}

static bool selector_fits(const char *s, size_t len)
{
    if (len == 0 || len > SELECTOR_MAX) return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !isspace((unsigned char)s[i]) &&
            !strchr("._,#*>-", s[i]))
            return false;
    return true;
}

/* Behind the block whose "{" is at s. */
static const char *block_end(const char *s, const char *end)
{
    int depth = 0;
    for (; s < end; s++) {
        if (*s == '{') depth++;
        if (*s == '}' && --depth <= 0) return s + 1;
    }
    return end;
}

void mail_css_sheet(struct buf *out, const char *s, size_t len, size_t max_bytes)
{
    CLEANUP(buf_free) struct buf plain = BUF_INIT(len + 1);
    without_comments(&plain, s, len);
    /* Raw bytes of the mail: what is not ASCII text spoils its rule. */
    for (size_t i = 0; i < plain.len; i++)
        if (!isspace((unsigned char)plain.data[i]) && (plain.data[i] < ' ' || plain.data[i] > '~'))
            plain.data[i] = '?';
    const char *at = buf_str(&plain);
    const char *end = at + plain.len;
    size_t begin = out->len;
    while (at < end && out->len - begin < max_bytes) {
        while (at < end && (isspace((unsigned char)*at) || *at == '}'))
            at++;
        if (end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
            at += 4;
            continue;
        }
        if (end - at >= 3 && memcmp(at, "-->", 3) == 0) {
            at += 3;
            continue;
        }
        const char *stop = at;
        while (stop < end && *stop != '{' && *stop != ';')
            stop++;
        if (stop >= end) break;
        if (*stop == ';') { /* "@import …;" */
            at = stop + 1;
            continue;
        }
        const char *behind = block_end(stop, end);
        size_t selector = (size_t)(stop - at);
        const char *inner = stop + 1;
        size_t inner_len = (size_t)(behind - inner);
        if (inner_len > 0 && inner[inner_len - 1] == '}') inner_len--;
        while (selector > 0 && isspace((unsigned char)at[selector - 1]))
            selector--;
        if (selector_fits(at, selector) && !memchr(inner, '{', inner_len)) {
            CLEANUP(buf_free) struct buf body = BUF_INIT(inner_len * 2 + 16);
            mail_css_declarations(&body, inner, inner_len, NULL);
            if (body.len && !buf_failed(&body)) {
                buf_add(out, at, selector);
                buf_addf(out, "{%s}\n", buf_str(&body));
            }
        }
        at = behind;
    }
}
