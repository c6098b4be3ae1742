/* Calendar days as YYYY-MM-DD strings, without time or zone: reading what a person types, and the days of a month. */

const pad = (n: number, width = 2) => String(n).padStart(width, '0');

export function isoDay(year: number, month: number, day: number): string | undefined {
  const d = new Date(Date.UTC(year, month - 1, day));
  if (d.getUTCFullYear() !== year || d.getUTCMonth() !== month - 1 || d.getUTCDate() !== day) return undefined;
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

export function addDays(iso: string, days: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The same day another month, or that month's last. */
export function addMonths(iso: string, months: number): string {
  const [y = 0, m = 1, d = 1] = iso.split('-').map(Number);
  const last = new Date(Date.UTC(y, m + months, 0)).getUTCDate();
  const first = new Date(Date.UTC(y, m - 1 + months, 1));
  return `${pad(first.getUTCFullYear(), 4)}-${pad(first.getUTCMonth() + 1)}-${pad(Math.min(d, last))}`;
}

/** Day, month and year order of a language: "dmy" or "mdy". */
export function dateOrder(tag: string): 'dmy' | 'mdy' {
  const parts = new Intl.DateTimeFormat(tag).formatToParts(new Date(0)).map((p) => p.type);
  return parts.indexOf('month') < parts.indexOf('day') ? 'mdy' : 'dmy';
}

/** Reads 19/11/2026, 19-11-26, 19112026, 19/11 (this year) or an ISO day; undefined when it is no day. */
export function parseDay(text: string, order: 'dmy' | 'mdy', today: string): string | undefined {
  const s = text.trim();
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(s);
  if (iso) return isoDay(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const m = /^(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}|\d{2}))?$/.exec(s) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(s);
  if (!m) return undefined;
  const a = Number(m[1]);
  const b = Number(m[2]);
  let year = m[3] === undefined ? Number(today.slice(0, 4)) : Number(m[3]);
  if (m[3]?.length === 2) year += year < 70 ? 2000 : 1900;
  return order === 'dmy' ? isoDay(year, b, a) : isoDay(year, a, b);
}

/** Six weeks of ISO days that hold the month of `iso`, beginning on `firstWeekday` (0 is Sunday). */
export function monthGrid(iso: string, firstWeekday: number): string[] {
  const first = `${iso.slice(0, 7)}-01`;
  const weekday = new Date(`${first}T00:00:00Z`).getUTCDay();
  const start = addDays(first, -((weekday - firstWeekday + 7) % 7));
  return Array.from({ length: 42 }, (_, i) => addDays(start, i));
}
