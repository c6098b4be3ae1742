/* The second factor's texts: the address, the picture, recovery codes as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/totp.h"
#include "base/crypto.h"

static void uri(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 * KIB);
    assert_string_equal(
        totp_uri(a, "marina@loja.com.br", "ABC234"),
        "otpauth://totp/Interflow:marina@loja.com.br?secret=ABC234&issuer=Interflow");
    assert_string_equal(totp_uri(a, "a+b&c?d@x.co", "S"),
                        "otpauth://totp/Interflow:a%2Bb%26c%3Fd@x.co?secret=S&issuer=Interflow");
    arena_free(a);
}

static void picture(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    const char *svg =
        qr_svg(a, "otpauth://totp/Interflow:marina@loja.com.br?secret=ABC234&issuer=Interflow");
    assert_non_null(svg);
    assert_int_equal(strncmp(svg, "<svg ", 5), 0);
    assert_non_null(strstr(svg, "</svg>"));
    assert_null(strstr(svg, "<script"));
    /* the finder pattern in the upper left corner: seven dark modules after the quiet zone */
    assert_non_null(strstr(svg, "d=\"M4 4h7v1h-7z"));
    char long_text[4000];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_null(qr_svg(a, long_text));
    arena_free(a);
}

static void recovery_codes(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 * KIB);
    char one[RECOVERY_CODE_SIZE];
    char two[RECOVERY_CODE_SIZE];
    recovery_code_make(one);
    recovery_code_make(two);
    assert_int_equal(strlen(one), RECOVERY_CODE_SIZE - 1);
    assert_string_not_equal(one, two);
    assert_non_null(recovery_code_normal(a, one));
    assert_string_equal(recovery_code_normal(a, " ABCD efgh-jkmn pqrs "), "abcdefghjkmnpqrs");
    assert_null(recovery_code_normal(a, "abcd-efgh-jkmn-pqr"));
    assert_null(recovery_code_normal(a, "abcd-efgh-jkmn-pqrs2"));
    assert_null(recovery_code_normal(a, "abcd-efgh-jkmn-pqr0"));
    assert_null(recovery_code_normal(a, ""));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(uri), cmocka_unit_test(picture),
                                       cmocka_unit_test(recovery_codes)};
    if (crypto_init()) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
