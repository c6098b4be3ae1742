/* Between the parts of the router only: router.c (the pipeline), router_guard.c (who may),
 * router_input.c (what was sent), fields.c (what the rows say of it), openapi*.c (the document),
 * idempotency.c. */
#ifndef INTERFLOW_CORE_ROUTER_IMPL_H
#define INTERFLOW_CORE_ROUTER_IMPL_H

#include "base/crypto.h"
#include "core/rate_limit.h"
#include "core/route_tree.h"

struct router {
    struct route_tree *tree;
    const struct route **rows; /* NULL at the end */
    size_t count;
    char *document; /* OpenAPI, once made */
    char document_etag[SHA256_HEX_SIZE + 2];
};

/* --- fields.c -------------------------------------------------------------------------- */
/* The row of one item of a list. f: of type F_ARRAY; what it points to is f's. */
struct field field_item(const struct field *f);

/* One request on its way through the router. */
struct visit {
    struct ctx *c;
    struct request *r;
    struct reply *p;
    const struct route *route;
    struct route_match match;
};

/* --- router_guard.c -------------------------------------------------------------------- */
/* Organization, login or key, CSRF, permission, rate: in this order. 0 or the error to answer. */
MUST_USE enum err guard_admit(struct visit *v);
/* The answer to a path without row: 404, or 403 API_KEY_ROUTE_DENIED for the holder of a key. */
MUST_USE enum err guard_unknown(struct visit *v);
/* Cross-origin headers for the web chat's routes; harmless on others. */
void guard_cors(struct visit *v, bool preflight);

/* --- router_input.c -------------------------------------------------------------------- */
/* Path, query, headers and body into c->in by the row's fields. ERR_INVALID names all that is
 * wrong, ERR_MEDIA_TYPE. */
MUST_USE enum err input_bind(struct visit *v);
/* The text of path parameter `name` (inside the request's path, not terminated), empty when
 * there is none. */
struct bytes input_path(const struct visit *v, const char *name);

/* --- idempotency.c --------------------------------------------------------------------- */
/* Run the row's work once per key (see there). Replies or returns the error. */
MUST_USE enum err idempotent_run(struct visit *v, const char *key,
                                 enum err (*work)(struct visit *v));

#endif
