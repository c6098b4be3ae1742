/* Private to condition*.c: a condition once parsed. */
#ifndef INTERFLOW_FLOWS_CONDITION_IMPL_H
#define INTERFLOW_FLOWS_CONDITION_IMPL_H

#include "flows/condition.h"
#include "flows/expr_impl.h"

struct row {
    const char *where;       /* "rows[0]" */
    struct condition *group; /* NULL: a row of its own, as follows */
    const struct condition_operator *kind;
    struct expr *left;
    struct flow_template **rights;
    size_t right_count;
    bool parted; /* the one right is a list in a text */
    bool exact;
    const char *pattern;   /* RIGHT_PATTERN */
    const char *unit;      /* RIGHT_PERIOD */
    unsigned int weekdays; /* RIGHT_WEEKDAYS: a bit each, Sunday is bit 0 */
};

struct condition {
    bool any;
    struct row *rows;
    size_t count;
};

/* Right number i, in the type that the operator needs. */
bool condition_right(struct eval *ev, const struct row *row, size_t i, struct value *ret);

#endif
