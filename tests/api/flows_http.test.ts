/* The http node's test button: the call is made once, as a run would make it, and nothing is kept. */
import { type IncomingMessage, type Server, createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from './lib/client.ts';
import { details, rows } from './lib/crm.ts';
import { house } from './lib/inbox.ts';
import { unique } from './lib/people.ts';
import { greeting } from './lib/world.ts';

const all = house({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' } });
let peer: Server;
let at = '';
const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
let flowId = '';

beforeAll(async () => {
  peer = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      const path = (request.url ?? '').split('?')[0];
      if (path === '/large') response.end('á'.repeat(40_000));
      else if (path === '/huge') response.end('x'.repeat(300_000));
      else if (path === '/slow') setTimeout(() => response.end('late'), 5000).unref();
      else if (path === '/error') response.writeHead(503, { 'Content-Type': 'application/json' }).end('{"why":"busy"}');
      else response.writeHead(200, { 'Content-Type': 'application/json', 'X-Peer': 'sim' }).end(JSON.stringify({ order: { state: 'pago', total: 12.5, items: [{ id: 1 }, { id: 2 }] } }));
    });
  });
  await new Promise<void>((done) => peer.listen(0, '127.0.0.1', done));
  const address = peer.address();
  at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  flowId = ok(await all.desk.owner.call('flows.create', {}, { json: { name: `Fluxo ${unique()}` } }), 201).str('id');
  const graph: JsonObject = { ...greeting('Oi'), variables: [{ name: 'total', type: 'number', default: null, help: '' }, { name: 'quando', type: 'date', default: null, help: '' }] };
  (graph['nodes'] as JsonObject[]).push({ id: 'ask', type: 'http', name: '', x: 0, y: 0, data: { method: 'GET', url: `${at}/saved`, mapping: [{ path: 'order.state', variable: 'estado' }] } });
  ok(await all.desk.owner.call('flows.saveDraft', { flowId }, { json: { graph, revision: 1 } }), 200);
});
afterAll(() => {
  peer.close();
  peer.closeAllConnections();
});

const run = (json: JsonObject, api = all.desk.owner): Promise<Answer> => api.call('flows.httpTest', { flowId }, { json });

describe('a call that is tried', () => {
  test('as it is drawn: what goes out, what comes back, what it would set', async () => {
    const data: JsonObject = {
      method: 'POST', url: `${at}/orders/{{ pedido }}`, query: [{ name: 'q', value: '{{ customer.name }}' }], headers: [{ name: 'X-Key', value: '{{ chave }}' }],
      body: '{"n": {{ pedido | json }}}', statusVariable: 'codigo', bodyVariable: 'tudo',
      mapping: [{ path: 'order.total', variable: 'total' }, { path: 'order.items[*].id', variable: 'ids' }, { path: 'order.nada', variable: 'nada' }, { path: 'order.state', variable: 'quando' }],
    };
    const answer = ok(await run({ data, variables: { pedido: 4711, chave: 'abc' }, customer: { name: 'Ana Souza' } }), 200);
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/orders/4711?q=Ana%20Souza', body: '{"n": 4711}', headers: { 'x-key': 'abc', 'content-type': 'application/json' } });
    expect(seen.at(-1)?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}:1$/);
    expect(answer.json).toMatchObject({ ok: true, status: 200, error: null, bodyTruncated: false, body: expect.stringContaining('pago') as unknown, request: { method: 'POST', url: `${at}/orders/4711?q=Ana%20Souza`, body: '{"n": 4711}' } });
    expect(rows(answer, 'headers')).toContainEqual({ name: 'X-Peer', value: 'sim' });
    const sets = rows(answer, 'sets');
    expect(sets.slice(0, 1)).toEqual([{ variable: 'codigo', path: null, found: true, value: 200, error: null }]);
    expect(sets[1]).toMatchObject({ variable: 'tudo', path: null, found: true, value: { order: { state: 'pago' } } });
    expect(sets.slice(2)).toEqual([
      { variable: 'total', path: 'order.total', found: true, value: 12.5, error: null },
      { variable: 'ids', path: 'order.items[*].id', found: true, value: [1, 2], error: null },
      { variable: 'nada', path: 'order.nada', found: false, value: null, error: null },
      { variable: 'quando', path: 'order.state', found: true, value: null, error: { code: 'VALUE_TYPE', message: expect.any(String) as unknown } },
    ]);
    expect(all.desk.sql(`select count(*) from flow_sessions where flow_id = '${flowId}'`)).toBe('0');
  });

  test('a node of the draft by its id', async () => {
    const answer = ok(await run({ nodeId: 'ask' }), 200);
    expect(seen.at(-1)?.url).toBe('/saved');
    expect(rows(answer, 'sets')).toEqual([{ variable: 'estado', path: 'order.state', found: true, value: 'pago', error: null }]);
    refused(await run({ nodeId: 'hello' }), 404, 'NODE_NOT_FOUND');
    refused(await run({}), 404, 'NODE_NOT_FOUND');
  });

  test('a refusal, silence and too much are answers, too; it is called once', async () => {
    const before = seen.length;
    const error = ok(await run({ data: { method: 'GET', url: `${at}/error`, retries: 5, mapping: [{ path: 'why', variable: 'x' }] } }), 200);
    expect(error.json).toMatchObject({ ok: false, status: 503, body: '{"why":"busy"}', error: null, sets: [] });
    expect(seen.length).toBe(before + 1);
    const slow = ok(await run({ data: { method: 'GET', url: `${at}/slow`, timeoutMs: 1000 } }), 200);
    expect(slow.json).toMatchObject({ ok: false, status: 0, error: { code: 'CALL_TIMEOUT' } });
    expect(Number(slow.get('tookMs'))).toBeGreaterThanOrEqual(900);
    const large = ok(await run({ data: { method: 'GET', url: `${at}/large` } }), 200);
    expect(large.get('bodyTruncated')).toBe(true);
    expect(large.str('body')).toBe('á'.repeat(32_768));
    expect(ok(await run({ data: { method: 'GET', url: `${at}/huge` } }), 200).json).toMatchObject({ status: 0, error: { code: 'ANSWER_TOO_LARGE' } });
  });

  test('private networks stay closed, whatever stands in the variables', async () => {
    for (const url of ['http://127.0.0.2/', 'http://10.0.0.1/', 'http://169.254.169.254/latest', 'http://[::1]/', '{{ alvo }}']) {
      const answer = ok(await run({ data: { method: 'GET', url }, variables: { alvo: 'http://192.168.0.1/' } }), 200);
      expect([url, answer.get('status'), answer.get('error')]).toEqual([url, 0, { code: 'ADDRESS_FORBIDDEN', message: expect.any(String) as unknown }]);
    }
    expect(ok(await run({ data: { method: 'GET', url: 'file:///etc/passwd' } }), 200).json).toMatchObject({ status: 0, error: { code: 'URL_INVALID' } });
  });

  test('what cannot be filled in is said before anything is called', async () => {
    const before = seen.length;
    refused(await run({ data: { method: 'POST', url: `${at}/x`, body: '{"a": {{ texto }} }' }, variables: { texto: 'a"b' } }), 400, 'FLOW_NODE_INVALID');
    refused(await run({ data: { method: 'GET', url: `${at}/{{ 1 / 0 }}` } }), 400, 'FLOW_NODE_INVALID');
    expect(details(refused(await run({ data: { method: 'GET', url: at }, variables: { total: 'muito' } }), 400))).toEqual(['variables.total VALUE_TYPE']);
    expect(details(refused(await run({ data: { method: 'GET', url: at }, variables: { 'a b': 1 } }), 400))).toEqual(['variables.a b INVALID_NAME']);
    expect(seen.length).toBe(before);
  });

  test('for who draws, so many times a minute', async () => {
    const viewer = await all.desk.person(['flows.view', 'flows.run']);
    refused(await run({ nodeId: 'ask' }, viewer.api), 403, 'FORBIDDEN');
    const editor = await all.desk.person(['flows.view', 'flows.edit']);
    const statuses: number[] = [];
    for (let i = 0; i < 31; i++) statuses.push((await run({ nodeId: 'none' }, editor.api)).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([404, 429]);
    refused(await all.desk.owner.call('flows.httpTest', { flowId: crypto.randomUUID() }, { json: { nodeId: 'ask' } }), 404, 'FLOW_NOT_FOUND');
  });
});
