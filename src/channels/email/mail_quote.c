/* Finding the history below an answer. Mail programs do not mark it in any common way, so this knows
 * their habits: words that introduce a quote, in six languages; blocks of headers; marks in the HTML.
 *
 * Rule of care: text below or between quoted lines was written by the sender, too. Then only quotes
 * above it are taken off, else the mail stays whole. What is forwarded is what the sender wants to
 * show: never folded. */
#include "channels/email/mail_quote.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "channels/email/html_read.h"

#define LINE_MAX_BYTES 1000 /* an introduction is no longer */

struct line {
    const char *s;
    size_t len; /* without white space at the end */
};

static bool begins(struct line l, const char *with)
{
    size_t n = strlen(with);
    return l.len >= n && strncasecmp(l.s, with, n) == 0;
}

static bool ends(struct line l, const char *with)
{
    size_t n = strlen(with);
    return l.len >= n && strncasecmp(l.s + l.len - n, with, n) == 0;
}

static bool has(struct line l, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= l.len; i++)
        if (strncasecmp(l.s + i, what, n) == 0) return true;
    return false;
}

static bool has_digit(struct line l)
{
    for (size_t i = 0; i < l.len; i++)
        if (isdigit((unsigned char)l.s[i])) return true;
    return false;
}

static struct line trimmed(const char *s, size_t len)
{
    while (len > 0 && (isspace((unsigned char)s[len - 1]) || (unsigned char)s[len - 1] == 0xa0)) {
        if ((unsigned char)s[len - 1] == 0xa0) {
            if (len < 2 || (unsigned char)s[len - 2] != 0xc2) break;
            len--; /* a no-break space */
        }
        len--;
    }
    while (len > 0 && (isspace((unsigned char)*s) || *s == '*')) {
        s++;
        len--;
    }
    return (struct line){s, len};
}

/* "On Mon, 3 Nov 2026 at 10:00, Ana <a@b.c> wrote:" and its kin. */
bool mail_quote_introduces(const char *line, size_t len)
{
    static const struct {
        const char *begin, *end;
    } rows[] = {
        {"On ", "wrote:"},        {"Em ", "escreveu:"},        {"El ", "escribió:"},
        {"El ", "escribio:"},     {"Le ", "a écrit :"},        {"Le ", "a écrit:"},
        {"Am ", "schrieb:"},      {"Il ", "ha scritto:"},      {"No dia ", "escreveu:"},
        {"A ", "escreveu:"},      {"Dia ", "escreveu:"},       {"Na ", "escreveu:"},
        {"El día ", "escribió:"}, {"Le ", "a écrit\xc2\xa0:"}, {"Am ", ":"},
    };
    struct line l = trimmed(line, len);
    while (l.len > 0 && *l.s == '>')
        l = trimmed(l.s + 1, l.len - 1);
    if (l.len < 12 || l.len > LINE_MAX_BYTES || !has_digit(l)) return false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!begins(l, rows[i].begin) || !ends(l, rows[i].end)) continue;
        if (strcmp(rows[i].end, ":") != 0 || has(l, "schrieb")) return true;
    }
    /* "2026-11-03 10:00 GMT-03:00 Ana <a@b.c>:", "Ana <a@b.c> escreveu (3 de nov.):" */
    bool address = has(l, "@") && has(l, "<");
    if (address && isdigit((unsigned char)*l.s) && ends(l, ">:")) return true;
    return address && ends(l, ":") &&
           (has(l, " wrote") || has(l, " escreveu") || has(l, " escribió"));
}

static bool original_mark(struct line l)
{
    static const char *const words[] = {
        "original message", "mensagem original",       "mensaje original",   "message d'origine",
        "message original", "ursprüngliche nachricht", "messaggio originale"};
    if (l.len < 12 || l.len > 100 || !begins(l, "--")) return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (has(l, words[i])) return true;
    return false;
}

static bool forward_mark(struct line l)
{
    static const char *const words[] = {
        "forwarded message",           "mensagem encaminhada",
        "mensaje reenviado",           "message transféré",
        "weitergeleitete nachricht",   "messaggio inoltrato",
        "begin forwarded message",     "início da mensagem encaminhada",
        "inicio del mensaje reenviado"};
    if (l.len < 12 || l.len > 100) return false;
    bool dashes = begins(l, "--") || begins(l, "begin ") || begins(l, "in") || begins(l, "iní");
    for (size_t i = 0; dashes && i < ARRAY_LEN(words); i++)
        if (has(l, words[i])) return true;
    return false;
}

/* Field names that a header block of Outlook begins with, and those that follow. */
static bool header_from(struct line l)
{
    return begins(l, "From:") || begins(l, "De:") || begins(l, "Von:") || begins(l, "Da:") ||
           begins(l, "De :");
}

static bool header_other(struct line l)
{
    static const char *const names[] = {
        "Sent:",       "Date:",       "To:",         "Subject:", "Cc:",     "Enviado:",  "Enviada:",
        "Enviado em:", "Enviada em:", "Enviado el:", "Data:",    "Fecha:",  "Para:",     "Assunto:",
        "Asunto:",     "Envoyé :",    "Envoyé:",     "À :",      "Objet :", "Gesendet:", "An:",
        "Betreff:",    "Inviato:",    "A:",          "Oggetto:"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (begins(l, names[i])) return true;
    return false;
}

/* --- plain text -------------------------------------------------------------------------- */

static struct line line_at(const char *s, const char **ret_next)
{
    size_t len = strcspn(s, "\n");
    *ret_next = s + len + (s[len] == '\n');
    return trimmed(s, len);
}

/* A header block at s: From and at least two more fields within six lines. */
static bool header_block(const char *s)
{
    int others = 0;
    struct line l = line_at(s, &s);
    if (!header_from(l)) return false;
    for (int i = 0; i < 6 && *s; i++) {
        l = line_at(s, &s);
        if (header_other(l)) others++;
        if (l.len == 0 && others > 0) break;
    }
    return others >= 2;
}

/* An introduction at s, which some programs break over two or three lines: where it ends, NULL when
 * there is none. */
static const char *introduction(const char *s)
{
    const char *end = s;
    for (int lines = 0; lines < 3 && *end; lines++) {
        struct line l = line_at(end, &end);
        if (l.len == 0) return NULL;
        size_t len = (size_t)(end - s);
        if (len > LINE_MAX_BYTES) return NULL;
        if (l.s[l.len - 1] != ':') continue;
        return mail_quote_introduces(s, len) ? end : NULL;
    }
    return NULL;
}

static bool could_introduce(struct line l)
{
    return l.len > 3 && (strchr("OEALIND", toupper((unsigned char)*l.s)) ||
                         isdigit((unsigned char)*l.s) || memchr(l.s, '<', l.len));
}

enum cut_kind { CUT_NONE, CUT_LINES, CUT_REST };

/* The first place where history begins. CUT_LINES: quoted with ">", may end again; CUT_REST: all that
 * follows. */
static enum cut_kind find_cut(const char *text, const char **ret_at, const char **ret_inner)
{
    const char *next = NULL;
    const char *line_before = NULL; /* "____" above a header block */
    for (const char *s = text; *s; s = next) {
        struct line l = line_at(s, &next);
        const char *end = NULL;
        if (forward_mark(l)) return CUT_NONE;
        if (original_mark(l) || (header_from(l) && header_block(s))) {
            *ret_at = original_mark(l) || !line_before ? s : line_before;
            return CUT_REST;
        }
        if (l.len > 0 && *l.s == '>') {
            *ret_at = *ret_inner = s;
            return CUT_LINES;
        }
        if (could_introduce(l) && (end = introduction(s))) {
            const char *after = end;
            while (isspace((unsigned char)*after))
                after++;
            *ret_at = s;
            *ret_inner = end;
            return *after == '>' ? CUT_LINES : CUT_REST;
        }
        bool rule = l.len >= 10 && strspn(l.s, "_-") >= l.len;
        if (rule || l.len > 0) line_before = rule ? s : NULL;
    }
    return CUT_NONE;
}

/* The end of the run of quoted lines at s (empty lines between them belong to it). */
static const char *quoted_end(const char *s)
{
    const char *end = s;
    const char *next = NULL;
    for (; *s; s = next) {
        struct line l = line_at(s, &next);
        if (l.len == 0) continue;
        if (*l.s != '>') break;
        end = next;
    }
    return end;
}

/* Where the signature begins: "-- " on a line, or what phones write. NULL: none. */
static const char *signature_at(const char *text)
{
    static const char *const phones[] = {
        "Sent from my ",         "Enviado do meu ",       "Enviado desde mi ",
        "Enviado de meu ",       "Enviado a partir do ",  "Get Outlook for ",
        "Obter o Outlook para ", "Obtener Outlook para ", "Sent from Outlook",
        "Enviado do Outlook",    "Enviado desde Outlook", "Enviado via ",
        "Enviado pelo meu ",     "Sent from Yahoo"};
    const char *next = NULL;
    for (const char *s = text; *s; s = next) {
        size_t raw = strcspn(s, "\n");
        struct line l = line_at(s, &next);
        bool dashes =
            (raw == 3 && memcmp(s, "-- ", 3) == 0) || (raw == 2 && memcmp(s, "--", 2) == 0);
        if (dashes) return s;
        for (size_t i = 0; l.len < 100 && i < ARRAY_LEN(phones); i++) {
            if (!begins(l, phones[i])) continue;
            while (isspace((unsigned char)*next))
                next++;
            if (!*next) return s; /* the last words of the mail */
        }
    }
    return NULL;
}

static char *piece(struct arena *a, const char *s, const char *end)
{
    while (s < end && *s == '\n')
        s++;
    while (end > s && isspace((unsigned char)end[-1]))
        end--;
    return arena_strndup(a, s, (size_t)(end - s));
}

static bool blank(const char *s, const char *end)
{
    while (s < end && isspace((unsigned char)*s))
        s++;
    return s == end;
}

bool mail_quote_text(struct arena *a, const char *text, struct mail_quote *ret)
{
    const char *end = text + strlen(text);
    const char *at = end;
    const char *inner = end;
    const char *fresh = text;
    const char *fresh_end = end;
    const char *quoted_to = end;
    *ret = (struct mail_quote){.fresh = text, .signature = "", .quoted = ""};
    enum cut_kind kind = find_cut(text, &at, &inner);
    if (kind == CUT_REST) {
        fresh_end = at;
    } else if (kind == CUT_LINES) {
        quoted_to = quoted_end(inner + strspn(inner, "\n"));
        const char *own = signature_at(quoted_to); /* a signature below the quote counts as none */
        bool below = !blank(quoted_to, own ? own : end);
        bool above = !blank(text, at);
        const char *again = NULL;
        const char *ignored = NULL;
        bool more = below && find_cut(quoted_to, &again, &ignored) != CUT_NONE;
        if (below && (above || more)) return true; /* answers between the lines */
        if (below) {
            fresh = quoted_to;
        } else {
            fresh_end = at;
            quoted_to = end;
        }
    }
    if (kind != CUT_NONE && blank(fresh, fresh_end))
        return true; /* nothing but quotes: show them */
    char *all = piece(a, fresh, fresh_end);
    if (!all) return false;
    const char *signature = signature_at(all);
    bool found = signature && !blank(all, signature);
    char *words = found ? piece(a, all, signature) : all;
    char *below = found ? piece(a, signature, all + strlen(all)) : arena_strdup(a, "");
    char *quoted = kind == CUT_NONE ? arena_strdup(a, "") : piece(a, at, quoted_to);
    if (!words || !below || !quoted) return false;
    *ret = (struct mail_quote){.fresh = words, .signature = below, .quoted = quoted};
    return true;
}

/* --- HTML -------------------------------------------------------------------------------- */

static bool value_has(const struct html_piece *v, const char *what)
{
    return v && v->len < 300 && has((struct line){v->s, v->len}, what);
}

static bool value_is(const struct html_piece *v, const char *what)
{
    return v && v->len == strlen(what) && strncasecmp(v->s, what, v->len) == 0;
}

enum mark { MARK_NONE, MARK_ELEMENT, MARK_REST, MARK_FORWARD };

/* Does the tag begin a quote? MARK_ELEMENT: as long as the element; MARK_REST: to the end. */
static enum mark tag_mark(const struct html_token *t)
{
    const struct html_piece *class = html_attr_find(t, "class");
    const struct html_piece *id = html_attr_find(t, "id");
    if (value_has(class, "gmail_quote") || value_has(class, "yahoo_quoted") ||
        value_has(id, "yahoo_quoted") || value_has(class, "protonmail_quote") ||
        value_has(class, "zmail_extra") || value_has(class, "tutanota_quote") ||
        value_has(class, "gmail_extra"))
        return MARK_ELEMENT;
    if (value_has(class, "moz-forward-container")) return MARK_FORWARD;
    if (value_is(id, "divRplyFwdMsg") || value_is(id, "appendonsend") ||
        value_is(id, "stopSpelling") || value_is(id, "OLK_SRC_BODY_SECTION") ||
        value_has(id, "x_divRplyFwdMsg") ||
        value_is(id, "mail-editor-reference-message-container") ||
        value_is(class, "OutlookMessageHeader"))
        return MARK_REST;
    if (strcmp(t->name, "blockquote") == 0 && value_is(html_attr_find(t, "type"), "cite"))
        return MARK_ELEMENT;
    /* Outlook's line above its header block. */
    const struct html_piece *style = html_attr_find(t, "style");
    if (strcmp(t->name, "div") == 0 && value_has(style, "border:none") &&
        (value_has(style, "border-top:solid #E1E1E1") ||
         value_has(style, "border-top:solid #B5C4DF")))
        return MARK_REST;
    return MARK_NONE;
}

struct html_scan {
    const char *cut;     /* where the quote begins */
    const char *cut_end; /* behind its element; NULL: not met */
    char name[24];
    int depth;
    bool rest;
    bool above, below; /* words before and behind */
    /* The block that was begun last, for "On … wrote:" before a blockquote. */
    const char *block;
    char words[LINE_MAX_BYTES]; /* of that block, white space as one space */
    size_t words_len;
    bool before_block;       /* words stand before it */
    bool prefix;             /* Thunderbird's own introduction, in whatever language */
    bool judged, introduces; /* of the block's words as they are */
    bool forwarded;
};

static bool is_block_tag(const char *name)
{
    return strcmp(name, "div") == 0 || strcmp(name, "p") == 0 || strcmp(name, "br") == 0 ||
           strcmp(name, "blockquote") == 0 || strcmp(name, "td") == 0 || strcmp(name, "hr") == 0;
}

static void new_block(struct html_scan *k, const char *at)
{
    k->before_block = k->above;
    k->block = at;
    k->words_len = 0;
    k->prefix = k->judged = false;
}

/* Words of the block, and whether there are any. */
static bool take_words(struct html_scan *k, struct html_piece text)
{
    bool any = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.s[i];
        if (c == '&' && text.len - i >= 6 && strncmp(text.s + i, "&nbsp;", 6) == 0) {
            c = ' ';
            i += 5;
        }
        bool space = isspace((unsigned char)c) || ((unsigned char)c == 0xc2 && i + 1 < text.len &&
                                                   (unsigned char)text.s[i + 1] == 0xa0);
        if ((unsigned char)c == 0xc2 && space) i++;
        if (!space) any = true;
        k->judged = k->judged && space;
        if (space && (k->words_len == 0 || k->words[k->words_len - 1] == ' ')) continue;
        if (k->words_len + 1 < sizeof(k->words)) k->words[k->words_len++] = space ? ' ' : c;
    }
    return any;
}

static struct line block_words(const struct html_scan *k)
{
    return trimmed(k->words, k->words_len);
}

/* Judged once for the same words, as there may be a million tags behind them. */
static bool block_introduces(struct html_scan *k)
{
    if (k->judged) return k->introduces;
    struct line l = block_words(k);
    bool whole = k->words_len + 1 < sizeof(k->words);
    k->judged = true;
    k->introduces = k->block && whole && l.len > 0 &&
                    (k->prefix || (l.s[l.len - 1] == ':' && mail_quote_introduces(l.s, l.len)));
    return k->introduces;
}

static void begin_cut(struct html_scan *k, const struct html_token *t, enum mark mark)
{
    /* The line that introduces the quote goes with it. */
    bool with_line = block_introduces(k);
    k->cut = with_line ? k->block : t->at;
    if (with_line) k->above = k->before_block;
    k->rest = mark == MARK_REST;
    k->depth = 1;
    memcpy(k->name, t->name, sizeof(k->name));
}

static void html_tag(struct html_scan *k, const struct html_token *t)
{
    if (k->cut && !k->cut_end) {
        if (k->rest || strcmp(t->name, k->name) != 0) return;
        k->depth += t->kind == HTML_OPEN ? 1 : -1;
        if (k->depth == 0) k->cut_end = t->end;
        return;
    }
    if (k->cut) return;
    if (t->kind == HTML_OPEN) {
        enum mark mark = tag_mark(t);
        if (mark == MARK_NONE && strcmp(t->name, "blockquote") == 0 && block_introduces(k))
            mark = MARK_ELEMENT;
        if (mark == MARK_FORWARD) k->forwarded = true;
        if (mark == MARK_ELEMENT || mark == MARK_REST) {
            begin_cut(k, t, mark);
            return;
        }
        if (value_has(html_attr_find(t, "class"), "moz-cite-prefix")) {
            new_block(k, t->at);
            k->prefix = true;
            return;
        }
    }
    if (!is_block_tag(t->name)) return;
    struct line l = block_words(k);
    if (forward_mark(l)) k->forwarded = true;
    if (original_mark(l) && k->block) { /* its block is over: all that follows is history */
        k->cut = k->block;
        k->above = k->before_block;
        k->rest = true;
        return;
    }
    /* An empty line between the introduction and the quote. */
    if (t->kind == HTML_CLOSE || l.len > 0 || !k->block) {
        bool keep = block_introduces(k);
        if (!keep) new_block(k, t->kind == HTML_CLOSE ? t->end : t->at);
    }
}

static void html_words(struct html_scan *k, const struct html_token *t)
{
    if (k->cut) {
        struct html_scan scratch = {0};
        if (k->cut_end && take_words(&scratch, t->text)) k->below = true;
        /* Gmail puts its mark for a forwarded mail inside the container. */
        if (!k->cut_end && k->words_len < 300) {
            (void)take_words(k, t->text);
            if (forward_mark(block_words(k))) k->forwarded = true;
        }
        return;
    }
    struct html_scan scratch = {0};
    bool words = take_words(&scratch, t->text);
    bool sentence = words && !k->prefix && block_introduces(k); /* words go on after it */
    if (sentence || !k->block) new_block(k, t->at);
    (void)take_words(k, t->text);
    if (words) k->above = true;
}

bool mail_quote_html(struct arena *a, const char *html, struct mail_quote *ret)
{
    struct html_reader r;
    struct html_token t;
    size_t len = strlen(html);
    *ret = (struct mail_quote){.fresh = html, .signature = "", .quoted = ""};
    struct html_scan *k = arena_alloc(a, sizeof(*k));
    if (!k) return false;
    html_read_start(&r, html, len);
    while (html_next(&r, &t)) {
        bool was_cut = k->cut != NULL;
        if (t.kind == HTML_TEXT)
            html_words(k, &t);
        else if (t.kind == HTML_OPEN || t.kind == HTML_CLOSE)
            html_tag(k, &t);
        if (!was_cut && k->cut) k->words_len = 0;
        if (k->below) break;
    }
    if (!k->cut || k->forwarded || (k->below && k->above)) return true;
    const char *end = html + len;
    const char *quoted_end = k->below ? k->cut_end : end;
    if (!k->below && !k->above) return true; /* nothing but quotes */
    const char *fresh = k->below ? arena_strndup(a, k->cut_end, (size_t)(end - k->cut_end))
                                 : arena_strndup(a, html, (size_t)(k->cut - html));
    const char *quoted = arena_strndup(a, k->cut, (size_t)(quoted_end - k->cut));
    if (!fresh || !quoted) return false;
    ret->fresh = fresh;
    ret->quoted = quoted;
    return true;
}
