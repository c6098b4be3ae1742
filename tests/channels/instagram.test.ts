/* Instagram over the running program and the stand-in Graph API: by a Facebook page and by Instagram's own login. What it
   shares with Messenger is tested there; here is what differs. */
import { spawn } from 'node:child_process';
import { describe, expect, test, vi } from 'vitest';
import { type JsonObject, ok, refused } from '../api/lib/client.ts';
import { rows } from '../api/lib/crm.ts';
import { type Row, member, restricted } from '../api/lib/inbox.ts';
import { Bench } from '../flows/lib/bench.ts';
import { graph as drawn } from '../flows/lib/draw.ts';
import { samples } from '../graph/graph.mjs';
import { type Connected, arrived, becomes, connect, data, metaHouse, say, subscribed, talk, until, upkeep, wroteAgo, places } from './lib/meta.ts';

vi.setConfig({ testTimeout: 240_000 });

const files = (row: Row): Row[] => (Array.isArray(row['files']) ? (row['files'] as Row[]) : []);

describe('by a Facebook page', () => {
  const all = metaHouse();
  let channel: Connected;

  test('connects by the page token and knows the account', async () => {
    const { graph, desk } = all;
    channel = await connect(all, 'instagram');
    expect(ok(await desk.owner.call('channels.get', { channelId: channel.id }), 200).json).toMatchObject({
      kind: 'instagram',
      externalAccount: graph.instagram.id,
      address: `@${graph.instagram.username}`,
    });
  });

  test('text with name and picture; a person who never wrote cannot be asked about', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia', username: 'lia.dog', picture: samples.png(32) });
    const { chatId } = await talk(all, lia, 'Oi 😀');
    const chat = await until('the picture', async () => {
      const one = await all.desk.chat(chatId);
      return member(one, 'customer')['avatarFileId'] ? one : undefined;
    });
    expect(member(chat, 'customer')['name']).toBe('Lia');
  });

  test('stories are shown while they live, and their address is kept in one place, until then', async () => {
    const { desk } = all;
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const made = ok(
      await desk.owner.call('webhooks.create', {}, { json: { name: 'ERP', url: `${all.graph.url}/nobody`, events: ['message.received'] } }),
      201,
    );
    const reply = await arrived(all, await lia.sends.storyReply('lindo'));
    expect(reply['content']).toBe('lindo');
    const mention = await arrived(all, await lia.sends.storyMention());
    const shared = await arrived(all, await lia.sends.story());
    for (const [message, what] of [
      [reply, 'storyReply'],
      [mention, 'storyMention'],
      [shared, 'story'],
    ] as const) {
      expect(files(message)).toEqual([]);
      const story = member(data(message), what);
      const path = desk.org.path(`/chats/${String(message['chatId'])}/messages/${String(message['id'])}/story`);
      expect(story).toMatchObject({ url: path, until: expect.any(String) });
      expect(new Date(String(story['until'])).getTime()).toBeLessThanOrEqual(Date.now() + 24 * 3600_000 + 60_000);
      const led = await desk.owner.client.get(path);
      expect([led.status, led.headers.get('location')]).toEqual([302, expect.stringContaining('/cdn/')]);
      // Who may not see the chat, may not see the story.
      const stranger = await desk.person(restricted);
      expect((await stranger.api.client.get(path)).status).toBe(404);
    }
    const address = desk.sql(`select url from story_links where message_id = '${String(reply['id'])}'`).trim();
    const secret = new URL(address).pathname.split('/').pop() ?? '';
    await until('the notifications', () => desk.sql(`select count(*) from webhook_deliveries`).trim() === '3');
    await until('the bodies to be done', () => desk.sql(`select count(*) from channel_bodies where state = 'waiting'`).trim() === '0');
    expect(places(all, secret)).toEqual(['story_links']);
    ok(await desk.owner.call('webhooks.remove', { webhookId: made.str('id') }), 204);
    // Over: the address goes, the words stay.
    desk.sql(`update story_links set until = now() - interval '1 second' where message_id = '${String(reply['id'])}'`);
    const over = await desk.owner.call('messages.story', { chatId: String(reply['chatId']), messageId: String(reply['id']) });
    refused(over, 404, 'STORY_OVER');
    desk.sql(`update jobs set due_at = now() where kind = 'channel.stories'`);
    await until('it to go', () => desk.sql(`select count(*) from story_links`).trim() === '2');
    expect(places(all, secret)).toEqual([]);
  });

  test('a body that could not be taken loses the addresses of stories after a day', async () => {
    const { desk } = all;
    const body = JSON.stringify({
      object: 'instagram',
      entry: [{ id: '1', messaging: [{ message: { mid: 'm', text: 'fica', reply_to: { story: { id: '5', url: 'https://cdn.example/passou' } } } }] }],
    });
    desk.sql(`insert into channel_bodies (org_id, channel_id, body, state, received_at)
              values ('${desk.org.id}', '${channel.id}', convert_to('${body}', 'UTF8'), 'parked', now() - interval '25 hours')`);
    expect(places(all, 'passou')).toEqual(['channel_bodies']);
    desk.sql(`update jobs set due_at = now() where kind = 'channel.stories'`);
    await until('the address to go', () => places(all, 'passou').length === 0);
    expect(desk.sql(`select convert_from(body, 'UTF8') from channel_bodies where state = 'parked'`)).toContain('fica');
    desk.sql(`delete from channel_bodies where state = 'parked'`);
  });

  test('an echo that names neither the app nor our id is still known as ours, of parts too', async () => {
    const { graph, desk } = all;
    graph.quirks.instagramEchoBare = true;
    const lia = graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    const fileId = await desk.upload(desk.owner, 'foto.png', samples.png(64));
    await say(all, chatId, `${'🐶ção '.repeat(200).trim()} fim`, { fileIds: [fileId] });
    await until('all parts', () => lia.inbox.some((m) => m.text.endsWith('fim')));
    await graph.webhooks.settled();
    await arrived(all, await lia.sends.text('depois'));
    graph.quirks.instagramEchoBare = false;
    // An echo that is faster than the answer to our own call stands beside it for a moment.
    const ours = async (): Promise<number> => (await desk.messages(chatId)).filter((m) => m['direction'] === 'out' && m['deletedAt'] === null).length;
    await until('ours alone', async () => (await ours()) === 1);
  });

  test('the echo of a part that became known while the echo waited for the chat is no message', async () => {
    const { graph, desk, server } = all;
    const lia = graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    const message = await say(all, chatId, 'em partes');
    await lia.receives('em partes');
    // As the sender of a part does, with the chat's row in its hands.
    const sender = spawn('psql', ['-X', '-q', `host=${server.dataDir}/run user=interflow dbname=interflow`], { stdio: ['pipe', 'ignore', 'inherit'] });
    sender.stdin.write(`begin; select 1 from chats where id = '${chatId}' for update;
      insert into message_parts (org_id, channel_id, external_id, message_id) values ('${desk.org.id}', '${channel.id}', 'part_of_ours', '${String(message['id'])}');\n`);
    await until('the part', () => desk.sql(`select count(*) from pg_stat_activity where state = 'idle in transaction' and query like '%part_of_ours%' and pid <> pg_backend_pid()`) === '1');
    const item = { sender: { id: graph.instagram.id }, recipient: { id: lia.person.id }, timestamp: Date.now(), message: { mid: 'part_of_ours', is_echo: true, text: 'em' } };
    const body = { object: 'instagram', entry: [{ id: graph.instagram.id, time: Date.now(), messaging: [item] }] };
    expect((await graph.webhooks.post('instagram', body, { url: channel.url })).status).toBe(200);
    await until('the echo to wait', () => desk.sql(`select count(*) from pg_stat_activity where wait_event_type = 'Lock'`) !== '0');
    sender.stdin.end('commit;\n');
    await until('the body to be done', () => desk.sql(`select count(*) from channel_bodies where state = 'waiting'`) === '0');
    expect(desk.sql(`select count(*) from messages where external_id = 'part_of_ours'`)).toBe('0');
  });

  test('what came before its message is done when that is there', async () => {
    const { graph, desk } = all;
    const lia = graph.instagramCustomer({ name: 'Lia' });
    const post = async (item: JsonObject): Promise<void> => {
      const about = { sender: { id: lia.person.id }, recipient: { id: graph.instagram.id }, timestamp: Date.now(), ...item };
      const body = { object: 'instagram', entry: [{ id: graph.instagram.id, time: Date.now(), messaging: [about] }] };
      expect((await graph.webhooks.post('instagram', body, { url: channel.url })).status).toBe(200);
    };
    await post({ message_edit: { mid: 'late_1', text: 'certa', num_edit: 1 } });
    await post({ message: { mid: 'late_2', is_deleted: true } });
    await until('the two to wait', () => desk.sql(`select count(*) from jobs where kind = 'channel.late'`).trim() === '2');
    await post({ message: { mid: 'late_1', text: 'errada' } });
    await post({ message: { mid: 'late_2', text: 'arrependida' } });
    await becomes(all, await arrived(all, { id: 'late_1' }), (r) => r['content'] === 'certa', 'the edit');
    const gone = await becomes(all, await arrived(all, { id: 'late_2' }), (r) => r['deletedAt'] !== null, 'the removal');
    expect(gone).toMatchObject({ content: '' });
    expect(places(all, 'arrependida').filter((table) => table !== 'events')).toEqual([]);
  });

  test('posts, reels, heart, sticker, voice, album', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    expect(files(await arrived(all, await lia.sends.share()))[0]).toMatchObject({ state: 'ready', kind: 'image' });
    expect(files(await arrived(all, await lia.sends.reel()))[0]).toMatchObject({ state: 'ready', kind: 'video' });
    expect(await arrived(all, await lia.sends.likeHeart())).toMatchObject({ content: '❤️', kind: 'text' });
    expect(files(await arrived(all, await lia.sends.sticker()))[0]).toMatchObject({ state: 'ready' });
    expect(files(await arrived(all, await lia.sends.audio()))[0]).toMatchObject({ state: 'ready', kind: 'audio' });
    expect(files(await arrived(all, await lia.sends.images(10)))).toHaveLength(10);
    expect(member(data(await arrived(all, await lia.sends.share({ legacy: true, url: 'https://www.instagram.com/p/abc/' }))), 'share')).toMatchObject({
      url: 'https://www.instagram.com/p/abc/',
    });
  });

  test('read names a message: it and those before it are read; there is no delivery', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    const first = await say(all, chatId, 'um');
    const second = await say(all, chatId, 'dois');
    await lia.receives('dois');
    await lia.reads();
    for (const message of [first, second]) await becomes(all, message, (r) => r['status'] === 'read', 'read');
    expect((await all.desk.messages(chatId)).filter((m) => m['direction'] === 'out')).toHaveLength(2);
  });

  test('text is cut at 1,000 bytes between characters, never inside one', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    const long = '🐶ção '.repeat(300).trim();
    expect((await say(all, chatId, long))['status']).not.toBe('failed');
    await until('all of it', () => lia.inbox.map((m) => m.text).join(' ') === long);
    for (const m of lia.inbox) {
      expect(Buffer.byteLength(m.text)).toBeLessThanOrEqual(1000);
      expect(m.text).not.toContain('\ufffd');
    }
  });

  test('pictures by link, text behind; quick replies; a card with a link', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    const fileId = await all.desk.upload(all.desk.owner, 'foto.png', samples.png(64));
    expect((await say(all, chatId, 'a foto', { fileIds: [fileId] }))['status']).not.toBe('failed');
    await lia.receives('a foto');
    expect(lia.inbox.map((m) => m.media[0]?.type ?? 'text')).toEqual(['image', 'text']);
    await say(all, chatId, 'Confirma?', { data: { buttons: [{ id: 'yes', title: 'Sim' }] } });
    const asked = await lia.receives('Confirma?');
    expect(data(await arrived(all, await lia.taps(asked, 'Sim')))['answer']).toEqual({ id: 'yes', title: 'Sim' });
    await say(all, chatId, 'Veja', { data: { link: { title: 'Abrir', url: 'https://loja.example/x' } } });
    expect((await lia.receives('Veja')).buttons).toEqual([expect.objectContaining({ url: 'https://loja.example/x' })]);
  });

  test('unsent by the person: our copy is blanked', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const sent = await lia.sends.text('segredo 4711 ção / "');
    const message = await arrived(all, sent);
    await lia.sends.unsend(sent.id);
    await becomes(all, message, (r) => r['deletedAt'] !== null);
    expect(all.desk.sql(`select content from messages where id = '${String(message['id'])}'`).trim()).toBe('');
    // Wherever else it was written down it follows; the events of a day go by themselves.
    await until('every copy to go', () => places(all, 'segredo 4711').every((table) => table === 'events'));
  });

  test('the owner wrote in the app: shown as sent elsewhere', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    const sent = await all.graph.ownerSends(lia, 'pelo celular');
    expect(await arrived(all, sent)).toMatchObject({ direction: 'out', content: 'pelo celular', chatId });
  });

  test('outside the window nothing leaves from a program, and a person is a human agent', async () => {
    const { graph, desk } = all;
    graph.app.humanAgent = true;
    const lia = graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    lia.wroteAgo(48 * 3600_000);
    wroteAgo(all, chatId, 48);
    await say(all, chatId, 'humano');
    expect((await lia.receives('humano')).raw).toMatchObject({ tag: 'HUMAN_AGENT' });
    wroteAgo(all, chatId, 200);
    const calls = graph.callsTo('/messages').length;
    const said = await desk.owner.call('messages.send', { chatId }, { json: { content: 'não' } });
    expect([said.status, said.str('code')]).toEqual([422, 'WINDOW_CLOSED']);
    expect(graph.callsTo('/messages')).toHaveLength(calls);
  });

  test("what comes to the installation's own app, signed with the app's secret, finds the account", async () => {
    const { graph, server } = all;
    await graph.subscribe('instagram', `${server.url}/hooks/instagram`, 'installation');
    const lia = graph.instagramCustomer({ name: 'Lia' });
    expect(await arrived(all, await lia.sends.text('sem chave'))).toMatchObject({ content: 'sem chave' });
    await graph.subscribe('instagram', channel.url, 'verify');
  });

  test('comments in either envelope are no messages', async () => {
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    await lia.sends.comment('lindo', { flat: true });
    await lia.sends.comment('lindo');
    await arrived(all, await lia.sends.text('fim'));
    expect((await all.desk.messages(chatId)).filter((m) => m['direction'] === 'in')).toHaveLength(2);
    expect(Number(all.desk.sql(`select count(*) from channel_bodies where state = 'parked'`))).toBe(0);
  });
});

describe("by Instagram's own login", () => {
  const all = metaHouse();
  let channelId: string;

  test('dialog, code, token of 60 days; the account is subscribed and answers', async () => {
    const { graph, desk, server } = all;
    graph.quirks.instagramTokenWrapped = true;
    const redirect = `${server.url}/settings/channels/oauth`;
    const begun = ok(await desk.owner.call('channels.oauthStart', { kind: 'instagram' }, { query: { redirect, login: 'instagram' } }), 200);
    const { code, state } = await graph.approve(begun.str('url'));
    const json = { code: `${code}#_`, state, redirectUri: redirect };
    const done = ok(await desk.owner.call('channels.oauthFinish', { kind: 'instagram' }, { json }), 200);
    expect(rows(done, 'accounts')).toEqual([expect.objectContaining({ id: graph.instagram.id, address: `@${graph.instagram.username}` })]);
    const made = ok(
      await desk.owner.call('channels.create', {}, {
        json: { kind: 'instagram', name: 'Insta', settings: { verifyToken: 'verify' }, ticket: done.str('ticket'), accountId: graph.instagram.id },
      }),
      201,
    );
    channelId = made.str('id');
    expect(made.json).toMatchObject({ externalAccount: graph.instagram.id });
    await until('the subscription', () => subscribed(all, 'instagram', true));
    await graph.subscribe('instagram', `${server.url}/hooks/instagram/${made.str('publicKey')}`, 'verify');
    const lia = graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    await say(all, chatId, 'Olá');
    await lia.receives('Olá');
    expect(graph.callsTo('/me/messages').every((c) => c.area === 'instagram')).toBe(true);
  });

  test('an echo of our own app is dropped by its id alone, that of another pauses the program', async () => {
    const { graph, desk, server } = all;
    const flows = new Bench(desk);
    const flowId = await flows.live(
      drawn({
        triggers: [{ id: 't', kind: 'channel', enabled: true, priority: 0 }],
        nodes: [['hour', 'delay', { mode: 'duration', durationMs: 3600_000 }]],
        ways: ['start.next > hour'],
      }),
    );
    const lia = graph.instagramCustomer({ name: 'Lia' });
    const { chatId } = await talk(all, lia);
    await flows.settled(flowId, 'waiting');
    const key = desk.sql(`select public_key from channels where id = '${channelId}'`).trim();
    const echo = async (mid: string, appId: string): Promise<void> => {
      const item = {
        sender: { id: graph.instagram.id },
        recipient: { id: lia.person.id },
        timestamp: Date.now(),
        message: { mid, is_echo: true, app_id: Number(appId), text: mid },
      };
      const body = { object: 'instagram', entry: [{ id: graph.instagram.id, time: Date.now(), messaging: [item] }] };
      const said = await graph.webhooks.post('instagram', body, { url: `${server.url}/hooks/instagram/${key}`, byLogin: true });
      expect(said.status).toBe(200);
    };
    await echo('echo_ours', graph.app.instagramId);
    await arrived(all, await lia.sends.text('depois'));
    expect(desk.sql(`select owner from chats where id = '${chatId}'`).trim()).toBe('bot');
    await echo('echo_other', '4711');
    expect(await arrived(all, { id: 'echo_other' })).toMatchObject({ direction: 'out', chatId, data: { echo: true, appId: '4711' } });
    expect(desk.sql(`select owner from chats where id = '${chatId}'`).trim()).toBe('human');
    expect(await flows.sessions(flowId)).toMatchObject([{ chatId, status: 'paused' }]);
    expect(desk.sql(`select count(*) from messages where external_id = 'echo_ours'`).trim()).toBe('0');
    await flows.remove(flowId);
  });

  test('the token is renewed in its last ten days, and kept', async () => {
    const { graph, desk } = all;
    await graph.clock.advance(51 * 86400_000);
    desk.sql(`update channels set token_expires_at = now() + interval '9 days', checked_at = now() - interval '2 days' where id = '${channelId}'`);
    const before = desk.sql(`select secrets from channels where id = '${channelId}'`);
    upkeep(all);
    await until('a new token', () => desk.sql(`select secrets from channels where id = '${channelId}'`) !== before);
    expect(Number(desk.sql(`select extract(day from token_expires_at - now()) from channels where id = '${channelId}'`))).toBeGreaterThan(50);
    expect(graph.callsTo('/refresh_access_token').length).toBe(1);
  });
});

describe('where our address is not public', () => {
  const all = metaHouse({ publicUrl: 'http://10.1.2.3:8080' });

  test('Messenger gets the bytes; Instagram, which only knows links, is refused with the reason before anything is asked', async () => {
    await connect(all, 'messenger');
    const ida = all.graph.messengerCustomer({ name: 'Ida' });
    const { chatId } = await talk(all, ida);
    const fileId = await all.desk.upload(all.desk.owner, 'foto.png', samples.png(64));
    expect((await say(all, chatId, '', { fileIds: [fileId] }))['status']).not.toBe('failed');
    expect(all.graph.callsTo('/messages').some((c) => c.files.some((f) => f.field === 'filedata'))).toBe(true);
    expect((await ida.receives(() => true)).media[0]?.type).toBe('image');

    await connect(all, 'instagram');
    const lia = all.graph.instagramCustomer({ name: 'Lia' });
    const talked = await talk(all, lia);
    const calls = all.graph.callsTo('/messages').length;
    const failed = await say(all, talked.chatId, '', { fileIds: [await all.desk.upload(all.desk.owner, 'foto.png', samples.png(64))] }, /failed/);
    expect(member(failed, 'error')['code']).toBe('ADDRESS_NOT_PUBLIC');
    expect(all.graph.callsTo('/messages')).toHaveLength(calls);
  });
});
