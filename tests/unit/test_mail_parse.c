/* Received mails: one row per fixture of tests/channels/mail, and what no file could hold: depth,
 * counts, size, hostile repetition within a time. */
#include "check.h"
#include "mail_check.h"

#include "base/buf.h"
#include "channels/email/mail_auto.h"
#include "channels/email/mail_parse.h"

#define NOW  INT64_C(1795269600000) /* 21 November 2026 */
#define DATE INT64_C(1795095725000) /* of most fixtures */

#define P_(x)    MAIL_PROBLEM_##x
#define ANY_DATE (-1)

struct row {
    const char *file;
    const char *text;    /* exactly; NULL: not looked at */
    const char *subject; /* NULL: "Pedido 1001" */
    const char *html;    /* is in it; NULL: there is none; "" : not looked at */
    const char *files;   /* "kind:name:bytes …"; NULL: none */
    uint32_t problems;   /* exactly */
};

static const struct row rows[] = {
    {.file = "charset-ascii", .text = "Hello, where is my order 1001?"},
    {.file = "charset-utf8-qp",
     .text = "Olá, a máquina não chegou.\nObrigada — Lúcia 👍🏽",
     .subject = "Olá, a máquina não chegou."},
    {.file = "charset-latin1",
     .text = "Ação, coração e pão de açúcar",
     .subject = "Ação, coração e pão de açúcar"},
    {.file = "charset-latin9",
     .text = "Custa 25 € e não tem œuvre",
     .subject = "Custa 25 € e não tem œuvre"},
    {.file = "charset-windows1252",
     .text = "Ela disse “sim” – preço: 30 €…",
     .subject = "Ela disse “sim” – preço: 30 €…"},
    {.file = "charset-latin1-is-1252", .text = "Aspas “tortas” e 10 €"},
    {.file = "charset-windows1251",
     .text = "Здравствуйте, где мой заказ?",
     .subject = "Здравствуйте, где мой заказ?"},
    {.file = "charset-koi8r",
     .text = "Здравствуйте, где мой заказ?",
     .subject = "Здравствуйте, где мой заказ?"},
    {.file = "charset-iso2022jp",
     .text = "こんにちは、注文について。",
     .subject = "こんにちは、注文について。"},
    {.file = "charset-shiftjis",
     .text = "こんにちは、注文について。",
     .subject = "こんにちは、注文について。"},
    {.file = "charset-eucjp",
     .text = "こんにちは、注文について。",
     .subject = "こんにちは、注文について。"},
    {.file = "charset-euckr",
     .text = "안녕하세요, 주문 문의입니다.",
     .subject = "안녕하세요, 주문 문의입니다."},
    {.file = "charset-ksc5601", .text = "똠방각하 주문"},
    {.file = "charset-gb2312-is-gb18030", .text = "你好，我的訂單镕在哪里？"},
    {.file = "charset-gb18030",
     .text = "你好，我的订单在哪里？𠀀",
     .subject = "你好，我的订单在哪里？𠀀"},
    {.file = "charset-big5", .text = "你好，我的訂單在哪裡？", .subject = "你好，我的訂單在哪裡？"},
    {.file = "charset-latin2", .text = "Zażółć gęślą jaźń", .subject = "Zażółć gęślą jaźń"},
    {.file = "charset-greek", .text = "Καλημέρα, πού είναι;", .subject = "Καλημέρα, πού είναι;"},
    {.file = "charset-turkish",
     .text = "Merhaba, şüphesiz İstanbul ğ",
     .subject = "Merhaba, şüphesiz İstanbul ğ"},
    {.file = "charset-arabic", .text = "مرحبا أين طلبي", .subject = "مرحبا أين طلبي"},
    {.file = "charset-hebrew", .text = "שלום איפה ההזמנה", .subject = "שלום איפה ההזמנה"},
    {.file = "charset-thai", .text = "สวัสดี สั่งของ", .subject = "สวัสดี สั่งของ"},
    {.file = "charset-baltic",
     .text = "Labas rytas, ąčęėįšųūž",
     .subject = "Labas rytas, ąčęėįšųūž"},
    {.file = "charset-macintosh", .text = "Ação no maçã “ok”", .subject = "Ação no maçã “ok”"},
    {.file = "charset-utf16",
     .text = "Olá do Bloco de Notas €",
     .subject = "Olá do Bloco de Notas €"},
    {.file = "charset-utf7", .text = "Olá, são 3 € ok", .subject = "Olá, são 3 € ok"},
    {.file = "charset-cp850", .text = "Ação do MS-DOS", .subject = "Ação do MS-DOS"},
    {.file = "charset-unknown", .text = "Ação com rótulo inventado", .problems = P_(CHARSET)},
    {.file = "charset-lies-utf8-as-latin1",
     .text = "Diz latin1, mas é UTF-8: não, ação",
     .problems = P_(CHARSET)},
    {.file = "charset-lies-latin1-as-utf8",
     .text = "Diz UTF-8, mas é latin1: não, ação, maçã",
     .problems = P_(CHARSET)},
    {.file = "charset-ascii-with-8bit", .text = "Diz ASCII: não, ação", .problems = P_(CHARSET)},
    {.file = "charset-not-said", .text = "Sem rótulo: não, ação", .problems = P_(CHARSET)},
    {.file = "charset-damaged",
     .text = "Ação, coração, pão, maçã \xef\xbf\xbd fim",
     .problems = P_(CHARSET) | P_(DAMAGED)},
    {.file = "charset-path", .text = "Ação", .problems = P_(CHARSET)},

    {.file = "word-split-inside-character", .text = "x", .subject = "Situação"},
    {.file = "word-q-with-spaces", .text = "x", .subject = "Olá mundo todo fim"},
    {.file = "word-without-end", .text = "x", .subject = "Orçamento"},
    {.file = "word-no-space-between", .text = "x", .subject = "Preço é bom"},
    {.file = "word-lying-charset",
     .text = "x",
     .subject = "Cotação rápida",
     .problems = P_(CHARSET)},
    {.file = "word-unknown-charset", .text = "x", .subject = "Preço", .problems = P_(CHARSET)},
    {.file = "word-language", .text = "x", .subject = "Promoção"},
    {.file = "word-in-quotes", .text = "x", .subject = "\"Café\""},
    {.file = "subject-raw-8bit",
     .text = "x",
     .subject = "Promoção de verão",
     .problems = P_(CHARSET)},
    {.file = "subject-folded",
     .text = "x",
     .subject = "Uma linha longa que foi dobrada duas vezes"},
    {.file = "no-subject", .text = "x", .subject = ""},
    {.file = "no-from", .text = "x", .problems = P_(NO_FROM)},
    {.file = "no-date", .text = "x", .problems = P_(NO_DATE)},
    {.file = "date-absurd", .text = "x", .problems = P_(NO_DATE)},
    {.file = "date-two-digit", .text = "x"},
    {.file = "no-message-id", .text = "x", .problems = P_(NO_MESSAGE_ID)},
    {.file = "no-headers",
     .text = "só um texto, sem cabeçalho nenhum\n\nsegunda linha",
     .subject = "",
     .problems = P_(NO_HEADERS) | P_(NO_FROM) | P_(NO_DATE) | P_(NO_MESSAGE_ID) | P_(CHARSET)},
    {.file = "headers-bad-lines", .text = "corpo", .problems = P_(BAD_HEADER)},
    {.file = "headers-only", .text = ""},
    {.file = "mbox-line", .text = "corpo"},
    {.file = "address-group", .text = "x"},
    {.file = "address-broken", .text = "x"},
    {.file = "references-long", .text = "x", .problems = P_(LIST_CUT)},
    {.file = "message-id-twice", .text = "x"},

    {.file = "multi-alternative",
     .text = "Texto simples não é HTML",
     .html = "<p>Texto <b>com negrito</b></p>"},
    {.file = "html-only", .text = "Olá Ana,\n\ntudo bem?\n\n- um\n- dois", .html = "<li>um"},
    {.file = "multi-related-cid", .text = "Veja", .html = "cid:logo%40x", .files = "1:logo.png:67"},
    {.file = "multi-related-unused",
     .text = "Sem imagem",
     .html = "Sem imagem",
     .files = "0:logo.png:67"},
    {.file = "multi-mixed-text-between", .text = "Antes\n\nDepois", .files = "0:nota.pdf:34"},
    {.file = "multi-nested",
     .text = "plano",
     .html = "rico",
     .files = "1:logo.png:67 0:nota.pdf:34 0:foto.png:67"},
    {.file = "multi-apple-html-between",
     .text = "um\ndois",
     .html = "um</body></html><br>",
     .files = "0:contrato.pdf:34"},
    {.file = "multi-boundary-prefix", .text = "dentro\n\nfora", .html = "dentro"},
    {.file = "multi-preamble-epilogue", .text = "só isto"},
    {.file = "multi-same-boundary", .text = "a\n\nb", .html = "<p>a</p>"},
    {.file = "boundary-missing",
     .text = "achado",
     .files = "0:nota.pdf:34",
     .problems = P_(NO_BOUNDARY)},
    {.file = "boundary-never-met",
     .text = "isto é só texto",
     .problems = P_(NO_BOUNDARY) | P_(CUT_OFF) | P_(CHARSET)},
    {.file = "boundary-not-closed", .text = "primeira\n\nsegunda cortada", .problems = P_(CUT_OFF)},
    {.file = "boundary-spaces", .text = "ok"},
    {.file = "multi-empty-text", .text = "só no HTML", .html = "HTML"},
    {.file = "multi-digest", .text = "", .files = "2:um.eml:42 2:dois.eml:46"},
    {.file = "forwarded-message", .text = "Veja abaixo", .files = "2:Orçamento_2026.eml:211"},
    {.file = "calendar-request",
     .text = "Convite: reunião",
     .html = "Convite",
     .files = "3:invite-1.ics:46"},
    {.file = "calendar-cancel", .text = "Cancelado", .files = "3:invite.ics:32"},
    {.file = "calendar-only", .text = "", .files = "3:invite-1.ics:46"},
    {.file = "signed-smime", .text = "assinado", .files = "5:smime.p7s:3"},
    {.file = "encrypted-pgp",
     .text = "",
     .files = "0:attachment-1.bin:10 0:encrypted.asc:57",
     .problems = P_(ENCRYPTED)},
    {.file = "tnef-winmail",
     .text = "do Outlook",
     .files = "0:winmail.dat:6",
     .problems = P_(TNEF)},
    {.file = "image-only", .text = "", .files = "0:comprovante.png:67"},
    {.file = "voice-note", .text = "", .files = "0:audio.ogg:4"},
    {.file = "coding-uuencode", .text = "", .files = "0:a.txt:4"},
    {.file = "coding-unknown", .text = "como está", .problems = P_(CODING)},
    {.file = "coding-base64-dirty", .text = "Texto sujo não importa"},
    {.file = "text-flowed",
     .text = "Uma linha que continua e termina.\n> citada que continua\n-- indentada\n-- \nAna"},
    {.file = "line-ends-lf", .text = "só LF", .files = "0:nota.pdf:34"},
    {.file = "line-ends-cr", .text = "só CR", .files = "0:nota.pdf:34", .problems = P_(LINE_ENDS)},
    {.file = "nul-bytes", .text = "antesdepois fim", .subject = "Nulo", .problems = P_(NUL)},

    {.file = "name-rfc2231", .text = "x", .files = "0:Orçamento de março.pdf:4"},
    {.file = "name-rfc2231-latin1", .text = "x", .files = "0:Preço.pdf:4"},
    {.file = "name-encoded-word", .text = "x", .files = "0:Cotação.pdf:4"},
    {.file = "name-path", .text = "x", .files = "0:pass_wd .pdf:1"},
    {.file = "name-direction", .text = "x", .files = "0:fotofdp.exe:1", .problems = P_(CHARSET)},
    {.file = "name-missing", .text = "x", .files = "0:image-1.jpg:1 0:attachment-2.bin:1"},
    {.file = "name-raw-8bit", .text = "x", .files = "0:Relatório.pdf:1", .problems = P_(CHARSET)},
};

static const char *files_text(struct arena *a, const struct mail_in *m)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    for (int i = 0; i < m->file_count; i++)
        buf_addf(&b, "%s%d:%s:%zu", i ? " " : "", (int)m->files[i].kind, m->files[i].name,
                 m->files[i].content.len);
    return arena_strdup(a, buf_str(&b));
}

static enum mail_fault parse(struct arena *a, struct bytes bytes, struct mail_in *m)
{
    struct mail_limits limits = mail_limits_usual(NOW);
    return mail_parse(a, bytes, &limits, m);
}

static struct mail_in parse_fixture(struct arena *a, const char *name)
{
    struct mail_in m;
    assert_int_equal(parse(a, mail_fixture(a, name), &m), MAIL_OK);
    return m;
}

static void every_fixture_gives_what_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
        struct mail_in m = parse_fixture(a, row->file);
        const char *files = files_text(a, &m);
        bool fine = strcmp(m.subject, row->subject ? row->subject : "Pedido 1001") == 0 &&
                    (!row->text || strcmp(m.text, row->text) == 0) &&
                    (row->html ? m.html && strstr(m.html, row->html) : !m.html) &&
                    strcmp(files, row->files ? row->files : "") == 0 && m.problems == row->problems;
        if (!fine)
            fail_msg("%s: subject [%s] text [%s] html [%s] files [%s] problems %x", row->file,
                     m.subject, m.text, m.html ? m.html : "-", files, m.problems);
        assert_true(text_is_clean(m.text) && text_is_clean(m.subject));
    }
}

static void people_are_read(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    struct mail_in m = parse_fixture(a, "address-group");
    assert_int_equal(m.to.count, 3);
    assert_string_equal(m.to.list[1].name, "Beto");
    assert_string_equal(m.to.list[1].address, "beto@quintal.example");
    assert_int_equal(m.cc.count, 0);
    m = parse_fixture(a, "address-broken");
    assert_string_equal(m.from.list[0].name, "Bruna Lima");
    assert_string_equal(m.from.list[0].address, "bruna@uol.example");
    assert_int_equal(m.to.count, 3);
    assert_string_equal(m.to.list[0].name, "Lojas");
    assert_string_equal(m.to.list[0].address, "");
    assert_string_equal(m.to.list[1].address, "loja@quintal.example");
    m = parse_fixture(a, "address-name-only");
    assert_string_equal(m.from.list[0].name, "Bruna Lima");
    assert_string_equal(m.from.list[0].address, "");
    m = parse_fixture(a, "word-in-quotes");
    assert_string_equal(m.from.list[0].name, "José da Silva");
    m = parse_fixture(a, "word-lying-charset");
    assert_string_equal(m.from.list[0].name, "João Leão");
    m = parse_fixture(a, "no-from");
    assert_int_equal(m.from.count, 0);

    bool cut = false;
    struct mail_addresses typed =
        mail_addresses_read(a, "Ana <a@b.example>, c@d.example; e@f.example", 43, 10, &cut);
    assert_true(typed.count >= 2);
    assert_string_equal(typed.list[0].address, "a@b.example");
    assert_string_equal(typed.list[1].address, "c@d.example");
    typed = mail_addresses_read(a, "a@b.c, d@e.f, g@h.i", 19, 2, &cut);
    assert_int_equal(typed.count, 2);
    assert_true(cut);
}

static void dates_are_within_reason(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    assert_int_equal(parse_fixture(a, "charset-ascii").date_unix_ms, DATE);
    assert_int_equal(parse_fixture(a, "date-two-digit").date_unix_ms, DATE - 5000);
    assert_int_equal(parse_fixture(a, "date-absurd").date_unix_ms, 0);
    /* From Received. */
    assert_int_equal(parse_fixture(a, "no-date").date_unix_ms, INT64_C(1794992400000));
}

static void threads_hang_together(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    struct mail_in m = parse_fixture(a, "references-long");
    assert_int_equal(m.references.count, 100);
    assert_string_equal(m.references.list[0], "r0@mail.example"); /* the thread's first */
    assert_string_equal(m.references.list[99], "r149@mail.example");
    assert_string_equal(m.references.list[98], "r148@mail.example");
    assert_string_equal(m.in_reply_to, "r149@mail.example");
    m = parse_fixture(a, "references-broken");
    assert_int_equal(m.references.count, 4);
    for (int i = 0; i < 4; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "a%d@x.example", i);
        assert_string_equal(m.references.list[i], id);
    }
    assert_string_equal(m.in_reply_to, "a1@x.example");
    assert_string_equal(parse_fixture(a, "message-id-twice").message_id,
                        "message-id-twice@mail.example");
    m = parse_fixture(a, "no-message-id");
    assert_true(m.message_id_made);
    struct mail_in again = parse_fixture(a, "no-message-id");
    assert_string_equal(m.message_id, again.message_id);
    /* Received lines do not change it, the text does. */
    struct bytes raw = mail_fixture(a, "no-message-id");
    const char *more =
        arena_printf(a, "Received: from x by y; now\r\n%.*s", (int)raw.len, (const char *)raw.data);
    assert_int_equal(parse(a, (struct bytes){(const unsigned char *)more, strlen(more)}, &again),
                     MAIL_OK);
    assert_string_equal(m.message_id, again.message_id);
    more = arena_printf(a, "%s2", more);
    assert_int_equal(parse(a, (struct bytes){(const unsigned char *)more, strlen(more)}, &again),
                     MAIL_OK);
    assert_string_not_equal(m.message_id, again.message_id);
}

static void invitations_keep_their_method(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    assert_string_equal(parse_fixture(a, "calendar-request").files[0].method, "REQUEST");
    assert_string_equal(parse_fixture(a, "calendar-cancel").files[0].method, "CANCEL");
    assert_string_equal(parse_fixture(a, "calendar-only").files[0].method, "REPLY");
    struct mail_in m = parse_fixture(a, "voice-note");
    assert_true(m.files[0].asked_inline);
    assert_memory_equal(m.files[0].content.data, "OggS", 4);
}

static void a_long_name_keeps_its_ending(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    const char *name = parse_fixture(a, "name-long").files[0].name;
    assert_true(strlen(name) <= 150 && strlen(name) > 140);
    assert_string_equal(name + strlen(name) - 4, ".pdf");
    assert_true(text_is_clean(name));
    assert_string_equal(mail_file_name_clean(a, "/"), "");
    assert_string_equal(mail_file_name_clean(a, ".."), "");
    assert_string_equal(mail_file_name_clean(a, "C:\\x\\.bashrc"), "bashrc");
    assert_string_equal(mail_file_name_clean(a, NULL), "");
}

static struct bytes bytes_of(const struct buf *b)
{
    return (struct bytes){(const unsigned char *)b->data, b->len};
}

static void nested(struct buf *b, int depth)
{
    buf_adds(b, "From: a@b.c\r\nSubject: fundo\r\n");
    for (int i = 0; i < depth; i++)
        buf_addf(b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    buf_adds(b, "Content-Type: text/plain\r\n\r\nno fundo\r\n");
}

static void limits_give_a_fault_and_the_headers(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * MIB);
    struct mail_in m;
    nested(&b, 30);
    CLEANUP(arena_freep) struct arena *a = arena_new(256 * MIB);
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_OK);
    assert_string_equal(m.text, "no fundo");
    for (int depth = 31; depth < 100000; depth *= 20) {
        buf_clear(&b);
        nested(&b, depth);
        assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_TOO_DEEP);
        assert_string_equal(m.subject, "fundo");
        assert_string_equal(m.from.list[0].address, "a@b.c");
    }
    buf_clear(&b);
    buf_adds(&b, "Subject: partes\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 499; i++)
        buf_adds(&b, "--b\r\n\r\nx\r\n");
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_OK);
    for (int i = 0; i < 1000000; i++)
        buf_adds(&b, "--b\r\n\r\nx\r\n");
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_TOO_MANY_PARTS);
    assert_string_equal(m.subject, "partes");
    buf_clear(&b);
    buf_adds(&b, "Subject: largo\r\nX-Big: ");
    for (int i = 0; i < 600 * 1024; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\r\n\r\ncorpo");
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_HEADERS_TOO_LARGE);
    assert_string_equal(m.subject, "largo");
    buf_clear(&b);
    for (int i = 0; i < 2001; i++)
        buf_adds(&b, "A: b\r\n");
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_HEADERS_TOO_LARGE);
    buf_clear(&b);
    buf_adds(&b, "Subject: grande\r\n\r\n");
    while (b.len <= 40 * MIB)
        buf_adds(&b, "uma linha de texto sem nada de especial que se repete muitas vezes\r\n");
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_TOO_LARGE);
    assert_string_equal(m.subject, "grande");
    assert_int_equal(parse(a, mail_fixture(a, "nothing-at-all"), &m), MAIL_EMPTY);
    assert_string_equal(m.subject, "");
    assert_string_equal(m.text, "");
    assert_string_equal(mail_fault_name(MAIL_TOO_DEEP), "too-deep");
    assert_string_equal(mail_problem_name(MAIL_PROBLEM_TNEF), "tnef");
}

static void a_small_arena_is_a_fault_too(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *files = arena_new(64 * MIB);
    struct bytes raw = mail_fixture(files, "multi-nested");
    for (size_t limit = 0; limit < 80000; limit += 777) {
        CLEANUP(arena_freep) struct arena *a = arena_new(limit);
        struct mail_in m;
        enum mail_fault f = parse(a, raw, &m);
        assert_true(f == MAIL_OK || f == MAIL_NO_MEMORY);
        assert_non_null(m.text);
        assert_non_null(m.subject);
    }
}

static void twenty_five_megabytes_go_through(void **state)
{
    (void)state;
    CLEANUP(buf_free) struct buf b = BUF_INIT(64 * MIB);
    CLEANUP(arena_freep) struct arena *a = arena_new(128 * MIB);
    struct mail_in m;
    buf_adds(&b, "From: a@b.c\r\nSubject: foto\r\nContent-Type: multipart/mixed; "
                 "boundary=b\r\n\r\n--b\r\n\r\nveja\r\n--b\r\nContent-Type: "
                 "image/png; name=f.png\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    size_t lines = 25 * MIB / 78;
    for (size_t i = 0; i < lines; i++)
        buf_adds(&b, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWkFC"
                     "Q0RF\r\n");
    buf_adds(&b, "--b--\r\n");
    int64_t begin = clock_mono_ms();
    assert_int_equal(parse(a, bytes_of(&b), &m), MAIL_OK);
    assert_in_range(clock_mono_ms() - begin, 0, 5000);
    assert_string_equal(m.text, "veja");
    assert_int_equal(m.files[0].content.len, lines * 57);
    assert_memory_equal(m.files[0].content.data, "ABCDEFGH", 8);
}

/* Each is a few megabytes of what could make a careless reader quadratic. */
static void repetition_takes_linear_time(void **state)
{
    (void)state;
    static const struct {
        const char *head, *unit;
        size_t bytes;
    } cases[] = {
        {"Subject: ", "=?utf-8?q?", 400 * 1024},
        {"Subject: ", "=?utf-8?q?=C3=A3?= ", 400 * 1024},
        {"To: ", "a:", 400 * 1024},
        {"To: ", "<", 400 * 1024},
        {"To: ", "(", 400 * 1024},
        {"To: ", "a@b.c, ", 400 * 1024},
        {"References: ", "<a@b.c> ", 400 * 1024},
        {"References: ", "<", 400 * 1024},
        {"Content-Type: text/plain; ", "a*1=b; ", 400 * 1024},
        {"Content-Type: multipart/mixed; boundary=a\r\n\r\n", "\r\n--b", 10 * 1024 * 1024},
        {"Content-Type: multipart/mixed; boundary=\"-\"\r\n\r\n", "\r\n--", 10 * 1024 * 1024},
        {"Content-Type: text/plain; charset=utf-8\r\n\r\n", "\xff\xc3\xa1", 10 * 1024 * 1024},
        {"Content-Type: text/plain; charset=gb18030\r\n\r\n", "\xff", 10 * 1024 * 1024},
        {"Content-Type: text/plain; charset=utf-7\r\n\r\n", "+", 10 * 1024 * 1024},
        {"Content-Type: text/html\r\n\r\n", "<b><p>", 4 * 1024 * 1024},
        {"Content-Type: text/html\r\n\r\n", "<img src=cid:a>", 4 * 1024 * 1024},
        {"Content-Type: text/html\r\n\r\n", "<a href=\"", 4 * 1024 * 1024},
        {"Content-Type: text/html\r\n\r\n", "<!--", 4 * 1024 * 1024},
        {"Content-Type: text/html\r\n\r\n", "<a href=http://a.b>", 4 * 1024 * 1024},
        {"Content-Type: text/html\r\n\r\n", "<select>", 4 * 1024 * 1024},
        {"From: mailer-daemon@x.y\r\nSubject: failure notice\r\n\r\n", "a@b.c 5.1.1\r\n",
         4 * 1024 * 1024},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(buf_free) struct buf b = BUF_INIT(64 * MIB);
        CLEANUP(arena_freep) struct arena *a = arena_new(256 * MIB);
        struct mail_in m;
        buf_adds(&b, cases[i].head);
        while (b.len < cases[i].bytes)
            buf_adds(&b, cases[i].unit);
        buf_adds(&b, "\r\n\r\nx");
        int64_t begin = clock_mono_ms();
        (void)parse(a, bytes_of(&b), &m);
        int64_t took = clock_mono_ms() - begin;
        if (took > 6000) fail_msg("%s%s: %lld ms", cases[i].head, cases[i].unit, (long long)took);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_gives_what_was_written),
        cmocka_unit_test(people_are_read),
        cmocka_unit_test(dates_are_within_reason),
        cmocka_unit_test(threads_hang_together),
        cmocka_unit_test(invitations_keep_their_method),
        cmocka_unit_test(a_long_name_keeps_its_ending),
        cmocka_unit_test(limits_give_a_fault_and_the_headers),
        cmocka_unit_test(a_small_arena_is_a_fault_too),
        cmocka_unit_test(twenty_five_megabytes_go_through),
        cmocka_unit_test(repetition_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
