/* One message on the screen. */
import { choicesView } from './choices';
import { h, icon, linked, sizeText } from './dom';
import type { Store } from './store';
import type { Texts } from './texts';
import type { ChatFile, ChatMessage } from './types';

function fileView(f: ChatFile, store: Store, locale: string): HTMLElement {
  const url = store.api.fileUrl(f.id, store.visitor.token);
  if (f.kind === 'image') {
    const img = h('img', { class: 'img', src: url, alt: f.name, loading: 'lazy' });
    if (f.width && f.height) {
      img.setAttribute('width', String(Math.min(f.width, 280)));
      img.setAttribute('height', String(Math.round((f.height * Math.min(f.width, 280)) / f.width)));
    }
    return h('a', { href: url, target: '_blank', rel: 'noopener' }, img);
  }
  if (f.kind === 'audio' || f.kind === 'video')
    return h(f.kind, { src: url, controls: true, preload: 'metadata', 'aria-label': f.name });
  return h(
    'a',
    { class: 'file', href: url, target: '_blank', rel: 'noopener' },
    icon('file') as unknown as Node,
    h('span', {}, f.name),
    f.sizeBytes ? h('small', {}, sizeText(f.sizeBytes, locale)) : null,
  );
}

function stateLine(m: ChatMessage, store: Store, t: Texts, time: string): HTMLElement {
  if (m.pending === 'failed')
    return h(
      'div',
      { class: 'meta err', role: 'alert' },
      `${t.failed} `,
      h('button', { type: 'button', click: () => void store.retry(m) }, t.retry),
      ' ',
      h('button', { type: 'button', click: () => store.discard(m) }, t.discard),
    );
  const state = m.pending ? t.sending : m.status === 'read' ? t.seen : t.sent;
  return h('div', { class: 'meta' }, `${time} · ${state}`);
}

export function messageView(
  m: ChatMessage,
  store: Store,
  t: Texts,
  last: boolean,
  chosen: string | undefined,
  onReply: (m: ChatMessage) => void,
): HTMLElement {
  if (m.from === 'system') return h('div', { class: 'm system' }, t.ended);
  const locale = store.config.language;
  const time = new Date(m.at).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
  const who = m.from === 'visitor' ? t.you : m.authorName || t.team;
  const row = h('div', { class: `m ${m.from}` }, h('span', { class: 'sr' }, `${who}, ${time}: `));
  for (const f of m.files) row.append(fileView(f, store, locale));
  if (m.localFile)
    row.append(h('div', { class: 'file' }, icon('file') as unknown as Node, h('span', {}, m.localFile.name)));
  if (m.text || m.deleted) {
    const bubble = h('div', { class: `b${m.deleted ? ' gone' : ''}`, dir: 'auto' });
    if (m.replyTo) bubble.append(h('div', { class: 'q', dir: 'auto' }, m.replyTo.text));
    bubble.append(...(m.deleted ? [t.deleted] : linked(m.text)));
    const line = h('div', { class: 'line' }, bubble);
    if (m.id && !m.deleted && m.from === 'agent')
      line.append(
        h(
          'button',
          { class: 'r', type: 'button', 'aria-label': t.reply, title: t.reply, click: () => onReply(m) },
          icon('reply') as unknown as Node,
        ),
      );
    row.append(line);
  }
  if (m.offer && !m.deleted) row.append(choicesView(m.offer, chosen, t, (c) => void store.choose(m, c)) ?? '');
  if (m.from === 'visitor' && (last || m.pending)) row.append(stateLine(m, store, t, time));
  else if (m.from === 'agent' && last)
    row.append(h('div', { class: 'meta' }, m.authorName ? `${m.authorName} · ${time}` : time));
  return row;
}
