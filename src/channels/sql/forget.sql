-- What platforms forbid to keep (forget.c).

-- name: story_link
-- Where the story that a message is about can be seen, while it lives. Null: it is over.
select s.url from messages m join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
left join story_links s on s.org_id = m.org_id and s.message_id = m.id and s.until > now()
where m.org_id = :org::uuid and m.chat_id = :chatId::uuid and m.id = :messageId::uuid and {chat_visible};

-- name: story_links_clean
-- Addresses of stories that are over, of all organizations.
select story_links_clean() as gone;

-- name: story_bodies
-- Bodies that still wait after a day and speak of stories, of all organizations.
select b.org_id, b.id, b.channel_id, b.kind, b.body from story_bodies() b;

-- name: story_body_put
-- One of them without the addresses; null: nothing to remove.
select story_body_put(:owner::uuid, :id::uuid, :body::text);

-- name: bodies_naming
-- Bodies of an account that name a message, a lot of a thousand after the other, so that no statement takes long. At least one row; next: where
-- the next lot begins, null at the end.
-- class: search
with lot as materialized (
    select b.id, b.body from channel_bodies b
    where b.org_id = :org::uuid and b.channel_id = :channel::uuid and b.id > :after::text::uuid order by b.id limit 1000
), hit as materialized (
    select l.id, l.body from lot l
    where position(convert_to(:target::text, 'UTF8') in l.body) > 0 or position(convert_to(replace(:target::text, '/', '\/'), 'UTF8') in l.body) > 0
    order by l.id limit 20
)
select h.id, translate(encode(h.body, 'base64'), E'\n', '') as body,
       case when (select count(*) from hit) = 20 then (select x.id from hit x order by x.id desc limit 1)
            else (select x.id from lot x order by x.id desc limit 1) end as next
from (select 1) one left join hit h on true order by h.id;

-- name: body_put
-- A body without what must not be kept.
update channel_bodies b set body = decode(:body::text, 'base64') where b.org_id = :org::uuid and b.id = :id::uuid;

-- name: message_forget
-- Notifications about a message that was taken back.
select message_forget(:org::uuid, :message::uuid) as changed;

-- name: inbox_late_apply
-- An edit, removal or reaction that came before its message, once more.
-- wakes: events, jobs
select inbox_late_apply(:org::uuid, :channel::uuid, :event::jsonb) as found;

-- name: channel_erase_bodies
-- Takes a lot of raw bodies that name somebody who was erased; next: where the next lot begins, null at the end.
-- class: search
select channel_erase_bodies(:org::uuid, :channel::uuid, array(select jsonb_array_elements_text(:names::jsonb)), :after::text::uuid) as next;

-- name: channel_erase_calls
-- The same for calls.
-- class: search
select channel_erase_calls(:org::uuid, :channel::uuid, array(select jsonb_array_elements_text(:names::jsonb)), :after::text::uuid) as next;
