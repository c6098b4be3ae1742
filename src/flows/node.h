/* The contract of a kind of node: one const struct per type, in nodes/<type>.c, listed in nodes.c
 * (docs/ADDING.md). From its row come the editor's palette and forms, the checks at publishing, the
 * documents, and what a run does there. Fields are checked by check.c from their rows before a
 * flow is published; `run` may rely on it, but not on anything that can go away afterwards (a team,
 * a tag): then it fails with words. */
#ifndef INTERFLOW_FLOWS_NODE_H
#define INTERFLOW_FLOWS_NODE_H

#include "flows/graph.h"

struct run;
struct woken;
struct check;

/* Kinds of fields. In the comment: the JSON that the graph holds. */
enum node_field_kind {
    NF_TEMPLATE,     /* string with {{…}} */
    NF_TEXT,         /* string as it is */
    NF_NUMBER,       /* number */
    NF_BOOL,         /* true, false */
    NF_ENUM,         /* string, one of .values */
    NF_DURATION,     /* milliseconds, an integer */
    NF_TIME,         /* "HH:MM" */
    NF_WEEKDAYS,     /* [1…7], 1 is Monday */
    NF_ZONE,         /* IANA name, "" the organization's */
    NF_OPTIONS,      /* [{id, title, description?}]: titles are templates */
    NF_WEIGHTS,      /* [{id, title, weight}] */
    NF_CASES,        /* [{id, title, when: conditions}] */
    NF_CONDITIONS,   /* {op: all|any, rows: […]} (condition.h) */
    NF_EXPRESSION,   /* string (expr.h); .of the type of its value */
    NF_VARIABLE,     /* name of a variable to set */
    NF_MAPPING,      /* [{path, variable}] */
    NF_PAIRS,        /* [{name, value}]: values are templates */
    NF_FILE,         /* {fileId, name, mimeType, size} or null; .of "image" … */
    NF_FILES,        /* […] of those */
    NF_CHANNEL,      /* id or null */
    NF_CHANNELS,     /* [ids] */
    NF_TEAM,         /* id or null */
    NF_USER,         /* id or null */
    NF_TAG,          /* id or null */
    NF_TAGS,         /* [ids] */
    NF_STAGE,        /* id or null */
    NF_CLOSURE_TYPE, /* id or null */
    NF_FLOW,         /* id or null; .of a kind of flow */
    NF_NODE,         /* id of a node of this graph */
    NF_FIELDS,       /* {slug: template} */
    NF_ASSIGNMENTS,  /* [{name, kind: value|expression, value}] */
    NF_WA_TEMPLATE,  /* {channelId, name, language, parameters: {"body.1": template}} */
    NF_URL,          /* string, a template */
    NF_JSON,         /* string, a template that gives JSON */
    NF_WORDS,        /* [strings] */
    NF_TRIGGERS,     /* the start node's */
    NF_KIND_COUNT
};
/* The names in GET O/flow-nodes: "template", "text", …; "waTemplate". */
extern const char *const node_field_kind_names[NF_KIND_COUNT];

/* Says that a field or port is there only when another field has one of the values ("a|b"; "" when
 * it has any; numbers and booleans as their JSON text). */
struct node_when {
    const char *field; /* NULL: always */
    const char *in;
};

struct node_field {
    const char *name; /* NULL ends a list */
    enum node_field_kind kind;
    bool required;
    int64_t min, max;      /* characters, items, milliseconds or the number itself; max 0: the
                              kind's own */
    const char *values;    /* NF_ENUM: "a|b|c" */
    const char *otherwise; /* what a new node begins with, as JSON text; NULL: nothing */
    const char *of;        /* restricts: see the kinds; NULL */
    struct node_when when;
    bool advanced; /* the form folds it away */
};

enum port_role { PORT_NEXT, PORT_YES, PORT_NO, PORT_ELSE, PORT_NOMATCH, PORT_TIMEOUT, PORT_ERROR };
/* What it means that a port leads nowhere: the flow ends there; that is fine, odd, or wrong. */
enum port_open { OPEN_FINE, OPEN_WARNING, OPEN_ERROR };

struct node_port {
    const char *id; /* NULL ends a list */
    enum port_role role;
    enum port_open open;
    struct node_when when;
};

enum node_category { NODE_SEND, NODE_ASK, NODE_DECIDE, NODE_DO, NODE_OTHER };
extern const char *const node_category_names[]; /* "send" "ask" "decide" "do" "other" */

/* What a node answers the loop. Made by the functions of run.h, which leave the details in the
 * run. */
enum step {
    STEP_PORT, /* on, over run->out.port */
    STEP_WAIT, /* here, until run->wait */
    STEP_END,  /* the flow is over (a called one goes back to its caller) */
    STEP_FAIL, /* run->fault: over port "error" where it leads somewhere, else to a person */
    STEP_JUMP, /* to run->out.target of the same flow */
    STEP_CALL, /* into run->out.flow; its end wakes this node with WOKE_RETURN */
    STEP_OVER, /* the session is done at once, whatever called: handed over, closed */
};

struct flow_node {
    const char *type;
    enum node_category category;
    const char *icon; /* lucide's name */
    uint32_t kinds;   /* FLOW_KIND_BITs where it may stand */
    int max;          /* how many in one flow; 0: any number */
    const struct node_field *fields;
    const struct node_port *ports; /* fixed ones */
    const char *ports_field;       /* an array field whose items' ids are ports, too, before the
                                       fixed ones; NULL */
    enum port_open option_open;    /* of those ports */
    bool waits;                    /* may answer STEP_WAIT: a cycle through it is no runaway. When
                                       it does so only in some cases: waits_here */
    bool (*waits_here)(const struct node *n);              /* MAY */
    const char *summary;                                   /* the field that the card shows; NULL */
    enum step (*run)(struct run *r, const struct node *n); /* MUST */
    /* MUST when it can wait: what it waited for is here. */
    enum step (*resume)(struct run *r, const struct node *n, const struct woken *w);
    /* MAY: what its fields' rows cannot say: limits of channels, what belongs together. */
    void (*check)(struct check *k, const struct node *n);
};

/* Every row, NULL at the end, in the palette's order (nodes.c). */
extern const struct flow_node *const flow_nodes[];
/* NULL: no such type. */
const struct flow_node *flow_node_find(const char *type);
/* {items: […]} for GET O/flow-nodes; new. */
json_t *flow_nodes_json(void);
/* One list of fields as in there, also for triggers; new. */
json_t *node_fields_json(const struct node_field *fields);
/* Does the condition hold for this data? */
bool node_when_holds(const struct node_when *w, const json_t *data);

#endif
