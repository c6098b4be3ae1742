/* Filling in a template: values to the components that are sent, and to the text that the person
 * will read (templates.h). Pure; what the platform would refuse is refused here, by field. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "channels/templates.h"

#define TEXT_MAX      (8 * KIB)
#define VALUE_MAX     1024
#define PAYLOAD_MAX   128
#define BUTTONS_MAX   10
#define VARIABLES_MAX 100

static void release(void *j)
{
    json_decref(j);
}

static json_t *kept(struct arena *a, json_t *j)
{
    if (j) arena_on_free(a, release, j);
    return j;
}

static const json_t *component(const json_t *components, const char *type)
{
    for (size_t i = 0; i < json_array_size(components); i++) {
        const json_t *one = json_array_get(components, i);
        const char *t = json_get_text(one, "type");
        if (t && strcasecmp(t, type) == 0) return one;
    }
    return NULL;
}

/* The next {{name}} of text: its length with braces, 0 when there is none. *ret_at where it begins;
 * name trimmed. */
static size_t variable(struct arena *a, const char *text, size_t *ret_at, const char **ret_name)
{
    const char *open = strstr(text, "{{");
    const char *close = open ? strstr(open, "}}") : NULL;
    if (!close) return 0;
    const char *from = open + 2, *to = close;
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    *ret_at = (size_t)(open - text);
    *ret_name = arena_strndup(a, from, (size_t)(to - from));
    return *ret_name ? (size_t)(close + 2 - open) : 0;
}

/* A line end, a tab or more than four spaces in a row are not taken in a value. */
static bool value_ok(const char *v)
{
    if (!v || !*v || strspn(v, " ") == strlen(v) || text_length(v) > VALUE_MAX) return false;
    return !strpbrk(v, "\n\r\t") && !strstr(v, "     ");
}

/* The value for a name: by name, or by its place among the different names so far. */
static const char *value_of(const json_t *values, const char *name, size_t place)
{
    const json_t *v =
        json_is_object(values) ? json_object_get(values, name) : json_array_get(values, place);
    if (json_is_object(v)) v = json_object_get(v, "text");
    return json_string_value(v);
}

/* Fill text; parameters for sending are added to list. NULL when fine. */
static const char *fill_text(struct arena *a, const char *text, const json_t *values, bool named,
                             json_t *list, struct buf *out)
{
    json_t *seen = kept(a, json_object());
    size_t at = 0, n = 0, count = 0;
    const char *name = NULL, *p = text;
    while ((n = variable(a, p, &at, &name)) > 0) {
        const char *known = json_string_value(json_object_get(seen, name));
        size_t place = named ? count : (size_t)strtoul(name, NULL, 10) - 1;
        const char *v = known ? known : value_of(values, name, place);
        if (!v) return arena_printf(a, "a value for {{%s}} is missing", name);
        if (!value_ok(v))
            return arena_printf(a,
                                "the value of {{%s}} is empty, too long, or has line ends, tabs "
                                "or more than four spaces in a row",
                                name);
        if (!known) {
            json_object_set_new(seen, name, json_string(v));
            if (named)
                json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "type", "text", "text", v,
                                                      "parameter_name", name));
            count++;
        }
        buf_add(out, p, at);
        buf_adds(out, v);
        p += at + n;
    }
    buf_adds(out, p);
    /* By their numbers, which need not be the order in which the text has them. */
    for (size_t i = 1; !named && i <= VARIABLES_MAX; i++) {
        const char *v = json_string_value(json_object_get(seen, arena_printf(a, "%zu", i)));
        if (v) json_array_append_new(list, json_pack("{s:s, s:s}", "type", "text", "text", v));
    }
    size_t given = json_is_object(values) ? json_object_size(values) : json_array_size(values);
    if (given > count) return "there are more values than the template has variables";
    return NULL;
}

static const char *fill_header_media(const json_t *value, const char *format, json_t *list,
                                     struct template_filled *ret)
{
    char kind[16] = {0};
    for (size_t i = 0; format[i] && i < sizeof kind - 1; i++)
        kind[i] = (char)(format[i] >= 'A' && format[i] <= 'Z' ? format[i] + 32 : format[i]);
    const char *type = json_get_text(value, "type");
    if (!json_is_object(value) || (type && strcasecmp(type, kind) != 0))
        return "the header needs a file or place of the template's kind";
    json_t *o = json_object();
    if (strcmp(kind, "location") == 0) {
        static const char *const keys[] = {"latitude", "longitude", "name", "address"};
        const json_t *from = json_object_get(value, "location");
        if (!from) from = value;
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            if (json_object_get(from, keys[i]))
                json_object_set(o, keys[i], json_object_get(from, keys[i]));
        if (!json_object_get(o, "latitude") || !json_object_get(o, "longitude")) {
            json_decref(o);
            return "the header needs a place";
        }
    } else {
        const char *link = json_get_text(value, "link"), *file = json_get_text(value, "fileId");
        if (link && strncmp(link, "https://", 8) == 0) {
            json_object_set_new(o, "link", json_string(link));
        } else if (!file || !uuid_parse(file, &ret->file)) {
            json_decref(o);
            return "the header needs a file";
        }
    }
    json_array_append_new(list, json_pack("{s:s, s:o}", "type", kind, kind, o));
    return NULL;
}

static void add_component(json_t *components, const char *type, json_t *list)
{
    if (json_array_size(list) > 0)
        json_array_append_new(components,
                              json_pack("{s:s, s:O}", "type", type, "parameters", list));
}

static const json_t *button_value(const json_t *given, size_t index)
{
    for (size_t i = 0; i < json_array_size(given); i++) {
        const json_t *one = json_array_get(given, i), *at = json_object_get(one, "index");
        if (json_is_integer(at) && json_integer_value(at) == (json_int_t)index) return one;
        if (json_is_string(at) && strtoul(json_string_value(at), NULL, 10) == index &&
            *json_string_value(at))
            return one;
        if (!at && i == index) return one;
    }
    return NULL;
}

static const char *any_text(const json_t *value, const char *otherwise)
{
    static const char *const keys[] = {"text", "payload", "code", "coupon_code"};
    if (json_is_string(value)) return json_string_value(value);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (json_get_text(value, keys[i])) return json_get_text(value, keys[i]);
    return otherwise;
}

static const char *fill_button(const json_t *b, size_t index, const json_t *value,
                               json_t *components)
{
    const char *type = json_get_text(b, "type"), *url = json_get_text(b, "url");
    if (!type) return NULL;
    static const char *const digits[BUTTONS_MAX] = {"0", "1", "2", "3", "4",
                                                    "5", "6", "7", "8", "9"};
    const char *sub = NULL;
    json_t *parameter = NULL;
    if (strcasecmp(type, "URL") == 0 && url && strstr(url, "{{")) {
        const char *text = any_text(value, NULL);
        if (!text || !*text || strpbrk(text, " \n\t"))
            return "a button's address needs its ending, without spaces";
        sub = "url";
        parameter = json_pack("{s:s, s:s}", "type", "text", "text", text);
    } else if (strcasecmp(type, "COPY_CODE") == 0) {
        const char *code = any_text(value, NULL);
        if (!code || !*code || strlen(code) > 20)
            return "the button needs a code of up to 20 letters";
        sub = "copy_code";
        parameter = json_pack("{s:s, s:s}", "type", "coupon_code", "coupon_code", code);
    } else if (strcasecmp(type, "QUICK_REPLY") == 0 && value) {
        const char *payload = any_text(value, NULL);
        if (!payload || !*payload || strlen(payload) > PAYLOAD_MAX) return NULL;
        sub = "quick_reply";
        parameter = json_pack("{s:s, s:s}", "type", "payload", "payload", payload);
    }
    if (!sub) return NULL;
    json_array_append_new(components,
                          json_pack("{s:s, s:s, s:s, s:[o]}", "type", "button", "sub_type", sub,
                                    "index", digits[index], "parameters", parameter));
    return NULL;
}

static const char *fill_buttons(struct arena *a, const json_t *own, const json_t *given,
                                json_t *components, struct template_filled *ret)
{
    const json_t *list = json_object_get(own, "buttons");
    if (json_array_size(list) == 0) return NULL;
    ret->buttons = kept(a, json_array());
    for (size_t i = 0; i < json_array_size(list) && i < BUTTONS_MAX; i++) {
        const json_t *b = json_array_get(list, i);
        const char *title = json_get_text(b, "text");
        json_array_append_new(ret->buttons, json_pack("{s:s}", "title", title ? title : ""));
        const char *why = fill_button(b, i, button_value(given, i), components);
        if (why) return why;
    }
    return NULL;
}

const char *template_fill(struct arena *a, const json_t *t, const json_t *parameters,
                          struct template_filled *ret, const char **ret_field)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(TEXT_MAX);
    const json_t *all = json_object_get(t, "components");
    const json_t *head = component(all, "HEADER"), *body = component(all, "BODY");
    const char *footer = json_get_text(component(all, "FOOTER"), "text");
    const char *format = json_get_text(t, "format"), *why = NULL;
    bool named = format && strcmp(format, "named") == 0;
    json_t *components = kept(a, json_array()), *list = kept(a, json_array());
    *ret = (struct template_filled){0};
    const char *head_format = json_get_text(head, "format");
    const json_t *head_values = json_object_get(parameters, "header");
    *ret_field = "template.parameters.header";
    if (head && head_format && strcasecmp(head_format, "TEXT") != 0)
        why = fill_header_media(json_array_get(head_values, 0), head_format, list, ret);
    else if (head && json_get_text(head, "text"))
        why = fill_text(a, json_get_text(head, "text"), head_values, named, list, &text);
    else if (json_array_size(head_values) > 0)
        why = "the template has no header";
    if (why) return why;
    add_component(components, "header", list);
    if (text.len > 0) buf_adds(&text, "\n\n");
    list = kept(a, json_array());
    *ret_field = "template.parameters.body";
    const char *body_text = json_get_text(body, "text");
    why = fill_text(a, body_text ? body_text : "", json_object_get(parameters, "body"), named, list,
                    &text);
    if (why) return why;
    add_component(components, "body", list);
    if (footer && *footer) buf_addf(&text, "\n\n%s", footer);
    *ret_field = "template.parameters.buttons";
    why = fill_buttons(a, component(all, "BUTTONS"), json_object_get(parameters, "buttons"),
                       components, ret);
    if (why) return why;
    *ret_field = "template.parameters";
    if (buf_failed(&text)) return "the template is too long with these values";
    const char *name = json_get_text(t, "name"), *language = json_get_text(t, "language");
    ret->text = arena_strdup(a, buf_str(&text));
    ret->send = kept(a, json_pack("{s:s, s:s, s:O}", "name", name ? name : "", "language",
                                  language ? language : "", "components", components));
    const char *category = json_get_text(t, "category");
    if (ret->send && category && *category)
        json_object_set_new(ret->send, "category", json_string(category));
    return ret->text && ret->send ? NULL : "there is no room";
}
