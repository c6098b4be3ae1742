/* The rules of a message before it is written (send_check.h). A platform would refuse it later, with
 * words for programmers; here it is refused at once, by name, with the limit. One struct per kind
 * says the limits (channel_limits); the composer is given the same.
 *
 * What a message carries beside text is its data, one of: buttons, list, link, location, contacts,
 * template, mail; plus what is ours alone (metadata). */
#include "inbox/send_check.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "inbox/api.h"
#include "sql.h"

static const char *const kind_names[MESSAGE_KIND_COUNT] = {
    [MESSAGE_TEXT] = "text",         [MESSAGE_IMAGE] = "image",
    [MESSAGE_VIDEO] = "video",       [MESSAGE_AUDIO] = "audio",
    [MESSAGE_DOCUMENT] = "document", [MESSAGE_LOCATION] = "location",
    [MESSAGE_CONTACT] = "contact",   [MESSAGE_TEMPLATE] = "template",
    [MESSAGE_EMAIL] = "email",       [MESSAGE_UNSUPPORTED] = "unsupported",
};

const char *message_kind_name(enum message_kind kind)
{
    return kind_names[kind];
}

enum message_kind message_kind_of(const char *name)
{
    for (size_t i = 0; i < MESSAGE_KIND_COUNT; i++)
        if (strcmp(kind_names[i], name) == 0) return (enum message_kind)i;
    return MESSAGE_UNSUPPORTED;
}

static uint32_t can_of(const char *file_kind)
{
    switch (message_kind_of(file_kind)) {
    case MESSAGE_IMAGE: return CAN_IMAGE;
    case MESSAGE_VIDEO: return CAN_VIDEO;
    case MESSAGE_AUDIO: return CAN_AUDIO;
    default: return CAN_DOCUMENT;
    }
}

/* --- text ------------------------------------------------------------------------------ */

static enum err too_long(struct ctx *c, int limit, const char *unit)
{
    fault_data(c, "limit", json_integer(limit));
    return fault(c, ERR_INVALID, "MESSAGE_TOO_LONG", "this channel takes at most %d %s", limit,
                 unit);
}

enum err send_check_text(struct ctx *c, const struct channel_kind *kind, const char *text)
{
    const struct channel_limits *l = &kind->limits;
    if (!text || l->text_splits) return ERR_OK;
    if (l->text_max > 0 && text_length(text) > (size_t)l->text_max)
        return too_long(c, l->text_max, "characters");
    if (l->text_bytes_max > 0 && strlen(text) > (size_t)l->text_bytes_max)
        return too_long(c, l->text_bytes_max, "bytes");
    return ERR_OK;
}

/* A text member of data: there, not blank, at most max characters (0: any). */
static enum err member(struct ctx *c, const json_t *o, const char *key, const char *field,
                       bool need, int max)
{
    const json_t *v = json_object_get(o, key);
    const char *name = arena_printf(c->arena, "%s.%s", field, key);
    if (!v || json_is_null(v))
        return need ? fault_field(c, name, "REQUIRED", "must be there") : ERR_OK;
    if (!json_is_string(v)) return fault_field(c, name, "INVALID_TYPE", "Must be text");
    const char *text = json_string_value(v);
    if (need && inbox_blank(text)) return fault_field(c, name, "REQUIRED", "must be there");
    if (max > 0 && text_length(text) > (size_t)max)
        return fault_field(c, name, "TOO_LONG", "this channel takes at most %d characters", max);
    return ERR_OK;
}

/* --- what comes beside text ------------------------------------------------------------ */

static enum err no_such(struct ctx *c, const char *field, const char *what)
{
    (void)!fault(c, ERR_INVALID, "UNSUPPORTED_MEDIA", "this channel does not take %s", what);
    return fault_field(c, field, "NOT_SUPPORTED", "this channel does not take %s", what);
}

static enum err check_interactive_text(struct ctx *c, const struct message_new *m, int max)
{
    if (inbox_blank(m->content))
        return fault_field(c, "content", "REQUIRED", "what is chosen from needs a text above it");
    return max > 0 && text_length(m->content) > (size_t)max ? too_long(c, max, "characters")
                                                            : ERR_OK;
}

static enum err check_buttons(struct ctx *c, const struct channel_kind *kind,
                              const struct message_new *m, const json_t *list)
{
    const struct channel_limits *l = &kind->limits;
    size_t count = json_array_size(list);
    if (!(kind->can & CAN_BUTTONS)) return no_such(c, "data.buttons", "buttons");
    if (count == 0 || (l->buttons_max > 0 && count > (size_t)l->buttons_max))
        return fault_field(c, "data.buttons", "OUT_OF_RANGE", "between 1 and %d buttons",
                           l->buttons_max);
    for (size_t i = 0; i < count; i++) {
        const char *field = arena_printf(c->arena, "data.buttons[%zu]", i);
        const json_t *b = json_array_get(list, i);
        enum err e = member(c, b, "title", field, true, l->button_title_max);
        if (!e) e = member(c, b, "id", field, true, 200);
        if (e) return e;
        for (size_t k = 0; k < i; k++)
            if (json_equal(json_object_get(json_array_get(list, k), "id"),
                           json_object_get(b, "id")))
                return fault_field(c, arena_printf(c->arena, "%s.id", field), "DUPLICATE",
                                   "each button needs an id of its own");
    }
    return check_interactive_text(c, m, l->buttons_text_max);
}

static enum err check_section(struct ctx *c, const struct channel_limits *l, const json_t *section,
                              const char *field, bool titled, size_t *rows)
{
    enum err e = member(c, section, "title", field, titled, l->list_title_max);
    const json_t *list = json_object_get(section, "rows");
    if (!e && json_array_size(list) == 0)
        return fault_field(c, arena_printf(c->arena, "%s.rows", field), "REQUIRED",
                           "a section needs rows");
    for (size_t i = 0; !e && i < json_array_size(list); i++) {
        const char *at = arena_printf(c->arena, "%s.rows[%zu]", field, i);
        const json_t *row = json_array_get(list, i);
        e = member(c, row, "id", at, true, 200);
        if (!e) e = member(c, row, "title", at, true, l->list_title_max);
        if (!e) e = member(c, row, "description", at, false, l->list_description_max);
        (*rows)++;
    }
    return e;
}

static enum err check_list(struct ctx *c, const struct channel_kind *kind,
                           const struct message_new *m, const json_t *list)
{
    const struct channel_limits *l = &kind->limits;
    const json_t *sections = json_object_get(list, "sections");
    size_t count = json_array_size(sections), rows = 0;
    if (!(kind->can & CAN_LIST)) return no_such(c, "data.list", "lists");
    enum err e = member(c, list, "button", "data.list", true, l->list_button_max);
    if (e) return e;
    if (count == 0 || (l->list_sections_max > 0 && count > (size_t)l->list_sections_max))
        return fault_field(c, "data.list.sections", "OUT_OF_RANGE", "between 1 and %d sections",
                           l->list_sections_max);
    for (size_t i = 0; !e && i < count; i++)
        e = check_section(c, l, json_array_get(sections, i),
                          arena_printf(c->arena, "data.list.sections[%zu]", i), count > 1, &rows);
    if (!e && l->list_rows_max > 0 && rows > (size_t)l->list_rows_max)
        return fault_field(c, "data.list.sections", "OUT_OF_RANGE", "at most %d rows in all",
                           l->list_rows_max);
    return e ? e : check_interactive_text(c, m, l->list_text_max);
}

static enum err check_link(struct ctx *c, const struct channel_kind *kind,
                           const struct message_new *m, const json_t *link)
{
    if (!(kind->can & CAN_LINK)) return no_such(c, "data.link", "buttons that open an address");
    enum err e = member(c, link, "title", "data.link", true, kind->limits.button_title_max);
    if (!e) e = member(c, link, "url", "data.link", true, 2000);
    const char *url = json_get_text(link, "url");
    if (!e && strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return fault_field(c, "data.link.url", "INVALID_URL", "must begin with https://");
    return e ? e : check_interactive_text(c, m, kind->limits.buttons_text_max);
}

static enum err check_location(struct ctx *c, const struct channel_kind *kind, const json_t *at)
{
    if (!(kind->can & CAN_LOCATION)) return no_such(c, "data.location", "places");
    static const struct {
        const char *key;
        double max;
    } axes[] = {{"latitude", 90}, {"longitude", 180}};
    for (size_t i = 0; i < ARRAY_LEN(axes); i++) {
        const json_t *v = json_object_get(at, axes[i].key);
        if (!json_is_number(v) || fabs(json_number_value(v)) > axes[i].max)
            return fault_field(c, arena_printf(c->arena, "data.location.%s", axes[i].key),
                               "OUT_OF_RANGE", "must be a number of degrees");
    }
    enum err e = member(c, at, "name", "data.location", false, 200);
    return e ? e : member(c, at, "address", "data.location", false, 300);
}

static enum err check_contacts(struct ctx *c, const struct channel_kind *kind, const json_t *list)
{
    if (!(kind->can & CAN_CONTACT)) return no_such(c, "data.contacts", "contact cards");
    if (json_array_size(list) == 0 || json_array_size(list) > 10)
        return fault_field(c, "data.contacts", "OUT_OF_RANGE", "between 1 and 10 cards");
    return ERR_OK;
}

static enum err check_mail(struct ctx *c, const struct channel_kind *kind, const json_t *mail)
{
    if (!(kind->can & CAN_SUBJECT)) return no_such(c, "data.mail", "subjects");
    return member(c, mail, "subject", "data.mail", false, kind->limits.subject_max);
}

/* What else than a template may have files: a choice, with one above it, where the kind takes
 * that. */
static bool may_have_files(const struct channel_kind *kind, const struct message_new *m)
{
    bool choice = json_object_get(m->data, "buttons") || json_object_get(m->data, "list") ||
                  json_object_get(m->data, "link");
    return json_object_get(m->data, "template") ||
           (choice && kind->limits.choices_with_file && m->file_count == 1);
}

/* The one thing that a message is beside its text and files. *ret NULL: nothing. */
static enum err check_data(struct ctx *c, const struct channel_kind *kind,
                           const struct message_new *m, const char **ret)
{
    static const char *const members[] = {"buttons",  "list",     "link",
                                          "location", "contacts", "template"};
    int found = 0;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        found += json_object_get(m->data, members[i]) != NULL;
    if (found > 1)
        return fault_field(c, "data", "INVALID",
                           "only one of buttons, list, link, location, contacts, template");
    if (found > 0 && m->file_count > 0 && !may_have_files(kind, m))
        return fault_field(c, "fileIds", "INVALID", "files are a message of their own");
    const json_t *v;
    *ret = NULL;
    if ((v = json_object_get(m->data, "mail")) != NULL) {
        enum err e = check_mail(c, kind, v);
        if (e) return e;
    }
    if ((v = json_object_get(m->data, "buttons")) != NULL) return check_buttons(c, kind, m, v);
    if ((v = json_object_get(m->data, "list")) != NULL) return check_list(c, kind, m, v);
    if ((v = json_object_get(m->data, "link")) != NULL) return check_link(c, kind, m, v);
    if ((v = json_object_get(m->data, "location")) != NULL) {
        *ret = kind_names[MESSAGE_LOCATION];
        return check_location(c, kind, v);
    }
    if ((v = json_object_get(m->data, "contacts")) != NULL) {
        *ret = kind_names[MESSAGE_CONTACT];
        return check_contacts(c, kind, v);
    }
    if (json_object_get(m->data, "template")) {
        *ret = kind_names[MESSAGE_TEMPLATE];
        return kind->can & CAN_TEMPLATE ? ERR_OK
                                        : fault(c, ERR_UNPROCESSABLE, "TEMPLATE_NOT_SUPPORTED",
                                                "the channel of this chat has no templates");
    }
    return ERR_OK;
}

/* --- files ----------------------------------------------------------------------------- */

static const struct file_limit *limit_of(const struct channel_kind *kind, const char *file_kind)
{
    const struct file_limit *f = kind->limits.files;
    while (f && f->kind && strcmp(f->kind, file_kind) != 0)
        f++;
    return f && f->kind ? f : NULL;
}

/* Is the type, without its parameters, in the list with commas? */
static bool type_listed(const char *types, const char *type)
{
    size_t len = strcspn(type, "; ");
    for (const char *p = types; *p;) {
        size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, type, len) == 0) return true;
        p += n;
        while (*p == ',' || *p == ' ')
            p++;
    }
    return false;
}

static enum err check_file(struct ctx *c, const struct channel_kind *kind,
                           const struct message_new *m, const struct file *f)
{
    const struct file_limit *limit = limit_of(kind, f->kind);
    /* What a kind does not take as what it is may go as a document. */
    if (!(kind->can & can_of(f->kind)))
        limit = kind->can & CAN_DOCUMENT ? limit_of(kind, "document") : NULL;
    else if (limit && limit->types && !type_listed(limit->types, f->type) &&
             strcmp(f->kind, "audio") != 0 && limit_of(kind, "document"))
        limit = limit_of(kind, "document");
    if (!limit)
        return fault(c, ERR_INVALID, "UNSUPPORTED_MEDIA", "this channel does not take %s files",
                     f->kind);
    if (limit->bytes_max > 0 && f->size_bytes > limit->bytes_max) {
        fault_data(c, "limitBytes", json_integer(limit->bytes_max));
        return fault(c, ERR_INVALID, "FILE_TOO_LARGE", "%s is larger than this channel takes",
                     f->name);
    }
    /* Voice is converted by the channel to what its platform takes. */
    if (limit->types && !type_listed(limit->types, f->type) && strcmp(f->kind, "audio") != 0)
        return fault(c, ERR_INVALID, "UNSUPPORTED_MEDIA", "this channel does not take %s", f->type);
    if (limit->caption_max > 0 && m->content && !kind->limits.text_splits &&
        text_length(m->content) > (size_t)limit->caption_max)
        return too_long(c, limit->caption_max, "characters beside a file");
    return ERR_OK;
}

static enum err check_files(struct ctx *c, const struct channel_kind *kind,
                            const struct message_new *m, json_t *files)
{
    int max = kind->limits.files_max > 0 ? kind->limits.files_max : MESSAGE_FILES_MAX;
    if (m->file_count > max)
        return fault_field(c, "fileIds", "TOO_MANY", "this channel takes at most %d files", max);
    enum err e = inbox_files_check(c, "fileIds", m->files, m->file_count);
    for (int i = 0; !e && i < m->file_count; i++) {
        struct file f;
        e = files_get(c, m->files[i], &f);
        if (e == ERR_NOT_FOUND)
            return fault_field(c, "fileIds", "NOT_FOUND", "file %d does not exist", i + 1);
        if (!e) e = check_file(c, kind, m, &f);
        char id[UUID_TEXT_SIZE];
        json_array_append_new(files, json_pack("{s:s}", "fileId", uuid_text(m->files[i], id)));
    }
    return e;
}

/* --- the window ------------------------------------------------------------------------ */

/* What the platform approved beforehand always goes. Of what is sent later the sender speaks when
 * its hour has come. */
static enum err check_window(struct ctx *c, const struct send_chat *chat,
                             const struct message_new *m, const char *kind_name)
{
    bool later = m->scheduled_unix_ms > 0 || m->delay_ms > 0;
    bool is_template = kind_name && strcmp(kind_name, "template") == 0;
    bool person = c->actor.kind == ACTOR_USER && !m->bot;
    if (chat->kind->limits.window_hours == 0 || chat->window_open || is_template || later)
        return ERR_OK;
    if (person && chat->human_agent_open) return ERR_OK;
    char text[TIME_TEXT_SIZE];
    fault_data(c, "windowUntil",
               chat->window_until_unix_ms ? json_string(time_text(chat->window_until_unix_ms, text))
                                          : json_null());
    return fault(c, ERR_UNPROCESSABLE, "WINDOW_CLOSED",
                 "the customer has not written for %d hours: %s", chat->kind->limits.window_hours,
                 chat->kind->can & CAN_TEMPLATE ? "only a template can be sent"
                                                : "nothing can be sent until they write again");
}

enum err send_check(struct ctx *c, const struct send_chat *chat, const struct message_new *m,
                    json_t *files, const char **ret_kind)
{
    const struct channel_kind *kind = chat->kind;
    *ret_kind = NULL;
    enum err e = check_data(c, kind, m, ret_kind);
    if (e) return e;
    if (inbox_blank(m->content) && m->file_count == 0 && !*ret_kind)
        return fault_field(c, "content", "REQUIRED", "a message needs text or a file");
    e = send_check_text(c, kind, m->content);
    if (!e) e = check_files(c, kind, m, files);
    if (!e) e = check_window(c, chat, m, *ret_kind);
    if (!e && !*ret_kind && kind->can & CAN_SUBJECT) *ret_kind = kind_names[MESSAGE_EMAIL];
    return e;
}
