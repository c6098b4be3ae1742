/* Flows that call flows, in the test panel: which graph of the other one runs, and that the trace says so. */
import { expect, test } from 'vitest';
import { type JsonObject, ok } from '../api/lib/client.ts';
import { Desk, house } from '../api/lib/inbox.ts';
import { Bench, type Session, shown } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));

const asks = (text: string): JsonObject =>
  graph({ nodes: [['q', 'question', { text, kind: 'text', variable: 'nome', retries: 0 }, 'Pergunta da outra']], ways: ['start.next > q'] });
const calls = (flowId: string): JsonObject =>
  graph({
    nodes: [['c', 'call', { flowId }], ['fine', 'message', { text: 'Voltou com {{nome}}' }], ['bad', 'message', { text: 'Não deu: {{error.code}}' }]],
    ways: ['start.next > c', 'c.next > fine', 'c.error > bad'],
  });
const called = (s: Session): unknown[] => s.log.filter((line) => line['type'] === 'call' && line['what'] === 'entered').map((line) => (line['data'] as JsonObject)['called']);

test('one that is live runs as it is live, whatever its draft says', async () => {
  const b = await bench();
  const other = await b.live(asks('Publicada?'));
  await b.draw(other, asks('Rascunho?'));
  const flowId = await b.make();
  await b.draw(flowId, calls(other));
  let s = await b.begin(flowId, {});
  expect(shown(s.transcript)).toEqual(['Publicada?']);
  expect(called(s)).toEqual(['live']);
  s = await b.act(s.id, 'say', { text: 'Ana' });
  expect(shown(s.transcript)).toEqual(['Publicada?', 'Voltou com Ana']);
});

test('one that was never published runs as it is drawn when the test meets it', async () => {
  const b = await bench();
  const other = await b.make();
  await b.draw(other, asks('Rascunho?'));
  const flowId = await b.make();
  await b.draw(flowId, calls(other));
  let s = await b.begin(flowId, {});
  expect(shown(s.transcript)).toEqual(['Rascunho?']);
  expect(called(s)).toEqual(['draft']);
  expect(s).toMatchObject({ status: 'waiting', nodeId: 'q', nodeName: 'Pergunta da outra' });
  await b.draw(other, asks('Outro rascunho?')); // what waits goes on with what it began with
  s = await b.act(s.id, 'say', { text: 'Ana' });
  expect(shown(s.transcript)).toEqual(['Rascunho?', 'Voltou com Ana']);
  expect(s.log.map((line) => [line['name'], line['flowId']])).toContainEqual(['Pergunta da outra', other]);
});

test('itself: the draft under test, and the depth has an end', async () => {
  const b = await bench();
  const flowId = await b.make();
  await b.publish(flowId, asks('Publicada'));
  const twice = graph({
    variables: [{ name: 'n', type: 'number', default: null }],
    nodes: [['q', 'question', { text: 'Vez {{n | default:0}}?', kind: 'number', variable: 'n', retries: 0 }], ['more', 'condition', { cases: [{ id: 'yes', title: '', when: { op: 'all', rows: [{ left: 'n', type: 'number', op: 'greater', right: '0' }] } }] }],
      ['c', 'call', { flowId }], ['end', 'message', { text: 'Fim {{n}}' }]],
    ways: ['start.next > q', 'q.next > more', 'more.yes > c', 'more.else > end', 'c.next > end'],
  });
  await b.draw(flowId, twice);
  let s = await b.begin(flowId, {});
  s = await b.act(s.id, 'say', { text: '1' });
  expect(called(s)).toEqual(['itself']);
  s = await b.act(s.id, 'say', { text: '0' });
  expect(shown(s.transcript)).toEqual(['Vez 0?', 'Vez 1?', 'Fim 0', 'Fim 0']);
  expect(s.status).toBe('done');
  s = await b.begin(flowId, {});
  for (let i = 0; i < 9 && s.status === 'waiting'; i++) s = await b.act(s.id, 'say', { text: '5' });
  expect(s).toMatchObject({ status: 'failed', error: { code: 'DEPTH_LIMIT' } });
});

test('one that is gone, or switched off: refused as it will be', async () => {
  const b = await bench();
  const gone = await b.live(asks('?'));
  const off = await b.live(asks('?'));
  const flowId = await b.make();
  await b.draw(flowId, calls(gone));
  ok(await b.client.call('DELETE', b.path(`/flows/${gone}`)), 204);
  expect(shown((await b.begin(flowId, {})).transcript)).toEqual(['Não deu: FLOW_NOT_LIVE']);
  await b.draw(flowId, calls(off));
  ok(await b.client.call('PATCH', b.path(`/flows/${off}`), { json: { enabled: false } }));
  expect(shown((await b.begin(flowId, {})).transcript)).toEqual(['Não deu: FLOW_NOT_LIVE']);
  const other = await bench();
  await b.draw(flowId, calls(await other.live(asks('?'))));
  expect(shown((await b.begin(flowId, {})).transcript)).toEqual(['Não deu: FLOW_NOT_LIVE']);
});
