/* Connecting Messenger and Instagram by login (messaging_account.h): Facebook's dialog leads to a
 * person's pages, each with a token of its own that does not expire (it is made from a token of 60
 * days); Instagram's dialog leads to one account, with a token of 60 days that is renewed
 * (messaging_account.c). */
#include <string.h>

#include "base/clock.h"
#include "channels/meta/messaging_account.h"
#include "channels/meta/meta_json.h"
#include "channels/meta/meta_oauth.h"

#define PAGES_MAX        8 /* of 100 accounts each */
#define INSTAGRAM_SCOPES "instagram_business_basic,instagram_business_manage_messages"

/* For calls before there is an account. */
static struct channel nobody(struct ctx *c, const char *kind)
{
    return (struct channel){.kind = kind,
                            .name = "",
                            .address = "",
                            .status = "",
                            .external_account = "",
                            .settings = meta_object(c->arena),
                            .secrets = meta_object(c->arena)};
}

/* --- by Facebook ----------------------------------------------------------------------- */

bool messaging_offered_facebook(struct ctx *c)
{
    return c->app->config->meta_app_id && c->app->config->meta_app_secret;
}

static const char *dialog(struct ctx *c, const char *base, const char *path, const char *client,
                          const struct oauth_begin *o, const char *scopes)
{
    struct arena *a = c->arena;
    return arena_printf(a, "%s%s?client_id=%s&redirect_uri=%s&response_type=code&scope=%s&state=%s",
                        base, path, graph_escape(a, client), graph_escape(a, o->redirect),
                        graph_escape(a, scopes), graph_escape(a, o->state));
}

enum err messaging_dialog_facebook(struct ctx *c, const struct oauth_begin *o, const char *scopes,
                                   const char **ret_url)
{
    const struct config *f = c->app->config;
    if (!messaging_offered_facebook(c))
        return fault(c, ERR_UNPROCESSABLE, "META_APP_MISSING",
                     "this installation has no app at Meta (META_APP_ID, META_APP_SECRET)");
    const char *path = arena_printf(c->arena, "/%s/dialog/oauth", f->meta_graph_version);
    *ret_url = dialog(c, f->facebook_dialog_url, path, f->meta_app_id, o, scopes);
    return ERR_OK;
}

/* One page of /me/accounts into ret. */
static void take_pages(struct ctx *c, const struct messaging_platform *p, const json_t *data,
                       struct oauth_accounts *ret)
{
    struct arena *a = c->arena;
    for (size_t i = 0; i < json_array_size(data) && ret->count < OAUTH_ACCOUNTS_MAX; i++) {
        const json_t *page = json_array_get(data, i);
        const json_t *ig = json_object_get(page, "instagram_business_account");
        const char *page_id = meta_id(a, page, "id"), *token = meta_text(page, "access_token");
        const char *id = p->product == META_INSTAGRAM ? meta_id(a, ig, "id") : page_id;
        if (!id || !page_id || !token) continue; /* no rights on it, or no Instagram account */
        const char *user = meta_text(ig, "username"), *name = meta_text(page, "name");
        if (p->product == META_INSTAGRAM && meta_text(ig, "name")) name = meta_text(ig, "name");
        json_t *settings = meta_object(a), *secrets = meta_object(a);
        meta_set_text(settings, "pageId", page_id);
        if (p->product == META_INSTAGRAM) {
            meta_set_text(settings, "login", "facebook");
            meta_set_text(settings, "accountId", id);
        }
        meta_set_text(secrets, "token", token);
        ret->items[ret->count++] = (struct oauth_account){
            .id = id,
            .name = name ? name : id,
            .address = p->product == META_INSTAGRAM && user ? arena_printf(a, "@%s", user) : name,
            .settings = settings,
            .secrets = secrets};
    }
}

enum err messaging_accounts_facebook(struct ctx *c, const struct messaging_platform *p,
                                     const struct oauth_finish *o, struct oauth_accounts *ret)
{
    const struct channel ch = nobody(c, p->kind);
    const struct meta_app app = meta_app_of(c, &ch);
    struct meta_token token = {0}, longer = {0};
    enum err e = meta_code_exchange(c, &ch, &app, o->code, o->redirect, &token);
    if (!e) e = meta_token_extend(c, &ch, &app, token.token, &longer);
    if (e) return e;
    const char *after = NULL;
    for (int i = 0; i < PAGES_MAX; i++) {
        struct graph_answer answer = {0};
        struct graph_request r = {
            .what = "oauth.pages", .method = "GET", .product = p->product, .token = longer.token};
        r.path = arena_printf(c->arena,
                              "/me/accounts?limit=100&fields=id,name,access_token,tasks,"
                              "instagram_business_account%%7Bid,username,name%%7D%s%s",
                              after ? "&after=" : "", after ? graph_escape(c->arena, after) : "");
        e = graph_call(c, &ch, &r, &answer);
        if (e) return e;
        if (answer.error.class != META_FINE)
            return fault(c, ERR_UNPROCESSABLE, answer.error.id, "%s",
                         *answer.error.message ? answer.error.message : answer.error.words);
        take_pages(c, p, json_object_get(answer.json, "data"), ret);
        const json_t *paging = json_object_get(answer.json, "paging");
        after = meta_text(json_object_get(paging, "cursors"), "after");
        if (!after || !json_object_get(paging, "next")) break;
    }
    return ERR_OK;
}

/* --- by Instagram ---------------------------------------------------------------------- */

static enum err instagram_app(struct ctx *c, struct meta_app *ret)
{
    const struct config *f = c->app->config;
    *ret = (struct meta_app){f->instagram_app_id, f->instagram_app_secret};
    if (ret->id && ret->secret) return ERR_OK;
    return fault(c, ERR_UNPROCESSABLE, "META_APP_MISSING",
                 "this installation has no app for Instagram's login (INSTAGRAM_APP_ID, "
                 "INSTAGRAM_APP_SECRET)");
}

enum err messaging_dialog_instagram(struct ctx *c, const struct oauth_begin *o,
                                    const char **ret_url)
{
    struct meta_app app;
    enum err e = instagram_app(c, &app);
    if (e) return e;
    *ret_url = dialog(c, c->app->config->instagram_dialog_url, "/oauth/authorize", app.id, o,
                      INSTAGRAM_SCOPES);
    return ERR_OK;
}

static enum err said_no(struct ctx *c, const struct graph_answer *answer)
{
    /* api.instagram.com writes its refusals in a shape of its own. */
    const char *words = meta_text(answer->json, "error_message");
    if (!words) words = *answer->error.message ? answer->error.message : answer->error.words;
    bool later = answer->error.class == META_LATER || answer->error.class == META_SLOW;
    return fault(c, later ? ERR_UPSTREAM : ERR_UNPROCESSABLE, "META_CODE_REFUSED", "%s", words);
}

/* The code becomes a token of an hour, that one a token of 60 days. */
static enum err instagram_token(struct ctx *c, const struct channel *ch, const struct meta_app *app,
                                const struct oauth_finish *o, struct meta_token *ret)
{
    json_t *form = meta_object(c->arena);
    meta_set_text(form, "client_id", app->id);
    meta_set_text(form, "client_secret", app->secret);
    meta_set_text(form, "grant_type", "authorization_code");
    meta_set_text(form, "redirect_uri", o->redirect);
    meta_set_text(form, "code", o->code);
    struct graph_request r = {.what = "oauth.code",
                              .method = "POST",
                              .host = GRAPH_INSTAGRAM_API,
                              .product = META_INSTAGRAM,
                              .path = "/oauth/access_token",
                              .form = form};
    struct graph_answer answer = {0};
    enum err e = graph_call(c, ch, &r, &answer);
    if (e) return e;
    const json_t *first = json_array_get(json_object_get(answer.json, "data"), 0);
    const char *token = meta_text(first ? first : answer.json, "access_token");
    if (!token) return said_no(c, &answer);
    r = (struct graph_request){
        .what = "oauth.extend",
        .method = "GET",
        .host = GRAPH_INSTAGRAM,
        .product = META_INSTAGRAM,
        .no_version = true,
        .path = arena_printf(c->arena,
                             "/access_token?grant_type=ig_exchange_token&client_secret=%s"
                             "&access_token=%s",
                             graph_escape(c->arena, app->secret), graph_escape(c->arena, token))};
    e = graph_call(c, ch, &r, &answer);
    if (e) return e;
    const char *longer = meta_text(answer.json, "access_token");
    if (!longer) return said_no(c, &answer);
    int64_t seconds = json_get_int(answer.json, "expires_in", 0);
    *ret = (struct meta_token){.token = longer,
                               .expires_unix_ms =
                                   seconds > 0 ? clock_unix_ms() + seconds * SECOND_MS : 0};
    return ERR_OK;
}

enum err messaging_accounts_instagram(struct ctx *c, const struct oauth_finish *o,
                                      struct oauth_accounts *ret)
{
    struct channel ch = nobody(c, "instagram");
    struct meta_app app;
    struct meta_token token = {0};
    enum err e = instagram_app(c, &app);
    if (!e) e = instagram_token(c, &ch, &app, o, &token);
    if (e) return e;
    const struct graph_request r = {.what = "oauth.account",
                                    .method = "GET",
                                    .host = GRAPH_INSTAGRAM,
                                    .product = META_INSTAGRAM,
                                    .path = "/me?fields=id,user_id,username,name",
                                    .token = token.token};
    struct graph_answer me = {0};
    e = graph_call(c, &ch, &r, &me);
    if (e) return e;
    const char *id = meta_id(c->arena, me.json, "user_id");
    if (!id) return said_no(c, &me);
    const char *user = meta_text(me.json, "username"), *name = meta_text(me.json, "name");
    json_t *settings = meta_object(c->arena), *secrets = meta_object(c->arena);
    meta_set_text(settings, "login", "instagram");
    meta_set_text(settings, "accountId", id);
    meta_set_text(secrets, "token", token.token);
    ret->items[ret->count++] =
        (struct oauth_account){.id = id,
                               .name = name   ? name
                                       : user ? user
                                              : id,
                               .address = user ? arena_printf(c->arena, "@%s", user) : "",
                               .settings = settings,
                               .secrets = secrets};
    return ERR_OK;
}
