/* What the editor is drawn from: kinds of nodes and triggers, functions of expressions and the paths
 * that they may read, templates to begin with; and the check of one expression while it is
 * written. */
#include <string.h>

#include "auth/permissions.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/expr.h"
#include "flows/flows.h"
#include "flows/functions.h"
#include "flows/node.h"
#include "flows/schemas.h"
#include "flows/starters.h"
#include "flows/template.h"
#include "flows/trigger_rows.h"

#define FUNCTIONS_MAX (256 * KIB)

/* What run_values.c answers and the hosts put into a run's context; customer.fields.<slug> and the
 * flow's own variables come from elsewhere. */
static const struct {
    const char *path, *type;
} paths[] = {
    {"customer.name", "text"},     {"customer.firstName", "text"}, {"customer.email", "text"},
    {"customer.phone", "text"},    {"customer.document", "text"},  {"customer.birthDate", "date"},
    {"customer.language", "text"}, {"customer.country", "text"},   {"customer.stage", "text"},
    {"customer.tags", "list"},     {"customer.source", "text"},    {"customer.createdAt", "date"},
    {"chat.id", "text"},           {"chat.status", "text"},        {"chat.priority", "number"},
    {"chat.team", "text"},         {"chat.assignee", "text"},      {"chat.openedAt", "date"},
    {"channel.name", "text"},      {"channel.kind", "text"},       {"organization.name", "text"},
    {"message.text", "text"},      {"message.kind", "text"},       {"message.files", "list"},
    {"message.at", "date"},        {"system.now", "date"},         {"system.today", "date"},
    {"system.time", "text"},       {"system.weekday", "number"},   {"system.language", "text"},
    {"flow.name", "text"},         {"error.code", "text"},         {"error.message", "text"},
    {"trigger.data", "json"},
};

static enum err reply_list(struct ctx *c, struct reply *p, json_t *j)
{
    if (!flow_arena_json(c, j)) return ERR_NO_MEMORY;
    reply_jsonf(c, p, 200, j);
    return ERR_OK;
}

static enum err nodes(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    json_t *j = flow_nodes_json();
    if (j && !json_object_get(j, "next")) json_object_set_new(j, "next", json_null());
    return reply_list(c, p, j);
}

static enum err triggers(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return reply_list(c, p, flow_triggers_json());
}

static enum err starters(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    return reply_list(c, p, starters_json());
}

static enum err functions(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    CLEANUP(buf_free) struct buf b = BUF_INIT(FUNCTIONS_MAX);
    buf_addc(&b, '{');
    flow_functions_json(&b);
    buf_adds(&b, ",\"paths\":[");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        buf_addf(&b, "%s{\"path\":\"%s\",\"type\":\"%s\"}", i ? "," : "", paths[i].path,
                 paths[i].type);
    buf_adds(&b, "]}");
    if (buf_failed(&b)) return ERR_NO_MEMORY;
    reply_json(c, p, 200, arena_strdup(c->arena, buf_str(&b)));
    return ERR_OK;
}

static enum err check_expression(struct ctx *c, struct request *r, struct reply *p)
{
    (void)r;
    const char *expression = in_text(c, "expression"), *template = in_text(c, "template");
    struct flow_error x = {0};
    struct flow_template *t = NULL;
    struct expr *e = NULL;
    if ((expression == NULL) == (template == NULL))
        return fault_field(c, "expression", "REQUIRED", "Give an expression or a template");
    bool fine = expression ? expr_parse(c->arena, expression, &e, &x)
                           : flow_template_parse(c->arena, template, &t, &x);
    json_t *answer = fine ? json_pack("{s:b}", "ok", 1)
                          : json_pack("{s:b, s:{s:I, s:s, s:s, s:s?}}", "ok", 0, "error", "at",
                                      (json_int_t)x.at, "code", flow_code_name(x.code), "message",
                                      x.message ? x.message : "", "subject", x.subject);
    return reply_list(c, p, answer);
}

/* --- rows ------------------------------------------------------------------------------ */

static const struct field check_fields[] = {
    {.name = "expression",
     .type = F_TEXT,
     .raw = true,
     .max = EXPR_TEXT_MAX,
     .example = "\"upper(customer.name)\""},
    {.name = "template",
     .type = F_TEXT,
     .raw = true,
     .max = TEMPLATE_TEXT_MAX,
     .help = "Instead of an expression: a text with {{ … }}."},
    {0},
};

#define O     "/api/{organizationId}"
#define VIEWS .group = "Flows", .permission = PERMISSION_FLOWS_VIEW

const struct route flow_row_routes[] = {
    {.method = HTTP_GET,
     .path = O "/flow-nodes",
     .id = "flows.nodes",
     .summary = "The kinds of nodes, with their fields and ports.",
     VIEWS,
     .answer = &flow_schema_node,
     .shape = ANSWER_LIST,
     .handler = nodes},
    {.method = HTTP_GET,
     .path = O "/flow-triggers",
     .id = "flows.triggers",
     .summary = "The kinds of triggers, with their fields.",
     VIEWS,
     .answer = &flow_schema_trigger,
     .shape = ANSWER_LIST,
     .handler = triggers},
    {.method = HTTP_GET,
     .path = O "/flow-functions",
     .id = "flows.functions",
     .summary = "Functions, formatters, operators and paths of expressions.",
     VIEWS,
     .answer = &flow_schema_functions,
     .handler = functions},
    {.method = HTTP_GET,
     .path = O "/flow-templates",
     .id = "flows.templates",
     .summary = "Flows to begin with.",
     VIEWS,
     .answer = &flow_schema_template,
     .shape = ANSWER_LIST,
     .handler = starters},
    {.method = HTTP_POST,
     .path = O "/flow-expressions/check",
     .id = "flows.checkExpression",
     .summary = "Is this an expression, or a template? Where not, and why.",
     VIEWS,
     .fields = check_fields,
     .answer = &flow_schema_expression,
     .handler = check_expression},
    {0},
};
