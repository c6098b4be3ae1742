/* One run of one job: the runner under a time limit, then the row's end — removed, due again, or
 * parked (jobs.c takes the job and renews its lease meanwhile).
 *
 * The end is written under a shield, in a context of its own, and again while the lease lasts when
 * the database is away: the effect may have happened, so that a lost end would mean a second
 * run. */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/jobs_impl.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "sql.h"

#define TRIES_MAX      10
#define TIMEOUT_S      300
#define BACKOFF_MAX_MS HOUR_MS
#define END_TIMEOUT_MS (10 * SECOND_MS)

static int kind_max_tries(const struct job_kind *k)
{
    return k->max_tries > 0 ? k->max_tries : TRIES_MAX;
}

/* 2^tries seconds, at most an hour; the second half by chance, so that what failed together does
 * not come back together. */
static int64_t backoff_ms(const struct run *run)
{
    const struct job_kind *k = run->slot->kind;
    int shift = run->job.tries < 12 ? run->job.tries : 12;
    int64_t ms = SECOND_MS << shift;
    if (ms > BACKOFF_MAX_MS) ms = BACKOFF_MAX_MS;
    if (k->every_s > 0 && ms > k->every_s * SECOND_MS) ms = k->every_s * SECOND_MS;
    uint32_t random = 0;
    crypto_random(&random, sizeof random);
    return ms / 2 + (int64_t)(random % (uint32_t)(ms / 2 + 1));
}

static void count(const struct run *run, enum metric which)
{
    metrics_add(run->jobs->app->metrics, run->jobs->app->worker_index, which, 1);
}

/* --- the end --------------------------------------------------------------------------- */

static enum err end_once(struct run *run, struct ctx *c, enum job_outcome outcome)
{
    const struct job *job = &run->job;
    struct param id = P_INT("id", job->id), taken = P_INT("taken", job->taken),
                 error = P_TEXT("error", job->error);
    switch (outcome) {
    case JOB_DONE:
        return db_query(c, &SQL_JOB_DONE,
                        PARAMS(id, taken, P_INT("next_ms", run->slot->kind->every_s * SECOND_MS)),
                        NULL);
    case JOB_AGAIN_AT:
        return db_query(
            c, &SQL_JOB_AGAIN,
            PARAMS(id, taken, P_INT("due_ms", job->again_unix_ms), P_BOOL("untried", job->untried)),
            NULL);
    case JOB_RETRY:
        return db_query(c, &SQL_JOB_RETRY,
                        PARAMS(id, taken, P_INT("delay_ms", backoff_ms(run)), error), NULL);
    case JOB_PARK: break;
    }
    return db_query(c, &SQL_JOB_PARK, PARAMS(id, taken, error), NULL);
}

/* Nothing that another try would mend; ERR_OK, too. */
static bool hopeless(enum err e)
{
    return e != ERR_UNAVAILABLE && e != ERR_DEADLINE && e != ERR_CONFLICT;
}

static void end(struct run *run, enum job_outcome outcome)
{
    struct loop *l = run->jobs->app->loop;
    run->ended = true;
    if (outcome == JOB_DONE && run->job.ended) return;
    for (;;) {
        CLEANUP(ctx_freep) struct ctx *c = jobs_context(run->jobs, END_TIMEOUT_MS);
        enum err e = end_once(run, c, outcome);
        if (!e) return;
        if (hopeless(e) || run->lost || run->jobs->app->stopping ||
            clock_mono_ms() + SECOND_MS > run->lease_until_ms) {
            log_event(LOG_ERROR, c->trace,
                      "the end of a job could not be written, it will run again",
                      LOG_FIELDS(LOG_TEXT("kind", run->job.kind), LOG_INT("job", run->job.id)));
            return;
        }
        if (loop_sleep(l, SECOND_MS) != ERR_OK) return;
    }
}

/* --- the run --------------------------------------------------------------------------- */

static void on_timeout(void *arg)
{
    struct run *run = arg;
    run->timed_out = true;
    loop_cancel(run->jobs->app->loop, run->co);
}

static void log_failure(const struct run *run, const struct ctx *c, const char *what)
{
    log_event(LOG_WARN, c->trace, what,
              LOG_FIELDS(LOG_TEXT("kind", run->job.kind), LOG_INT("job", run->job.id),
                         LOG_INT("tries", run->job.tries), LOG_TEXT("error", run->job.error)));
}

static enum job_outcome perform(struct run *run, struct ctx *c)
{
    struct job *job = &run->job;
    const struct job_kind *k = run->slot->kind;
    json_t *payload = NULL;
    const char *why = NULL;
    if (json_parse(c->arena, run->payload, strlen(run->payload), &payload, &why) != ERR_OK ||
        !json_is_object(payload)) {
        job->error = "the payload is not a JSON object";
        return JOB_PARK;
    }
    c->in = payload; /* .parked wants to know, too */
    job->payload = payload;
    if (k->every_s <= 0 && job->tries > kind_max_tries(k)) {
        job->error = job->error ? job->error : "given up: every worker that ran it died";
        return JOB_PARK;
    }
    int64_t timeout_ms = (k->timeout_s > 0 ? k->timeout_s : TIMEOUT_S) * SECOND_MS;
    c->deadline_ms = clock_mono_ms() + timeout_ms;
    struct loop_timer *timer = loop_timer(run->jobs->app->loop, c->deadline_ms, on_timeout, run);
    enum job_outcome outcome = k->run(c, job);
    if (!run->timed_out) loop_timer_cancel(run->jobs->app->loop, timer);
    if (outcome == JOB_DONE || outcome == JOB_AGAIN_AT) return outcome;
    if (!job->error) job->error = run->timed_out ? "took too long" : c->fault.message;
    if (!job->error) job->error = "failed";
    if (k->every_s > 0) return JOB_RETRY; /* a recurring job goes on for ever */
    if (outcome == JOB_RETRY && job->tries >= kind_max_tries(k)) return JOB_PARK;
    return outcome;
}

/* What hangs on the job learns that it is given up, before its row says so: a worker that dies in
 * between, or a database that is away, leaves a job that is given up once more when its lease is
 * over, not somebody who waits for ever. False: leave the row as it is. */
static bool tell_parked(struct run *run, const struct ctx *c)
{
    const struct job_kind *k = run->slot->kind;
    if (!k->parked) return true;
    CLEANUP(ctx_freep) struct ctx *after = jobs_context(run->jobs, END_TIMEOUT_MS);
    after->org = run->org;
    after->in = c->in;
    return hopeless(k->parked(after, &run->job));
}

void job_run_main(void *arg)
{
    struct run *run = arg;
    struct jobs *j = run->jobs;
    struct loop *l = j->app->loop;
    {
        CLEANUP(ctx_freep) struct ctx *c = jobs_context(j, MINUTE_MS);
        c->org = run->org;
        enum job_outcome outcome = perform(run, c);
        loop_shield(l, true);
        if (run->lost) {
            run->job.error = "the lease was lost";
            log_failure(run, c, "job left to another worker");
        } else {
            bool told = outcome != JOB_PARK || tell_parked(run, c);
            if (told) end(run, outcome);
            if (outcome == JOB_DONE) count(run, METRIC_JOBS_DONE);
            if (outcome == JOB_RETRY) {
                count(run, METRIC_JOBS_FAILED);
                log_failure(run, c, "job failed, it will run again");
            }
            if (outcome == JOB_PARK) {
                count(run, METRIC_JOBS_PARKED);
                log_failure(run, c, "job parked");
            }
        }
        loop_shield(l, false);
    }
    for (struct run **at = &j->runs; *at; at = &(*at)->next) {
        if (*at == run) {
            *at = run->next;
            break;
        }
    }
    run->slot->running--;
    j->running--;
    metrics_set(j->app->metrics, j->app->worker_index, METRIC_JOBS_RUNNING, j->running);
    mem_free(run->payload);
    mem_free(run);
    jobs_wake(j); /* there is room, or the next one of its order_key is free */
}
