/* The canvas by keyboard alone: arrows walk from card to card or move what is chosen, letters add and connect. */
import type { useSvelteFlow } from '@xyflow/svelte';
import { neighbour } from '../align.rules';
import type { Editor } from '../editor.svelte';
import { boxOf, grid, place } from '../graph.rules';
import type { CanvasEdge, CanvasNode } from './canvas.rules';
import { isTyping } from './clipboard';
import type { InsertAt } from './context';

interface Canvas {
  editor: Editor;
  view: ReturnType<typeof useSvelteFlow<CanvasNode, CanvasEdge>>;
  wrap: () => HTMLElement | undefined;
  locked: () => boolean;
  /** A list is open that has the keys. */
  busy: () => boolean;
  open: () => void;
  link: () => void;
  insert: (where: InsertAt, anchor: Element | undefined) => void;
}

const arrows: Record<string, [number, number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
/** How near to the edge of the window a card may be before the drawing follows. */
const margin = { x: 60, y: 40 };

export function keyboard({ editor, view, wrap, locked, busy, open, link, insert }: Canvas) {
  function focusCard(id: string): void {
    wrap()?.querySelector<HTMLElement>(`[data-card="${id}"]`)?.focus({ preventScroll: true });
  }

  function walk(key: string): void {
    const boxes = [...editor.graph.nodes, ...editor.graph.comments].map((n) => ({
      id: n.id,
      ...boxOf(n, editor.sizes),
    }));
    const current = [...editor.selection][0];
    const start = editor.graph.nodes.find((n) => n.type === 'start')?.id;
    const to = current === undefined ? start : neighbour(boxes, current, key);
    if (to === undefined) return;
    editor.select([to]);
    const box = boxes.find((b) => b.id === to);
    const r = wrap()?.getBoundingClientRect();
    if (box && r) {
      const p = view.flowToScreenPosition({ x: box.x + box.w / 2, y: box.y + box.h / 2 });
      if (p.x < r.left + margin.x || p.x > r.right - margin.x || p.y < r.top + margin.y || p.y > r.bottom - margin.y)
        void view.setCenter(box.x + box.w / 2, box.y + box.h / 2, { duration: 150, zoom: view.getZoom() });
    }
    focusCard(to);
  }

  function nudge(key: string, far: boolean): void {
    const [dx, dy] = arrows[key] ?? [0, 0];
    const step = far ? grid * 5 : grid;
    editor.edit(
      'move',
      (g) =>
        place(
          g,
          new Map(
            [...g.nodes, ...g.groups, ...g.comments]
              .filter((n) => editor.selection.has(n.id))
              .map((n) => [n.id, { x: n.x + dx * step, y: n.y + dy * step }]),
          ),
        ),
      'keys',
    );
  }

  function addAfterChosen(): void {
    const chosen = editor.chosenNodes[0];
    const port = chosen && editor.openPort(chosen);
    const card = chosen && wrap()?.querySelector(`[data-card="${chosen.id}"]`);
    if (chosen && port && card) insert({ after: { node: chosen.id, port: port.id } }, card);
    else insert({}, undefined);
  }

  function keys(e: KeyboardEvent): void {
    if (isTyping(e.target) || busy()) return;
    /* Buttons and menus that lie on the canvas have their own keys. */
    if (e.target instanceof Element && e.target.closest('button, [role="menu"]')) return;
    const ctrl = e.ctrlKey || e.metaKey;
    const free = !locked();
    const letter = e.key.toLowerCase();
    const chosen = editor.chosenNodes[0];
    if (e.key in arrows && !ctrl) {
      if (e.altKey || e.shiftKey) {
        if (free) nudge(e.key, e.shiftKey && e.altKey);
      } else walk(e.key);
    } else if (e.key === 'Enter' && chosen) open();
    else if ((e.key === 'Delete' || e.key === 'Backspace') && free) editor.removeChosen();
    else if (e.key === 'Escape' && editor.selection.size > 0) editor.select([]);
    else if (ctrl && letter === 'a') editor.select([...editor.graph.nodes, ...editor.graph.comments].map((n) => n.id));
    else if (ctrl && letter === 'd' && free) editor.duplicateChosen();
    else if (ctrl && letter === 'g' && free) editor.addGroup();
    else if (e.key === '+' || e.key === '=') void view.zoomIn({ duration: 100 });
    else if (e.key === '-') void view.zoomOut({ duration: 100 });
    else if (e.key === '0') void view.fitView({ duration: 200, padding: 0.1, maxZoom: 1 });
    else if (!ctrl && letter === 'a' && free) addAfterChosen();
    else if (!ctrl && letter === 'c' && chosen && free) link();
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  return { keys, focusCard };
}
