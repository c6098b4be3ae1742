/* Zones by GTimeZone, as zone.h says. Names are checked before GLib sees them: it would take them
 * for file names ("../…") and for the rules of POSIX. */
#include "flows/zone.h"

#include <glib.h>
#include <string.h>

#include "base/mem.h"

struct flow_zone {
    struct flow_zone *next;
    GTimeZone *tz;
    char name[ZONE_NAME_MAX];
};

struct flow_zones {
    struct flow_zone *first; /* as many as there are zones at most: unknown names are not kept */
};

struct flow_zones *flow_zones_new(void)
{
    return mem_alloc(sizeof(struct flow_zones));
}

void flow_zones_free(struct flow_zones *z)
{
    if (!z) return;
    for (struct flow_zone *zone = z->first; zone;) {
        struct flow_zone *next = zone->next;
        g_time_zone_unref(zone->tz);
        mem_free(zone);
        zone = next;
    }
    mem_free(z);
}

/* Area/Place, or UTC and GMT. */
static bool name_ok(const char *name)
{
    size_t len = strlen(name);
    if (strcmp(name, "UTC") == 0 || strcmp(name, "GMT") == 0) return true;
    if (len >= ZONE_NAME_MAX || !strchr(name, '/') || strncmp(name, "right/", 6) == 0) return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && (i == 0 || !strchr("0123456789_+-/", c))) return false;
        if (c == '/' && (i + 1 == len || name[i - 1] == '/')) return false;
    }
    return true;
}

const struct flow_zone *flow_zone_get(struct flow_zones *z, const char *name)
{
    for (const struct flow_zone *zone = z->first; zone; zone = zone->next)
        if (strcmp(zone->name, name) == 0) return zone;
    if (!name_ok(name)) return NULL;
    GTimeZone *tz = g_time_zone_new_identifier(name);
    if (!tz) return NULL;
    struct flow_zone *zone = mem_alloc(sizeof(*zone));
    memcpy(zone->name, name, strlen(name) + 1);
    zone->tz = tz;
    zone->next = z->first;
    z->first = zone;
    return zone;
}

int64_t flow_zone_offset_ms(const struct flow_zone *z, int64_t unix_ms)
{
    int64_t seconds = unix_ms / SECOND_MS - (unix_ms % SECOND_MS < 0 ? 1 : 0);
    gint interval = g_time_zone_find_interval(z->tz, G_TIME_TYPE_UNIVERSAL, seconds);
    return interval < 0 ? 0 : (int64_t)g_time_zone_get_offset(z->tz, interval) * SECOND_MS;
}

void flow_zone_local(const struct flow_zone *z, int64_t unix_ms, struct civil *ret)
{
    *ret = civil_from_ms(unix_ms + flow_zone_offset_ms(z, unix_ms));
}

int64_t flow_zone_instant(const struct flow_zone *z, const struct civil *local)
{
    /* No zone changes twice within two days. */
    int64_t wall = ms_from_civil(local);
    int64_t before = flow_zone_offset_ms(z, wall - DAY_MS);
    int64_t after = flow_zone_offset_ms(z, wall + DAY_MS);
    if (before == after || flow_zone_offset_ms(z, wall - before) == before) return wall - before;
    if (flow_zone_offset_ms(z, wall - after) == after) return wall - after;
    return wall - before; /* skipped */
}
