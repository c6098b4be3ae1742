/* Calls to the outside and calls of other flows: the peer is told once of each, by its idempotency key, whatever is killed. */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JsonObject, ok } from '../api/lib/client.ts';
import { Desk } from '../api/lib/inbox.ts';
import { Server, sleep, until } from '../api/lib/server.ts';
import { workersOf } from '../process/lib/command.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

interface Call {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server; // of its own: workers are killed here, which a log may say
const calls: Call[] = [];
let behave: (call: Call, response: ServerResponse, count: number) => void = () => undefined;
let base = '';

const peer = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
    calls.push(call);
    behave(call, response, calls.length);
  });
});

beforeAll(async () => {
  server = await Server.start({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' } });
  await new Promise<void>((done) => peer.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
});
afterAll(async () => {
  peer.closeAllConnections();
  await new Promise((done) => peer.close(done));
  await server.stop();
});

const bench = async (): Promise<Bench> => new Bench(await Desk.make(server));
const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};
const keys = (): string[] => calls.map((call) => String(call.headers['idempotency-key']));

const asking = (data: JsonObject = {}): JsonObject =>
  graph({
    triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
    variables: [{ name: 'pedido', type: 'text' }, { name: 'total', type: 'number' }],
    nodes: [
      [
        'call',
        'http',
        {
          method: 'POST',
          url: `${base}/pedidos/{{message.text}}`,
          headers: [{ name: 'X-Loja', value: '{{organization.name}}' }],
          body: '{"texto": "{{message.text}}", "de": "{{customer.firstName}}"}',
          mapping: [
            { path: 'pedido.id', variable: 'pedido' },
            { path: 'itens[0].valor', variable: 'total' },
          ],
          retries: 0,
          ...data,
        },
      ],
      ['fine', 'message', { text: 'Pedido {{pedido}}: {{total | number:2}}' }],
      ['bad', 'message', { text: 'Falhou: {{error.code}}' }],
    ],
    ways: ['start.next > call', 'call.next > fine', 'call.error > bad'],
  });

describe('http', () => {
  test('what is sent, what of the answer becomes variables', async () => {
    calls.length = 0;
    behave = (_, response) => json(response, 200, { pedido: { id: 'A-1' }, itens: [{ valor: 19.9 }] });
    const b = await bench();
    const flowId = await b.live(asking());
    const { visitor } = await b.desk.guest('açaí "grande" & cia', { name: 'Rosa Lima' });
    expect((await b.hears(visitor, 1))[0]).toMatch(/^Pedido A-1: 19[.,]90$/);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ method: 'POST', url: `/pedidos/${encodeURIComponent('açaí "grande" & cia')}` });
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({ texto: 'açaí "grande" & cia', de: 'Rosa' });
    expect(calls[0]?.headers['x-loja']).toContain('Quintal da Lola');
    const [session] = await b.settled(flowId, 'done');
    expect(keys()).toEqual([`${String(session?.['id'])}:1`]);
  });

  test('tries again after 5xx, by the same key; then its error port', async () => {
    calls.length = 0;
    behave = (_, response, count) => json(response, count < 3 ? 503 : 200, { pedido: { id: 'B' }, itens: [{ valor: 1 }] });
    const b = await bench();
    await b.live(asking({ retries: 2 }));
    const one = await b.desk.guest('x');
    expect((await b.hears(one.visitor, 1))[0]).toContain('Pedido B');
    expect(calls).toHaveLength(3);
    expect(new Set(keys()).size).toBe(1);
    calls.length = 0;
    behave = (_, response) => json(response, 422, { erro: 'não' });
    const two = await b.desk.guest('x');
    expect(await b.hears(two.visitor, 1)).toEqual(['Falhou: HTTP_STATUS']);
    expect(calls).toHaveLength(1);
  });

  test('no answer in time, too large an answer, an address that nobody may reach', async () => {
    const b = await bench();
    behave = () => undefined;
    await b.live(asking({ timeoutMs: 1000 }));
    expect(await b.hears((await b.desk.guest('x')).visitor, 1)).toEqual(['Falhou: CALL_TIMEOUT']);
    behave = (_, response) => response.writeHead(200).end('x'.repeat(300 * 1024));
    expect(await b.hears((await b.desk.guest('x')).visitor, 1)).toEqual(['Falhou: ANSWER_TOO_LARGE']);
    const other = await bench();
    await other.live(asking({ url: 'http://169.254.169.254/latest' }));
    expect(await other.hears((await other.desk.guest('x')).visitor, 1)).toEqual(['Falhou: ADDRESS_FORBIDDEN']);
  });

  test('a worker killed in the middle of the call: the same call again, everything after it once', async () => {
    calls.length = 0;
    let holding: ServerResponse | undefined;
    behave = (_, response, count) => {
      if (count === 1) holding = response;
      else json(response, 200, { pedido: { id: 'C' }, itens: [{ valor: 2 }] });
    };
    const b = await bench();
    const flowId = await b.live(asking({ timeoutMs: 30_000 }));
    const { visitor } = await b.desk.guest('x');
    await until('the call', () => holding);
    for (const pid of workersOf(server.pid)) process.kill(pid, 'SIGKILL');
    expect((await until('the answer', async () => b.hears(visitor, 1).catch(() => undefined), 90_000))[0]).toContain('Pedido C');
    await sleep(500);
    expect(await b.told(visitor)).toHaveLength(1);
    expect(new Set(keys()).size).toBe(1);
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(await b.sessions(flowId)).toHaveLength(1);
  });

  test('the chat was taken while the call was out: its answer is nobody’s', async () => {
    calls.length = 0;
    let holding: ServerResponse | undefined;
    behave = (_, response) => (holding = response);
    const b = await bench();
    const flowId = await b.live(asking({ timeoutMs: 30_000 }));
    const { visitor, chatId } = await b.desk.guest('x');
    await until('the call', () => holding);
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    json(holding as unknown as ServerResponse, 200, { pedido: { id: 'D' }, itens: [{ valor: 2 }] });
    await sleep(800);
    expect(await b.told(visitor)).toEqual([]);
    const [paused] = await b.sessions(flowId, 'paused');
    behave = (_, response) => json(response, 200, { pedido: { id: 'E' }, itens: [{ valor: 2 }] });
    ok(await b.client.post(b.path(`/flow-sessions/${String(paused?.['id'])}/resume`), {}));
    expect((await b.hears(visitor, 1))[0]).toContain('Pedido E');
    expect(new Set(keys()).size).toBe(1); // it is the same call
  });
});

describe('flows that call flows', () => {
  test('the called one asks, its variables are there afterwards, also when the worker died meanwhile', async () => {
    const b = await bench();
    const called = await b.live(graph({ nodes: [['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome' }]], ways: ['start.next > q'] }));
    const caller = await b.live(
      graph({
        triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
        nodes: [
          ['c', 'call', { flowId: called }],
          ['m', 'message', { text: 'Olá, {{nome}}' }],
        ],
        ways: ['start.next > c', 'c.next > m'],
      }),
    );
    const { visitor } = await b.desk.guest('oi');
    expect(await b.hears(visitor, 1)).toEqual(['Nome?']);
    for (const pid of workersOf(server.pid)) process.kill(pid, 'SIGKILL');
    await until('new workers', async () => (await visitor.messages().catch(() => [])).length > 0);
    await visitor.say('Rosa');
    expect((await b.hears(visitor, 2))[1]).toBe('Olá, Rosa');
    const [session] = await b.settled(caller, 'done');
    const log = (await b.session(String(session?.['id']))).log;
    expect(log.map((line) => `${String(line['nodeId'])}.${String(line['what'])}`)).toEqual([
      'start.entered', 'c.entered', 'start.entered', 'q.entered', 'q.answered', 'c.returned', 'm.entered',
    ]);
  });

  test('a flow that calls itself meets the limit and hands over', async () => {
    const b = await bench();
    const flowId = await b.make();
    const drawn = graph({ triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }], nodes: [['c', 'call', { flowId }]], ways: ['start.next > c'] });
    await b.publish(flowId, hello());
    ok(await b.client.call('PATCH', b.path(`/flows/${flowId}`), { json: { enabled: true } }));
    await b.publish(flowId, drawn);
    const { chatId } = await b.desk.guest('oi');
    const [session] = await b.settled(flowId, 'failed');
    expect(session).toMatchObject({ error: { code: 'DEPTH_LIMIT' } });
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human' });
  });
});

function hello(): JsonObject {
  return graph({ nodes: [['m', 'message', { text: 'oi' }]], ways: ['start.next > m'] });
}
