/* Connecting WhatsApp in the browser against the stand-in platform, with wrong and with right data; then all that the account's page can do:
   the test, pausing, the log with a body that was not understood, templates, new secrets, deleting without losing what was said. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, items, signUp } from '../api/lib/people.ts';
import { until } from '../api/lib/server.ts';
import { sql } from '../process/lib/command.ts';
import { metaEnv } from '../channels/lib/meta.ts';
import { type Graph, startGraph } from '../graph/graph.mjs';
import { look } from './lib/look.ts';
import { Stage, patience, phone } from './lib/stage.ts';

vi.setConfig({ testTimeout: 300_000 });

const s = new Stage();
let graph: Graph;
let org: Organization;
let channelId = '';
let webhook = '';

beforeAll(async () => {
  graph = await startGraph();
  // No app of its own: accounts are connected by what is typed.
  const { META_APP_ID: _, META_APP_SECRET: __, INSTAGRAM_APP_ID: ___, INSTAGRAM_APP_SECRET: ____, ...env } = metaEnv(graph);
  await s.start({ env });
  // Refused on purpose: wrong tokens, a template that is there already.
  s.expectComplaints(/status of 4(00|09|22) /);
  org = await signUp(s.url);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await s.photograph(task.name);
});
afterAll(async () => {
  await s.stop();
  await graph.close();
});

const seen = async (page: Parameters<typeof look>[0], name: string): Promise<void> => expect(await look(page, name)).toEqual([]);

test('WhatsApp is connected: what is wrong stands at its field, what is right shows the number', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels');
  await page.getByText('Comece por onde seus clientes já escrevem.').waitFor();
  await seen(page, 'channels, none');
  await page.getByRole('link', { name: /^WhatsApp/ }).click();
  const form = page.getByRole('form', { name: 'Conectar WhatsApp' });
  const number = form.getByRole('textbox', { name: 'ID do número de telefone' });
  await form.getByRole('button', { name: 'Testar' }).click();
  await form.getByText('Preencha este campo.').first().waitFor();
  await expect.poll(() => number.evaluate((e) => e === document.activeElement), { timeout: patience }).toBe(true);

  await number.fill(graph.phone.id);
  await form.getByRole('textbox', { name: 'ID da conta do WhatsApp Business' }).fill(`${graph.waba.id}9`);
  const token = form.getByLabel('Token de acesso', { exact: true });
  await token.fill('EAAG a token that nobody gave out');
  const secret = form.getByLabel('Chave secreta do app', { exact: true });
  await secret.fill('0123456789abcdef0123456789abcdef');
  await form.getByRole('button', { name: 'Testar' }).click();
  const steps = form.getByRole('list', { name: 'Teste' });
  await steps.getByText('O token não é válido.').waitFor();
  await steps.getByText('Copie o token inteiro, sem espaços.').waitFor();
  expect(await token.getAttribute('aria-invalid')).toBe('true');
  expect(await form.getByRole('button', { name: 'Conectar', exact: true }).count()).toBe(0);

  await token.fill(graph.tokens.whatsapp);
  await form.getByRole('button', { name: 'Testar de novo' }).click();
  await steps.getByText('Esta conta do WhatsApp Business não existe').waitFor();
  await steps.getByText('A Meta não reconhece este ID de app com esta chave secreta.').waitFor();
  await seen(page, 'channels, WhatsApp with wrong data');

  await form.getByRole('textbox', { name: 'ID da conta do WhatsApp Business' }).fill(graph.waba.id);
  await secret.fill(graph.app.secret);
  await form.getByRole('button', { name: 'Testar de novo' }).click();
  await form.getByRole('textbox', { name: 'Nome do canal' }).waitFor();
  expect(await steps.getByRole('img', { name: 'Errado' }).count()).toBe(0);
  expect(await steps.getByRole('img', { name: 'Certo' }).count()).toBeGreaterThan(3);
  // What was tested is what is connected: a change asks for another test.
  await secret.fill(`${graph.app.secret}1`);
  expect(await form.getByRole('button', { name: 'Conectar', exact: true }).count()).toBe(0);
  await secret.fill(graph.app.secret);
  await form.getByRole('button', { name: 'Testar de novo' }).click();
  await form.getByRole('textbox', { name: 'Nome do canal' }).fill('Recepção');
  await seen(page, 'channels, WhatsApp tested');
  await form.getByRole('button', { name: 'Conectar', exact: true }).click();
  await form.getByText('Recepção está conectado.').waitFor();
  await form.getByText('Esperando a primeira mensagem').waitFor();
  await seen(page, 'channels, WhatsApp connected');
  webhook = await form.getByRole('group', { name: 'Endereço do webhook' }).locator('input').inputValue();
  const verify = await form.getByRole('group', { name: 'Token de verificação' }).locator('input').inputValue();
  expect(webhook).toContain('/hooks/whatsapp/');

  channelId = String((await items(org.owner.client, org.path('/channels')))[0]?.['id']);
  // Pasted at the platform; the first message shows here by itself.
  await graph.subscribe('whatsapp_business_account', webhook, verify);
  await graph.whatsappCustomer({ phone: '+55 11 98765-4321', name: 'Ana' }).sends.text('Oi, vocês abrem hoje?');
  await form.getByText(/Última atividade/).waitFor();
  await form.getByRole('button', { name: 'Concluir' }).click();
  await page.getByRole('heading', { name: 'Recepção' }).waitFor();
  expect(page.url()).toContain(channelId);
});

test('the account says how it is, tests itself, pauses and goes on', async () => {
  const { page } = await s.person(org.owner.client, `/settings/channels/${channelId}`);
  await page.getByText('Alta', { exact: true }).waitFor();
  await page.getByText('Aprovado', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Testar' }).click();
  const steps = page.getByRole('list', { name: 'Teste' });
  await steps.getByText('Webhook').waitFor();
  await seen(page, 'channel, overview');

  await page.getByRole('link', { name: 'Conexão' }).click();
  await page.getByRole('button', { name: 'Pausar' }).click();
  await page.getByText('Recepção está pausado.').waitFor();
  await page.getByRole('heading', { name: 'Este canal está pausado' }).waitFor();
  await page.getByRole('link', { name: 'Visão geral' }).click();
  await page.getByText('Este canal está pausado: nada entra e nada sai.').waitFor();
  await page.getByRole('link', { name: 'Todos os canais' }).click();
  const row = page.getByRole('row', { name: /Recepção/ });
  await row.getByText('Pausado').waitFor();
  await row.getByRole('button', { name: 'Retomar' }).click();
  await row.getByText('Conectado').waitFor();
  await seen(page, 'channels, list');
});

test('a body that is not understood is parked, shown and played again', async () => {
  const tell = (): Promise<void> =>
    until('the body to be parked', () => sql(s.server.dataDir, `select count(*) from channel_bodies where channel_id = '${channelId}' and state = 'parked'`) !== '0', patience).then(() => undefined);
  // Of another number of the same app, which nobody has connected here.
  const body = {
    object: 'whatsapp_business_account',
    entry: [{ id: graph.waba.id, changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '551130000000', phone_number_id: '999999999999999' }, contacts: [{ profile: { name: 'Rui <b>' }, wa_id: '5511955554444' }], messages: [{ from: '5511955554444', id: 'wamid.PARKED', timestamp: '1795000000', type: 'text', text: { body: 'Ol\u00e1 <script>' } }] } }] }],
  };
  expect((await graph.webhooks.post('whatsapp_business_account', body, { url: webhook })).status).toBe(200);
  await tell();
  const { page } = await s.person(org.owner.client, `/settings/channels/${channelId}?tab=log`);
  await page.getByText('1 aviso não foi entendido e está parado.').waitFor();
  await page.getByRole('button', { name: 'Recebido' }).click();
  await page.getByRole('combobox', { name: 'Situação' }).selectOption('parked');
  const line = page.getByRole('row', { name: /Parado/ });
  await line.waitFor();
  // The head and the one.
  await expect.poll(() => page.getByRole('row').count(), { timeout: patience }).toBe(2);
  await line.getByRole('link').click();
  const entry = page.getByRole('form', { name: 'O que chegou' });
  await entry.getByText('É de uma conta que não está conectada aqui.').waitFor();
  const shown = entry.getByRole('region', { name: 'Corpo' });
  await expect.poll(() => shown.innerText(), { timeout: patience }).toContain('"body": "Olá <script>"');
  await seen(page, 'channel, log entry');
  await entry.getByRole('button', { name: 'Reprocessar' }).click();
  await page.getByText('Vai ser processado de novo agora.').waitFor();
  await tell();
  await page.getByRole('button', { name: 'Fechar' }).last().click();
  await page.getByRole('button', { name: 'Reprocessar todos' }).click();
  await page.getByText('1 aviso vai ser processado de novo.').waitFor();

  await page.getByRole('button', { name: 'Tudo' }).click();
  await page.getByRole('textbox', { name: 'Buscar no conteúdo' }).fill('subscribed_apps');
  await page.getByRole('row', { name: /Assinar avisos/ }).first().waitFor();
  await seen(page, 'channel, log');
});

test('templates are fetched, made with their examples, and deleted', async () => {
  const { page } = await s.person(org.owner.client, `/settings/channels/${channelId}?tab=templates`);
  await page.getByRole('button', { name: 'Sincronizar' }).click();
  await page.getByText(/modelos?, tudo em dia/).waitFor();
  await seen(page, 'channel, templates');
  await page.getByRole('link', { name: 'Novo modelo' }).click();
  const form = page.getByRole('form', { name: 'Novo modelo' });
  await form.getByRole('button', { name: 'Enviar para aprovação' }).click();
  await form.getByText('Dê um nome.').waitFor();
  await form.getByRole('textbox', { name: 'Nome', exact: true }).fill('Pedido Saiu');
  expect(await form.getByRole('textbox', { name: 'Nome', exact: true }).inputValue()).toBe('pedido_saiu');
  const text = form.getByRole('textbox', { name: 'Texto', exact: true });
  await text.fill('{{1}}');
  await form.getByText('O texto não pode começar nem terminar com uma variável.').waitFor();
  await text.fill('Olá, {{1}}! Seu pedido *{{2}}* saiu.');
  await form.getByRole('textbox', { name: '{{1}}' }).fill('Ana');
  await form.getByRole('button', { name: 'Enviar para aprovação' }).click();
  await form.getByText('Dê um exemplo.').waitFor();
  await form.getByRole('textbox', { name: '{{2}}' }).fill('4021');
  await form.getByRole('button', { name: 'Adicionar botão' }).click();
  await form.getByRole('textbox', { name: 'Texto do botão' }).fill('Acompanhar');
  await form.locator('figure').getByText('Acompanhar').waitFor();
  expect(await form.locator('figure').innerText()).toContain('Olá, Ana! Seu pedido 4021 saiu.');
  await seen(page, 'channel, new template');
  await form.getByRole('button', { name: 'Enviar para aprovação' }).click();
  const made = page.getByRole('form', { name: 'pedido_saiu' });
  await made.waitFor();
  expect(graph.warnings).toEqual([]);
  await page.getByRole('row', { name: /pedido_saiu/ }).waitFor();
  await made.getByRole('button', { name: 'Excluir' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Excluir' }).click();
  await page.getByText('Modelo pedido_saiu excluído.').waitFor();
  await page.getByRole('row', { name: /pedido_saiu/ }).waitFor({ state: 'hidden' });
});

test('what it says by itself is set by language; new secrets are tested before they are taken', async () => {
  const { page } = await s.person(org.owner.client, `/settings/channels/${channelId}?tab=settings`);
  await page.getByRole('textbox', { name: 'Boas-vindas' }).fill('Oi! Já vamos responder.');
  await page.locator('figure').getByText('Oi! Já vamos responder.').waitFor();
  await page.getByRole('radio', { name: /Nestes horários/ }).check();
  await page.getByRole('textbox', { name: 'Fora do horário' }).fill('Voltamos amanhã.');
  await seen(page, 'channel, settings');
  await page.getByRole('button', { name: 'Salvar' }).click();
  await page.getByText('Salvo', { exact: true }).waitFor();
  const now = ok(await org.owner.client.get(org.path(`/channels/${channelId}`)));
  expect([now.get('greeting'), now.get('away')]).toEqual([{ pt: 'Oi! Já vamos responder.' }, { pt: 'Voltamos amanhã.' }]);

  await page.getByRole('link', { name: 'Conexão' }).click();
  const form = page.getByRole('form', { name: 'Conectar de novo' });
  await form.getByLabel('Token de acesso', { exact: true }).fill('EAAG another token that nobody gave');
  await form.getByRole('button', { name: 'Testar e conectar' }).click();
  await form.getByText('O token não é válido.').waitFor();
  await seen(page, 'channel, connection');
  await form.getByLabel('Token de acesso', { exact: true }).fill(graph.tokens.whatsapp);
  await form.getByRole('button', { name: 'Testar e conectar' }).click();
  await page.getByText('Recepção está conectado de novo.').waitFor();
});

test('on a phone everything is in reach', async () => {
  const { page } = await s.person(org.owner.client, '/settings/channels', phone);
  await page.getByRole('row', { name: /Recepção/ }).waitFor();
  await seen(page, 'channels, phone');
  await page.getByRole('link', { name: /Recepção/ }).click();
  await page.getByText('Últimas 24 horas').waitFor();
  await seen(page, 'channel, overview, phone');
  for (const [tab, name] of [['Registro', 'log'], ['Modelos', 'templates'], ['Configurações', 'settings']] as const) {
    await page.getByRole('navigation', { name: 'Recepção' }).getByRole('link', { name: tab }).click();
    await page.waitForLoadState('networkidle');
    await seen(page, `channel, ${name}, phone`);
  }
});

test('deleting asks for the name and keeps the conversations', async () => {
  const { page } = await s.person(org.owner.client, `/settings/channels/${channelId}?tab=connection`);
  await page.getByRole('button', { name: 'Excluir canal' }).click();
  const ask = page.getByRole('dialog');
  expect(await ask.getByRole('button', { name: 'Excluir canal' }).isDisabled()).toBe(true);
  await ask.getByRole('textbox').fill('Recepção');
  await ask.getByRole('button', { name: 'Excluir canal' }).click();
  await page.getByText('Canal Recepção excluído.').waitFor();
  await page.goto(`${s.url}/inbox`);
  await page.getByText('Oi, vocês abrem hoje?').first().waitFor();
});
