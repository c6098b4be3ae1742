/* Sending: the job of one lane of one webhook, and the hourly clean-up.
 *
 * A lane is alone with its rows (order_key), so that a notification is tried by one worker at a
 * time; a worker that dies leaves its lease to run out, and what it was sending is sent again with
 * the same event id. What a try means is decided in SQL (webhook_tried), in one statement after the
 * call. The job comes back when the lane's next row is due, and goes when there is none; whoever
 * adds rows also makes sure that there is a job (webhook_pump, webhook_wake). */
#include <string.h>

#include "auth/auth.h"
#include "auth/mail.h"
#include "base/clock.h"
#include "base/json.h"
#include "core/log.h"
#include "core/loop.h"
#include "sql.h"
#include "webhooks/webhooks.h"

#define RUN_MS      (20 * SECOND_MS) /* then others get their turn */
#define RUN_CALLS   50
#define CLEAN_BATCH 2000

/* Mail to those who can switch it on again. */
static enum err tell(struct ctx *c, const char *reason)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_WEBHOOK_PEOPLE, NULL, &rows);
    if (e) return e;
    const char *link = arena_printf(c->arena, "%s/settings/webhooks/%s", public_base(c, NULL),
                                    in_text(c, "webhookId"));
    for (int i = 0; i < rows_count(rows); i++) {
        CLEANUP(json_decrefp)
        json_t *data =
            json_pack("{s:s, s:s, s:s, s:s}", "name", rows_text(rows, i, "name"), "webhook",
                      rows_text(rows, i, "webhook"), "url", rows_text(rows, i, "url"),
                      "organization", rows_text(rows, i, "organization"));
        e = mail_add(
            c, &(struct mail){
                   .to = rows_text(rows, i, "email"),
                   .template = strcmp(reason, "gone") == 0 ? "webhook_gone" : "webhook_failing",
                   .language = rows_text(rows, i, "language"),
                   .data = data,
                   .secret = link ? mail_secret(c, link) : NULL,
               });
        if (e) return e;
    }
    return ERR_OK;
}

static enum err note_try(struct ctx *c, const struct rows *rows, const struct webhook_try *t)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct rows *r = NULL;
    enum err e = db_begin(c, &tx);
    if (e) return e;
    e = db_one(c, &SQL_WEBHOOK_TRIED,
               PARAMS(P_UUID("id", rows_uuid(rows, 0, "id")), P_INT("status", t->status),
                      P_TEXT("code", t->code), P_TEXT("error", t->error),
                      P_TEXT("answer", t->answer), P_INT("took", t->took_ms)),
               &r);
    if (e) return e;
    const char *reason = rows_text(r, 0, "off_reason");
    e = reason ? tell(c, reason) : ERR_OK;
    if (e) return e;
    return db_commit(c, &tx);
}

static enum job_outcome deliver(struct ctx *c, struct job *j)
{
    int64_t until_ms = clock_mono_ms() + RUN_MS;
    for (int n = 0; n < RUN_CALLS && clock_mono_ms() < until_ms && !c->app->stopping; n++) {
        struct rows *rows = NULL;
        enum err e = db_query(c, &SQL_WEBHOOK_NEXT, NULL, &rows);
        if (e) return JOB_RETRY;
        if (rows_count(rows) == 0) return JOB_DONE; /* removed */
        if (!rows_text(rows, 0, "id")) {
            if (!rows_bool(rows, 0, "more")) return JOB_DONE;
            j->again_unix_ms = rows_int(rows, 0, "wait_unix_ms", clock_unix_ms() + SECOND_MS);
            return JOB_AGAIN_AT;
        }
        struct webhook_try t;
        e = webhook_call(c, rows, 0, &t);
        if (e) return JOB_RETRY;
        e = note_try(c, rows, &t);
        if (e) return JOB_RETRY;
    }
    j->again_unix_ms = clock_unix_ms();
    return JOB_AGAIN_AT;
}

static enum job_outcome clean(struct ctx *c, struct job *j)
{
    (void)j;
    for (;;) {
        struct rows *rows = NULL;
        if (db_one(c, &SQL_WEBHOOK_CLEAN, PARAMS(P_INT("at_most", CLEAN_BATCH)), &rows) != ERR_OK)
            return JOB_RETRY;
        if (rows_int(rows, 0, "touched", 0) == 0) return JOB_DONE;
        if (loop_sleep(c->app->loop, 100) != ERR_OK) return JOB_RETRY; /* leave room for others */
    }
}

const struct job_kind webhooks_job_kinds[] = {
    {.name = "webhook.deliver",
     .help = "Send the notifications of one lane of a webhook.",
     .max_tries = 1000000, /* the rows have their own count */
     .lease_s = 20,
     .at_once = 32,
     .per_org = 8, /* of receivers that hang there are always some */
     .timeout_s = 60,
     .run = deliver},
    {.name = "webhooks.clean",
     .help = "Give up notifications that waited too long, remove those older than 14 days.",
     .every_s = 3600,
     .timeout_s = 600,
     .run = clean},
    {0},
};
