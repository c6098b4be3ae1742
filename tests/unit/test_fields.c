/* Binding of input to field rows: each type, its limits and codes, paths of bad fields, text
 * forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "core/router.h"

static const struct field contact[] = {
    {.name = "type", .type = F_ENUM, .values = "phone|email", .required = true},
    {.name = "value", .type = F_TEXT, .required = true, .max = 20},
    {0},
};

static const struct field fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 2, .max = 5},
    {.name = "note", .type = F_TEXT, .nullable = true},
    {.name = "raw", .type = F_TEXT, .raw = true},
    {.name = "age", .type = F_INT, .min = 1, .max = 150},
    {.name = "free", .type = F_INT},
    {.name = "price", .type = F_NUMBER, .min = -2, .max = 2},
    {.name = "on", .type = F_BOOL, .otherwise = "true"},
    {.name = "id", .type = F_UUID},
    {.name = "kind", .type = F_ENUM, .values = "text|image"},
    {.name = "email", .type = F_EMAIL},
    {.name = "phone", .type = F_PHONE},
    {.name = "url", .type = F_URL},
    {.name = "color", .type = F_COLOR},
    {.name = "day", .type = F_DATE},
    {.name = "at", .type = F_DATETIME},
    {.name = "slug", .type = F_SLUG},
    {.name = "owner", .type = F_OBJECT, .fields = contact},
    {.name = "bag", .type = F_OBJECT, .max = 20},
    {.name = "contacts", .type = F_ARRAY, .of = F_OBJECT, .fields = contact, .max = 2},
    {.name = "tags", .type = F_ARRAY, .of = F_TEXT, .min = 1, .item_max = 3},
    {.name = "kinds", .type = F_ARRAY, .of = F_ENUM, .values = "a|b"},
    {.name = "numbers", .type = F_ARRAY, .of = F_INT},
    {.name = "any", .type = F_JSON, .max = 10, .nullable = true},
    {.name = "page", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 9, .otherwise = "3"},
    {.name = "flag", .type = F_BOOL, .in = IN_QUERY},
    {.name = "ratio", .type = F_NUMBER, .in = IN_QUERY},
    {.name = "ids", .type = F_ARRAY, .of = F_INT, .in = IN_QUERY},
    {.name = "words", .type = F_ARRAY, .of = F_TEXT, .in = IN_QUERY},
    {.name = "file", .type = F_FILE},
    {0},
};

static struct ctx *bind_place(const char *json, enum field_place place, enum err expected)
{
    struct ctx *c = ctx_new(NULL, MIB, 0);
    json_t *in = json_loads(json, 0, NULL);
    assert_non_null(in);
    assert_int_equal(fields_bind(c, fields, place, in), expected);
    json_decref(in);
    return c;
}

/* Binds {"name":"Ana", <member>} and gives the bound member as text, or "field CODE" of the
 * first fault. */
static const char *bound(struct ctx **ret_c, const char *name, const char *value)
{
    static char out[300];
    char text[600];
    snprintf(text, sizeof text, "{\"name\":\"Ana\",\"%s\":%s}", name, value);
    struct ctx *c = ctx_new(NULL, MIB, 0);
    json_t *in = json_loads(text, JSON_ALLOW_NUL, NULL);
    assert_non_null(in);
    enum err e = fields_bind(c, fields, IN_BODY, in);
    json_decref(in);
    if (e) {
        assert_int_equal(e, ERR_INVALID);
        assert_int_equal(c->fault.err, ERR_INVALID);
        assert_string_equal(c->fault.code, "VALIDATION_ERROR");
        snprintf(out, sizeof out, "%s %s", c->fault.details[0].field, c->fault.details[0].code);
    } else {
        char *dump = json_dumps(in_json(c, name), JSON_ENCODE_ANY | JSON_COMPACT);
        snprintf(out, sizeof out, "%s", dump ? dump : "absent");
        free(dump);
    }
    if (ret_c)
        *ret_c = c;
    else
        ctx_free(c);
    return out;
}

#define LONG_50 "01234567890123456789012345678901234567890123456789"

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *expected;
    } rows[] = {
        {"note", "\"  hi\\r\\nyou \\u00a0\"", "\"hi\\nyou\""},
        {"note", "null", "null"},
        {"note", "\"\"", "\"\""},
        {"note", "\"a\\u0007b\"", "note INVALID_TEXT"},
        {"note", "\"a\\u0000b\"", "note INVALID_TEXT"},
        {"note", "5", "note INVALID_TYPE"},
        {"raw", "\" x \"", "\" x \""},
        {"raw", "null", "raw INVALID_TYPE"},
        {"age", "30", "30"},
        {"age", "0", "age OUT_OF_RANGE"},
        {"age", "151", "age OUT_OF_RANGE"},
        {"age", "\"30\"", "age INVALID_TYPE"},
        {"age", "30.0", "age INVALID_TYPE"},
        {"free", "-9223372036854775807", "-9223372036854775807"},
        {"price", "1.5", "1.5"},
        {"price", "-2", "-2"},
        {"price", "-2.5", "price OUT_OF_RANGE"},
        {"price", "3", "price OUT_OF_RANGE"},
        {"price", "\"1\"", "price INVALID_TYPE"},
        {"on", "false", "false"},
        {"on", "1", "on INVALID_TYPE"},
        {"on", "null", "on INVALID_TYPE"},
        {"id", "\"0190A5F0-7b3a-7c4e-8000-0123456789ab\"",
         "\"0190a5f0-7b3a-7c4e-8000-0123456789ab\""},
        {"id", "\"0190a5f0\"", "id INVALID_UUID"},
        {"id", "\"0190a5f0-7b3a-7c4e-8000-0123456789ab0\"", "id TOO_LONG"},
        {"id", "7", "id INVALID_TYPE"},
        {"kind", "\"image\"", "\"image\""},
        {"kind", "\"ima\"", "kind INVALID_CHOICE"},
        {"kind", "\"text|image\"", "kind INVALID_CHOICE"},
        {"kind", "\"\"", "kind INVALID_CHOICE"},
        {"kind", "\"image\\u0000\"", "kind INVALID_CHOICE"},
        {"email", "\" Ana.Lima+x@Example.COM \"", "\"ana.lima+x@example.com\""},
        {"email", "\"ana@localhost\"", "email INVALID_EMAIL"},
        {"email", "\"a b@example.com\"", "email INVALID_EMAIL"},
        {"email", "\"a@b@example.com\"", "email INVALID_EMAIL"},
        {"email", "\"<a@example.com>\"", "email INVALID_EMAIL"},
        {"email", "\"a@example..com\"", "email INVALID_EMAIL"},
        {"email", "\"a@example.com\\u0000x\"", "email INVALID_EMAIL"},
        {"phone", "\"+55 (11) 98421-7730\"", "\"+55 (11) 98421-7730\""},
        {"phone", "\"(+55) 11 98421.7730\"", "\"(+55) 11 98421.7730\""},
        {"phone", "\"12345\"", "phone INVALID_PHONE"},
        {"phone", "\"5511+984217730\"", "phone INVALID_PHONE"},
        {"phone", "\"call me 12345678\"", "phone INVALID_PHONE"},
        {"url", "\"https://example.com/a?b=c#d\"", "\"https://example.com/a?b=c#d\""},
        {"url", "\"javascript:alert(1)\"", "url INVALID_URL"},
        {"url", "\"http://\"", "url INVALID_URL"},
        {"url", "\"http://user@example.com\"", "url INVALID_URL"},
        {"url", "\"https://exam ple.com\"", "url INVALID_URL"},
        {"color", "\"#1F6feb\"", "\"#1F6feb\""},
        {"color", "\"red\"", "color INVALID_COLOR"},
        {"color", "\"#12345g\"", "color INVALID_COLOR"},
        {"day", "\"2028-02-29\"", "\"2028-02-29\""},
        {"day", "\"2026-02-29\"", "day INVALID_DATE"},
        {"at", "\"2026-11-19T13:42:05-03:00\"", "\"2026-11-19T13:42:05-03:00\""},
        {"at", "\"2026-11-19T13:42:05\"", "at INVALID_DATETIME"},
        {"slug", "\"a-b_9\"", "\"a-b_9\""},
        {"slug", "\"A b\"", "slug INVALID_SLUG"},
        {"slug", "\"" LONG_50 LONG_50 "\"", "slug TOO_LONG"},
        {"owner", "{\"type\":\"email\",\"value\":\" x \"}", "{\"type\":\"email\",\"value\":\"x\"}"},
        {"owner", "{\"type\":\"fax\",\"value\":\"x\"}", "owner.type INVALID_CHOICE"},
        {"owner", "{\"type\":\"email\"}", "owner.value REQUIRED"},
        {"owner", "{\"type\":\"email\",\"value\":null}", "owner.value REQUIRED"},
        {"owner", "{\"type\":\"email\",\"value\":\"x\",\"extra\":1}", "owner.extra UNKNOWN_FIELD"},
        {"owner", "[]", "owner INVALID_TYPE"},
        {"bag", "{\"a\":[1,2]}", "{\"a\":[1,2]}"},
        {"bag", "{\"a\":\"01234567890123456789\"}", "bag TOO_LONG"},
        {"contacts", "[{\"type\":\"email\",\"value\":\"x\"},{\"type\":\"phone\",\"value\":\"\"}]",
         "contacts[1].value REQUIRED"},
        {"contacts", "[1]", "contacts[0] INVALID_TYPE"},
        {"contacts", "[null]", "contacts[0] INVALID_TYPE"},
        {"contacts", "[1,2,3]", "contacts TOO_MANY"},
        {"contacts", "{}", "contacts INVALID_TYPE"},
        {"tags", "[\"a\",\" b \"]", "[\"a\",\"b\"]"},
        {"tags", "[]", "tags TOO_FEW"},
        {"tags", "[\"a\",\"bcde\"]", "tags[1] TOO_LONG"},
        {"tags", "\"a\"", "tags INVALID_TYPE"},
        {"kinds", "[\"a\",\"c\"]", "kinds[1] INVALID_CHOICE"},
        {"numbers", "[1,2,3]", "[1,2,3]"},
        {"numbers", "[1,\"2\"]", "numbers[1] INVALID_TYPE"},
        {"any", "[1,2,3]", "[1,2,3]"},
        {"any", "null", "null"},
        {"any", "\"0123456789\"", "any TOO_LONG"},
        {"file", "\"x\"", "file UNKNOWN_FIELD"},
        {"nope", "1", "nope UNKNOWN_FIELD"},
        {"page", "1", "page UNKNOWN_FIELD"},
        {"a\\nb", "1", "a\nb UNKNOWN_FIELD"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *got = bound(NULL, rows[i].name, rows[i].value);
        if (strcmp(got, rows[i].expected) != 0)
            fail_msg("%s = %s: expected %s, got %s", rows[i].name, rows[i].value, rows[i].expected,
                     got);
    }
}

static void test_lengths_count_characters(void **state)
{
    (void)state;
    ctx_free(bind_place("{\"name\":\"Zoë\\u00e9é\"}", IN_BODY, ERR_OK));
    struct ctx *c = bind_place("{\"name\":\"ãããããã\"}", IN_BODY, ERR_INVALID);
    assert_string_equal(c->fault.details[0].code, "TOO_LONG");
    ctx_free(c);
    c = bind_place("{\"name\":\" ã \"}", IN_BODY, ERR_INVALID);
    assert_string_equal(c->fault.details[0].code, "TOO_SHORT");
    ctx_free(c);
}

static void test_required_and_defaults(void **state)
{
    (void)state;
    struct ctx *c = bind_place("{}", IN_BODY, ERR_INVALID);
    assert_int_equal(c->fault.detail_count, 1);
    assert_string_equal(c->fault.details[0].field, "name");
    assert_string_equal(c->fault.details[0].code, "REQUIRED");
    ctx_free(c);
    c = bind_place("{\"name\":\"  \"}", IN_BODY, ERR_INVALID);
    assert_string_equal(c->fault.details[0].code, "REQUIRED");
    ctx_free(c);
    c = bind_place("{\"name\":\"Ana\",\"note\":null}", IN_BODY, ERR_OK);
    assert_true(in_bool(c, "on", false));
    assert_true(in_has(c, "note"));
    assert_null(in_text(c, "note"));
    assert_false(in_has(c, "raw"));
    assert_int_equal(in_int(c, "age", 7), 7);
    assert_true(uuid_is_nil(in_uuid(c, "id")));
    ctx_free(c);
    c = ctx_new(NULL, MIB, 0);
    assert_int_equal(fields_bind(c, fields, IN_BODY, NULL), ERR_INVALID);
    ctx_free(c);
    c = ctx_new(NULL, MIB, 0);
    json_t *list = json_array();
    assert_int_equal(fields_bind(c, fields, IN_BODY, list), ERR_INVALID);
    json_decref(list);
    ctx_free(c);
}

static void test_text_places(void **state)
{
    (void)state;
    struct ctx *c = bind_place(
        "{\"page\":\"7\",\"flag\":\"1\",\"ratio\":\"-0.5e1\",\"ids\":\"1,2,,3\",\"words\":\"a,b\"}",
        IN_QUERY, ERR_OK);
    assert_int_equal(in_int(c, "page", 0), 7);
    assert_true(in_bool(c, "flag", false));
    assert_true(json_real_value(in_json(c, "ratio")) == -5.0);
    assert_int_equal(json_array_size(in_json(c, "ids")), 3);
    assert_int_equal(json_array_size(in_json(c, "words")), 1);
    ctx_free(c);
    c = bind_place("{\"words\":[\"a\",\"b\"]}", IN_QUERY, ERR_OK);
    assert_int_equal(json_array_size(in_json(c, "words")), 2);
    assert_int_equal(in_int(c, "page", 0), 3);
    ctx_free(c);
    static const struct {
        const char *json, *code;
    } bad[] = {
        {"{\"page\":\"x\"}", "INVALID_NUMBER"},
        {"{\"page\":\"99\"}", "OUT_OF_RANGE"},
        {"{\"page\":\"99999999999999999999\"}", "INVALID_NUMBER"},
        {"{\"page\":\"+1\"}", "INVALID_NUMBER"},
        {"{\"page\":\" 1\"}", "INVALID_NUMBER"},
        {"{\"page\":[\"1\",\"2\"]}", "DUPLICATE"},
        {"{\"flag\":\"yes\"}", "INVALID_BOOLEAN"},
        {"{\"ratio\":\"nan\"}", "INVALID_NUMBER"},
        {"{\"ratio\":\"1 2\"}", "INVALID_NUMBER"},
        {"{\"ids\":\"1,b\"}", "INVALID_NUMBER"},
        {"{\"name\":\"Ana\"}", "UNKNOWN_FIELD"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        c = bind_place(bad[i].json, IN_QUERY, ERR_INVALID);
        assert_string_equal(c->fault.details[0].code, bad[i].code);
        ctx_free(c);
    }
}

static void test_form(void **state)
{
    (void)state;
    struct ctx *c = ctx_new(NULL, MIB, 0);
    json_t *form = json_pack("{s:s,s:s,s:s,s:s,s:[s,s]}", "name", "Ana", "age", "30", "owner",
                             "{\"type\":\"email\",\"value\":\"x\"}", "contacts",
                             "[{\"type\":\"email\",\"value\":\"y\"}]", "tags", "a", "b");
    assert_int_equal(fields_bind_form(c, fields, form), ERR_OK);
    assert_int_equal(in_int(c, "age", 0), 30);
    assert_string_equal(json_get_text(in_json(c, "owner"), "type"), "email");
    assert_int_equal(json_array_size(in_json(c, "contacts")), 1);
    assert_int_equal(json_array_size(in_json(c, "tags")), 2);
    json_decref(form);
    ctx_free(c);

    c = ctx_new(NULL, MIB, 0);
    form = json_pack("{s:s,s:s,s:s}", "name", "Ana", "owner", "{not json", "contacts",
                     "[{\"type\":5,\"value\":\"y\"}]");
    assert_int_equal(fields_bind_form(c, fields, form), ERR_INVALID);
    assert_int_equal(c->fault.detail_count, 2);
    assert_string_equal(c->fault.details[0].code, "INVALID_JSON");
    assert_string_equal(c->fault.details[1].field, "contacts[0].type");
    assert_string_equal(c->fault.details[1].code, "INVALID_TYPE");
    json_decref(form);
    ctx_free(c);
}

static void test_many_faults_are_cut(void **state)
{
    (void)state;
    struct ctx *c = ctx_new(NULL, MIB, 0);
    json_t *in = json_object();
    char name[400];
    for (int i = 0; i < 60; i++) {
        memset(name, 'k', sizeof name);
        snprintf(name + 300, sizeof name - 300, "%d", i);
        json_object_set_new(in, name, json_integer(i));
    }
    assert_int_equal(fields_bind(c, fields, IN_BODY, in), ERR_INVALID);
    assert_int_equal(c->fault.detail_count, FAULT_DETAILS_MAX);
    assert_true(strlen(c->fault.details[0].field) < 128);
    json_decref(in);
    ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_lengths_count_characters),
        cmocka_unit_test(test_required_and_defaults),
        cmocka_unit_test(test_text_places),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_many_faults_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
