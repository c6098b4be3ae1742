/* The errors of Meta's platforms, as a table (meta_errors.h). The first row that fits counts, so
 * that rows with a subcode stand before those without. To add one: a row, and its words under
 * channels.errors in web/src/lib/i18n (pt, es, en). */
#include "channels/meta/meta_errors.h"

#include <ctype.h>
#include <string.h>

#include "channels/meta/meta_json.h"

#define PAIR_WAIT_MAX_MS HOUR_MS
#define SLOW_WAIT_MS     (5 * SECOND_MS)
#define QUOTA_WAIT_MS    (5 * MINUTE_MS)
#define TEXT_MAX         1000 /* bytes of a platform's words that are kept */
#define TOKEN_MIN        40   /* letters and digits in a row that are taken for a token */

#define WA META_WHATSAPP
#define PG META_MESSENGER

const struct meta_error_row meta_error_rows[] = {
    /* Messenger and Instagram, by subcode */
    {PG, 10, 10, 2018278, META_RECIPIENT, "META_WINDOW_CLOSED_PAGE",
     "More than 24 hours have passed since this person last wrote; wait until they write again."},
    {PG, 10, 10, 2534022, META_RECIPIENT, "META_WINDOW_CLOSED_PAGE",
     "More than 24 hours have passed since this person last wrote; wait until they write again."},
    {PG, 10, 10, 2018065, META_RECONNECT, "META_PERMISSION",
     "A permission for this account is missing; connect it again and allow everything."},
    {PG, 10, 10, 2018108, META_RECIPIENT, "META_CANNOT_RECEIVE",
     "This person cannot receive messages now."},
    {PG, 10, 10, 2018300, META_RECIPIENT, "META_THREAD_ELSEWHERE",
     "Another app answers this person now; take the conversation over there first."},
    {PG, 10, 10, 1893063, META_ACCOUNT, "META_RESTRICTED",
     "Meta has restricted this account; see its support page at Meta."},
    {PG, 100, 100, 2018001, META_RECIPIENT, "META_NO_SUCH_PERSON",
     "This person does not exist for this account."},
    {PG, 100, 100, 2018047, META_CONTENT, "META_MEDIA", "The file could not be taken by Meta."},
    {PG, 100, 100, 2018008, META_CONTENT, "META_MEDIA", "The file could not be taken by Meta."},
    {PG, 100, 100, 2018294, META_CONTENT, "META_MEDIA", "The file could not be taken by Meta."},
    {PG, 100, 100, 2018074, META_CONTENT, "META_MEDIA", "The file could not be taken by Meta."},
    {PG, 551, 551, 0, META_RECIPIENT, "META_UNAVAILABLE",
     "This person cannot be reached now: blocked us, or left the platform."},
    {PG, 2018001, 2018001, 0, META_RECIPIENT, "META_NO_SUCH_PERSON",
     "This person does not exist for this account."},

    /* WhatsApp, by subcode */
    {WA, 100, 100, 33, META_ACCOUNT, "META_NUMBER_GONE",
     "The number or account is gone, or the token may not use it."},
    {WA, 33, 33, 0, META_ACCOUNT, "META_NUMBER_GONE",
     "The number or account is gone, or the token may not use it."},

    /* temporary */
    {WA, 131000, 131000, 0, META_LATER, "META_TEMPORARY", "Meta has a passing trouble."},
    {WA, 131016, 131016, 0, META_LATER, "META_TEMPORARY", "Meta has a passing trouble."},
    {WA, 131057, 131057, 0, META_LATER, "META_MAINTENANCE", "The account is in maintenance."},
    {WA, 133004, 133004, 0, META_LATER, "META_TEMPORARY", "Meta has a passing trouble."},

    /* too fast */
    {WA, 80007, 80007, 0, META_SLOW, "META_RATE_LIMIT", "Too many messages in a short time."},
    {WA, 130429, 130429, 0, META_SLOW, "META_RATE_LIMIT", "Too many messages in a short time."},
    {WA, 131056, 131056, 0, META_SLOW, "META_PAIR_LIMIT",
     "Too many messages to this person in a short time."},

    /* window */
    {WA, 131047, 131047, 0, META_TEMPLATE, "META_WINDOW_CLOSED",
     "More than 24 hours have passed since this person last wrote; send a template."},

    /* rights */
    {WA, 131005, 131005, 0, META_RECONNECT, "META_PERMISSION",
     "A permission for this account is missing; connect it again and allow everything."},

    /* account */
    {WA, 131048, 131048, 0, META_ACCOUNT, "META_SPAM",
     "Meta has limited this number because people reported its messages as spam."},
    {WA, 131064, 131064, 0, META_ACCOUNT, "META_SPAM",
     "Meta has limited this number because of how its templates are classified."},
    {WA, 131031, 131031, 0, META_ACCOUNT, "META_RESTRICTED",
     "Meta has restricted this account; see its support page at Meta."},
    {WA, 130497, 130497, 0, META_ACCOUNT, "META_COUNTRY",
     "This account may not write to people in this country."},
    {WA, 131042, 131042, 0, META_ACCOUNT, "META_PAYMENT",
     "Meta has no valid way of payment for this account."},
    {WA, 131045, 131045, 0, META_ACCOUNT, "META_NOT_REGISTERED",
     "The number is not registered with WhatsApp's platform."},
    {WA, 133010, 133010, 0, META_ACCOUNT, "META_NOT_REGISTERED",
     "The number is not registered with WhatsApp's platform."},
    {WA, 131037, 131037, 0, META_ACCOUNT, "META_DISPLAY_NAME",
     "Meta must first approve the display name of this number."},
    {WA, 133005, 133005, 0, META_ACCOUNT, "META_PIN_WRONG",
     "The six-digit PIN is not the one of this number."},
    {WA, 133008, 133009, 0, META_ACCOUNT, "META_PIN_WAIT",
     "Too many wrong PINs; wait before trying again."},
    {WA, 133000, 133016, 0, META_ACCOUNT, "META_REGISTRATION",
     "The number could not be registered with WhatsApp's platform."},
    {WA, 2593107, 2593108, 0, META_ACCOUNT, "META_SYNC_REFUSED",
     "The history of the phone app can be fetched once, within 24 hours."},

    /* recipient */
    {WA, 131026, 131026, 0, META_RECIPIENT, "META_UNDELIVERABLE",
     "This number cannot be reached: not on WhatsApp, an old app, or its terms not accepted."},
    {WA, 130403, 130403, 0, META_RECIPIENT, "META_BLOCKED", "This person is blocked."},
    {WA, 131050, 131050, 0, META_RECIPIENT, "META_STOPPED_MARKETING",
     "This person wants no marketing messages."},
    {WA, 131049, 131049, 0, META_RECIPIENT, "META_HELD_BACK",
     "Meta held this message back for this person; do not try again within 24 hours."},
    {WA, 130472, 130472, 0, META_RECIPIENT, "META_HELD_BACK",
     "Meta held this message back for this person; do not try again within 24 hours."},
    {WA, 131021, 131021, 0, META_RECIPIENT, "META_OWN_NUMBER",
     "This is the number that writes: it cannot write to itself."},
    {WA, 131030, 131030, 0, META_RECIPIENT, "META_TEST_RECIPIENT",
     "A test number may only write to the numbers on its list at Meta."},
    {WA, 131062, 131062, 0, META_RECIPIENT, "META_NEEDS_PHONE",
     "This template needs the person's telephone number, which is not known."},

    /* content */
    {WA, 131052, 131053, 0, META_CONTENT, "META_MEDIA", "The file could not be taken by Meta."},
    {WA, 132001, 132001, 0, META_CONTENT, "META_TEMPLATE_MISSING",
     "The template does not exist in this language, or is not approved."},
    {WA, 132000, 132000, 0, META_CONTENT, "META_TEMPLATE_PARAMETERS",
     "The values do not fit the template."},
    {WA, 132012, 132012, 0, META_CONTENT, "META_TEMPLATE_PARAMETERS",
     "The values do not fit the template."},
    {WA, 132018, 132018, 0, META_CONTENT, "META_TEMPLATE_PARAMETERS",
     "The values do not fit the template."},
    {WA, 132005, 132005, 0, META_CONTENT, "META_TEMPLATE_LONG",
     "The template is too long with these values."},
    {WA, 132007, 132007, 0, META_CONTENT, "META_TEMPLATE_POLICY",
     "The template breaks a rule of WhatsApp."},
    {WA, 132015, 132016, 0, META_CONTENT, "META_TEMPLATE_PAUSED",
     "Meta has paused or disabled this template because of its quality."},
    {WA, 132068, 132069, 0, META_CONTENT, "META_TEMPLATE_PAUSED",
     "Meta has paused or disabled this template because of its quality."},
    {WA, 131008, 131009, 0, META_CONTENT, "META_INVALID",
     "WhatsApp does not take this message as it is."},
    {WA, 131051, 131051, 0, META_CONTENT, "META_INVALID",
     "WhatsApp does not take this message as it is."},
    {WA, 135000, 135000, 0, META_CONTENT, "META_INVALID",
     "WhatsApp does not take this message as it is."},

    /* the Graph API itself */
    {META_EVERY, 0, 0, 0, META_RECONNECT, "META_TOKEN",
     "The access token is no longer valid; connect the account again."},
    {META_EVERY, 190, 190, 0, META_RECONNECT, "META_TOKEN",
     "The access token is no longer valid; connect the account again."},
    {META_EVERY, 102, 102, 0, META_RECONNECT, "META_TOKEN",
     "The access token is no longer valid; connect the account again."},
    {META_EVERY, 1, 2, 0, META_LATER, "META_TEMPORARY", "Meta has a passing trouble."},
    {META_EVERY, 4, 4, 0, META_SLOW, "META_QUOTA", "Too many calls to Meta in the last hour."},
    {META_EVERY, 17, 17, 0, META_SLOW, "META_QUOTA", "Too many calls to Meta in the last hour."},
    {META_EVERY, 32, 32, 0, META_SLOW, "META_QUOTA", "Too many calls to Meta in the last hour."},
    {META_EVERY, 613, 613, 0, META_SLOW, "META_RATE_LIMIT", "Too many messages in a short time."},
    {META_EVERY, 3, 3, 0, META_RECONNECT, "META_PERMISSION",
     "A permission for this account is missing; connect it again and allow everything."},
    {META_EVERY, 10, 10, 0, META_RECONNECT, "META_PERMISSION",
     "A permission for this account is missing; connect it again and allow everything."},
    {META_EVERY, 200, 299, 0, META_RECONNECT, "META_PERMISSION",
     "A permission for this account is missing; connect it again and allow everything."},
    {META_EVERY, 368, 368, 0, META_ACCOUNT, "META_RESTRICTED",
     "Meta has restricted this account; see its support page at Meta."},
    {META_EVERY, 100, 100, 0, META_CONTENT, "META_INVALID",
     "Meta does not take this message as it is."},
    {0},
};

static bool row_fits(const struct meta_error_row *row, enum meta_product product, int code,
                     int subcode)
{
    if (product == META_INSTAGRAM) product = META_MESSENGER;
    if (row->product != META_EVERY && row->product != product) return false;
    return code >= row->code_min && code <= row->code_max &&
           (row->subcode == 0 || row->subcode == subcode);
}

/* "Malformed access token EAAB…": what looks like a token goes. */
static void blank_tokens(char *text)
{
    for (char *p = text; *p;) {
        size_t len = 0;
        while (isalnum((unsigned char)p[len]) || p[len] == '_' || p[len] == '-' || p[len] == '|')
            len++;
        if (len >= TOKEN_MIN) memset(p, '*', len);
        p += len ? len : 1;
    }
}

static const char *kept_text(struct arena *a, const char *text)
{
    if (!text) return "";
    size_t len = strnlen(text, TEXT_MAX);
    char *clean = text_clean(a, text, len);
    if (clean) blank_tokens(clean);
    return clean ? clean : "";
}

static void set(struct meta_error *e, enum meta_class class, const char *id, const char *words)
{
    e->class = class;
    e->id = id;
    e->words = words;
}

/* An answer without an error object. */
static void read_status(int status, struct meta_error *e)
{
    if (status > 0 && status < 400) return;
    if (status == 401)
        set(e, META_RECONNECT, "META_TOKEN",
            "The access token is no longer valid; connect the account again.");
    else if (status == 429)
        set(e, META_SLOW, "META_RATE_LIMIT", "Too many messages in a short time.");
    else if (status >= 500)
        set(e, META_LATER, "META_TEMPORARY", "Meta has a passing trouble.");
    else
        set(e, META_CONTENT, "META_REFUSED", "Meta refused it without saying why.");
    if (e->class == META_SLOW) e->retry_after_ms = SLOW_WAIT_MS;
}

static void read_code(enum meta_product product, int status, bool transient, struct meta_error *e)
{
    for (const struct meta_error_row *row = meta_error_rows; row->id; row++) {
        if (!row_fits(row, product, e->code, e->subcode)) continue;
        set(e, row->class, row->id, row->words);
        if (e->class == META_SLOW)
            e->retry_after_ms = strcmp(e->id, "META_QUOTA") == 0 ? QUOTA_WAIT_MS : SLOW_WAIT_MS;
        return;
    }
    if (transient || status >= 500)
        set(e, META_LATER, "META_TEMPORARY", "Meta has a passing trouble.");
    else
        set(e, META_CONTENT, "META_REFUSED", "Meta refused it.");
}

void meta_error_read(struct arena *a, enum meta_product product, int http_status,
                     const json_t *json, struct meta_error *ret)
{
    *ret = (struct meta_error){.message = "", .details = ""};
    const json_t *error = json_object_get(json, "error");
    if (!json_is_object(error)) {
        const json_t *bare = json_object_get(json, "code");
        error = json_is_integer(bare) || (http_status >= 400 && json_is_string(bare)) ? json : NULL;
    }
    if (!error) {
        read_status(http_status, ret);
        return;
    }
    ret->raw = json_deep_copy(error);
    json_t *holder = meta_array(a);
    if (holder && ret->raw) json_array_append_new(holder, ret->raw);
    ret->code = (int)json_get_int(error, "code", -1);
    ret->subcode = (int)json_get_int(error, "error_subcode", 0);
    const char *message = meta_text(error, "message");
    if (!message) message = meta_text(error, "title");
    if (!message) message = meta_text(error, "error_message");
    const char *details = meta_text(json_object_get(error, "error_data"), "details");
    if (!details) details = meta_text(error, "error_user_msg");
    ret->message = kept_text(a, message);
    ret->details = kept_text(a, details);
    if (ret->raw && meta_text(ret->raw, "message"))
        json_object_set_new(ret->raw, "message", json_string(ret->message));
    read_code(product, http_status, json_is_true(json_object_get(error, "is_transient")), ret);
}

const char *meta_error_advice(enum meta_class class)
{
    switch (class) {
    case META_LATER:
    case META_SLOW: return "later";
    case META_TEMPLATE: return "template";
    case META_RECONNECT: return "reconnect";
    case META_RECIPIENT: return "recipient";
    case META_CONTENT: return "content";
    case META_ACCOUNT: return "account";
    case META_FINE: break;
    }
    return NULL;
}

json_t *meta_error_json(struct arena *a, const struct meta_error *e)
{
    json_t *j = meta_object(a);
    meta_set_text(j, "code", e->id ? e->id : "META_REFUSED");
    meta_set_text(j, "message", e->words ? e->words : "Meta refused it.");
    meta_set_text(j, "advice", meta_error_advice(e->class));
    if (e->raw) meta_set(j, "raw", json_incref(e->raw));
    return j;
}

void meta_error_result(const struct meta_error *e, int tries, struct send_result *ret)
{
    ret->error_code = e->id;
    ret->error_message = e->words;
    ret->advice = meta_error_advice(e->class);
    ret->error_raw = e->raw;
    switch (e->class) {
    case META_FINE: ret->outcome = SEND_OK; return;
    case META_LATER:
        ret->outcome = SEND_LATER;
        ret->retry_after_ms = e->retry_after_ms;
        return;
    case META_SLOW: {
        int64_t wait = e->retry_after_ms;
        if (e->code == 131056) /* 4^tries seconds, as the platform asks for */
            wait = tries < 6 ? SECOND_MS << (2 * (tries < 1 ? 1 : tries)) : PAIR_WAIT_MAX_MS;
        ret->outcome = SEND_LATER;
        ret->retry_after_ms = wait > PAIR_WAIT_MAX_MS ? PAIR_WAIT_MAX_MS : wait;
        return;
    }
    case META_RECONNECT: ret->outcome = SEND_DISCONNECTED; return;
    case META_TEMPLATE:
    case META_RECIPIENT:
    case META_CONTENT:
    case META_ACCOUNT: ret->outcome = SEND_REFUSED; return;
    }
}
