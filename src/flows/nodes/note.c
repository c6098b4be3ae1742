/* A note for the team, in the conversation, which the customer does not see. */
#include <string.h>

#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const char *text = run_text(r, n, "text");
    if (!text) return run_error(r, ERR_INVALID);
    if (!text[strspn(text, " \t\r\n")])
        return run_fail(r, "NOTE_EMPTY", "nothing is left of the note once it is filled in");
    run_note_text(r, "note", text);
    enum err e = r->host->note(r, text);
    return e ? run_error(r, e) : run_next(r);
}

static const struct node_field fields[] = {
    {.name = "text", .kind = NF_TEMPLATE, .required = true, .max = 4000},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_note = {
    .type = "note",
    .category = NODE_DO,
    .icon = "sticky-note",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .ports = ports,
    .summary = "text",
    .run = run,
};
