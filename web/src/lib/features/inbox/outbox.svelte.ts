/* What I wrote and the server has not confirmed. It is kept in this browser until then, so that nothing is lost without
   a connection or by a reload; each message carries a clientId, so that sending twice never makes two. Of one chat the
   messages leave in the order in which they were written. */
import { api, newKey } from '$lib/api/client';
import { ApiError } from '$lib/api/error';
import type { Id } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { backoff } from '$lib/events/events.svelte';
import { errorText } from '$lib/shell/report';
import { myId, org } from '$lib/shell/session.svelte';
import { type OutItem, ready, restoreOutbox } from './composer.rules';
import { knownThread } from './threads.svelte';
import type { Message, MessageKind } from './types';

let items = $state.raw<OutItem[]>([]);
let key = '';
let timer: ReturnType<typeof setTimeout> | undefined;
let attempt = 0;

export const outbox = {
  get items() {
    return items;
  },
  of: (chatId: Id): OutItem[] => items.filter((i) => i.chatId === chatId),
};

function set(to: OutItem[]): void {
  items = to;
  try {
    if (to.length) localStorage.setItem(key, JSON.stringify(to));
    else localStorage.removeItem(key);
  } catch {
    /* storage full or forbidden: kept for as long as the page lives */
  }
}

function change(clientId: string, to: Partial<OutItem>): void {
  set(items.map((i) => (i.clientId === clientId ? { ...i, ...to } : i)));
}

/** Takes up what an earlier page of mine left behind. */
export function openOutbox(): void {
  key = `outbox.${org().organization.id}.${myId()}`;
  let text: string | null = null;
  try {
    text = localStorage.getItem(key);
  } catch {
    /* storage forbidden */
  }
  items = restoreOutbox(text);
  window.addEventListener('online', flush);
  flush();
}

export function closeOutbox(): void {
  window.removeEventListener('online', flush);
  clearTimeout(timer);
  items = [];
  key = '';
}

export function enqueue(what: Omit<OutItem, 'clientId' | 'createdAt' | 'state' | 'problem'>): OutItem {
  const item: OutItem = {
    ...what,
    clientId: newKey(),
    createdAt: new Date().toISOString(),
    state: 'waiting',
    problem: null,
  };
  set([...items, item]);
  flush();
  return item;
}

/** Sends what may leave now; called again when one has gone, the network is back, or after a pause. */
export function flush(): void {
  clearTimeout(timer);
  if (navigator.onLine === false) return;
  for (const item of ready(items)) void send(item);
}

async function send(item: OutItem): Promise<void> {
  change(item.clientId, { state: 'sending', problem: null });
  try {
    /* A template names its file itself. */
    const fileIds = item.template ? [] : item.files.flatMap((f) => (f.id ? [f.id] : []));
    const sent =
      item.kind === 'note'
        ? await api.post<Message>(urls.chatNotes(item.chatId), {
            body: { content: item.content, mentions: item.mentions, clientId: item.clientId, fileIds },
          })
        : await api.post<Message>(urls.messages(item.chatId), {
            body: {
              content: item.content,
              clientId: item.clientId,
              replyToMessageId: item.replyTo?.id ?? null,
              fileIds,
              scheduledFor: item.scheduledFor,
              ...(item.data ? { data: item.data } : {}),
              ...(item.template ? { template: item.template } : {}),
            },
          });
    attempt = 0;
    /* The stream may have been faster, and then knows more (that it failed already). */
    const thread = knownThread(item.chatId);
    if (!thread?.find(sent.id)) thread?.takeMessage(sent);
    set(items.filter((i) => i.clientId !== item.clientId));
    flush();
  } catch (e) {
    if (e instanceof ApiError && !e.retryable) {
      change(item.clientId, { state: e.status === 401 ? 'waiting' : 'failed', problem: errorText(e) });
      if (e.status !== 401) flush();
      return;
    }
    change(item.clientId, { state: 'waiting' });
    const seconds = e instanceof ApiError ? e.retryAfterSeconds : undefined;
    clearTimeout(timer);
    timer = setTimeout(flush, seconds ? seconds * 1000 : backoff(attempt));
    attempt = Math.min(attempt + 1, 6);
  }
}

/** Tries one again that was refused. */
export function retryItem(clientId: string): void {
  change(clientId, { state: 'waiting', problem: null });
  flush();
}

export function discardItem(clientId: string): void {
  set(items.filter((i) => i.clientId !== clientId));
}

/** The server has it: said by an event, possibly before the answer. */
export function confirmed(clientId: string | null): void {
  if (clientId && items.some((i) => i.clientId === clientId)) set(items.filter((i) => i.clientId !== clientId));
}

function kindOfItem({ template, data = {}, files }: OutItem): MessageKind {
  if (template) return 'template';
  if ('location' in data) return 'location';
  if ('contacts' in data) return 'contact';
  return 'mail' in data ? 'email' : (files[0]?.kind ?? 'text');
}

/** How one that is on its way is drawn among the others: after all, as queued. */
export function asMessage(item: OutItem, place: number): Message {
  const me = myId();
  return {
    id: `local:${item.clientId}`,
    chatId: item.chatId,
    seq: 1_000_000_000 + place,
    direction: item.kind,
    kind: kindOfItem(item),
    content: item.content,
    data: { ...item.data, ...(item.template ? { template: item.template } : {}) },
    status: item.state === 'failed' ? 'failed' : 'queued',
    error: item.problem ? { message: item.problem } : null,
    authorKind: 'user',
    authorId: me,
    authorName: org().users.find((u) => u.id === me)?.name ?? '',
    clientId: item.clientId,
    sequenceId: null,
    scheduledFor: item.scheduledFor,
    createdAt: item.createdAt,
    sentAt: null,
    deliveredAt: null,
    readAt: null,
    editedAt: null,
    deletedAt: null,
    replyTo: item.replyTo,
    files: item.files,
    reactions: [],
    mentions: item.mentions,
  };
}
