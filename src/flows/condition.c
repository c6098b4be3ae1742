/* Conditions: the table of operators, and the shape. Expressions and templates in it are parsed here,
 * constants are checked here; condition_eval.c decides. */
#include "flows/condition_impl.h"

#include <string.h>

#include "base/json.h"

const struct condition_operator condition_operators[] = {
    {"text", "equals", RIGHT_VALUE},
    {"text", "notEquals", RIGHT_VALUE},
    {"text", "contains", RIGHT_VALUE},
    {"text", "notContains", RIGHT_VALUE},
    {"text", "startsWith", RIGHT_VALUE},
    {"text", "endsWith", RIGHT_VALUE},
    {"text", "oneOf", RIGHT_VALUES},
    {"text", "matches", RIGHT_PATTERN},
    {"text", "empty", RIGHT_NONE},
    {"text", "notEmpty", RIGHT_NONE},
    {"number", "equals", RIGHT_VALUE},
    {"number", "notEquals", RIGHT_VALUE},
    {"number", "less", RIGHT_VALUE},
    {"number", "lessOrEqual", RIGHT_VALUE},
    {"number", "greater", RIGHT_VALUE},
    {"number", "greaterOrEqual", RIGHT_VALUE},
    {"number", "between", RIGHT_RANGE},
    {"number", "empty", RIGHT_NONE},
    {"number", "notEmpty", RIGHT_NONE},
    {"date", "before", RIGHT_VALUE},
    {"date", "after", RIGHT_VALUE},
    {"date", "on", RIGHT_VALUE},
    {"date", "between", RIGHT_RANGE},
    {"date", "withinLast", RIGHT_PERIOD},
    {"date", "withinNext", RIGHT_PERIOD},
    {"date", "weekday", RIGHT_WEEKDAYS},
    {"date", "empty", RIGHT_NONE},
    {"date", "notEmpty", RIGHT_NONE},
    {"list", "containsAny", RIGHT_VALUES},
    {"list", "containsAll", RIGHT_VALUES},
    {"list", "containsNone", RIGHT_VALUES},
    {"list", "countEquals", RIGHT_VALUE},
    {"list", "countAtLeast", RIGHT_VALUE},
    {"list", "countAtMost", RIGHT_VALUE},
    {"list", "empty", RIGHT_NONE},
    {"list", "notEmpty", RIGHT_NONE},
    {"bool", "is", RIGHT_VALUE},
    {.type = NULL},
};

const char *condition_right_name(enum condition_right r)
{
    static const char *const names[] = {
        [RIGHT_NONE] = "none",       [RIGHT_VALUE] = "value",   [RIGHT_RANGE] = "range",
        [RIGHT_VALUES] = "values",   [RIGHT_PERIOD] = "period", [RIGHT_WEEKDAYS] = "weekdays",
        [RIGHT_PATTERN] = "pattern",
    };
    return names[r];
}

struct parser {
    struct arena *arena;
    struct flow_error *error;
};

static bool wrong(struct parser *p, enum flow_code code, const char *row, const char *part,
                  const char *subject, const char *message)
{
    const char *where = part ? arena_printf(p->arena, "%s.%s", row, part) : row;
    *p->error = (struct flow_error){
        .code = code,
        .message = message,
        .subject = flow_error_subject(p->arena, subject),
        .row = where ? where : row,
    };
    return false;
}

/* A fault that an expression or template reported, at that part of the row. */
static bool inside(struct parser *p, const char *row, const char *part)
{
    const char *where = arena_printf(p->arena, "%s.%s", row, part);
    p->error->row = where ? where : row;
    return false;
}

static bool no_memory(struct parser *p, const char *row)
{
    return wrong(p, FLOW_MEMORY, row, NULL, NULL, "the condition needs too much memory");
}

/* --- right sides ------------------------------------------------------------------------- */

/* A template: text, or a number, or true and false. */
static bool parse_value(struct parser *p, struct row *row, const json_t *j, const char *part,
                        struct flow_template **ret)
{
    char number[VALUE_NUMBER_SIZE];
    const char *text = json_string_value(j);
    if (json_is_number(j)) text = value_number_text(json_number_value(j), number);
    if (json_is_boolean(j)) text = json_is_true(j) ? "true" : "false";
    if (!text)
        return wrong(p, FLOW_BAD_CONDITION, row->where, part, part,
                     "a text or number is needed on the right");
    if (flow_template_parse(p->arena, text, ret, p->error)) return true;
    return inside(p, row->where, part);
}

static bool add_value(struct parser *p, struct row *row, const json_t *j, const char *part)
{
    return parse_value(p, row, j, part, &row->rights[row->right_count++]);
}

static bool room_for(struct parser *p, struct row *row, size_t count)
{
    if (count > CONDITION_VALUES_MAX)
        return wrong(p, FLOW_BAD_CONDITION, row->where, "right", "right", "too many values");
    row->rights = arena_array(p->arena, count, sizeof(struct flow_template *));
    return row->rights || no_memory(p, row->where);
}

static bool parse_range(struct parser *p, struct row *row, const json_t *j)
{
    if (json_array_size(j) != 2)
        return wrong(p, FLOW_BAD_CONDITION, row->where, "right", "right",
                     "two values are needed on the right: [from, to]");
    return room_for(p, row, 2) && add_value(p, row, json_array_get(j, 0), "right[0]") &&
           add_value(p, row, json_array_get(j, 1), "right[1]");
}

static bool parse_values(struct parser *p, struct row *row, const json_t *j)
{
    if (!json_is_array(j)) { /* one text, parted when it is evaluated */
        row->parted = true;
        return room_for(p, row, 1) && add_value(p, row, j, "right");
    }
    if (!room_for(p, row, json_array_size(j))) return false;
    for (size_t i = 0; i < json_array_size(j); i++)
        if (!add_value(p, row, json_array_get(j, i), "right")) return false;
    return true;
}

static bool parse_period(struct parser *p, struct row *row, const json_t *j)
{
    static const char *const units[] = {"minutes", "hours", "days", "weeks", "months"};
    const char *unit = json_get_text(j, "unit");
    for (size_t i = 0; unit && i < ARRAY_LEN(units); i++)
        if (strcmp(unit, units[i]) == 0) row->unit = units[i];
    if (!row->unit)
        return wrong(p, FLOW_UNKNOWN_UNIT, row->where, "right", unit,
                     "the unit is minutes, hours, days, weeks or months");
    return room_for(p, row, 1) && add_value(p, row, json_object_get(j, "n"), "right.n");
}

static bool parse_weekdays(struct parser *p, struct row *row, const json_t *j)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    bool ok = json_is_array(j);
    for (size_t i = 0; i < json_array_size(j); i++) {
        const json_t *day = json_array_get(j, i);
        json_int_t number = json_is_integer(day) ? json_integer_value(day) : 0;
        for (int k = 0; json_is_string(day) && k < 7; k++)
            if (strcmp(json_string_value(day), days[k]) == 0) number = k + 1;
        if (number < 1 || number > 7)
            ok = false;
        else
            row->weekdays |= 1u << (number % 7); /* Sunday is 0 in struct civil */
    }
    return ok || wrong(p, FLOW_BAD_CONDITION, row->where, "right", "right",
                       "weekdays are numbers from 1, Monday, to 7");
}

static bool parse_pattern(struct parser *p, struct row *row, const json_t *j)
{
    row->pattern = arena_strdup(p->arena, json_string_value(j));
    if (!row->pattern || !text_valid(row->pattern, strlen(row->pattern)))
        return wrong(p, FLOW_BAD_CONDITION, row->where, "right", "right",
                     "a regular expression is needed on the right");
    if (flow_regex_check(p->arena, row->pattern, p->error)) return true;
    return inside(p, row->where, "right");
}

static bool parse_right(struct parser *p, struct row *row, const json_t *j)
{
    switch (row->kind->right) {
    case RIGHT_VALUE: return room_for(p, row, 1) && add_value(p, row, j, "right");
    case RIGHT_RANGE: return parse_range(p, row, j);
    case RIGHT_VALUES: return parse_values(p, row, j);
    case RIGHT_PERIOD: return parse_period(p, row, j);
    case RIGHT_WEEKDAYS: return parse_weekdays(p, row, j);
    case RIGHT_PATTERN: return parse_pattern(p, row, j);
    default: return true;
    }
}

/* Constants of the wrong type are found now, not by a customer. */
static bool check_constants(struct parser *p, struct row *row)
{
    static const struct flow_env plain = {0}; /* no variables are asked for */
    for (size_t i = 0; i < row->right_count; i++) {
        const char *text = NULL;
        struct eval ev;
        struct value v;
        if (row->kind->right == RIGHT_VALUES || !flow_template_constant(row->rights[i], &text))
            continue;
        eval_begin(&ev, &plain, p->error);
        ev.language = LANGUAGE_PT; /* any: only whether it can be read */
        bool ok = condition_right(&ev, row, i, &v);
        if (!eval_done(&ev, p->arena, ok)) return inside(p, row->where, "right");
    }
    return true;
}

/* --- rows and groups ---------------------------------------------------------------------- */

static const struct condition_operator *find_operator(const char *type, const char *name,
                                                      bool *ret_type)
{
    *ret_type = false;
    for (const struct condition_operator *o = condition_operators; o->type; o++) {
        if (strcmp(o->type, type) != 0) continue;
        *ret_type = true;
        if (strcmp(o->name, name) == 0) return o;
    }
    return NULL;
}

/* {{ x }} is x. */
static const char *without_braces(struct arena *a, const char *text, size_t *ret_skipped)
{
    size_t len = strlen(text), from = strspn(text, " \t\n");
    *ret_skipped = 0;
    while (len > from && strchr(" \t\n", text[len - 1]))
        len--;
    if (len - from < 4 || memcmp(text + from, "{{", 2) != 0 || memcmp(text + len - 2, "}}", 2) != 0)
        return text;
    *ret_skipped = from + 2;
    return arena_strndup(a, text + from + 2, len - from - 4);
}

static bool parse_row(struct parser *p, const json_t *j, struct row *row)
{
    const char *type = json_get_text(j, "type"), *name = json_get_text(j, "op");
    const char *left = json_get_text(j, "left");
    size_t skipped = 0;
    bool type_known = false;
    if (!left || !*left)
        return wrong(p, FLOW_BAD_CONDITION, row->where, "left", "left", "what is asked is missing");
    row->kind = find_operator(type ? type : "", name ? name : "", &type_known);
    if (!type_known)
        return wrong(p, FLOW_BAD_CONDITION, row->where, "type", type,
                     "the type is text, number, date, list or bool");
    if (!row->kind)
        return wrong(p, FLOW_UNKNOWN_OPERATOR, row->where, "op", name,
                     "there is no such operator for this type");
    left = without_braces(p->arena, left, &skipped);
    if (!left) return no_memory(p, row->where);
    if (!expr_parse(p->arena, left, &row->left, p->error)) {
        p->error->at += skipped;
        return inside(p, row->where, "left");
    }
    row->exact = json_get_bool(j, "exact", false);
    return parse_right(p, row, json_object_get(j, "right")) && check_constants(p, row);
}

static bool parse_group(struct parser *p, const json_t *j, const char *where, int depth,
                        struct condition *c)
{
    const char *op = json_get_text(j, "op");
    const json_t *rows = json_object_get(j, "rows");
    size_t count = json_array_size(rows);
    if (!op) op = json_get_text(j, "mode");
    if (!json_is_object(j) || !op || (strcmp(op, "all") != 0 && strcmp(op, "any") != 0) ||
        (rows && !json_is_array(rows)))
        return wrong(p, FLOW_BAD_CONDITION, where, NULL, NULL,
                     "a condition is {\"op\": \"all\" or \"any\", \"rows\": [...]}");
    if (depth > CONDITION_DEPTH_MAX)
        return wrong(p, FLOW_TOO_DEEP, where, NULL, NULL, "groups up to three deep");
    if (count > CONDITION_ROWS_MAX)
        return wrong(p, FLOW_BAD_CONDITION, where, NULL, "rows", "too many rows");
    c->any = strcmp(op, "any") == 0;
    c->rows = arena_array(p->arena, count, sizeof(*c->rows));
    if (!c->rows) return no_memory(p, where);
    c->count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(rows, i);
        struct row *row = &c->rows[i];
        row->where = arena_printf(p->arena, "%s%srows[%zu]", where, *where ? "." : "", i);
        if (!row->where) return no_memory(p, where);
        if (!json_object_get(item, "rows")) {
            if (!parse_row(p, item, row)) return false;
            continue;
        }
        row->group = arena_alloc(p->arena, sizeof(*row->group));
        if (!row->group) return no_memory(p, where);
        if (!parse_group(p, item, row->where, depth + 1, row->group)) return false;
    }
    return true;
}

bool condition_parse(struct arena *a, const json_t *j, struct condition **ret_condition,
                     struct flow_error *ret_error)
{
    struct parser p = {.arena = a, .error = ret_error};
    struct condition *c = arena_alloc(a, sizeof(*c));
    *ret_error = (struct flow_error){0};
    if (!c) return no_memory(&p, "");
    if (j && !json_is_null(j) && !parse_group(&p, j, "", 1, c)) return false;
    *ret_condition = c;
    return true;
}

void condition_each_path(const struct condition *c, expr_path_fn *fn, void *arg)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct row *row = &c->rows[i];
        if (row->group) {
            condition_each_path(row->group, fn, arg);
            continue;
        }
        expr_each_path(row->left, fn, arg);
        for (size_t k = 0; k < row->right_count; k++)
            flow_template_each_path(row->rights[k], fn, arg);
    }
}
