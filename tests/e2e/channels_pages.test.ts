/* Messenger and Instagram connected in the browser by a token, with wrong and with right data, against the stand-in platform: each step
   of the test says its reason at its field, and the first message shows by itself. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Organization, items, signUp } from '../api/lib/people.ts';
import { until } from '../api/lib/server.ts';
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
  // No app of its own: accounts are connected by what is typed.
  const { META_APP_ID: _, META_APP_SECRET: __, INSTAGRAM_APP_ID: ___, INSTAGRAM_APP_SECRET: ____, ...env } = metaEnv(graph);
  await s.start({ env });
  org = await signUp(s.url);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await s.photograph(task.name);
});
afterAll(async () => {
  await s.stop();
  await graph.close();
});

const channelOf = (kind: string) => items(org.owner.client, org.path('/channels')).then((list) => list.find((one) => one['kind'] === kind));
const chatWith = (name: string) =>
  until(
    `the chat of ${name}`,
    async () => (await items(org.owner.client, org.path('/chats'), { view: 'any' })).find((one) => JSON.stringify(one).includes(name)),
    patience,
  );

test('Messenger: a token of nobody, of a person, of another page; then the page itself', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels/new-messenger');
  const form = page.getByRole('form', { name: 'Conectar Messenger' });
  const pageId = form.getByRole('textbox', { name: 'ID da página do Facebook' });
  const token = form.getByLabel('Token de acesso', { exact: true });
  const secret = form.getByLabel('Chave secreta do app', { exact: true });
  const steps = form.getByRole('list', { name: 'Teste' });
  const test = form.getByRole('button', { name: /^Testar( de novo)?$/ });
  // The page's id may stay empty; the others may not.
  await expect.poll(() => pageId.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);
  await test.click();
  await form.getByText('Preencha este campo.').first().waitFor();
  expect(await token.getAttribute('aria-invalid')).toBe('true');

  await token.fill('EAAG a token that nobody gave out');
  await secret.fill(graph.app.secret);
  await test.click();
  await steps.getByText('A Meta não aceita este token de acesso.').waitFor();
  expect(await token.getAttribute('aria-invalid')).toBe('true');

  await token.fill(graph.tokens.user);
  await test.click();
  await steps.getByText('O token é de uma pessoa, não da página.').waitFor();
  await steps.getByText('Gere o token da própria página.').waitFor();
  expect(await look(page, 'channels, Messenger with wrong data')).toEqual([]);

  await token.fill(graph.tokens.page);
  await pageId.fill(`${graph.page.id}9`);
  await test.click();
  await steps.getByText('O token é de outra conta.').waitFor();
  expect(await pageId.getAttribute('aria-invalid')).toBe('true');
  expect(await token.getAttribute('aria-invalid')).not.toBe('true');
  expect(await form.getByRole('button', { name: 'Conectar', exact: true }).count()).toBe(0);

  await pageId.fill('');
  await test.click();
  // What was found names the channel.
  const name = form.getByRole('textbox', { name: 'Nome do canal' });
  await name.waitFor();
  expect(await name.inputValue()).toBe(graph.page.name);
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText(`${graph.page.name} está conectado.`).waitFor();
  const webhook = await form.getByRole('group', { name: 'Endereço do webhook' }).locator('input').inputValue();
  const verify = await form.getByRole('group', { name: 'Token de verificação' }).locator('input').inputValue();
  expect(await look(page, 'channels, Messenger connected')).toEqual([]);
  await graph.subscribe('page', webhook, verify);
  await graph.messengerCustomer({ name: 'Bia Reis' }).sends.text('Vocês entregam hoje?');
  await form.getByText(/Última atividade/).waitFor();
  expect(await channelOf('messenger')).toMatchObject({ status: 'connected', externalAccount: graph.page.id });
  await chatWith('Vocês entregam hoje?');
});

test('Instagram: a page without such an account, then the right one; by the token of its own login as well', async () => {
  const bare = graph.addPage({ name: 'Só Facebook' });
  const { page } = await s.person(org.owner.client, '/settings/channels/new-instagram');
  const form = page.getByRole('form', { name: 'Conectar Instagram' });
  const token = form.getByLabel('Token de acesso', { exact: true });
  const steps = form.getByRole('list', { name: 'Teste' });
  const test = form.getByRole('button', { name: /^Testar( de novo)?$/ });
  const from = form.getByRole('combobox', { name: 'De onde vem o token' });
  await from.selectOption('facebook');
  await form.getByLabel('Chave secreta do app', { exact: true }).fill(graph.app.secret);
  await token.fill(graph.token({ kind: 'page', pageId: bare.id }).token);
  await test.click();
  await steps.getByText('Esta página não tem uma conta profissional do Instagram ligada.').waitFor();
  await steps.getByText('Ligue a conta do Instagram à página nas configurações da página.').waitFor();
  expect(await look(page, 'channels, Instagram with wrong data')).toEqual([]);

  await token.fill(graph.tokens.page);
  await form.getByRole('textbox', { name: 'ID da conta do Instagram' }).fill(`${graph.instagram.id}9`);
  await test.click();
  await steps.getByText('O token é de outra conta.').waitFor();
  await form.getByRole('textbox', { name: 'ID da conta do Instagram' }).fill('');

  // The other way in: the account's own token. The secret is that of Instagram's app.
  await from.selectOption('instagram');
  await test.click();
  await steps.getByRole('img', { name: 'Errado' }).waitFor();
  await token.fill(graph.tokens.instagram);
  await form.getByLabel('Chave secreta do app', { exact: true }).fill(graph.app.instagramSecret);
  await test.click();
  await form.getByText(`@${graph.instagram.username}`).waitFor();
  await form.getByRole('textbox', { name: 'Nome do canal' }).fill('Direct');
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText('Direct está conectado.').waitFor();
  const webhook = await form.getByRole('group', { name: 'Endereço do webhook' }).locator('input').inputValue();
  const verify = await form.getByRole('group', { name: 'Token de verificação' }).locator('input').inputValue();
  expect(webhook).toContain('/hooks/instagram/');
  await graph.subscribe('instagram', webhook, verify);
  await graph.instagramCustomer({ name: 'Lia Prado' }).sends.text('Qual o preço do banho?');
  await form.getByText(/Última atividade/).waitFor();
  await chatWith('Qual o preço do banho?');
  await form.getByRole('button', { name: 'Concluir' }).click();
  await page.getByRole('heading', { name: 'Direct' }).waitFor();

  // The same account a second time is refused, and it says so.
  await page.goto(`${s.url}/settings/channels/new-instagram`);
  s.expectComplaints(/status of 4(00|09) .*\/channels\)$/);
  await from.selectOption('instagram');
  await token.fill(graph.tokens.instagram);
  await form.getByLabel('Chave secreta do app', { exact: true }).fill(graph.app.instagramSecret);
  await test.click();
  const again = form.getByText('Esta conta já está conectada em outro canal.').first();
  await form.getByRole('textbox', { name: 'Nome do canal' }).or(again).first().waitFor();
  if (!(await again.isVisible())) {
    await form.getByRole('textbox', { name: 'Nome do canal' }).fill('Direct 2');
    await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  }
  await again.waitFor();
});
