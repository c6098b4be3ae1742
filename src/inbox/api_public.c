/* The public paths that integrators know from Interflow's API (docs/API.md, "Known paths"): chats
 * and messages. Shapes and words are kept; inside they end in the same functions as the interface's
 * own paths. */
#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/json.h"
#include "crm/crm.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/schemas.h"
#include "sql.h"

#define STEP_DELAY_MAX_MS 600000

/* --- chat/create ----------------------------------------------------------------------- */

/* The channel that was asked for; 422 when it cannot send. */
static enum err channel_check(struct ctx *c, struct channel *ch)
{
    enum err e = channel_load(c, in_uuid(c, "channelId"), false, ch);
    if (e) return e;
    if (strcmp(ch->status, "disconnected") == 0)
        return fault(c, ERR_UNPROCESSABLE, "CHANNEL_DISCONNECTED", "this channel is not connected");
    return ERR_OK;
}

/* {"text"} or {"type","content"}: what the first message says. NULL when none was given. */
static const char *initial_text(struct ctx *c)
{
    const json_t *m = in_json(c, "initialMessage");
    if (json_is_string(m)) return json_string_value(m);
    return m ? json_get_text(m, "content") : NULL;
}

/* An initial message of media names its file by address. */
static enum err initial_check(struct ctx *c, const json_t *given)
{
    const char *type = json_is_object(given) ? json_get_text(given, "type") : NULL;
    if (!type || strcmp(type, "text") == 0 || json_get_text(given, "url")) return ERR_OK;
    return fault(c, ERR_INVALID, NULL, "a first message of type %s needs a url", type);
}

/* The first message. A failure does not undo the chat: it is said in the answer. */
static void send_initial(struct ctx *c, struct uuid chat, bool keep_pending, json_t *answer)
{
    const json_t *given = in_json(c, "initialMessage");
    if (!given || json_is_null(given)) return;
    struct message_new m = {.chat = chat,
                            .content = initial_text(c),
                            .data = inbox_data_given(c),
                            .keep_pending = keep_pending};
    const char *json = NULL, *url = json_is_object(given) ? json_get_text(given, "url") : NULL;
    enum err e = initial_check(c, given);
    if (!e && url) e = inbox_file_from_url(c, url, json_get_text(given, "name"), &m.files[0]);
    if (!e && url) m.file_count = 1;
    if (!e) e = inbox_send(c, &m, &json, NULL);
    if (!e) {
        json_object_set_new(answer, "initialMessageSent", json_true());
        return;
    }
    const char *why = c->fault.detail_count > 0 ? c->fault.details[0].message : c->fault.message;
    json_object_set_new(answer, "initialMessageError", json_string(why ? why : err_row(e)->text));
    fault_clear(c);
}

/* The template that was asked for, as {name, language, parameters} or {id or templateId,
 * variables}. */
static const json_t *template_given(struct ctx *c)
{
    const json_t *ours = in_json(c, "template"), *known = in_json(c, "whatsappTemplate");
    return json_is_object(ours) ? ours : json_is_object(known) ? known : NULL;
}

/* A failure does not undo the chat: it is said in the answer. */
static void send_template(struct ctx *c, struct uuid chat, bool keep_pending, json_t *answer)
{
    const char *json = NULL;
    json_t *message = NULL;
    struct message_new m = {
        .chat = chat, .template_given = template_given(c), .keep_pending = keep_pending};
    if (!m.template_given) return;
    enum err e = inbox_send(c, &m, &json, NULL);
    if (!e) e = json_parse(c->arena, json, strlen(json), &message, NULL);
    if (!e) {
        json_object_set_new(answer, "templateSent", json_true());
        json_object_set(answer, "templateMessageId", json_object_get(message, "id"));
        json_object_set_new(answer, "templateError", json_null());
        return;
    }
    const char *why = c->fault.detail_count > 0 ? c->fault.details[0].message : c->fault.message;
    json_object_set_new(answer, "templateError", json_string(why ? why : err_row(e)->text));
    fault_clear(c);
}

static enum err person_find(struct ctx *c, const struct channel *ch, struct crm_found *ret)
{
    const char *type = in_text(c, "contactType"), *kind = contact_kind_of(type);
    if (!kind) {
        fault_field(c, "contactType", "INVALID_VALUE", "this type of contact is not known");
        return ERR_INVALID;
    }
    struct crm_person person = {
        .customer = in_uuid(c, "customerId"),
        .kind = kind,
        .identifier = in_text(c, "contactValue"),
        .name = in_text(c, "customerName"),
        .source = ch->kind,
        .email = in_text(c, "email"),
        .phone = in_text(c, "phone"),
    };
    return crm_customer_find_or_create(c, &person, ret);
}

/* An initial message is text or an object; what else may come here was checked by the rows. */
static enum err create_check(struct ctx *c)
{
    const json_t *m = in_json(c, "initialMessage");
    if (m && !json_is_null(m) && !json_is_string(m) && !json_is_object(m))
        return fault_field(c, "initialMessage", "INVALID_TYPE",
                           "Must be text, or an object with type and content");
    const char *type = json_is_object(m) ? json_get_text(m, "type") : NULL;
    static const char *const types[] = {"text", "image", "video", "audio", "document"};
    bool known = !type;
    for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
        known = known || strcmp(types[i], type) == 0;
    return known ? ERR_OK
                 : fault_field(c, "initialMessage.type", "INVALID_CHOICE",
                               "Must be text, image, video, audio or document");
}

struct creation {
    struct channel channel;
    struct uuid chat;
    bool keep_pending, has_message;
    json_t *answer; /* owned by chat_create */
};

/* The person, the chat, what is known of them, the note: all or nothing. */
static enum err create_body(struct ctx *c, void *arg)
{
    struct creation *n = arg;
    struct crm_found found = {0};
    enum err e = person_find(c, &n->channel, &found);
    struct inbox_opened opened = {0};
    if (!e)
        e = inbox_chat_open_with(c, &n->channel, contact_kind_of(in_text(c, "contactType")),
                                 found.customer, found.contact, in_uuid(c, "teamId"),
                                 n->has_message && !n->keep_pending ? BEGIN_STARTED : BEGIN_PENDING,
                                 &opened);
    if (e) return e;
    json_t *touched = NULL;
    e = crm_first_touch(c, found.customer, in_json(c, "utm"), in_json(c, "customFields"),
                        in_json(c, "tags"), &touched);
    if (e) return e;
    n->chat = opened.chat;
    const char *note = in_text(c, "contextMessage");
    if (!inbox_blank(note)) {
        e = inbox_context_note(c, n->chat, note);
        if (e) return e;
    }
    const char *formatted = opened.formatted;
    json_t *answer = json_pack("{s:b, s:o, s:s, s:b, s:b, s:o, s:O, s:O}", "success", 1, "chatId",
                               json_uuid(n->chat), "formattedContact", formatted ? formatted : "",
                               "existing", opened.existing, "keepPending", n->keep_pending,
                               "customerId", json_uuid(found.customer), "contactsApplied",
                               found.contacts_applied, "contactsSkipped", found.contacts_skipped);
    json_object_update(answer, touched);
    json_decref(n->answer);
    n->answer = answer;
    return ERR_OK;
}

/* Why what was asked for by this member was not done; JSON null when it was not asked for. */
static json_t *not_done(struct ctx *c, const char *member, const char *why)
{
    const json_t *asked = in_json(c, member);
    return asked && !json_is_null(asked) ? json_string(why) : json_null();
}

/* What is done after the chat is there, and what is not: said to be not done, and why. */
static void add_not_done(struct ctx *c, json_t *answer)
{
    json_object_update_new(
        answer,
        json_pack("{s:b, s:n, s:b, s:o, s:b, s:n, s:n, s:o, s:b, s:n, s:o}", "initialMessageSent",
                  0, "initialMessageError", "flowInitiated", 0, "flowError",
                  not_done(c, "flowId", "there is no such flow"), "responseFlowScheduled", 0,
                  "responseFlowId", "responseFlowName", "responseFlowError",
                  not_done(c, "responseFlowId", "there is no such flow"), "templateSent", 0,
                  "templateMessageId", "templateError",
                  not_done(c, "whatsappTemplate", "the channel of this chat has no templates")));
}

static enum err chat_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const json_t *message = in_json(c, "initialMessage");
    struct creation n = {.keep_pending = in_bool(c, "keepPending", false),
                         .has_message = (message && !json_is_null(message)) || template_given(c)};
    enum err e = create_check(c);
    if (!e) e = channel_check(c, &n.channel);
    if (!e) e = db_retry(c, create_body, &n);
    if (!e) {
        add_not_done(c, n.answer);
        send_template(c, n.chat, n.keep_pending, n.answer);
        send_initial(c, n.chat, n.keep_pending, n.answer);
        e = public_flows(c, n.chat, n.answer);
    }
    if (!e) reply_jsonf(c, p, 200, n.answer);
    json_decref(n.answer);
    return e;
}

/* --- messages -------------------------------------------------------------------------- */

/* The message with the names that integrators know beside ours. */
static json_t *public_message(struct ctx *c, const char *json)
{
    json_t *m = NULL;
    if (json_parse(c->arena, json, strlen(json), &m, NULL)) return json_null();
    json_object_set(m, "chat_id", json_object_get(m, "chatId"));
    json_object_set(m, "created_at", json_object_get(m, "createdAt"));
    return json_incref(m);
}

/* Files that are named by address; fetched before (inbox_files_fetch). */
static enum err url_files(struct ctx *c, json_t *list, struct message_new *m)
{
    size_t i;
    json_t *u;
    json_array_foreach(list, i, u)
    {
        if (m->file_count >= MESSAGE_FILES_MAX) break;
        enum err e = inbox_file_from_url(c, json_get_text(u, "url"), json_get_text(u, "name"),
                                         &m->files[m->file_count]);
        if (e) return e;
        m->file_count++;
    }
    return ERR_OK;
}

static enum err message_files(struct ctx *c, const struct request *r, struct message_new *m)
{
    m->file_count = input_uuids(c, "attachment_ids", m->files, MESSAGE_FILES_MAX);
    for (int i = 0; r && i < r->upload_count && m->file_count < MESSAGE_FILES_MAX; i++) {
        struct file f;
        enum err e = files_keep(c, &r->uploads[i], "api", &f);
        if (e) return e;
        m->files[m->file_count++] = f.id;
    }
    return url_files(c, in_json(c, "url_attachments"), m);
}

/* What the known body may hold and the channels of today cannot do is refused by name, never
 * dropped in silence. */
static enum err message_check(struct ctx *c, struct uuid chat)
{
    struct uuid other = in_uuid(c, "auxiliaryChannelId");
    if (uuid_is_nil(other)) return ERR_OK;
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_SEND_CHAT, PARAMS(P_UUID("chat", chat)), &rows);
    if (e) return e;
    if (uuid_equal(rows_uuid(rows, 0, "channel_id"), other)) return ERR_OK;
    return fault_field(c, "auxiliaryChannelId", "NOT_SUPPORTED",
                       "a chat is answered on its own channel");
}

/* The text with the name of who signs before it: the person who writes, or for a key whoever has the
 * chat, else the key's own name. Files alone stay as they are. */
static enum err signed_text(struct ctx *c, struct uuid chat, const char *text, const char **ret)
{
    *ret = text;
    if (inbox_blank(text)) return ERR_OK;
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_INBOX_SIGNATURE, PARAMS(P_UUID("chat", chat)), &rows);
    if (e) return e;
    *ret = arena_printf(c->arena, "%s:\n%s", rows_text(rows, 0, "name"), text);
    return ERR_OK;
}

static enum err message_create(struct ctx *c, struct request *r, struct reply *p)
{
    struct message_new m = {.chat = in_uuid(c, "chatId"),
                            .content = in_text(c, "content"),
                            .reply_to = in_uuid(c, "replyToMessageId")};
    const char *when = in_text(c, "scheduledFor");
    if (when && time_parse(when, &m.scheduled_unix_ms) && m.scheduled_unix_ms <= clock_unix_ms()) {
        fault_field(c, "scheduledFor", "OUT_OF_RANGE", "choose a time in the future");
        return ERR_INVALID;
    }
    enum err e = chat_must_be_visible(c, m.chat);
    if (!e) e = message_check(c, m.chat);
    if (!e) e = message_files(c, r, &m);
    if (!e && in_bool(c, "signMessage", false)) e = signed_text(c, m.chat, m.content, &m.content);
    if (e) return e;
    json_t *metadata = in_json(c, "metadata");
    json_t *given = inbox_data_given(c);
    if (c->fault.err) return c->fault.err;
    CLEANUP(json_decrefp) json_t *data = given ? json_copy(given) : NULL;
    if (metadata && !json_is_null(metadata)) {
        if (!data) data = json_object();
        json_object_set(data, "metadata", metadata);
    }
    const json_t *cards = in_json(c, "contacts");
    if (json_array_size(cards) > 0) {
        if (!data) data = json_object();
        json_object_set(data, "contacts", (json_t *)(uintptr_t)cards);
    }
    m.data = data;
    const char *json = NULL;
    e = inbox_send(c, &m, &json, NULL);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *answer = json_pack("{s:b, s:[o]}", "success", 1, "messages", public_message(c, json));
    reply_jsonf(c, p, 201, answer);
    return ERR_OK;
}

struct sequence {
    struct uuid id;
    int count;
    struct message_new steps[MESSAGE_STEPS_MAX];
    json_t *messages; /* borrowed */
};

/* All steps or none. The first leaves at once, each later one after its delay. */
static enum err sequence_body(struct ctx *c, void *arg)
{
    struct sequence *s = arg;
    json_array_clear(s->messages);
    for (int i = 0; i < s->count; i++) {
        const char *json = NULL;
        enum err e = inbox_send(c, &s->steps[i], &json, NULL);
        if (e) return e;
        json_t *o = public_message(c, json),
               *temp = json_object_get(json_array_get(in_json(c, "steps"), (size_t)i), "tempId");
        json_object_set_new(o, "sequenceIndex", json_integer(i));
        json_object_set_new(o, "tempId", temp ? json_incref(temp) : json_null());
        json_array_append_new(s->messages, o);
    }
    return ERR_OK;
}

/* The steps as messages; rows of files by address are made before the transaction. */
static enum err sequence_steps(struct ctx *c, struct sequence *s)
{
    size_t i, n;
    json_t *step, *id;
    int64_t delay = 0;
    json_array_foreach(in_json(c, "steps"), i, step)
    {
        struct message_new *m = &s->steps[s->count++];
        *m = (struct message_new){.chat = in_uuid(c, "chatId"),
                                  .content = json_get_text(step, "content"),
                                  .sequence = s->id,
                                  .delay_ms = delay};
        if (i == 0) m->reply_to = in_uuid(c, "replyToMessageId");
        json_array_foreach(json_object_get(step, "attachment_ids"), n, id)
        {
            if (m->file_count < MESSAGE_FILES_MAX &&
                uuid_parse(json_string_value(id), &m->files[m->file_count]))
                m->file_count++;
        }
        if (inbox_blank(m->content) && m->file_count == 0 &&
            json_array_size(json_object_get(step, "url_attachments")) == 0)
            return fault_field(c, arena_printf(c->arena, "steps[%zu].content", i), "REQUIRED",
                               "a step needs text or a file");
        enum err e = url_files(c, json_object_get(step, "url_attachments"), m);
        if (!e && json_get_bool(step, "sign_message", false))
            e = signed_text(c, m->chat, m->content, &m->content);
        if (e) return e;
        delay += json_get_int(step, "delay_after_ms", 0);
    }
    return ERR_OK;
}

static enum err sequence_create(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(json_decrefp) json_t *messages = json_array();
    struct sequence *s = arena_alloc(c->arena, sizeof(*s));
    if (!s) return ERR_NO_MEMORY;
    *s = (struct sequence){.id = uuid_v7(), .messages = messages};
    enum err e = chat_must_be_visible(c, in_uuid(c, "chatId"));
    if (!e) e = message_check(c, in_uuid(c, "chatId"));
    if (!e) e = sequence_steps(c, s);
    if (!e) e = db_retry(c, sequence_body, s);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *answer = json_pack("{s:b, s:o, s:O}", "success", 1, "sequenceId", json_uuid(s->id),
                               "messages", messages);
    reply_jsonf(c, p, 201, answer);
    return ERR_OK;
}

static enum err template_send(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    enum err e = chat_must_be_visible(c, in_uuid(c, "chatId"));
    if (e) return e;
    struct message_new m = {.chat = in_uuid(c, "chatId"), .template_given = c->in};
    const char *json = NULL;
    e = inbox_send(c, &m, &json, NULL);
    if (e) return e;
    json_t *message = public_message(c, json), *temp = json_object_get(c->in, "tempId");
    json_object_set_new(message, "tempId", temp ? json_incref(temp) : json_null());
    CLEANUP(json_decrefp)
    json_t *answer = json_pack("{s:b, s:O, s:[o]}", "success", 1, "messageId",
                               json_object_get(message, "id"), "messages", message);
    reply_jsonf(c, p, 201, answer);
    return ERR_OK;
}

/* --- what was announced elsewhere: states of a chat ------------------------------------ */

static enum err public_change(struct ctx *c, struct reply *p, chat_change *change)
{
    const char *json = NULL;
    enum err e = chat_apply(c, in_uuid(c, "chatId"), change, &json);
    if (e) return e;
    reply_json(c, p, 200, arena_printf(c->arena, "{\"success\":true,\"data\":%s}", json));
    return ERR_OK;
}

static enum err public_resolve(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return public_change(c, p, chat_close);
}

static enum err public_reopen(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return public_change(c, p, chat_reopen);
}

static enum err public_transfer(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return public_change(c, p, chat_transfer);
}

static enum err public_attend(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return public_change(c, p, chat_assign);
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field create_fields[] = {
    {.name = "contactType",
     .type = F_ENUM,
     .values = "whatsapp|phone|email|instagram|facebook|telegram|webchat",
     .required = true},
    {.name = "contactValue",
     .type = F_TEXT,
     .required = true,
     .max = 320,
     .example = "\"+55 11 98421-7730\""},
    {.name = "channelId", .type = F_UUID, .required = true},
    {.name = "customerId", .type = F_UUID, .nullable = true},
    {.name = "customerName", .type = F_TEXT, .max = 120, .nullable = true},
    {.name = "teamId", .type = F_UUID, .nullable = true},
    {.name = "initialMessage",
     .type = F_JSON,
     .nullable = true,
     .max = 70000,
     .help = "Text, or {type: text|image|video|audio|document, content, url, name, mimetype}.",
     .example = "\"Olá! Vimos o seu pedido.\""},
    {.name = "keepPending",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "Stays in the queue although a message was sent."},
    {.name = "contextMessage",
     .type = F_TEXT,
     .max = 4000,
     .nullable = true,
     .help = "A note for the team."},
    {.name = "utm", .type = F_JSON, .nullable = true, .max = 8192},
    {.name = "customFields",
     .type = F_JSON,
     .nullable = true,
     .help = "{slug: value} or [{slug, value}]; fills only what is empty."},
    {.name = "tags",
     .type = F_ARRAY,
     .of = F_TEXT,
     .item_max = 60,
     .max = 50,
     .nullable = true,
     .help = "Names of existing tags."},
    {.name = "email", .type = F_TEXT, .max = 320, .nullable = true},
    {.name = "phone", .type = F_TEXT, .max = 40, .nullable = true},
    {.name = "whatsappTemplate",
     .type = F_JSON,
     .nullable = true,
     .max = 16384,
     .help = "{id or templateId, variables}; on channels that have templates, else templateError "
             "says so."},
    {.name = "template",
     .type = F_JSON,
     .nullable = true,
     .max = 65536,
     .help = "The same by name: {name, language, parameters}."},
    {.name = "data",
     .type = F_JSON,
     .nullable = true,
     .max = 65536,
     .help = "Of the initial message, as in messages.send: {buttons}, {mail: {subject, cc, bcc}}, "
             "…"},
    {.name = "flowId",
     .type = F_TEXT,
     .nullable = true,
     .max = 64,
     .help = "Starts at once; flowInitiated says whether it did, else flowError why not."},
    {.name = "responseFlowId",
     .type = F_TEXT,
     .nullable = true,
     .max = 64,
     .help = "Starts when the customer answers; responseFlowScheduled, else responseFlowError. The "
             "chat shows it as responseFlow until then, until a later one takes its place, a "
             "person takes the chat, or it closes."},
    {.name = "flowVariables",
     .type = F_JSON,
     .nullable = true,
     .max = 16384,
     .help = "[{name, value}] or {name: value}; of both flows."},
    {0},
};

static const struct field url_fields[] = {
    {.name = "url", .type = F_URL, .required = true},
    {.name = "name", .type = F_TEXT, .max = 200},
    {0},
};

static const struct field message_fields[] = {
    {.name = "content",
     .type = F_TEXT,
     .raw = true,
     .max = 65536,
     .help = "Needed unless there are attachments."},
    {.name = "replyToMessageId", .type = F_UUID, .nullable = true},
    {.name = "scheduledFor", .type = F_DATETIME, .nullable = true},
    {.name = "attachment_ids", .type = F_ARRAY, .of = F_UUID, .max = MESSAGE_FILES_MAX},
    {.name = "url_attachments",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = url_fields,
     .max = MESSAGE_FILES_MAX},
    {.name = "contacts",
     .type = F_JSON,
     .nullable = true,
     .max = 16384,
     .help = "Contact cards, where the channel takes them."},
    {.name = "data",
     .type = F_JSON,
     .nullable = true,
     .max = 65536,
     .help = "What it is besides text, as in messages.send: {buttons}, {list}, {link}, …",
     .example = "{\"buttons\":[{\"id\":\"sim\",\"title\":\"Sim\"}]}"},
    {.name = "metadata",
     .type = F_JSON,
     .nullable = true,
     .max = 8192,
     .help = "Kept with the message, as data.metadata."},
    {.name = "signMessage",
     .type = F_BOOL,
     .help = "Puts the agent's name in a line before the text."},
    {.name = "auxiliaryChannelId",
     .type = F_UUID,
     .nullable = true,
     .help = "Only the chat's own channel."},
    {.name = "file", .type = F_FILE},
    {0},
};

static const struct field step_fields[] = {
    {.name = "content", .type = F_TEXT, .raw = true, .max = 65536},
    {.name = "attachment_ids", .type = F_ARRAY, .of = F_UUID, .max = MESSAGE_FILES_MAX},
    {.name = "url_attachments",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = url_fields,
     .max = MESSAGE_FILES_MAX},
    {.name = "sign_message", .type = F_BOOL, .help = "As signMessage."},
    {.name = "delay_after_ms",
     .type = F_INT,
     .min = 0,
     .max = STEP_DELAY_MAX_MS,
     .help = "Pause before the next step."},
    {.name = "tempId", .type = F_TEXT, .max = 64, .nullable = true},
    {0},
};
static const struct field sequence_fields[] = {
    {.name = "steps",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = step_fields,
     .required = true,
     .min = 1,
     .max = MESSAGE_STEPS_MAX},
    {.name = "replyToMessageId", .type = F_UUID, .nullable = true},
    {.name = "auxiliaryChannelId",
     .type = F_UUID,
     .nullable = true,
     .help = "Only the chat's own channel."},
    {0},
};
static const struct field template_fields[] = {
    {.name = "templateId",
     .type = F_TEXT,
     .required = true,
     .max = 100,
     .help = "Of GET …/templates."},
    {.name = "variables",
     .type = F_JSON,
     .nullable = true,
     .help = "Of the body: a list by position, or an object by name."},
    {.name = "tempId", .type = F_TEXT, .max = 64, .nullable = true},
    {0},
};
static const struct field resolve_fields[] = {
    {.name = "closureTypeId", .type = F_UUID, .nullable = true},
    {.name = "note", .type = F_TEXT, .max = 2000},
    {0},
};
static const struct field team_fields[] = {{.name = "teamId", .type = F_UUID, .required = true},
                                           {.name = "note", .type = F_TEXT, .max = 2000},
                                           {0}};
static const struct field agent_fields[] = {{.name = "userId", .type = F_UUID, .required = true},
                                            {.name = "note", .type = F_TEXT, .max = 2000},
                                            {0}};
static const struct field attend_fields[] = {{.name = "userId", .type = F_UUID, .required = true},
                                             {0}};

#define P "/api/{organizationId}/chat"
#define ROW(path_, id_, text_, perm_, fields_, h_)                                                 \
    .method = HTTP_POST, .path = P path_, .id = "public." id_, .summary = text_,                   \
    .group = "Known paths", .permission = perm_, .fields = fields_, .shape = ANSWER_OTHER,         \
    .handler = h_

const struct route inbox_public_routes[] = {
    {ROW("/create", "chatCreate", "Open a chat with a contact, or find the open one.",
         PERMISSION_CHATS_REPLY, create_fields, chat_create),
     .creates = true, .status = 200, .prepare = inbox_files_fetch,
     .errors =
         "400 INVALID_PHONE|400 TEAM_NOT_FOUND|404 CHANNEL_NOT_FOUND|404 CUSTOMER_NOT_FOUND|409 "
         "CUSTOMER_DUPLICATE|409 CHAT_ASSIGNED|422 CHANNEL_DISCONNECTED|422 CONTACT_NOT_REACHABLE"},
    {ROW("/{chatId}/message", "messageCreate", "Write to the customer.", PERMISSION_CHATS_REPLY,
         message_fields, message_create),
     .creates = true, .multipart = true, .status = 201, .prepare = inbox_files_fetch,
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED|409 TOO_MANY_SCHEDULED|400 MESSAGE_NOT_FOUND|"
               "400 MESSAGE_TOO_LONG|400 "
               "UNSUPPORTED_MEDIA|400 FILE_TOO_LARGE|400 FILE_NOT_FETCHED|"
               "413 FILE_TOO_LARGE|413 TOO_MANY_FILES|415 "
               "FILE_TYPE_REFUSED|422 CHANNEL_DISCONNECTED"},
    {ROW("/{chatId}/message-sequence", "sequenceCreate", "Write several messages with pauses.",
         PERMISSION_CHATS_REPLY, sequence_fields, sequence_create),
     .creates = true, .status = 201, .prepare = inbox_files_fetch,
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED|409 TOO_MANY_SCHEDULED|400 MESSAGE_NOT_FOUND|"
               "400 MESSAGE_TOO_LONG|400 "
               "UNSUPPORTED_MEDIA|400 FILE_TOO_LARGE|400 FILE_NOT_FETCHED|"
               "422 CHANNEL_DISCONNECTED"},
    {ROW("/{chatId}/send-template", "templateSend", "Send a template, where the channel has them.",
         PERMISSION_CHATS_REPLY, template_fields, template_send),
     .creates = true, .status = 201,
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED|422 TEMPLATE_NOT_SUPPORTED|404 "
               "TEMPLATE_NOT_FOUND|422 TEMPLATE_NOT_APPROVED|422 CHANNEL_DISCONNECTED"},
    {ROW("/{chatId}/resolve", "chatResolve", "Close a chat.", PERMISSION_CHATS_CLOSE,
         resolve_fields, public_resolve),
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED|409 FIELDS_REQUIRED"},
    {ROW("/{chatId}/reopen", "chatReopen", "Reopen a closed chat.", PERMISSION_CHATS_CLOSE, NULL,
         public_reopen),
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_OPEN"},
    {ROW("/{chatId}/transfer-to-team", "chatToTeam", "Transfer a chat to a team.",
         PERMISSION_CHATS_REPLY, team_fields, public_transfer),
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED|409 CHAT_ASSIGNED"},
    {ROW("/{chatId}/transfer-to-agent", "chatToAgent", "Transfer a chat to a person.",
         PERMISSION_CHATS_ASSIGN, agent_fields, public_transfer),
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED"},
    {ROW("/{chatId}/attend", "chatAttend", "Give a chat to a person, who begins to attend.",
         PERMISSION_CHATS_ASSIGN, attend_fields, public_attend),
     .errors = "404 CHAT_NOT_FOUND|409 CHAT_CLOSED"},
    {0},
};
