/* What was begun and not sent, per chat, kept in this browser for each person and organization. */
import { SvelteMap } from 'svelte/reactivity';
import type { Id } from '$lib/api/types';
import { myId, org } from '$lib/shell/session.svelte';
import { type Draft, restoreDrafts, storeDrafts } from './composer.rules';

const drafts = new SvelteMap<Id, Draft>();
let key = '';
let timer: ReturnType<typeof setTimeout> | undefined;

function read(): void {
  try {
    const kept = restoreDrafts(localStorage.getItem(key));
    for (const id of [...drafts.keys()]) if (!kept.has(id)) drafts.delete(id);
    for (const [id, d] of kept) drafts.set(id, d);
  } catch {
    /* storage forbidden */
  }
}

/* Another tab wrote. */
function onStorage(e: StorageEvent): void {
  if (e.key === key) read();
}

export function openDrafts(): void {
  key = `drafts.${org().organization.id}.${myId()}`;
  drafts.clear();
  read();
  window.addEventListener('storage', onStorage);
  window.addEventListener('pagehide', storeNow);
}

export function closeDrafts(): void {
  storeNow();
  window.removeEventListener('storage', onStorage);
  window.removeEventListener('pagehide', storeNow);
  drafts.clear();
  key = '';
}

function storeNow(): void {
  clearTimeout(timer);
  if (key === '') return;
  try {
    localStorage.setItem(key, storeDrafts(drafts));
  } catch {
    /* storage full or forbidden: kept for as long as the page lives */
  }
}

export function draft(chatId: Id): Draft | undefined {
  return drafts.get(chatId);
}

export function setDraft(chatId: Id, d: Omit<Draft, 'at'>): void {
  if (d.text.trim() === '' && !d.replyTo && !d.mail) {
    if (!drafts.delete(chatId)) return;
  } else drafts.set(chatId, { ...d, at: Date.now() });
  clearTimeout(timer);
  timer = setTimeout(storeNow, 300);
}
