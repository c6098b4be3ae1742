/* What differs between two versions of a flow: cards added, removed, changed (with the fields), connections, variables.
   Moving a card is no change of what the flow does; it is counted apart. */
import type { Graph, GraphEdge, GraphNode } from './types';

export interface NodeChange {
  node: GraphNode;
  before: GraphNode;
  fields: string[];
  renamed: boolean;
}

export interface Diff {
  added: GraphNode[];
  removed: GraphNode[];
  changed: NodeChange[];
  moved: number;
  edgesAdded: GraphEdge[];
  edgesRemoved: GraphEdge[];
  variables: { added: string[]; removed: string[]; changed: string[] };
  settings: boolean;
}

function plain(v: unknown): unknown {
  if (Array.isArray(v)) return v.map(plain);
  if (typeof v !== 'object' || v === null) return v;
  return Object.fromEntries(
    Object.entries(v)
      .filter(([, x]) => x !== undefined && x !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, x]) => [k, plain(x)]),
  );
}

/** The same JSON, whatever the order of its members; null and absent are one. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

export function diff(before: Graph, after: Graph): Diff {
  const old = new Map(before.nodes.map((n) => [n.id, n]));
  const now = new Map(after.nodes.map((n) => [n.id, n]));
  const changed: NodeChange[] = [];
  let moved = 0;
  for (const n of after.nodes) {
    const b = old.get(n.id);
    if (!b) continue;
    const names = new Set([...Object.keys(b.data), ...Object.keys(n.data)]);
    const fields = [...names].filter((f) => !same(b.data[f] ?? null, n.data[f] ?? null));
    const renamed = b.name !== n.name || b.type !== n.type;
    if (fields.length > 0 || renamed) changed.push({ node: n, before: b, fields, renamed });
    if (b.x !== n.x || b.y !== n.y) moved += 1;
  }
  const edge = (e: GraphEdge) => `${e.from} ${e.port} ${e.to}`;
  const oldEdges = new Set(before.edges.map(edge));
  const newEdges = new Set(after.edges.map(edge));
  const oldVars = new Map(before.variables.map((v) => [v.name, v]));
  const newVars = new Map(after.variables.map((v) => [v.name, v]));
  return {
    added: after.nodes.filter((n) => !old.has(n.id)),
    removed: before.nodes.filter((n) => !now.has(n.id)),
    changed,
    moved,
    edgesAdded: after.edges.filter((e) => !oldEdges.has(edge(e))),
    edgesRemoved: before.edges.filter((e) => !newEdges.has(edge(e))),
    variables: {
      added: [...newVars.keys()].filter((n) => !oldVars.has(n)),
      removed: [...oldVars.keys()].filter((n) => !newVars.has(n)),
      changed: [...newVars].filter(([n, v]) => oldVars.has(n) && !same(oldVars.get(n), v)).map(([n]) => n),
    },
    settings: !same(before.settings, after.settings),
  };
}

export function isSame(d: Diff): boolean {
  const v = d.variables;
  return (
    [d.added, d.removed, d.changed, d.edgesAdded, d.edgesRemoved, v.added, v.removed, v.changed].every(
      (x) => x.length === 0,
    ) && !d.settings
  );
}

/** What lines went and what lines came, each in its order; what stayed is in neither. */
export function lineDiff(before: readonly string[], after: readonly string[]): { gone: string[]; come: string[] } {
  return { gone: before.filter((x) => !after.includes(x)), come: after.filter((x) => !before.includes(x)) };
}
