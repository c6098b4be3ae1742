/* Copy and paste, within a flow and between flows: JSON in the clipboard. What is pasted gets new ids; edges, ports of
   options and references to nodes inside the copied part follow them, those that lead out of it are cut. */
import { grid, idsOf, itemsOf } from './graph.rules';
import { newId } from './ids';
import type { Data, Graph, GraphComment, GraphEdge, GraphGroup, GraphNode, NodeRow, Variable } from './types';

const format = 'interflow-nodes';

interface Clip {
  format: typeof format;
  version: 1;
  nodes: GraphNode[];
  edges: GraphEdge[];
  groups: GraphGroup[];
  comments: GraphComment[];
  variables: Variable[];
}

/** Names of session variables that a text of the graph may mean. */
export function variablesUsed(nodes: readonly GraphNode[], variables: readonly Variable[]): Variable[] {
  const text = JSON.stringify(nodes.map((n) => n.data));
  return variables.filter((v) => new RegExp(`(^|[^\\w.])(session\\.)?${v.name}([^\\w]|$)`).test(text));
}

/** The chosen part as text; undefined when nothing of it can be copied. The start is not. */
export function copyText(g: Graph, ids: ReadonlySet<string>): string | undefined {
  const nodes = g.nodes.filter((n) => ids.has(n.id) && n.type !== 'start');
  const inside = new Set(nodes.map((n) => n.id));
  const clip: Clip = {
    format,
    version: 1,
    nodes: [...nodes],
    edges: g.edges.filter((e) => inside.has(e.from) && inside.has(e.to)),
    groups: g.groups.filter((x) => ids.has(x.id)),
    comments: g.comments.filter((x) => ids.has(x.id)),
    variables: variablesUsed(nodes, g.variables),
  };
  if (nodes.length + clip.groups.length + clip.comments.length === 0) return undefined;
  return JSON.stringify(clip);
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x);
}

function list<T>(x: unknown, good: (it: Record<string, unknown>) => boolean): T[] {
  return Array.isArray(x) ? (x.filter((it) => isRecord(it) && good(it)) as T[]) : [];
}

const hasPlace = (it: Record<string, unknown>) =>
  typeof it['id'] === 'string' && typeof it['x'] === 'number' && typeof it['y'] === 'number';

/** Reads what was copied here or elsewhere; undefined when the clipboard holds something else. */
export function readClip(text: string): Clip | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(raw) || raw['format'] !== format) return undefined;
  const clip: Clip = {
    format,
    version: 1,
    nodes: list<GraphNode>(raw['nodes'], (n) => hasPlace(n) && typeof n['type'] === 'string' && isRecord(n['data'])),
    edges: list<GraphEdge>(raw['edges'], (e) => ['from', 'port', 'to'].every((k) => typeof e[k] === 'string')),
    groups: list<GraphGroup>(raw['groups'], (x) => hasPlace(x) && typeof x['w'] === 'number'),
    comments: list<GraphComment>(raw['comments'], (x) => hasPlace(x) && typeof x['text'] === 'string'),
    variables: list<Variable>(raw['variables'], (v) => typeof v['name'] === 'string' && typeof v['type'] === 'string'),
  };
  return clip.nodes.length + clip.groups.length + clip.comments.length > 0 ? clip : undefined;
}

export interface Pasted {
  graph: Graph;
  /** Ids of what came, to be chosen. */
  ids: Set<string>;
  /** Nodes of kinds that this flow may not have. */
  refused: number;
}

/** Puts what was copied into a graph: its upper left corner at `at`. Variables that are missing here come along. */
export function paste(
  g: Graph,
  clip: Clip,
  at: { x: number; y: number },
  rows: readonly NodeRow[],
  may: (row: NodeRow) => boolean,
): Pasted {
  const taken = idsOf(g);
  const fresh = (prefix: string) => {
    const id = newId(prefix, taken);
    taken.add(id);
    return id;
  };
  const coming = clip.nodes.filter((n) => {
    const row = rows.find((r) => r.type === n.type);
    return n.type !== 'start' && row !== undefined && may(row);
  });
  const things = [...coming, ...clip.groups, ...clip.comments];
  const left = Math.min(...things.map((n) => n.x));
  const top = Math.min(...things.map((n) => n.y));
  const dx = Math.round((at.x - left) / grid) * grid;
  const dy = Math.round((at.y - top) / grid) * grid;
  const shift = <T extends { x: number; y: number }>(n: T): T => ({ ...n, x: n.x + dx, y: n.y + dy });

  const nodeIds = new Map(coming.map((n) => [n.id, fresh('n')]));
  const portIds = new Map<string, string>();
  const nodes = coming.map((n) => {
    const row = rows.find((r) => r.type === n.type);
    const data: Data = { ...n.data };
    if (row?.portsField) {
      const items = itemsOf(data[row.portsField]);
      data[row.portsField] = items.map((o) => {
        const id = fresh('o');
        portIds.set(`${n.id} ${o.id}`, id);
        return { ...o, id };
      });
    }
    for (const f of row?.fields ?? []) {
      const v = data[f.name];
      if (f.kind === 'node' && typeof v === 'string') data[f.name] = nodeIds.get(v) ?? (taken.has(v) ? v : '');
    }
    return { ...shift(n), id: nodeIds.get(n.id) ?? fresh('n'), data };
  });
  const edges = clip.edges.flatMap((e) => {
    const from = nodeIds.get(e.from);
    const to = nodeIds.get(e.to);
    if (from === undefined || to === undefined) return [];
    return [{ id: fresh('e'), from, port: portIds.get(`${e.from} ${e.port}`) ?? e.port, to }];
  });
  const groups = clip.groups.map((x) => ({ ...shift(x), id: fresh('g') }));
  const comments = clip.comments.map((x) => ({ ...shift(x), id: fresh('c') }));
  const known = new Set(g.variables.map((v) => v.name));
  const graph: Graph = {
    ...g,
    nodes: [...g.nodes, ...nodes],
    edges: [...g.edges, ...edges],
    groups: [...g.groups, ...groups],
    comments: [...g.comments, ...comments],
    variables: [...g.variables, ...clip.variables.filter((v) => !known.has(v.name))],
  };
  return {
    graph,
    ids: new Set([...nodes, ...groups, ...comments].map((x) => x.id)),
    refused: clip.nodes.filter((n) => n.type !== 'start').length - coming.length,
  };
}
