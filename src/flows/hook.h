/* Webhook triggers, the pure part: may this call start the flow, and what is in it? The rules are
 * the trigger's fields (trigger_rows.c); the secret comes from flow_hooks. */
#ifndef INTERFLOW_FLOWS_HOOK_H
#define INTERFLOW_FLOWS_HOOK_H

#include <jansson.h>

#include "base/arena.h"
#include "base/util.h"

#define HOOK_BODY_MAX (256 * KIB)

struct hook_call {
    const char *address;   /* of the caller, as text */
    const json_t *headers; /* {name: text}, names in lower case */
    const json_t *query;   /* {name: text or list} */
    struct bytes body;     /* raw */
};

/* Is it who it should be? NULL: yes; else the public code why not: HOOK_ADDRESS (403),
 * HOOK_SECRET_MISSING (nobody set one yet), HOOK_SIGNATURE (401). Secrets are compared in constant
 * time. secret may be NULL. */
const char *hook_refuses(struct arena *a, const json_t *trigger, const char *secret,
                         const struct hook_call *call);

/* The body as JSON, new: JSON, or a form (by Content-Type). NULL: neither. */
json_t *hook_body(struct arena *a, const struct hook_call *call);
/* Does the trigger want this event? True also when it does not look at events. */
bool hook_wants(struct arena *a, const json_t *trigger, json_t *body);
/* The text at the path that the trigger's field holds, trimmed; numbers as text. NULL: no path, or
 * nothing there. */
const char *hook_text(struct arena *a, const json_t *trigger, const char *field, json_t *body);
/* {variable: value} by the trigger's mapping; values larger than a variable may be are left out.
 * New. */
json_t *hook_variables(struct arena *a, const json_t *trigger, json_t *body);
/* {method, query, headers, body} for people who listen: without what proves who calls. New. */
json_t *hook_shown(const json_t *trigger, const struct hook_call *call, json_t *body);

#endif
