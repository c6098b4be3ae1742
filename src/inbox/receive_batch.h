/* Usual inbound messages of a moment go to the database together (core/batch.h). */
#ifndef INTERFLOW_INBOX_RECEIVE_BATCH_H
#define INTERFLOW_INBOX_RECEIVE_BATCH_H

#include "core/batch.h"

extern const struct batch_kind receive_batch_kind;

struct received {
    struct uuid chat, message;
    const char *seen; /* JSON of the message as its channel's people see it; NULL where they see
                         none; lives as long as the context */
};

/* Try the short way for one message: p is what inbox_receive() in SQL takes, with its "channel".
 * Waits for the commit. *ret_taken false with ERR_OK: nothing was written, the long way must be
 * gone. ERR_UNAVAILABLE, ERR_DEADLINE, ERR_CANCELLED: it may have been written or not; the sender
 * tries again with the same id. */
MUST_USE enum err receive_known(struct ctx *c, struct batch_queue *q, const json_t *p,
                                bool *ret_taken, struct received *ret);

#endif
