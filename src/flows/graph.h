/* A flow's graph: from the JSON of the editor to structs that a run follows. Pure.
 *
 * Two looks at it: graph_parse refuses what is not the shape at all (also for drafts), check.h says
 * what hinders publishing. A struct flow never changes once made and may be used by many runs; it
 * belongs to its arena. Ports are resolved: a port knows the node that it leads to. */
#ifndef INTERFLOW_FLOWS_GRAPH_H
#define INTERFLOW_FLOWS_GRAPH_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/uuid.h"

struct flow_node;

enum flow_kind { FLOW_GENERAL, FLOW_CLOSING, FLOW_STAGE, FLOW_TRANSFER, FLOW_KIND_COUNT };
#define FLOW_KIND_BIT(k) (1u << (k))
#define FLOW_ALL_KINDS   ((1u << FLOW_KIND_COUNT) - 1)
#define FLOW_TALKS       FLOW_KIND_BIT(FLOW_GENERAL) /* the other kinds are silent and never wait */
/* "general" "closing" "stage" "transfer". */
extern const char *const flow_kind_names[FLOW_KIND_COUNT];
/* False: no such kind. */
bool flow_kind_parse(const char *name, enum flow_kind *ret);

#define NODE_ID_MAX 40 /* bytes; also of edges, options and variables */

struct port {
    const char *id;
    int target; /* index of a node; -1: leads nowhere */
};

/* One node of a graph. */
struct node {
    int index;
    const char *id; /* [A-Za-z0-9_-]{1,NODE_ID_MAX} */
    const struct flow_node *type;
    const char *name;         /* "" unless the person gave it one */
    const json_t *data;       /* an object: the fields of its type */
    const struct port *ports; /* every port that the type and its options give, in order */
    int port_count;
};

struct flow_variable {
    const char *name;
    const char *type;        /* text number bool date list json */
    const json_t *otherwise; /* NULL: none */
};

struct flow {
    struct uuid id, version; /* nil: a draft */
    const char *name;
    enum flow_kind kind;
    struct node *nodes;
    int node_count;
    int start; /* index of the one start node */
    const struct flow_variable *variables;
    int variable_count;
    int debounce_ms;
    const char *language; /* "" : the customer's, else the organization's */
};

/* --- problems -------------------------------------------------------------------------- */

enum severity { PROBLEM_ERROR, PROBLEM_WARNING };

/* Something that a person should put right. Texts belong to the arena. Words in three languages are
 * the interface's, by code; message is the English fallback. */
struct problem {
    enum severity severity;
    const char *node_id; /* NULL: the flow */
    const char *field;   /* of the node's data, "options[2].title"; in shapes the whole path,
                            "nodes[3].id"; NULL */
    const char *port;    /* NULL */
    const char *code;    /* UPPER_SNAKE */
    const char *message;
    json_t *data; /* numbers and names for the words ({"max": 3, "channel": "whatsapp"}); NULL */
};
#define PROBLEMS_MAX 300
struct problems {
    struct arena *arena;
    struct problem *items;
    int count, errors;
    bool more;            /* there were more than PROBLEMS_MAX */
    struct problem spare; /* where those go for which there is no memory */
};
/* A new one at the end; never NULL (beyond the maximum the last one is written over). */
struct problem *problem_add(struct problems *p, enum severity severity, const char *code);
/* [{severity, nodeId, field, port, code, message, data}], new. */
json_t *problems_json(const struct problems *p);

/* --- parsing --------------------------------------------------------------------------- */

/* The shape: format, sizes, ids, exactly one start, known types, edges between nodes that exist.
 * Found faults are errors in *p. ERR_INVALID when there is one. */
MUST_USE enum err graph_shape(const json_t *graph, struct problems *p);

/* A graph whose shape is right to a flow; everything is copied or referenced into a, graph stays
 * referenced until a is freed. ERR_INVALID (p as graph_shape), ERR_NO_MEMORY. Edges from ports that
 * the node does not have (its option is gone) lead nowhere and are forgotten. */
MUST_USE enum err graph_parse(struct arena *a, json_t *graph, struct problems *p,
                              struct flow **ret_flow);

/* Is it a name that a variable can have? */
bool flow_name_valid(const char *name);

/* NULL: no such node. */
const struct node *flow_node_by_id(const struct flow *f, const char *id);
/* Where a port leads; -1: nowhere, or there is no such port. */
int node_target(const struct node *n, const char *port);
bool node_has_port(const struct node *n, const char *port);

/* --- a node's data ---------------------------------------------------------------------- */

const char *node_text(const struct node *n, const char *field); /* "" when absent */
int64_t node_int(const struct node *n, const char *field, int64_t otherwise);
bool node_bool(const struct node *n, const char *field, bool otherwise);
const json_t *node_json(const struct node *n, const char *field); /* NULL when absent or null */
struct uuid node_uuid(const struct node *n, const char *field);   /* nil when absent */
/* The variable's row; NULL. */
const struct flow_variable *flow_variable(const struct flow *f, const char *name);

#endif
