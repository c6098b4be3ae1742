/* One customer as the profile shows it. Small changes show at once and are taken back when the server refuses; changes
   go out one after the other, each with the version that the one before gave. */
import { untrack } from 'svelte';
import { ApiError, isAborted } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { on, onReload } from '$lib/events/events.svelte';
import { Pages } from '$lib/shell/pages.svelte';
import { report } from '$lib/shell/report';
import { itemOf } from './customers.rules';
import { type CustomerChange, customers } from './customers.service';
import { list } from './list.svelte';
import type { ChatRow, Customer, CustomerFile, Note, TimelineItem } from './types';

export class Profile {
  readonly id: Id;
  customer: Customer | undefined = $state.raw();
  error: unknown = $state.raw();
  /** Where the record went, when somebody merged it. */
  movedTo: Id | undefined = $state();
  gone = $state(false);
  readonly timeline: Pages<TimelineItem>;
  readonly chats: Pages<ChatRow>;
  readonly notes: Pages<Note>;
  readonly files: Pages<CustomerFile>;
  #queue: Promise<unknown> = Promise.resolve();
  #stop = new AbortController();

  constructor(id: Id) {
    this.id = id;
    this.timeline = new Pages((cursor, signal) => customers.timeline(id, cursor, signal));
    this.chats = new Pages((cursor, signal) => customers.chats(id, cursor, signal));
    this.notes = new Pages((cursor, signal) => customers.notes(id, cursor, signal));
    this.files = new Pages((cursor, signal) => customers.files(id, cursor, signal));
  }

  /** Loads and hears of changes until the returned function is called. */
  live(): () => void {
    untrack(() => {
      void this.load();
      void this.timeline.reload();
      void this.chats.reload();
      void this.notes.reload();
      void this.files.reload();
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        void this.load();
        this.refreshParts();
      }, 300);
    };
    const mine = (chat: Record<string, unknown>) => (chat['customer'] as { id?: string } | undefined)?.id === this.id;
    const offs = [
      on('customer.changed', ({ customerId }) => customerId === this.id && again()),
      on('customer.merged', (e) => {
        if (e['mergedId'] === this.id) this.movedTo = e.customerId;
        else if (e.customerId === this.id) again();
      }),
      on('customer.deleted', ({ customerId }) => {
        if (customerId === this.id) this.gone = true;
      }),
      on('message.created', ({ chat }) => mine(chat) && again()),
      on('chat.created', ({ chat }) => mine(chat) && again()),
      on('chat.changed', ({ chat }) => mine(chat) && again()),
      onReload(again),
    ];
    return () => {
      clearTimeout(timer);
      for (const off of offs) off();
      this.#stop.abort();
      for (const part of [this.timeline, this.chats, this.notes, this.files]) part.stop();
    };
  }

  /* What is longer than a page is not pulled away under the reader. */
  refreshParts(): void {
    for (const part of [this.timeline, this.chats, this.notes, this.files])
      if (part.loaded && part.items.length <= 40) void part.reload();
  }

  async load(): Promise<void> {
    try {
      this.#take(await customers.get(this.id, this.#stop.signal));
      this.error = undefined;
    } catch (e) {
      if (isAborted(e)) return;
      if (e instanceof ApiError && e.status === 404 && this.customer) this.gone = true;
      else if (!this.customer) this.error = e;
    }
  }

  #take(c: Customer): void {
    /* Answers of changes do not say who the possible double is. */
    const double = c.duplicateOf ?? (c.mergedIntoId ? undefined : this.customer?.duplicateOf);
    this.customer = double && !c.duplicateOf ? { ...c, duplicateOf: double } : c;
    if (c.mergedIntoId) this.movedTo = c.mergedIntoId;
    list.put(itemOf(c));
  }

  /** Nobody else is asked about any more; what the server says next holds. */
  forgetDouble(): void {
    if (!this.customer) return;
    const { duplicateOf: _, ...rest } = this.customer;
    this.customer = rest;
  }

  /** Runs a change that answers the customer, after those before it; rejects when it is refused. */
  #change(run: (now: Customer) => Promise<Customer>): Promise<void> {
    const turn = this.#queue.then(async () => {
      const now = this.customer;
      if (!now) return;
      this.#take(await run(now));
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Changes the record; somebody else's change in between is shown and the error thrown. */
  save(change: CustomerChange): Promise<void> {
    return this.#change(async (now) => {
      try {
        return await customers.update(this.id, { ...change, version: now.version });
      } catch (e) {
        if (e instanceof ApiError && e.code === 'VERSION_CONFLICT') void this.load();
        throw e;
      }
    });
  }

  addContact(...input: Parameters<typeof customers.addContact> extends [Id, ...infer R] ? R : never): Promise<void> {
    return this.#change(() => customers.addContact(this.id, ...input));
  }

  updateContact(contactId: Id, body: Parameters<typeof customers.updateContact>[2]): Promise<void> {
    return this.#change(() => customers.updateContact(this.id, contactId, body));
  }

  removeContact(contactId: Id): Promise<void> {
    return this.#change(() => customers.removeContact(this.id, contactId));
  }

  async #optimistic(shown: Partial<Customer>, run: (now: Customer) => Promise<Customer>): Promise<void> {
    const before = this.customer;
    if (!before) return;
    this.customer = { ...before, ...shown };
    try {
      await this.#change(run);
    } catch (e) {
      this.customer = before;
      report(e);
    }
  }

  addTag(tagId: Id): Promise<void> {
    const tags = [...(this.customer?.tags ?? []), tagId];
    return this.#optimistic({ tags }, async (now) => ({ ...now, tags: await customers.addTag(this.id, tagId) }));
  }

  removeTag(tagId: Id): Promise<void> {
    const tags = (this.customer?.tags ?? []).filter((x) => x !== tagId);
    return this.#optimistic({ tags }, async (now) => ({ ...now, tags: await customers.removeTag(this.id, tagId) }));
  }

  setStage(stageId: Id | null): Promise<void> {
    return this.#optimistic({ stageId }, async () => {
      const now = await customers.setStage(this.id, stageId);
      void this.timeline.reload();
      return now;
    });
  }

  async addNote(title: string, content: string): Promise<void> {
    await customers.addNote(this.id, title, content);
    this.reloadNotes();
  }

  reloadNotes(): void {
    void this.timeline.reload();
    if (this.notes.loaded) void this.notes.reload();
  }
}
