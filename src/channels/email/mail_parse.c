/* From the tree of parts to what people see: which parts are the text, which are files, what stands
 * inside. The choice between the parts follows RFC 8621, section 4.1.4: of a multipart/alternative
 * one plain and one HTML form; of anything else every text part that is not called an attachment, in
 * order. A forwarded mail is a file, never gone into. */
#include "channels/email/mail_parse.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "channels/email/mail_auto.h"
#include "channels/email/mail_dsn.h"
#include "channels/email/mail_entity.h"
#include "channels/email/mail_head.h"
#include "channels/email/mail_html.h"

#define BODY_PARTS_MAX 64
#define CIDS_MAX       512
#define NAME_MAX_BYTES 150

static const struct {
    const char *name, *words;
} faults[MAIL_FAULT_COUNT] = {
    [MAIL_OK] = {"ok", ""},
    [MAIL_EMPTY] = {"empty", "the mail is empty"},
    [MAIL_TOO_LARGE] = {"too-large", "the mail is larger than the limit"},
    [MAIL_TOO_DEEP] = {"too-deep", "the mail has too many levels of parts inside each other"},
    [MAIL_TOO_MANY_PARTS] = {"too-many-parts", "the mail has too many parts"},
    [MAIL_HEADERS_TOO_LARGE] = {"headers-too-large", "the headers of the mail are too large"},
    [MAIL_TOO_SLOW] = {"too-slow", "reading the mail took too long"},
    [MAIL_NO_MEMORY] = {"no-memory", "the mail needs more memory than one mail may have"},
};

const char *mail_fault_name(enum mail_fault f)
{
    return (unsigned)f < MAIL_FAULT_COUNT ? faults[f].name : "unknown";
}

const char *mail_fault_words(enum mail_fault f)
{
    return (unsigned)f < MAIL_FAULT_COUNT ? faults[f].words : "";
}

static const char *const problem_names[MAIL_PROBLEM_COUNT] = {
    "no-headers", "no-from",   "no-date",     "no-message-id", "bad-header", "nul",
    "charset",    "damaged",   "no-boundary", "cut-off",       "coding",     "text-cut",
    "list-cut",   "encrypted", "tnef",        "line-ends",
};

const char *mail_problem_name(enum mail_problem p)
{
    for (unsigned i = 0; i < MAIL_PROBLEM_COUNT; i++)
        if (p == 1U << i) return problem_names[i];
    return "unknown";
}

struct mail_limits mail_limits_usual(int64_t now_unix_ms)
{
    return (struct mail_limits){
        .size_max = 40 * MIB,
        .header_max = 512 * KIB,
        .header_count_max = 2000,
        .text_max = 2 * MIB,
        .depth_max = 30,
        .parts_max = 500,
        .addresses_max = 500,
        .references_max = 100,
        .time_ms = 10 * SECOND_MS,
        .now_unix_ms = now_unix_ms,
    };
}

/* --- names of files ---------------------------------------------------------------------- */

/* Marks that change the direction of text or cannot be seen: "cod.exe" shown as "exe.doc". */
static bool deceives(uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0x61c;
}

/* Without what file systems and eyes stumble over; a slash becomes "_". */
static const char *name_clean(struct arena *a, const char *name, size_t len)
{
    char *out = arena_alloc(a, len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < len;) {
        uint32_t code = 0;
        size_t step = utf8_next(name + i, len - i, &code);
        if (step == 0) {
            i++;
            continue;
        }
        if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || deceives(code)) {
            i += step;
            continue;
        }
        if (code < 0x80 && strchr("<>:\"|?*/\\", (int)code)) {
            out[n++] = '_';
        } else if (!(n == 0 && (code == ' ' || code == '.'))) {
            memcpy(out + n, name + i, step);
            n += step;
        }
        i += step;
    }
    while (out && n > 0 && (out[n - 1] == ' ' || out[n - 1] == '.'))
        n--;
    if (!out || n == 0) return "";
    out[n] = '\0';
    if (n <= NAME_MAX_BYTES) return out;
    const char *dot = strrchr(out, '.');
    size_t ending = dot && strlen(dot) <= 12 ? strlen(dot) : 0;
    size_t keep = NAME_MAX_BYTES - ending;
    while (keep > 0 && ((unsigned char)out[keep] & 0xc0) == 0x80)
        keep--;
    if (ending) memmove(out + keep, out + n - ending, ending);
    out[keep + ending] = '\0';
    return out;
}

const char *mail_file_name_clean(struct arena *a, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    for (size_t i = len; i > 0; i--) {
        if (name[i - 1] != '/' && name[i - 1] != '\\') continue;
        if (i == len) { /* a name that ends with a slash */
            len--;
            continue;
        }
        name += i;
        len -= i;
        break;
    }
    return name_clean(a, name ? name : "", len);
}

static const char *ending_of(const char *type)
{
    static const char *const rows[][2] = {
        {"image/jpeg", "jpg"},
        {"image/png", "png"},
        {"image/gif", "gif"},
        {"image/webp", "webp"},
        {"application/pdf", "pdf"},
        {"text/plain", "txt"},
        {"text/html", "html"},
        {"text/calendar", "ics"},
        {"text/csv", "csv"},
        {"message/rfc822", "eml"},
        {"application/zip", "zip"},
        {"audio/mpeg", "mp3"},
        {"audio/ogg", "ogg"},
        {"video/mp4", "mp4"},
        {"text/vcard", "vcf"},
        {"application/ms-tnef", "dat"},
        {"application/ics", "ics"},
        {"message/global", "eml"},
        {"message/delivery-status", "txt"},
        {"message/disposition-notification", "txt"},
        {"text/rfc822-headers", "txt"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(type, rows[i][0]) == 0) return rows[i][1];
    return "bin";
}

/* --- choosing the parts ------------------------------------------------------------------ */

struct body_list {
    struct mail_entity *parts[BODY_PARTS_MAX];
    int count;
};

struct take {
    struct mail_reader *r;
    struct mail_in *m;
    struct body_list text, html;
    struct mail_entity **files;
    int file_count;
};

static void body_add(struct take *t, struct body_list *l, struct mail_entity *e)
{
    if (l->count < BODY_PARTS_MAX)
        l->parts[l->count++] = e;
    else
        t->r->problems |= MAIL_PROBLEM_LIST_CUT;
}

static bool is(const struct mail_entity *e, const char *type)
{
    return strcmp(e->type, type) == 0;
}

static bool is_body(const struct mail_entity *e, bool first, const char *parent)
{
    if (!is(e, "text/plain") && !is(e, "text/html")) return false;
    if (strcmp(e->disposition, "attachment") == 0) return false;
    if (first) return true;
    if (strcmp(parent, "multipart/related") == 0) return false;
    return !*e->filename && !*e->name; /* a text with a name is a file that was dropped in */
}

static void choose(struct take *t, struct mail_entity *multipart, bool alternative);

static void choose_one(struct take *t, struct mail_entity *e, bool first, const char *parent,
                       bool alternative)
{
    if (e->multipart) {
        choose(t, e, alternative || is(e, "multipart/alternative"));
        return;
    }
    if (!is_body(e, first, parent)) {
        t->files[t->file_count++] = e;
        return;
    }
    if (!alternative) {
        body_add(t, &t->text, e);
        body_add(t, &t->html, e);
    } else if (is(e, "text/html")) {
        body_add(t, &t->html, e);
    } else {
        body_add(t, &t->text, e);
    }
}

static void choose(struct take *t, struct mail_entity *multipart, bool alternative)
{
    int text = t->text.count;
    int html = t->html.count;
    bool first = true;
    bool here = is(multipart, "multipart/alternative");
    for (struct mail_entity *e = multipart->first; e; e = e->next) {
        /* Each branch of an alternative begins anew. */
        choose_one(t, e, first || here, multipart->type, alternative);
        first = false;
    }
    if (!here) return;
    /* What has only one form is both. */
    if (t->text.count == text)
        for (int i = html; i < t->html.count; i++)
            body_add(t, &t->text, t->html.parts[i]);
    else if (t->html.count == html)
        for (int i = text; i < t->text.count; i++)
            body_add(t, &t->html, t->text.parts[i]);
}

/* --- text -------------------------------------------------------------------------------- */

static enum mail_fault part_text(struct take *t, const struct mail_entity *e, char **ret)
{
    return mail_entity_text(t->r, e, t->r->limits->text_max, ret);
}

static enum mail_fault gather_text(struct take *t)
{
    size_t max = t->r->limits->text_max * 4;
    CLEANUP(buf_free) struct buf b = BUF_INIT(max);
    bool plain = false;
    for (int i = 0; i < t->text.count; i++) {
        char *text = NULL;
        enum mail_fault f = part_text(t, t->text.parts[i], &text);
        if (f) return f;
        if (is(t->text.parts[i], "text/html")) {
            text = mail_html_text(t->r->arena, text, &(struct mail_html_text_options){0});
            if (!text) return MAIL_NO_MEMORY;
        } else if (*text) {
            plain = true;
        }
        if (b.len > 0 && *text) buf_adds(&b, b.data[b.len - 1] == '\n' ? "\n" : "\n\n");
        buf_adds(&b, text);
    }
    if (buf_failed(&b)) t->r->problems |= MAIL_PROBLEM_TEXT_CUT;
    size_t len = b.len;
    while (len > 0 && strchr(" \n\t", b.data[len - 1]))
        len--;
    const char *text = NULL;
    if (len > 0) {
        text = arena_strndup(t->r->arena, buf_str(&b), len);
    } else if (t->m->html) { /* a plain form without words */
        text = mail_html_text(t->r->arena, t->m->html, &(struct mail_html_text_options){0});
        plain = false;
    } else {
        text = "";
    }
    if (!text) return MAIL_NO_MEMORY;
    t->m->text = text;
    t->m->text_from_html = !plain && *text;
    return MAIL_OK;
}

static enum mail_fault gather_html(struct take *t)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(t->r->limits->text_max * 6 + KIB);
    bool html = false;
    for (int i = 0; i < t->html.count; i++)
        html = html || is(t->html.parts[i], "text/html");
    if (!html) return MAIL_OK;
    for (int i = 0; i < t->html.count; i++) {
        char *text = NULL;
        enum mail_fault f = part_text(t, t->html.parts[i], &text);
        if (f) return f;
        if (b.len > 0 && *text) buf_adds(&b, "<br>\n");
        if (is(t->html.parts[i], "text/html")) {
            buf_adds(&b, text);
        } else if (*text) {
            char *made = mail_html_from_text(t->r->arena, text);
            if (!made) return MAIL_NO_MEMORY;
            buf_adds(&b, made);
        }
    }
    if (buf_failed(&b)) t->r->problems |= MAIL_PROBLEM_TEXT_CUT;
    t->m->html = arena_strndup(t->r->arena, buf_str(&b), b.len);
    return t->m->html ? MAIL_OK : MAIL_NO_MEMORY;
}

/* --- files ------------------------------------------------------------------------------- */

/* The ids that the HTML shows by cid:, so that one pass over it serves all parts. */
struct cids {
    const char *list[CIDS_MAX];
    size_t lens[CIDS_MAX];
    int count;
};

static void cids_read(struct cids *c, const char *html)
{
    for (const char *s = html; s && c->count < CIDS_MAX && (s = strcasestr(s, "cid:"));) {
        s += 4;
        size_t len = strcspn(s, "\"' >\n\t)&;");
        if (len == 0 || len > 512) continue;
        c->list[c->count] = s;
        c->lens[c->count++] = len;
    }
}

static int hex_value(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* url may have %40 for @. */
static bool cid_equal(const char *url, size_t len, const char *id)
{
    for (size_t i = 0; i < len; i++, id++) {
        char c = url[i];
        if (c == '%' && i + 2 < len && hex_value(url[i + 1]) >= 0 && hex_value(url[i + 2]) >= 0) {
            c = (char)(hex_value(url[i + 1]) * 16 + hex_value(url[i + 2]));
            i += 2;
        }
        if (!*id || c != *id) return false;
    }
    return !*id;
}

static bool cid_used(const struct cids *c, const char *id)
{
    for (int i = 0; *id && i < c->count; i++)
        if (cid_equal(c->list[i], c->lens[i], id)) return true;
    return false;
}

static bool in_report(const struct mail_entity *e)
{
    return e->parent && is(e->parent, "multipart/report") && e != e->parent->first;
}

static enum mail_file_kind file_kind(const struct mail_entity *e, const struct cids *c)
{
    if (in_report(e)) return MAIL_FILE_REPORT;
    if (is(e, "message/rfc822") || is(e, "message/global")) return MAIL_FILE_MESSAGE;
    if (is(e, "text/calendar") || is(e, "application/ics")) return MAIL_FILE_CALENDAR;
    if (is(e, "application/pkcs7-signature") || is(e, "application/x-pkcs7-signature") ||
        is(e, "application/pgp-signature"))
        return MAIL_FILE_SIGNATURE;
    if (strncmp(e->type, "image/", 6) == 0 && cid_used(c, e->content_id)) return MAIL_FILE_INLINE;
    /* Some mark a picture only by its place. */
    bool related = e->parent && is(e->parent, "multipart/related");
    if (related && cid_used(c, e->content_id)) return MAIL_FILE_INLINE;
    return MAIL_FILE_ATTACHMENT;
}

static const char *file_name(struct take *t, const struct mail_entity *e, enum mail_file_kind kind,
                             struct bytes content, int number)
{
    struct arena *a = t->r->arena;
    const char *name = mail_file_name_clean(a, *e->filename ? e->filename : e->name);
    if (*name) return name;
    if (kind == MAIL_FILE_MESSAGE) {
        struct mail_reader inner = *t->r;
        struct mail_limits limits = *t->r->limits;
        struct mail_entity *root = NULL;
        limits.parts_max = 1; /* its headers are enough */
        inner.limits = &limits;
        inner.parts = 0;
        (void)mail_entity_read(&inner, content, &root);
        const char *subject = root ? mail_field_text(&inner, root, "subject") : NULL;
        name = subject ? name_clean(a, subject, strlen(subject)) : "";
        const char *full = *name ? arena_printf(a, "%s.eml", name) : NULL;
        if (full) return strlen(full) > NAME_MAX_BYTES ? mail_file_name_clean(a, full) : full;
    }
    const char *stem = kind == MAIL_FILE_CALENDAR           ? "invite"
                       : strncmp(e->type, "image/", 6) == 0 ? "image"
                       : kind == MAIL_FILE_MESSAGE          ? "message"
                       : kind == MAIL_FILE_REPORT           ? "report"
                                                            : "attachment";
    name = arena_printf(a, "%s-%d.%s", stem, number, ending_of(e->type));
    return name ? name : "attachment";
}

static enum mail_fault gather_files(struct take *t)
{
    struct mail_in *m = t->m;
    struct cids *cids = arena_alloc(t->r->arena, sizeof(*cids));
    struct mail_file *files = arena_array(t->r->arena, (size_t)t->file_count + 1, sizeof(*files));
    if (!cids || !files) return MAIL_NO_MEMORY;
    cids_read(cids, m->html);
    for (int i = 0; i < t->file_count; i++) {
        const struct mail_entity *e = t->files[i];
        struct mail_file *f = &files[m->file_count];
        if (clock_mono_ms() > t->r->deadline_mono_ms) return MAIL_TOO_SLOW;
        enum mail_fault fault = mail_entity_body(t->r, e, &f->content);
        if (fault) return fault;
        f->kind = file_kind(e, cids);
        f->type = e->type;
        f->content_id = e->content_id;
        f->method = e->method;
        f->asked_inline = strcmp(e->disposition, "inline") == 0;
        f->name = file_name(t, e, f->kind, f->content, i + 1);
        m->file_count++;
        if (is(e, "application/ms-tnef")) t->r->problems |= MAIL_PROBLEM_TNEF;
        bool pkcs7 = is(e, "application/pkcs7-mime") || is(e, "application/x-pkcs7-mime");
        if (pkcs7 || is(e, "application/pgp-encrypted")) t->r->problems |= MAIL_PROBLEM_ENCRYPTED;
    }
    m->files = files;
    return MAIL_OK;
}

/* --- all --------------------------------------------------------------------------------- */

static enum mail_fault read_bodies(struct mail_reader *r, struct mail_in *m)
{
    struct take *t = arena_alloc(r->arena, sizeof(*t));
    if (!t) return MAIL_NO_MEMORY;
    *t = (struct take){.r = r, .m = m};
    t->files = arena_array(r->arena, (size_t)r->parts + 1, sizeof(*t->files));
    if (!t->files) return MAIL_NO_MEMORY;
    if (m->root->multipart)
        choose(t, m->root, is(m->root, "multipart/alternative"));
    else
        choose_one(t, m->root, true, "", false);
    enum mail_fault f = gather_html(t);
    if (!f) f = gather_text(t);
    if (!f) f = gather_files(t);
    return f;
}

enum mail_fault mail_parse(struct arena *a, struct bytes bytes, const struct mail_limits *limits,
                           struct mail_in *m)
{
    struct mail_reader r = {
        .arena = a, .limits = limits, .deadline_mono_ms = clock_mono_ms() + limits->time_ms};
    enum mail_fault f = MAIL_OK;
    *m = (struct mail_in){.message_id = "",
                          .in_reply_to = "",
                          .return_path = "",
                          .subject = "",
                          .text = "",
                          .sender_reason = "",
                          .list_id = "",
                          .list_unsubscribe = "",
                          .auto_submitted = "",
                          .precedence = ""};
    bool too_large = bytes.len > limits->size_max;
    if (too_large) /* its headers only */
        bytes.len = limits->header_max < limits->size_max ? limits->header_max : limits->size_max;
    f = mail_entity_read(&r, bytes, &m->root);
    if (too_large) f = MAIL_TOO_LARGE;
    if (m->root) mail_head_read(&r, m->root, m);
    if (!f) f = read_bodies(&r, m);
    if (m->root) {
        mail_dsn_find(&r, m);
        mail_auto_find(&r, m);
    }
    m->problems = r.problems;
    return f;
}
