/* What the tests of flows share: graphs in JSON with single quotes, parsed or refused. */
#ifndef INTERFLOW_TESTS_FLOW_CHECK_H
#define INTERFLOW_TESTS_FLOW_CHECK_H

#include "check.h"

#include "base/json.h"
#include "flows/check.h"

static inline json_t *quoted(const char *text)
{
    char *copy = strdup(text);
    json_error_t why;
    for (char *p = copy; *p; p++)
        if (*p == '\'') *p = '"';
    json_t *j = json_loads(copy, JSON_DECODE_ANY, &why);
    if (!j) fail_msg("%s at %d of %s", why.text, why.position, copy);
    free(copy);
    return j;
}

/* {'format':1,'nodes':[…],'edges':[…]} around the two lists. */
static inline json_t *graph_of(const char *nodes, const char *edges)
{
    return json_pack("{s:i, s:o, s:o}", "format", 1, "nodes", quoted(nodes), "edges",
                     quoted(edges));
}

static inline bool has_code(const struct problems *p, const char *code, const char *node)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->items[i].code, code) == 0 &&
            (!node || (p->items[i].node_id && strcmp(p->items[i].node_id, node) == 0)))
            return true;
    return false;
}

#endif
