/* Cases, looked at in order: the first that holds is the way. */
#include "base/json.h"
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    const json_t *cases = node_json(n, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *o = json_array_get(cases, i);
        const char *id = json_get_text(o, "id"), *title = json_get_text(o, "title");
        bool yes = false;
        enum err e = run_condition(r, json_object_get(o, "when"), id, &yes);
        if (e) return run_error(r, e);
        if (!yes) continue;
        run_note_text(r, "case", title && *title ? title : id);
        return run_port(r, id);
    }
    return run_port(r, "else");
}

static void check(struct check *k, const struct node *n)
{
    const json_t *cases = node_json(n, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *when = json_object_get(json_array_get(cases, i), "when");
        if (json_array_size(json_object_get(when, "rows")) == 0)
            check_warning(k, n, arena_printf(k->problems->arena, "cases[%zu].when", i),
                          "CASE_ALWAYS", NULL, "without conditions it is always taken");
    }
}

static const struct node_field fields[] = {
    {.name = "cases", .kind = NF_CASES, .required = true, .min = 1, .max = 20},
    {0},
};
static const struct node_port ports[] = {
    {"else", PORT_ELSE, OPEN_WARNING, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_condition = {
    .type = "condition",
    .category = NODE_DECIDE,
    .icon = "git-branch",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .ports = ports,
    .ports_field = "cases",
    .option_open = OPEN_WARNING,
    .run = run,
    .check = check,
};
