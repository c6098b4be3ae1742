/* What all parts of the page share: words, elements, the state, and the way to act. */
// @ts-check
import { words } from './words.mjs';

/** @typedef {any} Json */

export const language = (() => {
  for (const l of navigator.languages) {
    const short = l.slice(0, 2);
    if (short === 'pt' || short === 'es' || short === 'en') return short;
  }
  return 'en';
})();
document.documentElement.lang = language;
/** @param {string} key */
export const t = (key) => words[language][key] ?? key;
export const products = { whatsapp: 'WhatsApp', messenger: 'Messenger', instagram: 'Instagram' };
export const objects = { whatsapp_business_account: 'WhatsApp', page: 'Messenger', instagram: 'Instagram' };

/** What the page knows and what was chosen; refresh() is set by app.mjs. */
export const store = {
  /** @type {Json} */
  state: { people: [], thread: [], account: [], calls: [], faults: [], templates: [], webhooks: {}, codes: [] },
  chosen: new URLSearchParams(location.search).get('person') ?? undefined,
  /** @type {Json} */
  quoting: undefined,
  refresh: async () => {},
};

/** @param {string} id */
export const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {string} tag @param {Record<string, Json>} [props] @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
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
export async function act(body) {
  const said = await fetch('/-/do', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ person: store.chosen, ...body }),
  });
  const answer = await said.json();
  await store.refresh();
  return answer;
}

/** @param {number} at */
export const clock = (at) => new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });
/** @param {number} at */
export const dayAndClock = (at) => new Date(at).toLocaleString(language, { weekday: 'short', hour: '2-digit', minute: '2-digit' });

/** @param {Json} p */
export const initials = (p) =>
  p.name
    .split(' ')
    .map((/** @type {string} */ w) => w[0])
    .slice(0, 2)
    .join('')
    .toUpperCase();

/** A word for content that has no text. @param {string} type */
export const kindOf = (type) => t({ audio: 'voice', contacts: 'contact', file: 'document', ig_story: 'story', unsupported: 'odd' }[type] ?? type);
