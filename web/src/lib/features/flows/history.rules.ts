/* Undo and redo of everything: the graphs before and after, with a name each. A graph is never changed in place, so a
   step costs what changed in it. Edits of one kind at one place in quick succession (typing, nudging) are one step. */

export interface Step<T> {
  value: T;
  /** What made it, for words ("undo: move"). */
  label: string;
}

export interface History<T> {
  past: readonly Step<T>[];
  present: Step<T>;
  future: readonly Step<T>[];
  /** Where and what the last edit was, and when; undefined ends joining. */
  tag: string | undefined;
  at: number;
}

export const historyMax = 300;
export const joinMs = 1200;

export function begin<T>(value: T): History<T> {
  return { past: [], present: { value, label: '' }, future: [], tag: undefined, at: 0 };
}

/** The next state. With a tag, edits of the same tag within joinMs of each other are undone together. */
export function commit<T>(h: History<T>, value: T, label: string, now: number, tag?: string): History<T> {
  if (value === h.present.value) return h;
  const joined = tag !== undefined && tag === h.tag && now - h.at < joinMs && h.past.length > 0;
  return {
    past: joined ? h.past : [...h.past, h.present].slice(-historyMax),
    present: { value, label },
    future: [],
    tag,
    at: now,
  };
}

export function canUndo<T>(h: History<T>): boolean {
  return h.past.length > 0;
}

export function canRedo<T>(h: History<T>): boolean {
  return h.future.length > 0;
}

export function undo<T>(h: History<T>): History<T> {
  const before = h.past.at(-1);
  if (!before) return h;
  return { past: h.past.slice(0, -1), present: before, future: [h.present, ...h.future], tag: undefined, at: 0 };
}

export function redo<T>(h: History<T>): History<T> {
  const [next, ...rest] = h.future;
  if (!next) return h;
  return { past: [...h.past, h.present], present: next, future: rest, tag: undefined, at: 0 };
}
