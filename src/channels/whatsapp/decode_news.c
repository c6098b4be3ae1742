/* Webhooks of WhatsApp about the account, its templates and its people, to neutral events. Most of
 * them carry no phone number id: they speak of the WABA, and concern the account that the body
 * came for. */
#include <stdio.h>
#include <string.h>

#include "channels/meta/meta_json.h"
#include "channels/whatsapp/decode.h"

/* --- templates ------------------------------------------------------------------------- */

/* "en-US" in news, "en_US" in sends. */
static const char *language_of(struct arena *a, const json_t *value)
{
    const char *text = meta_text(value, "message_template_language");
    char *copy = text ? arena_strdup(a, text) : NULL;
    char *dash = copy ? strchr(copy, '-') : NULL;
    if (dash) *dash = '_';
    return copy;
}

/* The lasting state behind an event; NULL: it has none. */
static const char *status_of(const char *event)
{
    static const char *const lasting[][2] = {
        {"FLAGGED", "APPROVED"}, {"REINSTATED", "APPROVED"},      {"UNARCHIVED", "APPROVED"},
        {"LOCKED", NULL},        {"PENDING_DELETION", "DELETED"},
    };
    for (size_t i = 0; i < ARRAY_LEN(lasting); i++)
        if (strcmp(lasting[i][0], event) == 0) return lasting[i][1];
    return event;
}

static const char *reason_of(const json_t *value)
{
    const char *text = meta_text(json_object_get(value, "rejection_info"), "reason");
    if (!text) text = meta_text(json_object_get(value, "other_info"), "description");
    if (!text) text = meta_text(value, "reason");
    return text && strcmp(text, "NONE") != 0 ? text : NULL;
}

static bool template_news(const struct wa_origin *o, const char *field, const json_t *value)
{
    struct arena *a = o->list->arena;
    struct inbound *in = wa_add(o, INBOUND_TEMPLATE);
    if (!in) return false;
    json_t *d = in->data = meta_object(a);
    meta_set_text(d, "externalId", meta_id(a, value, "message_template_id"));
    meta_set_text(d, "name", meta_text(value, "message_template_name"));
    meta_set_text(d, "language", language_of(a, value));
    meta_set_text(d, "wabaId", o->waba);
    const char *event = meta_text(value, "event");
    if (strcmp(field, "message_template_status_update") == 0 && event) {
        meta_set_text(d, "status", status_of(event));
        meta_set(d, "reason", json_string(reason_of(value) ? reason_of(value) : ""));
        meta_set_text(d, "category", meta_text(value, "message_template_category"));
        meta_set_text(d, "event", event);
    } else if (strcmp(field, "message_template_quality_update") == 0) {
        meta_set_text(d, "quality", meta_text(value, "new_quality_score"));
    } else if (strcmp(field, "template_category_update") == 0) {
        meta_set_text(d, "category", meta_text(value, "new_category"));
    } else {
        meta_set(d, "changed", json_true()); /* its components: only a synchronisation tells */
    }
    return true;
}

/* --- the account ----------------------------------------------------------------------- */

static json_t *account_event(const struct wa_origin *o)
{
    struct inbound *in = wa_add(o, INBOUND_ACCOUNT);
    if (!in) return NULL;
    in->data = meta_object(o->list->arena);
    meta_set_text(in->data, "wabaId", o->waba);
    return in->data;
}

static bool listed(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0) return true;
    return false;
}

static bool account_update(const struct wa_origin *o, const json_t *value)
{
    static const char *const gone[] = {"ACCOUNT_DELETED", "PARTNER_REMOVED",
                                       "PARTNER_APP_UNINSTALLED", "ACCOUNT_OFFBOARDED"};
    static const char *const back[] = {"PARTNER_ADDED", "PARTNER_APP_INSTALLED",
                                       "ACCOUNT_RECONNECTED"};
    static const char *const bad[] = {"ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION"};
    struct arena *a = o->list->arena;
    const char *event = meta_text(value, "event");
    json_t *d = account_event(o);
    if (!d) return false;
    if (!event) event = "?";
    meta_set_text(d, "event", event);
    if (listed(event, gone, ARRAY_LEN(gone))) {
        meta_set_text(d, "status", "disconnected");
        meta_set_text(d, "reason", event);
    } else if (listed(event, back, ARRAY_LEN(back))) {
        meta_set_text(d, "status", "connected");
    } else if (strcmp(event, "DISABLED_UPDATE") == 0) {
        const char *state = meta_text(json_object_get(value, "ban_info"), "waba_ban_state");
        bool lifted = state && strcmp(state, "REINSTATE") == 0;
        meta_set_text(d, "status", lifted ? "connected" : "disconnected");
        meta_set_text(d, "reason", arena_printf(a, "%s %s", event, state ? state : ""));
    } else if (listed(event, bad, ARRAY_LEN(bad))) {
        const json_t *first = json_array_get(json_object_get(value, "restriction_info"), 0);
        const char *what = meta_text(first, "restriction_type");
        if (!what) what = meta_text(json_object_get(value, "violation_info"), "violation_type");
        meta_set_text(d, "reason", what ? arena_printf(a, "%s: %s", event, what) : event);
    }
    return true;
}

static bool quality_news(const struct wa_origin *o, const char *field, const json_t *value)
{
    struct arena *a = o->list->arena;
    json_t *d = account_event(o), *q = json_object();
    if (!d) {
        json_decref(q);
        return false;
    }
    const char *event = meta_text(value, "event");
    meta_set_text(d, "address", meta_id(a, value, "display_phone_number"));
    meta_set_text(d, "event", event ? event : field);
    if (strcmp(field, "phone_number_quality_update") == 0) {
        meta_set_text(q, "tier", meta_id(a, value, "current_limit"));
        if (event && (strcmp(event, "FLAGGED") == 0 || strcmp(event, "UNFLAGGED") == 0))
            meta_set_text(q, "state", event);
    } else if (strcmp(field, "phone_number_name_update") == 0) {
        meta_set_text(q, "nameStatus", meta_text(value, "decision"));
        meta_set_text(q, "name", meta_text(value, "requested_verified_name"));
        meta_set_text(d, "reason", meta_text(value, "rejection_reason"));
    } else if (strcmp(field, "business_capability_update") == 0) {
        const char *limit = meta_id(a, value, "max_daily_conversations_per_business");
        if (!limit) limit = meta_id(a, value, "max_daily_conversation_per_phone");
        meta_set_text(q, "limit", limit);
    } else if (strcmp(field, "account_review_update") == 0) {
        meta_set_text(q, "review", meta_text(value, "decision"));
    } else { /* account_alerts, security */
        const char *text = meta_text(value, "alert_description");
        meta_set_text(d, "reason", text ? text : event ? event : field);
    }
    if (json_object_size(q) > 0)
        meta_set(d, "quality", q);
    else
        json_decref(q);
    return true;
}

/* --- people ---------------------------------------------------------------------------- */

static bool user_ids(const struct wa_origin *o, const json_t *value)
{
    struct arena *a = o->list->arena;
    const json_t *list = json_object_get(value, "user_id_update");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *ids = json_object_get(one, "user_id");
        const char *previous = meta_id(a, ids, "previous"), *current = meta_id(a, ids, "current");
        if (!previous || !current || strcmp(previous, current) == 0) continue;
        struct inbound *in = wa_add(o, INBOUND_IDENTITY);
        if (!in) return false;
        in->previous = previous;
        in->identifier = current;
        in->also = meta_id(a, one, "wa_id");
        in->sent_unix_ms = meta_time(json_object_get(one, "timestamp"));
    }
    return true;
}

static bool preferences(const struct wa_origin *o, const json_t *value)
{
    struct arena *a = o->list->arena;
    const json_t *list = json_object_get(value, "user_preferences");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct inbound *in = wa_add(o, INBOUND_NOTE);
        if (!in) return false;
        const char *category = meta_text(one, "category"), *wish = meta_text(one, "value");
        const char *phone = meta_id(a, one, "wa_id"), *user = meta_id(a, one, "user_id");
        in->identifier = phone ? phone : user;
        in->also = phone ? user : NULL;
        in->text = arena_printf(a, "%s: %s", category ? category : "preference", wish ? wish : "?");
    }
    return true;
}

/* The phone app's address book: what its owner calls people. That somebody was removed from it takes
 * no name away. */
static bool address_book(const struct wa_origin *o, const json_t *value)
{
    struct arena *a = o->list->arena;
    const json_t *list = json_object_get(value, "state_sync");
    size_t others = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *contact = json_object_get(one, "contact");
        const char *action = meta_text(one, "action"), *name = meta_text(contact, "full_name");
        const char *phone = meta_id(a, contact, "phone_number");
        if (!name) name = meta_text(contact, "first_name");
        if (!action || strcmp(action, "remove") == 0 || !name || !wa_is_phone(phone)) {
            others++;
            continue;
        }
        struct inbound *in = wa_add(o, INBOUND_NAME);
        if (!in) return false;
        in->identifier = phone;
        in->customer_name = name;
        in->sent_unix_ms =
            meta_time(json_object_get(json_object_get(one, "metadata"), "timestamp"));
    }
    return others == 0 || wa_note(o, arena_printf(a, "address book: %zu others", others));
}

bool wa_news(const struct wa_origin *o, const char *field, const json_t *value)
{
    static const char *const templates[] = {
        "message_template_status_update", "message_template_quality_update",
        "message_template_components_update", "template_category_update"};
    static const char *const quality[] = {
        "phone_number_quality_update", "phone_number_name_update", "business_capability_update",
        "account_review_update",       "account_alerts",           "security"};
    if (listed(field, templates, ARRAY_LEN(templates))) return template_news(o, field, value);
    if (listed(field, quality, ARRAY_LEN(quality))) return quality_news(o, field, value);
    if (strcmp(field, "account_update") == 0) return account_update(o, value);
    if (strcmp(field, "user_id_update") == 0) return user_ids(o, value);
    if (strcmp(field, "smb_app_state_sync") == 0) return address_book(o, value);
    if (strcmp(field, "user_preferences") == 0) return preferences(o, value);
    return wa_note(o, arena_printf(o->list->arena, "field %.60s", field));
}
