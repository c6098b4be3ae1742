/* The timeline of a customer: days, notes' titles, changes folded together. */
import type { TimelineItem } from './types';

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

const together = 15 * 60_000;

function pair(value: unknown): [unknown, unknown] {
  const [before, after] = Array.isArray(value) ? (value as unknown[]) : [];
  return [before ?? null, after ?? null];
}

/* Contacts are told as what went and what came: of two changes both lists count. */
function both(older: unknown, newer: unknown): unknown {
  if (Array.isArray(older) && Array.isArray(newer)) return [...(older as unknown[]), ...(newer as unknown[])];
  return older ?? newer;
}

/** Changes of the record that one person made in one go, as one; what ended as it began is left out. Newest first. */
export function foldChanges(items: readonly TimelineItem[]): TimelineItem[] {
  const out: TimelineItem[] = [];
  for (const item of items) {
    const last = out.at(-1);
    if (
      item.type !== 'field' ||
      last?.type !== 'field' ||
      last.actorId !== item.actorId ||
      Date.parse(last.at) - Date.parse(item.at) > together
    ) {
      out.push(item);
      continue;
    }
    const changes: Record<string, unknown> = { ...last.data.changes };
    for (const [key, value] of Object.entries(item.data.changes)) {
      if (!(key in changes)) {
        changes[key] = value;
        continue;
      }
      const [before, between] = pair(value);
      const [from, after] = pair(changes[key]);
      changes[key] = key === 'contacts' ? [both(before, from), both(between, after)] : [before, after];
    }
    out[out.length - 1] = { ...last, data: { changes } };
  }
  return out.filter(
    (x) =>
      x.type !== 'field' ||
      Object.entries(x.data.changes).some(([key, v]) => {
        const [before, after] = pair(v);
        return key === 'tags' || JSON.stringify(before) !== JSON.stringify(after);
      }),
  );
}
