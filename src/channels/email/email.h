/* The channel kind "email": what its files share. A mailbox is read by IMAP (sync.c), each mail
 * becomes a message (receive.c), answers leave by SMTP (send.c), the form is tested by account.c,
 * and the whole mail is shown by routes.c. Reading and writing of mails themselves are mail_*.h. */
#ifndef INTERFLOW_CHANNELS_EMAIL_EMAIL_H
#define INTERFLOW_CHANNELS_EMAIL_EMAIL_H

#include "channels/channel.h"
#include "channels/email/mail_order.h"
#include "channels/email/mail_parse.h"
#include "core/mail_conn.h"

#define EMAIL_WHOLE_MAX   (40 * MIB) /* of a mail that is taken whole; of larger ones the beginning */
#define EMAIL_BEGIN_BYTES (256 * KIB)

extern const struct channel_kind email_kind;

/* The settings of an account, presets filled in. Texts live as long as the channel. */
struct email_account {
    const char *address; /* the mailbox's own, in small letters; "" when missing */
    const char *from_name;
    const char *folder;
    struct mail_login imap, smtp; /* without password and token */
    bool oauth;
    bool token_kept; /* email_login gave a token that was kept: when refused, a new one may do */
    const char *token_url;
    int import_days;
    bool quote;
};
void email_account_read(struct arena *a, const struct channel *ch, struct email_account *ret);
/* Fill in password or access token of both. ERR_UNAUTHORIZED when they cannot be had or used
 * (TOKEN_REFUSED, MAIL_LOGIN_FAILED), ERR_UPSTREAM and the like when no token came now. */
MUST_USE enum err email_login(struct ctx *c, const struct channel *ch, struct email_account *a);
/* The account was refused although its token should be valid: ask for a new one next time. */
void email_token_forget(struct ctx *c, const struct channel *ch);
/* The setting that is to blame for a failed connection, "settings.imapHost" and the like. */
const char *email_blame(const struct channel *ch, const char *code, bool smtp);

/* --- the functions of the kind -------------------------------------------------------------- */
MUST_USE enum err email_check(struct ctx *c, const struct channel *ch, struct check_result *ret);
MUST_USE enum err email_watch(struct ctx *c, const struct channel *ch);
MUST_USE enum err email_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                             struct send_result *ret);

/* --- a mail comes in ------------------------------------------------------------------------ */
struct mail_raw {
    struct bytes bytes;       /* whole, or the beginning of one that is too large */
    uint64_t size_bytes;      /* of the whole */
    int64_t received_unix_ms; /* when the mail server took it; 0: unknown */
    bool history;             /* read or answered before the account was connected */
};
enum mail_taken {
    MAIL_TAKEN_MESSAGE, /* a message in a chat */
    MAIL_TAKEN_BOUNCE,  /* the state of a message of ours */
    MAIL_TAKEN_DOUBLE,  /* known already */
};
/* Take a mail: everything that it means is in the database afterwards, exactly once however often it
 * is called. c: a context of its own per mail; turn: its place among those that are taken beside it.
 * Errors are worth another try. */
MUST_USE enum err mail_receive(struct ctx *c, const struct channel *ch, const struct mail_raw *raw,
                               struct mail_turn *turn, enum mail_taken *ret);
/* The turn's keys are complete. */
void mail_turn_known(struct ctx *c, struct mail_turn *turn);
/* Wait until everything that must be in before is in. What it waited does not count against c's
 * deadline. ERR_CANCELLED: also when one before it could not be taken. */
MUST_USE enum err mail_turn_wait(struct ctx *c, struct mail_turn *turn);

/* The key by which subjects are compared: without Re: and its kin, small letters, one space. */
const char *mail_subject_key(struct arena *a, const char *subject);
/* Does the subject say that it is an answer? */
bool mail_subject_answers(const char *subject);
/* 16 hexadecimal digits over sender, date and subject. */
const char *mail_digest(struct arena *a, const char *from, int64_t date_unix_ms,
                        const char *subject);

#endif
