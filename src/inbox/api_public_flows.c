/* Flows on the public paths (docs/FLOW_HOOKS.md): those that chat/create begins or puts on a chat, and
 * start-flow. Flows are a layer above: they give their functions at the start of the program. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "inbox/api.h"
#include "inbox/inbox.h"
#include "inbox/schemas.h"

static const struct inbox_flows *given;

void inbox_flows_set(const struct inbox_flows *flows)
{
    given = flows;
}

/* [{name, value}], or {name: value}, as {name: value}; new. */
static json_t *variables(struct ctx *c)
{
    json_t *list = in_json(c, "flowVariables"), *vars = json_object(), *row;
    size_t i;
    if (json_is_object(list)) json_object_update(vars, list);
    json_array_foreach(list, i, row)
    {
        const char *name = json_get_text(row, "name");
        json_t *value = json_object_get(row, "value");
        if (name && *name && value) json_object_set(vars, name, value);
    }
    return vars;
}

/* --- chat/create ------------------------------------------------------------------------- */

enum what { AT_ONCE, ON_ANSWER };

static enum err begin(struct ctx *c, enum what what, struct uuid chat, const char **ret_name)
{
    struct uuid flow;
    CLEANUP(json_decrefp) json_t *vars = variables(c);
    const char *id = in_text(c, what == AT_ONCE ? "flowId" : "responseFlowId");
    if (!(c->actor.permissions & PERMISSION_BIT(PERMISSION_FLOWS_RUN)))
        return fault(c, ERR_FORBIDDEN, NULL, "starting flows needs the permission flows.run");
    if (!given || !uuid_parse(id, &flow))
        return fault(c, ERR_NOT_FOUND, NULL, "there is no such flow");
    return what == AT_ONCE ? given->begin(c, flow, chat, vars, false, NULL, ret_name)
                           : given->on_answer(c, flow, chat, vars, ret_name);
}

static void say(json_t *answer, enum what what, const char *id, const char *name)
{
    if (what == AT_ONCE) {
        json_object_set_new(answer, "flowInitiated", json_true());
        json_object_set_new(answer, "flowError", json_null());
        return;
    }
    json_object_set_new(answer, "responseFlowScheduled", json_true());
    json_object_set_new(answer, "responseFlowId", json_string(id));
    json_object_set_new(answer, "responseFlowName", json_string(name ? name : ""));
    json_object_set_new(answer, "responseFlowError", json_null());
}

/* A failure does not undo the chat: it is said in the answer. */
static enum err attempt(struct ctx *c, enum what what, struct uuid chat, json_t *answer)
{
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    const char *id = in_text(c, what == AT_ONCE ? "flowId" : "responseFlowId"), *name = "";
    if (!id) return ERR_OK;
    enum err e = db_begin(c, &tx);
    if (!e) e = db_savepoint(c);
    if (e) return e;
    e = begin(c, what, chat, &name);
    if (!e) e = db_savepoint_keep(c);
    if (!e) e = db_commit(c, &tx);
    if (!e) {
        say(answer, what, id, name);
        return ERR_OK;
    }
    if (err_row(e)->status >= 500) return e;
    const char *why = c->fault.detail_count > 0 ? c->fault.details[0].message : c->fault.message;
    json_object_set_new(answer, what == AT_ONCE ? "flowError" : "responseFlowError",
                        json_string(why             ? why
                                    : c->fault.code ? c->fault.code
                                                    : err_row(e)->text));
    fault_clear(c);
    e = db_savepoint_undo(c);
    return e ? e : db_commit(c, &tx);
}

enum err public_flows(struct ctx *c, struct uuid chat, json_t *answer)
{
    enum err e = attempt(c, AT_ONCE, chat, answer);
    return e ? e : attempt(c, ON_ANSWER, chat, answer);
}

/* --- start-flow ---------------------------------------------------------------------------- */

struct begun {
    struct uuid session;
    const char *name;
};

static enum err start_body(struct ctx *c, void *arg)
{
    struct begun *x = arg;
    CLEANUP(json_decrefp) json_t *vars = variables(c);
    if (!given) return fault(c, ERR_NOT_FOUND, "FLOW_NOT_FOUND", "there is no such flow");
    return given->begin(c, in_uuid(c, "flowId"), in_uuid(c, "chatId"), vars,
                        in_bool(c, "replace", false), &x->session, &x->name);
}

static enum err start_flow(struct ctx *c, struct request *r, struct reply *p)
{
    struct begun x = {.name = ""};
    (void)r;
    enum err e = chat_must_be_visible(c, in_uuid(c, "chatId"));
    if (!e) e = db_retry(c, start_body, &x);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *answer = json_pack("{s:b, s:o, s:b, s:o, s:o, s:s}", "success", 1, "chatId",
                               json_uuid(in_uuid(c, "chatId")), "flowInitiated", 1, "sessionId",
                               json_uuid(x.session), "flowId", json_uuid(in_uuid(c, "flowId")),
                               "flowName", x.name);
    reply_jsonf(c, p, 200, answer);
    return ERR_OK;
}

static const struct field start_fields[] = {
    {.name = "flowId", .type = F_UUID, .required = true},
    {.name = "flowVariables",
     .type = F_JSON,
     .nullable = true,
     .max = 16384,
     .help = "[{name, value}] or {name: value}"},
    {.name = "replace",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "End what runs in the chat; otherwise 409 FLOW_RUNNING with its sessionId."},
    {0},
};

const struct route public_flow_routes[] = {
    {.method = HTTP_POST,
     .path = "/api/{organizationId}/chat/{chatId}/start-flow",
     .id = "public.chatStartFlow",
     .summary = "Start a flow in a chat.",
     .group = "Known paths",
     .permission = PERMISSION_FLOWS_RUN,
     .creates = true,
     .status = 200,
     .fields = start_fields,
     .shape = ANSWER_OTHER,
     .errors = "404 CHAT_NOT_FOUND|404 FLOW_NOT_FOUND|409 FLOW_NOT_LIVE|409 FLOW_RUNNING|409 "
               "CHAT_CLOSED",
     .handler = start_flow},
    {0},
};
