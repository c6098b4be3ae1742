/* Accounts on their way to a row (account.h). Looking at one is the kind's business; this reads what
 * a form gave, fills in what is missing, and says what was found. */
#include "channels/account.h"

#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "channels/oauth.h"
#include "sql.h"

#define VERIFY_TOKEN_BYTES 18

static void free_json(void *j)
{
    json_decref(j);
}

/* An object or absent against the kind's rows: defaults filled in, unknown members refused as
 * "settings.x". */
static enum err object_check(struct ctx *c, const struct field *rows, const char *name,
                             const json_t *given, json_t **ret)
{
    json_t *input = c->in;
    if (given && !json_is_object(given))
        return fault_field(c, name, "INVALID_TYPE", "Must be an object");
    json_t *empty = json_object(), *checked = json_object();
    arena_on_free(c->arena, free_json, empty);
    arena_on_free(c->arena, free_json, checked);
    c->in = checked;
    enum err e = fields_bind(c, rows, IN_BODY, given ? given : empty);
    c->in = input;
    for (int i = 0; i < c->fault.detail_count; i++)
        c->fault.details[i].field =
            arena_printf(c->arena, "%s.%s", name, c->fault.details[i].field);
    *ret = checked;
    return e;
}

static bool has_field(const struct field *rows, const char *name)
{
    for (; rows && rows->name; rows++)
        if (strcmp(rows->name, name) == 0) return true;
    return false;
}

/* over's members into a copy of under (may be NULL); of the arena. */
static json_t *merged(struct ctx *c, const json_t *under, const json_t *over)
{
    json_t *o = json_object();
    arena_on_free(c->arena, free_json, o);
    if (under) json_object_update(o, (json_t *)(uintptr_t)under);
    if (over) json_object_update(o, (json_t *)(uintptr_t)over);
    return o;
}

static bool given(const struct ctx *c, const char *name)
{
    const json_t *j = in_json(c, name);
    return j && !json_is_null(j);
}

/* What the account chosen in a login brings, over what else was given. */
static enum err choice_take(struct ctx *c, const struct channel_kind *kind,
                            struct oauth_choice *ret)
{
    *ret = (struct oauth_choice){0};
    const char *ticket = in_text(c, "ticket"), *account = in_text(c, "accountId");
    if (!ticket) return ERR_OK;
    if (!account) return fault_field(c, "accountId", "REQUIRED", "choose one of the accounts");
    return oauth_ticket_take(c, kind->kind, ticket, account, ret);
}

static enum err settings_read(struct ctx *c, const struct channel *was,
                              const struct oauth_choice *choice, struct account_input *a)
{
    a->settings_given = !was || given(c, "settings") || choice->settings;
    if (!a->settings_given) return ERR_OK;
    const json_t *own = in_json(c, "settings");
    if (own && !json_is_object(own) && !json_is_null(own))
        return fault_field(c, "settings", "INVALID_TYPE", "Must be an object");
    const json_t *base = choice->settings && was ? was->settings : NULL;
    json_t *all = merged(c, merged(c, base, json_is_object(own) ? own : NULL), choice->settings);
    bool verifies = has_field(a->kind->settings, "verifyToken");
    const char *token = json_get_text(all, "verifyToken");
    if (verifies && (!token || !*token)) {
        const char *old = was ? json_get_text(was->settings, "verifyToken") : NULL;
        const char *fresh = old && *old ? old : crypto_token(c->arena, VERIFY_TOKEN_BYTES);
        json_object_set_new(all, "verifyToken", json_string(fresh));
    }
    return object_check(c, a->kind->settings, "settings", all, &a->channel.settings);
}

static bool is_blank(const json_t *j)
{
    return !j || json_is_null(j) || (json_is_string(j) && json_string_length(j) == 0);
}

/* Would the secrets that are kept be sent elsewhere than until now? */
static bool goes_elsewhere(const struct channel *was, const struct account_input *a)
{
    const char *const *names = was && a->settings_given ? a->kind->secrets_go_to : NULL;
    for (; names && *names; names++) {
        const json_t *before = json_object_get(was->settings, *names);
        const json_t *now = json_object_get(a->channel.settings, *names);
        if (is_blank(before) && is_blank(now)) continue;
        if (!before || !now || !json_equal(before, now)) return true;
    }
    return false;
}

/* The first that was there and is not given anew, unless another one takes the place of all. */
static const char *secret_lost(struct ctx *c, const json_t *before, const json_t *now)
{
    const char *name = NULL, *lost = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)before, name, value)
    {
        if (is_blank(value)) continue;
        if (!is_blank(json_object_get(now, name))) return NULL;
        if (!lost) lost = arena_printf(c->arena, "secrets.%s", name);
    }
    return lost;
}

static enum err secrets_read(struct ctx *c, const struct channel *was,
                             const struct oauth_choice *choice, struct account_input *a)
{
    if (!a->kind->secrets) return ERR_OK;
    const json_t *own = in_json(c, "secrets");
    if (own && !json_is_object(own) && !json_is_null(own))
        return fault_field(c, "secrets", "INVALID_TYPE", "Must be an object");
    bool elsewhere = goes_elsewhere(was, a);
    if (was && !given(c, "secrets") && !choice->secrets && !elsewhere) return ERR_OK;
    const json_t *kept = was && !elsewhere ? was->secrets : NULL;
    json_t *all = merged(c, kept, json_is_object(own) ? own : NULL);
    all = merged(c, all, choice->secrets);
    enum err e = object_check(c, a->kind->secrets, "secrets", all, &a->channel.secrets);
    if (e) return e;
    a->secrets_given = true;
    a->sealed = channel_secrets_seal(c, a->channel.secrets);
    if (elsewhere) a->secret_lost = secret_lost(c, was->secrets, a->channel.secrets);
    return ERR_OK;
}

enum err account_read(struct ctx *c, const struct channel_kind *kind, const struct channel *was,
                      struct account_input *ret)
{
    *ret = (struct account_input){.kind = kind};
    if (was) ret->channel = *was;
    struct channel *ch = &ret->channel;
    struct oauth_choice choice;
    enum err e = choice_take(c, kind, &choice);
    if (!e) e = settings_read(c, was, &choice, ret);
    if (!e) e = secrets_read(c, was, &choice, ret);
    if (e) return e;
    ch->kind = kind->kind;
    if (in_text(c, "name")) ch->name = in_text(c, "name");
    if (!ch->name) ch->name = choice.name ? choice.name : kind->label;
    if (in_text(c, "address")) ch->address = in_text(c, "address");
    if (choice.address && (!ch->address || !*ch->address)) ch->address = choice.address;
    if (!ch->address) ch->address = "";
    if (!ch->status) ch->status = "connected";
    if (choice.account) ch->external_account = choice.account;
    if (!ch->external_account) ch->external_account = "";
    if (!ch->secrets) ch->secrets = merged(c, NULL, NULL);
    return ERR_OK;
}

enum err account_look(struct ctx *c, struct account_input *a)
{
    if (!a->kind->check) return ERR_OK;
    a->looked = true;
    enum err e = a->kind->check(c, &a->channel, &a->checked);
    if (e) return e;
    const struct check_result *r = &a->checked;
    if (r->external_account && *r->external_account)
        a->channel.external_account = r->external_account;
    if (r->address && !*a->channel.address) a->channel.address = r->address;
    return ERR_OK;
}

const struct check_step *account_failed_step(const struct account_input *a)
{
    for (int i = 0; i < a->checked.count; i++)
        if (!a->checked.steps[i].ok) return &a->checked.steps[i];
    return NULL;
}

enum err account_must_work(struct ctx *c, const struct account_input *a)
{
    if (a->secret_lost)
        return fault_field(c, a->secret_lost, "SECRET_AGAIN",
                           "Enter it again: it would be sent to another server than before");
    const struct check_step *s = account_failed_step(a);
    if (!s) return ERR_OK;
    const char *code = s->code ? s->code : "CHECK_FAILED";
    const char *words = s->message ? s->message : "the account does not work";
    fault_data(c, "step", json_string(s->id));
    (void)!fault(c, ERR_INVALID, code, "%s", words);
    return s->field ? fault_field(c, s->field, code, "%s", words) : ERR_INVALID;
}

static void set_text(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, text ? json_string(text) : json_null());
}

json_t *account_report(const struct account_input *a)
{
    const struct check_result *r = &a->checked;
    json_t *steps = json_array(), *found = json_object();
    for (int i = 0; i < r->count; i++) {
        const struct check_step *s = &r->steps[i];
        json_t *o = json_pack("{s:s, s:b}", "id", s->id, "ok", s->ok);
        set_text(o, "code", s->ok ? NULL : s->code ? s->code : "CHECK_FAILED");
        set_text(o, "message", s->ok ? NULL : s->message);
        set_text(o, "field", s->ok ? NULL : s->field);
        json_array_append_new(steps, o);
    }
    set_text(found, "name", r->name);
    set_text(found, "address", r->address);
    set_text(found, "externalAccount", r->external_account);
    if (r->quality) json_object_set(found, "quality", r->quality);
    if (r->token_expires_unix_ms > 0)
        json_object_set_new(found, "tokenExpiresMs", json_integer(r->token_expires_unix_ms));
    return json_pack("{s:b, s:o, s:o}", "ok", account_failed_step(a) == NULL, "steps", steps,
                     "found", found);
}

enum err account_found_save(struct ctx *c, const struct account_input *a)
{
    const struct check_step *s = account_failed_step(a);
    CLEANUP(json_decrefp) json_t *report = account_report(a);
    return db_exec(c, &SQL_ACCOUNT_CHECKED,
                   PARAMS(P_UUID("channel", a->channel.id), P_BOOL("ok", s == NULL),
                          P_TEXT("code", s ? s->code : NULL),
                          P_TEXT("message", s ? s->message : NULL),
                          P_JSON("found", json_object_get(report, "found"))));
}
