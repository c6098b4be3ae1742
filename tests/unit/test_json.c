/* JSON in: what is refused and with which words, limits before jansson's recursion, texts. */
#include "check.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

static enum err parse(struct arena *a, const char *text, json_t **j, const char **why)
{
    return json_parse(a, text, strlen(text), j, why);
}

static void values_are_read(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *j = NULL;
    const char *why = "x";
    assert_int_equal(
        parse(a, "{\"name\":\"Ana\",\"n\":7,\"ok\":true,\"list\":[1,2],\"none\":null}", &j, &why),
        0);
    assert_null(why);
    assert_string_equal(json_get_text(j, "name"), "Ana");
    assert_null(json_get_text(j, "n"));
    assert_null(json_get_text(j, "none"));
    assert_null(json_get_text(j, "absent"));
    assert_null(json_get_text(NULL, "absent"));
    assert_int_equal(json_get_int(j, "n", -1), 7);
    assert_int_equal(json_get_int(j, "name", -1), -1);
    assert_true(json_get_bool(j, "ok", false));
    assert_true(json_get_bool(j, "n", true));
    assert_string_equal(json_text(a, json_object_get(j, "list")), "[1,2]");
    assert_string_equal(json_text(a, json_object_get(j, "name")), "\"Ana\"");
    assert_int_equal(parse(a, " 12 ", &j, NULL), 0);
    assert_int_equal(json_integer_value(j), 12);

    CLEANUP(json_decrefp) json_t *own = NULL;
    assert_int_equal(parse(NULL, "[]", &own, NULL), 0);
    assert_true(json_is_array(own));
}

static void bad_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "{\"a\":1,}",
                                      "{\"a\":1}}",
                                      "[1 2]",
                                      "{a:1}",
                                      "'x'",
                                      "nul",
                                      "{\"a\":1,\"a\":2}",
                                      "\"\\u0000\"",
                                      "{\"a\\u0000b\":1}",
                                      "\"\xff\"",
                                      "\"\xc0\xaf\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\\ud800\"",
                                      "\"a\nb\"",
                                      "\"a\x01\"",
                                      "1e999",
                                      "99999999999999999999",
                                      "01",
                                      "[1]x",
                                      "\xef\xbb\xbf{}",
                                      "\"open",
                                      "\"open\\\""};
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *untouched = (json_t *)a;
    json_t *j = untouched;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *why = NULL;
        if (parse(a, bad[i], &j, &why) != ERR_INVALID) fail_msg("%s was taken", bad[i]);
        assert_non_null(why);
        assert_memory_equal(why, "line ", 5);
        assert_ptr_equal(j, untouched);
        assert_int_equal(parse(NULL, bad[i], &j, &why), ERR_INVALID);
        assert_non_null(why);
    }
    assert_int_equal(json_parse(a, "1\0", 2, &j, NULL), ERR_INVALID);
    assert_int_equal(json_parse(a, "[1,\0 2]", 8, &j, NULL), ERR_INVALID);
    assert_int_equal(json_parse(a, "\"a\\\0\"", 5, &j, NULL), ERR_INVALID);
    assert_int_equal(json_parse(a, NULL, 0, &j, NULL), ERR_INVALID);
}

static void the_reason_names_the_line_and_leaks_no_input(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    json_t *j = NULL;
    const char *why = NULL;
    assert_int_equal(parse(a, "{\n \"a\": 1,\n \"b\": secret\n}", &j, &why), ERR_INVALID);
    assert_memory_equal(why, "line 3: ", 8);
    assert_null(strstr(why, "secret"));
}

/* n times open, then n times close. */
static void nest(struct buf *b, size_t n, const char *open, const char *close)
{
    for (size_t i = 0; i < n; i++)
        buf_adds(b, open);
    buf_adds(b, "1");
    for (size_t i = 0; i < n; i++)
        buf_adds(b, close);
}

static void depth_is_limited(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    CLEANUP(buf_free) struct buf b = BUF_INIT(4 * MIB);
    json_t *j = NULL;
    const char *why = NULL;
    nest(&b, JSON_MAX_DEPTH, "[", "]");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why), 0);
    buf_clear(&b);
    nest(&b, JSON_MAX_DEPTH + 1, "{\"a\":", "}");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why), ERR_INVALID);
    assert_string_equal(why, "line 1: nested too deeply");
    buf_clear(&b);
    nest(&b, 500000, "[", "]");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why), ERR_INVALID);
    buf_clear(&b);
    buf_adds(&b, "\"");
    nest(&b, 1000, "[", "{");
    buf_adds(&b, "\"");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why),
                     0); /* brackets in a string are text */
    buf_clear(&b);
    buf_adds(&b, "\"\\\"");
    nest(&b, 100, "[", "");
    buf_adds(&b, "\"");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why),
                     0); /* behind an escaped quote too */
}

static void number_of_values_and_size_are_limited(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    CLEANUP(buf_free) struct buf b = BUF_INIT(20 * MIB);
    json_t *j = NULL;
    const char *why = NULL;
    buf_adds(&b, "[[]");
    for (int i = 0; i < JSON_MAX_VALUES; i++)
        buf_adds(&b, ",1");
    buf_adds(&b, "]");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why), ERR_INVALID);
    assert_string_equal(why, "line 1: too many values");
    buf_clear(&b);
    buf_adds(&b, "\"");
    for (size_t i = 0; i < JSON_MAX_SIZE / 16; i++)
        buf_adds(&b, "0123456789abcdef");
    buf_adds(&b, "\"");
    assert_int_equal(json_parse(a, buf_str(&b), b.len, &j, &why), ERR_INVALID);
}

static void texts_are_checked_and_cleaned(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        const char *text;
        size_t len;
        const char *clean; /* NULL: valid as it is */
    } cases[] = {
        {"", 0, NULL},
        {"olá\n\tmundo\r\n👋", 17, NULL},
        {"a\0b", 3, "ab"},
        {"\x1b[31m", 5, "[31m"},
        {"a\x7f", 2, "a"},
        {"a\xc2\x9b"
         "b",
         4, "ab"},
        {"\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"caf\xc3", 4, "caf\xef\xbf\xbd"},
        {"\xf4\x8f\xbf\xbf", 4, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = cases[i].len;
        assert_int_equal(text_valid(cases[i].text, len), cases[i].clean == NULL);
        char *clean = text_clean(a, cases[i].text, len);
        assert_true(text_valid(clean, strlen(clean)));
        if (cases[i].clean)
            assert_string_equal(clean, cases[i].clean);
        else
            assert_memory_equal(clean, cases[i].text, len);
    }
    assert_int_equal(text_length("ação 👍"), 6);
    assert_int_equal(text_length(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(the_reason_names_the_line_and_leaks_no_input),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(number_of_values_and_size_are_limited),
        cmocka_unit_test(texts_are_checked_and_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
