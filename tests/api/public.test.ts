/* The paths that integrators know: their shapes, their words, their rules (docs/API.md, "Known paths"), with a key in either header. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Client, type JsonObject, isObject, ok, refused } from './lib/client.ts';
import { Caller, details, email, mobile, rows } from './lib/crm.ts';
import { type Row, house, member, png, restricted, whats } from './lib/inbox.ts';
import { makeKey, signUp, unique } from './lib/people.ts';

const all = house({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.0/8' } });
let key: Client;
let api: Caller;
/** Serves files by address. */
let fetches = 0;
const files = createServer((request, response) => {
  fetches += 1;
  if (request.url === '/foto.png') response.writeHead(200, { 'Content-Type': 'text/html' }).end(png);
  else if (request.url === '/lenta.png') setTimeout(() => response.end(png), 12_000).unref();
  else response.writeHead(404).end('nada');
});
let filesAt = '';

beforeAll(async () => {
  key = await makeKey(all.desk.org);
  api = all.desk.owner.as(key);
  await new Promise<void>((done) => files.listen(0, '127.0.0.1', done));
  const address = files.address();
  filesAt = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(() => {
  files.close();
  files.closeAllConnections();
});

const create = (json: JsonObject, as = api): Promise<Answer> => {
  const contactType = typeof json['contactType'] === 'string' ? json['contactType'] : 'email';
  return as.call('public.chatCreate', {}, { json: { contactType, channelId: all.desk.reaches(contactType), ...json } });
};
const texts = (messages: Row[]): string[] => messages.filter((one) => one['direction'] === 'out').map((one) => String(one['content']));

describe('chat/create', () => {
  test('a new contact: the whole known answer', async () => {
    const contactValue = email('lead');
    const answer = ok(await create({ contactValue, customerName: 'João da Silva' }), 200);
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
    expect(answer.json).toEqual({
      success: true,
      chatId: id,
      formattedContact: contactValue,
      existing: false,
      flowInitiated: false,
      flowError: null,
      keepPending: false,
      responseFlowScheduled: false,
      responseFlowId: null,
      responseFlowName: null,
      responseFlowError: null,
      templateSent: false,
      templateMessageId: null,
      templateError: null,
      initialMessageSent: false,
      initialMessageError: null,
      customerId: id,
      utmApplied: expect.anything(),
      customFieldsApplied: [],
      customFieldsSkipped: [],
      tagsApplied: [],
      tagsSkipped: [],
      contactsApplied: [],
      contactsSkipped: [],
    });
    expect(await all.desk.chat(answer.str('chatId'))).toMatchObject({ status: 'pending', assigneeId: null, messageCount: 0 });
  });

  test('numbers are formatted, and any notation is the same contact: the open chat is used again', async () => {
    const number = mobile();
    const digits = number.replace(/\D/g, '');
    const first = ok(await create({ contactType: 'whatsapp', contactValue: number, customerName: 'Rita' }), 200);
    expect(first.get('formattedContact')).toBe(`+55${digits}`);
    for (const contactValue of [`+55 ${number}`, `55${digits}`, `0${digits}`, `+55${digits.slice(0, 2)}${digits.slice(3)}`]) {
      const again = ok(await create({ contactType: 'whatsapp', contactValue }), 200);
      expect([contactValue, again.get('existing'), again.get('chatId'), again.get('customerId')]).toEqual([contactValue, true, first.get('chatId'), first.get('customerId')]);
    }
    const phone = ok(await create({ contactType: 'phone', contactValue: number }), 200);
    expect(phone.get('customerId')).toBe(first.get('customerId'));
    await all.desk.close(first.str('chatId'));
    const fresh = ok(await create({ contactType: 'whatsapp', contactValue: number }), 200);
    expect(fresh.get('existing')).toBe(false);
    expect(fresh.get('chatId')).not.toBe(first.get('chatId'));
    expect(fresh.get('customerId')).toBe(first.get('customerId'));
  });

  test('an initial message starts it, keepPending leaves it in the queue; for people too', async () => {
    const { desk } = all;
    const started = ok(await create({ contactValue: email(), initialMessage: 'Olá!' }), 200);
    expect(started.json).toMatchObject({ initialMessageSent: true, initialMessageError: null, keepPending: false });
    expect(await desk.chat(started.str('chatId'))).toMatchObject({ status: 'in_progress', assigneeId: null });
    expect(texts(await desk.messages(started.str('chatId')))).toEqual(['Olá!']);
    for (const as of [api, desk.owner]) {
      const kept = ok(await create({ contactValue: email(), initialMessage: { type: 'text', content: 'Oi' }, keepPending: true }, as), 200);
      expect(kept.json).toMatchObject({ initialMessageSent: true, keepPending: true });
      expect(await desk.chat(kept.str('chatId'))).toMatchObject({ status: 'pending', assigneeId: null });
      expect(texts(await desk.messages(kept.str('chatId')))).toEqual(['Oi']);
    }
    const mine = ok(await create({ contactValue: email(), initialMessage: 'Oi' }, desk.owner), 200);
    expect(await desk.chat(mine.str('chatId'))).toMatchObject({ status: 'in_progress', assigneeId: desk.boss.userId });
    // A pending chat that is used again begins, too.
    const contactValue = email();
    const waits = ok(await create({ contactValue }), 200);
    ok(await create({ contactValue, initialMessage: 'Agora' }), 200);
    expect((await desk.chat(waits.str('chatId')))['status']).toBe('in_progress');
  });

  test('a file as the first message; a failed send does not fail the creation', async () => {
    const { desk } = all;
    const image = ok(await create({ contactValue: email(), initialMessage: { type: 'image', url: `${filesAt}/foto.png`, name: 'vitrine.png', content: 'Veja' } }), 200);
    expect(image.json).toMatchObject({ initialMessageSent: true });
    const message = (await desk.messages(image.str('chatId'))).find((one) => one['direction'] === 'out');
    expect(message).toMatchObject({ kind: 'email', content: 'Veja', files: [{ name: 'vitrine.png', kind: 'image', type: 'image/png', width: 1 }] });
    // Where a file is a message of its own: to somebody who wrote a moment ago.
    const number = mobile();
    const open = ok(await create({ contactType: 'whatsapp', contactValue: number }), 200);
    desk.sql(`update chats set window_until = now() + interval '1 day' where id = '${open.str('chatId')}'`);
    const photo = ok(await create({ contactType: 'whatsapp', contactValue: number, initialMessage: { type: 'image', url: `${filesAt}/foto.png`, content: 'Veja' } }), 200);
    expect(photo.json).toMatchObject({ chatId: open.get('chatId'), existing: true, initialMessageSent: true });
    const sent = (await desk.messages(open.str('chatId'))).find((one) => one['direction'] === 'out');
    expect(sent).toMatchObject({ kind: 'image', content: 'Veja', files: [{ name: 'foto.png', type: 'image/png', width: 1 }] });
    const { chatId } = await desk.guest();
    const visitor = { contactType: 'webchat', contactValue: desk.sql(`select k.identifier from contacts k join chats c on c.contact_id = k.id where c.id = '${chatId}'`).trim() };
    const failures: [JsonObject | string, RegExp, JsonObject?][] = [
      [{ type: 'image', url: `${filesAt}/nada.png` }, /404/],
      [{ type: 'image', url: 'http://169.254.169.254/latest/meta-data' }, /fetched/],
      [{ type: 'text', content: '' }, /text or a file/],
      ['x'.repeat(4001), /4000/, visitor],
      ['Oi', /window|hours/i, { contactType: 'whatsapp', contactValue: mobile() }],
    ];
    for (const [initialMessage, why, to] of failures) {
      const answer = ok(await create({ contactValue: email(), ...to, initialMessage }), 200);
      expect(answer.json).toMatchObject({ success: true, initialMessageSent: false, initialMessageError: expect.stringMatching(why) });
      expect(texts(await desk.messages(answer.str('chatId')))).toEqual([]);
    }
    const template = ok(await create({ contactValue: email(), whatsappTemplate: { id: 'x', variables: [] }, flowId: unique(), responseFlowId: unique() }), 200);
    expect(template.json).toMatchObject({ templateSent: false, templateError: expect.stringMatching(/templates/) });
    expect(template.json).toMatchObject({ flowInitiated: false, flowError: expect.stringMatching(/no such flow/) });
    expect(template.json).toMatchObject({ responseFlowScheduled: false, responseFlowError: expect.stringMatching(/no such flow/) });
  });

  test('first touch: utm, fields, tags and further contacts fill what is empty and never overwrite', async () => {
    const { desk } = all;
    const one = `campo${unique()}`;
    const two = `campo${unique()}`;
    for (const slug of [one, two]) ok(await desk.owner.call('fields.create', {}, { json: { slug, name: slug, kind: slug === one ? 'text' : 'number' } }), 201);
    const tag = `Campanha ${unique()}`;
    ok(await desk.owner.call('tags.create', {}, { json: { name: tag } }));
    const contactValue = email();
    const phone = mobile();
    const first = ok(
      await create({ contactValue, customerName: 'Ana', utm: { source: 'ads', campaign: 'verao' }, customFields: { [one]: 'azul', nada: 'x' }, tags: [tag, 'Inexistente'], phone, email: contactValue }),
      200,
    );
    expect(first.json).toMatchObject({
      customFieldsApplied: [one],
      customFieldsSkipped: [{ slug: 'nada', reason: 'not_found' }],
      tagsApplied: [tag],
      tagsSkipped: [{ name: 'Inexistente', reason: 'not_found' }],
      contactsApplied: ['phone'],
      contactsSkipped: [{ field: 'email', reason: 'same_as_contact' }],
    });
    const second = ok(await create({ contactValue, customerName: 'Outra', utm: { source: 'organico' }, customFields: [{ slug: one, value: 'verde' }, { slug: two, value: 'não é número' }], phone: mobile() }), 200);
    expect(second.json).toMatchObject({
      customerId: first.get('customerId'),
      customFieldsApplied: [],
      customFieldsSkipped: expect.arrayContaining([{ slug: one, reason: 'already_filled' }, { slug: two, reason: 'invalid' }]) as unknown,
      contactsSkipped: [{ field: 'phone', reason: 'already_filled' }],
    });
    const customer = await desk.owner.get(first.str('customerId'));
    expect(customer).toMatchObject({ name: 'Ana', utm: { source: 'ads', campaign: 'verao' }, fields: { [one]: 'azul' } });
  });

  test('contextMessage is a note for the team', async () => {
    const { desk } = all;
    const answer = ok(await create({ contactValue: email(), contextMessage: 'Veio do formulário' }), 200);
    const notes = (await desk.messages(answer.str('chatId'))).filter((one) => one['direction'] === 'note');
    expect(notes).toMatchObject([{ content: 'Veio do formulário', authorKind: 'key' }]);
  });

  test('what is wrong is named, and nothing is left behind', async () => {
    const { desk } = all;
    const contactValue = email();
    const nobody = '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10';
    const before = desk.sql('select count(*) from customers');
    expect(details(refused(await create({}), 400))).toEqual(['contactValue REQUIRED']);
    expect(details(refused(await create({ contactValue, contactType: 'fax' }), 400))).toEqual(['contactType INVALID_CHOICE']);
    expect(details(refused(await create({ contactValue: 'nada', contactType: 'phone' }), 400))).toEqual(['contactValue INVALID_PHONE']);
    expect(details(refused(await create({ contactValue: 'nada' }), 400)).join()).toMatch(/^contactValue /);
    refused(await create({ contactValue, channelId: nobody }), 404, 'CHANNEL_NOT_FOUND');
    refused(await create({ contactValue, customerId: nobody }), 404, 'CUSTOMER_NOT_FOUND');
    expect(details(refused(await create({ contactValue, teamId: nobody }), 400))).toEqual(['teamId TEAM_NOT_FOUND']);
    expect(details(refused(await create({ contactValue, initialMessage: 7 }), 400))).toEqual(['initialMessage INVALID_TYPE']);
    expect(details(refused(await create({ contactValue, initialMessage: { type: 'sticker' } }), 400))).toEqual(['initialMessage.type INVALID_CHOICE']);
    expect(details(refused(await create({ contactValue, bogus: 1 }), 400))).toEqual(['bogus UNKNOWN_FIELD']);
    const other = ok(await create({ contactValue: email() }), 200);
    const theirs = email();
    ok(await create({ contactValue: theirs }), 200);
    refused(await create({ contactValue: theirs, customerId: other.str('customerId') }), 409, 'CUSTOMER_DUPLICATE');
    // Only what was asked for well was made: two people.
    expect(Number(desk.sql('select count(*) from customers')) - Number(before)).toBe(2);
  });

  test('a contact that the channel cannot begin with is refused, unless it wrote there before', async () => {
    const { desk } = all;
    const before = desk.sql('select count(*) from customers');
    const via = (channelId: string, contactType: string, contactValue: string, more: JsonObject = {}): Promise<Answer> => create({ channelId, contactType, contactValue, ...more });
    const pairs: [string, string, string][] = [
      [desk.channel.id, 'email', email()],
      [desk.channel.id, 'whatsapp', mobile()],
      [desk.reaches('email'), 'phone', mobile()],
      [desk.reaches('whatsapp'), 'email', email()],
    ];
    for (const [channelId, contactType, contactValue] of pairs) {
      const answer = refused(await via(channelId, contactType, contactValue, { initialMessage: 'Oi' }), 422, 'CONTACT_NOT_REACHABLE');
      expect([contactType, details(answer)]).toEqual([contactType, ['contactType CONTACT_NOT_REACHABLE']]);
    }
    // Nobody was made for it.
    expect(desk.sql('select count(*) from customers')).toBe(before);
    const { chatId } = await desk.guest();
    const identifier = desk.sql(`select k.identifier from contacts k join chats c on c.contact_id = k.id where c.id = '${chatId}'`).trim();
    const again = ok(await via(desk.channel.id, 'webchat', identifier), 200);
    expect(again.json).toMatchObject({ existing: true, chatId });
  });

  test('a chat that somebody else has is not handed to who may not see it', async () => {
    const { desk } = all;
    const rita = await desk.person([...restricted]);
    const contactValue = email();
    const theirs = ok(await create({ contactValue, initialMessage: 'Oi' }), 200);
    const answer = refused(await create({ contactValue, initialMessage: 'Intrusa', contextMessage: 'x' }, rita.api), 409, 'CHAT_ASSIGNED');
    expect(answer.text).not.toContain(theirs.str('chatId'));
    expect(await desk.messages(theirs.str('chatId'))).toHaveLength(1);
    const own = ok(await create({ contactValue: email(), initialMessage: 'Oi' }, rita.api), 200);
    expect(await desk.chat(own.str('chatId'), rita.api)).toMatchObject({ assigneeId: rita.userId });
  });
});

describe('messages', () => {
  test('message: JSON, files by id, by address and as parts; the known shape', async () => {
    const { desk } = all;
    const { chatId, message } = await desk.guest();
    const one = ok(await api.call('public.messageCreate', { chatId }, { json: { content: 'Oi', replyToMessageId: String(message['id']), metadata: { pedido: 17 } } }), 201);
    expect(one.get('success')).toBe(true);
    const first = rows(one, 'messages')[0];
    expect(first).toMatchObject({ content: 'Oi', chat_id: chatId, created_at: expect.any(String), authorKind: 'key', data: { metadata: { pedido: 17 } }, replyTo: { id: message['id'] } });
    const fileId = await desk.upload();
    const two = ok(await api.call('public.messageCreate', { chatId }, { json: { attachment_ids: [fileId], url_attachments: [{ url: `${filesAt}/foto.png`, name: 'b.png' }] } }), 201);
    expect((rows(two, 'messages')[0]?.['files'] as Row[]).map((file) => file['name'])).toEqual(['foto.png', 'b.png']);
    const form = new FormData();
    form.append('content', 'Com partes');
    form.append('file', new Blob([png as BlobPart], { type: 'image/png' }), 'um.png');
    form.append('file', new Blob(['texto'], { type: 'text/plain' }), 'dois.txt');
    const three = ok(await api.call('public.messageCreate', { chatId }, { body: form }), 201);
    expect(rows(three, 'messages')[0]).toMatchObject({ content: 'Com partes', kind: 'image', files: [{ name: 'um.png' }, { name: 'dois.txt', kind: 'document' }] });
    const later = ok(await api.call('public.messageCreate', { chatId }, { json: { content: 'depois', scheduledFor: new Date(Date.now() + 3_600_000).toISOString() } }), 201);
    expect(rows(later, 'messages')[0]).toMatchObject({ status: 'scheduled' });
    expect(await desk.chat(chatId)).toMatchObject({ assigneeId: null });
  });

  test('signMessage: the name of who attends before the text, else of who writes', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const said = async (json: JsonObject, as = api): Promise<unknown> =>
      rows(ok(await as.call('public.messageCreate', { chatId }, { json }), 201), 'messages')[0]?.['content'];
    expect(await said({ content: 'Oi', signMessage: true })).toMatch(/^ERP .+:\nOi$/);
    const ana = await desk.person();
    ok(await api.call('public.chatAttend', { chatId }, { json: { userId: ana.userId } }), 200);
    const name = String((ok(await ana.client.get('/api/me')).get('user') as Row)['name']);
    expect(await said({ content: 'Oi', signMessage: true })).toBe(`${name}:\nOi`);
    expect(await said({ content: 'Oi', signMessage: false })).toBe('Oi');
    expect(await said({ signMessage: true, attachment_ids: [await desk.upload()] })).toBe('');
    const owner = String((ok(await desk.boss.client.get('/api/me')).get('user') as Row)['name']);
    expect(await said({ content: 'Oi', signMessage: true }, desk.owner)).toBe(`${owner}:\nOi`);
  });

  test('message: what cannot be done is said', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const send = (json: JsonObject) => api.call('public.messageCreate', { chatId }, { json });
    expect(details(refused(await send({}), 400))).toEqual(['content REQUIRED']);
    refused(await send({ contacts: [{ name: 'x' }] }), 400, 'UNSUPPORTED_MEDIA');
    expect(details(refused(await send({ content: 'x', auxiliaryChannelId: chatId }), 400))).toEqual(['auxiliaryChannelId NOT_SUPPORTED']);
    ok(await send({ content: 'x', auxiliaryChannelId: desk.channel.id, contacts: [] }), 201);
    refused(await send({ url_attachments: [{ url: `${filesAt}/nada` }] }), 400, 'FILE_NOT_FETCHED');
    refused(await send({ content: 'x'.repeat(4001) }), 400, 'MESSAGE_TOO_LONG');
    await desk.close(chatId);
    refused(await send({ content: 'x' }), 409, 'CHAT_CLOSED');
    refused(await api.call('public.messageCreate', { chatId: '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10' }, { json: { content: 'x' } }), 404, 'CHAT_NOT_FOUND');
  });

  test('message-sequence with files and pauses; send-template', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const steps = [{ content: 'Um', tempId: 'a', sign_message: true }, { url_attachments: [{ url: `${filesAt}/foto.png` }], delay_after_ms: 10 }, { content: 'Três' }];
    const answer = ok(await api.call('public.sequenceCreate', { chatId }, { json: { steps } }), 201);
    expect(rows(answer, 'messages')).toMatchObject([
      { tempId: 'a', sequenceIndex: 0, content: expect.stringMatching(/^.+:\nUm$/), status: 'queued' },
      { tempId: null, sequenceIndex: 1, kind: 'image', status: 'queued' },
      { tempId: null, sequenceIndex: 2, content: 'Três', status: 'scheduled' },
    ]);
    refused(await api.call('public.templateSend', { chatId }, { json: { templateId: 'x' } }), 422, 'TEMPLATE_NOT_SUPPORTED');
  });
});

test('states: attend, transfer, resolve, reopen', async () => {
  const { desk } = all;
  const ana = await desk.person();
  const team = await desk.team();
  const { chatId } = await desk.guest();
  const data = async (id: string, json?: JsonObject): Promise<Row> => {
    const answer = ok(await api.call(id, { chatId }, json ? { json } : {}), 200);
    expect(answer.get('success')).toBe(true);
    return member(answer.json as Row, 'data');
  };
  expect(await data('public.chatAttend', { userId: ana.userId })).toMatchObject({ assigneeId: ana.userId, status: 'in_progress' });
  expect(await data('public.chatToTeam', { teamId: team, note: 'Segunda via' })).toMatchObject({ teamId: team, assigneeId: null, status: 'pending' });
  expect(await data('public.chatToAgent', { userId: ana.userId })).toMatchObject({ assigneeId: ana.userId });
  expect(details(refused(await api.call('public.chatResolve', { chatId }, { json: {} }), 400))).toEqual(['closureTypeId REQUIRED']);
  expect(await data('public.chatResolve', { closureTypeId: await desk.closureType(), note: 'Pago' })).toMatchObject({ status: 'closed', closureNote: 'Pago' });
  refused(await api.call('public.chatAttend', { chatId }, { json: { userId: ana.userId } }), 409, 'CHAT_CLOSED');
  expect(await data('public.chatReopen')).toMatchObject({ status: 'pending', assigneeId: null, closedAt: null });
  expect(whats(await desk.messages(chatId))).toEqual(['assigned', 'transferred', 'transferred', 'closed', 'reopened']);
});

describe('keys', () => {
  test('either header; what the key check refuses, in the known shape', async () => {
    const { org } = all.desk;
    const path = org.path('/tags');
    const bearer = new Client(all.server.url);
    ok(await bearer.call('GET', path, { headers: { Authorization: `Bearer ${key.key ?? ''}` } }), 200);
    ok(await key.get(path), 200);
    for (const headers of [{ Authorization: 'Bearer ak_nada' }, { 'X-Api-Key': 'ak_nada' }, { Authorization: 'Basic xyz' }])
      for (const url of [path, org.path('/chat/create')]) refused(await new Client(all.server.url).call('POST', url, { json: {}, headers }), 401);
    refused(await key.call('GET', org.path('/nenhures')), 403, 'API_KEY_ROUTE_DENIED');
    refused(await key.call('POST', org.path(`/chat/${org.id}/start-dance`), { json: {} }), 403, 'API_KEY_ROUTE_DENIED');
    refused(await key.get(org.path('/bootstrap')), 403, 'API_KEY_ROUTE_DENIED');
    const few = await makeKey(org, ['tags.manage']);
    refused(await few.post(org.path('/chat/create'), {}), 403);
    const foreign = await makeKey(await signUp(all.server.url));
    expect([403, 404]).toContain((await foreign.post(org.path('/chat/create'), {})).status);
  });
});

describe('idempotency', () => {
  /** Fifty at once with one key, then once more: one answer, one effect. */
  async function fifty(what: string, call: (idempotencyKey: string) => Promise<Answer>, count: () => string): Promise<void> {
    const before = Number(count());
    const idempotencyKey = `idem-${unique()}`;
    const answers = await Promise.all(Array.from({ length: 50 }, () => call(idempotencyKey)));
    const last = await call(idempotencyKey);
    const bad = answers.filter((one) => one.status >= 400);
    expect([what, bad.map((one) => one.text)]).toEqual([what, []]);
    expect([what, new Set([...answers, last].map((one) => one.text)).size]).toEqual([what, 1]);
    expect([what, Number(count()) - before]).toEqual([what, 1]);
    expect(last.headers.get('idempotency-replayed')).toBe('true');
  }

  test('everything that creates: fifty at once make one', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const contactValue = email();
    const table = (name: string, more = 'true') => () => desk.sql(`select count(*) from ${name} where ${more}`);
    await fifty('chat/create', (idempotencyKey) => api.call('public.chatCreate', {}, { json: { contactType: 'email', contactValue, channelId: desk.reaches('email'), initialMessage: 'Uma' }, idempotencyKey }), table('messages', "direction = 'out'"));
    await fifty('message', (idempotencyKey) => api.call('public.messageCreate', { chatId }, { json: { content: 'Uma' }, idempotencyKey }), table('messages', "direction = 'out'"));
    await fifty('sequence', (idempotencyKey) => api.call('public.sequenceCreate', { chatId }, { json: { steps: [{ content: 'Uma' }] }, idempotencyKey }), table('messages', "direction = 'out'"));
    await fifty('messages.send', (idempotencyKey) => desk.owner.call('messages.send', { chatId }, { json: { content: 'Uma' }, idempotencyKey }), table('messages', "direction = 'out'"));
    await fifty('note', (idempotencyKey) => desk.owner.call('messages.note', { chatId }, { json: { content: 'Uma' }, idempotencyKey }), table('messages', "direction = 'note'"));
    const person = email();
    await fifty('customers', (idempotencyKey) => api.call('customers.create', {}, { json: { name: 'Uma', email: person }, idempotencyKey }), table('customers'));
    await fifty('tags', (idempotencyKey) => api.call('tags.create', {}, { json: { name: `Uma ${contactValue}` }, idempotencyKey }), table('tags'));
    await fifty('shortcuts', (idempotencyKey) => desk.owner.call('shortcuts.create', {}, { json: { keyword: `u${chatId.slice(-6)}`, steps: [{ content: 'x' }] }, idempotencyKey }), table('shortcuts'));
    await fifty('closureTypes', (idempotencyKey) => desk.owner.call('closureTypes.create', {}, { json: { name: `U ${chatId.slice(-6)}` }, idempotencyKey }), table('closure_types'));
    await fifty('views', (idempotencyKey) => desk.owner.call('views.create', {}, { json: { name: 'Uma' }, idempotencyKey }), table('inbox_views'));
    await fifty('channels', (idempotencyKey) => desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: 'Uma' }, idempotencyKey }), table('channels'));
    const form = (): FormData => {
      const data = new FormData();
      data.append('file', new Blob([png as BlobPart], { type: 'image/png' }), 'uma.png');
      return data;
    };
    await fifty('files', (idempotencyKey) => desk.owner.call('files.create', {}, { body: form(), idempotencyKey }), table('files'));
  });

  test('files by address: fifty at once make one message and one file, and an answer again fetches nothing', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const url = `${filesAt}/foto.png`;
    const urls = [{ url, name: 'a.png' }, { url, name: 'a.png' }];
    const files = (): string => desk.sql('select count(*) from files');
    const out = (chat: string) => () => desk.sql(`select count(*) from messages where direction = 'out' and chat_id = '${chat}'`);
    const before = Number(files());
    await fifty('message', (idempotencyKey) => api.call('public.messageCreate', { chatId }, { json: { url_attachments: urls }, idempotencyKey }), out(chatId));
    expect(Number(files()) - before).toBe(2);
    await fifty('sequence', (idempotencyKey) => api.call('public.sequenceCreate', { chatId }, { json: { steps: [{ url_attachments: urls }] }, idempotencyKey }), out(chatId));
    const initialMessage = { type: 'image', url };
    const contactValue = email();
    await fifty('chat/create', (idempotencyKey) => api.call('public.chatCreate', {}, { json: { contactType: 'email', contactValue, channelId: desk.reaches('email'), initialMessage }, idempotencyKey }),
      () => desk.sql("select count(*) from messages where direction = 'out' and kind = 'email'"));
    expect(Number(files()) - before).toBe(5);

    const idempotencyKey = `idem-${unique()}`;
    const send = (path: string) => api.call('public.messageCreate', { chatId }, { json: { url_attachments: [{ url: `${filesAt}${path}` }] }, idempotencyKey });
    refused(await send('/nada'), 400, 'FILE_NOT_FETCHED'); // the key is free again
    const count = fetches;
    const first = ok(await send('/foto.png'), 201);
    expect(fetches).toBe(count + 1);
    expect(ok(await send('/foto.png'), 201).text).toBe(first.text);
    expect(fetches).toBe(count + 1);
    refused(await send('/outra.png'), 422, 'IDEMPOTENCY_KEY_REUSED');
  });

  test('the key belongs to one request; a refusal leaves it free', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const idempotencyKey = `idem-${unique()}`;
    const send = (json: JsonObject) => api.call('public.messageCreate', { chatId }, { json, idempotencyKey });
    refused(await send({}), 400);
    ok(await send({ content: 'Uma' }), 201);
    refused(await send({ content: 'Outra' }), 422, 'IDEMPOTENCY_KEY_REUSED');
    expect(texts(await desk.messages(chatId))).toEqual(['Uma']);
    const body = (await send({ content: 'Uma' })).json;
    expect(isObject(body) && body['success']).toBe(true);
  });
});
