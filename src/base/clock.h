/* Time. Monotonic milliseconds for timers and deadlines, Unix milliseconds for the calendar; texts
 * are RFC 3339 in UTC. Zones and calendars of organizations are PostgreSQL's business. */
#ifndef INTERFLOW_BASE_CLOCK_H
#define INTERFLOW_BASE_CLOCK_H

#include <stdbool.h>

#include "base/util.h"

#define CLOCK_NEVER    INT64_MAX
#define TIME_TEXT_SIZE 32

int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_unix_ms(void);

/* "2026-11-19T13:42:05.123Z" into out; returns out. */
const char *time_text(int64_t unix_ms, char out[TIME_TEXT_SIZE]);
/* RFC 3339 date-time with a zone (Z or ±hh:mm), fraction optional. False when it is not one (31
 * February included). */
bool time_parse(const char *s, int64_t *ret_unix_ms);
/* "YYYY-MM-DD", checked against the calendar. */
bool date_valid(const char *s);

/* A wall clock and calendar, of UTC or of wherever the caller says. */
struct civil {
    int year;
    int month; /* 1-12 */
    int day;   /* 1-31 */
    int hour, minute, second, ms;
    int weekday; /* 0 = Sunday; not looked at when read */
};

/* Years 1 to 9999, as PostgreSQL and RFC 3339 both take them. */
#define UNIX_MS_MIN INT64_C(-62135596800000)
#define UNIX_MS_MAX INT64_C(253402300799999)

/* The clock of UTC at that instant; beyond UNIX_MS_MIN and UNIX_MS_MAX these. */
struct civil civil_from_ms(int64_t unix_ms);
/* The inverse. Fields must be within their ranges. */
int64_t ms_from_civil(const struct civil *c);
/* 28 to 31; month 1-12. */
int month_days(int year, int month);

/* HTTP dates (RFC 9110, IMF-fixdate). */
const char *time_http(int64_t unix_ms, char out[TIME_TEXT_SIZE]);
bool time_http_parse(const char *s, int64_t *ret_unix_ms);

#endif
