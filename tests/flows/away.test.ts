/* What goes away, or changes hands, while a session waits: nobody waits for ever, nothing is said after it, and a person has the chat. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, isObject, ok, refused } from '../api/lib/client.ts';
import { Desk, type Visitor, house, restricted } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { sleep, until } from '../api/lib/server.ts';
import { Bench } from './lib/bench.ts';
import { graph } from './lib/draw.ts';
import { Things } from './lib/things.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));
const everywhere: JsonObject = { id: 't', kind: 'channel', enabled: true, priority: 0 };

/** Asks, then does something (d), then says "Fim". */
const asking = (node: JsonObject = {}, type = 'set', errors = false): JsonObject =>
  graph({
    triggers: [everywhere],
    nodes: [
      ['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome' }],
      ['d', type, type === 'set' ? { assignments: [{ name: 'x', kind: 'value', value: '1' }] } : node],
      ['m', 'message', { text: 'Fim' }],
      ['e', 'note', { text: '{{error.code}}' }],
    ],
    ways: ['start.next > q', 'q.next > d', ...(['transfer', 'close'].includes(type) ? [] : ['d.next > m']), ...(errors ? ['d.error > e'] : [])],
  });

async function waiting(b: Bench, drawn = asking()): Promise<{ flowId: string; visitor: Visitor; chatId: string; id: string }> {
  const flowId = await b.live(drawn);
  const { visitor, chatId } = await b.desk.guest('oi');
  await b.hears(visitor, 1);
  const [session] = await b.settled(flowId, 'waiting');
  return { flowId, visitor, chatId, id: String(session?.['id']) };
}

const customerOf = async (b: Bench, chatId: string): Promise<string> => {
  const { customer } = await b.chat(chatId);
  return String(isObject(customer) ? customer['id'] : '');
};
/** A look that comes late, and finds that there is nothing to do any more, may be waiting for its turn for a moment. */
const idle = (b: Bench): Promise<boolean> => until('every job of flows to end', () => jobsLeft(b) === '');
const jobsLeft = (b: Bench): string => b.desk.sql(`select coalesce(string_agg(kind || ' ' || state, ','), '') from jobs where org_id = '${b.desk.org.id}' and kind like 'flow.%' and not recurring`);

describe('hands', () => {
  test('a person gives the chat to another one, or another team: paused in the same moment, then stopped by hand', async () => {
    const b = await bench();
    const agent = await b.desk.person();
    const teamId = await b.desk.team();
    for (const to of [{ userId: agent.userId }, { teamId }]) {
      const { visitor, chatId, id, flowId } = await waiting(b);
      ok(await b.client.post(b.path(`/chats/${chatId}/transfer`), { ...to, note: '' }));
      expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: { sessionId: id, status: 'paused' } });
      expect(await b.session(id)).toMatchObject({ status: 'paused', endedHow: 'taken' });
      await visitor.say('Ana');
      await sleep(400);
      expect(await b.told(visitor)).toHaveLength(1);
      ok(await b.client.post(b.path(`/flow-sessions/${id}/stop`), {}));
      expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
      await idle(b);
      ok(await b.client.call('PATCH', b.path(`/flows/${flowId}`), { json: { enabled: false } }));
    }
  });

  test('paused and resumed while a delay is under way, before and after its end', async () => {
    const b = await bench();
    const flowId = await b.live(graph({ triggers: [everywhere], nodes: [['d', 'delay', { mode: 'duration', durationMs: 2500 }], ['m', 'message', { text: 'Fim' }]], ways: ['start.next > d', 'd.next > m'] }));
    const [early, late] = [await b.desk.guest('oi'), await b.desk.guest('oi')];
    const sessions = await b.settled(flowId, 'waiting', 2);
    const of = (chatId: string): string => String(sessions.find((one) => one['chatId'] === chatId)?.['id']);
    for (const { chatId } of [early, late]) ok(await b.client.post(b.path(`/flow-sessions/${of(chatId)}/pause`), {}));
    ok(await b.client.post(b.path(`/flow-sessions/${of(early.chatId)}/resume`), {}));
    expect(await b.hears(early.visitor, 1)).toEqual(['Fim']);
    await sleep(1500);
    expect(await b.told(late.visitor)).toEqual([]);
    ok(await b.client.post(b.path(`/flow-sessions/${of(late.chatId)}/resume`), {}));
    expect(await b.hears(late.visitor, 1)).toEqual(['Fim']);
    await b.settled(flowId, 'done', 2);
    await idle(b);
  });

  test('who may not: neither start, nor stop, nor look at what is not theirs', async () => {
    const b = await bench();
    const { chatId, id, flowId } = await waiting(b);
    const stranger = await b.desk.person(restricted);
    const agent = await b.desk.person();
    refused(await stranger.client.post(b.path(`/chats/${chatId}/flow`), { flowId }), 403);
    for (const what of ['stop', 'pause', 'resume', 'retry']) refused(await stranger.client.post(b.path(`/flow-sessions/${id}/${what}`), {}), 403);
    expect((await stranger.client.get(b.path(`/flow-sessions/${id}`))).status).toBeGreaterThanOrEqual(403);
    const other = new Bench(await Desk.make(all.server));
    refused(await other.client.post(other.path(`/flow-sessions/${id}/stop`), {}), 404);
    expect(await b.session(id)).toMatchObject({ status: 'waiting' });
    ok(await agent.client.post(b.path(`/flow-sessions/${id}/stop`), {}));
  });
});

describe('flows', () => {
  test('switched off or removed: what runs goes on to its end, nothing starts any more', async () => {
    const b = await bench();
    const one = await waiting(b);
    ok(await b.client.call('PATCH', b.path(`/flows/${one.flowId}`), { json: { enabled: false } }));
    const silent = await b.desk.guest('oi');
    await one.visitor.say('Ana');
    expect(await b.hears(one.visitor, 2)).toEqual(['Nome?', 'Fim']);
    const two = await waiting(b);
    ok(await b.client.call('DELETE', b.path(`/flows/${two.flowId}`)));
    await two.visitor.say('Bia');
    expect(await b.hears(two.visitor, 2)).toEqual(['Nome?', 'Fim']);
    const quiet = await b.desk.guest('oi');
    await sleep(400);
    expect([await b.told(silent.visitor), await b.told(quiet.visitor)]).toEqual([[], []]);
    for (const { chatId } of [one, two, silent, quiet]) expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
  });

  test('a flow that another calls is switched off: the call fails; who is in it comes back', async () => {
    const b = await bench();
    const called = await b.live(graph({ nodes: [['q2', 'question', { text: 'Cor?', kind: 'text', variable: 'cor' }]], ways: ['start.next > q2'] }));
    const caller = graph({ triggers: [everywhere], nodes: [['c', 'call', { flowId: called }], ['m', 'message', { text: 'Cor {{cor}}' }], ['e', 'message', { text: '{{error.code}}' }]], ways: ['start.next > c', 'c.next > m', 'c.error > e'] });
    await b.live(caller);
    const inside = await b.desk.guest('oi');
    expect(await b.hears(inside.visitor, 1)).toEqual(['Cor?']);
    ok(await b.client.call('DELETE', b.path(`/flows/${called}`)));
    await inside.visitor.say('azul');
    expect((await b.hears(inside.visitor, 2))[1]).toBe('Cor azul');
    const after = await b.desk.guest('oi');
    expect(await b.hears(after.visitor, 1)).toEqual(['FLOW_NOT_LIVE']);
  });
});

describe('things', () => {
  test('a team, a tag, a stage that a node names: it fails with words, by its error port where there is one', async () => {
    const b = await bench();
    const teamId = await b.desk.team();
    const tagId = String(await (await Things.of(b)).id('tag', 'Some'));
    const stageId = String(await (await Things.of(b)).id('stage', 'Proposta'));
    const gone: [type: string, node: JsonObject, path: string, code: string][] = [
      ['transfer', { teamId }, `/teams/${teamId}`, 'TEAM_NOT_FOUND'],
      ['customer', { tagsAdd: [tagId] }, `/tags/${tagId}`, 'TAG_NOT_FOUND'],
      ['customer', { stageId }, `/stages/${stageId}`, 'STAGE_NOT_FOUND'],
    ];
    for (const [type, node, path, code] of gone) {
      const bare = await waiting(b, asking(node, type));
      const led = await b.live(asking(node, type, true));
      ok(await b.client.call('PATCH', b.path(`/flows/${bare.flowId}`), { json: { enabled: false } }));
      const guest = await b.desk.guest('oi');
      await b.hears(guest.visitor, 1);
      ok(await b.client.call('DELETE', b.path(path)));
      await bare.visitor.say('Ana');
      await guest.visitor.say('Bia');
      expect((await b.settled(bare.flowId, 'failed'))[0]).toMatchObject({ error: { nodeId: 'd', code } });
      expect(await b.chat(bare.chatId)).toMatchObject({ owner: 'human', flow: null });
      expect((await b.chat(bare.chatId))['waitingSince']).not.toBeNull();
      const [done] = await b.settled(led, 'done');
      expect((await b.session(String(done?.['id']))).log.find((line) => line['nodeId'] === 'd' && line['error'])).toMatchObject({ port: 'error', error: { code } });
      ok(await b.client.call('PATCH', b.path(`/flows/${led}`), { json: { enabled: false } }));
    }
  });

  test('the customer is erased: nothing of the session stays, no job trips over it', async () => {
    const b = await bench();
    const { visitor, chatId, id } = await waiting(b, graph({ triggers: [everywhere], nodes: [['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome', timeoutMs: 1500 }], ['m', 'message', { text: 'Fim' }]], ways: ['start.next > q', 'q.next > m', 'q.timeout > m'] }));
    const customerId = await customerOf(b, chatId);
    ok(await b.desk.owner.call('customers.erase', { customerId }, { json: {} }));
    expect(b.desk.sql(`select (select count(*) from flow_sessions where id = '${id}') + (select count(*) from flow_steps where session_id = '${id}')`)).toBe('0');
    await sleep(2500);
    await idle(b);
    expect(b.desk.sql(`select count(*) from jobs where state = 'parked'`)).toBe('0');
    expect((await visitor.write('oi de novo')).status).toBeLessThan(500);
  });

  test('the channel is removed while a delay is under way: the message after it fails, a person has the chat', async () => {
    const b = await bench();
    const flowId = await b.live(graph({ triggers: [everywhere], nodes: [['d', 'delay', { mode: 'duration', durationMs: 1500 }], ['m', 'message', { text: 'Fim' }], ['n', 'note', { text: 'depois' }]], ways: ['start.next > d', 'd.next > m', 'm.next > n'] }));
    const { chatId } = await b.desk.guest('oi');
    await b.settled(flowId, 'waiting');
    ok(await b.desk.owner.call('channels.remove', { channelId: b.desk.channel.id }));
    const over = await until('its end', async () => (await b.sessions(flowId)).find((one) => one['endedAt']));
    expect(over['status']).toBe('failed');
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
    await idle(b);
  });

  test('two customers are made one while a session waits: it goes on with the one that stays', async () => {
    const b = await bench();
    const { visitor, chatId, id } = await waiting(b, graph({ triggers: [everywhere], nodes: [['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome' }], ['m', 'message', { text: 'Olá, {{customer.name}}' }]], ways: ['start.next > q', 'q.next > m'] }));
    const merged = await customerOf(b, chatId);
    const kept = ok(await b.desk.owner.call('customers.create', {}, { json: { name: 'Rosa Lima', email: `rosa-${unique()}@example.com` } }), 201).str('id');
    ok(await b.desk.owner.call('customers.merge', { customerId: kept }, { json: { mergeId: merged } }));
    await visitor.say('tanto faz');
    expect((await b.hears(visitor, 2))[1]).toBe('Olá, Rosa Lima');
    expect(await b.session(id)).toMatchObject({ status: 'done' });
  });
});

describe('limits of real sessions', () => {
  test('so many steps of one session, whatever it waited', async () => {
    const b = await bench();
    const { visitor, chatId, id, flowId } = await waiting(b);
    b.desk.sql(`update flow_sessions set steps = 9999 where id = '${id}'; update flow_steps set n = 9999 where session_id = '${id}' and n = 2`);
    await visitor.say('Ana');
    expect((await b.settled(flowId, 'failed'))[0]).toMatchObject({ error: { code: 'SESSION_LIMIT' } });
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
  });

  test('messages of programs in a minute count over all sessions of the chat', async () => {
    const b = await bench();
    const talk = graph({
      triggers: [{ id: 'k', kind: 'keyword', enabled: true, priority: 0, words: ['fala'], match: 'exact' }],
      nodes: [...Array.from({ length: 12 }, (_, i) => [`m${i}`, 'message', { text: `n${i}` }] as const)],
      ways: ['start.next > m0', ...Array.from({ length: 11 }, (_, i) => `m${i}.next > m${i + 1}`)],
    });
    const flowId = await b.live(talk);
    const { visitor } = await b.desk.guest('fala');
    await b.settled(flowId, 'done');
    await visitor.say('fala');
    await b.settled(flowId, 'done', 2);
    await visitor.say('fala');
    expect((await b.settled(flowId, 'failed'))[0]).toMatchObject({ error: { code: 'MESSAGES_LIMIT', nodeId: 'm6' } });
    expect((await b.told(visitor)).length).toBe(30);
  });

  test('a burst without end is read after ten pauses', async () => {
    const b = await bench();
    await b.live(graph({ triggers: [everywhere], settings: { debounceMs: 400 }, nodes: [['q', 'question', { text: 'Conte.', kind: 'text', variable: 'dito' }], ['m', 'message', { text: '<{{dito}}>' }]], ways: ['start.next > q', 'q.next > m'] }));
    const { visitor } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    let going = true;
    const told = b.hears(visitor, 2).finally(() => (going = false));
    const began = Date.now();
    for (let i = 0; going && i < 100; i++) {
      await visitor.say(`l${i}`);
      await sleep(150);
    }
    expect((await told)[1]).toMatch(/^<l0\nl1\n/);
    expect(Date.now() - began).toBeGreaterThan(3000);
  });
});
