/* How a line of the audit log reads. Pure: names of ids and words come from outside. */

export interface Change {
  field: string;
  from: unknown;
  to: unknown;
}

/* The domains say the same in several tenses. */
const verbs: Record<string, string> = {
  create: 'created',
  created: 'created',
  add: 'created',
  update: 'changed',
  updated: 'changed',
  changed: 'changed',
  delete: 'removed',
  deleted: 'removed',
  remove: 'removed',
  removed: 'removed',
};

/** What was done in one of a few words; actions with words of their own ("user.login") keep their name. */
export function verbOf(action: string): string | undefined {
  return verbs[action.slice(action.lastIndexOf('.') + 1)];
}

/** {field: {from, to}} and {field: [before, after]} alike; nested settings become "settings.reopenHours". */
export function changesOf(changes: Record<string, unknown>): Change[] {
  return Object.entries(changes).flatMap(([field, value]): Change[] => {
    const pair = pairOf(value);
    if (!pair) return [{ field, from: undefined, to: value }];
    if (isObject(pair.from) && isObject(pair.to)) {
      const { from, to } = pair;
      const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
      const inner = keys.filter((k) => JSON.stringify(from[k]) !== JSON.stringify(to[k]));
      return inner.map((k) => ({ field: `${field}.${k}`, from: from[k], to: to[k] }));
    }
    return [{ field, ...pair }];
  });
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function pairOf(value: unknown): { from: unknown; to: unknown } | undefined {
  if (Array.isArray(value) && value.length === 2) return { from: value[0] as unknown, to: value[1] as unknown };
  if (isObject(value) && ('from' in value || 'to' in value)) return { from: value['from'], to: value['to'] };
  return undefined;
}

interface Words {
  none: string;
  yes: string;
  no: string;
  /** The name of an id, when it is one that is known. */
  name: (id: string) => string | undefined;
}

/** A value as a person reads it, never longer than a line or two. */
export function valueText(value: unknown, words: Words): string {
  const text = plainText(value, words);
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function plainText(value: unknown, words: Words): string {
  if (value === null || value === undefined || value === '') return words.none;
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return arrayText(value, words) ?? words.name(value) ?? value;
  if (Array.isArray(value)) return value.length === 0 ? words.none : value.map((v) => plainText(v, words)).join(', ');
  const o = value as Record<string, unknown>;
  const label = o['label'] ?? o['name'];
  if (typeof label === 'string') return label;
  return Object.entries(o)
    .map(([k, v]) => `${k}: ${plainText(v, words)}`)
    .join(', ');
}

/* PostgreSQL writes a list as {a,b}. */
function arrayText(value: string, words: Words): string | undefined {
  const m = /^\{([^{}"]*)\}$/.exec(value);
  if (!m) return undefined;
  return m[1]
    ? m[1]
        .split(',')
        .map((v) => words.name(v) ?? v)
        .join(', ')
    : words.none;
}
