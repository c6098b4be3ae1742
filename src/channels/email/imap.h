/* A small IMAP client: opens a folder for reading, says what is new in it, fetches mails, and waits
 * for news (IDLE, RFC 2177). It never changes anything in the mailbox. One coroutine at a time. */
#ifndef INTERFLOW_CHANNELS_EMAIL_IMAP_H
#define INTERFLOW_CHANNELS_EMAIL_IMAP_H

#include "channels/email/imap_read.h"
#include "core/mail_conn.h"

struct imap;

struct imap_folder {
    uint32_t uid_validity;
    uint32_t uid_next; /* 0: not said */
    uint32_t exists;
};
struct imap_item {
    uint32_t uid;
    uint64_t size_bytes;
    int64_t date_unix_ms;
    bool seen, answered;
};
struct imap_items {
    struct imap_item *list; /* in the order of UIDs */
    int count;
    bool cut; /* there are more */
};
#define IMAP_ITEMS_MAX 20000 /* of one look; the rest comes with the next */

/* Connects and logs in; see mail_conn_open for errors. Faults of this and of all below go to c, which
 * must outlive the connection. */
MUST_USE enum err imap_open(struct ctx *c, const struct mail_login *login, struct imap **ret);
/* NULL is fine; does not wait. */
void imap_free(struct imap *m);
void imap_freep(struct imap **m);
bool imap_can_idle(const struct imap *m);

/* All below: ERR_IO (MAIL_CONNECTION_LOST) when the connection broke, ERR_DEADLINE (MAIL_SILENT) when
 * the server says nothing for a minute, ERR_UPSTREAM (MAIL_PROTOCOL) when it says nonsense,
 * ERR_CANCELLED. The connection is of no use after any of them. */

/* Open a folder, read-only. ERR_NOT_FOUND (MAIL_FOLDER_UNKNOWN) with the server's words. */
MUST_USE enum err imap_select(struct imap *m, const char *folder, struct imap_folder *ret);
/* The smallest UID of a mail that the server took on this day or later; 0: none. */
MUST_USE enum err imap_first_since(struct imap *m, int64_t since_unix_ms, uint32_t *ret_uid);
/* Mails with this UID or a higher one, in the arena. */
MUST_USE enum err imap_list(struct imap *m, struct arena *a, uint32_t from_uid,
                            struct imap_items *ret);
#define IMAP_ASK_MAX 32
/* Ask for mails (1-IMAP_ASK_MAX), whole or (max_bytes > 0) their beginnings; then fetch until the end,
 * before anything else. */
MUST_USE enum err imap_ask(struct imap *m, const struct imap_item *items, int count,
                           size_t max_bytes);
/* The next of the mails that were asked for, in pieces. *ret_uid: which, in any order; 0: the server
 * does not say. *ret_end: that was all, the sink got nothing; those that did not come are gone, or the
 * server forgot them. */
MUST_USE enum err imap_fetch(struct imap *m, struct imap_body_sink sink, bool *ret_end,
                             uint32_t *ret_uid);
/* Wait for news until the deadline (clock_mono_ms). *ret_news: there may be new mails. Without IDLE
 * it asks at the end of the time; when the server refuses the first IDLE it returns at once, for
 * imap_can_idle has another answer then. */
MUST_USE enum err imap_wait(struct imap *m, int64_t deadline_ms, bool *ret_news);

#endif
