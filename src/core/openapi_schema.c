/* Field rows as JSON Schema and as examples (openapi_schema.h). What fields.c checks stands here
 * in the words of JSON Schema: a client that validates by the document sends nothing that the
 * server refuses for its form. */
#include "core/openapi_schema.h"

#include <string.h>

#include "core/router_impl.h"

#define EXAMPLE_DEPTH 5

json_t *openapi_ref(const char *kind, const char *name)
{
    json_t *j = json_object();
    json_object_set_new(j, "$ref", json_sprintf("#/components/%s/%s", kind, name));
    return j;
}

static void set_text(json_t *j, const char *key, const char *text)
{
    if (text) json_object_set_new(j, key, json_string(text));
}

static void set_int(json_t *j, const char *key, int64_t n)
{
    json_object_set_new(j, key, json_integer(n));
}

/* "a|b|c" as a list; a nullable choice may be null too. */
static json_t *choices(const char *values, bool nullable)
{
    json_t *list = json_array();
    for (const char *p = values; *p;) {
        size_t n = strcspn(p, "|");
        json_array_append_new(list, json_stringn(p, n));
        p += n + (p[n] == '|');
    }
    if (nullable) json_array_append_new(list, json_null());
    return list;
}

struct form {
    const char *type, *format, *pattern;
};
static const struct form forms[] = {
    [F_TEXT] = {"string", NULL, NULL},
    [F_INT] = {"integer", "int64", NULL},
    [F_NUMBER] = {"number", NULL, NULL},
    [F_BOOL] = {"boolean", NULL, NULL},
    [F_UUID] = {"string", "uuid", NULL},
    [F_ENUM] = {"string", NULL, NULL},
    [F_EMAIL] = {"string", "email", NULL},
    [F_PHONE] = {"string", "phone", NULL},
    [F_URL] = {"string", "uri", NULL},
    [F_COLOR] = {"string", NULL, "^#[0-9a-fA-F]{6}$"},
    [F_DATE] = {"string", "date", NULL},
    [F_DATETIME] = {"string", "date-time", NULL},
    [F_SLUG] = {"string", NULL, "^[a-z0-9_-]*$"},
    [F_OBJECT] = {"object", NULL, NULL},
    [F_ARRAY] = {"array", NULL, NULL},
    [F_JSON] = {NULL, NULL, NULL},
    [F_FILE] = {"string", "binary", NULL},
};

static void set_type(json_t *j, const struct field *f, const char *type)
{
    if (!type) return; /* anything */
    if (f->nullable)
        json_object_set_new(j, "type", json_pack("[s,s]", type, "null"));
    else
        set_text(j, "type", type);
}

static void add_limits(json_t *j, const struct field *f)
{
    bool numbers = f->type == F_INT || f->type == F_NUMBER;
    if (numbers && (f->min != 0 || f->max != 0)) set_int(j, "minimum", f->min);
    if (numbers && f->max != 0) set_int(j, "maximum", f->max);
    if (f->type == F_TEXT) {
        int64_t min = f->min == 0 && f->required && !f->raw ? 1 : f->min;
        if (min > 0) set_int(j, "minLength", min);
        set_int(j, "maxLength", f->max > 0 ? f->max : 1000);
    }
    if (f->type == F_ARRAY) {
        int64_t min = f->min == 0 && f->required ? 1 : f->min;
        if (min > 0) set_int(j, "minItems", min);
        set_int(j, "maxItems", f->max > 0 ? f->max : 100);
    }
    if (f->otherwise)
        json_object_set_new(j, "default", json_loads(f->otherwise, JSON_DECODE_ANY, NULL));
}

static const struct schema *known_schema(const struct schema_set *set, const struct field *fields)
{
    for (size_t i = 0; i < set->count && fields; i++)
        if (set->schemas[i]->fields == fields) return set->schemas[i];
    return NULL;
}

static json_t *item_schema(const struct schema_set *set, const struct field *f, bool input)
{
    const struct field item = field_item(f);
    return openapi_field(set, &item, input);
}

json_t *openapi_field(const struct schema_set *set, const struct field *f, bool input)
{
    const struct schema *known = input || f->type != F_OBJECT ? NULL : known_schema(set, f->fields);
    json_t *j;
    if (known && !f->nullable) {
        j = openapi_ref("schemas", known->name);
    } else if (known) {
        j = json_object();
        json_object_set_new(
            j, "anyOf",
            json_pack("[o,{s:s}]", openapi_ref("schemas", known->name), "type", "null"));
    } else if (f->type == F_OBJECT && f->fields) {
        j = openapi_object(set, f->fields, input);
        if (f->nullable) set_type(j, f, "object");
    } else {
        const struct form *form = &forms[f->type];
        j = json_object();
        set_type(j, f, form->type);
        set_text(j, "format", form->format);
        set_text(j, "pattern", form->pattern);
        if (f->type == F_ENUM) json_object_set_new(j, "enum", choices(f->values, f->nullable));
        if (f->type == F_ARRAY) json_object_set_new(j, "items", item_schema(set, f, input));
        if (input) add_limits(j, f);
    }
    set_text(j, "description", f->help);
    if (f->secret && input) json_object_set_new(j, "writeOnly", json_true());
    if (f->example && !f->secret)
        json_object_set_new(j, "examples",
                            json_pack("[o]", json_loads(f->example, JSON_DECODE_ANY, NULL)));
    return j;
}

json_t *openapi_object(const struct schema_set *set, const struct field *fields, bool input)
{
    json_t *j = json_object();
    json_t *properties = json_object();
    json_t *required = json_array();
    set_text(j, "type", "object");
    for (const struct field *f = fields; f && f->name; f++) {
        if (f->in != IN_BODY) continue;
        json_object_set_new(properties, f->name, openapi_field(set, f, input));
        if (f->required) json_array_append_new(required, json_string(f->name));
    }
    json_object_set_new(j, "properties", properties);
    if (json_array_size(required) > 0) json_object_set(j, "required", required);
    json_decref(required);
    if (input) json_object_set_new(j, "additionalProperties", json_false());
    return j;
}

/* --- examples -------------------------------------------------------------------------- */

static json_t *example_text(const struct field *f)
{
    static const char *const texts[] = {
        [F_TEXT] = "text",
        [F_UUID] = "0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10",
        [F_EMAIL] = "ana.lima@example.com",
        [F_PHONE] = "+55 11 98421-7730",
        [F_URL] = "https://www.example.com/",
        [F_COLOR] = "#1f6feb",
        [F_DATE] = "2026-11-19",
        [F_DATETIME] = "2026-11-19T13:42:05.123Z",
        [F_SLUG] = "example",
        [F_FILE] = "",
    };
    if (f->type != F_TEXT) return json_string(texts[f->type]);
    const char *text =
        f->secret ? "********************************" : "text of the right length, as an example";
    size_t len = f->secret ? 12 : 4;
    if (f->min > (int64_t)len) len = (size_t)f->min;
    if (f->max > 0 && f->max < (int64_t)len) len = (size_t)f->max;
    return json_stringn(text, len < strlen(text) ? len : strlen(text));
}

json_t *openapi_example(const struct field *f, bool input, int depth)
{
    if (f->example && !f->secret) return json_loads(f->example, JSON_DECODE_ANY, NULL);
    if (f->otherwise) return json_loads(f->otherwise, JSON_DECODE_ANY, NULL);
    if (f->nullable && !input) return json_null();
    switch (f->type) {
    case F_INT: return json_integer(f->min != 0 ? f->min : 1);
    case F_NUMBER: return json_real(f->min != 0 ? (double)f->min : 1.5);
    case F_BOOL: return json_true();
    case F_ENUM: return json_stringn(f->values, strcspn(f->values, "|"));
    case F_OBJECT: return openapi_example_object(f->fields, input, depth + 1);
    case F_ARRAY: {
        const struct field item = {.name = f->name,
                                   .type = f->of,
                                   .fields = f->fields,
                                   .values = f->values,
                                   .max = f->item_max};
        json_t *list = json_array();
        if (depth < EXAMPLE_DEPTH)
            json_array_append_new(list, openapi_example(&item, input, depth + 1));
        return list;
    }
    case F_JSON: return json_object();
    default: return example_text(f);
    }
}

json_t *openapi_example_object(const struct field *fields, bool input, int depth)
{
    json_t *j = json_object();
    for (const struct field *f = fields; depth < EXAMPLE_DEPTH && f && f->name; f++)
        if (f->in == IN_BODY && f->type != F_FILE && (!input || f->required || f->example))
            json_object_set_new(j, f->name, openapi_example(f, input, depth));
    return j;
}
