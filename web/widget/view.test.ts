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

describe('what is offered to press', () => {
  const buttons = [
    { id: 'sim', title: 'Sim' },
    { id: 'nao', title: 'Não' },
  ];
  const answer = (n: number, to: string, id: string): ChatMessage =>
    message(n, { from: 'visitor', text: id, answer: { id, title: id }, replyTo: { id: to, text: '', from: 'agent' } });
  const offered = (): HTMLButtonElement[] => [...root.querySelectorAll<HTMLButtonElement>('.o button')];

  test('is pressed once: then it says what was chosen, and nothing more can be', () => {
    const choose = vi.spyOn(store, 'choose').mockResolvedValue();
    show(message(1, { offer: { buttons } }));
    expect(root.querySelector('.o')?.getAttribute('role')).toBe('group');
    expect(root.querySelector('.o')?.getAttribute('aria-label')).toBe('Escolha uma opção');
    expect(offered().map((b) => [b.textContent, b.disabled])).toEqual([
      ['Sim', false],
      ['Não', false],
    ]);
    offered()[1]?.click();
    expect(choose).toHaveBeenCalledExactlyOnceWith(store.messages[0], buttons[1]);
    show(message(1, { offer: { buttons } }), answer(2, 'm1', 'nao'));
    expect(offered().map((b) => [b.textContent, b.disabled, b.getAttribute('aria-disabled')])).toEqual([
      ['Sim', true, null],
      ['Não (escolhida)', false, 'true'],
    ]);
    for (const b of offered()) b.click();
    expect(choose).toHaveBeenCalledOnce();
  });

  test('keeps the keyboard where it was', () => {
    show(message(1, { offer: { buttons } }));
    offered()[0]?.focus();
    show(message(1, { offer: { buttons } }), answer(2, 'm1', 'sim'));
    expect(root.activeElement?.textContent).toBe('Sim (escolhida)');
  });

  test('an answer to one message leaves the others alone', () => {
    const other = { buttons: [{ id: 'sim', title: 'Claro' }] };
    show(message(1, { offer: { buttons } }), message(2, { offer: other }), answer(3, 'm1', 'sim'));
    expect(offered().map((b) => b.disabled)).toEqual([false, true, false]);
    expect(offered().map((b) => b.hasAttribute('aria-disabled'))).toEqual([true, false, false]);
  });

  test('a list opens, in its groups', () => {
    const rows = [{ id: 'h9', title: '9h', description: 'Com a Bruna' }];
    const list = {
      button: 'Ver horários',
      sections: [
        { title: 'Manhã', rows },
        { title: null, rows: buttons },
      ],
    };
    show(message(1, { offer: { list } }));
    expect(root.querySelector('summary')?.textContent).toBe('Ver horários');
    expect(root.querySelector('details')?.open).toBe(false);
    expect([...root.querySelectorAll('details h3')].map((e) => e.textContent)).toEqual(['Manhã']);
    expect(offered().map((b) => b.textContent)).toEqual(['9hCom a Bruna', 'Sim', 'Não']);
  });

  test('an open list stays open while other things happen, and closes with the choice', () => {
    const list = { button: 'Ver', sections: [{ title: null, rows: buttons }] };
    const details = (): HTMLDetailsElement | null => root.querySelector('details');
    show(message(1, { offer: { list } }));
    const first = details();
    if (first) first.open = true;
    offered()[1]?.focus();
    show(message(1, { offer: { list }, status: 'read' }));
    expect(details()).toBe(first);
    show(message(1, { offer: { list } }), message(2));
    expect(details()).not.toBe(first);
    expect(details()?.open).toBe(true);
    expect(root.activeElement).toBe(offered()[1]);
    show(message(1, { offer: { list } }), message(2), answer(3, 'm1', 'sim'));
    expect(details()?.open).toBe(false);
    const chosen = details();
    if (chosen) chosen.open = true;
    show(message(1, { offer: { list }, text: 'outras palavras' }), message(2), answer(3, 'm1', 'sim'));
    expect(details()?.open).toBe(true);
  });

  test('a link opens elsewhere, and only a web address is one', () => {
    show(message(1, { offer: { link: { title: 'Abrir', url: 'https://loja.example/x' } } }));
    const a = root.querySelector<HTMLAnchorElement>('.o a');
    expect([a?.getAttribute('href'), a?.target, a?.textContent]).toEqual([
      'https://loja.example/x',
      '_blank',
      'Abrir (abre em outra aba)',
    ]);
    expect(a?.rel.split(' ')).toEqual(expect.arrayContaining(['noopener', 'noreferrer']));
    for (const url of [
      'javascript:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      '//evil.example',
      'vbscript:x',
      '',
    ]) {
      show(message(1, { text: url, offer: { link: { title: 'Abrir', url } } }));
      expect([url, root.querySelector('.o')]).toEqual([url, null]);
    }
  });

  test('titles are words, in whatever direction they are read', () => {
    const evil = '<img src=x onerror=alert(1)>';
    show(
      message(1, {
        offer: {
          buttons: [
            { id: 'a', title: evil },
            { id: 'b', title: 'مرحبا' },
          ],
        },
      }),
    );
    expect(root.querySelector('.o img')).toBeNull();
    expect(offered().map((b) => b.textContent)).toEqual([evil, 'مرحبا']);
    expect([...root.querySelectorAll('.o button > span')].map((e) => e.getAttribute('dir'))).toEqual(['auto', 'auto']);
  });

  test('goes with the message that was taken back', () => {
    show(message(1, { deleted: true, text: '', offer: { buttons } }));
    expect(root.querySelector('.o')).toBeNull();
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
