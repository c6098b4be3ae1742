/* The end of the conversation, with the reason that the team's reports ask for. The flow is over. */
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const char *note = run_text(r, n, "note");
    if (!note) return run_error(r, ERR_INVALID);
    if (*note) run_note_text(r, "note", note);
    enum err e = r->host->close(r, node_uuid(n, "closureTypeId"), note);
    return e ? run_error(r, e) : run_over(r);
}

static const struct node_field fields[] = {
    {.name = "closureTypeId", .kind = NF_CLOSURE_TYPE},
    {.name = "note", .kind = NF_TEMPLATE, .max = 2000},
    {0},
};
static const struct node_port ports[] = {{"error", PORT_ERROR, OPEN_FINE, {0}}, {0}};

const struct flow_node node_close = {
    .type = "close",
    .category = NODE_DO,
    .icon = "check-check",
    .kinds = FLOW_TALKS | FLOW_KIND_BIT(FLOW_STAGE),
    .fields = fields,
    .ports = ports,
    .summary = "note",
    .run = run,
};
