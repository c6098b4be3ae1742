/* One message from outside becomes rows. The decoding is the channel's, the storing is one SQL
 * function (sql/functions/inbox.sql): identity, customer, chat, message and events in a single
 * round trip and a single commit, so that what was acknowledged is there once or not at all. The
 * usual message goes with others of the same moment (receive_batch.c), everything else by itself.
 * Called by the channels through their sink. */
#include <string.h>

#include "base/json.h"
#include "core/bus.h"
#include "core/ctx.h"
#include "core/metrics.h"
#include "crm/crm.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/receive.h"
#include "inbox/receive_batch.h"
#include "inbox/send_check.h"
#include "sql.h"

static void set_text(json_t *obj, const char *key, const char *text)
{
    if (text) json_object_set_new(obj, key, json_string(text));
}

/* {"kind","identifier","canonical","keys":[…]} of one identity. */
static enum err identity_json(struct ctx *c, const char *kind, const char *identifier, json_t **ret)
{
    struct contact_form form;
    enum err e = contact_normalise(c, kind, identifier, &form);
    if (e) return e;
    json_t *keys = json_array();
    for (int i = 0; i < form.key_count; i++)
        json_array_append_new(keys, json_string(form.keys[i]));
    *ret = json_pack("{s:s, s:s, s:s, s:o}", "kind", kind, "identifier", identifier, "canonical",
                     form.canonical, "keys", keys);
    return *ret ? ERR_OK : ERR_NO_MEMORY;
}

static json_t *files_json(const struct inbound *in)
{
    json_t *files = json_array();
    for (int i = 0; i < in->file_count; i++) {
        const struct inbound_file *f = &in->files[i];
        json_t *o = json_object();
        char id[UUID_TEXT_SIZE];
        if (!uuid_is_nil(f->file))
            json_object_set_new(o, "fileId", json_string(uuid_text(f->file, id)));
        set_text(o, "kind", message_kind_name(f->kind));
        set_text(o, "name", f->name);
        set_text(o, "type", f->type);
        if (f->size_bytes > 0) json_object_set_new(o, "sizeBytes", json_integer(f->size_bytes));
        if (f->source) json_object_set(o, "source", f->source);
        json_array_append_new(files, o);
    }
    return files;
}

/* The further contacts that a pre-chat form gave; one that cannot be read is left out rather than
 * losing the message. */
static void add_contacts(struct ctx *c, const struct inbound *in, json_t *p)
{
    const struct {
        const char *kind, *value;
    } given[] = {{"email", in->email}, {"phone", in->phone}};
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        json_t *one = NULL;
        struct fault before = c->fault;
        if (given[i].value && *given[i].value &&
            identity_json(c, given[i].kind, given[i].value, &one) == ERR_OK)
            json_array_append_new(list, one);
        else
            c->fault = before;
    }
    json_object_set_new(p, "contacts", list);
}

enum err inbound_keys(struct ctx *c, const struct inbound *in, json_t *p)
{
    CLEANUP(json_decrefp) json_t *identity = NULL, *other = NULL;
    enum err e = identity_json(c, in->identity_kind, in->identifier, &identity);
    if (e) return e;
    json_t *keys = json_object_get(identity, "keys");
    struct fault before = c->fault;
    if (in->also && *in->also && identity_json(c, in->identity_kind, in->also, &other) == ERR_OK) {
        json_array_extend(keys, json_object_get(other, "keys"));
        set_text(p, "also", in->also);
    }
    c->fault = before;
    set_text(p, "identityKind", in->identity_kind);
    set_text(p, "identifier", in->identifier);
    json_object_set(p, "canonical", json_object_get(identity, "canonical"));
    json_object_set(p, "keys", keys);
    return ERR_OK;
}

enum err inbound_json(struct ctx *c, const struct channel *ch, const struct inbound *in,
                      json_t **ret)
{
    json_t *p = json_object();
    enum err e = inbound_keys(c, in, p);
    if (e) {
        json_decref(p);
        return e;
    }
    const struct channel_kind *kind = channel_kind_find(ch->kind);
    char id[UUID_TEXT_SIZE];
    set_text(p, "id", uuid_text(uuid_v7(), id));
    set_text(p, "channel", uuid_text(ch->id, id));
    set_text(p, "name", in->customer_name ? in->customer_name : "");
    set_text(p, "kind", message_kind_name(in->kind));
    set_text(p, "text", in->text ? in->text : "");
    if (in->data) json_object_set(p, "data", in->data);
    set_text(p, "externalId", in->external_id);
    set_text(p, "clientId", in->client_id);
    set_text(p, "replyTo", in->reply_to_external_id);
    if (!uuid_is_nil(in->reply_to)) set_text(p, "replyToId", uuid_text(in->reply_to, id));
    if (!uuid_is_nil(in->thread_chat)) set_text(p, "threadChatId", uuid_text(in->thread_chat, id));
    if (in->sent_unix_ms > 0) json_object_set_new(p, "sentMs", json_integer(in->sent_unix_ms));
    json_object_set_new(p, "echo", json_boolean(in->echo));
    if (in->history) json_object_set_new(p, "history", json_true());
    if (in->automatic) json_object_set_new(p, "automatic", json_true());
    if (in->echo && in->status > STATUS_SENT && in->status < STATUS_FAILED)
        set_text(p, "status", in->status == STATUS_READ ? "read" : "delivered");
    if (kind && kind->limits.window_hours > 0)
        json_object_set_new(p, "windowHours", json_integer(kind->limits.window_hours));
    if (in->visitor) json_object_set(p, "visitor", in->visitor);
    if (in->mail) json_object_set(p, "mail", in->mail);
    json_object_set_new(p, "files", files_json(in));
    add_contacts(c, in, p);
    *ret = p;
    return ERR_OK;
}

bool inbound_is_usual(const struct inbound *in)
{
    return !in->echo && !in->history && in->file_count == 0 && !(in->email && *in->email) &&
           !(in->phone && *in->phone) && uuid_is_nil(in->reply_to) && !in->mail &&
           !json_object_get(in->data, "storyUntil");
}

/* The long way, which any message can go. */
static enum err store_alone(struct ctx *c, const struct channel *ch, const json_t *p,
                            struct received *got, bool *ret_double)
{
    struct rows *rows = NULL;
    const struct sql *q = json_object_get(p, "mail") ? &SQL_INBOX_RECEIVE_MAIL : &SQL_INBOX_RECEIVE;
    enum err e = inbox_one(c, q, PARAMS(P_UUID("channel", ch->id), P_JSON("p", p)), &rows);
    if (e) return e;
    if (q == &SQL_INBOX_RECEIVE_MAIL && rows_bool(rows, 0, "wakes") && c->app->bus)
        bus_wake(c->app->bus, WAKE_JOBS);
    got->chat = rows_uuid(rows, 0, "chat_id");
    got->message = rows_uuid(rows, 0, "message_id");
    *ret_double = rows_bool(rows, 0, "is_double");
    if (!*ret_double) metrics_add(c->app->metrics, c->app->worker_index, METRIC_MESSAGES_IN, 1);
    return ERR_OK;
}

enum err inbox_receive_one(struct ctx *c, const struct channel *ch, const struct inbound *in)
{
    CLEANUP(json_decrefp) json_t *p = NULL;
    struct received got = {0};
    bool is_double = false;
    enum err e = inbound_json(c, ch, in, &p);
    return e ? e : store_alone(c, ch, p, &got, &is_double);
}

enum err inbox_receive(struct ctx *c, const struct channel *ch, const struct inbound *in,
                       struct uuid *ret_chat, struct uuid *ret_message, bool *ret_double,
                       const char **ret_seen)
{
    CLEANUP(json_decrefp) json_t *p = NULL;
    enum err e = inbound_json(c, ch, in, &p);
    if (e) return e;
    struct received got = {0};
    bool taken = false, is_double = false;
    if (inbound_is_usual(in)) {
        e = receive_known(c, c->app->inbox, p, &taken, &got);
        if (e) return fault(c, e, NULL, "The message could not be stored now");
    }
    if (taken)
        metrics_add(c->app->metrics, c->app->worker_index, METRIC_MESSAGES_IN, 1);
    else
        e = store_alone(c, ch, p, &got, &is_double);
    if (e) return e;
    if (ret_chat) *ret_chat = got.chat;
    if (ret_message) *ret_message = got.message;
    if (ret_double) *ret_double = is_double;
    if (ret_seen) *ret_seen = got.seen;
    return ERR_OK;
}
