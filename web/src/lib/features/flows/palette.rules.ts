/* The palette: rows by category in the server's order, and a search that accents and case do not disturb. */
import type { Category, NodeRow } from './types';

const order: readonly Category[] = ['send', 'ask', 'decide', 'do', 'other'];

export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

export function found(rows: readonly NodeRow[], query: string, words: (row: NodeRow) => string): NodeRow[] {
  const q = fold(query.trim()).split(/\s+/);
  return rows.filter((r) => {
    const text = fold(`${words(r)} ${r.type}`);
    return q.every((w) => text.includes(w));
  });
}

export function grouped(rows: readonly NodeRow[]): { category: Category; rows: NodeRow[] }[] {
  return order
    .map((category) => ({ category, rows: rows.filter((r) => r.category === category) }))
    .filter((g) => g.rows.length > 0);
}
