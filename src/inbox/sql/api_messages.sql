-- Messages over the API: pages of a conversation, notes, edits, reactions.

-- name: messages_list
-- A page of a conversation, oldest first: before a seq (scrolling up), after one (catching up), or the newest.
with chat as (
    select ch.org_id, ch.id from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid
      and {chat_visible}
), page as (
    select q.m, row_number() over (order by (q.m).seq desc) as n
    from chat c cross join lateral (
        select m from messages m where m.org_id = c.org_id and m.chat_id = c.id and m.seq > 0
          and (:before::int is null or m.seq < :before::int) and :after::int is null
        order by m.seq desc limit :limit::int + 1) q
    union all
    select q.m, -row_number() over (order by (q.m).seq)
    from chat c cross join lateral (
        select m from messages m where m.org_id = c.org_id and m.chat_id = c.id and m.seq > 0 and m.seq > :after::int
        order by m.seq limit :limit::int + 1) q
)
select json_build_object(
    'items', coalesce((select json_agg(i.item order by (p.m).seq) from page p cross join lateral message_item(p.m) i where abs(p.n) <= :limit::int), '[]'),
    'scheduled', coalesce((select json_agg(i.item order by m.scheduled_for) from messages m cross join lateral message_item(m) i
                  where m.org_id = c.org_id and m.chat_id = c.id and m.seq < 0 and m.status = 'scheduled'), '[]'),
    'next', (select case when count(*) > :limit::int then case when :after::int is null
                 then min((p.m).seq) filter (where p.n <= :limit::int) else max((p.m).seq) filter (where -p.n <= :limit::int) end end::text
             from page p))
from chat c;

-- name: inbox_signature
-- Whose name stands under a signed message: the person who writes, for anything else whoever has the chat, else its own name.
select coalesce(case when :actor_kind::text <> 'user' then u.name end, :actor_name::text, '') as name
from chats ch left join users u on u.id = ch.assignee_id
where ch.org_id = :org::uuid and ch.id = :chat::uuid;

-- name: message_get
-- One message.
select i.item from messages m cross join lateral message_item(m) i join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
where m.org_id = :org::uuid and m.chat_id = :chatId::uuid and m.id = :messageId::uuid
  and {chat_visible};

-- name: chat_note_add
-- A note between agents, with mentions and files.
-- wakes: events
select note from inbox_note(:org::uuid, :chat::uuid, :p::jsonb);

-- name: message_channel
-- What an edit must know: does the message still wait to be sent, and on what kind of channel?
select m.status, c.kind from messages m join channels c on c.org_id = m.org_id and c.id = m.channel_id
where m.org_id = :org::uuid and m.chat_id = :chat::uuid and m.id = :message::uuid;

-- name: message_edit
-- Change the words of a note of one's own, or of a message that has not left yet.
-- wakes: events
select inbox_edit(:org::uuid, :chat::uuid, :message::uuid, :content::text, :actor::uuid);

-- name: message_delete
-- Take back: a note of one's own, a scheduled message (cancelled), or one that the channel can delete.
-- wakes: events
select inbox_delete(:org::uuid, :chat::uuid, :message::uuid, :actor::uuid);

-- name: message_react
-- A reaction of the team's; an empty emoji takes it back.
-- wakes: events, jobs
select inbox_react(:org::uuid, :chat::uuid, :message::uuid, :actor_id::text, :actor_name::text, :emoji::text);

-- name: message_file_retry
-- Fetch a file again that could not be had.
-- wakes: events, jobs
select inbox_file_retry(:org::uuid, :chat::uuid, :message::uuid, :position::int);
