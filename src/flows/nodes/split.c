/* Ways by chance: each as often as its share of all weights. */
#include "base/json.h"
#include "flows/nodes/nodes.h"

#define WEIGHT_MAX 1000000

static uint64_t weight_of(const json_t *o)
{
    int64_t w = json_get_int(o, "weight", 0);
    return w < 0 ? 0 : w > WEIGHT_MAX ? WEIGHT_MAX : (uint64_t)w;
}

static uint64_t total_of(const json_t *list)
{
    uint64_t total = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        total += weight_of(json_array_get(list, i));
    return total;
}

static enum step run(struct run *r, const struct node *n)
{
    const json_t *list = node_json(n, "weights");
    uint64_t total = total_of(list);
    if (total == 0) return run_fail(r, "WEIGHTS_ZERO", "all shares are 0");
    /* 32 random bits over at most 3e7: no share is off by more than one in a hundred. */
    uint64_t drawn = ((uint64_t)r->host->random(r) * total) >> 32;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *title = json_get_text(o, "title");
        uint64_t w = weight_of(o);
        if (drawn >= w) {
            drawn -= w;
            continue;
        }
        run_note_text(r, "part",
                      arena_printf(r->arena, "%s (%d%%)", title ? title : "",
                                   (int)((100 * w + total / 2) / total)));
        return run_port(r, json_get_text(o, "id"));
    }
    return run_fail(r, "WEIGHTS_ZERO", "all shares are 0");
}

static void check(struct check *k, const struct node *n)
{
    const json_t *list = node_json(n, "weights");
    if (total_of(list) == 0) check_error(k, n, "weights", "WEIGHTS_ZERO", NULL, "all shares are 0");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_get_int(json_array_get(list, i), "weight", 0) > WEIGHT_MAX)
            check_error(k, n, arena_printf(k->problems->arena, "weights[%zu].weight", i),
                        "OUT_OF_RANGE", json_pack("{s:i, s:i}", "min", 0, "max", WEIGHT_MAX),
                        "at most %d", WEIGHT_MAX);
}

static const struct node_field fields[] = {
    {.name = "weights", .kind = NF_WEIGHTS, .required = true, .min = 2, .max = FLOW_OPTIONS_MAX},
    {0},
};
static const struct node_port ports[] = {{"error", PORT_ERROR, OPEN_FINE, {0}}, {0}};

const struct flow_node node_split = {
    .type = "split",
    .category = NODE_DECIDE,
    .icon = "shuffle",
    .kinds = FLOW_ALL_KINDS,
    .fields = fields,
    .ports = ports,
    .ports_field = "weights",
    .option_open = OPEN_WARNING,
    .run = run,
    .check = check,
};
