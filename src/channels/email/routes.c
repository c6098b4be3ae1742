/* The whole mail behind a message: its heads and attachments as JSON, its cleaned HTML as a page for
 * a sandboxed frame, its parts and its raw form. All are read from the raw mail at the time of
 * asking, so that a better cleaner also cleans old mails. Pictures inside the mail travel in the page
 * (data:), as a frame of a foreign origin has no cookie; those elsewhere only when asked for. */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/channels.h"
#include "channels/email/email.h"
#include "channels/email/mail_auto.h"
#include "channels/email/mail_html.h"
#include "channels/email/mail_quote.h"
#include "core/file_type.h"
#include "core/loop.h"
#include "sql.h"

#define INLINE_MAX ((size_t)8 * MIB) /* of all pictures inside one page */
#define ARENA_MORE (48 * MIB)
#define QUOTED_MAX ((size_t)200000)
#define PAGE_MAX   ((size_t)24 * MIB)

/* A mail being read: lives as long as the request. */
struct view {
    struct arena *arena;
    struct ctx *c;
    struct bytes raw; /* mapped */
    struct mail_in mail;
    enum mail_fault fault;
    struct mail_quote quote;
    bool images;
    size_t inline_bytes;
    struct mail_html html;
    bool cleaned;
    struct file file; /* the raw mail */
    struct rows *rows;
};

static void view_end(void *arg)
{
    struct view *v = arg;
    if (v->raw.len > 0) (void)munmap((void *)(uintptr_t)v->raw.data, v->raw.len);
    arena_free(v->arena);
}

/* A picture of the mail itself, as an address that holds it. */
static const char *on_cid(void *arg, const char *content_id)
{
    static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/webp",
                                        "image/bmp"};
    struct view *v = arg;
    for (int i = 0; i < v->mail.file_count; i++) {
        const struct mail_file *f = &v->mail.files[i];
        if (!*f->content_id || strcmp(f->content_id, content_id) != 0) continue;
        const char *type = NULL;
        for (size_t k = 0; k < ARRAY_LEN(types); k++)
            if (strcasecmp(f->type, types[k]) == 0) type = types[k];
        if (strcasecmp(f->type, "image/jpg") == 0) type = "image/jpeg";
        if (!type || v->inline_bytes + f->content.len > INLINE_MAX) return NULL;
        v->inline_bytes += f->content.len;
        const char *text = base64_encode(v->arena, f->content.data, f->content.len);
        return text ? arena_printf(v->arena, "data:%s;base64,%s", type, text) : NULL;
    }
    return NULL;
}

/* On a thread. */
static void view_run(void *arg)
{
    struct view *v = arg;
    struct mail_limits limits = mail_limits_usual(clock_unix_ms());
    v->fault = mail_parse(v->arena, v->raw, &limits, &v->mail);
    const char *html = v->mail.html;
    if (!html) html = mail_html_from_text(v->arena, v->mail.text);
    struct mail_html_options o = {.remote_images = v->images,
                                  .sheets = true,
                                  .cid = on_cid,
                                  .arg = v,
                                  .output_max = PAGE_MAX};
    v->cleaned = html && mail_html_clean(v->arena, html, strlen(html), &o, &v->html);
    if (!mail_quote_text(v->arena, v->mail.text, &v->quote)) v->quote.quoted = "";
}

/* The raw mail of the message that the path names. ERR_NOT_FOUND: MESSAGE_NOT_FOUND,
 * MAIL_NOT_KEPT. */
static enum err find(struct ctx *c, struct view *v)
{
    enum err e = db_one(c, &SQL_MAIL_OF_MESSAGE, NULL, &v->rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "MESSAGE_NOT_FOUND", "there is no such message");
    if (e) return e;
    struct uuid file = rows_uuid(v->rows, 0, "file_id");
    if (uuid_is_nil(file) || rows_bool(v->rows, 0, "deleted"))
        return fault(c, ERR_NOT_FOUND, "MAIL_NOT_KEPT", "this message has no mail behind it");
    return files_get(c, file, &v->file);
}

static enum err view_open(struct ctx *c, bool read, struct view **ret)
{
    struct view *v = arena_alloc(c->arena, sizeof(*v));
    v->c = c;
    v->images = in_int(c, "images", 0) == 1;
    arena_on_free(c->arena, view_end, v);
    enum err e = find(c, v);
    if (e) return e;
    CLEANUP(fd_closep) int fd = open(files_path(c, &v->file), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (size < 0)
        return fault(c, ERR_NOT_FOUND, "FILE_LOST", "the mail's content is not on this machine");
    void *p = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (p == MAP_FAILED) return ERR_IO;
    if (p) v->raw = (struct bytes){p, (size_t)size};
    v->arena = arena_new(4 * v->raw.len + ARENA_MORE);
    *ret = v;
    return read ? loop_offload(c->app->loop, view_run, v) : ERR_OK;
}

/* --- as JSON -------------------------------------------------------------------------------- */

static json_t *people(const struct mail_addresses *list)
{
    json_t *out = json_array();
    for (int i = 0; i < list->count; i++)
        json_array_append_new(out, json_pack("{s:s, s:s}", "name", list->list[i].name, "address",
                                             list->list[i].address));
    return out;
}

/* Everything that came along and is not shown in the page; part is its number for …/mail/parts. */
static json_t *attachments(struct ctx *c, const struct view *v)
{
    json_t *out = json_array(), *kept = NULL;
    const char *files = rows_text(v->rows, 0, "files");
    if (files && json_parse(c->arena, files, strlen(files), &kept, NULL)) kept = NULL;
    char org[UUID_TEXT_SIZE], chat[UUID_TEXT_SIZE], message[UUID_TEXT_SIZE];
    (void)uuid_text(c->org, org);
    (void)uuid_text(in_uuid(c, "chatId"), chat);
    (void)uuid_text(in_uuid(c, "messageId"), message);
    for (int i = 0; i < v->mail.file_count; i++) {
        const struct mail_file *f = &v->mail.files[i];
        if (f->kind == MAIL_FILE_INLINE || f->kind == MAIL_FILE_SIGNATURE) continue;
        json_t *one = json_pack(
            "{s:i, s:s, s:s, s:I, s:n, s:o}", "part", i, "name", f->name, "type", f->type,
            "sizeBytes", (json_int_t)f->content.len, "fileId", "url",
            json_sprintf("/api/%s/chats/%s/messages/%s/mail/parts/%d", org, chat, message, i));
        size_t k;
        json_t *file;
        json_array_foreach(kept, k, file)
        {
            bool same = json_get_int(file, "sizeBytes", -1) == (int64_t)f->content.len &&
                        json_get_text(file, "name") &&
                        strcmp(json_get_text(file, "name"), f->name) == 0;
            if (same) json_object_set(one, "fileId", json_object_get(file, "fileId"));
        }
        json_array_append_new(out, one);
    }
    return out;
}

static enum err mail_get(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct view *v = NULL;
    enum err e = view_open(c, true, &v);
    if (e) return e;
    const struct mail_in *m = &v->mail;
    char text[TIME_TEXT_SIZE];
    const char *quoted = v->quote.quoted;
    size_t len = strlen(quoted);
    if (len > QUOTED_MAX) len = QUOTED_MAX;
    while (len > 0 && quoted[len] && ((unsigned char)quoted[len] & 0xc0) == 0x80)
        len--;
    CLEANUP(json_decrefp) json_t *j = json_object();
    json_object_set_new(j, "subject", json_string(m->subject));
    json_object_set_new(j, "from", people(&m->from));
    json_object_set_new(j, "to", people(&m->to));
    json_object_set_new(j, "cc", people(&m->cc));
    json_object_set_new(j, "bcc", people(&m->bcc));
    json_object_set_new(j, "replyTo", people(&m->reply_to));
    json_object_set_new(j, "date",
                        m->date_unix_ms > 0 ? json_string(time_text(m->date_unix_ms, text))
                                            : json_null());
    json_object_set_new(j, "html", json_string(v->cleaned ? v->html.html : ""));
    json_object_set_new(j, "blockedImages", json_integer(v->images ? 0 : v->html.remote_images));
    json_object_set_new(j, "trackers", json_integer(v->html.trackers));
    json_object_set_new(j, "attachments", attachments(c, v));
    json_object_set_new(j, "quoted", json_stringn(quoted, len));
    json_object_set_new(j, "auto",
                        m->sender_kind == MAIL_FROM_PERSON
                            ? json_null()
                            : json_string(mail_sender_name(m->sender_kind)));
    json_object_set_new(j, "fault",
                        v->fault ? json_string(mail_fault_name(v->fault)) : json_null());
    json_t *problems = json_array();
    for (int i = 0; i < MAIL_PROBLEM_COUNT; i++)
        if (m->problems & (1U << i))
            json_array_append_new(problems,
                                  json_string(mail_problem_name((enum mail_problem)(1U << i))));
    json_object_set_new(j, "problems", problems);
    reply_jsonf(c, p, 200, j);
    return ERR_OK;
}

/* --- as a page ------------------------------------------------------------------------------ */

#define PAGE_POLICY(images)                                                                        \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'" images                   \
    "; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "              \
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"

static const char page_head[] =
    "<!doctype html><html><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<style>html{overflow-wrap:anywhere}body{margin:0;padding:12px;font:15px/1.5 system-ui,"
    "sans-serif;color:#1c1c1f;background:#fff}img{max-width:100%;height:auto}"
    "blockquote{margin:0 0 0 4px;padding-left:12px;border-left:3px solid #d9d9de;color:#5d5d66}"
    "pre{white-space:pre-wrap}</style></head><body>";

static enum err mail_page(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct view *v = NULL;
    enum err e = view_open(c, true, &v);
    if (e) return e;
    size_t head = sizeof(page_head) - 1, len = v->cleaned ? v->html.len : 0;
    static const char tail[] = "</body></html>";
    char *page = arena_alloc(v->arena, head + len + sizeof(tail));
    if (!page) return ERR_NO_MEMORY;
    memcpy(page, page_head, head);
    if (len > 0) memcpy(page + head, v->html.html, len);
    memcpy(page + head + len, tail, sizeof(tail));
    p->kind = REPLY_TEXT;
    p->status = 200;
    p->content_type = "text/html; charset=utf-8";
    p->body = (struct bytes){(const unsigned char *)page, head + len + sizeof(tail) - 1};
    reply_header(c, p, "Content-Security-Policy",
                 v->images ? PAGE_POLICY(" https: http:") : PAGE_POLICY(""));
    reply_header(c, p, "Referrer-Policy", "no-referrer");
    return ERR_OK;
}

/* --- parts, raw ----------------------------------------------------------------------------- */

static enum err mail_part(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct view *v = NULL;
    enum err e = view_open(c, true, &v);
    if (e) return e;
    int64_t part = in_int(c, "part", -1);
    if (part < 0 || part >= v->mail.file_count)
        return fault(c, ERR_NOT_FOUND, "PART_NOT_FOUND", "the mail has no such part");
    const struct mail_file *f = &v->mail.files[part];
    if (file_type_refused(f->type, f->name))
        return fault(c, ERR_MEDIA_TYPE, "FILE_TYPE_REFUSED",
                     "%s is a program: files of this kind are not given out", f->name);
    p->kind = REPLY_TEXT;
    p->status = 200;
    p->content_type = "application/octet-stream";
    p->body = f->content;
    reply_header(c, p, "Content-Disposition",
                 file_disposition(c->arena, file_name_clean(c->arena, f->name), true));
    reply_header(c, p, "Content-Security-Policy", "default-src 'none'; sandbox");
    return ERR_OK;
}

static enum err mail_raw(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct view v = {.c = c};
    enum err e = find(c, &v);
    return e ? e : files_reply(c, &v.file, true, p);
}

/* --- rows ----------------------------------------------------------------------------------- */

#define IMAGES_FIELD                                                                               \
    {                                                                                              \
        .name = "images", .in = IN_QUERY, .type = F_INT, .min = 0, .max = 1, .otherwise = "0",     \
        .help = "1: also pictures from elsewhere."                                                 \
    }

static const struct field view_fields[] = {IMAGES_FIELD, {0}};
static const struct field part_fields[] = {
    {.name = "part",
     .in = IN_PATH,
     .type = F_INT,
     .required = true,
     .min = 0,
     .max = 100000,
     .help = "Number from the list of attachments."},
    {0},
};

static const struct field person_fields[] = {{.name = "name", .type = F_TEXT, .required = true},
                                             {.name = "address", .type = F_TEXT, .required = true},
                                             {0}};
static const struct field attachment_fields[] = {
    {.name = "part", .type = F_INT, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "type", .type = F_TEXT, .required = true, .help = "As the mail says."},
    {.name = "sizeBytes", .type = F_INT, .required = true},
    {.name = "fileId", .type = F_UUID, .required = true, .nullable = true},
    {.name = "url", .type = F_TEXT, .required = true},
    {0},
};
static const struct field mail_fields[] = {
    {.name = "subject", .type = F_TEXT, .required = true},
    {.name = "from", .type = F_ARRAY, .of = F_OBJECT, .fields = person_fields, .required = true},
    {.name = "to", .type = F_ARRAY, .of = F_OBJECT, .fields = person_fields, .required = true},
    {.name = "cc", .type = F_ARRAY, .of = F_OBJECT, .fields = person_fields, .required = true},
    {.name = "bcc", .type = F_ARRAY, .of = F_OBJECT, .fields = person_fields, .required = true},
    {.name = "replyTo", .type = F_ARRAY, .of = F_OBJECT, .fields = person_fields, .required = true},
    {.name = "date", .type = F_DATETIME, .required = true, .nullable = true},
    {.name = "html", .type = F_TEXT, .required = true, .help = "Cleaned; for a sandboxed frame."},
    {.name = "blockedImages",
     .type = F_INT,
     .required = true,
     .help = "Pictures from elsewhere that wait to be asked for."},
    {.name = "trackers", .type = F_INT, .required = true, .help = "Hidden pictures, dropped."},
    {.name = "attachments",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = attachment_fields,
     .required = true},
    {.name = "quoted", .type = F_TEXT, .required = true, .help = "The history below, as text."},
    {.name = "auto",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "auto-reply, bounce, receipt, list, bulk or notification; null: a person's."},
    {.name = "fault",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .help = "Why it could not be read whole."},
    {.name = "problems", .type = F_ARRAY, .of = F_TEXT, .required = true},
    {0},
};
static const struct schema mail_schema = {
    .name = "Mail", .help = "The mail behind a message.", .fields = mail_fields};

#define MAIL_PATH   "/api/{organizationId}/chats/{chatId}/messages/{messageId}"
#define MAIL_ERRORS "404 MESSAGE_NOT_FOUND|404 MAIL_NOT_KEPT|404 FILE_LOST"

const struct route email_routes[] = {
    {.method = HTTP_GET,
     .path = MAIL_PATH "/mail",
     .id = "messages.mail",
     .summary = "The whole mail behind a message.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = view_fields,
     .answer = &mail_schema,
     .errors = MAIL_ERRORS,
     .handler = mail_get},
    {.method = HTTP_GET,
     .path = MAIL_PATH "/mail/page",
     .id = "messages.mailPage",
     .summary = "Its cleaned HTML as a page for a sandboxed frame.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = view_fields,
     .shape = ANSWER_OTHER,
     .errors = MAIL_ERRORS,
     .handler = mail_page},
    {.method = HTTP_GET,
     .path = MAIL_PATH "/mail/parts/{part}",
     .id = "messages.mailPart",
     .summary = "One attachment of it, as a download.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = part_fields,
     .shape = ANSWER_OTHER,
     .errors = MAIL_ERRORS "|404 PART_NOT_FOUND|415 FILE_TYPE_REFUSED",
     .handler = mail_part},
    {.method = HTTP_GET,
     .path = MAIL_PATH "/raw",
     .id = "messages.mailRaw",
     .summary = "The mail as it came (.eml).",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .shape = ANSWER_OTHER,
     .errors = MAIL_ERRORS,
     .handler = mail_raw},
    {0},
};
