/* Deciding conditions. A left side that is missing, or not of the row's type, is empty; a right side
 * that is not of the type is an error of its row. */
#include <string.h>

#include "flows/condition_impl.h"
#include "flows/functions_impl.h"

#define SEEN_BYTES 200

/* --- both sides ------------------------------------------------------------------------- */

/* A number, also as the language writes it: what people answer and type into forms comes here, so
 * "1.500" is 1500 in Portuguese and 1.5 in English. False: v is none. */
static bool number_of(struct eval *ev, const struct value *v, double *ret)
{
    if (v->type == VALUE_NUMBER) {
        *ret = v->number;
        return true;
    }
    if (v->type != VALUE_TEXT) return false;
    return locale_parse_number(ev->language, ev->env->currency, v->text.s, v->text.len, ret) ||
           value_number_parse(v->text.s, v->text.len, ret);
}

/* *ret empty: v is no date. */
static bool date_of(struct eval *ev, const struct value *v, size_t at, struct value *ret)
{
    struct call call = {.at = at, .count = 1, .args = v, .arg_at = &at};
    *ret = value_empty();
    if (v->type == VALUE_DATE) *ret = *v;
    if (v->type != VALUE_TEXT) return true;
    return fn_parse_date(ev, &call, ret);
}

static bool truth_of(struct eval *ev, const struct value *v, size_t at, bool *ret, bool *ret_is)
{
    static const char *const yes[] = {"true", "yes", "sim", "si", "s", "y", "1", "on"};
    static const char *const no[] = {"false", "no", "nao", "n", "0", "off"};
    struct value folded;
    *ret_is = v->type == VALUE_BOOL || v->type == VALUE_NUMBER;
    *ret = value_is_yes(v);
    if (v->type != VALUE_TEXT || v->text.len > 20) return true;
    if (!eval_fold(ev, v, at, &folded)) return false;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(folded.text.s, yes[i]) != 0) continue;
        *ret = *ret_is = true;
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        if (strcmp(folded.text.s, no[i]) != 0) continue;
        *ret = false;
        *ret_is = true;
    }
    return true;
}

static bool right_number(struct eval *ev, const struct value *v, struct value *ret)
{
    double n = 0;
    if (!number_of(ev, v, &n))
        return eval_fail(ev, FLOW_NOT_NUMBER, 0, v->type == VALUE_TEXT ? v->text.s : "empty",
                         "on the right a number is needed");
    *ret = value_number(n);
    return true;
}

bool condition_right(struct eval *ev, const struct row *row, size_t i, struct value *ret)
{
    struct value v;
    const char *type = row->kind->type;
    if (!template_eval(ev, row->rights[i], &v)) return false;
    if (strcmp(type, "number") == 0 || row->kind->right == RIGHT_PERIOD ||
        (strcmp(type, "list") == 0 && row->kind->right == RIGHT_VALUE))
        return right_number(ev, &v, ret);
    if (strcmp(type, "date") == 0) {
        if (!date_of(ev, &v, 0, ret)) return false;
        if (ret->type == VALUE_DATE) return true;
        return eval_fail(ev, FLOW_NOT_DATE, 0, v.type == VALUE_TEXT ? v.text.s : "empty",
                         "on the right a date is needed");
    }
    if (strcmp(type, "bool") == 0) {
        bool yes = false, is = false;
        if (!truth_of(ev, &v, 0, &yes, &is)) return false;
        *ret = value_bool(yes);
        return is || eval_fail(ev, FLOW_NOT_BOOL, 0, v.type == VALUE_TEXT ? v.text.s : "empty",
                               "on the right yes or no is needed");
    }
    return eval_show(ev, &v, 0, ret);
}

/* --- text ------------------------------------------------------------------------------- */

/* Both without spaces around; folded unless exact. */
static bool comparable(struct eval *ev, const struct row *row, const struct value *v,
                       struct value *ret)
{
    struct value text;
    if (!eval_show(ev, v, row->left->at, &text)) return false;
    size_t at = row->left->at;
    struct call call = {.at = at, .count = 1, .args = &text, .arg_at = &at};
    struct value trimmed;
    if (!fn_trim(ev, &call, &trimmed)) return false;
    *ret = trimmed;
    return row->exact || eval_fold(ev, &trimmed, at, ret);
}

static bool same_text(const struct value *a, const struct value *b)
{
    return a->text.len == b->text.len && memcmp(a->text.s, b->text.s, a->text.len) == 0;
}

static bool text_relation(const char *op, const struct value *left, const struct value *right)
{
    size_t n = right->text.len, len = left->text.len;
    const char *s = left->text.s;
    if (strcmp(op, "equals") == 0 || strcmp(op, "notEquals") == 0) return same_text(left, right);
    if (n == 0 || n > len) return false; /* contains nothing: no statement about the left */
    if (strcmp(op, "startsWith") == 0) return memcmp(s, right->text.s, n) == 0;
    if (strcmp(op, "endsWith") == 0) return memcmp(s + len - n, right->text.s, n) == 0;
    return memmem(s, len, right->text.s, n) != NULL;
}

/* The right sides of RIGHT_VALUES, comparable: a list in one text is parted at commas and lines; a
 * template that gives a list is that list. */
static bool right_values(struct eval *ev, const struct row *row, struct value *ret)
{
    struct value *items = eval_alloc(ev, CONDITION_VALUES_MAX, sizeof(*items), 0);
    size_t count = 0;
    if (!items) return false;
    for (size_t i = 0; i < row->right_count; i++) {
        struct value v;
        if (!template_eval(ev, row->rights[i], &v)) return false;
        const struct value *from = &v;
        size_t many = 1;
        if (v.type == VALUE_LIST) {
            from = v.list.items;
            many = v.list.count;
        } else if (row->parted && v.type == VALUE_TEXT) {
            struct value parts[CONDITION_VALUES_MAX];
            size_t n = 0;
            for (size_t at = 0; at <= v.text.len && n < ARRAY_LEN(parts);) {
                size_t len = strcspn(v.text.s + at, ",;\n");
                char *s = eval_alloc(ev, len + 1, 1, 0);
                if (!s) return false;
                memcpy(s, v.text.s + at, len);
                parts[n++] = value_text_n(s, len);
                at += len + 1;
            }
            for (size_t k = 0; k < n && count < CONDITION_VALUES_MAX; k++) {
                if (value_is_blank(&parts[k])) continue;
                if (!comparable(ev, row, &parts[k], &items[count++])) return false;
            }
            continue;
        }
        for (size_t k = 0; k < many && count < CONDITION_VALUES_MAX; k++)
            if (!comparable(ev, row, &from[k], &items[count++])) return false;
    }
    *ret = (struct value){.type = VALUE_LIST, .list = {items, count}};
    return true;
}

static bool text_row(struct eval *ev, const struct row *row, const struct value *left, bool *ret)
{
    struct value a, b, all;
    const char *op = row->kind->name;
    *ret = false;
    if (row->kind->right == RIGHT_PATTERN) {
        struct value text;
        if (!eval_show(ev, left, row->left->at, &text)) return false;
        b = value_text(row->pattern);
        return eval_regex(ev, &b, &text, !row->exact, 0, row->left->at, ret, NULL);
    }
    if (!comparable(ev, row, left, &a)) return false;
    if (row->kind->right == RIGHT_VALUES) {
        if (!right_values(ev, row, &all)) return false;
        for (size_t i = 0; i < all.list.count && !*ret; i++)
            *ret = same_text(&a, &all.list.items[i]);
        return true;
    }
    if (!condition_right(ev, row, 0, &b) || !comparable(ev, row, &b, &b)) return false;
    *ret = text_relation(op, &a, &b) == (strncmp(op, "not", 3) != 0);
    return true;
}

/* --- number and yes/no --------------------------------------------------------------------- */

static bool number_row(struct eval *ev, const struct row *row, const struct value *left, bool *ret)
{
    struct value a, b = value_number(0);
    const char *op = row->kind->name;
    double n = 0;
    bool is = number_of(ev, left, &n);
    if (!condition_right(ev, row, 0, &a)) return false;
    if (row->right_count > 1 && !condition_right(ev, row, 1, &b)) return false;
    if (strcmp(op, "equals") == 0)
        *ret = is && n == a.number;
    else if (strcmp(op, "notEquals") == 0)
        *ret = !is || n != a.number;
    else if (strcmp(op, "less") == 0)
        *ret = is && n < a.number;
    else if (strcmp(op, "lessOrEqual") == 0)
        *ret = is && n <= a.number;
    else if (strcmp(op, "greater") == 0)
        *ret = is && n > a.number;
    else if (strcmp(op, "greaterOrEqual") == 0)
        *ret = is && n >= a.number;
    else
        *ret = is && n >= a.number && n <= b.number;
    return true;
}

static bool bool_row(struct eval *ev, const struct row *row, const struct value *left, bool *ret)
{
    struct value right;
    bool yes = false, is = false;
    if (!condition_right(ev, row, 0, &right) || !truth_of(ev, left, row->left->at, &yes, &is))
        return false;
    *ret = (is && yes) == right.yes; /* empty is no */
    return true;
}

/* --- date ------------------------------------------------------------------------------- */

/* The first instant of a date, and the first after it (of an instant one millisecond later). */
static bool span_of(struct eval *ev, const struct value *date, int64_t *ret_from, int64_t *ret_to)
{
    struct value next = *date;
    if (!eval_instant(ev, date, 0, ret_from)) return false;
    *ret_to = *ret_from + 1;
    if (!date->day) return true;
    next.date.unix_ms += DAY_MS;
    return eval_instant(ev, &next, 0, ret_to);
}

/* now, n units on. */
static bool period_end(struct eval *ev, const struct row *row, double n, int64_t *ret)
{
    static const struct {
        const char *unit;
        function_fn *add;
    } units[] = {{"minutes", fn_add_minutes},
                 {"hours", fn_add_hours},
                 {"days", fn_add_days},
                 {"weeks", fn_add_weeks},
                 {"months", fn_add_months}};
    struct value args[2], end = value_empty();
    size_t at[2] = {0, 0};
    struct call call = {.count = 2, .args = args, .arg_at = at};
    if (!eval_now(ev, 0, &args[0])) return false;
    args[1] = value_number(n < 0 ? -(double)(int64_t)-n : (double)(int64_t)n);
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcmp(units[i].unit, row->unit) == 0 && !units[i].add(ev, &call, &end)) return false;
    *ret = end.date.unix_ms;
    return true;
}

static bool within(struct eval *ev, const struct row *row, const struct value *left, bool *ret)
{
    struct value n, now;
    int64_t from = 0, to = 0, end = 0;
    bool last = strcmp(row->kind->name, "withinLast") == 0;
    if (!condition_right(ev, row, 0, &n)) return false;
    if (n.number < 0 || n.number > 1e6)
        return eval_fail(ev, FLOW_RANGE, 0, NULL, "the period must be from 0 to 1000000");
    if (!eval_now(ev, 0, &now) || !span_of(ev, left, &from, &to) ||
        !period_end(ev, row, last ? -n.number : n.number, &end))
        return false;
    /* A day counts when any of it lies in the period. */
    int64_t begin = last ? end : now.date.unix_ms, finish = last ? now.date.unix_ms : end;
    *ret = from <= finish && to > begin;
    return true;
}

static bool date_row(struct eval *ev, const struct row *row, const struct value *value, bool *ret)
{
    struct value left, a, b;
    struct civil c;
    int64_t from = 0, to = 0, right = 0, right_end = 0, last = 0, last_end = 0;
    const char *op = row->kind->name;
    *ret = false;
    if (!date_of(ev, value, row->left->at, &left)) return false;
    bool is = left.type == VALUE_DATE;
    if (row->kind->right == RIGHT_WEEKDAYS) {
        if (!is) return true;
        if (!eval_civil(ev, &left, row->left->at, &c)) return false;
        *ret = (row->weekdays >> c.weekday & 1) != 0;
        return true;
    }
    if (row->kind->right == RIGHT_PERIOD) return !is || within(ev, row, &left, ret);
    if (!condition_right(ev, row, 0, &a) || !span_of(ev, &a, &right, &right_end)) return false;
    if (row->right_count > 1 &&
        (!condition_right(ev, row, 1, &b) || !span_of(ev, &b, &last, &last_end)))
        return false;
    if (!is) return true;
    if (!span_of(ev, &left, &from, &to)) return false;
    if (strcmp(op, "before") == 0) {
        *ret = from < right;
    } else if (strcmp(op, "after") == 0) {
        *ret = from >= right_end;
    } else if (strcmp(op, "between") == 0) {
        *ret = from >= right && from < last_end;
    } else { /* on: the same day */
        struct civil x, y;
        if (!eval_civil(ev, &left, 0, &x) || !eval_civil(ev, &a, 0, &y)) return false;
        *ret = x.year == y.year && x.month == y.month && x.day == y.day;
    }
    return true;
}

/* --- list ------------------------------------------------------------------------------- */

/* One value is a list of itself, empty is none. */
static struct value as_list(const struct value *v)
{
    if (v->type == VALUE_LIST) return *v;
    return (struct value){.type = VALUE_LIST, .list = {v, value_is_blank(v) ? 0 : 1}};
}

static bool list_row(struct eval *ev, const struct row *row, const struct value *left, bool *ret)
{
    struct value list = as_list(left), right, all;
    const char *op = row->kind->name;
    double count = (double)list.list.count;
    if (row->kind->right == RIGHT_VALUE) {
        if (!condition_right(ev, row, 0, &right)) return false;
        *ret = strcmp(op, "countEquals") == 0    ? count == right.number
               : strcmp(op, "countAtLeast") == 0 ? count >= right.number
                                                 : count <= right.number;
        return true;
    }
    if (!right_values(ev, row, &all)) return false;
    struct value *have = eval_alloc(ev, list.list.count, sizeof(*have), row->left->at);
    if (!have) return false;
    for (size_t i = 0; i < list.list.count; i++)
        if (!eval_spend(ev, 1, row->left->at) ||
            !comparable(ev, row, &list.list.items[i], &have[i]))
            return false;
    size_t found = 0;
    for (size_t i = 0; i < all.list.count; i++) {
        bool here = false;
        if (!eval_spend(ev, list.list.count / 8, row->left->at)) return false;
        for (size_t k = 0; k < list.list.count && !here; k++)
            here = same_text(&have[k], &all.list.items[i]);
        found += here;
    }
    *ret = strcmp(op, "containsAll") == 0   ? found == all.list.count
           : strcmp(op, "containsAny") == 0 ? found > 0
                                            : found == 0;
    return true;
}

/* --- all together ------------------------------------------------------------------------- */

static bool decide(struct eval *ev, const struct row *row, const struct value *left, bool *ret)
{
    const char *type = row->kind->type;
    if (row->kind->right == RIGHT_NONE) {
        bool blank = value_is_blank(left);
        *ret = blank == (strcmp(row->kind->name, "empty") == 0);
        return true;
    }
    if (strcmp(type, "number") == 0) return number_row(ev, row, left, ret);
    if (strcmp(type, "date") == 0) return date_row(ev, row, left, ret);
    if (strcmp(type, "list") == 0) return list_row(ev, row, left, ret);
    if (strcmp(type, "bool") == 0) return bool_row(ev, row, left, ret);
    return text_row(ev, row, left, ret);
}

struct deciding {
    struct eval *ev;
    struct arena *arena; /* for the trace */
    struct condition_trace *trace;
};

/* v as text of at most SEEN_BYTES. "" when even that fails: the trace must not stop a run. */
static const char *seen_text(struct deciding *d, const struct value *v)
{
    struct value text;
    struct flow_error before = *d->ev->error;
    if (!eval_show(d->ev, v, 0, &text)) {
        *d->ev->error = before;
        return "";
    }
    size_t len = text.text.len;
    if (len > SEEN_BYTES) {
        len = SEEN_BYTES;
        while (len > 0 && ((unsigned char)text.text.s[len] & 0xc0) == 0x80)
            len--;
    }
    const char *s = arena_strndup(d->arena, text.text.s, len);
    return s ? s : "";
}

static const char *seen_right(struct deciding *d, const struct row *row)
{
    struct value v;
    struct flow_error before = *d->ev->error;
    if (row->pattern) return row->pattern;
    if (row->right_count == 0) return "";
    if (!template_eval(d->ev, row->rights[0], &v)) {
        *d->ev->error = before;
        return "";
    }
    const char *first = seen_text(d, &v);
    if (row->right_count == 1 && !row->unit) return first;
    const char *more = row->unit ? arena_printf(d->arena, "%s %s", first, row->unit)
                                 : arena_printf(d->arena, "%s, …", first);
    return more ? more : first;
}

static void keep(struct deciding *d, const struct row *row, const struct value *left, bool yes)
{
    if (!d->trace || d->trace->count == CONDITION_SEEN_MAX) return;
    d->trace->rows[d->trace->count++] = (struct condition_seen){
        .row = row->where,
        .left = seen_text(d, left),
        .op = row->kind->name,
        .right = seen_right(d, row),
        .yes = yes,
    };
}

static bool decide_group(struct deciding *d, const struct condition *c, bool *ret)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct row *row = &c->rows[i];
        bool yes = false;
        if (row->group) {
            if (!decide_group(d, row->group, &yes)) return false;
        } else {
            struct value left;
            if (!eval_node(d->ev, row->left, &left) || !decide(d->ev, row, &left, &yes)) {
                if (!d->ev->error->row) d->ev->error->row = row->where;
                return false;
            }
            keep(d, row, &left, yes);
        }
        if (yes == c->any) {
            *ret = yes;
            return true;
        }
    }
    *ret = !c->any || c->count == 0;
    return true;
}

bool condition_eval(const struct condition *c, const struct flow_env *env, struct arena *a,
                    bool *ret_yes, struct condition_trace *trace, struct flow_error *ret_error)
{
    struct eval ev;
    struct deciding d = {.ev = &ev, .arena = a, .trace = trace};
    bool yes = false;
    if (trace) trace->count = 0;
    eval_begin(&ev, env, ret_error);
    bool ok = decide_group(&d, c, &yes);
    if (ok) *ret_yes = yes;
    return eval_done(&ev, a, ok);
}

/* --- answers as values of a declared type ------------------------------------------------------ */

static bool value_as(struct eval *ev, const char *type, const struct value *v, struct value *ret)
{
    bool yes = false, is = false;
    double n = 0;
    if (value_is_blank(v) && strcmp(type, "list") != 0) {
        *ret = value_empty();
        return true;
    }
    if (strcmp(type, "text") == 0) return eval_show(ev, v, 0, ret);
    if (strcmp(type, "number") == 0) {
        is = number_of(ev, v, &n);
        *ret = value_number(n);
        return is;
    }
    if (strcmp(type, "date") == 0) return date_of(ev, v, 0, ret) && ret->type == VALUE_DATE;
    if (strcmp(type, "bool") == 0) {
        if (!truth_of(ev, v, 0, &yes, &is)) return false;
        *ret = value_bool(yes);
        return is;
    }
    *ret = strcmp(type, "list") == 0 ? as_list(v) : *v;
    return true;
}

bool flow_value_as(const struct flow_env *env, struct arena *a, const char *type,
                   const struct value *v, struct value *ret_value)
{
    struct eval ev;
    struct flow_error error;
    struct value out;
    eval_begin(&ev, env, &error);
    bool ok = value_as(&ev, type, v, &out) && eval_result(&ev, 0, &out, a, ret_value);
    eval_end(&ev);
    return ok;
}
