/* Conversations that were opened or are likely to be opened next: a window of messages each, loaded by seq in both
   directions. The last few are kept, so that going back shows at once; live news keeps them true. */
import { SvelteMap } from 'svelte/reactivity';
import { api } from '$lib/api/client';
import type { Id } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { merge, react, type Span, take, trim } from './messages.rules';
import type { Message, MessagePage, Reaction } from './types';

const pageSize = 50;
const kept = 12;
const windowMost = 240;

export class Thread {
  readonly chatId: Id;
  span = $state.raw<Span>({ items: [], scheduled: [], hasOlder: false, hasNewer: false });
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  problem = $state.raw<unknown>();
  older = $state<'idle' | 'loading' | 'failed'>('idle');
  newer = $state<'idle' | 'loading'>('idle');
  /** A message to bring into view and to light up: from a search, a quote or the pin. */
  target = $state.raw<{ seq: number } | undefined>();
  /** Messages of the customer that came while the window is in the past. */
  beyond = $state(0);
  usedAt = 0;
  private loading: Promise<void> | undefined;
  private heard = 0;
  /* News that came while pages were read: the pages may be older than they, so they are taken (again) afterwards. */
  private reading = 0;
  private meanwhile: (() => void)[] = [];
  private jumps = 0;

  constructor(chatId: Id) {
    this.chatId = chatId;
  }

  /** Reads the newest page unless it is here; calls that come meanwhile share it. */
  load(): Promise<void> {
    if (this.phase === 'ready') return Promise.resolve();
    this.loading ??= this.latest().finally(() => (this.loading = undefined));
    return this.loading;
  }

  /** Reads the newest page, and joins it to what is here when it fits without a gap. */
  async latest(): Promise<void> {
    if (this.phase === 'failed') this.phase = 'loading';
    this.reading += 1;
    const { jumps } = this;
    try {
      const page = await this.page({});
      if (jumps !== this.jumps && this.phase === 'ready') return; // somebody went elsewhere meanwhile, and stays there
      const first = page.items[0]?.seq ?? 0;
      const last = this.span.items.at(-1)?.seq ?? 0;
      const joins = !this.span.hasNewer && this.span.items.length > 0 && first <= last + 1;
      this.span = {
        items: joins ? merge(this.span.items, page.items) : page.items,
        scheduled: page.scheduled,
        hasOlder: joins ? this.span.hasOlder : page.next !== null,
        hasNewer: false,
      };
      this.phase = 'ready';
      this.beyond = 0;
      this.problem = undefined;
    } catch (e) {
      this.problem = e;
      if (this.phase !== 'ready') this.phase = 'failed';
    } finally {
      this.catchUp();
    }
  }

  /** Reads again what is here: news were missed. Who reads in the past stays there. */
  async refresh(): Promise<void> {
    const first = this.span.items[0]?.seq;
    const last = this.span.items.at(-1)?.seq;
    if (!this.span.hasNewer || first === undefined || last === undefined) return this.latest();
    this.reading += 1;
    const { jumps } = this;
    try {
      const items: Message[] = [];
      let hasNewer = true;
      for (let from = first - 1; hasNewer && from < last; from = items.at(-1)?.seq ?? last) {
        const page = await this.page({ after: from });
        items.push(...page.items);
        hasNewer = page.next !== null;
      }
      if (jumps === this.jumps) this.span = { ...this.span, items: merge(this.span.items, items), hasNewer };
    } catch {
      /* what is here stays; the next news tell what is missing */
    } finally {
      this.catchUp();
    }
  }

  async loadOlder(): Promise<void> {
    const first = this.span.items[0]?.seq;
    if (this.older === 'loading' || !this.span.hasOlder || first === undefined) return;
    this.older = 'loading';
    try {
      const page = await this.page({ before: first });
      this.span = { ...this.span, items: merge(this.span.items, page.items), hasOlder: page.next !== null };
      this.older = 'idle';
    } catch {
      this.older = 'failed';
    }
  }

  async loadNewer(): Promise<void> {
    const last = this.span.items.at(-1)?.seq;
    if (this.newer === 'loading' || last === undefined) return;
    this.newer = 'loading';
    try {
      const page = await this.page({ after: last });
      this.span = { ...this.span, items: merge(this.span.items, page.items), hasNewer: page.next !== null };
      if (!this.span.hasNewer) this.beyond = 0;
    } catch {
      /* asked again at the next scroll or message */
    } finally {
      this.newer = 'idle';
    }
  }

  /** Brings a message into the window, wherever in the conversation it is, and points at it. */
  async goTo(seq: number): Promise<void> {
    const { items } = this.span;
    const here = items.length > 0 && seq >= (items[0]?.seq ?? 0) && seq <= (items.at(-1)?.seq ?? 0);
    if (!here) await this.around(seq);
    this.target = { seq };
  }

  private async around(seq: number): Promise<void> {
    this.reading += 1;
    this.jumps += 1;
    try {
      const page = await this.page({ before: seq + Math.floor(pageSize / 2) });
      const last = page.items.at(-1)?.seq ?? seq;
      const after = await this.page({ after: last, limit: 1 });
      this.span = {
        items: page.items,
        scheduled: page.scheduled,
        hasOlder: page.next !== null,
        hasNewer: after.items.length > 0,
      };
      this.phase = 'ready';
    } finally {
      this.catchUp();
    }
  }

  private catchUp(): void {
    this.reading -= 1;
    if (this.reading > 0) return;
    for (const take of this.meanwhile.splice(0)) take();
  }

  takeMessage(m: Message): void {
    if (this.reading > 0) this.meanwhile.push(() => this.takeMessage(m));
    if (this.phase !== 'ready') return;
    if (this.span.hasNewer && m.direction === 'in' && m.seq > this.heard) this.beyond += 1;
    this.heard = Math.max(this.heard, m.seq);
    const taken = take(this.span, m);
    this.span = taken.span;
    if (taken.gap) void this.loadNewer();
  }

  takeReaction(messageId: Id, r: Reaction): void {
    if (this.reading > 0) this.meanwhile.push(() => this.takeReaction(messageId, r));
    if (!this.span.items.some((m) => m.id === messageId)) return;
    this.span = { ...this.span, items: this.span.items.map((m) => (m.id === messageId ? react(m, r) : m)) };
  }

  /** While one reads at the end, what is far above may go. */
  shrink(): void {
    if (!this.span.hasNewer && this.span.items.length > windowMost) this.span = trim(this.span, windowMost / 2);
  }

  find(id: Id): Message | undefined {
    return this.span.items.find((m) => m.id === id) ?? this.span.scheduled.find((m) => m.id === id);
  }

  private page(q: { before?: number; after?: number; limit?: number }): Promise<MessagePage> {
    return api.get<MessagePage>(urls.messages(this.chatId), { query: { limit: pageSize, ...q } });
  }
}

const threads = new SvelteMap<Id, Thread>();

/** The conversation of a chat, made when it is asked for first. */
export function thread(chatId: Id): Thread {
  let found = threads.get(chatId);
  if (!found) {
    found = new Thread(chatId);
    threads.set(chatId, found);
    for (const old of [...threads.values()].sort((a, b) => b.usedAt - a.usedAt).slice(kept)) {
      if (old !== found) threads.delete(old.chatId);
    }
  }
  found.usedAt = Date.now();
  return found;
}

export function knownThread(chatId: Id): Thread | undefined {
  return threads.get(chatId);
}

/** Loads a conversation that is likely to be opened next. */
export function prefetch(chatId: Id): void {
  if (threads.has(chatId)) return;
  void thread(chatId).load();
}

/** Too much was missed: the open conversation is read again, the others when they are opened. */
export function reloadThreads(openId: Id | undefined): void {
  for (const id of [...threads.keys()]) if (id !== openId) threads.delete(id);
  if (openId) void threads.get(openId)?.refresh();
}

export function forgetThread(chatId: Id): void {
  threads.delete(chatId);
}

export function resetThreads(): void {
  threads.clear();
}
