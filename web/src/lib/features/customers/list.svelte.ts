/* The list of customers, kept while one walks through profiles: rows by pages, the count, live changes. */
import { untrack } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import { ApiError, isAborted } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { on, onReload } from '$lib/events/events.svelte';
import { orgZone } from '$lib/i18n/format.svelte';
import { org } from '$lib/shell/session.svelte';
import type { BulkFailure } from './bulk.rules';
import { emptyFilter, type Filter, itemOf, listQuery } from './customers.rules';
import { countCustomers, customers, listCustomers } from './customers.service';
import type { CustomerItem } from './types';

const staleMs = 60_000;

class CustomerList {
  rows: CustomerItem[] = $state.raw([]);
  next: string | null = $state(null);
  loading = $state(false);
  error: unknown = $state.raw();
  count: { count: number; capped: boolean } | undefined = $state.raw();
  /** New customers that came since the list was read. */
  fresh = $state(0);
  filter: Filter = $state.raw(emptyFilter);
  /** How far it was scrolled. */
  top = 0;
  readonly selected = new SvelteSet<Id>();
  /** What did not go through when something was done to many. */
  outcome: { done: number; failed: (BulkFailure & { customer: CustomerItem | undefined })[] } | undefined =
    $state.raw();
  /* All that the filter finds is marked, read or not; taking one mark away ends it. */
  #all = $state(false);
  #key = '';
  #at = 0;
  #stop: AbortController | undefined;

  get ids(): Id[] {
    return this.rows.map((r) => r.id);
  }

  get everything(): boolean {
    return this.#all && this.rows.every((r) => this.selected.has(r.id));
  }
  set everything(on: boolean) {
    this.#all = on;
  }

  unselect(): void {
    this.#all = false;
    this.selected.clear();
  }

  /** Shows a filter; what is there already and young is kept. */
  show(filter: Filter): void {
    untrack(() => {
      const key = `${org().organization.id}${JSON.stringify(filter)}`;
      if (key === this.#key && Date.now() - this.#at < staleMs && this.error === undefined) return;
      if (key !== this.#key) {
        this.top = 0;
        this.unselect();
        this.outcome = undefined;
        this.rows = [];
        this.count = undefined;
      }
      this.#key = key;
      this.filter = filter;
      void this.reload();
    });
  }

  async reload(): Promise<void> {
    this.#stop?.abort();
    const stop = (this.#stop = new AbortController());
    const query = listQuery(this.filter, orgZone());
    this.loading = true;
    this.error = undefined;
    this.fresh = 0;
    void countCustomers(query, stop.signal).then(
      (c) => {
        if (!stop.signal.aborted) this.count = c;
      },
      () => undefined,
    );
    try {
      const page = await listCustomers(query, this.filter.sort, null, stop.signal);
      this.rows = page.items;
      this.next = page.next;
      if (this.selected.size > 0) {
        const there = new Set(this.ids);
        if (page.next === null) for (const id of [...this.selected]) if (!there.has(id)) this.selected.delete(id);
      }
      this.#at = Date.now();
    } catch (e) {
      if (!isAborted(e)) this.error = e;
    }
    if (this.#stop === stop) this.loading = false;
  }

  async more(): Promise<void> {
    const stop = this.#stop;
    if (this.loading || this.next === null || !stop || this.error !== undefined) return;
    this.loading = true;
    try {
      const page = await listCustomers(listQuery(this.filter, orgZone()), this.filter.sort, this.next, stop.signal);
      const known = new Set(this.ids);
      if (this.everything) for (const r of page.items) this.selected.add(r.id);
      this.rows = [...this.rows, ...page.items.filter((r) => !known.has(r.id))];
      this.next = page.next;
    } catch (e) {
      if (!isAborted(e)) this.error = e;
    }
    if (this.#stop === stop) this.loading = false;
  }

  put(item: CustomerItem): void {
    this.rows = this.rows.map((r) => (r.id === item.id ? item : r));
  }

  drop(id: Id): void {
    if (!this.rows.some((r) => r.id === id)) return;
    this.rows = this.rows.filter((r) => r.id !== id);
    this.selected.delete(id);
    if (this.count) this.count = { ...this.count, count: Math.max(0, this.count.count - 1) };
  }

  /** Hears of changes while a page that shows the list lives. */
  live(): () => void {
    const waiting = new Set<Id>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refreshRows = async () => {
      const ids = [...waiting].filter((id) => this.rows.some((r) => r.id === id)).slice(0, 20);
      waiting.clear();
      for (const id of ids) {
        try {
          this.put(itemOf(await customers.get(id)));
        } catch (e) {
          if (e instanceof ApiError && e.status === 404) this.drop(id);
        }
      }
    };
    const offs = [
      on('customer.changed', ({ customerId }) => {
        waiting.add(customerId);
        clearTimeout(timer);
        timer = setTimeout(() => void refreshRows(), 400);
      }),
      on('customer.created', () => (this.fresh += 1)),
      on('customer.merged', (e) => this.drop(String(e['mergedId'] ?? ''))),
      on('customer.deleted', ({ customerId }) => this.drop(customerId)),
      onReload(() => void this.reload()),
    ];
    return () => {
      clearTimeout(timer);
      for (const off of offs) off();
    };
  }
}

export const list = new CustomerList();
