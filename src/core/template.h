/* Texts with variables: "Oi {{customer.firstName|default:amigo}}". One pass, no nesting, no code.
 * Used by shortcuts, greetings and everything else that is written once and sent often. */
#ifndef INTERFLOW_CORE_TEMPLATE_H
#define INTERFLOW_CORE_TEMPLATE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"

/* Replace every {{path|formatter:argument}} by the value at that path of vars (an object; dots go
 * down; numbers and booleans are printed, null, absent and objects give ""). Formatters: default:X
 * upper lower first (first word) trim. An unknown formatter or an unclosed {{ is left as written.
 * Known old aliases (customer_name, …) are looked up too. The result is at most limit_bytes long
 * (ERR_TOO_LARGE). Never fails otherwise. */
MUST_USE enum err template_render(struct arena *a, const char *text, const json_t *vars,
                                  size_t limit_bytes, const char **ret_text);

#endif
