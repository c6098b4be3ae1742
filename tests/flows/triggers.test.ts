/* What starts flows besides messages: tags, silence; and the silent kinds at closing, stage and team. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, ok } from '../api/lib/client.ts';
import { Desk, house } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { sleep, until } from '../api/lib/server.ts';
import { sql } from '../process/lib/command.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));

const hello = (text: string, trigger: JsonObject): JsonObject =>
  graph({ triggers: [{ id: 't', enabled: true, priority: 0, ...trigger }], nodes: [['m', 'message', { text }]], ways: ['start.next > m'] });
const silent = (trigger: JsonObject): JsonObject =>
  graph({
    triggers: [{ id: 't', enabled: true, priority: 0, ...trigger }],
    nodes: [['s', 'set', { assignments: [{ name: 'quem', kind: 'value', value: '{{customer.name}} {{trigger.kind}}' }] }]],
    ways: ['start.next > s'],
  });

async function make(b: Bench, path: string, body: JsonObject): Promise<string> {
  const answer = ok(await b.client.post(b.path(path), body));
  const data = answer.json as JsonObject;
  return String(data['id'] ?? (data['data'] as JsonObject)['id']);
}

describe('tags', () => {
  test('a tag that is added starts its flow in the chat that nobody has; others do not, and not twice', async () => {
    const b = await bench();
    const tagId = await make(b, '/tags', { name: `VIP ${unique()}`, color: '#5b6475' });
    const other = await make(b, '/tags', { name: `Outra ${unique()}`, color: '#5b6475' });
    const flowId = await b.live(hello('Um mimo para você.', { kind: 'tag', tagId, change: 'added' }));
    const { visitor, chatId } = await b.desk.guest('oi');
    const customerId = String((await b.chat(chatId))['customer'] && ((await b.chat(chatId))['customer'] as JsonObject)['id']);
    ok(await b.client.post(b.path(`/customers/${customerId}/tags`), { tagId: other }));
    ok(await b.client.post(b.path(`/customers/${customerId}/tags`), { tagId }));
    expect(await b.hears(visitor, 1)).toEqual(['Um mimo para você.']);
    ok(await b.client.post(b.path(`/customers/${customerId}/tags`), { tagId }));
    await sleep(500);
    expect(await b.sessions(flowId)).toHaveLength(1);
  });

  test('not while a person has the chat', async () => {
    const b = await bench();
    const tagId = await make(b, '/tags', { name: `VIP ${unique()}`, color: '#5b6475' });
    const flowId = await b.live(hello('?', { kind: 'tag', tagId, change: 'added' }));
    const { chatId } = await b.desk.guest('oi');
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    const customer = (await b.chat(chatId))['customer'] as JsonObject;
    ok(await b.client.post(b.path(`/customers/${String(customer['id'])}/tags`), { tagId }));
    await sleep(600);
    expect(await b.sessions(flowId)).toEqual([]);
  });
});

describe('silence', () => {
  test('of the customer: once, until they write again', async () => {
    const b = await bench();
    const flowId = await b.live(hello('Ainda está aí?', { kind: 'inactivity', who: 'customer', afterMs: 60_000 }));
    const { visitor, chatId } = await b.desk.guest('oi');
    ok(await b.client.post(b.path(`/chats/${chatId}/messages`), { content: 'Bom dia!' }), 201);
    const quiet = (): void => {
      sql(all.server.dataDir, `update flow_triggers set published_at = now() - interval '1 hour' where kind = 'inactivity'; update chats set last_message_at = now() - interval '90 seconds' where id = '${chatId}';
        update jobs set due_at = now() where kind = 'flow.idle'`);
    };
    quiet();
    expect(await b.hears(visitor, 2)).toEqual(['Bom dia!', 'Ainda está aí?']);
    await b.settled(flowId, 'done');
    quiet();
    await sleep(2500);
    expect(await b.sessions(flowId)).toHaveLength(1);
    await visitor.say('estou');
    ok(await b.client.post(b.path(`/chats/${chatId}/messages`), { content: 'Que bom.' }), 201);
    quiet();
    await b.hears(visitor, 4);
    expect(await b.sessions(flowId)).toHaveLength(2);
  });
});

describe('silent kinds', () => {
  test('at closing, on a stage, on a transfer: each where it belongs', async () => {
    const b = await bench();
    const stages = ok(await b.client.get(b.path('/funnels'))).get('items') as JsonObject[];
    const stageId = String(((stages[0]?.['stages'] as JsonObject[])[0] as JsonObject)['id']);
    const teamId = await make(b, '/teams', { name: `Clínica ${unique()}`, color: '#5b6475' });
    const closing = await b.live(silent({ kind: 'closing' }), {}, 'closing');
    const stage = await b.live(silent({ kind: 'stage', stageId }), {}, 'stage');
    const transfer = await b.live(silent({ kind: 'transfer', teamId }), {}, 'transfer');
    const { chatId } = await b.desk.guest('oi', { name: 'Rosa' });
    const customer = (await b.chat(chatId))['customer'] as JsonObject;
    ok(await b.client.call('PUT', b.path(`/customers/${String(customer['id'])}/stage`), { json: { stageId } }));
    ok(await b.client.post(b.path(`/chats/${chatId}/transfer`), { teamId, note: '' }));
    const types = ok(await b.client.get(b.path('/closure-types'))).get('items') as JsonObject[];
    ok(await b.client.post(b.path(`/chats/${chatId}/close`), { closureTypeId: String(types[0]?.['id']), note: 'feito' }));
    for (const [flowId, kind] of [
      [closing, 'closing'],
      [stage, 'stage'],
      [transfer, 'transfer'],
    ] as const) {
      const found = await until(kind, async () => {
        const list = await b.sessions(flowId);
        return list.length > 0 ? list : undefined;
      });
      expect(found).toHaveLength(1);
      const one = await b.session(String(found[0]?.['id']));
      expect(one).toMatchObject({ status: 'done', trigger: { kind } });
      expect(String(one.vars['quem'])).toContain(kind);
    }
    expect(await b.chat(chatId)).toMatchObject({ status: 'closed', owner: 'human', flow: null });
  });
});

describe('counts', () => {
  test('of nodes, rolled up once', async () => {
    const b = await bench();
    const flowId = await b.live(hello('Oi', { kind: 'channel' }));
    await b.desk.guest('oi');
    await b.desk.guest('oi');
    await b.settled(flowId, 'done', 2);
    const nodes = await until('the counts', async () => {
      sql(all.server.dataDir, "update jobs set due_at = now() where kind = 'flow.roll'");
      const stats = ok(await b.client.get(b.path(`/flows/${flowId}/stats`))).get('nodes') as JsonObject[];
      return stats.some((one) => one['nodeId'] === 'm' && Number(one['entered']) >= 2) ? stats : undefined;
    });
    expect(nodes.find((one) => one['nodeId'] === 'm')).toMatchObject({ entered: 2, failed: 0 });
    expect(nodes.find((one) => one['nodeId'] === 'start')).toMatchObject({ entered: 2, ports: [{ port: 'next', n: 2 }] });
  });
});
