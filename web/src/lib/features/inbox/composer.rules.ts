/* Rules of writing, pure: what "/" and "@" before the caret ask for, variables as a preview, which files a channel takes,
   marking words, the queue of what waits to be sent. */
import type { Id, User } from '$lib/api/types';
import type { TemplateSend } from './templates.rules';
import type { MessageFile, Quote, Shortcut } from './types';

const plain = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();

export interface Trigger {
  /** Where the sign stands in the text. */
  at: number;
  query: string;
}

/** "/word" at the very beginning, or after a space or line: undefined when the caret is not in one. */
export function shortcutTrigger(text: string, caret: number): Trigger | undefined {
  const m = /(?:^|\s)\/([^\s/]*)$/u.exec(text.slice(0, caret));
  return m ? { at: caret - (m[1] ?? '').length - 1, query: m[1] ?? '' } : undefined;
}

/** "@name" before the caret; names have spaces, so up to two words more are taken while they still fit somebody. */
export function mentionTrigger(text: string, caret: number): Trigger | undefined {
  const m = /(?:^|[\s(])@([\p{L}\p{N}.'-]*(?: [\p{L}\p{N}.'-]*){0,2})$/u.exec(text.slice(0, caret));
  return m ? { at: caret - (m[1] ?? '').length - 1, query: m[1] ?? '' } : undefined;
}

/** Shortcuts for a query: keyword first, then title, then words inside; the most used first among equals. */
export function findShortcuts(all: readonly Shortcut[], query: string, most = 8): Shortcut[] {
  const q = plain(query.trim());
  const rank = (s: Shortcut): number => {
    if (q === '') return 0;
    const keyword = plain(s.keyword);
    if (keyword === q) return 0;
    if (keyword.startsWith(q)) return 1;
    if (keyword.includes(q) || plain(s.title).includes(q)) return 2;
    return s.steps.some((x) => plain(x.content).includes(q)) ? 3 : -1;
  };
  return all
    .map((s) => ({ s, r: rank(s) }))
    .filter((x) => x.r >= 0)
    .sort((a, b) => a.r - b.r || b.s.uses - a.s.uses || a.s.keyword.localeCompare(b.s.keyword))
    .slice(0, most)
    .map((x) => x.s);
}

export function findPeople(users: readonly User[], query: string, me: Id, most = 6): User[] {
  const q = plain(query);
  const active = users.filter((u) => u.status === 'active' && u.id !== me);
  const begins = active.filter((u) => plain(u.name).startsWith(q));
  const inside = active.filter((u) => !begins.includes(u) && plain(u.name).includes(q));
  return [...begins, ...inside].slice(0, most);
}

/** The people whose full name stands after an @ in a note. */
export function mentionsIn(text: string, users: readonly User[]): Id[] {
  return users.filter((u) => text.includes(`@${u.name}`)).map((u) => u.id);
}

/** Replaces what the trigger covers; gives the text and where the caret goes. */
export function replaceTrigger(text: string, t: Trigger, caret: number, by: string): { text: string; caret: number } {
  return { text: text.slice(0, t.at) + by + text.slice(caret), caret: t.at + by.length };
}

export interface Vars {
  'customer.name': string;
  'customer.firstName': string;
  'agent.name': string;
  'agent.firstName': string;
  'organization.name': string;
  greeting: string;
}

/** Variables filled in for the eye; what is really sent the server fills in. Unknown ones stay as they are written. */
export function renderPreview(text: string, vars: Vars): string {
  return text.replace(/\{\{\s*([\w.]+)\s*(?:\|\s*default:([^}]*))?\}\}/g, (whole, name: string, other?: string) => {
    const value = (vars as unknown as Record<string, string | undefined>)[name];
    if (value) return value;
    return other?.trim() ?? (value === '' ? '' : whole);
  });
}

/** Puts a sign around the chosen words (Ctrl+B), or takes it away again. */
export function wrap(text: string, from: number, to: number, sign: string): { text: string; from: number; to: number } {
  const before = text.slice(0, from);
  const middle = text.slice(from, to);
  const after = text.slice(to);
  if (before.endsWith(sign) && after.startsWith(sign)) {
    return { text: before.slice(0, -1) + middle + after.slice(1), from: from - 1, to: to - 1 };
  }
  return { text: before + sign + middle + sign + after, from: from + 1, to: to + 1 };
}

/* ---- the outbox ---- */

export interface OutItem {
  clientId: string;
  chatId: Id;
  kind: 'out' | 'note';
  content: string;
  replyTo: Quote | null;
  files: MessageFile[];
  mentions: Id[];
  /** What it is beside words: buttons, a list, a link, a place, contacts, a mail's head. */
  data?: Record<string, unknown> | undefined;
  template?: TemplateSend | undefined;
  scheduledFor: string | null;
  createdAt: string;
  state: 'waiting' | 'sending' | 'failed';
  /** What the server said when it refused. */
  problem: string | null;
}

/** What may leave now: of each chat the oldest that waits, and only while none of that chat is on its way. */
export function ready(items: readonly OutItem[]): OutItem[] {
  const busy = new Set(items.filter((i) => i.state === 'sending').map((i) => i.chatId));
  const out: OutItem[] = [];
  for (const i of items) {
    if (i.state !== 'waiting' || busy.has(i.chatId)) continue;
    busy.add(i.chatId);
    out.push(i);
  }
  return out;
}

/** Reads what was kept over a reload: what was on its way waits again (the clientId keeps it from doubling). */
export function restoreOutbox(text: string | null): OutItem[] {
  try {
    const raw: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(raw)) return [];
    return raw
      .filter(
        (x): x is OutItem =>
          typeof x === 'object' && x !== null && typeof x.clientId === 'string' && typeof x.chatId === 'string',
      )
      .map((x) => ({ ...x, state: x.state === 'failed' ? 'failed' : 'waiting' }));
  } catch {
    return [];
  }
}

export interface Draft {
  text: string;
  note: boolean;
  replyTo: Quote | null;
  mail?: MailDraft | undefined;
  at: number;
}

/** The head of a mail that is being written. subject undefined: that of the conversation. */
export interface MailDraft {
  subject?: string | undefined;
  cc: string[];
  bcc: string[];
}

const draftsMost = 200;

export function restoreDrafts(text: string | null): Map<Id, Draft> {
  try {
    const raw: unknown = JSON.parse(text ?? '{}');
    if (typeof raw !== 'object' || raw === null) return new Map();
    return new Map(
      Object.entries(raw as Record<string, Partial<Draft>>).flatMap(([id, d]): [Id, Draft][] =>
        typeof d.text === 'string'
          ? [
              [
                id,
                {
                  text: d.text,
                  note: d.note === true,
                  replyTo: d.replyTo ?? null,
                  mail: d.mail,
                  at: Number(d.at ?? 0),
                },
              ],
            ]
          : [],
      ),
    );
  } catch {
    return new Map();
  }
}

/** Empty drafts are not kept; of too many the oldest go. */
export function storeDrafts(drafts: ReadonlyMap<Id, Draft>): string {
  const kept = [...drafts]
    .filter(([, d]) => d.text.trim() !== '' || d.replyTo || d.mail)
    .sort((a, b) => b[1].at - a[1].at)
    .slice(0, draftsMost);
  return JSON.stringify(Object.fromEntries(kept));
}
