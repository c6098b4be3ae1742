/* What cards ask of the canvas that they stand on. */
import { getContext, setContext } from 'svelte';

export interface InsertAt {
  at?: { x: number; y: number };
  after?: { node: string; port: string };
  on?: string;
}

export interface CanvasTools {
  /** Nothing can be moved or drawn here (phone, reader). */
  readonly locked: boolean;
  openInsert(where: InsertAt, anchor: Element | { x: number; y: number }): void;
}

const key = Symbol('canvas');

export function provideCanvas(tools: CanvasTools): void {
  setContext(key, tools);
}

export function useCanvas(): CanvasTools {
  return getContext<CanvasTools>(key);
}
