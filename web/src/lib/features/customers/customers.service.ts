/* Customers over the API. */
import { api, newKey, upload, withQuery } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import type { bulk, BulkAnswer } from './bulk.rules';
import type { ListQuery, SortBy } from './customers.rules';
import type {
  Address,
  ChatRow,
  Contact,
  ContactKind,
  Customer,
  CustomerFile,
  CustomerItem,
  FieldValue,
  Note,
  TimelineItem,
} from './types';

interface Done<T> {
  success: boolean;
  data: T;
}

export interface ContactInput {
  kind: ContactKind;
  identifier: string;
  label?: string;
  isPrimary?: boolean;
}

export type CustomerChange = Partial<{
  name: string;
  kind: 'person' | 'company';
  document: string | null;
  birthDate: string | null;
  country: string | null;
  language: string | null;
  address: Address | null;
  avatarFileId: Id | null;
  pinnedNote: string;
  ownerId: Id | null;
  valueMinor: number | null;
  fields: Record<string, FieldValue>;
}>;

export interface NewCustomer extends CustomerChange {
  contacts: ContactInput[];
  tags?: Id[];
}

/* --- lists --- */

export function listCustomers(
  query: ListQuery,
  sort: SortBy,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<CustomerItem>> {
  return api.get(urls.customers(), { query: { ...query, sort, cursor, limit: 100 }, signal });
}

export function countCustomers(query: ListQuery, signal: AbortSignal): Promise<{ count: number; capped: boolean }> {
  return api.get(urls.customersCount(), { query, signal });
}

/** The address of the download; the browser fetches it with the session. */
export function exportUrl(query: ListQuery, format: 'csv' | 'json'): string {
  return withQuery(urls.customersExport(format), query);
}

export async function searchCustomers(text: string, signal: AbortSignal): Promise<CustomerItem[]> {
  const page = await api.get<Page<CustomerItem>>(urls.customers(), {
    query: { search: text, limit: 8, sort: 'activity' },
    signal,
  });
  return page.items;
}

/** A portion of work on many customers. */
export const bulkCall: Parameters<typeof bulk>[2] = (body) =>
  api.post<BulkAnswer>(urls.customersBulk(), { body, timeoutMs: 65_000 });

/* --- one customer --- */

export const customers = {
  get: (id: Id, signal?: AbortSignal) => api.get<Customer>(urls.customer(id), { signal }),
  create: (body: NewCustomer) => api.post<Customer>(urls.customers(), { body, idempotencyKey: newKey() }),
  update: async (id: Id, change: CustomerChange & { version?: number }) =>
    (await api.put<Done<Customer>>(urls.customer(id), { body: change })).data,
  remove: (id: Id) => api.delete(urls.customer(id)),
  erase: (id: Id) => api.delete(urls.customerData(id), { timeoutMs: 65_000 }),
  /** values: what the kept record takes from the other where both have something (merge.rules). */
  merge: (keepId: Id, mergeId: Id, values: readonly string[]) =>
    api.post<Customer>(urls.customerMerge(keepId), { body: { mergeId, values } }),
  dismissDuplicate: (id: Id, otherId: Id) => api.post(urls.customerDismiss(id, otherId), {}),
  addContact: (id: Id, body: ContactInput) =>
    api.post<Customer>(urls.customerContacts(id), { body, idempotencyKey: newKey() }),
  updateContact: (id: Id, contactId: Id, body: Partial<Omit<ContactInput, 'kind'>>) =>
    api.patch<Customer>(urls.customerContact(id, contactId), { body }),
  removeContact: (id: Id, contactId: Id) => api.delete<Customer>(urls.customerContact(id, contactId)),
  addTag: async (id: Id, tagId: Id) =>
    (await api.post<Done<{ tags: Id[] }>>(urls.customerTags(id), { body: { tagId }, idempotencyKey: newKey() })).data
      .tags,
  removeTag: async (id: Id, tagId: Id) =>
    (await api.delete<Done<{ tags: Id[] }>>(urls.customerTag(id, tagId))).data.tags,
  setStage: async (id: Id, stageId: Id | null) =>
    (await api.put<Done<Customer>>(urls.customerStage(id), { body: { stageId } })).data,
  timeline: (id: Id, cursor: string | null, signal: AbortSignal) =>
    api.get<Page<TimelineItem>>(urls.customerTimeline(id), { query: { cursor, limit: 40 }, signal }),
  chats: (id: Id, cursor: string | null, signal: AbortSignal) =>
    api.get<Page<ChatRow>>(urls.customerChats(id), { query: { cursor, limit: 40 }, signal }),
  notes: (id: Id, cursor: string | null, signal: AbortSignal) =>
    api.get<Page<Note>>(urls.customerNotes(id), { query: { cursor, limit: 40 }, signal }),
  files: (id: Id, cursor: string | null, signal: AbortSignal) =>
    api.get<Page<CustomerFile>>(urls.customerFiles(id), { query: { cursor, limit: 40 }, signal }),
  addNote: async (id: Id, title: string, content: string) =>
    (await api.post<Done<Note>>(urls.customerNotes(id), { body: { title, content }, idempotencyKey: newKey() })).data,
  updateNote: async (id: Id, noteId: Id, title: string, content: string) =>
    (await api.put<Done<Note>>(urls.customerNote(id, noteId), { body: { title, content } })).data,
  removeNote: (id: Id, noteId: Id) => api.delete(urls.customerNote(id, noteId)),
};

export function uploadFile(file: File, onprogress?: (part: number) => void): Promise<{ id: Id; name: string }> {
  return upload(urls.files(), file, file.name, {
    idempotencyKey: newKey(),
    onprogress: (sent, total) => onprogress?.(total > 0 ? sent / total : 0),
  });
}

/** Opens a chat (or finds the open one) and perhaps writes its first message. */
export function startChat(
  customerId: Id,
  contact: Contact,
  channelId: Id,
  text: string,
): Promise<{ chatId: Id; initialMessageError: string | null }> {
  return api.post(urls.chatCreate(), {
    body: {
      contactType: contact.kind === 'messenger' ? 'facebook' : contact.kind,
      contactValue: contact.identifier,
      channelId,
      customerId,
      ...(text.trim() ? { initialMessage: text.trim() } : {}),
    },
    idempotencyKey: newKey(),
  });
}
