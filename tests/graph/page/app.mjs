/* The page for people, in the browser: customers on the left, their phone in the middle, account and tests on the
   right. The state comes whole from /-/state whenever /-/events says that something changed. */
// @ts-check
import { words } from './words.mjs';

/** @typedef {any} Json */

const language = (() => {
  for (const l of navigator.languages) {
    const short = l.slice(0, 2);
    if (short === 'pt' || short === 'es' || short === 'en') return short;
  }
  return 'en';
})();
document.documentElement.lang = language;
/** @param {string} key */
const t = (key) => words[language][key] ?? key;
const products = { whatsapp: 'WhatsApp', messenger: 'Messenger', instagram: 'Instagram' };
const objects = { whatsapp_business_account: 'WhatsApp', page: 'Messenger', instagram: 'Instagram' };

/** @type {Json} */
let state = { people: [], thread: [], account: [], calls: [], faults: [], templates: [], webhooks: {}, codes: [] };
/** @type {string | undefined} */
let chosen = new URLSearchParams(location.search).get('person') ?? undefined;
/** @type {Json} */
let quoting;
let typingTimer = 0;

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {string} tag @param {Record<string, Json>} [props] @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElement}
 */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== 'list' && name !== 'form') /** @type {Json} */ (node)[name] = value;
    else node.setAttribute(name, String(value));
  }
  for (const child of children) if (child !== undefined && child !== false) node.append(child);
  return node;
}

/** @param {Json} body @returns {Promise<Json>} */
async function act(body) {
  const said = await fetch('/-/do', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ person: chosen, ...body }) });
  const answer = await said.json();
  await refresh();
  return answer;
}

/** @param {number} at */
const clock = (at) => new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });
/** @param {number} at */
const dayAndClock = (at) => new Date(at).toLocaleString(language, { weekday: 'short', hour: '2-digit', minute: '2-digit' });

/* ── customers ────────────────────────────────────────────────────────────────────────────────────────────────── */

/** @param {Json} p */
const initials = (p) => p.name.split(' ').map((/** @type {string} */ w) => w[0]).slice(0, 2).join('').toUpperCase();

function drawPeople() {
  const rows = state.people.map((/** @type {Json} */ p) => h('li', {}, h('button', {
    type: 'button', className: 'person', 'aria-current': p.key === chosen ? 'true' : undefined, onclick: () => choose(p.key),
  },
  h('span', { className: 'avatar', 'aria-hidden': 'true' }, initials(p), h('i', { className: `mark ${p.product}` })),
  h('span', { className: 'who' }, h('b', {}, p.name), h('span', { className: 'meta' }, `${products[/** @type {keyof typeof products} */ (p.product)]} · ${p.phone ? `+${p.phone}` : p.username ? `@${p.username}` : p.product === 'whatsapp' ? t('noPhone') : ''}`.replace(/ · $/, '')),
    h('span', { className: 'last' }, p.last ? (p.last.text || `[${p.last.type}]`) : '')),
  p.unread > 0 && h('span', { className: 'badge', 'aria-label': String(p.unread) }, String(p.unread)))));
  const form = h('form', { className: 'new', onsubmit: create },
    h('label', {}, t('channel'), h('select', { name: 'product' }, ...Object.entries(products).map(([value, label]) => h('option', { value }, label)))),
    h('label', {}, t('name'), h('input', { name: 'name', required: true, autocomplete: 'off' })),
    h('label', {}, t('phone'), h('input', { name: 'phone', inputMode: 'tel', placeholder: '+55 11 98888-7777', autocomplete: 'off' })),
    h('button', { className: 'primary' }, t('create')));
  const open = /** @type {HTMLDetailsElement | null} */ (document.querySelector('#people details'));
  if (open?.open) {
    document.querySelector('#people ul')?.replaceChildren(...rows);
    return;
  }
  part('people').replaceChildren(
    h('header', {}, h('h1', { id: 'people-title' }, t('title')), h('p', { className: 'meta' }, t('lead'))),
    h('ul', {}, ...rows), h('details', {}, h('summary', {}, t('add')), form), h('button', { type: 'button', className: 'only-small', onclick: () => (document.body.dataset.pane = 'panel') }, t('settings')));
}

/** @param {SubmitEvent} e */
async function create(e) {
  e.preventDefault();
  const form = /** @type {HTMLFormElement} */ (e.target);
  const { key } = await act({ what: 'person', ...Object.fromEntries(new FormData(form)) });
  /** @type {HTMLDetailsElement} */ (form.parentElement).open = false;
  choose(key);
}

/** @param {string} key */
function choose(key) {
  chosen = key;
  quoting = undefined;
  document.body.dataset.pane = 'chat';
  history.replaceState(null, '', `?person=${key}`);
  part('chat').replaceChildren();
  void refresh();
}

/* ── the phone ────────────────────────────────────────────────────────────────────────────────────────────────── */

/** @param {Json} m */
function medium(m) {
  return m.media.map((/** @type {Json} */ f) => {
    if (f.type === 'image' || f.type === 'sticker') return h('img', { src: f.url, alt: f.name ?? t('image'), className: f.type });
    if (f.type === 'video') return h('video', { src: f.url, controls: true, preload: 'metadata' });
    if (f.type === 'audio') return h('audio', { src: f.url, controls: true, preload: 'metadata', 'aria-label': t('voice'), onplay: () => m.direction === 'out' && act({ what: 'plays', id: m.id }) });
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
  const quoted = m.replyTo && state.thread.find((/** @type {Json} */ x) => x.id === m.replyTo);
  const emojis = m.reactions.map((/** @type {Json} */ r) => r.emoji).join('');
  const own = m.reactions.find((/** @type {Json} */ r) => r.by === 'customer');
  const tools = h('span', { className: 'tools' },
    ...(mine ? [] : ['👍', '❤️'].map((emoji) => h('button', { type: 'button', 'aria-label': `${t('react')} ${emoji}`, 'aria-pressed': own?.emoji === emoji ? 'true' : 'false', onclick: () => act({ what: 'react', id: m.id, emoji: own?.emoji === emoji ? '' : emoji }) }, emoji))),
    h('button', { type: 'button', onclick: () => quote(m) }, t('reply')),
    mine && h('button', { type: 'button', onclick: () => act({ what: 'unsend', id: m.id }) }, t('unsend')));
  const buttons = m.deleted ? [] : m.buttons.map((/** @type {Json} */ b, /** @type {number} */ index) => b.url
    ? h('a', { className: 'tap', href: b.url, target: '_blank', rel: 'noreferrer' }, `${b.title} ↗`)
    : h('button', { type: 'button', className: 'tap', onclick: () => act({ what: 'tap', id: m.id, index }) }, b.title, b.description && h('small', {}, b.description)));
  return h('li', { className: mine ? 'mine' : 'theirs', 'data-state': m.state },
    h('div', { className: 'bubble' },
      quoted && h('blockquote', {}, quoted.text || `[${quoted.type}]`),
      m.header && h('strong', {}, m.header), ...(m.deleted ? [] : medium(m)),
      h('p', { className: m.deleted ? 'gone' : '' }, m.deleted ? t('deleted') : m.text || (m.media.length > 0 ? '' : `[${m.type}]`)),
      m.footer && h('small', {}, m.footer),
      h('span', { className: 'meta' }, `${m.edited ? `${t('edited')} · ` : ''}${clock(m.at)} `, ticks(m), m.state === 'failed' && h('span', { className: 'bad' }, ` ${t('failed')} (${m.error?.code})`)),
      emojis && h('span', { className: 'emojis' }, emojis)),
    ...buttons, tools);
}

/** @param {Json} m */
function quote(m) {
  quoting = m;
  drawQuote();
  /** @type {HTMLElement | null} */ (document.querySelector('#chat textarea'))?.focus();
}

function drawQuote() {
  const box = document.querySelector('#chat .quoting');
  box?.replaceChildren(...(quoting ? [h('span', {}, quoting.text || `[${quoting.type}]`), h('button', { type: 'button', 'aria-label': t('cancel'), onclick: () => { quoting = undefined; drawQuote(); } }, '×')] : []));
}

/** @param {Json} p */
function attachments(p) {
  const all = /** @type {[string, string[]][]} */ ([
    ['image', ['whatsapp', 'messenger', 'instagram']], ['video', ['whatsapp', 'messenger', 'instagram']], ['voice', ['whatsapp', 'messenger', 'instagram']], ['document', ['whatsapp', 'messenger']],
    ['sticker', ['whatsapp', 'messenger', 'instagram']], ['location', ['whatsapp', 'messenger']], ['contact', ['whatsapp']], ['storyReply', ['instagram']], ['storyMention', ['instagram']], ['unsupported', ['whatsapp', 'instagram']],
  ]);
  const label = (/** @type {string} */ what) => t(({ storyReply: 'story', storyMention: 'mention', unsupported: 'odd' })[what] ?? what);
  const picker = /** @type {HTMLInputElement} */ (h('input', { type: 'file', hidden: true, onchange: () => upload(picker) }));
  const menu = /** @type {HTMLDetailsElement} */ (h('details', { className: 'attach' }, h('summary', { 'aria-label': t('attach'), title: t('attach') }, '+'),
    h('div', { className: 'menu' }, ...all.filter(([, on]) => on.includes(p.product)).map(([what]) => h('button', { type: 'button', onclick: () => { menu.open = false; void act({ what }); } }, label(what))),
      h('button', { type: 'button', onclick: () => { menu.open = false; picker.click(); } }, t('file')), picker,
      h('button', { type: 'button', onclick: () => { menu.open = false; const text = prompt(t('ownerText')); if (text) void act({ what: 'owner', text }); } }, t('owner')),
      h('button', { type: 'button', onclick: () => { menu.open = false; const now = state.people.find((/** @type {Json} */ x) => x.key === chosen); void act({ what: 'offline', on: !now?.offline }); } }, h('span', { className: 'net' }, t('offline'))))));
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
  await act({ what: ['image', 'video', 'audio'].includes(kind) ? kind : 'document', bytes: btoa(text), type: file.type || 'application/octet-stream', name: file.name });
  picker.value = '';
}

function drawChat() {
  const chat = part('chat');
  const p = state.people.find((/** @type {Json} */ x) => x.key === chosen);
  if (!p) {
    chat.replaceChildren(h('p', { className: 'empty' }, t('choose')));
    return;
  }
  if (!chat.querySelector('form')) {
    const box = /** @type {HTMLTextAreaElement} */ (h('textarea', { rows: 1, 'aria-label': t('write'), placeholder: t('write'), onkeydown: (/** @type {KeyboardEvent} */ e) => {
      if (e.key === 'Enter' && !e.shiftKey) {
        e.preventDefault();
        void send();
      }
    } }));
    const send = async () => {
      const text = box.value.trim();
      if (!text) return;
      box.value = '';
      const replyTo = quoting?.id;
      quoting = undefined;
      drawQuote();
      await act({ what: 'text', text, replyTo });
    };
    chat.replaceChildren(
      h('header', {}, h('button', { type: 'button', className: 'only-small', 'aria-label': t('back'), onclick: () => (document.body.dataset.pane = 'people') }, '‹'), h('span', { className: 'avatar', 'aria-hidden': 'true' }, initials(p), h('i', { className: `mark ${p.product}` })), h('div', {}, h('h2', {}), h('p', { className: 'meta window' }))),
      h('ol', { className: 'thread' }), h('p', { className: 'typing meta', role: 'status' }), h('div', { className: 'quoting' }),
      h('form', { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); void send(); } }, attachments(p), box, h('button', { className: 'primary' }, t('send'))));
    box.focus();
  }
  const title = chat.querySelector('h2');
  if (title) title.textContent = p.name;
  const open = chat.querySelector('.window');
  if (open) open.textContent = p.windowUntil === undefined ? t('windowNever') : p.windowUntil > state.now ? `${t('windowOpen')} ${dayAndClock(p.windowUntil)}` : t('windowClosed');
  const net = chat.querySelector('.net');
  if (net) net.textContent = t(p.offline ? 'online' : 'offline');
  const list = /** @type {HTMLElement} */ (chat.querySelector('.thread'));
  const text = JSON.stringify(state.thread);
  if (list.dataset.shown !== text) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    list.dataset.shown = text;
    list.replaceChildren(...state.thread.map(bubble));
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
  const typing = chat.querySelector('.typing');
  if (typing) typing.textContent = state.typing ? t('typing') : '';
  clearTimeout(typingTimer);
  if (state.typing) typingTimer = setTimeout(refresh, state.typingMs + 50);
  if (!document.hidden && p.unread > 0 && !p.offline) void act({ what: 'reads' });
}

/* ── account and tests ────────────────────────────────────────────────────────────────────────────────────────── */

/** @param {string} title @param {...Node} children */
const section = (title, ...children) => h('section', {}, h('h3', {}, title), ...children);

function buildPanel() {
  const panel = part('panel');
  const code = /** @type {HTMLSelectElement} */ (h('select', { 'aria-label': t('refuse') }, ...state.codes.map((/** @type {Json} */ c) => h('option', { value: c.code }, `${c.code} ${c.title}`))));
  code.value = '131047';
  const later = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox' }));
  const fault = (/** @type {Json} */ o) => () => act({ what: 'fault', ...o });
  const policy = (/** @type {string} */ label, /** @type {Json} */ on, /** @type {Json} */ off) => h('label', { className: 'check' }, h('input', { type: 'checkbox', onchange: (/** @type {Event} */ e) => act({ what: 'policy', policy: /** @type {HTMLInputElement} */ (e.target).checked ? on : off }) }), t(label));
  panel.replaceChildren(
    h('header', {}, h('button', { type: 'button', className: 'only-small', 'aria-label': t('back'), onclick: () => (document.body.dataset.pane = 'people') }, '‹'), h('h2', { id: 'panel-title' }, t('settings'))),
    section(t('webhooks'), ...Object.entries(objects).map(([object, label]) => {
      const known = state.webhooks[object];
      const result = h('p', { className: 'meta', role: 'status', 'data-object': object });
      return h('form', { className: 'hook', onsubmit: async (/** @type {SubmitEvent} */ e) => {
        e.preventDefault();
        const said = await act({ what: 'subscribe', object, ...Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (e.target))) });
        result.textContent = said.ok ? t('handshakeOk') : `${t('handshakeBad')} (${said.status || ''} ${said.body})`;
        result.className = said.ok ? 'meta ok' : 'meta bad';
      } }, h('label', {}, label, h('input', { name: 'url', type: 'url', required: true, value: known?.url ?? '', placeholder: 'http://127.0.0.1:8080/…' })),
      h('label', {}, 'Verify token', h('input', { name: 'verifyToken', autocomplete: 'off', value: state.account.find((/** @type {Json} */ r) => r[0] === 'Verify token')?.[1] ?? '' })), h('button', {}, t('save')), result);
    })),
    section(t('faults'), h('label', {}, t('refuse'), code), h('label', { className: 'check' }, later, t('later')), h('div', { className: 'row' },
      h('button', { type: 'button', onclick: () => act({ what: 'fault', code: Number(code.value), later: later.checked }) }, t('arm')), h('button', { type: 'button', onclick: fault({ kind: 'lost' }) }, t('lost')), h('button', { type: 'button', onclick: fault({ kind: 'html' }) }, t('html')), h('button', { type: 'button', onclick: fault({ kind: 'timeout' }) }, t('timeout'))), h('p', { className: 'meta armed', role: 'status' })),
    section(t('delivery'), policy('double', { doubleWithin: 1, doubleAcross: 1 }, { doubleWithin: 0, doubleAcross: 0 }), policy('shuffled', { batchMs: 1500, order: 'shuffled' }, { batchMs: 0, order: 'asis' }), policy('unknownFields', { unknownFields: true }, { unknownFields: false }), policy('badSignature', { signature: 'wrong' }, { signature: 'right' })),
    section(t('clock'), h('p', { className: 'meta now' }), h('div', { className: 'row' }, h('button', { type: 'button', onclick: () => act({ what: 'advance', hours: 1 }) }, t('hour')), h('button', { type: 'button', onclick: () => act({ what: 'advance', hours: 24 }) }, t('day')))),
    section(t('templates'), h('ul', { className: 'templates' })),
    section(t('account'), h('dl', {}, ...state.account.flatMap((/** @type {[string, string]} */ [name, value]) => [h('dt', {}, name), h('dd', {}, h('code', {}, value), copyButton(name, value))]))),
    section(t('calls'), h('ol', { className: 'calls' })));
}

/** @param {string} name @param {string} value */
function copyButton(name, value) {
  const button = h('button', { type: 'button', 'aria-label': `${t('copy')}: ${name}`, onclick: async () => {
    await navigator.clipboard.writeText(value);
    button.textContent = t('copied');
    setTimeout(() => (button.textContent = t('copy')), 1500);
  } }, t('copy'));
  return button;
}

function drawPanel() {
  const panel = part('panel');
  if (!panel.querySelector('section')) buildPanel();
  const armed = panel.querySelector('.armed');
  armed?.replaceChildren(...(state.faults.length > 0 ? [`${t('armed')}: ${state.faults.map((/** @type {Json} */ f) => f.code ?? f.kind).join(', ')} `, h('button', { type: 'button', onclick: () => act({ what: 'unfault' }) }, t('clear'))] : []));
  const now = panel.querySelector('.now');
  if (now) now.textContent = new Date(state.now).toLocaleString(language);
  for (const [object, known] of Object.entries(/** @type {Record<string, Json>} */ (state.webhooks))) {
    const result = /** @type {HTMLElement | null} */ (panel.querySelector(`[data-object="${object}"]`));
    if (!result || result.classList.contains('ok') || (result.classList.contains('bad') && !known.last)) continue;
    result.textContent = !known.url ? t('none') : !known.last ? '' : known.last.status === 200 ? t('lastOk') : `${t('lastBad')} (${known.last.status || known.last.error})`;
  }
  panel.querySelector('.templates')?.replaceChildren(...state.templates.map((/** @type {Json} */ x) => h('li', {}, h('span', {}, x.name, h('small', {}, ` ${x.language} · ${x.status}`)),
    h('button', { type: 'button', 'aria-label': `${t(x.status === 'APPROVED' ? 'pause' : 'approve')}: ${x.name}`, onclick: () => act({ what: 'template', id: x.id, status: x.status === 'APPROVED' ? 'PAUSED' : 'APPROVED' }) }, t(x.status === 'APPROVED' ? 'pause' : 'approve')))));
  panel.querySelector('.calls')?.replaceChildren(...(state.calls.length > 0 ? state.calls.map((/** @type {Json} */ c) => h('li', {}, h('code', {}, `${c.method} ${c.path}`), h('span', { className: c.status >= 400 || c.fault ? 'bad' : 'ok' }, ` ${c.status ?? '–'}${c.error === undefined ? '' : ` (${c.error})`}${c.fault ? ` ${c.fault}` : ''}`))) : [h('li', { className: 'meta' }, t('nothing'))]));
}

/* ── news ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

let busy = false;
let again = false;
async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    do {
      again = false;
      state = await (await fetch(`/-/state${chosen ? `?person=${encodeURIComponent(chosen)}` : ''}`)).json();
    } while (again);
    document.body.classList.remove('away');
    drawPeople();
    drawChat();
    drawPanel();
  } catch {
    document.body.classList.add('away');
    document.body.dataset.away = t('lost2');
  } finally {
    busy = false;
  }
}

document.title = `Interflow · ${t('title')}`;
if (chosen) document.body.dataset.pane = 'chat';
const news = new EventSource('/-/events');
news.onmessage = () => void refresh();
news.onerror = () => void refresh();
document.addEventListener('visibilitychange', () => void refresh());
