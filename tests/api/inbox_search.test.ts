/* The search in the words of messages takes one of several ways, by how frequent the words are and how much the person sees: all must give
   what a plain look at every message gives, newest first. */
import { beforeAll, expect, test } from 'vitest';
import { type Staff, house, restricted } from './lib/inbox.ts';
import { ok } from './lib/client.ts';

const MESSAGES = 24_000;
const all = house();
let owner: Staff, some: Staff, few: Staff, none: Staff;
let team = '';

/* Frequencies from all to one in ten thousand; new ones and old ones; what must not be found. */
beforeAll(async () => {
  const { desk } = all;
  const { chatId } = await desk.guest();
  team = await desk.team();
  owner = desk.boss;
  [some, few, none] = [await desk.person(restricted, [team]), await desk.person(restricted), await desk.person(restricted)];
  desk.sql(`
    set session_replication_role = replica;
    create temp table made as
      select uuid_v7() as id, n from generate_series(0, 299) n;
    insert into chats select (jsonb_populate_record(c, jsonb_build_object('id', m.id, 'team_id', case when m.n >= 20 then '${team}' end,
        'assignee_id', case when m.n in (3, 4) then '${few.userId}' end, 'status', 'closed'))).* from chats c, made m where c.id = '${chatId}';
    insert into messages (org_id, id, chat_id, seq, customer_id, channel_id, direction, kind, content, status, author_kind, created_at, deleted_at)
      select c.org_id, uuid_v7(), m.id, 100 + g, c.customer_id, c.channel_id, case when g % 97 = 0 then 'note' else 'in' end, 'text',
        'Olá às ' || g || case when g % 2 = 0 then ' metade' else '' end || case when g % 100 = 0 then ' centésimo' else '' end
          || case when g % 1200 = 0 then ' raríssimo' else '' end || case when g <= 600 then ' antigo' else '' end
          || case when g > ${MESSAGES} - 12 then ' novíssimo' else '' end || case when g % 9000 = 7 then ' único' else '' end
          || case when m.n < 20 and g % 3 = 0 then ' escondido' else '' end,
        'received', 'customer', now() - (${MESSAGES} - g) * interval '1 minute', case when g % 50 = 0 then now() end
      from generate_series(1, ${MESSAGES}) g join made m on m.n = g % 300 join chats c on c.id = '${chatId}'
      order by g;
    analyze messages; analyze chats`);
}, 60_000);

const queries = ['ola', 'metade', 'centes', 'rarissimo', 'antigo', 'novissimo', 'unico', 'escondido', 'metade antigo', 'centesimo novissimo', 'inexistente', 'ola 1', 'OLÁ ÀS'];

function ways(person: Staff, seesAll: boolean, teams: string): void {
  const { desk } = all;
  const scope = `'${desk.org.id}', '${person.userId}', ${String(seesAll)}, '${teams}'`;
  for (const q of queries)
    for (const limit of [1, 20, 200]) {
      const found = desk.sql(`set app.org = '${desk.org.id}'; select coalesce(string_agg(message_id::text, ' '), '') from inbox_search_messages(${scope}, '${q}', ${limit})`);
      const naive = desk.sql(`
        set app.org = '${desk.org.id}'; set enable_bitmapscan = off;
        select coalesce(string_agg(id::text, ' ' order by id desc), '') from (
          select m.id from messages m join chats c on c.id = m.chat_id
          where m.org_id = '${desk.org.id}' and m.direction <> 'event' and m.deleted_at is null and m.content <> ''
            and to_tsvector('interflow', m.content) @@ inbox_tsquery('${q}')
            and (${String(seesAll)} or c.assignee_id = '${person.userId}' or c.team_id = any ('${teams}'))
          order by m.id desc limit ${limit}) x`);
      expect(found, `"${q}", at most ${limit}`).toBe(naive);
    }
}

test('the API gives the same, to each what they may see', async () => {
  const { desk } = all;
  const found = async (who: Staff, q: string): Promise<string[]> => {
    const answer = ok(await who.api.call('search', {}, { query: { q } }), 200).json as { messages: { messageId: string }[] };
    return answer.messages.map((one) => one.messageId);
  };
  const newest = desk.sql("select id from messages where content like '%metade%' and deleted_at is null order by id desc limit 1");
  expect(await found(owner, 'metade')).toContain(newest);
  expect((await found(owner, 'escondido')).length).toBeGreaterThan(0);
  expect(await found(some, 'escondido')).toEqual([]);
  expect((await found(few, 'escondido')).length).toBeGreaterThan(0);
  expect(await found(none, 'metade')).toEqual([]);
});

test('who sees everything finds the newest', () => {
  ways(owner, true, '{}');
}, 120_000);

test('who sees many chats finds the newest of these', () => {
  ways(some, false, `{${team}}`);
}, 120_000);

test('who sees few chats, or none, finds the newest of these', () => {
  ways(few, false, '{}');
  ways(none, false, '{}');
}, 120_000);
