/* What is said in a chat: messages out with their states, notes, edits, reactions, what waits for its hour, sequences, files both ways,
   shortcuts, search. */
import { describe, expect, test } from 'vitest';
import { type Answer, Client, ok, refused } from './lib/client.ts';
import { details, rows } from './lib/crm.ts';
import { type Row, house, member, png, restricted, whats } from './lib/inbox.ts';
import { makeKey, signUp, unique } from './lib/people.ts';
import { sleep, until } from './lib/server.ts';

const all = house();
const soon = (ms: number): string => new Date(Date.now() + ms).toISOString();
const texts = (messages: Row[]): string[] => messages.filter((one) => one['direction'] !== 'event').map((one) => String(one['content']));

describe('out', () => {
  test('a message is queued, sent, delivered, read; the states only rise', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest();
    const sent = await desk.send(chatId, 'Bom dia! 👋\nTudo bem?', { clientId: `c-${unique()}` });
    expect(sent).toMatchObject({ direction: 'out', kind: 'text', content: 'Bom dia! 👋\nTudo bem?', authorKind: 'user', authorId: desk.boss.userId, deliveredAt: null });
    const id = String(sent['id']);
    await desk.status(chatId, id, 'sent');
    ok(await visitor.call('POST', '/read', { json: { messageId: id, status: 'delivered' } }), 204);
    const delivered = await desk.status(chatId, id, 'delivered');
    expect(delivered).toMatchObject({ sentAt: expect.any(String), deliveredAt: expect.any(String), readAt: null });
    ok(await visitor.call('POST', '/read', { json: { messageId: id } }), 204);
    const read = await desk.status(chatId, id, 'read');
    ok(await visitor.call('POST', '/read', { json: { messageId: id, status: 'delivered' } }), 204);
    const after = ok(await desk.owner.call('messages.get', { chatId, messageId: id }), 200).json;
    expect(after).toEqual(read);
    expect(member(await desk.chat(chatId), 'lastMessage')).toMatchObject({ id, status: 'read' });
  });

  test('the same client id never makes a second message', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const clientId = `c-${unique()}`;
    const answers = await Promise.all(Array.from({ length: 50 }, () => desk.owner.call('messages.send', { chatId }, { json: { content: 'Uma vez', clientId } })));
    expect(new Set(answers.map((one) => one.status))).toEqual(new Set([201]));
    expect(new Set(answers.map((one) => one.str('id'))).size).toBe(1);
    expect(texts(await desk.messages(chatId)).filter((one) => one === 'Uma vez')).toHaveLength(1);
    // Even when the chat was closed meanwhile: it was said.
    await desk.close(chatId);
    expect((await desk.owner.call('messages.send', { chatId }, { json: { content: 'Uma vez', clientId } })).str('id')).toBe(answers[0]?.str('id'));
  });

  test('a burst over many chats: every message leaves, none stays behind another', async () => {
    const { desk } = all;
    const guests = await Promise.all(Array.from({ length: 15 }, () => desk.guest()));
    const bursts = Array.from({ length: 12 }, (_, i) => `n${i}`);
    await Promise.all(guests.flatMap(({ chatId }) => bursts.map((text) => desk.send(chatId, text))));
    await until('all to be sent', () => desk.sql("select count(*) from messages where direction = 'out' and status = 'queued'") === '0', 30_000);
    expect(desk.sql("select count(*) from jobs where kind = 'message.send'")).toBe('0');
  });

  test('what cannot be sent is named', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const send = (json: Row) => desk.owner.call('messages.send', { chatId }, { json });
    for (const content of ['', '   \n\t ']) expect(details(refused(await send({ content }), 400))).toEqual(['content REQUIRED']);
    expect(details(refused(await send({}), 400))).toEqual(['content REQUIRED']);
    const long = refused(await send({ content: 'ã'.repeat(4001) }), 400, 'MESSAGE_TOO_LONG');
    expect(long.get('limit')).toBe(4000);
    ok(await send({ content: 'ã'.repeat(4000) }), 201);
    const nothing = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';
    expect(details(refused(await send({ content: 'x', replyToMessageId: nothing }), 400))).toEqual(['replyToMessageId MESSAGE_NOT_FOUND']);
    expect(details(refused(await send({ fileIds: [nothing] }), 400))).toEqual(['fileIds NOT_FOUND']);
    expect(details(refused(await send({ content: 'x', scheduledFor: soon(-1000) }), 400))).toEqual(['scheduledFor OUT_OF_RANGE']);
    expect(details(refused(await send({ content: 'x', scheduledFor: 'amanhã' }), 400))).toEqual(['scheduledFor INVALID_DATETIME']);
    // A message of another chat cannot be quoted, nor a note or a line of what happened.
    const other = await desk.guest();
    refused(await send({ content: 'x', replyToMessageId: String(other.message['id']) }), 400, 'MESSAGE_NOT_FOUND');
    const note = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'segredo' } }), 201).str('id');
    refused(await send({ content: 'x', replyToMessageId: note }), 400, 'MESSAGE_NOT_FOUND');
  });

  test('replies with quote, both ways', async () => {
    const { desk } = all;
    const { chatId, visitor, message } = await desk.guest('Tem tamanho M?');
    const answer = await desk.send(chatId, 'Tem!', { replyToMessageId: String(message['id']) });
    expect(answer['replyTo']).toMatchObject({ id: message['id'], content: 'Tem tamanho M?', direction: 'in', seq: 1 });
    const back = await visitor.say('Ótimo', { replyTo: String(answer['id']) });
    expect(back['replyTo']).toEqual({ id: answer['id'], text: 'Tem!', from: 'agent' });
    const last = (await desk.messages(chatId)).at(-1);
    expect(last).toMatchObject({ content: 'Ótimo', replyTo: { id: answer['id'], content: 'Tem!' } });
    // What is not of this conversation is no quote.
    const foreign = await desk.guest('segredo alheio');
    const wrong = await visitor.say('hm', { replyTo: String(foreign.message['id']) });
    expect(wrong['replyTo']).toBeNull();
    const note = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'interno' } }), 201).str('id');
    expect((await visitor.say('hm', { replyTo: note }))['replyTo']).toBeNull();
  });

  test('pages of a conversation, from either end', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest('m1');
    for (let i = 2; i <= 23; i++) await visitor.say(`m${i}`);
    const page = async (query: Record<string, string | number>) => {
      const answer = ok(await desk.owner.call('messages.list', { chatId }, { query }), 200);
      return { seqs: rows(answer).map((one) => Number(one['seq'])), next: answer.get('next') };
    };
    const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    expect(await page({ limit: 10 })).toEqual({ seqs: range(14, 23), next: '14' });
    expect(await page({ limit: 10, before: 14 })).toEqual({ seqs: range(4, 13), next: '4' });
    expect(await page({ limit: 10, before: 4 })).toEqual({ seqs: range(1, 3), next: null });
    expect(await page({ limit: 10, after: 0 })).toEqual({ seqs: range(1, 10), next: '10' });
    expect(await page({ limit: 10, after: 20 })).toEqual({ seqs: [21, 22, 23], next: null });
    expect(await page({ limit: 23 })).toEqual({ seqs: range(1, 23), next: null });
    expect(await page({ limit: 10, after: 23 })).toEqual({ seqs: [], next: null });
  });

  test('a failed message says why, and can be tried again', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const id = String((await desk.send(chatId, 'Olá'))['id']);
    await desk.status(chatId, id, 'sent');
    refused(await desk.owner.call('messages.retry', { chatId, messageId: id }), 409, 'MESSAGE_NOT_FAILED');
    const error = JSON.stringify({ code: 'BLOCKED', message: 'fora do ar', raw: { number: 131 } });
    // As a platform that takes a message and then says no.
    expect(desk.sql(`select inbox_raise_status('${desk.org.id}', '${id}', 'failed', now(), null, '${error}')`)).toBe('t');
    const failed = await desk.status(chatId, id, 'failed');
    expect(failed['error']).toEqual({ code: 'BLOCKED', message: 'fora do ar', raw: { number: 131 } });
    expect(member(await desk.chat(chatId), 'lastMessage')['status']).toBe('failed');
    const again = ok(await desk.owner.call('messages.retry', { chatId, messageId: id }), 200);
    expect(again.json).toMatchObject({ id, status: 'queued', error: null });
    await desk.status(chatId, id, 'sent');
    expect(texts(await desk.messages(chatId)).filter((one) => one === 'Olá')).toHaveLength(1);
  });

  test('a paused channel keeps its messages, and sends them when it goes on', async () => {
    const { desk } = all;
    const channel = ok(await desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: `Outro ${unique()}` } }), 201);
    const channelId = channel.str('id');
    const visitor = await desk.visitor(channel.str('publicKey'));
    const chatId = String((await visitor.say('Oi'))['chatId']);
    ok(await desk.owner.call('channels.pause', { channelId }), 200);
    const id = String((await desk.send(chatId, 'Já volto'))['id']);
    await sleep(1500);
    expect(ok(await desk.owner.call('messages.get', { chatId, messageId: id })).get('status')).toBe('queued');
    ok(await desk.owner.call('channels.resume', { channelId }), 200);
    await desk.status(chatId, id, 'sent');
    ok(await desk.owner.call('channels.remove', { channelId }), 204);
    refused(await desk.owner.call('messages.send', { chatId }, { json: { content: 'Alô?' } }), 422, 'CHANNEL_DISCONNECTED');
    expect(texts(await desk.messages(chatId))).toEqual(['Oi', 'Já volto']);
  });
});

describe('later', () => {
  test('a scheduled message waits aside, then takes its place at the end', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest('Oi');
    const later = await desk.send(chatId, 'Lembrete', { scheduledFor: soon(2500) });
    expect(later).toMatchObject({ status: 'scheduled', seq: -1, scheduledFor: expect.any(String) });
    const id = String(later['id']);
    await visitor.say('Segunda');
    const page = ok(await desk.owner.call('messages.list', { chatId }), 200);
    expect(rows(page, 'scheduled')).toMatchObject([{ id, content: 'Lembrete' }]);
    expect(texts(rows(page))).toEqual(['Oi', 'Segunda']);
    expect(texts((await visitor.messages()).map((one) => ({ ...one, content: one['text'] ?? '' })))).toEqual(['Oi', 'Segunda']);
    const gone = await desk.status(chatId, id, 'sent');
    expect(gone['seq']).toBe(Number((await desk.chat(chatId))['messageCount']));
    expect(texts(await desk.messages(chatId))).toEqual(['Oi', 'Segunda', 'Lembrete']);
    expect((await visitor.messages()).map((one) => one['text'])).toEqual(['Oi', 'Segunda', 'Lembrete']);
  });

  test('a chat holds a hundred scheduled messages, not more; a place that is free again is free', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const soon100 = soon(3_600_000);
    const first = String((await desk.send(chatId, 'primeira', { scheduledFor: soon100 }))['id']);
    desk.sql(`select count(inbox_send('${desk.org.id}', '${chatId}', jsonb_build_object('id', uuid_v7(), 'content', 'x', 'authorKind', 'user', 'authorId', '${desk.org.owner.userId}', 'authorName', 'x', 'scheduledFor', now() + interval '1 hour'))) from generate_series(1, 99)`);
    const more = (): Promise<Answer> => desk.owner.call('messages.send', { chatId }, { json: { content: 'mais uma', scheduledFor: soon100 } });
    expect(refused(await more(), 409, 'TOO_MANY_SCHEDULED').json).toMatchObject({ limit: 100 });
    await desk.send(chatId, 'agora');
    ok(await desk.owner.call('messages.delete', { chatId, messageId: first }));
    ok(await more(), 201);
  });

  test('scheduled ones can be changed and cancelled; what was cancelled never leaves', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest('Oi');
    const first = String((await desk.send(chatId, 'A', { scheduledFor: soon(2000) }))['id']);
    const second = String((await desk.send(chatId, 'B', { scheduledFor: soon(2000) }))['id']);
    expect(ok(await desk.owner.call('messages.edit', { chatId, messageId: first }, { json: { content: 'A2' } }), 200).json).toMatchObject({ content: 'A2', status: 'scheduled' });
    refused(await desk.owner.call('messages.edit', { chatId, messageId: first }, { json: { content: 'x'.repeat(4001) } }), 400, 'MESSAGE_TOO_LONG');
    expect(ok(await desk.owner.call('messages.delete', { chatId, messageId: second }), 200).json).toMatchObject({ status: 'cancelled', content: '' });
    refused(await desk.owner.call('messages.delete', { chatId, messageId: second }), 409, 'MESSAGE_NOT_DELETABLE');
    await desk.status(chatId, first, 'sent');
    await sleep(500);
    expect((await visitor.messages()).map((one) => one['text'])).toEqual(['Oi', 'A2']);
    expect(ok(await desk.owner.call('messages.get', { chatId, messageId: second })).get('status')).toBe('cancelled');
    expect(desk.sql(`select count(*) from jobs where payload->>'messageId' = '${second}'`)).toBe('0');
  });

  test('a sequence: the first at once, each later one after its pause, in their order', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest('Oi');
    const steps = ['um', 'dois', 'três', 'quatro', 'cinco'].map((content, i) => ({ content, tempId: `t${i}`, delay_after_ms: i === 0 ? 800 : 0 }));
    const socket = await visitor.socket();
    const answer = ok(await desk.owner.call('public.sequenceCreate', { chatId }, { json: { steps } }), 201);
    const sent = rows(answer, 'messages');
    expect(sent.map((one) => [one['tempId'], one['sequenceIndex'], one['sequenceId']])).toEqual(steps.map((one, i) => [one.tempId, i, answer.get('sequenceId')]));
    expect(sent.map((one) => one['status'])).toEqual(['queued', 'scheduled', 'scheduled', 'scheduled', 'scheduled']);
    for (const one of sent) await desk.status(chatId, String(one['id']), 'sent');
    expect(texts(await desk.messages(chatId))).toEqual(['Oi', 'um', 'dois', 'três', 'quatro', 'cinco']);
    const at = (await desk.messages(chatId)).filter((one) => one['direction'] === 'out').map((one) => Date.parse(String(one['createdAt'])));
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(790);
    await until('all of it at the visitor', () => new Set(socket.frames.map((one) => one.data?.['text']).filter(Boolean)).size === 5);
    socket.close();
  });

  test('a sequence is all or nothing, and has one to ten steps that say something', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest('Oi');
    const create = (steps: Row[]) => desk.owner.call('public.sequenceCreate', { chatId }, { json: { steps } });
    expect(details(refused(await create([]), 400))).toEqual(['steps TOO_FEW']);
    expect(details(refused(await create(Array.from({ length: 11 }, () => ({ content: 'x' }))), 400))).toEqual(['steps TOO_MANY']);
    expect(details(refused(await create([{ content: 'a' }, { content: ' ' }]), 400))).toEqual(['steps[1].content REQUIRED']);
    refused(await create([{ content: 'a' }, { content: 'x'.repeat(4001) }]), 400, 'MESSAGE_TOO_LONG');
    refused(await create([{ content: 'a' }, { attachment_ids: ['0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10'] }]), 400);
    expect(texts(await desk.messages(chatId))).toEqual(['Oi']);
  });
});

describe('among the team', () => {
  test('notes: never at the customer, mentions tell those who may see the chat', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const rita = await desk.person(restricted);
    const { chatId, visitor } = await desk.guest('Oi');
    const visitorSocket = await visitor.socket();
    const [anas, ritas] = [await desk.live(ana.client), await desk.live(rita.client)];
    for (const one of [anas, ritas, visitorSocket]) await one.wait('hello');
    const fileId = await desk.upload();
    const note = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'Cliente difícil @Ana', mentions: [ana.userId, rita.userId], fileIds: [fileId], clientId: 'n1' } }), 201);
    expect(note.json).toMatchObject({ direction: 'note', content: 'Cliente difícil @Ana', files: [{ id: fileId, kind: 'image' }] });
    expect((note.get('mentions') as string[]).sort()).toEqual([ana.userId, rita.userId].sort());
    const double = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'de novo', clientId: 'n1' } }));
    expect(double.str('id')).toBe(note.str('id'));
    const notice = await anas.wait('notice.mention');
    expect(notice.data).toMatchObject({ chatId, messageId: note.str('id'), content: 'Cliente difícil @Ana' });
    expect(ok(await ana.api.call('chats.counts')).get('mentions')).toBe(1);
    ok(await ana.api.call('chats.read', { chatId }), 200);
    expect(ok(await ana.api.call('chats.counts')).get('mentions')).toBe(0);
    await visitor.say('Alô');
    await visitorSocket.wait('message', (data) => data['text'] === 'Alô');
    expect(ritas.frames.filter((one) => JSON.stringify(one).includes(chatId))).toEqual([]);
    expect(JSON.stringify(visitorSocket.frames)).not.toContain('difícil');
    expect(JSON.stringify(await visitor.messages())).not.toContain('difícil');
    refused(await visitor.call('GET', `/files/${fileId}`), 404);
    const foreign = await signUp(all.server.url);
    expect(details(refused(await desk.owner.call('messages.note', { chatId }, { json: { content: 'x', mentions: [foreign.owner.userId] } }), 400))).toEqual(['mentions USER_NOT_FOUND']);
    expect(details(refused(await desk.owner.call('messages.note', { chatId }, { json: { content: '  ' } }), 400))).toEqual(['content REQUIRED']);
    for (const one of [anas, ritas, visitorSocket]) one.close();
  });

  test('a note is changed and taken back by who wrote it', async () => {
    const { desk } = all;
    const ana = await desk.person();
    const { chatId } = await desk.guest('Oi');
    const messageId = ok(await ana.api.call('messages.note', { chatId }, { json: { content: 'erado' } }), 201).str('id');
    refused(await desk.owner.call('messages.edit', { chatId, messageId }, { json: { content: 'x' } }), 409, 'MESSAGE_NOT_EDITABLE');
    refused(await desk.owner.call('messages.delete', { chatId, messageId }), 409, 'MESSAGE_NOT_DELETABLE');
    expect(ok(await ana.api.call('messages.edit', { chatId, messageId }, { json: { content: 'errado' } }), 200).json).toMatchObject({ content: 'errado', editedAt: expect.any(String) });
    expect(details(refused(await ana.api.call('messages.edit', { chatId, messageId }, { json: { content: ' ' } }), 400))).toEqual(['content REQUIRED']);
    ok(await desk.owner.call('chats.pin', { chatId }, { json: { messageId } }), 200);
    expect(ok(await ana.api.call('messages.delete', { chatId, messageId }), 200).json).toMatchObject({ content: '', deletedAt: expect.any(String), seq: 2 });
    const chat = await desk.chat(chatId);
    expect(chat['pinnedMessageId']).toBeNull();
    expect(member(chat, 'lastMessage')['text']).toBe('');
    refused(await ana.api.call('messages.edit', { chatId, messageId }, { json: { content: 'x' } }), 409, 'MESSAGE_NOT_EDITABLE');
  });

  test('a message that the web chat can take back disappears at the visitor, file and words', async () => {
    const { desk } = all;
    const { chatId, visitor, message } = await desk.guest('Oi');
    const fileId = await desk.upload();
    const socket = await visitor.socket();
    await socket.wait('hello');
    const id = String((await desk.send(chatId, 'Opa, errei', { fileIds: [fileId] }))['id']);
    await desk.status(chatId, id, 'sent');
    ok(await visitor.call('GET', `/files/${fileId}`), 200);
    ok(await desk.owner.call('messages.delete', { chatId, messageId: id }), 200);
    await socket.wait('message', (data) => data['id'] === id && data['deleted'] === true);
    expect((await visitor.messages()).find((one) => one['id'] === id)).toMatchObject({ deleted: true, text: '', files: [] });
    refused(await visitor.call('GET', `/files/${fileId}`), 404);
    // What the customer said stays.
    refused(await desk.owner.call('messages.delete', { chatId, messageId: String(message['id']) }), 409, 'MESSAGE_NOT_DELETABLE');
    socket.close();
  });

  test('reactions: one each, changed and taken back, live', async () => {
    const { desk } = all;
    const { chatId, message } = await desk.guest('Amei!');
    const messageId = String(message['id']);
    const key = desk.owner.as(await makeKey(desk.org));
    const socket = await desk.live(desk.org.owner.client);
    await socket.wait('hello');
    const react = (emoji: string | null, as = desk.owner) => as.call('messages.react', { chatId, messageId }, { json: { emoji } });
    expect(ok(await react('❤️'), 200).get('reactions')).toMatchObject([{ emoji: '❤️', actor: desk.boss.userId, actorName: desk.boss.name }]);
    expect(ok(await react('👍'), 200).get('reactions')).toMatchObject([{ emoji: '👍' }]);
    expect(ok(await react('🔥', key), 200).get('reactions')).toHaveLength(2);
    expect(ok(await react(null), 200).get('reactions')).toMatchObject([{ emoji: '🔥' }]);
    await socket.wait('message.reaction', (data) => data['emoji'] === '' && data['actor'] === desk.boss.userId);
    const line = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'n' } }), 201).str('id');
    refused(await desk.owner.call('messages.react', { chatId, messageId: line }, { json: { emoji: '👍' } }), 404, 'MESSAGE_NOT_FOUND');
    refused(await desk.owner.call('messages.react', { chatId, messageId }, { json: { emoji: 'x'.repeat(17) } }), 400);
    socket.close();
  });
});

describe('files', () => {
  test('from us to the visitor: several kinds, bytes as they were', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest('Oi');
    const image = await desk.upload();
    const form = new FormData();
    form.append('file', new Blob(['%PDF-1.4\n%âãÏÓ\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF'], { type: 'application/pdf' }), 'orçamento nº 1.pdf');
    const pdf = ok(await desk.owner.call('files.create', {}, { body: form }), 201);
    const sent = await desk.send(chatId, 'Segue', { fileIds: [image, pdf.str('id')] });
    expect(sent).toMatchObject({
      kind: 'image',
      files: [
        { id: image, kind: 'image', width: 1, height: 1, state: 'ready', position: 0 },
        { id: pdf.str('id'), kind: 'document', name: 'orçamento nº 1.pdf', position: 1 },
      ],
    });
    const seen = (await visitor.messages()).at(-1);
    const files = seen?.['files'] as Row[];
    expect(files.map((one) => one['name'])).toEqual(['foto.png', 'orçamento nº 1.pdf']);
    const got = await fetch(`${all.server.url}/webchat/${visitor.key}/files/${image}?token=${encodeURIComponent(visitor.token)}`);
    expect(got.status).toBe(200);
    expect(Buffer.from(await got.arrayBuffer()).equals(png)).toBe(true);
    expect(got.headers.get('content-type')).toBe('image/png');
    expect(got.headers.get('x-content-type-options')).toBe('nosniff');
    const other = await desk.guest();
    refused(await other.visitor.call('GET', `/files/${image}`), 404, 'FILE_NOT_FOUND');
    refused(await new Client(all.server.url).get(`/webchat/${visitor.key}/files/${image}`), 401, 'VISITOR_UNKNOWN');
  });

  test('from the visitor to us', async () => {
    const { desk } = all;
    const { chatId, visitor } = await desk.guest('Oi');
    const sent = ok(await visitor.sendFile(png, 'minha foto.png', 'text/html', 'olha'), 201);
    expect(sent.json).toMatchObject({ kind: 'image', text: 'olha', files: [{ kind: 'image', type: 'image/png', name: 'minha foto.png' }] });
    const message = (await desk.messages(chatId)).at(-1);
    const file = (message?.['files'] as Row[])[0];
    const got = await desk.org.owner.client.call('GET', String(file?.['url']));
    expect(got.status).toBe(200);
    expect(got.headers.get('content-type')).toBe('image/png');
  });

  test('at most ten, and none larger than the channel takes', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const one = await desk.upload();
    const send = (fileIds: string[]) => desk.owner.call('messages.send', { chatId }, { json: { fileIds } });
    expect(details(refused(await send(Array.from({ length: 11 }, () => one)), 400))).toEqual(['fileIds TOO_MANY']);
    const large = await desk.upload(desk.owner, 'grande.txt', Buffer.alloc(16 * 1024 * 1024 + 1, 'a'));
    expect(refused(await send([large]), 400, 'FILE_TOO_LARGE').get('limitBytes')).toBe(16 * 1024 * 1024);
    const form = new FormData();
    for (let i = 0; i < 12; i++) form.append('file', new Blob(['x']), `x${i}.txt`);
    refused(await desk.owner.call('public.messageCreate', { chatId }, { body: form }), 413, 'TOO_MANY_FILES');
    expect(texts(await desk.messages(chatId))).toHaveLength(1);
  });

  test('a restricted person neither reads nor attaches what is not theirs', async () => {
    const { desk } = all;
    const rita = await desk.person(restricted);
    const mine = await desk.guest();
    ok(await desk.owner.call('chats.assign', { chatId: mine.chatId }, { json: { userId: rita.userId } }), 200);
    const hidden = await desk.guest();
    const secret = ok(await hidden.visitor.sendFile(png, 'rg.png', 'image/png'), 201);
    const secretId = String((secret.get('files') as Row[])[0]?.['id']);
    const unsent = await desk.upload();
    for (const fileId of [secretId, unsent]) {
      refused(await rita.api.call('files.get', { fileId }), 404, 'FILE_NOT_FOUND');
      const send = await rita.api.call('messages.send', { chatId: mine.chatId }, { json: { fileIds: [fileId] } });
      expect(details(refused(send, 400))).toEqual(['fileIds NOT_FOUND']);
      refused(await rita.api.call('messages.note', { chatId: mine.chatId }, { json: { content: 'x', fileIds: [fileId] } }), 400);
      const steps = [{ content: 'x', fileIds: [fileId] }];
      refused(await rita.api.call('shortcuts.create', {}, { json: { keyword: `k${unique()}`, steps } }), 400);
      refused(await rita.api.call('public.messageCreate', { chatId: mine.chatId }, { json: { attachment_ids: [fileId] } }), 400);
      refused(await rita.api.call('public.sequenceCreate', { chatId: mine.chatId }, { json: { steps: [{ attachment_ids: [fileId] }] } }), 400);
    }
    const own = await desk.upload(rita.api);
    ok(await rita.api.call('messages.send', { chatId: mine.chatId }, { json: { fileIds: [own] } }), 201);
    const theirs = ok(await mine.visitor.sendFile(png, 'x.png', 'image/png'), 201);
    expect((await rita.api.call('files.get', { fileId: String((theirs.get('files') as Row[])[0]?.['id']) })).status).toBe(200);
    // Taken from her: so are its files.
    ok(await desk.owner.call('chats.assign', { chatId: mine.chatId }, { json: { userId: desk.boss.userId } }), 200);
    refused(await rita.api.call('files.get', { fileId: String((theirs.get('files') as Row[])[0]?.['id']) }), 404);
  });
});

describe('shortcuts', () => {
  test('steps with variables, for the chat and who answers', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest('Oi', { name: 'Beatriz Carvalho', email: `bia-${unique()}@example.com` });
    const fileId = await desk.upload();
    const keyword = `ola${unique()}`;
    const made = ok(
      await desk.owner.call('shortcuts.create', {}, {
        json: {
          keyword,
          shared: true,
          title: 'Saudação',
          steps: [
            { content: '{{greeting}}, {{customer.firstName}}! Aqui é {{agent.name}} da {{organization.name}}.', delayMs: 500 },
            { content: '{{customer.document|default:sem documento}} {{desconhecida}}', fileIds: [fileId] },
          ],
        },
      }),
      201,
    );
    const shortcutId = made.str('id');
    expect(made.json).toMatchObject({ shared: true, uses: 0 });
    const steps = rows(ok(await desk.owner.call('shortcuts.render', { shortcutId }, { json: { chatId } }), 200), 'steps');
    expect(String(steps[0]?.['content'])).toMatch(new RegExp(`^(Bom dia|Boa tarde|Boa noite), Beatriz! Aqui é ${desk.boss.name} da Quintal da Lola`));
    expect(steps[0]?.['delayMs']).toBe(500);
    expect(String(steps[1]?.['content'])).toMatch(/^sem documento/);
    expect(steps[1]?.['fileIds']).toEqual([fileId]);
    expect(rows(ok(await desk.owner.call('shortcuts.list'))).find((one) => one['id'] === shortcutId)).toMatchObject({ uses: 1 });
    refused(await desk.owner.call('shortcuts.create', {}, { json: { keyword: keyword.toUpperCase(), shared: true, steps: [{ content: 'x' }] } }), 409, 'SHORTCUT_DUPLICATE');
    ok(await desk.owner.call('shortcuts.create', {}, { json: { keyword, steps: [{ content: 'meu' }] } }), 201);
  });

  test('own, shared, of a team; what is wrong is named', async () => {
    const { desk } = all;
    const team = await desk.team();
    const rita = await desk.person(restricted);
    const create = (json: Row, as = desk.owner) => as.call('shortcuts.create', {}, { json: { steps: [{ content: 'x' }], ...json } });
    const keyword = (): string => `k${unique()}`;
    refused(await create({ keyword: keyword(), shared: true }, rita.api), 403);
    const own = ok(await create({ keyword: keyword() }, rita.api), 201).str('id');
    const shared = ok(await create({ keyword: keyword(), shared: true }), 201).str('id');
    const teams = ok(await create({ keyword: keyword(), shared: true, teamIds: [team] }), 201).str('id');
    const list = rows(ok(await rita.api.call('shortcuts.list'))).map((one) => one['id']);
    expect(list).toContain(own);
    expect(list).toContain(shared);
    expect(list).not.toContain(teams);
    const mine = await desk.guest();
    ok(await desk.owner.call('chats.assign', { chatId: mine.chatId }, { json: { userId: rita.userId } }), 200);
    refused(await rita.api.call('shortcuts.render', { shortcutId: teams }, { json: { chatId: mine.chatId } }), 404);
    refused(await rita.api.call('shortcuts.update', { shortcutId: shared }, { json: { title: 'x' } }), 403);
    refused(await rita.api.call('shortcuts.remove', { shortcutId: shared }), 403);
    refused(await desk.owner.call('shortcuts.update', { shortcutId: own }, { json: { title: 'x' } }), 404);
    ok(await rita.api.call('shortcuts.remove', { shortcutId: own }), 204);
    // A chat that she may not see gives nothing away, and does not count as a use.
    const hidden = await desk.guest();
    refused(await rita.api.call('shortcuts.render', { shortcutId: shared }, { json: { chatId: hidden.chatId } }), 404);
    expect(rows(ok(await desk.owner.call('shortcuts.list'))).find((one) => one['id'] === shared)).toMatchObject({ uses: 0 });
    expect(details(refused(await create({ keyword: 'com espaço' }), 400)).join()).toMatch(/^keyword /);
    expect(details(refused(await create({ keyword: '/barra' }), 400)).join()).toMatch(/^keyword /);
    expect(details(refused(await create({ keyword: keyword(), steps: [{ content: ' ' }] }), 400))).toEqual(['steps[0].content REQUIRED']);
    expect(details(refused(await create({ keyword: keyword(), steps: [] }), 400))).toEqual(['steps TOO_FEW']);
    expect(details(refused(await create({ keyword: keyword(), teamIds: [mine.chatId] }), 400))).toEqual(['teamIds[0] NOT_FOUND']);
  });
});

describe('search', () => {
  test('words of messages without accents, unfinished ones too; people by name', async () => {
    const { desk } = all;
    const word = `zq${unique()}`;
    const { chatId } = await desk.guest(`Vocês têm a coleção ${word}ção?`, { name: `Otávio ${word}` });
    const find = async (q: string, as = desk.owner) => ok(await as.call('search', {}, { query: { q } }), 200);
    for (const q of [`${word}cao`, `colecao ${word}`, `COLEÇÃO ${word.toUpperCase()}`]) {
      const hit = rows(await find(q), 'messages');
      expect([q, hit.map((one) => one['chatId'])]).toEqual([q, [chatId]]);
      expect(String(hit[0]?.['snippet'])).toMatch(/\u0001.+\u0002/);
    }
    const people = rows(await find(`otavio ${word}`), 'customers');
    expect(people).toMatchObject([{ name: `Otávio ${word}`, chatId, display: null }]);
    const rita = await desk.person(restricted);
    const hers = await find(word, rita.api);
    expect([rows(hers, 'messages'), rows(hers, 'customers')]).toEqual([[], []]);
    for (const q of ["'", '"', '\\', '%', '&|!', ':*', '(((']) ok(await desk.owner.call('search', {}, { query: { q } }), 200);
    // What was taken back is not found.
    const note = ok(await desk.owner.call('messages.note', { chatId }, { json: { content: `nota ${word}x` } }), 201).str('id');
    expect(rows(await find(`${word}x`), 'messages')).toHaveLength(1);
    ok(await desk.owner.call('messages.delete', { chatId, messageId: note }), 200);
    expect(rows(await find(`${word}x`), 'messages')).toHaveLength(0);
  });
});

test('closing with what waits for its hour: it still goes out, and the chat stays closed', async () => {
  const { desk } = all;
  const { chatId, visitor } = await desk.guest('Oi');
  const id = String((await desk.send(chatId, 'Como foi?', { scheduledFor: soon(1500) }))['id']);
  await desk.close(chatId);
  await desk.status(chatId, id, 'sent');
  expect((await desk.chat(chatId))['status']).toBe('closed');
  expect((await visitor.messages()).at(-1)).toMatchObject({ text: 'Como foi?' });
  expect(whats(await desk.messages(chatId))).toContain('closed');
});
