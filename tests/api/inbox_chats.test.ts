/* States of a chat: who has it, where it waits, how it ends; the lists that show it and the numbers beside them. */
import { describe, expect, test } from 'vitest';
import { ok, refused } from './lib/client.ts';
import { details, rows } from './lib/crm.ts';
import { type Row, house, member, restricted, whats } from './lib/inbox.ts';
import { makeKey, unique } from './lib/people.ts';

const all = house();

describe('who has a chat', () => {
  test('a visitor writes: pending, nobody has it, somebody waits', async () => {
    const { chatId } = await all.desk.guest('Vocês entregam hoje?');
    const chat = await all.desk.chat(chatId);
    expect(chat).toMatchObject({ status: 'pending', assigneeId: null, inboundCount: 1, inboundSeen: 0, messageCount: 1, firstResponseAt: null });
    expect(chat['waitingSince']).toBe(chat['lastMessageAt']);
    expect(member(chat, 'lastMessage')).toMatchObject({ direction: 'in', text: 'Vocês entregam hoje?', seq: 1 });
  });

  test('take, leave, assign, transfer: each says so in the conversation', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const team = await desk.team();
    const { chatId } = await desk.guest();
    expect(ok(await ana.api.call('chats.take', { chatId }), 200).json).toMatchObject({ status: 'in_progress', assigneeId: ana.userId });
    refused(await desk.owner.call('chats.leave', { chatId }), 409, 'CHAT_NOT_YOURS');
    expect(ok(await ana.api.call('chats.leave', { chatId }), 200).json).toMatchObject({ status: 'pending', assigneeId: null });
    expect(ok(await desk.owner.call('chats.assign', { chatId }, { json: { userId: ana.userId } }), 200).json).toMatchObject({ assigneeId: ana.userId });
    expect(ok(await desk.owner.call('chats.assign', { chatId }, { json: { userId: null } }), 200).json).toMatchObject({ assigneeId: null, status: 'pending' });
    const moved = ok(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: team, note: 'Quer trocar a cor' } }), 200);
    expect(moved.json).toMatchObject({ teamId: team, assigneeId: null, status: 'pending' });
    const given = ok(await desk.owner.call('chats.transfer', { chatId }, { json: { userId: ana.userId } }), 200);
    expect(given.json).toMatchObject({ teamId: team, assigneeId: ana.userId, status: 'in_progress' });
    const lines = await desk.messages(chatId);
    expect(whats(lines)).toEqual(['taken', 'left', 'assigned', 'released', 'transferred', 'transferred']);
    expect(lines.map((one) => one['seq'])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(member(lines.find((one) => one['direction'] === 'event' && member(one, 'data')['note'] === 'Quer trocar a cor'), 'data')).toMatchObject({ teamId: team });
  });

  test('what somebody has is not taken, moved or put back by who may not assign', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const bia = await desk.person(['chats.view', 'chats.view_all', 'chats.reply']);
    const { chatId } = await desk.guest();
    ok(await ana.api.call('chats.take', { chatId }), 200);
    refused(await bia.api.call('chats.take', { chatId }), 409, 'CHAT_ASSIGNED');
    refused(await bia.api.call('chats.transfer', { chatId }, { json: { userId: bia.userId } }), 409, 'CHAT_ASSIGNED');
    refused(await bia.api.call('chats.status', { chatId }, { json: { status: 'pending' } }), 409, 'CHAT_ASSIGNED');
    refused(await bia.api.call('chats.assign', { chatId }, { json: { userId: bia.userId } }), 403);
    expect(await desk.chat(chatId)).toMatchObject({ assigneeId: ana.userId, status: 'in_progress' });
    // Who may assign may.
    expect(ok(await desk.owner.call('chats.take', { chatId }), 200).json).toMatchObject({ assigneeId: desk.boss.userId });
  });

  test('unknown people and teams are named', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const nobody = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';
    expect(details(refused(await desk.owner.call('chats.assign', { chatId }, { json: { userId: nobody } }), 400))).toEqual(['userId NOT_FOUND']);
    expect(details(refused(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: nobody } }), 400))).toEqual(['teamId NOT_FOUND']);
    expect(details(refused(await desk.owner.call('chats.transfer', { chatId }, { json: {} }), 400))).toEqual(['teamId REQUIRED']);
    expect(details(refused(await desk.owner.call('chats.assign', { chatId }, { json: {} }), 400))).toEqual(['userId REQUIRED']);
    refused(await desk.owner.call('chats.take', { chatId: nobody }), 404, 'CHAT_NOT_FOUND');
  });

  test('the first answer takes a chat that nobody has', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const { chatId } = await desk.guest();
    await desk.send(chatId, 'Bom dia!', {}, ana.api);
    expect(await desk.chat(chatId, ana.api)).toMatchObject({ assigneeId: ana.userId, status: 'in_progress', waitingSince: null, inboundSeen: 1 });
    expect((await desk.chat(chatId))['firstResponseAt']).not.toBeNull();
  });

  test('fifty want it at once: one has it', async () => {
    const { desk } = all;
    const people = await Promise.all(Array.from({ length: 5 }, () => desk.person(['chats.view', 'chats.view_all', 'chats.reply'])));
    const { chatId } = await desk.guest();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => (people[i % 5] ?? desk.boss).api.call('chats.take', { chatId })));
    const taken = answers.filter((one) => one.status === 200);
    const owner = (await desk.chat(chatId))['assigneeId'];
    expect(new Set(taken.map((one) => one.get('assigneeId')))).toEqual(new Set([owner]));
    expect(answers.filter((one) => one.status !== 200).every((one) => one.status === 409)).toBe(true);
    expect(answers.length - taken.length).toBe(40);
  });
});

describe('states', () => {
  test('waiting for the customer, who writes: in progress again', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    ok(await desk.owner.call('chats.take', { chatId }), 200);
    expect(ok(await desk.owner.call('chats.status', { chatId }, { json: { status: 'waiting' } }), 200).get('status')).toBe('waiting');
    await visitor.say('Voltei');
    expect(await desk.chat(chatId)).toMatchObject({ status: 'in_progress', assigneeId: desk.boss.userId });
    expect(ok(await desk.owner.call('chats.status', { chatId }, { json: { status: 'pending' } }), 200).json).toMatchObject({ assigneeId: null });
    expect(ok(await desk.owner.call('chats.status', { chatId }, { json: { status: 'in_progress' } }), 200).get('assigneeId')).toBe(desk.boss.userId);
    expect(details(refused(await desk.owner.call('chats.status', { chatId }, { json: { status: 'closed' } }), 400))).toEqual(['status INVALID_CHOICE']);
  });

  test('an integration cannot be the one who has a chat', async () => {
    const { desk } = all;
    const key = desk.owner.as(await makeKey(desk.org));
    const { chatId } = await desk.guest();
    refused(await key.call('chats.take', { chatId }), 403);
    refused(await key.call('chats.status', { chatId }, { json: { status: 'in_progress' } }), 409, 'CHAT_UNASSIGNED');
  });

  test('closing: needs a reason, sometimes a note, and the fields that closing asks for', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    const plain = await desk.closureType();
    const noted = await desk.closureType({ needsNote: true });
    const close = (json: Row) => desk.owner.call('chats.close', { chatId }, { json });
    expect(details(refused(await close({}), 400))).toEqual(['closureTypeId REQUIRED']);
    expect(details(refused(await close({ closureTypeId: chatId }), 400))).toEqual(['closureTypeId NOT_FOUND']);
    expect(details(refused(await close({ closureTypeId: noted }), 400))).toEqual(['note REQUIRED']);
    const field = ok(await desk.owner.call('fields.create', {}, { json: { name: `CPF ${unique()}`, kind: 'text', required: 'close' } }), 201);
    const missing = refused(await close({ closureTypeId: plain }), 409, 'FIELDS_REQUIRED');
    expect(missing.get('missing')).toEqual([field.str('slug')]);
    const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
    ok(await desk.owner.call('customers.setFieldValue', { customerId }, { json: { slug: field.str('slug'), value: '123' } }));
    expect(ok(await close({ closureTypeId: noted, note: 'Pagou na loja' }), 200).json).toMatchObject({
      status: 'closed',
      closureTypeId: noted,
      closureNote: 'Pagou na loja',
      closedBy: desk.boss.userId,
      waitingSince: null,
      snoozedUntil: null,
    });
    refused(await close({ closureTypeId: plain }), 409, 'CHAT_CLOSED');
    for (const verb of ['take', 'leave', 'status', 'snooze', 'transfer', 'assign']) {
      const json = { status: { status: 'waiting' }, snooze: { until: null }, transfer: { userId: desk.boss.userId }, assign: { userId: null } }[verb];
      refused(await desk.owner.call(`chats.${verb}`, { chatId }, json ? { json } : {}), 409, 'CHAT_CLOSED');
    }
    refused(await desk.owner.call('messages.send', { chatId }, { json: { content: 'ainda?' } }), 409, 'CHAT_CLOSED');
    ok(await desk.owner.call('fields.delete', { fieldId: field.str('id') }));
    // The visitor is told that it ended, not why.
    const told = (await visitor.messages()).filter((one) => one['from'] === 'system');
    expect(told).toMatchObject([{ kind: 'closed', text: '' }]);
    expect(JSON.stringify(told)).not.toContain('Pagou');
  });

  test('reopen by hand, and by a new message within the hours', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    await desk.close(chatId);
    expect(ok(await desk.owner.call('chats.reopen', { chatId }), 200).json).toMatchObject({
      status: 'in_progress',
      assigneeId: desk.boss.userId,
      closedAt: null,
      closedBy: null,
      closureTypeId: null,
    });
    refused(await desk.owner.call('chats.reopen', { chatId }), 409, 'CHAT_OPEN');
    await desk.close(chatId);
    const again = await visitor.say('Só mais uma coisa');
    expect(again['chatId']).toBe(chatId);
    expect(await desk.chat(chatId)).toMatchObject({ status: 'in_progress', assigneeId: desk.boss.userId, closedAt: null, inboundCount: 2 });
    expect(whats(await desk.messages(chatId)).filter((one) => one === 'reopened')).toHaveLength(2);
    // Longer ago: a new chat, and the old one cannot come back beside it.
    await desk.close(chatId);
    desk.sql(`update chats set closed_at = now() - interval '13 hours' where id = '${chatId}'`);
    const fresh = String((await visitor.say('Olá de novo'))['chatId']);
    expect(fresh).not.toBe(chatId);
    refused(await desk.owner.call('chats.reopen', { chatId }), 409, 'CHAT_ALREADY_OPEN');
    expect(await desk.chat(fresh)).toMatchObject({ status: 'pending', otherOpenChats: 0, inboundCount: 1 });
  });

  test('snooze: out of the lists until its hour, or until the customer writes', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    const past = new Date(Date.now() - 1000).toISOString();
    expect(details(refused(await desk.owner.call('chats.snooze', { chatId }, { json: { until: past } }), 400))).toEqual(['until OUT_OF_RANGE']);
    const until1 = new Date(Date.now() + 3_600_000).toISOString();
    expect(ok(await desk.owner.call('chats.snooze', { chatId }, { json: { until: until1 } }), 200).get('snoozedUntil')).toBe(until1);
    expect(await desk.ids({ view: 'unassigned' })).not.toContain(chatId);
    expect(await desk.ids({ view: 'any' })).not.toContain(chatId);
    expect(await desk.ids({ view: 'any', snoozed: true })).toContain(chatId);
    await visitor.say('Oi?');
    expect((await desk.chat(chatId))['snoozedUntil']).toBeNull();
    expect(await desk.ids({ view: 'unassigned' })).toContain(chatId);
    ok(await desk.owner.call('chats.snooze', { chatId }, { json: { until: until1 } }), 200);
    expect(ok(await desk.owner.call('chats.snooze', { chatId }, { json: { until: null } }), 200).get('snoozedUntil')).toBeNull();
    expect(whats(await desk.messages(chatId))).toEqual(['snoozed', 'snoozed', 'woken']);
  });

  test('archive, priority, pin', async () => {
    const { desk } = all;
    const { chatId, visitor, message } = await desk.guest();
    ok(await desk.owner.call('chats.archive', { chatId }, { json: { archived: true } }), 200);
    expect(await desk.ids()).not.toContain(chatId);
    expect(await desk.ids({ archived: true })).toContain(chatId);
    await visitor.say('Oi');
    expect((await desk.chat(chatId))['archivedAt']).toBeNull();
    expect(ok(await desk.owner.call('chats.priority', { chatId }, { json: { priority: 3 } }), 200).get('priority')).toBe(3);
    expect(details(refused(await desk.owner.call('chats.priority', { chatId }, { json: { priority: 4 } }), 400))).toEqual(['priority OUT_OF_RANGE']);
    expect((await desk.ids({ order: 'priority' }))[0]).toBe(chatId);
    const messageId = String(message['id']);
    expect(ok(await desk.owner.call('chats.pin', { chatId }, { json: { messageId } }), 200).get('pinnedMessageId')).toBe(messageId);
    const other = await desk.guest();
    expect(details(refused(await desk.owner.call('chats.pin', { chatId: other.chatId }, { json: { messageId } }), 400))).toEqual(['messageId NOT_FOUND']);
    expect(ok(await desk.owner.call('chats.pin', { chatId }, { json: { messageId: null } }), 200).get('pinnedMessageId')).toBeNull();
  });

  test('read and unread, per person', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const { chatId, visitor } = await desk.guest();
    for (let i = 0; i < 4; i++) await visitor.say(`m${i}`);
    expect(ok(await ana.api.call('chats.read', { chatId }, { json: { seq: 3 } }), 200).json).toEqual({ chatId, inboundSeen: 3, seqSeen: 3 });
    // It never goes back by itself.
    expect(ok(await ana.api.call('chats.read', { chatId }, { json: { seq: 1 } }), 200).json).toEqual({ chatId, inboundSeen: 3, seqSeen: 3 });
    expect(ok(await ana.api.call('chats.read', { chatId }), 200).json).toEqual({ chatId, inboundSeen: 5, seqSeen: 5 });
    expect((await desk.chat(chatId, ana.api))['inboundSeen']).toBe(5);
    expect((await desk.chat(chatId))['inboundSeen']).toBe(0);
    expect(ok(await ana.api.call('chats.unread', { chatId }), 200).get('inboundSeen')).toBe(4);
    expect(await desk.ids({ unread: true, view: 'any' }, ana.api)).toContain(chatId);
    ok(await ana.api.call('chats.read', { chatId }), 200);
    expect(await desk.ids({ unread: true, view: 'any' }, ana.api)).not.toContain(chatId);
  });
});

describe('lists', () => {
  test('views, filters, counts and saved filters agree', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const team = await desk.team();
    const mine = await desk.guest();
    const queue = await desk.guest();
    const shut = await desk.guest();
    await desk.send(mine.chatId, 'Oi', {}, ana.api);
    ok(await desk.owner.call('chats.transfer', { chatId: queue.chatId }, { json: { teamId: team } }), 200);
    await desk.close(shut.chatId);
    expect(await desk.ids({ view: 'mine' }, ana.api)).toEqual([mine.chatId]);
    expect(await desk.ids({ teamId: team })).toEqual([queue.chatId]);
    expect(await desk.ids({ teamId: `${team},${shut.chatId}` })).toEqual([queue.chatId]);
    expect(await desk.ids({ assigneeId: ana.userId, view: 'any' })).toEqual([mine.chatId]);
    expect(await desk.ids({ channelId: shut.chatId })).toEqual([]);
    expect(await desk.ids({ view: 'closed' })).toContain(shut.chatId);
    expect(await desk.ids({ view: 'closed' })).not.toContain(queue.chatId);
    expect(await desk.ids({ view: 'closed' })).toEqual(await desk.ids({ view: 'closed', status: 'closed' }));
    expect(await desk.ids({ view: 'unassigned' })).toEqual(await desk.ids({ view: 'unassigned', channelId: desk.channel.id }));
    expect(await desk.ids({ view: 'waiting' })).toContain(queue.chatId);
    expect(await desk.ids({ view: 'waiting' })).not.toContain(mine.chatId);
    expect(await desk.ids({ view: 'waiting' })).toEqual(await desk.ids({ view: 'waiting', channelId: desk.channel.id, order: 'waiting' }));
    const customerId = String(member(await desk.chat(queue.chatId), 'customer')['id']);
    expect(await desk.ids({ customerId, view: 'any' })).toEqual([queue.chatId]);
    const tag = ok(await desk.owner.call('tags.create', {}, { json: { name: `VIP ${unique()}` } }));
    const tagId = String(member(tag.json as Row, 'data')['id']);
    ok(await desk.owner.call('customers.addTag', { customerId }, { json: { tagId } }));
    expect(await desk.ids({ tagId })).toEqual([queue.chatId]);

    const counts = ok(await ana.api.call('chats.counts'), 200);
    expect(counts.get('mine')).toBe(1);
    for (const view of ['all', 'unassigned', 'waiting'])
      expect([view, counts.get(view)]).toEqual([view, (await desk.ids({ view, limit: 200 }, ana.api)).length]);
    expect(counts.get('unread')).toBe(0);
    await mine.visitor.say('E aí?');
    expect(ok(await ana.api.call('chats.counts'), 200).get('unread')).toBe(1);

    const view = ok(await ana.api.call('views.create', {}, { json: { name: 'Fila', icon: 'inbox', color: '#5a4fd6', filter: { teamId: team } } }), 201);
    const viewId = view.str('id');
    expect(rows(ok(await ana.api.call('views.list')))).toMatchObject([{ id: viewId, name: 'Fila', filter: { teamId: team } }]);
    expect(rows(ok(await desk.owner.call('views.list')))).toEqual([]);
    expect(ok(await ana.api.call('views.update', { viewId }, { json: { name: 'Outra' } }), 200).get('name')).toBe('Outra');
    refused(await desk.owner.call('views.update', { viewId }, { json: { name: 'Minha' } }), 404);
    refused(await desk.owner.call('views.remove', { viewId }), 404);
    ok(await ana.api.call('views.remove', { viewId }), 204);
  });

  test('a filter that is no id, no state, no cursor is named', async () => {
    const { desk } = all;
    const list = (query: Record<string, string>) => desk.owner.call('chats.list', {}, { query });
    for (const name of ['teamId', 'tagId', 'channelId', 'assigneeId']) {
      expect(details(refused(await list({ [name]: 'azul' }), 400))).toEqual([`${name} INVALID_UUID`]);
      expect(details(refused(await list({ [name]: `${desk.channel.id},` }), 400))).toEqual([`${name} INVALID_UUID`]);
    }
    expect(details(refused(await list({ status: 'pending,open' }), 400))).toEqual(['status INVALID_CHOICE']);
    expect(details(refused(await list({ customerId: 'x' }), 400))).toEqual(['customerId INVALID_UUID']);
    for (const order of ['recent', 'waiting', 'priority'])
      for (const cursor of ['x', '1/2', '20260101000000000000.x', '3/20260101000000000000'])
        expect(details(refused(await list({ cursor, order, view: 'any' }), 400)).join()).toMatch(/^cursor /);
    for (const view of ['all', 'mine', 'unassigned', 'waiting', 'closed']) refused(await list({ cursor: 'nada', view }), 400);
    expect(details(refused(await list({ limit: '0' }), 400))).toEqual(['limit OUT_OF_RANGE']);
    refused(await list({ limit: '201' }), 400);
  });

  test('pages of every order: all of them, once, and none twice', async () => {
    const { desk } = all;
    const more = await Promise.all(Array.from({ length: 9 }, () => desk.guest()));
    for (const [i, one] of more.entries()) {
      if (i % 3 === 0) await desk.send(one.chatId, 'Respondido');
      if (i % 2 === 0) ok(await desk.owner.call('chats.priority', { chatId: one.chatId }, { json: { priority: i % 4 } }), 200);
    }
    for (const view of ['all', 'any', 'unassigned', 'mine', 'waiting', 'closed'])
      for (const order of ['recent', 'waiting', 'priority', undefined]) {
        const whole = await desk.ids({ view, order, limit: 200 });
        const paged: string[] = [];
        let cursor: string | undefined;
        do {
          const page = ok(await desk.owner.call('chats.list', {}, { query: { view, order, limit: 4, cursor } }), 200);
          paged.push(...rows(page).map((one) => String(one['id'])));
          const next = page.get('next');
          cursor = typeof next === 'string' ? next : undefined;
        } while (cursor && paged.length < 500);
        expect([view, order, paged]).toEqual([view, order, whole]);
        expect(new Set(paged).size).toBe(paged.length);
      }
  });
});

describe('many at once', () => {
  test('by ids: what can be done is done, the rest is named', async () => {
    const { desk } = all;
    const three = await Promise.all([desk.guest(), desk.guest(), desk.guest()]);
    const ids = three.map((one) => one.chatId);
    await desk.close(ids[2] ?? '');
    const team = await desk.team();
    const nobody = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';
    const answer = ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'transfer', chatIds: [...ids, nobody], teamId: team } }), 200);
    expect(answer.json).toEqual({
      done: 2,
      failed: [
        { id: ids[2], code: 'CHAT_CLOSED' },
        { id: nobody, code: 'CHAT_NOT_FOUND' },
      ],
    });
    expect((await desk.ids({ teamId: team })).sort()).toEqual(ids.slice(0, 2).sort());
  });

  test('everything that a filter matches: assign, tag, read, close', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const team = await desk.team();
    const some = await Promise.all(Array.from({ length: 12 }, () => desk.guest()));
    const chatIds = some.map((one) => one.chatId);
    ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'transfer', chatIds, teamId: team } }), 200);
    const filter = { teamId: team };
    expect(ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'assign', filter, userId: ana.userId } }), 200).get('done')).toBe(12);
    expect((await desk.ids({ assigneeId: ana.userId })).length).toBe(12);
    const tag = ok(await desk.owner.call('tags.create', {}, { json: { name: `Lote ${unique()}` } }));
    const tagId = String(member(tag.json as Row, 'data')['id']);
    expect(ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'tag', filter, tagId } }), 200).get('done')).toBe(12);
    expect((await desk.ids({ tagId })).length).toBe(12);
    expect(ok(await ana.api.call('chats.bulk', {}, { json: { action: 'read', filter } }), 200).get('done')).toBe(12);
    expect(await desk.ids({ unread: true, teamId: team }, ana.api)).toEqual([]);
    const closureTypeId = await desk.closureType();
    expect(ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'close', filter, closureTypeId } }), 200).json).toEqual({ done: 12, failed: [] });
    expect(ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'close', filter, closureTypeId } }), 200).json).toEqual({ done: 0, failed: [] });
    expect(ok(await desk.owner.call('chats.bulk', {}, { json: { action: 'reopen', filter: { ...filter, view: 'closed' } } }), 200).get('done')).toBe(12);
  });

  test('what an action needs is said once; what the filter gets wrong is named', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const bulk = (json: Row) => desk.owner.call('chats.bulk', {}, { json });
    expect(details(refused(await bulk({ action: 'tag', chatIds: [chatId] }), 400))).toEqual(['tagId REQUIRED']);
    expect(details(refused(await bulk({ action: 'assign', chatIds: [chatId] }), 400))).toEqual(['userId REQUIRED']);
    expect(details(refused(await bulk({ action: 'transfer', chatIds: [chatId] }), 400))).toEqual(['teamId REQUIRED']);
    expect(details(refused(await bulk({ action: 'read' }), 400))).toEqual(['chatIds REQUIRED']);
    expect(details(refused(await bulk({ action: 'read', filter: { teamId: 'x' } }), 400))).toEqual(['filter.teamId INVALID_UUID']);
    expect(details(refused(await bulk({ action: 'explode', chatIds: [chatId] }), 400))).toEqual(['action INVALID_CHOICE']);
    const bia = await desk.person(['chats.view', 'chats.reply']);
    refused(await bia.api.call('chats.bulk', {}, { json: { action: 'close', chatIds: [chatId] } }), 403);
    // Ids of what one may not see are not found.
    expect(ok(await bia.api.call('chats.bulk', {}, { json: { action: 'take', chatIds: [chatId] } }), 200).get('failed')).toEqual([{ id: chatId, code: 'CHAT_NOT_FOUND' }]);
  });
});

test('a snooze that is over brings the chat back to the top', async () => {
  const { desk } = all;
  const { chatId } = await desk.guest();
  ok(await desk.owner.call('chats.snooze', { chatId }, { json: { until: new Date(Date.now() + 1500).toISOString() } }), 200);
  const socket = await desk.live(desk.org.owner.client);
  await socket.wait('hello');
  expect(await desk.ids()).not.toContain(chatId);
  await socket.wait('chat.changed', (data) => data['chatId'] === chatId && member(data, 'chat')['snoozedUntil'] === null, 40_000);
  expect((await desk.ids())[0]).toBe(chatId);
  expect(whats(await desk.messages(chatId))).toEqual(['snoozed', 'woken']);
  socket.close();
});

test('somebody leaves the organization: their chats wait for others', async () => {
  const { desk } = all;
  const ana = await desk.person();
  const { chatId } = await desk.guest();
  ok(await ana.api.call('chats.take', { chatId }), 200);
  ok(await desk.owner.call('users.remove', { userId: ana.userId }));
  expect(await desk.chat(chatId)).toMatchObject({ assigneeId: null, status: 'pending' });
});

test('a team goes: nothing points to it any more', async () => {
  const { desk } = all;
  const team = await desk.team();
  const { chatId } = await desk.guest();
  ok(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: team } }), 200);
  ok(await desk.owner.call('teams.delete', { teamId: team }));
  expect((await desk.chat(chatId))['teamId']).toBeNull();
});

test('restricted: only what is of their teams or theirs', async () => {
  const { desk } = all;
  const team = await desk.team();
  const rita = await desk.person(restricted, [team]);
  const own = await desk.guest();
  const teams = await desk.guest();
  const hidden = await desk.guest();
  ok(await desk.owner.call('chats.assign', { chatId: own.chatId }, { json: { userId: rita.userId } }), 200);
  ok(await desk.owner.call('chats.transfer', { chatId: teams.chatId }, { json: { teamId: team } }), 200);
  for (const view of ['all', 'any']) expect((await desk.ids({ view }, rita.api)).sort()).toEqual([own.chatId, teams.chatId].sort());
  expect(await desk.ids({ view: 'mine' }, rita.api)).toEqual([own.chatId]);
  expect(await desk.ids({ channelId: desk.channel.id, order: 'priority' }, rita.api)).toHaveLength(2);
  expect(ok(await rita.api.call('chats.counts'), 200).json).toMatchObject({ all: 2, mine: 1, unassigned: 1 });
  const chatId = hidden.chatId;
  const messageId = String(hidden.message['id']);
  for (const id of ['chats.get', 'messages.list', 'messages.get']) refused(await rita.api.call(id, { chatId, messageId }), 404);
  for (const verb of ['take', 'leave', 'reopen', 'unread', 'read']) refused(await rita.api.call(`chats.${verb}`, { chatId }), 404);
  const bodies: Record<string, Row> = {
    'chats.transfer': { teamId: team },
    'chats.status': { status: 'waiting' },
    'chats.close': {},
    'chats.snooze': { until: null },
    'chats.archive': { archived: true },
    'chats.priority': { priority: 1 },
    'chats.pin': { messageId },
    'messages.send': { content: 'oi' },
    'messages.note': { content: 'oi' },
    'messages.edit': { content: 'oi' },
    'messages.react': { emoji: '👍' },
    'public.messageCreate': { content: 'oi' },
    'public.sequenceCreate': { steps: [{ content: 'oi' }] },
    'public.templateSend': { templateId: 'x' },
    'public.chatResolve': {},
    'public.chatToTeam': { teamId: team },
  };
  for (const [id, json] of Object.entries(bodies)) expect([id, (await rita.api.call(id, { chatId, messageId }, { json })).status]).toEqual([id, 404]);
  for (const id of ['messages.retry', 'messages.delete']) refused(await rita.api.call(id, { chatId, messageId }), 404);
  expect(await desk.messages(chatId)).toHaveLength(1);
});

test('closure types: the log says what changed, from what to what', async () => {
  const { desk } = all;
  const closureTypeId = await desk.closureType({ name: 'Venda feita', color: '#112233' });
  ok(await desk.owner.call('closureTypes.update', { closureTypeId }, { json: { name: 'Venda', needsNote: true, color: '#112233' } }), 200);
  const entries = rows(ok(await desk.owner.call('audit.list', {}, { query: { entity: 'closure_type', entityId: closureTypeId } }), 200));
  expect(entries.map((one) => [one['action'], one['changes']])).toEqual([
    ['closure_type.changed', { name: { from: 'Venda feita', to: 'Venda' }, needsNote: { from: false, to: true } }],
    ['closure_type.created', {}],
  ]);
  refused(await desk.owner.call('closureTypes.update', { closureTypeId: desk.org.id }, { json: { name: 'x' } }), 404);
});
