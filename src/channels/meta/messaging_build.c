/* A message of ours as what the Send API takes: files first, for neither platform knows captions,
 * then the text in as many pieces as its limit asks for, buttons at the last. Pure.
 *
 * Messenger counts characters and shows up to three buttons in a card that stays; more of them, and
 * Instagram's, are quick replies, which go when one is pressed. An address behind a button is a
 * button template there, a card here. */
#include <string.h>

#include "base/utf8.h"
#include "channels/meta/messaging.h"
#include "channels/meta/meta_json.h"

#define BUTTONS_MAX       3 /* of a template */
#define BUTTON_TEXT_MAX   640
#define CARD_TITLE_MAX    80
#define QUICK_REPLIES_MAX 13
#define TITLE_MAX         20
#define PAYLOAD_MAX       1000

const struct messaging_platform messaging_messenger = {
    .product = META_MESSENGER,
    .kind = "messenger",
    .object = "page",
    .label = "Messenger",
    .text_max = 1999, /* "must be less than 2000" */
    .image_bytes_max = (int64_t)(8 * MIB),
};
const struct messaging_platform messaging_instagram = {
    .product = META_INSTAGRAM,
    .kind = "instagram",
    .object = "instagram",
    .label = "Instagram",
    .text_bytes_max = 1000,
    .image_bytes_max = (int64_t)(8 * MIB),
};

static bool is_space(char ch)
{
    return ch == ' ' || ch == '\n' || ch == '\t' || ch == '\r';
}

/* Bytes of text that fit into one piece. */
static size_t fitting(const struct messaging_platform *p, const char *text, size_t len)
{
    size_t at = 0, characters = 0;
    while (at < len) {
        size_t step = utf8_next(text + at, len - at, NULL);
        if (!step) step = 1;
        if (p->text_max && characters + 1 > (size_t)p->text_max) break;
        if (p->text_bytes_max && at + step > (size_t)p->text_bytes_max) break;
        at += step;
        characters++;
    }
    return at;
}

/* Where to break the first len bytes, in their last half: behind a paragraph, else a line, else a
 * word; len when there is no such place. */
static size_t break_at(const char *text, size_t len)
{
    size_t line = 0, word = 0;
    for (size_t i = len; i > len / 2; i--) {
        char ch = text[i - 1];
        if (ch == '\n' && i >= 2 && text[i - 2] == '\n') return i;
        if (ch == '\n' && !line) line = i;
        if (ch == ' ' && !word) word = i;
    }
    return line ? line : word ? word : len;
}

const char *messaging_split(struct arena *a, const struct messaging_platform *p, const char **text)
{
    const char *from = *text;
    while (is_space(*from))
        from++;
    size_t len = strlen(from);
    size_t take = fitting(p, from, len);
    if (take < len && !is_space(from[take])) take = break_at(from, take);
    *text = from + take;
    while (is_space(**text))
        (*text)++;
    while (take > 0 && is_space(from[take - 1]))
        take--;
    return take > 0 ? arena_strndup(a, from, take) : NULL;
}

const char *messaging_metadata(struct arena *a, struct uuid message, int part, bool last)
{
    char id[UUID_TEXT_SIZE];
    uuid_text(message, id);
    return last ? arena_printf(a, "interflow:%s", id)
                : arena_printf(a, "interflow:%s#%d", id, part + 1);
}

enum messaging_window messaging_window(const struct outbound *m, int64_t now_unix_ms)
{
    int64_t until = m->window_until_unix_ms;
    if (until == 0 || now_unix_ms < until) return WINDOW_OPEN;
    bool within = now_unix_ms < until + 6 * DAY_MS; /* seven days since the person wrote */
    return m->human && within ? WINDOW_HUMAN : WINDOW_CLOSED;
}

/* --- buttons --------------------------------------------------------------------------- */

/* The first max characters. */
static const char *cut(struct arena *a, const char *text, size_t max)
{
    size_t at = 0, len = strlen(text);
    for (size_t n = 0; n < max && at < len; n++) {
        size_t step = utf8_next(text + at, len - at, NULL);
        at += step ? step : 1;
    }
    return text[at] ? arena_strndup(a, text, at) : text;
}

static bool button_good(const json_t *b)
{
    const char *id = json_get_text(b, "id"), *title = json_get_text(b, "title");
    return id && *id && strlen(id) <= PAYLOAD_MAX && title && *title &&
           text_length(title) <= TITLE_MAX;
}

static json_t *quick_replies(struct arena *a, const json_t *buttons)
{
    json_t *list = meta_array(a);
    for (size_t i = 0; i < json_array_size(buttons); i++) {
        const json_t *b = json_array_get(buttons, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "content_type", "text", "title",
                                              json_get_text(b, "title"), "payload",
                                              json_get_text(b, "id")));
    }
    return list;
}

/* A card of text and up to three buttons (Messenger). */
static json_t *button_template(struct arena *a, const char *text, const json_t *buttons)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(buttons); i++) {
        const json_t *b = json_array_get(buttons, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "type", "postback", "title",
                                              json_get_text(b, "title"), "payload",
                                              json_get_text(b, "id")));
    }
    return messaging_keep(
        a, json_pack("{s:s, s:s, s:o}", "template_type", "button", "text", text, "buttons", list));
}

static json_t *link_button(struct arena *a, const json_t *link)
{
    return json_pack("{s:s, s:s, s:s}", "type", "web_url", "title",
                     cut(a, json_get_text(link, "title"), TITLE_MAX), "url",
                     json_get_text(link, "url"));
}

static json_t *link_template(struct arena *a, const struct messaging_platform *p, const char *text,
                             const json_t *link)
{
    if (p->product == META_MESSENGER)
        return messaging_keep(a, json_pack("{s:s, s:s, s:[o]}", "template_type", "button", "text",
                                           text, "buttons", link_button(a, link)));
    return messaging_keep(a, json_pack("{s:s, s:[{s:s, s:[o]}]}", "template_type", "generic",
                                       "elements", "title", text, "buttons", link_button(a, link)));
}

/* --- parts ----------------------------------------------------------------------------- */

static struct messaging_part *add(struct messaging_parts *list)
{
    return list->count < MESSAGING_PARTS_MAX ? &list->items[list->count++] : NULL;
}

/* Files in the order in which they were attached. What Messenger does not show as a picture leaves
 * as a file. */
static void add_files(const struct messaging_platform *p, const struct outbound *m,
                      struct messaging_parts *ret)
{
    for (int i = 0; i < m->file_count; i++) {
        const struct file *f = &m->files[i];
        const char *type = strcmp(f->kind, "document") == 0 ? "file" : f->kind;
        bool plain = strcmp(f->type, "image/png") == 0 || strcmp(f->type, "image/jpeg") == 0 ||
                     strcmp(f->type, "image/gif") == 0;
        if (p->product == META_MESSENGER && strcmp(type, "image") == 0 &&
            (!plain || f->size_bytes > p->image_bytes_max))
            type = "file";
        struct messaging_part *part = add(ret);
        if (part) *part = (struct messaging_part){.file = f, .file_type = type};
    }
}

static bool buttons_of(const struct outbound *m, const json_t **ret, const char **ret_code,
                       const char **ret_why)
{
    const json_t *buttons = json_object_get(m->data, "buttons");
    *ret = json_array_size(buttons) > 0 ? buttons : NULL;
    bool good = json_array_size(buttons) <= QUICK_REPLIES_MAX;
    for (size_t i = 0; i < json_array_size(buttons) && good; i++)
        good = button_good(json_array_get(buttons, i));
    if (good) return true;
    *ret_code = "BUTTONS_INVALID";
    *ret_why = "at most 13 buttons, each with a title of at most 20 characters";
    return false;
}

/* A link: with the text in one card where it fits, else behind the text. */
static void add_link(struct arena *a, const struct messaging_platform *p, const json_t *link,
                     struct messaging_parts *ret)
{
    struct messaging_part *last = ret->count > 0 ? &ret->items[ret->count - 1] : NULL;
    size_t max = p->product == META_MESSENGER ? BUTTON_TEXT_MAX : CARD_TITLE_MAX;
    if (last && last->text && text_length(last->text) <= max) {
        *last = (struct messaging_part){.template_payload = link_template(a, p, last->text, link)};
        return;
    }
    struct messaging_part *part = add(ret);
    if (part)
        part->template_payload =
            link_template(a, p, cut(a, json_get_text(link, "title"), max), link);
}

bool messaging_parts(struct arena *a, const struct messaging_platform *p, const struct outbound *m,
                     struct messaging_parts *ret, const char **ret_code, const char **ret_why)
{
    *ret = (struct messaging_parts){0};
    if (m->kind == MESSAGE_LOCATION || m->kind == MESSAGE_CONTACT || m->kind == MESSAGE_TEMPLATE ||
        m->kind == MESSAGE_EMAIL) {
        *ret_code = "KIND_UNSUPPORTED";
        *ret_why = arena_printf(a, "%s does not take messages of this kind", p->label);
        return false;
    }
    const json_t *buttons = NULL;
    if (!buttons_of(m, &buttons, ret_code, ret_why)) return false;
    add_files(p, m, ret);
    const char *rest = m->text ? m->text : "", *piece;
    while (*rest && (piece = messaging_split(a, p, &rest))) {
        struct messaging_part *part = add(ret);
        if (!part) {
            *ret_code = "TOO_LONG";
            *ret_why = "the text is too long";
            return false;
        }
        part->text = piece;
    }
    const json_t *link = json_object_get(m->data, "link");
    if (json_get_text(link, "url") && json_get_text(link, "title")) add_link(a, p, link, ret);
    if (ret->count == 0) {
        *ret_code = "MESSAGE_EMPTY";
        *ret_why = "there is nothing to send";
        return false;
    }
    struct messaging_part *last = &ret->items[ret->count - 1];
    if (!buttons || last->template_payload) return true;
    bool card = p->product == META_MESSENGER && last->text &&
                json_array_size(buttons) <= BUTTONS_MAX &&
                text_length(last->text) <= BUTTON_TEXT_MAX;
    if (card)
        *last =
            (struct messaging_part){.template_payload = button_template(a, last->text, buttons)};
    else
        last->quick_replies = quick_replies(a, buttons);
    return true;
}
