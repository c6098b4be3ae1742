/* Reading what Meta sends (meta_json.h). Platforms cut texts by UTF-16 units, so that half a
 * surrogate pair arrives as an escape; jansson refuses the whole body for it, and one broken name
 * would park the messages of others. Such a body is mended in a copy and read again. */
#include "channels/meta/meta_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define REPLACEMENT "\\ufffd"

/* Four hex digits at s as a number, -1 when they are not. */
static int hex4(const char *s, const char *end)
{
    int n = 0;
    if (end - s < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) return -1;
        n = n * 16 + d;
    }
    return n;
}

/* Escapes of single surrogates and of NUL become U+FFFD, in place: all are six bytes. */
static void mend_escapes(char *text, size_t len)
{
    char *end = text + len;
    for (char *p = text; p < end; p++) {
        if (*p != '\\') continue;
        if (p + 1 < end && p[1] != 'u') {
            p++;
            continue;
        }
        int unit = hex4(p + 2 <= end ? p + 2 : end, end);
        if (unit < 0) continue;
        bool high = unit >= 0xd800 && unit < 0xdc00, low = unit >= 0xdc00 && unit < 0xe000;
        if (high && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
            int next = hex4(p + 8, end);
            if (next >= 0xdc00 && next < 0xe000) {
                p += 11;
                continue;
            }
        }
        if (high || low || unit == 0) memcpy(p, REPLACEMENT, sizeof REPLACEMENT - 1);
        p += 5;
    }
}

enum err meta_json_parse(struct arena *a, struct bytes body, json_t **ret_json,
                         const char **ret_why)
{
    enum err e = json_parse(a, (const char *)body.data, body.len, ret_json, ret_why);
    if (e != ERR_INVALID || body.len == 0) return e;
    char *copy = text_clean(a, (const char *)body.data, body.len);
    if (!copy) return ERR_NO_MEMORY;
    size_t len = strlen(copy);
    mend_escapes(copy, len);
    const char *again = NULL; /* the first reason is the better one */
    return json_parse(a, copy, len, ret_json, &again);
}

const char *meta_text(const json_t *obj, const char *key)
{
    const char *text = json_get_text(obj, key);
    return text && *text ? text : NULL;
}

const char *meta_id(struct arena *a, const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);
    if (json_is_integer(v)) return arena_printf(a, "%lld", (long long)json_integer_value(v));
    const char *text = json_string_value(v);
    return text && *text ? text : NULL;
}

int64_t meta_time(const json_t *value)
{
    const int64_t first = INT64_C(1104537600), last = INT64_C(4102444800); /* 2005, 2100 */
    double n = 0;
    if (json_is_number(value)) {
        n = json_number_value(value);
    } else if (json_is_string(value)) {
        char *end = NULL;
        errno = 0;
        n = strtod(json_string_value(value), &end);
        if (errno || end == json_string_value(value)) return 0;
    }
    if (!(n >= (double)first) || n > (double)last * 1000) return 0;
    return n > (double)last ? (int64_t)n : (int64_t)(n * 1000);
}

void meta_set(json_t *obj, const char *key, json_t *value)
{
    if (!value || json_is_null(value) || !obj) {
        json_decref(value);
        return;
    }
    (void)json_object_set_new(obj, key, value);
}

void meta_set_text(json_t *obj, const char *key, const char *text)
{
    if (text && *text) meta_set(obj, key, json_string(text));
}

static void release(void *j)
{
    json_decref(j);
}

json_t *meta_object(struct arena *a)
{
    json_t *j = json_object();
    if (j) arena_on_free(a, release, j);
    return j;
}

json_t *meta_array(struct arena *a)
{
    json_t *j = json_array();
    if (j) arena_on_free(a, release, j);
    return j;
}
