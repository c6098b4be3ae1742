/* Rules of a conversation, pure: taking messages in without doubles and in order, what is shown between them, and how
   their words are drawn. */
import type { Id } from '$lib/api/types';
import { mailHead, sameSubject } from './mail.rules';
import type { Message, MessageStatus, Reaction } from './types';

const ranks: Record<MessageStatus, number> = {
  scheduled: 0,
  queued: 1,
  sent: 2,
  failed: 3,
  delivered: 4,
  read: 5,
  received: 9,
  cancelled: 9,
};

/** Of two states of one message the later one: a late event never turns "read" back into "sent"; what was sent may still
    fail, what was delivered cannot. A retry may turn "failed" back into "queued". */
export function laterStatus(old: MessageStatus, news: MessageStatus): MessageStatus {
  if (old === 'failed' && news === 'queued') return news;
  return ranks[news] >= ranks[old] ? news : old;
}

function newer(old: Message, news: Message): Message {
  const status = laterStatus(old.status, news.status);
  if (status === news.status) return news;
  return { ...news, status, sentAt: old.sentAt, deliveredAt: old.deliveredAt, readAt: old.readAt, error: old.error };
}

/** Puts messages into a list ordered by seq; one id is there once, and so is one clientId. */
export function merge(list: readonly Message[], incoming: readonly Message[]): Message[] {
  if (incoming.length === 0) return [...list];
  const byId = new Map(list.map((m) => [m.id, m]));
  for (const m of incoming) {
    const old = byId.get(m.id);
    byId.set(m.id, old ? newer(old, m) : m);
  }
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
}

/** One window of a conversation: a run of messages without gaps, and what waits for its hour. */
export interface Span {
  items: Message[];
  scheduled: Message[];
  hasOlder: boolean;
  /** False: the newest message is in it. */
  hasNewer: boolean;
}

export type Taken = { span: Span; gap: boolean };

/** Takes a live message into the window. `gap`: messages before it are missing, fetch what came after the last one. */
export function take(span: Span, m: Message): Taken {
  const scheduled = span.scheduled.filter((s) => s.id !== m.id);
  if (m.status === 'scheduled') {
    const all = [...scheduled, m].sort((a, b) => (a.scheduledFor ?? '').localeCompare(b.scheduledFor ?? ''));
    return { span: { ...span, scheduled: all }, gap: false };
  }
  if (m.seq < 0) return { span: { ...span, scheduled }, gap: false };
  const known = span.items.some((x) => x.id === m.id);
  const last = span.items.at(-1)?.seq ?? 0;
  const first = span.items[0]?.seq ?? 1;
  if (known || (m.seq > first && m.seq < last))
    return { span: { ...span, scheduled, items: merge(span.items, [m]) }, gap: false };
  if (span.hasNewer || m.seq < first) return { span: { ...span, scheduled }, gap: false };
  if (m.seq === last + 1) return { span: { ...span, scheduled, items: merge(span.items, [m]) }, gap: false };
  return { span: { ...span, scheduled }, gap: true };
}

/** A reaction as an event tells it; an empty emoji takes the actor's back. */
export function react(m: Message, r: Reaction): Message {
  const others = m.reactions.filter((x) => x.actor !== r.actor);
  return { ...m, reactions: r.emoji === '' ? others : [...others, r] };
}

/** Reactions as they are drawn: each emoji once, with how many and who. */
export function reactionGroups(list: readonly Reaction[], me: Id): { emoji: string; names: string[]; mine: boolean }[] {
  const out = new Map<string, { emoji: string; names: string[]; mine: boolean }>();
  for (const r of list) {
    const g = out.get(r.emoji) ?? { emoji: r.emoji, names: [], mine: false };
    g.names.push(r.actorName);
    g.mine ||= r.actor === me;
    out.set(r.emoji, g);
  }
  return [...out.values()];
}

/** Keeps the window small while one reads at its end: the oldest go, and can be loaded again. */
export function trim(span: Span, most: number): Span {
  if (span.items.length <= most) return span;
  return { ...span, items: span.items.slice(-most), hasOlder: true };
}

export interface Entry {
  key: string;
  message: Message;
  /** Another of my team begins to speak: the name is shown. */
  author: string | undefined;
  /** What is new since I was here begins with this one. */
  unread: boolean;
  /** A mail about something else than the one before it: its subject is shown. */
  titled: boolean;
}

export interface Day {
  key: string;
  at: string;
  entries: Entry[];
}

const pauseMs = 5 * 60_000;

/** Messages by day, with the names and the line of unread ones. dayOf gives a message's calendar day. */
export function days(
  messages: readonly Message[],
  dayOf: (at: string) => string,
  me: Id,
  firstUnreadSeq: number | undefined,
): Day[] {
  const out: Day[] = [];
  let before: Message | undefined;
  let subject: string | undefined;
  for (const m of messages) {
    const mail = mailHead(m);
    /* An answer of ours goes out under the subject that there is, and need not say it. */
    const says = mail !== undefined && (m.direction === 'in' || mail.subject !== '');
    const titled = says && (subject === undefined || !sameSubject(subject, mail.subject));
    if (says) subject = mail.subject;
    const key = dayOf(m.createdAt);
    let day = out.at(-1);
    if (day?.key !== key) {
      out.push((day = { key, at: m.createdAt, entries: [] }));
      before = undefined;
    }
    const same =
      before?.direction === 'out' &&
      before.authorId === m.authorId &&
      before.authorName === m.authorName &&
      Date.parse(m.createdAt) - Date.parse(before.createdAt) < pauseMs;
    day.entries.push({
      key: m.clientId ?? m.id,
      message: m,
      author: m.direction === 'out' && m.authorId !== me && m.authorName !== '' && !same ? m.authorName : undefined,
      unread: m.seq === firstUnreadSeq,
      titled,
    });
    before = m;
  }
  return out;
}

/** The seq of the first of the last n messages from the customer; undefined when that one is not loaded. */
export function firstUnread(messages: readonly Message[], n: number): number | undefined {
  if (n <= 0) return undefined;
  const inbound = messages.filter((m) => m.direction === 'in');
  return inbound.at(-n)?.seq;
}

export type Part =
  | { type: 'text'; text: string }
  | { type: 'bold' | 'italic' | 'strike'; text: string }
  | { type: 'code'; text: string }
  | { type: 'link'; text: string; href: string }
  | { type: 'mention'; text: string };

const linkPattern = /(?:https?:\/\/|www\.)[^\s<>"'`]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const stylePattern = /(?<![\p{L}\p{N}])([*_~`])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}])/gu;
const styles = { '*': 'bold', _: 'italic', '~': 'strike', '`': 'code' } as const;

function link(raw: string): { text: string; href: string; rest: string } | undefined {
  /* Punctuation at the end belongs to the sentence; so does a bracket that was not opened inside. */
  let text = raw;
  for (;;) {
    const last = text.at(-1) ?? '';
    if (/[.,;:!?*_~]/.test(last)) text = text.slice(0, -1);
    else if (last === ')' && !text.includes('(')) text = text.slice(0, -1);
    else break;
  }
  const href =
    text.includes('@') && !/^(https?:|www\.)/i.test(text)
      ? `mailto:${text}`
      : /^www\./i.test(text)
        ? `https://${text}`
        : text;
  if (!URL.canParse(href)) return undefined;
  return { text, href, rest: raw.slice(text.length) };
}

function styled(text: string): Part[] {
  const out: Part[] = [];
  let at = 0;
  for (const m of text.matchAll(stylePattern)) {
    if (m.index > at) out.push({ type: 'text', text: text.slice(at, m.index) });
    out.push({ type: styles[m[1] as keyof typeof styles], text: m[2] ?? '' });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ type: 'text', text: text.slice(at) });
  return out;
}

function mentioned(parts: Part[], names: readonly string[]): Part[] {
  if (names.length === 0) return parts;
  const escaped = names.toSorted((a, b) => b.length - a.length).map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`@(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  return parts.flatMap((p): Part[] => {
    if (p.type !== 'text') return [p];
    const out: Part[] = [];
    let at = 0;
    for (const m of p.text.matchAll(pattern)) {
      if (m.index > at) out.push({ type: 'text', text: p.text.slice(at, m.index) });
      out.push({ type: 'mention', text: m[0] });
      at = m.index + m[0].length;
    }
    if (at < p.text.length) out.push({ type: 'text', text: p.text.slice(at) });
    return out;
  });
}

/** A message's words as parts to draw: links, *bold* _italic_ ~strike~ `code`, and @names in notes. Never HTML. */
export function parts(text: string, names: readonly string[] = []): Part[] {
  const out: Part[] = [];
  let at = 0;
  for (const m of text.matchAll(linkPattern)) {
    const l = link(m[0]);
    if (!l) continue;
    if (m.index > at) out.push(...styled(text.slice(at, m.index)));
    out.push({ type: 'link', text: l.text, href: l.href });
    at = m.index + l.text.length;
  }
  if (at < text.length) out.push(...styled(text.slice(at)));
  return mentioned(out, names);
}

/** The words without the marks that make them bold or slanted: for one line in a list. */
export function plainWords(text: string): string {
  return parts(text)
    .map((p) => p.text)
    .join('');
}

/** One to three emoji and nothing else: drawn large. */
export function isEmojiOnly(text: string): boolean {
  const t = text.trim();
  if (t === '' || t.length > 24) return false;
  return /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|[\u{1F3FB}-\u{1F3FF}])*){1,3}$/u.test(
    t,
  );
}

/** The place and size reserved for a picture before it has come, within a box. */
export function fit(width: number | null, height: number | null, most: { width: number; height: number }) {
  const w = width && width > 0 ? width : 4;
  const h = height && height > 0 ? height : 3;
  const scale = Math.min(most.width / w, most.height / h, width ? 1 : Infinity);
  return { width: Math.max(80, Math.round(w * scale)), height: Math.max(60, Math.round(h * scale)) };
}

/** The address of a picture at the size of a conversation; what is not stored yet stands for itself. */
export const small = (url: string): string => (url.startsWith('/api/') ? `${url}?thumbnail=true` : url);
