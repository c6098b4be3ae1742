/* Connecting by login, looked at as somebody who means harm would: whose state and whose ticket is it, where is the browser sent,
   and what is told to whom. (That it works: messenger.test.ts, instagram.test.ts, whatsapp.test.ts.) */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, type JsonObject, ok, refused } from '../api/lib/client.ts';
import { Caller, rows } from '../api/lib/crm.ts';
import { type Row } from '../api/lib/inbox.ts';
import { logIn, makeKey, signUp } from '../api/lib/people.ts';
import { metaHouse, places, subscribed, until, upkeep } from './lib/meta.ts';

vi.setConfig({ testTimeout: 240_000 });

const all = metaHouse();
let redirect = '';

beforeAll(() => {
  redirect = `${all.server.url}/settings/channels/oauth`;
});

const start = (as: Caller, kind = 'messenger', query: Record<string, string> = { redirect }): Promise<Answer> =>
  as.call('channels.oauthStart', { kind }, { query });
const finish = (as: Caller, json: JsonObject, kind = 'messenger'): Promise<Answer> => as.call('channels.oauthFinish', { kind }, { json });
const create = (as: Caller, ticket: string, accountId: string, kind = 'messenger'): Promise<Answer> =>
  as.call('channels.create', {}, { json: { kind, name: `Conta ${Math.random()}`, ticket, accountId } });

/** The way there and back of one person. */
async function login(as: Caller, kind = 'messenger', more: Record<string, string> = {}): Promise<{ ticket: string; text: string; accounts: Row[] }> {
  const begun = ok(await start(as, kind, { redirect, ...more }), 200);
  const { code, state } = await all.graph.approve(begun.str('url'));
  const done = ok(await finish(as, { code, state, redirectUri: redirect }, kind), 200);
  return { ticket: done.str('ticket'), text: done.text, accounts: rows(done, 'accounts') };
}

describe('where the browser is sent', () => {
  test.each([
    'https://elsewhere.example/x',
    'http://127.0.0.1.elsewhere.example/settings/channels/oauth',
    'javascript:alert(1)',
    '//elsewhere.example/',
    '/settings/channels/oauth',
  ])('not to %s', async (address) => {
    refused(await start(all.desk.owner, 'messenger', { redirect: address }), 400, 'VALIDATION_ERROR');
  });

  test('nor to an address that only begins like ours', async () => {
    for (const tail of ['@elsewhere.example/', '.elsewhere.example/', '0/', '\\@elsewhere.example/'])
      refused(await start(all.desk.owner, 'messenger', { redirect: `${all.server.url}${tail}` }), 400, 'VALIDATION_ERROR');
  });

  test('the dialog is the platform\u2019s, asks for what is needed, and carries a state that is no secret of ours', async () => {
    const url = new URL(ok(await start(all.desk.owner), 200).str('url'));
    expect(url.href.startsWith(all.graph.hosts.facebookDialog)).toBe(true);
    expect(url.searchParams.get('redirect_uri')).toBe(redirect);
    expect(url.searchParams.get('client_id')).toBe(all.graph.app.id);
    expect(url.searchParams.get('scope')?.split(',')).toEqual(expect.arrayContaining(['pages_messaging', 'pages_manage_metadata', 'pages_show_list']));
    expect(url.href).not.toContain(all.graph.app.secret);
    const byLogin = new URL(ok(await start(all.desk.owner, 'instagram', { redirect, login: 'instagram' }), 200).str('url'));
    expect(byLogin.href.startsWith(all.graph.hosts.instagramDialog)).toBe(true);
    expect(byLogin.searchParams.get('client_id')).toBe(all.graph.app.instagramId);
  });
});

describe('whose state it is', () => {
  test('of the session that began: no other person, organization, session or kind can end it', async () => {
    const { desk, graph, server } = all;
    const begun = ok(await start(desk.owner), 200);
    const { code, state } = await graph.approve(begun.str('url'));
    const json = { code, state, redirectUri: redirect };
    const colleague = await desk.person('owner');
    refused(await finish(colleague.api, json), 403, 'OAUTH_STATE_WRONG');
    const other = await Caller.of(await signUp(server.url));
    refused(await finish(other, json), 403, 'OAUTH_STATE_WRONG');
    const again = desk.owner.as(await logIn(server.url, desk.org.owner.email));
    refused(await finish(again, json), 403, 'OAUTH_STATE_WRONG');
    refused(await finish(desk.owner, json, 'instagram'), 403, 'OAUTH_STATE_WRONG');
    for (const wrong of ['x', `${state.slice(0, -2)}AA`, state.slice(1), 'A'.repeat(400)])
      refused(await finish(desk.owner, { ...json, state: wrong }), 403, 'OAUTH_STATE_WRONG');
    // Another address than at the beginning would change the code for whoever is there.
    expect((await finish(desk.owner, { ...json, redirectUri: `${server.url}/elsewhere` })).status).toBe(400);
    // None of these has used up the code: the platform was not asked.
    ok(await finish(desk.owner, json), 200);
    // And the code is good once.
    refused(await finish(desk.owner, json), 422, 'META_CODE_REFUSED');
  });

  test('keys, and people who may not manage channels, cannot begin', async () => {
    const { desk } = all;
    const agent = await desk.person('agent');
    refused(await start(agent.api), 403);
    refused(await finish(agent.api, { code: 'x', state: 'x', redirectUri: redirect }), 403);
    const key = desk.owner.as(await makeKey(desk.org, ['channels.manage']));
    expect((await start(key)).status).toBe(403);
  });

  test('a person who says no, and a code that is none', async () => {
    const { desk, graph } = all;
    const begun = ok(await start(desk.owner), 200);
    const denied = await graph.approve(begun.str('url'), { deny: true });
    expect(new URL(denied.location).searchParams.get('error')).toBe('access_denied');
    refused(await finish(desk.owner, { code: 'nonsense', state: begun.str('state'), redirectUri: redirect }), 422, 'META_CODE_REFUSED');
    const insta = ok(await start(desk.owner, 'instagram', { redirect, login: 'instagram' }), 200);
    refused(await finish(desk.owner, { code: 'nonsense', state: insta.str('state'), redirectUri: redirect }, 'instagram'), 422, 'META_CODE_REFUSED');
    refused(await start(desk.owner, 'webchat'), 404, 'KIND_UNKNOWN');
  });
});

describe('whose ticket it is', () => {
  test('of the person who logged in, for this kind and these accounts, a quarter of an hour', async () => {
    const { desk, graph, server } = all;
    const { ticket, text } = await login(desk.owner);
    expect(text).not.toContain(graph.tokens.page);
    expect(text).not.toMatch(/EAA|IGAA|access_token/);
    const colleague = await desk.person('owner');
    refused(await create(colleague.api, ticket, graph.page.id), 404, 'TICKET_UNKNOWN');
    const other = await Caller.of(await signUp(server.url));
    refused(await create(other, ticket, graph.page.id), 404, 'TICKET_UNKNOWN');
    refused(await create(desk.owner, ticket, graph.instagram.id, 'instagram'), 404, 'TICKET_UNKNOWN');
    refused(await create(desk.owner, ticket, '1'), 404, 'TICKET_UNKNOWN');
    const key = desk.owner.as(await makeKey(desk.org, ['channels.manage']));
    refused(await create(key, ticket, graph.page.id), 404, 'TICKET_UNKNOWN');
    desk.sql(`update channel_tickets set expires_at = now() - interval '1 second' where id = '${ticket}'`);
    refused(await create(desk.owner, ticket, graph.page.id), 404, 'TICKET_UNKNOWN');
    desk.sql(`update jobs set due_at = now() where kind = 'channel.tickets'`);
    await until('it to be swept', () => desk.sql(`select count(*) from channel_tickets where id = '${ticket}'`).trim() === '0');
  });

  test('of several pages one is chosen; tokens are nowhere in clear, neither in rows nor in the log', async () => {
    const { desk, graph, server } = all;
    const shop = graph.addPage({ name: 'Loja nova', ownerId: graph.owner.id });
    const { ticket, accounts } = await login(desk.owner);
    expect(accounts).toEqual(expect.arrayContaining([expect.objectContaining({ id: shop.id, name: 'Loja nova', connected: false })]));
    const made = ok(await create(desk.owner, ticket, shop.id), 201);
    expect(made.json).toMatchObject({ externalAccount: shop.id, settings: { pageId: shop.id }, status: 'connected' });
    await until('the subscription', () => shop.subscribed.has(graph.app.id));
    expect(shop.subscribed.get(graph.app.id)).toEqual(expect.arrayContaining(['messages', 'messaging_postbacks', 'message_echoes', 'message_reads', 'standby']));
    // A field that somebody unticked at the platform is subscribed again.
    shop.subscribed.set(graph.app.id, ['messages']);
    upkeep(all);
    await until('all fields', () => shop.subscribed.get(graph.app.id)?.includes('message_echoes'));
    const again = await login(desk.owner);
    expect(again.accounts).toEqual(expect.arrayContaining([expect.objectContaining({ id: shop.id, connected: true })]));
    const given = graph.calls.map((c) => c.token?.token).filter((token): token is string => typeof token === 'string');
    expect(new Set(given).size).toBeGreaterThan(1);
    for (const token of new Set([...given, graph.app.secret, graph.app.instagramSecret])) {
      expect(places(all, token)).toEqual([]);
      expect(server.logLines().some((line) => JSON.stringify(line).includes(token))).toBe(false);
    }
  });

  test('an account of another organization is said to be connected, and cannot be taken', async () => {
    const { graph, server, desk } = all;
    const page = graph.addPage({ name: 'De outra casa', ownerId: graph.owner.id });
    const other = await Caller.of(await signUp(server.url));
    ok(await create(other, (await login(other)).ticket, page.id), 201);
    const mine = await login(desk.owner);
    expect(mine.accounts).toEqual(expect.arrayContaining([expect.objectContaining({ id: page.id, connected: true })]));
    const said = await create(desk.owner, mine.ticket, page.id);
    expect([said.status, said.str('code')]).toEqual([409, 'CHANNEL_ALREADY_CONNECTED']);
  });
});

describe('Instagram by a Facebook page, by login', () => {
  test('the page\u2019s account is offered under its own id, connects and is subscribed', async () => {
    const { graph, desk } = all;
    const { ticket, accounts } = await login(desk.owner, 'instagram', { login: 'facebook' });
    expect(accounts).toEqual(expect.arrayContaining([expect.objectContaining({ id: graph.instagram.id, address: `@${graph.instagram.username}` })]));
    const made = ok(await create(desk.owner, ticket, graph.instagram.id, 'instagram'), 201);
    expect(made.json).toMatchObject({ externalAccount: graph.instagram.id, settings: { login: 'facebook', pageId: graph.page.id } });
    await until('the subscription of the page', () => subscribed(all, 'instagram'));
  });

  test('leaves the page subscribed while somebody else is on it', async () => {
    const { graph, desk, server } = all;
    const other = await Caller.of(await signUp(server.url));
    const page = ok(await create(other, (await login(other)).ticket, graph.page.id), 201).str('id');
    const insta = rows(ok(await desk.owner.call('channels.list', {}), 200)).find((c) => c['kind'] === 'instagram');
    ok(await desk.owner.call('channels.remove', { channelId: String(insta?.['id']) }));
    const left = (): number => Number(desk.sql(`select count(*) from jobs where kind = 'channel.removed'`));
    await until('the removal to be told', () => left() === 0);
    expect(subscribed(all, 'messenger')).toBe(true);
    ok(await other.call('channels.remove', { channelId: page }));
    await until('the last one to unsubscribe', () => !subscribed(all, 'messenger'));
  });
});
