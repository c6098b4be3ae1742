/* Coming in: sign-up, login, limits on tries, two factors, logins and their end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, isObject, ok, refused } from './lib/client.ts';
import { type Organization, items, logIn, password, signUp, unique } from './lib/people.ts';
import { Server, until } from './lib/server.ts';
import { totpCode } from './lib/totp.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const me = async (client: Client): Promise<number> => (await client.get('/api/me')).status;

describe('sign-up', () => {
  const body = () => ({ organization: 'Clínica Ação', name: 'Bia Reis', email: `bia-${unique()}@example.com`, password });

  it('makes an organization with its four roles and its owner, logged in', async () => {
    const client = new Client(server.url);
    const input = { ...body(), language: 'es', timeZone: 'America/Mexico_City', currency: 'MXN', country: 'MX' };
    const answer = ok(await client.post('/api/signup', input), 201);
    expect(answer.headers.get('set-cookie')).toMatch(/^if_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    expect(answer.text).not.toContain(password);
    const id = answer.str('organizationId');
    const roles = await items(client, `/api/${id}/roles`);
    expect(roles.map((role) => [role['kind'], role['name']])).toEqual([
      ['owner', 'Propietario'],
      ['admin', 'Administrador'],
      ['manager', 'Gerente'],
      ['agent', 'Agente'],
    ]);
    const [user] = await items(client, `/api/${id}/users`);
    expect(user).toMatchObject({ name: 'Bia Reis', email: input.email, roleKind: 'owner', status: 'active', totpEnabled: false });
    const page = ok(await client.get('/api/me'));
    expect(page.get('organizations')).toMatchObject([{ id, name: 'Clínica Ação', roleKind: 'owner' }]);
    expect(page.str('version')).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('sets a Secure cookie behind TLS', async () => {
    const answer = await new Client(server.url).post('/api/signup', body(), { headers: { 'X-Forwarded-Proto': 'https' } });
    expect(ok(answer, 201).headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it.each([
    ['name', { name: '' }],
    ['email', { email: 'bia' }],
    ['email', { email: undefined }],
    ['password', { password: 'curta' }],
    ['password', { password: 'password123' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['language', { language: 'fr' }],
    ['organization', { organization: 'x'.repeat(121) }],
    ['owner', { owner: true }],
  ])('names the bad field %s', async (field, change) => {
    const answer = refused(await new Client(server.url).post('/api/signup', { ...body(), ...change }), 400);
    expect(answer.text).toContain(`"field":"${field}"`);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('makes no second account for an address, whatever its case', async () => {
    const input = body();
    ok(await new Client(server.url).post('/api/signup', input), 201);
    refused(await new Client(server.url).post('/api/signup', { ...input, email: input.email.toUpperCase() }), 409, 'EMAIL_TAKEN');
  });

  it('is limited by address', async () => {
    const client = new Client(server.url);
    for (let i = 0; i < 10; i++) refused(await client.post('/api/signup', { ...body(), timeZone: 'Mars/Olympus' }), 400);
    const answer = refused(await client.post('/api/signup', body()), 429, 'TOO_MANY_TRIES');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    ok(await new Client(server.url).post('/api/signup', body()), 201);
  });
});

describe('login', () => {
  let org: Organization;
  beforeAll(async () => {
    org = await signUp(server.url);
  });

  it('needs both right', async () => {
    const client = await logIn(server.url, org.owner.email.toUpperCase());
    expect(await me(client)).toBe(200);
  });

  it('answers unknown and known addresses alike, in words and in time', async () => {
    const known = (await signUp(server.url)).owner.email;
    const took: Record<string, number[]> = { known: [], unknown: [] };
    const bodies = new Set<string>();
    for (let i = 0; i < 4; i++) {
      for (const [kind, email] of [['known', known], ['unknown', `nobody-${unique()}@example.com`]] as const) {
        const start = performance.now();
        const answer = refused(await new Client(server.url).post('/api/login', { email, password: 'errada, errada' }), 401, 'LOGIN_FAILED');
        took[kind]?.push(performance.now() - start);
        bodies.add(JSON.stringify({ ...(isObject(answer.json) ? answer.json : {}), requestId: '', attemptsLeft: 0 }));
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    }
    expect(bodies.size).toBe(1);
    const best = (list: number[] = []): number => Math.min(...list);
    expect(best(took['unknown'])).toBeGreaterThan(best(took['known']) * 0.5);
    expect(best(took['known'])).toBeGreaterThan(best(took['unknown']) * 0.5);
  });

  it.each([['known'], ['unknown']])('pauses an account after five tries (%s address)', async (kind) => {
    const email = kind === 'known' ? (await signUp(server.url)).owner.email : `nobody-${unique()}@example.com`;
    for (let left = 4; left >= 0; left--) {
      const answer = refused(await new Client(server.url).post('/api/login', { email, password: 'errada, errada' }), 401);
      expect(answer.get('attemptsLeft')).toBe(left);
    }
    const answer = refused(await new Client(server.url).post('/api/login', { email, password }), 429, 'TOO_MANY_TRIES');
    expect(answer.get('retryAfter')).toBeGreaterThan(30);
    expect(answer.headers.get('retry-after')).toBe(String(answer.get('retryAfter')));
  });

  it('counts tries that come at once', async () => {
    const { email } = (await signUp(server.url)).owner;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => new Client(server.url).post('/api/login', { email, password: 'errada, errada' })),
    );
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(5);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(15);
  });

  it('forgets the tries of an account once the password was right', async () => {
    const { email } = (await signUp(server.url)).owner;
    for (let i = 0; i < 4; i++) refused(await new Client(server.url).post('/api/login', { email, password: 'errada, errada' }), 401);
    await logIn(server.url, email);
    const answer = refused(await new Client(server.url).post('/api/login', { email, password: 'errada, errada' }), 401);
    expect(answer.get('attemptsLeft')).toBe(4);
  });

  it('pauses an address that tries many accounts', async () => {
    const client = new Client(server.url);
    const statuses = [];
    for (let i = 0; i < 31; i++)
      statuses.push((await client.post('/api/login', { email: `u${i}-${unique()}@example.com`, password: 'errada, errada' })).status);
    expect(statuses.slice(0, 30)).not.toContain(429);
    expect(statuses[30]).toBe(429);
  }, 60_000);

  it('refuses a login that another site makes', async () => {
    const body = { email: org.owner.email, password };
    const answer = await new Client(server.url).post('/api/login', body, { headers: { Origin: 'https://evil.example' } });
    refused(answer, 403, 'CROSS_SITE');
    ok(await new Client(server.url).post('/api/login', body, { headers: { Origin: server.url } }));
  });
});

describe('two factors', () => {
  async function withTotp(): Promise<{ org: Organization; secret: string; codes: string[] }> {
    const org = await signUp(server.url);
    const begun = ok(await org.owner.client.post('/api/me/totp'));
    const secret = begun.str('secret');
    expect(begun.str('uri')).toContain(`secret=${secret}`);
    expect(begun.str('qrSvg')).toMatch(/^<svg /);
    refused(await org.owner.client.post('/api/me/totp/confirm', { code: '000000' }), 400);
    const confirmed = ok(await org.owner.client.post('/api/me/totp/confirm', { code: totpCode(secret, -1) })).get('recoveryCodes');
    const codes = Array.isArray(confirmed) ? confirmed.map(String) : [];
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    return { org, secret, codes };
  }
  const ticket = async (email: string): Promise<string> => {
    const client = new Client(server.url);
    const answer = ok(await client.post('/api/login', { email, password }));
    expect(answer.get('totpRequired')).toBe(true);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await me(client)).toBe(401);
    return answer.str('ticket');
  };

  it('asks for a code, and takes each step once', async () => {
    const { org, secret } = await withTotp();
    const client = new Client(server.url);
    const code = totpCode(secret);
    refused(await client.post('/api/login/totp', { ticket: await ticket(org.owner.email), code: '123456' }), 401, 'CODE_WRONG');
    ok(await client.post('/api/login/totp', { ticket: await ticket(org.owner.email), code }));
    expect(await me(client)).toBe(200);
    refused(await client.post('/api/login/totp', { ticket: await ticket(org.owner.email), code }), 401, 'CODE_WRONG');
    refused(await client.post('/api/login/totp', { ticket: await ticket(org.owner.email), code: totpCode(secret, -1) }), 401, 'CODE_WRONG');
    expect((await items(org.owner.client, org.path('/users')))[0]).toMatchObject({ totpEnabled: true });
  });

  it('takes one of many equal codes at once', async () => {
    const { org, secret } = await withTotp();
    const tickets = [];
    for (let i = 0; i < 4; i++) tickets.push(await ticket(org.owner.email));
    const code = totpCode(secret);
    const answers = await Promise.all(tickets.map((one) => new Client(server.url).post('/api/login/totp', { ticket: one, code })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('takes a ticket once, and five tries of it', async () => {
    const { org, secret } = await withTotp();
    const client = new Client(server.url);
    const one = await ticket(org.owner.email);
    for (let i = 0; i < 5; i++) refused(await client.post('/api/login/totp', { ticket: one, code: '000000' }), 401, 'CODE_WRONG');
    refused(await client.post('/api/login/totp', { ticket: one, code: totpCode(secret) }), 401, 'TICKET_EXPIRED');
    refused(await client.post('/api/login/totp', { ticket: 'x'.repeat(43), code: totpCode(secret) }), 401, 'TICKET_EXPIRED');
    refused(await client.post('/api/login/totp', { ticket: await ticket(org.owner.email) }), 400);
  });

  it('takes each recovery code once, however it is typed', async () => {
    const { org, codes } = await withTotp();
    const client = new Client(server.url);
    const typed = (codes[0] ?? '').toUpperCase().replaceAll('-', ' ');
    const answer = ok(await client.post('/api/login/totp', { ticket: await ticket(org.owner.email), recoveryCode: typed }));
    expect(answer.get('recoveryCodesLeft')).toBe(9);
    expect(await me(client)).toBe(200);
    const again = { ticket: await ticket(org.owner.email), recoveryCode: codes[0] };
    refused(await client.post('/api/login/totp', again), 401, 'CODE_WRONG');
  });

  it('goes off with the password only', async () => {
    const { org } = await withTotp();
    refused(await org.owner.client.post('/api/me/totp'), 409, 'TOTP_ENABLED');
    refused(await org.owner.client.call('DELETE', '/api/me/totp', { json: { password: 'errada, errada' } }), 403, 'PASSWORD_WRONG');
    ok(await org.owner.client.call('DELETE', '/api/me/totp', { json: { password } }), 204);
    expect(await me(await logIn(server.url, org.owner.email))).toBe(200);
  });
});

describe('logins', () => {
  it('are listed and ended, at once on every worker', async () => {
    const org = await signUp(server.url);
    const other = await logIn(server.url, org.owner.email);
    const third = await logIn(server.url, org.owner.email);
    for (let i = 0; i < 8; i++) expect(await me(other)).toBe(200); /* both workers know it now */
    const list = await items(org.owner.client, '/api/me/sessions');
    expect(list).toHaveLength(3);
    expect(list.filter((one) => one['current'])).toHaveLength(1);
    expect(list[0]).toMatchObject({ current: true, address: org.owner.client.address });
    const address = other.address;
    const id = String(list.find((one) => one['address'] === address)?.['id']);
    ok(await org.owner.client.delete(`/api/me/sessions/${id}`), 204);
    await until('the login to end', async () => (await me(other)) === 401, 1000);
    for (let i = 0; i < 8; i++) expect(await me(other)).toBe(401);
    refused(await org.owner.client.delete(`/api/me/sessions/${id}`), 404, 'SESSION_NOT_FOUND');
    ok(await org.owner.client.delete('/api/me/sessions'), 204);
    await until('the third to end', async () => (await me(third)) === 401, 1000);
    expect(await me(org.owner.client)).toBe(200);
  });

  it('of others are out of reach', async () => {
    const [one, two] = [await signUp(server.url), await signUp(server.url)];
    const [session] = await items(two.owner.client, '/api/me/sessions');
    refused(await one.owner.client.delete(`/api/me/sessions/${String(session?.['id'])}`), 404);
    expect(await me(two.owner.client)).toBe(200);
  });

  it('end with logout', async () => {
    const org = await signUp(server.url);
    const copy = org.owner.client.cookieHeader;
    const answer = ok(await org.owner.client.post('/api/logout'), 204);
    expect(answer.headers.get('set-cookie')).toMatch(/Max-Age=0/);
    await until('the cookie to be worthless', async () => (await new Client(server.url).call('GET', '/api/me', { headers: { Cookie: copy } })).status === 401, 1000);
  });

  it('need the header that other sites cannot send', async () => {
    const org = await signUp(server.url);
    refused(await org.owner.client.post('/api/logout', undefined, { headers: { 'X-Requested-With': '' } }), 403, 'CROSS_SITE');
    refused(await org.owner.client.post('/api/logout', undefined, { headers: { Origin: 'https://evil.example' } }), 403, 'CROSS_SITE');
    expect(await me(org.owner.client)).toBe(200);
  });

  it('are not made by guesses', async () => {
    for (const cookie of ['', 'x', 'a'.repeat(43), "' or 1=1 --", 'a'.repeat(4000)])
      refused(await new Client(server.url).call('GET', '/api/me', { headers: { Cookie: `if_session=${cookie}` } }), 401);
  });
});

describe('one’s own account', () => {
  it('changes name, language and settings', async () => {
    const org = await signUp(server.url);
    ok(await org.owner.client.patch('/api/me', { name: 'Marina Duarte', language: 'en', settings: { theme: 'dark', sound: true } }));
    const answer = ok(await org.owner.client.patch('/api/me', { settings: { sound: null } }));
    expect(answer.get('user')).toMatchObject({ name: 'Marina Duarte', language: 'en', settings: { theme: 'dark' } });
    refused(await org.owner.client.patch('/api/me', { settings: { junk: 'x'.repeat(20_000) } }), 413);
    refused(await org.owner.client.patch('/api/me', { name: '' }), 400);
    refused(await org.owner.client.patch('/api/me', { password_hash: 'x' }), 400);
  });

  it('changes the e-mail address with the password only', async () => {
    const org = await signUp(server.url);
    const email = `novo-${unique()}@example.com`;
    refused(await org.owner.client.patch('/api/me', { email }), 400);
    refused(await org.owner.client.patch('/api/me', { email, password: 'errada, errada' }), 403, 'PASSWORD_WRONG');
    refused(await org.owner.client.patch('/api/me', { email: (await signUp(server.url)).owner.email, password }), 409, 'EMAIL_TAKEN');
    ok(await org.owner.client.patch('/api/me', { email, password }));
    await logIn(server.url, email);
    refused(await new Client(server.url).post('/api/login', { email: org.owner.email, password }), 401);
  });

  it('changes the password, which ends all other logins', async () => {
    const org = await signUp(server.url);
    const other = await logIn(server.url, org.owner.email);
    const fresh = 'outro cavalo verde 43';
    refused(await org.owner.client.post('/api/me/password', { current: 'errada, errada', password: fresh }), 403, 'PASSWORD_WRONG');
    refused(await org.owner.client.post('/api/me/password', { current: password, password: 'curta' }), 400);
    ok(await org.owner.client.post('/api/me/password', { current: password, password: fresh }), 204);
    await until('the other login to end', async () => (await me(other)) === 401, 1000);
    expect(await me(org.owner.client)).toBe(200);
    refused(await new Client(server.url).post('/api/login', { email: org.owner.email, password }), 401);
    await logIn(server.url, org.owner.email, fresh);
  });

  it('does not let a stolen session guess the password', async () => {
    const org = await signUp(server.url);
    for (let i = 0; i < 5; i++)
      refused(await org.owner.client.post('/api/me/password', { current: `errada ${i}...`, password: 'outro cavalo 43' }), 403);
    refused(await org.owner.client.post('/api/me/password', { current: password, password: 'outro cavalo 43' }), 429);
  });

  it('has several organizations, strictly apart', async () => {
    const org = await signUp(server.url);
    const id = ok(await org.owner.client.post('/api/organizations', { name: 'Segunda' }), 201).str('id');
    expect(ok(await org.owner.client.get('/api/me')).get('organizations')).toHaveLength(2);
    expect(await items(org.owner.client, `/api/${id}/users`)).toHaveLength(1);
    ok(await org.owner.client.patch(`/api/${id}`, { name: 'Segunda loja' }));
    expect(JSON.stringify(ok(await org.owner.client.get('/api/me')).json)).toContain('Segunda loja');
    expect((await items(org.owner.client, `/api/${id}/audit`)).map((one) => one['action'])).toContain('organization.update');
    expect((await items(org.owner.client, org.path('/audit'))).map((one) => one['action'])).not.toContain('organization.update');
  });
});

describe('what must survive', () => {
  it('a restart: logins, and pauses', async () => {
    const own = await Server.start();
    try {
      const org = await signUp(own.url);
      const email = `nobody-${unique()}@example.com`;
      for (let i = 0; i < 5; i++) await new Client(own.url).post('/api/login', { email, password: 'errada, errada' });
      expect(await own.halt()).toBe(0);
      await own.start();
      expect(await me(org.owner.client)).toBe(200);
      refused(await new Client(own.url).post('/api/login', { email, password: 'errada, errada' }), 429);
    } finally {
      await own.stop();
    }
  });
});
