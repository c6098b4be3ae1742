/* Functions on dates. An instant is shown and counted in its zone (the environment's, unless
 * inZone() gave it another); a day has none. Days, weeks, months and years go by the calendar and
 * keep the wall clock over changes of summer time; hours and minutes go by the clock of the world. */
#include "flows/functions_impl.h"

#include <math.h>
#include <string.h>

#define COUNT_MAX 1e8 /* of units that one call adds */

enum unit {
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_YEAR,
    UNIT_COUNT
};

static const char *const unit_names[UNIT_COUNT] = {"second", "minute", "hour", "day",
                                                   "week",   "month",  "year"};

/* "days" and "day" are the same. */
static bool unit_of(struct eval *ev, const struct value *text, size_t at, enum unit *ret)
{
    for (int i = 0; i < UNIT_COUNT; i++) {
        size_t n = strlen(unit_names[i]);
        bool plural = text->text.len == n + 1 && text->text.s[n] == 's';
        if ((plural || text->text.len == n) && memcmp(text->text.s, unit_names[i], n) == 0) {
            *ret = (enum unit)i;
            return true;
        }
    }
    return eval_fail(ev, FLOW_UNKNOWN_UNIT, at, text->text.s,
                     "a unit is seconds, minutes, hours, days, weeks, months or years");
}

/* --- adding ---------------------------------------------------------------------------- */

/* months further on, the day no later than the month has. */
static void add_months(struct civil *c, int64_t months)
{
    int64_t total = (int64_t)c->year * 12 + c->month - 1 + months;
    int64_t year = total / 12;
    if (total < 12 || year > 9999) year = total < 12 ? 0 : 10000; /* refused by the caller */
    c->year = (int)year;
    c->month = (int)((total % 12 + 12) % 12) + 1;
    if (year >= 1 && c->day > month_days(c->year, c->month)) c->day = month_days(c->year, c->month);
}

static bool out_of_range(struct eval *ev, size_t at)
{
    return eval_fail(ev, FLOW_RANGE, at, NULL, "the year must be from 1 to 9999");
}

/* v, n units on. */
static bool shift(struct eval *ev, const struct value *v, enum unit unit, int64_t n, size_t at,
                  struct value *ret)
{
    static const int64_t lengths[] = {SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS};
    struct civil c;
    if (!eval_spend(ev, 2, at)) return false;
    if (unit <= UNIT_HOUR) {
        int64_t ms = 0;
        if (!eval_instant(ev, v, at, &ms)) return false;
        ms += n * lengths[unit];
        if (ms < UNIX_MS_MIN || ms > UNIX_MS_MAX) return out_of_range(ev, at);
        *ret = value_date(ms, v->date.zone);
        return true;
    }
    if (!eval_civil(ev, v, at, &c)) return false;
    if (unit <= UNIT_WEEK) {
        int64_t wall = ms_from_civil(&c) + n * lengths[unit];
        if (wall < UNIX_MS_MIN || wall > UNIX_MS_MAX) return out_of_range(ev, at);
        c = civil_from_ms(wall);
    } else {
        add_months(&c, unit == UNIT_YEAR ? 12 * n : n);
    }
    return eval_from_civil(ev, &c, v, at, ret);
}

static bool add(struct eval *ev, const struct call *call, enum unit unit, struct value *ret)
{
    double n = call->args[1].number;
    if (fabs(n) > COUNT_MAX)
        return eval_fail(ev, FLOW_RANGE, call->arg_at[1], NULL, "that is too far away");
    return shift(ev, &call->args[0], unit, (int64_t)n, call->at, ret);
}

bool fn_add_minutes(struct eval *ev, const struct call *call, struct value *ret)
{
    return add(ev, call, UNIT_MINUTE, ret);
}
bool fn_add_hours(struct eval *ev, const struct call *call, struct value *ret)
{
    return add(ev, call, UNIT_HOUR, ret);
}
bool fn_add_days(struct eval *ev, const struct call *call, struct value *ret)
{
    return add(ev, call, UNIT_DAY, ret);
}
bool fn_add_weeks(struct eval *ev, const struct call *call, struct value *ret)
{
    return add(ev, call, UNIT_WEEK, ret);
}
bool fn_add_months(struct eval *ev, const struct call *call, struct value *ret)
{
    return add(ev, call, UNIT_MONTH, ret);
}
bool fn_add_years(struct eval *ev, const struct call *call, struct value *ret)
{
    return add(ev, call, UNIT_YEAR, ret);
}

/* --- making and reading -------------------------------------------------------------------- */

bool fn_now(struct eval *ev, const struct call *call, struct value *ret)
{
    return eval_now(ev, call->at, ret);
}

/* The calendar of now in a zone; i: the argument that names it. */
static bool today_in(struct eval *ev, const struct call *call, size_t i, struct civil *ret)
{
    struct value now;
    if (!eval_now(ev, call->at, &now)) return false;
    if (call->count > i) {
        const struct flow_zone *zone;
        if (!eval_zone(ev, call->args[i].text.s, call->arg_at[i], &zone)) return false;
        now.date.zone = call->args[i].text.s;
    }
    return eval_civil(ev, &now, call->at, ret);
}

bool fn_today(struct eval *ev, const struct call *call, struct value *ret)
{
    struct civil c;
    if (!today_in(ev, call, 0, &c)) return false;
    *ret = value_day(&c);
    return true;
}

/* date(text) or date(year, month, day, hour, minute): a day, or an instant in the organization's
 * zone. */
bool fn_date(struct eval *ev, const struct call *call, struct value *ret)
{
    double n[5] = {0, 1, 1, 0, 0};
    if (call->count == 1 && call->args[0].type != VALUE_NUMBER)
        return eval_date(ev, &call->args[0], call->arg_at[0], ret);
    for (size_t i = 0; i < call->count; i++)
        if (!eval_number(ev, &call->args[i], call->arg_at[i], &n[i])) return false;
    bool ok = n[0] >= 1 && n[0] <= 9999 && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[3] >= 0 &&
              n[3] <= 23 && n[4] >= 0 && n[4] <= 59;
    for (size_t i = 0; i < 5; i++)
        ok = ok && n[i] == floor(n[i]);
    if (!ok || n[2] > month_days((int)n[0], (int)n[1]))
        return eval_fail(ev, FLOW_RANGE, call->at, NULL, "there is no such day or time");
    struct civil c = {.year = (int)n[0],
                      .month = (int)n[1],
                      .day = (int)n[2],
                      .hour = (int)n[3],
                      .minute = (int)n[4]};
    struct value like = value_date(0, NULL);
    like.day = call->count < 4;
    return eval_from_civil(ev, &c, &like, call->at, ret);
}

/* In any usual notation; empty when it is none. */
bool fn_parse_date(struct eval *ev, const struct call *call, struct value *ret)
{
    struct civil today = {.year = 1970, .month = 1, .day = 1}, c;
    struct value text, like = value_date(0, NULL);
    bool time = false;
    enum language language = call->count > 1 && call->args[1].text.len > 0
                                 ? locale_language(call->args[1].text.s)
                                 : ev->language;
    *ret = call->args[0];
    if (ret->type == VALUE_DATE) return true;
    if (!eval_text(ev, &call->args[0], call->arg_at[0], &text) || !eval_spend(ev, 20, call->at))
        return false;
    if (eval_date(ev, &text, call->at, ret)) return true; /* RFC 3339 */
    if (ev->error->code != FLOW_NOT_DATE) return false;
    *ev->error = (struct flow_error){0};
    *ret = value_empty();
    if (ev->env->now_ms && !today_in(ev, call, call->count, &today)) return false;
    if (!locale_parse_date(ev->arena, language, text.text.s, text.text.len, &today, &c, &time))
        return true;
    like.day = !time;
    return eval_from_civil(ev, &c, &like, call->at, ret);
}

/* The same instant, shown in another zone; a day begins at its midnight there. */
bool fn_in_zone(struct eval *ev, const struct call *call, struct value *ret)
{
    const struct flow_zone *zone;
    int64_t ms = 0;
    struct value v = call->args[0];
    if (!eval_zone(ev, call->args[1].text.s, call->arg_at[1], &zone)) return false;
    if (v.day) v.date.zone = call->args[1].text.s;
    if (!eval_instant(ev, &v, call->at, &ms)) return false;
    *ret = value_date(ms, call->args[1].text.s);
    return true;
}

/* --- parts ----------------------------------------------------------------------------- */

static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

bool fn_weekday(struct eval *ev, const struct call *call, struct value *ret)
{
    struct civil c;
    if (!eval_civil(ev, &call->args[0], call->at, &c)) return false;
    *ret = value_text(weekdays[c.weekday]);
    return true;
}

enum part { PART_YEAR, PART_MONTH, PART_DAY, PART_HOUR, PART_MINUTE };

static bool part(struct eval *ev, const struct call *call, enum part which, struct value *ret)
{
    struct civil c;
    if (!eval_civil(ev, &call->args[0], call->at, &c)) return false;
    const int parts[] = {[PART_YEAR] = c.year,
                         [PART_MONTH] = c.month,
                         [PART_DAY] = c.day,
                         [PART_HOUR] = c.hour,
                         [PART_MINUTE] = c.minute};
    *ret = value_number(parts[which]);
    return true;
}

bool fn_year(struct eval *ev, const struct call *call, struct value *ret)
{
    return part(ev, call, PART_YEAR, ret);
}
bool fn_month(struct eval *ev, const struct call *call, struct value *ret)
{
    return part(ev, call, PART_MONTH, ret);
}
bool fn_day(struct eval *ev, const struct call *call, struct value *ret)
{
    return part(ev, call, PART_DAY, ret);
}
bool fn_hour(struct eval *ev, const struct call *call, struct value *ret)
{
    return part(ev, call, PART_HOUR, ret);
}
bool fn_minute(struct eval *ev, const struct call *call, struct value *ret)
{
    return part(ev, call, PART_MINUTE, ret);
}

static void civil_start(struct civil *c, enum unit unit)
{
    c->ms = 0;
    c->second = 0;
    if (unit >= UNIT_HOUR) c->minute = 0;
    if (unit >= UNIT_DAY) c->hour = 0;
    if (unit == UNIT_WEEK) { /* Monday */
        int64_t day = ms_from_civil(c) - (c->weekday + 6) % 7 * DAY_MS;
        *c = civil_from_ms(day);
    }
    if (unit >= UNIT_MONTH) c->day = 1;
    if (unit == UNIT_YEAR) c->month = 1;
}

bool fn_start_of(struct eval *ev, const struct call *call, struct value *ret)
{
    enum unit unit;
    struct civil c;
    if (!unit_of(ev, &call->args[1], call->arg_at[1], &unit)) return false;
    if (!eval_civil(ev, &call->args[0], call->at, &c)) return false;
    civil_start(&c, unit);
    return eval_from_civil(ev, &c, &call->args[0], call->at, ret);
}

/* The last day, or the last millisecond, before the next one begins. */
bool fn_end_of(struct eval *ev, const struct call *call, struct value *ret)
{
    enum unit unit;
    struct value start, next;
    if (!unit_of(ev, &call->args[1], call->arg_at[1], &unit)) return false;
    if (call->args[0].day && unit <= UNIT_DAY) {
        *ret = call->args[0];
        return true;
    }
    if (!fn_start_of(ev, call, &start)) return false;
    if (!shift(ev, &start, unit, 1, call->at, &next)) return false;
    *ret = next;
    ret->date.unix_ms -= next.day ? DAY_MS : 1;
    return true;
}

/* --- between --------------------------------------------------------------------------- */

/* How many whole units fit between a and b, b later; calendar units by trying. */
static bool whole_units(struct eval *ev, const struct value *a, const struct value *b,
                        enum unit unit, size_t at, int64_t *ret)
{
    struct civil x, y;
    struct value v;
    int64_t from = 0, to = 0, then = 0;
    if (!eval_instant(ev, a, at, &from) || !eval_instant(ev, b, at, &to)) return false;
    if (unit <= UNIT_HOUR) {
        static const int64_t lengths[] = {SECOND_MS, MINUTE_MS, HOUR_MS};
        *ret = (to - from) / lengths[unit];
        return true;
    }
    struct value same = *b; /* b's calendar in a's zone */
    if (!b->day) same.date.zone = a->date.zone;
    if (!eval_civil(ev, a, at, &x) || !eval_civil(ev, &same, at, &y)) return false;
    int64_t n = ((int64_t)y.year - x.year) * 12 + y.month - x.month;
    if (unit == UNIT_YEAR) n = n / 12;
    if (unit <= UNIT_WEEK) {
        n = (ms_from_civil(&y) - ms_from_civil(&x)) / (unit == UNIT_DAY ? DAY_MS : 7 * DAY_MS);
    }
    /* The guess may be one too many; over a change of clocks, one too few. */
    for (n = n + 1; n > 0; n--) {
        if (!eval_spend(ev, 2, at)) return false;
        if (!shift(ev, a, unit, n, at, &v) || !eval_instant(ev, &v, at, &then)) {
            if (ev->error->code != FLOW_RANGE) return false;
            *ev->error = (struct flow_error){0};
            continue;
        }
        if (then <= to) break;
    }
    *ret = n > 0 ? n : 0;
    return true;
}

/* From the first to the second: whole units, below 0 when the second is earlier. */
bool fn_diff(struct eval *ev, const struct call *call, struct value *ret)
{
    enum unit unit = UNIT_DAY;
    const struct value *a = &call->args[0], *b = &call->args[1];
    int64_t from = 0, to = 0, n = 0;
    if (call->count > 2 && !unit_of(ev, &call->args[2], call->arg_at[2], &unit)) return false;
    if (!eval_instant(ev, a, call->at, &from) || !eval_instant(ev, b, call->at, &to)) return false;
    bool back = to < from;
    if (!whole_units(ev, back ? b : a, back ? a : b, unit, call->at, &n)) return false;
    *ret = value_number((double)(back ? -n : n));
    return true;
}

/* --- as text --------------------------------------------------------------------------- */

static bool format_as(struct eval *ev, const struct call *call, const struct value *v,
                      const char *pattern, enum language language, size_t at, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    struct civil c;
    int64_t offset = 0;
    const struct flow_zone *zone;
    if (!eval_spend(ev, 5 + strlen(pattern) / 8, at) || !eval_civil(ev, v, at, &c)) return false;
    if (!v->day) {
        if (!eval_zone(ev, v->date.zone, at, &zone)) return false;
        offset = flow_zone_offset_ms(zone, v->date.unix_ms);
    }
    if (!locale_date(&b, language, pattern, strlen(pattern), &c, offset, v->day))
        return eval_fail(
            ev, FLOW_RANGE, at, pattern,
            "a date's pattern has yyyy, MM, dd, HH, mm, ss, MMMM, EEEE, a; other words "
            "stand in 'quotes'");
    return eval_take_buf(ev, &b, call->at, ret);
}

bool fn_format(struct eval *ev, const struct call *call, struct value *ret)
{
    const char *pattern = call->count > 1 ? call->args[1].text.s : "short";
    enum language language = call->count > 2 && call->args[2].text.len > 0
                                 ? locale_language(call->args[2].text.s)
                                 : ev->language;
    size_t at = call->arg_at[call->count > 1 ? 1 : 0];
    return format_as(ev, call, &call->args[0], pattern, language, at, ret);
}

/* Dates and texts that are dates; others stay as they are. */
static bool format_with(struct eval *ev, const struct call *call, const char *usual,
                        struct value *ret)
{
    struct value date = call->args[0];
    const char *pattern = call->count > 1 ? call->args[1].text.s : usual;
    if (date.type == VALUE_TEXT && !eval_date(ev, &call->args[0], call->at, &date)) {
        if (ev->error->code != FLOW_NOT_DATE) return false;
        *ev->error = (struct flow_error){0};
        date = call->args[0];
    }
    if (date.type != VALUE_DATE) return eval_show(ev, &call->args[0], call->at, ret);
    return format_as(ev, call, &date, pattern, ev->language, call->arg_at[call->count > 1 ? 1 : 0],
                     ret);
}

bool format_date(struct eval *ev, const struct call *call, struct value *ret)
{
    return format_with(ev, call, "date", ret);
}

bool format_time(struct eval *ev, const struct call *call, struct value *ret)
{
    return format_with(ev, call, "time", ret);
}
