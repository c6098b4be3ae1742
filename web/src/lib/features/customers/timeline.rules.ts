/* The timeline of a customer: days, notes' titles. */

export interface DayGroup<T> {
  day: string;
  at: string;
  items: T[];
}

/** Items (newest first) by their day; `dayOf` gives the day in the organization's zone. */
export function byDay<T extends { at: string }>(items: readonly T[], dayOf: (at: string) => string): DayGroup<T>[] {
  const out: DayGroup<T>[] = [];
  for (const item of items) {
    const day = dayOf(item.at);
    const last = out.at(-1);
    if (last?.day === day) last.items.push(item);
    else out.push({ day, at: item.at, items: [item] });
  }
  return out;
}

/** Notes are written without a title; the server wants one: the first line, cut at a word. */
export function noteTitle(content: string, most = 60): string {
  const line = content.trim().split('\n')[0]?.trim() ?? '';
  if (line.length <= most) return line;
  const cut = line.slice(0, most - 1);
  const space = cut.lastIndexOf(' ');
  return `${(space > most / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
}

/** A title that says more than the note's own beginning (integrations write such). */
export function titleWorthShowing(title: string, content: string): boolean {
  const plain = (s: string) => s.replace(/…$/, '').trim().toLowerCase();
  return title.trim() !== '' && !plain(content).startsWith(plain(title));
}

/** Days since an instant, for "há 4 dias" beside a stage. */
export function daysSince(at: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / 86_400_000));
}
