/* Buttons, lists, links, places, people and templates as WhatsApp writes them. Every limit stands in
 * build.h; what breaks one is refused here with words, and never reaches the platform. */
#include <string.h>

#include "channels/meta/meta_json.h"
#include "channels/whatsapp/build_impl.h"

/* --- interactive ----------------------------------------------------------------------- */

static bool trimmed(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && !strchr(" \t\r\n", text[0]) && !strchr(" \t\r\n", text[len - 1]);
}

static bool is_new(json_t *seen, const char *id)
{
    if (json_object_get(seen, id)) return false;
    json_object_set_new(seen, id, json_true());
    return true;
}

static json_t *buttons_action(struct arena *a, const json_t *list, struct wa_plan *p)
{
    size_t count = json_array_size(list);
    if (count < 1 || count > WA_BUTTONS_MAX) {
        wa_refuse(p, "BUTTONS_COUNT", "WhatsApp takes one to three buttons.");
        return NULL;
    }
    json_t *ids = meta_object(a), *titles = meta_object(a), *buttons = json_array();
    for (size_t i = 0; i < count; i++) {
        const json_t *b = json_array_get(list, i);
        const char *id = json_get_text(b, "id"), *title = json_get_text(b, "title");
        if (!wa_between(title, 1, WA_BUTTON_TITLE_MAX))
            wa_refuse(p, "BUTTON_TITLE", "A button has a title of up to 20 characters.");
        else if (!wa_between(id, 1, WA_BUTTON_ID_MAX) || !trimmed(id))
            wa_refuse(p, "BUTTON_ID", "A button has an id of up to 256 characters.");
        else if (!is_new(ids, id) || !is_new(titles, title))
            wa_refuse(p, "BUTTON_DOUBLE", "Two buttons have the same title or id.");
        else
            json_array_append_new(buttons, json_pack("{s:s, s:{s:s, s:s}}", "type", "reply",
                                                     "reply", "id", id, "title", title));
    }
    return json_pack("{s:o}", "buttons", buttons);
}

static json_t *list_row(const json_t *row, json_t *ids, struct wa_plan *p)
{
    const char *id = json_get_text(row, "id"), *title = json_get_text(row, "title");
    const char *description = json_get_text(row, "description");
    if (!wa_between(title, 1, WA_ROW_TITLE_MAX))
        wa_refuse(p, "ROW_TITLE", "A row of a list has a title of up to 24 characters.");
    else if (!wa_between(id, 1, WA_ROW_ID_MAX))
        wa_refuse(p, "ROW_ID", "A row of a list has an id of up to 200 characters.");
    else if (!wa_between(description, 0, WA_DESCRIPTION_MAX))
        wa_refuse(p, "ROW_DESCRIPTION", "A row's description has up to 72 characters.");
    else if (!is_new(ids, id))
        wa_refuse(p, "ROW_DOUBLE", "Two rows of the list have the same id.");
    else {
        json_t *o = json_pack("{s:s, s:s}", "id", id, "title", title);
        meta_set_text(o, "description", description);
        return o;
    }
    return NULL;
}

static json_t *list_action(struct arena *a, const json_t *list, struct wa_plan *p)
{
    const char *button = json_get_text(list, "button");
    const json_t *sections = json_object_get(list, "sections");
    size_t count = json_array_size(sections), rows = 0;
    if (!wa_between(button, 1, WA_BUTTON_TITLE_MAX)) {
        wa_refuse(p, "LIST_BUTTON", "The button of a list has a title of up to 20 characters.");
        return NULL;
    }
    if (count < 1 || count > WA_SECTIONS_MAX) {
        wa_refuse(p, "SECTIONS_COUNT", "A list has one to ten sections.");
        return NULL;
    }
    json_t *ids = meta_object(a), *out = json_array();
    for (size_t i = 0; i < count; i++) {
        const json_t *s = json_array_get(sections, i), *given = json_object_get(s, "rows");
        const char *title = json_get_text(s, "title");
        if (!wa_between(title, count > 1 ? 1 : 0, WA_ROW_TITLE_MAX))
            wa_refuse(p, "SECTION_TITLE", "Each section has a title of up to 24 characters.");
        json_t *o = json_object(), *made = json_array();
        for (size_t k = 0; k < json_array_size(given); k++, rows++) {
            json_t *row = list_row(json_array_get(given, k), ids, p);
            if (row) json_array_append_new(made, row);
        }
        if (json_array_size(given) == 0) wa_refuse(p, "ROWS_COUNT", "A section needs rows.");
        meta_set_text(o, "title", title);
        meta_set(o, "rows", made);
        json_array_append_new(out, o);
    }
    if (rows > WA_ROWS_MAX)
        wa_refuse(p, "ROWS_COUNT", "A list has at most ten rows over all its sections.");
    return json_pack("{s:s, s:o}", "button", button, "sections", out);
}

static json_t *link_action(const json_t *link, struct wa_plan *p)
{
    const char *title = json_get_text(link, "title"), *url = json_get_text(link, "url");
    bool web = url && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) &&
               !strpbrk(url, " \t\r\n") && strlen(url) <= 2000;
    if (!wa_between(title, 1, WA_BUTTON_TITLE_MAX))
        wa_refuse(p, "BUTTON_TITLE", "A button has a title of up to 20 characters.");
    else if (!web)
        wa_refuse(p, "LINK_URL", "The address of the button must begin with https://.");
    else
        return json_pack("{s:s, s:{s:s, s:s}}", "name", "cta_url", "parameters", "display_text",
                         title, "url", url);
    return NULL;
}

/* A text above, or the message's one file. *ret_media: gets the upload's id. */
static json_t *header(const struct outbound *m, bool list, struct wa_plan *p, json_t **ret_media)
{
    const char *text = json_get_text(m->data, "header");
    *ret_media = NULL;
    if (m->file_count > 0) {
        const char *type = wa_media_type(&m->files[0], m->kind);
        bool shown = strcmp(type, "image") == 0 || strcmp(type, "video") == 0 ||
                     strcmp(type, "document") == 0;
        if (list || !shown || m->file_count > 1) {
            wa_refuse(p, "HEADER_FILE",
                      "Buttons take one picture, video or document above them; lists take none.");
            return NULL;
        }
        json_t *h = json_pack("{s:s}", "type", type);
        *ret_media = json_object();
        meta_set(h, type, *ret_media);
        return h;
    }
    if (!text || !*text) return NULL;
    if (!wa_between(text, 1, WA_SHORT_MAX)) {
        wa_refuse(p, "HEADER_TEXT", "The heading has up to 60 characters.");
        return NULL;
    }
    return json_pack("{s:s, s:s}", "type", "text", "text", text);
}

void wa_add_interactive(struct arena *a, const struct outbound *m, struct wa_plan *p)
{
    const json_t *d = m->data;
    const json_t *buttons = json_object_get(d, "buttons"), *list = json_object_get(d, "list");
    const char *ask = json_get_text(d, "ask"); /* "location" or "contact" */
    const char *type = buttons ? "button" : list ? "list" : ask ? NULL : "cta_url";
    size_t max = list ? WA_TEXT_MAX : WA_INTERACTIVE_MAX;
    if (!wa_between(m->text, 1, max)) {
        wa_refuse(p, "INTERACTIVE_TEXT",
                  list ? "A list needs a text of up to 4,096 characters."
                       : "Buttons need a text of up to 1,024 characters.");
        return;
    }
    json_t *action = NULL;
    if (buttons) {
        action = buttons_action(a, buttons, p);
    } else if (list) {
        action = list_action(a, list, p);
    } else if (ask) {
        bool place = strcmp(ask, "location") == 0;
        type = place ? "location_request_message" : "request_contact_info";
        action = json_pack("{s:s}", "name", place ? "send_location" : "request_contact_info");
    } else {
        action = link_action(json_object_get(d, "link"), p);
    }
    json_t *i = meta_object(a), *media = NULL;
    meta_set_text(i, "type", type);
    meta_set(i, "action", action);
    json_t *head = header(m, list != NULL, p, &media);
    meta_set(i, "header", head);
    meta_set(i, "body", json_pack("{s:s}", "text", m->text));
    const char *footer = json_get_text(d, "footer");
    if (footer && *footer) {
        if (wa_between(footer, 1, WA_SHORT_MAX))
            meta_set(i, "footer", json_pack("{s:s}", "text", footer));
        else
            wa_refuse(p, "FOOTER_TEXT", "The line below has up to 60 characters.");
    }
    if (p->code) return;
    struct wa_part *part = wa_part_add(a, m, p, "interactive", json_incref(i));
    if (part && media) {
        part->file = 0;
        part->media = media;
    }
}

/* --- places and people ----------------------------------------------------------------- */

void wa_add_location(struct arena *a, const struct outbound *m, struct wa_plan *p)
{
    const json_t *at = json_object_get(m->data, "location"); /* as the API takes it */
    if (!json_is_object(at)) at = m->data;
    const json_t *lat = json_object_get(at, "latitude");
    const json_t *lon = json_object_get(at, "longitude");
    double y = json_number_value(lat), x = json_number_value(lon);
    if (!json_is_number(lat) || !json_is_number(lon) || y < -90 || y > 90 || x < -180 || x > 180) {
        wa_refuse(p, "LOCATION_INVALID", "A place needs a latitude and a longitude.");
        return;
    }
    json_t *o = json_object();
    meta_set(o, "latitude", json_copy((json_t *)lat));
    meta_set(o, "longitude", json_copy((json_t *)lon));
    meta_set_text(o, "name", json_get_text(at, "name"));
    meta_set_text(o, "address", json_get_text(at, "address"));
    wa_part_add(a, m, p, "location", o);
}

/* The members of from that are in keys and texts. A type is HOME or WORK, or left out. */
static json_t *picked(const json_t *from, const char *const *keys)
{
    json_t *o = json_object();
    for (; *keys; keys++) {
        const char *text = json_get_text(from, *keys);
        if (text && strcmp(*keys, "type") == 0)
            text = strcasecmp(text, "HOME") == 0   ? "HOME"
                   : strcasecmp(text, "WORK") == 0 ? "WORK"
                                                   : NULL;
        meta_set_text(o, *keys, text);
    }
    return o;
}

/* A list of objects with only known members; a bare text stands for its first. */
static void add_list(json_t *card, const json_t *from, const char *name, const char *const *keys)
{
    const json_t *list = json_object_get(from, name);
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        json_t *o = json_is_string(one) ? json_pack("{s:s}", keys[0], json_string_value(one))
                                        : picked(one, keys);
        if (json_object_size(o) > 0)
            json_array_append_new(out, o);
        else
            json_decref(o);
    }
    if (json_array_size(out) > 0)
        meta_set(card, name, out);
    else
        json_decref(out);
}

static json_t *contact_card(const json_t *from, struct wa_plan *p)
{
    static const char *const names[] = {"formatted_name", "first_name", "last_name", "middle_name",
                                        "suffix",         "prefix",     NULL};
    static const char *const phones[] = {"phone", "type", "wa_id", NULL};
    static const char *const emails[] = {"email", "type", NULL};
    static const char *const urls[] = {"url", "type", NULL};
    static const char *const addresses[] = {"street",  "city",         "state", "zip",
                                            "country", "country_code", "type",  NULL};
    static const char *const org[] = {"company", "department", "title", NULL};
    const json_t *given = json_object_get(from, "name");
    json_t *name = json_is_string(given)
                       ? json_pack("{s:s}", "formatted_name", json_string_value(given))
                       : picked(given, names);
    if (!wa_between(json_get_text(name, "formatted_name"), 1, 1000)) {
        json_decref(name);
        wa_refuse(p, "CONTACT_NAME", "A contact needs a name.");
        return NULL;
    }
    if (json_object_size(name) == 1) /* one more part is asked for */
        meta_set_text(name, "first_name", json_get_text(name, "formatted_name"));
    json_t *card = json_pack("{s:o}", "name", name);
    add_list(card, from, "phones", phones);
    add_list(card, from, "emails", emails);
    add_list(card, from, "urls", urls);
    add_list(card, from, "addresses", addresses);
    meta_set_text(card, "birthday", json_get_text(from, "birthday"));
    json_t *work = picked(json_object_get(from, "org"), org);
    if (json_object_size(work) > 0)
        meta_set(card, "org", work);
    else
        json_decref(work);
    return card;
}

void wa_add_contacts(struct arena *a, const struct outbound *m, struct wa_plan *p)
{
    const json_t *list = json_object_get(m->data, "contacts");
    size_t count = json_array_size(list);
    if (count < 1 || count > WA_CONTACTS_MAX) {
        wa_refuse(p, "CONTACTS_COUNT", "One to five contacts can be sent at once.");
        return;
    }
    json_t *cards = meta_array(a);
    for (size_t i = 0; i < count; i++) {
        json_t *card = contact_card(json_array_get(list, i), p);
        if (card) json_array_append_new(cards, card);
    }
    if (!p->code) wa_part_add(a, m, p, "contacts", json_incref(cards));
}

/* --- templates ------------------------------------------------------------------------- */

/* The header's picture, video or document, when its parameter names none: the message's file. */
static json_t *header_media(json_t *components)
{
    static const char *const kinds[] = {"image", "video", "document"};
    for (size_t i = 0; i < json_array_size(components); i++) {
        json_t *component = json_array_get(components, i);
        const char *type = json_get_text(component, "type");
        json_t *parameter = json_array_get(json_object_get(component, "parameters"), 0);
        const char *kind = json_get_text(parameter, "type");
        if (!type || strcmp(type, "header") != 0 || !kind) continue;
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            if (strcmp(kinds[k], kind) != 0) continue;
            json_t *media = json_object_get(parameter, kind);
            if (!json_is_object(media)) {
                media = json_object();
                meta_set(parameter, kind, media);
            }
            bool named = meta_text(media, "id") || meta_text(media, "link");
            return named ? NULL : media;
        }
    }
    return NULL;
}

void wa_add_template(struct arena *a, const struct outbound *m, struct wa_plan *p)
{
    const json_t *t = json_object_get(m->data, "template");
    const char *name = meta_text(t, "name"), *language = meta_text(t, "language");
    if (!name || !language) {
        wa_refuse(p, "TEMPLATE_INVALID", "A template needs its name and language.");
        return;
    }
    json_t *o = meta_object(a);
    meta_set_text(o, "name", name);
    meta_set(o, "language", json_pack("{s:s}", "code", language));
    json_t *components = json_deep_copy(json_object_get(t, "components")), *media = NULL;
    if (json_array_size(components) > 0) {
        media = header_media(components);
        if (media && m->file_count == 0)
            wa_refuse(p, "TEMPLATE_FILE", "The template's header needs a file.");
        meta_set(o, "components", components);
    } else {
        json_decref(components);
    }
    if (p->code) return;
    struct wa_part *part = wa_part_add(a, m, p, "template", json_incref(o));
    const char *category = meta_text(t, "category");
    if (part && category && strcmp(category, "AUTHENTICATION") == 0 &&
        json_object_get(part->body, "recipient")) {
        wa_refuse(p, "META_NEEDS_PHONE",
                  "This template needs the person's telephone number, which is not known.");
        p->advice = "recipient";
        return;
    }
    if (part && media) {
        part->file = 0;
        part->media = media;
        if (m->files[0].name && strcmp(wa_media_type(&m->files[0], m->kind), "document") == 0)
            meta_set_text(media, "filename", m->files[0].name);
    }
}
