/* Changes of a record as the timeline keeps them, {member: [before, after]}, made readable; document numbers as written. */

export interface Change {
  /** The member's name; "fields.slug" for custom fields. */
  key: string;
  before: unknown;
  after: unknown;
}

const order = [
  'name',
  'kind',
  'document',
  'birthDate',
  'contacts',
  'address',
  'language',
  'country',
  'ownerId',
  'valueMinor',
];

function isEmpty(v: unknown): boolean {
  if (v === undefined || v === null || v === '') return true;
  return typeof v === 'object' && Object.keys(v).length === 0;
}

/** What was changed, the record's own members first; what was empty and is empty still is left out. */
export function changesOf(changes: Readonly<Record<string, unknown>>): Change[] {
  const rank = (key: string) => {
    const at = order.indexOf(key);
    return at >= 0 ? at : key.startsWith('fields.') ? order.length + 1 : order.length;
  };
  return Object.entries(changes)
    .map(([key, value]): Change => {
      const [before, after] = Array.isArray(value) ? (value as unknown[]) : [];
      return { key, before: isEmpty(before) ? null : before, after: isEmpty(after) ? null : after };
    })
    .filter((c) => c.key === 'tags' || JSON.stringify(c.before) !== JSON.stringify(c.after))
    .sort((a, b) => rank(a.key) - rank(b.key) || a.key.localeCompare(b.key));
}

/** The contacts in a change, as masked as the server keeps them. */
export function contactsIn(value: unknown): { kind: string; contact: string }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((x: unknown) => {
    if (typeof x !== 'object' || x === null) return [];
    const { kind, contact } = x as Record<string, unknown>;
    return typeof kind === 'string' && typeof contact === 'string' ? [{ kind, contact }] : [];
  });
}

/** Brazil's CPF and CNPJ with their signs; everything else as it came. */
export function documentText(document: string): string {
  const cpf = /^(\d{3})(\d{3})(\d{3})(\d{2})$/.exec(document);
  if (cpf) return `${cpf[1]}.${cpf[2]}.${cpf[3]}-${cpf[4]}`;
  const cnpj = /^([A-Z\d]{2})([A-Z\d]{3})([A-Z\d]{3})([A-Z\d]{4})(\d{2})$/.exec(document);
  return cnpj ? `${cnpj[1]}.${cnpj[2]}.${cnpj[3]}/${cnpj[4]}-${cnpj[5]}` : document;
}

/** The earliest of two instants, either of which may be unknown. */
export function earliest(a: string, b: string | null | undefined): string {
  return b && Date.parse(b) < Date.parse(a) ? b : a;
}
