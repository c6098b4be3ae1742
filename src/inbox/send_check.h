/* What can be said against a message before anything is written: the limits of its channel's kind,
 * the window in which the platform lets us write (send_check.c). */
#ifndef INTERFLOW_INBOX_SEND_CHECK_H
#define INTERFLOW_INBOX_SEND_CHECK_H

#include "inbox/inbox.h"

/* What is known of a message's chat. */
struct send_chat {
    const struct channel_kind *kind;
    int64_t window_until_unix_ms; /* 0: never written, or no window */
    bool window_open;             /* by the database's clock */
    bool human_agent_open;        /* a person may still write */
};

/* The words of what a message is, for its kind column, from its data and files' kinds. */
const char *message_kind_name(enum message_kind kind);
enum message_kind message_kind_of(const char *name);

/* ERR_INVALID MESSAGE_TOO_LONG, UNSUPPORTED_MEDIA, FILE_TOO_LARGE, FILE_TYPE_REFUSED,
 * TOO_MANY_FILES, or naming content, fileIds, data.…; ERR_UNPROCESSABLE WINDOW_CLOSED with
 * windowUntil. *ret_kind: what it is, beside what its files say. files: gets {"fileId"} of each. */
MUST_USE enum err send_check(struct ctx *c, const struct send_chat *chat,
                             const struct message_new *m, json_t *files, const char **ret_kind);
/* Only the text: for edits of what waits to be sent. */
MUST_USE enum err send_check_text(struct ctx *c, const struct channel_kind *kind, const char *text);

#endif
