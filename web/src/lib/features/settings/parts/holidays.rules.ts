/* Days on which nobody of the organization works, as the server keeps them: "2026-12-24" once, "12-25" every year. */

export const holidaysMax = 200;

export function readHolidays(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((d): d is string => typeof d === 'string') : [];
}

export const everyYear = (day: string): boolean => day.length === 5;

/** The first such day from today on; a day that comes once is itself, also when it is over. */
export function nextOn(day: string, today: string): string {
  if (!everyYear(day)) return day;
  /* The 29th of February may be eight years away. */
  for (let year = Number(today.slice(0, 4)), last = year + 8; year <= last; year += 1) {
    const there = `${String(year)}-${day}`;
    if (there >= today && new Date(`${there}T00:00:00Z`).toISOString().startsWith(there)) return there;
  }
  return `${today.slice(0, 4)}-${day}`;
}

export const isOver = (day: string, today: string): boolean => nextOn(day, today) < today;

/** As they come from today on; those that are over last, the newest of them first. */
export function inOrder(days: readonly string[], today: string): string[] {
  const at = new Map(days.map((d) => [d, nextOn(d, today)]));
  const when = (d: string) => at.get(d) ?? d;
  return [...at.keys()].sort((a, b) => {
    const [x, y] = [when(a), when(b)];
    if (x < today !== y < today) return x < today ? 1 : -1;
    const order = x < y ? -1 : x > y ? 1 : 0;
    return x < today ? -order : order;
  });
}

/** The list with this day; one that comes every year takes the place of the same day of one year. */
export function withDay(days: readonly string[], date: string, yearly: boolean): string[] {
  const day = yearly ? date.slice(5) : date;
  return [...days.filter((d) => d !== day && !(yearly && d.endsWith(`-${day}`))), day];
}

export type DayProblem = 'there' | 'full';

/** Why the day cannot be added; undefined when it can. */
export function dayProblem(days: readonly string[], date: string, yearly: boolean): DayProblem | undefined {
  if (days.includes(date.slice(5)) || (!yearly && days.includes(date))) return 'there';
  return withDay(days, date, yearly).length > holidaysMax ? 'full' : undefined;
}
