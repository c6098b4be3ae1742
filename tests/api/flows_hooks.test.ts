/* Flows that begin from outside: webhook triggers (who may call, what is read from a call, listening) and POST …/start. What
   a call is answered 202 for happens: the flow's first message arrives in the chat. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Answer, Client, type JsonObject, ok, refused } from './lib/client.ts';
import { Caller, rows } from './lib/crm.ts';
import { type Row, house, member } from './lib/inbox.ts';
import { makeKey, unique } from './lib/people.ts';
import { until } from './lib/server.ts';
import { greeting, webhookTrigger } from './lib/world.ts';

const all = house();
const secret = 'um segredo bem comprido';

interface Hook {
  flowId: string;
  triggerId: string;
  url: string;
}

/** A flow with a webhook trigger; published unless told otherwise. */
async function hook(more: JsonObject = {}, options: { text?: string; live?: boolean; secret?: string | null; variables?: JsonObject[] } = {}): Promise<Hook> {
  const { owner, channel } = all.desk;
  const flowId = ok(await owner.call('flows.create', {}, { json: { name: `Fluxo ${unique()}` } }), 201).str('id');
  const triggerId = `hook-${unique()}`;
  const graph = { ...greeting(options.text ?? 'Olá {{ customer.name }}', [webhookTrigger(triggerId, channel.id, more)]), variables: options.variables ?? [] };
  ok(await owner.call('flows.saveDraft', { flowId }, { json: { graph, revision: 1 } }), 200);
  if (options.live !== false) ok(await owner.call('flows.publish', { flowId }, { json: {} }), 200);
  const found = ok(await owner.call('flowHooks.get', { flowId, triggerId }), 200);
  if (options.secret !== null) ok(await owner.call('flowHooks.update', { flowId, triggerId }, { json: { secret: options.secret ?? secret } }), 200);
  return { flowId, triggerId, url: new URL(found.str('url')).pathname };
}

const id = (row: Row): string => String(row['id']);
const caller = (): Client => new Client(all.server.url);
const body = (more: JsonObject = {}): JsonObject => ({ person: { id: crypto.randomUUID(), name: `Bia ${unique()}` }, ...more });
const call = (h: Hook, json: unknown, headers: Record<string, string> = { Authorization: `Bearer ${secret}` }, query: Record<string, string> = {}): Promise<Answer> =>
  caller().call('POST', h.url, { body: typeof json === 'string' ? json : JSON.stringify(json), headers: { 'Content-Type': 'application/json', ...headers }, query });
const calls = async (h: Hook): Promise<Row[]> =>
  rows(ok(await all.desk.owner.call('flowHooks.calls', { flowId: h.flowId, triggerId: h.triggerId }), 200), 'calls');
/** What became of the newest call, once its work is done. */
const outcome = (h: Hook, code: string): Promise<Row> =>
  until(`a call that ended with ${code}`, async () => (await calls(h)).find((one) => one['code'] === code));
const said = (text: string): Promise<string> =>
  until(`the message ${text}`, () => all.desk.sql(`select chat_id from messages where org_id = '${all.desk.org.id}' and content = '${text}' and direction = 'out'`) || undefined);

describe('a call starts the flow', () => {
  test('customer, chat and message come of it', async () => {
    const h = await hook({ mapping: [{ path: 'order.number', variable: 'order' }] }, { text: 'Pedido {{ order }} de {{ customer.firstName }}', variables: [{ name: 'order', type: 'text', default: null, help: '' }] });
    const name = `Carla ${unique()}`;
    const answer = ok(await call(h, { person: { id: crypto.randomUUID(), name }, order: { number: 4711 } }), 202);
    expect(answer.json).toMatchObject({ success: true, accepted: true, callId: expect.any(String) as unknown });
    const chatId = await said('Pedido 4711 de Carla');
    expect(member(await all.desk.chat(chatId), 'customer')['name']).toBe(name);
    const done = await outcome(h, 'STARTED');
    expect(done).toMatchObject({ status: 202, body: null, headers: {}, sessionId: expect.any(String) as unknown });
  });

  test('the same person again: the chat that is open, and one flow at a time', async () => {
    const h = await hook({}, { text: `Vez {{ customer.name }}` });
    const name = `Dora ${unique()}`;
    const person = { id: crypto.randomUUID(), name };
    ok(await call(h, { person }), 202);
    const chatId = await said(`Vez ${name}`);
    ok(await call(h, { person }), 202);
    await until('the second message', () => all.desk.sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'out'`) === '2');
    expect(all.desk.sql(`select count(*) from chats where customer_id = (select customer_id from chats where id = '${chatId}')`)).toBe('1');
  });

  test('only the events that it is for', async () => {
    const h = await hook({ eventPath: 'event', events: ['order.paid'] });
    expect(ok(await call(h, body({ event: 'order.created' })), 202).get('accepted')).toBe(false);
    expect(ok(await call(h, body()), 202).get('accepted')).toBe(false);
    expect(ok(await call(h, body({ event: 'order.paid' })), 202).get('accepted')).toBe(true);
    await outcome(h, 'STARTED');
  });

  test('only when the conditions hold', async () => {
    const conditions = { op: 'all', rows: [{ left: 'trigger.data.total', type: 'number', op: 'greater', right: '100' }, { left: 'customer.name', type: 'text', op: 'startsWith', right: 'B' }] };
    const h = await hook({ conditions });
    ok(await call(h, body({ total: 99 })), 202);
    await outcome(h, 'CONDITIONS');
    expect((await calls(h)).map((one) => one['sessionId'])).toEqual([null]);
    ok(await call(h, body({ total: 101 })), 202);
    await outcome(h, 'STARTED');
  });

  test('whom a person talks with is not disturbed', async () => {
    const h = await hook({}, { text: 'Primeira {{ customer.name }}' });
    const name = `Hugo ${unique()}`;
    const person = { id: crypto.randomUUID(), name };
    ok(await call(h, { person }), 202);
    const chatId = await said(`Primeira ${name}`);
    ok(await all.desk.owner.call('chats.take', { chatId }), 200);
    ok(await call(h, { person }), 202);
    await outcome(h, 'CHAT_TAKEN');
    expect(await all.desk.chat(chatId)).toMatchObject({ owner: 'human', assigneeId: all.desk.boss.userId, flow: null });
  });

  test('forms are read, too', async () => {
    const h = await hook({ contactPath: 'id', namePath: 'name' }, { text: 'Formulário {{ customer.name }}' });
    const name = `Eva ${unique()}`;
    const form = new URLSearchParams({ id: crypto.randomUUID(), name }).toString();
    ok(await call(h, form, { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/x-www-form-urlencoded' }), 202);
    await said(`Formulário ${name}`);
  });

  test('what cannot be read is refused with why', async () => {
    const h = await hook();
    refused(await call(h, 'not json'), 400, 'HOOK_BODY_INVALID');
    refused(await call(h, { person: {} }), 422, 'HOOK_CONTACT_MISSING');
    refused(await call(h, { person: { id: 'x'.repeat(400) } }), 422, 'HOOK_CONTACT_MISSING');
    const large = await call(h, body({ filler: 'x'.repeat(270_000) }));
    expect([large.status, large.get('code')]).toEqual([413, 'TOO_LARGE']);
    refused(await caller().post('/flow-hooks/nobody-listens-here', {}), 404, 'HOOK_NOT_FOUND');
  });

  test('not when it is off, removed, or only drawn', async () => {
    const drawn = await hook({}, { live: false });
    refused(await call(drawn, body()), 404, 'HOOK_NOT_FOUND');
    const h = await hook();
    ok(await all.desk.owner.call('flows.update', { flowId: h.flowId }, { json: { enabled: false } }), 200);
    refused(await call(h, body()), 404, 'HOOK_NOT_FOUND');
    ok(await all.desk.owner.call('flows.update', { flowId: h.flowId }, { json: { enabled: true } }), 200);
    ok(await call(h, body()), 202);
    ok(await all.desk.owner.call('flows.remove', { flowId: h.flowId }), 204);
    refused(await call(h, body()), 404, 'HOOK_NOT_FOUND');
  });
});

describe('who may call', () => {
  const text = JSON.stringify({ person: { id: crypto.randomUUID() } });
  const sign = (algorithm: string, key = secret, of = text): string => createHmac(algorithm, key).update(of).digest('hex');

  test('bearer', async () => {
    const h = await hook();
    for (const headers of [{}, { Authorization: 'Bearer' }, { Authorization: `Bearer ${secret}x` }, { Authorization: `Basic ${secret}` }, { Authorization: secret }])
      refused(await call(h, text, headers as Record<string, string>), 401, 'HOOK_SIGNATURE');
    ok(await call(h, text), 202);
  });

  test('header and query', async () => {
    const header = await hook({ check: 'header', checkName: 'X-Shop-Key' });
    refused(await call(header, text), 401, 'HOOK_SIGNATURE');
    refused(await call(header, text, { 'X-Shop-Key': 'errado' }), 401, 'HOOK_SIGNATURE');
    ok(await call(header, text, { 'x-shop-key': secret }), 202);
    const query = await hook({ check: 'query', checkName: 'token' });
    refused(await call(query, text, {}), 401, 'HOOK_SIGNATURE');
    refused(await call(query, text, {}, { token: `${secret} ` }), 401, 'HOOK_SIGNATURE');
    ok(await call(query, text, {}, { token: secret }), 202);
  });

  test('signatures over the raw body', async () => {
    for (const algorithm of ['sha1', 'sha256', 'sha512']) {
      const h = await hook({ check: 'hmac', checkName: 'X-Hub-Signature', algorithm });
      const right = sign(algorithm);
      const base64 = createHmac(algorithm, secret).update(text).digest('base64');
      for (const wrong of ['', 'x', right.slice(2), `${right}00`, sign(algorithm, 'outro segredo'), sign(algorithm, secret, `${text} `), sign(algorithm === 'sha1' ? 'sha256' : 'sha1'), `sha999=${right}`])
        expect([algorithm, wrong, (await call(h, text, { 'X-Hub-Signature': wrong })).status]).toEqual([algorithm, wrong, 401]);
      for (const good of [right, `${algorithm}=${right}`, right.toUpperCase(), base64]) expect([algorithm, good, (await call(h, text, { 'X-Hub-Signature': good })).status]).toEqual([algorithm, good, 202]);
    }
  });

  test('nobody without a secret, unless it is open to all', async () => {
    const h = await hook({}, { secret: null });
    refused(await call(h, text, { Authorization: 'Bearer ' }), 401, 'HOOK_SECRET_MISSING');
    ok(await call(await hook({ check: 'none' }, { secret: null }), text, {}), 202);
  });

  test('addresses', async () => {
    const h = await hook({ addresses: ['192.0.2.0/24', '2001:db8::/32'] });
    const from = (address: string): Promise<Answer> => call(h, text, { Authorization: `Bearer ${secret}`, 'X-Forwarded-For': address });
    refused(await from('198.51.100.7'), 403, 'HOOK_ADDRESS');
    ok(await from('192.0.2.7'), 202);
    ok(await from('2001:db8::7'), 202);
  });
});

describe('the address and its secret', () => {
  test('a new one is shown once, and the old one does not count any more', async () => {
    const h = await hook();
    const ids = { flowId: h.flowId, triggerId: h.triggerId };
    const rotated = ok(await all.desk.owner.call('flowHooks.rotate', ids), 200);
    refused(await call(h, body()), 401, 'HOOK_SIGNATURE');
    ok(await call(h, body(), { Authorization: `Bearer ${rotated.str('secret')}` }), 202);
    const shown = ok(await all.desk.owner.call('flowHooks.get', ids), 200);
    expect(shown.get('secretSet')).toBe(true);
    expect(shown.text).not.toContain(rotated.str('secret'));
    expect(ok(await all.desk.owner.call('flowHooks.update', ids, { json: { secret: null } }), 200).get('secretSet')).toBe(false);
    expect(all.desk.sql(`select coalesce(secret, 'none') from flow_hooks where key = '${h.triggerId}'`)).toBe('none');
    ok(await all.desk.owner.call('flowHooks.update', ids, { json: { secret } }), 200);
    expect(all.desk.sql(`select secret like 's1:%' from flow_hooks where key = '${h.triggerId}'`)).toBe('t');
    refused(await all.desk.owner.call('flowHooks.update', ids, { json: { secret: 'curto' } }), 400);
  });

  test('of triggers that the flow has, for who may draw', async () => {
    const h = await hook();
    refused(await all.desk.owner.call('flowHooks.get', { flowId: h.flowId, triggerId: 'nada' }), 404, 'FLOW_TRIGGER_NOT_FOUND');
    refused(await all.desk.owner.call('flowHooks.get', { flowId: crypto.randomUUID(), triggerId: h.triggerId }), 404, 'FLOW_NOT_FOUND');
    const viewer = await all.desk.person(['flows.view']);
    for (const id of ['flowHooks.get', 'flowHooks.calls', 'flowHooks.listen', 'flowHooks.unlisten', 'flowHooks.rotate'])
      refused(await viewer.api.call(id, { flowId: h.flowId, triggerId: h.triggerId }), 403);
    const file = ok(await all.desk.owner.call('flows.export', { flowId: h.flowId }), 200);
    expect(file.text).not.toContain(secret);
    expect(file.text).not.toContain(h.url);
  });

  test('listening keeps calls in full, also before it is published', async () => {
    const h = await hook({ check: 'query', checkName: 'token' }, { live: false });
    const ids = { flowId: h.flowId, triggerId: h.triggerId };
    expect(ok(await all.desk.owner.call('flowHooks.listen', ids), 200).get('listeningUntil')).toEqual(expect.any(String));
    const sent = body({ order: { number: 7 } });
    expect(ok(await call(h, sent, { 'X-Shop': 'loja' }, { token: secret, a: '1' }), 202).get('accepted')).toBe(false);
    refused(await call(h, sent, {}, { token: 'errado' }), 401, 'HOOK_SIGNATURE');
    const [wrong, kept] = await calls(h);
    expect(wrong).toMatchObject({ status: 401, code: 'HOOK_SIGNATURE', body: sent });
    expect(kept).toMatchObject({ status: 202, code: 'NOT_LIVE', method: 'POST', query: { a: '1', token: '•••' }, headers: { 'x-shop': 'loja' }, body: sent });
    expect(JSON.stringify(kept)).not.toContain(secret);
    // Nobody ended it: what was kept goes by itself.
    all.desk.sql(`update flow_hooks set listen_until = now() - interval '1 second' where key = '${h.triggerId}'`);
    await until('the content to go', async () => {
      all.desk.sql(`update jobs set due_at = now() where kind = 'flow.hook_sweep' and state = 'waiting'`);
      return (await calls(h)).every((one) => one['body'] === null);
    });
    ok(await all.desk.owner.call('flowHooks.listen', ids), 200);
    ok(await call(h, sent, {}, { token: secret }), 202);
    expect((await calls(h))[0]).toMatchObject({ body: sent });
    const ended = ok(await all.desk.owner.call('flowHooks.unlisten', ids), 200);
    expect(ended.get('listeningUntil')).toBeNull();
    expect((await calls(h)).every((one) => one['body'] === null)).toBe(true);
    refused(await call(h, sent, {}, { token: secret }), 404, 'HOOK_NOT_FOUND');
  });
});

describe('POST …/start', () => {
  const start = (flowId: string, json: JsonObject, api: Caller = all.desk.owner): Promise<Answer> => api.call('flows.start', { flowId }, { json });
  const order = [{ name: 'order', type: 'text', default: null, help: '' }];
  async function flow(text: string): Promise<string> {
    return (await hook({}, { text, variables: order })).flowId;
  }

  test('for somebody who is not known yet, by key', async () => {
    const mark = unique();
    const flowId = await flow(`Pedido {{ order }} ${mark} {{ customer.name }}`);
    const key = all.desk.owner.as(await makeKey(all.desk.org, ['flows.run', 'chats.view', 'chats.view_all', 'customers.view', 'customers.edit']));
    const contactValue = crypto.randomUUID();
    const answer = ok(await start(flowId, { contactType: 'webchat', contactValue, channelId: all.desk.channel.id, customerName: 'Gil', variables: { order: 'A1' } }, key), 201);
    expect(await said(`Pedido A1 ${mark} Gil`)).toBe(answer.str('chatId'));
    await until('the session to end', () => all.desk.sql(`select status from flow_sessions where id = '${answer.str('sessionId')}'`) === 'done');
    expect(all.desk.sql(`select trigger->>'kind' from flow_sessions where id = '${answer.str('sessionId')}'`)).toBe('api');
  });

  test('in a chat that one sees', async () => {
    const flowId = await flow(`No chat ${unique()}`);
    const { chatId } = await all.desk.guest();
    expect(ok(await start(flowId, { chatId }), 201).get('chatId')).toBe(chatId);
    const narrow = await all.desk.person(['flows.run', 'chats.view']);
    const hidden = await all.desk.guest();
    refused(await narrow.api.call('flows.start', { flowId }, { json: { chatId: hidden.chatId } }), 404, 'CHAT_NOT_FOUND');
    refused(await start(flowId, { chatId: crypto.randomUUID() }), 404, 'CHAT_NOT_FOUND');
  });

  test('chat/create begins one, and says why it did not', async () => {
    const mark = unique();
    const flowId = await flow(`Criado {{ order }} ${mark}`);
    const create = (json: JsonObject, api: Caller = all.desk.owner): Promise<Answer> =>
      api.call('public.chatCreate', {}, { json: { contactType: 'webchat', contactValue: crypto.randomUUID(), channelId: all.desk.channel.id, ...json } });
    const made = ok(await create({ flowId, flowVariables: [{ name: 'order', value: 'B2' }], initialMessage: 'Antes' }), 200);
    expect(made.json).toMatchObject({ flowInitiated: true, flowError: null, initialMessageSent: true });
    expect(await said(`Criado B2 ${mark}`)).toBe(made.str('chatId'));
    const none = ok(await create({ flowId: crypto.randomUUID() }), 200);
    expect(none.json).toMatchObject({ success: true, flowInitiated: false, flowError: expect.any(String) as unknown });
    expect(id(await all.desk.chat(none.str('chatId')))).toBe(none.str('chatId'));
    const agent = await all.desk.person(['chats.view', 'chats.view_all', 'chats.reply', 'customers.view', 'customers.edit']);
    expect(ok(await create({ flowId }, agent.api), 200).get('flowInitiated')).toBe(false);
  });

  test('what is refused', async () => {
    const flowId = await flow('Nada');
    refused(await start(crypto.randomUUID(), { chatId: crypto.randomUUID() }), 404, 'FLOW_NOT_FOUND');
    refused(await start(flowId, {}), 400);
    refused(await start(flowId, { contactType: 'fax', contactValue: '1', channelId: all.desk.channel.id }), 400);
    refused(await start(flowId, { contactType: 'webchat', contactValue: 'x', channelId: crypto.randomUUID() }), 404, 'CHANNEL_NOT_FOUND');
    refused(await start(flowId, { contactType: 'email', contactValue: 'a@example.com', channelId: all.desk.channel.id }), 422, 'CONTACT_NOT_REACHABLE');
    refused(await start(flowId, { contactType: 'webchat', contactValue: 'x', channelId: all.desk.channel.id, variables: [] }), 400);
    const { chatId } = await all.desk.guest();
    ok(await all.desk.owner.call('flows.update', { flowId }, { json: { enabled: false } }), 200);
    refused(await start(flowId, { chatId }), 409, 'FLOW_NOT_LIVE');
  });

  test('the figures of its nodes', async () => {
    const flowId = await flow(`Números ${unique()}`);
    const { chatId } = await all.desk.guest();
    ok(await start(flowId, { chatId }), 201);
    const stats = await until('the figures', async () => {
      all.desk.sql(`update jobs set due_at = now() where kind = 'flow.roll' and state = 'waiting'`);
      const answer = ok(await all.desk.owner.call('flows.stats', { flowId }), 200);
      return rows(answer, 'nodes').length >= 3 ? answer : undefined;
    });
    expect(rows(stats, 'nodes').find((one) => one['nodeId'] === 'hello')).toMatchObject({ entered: 1, left: 1, failed: 0, waiting: 0, ports: [{ port: 'next', n: 1 }] });
    expect(rows(ok(await all.desk.owner.call('flows.stats', { flowId }, { query: { to: '2020-01-01', from: '2020-01-01' } }), 200), 'nodes')).toEqual([]);
    refused(await all.desk.owner.call('flows.stats', { flowId: crypto.randomUUID() }), 404, 'FLOW_NOT_FOUND');
  });
});
