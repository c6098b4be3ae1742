/* What platforms forbid to keep (forget.h).
 *
 * Stories: their address lies in story_links alone, which no backup holds; messages, events and
 * notifications have an address of ours instead, which leads there while the story lives. Bodies of
 * webhooks lose the address when they were taken (receive.c), those that were not, after a day.
 *
 * Taken back: the message's row is blanked at once (inbox_removed()); the bodies of webhooks and the
 * notifications that repeat it follow here. What is in the events goes with them within a day.
 *
 * Erased: the raw bodies and calls of the accounts over which a customer was spoken with, where they
 * name that customer.
 *
 * A platform that failed for a while delivers out of order: an edit or removal may come before its
 * message. It is tried again for some hours, then it was about something that we never had. */
#include "channels/forget.h"

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/channel.h"
#include "channels/meta/meta_media.h"
#include "core/db.h"
#include "sql.h"

#define LATE_TRIES 12 /* 2^n seconds: about two hours */
#define NIL_ID     "00000000-0000-0000-0000-000000000000"

static enum err story(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_STORY_LINK, NULL, &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "MESSAGE_NOT_FOUND", "there is no such message");
    if (e) return e;
    const char *url = rows_text(rows, 0, "url");
    if (!url || !meta_media_allowed(url, c->app->config->meta_media_hosts))
        return fault(c, ERR_NOT_FOUND, "STORY_OVER", "the story is over, or the message has none");
    reply_empty(p, 302);
    reply_header(c, p, "Location", url);
    reply_header(c, p, "Cache-Control", "no-store");
    reply_header(c, p, "Referrer-Policy", "no-referrer");
    return ERR_OK;
}

/* The body of row i without what must not be kept, as base64; NULL: there is nothing of it. */
static const char *body_without(struct ctx *c, const struct channel_kind *kind,
                                const struct rows *rows, int i, const char *target)
{
    struct bytes body = {0}, left = {0};
    if (!kind || !kind->forget || !base64_decode(c->arena, rows_text(rows, i, "body"), &body))
        return NULL;
    if (!kind->forget(c->arena, body, target, &left)) return NULL;
    return base64_encode(c->arena, left.data, left.len);
}

static enum job_outcome stories(struct ctx *c, struct job *j)
{
    (void)j;
    struct rows *rows = NULL;
    do {
        if (db_one(c, &SQL_STORY_LINKS_CLEAN, NULL, &rows)) return JOB_RETRY;
    } while (rows_int(rows, 0, "gone", 0) >= 5000);
    if (db_query(c, &SQL_STORY_BODIES, NULL, &rows)) return JOB_RETRY;
    for (int i = 0; i < rows_count(rows); i++) {
        const struct channel_kind *kind = channel_kind_find(rows_text(rows, i, "kind"));
        if (db_exec(c, &SQL_STORY_BODY_PUT,
                    PARAMS(P_UUID("owner", rows_uuid(rows, i, "org_id")),
                           P_UUID("id", rows_uuid(rows, i, "id")),
                           P_TEXT("body", body_without(c, kind, rows, i, NULL)))))
            return JOB_RETRY;
    }
    return JOB_DONE;
}

/* Bodies that name the message, in lots of their own memory. *after: the last one looked at, NULL at
 * the end. */
static enum err bodies_forget(struct ctx *job, const struct channel *ch, const char *target,
                              const char **after)
{
    const struct channel_kind *kind = channel_kind_find(ch->kind);
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(job->app, 256 * MIB, job->deadline_ms);
    c->org = job->org;
    c->actor = job->actor;
    struct rows *rows = NULL;
    enum err e = db_query(
        c, &SQL_BODIES_NAMING,
        PARAMS(P_UUID("channel", ch->id), P_TEXT("target", target), P_TEXT("after", *after)),
        &rows);
    const char *next = e ? NULL : rows_text(rows, 0, "next");
    *after = next ? arena_strdup(job->arena, next) : NULL;
    for (int i = 0; !e && i < rows_count(rows); i++) {
        const char *left = rows_text(rows, i, "id") ? body_without(c, kind, rows, i, target) : NULL;
        if (left)
            e = db_exec(c, &SQL_BODY_PUT,
                        PARAMS(P_UUID("id", rows_uuid(rows, i, "id")), P_TEXT("body", left)));
    }
    return e;
}

static enum job_outcome forget(struct ctx *c, struct job *j)
{
    struct channel ch;
    const char *target = json_get_text(j->payload, "target");
    if (db_exec(c, &SQL_MESSAGE_FORGET, PARAMS(P_UUID("message", in_uuid(c, "messageId")))))
        return JOB_RETRY;
    enum err e = channel_load(c, in_uuid(c, "channelId"), true, &ch);
    if (e == ERR_NOT_FOUND || !target) return JOB_DONE;
    for (const char *after = NIL_ID; !e && after;)
        e = bodies_forget(c, &ch, target, &after);
    return e ? JOB_RETRY : JOB_DONE;
}

static enum err erase_from(struct ctx *c, const struct sql *lot)
{
    enum err e = ERR_OK;
    for (const char *after = NIL_ID; !e && after;) {
        struct rows *rows = NULL;
        e = db_one(c, lot,
                   PARAMS(P_UUID("channel", in_uuid(c, "channelId")),
                          P_JSON("names", in_json(c, "names")), P_TEXT("after", after)),
                   &rows);
        after = e ? NULL : rows_text(rows, 0, "next");
    }
    return e;
}

static enum job_outcome erase(struct ctx *c, struct job *j)
{
    (void)j;
    enum err e = erase_from(c, &SQL_CHANNEL_ERASE_BODIES);
    if (!e) e = erase_from(c, &SQL_CHANNEL_ERASE_CALLS);
    return e ? JOB_RETRY : JOB_DONE;
}

static enum job_outcome late(struct ctx *c, struct job *j)
{
    struct rows *rows = NULL;
    if (db_one(c, &SQL_INBOX_LATE_APPLY,
               PARAMS(P_UUID("channel", in_uuid(c, "channelId")),
                      P_JSON("event", json_object_get(j->payload, "event"))),
               &rows))
        return JOB_RETRY;
    return rows_bool(rows, 0, "found") || j->tries >= LATE_TRIES ? JOB_DONE : JOB_RETRY;
}

const struct job_kind forget_jobs[] = {
    {.name = "channel.stories",
     .help = "Removes addresses of stories that are over.",
     .every_s = 300,
     .run = stories},
    {.name = "channel.forget",
     .help = "Blanks what repeats a message that was taken back.",
     .at_once = 1,
     .timeout_s = 600,
     .run = forget},
    {.name = "channel.erase",
     .help = "Removes raw bodies and calls that name a customer who was erased.",
     .at_once = 1,
     .timeout_s = 600,
     .run = erase},
    {.name = "channel.late",
     .help = "An edit, removal or reaction that came before its message.",
     .max_tries = LATE_TRIES + 4,
     .run = late},
    {0},
};

const struct route forget_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/chats/{chatId}/messages/{messageId}/story",
     .id = "messages.story",
     .summary = "The story that a message is about, at its platform, while it lives (302).",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .shape = ANSWER_OTHER,
     .errors = "404 MESSAGE_NOT_FOUND|404 STORY_OVER",
     .handler = story},
    {0},
};
