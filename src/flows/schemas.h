/* Shapes of the answers about flows, for the API document, the types of the interface and the
 * tests. */
#ifndef INTERFLOW_FLOWS_SCHEMAS_H
#define INTERFLOW_FLOWS_SCHEMAS_H

#include "core/router.h"

extern const struct schema flow_schema_item;      /* in lists */
extern const struct schema flow_schema_detail;    /* with draft and problems */
extern const struct schema flow_schema_draft;     /* after a save */
extern const struct schema flow_schema_problems;  /* of a check */
extern const struct schema flow_schema_published; /* after publishing */
extern const struct schema flow_schema_version;   /* in lists */
extern const struct schema flow_schema_version_graph;
extern const struct schema flow_schema_file; /* of an export */
extern const struct schema flow_schema_imported;
extern const struct schema flow_schema_template;
extern const struct schema flow_schema_node;
extern const struct schema flow_schema_trigger;
extern const struct schema flow_schema_functions;
extern const struct schema flow_schema_expression;
extern const struct schema flow_schema_hook;
extern const struct schema flow_schema_hook_secret;
extern const struct schema flow_schema_hook_calls;
extern const struct schema flow_schema_stats;
extern const struct schema flow_schema_started;

#endif
