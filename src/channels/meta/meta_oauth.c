/* Tokens of Meta (meta_oauth.h): three calls and what their answers say. Secrets go in the query, as
 * the platform wants them; the channel's log blanks them. */
#include "channels/meta/meta_oauth.h"

#include <string.h>

#include "base/clock.h"
#include "channels/meta/meta_json.h"

struct meta_app meta_app_of(struct ctx *c, const struct channel *ch)
{
    struct meta_app app = {meta_text(ch->settings, "appId"), meta_text(ch->secrets, "appSecret")};
    const struct config *config = c->app->config;
    if (!app.secret &&
        (!app.id || (config->meta_app_id && strcmp(app.id, config->meta_app_id) == 0)))
        app = (struct meta_app){config->meta_app_id, config->meta_app_secret};
    return app;
}

static enum err refused(struct ctx *c, const struct meta_error *e)
{
    const char *said = *e->message ? e->message : e->words;
    if (e->class == META_LATER || e->class == META_SLOW)
        return fault(c, ERR_UPSTREAM, e->id, "%s", said);
    return fault(c, ERR_UNPROCESSABLE, "META_CODE_REFUSED", "%s", said);
}

/* A member in seconds; 0: absent, never, or nonsense (after 2100). */
static int64_t milliseconds(const json_t *obj, const char *key)
{
    int64_t seconds = json_get_int(obj, key, 0);
    return seconds > 0 && seconds < INT64_C(4102444800) ? seconds * SECOND_MS : 0;
}

static enum err token_call(struct ctx *c, const struct channel *ch, const char *what,
                           const char *path, struct meta_token *ret)
{
    struct graph_request r = {
        .what = what, .method = "GET", .product = META_WHATSAPP, .path = path};
    struct graph_answer answer;
    enum err e = graph_call(c, ch, &r, &answer);
    if (e) return e;
    if (answer.error.class != META_FINE) return refused(c, &answer.error);
    const char *token = meta_text(answer.json, "access_token");
    if (!token)
        return fault(c, ERR_UPSTREAM, "META_UNREADABLE", "Meta's answer has no access token");
    int64_t lives_ms = milliseconds(answer.json, "expires_in");
    *ret = (struct meta_token){.token = token,
                               .expires_unix_ms = lives_ms > 0 ? clock_unix_ms() + lives_ms : 0};
    return ERR_OK;
}

static enum err app_needed(struct ctx *c, const struct meta_app *app)
{
    if (app->id && app->secret) return ERR_OK;
    return fault(c, ERR_UNPROCESSABLE, "META_APP_MISSING",
                 "this installation has no app at Meta (META_APP_ID, META_APP_SECRET)");
}

enum err meta_code_exchange(struct ctx *c, const struct channel *ch, const struct meta_app *app,
                            const char *code, const char *redirect_uri, struct meta_token *ret)
{
    enum err e = app_needed(c, app);
    if (e) return e;
    const char *path =
        arena_printf(c->arena, "/oauth/access_token?client_id=%s&client_secret=%s&code=%s%s%s",
                     graph_escape(c->arena, app->id), graph_escape(c->arena, app->secret),
                     graph_escape(c->arena, code), redirect_uri ? "&redirect_uri=" : "",
                     redirect_uri ? graph_escape(c->arena, redirect_uri) : "");
    return token_call(c, ch, "oauth.code", path, ret);
}

enum err meta_token_extend(struct ctx *c, const struct channel *ch, const struct meta_app *app,
                           const char *token, struct meta_token *ret)
{
    enum err e = app_needed(c, app);
    if (e) return e;
    const char *path = arena_printf(
        c->arena,
        "/oauth/access_token?grant_type=fb_exchange_token&client_id=%s&client_secret=%s"
        "&fb_exchange_token=%s",
        graph_escape(c->arena, app->id), graph_escape(c->arena, app->secret),
        graph_escape(c->arena, token));
    return token_call(c, ch, "oauth.extend", path, ret);
}

enum err meta_token_debug(struct ctx *c, const struct channel *ch, const struct meta_app *app,
                          const char *token, struct meta_token_info *ret)
{
    bool have_app = app && app->id && app->secret;
    const char *asking = have_app ? arena_printf(c->arena, "%s|%s", app->id, app->secret) : token;
    struct graph_request r = {.what = "check.token",
                              .method = "GET",
                              .product = META_WHATSAPP,
                              .token = asking,
                              .path = arena_printf(c->arena, "/debug_token?input_token=%s",
                                                   graph_escape(c->arena, token))};
    struct graph_answer answer;
    enum err e = graph_call(c, ch, &r, &answer);
    if (e) return e;
    struct meta_token_info info = {.error = answer.error};
    const json_t *data = json_object_get(answer.json, "data");
    if (answer.error.class == META_FINE && json_is_object(data)) {
        info.valid = json_get_bool(data, "is_valid", false);
        info.app_id = meta_id(c->arena, data, "app_id");
        info.user_id = meta_id(c->arena, data, "user_id");
        info.type = meta_text(data, "type");
        info.expires_unix_ms = milliseconds(data, "expires_at");
        info.data_expires_unix_ms = milliseconds(data, "data_access_expires_at");
        info.scopes = json_object_get(data, "scopes");
        info.granular = json_object_get(data, "granular_scopes");
        if (!info.valid) meta_error_read(c->arena, META_WHATSAPP, 401, data, &info.error);
    }
    *ret = info;
    return ERR_OK;
}

bool meta_token_scope(const struct meta_token_info *i, const char *scope)
{
    for (size_t k = 0; k < json_array_size(i->scopes); k++) {
        const char *have = json_string_value(json_array_get(i->scopes, k));
        if (have && strcmp(have, scope) == 0) return true;
    }
    return false;
}

bool meta_token_target(const struct meta_token_info *i, const char *scope, const char *id)
{
    for (size_t k = 0; k < json_array_size(i->granular); k++) {
        const json_t *row = json_array_get(i->granular, k);
        const char *name = meta_text(row, "scope");
        if (!name || strcmp(name, scope) != 0) continue;
        const json_t *ids = json_object_get(row, "target_ids");
        if (!json_is_array(ids)) return true;
        for (size_t n = 0; n < json_array_size(ids); n++) {
            const json_t *one = json_array_get(ids, n);
            const char *text = json_string_value(one);
            if (text && strcmp(text, id) == 0) return true;
        }
        return false;
    }
    return meta_token_scope(i, scope);
}
