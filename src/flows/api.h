/* What the files of the flows' API share. */
#ifndef INTERFLOW_FLOWS_API_H
#define INTERFLOW_FLOWS_API_H

#include "core/db.h"
#include "flows/graph.h"

/* A flow as checks and copies need it. */
struct flow_draft {
    struct uuid id;
    const char *name;
    enum flow_kind kind;
    json_t *graph;    /* the arena's */
    int64_t revision; /* of the draft */
    int64_t version;  /* the live one's number; 0: none */
};

/* Of c->in's flowId, by SQL_FLOW_DRAFT or SQL_FLOW_LOCK. ERR_NOT_FOUND FLOW_NOT_FOUND. */
MUST_USE enum err flow_draft_load(struct ctx *c, const struct sql *q, struct flow_draft *ret);
/* ERR_NOT_FOUND gets its code; other errors stay. */
enum err flow_not_found(struct ctx *c, enum err e);
/* j, which goes with the arena from now on; NULL stays NULL. */
json_t *flow_arena_json(struct ctx *c, json_t *j);
/* Start a live flow in a chat for who opened it (an inbox_flow_fn). */
enum err flow_begin_in_chat(struct ctx *c, struct uuid flow, struct uuid chat, const json_t *vars);

#endif
