/* Conversions and comparisons between the types of values, the rules of docs/EXPRESSIONS.md:
 * numbers and their texts, dates and their texts are the same thing wherever the other is wanted;
 * everything else is an error that says what was there. */
#include "flows/expr_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

/* --- zones and dates --------------------------------------------------------------------- */

static void zones_release(void *zones)
{
    flow_zones_free(zones);
}

static struct flow_zones *zones_of(struct eval *ev)
{
    if (!ev->zones) {
        ev->zones = flow_zones_new();
        arena_on_free(ev->arena, zones_release, ev->zones);
    }
    return ev->zones;
}

bool eval_zone(struct eval *ev, const char *name, size_t at, const struct flow_zone **ret)
{
    if (name && *name) {
        if (!eval_spend(ev, 2, at)) return false;
        *ret = flow_zone_get(zones_of(ev), name);
        if (*ret) return true;
        return eval_fail(ev, FLOW_UNKNOWN_ZONE, at, name, "there is no time zone of this name");
    }
    if (!ev->zone && ev->env->zone) ev->zone = flow_zone_get(zones_of(ev), ev->env->zone);
    if (!ev->zone) ev->zone = flow_zone_get(zones_of(ev), "UTC");
    if (!ev->zone) return eval_fail(ev, FLOW_UNKNOWN_ZONE, at, "UTC", "no time zones installed");
    *ret = ev->zone;
    return true;
}

bool eval_instant(struct eval *ev, const struct value *date, size_t at, int64_t *ret_unix_ms)
{
    const struct flow_zone *zone;
    *ret_unix_ms = date->date.unix_ms;
    if (!date->day) return true;
    if (!eval_zone(ev, date->date.zone, at, &zone)) return false;
    struct civil c = civil_from_ms(date->date.unix_ms);
    *ret_unix_ms = flow_zone_instant(zone, &c);
    return true;
}

bool eval_civil(struct eval *ev, const struct value *date, size_t at, struct civil *ret)
{
    const struct flow_zone *zone;
    if (date->day) {
        *ret = civil_from_ms(date->date.unix_ms);
        return true;
    }
    if (!eval_zone(ev, date->date.zone, at, &zone)) return false;
    flow_zone_local(zone, date->date.unix_ms, ret);
    return true;
}

bool eval_from_civil(struct eval *ev, const struct civil *c, const struct value *like, size_t at,
                     struct value *ret)
{
    const struct flow_zone *zone;
    if (c->year < 1 || c->year > 9999)
        return eval_fail(ev, FLOW_RANGE, at, NULL, "the year must be from 1 to 9999");
    struct value v = value_date(ms_from_civil(c), like->date.zone);
    v.day = like->day;
    if (!v.day) {
        if (!eval_zone(ev, like->date.zone, at, &zone)) return false;
        v.date.unix_ms = flow_zone_instant(zone, c);
    }
    if (v.date.unix_ms < UNIX_MS_MIN || v.date.unix_ms > UNIX_MS_MAX)
        return eval_fail(ev, FLOW_RANGE, at, NULL, "the year must be from 1 to 9999");
    *ret = v;
    return true;
}

bool eval_now(struct eval *ev, size_t at, struct value *ret)
{
    if (!ev->env->now_ms)
        return eval_fail(ev, FLOW_UNAVAILABLE, at, "now", "there is no clock here");
    int64_t ms = ev->env->now_ms(ev->env->arg);
    *ret = value_date(ms < UNIX_MS_MIN ? UNIX_MS_MIN : ms > UNIX_MS_MAX ? UNIX_MS_MAX : ms, NULL);
    return true;
}

/* "2026-11-19", or RFC 3339 with a zone, or without one (the environment's). */
static bool date_of_text(struct eval *ev, const struct value *v, size_t at, bool *ret_is,
                         struct value *ret)
{
    char text[40];
    int64_t ms = 0;
    size_t len = v->text.len;
    *ret_is = false;
    if (len < 10 || len + 1 >= sizeof(text) || v->text.s[4] != '-') return true;
    memcpy(text, v->text.s, len + 1);
    bool day = date_valid(text);
    if (day) memcpy(text + 10, "T00:00:00Z", 11);
    if (len > 10 && text[10] == ' ') text[10] = 'T';
    bool zoned = day || time_parse(text, &ms);
    if (zoned && !day) {
        *ret_is = true;
        *ret = value_date(ms, NULL);
        return true;
    }
    if (!day && len == 16) memcpy(text + len, ":00", 4); /* without seconds */
    len = strlen(text);
    if (!zoned) memcpy(text + len, "Z", 2);
    if (!time_parse(text, &ms)) return true;
    *ret_is = true;
    if (day) {
        *ret = value_date(ms, NULL);
        ret->day = true;
        return true;
    }
    struct civil c = civil_from_ms(ms);
    struct value like = value_date(0, NULL);
    return eval_from_civil(ev, &c, &like, at, ret);
}

bool eval_date(struct eval *ev, const struct value *v, size_t at, struct value *ret)
{
    bool is = false;
    if (v->type == VALUE_DATE) {
        *ret = *v;
        return true;
    }
    if (v->type == VALUE_TEXT) {
        if (!date_of_text(ev, v, at, &is, ret)) return false;
        if (is) return true;
        return eval_fail(ev, FLOW_NOT_DATE, at, v->text.s, "this text is not a date");
    }
    return eval_fail(ev, FLOW_NOT_DATE, at, value_type_name(v->type), "a date is needed, not %s",
                     value_type_name(v->type));
}

/* --- text and numbers -------------------------------------------------------------------- */

bool eval_text(struct eval *ev, const struct value *v, size_t at, struct value *ret)
{
    if (v->type == VALUE_TEXT) {
        *ret = *v;
        return true;
    }
    if (v->type == VALUE_LIST || v->type == VALUE_OBJECT)
        return eval_fail(ev, FLOW_NOT_TEXT, at, value_type_name(v->type),
                         "a text is needed, not %s", value_type_name(v->type));
    return eval_show(ev, v, at, ret);
}

bool eval_number(struct eval *ev, const struct value *v, size_t at, double *ret)
{
    if (v->type == VALUE_NUMBER) {
        *ret = v->number;
        return true;
    }
    if (v->type == VALUE_TEXT) {
        if (value_number_parse(v->text.s, v->text.len, ret)) return true;
        return eval_fail(ev, FLOW_NOT_NUMBER, at, v->text.s, "this text is not a number");
    }
    return eval_fail(ev, FLOW_NOT_NUMBER, at, value_type_name(v->type),
                     "a number is needed, not %s", value_type_name(v->type));
}

static bool convert_whole(struct eval *ev, const struct value *v, size_t at, struct value *ret)
{
    double n = 0;
    if (!eval_number(ev, v, at, &n)) return false;
    if (n != floor(n) || fabs(n) > WHOLE_MAX)
        return eval_fail(ev, FLOW_RANGE, at, NULL, "a whole number is needed");
    *ret = value_number(n);
    return true;
}

/* Lists and objects: the type itself, or empty. */
static bool convert_tree(struct eval *ev, enum value_type type, const struct value *v, size_t at,
                         struct value *ret)
{
    if (v->type == type) {
        *ret = *v;
        return true;
    }
    *ret = (struct value){.type = type};
    if (v->type == VALUE_EMPTY) return true;
    return eval_fail(ev, type == VALUE_LIST ? FLOW_NOT_LIST : FLOW_NOT_OBJECT, at,
                     value_type_name(v->type), "a %s is needed, not %s", value_type_name(type),
                     value_type_name(v->type));
}

bool eval_convert(struct eval *ev, enum arg_type type, const struct value *v, size_t at,
                  struct value *ret)
{
    double n = 0;
    switch (type) {
    case ARG_TEXT:
    case ARG_PATTERN: return eval_text(ev, v, at, ret);
    case ARG_NUMBER:
        if (!eval_number(ev, v, at, &n)) return false;
        *ret = value_number(n);
        return true;
    case ARG_WHOLE: return convert_whole(ev, v, at, ret);
    case ARG_DATE: return eval_date(ev, v, at, ret);
    case ARG_BOOL: *ret = value_bool(value_is_yes(v)); return true;
    case ARG_LIST: return convert_tree(ev, VALUE_LIST, v, at, ret);
    case ARG_OBJECT: return convert_tree(ev, VALUE_OBJECT, v, at, ret);
    default: *ret = *v; return true;
    }
}

static bool show_date(struct eval *ev, struct buf *b, const struct value *v, size_t at)
{
    struct civil c;
    if (!eval_civil(ev, v, at, &c)) return false;
    (void)locale_date(b, ev->language, "short", 5, &c, 0, v->day);
    return true;
}

/* Adds the text of v. Lists join their items by ", "; a list or object within one is JSON. */
static bool show(struct eval *ev, struct buf *b, const struct value *v, bool inside, size_t at)
{
    char number[VALUE_NUMBER_SIZE];
    switch (v->type) {
    case VALUE_EMPTY: return true;
    case VALUE_BOOL: buf_adds(b, v->yes ? "true" : "false"); return true;
    case VALUE_NUMBER: buf_adds(b, value_number_text(v->number, number)); return true;
    case VALUE_TEXT: buf_add(b, v->text.s, v->text.len); return true;
    case VALUE_DATE: return show_date(ev, b, v, at);
    case VALUE_LIST:
        if (inside) break;
        if (!eval_spend(ev, v->list.count, at)) return false;
        for (size_t i = 0; i < v->list.count && !buf_failed(b); i++) {
            if (i > 0) buf_adds(b, ", ");
            if (!show(ev, b, &v->list.items[i], true, at)) return false;
        }
        return true;
    default: break;
    }
    value_add_json(b, v);
    return true;
}

bool eval_show(struct eval *ev, const struct value *v, size_t at, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    if (v->type == VALUE_TEXT) {
        *ret = *v;
        return true;
    }
    if (v->type == VALUE_EMPTY) {
        *ret = value_text("");
        return true;
    }
    return show(ev, &b, v, false, at) && eval_take_buf(ev, &b, at, ret);
}

bool eval_fold(struct eval *ev, const struct value *text, size_t at, struct value *ret)
{
    if (!eval_spend(ev, text->text.len / 64, at)) return false;
    const char *s = flow_fold(ev->arena, text->text.s, text->text.len);
    if (!s || arena_exceeded(ev->arena))
        return eval_fail(ev, FLOW_MEMORY, at, NULL, "the expression needs too much memory");
    *ret = value_text(s);
    return true;
}

/* --- comparing --------------------------------------------------------------------------- */

static bool dates_order(struct eval *ev, const struct value *a, const struct value *b, size_t at,
                        int *ret)
{
    int64_t x = a->date.unix_ms, y = b->date.unix_ms;
    if (a->day != b->day && (!eval_instant(ev, a, at, &x) || !eval_instant(ev, b, at, &y)))
        return false;
    *ret = x < y ? -1 : x > y;
    return true;
}

/* A date and a text that is one. */
static bool date_equals_text(struct eval *ev, const struct value *date, const struct value *text,
                             size_t at, bool *ret)
{
    struct value other;
    int order = 1;
    bool is = false;
    if (!date_of_text(ev, text, at, &is, &other)) return false;
    if (is && !dates_order(ev, date, &other, at, &order)) return false;
    *ret = order == 0;
    return true;
}

bool eval_equal(struct eval *ev, const struct value *a, const struct value *b, size_t at, bool *ret)
{
    double n = 0;
    int order = 1;
    size_t size = a->type == VALUE_LIST || a->type == VALUE_OBJECT ? value_size(a, 65536) : 64;
    if (!eval_spend(ev, size / 64, at)) return false;
    if (a->type == VALUE_TEXT && (b->type == VALUE_NUMBER || b->type == VALUE_DATE)) {
        const struct value *other = a;
        a = b;
        b = other;
    }
    if (a->type == VALUE_NUMBER && b->type == VALUE_TEXT) {
        *ret = value_number_parse(b->text.s, b->text.len, &n) && n == a->number;
        return true;
    }
    if (a->type == VALUE_DATE && b->type == VALUE_TEXT) return date_equals_text(ev, a, b, at, ret);
    if (a->type == VALUE_DATE && b->type == VALUE_DATE) {
        if (!dates_order(ev, a, b, at, &order)) return false;
        *ret = order == 0;
        return true;
    }
    *ret = value_same(a, b);
    return true;
}

/* Texts in the order of their folded forms, then as they are. */
static bool texts_order(struct eval *ev, const struct value *a, const struct value *b, size_t at,
                        int *ret)
{
    struct value x, y;
    if (!eval_fold(ev, a, at, &x) || !eval_fold(ev, b, at, &y)) return false;
    int order = strcmp(x.text.s, y.text.s);
    if (order == 0) order = strcmp(a->text.s, b->text.s);
    *ret = order;
    return true;
}

bool eval_order(struct eval *ev, const struct value *a, const struct value *b, size_t at, int *ret)
{
    double x = 0, y = 0;
    struct value d, e;
    if (a->type == VALUE_DATE || b->type == VALUE_DATE)
        return eval_date(ev, a, at, &d) && eval_date(ev, b, at, &e) &&
               dates_order(ev, &d, &e, at, ret);
    if (a->type == VALUE_NUMBER || b->type == VALUE_NUMBER) {
        if (!eval_number(ev, a, at, &x) || !eval_number(ev, b, at, &y)) return false;
        *ret = x < y ? -1 : x > y;
        return true;
    }
    if (a->type == VALUE_TEXT && b->type == VALUE_TEXT) {
        /* Two texts that are numbers ("9", "10") are compared as numbers. */
        if (value_number_parse(a->text.s, a->text.len, &x) &&
            value_number_parse(b->text.s, b->text.len, &y)) {
            *ret = x < y ? -1 : x > y;
            return true;
        }
        return texts_order(ev, a, b, at, ret);
    }
    return eval_fail(ev, FLOW_NOT_COMPARED, at, value_type_name(a->type), "%s and %s have no order",
                     value_type_name(a->type), value_type_name(b->type));
}

/* --- doors ----------------------------------------------------------------------------- */

const char *flow_value_text(const struct flow_env *env, struct arena *a, const struct value *v)
{
    struct eval ev;
    struct flow_error error;
    struct value text;
    eval_begin(&ev, env, &error);
    const char *s = NULL;
    if (eval_show(&ev, v, 0, &text)) s = arena_strndup(a, text.text.s, text.text.len);
    eval_end(&ev);
    return s;
}
