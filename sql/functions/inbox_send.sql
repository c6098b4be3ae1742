-- Messages going out: written with the job that sends them, in one commit.

-- Write a message to the customer. p: {id, content, kind?, clientId, replyToId, files:[{fileId}], scheduledFor, sequenceId,
-- authorKind, authorId, authorName, data?, keepPending?, sent?}. Answering a chat that nobody has takes it. Scheduled ones wait as rows
-- with a job "message.release" and get their place in the conversation when they leave; steps of one sequence in their order.
create or replace function inbox_send(p_org uuid, p_chat uuid, p jsonb, out message json, out is_double boolean)
language plpgsql as $$
declare
    ch chats;
    m messages;
    r record;
    had integer;
    author uuid := (p->>'authorId')::uuid;
    first_kind text;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found then raise exception using errcode = 'IF404', message = 'CHAT_NOT_FOUND'; end if;
    if p ? 'clientId' then
        select * into m from messages x where x.org_id = p_org and x.chat_id = p_chat and x.client_id = p->>'clientId';
        if found then message := message_json(m); is_double := true; return; end if;
    end if;
    if ch.status = 'closed' then raise exception using errcode = 'IF409', message = 'CHAT_CLOSED'; end if;

    -- No program talks over a person.
    if p->>'authorKind' = 'user' and ch.owner = 'bot' then
        update chats c set owner = 'human' where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    end if;
    if coalesce((p->>'keepPending')::boolean, false) then
        null;
    elsif p->>'authorKind' = 'user' and ch.assignee_id is null and author is not null then
        update chats c set assignee_id = author, status = 'in_progress', snoozed_until = null, version = c.version + 1, updated_at = now()
         where c.org_id = p_org and c.id = ch.id returning c.* into ch;
        ch := inbox_note_event(ch, author, p->>'authorName', 'taken', null);
        perform inbox_chat_event('chat.changed', ch, ch.team_id, null);
    elsif ch.status in ('pending', 'waiting') and ch.assignee_id is not null and not p ? 'scheduledFor' then
        update chats c set status = 'in_progress', version = c.version + 1, updated_at = now()
         where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    end if;

    select f.kind into first_kind from files f
     where f.org_id = p_org and f.id = (p->'files'->0->>'fileId')::uuid;
    m.id := (p->>'id')::uuid;
    m.direction := 'out';
    m.kind := coalesce(p->>'kind', first_kind, 'text');
    m.content := p->>'content';
    m.data := p->'data';
    m.status := case when p ? 'scheduledFor' then 'scheduled' when p ? 'sent' then 'sent' else 'queued' end;
    m.sent_at := case when m.status = 'sent' then now() end;
    m.author_kind := p->>'authorKind'; m.author_id := author; m.author_name := p->>'authorName';
    m.client_id := p->>'clientId';
    m.sequence_id := (p->>'sequenceId')::uuid;
    m.scheduled_for := (p->>'scheduledFor')::timestamptz;
    if p ? 'replyToId' then
        select x.id into m.reply_to_id from messages x where x.org_id = p_org and x.chat_id = ch.id and x.id = (p->>'replyToId')::uuid
           and x.direction in ('in', 'out') and x.seq > 0 and x.deleted_at is null;
        if m.reply_to_id is null then
            raise exception using errcode = 'IF400', message = 'MESSAGE_NOT_FOUND', hint = 'replyToMessageId';
        end if;
    end if;

    if m.status = 'scheduled' then
        m.org_id := p_org; m.chat_id := ch.id; m.customer_id := ch.customer_id; m.channel_id := ch.channel_id;
        m.data := coalesce(m.data, '{}'); m.content := coalesce(m.content, ''); m.created_at := clock_timestamp();
        if (select count(*) from messages x where x.org_id = p_org and x.chat_id = ch.id and x.seq < 0 and x.status = 'scheduled') >= 100 then
            raise exception using errcode = 'IF409', message = 'TOO_MANY_SCHEDULED', detail = '{"limit": 100}';
        end if;
        -- Scheduled ones are numbered below zero, so that they never stand in the way of what is said meanwhile.
        select least(min(x.seq), 0) - 1 into m.seq from messages x where x.org_id = p_org and x.chat_id = ch.id and x.seq < 0;
        m.seq := coalesce(m.seq, -1);
        insert into messages select m.*;
        insert into message_files (org_id, message_id, position, file_id, kind, name, type, size_bytes)
        select p_org, m.id, (x.ord - 1)::smallint, f.id, f.kind, f.name, f.type, f.size_bytes
          from jsonb_array_elements(coalesce(p->'files', '[]')) with ordinality as x (f0, ord)
          join files f on f.org_id = p_org and f.id = (x.f0->>'fileId')::uuid;
        insert into jobs (org_id, kind, payload, due_at, order_key, unique_key)
        values (p_org, 'message.release', jsonb_build_object('messageId', m.id), m.scheduled_for, 'sequence:' || m.sequence_id, 'message.release:' || m.id);
        is_double := false;
    else
        select * into r from inbox_append(ch, m, p->'files');
        ch := r.ch; m := r.m; is_double := r.is_double;
        insert into jobs (org_id, kind, payload, order_key, unique_key)
        select p_org, 'message.send', jsonb_build_object('messageId', m.id), 'chat:' || ch.id, 'message.send:' || m.id where m.status = 'queued'
        on conflict do nothing;
        if p->>'authorKind' = 'user' and author is not null then
            -- Who answers has read; their other screens hear of it.
            select cr.inbound_seen into had from chat_reads cr where cr.org_id = p_org and cr.user_id = author and cr.chat_id = ch.id;
            insert into chat_reads (org_id, chat_id, user_id, inbound_seen, seq_seen) values (p_org, ch.id, author, ch.inbound_count, m.seq)
            on conflict (org_id, user_id, chat_id) do update set inbound_seen = excluded.inbound_seen, seq_seen = excluded.seq_seen, updated_at = now();
            if coalesce(had, 0) < ch.inbound_count then
                insert into events (org_id, type, chat_id, team_id, assignee_id, user_id, payload)
                values (p_org, 'chat.read', ch.id, ch.team_id, ch.assignee_id, author,
                        jsonb_build_object('chatId', ch.id, 'inboundSeen', ch.inbound_count, 'seqSeen', m.seq));
            end if;
        end if;
    end if;
    perform inbox_message_event('message.created', ch, m);
    message := message_json(m);
end $$;

-- A scheduled message's hour has come: it takes its place at the end of the conversation and its send job is written.
create or replace function inbox_release(p_org uuid, p_message uuid) returns boolean
language plpgsql as $$
declare
    m messages;
    ch chats;
begin
    select * into m from messages x where x.org_id = p_org and x.id = p_message;
    if not found then return false; end if;
    select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id for update;
    update messages x set status = 'queued', seq = ch.message_count + 1, created_at = clock_timestamp()
     where x.org_id = p_org and x.id = p_message and x.status = 'scheduled' returning x.* into m;
    if not found then return false; end if;
    -- A chat that was closed meanwhile stays closed: what was promised for this hour still goes out.
    update chats c set message_count = m.seq, last_message_at = m.created_at, last_message = message_preview(m), waiting_since = null,
           first_response_at = case when m.author_kind in ('user', 'key') then coalesce(c.first_response_at, m.created_at) else c.first_response_at end,
           status = case when c.status = 'waiting' and c.assignee_id is not null then 'in_progress' else c.status end,
           archived_at = null, version = c.version + 1, updated_at = now()
     where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    insert into jobs (org_id, kind, payload, order_key, unique_key)
    values (p_org, 'message.send', jsonb_build_object('messageId', m.id), 'chat:' || ch.id, 'message.send:' || m.id)
    on conflict do nothing;
    perform inbox_message_event('message.changed', ch, m);
    return true;
end $$;

-- Try a failed message again.
create or replace function inbox_retry(p_org uuid, p_chat uuid, p_message uuid) returns json
language plpgsql as $$
declare
    m messages;
    ch chats;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found then raise exception using errcode = 'IF404', message = 'CHAT_NOT_FOUND'; end if;
    -- What was refused is known: the next try does not wait for news of this one.
    update messages x set status = 'queued', error = null, attempted_at = null,
        external_id = case when coalesce(x.parts_sent, 0) = 0 then null else x.external_id end -- or the news of the next try would pass for another part's
      where x.org_id = p_org and x.id = p_message and x.chat_id = p_chat
        and x.status = 'failed' and x.direction = 'out' and x.deleted_at is null returning x.* into m;
    if not found then raise exception using errcode = 'IF409', message = 'MESSAGE_NOT_FAILED'; end if;
    insert into jobs (org_id, kind, payload, order_key, unique_key)
    values (p_org, 'message.send', jsonb_build_object('messageId', m.id), 'chat:' || p_chat, 'message.send:' || m.id)
    on conflict do nothing;
    if ch.last_message->>'id' = m.id::text then
        update chats c set last_message = message_preview(m), version = c.version + 1 where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    end if;
    perform inbox_message_event('message.changed', ch, m);
    return message_json(m);
end $$;
