/* A pause: so long, until a time of day, or until one of some days of the week at a time; by the clock
 * of a time zone, whose changes of summer time it follows. What the customer writes meanwhile is no
 * answer to what comes after. */
#include <string.h>

#include "flows/nodes/nodes.h"

#define DAYS_MAX 8 /* a week on, the same weekday has come again */

/* The wall clock's day `days` after c, at hour:minute. */
static struct civil on_day(const struct civil *c, int days, int hour, int minute)
{
    struct civil day = {.year = c->year, .month = c->month, .day = c->day};
    day = civil_from_ms(ms_from_civil(&day) + days * INT64_C(86400000));
    day.hour = hour;
    day.minute = minute;
    return day;
}

/* May it be on this day? No days at all: on any. */
static bool day_fits(const json_t *days, const struct civil *c)
{
    int weekday = c->weekday ? c->weekday : 7;
    for (size_t i = 0; i < json_array_size(days); i++)
        if (json_integer_value(json_array_get(days, i)) == weekday) return true;
    return json_array_size(days) == 0;
}

/* Has this run waited here before? Then its time is over, even within the same millisecond: a circle
 * of "every day at eight" must not go round and round at eight. */
static bool waited_here(const struct run *r, const struct node *n)
{
    for (int i = 0; i < r->log_count; i++)
        if (r->log[i].flow == r->flow && strcmp(r->log[i].node_id, n->id) == 0 &&
            strcmp(r->log[i].what, "timeout") == 0)
            return true;
    return false;
}

/* The next time that the clock there shows this, now included. */
static int64_t next_time(struct run *r, const struct node *n, const json_t *days)
{
    const struct flow_zone *zone = run_zone(r, node_text(n, "zone"));
    const char *time = node_text(n, "time");
    int hour = 0, minute = 0;
    if (strlen(time) == 5) {
        hour = (time[0] - '0') * 10 + time[1] - '0';
        minute = (time[3] - '0') * 10 + time[4] - '0';
    }
    int64_t now_ms = run_now_ms(r), at_ms = now_ms;
    int64_t first_ms = waited_here(r, n) ? now_ms + 1 : now_ms;
    struct civil now;
    flow_zone_local(zone, now_ms, &now);
    for (int i = 0; i <= DAYS_MAX; i++) {
        struct civil day = on_day(&now, i, hour, minute);
        at_ms = flow_zone_instant(zone, &day);
        if (at_ms >= first_ms && day_fits(days, &day)) break;
    }
    return at_ms;
}

static enum step run(struct run *r, const struct node *n)
{
    const char *mode = node_text(n, "mode");
    int64_t for_ms = node_int(n, "durationMs", 0); /* of a draft: whatever somebody wrote */
    if (for_ms < 0) for_ms = 0;
    if (for_ms > FLOW_WAIT_MAX_MS) for_ms = FLOW_WAIT_MAX_MS;
    int64_t at_ms = run_now_ms(r) + for_ms;
    struct civil there;
    if (strcmp(mode, "time") == 0) at_ms = next_time(r, n, NULL);
    if (strcmp(mode, "weekday") == 0) at_ms = next_time(r, n, node_json(n, "weekdays"));
    flow_zone_local(run_zone(r, node_text(n, "zone")), at_ms, &there);
    run_note_text(r, "until",
                  arena_printf(r->arena, "%04d-%02d-%02d %02d:%02d", there.year, there.month,
                               there.day, there.hour, there.minute));
    return run_wait_until(r, at_ms, NULL);
}

static enum step resume(struct run *r, const struct node *n, const struct woken *w)
{
    (void)n;
    (void)w;
    return run_next(r);
}

static const struct node_field fields[] = {
    {.name = "mode",
     .kind = NF_ENUM,
     .values = "duration|time|weekday",
     .required = true,
     .otherwise = "\"duration\""},
    {.name = "durationMs",
     .kind = NF_DURATION,
     .required = true,
     .min = 1000,
     .max = FLOW_WAIT_MAX_MS,
     .otherwise = "60000",
     .when = {"mode", "duration"}},
    {.name = "weekdays", .kind = NF_WEEKDAYS, .required = true, .when = {"mode", "weekday"}},
    {.name = "time", .kind = NF_TIME, .required = true, .when = {"mode", "time|weekday"}},
    {.name = "zone", .kind = NF_ZONE, .when = {"mode", "time|weekday"}, .advanced = true},
    {0},
};
static const struct node_port ports[] = {{"next", PORT_NEXT, OPEN_WARNING, {0}}, {0}};

const struct flow_node node_delay = {
    .type = "delay",
    .category = NODE_DECIDE,
    .icon = "timer",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .waits = true,
    .run = run,
    .resume = resume,
};
