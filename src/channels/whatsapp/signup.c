/* Embedded sign-up: the popup of Meta's script gives a code and what was chosen; the code becomes a
 * token, and the token itself tells which accounts it may use (debug_token, granular_scopes). Where
 * it names none — a token for all accounts of a business, or one whose scopes carry no ids — the
 * account that the browser names is asked for, and then those of the token's business
 * (me?fields=client_business_id, me/businesses; owned_ and client_whatsapp_business_accounts). What
 * the browser says proves nothing: only numbers that Meta shows to the token are offered. */
#include "channels/whatsapp/signup.h"

#include <string.h>

#include "base/crypto.h"
#include "channels/meta/meta_json.h"
#include "channels/meta/meta_oauth.h"
#include "channels/whatsapp/whatsapp.h"

#define WABAS_MAX      20
#define BUSINESSES_MAX 5

/* Each of them names accounts of WhatsApp; which of them a token has depends on how its dialog was
 * set up, and has changed before. */
static const char *const scopes[] = {"whatsapp_business_management", "whatsapp_business_messaging",
                                     "whatsapp_business_manage_events"};

struct ids {
    const char *items[WABAS_MAX];
    int count;
};

static void add_id(struct ids *ids, const char *id)
{
    if (!id || ids->count == WABAS_MAX) return;
    for (int i = 0; i < ids->count; i++)
        if (strcmp(ids->items[i], id) == 0) return;
    ids->items[ids->count++] = id;
}

static bool offered(struct ctx *c)
{
    const struct config *config = c->app->config;
    return config->meta_app_id && *config->meta_app_id && config->meta_app_secret &&
           *config->meta_app_secret;
}

/* For a browser without the script: the same dialog by address. */
static enum err begin(struct ctx *c, const struct oauth_begin *o, const char **ret_url)
{
    const struct config *config = c->app->config;
    const char *more = config->meta_config_id && *config->meta_config_id
                           ? arena_printf(c->arena, "&config_id=%s",
                                          graph_escape(c->arena, config->meta_config_id))
                           : "&scope=whatsapp_business_management,whatsapp_business_messaging";
    *ret_url = arena_printf(
        c->arena, "%s/%s/dialog/oauth?client_id=%s&redirect_uri=%s&state=%s&response_type=code%s",
        config->facebook_dialog_url, config->meta_graph_version,
        graph_escape(c->arena, config->meta_app_id), graph_escape(c->arena, o->redirect),
        graph_escape(c->arena, o->state), more);
    return ERR_OK;
}

static json_t *extra(struct ctx *c)
{
    const struct config *config = c->app->config;
    json_t *o = meta_object(c->arena);
    meta_set_text(o, "appId", config->meta_app_id);
    meta_set_text(o, "configId", config->meta_config_id);
    meta_set_text(o, "version", config->meta_graph_version);
    return o;
}

static enum err ask(struct ctx *c, const struct channel *ch, const char *token, const char *what,
                    const char *path, struct graph_answer *ret)
{
    struct graph_request r = {
        .what = what, .method = "GET", .product = META_WHATSAPP, .token = token, .path = path};
    return path ? graph_call(c, ch, &r, ret) : ERR_NO_MEMORY;
}

/* The numbers of an account. guessed: that the token may not see it says nothing. */
static enum err numbers_of(struct ctx *c, const struct channel *ch, const char *token,
                           const char *waba, bool guessed, struct oauth_accounts *ret)
{
    struct graph_answer answer;
    const char *path = arena_printf(c->arena,
                                    "/%s/phone_numbers?fields=id,display_phone_number,"
                                    "verified_name,is_on_biz_app,platform_type&limit=100",
                                    graph_escape(c->arena, waba));
    enum err e = ask(c, ch, token, "signup.numbers", path, &answer);
    if (e) return e;
    if (answer.error.class != META_FINE && guessed) return ERR_OK;
    if (answer.error.class != META_FINE)
        return fault(c, ERR_UNPROCESSABLE, "META_CODE_REFUSED", "%s",
                     *answer.error.message ? answer.error.message : answer.error.words);
    const json_t *data = json_object_get(answer.json, "data");
    for (size_t i = 0; i < json_array_size(data) && ret->count < OAUTH_ACCOUNTS_MAX; i++) {
        const json_t *n = json_array_get(data, i);
        const char *id = meta_id(c->arena, n, "id");
        if (!id) continue;
        json_t *settings = meta_object(c->arena), *secrets = meta_object(c->arena);
        bool app = json_is_true(json_object_get(n, "is_on_biz_app"));
        meta_set_text(settings, "phoneNumberId", id);
        meta_set_text(settings, "wabaId", waba);
        if (app) meta_set(settings, "coexistence", json_true());
        meta_set_text(secrets, "token", token);
        const char *platform = meta_text(n, "platform_type");
        if (!app && (!platform || strcmp(platform, "CLOUD_API") != 0)) {
            unsigned char bytes[4];
            crypto_random(bytes, sizeof bytes);
            unsigned pin =
                ((unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2]) % 1000000;
            meta_set_text(secrets, "pin", arena_printf(c->arena, "%06u", pin));
        }
        const char *name = meta_text(n, "verified_name");
        const char *address = meta_text(n, "display_phone_number");
        ret->items[ret->count++] = (struct oauth_account){.id = id,
                                                          .name = name ? name : "WhatsApp",
                                                          .address = address ? address : "",
                                                          .settings = settings,
                                                          .secrets = secrets};
    }
    return ERR_OK;
}

/* The chosen one first. */
static void put_first(struct oauth_accounts *all, const char *id)
{
    for (int i = 1; id && i < all->count; i++) {
        if (strcmp(all->items[i].id, id) != 0) continue;
        struct oauth_account chosen = all->items[i];
        memmove(&all->items[1], &all->items[0], (size_t)i * sizeof chosen);
        all->items[0] = chosen;
        return;
    }
}

/* --- which accounts -------------------------------------------------------------------- */

/* Those that the token itself names. */
static void named(const struct meta_token_info *info, struct ids *ret)
{
    for (size_t i = 0; i < json_array_size(info->granular); i++) {
        const json_t *row = json_array_get(info->granular, i);
        const char *scope = meta_text(row, "scope");
        const json_t *ids = json_object_get(row, "target_ids");
        for (size_t k = 0; scope && k < ARRAY_LEN(scopes); k++) {
            if (strcmp(scope, scopes[k]) != 0) continue;
            for (size_t n = 0; n < json_array_size(ids); n++)
                add_id(ret, json_string_value(json_array_get(ids, n)));
        }
    }
}

/* data[].id of a list; what is refused is an empty one. */
static enum err list(struct ctx *c, const struct channel *ch, const char *token, const char *path,
                     struct ids *ret)
{
    struct graph_answer answer;
    enum err e = ask(c, ch, token, "signup.accounts", path, &answer);
    if (e) return e;
    const json_t *data = json_object_get(answer.json, "data");
    for (size_t i = 0; i < json_array_size(data); i++)
        add_id(ret, meta_id(c->arena, json_array_get(data, i), "id"));
    return ERR_OK;
}

/* Those of the business that the token is of: its own, and others' that are shared with it. */
static enum err of_business(struct ctx *c, const struct channel *ch, const char *token,
                            struct ids *ret)
{
    static const char *const edges[] = {"owned", "client"};
    struct graph_answer me;
    struct ids businesses = {0};
    enum err e = ask(c, ch, token, "signup.business", "/me?fields=client_business_id", &me);
    if (e) return e;
    add_id(&businesses, meta_id(c->arena, me.json, "client_business_id"));
    if (businesses.count == 0)
        e = list(c, ch, token, "/me/businesses?fields=id&limit=100", &businesses);
    for (int i = 0; i < businesses.count && i < BUSINESSES_MAX && !e; i++)
        for (size_t k = 0; k < ARRAY_LEN(edges) && !e; k++)
            e = list(c, ch, token,
                     arena_printf(c->arena, "/%s/%s_whatsapp_business_accounts?fields=id&limit=100",
                                  graph_escape(c->arena, businesses.items[i]), edges[k]),
                     ret);
    return e;
}

static enum err accounts_of(struct ctx *c, const struct channel *ch, const char *token,
                            const struct meta_token_info *info, const char *told,
                            struct oauth_accounts *ret)
{
    struct ids wabas = {0};
    enum err e = ERR_OK;
    named(info, &wabas);
    bool sure = wabas.count > 0;
    if (!sure && told) e = numbers_of(c, ch, token, told, true, ret);
    if (!e && !sure && ret->count == 0) e = of_business(c, ch, token, &wabas);
    for (int i = 0; i < wabas.count && !e; i++)
        e = numbers_of(c, ch, token, wabas.items[i], !sure, ret);
    return e;
}

static bool may_use_whatsapp(const struct meta_token_info *info)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (meta_token_scope(info, scopes[i])) return true;
    return false;
}

static enum err finish(struct ctx *c, const struct oauth_finish *o, struct oauth_accounts *ret)
{
    struct channel ch = {.kind = "whatsapp",
                         .name = "",
                         .address = "",
                         .status = "",
                         .external_account = "",
                         .settings = meta_object(c->arena),
                         .secrets = meta_object(c->arena)};
    struct meta_app app = {c->app->config->meta_app_id, c->app->config->meta_app_secret};
    struct meta_token token;
    struct meta_token_info info;
    enum err e = meta_code_exchange(c, &ch, &app, o->code, o->redirect, &token);
    if (!e) e = meta_token_debug(c, &ch, &app, token.token, &info);
    if (e) return e;
    if (!info.valid || !may_use_whatsapp(&info))
        return fault(c, ERR_UNPROCESSABLE, "TOKEN_SCOPES",
                     "WhatsApp was not allowed in the dialog; begin again and allow everything");
    e = accounts_of(c, &ch, token.token, &info, o->waba, ret);
    if (e) return e;
    if (ret->count == 0)
        return fault(c, ERR_UNPROCESSABLE, "NO_ACCOUNTS",
                     "this account has no WhatsApp number yet");
    put_first(ret, o->phone);
    return ERR_OK;
}

const struct oauth_kind whatsapp_oauth = {
    .kind = "whatsapp", .offered = offered, .begin = begin, .extra = extra, .finish = finish};
