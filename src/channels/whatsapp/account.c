/* A WhatsApp account: does it work (each piece by itself, with what is wrong), what is done once it
 * is saved (subscribe to its webhooks, register the number, begin the synchronisations of a number
 * that is also used in the phone app), what is looked after every hour (token, subscription, number,
 * templates). */
#include <string.h>

#include "base/clock.h"
#include "channels/channels.h"
#include "channels/meta/meta_json.h"
#include "channels/meta/meta_oauth.h"
#include "channels/templates.h"
#include "channels/whatsapp/whatsapp.h"
#include "core/jobs.h"
#include "core/log.h"
#include "sql.h"

#define NUMBER_FIELDS                                                                              \
    "id,display_phone_number,verified_name,quality_rating,messaging_limit_tier,name_status,"       \
    "code_verification_status,platform_type,throughput,status,is_on_biz_app"
#define EXPIRES_SOON_MS       (7 * DAY_MS)
#define TOKEN_EXPIRED_SUBCODE 463
#define NAMES_AFTER_MS        HOUR_MS

/* --- the check ------------------------------------------------------------------------- */

static struct check_step *step(struct check_result *r, const char *id)
{
    struct check_step *s = &r->steps[r->count < CHECK_STEPS_MAX ? r->count++ : CHECK_STEPS_MAX - 1];
    *s = (struct check_step){.id = id, .ok = true};
    return s;
}

static void wrong(struct check_step *s, const char *code, const char *field, const char *message)
{
    s->ok = false;
    s->code = code;
    s->field = field;
    s->message = message;
}

/* What a refusal means for the id that was asked for. */
static void refused(struct ctx *c, struct check_step *s, const struct meta_error *e,
                    const char *code, const char *field, const char *message)
{
    if (e->class == META_LATER || e->class == META_SLOW)
        wrong(s, e->id, NULL, e->words);
    else if (e->code == 190)
        wrong(s, "META_TOKEN", "secrets.token", e->words);
    else
        wrong(s, code, field,
              *e->message ? arena_printf(c->arena, "%s Meta says: %s", message, e->message)
                          : message);
}

/* Nobody answered: that ends the check, but not the function. */
static bool unreachable(struct ctx *c, struct check_step *s, enum err e)
{
    if (!e) return false;
    wrong(s, "META_UNREACHABLE", NULL,
          c->fault.message ? c->fault.message : "Meta could not be reached.");
    fault_clear(c);
    return true;
}

static bool check_token(struct ctx *c, const struct channel *ch, struct check_result *r,
                        struct meta_token_info *info)
{
    struct check_step *s = step(r, "token");
    const char *token = meta_text(ch->secrets, "token");
    if (!token) {
        wrong(s, "TOKEN_MISSING", "secrets.token", "An access token is needed.");
        return false;
    }
    /* Asked with the token itself: so its app shows even when the secret is another app's. */
    enum err e = meta_token_debug(c, ch, NULL, token, info);
    if (unreachable(c, s, e)) return false;
    r->token_expires_unix_ms = info->expires_unix_ms;
    if (!info->valid) {
        bool expired = info->error.subcode == TOKEN_EXPIRED_SUBCODE ||
                       (info->expires_unix_ms > 0 && info->expires_unix_ms < clock_unix_ms());
        const struct meta_error *why = &info->error;
        if (why->class == META_LATER || why->class == META_SLOW)
            wrong(s, why->id, NULL, why->words);
        else
            wrong(s, expired ? "TOKEN_EXPIRED" : "TOKEN_INVALID", "secrets.token",
                  expired ? "The access token has expired."
                          : "Meta does not know this access token.");
        return false;
    }
    s = step(r, "permissions");
    /* Tokens of embedded sign-up may carry the second under another name; whether they reach the
     * account is asked next. */
    if (!meta_token_scope(info, "whatsapp_business_messaging") ||
        (!meta_token_scope(info, "whatsapp_business_management") &&
         !meta_token_scope(info, "whatsapp_business_manage_events")))
        wrong(s, "TOKEN_SCOPES", "secrets.token",
              "The token lacks whatsapp_business_messaging or whatsapp_business_management.");
    return s->ok;
}

/* The app secret signs what comes in: is it the one of the token's app? */
static bool check_secret(struct ctx *c, const struct channel *ch, struct check_result *r,
                         const struct meta_token_info *info)
{
    struct check_step *s = step(r, "secret");
    const char *own = meta_text(ch->secrets, "appSecret");
    const struct config *config = c->app->config;
    if (!own) {
        bool ours = config->meta_app_secret && config->meta_app_id && info->app_id &&
                    strcmp(config->meta_app_id, info->app_id) == 0;
        if (!ours)
            wrong(s, "APP_SECRET_MISSING", "secrets.appSecret",
                  "The app secret is needed: it proves that what comes in is Meta's.");
        return ours;
    }
    if (!info->app_id) return true;
    struct meta_app app = {info->app_id, own};
    struct meta_token_info again;
    enum err e = meta_token_debug(c, ch, &app, json_get_text(ch->secrets, "token"), &again);
    if (unreachable(c, s, e)) return false;
    if (again.valid) return true;
    if (again.error.class == META_LATER && again.error.code != 1)
        wrong(s, again.error.id, NULL, again.error.words);
    else
        wrong(s, "APP_SECRET_WRONG", "secrets.appSecret",
              "This is not the secret of the app that the token belongs to.");
    return false;
}

static bool check_waba(struct ctx *c, const struct channel *ch, struct check_result *r)
{
    struct check_step *s = step(r, "waba");
    struct graph_answer answer;
    const char *path = arena_printf(c->arena, "/%s?fields=id,name",
                                    graph_escape(c->arena, whatsapp_setting(ch, "wabaId")));
    enum err e = whatsapp_call(c, ch, "check.waba", "GET", path, NULL, &answer);
    if (unreachable(c, s, e)) return false;
    if (answer.error.class != META_FINE)
        refused(c, s, &answer.error, "WABA_NOT_FOUND", "settings.wabaId",
                "The token cannot see a WhatsApp Business account with this id.");
    return s->ok;
}

/* Is the number one of the WABA's? All pages are looked through. */
static enum err number_listed(struct ctx *c, const struct channel *ch, bool *ret_listed)
{
    const char *after = NULL, *wanted = whatsapp_setting(ch, "phoneNumberId");
    *ret_listed = false;
    for (int page = 0; page < 20; page++) {
        struct graph_answer answer;
        const char *path =
            arena_printf(c->arena, "/%s/phone_numbers?fields=id&limit=100%s%s",
                         graph_escape(c->arena, whatsapp_setting(ch, "wabaId")),
                         after ? "&after=" : "", after ? graph_escape(c->arena, after) : "");
        enum err e = whatsapp_call(c, ch, "check.numbers", "GET", path, NULL, &answer);
        if (e) return e;
        const json_t *data = json_object_get(answer.json, "data");
        for (size_t i = 0; i < json_array_size(data); i++) {
            const char *id = meta_id(c->arena, json_array_get(data, i), "id");
            if (id && strcmp(id, wanted) == 0) *ret_listed = true;
        }
        const json_t *paging = json_object_get(answer.json, "paging");
        after = meta_text(json_object_get(paging, "cursors"), "after");
        if (*ret_listed || !after || !json_object_get(paging, "next")) break;
    }
    return ERR_OK;
}

/* What the platform says of the number, as channels.quality. */
static json_t *quality_of(struct ctx *c, const json_t *number)
{
    static const char *const names[][2] = {
        {"quality_rating", "rating"},  {"messaging_limit_tier", "tier"},
        {"name_status", "nameStatus"}, {"verified_name", "name"},
        {"status", "status"},          {"code_verification_status", "verification"},
        {"platform_type", "platform"},
    };
    json_t *q = meta_object(c->arena);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        meta_set_text(q, names[i][1], meta_text(number, names[i][0]));
    meta_set_text(q, "throughput", meta_text(json_object_get(number, "throughput"), "level"));
    if (json_is_true(json_object_get(number, "is_on_biz_app")))
        meta_set(q, "coexistence", json_true());
    return q;
}

static enum err number_get(struct ctx *c, const struct channel *ch, struct graph_answer *ret)
{
    const char *path = arena_printf(c->arena, "/%s?fields=" NUMBER_FIELDS,
                                    graph_escape(c->arena, whatsapp_setting(ch, "phoneNumberId")));
    return whatsapp_call(c, ch, "check.number", "GET", path, NULL, ret);
}

static bool check_number(struct ctx *c, const struct channel *ch, struct check_result *r)
{
    struct check_step *s = step(r, "number");
    struct graph_answer answer;
    enum err e = number_get(c, ch, &answer);
    if (unreachable(c, s, e)) return false;
    if (answer.error.class != META_FINE) {
        refused(c, s, &answer.error, "NUMBER_NOT_FOUND", "settings.phoneNumberId",
                "The token cannot see a number with this id.");
        return false;
    }
    bool listed = false;
    if (unreachable(c, s, number_listed(c, ch, &listed))) return false;
    if (!listed) {
        wrong(s, "NUMBER_NOT_IN_WABA", "settings.phoneNumberId",
              "The number belongs to another WhatsApp Business account.");
        return false;
    }
    r->quality = quality_of(c, answer.json);
    r->name = meta_text(answer.json, "verified_name");
    r->address = meta_text(answer.json, "display_phone_number");
    r->external_account = meta_id(c->arena, answer.json, "id");
    s = step(r, "registered");
    const char *platform = meta_text(answer.json, "platform_type");
    bool cloud = !platform || strcmp(platform, "CLOUD_API") == 0;
    bool shared = json_get_bool(ch->settings, "coexistence", false) ||
                  json_is_true(json_object_get(answer.json, "is_on_biz_app"));
    const char *verified = meta_text(answer.json, "code_verification_status");
    if (!cloud && !shared && verified && strcmp(verified, "NOT_VERIFIED") == 0)
        wrong(s, "NUMBER_NOT_VERIFIED", "settings.phoneNumberId",
              "The number must first be verified at Meta.");
    else if (!cloud && !shared && !meta_text(ch->secrets, "pin"))
        wrong(s, "NUMBER_NOT_REGISTERED", "secrets.pin",
              "The number is not registered yet: choose a PIN of six digits for it.");
    return s->ok;
}

/* Are the account's webhooks sent to an app of ours? Only once it is saved. */
static void check_webhook(struct ctx *c, const struct channel *ch, struct check_result *r,
                          const char *app_id)
{
    if (uuid_is_nil(ch->id)) return;
    struct check_step *s = step(r, "webhook");
    struct graph_answer answer;
    const char *path = arena_printf(c->arena, "/%s/subscribed_apps",
                                    graph_escape(c->arena, whatsapp_setting(ch, "wabaId")));
    enum err e = whatsapp_call(c, ch, "check.webhook", "GET", path, NULL, &answer);
    if (unreachable(c, s, e)) return;
    const json_t *data = json_object_get(answer.json, "data");
    for (size_t i = 0; app_id && i < json_array_size(data); i++) {
        const json_t *app = json_object_get(json_array_get(data, i), "whatsapp_business_api_data");
        const char *id = meta_id(c->arena, app, "id");
        if (id && strcmp(id, app_id) == 0) return;
    }
    wrong(s, "WEBHOOK_NOT_SUBSCRIBED", NULL,
          "The app does not receive this account's messages; save again to subscribe it.");
}

enum err whatsapp_check(struct ctx *c, const struct channel *ch, struct check_result *ret)
{
    struct meta_token_info info = {0};
    *ret = (struct check_result){0};
    if (!check_token(c, ch, ret, &info)) return ERR_OK;
    bool fine = check_secret(c, ch, ret, &info);
    fine = check_waba(c, ch, ret) && fine;
    fine = check_number(c, ch, ret) && fine;
    if (fine) check_webhook(c, ch, ret, info.app_id);
    return ERR_OK;
}

/* --- connected ------------------------------------------------------------------------- */

/* ERR_UNAUTHORIZED: the account becomes disconnected with these words. */
static enum err failed(struct ctx *c, const struct meta_error *e, const char *what)
{
    const char *said = *e->details ? e->details : *e->message ? e->message : e->words;
    if (e->class == META_LATER || e->class == META_SLOW)
        return fault(c, ERR_UPSTREAM, e->id, "%s: %s", what, said);
    /* Trying again would change nothing (and wrong PINs lock the number): a person must. */
    return fault(c, ERR_UNAUTHORIZED, e->id, "%s: %s", what, said);
}

/* The callback may be this account's own, so that one app serves many organizations; where the
 * platform does not take ours (not reachable from outside), the app's own callback stands. */
static enum err subscribe(struct ctx *c, const struct channel *ch)
{
    const char *path = arena_printf(c->arena, "/%s/subscribed_apps",
                                    graph_escape(c->arena, whatsapp_setting(ch, "wabaId")));
    const char *public_url = c->app->config->public_url,
               *verify = whatsapp_setting(ch, "verifyToken");
    struct graph_answer answer;
    if (public_url && ch->public_key && *verify) {
        json_t *body = meta_object(c->arena);
        meta_set_text(body, "override_callback_uri",
                      arena_printf(c->arena, "%s/hooks/whatsapp/%s", public_url, ch->public_key));
        meta_set_text(body, "verify_token", verify);
        enum err e = whatsapp_call(c, ch, "subscribe", "POST", path, body, &answer);
        if (e || answer.error.class == META_FINE) return e;
        if (answer.error.class != META_CONTENT && answer.error.class != META_LATER)
            return failed(c, &answer.error, "the webhooks");
    }
    enum err e = whatsapp_call(c, ch, "subscribe", "POST", path, NULL, &answer);
    if (e || answer.error.class == META_FINE) return e;
    return failed(c, &answer.error, "the webhooks");
}

/* A number that is not on the platform yet. */
static enum err register_number(struct ctx *c, const struct channel *ch, const json_t *number)
{
    const char *pin = meta_text(ch->secrets, "pin");
    const char *platform = meta_text(number, "platform_type");
    bool cloud = platform && strcmp(platform, "CLOUD_API") == 0;
    if (cloud || !pin) return ERR_OK;
    json_t *body = meta_object(c->arena);
    meta_set_text(body, "messaging_product", "whatsapp");
    meta_set_text(body, "pin", pin);
    struct graph_answer answer;
    const char *path = arena_printf(c->arena, "/%s/register",
                                    graph_escape(c->arena, whatsapp_setting(ch, "phoneNumberId")));
    enum err e = whatsapp_call(c, ch, "register", "POST", path, body, &answer);
    if (e || answer.error.class == META_FINE) return e;
    return failed(c, &answer.error, "registering the number");
}

/* Ask for something of the phone app. Each can be asked for once, within a day; what is refused for
 * good (asked for already, not shared) is no error. */
static enum err sync_ask(struct ctx *c, const struct channel *ch, const char *type)
{
    const char *path = arena_printf(c->arena, "/%s/smb_app_data",
                                    graph_escape(c->arena, whatsapp_setting(ch, "phoneNumberId")));
    json_t *body = meta_object(c->arena);
    meta_set_text(body, "messaging_product", "whatsapp");
    meta_set_text(body, "sync_type", type);
    struct graph_answer answer;
    enum err e = whatsapp_call(c, ch, "history.begin", "POST", path, body, &answer);
    if (!e && (answer.error.class == META_LATER || answer.error.class == META_SLOW))
        e = failed(c, &answer.error, "the history");
    return e;
}

/* The history now; the address book later, since it names only people whom we know by then
 * (inbox_named), and the history brings them. */
static enum err begin_syncs(struct ctx *c, const struct channel *ch)
{
    char id[UUID_TEXT_SIZE];
    uuid_text(ch->id, id);
    enum err e = sync_ask(c, ch, "history");
    if (e) return e;
    CLEANUP(json_decrefp) json_t *payload = json_pack("{s:s}", "channelId", id);
    struct job_new job = {.kind = "channel.settled",
                          .delay_ms = NAMES_AFTER_MS,
                          .unique_key = arena_printf(c->arena, "channel.settled:%s", id),
                          .payload = payload};
    return job_add(c, &job);
}

enum err whatsapp_settled(struct ctx *c, const struct channel *ch)
{
    return sync_ask(c, ch, "smb_app_state_sync");
}

static enum err found(struct ctx *c, const struct channel *ch, const json_t *number,
                      const struct meta_token_info *info)
{
    struct param expires = info && info->valid ? P_INT("token_expires_ms", info->expires_unix_ms)
                                               : P_NULL("token_expires_ms");
    struct param params[] = {P_UUID("channel", ch->id),
                             P_JSON("quality", quality_of(c, number)),
                             P_TEXT("address", meta_text(number, "display_phone_number")),
                             P_TEXT("external_account", meta_id(c->arena, number, "id")),
                             expires,
                             {0}};
    return db_exec(c, &SQL_CHANNEL_FOUND, params);
}

enum err whatsapp_connected(struct ctx *c, const struct channel *ch)
{
    struct graph_answer number;
    enum err e = number_get(c, ch, &number);
    if (e) return e;
    if (number.error.class != META_FINE) return failed(c, &number.error, "the number");
    bool shared = json_get_bool(ch->settings, "coexistence", false) ||
                  json_is_true(json_object_get(number.json, "is_on_biz_app"));
    if (!shared) e = register_number(c, ch, number.json);
    if (!e) e = subscribe(c, ch);
    if (!e && shared) e = begin_syncs(c, ch);
    if (!e) e = found(c, ch, number.json, NULL);
    if (!e) e = templates_sync(c, ch, NULL);
    return e;
}

enum err whatsapp_removed(struct ctx *c, const struct channel *ch)
{
    struct graph_answer answer;
    const char *path = arena_printf(c->arena, "/%s/subscribed_apps",
                                    graph_escape(c->arena, whatsapp_setting(ch, "wabaId")));
    /* Best effort: another number of the same account may still want its webhooks. */
    struct rows *rows = NULL;
    enum err e = db_query(
        c, &SQL_WHATSAPP_SIBLINGS,
        PARAMS(P_UUID("channel", ch->id), P_TEXT("waba", whatsapp_setting(ch, "wabaId"))), &rows);
    if (e || rows_count(rows) > 0) return e;
    return whatsapp_call(c, ch, "unsubscribe", "DELETE", path, NULL, &answer);
}

/* --- every hour ------------------------------------------------------------------------ */

static enum err look_at_token(struct ctx *c, const struct channel *ch, struct meta_token_info *info,
                              bool *ret_go)
{
    const char *token = meta_text(ch->secrets, "token");
    struct meta_app app = meta_app_of(c, ch);
    *ret_go = false;
    enum err e = meta_token_debug(c, ch, app.id ? &app : NULL, token ? token : "", info);
    if (e) return e;
    if (!info->valid) {
        if (info->error.class == META_LATER || info->error.class == META_SLOW) return ERR_OK;
        return channel_state_set(c, ch, "disconnected", "META_TOKEN",
                                 "The access token is no longer valid; connect the account again.");
    }
    *ret_go = true;
    int64_t left = info->expires_unix_ms - clock_unix_ms();
    if (info->expires_unix_ms > 0 && left < EXPIRES_SOON_MS)
        log_event(LOG_WARN, c->trace, "the token of a WhatsApp account ends soon",
                  LOG_FIELDS(LOG_TEXT("account", ch->external_account),
                             LOG_INT("hours", left / HOUR_MS)));
    return ERR_OK;
}

enum err whatsapp_upkeep(struct ctx *c, const struct channel *ch)
{
    struct meta_token_info info = {0};
    struct graph_answer number;
    bool go = false;
    enum err e = look_at_token(c, ch, &info, &go);
    if (e || !go) return e;
    e = number_get(c, ch, &number);
    if (e) return e;
    if (number.error.class != META_FINE) return failed(c, &number.error, "the number");
    e = found(c, ch, number.json, &info);
    if (!e) e = subscribe(c, ch);
    if (!e) e = templates_sync(c, ch, NULL);
    if (!e && strcmp(ch->status, "connected") != 0 && strcmp(ch->status, "paused") != 0)
        e = channel_state_set(c, ch, "connected", NULL, NULL);
    return e;
}
