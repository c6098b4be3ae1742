/* Sessions over the API: starting by hand, what people see of a run, stop, pause, go on; the test panel and recorded tests. (How runs
   behave: tests/flows.) */
import { describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from './lib/client.ts';
import { Caller, rows } from './lib/crm.ts';
import { Desk, type Row, house, member, restricted } from './lib/inbox.ts';
import { signUp, unique } from './lib/people.ts';
import { until } from './lib/server.ts';
import { asking, greeting } from './lib/world.ts';

const all = house();
const id = (row: Row | undefined): string => String(row?.['id']);
const get = async (sessionId: string, api: Caller = all.desk.owner): Promise<Row> => ok(await api.call('flows.session', { sessionId }), 200).json as Row;
const started = async (chatId: string, flowId: string, more: JsonObject = {}): Promise<Row> =>
  ok(await all.desk.owner.call('flows.startInChat', { chatId }, { json: { flowId, ...more } }), 201).json as Row;
const waiting = (sessionId: string): Promise<Row> =>
  until('the flow to wait', async () => {
    const one = await get(sessionId);
    return one['status'] === 'waiting' ? one : undefined;
  });

/** A live flow of this graph. */
async function live(graph: JsonObject): Promise<string> {
  const flowId = ok(await all.desk.owner.call('flows.create', {}, { json: { name: `Fluxo ${unique()}` } }), 201).str('id');
  ok(await all.desk.owner.call('flows.saveDraft', { flowId }, { json: { graph, revision: 1 } }), 200);
  ok(await all.desk.owner.call('flows.publish', { flowId }, { json: {} }), 200);
  return flowId;
}

describe('in a chat', () => {
  test('the chat says what runs in it, and who sees it hears of it', async () => {
    const flowId = await live(asking('Qual é o seu pedido?'));
    const { visitor, chatId } = await all.desk.guest();
    const socket = await all.desk.live(all.desk.boss.client);
    await socket.wait('hello');
    const session = await started(chatId, flowId);
    expect(session).toMatchObject({ flowId, chatId, test: false, version: 1, trigger: { kind: 'manual' } });
    const now = await waiting(id(session));
    expect(now).toMatchObject({ nodeId: 'hello', wait: { kind: 'answer', nodeId: 'hello' }, error: null });
    expect(await all.desk.chat(chatId)).toMatchObject({ owner: 'bot', flow: { sessionId: id(session), flowId, status: 'waiting' } });
    await socket.wait('flow.session', (data) => data['sessionId'] === session['id'] && data['status'] === 'waiting');
    refused(await all.desk.owner.call('flows.startInChat', { chatId }, { json: { flowId } }), 409, 'FLOW_RUNNING');
    await visitor.say('4711');
    const done = await until('the end', async () => {
      const one = await get(id(session));
      return one['status'] === 'done' ? one : undefined;
    });
    expect(rows({ get: () => done['log'] } as unknown as Answer, 'log').map((line) => [line['nodeId'], line['what'], line['port']])).toEqual([
      ['start', 'entered', 'next'],
      ['hello', 'entered', null],
      ['hello', 'answered', 'next'],
      ['end', 'entered', null],
    ]);
    expect(await all.desk.chat(chatId)).toMatchObject({ flow: null });
    socket.close();
  });

  test('pause, go on, stop', async () => {
    const flowId = await live(asking('Nome?'));
    const { chatId } = await all.desk.guest();
    const session = id(await started(chatId, flowId));
    await waiting(session);
    const act = (what: string, api: Caller = all.desk.owner): Promise<Answer> => api.call(`flows.${what}Session`, { sessionId: session }, { json: {} });
    refused(await all.desk.owner.call('flows.resumeSession', { sessionId: session }, { json: {} }), 409, 'SESSION_NOT_PAUSED');
    refused(await all.desk.owner.call('flows.retrySession', { sessionId: session }), 409, 'SESSION_NOT_FAILED');
    expect(ok(await all.desk.owner.call('flows.pauseSession', { sessionId: session }), 200).get('status')).toBe('paused');
    expect(await all.desk.chat(chatId)).toMatchObject({ owner: 'human', flow: { status: 'paused' } });
    ok(await act('resume'), 200);
    await waiting(session);
    expect(await all.desk.chat(chatId)).toMatchObject({ owner: 'bot' });
    expect(ok(await all.desk.owner.call('flows.stopSession', { sessionId: session }), 200).get('status')).toBe('stopped');
    expect(await all.desk.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
    refused(await all.desk.owner.call('flows.stopSession', { sessionId: session }), 409, 'SESSION_OVER');
    refused(await all.desk.owner.call('flows.pauseSession', { sessionId: session }), 409, 'SESSION_OVER');
  });

  test('taking the chat pauses it, closing ends it', async () => {
    const flowId = await live(asking('Nome?'));
    const { chatId } = await all.desk.guest();
    const session = id(await started(chatId, flowId));
    await waiting(session);
    ok(await all.desk.owner.call('chats.take', { chatId }), 200);
    expect(await get(session)).toMatchObject({ status: 'paused', endedHow: 'taken' });
    await all.desk.close(chatId);
    expect(await get(session)).toMatchObject({ status: 'stopped', endedHow: 'chat_closed' });
    refused(await all.desk.owner.call('flows.startInChat', { chatId }, { json: { flowId } }), 409, 'CHAT_CLOSED');
  });

  test('the list: newest first, by status, name and page', async () => {
    const flowId = await live(asking('Nome?'));
    const made: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { chatId } = await all.desk.guest(`Oi ${unique()}`, { name: `Pessoa ${i} ${unique()}` });
      made.unshift(id(await started(chatId, flowId)));
    }
    for (const one of made) await waiting(one);
    const list = (query: Record<string, string>): Promise<Answer> => all.desk.owner.call('flows.sessions', { flowId }, { query });
    expect(rows(ok(await list({}), 200)).map(id)).toEqual(made);
    const first = ok(await list({ limit: '2' }), 200);
    const second = ok(await list({ limit: '2', cursor: first.str('next') }), 200);
    expect([...rows(first), ...rows(second)].map(id)).toEqual(made);
    expect(second.get('next')).toBeNull();
    ok(await all.desk.owner.call('flows.stopSession', { sessionId: made[0] ?? '' }), 200);
    expect(rows(ok(await list({ status: 'stopped' }), 200)).map(id)).toEqual([made[0]]);
    expect(rows(ok(await list({ status: 'waiting,running' }), 200)).map(id)).toEqual(made.slice(1));
    expect(rows(ok(await list({ search: 'pessoa 1' }), 200)).map(id)).toEqual([made[1]]);
    expect(rows(ok(await list({ to: '2020-01-01T00:00:00Z' }), 200))).toEqual([]);
    refused(await list({ from: 'ontem' }), 400);
    expect(rows(ok(await all.desk.owner.call('flows.list'), 200)).find((one) => one['id'] === flowId)?.['sessionsRunning']).toBe(2);
  });

  test('who may what', async () => {
    const flowId = await live(asking('Nome?'));
    const { chatId } = await all.desk.guest();
    const session = id(await started(chatId, flowId));
    await waiting(session);
    const viewer = await all.desk.person(['flows.view', 'chats.view', 'chats.view_all']);
    expect(id(await get(session, viewer.api))).toBe(session);
    for (const what of ['stopSession', 'pauseSession', 'retrySession']) refused(await viewer.api.call(`flows.${what}`, { sessionId: session }), 403, 'FORBIDDEN');
    refused(await viewer.api.call('flows.startInChat', { chatId }, { json: { flowId } }), 403);
    // Who does not see the chat sees no session of it, and changes none.
    const narrow = await all.desk.person([...restricted, 'flows.view', 'flows.run']);
    refused(await narrow.api.call('flows.session', { sessionId: session }), 404, 'SESSION_NOT_FOUND');
    refused(await narrow.api.call('flows.stopSession', { sessionId: session }), 404, 'SESSION_NOT_FOUND');
    refused(await narrow.api.call('flows.startInChat', { chatId }, { json: { flowId } }), 404, 'CHAT_NOT_FOUND');
    expect(rows(ok(await narrow.api.call('flows.sessions', { flowId }), 200))).toEqual([]);
    const agent = await all.desk.person('agent');
    expect(ok(await agent.api.call('flows.stopSession', { sessionId: session }), 200).get('status')).toBe('stopped');
    const other = await Caller.of(await signUp(all.server.url));
    refused(await other.call('flows.session', { sessionId: session }), 404, 'SESSION_NOT_FOUND');
  });
});

describe('which flows a person may start in a chat', () => {
  const hand = (more: JsonObject = {}): JsonObject => ({ id: 'hand', kind: 'manual', enabled: true, priority: 0, conditions: null, ...more });
  const names = (answer: Answer): string[] => rows(ok(answer, 200)).map((row) => id(row));

  test('live ones with a trigger by hand, by name, and nothing else of them', async () => {
    const { chatId } = await all.desk.guest();
    const list = (): Promise<Answer> => all.desk.owner.call('flows.startableInChat', { chatId });
    const before = new Set(names(await list()));
    const fits = await live(greeting('Oi', [hand()]));
    const draft = ok(await all.desk.owner.call('flows.create', {}, { json: { name: `Fluxo ${unique()}` } }), 201).str('id');
    ok(await all.desk.owner.call('flows.saveDraft', { flowId: draft }, { json: { graph: greeting('Oi', [hand()]), revision: 1 } }), 200);
    const without = await live(greeting('Oi'));
    const other = await live(greeting('Oi', [{ id: 'first', kind: 'channel', enabled: false, priority: 0, conditions: null }]));
    const triggerOff = await live(greeting('Oi', [hand({ enabled: false })]));
    const off = await live(greeting('Oi', [hand()]));
    ok(await all.desk.owner.call('flows.update', { flowId: off }, { json: { enabled: false } }), 200);
    const gone = await live(greeting('Oi', [hand()]));
    ok(await all.desk.owner.call('flows.remove', { flowId: gone }));
    const shown = names(await list()).filter((one) => !before.has(one));
    expect(shown).toEqual([fits]);
    for (const one of [draft, without, other, triggerOff, off, gone]) expect(shown).not.toContain(one);

    // By name, whatever the case and the accents; only what it takes to choose.
    for (const [flowId, name] of [
      [fits, 'zebra'],
      [await live(greeting('Oi', [hand()])), 'Época'],
      [await live(greeting('Oi', [hand()])), 'cafe'],
    ] as const)
      ok(await all.desk.owner.call('flows.update', { flowId }, { json: { name } }), 200);
    const answer = rows(ok(await list(), 200)).filter((row) => !before.has(id(row)));
    expect(answer.map((row) => row['name'])).toEqual(['cafe', 'Época', 'zebra']);
    expect(Object.keys(answer[0] ?? {}).sort()).toEqual(['id', 'name']);
    // What is shown can be started.
    expect((await started(chatId, fits))['flowId']).toBe(fits);
  });

  test('for who may run flows and sees the chat, of the own organization', async () => {
    const flowId = await live(greeting('Oi', [hand()]));
    const { chatId } = await all.desk.guest();
    const [hers, another] = [await all.desk.team(), await all.desk.team()];
    const runner = await all.desk.person([...restricted, 'flows.run'], [hers]);
    const reader = await all.desk.person([...restricted, 'chats.view_all', 'flows.view']);
    const toTeam = async (teamId: string): Promise<void> => void ok(await all.desk.owner.call('chats.transfer', { chatId }, { json: { teamId } }), 200);
    // In a team that the person is in, without flows.view; seeing flows is not running them.
    await toTeam(hers);
    expect(names(await runner.api.call('flows.startableInChat', { chatId }))).toContain(flowId);
    refused(await reader.api.call('flows.startableInChat', { chatId }), 403, 'FORBIDDEN');
    await toTeam(another);
    refused(await runner.api.call('flows.startableInChat', { chatId }), 404, 'CHAT_NOT_FOUND');
    expect(names(await all.desk.owner.call('flows.startableInChat', { chatId }))).toContain(flowId);
    refused(await all.desk.owner.call('flows.startableInChat', { chatId: crypto.randomUUID() }), 404, 'CHAT_NOT_FOUND');

    const foreign = await Desk.make(all.server);
    refused(await foreign.owner.call('flows.startableInChat', { chatId }), 404, 'CHAT_NOT_FOUND');
    refused(await all.desk.owner.as(foreign.org.owner.client).call('flows.startableInChat', { chatId }), 403);
    const { chatId: theirs } = await foreign.guest();
    expect(names(await foreign.owner.call('flows.startableInChat', { chatId: theirs }))).toEqual([]);
  });
});

describe('without contacts.view', () => {
  test('the way of a session is seen, no value of it', async () => {
    const secret = `ana${unique()}@example.com`;
    const graph = asking('Seu e-mail, {{ customer.name }}?');
    ((graph['nodes'] as JsonObject[])[1] as JsonObject)['data'] = { text: 'Seu e-mail, {{ customer.name }}?', kind: 'email', variable: 'email', retries: 0 };
    (graph['nodes'] as JsonObject[]).push({ id: 'fail', type: 'set', name: '', x: 0, y: 0, data: { assignments: [{ name: 'n', kind: 'value', value: '{{ email }}' }] } });
    (graph['edges'] as JsonObject[])[1] = { id: 'e2', from: 'hello', port: 'next', to: 'fail' };
    const flowId = await live({ ...graph, variables: [{ name: 'n', type: 'number', default: null, help: '' }] });
    const { visitor, chatId } = await all.desk.guest();
    const api = `api${unique()}`;
    const session = ok(await all.desk.owner.call('flows.start', { flowId }, { json: { chatId, variables: { origem: api, fone: 5511984217730 } } }), 201).str('sessionId');
    await waiting(session);
    await visitor.say(`é ${secret}`);
    await until('the failure', async () => ((await get(session))['status'] === 'failed' ? true : undefined));
    const whole = await get(session);
    expect(whole).toMatchObject({ masked: false, vars: { email: secret, origem: api, fone: 5511984217730 }, error: { code: 'VALUE_TYPE' } });
    expect(JSON.stringify(whole['log'])).toContain(secret);

    const blind = await all.desk.person(['flows.view', 'flows.run', 'flows.edit', 'chats.view', 'chats.view_all']);
    const shown = await get(session, blind.api);
    expect(shown).toMatchObject({ masked: true, id: session, status: 'failed', steps: whole['steps'], vars: { email: '•••', origem: '•••', fone: '•••' }, error: { code: 'VALUE_TYPE', message: '' } });
    const ways = (row: Row): unknown[] => (row['log'] as Row[]).map((line) => [line['nodeId'], line['what'], line['port'], (line['error'] as Row | null)?.['code']]);
    expect(ways(shown)).toEqual(ways(whole));
    const listed = ok(await blind.api.call('flows.sessions', { flowId }), 200);
    const changed = ok(await blind.api.call('flows.retrySession', { sessionId: session }), 200);
    for (const text of [JSON.stringify(shown), listed.text, changed.text]) for (const value of [secret, api, '5511984217730']) expect([text.includes(value), value]).toEqual([false, value]);
    expect([rows(listed)[0]?.['masked'], changed.get('masked')]).toEqual([true, true]);
    expect(rows(ok(await blind.api.call('flows.sessions', { flowId }, { query: { search: secret } }), 200))).toEqual([]);
    // A test's customer is made up by who tests: shown.
    const test = ok(await blind.api.call('flows.testBegin', { flowId }, { json: { customer: { name: 'Bia' } } }), 201);
    expect(test.json).toMatchObject({ masked: false, transcript: [{ text: 'Seu e-mail, Bia?' }] });
  });
});

describe('the test panel', () => {
  const flow = async (graph: JsonObject): Promise<string> => {
    const flowId = ok(await all.desk.owner.call('flows.create', {}, { json: { name: `Fluxo ${unique()}` } }), 201).str('id');
    ok(await all.desk.owner.call('flows.saveDraft', { flowId }, { json: { graph, revision: 1 } }), 200);
    return flowId;
  };
  const begin = async (flowId: string, more: JsonObject = {}): Promise<Row> => ok(await all.desk.owner.call('flows.testBegin', { flowId }, { json: more }), 201).json as Row;
  const lines = (row: Row): unknown[] => (Array.isArray(row['transcript']) ? (row['transcript'] as Row[]).map((line) => [line['from'], line['text']]) : []);

  test('a draft talks, time passes, nothing of it is real', async () => {
    const chats = all.desk.sql('select count(*) from chats');
    const flowId = await flow(asking('Olá {{ customer.firstName }}, qual pedido?'));
    const session = await begin(flowId, { channelKind: 'whatsapp', customer: { name: 'Ana Souza', email: 'ana@example.com' } });
    expect(session).toMatchObject({ test: true, version: null, status: 'waiting', nodeId: 'hello', chatId: null });
    expect(lines(session)).toEqual([['flow', 'Olá Ana, qual pedido?']]);
    const said = ok(await all.desk.owner.call('flows.testSay', { sessionId: id(session) }, { json: { text: '4711' } }), 200).json as Row;
    expect(said).toMatchObject({ status: 'done' });
    expect(lines(said)).toContainEqual(['customer', '4711']);
    refused(await all.desk.owner.call('flows.testSay', { sessionId: id(session) }, { json: { text: 'mais' } }), 409, 'SESSION_OVER');
    const silent = await begin(flowId);
    const skipped = ok(await all.desk.owner.call('flows.testSkip', { sessionId: id(silent) }, { json: {} }), 200).json as Row;
    expect(skipped).toMatchObject({ status: 'done' });
    expect(Date.parse(String(skipped['clock'])) - Date.parse(String(silent['clock']))).toBeGreaterThanOrEqual(59_000);
    refused(await all.desk.owner.call('flows.testAnswer', { sessionId: id(await begin(flowId)) }, { json: { status: 200 } }), 409, 'NO_REQUEST');
    expect(all.desk.sql('select count(*) from chats')).toBe(chats);
    expect(rows(ok(await all.desk.owner.call('flows.sessions', { flowId }), 200))).toEqual([]);
    expect(rows(ok(await all.desk.owner.call('flows.stats', { flowId }), 200), 'nodes')).toEqual([]);
  });

  test('a real session cannot be talked to from the panel', async () => {
    const { chatId } = await all.desk.guest();
    const session = id(await started(chatId, await live(asking('Nome?'))));
    await waiting(session);
    for (const [what, json] of [['testSay', { text: 'Oi' }], ['testSkip', {}], ['testAnswer', { status: 200 }]] as const)
      refused(await all.desk.owner.call(`flows.${what}`, { sessionId: session }, { json }), 404, 'SESSION_NOT_FOUND');
  });

  test('recorded, run again, and forgotten', async () => {
    const flowId = await flow(asking('Qual pedido?'));
    const session = await begin(flowId);
    ok(await all.desk.owner.call('flows.testSay', { sessionId: id(session) }, { json: { text: '4711' } }), 200);
    const recorded = ok(await all.desk.owner.call('flows.recordTest', { flowId }, { json: { name: 'Pedido', sessionId: id(session) } }), 201).json as Row;
    expect(recorded).toMatchObject({ name: 'Pedido', lastResult: null, by: all.desk.boss.userId });
    expect(rows(ok(await all.desk.owner.call('flows.runTests', { flowId }), 200))).toMatchObject([{ id: id(recorded), ok: true }]);
    ok(await all.desk.owner.call('flows.saveDraft', { flowId }, { json: { graph: asking('Outra pergunta?'), revision: 2 } }), 200);
    expect(rows(ok(await all.desk.owner.call('flows.runTests', { flowId }), 200))).toMatchObject([{ id: id(recorded), ok: false }]);
    const [kept] = rows(ok(await all.desk.owner.call('flows.tests', { flowId }), 200));
    expect(member(kept, 'lastResult')).toMatchObject({ ok: false, message: expect.any(String) as unknown });
    ok(await all.desk.owner.call('flows.removeTest', { flowId, testId: id(recorded) }));
    expect(rows(ok(await all.desk.owner.call('flows.tests', { flowId }), 200))).toEqual([]);
    refused(await all.desk.owner.call('flows.removeTest', { flowId, testId: id(recorded) }), 404, 'TEST_NOT_FOUND');
    refused(await all.desk.owner.call('flows.recordTest', { flowId, }, { json: { name: 'x', sessionId: crypto.randomUUID() } }), 404, 'SESSION_NOT_FOUND');
  });

  test('who may what', async () => {
    const flowId = await flow(greeting('Oi'));
    const viewer = await all.desk.person(['flows.view', 'flows.run']);
    refused(await viewer.api.call('flows.testBegin', { flowId }, { json: {} }), 403, 'FORBIDDEN');
    refused(await viewer.api.call('flows.runTests', { flowId }), 403, 'FORBIDDEN');
    refused(await all.desk.owner.call('flows.testBegin', { flowId: crypto.randomUUID() }, { json: {} }), 404, 'FLOW_NOT_FOUND');
    refused(await all.desk.owner.call('flows.testBegin', { flowId }, { json: { graph: { nodes: 7 } } }), 400);
  });
});
