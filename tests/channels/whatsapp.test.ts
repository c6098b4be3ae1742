/* WhatsApp over the running program and the stand-in Graph API: connecting piece by piece, every type that comes in, the phone app, and
   staying connected. What leaves: whatsapp_send.test.ts. */
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, ok, refused } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { type Row, member } from '../api/lib/inbox.ts';
import { sleep, until } from '../api/lib/server.ts';
import { samples } from '../graph/graph.mjs';
import { type WhatsAppCustomer } from '../graph/types.ts';
import { describe, expect, test } from 'vitest';
import { arrived, becomes, data, places, say } from './lib/meta.ts';
import { files, list, whatsappHouse } from './lib/whatsapp.ts';

const { all, account, input, talk, person } = whatsappHouse();

describe('connecting', () => {
  const check = async (settings: JsonObject, secrets: JsonObject = {}): Promise<Row> =>
    ok(await all.desk.owner.call('channels.check', {}, { json: input(settings, secrets) }), 200).json as Row;
  const wrong = (report: Row): Row[] => list(report, 'steps').filter((s) => s['ok'] === false);

  test('what is right shows the number, its quality and its limits', async () => {
    const shown = ok(await all.desk.owner.call('channels.get', { channelId: account.id }), 200).json as Row;
    expect(shown).toMatchObject({ kind: 'whatsapp', status: 'connected', externalAccount: all.graph.phone.id, address: all.graph.phone.display });
    expect(member(shown, 'quality')).toMatchObject({ rating: 'GREEN', tier: all.graph.phone.tier, nameStatus: 'APPROVED' });
    expect(JSON.stringify(shown)).not.toContain(all.graph.tokens.whatsapp);
  });

  test('each piece that is wrong is named with its field', async () => {
    const { graph } = all;
    const cases: [JsonObject, JsonObject, string, string][] = [
      [{}, { token: 'EAAwrongwrongwrongwrongwrong' }, 'TOKEN_INVALID', 'secrets.token'],
      [{}, { token: graph.token({ kind: 'system', scopes: ['whatsapp_business_messaging'] }).token }, 'TOKEN_SCOPES', 'secrets.token'],
      [{}, { appSecret: 'not the secret of this app' }, 'APP_SECRET_WRONG', 'secrets.appSecret'],
      [{ wabaId: '123456789' }, {}, 'WABA_NOT_FOUND', 'settings.wabaId'],
      [{ phoneNumberId: '123456789' }, {}, 'NUMBER_NOT_FOUND', 'settings.phoneNumberId'],
    ];
    for (const [settings, secrets, code, field] of cases) {
      const report = await check(settings, secrets);
      expect(report['ok'], code).toBe(false);
      expect(wrong(report)[0], code).toMatchObject({ code, field });
    }
    const expired = graph.token({ kind: 'system', expiresAt: graph.clock.now() - 1000 });
    expect(wrong(await check({}, { token: expired.token }))[0]).toMatchObject({ code: 'TOKEN_EXPIRED' });
    const other = graph.addPhone({ wabaId: graph.addWaba().id });
    expect(wrong(await check({ phoneNumberId: other.id }))[0]).toMatchObject({ code: 'NUMBER_NOT_IN_WABA' });
    const fresh = graph.addPhone({ registered: false });
    expect(wrong(await check({ phoneNumberId: fresh.id }))[0]).toMatchObject({ code: 'NUMBER_NOT_REGISTERED', field: 'secrets.pin' });
  });

  test('a new number is registered with its PIN, one of the phone app is not, but its history is asked for', async () => {
    const { graph, desk } = all;
    const fresh = graph.addPhone({ registered: false });
    ok(await desk.owner.call('channels.create', {}, { json: { ...input({ phoneNumberId: fresh.id }, { pin: '482913' }), name: 'Novo' } }), 201);
    await until('the number to be registered', () => fresh.registered);
    const shared = graph.addPhone({ coexistence: true });
    const json = { ...input({ phoneNumberId: shared.id, coexistence: true }), name: 'Celular' };
    ok(await desk.owner.call('channels.create', {}, { json }), 201);
    await until('the history to be asked for', () => shared.synced.has('history'));
    // The address book an hour later: by then the history has brought the people whom it names.
    expect(shared.synced.has('smb_app_state_sync')).toBe(false);
    const due = (): string => desk.sql(`select count(*) from jobs where kind = 'channel.settled' and due_at between now() + interval '50 minutes' and now() + interval '1 hour'`).trim();
    await until('its job', () => due() === '1');
    desk.sql(`update jobs set due_at = now() where kind = 'channel.settled'`);
    await until('the address book to be asked for', () => shared.synced.has('smb_app_state_sync'));
    expect(graph.callsTo(`/${shared.id}/register`)).toEqual([]);
  });

  test('embedded sign-up: a code becomes accounts, and one of them a channel', async () => {
    const { graph, desk } = all;
    const waba = graph.addWaba();
    const phone = graph.addPhone({ wabaId: waba.id });
    const { code, message } = graph.embeddedSignup({ wabaId: waba.id, phoneId: phone.id });
    expect(message).toBeTruthy();
    const begin = ok(await desk.owner.call('channels.oauthStart', { kind: 'whatsapp' }, { query: { redirect: `${all.server.url}/settings/channels` } }), 200);
    const json = { code, state: begin.str('state'), wabaId: waba.id, phoneNumberId: phone.id };
    const got = ok(await desk.owner.call('channels.oauthFinish', { kind: 'whatsapp' }, { json }), 200).json as Row;
    expect(list(got, 'accounts')[0]).toMatchObject({ id: phone.id });
    expect(JSON.stringify(got)).not.toContain('token');
    const made = await desk.owner.call('channels.create', {}, {
      json: { kind: 'whatsapp', name: 'Pelo cadastro', ticket: String(got['ticket']), accountId: phone.id },
    });
    expect(ok(made, 201).json).toMatchObject({ externalAccount: phone.id });
    await until('the account to be subscribed', () => waba.subscribed.has(graph.app.id));
    const again = await desk.owner.call('channels.oauthFinish', { kind: 'whatsapp' }, { json });
    expect(again.status).toBeGreaterThanOrEqual(400);
  });

  test('a token that names no account: the one that the page was told, else those of its business, and never another’s', async () => {
    const { graph, desk } = all;
    const accounts = async (signup: { wabaId: string }, told?: string): Promise<unknown[]> => {
      const { code } = graph.embeddedSignup({ ...signup, silent: true });
      const begin = ok(await desk.owner.call('channels.oauthStart', { kind: 'whatsapp' }, { query: { redirect: `${all.server.url}/settings/channels` } }), 200);
      const json = { code, state: begin.str('state'), ...(told === undefined ? {} : { wabaId: told }) };
      return list(ok(await desk.owner.call('channels.oauthFinish', { kind: 'whatsapp' }, { json }), 200).json as Row, 'accounts').map((one) => one['id']);
    };
    const [own, stranger] = [graph.addWaba(), graph.addWaba()];
    const [phone] = [graph.addPhone({ wabaId: own.id }), graph.addPhone({ wabaId: stranger.id })];
    expect(await accounts({ wabaId: own.id }, own.id)).toEqual([phone.id]);
    expect(await accounts({ wabaId: own.id })).toEqual([phone.id]);
    expect(await accounts({ wabaId: own.id }, stranger.id)).toEqual([phone.id]);
    const shared = graph.addWaba({ sharedWith: '900100200300400' });
    const theirs = graph.addPhone({ wabaId: shared.id });
    expect(await accounts({ wabaId: shared.id })).toEqual([theirs.id]);
    const empty = graph.addWaba();
    const { code } = graph.embeddedSignup({ wabaId: empty.id, silent: true });
    const begin = ok(await desk.owner.call('channels.oauthStart', { kind: 'whatsapp' }, { query: { redirect: `${all.server.url}/settings/channels` } }), 200);
    refused(await desk.owner.call('channels.oauthFinish', { kind: 'whatsapp' }, { json: { code, state: begin.str('state') } }), 422, 'NO_ACCOUNTS');
  });

  test('the handshake wants our word; a body wants the right signature', async () => {
    const url = `${all.server.url}/hooks/whatsapp/${account.key}`;
    expect(await all.graph.webhooks.verify(url, 'verify')).toMatchObject({ ok: true, status: 200 });
    expect(await all.graph.webhooks.verify(url, 'another')).toMatchObject({ ok: false, status: 403 });
    expect((await fetch(`${url}?hub.mode=subscribe&hub.verify_token=verify&hub.challenge=<script>`)).status).toBe(403);
    const body = { object: 'whatsapp_business_account', entry: [] };
    for (const signature of [null, `sha256=${'0'.repeat(64)}`, 'sha1=00'])
      expect((await all.graph.webhooks.post('whatsapp_business_account', body, { url, signature })).status).toBe(401);
  });

  test('while the app’s secret is changed, both are taken; with the old one given up only the new', async () => {
    const { graph, desk } = all;
    const waba = graph.addWaba();
    const phone = graph.addPhone({ wabaId: waba.id });
    const json = { ...input({ phoneNumberId: phone.id, wabaId: waba.id }, { appSecretOld: 'the former secret' }), name: 'Troca' };
    const made = ok(await desk.owner.call('channels.create', {}, { json }), 201);
    const url = `${all.server.url}/hooks/whatsapp/${made.str('publicKey')}`;
    const text = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: waba.id, changes: [] }] });
    const post = async (secret: string): Promise<number> =>
      (await fetch(url, { method: 'POST', body: text, headers: { 'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}` } })).status;
    expect(await post('the former secret')).toBe(200);
    expect(await post(graph.app.secret)).toBe(200);
    expect(await post('another secret')).toBe(401);
    expect(made.text).not.toContain('former secret');
  });
});

describe('what comes in', () => {
  test('a text, doubled within and across bodies, is one message of one person', async () => {
    const { graph, desk } = all;
    const ana = person('Ana Luz');
    graph.webhooks.set({ doubleWithin: 2, doubleAcross: 2, unknownFields: true });
    const message = await arrived(all, await ana.sends.text('Olá ä @ / " 😀'));
    graph.webhooks.set({ doubleWithin: 0, doubleAcross: 0, unknownFields: false });
    expect(message).toMatchObject({ kind: 'text', direction: 'in', content: 'Olá ä @ / " 😀' });
    const chatId = String(message['chatId']);
    const chat = await desk.chat(chatId);
    expect(member(chat, 'customer')['name']).toBe('Ana Luz');
    expect(chat['windowUntil']).toEqual(expect.any(String));
    expect((await desk.messages(chatId)).filter((m) => m['direction'] === 'in')).toHaveLength(1);
  });

  test.each(['image', 'video', 'document', 'audio', 'voice', 'sticker'] as const)('%s: the file is fetched, checked and kept', async (type) => {
    const message = await arrived(all, await person().sends[type](type === 'image' ? { caption: 'olha ele' } : {}));
    expect(files(message)[0], JSON.stringify(files(message))).toMatchObject({ state: 'ready' });
    expect(message['kind']).toBe({ voice: 'audio', sticker: 'image' }[type as string] ?? type);
    if (type === 'image') expect(message['content']).toBe('olha ele');
    if (type === 'voice') expect(data(message)['voice']).toBe(true);
    if (type === 'document') expect(files(message)[0]).toMatchObject({ name: 'Orçamento nº 12.pdf' });
  });

  test('a large picture has a small one, made once; a small picture is its own', async () => {
    const { desk, server } = all;
    const folder = mkdtempSync(join(tmpdir(), 'interflow-picture-'));
    execFileSync('ffmpeg', ['-v', 'quiet', '-f', 'lavfi', '-i', 'testsrc=size=1600x800', '-frames:v', '1', join(folder, 'a.png')]);
    const large = await desk.upload(undefined, 'grande.png', readFileSync(join(folder, 'a.png')));
    const little = await desk.upload(undefined, 'pequena.png', samples.png(32));
    const paper = await desk.upload(undefined, 'papel.pdf', samples.pdf());
    const torn = await desk.upload(undefined, 'rasgada.png', readFileSync(join(folder, 'a.png')).subarray(0, 200));
    rmSync(folder, { recursive: true, force: true });
    const get = async (fileId: string): Promise<Response> => fetch(`${server.url}${desk.org.path(`/files/${fileId}?thumbnail=true`)}`, { headers: desk.org.owner.client.headers() });
    const made = await Promise.all([get(large), get(large)]);
    for (const r of [...made, await get(large)]) {
      expect(r.headers.get('content-type')).toBe('image/webp');
      const bytes = Buffer.from(await r.arrayBuffer());
      expect(bytes.subarray(8, 12).toString()).toBe('WEBP');
      expect(bytes.length).toBeLessThan(60_000);
    }
    expect((await get(little)).headers.get('content-type')).toBe('image/png');
    expect((await get(torn)).headers.get('content-type')).toBe('image/png');
    expect((await get(paper)).status).toBe(404);
    expect((await fetch(`${server.url}${desk.org.path(`/files/${large}?thumbnail=true`)}`)).status).toBe(401);
  });

  test('who is asked for their number gives it: it is theirs from then on', async () => {
    const { graph, desk } = all;
    const lia = graph.whatsappCustomer({ phone: '+55 11 97777-4321', name: 'Lia Sem Número', hidden: true });
    const { chatId } = await talk(lia, 'oi');
    await arrived(all, await lia.sends.ownContact());
    const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
    const customer = ok(await desk.owner.call('customers.get', { customerId }), 200).text;
    expect(customer.replace(/\D/g, '')).toContain('5511977774321');
  });

  test.each(['sha256', 'missing', 'expired'] as const)('a file that is %s at the platform says so, the message stays', async (broken) => {
    const message = await arrived(all, await person().sends.image({ broken, caption: 'foto' }));
    expect(message['content']).toBe('foto');
    expect(files(message)[0]).toMatchObject({ state: 'failed' });
  });

  test('the token goes to no host but the platform’s, whatever the metadata names', async () => {
    all.graph.quirks.mediaUrl = `${all.graph.hosts.foreign}/steal`;
    const sent = await person().sends.image({});
    await until('the address to be refused', async () => all.server.logLines().length > 0 && all.graph.callsTo(/^\/\d+$/, 'GET').length > 0);
    await sleep(500);
    all.graph.quirks.mediaUrl = undefined;
    expect(all.graph.calls.filter((c) => c.area === 'foreign')).toEqual([]);
    const found = all.desk.sql(`select count(*) from messages where external_id = '${sent.id}'`).trim();
    expect(found).toBe('1');
  });

  test('places, people, orders, forms, answers, ads and what is not supported', async () => {
    const ana = person();
    const of = async (sent: Promise<{ id: string }>): Promise<Row> => arrived(all, await sent);
    expect(await of(ana.sends.location())).toMatchObject({ kind: 'location', data: { latitude: -23.5614, longitude: -46.6559 } });
    expect(data(await of(ana.sends.location({ name: 'Loja', address: 'Rua 1' })))).toMatchObject({ name: 'Loja', address: 'Rua 1' });
    expect(await of(ana.sends.contacts())).toMatchObject({ kind: 'contact', content: 'Bruno Lima' });
    expect(data(await of(ana.sends.order()))).toMatchObject({ order: { items: [{ quantity: 2, currency: 'BRL' }] } });
    expect(data(await of(ana.sends.form({ nome: 'Ana' })))).toMatchObject({ form: { values: { nome: 'Ana' } } });
    expect(data(await of(ana.sends.form('[1,2]')))).toMatchObject({ form: { value: [1, 2] } });
    expect(data(await of(ana.sends.form('não é JSON')))).toMatchObject({ form: { text: 'não é JSON' } });
    expect(await of(ana.sends.buttonReply('b1', 'Sim'))).toMatchObject({ content: 'Sim', data: { answer: { id: 'b1', title: 'Sim' } } });
    expect(data(await of(ana.sends.listReply('r1', '9 h', 'manhã')))).toMatchObject({ answer: { id: 'r1', description: 'manhã' } });
    expect(data(await of(ana.sends.fromAd('Quero')))).toMatchObject({ referral: { title: 'Banho e tosa', source: 'ad' } });
    expect(data(await of(ana.sends.text('x', { forwarded: true })))).toMatchObject({ forwarded: true });
    expect(await of(ana.sends.unsupported('poll_creation'))).toMatchObject({ kind: 'unsupported', data: { unsupported: { type: 'poll_creation' } } });
    expect(await of(ana.sends.unknown())).toMatchObject({ kind: 'unsupported' });
    expect(await of(ana.sends.brokenInteractive())).toMatchObject({ kind: 'unsupported', data: { unsupported: { reason: 'Unsupported webhook payload' } } });
    expect(await of(ana.sends.anything('hologram', { x: 1 }))).toMatchObject({ kind: 'unsupported', data: { unsupported: { type: 'hologram' } } });
  });

  test('a reply names what it answers; reactions come and go', async () => {
    const ana = person();
    const { chatId, message } = await talk(ana);
    const ours = await say(all, chatId, 'Tudo bem?');
    const out = await ana.receives('Tudo bem?');
    const reply = await arrived(all, await ana.sends.text('Tudo', { replyTo: out.id }));
    expect(member(reply, 'replyTo')).toMatchObject({ id: ours['id'] });
    await ana.sends.reaction(out.id, '👍');
    await becomes(all, { ...ours, chatId }, (m) => list(m, 'reactions').some((r) => r['emoji'] === '👍'), 'the reaction');
    await ana.sends.reactionRemoved(out.id, 'absent');
    await becomes(all, { ...ours, chatId }, (m) => list(m, 'reactions').length === 0, 'no reaction');
    expect(message['content']).toBe('Oi');
  });

  test('without a phone a person is the same person, before and after the number is shown, and after the user id changes', async () => {
    const { graph, desk } = all;
    const lia = graph.whatsappCustomer({ phone: '+55 11 97777-1234', name: 'Lia', hidden: true });
    const { chatId } = await talk(lia, 'sem número');
    const shown = await arrived(all, await lia.sends.text('com número', { withoutPhone: false }));
    expect(shown['chatId']).toBe(chatId);
    expect((await arrived(all, await lia.sends.text('id no lugar', { userIdAsPhone: true })))['chatId']).toBe(chatId);
    await lia.changesUserId();
    expect((await arrived(all, await lia.sends.text('outro id')))['chatId']).toBe(chatId);
    const lost = await arrived(all, await lia.sends.text('ninguém', { anonymous: true }));
    expect(lost['content']).toBe('ninguém');
    expect(Number(desk.sql(`select count(*) from channel_bodies where state = 'parked'`))).toBe(0);
  });

  test('edits and deletions change our copy; many messages in one body all come', async () => {
    const { graph, desk } = all;
    const ana = person();
    const { chatId, message } = await talk(ana, 'primeira');
    await ana.sends.edit(String(message['externalId'] ?? ana.thread[0]?.id), 'primeira, corrigida');
    await becomes(all, { ...message, chatId }, (m) => m['content'] === 'primeira, corrigida', 'the edit');
    await ana.sends.revoke(String(ana.thread[0]?.id));
    await becomes(all, { ...message, chatId }, (m) => m['deletedAt'] !== null, 'the deletion');
    graph.webhooks.hold();
    const sent = [];
    for (let i = 0; i < 20; i++) sent.push(await ana.sends.text(`m${i}`));
    await graph.webhooks.release({ together: true, level: 'mixed', order: 'shuffled', doubleWithin: 1 });
    for (const one of sent) await arrived(all, one);
    expect((await desk.messages(chatId)).filter((m) => /^m\d+$/.test(String(m['content'])))).toHaveLength(20);
  });

  test('an unknown number is answered with 200, kept aside and shown', async () => {
    const body = {
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [{ field: 'messages', value: { metadata: { phone_number_id: '999' }, messages: [{ id: 'wamid.lost', from: '5511900000000', type: 'text', text: { body: 'x' }, timestamp: '1762000000' }] } }] }],
    };
    const said = await all.graph.webhooks.post('whatsapp_business_account', body, { url: `${all.server.url}/hooks/whatsapp/${account.key}` });
    expect(said.status).toBe(200);
    await until('the body to be parked', () => all.desk.sql(`select error_code from channel_bodies where state = 'parked'`).trim() === 'UNKNOWN_ACCOUNT');
    all.desk.sql(`delete from channel_bodies where state = 'parked'`);
  });
});

describe('the phone app', () => {
  test('what the owner writes there is ours, shown as sent elsewhere', async () => {
    const { graph, desk } = all;
    const ana = person();
    const { chatId } = await talk(ana);
    const sent = await graph.ownerSends(ana, 'respondi pelo celular');
    const row = await arrived(all, sent);
    expect(row).toMatchObject({ direction: 'out', chatId, content: 'respondi pelo celular' });
    await graph.ownerEdits(ana, sent.id, 'corrigi pelo celular');
    await becomes(all, { ...row, chatId }, (m) => m['content'] === 'corrigi pelo celular', 'the edit');
    expect((await desk.messages(chatId)).filter((m) => m['direction'] === 'out')).toHaveLength(1);
  });

  test('names of its address book: over the profile’s and over none, never over a person’s, and nobody else is kept', async () => {
    const { graph, desk } = all;
    const customers = (): string => desk.sql('select count(*) from customers').trim();
    const settled = (): Promise<true> => until('all bodies to be read', () => desk.sql(`select count(*) from channel_bodies where state = 'waiting'`).trim() === '0' || undefined);
    const known = async (who: WhatsAppCustomer): Promise<string> => String(member(await desk.chat((await talk(who)).chatId), 'customer')['id']);
    const nameOf = async (customerId: string): Promise<unknown> => (ok(await desk.owner.call('customers.get', { customerId }), 200).json as Row)['name'];
    const [ana, rui, eva] = [person('~ana ✨'), person('Rui'), person('Eva')];
    const phone = (who: WhatsAppCustomer): string => who.person.phone ?? '';
    const [anaId, ruiId, evaId] = [await known(ana), await known(rui), await known(eva)];
    ok(await desk.owner.call('customers.update', { customerId: ruiId }, { json: { name: 'Rui da padaria' } }), 200);
    desk.sql(`update customers set name = '' where id = '${evaId}'`);
    const before = customers();
    const at = graph.clock.now();
    const book = async (who: string, name: string, more: JsonObject = {}): Promise<void> => {
      await graph.appState([{ full_name: name, first_name: name.split(' ')[0], phone_number: who, at, ...more }]);
      await settled();
    };
    await graph.appState([
      { full_name: 'Ana  Prima', first_name: 'Ana', phone_number: phone(ana), at },
      { full_name: 'Rui Xavier', first_name: 'Rui', phone_number: phone(rui), at },
      { full_name: 'Eva Contadora', first_name: 'Eva', phone_number: phone(eva), at },
      { full_name: 'Ugo Xavier', first_name: 'Ugo', phone_number: '5511912340077', at },
    ]);
    await settled();
    expect([await nameOf(anaId), await nameOf(ruiId), await nameOf(evaId)]).toEqual(['Ana Prima', 'Rui da padaria', 'Eva Contadora']);
    expect(customers()).toBe(before);
    expect(places(all, 'Xavier')).toEqual([]);
    await book(phone(ana), 'Ana Maria', { at: at + 60_000 });
    expect(await nameOf(anaId)).toBe('Ana Maria');
    await book(phone(ana), 'Ana Velha', { at: at - 60_000 });
    await book(phone(ana), '+55 11 90000-0000', { at: at + 90_000 });
    await graph.appState([{ phone_number: phone(ana), action: 'remove', at: at + 120_000 }]);
    await settled();
    expect(await nameOf(anaId)).toBe('Ana Maria');
    ok(await desk.owner.call('customers.update', { customerId: anaId }, { json: { name: 'Ana Souza' } }), 200);
    await book(phone(ana), 'Ana Terceira', { at: at + 180_000 });
    expect(await nameOf(anaId)).toBe('Ana Souza');
    expect(desk.sql(`select count(*) from channel_bodies where state = 'parked' and error_code <> 'UNKNOWN_ACCOUNT'`).trim()).toBe('0');
  });

  test('history comes in once, and makes no news', async () => {
    const { graph, desk } = all;
    const bia = graph.whatsappCustomer({ phone: '+55 11 95555-0001', name: 'Bia' });
    const thread = (n: number, from: string, to?: string): JsonObject => ({
      from, ...(to ? { to } : {}), id: `wamid.h${n}`, timestamp: String(1761000000 + n), type: 'text', text: { body: `antiga ${n}` }, history_context: { status: 'READ' },
    });
    const own = graph.phone.digits;
    const id = bia.person.waId ?? '';
    const threads = [{ id, messages: [thread(1, id), thread(2, own, id), thread(3, id)] }];
    await graph.history({ threads, chunks: 2 });
    await graph.history({ threads, chunks: 1 });
    await graph.history({ refused: true });
    await until('the history', () => desk.sql(`select count(*) from messages where external_id like 'wamid.h%'`).trim() === '3');
    expect(desk.sql(`select count(*) from messages where external_id = 'wamid.h2' and direction = 'out'`).trim()).toBe('1');
  });
});

describe('the account', () => {
  test('news of quality and of its end are shown', async () => {
    const { graph, desk } = all;
    const shown = async (): Promise<Row> => ok(await desk.owner.call('channels.get', { channelId: account.id }), 200).json as Row;
    await graph.numberUpdate('phone_number_quality_update', { display_phone_number: graph.phone.digits, event: 'FLAGGED', current_limit: 'TIER_1K' });
    await until('the new tier', async () => member(await shown(), 'quality')['tier'] === 'TIER_1K');
    await graph.accountUpdate('PARTNER_REMOVED');
    await until('the account to be disconnected', async () => (await shown())['status'] === 'disconnected');
    await graph.accountUpdate('ACCOUNT_RECONNECTED');
    await until('the account to be back', async () => (await shown())['status'] === 'connected');
  });

  test('looked after: the end of its token is shown, a dead one disconnects, webhooks and templates are put right again', async () => {
    const { graph, desk } = all;
    const waba = graph.addWaba();
    const phone = graph.addPhone({ wabaId: waba.id });
    const token = graph.token({ kind: 'system', expiresAt: graph.clock.now() + 3 * 86400_000 }).token;
    const json = { ...input({ phoneNumberId: phone.id, wabaId: waba.id }, { token }), name: 'Vence logo' };
    const made = ok(await desk.owner.call('channels.create', {}, { json }), 201);
    const id = made.str('id');
    expect(made.json).toMatchObject({ tokenExpiresAt: expect.any(String) });
    await until('the account to be subscribed', () => waba.subscribed.has(graph.app.id));
    const look = (): string =>
      desk.sql(`insert into jobs (org_id, kind, payload) select org_id, 'channel.upkeep', json_build_object('channelId', id) from channels where id = '${id}' returning 1`);
    waba.subscribed.clear();
    phone.quality = 'RED';
    graph.addTemplate({ name: 'nova', wabaId: waba.id });
    look();
    await until('the subscription', () => waba.subscribed.has(graph.app.id));
    const shown = async (): Promise<Row> => ok(await desk.owner.call('channels.get', { channelId: id }), 200).json as Row;
    await until('the new quality', async () => member(await shown(), 'quality')['rating'] === 'RED');
    await until('the new template', async () => rows(ok(await desk.owner.call('templates.list', { channelId: id }), 200)).length === 1);
    graph.revoke(token);
    look();
    await until('it to be disconnected', async () => (await shown())['status'] === 'disconnected');
    expect(member(await shown(), 'lastError')).toMatchObject({ code: 'META_TOKEN' });
  });

  test('a removed account keeps its conversations and stops its webhooks', async () => {
    const { graph, desk } = all;
    const ana = person();
    const { chatId } = await talk(ana);
    const others = rows(ok(await desk.owner.call('channels.list', {}), 200)).filter((c) => c['kind'] === 'whatsapp');
    for (const one of others) ok(await desk.owner.call('channels.remove', { channelId: String(one['id']) }), 204);
    await until('the webhooks to end', () => !graph.waba.subscribed.has(graph.app.id));
    expect((await desk.chat(chatId))['id']).toBe(chatId);
  });
});
