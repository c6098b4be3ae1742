/* A flow as a file: what its graph points to by id has a name beside it, and is found by that name
 * in the organization that takes the file in. Pure.
 *
 *   {"format": 1, "kind": "interflow.flow", "name", "flowKind", "graph",
 *    "refs": {"team": {"<id>": "Vendas"}, "tag": {…}, …}}
 *
 * Secrets of webhook triggers are in no graph; keys that stand in the headers and arguments of calls
 * do not go into files. A file that comes in is nobody's word: its graph goes
 * through the same checks as any draft (graph_shape), and an id in it counts only when it is one of
 * the organization's own. */
#ifndef INTERFLOW_FLOWS_CARRY_H
#define INTERFLOW_FLOWS_CARRY_H

#include "flows/graph.h"

#define CARRY_NAME_MAX 300  /* characters of a name in refs */
#define CARRY_REFS_MAX 5000 /* of one file */

/* What things of the organization a graph names. kind: "team" "tag" "field" "channel" "user"
 * "stage" "closureType" "flow" "file" "waTemplate"; id: as it stands in the graph: an id, the slug
 * of a field, "name/language" of a template. Returns what to put in its place: id itself to leave it
 * alone, NULL to take it out (of lists) or make it null. Fields and templates are only told of. */
typedef const char *carry_fn(void *arg, const char *kind, const char *node_id, const char *id);
/* Each that a graph whose shape is right names, in the order of the nodes. */
void carry_each(json_t *graph, carry_fn *fn, void *arg);

/* The file of a flow; a new reference, NULL: out of memory. names: {kind: {id: name}}, more than is
 * needed. Takes the keys of calls out of the graph. */
json_t *carry_out(const char *name, enum flow_kind kind, json_t *graph, const json_t *names);

struct carried {
    const char *name; /* borrowed from the file */
    enum flow_kind kind;
    json_t *graph;      /* the file's own, changed by carry_link */
    const json_t *refs; /* {kind: {id: name}} */
};
/* Looks whether it is such a file, its graph's shape excepted. ERR_INVALID: *ret_field and *ret_why
 * (static) say what of it is not. */
MUST_USE enum err carry_read(json_t *file, struct carried *ret, const char **ret_field,
                             const char **ret_why);
/* {kind: [name, …]} of what refs names, for looking it up here; new. */
json_t *carry_names(const struct carried *f);
/* Ids to those of this organization. here: {kind: {id: …}}, what of the graph's ids is here already,
 * with all fields by slug and templates by "name/language"; found: {kind: {name: id}}. Returns the list [{kind, name, nodes: [id]}] of what is not
 * here, new. The graph's shape must be right. */
json_t *carry_link(struct carried *f, const json_t *here, const json_t *found);

#endif
