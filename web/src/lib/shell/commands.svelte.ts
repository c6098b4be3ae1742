/* What the command bar (Ctrl+K) finds: pages and actions of the shell, and what features add while they are loaded.
   `registerSearch({ id: 'customers', title: () => t('shell.customers'), search })` once, in a feature's module;
   `$effect(() => registerActions(() => [...]))` in a page, for actions on what is open. */
import { untrack } from 'svelte';
import type { CommandGroup, CommandItem } from '$lib/ui/CommandBar.svelte';

export interface SearchProvider {
  id: string;
  title: () => string;
  /** Asked 150 ms after the last key; the signal is aborted when more is typed. */
  search: (query: string, signal: AbortSignal) => Promise<readonly CommandItem[]>;
}

let actions = $state.raw<readonly (() => readonly CommandItem[])[]>([]);
let providers = $state.raw<readonly SearchProvider[]>([]);

export const bar = $state({ open: false, query: '' });

export function openCommandBar(query = ''): void {
  bar.query = query;
  bar.open = true;
}

export function registerActions(make: () => readonly CommandItem[]): () => void {
  untrack(() => {
    actions = [...actions, make];
  });
  return () => {
    untrack(() => {
      actions = actions.filter((a) => a !== make);
    });
  };
}

/** Adds or replaces a source of results. */
export function registerSearch(provider: SearchProvider): () => void {
  untrack(() => {
    providers = [...providers.filter((p) => p.id !== provider.id), provider];
  });
  return () => {
    untrack(() => {
      providers = providers.filter((p) => p !== provider);
    });
  };
}

export function allActions(): CommandItem[] {
  return actions.toReversed().flatMap((make) => [...make()]);
}

export function allProviders(): readonly SearchProvider[] {
  return providers;
}

const plain = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();

/** Every word of the query begins a word of the label. */
export function matches(label: string, query: string): boolean {
  const words = plain(label).split(/[^\p{L}\p{N}]+/u);
  return plain(query)
    .split(/\s+/)
    .filter((q) => q !== '')
    .every((q) => words.some((w) => w.startsWith(q)));
}

/** Groups without what the query does not fit. */
export function filtered(groups: readonly CommandGroup[], query: string): CommandGroup[] {
  return groups
    .map((g) => ({ ...g, items: g.items.filter((i) => matches(i.label, query)) }))
    .filter((g) => g.items.length > 0);
}
