/* The small pieces that the routes of this domain share (auth.h, identity.h): the audit log, news,
 * limits on tries, where links begin, and who may set a cookie. */
#include <string.h>
#include <strings.h>

#include "auth/identity.h"
#include "base/json.h"
#include "core/address.h"
#include "core/bus.h"
#include "sql.h"

/* --- audit and news -------------------------------------------------------------------- */

enum err audit(struct ctx *c, const char *action, const char *entity, struct uuid id,
               const char *label, const json_t *changes)
{
    return db_exec(c, &SQL_AUDIT_ADD,
                   PARAMS(P_TEXT("action", action), P_TEXT("entity", entity),
                          P_UUID("entity_id", id), P_TEXT("label", label),
                          P_JSON("changes", changes)));
}

enum err settings_changed(struct ctx *c, const char *what)
{
    return db_exec(c, &SQL_SETTINGS_CHANGED, PARAMS(P_TEXT("what", what)));
}

/* --- secrets of the input -------------------------------------------------------------- */

const char *take_secret(struct ctx *c, const char *name)
{
    const char *text = in_text(c, name);
    const char *copy = text ? arena_strdup(c->arena, text) : NULL;
    (void)json_object_del(c->in, name);
    return copy;
}

enum err password_field(struct ctx *c, const char *field, const char *password, const char *email)
{
    const char *code = NULL;
    const char *words = NULL;
    if (password_acceptable(password, email, &code, &words)) return ERR_OK;
    return fault_field(c, field, code, "%s", words);
}

/* --- limits on tries ------------------------------------------------------------------- */

const char *throttle_address(struct ctx *c)
{
    struct address a;
    if (!address_parse(c->address, &a)) return *c->address ? c->address : NULL;
    if (address_loopback(&a)) return NULL;
    char text[ADDRESS_TEXT_SIZE];
    address_text(&a, text);
    if (!strchr(text, ':')) return arena_strdup(c->arena, text);
    char *network = arena_alloc(c->arena, 17);
    hex_encode(a.b, 8, network);
    return network;
}

enum err throttle_refuse(struct ctx *c, struct reply *p, int64_t wait_s)
{
    reply_header(c, p, "Retry-After", arena_printf(c->arena, "%lld", (long long)wait_s));
    fault_data(c, "retryAfter", json_integer(wait_s));
    return fault(c, ERR_RATE_LIMITED, "TOO_MANY_TRIES", "Too many tries: wait %lld seconds",
                 (long long)wait_s);
}

enum err throttle_try(struct ctx *c, struct reply *p, const char *kind, int free, int first_s)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_AUTH_TRY,
                        PARAMS(P_TEXT("kind", kind), P_TEXT("address_key", throttle_address(c)),
                               P_INT("free", free), P_INT("first_s", first_s)),
                        &rows);
    if (e) return e;
    int64_t wait_s = rows_int(rows, 0, "wait_s", 0);
    return wait_s > 0 ? throttle_refuse(c, p, wait_s) : ERR_OK;
}

enum err password_again(struct ctx *c, struct reply *p, const char *password)
{
    struct rows *try = NULL;
    struct rows *rows = NULL;
    bool right = false;
    enum err e = db_one(c, &SQL_AUTH_PASSWORD_TRY, NULL, &try);
    if (e) return e;
    int64_t wait_s = rows_int(try, 0, "wait_s", 0);
    if (wait_s > 0) return throttle_refuse(c, p, wait_s);
    e = db_one(c, &SQL_AUTH_PASSWORD, NULL, &rows);
    if (e) return e;
    e = password_check(c, rows_text(rows, 0, "password_hash"), password, &right);
    if (e) return e;
    if (right) return db_exec(c, &SQL_AUTH_PASSWORD_GOOD, NULL);
    fault_data(c, "attemptsLeft", json_integer(rows_int(try, 0, "left_n", 0)));
    return fault(c, ERR_FORBIDDEN, "PASSWORD_WRONG", "The current password is not right");
}

/* --- other sites, and where we are ----------------------------------------------------- */

const char *client_agent(struct ctx *c, const struct request *r)
{
    const char *agent = request_header(c, r, "User-Agent");
    return agent ? text_clean(c->arena, agent, strnlen(agent, 300)) : "";
}

static bool host_valid(const char *host)
{
    size_t len = strlen(host);
    return len > 0 && len <= 255 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") ==
               len;
}

enum err same_site(struct ctx *c, const struct request *r)
{
    const char *origin = request_header(c, r, "Origin");
    if (!origin) return ERR_OK;
    const char *ours = c->app->config ? c->app->config->public_url : NULL;
    const char *host = request_header(c, r, "Host");
    const char *authority = strstr(origin, "://");
    size_t len = strlen(origin);
    if (ours && strncasecmp(ours, origin, len) == 0 && (ours[len] == '\0' || ours[len] == '/'))
        return ERR_OK;
    if (authority && host && strcasecmp(authority + 3, host) == 0) return ERR_OK;
    return fault(c, ERR_FORBIDDEN, "CROSS_SITE", "Requests from other sites are refused");
}

const char *public_base(struct ctx *c, const struct request *r)
{
    const struct config *config = c->app->config;
    if (config && config->public_url) {
        size_t len = strlen(config->public_url);
        while (len > 0 && config->public_url[len - 1] == '/')
            len--;
        return arena_strndup(c->arena, config->public_url, len);
    }
    const char *host = r && c->actor.kind == ACTOR_USER ? request_header(c, r, "Host") : NULL;
    if (host && host_valid(host))
        return arena_printf(c->arena, "%s://%s", r->secure ? "https" : "http", host);
    if (!config) return "http://localhost:8080";
    bool v6 = strchr(config->listen_host, ':') != NULL;
    return arena_printf(c->arena, v6 ? "http://[%s]:%d" : "http://%s:%d", config->listen_host,
                        config->listen_port);
}
