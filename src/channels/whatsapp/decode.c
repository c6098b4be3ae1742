/* Webhooks of WhatsApp to neutral events: the envelope, who wrote, states, echoes of the phone app,
 * history. A pure function over the body. It loops over all of entry[] × changes[] × messages[] and
 * statuses[], takes every field as optional, and gives no event up because a neighbour is odd: what
 * it does not know becomes a note or a message that is "not supported".
 *
 * Who: a person has a business-scoped user id and, mostly, a telephone number. The number is the
 * identifier where it is shown (it is what we answer to), the user id goes along as `also`; without
 * a number the user id is the identifier. */
#include "channels/whatsapp/decode.h"
#include "channels/whatsapp/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "channels/meta/meta_errors.h"
#include "channels/meta/meta_json.h"
#include "channels/whatsapp/whatsapp.h"

struct inbound *wa_add(const struct wa_origin *o, enum inbound_type type)
{
    struct inbound *in = inbound_add(o->list, type);
    if (!in) return NULL;
    in->account = o->account;
    in->identity_kind = "whatsapp";
    in->text = "";
    return in;
}

bool wa_note(const struct wa_origin *o, const char *text)
{
    struct inbound *in = wa_add(o, INBOUND_NOTE);
    if (in) in->text = text;
    return in != NULL;
}

bool wa_is_user_id(const char *text)
{
    if (!text || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z' || text[2] != '.')
        return false;
    size_t len = strlen(text);
    return len > 3 && len <= 160;
}

bool wa_is_phone(const char *text)
{
    if (!text) return false;
    if (*text == '+') text++;
    size_t len = strlen(text);
    return len >= 6 && len <= 16 && strspn(text, "0123456789") == len;
}

/* --- who ------------------------------------------------------------------------------- */

struct person {
    const char *phone, *user, *name;
    const char *other; /* neither a number nor a user id, but what was given */
};

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* contacts[] by wa_id and user_id: a body may hold thousands of both people and messages. */
static const json_t *people_of(struct arena *a, const json_t *contacts)
{
    static const char *const keys[] = {"wa_id", "user_id"};
    json_t *people = json_array_size(contacts) > 0 ? meta_object(a) : NULL;
    for (size_t i = 0; people && i < json_array_size(contacts); i++) {
        json_t *one = json_array_get(contacts, i);
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            const char *id = meta_id(a, one, keys[k]);
            if (id && !json_object_get(people, id)) json_object_set(people, id, one);
        }
    }
    return people;
}

/* The entry of contacts[] that belongs to a message; the only one, when nothing tells. */
static const json_t *contact_of(const struct wa_origin *o, const char *from, const char *user)
{
    const json_t *one = user ? json_object_get(o->people, user) : NULL;
    if (!one && from) one = json_object_get(o->people, from);
    return one ? one : o->contact;
}

/* Sort what was given by what it is, not by the name that it came under. */
static void place(struct person *p, const char *id)
{
    if (!id) return;
    if (wa_is_user_id(id)) {
        if (!p->user) p->user = id;
    } else if (wa_is_phone(id)) {
        if (!p->phone) p->phone = id;
    } else if (!p->other) {
        p->other = id;
    }
}

static struct person person_of(const struct wa_origin *o, const char *from, const char *user)
{
    struct arena *a = o->list->arena;
    struct person p = {0};
    place(&p, user);
    place(&p, from);
    const json_t *contact = contact_of(o, from, user);
    if (contact) {
        place(&p, meta_id(a, contact, "user_id"));
        place(&p, meta_id(a, contact, "wa_id"));
        const json_t *profile = json_object_get(contact, "profile");
        p.name = meta_text(profile, "name");
        if (!p.name) p.name = meta_text(profile, "username");
    }
    return p;
}

/* An id for what came without one: the same content gives the same. */
static const char *made_id(struct arena *a, const json_t *message)
{
    char hex[SHA256_HEX_SIZE];
    const char *text = json_text(a, message);
    sha256_hex(text ? text : "", text ? strlen(text) : 0, hex);
    return arena_printf(a, "none.%s", hex);
}

static void set_person(struct arena *a, struct inbound *in, const struct person *p)
{
    in->identifier = p->phone ? p->phone : p->user ? p->user : p->other;
    in->also = p->phone ? p->user : NULL;
    in->customer_name = p->name;
    if (!in->identifier) /* nobody can be answered, but nothing is lost */
        in->identifier = arena_printf(a, "unknown.%s", in->external_id ? in->external_id : "x");
}

/* --- messages -------------------------------------------------------------------------- */

enum whence { FROM_PERSON, FROM_APP, FROM_HISTORY };

static void set_source(struct inbound *in, enum whence whence, bool echo)
{
    in->echo = echo;
    in->history = whence == FROM_HISTORY;
}

/* The person got another number or user id. */
static bool system_message(struct arena *a, const struct wa_origin *o, const json_t *message,
                           const struct person *p, int64_t at)
{
    const json_t *body = json_object_get(message, "system");
    const char *number = meta_id(a, body, "wa_id"), *user = meta_id(a, body, "user_id");
    if (!number) number = meta_id(a, body, "new_wa_id");
    const char *old = NULL, *now = NULL;
    if (number && p->phone && strcmp(number, p->phone) != 0) {
        old = p->phone;
        now = number;
    } else if (user && p->user && strcmp(user, p->user) != 0) {
        old = p->user;
        now = user;
    } else if (number && !p->phone && p->user) {
        old = p->user;
        now = number;
    }
    if (!old) {
        const char *text = meta_text(body, "body");
        return wa_note(o, arena_printf(a, "system: %s", text ? text : "?"));
    }
    struct inbound *in = wa_add(o, INBOUND_IDENTITY);
    if (!in) return false;
    in->previous = old;
    in->identifier = now;
    in->also = now == number ? user : NULL;
    in->sent_unix_ms = at;
    return true;
}

static bool reaction(const struct wa_origin *o, const json_t *body, const char *id,
                     const struct person *p, int64_t at, enum whence whence, bool echo)
{
    const char *target = meta_text(body, "message_id");
    if (!target) return wa_note(o, "a reaction to nothing");
    struct inbound *in = wa_add(o, INBOUND_REACTION);
    if (!in) return false;
    const char *emoji = json_get_text(body, "emoji");
    in->external_id = id;
    in->target_external_id = target;
    in->emoji = emoji ? emoji : "";
    in->sent_unix_ms = at;
    set_person(o->list->arena, in, p);
    set_source(in, whence, echo);
    return true;
}

static bool change_of_message(const struct wa_origin *o, const json_t *body, bool edit,
                              const struct person *p, int64_t at, bool echo)
{
    const char *target = meta_text(body, "original_message_id");
    const char *text = edit ? wa_edited_text(json_object_get(body, "message")) : "";
    if (!target || !text) return wa_note(o, "a change of a message that cannot be told");
    struct inbound *in = wa_add(o, edit ? INBOUND_EDIT : INBOUND_REMOVAL);
    if (!in) return false;
    in->target_external_id = target;
    in->text = text;
    in->sent_unix_ms = at;
    set_person(o->list->arena, in, p);
    in->echo = echo;
    return true;
}

static enum message_status history_status(const json_t *message)
{
    static const struct {
        const char *name;
        enum message_status status;
    } names[] = {
        {"DELIVERED", STATUS_DELIVERED},
        {"READ", STATUS_READ},
        {"PLAYED", STATUS_READ},
        {"ERROR", STATUS_FAILED},
    };
    const char *text = meta_text(json_object_get(message, "history_context"), "status");
    for (size_t i = 0; text && i < ARRAY_LEN(names); i++)
        if (strcasecmp(names[i].name, text) == 0) return names[i].status;
    return STATUS_SENT;
}

/* One message. p: the person in the conversation, whoever wrote. */
static bool message_event(const struct wa_origin *o, const json_t *message, const struct person *p,
                          enum whence whence, bool echo)
{
    struct arena *a = o->list->arena;
    const char *type = meta_text(message, "type"), *id = meta_id(a, message, "id");
    int64_t at = meta_time(json_object_get(message, "timestamp"));
    const json_t *body = type ? json_object_get(message, type) : NULL;
    if (type && strcmp(type, "reaction") == 0) return reaction(o, body, id, p, at, whence, echo);
    bool edit = type && strcmp(type, "edit") == 0;
    if ((edit || (type && strcmp(type, "revoke") == 0)) && json_is_object(body))
        return change_of_message(o, body, edit, p, at, echo);
    if (type && strcmp(type, "system") == 0 && !echo) return system_message(a, o, message, p, at);
    if (type && strcmp(type, "media_placeholder") == 0)
        return wa_note(o, "history: a file that may follow");
    struct inbound *in = wa_add(o, INBOUND_MESSAGE);
    if (!in) return false;
    in->external_id = id ? id : made_id(a, message);
    in->sent_unix_ms = at;
    set_person(a, in, p);
    set_source(in, whence, echo);
    in->status = echo ? history_status(message) : STATUS_DELIVERED;
    wa_content(a, message, o->errors, in);
    return true;
}

static bool inbound_message(const struct wa_origin *o, const json_t *message)
{
    struct arena *a = o->list->arena;
    if (!json_is_object(message)) return wa_note(o, "a message that is no object");
    struct person p =
        person_of(o, meta_id(a, message, "from"), meta_id(a, message, "from_user_id"));
    if (meta_text(message, "group_id")) return wa_note(o, "a message of a group");
    return message_event(o, message, &p, FROM_PERSON, false);
}

/* The owner wrote in the phone app. */
static bool echo_message(const struct wa_origin *o, const json_t *message)
{
    struct arena *a = o->list->arena;
    struct person p = person_of(o, meta_id(a, message, "to"), meta_id(a, message, "to_user_id"));
    if (!p.phone && !p.user && !p.other) return wa_note(o, "an echo without recipient");
    return message_event(o, message, &p, FROM_APP, true);
}

/* --- history --------------------------------------------------------------------------- */

static bool same_number(const char *a, const char *b)
{
    size_t n = 0;
    for (; a && b; n++) {
        a += strcspn(a, "0123456789");
        b += strcspn(b, "0123456789");
        if (*a != *b) return false;
        if (!*a) return n > 0;
        a++;
        b++;
    }
    return false;
}

static bool history_message(const struct wa_origin *o, const json_t *message, const char *thread)
{
    struct arena *a = o->list->arena;
    const char *from = meta_id(a, message, "from"), *to = meta_id(a, message, "to");
    const char *to_user = meta_id(a, message, "to_user_id");
    const char *from_user = meta_id(a, message, "from_user_id");
    bool echo = (thread ? !same(from, thread) && !same(from_user, thread) && (to || to_user || from)
                        : to != NULL || to_user != NULL) ||
                same_number(from, o->display);
    struct person p = echo ? person_of(o, to ? to : thread, to_user)
                           : person_of(o, from ? from : thread, from_user);
    if (!p.phone && !p.user && thread) place(&p, thread);
    return message_event(o, message, &p, FROM_HISTORY, echo);
}

static bool history(const struct wa_origin *o, const json_t *value)
{
    struct arena *a = o->list->arena;
    bool ok = true;
    const json_t *chunks = json_object_get(value, "history");
    for (size_t i = 0; i < json_array_size(chunks) && ok; i++) {
        const json_t *chunk = json_array_get(chunks, i);
        const json_t *errors = json_object_get(chunk, "errors");
        if (json_array_size(errors) > 0) {
            const char *why = meta_text(json_array_get(errors, 0), "title");
            ok = wa_note(o, arena_printf(a, "history: %s", why ? why : "refused"));
        }
        const json_t *threads = json_object_get(chunk, "threads");
        for (size_t t = 0; t < json_array_size(threads) && ok; t++) {
            const json_t *thread = json_array_get(threads, t);
            const json_t *messages = json_object_get(thread, "messages");
            const char *id = meta_id(a, thread, "id");
            for (size_t k = 0; k < json_array_size(messages) && ok; k++)
                ok = history_message(o, json_array_get(messages, k), id);
        }
    }
    const json_t *late = json_object_get(value, "messages");
    for (size_t i = 0; i < json_array_size(late) && ok; i++)
        ok = history_message(o, json_array_get(late, i), NULL);
    return ok;
}

/* --- states ---------------------------------------------------------------------------- */

static bool status_name(const char *text, enum message_status *ret)
{
    static const struct {
        const char *name;
        enum message_status status;
    } names[] = {
        {"sent", STATUS_SENT},     {"delivered", STATUS_DELIVERED},
        {"read", STATUS_READ},     {"played", STATUS_READ}, /* who listened has seen it */
        {"failed", STATUS_FAILED},
    };
    for (size_t i = 0; text && i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].name, text) != 0) continue;
        *ret = names[i].status;
        return true;
    }
    return false;
}

/* Our id, as it went out in biz_opaque_callback_data: of a message in several parts only the last
 * carries it bare, the others with ":" and their number behind it. A part stands for the whole only
 * when it failed. */
static void set_ours(struct inbound *in, const char *text)
{
    char id[UUID_TEXT_SIZE];
    size_t len = text ? strcspn(text, ":") : 0;
    struct uuid u;
    if (len != UUID_TEXT_SIZE - 1) return;
    memcpy(id, text, len);
    id[len] = '\0';
    if (!uuid_parse(id, &u)) return;
    bool part = text[len] == ':' && in->status != STATUS_FAILED;
    long n = part ? strtol(text + len + 1, NULL, 10) : 0;
    if (part && (n < 1 || n > WA_PARTS_MAX)) return;
    in->our_message = u;
    in->our_part = (int)n;
}

static bool status_event(const struct wa_origin *o, const json_t *status)
{
    struct arena *a = o->list->arena;
    const char *id = meta_id(a, status, "id"), *name = meta_text(status, "status");
    enum message_status s = STATUS_SENT;
    if (!id || !status_name(name, &s))
        return wa_note(o, arena_printf(a, "status: %.40s", name ? name : "?"));
    struct inbound *in = wa_add(o, INBOUND_STATUS);
    if (!in) return false;
    in->external_id = id;
    in->status = s;
    in->sent_unix_ms = meta_time(json_object_get(status, "timestamp"));
    const char *phone = meta_id(a, status, "recipient_id");
    const char *user = meta_id(a, status, "recipient_user_id");
    in->identifier = phone ? phone : user;
    in->also = phone ? user : NULL;
    set_ours(in, meta_text(status, "biz_opaque_callback_data"));
    if (s == STATUS_FAILED) {
        struct meta_error e;
        const json_t *errors = json_object_get(status, "errors");
        meta_error_read(a, META_WHATSAPP, 0, json_array_get(errors, 0), &e);
        in->error = meta_error_json(a, &e);
    }
    return true;
}

/* --- the envelope ---------------------------------------------------------------------- */

static bool errors_event(const struct wa_origin *o)
{
    struct arena *a = o->list->arena;
    struct meta_error e;
    meta_error_read(a, META_WHATSAPP, 0, json_array_get(o->errors, 0), &e);
    struct inbound *in = wa_add(o, INBOUND_ACCOUNT);
    if (!in) return false;
    in->data = meta_object(a);
    meta_set_text(in->data, "reason", *e.details ? e.details : *e.message ? e.message : e.words);
    meta_set(in->data, "error", json_incref(meta_error_json(a, &e)));
    return true;
}

static bool messages_change(const struct wa_origin *o, const json_t *value)
{
    bool ok = true;
    const json_t *messages = json_object_get(value, "messages");
    const json_t *statuses = json_object_get(value, "statuses");
    for (size_t i = 0; i < json_array_size(messages) && ok; i++)
        ok = inbound_message(o, json_array_get(messages, i));
    for (size_t i = 0; i < json_array_size(statuses) && ok; i++)
        ok = status_event(o, json_array_get(statuses, i));
    if (ok && json_array_size(messages) == 0 && json_array_size(statuses) == 0)
        ok = json_array_size(o->errors) > 0 ? errors_event(o)
                                            : wa_note(o, "messages: nothing in it");
    return ok;
}

static bool change(struct inbound_list *list, const char *waba, const json_t *one)
{
    struct arena *a = list->arena;
    const char *field = meta_text(one, "field");
    const json_t *value = json_object_get(one, "value");
    const json_t *metadata = json_object_get(value, "metadata");
    const json_t *contacts = json_object_get(value, "contacts");
    struct wa_origin o = {.list = list,
                          .waba = waba,
                          .account = meta_id(a, metadata, "phone_number_id"),
                          .display = meta_id(a, metadata, "display_phone_number"),
                          .contact =
                              json_array_size(contacts) == 1 ? json_array_get(contacts, 0) : NULL,
                          .people = people_of(a, contacts),
                          .errors = json_object_get(value, "errors")};
    if (!field || !json_is_object(value)) return wa_note(&o, "a change without field or value");
    if (strcmp(field, "messages") == 0) return messages_change(&o, value);
    if (strcmp(field, "history") == 0) return history(&o, value);
    if (strcmp(field, "smb_message_echoes") == 0) {
        const json_t *echoes = json_object_get(value, "message_echoes");
        bool ok = true;
        for (size_t i = 0; i < json_array_size(echoes) && ok; i++)
            ok = echo_message(&o, json_array_get(echoes, i));
        return ok;
    }
    return wa_news(&o, field, value);
}

enum err whatsapp_decode(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                         const char **ret_why)
{
    json_t *root = NULL;
    enum err e = meta_json_parse(a, body, &root, ret_why);
    if (e) return e;
    const char *object = meta_text(root, "object");
    if (!object || strcmp(object, "whatsapp_business_account") != 0) {
        *ret_why = "the object is not whatsapp_business_account";
        return ERR_INVALID;
    }
    const json_t *entries = json_object_get(root, "entry");
    if (json_array_size(entries) == 0) {
        *ret_why = "there is no entry";
        return ERR_INVALID;
    }
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        const json_t *changes = json_object_get(entry, "changes");
        const char *waba = meta_id(a, entry, "id");
        for (size_t k = 0; k < json_array_size(changes); k++) {
            if (change(ret_list, waba, json_array_get(changes, k))) continue;
            *ret_why = "more events than one body may have";
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}
