/* What one does with chats. Each shows at once, is confirmed by the server's answer, and is taken back with words when
   the server refuses. What can be undone says so. */
import { api } from '$lib/api/client';
import type { Id } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { dateTime } from '$lib/i18n/format.svelte';
import { report } from '$lib/shell/report';
import { can, lookup, myId } from '$lib/shell/session.svelte';
import { toast } from '$lib/ui/toast.svelte';
import { type Filter, toQuery } from './chats.rules';
import { chats, loadList, patchChat, refreshCounts, setSeen, takeChat } from './chats.svelte';
import type { Chat, ChatStatus } from './types';

type Action = Parameters<typeof urls.chatAction>[1];

async function act(id: Id, action: Action, body: unknown, shown: Partial<Chat>): Promise<boolean> {
  const undo = patchChat(id, shown);
  try {
    takeChat(await api.post<Chat>(urls.chatAction(id, action), { body }));
    refreshCounts();
    return true;
  } catch (e) {
    undo();
    report(e);
    return false;
  }
}

export function takeOver(id: Id): Promise<boolean> {
  return act(id, 'take', {}, { assigneeId: myId(), status: 'in_progress', snoozedUntil: null });
}

/** Back into the queue. */
export async function release(chat: Chat): Promise<void> {
  const mine = chat.assigneeId === myId();
  const undo = patchChat(chat.id, { assigneeId: null, status: 'pending' });
  try {
    takeChat(
      mine
        ? await api.post<Chat>(urls.chatAction(chat.id, 'leave'), { body: {} })
        : await api.post<Chat>(urls.chatAction(chat.id, 'assign'), { body: { userId: null } }),
    );
    refreshCounts();
    toast({ text: t('inbox.done.released'), undo: mine ? () => void takeOver(chat.id) : undefined });
  } catch (e) {
    undo();
    report(e);
  }
}

export async function transfer(id: Id, to: { teamId: Id | null; userId: Id | null; note: string }): Promise<boolean> {
  const shown: Partial<Chat> = {
    assigneeId: to.userId,
    status: to.userId ? 'in_progress' : 'pending',
    snoozedUntil: null,
    ...(to.teamId ? { teamId: to.teamId } : {}),
  };
  const ok = await act(id, 'transfer', to, shown);
  if (ok) {
    const name = lookup.user(to.userId)?.name ?? lookup.team(to.teamId)?.name ?? '';
    toast({ text: t('inbox.done.transferred', { name }) });
  }
  return ok;
}

export function setStatus(id: Id, status: Exclude<ChatStatus, 'closed'>): Promise<boolean> {
  const shown: Partial<Chat> = { status };
  if (status === 'pending') shown.assigneeId = null;
  if (status === 'in_progress' && !chats.get(id)?.assigneeId) shown.assigneeId = myId();
  return act(id, 'status', { status }, shown);
}

/** Throws what the server says, for the dialog that asked. */
export async function close(id: Id, closureTypeId: Id | null, note: string): Promise<void> {
  takeChat(await api.post<Chat>(urls.chatAction(id, 'close'), { body: { closureTypeId, note } }));
  refreshCounts();
  toast({ text: t('inbox.done.closed'), undo: can('chats.close') ? () => void reopen(id) : undefined });
}

export async function reopen(id: Id): Promise<boolean> {
  return act(id, 'reopen', {}, { status: 'in_progress', assigneeId: myId(), closedAt: null });
}

export async function snooze(id: Id, until: string | null): Promise<void> {
  if (!(await act(id, 'snooze', { until }, { snoozedUntil: until }))) return;
  if (until) toast({ text: t('inbox.done.snoozed', { when: dateTime(until) }), undo: () => void snooze(id, null) });
}

export async function archive(id: Id, archived: boolean): Promise<void> {
  const ok = await act(id, 'archive', { archived }, { archivedAt: archived ? new Date().toISOString() : null });
  if (ok && archived) toast({ text: t('inbox.done.archived'), undo: () => void archive(id, false) });
}

export function setPriority(id: Id, priority: number): Promise<boolean> {
  return act(id, 'priority', { priority }, { priority });
}

export function pin(id: Id, messageId: Id | null): Promise<boolean> {
  return act(id, 'pin', { messageId }, { pinnedMessageId: messageId });
}

/** Says how far I have read; silent, because it is said again with the next message. */
export async function markRead(chat: Chat, seq: number): Promise<void> {
  setSeen(chat.id, chat.inboundCount);
  try {
    await api.post(urls.chatAction(chat.id, 'read'), { body: { seq } });
    refreshCounts();
  } catch {
    /* the next message, or the next visit, says it again */
  }
}

export async function markUnread(chat: Chat): Promise<void> {
  if (chat.inboundCount === 0) return;
  setSeen(chat.id, chat.inboundCount - 1);
  try {
    const r = await api.post<{ inboundSeen: number }>(urls.chatAction(chat.id, 'unread'), { body: {} });
    setSeen(chat.id, r.inboundSeen);
    refreshCounts();
  } catch (e) {
    setSeen(chat.id, chat.inboundCount);
    report(e);
  }
}

export type Bulk =
  | { action: 'take' | 'reopen' | 'read' }
  | { action: 'assign'; userId: Id | null }
  | { action: 'transfer'; teamId?: Id | null; userId?: Id | null; note?: string }
  | { action: 'close'; closureTypeId: Id | null; note: string }
  | { action: 'tag'; tagId: Id };

/* The commonest reason, in words. */
function whyFailed(codes: readonly string[]): string {
  const count = (c: string) => codes.filter((x) => x === c).length;
  const code = codes.toSorted((a, b) => count(b) - count(a))[0] ?? '';
  return tMaybe(`errors.code.${code}`, t('inbox.bulk.other'));
}

/** One change to many: the chosen ones, or everything that the filter matches. */
export async function bulk(what: Bulk, which: { ids: Id[] } | { filter: Filter }): Promise<boolean> {
  try {
    const target = 'ids' in which ? { chatIds: which.ids } : { filter: toQuery(which.filter) };
    const result = await api.post<{ done: number; failed: { id: Id; code: string }[] }>(urls.chatsBulk(), {
      body: { ...what, ...target },
      timeoutMs: 120_000,
    });
    chats.selected.clear();
    /* What was not changed stays chosen, to look at or to try again. */
    if ('ids' in which) for (const f of result.failed) if (chats.get(f.id)) chats.selected.add(f.id);
    void loadList();
    refreshCounts();
    if (result.failed.length === 0) toast({ text: t('inbox.bulk.done', { n: result.done }) });
    else
      toast({
        kind: 'warn',
        text: t('inbox.bulk.partly', {
          done: result.done,
          failed: result.failed.length,
          why: whyFailed(result.failed.map((f) => f.code)),
        }),
      });
    return true;
  } catch (e) {
    report(e);
    return false;
  }
}
