/* The job runner of a worker (jobs.h; the rules of the queue itself are SQL: job_take and its
 * neighbours in sql/functions/platform.sql).
 *
 * One coroutine, the scheduler, takes due jobs for the kinds that have room, renews leases, and
 * sleeps until the next job is due, a lease needs renewing, somebody wakes it, or POLL_MS have
 * passed: an idle worker asks one cheap question every few seconds. Each job runs in a coroutine of
 * its own (job_run.c).
 *
 * A job is never lost: it is a row until a run that still owns it (its number `taken`) ends it. A
 * worker that dies leaves a lease that runs out; a worker that lost a lease cancels its run and
 * leaves the row alone. */
#include "core/jobs.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "core/jobs_impl.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "sql.h"

#define POLL_MS      (4 * SECOND_MS)
#define CONTENDED_MS 20              /* something is due but another worker is taking it */
#define FAILED_MS    (1 * SECOND_MS) /* the database is away */
#define LISTS_MAX    (256 * KIB)

int kind_lease_s(const struct job_kind *k)
{
    return k->lease_s > 0 ? k->lease_s : 60;
}

static int kind_at_once(const struct job_kind *k)
{
    if (k->at_once > 0) return k->at_once;
    return k->every_s > 0 ? 1 : 8;
}

struct ctx *jobs_context(struct jobs *j, int64_t timeout_ms)
{
    struct ctx *c = ctx_new(j->app, 64 * MIB, clock_mono_ms() + timeout_ms);
    c->actor.kind = ACTOR_SYSTEM;
    c->actor.name = "interflow";
    c->actor.permissions = ~UINT64_C(0);
    c->actor.sees_all_chats = true;
    c->actor.sees_contacts = true;
    return c;
}

static int64_t jitter(int64_t most)
{
    uint32_t random = 0;
    crypto_random(&random, sizeof random);
    return most > 0 ? (int64_t)(random % (uint32_t)most) : 0;
}

/* --- taking ---------------------------------------------------------------------------- */

/* PostgreSQL array texts, an element for each kind that has room. */
struct room {
    struct buf kinds, rooms, leases, per_orgs;
};

static void room_freep(struct room *r)
{
    buf_free(&r->kinds);
    buf_free(&r->rooms);
    buf_free(&r->leases);
    buf_free(&r->per_orgs);
}

/* False: none has any. */
static bool kinds_with_room(const struct jobs *j, struct room *ret)
{
    bool any = false;
    struct buf *lists[] = {&ret->kinds, &ret->rooms, &ret->leases, &ret->per_orgs};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        *lists[i] = BUF_INIT(LISTS_MAX);
        buf_addc(lists[i], '{');
    }
    for (int i = 0; i < j->kind_count; i++) {
        const struct kind_slot *s = &j->kinds[i];
        int room = kind_at_once(s->kind) - s->running;
        if (room <= 0) continue;
        const char *comma = any ? "," : "";
        buf_addf(&ret->kinds, "%s%s", comma, s->kind->name);
        buf_addf(&ret->rooms, "%s%d", comma, room);
        buf_addf(&ret->leases, "%s%d", comma, kind_lease_s(s->kind));
        buf_addf(&ret->per_orgs, "%s%d", comma, s->kind->per_org);
        any = true;
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        buf_addc(lists[i], '}');
    }
    return any;
}

static struct kind_slot *slot_of(struct jobs *j, const char *name)
{
    for (int i = 0; i < j->kind_count; i++) {
        if (strcmp(j->kinds[i].kind->name, name) == 0) return &j->kinds[i];
    }
    return NULL;
}

static void start(struct jobs *j, const struct rows *r, int row)
{
    struct kind_slot *slot = slot_of(j, rows_text(r, row, "kind"));
    assert(slot);
    struct run *run = mem_alloc(sizeof *run);
    run->jobs = j;
    run->slot = slot;
    run->org = rows_uuid(r, row, "org_id");
    run->payload = mem_strdup(rows_text(r, row, "payload"));
    run->job = (struct job){
        .id = rows_int(r, row, "id", 0),
        .kind = slot->kind->name,
        .tries = (int)rows_int(r, row, "tries", 1),
        .taken = rows_int(r, row, "taken", 0),
    };
    int64_t lease_ms = kind_lease_s(slot->kind) * SECOND_MS;
    run->lease_until_ms = clock_mono_ms() + lease_ms;
    run->renew_ms = clock_mono_ms() + lease_ms / 2;
    if (loop_spawn(j->app->loop, job_run_main, run, &run->co) != ERR_OK) {
        /* Too much is going on here: when the lease runs out somebody takes it again. */
        mem_free(run->payload);
        mem_free(run);
        return;
    }
    run->next = j->runs;
    j->runs = run;
    slot->running++;
    j->running++;
    metrics_set(j->app->metrics, j->app->worker_index, METRIC_JOBS_RUNNING, j->running);
}

/* Take what is due. *ret_wait_ms: until there may be more. */
static enum err take(struct jobs *j, int64_t *ret_wait_ms)
{
    CLEANUP(room_freep) struct room room = {0}, left = {0};
    *ret_wait_ms = POLL_MS;
    if (!kinds_with_room(j, &room)) return ERR_OK; /* the end of a run wakes us */
    CLEANUP(ctx_freep) struct ctx *c = jobs_context(j, 20 * SECOND_MS);
    struct rows *r = NULL;
    enum err e = db_query(c, &SQL_JOB_TAKE,
                          PARAMS(P_TEXT("kinds", buf_str(&room.kinds)),
                                 P_TEXT("rooms", buf_str(&room.rooms)),
                                 P_TEXT("leases", buf_str(&room.leases)),
                                 P_TEXT("per_orgs", buf_str(&room.per_orgs))),
                          &r);
    if (e) return e;
    int n = rows_count(r);
    for (int i = 0; i < n; i++) {
        start(j, r, i);
    }
    if (!kinds_with_room(j, &left)) return ERR_OK;
    e = db_one(
        c, &SQL_JOBS_NEXT_DUE,
        PARAMS(P_TEXT("kinds", buf_str(&left.kinds)), P_TEXT("per_orgs", buf_str(&left.per_orgs))),
        &r);
    if (e) return e;
    int64_t wait_ms = rows_int(r, 0, "wait_ms", POLL_MS);
    if (wait_ms == 0 && n == 0) wait_ms = CONTENDED_MS + jitter(CONTENDED_MS);
    if (wait_ms >= POLL_MS) wait_ms = POLL_MS - POLL_MS / 8 + jitter(POLL_MS / 4);
    *ret_wait_ms = wait_ms;
    return ERR_OK;
}

/* --- leases ---------------------------------------------------------------------------- */

static int64_t next_renewal(const struct jobs *j)
{
    int64_t at = CLOCK_NEVER;
    for (const struct run *run = j->runs; run; run = run->next) {
        if (run->renew_ms < at) at = run->renew_ms;
    }
    return at;
}

static void renewed(struct run *run)
{
    int64_t lease_ms = kind_lease_s(run->slot->kind) * SECOND_MS;
    run->lease_until_ms = clock_mono_ms() + lease_ms;
    run->renew_ms = clock_mono_ms() + lease_ms / 2;
    run->asked = false;
}

static enum err renew(struct jobs *j)
{
    CLEANUP(buf_free) struct buf ids = BUF_INIT(LISTS_MAX);
    CLEANUP(buf_free) struct buf takens = BUF_INIT(LISTS_MAX);
    CLEANUP(buf_free) struct buf leases = BUF_INIT(LISTS_MAX);
    const char *comma = "{";
    for (struct run *run = j->runs; run; run = run->next) {
        run->asked = true;
        buf_addf(&ids, "%s%lld", comma, (long long)run->job.id);
        buf_addf(&takens, "%s%lld", comma, (long long)run->job.taken);
        buf_addf(&leases, "%s%d", comma, kind_lease_s(run->slot->kind));
        comma = ",";
    }
    if (*comma == '{') return ERR_OK;
    buf_addc(&ids, '}');
    buf_addc(&takens, '}');
    buf_addc(&leases, '}');
    CLEANUP(ctx_freep) struct ctx *c = jobs_context(j, 20 * SECOND_MS);
    struct rows *r = NULL;
    enum err e = db_query(c, &SQL_JOB_RENEW,
                          PARAMS(P_TEXT("ids", buf_str(&ids)), P_TEXT("takens", buf_str(&takens)),
                                 P_TEXT("leases", buf_str(&leases))),
                          &r);
    if (e) return e;
    for (int i = 0; i < rows_count(r); i++) {
        int64_t id = rows_int(r, i, "id", 0);
        for (struct run *run = j->runs; run; run = run->next) {
            if (run->job.id == id && run->asked) renewed(run);
        }
    }
    for (struct run *run = j->runs; run; run = run->next) {
        if (!run->asked || run->ended || run->job.ended) continue;
        /* Somebody else has it (we were away for longer than the lease): what we do now is in
         * vain. */
        run->asked = false;
        run->lost = true;
        run->renew_ms = CLOCK_NEVER;
        loop_cancel(j->app->loop, run->co);
    }
    return ERR_OK;
}

/* --- the scheduler --------------------------------------------------------------------- */

static enum err ensure_recurring(struct jobs *j)
{
    CLEANUP(buf_free) struct buf kinds = BUF_INIT(LISTS_MAX);
    const char *comma = "{";
    for (int i = 0; i < j->kind_count; i++) {
        if (j->kinds[i].kind->every_s <= 0) continue;
        buf_addf(&kinds, "%s%s", comma, j->kinds[i].kind->name);
        comma = ",";
    }
    if (*comma == '{') return ERR_OK;
    buf_addc(&kinds, '}');
    CLEANUP(ctx_freep) struct ctx *c = jobs_context(j, 20 * SECOND_MS);
    return db_query(c, &SQL_JOB_RECURRING, PARAMS(P_TEXT("kinds", buf_str(&kinds))), NULL);
}

static void scheduler_main(void *arg)
{
    struct jobs *j = arg;
    struct loop *l = j->app->loop;
    bool prepared = false;
    int64_t take_at = 0, renew_at = CLOCK_NEVER;
    for (;;) {
        enum err e = ERR_OK;
        if (!prepared) {
            e = ensure_recurring(j);
            prepared = !e;
            if (e) take_at = clock_mono_ms() + FAILED_MS;
        }
        if (prepared && !j->quiet && (j->woken || clock_mono_ms() >= take_at)) {
            j->woken = false;
            int64_t wait_ms = 0;
            e = take(j, &wait_ms);
            take_at = clock_mono_ms() + (e ? FAILED_MS : wait_ms);
        }
        if (e == ERR_CANCELLED) break;
        bool failed = e != ERR_OK;
        int64_t not_before = 0;
        if (clock_mono_ms() >= renew_at) {
            e = renew(j);
            if (e == ERR_CANCELLED) break;
            if (e) not_before = clock_mono_ms() + FAILED_MS;
        }
        renew_at = next_renewal(j);
        if (renew_at < not_before) renew_at = not_before;

        int64_t until = !j->quiet && take_at < renew_at ? take_at : renew_at;
        e = loop_sleep(l, 0); /* others first */
        while (!e && (failed || j->quiet || !j->woken) && clock_mono_ms() < until) {
            e = loop_park(l, until);
            if (e == ERR_DEADLINE) e = ERR_OK;
        }
        if (e) break;
    }
    j->co = NULL;
}

struct jobs *jobs_new(struct app *app, const struct job_kind *const *tables)
{
    struct jobs *j = mem_alloc(sizeof *j);
    j->app = app;
    for (int pass = 0; pass < 2; pass++) {
        int n = 0;
        for (int t = 0; tables && tables[t]; t++) {
            for (const struct job_kind *k = tables[t]; k->name; k++, n++) {
                if (pass == 0) continue;
                assert(k->run && !slot_of(j, k->name)); /* a double name is a bug of ours */
                j->kinds[j->kind_count++].kind = k;
            }
        }
        if (pass == 0) j->kinds = mem_array((size_t)n, sizeof *j->kinds);
    }
    if (loop_spawn(app->loop, scheduler_main, j, &j->co) != ERR_OK) {
        mem_free(j->kinds);
        mem_free(j);
        return NULL;
    }
    return j;
}

void jobs_free(struct jobs *j)
{
    if (!j || j->co || j->runs)
        return; /* alive although the loop was drained: it hangs, and the process ends anyway */
    mem_free(j->kinds);
    mem_free(j);
}

void jobs_wake(struct jobs *j)
{
    if (!j || j->woken) return;
    j->woken = true;
    loop_wake(j->app->loop, j->co);
}

bool jobs_quiesce(struct jobs *j)
{
    j->quiet = true;
    return j->running == 0;
}

enum err job_add(struct ctx *c, const struct job_new *n)
{
    return db_query(c, &SQL_JOB_ADD,
                    PARAMS(P_TEXT("kind", n->kind), P_JSON("payload", n->payload),
                           P_INT("due_ms", n->due_unix_ms), P_INT("delay_ms", n->delay_ms),
                           P_TEXT("order_key", n->order_key), P_TEXT("unique_key", n->unique_key)),
                    NULL);
}

/* --- clean-up -------------------------------------------------------------------------- */

static enum job_outcome sweep_parked(struct ctx *c, struct job *j)
{
    struct rows *r = NULL;
    (void)j;
    if (db_one(c, &SQL_JOBS_PARKED_SWEEP, PARAMS(P_INT("days", JOBS_PARKED_DAYS)), &r))
        return JOB_RETRY;
    int64_t removed = rows_int(r, 0, "removed", 0);
    if (removed > 0)
        log_event(LOG_INFO, c->trace, "parked jobs that nobody wanted any more were removed",
                  LOG_FIELDS(LOG_INT("jobs", removed)));
    return JOB_DONE;
}

const struct job_kind jobs_jobs[] = {
    {.name = "jobs.clean",
     .help = "Removes parked jobs after 90 days.",
     .every_s = 24 * 3600,
     .run = sweep_parked},
    {0},
};
