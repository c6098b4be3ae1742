/* The customer beside the open chat: the whole record, notes and earlier chats; every change shows at once. */
import { api, newKey } from '$lib/api/client';
import type { CustomField, Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { t } from '$lib/i18n/i18n.svelte';
import { report } from '$lib/shell/report';
import { toast } from '$lib/ui/toast.svelte';
import { patchChat, chats } from './chats.svelte';
import type { Chat, CustomerDetail, CustomerNote } from './types';

let data = $state.raw<CustomerDetail>();
let notes = $state.raw<CustomerNote[]>([]);
let earlier = $state.raw<Chat[]>([]);
let phase = $state<'loading' | 'ready' | 'failed'>('loading');
let problem = $state.raw<unknown>();
let wanted: Id | undefined;
const kept = new Map<Id, CustomerDetail>();

export const customer = {
  get data() {
    return data;
  },
  get notes() {
    return notes;
  },
  get earlier() {
    return earlier;
  },
  get phase() {
    return phase;
  },
  get problem() {
    return problem;
  },
};

function set(to: CustomerDetail): void {
  if (to.id === wanted) data = to;
  kept.set(to.id, to);
  if (kept.size > 40) kept.delete(kept.keys().next().value ?? '');
}

/** Shows a customer: what was known at once, then as it is now. */
export async function openCustomer(id: Id): Promise<void> {
  const other = wanted !== id;
  wanted = id;
  if (other) {
    data = kept.get(id);
    notes = [];
    earlier = [];
    phase = data ? 'ready' : 'loading';
  }
  try {
    const [c, n, h] = await Promise.all([
      api.get<CustomerDetail>(urls.customer(id)),
      api.get<Page<CustomerNote>>(urls.customerNotes(id), { query: { limit: 20 } }),
      api.get<Page<Chat>>(urls.customerChats(id), { query: { limit: 10 } }),
    ]);
    if (wanted !== id) return;
    set(c);
    notes = n.items;
    earlier = h.items;
    phase = 'ready';
    problem = undefined;
  } catch (e) {
    if (wanted !== id) return;
    problem = e;
    if (!data) phase = 'failed';
  }
}

/** An event said that this customer changed. */
export function customerChanged(id: Id): void {
  kept.delete(id);
  if (wanted === id) void openCustomer(id);
}

export function resetCustomer(): void {
  wanted = undefined;
  data = undefined;
  notes = [];
  earlier = [];
  kept.clear();
}

/** Changes members of the customer; throws what the server says, for the field that asked. */
export async function saveCustomer(change: Record<string, unknown>): Promise<void> {
  const c = data;
  if (!c) return;
  const answer = await api.put<{ data: CustomerDetail }>(urls.customer(c.id), { body: change });
  set({ ...c, ...answer.data });
  const name = change['name'];
  if (typeof name === 'string')
    for (const chat of chats.ofCustomer(c.id)) patchChat(chat.id, { customer: { ...chat.customer, name } });
}

export async function saveField(field: CustomField, value: unknown): Promise<void> {
  const c = data;
  if (!c) return;
  const answer = await api.post<{ data: { value: unknown } }>(urls.customerFieldValues(c.id), {
    body: { slug: field.slug, value },
  });
  const fields = { ...(data ?? c).fields };
  if (answer.data.value === null || answer.data.value === undefined) delete fields[field.slug];
  else fields[field.slug] = answer.data.value;
  set({ ...(data ?? c), fields });
}

function showTags(c: CustomerDetail, tags: Id[]): void {
  set({ ...c, tags });
  for (const chat of chats.ofCustomer(c.id)) patchChat(chat.id, { customer: { ...chat.customer, tags } });
}

export async function addTag(tagId: Id): Promise<void> {
  const c = data;
  if (!c || c.tags.includes(tagId)) return;
  showTags(c, [...c.tags, tagId]);
  try {
    await api.post(urls.customerTags(c.id), { body: { tagId } });
  } catch (e) {
    showTags(c, c.tags);
    report(e);
  }
}

export async function removeTag(tagId: Id): Promise<void> {
  const c = data;
  if (!c) return;
  showTags(
    c,
    c.tags.filter((x) => x !== tagId),
  );
  try {
    await api.delete(urls.customerTag(c.id, tagId));
  } catch (e) {
    showTags(c, c.tags);
    report(e);
  }
}

export async function createTag(name: string): Promise<void> {
  try {
    const made = await api.post<{ data: { id: Id } }>(urls.tags(), {
      idempotencyKey: newKey(),
      body: { name, color: '#8c929f' },
    });
    await addTag(made.data.id);
  } catch (e) {
    report(e);
  }
}

export async function setStage(stageId: Id | null, chatId: Id | undefined): Promise<void> {
  const c = data;
  if (!c) return;
  set({ ...c, stageId, stageSince: new Date().toISOString() });
  try {
    await api.put(urls.customerStage(c.id), { body: { stageId, ...(chatId ? { chatId } : {}) } });
  } catch (e) {
    set(c);
    report(e);
  }
}

/** Adds a contact; throws what the server says (a duplicate names the other customer). */
export async function addContact(kind: string, identifier: string): Promise<void> {
  const c = data;
  if (!c) return;
  set(
    await api.post<CustomerDetail>(urls.customerContacts(c.id), {
      idempotencyKey: newKey(),
      body: { kind, identifier, isPrimary: c.contacts.length === 0 },
    }),
  );
}

export async function changeContact(contactId: Id, change: Record<string, unknown>): Promise<void> {
  const c = data;
  if (c) set(await api.patch<CustomerDetail>(urls.customerContact(c.id, contactId), { body: change }));
}

export async function removeContact(contactId: Id): Promise<void> {
  const c = data;
  if (!c) return;
  try {
    set(await api.delete<CustomerDetail>(urls.customerContact(c.id, contactId)));
  } catch (e) {
    report(e);
  }
}

export async function addNote(content: string): Promise<boolean> {
  const c = data;
  if (!c) return false;
  try {
    /* A note's title is its first line. */
    const title = (content.trim().split('\n')[0] ?? '').slice(0, 120);
    const rest = content.trim().slice(title.length).trim();
    const made = await api.post<{ data: CustomerNote }>(urls.customerNotes(c.id), {
      idempotencyKey: newKey(),
      body: { title, content: rest },
    });
    if (wanted === c.id) notes = [made.data, ...notes];
    return true;
  } catch (e) {
    report(e);
    return false;
  }
}

export async function removeNote(note: CustomerNote): Promise<void> {
  const c = data;
  if (!c) return;
  const before = notes;
  notes = notes.filter((n) => n.id !== note.id);
  try {
    await api.delete(urls.customerNote(c.id, note.id));
    toast({
      text: t('inbox.panel.noteRemoved'),
      undo: () => void addNote([note.title, note.content].join('\n')),
    });
  } catch (e) {
    notes = before;
    report(e);
  }
}
