/* Short news at the foot of the page: what was done, with its undoing, or what went wrong. Drawn by ToastHost.
   `toast({ text: t('inbox.closed'), undo: () => reopen(id) })`. */
import { untrack } from 'svelte';
import type { IconName } from './icons';

export interface ToastInit {
  text: string;
  kind?: 'ok' | 'info' | 'warn' | 'danger' | undefined;
  icon?: IconName | undefined;
  /** Takes back what was just done; also by the key Z while it shows. */
  undo?: (() => void) | undefined;
  action?: { label: string; run: () => void } | undefined;
  /** Seconds it stays: 5, 8 with undo or an error; 0 until closed. */
  seconds?: number | undefined;
}

export interface Toast extends ToastInit {
  id: number;
}

export const toasts = $state<{ list: Toast[] }>({ list: [] });
let next = 1;
const timers = new Map<number, { end: number; left: number; timer: ReturnType<typeof setTimeout> | undefined }>();

export function toast(init: ToastInit): number {
  const id = next++;
  untrack(() => {
    const same = toasts.list.find((x) => x.text === init.text && x.kind === init.kind && !x.undo);
    if (same) dismiss(same.id);
    toasts.list = [...toasts.list, { ...init, id }].slice(-3);
  });
  const seconds = init.seconds ?? (init.undo || init.kind === 'danger' ? 8 : 5);
  if (seconds > 0) run(id, seconds * 1000);
  return id;
}

export function dismiss(id: number): void {
  clearTimeout(timers.get(id)?.timer);
  timers.delete(id);
  untrack(() => {
    toasts.list = toasts.list.filter((x) => x.id !== id);
  });
}

/** Undoes the newest thing that can be undone; false when there is none. */
export function undoLast(): boolean {
  const last = toasts.list.findLast((x) => x.undo);
  if (!last) return false;
  dismiss(last.id);
  last.undo?.();
  return true;
}

function run(id: number, ms: number): void {
  timers.set(id, { end: Date.now() + ms, left: ms, timer: setTimeout(() => dismiss(id), ms) });
}

/** Time stands still while the pointer or the focus is on the toasts. */
export function hold(held: boolean): void {
  for (const [id, t] of timers) {
    clearTimeout(t.timer);
    if (held) t.left = Math.max(1500, t.end - Date.now());
    else run(id, t.left);
  }
}
