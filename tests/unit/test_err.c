/* The error table is complete, and a number from nowhere does no harm. */
#include "check.h"

#include <ctype.h>

#include "base/err.h"

static void every_code_has_a_row(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++) {
        const struct err_row *row = err_row((enum err)e);
        assert_non_null(row->code);
        assert_non_null(row->text);
        assert_true(e == ERR_OK ? row->status == 200 : row->status >= 400 && row->status <= 599);
        for (const char *p = row->code; *p; p++)
            assert_true(isupper((unsigned char)*p) || *p == '_');
        for (int other = 0; other < e; other++)
            assert_string_not_equal(row->code, err_row((enum err)other)->code);
    }
    assert_int_equal(err_row(ERR_NOT_FOUND)->status, 404);
    assert_int_equal(err_row(ERR_CONFLICT)->status, 409);
}

static void unknown_numbers_are_internal_errors(void **state)
{
    (void)state;
    assert_ptr_equal(err_row((enum err)ERR_COUNT), err_row(ERR_INTERNAL));
    assert_ptr_equal(err_row((enum err)9999), err_row(ERR_INTERNAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_row),
        cmocka_unit_test(unknown_numbers_are_internal_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
