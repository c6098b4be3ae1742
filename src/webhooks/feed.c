/* The feed: moves events into the outbox (webhook_pump in sql/functions/webhooks.sql).
 *
 * One coroutine per worker. It sleeps until the worker's event reader gives an event of an
 * organization that has a webhook switched on, then takes steps until there is nothing more. All
 * workers may try: the reader's place is one row, whose lock only one of them gets; who does not
 * looks again a moment later. A wake that is lost (the worker was killed) costs nothing but time:
 * others see the same event, and every worker looks by itself now and again, first of all when it
 * starts.
 *
 * While no organization has a webhook, an event costs one comparison here and the database
 * nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/events.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"
#include "webhooks/webhooks.h"

#define BATCH     500
#define GATHER_MS 10 /* events come in bursts */
#define BUSY_MS   100
#define POLL_MS   (10 * SECOND_MS)
#define FAILED_MS (2 * SECOND_MS)

struct feed {
    struct app *app;
    struct co *co;          /* NULL once it has ended */
    struct uuid *listeners; /* organizations with a webhook that is on, sorted */
    int listener_count;
    bool woken;
    bool reload; /* somebody changed webhooks */
    bool freed;  /* the owner let go: the coroutine frees the struct */
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static void wake(struct feed *f)
{
    if (f->woken) return;
    f->woken = true;
    loop_wake(f->app->loop, f->co);
}

static void on_event(void *arg, const struct event *e)
{
    const struct app *app = arg;
    struct feed *f = app->webhooks; /* NULL when the worker ends */
    if (!f || !f->co) return;
    if (strcmp(e->type, "webhook.changed") == 0 && strstr(e->payload, "settings")) {
        f->reload = true;
        wake(f);
    }
    if (f->listener_count > 0 && !f->woken &&
        bsearch(&e->org, f->listeners, (size_t)f->listener_count, sizeof e->org, compare))
        wake(f);
}

static struct ctx *feed_context(struct feed *f)
{
    struct ctx *c = ctx_new(f->app, 16 * MIB, clock_mono_ms() + 30 * SECOND_MS);
    c->actor.kind = ACTOR_SYSTEM;
    return c;
}

static enum err load(struct feed *f)
{
    CLEANUP(ctx_freep) struct ctx *c = feed_context(f);
    struct rows *rows = NULL;
    f->reload = false;
    enum err e = db_query(c, &SQL_WEBHOOK_ORGANIZATIONS, NULL, &rows);
    if (e) {
        f->reload = true;
        return e;
    }
    int n = rows_count(rows);
    struct uuid *list = n > 0 ? mem_array((size_t)n, sizeof *list) : NULL;
    for (int i = 0; i < n; i++)
        list[i] = rows_uuid(rows, i, "id");
    if (n > 1) qsort(list, (size_t)n, sizeof *list, compare);
    mem_free(f->listeners);
    f->listeners = list;
    f->listener_count = n;
    return ERR_OK;
}

/* *ret_wait_ms: 0 when there is more, else until somebody should look again. */
static enum err pump(struct feed *f, int64_t *ret_wait_ms)
{
    CLEANUP(ctx_freep) struct ctx *c = feed_context(f);
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_WEBHOOK_PUMP, PARAMS(P_INT("at_most", BATCH)), &rows);
    if (e) {
        if (e != ERR_CANCELLED)
            log_event(LOG_ERROR, c->trace, "events could not be passed on to webhooks",
                      LOG_FIELDS(LOG_TEXT("error", c->fault.message)));
        return e;
    }
    if (strcmp(rows_text(rows, 0, "outcome"), "busy") == 0)
        *ret_wait_ms = BUSY_MS;
    else
        *ret_wait_ms = rows_int(rows, 0, "read", 0) == BATCH ? 0 : POLL_MS;
    return ERR_OK;
}

static void feed_free(struct feed *f)
{
    mem_free(f->listeners);
    mem_free(f);
}

static void feed_main(void *arg)
{
    struct feed *f = arg;
    struct loop *l = f->app->loop;
    f->reload = true;
    for (;;) {
        int64_t wait_ms = POLL_MS;
        f->woken = false;
        enum err e = f->reload ? load(f) : ERR_OK;
        if (!e && f->listener_count > 0) e = pump(f, &wait_ms);
        if (e == ERR_CANCELLED || f->freed) break;
        if (e) wait_ms = FAILED_MS;
        int64_t until = clock_mono_ms() + wait_ms;
        e = loop_sleep(l, GATHER_MS);
        while (!e && !f->woken && clock_mono_ms() < until) {
            e = loop_park(l, until);
            if (e == ERR_DEADLINE) e = ERR_OK;
        }
        if (e || f->freed) break;
    }
    f->co = NULL;
    if (f->freed) feed_free(f);
}

enum err webhooks_start(struct app *app)
{
    struct feed *f = mem_alloc(sizeof *f);
    f->app = app;
    enum err e = loop_spawn(app->loop, feed_main, f, &f->co);
    if (e) {
        mem_free(f);
        return e;
    }
    app->webhooks = f;
    if (app->events) event_reader_on(app->events, on_event, app);
    return ERR_OK;
}

void webhooks_stop(struct app *app)
{
    struct feed *f = app->webhooks;
    app->webhooks = NULL;
    if (!f) return;
    if (!f->co) {
        feed_free(f);
        return;
    }
    f->freed = true;
    loop_cancel(app->loop, f->co);
}
