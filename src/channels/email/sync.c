/* The mailbox, watched: one connection per account, held by one worker (kind->watch).
 *
 * The first time, the mails of the last N days are taken, oldest first; from then on everything with
 * a UID from mail_folders.uid_next on, which is written after a lot was taken: killed in between, a
 * lot comes again and its mails are doubles. When the server numbers anew (UIDVALIDITY), all since
 * the last look are looked at again, doubles fall out by their Message-ID. Between looks the server
 * tells of news (IDLE, begun anew before half an hour, as servers drop those who say nothing), or is
 * asked every half minute.
 *
 * Mails are asked for in lots and taken several at a time (intake.h); the mark is always below the
 * oldest that is not in. What the server says is not trusted (imap_read.h). */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "channels/channels.h"
#include "channels/email/email.h"
#include "channels/email/imap.h"
#include "channels/email/intake.h"
#include "channels/log.h"
#include "core/loop.h"
#include "sql.h"

#define IDLE_MS     (28 * MINUTE_MS)
#define POLL_MS     (30 * SECOND_MS)
#define ASK_BYTES   MIB /* of mails that are asked for together; one may be larger */
#define LIST_ARENA  (8 * MIB)
#define QUERY_ARENA MIB
#define QUERY_MS    (30 * SECOND_MS)
#define AGAIN_MS    (2 * DAY_MS) /* looked at again when the server numbers anew */

struct watching {
    struct ctx *c;
    const struct channel *ch;
    struct email_account account;
    struct imap *imap;
    int64_t uid_validity;
    uint32_t uid_next;
    bool imported;         /* what was there before the account was connected is in */
    uint32_t import_until; /* mails below this UID were there before */
    const char *spool_folder;
};

static struct ctx *own_ctx(const struct watching *w, size_t arena, int64_t ms)
{
    struct ctx *c = ctx_new(w->c->app, arena, clock_mono_ms() + ms);
    c->org = w->c->org;
    c->actor = w->c->actor;
    return c;
}

/* --- how far --------------------------------------------------------------------------------- */

static enum err progress_save(struct watching *w)
{
    CLEANUP(ctx_freep) struct ctx *c = own_ctx(w, QUERY_ARENA, QUERY_MS);
    return db_exec(c, &SQL_MAIL_FOLDER_SET,
                   PARAMS(P_UUID("channel", w->ch->id), P_TEXT("folder", w->account.folder),
                          P_INT("uid_validity", w->uid_validity), P_INT("uid_next", w->uid_next),
                          P_BOOL("imported", w->imported)));
}

/* Where to begin: where we were, or anew. */
static enum err progress_load(struct watching *w, const struct imap_folder *f)
{
    CLEANUP(ctx_freep) struct ctx *c = own_ctx(w, QUERY_ARENA, QUERY_MS);
    struct rows *rows = NULL;
    enum err e =
        db_query(c, &SQL_MAIL_FOLDER_GET,
                 PARAMS(P_UUID("channel", w->ch->id), P_TEXT("folder", w->account.folder)), &rows);
    if (e) return e;
    bool known = rows_count(rows) > 0;
    w->uid_validity = f->uid_validity;
    if (known) w->imported = rows_bool(rows, 0, "imported");
    if (known && rows_int(rows, 0, "uid_validity", -1) == (int64_t)f->uid_validity) {
        int64_t next = rows_int(rows, 0, "uid_next", 1);
        w->uid_next = next > 0 && next <= UINT32_MAX ? (uint32_t)next : 1;
        w->import_until = w->imported ? 0 : f->uid_next;
        return ERR_OK;
    }
    int64_t since = clock_unix_ms() - w->account.import_days * DAY_MS;
    if (known) since = rows_int(rows, 0, "synced_ms", since) - AGAIN_MS;
    uint32_t first = 0;
    if (known || w->account.import_days > 0) {
        e = imap_first_since(w->imap, since, &first);
        if (e) return e;
    }
    /* Nothing to bring in: from what comes next on. Without UIDNEXT all is looked at once. */
    w->uid_next = first > 0 ? first : f->uid_next > 0 ? f->uid_next : 1;
    w->imported = w->imported || first == 0;
    w->import_until = w->imported ? 0 : f->uid_next;
    return progress_save(w);
}

/* --- taking ---------------------------------------------------------------------------------- */

/* The mails of a list, as they come in. */
struct reading {
    struct watching *w;
    struct intake *in;
    const struct imap_items *items;
    bool *settled; /* of each: on its way, or gone */
    int open;      /* all before it are settled */
};

static bool whole(const struct imap_item *item)
{
    return item->size_bytes <= EMAIL_WHOLE_MAX;
}

/* The mark: below it everything is in. */
static uint32_t low_mark(struct reading *r)
{
    const struct imap_items *items = r->items;
    while (r->open < items->count && r->settled[r->open])
        r->open++;
    return intake_low(r->in, r->open < items->count ? items->list[r->open].uid
                                                    : items->list[items->count - 1].uid + 1);
}

/* Which mail of those that were asked for is it? -1: none that is still to come. */
static int which(const struct reading *r, int from, int count, uint32_t uid)
{
    for (int i = from; i < from + count; i++)
        if ((r->items->list[i].uid == uid || (uid == 0 && count == 1)) && !r->settled[i]) return i;
    return -1;
}

static enum err take_one(struct reading *r, struct intake_lane *lane, int i)
{
    const struct imap_item *item = &r->items->list[i];
    struct mail_raw raw = {.size_bytes = whole(item) ? 0 : item->size_bytes,
                           .received_unix_ms = item->date_unix_ms,
                           .history = !r->w->imported && item->uid < r->w->import_until &&
                                      (item->seen || item->answered)};
    enum err e = intake_take(lane, item->uid, &raw);
    if (!e) r->settled[i] = true;
    return e;
}

/* Fetch what was asked for. A mail is taken when what comes behind it shows that the server keeps to
 * the rules. */
static enum err fetch(struct reading *r, int from, int count)
{
    struct imap *imap = r->w->imap;
    struct intake_lane *held = NULL;
    int held_is = -1;
    enum err e = ERR_OK;
    for (bool end = false; !e && !end;) {
        struct intake_lane *lane = NULL;
        const struct imap_item *next = &r->items->list[from];
        uint32_t uid = 0;
        e = intake_lane(r->in, whole(next) ? next->size_bytes : EMAIL_BEGIN_BYTES, &lane);
        if (!e)
            e = imap_fetch(imap, (struct imap_body_sink){mail_spool_take, &lane->spool}, &end,
                           &uid);
        int is = !e && !end ? which(r, from, count, uid) : -1;
        if (!e && !end && (is < 0 || is == held_is))
            e = fault(r->w->c, ERR_UPSTREAM, "MAIL_PROTOCOL",
                      "the mail server sent a mail that was not asked for");
        if (held && !e) {
            e = take_one(r, held, held_is);
            held = NULL;
        }
        if (e || end) {
            intake_drop(lane);
        } else {
            held = lane;
            held_is = is;
        }
    }
    intake_drop(held);
    return e;
}

/* As many as one question may name, so that the way to the server and back is paid once for them. One
 * that is taken in part goes alone. */
static int together(const struct imap_items *items, int from)
{
    uint64_t bytes = 0;
    int i = from;
    for (; i < items->count && i < from + IMAP_ASK_MAX; i++) {
        bytes += items->list[i].size_bytes;
        if (i > from && (bytes > ASK_BYTES || !whole(&items->list[i]))) break;
    }
    return i - from;
}

static enum err ask(struct reading *r, int from, int count)
{
    const struct imap_item *first = &r->items->list[from];
    enum err e = imap_ask(r->w->imap, first, count, whole(first) ? 0 : EMAIL_BEGIN_BYTES);
    if (!e) e = fetch(r, from, count);
    for (int i = from; i < from + count && !e; i++) {
        if (r->settled[i]) continue;
        /* Alone it is either there, or somebody moved it meanwhile. */
        if (count > 1) e = ask(r, i, 1);
        if (!e) r->settled[i] = true;
    }
    return e;
}

/* A list of mails, oldest first. The mark follows what is in: after an error, too. */
static enum err take_items(struct watching *w, struct arena *a, const struct imap_items *items)
{
    struct intake *in = arena_alloc(a, sizeof(*in));
    struct reading r = {.w = w, .in = in, .items = items};
    r.settled = arena_array(a, (size_t)items->count, sizeof(*r.settled));
    if (!in || !r.settled) return ERR_NO_MEMORY;
    in->c = w->c;
    in->ch = w->ch;
    in->folder = w->account.folder;
    in->spool_folder = w->spool_folder;
    enum err e = ERR_OK;
    for (int i = 0, count; i < items->count && !e; i += count) {
        count = together(items, i);
        e = ask(&r, i, count);
        w->uid_next = low_mark(&r);
        if (!e) e = progress_save(w);
    }
    enum err other = intake_end(in);
    if (!e || e == ERR_CANCELLED) e = other ? other : e;
    w->uid_next = low_mark(&r);
    if (loop_interrupted(w->c->app->loop)) return ERR_CANCELLED;
    enum err saved = progress_save(w);
    return e ? e : saved;
}

/* Everything that is new, oldest first. */
static enum err take_new(struct watching *w)
{
    struct imap_items items;
    do {
        CLEANUP(ctx_freep) struct ctx *c = own_ctx(w, LIST_ARENA, QUERY_MS);
        enum err e = imap_list(w->imap, c->arena, w->uid_next, &items);
        int64_t began = clock_mono_ms();
        if (!e && items.count > 0) e = take_items(w, c->arena, &items);
        if (e) return e;
        if (items.count > 0) {
            CLEANUP(ctx_freep) struct ctx *own = own_ctx(w, QUERY_ARENA, QUERY_MS);
            const char *what = arena_printf(own->arena, "%d mails", items.count);
            channel_call_log(own, w->ch, "mail.in", "IMAP", w->account.folder,
                             clock_mono_ms() - began, "", what ? what : "", NULL);
        }
    } while (items.cut);
    if (w->imported) return ERR_OK;
    w->imported = true;
    return progress_save(w);
}

/* --- the connection -------------------------------------------------------------------------- */

static enum err say_connected(struct watching *w)
{
    CLEANUP(ctx_freep) struct ctx *c = own_ctx(w, QUERY_ARENA, QUERY_MS);
    return channel_state_set(c, w->ch, "connected", NULL, NULL);
}

static enum err connect_account(struct watching *w)
{
    struct ctx *c = w->c;
    email_account_read(c->arena, w->ch, &w->account);
    CLEANUP(ctx_freep) struct ctx *own = own_ctx(w, QUERY_ARENA, 2 * MINUTE_MS);
    int64_t began = clock_mono_ms();
    enum err e;
    bool again;
    do {
        e = email_login(own, w->ch, &w->account);
        if (e) {
            (void)!fault(c, e, own->fault.code, "%s",
                         own->fault.message ? own->fault.message : err_row(e)->text);
            break;
        }
        /* The token lives in own's arena: it is used before that goes. */
        e = imap_open(c, &w->account.imap, &w->imap);
        again = e == ERR_UNAUTHORIZED && w->account.token_kept;
        if (e == ERR_UNAUTHORIZED && w->account.oauth) email_token_forget(own, w->ch);
        if (again) fault_clear(c);
    } while (again);
    const char *where =
        arena_printf(own->arena, "%s:%d", w->account.imap.host, w->account.imap.port);
    channel_call_log(own, w->ch, "mail.connect", "IMAP", where ? where : "",
                     clock_mono_ms() - began, "", e ? "" : "OK",
                     e ? (c->fault.message ? c->fault.message : err_row(e)->text) : NULL);
    w->account.imap.password = w->account.smtp.password = NULL;
    w->account.imap.bearer = w->account.smtp.bearer = NULL;
    return e;
}

static enum err watch(struct watching *w)
{
    struct imap_folder folder;
    enum err e = connect_account(w);
    if (!e) e = imap_select(w->imap, w->account.folder, &folder);
    /* A folder that is gone does not come back by itself. */
    if (e == ERR_NOT_FOUND) return ERR_UNAUTHORIZED;
    if (!e) e = progress_load(w, &folder);
    if (!e) e = say_connected(w);
    while (!e) {
        e = take_new(w);
        bool news = false;
        int64_t rest = imap_can_idle(w->imap) ? IDLE_MS : POLL_MS;
        if (!e) e = imap_wait(w->imap, clock_mono_ms() + rest, &news);
    }
    return e;
}

enum err email_watch(struct ctx *c, const struct channel *ch)
{
    struct watching w = {.c = c, .ch = ch};
    w.spool_folder = arena_printf(c->arena, "%s/tmp", c->app->config->data_dir);
    enum err e = watch(&w);
    imap_free(w.imap);
    return e;
}
