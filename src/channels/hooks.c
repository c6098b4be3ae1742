/* What platforms call us for: POST and GET /hooks/{kind}/{key}. The key, a channel's public_key,
 * names the account; the kind verifies the raw body; then the body is committed as a row, together
 * with the others of the same moment, and only then the platform hears 200. What is in it is read
 * afterwards (receive.c), so that nothing that we do not understand can be lost.
 *
 * Without a key it is the installation's own app, whose one secret speaks for all organizations:
 * the body is decoded at once to see for which accounts it is, and kept once for each.
 *
 * A paused account's bodies are kept too, and read when it goes on. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "channels/channel.h"
#include "channels/channels.h"
#include "channels/meta/meta_json.h"
#include "channels/worker.h"
#include "core/bus.h"
#include "core/log.h"
#include "sql.h"

#define BODY_MAX         (4 * MIB)
#define CALLS_PER_MINUTE 6000000 /* of one address: a platform's few machines, signed by a secret */
#define ACCOUNTS_MAX     1000 /* of one body of the installation's app: what Meta puts into one */

/* --- bodies into rows ------------------------------------------------------------------ */

/* Whoever drains is woken only when the job is new: where one waits already somebody was told, and
 * one wake for each batch of thousands of bodies a second costs a third of a core. */
static enum err bodies_add(struct ctx *c, const char *list)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_BODIES_ADD, PARAMS(P_TEXT("list", list)), &rows);
    if (!e && rows_int(rows, 0, "new_jobs", 0) > 0) bus_wake(c->app->bus, WAKE_JOBS);
    return e;
}

static enum err bodies_write(struct ctx *c, const char *list, int count,
                             struct batch_result *results)
{
    enum err e = bodies_add(c, list);
    for (int i = 0; !e && i < count; i++)
        results[i].taken = true;
    return e;
}

static const struct batch_kind bodies_batch_kind = {
    .runners = 2,
    .items_max = 128,
    .bytes_max = 8 * MIB,
    .write = bodies_write,
};

/* Committed when it returns ERR_OK. */
static enum err body_keep(struct ctx *c, struct uuid channel, const char *account,
                          struct bytes body)
{
    char id[UUID_TEXT_SIZE];
    const char *text = base64_encode(c->arena, body.data, body.len);
    struct buf item = BUF_INIT(2 * BODY_MAX);
    buf_addf(&item, "{\"channel\":\"%s\",\"account\":", uuid_text(channel, id));
    buf_add_json(&item, account);
    buf_adds(&item, ",\"body\":\"");
    buf_adds(&item, text);
    buf_adds(&item, "\"}");
    const char *json = text && !buf_failed(&item) ? buf_str(&item) : NULL;
    struct channels_worker *w = channels_worker(c->app);
    w->body_ms = clock_mono_ms();
    struct batch_result result = {0};
    enum err e = json ? batch_write(c, w->bodies, json, &result) : ERR_TOO_LARGE;
    if (!e && !result.taken) e = bodies_add(c, arena_printf(c->arena, "[%s]", json));
    buf_free(&item);
    return e;
}

/* --- whose it is ----------------------------------------------------------------------- */

/* Opened settings and secrets of an account, from its texts. */
static enum err account_open(struct ctx *c, const struct account *a, const char *key,
                             struct channel *ret)
{
    *ret = (struct channel){
        .id = a->id,
        .kind = arena_strdup(c->arena, a->kind),
        .name = arena_strdup(c->arena, a->name),
        .address = arena_strdup(c->arena, a->address),
        .status = arena_strdup(c->arena, a->status),
        .external_account = arena_strdup(c->arena, a->external_account),
        .public_key = key,
        .default_team = a->default_team,
    };
    c->org = a->org;
    return channel_texts_open(c, a->settings, a->sealed, ret);
}

static enum err account_find(struct ctx *c, const char *kind, const char *key, struct channel *ret)
{
    struct accounts *known = channels_worker(c->app)->accounts;
    const struct account *a = accounts_get(known, key, clock_mono_ms());
    if (a && strcmp(a->kind, kind) == 0) return account_open(c, a, key, ret);
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_BY_KEY, PARAMS(P_TEXT("key", key)), &rows);
    if (e == ERR_NOT_FOUND || (!e && strcmp(rows_text(rows, 0, "kind"), kind) != 0))
        return fault(c, ERR_NOT_FOUND, "CHANNEL_NOT_FOUND", "no account listens here");
    if (e) return e;
    struct account found = {
        .org = rows_uuid(rows, 0, "org_id"),
        .id = rows_uuid(rows, 0, "id"),
        .default_team = rows_uuid(rows, 0, "default_team_id"),
        .kind = rows_text(rows, 0, "kind"),
        .name = rows_text(rows, 0, "name"),
        .address = rows_text(rows, 0, "address"),
        .status = rows_text(rows, 0, "status"),
        .external_account = rows_text(rows, 0, "external_account"),
        .settings = rows_text(rows, 0, "settings"),
        .sealed = rows_text(rows, 0, "secrets"),
    };
    accounts_put(known, key, &found, clock_mono_ms());
    return account_open(c, &found, key, ret);
}

/* The installation's own app as if it were an account. ERR_NOT_FOUND: it has none. */
static enum err installation_channel(struct ctx *c, const struct channel_kind *kind,
                                     struct channel *ret)
{
    const struct config *f = c->app->config;
    const bool instagram = strcmp(kind->kind, "instagram") == 0;
    const char *const secrets[] = {f->meta_app_secret, f->instagram_app_secret};
    const char *own =
        instagram && f->instagram_app_secret ? f->instagram_app_secret : f->meta_app_secret;
    if (!own) return fault(c, ERR_NOT_FOUND, "CHANNEL_NOT_FOUND", "no app listens here");
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (secrets[i] && (i == 0 || instagram))
            json_array_append_new(list, json_string(secrets[i]));
    *ret = (struct channel){
        .kind = kind->kind,
        .name = "",
        .address = "",
        .status = "connected",
        .external_account = "",
        .settings =
            json_pack("{s:s}", "verifyToken", f->meta_verify_token ? f->meta_verify_token : ""),
        .secrets = json_pack("{s:s, s:o}", "appSecret", own, "appSecrets", list),
    };
    arena_on_free(c->arena, (void (*)(void *))json_decref, ret->settings);
    arena_on_free(c->arena, (void (*)(void *))json_decref, ret->secrets);
    return ERR_OK;
}

/* The kind and the account of a request, opened. */
static enum err hook_open(struct ctx *c, const struct channel_kind **ret_kind, struct channel *ret)
{
    const char *key = in_text(c, "key");
    *ret_kind = channel_kind_find(in_text(c, "kind"));
    if (!*ret_kind || !(*ret_kind)->decode)
        return fault(c, ERR_NOT_FOUND, "CHANNEL_NOT_FOUND", "no account listens here");
    return key ? account_find(c, (*ret_kind)->kind, key, ret)
               : installation_channel(c, *ret_kind, ret);
}

/* --- the routes ------------------------------------------------------------------------ */

/* Is a change for this account? WhatsApp's names its number, others are the entry's. */
static bool change_is_for(struct arena *a, const json_t *entry, const json_t *change,
                          const char *account)
{
    const json_t *value = json_object_get(change, "value");
    const char *of = meta_id(a, json_object_get(value, "metadata"), "phone_number_id");
    if (!of) of = meta_id(a, entry, "id");
    return of && strcmp(of, account) == 0;
}

/* Without what is for other accounts: they may be of other organizations, and a body is shown. */
static enum err body_only(struct arena *a, struct bytes body, const char *account,
                          struct bytes *ret)
{
    json_t *all = NULL, *entry;
    if (meta_json_parse(a, body, &all, NULL)) return ERR_INVALID;
    json_t *entries = json_object_get(all, "entry");
    for (size_t i = json_array_size(entries); i-- > 0;) {
        entry = json_array_get(entries, i);
        const char *id = meta_id(a, entry, "id");
        json_t *changes = json_object_get(entry, "changes");
        for (size_t k = json_array_size(changes); k-- > 0;)
            if (!change_is_for(a, entry, json_array_get(changes, k), account))
                json_array_remove(changes, k);
        if (json_array_size(changes) == 0 && (!id || strcmp(id, account) != 0))
            json_array_remove(entries, i);
    }
    const char *text = json_text(a, all);
    if (!text) return ERR_NO_MEMORY;
    *ret = (struct bytes){(const unsigned char *)text, strlen(text)};
    return ERR_OK;
}

/* The accounts that a body of the installation's app speaks of. */
static int accounts_of(struct arena *a, const struct inbound_list *list, const char ***ret)
{
    const char **seen = arena_array(a, (size_t)list->count, sizeof *seen);
    int count = 0;
    for (int i = 0; seen && i < list->count && count < ACCOUNTS_MAX; i++) {
        const char *account = list->items[i].account;
        if (!account) account = json_get_text(list->items[i].data, "wabaId");
        int n = 0;
        while (account && n < count && strcmp(seen[n], account) != 0)
            n++;
        if (account && n == count) seen[count++] = account;
    }
    *ret = seen;
    return count;
}

/* One row for each of these accounts. */
static enum err installation_keep(struct ctx *c, const struct channel_kind *kind, struct bytes body)
{
    struct inbound_list list = {.arena = c->arena};
    const char *why = NULL, **seen = NULL;
    int kept = 0;
    enum err e = kind->decode(c->arena, body, &list, &why);
    int count = e || list.count == 0 ? 0 : accounts_of(c->arena, &list, &seen);
    for (int i = 0; !e && i < count; i++) {
        struct rows *rows = NULL;
        struct param params[] = {P_TEXT("kind", kind->kind), P_TEXT("account", seen[i]), {0}};
        struct bytes own = body;
        e = db_query(c, &SQL_CHANNEL_BY_ACCOUNT, params, &rows);
        if (!e && rows_count(rows) > 0 && count > 1) e = body_only(c->arena, body, seen[i], &own);
        for (int k = 0; !e && k < rows_count(rows); k++, kept++) {
            c->org = rows_uuid(rows, k, "org_id");
            e = body_keep(c, rows_uuid(rows, k, "id"), seen[i], own);
            c->org = (struct uuid){0};
        }
    }
    if (e == ERR_INVALID || (!e && kept == 0)) {
        log_event(LOG_WARN, c->trace, "a webhook that is for no account here",
                  LOG_FIELDS(LOG_TEXT("kind", kind->kind),
                             LOG_TEXT("account", count ? seen[0] : ""),
                             LOG_TEXT("error", why ? why : "")));
        return ERR_OK;
    }
    return e;
}

static enum err hook_post(struct ctx *c, struct request *r, struct reply *p)
{
    const struct channel_kind *kind = NULL;
    struct channel ch;
    enum err e = hook_open(c, &kind, &ch);
    if (!e) e = kind->verify(c, &ch, r);
    if (e) return e;
    e = uuid_is_nil(ch.id) ? installation_keep(c, kind, r->body) : body_keep(c, ch.id, "", r->body);
    if (e) return fault(c, e, NULL, "the body could not be stored now");
    reply_empty(p, 200);
    return ERR_OK;
}

static enum err hook_get(struct ctx *c, struct request *r, struct reply *p)
{
    const struct channel_kind *kind = NULL;
    struct channel ch;
    enum err e = hook_open(c, &kind, &ch);
    if (e) return e;
    if (!kind->handshake)
        return fault(c, ERR_NOT_FOUND, "CHANNEL_NOT_FOUND", "nothing to look at here");
    return kind->handshake(c, &ch, r, p);
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field key_fields[] = {
    {.name = "kind", .type = F_SLUG, .in = IN_PATH, .max = 20, .required = true},
    {.name = "key", .type = F_TEXT, .in = IN_PATH, .max = 64, .required = true},
    {0},
};
static const struct field kind_fields[] = {
    {.name = "kind", .type = F_SLUG, .in = IN_PATH, .max = 20, .required = true},
    {0},
};

/* No group: not in the document, and their query is the platform's. */
#define HOOK(m, tail, f, h)                                                                        \
    .method = m, .path = "/hooks/{kind}" tail, .access = ACCESS_PUBLIC, .raw_body = true,          \
    .body_max = BODY_MAX, .rate_per_minute = CALLS_PER_MINUTE, .fields = f, .shape = ANSWER_OTHER, \
    .handler = h

const struct route hooks_routes[] = {
    {HOOK(HTTP_POST, "/{key}", key_fields, hook_post), .id = "hooks.receive",
     .summary = "A platform's news of one account."},
    {HOOK(HTTP_GET, "/{key}", key_fields, hook_get), .id = "hooks.handshake",
     .summary = "A platform looks whether the address is ours."},
    {HOOK(HTTP_POST, "", kind_fields, hook_post), .id = "hooks.receiveApp",
     .summary = "A platform's news of any account of the installation's app."},
    {HOOK(HTTP_GET, "", kind_fields, hook_get), .id = "hooks.handshakeApp",
     .summary = "The same for the installation's app."},
    {0},
};

/* --- the module ------------------------------------------------------------------------ */

enum err channels_start(struct app *app)
{
    struct channels_worker *w = mem_alloc(sizeof *w);
    w->accounts = accounts_new(app);
    w->bodies = batch_queue_new(app, &bodies_batch_kind);
    app->channels = w;
    return ERR_OK;
}

void channels_stop(struct app *app)
{
    struct channels_worker *w = app->channels;
    app->channels = NULL;
    if (!w) return;
    accounts_free(w->accounts);
    batch_queue_free(w->bodies);
    mem_free(w);
}
