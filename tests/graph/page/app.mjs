/* The page for people, in the browser: customers on the left, their phone in the middle, account and tests on the
   right. The state comes whole from /-/state whenever /-/events says that something changed. */
// @ts-check
import { drawPanel } from './panel.mjs';
import { drawPeople } from './people.mjs';
import { drawChat } from './phone.mjs';
import { store, t } from './store.mjs';

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
      store.state = await (await fetch(`/-/state${store.chosen ? `?person=${encodeURIComponent(store.chosen)}` : ''}`)).json();
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

store.refresh = refresh;
document.title = `Interflow · ${t('title')}`;
if (store.chosen) document.body.dataset.pane = 'chat';
const news = new EventSource('/-/events');
news.onmessage = () => void refresh();
news.onerror = () => void refresh();
document.addEventListener('visibilitychange', () => void refresh());
