/* What one message of Messenger or Instagram says: text, pressed buttons, attachments of each type,
 * what it answers to. Pure; called by messaging_decode.c for inbound messages and echoes alike.
 *
 * Stories are shown while they live and never kept: only their address stands in the data, with the
 * time until when it is good. Posts and reels whose address is a file are fetched like pictures,
 * those that are pages stay links. A type that we do not know makes an unsupported message. */
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "channels/meta/messaging.h"
#include "channels/meta/meta_json.h"

#define TEXT_MAX  60000 /* code points of one message */
#define TITLE_MAX 300
#define URL_MAX   4000
#define ID_MAX    255

json_t *messaging_keep(struct arena *a, json_t *j)
{
    if (j) arena_on_free(a, (void (*)(void *))json_decref, j);
    return j;
}

const char *messaging_text(struct arena *a, const json_t *obj, const char *key, size_t max)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_string(v)) return "";
    char *text = text_clean(a, json_string_value(v), json_string_length(v));
    if (!text) return "";
    size_t at = 0, len = strlen(text);
    for (size_t n = 0; n < max && at < len; n++) {
        size_t step = utf8_next(text + at, len - at, NULL);
        at += step ? step : 1;
    }
    text[at] = '\0';
    return text;
}

const char *messaging_id(struct arena *a, const json_t *value)
{
    if (json_is_integer(value))
        return arena_printf(a, "%lld", (long long)json_integer_value(value));
    const char *s = json_string_value(value);
    size_t len = s ? json_string_length(value) : 0;
    if (len == 0 || len > ID_MAX) return NULL;
    for (size_t i = 0; i < len; i++)
        if (s[i] <= ' ' || s[i] > '~') return NULL;
    return arena_strndup(a, s, len);
}

void messaging_referral(const json_t *referral, json_t *data)
{
    if (!json_is_object(referral)) return;
    static const char *const keys[][2] = {{"ref", "ref"},
                                          {"source", "source"},
                                          {"type", "type"},
                                          {"ad_id", "adId"},
                                          {"referer_uri", "url"}};
    json_t *to = json_object();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const json_t *v = json_object_get(referral, keys[i][0]);
        if (json_is_integer(v))
            json_object_set_new(to, keys[i][1],
                                json_sprintf("%lld", (long long)json_integer_value(v)));
        else if (json_is_string(v) && json_string_length(v) <= URL_MAX)
            meta_set_text(to, keys[i][1], json_string_value(v));
    }
    const json_t *ad = json_object_get(referral, "ads_context_data");
    const json_t *title = json_object_get(ad, "ad_title");
    if (json_is_string(title) && json_string_length(title) <= URL_MAX)
        meta_set_text(to, "title", json_string_value(title));
    json_object_set_new(data, "referral", to);
}

/* An address that a person may open: http(s), no white space or control characters. */
static const char *address_of(struct arena *a, const json_t *payload, const char *key)
{
    const json_t *v = json_object_get(payload, key);
    const char *s = json_string_value(v);
    size_t len = s ? json_string_length(v) : 0;
    if (len < 9 || len > URL_MAX) return NULL;
    if (strncmp(s, "https://", 8) != 0 && strncmp(s, "http://", 7) != 0) return NULL;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] <= ' ' || s[i] == 127) return NULL;
    return arena_strndup(a, s, len);
}

/* Is the address a page of the platform (a post on the site) rather than a file? */
static bool is_page(const char *url)
{
    static const char *const hosts[] = {"instagram.com", "facebook.com", "fb.com", "fb.watch",
                                        "fb.me",         "m.me",         "ig.me"};
    const char *host = strstr(url, "://");
    if (!host) return true;
    host += 3;
    size_t len = strcspn(host, "/:?#");
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        size_t n = strlen(hosts[i]);
        if (len < n || strncasecmp(host + len - n, hosts[i], n) != 0) continue;
        if (len == n || host[len - n - 1] == '.') return true;
    }
    return false;
}

static void add_file(struct arena *a, struct inbound *in, enum message_kind kind, const char *url,
                     const char *name)
{
    if (in->file_count >= MESSAGE_FILES_MAX) {
        json_int_t left = json_integer_value(json_object_get(in->data, "omitted"));
        json_object_set_new(in->data, "omitted", json_integer(left + 1));
        return;
    }
    struct inbound_file *f = &in->files[in->file_count++];
    *f = (struct inbound_file){
        .kind = kind, .name = name, .source = messaging_keep(a, json_pack("{s:s}", "url", url))};
}

static void unsupported(struct inbound *in, const char *type, const char *reason)
{
    in->kind = MESSAGE_UNSUPPORTED;
    json_object_set_new(in->data, "unsupported",
                        json_pack("{s:s, s:s}", "type", type, "reason", reason));
}

/* {url, until, id} of a story that the message is about. */
static void put_story(struct arena *a, struct inbound *in, const char *key, const json_t *story)
{
    char until[TIME_TEXT_SIZE];
    json_t *to = json_object();
    if (in->sent_unix_ms > 0) { /* else nobody could say until when it may be shown */
        meta_set_text(to, "until", time_text(in->sent_unix_ms + STORY_LIFE_MS, until));
        meta_set_text(to, "url", address_of(a, story, "url"));
        meta_set_text(in->data, "storyUntil", until); /* then the address is removed */
    }
    meta_set_text(to, "id", messaging_id(a, json_object_get(story, "id")));
    json_object_set_new(in->data, key, to);
}

static void put_location(struct arena *a, struct inbound *in, const json_t *attachment,
                         const json_t *payload)
{
    const json_t *at = json_object_get(payload, "coordinates");
    const json_t *lat = json_object_get(at, "lat"), *lon = json_object_get(at, "long");
    if (!json_is_number(lat) || !json_is_number(lon)) {
        unsupported(in, "location", "without a place");
        return;
    }
    in->kind = MESSAGE_LOCATION;
    json_object_set_new(in->data, "latitude", json_real(json_number_value(lat)));
    json_object_set_new(in->data, "longitude", json_real(json_number_value(lon)));
    meta_set_text(in->data, "name", messaging_text(a, attachment, "title", TITLE_MAX));
}

/* Cards of a product or another template: their titles are the text, all of it is in data. */
static void put_cards(struct arena *a, struct inbound *in, const json_t *payload)
{
    const json_t *elements = json_object_get(json_object_get(payload, "product"), "elements");
    if (!json_is_array(elements)) elements = json_object_get(payload, "elements");
    if (!json_is_array(elements)) {
        elements = json_object_get(json_object_get(payload, "generic"), "elements");
        const char *text = messaging_text(a, payload, "text", TEXT_MAX);
        if (*text && !*in->text) in->text = text;
        if (!json_is_array(elements) && *text) return;
    }
    json_t *cards = json_array();
    const char *text = in->text;
    for (size_t i = 0; i < json_array_size(elements) && i < 30; i++) {
        const json_t *e = json_array_get(elements, i);
        const char *title = messaging_text(a, e, "title", TITLE_MAX);
        if (!*title) continue;
        json_t *card = json_object();
        meta_set_text(card, "title", title);
        meta_set_text(card, "subtitle", messaging_text(a, e, "subtitle", TITLE_MAX));
        meta_set_text(card, "imageUrl", address_of(a, e, "image_url"));
        json_array_append_new(cards, card);
        const char *more = *text ? arena_printf(a, "%s\n%s", text, title) : title;
        if (more) text = more;
    }
    if (json_array_size(cards) == 0) {
        json_decref(cards);
        if (!*in->text) unsupported(in, "template", "");
        return;
    }
    in->text = text;
    json_object_set_new(in->data, "cards", cards);
}

/* A post, reel or story that was shared. */
static void put_share(struct arena *a, struct inbound *in, const char *type, enum message_kind kind,
                      const json_t *attachment, const json_t *payload)
{
    const char *url = address_of(a, payload, "url");
    if (!url) url = address_of(a, attachment, "url");
    json_t *share = json_pack("{s:s}", "kind", type);
    meta_set_text(share, "title", messaging_text(a, payload, "title", TITLE_MAX));
    const json_t *id = json_object_get(payload, "id");
    if (!id) id = json_object_get(payload, "reel_video_id");
    meta_set_text(share, "id", messaging_id(a, id));
    if (url && is_page(url)) meta_set_text(share, "url", url);
    json_object_set_new(in->data, "share", share);
    if (!url || is_page(url)) return;
    add_file(a, in, kind, url, NULL);
    if (in->kind == MESSAGE_TEXT) in->kind = kind;
}

enum shape {
    SHAPE_FILE,
    SHAPE_SHARE,
    SHAPE_STORY,
    SHAPE_MENTION,
    SHAPE_HEART,
    SHAPE_LINK,
    SHAPE_CARDS,
    SHAPE_PLACE
};
static const struct attachment_type {
    const char *name;
    enum shape shape;
    enum message_kind kind;
} attachment_types[] = {
    {"image", SHAPE_FILE, MESSAGE_IMAGE},        {"video", SHAPE_FILE, MESSAGE_VIDEO},
    {"audio", SHAPE_FILE, MESSAGE_AUDIO},        {"file", SHAPE_FILE, MESSAGE_DOCUMENT},
    {"media", SHAPE_FILE, MESSAGE_IMAGE},        {"animated_image", SHAPE_FILE, MESSAGE_IMAGE},
    {"sticker", SHAPE_FILE, MESSAGE_IMAGE},      {"like_heart", SHAPE_HEART, MESSAGE_TEXT},
    {"share", SHAPE_SHARE, MESSAGE_IMAGE},       {"post", SHAPE_SHARE, MESSAGE_IMAGE},
    {"ig_post", SHAPE_SHARE, MESSAGE_IMAGE},     {"reel", SHAPE_SHARE, MESSAGE_VIDEO},
    {"ig_reel", SHAPE_SHARE, MESSAGE_VIDEO},     {"story", SHAPE_STORY, MESSAGE_TEXT},
    {"ig_story", SHAPE_STORY, MESSAGE_TEXT},     {"story_mention", SHAPE_MENTION, MESSAGE_TEXT},
    {"fallback", SHAPE_LINK, MESSAGE_TEXT},      {"template", SHAPE_CARDS, MESSAGE_TEXT},
    {"location", SHAPE_PLACE, MESSAGE_LOCATION},
};

static void put_link(struct arena *a, struct inbound *in, const json_t *attachment,
                     const json_t *payload)
{
    const char *title = messaging_text(a, attachment, "title", TITLE_MAX);
    if (!*title) title = messaging_text(a, payload, "title", TITLE_MAX);
    const char *url = address_of(a, payload, "url");
    if (!url) url = address_of(a, attachment, "url");
    if (!*title && !url) {
        if (!*in->text) unsupported(in, "fallback", "");
        return;
    }
    json_t *link = json_object();
    meta_set_text(link, "title", title);
    meta_set_text(link, "url", url);
    json_object_set_new(in->data, "link", link);
    if (!*in->text) in->text = url ? url : title;
}

static void attachment(struct arena *a, struct inbound *in, const json_t *item)
{
    const char *type = messaging_text(a, item, "type", 60);
    const json_t *payload = json_object_get(item, "payload");
    const struct attachment_type *t = NULL;
    for (size_t i = 0; i < ARRAY_LEN(attachment_types) && !t; i++)
        if (strcmp(attachment_types[i].name, type) == 0) t = &attachment_types[i];
    if (!t) {
        unsupported(in, *type ? type : "attachment", "");
        return;
    }
    const char *url = address_of(a, payload, "url");
    switch (t->shape) {
    case SHAPE_FILE:
        if (!url) {
            unsupported(in, type, "without a file");
            return;
        }
        if (strcmp(type, "sticker") == 0 || json_object_get(payload, "sticker_id"))
            json_object_set_new(in->data, "sticker", json_true());
        add_file(a, in, t->kind, url, NULL);
        if (in->kind == MESSAGE_TEXT) in->kind = t->kind;
        return;
    case SHAPE_HEART:
        json_object_set_new(in->data, "sticker", json_true());
        if (!*in->text) in->text = "\u2764\uFE0F";
        return;
    case SHAPE_SHARE: put_share(a, in, type, t->kind, item, payload); return;
    case SHAPE_STORY: put_story(a, in, "story", payload); return;
    case SHAPE_MENTION: put_story(a, in, "storyMention", payload); return;
    case SHAPE_LINK: put_link(a, in, item, payload); return;
    case SHAPE_CARDS: put_cards(a, in, payload); return;
    case SHAPE_PLACE: put_location(a, in, item, payload); return;
    }
}

void messaging_content(struct arena *a, const struct messaging_platform *p, const json_t *message,
                       struct inbound *in)
{
    (void)p;
    in->kind = MESSAGE_TEXT;
    in->text = messaging_text(a, message, "text", TEXT_MAX);
    if (!in->data) in->data = meta_object(a);

    const json_t *quick = json_object_get(message, "quick_reply");
    if (json_is_object(quick)) {
        json_t *answer = json_object();
        json_object_set_new(answer, "id", json_string(messaging_text(a, quick, "payload", 1000)));
        json_object_set_new(answer, "title", json_string(in->text));
        json_object_set_new(in->data, "answer", answer);
    }
    const json_t *reply = json_object_get(message, "reply_to");
    const json_t *story = json_object_get(reply, "story");
    if (json_is_object(story)) put_story(a, in, "storyReply", story);
    in->reply_to_external_id = messaging_id(a, json_object_get(reply, "mid"));
    messaging_referral(json_object_get(message, "referral"), in->data);

    const json_t *list = json_object_get(message, "attachments");
    if (json_is_object(list)) attachment(a, in, list); /* one sample writes it without brackets */
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (json_is_object(item)) attachment(a, in, item);
    }
    if (in->kind == MESSAGE_UNSUPPORTED && (in->file_count > 0 || *in->text))
        in->kind = in->file_count > 0 ? in->files[0].kind : MESSAGE_TEXT;
    bool empty = in->kind == MESSAGE_TEXT && !*in->text && json_object_size(in->data) == 0;
    if (json_is_true(json_object_get(message, "is_unsupported")))
        unsupported(in, "unsupported", "the platform does not hand it over");
    else if (empty)
        unsupported(in, "message", "without content");
}
