/* Paths into JSON: both walks find the same, and what is refused is refused at a place in the text. */
#include "flow_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    struct flow_world world = {0};
    struct flow_env env = world_open(a, &world, 0);
    const char *text = arena_strndup(a, (const char *)data, size);
    if (!text) return 0;
    struct flow_error error;
    struct path p;
    struct value all, v, expected = value_empty();
    bool every = false;
    if (!path_parse(a, text, &p, &error)) {
        must_be_error(&error, strlen(text));
        return 0;
    }
    must(value_from_json(a, world.variables, &all) == ERR_OK);
    if (path_get(a, &p, &all, &v) != ERR_OK) return 0;
    must_be_value(a, &env, &v);
    for (size_t i = 0; i < p.count; i++)
        every |= p.steps[i].every;
    json_t *j = path_json(&p, (json_t *)(uintptr_t)world.variables);
    if (j) must(value_from_json(a, j, &expected) == ERR_OK);
    /* What stands for a date in JSON is an object there, and a date in a value. */
    if (!every && !strchr(text, '$') && !strstr(text, "zone")) must(value_same(&v, &expected));
    return 0;
}
