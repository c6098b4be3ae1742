/* The bytes of a mail. Structure, from the outside in, each layer only when it is needed:
 *
 *   mixed( related( alternative( plain, html ), inline images ), attachments )
 *
 * Encodings and parameters are GMime's; the layers are written here, because boundaries must be the
 * same at each attempt: they come from the Message-ID.
 *
 * Invariant: values of people reach a header only through add_text_header, add_people and GMime's
 * parameters, which let no line end through. */
#include "channels/email/mail_build.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "channels/email/mail_charset.h"
#include "channels/email/mail_html.h"

#define SUBJECT_MAX 2000
#define NAME_MAX_   500
#define ID_MAX      512
#define LINE_MAX_   76

struct writer {
    struct arena *a;
    struct buf *out;
    char boundary[48]; /* its end tells the layers apart */
};

/* Runs of the characters in `more`, letters and digits, with single dots between them. */
static bool dotted(const char *s, size_t len, const char *more)
{
    for (size_t i = 0; i < len; i++) {
        bool dot = s[i] == '.';
        if (dot && (i == 0 || i + 1 == len || s[i - 1] == '.')) return false;
        if (!dot && !isalnum((unsigned char)s[i]) && !strchr(more, s[i])) return false;
    }
    return len > 0;
}

bool mail_address_fits(const char *address)
{
    size_t len = address ? strlen(address) : 0;
    const char *at = len ? strrchr(address, '@') : NULL;
    if (!at || len > 254 || strstr(address, "=?")) return false;
    size_t local = (size_t)(at - address);
    return local <= 64 && dotted(address, local, "!#$%&'*+/=?^_`{|}~-") &&
           dotted(at + 1, len - local - 1, "-_");
}

static bool id_fits(const char *id)
{
    size_t len = id ? strlen(id) : 0;
    if (len == 0 || len > ID_MAX) return false;
    for (size_t i = 0; i < len; i++)
        if (id[i] <= ' ' || id[i] > '~' || id[i] == '<' || id[i] == '>') return false;
    return true;
}

/* --- headers ----------------------------------------------------------------------------- */

/* s as one line of at most max bytes of valid UTF-8. */
static const char *one_line(struct arena *a, const char *s, size_t max)
{
    size_t len = s ? strlen(s) : 0;
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
            len--;
    }
    char *out = mail_utf8(a, (struct bytes){(const unsigned char *)s, len}, "utf-8", NULL);
    for (char *c = out; c && *c; c++)
        if (*c == '\n' || *c == '\t') *c = ' ';
    return out ? out : "";
}

/* What GMime folded with LF, with CRLF; empty lines cannot come out of it. */
static void add_folded(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '\r') continue;
        if (*s != '\n') {
            buf_addc(out, *s);
        } else if (s[1] == ' ' || s[1] == '\t') {
            buf_adds(out, "\r\n");
        }
    }
    buf_adds(out, "\r\n");
}

static bool plain_ascii(const char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~') return false;
    return true;
}

/* Words of at most 45 bytes, each of whole characters, folded: RFC 2047. */
static void add_encoded(struct writer *w, const char *s)
{
    size_t len = strlen(s);
    for (size_t at = 0; at < len;) {
        size_t n = len - at < 42 ? len - at : 42;
        while (at + n < len && n > 1 && ((unsigned char)s[at + n] & 0xc0) == 0x80)
            n--;
        const char *base64 = base64_encode(w->a, s + at, n);
        buf_addf(w->out, "%s=?UTF-8?B?%s?=", at ? "\r\n " : "", base64 ? base64 : "");
        at += n;
    }
}

/* Free text. ASCII goes out as it is, folded at spaces. */
static void add_text_header(struct writer *w, const char *name, const char *value, size_t max)
{
    const char *s = one_line(w->a, value, max);
    size_t column = strlen(name) + 2;
    size_t longest = 0;
    for (const char *c = s; *c;) {
        size_t n = strcspn(c, " ");
        if (n > longest) longest = n;
        c += n + strspn(c + n, " ");
    }
    buf_addf(w->out, "%s: ", name);
    if (!plain_ascii(s) || strstr(s, "=?") || longest > 200 || *s == ' ') {
        add_encoded(w, s);
        buf_adds(w->out, "\r\n");
        return;
    }
    while (*s) {
        size_t n = strcspn(s, " ");
        if (column + n > LINE_MAX_ && column > strlen(name) + 2) {
            buf_adds(w->out, "\r\n");
            column = 0;
        }
        size_t spaces = strspn(s + n, " ");
        buf_add(w->out, s, n);
        column += n;
        s += n;
        if (spaces && s[spaces]) { /* one space begins the next word, or the folded line */
            bool fold = column + 1 + strcspn(s + spaces, " ") > LINE_MAX_;
            buf_adds(w->out, fold ? "\r\n" : "");
            buf_add(w->out, s, spaces);
            column = fold ? spaces : column + spaces;
        }
        s += spaces;
    }
    buf_adds(w->out, "\r\n");
}

/* A display name: bare words, a quoted string, or encoded words. */
static void add_name(struct writer *w, const char *name)
{
    if (!plain_ascii(name) || strstr(name, "=?") || strlen(name) > 60) {
        add_encoded(w, name);
        return;
    }
    bool bare = true;
    for (const char *c = name; *c; c++)
        bare = bare && (isalnum((unsigned char)*c) || strchr(" -_'", *c));
    if (bare) {
        buf_adds(w->out, name);
        return;
    }
    buf_addc(w->out, '"');
    for (const char *c = name; *c; c++) {
        if (*c == '"' || *c == '\\') buf_addc(w->out, '\\');
        buf_addc(w->out, *c);
    }
    buf_addc(w->out, '"');
}

static void add_person(struct writer *w, const struct mail_address *p)
{
    const char *name = p->name ? one_line(w->a, p->name, NAME_MAX_) : "";
    name += strspn(name, " ");
    if (*name) {
        add_name(w, name);
        buf_adds(w->out, strlen(name) + strlen(p->address) > 60 ? "\r\n " : " ");
    }
    buf_addf(w->out, "<%s>", p->address);
}

static void add_people(struct writer *w, const char *name, const struct mail_addresses *people)
{
    if (people->count == 0) return;
    buf_addf(w->out, "%s: ", name);
    for (int i = 0; i < people->count; i++) {
        if (i) buf_adds(w->out, ",\r\n ");
        add_person(w, &people->list[i]);
    }
    buf_adds(w->out, "\r\n");
}

static bool people_fit(const struct mail_addresses *people)
{
    if (people->count > MAIL_BUILD_PEOPLE_MAX) return false;
    for (int i = 0; i < people->count; i++)
        if (!mail_address_fits(people->list[i].address)) return false;
    return true;
}

/* References: the first one, then the last ones, then the parent. */
static void add_references(struct writer *w, const struct mail_new *m)
{
    const struct mail_ids *refs = &m->references;
    int from = refs->count > MAIL_BUILD_REFERENCES_MAX - 1
                   ? refs->count - (MAIL_BUILD_REFERENCES_MAX - 2)
                   : 1;
    bool parent = id_fits(m->in_reply_to);
    int written = 0;
    if (parent) buf_addf(w->out, "In-Reply-To: <%s>\r\n", m->in_reply_to);
    for (int i = 0; i < refs->count; i = i == 0 ? from : i + 1) {
        const char *id = refs->list[i];
        if (!id_fits(id) || (parent && strcmp(id, m->in_reply_to) == 0)) continue;
        buf_addf(w->out, "%s<%s>", written++ ? "\r\n " : "References: ", id);
    }
    if (parent) buf_addf(w->out, "%s<%s>", written++ ? "\r\n " : "References: ", m->in_reply_to);
    if (written) buf_adds(w->out, "\r\n");
}

static void add_headers(struct writer *w, const struct mail_new *m)
{
    char date[TIME_TEXT_SIZE];
    (void)time_http(m->date_unix_ms, date); /* "Thu, 19 Nov 2026 13:42:05 GMT" */
    size_t len = strlen(date);
    buf_addf(w->out, "Date: %.*s+0000\r\n", (int)(len >= 3 ? len - 3 : 0), date);
    buf_addf(w->out, "Message-ID: <%s>\r\n", m->message_id);
    add_people(w, "From", &(struct mail_addresses){&m->from, 1});
    if (m->reply_to.address && mail_address_fits(m->reply_to.address))
        add_people(w, "Reply-To", &(struct mail_addresses){&m->reply_to, 1});
    add_people(w, "To", &m->to);
    add_people(w, "Cc", &m->cc);
    if (m->to.count == 0 && m->cc.count == 0) buf_adds(w->out, "To: undisclosed-recipients:;\r\n");
    add_text_header(w, "Subject", m->subject ? m->subject : "", SUBJECT_MAX);
    add_references(w, m);
    if (m->auto_replied)
        buf_adds(w->out, "Auto-Submitted: auto-replied\r\n"
                         "X-Auto-Response-Suppress: All\r\n"
                         "Precedence: auto_reply\r\n");
    buf_adds(w->out, "MIME-Version: 1.0\r\n");
}

/* --- bodies ------------------------------------------------------------------------------ */

/* Text (any line ends) quoted-printable with CRLF. */
static void add_quoted_text(struct writer *w, const char *text, const char *type)
{
    buf_addf(w->out,
             "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: "
             "quoted-printable\r\n\r\n",
             type);
    size_t len = strlen(text);
    CLEANUP(buf_free) struct buf lines = BUF_INIT(MAIL_BUILD_MAX);
    for (size_t at = 0; at < len;) { /* GMime's encoder knows LF alone */
        size_t n = strcspn(text + at, "\r");
        buf_add(&lines, text + at, n);
        at += n;
        if (at < len && text[at] == '\r') {
            if (text[at + 1] != '\n') buf_addc(&lines, '\n');
            at++;
        }
    }
    int state = -1;
    guint32 save = 0;
    unsigned char room[4 * KIB * 4];
    const unsigned char *in = (const unsigned char *)buf_str(&lines);
    for (size_t at = 0; at <= lines.len;) {
        size_t n = lines.len - at < 4 * KIB ? lines.len - at : 4 * KIB;
        bool last = at + n == lines.len;
        size_t made = last ? g_mime_encoding_quoted_encode_close(in + at, n, room, &state, &save)
                           : g_mime_encoding_quoted_encode_step(in + at, n, room, &state, &save);
        for (size_t i = 0; i < made; i++) {
            if (room[i] == '\n') buf_addc(w->out, '\r');
            buf_addc(w->out, (char)room[i]);
        }
        at += n;
        if (last) break;
    }
    if (w->out->len > 0 && w->out->data[w->out->len - 1] != '\n') buf_adds(w->out, "\r\n");
}

static void add_base64(struct buf *out, struct bytes content)
{
    /* 57 bytes are one line of 76; whole lines at a time. */
    for (size_t at = 0; at < content.len; at += 57) {
        size_t n = content.len - at < 57 ? content.len - at : 57;
        unsigned char room[128];
        int state = 0;
        guint32 save = 0;
        size_t made =
            g_mime_encoding_base64_encode_close(content.data + at, n, room, &state, &save);
        while (made > 0 && room[made - 1] == '\n')
            made--;
        buf_add(out, room, made);
        buf_adds(out, "\r\n");
    }
}

static const char *type_clean(const char *type)
{
    size_t len = type ? strlen(type) : 0;
    const char *slash = len ? strchr(type, '/') : NULL;
    bool fits = slash && slash > type && slash[1] && len < 100;
    for (size_t i = 0; fits && i < len; i++)
        fits = isalnum((unsigned char)type[i]) || strchr("/.+-_", type[i]);
    if (!fits || strncasecmp(type, "multipart/", 10) == 0 || strncasecmp(type, "message/", 8) == 0)
        return "application/octet-stream";
    return type;
}

static void add_file(struct writer *w, const struct mail_new_file *f, int number)
{
    const char *name = mail_file_name_clean(w->a, one_line(w->a, f->name, NAME_MAX_));
    bool shown = id_fits(f->content_id);
    if (!*name) name = arena_printf(w->a, "file-%d", number);
    if (!name) name = "file";
    GMimeContentType *type = g_mime_content_type_parse(NULL, type_clean(f->type));
    g_mime_content_type_set_parameter(type, "name", name);
    char *value = g_mime_content_type_encode(type, NULL);
    buf_adds(w->out, "Content-Type:");
    if (*value != ' ') buf_addc(w->out, ' ');
    add_folded(w->out, value);
    g_free(value);
    g_object_unref(type);
    GMimeContentDisposition *d = g_mime_content_disposition_new();
    g_mime_content_disposition_set_disposition(d, shown ? "inline" : "attachment");
    g_mime_content_disposition_set_parameter(d, "filename", name);
    value = g_mime_content_disposition_encode(d, NULL);
    buf_adds(w->out, "Content-Disposition:");
    if (*value != ' ') buf_addc(w->out, ' ');
    add_folded(w->out, value);
    g_free(value);
    g_object_unref(d);
    if (shown) buf_addf(w->out, "Content-ID: <%s>\r\n", f->content_id);
    buf_adds(w->out, "Content-Transfer-Encoding: base64\r\n\r\n");
    add_base64(w->out, f->content);
}

/* Layers are told apart by a letter. */
static void begin_multipart(struct writer *w, const char *kind, char layer)
{
    buf_addf(w->out, "Content-Type: multipart/%s;\r\n boundary=\"%s-%c\"\r\n\r\n", kind,
             w->boundary, layer);
}

static void begin_part(struct writer *w, char layer)
{
    buf_addf(w->out, "--%s-%c\r\n", w->boundary, layer);
}

static void end_multipart(struct writer *w, char layer)
{
    buf_addf(w->out, "--%s-%c--\r\n", w->boundary, layer);
}

static const char *plain_body(struct writer *w, const struct mail_new *m)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MAIL_BUILD_MAX);
    buf_adds(&b, m->text);
    if (m->signature_text && *m->signature_text) buf_addf(&b, "\n\n-- \n%s", m->signature_text);
    if (m->quote_text && *m->quote_text) {
        if (m->quote_intro) buf_addf(&b, "\n\n%s", one_line(w->a, m->quote_intro, 1000));
        buf_addc(&b, '\n');
        for (const char *s = m->quote_text; *s;) {
            size_t len = strcspn(s, "\n");
            buf_adds(&b, *s == '>' ? ">" : "> ");
            buf_add(&b, s, len);
            buf_addc(&b, '\n');
            s += len + (s[len] == '\n');
        }
    }
    buf_addc(&b, '\n');
    return buf_failed(&b) ? NULL : arena_strndup(w->a, buf_str(&b), b.len);
}

static const char *made_html(struct writer *w, const char *html, const char *text)
{
    if (html) return html;
    html = text && *text ? mail_html_from_text(w->a, text) : "";
    return html ? html : "";
}

static const char *html_body(struct writer *w, const struct mail_new *m)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MAIL_BUILD_MAX);
    buf_adds(&b, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n");
    buf_adds(&b, made_html(w, m->html, m->text));
    const char *signature = made_html(w, m->signature_html, m->signature_text);
    if (*signature) buf_addf(&b, "\n<br>\n<div class=\"signature\">-- <br>%s</div>", signature);
    const char *quote = made_html(w, m->quote_html, m->quote_text);
    if (*quote) {
        buf_adds(&b, "\n<br>\n<div class=\"gmail_quote\"><div>");
        buf_add_html(&b, m->quote_intro ? one_line(w->a, m->quote_intro, 1000) : "");
        buf_addf(&b,
                 "</div><blockquote type=\"cite\" style=\"margin:0 0 0 8px;padding:0 0 0 8px;"
                 "border-left:2px solid #cccccc\">%s</blockquote></div>",
                 quote);
    }
    buf_adds(&b, "\n</body></html>\n");
    return buf_failed(&b) ? NULL : arena_strndup(w->a, buf_str(&b), b.len);
}

static int count_files(const struct mail_new *m, bool shown)
{
    int n = 0;
    for (int i = 0; i < m->file_count; i++)
        n += id_fits(m->files[i].content_id) == shown;
    return n;
}

static void add_files(struct writer *w, const struct mail_new *m, bool shown, char layer)
{
    for (int i = 0; i < m->file_count && !buf_failed(w->out); i++) {
        if (id_fits(m->files[i].content_id) != shown) continue;
        begin_part(w, layer);
        add_file(w, &m->files[i], i + 1);
    }
}

static bool add_body(struct writer *w, const struct mail_new *m)
{
    bool related = count_files(m, true) > 0;
    bool mixed = count_files(m, false) > 0;
    const char *plain = plain_body(w, m);
    const char *html = html_body(w, m);
    if (!plain || !html) return false;
    if (mixed) {
        begin_multipart(w, "mixed", 'm');
        begin_part(w, 'm');
    }
    if (related) {
        begin_multipart(w, "related", 'r');
        begin_part(w, 'r');
    }
    begin_multipart(w, "alternative", 'a');
    begin_part(w, 'a');
    add_quoted_text(w, plain, "text/plain");
    begin_part(w, 'a');
    add_quoted_text(w, html, "text/html");
    end_multipart(w, 'a');
    if (related) {
        add_files(w, m, true, 'r');
        end_multipart(w, 'r');
    }
    if (mixed) {
        add_files(w, m, false, 'm');
        end_multipart(w, 'm');
    }
    return true;
}

static void free_bytes(void *p)
{
    mem_free(p);
}

enum err mail_build(struct arena *a, const struct mail_new *m, struct bytes *ret)
{
    char hex[SHA256_HEX_SIZE];
    if (!id_fits(m->message_id) || !mail_address_fits(m->from.address)) return ERR_INVALID;
    if (m->file_count > MAIL_BUILD_FILES_MAX || m->to.count > MAIL_BUILD_PEOPLE_MAX ||
        m->cc.count > MAIL_BUILD_PEOPLE_MAX)
        return ERR_TOO_LARGE;
    if (!people_fit(&m->to) || !people_fit(&m->cc)) return ERR_INVALID;
    mail_gmime_ready();
    struct buf out = BUF_INIT(MAIL_BUILD_MAX);
    struct writer w = {.a = a, .out = &out};
    sha256_hex(m->message_id, strlen(m->message_id), hex);
    (void)snprintf(w.boundary, sizeof(w.boundary), "=_%.32s", hex);
    struct mail_new all = *m;
    if (!all.text) all.text = "";
    add_headers(&w, &all);
    bool built = add_body(&w, &all);
    if (!built || buf_failed(&out)) {
        buf_free(&out);
        return built ? ERR_TOO_LARGE : ERR_NO_MEMORY;
    }
    arena_on_free(a, free_bytes, out.data); /* it may be 40 MiB: not copied */
    *ret = (struct bytes){(const unsigned char *)out.data, out.len};
    return ERR_OK;
}

const char *mail_subject_reply(struct arena *a, const char *subject)
{
    static const char *const marks[] = {"re", "res", "ref", "rv", "aw", "sv", "antw", "odp", "ynt"};
    const char *s = subject ? one_line(a, subject, SUBJECT_MAX) : "";
    s += strspn(s, " ");
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t n = strlen(marks[i]);
        if (strncasecmp(s, marks[i], n) != 0) continue;
        const char *after = s + n;
        if (*after == '[') after += strcspn(after, "]") + (strchr(after, ']') != NULL);
        after += strspn(after, " ");
        if (*after == ':') return s;
    }
    const char *reply = arena_printf(a, "Re: %s", s);
    return reply ? reply : s;
}
