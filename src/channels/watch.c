/* Held connections (watch.h).
 *
 * Every worker looks every two seconds (at once when settings of a channel changed) for accounts
 * that nobody holds and takes them under a lease in channel_watches, which it renews for all that it
 * holds in one statement. A worker that dies lets its leases run out and another takes over; one
 * that finds a lease gone ends the connection. What a connection ends with says what happens next:
 * refused by the account (a person must act) → "disconnected", tried again after an hour or when the
 * account is changed; anything else → "reconnecting", tried again after 1, 2, 4 … 300 s.
 *
 * All of this outlives the module's stop by a moment: the last coroutine to end frees it. */
#include "channels/watch.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "channels/channel.h"
#include "channels/channels.h"
#include "channels/worker.h"
#include "core/events.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"

#define LOOK_MS     (2 * SECOND_MS)
#define LEASE_S     15
#define CLAIM_MAX   20
#define HELD_MAX    2000
#define QUERY_MS    (5 * SECOND_MS)
#define REFUSED_MS  HOUR_MS
#define BACKOFF_MAX (5 * MINUTE_MS)
#define STABLE_MS   MINUTE_MS /* a connection that lived so long begins to count anew */
#define ARENA       (64 * MIB)
#define LOOK_ARENA  (4 * MIB)

struct watch {
    struct watches *all;
    struct uuid org, channel;
    int tries;
    bool seen; /* in the last renewal */
    struct co *co;
    struct watch *next;
};

struct watches {
    struct app *app;
    char holder[40];
    struct co *main;
    struct watch *list;
    int count;
    bool stopping;
};

static struct ctx *context(struct watches *w, size_t arena, int64_t deadline_ms)
{
    struct ctx *c = ctx_new(w->app, arena, deadline_ms);
    c->actor = (struct actor){.kind = ACTOR_SYSTEM,
                              .name = "interflow",
                              .sees_all_chats = true,
                              .sees_contacts = true,
                              .team_ids = "{}",
                              .language = "en"};
    return c;
}

static void free_when_idle(struct watches *w)
{
    if (w->stopping && !w->main && !w->list) mem_free(w);
}

/* --- one connection -------------------------------------------------------------------- */

static int64_t backoff_ms(int tries)
{
    int64_t ms = tries > 8 ? BACKOFF_MAX : SECOND_MS << (tries > 0 ? tries - 1 : 0);
    uint32_t random = 0;
    crypto_random(&random, sizeof(random));
    if (ms > BACKOFF_MAX) ms = BACKOFF_MAX;
    return ms - ms / 4 + (int64_t)(random % (uint32_t)(ms / 2));
}

static void end_lease(struct watch *x, int tries, int64_t delay_ms)
{
    CLEANUP(ctx_freep)
    struct ctx *c = context(x->all, LOOK_ARENA, clock_mono_ms() + QUERY_MS);
    c->org = x->org;
    if (db_exec(c, &SQL_CHANNEL_WATCH_END,
                PARAMS(P_UUID("channel", x->channel), P_TEXT("holder", x->all->holder),
                       P_INT("tries", tries), P_INT("delay_ms", delay_ms))))
        log_event(LOG_WARN, c->trace, "a watch's lease is left to run out", NULL);
}

static void tell(struct watch *x, const struct channel *ch, const char *state, const char *code,
                 const char *message)
{
    CLEANUP(ctx_freep)
    struct ctx *c = context(x->all, LOOK_ARENA, clock_mono_ms() + QUERY_MS);
    c->org = x->org;
    if (channel_state_set(c, ch, state, code, message))
        log_event(LOG_WARN, c->trace, "a channel's state could not be written", NULL);
}

static void run(struct watch *x)
{
    struct loop *l = x->all->app->loop;
    CLEANUP(ctx_freep) struct ctx *c = context(x->all, ARENA, CLOCK_NEVER);
    c->org = x->org;
    struct channel ch = {.id = x->channel};
    int64_t began = clock_mono_ms();
    enum err e = channel_load(c, x->channel, false, &ch);
    const struct channel_kind *kind = e ? NULL : channel_kind_find(ch.kind);
    if (!e) e = kind && kind->watch ? kind->watch(c, &ch) : ERR_NOT_FOUND;
    int64_t lived = clock_mono_ms() - began;
    loop_shield(l, true); /* what follows is said also when the program ends */
    if (e == ERR_OK || e == ERR_CANCELLED) {
        end_lease(x, 0, 0);
    } else if (e == ERR_NOT_FOUND) {
        end_lease(x, 0, REFUSED_MS);
    } else {
        const char *code = c->fault.code ? c->fault.code : err_row(e)->code;
        const char *message = c->fault.message ? c->fault.message : err_row(e)->text;
        bool refused = e == ERR_UNAUTHORIZED;
        int tries = lived > STABLE_MS ? 1 : x->tries + 1;
        log_event(
            LOG_WARN, c->trace, "a channel's connection ended",
            LOG_FIELDS(LOG_TEXT("kind", ch.kind), LOG_TEXT("code", code), LOG_INT("tries", tries)));
        tell(x, &ch, refused ? "disconnected" : "reconnecting", code, message);
        end_lease(x, tries, refused ? REFUSED_MS : backoff_ms(tries));
    }
    loop_shield(l, false);
}

static void watch_main(void *arg)
{
    struct watch *x = arg;
    struct watches *w = x->all;
    run(x);
    for (struct watch **at = &w->list; *at; at = &(*at)->next) {
        if (*at == x) {
            *at = x->next;
            break;
        }
    }
    w->count--;
    mem_free(x);
    if (w->main) loop_wake(w->app->loop, w->main);
    free_when_idle(w);
}

/* --- all of them ----------------------------------------------------------------------- */

static struct watch *find(struct watches *w, struct uuid channel)
{
    for (struct watch *x = w->list; x; x = x->next)
        if (uuid_equal(x->channel, channel)) return x;
    return NULL;
}

/* What is not in the answer was taken from us. */
static enum err renew(struct watches *w, struct ctx *c)
{
    if (!w->list) return ERR_OK;
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_CHANNEL_WATCHES_RENEW,
                          PARAMS(P_TEXT("holder", w->holder), P_INT("seconds", LEASE_S)), &rows);
    if (e) return e;
    for (struct watch *x = w->list; x; x = x->next)
        x->seen = false;
    for (int i = 0; i < rows_count(rows); i++) {
        struct watch *x = find(w, rows_uuid(rows, i, "id"));
        if (x) x->seen = !rows_bool(rows, i, "ends");
    }
    for (struct watch *x = w->list; x; x = x->next)
        if (!x->seen) loop_cancel(w->app->loop, x->co);
    return ERR_OK;
}

static const char *watched_kinds(struct ctx *c)
{
    json_t *kinds = json_array();
    for (int i = 0; channel_kinds[i]; i++)
        if (channel_kinds[i]->watch)
            json_array_append_new(kinds, json_string(channel_kinds[i]->kind));
    const char *text = json_text(c->arena, kinds);
    json_decref(kinds);
    return text;
}

static enum err claim(struct watches *w, struct ctx *c)
{
    if (w->count >= HELD_MAX) return ERR_OK;
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_CHANNEL_WATCHES_CLAIM,
                          PARAMS(P_TEXT("holder", w->holder), P_TEXT("kinds", watched_kinds(c)),
                                 P_INT("seconds", LEASE_S), P_INT("max", CLAIM_MAX)),
                          &rows);
    if (e) return e;
    for (int i = 0; i < rows_count(rows); i++) {
        struct uuid id = rows_uuid(rows, i, "id");
        if (find(w, id)) continue; /* its lease ran out while it lived on: it has it again */
        struct watch *x = mem_alloc(sizeof(*x));
        x->all = w;
        x->org = rows_uuid(rows, i, "org_id");
        x->channel = id;
        x->tries = (int)rows_int(rows, i, "tries", 0);
        x->seen = true;
        if (loop_spawn(w->app->loop, watch_main, x, &x->co) != ERR_OK) {
            mem_free(x);
            break; /* its lease runs out */
        }
        x->next = w->list;
        w->list = x;
        w->count++;
    }
    return ERR_OK;
}

static void look_main(void *arg)
{
    struct watches *w = arg;
    struct loop *l = w->app->loop;
    while (!w->stopping) {
        {
            CLEANUP(ctx_freep)
            struct ctx *c = context(w, LOOK_ARENA, clock_mono_ms() + QUERY_MS);
            enum err e = renew(w, c);
            if (!e && !w->stopping) e = claim(w, c);
            if (e && e != ERR_CANCELLED && e != ERR_UNAVAILABLE)
                log_event(LOG_WARN, c->trace, "accounts to watch could not be looked for",
                          LOG_FIELDS(LOG_TEXT("error", err_row(e)->code)));
        }
        if (loop_park(l, clock_mono_ms() + LOOK_MS) == ERR_CANCELLED) break;
    }
    w->main = NULL;
    struct channels_worker *cw = channels_worker(w->app);
    if (cw && cw->watches == w) cw->watches = NULL; /* it ended before watch_stop() */
    for (struct watch *x = w->list; x; x = x->next)
        loop_cancel(l, x->co);
    w->stopping = true;
    free_when_idle(w);
}

static void on_event(void *arg, const struct event *e)
{
    const struct app *app = arg;
    const struct channels_worker *cw = app->channels;
    if (!cw || !cw->watches || !cw->watches->main || strcmp(e->type, "settings.changed") != 0)
        return;
    loop_wake(app->loop, cw->watches->main);
}

enum err watch_start(struct app *app)
{
    struct channels_worker *cw = channels_worker(app);
    if (!app->metrics) return ERR_OK; /* a command, not a worker that serves */
    struct watches *w = mem_alloc(sizeof(*w));
    w->app = app;
    unsigned char random[16];
    crypto_random(random, sizeof(random));
    hex_encode(random, sizeof(random), w->holder);
    enum err e = loop_spawn(app->loop, look_main, w, &w->main);
    if (e) {
        mem_free(w);
        return e;
    }
    cw->watches = w;
    if (app->events) event_reader_on(app->events, on_event, app);
    return ERR_OK;
}

void watch_stop(struct app *app)
{
    struct channels_worker *cw = channels_worker(app);
    if (!cw || !cw->watches) return;
    struct watches *w = cw->watches;
    cw->watches = NULL;
    w->stopping = true;
    for (struct watch *x = w->list; x; x = x->next)
        loop_cancel(app->loop, x->co);
    if (w->main)
        loop_cancel(app->loop, w->main);
    else
        free_when_idle(w);
}
