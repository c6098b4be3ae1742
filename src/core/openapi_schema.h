/* Field rows as JSON Schema (2020-12, as OpenAPI 3.1 takes it) and as examples; between
 * openapi.c and openapi_schema.c. All functions give new references. */
#ifndef INTERFLOW_CORE_OPENAPI_SCHEMA_H
#define INTERFLOW_CORE_OPENAPI_SCHEMA_H

#include "core/router.h"

/* The schemas that have a name in the document. */
struct schema_set {
    const struct schema **schemas;
    size_t count;
};

/* input: what a client sends (limits, defaults, nothing unknown); otherwise what it gets. */
json_t *openapi_field(const struct schema_set *set, const struct field *f, bool input);
/* The object that these fields make. Input takes the fields of a body only. */
json_t *openapi_object(const struct schema_set *set, const struct field *fields, bool input);
/* {"$ref": "#/components/schemas/Name"} */
json_t *openapi_ref(const char *kind, const char *name);
/* An example value. Input: required fields and those with an example of their own. */
json_t *openapi_example(const struct field *f, bool input, int depth);
json_t *openapi_example_object(const struct field *fields, bool input, int depth);

#endif
