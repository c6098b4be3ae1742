/* What can be done with a chat, as a menu, in the command bar and by keys: one list for all three. */
import { t } from '$lib/i18n/i18n.svelte';
import { can, myId } from '$lib/shell/session.svelte';
import type { Shortcut } from '$lib/shell/keys.svelte';
import type { MenuItem } from '$lib/ui/Menu.svelte';
import {
  archive,
  markRead,
  markUnread,
  release,
  reopen,
  setPriority,
  setStatus,
  snooze,
  takeOver,
} from './chat.service';
import { unreadOf } from './chats.rules';
import type { Chat } from './types';

interface Dialogs {
  transfer: () => void;
  close: () => void;
  snooze: () => void;
  flow: () => void;
}

const priorities = [0, 1, 2, 3] as const;

export function chatMenu(chat: Chat, ask: Dialogs): MenuItem[] {
  const open = chat.status !== 'closed';
  const reply = can('chats.reply');
  const items: MenuItem[] = [];
  /* What somebody else has is moved only by who may distribute. */
  const move = chat.assigneeId === null || chat.assigneeId === myId() || can('chats.assign');
  if (open && reply) {
    if (chat.assigneeId !== myId() && move)
      items.push({ label: t('inbox.take'), icon: 'user-plus', onselect: () => void takeOver(chat.id) });
    if (chat.assigneeId === myId() || (chat.assigneeId && can('chats.assign')))
      items.push({ label: t('inbox.release'), icon: 'log-out', onselect: () => void release(chat) });
    if (move) items.push({ label: t('inbox.transfer'), icon: 'arrow-right-left', kbd: 'T', onselect: ask.transfer });
    items.push(
      chat.snoozedUntil
        ? { label: t('inbox.wake'), icon: 'bell', onselect: () => void snooze(chat.id, null) }
        : { label: t('inbox.snooze'), icon: 'alarm-clock', kbd: 'S', onselect: ask.snooze },
    );
    if (move && chat.status !== 'waiting')
      items.push({
        label: t('inbox.setWaiting'),
        icon: 'timer',
        onselect: () => void setStatus(chat.id, 'waiting'),
      });
    else if (move)
      items.push({
        label: t('inbox.setInProgress'),
        icon: 'circle-play',
        onselect: () => void setStatus(chat.id, 'in_progress'),
      });
  }
  if (open && can('flows.run'))
    items.push({ label: t('inbox.flow.start'), icon: 'workflow', kbd: 'F', onselect: ask.flow });
  if (can('chats.close'))
    items.push(
      open
        ? { label: t('inbox.close'), icon: 'check', kbd: 'E', onselect: ask.close }
        : { label: t('inbox.reopen'), icon: 'rotate-ccw', onselect: () => void reopen(chat.id) },
    );
  items.push(
    { separator: true },
    unreadOf(chat) > 0
      ? { label: t('inbox.markRead'), icon: 'eye', onselect: () => void markRead(chat, chat.messageCount) }
      : { label: t('inbox.markUnread'), icon: 'mail', kbd: 'U', onselect: () => void markUnread(chat) },
  );
  if (reply)
    items.push(
      chat.archivedAt
        ? { label: t('inbox.unarchive'), icon: 'archive-restore', onselect: () => void archive(chat.id, false) }
        : { label: t('inbox.archive'), icon: 'archive', onselect: () => void archive(chat.id, true) },
      { heading: t('inbox.priority.label') },
      ...priorities.map((p) => ({
        label: t(`inbox.priority.${p}`),
        checked: chat.priority === p,
        onselect: () => void setPriority(chat.id, p),
      })),
    );
  return items;
}

/** Keys that need no dialog. */
export function chatCommands(chat: () => Chat | undefined): Shortcut[] {
  return [
    {
      keys: 'u',
      label: () => t('inbox.markUnread'),
      group: () => t('inbox.chat'),
      when: () => (chat()?.inboundCount ?? 0) > 0,
      run: () => {
        const c = chat();
        if (c) void markUnread(c);
      },
    },
  ];
}
