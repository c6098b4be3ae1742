/* What nobody may do with flows, by chance or on purpose: take chats for ever, run without end, block the program, fill it. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, ok, refused } from '../api/lib/client.ts';
import { Desk, house } from '../api/lib/inbox.ts';
import { sleep, until } from '../api/lib/server.ts';
import { sql } from '../process/lib/command.ts';
import { Bench } from './lib/bench.ts';
import { type NodeWords, graph } from './lib/draw.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));
const trigger = (kind: string, more: JsonObject = {}): JsonObject => ({ id: 't', kind, enabled: true, priority: 0, ...more });

async function team(b: Bench): Promise<string> {
  return b.desk.team();
}

describe('silent flows', () => {
  test('one that failed and is tried again leaves the chat to whom it belongs', async () => {
    const b = await bench();
    const teamId = await team(b);
    const flowId = await b.live(
      graph({ triggers: [trigger('transfer', { teamId })], nodes: [['n', 'note', { text: '{{nada}}' }]], ways: ['start.next > n'] }),
      {},
      'transfer',
    );
    const { chatId } = await b.desk.guest('oi');
    ok(await b.client.post(b.path(`/chats/${chatId}/transfer`), { teamId, note: '' }));
    const [session] = await b.settled(flowId, 'failed');
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    const id = String(session?.['id']);
    await b.client.post(b.path(`/flow-sessions/${id}/retry`));
    await sleep(1000);
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
    expect(await b.session(id)).toMatchObject({ status: 'failed' });
  });
});

describe('large graphs', () => {
  test('a chain of as many nodes as a flow may have is checked', async () => {
    const b = await bench();
    const nodes: NodeWords[] = [];
    const ways: string[] = ['start.next > n1'];
    for (let i = 1; i < 500; i++) {
      nodes.push([`n${i}`, 'set', { assignments: [{ name: 'x', kind: 'value', value: '1' }] }]);
      if (i > 1) ways.push(`n${i - 1}.next > n${i}`);
    }
    const flowId = await b.make();
    await b.draw(flowId, graph({ triggers: [trigger('manual')], nodes, ways }));
    ok(await b.client.post(b.path(`/flows/${flowId}/publish`), { note: '' }));
  });
});

describe('what triggers may say', () => {
  test('a silence is a whole number of milliseconds', async () => {
    const b = await bench();
    const flowId = await b.make();
    await b.draw(flowId, graph({ triggers: [trigger('inactivity', { who: 'customer', afterMs: 60000.5 })], nodes: [['m', 'message', { text: '?' }]], ways: ['start.next > m'] }));
    const answer = refused(await b.client.post(b.path(`/flows/${flowId}/publish`), { note: '' }), 400, 'FLOW_INVALID');
    expect(JSON.stringify(answer)).toContain('afterMs');
  });
});

describe('work', () => {
  /* Some 50,000 steps of the matcher each, and no error. */
  const slow = `matches('${'a'.repeat(19)}!', '^(a|aa)+$')`;

  test('expressions of one run cannot block the program', async () => {
    const b = await bench();
    const value = `[${Array.from({ length: 4 }, () => slow).join(', ')}]`;
    const nodes: NodeWords[] = [];
    const ways = ['start.next > n1'];
    for (let i = 1; i <= 60; i++) {
      nodes.push([`n${i}`, 'set', { assignments: Array.from({ length: 20 }, (_, k) => ({ name: `x${k}`, kind: 'expression', value })) }]);
      if (i > 1) ways.push(`n${i - 1}.next > n${i}`, `n${i - 1}.error > n${i}`);
    }
    const flowId = await b.make();
    await b.draw(flowId, graph({ triggers: [trigger('manual')], nodes, ways }));
    const began = Date.now();
    const session = await b.begin(flowId, { channelKind: 'webchat' });
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(session).toMatchObject({ status: 'failed', error: { code: 'WORK_LIMIT' } });
  });

  test('nor can the regular expressions of triggers', async () => {
    const b = await bench();
    const words = Array.from({ length: 50 }, (_, i) => `^(a|aa)+${i}$`);
    const triggers = Array.from({ length: 20 }, (_, i) => ({ ...trigger('keyword', { words, match: 'regex' }), id: `k${i}` }));
    for (let i = 0; i < 3; i++) await b.live(graph({ triggers, nodes: [['m', 'message', { text: '?' }]], ways: ['start.next > m'] }));
    const { chatId } = await b.desk.guest(`${'a'.repeat(21)}!`);
    const began = Date.now();
    await until('the chat to be given back', async () => ((await b.chat(chatId))['owner'] === 'human' ? true : undefined));
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  test('a regular expression that is none is found when the flow is published', async () => {
    const b = await bench();
    const flowId = await b.make();
    await b.draw(flowId, graph({ triggers: [trigger('keyword', { words: ['(a'], match: 'regex' })], nodes: [['m', 'message', { text: '?' }]], ways: ['start.next > m'] }));
    const answer = refused(await b.client.post(b.path(`/flows/${flowId}/publish`), { note: '' }), 400, 'FLOW_INVALID');
    expect(JSON.stringify(answer)).toContain('triggers[0].words[0]');
  });

  test('a large draft is tested without a copy of it for every step', async () => {
    const b = await bench();
    const nodes: NodeWords[] = [];
    const ways = ['start.next > n1'];
    for (let i = 1; i <= 180; i++) {
      nodes.push([`n${i}`, 'set', { assignments: [{ name: 'x', kind: 'value', value: '1' }], more: i === 1 ? Array.from({ length: 150_000 }, () => 1) : [] }]);
      if (i > 1) ways.push(`n${i - 1}.next > n${i}`);
    }
    const flowId = await b.make();
    await b.draw(flowId, graph({ triggers: [trigger('manual')], nodes, ways }));
    const began = Date.now();
    expect(await b.begin(flowId, { channelKind: 'webchat' })).toMatchObject({ status: 'done', steps: 181 });
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});

describe('without end', () => {
  test('two programs that answer each other are parted', async () => {
    const b = await bench();
    const flowId = await b.live(graph({ triggers: [trigger('keyword', { words: ['eco'], match: 'contains' })], nodes: [['m', 'message', { text: 'eco' }]], ways: ['start.next > m'] }));
    const { visitor, chatId } = await b.desk.guest('eco');
    await b.settled(flowId, 'done');
    sql(all.server.dataDir, `insert into flow_sessions (org_id, flow_id, version_id, chat_id, status, trigger, ended_at)
      select s.org_id, s.flow_id, s.version_id, s.chat_id, 'done', s.trigger, now() from flow_sessions s, generate_series(1, 59) where s.flow_id = '${flowId}'`);
    for (let i = 0; i < 3; i++) await visitor.say('eco');
    const failures = async (): Promise<JsonObject[]> =>
      (await b.desk.messages(chatId)).map((one) => one['data'] as JsonObject).filter((data) => data['code'] === 'STARTS_LIMIT');
    await until('a line that says so', async () => ((await failures()).length > 0 ? true : undefined));
    await sleep(1500);
    expect(await failures()).toHaveLength(1);
    expect(await b.told(visitor)).toHaveLength(1);
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
    // By hand it goes on.
    ok(await b.client.post(b.path(`/chats/${chatId}/flow`), { flowId }), 201);
    await b.hears(visitor, 2);
  });

  test('tests that nobody brought to their end are forgotten', async () => {
    const b = await bench();
    const flowId = await b.make();
    await b.draw(flowId, graph({ triggers: [trigger('manual')], nodes: [['q', 'question', { text: '?', kind: 'text' }]], ways: ['start.next > q'] }));
    const { id } = await b.begin(flowId, { channelKind: 'webchat' });
    sql(all.server.dataDir, `update flow_sessions set updated_at = now() - interval '3 days' where id = '${id}'; select flow_clean(180)`);
    refused(await b.client.get(b.path(`/flow-sessions/${id}`)), 404, 'SESSION_NOT_FOUND');
  });
});

describe('who may not see contacts', () => {
  test('sees runs without what the customer said of themselves', async () => {
    const b = await bench();
    const flowId = await b.live(
      graph({ triggers: [trigger('channel')], nodes: [['s', 'set', { assignments: [{ name: 'fone', kind: 'value', value: '{{message.text}}' }] }]], ways: ['start.next > s'] }),
    );
    await b.desk.guest('11 98421-7730');
    const [session] = await b.settled(flowId, 'done');
    const id = String(session?.['id']);
    expect((await b.session(id)).vars).toEqual({ fone: '11 98421-7730' });
    const person = await b.desk.person(['flows.view', 'chats.view', 'chats.view_all']);
    const seen = ok(await person.client.get(b.path(`/flow-sessions/${id}`)));
    expect(seen.json).toMatchObject({ status: 'done', vars: {} });
    expect(seen.text).not.toContain('98421');
  });
});

describe('stages', () => {
  test('a flow of a stage gives the customer’s chat to a team, and the flow that talked there rests', async () => {
    const b = await bench();
    const teamId = await b.desk.team();
    const stages = ok(await b.client.get(b.path('/funnels'))).get('items') as JsonObject[];
    const stageId = String(((stages[0]?.['stages'] as JsonObject[])[0] as JsonObject)['id']);
    const talking = await b.live(graph({ triggers: [trigger('channel')], nodes: [['q', 'question', { text: 'Nome?', kind: 'text' }]], ways: ['start.next > q'] }));
    const moving = await b.live(graph({ triggers: [trigger('stage', { stageId })], nodes: [['t', 'transfer', { teamId }]], ways: ['start.next > t'] }), {}, 'stage');
    const { visitor, chatId } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    const customer = (await b.chat(chatId))['customer'] as JsonObject;
    ok(await b.client.call('PUT', b.path(`/customers/${String(customer['id'])}/stage`), { json: { stageId } }));
    await b.settled(moving, 'done');
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', teamId, status: 'pending', flow: { status: 'paused' } });
    expect(await b.sessions(talking)).toMatchObject([{ status: 'paused' }]);
  });
});

describe('timers', () => {
  test('one that comes early by our clock is not lost', async () => {
    const b = await bench();
    const flowId = await b.live(
      graph({ triggers: [trigger('channel')], nodes: [['d', 'delay', { mode: 'duration', durationMs: 4000 }], ['m', 'message', { text: 'Voltei.' }]], ways: ['start.next > d', 'd.next > m'] }),
    );
    const { visitor, chatId } = await b.desk.guest('oi');
    await b.settled(flowId, 'waiting');
    sql(all.server.dataDir, `update jobs set due_at = now() where unique_key = 'flow.wake:' || (select id from flow_sessions where chat_id = '${chatId}')`);
    await b.desk.guest('oi'); // the workers look for work
    expect(await b.hears(visitor, 1)).toEqual(['Voltei.']);
  });
});

describe('files', () => {
  test('hold no keys of calls', async () => {
    const b = await bench();
    const flowId = await b.make();
    const headers = [
      { name: 'Authorization', value: 'Bearer dGhpcyBpcyBhIGtleQ' },
      { name: 'X-Api-Key', value: 'k-123456' },
      { name: 'X-Customer', value: '{{customer.name}}' },
      { name: 'Accept-Language', value: 'pt' },
    ];
    const query = [
      { name: 'access_token', value: 't-123456' },
      { name: 'page', value: '2' },
    ];
    await b.draw(flowId, graph({ nodes: [['h', 'http', { method: 'GET', url: 'https://api.example.com/', headers, query }]], ways: ['start.next > h'] }));
    const file = ok(await b.client.get(b.path(`/flows/${flowId}/export`)));
    expect(file.text).not.toMatch(/dGhpcyBpcyBhIGtleQ|k-123456|t-123456/);
    expect(file.text).toContain('{{customer.name}}');
    expect(file.text).toContain('Accept-Language');
    expect(ok(await b.client.get(b.path(`/flows/${flowId}`))).text).toContain('k-123456');
  });
});

describe('after a restored backup', () => {
  test('what was due stops and goes to people, what is due later goes on', async () => {
    const b = await bench();
    const nodes: NodeWords[] = [['d', 'delay', { mode: 'duration', durationMs: 3_600_000 }]];
    const flowId = await b.live(graph({ triggers: [trigger('channel')], nodes, ways: ['start.next > d'] }));
    const due = await b.desk.guest('oi');
    const later = await b.desk.guest('oi');
    await b.settled(flowId, 'waiting', 2);
    sql(
      all.server.dataDir,
      `update jobs set due_at = now() - interval '1 second' where unique_key = 'flow.wake:' || (select id from flow_sessions where chat_id = '${due.chatId}'); select backup_restored()`,
    );
    expect(await b.chat(due.chatId)).toMatchObject({ owner: 'human', status: 'pending', flow: null });
    expect(await b.chat(later.chatId)).toMatchObject({ owner: 'bot', flow: { status: 'waiting' } });
    expect(await b.sessions(flowId, 'failed')).toMatchObject([{ error: { code: 'RUN_PARKED' } }]);
  });
});

describe('a chat that the house opened', () => {
  test('its customer’s first word starts what first words start', async () => {
    const b = await bench();
    const { visitor, chatId } = await b.desk.guest('oi');
    // As a chat that was opened over the API and waits in its queue.
    sql(all.server.dataDir, `delete from messages where chat_id = '${chatId}'; update chats set message_count = 0, inbound_count = 0, last_message = '{}' where id = '${chatId}'`);
    const flowId = await b.live(graph({ triggers: [trigger('firstContact')], nodes: [['m', 'message', { text: 'Bem-vinda!' }]], ways: ['start.next > m'] }));
    await visitor.say('olá');
    await b.settled(flowId, 'done');
    expect(await b.told(visitor)).toEqual(['Bem-vinda!']);
  });
});
