/* To a person: a team, somebody of it, with a note. The flow is over. */
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const char *note = run_text(r, n, "note");
    if (!note) return run_error(r, ERR_INVALID);
    if (*note) run_note_text(r, "note", note);
    struct flow_transfer t = {
        .team = node_uuid(n, "teamId"),
        .user = node_uuid(n, "userId"),
        .priority = (int)node_int(n, "priority", -1),
        .note = note,
    };
    enum err e = r->host->transfer(r, &t);
    return e ? run_error(r, e) : run_over(r);
}

static const struct node_field fields[] = {
    {.name = "teamId", .kind = NF_TEAM},
    {.name = "userId", .kind = NF_USER},
    {.name = "priority", .kind = NF_NUMBER, .max = 3, .advanced = true},
    {.name = "note", .kind = NF_TEMPLATE, .max = 4000},
    {0},
};
static const struct node_port ports[] = {{"error", PORT_ERROR, OPEN_FINE, {0}}, {0}};

const struct flow_node node_transfer = {
    .type = "transfer",
    .category = NODE_DO,
    .icon = "users",
    .kinds = FLOW_TALKS | FLOW_KIND_BIT(FLOW_STAGE),
    .fields = fields,
    .ports = ports,
    .summary = "note",
    .run = run,
};
