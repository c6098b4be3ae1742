/* Words for chats and messages, in the person's language. */
import { dateTime, phone } from '$lib/i18n/format.svelte';
import { t, tMaybe } from '$lib/i18n/i18n.svelte';
import { lookup } from '$lib/shell/session.svelte';
import type { IconName } from '$lib/ui/icons';
import { preview } from './chats.rules';
import { plainWords } from './messages.rules';
import type { Chat, ChatStatus, LastMessage, Message } from './types';

/** Who has no name is known by a contact, masked since it goes everywhere; whoever sees the chat's in the clear reads that. */
export function chatName(chat: Pick<Chat, 'customer' | 'contact'>): string {
  const { name } = chat.customer;
  const { display } = chat.contact;
  if (display && !display.includes('•') && name.includes('•')) return display;
  return name || display || t('inbox.nameless');
}

export function statusPill(status: ChatStatus): '' | 'warn' | 'info' | 'accent' {
  return ({ pending: 'warn', in_progress: 'info', waiting: 'accent', closed: '' } as const)[status];
}

/** What a message without words is called. */
export function kindText(kind: string | undefined): string {
  return kind ? tMaybe(`inbox.kind.${kind}`, t('inbox.kind.unsupported')) : '';
}

/** The list's words for a last message. */
export function previewText(last: LastMessage, draft?: string): string {
  const p = preview(last, draft);
  const text = p.text || kindText(p.kind);
  return p.author ? `${p.author.split(' ')[0]}: ${text}` : text;
}

/** Short account of a message, for quotes and pins. */
export function messageText(m: Pick<Message, 'content' | 'kind'>): string {
  return plainWords(m.content.replace(/\s+/g, ' ').trim()) || kindText(m.kind);
}

export interface EventLine {
  icon: IconName;
  actor: string;
  text: string;
  note: string;
}

const icons: Partial<Record<string, IconName>> = {
  taken: 'user-plus',
  assigned: 'user-plus',
  distributed: 'shuffle',
  transferred: 'arrow-right-left',
  released: 'inbox',
  left: 'log-out',
  closed: 'check',
  reopened: 'rotate-ccw',
  snoozed: 'alarm-clock',
  woken: 'bell',
  number_changed: 'phone',
  identity_changed: 'user-round',
  read_elsewhere: 'smartphone',
  flow_failed: 'triangle-alert',
};

/** "Marina Duarte assumiu a conversa": a line of the conversation that says what happened. */
export function eventLine(m: Pick<Message, 'data' | 'authorName'>): EventLine {
  const word = (k: string) => (typeof m.data[k] === 'string' ? m.data[k] : '');
  const what = word('what');
  const name = word('userName') || word('teamName');
  const both = word('userName') && word('teamName') ? `${word('userName')} (${word('teamName')})` : name;
  const type = lookup.closureType(word('closureTypeId'))?.name ?? '';
  const status = word('to') ? tMaybe(`inbox.status.${word('to')}`, word('to')) : '';
  const when = word('until') ? dateTime(word('until')) : '';
  const flow = word('flow') || (what === 'flow_failed' ? word('name') : '');
  const params = { flow, name: both, type, status, when, from: phone(word('from')), to: phone(word('to')) };
  const who = m.authorName === '' ? 'auto' : 'event';
  /* Where a flow was kept from beginning there is none to name. */
  const nameless = what === 'flow_failed' && flow === '';
  const key = what === 'closed' && type ? 'closedAs' : nameless ? 'flow_failedNameless' : what;
  return {
    icon: icons[what] ?? 'info',
    actor: m.authorName,
    text: tMaybe(`inbox.${who}.${key}`, tMaybe(`inbox.event.${key}`, what, params), params),
    note: word('note'),
  };
}

/** Why a message did not leave: in our words where the code is known, else in the platform's. */
export function failureText(m: Pick<Message, 'error'>): string {
  const code = m.error?.code ?? '';
  return tMaybe(`channels.code.${code}`, tMaybe(`errors.code.${code}`, m.error?.message || t('inbox.unknownReason')));
}

/** What a person can do about it; "" when there is nothing to say. */
export function adviceText(m: Pick<Message, 'error'>): string {
  const { code = '', advice = '' } = m.error ?? {};
  return tMaybe(`channels.advice.${code}`, advice ? tMaybe(`channels.advice.${advice}`, '') : '');
}

/** The platform's own words for who has to ask there; "" when it had none. */
export function platformWords(m: Pick<Message, 'error'>): string {
  const raw = m.error?.raw;
  if (raw === undefined || raw === null || raw === '') return '';
  const words = typeof raw === 'string' ? raw : JSON.stringify(raw, null, 1);
  return [m.error?.code, words].filter(Boolean).join('\n');
}

/** Why a file did not come. */
export function fileFailure(f: { error: string | null; state: string }): string {
  const why = f.error ?? '';
  return why === '' ? t('inbox.file.failed') : tMaybe(`channels.code.${why}`, tMaybe(`errors.code.${why}`, why));
}
