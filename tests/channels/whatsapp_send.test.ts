/* WhatsApp over the running program and the stand-in Graph API: what leaves and what becomes of it, refusals, the pace, templates. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, ok, refused } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { type Row, member } from '../api/lib/inbox.ts';
import { sleep, until } from '../api/lib/server.ts';
import { samples } from '../graph/graph.mjs';
import { describe, expect, test } from 'vitest';
import { arrived, becomes, data, say } from './lib/meta.ts';
import { whatsappHouse } from './lib/whatsapp.ts';

const { all, account, input, talk, person, send } = whatsappHouse();

describe('what leaves', () => {
  test('a text with states that only rise, with + before the number and our id', async () => {
    const { graph } = all;
    const ana = person();
    const { chatId } = await talk(ana);
    ana.person.readsAtOnce = true;
    const row = await say(all, chatId, 'Olá, Ana!');
    const call = graph.callsTo('/messages', 'POST').findLast((c) => c.body?.text?.body === 'Olá, Ana!');
    expect(call?.body).toMatchObject({ to: `+${ana.person.waId}`, biz_opaque_callback_data: row['id'] });
    await becomes(all, { ...row, chatId }, (m) => m['status'] === 'read', 'read');
    await graph.status(String(ana.inbox.at(-1)?.id), 'delivered');
    await graph.webhooks.settled();
    await sleep(300);
    expect((await all.desk.messages(chatId)).find((m) => m['id'] === row['id'])?.['status']).toBe('read');
    expect(graph.warnings.filter((w) => /without \+/.test(w.what))).toEqual([]);
  });

  test('a state that comes before the answer of the send is not lost', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.graph.webhooks.set({ statusBeforeAnswer: true });
    const row = await say(all, chatId, 'rápido');
    await becomes(all, { ...row, chatId }, (m) => m['status'] === 'delivered', 'delivered');
    all.graph.webhooks.set({ statusBeforeAnswer: false });
  });

  test('a long text arrives whole, in order', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    const text = 'palavra '.repeat(1000);
    await say(all, chatId, text);
    await until('both parts', () => ana.inbox.length === 2);
    expect(ana.inbox.map((m) => m.text).join('')).toContain('palavra palavra');
    expect(ana.inbox.map((m) => m.text.length).reduce((x, y) => x + y)).toBeGreaterThan(7990);
  });

  test('a picture with words, a document with its name, a reply', async () => {
    const ana = person();
    const { chatId, message } = await talk(ana, 'pergunta');
    const picture = await all.desk.upload(undefined, 'gato.png', samples.png(32));
    expect((await send(chatId, { content: 'o gato', fileIds: [picture], replyToMessageId: message['id'] as string }))['status']).not.toBe('failed');
    const got = await ana.receives('o gato');
    expect(got).toMatchObject({ type: 'image', replyTo: ana.thread[0]?.id });
    const paper = await all.desk.upload(undefined, 'Orçamento.pdf', samples.pdf());
    await send(chatId, { content: '', fileIds: [paper] });
    expect(await ana.receives((m) => m.type === 'document')).toMatchObject({ media: [{ name: 'Orçamento.pdf' }] });
  });

  test('recordings become voice notes: Ogg as it is, stereo mixed down', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    for (const [name, bytes] of [['a.ogg', samples.voice()], ['b.ogg', samples.stereo()]] as const) {
      const id = await all.desk.upload(undefined, name, bytes);
      const row = await send(chatId, { content: '', fileIds: [id], data: { voice: true } });
      expect(row['status'], JSON.stringify(row['error'])).not.toBe('failed');
    }
    await until('both voice notes', () => ana.inbox.filter((m) => m.type === 'audio').length === 2);
    for (const m of ana.inbox) expect(m.media[0]).toMatchObject({ voice: true, mime: 'audio/ogg; codecs=opus' });
  });

  test.each([
    ['webm', 'audio/webm', ['-ac', '1', '-c:a', 'libopus']],
    ['webm', 'audio/webm', ['-ac', '2', '-c:a', 'libopus']],
    ['m4a', 'audio/mp4', ['-c:a', 'aac']],
    ['wav', 'audio/wav', []],
  ] as const)('what browsers record (%s, %s %o) leaves as a voice note', async (ending, type, codec) => {
    const folder = mkdtempSync(join(tmpdir(), 'interflow-voice-'));
    const file = join(folder, `voice message.${ending}`);
    execFileSync('ffmpeg', ['-v', 'quiet', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=1', ...codec, file]);
    const form = new FormData();
    form.append('file', new Blob([readFileSync(file) as BlobPart], { type }), `voice message.${ending}`);
    rmSync(folder, { recursive: true, force: true });
    const id = ok(await all.desk.owner.call('files.create', {}, { body: form }), 201).str('id');
    const ana = person();
    const { chatId } = await talk(ana);
    const row = await send(chatId, { content: '', fileIds: [id], data: { voice: true } });
    expect(row['status'], JSON.stringify(row['error'])).not.toBe('failed');
    const got = await ana.receives((m) => m.type === 'audio');
    expect(got.media[0]).toMatchObject({ voice: true, mime: 'audio/ogg; codecs=opus' });
  });

  test('what is no audio is not sent as a voice note: failed, with words', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    const form = new FormData();
    const bytes = Buffer.concat([samples.stereo().subarray(0, 60), Buffer.alloc(400, 7)]);
    form.append('file', new Blob([bytes as BlobPart], { type: 'audio/ogg' }), 'x.ogg');
    const id = ok(await all.desk.owner.call('files.create', {}, { body: form }), 201).str('id');
    const said = await all.desk.owner.call('messages.send', { chatId }, { json: { content: '', fileIds: [id], data: { voice: true } } });
    if (said.status >= 400) return;
    const row = await becomes(all, { ...(said.json as Row), chatId }, (m) => m['status'] === 'failed', 'the failure');
    expect(member(row, 'error')['code']).toEqual(expect.any(String));
  });

  test('typing is shown beneath the newest message of the person', async () => {
    const { graph, desk } = all;
    const ana = person();
    const { chatId } = await talk(ana);
    const socket = await desk.live(desk.org.owner.client);
    socket.send({ type: 'typing', chatId, on: true });
    const call = await graph.waitFor((c) => c.body?.typing_indicator?.type === 'text' && c.body?.message_id === ana.thread[0]?.id);
    expect(call.body).toMatchObject({ status: 'read' });
    socket.close();
  });

  test('one after the other: as they were written', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    const sent = [];
    for (let i = 0; i < 12; i++) sent.push(all.desk.send(chatId, `n${i}`));
    await Promise.all(sent);
    await until('all of them', () => ana.inbox.length === 12);
    const order = rows(ok(await all.desk.owner.call('messages.list', { chatId }), 200)).filter((m) => m['direction'] === 'out').map((m) => m['content']);
    expect(ana.inbox.map((m) => m.text)).toEqual(order);
  });

  test('buttons, lists, links, places and contacts; what is pressed comes back', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    await send(chatId, { content: 'Confirma?', data: { buttons: [{ id: 's', title: 'Sim' }, { id: 'n', title: 'Não' }] } });
    const asked = await ana.receives('Confirma?');
    expect(data(await arrived(all, await ana.taps(asked, 'Sim')))).toMatchObject({ answer: { id: 's', title: 'Sim' } });
    await send(chatId, { content: 'Qual?', data: { list: { button: 'Ver', sections: [{ title: 'Manhã', rows: [{ id: '9', title: '9 h' }] }] } } });
    expect(data(await arrived(all, await ana.taps(await ana.receives('Qual?'), '9 h')))).toMatchObject({ answer: { id: '9' } });
    await send(chatId, { content: 'Pague', data: { link: { title: 'Pagar', url: 'https://loja.example/p' } } });
    expect((await ana.receives('Pague')).buttons[0]).toMatchObject({ url: 'https://loja.example/p' });
    await send(chatId, { content: '', data: { location: { latitude: -23.5, longitude: -46.6, name: 'Loja' } } });
    await ana.receives(/Loja/);
    await send(chatId, { content: '', data: { contacts: [{ name: { formatted_name: 'Bruno Lima' }, phones: [{ phone: '+5521998765432' }] }] } });
    await ana.receives(/Bruno Lima/);
  });

  test('reactions of ours, read marks and typing', async () => {
    const { graph, desk } = all;
    const ana = person();
    const { chatId, message } = await talk(ana);
    ok(await desk.owner.call('messages.react', { chatId, messageId: String(message['id']) }, { json: { emoji: '❤️' } }));
    await until('the reaction to arrive', () => ana.thread[0]?.reactions.some((r) => r.by === 'business' && r.emoji === '❤️'));
    ok(await desk.owner.call('chats.read', { chatId }, { json: { seq: Number(message['seq']) } }));
    await graph.waitFor((c) => c.body?.status === 'read' && c.body?.message_id === ana.thread[0]?.id);
  });
});

describe('what goes wrong', () => {
  test.each([
    [131026, 'META_UNDELIVERABLE'],
    [131031, 'META_RESTRICTED'],
    [131053, 'META_MEDIA'],
    [100, 'META_INVALID'],
  ])('refused with %i: failed, with words and the platform’s own', async (code, ours) => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.graph.later.delete(code);
    all.graph.fault({ code, path: '/messages', where: (c) => c.body?.type === 'text' });
    const row = await say(all, chatId, `erro ${code}`, {}, /failed/);
    expect(member(row, 'error')).toMatchObject({ code: ours });
  });

  test('a refusal that comes later, as a state, looks the same', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.graph.fault({ code: 131026, later: true, path: '/messages' });
    const row = await say(all, chatId, 'falha depois', {}, /failed/);
    expect(member(row, 'error')).toMatchObject({ code: 'META_UNDELIVERABLE' });
  });

  test.each([131000, 131016, 130429])('%i passes by itself', async (code) => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.graph.fault({ code, times: 1, path: '/messages', where: (c) => c.body?.type === 'text' });
    const row = await say(all, chatId, `de novo ${code}`);
    expect(row['status']).not.toBe('failed');
    expect(ana.inbox.filter((m) => m.text === `de novo ${code}`)).toHaveLength(1);
  });

  test('a page of a proxy: it may have left, so it waits for word of it; then it is tried again', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.graph.fault({ kind: 'html', status: 502, times: 1, path: '/messages', where: (c) => c.body?.type === 'text' });
    const row = await all.desk.send(chatId, 'depois do proxy');
    await until('the try', () => all.graph.callsTo('/messages', 'POST').some((c) => c.body?.text?.body === 'depois do proxy'));
    const due = (): number => Number(all.desk.sql(`select coalesce(extract(epoch from due_at - now())::int, 0) from jobs where kind = 'message.send' and payload->>'messageId' = '${String(row['id'])}'`));
    await until('the pause of a doubt', () => due() > 5);
    all.desk.sql(`update jobs set due_at = now() where kind = 'message.send' and payload->>'messageId' = '${String(row['id'])}'`);
    await until('it to arrive', () => ana.inbox.filter((m) => m.text === 'depois do proxy').length === 1);
  });

  test('of a long text whose second part lost its answer, no part leaves twice', async () => {
    const { graph, desk } = all;
    const ana = person();
    const { chatId } = await talk(ana);
    const text = ['um ', 'dois ', 'três '].map((word) => word.repeat(4096 / word.length).slice(0, 4095)).join('\n');
    graph.fault({ kind: 'lost', times: 1, path: '/messages', where: (c) => /:2$/.test(String(c.body?.biz_opaque_callback_data)) });
    const row = await desk.send(chatId, text);
    const job = `kind = 'message.send' and payload->>'messageId' = '${String(row['id'])}'`;
    await until('word of the second part', () => desk.sql(`select parts_sent from messages where id = '${String(row['id'])}'`).trim() === '2');
    await until('the pause of a doubt', () => desk.sql(`select count(*) from jobs where ${job} and due_at > now() + interval '5 seconds'`).trim() === '1');
    desk.sql(`update jobs set due_at = now() where ${job}`);
    await becomes(all, { ...row, chatId }, (m) => /sent|delivered|read/.test(String(m['status'])), 'the message to leave');
    expect(ana.inbox.map((m) => m.text.slice(0, 3).trim())).toEqual(['um', 'doi', 'trê']);
  });

  test('a redirect is not followed: the token stays where it belongs', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    const location = `${all.graph.hosts.foreign}/steal`;
    all.graph.fault({ kind: 'redirect', times: 1, path: '/messages', where: (c) => c.body?.type === 'text', location });
    const row = await say(all, chatId, 'para onde?', {}, /failed|queued/);
    expect(String(row['status'])).toMatch(/failed|queued/);
    const fault = all.graph.fault({ kind: 'redirect', times: 1, path: '/whatsapp_business/attachments', location });
    const sent = await ana.sends.image({});
    await until('the redirect', () => fault.used === 1);
    await arrived(all, sent, false);
    expect(all.graph.calls.filter((c) => c.area === 'foreign')).toEqual([]);
  });

  test('an answer that is lost on the way does not send twice', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.graph.fault({ kind: 'lost', times: 1, path: '/messages', where: (c) => c.body?.type === 'text' });
    const row = await all.desk.send(chatId, 'uma vez só');
    await until('it to be known', async () => /sent|delivered|read/.test(String((await all.desk.messages(chatId)).find((m) => m['id'] === row['id'])?.['status'])));
    await sleep(500);
    expect(ana.inbox.filter((m) => m.text === 'uma vez só')).toHaveLength(1);
  });

  test('too many for one person: only that person waits, as long as the platform asks for', async () => {
    const [ana, bia] = [person('Ana'), person('Bia')];
    const first = await talk(ana);
    const second = await talk(bia);
    all.graph.fault({ code: 131056, times: 1, path: '/messages', where: (c) => c.body?.to === `+${ana.person.waId}` && c.body?.type === 'text' });
    const slow = await all.desk.send(first.chatId, 'devagar');
    await say(all, second.chatId, 'já');
    await becomes(all, { ...slow, chatId: first.chatId }, (m) => /sent|delivered|read/.test(String(m['status'])), 'the slow one');
    const tries = all.graph.callsTo('/messages', 'POST').filter((c) => c.body?.text?.body === 'devagar');
    expect(tries).toHaveLength(2);
    expect((tries[1]?.at ?? 0) - (tries[0]?.at ?? 0)).toBeGreaterThan(3500);
    expect(ana.inbox.filter((m) => m.text === 'devagar')).toHaveLength(1);
  });

  test('outside the window only templates go: refused before the platform is asked', async () => {
    const ana = person();
    const { chatId } = await talk(ana);
    all.desk.sql(`update chats set window_until = now() - interval '1 minute' where id = '${chatId}'`);
    const before = all.graph.callsTo('/messages', 'POST').length;
    refused(await all.desk.owner.call('messages.send', { chatId }, { json: { content: 'tarde demais' } }), 422, 'WINDOW_CLOSED');
    expect(all.graph.callsTo('/messages', 'POST').length).toBe(before);
  });

  test('a revoked token disconnects the account; a new one lets what waited leave', async () => {
    const { graph, desk } = all;
    const waba = graph.addWaba();
    const phone = graph.addPhone({ wabaId: waba.id });
    const token = graph.token({ kind: 'system' }).token;
    const json = { ...input({ phoneNumberId: phone.id, wabaId: waba.id }, { token }), name: 'Outra' };
    const id = ok(await desk.owner.call('channels.create', {}, { json }), 201).str('id');
    await until('the account to be subscribed', () => waba.subscribed.has(graph.app.id));
    const ana = person('Rui');
    const message = await arrived(all, await ana.sends.text('oi', { to: phone }));
    const chatId = String(message['chatId']);
    graph.revoke(token);
    const row = await desk.send(chatId, 'espere');
    await until('the account to be disconnected', async () => (ok(await desk.owner.call('channels.get', { channelId: id }), 200).json as Row)['status'] === 'disconnected');
    const fresh = graph.token({ kind: 'system' }).token;
    ok(await desk.owner.call('channels.reconnect', { channelId: id }, { json: { secrets: { token: fresh, appSecret: graph.app.secret } } }), 200);
    await becomes(all, { ...row, chatId }, (m) => /sent|delivered|read/.test(String(m['status'])), 'the message to leave');
    await ana.receives('espere');
  });
});

describe('the pace', () => {
  test('more at once than the number may send in a second: all workers together keep to it', async () => {
    const { graph, desk } = all;
    const waba = graph.addWaba();
    const phone = graph.addPhone({ wabaId: waba.id, perSecond: 10 });
    const json = { ...input({ phoneNumberId: phone.id, wabaId: waba.id, perSecond: 8 }), name: 'Devagar' };
    ok(await desk.owner.call('channels.create', {}, { json }), 201);
    await until('the account to be subscribed', () => waba.subscribed.has(graph.app.id));
    const people = await Promise.all(Array.from({ length: 16 }, async (_, i) => {
      const one = person(`P${i}`);
      return { one, chatId: String((await arrived(all, await one.sends.text('oi', { to: phone })))['chatId']) };
    }));
    phone.recent.length = 0;
    await Promise.all(people.map(({ chatId }) => desk.send(chatId, 'a todos')));
    for (const { one } of people) await until('each of them', () => one.inbox.length === 1);
    const tries = graph.callsTo(`/${phone.id}/messages`, 'POST').filter((c) => c.body?.text?.body === 'a todos');
    expect(tries).toHaveLength(16);
    expect(tries.filter((c) => c.answer?.status !== 200)).toEqual([]);
  });

  test('45 at once to one person, then one every six seconds; others do not wait', async () => {
    const { graph, desk } = all;
    const [ana, bia] = [person('Ana'), person('Bia')];
    const first = await talk(ana);
    const second = await talk(bia);
    const pace = `key = '+${ana.person.waId}'`;
    await desk.send(first.chatId, 'a primeira');
    await until('the first', () => ana.inbox.length === 1);
    /* As if 45 had just gone, and 39 more: the next one has its place after those. */
    desk.sql(`update channel_pace set free_at = now() + interval '500 seconds' where ${pace}`);
    const late = await desk.send(first.chatId, 'a que espera');
    const job = `kind = 'message.send' and payload->>'messageId' = '${String(late['id'])}'`;
    const due = (): number => Number(desk.sql(`select coalesce(extract(epoch from due_at - now())::int, 0) from jobs where ${job}`));
    await until('its place in the queue', () => due() > 60);
    expect(due()).toBeLessThanOrEqual(500 - 44 * 6);
    await say(all, second.chatId, 'já');
    expect(ana.inbox).toHaveLength(1);
    desk.sql(`update channel_pace set free_at = now() + interval '260 seconds' where ${pace}`);
    desk.sql(`update jobs set due_at = now() where ${job}`);
    await until('it to leave', () => ana.inbox.length === 2);
    expect(graph.calls.filter((c) => c.answer?.body?.error?.code === 131056 && c.body?.to === `+${ana.person.waId}` && !c.fault)).toEqual([]);
  });
});

describe('templates', () => {
  const named = (name: string): JsonObject => ({
    name,
    language: 'pt_BR',
    category: 'UTILITY',
    format: 'positional',
    components: [{ type: 'BODY', text: 'Olá {{1}}, chega {{2}} na loja.', example: { body_text: [['Ana', 'hoje']] } }],
  });
  const templates = async (): Promise<Row[]> => rows(ok(await all.desk.owner.call('templates.list', { channelId: account.id }), 200));

  test('made, approved by the platform, sent outside the window, removed', async () => {
    const { graph, desk } = all;
    graph.reviews.mode = 'manual';
    const made = ok(await desk.owner.call('templates.create', { channelId: account.id }, { json: named('chegada') }), 201);
    expect(made.json).toMatchObject({ status: 'PENDING', name: 'chegada' });
    const ana = person();
    const { chatId } = await talk(ana);
    all.desk.sql(`update chats set window_until = now() - interval '1 minute' where id = '${chatId}'`);
    const template = { name: 'chegada', language: 'pt_BR', parameters: { body: ['Ana', 'hoje'] } };
    refused(await desk.owner.call('messages.send', { chatId }, { json: { template } }), 422, 'TEMPLATE_NOT_APPROVED');
    await graph.reviewTemplate('chegada', 'APPROVED');
    await until('the approval', async () => (await templates()).find((t) => t['name'] === 'chegada')?.['status'] === 'APPROVED');
    const wrong = await desk.owner.call('messages.send', { chatId }, { json: { template: { ...template, parameters: { body: ['Ana'] } } } });
    refused(wrong, 400);
    const row = await send(chatId, { template });
    expect(row).toMatchObject({ kind: 'template', content: 'Olá Ana, chega hoje na loja.' });
    await ana.receives('Olá Ana, chega hoje na loja.');
    ok(await desk.owner.call('templates.remove', { channelId: account.id, templateId: made.str('id') }), 204);
    expect((await templates()).find((t) => t['name'] === 'chegada')).toBeUndefined();
    expect(graph.templates.find((t) => t.name === 'chegada')?.deletedAt).toBeDefined();
  });

  test('named values and a picture in the heading', async () => {
    const { graph, desk } = all;
    graph.addTemplate({
      name: 'com_foto', format: 'NAMED', components: [
        { type: 'HEADER', format: 'IMAGE', example: {} },
        { type: 'BODY', text: 'Oi {{nome}}, olha só.' },
        { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Quero' }, { type: 'URL', text: 'Ver', url: 'https://loja.example/{{1}}' }] },
      ],
    });
    ok(await desk.owner.call('templates.sync', { channelId: account.id }), 200);
    const ana = person();
    const { chatId } = await talk(ana);
    const fileId = await desk.upload(undefined, 'foto.png', samples.png(32));
    const parameters = { header: [{ type: 'image', fileId }], body: { nome: 'Ana' }, buttons: [{ index: 1, text: 'p1' }] };
    const row = await send(chatId, { template: { name: 'com_foto', language: 'pt_BR', parameters } });
    expect(row['status'], JSON.stringify(row['error'])).not.toBe('failed');
    const got = await ana.receives('Oi Ana, olha só.');
    expect(got.media[0]).toMatchObject({ type: 'image' });
    expect(got.buttons[1]).toMatchObject({ url: 'https://loja.example/p1' });
    expect(await arrived(all, await ana.taps(got, 'Quero'))).toMatchObject({ content: 'Quero', data: { answer: { title: 'Quero' } } });
  });

  test('one that the platform holds back is not said to be on its way', async () => {
    const { graph, desk } = all;
    graph.addTemplate({ name: 'segurado', components: [{ type: 'BODY', text: 'Um momento.' }], pacing: 'held_for_quality_assessment' });
    ok(await desk.owner.call('templates.sync', { channelId: account.id }), 200);
    const ana = person();
    const { chatId } = await talk(ana);
    const made = ok(await desk.owner.call('messages.send', { chatId }, { json: { template: { name: 'segurado', language: 'pt_BR', parameters: {} } } })).json as Row;
    const id = await until('its id', () => desk.sql(`select external_id from messages where id = '${String(made['id'])}' and external_id is not null`).trim() || undefined);
    expect(desk.sql(`select status from messages where id = '${String(made['id'])}'`).trim()).toBe('queued');
    await graph.status(id, 'sent');
    await becomes(all, { ...made, chatId }, (m) => m['status'] === 'sent', 'it to be sent');
  });

  test('the platform’s list is ours after a synchronisation, all its pages', async () => {
    for (let i = 0; i < 230; i++) all.graph.addTemplate({ name: `pagina_${i}` });
    const said = ok(await all.desk.owner.call('templates.sync', { channelId: account.id }), 200);
    expect(said.json).toMatchObject({ count: expect.any(Number) });
    expect((await templates()).filter((t) => /^pagina_/.test(String(t['name'])))).toHaveLength(230);
    const usable = rows(ok(await all.desk.owner.call('templates.usable', {}, { query: { channelId: account.id } }), 200));
    expect(usable.every((t) => t['status'] === 'APPROVED')).toBe(true);
  });

  test('what the platform refuses is refused with its words, and leaves nothing', async () => {
    const json = { ...named('errado'), components: [{ type: 'BODY', text: '{{1}} no começo', example: { body_text: [['x']] } }] };
    const said = await all.desk.owner.call('templates.create', { channelId: account.id }, { json });
    refused(said, 422, 'TEMPLATE_REFUSED');
    expect(said.text).toMatch(/start or end/);
    refused(await all.desk.owner.call('templates.create', { channelId: account.id }, { json: named('Nome Errado') }), 400);
    expect((await templates()).find((t) => t['name'] === 'errado')).toBeUndefined();
  });
});
