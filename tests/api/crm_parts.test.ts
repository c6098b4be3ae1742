/* What hangs on a customer (contacts, tags, notes, stage, values), merging with chats on both sides, timeline, exports,
   erasure; and what an organization sets up: tags, custom fields, funnels. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type JsonObject, isObject, ok, refused } from './lib/client.ts';
import { Caller, details, email, mobile, rows } from './lib/crm.ts';
import { quietChannel } from './lib/inbox.ts';
import { type Organization, join, makeKey, signUp } from './lib/people.ts';
import { Server } from './lib/server.ts';
import { Socket } from './lib/socket.ts';

let server: Server;
let org: Organization;
let owner: Caller;
const nobody = '019a0000-0000-7000-8000-000000000000';

beforeAll(async () => {
  server = await Server.start();
  org = await signUp(server.url);
  owner = await Caller.of(org);
});
afterAll(async () => {
  await server.stop();
});

const member = (value: unknown, name: string): unknown => (isObject(value as JsonObject) ? (value as JsonObject)[name] : undefined);
const data = (answer: Answer): JsonObject => answer.get('data') as JsonObject;
const contactsOf = (body: JsonObject): JsonObject[] => body['contacts'] as JsonObject[];

describe('contacts', () => {
  test('add, change, make primary, remove', async () => {
    const { id } = await owner.make({ name: 'Contatos', email: email() });
    const phone = mobile();
    const added = ok(await owner.call('customers.addContact', { customerId: id }, { json: { kind: 'phone', identifier: phone, label: 'trabalho' } }), 201);
    const [first, second] = contactsOf(added.json as JsonObject);
    expect([first?.['isPrimary'], second?.['isPrimary']]).toEqual([true, false]);
    refused(await owner.call('customers.addContact', { customerId: id }, { json: { kind: 'phone', identifier: `+55 ${phone}` } }), 409, 'CONTACT_DUPLICATE');
    expect(details(refused(await owner.call('customers.addContact', { customerId: id }, { json: { kind: 'email', identifier: 'x' } }), 400))).toEqual(['identifier INVALID_EMAIL']);
    const contactId = String(second?.['id']);
    const primary = ok(await owner.call('customers.updateContact', { customerId: id, contactId }, { json: { isPrimary: true, label: 'casa' } }), 200);
    expect(contactsOf(primary.json as JsonObject)[0]).toMatchObject({ id: contactId, label: 'casa', isPrimary: true });
    const other = mobile();
    const changed = ok(await owner.call('customers.updateContact', { customerId: id, contactId }, { json: { identifier: other } }), 200);
    expect(contactsOf(changed.json as JsonObject)[0]).toMatchObject({ identifier: other, label: 'casa', isPrimary: true });
    // The old number is free again.
    await owner.make({ name: 'Herdou o número', phone });
    const now = String(contactsOf(changed.json as JsonObject)[0]?.['id']);
    const removed = ok(await owner.call('customers.removeContact', { customerId: id, contactId: now }), 200);
    expect(contactsOf(removed.json as JsonObject)).toMatchObject([{ kind: 'email', isPrimary: true }]);
    refused(await owner.call('customers.removeContact', { customerId: id, contactId: now }), 404, 'CONTACT_NOT_FOUND');
    refused(await owner.call('customers.updateContact', { customerId: id, contactId: now }, { json: { label: 'x' } }), 404, 'CONTACT_NOT_FOUND');
  });

  test('a contact of another customer is refused unless doubles are allowed', async () => {
    const mail = email();
    const a = await owner.make({ name: 'Dona', email: mail });
    const b = await owner.make({ name: 'Outra', email: email() });
    const json = { kind: 'email', identifier: mail };
    const answer = refused(await owner.call('customers.addContact', { customerId: b.id }, { json }), 409, 'CUSTOMER_DUPLICATE');
    expect([answer.get('customerId'), answer.get('customerName'), answer.get('field')]).toEqual([a.id, 'Dona', 'identifier']);
    ok(await owner.call('customers.addContact', { customerId: b.id }, { json: { ...json, allowDuplicateContacts: true } }), 201);
    // Not by the contact of a third customer either.
    const own = String(contactsOf(await owner.get(a.id))[0]?.['id']);
    refused(await owner.call('customers.removeContact', { customerId: b.id, contactId: own }), 404, 'CONTACT_NOT_FOUND');
  });
});

describe('tags and notes', () => {
  test('tags of the organization', async () => {
    const made = data(ok(await owner.call('tags.create', {}, { json: { name: 'Urgente', color: '#AA0000' } }), 201));
    expect(made).toMatchObject({ name: 'Urgente', color: '#aa0000' });
    refused(await owner.call('tags.create', {}, { json: { name: 'URGENTE' } }), 409, 'TAG_DUPLICATE');
    const tagId = String(made['id']);
    expect(data(ok(await owner.call('tags.update', { tagId }, { json: { name: 'Muito urgente' } }), 200))).toMatchObject({ color: '#aa0000' });
    expect(details(refused(await owner.call('tags.update', { tagId }, { json: { color: 'red', name: '' } }), 400)).map((d) => d.split(' ')[0]).sort()).toEqual(['color', 'name']);
    const key = owner.as(await makeKey(org));
    expect(rows(ok(await key.call('tags.list'), 200), 'data').map((t) => t['name'])).toContain('Muito urgente');
    const { id } = await owner.make({ name: 'Etiquetada', email: email(), tags: [tagId] });
    expect((await owner.get(id))['tags']).toEqual([tagId]);
    ok(await owner.call('tags.delete', { tagId }), 200);
    expect((await owner.get(id))['tags']).toEqual([]);
    refused(await owner.call('tags.delete', { tagId }), 404, 'TAG_NOT_FOUND');
    refused(await owner.call('tags.update', { tagId: nobody }, { json: { name: 'x' } }), 404, 'TAG_NOT_FOUND');
  });

  test('tags of a customer', async () => {
    const tagId = String(data(ok(await owner.call('tags.create', {}, { json: { name: 'De cliente' } }), 201))['id']);
    const { id } = await owner.make({ name: 'T', email: email() });
    for (let i = 0; i < 2; i++)
      expect(data(ok(await owner.call('customers.addTag', { customerId: id }, { json: { tagId } }), 200))).toEqual({ customerId: id, tagId, tags: [tagId] });
    expect(details(refused(await owner.call('customers.addTag', { customerId: id }, { json: { tagId: nobody } }), 400))[0]).toContain('tagId');
    expect(details(refused(await owner.call('customers.addTag', { customerId: id }, { json: { tagId, chatId: nobody } }), 400))[0]).toContain('chatId');
    expect(data(ok(await owner.call('customers.removeTag', { customerId: id, tagId }), 200))['tags']).toEqual([]);
    refused(await owner.call('customers.removeTag', { customerId: id, tagId: nobody }), 404, 'TAG_NOT_FOUND');
    refused(await owner.call('customers.addTag', { customerId: nobody }, { json: { tagId } }), 404, 'CUSTOMER_NOT_FOUND');
  });

  test('notes', async () => {
    const { id } = await owner.make({ name: 'N', email: email() });
    expect(details(refused(await owner.call('customers.addNote', { customerId: id }, { json: { content: 'sem título' } }), 400))).toEqual(['title REQUIRED']);
    const note = data(ok(await owner.call('customers.addNote', { customerId: id }, { json: { title: 'Visita', content: 'Linha 1\nLinha 2' } }), 201));
    expect(note).toMatchObject({ title: 'Visita', content: 'Linha 1\nLinha 2', authorName: org.owner.name });
    const noteId = String(note['id']);
    expect(data(ok(await owner.call('customers.updateNote', { customerId: id, noteId }, { json: { content: '' } }), 200))).toMatchObject({ title: 'Visita', content: '' });
    for (let i = 0; i < 3; i++) ok(await owner.call('customers.addNote', { customerId: id }, { json: { title: `N${i}` } }), 201);
    const first = ok(await owner.call('customers.notes', { customerId: id }, { query: { limit: 3 } }), 200);
    expect(rows(first).map((n) => n['title'])).toEqual(['N2', 'N1', 'N0']);
    const second = ok(await owner.call('customers.notes', { customerId: id }, { query: { limit: 3, cursor: first.str('next') } }), 200);
    expect([rows(second).map((n) => n['title']), second.get('next')]).toEqual([['Visita'], null]);
    const other = await owner.make({ name: 'O', email: email() });
    refused(await owner.call('customers.removeNote', { customerId: other.id, noteId }), 404, 'NOTE_NOT_FOUND');
    ok(await owner.call('customers.removeNote', { customerId: id, noteId }), 200);
    refused(await owner.call('customers.updateNote', { customerId: id, noteId }, { json: { title: 'x' } }), 404, 'NOTE_NOT_FOUND');
  });
});

describe('custom fields', () => {
  test('definitions', async () => {
    const made = ok(await owner.call('fields.create', {}, { json: { name: 'Data da Última Visita', kind: 'date', required: 'close' } }), 201);
    expect(made.json).toMatchObject({ slug: 'data_da_ultima_visita', kind: 'date', required: 'close', options: [] });
    expect(ok(await owner.call('fields.create', {}, { json: { name: 'Data da última visita', kind: 'date' } }), 201).str('slug')).toBe('data_da_ultima_visita_2');
    refused(await owner.call('fields.create', {}, { json: { name: 'x', slug: 'data_da_ultima_visita', kind: 'text' } }), 409, 'FIELD_DUPLICATE');
    expect(details(refused(await owner.call('fields.create', {}, { json: { name: 'x', slug: '1-a', kind: 'text' } }), 400, 'INVALID_SLUG'))).toEqual(['slug INVALID_SLUG']);
    refused(await owner.call('fields.create', {}, { json: { name: 'x', kind: 'select' } }), 400, 'INVALID_OPTIONS');
    refused(await owner.call('fields.create', {}, { json: { name: 'x', kind: 'text', options: [{ label: 'a' }] } }), 400, 'INVALID_OPTIONS');
    refused(await owner.call('fields.create', {}, { json: { name: 'x', kind: 'select', options: [{ label: 'Não' }, { label: 'nao' }] } }), 400, 'INVALID_OPTIONS');
    expect(details(refused(await owner.call('fields.create', {}, { json: { name: 'x', kind: 'fax' } }), 400))[0]).toContain('kind');
    const fieldId = made.str('id');
    expect(ok(await owner.call('fields.update', { fieldId }, { json: { name: 'Visita', position: 7 } }), 200).json).toMatchObject({ name: 'Visita', position: 7, slug: 'data_da_ultima_visita' });
    ok(await owner.call('fields.delete', { fieldId }), 204);
    refused(await owner.call('fields.update', { fieldId }, { json: { name: 'x' } }), 404, 'FIELD_NOT_FOUND');
  });

  test('an option in use stays, its label may change; a field with values is put away', async () => {
    const field = ok(await owner.call('fields.create', {}, { json: { name: 'Plano', kind: 'select', options: [{ label: 'Básico' }, { label: 'Pleno' }] } }), 201);
    const [basic, full] = rows(field, 'options');
    const fieldId = field.str('id');
    const { id } = await owner.make({ name: 'P', email: email(), customFields: { plano: 'basico' } });
    expect((await owner.get(id))['fields']).toEqual({ plano: basic?.['id'] });
    const answer = refused(await owner.call('fields.update', { fieldId }, { json: { options: [full] } }), 409, 'FIELD_OPTION_IN_USE');
    expect(answer.get('customers')).toBe(1);
    ok(await owner.call('fields.update', { fieldId }, { json: { options: [{ ...basic, label: 'Inicial' }] } }), 200);
    expect((await owner.get(id))['fields']).toEqual({ plano: basic?.['id'] });
    ok(await owner.call('fields.delete', { fieldId }), 204);
    expect((await owner.get(id))['fields']).toEqual({});
    ok(await owner.call('fields.create', {}, { json: { name: 'Plano', kind: 'text' } }), 201);
  });

  test('values of every kind over the public path', async () => {
    const kinds: Record<string, [unknown, unknown, unknown]> = {
      text: ['Recife', 'Recife', 5],
      long_text: ['a\nb', 'a\nb', 5],
      number: ['12.50', 12.5, '12,5'],
      money: [{ amountMinor: 1990 }, { amountMinor: 1990, currency: 'BRL' }, '1,99'],
      date: ['2026-02-28', '2026-02-28', '2026-02-30'],
      datetime: ['2026-12-31T09:30:00-03:00', '2026-12-31T12:30:00.000Z', '2026-12-31'],
      yes_no: ['sim', true, 'talvez'],
      link: ['https://a.example/', 'https://a.example/', 'javascript:1'],
      phone: ['11 98421-0000', '+5511984210000', '12'],
      email: ['A@B.com', 'a@b.com', 'a@'],
      multi_select: [['b', 'A'], ['ida', 'idb'], ['c']],
      select: ['B', 'idb', 'c'],
      file: [null, null, nobody],
    };
    const { id } = await owner.make({ name: 'V', email: email() });
    for (const [kind, [value, stored, bad]] of Object.entries(kinds)) {
      const options = kind.includes('select') ? { options: [{ id: 'ida', label: 'A' }, { id: 'idb', label: 'B' }] } : {};
      const slug = `v_${kind}`;
      const field = ok(await owner.call('fields.create', {}, { json: { name: `Valor ${kind}`, slug, kind, ...options } }), 201);
      const set = data(ok(await owner.call('customers.setFieldValue', { customerId: id }, { json: { slug, value } }), 200));
      expect(set).toEqual({ slug, fieldId: field.str('id'), value: stored });
      const answer = refused(await owner.call('customers.setFieldValue', { customerId: id }, { json: { field_definition_id: field.str('id'), value: bad } }), 400, 'VALIDATION_ERROR');
      expect(details(answer)[0]).toMatch(/^value /);
      const put = refused(await owner.call('customers.update', { customerId: id }, { json: { customFields: [{ slug, value: bad }] } }), 400, 'VALIDATION_ERROR');
      expect(details(put)[0]).toMatch(new RegExp(`^customFields.${slug} `));
    }
    const list = rows(ok(await owner.call('customers.fieldValues', { customerId: id }), 200), 'data');
    for (const [kind, [, stored]] of Object.entries(kinds)) expect(list.find((one) => one['slug'] === `v_${kind}`)?.['value']).toEqual(stored);
    ok(await owner.call('customers.setFieldValue', { customerId: id }, { json: { slug: 'v_text', value: null } }), 200);
    expect((await owner.get(id))['fields']).not.toHaveProperty('v_text');
    refused(await owner.call('customers.setFieldValue', { customerId: id }, { json: { slug: 'nada', value: 1 } }), 404, 'FIELD_NOT_FOUND');
    expect(details(refused(await owner.call('customers.setFieldValue', { customerId: id }, { json: { value: 1 } }), 400))).toEqual(['slug REQUIRED']);
  });
});

describe('funnels', () => {
  test('stages, moves and time in stage', async () => {
    const funnel = ok(await owner.call('funnels.create', {}, { json: { name: 'Obras', stages: [{ name: 'Novo' }, { name: 'Feito', kind: 'won' }] } }), 201);
    refused(await owner.call('funnels.create', {}, { json: { name: 'obras' } }), 409, 'FUNNEL_DUPLICATE');
    const [first, second] = rows(funnel, 'stages').map((s) => String(s['id'])) as [string, string];
    const third = ok(await owner.call('stages.create', { funnelId: funnel.str('id') }, { json: { name: 'Perdido', kind: 'lost', color: '#111111' } }), 201);
    expect(third.json).toMatchObject({ position: 2, kind: 'lost', funnelId: funnel.str('id') });
    expect(ok(await owner.call('stages.update', { stageId: third.str('id') }, { json: { name: 'Não quis' } }), 200).str('name')).toBe('Não quis');
    ok(await owner.call('funnels.update', { funnelId: funnel.str('id') }, { json: { name: 'Obras novas' } }), 200);

    const a = await owner.make({ name: 'A', email: email(), stageId: first });
    const b = await owner.make({ name: 'B', email: email(), stageId: first });
    expect(Number((await owner.get(b.id))['stageOrder'])).toBeLessThan(Number((await owner.get(a.id))['stageOrder']));
    const moved = data(ok(await owner.call('customers.stage', { customerId: a.id }, { json: { stageId: second, notes: 'fechou' } }), 200));
    expect(moved).toMatchObject({ stageId: second });
    ok(await owner.call('customers.stage', { customerId: a.id }, { json: { stageId: second, stageOrder: 4.5 } }), 200);
    expect((await owner.get(a.id))['stageOrder']).toBe(4.5);
    const timeline = rows(ok(await owner.call('customers.timeline', { customerId: a.id }), 200)).filter((one) => one['type'] === 'stage');
    expect(timeline.map((one) => one['data'])).toMatchObject([
      { fromStageId: first, toStageId: second, note: 'fechou', secondsInStage: expect.any(Number) },
      { fromStageId: null, toStageId: first, secondsInStage: null },
    ]);
    expect(details(refused(await owner.call('customers.stage', { customerId: a.id }, { json: { stageId: nobody } }), 400))[0]).toContain('stageId');
    expect(details(refused(await owner.call('customers.stage', { customerId: a.id }, { json: { stageId: first, chatId: nobody } }), 400))[0]).toContain('chatId');
    expect(await owner.names({ stageId: first })).toEqual(['B']);

    const answer = refused(await owner.call('stages.delete', { stageId: first }), 409, 'STAGE_IN_USE');
    expect(answer.get('customers')).toBe(1);
    refused(await owner.call('stages.delete', { stageId: first }, { query: { moveToId: first } }), 400, 'UNKNOWN_REFERENCE');
    ok(await owner.call('stages.delete', { stageId: first }, { query: { moveToId: second } }), 204);
    expect((await owner.get(b.id))['stageId']).toBe(second);
    refused(await owner.call('funnels.delete', { funnelId: funnel.str('id') }), 409, 'STAGE_IN_USE');
    for (const id of [a.id, b.id]) ok(await owner.call('customers.stage', { customerId: id }, { json: { stageId: null } }), 200);
    expect((await owner.get(a.id))['stageSince']).toBeNull();
    ok(await owner.call('funnels.delete', { funnelId: funnel.str('id') }), 204);
    refused(await owner.call('funnels.delete', { funnelId: funnel.str('id') }), 404, 'FUNNEL_NOT_FOUND');
  });

  test('a new organization starts with some', async () => {
    const fresh = await Caller.of(await signUp(server.url, 'Nova'));
    const [funnel] = rows(ok(await fresh.call('funnels.list'), 200));
    expect(funnel?.['name']).toBe('Vendas');
    expect((funnel?.['stages'] as JsonObject[]).map((s) => s['kind'])).toEqual(['open', 'open', 'open', 'won', 'lost']);
    expect(rows(ok(await fresh.call('tags.list'), 200), 'data').length).toBeGreaterThan(2);
  });
});

describe('chats, merge, erase', () => {
  const chat = async (contactType: string, contactValue: string, more: JsonObject = {}): Promise<JsonObject> =>
    ok(await org.owner.client.post(org.path('/chat/create'), { contactType, contactValue, channelId: quietChannel(server.dataDir, org.id, contactType), ...more }))
      .json as JsonObject;

  test('files of a customer, page by page', async () => {
    const { chatId, customerId } = await chat('email', email());
    for (const name of ['a.txt', 'b.txt', 'c.txt']) {
      const form = new FormData();
      form.set('file', new Blob([`conteúdo de ${name}`], { type: 'text/plain' }), name);
      const fileId = ok(await org.owner.client.call('POST', org.path('/files'), { body: form }), 201).str('id');
      ok(await org.owner.client.post(org.path(`/chats/${String(chatId)}/messages`), { content: name, clientId: name, fileIds: [fileId] }));
    }
    const first = ok(await owner.call('customers.files', { customerId: String(customerId) }, { query: { limit: 2 } }), 200);
    expect(rows(first).map((f) => [f['name'], f['chatId']])).toEqual([['c.txt', chatId], ['b.txt', chatId]]);
    ok(await org.owner.client.get(String(rows(first)[0]?.['url'])), 200);
    const second = ok(await owner.call('customers.files', { customerId: String(customerId) }, { query: { limit: 2, cursor: first.str('next') } }), 200);
    expect([rows(second).map((f) => f['name']), second.get('next')]).toEqual([['a.txt'], null]);
  });

  test('a removed contact keeps its chats', async () => {
    const mail = email();
    const { chatId, customerId } = await chat('email', mail);
    const id = String(customerId);
    const contactId = String(contactsOf(await owner.get(id))[0]?.['id']);
    expect(contactsOf(ok(await owner.call('customers.removeContact', { customerId: id, contactId }), 200).json as JsonObject)).toEqual([]);
    ok(await org.owner.client.get(org.path(`/chats/${String(chatId)}`)), 200);
    expect((await chat('email', mail))['customerId']).not.toBe(id);
  });

  test('merge takes from the other what the person chose, in one step', async () => {
    const slug = 'altura';
    ok(await owner.call('fields.create', {}, { json: { name: 'Altura', slug, kind: 'text' } }), 201);
    ok(await owner.call('fields.create', {}, { json: { name: 'Largura', slug: 'largura', kind: 'text' } }), 201);
    const kept = await owner.make({ name: 'Rui', email: email(), document: 'R-1', birthDate: '1980-01-01', customFields: { altura: '10', largura: '1' } });
    const gone = await owner.make({ name: 'Rui Braga', email: email(), document: 'R-2', birthDate: '1981-02-02', pinnedNote: 'Só à tarde', customFields: { altura: '20', largura: '2' } });
    const merge = (values: string[]) => owner.call('customers.merge', { customerId: kept.id }, { json: { mergeId: gone.id, values } });
    for (const wrong of ['nome', 'field:no', 'contacts']) {
      expect(details(refused(await merge(['name', wrong]), 400))).toEqual(['values INVALID_CHOICE']);
    }
    expect(await owner.get(gone.id)).toMatchObject({ mergedIntoId: null }); // nothing happened
    const merged = ok(await merge(['name', 'document', 'field:altura', 'owner', 'stage']), 200).json as JsonObject;
    expect(merged).toMatchObject({
      name: 'Rui Braga', document: 'R-2', birthDate: '1980-01-01', pinnedNote: 'Só à tarde', fields: { altura: '20', largura: '1' },
    });
    const [entry] = rows(ok(await owner.call('audit.list', {}, { query: { action: 'customer.merged', entityId: kept.id } }), 200));
    expect(entry?.['changes']).toMatchObject({ name: ['Rui', 'Rui Braga'], document: ['R-1', 'R-2'] });
    // The document is the kept one's now: nobody else can have it.
    refused(await owner.call('customers.create', {}, { json: { name: 'Outro', email: email(), document: 'R-2' } }), 409, 'CUSTOMER_DUPLICATE');
  });

  test('merge keeps both histories', async () => {
    const phone = mobile();
    const mail = email();
    const tag = String(data(ok(await owner.call('tags.create', {}, { json: { name: 'Da mesclada' } }), 201))['id']);
    ok(await owner.call('fields.create', {}, { json: { name: 'Bairro', slug: 'bairro', kind: 'text' } }), 201);
    ok(await owner.call('fields.create', {}, { json: { name: 'Rua', slug: 'rua', kind: 'text' } }), 201);
    const kept = await owner.make({ name: 'Ana', phone, customFields: { bairro: 'Centro' } });
    const gone = await owner.make({ name: 'Ana Souza', email: mail, document: 'M-1', tags: [tag], customFields: { bairro: 'Norte', rua: 'Sol' }, birthDate: '1990-05-05' });
    ok(await owner.call('customers.addContact', { customerId: gone.id }, { json: { kind: 'phone', identifier: phone, allowDuplicateContacts: true } }), 201);
    ok(await owner.call('customers.addNote', { customerId: gone.id }, { json: { title: 'Nota dela' } }), 201);
    const first = await chat('phone', phone, { customerId: kept.id });
    const second = await chat('email', mail, { customerId: gone.id });
    const third = await chat('phone', phone, { customerId: gone.id }).catch(() => undefined);
    const socket = await Socket.open(org.owner.client, org.path('/events'));
    await socket.wait('hello');

    refused(await owner.call('customers.merge', { customerId: kept.id }, { json: { mergeId: kept.id } }), 400, 'SAME_CUSTOMER');
    refused(await owner.call('customers.merge', { customerId: kept.id }, { json: { mergeId: nobody } }), 404, 'CUSTOMER_NOT_FOUND');
    const merged = ok(await owner.call('customers.merge', { customerId: kept.id }, { json: { mergeId: gone.id } }), 200).json as JsonObject;
    expect(merged).toMatchObject({ id: kept.id, name: 'Ana', document: 'M-1', birthDate: '1990-05-05', tags: [tag], fields: { bairro: 'Centro', rua: 'Sol' } });
    expect(contactsOf(merged).map((k) => k['kind']).sort()).toEqual(['email', 'phone']);
    await socket.wait('customer.merged', (d) => d['customerId'] === kept.id && d['mergedId'] === gone.id);
    socket.close();

    const chats = rows(ok(await owner.call('customers.chats', { customerId: kept.id }), 200)).map((c) => c['id']);
    expect(chats).toEqual(expect.arrayContaining([first['chatId'], second['chatId'], ...(third ? [third['chatId']] : [])]));
    for (const id of chats) expect(member(ok(await org.owner.client.get(org.path(`/chats/${String(id)}`)), 200).get('customer'), 'id')).toBe(kept.id);
    const types = rows(ok(await owner.call('customers.timeline', { customerId: kept.id }), 200)).map((one) => one['type']);
    expect(types).toEqual(expect.arrayContaining(['merge', 'note', 'chat', 'created']));

    // The old address resolves, and is closed for changes; the person is found by either contact.
    expect(await owner.get(gone.id)).toMatchObject({ mergedIntoId: kept.id });
    const closed = refused(await owner.call('customers.update', { customerId: gone.id }, { json: { name: 'x' } }), 409, 'CUSTOMER_MERGED');
    expect(closed.get('mergedIntoId')).toBe(kept.id);
    refused(await owner.call('customers.merge', { customerId: kept.id }, { json: { mergeId: gone.id } }), 409, 'CUSTOMER_MERGED');
    expect(await owner.names({ search: mail })).toEqual(['Ana']);
    expect(refused(await owner.call('customers.create', {}, { json: { email: mail } }), 409).get('customerId')).toBe(kept.id);
    expect(refused(await owner.call('customers.create', {}, { json: { email: email(), document: 'm1' } }), 409).get('customerId')).toBe(kept.id);
    expect((await chat('email', mail))['chatId']).toBe(second['chatId']);
  });

  test('two merges into each other at once', async () => {
    const [a, b] = await Promise.all([owner.make({ name: 'Um', email: email() }), owner.make({ name: 'Dois', email: email() })]);
    const answers = await Promise.all([
      owner.client.post(org.path(`/customers/${a.id}/merge`), { mergeId: b.id }),
      owner.client.post(org.path(`/customers/${b.id}/merge`), { mergeId: a.id }),
    ]);
    expect(answers.map((x) => x.status).sort()).toEqual([200, 409]);
    const into = (await Promise.all([owner.get(a.id), owner.get(b.id)])).map((c) => c['mergedIntoId']);
    expect(into.filter((x) => x === null)).toHaveLength(1);
  });

  test('timeline pages hold each once, newest first', async () => {
    const { id } = await owner.make({ name: 'Linha', email: email() });
    for (let i = 0; i < 4; i++) {
      ok(await owner.call('customers.addNote', { customerId: id }, { json: { title: `N${i}` } }), 201);
      ok(await owner.call('customers.update', { customerId: id }, { json: { name: `Linha ${i}` } }), 200);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 10; page++) {
      const answer = ok(await owner.call('customers.timeline', { customerId: id }, { query: { limit: 2, cursor } }), 200);
      seen.push(...rows(answer).map((one) => `${String(one['type'])}`));
      if (answer.get('next') === null) break;
      cursor = answer.str('next');
    }
    expect(seen).toEqual(['field', 'note', 'field', 'note', 'field', 'note', 'field', 'note', 'created']);
  });

  test('delete refuses open chats, frees the contact, keeps the history', async () => {
    const mail = email();
    const { chatId, customerId } = await chat('email', mail);
    const id = String(customerId);
    expect(refused(await owner.call('customers.delete', { customerId: id }), 409, 'CUSTOMER_HAS_OPEN_CHATS').get('openChats')).toBe(1);
    const closureTypeId = rows(ok(await org.owner.client.get(org.path('/closure-types')), 200))[0]?.['id'];
    ok(await org.owner.client.post(org.path(`/chats/${String(chatId)}/close`), { closureTypeId }));
    ok(await owner.call('customers.delete', { customerId: id }), 204);
    refused(await owner.call('customers.get', { customerId: id }), 404, 'CUSTOMER_NOT_FOUND');
    ok(await org.owner.client.get(org.path(`/chats/${String(chatId)}`)), 200);
    await owner.make({ name: 'De volta', email: mail });
  });

  test('erase leaves nothing', async () => {
    const mail = email('apagar');
    const { chatId, customerId } = await chat('email', mail, { customerName: 'Apagada Completamente', initialMessage: 'Olá, Apagada' });
    const id = String(customerId);
    ok(await owner.call('customers.update', { customerId: id }, { json: { name: 'Apagada Mesmo' } }), 200);
    const told = ok(await owner.call('customers.exportOne', { customerId: id }), 200);
    expect(told.headers.get('content-disposition')).toContain('attachment');
    for (const word of [mail, 'Olá, Apagada', 'Apagada Mesmo']) expect(told.text).toContain(word);
    ok(await owner.call('customers.erase', { customerId: id }), 204);
    refused(await owner.call('customers.get', { customerId: id }), 404);
    refused(await org.owner.client.get(org.path(`/chats/${String(chatId)}`)), 404);
    const audit = ok(await org.owner.client.get(org.path('/audit'), { entity: 'customer' }), 200);
    expect(audit.text).not.toMatch(/Apagada/);
    expect(rows(audit).find((one) => one['entityId'] === id && one['action'] === 'customer.erased')).toBeTruthy();
    expect((await chat('email', mail))['customerId']).not.toBe(id);
  });
});

describe('export', () => {
  test('CSV and JSON of a filter', async () => {
    const fresh = await signUp(server.url, 'Exporta');
    const caller = await Caller.of(fresh);
    ok(await caller.call('fields.create', {}, { json: { name: 'Plano', kind: 'select', options: [{ label: 'Básico' }] } }), 201);
    ok(await caller.call('fields.create', {}, { json: { name: 'Dívida', kind: 'money' } }), 201);
    const tag = String(data(ok(await caller.call('tags.create', {}, { json: { name: 'Zona, Sul' } }), 201))['id']);
    await caller.make({ name: '=HYPERLINK("http://x")', phone: '11 98421-7730', email: 'ana@example.com', tags: [tag], valueMinor: 123450, customFields: { plano: 'Básico', divida: 10.5 } });
    for (let i = 0; i < 5; i++) await caller.make({ name: `Cliente ${i}`, email: email() });
    const csv = ok(await caller.call('customers.export', {}, { query: { format: 'csv' } }), 200);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const lines = csv.text.replace(/^\ufeff/, '').trim().split('\r\n');
    expect(lines).toHaveLength(7);
    expect(lines[0]).toBe('Id,Nome,Tipo,Documento,Nascimento,Telefones,E-mails,Outros contatos,Etiquetas,Etapa,Responsável,Valor,Origem,País,Criado em,Última mensagem,Plano,Dívida');
    expect(lines[1]).toContain(`,"'=HYPERLINK(""http://x"")",person,,,+5511984217730,ana@example.com,,"Zona, Sul",,,1234.50,manual,,`);
    expect(lines[1]).toMatch(/,Básico,10\.50 BRL$/);
    const json = ok(await caller.call('customers.export', {}, { query: { format: 'json', search: 'cliente' } }), 200);
    expect(rows(json).map((c) => c['name']).sort()).toEqual(['Cliente 0', 'Cliente 1', 'Cliente 2', 'Cliente 3', 'Cliente 4']);
    const audit = ok(await fresh.owner.client.get(fresh.path('/audit'), { action: 'customers.exported' }), 200);
    expect(rows(audit)).toHaveLength(2);
  });

  test('more than one stretch', async () => {
    const fresh = await signUp(server.url, 'Muitos');
    const caller = await Caller.of(fresh);
    for (let i = 0; i < 26; i++)
      await Promise.all(Array.from({ length: 20 }, (_, k) => fresh.owner.client.post(fresh.path('/customers'), { name: `C${i * 20 + k}`, email: `c${i * 20 + k}@example.com` })));
    const json = ok(await caller.call('customers.export', {}, { query: { format: 'json' } }), 200);
    expect(new Set(rows(json).map((c) => c['name'])).size).toBe(520);
  }, 60_000);

  test('an agent without the permission', async () => {
    const person = await join(org, 'agent');
    refused(await owner.as(person.client).call('customers.exportOne', { customerId: nobody }), 403);
  });
});
