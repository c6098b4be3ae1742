/* Every route of the document × everybody who may come: nobody, a page of another site, keys, each built-in role, roles
   with one permission more or less. The document says who may (x-permission, x-api-keys, x-access); the server must
   do exactly that. Calls carry an argument that no route has, so that an allowed call ends with 400 before it does
   anything: 401 and 403 come from the checks alone. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, expect, test } from 'vitest';
import { type Answer, Client, isObject } from './lib/client.ts';
import type { Operation } from './lib/document.ts';
import { items, join, makeKey, makeRole } from './lib/people.ts';
import { each, probe, suite } from './lib/suite.ts';

const all = suite();

const unknownId = '0192f3c4-7a1e-7b52-9c1d-000000000000';

function path(operation: Operation, organizationId = all.world.org.id): string {
  return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'organizationId' ? organizationId : unknownId));
}

const ask = (client: Client, operation: Operation, headers: Record<string, string> = {}): Promise<Answer> =>
  client.call(operation.method, path(operation), { query: probe, headers });

/** Allowed means: it came as far as the input, where the probe is refused. */
const passed = (answer: Answer): boolean => answer.status === 400 && answer.text.includes('__probe');

const denied = (answer: Answer, code: string): boolean =>
  answer.status === (code === 'UNAUTHORIZED' ? 401 : 403) && isObject(answer.json) && answer.json['code'] === code;

const show = (answer: Answer): string => `${answer.status} ${answer.text.slice(0, 200)}`;

const ofOrganizations = (): Operation[] => all.document.operations.filter((one) => one.access === 'organization');
const withLogin = (): Operation[] => all.document.operations.filter((one) => one.access === 'organization' || one.access === 'user');

test('the document is valid OpenAPI 3.1 and the same on every worker', async () => {
  const result = await new Validator().validate(structuredClone(all.document.json));
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  const texts = await Promise.all(Array.from({ length: 6 }, async () => (await fetch(`${all.server.url}/api/openapi.json`)).text()));
  expect(new Set(texts).size).toBe(1);
  expect(new Set(all.document.operations.map((one) => one.id)).size).toBe(all.document.operations.length);
});

test('every documented permission exists, and every permission is known to the roles', async () => {
  const permissions = (await items(all.world.client, all.world.org.path('/permissions'))).map((one) => String(one['name']));
  expect(permissions.length).toBeGreaterThan(5);
  for (const operation of all.document.operations) if (operation.permission) expect(permissions).toContain(operation.permission);
});

test('nobody: 401 on everything that needs a login', async () => {
  const nobody = new Client(all.server.url);
  const stale = { Cookie: 'if_session=not-a-session' };
  const badKey = new Client(all.server.url, 'ak_not_a_key');
  await each(withLogin(), async (operation) => {
    const faults: string[] = [];
    for (const answer of [await ask(nobody, operation), await ask(nobody, operation, stale)])
      if (!denied(answer, 'UNAUTHORIZED')) faults.push(`expected 401, got ${show(answer)}`);
    const keyed = await ask(badKey, operation);
    if (keyed.status !== 401 || !keyed.text.includes('API_KEY_INVALID')) faults.push(`expected 401 API_KEY_INVALID, got ${show(keyed)}`);
    return faults;
  });
});

test('another site cannot use the cookie: 403 CROSS_SITE without the header, or with a foreign origin', async () => {
  await each(withLogin(), async (operation) => {
    if (operation.method === 'GET') return undefined;
    const faults: string[] = [];
    for (const headers of [{ 'X-Requested-With': '' }, { Origin: 'https://evil.example' }, { Origin: 'null' }]) {
      const answer = await ask(all.world.client, operation, headers);
      if (!denied(answer, 'CROSS_SITE')) faults.push(`expected CROSS_SITE with ${JSON.stringify(headers)}, got ${show(answer)}`);
    }
    const own = await ask(all.world.client, operation, { Origin: all.server.url });
    if (!passed(own)) faults.push(`our own origin is refused: ${show(own)}`);
    return faults;
  });
});

test('keys: only where the document says so', async () => {
  const key = await makeKey(all.world.org);
  await each(withLogin(), async (operation) => {
    const answer = await ask(key, operation);
    if (operation.keys ? passed(answer) : denied(answer, 'API_KEY_ROUTE_DENIED')) return undefined;
    return `keys ${operation.keys ? 'may' : 'may not'}, got ${show(answer)}`;
  });
  const unknown = await key.get(all.world.org.path('/no-such-route'));
  expect(denied(unknown, 'API_KEY_ROUTE_DENIED'), show(unknown)).toBe(true);
});

test('methods that a path does not have: 405 with Allow; unknown paths: 404', async () => {
  const byPath = new Map<string, string[]>();
  for (const operation of all.document.operations)
    byPath.set(operation.path, [...(byPath.get(operation.path) ?? []), operation.method]);
  for (const operation of ofOrganizations()) {
    const has = byPath.get(operation.path) ?? [];
    // A parameter beside named segments may lend its methods: /customers/export is a GET, /customers/{id} has more.
    const method = ['DELETE', 'PATCH', 'PUT', 'POST'].find((one) => !has.includes(one));
    if (!method) continue;
    const answer = await all.world.client.call(method, path(operation));
    if (answer.status !== 405) continue;
    for (const one of has) expect(answer.headers.get('allow')).toContain(one);
  }
  const answer = await all.world.client.get(all.world.org.path('/no/such/route'));
  expect(answer.status).toBe(404);
});

async function rolesAllow(client: Client, permissions: ReadonlySet<string>, what: string, operations: readonly Operation[]): Promise<void> {
  await each(operations, async (operation) => {
    const allowed = operation.permission === undefined || permissions.has(operation.permission);
    const answer = await ask(client, operation);
    if (allowed) return passed(answer) ? undefined : `${what} may, got ${show(answer)}`;
    if (!denied(answer, 'FORBIDDEN')) return `${what} may not, got ${show(answer)}`;
    return isObject(answer.json) && answer.json['permission'] === operation.permission ? undefined : `the refusal names no permission: ${show(answer)}`;
  });
}

test('the built-in roles: exactly what their permissions say', async () => {
  const roles = await items(all.world.client, all.world.org.path('/roles'));
  for (const kind of ['owner', 'admin', 'manager', 'agent']) {
    const role = roles.find((one) => one['kind'] === kind);
    const permissions = new Set(role?.['permissions'] as string[]);
    const client = kind === 'owner' ? all.world.client : (await join(all.world.org, kind)).client;
    await rolesAllow(client, permissions, kind, ofOrganizations());
  }
});

test('a role without any permission', async () => {
  const { client } = await join(all.world.org, await makeRole(all.world.org, []));
  await rolesAllow(client, new Set(), 'a role without permissions', ofOrganizations());
});

test('each permission alone, and all but it', { timeout: 300_000 }, async () => {
  const every = [...new Set(ofOrganizations().flatMap((one) => (one.permission ? [one.permission] : [])))];
  const permissions = (await items(all.world.client, all.world.org.path('/permissions'))).map((one) => String(one['name']));
  for (const permission of every) {
    const operations = ofOrganizations().filter((one) => one.permission === permission);
    const only = await makeKeyOrMember([permission]);
    await rolesAllow(only, new Set([permission]), `only ${permission}`, operations);
    const rest = permissions.filter((one) => one !== permission);
    const without = await makeKeyOrMember(rest);
    await rolesAllow(without, new Set(rest), `all but ${permission}`, operations);
  }
});

async function makeKeyOrMember(permissions: readonly string[]): Promise<Client> {
  return (await join(all.world.org, await makeRole(all.world.org, permissions))).client;
}

let stranger: Client;
beforeAll(async () => {
  const { signUp } = await import('./lib/people.ts');
  stranger = (await signUp(all.server.url, 'Outra casa')).owner.client;
});

test('the owner of another organization may nothing here', async () => {
  await each(ofOrganizations(), async (operation) => {
    const answer = await ask(stranger, operation);
    return answer.status === 403 || answer.status === 404 ? undefined : `got ${show(answer)}`;
  });
});

test('an organization that does not exist looks like one that is not ours', async () => {
  await each(ofOrganizations(), async (operation) => {
    const there = await stranger.call(operation.method, path(operation), { query: probe });
    const nowhere = await stranger.call(operation.method, path(operation, unknownId), { query: probe });
    const code = (answer: Answer): string => `${answer.status} ${isObject(answer.json) ? String(answer.json['code']) : ''}`;
    return code(there) === code(nowhere) ? undefined : `${code(there)} against ${code(nowhere)}`;
  });
});
