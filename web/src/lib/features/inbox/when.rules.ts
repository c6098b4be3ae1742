/* Times to come, in the organization's time zone: "tomorrow at nine" is a wall clock there, not here. */
import { wallClock, zoned } from '$lib/i18n/zone';

function addDays(day: string, n: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);
}

export type Preset = { id: 'hour' | 'threeHours' | 'evening' | 'tomorrow' | 'monday'; at: Date };

/** The usual times that still lie ahead: in one and three hours, today at 18:00, tomorrow and Monday at 9:00. */
export function presets(now: number, zone: string): Preset[] {
  const here = wallClock(now, zone);
  const toMonday = (8 - here.weekday) % 7 || 7;
  const hours = (n: number) => new Date(Math.ceil((now + n * 3_600_000) / 60_000) * 60_000);
  const all: Preset[] = [
    { id: 'hour', at: hours(1) },
    { id: 'threeHours', at: hours(3) },
    { id: 'evening', at: zoned(here.day, '18:00', zone) },
    { id: 'tomorrow', at: zoned(addDays(here.day, 1), '09:00', zone) },
    { id: 'monday', at: zoned(addDays(here.day, toMonday), '09:00', zone) },
  ];
  return all.filter(
    (p, i) => p.at.getTime() > now + 30 * 60_000 && !all.slice(0, i).some((o) => o.at.getTime() === p.at.getTime()),
  );
}
