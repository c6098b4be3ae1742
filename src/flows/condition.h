/* Conditions as people build them in a form:
 *
 *   {"op": "all"|"any", "rows": [
 *     {"left": expression, "type": "text|number|date|list|bool", "op": name, "right": …,
 *      "exact": bool},
 *     {"op": …, "rows": […]} ]}                              groups up to three deep
 *
 * ("mode" may be written instead of a group's "op".) No rows: true. `left` is an expression, most
 * often a path; braces around it are let through. `right` goes by the operator (enum
 * condition_right). Text is compared without regard to case and accents unless "exact".
 *
 * A left that does not exist, or is not of the type, is empty: it is not equal to anything, not
 * greater, contains nothing. A right that is not of the type is an error that names the row. */
#ifndef INTERFLOW_FLOWS_CONDITION_H
#define INTERFLOW_FLOWS_CONDITION_H

#include "flows/template.h"

#define CONDITION_ROWS_MAX   50 /* of one group */
#define CONDITION_DEPTH_MAX  3
#define CONDITION_VALUES_MAX 100 /* of oneOf, containsAny, … */

struct condition; /* immutable, in the arena that it was parsed into */

/* What stands on the right of an operator, in JSON. */
enum condition_right {
    RIGHT_NONE,
    RIGHT_VALUE,    /* a template, number or boolean of the row's type */
    RIGHT_RANGE,    /* [from, to], both included */
    RIGHT_VALUES,   /* a list of templates; or one, parted by commas or lines */
    RIGHT_PERIOD,   /* {"n": 3 or a template, "unit": "minutes|hours|days|weeks|months"} */
    RIGHT_WEEKDAYS, /* [1…7], 1 is Monday; "mon"…"sun" are let through */
    RIGHT_PATTERN,  /* a regular expression, as it stands */
};

struct condition_operator {
    const char *type; /* text number date list bool */
    const char *name;
    enum condition_right right;
};
extern const struct condition_operator condition_operators[]; /* ends with type NULL */
/* "none" "value" "range" "values" "period" "weekdays" "pattern". */
const char *condition_right_name(enum condition_right r);

/* False: *ret_error with row and, inside an expression or template, `at`. Constant rights are
 * checked here (number, date, pattern). A json null is the condition without rows. */
bool condition_parse(struct arena *a, const json_t *j, struct condition **ret_condition,
                     struct flow_error *ret_error);

/* What a row was evaluated to, for the trace. */
struct condition_seen {
    const char *row;  /* "rows[0]" */
    const char *left; /* as text, cut to 200 bytes */
    const char *op;
    const char *right; /* as text, cut; "" when there is none */
    bool yes;
};
#define CONDITION_SEEN_MAX 20
struct condition_trace {
    struct condition_seen rows[CONDITION_SEEN_MAX]; /* in the order of evaluation */
    size_t count;
};

/* Rows are evaluated in order, until the result is known. trace may be NULL. */
bool condition_eval(const struct condition *c, const struct flow_env *env, struct arena *a,
                    bool *ret_yes, struct condition_trace *trace, struct flow_error *ret_error);
void condition_each_path(const struct condition *c, expr_path_fn *fn, void *arg);

#endif
