/* Inside of the job runner: shared by jobs.c (scheduler) and job_run.c (one run), included by
 * nobody else. */
#ifndef INTERFLOW_CORE_JOBS_IMPL_H
#define INTERFLOW_CORE_JOBS_IMPL_H

#include "core/jobs.h"

struct kind_slot {
    const struct job_kind *kind;
    int running;
};

struct run {
    struct run *next;
    struct jobs *jobs;
    struct kind_slot *slot;
    struct co *co;
    struct job job;
    struct uuid org;
    char *payload;
    int64_t lease_until_ms, renew_ms;
    bool asked; /* in the renewal under way */
    bool lost;  /* the lease is somebody else's */
    bool timed_out;
    bool ended; /* the runner has returned: the row is being ended */
};

struct jobs {
    struct app *app;
    struct co *co; /* the scheduler; NULL once it has ended */
    struct kind_slot *kinds;
    int kind_count;
    struct run *runs;
    int running;
    bool woken, quiet;
};

int kind_lease_s(const struct job_kind *k);
/* A context of the system, without an organization. */
struct ctx *jobs_context(struct jobs *j, int64_t timeout_ms);
/* The coroutine of one run; frees the run. */
void job_run_main(void *arg);

#endif
