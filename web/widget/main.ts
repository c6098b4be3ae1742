/* Interflow's web chat. One tag on any page:
 *
 *     <script src="https://…/widget.js" data-channel="KEY" async></script>
 *
 * Optional: data-language="pt|es|en". The page can open it: window.Interflow.open(), and close(). Everything lives in a shadow
 * root; the page's own code and styles are left alone. */
import { Api, isFinal } from './api';
import { Store } from './store';
import { pageLanguage, texts } from './texts';
import { View } from './view';

declare global {
  interface Window {
    Interflow?: { open(): void; close(): void };
  }
}

const tag = document.currentScript as HTMLScriptElement | null;

/* A server that is just being restarted is asked again; one that says no is not. */
async function started(store: Store): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await store.start(pageLanguage(tag?.dataset['language']));
    } catch (e) {
      if (isFinal(e) || tries === 6) throw e;
      await new Promise((done) => setTimeout(done, 1000 * 2 ** tries));
    }
  }
}

async function boot(src: string, key: string): Promise<void> {
  const store = new Store(new Api(new URL(src, location.href).origin, key));
  await started(store);
  const view = new View(store, texts[store.config.language]);
  window.Interflow = { open: () => view.toggle(true), close: () => view.toggle(false) };
}

const key = tag?.dataset['channel'];
if (tag && key && !window.Interflow) {
  const start = (): void =>
    void boot(tag.src, key).catch((e: unknown) =>
      console.warn('Interflow web chat:', e instanceof Error ? e.message : e),
    );
  if (document.body) start();
  else addEventListener('DOMContentLoaded', start, { once: true });
}
