/* Jobs: work that must happen, as rows. A job is inserted by the transaction that wants it (SQL:
 * `insert into jobs …` or job_add), taken with FOR UPDATE SKIP LOCKED under a lease that is renewed
 * while it runs, and removed when done. It may run twice (a worker died after the effect, before
 * the delete): runners are idempotent or carry an idempotency key to the outside.
 *
 * - order_key: of jobs with one key only the oldest runs; later ones wait until it is done, parked
 * or removed.
 * - unique_key: at most one waiting job with it (on conflict do nothing): doubles and debounce.
 * - failure: back-off 2^tries seconds with jitter, at most an hour; after max_tries, or at once
 * when the runner says JOB_PARK, it is parked, visible to people (SQL_JOBS_PARKED), who can retry
 * or drop it; after JOBS_PARKED_DAYS it goes by itself. */
#ifndef INTERFLOW_CORE_JOBS_H
#define INTERFLOW_CORE_JOBS_H

#include "core/app.h"

#define JOBS_PARKED_DAYS 90

enum job_outcome { JOB_DONE, JOB_RETRY, JOB_PARK, JOB_AGAIN_AT };

struct job {
    int64_t id;
    const char *kind;
    int tries; /* 1 on the first run */
    const json_t *payload;
    int64_t again_unix_ms; /* for JOB_AGAIN_AT: not a failure */
    bool untried;          /* for JOB_AGAIN_AT: as if it had not run; else tries begin anew */
    const char *error;     /* set by the runner (arena text) for JOB_RETRY and JOB_PARK */
    int64_t taken;         /* proves that the job is this run's (job_done() in SQL asks for it) */
    bool ended; /* the runner's own transaction ended the job and is committed: for JOB_DONE */
};

struct job_kind {
    const char *name; /* "message.send"; NULL ends a table */
    const char *help;
    int max_tries; /* default 10 */
    int lease_s;   /* default 60; renewed at half time while the runner lives */
    int at_once;   /* of this kind per worker; default 8 */
    int per_org;   /* of this kind for one organization, over all workers; 0: any number. For what
                      waits for others' servers: one that hangs must not hold all of at_once. Each
                      look for work passes over what an organization has waiting beyond it: not for
                      kinds that wait by the thousands */
    int timeout_s; /* default 300: then cancelled and retried */
    /* In a coroutine; c->org set, c->in = payload, actor = system. */
    enum job_outcome (*run)(struct ctx *c, struct job *j);
    /* Called before the job is parked, to show the failure; again when it did not succeed, or the
     * worker died then. May be NULL. */
    enum err (*parked)(struct ctx *c, struct job *j);
    int every_s; /* > 0: a recurring job of the installation (org nil), kept alive by the runner */
};

/* What the jobs need themselves: the sweep of parked ones. */
extern const struct job_kind jobs_jobs[];

struct jobs *jobs_new(struct app *app, const struct job_kind *const *tables);
/* After loop_drain; what is still alive then is left alone. NULL is fine. */
void jobs_free(struct jobs *j);
void jobs_wake(struct jobs *j);
/* Take no new ones; true once none runs. */
bool jobs_quiesce(struct jobs *j);

struct job_new {
    const char *kind;
    int64_t delay_ms;
    int64_t due_unix_ms;    /* 0: now + delay */
    const char *order_key;  /* NULL: none */
    const char *unique_key; /* NULL: none */
    json_t *payload;        /* borrowed; NULL: {} */
};
/* Insert a job for c->org (nil: of the installation), in the open transaction when there is one. */
MUST_USE enum err job_add(struct ctx *c, const struct job_new *j);

#endif
