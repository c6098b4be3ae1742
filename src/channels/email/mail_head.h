/* The envelope of a mail from its headers: people, ids, date, list headers. For mail_parse.c and
 * mail_dsn.c. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_HEAD_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_HEAD_H

#include "channels/email/mail_entity.h"

/* Fills everything of ret that comes from the headers of root. */
void mail_head_read(struct mail_reader *r, const struct mail_entity *root, struct mail_in *ret);
/* Message-IDs of a header value, in order, without doubles, at most max: of more the first and the
 * last ones are kept (the first is the thread, the last the parents), *ret_cut is set. */
struct mail_ids mail_ids_read(struct arena *a, const char *value, size_t len, int max,
                              bool *ret_cut);
/* A date of RFC 5322 (also broken ones) as Unix milliseconds, 0 when it is none. */
int64_t mail_date_read(struct arena *a, const char *value, size_t len);

#endif
