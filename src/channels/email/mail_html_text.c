/* Plain text from HTML, and HTML from plain text. The text is for lists, search, flows and quoting, so
 * it must read well and hold nothing that the eye would not have seen: hidden elements, styles and
 * titles stay out. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "channels/email/html_read.h"
#include "channels/email/mail_css.h"
#include "channels/email/mail_html.h"

#define OUTPUT_MAX (1 * MIB)
#define QUOTE_MAX  20
#define LIST_MAX   20
#define LINK_MAX   300
#define INDENT_MAX 40

struct writer {
    struct buf out;
    struct buf scratch;
    int breaks;            /* line ends that come before the next text */
    bool space;            /* one space does */
    bool bar;              /* a cell ended: " | " does */
    bool line_begun;       /* something stands on this line */
    int quotes;            /* open blockquotes */
    int indent;            /* spaces before the next word, in <pre> */
    int quotes_before;     /* at the last word */
    int pre;               /* open <pre> */
    int lists;             /* open lists */
    int numbers[LIST_MAX]; /* next number, 0: a dot */
    bool bullet;           /* the mark of an item was just written */
    /* Hidden: everything up to the matching end tag. */
    char hidden[24];
    int hidden_depth;
    bool show_all; /* second reading of a mail whose hidden element never ends */
    /* The open link. */
    bool links, in_link;
    char href[LINK_MAX];
    size_t link_begin; /* where its words begin in out */
};

static void want_breaks(struct writer *w, int n)
{
    if (w->breaks < n) w->breaks = n;
    w->space = w->bar = false;
}

static void add_quotes(struct writer *w)
{
    for (int i = 0; i < w->quotes && i < QUOTE_MAX; i++)
        buf_adds(&w->out, "> ");
}

/* What is due before the next word. */
static void settle(struct writer *w)
{
    if (w->bullet) { /* <li><p>: on the line of its mark */
        w->bullet = false;
    } else if (w->out.len == 0) {
        add_quotes(w);
    } else if (w->breaks > 0) {
        /* An empty line belongs to the quote that goes on through it. */
        int through = w->quotes < w->quotes_before ? w->quotes : w->quotes_before;
        for (int i = 0; i < w->breaks; i++) {
            buf_addc(&w->out, '\n');
            for (int q = 0; i + 1 < w->breaks && q < through && q < QUOTE_MAX; q++)
                buf_adds(&w->out, q + 1 < through ? "> " : ">");
        }
        add_quotes(w);
        for (int i = 0; i < w->indent; i++)
            buf_addc(&w->out, ' ');
    } else if (w->bar && w->line_begun) {
        buf_adds(&w->out, " | ");
    } else if (w->space && w->line_begun) {
        buf_addc(&w->out, ' ');
    }
    w->breaks = 0;
    w->space = w->bar = false;
    w->line_begun = true;
    w->quotes_before = w->quotes;
    w->indent = 0;
}

static bool no_break_space(const char *s)
{
    return (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] == 0xa0;
}

/* Marks without width that newsletters fill their previews with: U+200B-200F, U+034F, U+FEFF, U+00AD. */
static size_t invisible(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] == 0xe2 && u[1] == 0x80 && u[2] >= 0x8b && u[2] <= 0x8f) return 3;
    if (u[0] == 0xcd && u[1] == 0x8f) return 2;
    if (u[0] == 0xc2 && u[1] == 0xad) return 2;
    if (u[0] == 0xef && u[1] == 0xbb && u[2] == 0xbf) return 3;
    return 0;
}

static void add_words(struct writer *w, const char *s)
{
    while (*s) {
        size_t skip = invisible(s);
        if (skip) {
            s += skip;
        } else if (w->pre > 0 && *s == '\n') {
            w->breaks++;
            if (w->breaks > 3) w->breaks = 3;
            w->indent = 0;
            s++;
        } else if (html_is_space(*s) || no_break_space(s)) {
            if (w->pre > 0 && w->breaks == 0 && w->line_begun && *s == ' ')
                buf_addc(&w->out, ' ');
            else if (w->pre > 0 && w->breaks > 0 && w->indent < INDENT_MAX)
                w->indent++;
            else
                w->space = true;
            s += html_is_space(*s) ? 1 : 2;
        } else {
            size_t n = 1;
            while (s[n] && !html_is_space(s[n]) && !no_break_space(s + n) && !invisible(s + n))
                n++;
            settle(w);
            buf_add(&w->out, s, n);
            s += n;
        }
    }
}

static void add_text(struct writer *w, struct html_piece piece)
{
    buf_clear(&w->scratch);
    html_decode(&w->scratch, piece, false);
    add_words(w, buf_str(&w->scratch));
}

static bool named(const struct html_token *t, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(t->name, names[i]) == 0) return true;
    return false;
}

static bool is_block(const struct html_token *t)
{
    static const char *const names[] = {
        "div",      "section", "article", "header", "footer", "address", "center", "table",
        "tbody",    "tr",      "caption", "aside",  "nav",    "main",    "figure", "form",
        "fieldset", "dt",      "dd",      "li",     "thead",  "tfoot",   "option", "body"};
    return named(t, names, ARRAY_LEN(names));
}

static bool is_paragraph(const struct html_token *t)
{
    static const char *const names[] = {"p",  "h1", "h2", "h3", "h4",  "h5",
                                        "h6", "ul", "ol", "dl", "pre", "blockquote"};
    return named(t, names, ARRAY_LEN(names));
}

static bool is_void(const struct html_token *t)
{
    static const char *const names[] = {"br",  "hr",   "img",  "input", "meta",  "link",
                                        "col", "area", "base", "wbr",   "embed", "source"};
    return named(t, names, ARRAY_LEN(names));
}

static bool is_hidden(struct writer *w, const struct html_token *t)
{
    static const char *const never[] = {"select", "template", "datalist"};
    struct mail_css_facts facts = {0};
    const struct html_piece *style = html_attr_find(t, "style");
    if (w->show_all) return false;
    if (named(t, never, ARRAY_LEN(never))) return true;
    if (html_attr_find(t, "hidden")) return true;
    if (!style || style->len > 16 * KIB) return false;
    buf_clear(&w->scratch);
    html_decode(&w->scratch, *style, true);
    CLEANUP(buf_free) struct buf css = BUF_INIT(64 * KIB);
    mail_css_declarations(&css, buf_str(&w->scratch), w->scratch.len, &facts);
    return facts.hidden;
}

static void begin_link(struct writer *w, const struct html_token *t)
{
    const struct html_piece *href = html_attr_find(t, "href");
    w->in_link = false;
    if (!w->links || !href || href->len >= LINK_MAX) return;
    buf_clear(&w->scratch);
    html_decode(&w->scratch, *href, true);
    const char *s = buf_str(&w->scratch);
    while (html_is_space(*s))
        s++;
    size_t len = strcspn(s, " \t\n");
    if (strncasecmp(s, "http", 4) != 0 || len >= LINK_MAX) return;
    memcpy(w->href, s, len);
    w->href[len] = '\0';
    w->in_link = true;
    w->link_begin = w->out.len;
}

static void end_link(struct writer *w)
{
    if (!w->in_link) return;
    w->in_link = false;
    const char *words = buf_str(&w->out) + w->link_begin;
    size_t len = strcspn(w->href, ":");
    const char *bare = w->href + len + strspn(w->href + len, ":/");
    size_t bare_len = strlen(bare);
    while (bare_len > 0 && bare[bare_len - 1] == '/')
        bare_len--;
    bool said = bare_len == 0 || memmem(words, strlen(words), bare, bare_len);
    if (w->out.len > w->link_begin && !said) buf_addf(&w->out, " (%s)", w->href);
}

static void begin_item(struct writer *w)
{
    want_breaks(w, 1);
    settle(w);
    for (int i = 1; i < w->lists && i < LIST_MAX; i++)
        buf_adds(&w->out, "  ");
    int *number = w->lists > 0 && w->lists <= LIST_MAX ? &w->numbers[w->lists - 1] : NULL;
    if (number && *number > 0)
        buf_addf(&w->out, "%d. ", (*number)++);
    else
        buf_adds(&w->out, "- ");
    w->bullet = true;
}

static void add_alt(struct writer *w, const struct html_token *t)
{
    const struct html_piece *alt = html_attr_find(t, "alt");
    if (!alt || alt->len == 0 || alt->len > 500) return;
    buf_clear(&w->scratch);
    html_decode(&w->scratch, *alt, true);
    add_words(w, buf_str(&w->scratch));
}

static void open_tag(struct writer *w, const struct html_token *t)
{
    if (!is_void(t) && is_hidden(w, t)) {
        memcpy(w->hidden, t->name, sizeof(w->hidden));
        w->hidden_depth = 1;
        return;
    }
    if (strcmp(t->name, "br") == 0) {
        w->breaks = w->breaks < 3 ? w->breaks + 1 : 3;
        w->space = w->bar = false;
    } else if (strcmp(t->name, "hr") == 0) {
        want_breaks(w, 1);
        settle(w);
        buf_adds(&w->out, "---");
        want_breaks(w, 1);
    } else if (strcmp(t->name, "img") == 0) {
        add_alt(w, t);
    } else if (strcmp(t->name, "a") == 0) {
        begin_link(w, t);
    } else if (strcmp(t->name, "td") == 0 || strcmp(t->name, "th") == 0) {
        w->bar = w->line_begun && w->breaks == 0;
    } else if (is_paragraph(t)) {
        bool list = strcmp(t->name, "ul") == 0 || strcmp(t->name, "ol") == 0;
        want_breaks(w, list && w->lists > 0 ? 1 : 2);
        if (strcmp(t->name, "blockquote") == 0) w->quotes++;
        if (strcmp(t->name, "pre") == 0) w->pre++;
        if (list) {
            if (w->lists < LIST_MAX) w->numbers[w->lists] = t->name[0] == 'o';
            w->lists++;
        }
    } else if (strcmp(t->name, "li") == 0) {
        begin_item(w);
    } else if (is_block(t)) {
        want_breaks(w, 1);
    }
}

static void close_tag(struct writer *w, const struct html_token *t)
{
    if (strcmp(t->name, "a") == 0) {
        end_link(w);
    } else if (is_paragraph(t)) {
        bool list = strcmp(t->name, "ul") == 0 || strcmp(t->name, "ol") == 0;
        if (list && w->lists > 0) w->lists--;
        want_breaks(w, list && w->lists > 0 ? 1 : 2);
        if (strcmp(t->name, "blockquote") == 0 && w->quotes > 0) w->quotes--;
        if (strcmp(t->name, "pre") == 0 && w->pre > 0) w->pre--;
    } else if (is_block(t)) {
        want_breaks(w, 1);
    }
}

/* A tag inside a hidden element. */
static void hidden_tag(struct writer *w, const struct html_token *t)
{
    if (strcmp(t->name, w->hidden) != 0) return;
    if (t->kind == HTML_CLOSE) w->hidden_depth--;
    if (t->kind != HTML_OPEN) return;
    if (strcmp(t->name, "p") == 0 || strcmp(t->name, "li") == 0) {
        w->hidden_depth = 0; /* the next one ends it */
        open_tag(w, t);
    } else if (w->hidden_depth < 10000) {
        w->hidden_depth++;
    }
}

static void read_all(struct writer *w, const char *html, size_t len)
{
    struct html_reader r;
    struct html_token t;
    html_read_start(&r, html, len);
    while (!buf_failed(&w->out) && html_next(&r, &t)) {
        if (w->hidden_depth > 0)
            hidden_tag(w, &t);
        else if (t.kind == HTML_TEXT)
            add_text(w, t.text);
        else if (t.kind == HTML_OPEN)
            open_tag(w, &t);
        else if (t.kind == HTML_CLOSE)
            close_tag(w, &t);
        else if (t.kind == HTML_RAW && strcmp(t.name, "xmp") == 0)
            add_text(w, t.text);
    }
}

char *mail_html_text(struct arena *a, const char *html,
                     const struct mail_html_text_options *options)
{
    size_t len = strlen(html);
    size_t max = options->output_max ? options->output_max : OUTPUT_MAX;
    struct writer *w = arena_alloc(a, sizeof(*w));
    if (!w) return NULL;
    for (int show_all = 0; show_all < 2; show_all++) {
        buf_free(&w->out);
        buf_free(&w->scratch);
        *w = (struct writer){.out = BUF_INIT(max),
                             .scratch = BUF_INIT(len * 3 + KIB),
                             .links = options->links,
                             .show_all = show_all};
        read_all(w, html, len);
        if (w->hidden_depth == 0) break;
    }
    char *text = arena_strndup(a, buf_str(&w->out), w->out.len);
    buf_free(&w->out);
    buf_free(&w->scratch);
    return text;
}

/* --- from text --------------------------------------------------------------------------- */

static void add_escaped(struct buf *out, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (s[i]) {
        case '&': buf_adds(out, "&amp;"); break;
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        default: buf_addc(out, s[i]);
        }
    }
}

/* The length of an address of the web at s, without what ends a sentence. */
static size_t link_len(const char *s, size_t len)
{
    size_t n = 0;
    size_t scheme = len > 8 && strncasecmp(s, "https://", 8) == 0  ? 8
                    : len > 7 && strncasecmp(s, "http://", 7) == 0 ? 7
                                                                   : 0;
    if (!scheme) return 0;
    while (n < len && (unsigned char)s[n] > ' ' && !strchr("<>\"'`", s[n]))
        n++;
    while (n > scheme && strchr(".,;:!?)]}*_", s[n - 1]))
        n--;
    return n > scheme ? n : 0;
}

static void add_line(struct buf *out, const char *s, size_t len)
{
    size_t lead = 0;
    while (lead < len && s[lead] == ' ') { /* what is indented stays so */
        buf_adds(out, lead % 2 ? " " : "&nbsp;");
        lead++;
    }
    for (size_t i = lead; i < len;) {
        bool begins = i == 0 || !isalnum((unsigned char)s[i - 1]);
        size_t link = begins && (s[i] == 'h' || s[i] == 'H') ? link_len(s + i, len - i) : 0;
        if (link) {
            buf_adds(out, "<a href=\"");
            add_escaped(out, s + i, link);
            buf_adds(out, "\">");
            add_escaped(out, s + i, link);
            buf_adds(out, "</a>");
            i += link;
        } else {
            add_escaped(out, s + i, 1);
            i++;
        }
    }
}

/* Marks of quoting at the beginning of a line ("> > words"): how many, and where the words begin. */
static int quote_depth(const char *s, size_t len, size_t *ret_skip)
{
    int depth = 0;
    size_t i = 0;
    while (i < len && s[i] == '>' && depth < QUOTE_MAX) {
        depth++;
        i++;
        if (i < len && s[i] == ' ') i++;
    }
    *ret_skip = i;
    return depth;
}

char *mail_html_from_text(struct arena *a, const char *text)
{
    static const char quote[] = "<blockquote type=\"cite\">";
    /* The worst are lines of ">": 37 bytes for each with its end tag. */
    CLEANUP(buf_free) struct buf out = BUF_INIT(strlen(text) * 48 + 64 * KIB);
    int depth = 0;
    bool begun = false; /* something stands on the line before, at this depth */
    buf_adds(&out, "<div>");
    for (const char *s = text; *s;) {
        size_t len = strcspn(s, "\n");
        size_t skip = 0;
        int here = quote_depth(s, len, &skip);
        if (here == depth && begun) buf_adds(&out, "<br>\n");
        for (; depth < here; depth++)
            buf_adds(&out, quote);
        for (; depth > here; depth--)
            buf_adds(&out, "</blockquote>");
        add_line(&out, s + skip, len - skip);
        begun = true;
        s += len + (s[len] == '\n');
    }
    for (; depth > 0; depth--)
        buf_adds(&out, "</blockquote>");
    buf_adds(&out, "</div>");
    return buf_failed(&out) ? NULL : arena_strndup(a, buf_str(&out), out.len);
}
