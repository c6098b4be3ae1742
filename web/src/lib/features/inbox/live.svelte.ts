/* The one place where the server's news change the inbox. It runs as long as one is in an organization, on every page:
   the number of unread chats, sounds and notifications do not wait for the inbox to be open. */
import { api } from '$lib/api/client';
import type { Id } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { on, onReload } from '$lib/events/events.svelte';
import type { Entity } from '$lib/events/types';
import { t } from '$lib/i18n/i18n.svelte';
import { paths } from '$lib/paths';
import { registerActions, registerSearch } from '$lib/shell/commands.svelte';
import { type NoticeKind, notify, playSound, wanted } from '$lib/shell/notify';
import { can, myId, org } from '$lib/shell/session.svelte';
import type { CommandItem } from '$lib/ui/CommandBar.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { go } from '../../../routes';
import { resetAttachments } from './attachments.svelte';
import {
  chats,
  fetchChat,
  loadList,
  refreshCounts,
  refreshCustomer,
  removeChat,
  resetChats,
  restoreFilter,
  setSeen,
  takeChat,
} from './chats.svelte';
import { customerChanged, resetCustomer } from './customer.svelte';
import { snippetParts } from './chats.rules';
import { closeDrafts, openDrafts } from './drafts.svelte';
import { previewText } from './labels';
import { forgetShortcuts } from './message.service';
import { closeOutbox, confirmed, flush, openOutbox } from './outbox.svelte';
import { closePeople, openPeople, setTyping, setViewing } from './people.svelte';
import { forgetThread, knownThread, reloadThreads, resetThreads } from './threads.svelte';
import { starting } from './start.svelte';
import type { Chat, Message, SearchResults } from './types';

const asChat = (e: Entity) => e as unknown as Chat;
const asMessage = (e: Entity) => e as unknown as Message;

/** Whether a chat is on the screen and looked at. */
export function isLookedAt(chatId: Id): boolean {
  return chats.openId === chatId && document.visibilityState === 'visible' && document.hasFocus();
}

/* A message of a customer concerns me when the chat is mine, or nobody's and in my reach. */
function kindFor(chat: Chat): NoticeKind | undefined {
  if (chat.owner === 'bot') return undefined;
  if (chat.assigneeId !== null) return chat.assigneeId === myId() ? 'mine' : undefined;
  return chat.teamId === null || org().me.teamIds.includes(chat.teamId) ? 'queue' : undefined;
}

function announce(chat: Chat): void {
  const kind = kindFor(chat);
  if (!kind || !wanted(kind) || isLookedAt(chat.id)) return;
  playSound();
  notify({
    title: chat.customer.name || t('inbox.nameless'),
    body: previewText(chat.lastMessage),
    tag: chat.id,
    onclick: () => void go(paths.chat(chat.id)),
  });
}

function created(chat: Chat, m: Message): void {
  takeChat(chat);
  confirmed(m.clientId);
  knownThread(m.chatId)?.takeMessage(m);
  setTyping(m.chatId, m.direction === 'in' ? 'visitor' : (m.authorId ?? ''), '', false);
  if (m.direction === 'in') announce(chats.get(chat.id) ?? chat);
  refreshCounts(800);
}

function mentioned(n: { chatId: Id; messageId: Id; authorName: string; content: string }): void {
  refreshCounts();
  if (isLookedAt(n.chatId)) return;
  const title = t('inbox.mentioned', { name: n.authorName });
  if (wanted('mention')) {
    playSound();
    notify({ title, body: n.content, tag: n.messageId, onclick: () => void go(paths.chat(n.chatId)) });
  }
  toast({
    text: title,
    icon: 'at-sign',
    kind: 'info',
    action: { label: t('inbox.open'), run: () => void go(paths.chat(n.chatId)) },
  });
}

function reloadAll(): void {
  void loadList();
  reloadThreads(chats.openId);
  refreshCounts(0);
  flush();
  /* The open chat may be out of my sight by now: then it goes. */
  if (chats.openId) void fetchChat(chats.openId).catch(() => undefined);
  const c = chats.get(chats.openId)?.customer.id;
  if (c) customerChanged(c);
}

/* For the command bar: people with their newest chat, and messages by their words. */
async function findChats(q: string, signal: AbortSignal): Promise<CommandItem[]> {
  const found = await api.get<SearchResults>(urls.search(), { query: { q, limit: 6 }, signal });
  return [
    ...found.customers.flatMap((c) => {
      const id = c.chatId;
      if (!id) return [];
      const label = c.name || c.display || t('inbox.nameless');
      return [
        { id: `chat-of-${c.id}`, label, hint: c.display ?? '', person: label, run: () => void go(paths.chat(id)) },
      ];
    }),
    ...found.messages.map((m) => ({
      id: `message-${m.messageId}`,
      label: m.customerName || t('inbox.nameless'),
      hint: snippetParts(m.snippet)
        .map((p) => p.text)
        .join(''),
      icon: 'message-square' as const,
      run: () => void go(`${paths.chat(m.chatId)}?m=${m.seq}`),
    })),
  ];
}

/* The dialog belongs to the inbox's page. */
function begin(): void {
  void go(chats.openId ? paths.chat(chats.openId) : paths.inbox()).then(() => (starting.open = true));
}

/* Begins for the current organization; returns the end. */
function startInbox(): () => void {
  restoreFilter();
  openOutbox();
  openDrafts();
  openPeople();
  refreshCounts(0);
  const offs = [
    on('message.created', ({ chat, message }) => created(asChat(chat), asMessage(message))),
    on('message.changed', ({ chatId, chat, message }) => {
      const m = asMessage(message);
      if (chat) takeChat(asChat(chat));
      else {
        /* The list shows how far the last one has come. */
        const known = chats.get(chatId);
        if (known && known.lastMessage.id === m.id && known.lastMessage.status !== m.status)
          takeChat({ ...known, lastMessage: { ...known.lastMessage, status: m.status } });
      }
      knownThread(chatId)?.takeMessage(m);
    }),
    on('message.reaction', ({ chatId, messageId, actor, actorName, emoji }) => {
      const name = actorName ?? chats.get(chatId)?.customer.name ?? '';
      knownThread(chatId)?.takeReaction(messageId, { actor, actorName: name, emoji });
    }),
    on('chat.created', ({ chat }) => {
      takeChat(asChat(chat));
      refreshCounts(800);
    }),
    on('chat.changed', ({ chat }) => {
      takeChat(asChat(chat));
      refreshCounts(800);
    }),
    on('chat.removed', ({ chatId }) => {
      removeChat(chatId);
      forgetThread(chatId);
      refreshCounts(800);
    }),
    on('chat.read', ({ chatId, inboundSeen }) => {
      setSeen(chatId, inboundSeen);
      refreshCounts(800);
    }),
    on('customer.changed', ({ customerId }) => {
      customerChanged(customerId);
      void refreshCustomer(customerId).catch(() => undefined);
    }),
    on('customer.merged', ({ customerId }) => {
      customerChanged(customerId);
      void loadList();
      if (chats.openId) void fetchChat(chats.openId).catch(() => undefined);
    }),
    on('notice.mention', mentioned),
    on('typing', ({ chatId, userId, visitor, name, on: typing }) =>
      setTyping(chatId, visitor ? 'visitor' : (userId ?? ''), name ?? '', typing),
    ),
    on('viewing', ({ chatId, userId, name, on: viewing }) => setViewing(chatId, userId, name ?? '', viewing)),
    onReload(reloadAll),
    registerActions(() =>
      can('chats.reply')
        ? [{ id: 'start', label: t('inbox.start.title'), icon: 'square-pen', kbd: 'N', run: begin }]
        : [],
    ),
    registerSearch({ id: 'inbox', title: () => t('inbox.title'), search: findChats }),
  ];
  return () => {
    for (const off of offs) off();
    closeOutbox();
    closeDrafts();
    closePeople();
    resetAttachments();
    resetThreads();
    resetCustomer();
    resetChats();
    forgetShortcuts();
  };
}

let current: Id | undefined;
let stop: (() => void) | undefined;

/** Runs for this organization and for no other; undefined ends it. */
export function runInbox(organizationId: Id | undefined): void {
  if (organizationId === current) return;
  stop?.();
  current = organizationId;
  stop = organizationId === undefined ? undefined : startInbox();
}
