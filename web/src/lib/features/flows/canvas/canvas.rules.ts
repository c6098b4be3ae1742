/* The graph as Svelte Flow wants it. What did not change keeps its object, so that only changed cards are drawn anew. */
import type { Edge, Node } from '@xyflow/svelte';
import { type Box, isMain, portsOf, rowOf } from '../graph.rules';
import type { Graph, GraphComment, GraphGroup, GraphNode, NodeRow } from '../types';

export type CardNode = Node<{ node: GraphNode }, 'card'>;
export type GroupNode = Node<{ group: GraphGroup }, 'group'>;
export type CommentNode = Node<{ comment: GraphComment }, 'comment'>;
export type CanvasNode = CardNode | GroupNode | CommentNode;
export type CanvasEdge = Edge<{ main: boolean; slot: number; slots: number }, 'flow'>;

interface Context {
  selection: ReadonlySet<string>;
  writable: boolean;
}

function same(a: CanvasNode, b: CanvasNode): boolean {
  const da = a.data as Record<string, unknown>;
  const db = b.data as Record<string, unknown>;
  return (
    a.type === b.type &&
    a.selected === b.selected &&
    a.draggable === b.draggable &&
    a.position.x === b.position.x &&
    a.position.y === b.position.y &&
    a.width === b.width &&
    a.height === b.height &&
    Object.keys(da).every((k) => da[k] === db[k])
  );
}

export function canvasNodes(g: Graph, before: readonly CanvasNode[], { selection, writable }: Context): CanvasNode[] {
  const old = new Map(before.map((n) => [n.id, n]));
  const base = { draggable: writable, deletable: false } as const;
  const made: CanvasNode[] = [
    ...g.groups.map((group): GroupNode => ({
      ...base,
      id: group.id,
      type: 'group',
      position: { x: group.x, y: group.y },
      width: group.w,
      height: group.h,
      zIndex: -1,
      dragHandle: '.group-head',
      data: { group },
      selected: selection.has(group.id),
    })),
    ...g.nodes.map((node): CardNode => ({
      ...base,
      id: node.id,
      type: 'card',
      position: { x: node.x, y: node.y },
      data: { node },
      selected: selection.has(node.id),
    })),
    ...g.comments.map((comment): CommentNode => ({
      ...base,
      id: comment.id,
      type: 'comment',
      position: { x: comment.x, y: comment.y },
      width: comment.w,
      height: comment.h,
      data: { comment },
      selected: selection.has(comment.id),
    })),
  ];
  let changed = made.length !== before.length;
  const out = made.map((n, i) => {
    const was = old.get(n.id);
    const kept = was && same(was, n) ? was : was ? ({ ...was, ...n } as CanvasNode) : n;
    if (kept !== before[i]) changed = true;
    return kept;
  });
  return changed ? out : (before as CanvasNode[]);
}

/* A node is never changed in place, so what its ports are is found once. */
const known = new WeakMap<GraphNode, { rows: readonly NodeRow[]; ports: ReadonlyMap<string, boolean> }>();

/** Ids of a node's ports, and whether each is a main one. */
function portsOfNode(n: GraphNode, rows: readonly NodeRow[]): ReadonlyMap<string, boolean> {
  const was = known.get(n);
  if (was?.rows === rows) return was.ports;
  const ports = new Map(portsOf(rowOf(rows, n.type), n.data).map((p) => [p.id, isMain(p)]));
  known.set(n, { rows, ports });
  return ports;
}

export function canvasEdges(
  g: Graph,
  rows: readonly NodeRow[],
  before: readonly CanvasEdge[],
  { selection, writable }: Context,
): CanvasEdge[] {
  const old = new Map(before.map((e) => [e.id, e]));
  const byId = new Map(g.nodes.map((n) => [n.id, n]));
  /* Main ports that lead somewhere leave the foot of the card side by side, in the order of where they go. */
  const slots = new Map<string, { slot: number; slots: number }>();
  const mains = new Map<string, { id: string; x: number }[]>();
  const ports = new Map<string, ReadonlyMap<string, boolean>>();
  for (const n of g.nodes) ports.set(n.id, portsOfNode(n, rows));
  const drawn = g.edges.filter((e) => ports.get(e.from)?.has(e.port) && byId.has(e.to));
  for (const e of drawn)
    if (ports.get(e.from)?.get(e.port))
      (mains.get(e.from) ?? mains.set(e.from, []).get(e.from))?.push({ id: e.id, x: byId.get(e.to)?.x ?? 0 });
  for (const list of mains.values()) {
    list.sort((a, b) => a.x - b.x);
    list.forEach((e, i) => slots.set(e.id, { slot: i, slots: list.length }));
  }
  let changed = drawn.length !== before.length;
  const out = drawn.map((e, i) => {
    const main = ports.get(e.from)?.get(e.port) ?? true;
    const at = slots.get(e.id) ?? { slot: 0, slots: 1 };
    const selected = selection.has(e.id);
    const was = old.get(e.id);
    if (
      was &&
      was.source === e.from &&
      was.sourceHandle === e.port &&
      was.target === e.to &&
      was.selected === selected &&
      was.selectable === writable &&
      was.data?.main === main &&
      was.data.slot === at.slot &&
      was.data.slots === at.slots
    ) {
      if (was !== before[i]) changed = true;
      return was;
    }
    changed = true;
    return {
      id: e.id,
      type: 'flow',
      source: e.from,
      sourceHandle: e.port,
      target: e.to,
      targetHandle: 'in',
      selected,
      selectable: writable,
      focusable: false,
      deletable: false,
      data: { main, ...at },
    } satisfies CanvasEdge;
  });
  return changed ? out : (before as CanvasEdge[]);
}

/* --- the line of an edge --- */

const round = 10;
const near = 8;

function bezierDown(x1: number, y1: number, x2: number, y2: number): string {
  const bend = Math.max(14, Math.min(60, (y2 - y1) / 2));
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

/* Straight pieces with rounded corners. */
function rounded(points: readonly [number, number][]): string {
  const clean = points.filter((p, i) => i === 0 || p[0] !== points[i - 1]?.[0] || p[1] !== points[i - 1]?.[1]);
  let d = '';
  clean.forEach(([x, y], i) => {
    const before = clean[i - 1];
    const after = clean[i + 1];
    if (!before || !after) {
      d += `${i === 0 ? 'M' : 'L'}${x} ${y}`;
      return;
    }
    const r = Math.min(round, Math.hypot(x - before[0], y - before[1]) / 2, Math.hypot(after[0] - x, after[1] - y) / 2);
    const a = [x - Math.sign(x - before[0]) * r, y - Math.sign(y - before[1]) * r];
    const b = [x + Math.sign(after[0] - x) * r, y + Math.sign(after[1] - y) * r];
    d += `L${a[0]} ${a[1]}Q${x} ${y} ${b[0]} ${b[1]}`;
  });
  return d;
}

export interface EdgeShape {
  d: string;
  /** Where it ends, for the small ring, and its middle, for the cross that removes it. */
  end: { x: number; y: number };
  middle: { x: number; y: number };
}

/** The way of an edge between two cards. Main ports leave by the foot when the target is below; all else by the side,
    at the port's line, to the left side of what is to the right, else around to the right side or the head. */
export function edgeShape(from: Box, to: Box, portY: number, main: boolean, slot: number, slots: number): EdgeShape {
  const foot = from.y + from.h;
  const toMid = to.x + to.w / 2;
  if (main && to.y >= foot + 12) {
    const step = slots > 1 ? Math.min(52, (from.w - 40) / (slots - 1)) : 0;
    const own = from.x + from.w / 2 + (slot - (slots - 1) / 2) * step;
    /* Nearly above each other (cards stand on the grid, widths do not): straight all the same. */
    const x = slots === 1 && Math.abs(own - toMid) <= near ? toMid : own;
    const d = Math.abs(x - toMid) < 1 ? `M${x} ${foot}L${x} ${to.y}` : bezierDown(x, foot, toMid, to.y);
    return { d, end: { x: toMid, y: to.y }, middle: { x: (x + toMid) / 2, y: (foot + to.y) / 2 } };
  }
  const x1 = from.x + from.w;
  /* A port at the foot has no line of its own: by the side it leaves beside the head. */
  if (portY >= foot - 4) portY = from.y + Math.min(14, from.h / 2);
  const side = to.y + Math.min(14, to.h / 2);
  if (to.x >= x1 + 16) {
    const mid = Math.min(x1 + 13, (x1 + to.x) / 2);
    return {
      d: rounded([
        [x1, portY],
        [mid, portY],
        [mid, side],
        [to.x, side],
      ]),
      end: { x: to.x, y: side },
      middle: { x: mid, y: (portY + side) / 2 },
    };
  }
  if (to.y >= foot + 24) {
    const lane = x1 + 14;
    const above = to.y - 12;
    return {
      d: rounded([
        [x1, portY],
        [lane, portY],
        [lane, above],
        [toMid, above],
        [toMid, to.y],
      ]),
      end: { x: toMid, y: to.y },
      middle: { x: lane, y: (portY + above) / 2 },
    };
  }
  const lane = Math.max(x1, to.x + to.w) + 16;
  return {
    d: rounded([
      [x1, portY],
      [lane, portY],
      [lane, side],
      [to.x + to.w, side],
    ]),
    end: { x: to.x + to.w, y: side },
    middle: { x: lane, y: (portY + side) / 2 },
  };
}
