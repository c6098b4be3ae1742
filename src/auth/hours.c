/* Checking opening hours (hours.h): what is refused here would let a team be open for ever, or
 * never, without anybody seeing why. Pure; the words name the rule that was broken. */
#include "auth/hours.h"

#include <string.h>

#include "base/util.h"

/* Minutes of "HH:MM", -1 when it is not one. "24:00" is the end of the day. */
static int minutes(const json_t *j)
{
    const char *s = json_string_value(j);
    if (!s || strlen(s) != 5 || s[2] != ':') return -1;
    for (int i = 0; i < 5; i++)
        if (i != 2 && (s[i] < '0' || s[i] > '9')) return -1;
    int hour = (s[0] - '0') * 10 + s[1] - '0';
    int minute = (s[3] - '0') * 10 + s[4] - '0';
    if (minute > 59 || hour > 24 || (hour == 24 && minute > 0)) return -1;
    return hour * 60 + minute;
}

static const char *day_wrong(const json_t *spans)
{
    int last = 0;
    if (!json_is_array(spans)) return "A day is a list of [from, to]";
    if (json_array_size(spans) > HOURS_PER_DAY) return "At most 6 spans a day";
    for (size_t i = 0; i < json_array_size(spans); i++) {
        const json_t *span = json_array_get(spans, i);
        if (!json_is_array(span) || json_array_size(span) != 2) return "A span is [from, to]";
        int from = minutes(json_array_get(span, 0));
        int to = minutes(json_array_get(span, 1));
        if (from < 0 || to < 0) return "A time is HH:MM";
        if (from >= to) return "A span must end after it begins";
        if (i > 0 && from < last) return "Spans must be in order and must not overlap";
        last = to;
    }
    return NULL;
}

bool hours_valid(const json_t *hours, const char **ret_why)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    size_t known = 0;
    *ret_why = "Opening hours are an object of days";
    if (!json_is_object(hours)) return false;
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        const json_t *spans = json_object_get(hours, days[i]);
        if (!spans) continue;
        known++;
        *ret_why = day_wrong(spans);
        if (*ret_why) return false;
    }
    *ret_why = "Days are mon, tue, wed, thu, fri, sat, sun";
    return known == json_object_size(hours);
}

/* "MM-DD", or that after a year. The 29th of February is one. */
static bool is_day(const char *s)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char shape[] = "0000-00-00";
    size_t len = s ? strlen(s) : 0, skip = sizeof shape - 1 - len;
    if (len != 10 && len != 5) return false;
    for (size_t i = 0; i < len; i++)
        if (shape[skip + i] == '-' ? s[i] != '-' : s[i] < '0' || s[i] > '9') return false;
    const char *md = s + len - 5;
    int month = (md[0] - '0') * 10 + md[1] - '0', day = (md[3] - '0') * 10 + md[4] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= lengths[month - 1];
}

bool holidays_valid(const json_t *days, const char **ret_why)
{
    *ret_why = "Holidays are a list of at most 200 days";
    if (!json_is_array(days) || json_array_size(days) > HOLIDAYS_MAX) return false;
    *ret_why = "A day is YYYY-MM-DD, or MM-DD for every year";
    for (size_t i = 0; i < json_array_size(days); i++)
        if (!is_day(json_string_value(json_array_get(days, i)))) return false;
    return true;
}
