/* A queue of small things to be written.
 *
 * One alone costs the database several times what one among many costs: its own commit, its own
 * start of every statement. So items wait in a line per organization while a few batches of it are
 * under way, and the next batch takes all that came meanwhile. Nobody waits for company: with
 * little to do each item is a batch of its own and leaves at once; the more come, the larger the
 * batches.
 *
 * A batch is all or nothing. What it does not take, and every item of a batch that the database
 * refuses, its caller treats alone, where one bad item harms nobody else. Without an answer from
 * the database nobody knows what was written: all get that error.
 *
 * An entry belongs to its waiting coroutine and to its batch; who is last frees it. Worker only. */
#include "core/batch.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/coroutine.h"
#include "core/ctx.h"
#include "core/loop.h"

#define BATCH_MS (10 * SECOND_MS)

struct entry {
    struct entry *next;
    struct co *co;    /* who waits; NULL: left */
    const char *item; /* of who waits; not looked at once the entry is in a batch */
    bool in_batch;    /* two owners */
    bool done;
    enum err err;
    struct batch_result result; /* its text is the entry's own */
};

struct line {
    struct line *next;
    struct batch_queue *queue;
    struct uuid org;
    struct entry *first, **last;
    int runners;
};

struct batch_queue {
    struct app *app;
    const struct batch_kind *kind;
    struct line *lines;
    int length;
    bool closed;
};

struct batch_queue *batch_queue_new(struct app *app, const struct batch_kind *kind)
{
    struct batch_queue *q = mem_alloc(sizeof *q);
    q->app = app;
    q->kind = kind;
    return q;
}

void batch_queue_free(struct batch_queue *q)
{
    if (!q) return;
    q->closed = true;
    if (!q->lines) mem_free(q);
}

int batch_queue_length(const struct batch_queue *q)
{
    return q ? q->length : 0;
}

/* --- lines and entries ----------------------------------------------------------------- */

static struct line *line_of(struct batch_queue *q, struct uuid org)
{
    for (struct line *l = q->lines; l; l = l->next)
        if (uuid_equal(l->org, org)) return l;
    struct line *l = mem_alloc(sizeof *l);
    l->queue = q;
    l->org = org;
    l->last = &l->first;
    l->next = q->lines;
    q->lines = l;
    return l;
}

static void line_drop_when_idle(struct line *l)
{
    struct batch_queue *q = l->queue;
    if (l->first || l->runners > 0) return;
    for (struct line **at = &q->lines; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            break;
        }
    mem_free(l);
    if (q->closed && !q->lines) mem_free(q);
}

static void line_remove(struct line *l, const struct entry *e)
{
    for (struct entry **at = &l->first; *at; at = &(*at)->next)
        if (*at == e) {
            *at = e->next;
            if (!*at) l->last = at;
            return;
        }
}

static void entry_free(struct entry *e)
{
    mem_free((void *)(uintptr_t)e->result.text);
    mem_free(e);
}

/* --- batches --------------------------------------------------------------------------- */

static int batch_take(struct line *l, struct entry *batch[BATCH_ITEMS_MAX], struct buf *out)
{
    const struct batch_kind *kind = l->queue->kind;
    int n = 0;
    buf_addc(out, '[');
    while (l->first && n < kind->items_max) {
        struct entry *e = l->first;
        size_t len = strlen(e->item);
        if (n > 0 && out->len + len > kind->bytes_max) break;
        l->first = e->next;
        if (!l->first) l->last = &l->first;
        if (n > 0) buf_addc(out, ',');
        buf_add(out, e->item, len);
        e->in_batch = true;
        batch[n++] = e;
    }
    buf_addc(out, ']');
    return n;
}

/* Is it certain that nothing was written? */
static bool was_refused(enum err e)
{
    return e != ERR_UNAVAILABLE && e != ERR_DEADLINE && e != ERR_CANCELLED;
}

static void batch_run(struct line *l)
{
    struct batch_queue *q = l->queue;
    struct entry *batch[BATCH_ITEMS_MAX];
    struct batch_result results[BATCH_ITEMS_MAX] = {0};
    CLEANUP(buf_free) struct buf text = BUF_INIT(2 * q->kind->bytes_max + KIB);
    int count = batch_take(l, batch, &text);
    CLEANUP(ctx_freep)
    struct ctx *c = ctx_new(q->app, 3 * q->kind->bytes_max + MIB, clock_mono_ms() + BATCH_MS);
    c->org = l->org;
    c->actor.kind = ACTOR_SYSTEM;
    enum err e =
        buf_failed(&text) ? ERR_TOO_LARGE : q->kind->write(c, buf_str(&text), count, results);
    for (int i = 0; i < count; i++) {
        struct entry *x = batch[i];
        if (!x->co) {
            entry_free(x);
            continue;
        }
        x->done = true;
        x->err = e && !was_refused(e) ? ERR_UNAVAILABLE : ERR_OK;
        if (!e) {
            x->result = results[i];
            x->result.text = mem_strdup(results[i].text);
        }
        x->in_batch = false;
        loop_wake(q->app->loop, x->co);
    }
    q->length -= count;
}

static void runner(void *arg)
{
    struct line *l = arg;
    while (l->first)
        batch_run(l);
    l->runners--;
    line_drop_when_idle(l);
}

/* --- one item -------------------------------------------------------------------------- */

enum err batch_write(struct ctx *c, struct batch_queue *q, const char *item,
                     struct batch_result *ret)
{
    *ret = (struct batch_result){0};
    if (c->tx || !q || q->closed) return ERR_OK;
    struct loop *loop = c->app->loop;
    struct line *l = line_of(q, c->org);
    if (l->runners < q->kind->runners && loop_spawn(loop, runner, l, NULL) == ERR_OK) l->runners++;
    if (l->runners == 0) {
        line_drop_when_idle(l);
        return ERR_OK;
    }
    struct entry *e = mem_alloc(sizeof *e);
    e->co = co_self();
    e->item = item;
    *l->last = e;
    l->last = &e->next;
    q->length++;

    enum err err = ERR_OK;
    while (!err && !e->done)
        err = loop_park(loop, c->deadline_ms);
    e->co = NULL;
    if (e->done) {
        err = e->err;
        *ret = e->result;
        ret->text = arena_strdup(c->arena, e->result.text);
    } else if (!e->in_batch) {
        line_remove(l, e); /* nothing was written */
        q->length--;
    } else {
        return err; /* its batch frees it */
    }
    entry_free(e);
    return err;
}
