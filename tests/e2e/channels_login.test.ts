/* Accounts connected by signing in at the platform, in the browser, against the stand-in's dialogs: refused, then allowed, an account
   chosen, a message in; an access that is taken away shows, and signing in again brings the account back with its history. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, items, signUp } from '../api/lib/people.ts';
import { freePort, until } from '../api/lib/server.ts';
import { metaEnv } from '../channels/lib/meta.ts';
import { type Graph, startGraph } from '../graph/graph.mjs';
import { look } from './lib/look.ts';
import { Stage, patience } from './lib/stage.ts';

vi.setConfig({ testTimeout: 300_000 });

const s = new Stage();
let graph: Graph;
let org: Organization;

beforeAll(async () => {
  graph = await startGraph();
  const port = await freePort();
  await s.start({ port, env: { ...metaEnv(graph), INTERFLOW_PUBLIC_URL: `http://127.0.0.1:${port}` } });
  org = await signUp(s.url);
  await graph.subscribe('page', `${s.url}/hooks/messenger`, 'installation');
  await graph.subscribe('whatsapp_business_account', `${s.url}/hooks/whatsapp`, 'installation');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await s.photograph(task.name);
});
afterAll(async () => {
  await s.stop();
  await graph.close();
});

/** Presses the button that opens the platform's window, and there the one that answers; the window goes by itself. */
async function answer(page: Page, opens: Locator, says: string): Promise<void> {
  const [popup] = await Promise.all([page.waitForEvent('popup', { timeout: patience }), opens.click()]);
  const gone = popup.waitForEvent('close', { timeout: patience });
  await popup.getByRole('button', { name: says }).click({ timeout: patience });
  await gone;
}

const channelOf = (kind: string) => items(org.owner.client, org.path('/channels')).then((list) => list.find((one) => one['kind'] === kind));

test('Messenger: refused, then allowed; the page is chosen and its messages come', async () => {
  graph.addPage({ name: 'Quintal da Praia' });
  const { page } = await s.person(org.owner.client, '/settings/channels/new-messenger');
  const form = page.getByRole('form', { name: 'Conectar Messenger' });
  const enter = form.getByRole('button', { name: 'Entrar com Facebook' });
  await enter.waitFor();
  expect(await form.getByRole('button', { name: 'Salvar' }).count()).toBe(0);
  expect(await look(page, 'channels, sign in')).toEqual([]);
  await answer(page, enter, 'Cancel');
  await form.getByText('O acesso não foi permitido. Nada foi conectado.').waitFor();
  expect(await channelOf('messenger')).toBeUndefined();

  await answer(page, enter, 'Continue as');
  await form.getByText('Qual página?').waitFor();
  expect(await form.getByRole('radio').count()).toBe(2);
  await form.getByRole('radio', { name: new RegExp(graph.page.name) }).check();
  expect(await look(page, 'channels, choose a page')).toEqual([]);
  await form.getByRole('button', { name: 'Continuar' }).click();
  await form.getByRole('textbox', { name: 'Nome do canal' }).fill('Página');
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText('Página está conectado.').waitFor();
  await form.getByRole('button', { name: 'Concluir' }).click();
  await page.getByRole('heading', { name: 'Página' }).waitFor();
  await graph.messengerCustomer({ name: 'Bia Reis' }).sends.text('Bom dia!');
  await page.getByText('recebidas').waitFor();
  await until('the message', async () => (await items(org.owner.client, org.path('/chats'), { view: 'any' })).length === 1, patience);

  // Those that are connected are said so and cannot be taken twice.
  await page.goto(`${s.url}/settings/channels/new-messenger`);
  await answer(page, enter, 'Continue as');
  await form.getByRole('radio', { name: 'Quintal da Praia' }).waitFor();
  await form.getByText('Já conectada').waitFor();
  expect(await form.getByRole('radio', { name: new RegExp(graph.page.name) }).isDisabled()).toBe(true);
});

test('Instagram: its own window', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels/new-instagram');
  const form = page.getByRole('form', { name: 'Conectar Instagram' });
  await answer(page, form.getByRole('button', { name: 'Entrar com Instagram' }), 'Allow');
  await form.getByText('Qual conta?').waitFor();
  await form.getByRole('button', { name: 'Continuar' }).click();
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText(/está conectado\./).waitFor();
  expect(await channelOf('instagram')).toMatchObject({ status: 'connected', address: `@${graph.instagram.username}` });
});

test('WhatsApp: the number that the business allowed; token, webhook and registration are taken care of', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels/new-whatsapp');
  const form = page.getByRole('form', { name: 'Conectar WhatsApp' });
  await answer(page, form.getByRole('button', { name: 'Entrar com Facebook' }), 'Continue as');
  await form.getByText('Qual número?').waitFor();
  await form.getByRole('button', { name: 'Continuar' }).click();
  await form.getByRole('textbox', { name: 'Nome do canal' }).fill('Recepção');
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText('Recepção está conectado.').waitFor();
  await graph.whatsappCustomer({ phone: '+55 11 98765-4321', name: 'Ana' }).sends.text('Oi, é da clínica?');
  await until('the message', async () => JSON.stringify(await items(org.owner.client, org.path('/chats'), { view: 'any' })).includes('Oi, é da clínica?'), patience);
});

test('an access that was taken away: said in the list with its reason; signed in again it is back', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels');
  const row = page.getByRole('row', { name: /Página/ });
  await row.getByText('Conectado').waitFor();
  const chats = await items(org.owner.client, org.path('/chats'), { view: 'any' });
  const chat = chats.find((one) => JSON.stringify(one).includes('Bia Reis'));
  const used = graph.callsTo(/subscribed_apps/, 'POST').find((call) => call.token?.pageId === graph.page.id)?.tokenText ?? '';
  expect(used).not.toBe('');
  graph.revoke(used);
  ok(await org.owner.client.post(org.path(`/chats/${String(chat?.['id'])}/messages`), { content: 'Bom dia, Bia!', clientId: 'c1' }));
  await row.getByText('Desconectado').waitFor();
  await row.getByText('A Meta não aceita este token de acesso.').waitFor();
  expect(await look(page, 'channels, one cut off')).toEqual([]);
  await row.getByRole('link', { name: 'Conectar de novo' }).click();
  await answer(page, page.getByRole('button', { name: 'Entrar com Facebook' }), 'Continue as');
  await page.getByText('Página está conectado de novo.').waitFor();
  await page.getByRole('link', { name: 'Todos os canais' }).click();
  await row.getByText('Conectado').waitFor();
  // What waited goes out.
  await until('the answer to go out', () => graph.messages.some((one) => JSON.stringify(one).includes('Bom dia, Bia!')), patience);
});
