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
    int64_t seed;     /* of what is left to chance; 0: any, or always the same with a clock */
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
/* A session as TEST_BEGIN makes it, before its first step, that nobody stores. */
MUST_USE enum err flow_test_open(struct ctx *c, const struct test_do *d,
                                 struct session **ret_session);
/* The state of a session of a test. ERR_NOT_FOUND SESSION_NOT_FOUND. */
MUST_USE enum err flow_test_state(struct ctx *c, struct uuid session, json_t **ret_state);
/* What a call that was made by hand answers. status 0: nothing came, in time. */
struct flow_reply flow_test_reply(struct ctx *c, int status, const char *body);

/* --- of host_test.c ---------------------------------------------------------------------- */
/* A version that the stack of a test names: a published one, or one of the drafts in its state. */
MUST_USE enum err flow_test_version(struct ctx *c, const json_t *state, struct uuid version,
                                    const struct flow **ret_flow);
int64_t flow_test_now_ms(const struct session *s);
void flow_test_line(struct session *s, json_t *line);

#endif
