/* Templates of flows: never longer than the limit, valid UTF-8, the same without braces; what is put
 * into an address or a JSON text cannot break out of it. */
#include "flow_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {10, 20000};
    if (size < 1) return 0;
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    struct flow_world world = {0};
    struct flow_env env = world_open(a, &world, data[0]);
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    if (!text) return 0;
    size_t len = strlen(text);
    struct flow_template *t = NULL;
    struct flow_error error;
    struct value v;
    const char *out = NULL;
    if (!flow_template_parse(a, text, &t, &error)) {
        must_be_error(&error, len);
        return 0;
    }
    must(flow_template_constant(t, NULL) == !strstr(text, "{{"));
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        for (int use = TEMPLATE_PLAIN; use <= TEMPLATE_JSON; use++) {
            if (!flow_template_render(t, &env, (enum template_use)use, limits[i], a, &out,
                                      &error)) {
                must_be_error(&error, len);
                continue;
            }
            must(strlen(out) <= limits[i] && text_valid(out, strlen(out)));
            if (flow_template_constant(t, NULL)) must(strcmp(out, text) == 0);
        }
    }
    if (flow_template_value(t, &env, a, &v, &error))
        must_be_value(a, &env, &v);
    else
        must_be_error(&error, len);
    return 0;
}
