/* Webhook triggers: POST /flow-hooks/{key} from outside, and over the API the address, its secret
 * and what was called lately.
 *
 * A call is answered when it is a row together with the job that works on it, in one commit: what
 * was answered 202 happens, whatever dies. The job finds or makes the customer and the chat and
 * starts the flow, all in one transaction; a flow that runs there already is not disturbed. */
#include <string.h>

#include "auth/auth.h"
#include "auth/permissions.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "core/query.h"
#include "core/rate_limit.h"
#include "crm/crm.h"
#include "flows/api.h"
#include "flows/flows.h"
#include "flows/hook.h"
#include "flows/schemas.h"
#include "flows/store.h"
#include "inbox/inbox.h"
#include "sql.h"

#define KEY_BYTES        24
#define SECRET_BYTES     32
#define SECRET_PURPOSE   "flows.hook"
#define CALLS_PER_MINUTE 1200 /* of one address */
#define HOOK_PER_MINUTE  1200 /* of one hook */
#define QUERY_MAX        64

/* --- calls from outside ---------------------------------------------------------------- */

struct hook {
    struct uuid id, flow;
    json_t *trigger; /* as it is live; as it is drawn when only somebody listens */
    bool live, listening;
    const char *secret; /* NULL: none */
};

static enum err trigger_parse(struct ctx *c, const char *text, json_t **ret)
{
    return text ? json_parse(c->arena, text, strlen(text), ret, NULL) : ERR_OK;
}

static enum err hook_find(struct ctx *c, struct hook *ret)
{
    struct rows *rows = NULL;
    json_t *drawn = NULL;
    enum err e = db_one(c, &SQL_FLOW_HOOK_BY_KEY, NULL, &rows);
    if (e && e != ERR_NOT_FOUND) return e;
    *ret = (struct hook){0};
    if (!e) {
        ret->id = rows_uuid(rows, 0, "id");
        ret->flow = rows_uuid(rows, 0, "flow_id");
        ret->listening = rows_bool(rows, 0, "listening");
        e = trigger_parse(c, rows_text(rows, 0, "live"), &ret->trigger);
        if (!e) e = trigger_parse(c, rows_text(rows, 0, "drawn"), &drawn);
        if (e) return e;
        ret->live = ret->trigger != NULL;
        if (!ret->trigger) ret->trigger = drawn;
    }
    if (!ret->trigger) return fault(c, ERR_NOT_FOUND, "HOOK_NOT_FOUND", "No flow listens here");
    c->org = rows_uuid(rows, 0, "org_id");
    const char *sealed = rows_text(rows, 0, "secret");
    return sealed ? secret_open(c->arena, c->app->seal_key, SECRET_PURPOSE, sealed, &ret->secret)
                  : ERR_OK;
}

static enum err hook_limit(struct ctx *c, const struct hook *h, struct reply *p)
{
    struct rate_state state;
    return rate_take(c->app->rate_limiter, h->id.b, sizeof h->id.b, HOOK_PER_MINUTE,
                     clock_mono_ms(), &state)
               ? ERR_OK
               : rate_refuse(c, p, &state);
}

static enum err keep(struct ctx *c, const struct hook *h, int status, const char *code,
                     const json_t *shown, const char *order, struct uuid *ret_call)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_HOOK_KEEP,
                        PARAMS(P_UUID("hook", h->id), P_INT("status", status), P_TEXT("code", code),
                               P_JSON("call", shown), P_TEXT("order", order)),
                        &rows);
    if (!e && ret_call) *ret_call = rows_uuid(rows, 0, "id");
    return e;
}

/* Said to who calls, and shown to who listens. */
static enum err refuse(struct ctx *c, const struct hook *h, enum err e, const char *code,
                       const char *why, const json_t *shown)
{
    if (h->listening) {
        enum err kept = keep(c, h, err_row(e)->status, code, shown, NULL, NULL);
        if (kept) return kept;
    }
    return fault(c, e, code, "%s", why);
}

/* Calls about the same person are worked on one after the other. */
static const char *order_of(struct ctx *c, const struct hook *h, const char *contact)
{
    char id[UUID_TEXT_SIZE], hex[SHA256_HEX_SIZE];
    return arena_printf(c->arena, "flow.hook:%s:%.16s", uuid_text(h->id, id),
                        sha256_hex(contact, strlen(contact), hex));
}

static enum err accept_call(struct ctx *c, const struct hook *h, json_t *body, const json_t *shown,
                            struct reply *p)
{
    struct uuid id = {0};
    char text[UUID_TEXT_SIZE];
    if (!body)
        return refuse(c, h, ERR_INVALID, "HOOK_BODY_INVALID", "The body must be JSON or a form",
                      shown);
    bool wanted = hook_wants(c->arena, h->trigger, body);
    const char *contact = hook_text(c->arena, h->trigger, "contactPath", body);
    if (h->live && wanted && !contact)
        return refuse(c, h, ERR_UNPROCESSABLE, "HOOK_CONTACT_MISSING",
                      "Nobody is named where the trigger looks", shown);
    bool starts = h->live && wanted;
    const char *code = starts ? "" : h->live ? "EVENT_IGNORED" : "NOT_LIVE";
    enum err e = ERR_OK;
    if (starts || h->listening)
        e = keep(c, h, 202, code, shown, starts ? order_of(c, h, contact) : NULL, &id);
    if (e) return e;
    json_t *answer =
        flow_arena_json(c, json_pack("{s:b, s:b, s:s?}", "success", 1, "accepted", starts, "callId",
                                     uuid_is_nil(id) ? NULL : uuid_text(id, text)));
    reply_jsonf(c, p, 202, answer);
    return ERR_OK;
}

static enum err hook_called(struct ctx *c, struct request *r, struct reply *p)
{
    struct hook h;
    enum err e = hook_find(c, &h);
    if (!e) e = hook_limit(c, &h, p);
    if (e) return e;
    json_t *query = flow_arena_json(c, json_object());
    if (r->query && query_parse(r->query, strlen(r->query), QUERY_MAX, query))
        return fault(c, ERR_INVALID, NULL, "The query is not percent-encoded UTF-8");
    struct hook_call call = {.address = c->address,
                             .headers = flow_arena_json(c, request_headers(r)),
                             .query = query,
                             .body = r->body};
    json_t *body = flow_arena_json(c, hook_body(c->arena, &call));
    json_t *shown = flow_arena_json(c, hook_shown(h.trigger, &call, body));
    const char *code = hook_refuses(c->arena, h.trigger, h.secret, &call);
    if (!code) return accept_call(c, &h, body, shown, p);
    e = strcmp(code, "HOOK_ADDRESS") == 0 ? ERR_FORBIDDEN : ERR_UNAUTHORIZED;
    return refuse(c, &h, e, code, "This call does not prove that it may start the flow", shown);
}

/* --- the work -------------------------------------------------------------------------- */

struct work {
    struct uuid call, flow, version, session;
    const char *key;
    json_t *trigger, *body;
};

/* Nobody talks with the customer, and the trigger's conditions hold. */
static enum err may_start(struct ctx *c, const struct work *w, struct uuid chat, json_t *trigger)
{
    bool fits = false;
    enum err e = db_one(c, &SQL_FLOW_HOOK_CHAT_FREE, PARAMS(P_UUID("chat", chat)), NULL);
    if (e == ERR_NOT_FOUND) return fault(c, ERR_CONFLICT, "CHAT_TAKEN", "A person has the chat");
    if (!e) e = flow_trigger_fits(c, chat, w->version, w->trigger, trigger, &fits);
    if (e || fits) return e;
    return fault(c, ERR_CONFLICT, "CONDITIONS", "The trigger's conditions do not hold");
}

static enum err work_body(struct ctx *c, void *arg)
{
    struct work *w = arg;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    struct channel ch;
    struct inbox_opened opened = {0};
    struct uuid channel = {0};
    const char *id = json_get_text(w->trigger, "channelId");
    if (!id || !uuid_parse(id, &channel))
        return fault(c, ERR_UNPROCESSABLE, "CHANNEL_NOT_FOUND", "The trigger has no channel");
    struct crm_person person = {
        .kind = json_get_text(w->trigger, "contactKind"),
        .identifier = hook_text(c->arena, w->trigger, "contactPath", w->body),
        .name = hook_text(c->arena, w->trigger, "namePath", w->body),
        .email = hook_text(c->arena, w->trigger, "emailPath", w->body),
        .phone = hook_text(c->arena, w->trigger, "phonePath", w->body),
        .source = "webhook",
    };
    if (!person.kind || !person.identifier)
        return fault(c, ERR_UNPROCESSABLE, "HOOK_CONTACT_MISSING", "Nobody is named");
    json_t *trigger = flow_arena_json(c, json_pack("{s:s, s:s, s:O, s:o}", "kind", "webhook", "key",
                                                   w->key, "data", w->body, "vars",
                                                   hook_variables(c->arena, w->trigger, w->body)));
    if (json_dumpb(w->body, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > FLOW_VALUE_MAX_BYTES)
        json_object_set_new(trigger, "data", json_null());
    enum err e = channel_load(c, channel, false, &ch);
    if (!e) e = db_begin(c, &tx);
    if (!e) e = inbox_chat_open(c, &ch, &person, (struct uuid){0}, BEGIN_BOT, &opened);
    if (!e) e = may_start(c, w, opened.chat, trigger);
    if (!e) e = flow_start(c, w->flow, opened.chat, trigger, false, &w->session);
    if (!e)
        e = db_exec(c, &SQL_FLOW_HOOK_DONE,
                    PARAMS(P_UUID("call", w->call), P_TEXT("code", "STARTED"),
                           P_UUID("session", w->session)));
    if (!e) e = db_commit(c, &tx);
    return e;
}

static enum job_outcome hook_work(struct ctx *c, struct job *j)
{
    struct rows *rows = NULL;
    struct work w = {0};
    c->actor.sees_all_chats = c->actor.sees_contacts = true;
    enum err e = db_query(c, &SQL_FLOW_HOOK_CALL, NULL, &rows);
    if (e) return JOB_RETRY;
    if (rows_count(rows) == 0) return JOB_DONE; /* done already, or the flow is gone */
    w.call = rows_uuid(rows, 0, "id");
    w.flow = rows_uuid(rows, 0, "flow_id");
    w.version = rows_uuid(rows, 0, "version_id");
    w.key = rows_text(rows, 0, "key");
    e = trigger_parse(c, rows_text(rows, 0, "trigger"), &w.trigger);
    if (!e) e = trigger_parse(c, rows_text(rows, 0, "body"), &w.body);
    if (e || !w.body)
        e = fault(c, ERR_UNPROCESSABLE, "HOOK_BODY_INVALID", "There is no body");
    else if (!w.trigger)
        e = fault(c, ERR_CONFLICT, "FLOW_NOT_LIVE", "The flow is not on any more");
    else
        e = db_retry(c, work_body, &w);
    if (!e) return JOB_DONE;
    if (err_row(e)->status >= 500 || (e == ERR_RATE_LIMITED && !flow_starts_too_often(c, e))) {
        j->error = c->fault.message;
        return JOB_RETRY;
    }
    const char *code = c->fault.code ? c->fault.code : err_row(e)->code;
    if (c->fault.detail_count > 0 && !strcmp(code, "VALIDATION_ERROR"))
        code = c->fault.details[0].code;
    return db_exec(c, &SQL_FLOW_HOOK_DONE, PARAMS(P_UUID("call", w.call), P_TEXT("code", code)))
               ? JOB_RETRY
               : JOB_DONE;
}

static enum job_outcome hook_sweep(struct ctx *c, struct job *j)
{
    (void)j;
    return db_exec(c, &SQL_FLOW_HOOK_SWEEP, NULL) ? JOB_RETRY : JOB_DONE;
}

const struct job_kind flow_hook_job_kinds[] = {
    {.name = "flow.hook_sweep",
     .help = "Forgets what calls of webhook triggers held once nobody listens.",
     .run = hook_sweep,
     .every_s = 300},
    {.name = "flow.hook", .help = "Starts a flow for a call of its webhook.", .run = hook_work},
    {0},
};

/* --- over the API ---------------------------------------------------------------------- */

/* Runs q, which may have to make the row: with a new address for it. */
static enum err hook_answer(struct ctx *c, const struct request *r, struct reply *p,
                            const struct sql *q, const struct param *more, json_t **ret)
{
    const char *key = crypto_token(c->arena, KEY_BYTES), *json = NULL;
    struct param params[4] = {P_TEXT("public_key", key), P_TEXT("base", public_base(c, r)), {0}};
    if (!key) return ERR_NO_MEMORY;
    if (more) params[2] = *more;
    enum err e = db_json(c, q, params, &json);
    if (e) return e;
    if (ret) return json_parse(c->arena, json, strlen(json), ret, NULL);
    reply_json(c, p, 200, json);
    return ERR_OK;
}

static enum err hook_get(struct ctx *c, struct request *r, struct reply *p)
{
    return hook_answer(c, r, p, &SQL_FLOW_HOOK_GET, NULL, NULL);
}

static enum err secret_put(struct ctx *c, const struct request *r, struct reply *p,
                           const char *secret, json_t **ret)
{
    const char *sealed =
        secret ? secret_seal(c->arena, c->app->seal_key, SECRET_PURPOSE, secret) : NULL;
    if (secret && !sealed) return ERR_NO_MEMORY;
    return hook_answer(c, r, p, &SQL_FLOW_HOOK_SECRET, &P_TEXT("secret", sealed), ret);
}

static enum err hook_put(struct ctx *c, struct request *r, struct reply *p)
{
    return secret_put(c, r, p, in_text(c, "secret"), NULL);
}

static enum err hook_rotate(struct ctx *c, struct request *r, struct reply *p)
{
    json_t *hook = NULL;
    const char *secret = crypto_token(c->arena, SECRET_BYTES);
    if (!secret) return ERR_NO_MEMORY;
    enum err e = secret_put(c, r, p, secret, &hook);
    if (e) return e;
    json_object_set_new(hook, "secret", json_string(secret));
    reply_jsonf(c, p, 200, hook);
    return ERR_OK;
}

static enum err hook_listen(struct ctx *c, struct request *r, struct reply *p)
{
    return hook_answer(c, r, p, &SQL_FLOW_HOOK_LISTEN, &P_BOOL("on", r->method == HTTP_POST), NULL);
}

static enum err hook_calls(struct ctx *c, struct request *r, struct reply *p)
{
    return hook_answer(c, r, p, &SQL_FLOW_HOOK_CALLS, NULL, NULL);
}

/* --- rows ------------------------------------------------------------------------------ */

#define TRIGGER_ID                                                                                 \
    {                                                                                              \
        .name = "triggerId", .type = F_TEXT, .in = IN_PATH, .required = true, .min = 1, .max = 40, \
        .help = "Id of the webhook trigger in the flow's start node."                              \
    }

static const struct field hook_fields[] = {TRIGGER_ID, {0}};
static const struct field put_fields[] = {
    TRIGGER_ID,
    {.name = "secret",
     .type = F_TEXT,
     .raw = true,
     .required = true,
     .nullable = true,
     .secret = true,
     .min = 8,
     .max = 200,
     .help = "What the caller proves itself by; null: none.",
     .example = "\"a long random text\""},
    {0},
};
static const struct field key_fields[] = {
    {.name = "key", .type = F_TEXT, .in = IN_PATH, .required = true, .max = 64},
    {0},
};

#define O      "/api/{organizationId}/flows/{flowId}/hooks/{triggerId}"
#define EDITS  .group = "Flows", .permission = PERMISSION_FLOWS_EDIT
#define ERRORS .errors = "404 FLOW_NOT_FOUND|404 FLOW_TRIGGER_NOT_FOUND"

const struct route flow_hook_routes[] = {
    {.method = HTTP_POST,
     .path = "/flow-hooks/{key}",
     .id = "flowHooks.call",
     .summary = "An outside system starts a flow.",
     .access = ACCESS_PUBLIC,
     .raw_body = true,
     .body_max = HOOK_BODY_MAX,
     .rate_per_minute = CALLS_PER_MINUTE,
     .fields = key_fields,
     .shape = ANSWER_OTHER,
     .handler = hook_called},
    {.method = HTTP_GET,
     .path = O,
     .id = "flowHooks.get",
     .summary = "The address of a webhook trigger.",
     EDITS,
     .fields = hook_fields,
     .answer = &flow_schema_hook,
     ERRORS,
     .handler = hook_get},
    {.method = HTTP_PUT,
     .path = O,
     .id = "flowHooks.update",
     .summary = "Set the secret of a webhook trigger.",
     EDITS,
     .fields = put_fields,
     .answer = &flow_schema_hook,
     ERRORS,
     .handler = hook_put},
    {.method = HTTP_POST,
     .path = O "/secret",
     .id = "flowHooks.rotate",
     .summary = "A new random secret, shown once.",
     EDITS,
     .fields = hook_fields,
     .answer = &flow_schema_hook_secret,
     ERRORS,
     .handler = hook_rotate},
    {.method = HTTP_GET,
     .path = O "/listen",
     .id = "flowHooks.calls",
     .summary = "What was called lately; in full while somebody listens.",
     EDITS,
     .fields = hook_fields,
     .answer = &flow_schema_hook_calls,
     ERRORS,
     .handler = hook_calls},
    {.method = HTTP_POST,
     .path = O "/listen",
     .id = "flowHooks.listen",
     .summary = "Keep calls in full for five minutes, to draw from them.",
     EDITS,
     .fields = hook_fields,
     .answer = &flow_schema_hook,
     ERRORS,
     .handler = hook_listen},
    {.method = HTTP_DELETE,
     .path = O "/listen",
     .id = "flowHooks.unlisten",
     .summary = "Stop keeping calls, and forget those that were kept.",
     EDITS,
     .fields = hook_fields,
     .status = 200,
     .answer = &flow_schema_hook,
     ERRORS,
     .handler = hook_listen},
    {0},
};
