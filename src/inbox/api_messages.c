/* Messages over the API of the interface: pages of a conversation, sending, notes, edits,
 * reactions. The public paths for integrators (api_public.c) end in the same inbox_send. */
#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/json.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/schemas.h"
#include "inbox/send_check.h"
#include "sql.h"

/* ids of c->in[name] into out; they are valid uuids by their field row. */
int input_uuids(struct ctx *c, const char *name, struct uuid *out, int max)
{
    int n = 0;
    size_t i;
    json_t *item;
    json_array_foreach(in_json(c, name), i, item)
    {
        if (n < max && uuid_parse(json_string_value(item), &out[n])) n++;
    }
    return n;
}

/* The actor must see the chat before anything is written into it. */
enum err chat_must_be_visible(struct ctx *c, struct uuid chat)
{
    enum err e = db_one(c, &SQL_INBOX_SEND_CHAT, PARAMS(P_UUID("chat", chat)), NULL);
    return e == ERR_NOT_FOUND ? fault(c, e, "CHAT_NOT_FOUND", "there is no such chat") : e;
}

const json_t *inbox_object_given(struct ctx *c, const char *name)
{
    const json_t *given = in_json(c, name);
    if (!given || json_is_null(given)) return NULL;
    if (json_is_object(given)) return given;
    fault_field(c, name, "INVALID_TYPE", "Must be an object");
    return NULL;
}

json_t *inbox_data_given(struct ctx *c)
{
    static const char *const known[] = {"buttons",  "list", "link", "location",
                                        "contacts", "mail", "voice"};
    const json_t *given = inbox_object_given(c, "data");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, key, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
            is_known = is_known || strcmp(known[i], key) == 0;
        if (!is_known)
            fault_field(c, arena_printf(c->arena, "data.%s", key), "UNKNOWN_FIELD",
                        "not a member of data");
    }
    return (json_t *)(uintptr_t)given;
}

static enum err message_send(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct message_new m = {
        .chat = in_uuid(c, "chatId"),
        .content = in_text(c, "content"),
        .client_id = in_text(c, "clientId"),
        .reply_to = in_uuid(c, "replyToMessageId"),
        .data = inbox_data_given(c),
        .template_given = inbox_object_given(c, "template"),
    };
    if (c->fault.err) return c->fault.err;
    m.file_count = input_uuids(c, "fileIds", m.files, MESSAGE_FILES_MAX);
    const char *when = in_text(c, "scheduledFor");
    if (when && time_parse(when, &m.scheduled_unix_ms) && m.scheduled_unix_ms <= clock_unix_ms()) {
        fault_field(c, "scheduledFor", "OUT_OF_RANGE", "choose a time in the future");
        return ERR_INVALID;
    }
    const char *json = NULL;
    enum err e = inbox_send(c, &m, &json, NULL); /* a double is answered like the first */
    if (e) return e;
    reply_json(c, p, 201, json);
    return ERR_OK;
}

/* Write a note; *ret_json is the message. */
static enum err note_add(struct ctx *c, struct uuid chat, const char *content,
                         const char **ret_json)
{
    struct uuid ids[MESSAGE_FILES_MAX];
    int n = input_uuids(c, "fileIds", ids, MESSAGE_FILES_MAX);
    enum err e = inbox_files_check(c, "fileIds", ids, n);
    if (e) return e;
    if (inbox_blank(content) && n == 0)
        return fault_field(c, "content", "REQUIRED", "a note needs text or a file");
    CLEANUP(json_decrefp) json_t *files = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(files, json_pack("{s:o}", "fileId", json_uuid(ids[i])));
    char id[UUID_TEXT_SIZE];
    CLEANUP(json_decrefp)
    json_t *note =
        json_pack("{s:s, s:s, s:s*, s:O, s:O*, s:o, s:s, s:s}", "id", uuid_text(uuid_v7(), id),
                  "content", content ? content : "", "clientId", in_text(c, "clientId"), "files",
                  files, "mentions", in_json(c, "mentions"), "authorId", json_uuid(c->actor.id),
                  "authorName", c->actor.name ? c->actor.name : "", "authorKind",
                  c->actor.kind == ACTOR_KEY ? "key" : "user");
    struct rows *rows = NULL;
    e = inbox_one(c, &SQL_CHAT_NOTE_ADD, PARAMS(P_UUID("chat", chat), P_JSON("p", note)), &rows);
    if (e) return e;
    if (ret_json) *ret_json = rows_text(rows, 0, "note");
    return ERR_OK;
}

enum err inbox_context_note(struct ctx *c, struct uuid chat, const char *text)
{
    return note_add(c, chat, text, NULL);
}

static enum err note_send(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    struct uuid chat = in_uuid(c, "chatId");
    enum err e = chat_must_be_visible(c, chat);
    if (e) return e;
    const char *json = NULL;
    e = note_add(c, chat, in_text(c, "content"), &json);
    if (e) return e;
    reply_json(c, p, 201, json);
    return ERR_OK;
}

/* One statement over a message of a chat that the actor sees; answers the message. */
static enum err message_statement(struct ctx *c, struct reply *p, const struct sql *q)
{
    struct uuid chat = in_uuid(c, "chatId");
    enum err e = chat_must_be_visible(c, chat);
    if (e) return e;
    const char *json = NULL;
    e = db_json(c, q, PARAMS(P_UUID("chat", chat), P_UUID("message", in_uuid(c, "messageId"))),
                &json);
    if (e == ERR_NOT_FOUND)
        return fault(c, e, "MESSAGE_NOT_FOUND", "there is no such message in this chat");
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err message_edit(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    if (inbox_blank(in_text(c, "content")))
        return fault_field(c, "content", "REQUIRED", "a message needs text");
    struct rows *rows = NULL;
    enum err e = db_query(
        c, &SQL_MESSAGE_CHANNEL,
        PARAMS(P_UUID("chat", in_uuid(c, "chatId")), P_UUID("message", in_uuid(c, "messageId"))),
        &rows);
    if (e) return e;
    /* What waits to be sent keeps to its channel's limit. */
    const struct channel_kind *kind =
        rows_count(rows) == 1 && strcmp(rows_text(rows, 0, "status"), "scheduled") == 0
            ? channel_kind_find(rows_text(rows, 0, "kind"))
            : NULL;
    if (kind) e = send_check_text(c, kind, in_text(c, "content"));
    return e ? e : message_statement(c, p, &SQL_MESSAGE_EDIT);
}

static enum err message_delete(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return message_statement(c, p, &SQL_MESSAGE_DELETE);
}

static enum err message_react(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return message_statement(c, p, &SQL_MESSAGE_REACT);
}

static enum err file_retry(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return message_statement(c, p, &SQL_MESSAGE_FILE_RETRY);
}

static const struct field position_fields[] = {
    {.name = "position", .type = F_INT, .in = IN_PATH, .required = true, .min = 0, .max = 100},
    {0},
};

static const struct field list_fields[] = {
    {.name = "before",
     .type = F_INT,
     .in = IN_QUERY,
     .min = 0,
     .max = 2147483647,
     .help = "Messages before this seq."},
    {.name = "after",
     .type = F_INT,
     .in = IN_QUERY,
     .min = 0,
     .max = 2147483647,
     .help = "Messages after this seq."},
    {.name = "limit", .type = F_INT, .in = IN_QUERY, .min = 1, .max = 200, .otherwise = "50"},
    {0},
};

static const struct field send_fields[] = {
    {.name = "content",
     .type = F_TEXT,
     .raw = true,
     .max = 65536,
     .help = "Needed unless there are files.",
     .example = "\"Bom dia! Como posso ajudar?\""},
    {.name = "clientId",
     .type = F_TEXT,
     .min = 1,
     .max = 64,
     .help = "Made by the sender: the same one never makes a second message."},
    {.name = "replyToMessageId", .type = F_UUID, .nullable = true},
    {.name = "fileIds", .type = F_ARRAY, .of = F_UUID, .max = MESSAGE_FILES_MAX},
    {.name = "scheduledFor", .type = F_DATETIME, .nullable = true},
    {.name = "data",
     .type = F_JSON,
     .nullable = true,
     .max = 65536,
     .help = "What it is besides text: one of buttons [{id, title}], list {button, sections: "
             "[{title, rows: [{id, title, description}]}]}, link {title, url}, location {latitude, "
             "longitude, name, address}, contacts; mail {subject, cc, bcc}; voice: true.",
     .example = "{\"buttons\":[{\"id\":\"sim\",\"title\":\"Sim\"}]}"},
    {.name = "template",
     .type = F_JSON,
     .nullable = true,
     .max = 65536,
     .help = "Instead of content: {name, language, parameters: {header, body, buttons}}."},
    {0},
};

static const struct field note_fields[] = {
    {.name = "content",
     .type = F_TEXT,
     .raw = true,
     .max = 10000,
     .help = "Needed unless there are files.",
     .example = "\"Cliente antigo, dar desconto.\""},
    {.name = "clientId", .type = F_TEXT, .min = 1, .max = 64},
    {.name = "mentions", .type = F_ARRAY, .of = F_UUID, .max = 20, .help = "Users to tell."},
    {.name = "fileIds", .type = F_ARRAY, .of = F_UUID, .max = MESSAGE_FILES_MAX},
    {0},
};

static const struct field edit_fields[] = {
    {.name = "content", .type = F_TEXT, .raw = true, .required = true, .max = 10000},
    {0},
};

static const struct field reaction_fields[] = {
    {.name = "emoji",
     .type = F_TEXT,
     .required = true,
     .nullable = true,
     .max = 16,
     .help = "Null takes it back.",
     .example = "\"👍\""},
    {0},
};

#define CHAT "/api/{organizationId}/chats/{chatId}"

const struct route inbox_message_routes[] = {
    {.method = HTTP_GET,
     .path = CHAT "/messages",
     .id = "messages.list",
     .summary = "A page of a conversation, oldest first.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = list_fields,
     .answer = &inbox_schema_message_page,
     .errors = "404 CHAT_NOT_FOUND",
     .sql = &SQL_MESSAGES_LIST},
    {.method = HTTP_GET,
     .path = CHAT "/messages/{messageId}",
     .id = "messages.get",
     .summary = "One message.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .answer = &inbox_schema_message,
     .sql = &SQL_MESSAGE_GET},
    {.method = HTTP_POST,
     .path = CHAT "/messages",
     .id = "messages.send",
     .summary = "Write to the customer.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_REPLY,
     .creates = true,
     .fields = send_fields,
     .answer = &inbox_schema_message,
     .errors =
         "404 CHAT_NOT_FOUND|409 CHAT_CLOSED|409 TOO_MANY_SCHEDULED|400 MESSAGE_NOT_FOUND|"
         "400 MESSAGE_TOO_LONG|400 "
         "UNSUPPORTED_MEDIA|400 FILE_TOO_LARGE|422 CHANNEL_DISCONNECTED|422 WINDOW_CLOSED|422 "
         "TEMPLATE_NOT_SUPPORTED|404 TEMPLATE_NOT_FOUND|422 TEMPLATE_NOT_APPROVED",
     .handler = message_send},
    {.method = HTTP_POST,
     .path = CHAT "/notes",
     .id = "messages.note",
     .summary = "Write a note that only the team sees.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_REPLY,
     .creates = true,
     .fields = note_fields,
     .answer = &inbox_schema_message,
     .errors = "400 NOT_FOUND|404 CHAT_NOT_FOUND|400 USER_NOT_FOUND",
     .handler = note_send},
    {.method = HTTP_POST,
     .path = CHAT "/messages/{messageId}/retry",
     .id = "messages.retry",
     .summary = "Try a failed message again.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_REPLY,
     .answer = &inbox_schema_message,
     .errors = "409 MESSAGE_NOT_FAILED",
     .sql = &SQL_INBOX_RETRY},
    {.method = HTTP_POST,
     .path = CHAT "/messages/{messageId}/files/{position}/retry",
     .id = "messages.fileRetry",
     .summary = "Try to fetch a file again.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_VIEW,
     .fields = position_fields,
     .answer = &inbox_schema_message,
     .errors = "404 CHAT_NOT_FOUND|404 MESSAGE_NOT_FOUND|409 FILE_NOT_FAILED",
     .handler = file_retry},
    {.method = HTTP_PATCH,
     .path = CHAT "/messages/{messageId}",
     .id = "messages.edit",
     .summary = "Change a note of mine or a scheduled message.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_REPLY,
     .fields = edit_fields,
     .answer = &inbox_schema_message,
     .errors =
         "404 CHAT_NOT_FOUND|404 MESSAGE_NOT_FOUND|409 MESSAGE_NOT_EDITABLE|400 MESSAGE_TOO_LONG",
     .handler = message_edit},
    {.method = HTTP_DELETE,
     .path = CHAT "/messages/{messageId}",
     .id = "messages.delete",
     .summary =
         "Take back a note, a scheduled or failed message, or one that the channel can delete.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_REPLY,
     .answer = &inbox_schema_message,
     .errors = "404 CHAT_NOT_FOUND|404 MESSAGE_NOT_FOUND|409 MESSAGE_NOT_DELETABLE",
     .handler = message_delete},
    {.method = HTTP_PUT,
     .path = CHAT "/messages/{messageId}/reaction",
     .id = "messages.react",
     .summary = "React to a message.",
     .group = "Messages",
     .permission = PERMISSION_CHATS_REPLY,
     .fields = reaction_fields,
     .answer = &inbox_schema_message,
     .errors = "404 CHAT_NOT_FOUND|404 MESSAGE_NOT_FOUND",
     .handler = message_react},
    {0},
};
