/* Weekly opening hours as the server keeps them: {mon: [["08:00", "12:00"], …], …} in the organization's zone; a missing
   day is closed, null is always open. Spans of a day are in order and do not overlap; "24:00" ends a day. */

export const weekDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type WeekDay = (typeof weekDays)[number];
export type Span = [from: string, to: string];
export type Hours = Partial<Record<WeekDay, Span[]>>;

export const spansMax = 6;
export const usualSpan: Span = ['08:00', '18:00'];
export const usualHours: Hours = Object.fromEntries(
  (['mon', 'tue', 'wed', 'thu', 'fri'] as const).map((d): [WeekDay, Span[]] => [d, [[...usualSpan]]]),
);

export function readHours(value: unknown): Hours | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const out: Hours = {};
  for (const day of weekDays) {
    const spans = (value as Record<string, unknown>)[day];
    if (!Array.isArray(spans)) continue;
    const good = spans.filter(
      (s): s is Span => Array.isArray(s) && s.length === 2 && s.every((x) => typeof x === 'string'),
    );
    if (good.length) out[day] = good.map(([a, b]) => [a, b]);
  }
  return out;
}

/** "8" → 08:00, "830" → 08:30, "8:5" → 08:05, "24" → 24:00; undefined for what is no time. */
export function parseTime(text: string): string | undefined {
  const s = text
    .trim()
    .toLowerCase()
    .replace(/\s*h\s*/, ':')
    .replace(/[.,]/, ':');
  const m = /^(\d{1,2})(?::(\d{0,2}))?$/.exec(s) ?? /^(\d{1,2})(\d{2})$/.exec(s);
  if (!m) return undefined;
  const hour = Number(m[1]);
  const minute = m[2] ? Number(m[2]) : 0;
  if (hour > 24 || minute > 59 || (hour === 24 && minute > 0)) return undefined;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

export type SpanProblem = 'time' | 'order' | 'overlap';

/** What is wrong with each span of a day; undefined where nothing is. */
export function dayProblems(spans: readonly Span[]): (SpanProblem | undefined)[] {
  let last = '';
  return spans.map(([from, to]) => {
    if (parseTime(from) !== from || parseTime(to) !== to) return 'time';
    if (from >= to) return 'order';
    const overlap = last !== '' && from < last;
    last = to;
    return overlap ? 'overlap' : undefined;
  });
}

/** Hours without any would be read as "always": one day must be open. */
export function noDay(hours: Hours | null): boolean {
  return hours !== null && weekDays.every((d) => (hours[d] ?? []).length === 0);
}

export function hoursWrong(hours: Hours | null): boolean {
  return hours !== null && weekDays.some((d) => dayProblems(hours[d] ?? []).some((p) => p !== undefined));
}

/** A span after the last one, where there is room for an hour; undefined when the day is full. */
export function nextSpan(spans: readonly Span[]): Span | undefined {
  const end = spans.at(-1)?.[1];
  if (!end) return [...usualSpan];
  const from = Number(end.slice(0, 2)) * 60 + Number(end.slice(3)) + 60;
  if (spans.length >= spansMax || from + 60 > 24 * 60) return undefined;
  const text = (m: number) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;
  return [text(from), text(Math.min(24 * 60, from + 240))];
}

/** The day's spans on all these days too. */
export function copiedTo(hours: Hours, from: WeekDay, to: readonly WeekDay[]): Hours {
  const out: Hours = { ...hours };
  for (const day of to) {
    const spans = (hours[from] ?? []).map(([a, b]): Span => [a, b]);
    if (spans.length) out[day] = spans;
    else delete out[day];
  }
  return out;
}
