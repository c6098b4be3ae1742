/* What the files of the flows' API share. */
#ifndef INTERFLOW_FLOWS_API_H
#define INTERFLOW_FLOWS_API_H

#include "core/db.h"
#include "core/router.h"
#include "flows/graph.h"
#include "inbox/inbox.h"

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
/* The handler of http-test (api_http.c). */
enum err flow_http_test(struct ctx *c, struct request *r, struct reply *p);
/* Answer a session with its trace. ERR_NOT_FOUND SESSION_NOT_FOUND. */
enum err flow_session_reply(struct ctx *c, struct reply *p, int status, struct uuid session);
/* How long requests may take in which flows are tested: a real call may be under way. */
#define FLOW_TESTS_MS 65000
/* What the inbox begins flows with. */
extern const struct inbox_flows flow_public;

#endif
