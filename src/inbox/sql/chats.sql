-- Chats: lists, details, counts and changes of state. The lists are one statement per view, so that each has its own plan on its
-- own partial index; the filtered list takes every filter at once. The inner limit, one more than the API allows, is there for the
-- planner: it sees that few rows are wanted without knowing :limit, and keeps one plan instead of making one per call.

-- fragment: chat_visible
-- The chat ch is one that the actor may see.
(:sees_all::boolean or ch.assignee_id = :actor::uuid or ch.team_id = any(:teams::uuid[]))

-- fragment: chat_shown
-- The chat ch is not put aside: neither archived nor snoozed.
ch.archived_at is null and (ch.snoozed_until is null or ch.snoozed_until <= now())

-- fragment: chats_filter
-- Every filter of the API at once.
ch.org_id = :org::uuid
          and case :view::text when 'closed' then ch.status = 'closed' when 'any' then true else ch.status <> 'closed' end
          and case :view::text when 'mine' then ch.assignee_id = :actor::uuid when 'unassigned' then ch.assignee_id is null
                         when 'waiting' then ch.waiting_since is not null else true end
          and (:archived::boolean or ch.archived_at is null)
          and (case when :snoozed::boolean then ch.snoozed_until > now() else ch.snoozed_until is null or ch.snoozed_until <= now() end)
          and (:status::text is null or ch.status = any(string_to_array(:status::text, ',')))
          and (:teamId::text is null or ch.team_id = any(string_to_array(:teamId::text, ',')::uuid[]))
          and (:channelId::text is null or ch.channel_id = any(string_to_array(:channelId::text, ',')::uuid[]))
          and (:assigneeId::text is null or ch.assignee_id = any(string_to_array(:assigneeId::text, ',')::uuid[]))
          and (:customerId::uuid is null or ch.customer_id = :customerId::uuid)
          and (:tagId::text is null or exists (select from customer_tags ct where ct.org_id = ch.org_id and ct.customer_id = ch.customer_id
               and ct.tag_id = any(string_to_array(:tagId::text, ',')::uuid[])))
          and (:unread::boolean is not true or ch.inbound_count > coalesce((select cr.inbound_seen from chat_reads cr
               where cr.org_id = ch.org_id and cr.user_id = :actor::uuid and cr.chat_id = ch.id), 0))
          and {chat_visible}

-- fragment: chats_answer
-- The page of chats as the API's list; given: the cursor behind the chat p.ch.
select json_build_object(
    'items', coalesce(json_agg(i.item order by p.n) filter (where p.n <= :limit::int), '[]'),
    'next', case when count(*) > :limit::int then (array_agg({given} order by p.n))[:limit::int] end)
from page p cross join lateral chat_item(p.ch, :sees_contacts::boolean, :actor::uuid,
     crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[])) i

-- fragment: chats_newest
-- The list of a view, newest message first; given: the view's condition.
with page as (
    select x.ch, row_number() over (order by x.last_message_at desc, x.id desc) as n from (
        select y.* from (
            select ch, ch.last_message_at, ch.id from chats ch
            where ch.org_id = :org::uuid and {given}
              and {chat_visible}
              and (ch.last_message_at, ch.id) < (coalesce(cursor_time(:cursor::text), 'infinity'), coalesce(cursor_id(:cursor::text), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            order by ch.last_message_at desc, ch.id desc limit 201) y
        order by y.last_message_at desc, y.id desc limit :limit::int + 1) x
)
{chats_answer: cursor_make((p.ch).last_message_at, (p.ch).id)}

-- name: chats_list_open
-- Chats that are not closed.
{chats_newest: ch.status <> 'closed' and {chat_shown}};

-- name: chats_list_mine
-- My open chats.
{chats_newest: ch.status <> 'closed' and ch.assignee_id = :actor::uuid and {chat_shown}};

-- name: chats_list_unassigned
-- Open chats that nobody has.
{chats_newest: ch.status <> 'closed' and ch.assignee_id is null and {chat_shown}};

-- name: chats_list_closed
-- Closed chats.
{chats_newest: ch.status = 'closed' and ch.archived_at is null};

-- name: chats_list_waiting
-- Open chats whose customer waits for an answer, longest first.
with page as (
    select x.ch, row_number() over (order by x.waiting_since, x.id) as n from (
        select y.* from (
            select ch, ch.waiting_since, ch.id from chats ch
            where ch.org_id = :org::uuid and ch.status <> 'closed' and ch.waiting_since is not null
              and {chat_shown}
              and {chat_visible}
              and (ch.waiting_since, ch.id) > (coalesce(cursor_time(:cursor::text), '-infinity'), coalesce(cursor_id(:cursor::text), '00000000-0000-0000-0000-000000000000'))
            order by ch.waiting_since, ch.id limit 201) y
        order by y.waiting_since, y.id limit :limit::int + 1) x
)
{chats_answer: cursor_make((p.ch).waiting_since, (p.ch).id)};

-- name: chats_list_filtered_recent
-- Every filter at once, newest message first.
with page as (
    select x.ch, row_number() over (order by (x.ch).last_message_at desc, (x.ch).id desc) as n from (
        select ch from chats ch
        where {chats_filter}
          and (:cursor::text is null or (ch.last_message_at, ch.id) < (cursor_time(:cursor::text), cursor_id(:cursor::text)))
        order by ch.last_message_at desc, ch.id desc limit :limit::int + 1) x
)
{chats_answer: cursor_make((p.ch).last_message_at, (p.ch).id)};

-- name: chats_list_filtered_waiting
-- Every filter at once, longest waiting first.
with page as (
    select x.ch, row_number() over (order by coalesce((x.ch).waiting_since, '9999-01-01'), (x.ch).id) as n from (
        select ch from chats ch
        where {chats_filter}
          and (:cursor::text is null or (coalesce(ch.waiting_since, '9999-01-01'), ch.id) > (cursor_time(:cursor::text), cursor_id(:cursor::text)))
        order by coalesce(ch.waiting_since, '9999-01-01'), ch.id limit :limit::int + 1) x
)
{chats_answer: cursor_make(coalesce((p.ch).waiting_since, '9999-01-01'), (p.ch).id)};

-- name: chats_list_filtered_priority
-- Every filter at once, most urgent first, then the newest message; the cursor carries the priority too.
with page as (
    select x.ch, row_number() over (order by (x.ch).priority desc, (x.ch).last_message_at desc, (x.ch).id) as n from (
        select ch from chats ch
        where {chats_filter}
          and (:cursor::text is null or (-ch.priority, -extract(epoch from ch.last_message_at), ch.id::text) >
               (-split_part(:cursor::text, '/', 1)::int, -extract(epoch from cursor_time(split_part(:cursor::text, '/', 2))), cursor_id(split_part(:cursor::text, '/', 2))::text))
        order by ch.priority desc, ch.last_message_at desc, ch.id limit :limit::int + 1) x
)
{chats_answer: (p.ch).priority || '/' || cursor_make((p.ch).last_message_at, (p.ch).id)};

-- name: chats_ids_filtered
-- The ids of everything that a filter matches (bulk actions), at most 1000.
select ch.id from chats ch
where {chats_filter}
order by ch.last_message_at desc, ch.id desc limit 1000;

-- name: chats_counts
-- The numbers beside the views; counting stops at 1000.
with open as (
    select ch.assignee_id, ch.waiting_since, ch.inbound_count, ch.id, ch.org_id from chats ch
    where ch.org_id = :org::uuid and ch.status <> 'closed' and {chat_shown} and {chat_visible}
    limit 1000
), mine as (
    select ch.id, ch.inbound_count, ch.org_id from chats ch
    where ch.org_id = :org::uuid and ch.assignee_id = :actor::uuid and ch.status <> 'closed' and {chat_shown} limit 1000
)
select json_build_object(
    'all', (select count(*) from open),
    'unassigned', (select count(*) from (select from chats ch where ch.org_id = :org::uuid and ch.assignee_id is null and ch.status <> 'closed' and {chat_shown} and {chat_visible} limit 1000) u),
    'waiting', (select count(*) from (select from chats ch where ch.org_id = :org::uuid and ch.waiting_since is not null and ch.status <> 'closed' and {chat_shown} and {chat_visible} limit 1000) w),
    'mine', (select count(*) from mine),
    'unread', (select count(*) from mine m where m.inbound_count > coalesce((select cr.inbound_seen from chat_reads cr
               where cr.org_id = m.org_id and cr.user_id = :actor::uuid and cr.chat_id = m.id), 0)),
    'mentions', (select count(*) from mentions mt join chats ch on ch.org_id = mt.org_id and ch.id = mt.chat_id
                 where mt.org_id = :org::uuid and mt.user_id = :actor::uuid and mt.seen_at is null and {chat_visible}),
    'views', (select coalesce(json_object_agg(v.id, inbox_view_count(:org::uuid, :actor::uuid, :sees_all::boolean, :teams::uuid[], v.filter)), '{}')
              from inbox_views v where v.org_id = :org::uuid and v.user_id = :actor::uuid));

-- name: chat_get
-- One chat.
select i.item from chats ch cross join lateral chat_item(ch, :sees_contacts::boolean, :actor::uuid,
     crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[])) i
where ch.org_id = :org::uuid and ch.id = :chatId::uuid and {chat_visible};

-- name: chat_lock
-- Lock a chat that the actor may see, for a change of state.
select ch.id, ch.status, ch.assignee_id, ch.team_id, ch.customer_id, ch.contact_id, ch.channel_id, ch.inbound_count, ch.message_count,
       ch.snoozed_until is not null as snoozed, ch.archived_at is not null as archived, ch.priority
from chats ch where ch.org_id = :org::uuid and ch.id = :chat::uuid and {chat_visible}
for update of ch;

-- name: chat_change
-- Change a locked chat, say so in the conversation and to those who watch. :what::text null: no line in the conversation.
-- wakes: events, jobs
with old as (
    select ch.team_id, ch.assignee_id from chats ch where ch.org_id = :org::uuid and ch.id = :chat::uuid
), changed as (
    select inbox_change(:org::uuid, :chat::uuid, :set::jsonb, :what::text, :data::jsonb, :actor::uuid, :actor_name::text) as ch
)
select chat_json(c.ch, :sees_contacts::boolean, :actor::uuid,
       crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[])) as chat from changed c;

-- name: inbox_agent
-- An active member by id.
select u.name from memberships m join users u on u.id = m.user_id
where m.org_id = :org::uuid and m.user_id = :user::uuid and m.status = 'active';

-- name: inbox_team
-- A team by id.
select t.name from teams t where t.org_id = :org::uuid and t.id = :team::uuid;

-- name: inbox_closing
-- What closing must check: is a closure type needed, known, does it want a note; which fields of the customer are missing.
select exists (select from closure_types x where x.org_id = :org::uuid and x.archived_at is null) as needs_type,
       exists (select from closure_types x where x.org_id = :org::uuid and x.archived_at is null and x.id = :type::uuid) as type_known,
       coalesce((select x.needs_note from closure_types x where x.org_id = :org::uuid and x.id = :type::uuid), false) as needs_note,
       (select json_agg(f.slug order by f.position, f.slug) from custom_fields f
        where f.org_id = :org::uuid and f.archived_at is null and f.required <> 'no'
          and not exists (select from field_values v where v.org_id = f.org_id and v.field_id = f.id and v.customer_id = :customer::uuid))::text as missing;

-- name: inbox_message_in_chat
-- Does this message belong to this chat?
select m.id from messages m where m.org_id = :org::uuid and m.chat_id = :chat::uuid and m.id = :message::uuid;

-- name: chat_read
-- Remember how far the actor has read; tells the actor's other screens when that is news.
-- wakes: events
with before as (
    select cr.inbound_seen, cr.seq_seen from chat_reads cr where cr.org_id = :org::uuid and cr.user_id = :actor::uuid and cr.chat_id = :chatId::uuid
), seen as (
    insert into chat_reads (org_id, chat_id, user_id, inbound_seen, seq_seen)
    select ch.org_id, ch.id, :actor::uuid,
           case when :seq::int is null or :seq::int >= ch.message_count then ch.inbound_count
                else ch.inbound_count - (select count(*)::int from messages m where m.org_id = ch.org_id and m.chat_id = ch.id
                                         and m.seq > :seq::int and m.direction = 'in') end,
           coalesce(least(:seq::int, ch.message_count), ch.message_count)
    from chats ch
    where ch.org_id = :org::uuid and ch.id = :chatId::uuid and :actor::uuid is not null
      and {chat_visible}
    on conflict (org_id, user_id, chat_id) do update
        set inbound_seen = greatest(chat_reads.inbound_seen, excluded.inbound_seen), seq_seen = greatest(chat_reads.seq_seen, excluded.seq_seen),
            updated_at = now()
    returning *
), mention as (
    update mentions mt set seen_at = now() from seen where mt.org_id = seen.org_id and mt.chat_id = seen.chat_id
        and mt.user_id = seen.user_id and mt.seen_at is null
), news as (
    insert into events (org_id, type, chat_id, team_id, assignee_id, user_id, payload)
    select ch.org_id, 'chat.read', ch.id, ch.team_id, ch.assignee_id, :actor::uuid,
           jsonb_build_object('chatId', ch.id, 'inboundSeen', s.inbound_seen, 'seqSeen', s.seq_seen)
    from seen s join chats ch on ch.org_id = s.org_id and ch.id = s.chat_id
    where not exists (select from before b where b.inbound_seen = s.inbound_seen and b.seq_seen = s.seq_seen)
), told as (
    -- The platform hears of it in a moment, once for all that is read meanwhile.
    insert into jobs (org_id, kind, payload, unique_key, due_at)
    select ch.org_id, 'chat.seen', jsonb_build_object('chatId', ch.id), 'chat.seen:' || ch.id, now() + interval '1 second'
    from seen s join chats ch on ch.org_id = s.org_id and ch.id = s.chat_id
    join channels cn on cn.org_id = ch.org_id and cn.id = ch.channel_id and cn.kind not in ('webchat', 'email') and cn.deleted_at is null
    where ch.status <> 'closed' and s.inbound_seen > coalesce((select b.inbound_seen from before b), 0)
    on conflict do nothing
)
select json_build_object('chatId', s.chat_id, 'inboundSeen', s.inbound_seen, 'seqSeen', s.seq_seen) from seen s;

-- name: chat_unread
-- Mark the newest inbound message as not seen.
-- wakes: events
with seen as (
    insert into chat_reads (org_id, chat_id, user_id, inbound_seen, seq_seen)
    select ch.org_id, ch.id, :actor::uuid, greatest(ch.inbound_count - 1, 0), greatest(ch.message_count - 1, 0)
    from chats ch
    where ch.org_id = :org::uuid and ch.id = :chatId::uuid and :actor::uuid is not null
      and {chat_visible}
    on conflict (org_id, user_id, chat_id) do update set inbound_seen = excluded.inbound_seen, seq_seen = excluded.seq_seen, updated_at = now()
    returning *
), news as (
    insert into events (org_id, type, chat_id, team_id, assignee_id, user_id, payload)
    select ch.org_id, 'chat.read', ch.id, ch.team_id, ch.assignee_id, :actor::uuid,
           jsonb_build_object('chatId', ch.id, 'inboundSeen', s.inbound_seen, 'seqSeen', s.seq_seen)
    from seen s join chats ch on ch.org_id = s.org_id and ch.id = s.chat_id
)
select json_build_object('chatId', s.chat_id, 'inboundSeen', s.inbound_seen, 'seqSeen', s.seq_seen) from seen s;

-- name: chat_tag
-- Put a tag on the customer of a chat (bulk).
-- wakes: events, jobs
with t as (
    insert into customer_tags (org_id, customer_id, tag_id, created_by) values (:org::uuid, :customer::uuid, :tagId::uuid, :actor::uuid)
    on conflict do nothing returning *
)
insert into events (org_id, type, customer_id, payload)
select org_id, 'customer.changed', customer_id, jsonb_build_object('customerId', customer_id) from t;

-- name: inbox_open
-- The open chat of a contact on a channel, or a new one. :start: it begins in progress (a first message is about to leave).
-- :bot: a program has it.
-- wakes: events, jobs
select o.id, o.existing, o.formatted from inbox_open(:org::uuid, jsonb_build_object('customer', :customer::uuid, 'contact', :contact::uuid,
    'channel', :channel::uuid, 'team', :team::uuid, 'start', :start::boolean, 'bot', :bot::boolean, 'actor', :actor::uuid, 'seesAll', :sees_all::boolean,
    'teams', :teams::text, 'seesContacts', :sees_contacts::boolean)) o;
