/* Flows in real chats: what starts them, whose the chat is, versions, timers, and what happens when two want the same. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, ok, refused } from '../api/lib/client.ts';
import { Desk, house } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { sleep, until } from '../api/lib/server.ts';
import { Bench } from './lib/bench.ts';
import { graph, options } from './lib/draw.ts';

const all = house();
const bench = async (): Promise<Bench> => new Bench(await Desk.make(all.server));
const everywhere = (more: JsonObject = {}): JsonObject => ({ id: 't', kind: 'channel', enabled: true, priority: 0, ...more });
const keyword = (words: string[], more: JsonObject = {}): JsonObject => ({ id: 'k', kind: 'keyword', enabled: true, priority: 0, words, match: 'contains', ...more });

const menu = (text: string, triggers: JsonObject[], settings: JsonObject = {}): JsonObject =>
  graph({
    triggers,
    settings,
    nodes: [
      ['menu', 'menu', { text, options: options('Banho', 'Consulta'), retries: 0 }, 'Menu'],
      ['bath', 'message', { text: 'Banho marcado.' }],
      ['team', 'transfer', { note: 'quer consulta' }],
    ],
    ways: ['start.next > menu', 'menu.a > bath', 'menu.b > team', 'menu.nomatch > menu'],
  });

const hello = (text: string, triggers: JsonObject[]): JsonObject =>
  graph({ triggers, nodes: [['m', 'message', { text }]], ways: ['start.next > m'] });

describe('from the first message to a person', () => {
  test('a first message starts the flow; buttons or numbers lead on; the transfer gives the chat to people', async () => {
    const b = await bench();
    const flowId = await b.live(menu('Como posso ajudar?', [everywhere()]));
    const { visitor, chatId } = await b.desk.guest('oi');
    expect(await b.hears(visitor, 1)).toEqual(['Como posso ajudar?']);
    expect(await b.chat(chatId)).toMatchObject({ owner: 'bot', flow: { flowId, nodeName: 'Menu', status: 'waiting' }, waitingSince: null });
    await visitor.say('2');
    const [session] = await b.settled(flowId, 'done');
    expect(session).toMatchObject({ endedHow: 'transfer', chatId });
    const chat = await b.chat(chatId);
    expect(chat).toMatchObject({ owner: 'human', flow: null, status: 'pending' });
    expect(chat['waitingSince']).not.toBeNull();
    // People talk now: the flow does not.
    await visitor.say('1');
    await sleep(500);
    expect(await b.told(visitor)).toHaveLength(1);
    expect(await b.sessions(flowId)).toHaveLength(1);
  });

  test('what the web chat shows as buttons is pressed there', async () => {
    const b = await bench();
    const flowId = await b.live(menu('Como posso ajudar?', [everywhere()]));
    const { visitor } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    const asked = (await visitor.messages()).find((one) => one['from'] !== 'visitor');
    expect(asked?.['offer']).toEqual({ buttons: [{ id: 'menu.a', title: 'Banho' }, { id: 'menu.b', title: 'Consulta' }] });
    ok(await visitor.press(asked?.['id'], 'menu.a'), 201);
    expect(await b.hears(visitor, 2)).toEqual(['Como posso ajudar?', 'Banho marcado.']);
    await b.settled(flowId, 'done');
  });

  test('a flow that ends leaves the chat in the queue, and does not begin again in the same chat', async () => {
    const b = await bench();
    const flowId = await b.live(hello('Bem-vinda!', [everywhere()]));
    const { visitor, chatId } = await b.desk.guest('oi');
    await b.settled(flowId, 'done');
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null, status: 'pending' });
    await visitor.say('mais uma coisa');
    await sleep(500);
    expect(await b.told(visitor)).toEqual(['Bem-vinda!']);
    expect(await b.sessions(flowId)).toHaveLength(1);
  });

  test('keywords: accents and case do not matter, other words start nothing', async () => {
    const b = await bench();
    const flowId = await b.live(hello('Temos promoção!', [keyword(['Promoção'])]));
    const { visitor, chatId } = await b.desk.guest('bom dia');
    await sleep(400);
    expect(await b.told(visitor)).toEqual([]);
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human' });
    await visitor.say('tem alguma PROMOCAO hoje?');
    expect(await b.hears(visitor, 1)).toEqual(['Temos promoção!']);
    expect(await b.sessions(flowId)).toHaveLength(1);
  });

  test('a chat that was kept for a flow goes to people when no condition holds', async () => {
    const b = await bench();
    const never = { op: 'all', rows: [{ left: 'customer.name', type: 'text', op: 'equals', right: 'Ninguém' }] };
    const flowId = await b.live(hello('?', [everywhere({ conditions: never })]));
    const { chatId } = await b.desk.guest('oi');
    await until('the chat to be given back', async () => (await b.chat(chatId))['owner'] === 'human');
    expect(await b.sessions(flowId)).toEqual([]);
  });
});

describe('two at once', () => {
  test('the higher priority of the flow wins, then of the trigger, then who was published earlier', async () => {
    const b = await bench();
    await b.live(hello('Segundo', [keyword(['oi'], { priority: 5 })]), { priority: 0 });
    await b.live(hello('Terceiro', [keyword(['oi'])]), { priority: 0 });
    await b.live(hello('Primeiro', [keyword(['oi'])]), { priority: 9 });
    const first = await b.desk.guest('oi');
    expect(await b.hears(first.visitor, 1)).toEqual(['Primeiro']);
    await sleep(400);
    expect(await b.told(first.visitor)).toEqual(['Primeiro']);
  });

  test('of two of the same rank the one published earlier', async () => {
    const b = await bench();
    await b.live(hello('Antes', [keyword(['oi'], { priority: 5 })]));
    await b.live(hello('Depois', [keyword(['oi'], { priority: 5 })]));
    const { visitor } = await b.desk.guest('oi');
    expect(await b.hears(visitor, 1)).toEqual(['Antes']);
  });

  test('a running session is not disturbed, but by a keyword that interrupts', async () => {
    const b = await bench();
    const first = await b.live(menu('Como posso ajudar?', [everywhere()]));
    await b.live(hello('Não vem', [keyword(['promo'])]));
    const stop = await b.live(hello('Parei.', [keyword(['parar'], { interrupts: true, match: 'exact' })]));
    const { visitor } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    await visitor.say('promo');
    expect(await b.hears(visitor, 2)).toEqual([expect.stringContaining('Como posso'), expect.stringContaining('Como posso')]);
    await visitor.say('PARAR');
    expect((await b.hears(visitor, 3))[2]).toBe('Parei.');
    await b.settled(stop, 'done');
    expect((await b.sessions(first))[0]).toMatchObject({ status: 'stopped', endedHow: 'replaced' });
  });
});

describe('bot or human', () => {
  test('an agent who answers pauses the flow; resumed, it takes what came since', async () => {
    const b = await bench();
    const flowId = await b.live(menu('Como posso ajudar?', [everywhere()]));
    const { visitor, chatId } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    ok(await b.client.post(b.path(`/chats/${chatId}/messages`), { content: 'Deixa comigo.' }), 201);
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: { status: 'paused' } });
    const [paused] = await b.sessions(flowId, 'paused');
    expect(paused).toMatchObject({ status: 'paused', endedHow: 'taken' });
    await visitor.say('1');
    await sleep(500);
    expect(await b.told(visitor)).toHaveLength(2);
    const id = String(paused?.['id']);
    ok(await b.client.post(b.path(`/flow-sessions/${id}/resume`), {}));
    expect(await b.hears(visitor, 3)).toContain('Banho marcado.');
    await b.settled(flowId, 'done');
  });

  test('resumed without what came since, it goes on waiting', async () => {
    const b = await bench();
    const flowId = await b.live(menu('Como posso ajudar?', [everywhere()]));
    const { visitor, chatId } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    await visitor.say('1');
    const [paused] = await b.settled(flowId, 'paused');
    ok(await b.client.post(b.path(`/flow-sessions/${String(paused?.['id'])}/resume`), { skip: true }));
    await sleep(500);
    expect(await b.told(visitor)).toHaveLength(1);
    expect(await b.sessions(flowId, 'waiting')).toHaveLength(1);
  });

  test('taken at whatever moment: not a word of the flow after that', async () => {
    const b = await bench();
    const flowId = await b.live(
      graph({
        triggers: [everywhere()],
        nodes: [
          ['q', 'question', { text: 'Diga.', kind: 'text', variable: 'dito' }],
          ['m', 'message', { text: 'Disse {{dito}}.' }],
        ],
        ways: ['start.next > q', 'q.next > m', 'm.next > q'],
      }),
    );
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const { visitor, chatId } = await b.desk.guest(`oi ${i}`);
        const talk = (async () => {
          for (let n = 0; n < 6; n++) {
            await visitor.say(`n${n}`);
            await sleep(Math.random() * 60);
          }
        })();
        await sleep(100 + Math.random() * 500);
        ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
        await talk;
        await sleep(500);
        const lines = ok(await b.client.get(b.path(`/chats/${chatId}/messages`), { limit: 100 })).get('items') as JsonObject[];
        const taken = lines.findIndex((line) => line['kind'] === 'event' && (line['data'] as JsonObject)['what'] === 'taken');
        expect(taken).toBeGreaterThanOrEqual(0);
        expect(lines.slice(taken).filter((line) => line['authorKind'] === 'bot')).toEqual([]);
        // Every message that was answered was answered once, in order.
        const said = lines.filter((line) => line['authorKind'] === 'bot' && String(line['content']).startsWith('Disse')).map((line) => String(line['content']));
        expect(said, JSON.stringify(lines.map((line) => [line['seq'], line['authorKind'], line['content'], line['createdAt']]))).toEqual(said.map((_line, n) => `Disse n${n}.`));
      }),
    );
    expect((await b.sessions(flowId)).every((one) => one['status'] === 'paused')).toBe(true);
  });

  test('closing ends it; stopping gives the chat to people', async () => {
    const b = await bench();
    const flowId = await b.live(menu('Como posso ajudar?', [everywhere()]));
    const one = await b.desk.guest('oi');
    await b.hears(one.visitor, 1);
    const types = ok(await b.client.get(b.path('/closure-types'))).get('items') as JsonObject[];
    ok(await b.client.post(b.path(`/chats/${one.chatId}/close`), { closureTypeId: String(types[0]?.['id']), note: 'feito' }));
    expect((await b.settled(flowId, 'stopped'))[0]).toMatchObject({ endedHow: 'chat_closed' });
    const two = await b.desk.guest('oi');
    await b.hears(two.visitor, 1);
    const [running] = await b.settled(flowId, 'waiting');
    ok(await b.client.post(b.path(`/flow-sessions/${String(running?.['id'])}/stop`), {}));
    expect(await b.chat(two.chatId)).toMatchObject({ owner: 'human', flow: null });
    refused(await b.client.post(b.path(`/flow-sessions/${String(running?.['id'])}/stop`), {}), 409, 'SESSION_OVER');
  });

  test('a step that fails hands over with words, and can be tried again', async () => {
    const b = await bench();
    const flowId = await b.live(graph({ triggers: [everywhere()], nodes: [['m', 'message', { text: 'Total {{ 1 / (2 - 2) }}' }]], ways: ['start.next > m'] }));
    const { chatId } = await b.desk.guest('oi');
    const [failed] = await b.settled(flowId, 'failed');
    expect(failed).toMatchObject({ error: { code: 'EXPRESSION_DIVISION', nodeId: 'm' } });
    expect(await b.chat(chatId)).toMatchObject({ owner: 'human', flow: null });
    expect((await b.chat(chatId))['waitingSince']).not.toBeNull();
    const lines = ok(await b.client.get(b.path(`/chats/${chatId}/messages`))).get('items') as JsonObject[];
    expect(lines.some((line) => line['kind'] === 'event' && (line['data'] as JsonObject)['what'] === 'flow_failed')).toBe(true);
    ok(await b.client.post(b.path(`/flow-sessions/${String(failed?.['id'])}/retry`), {}));
    await until('the second failure', async () => ((await b.session(String(failed?.['id'])))['steps'] as number) >= 3);
    expect((await b.sessions(flowId))[0]).toMatchObject({ status: 'failed' });
  });
});

describe('versions and time', () => {
  test('a session ends on the version that it began with', async () => {
    const b = await bench();
    const triggers = [everywhere()];
    const drawn = (word: string) =>
      graph({ triggers, nodes: [['q', 'question', { text: 'Nome?', kind: 'text', variable: 'nome' }], ['m', 'message', { text: `${word} {{nome}}` }]], ways: ['start.next > q', 'q.next > m'] });
    const flowId = await b.live(drawn('Velho'));
    const old = await b.desk.guest('oi');
    await b.hears(old.visitor, 1);
    await b.publish(flowId, drawn('Novo'));
    const fresh = await b.desk.guest('oi');
    await b.hears(fresh.visitor, 1);
    await old.visitor.say('Ana');
    await fresh.visitor.say('Bia');
    expect((await b.hears(old.visitor, 2))[1]).toBe('Velho Ana');
    expect((await b.hears(fresh.visitor, 2))[1]).toBe('Novo Bia');
    const versions = (await b.settled(flowId, 'done', 2)).map((one) => one['version']);
    expect(versions.sort()).toEqual([1, 2]);
  });

  test('a delay wakes by itself', async () => {
    const b = await bench();
    await b.live(graph({ triggers: [everywhere()], nodes: [['a', 'message', { text: 'Um' }], ['d', 'delay', { mode: 'duration', durationMs: 1500 }], ['b', 'message', { text: 'Dois' }]], ways: ['start.next > a', 'a.next > d', 'd.next > b'] }));
    const { visitor } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    const began = Date.now();
    expect(await b.hears(visitor, 2)).toEqual(['Um', 'Dois']);
    expect(Date.now() - began).toBeGreaterThan(500);
  });

  test('a burst is read together where the flow asks for it', async () => {
    const b = await bench();
    await b.live(
      graph({
        triggers: [everywhere()],
        settings: { debounceMs: 1500 },
        nodes: [['q', 'question', { text: 'Conte.', kind: 'text', variable: 'dito' }], ['m', 'message', { text: '<{{dito}}>' }]],
        ways: ['start.next > q', 'q.next > m'],
      }),
    );
    const { visitor } = await b.desk.guest('oi');
    await b.hears(visitor, 1);
    for (const line of ['meu cachorro', 'está', 'doente']) {
      await visitor.say(line);
      await sleep(100);
    }
    expect((await b.hears(visitor, 2))[1]).toBe('<meu cachorro\nestá\ndoente>');
  });

  test('by hand, in a chat of one\'s own; one runs, the next replaces it only when asked to', async () => {
    const b = await bench();
    const flowId = await b.live(menu('Posso?', []));
    const { visitor, chatId } = await b.desk.guest(`oi ${unique()}`);
    ok(await b.client.post(b.path(`/chats/${chatId}/take`)));
    ok(await b.client.post(b.path(`/chats/${chatId}/flow`), { flowId }), 201);
    await b.hears(visitor, 1);
    expect(await b.chat(chatId)).toMatchObject({ owner: 'bot', flow: { flowId } });
    refused(await b.client.post(b.path(`/chats/${chatId}/flow`), { flowId }), 409, 'FLOW_RUNNING');
    ok(await b.client.post(b.path(`/chats/${chatId}/flow`), { flowId, replace: true }), 201);
    await b.hears(visitor, 2);
    await visitor.say('1');
    expect((await b.hears(visitor, 3))[2]).toBe('Banho marcado.');
    expect((await b.settled(flowId, 'stopped'))[0]).toMatchObject({ endedHow: 'replaced' });
  });
});
