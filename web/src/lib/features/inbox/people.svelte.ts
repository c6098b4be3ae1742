/* Who else is here: who looks at a chat and who is typing in it. Such news may be lost and is never repeated, so each
   entry ages, and my own presence is said again now and then. */
import { SvelteMap } from 'svelte/reactivity';
import type { Id } from '$lib/api/types';
import { tell } from '$lib/events/events.svelte';

const typingMs = 6000;
const viewingMs = 50_000;
const againMs = 20_000;

interface Seen {
  name: string;
  until: number;
}

const typing = new SvelteMap<string, Seen>();
const viewing = new SvelteMap<string, Seen>();
let sweeper: ReturnType<typeof setInterval> | undefined;
let mine: Id | undefined;
let saidAt = 0;

const id = (chatId: Id, who: string) => `${chatId}|${who}`;

function names(map: SvelteMap<string, Seen>, chatId: Id): { who: string; name: string }[] {
  return [...map]
    .filter(([k]) => k.startsWith(`${chatId}|`))
    .map(([k, s]) => ({ who: k.slice(chatId.length + 1), name: s.name }));
}

/** Who types in a chat; the customer is "visitor". */
export function typingIn(chatId: Id): { who: string; name: string }[] {
  return names(typing, chatId);
}

export function viewersOf(chatId: Id): { who: string; name: string }[] {
  return names(viewing, chatId);
}

export function setTyping(chatId: Id, who: string, name: string, on: boolean): void {
  if (on) typing.set(id(chatId, who), { name, until: Date.now() + typingMs });
  else typing.delete(id(chatId, who));
}

export function setViewing(chatId: Id, who: Id, name: string, on: boolean): void {
  const k = id(chatId, who);
  const known = viewing.get(k);
  if (on) {
    viewing.set(k, { name, until: Date.now() + viewingMs });
    /* Whoever comes newly does not know that I am here. */
    if (!known && mine === chatId && Date.now() - saidAt > 3000) say();
  } else if (known) {
    /* Saying it again is first "off", then "on": the name must not flicker. */
    viewing.set(k, { name: known.name, until: Date.now() + 1500 });
    setTimeout(sweep, 1600);
  }
}

function say(): void {
  saidAt = Date.now();
  tell({ type: 'viewing', chatId: mine ?? null });
}

/** Says which chat I look at; undefined for none. */
export function setMyChat(chatId: Id | undefined): void {
  if (mine === chatId) return;
  mine = chatId;
  say();
}

let typingChat: Id | undefined;
let typingAt = 0;

/** Says that I type, at most every three seconds; `on` false when I stop or send. Notes are nobody's business outside. */
export function setMyTyping(chatId: Id, on: boolean, note: boolean): void {
  const now = Date.now();
  if (on && typingChat === chatId && now - typingAt < 3000) return;
  if (!on && typingChat !== chatId) return;
  typingChat = on ? chatId : undefined;
  typingAt = now;
  tell({ type: 'typing', chatId, on, ...(note ? { note } : {}) });
}

function sweep(): void {
  const now = Date.now();
  for (const map of [typing, viewing]) for (const [k, s] of map) if (s.until <= now) map.delete(k);
}

export function openPeople(): void {
  sweeper = setInterval(() => {
    sweep();
    if (mine && document.visibilityState === 'visible' && Date.now() - saidAt > againMs) say();
  }, 1500);
}

export function closePeople(): void {
  clearInterval(sweeper);
  typing.clear();
  viewing.clear();
  mine = undefined;
}
