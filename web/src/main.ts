/* The start: the language first (no flash of keys), then the page. */
import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/app.css';
import App from './App.svelte';
import { preferredLocale, setLocale } from '$lib/i18n/i18n.svelte';
import { reportEverything } from '$lib/shell/report';

/* A chunk that cannot be loaded is mostly one that a newer version replaced: one reload brings the new names. */
window.addEventListener('vite:preloadError', () => {
  const last = Number(sessionStorage.getItem('reloaded') ?? 0);
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem('reloaded', String(Date.now()));
  location.reload();
});

/* The router takes every click on a link of ours; those meant for a new tab or already handled are not for it.
   This listener comes first on the same target and keeps them from it. */
window.addEventListener('click', (e) => {
  if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey)
    e.stopImmediatePropagation();
});

/* No text has come, so these stand here: an empty page would say nothing at all. */
const stuck = {
  pt: ['O Interflow não carregou. Confira a conexão.', 'Tentar de novo'],
  es: ['Interflow no se cargó. Revisa la conexión.', 'Reintentar'],
  en: ['Interflow did not load. Check the connection.', 'Try again'],
} as const;

function sayStuck(target: HTMLElement): void {
  const [words, again] = stuck[preferredLocale()];
  const box = document.createElement('main');
  box.className = 'empty';
  box.style.minHeight = '100vh';
  box.style.justifyContent = 'center';
  const text = document.createElement('b');
  text.textContent = words;
  const button = document.createElement('button');
  button.className = 'btn primary';
  button.textContent = again;
  button.onclick = () => location.reload();
  window.addEventListener('online', () => location.reload());
  box.append(text, button);
  target.replaceChildren(box);
}

reportEverything();
const target = document.getElementById('app');
if (target) {
  try {
    await setLocale(preferredLocale());
    mount(App, { target });
  } catch (e) {
    sayStuck(target);
    throw e;
  }
}
