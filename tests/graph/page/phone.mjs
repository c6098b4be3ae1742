/* The phone of the chosen customer: the thread, what can be pressed in it, and the composer. */
// @ts-check
import { act, clock, dayAndClock, h, initials, kindOf, part, store, t } from './store.mjs';

/** @import { Json } from './store.mjs' */

let typingTimer = 0;

/** @param {Json} m */
function medium(m) {
  return m.media.map((/** @type {Json} */ f) => {
    if (f.type === 'image' || f.type === 'sticker') return h('img', { src: f.url, alt: f.name ?? t('image'), className: f.type });
    if (f.type === 'video') return h('video', { src: f.url, controls: true, preload: 'metadata' });
    if (f.type === 'audio')
      return h('audio', {
        src: f.url,
        controls: true,
        preload: 'metadata',
        'aria-label': t('voice'),
        onplay: () => m.direction === 'out' && act({ what: 'plays', id: m.id }),
      });
    return h('a', { href: f.url, target: '_blank', className: 'document' }, f.name ?? t('document'));
  });
}

/** @param {Json} m */
function ticks(m) {
  if (m.direction === 'out') return '';
  const read = m.state === 'read' || m.state === 'played';
  return h('span', { className: `ticks${read ? ' read' : ''}`, title: m.state }, '✓✓');
}

/** @param {Json} m */
function bubble(m) {
  const mine = m.direction === 'in';
  const quoted = m.replyTo && store.state.thread.find((/** @type {Json} */ x) => x.id === m.replyTo);
  const emojis = m.reactions.map((/** @type {Json} */ r) => r.emoji).join('');
  const own = m.reactions.find((/** @type {Json} */ r) => r.by === 'customer');
  const tools = h(
    'span',
    { className: 'tools' },
    ...(mine
      ? []
      : ['👍', '❤️'].map((emoji) =>
          h(
            'button',
            {
              type: 'button',
              'aria-label': `${t('react')} ${emoji}`,
              'aria-pressed': own?.emoji === emoji ? 'true' : 'false',
              onclick: () => act({ what: 'react', id: m.id, emoji: own?.emoji === emoji ? '' : emoji }),
            },
            emoji,
          ),
        )),
    h('button', { type: 'button', onclick: () => quote(m) }, t('reply')),
    mine && h('button', { type: 'button', onclick: () => act({ what: 'unsend', id: m.id }) }, t('unsend')),
  );
  const buttons = m.deleted
    ? []
    : m.buttons.map((/** @type {Json} */ b, /** @type {number} */ index) =>
        b.url
          ? h('a', { className: 'tap', href: b.url, target: '_blank', rel: 'noreferrer' }, `${b.title} ↗`)
          : h(
              'button',
              { type: 'button', className: 'tap', onclick: () => act({ what: 'tap', id: m.id, index }) },
              b.title,
              b.description && h('small', {}, b.description),
            ),
      );
  return h(
    'li',
    { className: mine ? 'mine' : 'theirs', 'data-state': m.state },
    h(
      'div',
      { className: 'bubble' },
      quoted && h('blockquote', {}, quoted.text || kindOf(quoted.type)),
      m.header && h('strong', {}, m.header),
      ...(m.deleted ? [] : medium(m)),
      h('p', { className: m.deleted ? 'gone' : '' }, m.deleted ? t('deleted') : m.text || (m.media.length > 0 ? '' : kindOf(m.type))),
      m.footer && h('small', {}, m.footer),
      h(
        'span',
        { className: 'meta' },
        `${m.edited ? `${t('edited')} · ` : ''}${clock(m.at)} `,
        ticks(m),
        m.state === 'failed' && h('span', { className: 'bad' }, ` ${t('failed')} (${m.error?.code})`),
      ),
      emojis && h('span', { className: 'emojis' }, emojis),
    ),
    ...buttons,
    tools,
  );
}

/** @param {Json} m */
function quote(m) {
  store.quoting = m;
  drawQuote();
  /** @type {HTMLElement | null} */ (document.querySelector('#chat textarea'))?.focus();
}

function drawQuote() {
  const box = document.querySelector('#chat .quoting');
  box?.replaceChildren(
    ...(store.quoting
      ? [
          h('span', {}, store.quoting.text || kindOf(store.quoting.type)),
          h(
            'button',
            {
              type: 'button',
              'aria-label': t('cancel'),
              onclick: () => {
                store.quoting = undefined;
                drawQuote();
              },
            },
            '×',
          ),
        ]
      : []),
  );
}

/** @param {Json} p */
function attachments(p) {
  const all = /** @type {[string, string[]][]} */ ([
    ['image', ['whatsapp', 'messenger', 'instagram']],
    ['video', ['whatsapp', 'messenger', 'instagram']],
    ['voice', ['whatsapp', 'messenger', 'instagram']],
    ['document', ['whatsapp', 'messenger']],
    ['sticker', ['whatsapp', 'messenger', 'instagram']],
    ['location', ['whatsapp', 'messenger']],
    ['contact', ['whatsapp']],
    ['storyReply', ['instagram']],
    ['storyMention', ['instagram']],
    ['unsupported', ['whatsapp', 'instagram']],
  ]);
  const label = (/** @type {string} */ what) => t({ storyReply: 'story', storyMention: 'mention', unsupported: 'odd' }[what] ?? what);
  const picker = /** @type {HTMLInputElement} */ (h('input', { type: 'file', hidden: true, onchange: () => upload(picker) }));
  const menu = /** @type {HTMLDetailsElement} */ (
    h(
      'details',
      { className: 'attach' },
      h('summary', { 'aria-label': t('attach'), title: t('attach') }, '+'),
      h(
        'div',
        { className: 'menu' },
        ...all
          .filter(([, on]) => on.includes(p.product))
          .map(([what]) =>
            h(
              'button',
              {
                type: 'button',
                onclick: () => {
                  menu.open = false;
                  void act({ what });
                },
              },
              label(what),
            ),
          ),
        h(
          'button',
          {
            type: 'button',
            onclick: () => {
              menu.open = false;
              picker.click();
            },
          },
          t('file'),
        ),
        picker,
        h(
          'button',
          {
            type: 'button',
            onclick: () => {
              menu.open = false;
              const text = prompt(t('ownerText'));
              if (text) void act({ what: 'owner', text });
            },
          },
          t('owner'),
        ),
        h(
          'button',
          {
            type: 'button',
            onclick: () => {
              menu.open = false;
              const now = store.state.people.find((/** @type {Json} */ x) => x.key === store.chosen);
              void act({ what: 'offline', on: !now?.offline });
            },
          },
          h('span', { className: 'net' }, t('offline')),
        ),
      ),
    )
  );
  return menu;
}

/** @param {HTMLInputElement} picker */
async function upload(picker) {
  const file = picker.files?.[0];
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  const kind = file.type.split('/')[0] ?? '';
  await act({
    what: ['image', 'video', 'audio'].includes(kind) ? kind : 'document',
    bytes: btoa(text),
    type: file.type || 'application/octet-stream',
    name: file.name,
  });
  picker.value = '';
}

export function drawChat() {
  const chat = part('chat');
  const p = store.state.people.find((/** @type {Json} */ x) => x.key === store.chosen);
  if (!p) {
    chat.replaceChildren(h('p', { className: 'empty' }, t('choose')));
    return;
  }
  if (!chat.querySelector('form')) {
    const box = /** @type {HTMLTextAreaElement} */ (
      h('textarea', {
        rows: 1,
        'aria-label': t('write'),
        placeholder: t('write'),
        onkeydown: (/** @type {KeyboardEvent} */ e) => {
          if (e.key === 'Enter' && !e.shiftKey) {
            e.preventDefault();
            void send();
          }
        },
      })
    );
    const send = async () => {
      const text = box.value.trim();
      if (!text) return;
      box.value = '';
      const replyTo = store.quoting?.id;
      store.quoting = undefined;
      drawQuote();
      await act({ what: 'text', text, replyTo });
    };
    chat.replaceChildren(
      h(
        'header',
        {},
        h(
          'button',
          { type: 'button', className: 'only-small', 'aria-label': t('back'), onclick: () => (document.body.dataset.pane = 'people') },
          '‹',
        ),
        h('span', { className: 'avatar', 'aria-hidden': 'true' }, initials(p), h('i', { className: `mark ${p.product}` })),
        h('div', {}, h('h2', {}), h('p', { className: 'meta window' })),
      ),
      h('ol', { className: 'thread' }),
      h('p', { className: 'typing meta', role: 'status' }),
      h('div', { className: 'quoting' }),
      h(
        'form',
        {
          onsubmit: (/** @type {Event} */ e) => {
            e.preventDefault();
            void send();
          },
        },
        attachments(p),
        box,
        h('button', { className: 'primary' }, t('send')),
      ),
    );
    box.focus();
  }
  const title = chat.querySelector('h2');
  if (title) title.textContent = p.name;
  const open = chat.querySelector('.window');
  if (open)
    open.textContent =
      p.windowUntil === undefined
        ? t('windowNever')
        : p.windowUntil > store.state.now
          ? `${t('windowOpen')} ${dayAndClock(p.windowUntil)}`
          : t('windowClosed');
  const net = chat.querySelector('.net');
  if (net) net.textContent = t(p.offline ? 'online' : 'offline');
  const list = /** @type {HTMLElement} */ (chat.querySelector('.thread'));
  const text = JSON.stringify(store.state.thread);
  if (list.dataset.shown !== text) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    list.dataset.shown = text;
    list.replaceChildren(...store.state.thread.map(bubble));
    const follow = () => (list.scrollTop = list.scrollHeight);
    if (atEnd) {
      follow();
      for (const img of list.querySelectorAll('img')) img.addEventListener('load', follow, { once: true });
    }
  }
  const typing = chat.querySelector('.typing');
  if (typing) typing.textContent = store.state.typing ? t('typing') : '';
  clearTimeout(typingTimer);
  if (store.state.typing) typingTimer = window.setTimeout(store.refresh, store.state.typingMs + 50);
  if (!document.hidden && p.unread > 0 && !p.offline) void act({ what: 'reads' });
}
