/* The customers, and the form for a new one. */
// @ts-check
import { act, h, initials, kindOf, part, products, store, t } from './store.mjs';

/** @import { Json } from './store.mjs' */

export function drawPeople() {
  const rows = store.state.people.map((/** @type {Json} */ p) =>
    h(
      'li',
      {},
      h(
        'button',
        {
          type: 'button',
          className: 'person',
          'aria-current': p.key === store.chosen ? 'true' : undefined,
          onclick: () => choose(p.key),
        },
        h('span', { className: 'avatar', 'aria-hidden': 'true' }, initials(p), h('i', { className: `mark ${p.product}` })),
        h(
          'span',
          { className: 'who' },
          h('b', {}, p.name),
          h(
            'span',
            { className: 'meta' },
            `${products[/** @type {keyof typeof products} */ (p.product)]} · ${p.phone ? `+${p.phone}` : p.username ? `@${p.username}` : p.product === 'whatsapp' ? t('noPhone') : ''}`.replace(
              / · $/,
              '',
            ),
          ),
          h('span', { className: 'last' }, p.last ? p.last.text || kindOf(p.last.type) : ''),
        ),
        p.unread > 0 && h('span', { className: 'badge', 'aria-label': String(p.unread) }, String(p.unread)),
      ),
    ),
  );
  const form = h(
    'form',
    { className: 'new', onsubmit: create },
    h(
      'label',
      {},
      t('channel'),
      h('select', { name: 'product' }, ...Object.entries(products).map(([value, label]) => h('option', { value }, label))),
    ),
    h('label', {}, t('name'), h('input', { name: 'name', required: true, autocomplete: 'off' })),
    h('label', {}, t('phone'), h('input', { name: 'phone', inputMode: 'tel', placeholder: '+55 11 98888-7777', autocomplete: 'off' })),
    h('button', { className: 'primary' }, t('create')),
  );
  const open = /** @type {HTMLDetailsElement | null} */ (document.querySelector('#people details'));
  if (open?.open) {
    document.querySelector('#people ul')?.replaceChildren(...rows);
    return;
  }
  part('people').replaceChildren(
    h('header', {}, h('h1', { id: 'people-title' }, t('title')), h('p', { className: 'meta' }, t('lead'))),
    h('ul', {}, ...rows),
    h('details', {}, h('summary', {}, t('add')), form),
    h('button', { type: 'button', className: 'only-small', onclick: () => (document.body.dataset.pane = 'panel') }, t('settings')),
  );
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
  store.chosen = key;
  store.quoting = undefined;
  document.body.dataset.pane = 'chat';
  history.replaceState(null, '', `?person=${key}`);
  part('chat').replaceChildren();
  void store.refresh();
}
