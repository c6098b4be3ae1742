/* Time zones by name (IANA): the offset of an instant, the instant of a wall clock.
 *
 * Read from the system's tz database by GLib's GTimeZone, which this program links anyway (GMime):
 * it is immutable and free of the process-wide TZ variable, which a worker with helper threads must
 * not change. PostgreSQL, as packaged by Debian, reads the same files, so both agree. */
#ifndef INTERFLOW_FLOWS_ZONE_H
#define INTERFLOW_FLOWS_ZONE_H

#include <stdbool.h>

#include "base/clock.h"

#define ZONE_NAME_MAX 64

/* Zones once read, so that a name costs a comparison: make one per worker. Not shared by threads. */
struct flow_zones;
struct flow_zone;

struct flow_zones *flow_zones_new(void);
void flow_zones_free(struct flow_zones *z); /* NULL is fine */

/* "America/Sao_Paulo", "UTC". NULL: no such zone. Belongs to z. */
const struct flow_zone *flow_zone_get(struct flow_zones *z, const char *name);

/* Milliseconds to add to UTC for the wall clock there at that instant. */
int64_t flow_zone_offset_ms(const struct flow_zone *z, int64_t unix_ms);
/* The wall clock there. */
void flow_zone_local(const struct flow_zone *z, int64_t unix_ms, struct civil *ret);
/* The instant when the wall clock shows this. A time that is skipped (clocks go forward) counts on
 * from before the gap: 02:30 becomes 03:30; of a time that comes twice the first is taken. */
int64_t flow_zone_instant(const struct flow_zone *z, const struct civil *local);

#endif
