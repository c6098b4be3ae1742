/* Paths into values and JSON: customer.fields.cpf, items[0].name, items[-1], a["x y"], items[*].id.
 * Used by expressions, by the mapping of HTTP answers and by webhook triggers. */
#ifndef INTERFLOW_FLOWS_PATH_H
#define INTERFLOW_FLOWS_PATH_H

#include "flows/error.h"
#include "flows/value.h"

#define PATH_STEPS_MAX 32
#define PATH_TEXT_MAX  1024 /* bytes */

struct path_step {
    const char *name; /* a member; NULL: an item */
    size_t name_len;
    int64_t index; /* of an item, negative from the end */
    bool every;    /* [*]: what follows is taken of every item, the result is a list */
};

struct path {
    const char *text; /* as written, spaces gone */
    size_t count;
    const struct path_step *steps;
};

/* The whole of text as a path. A leading "$" or "$." is let through; "" and "$" name the whole
 * value. False: *ret_error says why and where. */
bool path_parse(struct arena *a, const char *text, struct path *ret_path,
                struct flow_error *ret_error);
/* The value there, sharing what `from` points to; empty when there is none. A list made by [*] lies
 * in a. ERR_NO_MEMORY. */
MUST_USE enum err path_get(struct arena *a, const struct path *p, const struct value *from,
                           struct value *ret_value);
/* The same in JSON, borrowed from `from`. NULL: none, or the path has a [*]. */
json_t *path_json(const struct path *p, json_t *from);

#endif
