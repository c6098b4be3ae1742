/* Recorded tests: conversations of the test panel that are kept with their flow and held against the
 * draft again, by hand and before it is published. */
#ifndef INTERFLOW_FLOWS_RECORDED_H
#define INTERFLOW_FLOWS_RECORDED_H

#include "core/db.h"

/* What a session of a test said and did, as a script: {channelKind, customer, trigger, clockMs, seed,
 * steps: [{say, file?}|{option}|{skip}|{http}], expect: [lines]}; the context's. ERR_NOT_FOUND
 * SESSION_NOT_FOUND. */
MUST_USE enum err recorded_script(struct ctx *c, struct uuid session, json_t **ret_script);

/* How all of a flow's tests go with a graph (NULL: the draft); each one's result is kept with it.
 * *ret_items, the context's: [{id, name, ok, message, step, line, expected, got}] in the order in
 * which they were recorded. Not inside a transaction. */
MUST_USE enum err recorded_run(struct ctx *c, struct uuid flow, json_t *graph, json_t **ret_items,
                               int *ret_failed);

#endif
