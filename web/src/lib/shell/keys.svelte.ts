/* Keyboard shortcuts: each page registers its own while it is shown, the help dialog (?) lists what holds now.
   `$effect(() => shortcuts([{ keys: 'e', label: () => t('inbox.close'), run: close }]))`.
   Notation: "e", "?", "Ctrl+K" (Cmd on a Mac too), "Shift+Enter", "g i" (one after the other).
   Plain keys rest while one types in a field or a dialog is open; with Ctrl they work everywhere. */

import { untrack } from 'svelte';

export interface Shortcut {
  keys: string;
  label: () => string;
  group?: (() => string) | undefined;
  run: () => void;
  /** Asked first; false lets the key pass. */
  when?: (() => boolean) | undefined;
  /** Not in the help list. */
  hidden?: boolean | undefined;
}

let sets = $state.raw<readonly (readonly Shortcut[])[]>([]);
let pending = '';
let pendingAt = 0;
const sequenceMs = 1200;

export function shortcuts(list: readonly Shortcut[]): () => void {
  /* Registered from effects, which must not depend on what they change. */
  untrack(() => {
    sets = [...sets, list];
  });
  return () => {
    untrack(() => {
      sets = sets.filter((s) => s !== list);
    });
  };
}

/** All that hold now, the newest page's first. */
export function activeShortcuts(): Shortcut[] {
  return sets.toReversed().flat();
}

/** A key event in the notation above. */
export function combo(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const name = e.key === ' ' ? 'Space' : e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const ctrl = e.ctrlKey || e.metaKey;
  const letter = /^\p{L}$/u.test(name);
  const shift = e.shiftKey && (letter || e.key.length > 1 || ctrl);
  return `${ctrl ? 'Ctrl+' : ''}${e.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${ctrl && letter ? name.toUpperCase() : name}`;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range', 'color'].includes(target.type);
}

/** Handles one key press; true when a shortcut took it. */
export function handleKey(e: KeyboardEvent): boolean {
  if (e.defaultPrevented || e.isComposing || ['Shift', 'Control', 'Alt', 'Meta'].includes(e.key)) return false;
  const one = combo(e);
  const withCtrl = e.ctrlKey || e.metaKey;
  if (!withCtrl && (isTyping(e.target) || document.querySelector('dialog[open]'))) return false;
  const two = pending && Date.now() - pendingAt < sequenceMs ? `${pending} ${one}` : '';
  const all = activeShortcuts();
  const hit =
    (two && all.find((s) => s.keys === two && s.when?.() !== false)) ||
    all.find((s) => s.keys === one && s.when?.() !== false);
  pending = '';
  if (hit) {
    e.preventDefault();
    hit.run();
    return true;
  }
  if (all.some((s) => s.keys.startsWith(`${one} `))) {
    pending = one;
    pendingAt = Date.now();
  }
  return false;
}

/** How a shortcut is drawn: "Ctrl+K", "⌘+K" on a Mac, "G I". */
export function keyCaps(keys: string): string[] {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  return keys
    .split(' ')
    .flatMap((part) => part.split(/(?<=.)\+(?=.)/))
    .map((k) =>
      k === 'Ctrl' && mac
        ? '⌘'
        : k === 'Enter'
          ? '↵'
          : k === 'ArrowUp'
            ? '↑'
            : k === 'ArrowDown'
              ? '↓'
              : k === 'Escape'
                ? 'Esc'
                : k.length === 1
                  ? k.toUpperCase()
                  : k,
    );
}
