-- name: inbox_receive_known
-- Usual inbound messages of a moment, in one statement; what is not in the answer was not taken (receive_batch.c, which wakes jobs).
-- wakes: events
select n, chat_id, message_id, seen, wakes from inbox_receive_known(:org::uuid, :batch::jsonb);

-- name: inbox_receive
-- One inbound message of any kind: everything in one round trip (receive.c).
-- wakes: events, jobs
select * from inbox_receive(:org::uuid, :channel::uuid, :p::jsonb);

-- name: inbox_receive_mail
-- The same with the rows that a mail brings along. Jobs come of few: receive.c wakes them.
-- wakes: events
select * from mail_receive(:org::uuid, :channel::uuid, :p::jsonb);

-- name: inbox_apply
-- States, reactions, edits, … of an account, in order (events.c).
-- wakes: events, jobs
select inbox_apply(:org::uuid, :channel::uuid, :events::jsonb) as applied;

-- name: inbox_send
-- One outgoing message with its job (send.c).
-- wakes: events, jobs
select message, is_double from inbox_send(:org::uuid, :chat::uuid, :p::jsonb);

-- name: inbox_send_chat
-- What a send must know of the chat before it writes: its channel and whether the actor may see it.
select ch.channel_id, ch.status, cn.kind as channel_kind, cn.status as channel_status, cn.deleted_at is not null as channel_deleted,
       (extract(epoch from ch.window_until) * 1000)::bigint as window_until
from chats ch join channels cn on cn.org_id = ch.org_id and cn.id = ch.channel_id
where ch.org_id = :org::uuid and ch.id = :chat::uuid
  and {chat_visible};

-- name: inbox_send_load
-- The message a send job is about, with its recipient.
select m.id, m.chat_id, m.channel_id, m.kind, m.content, m.data::text as data, m.status, m.deleted_at is not null as deleted, co.identifier,
       co.also, m.author_kind = 'user' as human, (extract(epoch from ch.window_until) * 1000)::bigint as window_until, m.parts_sent,
       (select x.external_id from messages x where x.org_id = m.org_id and x.chat_id = m.chat_id and x.direction = 'in' and x.external_id is not null
        order by x.seq desc limit 1) as last_inbound,
       coalesce(r.external_id, r.id::text) as reply_to,
       (select json_agg(json_build_object('id', f.id, 'name', f.name, 'type', f.type, 'kind', f.kind, 'sizeBytes', f.size_bytes,
                                          'sha256', f.sha256) order by mf.position)
          from message_files mf join files f on f.org_id = mf.org_id and f.id = mf.file_id
         where mf.org_id = m.org_id and mf.message_id = m.id)::text as files
from messages m
join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
join contacts co on co.org_id = ch.org_id and co.id = ch.contact_id
left join messages r on r.org_id = m.org_id and r.id = m.reply_to_id
where m.org_id = :org::uuid and m.id = :message::uuid;

-- name: inbox_known_contact
-- Has this contact written on this channel before?
select c.id from chats c where c.org_id = :org::uuid and c.contact_id = :contact::uuid and c.channel_id = :channel::uuid limit 1;

-- name: inbox_attempt
-- A try to send begins. wait_ms > 0: another one began so short a time ago that its end may still show; this one does not begin.
select case when a.previous is null or a.previous < now() - :doubt_ms::int * interval '1 millisecond' then 0
            else greatest(1, :doubt_ms::int - (extract(epoch from now() - a.previous) * 1000)::int) end as wait_ms
from inbox_attempt(:org::uuid, :message::uuid, :doubt_ms::int) a;

-- name: inbox_attempt_end
-- The try ended without a result; so many parts are out.
update messages m set attempted_at = null, parts_sent = nullif(greatest(m.parts_sent, :parts::int), 0)
where m.org_id = :org::uuid and m.id = :message::uuid;

-- name: inbox_sent
-- The channel took it: state, the platform's id, and the states that were faster than its answer.
-- wakes: events
select inbox_sent(:org::uuid, :message::uuid, :status::text, :external_id::text) as changed;

-- name: inbox_fetch_load
-- A file that waits to be fetched.
select m.channel_id, mf.kind, mf.name, mf.type, mf.size_bytes, mf.source::text as source
from messages m join message_files mf on mf.org_id = m.org_id and mf.message_id = m.id
where m.org_id = :org::uuid and m.id = :message::uuid and mf.position = :position::int and mf.state = 'pending';

-- name: inbox_file_fetched
-- It is here, or cannot be had.
-- wakes: events
select inbox_file_fetched(:org::uuid, :message::uuid, :position::int, :file::uuid, :error::text) as changed;

-- name: inbox_react_load
-- The team's reaction on a message as it is now (the newest of them; empty: none) and the platform's id of the message.
select m.external_id, coalesce((select x.emoji from reactions x where x.org_id = m.org_id and x.message_id = m.id and x.actor <> 'customer'
                                order by x.created_at desc limit 1), '') as emoji
from messages m where m.org_id = :org::uuid and m.id = :message::uuid and m.direction = 'in';

-- name: inbox_seen_load
-- The newest message of the person in a chat, to be marked as read.
select ch.channel_id, co.identifier,
       (select x.external_id from messages x where x.org_id = ch.org_id and x.chat_id = ch.id and x.direction = 'in' and x.external_id is not null
        order by x.seq desc limit 1) as external_id
from chats ch join contacts co on co.org_id = ch.org_id and co.id = ch.contact_id
where ch.org_id = :org::uuid and ch.id = :chat::uuid;

-- name: inbox_raise_status
-- Raise a message's delivery state (ranked).
-- wakes: events
select inbox_raise_status(:org::uuid, :message::uuid, :status::text, now(), :external_id::text, :error::jsonb) as changed;

-- name: inbox_raise_status_external
-- The same by the platform's id. No row: unknown.
-- wakes: events
select inbox_raise_status(:org::uuid, m.id, :status::text, coalesce(to_timestamp(:at_ms::bigint / 1000.0), now()), null, :error::jsonb) as changed
from messages m where m.org_id = :org::uuid and m.channel_id = :channel::uuid and m.external_id = :external_id::text;

-- name: inbox_release
-- A scheduled message leaves.
-- wakes: events, jobs
select inbox_release(:org::uuid, :message::uuid) as released;

-- name: inbox_retry
-- Try a failed message again; the actor must see the chat.
-- wakes: events, jobs
select inbox_retry(:org::uuid, ch.id, :messageId::uuid)
from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid
  and {chat_visible};

-- name: inbox_reaction
-- A customer's reaction by the platform's message id; an empty emoji removes it.
-- wakes: events
with target as (
    select m.* from messages m where m.org_id = :org::uuid and m.channel_id = :channel::uuid and m.external_id = :external_id::text
), gone as (
    delete from reactions x using target t where x.org_id = t.org_id and x.message_id = t.id and x.actor = 'customer'
        and coalesce(:emoji::text, '') = ''
), put as (
    insert into reactions (org_id, message_id, actor, emoji)
    select t.org_id, t.id, 'customer', :emoji::text from target t where coalesce(:emoji::text, '') <> ''
    on conflict (org_id, message_id, actor) do update set emoji = excluded.emoji, created_at = now()
)
insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
select t.org_id, 'message.reaction', ch.id, ch.team_id, ch.assignee_id, ch.customer_id,
       jsonb_build_object('chatId', ch.id, 'messageId', t.id, 'actor', 'customer', 'emoji', coalesce(:emoji::text, ''))
from target t join chats ch on ch.org_id = t.org_id and ch.id = t.chat_id
returning id;

-- name: inbox_wake_orgs
-- The organizations that have chats whose snooze is over, or chats to give out.
select org_id from inbox_wake_orgs() as org_id;

-- name: inbox_wake
-- Bring back the organization's chats whose snooze is over, and give out what waits: one commit for each organization.
-- wakes: events
select inbox_wake(:org::uuid) as woken;
