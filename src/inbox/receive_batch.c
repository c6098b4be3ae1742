/* The queue of usual inbound messages.
 *
 * A message alone costs the database several times what one among many costs: its own commit, its
 * own start of every statement. So messages wait in a line per organization while RUNNERS batches
 * of it are under way, and the next batch takes all that came meanwhile. Nobody waits for company:
 * with little to do each message is a batch of its own and leaves at once; the more come, the
 * larger the batches.
 *
 * A batch is all or nothing. What it does not take (inbox_receive_known in SQL says when), and
 * every message of a batch that the database refuses, goes the long way by itself, where one bad
 * message harms nobody else. Without an answer from the database nobody knows what was written: all
 * get that error.
 *
 * An entry belongs to its waiting coroutine and to its batch; who is last frees it. Worker only. */
#include "inbox/receive_batch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/loop.h"
#include "sql.h"

#define RUNNERS                                                                                    \
    2 /* batches of an organization under way at once: PostgreSQL has more than one core */
#define BATCH_MAX   64
#define BATCH_BYTES (8 * MIB)
#define BATCH_MS    (10 * SECOND_MS)

struct entry {
    struct entry *next;
    struct co *co; /* who waits; NULL: left */
    char *json;    /* NULL once the entry is in a batch */
    bool shared;   /* two owners */
    bool done, taken;
    enum err err;
    struct uuid chat, message;
    char *seen;
};

struct line {
    struct line *next;
    struct receive_queue *queue;
    struct uuid org;
    struct entry *first, **last;
    int runners;
};

struct receive_queue {
    struct app *app;
    struct line *lines;
    bool closed;
};

struct receive_queue *receive_queue_new(struct app *app)
{
    struct receive_queue *q = mem_alloc(sizeof *q);
    q->app = app;
    return q;
}

void receive_queue_free(struct receive_queue *q)
{
    if (!q) return;
    q->closed = true;
    if (!q->lines) mem_free(q);
}

/* --- lines and entries ----------------------------------------------------------------- */

static struct line *line_of(struct receive_queue *q, struct uuid org)
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
    struct receive_queue *q = l->queue;
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

/* One of its owners lets go. */
static void entry_release(struct entry *e)
{
    if (e->shared) {
        e->shared = false;
        return;
    }
    mem_free(e->json);
    mem_free(e->seen);
    mem_free(e);
}

/* --- batches --------------------------------------------------------------------------- */

static int batch_take(struct line *l, struct entry *batch[BATCH_MAX], struct buf *out)
{
    int n = 0;
    buf_addc(out, '[');
    while (l->first && n < BATCH_MAX && out->len < BATCH_BYTES / 2) {
        struct entry *e = l->first;
        l->first = e->next;
        if (!l->first) l->last = &l->first;
        if (n > 0) buf_addc(out, ',');
        buf_adds(out, e->json);
        mem_free(e->json);
        e->json = NULL;
        e->shared = true;
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
    struct entry *batch[BATCH_MAX];
    CLEANUP(buf_free) struct buf text = BUF_INIT(BATCH_BYTES);
    int count = batch_take(l, batch, &text);
    struct app *app = l->queue->app;
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(app, 2 * BATCH_BYTES, clock_mono_ms() + BATCH_MS);
    c->org = l->org;
    c->actor.kind = ACTOR_SYSTEM;
    struct rows *rows = NULL;
    enum err e = ERR_TOO_LARGE;
    if (!buf_failed(&text))
        e = db_query(c, &SQL_INBOX_RECEIVE_KNOWN, PARAMS(P_TEXT("batch", buf_str(&text))), &rows);
    for (int i = 0; !e && i < rows_count(rows); i++) {
        int64_t n = rows_int(rows, i, "n", 0);
        if (n < 1 || n > count) continue;
        struct entry *taken = batch[n - 1];
        taken->taken = true;
        taken->chat = rows_uuid(rows, i, "chat_id");
        taken->message = rows_uuid(rows, i, "message_id");
        taken->seen = mem_strdup(rows_text(rows, i, "seen"));
    }
    for (int i = 0; i < count; i++) {
        batch[i]->done = true;
        batch[i]->err = e && !was_refused(e) ? ERR_UNAVAILABLE : ERR_OK;
        if (batch[i]->co) loop_wake(app->loop, batch[i]->co);
        entry_release(batch[i]);
    }
}

static void runner(void *arg)
{
    struct line *l = arg;
    while (l->first)
        batch_run(l);
    l->runners--;
    line_drop_when_idle(l);
}

/* --- one message ----------------------------------------------------------------------- */

enum err receive_known(struct ctx *c, struct receive_queue *q, const json_t *p, bool *ret_taken,
                       struct received *ret)
{
    *ret_taken = false;
    if (c->tx || !q || q->closed) return ERR_OK;
    struct loop *loop = c->app->loop;
    struct line *l = line_of(q, c->org);
    if (l->runners < RUNNERS && loop_spawn(loop, runner, l, NULL) == ERR_OK) l->runners++;
    if (l->runners == 0) {
        line_drop_when_idle(l);
        return ERR_OK;
    }
    struct entry *e = mem_alloc(sizeof *e);
    e->co = co_self();
    e->json = json_dumps(p, JSON_COMPACT);
    *l->last = e;
    l->last = &e->next;

    enum err err = ERR_OK;
    while (!err && !e->done)
        err = loop_park(loop, c->deadline_ms);
    e->co = NULL;
    if (e->done) {
        err = e->err;
        *ret_taken = e->taken;
        if (e->taken)
            *ret = (struct received){
                .chat = e->chat, .message = e->message, .seen = arena_strdup(c->arena, e->seen)};
    } else if (e->json) {
        line_remove(l, e); /* not in a batch yet: nothing was written */
    }
    entry_release(e);
    return err;
}
