/* Messages going out. inbox_send checks what can be checked before anything is written (who may,
 * and send_check.c: the channel's limits, the files, the window), then writes message and job in one
 * statement. What becomes of it then: jobs_messages.c. */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/templates.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/send_check.h"
#include "sql.h"

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

static json_t *message_input(struct ctx *c, const struct message_new *m, json_t *files,
                             const char *kind_name)
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
    if (kind_name) json_object_set_new(p, "kind", json_string(kind_name));
    const char *kind = m->bot || c->actor.kind == ACTOR_SYSTEM ? "bot"
                       : c->actor.kind == ACTOR_KEY            ? "key"
                                                               : "user";
    json_object_set_new(p, "authorKind", json_string(kind));
    json_object_set_new(p, "authorName", json_string(c->actor.name ? c->actor.name : ""));
    if (!uuid_is_nil(c->actor.id) && !m->bot)
        json_object_set_new(p, "authorId", json_string(uuid_text(c->actor.id, id)));
    return p;
}

/* Is the window open, for anybody and for a person? */
static void chat_window(struct send_chat *chat)
{
    const struct channel_limits *l = &chat->kind->limits;
    int64_t now_ms = clock_unix_ms(), until_ms = chat->window_until_unix_ms;
    int64_t more_ms = (l->human_agent_hours - l->window_hours) * (int64_t)HOUR_MS;
    chat->window_open = until_ms > now_ms;
    chat->human_agent_open =
        l->human_agent_hours > 0 && until_ms > 0 && until_ms + more_ms > now_ms;
}

/* The template that was asked for becomes the message's data, its words and its file: {name,
 * language, parameters}, or by the id of its row as integrators name it, {templateId or id,
 * variables}. *ret_data: new. */
static enum err template_into(struct ctx *c, const struct channel_kind *kind, struct uuid channel,
                              struct message_new *m, json_t **ret_data)
{
    const json_t *given = m->template_given;
    const char *name = json_get_text(given, "name"), *id_text = json_get_text(given, "templateId");
    if (!(kind->can & CAN_TEMPLATE))
        return fault(c, ERR_UNPROCESSABLE, "TEMPLATE_NOT_SUPPORTED",
                     "the channel of this chat has no templates");
    struct uuid id = {0};
    if (!id_text) id_text = json_get_text(given, "id");
    if (!name && (!id_text || !uuid_parse(id_text, &id)))
        return fault(c, ERR_NOT_FOUND, "TEMPLATE_NOT_FOUND", "there is no such template");
    const json_t *variables = json_object_get(given, "variables");
    CLEANUP(json_decrefp)
    json_t *parameters = json_object_get(given, "parameters")
                             ? json_incref(json_object_get(given, "parameters"))
                         : json_is_array(variables) || json_is_object(variables)
                             ? json_pack("{s:O}", "body", variables)
                             : json_object();
    struct template_filled filled = {0};
    enum err e = template_prepare(c, channel, name, json_get_text(given, "language"), id,
                                  parameters, &filled);
    if (e) return e;
    json_t *data = m->data ? json_copy(m->data) : json_object();
    json_object_set(data, "template", filled.send);
    if (filled.buttons) json_object_set(data, "templateButtons", filled.buttons);
    *ret_data = m->data = data;
    m->content = filled.text;
    if (!uuid_is_nil(filled.file)) {
        m->files[0] = filled.file;
        m->file_count = 1;
    }
    return ERR_OK;
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

    struct send_chat chat = {
        .kind = kind,
        .window_until_unix_ms = rows_int(rows, 0, "window_until", 0),
    };
    chat_window(&chat);
    struct message_new given = *m;
    CLEANUP(json_decrefp) json_t *data = NULL;
    if (m->template_given) {
        e = template_into(c, kind, rows_uuid(rows, 0, "channel_id"), &given, &data);
        if (e) return e;
    }
    const char *kind_name = NULL;
    CLEANUP(json_decrefp) json_t *files = json_array();
    e = send_check(c, &chat, &given, files, &kind_name);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *p = message_input(c, &given, files, kind_name);
    bool sent = m->bot && kind->reads_here && !json_object_get(p, "scheduledFor") &&
                strcmp(rows_text(rows, 0, "channel_status"), "connected") == 0;
    if (sent) json_object_set_new(p, "sent", json_true());
    e = inbox_one(c, &SQL_INBOX_SEND, PARAMS(P_UUID("chat", m->chat), P_JSON("p", p)), &rows);
    if (e) return e;
    if (sent) metrics_add(c->app->metrics, c->app->worker_index, METRIC_MESSAGES_OUT, 1);
    *ret_json = rows_text(rows, 0, "message");
    if (ret_double) *ret_double = rows_bool(rows, 0, "is_double");
    return ERR_OK;
}
