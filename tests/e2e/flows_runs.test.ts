/* Around the editor of flows: one is started by hand from a chat, rests, goes on and is stopped; what failed says why and is
   tried again from its trace; a recorded test stands in the way of publishing; a file lacks a team; a live call is listened
   to and its values are picked. */
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type JsonObject, isObject, ok } from '../api/lib/client.ts';
import { type Organization, signUp, unique } from '../api/lib/people.ts';
import { graph, options } from '../flows/lib/draw.ts';
import { look } from './lib/look.ts';
import { desktop, makeWebchat, phone, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage();
/* Publishing is refused on purpose. */
s.expectComplaints(/status of 409/);
let org: Organization;
let key: string;
const rating = 'Pesquisa de satisfação';
const waiting = 'Menu parado';

interface Made {
  id: string;
  path: string;
}

async function make(name: string, drawing: JsonObject, live = true): Promise<Made> {
  const made = ok(await org.owner.client.post(org.path('/flows'), { name, kind: 'general' }), 201);
  const id = made.str('id');
  const path = org.path(`/flows/${id}`);
  ok(await org.owner.client.put(`${path}/draft`, { graph: drawing, revision: Number(made.get('draftRevision')) }));
  if (live) {
    ok(await org.owner.client.post(`${path}/publish`, { note: '' }));
    await turn(path, true);
  }
  return { id, path };
}
async function turn(path: string, enabled: boolean): Promise<void> {
  ok(await org.owner.client.patch(path, { enabled }));
}
async function talker(): Promise<Talker> {
  const one = new Talker(org, key, `Cliente ${unique()}`);
  await one.write('Bom dia');
  return one;
}
const byHand: JsonObject[] = [{ id: 'hand', kind: 'manual', enabled: true, priority: 0 }];
const side = (page: Page): Locator => page.locator('aside.side');

beforeAll(async () => {
  org = await signUp(s.url);
  ({ key } = await makeWebchat(org, {}, 'Site'));
  await make(
    rating,
    graph({
      triggers: byHand,
      variables: [{ name: 'nota', type: 'number' }],
      nodes: [
        ['q', 'question', { text: 'De 0 a 10?', kind: 'number', variable: 'nota', min: 0, max: 10 }, 'Pergunta da nota'],
        ['m', 'message', { text: 'Obrigado pela nota {{nota}}!' }],
      ],
      ways: ['start.next > q', 'q.next > m'],
    }),
  );
  await make(
    waiting,
    graph({ triggers: byHand, nodes: [['menu', 'menu', { text: 'Qual?', options: options('Um', 'Dois') }]], ways: ['start.next > menu'] }),
  );
});

describe('by hand from a chat', () => {
  test('by keyboard: started, paused, let go on with what came meanwhile, replaced, stopped', async () => {
    const customer = await talker();
    const { page } = await s.person(org.owner.client, `/inbox/${await customer.chat()}`, desktop);
    await page.getByText('Bom dia').last().waitFor();
    await page.keyboard.press('f');
    const dialog = page.getByRole('dialog', { name: 'Iniciar um fluxo' });
    await dialog.getByRole('radio', { name: waiting }).waitFor();
    expect(await look(page, 'starting a flow by hand')).toEqual([]);
    await expect.poll(() => dialog.getByRole('radio', { name: waiting }).evaluate((el) => el === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByText(`O fluxo ${rating} está atendendo.`).waitFor();
    await page.getByText('Está em: Pergunta da nota.').waitFor();
    await page.getByText('De 0 a 10?').last().waitFor();

    await page.getByRole('button', { name: 'Pausar', exact: true }).click();
    await page.getByText(`O fluxo ${rating} está pausado.`).waitFor();
    expect(await look(page, 'a paused flow in a chat')).toEqual([]);
    await customer.write('9');
    await page.getByRole('log').getByText('9', { exact: true }).or(page.locator('.msg.in').getByText('9', { exact: true })).first().waitFor();
    await page.getByRole('button', { name: 'Retomar', exact: true }).click();
    await page.getByRole('menuitem', { name: /^Retomar o que chegou conta/ }).click();
    await page.getByText('Obrigado pela nota 9!').last().waitFor();
    await page.getByText(`O fluxo ${rating} está`).waitFor({ state: 'detached' });

    /* One that waits, and another in its place. */
    await page.keyboard.press('f');
    await dialog.getByRole('button', { name: 'Iniciar fluxo' }).click();
    await page.getByText(`O fluxo ${waiting} está atendendo.`).waitFor();
    await page.keyboard.press('f');
    await dialog.getByText(`O fluxo ${waiting} está nesta conversa.`).waitFor();
    await dialog.getByRole('radio', { name: rating }).check();
    await dialog.getByRole('button', { name: 'Trocar de fluxo' }).click();
    await page.getByText(`O fluxo ${rating} está atendendo.`).waitFor();

    await page.getByRole('button', { name: 'Parar', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Parar', exact: true }).click();
    await page.getByText(`O fluxo ${rating} está`).waitFor({ state: 'detached' });
  });

  test('on a phone: from the menu of the chat', async () => {
    const customer = await talker();
    const { page } = await s.person(org.owner.client, `/inbox/${await customer.chat()}`, phone);
    await page.getByRole('button', { name: 'Mais ações' }).tap();
    await page.getByRole('menuitem', { name: /^Iniciar fluxo/ }).tap();
    await page.getByRole('dialog').getByText(waiting).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Iniciar fluxo' }).tap();
    await page.getByText(`O fluxo ${waiting} está atendendo.`).waitFor();
    expect(await look(page, 'a flow in a chat on a phone')).toEqual([]);
  });
});

test('a run that failed says why in the chat and is tried again from its trace', async () => {
  const called = await make('Chamado', graph({ nodes: [['m', 'message', { text: 'Aqui é o chamado.' }]], ways: ['start.next > m'] }));
  const name = `Chama outro ${unique()}`;
  const flow = await make(
    name,
    graph({ triggers: byHand, nodes: [['c', 'call', { flowId: called.id }, 'Passar adiante']], ways: ['start.next > c'] }),
  );
  await turn(called.path, false);
  const customer = await talker();
  const chat = await customer.chat();
  ok(await org.owner.client.post(org.path(`/chats/${chat}/flow`), { flowId: flow.id }), 201);
  const { page } = await s.person(org.owner.client, `/inbox/${chat}`, desktop);
  await page.getByText(`O fluxo ${name} parou`).waitFor();
  await page.getByText('O outro fluxo não está no ar.').waitFor();
  expect(await look(page, 'a chat whose flow failed')).toEqual([]);

  await turn(called.path, true);
  await page.getByRole('link', { name: 'Ver a execução' }).click();
  await side(page).getByText('Falhou').waitFor();
  await side(page).getByRole('listitem').filter({ hasText: 'Passar adiante' }).getByRole('button').click();
  await side(page).getByText('Quando').first().waitFor();
  expect(await look(page, 'the trace of a failed run')).toEqual([]);
  await side(page).getByRole('button', { name: 'Tentar de novo' }).click();
  await side(page).getByText('Terminada').waitFor();
  /* Found again by its state and by its customer's name. */
  await side(page).getByRole('button', { name: 'Todas as execuções' }).click();
  await side(page).getByRole('combobox', { name: 'Estado' }).selectOption('failed');
  await side(page).getByText('Nenhuma execução neste período.').waitFor();
  await side(page).getByRole('combobox', { name: 'Estado' }).selectOption('done');
  await side(page).getByRole('textbox', { name: 'Buscar por cliente' }).fill(customer.name);
  await side(page).getByRole('listitem').filter({ hasText: customer.name }).waitFor();
});

test('a recorded test that does not pass stands in the way of publishing, until one wants it all the same', async () => {
  const flow = await make(
    `Gravado ${unique()}`,
    graph({
      triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
      nodes: [
        ['menu', 'menu', { text: 'O que deseja?', options: options('Banho', 'Loja') }],
        ['d', 'delay', { mode: 'duration', durationMs: 7_200_000 }],
        ['m', 'message', { text: 'Banho custa 60.' }, 'Preço'],
      ],
      ways: ['start.next > menu', 'menu.a > d', 'd.next > m'],
    }),
  );
  await turn(flow.path, false);
  const { page } = await s.person(org.owner.client, `/flows/${flow.id}`, desktop);
  await page.getByRole('button', { name: 'Testar' }).click();
  const panel = page.getByRole('complementary', { name: 'Teste do rascunho' });
  await panel.getByRole('textbox', { name: 'Primeira mensagem' }).fill('oi');
  await page.keyboard.press('Enter');
  await panel.getByRole('button', { name: 'Banho', exact: true }).click();
  await panel.getByRole('button', { name: 'Avançar o relógio' }).click();
  await panel.getByText('O fluxo terminou.').waitFor();
  expect(await page.locator('.flow-card.is-ran').count()).toBeGreaterThanOrEqual(4);
  await panel.getByRole('button', { name: 'Gravar como teste' }).click();
  await panel.getByRole('textbox', { name: 'Nome do teste' }).fill('Quem quer banho');
  await panel.getByRole('button', { name: 'Gravar', exact: true }).click();
  await panel.getByRole('button', { name: 'Rodar todos' }).click();
  await panel.getByLabel('passou').or(panel.getByRole('img', { name: 'passou' })).first().waitFor();
  expect(await look(page, 'the test panel')).toEqual([]);
  await panel.getByRole('button', { name: 'Fechar teste' }).click();

  const draft = ok(await org.owner.client.get(flow.path));
  const drawing = JSON.parse(JSON.stringify(draft.get('draft')).replace('Banho custa 60.', 'Banho custa 70.')) as JsonObject;
  ok(await org.owner.client.put(`${flow.path}/draft`, { graph: drawing, revision: Number(draft.get('draftRevision')) }));
  await page.reload();
  await page.getByRole('button', { name: 'Publicar', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 teste gravado não passou.').waitFor();
  await dialog.getByText('Banho custa 70.').first().waitFor();
  expect(await look(page, 'publishing with a test that fails')).toEqual([]);
  await dialog.getByRole('button', { name: 'Publicar mesmo assim' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Rascunho, versão 3/ }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Versões' }).click();
  await side(page).getByText('Versão 2').waitFor();
  await side(page).getByRole('button', { name: 'O que mudou nela' }).click();
  await side(page).getByText('Banho custa 60.').waitFor();
  await side(page).getByText('Banho custa 70.').waitFor();
  expect(await look(page, 'two versions compared')).toEqual([]);
});

test('a file from elsewhere: what it lacks here gets another in its place, the rest is told', async () => {
  const team = ok(await org.owner.client.post(org.path('/teams'), { name: `Atendimento ${unique()}` }), 201);
  const teamId = team.str('id');
  const flow = await make(
    `De fora ${unique()}`,
    graph({
      triggers: byHand,
      nodes: [
        ['m', 'message', { text: 'Olá {{customer.fields.apelido_raro}}' }],
        ['t', 'transfer', { teamId }],
      ],
      ways: ['start.next > m', 'm.next > t'],
    }),
    false,
  );
  const file = ok(await org.owner.client.get(`${flow.path}/export`)).text.replaceAll(teamId, '0123c0de-1111-7111-8111-111111111111');
  const other = file.replace(/("0123c0de-1111-7111-8111-111111111111"\s*:\s*)"[^"]*"/, '$1"Equipe de outra casa"');
  const { page } = await s.person(org.owner.client, '/flows', desktop);
  await page.getByRole('button', { name: 'Importar' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=file]').setInputFiles({ name: 'fluxo.json', mimeType: 'application/json', buffer: Buffer.from(other) });
  await dialog.getByLabel('Equipe: Equipe de outra casa').selectOption({ label: team.str('name') });
  expect(await look(page, 'importing a flow')).toEqual([]);
  await dialog.getByRole('button', { name: 'Importar', exact: true }).click();
  await dialog.getByText('apelido_raro').waitFor();
  expect(await dialog.getByText('Equipe de outra casa').count()).toBe(0);
  await dialog.getByRole('button', { name: 'Abrir o fluxo' }).click();
  await page.locator('[data-card]').filter({ hasText: team.str('name') }).waitFor();
});

test('a webhook is listened to before it is published, and its values are picked from a live call', async () => {
  const flow = await make(
    `Pedidos ${unique()}`,
    graph({ triggers: [{ id: 'h', kind: 'webhook', enabled: true, priority: 0, check: 'bearer', contactKind: 'whatsapp' }], nodes: [], ways: [] }),
    false,
  );
  const { page } = await s.person(org.owner.client, `/flows/${flow.id}`, desktop);
  await page.locator('[data-card] header').first().click();
  await side(page).getByRole('button', { name: 'Gerar segredo' }).click();
  const secret = await side(page).getByLabel('Segredo', { exact: true }).and(page.locator('input')).inputValue();
  const address = new URL(await side(page).getByLabel('Endereço a chamar').and(page.locator('input')).inputValue());
  await side(page).getByRole('button', { name: 'Escutar uma chamada' }).click();
  await side(page).getByText('Escutando').waitFor();
  const answer = await fetch(s.url + address.pathname, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
    body: JSON.stringify({ event: 'order.paid', person: { phone: '+5511984217730' }, order: { number: 4711 } }),
  });
  expect(answer.status).toBe(202);
  await side(page).getByText('4711').waitFor();
  await side(page).getByRole('button', { name: 'Usar person.phone' }).or(side(page).getByRole('button', { name: /person\.phone/ })).first().click();
  await page.getByRole('menuitemcheckbox', { name: 'Onde está o contato' }).click();
  await side(page).getByRole('button', { name: /order\.number/ }).first().click();
  await page.getByRole('menuitem', { name: 'Guardar na variável nova number' }).click();
  await side(page).getByText('usado em: number').waitFor();
  await page.getByText('Salvo agora.').waitFor();
  expect(await look(page, 'a webhook that was listened to')).toEqual([]);
  const draft = ok(await org.owner.client.get(flow.path)).get('draft');
  const start = isObject(draft) && Array.isArray(draft['nodes']) ? draft['nodes'].find((n) => isObject(n) && n['type'] === 'start') : undefined;
  expect(JSON.stringify(start)).toContain('"path":"order.number"');
  expect(JSON.stringify(start)).toContain('"contactPath":"person.phone"');
});
