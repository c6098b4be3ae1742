/* A request of a flow that is tried from its form against a server that answers; what the conversation says of flows that wait for an
   answer or were kept from beginning; the panels of the editor on a phone. */
import { type Server, createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ok } from '../api/lib/client.ts';
import { type Organization, makeKey, signUp, unique } from '../api/lib/people.ts';
import { graph } from '../flows/lib/draw.ts';
import { sql } from '../process/lib/command.ts';
import { card, form, makeFlow } from './lib/flows.ts';
import { look } from './lib/look.ts';
import { makeWebchat, phone, stage } from './lib/stage.ts';
import { Talker } from './lib/talk.ts';

const s = stage({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' } });
/* A call that cannot be made is refused on purpose. */
s.expectComplaints(/status of 400 .*\/http-test\)$/);
let org: Organization;
let peer: Server;
let at = '';
const seen: string[] = [];

beforeAll(async () => {
  org = await signUp(s.url);
  peer = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
      const busy = request.url === '/busy';
      response.writeHead(busy ? 503 : 200, { 'Content-Type': 'application/json' });
      response.end(busy ? '{"why": "busy"}' : '{"order": {"state": "pago", "total": 12.5}}');
    });
  });
  await new Promise<void>((done) => peer.listen(0, '127.0.0.1', done));
  const address = peer.address();
  at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(() => {
  peer.closeAllConnections();
  peer.close();
});

test('a request is tried as it is drawn, and what went wrong is said in words', async () => {
  const mapping = [
    { path: 'order.total', variable: 'total' },
    { path: 'order.nothing', variable: 'nada' },
    { path: 'order.state', variable: 'dia' },
  ];
  const { id, draft } = await makeFlow(
    org,
    `Consulta ${unique()}`,
    graph({
      variables: [{ name: 'pedido', type: 'text' }, { name: 'total', type: 'number' }, { name: 'dia', type: 'date' }],
      nodes: [
        ['good', 'http', { method: 'POST', url: `${at}/orders/{{ pedido }}`, body: '{"n": {{ pedido | json }}}', mapping }, 'Consultar pedido'],
        ['busy', 'http', { method: 'GET', url: `${at}/busy` }, 'Ocupado'],
        ['inner', 'http', { method: 'GET', url: 'http://10.1.2.3/x' }, 'Por dentro'],
        ['bad', 'http', { method: 'POST', url: `${at}/`, body: '{"n": {{ pedido }}' }, 'Torto'],
      ],
      ways: ['start.next > good'],
    }),
  );
  const { page } = await s.person(org.owner.client, `/flows/${id}`);
  const side = form(page);
  const open = async (name: string): Promise<void> => {
    await card(page, name).locator('header').click();
    await expect.poll(() => side.locator('input.name').inputValue()).toBe(name);
    await side.getByText('Testar a requisição').click();
  };
  const send = (): Promise<void> => side.getByRole('button', { name: 'Enviar agora' }).click();

  await open('Consultar pedido');
  await side.getByLabel('pedido', { exact: true }).fill('4711');
  await send();
  await side.getByText('200', { exact: true }).waitFor();
  expect(seen.at(-1)).toBe('POST /orders/4711 {"n": "4711"}');
  const tried = side.getByRole('status');
  for (const words of ['nada em order.nothing', 'Um valor não é do tipo da variável.']) await tried.getByText(words).waitFor();
  expect(await look(page, 'desk, flows, a request that was tried')).toEqual([]);

  await open('Ocupado');
  await send();
  await side.getByText('503', { exact: true }).waitFor();
  await side.getByRole('button', { name: /why/ }).click();
  await expect.poll(async () => JSON.stringify(await draft())).toContain('"path":"why"');

  await open('Por dentro');
  await send();
  await tried.getByText('O endereço é de uma rede interna').waitFor();

  await open('Torto');
  await side.getByLabel('pedido', { exact: true }).fill('1');
  await send();
  await tried.getByText('A chamada não pode ser montada com estes valores.').waitFor();
});

test('a conversation says which flow waits for the answer, and that one was kept from beginning', async () => {
  const { id: channelId, key } = await makeWebchat(org);
  const name = `Pesquisa ${unique()}`;
  const flow = await makeFlow(org, name, graph({ triggers: [{ id: 'hand', kind: 'manual', enabled: true, priority: 0 }], nodes: [['m', 'message', { text: 'Obrigado!' }]], ways: ['start.next > m'] }));
  ok(await org.owner.client.post(`${flow.path}/publish`, { note: '' }));
  await new Talker(org, key, `Cliente ${unique()}`).write('Bom dia');
  const [chatId = '', contactValue] = sql(s.server.dataDir, `select c.id || ' ' || k.identifier from chats c join contacts k on k.id = c.contact_id where c.channel_id = '${channelId}'`).trim().split(' ');
  const shop = await makeKey(org);
  const answer = ok(await shop.post(org.path('/chat/create'), { contactType: 'webchat', contactValue, channelId, responseFlowId: flow.id }));
  expect(answer.get('responseFlowScheduled')).toBe(true);
  sql(s.server.dataDir, `select inbox_note_event(c, null, '', 'flow_failed', '{"name": "", "code": "STARTS_LIMIT"}') from chats c where c.id = '${chatId}'`);

  const { page } = await s.person(org.owner.client, `/inbox/${chatId}`, phone);
  await page.getByText('Um fluxo parou e a conversa ficou com a equipe').waitFor();
  await page.getByText('Fluxos demais começaram sozinhos').waitFor();
  // There is no run to read or to try again.
  expect(await page.getByRole('button', { name: 'Tentar de novo' }).count()).toBe(0);
  await page.getByText(`Quando o cliente responder, começa o fluxo ${name}.`).waitFor();
  expect(await look(page, 'phone, chat with a flow that waits for the answer')).toEqual([]);
  await page.getByRole('button', { name: 'Não começar' }).click();
  await page.getByText('Quando o cliente responder').waitFor({ state: 'hidden' });
  await expect.poll(() => sql(s.server.dataDir, `select coalesce(response_flow::text, 'none') from chats where id = '${chatId}'`).trim()).toBe('none');

  await page.goto(`${s.url}/flows/${flow.id}`);
  await page.getByRole('button', { name: 'Mais do fluxo' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Execuções' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('searchbox').or(sheet.getByPlaceholder(/Buscar/)).first().waitFor();
  expect(await sheet.getByRole('button', { name: /^Fechar/ }).count()).toBe(1);
  expect(await look(page, 'phone, flows, runs')).toEqual([]);
});
