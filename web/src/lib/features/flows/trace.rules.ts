/* The way that a session took, and what many sessions did: for the lines and numbers on the canvas. */
import type { Graph, GraphEdge, NodeStats, Step } from './types';

export interface Path {
  nodes: Set<string>;
  edges: Set<string>;
}

/** Nodes and edges that the steps of a log went over. */
export function pathOf(log: readonly Step[], g: Pick<Graph, 'edges'>): Path {
  const nodes = new Set(log.map((s) => s.nodeId));
  const edges = new Set<string>();
  const byPort = new Map<string, GraphEdge>(g.edges.map((e) => [`${e.from} ${e.port}`, e]));
  log.forEach((s, i) => {
    const e = s.port === null ? undefined : byPort.get(`${s.nodeId} ${s.port}`);
    /* The last step's edge counts once what it leads to was entered, or the session stands there. */
    if (e && (i < log.length - 1 ? log.slice(i + 1).some((x) => x.nodeId === e.to) : nodes.has(e.to))) edges.add(e.id);
  });
  return { nodes, edges };
}

/** Who answered, in percent of who entered: what the foot of a card that asks says. */
export function answeredShare(s: NodeStats): number | undefined {
  return s.entered > 0 ? Math.round((100 * s.answered) / s.entered) : undefined;
}

/** How many that entered went on by no port and wait no more: the drop before the next card. Where the flow ends by
    itself (a transfer, the end) nobody is lost. */
export function lost(s: NodeStats, ends = false): number {
  return ends ? 0 : Math.max(0, s.entered - s.left - s.waiting);
}

export function statsByNode(list: readonly NodeStats[]): Map<string, NodeStats> {
  return new Map(list.map((s) => [s.nodeId, s]));
}

/** A value of a log or of a variable in one short line. */
export function brief(value: unknown, max = 80): string {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > max ? `${flat.slice(0, max - 1)}…` : flat;
}
