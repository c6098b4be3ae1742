/* Opening hours as teams (and channels) keep them: {"mon": [["08:00","12:00"],["13:00","18:00"]],
 * …}, local time of the organization. A day that is absent is closed. */
#ifndef INTERFLOW_AUTH_HOURS_H
#define INTERFLOW_AUTH_HOURS_H

#include <jansson.h>
#include <stdbool.h>

#define HOURS_PER_DAY 6

/* Days mon…sun only; per day at most HOURS_PER_DAY spans in order that do not overlap; "HH:MM", the
 * end up to "24:00" and after the beginning. False: *ret_why says what is wrong (static). */
bool hours_valid(const json_t *hours, const char **ret_why);
/* Are these days on which nobody works: a list of at most HOLIDAYS_MAX of "YYYY-MM-DD", or "MM-DD" for
 * every year? */
#define HOLIDAYS_MAX 200
bool holidays_valid(const json_t *days, const char **ret_why);

#endif
