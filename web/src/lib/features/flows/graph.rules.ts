/* The graph as a value: every edit is a function from one graph to the next, what did not change keeps its identity.
   Nothing here knows the page; undo is keeping the graphs (history.rules.ts). */
import { newId } from './ids';
import type {
  Data,
  FieldRow,
  FlowKind,
  Graph,
  GraphComment,
  GraphEdge,
  GraphGroup,
  GraphNode,
  NodeRow,
  PortRow,
  When,
} from './types';

/** Width of a card, and the distance of columns and rows when something is put beside another. */
export const nodeWidth = 184;
export const columnStep = 210;
export const rowGap = 40;
export const grid = 10;

export const limits = { nodes: 500, edges: 2000, groups: 200, variables: 200, bytes: 1024 * 1024 };

export const emptyGraph: Graph = {
  format: 1,
  nodes: [],
  edges: [],
  groups: [],
  comments: [],
  variables: [],
  settings: {},
};

/** What the server sent, with every list in place (an older draft may lack one). */
export function readGraph(raw: Partial<Graph> | null | undefined): Graph {
  return {
    ...emptyGraph,
    ...raw,
    format: 1,
    nodes: (raw?.nodes ?? []).map((n) => ({ ...n, name: n.name ?? '', data: n.data ?? {} })),
    edges: raw?.edges ?? [],
    groups: raw?.groups ?? [],
    comments: raw?.comments ?? [],
    variables: raw?.variables ?? [],
    settings: raw?.settings ?? {},
  };
}

export function snap(v: number): number {
  return Math.round(v / grid) * grid;
}

function isSet(v: unknown): boolean {
  if (Array.isArray(v)) return v.length > 0;
  return v !== undefined && v !== null && v !== '' && v !== false && v !== 0;
}

/** Whether a field or a port is there, by what another field holds. */
export function holds(when: When | null | undefined, data: Data): boolean {
  if (!when) return true;
  const value = data[when.field];
  if (when.in.length === 0) return isSet(value);
  return when.in.some((x) => String(x) === String(value ?? ''));
}

/* --- ports --- */

export interface Port {
  id: string;
  role: string;
  /** Of an option: its title, as written. */
  title?: string | undefined;
}

function isItem(x: unknown): x is { id: string; title?: unknown } {
  return typeof x === 'object' && x !== null && typeof (x as { id?: unknown }).id === 'string';
}

/** Items of an array field that have ids (options, weights, cases). */
export function itemsOf(value: unknown): { id: string; title?: unknown }[] {
  return Array.isArray(value) ? value.filter(isItem) : [];
}

/** The ports of a node as it stands: those of its options first, then the fixed ones that its data brings. */
export function portsOf(row: NodeRow | undefined, data: Data): Port[] {
  if (!row) return [];
  const options: Port[] = row.portsField
    ? itemsOf(data[row.portsField]).map((o) => ({
        id: o.id,
        role: 'option',
        title: typeof o.title === 'string' ? o.title : '',
      }))
    : [];
  const fixed = row.ports.filter((p: PortRow) => holds(p.when, data)).map((p) => ({ id: p.id, role: p.role ?? p.id }));
  return [...options, ...fixed];
}

/** Ports that leave by the foot of the card; the others (nobody answered, an error) leave by its side. */
export function isMain(port: Port): boolean {
  return port.role === 'option' || port.role === 'next' || port.role === 'yes' || port.role === 'else';
}

export function rowOf(rows: readonly NodeRow[], type: string): NodeRow | undefined {
  return rows.find((r) => r.type === type);
}

/** What a person may add to a flow of this kind, as it stands. */
export function allowed(row: NodeRow, kind: FlowKind, graph: Graph): boolean {
  if (!row.kinds.includes(kind)) return false;
  return !row.max || graph.nodes.filter((n) => n.type === row.type).length < row.max;
}

/* --- making --- */

/** What a field of a new node holds: the row's own beginning, else the empty value of its kind. */
export function beginning(field: FieldRow, id: () => string): unknown {
  if (field.default !== undefined && field.default !== null) return structuredCloneJson(field.default);
  switch (field.kind) {
    case 'options':
      return field.min ? Array.from({ length: field.min }, () => ({ id: id(), title: '' })) : [];
    case 'weights':
      return [
        { id: id(), title: 'A', weight: 50 },
        { id: id(), title: 'B', weight: 50 },
      ];
    case 'cases':
      return [{ id: id(), title: '', when: { op: 'all', rows: [] } }];
    case 'conditions':
      return field.required ? { op: 'all', rows: [] } : undefined;
    default:
      return undefined;
  }
}

function structuredCloneJson(v: unknown): unknown {
  return JSON.parse(JSON.stringify(v)) as unknown;
}

export function newNode(
  row: NodeRow,
  name: string,
  at: { x: number; y: number },
  taken: ReadonlySet<string>,
): GraphNode {
  const data: Data = {};
  for (const f of row.fields) {
    const v = beginning(f, () => newId('o'));
    if (v !== undefined) data[f.name] = v;
  }
  /* Options that come with the row get ids of their own: two nodes never share a port. */
  if (row.portsField) {
    const items = data[row.portsField];
    if (Array.isArray(items)) data[row.portsField] = items.map((x) => ({ ...(x as Data), id: newId('o') }));
  }
  return { id: newId('n', taken), type: row.type, name, x: snap(at.x), y: snap(at.y), data };
}

export function idsOf(g: Graph): Set<string> {
  return new Set([...g.nodes, ...g.edges, ...g.groups, ...g.comments].map((x) => x.id));
}

/* --- edits --- */

export function addNode(g: Graph, node: GraphNode): Graph {
  return { ...g, nodes: [...g.nodes, node] };
}

/** Whether an edge may be drawn: both ends exist, nothing leads into the start, a port leads to one place only. */
export function canConnect(g: Graph, from: string, to: string): boolean {
  if (from === to) return false;
  const target = g.nodes.find((n) => n.id === to);
  return target !== undefined && target.type !== 'start' && g.nodes.some((n) => n.id === from);
}

/** Draws an edge; what the port led to before, it leads to no more. */
export function connect(g: Graph, from: string, port: string, to: string): Graph {
  if (!canConnect(g, from, to)) return g;
  const there = g.edges.find((e) => e.from === from && e.port === port);
  if (there?.to === to) return g;
  const edge: GraphEdge = { id: there?.id ?? newId('e', idsOf(g)), from, port, to };
  return { ...g, edges: [...g.edges.filter((e) => e !== there), edge] };
}

/** Puts a node on an edge: what led through now leads through it, by its first main port. */
export function insertOn(g: Graph, edgeId: string, node: GraphNode, row: NodeRow): Graph {
  const edge = g.edges.find((e) => e.id === edgeId);
  if (!edge) return addNode(g, node);
  const first = portsOf(row, node.data).find(isMain);
  let out = addNode(g, node);
  out = { ...out, edges: out.edges.map((e) => (e === edge ? { ...e, to: node.id } : e)) };
  return first ? connect(out, node.id, first.id, edge.to) : out;
}

/** Takes away nodes, edges, groups and comments by their ids; edges go with their ends, the start stays. */
export function remove(g: Graph, ids: ReadonlySet<string>): Graph {
  const gone = new Set(g.nodes.filter((n) => ids.has(n.id) && n.type !== 'start').map((n) => n.id));
  const keep = <T extends { id: string }>(list: readonly T[]) =>
    list.some((x) => ids.has(x.id)) ? list.filter((x) => !ids.has(x.id)) : list;
  const nodes = gone.size ? g.nodes.filter((n) => !gone.has(n.id)) : g.nodes;
  const edges = g.edges.filter((e) => !ids.has(e.id) && !gone.has(e.from) && !gone.has(e.to));
  const next = {
    ...g,
    nodes,
    edges: edges.length === g.edges.length ? g.edges : edges,
    groups: keep(g.groups),
    comments: keep(g.comments),
  };
  return next.nodes === g.nodes && next.edges === g.edges && next.groups === g.groups && next.comments === g.comments
    ? g
    : next;
}

export type Spots = ReadonlyMap<string, { x: number; y: number }>;

/** Moves nodes, groups and comments to where they are told. */
export function place(g: Graph, spots: Spots): Graph {
  let changed = false;
  const put = <T extends { id: string; x: number; y: number }>(list: readonly T[]): readonly T[] =>
    list.map((it) => {
      const to = spots.get(it.id);
      if (!to || (to.x === it.x && to.y === it.y)) return it;
      changed = true;
      return { ...it, x: to.x, y: to.y };
    });
  const next = { ...g, nodes: put(g.nodes), groups: put(g.groups), comments: put(g.comments) };
  return changed ? next : g;
}

export function setNode(g: Graph, id: string, change: Partial<Pick<GraphNode, 'name' | 'data'>>): Graph {
  return { ...g, nodes: g.nodes.map((n) => (n.id === id ? { ...n, ...change } : n)) };
}

/** Sets one field; undefined takes it away. Edges of ports that are no more go with it. */
export function setField(g: Graph, id: string, field: string, value: unknown, rows: readonly NodeRow[]): Graph {
  const node = g.nodes.find((n) => n.id === id);
  if (!node || node.data[field] === value) return g;
  const data = { ...node.data };
  if (value === undefined) delete data[field];
  else data[field] = value;
  return dropLoose(setNode(g, id, { data }), id, rows);
}

/** Without the edges of a node's ports that do not exist (an option that was taken away). */
export function dropLoose(g: Graph, id: string, rows: readonly NodeRow[]): Graph {
  const node = g.nodes.find((n) => n.id === id);
  const row = node && rowOf(rows, node.type);
  if (!row) return g;
  const ports = new Set(portsOf(row, node.data).map((p) => p.id));
  const edges = g.edges.filter((e) => e.from !== id || ports.has(e.port));
  return edges.length === g.edges.length ? g : { ...g, edges };
}

export function setGroup(g: Graph, id: string, change: Partial<GraphGroup>): Graph {
  return { ...g, groups: g.groups.map((x) => (x.id === id ? { ...x, ...change } : x)) };
}

export function setComment(g: Graph, id: string, change: Partial<GraphComment>): Graph {
  return { ...g, comments: g.comments.map((x) => (x.id === id ? { ...x, ...change } : x)) };
}

/** Names a variable anew where the form set it; texts that use it are the person's own. */
export function nameFree(base: string, taken: readonly string[]): string {
  if (!taken.includes(base)) return base;
  for (let i = 2; ; i += 1) if (!taken.includes(`${base} ${i}`)) return `${base} ${i}`;
}

/* --- looking --- */

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export type Sizes = ReadonlyMap<string, { w: number; h: number }>;

/** The height of a card that was not measured yet: head, text, a line per port. */
export function guessHeight(row: NodeRow | undefined, data: Data): number {
  const ports = portsOf(row, data).length;
  return 28 + (row?.summary ? 38 : 0) + (ports > 1 ? ports * 24 : 0);
}

export function boxOf(n: { id: string; x: number; y: number; w?: number; h?: number }, sizes: Sizes): Box {
  const s = sizes.get(n.id);
  return { x: n.x, y: n.y, w: n.w ?? s?.w ?? nodeWidth, h: n.h ?? s?.h ?? 90 };
}

export function bounds(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  const x = Math.min(...boxes.map((b) => b.x));
  const y = Math.min(...boxes.map((b) => b.y));
  return {
    x,
    y,
    w: Math.max(...boxes.map((b) => b.x + b.w)) - x,
    h: Math.max(...boxes.map((b) => b.y + b.h)) - y,
  };
}

export function inside(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.w <= outer.x + outer.w &&
    inner.y + inner.h <= outer.y + outer.h
  );
}

/** A place near `want` where a card of this size covers no other: down, then to the right. */
export function freeSpot(g: Graph, sizes: Sizes, want: { x: number; y: number }, h = 100): { x: number; y: number } {
  const taken = g.nodes.map((n) => boxOf(n, sizes));
  const hits = (x: number, y: number) =>
    taken.some((b) => x < b.x + b.w + 10 && x + nodeWidth + 10 > b.x && y < b.y + b.h + 20 && y + h + 20 > b.y);
  for (let column = 0; column < 40; column += 1) {
    const x = snap(want.x) + column * columnStep;
    if (!hits(x, snap(want.y))) return { x, y: snap(want.y) };
  }
  return { x: snap(want.x), y: snap(want.y) };
}

/** Where the node that follows a port goes: below for main ports, to the right for the others. */
export function spotAfter(
  g: Graph,
  sizes: Sizes,
  from: GraphNode,
  port: Port,
  rows: readonly NodeRow[],
): { x: number; y: number } {
  const box = boxOf(from, sizes);
  const ports = portsOf(rowOf(rows, from.type), from.data);
  if (!isMain(port)) return freeSpot(g, sizes, { x: box.x + columnStep + 20, y: box.y + Math.max(0, box.h - 60) });
  const main = ports.filter(isMain);
  const at = main.findIndex((p) => p.id === port.id);
  const shift = (at - (main.length - 1) / 2) * columnStep;
  /* The start's card is wider than the others: what follows stands under its middle. */
  const x = from.type === 'start' ? box.x + (box.w - nodeWidth) / 2 : box.x + shift;
  return freeSpot(g, sizes, { x, y: box.y + box.h + rowGap });
}

/** Nodes that an edge leads to, from one node on, itself included. */
export function reachable(g: Graph, from: string): Set<string> {
  const seen = new Set([from]);
  const todo = [from];
  const out = new Map<string, string[]>();
  for (const e of g.edges) (out.get(e.from) ?? out.set(e.from, []).get(e.from))?.push(e.to);
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    for (const to of out.get(id) ?? []) {
      if (!seen.has(to)) {
        seen.add(to);
        todo.push(to);
      }
    }
  }
  return seen;
}
