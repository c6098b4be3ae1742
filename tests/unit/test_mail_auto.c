/* Programs that write mails, and bounces with the mail they are about. */
#include "check.h"
#include "mail_check.h"

#include "channels/email/mail_auto.h"
#include "channels/email/mail_dsn.h"
#include "channels/email/mail_parse.h"

static struct mail_in parsed(struct arena *a, const char *name)
{
    struct mail_limits limits = mail_limits_usual(0);
    struct mail_in m;
    assert_int_equal(mail_parse(a, mail_fixture(a, name), &limits, &m), MAIL_OK);
    return m;
}

static void programs_are_told_from_people(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum mail_sender kind;
        bool weak, no_answer;
    } rows[] = {
        {"charset-ascii", MAIL_FROM_PERSON, false, false},
        {"auto-submitted-no", MAIL_FROM_PERSON, false, false},
        {"bounce-not-a-bounce", MAIL_FROM_PERSON, false, false},
        {"auto-suppress", MAIL_FROM_PERSON, false, true},
        {"auto-reply-header", MAIL_FROM_AUTO_REPLY, false, true},
        {"auto-reply-x", MAIL_FROM_AUTO_REPLY, false, true},
        {"auto-return-path-empty", MAIL_FROM_AUTO_REPLY, false, true},
        {"auto-reply-subject-pt", MAIL_FROM_AUTO_REPLY, true, true},
        {"auto-reply-subject-es", MAIL_FROM_AUTO_REPLY, true, true},
        {"auto-reply-subject-en", MAIL_FROM_AUTO_REPLY, true, true},
        {"auto-generated", MAIL_FROM_NOTIFICATION, false, true},
        {"no-reply", MAIL_FROM_NOTIFICATION, true, true},
        {"list-mail", MAIL_FROM_LIST, false, true},
        {"bulk-newsletter", MAIL_FROM_BULK, false, true},
        {"receipt-mdn", MAIL_FROM_RECEIPT, false, true},
        {"dsn-postfix", MAIL_FROM_BOUNCE, false, true},
        {"bounce-qmail", MAIL_FROM_BOUNCE, false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
        struct mail_in m = parsed(a, rows[i].file);
        if (m.sender_kind != rows[i].kind || m.sender_weak != rows[i].weak ||
            m.no_auto_answer != rows[i].no_answer)
            fail_msg("%s: %s weak %d, %s", rows[i].file, mail_sender_name(m.sender_kind),
                     m.sender_weak, m.sender_reason);
        assert_int_equal(m.no_auto_answer, *m.sender_reason != '\0');
    }
}

static void bounces_name_the_mail_and_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *file, *address, *status, *diagnostic;
        enum mail_dsn_action action;
        bool standard;
    } rows[] = {
        {"dsn-postfix", "naoexiste@uol.example", "5.1.1",
         "550 5.1.1 <naoexiste@uol.example>: Recipient address rejected: User unknown",
         MAIL_DSN_FAILED, true},
        {"dsn-delayed", "lento@uol.example", "4.4.1", "connect timed out", MAIL_DSN_DELAYED, true},
        {"dsn-several", "a@uol.example", "5.2.2", "552 5.2.2 Mailbox full", MAIL_DSN_FAILED, true},
        {"dsn-exchange", "ana@corp.example", "5.7.1",
         "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", MAIL_DSN_FAILED, true},
        {"dsn-gmail", "nobody@gmail.example", "5.1.1",
         "550-5.1.1 The email account that you tried to reach does not exist.", MAIL_DSN_FAILED,
         true},
        {"bounce-qmail", "ninguem@terra.example", "5.1.1",
         "Remote host said: 550 sorry, no mailbox here by that name (#5.1.1) Giving up on "
         "200.1.2.3.",
         MAIL_DSN_FAILED, false},
        {"bounce-exim", "cheio@terra.example", "5.2.2",
         "host mx.terra.example [200.1.2.3]: 552 5.2.2 Mailbox is over quota", MAIL_DSN_FAILED,
         false},
        {"bounce-exchange-old", "velho@corp.example", "5.1.1", "< EX01.corp.example #5.1.1>",
         MAIL_DSN_FAILED, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
        struct mail_in m = parsed(a, rows[i].file);
        assert_non_null(m.dsn);
        assert_int_equal(m.dsn->standard, rows[i].standard);
        const struct mail_dsn_recipient *one = &m.dsn->recipients[0];
        assert_string_equal(one->address, rows[i].address);
        assert_string_equal(one->status, rows[i].status);
        assert_string_equal(one->diagnostic, rows[i].diagnostic);
        assert_int_equal(one->action, rows[i].action);
        assert_int_equal(m.dsn->original_ids.count, 1);
        assert_string_equal(m.dsn->original_ids.list[0], "if-0001@quintal.example");
    }
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    struct mail_in m = parsed(a, "dsn-several");
    assert_int_equal(m.dsn->recipient_count, 2);
    assert_string_equal(mail_dsn_action_name(m.dsn->recipients[1].action), "delivered");
    assert_string_equal(m.dsn->envelope_id, "env-77");
    assert_string_equal(parsed(a, "dsn-postfix").dsn->recipients[0].remote, "mx.uol.example");
    assert_null(parsed(a, "receipt-mdn").dsn);
    assert_null(parsed(a, "bounce-not-a-bounce").dsn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_told_from_people),
        cmocka_unit_test(bounces_name_the_mail_and_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
