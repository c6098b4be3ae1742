/* What a text may name: fixed paths of the engine, the organization's custom fields, the flow's own variables (declared,
   or set by one of its blocks). And examples of them, for previews. */
import { fold } from './palette.rules';
import type { Graph, Rows } from './types';

export type Scope = 'customer' | 'session' | 'chat' | 'channel' | 'organization' | 'system' | 'message' | 'flow';
export const scopes: readonly Scope[] = [
  'customer',
  'session',
  'message',
  'chat',
  'channel',
  'system',
  'organization',
  'flow',
];

export interface PathRow {
  path: string;
  type: string;
  scope: Scope;
  /** Name that a person gave: of a custom field. */
  name?: string;
}

/* Until the server has said which there are. */
export const fixedPaths: readonly { path: string; type: string }[] = [
  ...['name', 'firstName', 'email', 'phone', 'document', 'stage'].map((p) => ({ path: `customer.${p}`, type: 'text' })),
  { path: 'customer.tags', type: 'list' },
  { path: 'message.text', type: 'text' },
  { path: 'chat.id', type: 'text' },
  { path: 'channel.name', type: 'text' },
  { path: 'channel.kind', type: 'text' },
  { path: 'organization.name', type: 'text' },
  { path: 'system.now', type: 'date' },
  { path: 'system.today', type: 'date' },
  { path: 'system.time', type: 'text' },
  { path: 'system.weekday', type: 'number' },
  { path: 'flow.name', type: 'text' },
];

function scopeOf(path: string): Scope {
  const head = path.split('.')[0] ?? '';
  return (scopes as readonly string[]).includes(head) ? (head as Scope) : 'session';
}

/** Session variables by name: declared ones first, then those that some block sets. */
export function sessionNames(g: Graph, rows: Rows): { name: string; type: string }[] {
  const out = new Map<string, string>(g.variables.map((v) => [v.name, v.type]));
  const put = (name: unknown, type = 'text') => {
    if (typeof name === 'string' && name !== '' && !out.has(name)) out.set(name, type);
  };
  for (const n of g.nodes)
    for (const f of rows.nodes.find((r) => r.type === n.type)?.fields ?? []) {
      const v = n.data[f.name];
      if (f.kind === 'variable') put(v, f.of ?? 'text');
      if ((f.kind === 'mapping' || f.kind === 'assignments') && Array.isArray(v))
        for (const m of v as { variable?: unknown; name?: unknown }[]) put(f.kind === 'mapping' ? m.variable : m.name);
    }
  return [...out].map(([name, type]) => ({ name, type }));
}

export function pathsOf(
  g: Graph,
  rows: Rows,
  fixed: readonly { path: string; type: string }[],
  fields: readonly { slug: string; name: string; kind: string }[],
): PathRow[] {
  const session: PathRow[] = sessionNames(g, rows).map((v) => ({ path: v.name, type: v.type, scope: 'session' }));
  const own: PathRow[] = fields.map((f) => ({
    path: `customer.fields.${f.slug}`,
    type:
      f.kind === 'number' || f.kind === 'money'
        ? 'number'
        : f.kind === 'yes_no'
          ? 'bool'
          : f.kind.startsWith('date')
            ? 'date'
            : f.kind === 'multi_select'
              ? 'list'
              : 'text',
    scope: 'customer',
    name: f.name,
  }));
  const base: PathRow[] = (fixed.length > 0 ? fixed : fixedPaths)
    .filter((p) => !p.path.includes('<'))
    .map((p) => ({ path: p.path, type: p.type, scope: scopeOf(p.path) }));
  const all = [...session, ...base, ...own];
  return scopes.flatMap((s) => all.filter((p) => p.scope === s));
}

export function findPaths(list: readonly PathRow[], query: string, words: (p: PathRow) => string): PathRow[] {
  const q = fold(query.trim());
  return list.filter((p) => fold(`${p.path} ${words(p)}`).includes(q));
}

/** An example of what a path holds, in the interface's language where it is a word. */
export function examplesOf(g: Graph, sample: Readonly<Record<string, string>>): (path: string) => string | undefined {
  const own = new Map(
    g.variables.map((v) => [
      v.name,
      typeof v.default === 'string' || typeof v.default === 'number' ? String(v.default) : '',
    ]),
  );
  return (path) => sample[path] ?? own.get(path.replace(/^session\./, ''));
}
