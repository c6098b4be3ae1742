/* Variables: each to a text with {{…}} or to the value of an expression, in order. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const json_t *list = node_json(n, "assignments");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *name = json_get_text(o, "name"), *kind = json_get_text(o, "kind"),
                   *text = json_get_text(o, "value");
        struct value v = value_empty();
        enum err e = ERR_OK;
        if (!name || !*name) continue;
        if (kind && strcmp(kind, "expression") == 0)
            e = run_expression(r, text ? text : "", &v);
        else
            e = run_fill_value(r, text ? text : "", &v);
        if (!e) e = run_set(r, name, &v);
        if (e) return run_error(r, e);
    }
    return run_next(r);
}

static const struct node_field fields[] = {
    {.name = "assignments", .kind = NF_ASSIGNMENTS, .required = true, .min = 1, .max = 20},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_set = {
    .type = "set",
    .category = NODE_DO,
    .icon = "variable",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .ports = ports,
    .summary = "assignments",
    .run = run,
};
