/* Calls of webhook triggers: whatever the body, who has no secret is refused, and what is read from a body are texts and values within
 * their limits. First line: the trigger as JSON; the rest: the body. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "flows/flows.h"
#include "flows/hook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) abort();                                                                         \
    } while (0)

static void read_body(struct arena *a, json_t *trigger, const struct hook_call *call)
{
    CLEANUP(json_decrefp) json_t *body = hook_body(a, call);
    if (!body) return;
    (void)hook_wants(a, trigger, body);
    const char *contact = hook_text(a, trigger, "contactPath", body);
    must(!contact || (contact[0] && strlen(contact) <= 320));
    CLEANUP(json_decrefp) json_t *vars = hook_variables(a, trigger, body);
    const char *name;
    json_t *v;
    json_object_foreach(vars, name, v)
        must(json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) <= FLOW_VALUE_MAX_BYTES);
    CLEANUP(json_decrefp) json_t *shown = hook_shown(trigger, call, body);
    must(json_is_object(shown));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    json_t *trigger = NULL;
    if (!end || json_parse(a, (const char *)data, (size_t)(end - data), &trigger, NULL)) return 0;
    if (!json_is_object(trigger)) return 0;
    CLEANUP(json_decrefp) json_t *headers = json_object();
    CLEANUP(json_decrefp) json_t *query = json_object();
    struct hook_call call = {.address = "192.0.2.7",
                             .headers = headers,
                             .query = query,
                             .body = {end + 1, size - (size_t)(end + 1 - data)}};
    const char *check = json_get_text(trigger, "check");
    const char *why = hook_refuses(a, trigger, "a secret of some length", &call);
    must(why || (check && strcmp(check, "none") == 0));
    read_body(a, trigger, &call);
    json_object_set_new(headers, "content-type", json_string("application/x-www-form-urlencoded"));
    read_body(a, trigger, &call);
    return 0;
}
