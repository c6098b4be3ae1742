/* The widget on a page: nothing that is written is read as HTML, rows keep their elements, the script stays small. */
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Api } from './api';
import { linked, luminance, sizeText } from './dom';
import { Store } from './store';
import { texts } from './texts';
import type { ChatMessage, Config } from './types';
import { View } from './view';

const config: Config = {
  title: 'Loja',
  welcome: 'Oi!',
  hoursText: '',
  color: '#5a4fd6',
  position: 'right',
  language: 'pt',
  open: true,
  online: true,
  fileMaxBytes: 1000,
  preChat: null,
};

function message(n: number, more: Partial<ChatMessage> = {}): ChatMessage {
  return {
    id: `m${n}`,
    chatId: 'c',
    seq: n,
    from: 'agent',
    kind: 'text',
    text: `texto ${n}`,
    files: [],
    status: 'sent',
    authorName: 'Ana',
    at: new Date(n * 1000).toISOString(),
    ...more,
  };
}

let store: Store;
let root: ShadowRoot;

beforeEach(() => {
  document.body.replaceChildren();
  localStorage.clear();
  store = new Store(new Api('https://inter.example', 'k'));
  store.config = config;
  new View(store, texts.pt);
  const made = document.querySelector('interflow-chat')?.shadowRoot;
  if (!made) throw new Error('no widget');
  root = made;
});

const show = (...list: ChatMessage[]): void => {
  store.messages = list;
  store.onchange();
};
const bubbles = (): string[] => [...root.querySelectorAll('.log .b')].map((e) => e.textContent ?? '');

describe('the log', () => {
  test('shows the welcome and the messages in order', () => {
    show(message(1), message(2));
    expect(bubbles()).toEqual(['Oi!', 'texto 1', 'texto 2']);
  });

  test('leaves the rows alone that did not change', () => {
    show(message(1), message(2, { from: 'visitor' }), message(3));
    const before = [...root.querySelectorAll('.log .m')];
    show(message(1), message(2, { from: 'visitor', status: 'read' }), message(3), message(4, { from: 'visitor' }));
    const after = [...root.querySelectorAll('.log .m')];
    expect(after).toHaveLength(5);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toBe(before[2]);
    expect(after[3]).toBe(before[3]);
    show(message(0), message(1), message(3));
    expect(bubbles()).toEqual(['Oi!', 'texto 0', 'texto 1', 'texto 3']);
  });

  test('draws markup as the words that it is', () => {
    const evil = '<img src=x onerror="window.evil=1"><script>window.evil=1</script>';
    show(
      message(1, {
        text: evil,
        authorName: evil,
        files: [{ id: 'f', kind: 'document', name: evil, type: 'text/html', sizeBytes: 5, width: null, height: null }],
      }),
    );
    expect(root.querySelector('.log img, .log script')).toBeNull();
    expect(bubbles()[1]).toBe(evil);
    expect(root.querySelector('.file span')?.textContent).toBe(evil);
  });
});

test('only web addresses become links, and take nothing along', () => {
  const nodes = linked('veja https://a.example/x?y=1. E javascript:alert(1) ou data:text/html,x');
  const links = nodes.filter((n): n is HTMLAnchorElement => n instanceof HTMLAnchorElement);
  expect(links.map((a) => a.getAttribute('href'))).toEqual(['https://a.example/x?y=1']);
  expect(links[0]?.rel).toContain('noopener');
  expect(nodes.map((n) => n.textContent).join('')).toContain('javascript:alert(1)');
});

test('letters on any brand colour can be read', () => {
  for (const color of ['#5a4fd6', '#ffe600', '#111111', '#7a3f12', '#00c2a8', '#ffffff', '#808080']) {
    const l = luminance(color);
    const white = 1.05 / (l + 0.05);
    const dark = (l + 0.05) / (luminance('#171a21') + 0.05);
    expect(white >= 4.5 ? white : dark, color).toBeGreaterThanOrEqual(4.4);
  }
});

test('sizes in the words of the language', () => {
  expect(sizeText(2_621_440, 'pt')).toBe('2,5 MB');
  expect(sizeText(10_240, 'en')).toBe('10 kB');
});

test('every text is there in every language', () => {
  for (const language of ['es', 'en'] as const) {
    expect(Object.keys(texts[language]).sort()).toEqual(Object.keys(texts.pt).sort());
    expect(Object.values(texts[language]).every((text) => text !== '')).toBe(true);
  }
});

test('a file that is too large is refused before it is sent', () => {
  const write = vi.spyOn(store, 'write');
  const area = root.querySelector('textarea');
  const paste = new Event('paste', { cancelable: true });
  Object.defineProperty(paste, 'clipboardData', { value: { files: [new File([new Uint8Array(2000)], 'a.png')] } });
  area?.dispatchEvent(paste);
  expect(write).not.toHaveBeenCalled();
  expect(root.querySelector('.bar')?.textContent).toBe('O arquivo é maior que 1 kB.');
  expect(root.querySelector('.bar')?.hasAttribute('hidden')).toBe(false);
});

test('the whole script is below 15 KB compressed', async () => {
  const built = await build({ configFile: 'widget/vite.config.ts', logLevel: 'silent', build: { write: false } });
  const output = (Array.isArray(built) ? built[0] : built) as { output: { code?: string }[] };
  const code = output.output.map((part) => part.code ?? '').join('');
  expect(code).toContain('interflow-chat');
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(15 * 1024);
});
