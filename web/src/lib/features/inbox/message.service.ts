/* What one does with messages that the server has: try again, take back, change, react, call up a shortcut. */
import { api, newKey } from '$lib/api/client';
import type { Id, Page } from '$lib/api/types';
import { urls } from '$lib/api/urls';
import { on } from '$lib/events/events.svelte';
import { report } from '$lib/shell/report';
import { myId } from '$lib/shell/session.svelte';
import { discardItem, retryItem } from './outbox.svelte';
import { knownThread } from './threads.svelte';
import type { Message, Shortcut, ShortcutStep } from './types';

const isLocal = (m: Message) => m.id.startsWith('local:');

async function change(m: Message, call: Promise<Message>): Promise<boolean> {
  try {
    knownThread(m.chatId)?.takeMessage(await call);
    return true;
  } catch (e) {
    report(e);
    return false;
  }
}

export async function retry(m: Message): Promise<void> {
  if (isLocal(m)) retryItem(m.clientId ?? '');
  else await change(m, api.post<Message>(urls.messageRetry(m.chatId, m.id)));
}

export async function remove(m: Message): Promise<void> {
  if (isLocal(m)) discardItem(m.clientId ?? '');
  else await change(m, api.delete<Message>(urls.message(m.chatId, m.id)));
}

/** Asks the platform once more for a file that did not come. */
export async function retryFile(m: Message, position: number): Promise<void> {
  try {
    const answer = await api.post<Partial<Message> | undefined>(urls.messageFileRetry(m.chatId, m.id, position));
    const now = answer?.id ? (answer as Message) : undefined;
    knownThread(m.chatId)?.takeMessage(
      now ?? { ...m, files: m.files.map((f) => (f.position === position ? { ...f, state: 'pending' } : f)) },
    );
  } catch (e) {
    report(e);
  }
}

export function edit(m: Message, content: string): Promise<boolean> {
  return change(m, api.patch<Message>(urls.message(m.chatId, m.id), { body: { content } }));
}

/** My reaction, or none; the same one again takes it back. */
export async function setReaction(m: Message, emoji: string, myName: string): Promise<void> {
  const me = myId();
  const mine = m.reactions.find((r) => r.actor === me)?.emoji ?? '';
  const to = mine === emoji ? '' : emoji;
  const thread = knownThread(m.chatId);
  thread?.takeReaction(m.id, { emoji: to, actor: me, actorName: myName });
  try {
    await api.put(urls.messageReaction(m.chatId, m.id), { body: { emoji: to === '' ? null : to } });
  } catch (e) {
    thread?.takeReaction(m.id, { emoji: mine, actor: me, actorName: myName });
    report(e);
  }
}

/* ---- shortcuts ---- */

let known: Promise<Shortcut[]> | undefined;

on('settings.changed', ({ what }) => {
  if (what === 'shortcuts') known = undefined;
});

/** The shortcuts that I can use; asked for once. */
export function allShortcuts(): Promise<Shortcut[]> {
  known ??= api
    .get<Page<Shortcut>>(urls.shortcuts())
    .then((p) => p.items)
    .catch((e: unknown) => {
      known = undefined;
      throw e;
    });
  return known;
}

export function forgetShortcuts(): void {
  known = undefined;
}

/** A shortcut's steps with the variables of this chat filled in. */
export async function renderShortcut(id: Id, chatId: Id): Promise<ShortcutStep[]> {
  return (await api.post<{ steps: ShortcutStep[] }>(urls.shortcutRender(id), { body: { chatId } })).steps;
}

/** Several messages with pauses: the server keeps the pauses, also when this page is closed. */
export async function sendSequence(chatId: Id, steps: readonly ShortcutStep[]): Promise<void> {
  await api.post(urls.chatSequence(chatId), {
    idempotencyKey: newKey(),
    body: {
      steps: steps.map((s, i) => ({
        content: s.content,
        attachment_ids: s.fileIds,
        /* The pause stands before a step in a shortcut, and after one in the API. */
        delay_after_ms: steps[i + 1]?.delayMs ?? 0,
      })),
    },
  });
}
