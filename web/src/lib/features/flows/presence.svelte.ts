/* Who else has this flow open: each window says so now and then, and when it goes; who says nothing for long is gone. */
import { SvelteMap } from 'svelte/reactivity';
import type { Id } from '$lib/api/types';
import { on, tell } from '$lib/events/events.svelte';
import { lookup, myId } from '$lib/shell/session.svelte';

const presenceMs = 50_000;
const sayAgainMs = 20_000;
/** Who comes is answered, but not by everybody's every word. */
const answerMs = 3000;

export class Presence {
  readonly #flowId: Id;
  readonly #others = new SvelteMap<Id, { name: string; until: number }>();
  #saidAt = 0;

  constructor(flowId: Id) {
    this.#flowId = flowId;
  }

  get names(): string[] {
    return [...this.#others.values()].map((o) => o.name);
  }

  #say(): void {
    this.#saidAt = Date.now();
    tell({ type: 'editing', flowId: this.#flowId });
  }

  /** Says that I am here and hears of others; returns the end of it. */
  live(): () => void {
    this.#say();
    const sweep = setInterval(() => {
      const now = Date.now();
      for (const [id, o] of this.#others) if (o.until <= now) this.#others.delete(id);
      if (document.visibilityState === 'visible' && now - this.#saidAt > sayAgainMs) this.#say();
    }, 2000);
    const off = on('flow.editing', ({ flowId, userId, name, on: here }) => {
      if (flowId !== this.#flowId || userId === myId()) return;
      const known = this.#others.has(userId);
      if (here)
        this.#others.set(userId, { name: name ?? lookup.user(userId)?.name ?? '', until: Date.now() + presenceMs });
      else if (known) this.#others.delete(userId);
      if (here && !known && Date.now() - this.#saidAt > answerMs) this.#say();
    });
    /* A tab that is closed goes without the page's own end. */
    const gone = () => tell({ type: 'editing', flowId: null });
    addEventListener('pagehide', gone);
    return () => {
      removeEventListener('pagehide', gone);
      clearInterval(sweep);
      off();
      gone();
    };
  }
}
