/* Texts with variables, as template.h says. One pass from left to right: at each "{{" an expression
 * is tried; when it is none (not closed within EXPRESSION_MAX bytes, odd characters in the path,
 * unknown formatter), the brace is an ordinary character and the pass goes on behind it. What a
 * value brings in is never looked at again, so a customer's name cannot contain a variable. */
#include "core/template.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define EXPRESSION_MAX ((size_t)512)
#define PATH_MAX_SIZE  ((size_t)128)

struct span {
    const char *s;
    size_t len;
};

struct render {
    struct arena *arena;
    const json_t *vars;
};

/* Names of the texts that people bring along → paths of ours. */
static const struct {
    const char *name;
    const char *path;
} aliases[] = {
    {"customer_name", "customer.name"},
    {"customer_first_name", "customer.firstName"},
    {"customer_email", "customer.email"},
    {"customer_phone", "customer.phone"},
    {"current_time", "now.time"},
    {"current_date", "now.date"},
    {"channel_name", "channel.name"},
    {"last_message", "chat.lastMessage"},
    {"name", "customer.name"},
    {"document", "customer.document"},
    {"email", "customer.email"},
    {"phone", "customer.phone"},
    {"address", "customer.address"},
    {"provider", "appointment.provider"},
    {"service", "appointment.service"},
    {"schedule", "appointment.schedule"},
    {"date", "appointment.date"},
    {"hour", "appointment.time"},
    {"end_time", "appointment.endTime"},
    {"organization", "organization.name"},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span trimmed(struct span t)
{
    while (t.len > 0 && is_space(t.s[0])) {
        t.s++;
        t.len--;
    }
    while (t.len > 0 && is_space(t.s[t.len - 1]))
        t.len--;
    return t;
}

static bool span_is(struct span t, const char *word)
{
    return t.len == strlen(word) && memcmp(t.s, word, t.len) == 0;
}

static struct span span_of(const char *s)
{
    return (struct span){.s = s, .len = strlen(s)};
}

/* --- values ---------------------------------------------------------------------------- */

/* One step down: a member of an object, or by a number an item of an array. NULL when there is
 * none. */
static const json_t *step(const json_t *at, const char *name, size_t len)
{
    char key[PATH_MAX_SIZE];
    if (len == 0 || len >= sizeof(key)) return NULL;
    memcpy(key, name, len);
    key[len] = '\0';
    if (!json_is_array(at)) return json_object_get(at, key);
    size_t index = 0;
    if (len > 6 || strspn(key, "0123456789") != len) return NULL;
    for (size_t i = 0; i < len; i++)
        index = index * 10 + (size_t)(key[i] - '0');
    return json_array_get(at, index);
}

static const json_t *look_up(const json_t *vars, struct span path)
{
    const json_t *at = vars;
    while (at) {
        const char *dot = memchr(path.s, '.', path.len);
        size_t len = dot ? (size_t)(dot - path.s) : path.len;
        at = step(at, path.s, len);
        if (!dot) return at;
        path.s += len + 1;
        path.len -= len + 1;
    }
    return NULL;
}

/* The text of a value; false for what has none (absent, null, objects, arrays). */
static bool value_text(struct render *r, const json_t *v, struct span *ret)
{
    const char *s = NULL;
    if (json_is_string(v)) {
        s = json_string_value(v);
    } else if (json_is_integer(v)) {
        s = arena_printf(r->arena, "%lld", (long long)json_integer_value(v));
    } else if (json_is_real(v)) {
        s = arena_printf(r->arena, "%.15g", json_real_value(v));
    } else if (json_is_boolean(v)) {
        s = json_is_true(v) ? "true" : "false";
    }
    if (s) *ret = span_of(s);
    return s != NULL;
}

static struct span path_text(struct render *r, struct span path)
{
    struct span value = {.s = "", .len = 0};
    if (value_text(r, look_up(r->vars, path), &value)) return value;
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (span_is(path, aliases[i].name) &&
            value_text(r, look_up(r->vars, span_of(aliases[i].path)), &value))
            break;
    return value;
}

/* --- formatters ------------------------------------------------------------------------ */

/* Case of the Latin letters of Portuguese, Spanish and their neighbours (Latin-1, Latin
 * Extended-A). */
static uint32_t upper_code(uint32_t c)
{
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    if (c >= 0xe0 && c <= 0xfe && c != 0xf7) return c - 32;
    if (c == 0xff) return 0x178;
    if (c == 0x131) return 'I';
    if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14a && c <= 0x177)) return c & ~1u;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c % 2 ? c : c - 1;
    return c;
}

static uint32_t lower_code(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
    if (c == 0x178) return 0xff;
    if (c == 0x130) return 'i';
    if ((c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14a && c <= 0x177)) return c | 1u;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c % 2 ? c + 1 : c;
    return c;
}

static struct span map_case(struct render *r, struct span in, uint32_t (*map)(uint32_t))
{
    /* No letter above grows beyond twice its size. */
    char *out = arena_alloc(r->arena, in.len * 2 + 1);
    size_t n = 0;
    if (!out) return (struct span){.s = "", .len = 0};
    while (in.len > 0) {
        uint32_t code = 0;
        size_t used = utf8_next(in.s, in.len, &code);
        if (used > 0) {
            n += utf8_put(map(code), out + n);
        } else {
            used = 1;
            out[n++] = *in.s;
        }
        in.s += used;
        in.len -= used;
    }
    return (struct span){.s = out, .len = n};
}

static struct span first_word(struct span t)
{
    t = trimmed(t);
    for (size_t i = 0; i < t.len; i++)
        if (is_space(t.s[i])) t.len = i;
    return t;
}

/* Applies one "name" or "name:argument". False when there is no such formatter. */
static bool apply(struct render *r, struct span formatter, struct span *value)
{
    const char *colon = memchr(formatter.s, ':', formatter.len);
    struct span name = formatter;
    struct span argument = {.s = "", .len = 0};
    if (colon) {
        name.len = (size_t)(colon - formatter.s);
        argument = (struct span){.s = colon + 1, .len = formatter.len - name.len - 1};
    }
    name = trimmed(name);
    if (span_is(name, "default")) {
        if (trimmed(*value).len == 0) *value = trimmed(argument);
    } else if (span_is(name, "upper")) {
        *value = map_case(r, *value, upper_code);
    } else if (span_is(name, "lower")) {
        *value = map_case(r, *value, lower_code);
    } else if (span_is(name, "first")) {
        *value = first_word(*value);
    } else if (span_is(name, "trim")) {
        *value = trimmed(*value);
    } else {
        return false;
    }
    return true;
}

static bool path_ok(struct span path)
{
    if (path.len == 0 || path.len >= PATH_MAX_SIZE) return false;
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.s[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.' || c >= 0x80;
        if (!ok) return false;
    }
    return true;
}

/* What stands between {{ and }}: path, then formatters from left to right. False when it is none of
 * ours. */
static bool evaluate(struct render *r, struct span inner, struct span *ret_value)
{
    const char *bar = memchr(inner.s, '|', inner.len);
    struct span path = {.s = inner.s, .len = bar ? (size_t)(bar - inner.s) : inner.len};
    path = trimmed(path);
    if (!path_ok(path)) return false;
    struct span value = path_text(r, path);
    while (bar) {
        struct span f = {.s = bar + 1, .len = inner.len - (size_t)(bar + 1 - inner.s)};
        bar = memchr(f.s, '|', f.len);
        if (bar) f.len = (size_t)(bar - f.s);
        if (!apply(r, f, &value)) return false;
    }
    *ret_value = value;
    return true;
}

/* text begins with "{{": the length of the expression with both pairs of braces, 0 when it is not
 * closed. */
static size_t expression_length(const char *text)
{
    for (size_t i = 2; i < EXPRESSION_MAX && text[i]; i++) {
        if (text[i] == '}' && text[i + 1] == '}') return i + 2;
        if (text[i] == '{' && text[i + 1] == '{') return 0;
    }
    return 0;
}

enum err template_render(struct arena *a, const char *text, const json_t *vars, size_t limit_bytes,
                         const char **ret_text)
{
    CLEANUP(buf_free) struct buf out = BUF_INIT(limit_bytes);
    struct render r = {.arena = a, .vars = vars};
    while (*text && !buf_failed(&out)) {
        const char *open = strchr(text, '{');
        size_t plain = open ? (size_t)(open - text) : strlen(text);
        buf_add(&out, text, plain);
        text += plain;
        if (!open) break;

        struct span value;
        size_t len = text[1] == '{' ? expression_length(text) : 0;
        if (len > 0 && evaluate(&r, (struct span){.s = text + 2, .len = len - 4}, &value)) {
            buf_add(&out, value.s, value.len);
            text += len;
        } else {
            buf_addc(&out, *text++);
        }
    }
    if (buf_failed(&out)) return ERR_TOO_LARGE;
    const char *result = arena_strndup(a, buf_str(&out), out.len);
    if (!result) return ERR_TOO_LARGE;
    *ret_text = result;
    return ERR_OK;
}
