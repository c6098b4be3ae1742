/* Flows to begin with: starters/<id>.json, part of the program. Wherever a text should be in the
 * reader's language there is an object {"pt", "es", "en"} in its place:
 *
 *   {"kind": "general", "name": {pt, es, en}, "text": {pt, es, en}, "graph": {…}} */
#ifndef INTERFLOW_FLOWS_STARTERS_H
#define INTERFLOW_FLOWS_STARTERS_H

#include "flows/graph.h"

struct starter_text {
    const char *id;
    const char *json;
};
extern const struct starter_text starter_texts[]; /* ends with id NULL; generated */

/* The graph of one in a language ("pt", "es", "en"; others: "en"), new. NULL: there is no such
 * one, or no memory. */
json_t *starter_graph(const char *id, const char *language, enum flow_kind *ret_kind);
/* {items: [{id, kind, name, text, nodeCount}], next: null}, new. */
json_t *starters_json(void);
/* The graph of a new flow: a start node and nothing else; new. */
json_t *graph_empty(void);

#endif
