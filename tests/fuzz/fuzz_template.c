/* Texts with variables: never longer than the limit, always ended, texts without braces unchanged.
 * The input is the template; the variables hold awkward values. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vars_text[] =
    "{\"customer\":{\"name\":\"Ana "
    "Lúcia\",\"firstName\":\"Ana\",\"age\":42,\"score\":1e300,\"vip\":true,"
    "\"none\":null,\"list\":[\"a\",{\"b\":\"c\"}],\"evil\":\"{{customer.name}}\",\"blank\":\" "
    "\\t\\n\"},"
    "\"a\":\"x\",\"ß\":\"Straße ÿ İı\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {0, 10, 100000};
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    json_t *vars = NULL;
    if (json_parse(a, vars_text, strlen(vars_text), &vars, NULL)) abort();
    const char *text = arena_strndup(a, (const char *)data, size);
    if (!text) return 0;
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        const char *out = NULL;
        enum err e = template_render(a, text, vars, limits[i], &out);
        if (e && (e != ERR_TOO_LARGE || out)) abort();
        if (e) continue;
        if (strlen(out) > limits[i]) abort();
        if (!strstr(text, "{{") && strcmp(out, text) != 0) abort();
    }
    return 0;
}
