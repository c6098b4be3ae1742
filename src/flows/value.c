/* Values as value.h says: making, copying, comparing, and JSON both ways.
 *
 * Values share what they point to, so a small one may stand for a tree that would be enormous when
 * written out ([x, x] of [x, x] of …). Everything here that walks a value therefore stops by a
 * limit: of bytes, or of VISITS_MAX values seen. */
#include "flows/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define WHOLE_MAX  9007199254740992.0 /* 2^53 */
#define VISITS_MAX 100000
#define STACK_MAX  128 /* depth at which a walk gives up, whatever it walks */

struct value value_empty(void)
{
    return (struct value){.type = VALUE_EMPTY};
}

struct value value_bool(bool yes)
{
    return (struct value){.type = VALUE_BOOL, .yes = yes};
}

struct value value_number(double n)
{
    if (!isfinite(n)) return value_empty();
    return (struct value){.type = VALUE_NUMBER, .number = n == 0 ? 0 : n}; /* no -0 */
}

struct value value_text(const char *s)
{
    return s ? value_text_n(s, strlen(s)) : value_empty();
}

struct value value_text_n(const char *s, size_t len)
{
    return (struct value){.type = VALUE_TEXT, .text = {s, len}};
}

struct value value_date(int64_t unix_ms, const char *zone)
{
    return (struct value){.type = VALUE_DATE, .date = {unix_ms, zone}};
}

struct value value_day(const struct civil *c)
{
    struct civil midnight = {.year = c->year, .month = c->month, .day = c->day};
    struct value v = value_date(ms_from_civil(&midnight), NULL);
    v.day = true;
    return v;
}

const char *value_type_name(enum value_type t)
{
    static const char *const names[VALUE_TYPE_COUNT] = {"empty", "bool", "number", "text",
                                                        "date",  "list", "object"};
    return (unsigned int)t < VALUE_TYPE_COUNT ? names[t] : "empty";
}

/* --- looking --------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool value_is_blank(const struct value *v)
{
    switch (v->type) {
    case VALUE_EMPTY: return true;
    case VALUE_TEXT:
        for (size_t i = 0; i < v->text.len; i++)
            if (!is_space(v->text.s[i])) return false;
        return true;
    case VALUE_LIST: return v->list.count == 0;
    case VALUE_OBJECT: return v->object.count == 0;
    default: return false;
    }
}

bool value_is_yes(const struct value *v)
{
    if (v->type == VALUE_BOOL) return v->yes;
    if (v->type == VALUE_NUMBER) return v->number != 0;
    return !value_is_blank(v);
}

const struct value *value_member(const struct value *v, const char *key, size_t key_len)
{
    if (v->type != VALUE_OBJECT) return NULL;
    for (size_t i = 0; i < v->object.count; i++) {
        const struct value_member *m = &v->object.members[i];
        if (m->key_len == key_len && memcmp(m->key, key, key_len) == 0) return &m->value;
    }
    return NULL;
}

const struct value *value_item(const struct value *v, int64_t index)
{
    if (v->type != VALUE_LIST) return NULL;
    int64_t count = (int64_t)v->list.count;
    if (index < 0) index += count;
    return index >= 0 && index < count ? &v->list.items[index] : NULL;
}

static size_t size_of(const struct value *v, size_t enough, int depth)
{
    size_t size = 8;
    if (depth > STACK_MAX) return enough + 1;
    switch (v->type) {
    case VALUE_TEXT: return v->text.len + 2;
    case VALUE_DATE: return 32;
    case VALUE_LIST:
        for (size_t i = 0; i < v->list.count && size <= enough; i++)
            size += size_of(&v->list.items[i], enough - size, depth + 1);
        return size;
    case VALUE_OBJECT:
        for (size_t i = 0; i < v->object.count && size <= enough; i++) {
            size += v->object.members[i].key_len + 4;
            if (size <= enough)
                size += size_of(&v->object.members[i].value, enough - size, depth + 1);
        }
        return size;
    default: return size;
    }
}

size_t value_size(const struct value *v, size_t enough)
{
    return size_of(v, enough, 0);
}

static bool same(const struct value *a, const struct value *b, int depth, int *visits);

static bool same_list(const struct value *a, const struct value *b, int depth, int *visits)
{
    if (a->list.count != b->list.count) return false;
    for (size_t i = 0; i < a->list.count; i++)
        if (!same(&a->list.items[i], &b->list.items[i], depth, visits)) return false;
    return true;
}

static bool same_object(const struct value *a, const struct value *b, int depth, int *visits)
{
    if (a->object.count != b->object.count) return false;
    for (size_t i = 0; i < a->object.count; i++) {
        const struct value_member *m = &a->object.members[i];
        const struct value *other = value_member(b, m->key, m->key_len);
        *visits += (int)(b->object.count < 1000 ? b->object.count : 1000) / 8;
        if (!other || !same(&m->value, other, depth, visits)) return false;
    }
    return true;
}

static bool same(const struct value *a, const struct value *b, int depth, int *visits)
{
    if (++*visits > VISITS_MAX || depth > STACK_MAX) return false;
    if (value_is_blank(a) || value_is_blank(b)) return value_is_blank(a) && value_is_blank(b);
    if (a->type != b->type) return false;
    switch (a->type) {
    case VALUE_BOOL: return a->yes == b->yes;
    case VALUE_NUMBER: return a->number == b->number;
    case VALUE_TEXT:
        return a->text.len == b->text.len && memcmp(a->text.s, b->text.s, a->text.len) == 0;
    case VALUE_DATE: return a->day == b->day && a->date.unix_ms == b->date.unix_ms;
    case VALUE_LIST: return same_list(a, b, depth + 1, visits);
    case VALUE_OBJECT: return same_object(a, b, depth + 1, visits);
    default: return true;
    }
}

bool value_same(const struct value *a, const struct value *b)
{
    int visits = 0;
    return same(a, b, 0, &visits);
}

/* --- numbers --------------------------------------------------------------------------- */

double value_round(double n)
{
    char text[VALUE_NUMBER_SIZE];
    if (!isfinite(n) || (fabs(n) <= WHOLE_MAX && n == floor(n))) return n;
    (void)snprintf(text, sizeof(text), "%.15g", n);
    return strtod(text, NULL);
}

const char *value_number_text(double n, char out[VALUE_NUMBER_SIZE])
{
    bool whole = fabs(n) <= WHOLE_MAX && n == floor(n);
    if (n == 0) n = 0; /* no "-0" */
    (void)snprintf(out, VALUE_NUMBER_SIZE, whole ? "%.0f" : "%.15g", n);
    return out;
}

static size_t digits(const char *s, size_t at, size_t len)
{
    while (at < len && s[at] >= '0' && s[at] <= '9')
        at++;
    return at;
}

bool value_number_parse(const char *s, size_t len, double *ret_number)
{
    char text[64];
    while (len > 0 && is_space(s[0]))
        s++, len--;
    while (len > 0 && is_space(s[len - 1]))
        len--;
    if (len == 0 || len >= sizeof(text)) return false;

    size_t at = s[0] == '-' || s[0] == '+' ? 1 : 0;
    size_t first = at;
    at = digits(s, at, len);
    size_t count = at - first;
    if (at < len && s[at] == '.') {
        size_t fraction = at + 1;
        at = digits(s, fraction, len);
        count += at - fraction;
    }
    if (count == 0) return false;
    if (at < len && (s[at] == 'e' || s[at] == 'E')) {
        at++;
        if (at < len && (s[at] == '-' || s[at] == '+')) at++;
        size_t exponent = at;
        at = digits(s, at, len);
        if (at == exponent) return false;
    }
    if (at != len) return false;
    memcpy(text, s, len);
    text[len] = '\0';
    double n = strtod(text, NULL);
    if (!isfinite(n)) return false;
    *ret_number = value_round(n);
    return true;
}

/* --- from JSON ------------------------------------------------------------------------- */

/* {"$date": "2026-11-19T13:42:05.123Z" or "2026-11-19", "zone": "…"} as value_store writes it. */
static bool stored_date(struct arena *a, const json_t *j, struct value *ret)
{
    const char *text = json_string_value(json_object_get(j, "$date"));
    const char *zone = json_string_value(json_object_get(j, "zone"));
    char instant[TIME_TEXT_SIZE];
    int64_t ms = 0;
    if (!text || json_object_size(j) != (zone ? 2 : 1)) return false;
    bool day = date_valid(text);
    if (day) (void)snprintf(instant, sizeof(instant), "%.10sT00:00:00Z", text);
    if (!time_parse(day ? instant : text, &ms)) return false;
    *ret = value_date(ms, arena_strdup(a, zone));
    ret->day = day;
    return !zone || ret->date.zone;
}

static enum err from_json(struct arena *a, const json_t *j, int depth, struct value *ret);

static enum err from_array(struct arena *a, const json_t *j, int depth, struct value *ret)
{
    size_t count = json_array_size(j);
    struct value *items = arena_array(a, count, sizeof(*items));
    if (!items) return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        enum err e = from_json(a, json_array_get(j, i), depth, &items[i]);
        if (e) return e;
    }
    *ret = (struct value){.type = VALUE_LIST, .list = {items, count}};
    return ERR_OK;
}

static enum err from_object(struct arena *a, const json_t *j, int depth, struct value *ret)
{
    size_t count = json_object_size(j), i = 0;
    struct value_member *members = arena_array(a, count, sizeof(*members));
    const char *key;
    json_t *value;
    if (!members) return ERR_NO_MEMORY;
    json_object_foreach((json_t *)(uintptr_t)j, key, value)
    {
        if (i == count) break;
        struct value_member *m = &members[i++];
        m->key = text_clean(a, key, strlen(key));
        if (!m->key) return ERR_NO_MEMORY;
        m->key_len = strlen(m->key);
        enum err e = from_json(a, value, depth, &m->value);
        if (e) return e;
    }
    *ret = (struct value){.type = VALUE_OBJECT, .object = {members, i}};
    return ERR_OK;
}

static enum err from_text(struct arena *a, const char *s, size_t len, struct value *ret)
{
    const char *copy = text_clean(a, s, len);
    if (!copy) return ERR_NO_MEMORY;
    *ret = value_text(copy);
    return ERR_OK;
}

static enum err from_json(struct arena *a, const json_t *j, int depth, struct value *ret)
{
    if (depth > VALUE_DEPTH_MAX) return ERR_INVALID;
    switch (j ? json_typeof(j) : JSON_NULL) {
    case JSON_TRUE: *ret = value_bool(true); return ERR_OK;
    case JSON_FALSE: *ret = value_bool(false); return ERR_OK;
    case JSON_REAL: *ret = value_number(value_round(json_real_value(j))); return ERR_OK;
    case JSON_STRING: return from_text(a, json_string_value(j), strlen(json_string_value(j)), ret);
    case JSON_INTEGER: {
        json_int_t n = json_integer_value(j);
        char text[32];
        if (n >= -(json_int_t)WHOLE_MAX && n <= (json_int_t)WHOLE_MAX) {
            *ret = value_number((double)n);
            return ERR_OK;
        }
        (void)snprintf(text, sizeof(text), "%lld", (long long)n);
        return from_text(a, text, strlen(text), ret);
    }
    case JSON_ARRAY: return from_array(a, j, depth + 1, ret);
    case JSON_OBJECT:
        if (stored_date(a, j, ret)) return ERR_OK;
        return from_object(a, j, depth + 1, ret);
    default: *ret = value_empty(); return ERR_OK;
    }
}

enum err value_from_json(struct arena *a, const json_t *j, struct value *ret_value)
{
    struct value v;
    enum err e = from_json(a, j, 0, &v);
    if (e) return e;
    *ret_value = v;
    return ERR_OK;
}

/* --- to JSON --------------------------------------------------------------------------- */

/* "2026-11-19T13:42:05.123Z", of a day only "2026-11-19". */
static const char *date_text(const struct value *v, char out[TIME_TEXT_SIZE])
{
    (void)time_text(v->date.unix_ms, out);
    if (v->day) out[10] = '\0';
    return out;
}

static json_t *to_json(const struct value *v, bool keep, int depth, int *visits);

static json_t *list_json(const struct value *v, bool keep, int depth, int *visits)
{
    json_t *j = json_array();
    for (size_t i = 0; i < v->list.count; i++)
        if (json_array_append_new(j, to_json(&v->list.items[i], keep, depth, visits)) != 0)
            goto fail;
    return j;
fail:
    json_decref(j);
    return NULL;
}

static json_t *object_json(const struct value *v, bool keep, int depth, int *visits)
{
    json_t *j = json_object();
    for (size_t i = 0; i < v->object.count; i++) {
        const struct value_member *m = &v->object.members[i];
        if (json_object_set_new(j, m->key, to_json(&m->value, keep, depth, visits)) != 0) goto fail;
    }
    return j;
fail:
    json_decref(j);
    return NULL;
}

static json_t *to_json(const struct value *v, bool keep, int depth, int *visits)
{
    char date[TIME_TEXT_SIZE];
    if (++*visits > VISITS_MAX || depth > STACK_MAX) return NULL;
    switch (v->type) {
    case VALUE_BOOL: return json_boolean(v->yes);
    case VALUE_NUMBER:
        if (fabs(v->number) <= WHOLE_MAX && v->number == floor(v->number))
            return json_integer((json_int_t)v->number);
        return json_real(v->number);
    case VALUE_TEXT: return json_stringn(v->text.s, v->text.len);
    case VALUE_DATE:
        if (!keep) return json_string(date_text(v, date));
        return v->date.zone
                   ? json_pack("{ss,ss}", "$date", date_text(v, date), "zone", v->date.zone)
                   : json_pack("{ss}", "$date", date_text(v, date));
    case VALUE_LIST: return list_json(v, keep, depth + 1, visits);
    case VALUE_OBJECT: return object_json(v, keep, depth + 1, visits);
    default: return json_null();
    }
}

json_t *value_to_json(const struct value *v)
{
    int visits = 0;
    return to_json(v, false, 0, &visits);
}

json_t *value_store(const struct value *v)
{
    int visits = 0;
    return to_json(v, true, 0, &visits);
}

/* As buf_add_json, of len bytes. */
static void add_text(struct buf *b, const char *s, size_t len)
{
    buf_addc(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        buf_add(b, s + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\')
            buf_addf(b, "\\%c", c);
        else if (c == '\n')
            buf_adds(b, "\\n");
        else
            buf_addf(b, "\\u%04x", c);
    }
    buf_add(b, s + from, len - from);
    buf_addc(b, '"');
}

static void add_json(struct buf *b, const struct value *v, int depth)
{
    char text[VALUE_NUMBER_SIZE > TIME_TEXT_SIZE ? VALUE_NUMBER_SIZE : TIME_TEXT_SIZE];
    if (buf_failed(b)) return; /* a shared tree may be endless */
    if (depth > STACK_MAX) {
        b->failed = true;
        return;
    }
    switch (v->type) {
    case VALUE_BOOL: buf_adds(b, v->yes ? "true" : "false"); break;
    case VALUE_NUMBER: buf_adds(b, value_number_text(v->number, text)); break;
    case VALUE_TEXT: add_text(b, v->text.s, v->text.len); break;
    case VALUE_DATE: buf_addf(b, "\"%s\"", date_text(v, text)); break;
    case VALUE_LIST:
        buf_addc(b, '[');
        for (size_t i = 0; i < v->list.count && !buf_failed(b); i++) {
            if (i > 0) buf_addc(b, ',');
            add_json(b, &v->list.items[i], depth + 1);
        }
        buf_addc(b, ']');
        break;
    case VALUE_OBJECT:
        buf_addc(b, '{');
        for (size_t i = 0; i < v->object.count && !buf_failed(b); i++) {
            if (i > 0) buf_addc(b, ',');
            add_text(b, v->object.members[i].key, v->object.members[i].key_len);
            buf_addc(b, ':');
            add_json(b, &v->object.members[i].value, depth + 1);
        }
        buf_addc(b, '}');
        break;
    default: buf_adds(b, "null"); break;
    }
}

void value_add_json(struct buf *b, const struct value *v)
{
    add_json(b, v, 0);
}

/* --- copying --------------------------------------------------------------------------- */

static enum err copy(struct arena *a, const struct value *v, int depth, struct value *ret)
{
    *ret = *v;
    if (depth > VALUE_DEPTH_MAX) return ERR_INVALID;
    if (v->type == VALUE_TEXT) {
        ret->text.s = arena_strndup(a, v->text.s, v->text.len);
        return ret->text.s ? ERR_OK : ERR_NO_MEMORY;
    }
    if (v->type == VALUE_DATE && v->date.zone) {
        ret->date.zone = arena_strdup(a, v->date.zone);
        return ret->date.zone ? ERR_OK : ERR_NO_MEMORY;
    }
    if (v->type == VALUE_LIST) {
        struct value *items = arena_array(a, v->list.count, sizeof(*items));
        enum err e = items ? ERR_OK : ERR_NO_MEMORY;
        for (size_t i = 0; i < v->list.count && !e; i++)
            e = copy(a, &v->list.items[i], depth + 1, &items[i]);
        ret->list.items = items;
        return e;
    }
    if (v->type == VALUE_OBJECT) {
        size_t count = v->object.count;
        struct value_member *members = arena_array(a, count, sizeof(*members));
        enum err e = members ? ERR_OK : ERR_NO_MEMORY;
        for (size_t i = 0; i < count && !e; i++) {
            const struct value_member *m = &v->object.members[i];
            members[i] = (struct value_member){.key = arena_strndup(a, m->key, m->key_len),
                                               .key_len = m->key_len};
            e = members[i].key ? copy(a, &m->value, depth + 1, &members[i].value) : ERR_NO_MEMORY;
        }
        ret->object.members = members;
        return e;
    }
    return ERR_OK;
}

enum err value_copy(struct arena *a, const struct value *v, size_t max_bytes,
                    struct value *ret_value)
{
    struct value out;
    if (value_size(v, max_bytes) > max_bytes) return ERR_TOO_LARGE;
    enum err e = copy(a, v, 0, &out);
    if (e) return e;
    *ret_value = out;
    return ERR_OK;
}
