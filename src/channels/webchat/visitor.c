/* Visitors: the channel behind a public key, the origin of the page, the token. A token is
 * "<visitor id>.<mac>", the mac being the first 16 bytes of HMAC-SHA-256 over channel and visitor
 * with the installation's key: nothing is stored, it cannot be guessed, and one of another channel
 * is worth nothing. */
#include "channels/webchat/visitor.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/accounts.h"
#include "channels/worker.h"
#include "sql.h"

#define MAC_BYTES 16

static void visitor_mac(const struct app *app, struct uuid channel, struct uuid visitor,
                        char out[2 * MAC_BYTES + 1])
{
    static const char purpose[] = "webchat.visitor.1";
    unsigned char key[SHA256_SIZE], mac[SHA256_SIZE], text[32];
    hmac_sha256(app->seal_key, sizeof(app->seal_key), purpose, sizeof(purpose) - 1, key);
    memcpy(text, channel.b, 16);
    memcpy(text + 16, visitor.b, 16);
    hmac_sha256(key, sizeof(key), text, sizeof(text), mac);
    hex_encode(mac, MAC_BYTES, out);
}

const char *visitor_token(struct ctx *c, struct uuid channel, struct uuid visitor)
{
    char mac[2 * MAC_BYTES + 1], id[UUID_TEXT_SIZE];
    visitor_mac(c->app, channel, visitor, mac);
    return arena_printf(c->arena, "%s.%s", uuid_text(visitor, id), mac);
}

static bool token_check(const struct app *app, struct uuid channel, const char *token,
                        struct uuid *ret_visitor)
{
    char id[UUID_TEXT_SIZE], mac[2 * MAC_BYTES + 1];
    struct uuid visitor;
    if (!token || strlen(token) != UUID_TEXT_SIZE - 1 + 1 + 2 * MAC_BYTES ||
        token[UUID_TEXT_SIZE - 1] != '.')
        return false;
    memcpy(id, token, UUID_TEXT_SIZE - 1);
    id[UUID_TEXT_SIZE - 1] = 0;
    if (!uuid_parse(id, &visitor)) return false;
    visitor_mac(app, channel, visitor, mac);
    if (!secret_equal(mac, token + UUID_TEXT_SIZE, 2 * MAC_BYTES)) return false;
    *ret_visitor = visitor;
    return true;
}

/* "https://loja.example" is allowed by the same text, or by "*.example" for its subdomains; an
 * empty list allows every page. */
static bool origin_matches(const char *origin, const char *pattern)
{
    size_t whole = strlen(pattern);
    if (whole > 0 && pattern[whole - 1] == '/') whole--; /* as copied from an address bar */
    if (strcmp(pattern, "*") == 0 ||
        (strlen(origin) == whole && strncasecmp(origin, pattern, whole) == 0))
        return true;
    const char *host = strstr(origin, "://");
    host = host ? host + 3 : origin;
    const char *port = strrchr(host, ':');
    size_t len = port ? (size_t)(port - host) : strlen(host);
    const char *wanted = strstr(pattern, "://");
    if (wanted) return false; /* a whole origin was meant */
    if (strncmp(pattern, "*.", 2) == 0) {
        size_t n = strlen(pattern + 1); /* ".example" */
        return len > n && strncasecmp(host + len - n, pattern + 1, n) == 0;
    }
    return (strlen(pattern) == len && strncasecmp(host, pattern, len) == 0) ||
           strcasecmp(host, pattern) == 0;
}

static bool origin_allowed(const json_t *settings, const char *origin, const char *own_host)
{
    const json_t *list = json_object_get(settings, "origins");
    if (json_array_size(list) == 0 || !origin) return true;
    const char *host = strstr(origin, "://");
    if (own_host && host && strcasecmp(host + 3, own_host) == 0)
        return true; /* our own demo page and previews */
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *pattern = json_string_value(json_array_get(list, i));
        if (pattern && origin_matches(origin, pattern)) return true;
    }
    return false;
}

/* The visit of a channel whose settings (JSON) are given: is the page allowed? */
static enum err visit_begin(struct ctx *c, const struct request *r, const char *settings_text,
                            struct visit *ret)
{
    json_t *settings = NULL;
    enum err e = json_parse(c->arena, settings_text, strlen(settings_text), &settings, NULL);
    if (e) return e;
    ret->channel.settings = settings;
    c->actor = (struct actor){
        .kind = ACTOR_VISITOR, .name = "", .team_ids = "{}", .language = ret->language};
    if (!origin_allowed(settings, request_header(c, r, "Origin"), request_header(c, r, "Host")))
        return fault(c, ERR_FORBIDDEN, "ORIGIN_DENIED",
                     "this page is not on the web chat's list of sites");
    return ERR_OK;
}

static enum err visitor_check(struct ctx *c, const struct request *r, struct visit *ret)
{
    const char *token = request_header(c, r, "X-Visitor");
    if (!token) token = in_text(c, "token");
    if (!token_check(c->app, ret->channel.id, token, &ret->visitor))
        return fault(c, ERR_UNAUTHORIZED, "VISITOR_UNKNOWN",
                     "this visitor's token is not valid here");
    c->actor.id = ret->visitor;
    return ERR_OK;
}

enum err visit_open(struct ctx *c, struct request *r, struct visit *ret)
{
    struct rows *rows = NULL;
    const char *key = in_text(c, "channelKey"), *lang = in_text(c, "lang");
    enum err e =
        db_one(c, &SQL_WEBCHAT_BY_KEY, PARAMS(P_TEXT("key", key), P_TEXT("lang", lang)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "CHANNEL_NOT_FOUND", "there is no such web chat");
    if (e) return e;
    c->org = rows_uuid(rows, 0, "org_id");
    *ret = (struct visit){
        .channel = {.id = rows_uuid(rows, 0, "id"),
                    .kind = "webchat",
                    .name = rows_text(rows, 0, "name"),
                    .address = "",
                    .status = rows_text(rows, 0, "status"),
                    .default_team = rows_uuid(rows, 0, "default_team_id")},
        .language = rows_text(rows, 0, "language"),
        .country = rows_text(rows, 0, "country"),
        .open = rows_bool(rows, 0, "is_open"),
        .staffed = rows_bool(rows, 0, "is_staffed"),
    };
    const struct account known = {.org = c->org,
                                  .kind = "webchat",
                                  .id = ret->channel.id,
                                  .default_team = ret->channel.default_team,
                                  .name = ret->channel.name,
                                  .status = ret->channel.status,
                                  .language = ret->language,
                                  .country = ret->country,
                                  .settings = rows_text(rows, 0, "settings")};
    if (!lang) accounts_put(channels_worker(c->app)->accounts, key, &known, clock_mono_ms());
    return visit_begin(c, r, known.settings, ret);
}

enum err visit_authenticate(struct ctx *c, struct request *r, struct visit *ret)
{
    enum err e = visit_open(c, r, ret);
    return e ? e : visitor_check(c, r, ret);
}

enum err visit_authenticate_recent(struct ctx *c, struct request *r, struct visit *ret)
{
    const struct account *a = in_text(c, "lang")
                                  ? NULL
                                  : accounts_get(channels_worker(c->app)->accounts,
                                                 in_text(c, "channelKey"), clock_mono_ms());
    if (!a) return visit_authenticate(c, r, ret);
    c->org = a->org;
    *ret = (struct visit){
        .channel = {.id = a->id,
                    .kind = "webchat",
                    .name = arena_strdup(c->arena, a->name),
                    .address = "",
                    .status = arena_strdup(c->arena, a->status),
                    .default_team = a->default_team},
        .language = arena_strdup(c->arena, a->language),
        .country = arena_strdup(c->arena, a->country),
    };
    enum err e = visit_begin(c, r, a->settings, ret);
    return e ? e : visitor_check(c, r, ret);
}
