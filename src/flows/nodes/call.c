/* Another flow, as it is live now; when it is over, this one goes on. Both have the same variables. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const struct flow *flow = NULL;
    enum err e = r->host->flow(r, node_uuid(n, "flowId"), &flow);
    if (e) return run_error(r, e);
    run_note_text(r, "flow", flow->name);
    if (flow->kind != FLOW_GENERAL)
        return run_fail(r, "CALL_KIND", "%s does not talk to customers", flow->name);
    return run_call(r, flow);
}

static enum step resume(struct run *r, const struct node *n, const struct woken *w)
{
    (void)n;
    (void)w;
    return run_next(r);
}

static void check(struct check *k, const struct node *n)
{
    const char *id = node_text(n, "flowId"), *kind = json_get_text(k->world->flows, id);
    if (kind && strcmp(kind, flow_kind_names[FLOW_GENERAL]) != 0)
        check_error(k, n, "flowId", "CALL_KIND", json_pack("{s:s}", "kind", kind),
                    "this kind of flow cannot be called");
}

static const struct node_field fields[] = {
    {.name = "flowId", .kind = NF_FLOW, .required = true, .of = "general"},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_call = {
    .type = "call",
    .category = NODE_DO,
    .icon = "workflow",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .run = run,
    .resume = resume,
    .check = check,
};
