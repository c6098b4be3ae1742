/* Inside the checks: what the rows of fields say (check.c, check_fields.c). */
#ifndef INTERFLOW_FLOWS_CHECK_FIELDS_H
#define INTERFLOW_FLOWS_CHECK_FIELDS_H

#include "flows/check.h"

/* All fields of a row against data; prefix "" or "triggers[0]". */
void check_fields(struct check *k, const struct node *n, const struct node_field *fields,
                  const json_t *data, const char *prefix);
void check_conditions_at(struct check *k, const struct node *n, const char *at, const json_t *j);

#endif
