/* Events: news of committed changes. They are rows of table `events`, written by the same statement
 * or transaction as the change (SQL: `insert into events (org_id, type, …)`, see sql/migrations).
 * Each worker reads the table in commit order — (xid, id) below the snapshot's xmin, so that no
 * late commit is skipped — and gives every event to the hub and to the listeners below. The
 * position "xid-id" is the number that a client says it saw last. */
#ifndef INTERFLOW_CORE_EVENTS_H
#define INTERFLOW_CORE_EVENTS_H

#include "core/app.h"
#include "core/jobs.h"

struct event {
    const char *position; /* "824-1391": opaque to clients, comparable here */
    uint64_t xid;
    int64_t id;
    struct uuid org;
    const char *type; /* "message.created" */
    struct uuid chat; /* nil: not about a chat */
    struct uuid team; /* of the chat after the change */
    struct uuid assignee;
    struct uuid previous_team; /* differs from team when the chat moved: those who lost it get
                                  chat.removed */
    struct uuid previous_assignee;
    struct uuid user; /* not nil: for this user only */
    struct uuid customer;
    int permission;      /* > 0: only for holders */
    const char *payload; /* JSON object text */
    int64_t created_ms;
};

struct event_reader *event_reader_new(struct app *app);
/* After loop_drain; earlier it cancels its coroutine, which frees the rest when it ends. */
void event_reader_free(struct event_reader *r);
/* Every event, in order, inside the reader's coroutine: cb must not wait. For caches and the hub;
 * at most 16. */
void event_reader_on(struct event_reader *r, void (*cb)(void *arg, const struct event *e),
                     void *arg);
/* Does it give every event that is committed from now on? Not before it has read its first
 * position. */
bool event_reader_started(const struct event_reader *r);
/* Read now (after bus_wake). Also polls every 500 ms. */
void event_reader_wake(struct event_reader *r);
/* Catch-up for one client: events of org after position (at most limit), oldest first, through cb.
 * ERR_NOT_FOUND when the position is older than what is kept (24 h) or unreadable: the client must
 * reload. *ret_last is the last position. */
MUST_USE enum err events_since(struct ctx *c, const char *position, int limit,
                               void (*cb)(void *arg, const struct event *e), void *arg,
                               const char **ret_last, bool *ret_more);
/* The newest position, for a client that starts from a fresh load (taken BEFORE it loads). */
MUST_USE enum err events_position(struct ctx *c, const char **ret_position);

/* The recurring clean-up. */
extern const struct job_kind events_jobs[];

#endif
