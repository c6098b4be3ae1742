/* Account data to copy, webhook addresses, faults, delivery, clock, templates and the calls that came. */
// @ts-check
import { act, h, language, objects, part, store, t } from './store.mjs';

/** @import { Json } from './store.mjs' */

/** @param {string} title @param {...Node} children */
const section = (title, ...children) => h('section', {}, h('h3', {}, title), ...children);

function buildPanel() {
  const panel = part('panel');
  const code = /** @type {HTMLSelectElement} */ (
    h(
      'select',
      { 'aria-label': t('refuse') },
      ...store.state.codes.map((/** @type {Json} */ c) => h('option', { value: c.code }, `${c.code} ${c.title}`)),
    )
  );
  code.value = '131047';
  const later = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox' }));
  const fault = (/** @type {Json} */ o) => () => act({ what: 'fault', ...o });
  const policy = (/** @type {string} */ label, /** @type {Json} */ on, /** @type {Json} */ off) =>
    h(
      'label',
      { className: 'check' },
      h('input', {
        type: 'checkbox',
        onchange: (/** @type {Event} */ e) =>
          act({ what: 'policy', policy: /** @type {HTMLInputElement} */ (e.target).checked ? on : off }),
      }),
      t(label),
    );
  panel.replaceChildren(
    h(
      'header',
      {},
      h(
        'button',
        { type: 'button', className: 'only-small', 'aria-label': t('back'), onclick: () => (document.body.dataset.pane = 'people') },
        '‹',
      ),
      h('h2', { id: 'panel-title' }, t('settings')),
    ),
    section(
      t('account'),
      h(
        'dl',
        {},
        ...store.state.account.flatMap((/** @type {[string, string]} */ [name, value]) => [
          h('dt', {}, name),
          h('dd', {}, h('code', {}, value), copyButton(name, value)),
        ]),
      ),
    ),
    section(
      t('webhooks'),
      ...Object.entries(objects).map(([object, label]) => {
        const known = store.state.webhooks[object];
        const result = h('p', { className: 'meta', role: 'status', 'data-object': object });
        return h(
          'form',
          {
            className: 'hook',
            onsubmit: async (/** @type {SubmitEvent} */ e) => {
              e.preventDefault();
              const said = await act({
                what: 'subscribe',
                object,
                ...Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (e.target))),
              });
              result.textContent = said.ok ? t('handshakeOk') : `${t('handshakeBad')} (${said.status || ''} ${said.body})`;
              result.className = said.ok ? 'meta ok' : 'meta bad';
            },
          },
          h(
            'label',
            {},
            label,
            h('input', { name: 'url', type: 'url', required: true, value: known?.url ?? '', placeholder: 'http://127.0.0.1:8080/…' }),
          ),
          h(
            'label',
            {},
            'Verify token',
            h('input', {
              name: 'verifyToken',
              autocomplete: 'off',
              value: store.state.account.find((/** @type {Json} */ r) => r[0] === 'Verify token')?.[1] ?? '',
            }),
          ),
          h('button', {}, t('save')),
          result,
        );
      }),
    ),
    section(
      t('faults'),
      h('label', {}, t('refuse'), code),
      h('label', { className: 'check' }, later, t('later')),
      h(
        'div',
        { className: 'row' },
        h('button', { type: 'button', onclick: () => act({ what: 'fault', code: Number(code.value), later: later.checked }) }, t('arm')),
        h('button', { type: 'button', onclick: fault({ kind: 'lost' }) }, t('lost')),
        h('button', { type: 'button', onclick: fault({ kind: 'html' }) }, t('html')),
        h('button', { type: 'button', onclick: fault({ kind: 'timeout' }) }, t('timeout')),
      ),
      h('p', { className: 'meta armed', role: 'status' }),
    ),
    section(
      t('delivery'),
      policy('double', { doubleWithin: 1, doubleAcross: 1 }, { doubleWithin: 0, doubleAcross: 0 }),
      policy('shuffled', { batchMs: 1500, order: 'shuffled' }, { batchMs: 0, order: 'asis' }),
      policy('unknownFields', { unknownFields: true }, { unknownFields: false }),
      policy('badSignature', { signature: 'wrong' }, { signature: 'right' }),
    ),
    section(
      t('clock'),
      h('p', { className: 'meta now' }),
      h(
        'div',
        { className: 'row' },
        h('button', { type: 'button', onclick: () => act({ what: 'advance', hours: 1 }) }, t('hour')),
        h('button', { type: 'button', onclick: () => act({ what: 'advance', hours: 24 }) }, t('day')),
      ),
    ),
    section(t('templates'), h('ul', { className: 'templates' })),
    section(t('calls'), h('ol', { className: 'calls' })),
  );
}

/** @param {string} name @param {string} value */
function copyButton(name, value) {
  const button = h(
    'button',
    {
      type: 'button',
      'aria-label': `${t('copy')}: ${name}`,
      onclick: async () => {
        await navigator.clipboard.writeText(value);
        button.textContent = t('copied');
        setTimeout(() => (button.textContent = t('copy')), 1500);
      },
    },
    t('copy'),
  );
  return button;
}

export function drawPanel() {
  const panel = part('panel');
  if (!panel.querySelector('section')) buildPanel();
  const armed = panel.querySelector('.armed');
  armed?.replaceChildren(
    ...(store.state.faults.length > 0
      ? [
          `${t('armed')}: ${store.state.faults.map((/** @type {Json} */ f) => f.code ?? f.kind).join(', ')} `,
          h('button', { type: 'button', onclick: () => act({ what: 'unfault' }) }, t('clear')),
        ]
      : []),
  );
  const now = panel.querySelector('.now');
  if (now) now.textContent = new Date(store.state.now).toLocaleString(language);
  for (const [object, known] of Object.entries(/** @type {Record<string, Json>} */ (store.state.webhooks))) {
    const result = /** @type {HTMLElement | null} */ (panel.querySelector(`[data-object="${object}"]`));
    if (!result || result.classList.contains('ok') || (result.classList.contains('bad') && !known.last)) continue;
    result.textContent = !known.url
      ? t('none')
      : !known.last
        ? ''
        : known.last.status === 200
          ? t('lastOk')
          : `${t('lastBad')} (${known.last.status || known.last.error})`;
  }
  panel.querySelector('.templates')?.replaceChildren(
    ...store.state.templates.map((/** @type {Json} */ x) =>
      h(
        'li',
        {},
        h('span', {}, x.name, h('small', {}, ` ${x.language} · ${x.status}`)),
        h(
          'button',
          {
            type: 'button',
            'aria-label': `${t(x.status === 'APPROVED' ? 'pause' : 'approve')}: ${x.name}`,
            onclick: () => act({ what: 'template', id: x.id, status: x.status === 'APPROVED' ? 'PAUSED' : 'APPROVED' }),
          },
          t(x.status === 'APPROVED' ? 'pause' : 'approve'),
        ),
      ),
    ),
  );
  panel
    .querySelector('.calls')
    ?.replaceChildren(
      ...(store.state.calls.length > 0
        ? store.state.calls.map((/** @type {Json} */ c) =>
            h(
              'li',
              {},
              h('code', {}, `${c.method} ${c.path}`),
              h(
                'span',
                { className: c.status >= 400 || c.fault ? 'bad' : 'ok' },
                ` ${c.status ?? '–'}${c.error === undefined ? '' : ` (${c.error})`}${c.fault ? ` ${c.fault}` : ''}`,
              ),
            ),
          )
        : [h('li', { className: 'meta' }, t('nothing'))]),
    );
}
