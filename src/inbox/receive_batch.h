/* Usual inbound messages of a moment go to the database together (receive_batch.c says how and
 * why). */
#ifndef INTERFLOW_INBOX_RECEIVE_BATCH_H
#define INTERFLOW_INBOX_RECEIVE_BATCH_H

#include "core/app.h"

struct receive_queue;

/* One per worker. Free it when no request runs any more; batches that are still under way free the
 * rest when they end. NULL is fine. */
struct receive_queue *receive_queue_new(struct app *app);
void receive_queue_free(struct receive_queue *q);

struct received {
    struct uuid chat, message;
    const char *seen; /* JSON of the message as its channel's people see it; NULL where they see
                         none; lives as long as the context */
};

/* Try the short way for one message: p is what inbox_receive() in SQL takes, with its "channel".
 * Waits for the commit. *ret_taken false with ERR_OK: nothing was written, the long way must be
 * gone. ERR_UNAVAILABLE, ERR_DEADLINE, ERR_CANCELLED: it may have been written or not; the sender
 * tries again with the same id. */
MUST_USE enum err receive_known(struct ctx *c, struct receive_queue *q, const json_t *p,
                                bool *ret_taken, struct received *ret);

#endif
