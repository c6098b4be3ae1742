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
/* HTTP dates (RFC 9110, IMF-fixdate). */
const char *time_http(int64_t unix_ms, char out[TIME_TEXT_SIZE]);
bool time_http_parse(const char *s, int64_t *ret_unix_ms);

#endif
