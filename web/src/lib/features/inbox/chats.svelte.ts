/* The chats that are known here, and the list that shows some of them. Rows come from pages of the server and from live
   news; both go through mergeChat, and arrange decides what is shown and in which order. While the pointer is over the
   list nothing moves: `hold` keeps the rows where they are until it leaves. */
import { untrack } from 'svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { api } from '$lib/api/client';
import { ApiError, isAborted } from '$lib/api/error';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { setBadge } from '$lib/shell/layout.svelte';
import { myId } from '$lib/shell/session.svelte';
import {
  arrange,
  type Filter,
  fromSaved,
  held,
  listQuery,
  mergeChat,
  noFilter,
  sameFilter,
  toSaved,
} from './chats.rules';
import { setFaviconBadge } from './favicon';
import type { Chat, Counts } from './types';

const pageSize = 50;
const filterKey = 'inbox.filter';

export type ListPhase = 'loading' | 'ready' | 'failed';

const byId = new SvelteMap<Id, Chat>();
/* The same without signals: walking thousands must not make one for each. */
const all = new Map<Id, Chat>();
let ids = $state.raw<Id[]>([]);
let filter = $state.raw<Filter>(noFilter);
let phase = $state<ListPhase>('loading');
let problem = $state.raw<unknown>();
let more = $state<'none' | 'idle' | 'loading' | 'failed'>('none');
let counts = $state.raw<Counts>();
let cursorId = $state<Id>();
let openId = $state<Id>();
let stale = $state(false);
let arrivals = $state(0);
const selected = new SvelteSet<Id>();

let next: string | undefined;
let lastLoaded: Chat | undefined;
let holding = false;
let arranging = false;
let running: AbortController | undefined;
let countTimer: ReturnType<typeof setTimeout> | undefined;
let snoozeTimer: ReturnType<typeof setTimeout> | undefined;
const asking = new Set<Id>();

function put(id: Id, chat: Chat): void {
  byId.set(id, chat);
  all.set(id, chat);
}

function drop(id: Id): void {
  byId.delete(id);
  all.delete(id);
}

export const chats = {
  get ids() {
    return ids;
  },
  get filter() {
    return filter;
  },
  get phase() {
    return phase;
  },
  get problem() {
    return problem;
  },
  get more() {
    return more;
  },
  get counts() {
    return counts;
  },
  /** The row that the keyboard is on. */
  get cursorId() {
    return cursorId;
  },
  set cursorId(id: Id | undefined) {
    cursorId = id;
  },
  /** The chat on the screen. */
  get openId() {
    return openId;
  },
  set openId(id: Id | undefined) {
    openId = id;
  },
  /** True while rows wait for the pointer to leave before they move. */
  get stale() {
    return stale;
  },
  /** How many chats of this view wait outside of the list for the same reason. */
  get arrivals() {
    return arrivals;
  },
  selected,
  get: (id: Id | undefined): Chat | undefined => (id ? byId.get(id) : undefined),
  ofCustomer: (customerId: Id): Chat[] => [...byId.values()].filter((c) => c.customer.id === customerId),
};

function remember(f: Filter): void {
  try {
    localStorage.setItem(filterKey, JSON.stringify(toSaved(f)));
  } catch {
    /* storage forbidden: the usual view next time */
  }
}

/** The filter of the last visit. */
export function restoreFilter(): void {
  try {
    const text = localStorage.getItem(filterKey);
    if (text) filter = fromSaved({ filter: JSON.parse(text) as Record<string, unknown> });
  } catch {
    /* nothing kept, or nothing that can be read */
  }
}

export function setFilter(change: Partial<Filter>): void {
  const to = { ...filter, ...change };
  if (sameFilter(to, filter)) return;
  filter = to;
  remember(to);
  selected.clear();
  cursorId = undefined;
  holding = false;
  /* What is known already shows at once; the answer corrects it. */
  lastLoaded = undefined;
  ids = shown();
  void loadList();
}

function shown(): Id[] {
  return arrange(all.values(), filter, myId(), Date.now(), next === undefined ? undefined : lastLoaded);
}

const sameOrder = (a: readonly Id[], b: readonly Id[]) => a.length === b.length && a.every((id, i) => id === b[i]);

/* The end of the next snooze changes the list without any news. */
function wakeAtNextSnooze(): void {
  clearTimeout(snoozeTimer);
  const now = Date.now();
  let next = Infinity;
  for (const c of all.values()) {
    const at = c.snoozedUntil ? Date.parse(c.snoozedUntil) : 0;
    if (at > now && at < next) next = at;
  }
  if (next < now + 86_400_000) snoozeTimer = setTimeout(rearrange, next - now + 50);
}

/** Sorts the list anew, once for all changes of the moment; or notes that it must be, when it is held. */
function rearrange(): void {
  if (arranging) return;
  arranging = true;
  queueMicrotask(() =>
    untrack(() => {
      arranging = false;
      wakeAtNextSnooze();
      const wanted = shown();
      const to = holding ? held(ids, wanted) : wanted;
      stale = holding && !sameOrder(to, wanted);
      const here = new Set(to);
      arrivals = stale ? wanted.filter((id) => !here.has(id)).length : 0;
      if (!sameOrder(to, ids)) ids = to;
    }),
  );
}

/** The pointer came over the list, or left it. */
export function hold(on: boolean): void {
  if (holding === on) return;
  holding = on;
  if (!on) rearrange();
}

/** Takes in a chat from an answer or an event. An event's chat that was not known here is asked for, because only the
    answer says what I have read of it. */
export function takeChat(news: Chat): void {
  const old = byId.get(news.id);
  if (!old && news.inboundSeen === null) {
    const last = news.lastMessage.direction === 'in' ? 1 : 0;
    put(news.id, { ...news, inboundSeen: Math.max(0, news.inboundCount - last) });
    void fetchChat(news.id).catch(() => undefined);
  } else {
    const merged = mergeChat(old, news);
    if (merged !== old) put(news.id, merged);
  }
  rearrange();
}

export function removeChat(id: Id): void {
  drop(id);
  selected.delete(id);
  rearrange();
}

/** Shows a change before the server has confirmed it; gives back what undoes it. */
export function patchChat(id: Id, change: Partial<Chat>): () => void {
  const before = byId.get(id);
  if (!before) return () => undefined;
  put(id, { ...before, ...change });
  rearrange();
  return () => {
    const now = byId.get(id);
    if (now?.version !== before.version) return;
    put(id, before);
    rearrange();
  };
}

export function setSeen(id: Id, inboundSeen: number): void {
  const chat = byId.get(id);
  if (!chat || chat.inboundSeen === inboundSeen) return;
  put(id, { ...chat, inboundSeen });
  rearrange();
}

/** Reads one chat; calls for the same one share the question. */
export async function fetchChat(id: Id): Promise<void> {
  if (asking.has(id)) return;
  asking.add(id);
  try {
    takeChat(await api.get<Chat>(urls.chat(id)));
  } catch (e) {
    if (e instanceof ApiError && e.status === 404) removeChat(id);
    throw e;
  } finally {
    asking.delete(id);
  }
}

/** Reads again all known chats of a customer whose name, tags or contacts changed. */
export async function refreshCustomer(customerId: Id): Promise<void> {
  if (chats.ofCustomer(customerId).length === 0) return;
  const page = await api.get<Page<Chat>>(urls.chats(), {
    query: { view: 'any', archived: true, customerId, limit: 20 },
  });
  for (const c of page.items) {
    /* The chat's own version does not count changes of its customer. */
    put(c.id, c);
  }
  rearrange();
}

/** Reads the list's first page. What is known but not in it is forgotten, except the open chat. */
export async function loadList(): Promise<void> {
  running?.abort();
  const stop = (running = new AbortController());
  if (ids.length === 0) phase = 'loading';
  const asked = filter;
  try {
    const page = await api.get<Page<Chat>>(urls.chats(), {
      query: listQuery(asked, undefined, pageSize),
      signal: stop.signal,
    });
    if (stop.signal.aborted) return;
    const known = new Map(all);
    const fresh = new Set(page.items.map((c) => c.id));
    for (const id of known.keys()) if (!fresh.has(id) && id !== openId) drop(id);
    for (const c of page.items) put(c.id, mergeChat(known.get(c.id), c));
    setNext(page);
    phase = 'ready';
    problem = undefined;
    holding = false;
    ids = shown();
    stale = false;
    arrivals = 0;
  } catch (e) {
    if (isAborted(e)) return;
    problem = e;
    if (ids.length === 0) phase = 'failed';
    else more = 'failed';
  }
}

function setNext(page: Page<Chat>): void {
  next = page.next ?? undefined;
  lastLoaded = page.items.at(-1) ?? lastLoaded;
  more = next === undefined ? 'none' : 'idle';
}

/** Reads the next page; called as the end of the list comes near. */
export async function loadMore(): Promise<void> {
  if (next === undefined || more === 'loading') return;
  more = 'loading';
  const asked = filter;
  try {
    const page = await api.get<Page<Chat>>(urls.chats(), { query: listQuery(asked, next, pageSize) });
    if (asked !== filter) return;
    for (const c of page.items) put(c.id, mergeChat(byId.get(c.id), c));
    setNext(page);
    const was = holding;
    holding = false;
    ids = shown();
    holding = was;
  } catch {
    more = 'failed';
  }
}

/** Reads the numbers beside the views, soon, once for many reasons. */
export function refreshCounts(soonMs = 500): void {
  if (countTimer) return;
  countTimer = setTimeout(() => {
    countTimer = undefined;
    api
      .get<Counts>(urls.chatCounts())
      .then((c) => {
        counts = c;
        setBadge('inbox', c.unread);
        setFaviconBadge(c.unread);
      })
      .catch(() => undefined);
  }, soonMs);
}

/** Another organization, or signed out: nothing of the former stays. */
export function resetChats(): void {
  running?.abort();
  clearTimeout(countTimer);
  clearTimeout(snoozeTimer);
  countTimer = undefined;
  byId.clear();
  all.clear();
  selected.clear();
  ids = [];
  next = lastLoaded = undefined;
  more = 'none';
  phase = 'loading';
  counts = undefined;
  setBadge('inbox', 0);
  setFaviconBadge(0);
  cursorId = undefined;
  holding = stale = false;
  arrivals = 0;
  filter = noFilter;
}
