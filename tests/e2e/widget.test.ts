/* The web chat on a page: the form before the first words, in both lights and on a phone; and a pause in which more was written than one
   page of messages holds. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, items, signUp, unique } from '../api/lib/people.ts';
import { until } from '../api/lib/server.ts';
import { look } from './lib/look.ts';
import { desktop, makeWebchat, patience, phone, stage } from './lib/stage.ts';
import { Widget } from './lib/widget.ts';
import { Wire } from './lib/wire.ts';

const s = stage();
s.expectComplaints(/ERR_(CONNECTION|EMPTY|NETWORK|SOCKET)/, /WebSocket connection to/);
let org: Organization;

beforeAll(async () => {
  org = await signUp(s.url);
});

describe('the form before the first message', () => {
  for (const [where, options] of [
    ['a page', { ...desktop }],
    ['a phone', { ...phone }],
  ] as const)
    test(`on ${where}: nothing that axe objects to, empty, wrong and in the conversation`, async () => {
      const preChat = { enabled: true, fields: ['name', 'email', 'phone'], required: ['name', 'email'] };
      const { key } = await makeWebchat(org, { preChat, welcome: { pt: 'Oi! Como podemos ajudar?' } }, `Form ${unique()}`);
      const { page, context } = await s.visitor(key, options);
      const widget = new Widget(page);
      const wrong: string[] = [];
      const both = async (name: string): Promise<void> => void wrong.push(...(await look(page, `${name}, ${where}`)));
      await both('closed');
      await widget.open();
      await both('form');
      await widget.panel.getByRole('button', { name: /^(Começar|Iniciar)/ }).click();
      await widget.panel.getByText(/Preencha|obrigat/i).first().waitFor();
      await both('form refused');
      await widget.panel.getByRole('textbox', { name: /Nome/ }).fill('Beatriz');
      await widget.panel.getByRole('textbox', { name: /E-mail/ }).fill(`bia-${unique()}@example.com`);
      await widget.panel.getByRole('button', { name: /^(Começar|Iniciar)/ }).click();
      await widget.write('Bom dia!');
      await widget.message('Bom dia!').waitFor();
      await both('conversation');
      expect(wrong).toEqual([]);
      await context.close();
    });
});

test('a pause in which 230 messages were written leaves no gap', async () => {
  const { key } = await makeWebchat(org, {}, 'Pausa');
  const wire = await Wire.to(s.server.port);
  const { page, context } = await s.window();
  await page.goto(s.site.page(`<script src="${wire.url}/widget.js" data-channel="${key}" async></script>`));
  const widget = new Widget(page);
  await widget.open();
  const first = `Oi ${unique()}`;
  await widget.write(first);
  const [chat] = await until('the chat', async () => {
    const list = (await items(org.owner.client, org.path('/chats'))).filter((one) => JSON.stringify(one).includes(first));
    return list.length > 0 ? list : undefined;
  });
  const path = org.path(`/chats/${String(chat?.['id'])}/messages`);
  const say = async (content: string): Promise<void> => void ok(await org.owner.client.post(path, { content, clientId: `w-${unique()}` }), 201);
  await say('resposta 0');
  await widget.message('resposta 0').waitFor();
  wire.pull();
  await widget.panel.getByText('Sem conexão').waitFor();
  for (let i = 1; i <= 230; i++) await say(`resposta ${i}`);
  await widget.write('Ainda estou aqui');
  wire.mend();
  await widget.message('resposta 230').waitFor({ timeout: 90_000 });
  const all = [first, ...Array.from({ length: 231 }, (_, i) => `resposta ${i}`), 'Ainda estou aqui'];
  await expect.poll(() => widget.texts(), { timeout: patience }).toEqual(all);
  await context.close();
  await wire.stop();
});
