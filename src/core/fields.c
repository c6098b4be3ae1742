/* Binding: from what a client sent to c->in, by the field rows of a route (router.h).
 *
 * The invariant: whatever stands in c->in afterwards has the type, the length and the form that
 * its row promises, so that handlers and queries read it without checks of their own. Everything
 * that is wrong is named, with the path of the field ("contacts[0].value") and a stable code, up
 * to FAULT_DETAILS_MAX at once:
 *
 *     REQUIRED UNKNOWN_FIELD INVALID_TYPE TOO_SHORT TOO_LONG TOO_FEW TOO_MANY OUT_OF_RANGE
 *     INVALID_TEXT INVALID_NUMBER INVALID_BOOLEAN INVALID_UUID INVALID_CHOICE INVALID_EMAIL
 *     INVALID_PHONE INVALID_URL INVALID_COLOR INVALID_DATE INVALID_DATETIME INVALID_SLUG
 *     INVALID_JSON DUPLICATE
 *
 * The same code reads JSON bodies (typed values) and text (paths, queries, headers, forms),
 * where numbers, booleans and lists are first read from their text. Forms of single texts
 * (e-mail, URL, …) are in field_text.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/field_text.h"
#include "core/router.h"
#include "core/router_impl.h"

#define PATH_SIZE         128
#define TEXT_MAX_DEFAULT  1000
#define URL_MAX_DEFAULT   2000
#define ITEMS_MAX_DEFAULT 100
#define JSON_MAX_DEFAULT  ((int64_t)(64 * KIB))

/* One binding under way: where it is (for the words of a fault), and whether values are text. */
struct bind {
    struct ctx *c;
    bool text;
    bool failed;
    char path[PATH_SIZE];
    size_t path_len;
};

static json_t *bind_value(struct bind *b, const struct field *f, json_t *v);

/* --- the path -------------------------------------------------------------------------- */

static size_t path_push(struct bind *b, const char *name)
{
    size_t before = b->path_len;
    size_t len = strlen(name);
    if (before > 0 && before < PATH_SIZE - 1) b->path[b->path_len++] = '.';
    if (len > PATH_SIZE - 1 - b->path_len) len = PATH_SIZE - 1 - b->path_len;
    memcpy(b->path + b->path_len, name, len);
    b->path_len += len;
    b->path[b->path_len] = '\0';
    return before;
}

static size_t path_push_index(struct bind *b, size_t index)
{
    char text[24];
    size_t before = b->path_len;
    size_t i = sizeof text;
    text[--i] = ']';
    do {
        text[--i] = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    text[--i] = '[';
    size_t len = sizeof text - i;
    if (len <= PATH_SIZE - 1 - before) {
        memcpy(b->path + before, text + i, len);
        b->path_len += len;
        b->path[b->path_len] = '\0';
    }
    return before;
}

static void path_pop(struct bind *b, size_t before)
{
    b->path_len = before;
    b->path[before] = '\0';
}

/* Note a bad value; returns NULL, which is what the callers return. */
static json_t *bad(struct bind *b, const char *code, const char *words)
{
    b->failed = true;
    (void)fault_field(b->c, b->path, code, "%s", words);
    return NULL;
}

static json_t *bad_number(struct bind *b, const char *code, const char *words, int64_t limit)
{
    b->failed = true;
    (void)fault_field(b->c, b->path, code, "%s %lld", words, (long long)limit);
    return NULL;
}

/* --- single values --------------------------------------------------------------------- */

static json_t *bind_int(struct bind *b, const struct field *f, const json_t *v)
{
    int64_t n = 0;
    if (b->text) {
        if (!field_int(json_string_value(v), &n))
            return bad(b, "INVALID_NUMBER", "Must be a whole number");
    } else {
        if (!json_is_integer(v)) return bad(b, "INVALID_TYPE", "Must be a whole number");
        n = (int64_t)json_integer_value(v);
    }
    bool limited = f->min != 0 || f->max != 0;
    if (limited && n < f->min) return bad_number(b, "OUT_OF_RANGE", "Must be at least", f->min);
    if (f->max != 0 && n > f->max) return bad_number(b, "OUT_OF_RANGE", "Must be at most", f->max);
    return json_integer(n);
}

static json_t *bind_number(struct bind *b, const struct field *f, json_t *v)
{
    json_t *number = NULL;
    if (b->text) {
        const char *text = json_string_value(v);
        const char *first = text[0] == '-' ? text + 1 : text;
        if (*first >= '0' && *first <= '9') number = json_loads(text, JSON_DECODE_ANY, NULL);
        if (!number) return bad(b, "INVALID_NUMBER", "Must be a number");
    } else {
        if (!json_is_number(v)) return bad(b, "INVALID_TYPE", "Must be a number");
        number = json_incref(v);
    }
    double n = json_number_value(number);
    bool limited = f->min != 0 || f->max != 0;
    bool low = limited && n < (double)f->min;
    bool high = f->max != 0 && n > (double)f->max;
    if (!low && !high) return number;
    json_decref(number);
    return low ? bad_number(b, "OUT_OF_RANGE", "Must be at least", f->min)
               : bad_number(b, "OUT_OF_RANGE", "Must be at most", f->max);
}

static json_t *bind_bool(struct bind *b, json_t *v)
{
    if (!b->text)
        return json_is_boolean(v) ? json_incref(v)
                                  : bad(b, "INVALID_TYPE", "Must be true or false");
    const char *text = json_string_value(v);
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0) return json_true();
    if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0) return json_false();
    return bad(b, "INVALID_BOOLEAN", "Must be true or false");
}

static json_t *bind_text(struct bind *b, const struct field *f, const json_t *v)
{
    if (!json_is_string(v)) return bad(b, "INVALID_TYPE", "Must be text");
    size_t len = json_string_length(v);
    if (!text_valid(json_string_value(v), len))
        return bad(b, "INVALID_TEXT", "Must not hold control characters");
    CLEANUP(buf_free) struct buf t = BUF_INIT(len + 1);
    field_text_clean(json_string_value(v), len, !f->raw, &t);
    int64_t max = f->max > 0 ? f->max : TEXT_MAX_DEFAULT;
    int64_t length = (int64_t)text_length(buf_str(&t));
    if (f->required && length == 0 && !f->raw) return bad(b, "REQUIRED", "Must not be empty");
    if (length > max) return bad_number(b, "TOO_LONG", "Longest allowed, in characters:", max);
    if (length < f->min)
        return bad_number(b, "TOO_SHORT", "Shortest allowed, in characters:", f->min);
    return json_stringn(buf_str(&t), t.len);
}

/* Short texts of a fixed form: one check each, no inner white space to keep, so always trimmed. */
struct form {
    bool (*valid)(const char *s);
    const char *code, *words;
    int64_t max;
};
static const struct form forms[] = {
    [F_UUID] = {field_uuid, "INVALID_UUID", "Must be a UUID", 36},
    [F_EMAIL] = {field_email, "INVALID_EMAIL", "Must be an e-mail address", 254},
    [F_PHONE] = {field_phone, "INVALID_PHONE", "Must be a telephone number", 40},
    [F_URL] = {field_url, "INVALID_URL", "Must be an http or https address", URL_MAX_DEFAULT},
    [F_COLOR] = {field_color, "INVALID_COLOR", "Must be a colour like #1f6feb", 7},
    [F_DATE] = {field_date, "INVALID_DATE", "Must be a date like 2026-11-19", 10},
    [F_DATETIME] = {field_datetime, "INVALID_DATETIME",
                    "Must be a time with zone like 2026-11-19T13:42:05Z", 40},
    [F_SLUG] = {field_slug, "INVALID_SLUG", "May hold a-z, 0-9, _ and - only", 64},
};

static json_t *bind_form(struct bind *b, const struct field *f, const json_t *v)
{
    const struct form *form = &forms[f->type];
    if (!json_is_string(v)) return bad(b, "INVALID_TYPE", "Must be text");
    size_t len = json_string_length(v);
    int64_t max = f->max > 0 && (f->type == F_URL || f->type == F_SLUG) ? f->max : form->max;
    CLEANUP(buf_free) struct buf t = BUF_INIT(len + 1);
    field_text_clean(json_string_value(v), len, true, &t);
    if (f->required && t.len == 0) return bad(b, "REQUIRED", "Must not be empty");
    if (!text_valid(buf_str(&t), t.len)) return bad(b, form->code, form->words);
    if ((int64_t)t.len > max)
        return bad_number(b, "TOO_LONG", "Longest allowed, in characters:", max);
    if (f->type == F_EMAIL || f->type == F_UUID) field_lower(t.data, t.len);
    if (!form->valid(buf_str(&t))) return bad(b, form->code, form->words);
    return json_stringn(buf_str(&t), t.len);
}

static json_t *bind_enum(struct bind *b, const struct field *f, json_t *v)
{
    if (!json_is_string(v)) return bad(b, "INVALID_TYPE", "Must be text");
    const char *text = json_string_value(v);
    if (field_choice(f->values, text, json_string_length(v))) return json_incref(v);
    b->failed = true;
    (void)fault_field(b->c, b->path, "INVALID_CHOICE", "Must be one of %s", f->values);
    return NULL;
}

/* --- lists and objects ----------------------------------------------------------------- */

/* JSON inside a text value; a new reference that the arena owns (json_parse), or NULL with the
 * fault noted. */
static json_t *json_in_text(struct bind *b, const json_t *v)
{
    json_t *parsed = NULL;
    const char *why = NULL;
    if (json_parse(b->c->arena, json_string_value(v), json_string_length(v), &parsed, &why) ==
        ERR_OK)
        return parsed;
    return bad(b, "INVALID_JSON", why ? why : "Must be JSON");
}

static bool known(const struct field *fields, enum field_place place, bool nested, const char *name)
{
    for (const struct field *f = fields; f && f->name; f++)
        if ((nested || f->in == place) && strcmp(f->name, name) == 0) return f->type != F_FILE;
    return false;
}

static void refuse_unknown(struct bind *b, const struct field *fields, enum field_place place,
                           bool nested, json_t *in)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(in, key, value)
    {
        if (known(fields, place, nested, key)) continue;
        size_t before = path_push(b, key);
        (void)bad(b, "UNKNOWN_FIELD", "There is no such field");
        path_pop(b, before);
        if (b->c->fault.detail_count >= FAULT_DETAILS_MAX) return;
    }
}

/* Bind the fields of one object into out. Nested objects know no places. */
static void bind_members(struct bind *b, const struct field *fields, enum field_place place,
                         bool nested, json_t *in, json_t *out)
{
    for (const struct field *f = fields; f && f->name; f++) {
        if ((!nested && f->in != place) || f->type == F_FILE) continue;
        json_t *v = json_object_get(in, f->name);
        size_t before = path_push(b, f->name);
        json_t *bound = NULL;
        if (!v || (json_is_null(v) && f->required && !f->nullable)) {
            if (f->required)
                (void)bad(b, "REQUIRED", "This field is needed");
            else if (f->otherwise)
                bound = json_loads(f->otherwise, JSON_DECODE_ANY, NULL);
        } else if (json_is_null(v)) {
            bound = f->nullable ? json_null() : bad(b, "INVALID_TYPE", "Must not be null");
        } else {
            bound = bind_value(b, f, v);
        }
        path_pop(b, before);
        if (bound) json_object_set_new(out, f->name, bound);
    }
}

static json_t *bind_object(struct bind *b, const struct field *fields, int64_t max, json_t *v)
{
    bool was_text = b->text;
    if (was_text && json_is_string(v)) {
        v = json_in_text(b, v);
        if (!v) return NULL;
    }
    if (!json_is_object(v)) return bad(b, "INVALID_TYPE", "Must be an object");
    if (!fields) { /* a free object */
        if ((int64_t)json_dumpb(v, NULL, 0, JSON_COMPACT) > max)
            return bad_number(b, "TOO_LONG", "Largest allowed, in bytes:", max);
        return json_incref(v);
    }
    b->text = false;
    json_t *out = json_object();
    refuse_unknown(b, fields, IN_BODY, true, v);
    bind_members(b, fields, IN_BODY, true, v, out);
    b->text = was_text;
    return out;
}

/* "a,b,c" as a list of texts (a new reference). Lists of free text are not split: a comma may
 * belong to it. */
static json_t *split_list(const struct field *f, const json_t *v)
{
    json_t *list = json_array();
    const char *s = json_string_value(v);
    if (f->of == F_TEXT) {
        if (*s) json_array_append_new(list, json_string(s));
        return list;
    }
    while (*s) {
        size_t len = strcspn(s, ",");
        if (len > 0) json_array_append_new(list, json_stringn(s, len));
        s += len + (s[len] == ',');
    }
    return list;
}

struct field field_item(const struct field *f)
{
    return (struct field){
        .name = f->name,
        .type = f->of,
        .fields = f->fields,
        .values = f->values,
        .max = f->item_max,
        .required = true,
    };
}

/* The items of a list, bound; v is an array. */
static json_t *bind_items(struct bind *b, const struct field *f, json_t *v)
{
    int64_t count = (int64_t)json_array_size(v);
    int64_t max = f->max > 0 ? f->max : ITEMS_MAX_DEFAULT;
    if (count > max) return bad_number(b, "TOO_MANY", "Most items allowed:", max);
    if (count < f->min || (f->required && count == 0))
        return bad_number(b, "TOO_FEW", "Fewest items allowed:", f->min > 0 ? f->min : 1);
    const struct field item = field_item(f);
    json_t *out = json_array();
    for (size_t i = 0; i < (size_t)count; i++) {
        size_t before = path_push_index(b, i);
        json_t *bound = bind_value(b, &item, json_array_get(v, i));
        path_pop(b, before);
        if (bound) json_array_append_new(out, bound);
    }
    return out;
}

static json_t *bind_array(struct bind *b, const struct field *f, json_t *v)
{
    bool was_text = b->text;
    json_t *split = NULL;
    if (was_text && json_is_string(v)) {
        if (json_string_value(v)[0] == '[') {
            v = json_in_text(b, v);
            if (!v) return NULL;
            b->text = false;
        } else {
            v = split = split_list(f, v);
        }
    } else if (was_text && json_is_array(v) && f->of == F_OBJECT) {
        b->text = true; /* repeated parts, each an object as JSON text */
    }
    json_t *out = json_is_array(v) ? bind_items(b, f, v) : bad(b, "INVALID_TYPE", "Must be a list");
    b->text = was_text;
    json_decref(split);
    return out;
}

static json_t *bind_any(struct bind *b, const struct field *f, json_t *v)
{
    if (b->text && json_is_string(v)) {
        v = json_in_text(b, v);
        if (!v) return NULL;
    }
    int64_t max = f->max > 0 ? f->max : JSON_MAX_DEFAULT;
    if ((int64_t)json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > max)
        return bad_number(b, "TOO_LONG", "Largest allowed, in bytes:", max);
    return json_incref(v);
}

/* A new reference to the checked value, or NULL with the fault noted. v is not null (json). */
static json_t *bind_value(struct bind *b, const struct field *f, json_t *v)
{
    if (b->text && json_is_array(v) && f->type != F_ARRAY)
        return bad(b, "DUPLICATE", "Given more than once");
    if (b->text && !json_is_array(v) && !json_is_string(v))
        return bad(b, "INVALID_TYPE", "Must be text");
    switch (f->type) {
    case F_TEXT: return bind_text(b, f, v);
    case F_INT: return bind_int(b, f, v);
    case F_NUMBER: return bind_number(b, f, v);
    case F_BOOL: return bind_bool(b, v);
    case F_ENUM: return bind_enum(b, f, v);
    case F_UUID:
    case F_EMAIL:
    case F_PHONE:
    case F_URL:
    case F_COLOR:
    case F_DATE:
    case F_DATETIME:
    case F_SLUG: return bind_form(b, f, v);
    case F_OBJECT: return bind_object(b, f->fields, f->max > 0 ? f->max : JSON_MAX_DEFAULT, v);
    case F_ARRAY: return bind_array(b, f, v);
    case F_JSON: return bind_any(b, f, v);
    case F_FILE: break;
    }
    return bad(b, "INVALID_TYPE", "Send the file as a part of a form");
}

static enum err bind_all(struct bind *b, const struct field *fields, enum field_place place,
                         json_t *in)
{
    if (in && !json_is_object(in))
        return fault(b->c, ERR_INVALID, NULL, "The body must be a JSON object");
    if (place == IN_BODY || place == IN_QUERY) refuse_unknown(b, fields, place, false, in);
    bind_members(b, fields, place, false, in, b->c->in);
    return b->failed ? ERR_INVALID : ERR_OK;
}

enum err fields_bind(struct ctx *c, const struct field *fields, enum field_place place,
                     const json_t *input)
{
    struct bind b = {.c = c, .text = place != IN_BODY};
    return bind_all(&b, fields, place,
                    (json_t *)(uintptr_t)input); /* only read; jansson's getters want no const */
}

enum err fields_bind_form(struct ctx *c, const struct field *fields, const json_t *form)
{
    struct bind b = {.c = c, .text = true};
    return bind_all(&b, fields, IN_BODY, (json_t *)(uintptr_t)form);
}
