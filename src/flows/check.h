/* What hinders publishing a flow, or is odd about it: the checks of the fields' rows, ports that
 * lead nowhere, nodes that nothing reaches, circles without a wait, things that do not exist, limits
 * of the channels that can start it. Pure: what exists comes as sets. */
#ifndef INTERFLOW_FLOWS_CHECK_H
#define INTERFLOW_FLOWS_CHECK_H

#include "channels/channel.h"
#include "flows/node.h"
#include "flows/zone.h"

/* What is there: sets are objects whose keys are ids (fields: slugs; values are names or {}); NULL:
 * not looked at. channels: {id: kind}. flows: {id: kind}, live ones. templates: {"name/language"}.
 * fields: {slug: kind}. */
struct check_world {
    const json_t *channels, *teams, *users, *tags, *stages, *closure_types, *flows, *fields, *files,
        *templates;
};

struct check {
    const struct flow *flow;
    const json_t *graph;
    const struct check_world *world;
    struct problems *problems;
    /* The kinds of channel that can start the flow (by its triggers; by hand and by call: all that
     * are connected). */
    const struct channel_kind *channels[16];
    int channel_count;
    json_t *names;            /* of variables that nodes set: {name: true} */
    struct flow_zones *zones; /* to look names up */
};

/* All problems of a graph whose shape is right. ERR_NO_MEMORY. */
MUST_USE enum err flow_check(struct arena *a, json_t *graph, enum flow_kind kind,
                             const struct check_world *world, struct problems *ret_problems);

/* A text that a node sends against the channels that can start the flow: as far as it is known
 * before it is filled in. */
void check_text_length(struct check *k, const struct node *n, const char *field, const char *text);
/* Options against them: how many buttons or rows, how long their titles; what does not fit becomes
 * numbered lines, of which this warns. style as choices_send's. */
void check_options(struct check *k, const struct node *n, const char *field, const json_t *options,
                   const char *text, const char *style);

/* For the rows' own checks. field may be NULL. data is stolen. */
void check_error(struct check *k, const struct node *n, const char *field, const char *code,
                 json_t *data, const char *fmt, ...) PRINTF_LIKE(6, 7);
void check_warning(struct check *k, const struct node *n, const char *field, const char *code,
                   json_t *data, const char *fmt, ...) PRINTF_LIKE(6, 7);

#endif
