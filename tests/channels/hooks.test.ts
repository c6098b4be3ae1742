/* What every platform's webhook goes through, whatever the platform: signature, the body committed before the answer, reading it
   afterwards, doubles, bodies that are not understood, accounts that are not ours, the log and its replay, pausing. Messenger's bodies
   stand for all. */
import { createHmac } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { type Row, member } from '../api/lib/inbox.ts';
import { sleep, until } from '../api/lib/server.ts';
import { type Connected, connect, metaHouse } from './lib/meta.ts';

vi.setConfig({ testTimeout: 150_000 });

const all = metaHouse();
let channel: Connected;
let count = 0;

const mid = (): string => `m_hook_${++count}_${Math.random().toString(36).slice(2)}`;
const person = (): string => `77${String(Date.now()).slice(-8)}${++count}`;

interface Said {
  from: string;
  id?: string;
  text: string;
}

const body = (said: readonly Said[], page = all.graph.page.id): JsonObject => ({
  object: 'page',
  entry: [
    {
      id: page,
      time: Date.now(),
      messaging: said.map((s) => ({
        sender: { id: s.from },
        recipient: { id: page },
        timestamp: Date.now(),
        message: { mid: s.id ?? mid(), text: s.text },
      })),
    },
  ],
});

const post = (raw: string, secret = all.graph.app.secret, url = channel.url): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    body: raw,
    headers: { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}` },
  });

const contents = (from: string): string[] =>
  all.desk
    .sql(
      `select m.content from messages m join chats c on c.id = m.chat_id join contacts k on k.id = c.contact_id
       where k.identifier = '${from}' and m.direction = 'in' order by m.seq`,
    )
    .trim()
    .split('\n')
    .filter((line) => line !== '');

const log = (query: Record<string, string> = {}): Promise<Row[]> =>
  all.desk.owner.call('channels.log', { channelId: channel.id }, { query }).then((answer: Answer) => rows(ok(answer, 200)));

describe('a body', () => {
  test('is kept before the answer, read afterwards, and every message taken once and in order', async () => {
    channel = await connect(all, 'messenger');
    const from = person();
    const ids = Array.from({ length: 20 }, mid);
    const said = ids.map((id, i) => ({ from, id, text: `linha ${i}` }));
    // In two bodies that overlap, the second one doubled.
    expect((await post(JSON.stringify(body(said.slice(0, 12))))).status).toBe(200);
    const second = JSON.stringify(body(said.slice(8)));
    const answers = await Promise.all([post(second), post(second)]);
    expect(answers.map((a) => a.status)).toEqual([200, 200]);
    await until('all of it', () => contents(from).length >= 20);
    await until('every body to be read', () => Number(all.desk.sql(`select count(*) from channel_bodies where state = 'waiting'`)) === 0);
    expect(contents(from)).toEqual(said.map((s) => s.text));
  });

  test('of many people at once: together, and nobody is left out', async () => {
    const people = Array.from({ length: 40 }, person);
    await Promise.all(people.map((from) => post(JSON.stringify(body([{ from, text: 'primeira' }])))));
    await until('everybody', () => people.every((from) => contents(from).length === 1));
    const raw = JSON.stringify(body(people.flatMap((from) => [{ from, text: 'segunda' }, { from, text: 'terceira' }])));
    expect((await post(raw)).status).toBe(200);
    await until('everybody again', () => people.every((from) => contents(from).length === 3));
    for (const from of people) expect(contents(from)).toEqual(['primeira', 'segunda', 'terceira']);
  });

  test('with a wrong signature, or none, is refused and leaves nothing', async () => {
    const before = all.desk.sql('select count(*) from channel_bodies');
    const raw = JSON.stringify(body([{ from: person(), text: 'x' }]));
    expect((await post(raw, 'wrong')).status).toBe(401);
    expect((await fetch(channel.url, { method: 'POST', body: raw })).status).toBe(401);
    expect((await post(raw, all.graph.app.secret, `${all.server.url}/hooks/messenger/nobody`)).status).toBe(404);
    expect((await post(raw, all.graph.app.secret, `${all.server.url}/hooks/webchat/${all.desk.channel.key}`)).status).toBe(404);
    expect((await post(raw, all.graph.app.secret, `${all.server.url}/hooks/whatsapp/${channel.key}`)).status).toBe(404);
    expect(all.desk.sql('select count(*) from channel_bodies')).toBe(before);
  });

  test('that is not understood is put aside with its reason; those behind it go on', async () => {
    const from = person();
    expect((await post('{"object":"page","entry":[')).status).toBe(200);
    expect((await post(JSON.stringify(body([{ from, text: 'depois' }])))).status).toBe(200);
    await until('the one behind', () => contents(from).length === 1);
    const parked = await until('the log', async () => (await log({ state: 'parked' }))[0]);
    expect(parked).toMatchObject({ direction: 'in', what: 'webhook', state: 'parked' });
    expect(member(parked, 'error')['code']).toBeTruthy();
    const one = ok(await all.desk.owner.call('channels.logEntry', { channelId: channel.id, entryId: String(parked['id']) }), 200);
    expect(one.str('request')).toBe('{"object":"page","entry":[');
    const shown = ok(await all.desk.owner.call('channels.get', { channelId: channel.id }), 200).json as Row;
    expect(member(shown, 'counts')['parked']).toBeGreaterThan(0);
  });

  test('for an account that is not here is put aside, and read when it is', async () => {
    const from = person();
    expect((await post(JSON.stringify(body([{ from, text: 'para outra' }], '990000000000001')))).status).toBe(200);
    const parked = await until('it to be put aside', async () => (await log({ state: 'parked', search: 'para outra' }))[0]);
    expect(member(parked, 'error')).toMatchObject({ code: 'UNKNOWN_ACCOUNT' });
    expect(contents(from)).toEqual([]);
    all.desk.sql(`insert into channels (org_id, kind, name, external_account, secrets) select org_id, kind, 'Outra', '990000000000001', secrets
                  from channels where id = '${channel.id}'`);
    const replayed = await all.desk.owner.call('channels.logReplay', { channelId: channel.id, entryId: String(parked['id']) });
    expect(replayed.status).toBe(202);
    await until('it to be read', () => contents(from).length === 1);
    refused(await all.desk.owner.call('channels.logEntry', { channelId: all.desk.channel.id, entryId: String(parked['id']) }), 404);
  });

  test('is read again without doubling anything', async () => {
    const from = person();
    await post(JSON.stringify(body([{ from, text: 'uma vez' }])));
    await until('it', () => contents(from).length === 1);
    const line = await until('the log', async () => (await log({ state: 'done', search: 'uma vez' }))[0]);
    expect(line['summary']).toMatchObject({ messages: 1 });
    await all.desk.owner.call('channels.logReplay', { channelId: channel.id, entryId: String(line['id']) });
    await until('it to be done again', () => all.desk.sql(`select state || tries from channel_bodies where id = '${String(line['id'])}'`).trim() === 'done1');
    expect(contents(from)).toEqual(['uma vez']);
  });

  test('of the installation’s own app goes to the account that it names', async () => {
    const from = person();
    const url = `${all.server.url}/hooks/messenger`;
    expect((await post(JSON.stringify(body([{ from, text: 'pelo app' }])), all.graph.app.secret, url)).status).toBe(200);
    await until('it', () => contents(from).length === 1);
    expect((await post(JSON.stringify(body([{ from, text: 'x' }])), 'wrong', url)).status).toBe(401);
    const shake = await fetch(`${url}?hub.mode=subscribe&hub.verify_token=installation&hub.challenge=42`);
    expect([shake.status, await shake.text()]).toEqual([200, '42']);
  });

  test('of the installation’s own app is kept without what it says of other accounts', async () => {
    const [from, text, secret] = [person(), 'só a minha parte', 'de outra organização'];
    const own = body([{ from, text }]) as { entry: JsonObject[] };
    const other = JSON.parse(JSON.stringify(body([{ from: person(), text: secret }])).replaceAll(all.graph.page.id, '900100200300')) as { entry: JsonObject[] };
    const both = { ...other, entry: [...other.entry, ...own.entry] };
    expect((await post(JSON.stringify(both), all.graph.app.secret, `${all.server.url}/hooks/messenger`)).status).toBe(200);
    await until('it', () => contents(from).length === 1);
    const line = await until('the log', async () => (await log({ state: 'done', search: 'minha parte' }))[0]);
    const kept = ok(await all.desk.owner.call('channels.logEntry', { channelId: channel.id, entryId: String(line['id']) }), 200).str('request');
    expect(kept).toContain(text);
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain('900100200300');
    expect(await log({ search: 'de outra' })).toEqual([]);
  });
});

describe('an account', () => {
  test('that is paused keeps what comes, and reads it when it goes on', async () => {
    const from = person();
    ok(await all.desk.owner.call('channels.pause', { channelId: channel.id }), 200);
    expect((await post(JSON.stringify(body([{ from, text: 'na pausa' }])))).status).toBe(200);
    await sleep(700);
    expect(contents(from)).toEqual([]);
    ok(await all.desk.owner.call('channels.resume', { channelId: channel.id }), 200);
    await until('it', () => contents(from).length === 1);
  });

  test('greets once at the beginning of a chat, in the organization’s language; outside its hours it says so', async () => {
    const words = { greeting: { pt: 'Oi! Já vamos.', en: 'Hi!' }, away: { pt: 'Voltamos amanhã.' } };
    ok(await all.desk.owner.call('channels.update', { channelId: channel.id }, { json: words }), 200);
    const ours = (from: string): string =>
      all.desk
        .sql(
          `select coalesce(string_agg(m.content || '|' || m.author_kind, ';'), '') from messages m join chats c on c.id = m.chat_id
           join contacts k on k.id = c.contact_id where k.identifier = '${from}' and m.direction = 'out'`,
        )
        .trim();
    const customer = all.graph.messengerCustomer({ name: 'Lia' });
    const sent = await customer.sends.text('oi');
    await until('the greeting', () => all.desk.sql(`select 1 from messages where data->>'greeting' = 'true'`).trim() === '1');
    await customer.sends.text('tudo bem?');
    await until('the second', () => all.desk.sql(`select count(*) from messages where content = 'tudo bem?'`).trim() === '1');
    const chatId = all.desk.sql(`select chat_id from messages where external_id = '${sent.id}'`).trim();
    const chat = await all.desk.chat(chatId);
    expect(chat['waitingSince']).not.toBeNull(); // a greeting is no answer
    expect(all.desk.sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'out'`).trim()).toBe('1');
    ok(await all.desk.owner.call('channels.update', { channelId: channel.id }, { json: { hours: { mon: [] } } }), 200);
    const from = person();
    await post(JSON.stringify(body([{ from, text: 'alguém aí?' }])));
    await until('the answer', () => ours(from) !== '');
    expect(ours(from)).toBe('Voltamos amanhã.|bot');
    ok(await all.desk.owner.call('channels.update', { channelId: channel.id }, { json: { greeting: {}, away: {}, hours: null } }), 200);
  });

  test('outside the window nothing but what the platform allows is taken', async () => {
    const from = person();
    await post(JSON.stringify(body([{ from, text: 'oi' }])));
    await until('it', () => contents(from).length === 1);
    const chatId = all.desk.sql(`select c.id from chats c join contacts k on k.id = c.contact_id where k.identifier = '${from}'`).trim();
    const chat = await all.desk.chat(chatId);
    const left = (Date.parse(String(chat['windowUntil'])) - Date.now()) / 3_600_000;
    expect(left).toBeGreaterThan(23.9);
    expect(left).toBeLessThanOrEqual(24);
    all.desk.sql(`update chats set window_until = now() - interval '8 days' where id = '${chatId}'`);
    const answer = refused(await all.desk.owner.call('messages.send', { chatId }, { json: { content: 'tarde' } }), 422, 'WINDOW_CLOSED');
    expect(answer.json).toMatchObject({ windowUntil: expect.any(String) });
    expect(all.desk.sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'out'`).trim()).toBe('0');
  });

  test('what its kind cannot do is refused before anything is written', async () => {
    const from = person();
    await post(JSON.stringify(body([{ from, text: 'oi' }])));
    await until('it', () => contents(from).length === 1);
    const chatId = all.desk.sql(`select c.id from chats c join contacts k on k.id = c.contact_id where k.identifier = '${from}'`).trim();
    const send = (json: JsonObject): Promise<Answer> => all.desk.owner.call('messages.send', { chatId }, { json });
    refused(await send({ content: 'x', data: { location: { latitude: 100, longitude: 0 } } }), 400);
    refused(await send({ content: 'x', data: { buttons: [] } }), 400);
    refused(await send({ content: 'x', data: { nonsense: 1 } }), 400);
    refused(await send({ content: 'x', data: { buttons: [{ id: 'a', title: 'A' }], link: { title: 'b', url: 'https://a.b' } } }), 400);
    refused(await send({ data: { buttons: [{ id: 'a', title: 'A' }] } }), 400);
    refused(await send({ template: { name: 'x', language: 'pt_BR' } }), 422, 'TEMPLATE_NOT_SUPPORTED');
    expect(all.desk.sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'out'`).trim()).toBe('0');
  });

  test('its log hides what is secret; nobody else reads it', async () => {
    const calls = await until('calls', async () => {
      const lines = await log({ direction: 'out' });
      return lines.length > 0 ? lines : undefined;
    });
    for (const line of calls.slice(0, 10)) {
      const one = ok(await all.desk.owner.call('channels.logEntry', { channelId: channel.id, entryId: String(line['id']) }), 200);
      expect(one.text).not.toContain(all.graph.tokens.page);
      expect(one.text).not.toContain(all.graph.app.secret);
    }
    const agent = await all.desk.person('agent');
    refused(await agent.api.call('channels.log', { channelId: channel.id }), 403);
  });

  test('its log’s texts are for those who may see all chats and contacts', async () => {
    const from = person();
    await post(JSON.stringify(body([{ from, text: 'só para poucos' }])));
    const line = await until('the log', async () => (await log({ state: 'done', search: 'para poucos' }))[0]);
    const key = (await all.desk.person(['channels.manage'])).api;
    const entry = { channelId: channel.id, entryId: String(line['id']) };
    expect(ok(await key.call('channels.logEntry', entry), 200).str('request')).toBe('');
    expect(rows(ok(await key.call('channels.log', { channelId: channel.id }, { query: { search: 'para poucos' } }), 200))).toEqual([]);
    expect(ok(await all.desk.owner.call('channels.logEntry', entry), 200).str('request')).toContain(from);
  });

  test('forgets a customer who is erased: raw bodies and calls that name them, and no others', async () => {
    const [from, other] = [person(), person()];
    await post(JSON.stringify(body([{ from, text: 'some daqui' }])));
    await post(JSON.stringify(body([{ from: other, text: 'fica aqui' }])));
    await until('both', () => contents(from).length + contents(other).length === 2);
    const who = `from chats c join contacts k on k.id = c.contact_id where k.identifier = '${from}'`;
    const [chatId = '', customerId = ''] = all.desk.sql(`select c.id, c.customer_id ${who}`).trim().split('|');
    await all.desk.send(chatId, 'resposta que também some');
    const naming = (name: string): string =>
      all.desk
        .sql(
          `select (select count(*) from channel_bodies where position('${name}'::bytea in body) > 0),
                  (select count(*) from channel_calls where request || answer || address like '%${name}%')`,
        )
        .trim();
    await until('the call that sent it', () => Number(naming(from).split('|')[1]) > 0);
    await until('nothing to be under way', () => Number(all.desk.sql(`select count(*) from channel_bodies where state = 'waiting'`)) === 0);
    const kept = naming(other);
    ok(await all.desk.owner.call('customers.erase', { customerId }), 204);
    await until('nothing to name them', () => naming(from) === '0|0');
    expect(naming(other)).toBe(kept);
    expect(kept).toMatch(/^[1-9]/);
  });
});
