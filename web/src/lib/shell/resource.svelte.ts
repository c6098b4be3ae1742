/* Something that a page shows and that others may change meanwhile: loaded when it appears, again when the stream says
   so. `const keys = new Resource((signal) => api.get(…)); $effect(() => keys.live('apiKeys'));` */
import { untrack } from 'svelte';
import { isAborted } from '$lib/api/error';
import { on, onReload } from '$lib/events/events.svelte';
import type { SettingsArea } from '$lib/events/types';

export class Resource<T> {
  data: T | undefined = $state.raw();
  error: unknown = $state.raw();
  loading = $state(false);
  #load: (signal: AbortSignal) => Promise<T>;
  #stop: AbortController | undefined;

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
  }

  async reload(): Promise<void> {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.loading = true;
    try {
      const data = await this.#load(stop.signal);
      if (stop.signal.aborted) return;
      this.data = data;
      this.error = undefined;
    } catch (e) {
      if (!isAborted(e) && !stop.signal.aborted) this.error = e;
    } finally {
      if (this.#stop === stop) this.loading = false;
    }
  }

  /** Loads now and whenever one of these areas changes; returns the end of it. */
  live(...areas: SettingsArea[]): () => void {
    untrack(() => void this.reload());
    const offs = [
      on('settings.changed', ({ what }) => {
        if (areas.includes(what)) void this.reload();
      }),
      onReload(() => void this.reload()),
    ];
    return () => {
      for (const off of offs) off();
      this.#stop?.abort();
    };
  }
}
