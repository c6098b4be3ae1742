/* The OpenAPI document made from a few rows: parameters, bodies, answers, errors, who may.
 * OPENAPI_OUT=FILE keeps it. That the whole document is valid OpenAPI 3.1 is checked in
 * tests/api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/app.h"
#include "core/router.h"

const char *request_header(const struct ctx *c, const struct request *r, const char *name)
{
    (void)c, (void)r, (void)name;
    return NULL;
}

static enum err handler(struct ctx *c, struct request *r, struct reply *p)
{
    (void)c, (void)r, (void)p;
    return ERR_OK;
}

static const struct field person_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "name", .type = F_TEXT, .required = true, .example = "\"Beatriz\""},
    {0},
};
static const struct schema person = {"Person", "Somebody.", person_shape};
static const struct field tag_shape[] = {
    {.name = "id", .type = F_UUID, .required = true},
    {.name = "color", .type = F_COLOR, .nullable = true},
    {.name = "owner", .type = F_OBJECT, SCHEMA_REF(person_shape), .nullable = true},
    {.name = "readers",
     .type = F_ARRAY,
     .of = F_OBJECT,
     SCHEMA_REF(person_shape),
     .required = true},
    {0},
};
static const struct schema tag = {"Tag", "A mark.", tag_shape};

static const struct field contact[] = {
    {.name = "kind", .type = F_ENUM, .values = "phone|email", .required = true},
    {0},
};
static const struct field create_fields[] = {
    {.name = "name",
     .type = F_TEXT,
     .required = true,
     .max = 80,
     .help = "What it is called.",
     .example = "\"VIP\""},
    {.name = "secret", .type = F_TEXT, .secret = true, .min = 20},
    {.name = "contacts", .type = F_ARRAY, .of = F_OBJECT, .fields = contact, .max = 5},
    {.name = "size", .type = F_INT, .min = 1, .max = 9, .otherwise = "3"},
    {.name = "picture", .type = F_FILE, .required = false},
    {.name = "force", .type = F_BOOL, .in = IN_QUERY},
    {0},
};
static const struct field list_fields[] = {
    {.name = "kind", .type = F_ARRAY, .of = F_ENUM, .values = "a|b", .in = IN_QUERY},
    {.name = "slug", .type = F_SLUG, .in = IN_PATH, .required = true},
    {0},
};

static const struct route rows[] = {
    {HTTP_POST, "/api/{organizationId}/tags", "tags.create", "Make a tag.", "Tags", .permission = 7,
     .creates = true, .multipart = true, .fields = create_fields, .answer = &tag,
     .errors = "409 TAG_DUPLICATE|422 TAG_LIMIT", .handler = handler},
    {HTTP_GET, "/api/{organizationId}/tags/{slug}/{personId}", "tags.list", "Tags.", "Tags",
     .fields = list_fields, .answer = &tag, .shape = ANSWER_LIST, .no_keys = true,
     .handler = handler},
    {HTTP_DELETE, "/api/{organizationId}/people/{personId}", "people.delete", "Gone.", "People",
     .shape = ANSWER_EMPTY, .handler = handler},
    {HTTP_GET, "/api/me", "me.get", "Me.", "People", .access = ACCESS_USER, .answer = &person,
     .handler = handler},
    {HTTP_GET, "/{path*}", .access = ACCESS_PUBLIC, .handler = handler},
    {0},
};

static const char *permission_name(int permission)
{
    return permission == 7 ? "tags.manage" : NULL;
}

/* Member by member: at(j, "paths", "/x", "get", NULL). */
static const json_t *at(const json_t *j, ...)
{
    va_list ap;
    va_start(ap, j);
    const char *key;
    while (j && (key = va_arg(ap, const char *))) {
        bool index = json_is_array(j) && *key >= '0' && *key <= '9';
        j = index ? json_array_get(j, (size_t)strtoul(key, NULL, 10)) : json_object_get(j, key);
    }
    va_end(ap);
    return j;
}

#define assert_text(j, ...)                                                                        \
    assert_string_equal(json_string_value(j) ? json_string_value(j) : "none", __VA_ARGS__)

static void test_document(void **state)
{
    (void)state;
    static const struct route *const tables[] = {rows, NULL};
    static const struct router_auth auth = {NULL, permission_name};
    static const struct tables all = {.routes = tables, .auth = &auth};
    struct app app = {.tables = &all, .router = router_new(tables)};
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(&app, 16 * MIB, INT64_MAX);
    const char *text = openapi_document(c, app.router);
    assert_ptr_equal(text, openapi_document(c, app.router)); /* made once */
    const char *out = getenv("OPENAPI_OUT");
    FILE *f = out ? fopen(out, "we") : NULL;
    if (f) {
        fputs(text, f);
        fclose(f);
    }
    json_t *d = json_loads(text, 0, NULL);
    assert_non_null(d);
    assert_text(at(d, "openapi", NULL), "3.1.0");
    assert_int_equal(json_object_size(at(d, "paths", NULL)), 4); /* pages stay out */

    const json_t *create = at(d, "paths", "/api/{organizationId}/tags", "post", NULL);
    assert_text(at(create, "operationId", NULL), "tags.create");
    assert_text(at(create, "x-permission", NULL), "tags.manage");
    assert_true(json_is_true(at(create, "x-api-keys", NULL)));
    assert_text(at(create, "parameters", "0", "$ref", NULL),
                "#/components/parameters/organizationId");
    assert_text(at(create, "parameters", "1", "name", NULL), "force");
    assert_text(at(create, "parameters", "2", "$ref", NULL),
                "#/components/parameters/idempotencyKey");
    assert_int_equal(json_array_size(at(create, "security", NULL)), 3);
    assert_text(at(create, "requestBody", "content", "application/json", "schema", "$ref", NULL),
                "#/components/schemas/TagsCreateBody");
    assert_text(at(create, "requestBody", "content", "application/json", "example", "name", NULL),
                "VIP");
    assert_text(
        at(create, "responses", "201", "content", "application/json", "schema", "$ref", NULL),
        "#/components/schemas/Tag");
    assert_text(at(create, "responses", "409", "x-codes", "0", NULL), "TAG_DUPLICATE");
    assert_text(at(create, "responses", "422", "x-codes", "1", NULL), "TAG_LIMIT");
    assert_non_null(at(create, "responses", "429", NULL));

    const json_t *body = at(d, "components", "schemas", "TagsCreateBody", NULL);
    assert_true(json_is_false(at(body, "additionalProperties", NULL)));
    assert_text(at(body, "required", "0", NULL), "name");
    assert_int_equal(json_integer_value(at(body, "properties", "name", "minLength", NULL)), 1);
    assert_int_equal(json_integer_value(at(body, "properties", "name", "maxLength", NULL)), 80);
    assert_int_equal(json_integer_value(at(body, "properties", "size", "default", NULL)), 3);
    assert_int_equal(json_integer_value(at(body, "properties", "contacts", "maxItems", NULL)), 5);
    assert_text(
        at(body, "properties", "contacts", "items", "properties", "kind", "enum", "1", NULL),
        "email");
    assert_null(at(body, "properties", "picture", NULL));
    assert_null(at(body, "properties", "force", NULL));
    assert_non_null(at(create, "requestBody", "content", "multipart/form-data", "schema",
                       "properties", "picture", NULL));

    const json_t *shape = at(d, "components", "schemas", "Tag", "properties", NULL);
    assert_text(at(shape, "owner", "anyOf", "0", "$ref", NULL), "#/components/schemas/Person");
    assert_text(at(shape, "owner", "anyOf", "1", "type", NULL), "null");
    assert_text(at(shape, "readers", "items", "$ref", NULL), "#/components/schemas/Person");
    assert_text(at(shape, "color", "type", "1", NULL), "null");

    const json_t *list =
        at(d, "paths", "/api/{organizationId}/tags/{slug}/{personId}", "get", NULL);
    assert_text(at(list, "parameters", "1", "name", NULL), "slug");
    assert_text(at(list, "parameters", "2", "schema", "format", NULL), "uuid");
    assert_true(json_is_true(at(list, "parameters", "2", "required", NULL)));
    assert_true(json_is_false(at(list, "parameters", "3", "explode", NULL)));
    assert_text(at(list, "responses", "200", "content", "application/json", "schema", "properties",
                   "items", "items", "$ref", NULL),
                "#/components/schemas/Tag");
    assert_int_equal(json_array_size(at(list, "security", NULL)), 1);
    assert_non_null(at(d, "paths", "/api/{organizationId}/people/{personId}", "delete", "responses",
                       "204", NULL));
    assert_null(at(d, "paths", "/api/me", "get", "responses", "404", NULL));
    assert_text(at(d, "paths", "/api/me", "get", "x-access", NULL), "user");
    json_decref(d);
    router_free(app.router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_document)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
