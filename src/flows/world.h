/* What a check of a graph must know of the organization (check.h): loaded in one query, only what
 * the graph names. */
#ifndef INTERFLOW_FLOWS_WORLD_H
#define INTERFLOW_FLOWS_WORLD_H

#include "core/ctx.h"
#include "flows/check.h"

/* In the context's arena. flow: whose graph it is, nil when it is new: files that it sends already
 * stay usable for who could not see them otherwise. */
MUST_USE enum err flow_world_load(struct ctx *c, struct uuid flow, const json_t *graph,
                                  struct check_world *ret);
/* All texts in j that are ids, each once: a JSON list, owned by the arena. */
json_t *flow_ids_in(struct ctx *c, const json_t *j);

struct flow_checked {
    struct problems found;
    json_t *problems; /* of found, as JSON; the arena's */
    json_t *files;    /* ids of the files that it sends, as JSON; the arena's */
};

/* Shape, then (when that is right) everything that a check looks at. ERR_INVALID
 * FLOW_GRAPH_INVALID, with the places as details and all of them as "problems", when it is no graph
 * at all. */
MUST_USE enum err flow_graph_check(struct ctx *c, struct uuid flow, json_t *graph,
                                   enum flow_kind kind, struct flow_checked *ret);
/* The first half: only whether it is a graph. */
MUST_USE enum err flow_graph_shape(struct ctx *c, json_t *graph);

#endif
