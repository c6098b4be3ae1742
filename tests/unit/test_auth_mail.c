/* Mails: that a program can read them (headers, encoded words, quoted-printable), and that no value
 * of a person can make a header, a line of the protocol or HTML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/mail.h"
#include "base/crypto.h"

static const char *write_mail(struct arena *a, const char *template, const char *language,
                              const json_t *vars, const char *from_name)
{
    struct mail_headers h = {.from_email = "equipe@loja.com.br",
                             .from_name = from_name,
                             .to = "bia@loja.com.br",
                             .message_id = "0123456789abcdef@loja.com.br",
                             .date_unix_ms = INT64_C(1795182125000), /* 2026-11-20T13:42:05Z */
                             .boundary = "=_limit",
                             .language = language};
    struct bytes out = {0};
    assert_int_equal(mail_message(a, &h, mail_text_find(template, language), vars, &out), ERR_OK);
    assert_int_equal(strlen((const char *)out.data), out.len);
    return (const char *)out.data;
}

/* Every line ends in CRLF, none is longer than 998 bytes, all is ASCII. */
static void check_lines(const char *mail)
{
    size_t column = 0;
    for (const char *s = mail; *s; s++) {
        assert_true((unsigned char)*s < 0x80);
        if (*s == '\n') {
            assert_true(s > mail && s[-1] == '\r');
            column = 0;
        } else {
            assert_true(*s != '\r' || s[1] == '\n');
            assert_true(++column <= 998);
        }
    }
}

static void every_text_in_every_language(void **state)
{
    (void)state;
    static const char *const languages[] = {"pt", "es", "en"};
    for (const struct mail_template *t = mail_templates; t->name; t++) {
        for (size_t i = 0; i < 3; i++) {
            struct arena *a = arena_new(MIB);
            json_t *vars =
                json_pack("{s:s, s:s, s:s, s:s}", "organization", "Quintal da Lola", "name",
                          "Bia Reis", "inviter", "Marina", "link", "https://app.example/x/TOKEN");
            const struct mail_text *text = mail_text_find(t->name, languages[i]);
            assert_true(text->subject && text->greeting && text->body && text->footer);
            const char *mail = write_mail(a, t->name, languages[i], vars, "Quintal");
            check_lines(mail);
            assert_null(strstr(mail, "{{"));
            assert_non_null(strstr(mail, "\r\nAuto-Submitted: auto-generated\r\n"));
            assert_int_equal(strstr(mail, "https://app.example/x/TOKEN") != NULL,
                             text->button != NULL);
            json_decref(vars);
            arena_free(a);
        }
    }
    assert_null(mail_text_find("nothing", "pt"));
    assert_ptr_equal(mail_text_find("test", "xx"), mail_text_find("test", "pt"));
}

static void headers(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    json_t *vars = json_pack("{s:s}", "organization", "Acme");
    const char *mail = write_mail(a, "test", "en", vars, "Acme");
    static const char *const expected[] = {
        "From: Acme <equipe@loja.com.br>\r\n",
        "\r\nTo: <bia@loja.com.br>\r\n",
        "\r\nSubject: Test e-mail of Acme\r\n",
        "\r\nDate: Fri, 20 Nov 2026 13:42:05 +0000\r\n",
        "\r\nMessage-ID: <0123456789abcdef@loja.com.br>\r\n",
        "\r\nMIME-Version: 1.0\r\n",
        "\r\nContent-Type: multipart/alternative; boundary=\"=_limit\"\r\n\r\n--=_limit\r\n",
        "\r\n--=_limit--\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        if (!strstr(mail, expected[i])) fail_msg("no %s in\n%s", expected[i], mail);
    json_decref(vars);
    arena_free(a);
}

static void words_that_are_not_ascii(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    json_t *vars = json_pack("{s:s}", "organization", "Ação");
    const char *mail =
        write_mail(a, "test", "en", vars, "Clínica Saúde & Ação do Coração de São José dos Campos");
    check_lines(mail);
    /* whole characters in each word, folded, none longer than 75 */
    assert_non_null(strstr(mail, "From: =?UTF-8?B?"));
    for (const char *w = strstr(mail, "=?UTF-8?B?"); w; w = strstr(w + 1, "=?UTF-8?B?")) {
        const char *end = strstr(w + 10, "?=");
        struct bytes raw = {0};
        assert_true(end - w + 2 <= 75);
        assert_true(base64_decode(a, arena_strndup(a, w + 10, (size_t)(end - w - 10)), &raw));
        assert_true((raw.data[0] & 0xC0) != 0x80);
    }
    assert_non_null(strstr(mail, "A=C3=A7=C3=A3o"));
    json_decref(vars);
    arena_free(a);
}

static void values_stay_values(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    json_t *vars = json_pack("{s:s, s:s, s:s}", "organization", "<script>alert(1)</script>",
                             "inviter", "Eve\r\nBcc: victim@example.com\r\n\r\nHello", "link",
                             "https://x.example/\"onload=\"1");
    const char *mail = write_mail(a, "invitation", "en", vars, "Eve\r\nBcc: other@example.com");
    check_lines(mail);
    const char *body = strstr(mail, "\r\n\r\n");
    const char *bcc = strstr(mail, "\r\nBcc:");
    assert_true(!bcc || bcc > body); /* as a line of text only, never as a header */
    const char *html = strstr(mail, "text/html");
    assert_non_null(html);
    assert_null(strstr(html, "<script>"));
    assert_non_null(strstr(html, "&lt;script&gt;"));
    assert_null(strstr(html, "\"onload"));
    json_decref(vars);
    arena_free(a);
}

static void lines_of_dots(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    json_t *vars = json_pack("{s:s}", "organization", "x\n.\n..y");
    const char *mail = write_mail(a, "test", "en", vars, NULL);
    assert_null(strstr(mail, "\r\n."));
    assert_non_null(strstr(mail, "\r\n=2E"));
    assert_non_null(strstr(mail, "From: <equipe@loja.com.br>\r\n"));
    json_decref(vars);
    arena_free(a);
}

static void addresses_that_headers_must_not_hold(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "a@b.co>\r\nBcc: <c@d.e", "a b@c.de", "a@b.co,c@d.ef", "ab", "ação@b.co", "\"x\"@b.co"};
    struct arena *a = arena_new(MIB);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct mail_headers h = {.from_email = "a@b.co",
                                 .to = wrong[i],
                                 .message_id = "x@y",
                                 .boundary = "b",
                                 .language = "en"};
        struct bytes out = {0};
        assert_int_equal(mail_message(a, &h, mail_text_find("test", "en"), NULL, &out),
                         ERR_INVALID);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_in_every_language),
        cmocka_unit_test(headers),
        cmocka_unit_test(words_that_are_not_ascii),
        cmocka_unit_test(values_stay_values),
        cmocka_unit_test(lines_of_dots),
        cmocka_unit_test(addresses_that_headers_must_not_hold),
    };
    if (crypto_init()) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
