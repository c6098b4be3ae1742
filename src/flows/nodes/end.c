/* The end of the session, also of whoever called this flow. */
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    (void)n;
    return run_over(r);
}

static const struct node_field fields[] = {{0}};

const struct flow_node node_end = {
    .type = "end",
    .category = NODE_OTHER,
    .icon = "flag",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .run = run,
};
