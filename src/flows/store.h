/* Sessions as rows: what wakes them, what starts them, the cache of versions (flows.h tells the
 * model). One run is one transaction:
 *
 *   BEGIN; flow_load() locks the chat, then the session; the run's effects; flow_save(); COMMIT
 *
 * so that a worker killed at any instruction has done all of it or nothing. What a run must not do
 * twice when its job comes again is told by the session's token (timers, answers of calls), by
 * seen_seq (messages), by chats.flow_seq (starts) and by the id of the session itself (events). */
#ifndef INTERFLOW_FLOWS_STORE_H
#define INTERFLOW_FLOWS_STORE_H

#include "core/db.h"
#include "flows/run.h"

/* --- versions (cache.c) ------------------------------------------------------------------ */

/* A published version, parsed; kept by the worker, and at least as long as the context. Its flow's
 * name is that of its publishing. ERR_NOT_FOUND FLOW_VERSION_NOT_FOUND; ERR_INVALID: its graph
 * cannot be read by this program. */
MUST_USE enum err flow_version_get(struct ctx *c, struct uuid version,
                                   const struct flow **ret_flow);
/* The live version of a flow that is switched on. ERR_NOT_FOUND FLOW_NOT_LIVE. */
MUST_USE enum err flow_live_get(struct ctx *c, struct uuid flow, const struct flow **ret_flow);
/* A graph that is no version: of a test. Lives as long as the context. ERR_INVALID. */
MUST_USE enum err flow_graph_read(struct ctx *c, json_t *graph, const struct flow **ret_flow);
struct flow_zones *flow_worker_zones(struct app *app);

/* --- sessions (session.c, store.c) -------------------------------------------------------- */

/* What is to be looked at. */
struct flow_go {
    struct uuid chat; /* a message came in it, from seq on; nil: by session */
    int64_t seq;
    struct uuid session; /* its timer, its beginning, the answer of its call, a person's wish */
    int64_t token;       /* of that session: another one, and nothing is done; 0: whichever */
    enum woken_kind how; /* WOKE_LOOK, WOKE_HTTP, WOKE_RETRY */
    const struct flow_reply *http;
    struct job *job; /* ends in the same transaction when a session is saved (job->ended); NULL */
};
/* Look, and go on as far as it goes. In a transaction of its own, again by itself when another one
 * was in its way. *ret_again_ms (may be NULL): > 0, nothing was done, more messages may come until
 * then. Any error: nothing was done, come again. */
MUST_USE enum err flow_continue(struct ctx *c, const struct flow_go *g, int64_t *ret_again_ms);

/* A session under way, between load and save. */
struct session {
    struct ctx *c;
    struct uuid id, chat, customer;
    json_t *row;        /* columns of flow_sessions; {} of a new one */
    const json_t *load; /* what flow_load() gave */
    const struct flow *root;
    struct run *run;
    bool is_new, silent;
    json_t *call;       /* the request that a node asked for; NULL */
    json_t *test;       /* of tests: their state (host_test.c), changed in place; NULL: real */
    const char *how;    /* ended_how, when a node's effect says it: "transfer", "close" */
    const char *author; /* who writes the messages */
    struct job *job;    /* the one that ends with this run; NULL */
    /* Of the host: the step under way. */
    bool marked; /* its savepoint is there */
    json_t *call_before, *context_before, *test_before;
    size_t lines_before; /* of the transcript of a test */
    const char *how_before;
};
/* The session of load's row, or a new one of flow (id: new_id). flow is the one that it stands in
 * (session_flow says which of an old one). The run is ready for run_go but for its host's argument,
 * which is the session. */
MUST_USE enum err session_open(struct ctx *c, const json_t *load, const struct flow *flow,
                               struct uuid new_id, json_t *trigger, struct session **ret_session);
/* The version in which an unfinished session stands: the innermost of its stack. nil: the draft of
 * a test. */
struct uuid session_flow(const json_t *row);
/* The columns of flow_sessions after a run that ended so; new. */
json_t *session_row(const struct session *s, enum run_end end);
/* Write what came of it. *ret_token (may be NULL): the session's new one. */
MUST_USE enum err session_save(struct session *s, enum run_end end, int64_t *ret_token);
/* Answers of messages as flow_load() gives them. joined: all are one. */
void session_answers(struct run *r, const json_t *messages, bool joined);

/* A node's request as job flow.http takes it: {n, method, url, headers, body, timeoutMs, retries};
 * goes with the run. */
json_t *flow_request_json(struct run *r, const struct flow_request *q);

/* Make such a call, with its tries. ERR_OK whatever the peer does; ERR_CANCELLED, ERR_UNAVAILABLE:
 * the program ends. Not inside a transaction. */
MUST_USE enum err flow_http_call(struct ctx *c, const json_t *request,
                                 struct flow_reply *ret_reply);

/* Is this error the limit of sessions that begin by themselves in one chat (flow_guards.sql)? Then
 * nothing began, and trying again makes no sense. */
bool flow_starts_too_often(const struct ctx *c, enum err e);

extern const struct flow_host flow_host_live, flow_host_test;

/* --- starting (triggers.c) ---------------------------------------------------------------- */

/* Start a flow's live version in a chat (nil: silent flows only, for the customer of trigger.data);
 * inside the open transaction, which also gets the job that runs it. trigger: {kind, key?, data?,
 * vars? {name: json}}. ERR_CONFLICT FLOW_NOT_LIVE; FLOW_RUNNING (data.sessionId) unless replace;
 * ERR_NOT_FOUND CHAT_NOT_FOUND; ERR_CONFLICT CHAT_CLOSED. */
MUST_USE enum err flow_start(struct ctx *c, struct uuid flow, struct uuid chat,
                             const json_t *trigger, bool replace, struct uuid *ret_session);
/* Variables from outside: names that can be, and not too much. ERR_INVALID naming them. */
MUST_USE enum err flow_vars_check(struct ctx *c, const json_t *vars);
/* Do the conditions of a trigger (data, as it was published in this version) hold for a chat?
 * Inside the open transaction, which locks the chat. trigger as flow_start's: its data and vars can
 * be asked for. */
MUST_USE enum err flow_trigger_fits(struct ctx *c, struct uuid chat, struct uuid version,
                                    const json_t *data, json_t *trigger, bool *ret_fits);
/* The rows of flow_triggers made anew from the flow's live version; none when it is switched off.
 * In the transaction of what changed it. */
MUST_USE enum err flow_triggers_put(struct ctx *c, struct uuid flow);
/* Which of load's candidates starts; NULL: none. *ret_message: the place among load's messages of
 * the one that fired it. */
MUST_USE enum err flow_pick(struct ctx *c, const json_t *load, const json_t **ret_candidate,
                            int *ret_message);
/* A flow.event job: silent flows and tags. */
MUST_USE enum err flow_event(struct ctx *c, const json_t *payload);

#endif
