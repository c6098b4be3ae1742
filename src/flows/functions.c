/* The table of functions and formatters: parser, evaluation, the editor's completion, the API's list
 * and the docs all come from these rows. To add one: its code in functions_*.c, a row here, its help
 * in functions_help.c, an example in docs/EXPRESSIONS.md. */
#include "flows/functions.h"

#include <string.h>

#include "flows/condition.h"
#include "flows/functions_impl.h"

#define A(n, t)                                                                                    \
    {                                                                                              \
        .name = n, .type = t                                                                       \
    }
#define OPT(n, t)                                                                                  \
    {                                                                                              \
        .name = n, .type = t, .optional = true                                                     \
    }
#define MANY(n, t)                                                                                 \
    {                                                                                              \
        .name = n, .type = t, .rest = true                                                         \
    }

const struct function_row flow_functions[] = {
    /* text */
    {"upper", "text", "text", fn_upper, {A("text", ARG_TEXT)}},
    {"lower", "text", "text", fn_lower, {A("text", ARG_TEXT)}},
    {"title", "text", "text", fn_title, {A("text", ARG_TEXT)}},
    {"trim", "text", "text", fn_trim, {A("text", ARG_TEXT)}},
    {"fold", "text", "text", fn_fold, {A("text", ARG_TEXT)}},
    {"firstName", "text", "text", fn_first_name, {A("text", ARG_TEXT)}},
    {"digits", "text", "text", fn_digits, {A("text", ARG_TEXT)}},
    {"length", "text", "number", fn_length, {A("value", ARG_ANY)}},
    {"contains",
     "text",
     "bool",
     fn_contains,
     {A("value", ARG_ANY), A("part", ARG_ANY), OPT("exact", ARG_BOOL)}},
    {"startsWith",
     "text",
     "bool",
     fn_starts_with,
     {A("text", ARG_TEXT), A("part", ARG_TEXT), OPT("exact", ARG_BOOL)}},
    {"endsWith",
     "text",
     "bool",
     fn_ends_with,
     {A("text", ARG_TEXT), A("part", ARG_TEXT), OPT("exact", ARG_BOOL)}},
    {"matches",
     "text",
     "bool",
     fn_matches,
     {A("text", ARG_TEXT), A("pattern", ARG_PATTERN), OPT("exact", ARG_BOOL)}},
    {"extract",
     "text",
     "text",
     fn_extract,
     {A("text", ARG_TEXT), A("pattern", ARG_PATTERN), OPT("group", ARG_WHOLE)}},
    {"replace",
     "text",
     "text",
     fn_replace,
     {A("text", ARG_TEXT), A("what", ARG_TEXT), A("by", ARG_TEXT)}},
    {"split", "text", "list", fn_split, {A("text", ARG_TEXT), A("separator", ARG_TEXT)}},
    {"join", "text", "text", fn_join, {A("list", ARG_LIST), OPT("separator", ARG_TEXT)}},
    {"slice",
     "text",
     "any",
     fn_slice,
     {A("value", ARG_ANY), A("from", ARG_WHOLE), OPT("to", ARG_WHOLE)}},
    {"first", "text", "any", fn_first, {A("value", ARG_ANY), OPT("count", ARG_WHOLE)}},
    {"last", "text", "any", fn_last, {A("value", ARG_ANY), OPT("count", ARG_WHOLE)}},
    {"pad",
     "text",
     "text",
     fn_pad,
     {A("text", ARG_TEXT), A("length", ARG_WHOLE), OPT("fill", ARG_TEXT), OPT("side", ARG_TEXT)}},
    {"truncate", "text", "text", fn_truncate, {A("text", ARG_TEXT), A("length", ARG_WHOLE)}},
    {"phone", "text", "text", fn_phone, {A("text", ARG_TEXT)}},
    /* numbers */
    {"round", "number", "number", fn_round, {A("number", ARG_NUMBER), OPT("decimals", ARG_WHOLE)}},
    {"floor", "number", "number", fn_floor, {A("number", ARG_NUMBER)}},
    {"ceil", "number", "number", fn_ceil, {A("number", ARG_NUMBER)}},
    {"abs", "number", "number", fn_abs, {A("number", ARG_NUMBER)}},
    {"min", "number", "number", fn_min, {MANY("numbers", ARG_ANY)}},
    {"max", "number", "number", fn_max, {MANY("numbers", ARG_ANY)}},
    {"sum", "number", "number", fn_sum, {MANY("numbers", ARG_ANY)}},
    {"average", "number", "number", fn_average, {MANY("numbers", ARG_ANY)}},
    {"parseNumber",
     "number",
     "number",
     fn_parse_number,
     {A("text", ARG_ANY), OPT("language", ARG_TEXT)}},
    {"formatNumber",
     "number",
     "text",
     fn_format_number,
     {A("number", ARG_NUMBER), OPT("decimals", ARG_WHOLE), OPT("language", ARG_TEXT)}},
    {"money",
     "number",
     "text",
     fn_money,
     {A("minor", ARG_NUMBER), OPT("currency", ARG_TEXT), OPT("language", ARG_TEXT)}},
    {"random", "number", "number", fn_random, {OPT("from", ARG_WHOLE), OPT("to", ARG_WHOLE)}},
    /* dates */
    {"now", "date", "date", fn_now, {{0}}},
    {"today", "date", "date", fn_today, {OPT("zone", ARG_TEXT)}},
    {"date",
     "date",
     "date",
     fn_date,
     {A("textOrYear", ARG_ANY), OPT("month", ARG_WHOLE), OPT("day", ARG_WHOLE),
      OPT("hour", ARG_WHOLE), OPT("minute", ARG_WHOLE)}},
    {"parseDate", "date", "date", fn_parse_date, {A("text", ARG_ANY), OPT("language", ARG_TEXT)}},
    {"format",
     "date",
     "text",
     fn_format,
     {A("date", ARG_DATE), OPT("pattern", ARG_TEXT), OPT("language", ARG_TEXT)}},
    {"addMinutes", "date", "date", fn_add_minutes, {A("date", ARG_DATE), A("count", ARG_WHOLE)}},
    {"addHours", "date", "date", fn_add_hours, {A("date", ARG_DATE), A("count", ARG_WHOLE)}},
    {"addDays", "date", "date", fn_add_days, {A("date", ARG_DATE), A("count", ARG_WHOLE)}},
    {"addWeeks", "date", "date", fn_add_weeks, {A("date", ARG_DATE), A("count", ARG_WHOLE)}},
    {"addMonths", "date", "date", fn_add_months, {A("date", ARG_DATE), A("count", ARG_WHOLE)}},
    {"addYears", "date", "date", fn_add_years, {A("date", ARG_DATE), A("count", ARG_WHOLE)}},
    {"diff",
     "date",
     "number",
     fn_diff,
     {A("from", ARG_DATE), A("to", ARG_DATE), OPT("unit", ARG_TEXT)}},
    {"startOf", "date", "date", fn_start_of, {A("date", ARG_DATE), A("unit", ARG_TEXT)}},
    {"endOf", "date", "date", fn_end_of, {A("date", ARG_DATE), A("unit", ARG_TEXT)}},
    {"inZone", "date", "date", fn_in_zone, {A("date", ARG_DATE), A("zone", ARG_TEXT)}},
    {"weekday", "date", "text", fn_weekday, {A("date", ARG_DATE)}},
    {"year", "date", "number", fn_year, {A("date", ARG_DATE)}},
    {"month", "date", "number", fn_month, {A("date", ARG_DATE)}},
    {"day", "date", "number", fn_day, {A("date", ARG_DATE)}},
    {"hour", "date", "number", fn_hour, {A("date", ARG_DATE)}},
    {"minute", "date", "number", fn_minute, {A("date", ARG_DATE)}},
    /* lists and objects */
    {"map", "list", "list", fn_map, {A("list", ARG_LIST), A("expression", ARG_EACH)}},
    {"filter", "list", "list", fn_filter, {A("list", ARG_LIST), A("expression", ARG_EACH)}},
    {"sort", "list", "list", fn_sort, {A("list", ARG_LIST), OPT("expression", ARG_EACH)}},
    {"reverse", "list", "list", fn_reverse, {A("list", ARG_LIST)}},
    {"unique", "list", "list", fn_unique, {A("list", ARG_LIST), OPT("expression", ARG_EACH)}},
    {"count", "list", "number", fn_count, {A("list", ARG_LIST), OPT("expression", ARG_EACH)}},
    {"any", "list", "bool", fn_any, {A("list", ARG_LIST), OPT("expression", ARG_EACH)}},
    {"all", "list", "bool", fn_all, {A("list", ARG_LIST), OPT("expression", ARG_EACH)}},
    {"keys", "list", "list", fn_keys, {A("object", ARG_OBJECT)}},
    {"values", "list", "list", fn_values, {A("object", ARG_OBJECT)}},
    {"get",
     "list",
     "any",
     fn_get,
     {A("value", ARG_ANY), A("path", ARG_TEXT), OPT("otherwise", ARG_ANY)}},
    /* other notations */
    {"json", "other", "any", fn_json, {A("text", ARG_TEXT)}},
    {"toJson", "other", "text", fn_to_json, {A("value", ARG_ANY)}},
    {"urlEncode", "other", "text", fn_url_encode, {A("text", ARG_TEXT)}},
    {"base64", "other", "text", fn_base64, {A("text", ARG_TEXT)}},
    {"fromBase64", "other", "text", fn_from_base64, {A("text", ARG_TEXT)}},
    {"type", "other", "text", fn_type, {A("value", ARG_ANY)}},
    {.name = NULL},
};

/* {{ value | name:argument:… }}. The first argument is the value; an empty one passes all but
 * default and json as nothing. */
const struct function_row flow_formatters[] = {
    {"default", "text", "any", format_default, {A("value", ARG_ANY), A("text", ARG_TEXT)}},
    {"upper", "text", "text", fn_upper, {A("value", ARG_TEXT)}},
    {"lower", "text", "text", fn_lower, {A("value", ARG_TEXT)}},
    {"title", "text", "text", fn_title, {A("value", ARG_TEXT)}},
    {"trim", "text", "text", fn_trim, {A("value", ARG_TEXT)}},
    {"firstName", "text", "text", fn_first_name, {A("value", ARG_TEXT)}},
    {"truncate", "text", "text", fn_truncate, {A("value", ARG_TEXT), A("length", ARG_WHOLE)}},
    {"digits", "text", "text", fn_digits, {A("value", ARG_TEXT)}},
    {"phone", "text", "text", fn_phone, {A("value", ARG_TEXT)}},
    {"date", "date", "text", format_date, {A("value", ARG_ANY), OPT("pattern", ARG_TEXT)}},
    {"time", "date", "text", format_time, {A("value", ARG_ANY), OPT("pattern", ARG_TEXT)}},
    {"number", "number", "text", format_number, {A("value", ARG_ANY), OPT("decimals", ARG_WHOLE)}},
    {"money", "number", "text", format_money, {A("value", ARG_ANY), OPT("currency", ARG_TEXT)}},
    {"join", "list", "text", fn_join, {A("value", ARG_LIST), OPT("separator", ARG_TEXT)}},
    {"urlEncode", "other", "text", fn_url_encode, {A("value", ARG_TEXT)}},
    {"json", "other", "text", format_json, {A("value", ARG_ANY)}},
    {.name = NULL},
};

bool format_default(struct eval *ev, const struct call *call, struct value *ret)
{
    (void)ev;
    *ret = call->args[value_is_blank(&call->args[0]) ? 1 : 0];
    return true;
}

bool format_json(struct eval *ev, const struct call *call, struct value *ret)
{
    return fn_to_json(ev, call, ret);
}

static const struct function_row *find(const struct function_row *rows, const char *name,
                                       size_t len)
{
    for (; rows->name; rows++)
        if (strlen(rows->name) == len && memcmp(rows->name, name, len) == 0) return rows;
    return NULL;
}

const struct function_row *function_find(const char *name, size_t len)
{
    return find(flow_functions, name, len);
}

const struct function_row *formatter_find(const char *name, size_t len)
{
    return find(flow_formatters, name, len);
}

void function_arity(const struct function_row *row, size_t *ret_least, size_t *ret_most)
{
    *ret_least = *ret_most = 0;
    for (size_t i = 0; i < FUNCTION_ARGS && row->args[i].type != ARG_NONE; i++) {
        ++*ret_most;
        if (!row->args[i].optional) ++*ret_least;
        if (row->args[i].rest) *ret_most = CALL_ARGS_MAX;
    }
}

const struct arg *function_arg(const struct function_row *row, size_t i)
{
    for (size_t k = 0; k < FUNCTION_ARGS && row->args[k].type != ARG_NONE; k++)
        if (k == i || row->args[k].rest) return &row->args[k];
    return NULL;
}

/* --- for those who show them --------------------------------------------------------------- */

/* "text, part, exact?" */
static void add_args(struct buf *b, const struct function_row *row, size_t from)
{
    CLEANUP(buf_free) struct buf words = BUF_INIT(4 * KIB);
    for (size_t i = from; i < FUNCTION_ARGS && row->args[i].type != ARG_NONE; i++)
        buf_addf(&words, "%s%s%s", i > from ? ", " : "", row->args[i].name,
                 row->args[i].rest       ? "…"
                 : row->args[i].optional ? "?"
                                         : "");
    buf_add_json(b, buf_str(&words));
}

static const struct function_help *help_of(const struct function_help *help, const char *name)
{
    for (; help->name; help++)
        if (strcmp(help->name, name) == 0) return help;
    return NULL;
}

static void add_rows(struct buf *b, const struct function_row *rows,
                     const struct function_help *help, size_t from)
{
    for (const struct function_row *row = rows; row->name; row++) {
        const struct function_help *h = help_of(help, row->name);
        buf_addf(b, "%s{\"name\":\"%s\",\"category\":\"%s\",\"args\":", row == rows ? "" : ",",
                 row->name, row->category);
        add_args(b, row, from);
        buf_addf(b, ",\"returns\":\"%s\",\"help\":{\"pt\":", row->returns);
        buf_add_json(b, h ? h->pt : "");
        buf_adds(b, ",\"es\":");
        buf_add_json(b, h ? h->es : "");
        buf_adds(b, ",\"en\":");
        buf_add_json(b, h ? h->en : "");
        buf_adds(b, "},\"example\":");
        buf_add_json(b, h ? h->example : "");
        buf_addc(b, '}');
    }
}

void flow_functions_json(struct buf *b)
{
    buf_adds(b, "\"functions\":[");
    add_rows(b, flow_functions, flow_function_help, 0);
    buf_adds(b, "],\"formatters\":[");
    add_rows(b, flow_formatters, flow_formatter_help, 1);
    buf_adds(b, "],\"operators\":[");
    for (const struct condition_operator *o = condition_operators; o->type; o++)
        buf_addf(b, "%s{\"type\":\"%s\",\"op\":\"%s\",\"right\":\"%s\"}",
                 o == condition_operators ? "" : ",", o->type, o->name,
                 condition_right_name(o->right));
    buf_adds(b, "],\"errors\":[");
    for (int i = 1; i < FLOW_CODE_COUNT; i++)
        buf_addf(b, "%s\"%s\"", i == 1 ? "" : ",", flow_code_name((enum flow_code)i));
    buf_addc(b, ']');
}
