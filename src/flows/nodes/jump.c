/* On with another node of this flow: a way that need not be drawn. */
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const struct node *to = flow_node_by_id(r->flow, node_text(n, "node"));
    if (!to) return run_fail(r, "UNKNOWN_NODE", "the block to go on with does not exist");
    run_note_text(r, "to", *to->name ? to->name : to->id);
    return run_jump(r, to->index);
}

static const struct node_field fields[] = {
    {.name = "node", .kind = NF_NODE, .required = true},
    {0},
};

const struct flow_node node_jump = {
    .type = "jump",
    .category = NODE_DECIDE,
    .icon = "corner-up-right",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .run = run,
};
