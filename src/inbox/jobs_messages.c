/* What becomes of a message: jobs. "message.send" gives it to its channel, in the order of its chat;
 * "message.release" lets a scheduled one go when its hour has come; "message.fetch" brings a file
 * that somebody sent; "message.react" and "chat.seen" tell the platform what the team does.
 *
 * A platform may have taken a message whose answer we never saw (the worker died in between). The
 * try is written down before the call; a run that finds such a try waits until a state or an echo
 * that carries our id could have come, and only then sends again. */
#include "inbox/jobs_messages.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "channels/channels.h"
#include "core/log.h"
#include "core/metrics.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/send_check.h"
#include "sql.h"

#define DOUBT_MS (30 * SECOND_MS) /* for so long a try whose end is unknown is waited for */
#define IDLE_MS  (10 * MINUTE_MS) /* a paused or disconnected account; going on wakes its jobs */

static const char *const status_names[] = {
    [STATUS_QUEUED] = "queued", [STATUS_SENT] = "sent",     [STATUS_DELIVERED] = "delivered",
    [STATUS_READ] = "read",     [STATUS_FAILED] = "failed",
};

static enum job_outcome again_in(struct job *j, int64_t ms)
{
    j->again_unix_ms = clock_unix_ms() + ms;
    return JOB_AGAIN_AT;
}

/* --- send ------------------------------------------------------------------------------ */

static enum err outbound_files(struct ctx *c, const char *text, struct outbound *m)
{
    json_t *files = NULL, *f;
    if (!text) return ERR_OK;
    enum err e = json_parse(c->arena, text, strlen(text), &files, NULL);
    if (e) return e;
    size_t i;
    json_array_foreach(files, i, f)
    {
        if (i >= MESSAGE_FILES_MAX) break;
        struct file *o = &m->files[m->file_count++];
        (void)uuid_parse(json_get_text(f, "id"), &o->id);
        o->name = json_get_text(f, "name");
        o->type = json_get_text(f, "type");
        o->kind = json_get_text(f, "kind");
        o->sha256 = json_get_text(f, "sha256");
        o->size_bytes = json_get_int(f, "sizeBytes", 0);
    }
    return ERR_OK;
}

static enum err outbound_load(struct ctx *c, struct uuid message, struct outbound *m,
                              struct uuid *ret_channel, bool *ret_due)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_SEND_LOAD, PARAMS(P_UUID("message", message)), &rows);
    if (e) return e;
    *ret_due =
        strcmp(rows_text(rows, 0, "status"), "queued") == 0 && !rows_bool(rows, 0, "deleted");
    *ret_channel = rows_uuid(rows, 0, "channel_id");
    m->message = message;
    m->chat = rows_uuid(rows, 0, "chat_id");
    m->identifier = rows_text(rows, 0, "identifier");
    m->also = rows_text(rows, 0, "also");
    m->kind = message_kind_of(rows_text(rows, 0, "kind"));
    m->text = rows_text(rows, 0, "content");
    m->reply_to_external_id = rows_text(rows, 0, "reply_to");
    m->last_inbound_external_id = rows_text(rows, 0, "last_inbound");
    m->human = rows_bool(rows, 0, "human");
    m->window_until_unix_ms = rows_int(rows, 0, "window_until", 0);
    m->part = (int)rows_int(rows, 0, "parts_sent", 0);
    json_t *data = NULL;
    const char *text = rows_text(rows, 0, "data");
    e = json_parse(c->arena, text, strlen(text), &data, NULL);
    m->data = data;
    return e ? e : outbound_files(c, rows_text(rows, 0, "files"), m);
}

static enum err failed_set(struct ctx *c, struct uuid message, const json_t *error)
{
    struct rows *rows = NULL;
    return inbox_one(c, &SQL_INBOX_RAISE_STATUS,
                     PARAMS(P_UUID("message", message), P_TEXT("status", "failed"),
                            P_NULL("external_id"), P_JSON("error", error)),
                     &rows);
}

static json_t *error_json(const struct send_result *r)
{
    json_t *o = json_pack("{s:s, s:s}", "code", r->error_code ? r->error_code : "SEND_FAILED",
                          "message", r->error_message ? r->error_message : "");
    if (r->advice) json_object_set_new(o, "advice", json_string(r->advice));
    if (r->error_raw) json_object_set(o, "raw", r->error_raw);
    return o;
}

/* The try goes on another time: nothing is under way any more. */
static enum job_outcome send_later(struct ctx *c, struct job *j, struct uuid message,
                                   const struct send_result *r, enum job_outcome outcome)
{
    if (db_exec(c, &SQL_INBOX_ATTEMPT_END,
                PARAMS(P_UUID("message", message), P_INT("parts", r->part))))
        return JOB_RETRY;
    j->error = r->error_message;
    return outcome;
}

static enum job_outcome send_end(struct ctx *c, struct job *j, const struct channel *ch,
                                 struct uuid message, const struct send_result *r)
{
    struct rows *rows = NULL;
    switch (r->outcome) {
    case SEND_OK:
        if (inbox_one(c, &SQL_INBOX_SENT,
                      PARAMS(P_UUID("message", message), P_TEXT("status", status_names[r->status]),
                             P_TEXT("external_id", r->external_id)),
                      &rows))
            return JOB_RETRY;
        metrics_add(c->app->metrics, c->app->worker_index, METRIC_MESSAGES_OUT, 1);
        return JOB_DONE;
    case SEND_LATER:
        if (r->retry_after_ms <= 0) return send_later(c, j, message, r, JOB_RETRY);
        j->again_unix_ms = clock_unix_ms() + r->retry_after_ms;
        j->untried = r->untried;
        return send_later(c, j, message, r, JOB_AGAIN_AT);
    case SEND_DISCONNECTED:
        if (channel_state_set(c, ch, "disconnected", r->error_code, r->error_message))
            return JOB_RETRY;
        j->again_unix_ms = clock_unix_ms() + IDLE_MS;
        return send_later(c, j, message, r, JOB_AGAIN_AT);
    case SEND_REFUSED: break;
    }
    CLEANUP(json_decrefp) json_t *error = error_json(r);
    return failed_set(c, message, error) ? JOB_RETRY : JOB_DONE;
}

/* Says that a try begins. *ret_wait_ms > 0: one from before may still turn out well. */
static enum err attempt(struct ctx *c, const struct channel_kind *kind, struct uuid message,
                        int64_t *ret_wait_ms)
{
    *ret_wait_ms = 0;
    if (!kind->decode) return ERR_OK; /* ours, or one that knows a repeated message itself */
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_ATTEMPT,
                        PARAMS(P_UUID("message", message), P_INT("doubt_ms", DOUBT_MS)), &rows);
    if (!e) *ret_wait_ms = rows_int(rows, 0, "wait_ms", 0);
    return e;
}

enum job_outcome inbox_job_send(struct ctx *c, struct job *j)
{
    struct outbound m = {.tries = j->tries};
    struct uuid channel_id;
    bool due = false;
    struct uuid message = in_uuid(c, "messageId");
    enum err e = outbound_load(c, message, &m, &channel_id, &due);
    if (e == ERR_NOT_FOUND) return JOB_DONE;
    if (e) return JOB_RETRY;
    if (!due) return JOB_DONE; /* sent by a run that died before the end, or cancelled */

    struct channel ch;
    struct send_result result = {.outcome = SEND_REFUSED, .part = m.part};
    e = channel_load(c, channel_id, false, &ch);
    if (e == ERR_NOT_FOUND) {
        result.error_code = "CHANNEL_DISCONNECTED";
        result.error_message = "the channel was removed";
        result.advice = "reconnect";
        return send_end(c, j, &ch, message, &result);
    }
    if (e) return JOB_RETRY;
    if (strcmp(ch.status, "paused") == 0 || strcmp(ch.status, "disconnected") == 0)
        return again_in(j, IDLE_MS);
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    if (!kind) {
        j->error = "this program does not know the channel's kind";
        return JOB_RETRY;
    }
    int64_t wait_ms = 0;
    e = attempt(c, kind, message, &wait_ms);
    if (e) return JOB_RETRY;
    if (wait_ms > 0) return again_in(j, wait_ms);
    e = kind->send(c, &ch, &m, &result);
    if (e) {
        j->error = c->fault.message;
        return JOB_RETRY;
    }
    return send_end(c, j, &ch, message, &result);
}

/* After the last try: the message says so, where the agent sees it. */
enum err inbox_job_send_parked(struct ctx *c, struct job *j)
{
    CLEANUP(json_decrefp)
    json_t *error =
        json_pack("{s:s, s:s}", "code", "SEND_FAILED", "message", j->error ? j->error : "");
    return failed_set(c, in_uuid(c, "messageId"), error);
}

enum job_outcome inbox_job_release(struct ctx *c, struct job *j)
{
    (void)j;
    return db_exec(c, &SQL_INBOX_RELEASE, PARAMS(P_UUID("message", in_uuid(c, "messageId"))))
               ? JOB_RETRY
               : JOB_DONE;
}

/* One organization after the other, each in its own commit: a row of one that fails keeps nobody
 * else's chats asleep, and the lock of a distribution is held no longer than that. What failed is
 * tried again with the next run. */
enum job_outcome inbox_job_wake(struct ctx *c, struct job *j)
{
    struct rows *orgs = NULL;
    (void)j;
    if (db_query(c, &SQL_INBOX_WAKE_ORGS, NULL, &orgs)) return JOB_RETRY;
    for (int i = 0; i < rows_count(orgs); i++) {
        CLEANUP(ctx_freep) struct ctx *own = ctx_new(c->app, MIB, c->deadline_ms);
        own->org = rows_uuid(orgs, i, "org_id");
        own->actor.kind = c->actor.kind;
        enum err e = db_exec(own, &SQL_INBOX_WAKE, NULL);
        if (e == ERR_CANCELLED) return JOB_RETRY;
        if (!e) continue;
        char org[UUID_TEXT_SIZE];
        log_event(LOG_ERROR, c->trace, "snoozed chats of an organization could not be brought back",
                  LOG_FIELDS(LOG_TEXT("organization", uuid_text(own->org, org)),
                             LOG_TEXT("error",
                                      own->fault.message ? own->fault.message : err_row(e)->text)));
    }
    return JOB_DONE;
}

/* --- files that were sent to us -------------------------------------------------------- */

static enum job_outcome fetched(struct ctx *c, struct uuid file, const char *error)
{
    struct rows *rows = NULL;
    return inbox_one(c, &SQL_INBOX_FILE_FETCHED,
                     PARAMS(P_UUID("message", in_uuid(c, "messageId")),
                            P_INT("position", in_int(c, "position", 0)), P_UUID("file", file),
                            P_TEXT("error", error)),
                     &rows)
               ? JOB_RETRY
               : JOB_DONE;
}

enum job_outcome inbox_job_fetch(struct ctx *c, struct job *j)
{
    struct rows *rows = NULL;
    struct channel ch;
    enum err e = db_one(c, &SQL_INBOX_FETCH_LOAD,
                        PARAMS(P_UUID("message", in_uuid(c, "messageId")),
                               P_INT("position", in_int(c, "position", 0))),
                        &rows);
    if (e == ERR_NOT_FOUND) return JOB_DONE;
    if (!e) e = channel_load(c, rows_uuid(rows, 0, "channel_id"), false, &ch);
    if (e == ERR_NOT_FOUND) return fetched(c, (struct uuid){0}, "CHANNEL_DISCONNECTED");
    if (e) return JOB_RETRY;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    if (!kind || !kind->fetch) return fetched(c, (struct uuid){0}, "NOT_SUPPORTED");
    json_t *source = NULL;
    const char *text = rows_text(rows, 0, "source");
    if (json_parse(c->arena, text, strlen(text), &source, NULL)) return JOB_PARK;
    const struct inbound_file f = {.kind = message_kind_of(rows_text(rows, 0, "kind")),
                                   .name = rows_text(rows, 0, "name"),
                                   .type = rows_text(rows, 0, "type"),
                                   .source = source,
                                   .size_bytes = rows_int(rows, 0, "size_bytes", 0)};
    struct file file = {0};
    e = kind->fetch(c, &ch, &f, &file);
    const char *why = c->fault.code ? c->fault.code : err_row(e)->code;
    fault_clear(c);
    if (!e) return fetched(c, file.id, NULL);
    if (e == ERR_NOT_FOUND || e == ERR_TOO_LARGE || e == ERR_MEDIA_TYPE || e == ERR_FORBIDDEN)
        return fetched(c, (struct uuid){0}, why);
    j->error = why;
    return JOB_RETRY;
}

enum err inbox_job_fetch_parked(struct ctx *c, struct job *j)
{
    enum job_outcome o = fetched(c, (struct uuid){0}, j->error ? j->error : "FETCH_FAILED");
    return o == JOB_DONE ? ERR_OK : ERR_UNAVAILABLE;
}

/* --- what the team does, told to the platform ------------------------------------------ */

enum job_outcome inbox_job_react(struct ctx *c, struct job *j)
{
    struct outbound m = {.tries = j->tries};
    struct uuid channel_id;
    bool due = false;
    struct channel ch;
    enum err e = outbound_load(c, in_uuid(c, "messageId"), &m, &channel_id, &due);
    if (!e) e = channel_load(c, channel_id, false, &ch);
    if (e == ERR_NOT_FOUND) return JOB_DONE;
    if (e) return JOB_RETRY;
    struct rows *rows = NULL;
    e = db_one(c, &SQL_INBOX_REACT_LOAD, PARAMS(P_UUID("message", m.message)), &rows);
    if (e) return e == ERR_NOT_FOUND ? JOB_DONE : JOB_RETRY;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    const char *external_id = rows_text(rows, 0, "external_id");
    if (!kind || !kind->react || !external_id) return JOB_DONE;
    if (strcmp(ch.status, "connected") != 0) return again_in(j, IDLE_MS);
    struct send_result result = {0};
    e = kind->react(c, &ch, &m, external_id, rows_text(rows, 0, "emoji"), &result);
    if (e) return JOB_RETRY;
    if (result.outcome == SEND_DISCONNECTED &&
        channel_state_set(c, &ch, "disconnected", result.error_code, result.error_message))
        return JOB_RETRY;
    if (result.outcome == SEND_DISCONNECTED) return again_in(j, IDLE_MS);
    if (result.outcome == SEND_LATER && result.retry_after_ms > 0)
        return again_in(j, result.retry_after_ms);
    if (result.outcome == SEND_LATER) return JOB_RETRY;
    if (result.outcome == SEND_REFUSED)
        log_event(LOG_INFO, c->trace, "a reaction was refused by the platform",
                  LOG_FIELDS(LOG_TEXT("code", result.error_code ? result.error_code : "")));
    return JOB_DONE;
}

enum job_outcome inbox_job_seen(struct ctx *c, struct job *j)
{
    (void)j;
    struct rows *rows = NULL;
    struct channel ch;
    enum err e =
        db_one(c, &SQL_INBOX_SEEN_LOAD, PARAMS(P_UUID("chat", in_uuid(c, "chatId"))), &rows);
    if (!e) e = channel_load(c, rows_uuid(rows, 0, "channel_id"), false, &ch);
    if (e == ERR_NOT_FOUND) return JOB_DONE;
    if (e) return JOB_RETRY;
    const struct channel_kind *kind = channel_kind_find(ch.kind);
    const char *external_id = rows_text(rows, 0, "external_id");
    if (!kind || !kind->seen || !external_id || strcmp(ch.status, "connected") != 0)
        return JOB_DONE;
    (void)!kind->seen(c, &ch, rows_text(rows, 0, "identifier"), external_id);
    return JOB_DONE; /* best effort */
}
