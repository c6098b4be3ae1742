/* Many customers at once; pairs that are no doubles; fields that are always required; which contact is the first one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type CallOptions, type JsonObject, ok, refused } from './lib/client.ts';
import { Caller, details, email, mobile, rows } from './lib/crm.ts';
import { type Organization, join, makeKey, makeRole, signUp } from './lib/people.ts';
import { Server } from './lib/server.ts';

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

const some = (count: number, name: string): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, async (_, i) => (await owner.make({ name: `${name} ${i}`, email: email() })).id));
const bulk = (json: JsonObject, as = owner): Promise<Answer> => as.call('customers.bulk', {}, { json } satisfies CallOptions);
const tag = async (name: string): Promise<string> => String((ok(await owner.call('tags.create', {}, { json: { name } }), 201).get('data') as JsonObject)['id']);
const done = (count: number, failed: JsonObject[] = [], next: unknown = null): unknown => ({ done: count, failed, next });

describe('many at once', () => {
  test('tag and untag, by ids', async () => {
    const ids = await some(3, 'Lote');
    const tagId = await tag('Lote');
    const other = await tag('Outra');
    ok(await bulk({ action: 'tag', customerIds: ids.slice(0, 1), tagId: other }), 200);
    expect(ok(await bulk({ action: 'tag', customerIds: [...ids, ...ids], tagId }), 200).json).toEqual(done(3));
    for (const id of ids) expect((await owner.get(id))['tags']).toContain(tagId);
    expect((await owner.get(ids[0] ?? ''))['tags']).toEqual([other, tagId]);
    expect(ok(await bulk({ action: 'untag', customerIds: ids.slice(1), tagId }), 200).json).toEqual(done(2));
    expect((await owner.get(ids[1] ?? ''))['tags']).toEqual([]);
    expect((await owner.get(ids[0] ?? ''))['tags']).toEqual([other, tagId]);
  });

  test('owner and stage, null takes them away, the log says from what to what', async () => {
    const ids = await some(2, 'Dona');
    const ana = await join(org, 'agent');
    const funnelId = ok(await owner.call('funnels.create', {}, { json: { name: 'Lotes' } }), 201).str('id');
    const stageId = ok(await owner.call('stages.create', { funnelId }, { json: { name: 'Novo lote' } }), 201).str('id');
    expect(ok(await bulk({ action: 'owner', customerIds: ids, ownerId: ana.userId }), 200).json).toEqual(done(2));
    expect(ok(await bulk({ action: 'stage', customerIds: ids, stageId }), 200).json).toEqual(done(2));
    for (const id of ids) expect(await owner.get(id)).toMatchObject({ ownerId: ana.userId, stageId });
    const entries = rows(ok(await owner.call('audit.list', {}, { query: { entity: 'customer', entityId: ids[0] ?? '' } }), 200));
    expect(entries.map((one) => one['changes'])).toContainEqual({ ownerId: [null, ana.userId] });
    ok(await bulk({ action: 'owner', customerIds: ids, ownerId: null }), 200);
    ok(await bulk({ action: 'stage', customerIds: ids, stageId: null }), 200);
    for (const id of ids) expect(await owner.get(id)).toMatchObject({ ownerId: null, stageId: null });
  });

  test('one that cannot be changed does not hold back the others', async () => {
    const [one = '', gone = '', two = ''] = await some(3, 'Apagar');
    ok(await owner.call('customers.delete', { customerId: gone }), 204);
    const answer = ok(await bulk({ action: 'delete', customerIds: [one, gone, nobody, two] }), 200);
    expect(answer.get('done')).toBe(2);
    expect(rows(answer, 'failed').map((failed) => `${String(failed['id'])} ${String(failed['code'])}`).sort()).toEqual([`${nobody} CUSTOMER_NOT_FOUND`, `${gone} CUSTOMER_NOT_FOUND`].sort());
    for (const customerId of [one, two]) refused(await owner.call('customers.get', { customerId }), 404);
  });

  test('everything that a filter matches, in stretches', async () => {
    const name = `Filtro${Date.now().toString(36)}`;
    for (let i = 0; i < 13; i++) await some(40, name); // 520
    const [others = ''] = await some(1, 'Fora do lote');
    const tagId = await tag(`De ${name}`);
    const first = ok(await bulk({ action: 'tag', filter: { search: name }, tagId }), 200);
    expect(first.json).toEqual(done(500, [], expect.any(String)));
    const second = ok(await bulk({ action: 'tag', filter: { search: name }, tagId, cursor: first.str('next') }), 200);
    expect(second.json).toEqual(done(20));
    expect((await owner.get(others))['tags']).toEqual([]);
    expect(ok(await bulk({ action: 'untag', filter: { tagId, createdFrom: '2090-01-01T00:00:00Z' }, tagId }), 200).json).toEqual(done(0));
    expect(ok(await owner.call('customers.count', {}, { query: { tagId } }), 200).get('count')).toBe(520);
  });

  test('what is asked wrongly is said once', async () => {
    const ids = await some(1, 'Errado');
    const wrong: [JsonObject, string][] = [
      [{ action: 'tag', customerIds: ids }, 'tagId REQUIRED'],
      [{ action: 'stage', customerIds: ids }, 'stageId REQUIRED'],
      [{ action: 'owner', customerIds: ids }, 'ownerId REQUIRED'],
      [{ action: 'tag', customerIds: ids, tagId: nobody }, 'tagId UNKNOWN_REFERENCE'],
      [{ action: 'stage', customerIds: ids, stageId: nobody }, 'stageId UNKNOWN_REFERENCE'],
      [{ action: 'owner', customerIds: ids, ownerId: nobody }, 'ownerId UNKNOWN_REFERENCE'],
      [{ action: 'delete' }, 'customerIds REQUIRED'],
      [{ action: 'delete', customerIds: ids, filter: {} }, 'customerIds REQUIRED'],
      [{ action: 'fly', customerIds: ids }, 'action INVALID_CHOICE'],
      [{ action: 'delete', filter: { stageId: 'x' } }, 'filter.stageId INVALID_UUID'],
    ];
    for (const [json, detail] of wrong) {
      const answer = refused(await bulk(json), 400);
      expect([json, details(answer)[0] ?? answer.get('code')]).toEqual([json, expect.stringContaining(detail.split(' ')[1] ?? '')]);
      expect(answer.text).toContain(detail.split(' ')[0]);
    }
    refused(await bulk({ action: 'delete', customerIds: Array.from({ length: 501 }, () => nobody) }), 400);
    expect(await owner.get(ids[0] ?? '')).toMatchObject({ tags: [], ownerId: null });
  });

  test('by permission, and only whom one sees', async () => {
    const ids = await some(2, 'Alheio');
    const tagId = await tag('Vista');
    const reader = owner.as((await join(org, await makeRole(org, ['customers.view', 'chats.view_all']))).client);
    refused(await bulk({ action: 'tag', customerIds: ids, tagId }, reader), 403);
    const editor = owner.as((await join(org, await makeRole(org, ['customers.view', 'customers.edit', 'chats.view_all']))).client);
    refused(await bulk({ action: 'delete', customerIds: ids }, editor), 403);
    ok(await bulk({ action: 'tag', customerIds: ids, tagId }, editor), 200);
    const blind = owner.as((await join(org, await makeRole(org, ['customers.view', 'customers.edit']))).client);
    expect(ok(await bulk({ action: 'untag', customerIds: ids, tagId }, blind), 200).get('done')).toBe(0);
    expect(ok(await bulk({ action: 'untag', filter: { tagId }, tagId }, blind), 200).get('done')).toBe(0);
    expect((await owner.get(ids[0] ?? ''))['tags']).toEqual([tagId]);
    const stranger = await Caller.of(await signUp(server.url));
    refused(await stranger.call('customers.bulk', {}, { json: { action: 'tag', customerIds: ids, tagId } }), 400);
    expect(ok(await stranger.call('customers.bulk', {}, { json: { action: 'delete', customerIds: ids } }), 200).get('done')).toBe(0);
    expect((await owner.get(ids[0] ?? ''))['id']).toBe(ids[0]);
  });
});

describe('two people after all', () => {
  const doubles = async (customerId: string): Promise<string[]> =>
    rows(ok(await owner.call('customers.duplicates', { customerId }), 200)).map((one) => String(one['id']));

  test('the pair is not suggested any more, from either side; others still are', async () => {
    const phone = mobile();
    const { id: mother } = await owner.make({ name: 'Dona Rosa', phone });
    const { id: son } = await owner.make({ name: 'Filho da Rosa', phone, allowDuplicateContacts: true });
    const { id: third } = await owner.make({ name: 'Neta da Rosa', phone, allowDuplicateContacts: true });
    expect((await doubles(mother)).sort()).toEqual([son, third].sort());
    ok(await owner.call('customers.dismissDuplicate', { customerId: son, otherId: mother }), 204);
    ok(await owner.call('customers.dismissDuplicate', { customerId: mother, otherId: son }), 204);
    expect(await doubles(mother)).toEqual([third]);
    expect(await doubles(son)).toEqual([third]);
    expect((await owner.get(mother))['duplicateOf']).toMatchObject({ id: third });
    ok(await owner.call('customers.dismissDuplicate', { customerId: mother, otherId: third }), 204);
    expect((await owner.get(mother))['duplicateOf']).toBeUndefined();
    expect(await doubles(third)).toEqual([son]);
    const entries = rows(ok(await owner.call('audit.list', {}, { query: { entity: 'customer', entityId: son } }), 200));
    expect(entries.filter((one) => one['action'] === 'customer.duplicate_dismissed')).toHaveLength(1);
  });

  test('not with oneself, not with whom one cannot see', async () => {
    const { id: one } = await owner.make({ name: 'Sozinha', email: email() });
    const { id: two } = await owner.make({ name: 'Outra', email: email() });
    refused(await owner.call('customers.dismissDuplicate', { customerId: one, otherId: one }), 400, 'SAME_CUSTOMER');
    refused(await owner.call('customers.dismissDuplicate', { customerId: one, otherId: nobody }), 404, 'CUSTOMER_NOT_FOUND');
    const blind = owner.as((await join(org, await makeRole(org, ['customers.view', 'customers.edit', 'customers.merge']))).client);
    const { id: own } = await blind.make({ name: 'Minha', email: email() });
    refused(await blind.call('customers.dismissDuplicate', { customerId: own, otherId: two }), 404, 'CUSTOMER_NOT_FOUND');
    const editor = owner.as((await join(org, await makeRole(org, ['customers.view', 'customers.edit', 'chats.view_all']))).client);
    refused(await editor.call('customers.dismissDuplicate', { customerId: one, otherId: two }), 403);
  });
});

describe('fields that are always required', () => {
  test('people fill them when they make a customer and cannot empty them; integrations may come without', async () => {
    const place = await signUp(server.url);
    const desk = await Caller.of(place);
    const { id: before } = await desk.make({ name: 'De antes', email: email() });
    for (const [slug, required] of [['origem', 'always'], ['idade', 'always'], ['motivo', 'close'], ['cor', 'no']] as const)
      ok(await desk.call('fields.create', {}, { json: { slug, name: slug, kind: 'text', required } }), 201);
    const make = (json: JsonObject, as = desk): Promise<Answer> => as.call('customers.create', {}, { json: { name: 'Nova', email: email(), ...json } });
    const refusal = refused(await make({ fields: { origem: 'site' } }), 400, 'FIELDS_REQUIRED');
    expect(refusal.get('missing')).toEqual(['idade']);
    expect(details(refusal)).toEqual([expect.stringMatching(/^fields\.idade /)]);
    expect(refused(await make({}), 400, 'FIELDS_REQUIRED').get('missing')).toEqual(['origem', 'idade']);
    const customerId = ok(await make({ fields: { origem: 'site', idade: '42' } }), 201).str('id');

    const change = (id: string, json: JsonObject, as = desk): Promise<Answer> => as.call('customers.update', { customerId: id }, { json });
    refused(await change(customerId, { fields: { origem: null } }), 400, 'FIELDS_REQUIRED');
    refused(await desk.call('customers.setFieldValue', { customerId }, { json: { slug: 'origem', value: null } }), 400, 'FIELDS_REQUIRED');
    ok(await change(customerId, { name: 'Outro nome', fields: { origem: 'loja', cor: null } }), 200);
    expect((await desk.get(customerId))['fields']).toEqual({ origem: 'loja', idade: '42' });
    ok(await change(before, { name: 'De antes, mudada' }), 200); // who is there already can be filled in step by step
    ok(await change(before, { fields: { origem: 'feira' } }), 200);

    const key = desk.as(await makeKey(place));
    const known = ok(await make({}, key), 201).str('id');
    ok(await change(known, { fields: { origem: 'api' } }, key), 200);
    ok(await change(known, { fields: { origem: null } }, key), 200);
  });
});

describe('the first contact', () => {
  test('when it goes, a telephone or an e-mail takes its place before a web chat', async () => {
    const { id: customerId, body } = await owner.make({ name: 'Contatos', contacts: [{ kind: 'phone', identifier: mobile() }] });
    const add = async (kind: string, identifier: string): Promise<void> => void ok(await owner.call('customers.addContact', { customerId }, { json: { kind, identifier } }), 201);
    await add('webchat', `visitante-${email()}`);
    await add('email', email());
    const first = (body['contacts'] as JsonObject[])[0]?.['id'];
    ok(await owner.call('customers.removeContact', { customerId, contactId: String(first) }), 200);
    const left = (await owner.get(customerId))['contacts'] as JsonObject[];
    expect(left.map((one) => [one['kind'], one['isPrimary']])).toEqual([['email', true], ['webchat', false]]);
  });
});
