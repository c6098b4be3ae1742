/* JSON in: whatever is accepted holds to the limits, can be written out and read again, and means
 * the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) abort();
}

static size_t depth_of(const json_t *j)
{
    size_t deepest = 0;
    if (json_is_array(j)) {
        for (size_t i = 0; i < json_array_size(j); i++) {
            size_t d = depth_of(json_array_get(j, i));
            if (d > deepest) deepest = d;
        }
        return deepest + 1;
    }
    if (!json_is_object(j)) return 0;
    void *object;
    memcpy(&object, &j, sizeof(object)); /* jansson's iterator wants it without const */
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        size_t d = depth_of(json_object_iter_value(it));
        if (d > deepest) deepest = d;
    }
    return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    const char *text = (const char *)data;
    json_t *j = NULL;
    const char *why = NULL;
    if (json_parse(a, text, size, &j, &why) == ERR_OK) {
        must(!why && depth_of(j) <= JSON_MAX_DEPTH);
        const char *out = json_text(a, j);
        json_t *again = NULL;
        must(out != NULL);
        must(json_parse(a, out, strlen(out), &again, NULL) == ERR_OK);
        must(json_equal(j, again));
    } else {
        must(!j && why && strncmp(why, "line ", 5) == 0);
    }

    char *clean = text_clean(a, text, size);
    must(clean && text_valid(clean, strlen(clean)));
    must(!text_valid(text, size) || (strlen(clean) == size && memcmp(clean, text, size) == 0));
    CLEANUP(buf_free) struct buf b = BUF_INIT(32 * MIB);
    buf_add_json(&b, arena_strndup(a, text, size)); /* up to the first NUL, valid or not */
    must(json_parse(a, buf_str(&b), b.len, &j, NULL) == ERR_OK && json_is_string(j));
    return 0;
}
