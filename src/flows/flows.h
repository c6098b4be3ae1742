/* Flows: what an organization lets the program do in its chats, as graphs that people draw
 * (docs/FLOWS.md). This is what the server's tables and other domains may use; node rows are made
 * against node.h.
 *
 * The pure part (value, expr, template, condition, graph, check, run, nodes/) knows no database and
 * no clock; hosts give it both. The store (store.c, session.c, host_live.c, triggers.c,
 * jobs_flows.c) keeps sessions as rows: one run is one transaction. */
#ifndef INTERFLOW_FLOWS_FLOWS_H
#define INTERFLOW_FLOWS_FLOWS_H

#include "core/app.h"
#include "core/jobs.h"
#include "core/router.h"

/* Limits. Whoever meets one stops, says why, and a person takes over. There are no exceptions. */
#define FLOW_GRAPH_MAX_BYTES      (1024 * 1024)
#define FLOW_NODES_MAX            500
#define FLOW_EDGES_MAX            2000
#define FLOW_GROUPS_MAX           200 /* groups, and as many comments */
#define FLOW_VARIABLES_MAX        200
#define FLOW_TRIGGERS_MAX         20
#define FLOW_OPTIONS_MAX          30      /* of one menu, message or split */
#define FLOW_RUN_STEPS_MAX        200     /* without a wait */
#define FLOW_SESSION_STEPS_MAX    10000   /* of one session, whatever it waited */
#define FLOW_RUN_WORK_MAX         1000000 /* operations of all expressions of a run together */
#define FLOW_LOOK_WORK_MAX        200000  /* … of all triggers that are held against a message */
#define FLOW_SESSION_MESSAGES_MAX 500     /* of one session */
#define FLOW_MESSAGES_PER_MINUTE  30      /* of programs, in one chat */
#define FLOW_DEPTH_MAX            8       /* flows called by flows */
#define FLOW_VARS_MAX_BYTES       (64 * 1024)
#define FLOW_VALUE_MAX_BYTES      (16 * 1024)
#define FLOW_HTTP_MAX_BYTES       (256 * 1024)
#define FLOW_STEP_DATA_MAX_BYTES  4096 /* what the log of a step keeps of values */
#define FLOW_DEBOUNCE_MAX_MS      30000
#define FLOW_WAIT_MAX_MS          (400LL * 24 * 3600 * 1000)

/* For src/server/tables.c. */
extern const struct route flow_routes[];       /* the list, one, files */
extern const struct route flow_draft_routes[]; /* drafts, versions */
extern const struct route flow_row_routes[];   /* kinds of nodes, triggers, functions */
extern const struct route flow_hook_routes[];  /* webhook triggers */
extern const struct route flow_start_routes[]; /* starting from outside, figures */
extern const struct route flow_run_routes[];   /* sessions, starting by hand */
extern const struct route flow_test_routes[];  /* the test panel, recorded tests */
extern const struct job_kind flow_hook_job_kinds[];
extern const struct job_kind flows_job_kinds[];
enum err flows_start(struct app *app);
void flows_stop(struct app *app);

#endif
