/* Beginning a conversation: the dialog is open or not (button, key, command bar, a number that was searched for), who can be
   chosen, and the call that opens the chat. */
import { api, newKey } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import type { Option } from '$lib/ui/options';
import type { ContactKind } from '../customers/types';
import { contactType, type Reach } from './start.rules';
import type { TemplateSend } from './templates.rules';
import type { Chat, CustomerDetail } from './types';

export const starting = $state({ open: false });

interface Row {
  id: Id;
  name: string;
  contacts: { display: string }[];
}

/** Customers by name, number or address, as choices. */
export async function findCustomers(search: string, signal: AbortSignal, nameless: string): Promise<Option[]> {
  const query = search ? { search, limit: 8 } : { sort: 'activity', limit: 8 };
  const page = await api.get<Page<Row>>(urls.customers(), { query, signal });
  return page.items.map((c) => ({
    value: c.id,
    label: c.name || nameless,
    hint: c.contacts[0]?.display ?? '',
    icon: 'user-round',
  }));
}

export interface Known {
  reaches: Reach[];
  masked: boolean;
  /** Channels on which they have written. */
  visited: Set<Id>;
  open: Chat[];
}

export async function readCustomer(id: Id): Promise<Known> {
  const [c, page] = await Promise.all([
    api.get<CustomerDetail>(urls.customer(id)),
    api.get<Page<Chat>>(urls.chats(), { query: { view: 'any', archived: true, customerId: id, limit: 50 } }),
  ]);
  const clear = c.contacts.filter((x) => !x.masked);
  return {
    reaches: clear.map((x) => ({ kind: x.kind as ContactKind, identifier: x.identifier, display: x.display })),
    masked: clear.length < c.contacts.length,
    visited: new Set(page.items.map((x) => x.channelId)),
    open: page.items.filter((x) => x.status !== 'closed'),
  };
}

export interface Start {
  reach: Reach;
  channelId: Id;
  customerId: Id | undefined;
  name: string;
  text: string;
  /** Of a mail. */
  subject: string;
  template: TemplateSend | undefined;
  teamId: Id | undefined;
  /** Whose it is: a person, or nobody (the queue). */
  userId: Id | undefined;
  me: Id;
}

export interface Started {
  chatId: Id;
  existing: boolean;
  initialMessageError: string | null;
  templateError?: string | null;
}

/** Opens the chat (or finds the open one), writes the first words, gives it to whom it was meant for. `key` makes a second
    try of the same thing no second chat. */
export async function start(s: Start, key = newKey()): Promise<Started> {
  const made = await api.post<Started>(urls.chatCreate(), {
    idempotencyKey: key,
    body: {
      contactType: contactType(s.reach.kind),
      contactValue: s.reach.identifier,
      channelId: s.channelId,
      ...(s.customerId ? { customerId: s.customerId } : {}),
      ...(s.name ? { customerName: s.name } : {}),
      ...(s.teamId ? { teamId: s.teamId } : {}),
      ...(s.text && !s.template ? { initialMessage: s.text } : {}),
      ...(s.template ? { template: s.template } : {}),
      ...(s.subject && s.text ? { data: { mail: { subject: s.subject } } } : {}),
      keepPending: s.userId !== s.me,
    },
  });
  if (made.existing || !s.userId) return made;
  if (s.userId === s.me) {
    if (!s.text && !s.template) await api.post(urls.chatAction(made.chatId, 'take'), { body: {} });
  } else await api.post(urls.chatAction(made.chatId, 'assign'), { body: { userId: s.userId } });
  return made;
}
