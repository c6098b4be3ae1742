/* Finding the row of a request: a tree of path segments (see route_tree.c). Immutable once made. */
#ifndef INTERFLOW_CORE_ROUTE_TREE_H
#define INTERFLOW_CORE_ROUTE_TREE_H

#include "core/router.h"

#define ROUTE_PARAMS_MAX 8

struct route_match {
    const struct route *route; /* NULL: no row for this path and method */
    uint32_t allowed; /* bits (1 << method) of the rows whose path matches; 0: unknown path */
    int param_count;
    struct bytes params[ROUTE_PARAMS_MAX]; /* texts inside the request's path, in the order of the
                                              row's {names} */
};

struct route_tree;
struct route_tree *route_tree_new(void);
void route_tree_free(struct route_tree *t);
/* False when another row has the same method and path shape, or the path has too many
 * parameters. */
MUST_USE bool route_tree_add(struct route_tree *t, const struct route *r);
/* Allocates nothing, does not wait. path begins with "/" and must outlive *ret_match. */
void route_tree_match(const struct route_tree *t, enum http_method method, const char *path,
                      struct route_match *ret_match);

/* Walks the {names} of a row's path: the next one after *pos (start with route->path), false at
 * the end. */
bool route_param_next(const char **pos, const char **ret_name, size_t *ret_len);

#endif
