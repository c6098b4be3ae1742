/* The kinds of nodes, one file each (nodes.c lists them), and what several of them share. */
#ifndef INTERFLOW_FLOWS_NODES_NODES_H
#define INTERFLOW_FLOWS_NODES_NODES_H

#include "flows/check.h"
#include "flows/run.h"

extern const struct flow_node node_start, node_message, node_media, node_template, node_email,
    node_menu, node_question, node_condition, node_hours, node_split, node_delay, node_jump,
    node_call, node_set, node_http, node_customer, node_transfer, node_note, node_close, node_end;

#define ASK_TEXT_MAX    1024
#define ASK_RETRIES_MAX 5

/* Of nodes that ask: the time-out's and the repetition's fields, and their ports. */
#define ASK_FIELDS                                                                                 \
    {.name = "timeoutMs", .kind = NF_DURATION, .max = FLOW_WAIT_MAX_MS},                           \
        {.name = "retries",                                                                        \
         .kind = NF_NUMBER,                                                                        \
         .max = ASK_RETRIES_MAX,                                                                   \
         .otherwise = "1",                                                                         \
         .advanced = true},                                                                        \
    {                                                                                              \
        .name = "retryText", .kind = NF_TEMPLATE, .max = ASK_TEXT_MAX, .advanced = true            \
    }
#define ASK_PORTS                                                                                  \
    {"nomatch", PORT_NOMATCH, OPEN_WARNING, {0}},                                                  \
        {"timeout", PORT_TIMEOUT, OPEN_WARNING, {"timeoutMs", ""}},                                \
    {                                                                                              \
        "error", PORT_ERROR, OPEN_FINE,                                                            \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* What an answer to an http node would put into variables, one after the other, whatever becomes of
 * the ones before: [{variable, path|null, found, value, error: {code, message}|null}]; new. */
json_t *http_sets(struct run *r, const struct node *n, const struct flow_reply *a);

/* The files of an NF_FILES or NF_FILE field into a message. */
void node_files(const struct node *n, const char *field, struct flow_message *m);
/* Wait for an answer as the node says, for the tries'th time. */
enum step ask_wait(struct run *r, const struct node *n, int64_t tries);
/* What was said does not fit: asked again by `ask` (field: what is said), or port nomatch. */
enum step ask_again(struct run *r, const struct node *n,
                    enum step (*ask)(struct run *r, const struct node *n, const char *field,
                                     int64_t tries));

#endif
