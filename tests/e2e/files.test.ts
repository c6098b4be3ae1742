/* Files both ways: by the button, pasted and dropped; progress and a way out; what is too large; and names and pictures that would
   like to run in the agent's browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Organization, signUp, unique } from '../api/lib/people.ts';
import { Inbox } from './lib/inbox.ts';
import { type Screen, makeWebchat, patience, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';
import { Widget } from './lib/widget.ts';

const s = stage();
/* Uploads are stopped and refused on purpose. */
s.expectComplaints(/ERR_(FAILED|ABORTED)/, /status of 4(13|15) .*\/files\)$/);

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

describe('files', () => {
  let org: Organization;
  let agent: Screen;
  let visitor: Screen;
  let inbox: Inbox;
  let widget: Widget;
  let key = '';
  const folder = mkdtempSync(join(tmpdir(), 'interflow-files-'));
  const file = (name: string, bytes: Uint8Array | string): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const picture = (who: Inbox, name: string) => who.messages.getByRole('img', { name }).or(who.messages.getByRole('button', { name: new RegExp(name) })).first();

  /** Gives the page a file as the clipboard or the mouse would. */
  const give = (how: 'paste' | 'drop', name: string) =>
    inbox.chat.evaluate(
      (chat, { how: kind, name: called, bytes }) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], called, { type: 'image/png' }));
        const target = kind === 'paste' ? chat.querySelector('textarea') : chat;
        if (kind === 'paste') target?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        else for (const type of ['dragenter', 'dragover', 'drop']) target?.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      },
      { how, name, bytes: [...png] },
    );

  beforeAll(async () => {
    org = await signUp(s.url);
    key = (await makeWebchat(org)).key;
    [agent, visitor] = await Promise.all([s.person(org.owner.client), s.visitor(key)]);
    inbox = new Inbox(agent.page);
    widget = new Widget(visitor.page);
    await inbox.tab('Todas').click();
    await widget.open();
    await widget.write('Posso mandar uma foto?');
    await inbox.open('Posso mandar uma foto?');
    await agent.page.getByRole('button', { name: 'Assumir' }).click();
    await inbox.composer.waitFor();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('from the agent by the button, with words', async () => {
    const chooser = agent.page.waitForEvent('filechooser');
    await inbox.chat.getByRole('button', { name: /^Anexar/ }).click();
    await (await chooser).setFiles(file('cardapio.png', png));
    await agent.page.getByRole('button', { name: 'Tirar cardapio.png' }).waitFor();
    await inbox.composer.fill('Nosso cardápio');
    await inbox.composer.press('Enter');
    await inbox.message('Nosso cardápio').waitFor();
    await picture(inbox, 'cardapio.png').waitFor();
    const there = widget.log.getByRole('img', { name: 'cardapio.png' });
    await there.waitFor();
    await expect.poll(() => there.evaluate((img) => (img as HTMLImageElement).naturalWidth), { timeout: patience }).toBe(1);
  });

  test('pasted and dropped', async () => {
    await give('paste', 'image.png');
    await agent.page.getByRole('button', { name: /^Tirar Foto/ }).waitFor();
    await give('drop', 'solto.png');
    await agent.page.getByRole('button', { name: 'Tirar solto.png' }).waitFor();
    await agent.page.getByRole('button', { name: /^Tirar Foto/ }).click();
    await agent.page.getByRole('button', { name: /^Tirar Foto/ }).waitFor({ state: 'detached' });
    await inbox.composer.press('Enter');
    await widget.log.getByRole('img', { name: 'solto.png' }).waitFor();
  });

  test('shows its progress, and can be stopped', async () => {
    await agent.page.route('**/files', async (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      await new Promise(() => undefined);
    });
    const chooser = agent.page.waitForEvent('filechooser');
    await inbox.chat.getByRole('button', { name: /^Anexar/ }).click();
    await (await chooser).setFiles(file('lento.png', png));
    await agent.page.getByRole('progressbar', { name: 'Enviando lento.png' }).waitFor();
    await agent.page.getByRole('button', { name: 'Tirar lento.png' }).click();
    await agent.page.getByRole('progressbar').waitFor({ state: 'detached' });
    await agent.page.unroute('**/files');
    expect(await inbox.messages.getByText('lento.png').count()).toBe(0);
  });

  test('too large is said before anything is sent', async () => {
    const large = file('filme.bin', Buffer.alloc(1));
    const { truncateSync } = await import('node:fs');
    truncateSync(large, 60 * 1024 * 1024);
    let asked = 0;
    agent.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/files')) asked++;
    });
    const chooser = agent.page.waitForEvent('filechooser');
    await inbox.chat.getByRole('button', { name: /^Anexar/ }).click();
    await (await chooser).setFiles(large);
    await agent.page.getByText(/filme.bin passa do limite/).first().waitFor();
    expect(asked).toBe(0);
    await widget.panel.locator('input[type=file]').setInputFiles(large);
    await widget.panel.getByText(/maior que/).waitFor();
  });

  test('from the visitor, seen by the agent', async () => {
    await widget.panel.locator('input[type=file]').setInputFiles([file('minha foto.png', png), file('lista.txt', 'um bolo\ndois pudins\n')]);
    await picture(inbox, 'minha foto.png').waitFor();
    await inbox.messages.getByText('lista.txt').first().waitFor();
    await expect.poll(() => widget.log.getByRole('img', { name: 'minha foto.png' }).count(), { timeout: patience }).toBe(1);
  });

  test('nothing that a visitor sends runs in the browser of the agent', async () => {
    const run = (what: string): string => `window.evil='${what}';document.title='evil'`;
    const talker = new Talker(org, key, `<img src=x onerror="${run('name')}"> ${unique()}`);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${run('svg')}"><script>${run('svg')}</script></svg>`;
    const html = `<!doctype html><script>${run('html')}</script>`;
    await talker.write(`<script>${run('text')}</script><img src=x onerror="${run('text')}"> javascript:${run('link')}`);
    for (const [name, type, bytes] of [
      ['<img src=x onerror=alert(1)>.txt', 'text/plain', 'oi'],
      ['desenho.svg', 'image/svg+xml', svg],
      ['pagina.html', 'text/html', html],
      ['foto.png', 'image/png', html],
    ] as const)
      await talker.sendFile(name, type, new TextEncoder().encode(bytes)).catch(() => undefined);
    const chat = await talker.chat();
    await agent.page.goto(`${s.url}/inbox/${chat}`);
    await inbox.message('<script>').waitFor();
    await inbox.messages.getByText('onerror=alert(1)').first().waitFor();
    expect(await inbox.messages.locator('script, iframe, object, embed, img[onerror]').count()).toBe(0);
    const links = await inbox.messages.getByRole('link').evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    expect(links.filter((href) => !/^(https?|blob):/.test(href))).toEqual([]);

    // Opened by themselves, in a tab of the same login, they do not run either.
    const urls = await agent.page.evaluate(async () => {
      const found: string[] = [];
      for (const e of document.querySelectorAll('[aria-label="Mensagens"] a[href*="/files/"], [aria-label="Mensagens"] img[src*="/files/"]')) found.push((e as HTMLAnchorElement).href || (e as HTMLImageElement).src);
      return found;
    });
    expect(urls.length).toBeGreaterThan(0);
    for (const url of urls) {
      const answer = await agent.context.request.get(url);
      const type = answer.headers()['content-type'] ?? '';
      const shown = !/attachment/.test(answer.headers()['content-disposition'] ?? '');
      expect(shown && /html|svg|xml/.test(type), `${url} ${type}`).toBe(false);
      expect(answer.headers()['x-content-type-options']).toBe('nosniff');
    }
    expect(await agent.page.evaluate(() => ('evil' in window ? (window as { evil?: string }).evil : ''))).toBe('');
    expect(await agent.page.title()).not.toContain('evil');
  });
});
