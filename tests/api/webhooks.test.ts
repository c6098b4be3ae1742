/* Outgoing webhooks against a real receiver: what is sent and how it is signed, what happens when it is not taken, what people
   see of it, and what is refused. (What is killed meanwhile: tests/crash/webhooks.test.ts.) */
import { createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, Client, type JsonObject, isObject, ok, refused } from './lib/client.ts';
import { Caller, rows } from './lib/crm.ts';
import { Desk, type Row, house, member, restricted } from './lib/inbox.ts';
import { unique } from './lib/people.ts';
import { Receiver, answer, signed } from './lib/receiver.ts';
import { Server, sleep, until as within } from './lib/server.ts';
import { MailServer } from './lib/smtp.ts';

/* Waits end with what they wait for; the limits are for machines that have much else to do. */
vi.setConfig({ testTimeout: 240_000 });
const until = <T>(what: string, ask: () => Promise<T> | T): Promise<NonNullable<T>> => within(what, ask, 60_000);

const env = { INTERFLOW_ALLOW_PRIVATE: '127.0.0.1/32' };
const all = house({ env });
let receiver: Receiver;

beforeAll(async () => {
  receiver = await Receiver.start();
});
afterAll(() => receiver.stop());
beforeEach(async () => {
  // What a test that failed left behind.
  for (const one of rows(ok(await all.desk.owner.call('webhooks.list'), 200))) await remove(String(one['id']));
  receiver.notices.length = 0;
  receiver.behave = answer(200);
});

interface Hook {
  id: string;
  secret: string;
}

async function everyType(api: Caller = all.desk.owner): Promise<string[]> {
  return rows(ok(await api.call('webhooks.types', {}), 200)).map((one) => String(one['type']));
}

async function hook(more: JsonObject = {}, api: Caller = all.desk.owner): Promise<Hook> {
  const json = { name: `ERP ${unique()}`, url: receiver.url, events: ['message.received'], ...more };
  const made = ok(await api.call('webhooks.create', {}, { json }), 201);
  return { id: made.str('id'), secret: made.str('secret') };
}

const get = async (id: string): Promise<Row> => ok(await all.desk.owner.call('webhooks.get', { webhookId: id }), 200).json as Row;
const log = async (id: string, query: Record<string, string> = {}): Promise<Row[]> =>
  rows(ok(await all.desk.owner.call('webhooks.deliveries', { webhookId: id }, { query }), 200));
const remove = async (id: string): Promise<void> => {
  ok(await all.desk.owner.call('webhooks.remove', { webhookId: id }), 204);
};
/** The time of the next try is there. */
function hurry(id: string): void {
  all.desk.sql(`update webhooks set paused_until = null where id = '${id}'`);
  all.desk.sql(`update webhook_deliveries set due_at = now() where webhook_id = '${id}' and state = 'waiting'`);
  all.desk.sql(`update jobs set due_at = now() where kind = 'webhook.deliver' and payload->>'webhookId' = '${id}'`);
}
const ended = (id: string, state: string): Promise<Row> => until(`a delivery ${state}`, async () => (await log(id, { state }))[0]);

describe('what is sent', () => {
  test('a customer writes: signed, numbered, with the chat and the message', async () => {
    const { id, secret } = await hook();
    const { chatId } = await all.desk.guest('Tem pão de queijo?');
    const notice = await receiver.wait('message.received');
    expect(signed(notice, secret)).toBe(true);
    expect(signed(notice, 'whsec_other')).toBe(false);
    expect(signed({ ...notice, raw: notice.raw.replace('queijo', 'milho ') }, secret)).toBe(false);
    expect(notice.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-interflow-event': 'message.received',
      'x-interflow-attempt': '1',
      'user-agent': expect.stringMatching(/^Interflow\//),
    });
    expect(String(notice.headers['x-interflow-signature'])).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    expect(notice.body).toMatchObject({
      id: notice.eventId, type: 'message.received', version: 1, sequence: 1, organizationId: all.desk.org.id, webhookId: id,
      occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: { chat: { id: chatId, channelId: all.desk.channel.id }, message: { direction: 'in', content: 'Tem pão de queijo?' } },
    });
    // The receiver has it before the log can say so.
    const entry = await ended(id, 'delivered');
    expect(entry).toMatchObject({ tries: 1, status: 200, type: 'message.received', sequence: 1, eventId: notice.eventId });
    expect(receiver.notices).toHaveLength(1);
    await remove(id);
  });

  test('every documented event, by what people do; their data are those of docs/WEBHOOKS.md', async () => {
    const { id } = await hook({ events: await everyType() });
    const { desk } = all;
    const { visitor, chatId } = await desk.guest('Oi');
    const agent = await desk.person('agent');
    const team = await desk.team();
    ok(await desk.owner.call('chats.assign', { chatId }, { json: { userId: agent.userId } }));
    ok(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: team } }));
    ok(await desk.owner.call('chats.take', { chatId }));
    const sent = await desk.send(chatId, 'Bom dia!');
    await desk.status(chatId, String(sent['id']), 'sent');
    ok(await desk.owner.call('messages.react', { chatId, messageId: String(sent['id']) }, { json: { emoji: '👍' } }));
    const note = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'Cliente antigo' } }), 201).str('id');
    ok(await desk.owner.call('messages.edit', { chatId, messageId: note }, { json: { content: 'Cliente antiga' } }));
    await desk.close(chatId);
    ok(await desk.owner.call('chats.reopen', { chatId }));
    const chat = await desk.chat(chatId);
    const customerId = String(member(chat, 'customer')['id']);
    const tag = ok(await desk.owner.call('tags.create', {}, { json: { name: `VIP ${unique()}` } }), 201);
    const tagId = String(member(tag.json as Row, 'data')['id']);
    ok(await desk.owner.call('customers.addTag', { customerId }, { json: { tagId } }));
    ok(await desk.owner.call('customers.removeTag', { customerId, tagId }));
    const funnel = ok(await desk.owner.call('funnels.create', {}, { json: { name: `Vendas ${unique()}` } }), 201).str('id');
    const stageId = ok(await desk.owner.call('stages.create', { funnelId: funnel }, { json: { name: 'Novo' } }), 201).str('id');
    ok(await desk.owner.call('customers.stage', { customerId }, { json: { stageId } }));
    const other = ok(await desk.owner.call('customers.create', {}, { json: { name: 'Zé', email: `ze-${unique()}@example.com` } })).str('id');
    ok(await desk.owner.call('customers.merge', { customerId }, { json: { mergeId: other } }));
    const third = ok(await desk.owner.call('customers.create', {}, { json: { name: 'Bia', email: `bia-${unique()}@example.com` } })).str('id');
    ok(await desk.owner.call('customers.delete', { customerId: third }));
    const place = ok(await desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: `Loja ${unique()}` } }), 201).str('id');
    ok(await desk.owner.call('channels.pause', { channelId: place }));
    ok(await desk.owner.call('channels.resume', { channelId: place }));
    ok(await desk.owner.call('channels.remove', { channelId: place }));
    await visitor.messages();
    await visitor.call('POST', '/read', { json: { seq: Number(sent['seq']) } });

    const expected = await everyType();
    await until('every type', () => expected.every((type) => receiver.of(type).length > 0)).catch(() => {
      expect(expected.filter((type) => receiver.of(type).length === 0)).toEqual([]);
    });
    const data = (type: string): JsonObject => receiver.of(type)[0]?.data ?? {};
    expect(data('chat.assigned')).toMatchObject({ assigneeId: agent.userId, previousAssigneeId: null });
    expect(data('chat.transferred')).toMatchObject({ teamId: team });
    expect(data('chat.closed')).toMatchObject({ chat: { id: chatId, status: 'closed' }, by: { kind: 'user', id: desk.org.owner.userId } });
    expect(data('message.sent')).toMatchObject({ message: { content: 'Bom dia!', direction: 'out' } });
    expect(data('message.updated')).toMatchObject({ message: { direction: 'note', content: 'Cliente antiga' } });
    expect(data('message.reaction')).toMatchObject({ messageId: sent['id'], emoji: '👍' });
    expect(data('note.created')).toMatchObject({ customerId, note: { content: 'Cliente antigo' } });
    expect(data('customer.tag_added')).toMatchObject({ customerId, tagId, tagName: expect.stringMatching(/^VIP/) });
    expect(data('customer.stage_changed')).toMatchObject({ customerId, stageId, previousStageId: null });
    expect(data('customer.merged')).toMatchObject({ customerId, mergedId: other });
    expect(data('customer.deleted')).toEqual({ customerId: third });
    expect(data('channel.paused')).toMatchObject({ channel: { id: place, kind: 'webchat', status: 'paused' } });
    // Numbered without gap or double, whatever order they came in.
    const numbers = receiver.notices.map((one) => Number(one.body['sequence'])).toSorted((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    expect(new Set(receiver.notices.map((one) => one.eventId)).size).toBe(receiver.notices.length);
    // The page shows an example of each, with the members that there are.
    const page = documented();
    expect([...page.keys()].filter((type) => type !== 'ping').toSorted()).toEqual(expected.toSorted());
    for (const type of expected) expect([type, Object.keys(page.get(type) ?? {}).toSorted()]).toEqual([type, Object.keys(data(type)).toSorted()]);
    await remove(id);
  });

  test('only what was asked for, of the teams and channels that were named', async () => {
    const { desk } = all;
    const team = await desk.team();
    const { id } = await hook({ events: ['message.sent'], teamIds: [team] });
    const other = await hook({ events: ['message.sent'], channelIds: [desk.channel.id] });
    const { chatId } = await desk.guest();
    await desk.send(chatId, 'antes');
    ok(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: team } }));
    await desk.send(chatId, 'depois');
    await until('three', () => receiver.notices.length >= 3);
    await sleep(200);
    const heard = (hookId: string): unknown[] =>
      receiver.notices.filter((one) => one.body['webhookId'] === hookId).map((one) => member(one.data as Row, 'message')['content']);
    expect(heard(id)).toEqual(['depois']);
    expect(heard(other.id).toSorted()).toEqual(['antes', 'depois']);
    await remove(id);
    await remove(other.id);
  });

  test('contacts are in clear only as long as who named the address may see them', async () => {
    const { desk } = all;
    const role = ['webhooks.manage', 'chats.view', 'chats.view_all', 'customers.view', 'customers.edit'];
    const blind = await desk.person(role);
    const mine = await hook({ events: ['customer.created'] });
    const theirs = await hook({ events: ['customer.created'] }, blind.api);
    const email = `ana.${unique()}@example.com`;
    ok(await desk.owner.call('customers.create', {}, { json: { name: 'Ana', email } }));
    await until('both', () => receiver.notices.length === 2);
    const clear = receiver.notices.find((one) => one.body['webhookId'] === mine.id);
    const masked = receiver.notices.find((one) => one.body['webhookId'] === theirs.id);
    expect(clear?.raw).toContain(email);
    expect(masked?.raw).not.toContain(email);
    expect(masked?.raw).toContain('a•••@example.com');
    expect(await get(mine.id)).toMatchObject({ sendsContacts: true });
    // They see the log of mine, but not the bodies.
    const deliveryId = String((await log(mine.id))[0]?.['id']);
    const seen = ok(await blind.api.call('webhooks.delivery', { webhookId: mine.id, deliveryId }));
    expect(seen.json).toMatchObject({ body: '', bodyHidden: true });
    // Nor does who sees contacts, but not all chats.
    const narrow = await desk.person(['webhooks.manage', 'contacts.view']);
    expect(ok(await narrow.api.call('webhooks.delivery', { webhookId: mine.id, deliveryId })).json).toMatchObject({ body: '', bodyHidden: true });
    // Who changes the address is its owner from then on.
    ok(await blind.api.call('webhooks.update', { webhookId: mine.id }, { json: { url: `${receiver.url}/other` } }), 200);
    expect(await get(mine.id)).toMatchObject({ sendsContacts: false });
    await remove(mine.id);
    await remove(theirs.id);
  });

  test('two secrets while one is changed', async () => {
    const { id, secret } = await hook();
    const rotated = ok(await all.desk.owner.call('webhooks.rotate', { webhookId: id }), 200);
    const second = rotated.str('secret');
    expect(second).not.toBe(secret);
    expect(rotated.str('secretHint')).toBe(second.slice(-4));
    expect(Date.parse(rotated.str('previousSecretUntil')) - Date.now()).toBeGreaterThan(23 * 3600_000);
    await all.desk.guest();
    const notice = await receiver.wait('message.received');
    expect(signed(notice, secret)).toBe(true);
    expect(signed(notice, second)).toBe(true);
    all.desk.sql(`update webhooks set previous_until = now() where id = '${id}'`);
    receiver.notices.length = 0;
    await all.desk.guest();
    const later = await receiver.wait('message.received');
    expect(signed(later, secret)).toBe(false);
    expect(signed(later, second)).toBe(true);
    expect(JSON.stringify(await get(id))).not.toContain(second);
    expect(all.desk.sql(`select secret from webhooks where id = '${id}'`)).not.toContain(second);
    await remove(id);
  });
});

describe('when it is not taken', () => {
  test.each([
    ['500', answer(500, 'database is full'), 'HTTP_STATUS', 500],
    ['404', answer(404), 'HTTP_STATUS', 404],
    ['a redirect', answer(302, '', { Location: 'http://127.0.0.1:1/' }), 'REDIRECT', 302],
    ['a reset', ((_n, _r, request) => request.socket.resetAndDestroy()) as Receiver['behave'], 'CALL_FAILED', null],
  ] as const)('%s: tried again with the same event id, until it is', async (_, behave, code, status) => {
    const { id } = await hook();
    receiver.behave = behave;
    await all.desk.guest();
    const first = await receiver.wait('message.received');
    const waiting = await until('the first try in the log', async () => (await log(id)).find((one) => one['tries'] !== 0));
    expect(waiting).toMatchObject({ state: 'waiting', errorCode: code, status });
    const deliveryId = String(waiting['id']);
    const detail = async (): Promise<Answer> => ok(await all.desk.owner.call('webhooks.delivery', { webhookId: id, deliveryId }), 200);
    const before = await detail();
    const tried = rows(before, 'attempts');
    if (tried.length === 1) {
      const delay = Date.parse(String(before.get('nextTryAt'))) - Date.parse(String(tried[0]?.['at']));
      expect(delay).toBeGreaterThan(4_500);
      expect(delay).toBeLessThan(6_000);
    }
    expect(await get(id)).toMatchObject({ failingSince: expect.any(String), lastError: { code }, waiting: 1 });
    receiver.behave = answer(204, '');
    hurry(id);
    const done = await ended(id, 'delivered');
    const tries = Number(done['tries']);
    expect(tries).toBeGreaterThanOrEqual(2);
    expect(done).toMatchObject({ status: 204, errorCode: null });
    const notices = receiver.of('message.received');
    // A connection that was kept and breaks is tried once more at once, as HTTP clients do.
    if (code === 'CALL_FAILED') expect(notices.length).toBeGreaterThanOrEqual(tries);
    else expect(notices.map((one) => one.headers['x-interflow-attempt'])).toEqual(notices.map((_, i) => String(i + 1)));
    expect(new Set(notices.map((one) => one.eventId))).toEqual(new Set([first.eventId]));
    expect(notices.at(-1)?.raw).toBe(first.raw);
    expect(notices.at(-1)?.headers['x-interflow-attempt']).toBe(String(tries));
    expect(await get(id)).toMatchObject({ failingSince: null, waiting: 0 });
    const after = await detail();
    const attempts = rows(after, 'attempts');
    expect(attempts).toHaveLength(tries);
    expect(attempts[0]).toMatchObject({ code, status });
    expect(attempts.at(-1)).toMatchObject({ code: '', status: 204 });
    expect(after.str('body')).toBe(first.raw);
    await remove(id);
  });

  test('silence: ten seconds, then it counts as failed', async () => {
    const { id } = await hook();
    receiver.behave = () => undefined;
    await all.desk.guest();
    await receiver.wait('message.received');
    const entry = await until('the end of the wait', async () => (await log(id)).find((one) => one['errorCode'] === 'CALL_TIMEOUT'));
    expect(Number(entry['tookMs'])).toBeGreaterThan(9_500);
    await remove(id);
  });

  test('nobody listens, and an answer without end: said as it is, cut at 4 KB', async () => {
    const probe = createServer();
    await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
    const address = probe.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await new Promise((done) => probe.close(done));
    const { id } = await hook({ url: `http://127.0.0.1:${port}/` });
    const tested = ok(await all.desk.owner.call('webhooks.test', { webhookId: id }), 200);
    expect(tested.json).toMatchObject({ ok: false, errorCode: 'CONNECT_FAILED', status: null, type: 'ping' });
    await remove(id);
    const loud = await hook();
    receiver.behave = answer(200, `é${'x'.repeat(100_000)}`);
    const heard = ok(await all.desk.owner.call('webhooks.test', { webhookId: loud.id }), 200);
    expect(heard.get('ok')).toBe(true);
    expect(Buffer.byteLength(heard.str('answer'))).toBe(4096);
    receiver.behave = answer(200, Buffer.from([0x66, 0xff, 0x00, 0x67]).toString('latin1'));
    expect(ok(await all.desk.owner.call('webhooks.test', { webhookId: loud.id }), 200).str('answer')).toMatch(/^f/);
    await remove(loud.id);
  });

  test('twelve tries over a day, then it is given up, visibly, and can be sent again', async () => {
    const { id } = await hook();
    receiver.behave = answer(503);
    await all.desk.guest();
    const gaps: number[] = [];
    for (let n = 1; n <= 12; n++) {
      const entry = await until(`try ${n}`, async () => (await log(id)).find((one) => one['tries'] === n));
      if (n < 12) {
        expect(entry['state']).toBe('waiting');
        gaps.push(Date.parse(String(entry['nextTryAt'])) - Date.now());
        hurry(id);
      } else expect(entry['state']).toBe('dead');
    }
    const hours = gaps.reduce((sum, one) => sum + one, 0) / 3600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThan(26);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(await get(id)).toMatchObject({ dead: 1, waiting: 0, active: true, pausedUntil: expect.any(String) });
    // Sent again: all that was given up, and then one that had been taken.
    receiver.behave = answer(200);
    hurry(id);
    const since = new Date(Date.now() - 3600_000).toISOString();
    expect(ok(await all.desk.owner.call('webhooks.replay', { webhookId: id }, { json: { since } }), 200).json).toEqual({ queued: 1, more: false });
    const done = await ended(id, 'delivered');
    expect(ok(await all.desk.owner.call('webhooks.delivery_replay', { webhookId: id, deliveryId: String(done['id']) }), 200).get('state')).toBe('waiting');
    await until('the same once more', () => receiver.of('message.received').length >= 14);
    expect(receiver.of('message.received')).toHaveLength(14);
    expect(new Set(receiver.of('message.received').map((one) => one.eventId)).size).toBe(1);
    await remove(id);
  });

  test('a slow receiver does not hold up another one', async () => {
    const slow = await Receiver.start();
    slow.behave = () => undefined;
    const hanging = await hook({ url: slow.url });
    const good = await hook();
    for (let i = 0; i < 12; i++) await all.desk.guest(`n ${i}`);
    await until('all at the good one', async () => (await log(good.id, { state: 'delivered' })).length === 12);
    // None of them stood behind one that hangs for ten seconds.
    const waits = (await log(good.id)).map((one) => Date.parse(String(one['endedAt'])) - Date.parse(String(one['createdAt'])));
    expect(Math.max(...waits)).toBeLessThan(10_000);
    await remove(hanging.id);
    await remove(good.id);
    await slow.stop();
  });

  test('an organization whose receivers hang has a few places; the others go on', async () => {
    const slow = await Receiver.start();
    let open = 0;
    let most = 0;
    slow.behave = (_, response) => {
      most = Math.max(most, ++open);
      response.on('close', () => open--);
    };
    const other = await Desk.make(all.server);
    const hooks: string[] = [];
    // Four lanes each: more than a worker has places.
    for (let i = 0; i < 12; i++) hooks.push((await hook({ url: slow.url }, other.owner)).id);
    for (let i = 0; i < 4; i++) await other.guest(`n ${i}`);
    await until('its places to be taken', () => open >= 8);
    const good = await hook();
    for (let i = 0; i < 4; i++) await all.desk.guest(`n ${i}`);
    await until('all at the good one', async () => (await log(good.id, { state: 'delivered' })).length === 4);
    expect(most).toBeLessThanOrEqual(16);
    for (const webhookId of hooks) ok(await other.owner.call('webhooks.remove', { webhookId }), 204);
    await remove(good.id);
    await slow.stop();
  });

  test('several failures in a row: a pause for the whole webhook; a good test ends it', async () => {
    const { id } = await hook();
    receiver.behave = answer(500);
    for (let i = 0; i < 10; i++) await all.desk.guest(`n ${i}`);
    await until('the pause', async () => (await get(id))['pausedUntil'] !== null);
    await sleep(500);
    expect(receiver.notices.length).toBeLessThan(10);
    receiver.behave = answer(200);
    ok(await all.desk.owner.call('webhooks.test', { webhookId: id }), 200);
    expect(await get(id)).toMatchObject({ pausedUntil: null, failingSince: null });
    hurry(id);
    await until('all of them', async () => (await log(id, { state: 'delivered', type: 'message.received' })).length === 10);
    await remove(id);
  });
});

describe('switched off', () => {
  test('410: at once, in the audit log, told to those who manage webhooks, and by mail', async () => {
    const { desk } = all;
    const mail = await MailServer.start();
    const smtp = { host: '127.0.0.1', port: mail.port, security: 'none', from: 'loja@example.com' };
    ok(await desk.owner.call('smtp.put', {}, { json: smtp }));
    const { id } = await hook();
    const live = await desk.live(desk.org.owner.client);
    const agent = await desk.person(restricted);
    const elsewhere = await desk.live(agent.client);
    receiver.behave = answer(410, 'gone');
    await desk.guest();
    await until('it to be off', async () => (await get(id))['active'] === false);
    expect(await get(id)).toMatchObject({ active: false, offReason: 'gone', offAt: expect.any(String), dead: 1 });
    await until('the notice', () => live.frames.find((one) => one.type === 'notice.webhook' && one.data['webhookId'] === id));
    expect(elsewhere.frames.some((one) => one.type === 'notice.webhook')).toBe(false);
    const audit = rows(ok(await desk.owner.call('audit.list', {}, { query: { entityId: id } }), 200)).map((one) => one['action']);
    expect(audit).toEqual(['webhook.off', 'webhook.created']);
    const letter = await until('the mail', () => mail.mails.find((one) => one.to.includes(desk.org.owner.email)));
    expect(letter.text).toContain('(410)');
    expect(letter.text).toContain(`/settings/webhooks/${id}`);
    live.close();
    elsewhere.close();
    // Off: nothing new is noted. On again: from then on.
    receiver.behave = answer(200);
    receiver.notices.length = 0;
    await desk.guest('enquanto desligado');
    await sleep(300);
    ok(await desk.owner.call('webhooks.update', { webhookId: id }, { json: { active: true } }), 200);
    await desk.guest('de novo');
    const notice = await receiver.wait('message.received');
    expect(member(notice.data as Row, 'message')['content']).toBe('de novo');
    expect(await get(id)).toMatchObject({ active: true, offReason: null });
    await remove(id);
    await mail.stop();
  });

  test('after a day of nothing but failures', async () => {
    const { id } = await hook();
    receiver.behave = answer(500);
    await all.desk.guest();
    await until('a failure', async () => (await get(id))['failingSince'] !== null);
    all.desk.sql(`update webhooks set failing_since = now() - interval '25 hours' where id = '${id}'`);
    hurry(id);
    await until('it to be off', async () => (await get(id))['active'] === false);
    expect(await get(id)).toMatchObject({ offReason: 'failing' });
    await remove(id);
  });

  test('by a person: what waits is kept, and sent when it is on again', async () => {
    const { id } = await hook();
    receiver.behave = answer(500);
    await all.desk.guest();
    await until('a failure', async () => (await get(id))['waiting'] === 1);
    ok(await all.desk.owner.call('webhooks.update', { webhookId: id }, { json: { active: false } }), 200);
    receiver.behave = answer(200);
    hurry(id);
    await sleep(500);
    expect((await log(id))[0]).toMatchObject({ state: 'waiting' });
    ok(await all.desk.owner.call('webhooks.update', { webhookId: id }, { json: { active: true } }), 200);
    await ended(id, 'delivered');
    await remove(id);
  });
});

describe('the log', () => {
  test('pages, filters; what waited too long is given up and what is old goes', async () => {
    const { id } = await hook();
    for (let i = 0; i < 5; i++) await all.desk.guest(`n ${i}`);
    await until('five', async () => (await log(id, { state: 'delivered' })).length === 5);
    const first = ok(await all.desk.owner.call('webhooks.deliveries', { webhookId: id }, { query: { limit: '3' } }), 200);
    const second = ok(await all.desk.owner.call('webhooks.deliveries', { webhookId: id }, { query: { limit: '3', cursor: first.str('next') } }), 200);
    expect([...rows(first), ...rows(second)].map((one) => one['sequence'])).toEqual([5, 4, 3, 2, 1]);
    expect(second.get('next')).toBe(null);
    expect(await log(id, { type: 'chat.closed' })).toEqual([]);
    all.desk.sql(`update webhook_deliveries set created_at = now() - interval '15 days' where webhook_id = '${id}' and sequence < 4`);
    all.desk.sql(`update webhook_deliveries set state = 'waiting', tries = 0, due_at = 'infinity', expires_at = now() - interval '1 minute'
                  where webhook_id = '${id}' and sequence = 4`);
    all.desk.sql("update jobs set due_at = now() where kind = 'webhooks.clean'");
    await until('the clean-up', async () => (await log(id)).length === 2 && (await log(id, { state: 'dead' })).length === 1);
    expect((await log(id, { state: 'dead' }))[0]).toMatchObject({ errorCode: 'EXPIRED', sequence: 4 });
    await remove(id);
  });

  test('erasing a customer blanks what the log kept of them', async () => {
    const { id } = await hook({ events: ['customer.created'] });
    const name = `Apagada ${unique()}`;
    const customerId = ok(await all.desk.owner.call('customers.create', {}, { json: { name, email: `ap-${unique()}@example.com` } })).str('id');
    const done = await ended(id, 'delivered');
    ok(await all.desk.owner.call('customers.erase', { customerId }));
    const detail = ok(await all.desk.owner.call('webhooks.delivery', { webhookId: id, deliveryId: String(done['id']) }), 200);
    expect(detail.str('body')).toBe('');
    refused(await all.desk.owner.call('webhooks.delivery_replay', { webhookId: id, deliveryId: String(done['id']) }), 409, 'WEBHOOK_NOT_REPLAYABLE');
    await remove(id);
  });
});

describe('who and what is refused', () => {
  test('addresses inside, with passwords, plain ones, unknown events and foreign teams', async () => {
    const { desk } = all;
    const create = (json: JsonObject) =>
      desk.owner.call('webhooks.create', {}, { json: { name: `x ${unique()}`, url: receiver.url, events: ['chat.closed'], ...json } });
    for (const url of ['http://10.0.0.1/', 'https://169.254.169.254/latest', 'http://[::1]:8080/', 'https://192.168.0.1/', 'http://127.0.0.2/'])
      expect(refused(await create({ url }), 400).json).toMatchObject({ details: [{ field: 'url', code: 'ADDRESS_FORBIDDEN' }] });
    expect(refused(await create({ url: 'https://user:secret@example.com/' }), 400).json).toMatchObject({ details: [{ field: 'url' }] });
    expect(refused(await create({ url: 'ftp://example.com/' }), 400).json).toMatchObject({ details: [{ field: 'url' }] });
    expect(refused(await create({ events: ['chat.exploded'] }), 400).json).toMatchObject({ details: [{ field: 'events[0]' }] });
    expect(refused(await create({ events: [] }), 400).json).toMatchObject({ details: [{ field: 'events' }] });
    const foreign = await Desk.make(all.server);
    expect(refused(await create({ teamIds: [await foreign.team()] }), 400).json).toMatchObject({ details: [{ field: 'teamIds[0]', code: 'NOT_FOUND' }] });
    expect(refused(await create({ channelIds: [foreign.channel.id] }), 400).json).toMatchObject({ details: [{ field: 'channelIds[0]' }] });
  });

  test('a name that leads inside is refused when it is called, wherever it led before', async () => {
    // localhost passes the form (a name may be anything); its ::1 or 127.0.0.1 is judged at the call. 127.0.0.1 alone is allowed here.
    const { id } = await hook({ url: 'http://localhost:1/' });
    all.desk.sql(`update webhooks set url = 'http://127.0.0.2:${receiver.port}/hook' where id = '${id}'`);
    const tested = ok(await all.desk.owner.call('webhooks.test', { webhookId: id }), 200);
    expect(tested.json).toMatchObject({ ok: false, errorCode: 'ADDRESS_FORBIDDEN', status: null });
    expect(receiver.notices).toEqual([]);
    await remove(id);
  });

  test('a program without private networks: https only, nothing of its own machine', async () => {
    const server = await Server.start();
    const desk = await Desk.make(server);
    const create = (url: string) => desk.owner.call('webhooks.create', {}, { json: { name: `x ${unique()}`, url, events: ['chat.closed'] } });
    expect(refused(await create('http://example.com/'), 400).json).toMatchObject({ details: [{ field: 'url', code: 'URL_NOT_HTTPS' }] });
    expect(refused(await create('https://127.0.0.1/'), 400).json).toMatchObject({ details: [{ field: 'url', code: 'ADDRESS_FORBIDDEN' }] });
    const made = ok(await create('https://localhost/'), 201);
    const tested = ok(await desk.owner.call('webhooks.test', { webhookId: made.str('id') }), 200);
    expect(tested.json).toMatchObject({ ok: false, errorCode: 'ADDRESS_FORBIDDEN' });
    await server.stop();
  });

  test('without the permission, without all chats, and beyond twenty', async () => {
    const { desk } = all;
    const agent = await desk.person('agent');
    refused(await agent.api.call('webhooks.list', {}), 403, 'FORBIDDEN');
    const few = await desk.person(['webhooks.manage', 'chats.view']);
    const json = { name: `x ${unique()}`, url: receiver.url, events: ['chat.closed'] };
    refused(await few.api.call('webhooks.create', {}, { json }), 403, 'RIGHTS_EXCEEDED');
    const other = await Desk.make(all.server);
    const made: string[] = [];
    for (let i = 0; i < 20; i++) made.push((await hook({ name: `n ${i}` }, other.owner)).id);
    refused(await other.owner.call('webhooks.create', {}, { json }), 409, 'LIMIT_REACHED');
    refused(await other.owner.call('webhooks.update', { webhookId: made[1] ?? '' }, { json: { name: 'N 0' } }), 409, 'WEBHOOK_DUPLICATE');
  });

  test("another organization hears nothing of ours, and finds nothing", async () => {
    const other = await Desk.make(all.server);
    const theirs = await hook({ events: await everyType() }, other.owner);
    const ours = await hook();
    await all.desk.guest('segredo');
    await receiver.wait('message.received');
    await sleep(300);
    expect(!receiver.notices.some((one) => one.body['webhookId'] === theirs.id)).toBe(true);
    refused(await other.owner.call('webhooks.get', { webhookId: ours.id }), 404, 'WEBHOOK_NOT_FOUND');
    refused(await other.owner.call('webhooks.deliveries', { webhookId: ours.id }), 404, 'WEBHOOK_NOT_FOUND');
    refused(await other.owner.call('webhooks.test', { webhookId: ours.id }), 404, 'WEBHOOK_NOT_FOUND');
    refused(await other.owner.call('webhooks.replay', { webhookId: ours.id }, { json: { since: '2026-01-01T00:00:00Z' } }), 404, 'WEBHOOK_NOT_FOUND');
    const deliveryId = String((await log(ours.id))[0]?.['id']);
    refused(await other.owner.call('webhooks.delivery', { webhookId: theirs.id, deliveryId }), 404, 'DELIVERY_NOT_FOUND');
    await remove(ours.id);
  });

  test('an integration manages its own by key', async () => {
    const names = ['webhooks.manage', 'chats.view', 'chats.view_all', 'contacts.view'];
    const key = ok(await all.desk.org.owner.client.post(all.desk.org.path('/api-keys'), { name: `K ${unique()}`, permissions: names }), 201);
    const api = all.desk.owner.as(new Client(all.server.url, key.str('key')));
    const { id } = await hook({}, api);
    expect(await get(id)).toMatchObject({ sendsContacts: true });
    ok(await all.desk.org.owner.client.delete(all.desk.org.path(`/api-keys/${key.str('id')}`)));
    expect(await get(id)).toMatchObject({ sendsContacts: false });
    await remove(id);
  });
});

/** The examples of docs/WEBHOOKS.md: type → data. */
function documented(): Map<string, JsonObject> {
  const text = readFileSync(new URL('../../docs/WEBHOOKS.md', import.meta.url), 'utf8');
  const found = new Map<string, JsonObject>();
  for (const match of text.matchAll(/^### `([a-z_.]+)`[^]*?```json\n([^]*?)```/gm)) {
    const example = JSON.parse(match[2] ?? '{}') as JsonObject;
    if (isObject(example)) found.set(match[1] ?? '', example);
  }
  return found;
}
