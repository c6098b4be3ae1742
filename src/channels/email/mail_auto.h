/* Who wrote this: a person or a program? (RFC 3834 and what is in use besides it.) Nothing that a
 * program wrote may be answered by a program. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_AUTO_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_AUTO_H

#include "channels/email/mail_entity.h"

/* "auto-reply": for message data and logs. */
const char *mail_sender_name(enum mail_sender s);

/* Sets sender_kind, sender_weak, sender_reason and no_auto_answer of a mail whose headers, text and
 * dsn are read. Called by mail_parse. */
void mail_auto_find(struct mail_reader *r, struct mail_in *m);

#endif
