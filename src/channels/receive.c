/* The job "channel.receive": the waiting bodies of an account, oldest first, in lots: decode (pure)
 * → the events, through the sink → the bodies are done. Killed anywhere, the bodies run again, and
 * what was stored before is dropped as a double by its external id.
 *
 * Events name the account that they are for: an app may have several numbers, so that one
 * account's address hears of its siblings. They go to the account of the same organization with that
 * external_account; where there is none, the body is parked UNKNOWN_ACCOUNT and shown, and can be
 * replayed when the account is connected.
 *
 * Accepting comes first: while bodies arrive at this worker, the drain rests between lots. */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/channel.h"
#include "channels/jobs.h"
#include "channels/worker.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"

#define LOT_BODIES     200
#define LOT_BYTES      (4 * MIB)
#define LOT_ARENA      (96 * MIB)
#define RUN_MS         (60 * SECOND_MS)
#define LOT_MS         (60 * SECOND_MS)
#define BUSY_MS        50 /* bodies came so recently: others do, too */
#define REST_MS        10
#define AGAIN_MS       (2 * SECOND_MS) /* after a failure */
#define TRIES_TOGETHER 3               /* of the foremost body, then it goes alone */
#define TRIES_MAX      10              /* alone, of what meets conflicts or takes too long */

struct body {
    const char *id;
    struct bytes raw;
    bool must_forget; /* there may be something in it that must not be kept (kind->forget) */
    int tries;
    struct inbound_list list;
    int counts[INBOUND_NOTE + 1];
    const char *code, *error; /* parked */
};

struct sibling {
    struct sibling *next;
    const char *account;
    struct channel channel;
    bool known;
};

struct lot {
    struct ctx *c;
    const struct channel_kind *kind;
    const struct channel *channel;
    struct body *bodies;
    int count;
    struct sibling *siblings; /* of the arena: their channels are pointed to until the lot ends */
};

/* --- whose event it is ----------------------------------------------------------------- */

/* NULL with ERR_OK: nobody's. */
static enum err channel_of(struct lot *l, const char *account, const struct channel **ret)
{
    const struct channel *own = l->channel;
    *ret = own;
    if (!account || !*account || strcmp(account, own->external_account) == 0) return ERR_OK;
    if (!*own->external_account) return ERR_OK; /* not known yet: it can only be this one */
    for (const struct sibling *s = l->siblings; s; s = s->next)
        if (strcmp(s->account, account) == 0) {
            *ret = s->known ? &s->channel : NULL;
            return ERR_OK;
        }
    struct rows *rows = NULL;
    struct param params[] = {P_TEXT("kind", own->kind), P_TEXT("account", account), {0}};
    enum err e = db_query(l->c, &SQL_CHANNEL_SIBLING, params, &rows);
    struct sibling *s = e ? NULL : arena_alloc(l->c->arena, sizeof *s);
    if (!s) return e ? e : ERR_NO_MEMORY;
    *s = (struct sibling){.next = l->siblings, .account = account, .known = rows_count(rows) > 0};
    if (s->known) e = channel_load(l->c, rows_uuid(rows, 0, "id"), false, &s->channel);
    if (e == ERR_NOT_FOUND) { /* removed in this moment */
        fault_clear(l->c);
        s->known = false;
    } else if (e) {
        return e;
    }
    l->siblings = s;
    *ret = s->known ? &s->channel : NULL;
    return ERR_OK;
}

/* --- one lot --------------------------------------------------------------------------- */

static void park(struct body *b, const char *code, const char *error)
{
    if (b->code) return;
    b->code = code;
    b->error = error;
}

static void body_decode(struct lot *l, struct body *b, const char *text)
{
    struct bytes raw = {0};
    const char *why = NULL;
    b->list.arena = l->c->arena;
    if (!base64_decode(l->c->arena, text, &raw)) {
        park(b, "TOO_LARGE", "there was no room to read it");
        return;
    }
    enum err e = l->kind->decode(l->c->arena, raw, &b->list, &why);
    if (e) {
        park(b, "NOT_UNDERSTOOD", why ? why : "it could not be decoded");
        b->list.count = 0;
    }
    b->raw = raw;
    for (int i = 0; i < b->list.count; i++) {
        const struct inbound *in = &b->list.items[i];
        if (in->type == INBOUND_NAME || in->type == INBOUND_NOTE ||
            json_object_get(in->data, "storyUntil"))
            b->must_forget = true;
    }
}

/* Only what is for one account, where the body says so (the installation's app). */
static void keep_account(struct body *b, const char *account)
{
    int n = 0;
    for (int i = 0; i < b->list.count; i++) {
        const char *of = b->list.items[i].account;
        if (!of || strcmp(of, account) == 0) b->list.items[n++] = b->list.items[i];
    }
    b->list.count = n;
}

/* A stretch of events for one account, and whose body each is of. */
struct stretch {
    const struct channel *channel;
    struct inbound_list list;
    int *bodies;
    int body_capacity;
};

static bool stretch_add(struct lot *l, struct stretch *s, const struct inbound *in, int body)
{
    if (s->list.count == s->body_capacity) {
        int capacity = s->body_capacity ? 2 * s->body_capacity : 256;
        int *bodies = arena_array(l->c->arena, (size_t)capacity, sizeof *bodies);
        if (!bodies) return false;
        if (s->body_capacity) memcpy(bodies, s->bodies, (size_t)s->list.count * sizeof *bodies);
        s->bodies = bodies;
        s->body_capacity = capacity;
    }
    s->bodies[s->list.count] = body;
    struct inbound *copy = inbound_add(&s->list, in->type);
    if (copy) *copy = *in;
    return copy;
}

/* Will the same perhaps go well another time? */
static bool is_for_later(enum err e)
{
    return e == ERR_UNAVAILABLE || e == ERR_DEADLINE || e == ERR_CANCELLED || e == ERR_CONFLICT ||
           e == ERR_NO_MEMORY;
}

static void park_fault(struct lot *l, struct body *b, enum err e)
{
    const struct fault *f = &l->c->fault;
    park(b, f->code ? f->code : err_row(e)->code, f->message ? f->message : err_row(e)->text);
    fault_clear(l->c);
}

/* Through the sink. An event that it refuses for good parks its body; the others go on: each alone
 * then, since of a stretch that was refused some are stored and some are not. */
static enum err stretch_apply(struct lot *l, struct stretch *s)
{
    struct inbound_list all = s->list;
    s->list.count = 0;
    if (all.count == 0) return ERR_OK;
    enum err e = channel_sink()->events(l->c, s->channel, &all);
    if (!e || is_for_later(e)) return e;
    fault_clear(l->c);
    for (int i = 0; i < all.count; i++) {
        struct inbound_list one = all;
        one.items += i;
        one.count = 1;
        e = channel_sink()->events(l->c, s->channel, &one);
        if (e && is_for_later(e)) return e;
        if (e) park_fault(l, &l->bodies[s->bodies[i]], e);
    }
    return ERR_OK;
}

static enum err lot_apply(struct lot *l)
{
    struct stretch s = {.list = {.arena = l->c->arena}};
    for (int i = 0; i < l->count; i++) {
        struct body *b = &l->bodies[i];
        for (int k = 0; k < b->list.count; k++) {
            const struct inbound *in = &b->list.items[k];
            const struct channel *ch = NULL;
            b->counts[in->type]++;
            if (in->type == INBOUND_NOTE) continue;
            enum err e = channel_of(l, in->account, &ch);
            if (e) return e;
            if (ch && l->kind->ours && l->kind->ours(l->c, ch, in)) continue;
            if (!ch) {
                park(b, "UNKNOWN_ACCOUNT",
                     arena_printf(l->c->arena, "no account here is %s", in->account));
                continue;
            }
            if (s.list.count > 0 && (ch != s.channel || s.list.count >= INBOUND_EVENTS_MAX - 1)) {
                e = stretch_apply(l, &s);
                if (e) return e;
            }
            s.channel = ch;
            if (!stretch_add(l, &s, in, i)) return ERR_NO_MEMORY;
        }
    }
    return stretch_apply(l, &s);
}

static json_t *summary(const struct body *b)
{
    static const char *const names[] = {
        [INBOUND_MESSAGE] = "messages",    [INBOUND_STATUS] = "statuses",
        [INBOUND_REACTION] = "reactions",  [INBOUND_EDIT] = "edits",
        [INBOUND_REMOVAL] = "removals",    [INBOUND_WATERMARK] = "watermarks",
        [INBOUND_IDENTITY] = "identities", [INBOUND_ACCOUNT] = "account",
        [INBOUND_TEMPLATE] = "templates",  [INBOUND_NAME] = "names",
        [INBOUND_NOTE] = "others",
    };
    json_t *o = json_object();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (b->counts[i] > 0) json_object_set_new(o, names[i], json_integer(b->counts[i]));
    return o;
}

static enum err lot_end(struct lot *l)
{
    CLEANUP(json_decrefp) json_t *ends = json_array();
    for (int i = 0; i < l->count; i++) {
        const struct body *b = &l->bodies[i];
        json_t *o = json_pack("{s:s, s:s, s:o}", "id", b->id, "state", b->code ? "parked" : "done",
                              "summary", summary(b));
        if (b->code) {
            json_object_set_new(o, "code", json_string(b->code));
            json_object_set_new(o, "error", json_string(b->error ? b->error : ""));
        }
        struct bytes left = {0};
        if (!b->code && b->must_forget && l->kind->forget &&
            l->kind->forget(l->c->arena, b->raw, NULL, &left))
            json_object_set_new(o, "body",
                                json_string(base64_encode(l->c->arena, left.data, left.len)));
        json_array_append_new(ends, o);
    }
    return db_exec(l->c, &SQL_CHANNEL_BODIES_END, PARAMS(P_JSON("list", ends)));
}

/* What made a lot fail may be one body's fault: each of them counts a try, and whoever is at the front
 * too often goes alone. */
static void lot_tried(struct ctx *job, const struct lot *l)
{
    CLEANUP(json_decrefp) json_t *ids = json_array();
    for (int i = 0; i < l->count; i++)
        json_array_append_new(ids, json_string(l->bodies[i].id));
    (void)!db_exec(job, &SQL_CHANNEL_BODIES_TRIED, PARAMS(P_JSON("ids", ids)));
    fault_clear(job);
}

/* The database away says nothing of a body; a conflict, or time that did not suffice, may. */
static bool may_be_its_fault(enum err e)
{
    return e == ERR_CONFLICT || e == ERR_DEADLINE;
}

/* Of one body alone: too much for memory, or the same failure again and again. */
static bool is_hopeless(const struct lot *l, enum err e)
{
    if (l->count > 1) return false;
    return e == ERR_NO_MEMORY || e == ERR_TOO_LARGE ||
           (may_be_its_fault(e) && l->bodies[0].tries >= TRIES_MAX);
}

/* *ret_count: bodies of this lot. */
static enum err lot_run(struct ctx *job, const struct channel *ch, const struct channel_kind *kind,
                        int bodies_max, int *ret_count)
{
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(job->app, LOT_ARENA, clock_mono_ms() + LOT_MS);
    c->org = job->org;
    c->actor = job->actor;
    struct rows *rows = NULL;
    struct param params[] = {
        P_UUID("channel", ch->id), P_INT("count", bodies_max), P_INT("bytes", LOT_BYTES), {0}};
    enum err e = db_query(c, &SQL_CHANNEL_BODIES_NEXT, params, &rows);
    if (e) return e;
    struct lot l = {.c = c, .kind = kind, .channel = ch, .count = rows_count(rows)};
    *ret_count = l.count;
    if (l.count == 0) return ERR_OK;
    if (rows_int(rows, 0, "tries", 0) >= TRIES_TOGETHER) *ret_count = l.count = 1;
    l.bodies = arena_array(c->arena, (size_t)l.count, sizeof *l.bodies);
    if (!l.bodies) return ERR_NO_MEMORY;
    for (int i = 0; i < l.count; i++) {
        struct body *b = &l.bodies[i];
        b->id = rows_text(rows, i, "id");
        b->tries = (int)rows_int(rows, i, "tries", 0);
        body_decode(&l, b, rows_text(rows, i, "body"));
        const char *account = rows_text(rows, i, "account");
        if (*account) keep_account(b, account);
    }
    e = lot_apply(&l);
    if (e && is_hopeless(&l, e)) {
        park_fault(&l, &l.bodies[0], e);
        e = ERR_OK;
    } else if (may_be_its_fault(e)) {
        lot_tried(job, &l); /* by the job: the lot's own time may be over */
    }
    if (!e) e = lot_end(&l);
    if (e) {
        log_event(
            LOG_WARN, c->trace, "a lot of webhook bodies could not be stored now",
            LOG_FIELDS(LOG_TEXT("kind", ch->kind), LOG_INT("bodies", l.count),
                       LOG_TEXT("error", c->fault.message ? c->fault.message : err_row(e)->text)));
    }
    return e;
}

/* --- the job --------------------------------------------------------------------------- */

static enum job_outcome again_in(struct job *j, int64_t ms)
{
    j->again_unix_ms = clock_unix_ms() + ms;
    return JOB_AGAIN_AT;
}

/* Nothing more to read; a body whose commit is under way is waited for (sql: channel_bodies_left). */
static enum job_outcome receive_end(struct ctx *c, struct job *j, struct uuid channel)
{
    struct rows *rows = NULL;
    if (db_one(c, &SQL_CHANNEL_BODIES_LEFT, PARAMS(P_UUID("channel", channel)), &rows))
        return again_in(j, AGAIN_MS);
    return rows_bool(rows, 0, "any_left") ? again_in(j, 0) : JOB_DONE;
}

enum job_outcome job_channel_receive(struct ctx *c, struct job *j)
{
    struct channel ch;
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, &ch);
    if (e == ERR_NOT_FOUND) return JOB_DONE; /* removed: what waits stays to be seen */
    if (e) return e == ERR_CANCELLED ? JOB_RETRY : again_in(j, AGAIN_MS);
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    if (!kind || !kind->decode) return JOB_DONE;
    const struct channels_worker *w = channels_worker(c->app);
    int64_t until_ms = clock_mono_ms() + RUN_MS;
    int bodies_max = LOT_BODIES, count = 0;
    do {
        if (w && clock_mono_ms() - w->body_ms < BUSY_MS &&
            loop_sleep(c->app->loop, REST_MS) != ERR_OK)
            return JOB_RETRY;
        e = lot_run(c, &ch, kind, bodies_max, &count);
        /* One of them is too much for memory: alone it says so. The others go together again. */
        bool too_much = (e == ERR_NO_MEMORY || e == ERR_TOO_LARGE) && bodies_max > 1;
        if (e == ERR_CANCELLED) return JOB_RETRY;
        if (e && !too_much) return again_in(j, AGAIN_MS); /* not in an hour: people wait */
        bodies_max = too_much ? 1 : LOT_BODIES;
    } while ((e || count > 0) && clock_mono_ms() < until_ms);
    return count == 0 && !e ? receive_end(c, j, ch.id) : again_in(j, 0);
}
