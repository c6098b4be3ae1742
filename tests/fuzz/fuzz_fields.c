/* Binding of input to field rows: what is accepted keeps every promise of its row, binding it
 * again changes nothing, and what is refused is named in an answer that is JSON. The first byte
 * chooses the way in: a JSON body, a form, or a whole request through the router (path and
 * query). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/app.h"
#include "core/log.h"
#include "core/rate_limit.h"
#include "core/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) abort();
}

static const struct field part[] = {
    {.name = "k", .type = F_ENUM, .values = "a|b|cc", .required = true},
    {.name = "v", .type = F_TEXT, .max = 8, .nullable = true},
    {.name = "n", .type = F_INT, .otherwise = "4"},
    {0},
};
static const struct field fields[] = {
    {.name = "t", .type = F_TEXT, .min = 1, .max = 12},
    {.name = "r", .type = F_TEXT, .raw = true, .nullable = true},
    {.name = "i", .type = F_INT, .min = -5, .max = 900},
    {.name = "f", .type = F_NUMBER, .max = 100},
    {.name = "b", .type = F_BOOL, .nullable = true},
    {.name = "u", .type = F_UUID},
    {.name = "e", .type = F_ENUM, .values = "text|image"},
    {.name = "m", .type = F_EMAIL},
    {.name = "p", .type = F_PHONE},
    {.name = "w", .type = F_URL},
    {.name = "c", .type = F_COLOR},
    {.name = "d", .type = F_DATE},
    {.name = "z", .type = F_DATETIME},
    {.name = "s", .type = F_SLUG},
    {.name = "o", .type = F_OBJECT, .fields = part},
    {.name = "g", .type = F_OBJECT, .max = 64},
    {.name = "l", .type = F_ARRAY, .of = F_OBJECT, .fields = part, .max = 3},
    {.name = "x", .type = F_ARRAY, .of = F_TEXT, .item_max = 4},
    {.name = "y", .type = F_ARRAY, .of = F_INT, .min = 1},
    {.name = "j", .type = F_JSON, .max = 100},
    {0},
};
static const struct field query_fields[] = {
    {.name = "slug", .type = F_SLUG, .in = IN_PATH, .required = true},
    {.name = "t", .type = F_TEXT, .in = IN_QUERY, .max = 12},
    {.name = "i", .type = F_INT, .in = IN_QUERY, .min = -5, .max = 900},
    {.name = "f", .type = F_NUMBER, .in = IN_QUERY},
    {.name = "b", .type = F_BOOL, .in = IN_QUERY},
    {.name = "x", .type = F_ARRAY, .of = F_TEXT, .in = IN_QUERY, .item_max = 4},
    {.name = "y", .type = F_ARRAY, .of = F_INT, .in = IN_QUERY},
    {0},
};

/* --- the promises ---------------------------------------------------------------------- */

static void check_object(const struct field *rows, const json_t *object);

static void check_text(const struct field *f, const json_t *v)
{
    must(json_is_string(v));
    const char *text = json_string_value(v);
    must(text_valid(text, json_string_length(v)) && strlen(text) == json_string_length(v));
    must((int64_t)text_length(text) <= (f->max > 0 ? f->max : 2000) && !strchr(text, '\r'));
    if (f->type == F_TEXT && !f->raw)
        must(text[0] != ' ' && text[0] != '\n' && (!*text || text[strlen(text) - 1] != ' '));
    if (f->type == F_ENUM) must(strstr(f->values, text) && *text);
    if (f->type == F_EMAIL) must(strchr(text, '@') && !strpbrk(text, " <>\n"));
    if (f->type == F_URL) must(strncmp(text, "http", 4) == 0 && !strpbrk(text, " \n\"<"));
    if (f->type == F_UUID) must(strlen(text) == 36);
}

static void check_value(const struct field *f, const json_t *v)
{
    if (json_is_null(v)) {
        must(f->nullable || f->type == F_JSON);
        return;
    }
    switch (f->type) {
    case F_INT:
        must(json_is_integer(v));
        if (f->max) must(json_integer_value(v) >= f->min && json_integer_value(v) <= f->max);
        break;
    case F_NUMBER: must(json_is_number(v)); break;
    case F_BOOL: must(json_is_boolean(v)); break;
    case F_OBJECT:
        must(json_is_object(v));
        if (f->fields) check_object(f->fields, v);
        break;
    case F_ARRAY: {
        const struct field item = {.type = f->of, .fields = f->fields, .max = f->item_max};
        must(json_is_array(v) && (int64_t)json_array_size(v) <= (f->max > 0 ? f->max : 100));
        for (size_t i = 0; i < json_array_size(v); i++)
            check_value(&item, json_array_get(v, i));
        break;
    }
    case F_JSON: break;
    default: check_text(f, v);
    }
}

static void check_object(const struct field *rows, const json_t *object)
{
    size_t known = 0;
    for (const struct field *f = rows; f->name; f++) {
        const json_t *v = json_object_get(object, f->name);
        if (v)
            check_value(f, v);
        else
            must(!f->required && !f->otherwise);
        known += v != NULL;
    }
    must(known == json_object_size(object));
}

static void check_fault(struct ctx *c, enum err e)
{
    struct reply p = {0};
    json_t *answer = NULL;
    must(e == ERR_INVALID && c->fault.err == e && c->fault.detail_count <= FAULT_DETAILS_MAX);
    reply_fault(c, &p, e);
    must(json_parse(c->arena, (const char *)p.body.data, p.body.len, &answer, NULL) == ERR_OK);
    must(json_is_array(json_object_get(answer, "details")));
}

/* --- ways in --------------------------------------------------------------------------- */

static void body(const char *text, size_t size)
{
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(NULL, 64 * MIB, 0);
    CLEANUP(ctx_freep) struct ctx *again = ctx_new(NULL, 64 * MIB, 0);
    json_t *in = NULL;
    if (json_parse(c->arena, text, size, &in, NULL)) return;
    enum err e = fields_bind(c, fields, IN_BODY, in);
    if (e) {
        check_fault(c, e);
        return;
    }
    check_object(fields, c->in);
    must(fields_bind(again, fields, IN_BODY, c->in) == ERR_OK);
    must(json_equal(c->in, again->in));
}

/* Lines of name=value. */
static void form(const char *text, size_t size)
{
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(NULL, 64 * MIB, 0);
    json_t *parts = json_object();
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t len = end ? (size_t)(end - text) : size;
        const char *equals = memchr(text, '=', len);
        if (equals) {
            const char *name = arena_strndup(c->arena, text, (size_t)(equals - text));
            json_t *value = json_stringn(equals + 1, len - (size_t)(equals + 1 - text));
            json_t *before = json_object_get(parts, name);
            if (value && json_is_array(before))
                json_array_append(before, value);
            else if (value && before)
                json_object_set_new(parts, name, json_pack("[O,O]", before, value));
            else if (value)
                json_object_set(parts, name, value);
            json_decref(value);
        }
        text += end ? len + 1 : len;
        size -= end ? len + 1 : len;
    }
    enum err e = fields_bind_form(c, fields, parts);
    if (e)
        check_fault(c, e);
    else
        check_object(fields, c->in);
    json_decref(parts);
}

const char *request_header(const struct ctx *c, const struct request *r, const char *name)
{
    (void)c, (void)r, (void)name;
    return NULL;
}

static enum err handler(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    for (const struct field *f = query_fields; f->name; f++)
        if (in_has(c, f->name)) check_value(f, in_json(c, f->name));
    reply_jsonf(c, p, 200, c->in);
    return ERR_OK;
}

static const struct route rows[] = {
    {HTTP_GET, "/api/pages/{slug}", "pages.get", "Page", "Pages", .access = ACCESS_PUBLIC,
     .rate_per_minute = 1000000000, .fields = query_fields, .handler = handler},
    {HTTP_GET, "/files/{path*}", .access = ACCESS_PUBLIC, .rate_per_minute = 1000000000,
     .handler = handler},
    {0},
};

static void request(const char *text, size_t size)
{
    static const struct route *const tables[] = {rows, NULL};
    static const struct tables all = {.routes = tables};
    log_setup(&(struct log_options){.level = LOG_ERROR + 1});
    struct app app = {
        .tables = &all, .router = router_new(tables), .rate_limiter = rate_limiter_new(64)};
    struct http_callbacks callbacks;
    router_callbacks(&app, &callbacks);
    struct ctx *c = ctx_new(&app, 64 * MIB, INT64_MAX);
    char *path = arena_printf(c->arena, "/%.*s", (int)size, text);
    char *query = strchr(path, '?');
    if (query) *query++ = '\0';
    struct request r = {.method = HTTP_GET, .path = path, .query = query ? query : ""};
    struct reply p = {.fd = -1};
    json_t *answer = NULL;
    callbacks.handle(callbacks.arg, c, &r, &p);
    must(p.kind == REPLY_TEXT && (p.status == 200 || p.status == 400 || p.status == 404));
    must(json_parse(c->arena, (const char *)p.body.data, p.body.len, &answer, NULL) == ERR_OK &&
         json_is_object(answer));
    ctx_free(c);
    router_free(app.router);
    rate_limiter_free(app.rate_limiter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 100 * KIB) return 0;
    const char *text = (const char *)data + 1;
    switch (data[0]) {
    case 'f': form(text, size - 1); break;
    case 'r': request(text, size - 1); break;
    default: body(text, size - 1);
    }
    return 0;
}
