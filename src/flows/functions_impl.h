/* Private to functions*.c: the code behind the rows of functions.c. Each takes its arguments already
 * converted by the row's types (docs/EXPRESSIONS.md says what each does). */
#ifndef INTERFLOW_FLOWS_FUNCTIONS_IMPL_H
#define INTERFLOW_FLOWS_FUNCTIONS_IMPL_H

#include "flows/expr_impl.h"

/* text */
function_fn fn_upper, fn_lower, fn_title, fn_trim, fn_fold, fn_length, fn_contains, fn_starts_with,
    fn_ends_with, fn_matches, fn_extract, fn_replace, fn_split, fn_join, fn_slice, fn_first,
    fn_last, fn_first_name, fn_pad, fn_truncate, fn_digits, fn_phone, fn_type;
/* other notations */
function_fn fn_url_encode, fn_base64, fn_from_base64, fn_json, fn_to_json;
/* numbers */
function_fn fn_round, fn_floor, fn_ceil, fn_abs, fn_min, fn_max, fn_sum, fn_average,
    fn_parse_number, fn_format_number, fn_money, fn_random;
/* dates */
function_fn fn_now, fn_today, fn_date, fn_parse_date, fn_add_minutes, fn_add_hours, fn_add_days,
    fn_add_weeks, fn_add_months, fn_add_years, fn_diff, fn_format, fn_weekday, fn_start_of,
    fn_end_of, fn_in_zone, fn_year, fn_month, fn_day, fn_hour, fn_minute;
/* lists and objects */
function_fn fn_map, fn_filter, fn_sort, fn_unique, fn_count, fn_any, fn_all, fn_reverse, fn_keys,
    fn_values, fn_get;
/* formatters that are no functions */
function_fn format_default, format_date, format_time, format_money, format_number, format_json;

#endif
