/* Every route × a call that works: the answer has the documented status and exactly the documented members. And where
   something is created: the same Idempotency-Key gives the same answer again and creates nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type CallOptions, Client, type JsonObject, isObject, ok } from './lib/client.ts';
import type { Operation } from './lib/document.ts';
import { items, logIn, password, roleId, unique } from './lib/people.ts';
import { MailServer } from './lib/smtp.ts';
import { Socket } from './lib/socket.ts';
import { each, suite } from './lib/suite.ts';
import { totpCode } from './lib/totp.ts';
import { World } from './lib/world.ts';
import { sql } from '../process/lib/command.ts';

const all = suite({ env: { INTERFLOW_ALLOW_PRIVATE: '127.0.0.0/8' } });
let mails: MailServer;
beforeAll(async () => {
  mails = await MailServer.start();
});
afterAll(async () => {
  await mails.stop();
});

const show = (answer: Answer): string => `${answer.status} ${answer.text.slice(0, 300)}`;
const ofOrganizations = (): Operation[] => all.document.operations.filter((one) => one.access === 'organization');

/** Calls that have no success to show, with what they answer instead. */
const otherwise: Record<string, string> = {
  'events.connect': '400', // without the upgrade; with it: below
  'public.templateSend': '422', // a web chat has no templates
  'templates.create': '422',
  'templates.sync': '422',
  'templates.remove': '422',
  'messages.mail': '404', // none came
  'messages.mailPage': '404',
  'messages.mailPart': '404',
  'messages.mailRaw': '404',
  'messages.story': '404', // of Instagram's
  'channels.oauthStart': '400',
  'channels.oauthFinish': '422', // no app of Meta's is set up here
  'flows.retrySession': '409', // none failed
  'flows.testAnswer': '409', // no call waits
};

const query: Record<string, Record<string, string>> = { search: { q: 'Oi' }, 'customers.export': { format: 'csv' } };

/** What must be so before the call. */
const before: Record<string, (world: World, ids: Record<string, string>) => Promise<unknown>> = {
  'chats.reopen': (world, ids) => world.close(ids['chatId'] ?? ''),
  'public.chatReopen': (world, ids) => world.close(ids['chatId'] ?? ''),
  'jobs.retry': (world, ids) => park(world, ids),
  'jobs.delete': (world, ids) => park(world, ids),
  'smtp.test': (world) =>
    world.client.put(world.org.path('/settings/smtp'), { host: '127.0.0.1', port: mails.port, security: 'none', from: 'loja@example.com' }),
  'messages.edit': async (world, ids) => {
    const json = { content: 'Mais tarde', scheduledFor: new Date(Date.now() + 3_600_000).toISOString() };
    ids['messageId'] = ok(await world.client.post(world.org.path(`/chats/${ids['chatId']}/messages`), json), 201).str('id');
  },
  'messages.retry': (_, ids) => Promise.resolve(sql(all.server.dataDir, `update messages set status = 'failed' where id = '${ids['messageId']}'`)),
  'channels.logEntry': (world, ids) => logged(world, ids),
  'channels.logReplay': (world, ids) => logged(world, ids),
  'messages.fileRetry': (world, ids) =>
    Promise.resolve(
      sql(
        all.server.dataDir,
        `insert into message_files (org_id, message_id, position, kind, state, source) values ('${world.org.id}', '${ids['messageId']}', 0, 'image', 'failed', '{"id": "1"}')`,
      ),
    ),
  'flows.stopSession': async (world, ids) => (ids['sessionId'] = await world.runningSession()),
  'flows.pauseSession': async (world, ids) => (ids['sessionId'] = await world.runningSession()),
  'flows.resumeSession': async (world, ids) => {
    ids['sessionId'] = await world.runningSession();
    ok(await world.client.post(world.org.path(`/flow-sessions/${ids['sessionId']}/pause`)), 200);
  },
  'channels.resume': (world, ids) => world.client.post(world.org.path(`/channels/${ids['channelId']}/pause`)),
};

/** A body that came and was put aside. */
function logged(world: World, ids: Record<string, string>): Promise<void> {
  ids['entryId'] = sql(
    all.server.dataDir,
    `insert into channel_bodies (org_id, channel_id, body, state, error_code) values ('${world.org.id}', '${ids['channelId']}', '{}', 'parked', 'X') returning id`,
  );
  return Promise.resolve();
}

/** Work of the organization that was given up. */
function park(world: World, ids: Record<string, string>): Promise<void> {
  ids['jobId'] = sql(
    all.server.dataDir,
    `insert into jobs (org_id, kind, payload, state, parked_at, error) values ('${world.org.id}', 'message.release', '{"messageId": "${crypto.randomUUID()}"}', 'parked', now(), 'x') returning id`,
  );
  return Promise.resolve();
}

async function call(operation: Operation, options: CallOptions = {}): Promise<Answer> {
  const world = all.world;
  const ids = await world.ids(world.pathIds(operation));
  await before[operation.id]?.(world, ids);
  const path = world.fill(operation, ids);
  const args: CallOptions = { ...options };
  const asked = query[operation.id];
  if (asked) args.query = asked;
  if (operation.multipart && operation.body === undefined) {
    const form = new FormData();
    form.append('file', new Blob(['um texto'], { type: 'text/plain' }), 'texto.txt');
    args.body = form;
  } else {
    const body = await world.body(operation, ids);
    if (body) args.json = body;
  }
  return world.client.call(operation.method, path, args);
}

test('every operation answers what the document says', async () => {
  await each(ofOrganizations(), async (operation) => {
    const answer = await call(operation);
    const expected = otherwise[operation.id];
    if (expected) return expected.split('|').includes(String(answer.status)) ? undefined : `expected ${expected}, got ${show(answer)}`;
    if (answer.status < 200 || answer.status > 299) return `got ${show(answer)}`;
    return all.document.faults(operation, answer);
  });
});

/** Routes outside an organization: each has its own way. Names a status where a success needs more than a call. */
const others: Record<string, (world: World) => Promise<[Answer, string?]>> = {
  'system.openapi': async (w) => [await w.client.get('/api/openapi.json')],
  'session.signup': async (w) => [
    await new Client(w.client.base).post('/api/signup', { organization: 'Nova', name: 'Ana', email: `s-${unique()}@example.com`, password }),
  ],
  'session.login': async (w) => [await new Client(w.client.base).post('/api/login', { email: w.org.owner.email, password })],
  'session.totp': async (w) => {
    const secret = ok(await w.client.post('/api/me/totp')).str('secret');
    ok(await w.client.post('/api/me/totp/confirm', { code: totpCode(secret, -1) }));
    const stranger = new Client(w.client.base);
    const ticket = ok(await stranger.post('/api/login', { email: w.org.owner.email, password })).str('ticket');
    return [await stranger.post('/api/login/totp', { ticket, code: totpCode(secret) })];
  },
  'session.logout': async (w) => [await w.client.post('/api/logout')],
  'me.get': async (w) => [await w.client.get('/api/me')],
  'me.update': async (w) => [await w.client.patch('/api/me', { name: 'Marina D.', language: 'es' })],
  'me.password': async (w) => [await w.client.post('/api/me/password', { current: password, password: `${password}!` })],
  'me.totp.begin': async (w) => [await w.client.post('/api/me/totp')],
  'me.totp.confirm': async (w) => {
    const secret = ok(await w.client.post('/api/me/totp')).str('secret');
    return [await w.client.post('/api/me/totp/confirm', { code: totpCode(secret) })];
  },
  'me.totp.disable': async (w) => [await w.client.call('DELETE', '/api/me/totp', { json: { password } })],
  'me.sessions.list': async (w) => [await w.client.get('/api/me/sessions')],
  'me.sessions.end': async (w) => [await w.client.delete('/api/me/sessions')],
  'me.sessions.delete': async (w) => {
    const other = await logIn(w.client.base, w.org.owner.email);
    const [, second] = await items(w.client, '/api/me/sessions');
    const answer = await w.client.delete(`/api/me/sessions/${String(second?.['id'])}`);
    expect((await other.get('/api/me')).status).toBe(401);
    return [answer];
  },
  'organizations.create': async (w) => [await w.client.post('/api/organizations', { name: w.name('Filial') })],
  'password.forgot': async (w) => [await new Client(w.client.base).post('/api/password/forgot', { email: w.org.owner.email })],
  'password.reset': async (w) => {
    const userId = (await w.ids(['userId']))['userId'] ?? '';
    const token = ok(await w.client.post(w.org.path(`/users/${userId}/reset-link`)), 201).str('link').split(/[/=]/).at(-1) ?? '';
    return [await new Client(w.client.base).post('/api/password/reset', { token, password: `${password}!` })];
  },
  'invitation.get': async (w) => [await new Client(w.client.base).get(`/api/invitations/${await invite(w)}`)],
  'invitation.accept': async (w) => [
    await new Client(w.client.base).post(`/api/invitations/${await invite(w)}/accept`, { name: 'Rui', password, language: 'pt' }),
  ],
  'webchat.config': async (w) => [await new Client(w.client.base).get(`/webchat/${(await w.webchat()).key}/config`)],
  'webchat.visitor': async (w) => [await new Client(w.client.base).post(`/webchat/${(await w.webchat()).key}/visitor`, {})],
  'webchat.messages': async (w) => {
    const { visitor, token } = await w.visitorChat();
    return [await visitor.call('GET', `/webchat/${(await w.webchat()).key}/messages`, { headers: { 'X-Visitor': token } })];
  },
  'webchat.send': async (w) => {
    const { visitor, token } = await w.visitorChat();
    const json = { text: 'Mais uma', clientId: `c-${unique()}` };
    return [await visitor.call('POST', `/webchat/${(await w.webchat()).key}/messages`, { json, headers: { 'X-Visitor': token } })];
  },
  'webchat.read': async (w) => {
    const { chatId, visitor, token } = await w.visitorChat();
    ok(await w.client.post(w.org.path(`/chats/${chatId}/take`)));
    const sent = ok(await w.client.post(w.org.path(`/chats/${chatId}/messages`), { content: 'Olá' }));
    const json = { messageId: sent.str('id'), status: 'read' };
    return [await visitor.call('POST', `/webchat/${(await w.webchat()).key}/read`, { json, headers: { 'X-Visitor': token } })];
  },
  'webchat.file': async (w) => {
    const { visitor, token } = await w.visitorChat();
    const form = new FormData();
    form.append('clientId', `f-${unique()}`);
    form.append('file', new Blob(['um texto'], { type: 'text/plain' }), 'texto.txt');
    const headers = { 'X-Visitor': token };
    const path = `/webchat/${(await w.webchat()).key}`;
    const sent = ok(await visitor.call('POST', `${path}/messages`, { body: form, headers }));
    const [file] = Array.isArray(sent.get('files')) ? (sent.get('files') as JsonObject[]) : [];
    return [await visitor.call('GET', `${path}/files/${String(file?.['id'])}`, { headers })];
  },
  'webchat.events': async (w) => [await new Client(w.client.base).get(`/webchat/${(await w.webchat()).key}/events`), '401'], // without a visitor; with one: below
};

test('the WebSockets', async () => {
  const { key } = await all.world.webchat();
  const { token } = await all.world.visitorChat();
  const agent = await Socket.open(all.world.client, all.world.org.path('/events'));
  await agent.wait('hello');
  agent.close();
  const visitor = await Socket.open(new Client(all.server.url), `/webchat/${key}/events?token=${encodeURIComponent(token)}`);
  await visitor.wait('hello');
  visitor.close();
});

async function invite(world: World): Promise<string> {
  const body = { email: `i-${unique()}@example.com`, roleId: await roleId(world.org, 'agent') };
  return ok(await world.client.post(world.org.path('/invitations'), body)).str('link').split(/[/=]/).at(-1) ?? '';
}

test('operations outside an organization answer what the document says', async () => {
  await each(all.document.operations.filter((one) => one.access !== 'organization'), async (operation) => {
    const way = others[operation.id];
    if (!way) return 'nothing knows how to call it: add it to tests/api/answers.test.ts';
    const [answer, expected] = await way(await World.make(all.server.url, all.document));
    if (expected) return expected.split('|').includes(String(answer.status)) ? undefined : `expected ${expected}, got ${show(answer)}`;
    return answer.status < 300 ? all.document.faults(operation, answer) : show(answer);
  });
});

test('what creates takes an idempotency key', async () => {
  const creating = ofOrganizations().filter((one) => one.creates);
  await each(creating, async (operation) => {
    const world = all.world;
    const ids = await world.ids(world.pathIds(operation));
    await before[operation.id]?.(world, ids);
    const path = world.fill(operation, ids);
    if (operation.multipart && operation.body === undefined) return undefined; // files: see files.test.ts
    const json = (await world.body(operation, ids)) ?? {};
    const idempotencyKey = `key-${crypto.randomUUID()}`;
    const first = await world.client.call(operation.method, path, { json, idempotencyKey });
    if (first.status >= 300) return otherwise[operation.id] ? undefined : `first: ${show(first)}`;
    const second = await world.client.call(operation.method, path, { json, idempotencyKey });
    const faults: string[] = [];
    if (second.status !== first.status || second.text !== first.text) faults.push(`second differs: ${show(second)} from ${show(first)}`);
    if (second.headers.get('idempotency-replayed') !== 'true') faults.push('second is not marked as replayed');
    const other = await world.client.call(operation.method, `${path}`, { json: { ...json, __other: 1 } as JsonObject, idempotencyKey });
    if (other.status !== 400) faults.push(`a broken body with a used key: ${show(other)}`);
    return faults;
  });
});

test('fifty clients with one key create once; another body is refused', async () => {
  const world = all.world;
  const json = { name: world.name('Uma só') };
  const idempotencyKey = crypto.randomUUID();
  const path = world.org.path('/tags');
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.client.call('POST', path, { json, idempotencyKey })));
  expect(new Set(answers.map((one) => `${one.status} ${one.text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(201);
  expect(answers.filter((one) => one.headers.get('idempotency-replayed') === 'true').length).toBe(49);
  const other = await world.client.call('POST', path, { json: { name: world.name('Outra') }, idempotencyKey });
  expect(other.status).toBe(422);
  expect(isObject(other.json) && other.json['code']).toBe('IDEMPOTENCY_KEY_REUSED');
  // An error is not kept: the key is free for the next try.
  const second = crypto.randomUUID();
  const doubled = await world.client.call('POST', path, { json, idempotencyKey: second });
  expect(doubled.status).toBe(409);
  const fresh = await world.client.call('POST', path, { json: { name: world.name('Nova') }, idempotencyKey: second });
  expect(fresh.status, fresh.text).toBe(201);
});
