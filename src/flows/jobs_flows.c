/* The jobs of flows: looking at sessions when something came or is due, calls to the outside, counts,
 * silences, cleaning (store.h, docs/FLOWS.md). */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/http_client.h"
#include "core/log.h"
#include "core/loop.h"
#include "flows/store.h"
#include "sql.h"

#define HTTP_BACKOFF_MS   1000
#define HTTP_HEADERS_MAX  30
#define SESSION_KEPT_DAYS 180
#define RUN_LEASE_S       10 /* what a killed worker had is taken up soon: a customer waits */

static struct uuid payload_uuid(const struct job *j, const char *key)
{
    struct uuid id = {0};
    const char *s = json_get_text(j->payload, key);
    if (s) (void)uuid_parse(s, &id);
    return id;
}

/* What takes more memory than a run may have takes it the next time, too: a person gets the chat at
 * once. */
static enum job_outcome outcome_of(enum err e)
{
    return !e ? JOB_DONE : e == ERR_NO_MEMORY ? JOB_PARK : JOB_RETRY;
}

/* --- flow.run, flow.wake --------------------------------------------------------------------- */

static enum job_outcome run_session(struct ctx *c, struct job *j)
{
    struct flow_go g = {
        .chat = payload_uuid(j, "chatId"),
        .seq = json_get_int(j->payload, "seq", 0),
        .session = payload_uuid(j, "sessionId"),
        .token = json_get_int(j->payload, "token", 0),
        .how = json_get_bool(j->payload, "retry", false) ? WOKE_RETRY : WOKE_LOOK,
        .job = j,
    };
    int64_t again_ms = 0;
    enum err e = flow_continue(c, &g, &again_ms);
    if (!e && again_ms > 0) {
        j->again_unix_ms = again_ms;
        return JOB_AGAIN_AT;
    }
    return outcome_of(e);
}

/* It could not be run, again and again: a person must look. */
static enum err run_parked(struct ctx *c, struct job *j)
{
    enum err e = db_exec(c, &SQL_FLOW_PARKED, PARAMS(P_JSON("p", j->payload)));
    if (e)
        log_event(LOG_ERROR, c->trace, "a chat could not be handed over",
                  LOG_FIELDS(LOG_INT("job", j->id)));
    return e;
}

/* --- flow.http -------------------------------------------------------------------------------- */

json_t *flow_request_json(struct run *r, const struct flow_request *q)
{
    json_t *j = json_pack("{s:i, s:s, s:s, s:O?, s:s?, s:i, s:i}", "n", r->http_count, "method",
                          q->method, "url", q->url, "headers", q->headers, "body", q->body,
                          "timeoutMs", q->timeout_ms, "retries", q->retries);
    if (j) arena_on_free(r->arena, (void (*)(void *))json_decref, j);
    return j;
}

/* "Name: value" lines; names and values that would break the head are left out. */
static const char *const *headers_of(struct ctx *c, const json_t *q)
{
    const json_t *given = json_object_get(q, "headers");
    const char **list = arena_array(c->arena, HTTP_HEADERS_MAX + 3, sizeof *list);
    const char *name;
    json_t *value;
    int count = 0;
    bool typed = false;
    if (!list) return NULL;
    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        const char *text = json_string_value(value);
        bool fine = text && *name && !strpbrk(name, ":\r\n ") && !strpbrk(text, "\r\n");
        if (!fine || count == HTTP_HEADERS_MAX) continue;
        if (strcasecmp(name, "Host") == 0 || strcasecmp(name, "Content-Length") == 0 ||
            strcasecmp(name, "Idempotency-Key") == 0)
            continue;
        typed = typed || strcasecmp(name, "Content-Type") == 0;
        list[count++] = arena_printf(c->arena, "%s: %s", name, text);
    }
    if (!typed && json_get_text(q, "body")) list[count++] = "Content-Type: application/json";
    list[count++] = arena_printf(c->arena, "Idempotency-Key: %s:%d", json_get_text(q, "sessionId"),
                                 (int)json_get_int(q, "n", 0));
    return list;
}

static const json_t *headers_came(struct ctx *c, const struct http_answer *a)
{
    json_t *list = json_array();
    const char *name, *value;
    arena_on_free(c->arena, (void (*)(void *))json_decref, list);
    for (int i = 0; a->header_at(a, i, &name, &value); i++) {
        const char *clean = text_clean(c->arena, value, strlen(value));
        json_array_append_new(list, json_pack("{s:s, s:s}", "name",
                                              text_clean(c->arena, name, strlen(name)), "value",
                                              clean ? clean : ""));
    }
    return list;
}

static enum err call_once(struct ctx *c, const json_t *q, struct flow_reply *ret)
{
    const char *body = json_get_text(q, "body");
    struct http_answer a = {0};
    struct http_call call = {
        .method = json_get_text(q, "method"),
        .url = json_get_text(q, "url"),
        .headers = headers_of(c, q),
        .body =
            body ? (struct bytes){(const unsigned char *)body, strlen(body)} : (struct bytes){0},
        .timeout_ms = (int)json_get_int(q, "timeoutMs", 10000),
        .response_max = FLOW_HTTP_MAX_BYTES,
        .redirects_max = 3,
        .once = true,
    };
    enum err e = http_call(c, &call, &a);
    if (e == ERR_CANCELLED || e == ERR_UNAVAILABLE) return e;
    *ret = (struct flow_reply){.code = "", .error = "", .body = ""};
    if (e) {
        const struct fault *f = &c->fault;
        ret->code = arena_strdup(c->arena, f->code ? f->code : err_row(e)->code);
        ret->error = arena_strdup(c->arena, f->message ? f->message : err_row(e)->text);
        fault_clear(c);
        return ERR_OK;
    }
    const char *text = text_clean(c->arena, (const char *)a.body.data, a.body.len);
    json_t *json = NULL;
    if (text && json_parse(c->arena, text, strlen(text), &json, NULL)) json = NULL;
    ret->status = a.status;
    ret->took_ms = a.took_ms;
    ret->headers = headers_came(c, &a);
    ret->body = text ? text : "";
    ret->json = json;
    return ERR_OK;
}

static bool worth_repeating(const struct flow_reply *a)
{
    if (a->status == 0)
        return strcmp(a->code, "URL_INVALID") != 0 && strcmp(a->code, "ADDRESS_FORBIDDEN") != 0 &&
               strcmp(a->code, "ANSWER_TOO_LARGE") != 0;
    return a->status == 429 || a->status >= 500;
}

enum err flow_http_call(struct ctx *c, const json_t *q, struct flow_reply *ret)
{
    int64_t retries = json_get_int(q, "retries", 0);
    for (int tries = 1;; tries++) {
        enum err e = call_once(c, q, ret);
        if (e) return e;
        ret->tries = tries;
        if (!worth_repeating(ret) || tries > retries) return ERR_OK;
        e = loop_sleep(c->app->loop, (int64_t)HTTP_BACKOFF_MS << (tries - 1));
        if (e) return e;
    }
}

static enum job_outcome run_http(struct ctx *c, struct job *j)
{
    struct flow_reply answer;
    bool stale = false;
    struct flow_go g = {
        .session = payload_uuid(j, "sessionId"),
        .token = json_get_int(j->payload, "token", 0),
        .how = WOKE_HTTP,
        .http = &answer,
        .job = j,
    };
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_TOKEN, PARAMS(P_UUID("session", g.session)), &rows);
    if (e == ERR_NOT_FOUND) return JOB_DONE;
    if (!e) stale = rows_int(rows, 0, "token", 0) != g.token;
    if (e || stale) return outcome_of(e); /* nobody waits for it any more */
    e = flow_http_call(c, j->payload, &answer);
    if (!e) e = flow_continue(c, &g, NULL);
    return outcome_of(e);
}

/* --- the others --------------------------------------------------------------------------------- */

static enum job_outcome run_event(struct ctx *c, struct job *j)
{
    return outcome_of(flow_event(c, j->payload));
}

static enum job_outcome run_roll(struct ctx *c, struct job *j)
{
    (void)j;
    return outcome_of(db_exec(c, &SQL_FLOW_ROLL, PARAMS(P_NULL("none"))));
}

static enum job_outcome run_idle(struct ctx *c, struct job *j)
{
    (void)j;
    return outcome_of(db_exec(c, &SQL_FLOW_IDLE_ALL, PARAMS(P_NULL("none"))));
}

static enum job_outcome run_idle_one(struct ctx *c, struct job *j)
{
    (void)j;
    return outcome_of(db_exec(c, &SQL_FLOW_IDLE, PARAMS(P_NULL("none"))));
}

static enum job_outcome run_clean(struct ctx *c, struct job *j)
{
    struct rows *rows = NULL;
    enum err e;
    (void)j;
    do
        e = db_one(c, &SQL_FLOW_CLEAN, PARAMS(P_INT("days", SESSION_KEPT_DAYS)), &rows);
    while (!e && rows_int(rows, 0, "removed", 0) > 0);
    return outcome_of(e);
}

const struct job_kind flows_job_kinds[] = {
    {.name = "flow.run",
     .help = "Look at a chat in which a message came, or at a session that begins.",
     .at_once = 16,
     .lease_s = RUN_LEASE_S,
     .max_tries = 12,
     .run = run_session,
     .parked = run_parked},
    {.name = "flow.wake",
     .help = "Look at a session whose time has come.",
     .at_once = 16,
     .lease_s = RUN_LEASE_S,
     .max_tries = 12,
     .run = run_session,
     .parked = run_parked},
    {.name = "flow.http",
     .help = "Make the call that a session waits for.",
     .at_once = 64,
     .per_org = 32, /* half of a worker's: of servers that hang there are always some */
     .lease_s = 2 * RUN_LEASE_S,
     .timeout_s = 500,
     .run = run_http,
     .parked = run_parked},
    {.name = "flow.event",
     .help = "Start what a tag, a stage, a closing or a transfer starts.",
     .run = run_event},
    {.name = "flow.roll",
     .help = "Add the newest steps to the counts of nodes.",
     .every_s = 60,
     .run = run_roll},
    {.name = "flow.idle",
     .help = "Find the organizations whose flows answer to silence.",
     .every_s = 30,
     .run = run_idle},
    {.name = "flow.idle.one", .help = "Find the silences of one.", .run = run_idle_one},
    {.name = "flow.clean",
     .help = "Remove sessions that are long over.",
     .every_s = 86400,
     .run = run_clean},
    {0},
};
