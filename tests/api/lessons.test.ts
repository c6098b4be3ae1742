/* What went wrong elsewhere (docs, "Lessons", Messages): one test for each item that applies today. The items about platforms that call
   us (1, 6, 8) go through the same function of the database that their connectors will call. */
import { describe, expect, test } from 'vitest';
import { type JsonObject, ok, refused } from './lib/client.ts';
import { email, mobile, rows } from './lib/crm.ts';
import { Desk, type Row, type Staff, house, member, png, restricted, whats } from './lib/inbox.ts';
import { unique } from './lib/people.ts';
import { sleep, until } from './lib/server.ts';

const all = house({ workers: 2 });

/** As a connector hands a message in. */
function receive(desk: Desk, message: JsonObject): Row {
  const id = String(message['identifier'] ?? `5511${unique()}`);
  const p = { identityKind: 'whatsapp', identifier: id, canonical: id, keys: [`whatsapp:${id}`], name: 'Ana', kind: 'text', text: 'Oi', files: [], ...message };
  return JSON.parse(desk.sql(`select to_json(r) from inbox_receive('${desk.org.id}', '${desk.channel.id}', '${JSON.stringify(p).replace(/'/g, "''")}') r`)) as Row;
}

test('1: the same platform id twice makes one message, also in one body and from several workers', async () => {
  const { desk } = all;
  const identifier = `55119${unique()}`;
  const externalId = `wamid.${unique()}`;
  const first = receive(desk, { identifier, externalId, text: 'Uma vez' });
  expect(first).toMatchObject({ is_double: false, is_new: true });
  const again = receive(desk, { identifier, externalId, text: 'Uma vez' });
  expect(again).toMatchObject({ is_double: true, message_id: first['message_id'], chat_id: first['chat_id'] });
  // Even when the chat was closed and another one is open.
  const chatId = String(first['chat_id']);
  await desk.close(chatId);
  desk.sql(`update chats set closed_at = now() - interval '2 days' where id = '${chatId}'`);
  expect(receive(desk, { identifier, externalId })).toMatchObject({ is_double: true, chat_id: chatId });
  expect(desk.sql(`select count(*) from chats where customer_id = '${String(first['customer_id'])}'`)).toBe('1');
  // The database itself says no.
  expect(() => desk.sql(`update messages set external_id = '${externalId}' where chat_id = '${chatId}' and direction = 'event'`)).toThrow(/messages_external/);
  // The same id of another account is another message.
  const other = await Desk.make(all.server);
  expect(receive(other, { identifier, externalId })).toMatchObject({ is_double: false });
});

test('2: what was answered with a 2xx is in the database at that moment', async () => {
  const { desk } = all;
  const visitor = await desk.visitor();
  for (let i = 0; i < 20; i++) {
    const message = await visitor.say(`durável ${i}`);
    expect(desk.sql(`select content from messages where id = '${String(message['id'])}'`)).toBe(`durável ${i}`);
  }
});

test('3: an album or a burst makes one open chat per customer and channel', async () => {
  const { desk } = all;
  const visitor = await desk.visitor();
  const album = await Promise.all(Array.from({ length: 10 }, (_, i) => visitor.sendFile(png, `foto${i}.png`, 'image/png')));
  expect(new Set(album.map((one) => one.status))).toEqual(new Set([201]));
  expect(new Set(album.map((one) => one.str('chatId'))).size).toBe(1);
  // A closed one, and a burst that opens it again: once.
  const chatId = album[0]?.str('chatId') ?? '';
  await desk.close(chatId);
  const burst = await Promise.all(Array.from({ length: 20 }, (_, i) => visitor.write(`b${i}`)));
  expect(new Set(burst.map((one) => one.str('chatId')))).toEqual(new Set([chatId]));
  expect(whats(await desk.messages(chatId)).filter((one) => one === 'reopened')).toHaveLength(1);
  // Long closed: a burst opens one new chat.
  await desk.close(chatId);
  desk.sql(`update chats set closed_at = now() - interval '2 days' where id = '${chatId}'`);
  const later = await Promise.all(Array.from({ length: 20 }, (_, i) => visitor.write(`c${i}`)));
  const fresh = new Set(later.map((one) => one.str('chatId')));
  expect(fresh.size).toBe(1);
  expect(fresh.has(chatId)).toBe(false);
  expect(desk.sql(`select count(*) from chats c where c.contact_id = (select contact_id from chats where id = '${chatId}') and status <> 'closed'`)).toBe('1');
});

test('4: an agent’s message does not go out twice on a bad network', async () => {
  const { desk } = all;
  const { chatId, visitor } = await desk.guest();
  const socket = await visitor.socket();
  await socket.wait('hello');
  const clientId = `c-${unique()}`;
  // The first answer is lost: the page sends again, twice at once, and once more after it was sent.
  await Promise.all([1, 2, 3].map(() => desk.send(chatId, 'Só uma', { clientId })));
  const id = String((await desk.send(chatId, 'Só uma', { clientId }))['id']);
  await desk.status(chatId, id, 'sent');
  await desk.send(chatId, 'Só uma', { clientId });
  await desk.send(chatId, 'Fim');
  await socket.wait('message', (data) => data['text'] === 'Fim');
  const ids = new Set(socket.frames.filter((one) => one.type === 'message' && one.data['text'] === 'Só uma').map((one) => one.data['id']));
  expect([...ids]).toEqual([id]);
  socket.close();
});

test('5: a message is there before its files are; a file that failed can come later', async () => {
  const { desk } = all;
  const identifier = `55118${unique()}`;
  const externalId = `wamid.${unique()}`;
  const files = [{ kind: 'image', name: 'foto.jpg', type: 'image/jpeg', source: { mediaId: '42' } }];
  const made = receive(desk, { identifier, externalId, kind: 'image', text: '', files });
  const list = await desk.messages(String(made['chat_id']));
  expect(list.at(-1)).toMatchObject({ kind: 'image', files: [{ id: null, state: 'pending', name: 'foto.jpg', url: null }] });
  // The same message again does not block, nor double, what is still to be fetched.
  expect(receive(desk, { identifier, externalId, kind: 'image', files })).toMatchObject({ is_double: true });
  expect(desk.sql(`select count(*) from message_files where message_id = '${String(made['message_id'])}' and state = 'pending'`)).toBe('1');
});

test('6: states only rise, whatever order they come in; the platform’s error is kept', async () => {
  const { desk } = all;
  const { chatId } = await desk.guest();
  const state = (id: string, status: string, error = 'null'): string =>
    desk.sql(`select inbox_raise_status('${desk.org.id}', '${id}', '${status}', now(), null, ${error})`);
  const send = async (): Promise<string> => {
    const id = String((await desk.send(chatId, 'x'))['id']);
    await desk.status(chatId, id, 'sent');
    return id;
  };
  const one = await send();
  expect([state(one, 'read'), state(one, 'delivered'), state(one, 'sent'), state(one, 'failed', `'{"code": "X"}'`), state(one, 'read')]).toEqual(['t', 'f', 'f', 'f', 'f']);
  const read = await desk.status(chatId, one, 'read');
  expect(read).toMatchObject({ error: null, deliveredAt: expect.any(String), readAt: expect.any(String) });
  const two = await send();
  expect([state(two, 'failed', `'{"code": "131026", "message": "undeliverable", "raw": {"details": "sem WhatsApp"}}'`), state(two, 'queued')]).toEqual(['t', 'f']);
  expect((await desk.status(chatId, two, 'failed'))['error']).toEqual({ code: '131026', message: 'undeliverable', raw: { details: 'sem WhatsApp' } });
  // Many at once, shuffled: it ends as read.
  const three = await send();
  await Promise.all(['delivered', 'read', 'sent', 'delivered', 'sent'].map(async (status) => Promise.resolve(state(three, status))));
  await desk.status(chatId, three, 'read');
});

test('7: the ninth digit, 521 and 549 are the same person; a landline is not', async () => {
  const { desk } = all;
  const create = (contactValue: string) =>
    desk.owner.call('public.chatCreate', {}, { json: { contactType: 'whatsapp', contactValue, channelId: desk.reaches('whatsapp') } });
  const n = (): string => String(Math.floor(1000 + Math.random() * 9000));
  const [a, b] = [n(), n()];
  const same: string[][] = [
    [`+55119${a}${b}`.replace('+55119', '+551198').slice(0, 14), ''],
    [`+521551${a}${b.slice(0, 3)}`, `+52551${a}${b.slice(0, 3)}`],
    [`+54911${a}${b}`, `+5411${a}${b}`, `+541115${a}${b}`],
  ];
  same[0] = [`+5511 98${a.slice(1)}-${b}`, `+5511 8${a.slice(1)}-${b}`];
  for (const notations of same) {
    const found = await Promise.all(notations.map((one) => create(one)));
    expect([notations, new Set(found.map((one) => ok(one, 200).str('customerId'))).size]).toEqual([notations, 1]);
  }
  const landline = ok(await create(`+551132${a.slice(2)}${b}`), 200);
  const mobileLike = ok(await create(`+5511932${a.slice(2)}${b}`), 200);
  expect(landline.str('customerId')).not.toBe(mobileLike.str('customerId'));
});

test('8: somebody without a telephone number is somebody', async () => {
  const { desk } = all;
  const user = `BR.${unique()}`;
  const made = receive(desk, { identityKind: 'instagram', identifier: user, canonical: user, keys: [`instagram:${user}`], name: 'lola.ceramica', externalId: `mid.${unique()}` });
  const again = receive(desk, { identityKind: 'instagram', identifier: user, canonical: user, keys: [`instagram:${user}`], externalId: `mid.${unique()}` });
  expect(again).toMatchObject({ customer_id: made['customer_id'], chat_id: made['chat_id'] });
  const customer = await desk.owner.get(String(made['customer_id']));
  expect(customer).toMatchObject({ name: 'lola.ceramica', contacts: [{ kind: 'instagram', identifier: user }] });
});

test('9: a list has one order, the one that is shown, and stays itself while the world moves', async () => {
  const desk = await Desk.make(all.server);
  const guests = [];
  for (let i = 0; i < 12; i++) guests.push(await desk.guest(`Oi ${i}`));
  const page = async (cursor?: string): Promise<{ items: Row[]; next: string | null }> => {
    const answer = ok(await desk.owner.call('chats.list', {}, { query: { limit: 5, ...(cursor ? { cursor } : {}) } }), 200);
    return { items: rows(answer), next: answer.get('next') as string | null };
  };
  const first = await page();
  // Two that were seen write again: they are on top now, and do not push anything out of the next pages.
  await guests[11]?.visitor.say('de novo');
  await guests[0]?.visitor.say('eu também');
  const second = await page(first.next ?? '');
  const third = await page(second.next ?? '');
  const seen = [...first.items, ...second.items, ...third.items].map((one) => String(one['id']));
  expect(new Set(seen).size).toBe(seen.length);
  expect(new Set([...seen, guests[0]?.chatId])).toEqual(new Set(guests.map((one) => one.chatId)));
  for (const items of [first.items, second.items, third.items]) {
    const keys = items.map((one) => String(one['lastMessageAt']));
    expect(keys).toEqual([...keys].sort().reverse());
  }
  const top = (await page()).items.slice(0, 2).map((one) => String(one['id']));
  expect(top).toEqual([guests[0]?.chatId, guests[11]?.chatId]);
});

test('13: after a cut the events go on where they stopped (live.test.ts has the load); a lost position reloads', async () => {
  const { desk } = all;
  const { chatId, visitor } = await desk.guest();
  const first = await desk.live(desk.org.owner.client);
  await first.wait('hello');
  await visitor.say('antes');
  await first.wait('message.created', (data) => member(data, 'message')['content'] === 'antes');
  const cursor = first.lastId ?? '';
  first.cut();
  await visitor.say('durante um');
  await desk.send(chatId, 'durante dois');
  const second = await desk.live(desk.org.owner.client, cursor);
  await second.wait('message.created', (data) => member(data, 'message')['content'] === 'durante dois');
  const contents = second.frames.filter((one) => one.type === 'message.created').map((one) => member(one.data, 'message')['content']);
  expect(contents).toContain('durante um');
  expect(contents).not.toContain('antes');
  second.close();
  // What is older than what is kept, from another database, or no position at all.
  desk.sql("select event_prune(interval '0 seconds', 1000000)");
  for (const lost of [cursor, '1-1', '99999999999-1', 'nada', '5']) {
    const socket = await desk.live(desk.org.owner.client, lost);
    await socket.wait('reload');
    socket.close();
  }
});

describe('14: distribution', () => {
  async function crew(distribution: string, people: number, capacity = 0): Promise<{ desk: Desk; team: string; staff: Staff[] }> {
    const desk = await Desk.make(all.server);
    const team = await desk.team({ distribution });
    const staff: Staff[] = [];
    for (let i = 0; i < people; i++) {
      const one = await desk.person('agent', [team]);
      if (capacity) ok(await desk.owner.call('users.update', { userId: one.userId }, { json: { capacity } }), 200);
      staff.push(one);
    }
    ok(await desk.owner.call('channels.update', { channelId: desk.channel.id }, { json: { defaultTeamId: team } }), 200);
    return { desk, team, staff };
  }
  const owners = (desk: Desk): string[] => desk.sql(`select coalesce(assignee_id::text, '-') from chats where org_id = '${desk.org.id}' order by opened_at, id`).split('\n');
  const load = (desk: Desk): Record<string, number> => {
    const count: Record<string, number> = {};
    for (const one of owners(desk)) count[one] = (count[one] ?? 0) + 1;
    return count;
  };

  test('fewest open chats first, ties to the longest idle', async () => {
    const { desk, staff } = await crew('least_open', 3);
    const chats = [];
    for (let i = 0; i < 6; i++) chats.push(await desk.guest());
    const [a, b, c] = staff.map((one) => one.userId);
    expect(owners(desk)).toEqual([a, b, c, a, b, c]);
    expect(whats(await desk.messages(chats[0]?.chatId ?? ''))).toEqual(['distributed']);
    // b ends both: it has the fewest; and as c ends one later than b, ties go to b.
    await desk.close(chats[1]?.chatId ?? '');
    await desk.close(chats[4]?.chatId ?? '');
    await desk.close(chats[2]?.chatId ?? '');
    await desk.close(chats[5]?.chatId ?? '');
    for (let i = 0; i < 4; i++) await desk.guest();
    expect(owners(desk).slice(6)).toEqual([b, c, b, c]);
  });

  test('in turn, whoever has how many', async () => {
    const { desk, staff } = await crew('round_robin', 3);
    const first = await desk.guest();
    await desk.close(first.chatId);
    for (let i = 0; i < 4; i++) await desk.guest();
    const [a, b, c] = staff.map((one) => one.userId);
    // a ended one a moment ago: it is last in turn.
    expect(owners(desk)).toEqual([a, b, c, a, b]);
  });

  test('never above capacity; closing, more capacity, coming online and joining drain the queue', async () => {
    const { desk, team, staff } = await crew('least_open', 2, 2);
    const chats = [];
    for (let i = 0; i < 9; i++) chats.push(await desk.guest());
    const [a, b] = staff;
    expect(load(desk)).toEqual({ [a?.userId ?? '']: 2, [b?.userId ?? '']: 2, '-': 5 });
    expect(await desk.ids({ view: 'unassigned' })).toHaveLength(5);
    // The oldest of the queue comes first.
    await desk.close(chats[0]?.chatId ?? '');
    expect((await desk.chat(chats[4]?.chatId ?? ''))['assigneeId']).toBe(a?.userId);
    ok(await desk.owner.call('users.update', { userId: b?.userId ?? '' }, { json: { capacity: 3 } }), 200);
    expect((await desk.chat(chats[5]?.chatId ?? ''))['assigneeId']).toBe(b?.userId);
    // Away: nothing more; online again: at once.
    ok(await (a?.api ?? desk.owner).call('users.availability', {}, { json: { availability: 'away' } }), 200);
    await desk.close(chats[2]?.chatId ?? '');
    expect((await desk.chat(chats[6]?.chatId ?? ''))['assigneeId']).toBeNull();
    ok(await (a?.api ?? desk.owner).call('users.availability', {}, { json: { availability: 'online' } }), 200);
    expect((await desk.chat(chats[6]?.chatId ?? ''))['assigneeId']).toBe(a?.userId);
    // Somebody new in the team.
    await desk.person('agent', [team]);
    expect(load(desk)['-']).toBeUndefined();
  });

  test('urgent ones first; snoozed, archived and given-back ones wait', async () => {
    const { desk, team, staff } = await crew('least_open', 1, 1);
    const a = staff[0];
    const chats = [];
    for (let i = 0; i < 4; i++) chats.push(await desk.guest());
    const ids = chats.map((one) => one.chatId);
    ok(await desk.owner.call('chats.snooze', { chatId: ids[1] ?? '' }, { json: { until: new Date(Date.now() + 3_600_000).toISOString() } }), 200);
    ok(await desk.owner.call('chats.priority', { chatId: ids[3] ?? '' }, { json: { priority: 3 } }), 200);
    // Given back: not to the same hands at once, but the next one of the queue is.
    ok(await a?.api.call('chats.leave', { chatId: ids[0] ?? '' }) ?? (await desk.owner.call('chats.list')), 200);
    expect((await desk.chat(ids[3] ?? ''))['assigneeId']).toBe(a?.userId);
    expect(await desk.chat(ids[0] ?? '')).toMatchObject({ assigneeId: null, status: 'pending', teamId: team });
    await desk.close(ids[3] ?? '');
    expect((await desk.chat(ids[0] ?? ''))['assigneeId']).toBe(a?.userId);
    await desk.close(ids[0] ?? '');
    expect((await desk.chat(ids[2] ?? ''))['assigneeId']).toBe(a?.userId);
    await desk.close(ids[2] ?? '');
    expect((await desk.chat(ids[1] ?? ''))['assigneeId']).toBeNull();
    await chats[1]?.visitor.say('Acordei');
    expect((await desk.chat(ids[1] ?? ''))['assigneeId']).toBe(a?.userId);
  });

  test('transfer, chat/create, reopening and removal go through the queue too', async () => {
    const { desk, team, staff } = await crew('least_open', 2, 1);
    ok(await desk.owner.call('channels.update', { channelId: desk.channel.id }, { json: { defaultTeamId: null } }), 200);
    const moved = await desk.guest();
    ok(await desk.owner.call('chats.transfer', { chatId: moved.chatId }, { json: { teamId: team } }), 200);
    expect((await desk.chat(moved.chatId))['assigneeId']).toBe(staff[0]?.userId);
    const made = ok(await desk.owner.call('public.chatCreate', {}, { json: { contactType: 'email', contactValue: email(), channelId: desk.reaches('email'), teamId: team } }), 200);
    expect(await desk.chat(made.str('chatId'))).toMatchObject({ assigneeId: staff[1]?.userId, status: 'in_progress' });
    const waits = await desk.guest();
    ok(await desk.owner.call('chats.transfer', { chatId: waits.chatId }, { json: { teamId: team } }), 200);
    expect((await desk.chat(waits.chatId))['assigneeId']).toBeNull();
    ok(await desk.owner.call('users.remove', { userId: staff[0]?.userId ?? '' }));
    expect(await desk.chat(moved.chatId)).toMatchObject({ assigneeId: null, status: 'pending' });
    await desk.close(made.str('chatId'));
    expect((await desk.chat(moved.chatId))['assigneeId'] ?? (await desk.chat(waits.chatId))['assigneeId']).toBe(staff[1]?.userId);
  });

  test('a storm of new chats, closings and comings: nobody above capacity, nobody left waiting while there is room', async () => {
    const { desk, staff } = await crew('least_open', 4, 3);
    const second = await desk.team({ distribution: 'least_open', memberIds: staff.map((one) => one.userId) });
    const other = ok(await desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: 'Dois', defaultTeamId: second } }), 201);
    const type = await desk.closureType();
    let above = 0;
    let over = false;
    const look = async (): Promise<void> => {
      for (; !over; await sleep(150)) {
        const most = desk.sql(`select coalesce(max(n), 0) from (select count(*) as n from chats where org_id = '${desk.org.id}' and status <> 'closed' and assignee_id is not null group by assignee_id) x`);
        if (Number(most) > 3) above++;
      }
    };
    const storm = Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const visitor = await desk.visitor(i % 2 ? desk.channel.key : other.str('publicKey'));
        const message = await visitor.say('Oi');
        if (i % 3 === 0) {
          const closed = await desk.owner.call('chats.close', { chatId: String(message['chatId']) }, { json: { closureTypeId: type } });
          expect(closed.status).toBe(200);
        }
        if (i % 10 === 0) {
          const one = staff[i % 4];
          await one?.api.call('users.availability', {}, { json: { availability: 'away' } });
          await one?.api.call('users.availability', {}, { json: { availability: 'online' } });
        }
      }),
    );
    await Promise.all([storm.finally(() => (over = true)), look()]);
    expect(above).toBe(0);
    const full = (): boolean => desk.sql(`select count(*) from chats where org_id = '${desk.org.id}' and status <> 'closed' and assignee_id is not null`) === '12';
    await until('four people with three each', full, 25_000, 300);
    // Until the queue is empty: everything that is closed lets the next one in.
    for (;;) {
      const open = desk.sql(`select id from chats where org_id = '${desk.org.id}' and status <> 'closed' and assignee_id is not null`).split('\n').filter(Boolean);
      if (open.length === 0) break;
      await Promise.all(open.map((chatId) => desk.owner.call('chats.close', { chatId }, { json: { closureTypeId: type } })));
    }
    await sleep(0);
    await until('an empty queue', () => desk.sql(`select count(*) from chats where org_id = '${desk.org.id}' and status <> 'closed' and assignee_id is null`) === '0', 25_000, 300);
  });
});

test('16: search has its own time limit and connections, and no cut-off by age', async () => {
  const { desk } = all;
  const word = `antiga${unique()}`;
  const { chatId, message } = await desk.guest(`palavra ${word}`);
  desk.sql(`update messages set created_at = now() - interval '9 years' where id = '${String(message['id'])}'`);
  const found = rows(ok(await desk.owner.call('search', {}, { query: { q: word } }), 200), 'messages');
  expect(found.map((one) => one['chatId'])).toEqual([chatId]);
  // While searches hang (the table of a search is locked), chats go on.
  const lock = desk.sql("select pg_backend_pid()");
  expect(Number(lock)).toBeGreaterThan(0);
  const slow = Promise.all(Array.from({ length: 12 }, () => desk.owner.call('search', {}, { query: { q: 'a e i o u' } })));
  const before = Date.now();
  await Promise.all(Array.from({ length: 10 }, () => desk.chat(chatId)));
  expect(Date.now() - before).toBeLessThan(15_000); // what a search that hangs is given
  for (const one of await slow) expect([200, 503, 504]).toContain(one.status);
});

test('restricted and masked: nothing of a contact in lists, details, events, search and exports', async () => {
  const desk = await Desk.make(all.server);
  const masked = await desk.person(['chats.view', 'chats.view_all', 'chats.reply', 'customers.view', 'customers.export']);
  const rita = await desk.person(restricted.filter((one) => one !== 'contacts.view'));
  const address = email('segredo');
  const number = mobile();
  const digits = number.replace(/\D/g, '');
  const live = await desk.live(masked.client);
  const hers = await desk.live(rita.client);
  for (const one of [live, hers]) await one.wait('hello');
  const { chatId, visitor } = await desk.guest('Oi', { name: 'Dona Zilda', email: address, phone: number });
  const made = ok(await desk.owner.call('public.chatCreate', {}, { json: { contactType: 'whatsapp', contactValue: mobile(), email: email('segredo'), channelId: desk.reaches('whatsapp') } }), 200);
  const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
  ok(await desk.owner.call('customers.update', { customerId }, { json: { document: '123.456.789-09' } }));
  await desk.send(chatId, 'Pronto');
  await visitor.say('Obrigada');
  ok(await desk.owner.call('chats.assign', { chatId }, { json: { userId: rita.userId } }), 200);
  await hers.wait('chat.changed', (data) => data['chatId'] === chatId);
  await live.wait('chat.changed', (data) => data['chatId'] === chatId && member(data, 'chat')['assigneeId'] === rita.userId);
  const texts: string[] = [JSON.stringify(live.frames), JSON.stringify(hers.frames)];
  for (const api of [masked.api, rita.api]) {
    for (const [id, ids] of [['chats.list', {}], ['chats.get', { chatId }], ['messages.list', { chatId }], ['customers.list', {}], ['customers.get', { customerId }], ['customers.timeline', { customerId }]] as const)
      texts.push(ok(await api.call(id, ids, id === 'chats.list' ? { query: { view: 'any' } } : {}), 200).text);
    for (const q of [digits, address, 'zilda']) texts.push(ok(await api.call('search', {}, { query: { q } }), 200).text);
  }
  for (const format of ['csv', 'json']) texts.push((await masked.client.call('GET', desk.org.path('/customers/export'), { query: { format } })).text);
  const spaced = digits.replace(/(\d{2})(\d{5})(\d{4})/, '$1 $2-$3');
  for (const [i, text] of texts.entries())
    for (const secret of [address, address.split('@')[0] ?? '', digits, spaced, digits.slice(2, 7)]) expect([i, secret, text.includes(secret)]).toEqual([i, secret, false]);
  expect(texts.some((text) => text.includes('Dona Zilda'))).toBe(true);
  // What is not hers never reached her, neither by list nor live.
  expect(JSON.stringify(hers.frames)).not.toContain(made.str('chatId'));
  refused(await rita.api.call('chats.get', { chatId: made.str('chatId') }), 404);
  for (const one of [live, hers]) one.close();
});
