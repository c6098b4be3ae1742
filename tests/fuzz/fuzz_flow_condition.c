/* Conditions in JSON, as a form or an import sends them: refused with the row, or decided. */
#include "flow_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    struct flow_world world = {0};
    struct flow_env env = world_open(a, &world, data[0]);
    json_t *j = NULL;
    struct condition *c = NULL;
    struct flow_error error;
    struct condition_trace trace;
    bool yes = false;
    if (json_parse(a, (const char *)data + 1, size - 1, &j, NULL)) return 0;
    if (!condition_parse(a, j, &c, &error)) {
        must_be_error(&error, size);
        must(error.row != NULL);
        return 0;
    }
    if (condition_eval(c, &env, a, &yes, &trace, &error)) {
        for (size_t i = 0; i < trace.count; i++)
            must(text_valid(trace.rows[i].left, strlen(trace.rows[i].left)) &&
                 text_valid(trace.rows[i].right, strlen(trace.rows[i].right)));
    } else {
        must_be_error(&error, size);
        must(error.row != NULL);
    }
    return 0;
}
