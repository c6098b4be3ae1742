/* Arguments as addresses and simple forms write them: a=1&b=x%20y (application/x-www-form-
 * urlencoded). */
#ifndef INTERFLOW_CORE_QUERY_H
#define INTERFLOW_CORE_QUERY_H

#include <jansson.h>

#include "base/err.h"

/* Into args, an object: texts; a name that repeats has a list, empty values are absent. ERR_INVALID:
 * not percent-encoded UTF-8, or a NUL; ERR_TOO_LARGE: more than max arguments. */
MUST_USE enum err query_parse(const char *text, size_t len, int max, json_t *args);

#endif
