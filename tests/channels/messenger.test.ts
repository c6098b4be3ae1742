/* Messenger over the running program and the stand-in Graph API: connecting, every shape that comes in, what leaves and how
   it is told what became of it, windows, and staying connected. */
import { describe, expect, test, vi } from 'vitest';
import { type JsonObject, ok, refused } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { type Row, member, png } from '../api/lib/inbox.ts';
import { makeKey } from '../api/lib/people.ts';
import { samples } from '../graph/graph.mjs';
import { type Connected, arrived, becomes, chatsOf, connect, data, metaHouse, say, subscribed, talk, until, upkeep, wroteAgo } from './lib/meta.ts';

vi.setConfig({ testTimeout: 240_000 });

const all = metaHouse();
let channel: Connected;
const files = (row: Row): Row[] => (Array.isArray(row['files']) ? (row['files'] as Row[]) : []);

describe('connecting', () => {
  test('a token that is not good is refused with its field', async () => {
    const { graph, desk } = all;
    const json = { kind: 'messenger', name: 'Página', settings: {}, secrets: { token: 'EAAwrong', appSecret: graph.app.secret } };
    const said = await desk.owner.call('channels.create', {}, { json });
    expect(said.status, said.text).toBe(400);
    expect(rows(said, 'details')).toEqual([expect.objectContaining({ field: 'secrets.token' })]);
  });

  test('a good one is subscribed and knows the page', async () => {
    const { graph, desk } = all;
    channel = await connect(all, 'messenger');
    const shown = ok(await desk.owner.call('channels.get', { channelId: channel.id }), 200).json as Row;
    expect(shown).toMatchObject({ kind: 'messenger', status: 'connected', externalAccount: graph.page.id, address: graph.page.name });
    expect(JSON.stringify(shown)).not.toContain(graph.tokens.page);
    expect(graph.page.subscribed.get(graph.app.id)).toEqual(expect.arrayContaining(['messages', 'message_echoes', 'message_edits', 'standby']));
  });

  test('a user token, and a page that is another one, are named as such', async () => {
    const { graph, desk } = all;
    const check = async (settings: JsonObject, token: string): Promise<Row> =>
      ok(await desk.owner.call('channels.check', {}, { json: { kind: 'messenger', settings, secrets: { token, appSecret: graph.app.secret } } }), 200)
        .json as Row;
    const user = await check({}, graph.tokens.user);
    expect(user['ok']).toBe(false);
    expect(JSON.stringify(user)).toContain('TOKEN_NOT_PAGE');
    const other = await check({ pageId: '1' }, graph.tokens.page);
    expect(JSON.stringify(other)).toContain('ACCOUNT_OTHER');
    expect(JSON.stringify(other)).toContain('settings.pageId');
  });

  test('a body that is not signed with the secret is refused', async () => {
    const body = { object: 'page', entry: [] };
    expect((await all.graph.webhooks.post('page', body, { url: channel.url, signature: `sha256=${'0'.repeat(64)}` })).status).toBe(401);
    expect((await all.graph.webhooks.post('page', body, { url: channel.url, signature: null })).status).toBe(401);
    expect((await all.graph.webhooks.post('page', body, { url: channel.url })).status).toBe(200);
  });
});

describe("the installation's own app", () => {
  test('its address without a key finds the account by the page; a page of nobody is heard and dropped', async () => {
    const { graph, server } = all;
    await graph.subscribe('page', `${server.url}/hooks/messenger`, 'installation');
    const bia = graph.messengerCustomer({ name: 'Bia Reis' });
    const message = await arrived(all, await bia.sends.text('sem chave'));
    expect(message['content']).toBe('sem chave');
    const nobody = { object: 'page', entry: [{ id: '99', messaging: [{ sender: { id: '1' }, message: { mid: 'm_x', text: 'x' } }] }] };
    expect((await graph.webhooks.post('page', nobody, { url: `${server.url}/hooks/messenger` })).status).toBe(200);
    await graph.subscribe('page', channel.url, 'verify');
  });
});

describe('what comes in', () => {
  test('text: one message whatever is doubled, with name and picture of the person', async () => {
    const { graph, desk } = all;
    const bia = graph.messengerCustomer({ name: 'Bia Reis', firstName: 'Bia', lastName: 'Reis', picture: samples.png(32) });
    graph.webhooks.set({ doubleWithin: 1, doubleAcross: 2 });
    const sent = await bia.sends.text('Oi, tudo bem? ä @ 😀 / "');
    graph.webhooks.set({ doubleWithin: 0, doubleAcross: 0 });
    const message = await arrived(all, sent);
    expect(message).toMatchObject({ content: 'Oi, tudo bem? ä @ 😀 / "', kind: 'text', direction: 'in' });
    const chatId = String(message['chatId']);
    const chat = await until('the name', async () => {
      const one = await desk.chat(chatId);
      return member(one, 'customer')['avatarFileId'] ? one : undefined;
    });
    expect(member(chat, 'customer')['name']).toBe('Bia Reis');
    expect(chat['windowUntil']).toEqual(expect.any(String));
    expect((await desk.messages(chatId)).filter((m) => m['direction'] === 'in')).toHaveLength(1);
  });

  test('a profile that is not told is no failure', async () => {
    const zoe = all.graph.messengerCustomer({ name: 'Zoe', profileHidden: true });
    const { chatId } = await talk(all, zoe, 'sem nome');
    expect((await all.desk.chat(chatId))['status']).not.toBe('closed');
    expect(Number(all.desk.sql(`select count(*) from jobs where kind = 'contact.profile' and state = 'parked'`))).toBe(0);
  });

  test.each([
    ['image', 'image'],
    ['video', 'video'],
    ['audio', 'audio'],
    ['file', 'document'],
    ['sticker', 'image'],
  ] as const)('%s is fetched and kept', async (type, kind) => {
    const leo = all.graph.messengerCustomer({ name: 'Leo' });
    const message = await arrived(all, await leo.sends[type]());
    expect(message['kind']).toBe(kind);
    expect(files(message)).toEqual([expect.objectContaining({ state: 'ready', kind, id: expect.any(String) })]);
  });

  test('an album is one message', async () => {
    const leo = all.graph.messengerCustomer({ name: 'Leo' });
    expect(files(await arrived(all, await leo.sends.images(4)))).toHaveLength(4);
  });

  test('a file that is gone says so', async () => {
    const leo = all.graph.messengerCustomer({ name: 'Leo' });
    const message = await arrived(all, await leo.sends.image({ broken: 'missing' }));
    expect(files(message)[0]).toMatchObject({ state: 'failed', error: expect.any(String) });
  });

  test('location, link, cards, shared post, quick reply, postback, advertisement, unsupported', async () => {
    const mia = all.graph.messengerCustomer({ name: 'Mia' });
    expect(await arrived(all, await mia.sends.location({ lat: -23.5, long: -46.6, title: 'Loja' }))).toMatchObject({
      kind: 'location',
      data: { latitude: -23.5, longitude: -46.6, name: 'Loja' },
    });
    expect(data(await arrived(all, await mia.sends.fallback('Loja', 'https://loja.example/a')))['link']).toEqual({
      title: 'Loja',
      url: 'https://loja.example/a',
    });
    expect((await arrived(all, await mia.sends.template()))['content']).toContain('Ração 15 kg');
    expect(files(await arrived(all, await mia.sends.share()))).toHaveLength(1);
    expect(data(await arrived(all, await mia.sends.quickReply('Sim', 'yes')))['answer']).toEqual({ id: 'yes', title: 'Sim' });
    const pressed = await arrived(all, await mia.sends.postback('Menu', 'menu', { referral: { ref: 'r', source: 'ADS' } }));
    expect(pressed).toMatchObject({ content: 'Menu', data: { answer: { id: 'menu', title: 'Menu' }, referral: { ref: 'r', source: 'ADS' } } });
    expect(member(data(await arrived(all, await mia.sends.fromAd('quero'))), 'referral')).toMatchObject({ source: 'ADS', title: 'Banho e tosa' });
    expect(await arrived(all, await mia.sends.unsupported())).toMatchObject({ kind: 'unsupported' });
    expect(await arrived(all, await mia.sends.anything({ message: { mid: 'm_new', attachments: [{ type: 'hologram', payload: {} }] } }))).toMatchObject({
      kind: 'unsupported',
      data: { unsupported: { type: 'hologram' } },
    });
  });

  test('reply, reaction and its removal, edit, and what the platform unsays', async () => {
    const ana = all.graph.messengerCustomer({ name: 'Ana' });
    const { chatId, message } = await talk(all, ana, 'primeira');
    const ours = await say(all, chatId, 'resposta');
    const mid = all.desk.sql(`select external_id from messages where id = '${String(ours['id'])}'`).trim();
    const reply = await arrived(all, await ana.sends.text('ok', { replyTo: mid }));
    expect(member(reply, 'replyTo')['id']).toBe(ours['id']);
    await ana.sends.reaction(mid, '😮', { name: 'wow' });
    await becomes(all, ours, (r) => JSON.stringify(r['reactions']).includes('😮'), 'the reaction');
    await ana.sends.reactionRemoved(mid);
    await becomes(all, ours, (r) => !JSON.stringify(r['reactions']).includes('😮'), 'the reaction to go');
    const first = all.desk.sql(`select external_id from messages where id = '${String(message['id'])}'`).trim();
    await ana.sends.edit(first, 'corrigida');
    expect(await becomes(all, message, (r) => r['content'] === 'corrigida')).toMatchObject({ editedAt: expect.any(String) });
    await ana.sends.unsend(first);
    expect(await becomes(all, message, (r) => r['deletedAt'] !== null)).toMatchObject({ content: '' });
    expect(all.desk.sql(`select content from messages where id = '${String(message['id'])}'`).trim()).toBe('');
  });

  test('what another app or the page itself sends is shown as sent elsewhere; comments and hand-overs are no messages', async () => {
    const { graph, desk } = all;
    const rui = graph.messengerCustomer({ name: 'Rui' });
    const { chatId } = await talk(all, rui);
    const sent = await graph.ownerSends(rui, 'da caixa da página');
    expect(await arrived(all, sent)).toMatchObject({ direction: 'out', content: 'da caixa da página' });
    await graph.handover(rui, 'pass');
    await graph.handover(rui, 'take');
    await rui.sends.comment('que lindo');
    await rui.sends.optin();
    const before = (await desk.messages(chatId)).length;
    const last = await arrived(all, await rui.sends.text('fim'));
    expect(last['chatId']).toBe(chatId);
    expect((await desk.messages(chatId)).length).toBe(before + 1);
    await graph.handover(rui, 'standby');
    await until('what came on standby', async () => (await desk.messages(chatId)).some((m) => data(m)['standby'] === true));
  });

  test('out of order, together and delayed: everything once', async () => {
    const { graph, desk } = all;
    const eva = graph.messengerCustomer({ name: 'Eva' });
    graph.webhooks.hold();
    const sent = [];
    for (let i = 0; i < 12; i++) sent.push(await eva.sends.text(`n${i}`));
    await graph.webhooks.release({ order: 'reversed', together: true, level: 'mixed', doubleWithin: 1 });
    const last = await arrived(all, sent[11] ?? { id: '' });
    await until('all twelve', async () => (await desk.messages(String(last['chatId']), { limit: 50 })).filter((m) => m['direction'] === 'in').length === 12);
    expect(new Set((await chatsOf(all, channel.id)).map((c) => c['id'])).size).toBe((await chatsOf(all, channel.id)).length);
  });
});

describe('what leaves', () => {
  test('text is sent, delivered, read; our id goes along; the echo makes no second message', async () => {
    const { graph, desk } = all;
    const ida = graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const message = await say(all, chatId, 'Olá, Ida!');
    const there = await ida.receives('Olá, Ida!');
    expect(there.raw).toMatchObject({ messaging_type: 'RESPONSE', message: { metadata: `interflow:${String(message['id'])}` } });
    await becomes(all, message, (r) => r['status'] === 'delivered', 'delivered');
    await ida.reads();
    await becomes(all, message, (r) => r['status'] === 'read', 'read');
    await graph.webhooks.settled();
    expect((await desk.messages(chatId)).filter((m) => m['direction'] === 'out')).toHaveLength(1);
  });

  test('a long text leaves in pieces of less than 2,000 characters, in order', async () => {
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const long = Array.from({ length: 700 }, (_, i) => `palavra${i}`).join(' ');
    const message = await say(all, chatId, long);
    expect(message['status']).not.toBe('failed');
    await until('all pieces', () => ida.inbox.map((m) => m.text).join(' ') === long);
    for (const m of ida.inbox) expect([...m.text].length).toBeLessThan(2000);
    await all.graph.webhooks.settled();
    expect((await all.desk.messages(chatId)).filter((m) => m['direction'] === 'out')).toHaveLength(1);
  });

  test('a try that breaks in the middle goes on behind what is out', async () => {
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const long = Array.from({ length: 700 }, (_, i) => `palavra${i}`).join(' ');
    let calls = 0;
    const fault = all.graph.fault({ kind: 'reset', where: (c) => c.body?.recipient?.id === ida.person.id && c.body.message && ++calls === 2 });
    const message = { ...(await all.desk.send(chatId, long)), chatId };
    const id = String((message as Row)['id']);
    await until('the first part to be counted', () => all.desk.sql(`select parts_sent from messages where id = '${id}'`).trim() === '1');
    fault.cancel();
    all.desk.sql(`update jobs set due_at = now() where kind = 'message.send' and payload->>'messageId' = '${id}'`);
    await becomes(all, message, (r) => /sent|delivered/.test(String(r['status'])), 'sent');
    await until('all pieces', () => ida.inbox.map((m) => m.text).join(' ') === long);
  });

  test('picture and document, with the text behind them', async () => {
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const fileId = await all.desk.upload(all.desk.owner, 'foto.png', png);
    expect((await say(all, chatId, 'a foto', { fileIds: [fileId] }))['status']).not.toBe('failed');
    await ida.receives('a foto');
    expect(ida.inbox.map((m) => m.media[0]?.type ?? 'text')).toEqual(['image', 'text']);
  });

  test('buttons come back as the answer; a link opens', async () => {
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const buttons = [
      { id: 'yes', title: 'Sim' },
      { id: 'no', title: 'Não' },
    ];
    await say(all, chatId, 'Confirma?', { data: { buttons } });
    const asked = await ida.receives('Confirma?');
    expect(asked.buttons.map((b) => b.title)).toEqual(['Sim', 'Não']);
    expect(data(await arrived(all, await ida.taps(asked, 'Não')))['answer']).toEqual({ id: 'no', title: 'Não' });
    await say(all, chatId, 'Veja', { data: { link: { title: 'Abrir', url: 'https://loja.example/x' } } });
    expect((await ida.receives('Veja')).buttons).toEqual([expect.objectContaining({ title: 'Abrir', url: 'https://loja.example/x' })]);
    const many = Array.from({ length: 6 }, (_, i) => ({ id: `${i}`, title: `Opção ${i}` }));
    await say(all, chatId, 'Qual?', { data: { buttons: many } });
    expect((await ida.receives('Qual?')).buttons).toHaveLength(6);
  });

  test('an answer that was lost does not send twice', async () => {
    const { graph } = all;
    const ida = graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    graph.fault({ kind: 'lost', path: '/messages' });
    const message = await all.desk.send(chatId, 'só uma vez');
    await becomes(all, { ...message, chatId }, (r) => /sent|delivered/.test(String(r['status'])), 'sent after all');
    expect(ida.inbox.filter((m) => m.text === 'só uma vez')).toHaveLength(1);
  });

  test('too fast, and out of order for a moment: sent again by itself', async () => {
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    all.graph.fault({ code: 2, path: '/messages' });
    expect((await say(all, chatId, 'depois'))['status']).toMatch(/sent|delivered/);
  });

  test('a person who cannot be reached: failed, with the words of the platform', async () => {
    const { graph } = all;
    const bob = graph.messengerCustomer({ name: 'Bob' });
    const { chatId } = await talk(all, bob);
    bob.person.unavailable = true;
    const message = await say(all, chatId, 'alô', {}, /failed/);
    expect(member(message, 'error')).toMatchObject({ code: expect.any(String), message: expect.any(String) });
  });

  test('reactions and read marks of ours', async () => {
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId, message } = await talk(all, ida);
    ok(await all.desk.owner.call('messages.react', { chatId, messageId: String(message['id']) }, { json: { emoji: '❤️' } }));
    await until('the reaction there', () => ida.thread.some((m) => m.reactions.some((r) => r.by === 'business' && r.emoji === '❤️')));
  });
});

describe('what the person is shown', () => {
  test('that we have read, and that somebody types', async () => {
    const { graph, desk } = all;
    const ida = graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const actions = (): string[] => graph.calls.filter((c) => c.body?.recipient?.id === ida.person.id).map((c) => String(c.body.sender_action));
    ok(await desk.owner.call('chats.read', { chatId }), 200);
    await until('the read mark', () => actions().includes('mark_seen'));
    const socket = await desk.live(desk.owner.client);
    socket.send({ type: 'typing', chatId, on: true });
    await until('typing', () => actions().includes('typing_on'));
  });
});

describe('the window', () => {
  test('a person may answer for seven days, as a human agent; then nobody', async () => {
    const { graph, desk } = all;
    graph.app.humanAgent = true;
    const iva = graph.messengerCustomer({ name: 'Iva' });
    const { chatId } = await talk(all, iva);
    iva.wroteAgo(30 * 3600_000);
    wroteAgo(all, chatId, 30);
    await say(all, chatId, 'dentro de sete dias');
    expect((await iva.receives('dentro de sete dias')).raw).toMatchObject({ messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' });
    // An app that Meta has not approved for it: this message fails, the account stays.
    graph.app.humanAgent = false;
    const failed = await say(all, chatId, 'sem permissão', {}, /failed/);
    expect(member(failed, 'error')).toMatchObject({ code: 'META_HUMAN_AGENT', message: expect.any(String), raw: { code: 200 } });
    expect(ok(await desk.owner.call('channels.get', { channelId: channel.id }), 200).json).toMatchObject({ status: 'connected' });
    graph.app.humanAgent = true;
    // Another app owns the thread.
    graph.fault({ code: 10, subcode: 2018300, path: '/messages' });
    expect(member(await say(all, chatId, 'de outro', {}, /failed/), 'error')).toMatchObject({ code: 'META_THREAD_ELSEWHERE' });
    expect(ok(await desk.owner.call('channels.get', { channelId: channel.id }), 200).json).toMatchObject({ status: 'connected' });
    // A program is no human agent.
    const key = desk.owner.as(await makeKey(desk.org));
    refused(await key.call('messages.send', { chatId }, { json: { content: 'sou um programa' } }), 422, 'WINDOW_CLOSED');
    wroteAgo(all, chatId, 24 * 7 + 1);
    const calls = graph.callsTo('/messages').length;
    refused(await desk.owner.call('messages.send', { chatId }, { json: { content: 'tarde demais' } }), 422, 'WINDOW_CLOSED');
    expect(graph.callsTo('/messages')).toHaveLength(calls);
  });
});

describe('staying connected', () => {
  test('dropped by the platform after an hour without an answer: subscribed again by itself', async () => {
    const { graph, server } = all;
    const ida = graph.messengerCustomer({ name: 'Ida' });
    await graph.subscribe('page', `${server.url}/hooks/messenger/nobody`, 'verify', { withoutCheck: true });
    await ida.sends.text('durante a queda');
    for (const minutes of [16, 61]) {
      await graph.clock.advance(minutes * 60_000);
      await graph.webhooks.settled();
    }
    expect(graph.webhooks.alerts.at(-1)).toMatchObject({ what: 'unsubscribed', account: graph.page.id });
    expect(subscribed(all, 'messenger')).toBe(false);
    graph.page.subscribed.set('4711', ['messages']); // another app's does not count as ours
    await graph.subscribe('page', channel.url, 'verify');
    upkeep(all);
    await until('the subscription', () => subscribed(all, 'messenger'));
    expect(graph.page.subscribed.get(graph.app.id)).toEqual(expect.arrayContaining(['messages', 'messaging_postbacks', 'message_echoes', 'standby']));
    expect((await arrived(all, await ida.sends.text('depois da queda')))['content']).toBe('depois da queda');
    graph.page.subscribed.delete('4711');
  });

  test('a token that was revoked disconnects the account; a new one takes up what waited', async () => {
    const { graph, desk } = all;
    const ida = graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    graph.revoke(graph.tokens.page);
    const message = await desk.send(chatId, 'espera');
    await until('the account to be disconnected', async () => {
      const one = ok(await desk.owner.call('channels.get', { channelId: channel.id }), 200).json as Row;
      return one['status'] === 'disconnected';
    });
    const token = graph.token({ kind: 'page', pageId: graph.page.id }).token;
    ok(await desk.owner.call('channels.reconnect', { channelId: channel.id }, { json: { secrets: { token, appSecret: graph.app.secret } } }));
    await becomes(all, { ...message, chatId }, (r) => /sent|delivered/.test(String(r['status'])), 'what waited');
  });
});

describe('connecting by login', () => {
  test('dialog, code, choice of a page; tokens never leave the server', async () => {
    const { graph, desk } = all;
    const other = graph.addPage({ name: 'Outra página', ownerId: graph.owner.id });
    const redirect = `${all.server.url}/settings/channels/oauth`;
    const begun = ok(await desk.owner.call('channels.oauthStart', { kind: 'messenger' }, { query: { redirect } }), 200);
    const { code, state } = await graph.approve(begun.str('url'));
    const finish = { code, state, redirectUri: redirect };
    const done = ok(await desk.owner.call('channels.oauthFinish', { kind: 'messenger' }, { json: finish }), 200);
    const accounts = rows(done, 'accounts');
    expect(accounts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: graph.page.id, connected: true }),
        expect.objectContaining({ id: other.id, name: 'Outra página', connected: false }),
      ]),
    );
    expect(done.text).not.toMatch(/EAA/);
    const made = ok(
      await desk.owner.call('channels.create', {}, { json: { kind: 'messenger', name: 'Outra', ticket: done.str('ticket'), accountId: other.id } }),
      201,
    );
    expect(made.json).toMatchObject({ externalAccount: other.id, status: 'connected' });
    await until('the subscription', () => other.subscribed.has(graph.app.id));
    // Said no: the dialog comes back without a code.
    const denied = await graph.approve(ok(await desk.owner.call('channels.oauthStart', { kind: 'messenger' }, { query: { redirect } }), 200).str('url'), {
      deny: true,
    });
    expect(denied.location).toContain('error=access_denied');
    refused(
      await desk.owner.call('channels.oauthStart', { kind: 'messenger' }, { query: { redirect: 'https://elsewhere.example/x' } }),
      400,
      'VALIDATION_ERROR',
    );
    // The state belongs to the session that began.
    const stranger = await desk.person('owner').catch(() => undefined);
    if (stranger) refused(await stranger.api.call('channels.oauthFinish', { kind: 'messenger' }, { json: finish }), 403, 'OAUTH_STATE_WRONG');
    refused(await desk.owner.call('channels.oauthFinish', { kind: 'messenger' }, { json: finish }), 422, 'META_CODE_REFUSED');
    refused(
      await desk.owner.call('channels.create', {}, { json: { kind: 'messenger', name: 'X', ticket: done.str('ticket'), accountId: '1' } }),
      404,
      'TICKET_UNKNOWN',
    );
  });
});
