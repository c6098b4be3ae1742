/* Arguments as addresses and simple forms write them (query.h). */
#include "core/query.h"

#include <string.h>

#include "base/buf.h"

static int hex_digit(char ch)
{
    if (ch >= '0' && ch <= '9') return ch - '0';
    if (ch >= 'a' && ch <= 'f') return ch - 'a' + 10;
    if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
    return -1;
}

/* Percent and "+" decoded. NULL: not decodable, a NUL, or not UTF-8. A new reference. */
static json_t *query_text(const char *s, size_t len)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(len + 1);
    for (size_t i = 0; i < len; i++) {
        char ch = s[i] == '+' ? ' ' : s[i];
        if (ch == '%') {
            if (len - i < 3) return NULL;
            int high = hex_digit(s[i + 1]);
            int low = hex_digit(s[i + 2]);
            if (high < 0 || low < 0) return NULL;
            ch = (char)(high * 16 + low);
            i += 2;
        }
        if (ch == '\0') return NULL;
        buf_addc(&b, ch);
    }
    return json_stringn(buf_str(&b), b.len);
}

/* One argument into the object; a name that repeats collects its values in a list. Empty values
 * count as absent. */
static bool query_add(json_t *args, const char *arg, size_t len)
{
    size_t name_len = 0;
    while (name_len < len && arg[name_len] != '=')
        name_len++;
    json_t *name = query_text(arg, name_len);
    json_t *value =
        name_len < len ? query_text(arg + name_len + 1, len - name_len - 1) : json_string("");
    bool ok = name && value;
    if (ok && json_string_length(value) > 0) {
        json_t *before = json_object_get(args, json_string_value(name));
        if (!before) {
            json_object_set(args, json_string_value(name), value);
        } else if (json_is_array(before)) {
            json_array_append(before, value);
        } else {
            json_t *list = json_array();
            json_array_append(list, before);
            json_array_append(list, value);
            json_object_set_new(args, json_string_value(name), list);
        }
    }
    json_decref(name);
    json_decref(value);
    return ok;
}

enum err query_parse(const char *text, size_t len, int max, json_t *args)
{
    for (int count = 0; len > 0; count++) {
        const char *and = memchr(text, '&', len);
        size_t one = and? (size_t)(and-text) : len;
        if (count >= max) return ERR_TOO_LARGE;
        if (one > 0 && !query_add(args, text, one)) return ERR_INVALID;
        one += and != NULL;
        text += one;
        len -= one;
    }
    return ERR_OK;
}
