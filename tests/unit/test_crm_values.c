/* Values of custom fields of every kind: what is stored, what clears, what is refused and by which
 * code. */
#include "check.h"

#include "base/json.h"
#include "core/ctx.h"
#include "crm/field_value.h"

struct reading {
    const char *kind;
    const char *value;  /* JSON */
    const char *stored; /* JSON; NULL: refused */
    const char *code;
};

static const char options[] = "[{\"id\":\"a1\",\"label\":\"Ótimo\"},{\"id\":\"b2\",\"label\":"
                              "\"Razoável\"},{\"id\":\"c3\",\"label\":\"Ruim\"}]";

static const struct reading readings[] = {
    {"text", "\"  Rua das Flores \"", "\"Rua das Flores\"", NULL},
    {"text", "\"a\\nb\"", NULL, "INVALID_TEXT"},
    {"text", "12", NULL, "INVALID_TYPE"},
    {"text", "\"\"", "null", NULL},
    {"text", "\"   \"", "null", NULL},
    {"text", "null", "null", NULL},
    {"text", "\"diz \\\"oi\\\"\"", "\"diz \\\"oi\\\"\"", NULL},
    {"long_text", "\"a\\nb\"", "\"a\\nb\"", NULL},
    {"number", "12", "12", NULL},
    {"number", "0.1", "0.1", NULL},
    {"number", "-19.9", "-19.9", NULL},
    {"number", "\"12.50\"", "12.5", NULL},
    {"number", "\"-0\"", "0", NULL},
    {"number", "\"12,5\"", NULL, "INVALID_NUMBER"},
    {"number", "\"0x10\"", NULL, "INVALID_NUMBER"},
    {"number", "\"nan\"", NULL, "INVALID_NUMBER"},
    {"number", "1e300", NULL, "OUT_OF_RANGE"},
    {"number", "true", NULL, "INVALID_NUMBER"},
    {"money", "{\"amountMinor\":1990}", "{\"amountMinor\":1990,\"currency\":\"BRL\"}", NULL},
    {"money", "{\"amountMinor\":500,\"currency\":\"CLP\"}",
     "{\"amountMinor\":500,\"currency\":\"CLP\"}", NULL},
    {"money", "19.9", "{\"amountMinor\":1990,\"currency\":\"BRL\"}", NULL},
    {"money", "1999", "{\"amountMinor\":199900,\"currency\":\"BRL\"}", NULL},
    {"money", "\"-0.07\"", "{\"amountMinor\":-7,\"currency\":\"BRL\"}", NULL},
    {"money", "\"1.999\"", NULL, "INVALID_NUMBER"},
    {"money", "{\"amountMinor\":19.9}", NULL, "INVALID_NUMBER"},
    {"money", "{\"amountMinor\":1,\"currency\":\"reais\"}", NULL, "INVALID_CURRENCY"},
    {"money", "{\"amountMinor\":1,\"currency\":7}", NULL, "INVALID_CURRENCY"},
    {"money", "{\"amountMinor\":9000000000000000}", NULL, "OUT_OF_RANGE"},
    {"date", "\"2026-02-28\"", "\"2026-02-28\"", NULL},
    {"date", "\"2026-02-30\"", NULL, "INVALID_DATE"},
    {"date", "\"28/02/2026\"", NULL, "INVALID_DATE"},
    {"datetime", "\"2026-12-31T09:30:00-03:00\"", "\"2026-12-31T12:30:00.000Z\"", NULL},
    {"datetime", "\"2026-12-31T09:30:00\"", NULL, "INVALID_DATETIME"},
    {"select", "\"b2\"", "\"b2\"", NULL},
    {"select", "\"ÓTIMO\"", "\"a1\"", NULL},
    {"select", "\"razoavel\"", "\"b2\"", NULL},
    {"select", "\"outra\"", NULL, "INVALID_CHOICE"},
    {"select", "[\"a1\"]", NULL, "INVALID_CHOICE"},
    {"multi_select", "[\"Ruim\",\"a1\",\"c3\"]", "[\"a1\",\"c3\"]", NULL},
    {"multi_select", "\"Ruim\"", "[\"c3\"]", NULL},
    {"multi_select", "[]", "null", NULL},
    {"multi_select", "[\"Ruim\",1]", NULL, "INVALID_CHOICE"},
    {"yes_no", "true", "true", NULL},
    {"yes_no", "\"Não\"", "false", NULL},
    {"yes_no", "\"Sí\"", "true", NULL},
    {"yes_no", "0", "false", NULL},
    {"yes_no", "\"talvez\"", NULL, "INVALID_BOOLEAN"},
    {"yes_no", "2", NULL, "INVALID_BOOLEAN"},
    {"link", "\"https://loja.example/p?a=1\"", "\"https://loja.example/p?a=1\"", NULL},
    {"link", "\"javascript:alert(1)\"", NULL, "INVALID_URL"},
    {"phone", "\"(11) 98421-7730\"", "\"+5511984217730\"", NULL},
    {"phone", "\"123\"", NULL, "INVALID_PHONE"},
    {"phone", "\"+55 •• •••••-7730\"", NULL, "INVALID_PHONE"},
    {"email", "\" Ana@UOL.com.br \"", "\"ana@uol.com.br\"", NULL},
    {"email", "\"a•••@uol.com.br\"", NULL, "INVALID_EMAIL"},
    {"email", "\"ana@\"", NULL, "INVALID_EMAIL"},
    {"file", "\"01A1FD19-D77D-76E4-A743-C572F60E80F9\"", "\"01a1fd19-d77d-76e4-a743-c572f60e80f9\"",
     NULL},
    {"file", "\"nota.pdf\"", NULL, "INVALID_UUID"},
    {"nothing", "1", NULL, "INVALID"},
};

static json_t *parsed(struct arena *a, const char *text)
{
    json_t *j = NULL;
    assert_int_equal(json_parse(a, text, strlen(text), &j, NULL), ERR_OK);
    return j;
}

static void test_readings(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(4 * MIB);
    const struct field_home home = {.country = "BR", .currency = "BRL"};
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        const struct reading *r = &readings[i];
        const struct field_def def = {.kind = r->kind, .options = parsed(a, options)};
        const char *stored = NULL;
        const char *code = NULL;
        const char *why = NULL;
        enum err e = field_value_read(a, &def, &home, parsed(a, r->value), &stored, &code, &why);
        if (e != (r->stored ? ERR_OK : ERR_INVALID))
            fail_msg("%s %s: error %d, %s", r->kind, r->value, (int)e, code ? code : "");
        if (r->stored) {
            if (strcmp(stored, r->stored) != 0)
                fail_msg("%s %s: %s, not %s", r->kind, r->value, stored, r->stored);
            (void)parsed(a, stored);
        } else {
            assert_non_null(why);
            if (strcmp(code, r->code) != 0)
                fail_msg("%s %s: %s, not %s", r->kind, r->value, code, r->code);
        }
    }
}

static void test_lengths(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(4 * MIB);
    const struct field_home home = {.country = "BR", .currency = "BRL"};
    const char *stored = NULL;
    const char *code = NULL;
    const char *why = NULL;
    char *text = arena_alloc(a, 2 * (FIELD_TEXT_MAX + 1) + 1);
    for (int i = 0; i < FIELD_TEXT_MAX; i++)
        memcpy(text + 2 * i, "é", 2);
    const struct field_def def = {.kind = "text"};
    json_t *value = json_string(text);
    assert_int_equal(field_value_read(a, &def, &home, value, &stored, &code, &why), ERR_OK);
    json_decref(value);
    memcpy(text + (size_t)2 * FIELD_TEXT_MAX, "é", 2);
    value = json_string(text);
    assert_int_equal(field_value_read(a, &def, &home, value, &stored, &code, &why), ERR_INVALID);
    assert_string_equal(code, "TOO_LONG");
    json_decref(value);
}

static void test_money(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_true(money_minor("19.9", 2, &n) && n == 1990);
    assert_true(money_minor("0.05", 2, &n) && n == 5);
    assert_true(money_minor("19.900", 2, &n) && n == 1990);
    assert_true(money_minor("500", 0, &n) && n == 500);
    assert_true(money_minor("1.234", 3, &n) && n == 1234);
    assert_true(money_minor("-3", 2, &n) && n == -300);
    assert_false(money_minor("1.5", 0, &n));
    assert_false(money_minor("", 2, &n));
    assert_false(money_minor(".5", 2, &n));
    assert_false(money_minor("1.", 2, &n));
    assert_false(money_minor("99999999999999999999", 2, &n));
    assert_int_equal(currency_decimals("CLP"), 0);
    assert_int_equal(currency_decimals("PYG"), 0);
    assert_int_equal(currency_decimals("BRL"), 2);
    assert_int_equal(currency_decimals("KWD"), 3);
}

static void test_fold(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    assert_string_equal(text_fold(a, "AÇÃO ñandú Über"), "acao nandu uber");
    assert_string_equal(text_fold(a, "日本 €"), "日本 €");
    assert_string_equal(text_fold(a, ""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readings),
                                       cmocka_unit_test(test_lengths), cmocka_unit_test(test_money),
                                       cmocka_unit_test(test_fold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
