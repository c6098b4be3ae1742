/* Lists of customers: filters and their place in the address, columns, what a row is called. */
import type { Funnel } from '$lib/api/types';
import { startOfDay } from '$lib/i18n/zone';
import { addDays } from '$lib/ui/dates';
import type { Option } from '$lib/ui/options';
import type { Contact, Customer, CustomerItem } from './types';

export type SortBy = 'recent' | 'name' | 'activity';

export interface Filter {
  search: string;
  tag: string;
  stage: string;
  owner: string;
  channel: string;
  /** Days, YYYY-MM-DD, both included. */
  from: string;
  to: string;
  sort: SortBy;
}

export const emptyFilter: Filter = {
  search: '',
  tag: '',
  stage: '',
  owner: '',
  channel: '',
  from: '',
  to: '',
  sort: 'recent',
};
const sorts: readonly string[] = ['recent', 'name', 'activity'];

/** The filter that an address holds. */
export function readFilter(of: (name: string) => string | undefined): Filter {
  const sort = of('sort') ?? '';
  const day = (s: string | undefined) => (s && /^\d{4}-\d{2}-\d{2}$/.test(s) ? s : '');
  return {
    search: of('q') ?? '',
    tag: of('tag') ?? '',
    stage: of('stage') ?? '',
    owner: of('owner') ?? '',
    channel: of('channel') ?? '',
    from: day(of('from')),
    to: day(of('to')),
    sort: sorts.includes(sort) ? (sort as SortBy) : 'recent',
  };
}

/** The query of an address for a filter, "" or "?…". */
export function writeFilter(f: Filter): string {
  const params = new URLSearchParams();
  const set = (name: string, value: string) => {
    if (value) params.set(name, value);
  };
  set('q', f.search);
  for (const name of ['tag', 'stage', 'owner', 'channel', 'from', 'to'] as const) set(name, f[name]);
  if (f.sort !== 'recent') params.set('sort', f.sort);
  const text = params.toString();
  return text ? `?${text}` : '';
}

export type ListQuery = Record<string, string>;

/** What the server is asked; days become instants in the organization's zone. */
export function listQuery(f: Filter, zone: string): ListQuery {
  const out: ListQuery = {};
  const set = (name: string, value: string) => {
    if (value) out[name] = value;
  };
  set('search', f.search.trim());
  set('tagId', f.tag);
  set('stageId', f.stage);
  set('ownerId', f.owner);
  set('channelKind', f.channel);
  if (f.from) out['createdFrom'] = startOfDay(f.from, zone);
  if (f.to) out['createdTo'] = startOfDay(addDays(f.to, 1), zone);
  return out;
}

export function isFiltered(f: Filter): boolean {
  return f.search.trim() !== '' || [f.tag, f.stage, f.owner, f.channel, f.from, f.to].some((x) => x !== '');
}

/** Columns that can be chosen, in their order; the name is always there. */
export const columnIds = ['contact', 'tags', 'stage', 'owner', 'value', 'chats', 'activity', 'created'] as const;
export type ColumnId = (typeof columnIds)[number];
export const usualColumns: readonly ColumnId[] = ['contact', 'tags', 'stage', 'owner', 'activity', 'created'];

/** What was kept, as far as it still exists. */
export function readColumns(text: string | null): ColumnId[] {
  try {
    const list: unknown = JSON.parse(text ?? '');
    if (Array.isArray(list)) return columnIds.filter((c) => list.includes(c));
  } catch {
    /* nothing kept, or not by us */
  }
  return [...usualColumns];
}

/** The name, else the contact: what a customer is called in lists. */
export function nameOf(c: Pick<CustomerItem, 'name' | 'contacts'>, unknown: string): string {
  return c.name || primary(c.contacts)?.display || unknown;
}

export function primary(contacts: readonly Contact[]): Contact | undefined {
  const shown = contacts.filter((k) => k.kind !== 'webchat');
  return shown.find((k) => k.isPrimary) ?? shown[0];
}

/** The row of a list for a whole customer. */
export function itemOf(c: Customer): CustomerItem {
  const first = c.contacts.find((k) => k.isPrimary) ?? c.contacts[0];
  return {
    id: c.id,
    name: c.name,
    kind: c.kind,
    avatarUrl: c.avatarUrl,
    contacts: first ? [first] : [],
    tags: c.tags,
    stageId: c.stageId,
    ownerId: c.ownerId,
    valueMinor: c.valueMinor,
    lastMessageAt: c.lastMessageAt,
    createdAt: c.createdAt,
    openChats: c.openChats,
  };
}

/** The place of a customer in the list, and its neighbours. */
export function neighbours(
  ids: readonly string[],
  id: string,
): { at: number; before: string | undefined; after: string | undefined } {
  const at = ids.indexOf(id);
  return { at, before: at > 0 ? ids[at - 1] : undefined, after: at >= 0 ? ids[at + 1] : undefined };
}

/** The stages of all funnels to choose from; with the funnel beside them when there are several. */
export function stageOptions(funnels: readonly Pick<Funnel, 'name' | 'stages'>[]): Option[] {
  return funnels.flatMap((f) =>
    f.stages.map((s) => ({
      value: s.id,
      label: s.name,
      ...(funnels.length > 1 ? { hint: f.name } : {}),
      ...(s.color ? { color: s.color } : {}),
    })),
  );
}
