/* Who makes a request: the session cookie or the API key, turned into ctx->actor (auth.h).
 *
 * Order: a key, when one is sent, else the cookie. What the database says is remembered for half a
 * minute (session_cache.h); every change of rights writes the event auth.changed, which makes all
 * workers forget at once. A key is checked on each request against its networks and its rate; each
 * worker counts for itself, so that an installation lets through up to the number of its workers
 * times the rate. */
#include <string.h>
#include <strings.h>

#include "auth/identity.h"
#include "auth/permissions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/address.h"
#include "core/bus.h"
#include "core/events.h"
#include "core/log.h"
#include "core/rate_limit.h"
#include "sql.h"

#define CACHE_ENTRIES 4096
#define KEY_PREFIX    "ak_"
#define TOPIC         "auth"

/* --- tokens ---------------------------------------------------------------------------- */

const char *token_hash(struct ctx *c, const char *token)
{
    char hex[SHA256_HEX_SIZE];
    return arena_strdup(c->arena, sha256_hex(token, strlen(token), hex));
}

void token_make(struct ctx *c, const char **ret_token, const char **ret_hash)
{
    *ret_token = crypto_token(c->arena, TOKEN_BYTES);
    *ret_hash = token_hash(c, *ret_token);
}

/* Did the browser come over TLS? A trusted proxy says so; one that is not on the list cannot, but
 * then the address that the browser used (Host) is the public one, which begins with https. */
static bool by_tls(const struct ctx *c, const struct request *r)
{
    static const char scheme[] = "https://";
    const char *url = c->app->config ? c->app->config->public_url : NULL;
    if (r->secure || !url || strncasecmp(url, scheme, sizeof scheme - 1) != 0) return r->secure;
    const char *host = request_header(c, r, "Host");
    const char *ours = url + sizeof scheme - 1;
    size_t len = strcspn(ours, "/");
    return host && strlen(host) == len && strncasecmp(host, ours, len) == 0;
}

void session_cookie(struct ctx *c, const struct request *r, struct reply *p, const char *token)
{
    reply_header(c, p, "Set-Cookie",
                 arena_printf(c->arena, "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                              SESSION_COOKIE, token ? token : "", token ? SESSION_S : 0,
                              by_tls(c, r) ? "; Secure" : ""));
}

/* --- identities ------------------------------------------------------------------------ */

static void act_as(struct ctx *c, const struct identity *i)
{
    c->actor = (struct actor){
        .kind = i->is_key ? ACTOR_KEY : ACTOR_USER,
        .id = i->id,
        .session_id = i->session_id,
        .name = arena_strdup(c->arena, i->name),
        .permissions = i->permissions,
        .sees_all_chats = (i->permissions & PERMISSION_BIT(PERMISSION_CHATS_VIEW_ALL)) != 0,
        .sees_contacts = (i->permissions & PERMISSION_BIT(PERMISSION_CONTACTS_VIEW)) != 0,
        .team_ids = arena_strdup(c->arena, i->team_ids),
        .language = arena_strdup(c->arena, i->language),
    };
}

static enum standing standing_of(const char *role_kind, const char *status)
{
    if (!role_kind || !status) return STANDING_NONE;
    return strcmp(status, "active") == 0 ? STANDING_ACTIVE : STANDING_SUSPENDED;
}

/* Ask the database who this session is; ERR_NOT_FOUND: nobody. */
static enum err session_load(struct ctx *c, const char *hash, struct uuid org, struct identity *ret,
                             bool *ret_renewed)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_AUTH_SESSION,
                          PARAMS(P_TEXT("token_hash", hash), P_UUID("org", org)), &rows);
    if (e) return e;
    if (rows_count(rows) == 0) return ERR_NOT_FOUND;
    *ret = (struct identity){
        .id = rows_uuid(rows, 0, "user_id"),
        .session_id = rows_uuid(rows, 0, "session_id"),
        .org = org,
        .standing = standing_of(rows_text(rows, 0, "role_kind"), rows_text(rows, 0, "status")),
        .name = rows_text(rows, 0, "name"),
        .language = rows_text(rows, 0, "language"),
        .team_ids = rows_text(rows, 0, "team_ids"),
        .addresses = "",
    };
    if (ret->standing == STANDING_ACTIVE)
        ret->permissions = permissions_from_array(rows_text(rows, 0, "permissions"));
    *ret_renewed = rows_bool(rows, 0, "renewed");
    return ERR_OK;
}

/* The person of the request's cookie in org. ERR_UNAUTHORIZED without a fault: no cookie, or no
 * such session. */
static enum err session_identity(struct ctx *c, struct request *r, struct reply *p, struct uuid org,
                                 struct identity *ret)
{
    const struct auth *auth = c->app->auth;
    const char *token = request_cookie(c, r, SESSION_COOKIE);
    if (!token || strlen(token) < 40 || strlen(token) > 100) return ERR_UNAUTHORIZED;
    unsigned char hash[SHA256_SIZE];
    sha256(token, strlen(token), hash);
    int64_t now_ms = clock_mono_ms();
    const struct identity *known = session_cache_get(auth->sessions, hash, org, now_ms);
    if (known) {
        *ret = *known;
        return ERR_OK;
    }
    uint64_t generation = session_cache_generation(auth->sessions);
    bool renewed = false;
    enum err e = session_load(c, token_hash(c, token), org, ret, &renewed);
    if (e == ERR_NOT_FOUND) return ERR_UNAUTHORIZED;
    if (e) return e;
    session_cache_put(auth->sessions, hash, org, ret, generation, now_ms);
    if (renewed) session_cookie(c, r, p, token);
    return ERR_OK;
}

enum err session_optional(struct ctx *c, struct request *r, struct reply *p)
{
    struct identity i;
    enum err e = session_identity(c, r, p, (struct uuid){0}, &i);
    if (e == ERR_UNAUTHORIZED) return ERR_OK;
    if (e) return e;
    act_as(c, &i);
    return ERR_OK;
}

/* The person acts, if the organization lets them in. */
static enum err admit(struct ctx *c, const struct identity *i)
{
    act_as(c, i);
    if (uuid_is_nil(c->org) || i->standing == STANDING_ACTIVE) return ERR_OK;
    if (i->standing == STANDING_SUSPENDED)
        return fault(c, ERR_FORBIDDEN, "MEMBERSHIP_SUSPENDED",
                     "Your access to this organization is suspended");
    return fault(c, ERR_FORBIDDEN, "NOT_A_MEMBER", "You are not a member of this organization");
}

static enum err authenticate_session(struct ctx *c, struct request *r, struct reply *p)
{
    struct identity i;
    enum err e = session_identity(c, r, p, c->org, &i);
    if (e == ERR_UNAUTHORIZED) return fault(c, e, NULL, "Log in first");
    return e ? e : admit(c, &i);
}

enum err auth_rights_now(struct ctx *c, struct request *r, struct reply *p)
{
    const char *token = request_cookie(c, r, SESSION_COOKIE);
    if (c->actor.kind != ACTOR_USER || !token) return ERR_OK;
    struct identity i;
    bool renewed = false;
    enum err e = session_load(c, token_hash(c, token), c->org, &i, &renewed);
    if (e == ERR_NOT_FOUND) return fault(c, ERR_UNAUTHORIZED, NULL, "Log in first");
    if (e) return e;
    if (renewed) session_cookie(c, r, p, token);
    return admit(c, &i);
}

/* --- keys ------------------------------------------------------------------------------ */

/* PostgreSQL's "{10.0.0.0/8,::1/128}" as the list that address_in takes. */
static const char *address_list(struct ctx *c, const char *array)
{
    size_t len = strlen(array);
    return len <= 2 ? "" : arena_strndup(c->arena, array + 1, len - 2);
}

static enum err key_load(struct ctx *c, const char *hash, struct identity *ret)
{
    struct rows *rows = NULL;
    enum err e = db_query(c, &SQL_AUTH_KEY, PARAMS(P_TEXT("key_hash", hash)), &rows);
    if (e) return e;
    if (rows_count(rows) == 0) return ERR_NOT_FOUND;
    *ret = (struct identity){
        .is_key = true,
        .id = rows_uuid(rows, 0, "key_id"),
        .org = rows_uuid(rows, 0, "org_id"),
        .standing = STANDING_ACTIVE,
        .permissions = permissions_from_array(rows_text(rows, 0, "permissions")),
        .rate_per_minute = (int)rows_int(rows, 0, "rate_per_minute", 60),
        .name = rows_text(rows, 0, "name"),
        .language = rows_text(rows, 0, "language"),
        .team_ids = "{}",
        .addresses = address_list(c, rows_text(rows, 0, "allowed_addresses")),
    };
    return ERR_OK;
}

static enum err key_identity(struct ctx *c, const char *key, struct identity *ret)
{
    const struct auth *auth = c->app->auth;
    size_t len = strlen(key);
    if (strncmp(key, KEY_PREFIX, sizeof KEY_PREFIX - 1) != 0 || len < 20 || len > 100)
        return ERR_NOT_FOUND;
    unsigned char hash[SHA256_SIZE];
    sha256(key, len, hash);
    int64_t now_ms = clock_mono_ms();
    const struct identity *known =
        session_cache_get(auth->sessions, hash, (struct uuid){0}, now_ms);
    if (known) {
        *ret = *known;
        return ERR_OK;
    }
    uint64_t generation = session_cache_generation(auth->sessions);
    enum err e = key_load(c, token_hash(c, key), ret);
    if (e) return e;
    session_cache_put(auth->sessions, hash, (struct uuid){0}, ret, generation, now_ms);
    return ERR_OK;
}

static bool address_listed(const char *address, const char *list)
{
    struct address a;
    return !*list || (address_parse(address, &a) && address_in(&a, list));
}

static enum err authenticate_key(struct ctx *c, struct reply *p, const char *key)
{
    struct identity i;
    enum err e = key_identity(c, key, &i);
    if (e == ERR_NOT_FOUND)
        return fault(c, ERR_UNAUTHORIZED, "API_KEY_INVALID", "This API key is unknown or revoked");
    if (e) return e;
    act_as(c, &i); /* copies: the cache's own texts may go while something below waits */
    if (!address_listed(c->address, i.addresses))
        return fault(c, ERR_FORBIDDEN, "API_KEY_IP_DENIED",
                     "This API key may not be used from your address");
    struct rate_state state;
    bool taken = rate_take(c->app->rate_limiter, i.id.b, sizeof i.id.b, i.rate_per_minute,
                           clock_mono_ms(), &state);
    if (!taken) return rate_refuse(c, p, &state);
    rate_headers(c, p, &state);
    if (!uuid_is_nil(c->org) && !uuid_equal(c->org, i.org))
        return fault(c, ERR_FORBIDDEN, "ORGANIZATION_MISMATCH",
                     "This API key belongs to another organization");
    return ERR_OK;
}

static const char *key_of(const struct ctx *c, const struct request *r)
{
    const char *key = request_header(c, r, "X-Api-Key");
    if (key) return key;
    const char *authorization = request_header(c, r, "Authorization");
    if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0) return authorization + 7;
    return NULL;
}

static enum err authenticate(struct ctx *c, struct request *r, struct reply *p)
{
    const char *key = key_of(c, r);
    return key ? authenticate_key(c, p, key) : authenticate_session(c, r, p);
}

const struct router_auth auth_router = {.authenticate = authenticate,
                                        .permission_name = permission_name};

/* --- forgetting ------------------------------------------------------------------------ */

static void forget(struct auth *auth, bool org, const char *text)
{
    struct uuid id;
    if (!text || !uuid_parse(text, &id)) return;
    if (org)
        session_cache_drop_org(auth->sessions, id);
    else
        session_cache_drop_user(auth->sessions, id);
}

static void on_hint(void *arg, const char *payload)
{
    const struct app *app = arg;
    if (strncmp(payload, "user ", 5) == 0)
        forget(app->auth, false, payload + 5);
    else if (strncmp(payload, "org ", 4) == 0)
        forget(app->auth, true, payload + 4);
}

/* A hint may have been lost: whoever it was about is not known. */
static void on_missed(void *arg)
{
    const struct app *app = arg;
    const struct auth *auth = app->auth;
    if (auth) session_cache_drop_all(auth->sessions);
}

static void on_event(void *arg, const struct event *event)
{
    const struct app *app = arg;
    struct auth *auth = app->auth;
    if (strcmp(event->type, "auth.changed") != 0) return;
    CLEANUP(json_decrefp) json_t *payload = json_loads(event->payload, 0, NULL);
    const char *user = json_get_text(payload, "userId");
    if (user)
        forget(auth, false, user);
    else
        session_cache_drop_org(auth->sessions, event->org);
}

void auth_forget(struct ctx *c, struct uuid user)
{
    char text[UUID_TEXT_SIZE];
    bool org = uuid_is_nil(user);
    struct auth *auth = c->app->auth;
    uuid_text(org ? c->org : user, text);
    if (auth) forget(auth, org, text);
    bus_send(c->app->bus, TOPIC, arena_printf(c->arena, "%s %s", org ? "org" : "user", text));
}

enum err auth_start(struct app *app)
{
    struct auth *auth = mem_alloc(sizeof *auth);
    auth->sessions = session_cache_new(CACHE_ENTRIES);
    app->auth = auth;
    if (app->events) event_reader_on(app->events, on_event, app);
    bus_on(app->bus, TOPIC, on_hint, app);
    bus_on_missed(app->bus, on_missed, app);
    return ERR_OK;
}

void auth_stop(struct app *app)
{
    struct auth *auth = app->auth;
    app->auth = NULL;
    if (!auth) return;
    session_cache_free(auth->sessions);
    mem_free(auth);
}
