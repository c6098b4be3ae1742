/* One tooltip for the whole page, drawn by TooltipHost. `{@attach tip('Adiar', 'S')}` on what it explains.
   It appears after a moment under the mouse, at once with keyboard focus, never by touch. */

import { untrack } from 'svelte';

export interface Tip {
  text: string;
  kbd?: string | undefined;
}

export const shown = $state<{ tip: Tip | undefined; anchor: Element | undefined }>({
  tip: undefined,
  anchor: undefined,
});

const delayMs = 400;
let timer: ReturnType<typeof setTimeout> | undefined;
let hiddenAt = 0;

function show(anchor: Element, tip: Tip, wait: boolean): void {
  clearTimeout(timer);
  const now = () => {
    if (!anchor.isConnected) return;
    shown.tip = tip;
    shown.anchor = anchor;
  };
  if (wait && Date.now() - hiddenAt > 300) timer = setTimeout(now, delayMs);
  else now();
}

export function hideTip(anchor?: Element): void {
  clearTimeout(timer);
  if (!shown.anchor || (anchor && shown.anchor !== anchor)) return;
  shown.tip = undefined;
  shown.anchor = undefined;
  hiddenAt = Date.now();
}

/** An attachment; takes a text and key, or a function when they change. */
export function tip(what: string | (() => Tip), kbd?: string): (node: Element) => () => void {
  const read = (): Tip => (typeof what === 'string' ? { text: what, kbd } : what());
  return (node) => {
    const enter = (e: Event) => {
      if ((e as PointerEvent).pointerType !== 'touch') show(node, read(), true);
    };
    const focus = () => {
      if (node.matches(':focus-visible')) show(node, read(), false);
    };
    const leave = () => hideTip(node);
    /* Focus given by an effect (a dialog that opens) is heard inside it: it must not depend on tooltips. */
    const apart = (f: (e: Event) => void) => (e: Event) => untrack(() => f(e));
    const pairs: [string, (e: Event) => void][] = [
      ['pointerenter', apart(enter)],
      ['pointerleave', apart(leave)],
      ['pointerdown', apart(leave)],
      ['focus', apart(focus)],
      ['blur', apart(leave)],
    ];
    for (const [name, f] of pairs) node.addEventListener(name, f);
    return () => {
      for (const [name, f] of pairs) node.removeEventListener(name, f);
      leave();
    };
  };
}
