/* A call of an http node, made once while it is drawn: what comes back, and what it would put into
 * variables. The node itself fills it in and reads the answer, over the same guarded client as in a
 * run: private networks are refused, size and time are bounded. Nothing is stored. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/nodes/nodes.h"
#include "flows/testing.h"
#include "sql.h"

#define BODY_SHOWN (64 * KIB)
#define NODE       "call"

/* --- a flow of that node alone ----------------------------------------------------------- */

/* The node's data as given, else as the draft has it. */
static enum err data_of(struct ctx *c, const json_t *draft, json_t **ret)
{
    const char *id = in_text(c, "nodeId");
    json_t *given = in_json(c, "data"), *node;
    size_t i;
    if (json_is_object(given)) {
        *ret = given;
        return ERR_OK;
    }
    json_array_foreach(json_object_get(draft, "nodes"), i, node)
    {
        const char *type = json_get_text(node, "type"), *name = json_get_text(node, "id");
        if (!id || !type || !name || strcmp(name, id) != 0 || strcmp(type, "http") != 0) continue;
        *ret = json_object_get(node, "data");
        return ERR_OK;
    }
    return fault(c, ERR_NOT_FOUND, "NODE_NOT_FOUND", "The draft has no such http node");
}

static json_t *graph_of(struct ctx *c, const json_t *draft, json_t *data)
{
    json_t *vars = json_object_get(draft, "variables");
    return flow_arena_json(
        c,
        json_pack("{s:i, s:[{s:s, s:s, s:s, s:i, s:i, s:{s:[]}}, {s:s, s:s, s:s, s:i, s:i, s:O}], "
                  "s:[{s:s, s:s, s:s, s:s}], s:[], s:[], s:o, s:{s:i, s:s}}",
                  "format", 1, "nodes", "id", "start", "type", "start", "name", "", "x", 0, "y", 0,
                  "data", "triggers", "id", NODE, "type", "http", "name", "", "x", 0, "y", 0,
                  "data", data, "edges", "id", "e", "from", "start", "port", "next", "to", NODE,
                  "groups", "comments", "variables", vars ? json_incref(vars) : json_array(),
                  "settings", "debounceMs", 0, "language", ""));
}

static enum err variables_put(struct ctx *c, struct run *r)
{
    const char *name;
    json_t *value;
    json_object_foreach(in_json(c, "variables"), name, value)
    {
        const char *field = arena_printf(c->arena, "variables.%s", name);
        if (!flow_name_valid(name))
            return fault_field(c, field, "INVALID_NAME", "is no name of a variable");
        if (json_is_null(value)) continue;
        enum err e = run_set_json(r, name, value);
        if (e && flow_refuses(e))
            return fault_field(c, field, r->fault.code, "%s", r->fault.message);
        if (e) return e;
    }
    return ERR_OK;
}

/* Up to the call. *ret_request: it, as job flow.http would make it. */
static enum err ask(struct ctx *c, struct session **ret_session, json_t **ret_request)
{
    struct flow_draft d;
    json_t *data = NULL;
    enum err e = flow_draft_load(c, &SQL_FLOW_DRAFT, &d);
    if (!e) e = data_of(c, d.graph, &data);
    if (e) return e;
    struct test_do t = {.act = TEST_BEGIN,
                        .flow = d.id,
                        .channel_kind = "webchat",
                        .customer = in_json(c, "customer"),
                        .graph = graph_of(c, d.graph, data)};
    if (!t.graph) return fault_field(c, "data", "INVALID_TYPE", "Must be an object");
    e = flow_test_open(c, &t, ret_session);
    struct run *r = e ? NULL : (*ret_session)->run;
    if (!e) e = variables_put(c, r);
    if (e) return e;
    enum run_end end = run_go(r, WOKE_START, NULL);
    if (end == RUN_ABORT) return r->abort;
    *ret_request = json_object_get((*ret_session)->test, "request");
    if (end == RUN_WAITING && json_is_object(*ret_request)) return ERR_OK;
    return fault(c, ERR_INVALID, "FLOW_NODE_INVALID", "%s",
                 r->fault.message ? r->fault.message : "There is nothing to call");
}

/* --- what came ----------------------------------------------------------------------------- */

/* The headers of the request as they are for people: {name: value} as a list; new. */
static json_t *headers_list(const json_t *headers)
{
    json_t *list = json_array(), *value;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)headers, name, value)
        json_array_append_new(list, json_pack("{s:s, s:O}", "name", name, "value", value));
    return list;
}

/* At most BODY_SHOWN bytes, not in the middle of a character. */
static size_t shown_length(const char *body)
{
    size_t len = strlen(body);
    if (len <= BODY_SHOWN) return len;
    len = BODY_SHOWN;
    while (len > 0 && ((unsigned char)body[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static json_t *answer_of(struct run *r, const json_t *request, const struct flow_reply *a)
{
    size_t len = shown_length(a->body);
    const json_t *body = json_object_get(request, "body");
    json_t *sets = http_sets(r, flow_node_by_id(r->flow, NODE), a);
    json_t *error =
        a->status ? json_null() : json_pack("{s:s, s:s}", "code", a->code, "message", a->error);
    return json_pack("{s:{s:O, s:O, s:o, s:o}, s:b, s:i, s:o, s:o, s:b, s:I, s:o, s:o}", "request",
                     "method", json_object_get(request, "method"), "url",
                     json_object_get(request, "url"), "headers",
                     headers_list(json_object_get(request, "headers")), "body",
                     body ? json_incref((json_t *)(uintptr_t)body) : json_null(), "ok",
                     a->status > 0 && a->status < 400, "status", a->status, "headers",
                     a->headers ? json_incref((json_t *)(uintptr_t)a->headers) : json_array(),
                     "body", json_stringn(a->body, len), "bodyTruncated", a->body[len] != '\0',
                     "tookMs", (json_int_t)a->took_ms, "error", error, "sets", sets);
}

enum err flow_http_test(struct ctx *c, struct request *q, struct reply *p)
{
    struct session *s = NULL;
    json_t *request = NULL;
    struct flow_reply a;
    char id[UUID_TEXT_SIZE];
    (void)q;
    enum err e = ask(c, &s, &request);
    if (e) return e;
    json_object_set_new(request, "sessionId", json_string(uuid_text(uuid_v7(), id)));
    json_object_set_new(request, "retries", json_integer(0));
    int64_t began_ms = clock_mono_ms();
    e = flow_http_call(c, request, &a);
    if (e) return e;
    if (a.status == 0) a.took_ms = clock_mono_ms() - began_ms;
    json_t *answer = flow_arena_json(c, answer_of(s->run, request, &a));
    if (!answer) return ERR_NO_MEMORY;
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}
