/* Templates: text with {{ expression | formatter:argument | … }}. An expression's value is put in
 * as text; formatters change it on the way. A text without {{ is itself. To write two braces:
 * {{ "{{" }}. (core/template.h is the simpler one of shortcuts and greetings.) */
#ifndef INTERFLOW_FLOWS_TEMPLATE_H
#define INTERFLOW_FLOWS_TEMPLATE_H

#include "flows/expr.h"

#define TEMPLATE_TEXT_MAX (64 * KIB) /* bytes of a template */

struct flow_template; /* immutable, in the arena that it was parsed into */

/* What the text is for: how values are put in. */
enum template_use {
    TEMPLATE_PLAIN,
    TEMPLATE_URL, /* percent-encoded (not again after | urlEncode) */
    TEMPLATE_JSON, /* escaped as inside of a JSON string; after | json as it is: {"a": {{x | json}}} */
};

/* False: *ret_error; `at` counts from the beginning of text. */
bool flow_template_parse(struct arena *a, const char *text, struct flow_template **ret_template,
                         struct flow_error *ret_error);
/* The text, in a, of at most max_bytes (FLOW_TOO_LARGE). */
bool flow_template_render(const struct flow_template *t, const struct flow_env *env,
                          enum template_use use, size_t max_bytes, struct arena *a,
                          const char **ret_text, struct flow_error *ret_error);
/* As render, but a template that is one {{ … }} and nothing else gives its value with its type:
 * for setting variables and comparing. */
bool flow_template_value(const struct flow_template *t, const struct flow_env *env, struct arena *a,
                         struct value *ret_value, struct flow_error *ret_error);
/* True: there is nothing to evaluate; *ret_text (may be NULL) is the text. */
bool flow_template_constant(const struct flow_template *t, const char **ret_text);
void flow_template_each_path(const struct flow_template *t, expr_path_fn *fn, void *arg);

/* parse + render: for texts that are used once. */
bool flow_template_run(const char *text, const struct flow_env *env, enum template_use use,
                       size_t max_bytes, struct arena *a, const char **ret_text,
                       struct flow_error *ret_error);

#endif
