/* Small things that many ask for at the same moment are written to the database together: usual
 * inbound messages, bodies of webhooks (batch.c says how and why). */
#ifndef INTERFLOW_CORE_BATCH_H
#define INTERFLOW_CORE_BATCH_H

#include "core/app.h"

struct batch_queue;

/* What the statement said of one item. */
struct batch_result {
    bool taken; /* it was written; false: it was not, for a reason that only a try alone tells */
    struct uuid first, second; /* what the statement wants to say; nil: nothing */
    const char *text;          /* the same; NULL: nothing */
};

struct batch_kind {
    int runners;      /* batches of an organization under way at once */
    int items_max;    /* of one batch; at most BATCH_ITEMS_MAX */
    size_t bytes_max; /* of one batch, as JSON text; one item alone may be as large */
    /* Write what is in list, a JSON array of count items, for c->org; results[0…count-1] are
     * zeroed. All or nothing: after an error none is taken. Texts may lie in c's arena. */
    enum err (*write)(struct ctx *c, const char *list, int count, struct batch_result *results);
};
#define BATCH_ITEMS_MAX 128

/* One per worker and kind. Free it when no request runs any more; batches that are still under way
 * free the rest when they end. NULL is fine. */
struct batch_queue *batch_queue_new(struct app *app, const struct batch_kind *kind);
void batch_queue_free(struct batch_queue *q);
/* Items that wait or are being written. */
int batch_queue_length(const struct batch_queue *q);

/* Give one item (JSON text) of c->org to the queue and wait for its commit. ret->taken false with
 * ERR_OK: nothing was written (also when the queue is NULL, closed, or a transaction is open).
 * ERR_UNAVAILABLE, ERR_DEADLINE, ERR_CANCELLED: it may have been written or not. ret->text lives as
 * long as the context. */
MUST_USE enum err batch_write(struct ctx *c, struct batch_queue *q, const char *item,
                              struct batch_result *ret);

#endif
