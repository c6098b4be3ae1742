/* Expressions: whatever the text, it gives a value that can be kept or an error with a place in the
 * text, twice the same, within its limits. */
#include "flow_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_path(void *arg, const struct path *path, size_t at)
{
    must(path->count > 0 && path->steps[0].name != NULL && path->text != NULL);
    *(size_t *)arg += at + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    struct flow_world world = {0};
    struct flow_env env = world_open(a, &world, data[0]);
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    if (!text) return 0;
    size_t len = strlen(text), paths = 0;
    struct expr *e = NULL;
    struct flow_error error, other;
    struct value v, again;
    if (!expr_parse(a, text, &e, &error)) {
        must_be_error(&error, len);
        return 0;
    }
    expr_each_path(e, count_path, &paths);
    uint64_t chance = world.random;
    bool ok = expr_eval(e, &env, a, &v, &error);
    world.random = chance;
    must(ok == expr_eval(e, &env, a, &again, &other));
    if (ok) {
        must_be_value(a, &env, &v);
        must(value_same(&v, &again));
    } else {
        must_be_error(&error, len);
        must(error.code == other.code && error.at == other.at);
    }
    return 0;
}
