/* Time as clock.h says. The calendar is the proleptic Gregorian one, computed here: the C library's
 * broken-down time brings zones, locales and static buffers, none of which is wanted. Years 1 to
 * 9999, as PostgreSQL and RFC 3339 both take them. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t read_clock(clockid_t id, int64_t per_second, int64_t ns_per_unit)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * per_second + (int64_t)t.tv_nsec / ns_per_unit;
}

int64_t clock_mono_ms(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000, 1000000);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000, 1000);
}

int64_t clock_unix_ms(void)
{
    return read_clock(CLOCK_REALTIME, 1000, 1000000);
}

static bool leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int month_days(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap_year(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01. Years are counted from March, so that the leap day comes last; 400 years
 * have 146097 days. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t clamp(int64_t unix_ms)
{
    if (unix_ms < UNIX_MS_MIN) return UNIX_MS_MIN;
    return unix_ms > UNIX_MS_MAX ? UNIX_MS_MAX : unix_ms;
}

struct civil civil_from_ms(int64_t unix_ms)
{
    unix_ms = clamp(unix_ms);
    int64_t ms_of_day = unix_ms % DAY_MS;
    if (ms_of_day < 0) ms_of_day += DAY_MS;
    int64_t days = (unix_ms - ms_of_day) / DAY_MS;

    int64_t z = days + 719468; /* from 0000-03-01 */
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int64_t weekday = (days + 4) % 7;
    return (struct civil){
        .year = (int)(yoe + era * 400 + (month <= 2 ? 1 : 0)),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(ms_of_day / HOUR_MS),
        .minute = (int)(ms_of_day % HOUR_MS / MINUTE_MS),
        .second = (int)(ms_of_day % MINUTE_MS / SECOND_MS),
        .ms = (int)(ms_of_day % SECOND_MS),
        .weekday = (int)(weekday < 0 ? weekday + 7 : weekday),
    };
}

int64_t ms_from_civil(const struct civil *c)
{
    return days_from_date(c->year, c->month, c->day) * DAY_MS + c->hour * HOUR_MS +
           c->minute * MINUTE_MS + c->second * SECOND_MS + c->ms;
}

const char *time_text(int64_t unix_ms, char out[TIME_TEXT_SIZE])
{
    struct civil c = civil_from_ms(unix_ms);
    (void)snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year % 10000,
                   c.month, c.day, c.hour, c.minute, c.second, c.ms);
    return out;
}

const char *time_http(int64_t unix_ms, char out[TIME_TEXT_SIZE])
{
    struct civil c = civil_from_ms(unix_ms);
    (void)snprintf(out, TIME_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[c.weekday],
                   c.day, months[c.month - 1], c.year % 10000, c.hour, c.minute, c.second);
    return out;
}

/* Exactly `count` digits at *s, moved past. */
static bool take_digits(const char **s, int count, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*s)[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    *s += count;
    *ret_value = value;
    return true;
}

static bool take_char(const char **s, char c)
{
    if (**s != c) return false;
    (*s)++;
    return true;
}

static bool date_ok(const struct civil *c)
{
    return c->year >= 1 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= month_days(c->year, c->month);
}

static bool take_date(const char **s, struct civil *c)
{
    return take_digits(s, 4, &c->year) && take_char(s, '-') && take_digits(s, 2, &c->month) &&
           take_char(s, '-') && take_digits(s, 2, &c->day) && date_ok(c);
}

/* hh:mm:ss; second 60 is let through, the caller judges it. */
static bool take_time(const char **s, struct civil *c)
{
    return take_digits(s, 2, &c->hour) && take_char(s, ':') && take_digits(s, 2, &c->minute) &&
           take_char(s, ':') && take_digits(s, 2, &c->second) && c->hour <= 23 && c->minute <= 59 &&
           c->second <= 60;
}

/* ".123456": what is finer than a millisecond is cut off. */
static bool take_fraction(const char **s, struct civil *c)
{
    if (!take_char(s, '.')) return true;
    int digits = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++, digits++)
        if (digits < 3) c->ms = c->ms * 10 + (**s - '0');
    for (int i = digits; i < 3; i++)
        c->ms *= 10;
    return digits > 0;
}

static bool take_zone(const char **s, int64_t *ret_offset_ms)
{
    *ret_offset_ms = 0;
    if (take_char(s, 'Z') || take_char(s, 'z')) return true;
    int64_t sign = **s == '-' ? -1 : 1;
    int hours = 0, minutes = 0;
    if (!take_char(s, '+') && !take_char(s, '-')) return false;
    if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59) return false;
    *ret_offset_ms = sign * (hours * HOUR_MS + minutes * MINUTE_MS);
    return true;
}

bool time_parse(const char *s, int64_t *ret_unix_ms)
{
    struct civil c = {0};
    int64_t offset = 0;
    if (!s || !take_date(&s, &c)) return false;
    if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' ')) return false;
    if (!take_time(&s, &c) || !take_fraction(&s, &c) || !take_zone(&s, &offset) || *s) return false;
    int64_t ms = ms_from_civil(&c) - offset;
    /* A leap second, only where there can be one: it counts as the second after. */
    if (c.second == 60 && (ms - c.ms) % DAY_MS != 0) return false;
    if (ms < UNIX_MS_MIN || ms > UNIX_MS_MAX) return false;
    *ret_unix_ms = ms;
    return true;
}

bool date_valid(const char *s)
{
    struct civil c = {0};
    return s && take_date(&s, &c) && *s == '\0';
}

static int name_index(const char *s, const char (*names)[4], int count)
{
    for (int i = 0; i < count; i++)
        if (strncmp(s, names[i], 3) == 0) return i;
    return -1;
}

bool time_http_parse(const char *s, int64_t *ret_unix_ms)
{
    struct civil c = {0};
    if (!s || name_index(s, weekdays, 7) < 0) return false;
    s += 3;
    if (!take_char(&s, ',') || !take_char(&s, ' ') || !take_digits(&s, 2, &c.day)) return false;
    if (!take_char(&s, ' ')) return false;
    c.month = name_index(s, months, 12) + 1;
    if (c.month == 0) return false;
    s += 3;
    if (!take_char(&s, ' ') || !take_digits(&s, 4, &c.year) || !take_char(&s, ' ')) return false;
    if (!take_time(&s, &c) || strcmp(s, " GMT") != 0 || !date_ok(&c)) return false;
    *ret_unix_ms = ms_from_civil(&c);
    return true;
}
