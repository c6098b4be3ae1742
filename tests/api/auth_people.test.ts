/* People of an organization: invitations, roles, teams, leaving; and that nobody gets more rights than somebody who had
   them gave, nor sees another organization. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Client, type JsonObject, ok, refused } from './lib/client.ts';
import { type Organization, type Person, items, join, logIn, makeRole, password, roleId, signUp, unique } from './lib/people.ts';
import { Server, until } from './lib/server.ts';
import { Socket } from './lib/socket.ts';

let server: Server;
let org: Organization;
let owner: Client;
beforeAll(async () => {
  server = await Server.start();
  org = await signUp(server.url);
  owner = org.owner.client;
});
afterAll(() => server.stop());

const userOf = async (id: string): Promise<JsonObject | undefined> =>
  (await items(owner, org.path('/users'))).find((user) => user['id'] === id);
const permissionsOf = async (client: Client): Promise<number> => (await client.get(org.path('/audit'))).status;
const tokenOf = (link: string): string => link.slice(link.lastIndexOf('/') + 1);
const nobodyGets = (link: string): Promise<Answer> => new Client(server.url).get(`/api/invitations/${tokenOf(link)}`);

describe('invitations', () => {
  it('by link make whoever has it a member, once, with role and teams', async () => {
    const team = ok(await owner.post(org.path('/teams'), { name: `Vendas ${unique()}` }), 201).str('id');
    const made = ok(await owner.post(org.path('/invitations'), { roleId: await roleId(org, 'agent'), teamIds: [team] }), 201);
    const token = tokenOf(made.str('link'));
    expect(made.str('link')).toBe(`${server.url}/invite/${token}`);
    expect(made.get('email')).toBeNull();
    expect(JSON.stringify(await items(owner, org.path('/invitations')))).not.toContain(token);

    const client = new Client(server.url);
    const page = ok(await client.get(`/api/invitations/${token}`));
    expect(page.json).toMatchObject({ organization: `Quintal da Lola ${org.secret}`, inviter: org.owner.name, existingUser: false, roleName: 'Agente' });
    refused(await client.post(`/api/invitations/${token}/accept`, { name: 'Bia', password }), 400); /* no address anywhere */
    refused(await client.post(`/api/invitations/${token}/accept`, { name: 'Bia', email: `bia-${unique()}@example.com`, password: 'curta' }), 400);
    const email = `bia-${unique()}@example.com`;
    const joined = ok(await client.post(`/api/invitations/${token}/accept`, { name: 'Bia Reis', email, password, language: 'es' }));
    expect(joined.get('user')).toMatchObject({ email, language: 'es' });
    const user = (await items(client, org.path('/users'))).find((one) => one['email'] === email);
    expect(user).toMatchObject({ name: 'Bia Reis', roleKind: 'agent', teamIds: [team], status: 'active' });

    refused(await new Client(server.url).get(`/api/invitations/${token}`), 404, 'INVITATION_NOT_FOUND');
    const second = { name: 'Eva', email: `eva-${unique()}@example.com`, password };
    refused(await new Client(server.url).post(`/api/invitations/${token}/accept`, second), 404, 'INVITATION_NOT_FOUND');
  });

  it('let only one of many in that come at once', async () => {
    const token = tokenOf(ok(await owner.post(org.path('/invitations'), { roleId: await roleId(org, 'agent') }), 201).str('link'));
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        new Client(server.url).post(`/api/invitations/${token}/accept`, { name: 'Eva', email: `eva-${unique()}@example.com`, password }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
  });

  it('by e-mail are for that account only, which logs in first', async () => {
    const other = await signUp(server.url);
    const invitation = { email: other.owner.email, roleId: await roleId(org, 'manager') };
    const token = tokenOf(ok(await owner.post(org.path('/invitations'), invitation), 201).str('link'));
    refused(await owner.post(org.path('/invitations'), invitation), 409, 'INVITATION_DUPLICATE');
    expect(ok(await new Client(server.url).get(`/api/invitations/${token}`)).get('existingUser')).toBe(true);
    refused(await new Client(server.url).post(`/api/invitations/${token}/accept`, { name: 'X', password }), 401, 'LOGIN_FIRST');
    const stranger = await signUp(server.url);
    refused(await stranger.owner.client.post(`/api/invitations/${token}/accept`, {}), 403, 'INVITATION_OTHER_EMAIL');
    const joined = ok(await other.owner.client.post(`/api/invitations/${token}/accept`, {}));
    expect(joined.get('organizations')).toHaveLength(2);
    expect(joined.headers.get('set-cookie')).toBeNull();
    ok(await other.owner.client.get(org.path('/users')));
    refused(await owner.post(org.path('/invitations'), invitation), 409, 'ALREADY_MEMBER');
    refused(await stranger.owner.client.get(org.path('/users')), 403);
  });

  it('can be taken back, and name what is wrong', async () => {
    const role = await roleId(org, 'agent');
    const made = ok(await owner.post(org.path('/invitations'), { email: `vai-${unique()}@example.com`, roleId: role }), 201);
    ok(await owner.delete(org.path(`/invitations/${made.str('id')}`)), 204);
    refused(await new Client(server.url).get(`/api/invitations/${tokenOf(made.str('link'))}`), 404);
    refused(await owner.delete(org.path(`/invitations/${made.str('id')}`)), 404, 'INVITATION_NOT_FOUND');
    const foreign = await signUp(server.url);
    refused(await owner.post(org.path('/invitations'), { roleId: await roleId(foreign, 'agent') }), 400);
    const team = ok(await foreign.owner.client.post(foreign.path('/teams'), { name: 'Fora' }), 201).str('id');
    refused(await owner.post(org.path('/invitations'), { roleId: role, teamIds: [team] }), 400);
  });
});

describe('rights', () => {
  let admin: Person;
  let manager: Person;
  let agent: Person;
  /* may manage people and roles, but little else */
  let clerk: Person;
  beforeAll(async () => {
    admin = await join(org, 'admin');
    manager = await join(org, 'manager');
    agent = await join(org, 'agent');
    clerk = await join(org, await makeRole(org, ['users.manage', 'roles.manage', 'api_keys.manage', 'chats.view']));
  });

  it('agents and managers manage nobody', async () => {
    for (const { client } of [agent, manager]) {
      const role = { roleId: await roleId(org, 'agent') };
      for (const answer of [
        await client.post(org.path('/invitations'), role),
        await client.get(org.path('/invitations')),
        await client.patch(org.path(`/users/${agent.userId}`), role),
        await client.delete(org.path(`/users/${admin.userId}`)),
        await client.post(org.path('/roles'), { name: 'Tudo', permissions: [] }),
        await client.get(org.path('/api-keys')),
        await client.get(org.path('/audit')),
        await client.get(org.path('/settings/smtp')),
        await client.patch(org.path(''), { name: 'Minha' }),
        await client.get(org.path('/jobs/parked')),
        await client.get(org.path('/password-resets')),
      ])
        refused(answer, 403, 'FORBIDDEN');
    }
  });

  it('nobody but an owner makes, changes or removes an owner', async () => {
    const ownerRole = await roleId(org, 'owner');
    const { client } = admin;
    refused(await client.post(org.path('/invitations'), { roleId: ownerRole }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/users/${agent.userId}`), { roleId: ownerRole }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/users/${admin.userId}`), { roleId: ownerRole }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/users/${org.owner.userId}`), { status: 'suspended' }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/users/${org.owner.userId}`), { capacity: 3 }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.delete(org.path(`/users/${org.owner.userId}`)), 403, 'RIGHTS_EXCEEDED');
    refused(await client.post(org.path(`/users/${org.owner.userId}/reset-link`)), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/roles/${ownerRole}`), { name: 'Chefe' }), 403, 'ROLE_FIXED');
    refused(await owner.patch(org.path(`/roles/${ownerRole}`), { permissions: [] }), 403, 'ROLE_FIXED');
    refused(await client.post(org.path('/api-keys'), { name: 'x', roleId: ownerRole }), 403, 'RIGHTS_EXCEEDED');
    expect(await userOf(org.owner.userId)).toMatchObject({ roleKind: 'owner', status: 'active', capacity: 0 });
  });

  it('nobody gives more than they have', async () => {
    const { client, userId } = clerk;
    const more = ['users.manage', 'chats.view', 'audit.view'];
    refused(await client.post(org.path('/roles'), { name: `Mais ${unique()}`, permissions: more }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.post(org.path('/invitations'), { roleId: await roleId(org, 'admin') }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/users/${userId}`), { roleId: await roleId(org, 'admin') }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/users/${agent.userId}`), { status: 'suspended' }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.delete(org.path(`/users/${admin.userId}`)), 403, 'RIGHTS_EXCEEDED');
    refused(await client.post(org.path('/api-keys'), { name: 'x', permissions: more }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/roles/${String((await userOf(userId))?.['roleId'])}`), { permissions: more }), 403, 'RIGHTS_EXCEEDED');
    refused(await client.patch(org.path(`/roles/${await roleId(org, 'agent')}`), { permissions: ['chats.view'] }), 403, 'RIGHTS_EXCEEDED');
    const less = ok(await client.post(org.path('/roles'), { name: `Menos ${unique()}`, permissions: ['chats.view'] }), 201);
    ok(await client.post(org.path('/invitations'), { roleId: less.str('id') }), 201);
    expect(await permissionsOf(client)).toBe(403);
  });

  it('come and go at once, on every worker', async () => {
    const person = await join(org, 'agent');
    for (let i = 0; i < 8; i++) expect(await permissionsOf(person.client)).toBe(403);
    ok(await owner.patch(org.path(`/users/${person.userId}`), { roleId: await roleId(org, 'admin') }));
    await until('the new rights', async () => (await permissionsOf(person.client)) === 200, 1000);
    const role = await makeRole(org, ['audit.view']);
    ok(await owner.patch(org.path(`/users/${person.userId}`), { roleId: role }));
    ok(await owner.patch(org.path(`/roles/${role}`), { permissions: [] }));
    await until('fewer rights', async () => (await permissionsOf(person.client)) === 403, 1000);
    for (let i = 0; i < 8; i++) expect(await permissionsOf(person.client)).toBe(403);
    ok(await owner.patch(org.path(`/users/${person.userId}`), { status: 'suspended' }));
    await until('the suspension', async () => (await person.client.get(org.path('/users'))).status === 403, 1000);
    refused(await person.client.get(org.path('/users')), 403, 'MEMBERSHIP_SUSPENDED');
    ok(await person.client.get('/api/me'));
    ok(await owner.patch(org.path(`/users/${person.userId}`), { status: 'active' }));
    await until('the end of it', async () => (await person.client.get(org.path('/users'))).status === 200, 1000);
  });
});

describe('live connections', () => {
  it('end with rights that change the moment they open', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => join(org, 'agent')));
    await Promise.all(
      people.map(async (one) => {
        for (let i = 0; i < 4; i++) {
          const socket = await Socket.open(one.client, org.path('/events'));
          ok(await owner.post(org.path('/teams'), { name: `Na hora ${unique()}`, memberIds: [one.userId] }), 201);
          await until('the socket to close', () => socket.closeCode !== undefined);
        }
      }),
    );
  });

  it('end with the rights they were opened with; those of others stay', async () => {
    const [one, two] = [await join(org, 'agent'), await join(org, 'agent')];
    const [mine, other] = [await Socket.open(one.client, org.path('/events')), await Socket.open(two.client, org.path('/events'))];
    ok(await owner.post(org.path('/teams'), { name: `Ao vivo ${unique()}`, memberIds: [one.userId] }), 201);
    await until('the socket to close after a team', () => mine.closeCode !== undefined, 3000);
    const again = await Socket.open(one.client, org.path('/events'));
    ok(await owner.patch(org.path(`/users/${one.userId}`), { status: 'suspended' }));
    await until('the socket to close after a suspension', () => again.closeCode !== undefined, 3000);
    await expect(Socket.open(one.client, org.path('/events'))).rejects.toThrow('403');
    expect(other.closeCode).toBeUndefined();
    const third = await Socket.open(two.client, org.path('/events'));
    ok(await two.client.post('/api/logout'), 204);
    await until('all sockets of a login to close', () => other.closeCode !== undefined && third.closeCode !== undefined, 3000);
    await expect(Socket.open(two.client, org.path('/events'))).rejects.toThrow('401');
  });
});

describe('users', () => {
  it('change role, capacity and teams; the log says what', async () => {
    const person = await join(org, 'agent');
    const team = ok(await owner.post(org.path('/teams'), { name: `Suporte ${unique()}` }), 201).str('id');
    const answer = ok(await owner.patch(org.path(`/users/${person.userId}`), { capacity: 12, teamIds: [team] }));
    expect(answer.json).toMatchObject({ id: person.userId, capacity: 12, teamIds: [team] });
    const [entry] = await items(owner, org.path('/audit'), { entityId: person.userId, action: 'user.update' });
    expect(entry).toMatchObject({
      actorKind: 'user', actorId: org.owner.userId, actorName: org.owner.name, entity: 'user', label: person.name,
      address: owner.address, changes: { capacity: { from: 0, to: 12 } },
    });
    refused(await owner.patch(org.path(`/users/${person.userId}`), { capacity: -1 }), 400);
    refused(await owner.patch(org.path(`/users/${person.userId}`), { status: 'gone' }), 400);
    refused(await owner.patch(org.path(`/users/${person.userId}`), { teamIds: [org.id] }), 400, 'TEAM_NOT_FOUND');
    refused(await owner.patch(org.path(`/users/${org.id}`), { capacity: 1 }), 404, 'USER_NOT_FOUND');
  });

  it('leave, are removed, and come back', async () => {
    const person = await join(org, 'agent');
    ok(await person.client.delete(org.path(`/users/${person.userId}`)), 204);
    await until('the door to be shut', async () => (await person.client.get(org.path('/users'))).status === 403, 1000);
    expect(ok(await person.client.get('/api/me')).get('organizations')).toEqual([]);
    const link = ok(await owner.post(org.path('/invitations'), { email: person.email, roleId: await roleId(org, 'agent') }), 201).str('link');
    ok(await person.client.post(`/api/invitations/${tokenOf(link)}/accept`, {}));
    await until('the door to be open', async () => (await person.client.get(org.path('/users'))).status === 200, 1000);
    ok(await owner.delete(org.path(`/users/${person.userId}`)), 204);
    expect(await userOf(person.userId)).toBeUndefined();
    refused(await owner.delete(org.path(`/users/${person.userId}`)), 404, 'USER_NOT_FOUND');
  });

  it('take the invitations with them that they made', async () => {
    const person = await join(org, 'admin');
    const link = ok(await person.client.post(org.path('/invitations'), { roleId: await roleId(org, 'agent') }), 201).str('link');
    ok(await nobodyGets(link));
    ok(await owner.delete(org.path(`/users/${person.userId}`)), 204);
    refused(await nobodyGets(link), 404, 'INVITATION_NOT_FOUND');
  });

  it('keep an owner, whatever happens at once', async () => {
    const own = await signUp(server.url);
    const first = own.owner;
    const agentRole = await roleId(own, 'agent');
    refused(await first.client.delete(own.path(`/users/${first.userId}`)), 409, 'LAST_OWNER');
    refused(await first.client.patch(own.path(`/users/${first.userId}`), { roleId: agentRole }), 409, 'LAST_OWNER');
    refused(await first.client.patch(own.path(`/users/${first.userId}`), { status: 'suspended' }), 422, 'NOT_YOURSELF');
    const second = await join(own, 'owner');
    const answers = await Promise.all([
      first.client.patch(own.path(`/users/${second.userId}`), { roleId: agentRole }),
      second.client.patch(own.path(`/users/${first.userId}`), { roleId: agentRole }),
      first.client.delete(own.path(`/users/${first.userId}`)),
      second.client.delete(own.path(`/users/${second.userId}`)),
    ]);
    expect(answers.filter((answer) => answer.status < 300).length).toBeGreaterThan(0);
    expect(answers.every((answer) => answer.status < 500)).toBe(true);
    const alive = (await Promise.all([first, second].map(async ({ client }) => (await client.get(own.path('/audit'))).status))).filter((status) => status === 200);
    expect(alive.length).toBeGreaterThan(0);
  });

  it('say whether they are there', async () => {
    const person = await join(org, 'agent');
    ok(await person.client.put(org.path('/me/availability'), { availability: 'away' }));
    expect(await userOf(person.userId)).toMatchObject({ availability: 'away' });
    refused(await person.client.put(org.path('/me/availability'), { availability: 'asleep' }), 400);
  });
});

describe('roles', () => {
  it('are made, changed and removed when nobody has them', async () => {
    const name = `Papel ${unique()}`;
    const role = ok(await owner.post(org.path('/roles'), { name, permissions: ['chats.view', 'chats.reply'] }), 201);
    expect(role.json).toMatchObject({ kind: 'custom', name, permissions: ['chats.view', 'chats.reply'], userCount: 0 });
    refused(await owner.post(org.path('/roles'), { name: name.toUpperCase(), permissions: [] }), 409, 'ROLE_DUPLICATE');
    refused(await owner.post(org.path('/roles'), { name: `x ${unique()}`, permissions: ['chats.fly'] }), 400);
    const path = org.path(`/roles/${role.str('id')}`);
    expect(ok(await owner.patch(path, { permissions: ['chats.view'] })).get('permissions')).toEqual(['chats.view']);
    const person = await join(org, role.str('id'));
    expect(refused(await owner.delete(path), 409, 'ROLE_IN_USE').get('members')).toBe(1);
    ok(await owner.delete(org.path(`/users/${person.userId}`)), 204);
    ok(await owner.delete(path), 204);
    refused(await owner.delete(path), 404, 'ROLE_NOT_FOUND');
    refused(await owner.delete(org.path(`/roles/${await roleId(org, 'agent')}`)), 403, 'ROLE_FIXED');
  });

  it('know the same permissions in the program and in the database', async () => {
    const known = await items(owner, org.path('/permissions'));
    for (const one of known)
      expect(one).toMatchObject({ name: expect.any(String), label: { pt: expect.any(String), es: expect.any(String), en: expect.any(String) } });
    const ownerRole = (await items(owner, org.path('/roles'))).find((role) => role['kind'] === 'owner');
    expect(ownerRole?.['permissions']).toEqual(known.map((one) => one['name']));
  });
});

describe('teams', () => {
  it('have members in order, a leader, hours', async () => {
    const [one, two] = [await join(org, 'agent'), await join(org, 'agent')];
    const name = `Pós-venda ${unique()}`;
    const hours = { mon: [['08:00', '12:00'], ['13:00', '18:00']] };
    const team = ok(await owner.post(org.path('/teams'), { name, color: '#aa3366', leaderId: one.userId, memberIds: [two.userId, one.userId], hours, distribution: 'round_robin' }), 201);
    expect(team.json).toMatchObject({ name, color: '#aa3366', leaderId: one.userId, memberIds: [two.userId, one.userId], hours, distribution: 'round_robin' });
    const path = org.path(`/teams/${team.str('id')}`);
    expect(ok(await owner.patch(path, { memberIds: [one.userId, two.userId] })).json).toMatchObject({ memberIds: [one.userId, two.userId], hours });
    expect(ok(await owner.patch(path, { leaderId: null, hours: null })).json).toMatchObject({ leaderId: null, hours: null, name });
    const entries = await items(owner, org.path('/audit'), { entityId: team.str('id') });
    expect(entries.map((entry) => entry['action'])).toEqual(['team.update', 'team.update', 'team.create']);
    expect(entries[0]?.['changes']).toMatchObject({ leaderId: { from: one.userId, to: null } });
    refused(await owner.post(org.path('/teams'), { name: name.toUpperCase() }), 409, 'TEAM_DUPLICATE');
    refused(await owner.patch(path, { hours: { mon: [['18:00', '08:00']] } }), 400);
    refused(await owner.patch(path, { leaderId: org.id }), 400);
    refused(await owner.patch(path, { memberIds: [org.id] }), 400, 'USER_NOT_FOUND');
    ok(await owner.delete(path), 204);
    refused(await owner.patch(path, { name: 'x' }), 404, 'TEAM_NOT_FOUND');
    expect(await userOf(one.userId)).toMatchObject({ teamIds: [] });
  });

  it('lose their leader when that person goes', async () => {
    const person = await join(org, 'agent');
    const team = ok(await owner.post(org.path('/teams'), { name: `Time ${unique()}`, leaderId: person.userId, memberIds: [person.userId] }), 201);
    ok(await owner.delete(org.path(`/users/${person.userId}`)), 204);
    const now = (await items(owner, org.path('/teams'))).find((one) => one['id'] === team.str('id'));
    expect(now).toMatchObject({ leaderId: null, memberIds: [] });
  });

  it('are made once for one idempotency key', async () => {
    const name = `Única ${unique()}`;
    const idempotencyKey = unique();
    const answers = await Promise.all(Array.from({ length: 5 }, () => owner.post(org.path('/teams'), { name }, { idempotencyKey })));
    expect(new Set(answers.map((answer) => ok(answer, 201).str('id'))).size).toBe(1);
  });
});

describe('another organization', () => {
  it('is out of reach with its ids, and with its path', async () => {
    const foreign = await signUp(server.url);
    const stranger = foreign.owner.client;
    const person = await join(org, 'agent');
    const team = ok(await owner.post(org.path('/teams'), { name: `Nosso ${unique()}` }), 201).str('id');
    const role = await makeRole(org, ['chats.view']);
    const invitation = ok(await owner.post(org.path('/invitations'), { roleId: role }), 201).str('id');
    const key = ok(await owner.post(org.path('/api-keys'), { name: `k ${unique()}`, permissions: ['chats.view'] }), 201).str('id');
    const agentRole = await roleId(foreign, 'agent');
    const targets: [string, string, unknown?][] = [
      ['PATCH', `/users/${person.userId}`, { roleId: agentRole }],
      ['DELETE', `/users/${person.userId}`],
      ['POST', `/users/${person.userId}/reset-link`],
      ['PATCH', `/teams/${team}`, { name: 'Meu' }],
      ['DELETE', `/teams/${team}`],
      ['PATCH', `/roles/${role}`, { name: 'Meu' }],
      ['DELETE', `/roles/${role}`],
      ['DELETE', `/invitations/${invitation}`],
      ['DELETE', `/api-keys/${key}`],
    ];
    for (const [method, path, json] of targets) {
      const options = json ? { json } : {};
      refused(await stranger.call(method, foreign.path(path), options), 404);
      refused(await stranger.call(method, org.path(path), options), 403, 'NOT_A_MEMBER');
    }
    for (const path of ['/users', '/roles', '/teams', '/invitations', '/api-keys', '/audit', '/settings/smtp', '/permissions', '/password-resets', '/jobs/parked']) {
      refused(await stranger.get(org.path(path)), 403);
      expect(ok(await stranger.get(foreign.path(path))).text).not.toContain(org.secret);
    }
    refused(await stranger.patch(org.path(''), { name: 'Minha' }), 403);
    expect(await userOf(person.userId)).toMatchObject({ roleKind: 'agent' });
    refused(await stranger.post(foreign.path('/teams'), { name: 'Roubo', memberIds: [person.userId] }), 400);
    refused(await stranger.post(foreign.path('/teams'), { name: 'Roubo', leaderId: person.userId }), 400);
    refused(await stranger.patch(foreign.path(`/users/${foreign.owner.userId}`), { roleId: role }), 400);
    refused(await stranger.post(foreign.path('/api-keys'), { name: 'x', roleId: role }), 400);
  });

  it('does not exist for anybody who is not logged in', async () => {
    const nobody = new Client(server.url);
    for (const path of ['/users', '/roles', '/teams', '/audit', '/api-keys']) refused(await nobody.get(org.path(path)), 401, 'UNAUTHORIZED');
  });
});

describe('the organization', () => {
  it('changes what it is, and its log says so', async () => {
    const own = await signUp(server.url);
    const { client } = own.owner;
    const answer = ok(await client.patch(own.path(''), { name: 'Nova', timeZone: 'America/Bogota', currency: 'COP', country: 'CO', settings: { a: 1, b: 2 } }));
    expect(answer.json).toMatchObject({ id: own.id, name: 'Nova', timeZone: 'America/Bogota', currency: 'COP', country: 'CO', settings: { a: 1, b: 2 } });
    expect(ok(await client.patch(own.path(''), { settings: { a: null } })).get('settings')).toEqual({ b: 2 });
    const [, entry] = await items(client, own.path('/audit'), { action: 'organization' });
    expect(entry?.['changes']).toMatchObject({ currency: { from: 'BRL', to: 'COP' } });
    refused(await client.patch(own.path(''), { timeZone: 'EST5EDT4,M3' }), 400, 'UNKNOWN_TIME_ZONE');
    refused(await client.patch(own.path(''), { currency: 'real' }), 400);
    refused(await client.patch(own.path(''), { currency: 'br1' }), 400);
  });

  it('has a log with pages and filters', async () => {
    const own = await signUp(server.url);
    const { client } = own.owner;
    for (let i = 0; i < 7; i++) ok(await client.post(own.path('/teams'), { name: `Time ${i}` }), 201);
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = ok(await client.get(own.path('/audit'), { limit: 3, action: 'team', cursor }));
      const list = page.get('items');
      seen.push(...(Array.isArray(list) ? list.map((one) => (one as JsonObject)['label']) : []));
      const next = page.get('next');
      cursor = typeof next === 'string' ? next : undefined;
    } while (cursor);
    expect(seen).toEqual(['Time 6', 'Time 5', 'Time 4', 'Time 3', 'Time 2', 'Time 1', 'Time 0']);
    expect(await items(client, own.path('/audit'), { from: '2099-01-01T00:00:00Z' })).toEqual([]);
    expect(await items(client, own.path('/audit'), { actorId: own.id })).toEqual([]);
    refused(await client.get(own.path('/audit'), { cursor: 'x' }), 400, 'INVALID_CURSOR');
    refused(await client.get(own.path('/audit'), { from: 'ontem' }), 400);
  });
});

describe('logging in elsewhere', () => {
  it('works for members of several organizations', async () => {
    const person = await join(org, 'agent');
    const client = await logIn(server.url, person.email);
    expect(ok(await client.get('/api/me')).get('organizations')).toMatchObject([{ id: org.id, roleKind: 'agent' }]);
  });
});
