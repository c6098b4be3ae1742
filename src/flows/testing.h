/* The test panel: a conversation with a draft, on the engine itself (host_test.c). Each act is a
 * transaction; calls to the outside, where the tester wants real ones, are made between two. */
#ifndef INTERFLOW_FLOWS_TESTING_H
#define INTERFLOW_FLOWS_TESTING_H

#include "flows/store.h"

enum test_act { TEST_BEGIN, TEST_SAY, TEST_SKIP, TEST_ANSWER };

struct test_do {
    enum test_act act;
    struct uuid session; /* of all but TEST_BEGIN, which makes it */
    /* TEST_BEGIN */
    struct uuid flow;
    const char *channel_kind;
    const json_t *customer, *trigger; /* may be NULL */
    json_t *graph;                    /* NULL: the flow's draft */
    bool http_real;
    int64_t clock_ms; /* 0: the real clock, skipping ahead */
    /* TEST_SAY */
    const char *text, *option; /* option: an id of the node that waits; may be NULL */
    struct uuid file;          /* nil: none */
    /* TEST_SKIP: 0: to the next timer that is due, else so far */
    int64_t skip_ms;
    /* TEST_ANSWER */
    const struct flow_reply *reply;
};

/* Do it, and what follows at once. ERR_NOT_FOUND SESSION_NOT_FOUND, FLOW_NOT_FOUND; ERR_CONFLICT
 * SESSION_OVER, NOTHING_TO_SKIP, NO_REQUEST; ERR_INVALID FLOW_GRAPH_INVALID. Not inside a
 * transaction. */
MUST_USE enum err flow_test_do(struct ctx *c, struct test_do *d, struct uuid *ret_session);
/* Run a script ({channelKind, customer, trigger, clockMs, steps: [{say|option|skip|http}],
 * expect: [lines]}) against a graph. *ret_why: NULL when every line came as expected, else the first
 * that did not, in words. */
MUST_USE enum err flow_test_replay(struct ctx *c, struct uuid flow, json_t *graph,
                                   const json_t *script, const char **ret_why);
/* What a session of a test said and did, as a script; new. */
MUST_USE enum err flow_test_script(struct ctx *c, struct uuid session, json_t **ret_script);

/* --- of host_test.c ---------------------------------------------------------------------- */
int64_t flow_test_now_ms(const struct session *s);
void flow_test_line(struct session *s, json_t *line);

#endif
