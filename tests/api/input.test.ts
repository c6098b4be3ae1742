/* Every route × what nobody should send: broken JSON, wrong types, unknown and missing fields, too much, NUL, bytes that
   are no UTF-8. Always a 400 (413, 415) that names the field by a stable code; never a 500, never an effect. */
import { expect, test } from 'vitest';
import { type Answer, Client, type Json, type JsonObject, isObject } from './lib/client.ts';
import type { Operation } from './lib/document.ts';
import { logIn, signUp } from './lib/people.ts';
import { each, suite } from './lib/suite.ts';
import type { Ids } from './lib/world.ts';

const all = suite();

const withBody = (): Operation[] => all.document.operations.filter((one) => one.body !== undefined);
const show = (answer: Answer): string => `${answer.status} ${answer.text.slice(0, 250)}`;

/** Real ids where a path has some, made once: nothing here may change them. */
const known: Ids = {};
async function pathOf(operation: Operation): Promise<string> {
  for (const name of all.world.pathIds(operation)) {
    if (operation.access !== 'organization') known[name] ??= 'x'.repeat(32);
    else known[name] ??= (await all.world.ids([name]))[name] ?? '';
  }
  return all.world.fill(operation, { ...known, organizationId: all.world.org.id });
}

/** Public routes count by address: a new one for each call. Ours count by person: the same one. */
async function send(operation: Operation, body: BodyInit, type = 'application/json'): Promise<Answer> {
  const client = operation.access === 'public' || operation.access === 'visitor' ? new Client(all.server.url) : all.world.client;
  return client.call(operation.method, await pathOf(operation), { body, headers: { 'Content-Type': type } });
}

/** Operations that allow few calls a minute may say so instead. */
const limited = (operation: Operation, answer: Answer): boolean =>
  answer.status === 429 && operation.responses['429'] !== undefined;

function expectCode(operation: Operation, what: string, answer: Answer, status: number, code?: string): string[] {
  if (limited(operation, answer)) return [];
  const right = answer.status === status && isObject(answer.json) && (code === undefined || answer.json['code'] === code);
  const documented = right ? all.document.faults(operation, answer) : [];
  return right ? documented.map((fault) => `${what}: ${fault}`) : [`${what}: expected ${status} ${code ?? ''}, got ${show(answer)}`];
}

test('what is not JSON', async () => {
  const deep = '{"a":'.repeat(200) + '1' + '}'.repeat(200);
  const texts: Record<string, BodyInit> = {
    'an open brace': '{',
    'nothing but a word': 'hello',
    'a trailing comma': '{"name":"x",}',
    'a comment': '{/* */}',
    'a member twice': '{"name":"a","name":"b"}',
    'too deep': deep,
    'a NUL by escape': '{"name":"a\\u0000b"}',
    'a raw NUL': Buffer.from('{"name":"a\0b"}'),
    'no UTF-8': Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    'half a surrogate': '{"name":"\\ud800"}',
    'a huge number': '{"name":1e999}',
  };
  await each(withBody(), async (operation) => {
    const faults: string[] = [];
    for (const [what, text] of Object.entries(texts)) faults.push(...expectCode(operation, what, await send(operation, text), 400, 'MALFORMED_JSON'));
    return faults;
  });
});

test('JSON that is no object', async () => {
  await each(withBody(), async (operation) => {
    const faults: string[] = [];
    for (const text of ['[]', '"x"', '5', 'null', 'true']) faults.push(...expectCode(operation, text, await send(operation, text), 400));
    return faults;
  });
});

test('another content type', async () => {
  await each(withBody(), async (operation) => {
    const faults: string[] = [];
    for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
      faults.push(...expectCode(operation, type, await send(operation, '{}', type), 415));
    return faults;
  });
});

test('too much', async () => {
  const big = JSON.stringify({ name: 'x'.repeat(9 << 20) });
  await each(withBody(), async (operation) => {
    let answer: Answer;
    try {
      answer = await send(operation, big);
    } catch {
      return undefined; // the server may also hang up on a body that it will not read
    }
    return expectCode(operation, '9 MiB', answer, 413);
  });
});

function details(answer: Answer): { field: string; code: string }[] {
  const list = isObject(answer.json) ? answer.json['details'] : undefined;
  return Array.isArray(list) ? list.filter(isObject).map((one) => ({ field: String(one['field']), code: String(one['code']) })) : [];
}

test('unknown members are refused by name, in bodies and queries', async () => {
  await each(all.document.operations.filter((one) => one.access === 'organization'), async (operation) => {
    const faults: string[] = [];
    const path = await pathOf(operation);
    const query = await all.world.client.call(operation.method, path, { query: { __nobody: '1' } });
    if (!details(query).some((one) => one.field === '__nobody' && one.code === 'UNKNOWN_FIELD') && !limited(operation, query)) faults.push(`query: ${show(query)}`);
    if (!operation.body) return faults;
    const body = await send(operation, JSON.stringify({ ...operation.example, __nobody: 1 }));
    if (!details(body).some((one) => one.field === '__nobody' && one.code === 'UNKNOWN_FIELD') && !limited(operation, body)) faults.push(`body: ${show(body)}`);
    return faults;
  });
});

test('missing members are named', async () => {
  await each(withBody(), async (operation) => {
    const required = (operation.body?.['required'] ?? []) as string[];
    if (required.length === 0) return undefined;
    const answer = await send(operation, '{}');
    if (limited(operation, answer)) return undefined;
    const named = details(answer).filter((one) => one.code === 'REQUIRED').map((one) => one.field);
    const missing = required.slice(0, 16).filter((name) => !named.includes(name));
    return missing.length > 0 ? `${missing.join(', ')} not named: ${show(answer)}` : undefined;
  });
});

/** Values that break a field's schema, with the code that must come back. */
function wrong(schema: JsonObject): { value: Json; code: string }[] {
  const list: { value: Json; code: string }[] = [];
  const types = [schema['type']].flat().filter((one): one is string => typeof one === 'string');
  if (types.length === 0) return list; // takes anything
  const other: Record<string, Json> = { string: 7, integer: 'seven', number: 'seven', boolean: 'yes', array: {}, object: [] };
  const type = types.find((one) => one !== 'null') ?? 'string';
  list.push({ value: other[type] ?? 7, code: 'INVALID_TYPE' });
  if (!types.includes('null')) list.push({ value: null, code: 'INVALID_TYPE|REQUIRED' });
  if (type === 'integer') list.push({ value: 1.5, code: 'INVALID_TYPE' });
  if (typeof schema['maximum'] === 'number') list.push({ value: schema['maximum'] + 1, code: 'OUT_OF_RANGE' });
  if (typeof schema['minimum'] === 'number') list.push({ value: schema['minimum'] - 1, code: 'OUT_OF_RANGE' });
  if (Array.isArray(schema['enum'])) list.push({ value: 'no-such-choice', code: 'INVALID_CHOICE' });
  else if (type === 'string' && typeof schema['maxLength'] === 'number') {
    list.push({ value: 'x'.repeat(schema['maxLength'] + 1), code: 'TOO_LONG' });
    list.push({ value: 'bell \u0007 rings here, long enough', code: 'INVALID_TEXT|TOO_LONG' });
  } else if (type === 'string') {
    const codes: Record<string, string> = { uuid: 'INVALID_UUID', email: 'INVALID_EMAIL', phone: 'INVALID_PHONE', uri: 'INVALID_URL', date: 'INVALID_DATE', 'date-time': 'INVALID_DATETIME' };
    const format = String(schema['format'] ?? '');
    list.push({ value: 'not so', code: codes[format] ?? 'INVALID_COLOR|INVALID_SLUG' });
  }
  if (type === 'array' && typeof schema['maxItems'] === 'number' && schema['maxItems'] < 2000)
    list.push({ value: Array.from({ length: schema['maxItems'] + 1 }, () => 'x'), code: 'TOO_MANY' });
  return list;
}

test('each field × wrong types, lengths, ranges and forms', { timeout: 300_000 }, async () => {
  let tried = 0;
  await each(withBody(), async (operation) => {
    const faults: string[] = [];
    for (const [name, schema] of Object.entries((operation.body?.['properties'] ?? {}) as Record<string, JsonObject>)) {
      for (const { value, code } of wrong(schema)) {
        const answer = await send(operation, JSON.stringify({ ...operation.example, [name]: value }));
        tried++;
        if (limited(operation, answer)) continue;
        const found = answer.status === 400 && details(answer).some((one) => one.field === name && code.split('|').includes(one.code));
        if (!found) faults.push(`${name} = ${JSON.stringify(value).slice(0, 40)}: expected ${code}, got ${show(answer)}`);
      }
    }
    return faults;
  });
  expect(tried).toBeGreaterThan(100);
});

test('ids in a path that are none: 400 or 404', async () => {
  const ids = ['x', '0', '-1', 'null', '%00', '%ff%fe', '...', '0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d1', "'; drop table users; --", 'a'.repeat(3000)];
  await each(all.document.operations.filter((one) => one.access === 'organization' && all.world.pathIds(one).length > 0), async (operation) => {
    const faults: string[] = [];
    for (const id of ids) {
      const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'organizationId' ? all.world.org.id : id.startsWith('%') ? id : encodeURIComponent(id)));
      const answer = await all.world.client.call(operation.method, path, operation.example ? { json: operation.example } : {});
      if (![400, 404, 405, 414, 431].includes(answer.status)) faults.push(`${id.slice(0, 20)}: ${show(answer)}`);
    }
    return faults;
  });
});

test('queries that are broken', async () => {
  await each(all.document.operations.filter((one) => one.access === 'organization' && one.method === 'GET'), async (operation) => {
    const faults: string[] = [];
    const path = await pathOf(operation);
    const some = operation.parameters.find((one) => one.in === 'query');
    const name = some?.name ?? 'q';
    for (const query of [`${name}=%zz`, `${name}=%`, `${name}=%00`, `${name}=%ff`, `%ff=1`, '&'.repeat(200) + 'x=1', Array.from({ length: 100 }, (_, i) => `a${i}=1`).join('&')]) {
      const answer = await all.world.client.call('GET', `${path}?${query}`);
      if (answer.status !== 400) faults.push(`${query.slice(0, 20)}: ${show(answer)}`);
    }
    for (const one of operation.parameters) {
      if (one.in !== 'query') continue;
      for (const { value, code } of wrong(one.schema)) {
        if (typeof value !== 'string' && typeof value !== 'number') continue;
        if (one.schema['type'] === 'string' && typeof value === 'number') continue; // every text is one
        const answer = await all.world.client.call('GET', path, { query: { [one.name]: value } });
        const codes = [...code.split('|'), 'INVALID_NUMBER', 'INVALID_BOOLEAN'];
        if (answer.status !== 400 || !details(answer).some((d) => d.field === one.name && codes.includes(d.code)))
          faults.push(`${one.name}=${String(value).slice(0, 30)}: expected ${code}, got ${show(answer)}`);
      }
    }
    return faults;
  });
});

test('after all of that the organization is as it was', async () => {
  const again = await logIn(all.server.url, all.world.org.owner.email);
  const me = await again.get('/api/me');
  expect(me.status).toBe(200);
  expect(me.text).toContain(all.world.org.secret);
  await signUp(all.server.url);
});
