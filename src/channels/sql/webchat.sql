-- Web chat: what its routes and its live connection ask. A visitor's conversation is every chat of their contact on the channel.

-- name: webchat_by_key
-- The account behind a public key, with what depends on the hour and on who is there.
select w.org_id, w.id, w.name, w.status, w.default_team_id, w.settings::text as settings, w.language, w.country, w.is_open, w.is_staffed
from webchat_by_key(:key::text, :lang::text) w;

-- name: webchat_messages
-- The visitor's conversation, oldest first: the next 100 after a cursor, or the newest 100.
with mine as (
    select ch.org_id, ch.id from contact_keys k join chats ch on ch.org_id = k.org_id and ch.contact_id = k.contact_id
    where k.org_id = :org::uuid and k.key = 'webchat:' || :visitor::text and ch.channel_id = :channel::uuid
), page as (
    select q.m from mine c cross join lateral (
        select m from messages m where m.org_id = c.org_id and m.chat_id = c.id and m.seq > 0 and webchat_shows(m)
          and (:after::text is null or (m.created_at, m.id) > (cursor_time(:after::text), cursor_id(:after::text)))
        order by case when :after::text is null then -m.seq else m.seq end limit 100) q
    order by case when :after::text is null then (q.m).created_at end desc, case when :after::text is null then (q.m).id end desc,
             (q.m).created_at, (q.m).id limit 100
)
select json_build_object('items', coalesce(json_agg(i.item order by (p.m).created_at, (p.m).id), '[]'))
from page p cross join lateral webchat_item(p.m) i;

-- name: webchat_message
-- What the visitor wrote, as the visitor sees it. Only that: a clientId that somebody of the team has used in the same chat leads to
-- the team's message or note.
select i.item from messages m cross join lateral webchat_item(m) i where m.org_id = :org::uuid and m.id = :message::uuid and m.direction = 'in';

-- name: webchat_choice
-- What a message of the team in the visitor's conversation offers under an id: a button, or a row of its list, as data.answer has it; null:
-- nothing.
select (select jsonb_strip_nulls(jsonb_build_object('id', o.o->'id', 'title', o.o->'title', 'description', o.o->'description'))::text
          from (select jsonb_path_query(m.data, '$.buttons[*]') union all select jsonb_path_query(m.data, '$.list.sections[*].rows[*]')) as o (o)
         where o.o->>'id' = :id::text limit 1) as choice
from messages m join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
join contact_keys k on k.org_id = ch.org_id and k.contact_id = ch.contact_id and k.key = 'webchat:' || :visitor::text
where m.org_id = :org::uuid and m.id = :message::uuid and m.channel_id = :channel::uuid and m.direction = 'out' and m.deleted_at is null
  and webchat_shows(m);

-- name: webchat_chat
-- The visitor's newest chat (null: none), the position from which events tell of a chat that is not in it, and whether the channel was
-- closed meanwhile: one snapshot.
select event_position() as position, not exists (select from channels c where c.org_id = :org::uuid and c.id = :channel::uuid
    and c.deleted_at is null and c.status <> 'paused') as closed, (
    select ch.id from contact_keys k join chats ch on ch.org_id = k.org_id and ch.contact_id = k.contact_id
    where k.org_id = :org::uuid and k.key = 'webchat:' || :visitor::text and ch.channel_id = :channel::uuid
    order by ch.status = 'closed', ch.opened_at desc limit 1) as id;

-- name: webchat_file
-- A file of the visitor's conversation.
select mf.file_id from contact_keys k
join chats ch on ch.org_id = k.org_id and ch.contact_id = k.contact_id and ch.channel_id = :channel::uuid
join messages m on m.org_id = ch.org_id and m.chat_id = ch.id
join message_files mf on mf.org_id = m.org_id and mf.message_id = m.id
where k.org_id = :org::uuid and k.key = 'webchat:' || :visitor::text and mf.file_id = :file::uuid and m.deleted_at is null and webchat_shows(m)
limit 1;

-- name: webchat_progress
-- The visitor has received (delivered) or seen (read) what the team wrote, up to a message.
-- wakes: events
select webchat_progress(:org::uuid, :channel::uuid, :visitor::text, :message::uuid, :status::text) as changed;
