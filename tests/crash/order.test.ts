/* Everything that can happen to one chat at the same moment, hundreds of times: usual messages (taken in batches), others of the visitor
   (replies, each by itself), answers with and without an idempotency key, notes, states. What pages are told must stand in the order in
   which the conversation does, nothing may be lost or doubled, and nobody may wait for each other. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, type Visitor, member } from '../api/lib/inbox.ts';
import { unique } from '../api/lib/people.ts';
import { Server, makeDataDir, until } from '../api/lib/server.ts';

const dir = makeDataDir();
let server: Server;
let desk: Desk;

beforeAll(async () => {
  server = await Server.start({ dataDir: dir });
  desk = await Desk.make(server);
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Place {
  visitor: Visitor;
  chatId: string;
  message: Record<string, unknown>;
}

/** One of everything at once. */
async function moment({ visitor, chatId, message }: Place, n: number): Promise<void> {
  const path = desk.org.path(`/chats/${chatId}`);
  const { client } = desk.org.owner;
  const again = `v-${unique()}`; // sent twice at once
  const answers = await Promise.all([
    visitor.write(`a${n}`),
    visitor.write(`b${n}`, { replyTo: message['id'] as string }),
    client.post(`${path}/messages`, { content: `c${n}`, clientId: `c-${unique()}` }),
    visitor.write(`d${n}`, { clientId: again }),
    visitor.write(`d${n}`, { clientId: again }),
    client.call('POST', `${path}/messages`, { json: { content: `e${n}` }, headers: { 'Idempotency-Key': `k-${unique()}` } }),
    client.post(`${path}/notes`, { content: `f${n}`, clientId: `f-${unique()}` }),
    visitor.write(`g${n}`),
    client.post(`${path}/priority`, { priority: n % 4 }),
    client.post(`${path}/status`, { status: n % 2 ? 'waiting' : 'in_progress' }),
  ]);
  const bad = answers.filter((one) => one.status >= 400 && one.status !== 409 && one.status !== 429);
  expect(bad.map((one) => `${one.status} ${one.text.slice(0, 200)}`)).toEqual([]);
  expect(answers[3]?.str('id')).toBe(answers[4]?.str('id'));
}

test('what is told of a chat stands in its order', async () => {
  const socket = await desk.live(desk.org.owner.client);
  const places: Place[] = [];
  // A visitor may write sixty times a minute.
  for (let group = 0; group < 8; group++) {
    const guests = await Promise.all(Array.from({ length: 4 }, () => desk.guest()));
    places.push(...guests);
    for (let n = 0; n < 10; n++) await Promise.all(guests.map((place) => moment(place, n)));
  }

  const own = places.map((one) => `'${one.chatId}'`).join(',');
  // Each message was told of once, under a number that keeps its place.
  const told = `select chat_id, (payload->'message'->>'seq')::int as seq, (payload->'chat'->>'version')::int as version, xid, id
                from events where type = 'message.created' and chat_id in (${own})`;
  expect(desk.sql(`select count(*), count(distinct (chat_id, seq)) from (${told}) e`)).toBe(
    desk.sql(`select count(*), count(distinct (chat_id, seq)) from messages where chat_id in (${own})`),
  );
  expect(Number(desk.sql(`select count(*) from (${told}) e`))).toBeGreaterThan(places.length * 10 * 6);
  expect(desk.sql(`select count(*) from (select seq, lag(seq) over (partition by chat_id order by xid, id) as before from (${told}) e) x where before >= seq`)).toBe('0');
  // So does every news of the chat: an older version is never told after a newer one.
  const versions = `select chat_id, (payload->'chat'->>'version')::int as version, xid, id from events where payload->'chat'->>'version' is not null and chat_id in (${own})`;
  expect(desk.sql(`select count(*) from (select version, lag(version) over (partition by chat_id order by xid, id) as before from (${versions}) e) x where before > version`)).toBe('0');
  // And the page heard it like that.
  const created = (): Record<string, unknown>[] => socket.frames.filter((one) => one.type === 'message.created').map((one) => member(one.data, 'message'));
  const count = Number(desk.sql(`select count(*) from messages where chat_id in (${own})`));
  await until('the page to hear all', () => created().length >= count, 20_000);
  for (const { chatId } of places) {
    const seqs = created().filter((one) => one['chatId'] === chatId).map((one) => Number(one['seq']));
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
  }
  // Once each, whichever way it went.
  expect(desk.sql(`select count(*) from (select 1 from messages where chat_id in (${own}) and client_id is not null group by chat_id, client_id having count(*) > 1) x`)).toBe('0');
  expect(server.logLines().filter((one) => String(one['message']).includes('deadlock'))).toEqual([]);
  socket.close();
});
