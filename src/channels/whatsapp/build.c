/* Bodies of messages of WhatsApp (build.h). A message of ours is one request, or several: one per
 * file, and one per stretch of a long text. The quote goes with the first; our id goes back and
 * forth in biz_opaque_callback_data, bare with the last, whose id is kept as the message's. */
#include "channels/whatsapp/build.h"

#include <string.h>

#include "base/utf8.h"
#include "channels/meta/meta_json.h"
#include "channels/whatsapp/build_impl.h"
#include "channels/whatsapp/decode.h"

bool wa_refuse(struct wa_plan *p, const char *code, const char *words)
{
    if (!p->code) {
        p->code = code;
        p->words = words;
        p->advice = "content";
    }
    p->count = 0;
    return false;
}

bool wa_between(const char *text, size_t min, size_t max)
{
    if (!text) return min == 0;
    size_t length = text_length(text), blank = strspn(text, " \t\r\n");
    return length >= min && length <= max && (min == 0 || text[blank] != '\0');
}

/* --- to whom --------------------------------------------------------------------------- */

static const char *digits_of(struct arena *a, const char *text)
{
    char *out = text ? arena_alloc(a, strlen(text) + 2) : NULL;
    if (!out) return NULL;
    size_t n = 0;
    out[n++] = '+';
    for (const char *p = text; *p; p++) {
        if (*p >= '0' && *p <= '9')
            out[n++] = *p;
        else if (!strchr("+ -.()/", *p))
            return NULL;
    }
    return wa_is_phone(out) ? out : NULL;
}

/* The number as it was received, always with "+"; without one the user id. False: neither. */
static bool add_recipient(struct arena *a, const struct outbound *m, json_t *body)
{
    const char *ids[] = {m->identifier, m->also};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const char *number = ids[i] && !wa_is_user_id(ids[i]) ? digits_of(a, ids[i]) : NULL;
        if (!number) continue;
        meta_set_text(body, "to", number);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (!wa_is_user_id(ids[i])) continue;
        meta_set_text(body, "recipient", ids[i]);
        return true;
    }
    return false;
}

static json_t *base_body(struct arena *a, const struct outbound *m, const char *type)
{
    json_t *body = meta_object(a);
    meta_set_text(body, "messaging_product", "whatsapp");
    meta_set_text(body, "recipient_type", "individual");
    if (!add_recipient(a, m, body)) return NULL;
    meta_set_text(body, "type", type);
    return body;
}

/* A further part with payload (stolen) under its type. */
struct wa_part *wa_part_add(struct arena *a, const struct outbound *m, struct wa_plan *p,
                            const char *type, json_t *payload)
{
    json_t *body = base_body(a, m, type);
    if (!body) {
        json_decref(payload);
        wa_refuse(p, "RECIPIENT_INVALID", "This person has no number that can be written to.");
        p->advice = "recipient";
        return NULL;
    }
    if (p->count == WA_PARTS_MAX) {
        json_decref(payload);
        wa_refuse(p, "TEXT_TOO_LONG", "The message is too long.");
        return NULL;
    }
    meta_set(body, type, payload);
    struct wa_part *part = &p->parts[p->count++];
    *part = (struct wa_part){.body = body, .file = -1};
    return part;
}

/* --- text ------------------------------------------------------------------------------ */

size_t whatsapp_cut(const char *text, size_t max)
{
    size_t len = strlen(text), at = 0, count = 0, line = 0, sentence = 0, word = 0;
    while (at < len && count < max) {
        uint32_t code = 0;
        size_t n = utf8_next(text + at, len - at, &code);
        if (n == 0) n = 1;
        at += n;
        count++;
        bool late = count * 2 > max; /* a piece is at least half full */
        if (late && code == '\n') line = at;
        if (late && code == ' ') {
            word = at;
            if (at >= 2 && strchr(".!?", text[at - 2])) sentence = at;
        }
    }
    if (at >= len) return len;
    return line ? line : sentence ? sentence : word ? word : at;
}

static void add_texts(struct arena *a, const struct outbound *m, const char *text,
                      struct wa_plan *p)
{
    while (*text) {
        size_t n = whatsapp_cut(text, WA_TEXT_MAX);
        const char *piece = arena_strndup(a, text, n);
        if (!piece) {
            wa_refuse(p, "TEXT_TOO_LONG", "The message is too long.");
            return;
        }
        text += n;
        if (piece[strspn(piece, " \t\r\n")] == '\0') continue;
        json_t *o = json_object();
        meta_set_text(o, "body", piece);
        if (strstr(piece, "http://") || strstr(piece, "https://"))
            meta_set(o, "preview_url", json_true());
        if (!wa_part_add(a, m, p, "text", o)) return;
    }
}

/* --- files ----------------------------------------------------------------------------- */

static const char *short_name(struct arena *a, const char *name)
{
    if (!name || !*name) return NULL;
    if (text_length(name) <= WA_FILENAME_MAX) return name;
    const char *dot = strrchr(name, '.'); /* the ending stays */
    const char *ending = dot && strlen(dot) <= 16 ? dot : "";
    return arena_printf(a, "%s%s", arena_strndup(a, name, whatsapp_cut(name, 200)), ending);
}

static void add_files(struct arena *a, const struct outbound *m, struct wa_plan *p)
{
    const char *rest = m->text ? m->text : "";
    for (int i = 0; i < m->file_count && !p->code; i++) {
        const struct file *f = &m->files[i];
        const char *type = wa_media_type(f, m->kind);
        if (strcmp(type, "sticker") == 0 && f->size_bytes > WA_STICKER_BYTES) {
            wa_refuse(
                p, "STICKER_TOO_LARGE",
                "A WebP picture goes out as a sticker, which has up to 500 KB; send it as PNG "
                "or JPEG.");
            return;
        }
        json_t *o = json_object();
        bool captions = strcmp(type, "audio") != 0 && strcmp(type, "sticker") != 0;
        if (captions && *rest && wa_between(rest, 1, WA_CAPTION_MAX)) {
            meta_set_text(o, "caption", rest);
            rest = "";
        }
        if (strcmp(type, "document") == 0) meta_set_text(o, "filename", short_name(a, f->name));
        struct wa_part *part = wa_part_add(a, m, p, type, o);
        if (!part) return;
        part->file = i;
        part->media = o;
    }
    if (!p->code) add_texts(a, m, rest, p);
}

const char *wa_media_type(const struct file *f, enum message_kind kind)
{
    const char *type = f->type ? f->type : "";
    if (kind == MESSAGE_DOCUMENT) return "document";
    if (strcmp(type, "image/webp") == 0) return "sticker";
    if (strncmp(type, "image/", 6) == 0) return "image";
    if (strncmp(type, "video/", 6) == 0) return kind == MESSAGE_AUDIO ? "audio" : "video";
    if (strncmp(type, "audio/", 6) == 0) return "audio";
    return "document";
}

/* --- the whole ------------------------------------------------------------------------- */

static void add_callback(struct arena *a, const struct outbound *m, struct wa_plan *p)
{
    char id[UUID_TEXT_SIZE];
    uuid_text(m->message, id);
    for (int i = 0; i < p->count; i++)
        meta_set_text(p->parts[i].body, "biz_opaque_callback_data",
                      i == p->count - 1 ? id : arena_printf(a, "%s:%d", id, i + 1));
}

static void add_context(const struct outbound *m, struct wa_plan *p)
{
    if (!m->reply_to_external_id || !*m->reply_to_external_id || p->count == 0) return;
    meta_set(p->parts[0].body, "context",
             json_pack("{s:s}", "message_id", m->reply_to_external_id));
}

void whatsapp_plan(struct arena *a, const struct outbound *m, struct wa_plan *ret)
{
    *ret = (struct wa_plan){0};
    const json_t *d = m->data;
    if (m->kind == MESSAGE_TEMPLATE || json_object_get(d, "template"))
        wa_add_template(a, m, ret);
    else if (json_object_get(d, "buttons") || json_object_get(d, "list") ||
             json_object_get(d, "link") || json_object_get(d, "ask"))
        wa_add_interactive(a, m, ret);
    else if (m->kind == MESSAGE_LOCATION)
        wa_add_location(a, m, ret);
    else if (m->kind == MESSAGE_CONTACT)
        wa_add_contacts(a, m, ret);
    else if (m->file_count > 0)
        add_files(a, m, ret);
    else
        add_texts(a, m, m->text ? m->text : "", ret);
    if (!ret->code && ret->count == 0)
        wa_refuse(ret, "MESSAGE_EMPTY", "The message has no text and no file.");
    if (ret->code) return;
    add_callback(a, m, ret);
    add_context(m, ret);
}

json_t *whatsapp_reaction_body(struct arena *a, const struct outbound *m, const char *external_id,
                               const char *emoji)
{
    json_t *body = base_body(a, m, "reaction");
    if (!body) return NULL;
    meta_set(body, "reaction",
             json_pack("{s:s, s:s}", "message_id", external_id, "emoji", emoji ? emoji : ""));
    return body;
}

json_t *whatsapp_read_body(struct arena *a, const char *external_id, bool typing)
{
    json_t *body = meta_object(a);
    meta_set_text(body, "messaging_product", "whatsapp");
    meta_set_text(body, "status", "read");
    meta_set_text(body, "message_id", external_id);
    if (typing) meta_set(body, "typing_indicator", json_pack("{s:s}", "type", "text"));
    return body;
}
