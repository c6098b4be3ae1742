/* One tooltip for the whole page, drawn by TooltipHost. `{@attach tip('Adiar', 'S')}` on what it explains.
   It appears after a moment under the mouse, at once with keyboard focus, never by touch. */

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
    const pairs: [string, (e: Event) => void][] = [
      ['pointerenter', enter],
      ['pointerleave', leave],
      ['pointerdown', leave],
      ['focus', focus],
      ['blur', leave],
    ];
    for (const [name, f] of pairs) node.addEventListener(name, f);
    return () => {
      for (const [name, f] of pairs) node.removeEventListener(name, f);
      leave();
    };
  };
}
