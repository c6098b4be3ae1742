/* What an IMAP server says, read: lines, literals, bodies in pieces, and servers that lie. */
#include "check.h"

#include "base/arena.h"
#include "base/clock.h"
#include "channels/email/email.h"
#include "channels/email/imap_read.h"

/* A server that says text in pieces of step bytes, then closes. */
struct server {
    const char *text;
    size_t len, at, step;
};

static enum err serve(void *arg, void *out, size_t len, size_t *ret_len)
{
    struct server *s = arg;
    size_t n = s->len - s->at;
    if (n == 0) return ERR_IO;
    if (n > s->step) n = s->step;
    if (n > len) n = len;
    memcpy(out, s->text + s->at, n);
    s->at += n;
    *ret_len = n;
    return ERR_OK;
}

static enum err keep(void *arg, size_t size, const void *data, size_t len)
{
    (void)size;
    struct buf *b = arg;
    buf_add(b, data, len);
    return ERR_OK;
}

static void bodies_and_lines_however_cut(void **state)
{
    (void)state;
    static const char text[] = "* 3 FETCH (UID 12 BODY[] {11}\r\nSubject: x\n FLAGS (\\Seen))\r\n"
                               "* 4 FETCH (BODY[] \"a\\\"b\" UID 13)\r\n"
                               "* 5 FETCH (UID 14 X-NAME {3}\r\na\r\n BODY[]<0> ~{2}\r\nhi)\r\n"
                               "I7 OK [UIDVALIDITY 5] done\r\n";
    for (size_t step = 1; step < sizeof(text); step++) {
        CLEANUP(buf_free) struct buf body = BUF_INIT(KIB);
        struct server s = {text, sizeof(text) - 1, 0, step};
        struct imap_reader r;
        struct imap_line line;
        struct imap_fetch f;
        imap_reader_init(&r, (struct imap_source){serve, &s});
        r.bodies = (struct imap_body_sink){keep, &body};
        assert_int_equal(imap_read(&r, &line), ERR_OK);
        assert_int_equal(line.kind, IMAP_UNTAGGED);
        assert_int_equal(line.number, 3);
        assert_true(line.has_body);
        imap_fetch_read(line.rest, &f);
        assert_int_equal(f.uid, 12);
        assert_true(f.seen);
        assert_string_equal(buf_str(&body), "Subject: x\n");
        buf_clear(&body);
        assert_int_equal(imap_read(&r, &line), ERR_OK);
        assert_true(line.has_body);
        assert_string_equal(buf_str(&body), "a\"b");
        buf_clear(&body);
        assert_int_equal(imap_read(&r, &line), ERR_OK);
        imap_fetch_read(line.rest, &f);
        assert_int_equal(f.uid, 14);
        assert_string_equal(buf_str(&body), "hi");
        assert_int_equal(imap_read(&r, &line), ERR_OK);
        assert_int_equal(line.kind, IMAP_TAGGED);
        assert_int_equal(line.tag, 7);
        assert_int_equal(line.status, IMAP_OK);
        uint32_t n = 0;
        assert_true(imap_code_number(line.rest, "UIDVALIDITY", &n));
        assert_int_equal(n, 5);
        assert_int_equal(imap_read(&r, &line), ERR_IO);
        imap_reader_end(&r);
    }
}

static enum err first(const char *text, size_t len, struct imap_line *ret)
{
    struct server s = {text, len, 0, 4096};
    struct imap_reader r;
    imap_reader_init(&r, (struct imap_source){serve, &s});
    enum err e = imap_read(&r, ret);
    *ret = (struct imap_line){.kind = ret->kind, .status = ret->status, .number = ret->number};
    imap_reader_end(&r);
    return e;
}

static void servers_that_lie(void **state)
{
    (void)state;
    struct imap_line line;
    static const struct {
        const char *text;
        enum err e;
    } rows[] = {
        {"* 1 FETCH (BODY[] {999999999999}\r\n", ERR_UPSTREAM}, /* more than any mail */
        {"* 1 FETCH (X {70000}\r\n", ERR_UPSTREAM},
        {"* 1 FETCH (BODY[] {5}\r\nab", ERR_IO},
        {"\r\n", ERR_UPSTREAM},
        {"I1 MAYBE\r\n", ERR_UPSTREAM},
        {"HTTP/1.1 200 OK\r\n", ERR_UPSTREAM},
        {"* 99999999999 EXISTS\r\n", ERR_OK}, /* no number that we know: passed over */
        {"* \r\n", ERR_OK},
        {"+\r\n", ERR_OK},
        {"+ idling\r\n", ERR_OK},
        {"* BYE too many\r\n", ERR_OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (first(rows[i].text, strlen(rows[i].text), &line) != rows[i].e)
            fail_msg("%s", rows[i].text);
    assert_int_equal(line.status, IMAP_BYE);
    /* A line without end. */
    CLEANUP(arena_freep) struct arena *a = arena_new(4 * MIB);
    char *endless = arena_alloc(a, 2 * MIB);
    memset(endless, 'x', 2 * MIB);
    assert_int_equal(first(endless, 2 * MIB, &line), ERR_UPSTREAM);
}

static void answers(void **state)
{
    (void)state;
    struct imap_fetch f;
    imap_fetch_read(
        "(UID 7 RFC822.SIZE 4294967296 INTERNALDATE \" 3-Nov-2026 10:00:00 +0100\" FLAGS "
        "(\\Answered \\Deleted $x))",
        &f);
    assert_int_equal(f.uid, 7);
    assert_true(f.size_bytes == 4294967296ULL);
    int64_t ms = 0;
    assert_true(time_parse("2026-11-03T10:00:00+01:00", &ms));
    assert_true(f.date_unix_ms == ms);
    assert_true(f.has_flags && f.answered && f.deleted && !f.seen);
    imap_fetch_read("(FLAGS () UID 99999999999 INTERNALDATE NIL X (a (b) \"c)\") MODSEQ (3))", &f);
    assert_int_equal(f.uid, 0);
    assert_true(f.has_flags);
    imap_fetch_read("(((((\"", &f);
    imap_fetch_read("", &f);
    assert_false(f.has_flags);
    assert_true(imap_list_has("IMAP4rev1 idle ESEARCH", "IDLE"));
    assert_false(imap_list_has("IMAP4rev1 IDLEX", "IDLE"));
    uint32_t n = 0;
    assert_false(imap_code_number("[UIDNEXT x] y", "UIDNEXT", &n));
    assert_false(imap_code_number("no code", "UIDNEXT", &n));
}

static void folder(const char *name, const char *expected)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    assert_true(imap_folder_write(&b, name));
    assert_string_equal(buf_str(&b), expected);
}

static void folders(void **state)
{
    (void)state;
    folder("INBOX", "\"INBOX\"");
    folder("a\"b\\c", "\"a\\\"b\\\\c\"");
    folder("R&D", "\"R&-D\"");
    folder("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""); /* RFC 3501 5.1.3 */
    folder("Orçamentos", "\"Or&AOc-amentos\"");
    folder("😀", "\"&2D3eAA-\"");
    CLEANUP(buf_free) struct buf b = BUF_INIT(KIB);
    assert_false(imap_folder_write(&b, "a\r\nI9 DELETE b"));
    assert_false(imap_folder_write(&b, "\xff"));
    char day[16];
    imap_day(1793664000000, day);
    assert_string_equal(day, "03-Nov-2026");
}

static void subjects(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const char *const same[] = {
        "Pedido 7",      "Re: Pedido 7",           "RE: re:  pedido  7 ", "Re[2]: Pedido 7",
        "RES: Pedido 7", "Fwd: Re: Pedido 7",      "AW: WG: Pedido 7",    "Re : Pedido 7",
        "ENC: Pedido 7", "Re\xef\xbc\x9a Pedido 7"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        assert_string_equal(mail_subject_key(a, same[i]), "pedido 7");
    assert_true(mail_subject_answers("Re: x"));
    assert_true(mail_subject_answers("  RES: x"));
    assert_false(mail_subject_answers("Resumo: x"));
    assert_false(mail_subject_answers("Fwd: x"));
    assert_string_equal(mail_subject_key(a, ""), "");
    assert_string_not_equal(mail_digest(a, "a@b", 1, "x"), mail_digest(a, "a@b", 2, "x"));
    assert_string_equal(mail_digest(a, "a@b", 1, "x"), mail_digest(a, "a@b", 1, "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_and_lines_however_cut),
        cmocka_unit_test(servers_that_lie),
        cmocka_unit_test(answers),
        cmocka_unit_test(folders),
        cmocka_unit_test(subjects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
