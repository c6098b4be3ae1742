/* What a visitor's page may ask for: configuration, a token, the conversation, a message, a file,
 * how far it was read, the live connection. Public rows: the channel's key names the account, the
 * visitor's token the person; everything is limited by address and by visitor. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "channels/webchat/live.h"
#include "channels/webchat/visitor.h"
#include "core/rate_limit.h"
#include "sql.h"

#define VISITOR_MESSAGES_PER_MINUTE 60
#define BROWSER_MAX                 300 /* bytes */
#define FILES_PER_MINUTE            60  /* of one address: a new visitor costs nothing */

/* A text of the settings in the visitor's language, or in any that is there. */
static json_t *text_in(const json_t *settings, const char *key, const char *language,
                       const char *otherwise)
{
    const json_t *texts = json_object_get(settings, key);
    const char *order[] = {language, "pt", "es", "en"};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        const char *text = json_get_text(texts, order[i]);
        if (text && *text) return json_string(text);
    }
    return json_string(otherwise);
}

static enum err handle_config(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_open(c, r, &v);
    if (e) return e;
    const json_t *s = v.channel.settings;
    const char *color = json_get_text(s, "color"), *position = json_get_text(s, "position");
    json_t *pre = json_object_get(s, "preChat");
    CLEANUP(json_decrefp)
    json_t *answer = json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:s, s:b, s:b, s:i}", "title",
        text_in(s, "title", v.language, v.channel.name), "welcome",
        text_in(s, "welcome", v.language, ""), "hoursText", text_in(s, "hoursText", v.language, ""),
        "color", color ? color : "#5a4fd6", "position", position ? position : "right", "language",
        v.language, "open", v.open, "online", v.staffed, "fileMaxBytes", (int)WEBCHAT_FILE_MAX);
    json_object_set(answer, "preChat", pre ? pre : json_null());
    reply_jsonf(c, p, 200, answer);
    reply_header(c, p, "Cache-Control", "no-cache");
    return ERR_OK;
}

static enum err handle_visitor(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_open(c, r, &v);
    if (e) return e;
    char id[UUID_TEXT_SIZE];
    struct uuid visitor = uuid_v7();
    CLEANUP(json_decrefp)
    json_t *answer = json_pack("{s:s, s:s}", "token", visitor_token(c, v.channel.id, visitor),
                               "visitorId", uuid_text(visitor, id));
    reply_jsonf(c, p, 201, answer);
    return ERR_OK;
}

static enum err handle_messages(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_authenticate(c, r, &v);
    if (e) return e;
    char id[UUID_TEXT_SIZE];
    const char *json = NULL;
    e = db_json(
        c, &SQL_WEBCHAT_MESSAGES,
        PARAMS(P_UUID("channel", v.channel.id), P_TEXT("visitor", uuid_text(v.visitor, id))),
        &json);
    if (e) return e;
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum message_kind kind_of(const char *file_kind)
{
    return strcmp(file_kind, "image") == 0   ? MESSAGE_IMAGE
           : strcmp(file_kind, "video") == 0 ? MESSAGE_VIDEO
           : strcmp(file_kind, "audio") == 0 ? MESSAGE_AUDIO
                                             : MESSAGE_DOCUMENT;
}

/* Files of the body into the store and the message. */
static enum err take_files(struct ctx *c, const struct request *r, struct inbound *in)
{
    for (int i = 0; i < r->upload_count && i < MESSAGE_FILES_MAX; i++) {
        struct file f;
        enum err e = files_keep(c, &r->uploads[i], "visitor", &f);
        if (e) return e;
        in->files[in->file_count++] = (struct inbound_file){.kind = kind_of(f.kind),
                                                            .name = f.name,
                                                            .type = f.type,
                                                            .file = f.id,
                                                            .size_bytes = f.size_bytes};
    }
    if (in->file_count > 0) in->kind = in->files[0].kind;
    return ERR_OK;
}

/* A name to show for who has not given one: "Visitante 4821". */
static const char *visitor_name(struct ctx *c, const struct visit *v)
{
    const char *given = in_text(c, "name");
    if (given && *given) return given;
    unsigned number = ((unsigned)v->visitor.b[14] << 8 | v->visitor.b[15]) % 9000 + 1000;
    const char *word = strcmp(v->language, "en") == 0 ? "Visitor" : "Visitante";
    return arena_printf(c->arena, "%s %u", word, number);
}

/* What the browser calls itself: it goes into the chat and so into its news, and may be anything. */
static const char *browser_of(struct ctx *c, const struct request *r)
{
    const char *agent = request_header(c, r, "User-Agent");
    return agent ? text_clean(c->arena, agent, strnlen(agent, BROWSER_MAX)) : NULL;
}

static enum err visitor_limit(struct ctx *c, const struct visit *v, struct reply *p)
{
    struct rate_state state;
    if (rate_take(c->app->rate_limiter, v->visitor.b, sizeof(v->visitor.b),
                  VISITOR_MESSAGES_PER_MINUTE, clock_mono_ms(), &state))
        return ERR_OK;
    return rate_refuse(c, p, &state);
}

static enum err files_limit(struct ctx *c, const struct request *r, struct reply *p)
{
    static const char purpose[] = "webchat files";
    unsigned char key[64 + sizeof(purpose)];
    struct rate_state state;
    size_t len = rate_address_key(c->address, key);
    memcpy(key + len, purpose, sizeof(purpose));
    for (int i = 0; i < r->upload_count; i++)
        if (!rate_take(c->app->rate_limiter, key, len + sizeof(purpose), FILES_PER_MINUTE,
                       clock_mono_ms(), &state))
            return rate_refuse(c, p, &state);
    return ERR_OK;
}

/* The visitor pressed something: what the team's message really offers under that id becomes the
 * text and the data. A message is answered once, from however many tabs: the answer's client id is
 * made of it. */
static enum err take_answer(struct ctx *c, const struct request *r, const struct visit *v,
                            struct inbound *in)
{
    if (uuid_is_nil(in->reply_to))
        return fault_field(c, "replyTo", "REQUIRED", "an answer says which message it is to");
    if (r->upload_count > 0) return fault_field(c, "file", "INVALID", "an answer goes alone");
    struct rows *rows = NULL;
    char id[UUID_TEXT_SIZE];
    enum err e = db_one(c, &SQL_WEBCHAT_CHOICE,
                        PARAMS(P_UUID("channel", v->channel.id),
                               P_TEXT("visitor", uuid_text(v->visitor, id)),
                               P_UUID("message", in->reply_to), P_TEXT("id", in_text(c, "answer"))),
                        &rows);
    if (e == ERR_NOT_FOUND)
        return fault_field(c, "replyTo", "NOT_FOUND", "there is no such message to answer");
    if (e) return e;
    const char *choice = rows_text(rows, 0, "choice");
    if (!choice) return fault_field(c, "answer", "NOT_OFFERED", "the message does not offer this");
    json_t *answer = NULL;
    e = json_parse(c->arena, choice, strlen(choice), &answer, NULL);
    if (e) return e;
    in->text = json_get_text(answer, "title");
    in->data = json_pack("{s:O}", "answer", answer);
    in->client_id = arena_printf(c->arena, "answer:%s", uuid_text(in->reply_to, id));
    return in->data ? ERR_OK : ERR_NO_MEMORY;
}

static enum err handle_send(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_authenticate_recent(c, r, &v);
    if (e) return e;
    e = visitor_limit(c, &v, p);
    if (!e) e = files_limit(c, r, p);
    if (e) return e;
    char id[UUID_TEXT_SIZE];
    const char *text = in_text(c, "text");
    bool answers = in_text(c, "answer") != NULL;
    if (!answers && (!text || !text[strspn(text, " \t\r\n")]) && r->upload_count == 0) {
        fault_field(c, "text", "REQUIRED", "write something or choose a file");
        return ERR_INVALID;
    }
    CLEANUP(json_decrefp)
    json_t *visitor = json_pack("{s:s, s:s*, s:s*, s:s*, s:s}", "id", uuid_text(v.visitor, id),
                                "page", in_text(c, "page"), "referrer", in_text(c, "referrer"),
                                "agent", browser_of(c, r), "language", v.language);
    struct inbound in = {
        .identity_kind = "webchat",
        .identifier = uuid_text(v.visitor, id),
        .customer_name = visitor_name(c, &v),
        .email = in_text(c, "email"),
        .phone = in_text(c, "phone"),
        .kind = MESSAGE_TEXT,
        .text = text,
        .client_id = in_text(c, "clientId"),
        .reply_to = in_uuid(c, "replyTo"),
        .visitor = visitor,
    };
    e = answers ? take_answer(c, r, &v, &in) : take_files(c, r, &in);
    CLEANUP(json_decrefp) json_t *data = in.data;
    if (e) return e;
    struct uuid message;
    bool is_double = false;
    const char *json = NULL;
    e = channel_sink()->message(c, &v.channel, &in, NULL, &message, &is_double, &json);
    if (!e && !json)
        e = db_json(c, &SQL_WEBCHAT_MESSAGE, PARAMS(P_UUID("message", message)), &json);
    if (e) return e;
    reply_json(c, p, is_double ? 200 : 201, json);
    return ERR_OK;
}

static enum err handle_read(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_authenticate(c, r, &v);
    if (e) return e;
    e = webchat_progress_set(c, v.channel.id, v.visitor, in_uuid(c, "messageId"),
                             in_text(c, "status"));
    if (e) return e;
    reply_empty(p, 204);
    return ERR_OK;
}

static enum err handle_file(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_authenticate(c, r, &v);
    if (e) return e;
    char id[UUID_TEXT_SIZE];
    struct uuid file = in_uuid(c, "fileId");
    e = db_one(c, &SQL_WEBCHAT_FILE,
               PARAMS(P_UUID("channel", v.channel.id), P_TEXT("visitor", uuid_text(v.visitor, id)),
                      P_UUID("file", file)),
               NULL);
    if (e == ERR_NOT_FOUND) return fault(c, e, "FILE_NOT_FOUND", "there is no such file");
    if (e) return e;
    struct file f;
    e = files_get(c, file, &f);
    if (e) return e;
    return files_reply(c, &f, false, p);
}

static enum err handle_events(struct ctx *c, struct request *r, struct reply *p)
{
    struct visit v;
    enum err e = visit_authenticate(c, r, &v);
    if (e) return e;
    return webchat_live_connect(c, r, p, &v);
}

/* --- rows ------------------------------------------------------------------------------ */

#define KEY_FIELD                                                                                  \
    {                                                                                              \
        .name = "channelKey", .type = F_TEXT, .in = IN_PATH, .required = true, .max = 40,          \
        .help = "The public key of the script tag."                                                \
    }
#define TOKEN_FIELD                                                                                \
    {                                                                                              \
        .name = "token", .type = F_TEXT, .in = IN_QUERY, .max = 100, .secret = true,               \
        .help = "The visitor's token, where a header cannot be set."                               \
    }

static const struct field config_fields[] = {
    KEY_FIELD, {.name = "lang", .type = F_ENUM, .in = IN_QUERY, .values = "pt|es|en"}, {0}};
static const struct field visitor_fields[] = {KEY_FIELD, {0}};
static const struct field messages_fields[] = {
    KEY_FIELD, TOKEN_FIELD, {.name = "after", .type = F_TEXT, .in = IN_QUERY, .max = 60}, {0}};
static const struct field send_fields[] = {
    KEY_FIELD,
    {.name = "text", .type = F_TEXT, .raw = true, .max = 4000},
    {.name = "clientId",
     .type = F_TEXT,
     .required = true,
     .min = 8,
     .max = 64,
     .help = "Made by the page: the same one never makes a second message."},
    {.name = "replyTo", .type = F_UUID, .nullable = true},
    {.name = "answer",
     .type = F_TEXT,
     .raw = true,
     .min = 1,
     .max = 200,
     .help = "Id of a button or row that the message in replyTo offers. Its title becomes the "
             "text; a message is answered once, and the second answer gives the first."},
    {.name = "name", .type = F_TEXT, .max = 120},
    {.name = "email", .type = F_EMAIL},
    {.name = "phone", .type = F_PHONE},
    {.name = "page", .type = F_TEXT, .max = 1000},
    {.name = "referrer", .type = F_TEXT, .max = 1000},
    {.name = "file", .type = F_FILE},
    {0},
};
static const struct field read_fields[] = {
    KEY_FIELD,
    {.name = "messageId", .type = F_UUID, .required = true},
    {.name = "status", .type = F_ENUM, .values = "delivered|read", .otherwise = "\"read\""},
    {0},
};
static const struct field file_fields[] = {KEY_FIELD, TOKEN_FIELD, {0}};
static const struct field events_fields[] = {KEY_FIELD, TOKEN_FIELD, {0}};

#define W "/webchat/{channelKey}"
#define ROW(m, p, i, s, f, h)                                                                      \
    .method = m, .path = W p, .id = i, .summary = s, .group = "Web chat",                          \
    .access = ACCESS_VISITOR, .fields = f, .shape = ANSWER_OTHER, .handler = h

const struct route webchat_routes[] = {
    {ROW(HTTP_GET, "/config", "webchat.config",
         "How the web chat looks and whether somebody is there.", config_fields, handle_config)},
    {ROW(HTTP_POST, "/visitor", "webchat.visitor", "A new visitor's token.", visitor_fields,
         handle_visitor),
     .rate_per_minute = 60, .status = 201},
    {ROW(HTTP_GET, "/messages", "webchat.messages", "The visitor's conversation.", messages_fields,
         handle_messages)},
    {ROW(HTTP_POST, "/messages", "webchat.send", "The visitor writes.", send_fields, handle_send),
     .multipart = true, .upload_max = WEBCHAT_FILE_MAX, .status = 201},
    {ROW(HTTP_POST, "/read", "webchat.read", "How far the visitor has read.", read_fields,
         handle_read),
     .status = 204},
    {ROW(HTTP_GET, "/files/{fileId}", "webchat.file", "A file of the visitor's conversation.",
         file_fields, handle_file)},
    {ROW(HTTP_GET, "/events", "webchat.events", "Live news for the visitor, by WebSocket.",
         events_fields, handle_events),
     .status = 101},
    {0},
};
