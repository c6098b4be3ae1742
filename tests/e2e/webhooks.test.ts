/* Outgoing webhooks in the settings: made, tried out, looked after and repaired by a person, against a real receiver. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Desk } from '../api/lib/inbox.ts';
import { Receiver, answer, signed } from '../api/lib/receiver.ts';
import { sql } from '../process/lib/command.ts';
import { patience, phone, stage } from './lib/stage.ts';

vi.setConfig({ testTimeout: 300_000 });

const s = stage({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' } });
s.expectComplaints(/status of 400 .*\/webhooks/);
let receiver: Receiver;
let desk: Desk;
beforeAll(async () => {
  receiver = await Receiver.start();
  desk = await Desk.make(s.server);
});
afterAll(() => receiver.stop());
beforeEach(() => {
  receiver.notices.length = 0;
  receiver.behave = answer(200, '{"ok":true}');
});

test('from an empty page to a delivery: made, its secret kept, tried out, its log read', async () => {
  const { page } = await s.person(desk.org.owner.client, '/settings/webhooks');
  await page.getByText('Nenhum webhook ainda').waitFor();
  await page.getByRole('link', { name: 'Novo webhook' }).click();
  await page.getByRole('button', { name: 'Criar webhook' }).click();
  await page.getByText('Marque ao menos um evento.').waitFor();
  await page.getByRole('textbox', { name: 'Nome' }).fill('ERP');
  const url = page.getByRole('textbox', { name: 'Endereço' });
  await url.fill('http://10.1.2.3/');
  await page.getByRole('checkbox', { name: 'Mensagem recebida' }).check();
  await page.getByRole('checkbox', { name: 'Conversas', exact: true }).check();
  await page.getByRole('button', { name: 'Criar webhook' }).click();
  await page.getByText('Este endereço é de uma rede interna e não pode ser chamado.').waitFor();
  await url.fill(receiver.url);
  await page.getByRole('button', { name: 'Criar webhook' }).click();
  await page.getByText('Copie o segredo agora').waitFor();
  const secret = await page.getByRole('textbox', { name: 'Segredo' }).inputValue();
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole('button', { name: 'Já guardei' }).click();

  await page.getByText('Nada enviado ainda').waitFor();
  await page.getByRole('button', { name: 'Enviar teste' }).click();
  await page.getByText(/^Funcionou: respondeu 200/).waitFor();
  expect(signed(await receiver.wait('ping'), secret)).toBe(true);
  await desk.guest('Tem brigadeiro?');
  expect(signed(await receiver.wait('message.received'), secret)).toBe(true);
  expect(signed(await receiver.wait('chat.created'), secret)).toBe(true);
  await page.reload();
  await page.getByRole('button', { name: /Mensagem recebida/ }).click();
  const entry = page.getByRole('dialog', { name: 'Mensagem recebida' });
  await entry.getByText('"content": "Tem brigadeiro?"', { exact: false }).waitFor();
  await entry.getByText('"ok": true', { exact: false }).waitFor();
  await entry.getByRole('button', { name: 'Reenviar' }).click();
  await expect.poll(() => receiver.of('message.received').length, { timeout: patience }).toBe(2);
});

test('a receiver that fails: said so, given up, sent again; gone: switched off, told on every page, on again', async () => {
  const hook = JSON.parse(
    (await desk.owner.call('webhooks.create', {}, { json: { name: 'Planilha', url: receiver.url, events: ['message.received'] } })).text,
  ) as { id: string };
  receiver.behave = answer(500, 'cheio');
  await desk.guest('um');
  await receiver.wait('message.received');
  sql(s.server.dataDir, `update webhook_deliveries set tries = 11, due_at = now() where webhook_id = '${hook.id}'`);
  sql(s.server.dataDir, `update jobs set due_at = now() where kind = 'webhook.deliver'`);
  const { page } = await s.person(desk.org.owner.client, `/settings/webhooks/${hook.id}`);
  await page.getByText('Respondeu 500.').first().waitFor();
  await page.getByText(/Falhando/).first().waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Reenviar não entregues' }).count(), { timeout: patience }).toBe(1);
  receiver.behave = answer(200);
  await page.getByRole('button', { name: 'Reenviar não entregues' }).click();
  await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Reenviar não entregues' }).click();
  await page.getByRole('button', { name: /Mensagem recebida.*Entregue/s }).waitFor();

  const elsewhere = await s.person(desk.org.owner.client, '/customers');
  await elsewhere.page.getByRole('heading', { level: 1 }).waitFor();
  receiver.behave = answer(410);
  await desk.guest('dois');
  // The webhook of the test before has the same receiver: there are two of these.
  const told = elsewhere.page.getByRole('status').or(elsewhere.page.getByRole('alert')).filter({ hasText: 'O webhook Planilha foi desligado: o endereço não existe mais.' });
  await told.getByRole('button', { name: 'Abrir' }).click();
  await elsewhere.page.getByText(/o sistema respondeu que o endereço não existe mais/).waitFor();
  await elsewhere.page.getByRole('button', { name: 'Ligar de novo' }).click();
  await expect.poll(() => sql(s.server.dataDir, `select active from webhooks where id = '${hook.id}'`), { timeout: patience }).toBe('t');
});

test('on a telephone nothing is wider than the screen', async () => {
  const { page } = await s.person(desk.org.owner.client, '/settings/webhooks', phone);
  await page.getByRole('link', { name: /Planilha/ }).click();
  await page.getByRole('button', { name: 'Enviar teste' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
