/* Cleaning HTML for display. We read tokens (html_read.h) and write a new document from allow-lists:
 * no byte of the mail goes out but as escaped text, as a checked attribute value, or as a checked CSS
 * value. Elements are closed in order by our own stack, of bounded depth, so that nothing of a mail
 * can end what stands around it. Foreign content (SVG, MathML), raw text elements and comments never
 * go out, which is why no browser can read the result differently from us.
 *
 * Why not libgumbo: 100 KB of nested <div> take it 16 s, and freeing its tree recurses as deep as the
 * mail is nested. */
#include "channels/email/mail_html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "channels/email/html_read.h"
#include "channels/email/mail_css.h"

#define DEPTH_MAX  256
#define OUTPUT_MAX (4 * MIB)
#define URL_MAX    (8 * KIB)
#define DATA_MAX   (512 * KIB)
#define TEXT_MAX   2000 /* of alt and title */
#define SHEETS_MAX (64 * KIB)

enum element_is {
    EMPTY = 1,   /* has no end tag */
    ENDS_P = 2,  /* its start ends an open <p> */
    WALL = 4,    /* implied ends do not look beyond it */
    CELL = 8,    /* td, th */
    ITEM = 16,   /* li */
    TERM = 32,   /* dt, dd */
    ROWS = 64,   /* thead, tbody, tfoot */
    LIST = 128,  /* holds items */
    SCRAP = 256, /* goes out as a div: body */
};

struct element {
    const char *name;
    unsigned is;
};

/* In the order of strcmp. */
static const struct element elements[] = {
    {"a", 0},
    {"abbr", 0},
    {"acronym", 0},
    {"address", ENDS_P},
    {"article", ENDS_P},
    {"aside", ENDS_P},
    {"b", 0},
    {"bdi", 0},
    {"bdo", 0},
    {"big", 0},
    {"blockquote", ENDS_P},
    {"body", ENDS_P | SCRAP},
    {"br", EMPTY},
    {"caption", WALL},
    {"center", ENDS_P},
    {"cite", 0},
    {"code", 0},
    {"col", EMPTY},
    {"colgroup", 0},
    {"dd", ENDS_P | TERM},
    {"del", 0},
    {"dfn", 0},
    {"div", ENDS_P},
    {"dl", ENDS_P | LIST},
    {"dt", ENDS_P | TERM},
    {"em", 0},
    {"figcaption", ENDS_P},
    {"figure", ENDS_P},
    {"font", 0},
    {"footer", ENDS_P},
    {"h1", ENDS_P},
    {"h2", ENDS_P},
    {"h3", ENDS_P},
    {"h4", ENDS_P},
    {"h5", ENDS_P},
    {"h6", ENDS_P},
    {"header", ENDS_P},
    {"hr", ENDS_P | EMPTY},
    {"i", 0},
    {"img", EMPTY},
    {"ins", 0},
    {"kbd", 0},
    {"li", ENDS_P | ITEM},
    {"main", ENDS_P},
    {"mark", 0},
    {"nav", ENDS_P},
    {"ol", ENDS_P | LIST},
    {"p", ENDS_P},
    {"pre", ENDS_P},
    {"q", 0},
    {"rp", 0},
    {"rt", 0},
    {"ruby", 0},
    {"s", 0},
    {"samp", 0},
    {"section", ENDS_P},
    {"small", 0},
    {"span", 0},
    {"strike", 0},
    {"strong", 0},
    {"sub", 0},
    {"sup", 0},
    {"table", WALL | ENDS_P},
    {"tbody", ROWS},
    {"td", WALL | CELL},
    {"tfoot", ROWS},
    {"th", WALL | CELL},
    {"thead", ROWS},
    {"time", 0},
    {"tr", 0},
    {"tt", 0},
    {"u", 0},
    {"ul", ENDS_P | LIST},
    {"var", 0},
    {"wbr", EMPTY},
};

enum value_is { NUMBER, COLOR, WORD, FACE, WORDS, FLAG, SPAN };

static const struct {
    const char *name;
    enum value_is is;
} attributes[] = {
    {"align", WORD},         {"alt", WORDS},          {"bgcolor", COLOR}, {"border", NUMBER},
    {"cellpadding", NUMBER}, {"cellspacing", NUMBER}, {"color", COLOR},   {"colspan", SPAN},
    {"dir", WORD},           {"face", FACE},          {"height", NUMBER}, {"hspace", NUMBER},
    {"lang", FACE},          {"nowrap", FLAG},        {"reversed", FLAG}, {"rowspan", SPAN},
    {"size", NUMBER},        {"span", SPAN},          {"start", NUMBER},  {"title", WORDS},
    {"type", WORD},          {"valign", WORD},        {"vspace", NUMBER}, {"width", NUMBER},
};

struct cleaner {
    struct arena *a;
    const struct mail_html_options *options;
    struct buf out;
    struct buf scratch; /* a decoded value */
    struct buf style;
    const struct element *open[DEPTH_MAX];
    int depth;
    size_t output_max;
    size_t sheets; /* bytes of style sheets so far */
    struct mail_html *ret;
};

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct element *)row)->name);
}

static const struct element *element_find(const char *name)
{
    return bsearch(name, elements, ARRAY_LEN(elements), sizeof(elements[0]), by_name);
}

/* --- writing ----------------------------------------------------------------------------- */

static void add_escaped(struct buf *out, const char *s, size_t len, bool attribute)
{
    size_t from = 0;
    for (size_t i = 0; i <= len; i++) {
        const char *entity = NULL;
        if (i < len) {
            if (s[i] == '&') entity = "&amp;";
            if (s[i] == '<') entity = "&lt;";
            if (s[i] == '>') entity = "&gt;";
            if (s[i] == '"' && attribute) entity = "&quot;";
            if (!entity) continue;
        }
        buf_add(out, s + from, i - from);
        buf_adds(out, entity);
        from = i + 1;
    }
}

static void add_attribute(struct cleaner *c, const char *name, const char *value, size_t len)
{
    buf_addf(&c->out, " %s=\"", name);
    add_escaped(&c->out, value, len, true);
    buf_addc(&c->out, '"');
}

static const char *out_name(const struct element *e)
{
    return e->is & SCRAP ? "div" : e->name;
}

static void close_to(struct cleaner *c, int depth)
{
    while (c->depth > depth) {
        c->depth--;
        buf_addf(&c->out, "</%s>", out_name(c->open[c->depth]));
    }
}

/* The decoded value without control characters, in c->scratch. */
static const char *decoded(struct cleaner *c, const struct html_piece *value)
{
    buf_clear(&c->scratch);
    html_decode(&c->scratch, *value, true);
    return buf_failed(&c->scratch) ? "" : buf_str(&c->scratch);
}

/* --- addresses --------------------------------------------------------------------------- */

/* As browsers do before they look at the scheme: no white space around, no tabs and line ends
 * within. In place; false when control characters are left. */
static bool url_squeeze(char *s)
{
    char *out = s;
    const char *in = s;
    while (*in && (unsigned char)*in <= ' ')
        in++;
    for (; *in; in++) {
        if (*in == '\t' || *in == '\n' || *in == '\r') continue;
        if ((unsigned char)*in < ' ' || *in == 127) return false;
        *out++ = *in;
    }
    while (out > s && out[-1] == ' ')
        out--;
    *out = '\0';
    return true;
}

static bool begins(const char *s, const char *with)
{
    return strncasecmp(s, with, strlen(with)) == 0;
}

/* The value as a link that may go out, in c->scratch; NULL none. */
static const char *link_clean(struct cleaner *c, const struct html_piece *value)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};
    if (value->len > URL_MAX) return NULL;
    (void)decoded(c, value);
    char *s = c->scratch.data;
    if (!s || buf_failed(&c->scratch) || !url_squeeze(s)) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (begins(s, schemes[i]) && s[strlen(schemes[i])]) return s;
    const char *prefix = begins(s, "//") && s[2] ? "https:" : begins(s, "www.") ? "https://" : NULL;
    return prefix ? arena_printf(c->a, "%s%s", prefix, s) : NULL;
}

static bool data_image(const char *s)
{
    static const char *const types[] = {"data:image/png;base64,", "data:image/jpeg;base64,",
                                        "data:image/jpg;base64,", "data:image/gif;base64,",
                                        "data:image/webp;base64,"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (!begins(s, types[i])) continue;
        const char *data = s + strlen(types[i]);
        size_t len = strspn(data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "+/= ");
        return len > 0 && !data[len];
    }
    return false;
}

/* --- attributes -------------------------------------------------------------------------- */

static bool number_fits(const char *s, long most)
{
    size_t sign = *s == '+' || *s == '-'; /* <font size="-1"> */
    size_t digits = strspn(s + sign, "0123456789");
    const char *unit = s + sign + digits;
    if (digits == 0 || digits > 5) return false;
    return strtol(s + sign, NULL, 10) <= most &&
           (!*unit || strcmp(unit, "%") == 0 || strcasecmp(unit, "px") == 0);
}

static bool value_fits(enum value_is is, const char *s, size_t len)
{
    if (is != WORDS && len > 100) return false;
    switch (is) {
    case NUMBER: return number_fits(s, 4000);
    case SPAN: return number_fits(s, 1000) && isdigit((unsigned char)*s);
    case FLAG: return true;
    case WORDS: return len <= TEXT_MAX;
    case COLOR:
    case WORD:
    case FACE:
        for (size_t i = 0; i < len; i++) {
            unsigned char ch = (unsigned char)s[i];
            bool more = is == FACE ? ch >= 0x80 || strchr(" ,-_'", ch) : is == COLOR && ch == '#';
            if (!isalnum(ch) && !more) return false;
        }
        return len > 0;
    }
    return false;
}

static void add_attributes(struct cleaner *c, const struct html_token *t, const struct element *e)
{
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        const struct html_piece *value = html_attr_find(t, attributes[i].name);
        if (!value) continue;
        const char *s = decoded(c, value);
        size_t len = strlen(s);
        if (e->is & SCRAP && attributes[i].is == COLOR) continue; /* goes into its style */
        if (value_fits(attributes[i].is, s, len))
            add_attribute(c, attributes[i].name, s, attributes[i].is == FLAG ? 0 : len);
    }
    const struct html_piece *class = html_attr_find(t, "class");
    if (class && c->options->sheets) {
        const char *s = decoded(c, class);
        size_t len = strlen(s);
        bool fits = len > 0 && len <= 500;
        for (size_t i = 0; fits && i < len; i++)
            fits = isalnum((unsigned char)s[i]) || strchr("-_ ", s[i]);
        if (fits) add_attribute(c, "class", s, len);
    }
}

/* The style of an element into c->style. */
static struct mail_css_facts read_style(struct cleaner *c, const struct html_token *t,
                                        const struct element *e)
{
    struct mail_css_facts facts = {0};
    const struct html_piece *ground = html_attr_find(t, "bgcolor");
    const struct html_piece *style = html_attr_find(t, "style");
    buf_clear(&c->style);
    if (e->is & SCRAP && ground) {
        const char *s = decoded(c, ground);
        if (value_fits(COLOR, s, strlen(s))) buf_addf(&c->style, "background-color:%s;", s);
    }
    if (style && style->len <= 16 * KIB) {
        const char *s = decoded(c, style);
        mail_css_declarations(&c->style, s, strlen(s), &facts);
    }
    if (buf_failed(&c->style)) buf_clear(&c->style);
    return facts;
}

static void add_style(struct cleaner *c)
{
    if (c->style.len) add_attribute(c, "style", c->style.data, c->style.len);
}

/* --- elements ---------------------------------------------------------------------------- */

/* Where the nearest open element with one of the marks (or the name) is, not looking beyond
 * walls; -1 none. */
static int open_find(const struct cleaner *c, unsigned marks, const char *name, unsigned walls)
{
    for (int i = c->depth - 1; i >= 0; i--) {
        const struct element *e = c->open[i];
        if ((e->is & marks) || (name && strcmp(e->name, name) == 0)) return i;
        if (e->is & walls) return -1;
    }
    return -1;
}

static bool is_table(const struct element *e)
{
    return strcmp(e->name, "table") == 0;
}

/* Not beyond the table that it stands in. */
static int open_in_table(const struct cleaner *c, unsigned marks, const char *name)
{
    for (int i = c->depth - 1; i >= 0 && !is_table(c->open[i]); i--)
        if ((c->open[i]->is & marks) || (name && strcmp(c->open[i]->name, name) == 0)) return i;
    return -1;
}

/* What the start of e ends by itself. */
static void imply_ends(struct cleaner *c, const struct element *e)
{
    int at = -1;
    if (e->is & ROWS) at = open_in_table(c, ROWS, NULL);
    if (strcmp(e->name, "tr") == 0) at = open_in_table(c, 0, "tr");
    if (e->is & CELL) at = open_in_table(c, CELL, NULL);
    if (e->is & ITEM) at = open_find(c, ITEM, NULL, LIST | WALL);
    if (e->is & TERM) at = open_find(c, TERM, NULL, LIST | WALL);
    if (strcmp(e->name, "a") == 0) at = open_find(c, 0, "a", WALL);
    if (at >= 0) close_to(c, at);
    if (e->is & ENDS_P) {
        at = open_find(c, 0, "p", WALL);
        if (at >= 0) close_to(c, at);
    }
}

static bool tiny_by_attributes(struct cleaner *c, const struct html_token *t)
{
    static const char *const names[] = {"width", "height"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct html_piece *value = html_attr_find(t, names[i]);
        const char *s = value && value->len < 20 ? decoded(c, value) : "";
        if (isdigit((unsigned char)*s) && strtol(s, NULL, 10) <= 2 && !strchr(s, '%')) return true;
    }
    return false;
}

static bool remote(const char *s)
{
    return (begins(s, "http://") && s[7]) || (begins(s, "https://") && s[8]) ||
           (begins(s, "//") && s[2]);
}

static void add_picture(struct cleaner *c, const struct html_token *t, const struct element *e)
{
    const struct html_piece *value = html_attr_find(t, "src");
    struct mail_css_facts facts = read_style(c, t, e);
    bool tiny = facts.tiny || facts.hidden || tiny_by_attributes(c, t);
    if (!value || value->len > DATA_MAX) return;
    (void)decoded(c, value);
    char *s = c->scratch.data;
    if (!s || buf_failed(&c->scratch) || !url_squeeze(s) || !*s) return;
    const char *name = "src";
    if (begins(s, "cid:")) {
        const char *ours = c->options->cid ? c->options->cid(c->options->arg, s + 4) : NULL;
        name = ours ? "src" : "data-cid";
        s = arena_strdup(c->a, ours ? ours : s + 4);
    } else if (remote(s)) {
        if (tiny) {
            c->ret->trackers++;
            return;
        }
        if (strlen(s) > URL_MAX) return;
        c->ret->remote_images++;
        name = c->options->remote_images ? "src" : "data-remote-src";
        s = arena_printf(c->a, "%s%s", *s == '/' ? "https:" : "", s);
    } else if (data_image(s)) {
        s = arena_strdup(c->a, s);
    } else {
        return;
    }
    if (!s) return;
    buf_adds(&c->out, "<img");
    add_attribute(c, name, s, strlen(s));
    add_attributes(c, t, e);
    add_style(c);
    buf_adds(&c->out, " referrerpolicy=\"no-referrer\">");
}

static void open_element(struct cleaner *c, const struct html_token *t)
{
    const struct element *e = element_find(t->name);
    if (!e) return;
    imply_ends(c, e);
    if (strcmp(e->name, "img") == 0) {
        add_picture(c, t, e);
        return;
    }
    bool empty = e->is & EMPTY;
    if (!empty && c->depth >= DEPTH_MAX) return;
    (void)read_style(c, t, e);
    if (e->is & SCRAP && c->style.len == 0) return; /* a body that says nothing */
    buf_addf(&c->out, "<%s", out_name(e));
    if (strcmp(e->name, "a") == 0) {
        const struct html_piece *href = html_attr_find(t, "href");
        const char *link = href ? link_clean(c, href) : NULL;
        if (link) {
            add_attribute(c, "href", link, strlen(link));
            buf_adds(&c->out, " target=\"_blank\" rel=\"noopener noreferrer nofollow\"");
        }
    }
    add_attributes(c, t, e);
    add_style(c);
    buf_addc(&c->out, '>');
    if (!empty) c->open[c->depth++] = e;
}

static void close_element(struct cleaner *c, const struct html_token *t)
{
    const struct element *e = element_find(t->name);
    if (!e || (e->is & EMPTY)) {
        if (strcmp(t->name, "br") == 0) buf_adds(&c->out, "<br>"); /* as browsers do */
        return;
    }
    bool row = (e->is & (CELL | ROWS)) || strcmp(e->name, "tr") == 0;
    int at = -1;
    if (is_table(e))
        at = open_find(c, 0, "table", 0);
    else if (row)
        at = open_in_table(c, 0, e->name);
    else
        at = open_find(c, 0, e->name, WALL);
    if (at >= 0) close_to(c, at);
}

static void add_text(struct cleaner *c, struct html_piece piece)
{
    /* In slices, so that one huge text does not pass the output's limit by much. */
    while (piece.len > 0) {
        size_t n = piece.len < 64 * KIB ? piece.len : 64 * KIB;
        size_t back = 0;
        while (n < piece.len && back < 64 &&
               (((unsigned char)piece.s[n - back] & 0xc0) == 0x80 ||
                memchr(piece.s + n - back - 32, '&', 32)))
            back++;
        n -= back;
        buf_clear(&c->scratch);
        html_decode(&c->scratch, (struct html_piece){piece.s, n}, false);
        add_escaped(&c->out, buf_str(&c->scratch), c->scratch.len, false);
        if (c->out.len > c->output_max) return;
        piece.s += n;
        piece.len -= n;
    }
}

static void add_sheet(struct cleaner *c, struct html_piece sheet)
{
    if (!c->options->sheets || c->sheets >= SHEETS_MAX) return;
    size_t before = c->out.len;
    buf_adds(&c->out, "<style>");
    size_t begin = c->out.len;
    mail_css_sheet(&c->out, sheet.s, sheet.len, SHEETS_MAX - c->sheets);
    c->sheets += c->out.len - begin;
    if (c->out.len > begin)
        buf_adds(&c->out, "</style>");
    else if (!buf_failed(&c->out))
        c->out.len = before; /* nothing was left of it */
}

static void one_token(struct cleaner *c, const struct html_token *t)
{
    switch (t->kind) {
    case HTML_TEXT: add_text(c, t->text); break;
    case HTML_OPEN: open_element(c, t); break;
    case HTML_CLOSE: close_element(c, t); break;
    case HTML_RAW:
        if (strcmp(t->name, "style") == 0) add_sheet(c, t->text);
        break;
    case HTML_DONE: break;
    }
}

bool mail_html_clean(struct arena *a, const char *html, size_t len,
                     const struct mail_html_options *options, struct mail_html *ret)
{
    struct html_reader r;
    struct html_token t;
    *ret = (struct mail_html){.html = ""};
    struct cleaner *c = arena_alloc(a, sizeof(*c));
    if (!c) return false;
    c->a = a;
    c->options = options;
    c->ret = ret;
    c->output_max = options->output_max ? options->output_max : OUTPUT_MAX;
    /* Beyond the maximum: one slice of text or one tag, and the end tags. */
    c->out = BUF_INIT(c->output_max + 2 * MIB);
    c->scratch = BUF_INIT(MIB);
    c->style = BUF_INIT(32 * KIB);
    html_read_start(&r, html, len);
    while (html_next(&r, &t)) {
        one_token(c, &t);
        if (c->out.len > c->output_max) {
            ret->cut = true;
            break;
        }
    }
    close_to(c, 0);
    char *out = arena_strndup(a, buf_str(&c->out), c->out.len);
    if (out) {
        ret->html = out;
        ret->len = c->out.len;
    }
    buf_free(&c->out);
    buf_free(&c->scratch);
    buf_free(&c->style);
    return out != NULL;
}
