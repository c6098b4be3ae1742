/* What the files of the inbox's API share: a chat's state under lock, and the one way to change
 * it. */
#ifndef INTERFLOW_INBOX_API_H
#define INTERFLOW_INBOX_API_H

#include "core/router.h"

struct chat_state {
    struct uuid id, assignee, team, customer, channel, contact;
    const char *status;
    int inbound_count, message_count;
};

/* Judge and write one change; runs in a transaction with the chat's row locked, maybe several
 * times. *ret_json: the chat after. */
typedef enum err chat_change(struct ctx *c, struct chat_state *s, const char **ret_json);

/* Lock a chat that the actor may see; inside a transaction. ERR_NOT_FOUND CHAT_NOT_FOUND. */
MUST_USE enum err chat_lock(struct ctx *c, struct uuid chat, struct chat_state *ret);
bool chat_closed(const struct chat_state *s);
/* Write new column values with a line in the conversation (what; NULL: none) and events. Steals set
 * and data. */
MUST_USE enum err chat_write(struct ctx *c, const struct chat_state *s, json_t *set,
                             const char *what, json_t *data, const char **ret_json);
/* Lock, change, commit; repeated when it collides. */
MUST_USE enum err chat_apply(struct ctx *c, struct uuid chat, chat_change *change,
                             const char **ret_json);
/* Text of an id, or JSON null when nil. A new reference. */
json_t *json_uuid(struct uuid u);

/* Are the lists with commas of a chat filter (status, teamId, …) of known words and ids?
 * ERR_INVALID naming prefix and field. */
MUST_USE enum err chat_filter_check(struct ctx *c, const json_t *filter, const char *prefix);
/* The valid uuids of the list c->in[name]; returns how many. */
int input_uuids(struct ctx *c, const char *name, struct uuid *out, int max);
/* The texts name the files of a message: each must exist and be one that the actor may see.
 * ERR_INVALID naming field. */
MUST_USE enum err inbox_files_check(struct ctx *c, const char *field, const struct uuid *files,
                                    int count);
/* The object of the input under this name; NULL: absent, or no object (then the fault is set). */
const json_t *inbox_object_given(struct ctx *c, const char *name);
/* c->in's "data" of a message to be sent, borrowed; NULL: none, or refused (then the fault is
 * set). */
json_t *inbox_data_given(struct ctx *c);
/* Nothing but white space, or NULL? */
bool inbox_blank(const char *text);
/* db_one, again (at most 4 times, with jitter) after a deadlock, unless a transaction is open: its
 * owner repeats then. */
MUST_USE enum err inbox_one(struct ctx *c, const struct sql *q, const struct param *params,
                            struct rows **ret_rows);
/* ERR_NOT_FOUND CHAT_NOT_FOUND unless the actor may see the chat. */
MUST_USE enum err chat_must_be_visible(struct ctx *c, struct uuid chat);

/* .prepare of rows whose input names files by address (initialMessage.url, url_attachments,
 * steps[].url_attachments): fetch them all through the guarded client into the store. What cannot
 * be had is said later, by inbox_file_from_url. ERR_NOT_FOUND: the chat is not the actor's. */
MUST_USE enum err inbox_files_fetch(struct ctx *c, const struct request *r);
/* The row of a file that was fetched before, in the open transaction when there is one. ERR_INVALID
 * FILE_NOT_FETCHED with the reason. */
MUST_USE enum err inbox_file_from_url(struct ctx *c, const char *url, const char *name,
                                      struct uuid *ret_file);
/* A note of the actor's in a chat, for the team. */
MUST_USE enum err inbox_context_note(struct ctx *c, struct uuid chat, const char *text);

/* chat/create's flowId and responseFlowId: begun, or put on the chat; the answer's members say so,
 * or why not. An error is the machine's own. */
MUST_USE enum err public_flows(struct ctx *c, struct uuid chat, json_t *answer);

/* The changes themselves, for the bulk actions and the public paths. They read their arguments from
 * c->in. */
chat_change chat_take, chat_assign, chat_transfer, chat_close, chat_reopen;

#endif
