/* JSON in: one linear scan over the text counts depth and values before jansson, which recurses,
 * sees it; the rest of the checks (UTF-8, raw control characters, NUL, duplicate keys, numbers out
 * of range) are jansson's. A value costs jansson up to some 130 bytes, so the number of values is
 * what bounds memory. */
#include "base/json.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* Brackets and commas outside strings; whether the text is well formed is left to jansson. NULL
 * when all is within the limits, else what is not, and in which line. A raw NUL, which jansson
 * takes for the end, is refused here too. */
static const char *scan_text(const char *text, size_t len, size_t *ret_line)
{
    size_t depth = 0, values = 1, line = 1;
    bool in_string = false;
    const char *why = NULL;
    for (size_t i = 0; i < len && !why; i++) {
        char c = text[i];
        if (c == '\n') line++;
        if (c == '\0') why = "a NUL byte";
        if (in_string) {
            if (c == '\\' && i + 1 < len && text[i + 1] != '\0') i++;
            if (c == '"') in_string = false;
            continue;
        }
        switch (c) {
        case '"': in_string = true; break;
        case '[':
        case '{':
            values++;
            if (++depth > JSON_MAX_DEPTH) why = "nested too deeply";
            break;
        case ']':
        case '}':
            if (depth > 0) depth--;
            break;
        case ',': values++; break;
        default: break;
        }
        if (values > JSON_MAX_VALUES) why = "too many values";
    }
    *ret_line = line;
    return why;
}

/* "line 3: what jansson says", without the excerpt of the input that it appends. */
static const char *why_text(struct arena *a, const json_error_t *error)
{
    if (!a) return "not valid JSON";
    const char *near = strstr(error->text, " near '");
    int len = near ? (int)(near - error->text) : (int)strlen(error->text);
    int line = error->line > 0 ? error->line : 1;
    return arena_printf(a, "line %d: %.*s", line, len, error->text);
}

static void json_release(void *j)
{
    json_decref(j);
}

static enum err refuse(const char **ret_why, const char *why)
{
    if (ret_why) *ret_why = why;
    return ERR_INVALID;
}

enum err json_parse(struct arena *a, const char *text, size_t len, json_t **ret_json,
                    const char **ret_why)
{
    if (ret_why) *ret_why = NULL;
    if (len > JSON_MAX_SIZE) return refuse(ret_why, "the JSON text is too long");

    size_t line = 0;
    const char *why = scan_text(text, len, &line);
    if (why) return refuse(ret_why, a ? arena_printf(a, "line %zu: %s", line, why) : why);

    json_error_t error;
    json_t *j = json_loadb(len ? text : "", len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!j) return refuse(ret_why, why_text(a, &error));
    if (a) arena_on_free(a, json_release, j);
    *ret_json = j;
    return ERR_OK;
}

static int add_piece(const char *data, size_t len, void *arg)
{
    buf_add(arg, data, len);
    return 0;
}

char *json_text(struct arena *a, const json_t *j)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(JSON_MAX_SIZE);
    if (json_dump_callback(j, add_piece, &b, JSON_COMPACT | JSON_ENCODE_ANY) != 0) return NULL;
    if (buf_failed(&b)) return NULL;
    return arena_strndup(a, buf_str(&b), b.len);
}

const char *json_get_text(const json_t *obj, const char *key)
{
    return json_string_value(json_object_get(obj, key));
}

int64_t json_get_int(const json_t *obj, const char *key, int64_t otherwise)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

bool json_get_bool(const json_t *obj, const char *key, bool otherwise)
{
    const json_t *v = json_object_get(obj, key);
    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

/* C0 and C1 control characters and DEL, but not tab, line feed and carriage return. */
static bool is_control(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r') return false;
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

bool text_valid(const char *s, size_t len)
{
    while (len > 0) {
        uint32_t code = 0;
        size_t n = utf8_next(s, len, &code);
        if (n == 0 || is_control(code)) return false;
        s += n;
        len -= n;
    }
    return true;
}

char *text_clean(struct arena *a, const char *s, size_t len)
{
    if (len > SIZE_MAX / 3 - 1) return NULL;
    if (text_valid(s, len)) return arena_strndup(a, s, len);
    char *out = arena_alloc(a, len * 3 + 1); /* each bad byte may become the three of U+FFFD */
    if (!out) return NULL;
    char *p = out;
    while (len > 0) {
        uint32_t code = 0;
        size_t n = utf8_next(s, len, &code);
        if (n == 0) {
            p += utf8_put(0xfffd, p);
            n = 1;
        } else if (!is_control(code)) {
            memcpy(p, s, n);
            p += n;
        }
        s += n;
        len -= n;
    }
    *p = '\0';
    return out;
}

size_t text_length(const char *s)
{
    size_t count = 0;
    for (; *s; s++)
        if (((unsigned char)*s & 0xc0) != 0x80) count++;
    return count;
}
