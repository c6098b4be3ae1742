/* Is an account of Messenger or Instagram usable, and does it stay so (messaging_account.h)? */
#include "channels/meta/messaging_account.h"

#include <string.h>

#include "base/clock.h"
#include "channels/channels.h"
#include "channels/meta/meta_json.h"
#include "channels/meta/meta_media.h"
#include "channels/meta/meta_oauth.h"
#include "core/log.h"
#include "sql.h"

#define RENEW_BEFORE_MS (10 * DAY_MS) /* of 60 days */
#define RENEW_AGE_MS    DAY_MS        /* Instagram renews no younger token */
#define PICTURE_MAX     ((int64_t)(5 * MIB))

#define PAGE_FIELDS                                                                                \
    "messages,messaging_postbacks,message_deliveries,message_reads,message_reactions,"             \
    "message_echoes,message_edits,messaging_referrals,messaging_optins,messaging_handovers,"       \
    "messaging_policy_enforcement,standby"
#define INSTAGRAM_FIELDS                                                                           \
    "messages,messaging_postbacks,messaging_seen,message_reactions,message_edit,"                  \
    "messaging_referral,messaging_handover,standby"
#define FIELDS_LEAST "messages,messaging_postbacks" /* where a field of ours is not known there */

static enum err get(struct ctx *c, const struct channel *ch, const struct messaging_platform *p,
                    const char *what, const char *path, struct graph_answer *ret)
{
    const struct graph_request r = {.what = what,
                                    .method = "GET",
                                    .host = messaging_host(ch),
                                    .product = p->product,
                                    .path = path,
                                    .token = messaging_token(ch)};
    return graph_call(c, ch, &r, ret);
}

/* --- subscription ---------------------------------------------------------------------- */

static const char *fields_of(const struct channel *ch)
{
    return messaging_by_login(ch) ? INSTAGRAM_FIELDS : PAGE_FIELDS;
}

static enum err subscribe_call(struct ctx *c, const struct channel *ch,
                               const struct messaging_platform *p, const char *fields,
                               struct graph_answer *ret)
{
    const struct graph_request r = {
        .what = "subscribe",
        .method = "POST",
        .host = messaging_host(ch),
        .product = p->product,
        .path = arena_printf(c->arena, "/me/subscribed_apps?subscribed_fields=%s", fields),
        .token = messaging_token(ch)};
    return graph_call(c, ch, &r, ret);
}

/* What the platform refused as a fault, for jobs: ERR_UNAUTHORIZED is for a person to repair. */
static enum err refused(struct ctx *c, const struct meta_error *error)
{
    enum err e = ERR_UNPROCESSABLE;
    if (error->class == META_LATER || error->class == META_SLOW) e = ERR_UPSTREAM;
    if (error->class == META_RECONNECT) e = ERR_UNAUTHORIZED;
    return fault(c, e, error->id, "%s", *error->message ? error->message : error->words);
}

static enum err subscribe(struct ctx *c, const struct channel *ch,
                          const struct messaging_platform *p, struct graph_answer *ret)
{
    enum err e = subscribe_call(c, ch, p, fields_of(ch), ret);
    if (e || ret->error.code != 100) return e;
    return subscribe_call(c, ch, p, FIELDS_LEAST, ret);
}

enum err messaging_subscribe(struct ctx *c, const struct channel *ch,
                             const struct messaging_platform *p)
{
    struct graph_answer answer = {0};
    enum err e = subscribe(c, ch, p, &answer);
    if (e) return e;
    if (answer.error.class == META_FINE) return ERR_OK;
    return refused(c, &answer.error);
}

enum err messaging_unsubscribe(struct ctx *c, const struct channel *ch,
                               const struct messaging_platform *p)
{
    const char *page = messaging_by_login(ch) ? "" : json_get_text(ch->settings, "pageId");
    if (p->product == META_MESSENGER) page = ch->external_account;
    if (page && *page) {
        struct rows *rows = NULL;
        enum err e = db_one(c, &SQL_CHANNEL_PAGE_SHARED,
                            PARAMS(P_UUID("channel", ch->id), P_TEXT("page", page)), &rows);
        if (e) return e;
        if (rows_bool(rows, 0, "shared")) return ERR_OK;
    }
    const struct graph_request r = {.what = "unsubscribe",
                                    .method = "DELETE",
                                    .host = messaging_host(ch),
                                    .product = p->product,
                                    .path = "/me/subscribed_apps",
                                    .token = messaging_token(ch)};
    struct graph_answer answer = {0};
    return graph_call(c, ch, &r, &answer);
}

static bool has_field(const json_t *fields, const char *name, size_t len)
{
    for (size_t k = 0; k < json_array_size(fields); k++) {
        const json_t *one = json_array_get(fields, k);
        if (json_string_length(one) == len && strncmp(json_string_value(one), name, len) == 0)
            return true;
    }
    return false;
}

/* Is the app among those that hear of the account, with every one of the fields (with commas)? */
static bool is_subscribed(struct arena *a, const json_t *list, const char *app, const char *fields)
{
    const json_t *data = json_object_get(list, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *row = json_array_get(data, i);
        const char *id = meta_id(a, row, "id");
        if (!id || strcmp(app, id) != 0) continue;
        const json_t *have = json_object_get(row, "subscribed_fields");
        bool all = true;
        for (const char *f = fields; all && *f; f += strcspn(f, ",") + (f[strcspn(f, ",")] != 0))
            all = !json_is_array(have) || has_field(have, f, strcspn(f, ","));
        return all;
    }
    return false;
}

const char *messaging_app(struct ctx *c, const struct channel *ch)
{
    const char *own = meta_text(ch->settings, "appId");
    if (own) return own;
    if (meta_text(ch->secrets, "appSecret")) return NULL; /* another app, whose id was not given */
    return messaging_by_login(ch) ? c->app->config->instagram_app_id : c->app->config->meta_app_id;
}

bool messaging_ours(struct ctx *c, const struct channel *ch, const struct inbound *in)
{
    if (in->type != INBOUND_MESSAGE || !in->echo) return false;
    const char *said = json_get_text(in->data, "appId"), *own = messaging_app(c, ch);
    return said && own && strcmp(said, own) == 0;
}

/* Looks, and subscribes again where needed: dropped, a field is missing, or it is not known which of
 * the apps there is ours (subscribing twice does no harm). *ret: the last answer. */
static enum err subscription_keep(struct ctx *c, const struct channel *ch,
                                  const struct messaging_platform *p, struct graph_answer *ret)
{
    const char *app = messaging_app(c, ch);
    enum err e = get(c, ch, p, "check.subscription", "/me/subscribed_apps", ret);
    if (e || ret->error.class != META_FINE) return e;
    if (app && is_subscribed(c->arena, ret->json, app, fields_of(ch))) return ERR_OK;
    return subscribe(c, ch, p, ret);
}

/* --- check ----------------------------------------------------------------------------- */

static bool step(struct check_result *r, const char *id, const char *code, const char *message,
                 const char *field)
{
    if (r->count < CHECK_STEPS_MAX)
        r->steps[r->count++] = (struct check_step){
            .id = id, .ok = !code, .code = code, .message = message, .field = field};
    return !code;
}

static bool step_error(struct check_result *r, const char *id, const struct meta_error *e,
                       const char *field)
{
    return step(r, id, e->id ? e->id : "META_UNREADABLE", *e->message ? e->message : e->words,
                field);
}

/* The setting names another account than the token does. */
static bool other_account(const struct channel *ch, const char *setting, const char *found)
{
    const char *given = meta_text(ch->settings, setting);
    return given && found && strcmp(given, found) != 0;
}

/* Whose token it is: page or Instagram account into ret; false: a step failed. */
static bool check_account(struct ctx *c, const struct channel *ch,
                          const struct messaging_platform *p, const json_t *me,
                          struct check_result *ret)
{
    struct arena *a = c->arena;
    if (messaging_by_login(ch)) {
        const char *user = meta_text(me, "username");
        ret->external_account = meta_id(a, me, "user_id");
        if (!ret->external_account) ret->external_account = meta_id(a, me, "id");
        ret->name = meta_text(me, "name") ? meta_text(me, "name") : user;
        ret->address = user ? arena_printf(a, "@%s", user) : NULL;
        return step(ret, "account",
                    other_account(ch, "accountId", ret->external_account) ? "ACCOUNT_OTHER" : NULL,
                    "the token is for another Instagram account", "settings.accountId");
    }
    const char *page = meta_id(a, me, "id");
    if (other_account(ch, "pageId", page))
        return step(ret, "account", "ACCOUNT_OTHER", "the token is for another page",
                    "settings.pageId");
    if (p->product == META_MESSENGER) {
        ret->external_account = page;
        ret->name = ret->address = meta_text(me, "name");
        return step(ret, "account", page ? NULL : "ACCOUNT_UNKNOWN", "the token is for no page",
                    "secrets.token");
    }
    const json_t *ig = json_object_get(me, "instagram_business_account");
    const char *user = meta_text(ig, "username");
    ret->external_account = meta_id(a, ig, "id");
    ret->name = meta_text(ig, "name") ? meta_text(ig, "name") : user;
    ret->address = user ? arena_printf(a, "@%s", user) : NULL;
    if (!ret->external_account)
        return step(ret, "account", "NO_INSTAGRAM",
                    "no professional Instagram account belongs to the page", "secrets.token");
    return step(ret, "account",
                other_account(ch, "accountId", ret->external_account) ? "ACCOUNT_OTHER" : NULL,
                "another Instagram account belongs to the page", "settings.accountId");
}

/* What the token may do, as far as Meta tells (not of Instagram's login). */
static enum err check_permissions(struct ctx *c, const struct channel *ch,
                                  const struct messaging_platform *p, struct check_result *ret)
{
    if (messaging_by_login(ch)) return ERR_OK;
    const struct meta_app app = meta_app_of(c, ch);
    struct meta_token_info info = {0};
    enum err e = meta_token_debug(c, ch, &app, messaging_token(ch), &info);
    if (!e && !info.valid && app.secret) {
        /* An app id that is not the token's: asked with the token itself instead. */
        const struct meta_app none = {0};
        e = meta_token_debug(c, ch, &none, messaging_token(ch), &info);
    }
    if (e || !info.valid) return e; /* said by another step, or not told: no reason to refuse */
    if (info.type && strcmp(info.type, "PAGE") != 0) {
        step(ret, "permissions", "TOKEN_NOT_PAGE", "the token is a person's, not the page's",
             "secrets.token");
        return ERR_OK;
    }
    ret->token_expires_unix_ms = info.expires_unix_ms;
    const char *needed =
        p->product == META_MESSENGER ? "pages_messaging" : "instagram_manage_messages";
    const char *const scopes[] = {needed, "pages_manage_metadata"};
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (info.scopes && !meta_token_scope(&info, scopes[i])) {
            step(ret, "permissions", "PERMISSION_MISSING",
                 arena_printf(c->arena, "the token lacks the permission %s", scopes[i]),
                 "secrets.token");
            return ERR_OK;
        }
    step(ret, "permissions", NULL, NULL, NULL);
    return ERR_OK;
}

/* Is there a secret to know Meta's webhooks by, and is it the app's? */
static enum err check_webhook(struct ctx *c, const struct channel *ch, struct check_result *ret)
{
    const struct config *config = c->app->config;
    const char *own = meta_text(ch->secrets, "appSecret");
    bool shared =
        config->meta_app_secret || (messaging_by_login(ch) && config->instagram_app_secret);
    if (!own && !shared) {
        step(ret, "webhook", "APP_SECRET_MISSING", "Meta's webhooks are known by the app's secret",
             "secrets.appSecret");
        return ERR_OK;
    }
    const char *app_id = meta_text(ch->settings, "appId");
    if (own && app_id && !messaging_by_login(ch)) {
        const struct meta_app app = {app_id, own};
        struct meta_token_info info = {0};
        enum err e = meta_token_debug(c, ch, &app, messaging_token(ch), &info);
        if (e) return e;
        if (info.error.class == META_RECONNECT && !info.type && !info.app_id) {
            step(ret, "webhook", "APP_SECRET_WRONG", "Meta does not know this app id and secret",
                 "secrets.appSecret");
            return ERR_OK;
        }
    }
    step(ret, "webhook", NULL, NULL, NULL);
    return ERR_OK;
}

enum err messaging_check(struct ctx *c, const struct channel *ch,
                         const struct messaging_platform *p, struct check_result *ret)
{
    *ret = (struct check_result){0};
    if (!*messaging_token(ch)) {
        step(ret, "token", "TOKEN_MISSING", "a token is needed", "secrets.token");
        return ERR_OK;
    }
    const char *path = messaging_by_login(ch) ? "/me?fields=id,user_id,username,name"
                       : p->product == META_INSTAGRAM
                           ? "/me?fields=id,name,instagram_business_account%7Bid,username,name%7D"
                           : "/me?fields=id,name";
    struct graph_answer me = {0};
    enum err e = get(c, ch, p, "check.token", path, &me);
    if (e) {
        step(ret, "token", "META_UNREACHABLE", "Meta did not answer", NULL);
        fault_clear(c);
        return ERR_OK;
    }
    if (me.error.class != META_FINE) {
        step_error(ret, "token", &me.error, "secrets.token");
        return ERR_OK;
    }
    step(ret, "token", NULL, NULL, NULL);
    if (!check_account(c, ch, p, me.json, ret)) return ERR_OK;
    e = check_permissions(c, ch, p, ret);
    if (!e) e = check_webhook(c, ch, ret);
    if (!e && !uuid_is_nil(ch->id)) {
        struct graph_answer answer = {0};
        e = subscription_keep(c, ch, p, &answer);
        if (!e && answer.error.class != META_FINE)
            step_error(ret, "subscription", &answer.error, NULL);
        else if (!e)
            step(ret, "subscription", NULL, NULL, NULL);
    }
    if (e) {
        step(ret, "permissions", "META_UNREACHABLE", "Meta did not answer", NULL);
        fault_clear(c);
    }
    return ERR_OK;
}

/* --- upkeep ---------------------------------------------------------------------------- */

bool messaging_token_due(int64_t expires_unix_ms, int64_t since_unix_ms, int64_t now_unix_ms)
{
    if (expires_unix_ms != 0) return expires_unix_ms - now_unix_ms < RENEW_BEFORE_MS;
    return now_unix_ms - since_unix_ms >= RENEW_AGE_MS;
}

/* A token of Instagram's login lasts 60 days and is renewed by itself; one that is not renewed in
 * time needs a person. */
static enum err token_renew(struct ctx *c, const struct channel *ch,
                            const struct messaging_platform *p, struct graph_answer *ret)
{
    *ret = (struct graph_answer){0};
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_TOKEN_AGE, PARAMS(P_UUID("channel", ch->id)), &rows);
    if (e) return e;
    if (!messaging_token_due(rows_int(rows, 0, "expires", 0), rows_int(rows, 0, "since", 0),
                             clock_unix_ms()))
        return ERR_OK;
    /* As it is now, so that one that a person gives meanwhile is not written over. */
    const char *sealed = rows_text(rows, 0, "secrets");
    struct channel now = *ch;
    e = channel_texts_open(c, rows_text(rows, 0, "settings"), sealed, &now);
    if (e) return e;
    const struct graph_request r = {
        .what = "token.renew",
        .method = "GET",
        .host = GRAPH_INSTAGRAM,
        .product = p->product,
        .no_version = true,
        .path = arena_printf(c->arena,
                             "/refresh_access_token?grant_type=ig_refresh_token&access_token=%s",
                             graph_escape(c->arena, messaging_token(&now)))};
    e = graph_call(c, &now, &r, ret);
    if (e || ret->error.class != META_FINE) return e;
    const char *token = meta_text(ret->json, "access_token");
    int64_t seconds = json_get_int(ret->json, "expires_in", 0);
    if (!token || seconds <= 0) return ERR_OK;
    json_t *secrets = messaging_keep(c->arena, json_copy(now.secrets));
    json_object_set_new(secrets, "token", json_string(token));
    return db_exec(c, &SQL_CHANNEL_TOKEN_RENEWED,
                   PARAMS(P_UUID("channel", ch->id), P_TEXT("was", sealed),
                          P_TEXT("sealed", channel_secrets_seal(c, secrets)),
                          P_INT("expires", clock_unix_ms() + seconds * SECOND_MS)));
}

enum err messaging_upkeep(struct ctx *c, const struct channel *ch,
                          const struct messaging_platform *p)
{
    struct graph_answer answer = {0};
    enum err e = subscription_keep(c, ch, p, &answer);
    if (e) return e;
    if (answer.error.class != META_FINE) return refused(c, &answer.error);
    if (strcmp(ch->status, "reconnecting") == 0) {
        e = channel_state_set(c, ch, "connected", NULL, NULL);
        if (e) return e;
    }
    if (!messaging_by_login(ch)) return ERR_OK;
    e = token_renew(c, ch, p, &answer);
    if (e) return e;
    /* A pasted token that cannot be renewed yet (younger than a day there) is no failure. */
    if (answer.error.class == META_RECONNECT)
        log_event(LOG_WARN, c->trace, "a token of Instagram was not renewed",
                  LOG_FIELDS(LOG_TEXT("error", answer.error.message)));
    return ERR_OK;
}

/* --- people ---------------------------------------------------------------------------- */

enum err messaging_profile(struct ctx *c, const struct channel *ch,
                           const struct messaging_platform *p, const char *identifier,
                           struct profile *ret)
{
    *ret = (struct profile){0};
    const char *fields = p->product == META_INSTAGRAM ? "name,username,profile_pic"
                                                      : "first_name,last_name,profile_pic";
    struct graph_answer answer = {0};
    enum err e =
        get(c, ch, p, "profile",
            arena_printf(c->arena, "/%s?fields=%s", graph_escape(c->arena, identifier), fields),
            &answer);
    if (e) return e;
    if (answer.error.class == META_LATER || answer.error.class == META_SLOW)
        return refused(c, &answer.error);
    if (answer.error.class != META_FINE) return ERR_OK; /* usual: no consent, no access */
    const char *name = messaging_text(c->arena, answer.json, "name", 120);
    if (!*name) {
        const char *first = messaging_text(c->arena, answer.json, "first_name", 60);
        const char *last = messaging_text(c->arena, answer.json, "last_name", 59);
        name = arena_printf(c->arena, "%s%s%s", first, *first && *last ? " " : "", last);
    }
    const char *username = messaging_text(c->arena, answer.json, "username", 60);
    ret->name = *name ? name : NULL;
    ret->username = *username ? username : NULL;
    const char *picture = meta_text(answer.json, "profile_pic");
    if (!picture) return ERR_OK;
    const struct meta_media media = {
        .url = picture, .name = "profile.jpg", .bytes_max = PICTURE_MAX};
    struct file file = {0};
    if (meta_media_fetch(c, ch, &media, &file) == ERR_OK && strcmp(file.kind, "image") == 0)
        ret->picture = file.id;
    fault_clear(c); /* a person without a picture is fine */
    return ERR_OK;
}
