/* Written mails: what was put in comes back from the parser, the bytes keep to RFC 5322, nothing that
 * a person typed becomes a header. */
#include "check.h"
#include "mail_check.h"

#include "base/buf.h"
#include "channels/email/mail_build.h"

#define DATE INT64_C(1795095725000)

static struct mail_new simple(void)
{
    static const struct mail_address to[] = {{"Bruna Lima", "bruna@uol.example"}};
    return (struct mail_new){
        .message_id = "if-0001@quintal.example",
        .date_unix_ms = DATE,
        .from = {"Loja da Ana", "loja@quintal.example"},
        .to = {to, 1},
        .subject = "Pedido 1001",
        .text = "Olá,\n\nseu pedido saiu.",
    };
}

static const char *built(struct arena *a, const struct mail_new *m)
{
    struct bytes bytes;
    assert_int_equal(mail_build(a, m, &bytes), ERR_OK);
    assert_int_equal(strlen((const char *)bytes.data), bytes.len); /* no NUL */
    return (const char *)bytes.data;
}

static struct mail_in back(struct arena *a, const char *bytes)
{
    struct mail_limits limits = mail_limits_usual(DATE);
    struct mail_in m;
    assert_int_equal(
        mail_parse(a, (struct bytes){(const unsigned char *)bytes, strlen(bytes)}, &limits, &m),
        MAIL_OK);
    assert_int_equal(m.problems, 0);
    return m;
}

/* Lines end with CRLF, are of at most 998 bytes (here 200), and hold only ASCII. */
static void keeps_to_the_form(const char *bytes)
{
    size_t column = 0;
    for (const char *s = bytes; *s; s++) {
        assert_true((unsigned char)*s < 0x80);
        if (*s == '\r') assert_int_equal(s[1], '\n');
        if (*s == '\n') assert_true(s > bytes && s[-1] == '\r');
        column = *s == '\n' ? 0 : column + 1;
        assert_true(column <= 300);
    }
    assert_string_equal(bytes + strlen(bytes) - 2, "\r\n");
}

static void a_mail_comes_back_as_it_was_written(void **state)
{
    (void)state;
    static const struct mail_address to[] = {
        {"Bruna \"B\" Lima", "bruna@uol.example"},
        {"João, o Leão 👍🏽 com um nome que não cabe numa linha só", "joao@uol.example"},
        {NULL, "so@uol.example"}};
    static const struct mail_address cc[] = {{"Ána", "ana@uol.example"}};
    static const char *const refs[] = {"a@x.example", "b@x.example"};
    static const unsigned char bin[] = {0, 1, 2, 0xff, '\r', '\n', '.', '\n'};
    static const struct mail_new_file files[] = {
        {"Orçamento de março (versão final com um nome comprido de verdade).pdf",
         "application/pdf",
         NULL,
         {bin, sizeof(bin)}},
        {"logo.png", "image/png", "logo@quintal", {bin, 3}},
        {"../../etc/passwd\r\nX-Evil: 1", "text/html; x=\"", NULL, {(const unsigned char *)"", 0}},
        {NULL, NULL, NULL, {bin, 1}},
    };
    struct mail_new m = simple();
    m.to = (struct mail_addresses){to, 3};
    m.cc = (struct mail_addresses){cc, 1};
    m.reply_to = (struct mail_address){"Respostas", "re@quintal.example"};
    m.subject = "Situação do pedido nº 1001 — 日本語 e mais palavras para passar de uma linha só";
    m.text =
        "Olá,\r\n.\r\nlinha com espaço no fim \n=3D não é código\nFrom aqui\n" /* and a long one */
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234";
    m.in_reply_to = "b@x.example";
    m.references = (struct mail_ids){refs, 2};
    m.signature_text = "Ana & Cia";
    m.quote_intro = "Em 19/11/2026, Bruna escreveu:";
    m.quote_text = "Chegou?\n> antes";
    m.html = "<p>Olá <img src=\"cid:logo@quintal\"></p>";
    m.files = files;
    m.file_count = 4;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    const char *bytes = built(a, &m);
    keeps_to_the_form(bytes);
    assert_null(strstr(bytes, "\r\nX-Evil"));
    assert_string_equal(bytes, built(a, &m)); /* the same at each attempt */
    struct mail_in in = back(a, bytes);
    assert_string_equal(in.message_id, m.message_id);
    assert_int_equal(in.date_unix_ms, DATE);
    assert_string_equal(in.subject, m.subject);
    assert_string_equal(in.from.list[0].name, "Loja da Ana");
    assert_string_equal(in.from.list[0].address, "loja@quintal.example");
    assert_string_equal(in.reply_to.list[0].address, "re@quintal.example");
    assert_int_equal(in.to.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(in.to.list[i].name, to[i].name ? to[i].name : "");
        assert_string_equal(in.to.list[i].address, to[i].address);
    }
    assert_string_equal(in.cc.list[0].name, "Ána");
    assert_string_equal(in.in_reply_to, "b@x.example");
    assert_int_equal(in.references.count, 2);
    assert_string_equal(in.references.list[0], "a@x.example");
    assert_string_equal(
        in.text,
        "Olá,\n.\nlinha com espaço no fim \n=3D não é código\nFrom aqui\n"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "\n\n-- \nAna & Cia\n\nEm 19/11/2026, Bruna escreveu:\n> Chegou?\n>> antes");
    assert_non_null(strstr(in.html, "<p>Olá <img src=\"cid:logo@quintal\"></p>"));
    assert_non_null(strstr(in.html, "Ana &amp; Cia"));
    assert_true(strstr(in.html, "Chegou?") > strstr(in.html, "Ana &amp; Cia")); /* reply above */
    assert_int_equal(in.file_count, 4);
    assert_int_equal(in.files[0].kind, MAIL_FILE_INLINE);
    assert_string_equal(in.files[0].name, "logo.png");
    assert_string_equal(in.files[1].name, files[0].name);
    assert_int_equal(in.files[1].content.len, sizeof(bin));
    assert_memory_equal(in.files[1].content.data, bin, sizeof(bin));
    assert_string_equal(in.files[2].type, "application/octet-stream");
    assert_string_equal(in.files[2].name, "passwd X-Evil_ 1");
    assert_string_equal(in.files[3].name, "file-4");
    assert_int_equal(in.sender_kind, MAIL_FROM_PERSON);
}

static void nothing_typed_becomes_a_header(void **state)
{
    (void)state;
    static const char evil[] = "x\r\nBcc: vitima@x.example\r\n\r\n<script>\r\n--=_\nY: 1\rZ: 2";
    struct mail_address to[] = {{evil, "bruna@uol.example"}};
    const char *refs[] = {"ok@x.example", "a@x>\r\nBcc: b@x", "com espaço@x", ""};
    struct mail_new_file file = {evil, evil, evil, {(const unsigned char *)"x", 1}};
    struct mail_new m = simple();
    m.from.name = evil;
    m.reply_to = (struct mail_address){evil, "re@quintal.example\r\nBcc: b@x.example"};
    m.to = (struct mail_addresses){to, 1};
    m.subject = evil;
    m.in_reply_to = evil;
    m.references = (struct mail_ids){refs, 4};
    m.quote_intro = evil;
    m.quote_text = evil;
    m.signature_text = evil;
    m.text = evil;
    m.files = &file;
    m.file_count = 1;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    const char *bytes = built(a, &m);
    keeps_to_the_form(bytes);
    const char *body = strstr(bytes, "\r\n\r\n");
    const char *names[] = {"\r\nBcc", "\r\nY:", "\r\nZ:", "\nBcc"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *at = strcasestr(bytes, names[i]);
        assert_true(!at || at > body);
    }
    struct mail_in in = back(a, bytes);
    assert_int_equal(in.bcc.count, 0);
    assert_int_equal(in.reply_to.count, 0);
    assert_int_equal(in.to.count, 1);
    assert_string_equal(in.in_reply_to, "");
    assert_int_equal(in.references.count, 1);
    assert_int_equal(in.file_count, 1);
    assert_non_null(strstr(in.html, "&lt;script&gt;"));
    assert_null(strstr(in.html, "<script>"));
}

static void what_cannot_be_sent_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(128 * MIB);
    struct bytes out;
    static const char *const addresses[] = {
        "", "x", "@x", "x@", "a@b@c", "a b@c.d", "a@b.c\r\nDATA", "<a@b.c>", "á@b.c", "a,b@c.d"};
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct mail_address one[] = {{NULL, addresses[i]}};
        struct mail_new m = simple();
        m.to = (struct mail_addresses){one, 1};
        assert_int_equal(mail_build(a, &m, &out), ERR_INVALID);
        m = simple();
        m.from.address = addresses[i];
        assert_int_equal(mail_build(a, &m, &out), ERR_INVALID);
    }
    assert_false(mail_address_fits(NULL));
    assert_true(mail_address_fits("ana+pedido@loja.example"));
    struct mail_new m = simple();
    m.message_id = "a>b@c";
    assert_int_equal(mail_build(a, &m, &out), ERR_INVALID);
    m = simple();
    size_t len = 35 * MIB;
    struct mail_new_file big = {"a.bin", NULL, NULL, {arena_alloc(a, len), len}};
    m.files = &big;
    m.file_count = 1;
    assert_int_equal(mail_build(a, &m, &out), ERR_TOO_LARGE);
    m.file_count = MAIL_BUILD_FILES_MAX + 1;
    assert_int_equal(mail_build(a, &m, &out), ERR_TOO_LARGE);
}

static void long_threads_and_automatic_answers(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    const char *refs[200];
    for (int i = 0; i < 200; i++)
        refs[i] = arena_printf(a, "r%d@x.example", i);
    struct mail_new m = simple();
    m.references = (struct mail_ids){refs, 200};
    m.in_reply_to = "r199@x.example";
    m.auto_replied = true;
    const char *bytes = built(a, &m);
    keeps_to_the_form(bytes);
    struct mail_in in = back(a, bytes);
    assert_int_equal(in.references.count, MAIL_BUILD_REFERENCES_MAX - 1);
    assert_string_equal(in.references.list[0], "r0@x.example");
    assert_string_equal(in.references.list[in.references.count - 1], "r199@x.example");
    assert_string_equal(in.references.list[in.references.count - 2], "r198@x.example");
    assert_int_equal(in.sender_kind, MAIL_FROM_AUTO_REPLY);
    assert_true(in.no_auto_answer);
}

static void subjects_of_answers(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    assert_string_equal(mail_subject_reply(a, "Pedido"), "Re: Pedido");
    assert_string_equal(mail_subject_reply(a, "RES: Pedido"), "RES: Pedido");
    assert_string_equal(mail_subject_reply(a, "re[3] : Pedido"), "re[3] : Pedido");
    assert_string_equal(mail_subject_reply(a, "Resumo: x"), "Re: Resumo: x");
    assert_string_equal(mail_subject_reply(a, "a\r\nBcc: b"), "Re: a Bcc: b");
    assert_string_equal(mail_subject_reply(a, NULL), "Re: ");
}

/* Any subject comes back, but for white space at its ends. */
static void every_subject_survives(void **state)
{
    (void)state;
    static const char *const subjects[] = {
        "",
        "a",
        "=?utf-8?Q?x?=",
        "dois  espaços   seguidos",
        "two  spaces and a long line that has to be folded somewhere in the middle of it all",
        "umapalavramuitocompridaumapalavramuitocompridaumapalavramuitocompridaumapalavramuitocompri"
        "da"
        "umapalavramuitocompridaumapalavramuitocompridaumapalavramuitocompridaumapalavramuitocompri"
        "da"
        "umapalavramuitocompridaumapalavramuitocomprida",
        "aspas \"x\", vírgula; <ângulo> (parênteses) \\ barra",
        "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé",
        "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍"
        "👧"
        "‍"
        "👦",
        "x: y",
        "?=",
    };
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(16 * MIB);
        struct mail_new m = simple();
        m.subject = m.from.name = subjects[i];
        const char *bytes = built(a, &m);
        keeps_to_the_form(bytes);
        struct mail_in in = back(a, bytes);
        assert_string_equal(in.subject, subjects[i]);
        assert_string_equal(in.from.list[0].name, subjects[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_comes_back_as_it_was_written),
        cmocka_unit_test(nothing_typed_becomes_a_header),
        cmocka_unit_test(what_cannot_be_sent_is_refused),
        cmocka_unit_test(long_threads_and_automatic_answers),
        cmocka_unit_test(subjects_of_answers),
        cmocka_unit_test(every_subject_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
