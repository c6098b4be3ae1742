/* A list that comes page by page (keyset): the first page now, the next ones as the end comes into sight
   (`<div {@attach whenSeen(() => pages.more())}>`). */
import type { Page } from '$lib/api/types';
import { isAborted } from '$lib/api/error';

export class Pages<T extends { id: string }> {
  items: T[] = $state.raw([]);
  next: string | null = $state(null);
  loading = $state(false);
  loaded = $state(false);
  error: unknown = $state.raw();
  #load: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;
  #stop: AbortController | undefined;

  constructor(load: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>) {
    this.#load = load;
  }

  /** Reads from the start; what is shown stays until the answer is there. */
  async reload(): Promise<void> {
    this.#stop?.abort();
    await this.#fetch(null, (this.#stop = new AbortController()));
  }

  async more(): Promise<void> {
    if (this.loading || this.next === null || this.error !== undefined) return;
    await this.#fetch(this.next, (this.#stop ??= new AbortController()));
  }

  stop(): void {
    this.#stop?.abort();
  }

  async #fetch(cursor: string | null, stop: AbortController): Promise<void> {
    this.loading = true;
    this.error = undefined;
    try {
      const page = await this.#load(cursor, stop.signal);
      if (stop.signal.aborted) return;
      const known = new Set(cursor === null ? [] : this.items.map((x) => x.id));
      this.items = cursor === null ? page.items : [...this.items, ...page.items.filter((x) => !known.has(x.id))];
      this.next = page.next;
      this.loaded = true;
    } catch (e) {
      if (!isAborted(e) && !stop.signal.aborted) this.error = e;
    } finally {
      if (this.#stop === stop) this.loading = false;
    }
  }
}

/** Calls when the element comes near the screen. */
export function whenSeen(seen: () => void): (node: Element) => () => void {
  return (node) => {
    const watcher = new IntersectionObserver(
      (entries) => {
        if (entries.some((e) => e.isIntersecting)) seen();
      },
      { rootMargin: '400px' },
    );
    watcher.observe(node);
    return () => watcher.disconnect();
  };
}
