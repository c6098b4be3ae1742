/* Time: texts both ways against known dates, every day of eight centuries, what is not a date. */
#include "check.h"

#include <stdio.h>

#include "base/clock.h"

static const struct {
    const char *text;
    int64_t unix_ms;
    const char *canonical; /* NULL: same as text */
} known[] = {
    {"1970-01-01T00:00:00.000Z", 0, NULL},
    {"2026-11-19T13:42:05.123Z", INT64_C(1795095725123), NULL},
    {"2026-11-19T10:42:05.123-03:00", INT64_C(1795095725123), "2026-11-19T13:42:05.123Z"},
    {"2026-11-19t13:42:05.123456789z", INT64_C(1795095725123), "2026-11-19T13:42:05.123Z"},
    {"2026-11-19 13:42:05.1Z", INT64_C(1795095725100), "2026-11-19T13:42:05.100Z"},
    {"2000-02-29T23:59:59Z", INT64_C(951868799000), "2000-02-29T23:59:59.000Z"},
    {"1969-12-31T23:59:59.999Z", -1, NULL},
    {"2016-12-31T23:59:60Z", INT64_C(1483228800000), "2017-01-01T00:00:00.000Z"},
    {"2016-12-31T20:59:60-03:00", INT64_C(1483228800000), "2017-01-01T00:00:00.000Z"},
    {"0001-01-01T00:00:00.000Z", INT64_C(-62135596800000), NULL},
    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999), NULL},
};

static void known_times(void **state)
{
    (void)state;
    char out[TIME_TEXT_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        int64_t ms = 42;
        assert_true(time_parse(known[i].text, &ms));
        assert_int_equal(ms, known[i].unix_ms);
        assert_string_equal(time_text(ms, out),
                            known[i].canonical ? known[i].canonical : known[i].text);
    }
    assert_string_equal(time_text(INT64_MAX, out), "9999-12-31T23:59:59.999Z");
    assert_string_equal(time_text(INT64_MIN, out), "0001-01-01T00:00:00.000Z");
}

static void not_times(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-11-19",
                                      "2026-11-19T13:42",
                                      "2026-11-19T13:42:05",
                                      "2026-02-31T00:00:00Z",
                                      "2025-02-29T00:00:00Z",
                                      "1900-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-00T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:61Z",
                                      "2026-01-01T00:00:60Z",
                                      "2026-01-01T00:00:00.Z",
                                      "2026-01-01T00:00:00+0300",
                                      "2026-01-01T00:00:00+03",
                                      "2026-01-01T00:00:00+24:00",
                                      "2026-01-01T00:00:00Zx",
                                      "2026-01-01T00:00:00 Z",
                                      "26-01-01T00:00:00Z",
                                      "0000-01-01T00:00:00Z",
                                      "+2026-01-01T00:00:00Z",
                                      "0001-01-01T00:00:00+01:00",
                                      "9999-12-31T23:59:59-01:00",
                                      "2026-1-1T00:00:00Z"};
    int64_t ms = 42;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (time_parse(bad[i], &ms)) fail_msg("%s was taken", bad[i]);
    assert_false(time_parse(NULL, &ms));
    assert_int_equal(ms, 42);
}

/* Walks day by day and counts months and weekdays by itself. */
static void every_day_of_eight_centuries(void **state)
{
    (void)state;
    static const char days[7][4] = {"Sat", "Sun", "Mon", "Tue",
                                    "Wed", "Thu", "Fri"}; /* 1600-01-01: Sat */
    int64_t ms = INT64_C(-11676096000000);                /* 1600-01-01 */
    int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int n = 0;
    for (int year = 1600; year < 2400; year++) {
        month_days[1] = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= month_days[month - 1]; day++, ms += DAY_MS, n++) {
                char expected[64], out[TIME_TEXT_SIZE];
                int64_t back = 0;
                (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT00:00:00.000Z", year,
                               month, day);
                assert_string_equal(time_text(ms, out), expected);
                assert_true(time_parse(out, &back));
                assert_int_equal(back, ms);
                assert_memory_equal(time_http(ms, out), days[n % 7], 3);
            }
        }
    }
}

static void dates(void **state)
{
    (void)state;
    assert_true(date_valid("2024-02-29"));
    assert_true(date_valid("0001-01-01"));
    static const char *const bad[] = {"2023-02-29", "2024-02-30", "2024-04-31",  "2024-13-01",
                                      "2024-1-01",  "20240101",   "2024-01-01 ", "2024-01-0x",
                                      "",           "0000-01-01"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (date_valid(bad[i])) fail_msg("%s was taken", bad[i]);
    assert_false(date_valid(NULL));
}

static void http_dates(void **state)
{
    (void)state;
    char out[TIME_TEXT_SIZE];
    int64_t ms = 0;
    assert_string_equal(time_http(INT64_C(784111777000), out), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(time_http_parse("Sun, 06 Nov 1994 08:49:37 GMT", &ms));
    assert_int_equal(ms, INT64_C(784111777000));
    static const char *const bad[] = {"",
                                      "Sun",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 CET",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT",
                                      "Sun Nov  6 08:49:37 1994",
                                      "Sun, 31 Feb 1994 08:49:37 GMT",
                                      "Sun, 06 Xxx 1994 08:49:37 GMT",
                                      "Sun, 06 No",
                                      "Sun, 06 Nov 1994 25:49:37 GMT"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (time_http_parse(bad[i], &ms)) fail_msg("%s was taken", bad[i]);
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t us = clock_mono_us();
    int64_t ms = clock_mono_ms();
    assert_true(clock_mono_us() >= us);
    assert_true(clock_mono_ms() >= ms);
    assert_true(ms - us / 1000 <= 1000);
    assert_true(clock_unix_ms() > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times),
        cmocka_unit_test(not_times),
        cmocka_unit_test(every_day_of_eight_centuries),
        cmocka_unit_test(dates),
        cmocka_unit_test(http_dates),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
