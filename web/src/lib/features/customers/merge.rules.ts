/* Two records of one person, side by side: what each has, what the kept one will have. The server keeps the kept record's
   values and fills its gaps from the other; contacts, chats, notes, tags and history of both go together. Where both have
   something else, the person may take the other's value: the merge is told which. */
import type { Customer, FieldValue } from './types';

export type Side = 'left' | 'right';

export interface MergeRow {
  id: string;
  /** Of the record on the left, on the right, and of the kept one afterwards. */
  left: string;
  right: string;
  result: string;
  /** Both have something, and not the same. */
  differs: boolean;
}

export interface MergeTexts {
  day: (iso: string) => string;
  user: (id: string) => string;
  stage: (id: string) => string;
  money: (minor: number) => string;
  address: (c: Customer) => string;
  field: (slug: string, value: FieldValue | undefined) => string;
}

/** The rows in which at least one of the two has something; `picks` says whose value holds where both have one. */
export function mergeRows(
  left: Customer,
  right: Customer,
  keep: Side,
  slugs: readonly string[],
  x: MergeTexts,
  picks: Readonly<Record<string, Side>> = {},
): MergeRow[] {
  const readers: [string, (c: Customer) => string][] = [
    ['name', (c) => c.name],
    ['document', (c) => c.document ?? ''],
    ['birthDate', (c) => (c.birthDate ? x.day(c.birthDate) : '')],
    ['address', (c) => x.address(c)],
    ['owner', (c) => (c.ownerId ? x.user(c.ownerId) : '')],
    ['stage', (c) => (c.stageId ? x.stage(c.stageId) : '')],
    ['value', (c) => (c.valueMinor === null ? '' : x.money(c.valueMinor))],
    ['pinnedNote', (c) => c.pinnedNote],
    ...slugs.map((slug): [string, (c: Customer) => string] => [`field:${slug}`, (c) => x.field(slug, c.fields[slug])]),
  ];
  return readers.flatMap(([id, read]) => {
    const a = read(left);
    const b = read(right);
    if (!a && !b) return [];
    const differs = a !== '' && b !== '' && a !== b;
    const [first, second] = (differs ? (picks[id] ?? keep) : keep) === 'left' ? [a, b] : [b, a];
    return [{ id, left: a, right: b, result: first || second, differs }];
  });
}

/** What the kept record takes from the one that goes, by the names that the API has for it. */
export function takenOver(rows: readonly MergeRow[], keep: Side, picks: Readonly<Record<string, Side>>): string[] {
  return rows.filter((r) => r.differs && (picks[r.id] ?? keep) !== keep).map((r) => r.id);
}

/** Contacts of both, each once. */
export function mergedContacts(kept: Customer, gone: Customer): string[] {
  const out = new Map<string, string>();
  for (const c of [...kept.contacts, ...gone.contacts]) {
    const id = `${c.kind} ${c.canonical}`;
    if (c.kind !== 'webchat' && !out.has(id)) out.set(id, c.display);
  }
  return [...out.values()];
}

/** Which one to keep unless the person says otherwise: the fuller one, the older one among equals. */
export function suggestKeep(left: Customer, right: Customer): Side {
  const fullness = (c: Customer) =>
    c.contacts.length +
    Object.values(c.fields).filter((v) => v !== null && v !== '').length +
    [c.name, c.document, c.birthDate, c.ownerId, c.stageId, c.pinnedNote].filter(Boolean).length;
  const difference = fullness(left) - fullness(right);
  if (difference !== 0) return difference > 0 ? 'left' : 'right';
  return left.createdAt <= right.createdAt ? 'left' : 'right';
}
