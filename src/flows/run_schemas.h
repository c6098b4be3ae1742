/* Shapes of the answers about sessions and tests. */
#ifndef INTERFLOW_FLOWS_RUN_SCHEMAS_H
#define INTERFLOW_FLOWS_RUN_SCHEMAS_H

#include "core/router.h"

extern const struct schema flow_schema_choice;         /* what may be started in a chat */
extern const struct schema flow_schema_session;        /* in lists */
extern const struct schema flow_schema_session_detail; /* with log, variables, transcript */
extern const struct schema flow_schema_test;           /* a recorded one */
extern const struct schema flow_schema_test_result;
extern const struct schema flow_schema_test_removed;
extern const struct schema flow_schema_http_test;
extern const struct field flow_test_result_fields[]; /* of flow_schema_test_result */

#endif
