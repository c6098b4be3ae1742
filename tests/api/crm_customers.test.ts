/* Customers: making, finding, changing; doubles raced; masks for those who may not see contacts; what restricted agents and
   other organizations see (nothing). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JsonObject, ok, refused } from './lib/client.ts';
import { Caller, details, email, mobile, rows } from './lib/crm.ts';
import { type Organization, join, makeKey, makeRole, signUp } from './lib/people.ts';
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

const contactsOf = (body: JsonObject): JsonObject[] => body['contacts'] as JsonObject[];

describe('make and read', () => {
  test('in the words of the public path', async () => {
    const phone = mobile();
    const { id, body } = await owner.make({
      name: 'Ana Souza',
      contacts: [{ type: 'phone', value: phone, label: 'casa' }, { type: 'email', value: 'Ana.S@Example.COM' }, { type: 'facebook', value: '245000' }],
      document: '529.982.247-25',
      country: 'BR',
      person_type: 'fisica',
      salePrice: 1234.5,
    });
    expect(body).toMatchObject({ success: true, name: 'Ana Souza', kind: 'person', valueMinor: 123450, document: '529.982.247-25', version: 1, source: 'manual' });
    const [first, second, third] = contactsOf(body);
    expect(first).toMatchObject({ kind: 'phone', identifier: phone, canonical: `+55${phone.replace(/\D/g, '')}`, label: 'casa', isPrimary: true, masked: false });
    expect(second).toMatchObject({ kind: 'email', canonical: 'ana.s@example.com', isPrimary: false });
    expect(third).toMatchObject({ kind: 'messenger', canonical: '245000' });
    const { success: _, ...rest } = body;
    expect(await owner.get(id)).toEqual(rest);
  });

  test('in our own words, by a key', async () => {
    const key = owner.as(await makeKey(org));
    const { body } = await key.make({
      name: 'Padaria São João',
      kind: 'company',
      email: email(),
      phone: '(11) 3234-5678',
      birthDate: '2001-02-28',
      language: 'pt',
      address: { street: 'Rua das Flores', number: '10', city: 'São Paulo', state: 'SP', postalCode: '01234-000' },
      pinnedNote: 'Entrega pelos fundos',
      valueMinor: 990,
      utm: { source: 'google' },
    });
    expect(body).toMatchObject({ kind: 'company', source: 'api', birthDate: '2001-02-28', address: { city: 'São Paulo' }, utm: { source: 'google' } });
    expect(contactsOf(body).map((k) => k['display'])).toContain('+55 11 3234-5678');
  });

  test('bad input names every field', async () => {
    const answer = refused(
      await owner.call('customers.create', {}, { json: { name: 'X', contacts: [{ type: 'phone', value: '123' }, { value: 'a' }], country: 'br', salePrice: 1.999, customFields: { nada: 1 } } }),
      400,
      'VALIDATION_ERROR',
    );
    expect(details(answer)).toEqual(
      expect.arrayContaining(['contacts[0].value INVALID_PHONE', 'contacts[1].value REQUIRED', 'country INVALID_CHOICE', 'salePrice INVALID_NUMBER', 'customFields.nada UNKNOWN_FIELD']),
    );
    expect(details(refused(await owner.call('customers.create', {}, { json: { name: 'Sem contato' } }), 400))).toEqual(['contacts REQUIRED']);
    expect(details(refused(await owner.call('customers.create', {}, { json: { name: 'X', email: 'a@', extra: 1 } }), 400)).sort()).toEqual([
      'email INVALID_EMAIL',
      'extra UNKNOWN_FIELD',
    ]);
    const links = { stageId: 'stageId', ownerId: 'ownerId', avatarFileId: 'avatarFileId' };
    for (const [field, name] of Object.entries(links))
      expect(details(refused(await owner.call('customers.create', {}, { json: { email: email(), [field]: nobody } }), 400))[0]).toContain(name);
    expect(details(refused(await owner.call('customers.create', {}, { json: { email: email(), selectedTags: [nobody] } }), 400))[0]).toContain('selectedTags');
  });

  test('Idempotency-Key makes one', async () => {
    const json = { name: 'Uma vez só', email: email() };
    const answers = await Promise.all([1, 2, 3].map(() => owner.call('customers.create', {}, { json, idempotencyKey: 'uma-vez-1' })));
    expect(new Set(answers.map((a) => a.str('id'))).size).toBe(1);
  });
});

describe('doubles', () => {
  test('20 at once make one, the others are told who has it', async () => {
    const digits = mobile().replace(/\D/g, '');
    const notations = [`+55${digits}`, `(${digits.slice(0, 2)}) ${digits.slice(2)}`, `0${digits}`, `55${digits.slice(0, 2)}${digits.slice(3)}`];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => owner.client.post(org.path('/customers'), { name: `Corrida ${i}`, phone: notations[i % 4] })),
    );
    const made = answers.filter((a) => a.status === 201);
    expect(made, answers.map((a) => a.text.slice(0, 200)).join('\n')).toHaveLength(1);
    for (const answer of answers.filter((a) => a.status !== 201)) {
      refused(answer, 409, 'CUSTOMER_DUPLICATE');
      expect(answer.get('customerId')).toBe(made[0]?.str('id'));
      expect(answer.get('customerName')).toBe(made[0]?.str('name'));
      expect(answer.get('field')).toBe('phone');
    }
  });

  test('by e-mail, by document, by WhatsApp against a telephone number', async () => {
    const phone = mobile();
    const mail = email();
    const { id } = await owner.make({ name: 'Bia', email: mail, phone, document: '11.444.777/0001-61' });
    for (const [json, field] of [
      [{ email: mail.toUpperCase() }, 'email'],
      [{ contacts: [{ type: 'whatsapp', value: phone }] }, 'contacts[0].value'],
      [{ email: email(), document: '11444777000161' }, 'document'],
    ] as [JsonObject, string][]) {
      const answer = refused(await owner.call('customers.create', {}, { json }), 409, 'CUSTOMER_DUPLICATE');
      expect(answer.get('customerId')).toBe(id);
      expect(answer.get('field')).toBe(field);
    }
    const other = await owner.make({ name: 'Bia de novo', email: mail, allowDuplicateContacts: true });
    expect(await owner.get(other.id)).toMatchObject({ duplicateOf: { id, name: 'Bia', reason: 'email' } });
    const found = rows(ok(await owner.call('customers.duplicates', { customerId: other.id }), 200));
    expect(found).toMatchObject([{ id, reason: 'email', customer: { name: 'Bia' } }]);
  });

  test('documents raced', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => owner.client.post(org.path('/customers'), { name: 'Doc', email: email(), document: 'AB-778899' })),
    );
    expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
    for (const answer of answers.filter((a) => a.status !== 201)) refused(answer, 409, 'CUSTOMER_DUPLICATE');
  });

  test('the name is kept from those who may not see the other customer', async () => {
    const phone = mobile();
    const { id } = await owner.make({ name: 'Cliente secreto', phone });
    const agent = owner.as((await join(org, await makeRole(org, ['customers.view', 'customers.edit', 'contacts.view']))).client);
    const answer = refused(await agent.call('customers.create', {}, { json: { phone } }), 409, 'CUSTOMER_DUPLICATE');
    expect(answer.get('customerId')).toBe(id);
    expect(answer.text).not.toContain('secreto');
  });
});

describe('change', () => {
  test('partial, null clears, contacts are added', async () => {
    const { id } = await owner.make({ name: 'Caio', email: email(), birthDate: '1990-01-01', country: 'BR' });
    const phone = mobile();
    const answer = ok(await owner.call('customers.update', { customerId: id }, { json: { name: 'Caio Lima', birthDate: null, phone } }), 200);
    expect(answer.get('success')).toBe(true);
    expect(answer.get('data')).toMatchObject({ name: 'Caio Lima', birthDate: null, country: 'BR', version: 2 });
    expect(contactsOf(answer.get('data') as JsonObject)).toHaveLength(2);
    ok(await owner.call('customers.update', { customerId: id }, { json: { phone } }), 200);
    expect(contactsOf(await owner.get(id))).toHaveLength(2);
  });

  test('an old version is refused', async () => {
    const { id } = await owner.make({ name: 'Versão', email: email() });
    ok(await owner.call('customers.update', { customerId: id }, { json: { name: 'B', version: 1 } }), 200);
    const answer = refused(await owner.call('customers.update', { customerId: id }, { json: { name: 'C', version: 1 } }), 409, 'VERSION_CONFLICT');
    expect(answer.get('version')).toBe(2);
    const both = await Promise.all(['D', 'E'].map((name) => owner.client.put(org.path(`/customers/${id}`), { name, version: 2 })));
    expect(both.map((a) => a.status).sort()).toEqual([200, 409]);
  });

  test('a document of another customer is refused, one\'s own is not', async () => {
    await owner.make({ name: 'A', email: email(), document: 'RG 55-1' });
    const { id } = await owner.make({ name: 'B', email: email(), document: 'RG 55-2' });
    refused(await owner.call('customers.update', { customerId: id }, { json: { document: 'rg551' } }), 409, 'CUSTOMER_DUPLICATE');
    ok(await owner.call('customers.update', { customerId: id }, { json: { document: 'RG 552' } }), 200);
  });

  test('is live and in the audit log', async () => {
    const { id } = await owner.make({ name: 'Ao vivo', email: email() });
    const socket = await Socket.open(org.owner.client, org.path('/events'));
    await socket.wait('hello');
    ok(await owner.call('customers.update', { customerId: id }, { json: { name: 'Ao vivo mesmo' } }), 200);
    const frame = await socket.wait('customer.changed', (data) => data['customerId'] === id);
    expect(JSON.stringify(frame.data)).not.toContain('@');
    socket.close();
    const audit = ok(await org.owner.client.get(org.path('/audit'), { entity: 'customer', action: 'customer.updated' }), 200);
    const entry = rows(audit).find((one) => one['entityId'] === id);
    expect(entry).toMatchObject({ actorName: org.owner.name, changes: { name: ['Ao vivo', 'Ao vivo mesmo'] } });
  });
});

describe('lists and search', () => {
  let other: Organization;
  let caller: Caller;
  const phone = '21 98111-2233';

  beforeAll(async () => {
    other = await signUp(server.url, 'Lista');
    caller = await Caller.of(other);
    const names = ['Ângela Prado', 'bruno Alves', 'Célia Martins', 'Davi Ângelo', 'Érica Nunes'];
    for (const [i, name] of names.entries())
      await caller.make({ name, ...(i === 0 ? { phone, document: '390.533.447-05' } : { email: email(`lista${i}`) }) });
    await caller.make({ name: '100% Frios_e', contacts: [{ type: 'instagram', value: '@FriosDoZe' }] });
  });

  const all = async (query: Record<string, string>): Promise<string[]> => {
    const found: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 20; page++) {
      const answer = ok(await caller.call('customers.list', {}, { query: { ...query, limit: 2, cursor } }), 200);
      found.push(...rows(answer).map((row) => String(row['name'])));
      if (answer.get('next') === null) return found;
      cursor = answer.str('next');
    }
    throw new Error('no end');
  };

  test('pages in every order hold each once', async () => {
    expect(await all({ sort: 'recent' })).toEqual(['100% Frios_e', 'Érica Nunes', 'Davi Ângelo', 'Célia Martins', 'bruno Alves', 'Ângela Prado']);
    expect(await all({ sort: 'activity' })).toHaveLength(6);
    expect(await all({ sort: 'name' })).toEqual(['100% Frios_e', 'Ângela Prado', 'bruno Alves', 'Célia Martins', 'Davi Ângelo', 'Érica Nunes']);
    expect(await all({ sort: 'name', search: 'ang' })).toEqual(['Ângela Prado', 'Davi Ângelo']);
  });

  test.each([
    ['angela', ['Ângela Prado']],
    ['PRADO ang', ['Ângela Prado']],
    ['an', ['Davi Ângelo', 'Ângela Prado']],
    ['21981112233', ['Ângela Prado']],
    ['+55 (21) 98111-2233', ['Ângela Prado']],
    ['2181112233', ['Ângela Prado']],
    ['8111-22', ['Ângela Prado']],
    ['021 98111', ['Ângela Prado']],
    ['39053344705', ['Ângela Prado']],
    ['lista1', ['bruno Alves']],
    ['@friosdoze', ['100% Frios_e']],
    ['00%', ['100% Frios_e']],
    ['0%', []],
    ['s_e', ['100% Frios_e']],
    ['x_e', []],
    ["'; drop table customers; --", []],
    ['\\', []],
    ['ninguém', []],
  ])('search %j', async (search, expected) => {
    expect(await caller.names({ search })).toEqual(expected);
  });

  test('filters', async () => {
    expect(await caller.names({ channelKind: 'instagram' })).toEqual(['100% Frios_e']);
    expect(await caller.names({ createdTo: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await caller.names({ createdFrom: '2020-01-01T00:00:00Z', search: 'bruno' })).toEqual(['bruno Alves']);
    expect(await caller.names({ ownerId: nobody })).toEqual([]);
    expect(ok(await caller.call('customers.count'), 200).json).toEqual({ count: 6, capped: false });
    expect(ok(await caller.call('customers.count', {}, { query: { search: 'ang' } }), 200).get('count')).toBe(2);
    const tagId = (ok(await caller.call('tags.create', {}, { json: { name: 'Filtro' } }), 201).get('data') as JsonObject)['id'] as string;
    const id = String(rows(ok(await caller.call('customers.list', {}, { query: { search: 'bruno' } }), 200))[0]?.['id']);
    ok(await caller.call('customers.addTag', { customerId: id }, { json: { tagId } }), 200);
    expect(await caller.names({ tagId })).toEqual(['bruno Alves']);
    expect(await caller.names({ tagId, sort: 'name', search: 'celia' })).toEqual([]);
  });

  test('bad queries', async () => {
    refused(await caller.call('customers.list', {}, { query: { cursor: 'xyz' } }), 400, 'INVALID_CURSOR');
    refused(await caller.call('customers.list', {}, { query: { cursor: 'xyz', sort: 'name' } }), 400, 'INVALID_CURSOR');
    expect(details(refused(await caller.call('customers.list', {}, { query: { limit: 201, sort: 'x', tagId: '1' } }), 400)).map((d) => d.split(' ')[0])).toEqual(
      expect.arrayContaining(['limit', 'sort', 'tagId']),
    );
  });
});

describe('who sees what', () => {
  test('contacts are masked everywhere, and cannot be guessed by search', async () => {
    const digits = mobile().replace(/\D/g, '');
    const mail = email('segredo');
    ok(await owner.call('fields.create', {}, { json: { name: 'Recado', slug: 'recado', kind: 'phone' } }), 201);
    const { id } = await owner.make({ name: 'Mascarada', phone: digits, email: mail, customFields: { recado: digits }, contacts: [{ type: 'instagram', value: 'mascarada99' }] });
    ok(await owner.call('customers.update', { customerId: id }, { json: { customFields: { recado: '11 3333-4444' } } }), 200);
    const role = await makeRole(org, ['customers.view', 'customers.edit', 'customers.export', 'chats.view', 'chats.view_all']);
    const agent = owner.as((await join(org, role)).client);
    const seen = [
      await agent.call('customers.get', { customerId: id }),
      await agent.call('customers.list', {}, { query: { search: 'Mascarada' } }),
      await agent.call('customers.timeline', { customerId: id }),
      await agent.call('customers.export', {}, { query: { format: 'json' } }),
      await agent.call('customers.export', {}, { query: { format: 'csv' } }),
      await agent.call('customers.exportOne', { customerId: id }),
      await agent.call('customers.fieldValues', { customerId: id }),
      await agent.call('customers.duplicates', { customerId: id }),
      await agent.call('customers.update', { customerId: id }, { json: { pinnedNote: 'x' } }),
    ];
    for (const answer of seen) {
      ok(answer);
      const flat = answer.text.replace(/[^0-9a-z@.]/gi, '');
      for (const secret of [digits.slice(2, 8), mail, 'mascarada99', '11333']) expect(flat, answer.text.slice(0, 3000)).not.toContain(secret);
    }
    expect(contactsOf(seen[0]?.json as JsonObject).map((k) => [k['masked'], k['display']])).toEqual([
      [true, 'm•••'],
      [true, 's•••@example.com'],
      [true, `+55 •• •••••-${digits.slice(-4)}`],
    ]);
    expect(await agent.names({ search: digits.slice(3, 9) })).toEqual([]);
    expect(await agent.names({ search: mail.slice(0, 8) })).toEqual([]);
    expect(await agent.names({ search: digits })).toEqual(['Mascarada']);
    const shown = String(contactsOf(seen[0]?.json as JsonObject)[2]?.['display']);
    refused(await agent.call('customers.update', { customerId: id }, { json: { contacts: [{ type: 'phone', value: shown }] } }), 400, 'VALIDATION_ERROR');
  });

  test('a restricted agent sees own customers only', async () => {
    const { id } = await owner.make({ name: 'De outros', email: email() });
    const role = await makeRole(org, ['customers.view', 'customers.edit', 'customers.export', 'customers.merge', 'customers.delete', 'contacts.view', 'chats.view']);
    const person = await join(org, role);
    const agent = owner.as(person.client);
    const mine = await agent.make({ name: 'Feito por mim', email: email() });
    for (const [call, options] of [
      ['customers.get', {}],
      ['customers.timeline', {}],
      ['customers.chats', {}],
      ['customers.duplicates', {}],
      ['customers.notes', {}],
      ['customers.fieldValues', {}],
      ['customers.exportOne', {}],
      ['customers.update', { json: { name: 'x' } }],
      ['customers.addNote', { json: { title: 'x' } }],
      ['customers.stage', { json: { stageId: null } }],
      ['customers.addContact', { json: { kind: 'email', identifier: email() } }],
      ['customers.merge', { json: { mergeId: mine.id } }],
      ['customers.delete', {}],
      ['customers.erase', {}],
    ] as const)
      refused(await agent.call(call, { customerId: id }, options), 404, 'CUSTOMER_NOT_FOUND');
    refused(await agent.call('customers.merge', { customerId: mine.id }, { json: { mergeId: id } }), 404, 'CUSTOMER_NOT_FOUND');
    expect(await agent.names({})).toEqual(['Feito por mim']);
    expect(ok(await agent.call('customers.count'), 200).get('count')).toBe(1);
    expect(await agent.names({ search: 'De outros' })).toEqual([]);
    expect(ok(await agent.call('customers.export', {}, { query: { format: 'json' } })).text).not.toContain('De outros');
    ok(await owner.call('customers.update', { customerId: id }, { json: { ownerId: person.userId } }), 200);
    expect(await agent.names({ search: 'De outros' })).toEqual(['De outros']);
    expect((await agent.get(id))['name']).toBe('De outros');
  });

  test('permissions', async () => {
    const { id } = await owner.make({ name: 'Só ver', email: email() });
    const viewer = owner.as((await join(org, await makeRole(org, ['customers.view', 'chats.view_all', 'chats.view', 'contacts.view']))).client);
    ok(await viewer.call('customers.get', { customerId: id }), 200);
    refused(await viewer.call('customers.update', { customerId: id }, { json: { name: 'x' } }), 403);
    refused(await viewer.call('customers.export', {}, {}), 403);
    refused(await viewer.call('customers.delete', { customerId: id }), 403);
    refused(await viewer.call('tags.create', {}, { json: { name: 'x' } }), 403);
  });

  test('another organization finds nothing', async () => {
    const { id, body } = await owner.make({ name: 'Daqui', email: email('daqui'), document: 'X-999111' });
    const stranger = await signUp(server.url, 'Vizinho');
    const caller = await Caller.of(stranger);
    refused(await caller.call('customers.get', { customerId: id }), 404, 'CUSTOMER_NOT_FOUND');
    refused(await caller.call('customers.update', { customerId: id }, { json: { name: 'x' } }), 404, 'CUSTOMER_NOT_FOUND');
    refused(await caller.call('customers.erase', { customerId: id }), 404, 'CUSTOMER_NOT_FOUND');
    expect(await caller.names({ search: 'Daqui' })).toEqual([]);
    expect(await caller.names({ search: String(contactsOf(body)[0]?.['canonical']) })).toEqual([]);
    await caller.make({ name: 'Daqui', email: String(contactsOf(body)[0]?.['canonical']), document: 'X-999111' });
    expect((await stranger.owner.client.get(org.path('/customers'))).status).toBeGreaterThanOrEqual(403);
  });
});
