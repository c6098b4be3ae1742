/* What Dialog, Sheet and CommandBar have in common: the browser's own dialog element, open over the page. */

/** Shows it; the focus goes to `first` (asked when it is shown; none: as the browser does), and back to what had it. Returns
    the end of it. */
export function showModal(el: HTMLDialogElement, first?: () => HTMLElement): () => void {
  const before = document.activeElement;
  el.showModal();
  first?.().focus();
  return () => {
    el.close();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
}

type On<E extends Event> = E & { currentTarget: EventTarget & HTMLDialogElement };

/** Handlers for the element: Esc and a press on the ground beside it shut it; what comes from inside does not. */
export function shutters(shut: () => void) {
  let pressedOutside = false;
  return {
    oncancel: (e: On<Event>) => {
      e.preventDefault();
      if (e.target === e.currentTarget) shut();
    },
    onpointerdown: (e: On<PointerEvent>) => {
      pressedOutside = e.target === e.currentTarget;
    },
    onclick: (e: On<MouseEvent>) => {
      if (pressedOutside && e.target === e.currentTarget) shut();
    },
  };
}
