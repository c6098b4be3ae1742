/* Wall-clock time in a zone to an instant and back, by the zone's own rules (daylight saving included). */

/** How far the zone is from UTC at an instant, in milliseconds. */
function offsetMs(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

/** The instant at which clocks in the zone show this day (YYYY-MM-DD) and time (HH:MM); in a gap, the moment after it. */
export function zoned(day: string, clock: string, zone: string): Date {
  const wall = Date.parse(`${day}T${clock}:00Z`);
  const first = wall - offsetMs(wall, zone);
  return new Date(wall - offsetMs(first, zone));
}

/** The same as text (RFC 3339). */
export function instantOf(day: string, clock: string, zone: string): string {
  return zoned(day, clock, zone).toISOString();
}

/** The first instant of a day in the zone. */
export function startOfDay(day: string, zone: string): string {
  return instantOf(day, '00:00', zone);
}

/** What calendars and clocks in the zone show at an instant; Sunday is weekday 0. */
export function wallClock(at: number, zone: string): { day: string; time: string; weekday: number } {
  const shifted = new Date(at + offsetMs(at, zone));
  const iso = shifted.toISOString();
  return { day: iso.slice(0, 10), time: iso.slice(11, 16), weekday: shifted.getUTCDay() };
}

/** The same of an instant as text: ["2026-11-19", "10:42"]. */
export function wallOf(instant: string, zone: string): [day: string, clock: string] {
  const { day, time } = wallClock(Date.parse(instant), zone);
  return [day, time];
}
