/* Accounts of mail: what well-known services and defaults fill in, which setting is to blame, and the
 * spool of a mail on its way in. */
#include "check.h"

#include "base/arena.h"
#include "base/json.h"
#include "channels/email/email.h"
#include "channels/email/mail_spool.h"

static struct email_account account(struct arena *a, const char *settings)
{
    json_t *s = NULL;
    assert_int_equal(json_parse(a, settings, strlen(settings), &s, NULL), ERR_OK);
    struct channel ch = {.address = "Loja@Loja.example", .settings = s};
    struct email_account ret;
    email_account_read(a, &ch, &ret);
    return ret;
}

static void services_fill_in_their_servers(void **state)
{
    (void)state;
    static const struct {
        const char *preset, *imap, *smtp;
        int smtp_port;
        enum smtp_security smtp_security;
        const char *token_host;
    } rows[] = {
        {"gmail", "imap.gmail.com", "smtp.gmail.com", 465, SMTP_TLS,
         "https://oauth2.googleapis.com/"},
        {"outlook", "outlook.office365.com", "smtp.office365.com", 587, SMTP_STARTTLS,
         "https://login.microsoftonline.com/"},
        {"yahoo", "imap.mail.yahoo.com", "smtp.mail.yahoo.com", 465, SMTP_TLS,
         "https://api.login.yahoo.com/"},
        {"zoho", "imap.zoho.com", "smtp.zoho.com", 465, SMTP_TLS, "https://accounts.zoho.com/"},
    };
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct email_account e =
            account(a, arena_printf(a, "{\"preset\": \"%s\"}", rows[i].preset));
        assert_string_equal(e.imap.host, rows[i].imap);
        assert_int_equal(e.imap.port, 993);
        assert_int_equal(e.imap.security, SMTP_TLS);
        assert_string_equal(e.smtp.host, rows[i].smtp);
        assert_int_equal(e.smtp.port, rows[i].smtp_port);
        assert_int_equal(e.smtp.security, rows[i].smtp_security);
        assert_int_equal(strncmp(e.token_url, rows[i].token_host, strlen(rows[i].token_host)), 0);
        assert_string_equal(e.imap.user, "loja@loja.example");
    }
    /* What a person wrote counts more. */
    struct email_account own =
        account(a, "{\"preset\": \"gmail\", \"imapHost\": \"imap.loja.example\", \"imapSecurity\": "
                   "\"starttls\", \"smtpPort\": 2525, \"username\": \"caixa\", \"tokenUrl\": "
                   "\"https://token.example/\", \"importDays\": 0}");
    assert_string_equal(own.imap.host, "imap.loja.example");
    assert_int_equal(own.imap.port, 143);
    assert_string_equal(own.smtp.host, "smtp.gmail.com");
    assert_int_equal(own.smtp.port, 2525);
    assert_string_equal(own.smtp.user, "caixa");
    assert_string_equal(own.token_url, "https://token.example/");
    assert_int_equal(own.import_days, 0);
    struct email_account none = account(a, "{\"smtpSecurity\": \"none\"}");
    assert_string_equal(none.imap.host, "");
    assert_int_equal(none.smtp.port, 25);
    assert_int_equal(none.import_days, 7);
    assert_string_equal(none.folder, "INBOX");
    assert_true(none.quote);
}

static void blame(void **state)
{
    (void)state;
    assert_string_equal(email_blame(NULL, "MAIL_LOGIN_FAILED", true), "secrets.password");
    assert_string_equal(email_blame(NULL, "TOKEN_REFUSED", false), "secrets.refreshToken");
    assert_string_equal(email_blame(NULL, "TLS_FAILED", true), "settings.smtpSecurity");
    assert_string_equal(email_blame(NULL, "PLAIN_FORBIDDEN", false), "settings.imapSecurity");
    assert_string_equal(email_blame(NULL, "HOST_UNKNOWN", true), "settings.smtpHost");
    assert_string_equal(email_blame(NULL, "CONNECT_FAILED", false), "settings.imapHost");
    assert_null(email_blame(NULL, NULL, false));
}

static void a_spool_takes_what_was_announced(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, MAIL_SPOOL_MEMORY, MAIL_SPOOL_MEMORY + 1, 3 * MIB};
    static char block[64 * KIB];
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)('a' + i % 26);
    for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
        CLEANUP(mail_spool_end) struct mail_spool s;
        mail_spool_init(&s, "/tmp");
        assert_int_equal(mail_spool_take(&s, sizes[k], "", 0), ERR_OK);
        for (size_t left = sizes[k]; left > 0;) {
            size_t n = left < sizeof(block) ? left : sizeof(block);
            assert_int_equal(mail_spool_take(&s, sizes[k], block, n), ERR_OK);
            left -= n;
        }
        /* Neither more of it nor another one. */
        assert_int_equal(mail_spool_take(&s, sizes[k], "x", 1), ERR_UPSTREAM);
        assert_int_equal(mail_spool_take(&s, 5, "", 0), ERR_UPSTREAM);
        struct bytes b;
        assert_int_equal(mail_spool_bytes(&s, &b), ERR_OK);
        assert_int_equal(b.len, sizes[k]);
        for (size_t at = 0; at < b.len; at += sizeof(block))
            assert_memory_equal(b.data + at, block,
                                b.len - at < sizeof(block) ? b.len - at : sizeof(block));
    }
    CLEANUP(mail_spool_end) struct mail_spool s;
    mail_spool_init(&s, "/tmp");
    assert_int_equal(mail_spool_take(&s, 3, "x", 1), ERR_UPSTREAM); /* never announced */
    CLEANUP(mail_spool_end) struct mail_spool full;
    mail_spool_init(&full, "/nowhere/at/all");
    assert_int_equal(mail_spool_take(&full, MIB, "", 0), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_fill_in_their_servers),
        cmocka_unit_test(blame),
        cmocka_unit_test(a_spool_takes_what_was_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
