/* Where one reads in a conversation, kept there: older messages come above without a jump, at the end new ones push up,
   elsewhere they are counted, and a message that was asked for is brought into view. Made while a Thread is. */
import { tick, untrack } from 'svelte';
import { myId } from '$lib/shell/session.svelte';
import type { Thread } from './threads.svelte';
import type { Message } from './types';

const endPx = 48;
const nearPx = 800;
const litMs = 2000;

interface Place {
  height: number;
  top: number;
  first: string | undefined;
  end: boolean;
}

export class ThreadScroll {
  scroller = $state<HTMLElement>();
  content = $state<HTMLElement>();
  atEnd = $state(true);
  /** Messages of the customer that came below what one reads. */
  missed = $state(0);
  /** The seq of the message that is lit up for a moment. */
  lit = $state<number>();
  /** The entry whose actions are shown. */
  active = $state<string>();
  private drawnFirst: string | undefined;
  private lastSeen = 0;
  private lastTop = 0;

  constructor(
    private readonly thread: Thread,
    /** Read before each drawing, so that it runs when any of it changes; my own that wait are the answer. */
    drawn: () => readonly Message[],
    private readonly onheard: (message: Message) => void,
  ) {
    /* Before each drawing: where one reads; after it: back there, or to the end. */
    $effect.pre(() => {
      const waiting = drawn();
      const el = this.scroller;
      const before = el && {
        height: el.scrollHeight,
        top: el.scrollTop,
        first: this.drawnFirst,
        end: untrack(() => this.atEnd),
      };
      this.drawnFirst = this.thread.span.items[0]?.id;
      void tick().then(() => this.settle(before, waiting));
    });

    /* The pane or its contents changed size (composer, keyboard, late picture): the end stays the end. */
    $effect(() => {
      const el = this.scroller;
      if (!el || !this.content) return;
      const watcher = new ResizeObserver(() => {
        if (untrack(() => this.atEnd) && !this.thread.target) this.pin(el);
      });
      watcher.observe(el);
      watcher.observe(this.content);
      return () => watcher.disconnect();
    });

    /* Too few to fill the pane: the next page comes without scrolling. */
    $effect(() => {
      const el = this.scroller;
      if (!el || this.thread.phase !== 'ready' || !this.thread.span.hasOlder) return;
      if (el.scrollHeight <= el.clientHeight + 200) untrack(() => void this.thread.loadOlder());
    });

    $effect(() => {
      const target = this.thread.target;
      if (target && this.thread.phase === 'ready') untrack(() => this.show(target.seq));
    });
  }

  private settle(before: Place | undefined, waiting: readonly Message[]): void {
    const el = this.scroller;
    if (!el) return;
    const { items } = this.thread.span;
    const last = items.at(-1);
    const fresh = this.lastSeen > 0 && (last?.seq ?? 0) > this.lastSeen;
    const added = items.filter((m) => m.seq > this.lastSeen && m.direction === 'in').length;
    const mine = waiting.some((m) => m.status === 'queued') || (last?.direction !== 'in' && last?.authorId === myId());
    this.lastSeen = Math.max(this.lastSeen, last?.seq ?? 0);
    if (fresh && last?.direction === 'in') this.onheard(last);
    if (this.thread.target) return;
    if (!before || before.end || before.first === undefined || (fresh && mine)) this.toEnd();
    else if (before.first !== items[0]?.id) el.scrollTop = before.top + (el.scrollHeight - before.height);
    else if (fresh) this.missed += added;
  }

  private toEnd(): void {
    const el = this.scroller;
    if (!el) return;
    this.pin(el);
    this.atEnd = true;
    this.missed = 0;
  }

  private pin(el: HTMLElement): void {
    el.scrollTop = el.scrollHeight;
    this.lastTop = el.scrollTop;
  }

  private show(seq: number): void {
    this.lit = seq;
    this.atEnd = false;
    void tick().then(() => {
      this.scroller?.querySelector(`[data-seq="${seq}"]`)?.scrollIntoView({ block: 'center' });
      setTimeout(() => (this.lit = undefined), litMs);
      setTimeout(() => (this.thread.target = undefined), 100);
    });
  }

  /** To the newest message, loading it when the window is in the past. */
  async jumpToEnd(): Promise<void> {
    if (this.thread.span.hasNewer) await this.thread.latest();
    await tick();
    this.toEnd();
  }

  scrolled = (): void => {
    const el = this.scroller;
    if (!el) return;
    const { thread } = this;
    const rest = el.scrollHeight - el.scrollTop - el.clientHeight;
    /* Who did not go up and is far from the end all the same: what is below grew after the scroll (a font, a picture). */
    const grew = this.atEnd && rest >= endPx && el.scrollTop >= this.lastTop && !thread.span.hasNewer && !thread.target;
    this.lastTop = el.scrollTop;
    if (grew) this.pin(el);
    this.atEnd = grew || (rest < endPx && !thread.span.hasNewer);
    if (this.atEnd) {
      this.missed = 0;
      thread.shrink();
    }
    if (el.scrollTop < nearPx && thread.span.hasOlder && thread.older === 'idle') void thread.loadOlder();
    if (rest < nearPx && thread.span.hasNewer && thread.newer === 'idle') void thread.loadNewer();
  };

  /** Arrows walk from message to message, showing the actions of each. */
  keys = (e: KeyboardEvent): void => {
    const el = this.scroller;
    if (!el || e.target !== el || !['ArrowUp', 'ArrowDown', 'Home', 'End', 'Escape'].includes(e.key)) return;
    const all = [...el.querySelectorAll<HTMLElement>('[data-message]')];
    const at = all.findIndex((x) => x.dataset['message'] === this.active);
    const to = {
      ArrowUp: at < 0 ? all.length - 1 : at - 1,
      ArrowDown: at < 0 ? all.length - 1 : at + 1,
      Home: 0,
      End: all.length - 1,
    }[e.key];
    if (to === undefined) {
      if (this.active === undefined) return;
      this.active = undefined;
    } else {
      const next = all[Math.min(Math.max(0, to), all.length - 1)];
      this.active = next?.dataset['message'];
      next?.scrollIntoView({ block: 'nearest' });
    }
    e.preventDefault();
  };
}
