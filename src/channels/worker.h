/* What each worker keeps of channels, in app->channels from module start to stop. */
#ifndef INTERFLOW_CHANNELS_WORKER_H
#define INTERFLOW_CHANNELS_WORKER_H

#include "channels/accounts.h"
#include "core/batch.h"

struct watches;
struct sending;

struct channels_worker {
    struct accounts *accounts;
    struct batch_queue *bodies; /* of webhooks, on their way into the database */
    int64_t body_ms;            /* when the last one came */
    struct watches *watches;    /* connections that are held (watch.c) */
    struct sending *mails;      /* on their way (email/send.c) */
};

static inline struct channels_worker *channels_worker(const struct app *app)
{
    return app->channels;
}

#endif
