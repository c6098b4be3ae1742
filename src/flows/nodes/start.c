/* The start node: where a flow begins. Its triggers say what begins it (trigger_rows.h, triggers.c). */
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    (void)n;
    run_note(r, "trigger", json_incref(r->trigger));
    return run_next(r);
}

static const struct node_field fields[] = {
    {.name = "triggers", .kind = NF_TRIGGERS, .max = FLOW_TRIGGERS_MAX, .otherwise = "[]"},
    {0},
};
static const struct node_port ports[] = {{"next", PORT_NEXT, OPEN_ERROR, {0}}, {0}};

const struct flow_node node_start = {
    .type = "start",
    .category = NODE_OTHER,
    .icon = "play",
    .kinds = FLOW_ALL_KINDS,
    .max = 1,
    .fields = fields,
    .ports = ports,
    .run = run,
};
