/* Accounts of any kind, whatever the platform: where what is new goes, how an account counts and shows what happened, pausing and going on
   in the midst of things, bodies that are hostile. Messenger's bodies stand for all. */
import { createHmac, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { type Row, member } from '../api/lib/inbox.ts';
import { makeKey } from '../api/lib/people.ts';
import { sleep, until } from '../api/lib/server.ts';
import { type Connected, arrived, connect, metaHouse } from './lib/meta.ts';

vi.setConfig({ testTimeout: 150_000 });

const all = metaHouse();
let channel: Connected;
let count = 0;

const mid = (): string => `m_acc_${++count}_${randomBytes(4).toString('hex')}`;
const person = (): string => `66${String(Date.now()).slice(-8)}${++count}`;
const sql = (statement: string): string => all.desk.sql(statement).trim();
const patient = 60_000;

interface Said {
  from: string;
  text: string;
  id?: string;
}

const entry = (said: readonly Said[], page = all.graph.page.id): JsonObject => ({
  id: page,
  time: Date.now(),
  messaging: said.map((s) => ({ sender: { id: s.from }, recipient: { id: page }, timestamp: Date.now(), message: { mid: s.id ?? mid(), text: s.text } })),
});
const body = (said: readonly Said[]): string => JSON.stringify({ object: 'page', entry: [entry(said)] });

async function post(raw: string | Buffer, url = channel.url): Promise<number> {
  const signature = createHmac('sha256', all.graph.app.secret).update(raw).digest('hex');
  const answer = await fetch(url, { method: 'POST', body: raw as BodyInit, headers: { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${signature}` } });
  await answer.text();
  return answer.status;
}

const contents = (from: string): string[] =>
  sql(`select m.content from messages m join chats c on c.id = m.chat_id join contacts k on k.id = c.contact_id
       where k.identifier = '${from}' and m.direction = 'in' order by m.seq`)
    .split('\n')
    .filter((line) => line !== '');
const files = (row: Row): Row[] => (Array.isArray(row['files']) ? (row['files'] as Row[]) : []);
const waiting = (): number => Number(sql(`select count(*) from channel_bodies b join channels c on c.id = b.channel_id where b.state = 'waiting' and c.deleted_at is null`));
const allRead = (): Promise<boolean> => until('every body to be read', () => waiting() === 0, patient);
const get = async (): Promise<Row> => ok(await all.desk.owner.call('channels.get', { channelId: channel.id }), 200).json as Row;
const log = async (query: Record<string, string> = {}): Promise<Answer> => ok(await all.desk.owner.call('channels.log', { channelId: channel.id }, { query }), 200);
const update = async (json: JsonObject): Promise<Answer> => ok(await all.desk.owner.call('channels.update', { channelId: channel.id }, { json }), 200);

beforeAll(async () => {
  channel = await connect(all, 'messenger');
});

describe('what is new', () => {
  test('goes to the account’s team and to the stage that it names', async () => {
    const { desk } = all;
    const teamId = await desk.team();
    const stageId = sql(`select id from stages where org_id = '${desk.org.id}' order by position limit 1`);
    await update({ defaultTeamId: teamId, defaultStageId: stageId });
    const from = person();
    expect(await post(body([{ from, text: 'oi' }]))).toBe(200);
    await until('it', () => contents(from).length === 1, patient);
    const [chatId = '', customerId = ''] = sql(`select c.id || ' ' || c.customer_id from chats c join contacts k on k.id = c.contact_id where k.identifier = '${from}'`).split(' ');
    expect((await desk.chat(chatId))['teamId']).toBe(teamId);
    expect(await desk.owner.get(customerId)).toMatchObject({ stageId });
    await update({ defaultTeamId: null, defaultStageId: null });
    refused(await desk.owner.call('channels.update', { channelId: channel.id }, { json: { defaultStageId: channel.id } }), 400);
  });

  test('is counted, and what failed or was put aside too', async () => {
    const before = member(await get(), 'counts');
    const from = person();
    await post(body([{ from, text: 'um' }, { from, text: 'dois' }]));
    await post('{"object":"page"');
    await until('both', () => contents(from).length === 2, patient);
    await allRead();
    const chatId = sql(`select c.id from chats c join contacts k on k.id = c.contact_id where k.identifier = '${from}'`);
    await all.desk.send(chatId, 'resposta');
    await until('the answer to leave', () => sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'out' and status <> 'queued'`) === '1', patient);
    sql(`update messages set status = 'failed' where chat_id = '${chatId}' and direction = 'out'`);
    const after = await get();
    const more = (name: string): number => Number(member(after, 'counts')[name]) - Number(before[name]);
    expect(['in24h', 'out24h', 'failed24h', 'parked'].map(more)).toEqual([2, 1, 1, 1]);
    expect(after['lastEventAt']).not.toBeNull();
  });
});

describe('the log', () => {
  test('is searched in bodies and calls, by direction and state, and paged without gaps', async () => {
    const from = person();
    const word = `agulha${++count}`;
    for (let i = 0; i < 5; i++) expect(await post(body([{ from, text: `${word} ${i}` }]))).toBe(200);
    await until('them', () => contents(from).length === 5, patient);
    await allRead();
    const found = rows(await log({ search: word }));
    expect(found.map((line) => [line['direction'], line['state']])).toEqual(Array.from({ length: 5 }, () => ['in', 'done']));
    const paged: Row[] = [];
    let cursor: string | null = null;
    do {
      const page = await log({ search: word, limit: '2', ...(cursor ? { cursor } : {}) });
      paged.push(...rows(page));
      cursor = (page.json as Row)['next'] as string | null;
    } while (cursor);
    expect(paged.map((line) => line['id'])).toEqual(found.map((line) => line['id']));
    expect(rows(await log({ search: word, direction: 'out' }))).toEqual([]);
    expect(rows(await log({ search: word, state: 'parked' }))).toEqual([]);
    const calls = rows(await log({ direction: 'out' }));
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.every((line) => line['direction'] === 'out')).toBe(true);
    // Signs that mean something elsewhere are letters here.
    expect(rows(await log({ search: `${word}%` }))).toEqual([]);
    expect(rows(await log({ search: "_%'\\" }))).toEqual([]);
  });

  test('is read and replayed by who manages channels alone, and only of its own account', async () => {
    const { desk } = all;
    await post('{"object":"page","entry":{');
    const parked = await until('it to be put aside', async () => rows(await log({ state: 'parked' }))[0], patient);
    const ids = { channelId: channel.id, entryId: String(parked['id']) };
    const agent = await desk.person('agent');
    for (const id of ['channels.log', 'channels.logEntry', 'channels.logReplay']) refused(await agent.api.call(id, ids), 403);
    const key = desk.owner.as(await makeKey(desk.org, ['chats.view', 'chats.reply']));
    refused(await key.call('channels.logReplay', ids), 403);
    refused(await desk.owner.call('channels.logReplay', { ...ids, channelId: desk.channel.id }), 404);
    expect(sql(`select state from channel_bodies where id = '${ids.entryId}'`)).toBe('parked');
    expect((await desk.owner.call('channels.logReplay', ids)).status).toBe(202);
    await until('it to be put aside again', () => sql(`select state || tries from channel_bodies where id = '${ids.entryId}'`) === 'parked1', patient);
    // What an account asked cannot be replayed: it would be asked twice.
    const call = rows(await log({ direction: 'out' }))[0];
    refused(await desk.owner.call('channels.logReplay', { channelId: channel.id, entryId: String(call?.['id']) }), 404);
  });

  test('of a removed account stays to be read, and is not replayed', async () => {
    const { desk } = all;
    const made = sql(`insert into channels (org_id, kind, name, external_account, public_key, secrets)
                      select org_id, kind, 'Vai embora', '990000000000777', 'vaiembora', secrets from channels where id = '${channel.id}' returning id`);
    sql(`insert into channel_bodies (org_id, channel_id, body, state, error_code) values ('${desk.org.id}', '${made}', 'x', 'parked', 'NOT_UNDERSTOOD')`);
    ok(await desk.owner.call('channels.remove', { channelId: made }), 204);
    const lines = rows(ok(await desk.owner.call('channels.log', { channelId: made }), 200));
    expect(lines).toHaveLength(1);
    refused(await desk.owner.call('channels.logReplay', { channelId: made, entryId: String(lines[0]?.['id']) }), 404);
    expect(await post(body([]), `${all.server.url}/hooks/messenger/vaiembora`)).toBe(404);
  });
});

describe('pausing', () => {
  test('in the midst of bodies loses none of them and keeps their order', async () => {
    const { desk } = all;
    const people = Array.from({ length: 6 }, person);
    let stop = false;
    const said = new Map<string, string[]>();
    const write = async (from: string): Promise<void> => {
      const mine: string[] = [];
      for (let n = 0; !stop; n++) {
        expect(await post(body([{ from, text: `${n}` }]))).toBe(200);
        mine.push(`${n}`);
        await sleep(n % 7);
      }
      said.set(from, mine);
    };
    const writers = people.map(write);
    for (let i = 0; i < 12; i++) {
      ok(await desk.owner.call('channels.pause', { channelId: channel.id }), 200);
      await sleep(i * 5);
      ok(await desk.owner.call('channels.resume', { channelId: channel.id }), 200);
      await sleep(i * 3);
    }
    stop = true;
    await Promise.all(writers);
    await allRead();
    for (const from of people) expect(contents(from)).toEqual(said.get(from));
  });

  test('lets what is to be sent wait; going on sends it, in order', async () => {
    const { desk } = all;
    const customer = all.graph.messengerCustomer({ name: 'Pausa' });
    const sent = await customer.sends.text('oi');
    const chatId = await until('it', () => sql(`select coalesce((select chat_id::text from messages where external_id = '${sent.id}'), '')`) || undefined, patient);
    ok(await desk.owner.call('channels.pause', { channelId: channel.id }), 200);
    for (const text of ['um', 'dois', 'três']) await desk.send(chatId, text);
    await until('the job to see that it must wait', () => sql(`select count(*) from jobs where kind = 'message.send' and state = 'waiting' and due_at > now() + interval '1 minute'`) !== '0', patient);
    expect(sql(`select string_agg(distinct status, ',') from messages where chat_id = '${chatId}' and direction = 'out'`)).toBe('queued');
    ok(await desk.owner.call('channels.resume', { channelId: channel.id }), 200);
    await until('all to leave', () => sql(`select count(*) from messages where chat_id = '${chatId}' and direction = 'out' and status <> 'queued'`) === '3', patient);
    expect(sql(`select string_agg(content, ',' order by sent_at) from messages where chat_id = '${chatId}' and direction = 'out'`)).toBe('um,dois,três');
  });
});

describe('bodies', () => {
  test('of very many people, several messages each: once, and everybody’s in order', async () => {
    const people = Array.from({ length: 50 }, person);
    for (let lot = 0; lot < 4; lot++)
      expect(await post(body(people.flatMap((from) => [0, 1].map((n) => ({ from, text: `${lot * 2 + n}` })))))).toBe(200);
    await until('everybody', () => people.every((from) => contents(from).length >= 8), patient);
    await allRead();
    for (const from of people) expect(contents(from)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test('for more accounts than a hand can hold: each gets what is its own', async () => {
    const pages = Array.from({ length: 24 }, (_, i) => `98000000000${100 + i}`);
    sql(pages
      .map((page) => `insert into channels (org_id, kind, name, external_account, secrets) select org_id, kind, 'P ${page}', '${page}', secrets from channels where id = '${channel.id}';`)
      .join(' '));
    const people = pages.map(() => person());
    const raw = JSON.stringify({ object: 'page', entry: [0, 1].flatMap((n) => pages.map((page, i) => entry([{ from: people[i] ?? '', text: `${page} ${n}` }], page))) });
    expect(await post(raw)).toBe(200);
    await until('all of it', () => people.every((from) => contents(from).length >= 2), patient);
    const found = sql(`select n.external_account || ' ' || m.content from messages m join channels n on n.id = m.channel_id where n.external_account like '98000000000%' order by m.content`).split('\n');
    expect(found).toEqual(pages.flatMap((page) => [`${page} ${page} 0`, `${page} ${page} 1`]));
    sql(`update channels set deleted_at = now() where external_account like '98000000000%'`);
  });

  test('that are hostile are put aside or taken as far as they go; those behind them go on', async () => {
    const from = person();
    const before = Number(sql(`select count(*) from channel_bodies where state = 'parked'`));
    const long = randomBytes(6000).toString('base64'); // no index takes it
    const deep = `{"object":"page","entry":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const hostile = [
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from('{"object":"page","entry":[]}\0'),
      '',
      '[]',
      'null',
      '"x"',
      deep,
      body([{ from, text: 'antes', id: mid() }, { from, text: 'longa', id: long }, { from, text: 'depois', id: mid() }]),
      body([{ from: 'x'.repeat(5000), text: 'quem?' }]),
      JSON.stringify({ object: 'page', entry: [{ id: all.graph.page.id, messaging: [{ sender: { id: 7 }, recipient: null, timestamp: 'ontem', message: [] }] }] }),
    ];
    for (const raw of hostile) expect([200, 400]).toContain(await post(raw));
    // Zero bytes have no place in a text of the database.
    expect(await post(body([{ from, text: 'ze\u0000ro' }]))).toBe(200);
    expect(await post(body([{ from, text: 'fim' }]))).toBe(200);
    await until('the last', () => contents(from).includes('fim'), patient);
    await allRead();
    expect(contents(from).slice(0, 2)).toEqual(['antes', 'depois']);
    expect(Number(sql(`select count(*) from channel_bodies where state = 'parked'`))).toBeGreaterThan(before);
    // Too much is refused before it is read; just below is taken.
    const big = `${body([{ from, text: 'grande' }])}${' '.repeat(4 * 1024 * 1024)}`;
    expect(await post(big).catch(() => 413)).toBe(413);
    expect(await post(big.slice(0, 4 * 1024 * 1024))).toBe(200);
    await until('it', () => contents(from).includes('grande'), patient);
  });

  test('that cannot be stored are put aside after some tries, and nobody waits behind them', async () => {
    // A rule of ours that one person breaks: as a defect would be.
    const bad = person();
    const good = person();
    sql(`create function test_refuses() returns trigger language plpgsql as $$ begin
           if new.identifier = '${bad}' then raise exception using errcode = 'IF409', message = 'TEST_CONFLICT'; end if; return new; end $$;
         create trigger test_refuses before insert on contacts for each row execute function test_refuses()`);
    try {
      await post(body([{ from: bad, text: 'nunca' }]));
      await post(body([{ from: good, text: 'sempre' }]));
      await until('the good one', () => contents(good).length === 1, 120_000);
      await allRead();
    } finally {
      sql('drop trigger test_refuses on contacts; drop function test_refuses()');
    }
    const parked = rows(await log({ state: 'parked', search: bad }));
    expect(parked).toHaveLength(1);
    expect(member(parked[0], 'error')).toMatchObject({ code: 'TEST_CONFLICT' });
    ok(await all.desk.owner.call('channels.logReplay', { channelId: channel.id, entryId: String(parked[0]?.['id']) }), 202);
    await until('it, now that it can be', () => contents(bad).length === 1, patient);
  }, 240_000);
});

test('a file that could not be fetched is tried again when somebody asks for it, and only then', async () => {
  const { desk } = all;
  const sent = await all.graph.messengerCustomer({ name: 'Foto' }).sends.image();
  const message = await arrived(all, sent);
  const ids = { chatId: String(message['chatId']), messageId: String(message['id']), position: '0' };
  refused(await desk.owner.call('messages.fileRetry', ids), 409, 'FILE_NOT_FAILED');
  const whole = files(message);
  expect(whole).toMatchObject([{ state: 'ready' }]);
  sql(`update message_files set state = 'failed', error = 'FETCH_FAILED', file_id = null where message_id = '${ids.messageId}'`);
  const again = ok(await desk.owner.call('messages.fileRetry', ids), 200).json as Row;
  expect(files(again)).toMatchObject([{ state: 'pending', error: null }]);
  const there = await until('the file', async () => {
    const row = ok(await desk.owner.call('messages.get', ids), 200).json as Row;
    return files(row)[0]?.['state'] === 'ready' ? row : undefined;
  });
  expect(files(there)[0]).toMatchObject({ name: whole[0]?.['name'], sizeBytes: whole[0]?.['sizeBytes'] });
  refused(await desk.owner.call('messages.fileRetry', { ...ids, position: '3' }), 409, 'FILE_NOT_FAILED');
});

test('delivery states only rise; nothing that was delivered fails', async () => {
  const { chatId } = await all.desk.guest();
  const message = await all.desk.send(chatId, 'oi');
  const states = ['queued', 'sent', 'delivered', 'read', 'failed'];
  const rises: Record<string, string[]> = { queued: ['sent', 'delivered', 'read', 'failed'], sent: ['delivered', 'read', 'failed'], delivered: ['read'], read: [], failed: ['sent', 'delivered', 'read'] };
  await until('it to be sent', () => sql(`select status from messages where id = '${String(message['id'])}'`) !== 'queued', patient);
  for (const from of states)
    for (const to of states.slice(1)) {
      sql(`update messages set status = '${from}' where id = '${String(message['id'])}'`);
      sql(`begin; select set_config('app.org', '${all.desk.org.id}', true); select inbox_raise_status('${all.desk.org.id}', '${String(message['id'])}', '${to}', now(), null, '{"code": "x"}'); commit`);
      const now = sql(`select status || (error is not null) from messages where id = '${String(message['id'])}'`);
      const rose = rises[from]?.includes(to) ?? false;
      expect([from, to, now]).toEqual([from, to, rose ? `${to}${to === 'failed'}` : now]);
      expect([from, to, now.startsWith(rose ? to : from)]).toEqual([from, to, true]);
    }
});
