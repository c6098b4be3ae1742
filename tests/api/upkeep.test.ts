/* What a house needs over the years: clean-up that reaches what nobody uses and nothing else, one organization's broken row that harms no
   other, rights that hold for files and counts too, many teams, many removed channels. */
import { describe, expect, test } from 'vitest';
import { ok, refused } from './lib/client.ts';
import { details, rows } from './lib/crm.ts';
import { Desk, house, member, restricted } from './lib/inbox.ts';
import { unique } from './lib/people.ts';
import { Server, until } from './lib/server.ts';

const all = house();

/** Lets a recurring job run once more, from now on, and waits until it has. */
async function runJob(desk: Desk, kind: string): Promise<void> {
  const idle = () => desk.sql(`select count(*) from jobs where kind = '${kind}' and state = 'waiting' and due_at > now() + interval '30 minutes'`) === '1' || undefined;
  await until(`the first run of ${kind}`, idle, 60_000);
  desk.sql(`update jobs set due_at = now() where kind = '${kind}'`);
  await desk.guest(); // work that wakes the runners
  await until(`${kind} to have run`, idle, 60_000);
}

describe('files', () => {
  test('what nothing uses goes after a day, what something uses stays', async () => {
    const { desk } = all;
    const { chatId } = await desk.guest();
    const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
    const slug = `f${unique()}`;
    ok(await desk.owner.call('fields.create', {}, { json: { name: slug, slug, kind: 'file' } }), 201);
    const [sent, note, avatar, field, shortcut, never, fresh] = [
      await desk.upload(), await desk.upload(), await desk.upload(), await desk.upload(), await desk.upload(), await desk.upload(), await desk.upload(),
    ];
    await desk.send(chatId, 'Veja', { fileIds: [sent] });
    ok(await desk.owner.call('messages.note', { chatId }, { json: { content: 'Guardar', fileIds: [note] } }));
    ok(await desk.owner.call('customers.update', { customerId }, { json: { avatarFileId: avatar, fields: { [slug]: field } } }), 200);
    ok(await desk.owner.call('shortcuts.create', {}, { json: { keyword: `k${unique()}`, title: 'Preços', shared: true, steps: [{ content: 'x', fileIds: [shortcut], delayMs: 0 }] } }), 201);
    const used = [sent, note, avatar, field, shortcut];
    desk.sql(`update files set created_at = now() - interval '25 hours' where id in ('${[...used, never].join("','")}')`);
    await runJob(desk, 'files.unused');
    const left = desk.sql(`select string_agg(id::text, ' ' order by id) from files where id in ('${[...used, never, fresh].join("','")}')`);
    expect(left.split(' ')).toEqual([...used, fresh].sort());
    refused(await desk.owner.call('files.get', { fileId: never }), 404);
  }, 150_000);

  test('a restricted agent points to no file that they may not see, and sees those of fields of their customers', async () => {
    const { desk } = all;
    const team = await desk.team();
    const agent = await desk.person(restricted, [team]);
    const slug = `g${unique()}`;
    ok(await desk.owner.call('fields.create', {}, { json: { name: slug, slug, kind: 'file' } }), 201);
    const { chatId } = await desk.guest();
    ok(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: team } }), 200);
    const customerId = String(member(await desk.chat(chatId), 'customer')['id']);
    const [hidden, shown, own] = [await desk.upload(), await desk.upload(), await desk.upload(agent.api)];
    const change = (json: Record<string, unknown>) => agent.api.call('customers.update', { customerId }, { json });
    expect(details(refused(await change({ avatarFileId: hidden }), 400))).toEqual(['avatarFileId UNKNOWN_REFERENCE']);
    expect(details(refused(await change({ fields: { [slug]: hidden } }), 400))).toEqual([`fields.${slug} UNKNOWN_REFERENCE`]);
    ok(await change({ avatarFileId: own }), 200);
    refused(await agent.api.call('files.get', { fileId: shown }), 404);
    ok(await desk.owner.call('customers.update', { customerId }, { json: { fields: { [slug]: shown } } }), 200);
    ok(await agent.api.call('files.get', { fileId: shown }), 200);
    ok(await change({ fields: { [slug]: shown }, avatarFileId: own }), 200);
    const stranger = await desk.person(restricted, [await desk.team()]);
    refused(await stranger.api.call('files.get', { fileId: shown }), 404);
  });
});

describe('chats', () => {
  test('further open chats are counted as far as the reader sees them', async () => {
    const { desk } = all;
    const team = await desk.team();
    const agent = await desk.person(restricted, [team]);
    const [a, b] = [await desk.guest(), await desk.guest()];
    ok(await desk.owner.call('chats.transfer', { chatId: a.chatId }, { json: { teamId: team } }), 200);
    const [into, from] = [await desk.chat(a.chatId), await desk.chat(b.chatId)].map((chat) => String(member(chat, 'customer')['id']));
    ok(await desk.owner.call('customers.merge', { customerId: String(into) }, { json: { mergeId: String(from) } }), 200);
    expect((await desk.chat(a.chatId))['otherOpenChats']).toBe(1);
    expect((await desk.chat(a.chatId, agent.api))['otherOpenChats']).toBe(0);
    const listed = rows(ok(await agent.api.call('chats.list', {}), 200)).find((one) => one['id'] === a.chatId);
    expect(listed?.['otherOpenChats']).toBe(0);
  });

  test('somebody in a hundred teams hears of the chats of each', async () => {
    const desk = await Desk.make(all.server);
    const first = await desk.team();
    const agent = await desk.person(restricted, [first]);
    desk.sql(`with made as (insert into teams (org_id, name) select '${desk.org.id}', 'T' || i from generate_series(1, 99) i returning id)
      insert into team_members (org_id, team_id, user_id) select '${desk.org.id}', id, '${agent.userId}' from made`);
    const teams = desk.sql(`select string_agg(id::text, ' ') from teams where org_id = '${desk.org.id}'`).split(' ');
    expect(teams.length).toBeGreaterThanOrEqual(100);
    const page = await desk.live(agent.client);
    await page.wait('hello');
    const { chatId } = await desk.guest();
    for (const team of teams) ok(await desk.owner.call('chats.transfer', { chatId }, { json: { teamId: team } }), 200);
    await page.wait('chat.changed', (d) => member(d, 'chat')['teamId'] === teams.at(-1));
    const heard = page.frames.filter((f) => f.type === 'chat.changed').map((f) => member(f.data, 'chat')['teamId']);
    expect(new Set(heard)).toEqual(new Set(teams));
    page.close();
  }, 150_000);
});

test('the start of a page names removed channels only while chats that it shows do', async () => {
  const desk = await Desk.make(all.server);
  const make = async () => ok(await desk.owner.call('channels.create', {}, { json: { kind: 'webchat', name: `C ${unique()}` } }), 201);
  const [unused, talking, old] = [await make(), await make(), await make()];
  for (const channel of [talking, old]) await (await desk.visitor(channel.str('publicKey'))).say('Oi');
  desk.sql(`update channels set deleted_at = now() where id in ('${unused.str('id')}', '${talking.str('id')}', '${old.str('id')}')`);
  desk.sql(`update chats set status = 'closed', closed_at = now() - interval '1 year', last_message_at = now() - interval '1 year' where channel_id = '${old.str('id')}'`);
  const boot = ok(await desk.owner.client.get(desk.org.path('/bootstrap')), 200);
  const named = (boot.get('channels') as { id: string }[]).map((one) => one.id).sort();
  expect(named).toEqual([desk.channel.id, talking.str('id')].sort());
});

test('a broken row of one organization keeps nobody else asleep', async () => {
  // A server of its own: its log tells of the failure.
  const server = await Server.start();
  try {
    const desk = await Desk.make(server);
    const other = await Desk.make(server);
    const [broken, fine] = [await other.guest(), await desk.guest()];
    const name = `t_${unique()}`;
    desk.sql(`create function ${name}() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
      create trigger ${name} before update on chats for each row
      when (old.id = '${broken.chatId}' and old.snoozed_until is not null and new.snoozed_until is null) execute function ${name}()`);
    desk.sql(`update chats set snoozed_until = now() - interval '1 hour' where id = '${broken.chatId}'`);
    desk.sql(`update chats set snoozed_until = now() - interval '1 minute' where id = '${fine.chatId}'`);
    const awake = async () => (await desk.chat(fine.chatId))['snoozedUntil'] === null || undefined;
    await until('the other chat to wake', awake, 90_000, 500);
    expect((await other.chat(broken.chatId))['snoozedUntil']).not.toBeNull();
    expect(server.logLines().some((line) => String(line['message'] ?? line['msg']).includes('could not be brought back'))).toBe(true);
    desk.sql(`drop function ${name}() cascade; update chats set snoozed_until = null where id = '${broken.chatId}'`);
  } finally {
    await server.stop();
  }
}, 180_000);

test('the audit log goes when the installation keeps it for some days only', async () => {
  const server = await Server.start({ env: { INTERFLOW_AUDIT_KEEP: '30' } });
  try {
    const desk = await Desk.make(server);
    const ages = () => desk.sql(`select string_agg(label, ' ' order by label) from audit_log where label like 'old%'`);
    desk.sql(`insert into audit_log (org_id, actor_kind, action, entity, label, created_at)
      select '${desk.org.id}', 'system', 'role.create', 'role', 'old' || d, now() - d * interval '1 day' from unnest(array[29, 31, 400]) d`);
    await runJob(desk, 'auth.sweep');
    expect(ages()).toBe('old29');
  } finally {
    await server.stop();
  }
}, 180_000);
