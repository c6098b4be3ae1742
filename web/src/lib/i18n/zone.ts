/* Wall-clock time in a zone to an instant and back, by the zone's own rules (daylight saving included). */

/** How far the zone is from UTC at an instant, in minutes. */
function offsetMinutes(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(at));
  const of = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return Math.round((wall - Math.floor(at / 1000) * 1000) / 60_000);
}

/** The instant (RFC 3339) at which clocks in the zone show this day and time; in a gap, the moment after it. */
export function instantOf(day: string, clock: string, zone: string): string {
  const wall = Date.parse(`${day}T${clock}:00Z`);
  let at = wall - offsetMinutes(wall, zone) * 60_000;
  at = wall - offsetMinutes(at, zone) * 60_000;
  return new Date(at).toISOString();
}

/** The first instant of a day in the zone. */
export function startOfDay(day: string, zone: string): string {
  return instantOf(day, '00:00', zone);
}

/** What clocks in the zone show: ["2026-11-19", "10:42"]. */
export function wallOf(instant: string, zone: string): [day: string, clock: string] {
  const at = Date.parse(instant);
  const text = new Date(at + offsetMinutes(at, zone) * 60_000).toISOString();
  return [text.slice(0, 10), text.slice(11, 16)];
}
