/* Who may: the checks between finding a row and reading the input. src/auth says who is there
 * (router_auth); here is decided, from the row alone, whether that is enough. Order:
 * organization, rate of strangers, login or key, cross-site forgery, keys, permission, rate of
 * the known.
 *
 * Forgery: a browser sends the session cookie along with requests that another site makes. So
 * each request that changes something by cookie needs the header X-Requested-With: interflow
 * (which another site cannot send without a preflight that we do not answer) and, when the
 * browser says where it comes from (Origin), that this is us. WebSockets have no preflight:
 * there the Origin alone decides. Keys are not sent by browsers on their own and need neither. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "core/app.h"
#include "core/config.h"
#include "core/router_impl.h"

#define STRANGERS_PER_MINUTE                                                                       \
    600 /* public routes that say nothing else, all together, per address */

/* --- organization ---------------------------------------------------------------------- */

static enum err set_organization(struct visit *v)
{
    char text[UUID_TEXT_SIZE] = "";
    struct bytes id = input_path(v, "organizationId");
    if (!id.data) return ERR_OK;
    if (id.len < sizeof text) memcpy(text, id.data, id.len);
    if (!uuid_parse(text, &v->c->org))
        return fault(v->c, ERR_NOT_FOUND, NULL, "There is no such address");
    return ERR_OK;
}

/* --- rates ----------------------------------------------------------------------------- */

static enum err take_rate(struct visit *v, const void *who, size_t who_len, const char *what,
                          int per_minute)
{
    unsigned char key[256];
    size_t what_len = strlen(what);
    if (what_len > sizeof key - who_len) what_len = sizeof key - who_len;
    memcpy(key, who, who_len);
    memcpy(key + who_len, what, what_len);
    struct rate_state state;
    if (rate_take(v->c->app->rate_limiter, key, who_len + what_len, per_minute, clock_mono_ms(),
                  &state))
        return ERR_OK;
    return rate_refuse(v->c, v->p, &state);
}

static enum err limit_stranger(struct visit *v)
{
    unsigned char address[64];
    size_t len = rate_address_key(v->c->address, address);
    const struct route *route = v->route;
    if (route->rate_per_minute > 0)
        return take_rate(v, address, len, route->path, route->rate_per_minute);
    return take_rate(v, address, len, "", STRANGERS_PER_MINUTE);
}

static enum err limit_known(struct visit *v)
{
    if (v->route->rate_per_minute <= 0) return ERR_OK;
    return take_rate(v, v->c->actor.id.b, sizeof v->c->actor.id.b, v->route->path,
                     v->route->rate_per_minute);
}

/* --- forgery --------------------------------------------------------------------------- */

static bool origin_is_ours(const struct visit *v, const char *origin)
{
    const char *ours = v->c->app->config ? v->c->app->config->public_url : NULL;
    size_t len = strlen(origin);
    const char *authority = strstr(origin, "://");
    const char *host = request_header(v->c, v->r, "Host");
    if (!authority || !authority[3]) return false; /* "null", and what no browser sends */
    if (ours && strncasecmp(ours, origin, len) == 0 && (ours[len] == '\0' || ours[len] == '/'))
        return true;
    return host && strcasecmp(authority + 3, host) == 0;
}

static enum err check_origin(struct visit *v)
{
    const char *origin = request_header(v->c, v->r, "Origin");
    if (!origin || origin_is_ours(v, origin)) return ERR_OK;
    return fault(v->c, ERR_FORBIDDEN, "CROSS_SITE", "Requests from other sites are refused");
}

/* Of what needs no login: signing somebody in (or up) from another site. Webhooks come from
 * elsewhere by nature. */
static enum err check_public_forgery(struct visit *v)
{
    const struct route *route = v->route;
    if (route->access != ACCESS_PUBLIC || route->method == HTTP_GET || route->raw_body)
        return ERR_OK;
    return check_origin(v);
}

static enum err check_forgery(struct visit *v)
{
    if (v->c->actor.kind != ACTOR_USER) return ERR_OK;
    const char *upgrade = request_header(v->c, v->r, "Upgrade");
    bool socket = upgrade && strcasecmp(upgrade, "websocket") == 0;
    if (v->r->method == HTTP_GET && !socket) return ERR_OK;
    enum err e = check_origin(v);
    if (e || socket) return e;
    const char *with = request_header(v->c, v->r, "X-Requested-With");
    if (!with || strcmp(with, "interflow") != 0)
        return fault(v->c, ERR_FORBIDDEN, "CROSS_SITE",
                     "The header X-Requested-With: interflow is needed");
    return ERR_OK;
}

/* --- the row --------------------------------------------------------------------------- */

static enum err key_denied(struct visit *v)
{
    return fault(v->c, ERR_FORBIDDEN, "API_KEY_ROUTE_DENIED", "API keys may not use this address");
}

static enum err check_permission(struct visit *v)
{
    int needed = v->route->permission;
    if (needed == 0 || (v->c->actor.permissions & PERMISSION_BIT(needed))) return ERR_OK;
    const struct router_auth *auth = v->c->app->tables->auth;
    const char *name = auth->permission_name ? auth->permission_name(needed) : NULL;
    if (name) fault_data(v->c, "permission", json_string(name));
    return fault(v->c, ERR_FORBIDDEN, NULL, "This needs the permission %s",
                 name ? name : "of another role");
}

static enum err authenticate(struct visit *v)
{
    const struct router_auth *auth = v->c->app->tables->auth;
    if (!auth || !auth->authenticate) return ERR_UNAUTHORIZED;
    return auth->authenticate(v->c, v->r, v->p);
}

enum err guard_admit(struct visit *v)
{
    const struct route *route = v->route;
    enum err e = set_organization(v);
    if (e) return e;
    if (route->access == ACCESS_PUBLIC || route->access == ACCESS_VISITOR) {
        e = limit_stranger(v);
        return e ? e : check_public_forgery(v);
    }
    e = authenticate(v);
    if (e) return e;
    e = check_forgery(v);
    if (e) return e;
    if (v->c->actor.kind == ACTOR_KEY && (route->no_keys || route->access == ACCESS_USER))
        return key_denied(v);
    e = check_permission(v);
    if (e) return e;
    return limit_known(v);
}

static bool has_key(struct visit *v)
{
    if (request_header(v->c, v->r, "X-Api-Key")) return true;
    const char *authorization = request_header(v->c, v->r, "Authorization");
    return authorization && strncasecmp(authorization, "Bearer ak_", 10) == 0;
}

/* What src/auth is shown in place of a row; it has no path, so that nobody takes it for a real
 * one. */
static const struct route unknown_route = {.id = "unknown", .access = ACCESS_ORG};

enum err guard_unknown(struct visit *v)
{
    const char *path = v->r->path;
    if (strncmp(path, "/api/", 5) == 0 && has_key(v)) {
        char text[UUID_TEXT_SIZE] = "";
        size_t len = strcspn(path + 5, "/");
        if (len < sizeof text) memcpy(text, path + 5, len);
        (void)uuid_parse(text, &v->c->org);
        v->r->route = &unknown_route;
        enum err e = authenticate(v);
        if (e == ERR_UNAUTHORIZED || e == ERR_RATE_LIMITED) return e;
        fault_clear(v->c);
        return key_denied(v);
    }
    return fault(v->c, ERR_NOT_FOUND, NULL, "There is no such address");
}

/* --- other sites: the web chat --------------------------------------------------------- */

void guard_cors(struct visit *v, bool preflight)
{
    const char *origin = request_header(v->c, v->r, "Origin");
    if (!v->route || v->route->access != ACCESS_VISITOR || !origin) return;
    /* Any origin may ask: what lets in is the visitor's own token, never a cookie (no
     * Allow-Credentials). Whether the page may carry the chat is the channel's list of origins,
     * which the handlers check. */
    reply_header(v->c, v->p, "Access-Control-Allow-Origin", origin);
    reply_header(v->c, v->p, "Vary", "Origin");
    reply_header(v->c, v->p, "Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    if (!preflight) return;
    const char *wanted = request_header(v->c, v->r, "Access-Control-Request-Headers");
    reply_header(v->c, v->p, "Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
    if (wanted) reply_header(v->c, v->p, "Access-Control-Allow-Headers", wanted);
    reply_header(v->c, v->p, "Access-Control-Max-Age", "600");
}
