-- The inbox: how chats and messages look as JSON, and the few rules that must be one statement because they run thousands
-- of times a second or race with each other: taking a message in, putting one out, raising a delivery state, distributing.

-- ---- shapes -----------------------------------------------------------------------------------------------------------

-- Each shape is a set-returning function, so that PostgreSQL puts its body into the statement that uses it (`cross join lateral
-- chat_item(…) i`): lists are planned once and cost a few microseconds a row. <entity>_json is the same for one row, for use as a value.

-- A chat as lists, details and events show it. With a reader (viewer, who) it says what that person has seen of it, and how many other
-- open chats of the customer they see; what is for many readers (events) says neither.
drop function if exists chat_item(chats, boolean, uuid);
create or replace function chat_item(ch chats, sees_contacts boolean, viewer uuid, who crm_actor default null) returns table (item json)
language sql stable as $$
    select json_build_object(
        'id', ch.id, 'status', ch.status, 'channelId', ch.channel_id, 'assigneeId', ch.assignee_id, 'teamId', ch.team_id,
        'owner', ch.owner, 'priority', ch.priority, 'snoozedUntil', ts_json(ch.snoozed_until),
        'archivedAt', ts_json(ch.archived_at), 'openedAt', ts_json(ch.opened_at),
        'firstResponseAt', ts_json(ch.first_response_at), 'waitingSince', ts_json(ch.waiting_since),
        'lastMessageAt', ts_json(ch.last_message_at), 'lastMessage', ch.last_message,
        'messageCount', ch.message_count, 'inboundCount', ch.inbound_count,
        'inboundSeen', case when viewer is not null then coalesce((select cr.inbound_seen from chat_reads cr
                           where cr.org_id = ch.org_id and cr.user_id = viewer and cr.chat_id = ch.id), 0) end,
        'closedAt', ts_json(ch.closed_at), 'closedBy', ch.closed_by, 'closureTypeId', ch.closure_type_id,
        'closureNote', ch.closure_note, 'windowUntil', ts_json(ch.window_until), 'pinnedMessageId', ch.pinned_message_id, 'visitor', ch.visitor, 'version', ch.version, 'flow', ch.flow,
        'responseFlow', ch.response_flow - 'vars',
        'customer', (select json_build_object('id', cu.id, 'name', customer_display(cu), 'avatarFileId', cu.avatar_file_id,
                        'tags', (select coalesce(json_agg(ct.tag_id order by ct.created_at), '[]') from customer_tags ct
                                 where ct.org_id = cu.org_id and ct.customer_id = cu.id))
                     from customers cu where cu.org_id = ch.org_id and cu.id = ch.customer_id),
        'contact', (select json_build_object('id', co.id, 'kind', co.kind,
                        'display', case when co.kind = 'webchat' then null when sees_contacts then contact_shown(co)
                                        else mask_contact(co.kind, co.canonical) end)
                    from contacts co where co.org_id = ch.org_id and co.id = ch.contact_id),
        'otherOpenChats', case when (who).sees_all is not null then
                          (select count(*) from chats o where o.org_id = ch.org_id and o.customer_id = ch.customer_id
                           and o.id <> ch.id and o.status <> 'closed'
                           and ((who).sees_all or o.assignee_id = (who).id or o.team_id = any ((who).teams))) end)
$$;

drop function if exists chat_json(chats, boolean, uuid);
create or replace function chat_json(ch chats, sees_contacts boolean, viewer uuid default null, who crm_actor default null) returns json
language plpgsql stable as $$
begin
    return (select i.item from chat_item(ch, sees_contacts, viewer, who) i);
end $$;

-- A message as the conversation shows it. A deleted one keeps its place, without its words.
create or replace function message_item(m messages) returns table (item json)
language sql stable as $$
    select json_build_object(
        'id', m.id, 'chatId', m.chat_id, 'seq', m.seq, 'direction', m.direction, 'kind', m.kind,
        'content', case when m.deleted_at is null then m.content else '' end,
        'data', case when m.deleted_at is null then m.data else '{}' end,
        'status', m.status, 'error', m.error, 'authorKind', m.author_kind, 'authorId', m.author_id,
        'authorName', m.author_name, 'clientId', m.client_id, 'sequenceId', m.sequence_id,
        'scheduledFor', ts_json(m.scheduled_for), 'createdAt', ts_json(m.created_at), 'sentAt', ts_json(m.sent_at),
        'deliveredAt', ts_json(m.delivered_at), 'readAt', ts_json(m.read_at), 'editedAt', ts_json(m.edited_at),
        'deletedAt', ts_json(m.deleted_at),
        'replyTo', case when m.reply_to_id is not null then
            (select json_build_object('id', r.id, 'seq', r.seq, 'kind', r.kind, 'direction', r.direction, 'authorName', r.author_name,
                    'content', case when r.deleted_at is null then left(r.content, 200) else '' end)
             from messages r where r.org_id = m.org_id and r.id = m.reply_to_id) end,
        'files', case when m.kind in ('image', 'video', 'audio', 'document', 'email', 'text') and m.deleted_at is null then
            (select coalesce(json_agg(json_build_object('id', mf.file_id, 'position', mf.position, 'kind', mf.kind, 'name', mf.name,
                        'type', mf.type, 'sizeBytes', mf.size_bytes, 'width', f.width, 'height', f.height, 'state', mf.state,
                        'error', nullif(mf.error, ''), 'durationMs', mf.duration_ms,
                        'url', case when mf.file_id is not null and mf.state = 'ready'
                               then '/api/' || m.org_id || '/files/' || mf.file_id end) order by mf.position), '[]')
             from message_files mf left join files f on f.org_id = mf.org_id and f.id = mf.file_id
             where mf.org_id = m.org_id and mf.message_id = m.id) else '[]' end,
        'reactions', (select coalesce(json_agg(json_build_object('emoji', x.emoji, 'actor', x.actor, 'actorName', x.actor_name)
                        order by x.created_at), '[]') from reactions x where x.org_id = m.org_id and x.message_id = m.id),
        'mentions', case when m.direction = 'note' then
            (select coalesce(json_agg(x.user_id), '[]') from mentions x where x.org_id = m.org_id and x.message_id = m.id)
            else '[]' end)
$$;

create or replace function message_json(m messages) returns json
language plpgsql stable as $$
begin
    return (select i.item from message_item(m) i);
end $$;

-- What a message is about, for the chat list: {"subject": …} of a mail, {"about": …} of what has no words of its own, or nothing.
-- (Stable, as jsonb_build_object() is: PostgreSQL would not put it into the statements that use it, but plan it at every call.)
create or replace function message_subject(p_data jsonb) returns jsonb
language sql stable as $$
    select case when p_data #>> '{mail,subject}' <> '' then jsonb_build_object('subject', left(p_data #>> '{mail,subject}', 160))
                when p_data ? 'storyMention' then '{"about": "mention"}' when p_data ? 'story' then '{"about": "story"}'
                when p_data ? 'share' then '{"about": "share"}' when p_data ? 'order' then '{"about": "order"}'
                when p_data ? 'form' then '{"about": "form"}' when p_data->'sticker' = 'true' then '{"about": "sticker"}' else '{}' end
$$;

-- What the chat list shows of a message.
create or replace function message_preview(m messages) returns jsonb
language sql stable as $$
    select jsonb_build_object('id', m.id, 'seq', m.seq, 'kind', m.kind, 'direction', m.direction,
        'text', left(regexp_replace(m.content, '\s+', ' ', 'g'), 160), 'status', m.status, 'authorName', m.author_name)
        || message_subject(m.data)
$$;

-- ---- events -----------------------------------------------------------------------------------------------------------

-- (In PL/pgSQL, which plans their statement once per connection: a function in SQL would plan it at every call.)

-- News of a message, with the chat as it now is, so that a list can be redrawn without asking.
create or replace function inbox_message_event(p_type text, ch chats, m messages) returns void
language plpgsql as $$
begin
    insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
    select ch.org_id, p_type, ch.id, ch.team_id, ch.assignee_id, ch.customer_id,
           json_build_object('chatId', ch.id, 'chat', c.item, 'message', x.item)
      from chat_item(ch, false, null) c cross join message_item(m) x;
end $$;

create or replace function inbox_chat_event(p_type text, ch chats, p_previous_team uuid, p_previous_assignee uuid) returns void
language plpgsql as $$
begin
    insert into events (org_id, type, chat_id, team_id, assignee_id, previous_team_id, previous_assignee_id, customer_id, payload)
    select ch.org_id, p_type, ch.id, ch.team_id, ch.assignee_id, p_previous_team, p_previous_assignee, ch.customer_id,
           json_build_object('chatId', ch.id, 'chat', c.item)
      from chat_item(ch, false, null) c;
end $$;

-- ---- one message more -------------------------------------------------------------------------------------------------

-- Put a message at the end of a chat whose row the caller has locked; moves the chat's numbers and preview along.
-- A client_id or external_id that exists already gives that message and changes nothing (*_double).
create or replace function inbox_append(inout ch chats, inout m messages, p_files jsonb, out is_double boolean)
language plpgsql as $$
declare
    found_id uuid;
begin
    is_double := false;
    select x.id into found_id from messages x
     where x.org_id = ch.org_id and ((m.client_id is not null and x.chat_id = ch.id and x.client_id = m.client_id)
        or (m.external_id is not null and x.channel_id = ch.channel_id and x.external_id = m.external_id)) limit 1;
    if found_id is not null then
        select * into m from messages x where x.org_id = ch.org_id and x.id = found_id;
        is_double := true;
        return;
    end if;

    m.org_id := ch.org_id;
    m.id := coalesce(m.id, uuid_v7());
    m.chat_id := ch.id;
    m.customer_id := ch.customer_id;
    m.channel_id := ch.channel_id;
    m.seq := ch.message_count + 1;
    m.created_at := coalesce(m.created_at, clock_timestamp());
    m.content := coalesce(m.content, '');
    m.data := coalesce(m.data, '{}');
    m.kind := coalesce(m.kind, 'text');
    m.author_name := coalesce(m.author_name, '');
    if m.data ? 'storyUntil' then
        m.data := story_take(m);
    end if;
    insert into messages select m.*;

    if p_files is not null and jsonb_array_length(p_files) > 0 then
        insert into message_files (org_id, message_id, position, file_id, kind, name, type, size_bytes, state, source)
        select ch.org_id, m.id, (x.ord - 1)::smallint, (x.f->>'fileId')::uuid,
               coalesce(f.kind, x.f->>'kind', 'document'), coalesce(f.name, x.f->>'name', ''),
               coalesce(f.type, x.f->>'type', ''), coalesce(f.size_bytes, (x.f->>'sizeBytes')::bigint),
               case when f.id is not null then 'ready' else 'pending' end, coalesce(x.f->'source', '{}')
          from jsonb_array_elements(p_files) with ordinality as x (f, ord)
          left join files f on f.org_id = ch.org_id and f.id = (x.f->>'fileId')::uuid;
    end if;

    -- What lies elsewhere is fetched by a job of its own for each file; the message is there before.
    insert into jobs (org_id, kind, payload, unique_key)
    select ch.org_id, 'message.fetch', jsonb_build_object('messageId', m.id, 'position', mf.position), 'message.fetch:' || m.id || ':' || mf.position
      from message_files mf where p_files is not null and mf.org_id = ch.org_id and mf.message_id = m.id and mf.state = 'pending'
    on conflict do nothing;

    update chats c set
        message_count = m.seq,
        inbound_count = c.inbound_count + (m.direction = 'in')::int,
        last_message_at = case when m.direction = 'event' then c.last_message_at else greatest(c.last_message_at, m.created_at) end,
        last_message = case when m.direction = 'event' then c.last_message else message_preview(m) end,
        waiting_since = case m.direction when 'in' then coalesce(c.waiting_since, m.created_at)
                                         when 'out' then null else c.waiting_since end,
        first_response_at = case when m.direction = 'out' and m.author_kind in ('user', 'key')
                                 then coalesce(c.first_response_at, m.created_at) else c.first_response_at end,
        status = case when m.direction = 'in' and c.status = 'waiting' then
                          case when c.assignee_id is null then 'pending' else 'in_progress' end
                      else c.status end,
        snoozed_until = case when m.direction = 'in' then null else c.snoozed_until end,
        archived_at = case when m.direction in ('in', 'out') then null else c.archived_at end,
        version = c.version + 1,
        updated_at = now()
     where c.org_id = ch.org_id and c.id = ch.id
    returning c.* into ch;

    -- To the minute: this column is in an index, and all of the customer's indexes would be written with every message.
    if m.direction = 'in' then
        update customers c set last_message_at = m.created_at
         where c.org_id = ch.org_id and c.id = ch.customer_id
           and (c.last_message_at is null or c.last_message_at < m.created_at - interval '1 minute');
    end if;
end $$;

-- A line in the conversation that says what happened ("Marina took the chat").
create or replace function inbox_note_event(ch chats, p_actor uuid, p_actor_name text, p_what text, p_data jsonb) returns chats
language plpgsql as $$
declare
    m messages;
    r record;
begin
    m.direction := 'event'; m.kind := 'event'; m.status := 'received';
    m.author_kind := case when p_actor is null then 'system' else 'user' end;
    m.author_id := p_actor; m.author_name := coalesce(p_actor_name, '');
    m.data := jsonb_build_object('what', p_what) || coalesce(p_data, '{}');
    select * into r from inbox_append(ch, m, null);
    perform inbox_message_event('message.created', r.ch, r.m);
    return r.ch;
end $$;

-- ---- in ---------------------------------------------------------------------------------------------------------------

-- The usual messages, many in one statement: each from somebody whom we know, in a chat that is open and in a queue or in somebody's
-- hands. p_batch: what inbox_receive takes, each with its "channel", without attachments, further contacts and echoes. At most one
-- message per chat is taken; for those that are not in the answer (people who are new, closed chats, doubles, …) inbox_receive is
-- asked one by one, and says why. n counts from 1; seen: the message as its channel's people see it, where they do (web chat); wakes: the batch made jobs.
--
-- It waits for nobody: a chat, a customer or a channel that somebody else has locked is passed over, so that no circle can close and no
-- slow one holds up the others. A merge under way needs no waiting for: the message goes to the chat's customer, whoever that is once the
-- chat's row is locked. Each event is written after its chat was locked (event_order() counts on it). Of two equal messages at the same
-- moment the second breaks the unique index, and its batch falls apart into single ones (receive_batch.c).
drop function if exists inbox_receive_known(uuid, jsonb); -- before it had wakes
create or replace function inbox_receive_known(p_org uuid, p_batch jsonb)
returns table (n integer, chat_id uuid, message_id uuid, seq integer, customer_id uuid, seen json, wakes boolean)
language plpgsql as $$
begin
    return query
        with want as materialized (        -- as columns: conditions on what comes out of JSON may not use indexes under row-level security
            select x.n::int, (x.p->>'id')::uuid as id, (x.p->>'channel')::uuid as channel, x.p->'keys'->>0 as key, x.p->>'identityKind' as identity_kind,
                   x.p->>'canonical' as canonical, x.p->>'kind' as kind, x.p->>'text' as text, coalesce(x.p->'data', '{}') as data,
                   x.p->>'clientId' as client_id, x.p->>'externalId' as external_id,
                   x.p->>'also' as also, x.p->>'replyTo' as reply_to, coalesce((x.p->>'automatic')::boolean, false) as automatic, make_interval(hours => (x.p->>'windowHours')::int) as free_for,
                   coalesce(least(to_timestamp((x.p->>'sentMs')::bigint / 1000.0), clock_timestamp()), clock_timestamp()) as at
              from jsonb_array_elements(p_batch) with ordinality as x (p, n)
        ), found as materialized (
            select distinct on (c.id) c.id as chat_id, w.*, cu.name as writer
              from want w
              join contact_keys k on k.org_id = p_org and k.key = w.key
              join customers cu on cu.org_id = p_org and cu.id = k.customer_id and cu.name <> '' and cu.deleted_at is null and cu.merged_into_id is null
              join contacts co on co.org_id = p_org and co.customer_id = cu.id and co.kind = w.identity_kind and co.canonical = w.canonical
                   and co.hidden_at is null and (w.also is null or co.also = w.also)
              join channels cn on cn.org_id = p_org and cn.id = w.channel and cn.deleted_at is null
              join chats c on c.org_id = p_org and c.contact_id = co.id and c.channel_id = cn.id and c.status <> 'closed' and c.status <> 'waiting'
                   and c.snoozed_until is null and c.archived_at is null and c.response_flow is null
             where not exists (select from chats o join messages x on x.org_id = p_org and x.chat_id = o.id and x.client_id = w.client_id
                               where o.org_id = p_org and o.contact_id = co.id and o.channel_id = cn.id)
               and not exists (select from messages x where x.org_id = p_org and x.channel_id = cn.id and x.external_id = w.external_id)
             order by c.id, w.n
        ), free as materialized (
            select c.id from found f join chats c on c.org_id = p_org and c.id = f.chat_id
             where c.status <> 'closed' and c.status <> 'waiting' and c.snoozed_until is null and c.archived_at is null
               for update of c skip locked
        ), ch as (
            update chats c set
                message_count = c.message_count + 1, inbound_count = c.inbound_count + 1, last_message_at = greatest(c.last_message_at, f.at),
                last_message = jsonb_build_object('id', f.id, 'seq', c.message_count + 1, 'kind', f.kind, 'direction', 'in',
                    'text', left(regexp_replace(f.text, '\s+', ' ', 'g'), 160), 'status', 'received', 'authorName', f.writer) || message_subject(f.data),
                waiting_since = coalesce(c.waiting_since, f.at), window_until = greatest(c.window_until, f.at + f.free_for), version = c.version + 1, updated_at = now()
              from found f join free on free.id = f.chat_id
             where c.org_id = p_org and c.id = f.chat_id
            returning c as chat, c.message_count, c.customer_id, c.team_id, c.assignee_id, f.*
        ), m as (
            insert into messages (org_id, id, chat_id, seq, customer_id, channel_id, direction, kind, content, data, status, author_kind, author_name,
                                  external_id, client_id, reply_to_id, created_at)
            select p_org, c.id, c.chat_id, c.message_count, c.customer_id, c.channel, 'in', c.kind, c.text, c.data, 'received', 'customer', c.writer,
                   c.external_id, c.client_id,
                   case when c.reply_to is not null then (select x.id from messages x where x.org_id = p_org and x.channel_id = c.channel
                        and x.external_id = c.reply_to) end, c.at
              from ch c
            returning messages as m, id
        ), news as (
            insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
            select p_org, 'message.created', c.chat_id, c.team_id, c.assignee_id, c.customer_id,
                   json_build_object('chatId', c.chat_id, 'chat', i.item, 'message', x.item)
              from ch c join m on m.id = c.id
              cross join lateral chat_item(c.chat, false, null) i cross join lateral message_item(m.m) x
        ), flow as (        -- of those a flow may want
            insert into jobs (org_id, kind, payload, due_at, unique_key)
            select p_org, 'flow.run', jsonb_build_object('chatId', c.chat_id, 'seq', c.message_count), now() + w.ms * interval '1 millisecond', 'flow.in:' || c.chat_id
              from ch c cross join lateral (select case when (c.chat).inbound_count = 1 then '{keyword,channel,firstContact}' else '{keyword}' end::text[] as kinds) f
              cross join lateral (select case
                       when (c.chat).owner = 'bot' then
                           coalesce((select s.debounce_ms from flow_sessions s
                                      where s.org_id = p_org and s.chat_id = c.chat_id and s.status in ('running', 'waiting', 'paused')), 0)
                       when c.assignee_id is null and (c.chat).flow is null and exists (select from flow_triggers t where t.org_id = p_org and t.kind = any (f.kinds)) then
                           (select max(t.debounce_ms) from (select flow_plain(c.text) as said offset 0) x cross join flow_triggers t -- folded once
                             where t.org_id = p_org and t.kind = any (f.kinds) and (t.channel_ids = '{}' or c.channel = any (t.channel_ids))
                               and (t.kind <> 'keyword' or t.words is null or exists (select from unnest(t.words) k where strpos(x.said, k) > 0))) end as ms) w
             where w.ms is not null and not c.automatic
            on conflict do nothing
            returning 1
        ), alive as (
            update channels x set last_event_at = now()
             where x.org_id = p_org and x.id in (
                   select y.id from channels y
                    where y.org_id = p_org and y.id in (select c.channel from ch c) and (y.last_event_at is null or y.last_event_at < now() - interval '10 seconds')
                      for no key update skip locked)
        ), active as (
            update customers x set last_message_at = now()
             where x.org_id = p_org and x.id in (
                   select y.id from ch c join customers y on y.org_id = p_org and y.id = c.customer_id
                    where y.last_message_at is null or y.last_message_at < c.at - interval '1 minute'
                      for no key update of y skip locked)
        )
        select c.n, c.chat_id, c.id, c.message_count, c.customer_id, i.item, exists (select from flow)
          from ch c join m on m.id = c.id left join lateral webchat_item(m.m) i on c.identity_kind = 'webchat';
end $$;

-- One message from outside: identity → customer → open chat (or the one closed a moment ago, or a new one) → message, events.
-- Everything or nothing; a double changes nothing. p: see receive.c, which builds it. The long way, that any message can go.
create or replace function inbox_receive(p_org uuid, p_channel uuid, p jsonb,
    out chat_id uuid, out message_id uuid, out seq integer, out customer_id uuid, out is_double boolean, out is_new boolean)
language plpgsql as $$
declare
    place record;
    ch chats;
    m messages;
    r record;
    writer text;
    wait_ms integer;
begin
    is_new := false;
    is_double := false;
    if (p->>'history')::boolean then
        select h.chat_id, h.message_id, h.seq, h.customer_id, h.is_double into chat_id, message_id, seq, customer_id, is_double
          from inbox_history(p_org, p_channel, p) h;
        return;
    end if;
    select * into place from inbox_receive_chat(p_org, p_channel, p);
    ch := place.ch;
    customer_id := place.customer_id;
    if place.double_id is not null then
        chat_id := place.double_chat_id; message_id := place.double_id; seq := place.double_seq;
        is_double := true;
        return;
    end if;
    is_new := place.is_new;
    if p ? 'externalId' and (p->>'echo')::boolean then
        -- Of a part that became known while we waited for the chat: message_part_sent() found no echo to take away.
        select x.chat_id, x.id, x.seq into chat_id, message_id, seq
          from message_parts y join messages x on x.org_id = p_org and x.id = y.message_id
         where y.org_id = p_org and y.channel_id = p_channel and y.external_id = p->>'externalId';
        is_double := found;
        if is_double then return; end if;
    end if;
    select nullif(c.name, '') into writer from customers c where c.org_id = p_org and c.id = ch.customer_id;

    m := inbox_inbound_row(p, writer);
    if p ? 'replyToId' then
        -- What a pressed button answers may stand in an earlier chat: the channel has seen that it is the same person's.
        select x.id into m.reply_to_id from messages x
         where x.org_id = p_org and x.id = (p->>'replyToId')::uuid and x.direction in ('in', 'out') and x.seq > 0
           and (x.chat_id = ch.id or p->'data' ? 'answer' and x.channel_id = p_channel);
    elsif p ? 'replyTo' then
        select x.id into m.reply_to_id from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = p->>'replyTo';
    end if;
    r := inbox_append(ch, m, p->'files');
    ch := r.ch;
    m := r.m;
    is_double := r.is_double;
    chat_id := m.chat_id; message_id := m.id; seq := m.seq;
    if is_double then return; end if;

    if m.direction = 'in' then
        if p ? 'windowHours' then
            update chats c set window_until = greatest(c.window_until, m.created_at + make_interval(hours => (p->>'windowHours')::int))
             where c.org_id = p_org and c.id = ch.id returning c.* into ch;
        end if;
        wait_ms := case when not coalesce((p->>'automatic')::boolean, false) then flow_wants(ch, m.content, is_new or place.reopened or ch.inbound_count = 1) end;
        if wait_ms is not null then
            perform flow_wake(ch, seq, wait_ms);
            -- Whom a flow may greet is not given out meanwhile; the run gives the chat back when none wants it (store.c).
            update chats c set owner = 'bot' where c.org_id = p_org and c.id = ch.id and c.owner = 'human' and place.queued returning c.* into ch;
            if not found then select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id; end if;
        end if;
    elsif ch.owner = 'bot' then
        -- Somebody of the business answered elsewhere: no program talks over them.
        update chats c set owner = 'human', version = c.version + 1 where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    end if;
    if m.direction = 'out' and ch.response_flow is not null then
        update chats c set response_flow = null, version = c.version + 1 where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    end if;
    update channels set last_event_at = now() where org_id = p_org and id = p_channel
        and (last_event_at is null or last_event_at < now() - interval '10 seconds');
    if is_new then
        perform inbox_chat_event('chat.created', ch, ch.team_id, ch.assignee_id);
    end if;
    perform inbox_message_event('message.created', ch, m);
    if is_new and m.direction = 'in' and not coalesce((p->>'automatic')::boolean, false) then
        ch := inbox_greet(p_org, ch);
    end if;
    if place.queued and m.direction = 'in' and ch.status = 'pending' and ch.assignee_id is null then
        perform inbox_distribute(p_org, ch.team_id);
    end if;
end $$;

-- For so long a new message opens the closed chat again instead of beginning another. Settings are what somebody wrote: whatever is
-- no number of hours means the default, or no message of the organization would come in any more.
create or replace function inbox_reopen_hours(o organizations) returns integer language sql immutable as $$
    select case when o.settings->>'reopenHours' ~ '^[0-9]{1,4}$' then (o.settings->>'reopenHours')::integer else 12 end
$$;

-- The long way to the chat of a message: whoever is new is made, what was closed a moment ago is opened again, what slept wakes. The
-- chat's row is locked. double_id: the message is there already (sent again after its chat was closed).
drop function if exists inbox_receive_chat(uuid, uuid, jsonb); -- before it had reopened
create or replace function inbox_receive_chat(p_org uuid, p_channel uuid, p jsonb, out ch chats, out customer_id uuid, out is_new boolean,
    out reopened boolean, out queued boolean, out double_id uuid, out double_chat_id uuid, out double_seq integer)
language plpgsql as $$
declare
    chan channels;
    ident record;
    extra jsonb;
    reopen_hours integer;
begin
    is_new := false;
    reopened := false;
    queued := false;
    if p ? 'externalId' then
        select x.chat_id, x.id, x.seq, x.customer_id into double_chat_id, double_id, double_seq, inbox_receive_chat.customer_id
          from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = p->>'externalId';
        if not found and (p->>'echo')::boolean then -- of a part of a message of ours
            select x.chat_id, x.id, x.seq, x.customer_id into double_chat_id, double_id, double_seq, inbox_receive_chat.customer_id
              from message_parts y join messages x on x.org_id = p_org and x.id = y.message_id
             where y.org_id = p_org and y.channel_id = p_channel and y.external_id = p->>'externalId';
        end if;
        if found then return; end if;
    end if;
    select * into chan from channels c where c.org_id = p_org and c.id = p_channel and c.deleted_at is null;
    if not found then
        raise exception using errcode = 'IF404', message = 'CHANNEL_NOT_FOUND';
    end if;

    select * into ident from inbox_identity(p_org, chan, p);
    customer_id := ident.customer_id;
    -- What was sent again long after the answer got lost must not reopen the chat that it stands in.
    if p ? 'clientId' then
        select x.chat_id, x.id, x.seq into double_chat_id, double_id, double_seq
          from chats c join messages x on x.org_id = c.org_id and x.chat_id = c.id and x.client_id = p->>'clientId'
         where c.org_id = p_org and c.contact_id = ident.contact_id and c.channel_id = p_channel limit 1;
        if found then return; end if;
    end if;
    for extra in select * from jsonb_array_elements(coalesce(p->'contacts', '[]')) loop
        perform crm_add_contact(p_org, ident.customer_id, extra->>'kind', extra->>'identifier', extra->>'canonical',
            array(select jsonb_array_elements_text(extra->'keys')));
    end loop;

    loop
        select * into ch from chats c where c.org_id = p_org and c.contact_id = ident.contact_id and c.channel_id = p_channel
            and c.status <> 'closed' for update;
        if found then
            queued := ch.snoozed_until is not null or ch.archived_at is not null or ch.status = 'waiting';
            return;
        end if;
        -- An answer (mail) goes where its thread is, whichever of the person's addresses wrote it; a closed one opens again, however old.
        if p ? 'threadChatId' then
            select * into ch from chats c where c.org_id = p_org and c.id = (p->>'threadChatId')::uuid and c.channel_id = p_channel
                and c.customer_id = ident.customer_id and c.status <> 'closed' for update;
            if found then
                queued := ch.snoozed_until is not null or ch.archived_at is not null or ch.status = 'waiting';
                return;
            end if;
        end if;
        select inbox_reopen_hours(o) into reopen_hours from organizations o where o.id = p_org;
        update chats c set status = case when c.assignee_id is null then 'pending' else 'in_progress' end, closed_at = null,
               closed_by = null, closure_type_id = null, closure_note = '', archived_at = null
         where c.org_id = p_org and c.status = 'closed' and c.id = (
               select o.id from chats o where o.org_id = p_org and o.customer_id = ident.customer_id and o.channel_id = p_channel and o.status = 'closed'
                  and (o.contact_id = ident.contact_id and o.closed_at > now() - make_interval(hours => reopen_hours)
                       or o.id = (p->>'threadChatId')::uuid and not exists (select from chats x where x.org_id = p_org
                          and x.contact_id = o.contact_id and x.channel_id = p_channel and x.status <> 'closed'))
                order by coalesce(o.id = (p->>'threadChatId')::uuid, false) desc, o.closed_at desc limit 1)
        returning c.* into ch;
        if found then
            ch := inbox_note_event(ch, null, '', 'reopened', null);
            perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
            queued := true;
            reopened := true;
            return;
        end if;
        insert into chats (org_id, customer_id, contact_id, channel_id, team_id, visitor, window_until)
        values (p_org, ident.customer_id, ident.contact_id, p_channel, chan.default_team_id, coalesce(p->'visitor', '{}'),
                inbox_window(p_org, ident.contact_id, p_channel))
        on conflict (org_id, contact_id, channel_id) where status <> 'closed' do nothing
        returning * into ch;
        if found then is_new := true; queued := true; return; end if;
    end loop;
end $$;

-- ---- delivery states --------------------------------------------------------------------------------------------------

create or replace function message_status_rank(s text) returns integer
language sql immutable as $$
    select case s when 'scheduled' then 0 when 'queued' then 1 when 'failed' then 2 when 'sent' then 3 when 'delivered' then 4 when 'read' then 5 else 9 end
$$;

-- Raise a message's state; states only rise, and nothing falls to failed once it was delivered. Returns whether it changed.
create or replace function inbox_raise_status(p_org uuid, p_message uuid, p_status text, p_at timestamptz, p_external text, p_error jsonb)
returns boolean language plpgsql as $$
declare
    m messages;
    ch chats;
begin
    select * into m from messages x where x.org_id = p_org and x.id = p_message;
    if not found then return false; end if;
    select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id for update;
    update messages x set
        status = p_status,
        external_id = coalesce(p_external, x.external_id),
        error = case when p_status = 'failed' then p_error else null end,
        sent_at = case when p_status in ('sent', 'delivered', 'read') then coalesce(x.sent_at, p_at) else x.sent_at end,
        delivered_at = case when p_status in ('delivered', 'read') then coalesce(x.delivered_at, p_at) else x.delivered_at end,
        read_at = case when p_status = 'read' then coalesce(x.read_at, p_at) else x.read_at end
     where x.org_id = p_org and x.id = p_message and x.direction = 'out'
       and (case when p_status = 'failed' then x.status in ('scheduled', 'queued', 'sent')
                 else message_status_rank(p_status) > message_status_rank(x.status) end)
    returning x.* into m;
    if not found then return false; end if;
    if ch.last_message->>'id' = p_message::text then
        update chats c set last_message = message_preview(m), version = c.version + 1 where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    end if;
    insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
    values (p_org, 'message.changed', ch.id, ch.team_id, ch.assignee_id, ch.customer_id,
            jsonb_build_object('chatId', ch.id, 'message', message_json(m), 'status', m.status));
    return true;
end $$;

-- ---- changes of state -------------------------------------------------------------------------------------------------

-- Change columns of a chat whose row the caller has locked: p_set holds new values by column name ("assignee_id", "team_id",
-- "status", "priority", "snoozed_until", "archived_at", "closure_type_id", "closure_note", "pinned_message_id"); a line in the
-- conversation when p_what is not null; events to those who see it and to those who saw it before.
create or replace function inbox_change(p_org uuid, p_chat uuid, p_set jsonb, p_what text, p_data jsonb, p_actor uuid, p_actor_name text)
returns chats language plpgsql as $$
declare
    was chats;
    ch chats;
begin
    select * into was from chats c where c.org_id = p_org and c.id = p_chat for update;
    ch := jsonb_populate_record(was, p_set);
    update chats c set
        assignee_id = ch.assignee_id, team_id = ch.team_id, status = ch.status, priority = ch.priority,
        snoozed_until = ch.snoozed_until, archived_at = ch.archived_at, pinned_message_id = ch.pinned_message_id,
        closure_type_id = ch.closure_type_id, closure_note = coalesce(ch.closure_note, ''),
        closed_at = case when ch.status <> 'closed' then null when was.status = 'closed' then was.closed_at else now() end,
        closed_by = case when ch.status <> 'closed' then null when was.status = 'closed' then was.closed_by else p_actor end,
        waiting_since = case when ch.status = 'closed' then null else c.waiting_since end,
        version = c.version + 1, updated_at = now()
     where c.org_id = p_org and c.id = p_chat
    returning c.* into ch;
    if p_what is not null then
        ch := inbox_note_event(ch, p_actor, p_actor_name, p_what, p_data);
    end if;
    perform inbox_chat_event('chat.changed', ch, was.team_id, was.assignee_id);
    -- Whatever puts a chat into a team's queue, or frees capacity, drains the queue in this transaction. Who gave the chat back
    -- does not get it again at once.
    if ch.status = 'pending' and ch.assignee_id is null and ch.snoozed_until is null then
        perform inbox_distribute(p_org, ch.team_id, ch.id, was.assignee_id);
    end if;
    if was.assignee_id is not null and was.status <> 'closed' and (ch.status = 'closed' or ch.assignee_id is distinct from was.assignee_id) then
        perform inbox_distribute_for(p_org, was.assignee_id, ch.id, true);
    end if;
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat;
    return ch;
end $$;

-- Open a chat from our side: the open one of the contact on the channel is reused, unless it is not for these eyes. p: {customer,
-- contact, channel, team?, start, actor?, seesAll, teams, seesContacts}.
create or replace function inbox_open(p_org uuid, p jsonb, out id uuid, out existing boolean, out formatted text) language plpgsql as $$
declare
    ch chats;
    team uuid := (p->>'team')::uuid;
    actor uuid := (p->>'actor')::uuid;
    start boolean := coalesce((p->>'start')::boolean, false);
begin
    if team is not null and not exists (select from teams t where t.org_id = p_org and t.id = team) then
        raise exception using errcode = 'IF400', message = 'TEAM_NOT_FOUND', hint = 'teamId';
    end if;
    loop
        select * into ch from chats c where c.org_id = p_org and c.contact_id = (p->>'contact')::uuid and c.channel_id = (p->>'channel')::uuid
            and c.status <> 'closed' for update;
        existing := found;
        exit when found;
        insert into chats (org_id, customer_id, contact_id, channel_id, team_id, status, assignee_id, owner, window_until)
        values (p_org, (p->>'customer')::uuid, (p->>'contact')::uuid, (p->>'channel')::uuid,
                coalesce(team, (select c.default_team_id from channels c where c.org_id = p_org and c.id = (p->>'channel')::uuid)),
                case when start then 'in_progress' else 'pending' end, case when start then actor end,
                case when (p->>'bot')::boolean then 'bot' else 'human' end, inbox_window(p_org, (p->>'contact')::uuid, (p->>'channel')::uuid))
        on conflict (org_id, contact_id, channel_id) where status <> 'closed' do nothing
        returning * into ch;
        exit when found;
    end loop;
    if existing and not ((p->>'seesAll')::boolean or coalesce(ch.assignee_id = actor, false)
                         or coalesce(ch.team_id = any ((p->>'teams')::uuid[]), false)) then
        raise exception using errcode = 'IF409', message = 'CHAT_ASSIGNED', hint = 'contactValue';
    end if;
    if existing and start and ch.status = 'pending' then
        ch := inbox_change(p_org, ch.id, jsonb_build_object('status', 'in_progress', 'assignee_id', coalesce(ch.assignee_id, actor)), null, null,
                           actor, null);
    elsif not existing then
        perform inbox_chat_event('chat.created', ch, ch.team_id, ch.assignee_id);
        if ch.status = 'pending' and ch.owner = 'human' then
            perform inbox_distribute(p_org, ch.team_id);
        end if;
    end if;
    id := ch.id;
    select case when (p->>'seesContacts')::boolean then co.canonical else mask_contact(co.kind, co.canonical) end into formatted
      from contacts co where co.org_id = p_org and co.id = (p->>'contact')::uuid;
end $$;
