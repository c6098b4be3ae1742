/* Rules of the chat list, pure: which chats belong to a view, in which order, what a row says, and how news from the
   server is taken in without losing what only I know (what I have read, contacts in the clear). */
import type { Id, InboxView } from '$lib/api/types';
import type { Query } from '$lib/api/client';
import type { IconName } from '$lib/ui/icons';
import { plainWords } from './messages.rules';
import type { Chat, ChatStatus, LastMessage, MessageKind } from './types';

export const views = ['mine', 'unassigned', 'all', 'waiting', 'snoozed', 'closed'] as const;
export type ViewId = (typeof views)[number];
export const orders = ['recent', 'waiting', 'priority'] as const;
export type Order = (typeof orders)[number];
export const statuses: readonly ChatStatus[] = ['pending', 'in_progress', 'waiting', 'closed'];

export interface Filter {
  view: ViewId;
  order: Order;
  unread: boolean;
  archived: boolean;
  status: ChatStatus[];
  teamId: Id[];
  tagId: Id[];
  channelId: Id[];
  assigneeId: Id[];
}

export const noFilter: Filter = {
  view: 'all',
  order: 'recent',
  unread: false,
  archived: false,
  status: [],
  teamId: [],
  tagId: [],
  channelId: [],
  assigneeId: [],
};

const lists = ['status', 'teamId', 'tagId', 'channelId', 'assigneeId'] as const;

/** How many conditions stand beside the view: the number on the filter button. */
export function filterCount(f: Filter): number {
  return lists.reduce((n, k) => n + f[k].length, 0) + Number(f.unread) + Number(f.archived);
}

/** The query of GET /chats, also the `filter` of a bulk action (without order). */
export function toQuery(f: Filter): Record<string, string | boolean> {
  const q: Record<string, string | boolean> = { view: f.view === 'snoozed' ? 'all' : f.view };
  if (f.view === 'snoozed') q['snoozed'] = true;
  if (f.unread) q['unread'] = true;
  if (f.archived) q['archived'] = true;
  for (const k of lists) if (f[k].length) q[k] = f[k].join(',');
  return q;
}

export function listQuery(f: Filter, cursor: string | undefined, limit: number): Query {
  return { ...toQuery(f), order: f.order, limit, cursor };
}

/** What is kept of a filter under a name; read again by fromSaved. */
export function toSaved(f: Filter): Record<string, unknown> {
  return { ...toQuery(f), order: f.order };
}

/** Reads a saved filter, whoever wrote it: unknown members and values are left out. */
export function fromSaved(view: Pick<InboxView, 'filter'>): Filter {
  const s = view.filter;
  const words = (k: string): string[] =>
    typeof s[k] === 'string' ? s[k].split(',').filter((x) => x !== '') : Array.isArray(s[k]) ? s[k].map(String) : [];
  const base = views.find((v) => v === s['view']) ?? 'all';
  return {
    view: s['snoozed'] === true ? 'snoozed' : base,
    order: orders.find((o) => o === s['order']) ?? (base === 'waiting' ? 'waiting' : 'recent'),
    unread: s['unread'] === true,
    archived: s['archived'] === true,
    status: statuses.filter((x) => words('status').includes(x)),
    teamId: words('teamId'),
    tagId: words('tagId'),
    channelId: words('channelId'),
    assigneeId: words('assigneeId'),
  };
}

export function sameFilter(a: Filter, b: Filter): boolean {
  return (
    a.view === b.view &&
    a.order === b.order &&
    a.unread === b.unread &&
    a.archived === b.archived &&
    lists.every((k) => a[k].toSorted().join() === b[k].toSorted().join())
  );
}

/** Messages of the customer that I have not seen. */
export function unreadOf(chat: Pick<Chat, 'inboundCount' | 'inboundSeen'>): number {
  return Math.max(0, chat.inboundCount - (chat.inboundSeen ?? 0));
}

export function isSnoozed(chat: Pick<Chat, 'snoozedUntil'>, now: number): boolean {
  return chat.snoozedUntil !== null && Date.parse(chat.snoozedUntil) > now;
}

/** The server's own rule for lists, so that news can be sorted in without asking. */
export function matches(chat: Chat, f: Filter, me: Id, now: number): boolean {
  if (f.view === 'closed' ? chat.status !== 'closed' : chat.status === 'closed') return false;
  if (f.view === 'mine' && chat.assigneeId !== me) return false;
  if (f.view === 'unassigned' && chat.assigneeId !== null) return false;
  if (f.view === 'waiting' && chat.waitingSince === null) return false;
  if (f.view !== 'closed') {
    if (isSnoozed(chat, now) !== (f.view === 'snoozed')) return false;
    if (!f.archived && chat.archivedAt !== null) return false;
  }
  if (f.unread && unreadOf(chat) === 0) return false;
  const any = (wanted: readonly string[], has: string | null) =>
    wanted.length === 0 || (has !== null && wanted.includes(has));
  return (
    any(f.status, chat.status) &&
    any(f.teamId, chat.teamId) &&
    any(f.channelId, chat.channelId) &&
    any(f.assigneeId, chat.assigneeId) &&
    (f.tagId.length === 0 || chat.customer.tags.some((x) => f.tagId.includes(x)))
  );
}

const down = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0);

/** The server's order; ties by id, so that a list never shuffles. */
export function compare(order: Order): (a: Chat, b: Chat) => number {
  if (order === 'waiting') return (a, b) => down(b.waitingSince ?? '9', a.waitingSince ?? '9') || down(b.id, a.id);
  if (order === 'priority')
    return (a, b) => b.priority - a.priority || down(a.lastMessageAt, b.lastMessageAt) || down(b.id, a.id);
  return (a, b) => down(a.lastMessageAt, b.lastMessageAt) || down(a.id, b.id);
}

/** Takes in a chat from an answer or an event. Older versions change nothing; what an event cannot know stays. */
export function mergeChat(old: Chat | undefined, news: Chat): Chat {
  if (!old) return news;
  if (news.version < old.version) {
    return news.inboundSeen === null ? old : { ...old, inboundSeen: news.inboundSeen };
  }
  if (news.inboundSeen !== null) return news;
  return {
    ...news,
    inboundSeen: old.inboundSeen,
    contact: news.contact.id === old.contact.id ? old.contact : news.contact,
  };
}

/** The ids that the list should show: those that match, in order. While there is more to load, what sorts behind the
    last loaded row is left for its page. */
export function arrange(chats: Iterable<Chat>, f: Filter, me: Id, now: number, lastLoaded: Chat | undefined): Id[] {
  const by = compare(f.order);
  const shown = [...chats].filter((c) => matches(c, f, me, now)).sort(by);
  const until = lastLoaded ? shown.filter((c) => c.id === lastLoaded.id || by(c, lastLoaded) < 0) : shown;
  return until.map((c) => c.id);
}

/** What a list under the pointer shows: rows keep their places (also those that no longer belong), nothing comes in. */
export function held(shown: readonly Id[], wanted: readonly Id[]): Id[] {
  return shown.length === 0 ? [...wanted] : [...shown];
}

/** Colour of a waiting time: quiet, warning after 5 minutes, danger after 15. */
export function waitLevel(since: string, now: number): '' | 'warn' | 'danger' {
  const minutes = (now - Date.parse(since)) / 60_000;
  return minutes >= 15 ? 'danger' : minutes >= 5 ? 'warn' : '';
}

export interface Preview {
  icon: IconName | undefined;
  tone: '' | 'danger' | 'draft';
  /** Who wrote, where it matters (notes of others). */
  author: string | undefined;
  /** The message has no words: its kind stands for them. */
  kind: MessageKind | 'deleted' | NonNullable<LastMessage['about']> | undefined;
  text: string;
}

const kindIcons: Partial<Record<MessageKind, IconName>> = {
  image: 'image',
  video: 'video',
  audio: 'mic',
  document: 'file-text',
  location: 'map-pin',
  contact: 'contact',
  template: 'file-text',
  email: 'mail',
};
const aboutIcons: Record<NonNullable<LastMessage['about']>, IconName> = {
  mention: 'circle-dot',
  story: 'circle-dot',
  share: 'link',
  order: 'shopping-cart',
  form: 'clipboard-list',
  sticker: 'image',
};
const tickIcons: Partial<Record<string, IconName>> = {
  queued: 'clock',
  scheduled: 'clock',
  sent: 'check',
  delivered: 'check-check',
  read: 'check-check',
};

/** The second line of a row: the draft first, then the last message with its state or kind. */
export function preview(last: LastMessage, draft: string | undefined): Preview {
  const words = draft?.replace(/\s+/g, ' ').trim();
  if (words) return { icon: 'pencil', tone: 'draft', author: undefined, kind: undefined, text: words };
  /* A mail is known by what it is about. */
  const text = (!last.deleted && last.direction !== 'note' && last.subject) || plainWords(last.text ?? '');
  const kind = last.deleted ? 'deleted' : text === '' ? (last.about ?? last.kind) : undefined;
  if (last.direction === 'out' && last.status === 'failed')
    return { icon: 'circle-x', tone: 'danger', author: undefined, kind, text };
  if (last.direction === 'note') return { icon: 'lock', tone: '', author: last.authorName, kind, text };
  const own = last.direction === 'out' ? tickIcons[last.status ?? ''] : undefined;
  const byKind = last.deleted ? undefined : last.about ? aboutIcons[last.about] : last.kind && kindIcons[last.kind];
  return { icon: own ?? byKind, tone: '', author: undefined, kind, text };
}

/** "a U+0001hitU+0002 b" as parts, for search results. */
export function snippetParts(snippet: string): { text: string; hit: boolean }[] {
  return snippet
    .split('\u0001')
    .flatMap((part, i) => {
      if (i === 0) return [{ text: part, hit: false }];
      const [hit = '', ...rest] = part.split('\u0002');
      return [
        { text: hit, hit: true },
        { text: rest.join(''), hit: false },
      ];
    })
    .filter((p) => p.text !== '');
}
