/* The byte buffer: growth, the maximum, escapes for JSON and HTML. */
#include "check.h"

#include <jansson.h>

#include "base/buf.h"

static void grows_and_terminates(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 10000; i++)
        buf_addf(&b, "%d,", i % 10);
    assert_int_equal(b.len, 20000);
    assert_memory_equal(buf_str(&b) + 19998, "9,", 3);
    buf_adds(&b, NULL);
    buf_add(&b, "", 0);
    assert_int_equal(b.len, 20000);
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.max, MIB);
    buf_add(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(buf_str(&b), "a\0b", 4);
}

static void the_maximum_is_exact_and_failure_stays(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(10);
    buf_adds(&b, "0123456789");
    assert_false(buf_failed(&b));
    buf_addc(&b, 'x');
    assert_true(buf_failed(&b));
    assert_string_equal(buf_str(&b), "0123456789");
    buf_drop(&b, 5);
    buf_addc(&b, 'x');
    assert_string_equal(buf_str(&b), "56789"); /* still failed */
    buf_clear(&b);
    buf_addf(&b, "%s", "0123456789");
    assert_false(buf_failed(&b));
    buf_clear(&b);
    buf_adds(&b, "ab");
    buf_addf(&b, "%s", "012345678");
    assert_true(buf_failed(&b));
    assert_string_equal(buf_str(&b), "ab");

    CLEANUP(buf_free) struct buf none = {0};
    buf_addc(&none, 'x');
    assert_true(buf_failed(&none));
    assert_string_equal(buf_str(&none), "");
}

static void formats_across_the_growth(void **state)
{
    (void)state;
    for (int start = 230; start < 270; start++) {
        CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
        for (int i = 0; i < start; i++)
            buf_addc(&b, '.');
        buf_addf(&b, "%s", "0123456789");
        assert_int_equal(b.len, start + 10);
        assert_string_equal(buf_str(&b) + start, "0123456789");
    }
}

static void drops_from_the_front(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(100);
    buf_drop(&b, 3);
    buf_adds(&b, "abcdef");
    buf_drop(&b, 2);
    assert_string_equal(buf_str(&b), "cdef");
    buf_drop(&b, 100);
    assert_string_equal(buf_str(&b), "");
}

static void json_strings_come_back_as_they_went_in(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "simples",
                                        "aspas \" e \\ barra",
                                        "linha\nnova\ttab\r",
                                        "ação 👍🏽 ñandú",
                                        "\x01\x1f\x7f",
                                        "</script>"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
        buf_add_json(&b, texts[i]);
        json_t *j = json_loads(buf_str(&b), JSON_DECODE_ANY, NULL);
        assert_string_equal(json_string_value(j), texts[i]);
        json_decref(j);
    }
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    buf_add_json(&b, NULL);
    buf_add_json(&b, "a\xff"
                     "b\xc3");
    assert_string_equal(buf_str(&b), "null\"a\xef\xbf\xbd"
                                     "b\xef\xbf\xbd\"");
}

static void html_is_escaped(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    buf_add_html(&b, "<a href=\"x\" title='y'>R&D</a> é");
    buf_add_html(&b, NULL);
    buf_add_html(&b, "");
    assert_string_equal(buf_str(&b),
                        "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;R&amp;D&lt;/a&gt; é");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_terminates),
        cmocka_unit_test(the_maximum_is_exact_and_failure_stays),
        cmocka_unit_test(formats_across_the_growth),
        cmocka_unit_test(drops_from_the_front),
        cmocka_unit_test(json_strings_come_back_as_they_went_in),
        cmocka_unit_test(html_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
