/* Loading what a check must know (world.h), and the check as the API makes it. */
#include "flows/world.h"

#include <string.h>

#include "base/json.h"
#include "core/db.h"
#include "flows/flows.h"
#include "sql.h"

#define IDS_MAX 5000 /* of one graph: more are not looked at, and so count as gone */

static void collect(json_t *seen, const json_t *j)
{
    const char *key;
    json_t *v;
    size_t i;
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    if (json_object_size(seen) >= IDS_MAX) return;
    if (json_is_string(j)) {
        if (json_string_length(j) == UUID_TEXT_SIZE - 1 && uuid_parse(json_string_value(j), &id))
            json_object_set_new(seen, uuid_text(id, text), json_true());
    } else if (json_is_array(j)) {
        json_array_foreach(j, i, v) collect(seen, v);
    } else if (json_is_object(j)) {
        json_object_foreach((json_t *)(uintptr_t)j, key, v) collect(seen, v);
    }
}

json_t *flow_ids_in(struct ctx *c, const json_t *j)
{
    CLEANUP(json_decrefp) json_t *seen = json_object();
    json_t *list = json_array();
    const char *key;
    json_t *v;
    collect(seen, j);
    json_object_foreach(seen, key, v) json_array_append_new(list, json_string(key));
    arena_on_free(c->arena, (void (*)(void *))json_decref, list);
    return list;
}

enum err flow_world_load(struct ctx *c, struct uuid flow, const json_t *graph,
                         struct check_world *ret)
{
    struct rows *rows = NULL;
    json_t *w = NULL;
    enum err e = db_one(c, &SQL_FLOW_WORLD,
                        PARAMS(P_UUID("flow", flow), P_JSON("ids", flow_ids_in(c, graph))), &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "world");
    e = json_parse(c->arena, text, strlen(text), &w, NULL);
    if (e) return e;
    *ret = (struct check_world){
        .channels = json_object_get(w, "channels"),
        .teams = json_object_get(w, "teams"),
        .users = json_object_get(w, "users"),
        .tags = json_object_get(w, "tags"),
        .stages = json_object_get(w, "stages"),
        .closure_types = json_object_get(w, "closureTypes"),
        .flows = json_object_get(w, "flows"),
        .fields = json_object_get(w, "fields"),
        .files = json_object_get(w, "files"),
        .templates = json_object_get(w, "templates"),
    };
    return ERR_OK;
}

static enum err refuse(struct ctx *c, const struct problems *p)
{
    enum err e = fault(c, ERR_INVALID, "FLOW_GRAPH_INVALID", "This is no graph of a flow");
    for (int i = 0; i < p->count && i < FAULT_DETAILS_MAX; i++) {
        const struct problem *x = &p->items[i];
        fault_field(c, arena_printf(c->arena, "graph.%s", x->field ? x->field : ""), x->code, "%s",
                    x->message ? x->message : x->code);
    }
    fault_data(c, "problems", problems_json(p));
    return e;
}

enum err flow_graph_shape(struct ctx *c, json_t *graph)
{
    struct problems p = {.arena = c->arena};
    enum err e = graph_shape(graph, &p);
    return e == ERR_INVALID ? refuse(c, &p) : e;
}

static json_t *arena_owns(struct ctx *c, json_t *j)
{
    if (j) arena_on_free(c->arena, (void (*)(void *))json_decref, j);
    return j;
}

enum err flow_graph_check(struct ctx *c, struct uuid flow, json_t *graph, enum flow_kind kind,
                          struct flow_checked *ret)
{
    struct check_world world;
    const char *id;
    json_t *name;
    *ret = (struct flow_checked){.found.arena = c->arena};
    enum err e = flow_graph_shape(c, graph);
    if (!e) e = flow_world_load(c, flow, graph, &world);
    if (!e) e = flow_check(c->arena, graph, kind, &world, &ret->found);
    if (e) return e;
    ret->problems = arena_owns(c, problems_json(&ret->found));
    ret->files = arena_owns(c, json_array());
    json_object_foreach((json_t *)(uintptr_t)world.files, id, name)
        json_array_append_new(ret->files, json_string(id));
    return ret->problems && ret->files ? ERR_OK : ERR_NO_MEMORY;
}
