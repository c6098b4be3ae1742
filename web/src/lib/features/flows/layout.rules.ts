/* Auto layout: layers from the start downwards, so that every edge that is not a loop leads down; inside a layer the
   order of the neighbours above and below (barycentres, a few sweeps); then each card as near to its neighbours' middle
   as its place in the row allows. Parts that nothing leads to come beside, in columns. */
import { boxOf, columnStep, nodeWidth, type Sizes, snap } from './graph.rules';
import type { Graph, GraphNode } from './types';

const layerGap = 50;
const between = columnStep - nodeWidth;

interface Work {
  nodes: readonly GraphNode[];
  down: Map<string, string[]>;
  up: Map<string, string[]>;
}

/* Edges without those that close a loop, found depth first from the start, then from what nothing leads to. */
function acyclic(g: Graph, nodes: readonly GraphNode[], rank: ReadonlyMap<string, number>): Work {
  const ids = new Set(nodes.map((n) => n.id));
  const out = new Map<string, string[]>(nodes.map((n) => [n.id, []]));
  const fed = new Set<string>();
  const sorted = [...g.edges].sort(
    (a, b) => (rank.get(`${a.from} ${a.port}`) ?? 0) - (rank.get(`${b.from} ${b.port}`) ?? 0),
  );
  for (const e of sorted) {
    if (!ids.has(e.from) || !ids.has(e.to) || e.from === e.to) continue;
    const list = out.get(e.from);
    if (list && !list.includes(e.to)) list.push(e.to);
    fed.add(e.to);
  }
  const roots = [
    ...nodes.filter((n) => n.type === 'start'),
    ...nodes.filter((n) => n.type !== 'start' && !fed.has(n.id)),
    ...nodes,
  ];
  const state = new Map<string, 1 | 2>();
  const down = new Map<string, string[]>(nodes.map((n) => [n.id, []]));
  const up = new Map<string, string[]>(nodes.map((n) => [n.id, []]));
  for (const root of roots) {
    if (state.has(root.id)) continue;
    const stack: { id: string; next: number }[] = [{ id: root.id, next: 0 }];
    state.set(root.id, 1);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const to = out.get(top.id)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        state.set(top.id, 2);
        stack.pop();
      } else if (state.get(to) !== 1) {
        down.get(top.id)?.push(to);
        up.get(to)?.push(top.id);
        if (!state.has(to)) {
          state.set(to, 1);
          stack.push({ id: to, next: 0 });
        }
      }
    }
  }
  return { nodes, down, up };
}

/* A node stands below all that lead to it (longest path). */
function layersOf({ nodes, down, up }: Work): string[][] {
  const layer = new Map<string, number>();
  const waits = new Map(nodes.map((n) => [n.id, up.get(n.id)?.length ?? 0]));
  const todo = nodes.filter((n) => waits.get(n.id) === 0).map((n) => n.id);
  for (const id of todo) layer.set(id, 0);
  for (let id = todo.shift(); id !== undefined; id = todo.shift()) {
    for (const to of down.get(id) ?? []) {
      layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(id) ?? 0) + 1));
      const left = (waits.get(to) ?? 1) - 1;
      waits.set(to, left);
      if (left === 0) todo.push(to);
    }
  }
  const layers: string[][] = [];
  for (const n of nodes) (layers[layer.get(n.id) ?? 0] ??= []).push(n.id);
  return layers.map((l) => l ?? []);
}

function order(layers: string[][], { down, up }: Work): void {
  const place = new Map<string, number>();
  const note = (l: string[]) => l.forEach((id, i) => place.set(id, i));
  /* First as a walk from the roots meets them: children in the order of their ports. */
  layers.forEach((l, i) => {
    if (i > 0) {
      const seen: string[] = [];
      for (const id of layers[i - 1] ?? [])
        for (const to of down.get(id) ?? []) if (l.includes(to) && !seen.includes(to)) seen.push(to);
      l.splice(0, l.length, ...seen, ...l.filter((id) => !seen.includes(id)));
    }
    note(l);
  });
  const sweep = (l: string[], near: Map<string, string[]>) => {
    const middle = new Map(
      l.map((id, i) => {
        const at = (near.get(id) ?? []).map((x) => place.get(x)).filter((x) => x !== undefined);
        return [id, at.length ? at.reduce((a, b) => a + b, 0) / at.length : i] as const;
      }),
    );
    l.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
    note(l);
  };
  for (let round = 0; round < 4; round += 1) {
    for (const l of layers.slice(1)) sweep(l, up);
    for (const l of layers.slice(0, -1).toReversed()) sweep(l, down);
  }
  for (const l of layers.slice(1)) sweep(l, up);
}

/* Middles along a layer: wanted where the neighbours are, kept apart, both ways of the row tried and averaged. */
function spread(
  l: readonly string[],
  want: (id: string) => number | undefined,
  width: (id: string) => number,
): Map<string, number> {
  const room = (a: string, b: string) => (width(a) + width(b)) / 2 + between;
  const wanted: number[] = [];
  l.forEach((id, i) => {
    const before = l[i - 1];
    wanted.push(want(id) ?? (before === undefined ? 0 : (wanted[i - 1] ?? 0) + room(before, id)));
  });
  const right: number[] = [];
  l.forEach((id, i) => {
    const before = l[i - 1];
    right.push(
      before === undefined ? (wanted[i] ?? 0) : Math.max(wanted[i] ?? 0, (right[i - 1] ?? 0) + room(before, id)),
    );
  });
  const left: number[] = Array.from({ length: l.length }, () => 0);
  for (let i = l.length - 1; i >= 0; i -= 1) {
    const id = l[i] ?? '';
    const after = l[i + 1];
    left[i] = after === undefined ? (wanted[i] ?? 0) : Math.min(wanted[i] ?? 0, (left[i + 1] ?? 0) - room(id, after));
  }
  return new Map(l.map((id, i) => [id, ((right[i] ?? 0) + (left[i] ?? 0)) / 2]));
}

/** New places for the nodes (all of them, or the chosen ones among themselves). */
export function layout(
  g: Graph,
  sizes: Sizes,
  ports: (node: GraphNode) => readonly string[],
  only?: ReadonlySet<string>,
): Map<string, { x: number; y: number }> {
  const nodes = only && only.size > 1 ? g.nodes.filter((n) => only.has(n.id)) : g.nodes;
  const spots = new Map<string, { x: number; y: number }>();
  if (nodes.length === 0) return spots;
  const rank = new Map(nodes.flatMap((n) => ports(n).map((p, i) => [`${n.id} ${p}`, i] as const)));
  const work = acyclic(g, nodes, rank);
  const layers = layersOf(work);
  order(layers, work);
  const byId = new Map(nodes.map((n) => [n.id, boxOf(n, sizes)]));
  const width = (id: string) => byId.get(id)?.w ?? nodeWidth;
  const height = (id: string) => byId.get(id)?.h ?? 90;
  const middle = new Map<string, number>();
  const mean = (ids: readonly string[] | undefined) => {
    const at = (ids ?? []).map((id) => middle.get(id)).filter((x) => x !== undefined);
    return at.length ? at.reduce((a, b) => a + b, 0) / at.length : undefined;
  };
  const set = (l: readonly string[], want: (id: string) => number | undefined) => {
    for (const [id, x] of spread(l, want, width)) middle.set(id, x);
  };
  for (const l of layers) set(l, (id) => mean(work.up.get(id)));
  for (let round = 0; round < 3; round += 1) {
    for (const l of layers.toReversed()) set(l, (id) => mean(work.down.get(id)) ?? middle.get(id));
    for (const l of layers) set(l, (id) => mean(work.up.get(id)) ?? middle.get(id));
  }
  let y = 0;
  for (const l of layers) {
    for (const id of l) spots.set(id, { x: (middle.get(id) ?? 0) - width(id) / 2, y });
    y += Math.max(...l.map(height)) + layerGap;
  }
  /* The whole lands where it was: the upper left corner stays. */
  const old = { x: Math.min(...nodes.map((n) => n.x)), y: Math.min(...nodes.map((n) => n.y)) };
  const left = Math.min(...[...spots.values()].map((s) => s.x));
  for (const [id, s] of spots) spots.set(id, { x: snap(s.x - left + old.x), y: snap(s.y + old.y) });
  return spots;
}
