/* What is in a message of WhatsApp: each type to kind, text, data and files. Everything is
 * optional, because everything has been missing somewhere; what is not understood is kept as "not
 * supported" with its type and the platform's reason, and a piece of it for whoever looks. */
#include <stdlib.h>
#include <string.h>

#include "channels/meta/meta_json.h"
#include "channels/whatsapp/decode.h"

#define NAMES_SHOWN 20
#define CARDS_MAX   300 /* people may send 257 */
#define ITEMS_MAX   1000
#define RAW_MAX     (8 * KIB)

static json_t *data_of(struct arena *a, struct inbound *in)
{
    if (!in->data) in->data = meta_object(a);
    return in->data;
}

static const char *reason_of(const json_t *errors)
{
    const json_t *e = json_array_get(errors, 0);
    const char *text = meta_text(json_object_get(e, "error_data"), "details");
    if (!text) text = meta_text(e, "title");
    return text ? text : meta_text(e, "message");
}

static void unsupported(struct arena *a, const char *type, const json_t *errors,
                        const json_t *content, struct inbound *in)
{
    in->kind = MESSAGE_UNSUPPORTED;
    json_t *u = json_object();
    meta_set_text(u, "type", type ? type : "unknown");
    meta_set_text(u, "reason", reason_of(errors));
    const json_t *code = json_object_get(json_array_get(errors, 0), "code");
    if (json_is_integer(code)) meta_set(u, "code", json_copy((json_t *)code));
    char *raw = content ? json_text(a, content) : NULL;
    if (raw && strlen(raw) <= RAW_MAX) meta_set(u, "content", json_deep_copy(content));
    meta_set(data_of(a, in), "unsupported", u);
}

/* --- files ----------------------------------------------------------------------------- */

static bool add_file(struct arena *a, const json_t *media, enum message_kind kind,
                     struct inbound *in)
{
    const char *id = meta_id(a, media, "id"), *url = meta_text(media, "url");
    if (!id && !url) return false;
    const char *type = meta_text(media, "mime_type"), *sha256 = meta_text(media, "sha256");
    json_t *source = meta_object(a);
    meta_set_text(source, "id", id);
    meta_set_text(source, "url", url);
    meta_set_text(source, "sha256", sha256);
    meta_set_text(source, "type", type);
    in->files[in->file_count++] = (struct inbound_file){
        .kind = kind, .name = meta_text(media, "filename"), .type = type, .source = source};
    const char *caption = meta_text(media, "caption");
    if (caption) in->text = caption;
    return true;
}

static bool media(struct arena *a, const char *type, const json_t *body, struct inbound *in)
{
    static const struct {
        const char *type;
        enum message_kind kind;
    } kinds[] = {
        {"image", MESSAGE_IMAGE},      {"video", MESSAGE_VIDEO},       {"audio", MESSAGE_AUDIO},
        {"voice", MESSAGE_AUDIO},      {"document", MESSAGE_DOCUMENT}, {"sticker", MESSAGE_IMAGE},
        {"video_note", MESSAGE_VIDEO},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].type, type) != 0) continue;
        in->kind = kinds[i].kind;
        if (!add_file(a, body, in->kind, in)) return false;
        if (strcmp(type, "sticker") == 0) {
            json_t *d = data_of(a, in);
            meta_set(d, "sticker", json_true());
            if (json_get_bool(body, "animated", false)) meta_set(d, "animated", json_true());
        }
        if (strcmp(type, "voice") == 0 || json_get_bool(body, "voice", false))
            meta_set(data_of(a, in), "voice", json_true());
        return true;
    }
    return false;
}

/* --- places, people, goods ------------------------------------------------------------- */

/* A degree, as number or text; NULL (new reference otherwise): neither. */
static json_t *degree(const json_t *v, double max)
{
    double n = json_number_value(v);
    if (json_is_string(v)) {
        char *end = NULL;
        n = strtod(json_string_value(v), &end);
        if (end == json_string_value(v) || *end) return NULL;
    } else if (!json_is_number(v)) {
        return NULL;
    }
    return n >= -max && n <= max ? json_real(n) : NULL;
}

static bool location(struct arena *a, const json_t *body, struct inbound *in)
{
    json_t *lat = degree(json_object_get(body, "latitude"), 90);
    json_t *lon = degree(json_object_get(body, "longitude"), 180);
    if (!lat || !lon) {
        json_decref(lat);
        json_decref(lon);
        return false;
    }
    in->kind = MESSAGE_LOCATION;
    json_t *d = data_of(a, in);
    meta_set(d, "latitude", lat);
    meta_set(d, "longitude", lon);
    meta_set_text(d, "name", meta_text(body, "name"));
    meta_set_text(d, "address", meta_text(body, "address"));
    meta_set_text(d, "url", meta_text(body, "url"));
    return true;
}

/* The card as it came, without its text form, which says the same again and may hold a picture. */
static json_t *card_copy(const json_t *card)
{
    json_t *copy = json_deep_copy(card);
    if (json_is_object(copy)) (void)json_object_del(copy, "vcard");
    return copy;
}

/* Who was asked for their number and gave it (origin contact_request): it is theirs. */
static const char *own_number(struct arena *a, const json_t *card)
{
    const char *origin = meta_text(card, "origin");
    if (!origin || strcmp(origin, "contact_request") != 0) return NULL;
    const json_t *first = json_array_get(json_object_get(card, "phones"), 0);
    const char *number = meta_id(a, first, "wa_id");
    if (number && wa_is_phone(number))
        return *number == '+' ? number : arena_printf(a, "+%s", number);
    number = meta_text(first, "phone");
    return number && *number == '+' ? number : NULL;
}

static bool contacts(struct arena *a, const json_t *cards, struct inbound *in)
{
    if (json_array_size(cards) == 0) return false;
    in->kind = MESSAGE_CONTACT;
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(cards) && i < CARDS_MAX; i++)
        json_array_append_new(list, card_copy(json_array_get(cards, i)));
    meta_set(data_of(a, in), "contacts", list);
    in->phone = own_number(a, json_array_get(cards, 0));
    const char *names = "";
    for (size_t i = 0; i < json_array_size(cards) && i < NAMES_SHOWN; i++) {
        const json_t *name = json_object_get(json_array_get(cards, i), "name");
        const char *one = meta_text(name, "formatted_name");
        if (!one) one = meta_text(name, "first_name");
        if (one) names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", one);
    }
    in->text = names;
    return true;
}

static bool order(struct arena *a, const json_t *body, struct inbound *in)
{
    const json_t *items = json_object_get(body, "product_items");
    if (!json_is_object(body)) return false;
    json_t *o = json_object(), *list = json_array();
    const char *lines = "";
    for (size_t i = 0; i < json_array_size(items) && i < ITEMS_MAX; i++) {
        const json_t *item = json_array_get(items, i);
        const char *id = meta_id(a, item, "product_retailer_id");
        json_t *one = json_object();
        meta_set_text(one, "retailerId", id);
        meta_set(one, "quantity", json_copy(json_object_get(item, "quantity")));
        meta_set(one, "price", json_copy(json_object_get(item, "item_price")));
        meta_set_text(one, "currency", meta_text(item, "currency"));
        json_array_append_new(list, one);
        if (i < NAMES_SHOWN) {
            const char *quantity = meta_id(a, item, "quantity");
            lines = arena_printf(a, "%s%s%s × %s", lines, *lines ? "\n" : "",
                                 quantity ? quantity : "1", id ? id : "?");
        }
    }
    meta_set_text(o, "catalogId", meta_id(a, body, "catalog_id"));
    meta_set_text(o, "text", meta_text(body, "text"));
    meta_set(o, "items", list);
    meta_set(data_of(a, in), "order", o);
    const char *text = meta_text(body, "text");
    in->text = text && *lines ? arena_printf(a, "%s\n%s", text, lines) : text ? text : lines;
    return true;
}

/* --- answers --------------------------------------------------------------------------- */

static void answer(struct arena *a, const char *id, const char *title, const char *description,
                   struct inbound *in)
{
    json_t *j = json_object();
    meta_set(j, "id", json_string(id ? id : ""));
    meta_set(j, "title", json_string(title ? title : ""));
    meta_set_text(j, "description", description);
    meta_set(data_of(a, in), "answer", j);
    in->text = title ? title : id ? id : "";
}

/* A filled-in form. Its content is JSON inside a text; usually an object, but a list, a bare value
 * or no JSON at all have been seen: they are kept as they are. */
static void form(struct arena *a, const json_t *body, struct inbound *in)
{
    json_t *f = json_object();
    meta_set_text(f, "name", meta_text(body, "name"));
    const json_t *content = json_object_get(body, "response_json");
    const char *text = json_string_value(content);
    json_t *parsed = NULL;
    if (text && json_parse(a, text, strlen(text), &parsed, NULL) == ERR_OK)
        meta_set(f, json_is_object(parsed) ? "values" : "value", json_incref(parsed));
    else if (text)
        meta_set_text(f, "text", text);
    else if (content)
        meta_set(f, json_is_object(content) ? "values" : "value", json_deep_copy(content));
    meta_set(data_of(a, in), "form", f);
    const char *shown = meta_text(body, "body");
    in->text = shown ? shown : "";
}

static bool interactive(struct arena *a, const json_t *body, struct inbound *in)
{
    const char *type = meta_text(body, "type");
    const json_t *inner = type ? json_object_get(body, type) : NULL;
    if (!json_is_object(inner)) {
        /* Some leave the type out. */
        static const char *const known[] = {"button_reply", "list_reply", "nfm_reply"};
        for (size_t i = 0; i < ARRAY_LEN(known) && !json_is_object(inner); i++)
            inner = json_object_get(body, type = known[i]);
        if (!json_is_object(inner)) return false;
    }
    if (strcmp(type, "nfm_reply") == 0) {
        form(a, inner, in);
    } else if (strcmp(type, "button_reply") == 0 || strcmp(type, "list_reply") == 0) {
        answer(a, meta_id(a, inner, "id"), meta_text(inner, "title"),
               meta_text(inner, "description"), in);
    } else if (strcmp(type, "call_permission_reply") == 0) {
        const char *said = meta_text(inner, "response");
        answer(a, type, said, NULL, in);
    } else {
        return false;
    }
    return true;
}

/* --- around it ------------------------------------------------------------------------- */

static void context(struct arena *a, const json_t *message, struct inbound *in)
{
    const json_t *ctx = json_object_get(message, "context");
    if (!json_is_object(ctx)) return;
    const json_t *product = json_object_get(ctx, "referred_product");
    if (json_is_object(product)) {
        json_t *p = json_object();
        meta_set_text(p, "catalogId", meta_id(a, product, "catalog_id"));
        meta_set_text(p, "retailerId", meta_id(a, product, "product_retailer_id"));
        meta_set(data_of(a, in), "product", p);
    }
    bool often = json_get_bool(ctx, "frequently_forwarded", false);
    if (often || json_get_bool(ctx, "forwarded", false)) {
        meta_set(data_of(a, in), "forwarded", json_true());
        if (often) meta_set(data_of(a, in), "forwardedOften", json_true());
        return;
    }
    in->reply_to_external_id = meta_text(ctx, "id");
}

static void referral(struct arena *a, const json_t *message, struct inbound *in)
{
    static const char *const names[][2] = {
        {"source_url", "url"},     {"source_id", "id"},       {"source_type", "type"},
        {"headline", "title"},     {"body", "text"},          {"media_type", "mediaType"},
        {"image_url", "imageUrl"}, {"video_url", "videoUrl"}, {"thumbnail_url", "thumbnailUrl"},
        {"ctwa_clid", "clickId"},
    };
    const json_t *from = json_object_get(message, "referral");
    if (!json_is_object(from)) return;
    json_t *r = json_object();
    meta_set(r, "source", json_string("ad"));
    const char *type = meta_text(from, "source_type");
    if (type) meta_set(r, "source", json_string(type));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        meta_set_text(r, names[i][1], meta_id(a, from, names[i][0]));
    meta_set_text(r, "welcome", meta_text(json_object_get(from, "welcome_message"), "text"));
    meta_set(data_of(a, in), "referral", r);
}

const char *wa_edited_text(const json_t *message)
{
    const char *type = meta_text(message, "type");
    const json_t *body = type ? json_object_get(message, type) : NULL;
    const char *text = meta_text(body, "body");
    if (!text) text = meta_text(body, "caption");
    return text ? text : meta_text(body, "text");
}

void wa_content(struct arena *a, const json_t *message, const json_t *errors, struct inbound *in)
{
    const char *type = meta_text(message, "type");
    const json_t *body = type ? json_object_get(message, type) : NULL;
    const json_t *own = json_object_get(message, "errors");
    if (json_array_size(own) > 0) errors = own;
    in->kind = MESSAGE_TEXT;
    in->text = "";
    context(a, message, in);
    referral(a, message, in);
    bool taken = false;
    if (!type) {
        taken = false;
    } else if (strcmp(type, "text") == 0) {
        const char *text = json_get_text(body, "body");
        in->text = text ? text : "";
        taken = text != NULL;
    } else if (strcmp(type, "location") == 0) {
        taken = location(a, body, in);
    } else if (strcmp(type, "contacts") == 0) {
        taken = contacts(a, body, in);
    } else if (strcmp(type, "order") == 0) {
        taken = order(a, body, in);
    } else if (strcmp(type, "button") == 0 && json_is_object(body)) {
        const char *payload = meta_text(body, "payload"), *text = meta_text(body, "text");
        answer(a, payload ? payload : text, text, NULL, in);
        taken = true;
    } else if (strcmp(type, "interactive") == 0) {
        taken = interactive(a, body, in);
    } else if (strcmp(type, "system") == 0) {
        const char *text = meta_text(body, "body");
        in->text = text ? text : "";
        taken = text != NULL;
    } else {
        taken = media(a, type, body, in);
    }
    if (taken) return;
    const char *inner = type && strcmp(type, "unsupported") == 0 ? meta_text(body, "type") : NULL;
    if (!inner && type && strcmp(type, "interactive") == 0) inner = meta_text(body, "type");
    bool plain = type && (strcmp(type, "unsupported") == 0 || strcmp(type, "unknown") == 0);
    unsupported(a, inner ? inner : type, errors, plain ? NULL : body, in);
}
