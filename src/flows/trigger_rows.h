/* The kinds of trigger that a start node may have, one row each: what its form asks for, in which
 * kinds of flow it may stand. What makes them fire is triggers.c. In the graph a trigger is
 * {"id", "kind", "enabled", "priority", "conditions": null or conditions, …fields of the row}. */
#ifndef INTERFLOW_FLOWS_TRIGGER_ROWS_H
#define INTERFLOW_FLOWS_TRIGGER_ROWS_H

#include "flows/node.h"

struct flow_trigger {
    const char *kind; /* NULL ends the table */
    const char *icon; /* lucide's name */
    uint32_t kinds;   /* FLOW_KIND_BITs */
    bool by_message;  /* a message that comes in fires it */
    const struct node_field *fields;
};

extern const struct flow_trigger flow_trigger_rows[];
/* NULL: no such kind. */
const struct flow_trigger *flow_trigger_find(const char *kind);
/* {items: […]} for GET O/flow-triggers; new. */
json_t *flow_triggers_json(void);

#endif
