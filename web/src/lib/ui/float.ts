/* Puts what floats beside its anchor, in the browser's top layer (popover), flipped and shifted to stay on the screen.
   Positions are fixed and set through the style object, which the content security policy allows. */

export type Side = 'top' | 'bottom' | 'left' | 'right';
export type Align = 'start' | 'center' | 'end';

export interface Placement {
  side?: Side | undefined;
  align?: Align | undefined;
  /** Pixels between anchor and float. */
  gap?: number | undefined;
  /** As wide as the anchor, at least. */
  match?: boolean | undefined;
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const margin = 8;

/** Where a float of this size goes: the wanted side, the opposite one when there is more room, never off the screen. */
export function position(
  anchor: Box,
  float: Box,
  screen: { width: number; height: number },
  p: Placement,
): { left: number; top: number } {
  const gap = p.gap ?? 4;
  const align = p.align ?? 'start';
  let side = p.side ?? 'bottom';
  const room: Record<Side, number> = {
    top: anchor.top - gap,
    bottom: screen.height - anchor.top - anchor.height - gap,
    left: anchor.left - gap,
    right: screen.width - anchor.left - anchor.width - gap,
  };
  const opposite: Record<Side, Side> = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' };
  const need = (side === 'top' || side === 'bottom' ? float.height : float.width) + margin;
  if (room[side] < need && room[opposite[side]] > room[side]) side = opposite[side];
  const along = (start: number, length: number, own: number) =>
    align === 'start' ? start : align === 'end' ? start + length - own : start + (length - own) / 2;
  let left: number;
  let top: number;
  if (side === 'top' || side === 'bottom') {
    left = along(anchor.left, anchor.width, float.width);
    top = side === 'top' ? anchor.top - gap - float.height : anchor.top + anchor.height + gap;
  } else {
    top = along(anchor.top, anchor.height, float.height);
    left = side === 'left' ? anchor.left - gap - float.width : anchor.left + anchor.width + gap;
  }
  const clamp = (v: number, own: number, most: number) => Math.max(margin, Math.min(v, most - own - margin));
  return {
    left: Math.round(clamp(left, float.width, screen.width)),
    top: Math.round(clamp(top, float.height, screen.height)),
  };
}

/** Shows the element in the top layer beside the anchor and keeps it there until the returned function is called. */
export function attachFloat(element: HTMLElement, anchor: Element, p: Placement): () => void {
  if (typeof element.showPopover === 'function' && !element.matches(':popover-open')) element.showPopover();
  const update = () => {
    const a = anchor.getBoundingClientRect();
    if (p.match) element.style.minWidth = `${a.width}px`;
    element.style.maxHeight = `${window.innerHeight - 2 * margin}px`;
    const to = position(
      a,
      element.getBoundingClientRect(),
      { width: window.innerWidth, height: window.innerHeight },
      p,
    );
    element.style.left = `${to.left}px`;
    element.style.top = `${to.top}px`;
  };
  update();
  const watcher = typeof ResizeObserver === 'function' ? new ResizeObserver(update) : undefined;
  watcher?.observe(element);
  watcher?.observe(anchor);
  window.addEventListener('scroll', update, { capture: true, passive: true });
  window.addEventListener('resize', update);
  return () => {
    watcher?.disconnect();
    window.removeEventListener('scroll', update, { capture: true });
    window.removeEventListener('resize', update);
    if (typeof element.hidePopover === 'function' && element.matches(':popover-open')) element.hidePopover();
  };
}

const focusables =
  'a[href],button:not([disabled]),input:not([disabled]):not([type="hidden"]),select:not([disabled]),textarea:not([disabled]),[tabindex]:not([tabindex="-1"])';

/** The element that asks for the focus, else the first that can take it. */
export function firstFocusable(root: HTMLElement): HTMLElement | undefined {
  return (
    root.querySelector<HTMLElement>('[data-autofocus],[role^="menuitem"]:not(:disabled)') ??
    root.querySelector<HTMLElement>(focusables) ??
    undefined
  );
}
