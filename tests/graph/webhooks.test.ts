/* What leaves for our callback: signature and bytes, who gets it, doubles, order, batches, retries, unsubscribing. */
import { expect, test } from 'vitest';
import type { Graph, Json } from './graph.mjs';
import { eventually, sendWhatsApp, stage } from './lib/receiver.ts';

test('the body is escaped as the platform writes it, and the signature is over those bytes', async () => {
  const { graph, receiver } = await stage();
  const ana = graph.whatsappCustomer({ name: 'Zoë' });
  await ana.sends.text('ä @ / 😀');
  const [got] = receiver.got;
  expect(got?.raw).toContain('"body":"\\u00e4 \\u0040 \\/ \\ud83d\\ude00"');
  expect(/[^\x20-\x7e]/.test(got?.raw ?? '')).toBe(false);
  expect(got?.signed).toBe(true);
  expect(got?.headers['x-hub-signature-256']).toMatch(/^sha256=[0-9a-f]{64}$/);
  expect(receiver.messages()[0].text.body).toBe('ä @ / 😀');
});

test.each(['wrong', 'none', 'sha1', 'uppercase', 'short'] as const)('a signature that is %s does not hold', async (signature) => {
  const { graph, receiver } = await stage({ policy: { signature } });
  await graph.whatsappCustomer().sends.text('oi');
  expect(receiver.got[0]?.signed).toBe(false);
});

test('the handshake', async () => {
  const { graph, receiver } = await stage();
  expect(await graph.webhooks.verify(receiver.url, 'verify')).toMatchObject({ ok: true, status: 200 });
  expect(await graph.webhooks.verify(receiver.url, 'other')).toMatchObject({ ok: false, status: 403 });
  expect(await graph.webhooks.verify(receiver.url, 'verify', 'unsubscribe')).toMatchObject({ ok: false });
  await expect(graph.subscribe('page', receiver.url, 'other')).rejects.toThrow('handshake');
  await graph.subscribe('page', receiver.url, 'verify', { fields: ['messages'] });
  expect(graph.app.subscriptions.page?.fields).toEqual(['messages']);
});

test('nobody subscribed: nothing comes, and the reason is kept', async () => {
  const { graph, receiver } = await stage();
  graph.waba.subscribed.clear();
  await graph.whatsappCustomer().sends.text('oi');
  expect(receiver.got).toEqual([]);
  expect(graph.webhooks.dropped[0]?.reason).toContain('not subscribed');
});

test('doubles within a body and across bodies', async () => {
  const { graph, receiver } = await stage({ policy: { doubleWithin: 1, doubleAcross: 2 } });
  const sent = await graph.whatsappCustomer().sends.text('oi');
  expect(receiver.got).toHaveLength(3);
  expect(receiver.messages().map((m) => m.id)).toEqual(Array.from({ length: 6 }, () => sent.id));
});

test('held back: reversed, together, at each level', async () => {
  for (const level of ['messages', 'changes', 'entries'] as const) {
    const { graph, receiver } = await stage();
    const ana = graph.whatsappCustomer({ name: 'Ana' });
    const bia = graph.whatsappCustomer({ name: 'Bia' });
    graph.webhooks.hold();
    for (const who of [ana, bia]) for (const body of ['1', '2']) await who.sends.text(`${who.person.name} ${body}`);
    expect(receiver.got).toEqual([]);
    await graph.webhooks.release({ order: 'reversed', together: true, level });
    expect(receiver.got).toHaveLength(1);
    expect(receiver.messages().map((m) => m.text.body)).toEqual(['Bia 2', 'Bia 1', 'Ana 2', 'Ana 1']);
    const { entry } = receiver.got[0]?.body;
    expect(entry).toHaveLength(level === 'entries' ? 4 : 1);
    expect(entry[0].changes).toHaveLength(level === 'changes' ? 4 : 1);
    if (level === 'messages') expect(entry[0].changes[0].value.contacts).toHaveLength(2);
  }
});

test('what happens at the same time shares a body; unknown keys everywhere do no harm', async () => {
  const { graph, receiver } = await stage({ policy: { batchMs: 60, unknownFields: true } });
  const ana = graph.whatsappCustomer();
  await Promise.all(['a', 'b', 'c'].map((t) => ana.sends.text(t)));
  expect(receiver.got).toHaveLength(1);
  expect(receiver.messages()).toHaveLength(3);
  expect(receiver.got[0]?.body.x_new_field).toBeDefined();
  expect(receiver.messages()[0].x_new_field).toBeDefined();
});

test('statuses before the answer to the send', async () => {
  const { graph, receiver } = await stage({ policy: { statusBeforeAnswer: true } });
  const ana = graph.whatsappCustomer({ phone: '+5511987654321' });
  await ana.sends.text('oi');
  const said = await sendWhatsApp(graph, { to: '+5511987654321', type: 'text', text: { body: 'x' } });
  expect(receiver.statuses().map((s) => [s.id, s.status])).toEqual([
    [said.body.messages[0].id, 'sent'],
    [said.body.messages[0].id, 'delivered'],
  ]);
});

test('not 200: again and again, ever later, for seven days', async () => {
  const { graph, receiver } = await stage();
  receiver.status = 500;
  await graph.whatsappCustomer().sends.text('oi');
  await eventually(() => receiver.got.length).toBe(2);
  for (let i = 0; i < 6; i++) {
    await graph.clock.advance(600_000);
    await graph.webhooks.settled();
  }
  const attempts = graph.webhooks.deliveries[0]?.attempts ?? [];
  expect(attempts.length).toBeGreaterThan(5);
  expect(new Set(receiver.got.map((g) => g.raw)).size).toBe(1);
  receiver.status = 200;
  await graph.clock.advance(3_600_000);
  await graph.webhooks.settled();
  expect(graph.webhooks.deliveries[0]?.state).toBe('done');
  receiver.status = 503;
  await graph.whatsappCustomer().sends.text('für immer');
  for (let i = 0; i < 40; i++) {
    await graph.clock.advance(6 * 3_600_000);
    await graph.webhooks.settled();
  }
  expect(graph.webhooks.deliveries[1]?.state).toBe('dropped');
  const last = graph.webhooks.deliveries[1]?.attempts.at(-1)?.at ?? 0;
  expect(last - (graph.webhooks.deliveries[1]?.firstAt ?? 0)).toBeGreaterThan(5 * 86400_000);
});

test('too slow, redirected or away is a failure too', async () => {
  const { graph, receiver } = await stage({ policy: { answerWithinMs: 100, retry: false } });
  receiver.delayMs = 400;
  await graph.whatsappCustomer().sends.text('oi');
  expect(graph.webhooks.deliveries[0]).toMatchObject({ state: 'dropped', attempts: [{ status: 0 }] });
  receiver.delayMs = 0;
  receiver.status = 302;
  await graph.whatsappCustomer().sends.text('oi');
  expect(graph.webhooks.deliveries[1]?.attempts[0]?.status).toBe(302);
  receiver.status = 201;
  await graph.whatsappCustomer().sends.text('oi');
  expect(graph.webhooks.deliveries[2]?.state).toBe('dropped');
});

test('a page that fails for an hour loses its subscription; one success forgives', async () => {
  const { graph, receiver } = await stage();
  const bia = graph.messengerCustomer();
  receiver.status = 500;
  await bia.sends.text('1');
  const wait = async (minutes: number): Promise<void> => {
    await graph.clock.advance(minutes * 60_000);
    await graph.webhooks.settled();
  };
  await wait(16);
  expect(graph.webhooks.alerts.map((a) => a.what)).toEqual(['failing']);
  receiver.status = 200;
  await graph.webhooks.retryNow();
  await wait(60);
  expect(graph.page.subscribed.size).toBe(1);
  receiver.status = 500;
  await bia.sends.text('2');
  await wait(61);
  expect(graph.webhooks.alerts.at(-1)).toMatchObject({ what: 'unsubscribed', account: graph.page.id });
  expect(graph.page.subscribed.size).toBe(0);
  receiver.status = 200;
  const before = receiver.got.length;
  await bia.sends.text('3');
  expect(receiver.got.length).toBe(before);
});

test('another number of the same WABA, a second app: each gets its own, signed with its own secret', async () => {
  const { graph, receiver } = await stage();
  const second = graph.addApp({ name: 'Other' });
  graph.waba.subscribed.set(second.id, {});
  second.subscriptions.whatsapp_business_account = { url: receiver.url, verifyToken: 'verify', fields: 'all', active: true };
  const phone = graph.addPhone({ wabaId: graph.waba.id });
  await graph.whatsappCustomer().sends.text('oi', { to: phone });
  expect(receiver.got.map((g) => g.signed)).toEqual([true, false]);
  receiver.secrets.push(second.secret);
  await graph.whatsappCustomer().sends.text('oi', { to: phone });
  expect(receiver.got.slice(2).map((g) => g.signed)).toEqual([true, true]);
  expect(receiver.changes()[0].value.metadata.phone_number_id).toBe(phone.id);
});

test('any body and any event by hand', async () => {
  const { graph, receiver } = await stage();
  expect(await graph.webhooks.post('whatsapp_business_account', { object: 'whatsapp_business_account', entry: [] })).toMatchObject({
    status: 200,
  });
  expect(receiver.got[0]?.signed).toBe(true);
  await graph.webhooks.post('page', '{"object":"page","entry":[]}', { signature: 'sha256=00' });
  expect(receiver.got[1]?.signed).toBe(false);
  await graph.webhooks.post('page', '{"object":"page","entry":[]}', { signature: null });
  expect(receiver.got[2]?.headers['x-hub-signature-256']).toBeUndefined();
  await graph.webhooks.emit({
    object: 'whatsapp_business_account',
    entryId: graph.waba.id,
    field: 'a_field_of_tomorrow',
    value: { some: 'thing' },
  });
  expect(receiver.changes('a_field_of_tomorrow')).toHaveLength(1);
});

test('reset leaves nobody behind', async () => {
  const { graph, receiver } = await stage();
  const old = graph.phone.id;
  await graph.whatsappCustomer().sends.text('oi');
  graph.fault({ code: 1 });
  graph.reset();
  receiver.secrets = [graph.app.secret];
  expect([graph.messages.length, graph.calls.length, graph.faults.length, graph.webhooks.deliveries.length]).toEqual([0, 0, 0, 0]);
  expect(graph.phone.id).not.toBe(old);
  await graph.whatsappCustomer().sends.text('de novo');
  expect(receiver.got.at(-1)?.signed).toBe(true);
});

const kinds: [string, (g: Graph, c: ReturnType<Graph['whatsappCustomer']>) => Promise<unknown>, (m: Json, value: Json) => void][] = [
  ['location, pinned', (_, c) => c.sends.location(), (m) => expect(m.location).toEqual({ latitude: -23.5614, longitude: -46.6559 })],
  ['location, named', (_, c) => c.sends.location({ name: 'Loja' }), (m) => expect(m.location.name).toBe('Loja')],
  [
    'voice',
    (_, c) => c.sends.voice(),
    (m) =>
      expect(m.audio).toMatchObject({
        voice: true,
        mime_type: 'audio/ogg; codecs=opus',
        sha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
      }),
  ],
  [
    'document',
    (_, c) => c.sends.document({ caption: 'veja' }),
    (m) => expect(m.document).toMatchObject({ filename: 'Orçamento nº 12.pdf', caption: 'veja' }),
  ],
  ['sticker', (_, c) => c.sends.sticker({ animated: true }), (m) => expect(m.sticker.animated).toBe(true)],
  ['contacts', (_, c) => c.sends.contacts(), (m) => expect(m.contacts[0].name.formatted_name).toBe('Bruno Lima')],
  ['own contact', (_, c) => c.sends.ownContact(), (m) => expect(m.contacts[0].origin).toBe('contact_request')],
  ['reaction', (_, c) => c.sends.reaction('wamid.x', '👍'), (m) => expect(m.reaction).toEqual({ message_id: 'wamid.x', emoji: '👍' })],
  [
    'reaction removed, empty',
    (_, c) => c.sends.reactionRemoved('wamid.x'),
    (m) => expect(m.reaction).toEqual({ message_id: 'wamid.x', emoji: '' }),
  ],
  [
    'reaction removed, absent',
    (_, c) => c.sends.reactionRemoved('wamid.x', 'absent'),
    (m) => expect(m.reaction).toEqual({ message_id: 'wamid.x' }),
  ],
  [
    'button',
    (_, c) => c.sends.button('Sim', 'yes'),
    (m) => expect(m).toMatchObject({ type: 'button', button: { text: 'Sim', payload: 'yes' } }),
  ],
  [
    'list reply',
    (_, c) => c.sends.listReply('r1', 'Um', 'O primeiro'),
    (m) => expect(m.interactive).toEqual({ type: 'list_reply', list_reply: { id: 'r1', title: 'Um', description: 'O primeiro' } }),
  ],
  ['form, not an object', (_, c) => c.sends.form([1, 2]), (m) => expect(m.interactive.nfm_reply.response_json).toBe('[1,2]')],
  ['form, not even JSON', (_, c) => c.sends.form('{broken'), (m) => expect(m.interactive.nfm_reply.response_json).toBe('{broken')],
  ['order', (_, c) => c.sends.order(), (m) => expect(m.order.product_items).toHaveLength(1)],
  ['forwarded', (_, c) => c.sends.text('x', { forwarded: true }), (m) => expect(m.context).toEqual({ forwarded: true })],
  ['product question', (_, c) => c.sends.productQuestion('Tem?'), (m) => expect(m.context.referred_product.catalog_id).toBeDefined()],
  [
    'from an ad',
    (_, c) => c.sends.fromAd('Oi'),
    (m) => expect(m.referral).toMatchObject({ source_type: 'ad', ctwa_clid: expect.any(String) }),
  ],
  [
    'unsupported',
    (_, c) => c.sends.unsupported('gif'),
    (m) => expect(m).toMatchObject({ type: 'unsupported', unsupported: { type: 'gif' }, errors: [{ code: 131051 }] }),
  ],
  [
    'broken interactive',
    (_, c) => c.sends.brokenInteractive(),
    (m, v) => {
      expect(m.interactive).toBeUndefined();
      expect(v.errors[0].code).toBe(131000);
    },
  ],
  ['too large', (_, c) => c.sends.tooLarge(), (m) => expect(m.errors[0].code).toBe(131052)],
  [
    'edit',
    (_, c) => c.sends.edit('wamid.x', 'novo'),
    (m) => expect(m.edit).toMatchObject({ original_message_id: 'wamid.x', message: { type: 'text' } }),
  ],
  [
    'edit as it comes today',
    (_, c) => c.sends.edit('wamid.x', 'novo', { asUnsupported: true }),
    (m) => expect(m).toMatchObject({ type: 'unsupported', unsupported: { type: 'edit' } }),
  ],
  ['revoke', (_, c) => c.sends.revoke('wamid.x'), (m) => expect(m.revoke).toEqual({ original_message_id: 'wamid.x' })],
  [
    'changed number',
    (_, c) => c.sends.changedNumber('+5511900001111'),
    (m, v) => {
      expect(m).toMatchObject({ from: '5511987654321', system: { type: 'user_changed_number', wa_id: '5511900001111' } });
      expect(v.contacts).toBeUndefined();
    },
  ],
  ['identity changed', (_, c) => c.sends.identityChanged(), (m) => expect(m.identity.hash).toBeDefined()],
  [
    'without phone',
    (_, c) => c.sends.text('x', { withoutPhone: true }),
    (m, v) => {
      expect('from' in m).toBe(false);
      expect('wa_id' in v.contacts[0]).toBe(false);
      expect(v.contacts[0].user_id).toMatch(/^BR\.\d+$/);
    },
  ],
  ['a user id where a phone should be', (_, c) => c.sends.text('x', { userIdAsPhone: true }), (m) => expect(m.from).toMatch(/^BR\./)],
  [
    'neither',
    (_, c) => c.sends.text('x', { anonymous: true }),
    (m, v) => {
      expect(m.from ?? m.from_user_id).toBeUndefined();
      expect(v.contacts).toBeUndefined();
    },
  ],
  ['anything', (_, c) => c.sends.anything('hologram', { depth: 3 }), (m) => expect(m.hologram).toEqual({ depth: 3 })],
];
test.each(kinds)('inbound: %s', async (_, act, check) => {
  const { graph, receiver } = await stage();
  await act(graph, graph.whatsappCustomer({ phone: '+5511987654321', name: 'Ana' }));
  const { value } = receiver.changes('messages')[0];
  expect(value).toMatchObject({ messaging_product: 'whatsapp', metadata: { phone_number_id: graph.phone.id } });
  expect(value.messages[0].timestamp).toMatch(/^\d{10}$/);
  check(value.messages[0], value);
});

test('user id update, preferences, account and template events, echoes, history, contacts of the phone app', async () => {
  const { graph, receiver } = await stage();
  const ana = graph.whatsappCustomer({ phone: '+5511987654321' });
  await ana.changesUserId();
  expect(receiver.changes('user_id_update')[0].value.user_id_update[0].user_id).toMatchObject({ current: ana.person.userId });
  await ana.stopsMarketing();
  expect(receiver.changes('user_preferences')[0].value.user_preferences[0].value).toBe('stop');
  await graph.reviewTemplate('promocao', 'PAUSED', null);
  expect(receiver.changes('message_template_status_update')[0].value).toMatchObject({
    event: 'PAUSED',
    message_template_id: Number(graph.templates[1]?.id),
    message_template_language: 'pt-BR',
    reason: null,
  });
  expect(receiver.got.at(-1)?.body.entry[0].time).toEqual(expect.any(Number));
  await graph.accountUpdate('PARTNER_REMOVED');
  expect(receiver.changes('account_update')[0].value.event).toBe('PARTNER_REMOVED');
  await graph.accountError();
  expect(receiver.changes('messages').at(-1).value.errors[0].code).toBe(0);
  const own = await graph.ownerSends(ana, 'do celular');
  expect(receiver.changes('smb_message_echoes')[0].value.message_echoes[0]).toMatchObject({
    id: own.id,
    to: '5511987654321',
    text: { body: 'do celular' },
  });
  await graph.ownerRevokes(ana, own.id);
  expect(receiver.changes('smb_message_echoes')[1].value.message_echoes[0].revoke.original_message_id).toBe(own.id);
  await graph.history({ chunks: 3, media: true });
  const chunks = receiver.changes('history').filter((c) => c.value.history);
  expect(chunks.map((c) => c.value.history[0].metadata.chunk_order)).toEqual([3, 1, 2]);
  const placeholder = chunks.flatMap((c) => c.value.history[0].threads[0].messages).find((m: Json) => m.type === 'media_placeholder');
  expect(receiver.changes('history').at(-1).value.messages[0]).toMatchObject({ id: placeholder.id, type: 'image' });
  await graph.history({ refused: true });
  expect(receiver.changes('history').at(-1).value.history[0].errors[0].code).toBe(2593109);
  await graph.appState();
  expect(receiver.changes('smb_app_state_sync')[0].value.state_sync[0].contact.phone_number).toBe('5511987654321');
});

test('read, played, offline and back, taps', async () => {
  const { graph, receiver } = await stage();
  const ana = graph.whatsappCustomer({ phone: '+5511987654321' });
  await ana.sends.text('oi');
  ana.offline();
  await sendWhatsApp(graph, {
    to: '+5511987654321',
    type: 'interactive',
    interactive: { type: 'button', body: { text: 'Ok?' }, action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Sim' } }] } },
  });
  const m = await ana.receives('Ok?');
  await eventually(() => receiver.statuses().map((s) => s.status)).toEqual(['sent']);
  await ana.back();
  await ana.reads();
  await ana.plays(m.id);
  expect(receiver.statuses().map((s) => s.status)).toEqual(['sent', 'delivered', 'read', 'played']);
  await ana.taps(m, 'Sim');
  expect(receiver.messages().at(-1)).toMatchObject({
    context: { id: m.id, from: graph.phone.digits },
    interactive: { button_reply: { id: 'y', title: 'Sim' } },
  });
  await graph.status('wamid.unknown', 'delivered', { recipient_id: '5511' });
  expect(receiver.statuses().at(-1)).toMatchObject({ id: 'wamid.unknown' });
});
