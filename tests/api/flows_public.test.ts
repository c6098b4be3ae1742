/* Flows on the paths that integrators know: chat/create's flowId and responseFlowId, and start-flow. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, isObject, ok, refused } from './lib/client.ts';
import { Caller, rows } from './lib/crm.ts';
import { type Row, type Visitor, house } from './lib/inbox.ts';
import { makeKey, unique } from './lib/people.ts';
import { sleep, until } from './lib/server.ts';
import { asking, greeting } from './lib/world.ts';

const all = house();
let key: Caller;
beforeAll(async () => {
  key = all.desk.owner.as(await makeKey(all.desk.org));
});

interface Live {
  id: string;
  name: string;
}
async function live(graph: JsonObject): Promise<Live> {
  const name = `Fluxo ${unique()}`;
  const flowId = ok(await all.desk.owner.call('flows.create', {}, { json: { name } }), 201).str('id');
  ok(await all.desk.owner.call('flows.saveDraft', { flowId }, { json: { graph, revision: 1 } }), 200);
  ok(await all.desk.owner.call('flows.publish', { flowId }, { json: {} }), 200);
  return { id: flowId, name };
}
const keyword = (word: string): JsonObject => ({ id: 'k', kind: 'keyword', enabled: true, priority: 0, conditions: null, words: [word], match: 'contains' });

interface Place {
  visitor: Visitor;
  chatId: string;
  create: (json: JsonObject, as?: Caller) => Promise<Answer>;
}
/** A visitor whose chat is open and free, and chat/create for them. */
async function place(): Promise<Place> {
  const { visitor, chatId } = await all.desk.guest();
  const contactValue = all.desk.sql(`select k.identifier from contacts k join chats c on c.contact_id = k.id where c.id = '${chatId}'`).trim();
  const create = (json: JsonObject, as = key): Promise<Answer> =>
    as.call('public.chatCreate', {}, { json: { contactType: 'webchat', contactValue, channelId: all.desk.channel.id, ...json } });
  return { visitor, chatId, create };
}
const told = async (visitor: Visitor): Promise<string[]> => (await visitor.messages()).filter((one) => one['from'] !== 'visitor' && one['kind'] !== 'event').map((one) => String(one['text']));
const hears = (visitor: Visitor, count: number): Promise<string[]> =>
  until(`${count} message(s)`, async () => {
    const found = await told(visitor);
    return found.length >= count ? found : undefined;
  });
const sessions = async (flow: Live): Promise<Row[]> => rows(ok(await all.desk.owner.call('flows.sessions', { flowId: flow.id }), 200));
const waiting = (chatId: string): Promise<unknown> => all.desk.chat(chatId).then((chat) => chat['responseFlow']);

describe('a flow that waits for the answer', () => {
  test('is shown on the chat, begins with the answer, once, with its variables', async () => {
    const flow = await live(greeting('{{ pedido }}: {{ message.text }}'));
    const { visitor, chatId, create } = await place();
    const socket = await all.desk.live(all.desk.boss.client);
    await socket.wait('hello');
    const answer = ok(await create({ initialMessage: 'Chegou?', responseFlowId: flow.id, flowVariables: [{ name: 'pedido', value: '4711' }] }), 200);
    expect(answer.json).toMatchObject({ chatId, existing: true, flowInitiated: false, flowError: null, responseFlowScheduled: true, responseFlowId: flow.id, responseFlowName: flow.name, responseFlowError: null });
    expect(await waiting(chatId)).toEqual({ flowId: flow.id, name: flow.name, at: expect.any(String) as unknown });
    await socket.wait('chat.changed', (data) => isObject(data['chat']) && isObject(data['chat']['responseFlow']));
    expect(await sessions(flow)).toEqual([]);
    await visitor.say('chegou sim');
    expect(await hears(visitor, 2)).toEqual(['Chegou?', '4711: chegou sim']);
    const [session] = await sessions(flow);
    expect(session).toMatchObject({ chatId, trigger: { kind: 'response' } });
    expect(await waiting(chatId)).toBeNull();
    await visitor.say('mais uma coisa');
    await sleep(500);
    expect(await sessions(flow)).toHaveLength(1);
    socket.close();
  });

  test('goes before triggers; a message without one wakes the triggers as ever', async () => {
    const word = `palavra${unique()}`;
    await live(greeting('Do gatilho', [keyword(word)]));
    const flow = await live(greeting('Da resposta'));
    const { visitor, create } = await place();
    ok(await create({ responseFlowId: flow.id }), 200);
    await visitor.say(word);
    expect(await hears(visitor, 1)).toEqual(['Da resposta']);
    await until('the end', async () => ((await sessions(flow))[0]?.['status'] === 'done' ? true : undefined));
    await visitor.say(word);
    expect(await hears(visitor, 2)).toEqual(['Da resposta', 'Do gatilho']);
  });

  test('a later one takes its place; with flowId the one that runs has the messages until its end', async () => {
    const first = await live(greeting('Um'));
    const second = await live(greeting('Dois'));
    const question = await live(asking('Nome?'));
    const { visitor, chatId, create } = await place();
    ok(await create({ responseFlowId: first.id }), 200);
    const both = ok(await create({ flowId: question.id, responseFlowId: second.id }), 200);
    expect(both.json).toMatchObject({ flowInitiated: true, flowError: null, responseFlowScheduled: true, responseFlowId: second.id });
    expect(await waiting(chatId)).toMatchObject({ flowId: second.id });
    expect(await hears(visitor, 1)).toEqual(['Nome?']);
    await until('the question', async () => ((await sessions(question))[0]?.['status'] === 'waiting' ? true : undefined));
    await visitor.say('Ana');
    await until('the answer', async () => ((await sessions(question))[0]?.['status'] === 'done' ? true : undefined));
    expect([await sessions(first), await sessions(second)]).toEqual([[], []]);
    await visitor.say('e agora?');
    expect(await hears(visitor, 2)).toEqual(['Nome?', 'Dois']);
    expect(await sessions(first)).toEqual([]);
  });

  test('a person who takes the chat, and its end, take it away; so does who may', async () => {
    const flow = await live(greeting('Não'));
    const taken = await place();
    ok(await taken.create({ responseFlowId: flow.id }), 200);
    ok(await all.desk.owner.call('chats.take', { chatId: taken.chatId }), 200);
    expect(await waiting(taken.chatId)).toBeNull();
    const late = ok(await taken.create({ responseFlowId: flow.id }), 200);
    expect(late.json).toMatchObject({ responseFlowScheduled: false, responseFlowId: null, responseFlowName: null, responseFlowError: expect.any(String) as unknown });
    const closed = await place();
    ok(await closed.create({ responseFlowId: flow.id }), 200);
    await all.desk.close(closed.chatId);
    expect(await waiting(closed.chatId)).toBeNull();
    const answered = await place();
    ok(await answered.create({ responseFlowId: flow.id }), 200);
    ok(await all.desk.owner.call('messages.send', { chatId: answered.chatId }, { json: { content: 'Eu cuido.' } }), 201);
    expect(await waiting(answered.chatId)).toBeNull();
    const dropped = await place();
    ok(await dropped.create({ responseFlowId: flow.id }), 200);
    const viewer = await all.desk.person(['chats.view', 'chats.view_all']);
    refused(await viewer.api.call('flows.dropResponse', { chatId: dropped.chatId }), 403, 'FORBIDDEN');
    ok(await all.desk.owner.call('flows.dropResponse', { chatId: dropped.chatId }), 204);
    expect(await waiting(dropped.chatId)).toBeNull();
    refused(await all.desk.owner.call('flows.dropResponse', { chatId: crypto.randomUUID() }), 404);
    for (const one of [taken, closed, answered, dropped]) await one.visitor.write('oi');
    await sleep(700);
    expect(await sessions(flow)).toEqual([]);
  });

  test('one that is switched off meanwhile does not begin; unknown ones and drafts are not put on the chat', async () => {
    const flow = await live(greeting('Desligado'));
    const { visitor, chatId, create } = await place();
    ok(await create({ responseFlowId: flow.id }), 200);
    ok(await all.desk.owner.call('flows.update', { flowId: flow.id }, { json: { enabled: false } }), 200);
    await visitor.say('oi');
    await sleep(700);
    expect(await sessions(flow)).toEqual([]);
    expect(await all.desk.chat(chatId)).toMatchObject({ owner: 'human' });
    const draft = ok(await all.desk.owner.call('flows.create', {}, { json: { name: `Rascunho ${unique()}` } }), 201).str('id');
    for (const responseFlowId of [draft, flow.id, crypto.randomUUID(), 'x'])
      expect(ok(await create({ responseFlowId }), 200).json).toMatchObject({ success: true, responseFlowScheduled: false, responseFlowId: null, responseFlowError: expect.any(String) as unknown });
    const bad = ok(await create({ flowId: (await live(greeting('x'))).id, flowVariables: [{ name: 'a b', value: 1 }] }), 200);
    expect(bad.json).toMatchObject({ flowInitiated: false, flowError: expect.stringMatching(/no name/) });
    const few = all.desk.owner.as(await makeKey(all.desk.org, ['chats.reply', 'chats.view_all', 'chats.view']));
    expect(ok(await create({ responseFlowId: flow.id }, few), 200).json).toMatchObject({ responseFlowScheduled: false, responseFlowError: expect.stringMatching(/flows\.run/) });
  });
});

describe('start-flow', () => {
  const start = (chatId: string, json: JsonObject, as = key): Promise<Answer> => as.call('public.chatStartFlow', { chatId }, { json });

  test('begins a flow in a chat, with variables as the flow declares them', async () => {
    const graph = { ...greeting('{{ n + 1 }} de {{ quem }}'), variables: [{ name: 'n', type: 'number', default: null, help: '' }] };
    const flow = await live(graph);
    const { visitor, chatId } = await place();
    const answer = ok(await start(chatId, { flowId: flow.id, flowVariables: [{ name: 'n', value: '41' }, { name: 'quem', value: 'Bia' }] }), 200);
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
    expect(answer.json).toEqual({ success: true, chatId, flowInitiated: true, sessionId: id, flowId: flow.id, flowName: flow.name });
    expect(await hears(visitor, 1)).toEqual(['42 de Bia']);
    expect((await sessions(flow))[0]).toMatchObject({ id: answer.get('sessionId'), trigger: { kind: 'api' } });
    const again = await place();
    ok(await start(again.chatId, { flowId: flow.id, flowVariables: { n: 1, quem: 'Rui' } }), 200);
    expect(await hears(again.visitor, 1)).toEqual(['2 de Rui']);
  });

  test('not over one that runs, unless it is to be replaced; not twice under one Idempotency-Key', async () => {
    const question = await live(asking('Nome?'));
    const flow = await live(greeting('Outro'));
    const { visitor, chatId } = await place();
    const first = ok(await start(chatId, { flowId: question.id }), 200);
    expect(refused(await start(chatId, { flowId: flow.id }), 409, 'FLOW_RUNNING').get('sessionId')).toBe(first.get('sessionId'));
    await hears(visitor, 1);
    ok(await start(chatId, { flowId: flow.id, replace: true }), 200);
    expect(await hears(visitor, 2)).toEqual(['Nome?', 'Outro']);
    const headers = { 'Idempotency-Key': unique() };
    const other = await place();
    const call = (): Promise<Answer> => key.call('public.chatStartFlow', { chatId: other.chatId }, { json: { flowId: question.id }, headers });
    const one = ok(await call(), 200);
    expect(ok(await call(), 200).json).toEqual(one.json);
    expect((await sessions(question)).filter((row) => row['chatId'] === other.chatId)).toHaveLength(1);
  });

  test('what is refused', async () => {
    const flow = await live(greeting('Oi'));
    const { chatId } = await place();
    refused(await start(crypto.randomUUID(), { flowId: flow.id }), 404, 'CHAT_NOT_FOUND');
    refused(await start(chatId, { flowId: crypto.randomUUID() }), 404, 'FLOW_NOT_FOUND');
    const draft = ok(await all.desk.owner.call('flows.create', {}, { json: { name: `Rascunho ${unique()}` } }), 201).str('id');
    refused(await start(chatId, { flowId: draft }), 409, 'FLOW_NOT_LIVE');
    refused(await start(chatId, {}), 400);
    refused(await start(chatId, { flowId: flow.id, flowVariables: [{ name: '1x', value: 1 }] }), 400);
    refused(await start(chatId, { flowId: flow.id }, all.desk.owner.as(await makeKey(all.desk.org, ['chats.reply', 'chats.view_all']))), 403);
    await all.desk.close(chatId);
    refused(await start(chatId, { flowId: flow.id }), 409, 'CHAT_CLOSED');
  });
});
