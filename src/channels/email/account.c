/* Does an account work? Both directions, step by step: found, encrypted, logged in, folder opened;
 * found, encrypted, logged in, allowed to send as this address (kind->check). libcurl does the first
 * three in one go: what went wrong says how far it came. Nothing is sent. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "channels/email/email.h"
#include "channels/email/imap.h"
#include "channels/email/mail_build.h"

#define CHECK_LOGIN_MS (20 * (int)SECOND_MS)
#define ANSWER_MS      (15 * SECOND_MS)

/* The steps of connecting, in the order done, and the codes that mean that one of them failed. */
static const struct stage {
    const char *imap, *smtp;
    const char *codes; /* with blanks around each */
} stages[] = {
    {"imap", "smtp",
     " HOST_INVALID HOST_UNKNOWN CONNECT_FAILED CALL_TIMEOUT ADDRESS_FORBIDDEN MAIL_SERVER_REFUSED "
     "CALL_FAILED "},
    {"imapTls", "smtpTls", " TLS_FAILED PLAIN_FORBIDDEN "},
    {"imapLogin", "smtpLogin",
     " MAIL_LOGIN_FAILED SMTP_LOGIN_FAILED TOKEN_REFUSED TOKEN_SERVER URL_INVALID "},
};

static void add_step(struct check_result *r, const char *id, const char *code, const char *message,
                     const char *field)
{
    if (r->count == CHECK_STEPS_MAX) return;
    r->steps[r->count++] = (struct check_step){
        .id = id, .ok = code == NULL, .code = code, .message = message, .field = field};
}

/* The steps of one connection that ended with e and the context's fault. */
static void add_stages(struct ctx *c, const struct channel *ch, bool smtp, enum err e,
                       struct check_result *r)
{
    const char *code = e ? (c->fault.code ? c->fault.code : err_row(e)->code) : NULL;
    const char *message = e && c->fault.message ? c->fault.message : e ? err_row(e)->text : NULL;
    const char *word = code ? arena_printf(c->arena, " %s ", code) : NULL;
    size_t failed = ARRAY_LEN(stages);
    for (size_t i = ARRAY_LEN(stages); word && i > 0; i--)
        if (strstr(stages[i - 1].codes, word)) failed = i - 1;
    if (code && failed == ARRAY_LEN(stages)) failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(stages) && i <= failed; i++) {
        const char *id = smtp ? stages[i].smtp : stages[i].imap;
        if (i == failed)
            add_step(r, id, code, message, email_blame(ch, code, smtp));
        else
            add_step(r, id, NULL, NULL, NULL);
    }
    fault_clear(c);
}

static bool cancelled(enum err e)
{
    return e == ERR_CANCELLED || e == ERR_NO_MEMORY;
}

static enum err check_imap(struct ctx *c, const struct channel *ch, struct email_account *a,
                           struct check_result *r)
{
    CLEANUP(imap_freep) struct imap *m = NULL;
    enum err e = imap_open(c, &a->imap, &m);
    if (e == ERR_UNAUTHORIZED && a->token_kept) {
        email_token_forget(c, ch);
        fault_clear(c);
        e = email_login(c, ch, a);
        if (!e) e = imap_open(c, &a->imap, &m);
    }
    if (cancelled(e)) return e;
    add_stages(c, ch, false, e, r);
    if (e) return ERR_OK;
    struct imap_folder folder;
    e = imap_select(m, a->folder, &folder);
    if (cancelled(e)) return e;
    const char *code = e ? (c->fault.code ? c->fault.code : err_row(e)->code) : NULL;
    add_step(r, "imapFolder", code, e ? c->fault.message : NULL,
             e ? email_blame(ch, code, false) : NULL);
    fault_clear(c);
    return ERR_OK;
}

/* The code of the server's answer, its last line in *ret_words. 0: none came. */
static int smtp_answer(struct ctx *c, struct mail_conn *m, const char **ret_words)
{
    char text[2048];
    size_t len = 0;
    int64_t deadline = clock_mono_ms() + ANSWER_MS;
    for (;;) {
        size_t got = 0;
        if (len + 1 >= sizeof(text) ||
            mail_conn_receive(m, text + len, sizeof(text) - 1 - len, deadline, &got))
            return 0;
        len += got;
        text[len] = '\0';
        /* The last line has a blank behind its code. */
        for (char *line = text; line && strlen(line) >= 4;) {
            char *end = strchr(line, '\n');
            if (end && line[3] == ' ') {
                *end = '\0';
                *ret_words = text_clean(c->arena, line, strcspn(line, "\r"));
                return (int)strtol(line, NULL, 10);
            }
            line = end ? end + 1 : NULL;
        }
    }
}

static int smtp_command(struct ctx *c, struct mail_conn *m, const char *command,
                        const char **ret_words)
{
    if (!command || mail_conn_send(m, command, strlen(command), clock_mono_ms() + ANSWER_MS))
        return 0;
    return smtp_answer(c, m, ret_words);
}

static enum err check_smtp(struct ctx *c, const struct channel *ch, struct email_account *a,
                           struct check_result *r)
{
    CLEANUP(mail_conn_freep) struct mail_conn *m = NULL;
    enum err e = mail_conn_open(c, &a->smtp, &m);
    if (cancelled(e)) return e;
    add_stages(c, ch, true, e, r);
    if (e) return ERR_OK;
    const char *words = "", *code = NULL;
    int answer =
        smtp_command(c, m, arena_printf(c->arena, "MAIL FROM:<%s>\r\n", a->address), &words);
    /* Many servers judge the sender only when they hear for whom. */
    if (answer >= 200 && answer <= 299)
        answer = smtp_command(c, m, arena_printf(c->arena, "RCPT TO:<%s>\r\n", a->address), &words);
    if (answer < 200 || answer > 299) code = answer == 0 ? "CONNECT_FAILED" : "SENDER_REFUSED";
    add_step(r, "smtpSender", code,
             code ? arena_printf(c->arena, "the mail server does not send for %s: %s", a->address,
                                 words ? words : "")
                  : NULL,
             email_blame(ch, code, true));
    if (!code) (void)smtp_command(c, m, "RSET\r\n", &words);
    return ERR_OK;
}

enum err email_check(struct ctx *c, const struct channel *ch, struct check_result *ret)
{
    struct email_account a;
    email_account_read(c->arena, ch, &a);
    if (!mail_address_fits(a.address)) {
        add_step(ret, "address", "ADDRESS_INVALID",
                 "the mailbox's own address is missing or malformed", "address");
        return ERR_OK;
    }
    ret->address = ret->external_account = a.address;
    a.imap.timeout_ms = a.smtp.timeout_ms = CHECK_LOGIN_MS;
    enum err e = email_login(c, ch, &a);
    if (cancelled(e)) return e;
    if (e) { /* no token: whatever went wrong went wrong at the token server */
        const char *code = c->fault.code ? c->fault.code : err_row(e)->code;
        bool refused = e == ERR_UNAUTHORIZED;
        add_step(ret, "imapLogin", code, c->fault.message ? c->fault.message : err_row(e)->text,
                 refused ? email_blame(ch, code, false) : "settings.tokenUrl");
        fault_clear(c);
        return ERR_OK;
    }
    e = check_imap(c, ch, &a, ret);
    return e ? e : check_smtp(c, ch, &a, ret);
}
