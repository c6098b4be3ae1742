/* Is it within opening hours now: a team's, or those of the channel or the organization. */
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    bool open = false;
    struct civil now;
    enum err e = r->host->open_hours(r, node_uuid(n, "teamId"), &open);
    if (e) return run_error(r, e);
    flow_zone_local(run_zone(r, NULL), run_now_ms(r), &now);
    run_note_text(
        r, "hours",
        arena_printf(r->arena, "%s, %02d:%02d", open ? "open" : "closed", now.hour, now.minute));
    return run_port(r, open ? "open" : "closed");
}

static const struct node_field fields[] = {
    {.name = "teamId", .kind = NF_TEAM},
    {0},
};
static const struct node_port ports[] = {
    {"open", PORT_YES, OPEN_WARNING, {0}},
    {"closed", PORT_NO, OPEN_WARNING, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_hours = {
    .type = "hours",
    .category = NODE_DECIDE,
    .icon = "clock",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .ports = ports,
    .run = run,
};
