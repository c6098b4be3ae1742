/* Several mails of a mailbox at the same time (intake.h).
 *
 * Storing a mail is a chain: read on a thread, files hashed, written and synced, looked up, committed.
 * One after the other leaves processor, disk and database waiting for each other; a few chains beside
 * each other share their turns, their syncs and their commits. What bounds them: lanes, bytes, and
 * the turns of mail_order.h.
 *
 * After a mail that cannot be taken now (database or disk are away) nothing behind it that has to do
 * with it is taken; its turn stays in the order, so that the mark of the mailbox stays below it. What a
 * mail itself causes is noted in the channel's log and passed over, or it would stop all behind it. */
#include "channels/email/intake.h"

#include "base/clock.h"
#include "channels/log.h"
#include "core/log.h"
#include "core/loop.h"

#define MAIL_TRIES  5
#define MAIL_MS     (2 * MINUTE_MS) /* to take one */
#define MAIL_ARENA  (8 * MIB)
#define LOG_ARENA   MIB
#define LOG_MS      (30 * SECOND_MS)
#define REST_TRY_MS 500

static struct ctx *own_ctx(const struct intake *in, size_t arena, int64_t ms)
{
    struct ctx *c = ctx_new(in->c->app, arena, clock_mono_ms() + ms);
    c->org = in->c->org;
    c->actor = in->c->actor;
    return c;
}

/* --- turns ----------------------------------------------------------------------------------- */

static void wake_all(struct loop *l, const struct mail_order *o)
{
    for (const struct mail_turn *t = o->first; t; t = t->next)
        if (t->co) loop_wake(l, t->co);
}

void mail_turn_known(struct ctx *c, struct mail_turn *turn)
{
    if (turn->known) return;
    turn->known = true;
    wake_all(c->app->loop, turn->order);
}

enum err mail_turn_wait(struct ctx *c, struct mail_turn *turn)
{
    struct loop *l = c->app->loop;
    int64_t began = clock_mono_ms();
    enum err e = ERR_OK;
    turn->co = co_self();
    while (!e && !mail_turn_free(turn))
        e = turn->order->stopped ? ERR_CANCELLED : loop_park(l, CLOCK_NEVER);
    turn->co = NULL;
    c->deadline_ms += clock_mono_ms() - began;
    return e;
}

uint32_t intake_low(const struct intake *in, uint32_t uid)
{
    for (const struct mail_turn *t = in->order.first; t; t = t->next)
        if (t->uid < uid) uid = t->uid;
    return uid;
}

/* --- one mail -------------------------------------------------------------------------------- */

static bool passes(enum err e)
{
    return e == ERR_UNAVAILABLE || e == ERR_DEADLINE || e == ERR_CANCELLED || e == ERR_CONFLICT ||
           e == ERR_IO;
}

/* A mail that the database or the disk does not take, whatever we try. */
static void give_up(const struct intake_lane *l, struct ctx *c, enum err e)
{
    const char *why = c->fault.message ? c->fault.message : err_row(e)->text;
    CLEANUP(ctx_freep) struct ctx *own = own_ctx(l->intake, LOG_ARENA, LOG_MS);
    const char *what = arena_printf(own->arena, "%s UID %u", l->intake->folder, l->turn.uid);
    log_event(LOG_ERROR, c->trace, "a mail could not be taken",
              LOG_FIELDS(LOG_INT("uid", l->turn.uid), LOG_TEXT("error", err_row(e)->code),
                         LOG_TEXT("why", why)));
    channel_call_log(own, l->intake->ch, "mail.in", "IMAP", what ? what : "", 0, "", "", why);
}

static enum err take(struct intake_lane *l)
{
    const struct intake *in = l->intake;
    for (int tries = 1;; tries++) {
        CLEANUP(ctx_freep) struct ctx *c = own_ctx(in, MAIL_ARENA, MAIL_MS);
        enum mail_taken taken;
        enum err e = mail_receive(c, in->ch, &l->raw, &l->turn, &taken);
        if (!e || e == ERR_CANCELLED) return e;
        if (tries == MAIL_TRIES && !passes(e)) {
            give_up(l, c, e);
            return ERR_OK;
        }
        if (tries == MAIL_TRIES)
            return fault(in->c, e, "MAIL_NOT_STORED", "a mail could not be stored now: %s",
                         c->fault.message ? c->fault.message : err_row(e)->text);
        e = loop_sleep(in->c->app->loop, REST_TRY_MS * tries);
        if (e) return e;
    }
}

static void lane_end(struct intake_lane *l, bool taken)
{
    struct intake *in = l->intake;
    struct loop *loop = in->c->app->loop;
    in->bytes -= l->size;
    mail_spool_end(&l->spool);
    l->co = NULL;
    l->used = false;
    if (taken)
        mail_order_remove(&l->turn);
    else
        in->order.stopped = true;
    wake_all(loop, &in->order);
    if (in->waiting) loop_wake(loop, in->waiting);
}

static void lane_run(void *arg)
{
    struct intake_lane *l = arg;
    enum err e = take(l);
    if (e && !l->intake->err) l->intake->err = e;
    l->intake->running--;
    lane_end(l, e == ERR_OK);
}

/* --- all of them ----------------------------------------------------------------------------- */

static struct intake_lane *lane_free(struct intake *in, size_t size)
{
    if (in->running > 0 && in->bytes + size > INTAKE_BYTES_MAX) return NULL;
    for (int i = 0; i < INTAKE_LANES; i++)
        if (!in->lanes[i].used) return &in->lanes[i];
    return NULL;
}

enum err intake_lane(struct intake *in, size_t size_bytes, struct intake_lane **ret)
{
    struct intake_lane *l = NULL;
    enum err e = ERR_OK;
    in->waiting = co_self();
    while (!e && !in->err && !(l = lane_free(in, size_bytes)))
        e = loop_park(in->c->app->loop, CLOCK_NEVER);
    in->waiting = NULL;
    if (e || in->err) return e ? e : in->err;
    l->intake = in;
    l->used = true;
    l->size = size_bytes;
    in->bytes += size_bytes;
    mail_spool_init(&l->spool, in->spool_folder);
    *ret = l;
    return ERR_OK;
}

void intake_drop(struct intake_lane *l)
{
    if (l) lane_end(l, true);
}

enum err intake_take(struct intake_lane *l, uint32_t uid, const struct mail_raw *raw)
{
    l->raw = *raw;
    enum err e = mail_spool_bytes(&l->spool, &l->raw.bytes);
    if (e) {
        intake_drop(l);
        return e;
    }
    mail_order_add(&l->intake->order, &l->turn, uid);
    e = loop_spawn(l->intake->c->app->loop, lane_run, l, &l->co);
    if (e)
        intake_drop(l);
    else
        l->intake->running++;
    return e;
}

enum err intake_end(struct intake *in)
{
    struct loop *loop = in->c->app->loop;
    in->waiting = co_self();
    while (in->running > 0 && loop_park(loop, CLOCK_NEVER) == ERR_OK)
        ;
    if (in->running > 0) { /* we are to end: so are they */
        for (int i = 0; i < INTAKE_LANES; i++)
            loop_cancel(loop, in->lanes[i].co);
        loop_shield(loop, true);
        while (in->running > 0 && loop_park(loop, CLOCK_NEVER) == ERR_OK)
            ;
        loop_shield(loop, false);
    }
    in->waiting = NULL;
    return in->err;
}
