/* New words, signature and history apart: habits of mail programs, and the care not to fold what the
 * sender wrote. */
#include "check.h"
#include "mail_check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "channels/email/mail_parse.h"
#include "channels/email/mail_quote.h"

static void splits(const char *text, const char *fresh, const char *signature, const char *quoted)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct mail_quote q;
    assert_true(mail_quote_text(a, text, &q));
    assert_string_equal(q.fresh, fresh);
    assert_string_equal(q.signature, signature);
    assert_string_equal(q.quoted, quoted);
}

static void introductions_of_many_programs(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "On Mon, Nov 3, 2026 at 10:00 AM Ana <ana@x.example> wrote:",
        "On 03/11/2026 10:00, Ana wrote:",
        "Em seg., 3 de nov. de 2026 às 10:00, Ana <ana@x.example> escreveu:",
        "Em 03/11/2026 10:00, Ana escreveu:",
        "Em quinta-feira, 3 de novembro de 2026 10:00:00 BRT, Ana <ana@x.example> escreveu:",
        "Em 3 de nov. de 2026, à(s) 10:00, Ana <ana@x.example> escreveu:",
        "No dia 3 de nov. de 2026, Ana <ana@x.example> escreveu:",
        "El lun, 3 nov 2026 a las 10:00, Ana (<ana@x.example>) escribió:",
        "El 3/11/2026 a las 10:00, Ana escribió:",
        "Le lun. 3 nov. 2026 à 10:00, Ana <ana@x.example> a écrit :",
        "Am Mo., 3. Nov. 2026 um 10:00 Uhr schrieb Ana <ana@x.example>:",
        "Am 03.11.26 um 10:00 schrieb Ana:",
        "Il giorno lun 3 nov 2026 alle ore 10:00 Ana <ana@x.example> ha scritto:",
        "2026-11-03 10:00 GMT-03:00 Ana <ana@x.example>:",
        "Ana <ana@x.example> wrote (3 Nov 2026):",
        "*On Nov 3, 2026, at 10:00, Ana <ana@x.example> wrote:*",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        bool star = lines[i][0] == '*'; /* bold in plain text; the colon is not last */
        if (!star && !mail_quote_introduces(lines[i], strlen(lines[i]))) fail_msg("%s", lines[i]);
    }
    static const char *const others[] = {
        "On Monday we wrote:", /* no date */
        "Em resumo: 3 itens:",
        "El precio es 30:",
        "A entrega das 10:00:",
        "Para o dia 3 preciso de:",
        "On 3 November I sent you the list, please see what I wrote",
        "wrote:",
        ""};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (mail_quote_introduces(others[i], strlen(others[i]))) fail_msg("%s", others[i]);
}

static void answers_above_the_quote(void **state)
{
    (void)state;
    splits("Ok\n\nEm 03/11/2026 10:00, Ana escreveu:\n> Oi\n> tudo?\n", "Ok", "",
           "Em 03/11/2026 10:00, Ana escreveu:\n> Oi\n> tudo?");
    splits(
        "Ok\n\nOn Mon, Nov 3, 2026 at 10:00 AM A Very Long Name\n<long@x.example> wrote:\n\n> Oi",
        "Ok", "",
        "On Mon, Nov 3, 2026 at 10:00 AM A Very Long Name\n<long@x.example> wrote:\n\n> Oi");
    /* Programs that do not mark the lines. */
    splits("Ok\n\nEl 3/11/2026 a las 10:00, Ana escribió:\nHola\n\nadiós", "Ok", "",
           "El 3/11/2026 a las 10:00, Ana escribió:\nHola\n\nadiós");
    splits("Ok\n\n-----Original Message-----\nFrom: Ana\nSent: x\n\nOi", "Ok", "",
           "-----Original Message-----\nFrom: Ana\nSent: x\n\nOi");
    splits("Ok\n-----Mensagem original-----\nDe: Ana", "Ok", "",
           "-----Mensagem original-----\nDe: Ana");
    splits("Ok\n\nDe: Ana <a@x.example>\nEnviada em: segunda\nPara: B\nAssunto: x\n\nOi", "Ok", "",
           "De: Ana <a@x.example>\nEnviada em: segunda\nPara: B\nAssunto: x\n\nOi");
    splits("Ok\n\n*From:* Ana\n*Sent:* x\n*To:* B\n*Subject:* y\n\nOi", "Ok", "",
           "*From:* Ana\n*Sent:* x\n*To:* B\n*Subject:* y\n\nOi");
}

static void signatures(void **state)
{
    (void)state;
    splits("Oi\n\n-- \nAna\nLoja", "Oi", "-- \nAna\nLoja", "");
    splits("Oi\n\nEnviado do meu iPhone", "Oi", "Enviado do meu iPhone", "");
    splits("Oi\nSent from my iPhone\nmais texto", "Oi\nSent from my iPhone\nmais texto", "", "");
    splits("Oi\n\n-- \nAna\n\nOn 03/11/2026 10:00, B wrote:\n> x", "Oi", "-- \nAna",
           "On 03/11/2026 10:00, B wrote:\n> x");
    splits("-- \nsó assinatura", "-- \nsó assinatura", "", "");
    splits("---\nnão é assinatura", "---\nnão é assinatura", "", "");
}

static void what_the_sender_wrote_stays(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "",
        "só texto",
        "acima\n> quote\nentre\n> quote\nabaixo",
        "On 03/11/2026 10:00, A wrote:\n> um\nresposta\n> dois\nresposta",
        "Veja:\n\n---------- Forwarded message ---------\nDe: C\n\nconteúdo",
        "Veja\n\nBegin forwarded message:\n\nFrom: C <c@x.example>\nDate: x\nSubject: "
        "y\n\nconteúdo",
        "> só citação\n> nada mais",
        "Data da entrega: amanhã\nPara: Ana\nDe: Bia, com carinho",
        "De: cima a baixo está tudo errado",
        "Em anexo 3 arquivos:\n- um\n- dois",
    };
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        splits(whole[i], whole[i], "", "");
    /* Answer below the quote. */
    splits("On 03/11/2026 10:00, A wrote:\n> um\n> dois\n\nresposta\n", "resposta", "",
           "On 03/11/2026 10:00, A wrote:\n> um\n> dois");
}

static void splits_html(const char *html, const char *fresh, const char *quoted)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct mail_quote q;
    assert_true(mail_quote_html(a, html, &q));
    assert_string_equal(q.fresh, fresh);
    assert_string_equal(q.quoted, quoted);
}

static void containers_of_mail_programs(void **state)
{
    (void)state;
    splits_html("<div>Ok</div><br><div class=\"gmail_quote gmail_quote_container\"><div>On 3 Nov "
                "wrote:</div><blockquote>x</blockquote></div>",
                "<div>Ok</div><br>",
                "<div class=\"gmail_quote gmail_quote_container\"><div>On 3 Nov "
                "wrote:</div><blockquote>x</blockquote></div>");
    splits_html("<p>Ok</p><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\">De: "
                "Ana</div><div>x</div>",
                "<p>Ok</p>",
                "<div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\">De: "
                "Ana</div><div>x</div>");
    splits_html("<p>Ok</p><div style='border:none;border-top:solid #E1E1E1 "
                "1.0pt;padding:3.0pt'><p>From: Ana</div><p>x",
                "<p>Ok</p>",
                "<div style='border:none;border-top:solid #E1E1E1 "
                "1.0pt;padding:3.0pt'><p>From: Ana</div><p>x");
    splits_html("<div>Ok</div><div><br><blockquote type=\"cite\"><div>On 3 Nov "
                "wrote:</div>x</blockquote></div>",
                "<div>Ok</div><div><br>",
                "<blockquote type=\"cite\"><div>On 3 Nov wrote:</div>x</blockquote></div>");
    /* Thunderbird: the line before goes with the quote; the answer may stand below. */
    splits_html("<div class=\"moz-cite-prefix\">Op 3-11-2026 schreef A:<br></div><blockquote "
                "type=\"cite\">x</blockquote><p>resposta</p>",
                "<p>resposta</p>",
                "<div class=\"moz-cite-prefix\">Op 3-11-2026 schreef A:<br></div><blockquote "
                "type=\"cite\">x</blockquote>");
    splits_html("<p>Ok</p><p>Em 03/11/2026 10:00, Ana escreveu:</p><blockquote>x</blockquote>",
                "<p>Ok</p>", "<p>Em 03/11/2026 10:00, Ana escreveu:</p><blockquote>x</blockquote>");
    splits_html("<p>Ok</p><p>-----Mensagem original-----</p><p>De: Ana</p>", "<p>Ok</p>",
                "<p>-----Mensagem original-----</p><p>De: Ana</p>");
    static const char *const whole[] = {
        "<p>só texto</p>",
        "<p>Ok</p><blockquote>uma citação de um livro</blockquote>",
        "<p>acima</p><blockquote type=cite>x</blockquote><p>abaixo</p>",
        "<div>Veja</div><div class=\"gmail_quote\"><div>---------- Forwarded message "
        "---------<br></div>x</div>",
        "<div class=\"gmail_quote\"><blockquote>nada mais</blockquote></div>",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        splits_html(whole[i], whole[i], "");
}

static void fixtures_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *file, *fresh;
        bool quoted;
    } rows[] = {
        {"reply-gmail-pt", "Perfeito, pode enviar.", true},
        {"reply-outlook-es", "Sí, adelante.\n\nSaludos", true},
        {"reply-apple-en", "Yes please.", true},
        {"reply-thunderbird-bottom", "Yes, go ahead.", true},
        {"reply-gmail-html", "Ok!", true},
        {"reply-between-lines",
         "On 19/11/2026 10:00, Loja da Ana wrote:\n> Can we ship today?\nYes.\n> And the "
         "colour?\nBlue.",
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
        struct mail_limits limits = mail_limits_usual(0);
        struct mail_in m;
        struct mail_quote q;
        assert_int_equal(mail_parse(a, mail_fixture(a, rows[i].file), &limits, &m), MAIL_OK);
        assert_true(mail_quote_text(a, m.text, &q));
        assert_string_equal(q.fresh, rows[i].fresh);
        assert_int_equal(*q.quoted != '\0', rows[i].quoted);
    }
}

static void long_texts_take_linear_time(void **state)
{
    (void)state;
    static const char *const units[] = {"On 1 ",
                                        "> ",
                                        "On 1 x\n",
                                        "From: x\n",
                                        ">\nx\n",
                                        "-- \n",
                                        "Sent from my \n",
                                        "\n",
                                        "_",
                                        "____________\n",
                                        "<i> ",
                                        "<blockquote>",
                                        "<p>On 1:<i></i>",
                                        "On 1 x:<b> </b>",
                                        "<div class=gmail_quote>",
                                        "On 1:<br>"};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        CLEANUP(buf_free) struct buf b = BUF_INIT(8 * MIB);
        CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
        struct mail_quote q;
        while (b.len < 2 * MIB)
            buf_adds(&b, units[i]);
        int64_t begin = clock_mono_ms();
        assert_true(mail_quote_text(a, buf_str(&b), &q));
        assert_true(mail_quote_html(a, buf_str(&b), &q));
        int64_t took = clock_mono_ms() - begin;
        if (took > 5000) fail_msg("%s: %lld ms", units[i], (long long)took);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(introductions_of_many_programs),
        cmocka_unit_test(answers_above_the_quote),
        cmocka_unit_test(signatures),
        cmocka_unit_test(what_the_sender_wrote_stays),
        cmocka_unit_test(containers_of_mail_programs),
        cmocka_unit_test(fixtures_are_split),
        cmocka_unit_test(long_texts_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
