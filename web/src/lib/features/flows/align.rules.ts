/* Lining up what is chosen, and the lines that show while dragging that an edge or a middle stands as another's. */
import { type Box, bounds, snap } from './graph.rules';

export type Align = 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom' | 'spreadX' | 'spreadY';
export const aligns: readonly Align[] = ['left', 'center', 'right', 'top', 'middle', 'bottom', 'spreadX', 'spreadY'];

type Placed = Box & { id: string };

/** New places of the boxes; spreading makes the gaps between them equal and keeps the outer two. */
export function align(boxes: readonly Placed[], how: Align): Map<string, { x: number; y: number }> {
  const all = bounds(boxes);
  const out = new Map<string, { x: number; y: number }>();
  if (!all || boxes.length < 2) return out;
  if (how === 'spreadX' || how === 'spreadY') {
    const pos = how === 'spreadX' ? 'x' : 'y';
    const size = how === 'spreadX' ? 'w' : 'h';
    const sorted = [...boxes].sort((a, b) => a[pos] - b[pos]);
    const gap = (all[size] - sorted.reduce((sum, b) => sum + b[size], 0)) / (sorted.length - 1);
    let at = all[pos];
    for (const b of sorted) {
      out.set(b.id, { x: b.x, y: b.y, [pos]: snap(at) });
      at += b[size] + gap;
    }
    return out;
  }
  for (const b of boxes) {
    const to = { x: b.x, y: b.y };
    if (how === 'left') to.x = all.x;
    else if (how === 'center') to.x = all.x + (all.w - b.w) / 2;
    else if (how === 'right') to.x = all.x + all.w - b.w;
    else if (how === 'top') to.y = all.y;
    else if (how === 'middle') to.y = all.y + (all.h - b.h) / 2;
    else to.y = all.y + all.h - b.h;
    out.set(b.id, { x: Math.round(to.x), y: Math.round(to.y) });
  }
  return out;
}

export interface Guide {
  /** Upright at x, or level at y; from and to along it. */
  axis: 'x' | 'y';
  at: number;
  from: number;
  to: number;
}

const marks = (b: Box, axis: 'x' | 'y') =>
  axis === 'x' ? [b.x, b.x + b.w / 2, b.x + b.w] : [b.y, b.y + b.h / 2, b.y + b.h];

/** At most one line per axis: the nearest card that the dragged one stands in line with. */
export function guides(moving: Box, others: readonly Box[], tolerance = 1): Guide[] {
  const out: Guide[] = [];
  for (const axis of ['x', 'y'] as const) {
    let best: { guide: Guide; far: number } | undefined;
    for (const o of others) {
      const theirs = marks(o, axis);
      for (const mine of marks(moving, axis)) {
        const hit = theirs.find((v) => Math.abs(v - mine) <= tolerance);
        if (hit === undefined) continue;
        const far = Math.abs(o.x - moving.x) + Math.abs(o.y - moving.y);
        if (best && best.far <= far) continue;
        const [from, to] =
          axis === 'x'
            ? [Math.min(o.y, moving.y), Math.max(o.y + o.h, moving.y + moving.h)]
            : [Math.min(o.x, moving.x), Math.max(o.x + o.w, moving.x + moving.w)];
        best = { guide: { axis, at: hit, from, to }, far };
      }
    }
    if (best) out.push(best.guide);
  }
  return out;
}

/** The nearest box in a direction, for walking with the arrow keys: what lies ahead, sideways distance counts double. */
export function neighbour(boxes: readonly Placed[], from: string, key: string): string | undefined {
  const here = boxes.find((b) => b.id === from);
  if (!here) return boxes[0]?.id;
  const mid = (b: Box) => ({ x: b.x + b.w / 2, y: b.y + b.h / 2 });
  const a = mid(here);
  let best: { id: string; far: number } | undefined;
  for (const b of boxes) {
    if (b.id === from) continue;
    const m = mid(b);
    const dx = m.x - a.x;
    const dy = m.y - a.y;
    const [ahead, aside] =
      key === 'ArrowRight' ? [dx, dy] : key === 'ArrowLeft' ? [-dx, dy] : key === 'ArrowDown' ? [dy, dx] : [-dy, dx];
    if (ahead <= 1) continue;
    const far = ahead + Math.abs(aside) * 2;
    if (!best || far < best.far) best = { id: b.id, far };
  }
  return best?.id;
}
