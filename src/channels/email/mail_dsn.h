/* Bounces: which mail of ours did not arrive, where, and why (RFC 3464, and the free texts of
 * servers that do not keep to it). */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_DSN_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_DSN_H

#include "channels/email/mail_entity.h"

/* "failed", "delayed", … */
const char *mail_dsn_action_name(enum mail_dsn_action a);

/* Sets m->dsn when the mail is about the delivery of another. Called by mail_parse, once the headers
 * and, where they could be read, the text are there. */
void mail_dsn_find(struct mail_reader *r, struct mail_in *m);

#endif
