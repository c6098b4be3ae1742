/* Writing a mail: RFC 5322 headers, RFC 2047 words for what is not ASCII, a plain and an HTML part
 * (RFC 2046), both quoted-printable (RFC 2045). Values of people never reach a header or the HTML
 * unescaped: header texts go through add_words, paragraphs through buf_add_html. */
#include <string.h>

#include "auth/mail.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "core/template.h"

#define MAIL_MAX (256 * KIB)
#define TEXT_MAX (16 * KIB)
#define LINE_MAX 76
#define WORD_BYTES                                                                                 \
    39 /* of text in one encoded word: 52 characters of base64, below RFC 2047's 75 */

static bool address_plain(const char *s)
{
    size_t len = strlen(s);
    if (len < 3 || len > 320 || !strchr(s, '@')) return false;
    for (size_t i = 0; i < len; i++)
        if (s[i] <= ' ' || s[i] > '~' || strchr("<>,;:\"()[]\\", s[i])) return false;
    return true;
}

/* Text for a header: as it is when it is plain, else as encoded words, each of whole characters,
 * folded. */
static void add_words(struct buf *b, struct arena *a, const char *text)
{
    size_t len = strlen(text);
    bool plain = len < 60;
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~' || strchr("=?\"<>@,;:()[]\\", text[i])) plain = false;
    if (plain) {
        buf_adds(b, text);
        return;
    }
    for (size_t at = 0; at < len;) {
        size_t take = 0;
        for (;;) {
            size_t n = at + take < len ? utf8_next(text + at + take, len - at - take, NULL) : 0;
            if (n == 0 && at + take < len) n = 1;
            if (n == 0 || take + n > WORD_BYTES) break;
            take += n;
        }
        buf_addf(b, "%s=?UTF-8?B?%s?=", at ? "\r\n " : "", base64_encode(a, text + at, take));
        at += take;
    }
}

/* text (line ends \n) as quoted-printable with CRLF. */
static void add_quoted(struct buf *b, const char *text)
{
    size_t column = 0;
    for (const char *s = text; *s; s++) {
        unsigned char ch = (unsigned char)*s;
        if (ch == '\n') {
            buf_adds(b, "\r\n");
            column = 0;
            continue;
        }
        bool last = s[1] == '\0' || s[1] == '\n';
        bool plain = (ch > ' ' && ch <= '~' && ch != '=') || ((ch == ' ' || ch == '\t') && !last);
        if (column == 0 && ch == '.') plain = false; /* no line begins with a dot */
        size_t width = plain ? 1 : 3;
        if (column + width > LINE_MAX - 1) {
            buf_adds(b, "=\r\n");
            column = 0;
            if (ch == '.') {
                plain = false;
                width = 3;
            }
        }
        if (plain)
            buf_addc(b, (char)ch);
        else
            buf_addf(b, "=%02X", (unsigned int)ch);
        column += width;
    }
    buf_adds(b, "\r\n");
}

struct rendered {
    const char *subject, *greeting, *body, *button, *footer, *link;
};

static enum err render(struct arena *a, const struct mail_text *t, const json_t *vars,
                       struct rendered *ret)
{
    const char *link = json_string_value(json_object_get(vars, "link"));
    const char *const from[] = {t->subject, t->greeting, t->body, t->footer};
    const char **const to[] = {&ret->subject, &ret->greeting, &ret->body, &ret->footer};
    for (size_t i = 0; i < ARRAY_LEN(from); i++) {
        enum err e = template_render(a, from[i], vars, TEXT_MAX, to[i]);
        if (e) return e;
    }
    ret->button = t->button;
    ret->link = t->button ? link : NULL;
    return ERR_OK;
}

static const char *plain_part(struct arena *a, const struct rendered *r)
{
    const char *link = r->link ? arena_printf(a, "%s:\n%s\n\n", r->button, r->link) : "";
    return arena_printf(a, "%s\n\n%s\n\n%s%s\n", r->greeting, r->body, link, r->footer);
}

static void add_paragraphs(struct buf *b, struct arena *a, const char *text, const char *style)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t len = end ? (size_t)(end - text) : strlen(text);
        buf_addf(b, "<p style=\"%s\">", style);
        buf_add_html(b, arena_strndup(a, text, len));
        buf_adds(b, "</p>\n");
        text += len;
        while (*text == '\n')
            text++;
    }
}

static void add_html(struct buf *b, struct arena *a, const struct rendered *r, const char *language)
{
    buf_addf(b, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n", language);
    buf_adds(b, "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    buf_add_html(b, r->subject);
    buf_adds(b, "</title></head>\n<body style=\"margin:0;padding:32px 16px;background:#f6f7f9;"
                "font-family:-apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1b1f27\">\n"
                "<div style=\"max-width:480px;margin:0 "
                "auto;padding:32px;background:#fff;border:1px solid #e3e6eb;"
                "border-radius:10px\">\n");
    add_paragraphs(b, a, r->greeting, "margin:0 0 16px;font-size:16px;font-weight:600");
    add_paragraphs(b, a, r->body, "margin:0 0 16px;font-size:14px;line-height:22px");
    if (r->link) {
        buf_adds(b, "<p style=\"margin:24px 0\"><a style=\"display:inline-block;padding:11px "
                    "20px;border-radius:6px;"
                    "background:#5b4fd6;color:#fff;font-size:14px;font-weight:600;text-decoration:"
                    "none\" href=\"");
        buf_add_html(b, r->link);
        buf_adds(b, "\">");
        buf_add_html(b, r->button);
        buf_adds(b, "</a></p>\n<p style=\"margin:0 0 "
                    "24px;font-size:12px;line-height:18px;color:#5b6475;word-break:break-all\">");
        buf_add_html(b, r->link);
        buf_adds(b, "</p>\n");
    }
    add_paragraphs(b, a, r->footer, "margin:0;font-size:12px;line-height:18px;color:#5b6475");
    buf_adds(b, "</div></body></html>\n");
}

/* "Thu, 19 Nov 2026 13:42:05 +0000": as in HTTP, with the zone in numbers. */
static void add_date(struct buf *b, int64_t unix_ms)
{
    char text[TIME_TEXT_SIZE];
    time_http(unix_ms, text);
    size_t len = strlen(text);
    buf_add(b, text, len > 4 ? len - 4 : 0);
    buf_adds(b, " +0000");
}

static void add_part(struct buf *b, const char *boundary, const char *type, const char *text)
{
    buf_addf(b,
             "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: "
             "quoted-printable\r\n\r\n",
             boundary, type);
    add_quoted(b, text);
}

enum err mail_message(struct arena *a, const struct mail_headers *h, const struct mail_text *t,
                      const json_t *vars, struct bytes *ret)
{
    struct rendered r = {0};
    if (!address_plain(h->from_email) || !address_plain(h->to)) return ERR_INVALID;
    enum err e = render(a, t, vars, &r);
    if (e) return e;
    CLEANUP(buf_free) struct buf html = BUF_INIT(MAIL_MAX);
    CLEANUP(buf_free) struct buf b = BUF_INIT(MAIL_MAX);
    add_html(&html, a, &r, h->language);
    buf_adds(&b, "From: ");
    if (h->from_name && *h->from_name) {
        add_words(&b, a, h->from_name);
        buf_addc(&b, ' ');
    }
    buf_addf(&b, "<%s>\r\nTo: <%s>\r\nSubject: ", h->from_email, h->to);
    add_words(&b, a, r.subject);
    buf_adds(&b, "\r\nDate: ");
    add_date(&b, h->date_unix_ms);
    buf_addf(&b, "\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n",
             h->message_id);
    buf_addf(&b,
             "Content-Language: %s\r\nContent-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n",
             h->language, h->boundary);
    add_part(&b, h->boundary, "text/plain", plain_part(a, &r));
    add_part(&b, h->boundary, "text/html", buf_str(&html));
    buf_addf(&b, "--%s--\r\n", h->boundary);
    if (buf_failed(&b) || buf_failed(&html)) return ERR_TOO_LARGE;
    char *copy = arena_strndup(a, b.data, b.len);
    if (!copy) return ERR_NO_MEMORY;
    *ret = (struct bytes){(const unsigned char *)copy, b.len};
    return ERR_OK;
}
