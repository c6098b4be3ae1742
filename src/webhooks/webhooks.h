/* Outgoing webhooks: an organization's own systems are told of what happens (docs/WEBHOOKS.md).
 *
 * Events (table events) are turned into notifications (table webhook_deliveries, the outbox) by the
 * feed, a reader that remembers its place in the database: rows and place move in one commit, so
 * that each event is written down once, whatever is killed. Each webhook has four lanes; a job per
 * lane that has something to do (webhook.deliver) sends its notifications one after the other.
 * What writes an event does not know of webhooks and pays nothing for them. */
#ifndef INTERFLOW_WEBHOOKS_WEBHOOKS_H
#define INTERFLOW_WEBHOOKS_WEBHOOKS_H

#include "core/app.h"
#include "core/jobs.h"
#include "core/router.h"

/* For src/server/tables.c. */
extern const struct route webhooks_routes[];
extern const struct job_kind webhooks_job_kinds[]; /* webhook.deliver, webhooks.clean */
/* The feed of this worker. */
enum err webhooks_start(struct app *app);
void webhooks_stop(struct app *app);

/* --- inside src/webhooks --------------------------------------------------------------- */

#define WEBHOOK_SECRET_PURPOSE "webhooks.secret"

/* A kind of notification. */
struct webhook_type {
    const char *name; /* "message.received"; NULL ends the table */
    const char *help; /* one English sentence */
};
extern const struct webhook_type webhook_types[];
/* Is it one that can be asked for? */
bool webhook_type_known(const char *name);

/* What came of one call. Texts lie in the context's arena, and are UTF-8. */
struct webhook_try {
    int status;         /* 0: no answer */
    const char *code;   /* "": taken; else why not: HTTP_STATUS, REDIRECT, GONE, SECRET_UNREADABLE,
                           or http_call's */
    const char *error;  /* English words; "" */
    const char *answer; /* the first 4 KB of what the receiver said; "" */
    int64_t took_ms;
};
struct rows;
/* One call with row `row` of rows (columns id, event_id, type, body, tries, url, secret,
 * previous_secret). ERR_OK whatever the receiver does; ERR_CANCELLED and ERR_UNAVAILABLE: the
 * program ends, nothing is known. Takes at most 10 s. */
MUST_USE enum err webhook_call(struct ctx *c, const struct rows *rows, int row,
                               struct webhook_try *ret);

#endif
