/* Bodies of Messenger and Instagram as neutral events. Pure: the same bytes give the same events,
 * in the order of the body. Built by hand from the platforms' pages, for neither has a schema.
 *
 * An entry may hold messaging[], standby[] (another app owns the thread), changes[] or, seen of
 * Instagram, a bare field and value; whichever keys are there are read. Echoes of what we sent
 * carry our message's id as metadata and become its state "sent"; other echoes are messages that
 * the business wrote elsewhere. Instagram's "read" names a message where Messenger's names a time.
 * What is known but none of our business is a note; nothing is dropped without a word. */
#include <stdlib.h>
#include <string.h>

#include "channels/meta/messaging.h"
#include "channels/meta/meta_json.h"

#define ENTRIES_MAX 2000
#define EMOJI_MAX   16

/* Where an item stands. */
struct place {
    struct arena *a;
    const struct messaging_platform *p;
    struct inbound_list *list;
    const char *account;   /* entry.id */
    int64_t entry_unix_ms; /* entry.time */
    bool standby;
};

static void note(const struct place *at, const char *text)
{
    struct inbound *in = inbound_add(at->list, INBOUND_NOTE);
    if (!in) return;
    in->account = at->account;
    in->text = text;
}

/* A new event about a person. */
static struct inbound *event(const struct place *at, enum inbound_type type, const char *person,
                             int64_t sent_unix_ms)
{
    struct inbound *in = inbound_add(at->list, type);
    if (!in) return NULL;
    in->account = at->account;
    in->identity_kind = at->p->kind;
    in->identifier = person;
    in->sent_unix_ms = sent_unix_ms;
    in->text = "";
    return in;
}

/* --- messages -------------------------------------------------------------------------- */

/* The metadata of messaging_metadata: -1 not ours, 0 the last part (or the only one), else the number
 * of an earlier one. */
static int ours(struct arena *a, const json_t *message, struct uuid *ret)
{
    const char *text = messaging_text(a, message, "metadata", 80);
    if (strncmp(text, "interflow:", 10) != 0) return -1;
    text += 10;
    if (strlen(text) < UUID_TEXT_SIZE - 1) return -1;
    const char *id = arena_strndup(a, text, UUID_TEXT_SIZE - 1);
    if (!id || !uuid_parse(id, ret)) return -1;
    text += UUID_TEXT_SIZE - 1;
    if (*text == '\0') return 0;
    long n = *text == '#' ? strtol(text + 1, NULL, 10) : 0;
    return n >= 1 && n <= MESSAGING_PARTS_MAX ? (int)n : -1;
}

static void take_message(const struct place *at, const json_t *item, const json_t *message,
                         const char *sender, const char *recipient, int64_t sent)
{
    struct arena *a = at->a;
    const char *mid = messaging_id(a, json_object_get(message, "mid"));
    if (!mid) {
        note(at, "a message without a usable id");
        return;
    }
    if (json_is_true(json_object_get(message, "is_deleted"))) {
        struct inbound *gone = event(at, INBOUND_REMOVAL, sender, sent);
        if (gone) gone->target_external_id = mid;
        return;
    }
    bool echo = json_is_true(json_object_get(message, "is_echo")) ||
                (at->account && sender && strcmp(sender, at->account) == 0);
    const char *person = echo ? recipient : sender;
    if (!person || (at->account && strcmp(person, at->account) == 0)) {
        note(at, "a message of the account to itself");
        return;
    }
    struct uuid our_message = {0};
    int part = echo ? ours(a, message, &our_message) : -1;
    if (part >= 0) {
        struct inbound *in = event(at, INBOUND_STATUS, person, sent);
        if (!in) return;
        in->external_id = mid;
        in->our_message = our_message;
        in->our_part = part;
        in->status = STATUS_SENT;
        return;
    }
    struct inbound *in = event(at, INBOUND_MESSAGE, person, sent);
    if (!in) return;
    in->external_id = mid;
    in->echo = echo;
    in->data = meta_object(a);
    messaging_referral(json_object_get(item, "referral"), in->data);
    messaging_content(a, at->p, message, in);
    if (echo) {
        const char *app = messaging_id(a, json_object_get(message, "app_id"));
        if (app) json_object_set_new(in->data, "appId", json_string(app));
    }
    if (at->standby) {
        in->automatic = !echo; /* another app answers: no program of ours does */
        json_object_set_new(in->data, "standby", json_true());
    }
}

static void take_postback(const struct place *at, const json_t *postback, const char *person,
                          int64_t sent)
{
    struct arena *a = at->a;
    const char *mid = messaging_id(a, json_object_get(postback, "mid"));
    /* Old ones have no id: the person and the time are one. */
    if (!mid) mid = arena_printf(a, "postback:%s:%lld", person, (long long)sent);
    struct inbound *in = event(at, INBOUND_MESSAGE, person, sent);
    if (!in) return;
    in->external_id = mid;
    in->kind = MESSAGE_TEXT;
    in->text = messaging_text(a, postback, "title", 1000);
    in->data = meta_object(a);
    const char *payload = messaging_text(a, postback, "payload", 1000);
    if (!*in->text) in->text = payload;
    json_t *answer = json_object();
    json_object_set_new(answer, "id", json_string(payload));
    json_object_set_new(answer, "title", json_string(in->text));
    json_object_set_new(in->data, "answer", answer);
    messaging_referral(json_object_get(postback, "referral"), in->data);
    if (at->standby) {
        in->automatic = true;
        json_object_set_new(in->data, "standby", json_true());
    }
}

/* Somebody came through a link or an advertisement without writing yet. */
static void take_referral(const struct place *at, const json_t *referral, const char *person,
                          int64_t sent)
{
    struct inbound *in = event(at, INBOUND_MESSAGE, person, sent);
    if (!in) return;
    in->external_id = arena_printf(at->a, "referral:%s:%lld", person, (long long)sent);
    in->kind = MESSAGE_TEXT;
    in->data = meta_object(at->a);
    messaging_referral(referral, in->data);
}

/* --- what happens to messages ---------------------------------------------------------- */

/* The emoji, else what the older names mean. */
static const char *emoji_of(struct arena *a, const json_t *reaction)
{
    const char *emoji = messaging_text(a, reaction, "emoji", EMOJI_MAX);
    if (*emoji) return emoji;
    static const char *const names[][2] = {{"love", "\u2764\uFE0F"}, {"smile", "\U0001F606"},
                                           {"haha", "\U0001F606"},   {"wow", "\U0001F62E"},
                                           {"sad", "\U0001F622"},    {"angry", "\U0001F620"},
                                           {"like", "\U0001F44D"},   {"dislike", "\U0001F44E"}};
    const char *name = messaging_text(a, reaction, "reaction", 20);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i][0], name) == 0) return names[i][1];
    return "\u2764\uFE0F";
}

static void take_reaction(const struct place *at, const json_t *reaction, const char *person,
                          int64_t sent)
{
    const char *mid = messaging_id(at->a, json_object_get(reaction, "mid"));
    if (!mid || (at->account && strcmp(person, at->account) == 0)) {
        note(at, mid ? "a reaction of the account itself" : "a reaction to no message");
        return;
    }
    struct inbound *in = event(at, INBOUND_REACTION, person, sent);
    if (!in) return;
    in->target_external_id = mid;
    bool off = strcmp(messaging_text(at->a, reaction, "action", 20), "unreact") == 0;
    in->emoji = off ? "" : emoji_of(at->a, reaction);
}

static void take_edit(const struct place *at, const json_t *edit, const char *person, int64_t sent)
{
    const char *mid = messaging_id(at->a, json_object_get(edit, "mid"));
    if (!mid || !json_is_string(json_object_get(edit, "text"))) {
        note(at, "an edit without message or text");
        return;
    }
    struct inbound *in = event(at, INBOUND_EDIT, person, sent);
    if (!in) return;
    in->target_external_id = mid;
    in->text = messaging_text(at->a, edit, "text", 60000);
}

/* Delivered: the messages named, and all before the time. Read: all before the time, or, of
 * Instagram, up to a message. */
static void take_mark(const struct place *at, const json_t *mark, const char *person,
                      enum message_status status, int64_t sent)
{
    const json_t *mids = json_object_get(mark, "mids");
    const char *mid = messaging_id(at->a, json_object_get(mark, "mid"));
    int64_t watermark = meta_time(json_object_get(mark, "watermark"));
    for (size_t i = 0; i < json_array_size(mids) && i < 1000; i++) {
        const char *id = messaging_id(at->a, json_array_get(mids, i));
        struct inbound *in = id ? event(at, INBOUND_STATUS, person, sent ? sent : watermark) : NULL;
        if (!in) continue;
        in->external_id = id;
        in->status = status;
    }
    if (!watermark && !mid) {
        if (json_array_size(mids) == 0) note(at, "a mark without time or message");
        return;
    }
    struct inbound *in = event(at, INBOUND_WATERMARK, person, watermark ? watermark : sent);
    if (!in) return;
    in->status = status;
    in->target_external_id = watermark ? NULL : mid;
}

/* The platform warns, blocks or frees the page. */
static void take_policy(const struct place *at, const json_t *policy)
{
    struct inbound *in = inbound_add(at->list, INBOUND_ACCOUNT);
    if (!in) return;
    const char *action = messaging_text(at->a, policy, "action", 40);
    const char *reason = messaging_text(at->a, policy, "reason", 1000);
    in->account = at->account;
    in->text = "";
    json_t *data = json_pack("{s:s, s:{s:s}}", "reason", reason, "quality", "policy", action);
    in->data = messaging_keep(at->a, data);
}

/* --- the envelope ---------------------------------------------------------------------- */

/* Known, and nothing to do: who owns the thread is told by standby[], sign-ups are not messages. */
static const char *const noted[][2] = {
    {"pass_thread_control", "the thread was handed over"},
    {"take_thread_control", "the thread was taken over"},
    {"request_thread_control", "another app asks for the thread"},
    {"app_roles", "roles of apps changed"},
    {"optin", "an opt-in"},
    {"optout", "an opt-out"},
    {"account_linking", "an account was linked"},
    {"messaging_feedback", "feedback on a survey"},
    {"message_context", "the context of a message"},
};

static void take_item(const struct place *at, const json_t *item)
{
    struct arena *a = at->a;
    if (!json_is_object(item)) {
        note(at, "an event that is no object");
        return;
    }
    const char *sender = messaging_id(a, json_object_get(json_object_get(item, "sender"), "id"));
    const char *recipient =
        messaging_id(a, json_object_get(json_object_get(item, "recipient"), "id"));
    int64_t sent = meta_time(json_object_get(item, "timestamp"));
    if (!sent) sent = at->entry_unix_ms;

    const json_t *policy = json_object_get(item, "policy_enforcement");
    if (!policy) policy = json_object_get(item, "policy-enforcement");
    if (json_is_object(policy)) {
        take_policy(at, policy);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(noted); i++)
        if (json_object_get(item, noted[i][0])) {
            note(at, noted[i][1]);
            return;
        }
    if (!sender) {
        note(at, "an event without a person");
        return;
    }
    const json_t *v;
    if (json_is_object(v = json_object_get(item, "message")))
        take_message(at, item, v, sender, recipient, sent);
    else if (json_is_object(v = json_object_get(item, "postback")))
        take_postback(at, v, sender, sent);
    else if (json_is_object(v = json_object_get(item, "reaction")))
        take_reaction(at, v, sender, sent);
    else if (json_is_object(v = json_object_get(item, "message_edit")))
        take_edit(at, v, sender, sent);
    else if (json_is_object(v = json_object_get(item, "delivery")))
        take_mark(at, v, sender, STATUS_DELIVERED, sent);
    else if (json_is_object(v = json_object_get(item, "read")))
        take_mark(at, v, sender, STATUS_READ, sent);
    else if (json_is_object(v = json_object_get(item, "referral")))
        take_referral(at, v, sender, sent);
    else
        note(at, "an event of a kind that is not known");
}

/* A change, or the same written flat on the entry. Instagram's test button and some accounts by its
 * own login send messages this way. */
static void take_change(const struct place *at, const json_t *change)
{
    const char *field = messaging_text(at->a, change, "field", 60);
    const json_t *value = json_object_get(change, "value");
    if (json_is_object(json_object_get(value, "sender"))) {
        take_item(at, value);
        return;
    }
    static const char *const public_fields[] = {"comments", "live_comments", "mentions",
                                                "feed",     "mention",       "story_insights"};
    for (size_t i = 0; i < ARRAY_LEN(public_fields); i++)
        if (strcmp(public_fields[i], field) == 0) {
            note(at, "a comment or mention: not a message");
            return;
        }
    note(at, "a change of a field that is not known");
}

static void take_entry(struct place at, const json_t *entry)
{
    at.account = messaging_id(at.a, json_object_get(entry, "id"));
    at.entry_unix_ms = meta_time(json_object_get(entry, "time"));
    bool any = false;
    const json_t *list = json_object_get(entry, "messaging");
    for (size_t i = 0; i < json_array_size(list); i++)
        take_item(&at, json_array_get(list, i));
    any = any || json_is_array(list);
    list = json_object_get(entry, "changes");
    for (size_t i = 0; i < json_array_size(list); i++)
        take_change(&at, json_array_get(list, i));
    any = any || json_is_array(list);
    if (json_object_get(entry, "field")) {
        take_change(&at, entry);
        any = true;
    }
    at.standby = true;
    list = json_object_get(entry, "standby");
    for (size_t i = 0; i < json_array_size(list); i++)
        take_item(&at, json_array_get(list, i));
    any = any || json_is_array(list);
    if (!any) note(&at, "an entry without events");
}

enum err messaging_decode(struct arena *a, const struct messaging_platform *p, struct bytes body,
                          struct inbound_list *ret_list, const char **ret_why)
{
    json_t *j = NULL;
    enum err e = meta_json_parse(a, body, &j, ret_why);
    if (e) return e;
    const char *object = messaging_text(a, j, "object", 60);
    if (strcmp(object, p->object) != 0) {
        *ret_why = arena_printf(a, "the object is \"%s\", not \"%s\"", object, p->object);
        return ERR_INVALID;
    }
    const json_t *entries = json_object_get(j, "entry");
    if (!json_is_array(entries) || json_array_size(entries) > ENTRIES_MAX) {
        *ret_why = "there is no list of entries";
        return ERR_INVALID;
    }
    struct place at = {.a = a, .p = p, .list = ret_list};
    for (size_t i = 0; i < json_array_size(entries); i++)
        take_entry(at, json_array_get(entries, i));
    if (ret_list->count >= INBOUND_EVENTS_MAX || arena_exceeded(a)) {
        *ret_why = "there are too many events in it";
        return ERR_INVALID;
    }
    return ERR_OK;
}
