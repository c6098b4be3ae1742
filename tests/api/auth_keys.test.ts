/* API keys: what they may do, from where, how often, and that they stop at once when they are revoked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, ok, refused } from './lib/client.ts';
import { type Organization, items, join, makeKey, makeRole, signUp, unique } from './lib/people.ts';
import { Server, until } from './lib/server.ts';

let server: Server;
let org: Organization;
let owner: Client;
beforeAll(async () => {
  server = await Server.start();
  org = await signUp(server.url);
  owner = org.owner.client;
});
afterAll(() => server.stop());

const create = async (body: Record<string, unknown>): Promise<{ id: string; key: string }> => {
  const answer = ok(await owner.post(org.path('/api-keys'), { name: `Loja ${unique()}`, permissions: ['audit.view'], ...body }), 201);
  return { id: answer.str('id'), key: answer.str('key') };
};

describe('a key', () => {
  it('is shown once, and never again', async () => {
    const { id, key } = await create({});
    expect(key).toMatch(/^ak_[\w-]{43}$/);
    const list = ok(await owner.get(org.path('/api-keys')));
    expect(list.text).not.toContain(key);
    const row = (await items(owner, org.path('/api-keys'))).find((one) => one['id'] === id);
    expect(row).toMatchObject({ prefix: key.slice(0, 10), permissions: ['audit.view'], roleId: null, lastUsedAt: null, ratePerMinute: 600 });
    expect(ok(await owner.get(org.path('/audit'), { entityId: id })).text).not.toContain(key);
  });

  it('works in both headers, and shows when it was used', async () => {
    const { id, key } = await create({});
    ok(await new Client(server.url, key).get(org.path('/audit')));
    const nobody = new Client(server.url);
    ok(await nobody.call('GET', org.path('/audit'), { headers: { Authorization: `Bearer ${key}` } }));
    const row = (await items(owner, org.path('/api-keys'))).find((one) => one['id'] === id);
    expect(row).toMatchObject({ lastUsedAt: expect.any(String), lastUsedFrom: expect.stringMatching(/^10\./) });
  });

  it('may do what its permissions say and nothing more', async () => {
    const key = await makeKey(org, ['teams.manage']);
    ok(await key.post(org.path('/teams'), { name: `Chave ${unique()}` }), 201);
    refused(await key.get(org.path('/audit')), 403, 'FORBIDDEN');
    const [entry] = await items(owner, org.path('/audit'), { action: 'team.create' });
    expect(entry).toMatchObject({ actorKind: 'key', actorName: expect.stringContaining('ERP') });
  });

  it('never manages people, roles, keys or the mail server, whatever it may do', async () => {
    const key = await makeKey(org);
    const agent = await join(org, 'agent');
    for (const answer of [
      await key.post(org.path('/invitations'), {}),
      await key.patch(org.path(`/users/${agent.userId}`), { status: 'suspended' }),
      await key.delete(org.path(`/users/${agent.userId}`)),
      await key.post(org.path(`/users/${agent.userId}/reset-link`)),
      await key.post(org.path('/roles'), { name: 'x', permissions: [] }),
      await key.get(org.path('/api-keys')),
      await key.post(org.path('/api-keys'), { name: 'x', permissions: [] }),
      await key.get(org.path('/settings/smtp')),
      await key.patch(org.path(''), { name: 'x' }),
      await key.get('/api/me'),
      await key.post('/api/organizations', { name: 'x' }),
      await key.get(org.path('/nothing/here')),
      await key.get('/api/nothing'),
    ])
      refused(answer, 403, 'API_KEY_ROUTE_DENIED');
    ok(await key.get(org.path('/users')));
  });

  it('follows its role', async () => {
    const role = await makeRole(org, ['audit.view']);
    const { key } = await create({ permissions: undefined, roleId: role });
    const client = new Client(server.url, key);
    for (let i = 0; i < 4; i++) ok(await client.get(org.path('/audit')));
    ok(await owner.patch(org.path(`/roles/${role}`), { permissions: [] }));
    await until('fewer rights', async () => (await client.get(org.path('/audit'))).status === 403, 1000);
    refused(await owner.delete(org.path(`/roles/${role}`)), 409, 'ROLE_IN_USE');
  });

  it('belongs to its organization', async () => {
    const foreign = await signUp(server.url);
    const key = await makeKey(org);
    refused(await key.get(foreign.path('/users')), 403, 'ORGANIZATION_MISMATCH');
    refused(await key.get(`/api/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}/users`), 403, 'ORGANIZATION_MISMATCH');
  });

  it('that is wrong opens nothing, not even with a good cookie', async () => {
    const { key } = await create({});
    for (const wrong of ['', 'ak_', 'x', `${key}x`, key.slice(0, -1), `ak_${'a'.repeat(43)}`, 'ak_' + 'a'.repeat(4000)])
      refused(await owner.call('GET', org.path('/users'), { headers: { 'X-Api-Key': wrong } }), 401, 'API_KEY_INVALID');
    refused(await owner.call('GET', org.path('/users'), { headers: { Authorization: 'Bearer nothing' } }), 401, 'API_KEY_INVALID');
  });

  it('stops at once when it is revoked, on every worker', async () => {
    const { id, key } = await create({});
    const client = new Client(server.url, key);
    for (let i = 0; i < 8; i++) ok(await client.get(org.path('/audit')));
    ok(await owner.delete(org.path(`/api-keys/${id}`)), 204);
    await until('the end of the key', async () => (await client.get(org.path('/audit'))).status === 401, 1000);
    for (let i = 0; i < 8; i++) refused(await client.get(org.path('/audit')), 401, 'API_KEY_INVALID');
    refused(await owner.delete(org.path(`/api-keys/${id}`)), 404, 'KEY_NOT_FOUND');
  });
});

describe('networks', () => {
  it('let in only who is listed', async () => {
    const { key } = await create({ allowedAddresses: ['203.0.113.0/24', '2001:db8:7::/48', '198.51.100.7'] });
    const from = (address: string) =>
      new Client(server.url).call('GET', org.path('/audit'), { headers: { 'X-Api-Key': key, 'X-Forwarded-For': address } });
    for (const good of ['203.0.113.9', '198.51.100.7', '2001:db8:7:1::2']) ok(await from(good));
    for (const bad of ['203.0.114.9', '198.51.100.8', '2001:db8:8::2', '127.0.0.1', '10.1.2.3'])
      refused(await from(bad), 403, 'API_KEY_IP_DENIED');
  });

  it.each([['300.1.1.1'], ['10.0.0.0/33'], ['::/129'], ['example.com'], [''], ['10.0.0.0/'], ['10.0.0.0/x'], ['[::1]'], ['1.2.3.4, 5.6.7.8']])(
    'are checked: %s',
    async (network) => {
      const body = { name: `x ${unique()}`, permissions: [], allowedAddresses: [network] };
      const answer = refused(await owner.post(org.path('/api-keys'), body), 400);
      expect(answer.text).toContain('allowedAddresses[0]');
    },
  );
});

describe('rates', () => {
  it('are told, and held', async () => {
    const { key } = await create({ ratePerMinute: 5 });
    const client = new Client(server.url, key);
    const first = ok(await client.get(org.path('/audit')));
    expect(first.headers.get('x-ratelimit-limit')).toBe('5');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('4');
    expect(Number(first.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000 - 5);
    /* each of the two workers counts for itself */
    const statuses = [];
    for (let i = 0; i < 14; i++) statuses.push(await client.get(org.path('/audit')));
    const late = statuses.find((answer) => answer.status === 429);
    if (!late) throw new Error('the rate was not held');
    refused(late, 429, 'RATE_LIMIT_EXCEEDED');
    expect(late.json).toMatchObject({ limit: 5, remaining: 0, retryAfter: expect.any(Number), reset: expect.any(Number) });
    expect(late.headers.get('retry-after')).toBe(String(late.get('retryAfter')));
    expect(late.headers.get('x-ratelimit-remaining')).toBe('0');
    ok(await owner.get(org.path('/audit')));
  });

  it('have limits', async () => {
    for (const ratePerMinute of [0, -1, 60_001, 1.5])
      refused(await owner.post(org.path('/api-keys'), { name: 'x', permissions: [], ratePerMinute }), 400);
  });
});

describe('making one', () => {
  it('needs a role or permissions, not both, and a name of its own', async () => {
    const name = `Igual ${unique()}`;
    const role = await makeRole(org, ['chats.view']);
    refused(await owner.post(org.path('/api-keys'), { name }), 400);
    refused(await owner.post(org.path('/api-keys'), { name, permissions: [], roleId: role }), 400);
    refused(await owner.post(org.path('/api-keys'), { name, permissions: ['chats.fly'] }), 400);
    const { id } = await create({ name });
    refused(await owner.post(org.path('/api-keys'), { name: name.toUpperCase(), permissions: [] }), 409, 'KEY_DUPLICATE');
    ok(await owner.delete(org.path(`/api-keys/${id}`)), 204);
    await create({ name });
  });
});
