/* Connecting by login (oauth.h). The state is sealed text (kind, session, organization, redirect,
 * time): nobody else can make one, and one that was stolen is of no use in another session. It needs
 * no row: the code, which is good once, is what must not be replayed, and the platform sees to
 * that. */
#include "channels/oauth.h"

#include <string.h>

#include "auth/permissions.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/instagram/instagram.h"
#include "channels/messenger/messenger.h"
#include "channels/meta/meta_json.h"
#include "channels/whatsapp/signup.h"
#include "core/jobs.h"
#include "sql.h"

#define STATE_PURPOSE  "channels.oauth.state"
#define TICKET_PURPOSE "channels.oauth.ticket"
#define STATE_MS       (30 * MINUTE_MS)

const struct oauth_kind *const oauth_kinds[] = {
    &whatsapp_oauth,
    &messenger_oauth,
    &instagram_oauth,
    NULL,
};

static const struct oauth_kind *kind_find(const char *kind)
{
    for (int i = 0; kind && oauth_kinds[i]; i++)
        if (strcmp(oauth_kinds[i]->kind, kind) == 0) return oauth_kinds[i];
    return NULL;
}

bool oauth_offered(struct ctx *c, const char *kind)
{
    const struct oauth_kind *k = kind_find(kind);
    return k && k->offered(c);
}

/* --- state ----------------------------------------------------------------------------- */

/* Only this program's own pages: the platform checks its own list, too. */
static enum err redirect_check(struct ctx *c, const char *redirect)
{
    const char *own = c->app->config->public_url;
    /* Without an address of our own only what cannot leave the machine. */
    static const char *const here[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    size_t len = own ? strlen(own) : 0;
    if (own && strncmp(redirect, own, len) == 0 && redirect[len] == '/') return ERR_OK;
    for (size_t i = 0; !own && i < ARRAY_LEN(here); i++) {
        const char *rest = redirect + strlen(here[i]);
        if (strncmp(redirect, here[i], strlen(here[i])) != 0) continue;
        if (*rest == ':') rest += 1 + strspn(rest + 1, "0123456789");
        if (*rest == '/') return ERR_OK;
    }
    return fault_field(c, "redirect", "INVALID_VALUE", "It is not an address of this server");
}

/* For addresses: base64 without the characters that would have to be escaped. */
static void url_safe(char *text)
{
    for (char *p = text; *p; p++) {
        if (*p == '+') *p = '-';
        if (*p == '/') *p = '_';
    }
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '=')
        text[--len] = '\0';
}

static const char *state_make(struct ctx *c, const char *kind, const char *redirect,
                              const char *login)
{
    char org[UUID_TEXT_SIZE], session[UUID_TEXT_SIZE], actor[UUID_TEXT_SIZE];
    json_t *j = meta_object(c->arena);
    meta_set_text(j, "org", uuid_text(c->org, org));
    meta_set_text(j, "actor", uuid_text(c->actor.id, actor));
    meta_set_text(j, "session", uuid_text(c->actor.session_id, session));
    meta_set_text(j, "kind", kind);
    meta_set_text(j, "redirect", redirect);
    meta_set_text(j, "login", login);
    meta_set(j, "until", json_integer(clock_unix_ms() + STATE_MS));
    char *sealed = secret_seal(c->arena, c->app->seal_key, STATE_PURPOSE, json_text(c->arena, j));
    if (sealed) url_safe(sealed);
    return sealed;
}

static bool same_id(const json_t *j, const char *key, struct uuid id)
{
    struct uuid said;
    const char *text = json_get_text(j, key);
    return text && uuid_parse(text, &said) && uuid_equal(said, id);
}

static enum err state_read(struct ctx *c, const char *kind, const char *state, json_t **ret)
{
    const char *plain = NULL;
    json_t *j = NULL;
    if (secret_open(c->arena, c->app->seal_key, STATE_PURPOSE, state, &plain) == ERR_OK &&
        json_parse(c->arena, plain, strlen(plain), &j, NULL) == ERR_OK &&
        same_id(j, "org", c->org) && same_id(j, "actor", c->actor.id) &&
        same_id(j, "session", c->actor.session_id) && strcmp(json_get_text(j, "kind"), kind) == 0 &&
        json_get_int(j, "until", 0) > clock_unix_ms()) {
        *ret = j;
        return ERR_OK;
    }
    return fault(c, ERR_FORBIDDEN, "OAUTH_STATE_WRONG",
                 "the login was begun by somebody else, or too long ago: begin again");
}

/* --- tickets --------------------------------------------------------------------------- */

static enum err ticket_make(struct ctx *c, const char *kind, const struct oauth_accounts *list,
                            const char **ret_ticket)
{
    json_t *all = meta_array(c->arena);
    for (int i = 0; i < list->count; i++) {
        const struct oauth_account *a = &list->items[i];
        json_t *j = json_object();
        meta_set_text(j, "id", a->id);
        meta_set_text(j, "name", a->name);
        meta_set_text(j, "address", a->address);
        meta_set(j, "settings", json_incref(a->settings));
        meta_set(j, "secrets", json_incref(a->secrets));
        json_array_append_new(all, j);
    }
    const char *text = json_text(c->arena, all);
    const char *sealed =
        text ? secret_seal(c->arena, c->app->seal_key, TICKET_PURPOSE, text) : NULL;
    if (!sealed) return fault(c, ERR_NO_MEMORY, NULL, "too many accounts");
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_TICKET_ADD,
                        PARAMS(P_TEXT("kind", kind), P_TEXT("sealed", sealed)), &rows);
    if (!e) *ret_ticket = rows_text(rows, 0, "id");
    return e;
}

static enum err ticket_unknown(struct ctx *c)
{
    return fault(c, ERR_NOT_FOUND, "TICKET_UNKNOWN", "the login has expired: log in once more");
}

enum err oauth_ticket_take(struct ctx *c, const char *kind, const char *ticket, const char *account,
                           struct oauth_choice *ret)
{
    struct uuid id;
    if (!ticket || !account || !uuid_parse(ticket, &id)) return ticket_unknown(c);
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_CHANNEL_TICKET_GET,
                        PARAMS(P_UUID("ticket", id), P_TEXT("kind", kind)), &rows);
    if (e == ERR_NOT_FOUND) return ticket_unknown(c);
    if (e) return e;
    const char *plain = NULL;
    json_t *all = NULL;
    e = secret_open(c->arena, c->app->seal_key, TICKET_PURPOSE, rows_text(rows, 0, "sealed"),
                    &plain);
    if (!e) e = json_parse(c->arena, plain, strlen(plain), &all, NULL);
    if (e) return ticket_unknown(c);
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *j = json_array_get(all, i);
        const char *of = json_get_text(j, "id");
        if (!of || strcmp(of, account) != 0) continue;
        *ret = (struct oauth_choice){.name = json_get_text(j, "name"),
                                     .address = json_get_text(j, "address"),
                                     .account = of,
                                     .settings = json_object_get(j, "settings"),
                                     .secrets = json_object_get(j, "secrets")};
        return ERR_OK;
    }
    return ticket_unknown(c);
}

/* --- the routes ------------------------------------------------------------------------ */

static enum err kind_of(struct ctx *c, const struct oauth_kind **ret)
{
    *ret = kind_find(in_text(c, "kind"));
    if (!*ret)
        return fault(c, ERR_NOT_FOUND, "KIND_UNKNOWN",
                     "accounts of this kind are not connected by login");
    if ((*ret)->offered(c)) return ERR_OK;
    if (!*ret) return fault(c, ERR_NOT_FOUND, NULL, "no such kind is connected by login");
    return fault(c, ERR_UNPROCESSABLE, "META_APP_MISSING",
                 "this installation has no app for connecting such accounts by login");
}

static enum err oauth_begin(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct oauth_kind *kind = NULL;
    enum err e = kind_of(c, &kind);
    if (!e) e = redirect_check(c, in_text(c, "redirect"));
    if (e) return e;
    const struct oauth_begin o = {
        .redirect = in_text(c, "redirect"),
        .login = in_text(c, "login"),
        .state = state_make(c, kind->kind, in_text(c, "redirect"), in_text(c, "login"))};
    const char *url = NULL;
    e = kind->begin(c, &o, &url);
    if (e) return e;
    json_t *answer = meta_object(c->arena);
    meta_set_text(answer, "url", url);
    meta_set_text(answer, "state", o.state);
    if (kind->extra) json_object_update(answer, kind->extra(c));
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* Says of each account whether it is connected already: "here", "elsewhere" or "no". */
static enum err accounts_answer(struct ctx *c, const char *kind, const struct oauth_accounts *list,
                                json_t *ret)
{
    json_t *ids = meta_array(c->arena), *known = NULL;
    for (int i = 0; i < list->count; i++)
        json_array_append_new(ids, json_string(list->items[i].id));
    const char *text = NULL;
    enum err e = db_json(c, &SQL_CHANNELS_CONNECTED,
                         PARAMS(P_TEXT("kind", kind), P_JSON("accounts", ids)), &text);
    if (!e) e = json_parse(c->arena, text, strlen(text), &known, NULL);
    if (e) return e;
    for (int i = 0; i < list->count; i++) {
        const struct oauth_account *a = &list->items[i];
        bool connected = false;
        for (size_t k = 0; k < json_array_size(known) && !connected; k++)
            connected = strcmp(json_get_text(json_array_get(known, k), "account"), a->id) == 0;
        json_array_append_new(ret, json_pack("{s:s, s:s, s:s, s:b}", "id", a->id, "name",
                                             a->name ? a->name : "", "address",
                                             a->address ? a->address : "", "connected", connected));
    }
    return ERR_OK;
}

static enum err oauth_finish(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const struct oauth_kind *kind = NULL;
    json_t *state = NULL;
    enum err e = kind_of(c, &kind);
    if (!e) e = state_read(c, kind->kind, in_text(c, "state"), &state);
    if (e) return e;
    /* Instagram hangs "#_" on its code. */
    char *code = arena_strdup(c->arena, in_text(c, "code"));
    code[strcspn(code, "#")] = '\0';
    const char *redirect = in_text(c, "redirectUri");
    const struct oauth_finish o = {.code = code,
                                   .redirect = redirect ? json_get_text(state, "redirect") : NULL,
                                   .login = json_get_text(state, "login"),
                                   .waba = in_text(c, "wabaId"),
                                   .phone = in_text(c, "phoneNumberId")};
    if (redirect && (!o.redirect || strcmp(redirect, o.redirect) != 0))
        return fault_field(c, "redirectUri", "INVALID_VALUE", "It is not where the login began");
    struct oauth_accounts *list = arena_alloc(c->arena, sizeof *list);
    e = kind->finish(c, &o, list);
    if (e) return e;
    if (list->count == 0)
        return fault(c, ERR_UNPROCESSABLE, "OAUTH_NO_ACCOUNTS",
                     "the login gave access to no account that can be connected");
    const char *ticket = NULL;
    e = ticket_make(c, kind->kind, list, &ticket);
    if (e) return e;
    json_t *accounts = json_array(), *answer = meta_object(c->arena);
    meta_set(answer, "accounts", accounts);
    meta_set_text(answer, "ticket", ticket);
    e = accounts_answer(c, kind->kind, list, accounts);
    if (e) return e;
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------ */

static enum job_outcome tickets_clean(struct ctx *c, struct job *j)
{
    (void)j;
    return db_exec(c, &SQL_CHANNEL_TICKETS_CLEAN, NULL) ? JOB_RETRY : JOB_DONE;
}

const struct job_kind oauth_jobs[] = {
    {.name = "channel.tickets",
     .help = "Removes what logins at platforms left.",
     .run = tickets_clean,
     .every_s = 900},
    {0},
};

#define KIND_FIELD                                                                                 \
    {                                                                                              \
        .name = "kind", .type = F_SLUG, .in = IN_PATH, .required = true, .max = 20,                \
        .example = "\"messenger\""                                                                 \
    }

static const struct field begin_fields[] = {
    KIND_FIELD,
    {.name = "redirect",
     .type = F_URL,
     .in = IN_QUERY,
     .required = true,
     .max = 500,
     .help = "Page of this server that the platform sends the browser back to.",
     .example = "\"https://atendimento.example/settings/channels/oauth\""},
    {.name = "login",
     .type = F_ENUM,
     .in = IN_QUERY,
     .values = "facebook|instagram",
     .help = "Instagram: by a Facebook page or by its own login."},
    {0},
};
static const struct field begin_answer_fields[] = {
    {.name = "url", .type = F_TEXT, .nullable = true, .help = "The platform's dialog."},
    {.name = "state", .type = F_TEXT, .required = true, .help = "To be given back with the code."},
    {.name = "appId", .type = F_TEXT, .help = "WhatsApp: for the platform's script."},
    {.name = "configId", .type = F_TEXT},
    {.name = "version", .type = F_TEXT},
    {0},
};
static const struct schema begin_schema = {"ChannelLogin", "How a login at a platform begins.",
                                           begin_answer_fields};

static const struct field finish_fields[] = {
    KIND_FIELD,
    {.name = "code",
     .type = F_TEXT,
     .required = true,
     .secret = true,
     .min = 1,
     .max = 4000,
     .help = "What the platform gave the browser; good once."},
    {.name = "state", .type = F_TEXT, .required = true, .min = 1, .max = 4000},
    {.name = "redirectUri",
     .type = F_URL,
     .max = 500,
     .help = "As at the beginning; absent when the platform's own popup was used."},
    {.name = "wabaId", .type = F_TEXT, .max = 40, .help = "WhatsApp: as the popup said."},
    {.name = "phoneNumberId", .type = F_TEXT, .max = 40, .help = "The same."},
    {0},
};
static const struct field account_fields[] = {
    {.name = "id", .type = F_TEXT, .required = true},
    {.name = "name", .type = F_TEXT, .required = true},
    {.name = "address", .type = F_TEXT, .required = true},
    {.name = "connected",
     .type = F_BOOL,
     .required = true,
     .help = "It is connected already, here or by another organization."},
    {0},
};
static const struct field finish_answer_fields[] = {
    {.name = "ticket",
     .type = F_UUID,
     .required = true,
     .help = "For connecting one of the accounts, within 15 minutes."},
    {.name = "accounts",
     .type = F_ARRAY,
     .of = F_OBJECT,
     .fields = account_fields,
     .required = true},
    {0},
};
static const struct schema finish_schema = {
    "ChannelLoginAccounts", "What a login at a platform gave access to.", finish_answer_fields};

#define ERRORS                                                                                     \
    "404 KIND_UNKNOWN|422 META_APP_MISSING|422 META_CODE_REFUSED|422 OAUTH_NO_ACCOUNTS|"           \
    "422 NO_ACCOUNTS|422 TOKEN_SCOPES|403 OAUTH_STATE_WRONG"

const struct route oauth_routes[] = {
    {.method = HTTP_GET,
     .path = "/api/{organizationId}/channels/oauth/{kind}/start",
     .id = "channels.oauthStart",
     .summary = "Begin a login at a platform: where the browser is to go.",
     .group = "Channels",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .no_keys = true,
     .fields = begin_fields,
     .answer = &begin_schema,
     .errors = "404 KIND_UNKNOWN|422 META_APP_MISSING",
     .handler = oauth_begin},
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/channels/oauth/{kind}",
     .id = "channels.oauthFinish",
     .summary = "End it: the code becomes tokens, which stay on the server under a ticket.",
     .group = "Channels",
     .permission = PERMISSION_CHANNELS_MANAGE,
     .no_keys = true,
     .deadline_ms = 60000,
     .fields = finish_fields,
     .answer = &finish_schema,
     .errors = ERRORS,
     .handler = oauth_finish},
    {0},
};
