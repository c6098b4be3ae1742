/* Messages going out. inbox_send checks what can be checked before anything is written (who may,
 * the channel's limits, the files), then writes message and job in one statement. The job
 * "message.send" gives it to the channel, in order per chat; the job "message.release" lets a
 * scheduled one go when its hour has come. */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/jobs.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/jobs_messages.h"
#include "sql.h"

static const char *const kind_names[] = {
    [MESSAGE_TEXT] = "text",   [MESSAGE_IMAGE] = "image",       [MESSAGE_VIDEO] = "video",
    [MESSAGE_AUDIO] = "audio", [MESSAGE_DOCUMENT] = "document",
};

static const char *const status_names[] = {
    [STATUS_QUEUED] = "queued", [STATUS_SENT] = "sent",     [STATUS_DELIVERED] = "delivered",
    [STATUS_READ] = "read",     [STATUS_FAILED] = "failed",
};

static enum message_kind kind_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kind_names); i++)
        if (strcmp(kind_names[i], name) == 0) return (enum message_kind)i;
    return MESSAGE_UNSUPPORTED;
}

static uint32_t can_of(const char *file_kind)
{
    switch (kind_of(file_kind)) {
    case MESSAGE_IMAGE: return CAN_IMAGE;
    case MESSAGE_VIDEO: return CAN_VIDEO;
    case MESSAGE_AUDIO: return CAN_AUDIO;
    default: return CAN_DOCUMENT;
    }
}

bool inbox_blank(const char *text)
{
    return !text || text[strspn(text, " \t\r\n")] == '\0';
}

#define TRIES 4

enum err inbox_one(struct ctx *c, const struct sql *q, const struct param *params,
                   struct rows **ret_rows)
{
    for (int tries = 1;; tries++) {
        enum err e = db_one(c, q, params, ret_rows);
        bool again = e == ERR_CONFLICT && c->fault.code && strcmp(c->fault.code, "RETRY") == 0;
        if (!again || c->tx || tries == TRIES) return e;
        fault_clear(c);
        uint32_t random = 0;
        crypto_random(&random, sizeof(random));
        e = loop_sleep(c->app->loop, 5 + random % (uint32_t)(20 << tries));
        if (e) return e;
    }
}

enum err inbox_files_check(struct ctx *c, const char *field, const struct uuid *files, int count)
{
    if (count == 0) return ERR_OK;
    char id[UUID_TEXT_SIZE];
    CLEANUP(json_decrefp) json_t *ids = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(ids, json_string(uuid_text(files[i], id)));
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_INBOX_FILES_MISSING, PARAMS(P_JSON("ids", ids)), &rows);
    if (e || rows_count(rows) == 0) return e;
    return fault_field(c, field, "NOT_FOUND", "file %d does not exist",
                       (int)rows_int(rows, 0, "at", 0) + 1);
}

/* The channel's own limits, refused here and not by the platform later. */
static enum err check_limits(struct ctx *c, const struct channel_kind *kind,
                             const struct message_new *m, json_t *files)
{
    size_t length = text_length(m->content ? m->content : "");
    if (inbox_blank(m->content) && m->file_count == 0)
        return fault_field(c, "content", "REQUIRED", "a message needs text or a file");
    if (length > (size_t)kind->text_max) {
        fault_data(c, "limit", json_integer(kind->text_max));
        return fault(c, ERR_INVALID, "MESSAGE_TOO_LONG", "this channel takes at most %d characters",
                     kind->text_max);
    }
    enum err e = inbox_files_check(c, "fileIds", m->files, m->file_count);
    if (e) return e;
    for (int i = 0; i < m->file_count; i++) {
        struct file f;
        e = files_get(c, m->files[i], &f);
        if (e == ERR_NOT_FOUND)
            return fault_field(c, "fileIds", "NOT_FOUND", "file %d does not exist", i + 1);
        if (e) return e;
        if (!(kind->can & can_of(f.kind)))
            return fault(c, ERR_INVALID, "UNSUPPORTED_MEDIA", "this channel does not take %s files",
                         f.kind);
        if (f.size_bytes > kind->file_max_bytes) {
            fault_data(c, "limitBytes", json_integer(kind->file_max_bytes));
            return fault(c, ERR_INVALID, "FILE_TOO_LARGE", "%s is larger than this channel takes",
                         f.name);
        }
        char id[UUID_TEXT_SIZE];
        json_array_append_new(files, json_pack("{s:s}", "fileId", uuid_text(m->files[i], id)));
    }
    return ERR_OK;
}

static json_t *message_input(struct ctx *c, const struct message_new *m, json_t *files)
{
    char id[UUID_TEXT_SIZE], text[TIME_TEXT_SIZE];
    json_t *p = json_pack("{s:s, s:s, s:O}", "id", uuid_text(uuid_v7(), id), "content",
                          m->content ? m->content : "", "files", files);
    if (m->client_id) json_object_set_new(p, "clientId", json_string(m->client_id));
    if (!uuid_is_nil(m->reply_to))
        json_object_set_new(p, "replyToId", json_string(uuid_text(m->reply_to, id)));
    if (!uuid_is_nil(m->sequence))
        json_object_set_new(p, "sequenceId", json_string(uuid_text(m->sequence, id)));
    int64_t due = m->scheduled_unix_ms;
    if (!due && m->delay_ms > 0) due = clock_unix_ms() + m->delay_ms;
    if (due) json_object_set_new(p, "scheduledFor", json_string(time_text(due, text)));
    if (m->keep_pending) json_object_set_new(p, "keepPending", json_true());
    if (m->data) json_object_set(p, "data", m->data);
    const char *kind = m->bot || c->actor.kind == ACTOR_SYSTEM ? "bot"
                       : c->actor.kind == ACTOR_KEY            ? "key"
                                                               : "user";
    json_object_set_new(p, "authorKind", json_string(kind));
    json_object_set_new(p, "authorName", json_string(c->actor.name ? c->actor.name : ""));
    if (!uuid_is_nil(c->actor.id) && !m->bot)
        json_object_set_new(p, "authorId", json_string(uuid_text(c->actor.id, id)));
    return p;
}

enum err inbox_send(struct ctx *c, const struct message_new *m, const char **ret_json,
                    bool *ret_double)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_SEND_CHAT, PARAMS(P_UUID("chat", m->chat)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHAT_NOT_FOUND", "there is no such chat");
    if (e) return e;
    const struct channel_kind *kind = channel_kind_find(rows_text(rows, 0, "channel_kind"));
    if (!kind || rows_bool(rows, 0, "channel_deleted") ||
        strcmp(rows_text(rows, 0, "channel_status"), "disconnected") == 0)
        return fault(c, ERR_UNPROCESSABLE, "CHANNEL_DISCONNECTED",
                     "the channel of this chat is not connected");

    CLEANUP(json_decrefp) json_t *files = json_array();
    e = check_limits(c, kind, m, files);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *p = message_input(c, m, files);
    e = inbox_one(c, &SQL_INBOX_SEND, PARAMS(P_UUID("chat", m->chat), P_JSON("p", p)), &rows);
    if (e) return e;
    *ret_json = rows_text(rows, 0, "message");
    if (ret_double) *ret_double = rows_bool(rows, 0, "is_double");
    return ERR_OK;
}

/* --- the jobs -------------------------------------------------------------------------- */

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
    m->kind = kind_of(rows_text(rows, 0, "kind"));
    m->text = rows_text(rows, 0, "content");
    m->reply_to_external_id = rows_text(rows, 0, "reply_to");
    json_t *data = NULL, *files = NULL;
    const char *text = rows_text(rows, 0, "data");
    e = json_parse(c->arena, text, strlen(text), &data, NULL);
    if (e) return e;
    m->data = data;
    text = rows_text(rows, 0, "files");
    if (!text) return ERR_OK;
    e = json_parse(c->arena, text, strlen(text), &files, NULL);
    if (e) return e;
    size_t i;
    json_t *f;
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

static enum err status_set(struct ctx *c, struct uuid message, const char *status,
                           const char *external_id, const json_t *error)
{
    struct rows *rows = NULL;
    return inbox_one(c, &SQL_INBOX_RAISE_STATUS,
                     PARAMS(P_UUID("message", message), P_TEXT("status", status),
                            P_TEXT("external_id", external_id), P_JSON("error", error)),
                     &rows);
}

static json_t *error_json(const struct send_result *r)
{
    json_t *o = json_pack("{s:s, s:s}", "code", r->error_code ? r->error_code : "SEND_FAILED",
                          "message", r->error_message ? r->error_message : "");
    if (r->error_raw) json_object_set(o, "raw", r->error_raw);
    return o;
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
    struct send_result result = {.outcome = SEND_REFUSED};
    e = channel_load(c, channel_id, false, &ch);
    if (e == ERR_NOT_FOUND) {
        result.error_code = "CHANNEL_DISCONNECTED";
        result.error_message = "the channel was removed";
    } else if (e) {
        return JOB_RETRY;
    } else if (strcmp(ch.status, "paused") == 0) {
        j->again_unix_ms = clock_unix_ms() + MINUTE_MS;
        return JOB_AGAIN_AT;
    } else {
        const struct channel_kind *kind = channel_kind_find(ch.kind);
        e = kind ? kind->send(c, &ch, &m, &result)
                 : fault(c, ERR_UNAVAILABLE, NULL, "this program does not know the channel's kind");
        if (e) {
            j->error = c->fault.message;
            return JOB_RETRY;
        }
    }
    switch (result.outcome) {
    case SEND_OK:
        if (status_set(c, message, status_names[result.status], result.external_id, NULL))
            return JOB_RETRY;
        metrics_add(c->app->metrics, c->app->worker_index, METRIC_MESSAGES_OUT, 1);
        return JOB_DONE;
    case SEND_LATER:
    case SEND_DISCONNECTED:
        j->error = result.error_message;
        if (result.retry_after_ms > 0) {
            j->again_unix_ms = clock_unix_ms() + result.retry_after_ms;
            return JOB_AGAIN_AT;
        }
        return JOB_RETRY;
    case SEND_REFUSED: break;
    }
    CLEANUP(json_decrefp) json_t *error = error_json(&result);
    return status_set(c, message, "failed", NULL, error) ? JOB_RETRY : JOB_DONE;
}

/* After the last try: the message says so, where the agent sees it. */
void inbox_job_send_parked(struct ctx *c, struct job *j)
{
    CLEANUP(json_decrefp)
    json_t *error =
        json_pack("{s:s, s:s}", "code", "SEND_FAILED", "message", j->error ? j->error : "");
    (void)!status_set(c, in_uuid(c, "messageId"), "failed", NULL, error);
}

enum job_outcome inbox_job_release(struct ctx *c, struct job *j)
{
    (void)j;
    return db_exec(c, &SQL_INBOX_RELEASE, PARAMS(P_UUID("message", in_uuid(c, "messageId"))))
               ? JOB_RETRY
               : JOB_DONE;
}

enum job_outcome inbox_job_wake(struct ctx *c, struct job *j)
{
    (void)j;
    return db_exec(c, &SQL_INBOX_WAKE, NULL) ? JOB_RETRY : JOB_DONE;
}
