/* The kinds of channels as JSON (kinds.h), from their structs: what validates is what is shown. */
#include "channels/kinds.h"

#include <string.h>

#include "base/json.h"
#include "channels/oauth.h"

static const struct {
    uint32_t bit;
    const char *name;
} can_names[] = {
    {CAN_IMAGE, "image"},       {CAN_VIDEO, "video"},       {CAN_AUDIO, "audio"},
    {CAN_DOCUMENT, "document"}, {CAN_LOCATION, "location"}, {CAN_CONTACT, "contact"},
    {CAN_REACTION, "reaction"}, {CAN_REPLY, "reply"},       {CAN_BUTTONS, "buttons"},
    {CAN_LIST, "list"},         {CAN_TEMPLATE, "template"}, {CAN_EDIT, "edit"},
    {CAN_DELETE, "delete"},     {CAN_TYPING, "typing"},     {CAN_DELIVERED, "delivered"},
    {CAN_READ, "read"},         {CAN_SUBJECT, "subject"},   {CAN_LINK, "link"},
};

static const char *const type_names[] = {
    [F_TEXT] = "text", [F_INT] = "int",       [F_NUMBER] = "number", [F_BOOL] = "bool",
    [F_UUID] = "uuid", [F_ENUM] = "enum",     [F_EMAIL] = "email",   [F_PHONE] = "phone",
    [F_URL] = "url",   [F_COLOR] = "color",   [F_DATE] = "date",     [F_DATETIME] = "datetime",
    [F_SLUG] = "slug", [F_OBJECT] = "object", [F_ARRAY] = "array",   [F_JSON] = "json",
    [F_FILE] = "file",
};

/* "a,b|c" split at sep. */
static json_t *words(const char *text, char sep)
{
    json_t *list = json_array();
    for (const char *p = text; p && *p;) {
        const char *end = strchr(p, sep);
        size_t len = end ? (size_t)(end - p) : strlen(p);
        while (len > 0 && *p == ' ') {
            p++;
            len--;
        }
        json_array_append_new(list, json_stringn(p, len));
        p = end ? end + 1 : NULL;
    }
    return list;
}

static json_t *json_or_null(const char *text)
{
    json_t *j = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return j ? j : json_null();
}

static json_t *field_rows(const struct field *rows)
{
    json_t *list = json_array();
    for (const struct field *f = rows; f && f->name; f++) {
        json_t *o = json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:s*, s:o, s:b}", "name", f->name,
                              "type", type_names[f->type], "required", f->required, "secret",
                              f->secret, "default", json_or_null(f->otherwise), "values",
                              f->values ? words(f->values, '|') : json_null(), "help", f->help,
                              "example", json_or_null(f->example), "nullable", f->nullable);
        if (f->min) json_object_set_new(o, "min", json_integer(f->min));
        if (f->max) json_object_set_new(o, "max", json_integer(f->max));
        if (f->fields) json_object_set_new(o, "fields", field_rows(f->fields));
        if (f->type == F_ARRAY) json_object_set_new(o, "of", json_string(type_names[f->of]));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *limits_json(const struct channel_limits *l)
{
    json_t *files = json_array();
    for (const struct file_limit *f = l->files; f && f->kind; f++)
        json_array_append_new(files,
                              json_pack("{s:s, s:o, s:I, s:i}", "kind", f->kind, "types",
                                        f->types ? words(f->types, ',') : json_null(), "bytesMax",
                                        (json_int_t)f->bytes_max, "captionMax", f->caption_max));
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        {"textMax", l->text_max},
        {"textBytesMax", l->text_bytes_max},
        {"filesMax", l->files_max > 0 ? l->files_max : MESSAGE_FILES_MAX},
        {"buttonsMax", l->buttons_max},
        {"buttonTitleMax", l->button_title_max},
        {"buttonsTextMax", l->buttons_text_max},
        {"listRowsMax", l->list_rows_max},
        {"listSectionsMax", l->list_sections_max},
        {"listTitleMax", l->list_title_max},
        {"listDescriptionMax", l->list_description_max},
        {"listButtonMax", l->list_button_max},
        {"listTextMax", l->list_text_max},
        {"subjectMax", l->subject_max},
        {"windowHours", l->window_hours},
        {"humanAgentHours", l->human_agent_hours},
    };
    json_t *o = json_pack("{s:b, s:b, s:o}", "textSplits", l->text_splits, "choicesWithFile",
                          l->choices_with_file, "files", files);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        json_object_set_new(o, numbers[i].name, json_integer(numbers[i].value));
    return o;
}

static json_t *kind_json(struct ctx *c, const struct channel_kind *k, bool forms)
{
    int64_t file_max = 0;
    for (const struct file_limit *f = k->limits.files; f && f->kind; f++)
        if (f->bytes_max > file_max) file_max = f->bytes_max;
    json_t *can = json_array();
    for (size_t i = 0; i < ARRAY_LEN(can_names); i++)
        if (k->can & can_names[i].bit) json_array_append_new(can, json_string(can_names[i].name));
    json_t *o = json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:i, s:I, s:i}", "kind", k->kind, "label",
                          k->label, "can", can, "identityKind", k->identity_kind, "opens",
                          words(k->opens, ','), "limits", limits_json(&k->limits), "textMax",
                          k->limits.text_max, "fileMaxBytes", (json_int_t)file_max, "windowHours",
                          k->limits.window_hours);
    if (forms) {
        json_object_set_new(o, "settings", field_rows(k->settings));
        json_object_set_new(o, "secrets", field_rows(k->secrets));
        json_object_set_new(o, "oauth", json_boolean(oauth_offered(c, k->kind)));
        json_object_set_new(o, "checks", json_boolean(k->check));
    }
    return o;
}

const char *channel_kinds_json(struct ctx *c, bool forms)
{
    CLEANUP(json_decrefp) json_t *list = json_array();
    for (int i = 0; channel_kinds[i]; i++)
        json_array_append_new(list, kind_json(c, channel_kinds[i], forms));
    return json_text(c->arena, list);
}
