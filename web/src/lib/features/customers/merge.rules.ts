/* Two records of one person, side by side: what each has, what the kept one will have. The server keeps the kept record's
   values and fills its gaps from the other; contacts, chats, notes, tags and history of both go together. Where both have
   something else, the person may take the other's value: it is written into the kept record after the merge. */
import type { CustomerChange } from './customers.service';
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

/** What must be written into the kept record after the merge: the values that were taken from the one that goes. */
export function takenOver(gone: Customer, taken: readonly string[]): { change: CustomerChange; stageId?: string } {
  const change: CustomerChange = {};
  const fields: Record<string, FieldValue> = {};
  let stageId: string | undefined;
  for (const id of taken) {
    if (id === 'name') change.name = gone.name;
    else if (id === 'document') change.document = gone.document;
    else if (id === 'birthDate') change.birthDate = gone.birthDate;
    else if (id === 'address') change.address = gone.address;
    else if (id === 'owner') change.ownerId = gone.ownerId;
    else if (id === 'value') change.valueMinor = gone.valueMinor;
    else if (id === 'pinnedNote') change.pinnedNote = gone.pinnedNote;
    else if (id === 'stage') stageId = gone.stageId ?? undefined;
    else if (id.startsWith('field:')) fields[id.slice(6)] = gone.fields[id.slice(6)] ?? null;
  }
  if (Object.keys(fields).length > 0) change.fields = fields;
  return stageId === undefined ? { change } : { change, stageId };
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
