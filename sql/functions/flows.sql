-- Flows: what wakes them, what a run reads in one round trip, and what it leaves in one.
--
-- One run is one transaction (src/flows/store.c): flow_load() locks the chat, then its session; effects follow; flow_save() writes session,
-- log, timer, owner and news. Whoever changes a chat's owner from outside does it under the chat's row lock too, and the trigger below
-- pauses or ends the session in the same transaction: a run that waited for the lock finds it so.

-- ---- what comes in ------------------------------------------------------------------------------------------------------

-- Text in which keywords are looked for. Composed first: a letter and its accent may come as two characters.
create or replace function flow_plain(p_text text) returns text language sql immutable parallel safe
    return fold(normalize(left(p_text, 4000), NFC));

-- Would a message wake a flow? Milliseconds that the run waits for more of them, or null: nobody cares. ch.owner says whether a flow has the
-- chat; triggers look only at chats that no person has. One look at an index in either case.
create or replace function flow_wants(ch chats, p_text text, p_first boolean) returns integer language plpgsql stable as $$
begin
    return (select case
        when ch.owner = 'bot' then
            coalesce((select s.debounce_ms from flow_sessions s
                       where s.org_id = ch.org_id and s.chat_id = ch.id and s.status in ('running', 'waiting', 'paused')), 0)
        when ch.response_flow is not null and ch.assignee_id is null and ch.flow is null and flow_response_candidate(ch) <> '[]' then
            (flow_response_candidate(ch)->0->>'debounceMs')::integer
        when ch.assignee_id is null and ch.flow is null then
            (select max(t.debounce_ms) from flow_triggers t
              where t.org_id = ch.org_id and t.kind in ('keyword', 'channel', 'firstContact')
                and (t.channel_ids = '{}' or ch.channel_id = any (t.channel_ids))
                and case when t.kind = 'keyword' then t.words is null or exists (select from unnest(t.words) w where strpos((select flow_plain(p_text)), w) > 0)
                         else p_first end)
        end);
end $$;

-- The job that reads it. One waits per chat: what comes before it runs is read with it.
create or replace function flow_wake(ch chats, p_seq integer, p_ms integer) returns void language plpgsql as $$
begin
    insert into jobs (org_id, kind, payload, due_at, unique_key)
    values (ch.org_id, 'flow.run', jsonb_build_object('chatId', ch.id, 'seq', p_seq), now() + p_ms * interval '1 millisecond', 'flow.in:' || ch.id)
    on conflict do nothing;
end $$;

-- ---- whose chat it is -----------------------------------------------------------------------------------------------------

-- A person took the chat, was given it, moved it to another team, or closed it: the flow lets go, in their transaction. app.flow_chat names
-- the chat of the run under way, whose own doing this is: it leaves its session itself.
create or replace function flow_chat_changing() returns trigger language plpgsql as $$
declare
    own boolean := coalesce(current_setting('app.flow_chat', true), '') = new.id::text;
    s flow_sessions;
begin
    if new.status = 'closed' then
        new.owner := 'human';
    elsif old.owner = 'bot' and new.owner = 'bot' and not own
       and (new.assignee_id is not null and new.assignee_id is distinct from old.assignee_id
            or new.team_id is not null and new.team_id is distinct from old.team_id) then
        new.owner := 'human';
    end if;
    if own or new.flow is null or not (new.status = 'closed' and old.status <> 'closed' or old.owner = 'bot' and new.owner = 'human') then
        return new;
    end if;
    select * into s from flow_sessions x where x.org_id = new.org_id and x.chat_id = new.id and x.status in ('running', 'waiting', 'paused') for update;
    if not found then
        new.flow := null;
        return new;
    end if;
    if new.status = 'closed' then
        perform flow_session_end(s, 'chat_closed');
        new.flow := null;
        new.flow_seq := greatest(new.flow_seq, s.seen_seq);
    elsif s.status <> 'paused' then
        update flow_sessions x set status = 'paused', ended_how = 'taken', token = x.token + 1, updated_at = now() where x.org_id = s.org_id and x.id = s.id
        returning x.* into s;
        perform flow_timer_drop(s);
        perform flow_session_event(s, new.team_id, new.assignee_id);
        new.flow := new.flow || '{"status": "paused"}';
    end if;
    return new;
end $$;
create or replace trigger flow_chat_changing before update on chats for each row
    when (old.owner = 'bot' or old.flow is not null and new.status = 'closed') execute function flow_chat_changing();

create or replace function flow_timer_drop(s flow_sessions) returns void language plpgsql as $$
begin
    delete from jobs j where j.org_id = s.org_id and j.unique_key = 'flow.wake:' || s.id and j.state in ('waiting', 'blocked');
end $$;

-- News of a session for who sees its chat. Those of tests are nobody else's.
create or replace function flow_session_event(s flow_sessions, p_team uuid, p_assignee uuid) returns void language plpgsql as $$
begin
    insert into events (org_id, type, chat_id, team_id, assignee_id, payload)
    select s.org_id, 'flow.session', s.chat_id, p_team, p_assignee,
           jsonb_build_object('sessionId', s.id, 'flowId', s.flow_id, 'chatId', s.chat_id, 'status', s.status, 'nodeId', s.node,
               'flowName', (select f.name from flows f where f.org_id = s.org_id and f.id = s.flow_id))
     where s.chat_id is not null;
end $$;

-- A session is over before its end: stopped by somebody, replaced, its chat closed. The caller holds the locks of chat and session.
create or replace function flow_session_end(s flow_sessions, p_how text) returns void language plpgsql as $$
begin
    update flow_sessions x set status = 'stopped', ended_how = p_how, wait = null, wake_at = null, token = x.token + 1, updated_at = now(), ended_at = now()
     where x.org_id = s.org_id and x.id = s.id returning x.* into s;
    perform flow_timer_drop(s);
    perform flow_session_event(s, c.team_id, c.assignee_id) from chats c where c.org_id = s.org_id and c.id = s.chat_id;
end $$;

-- ---- what flows read ------------------------------------------------------------------------------------------------------

-- (In PL/pgSQL, which keeps the plans of a connection: a function in SQL that looks at tables would be planned at every call.)

-- A custom field as words: options by their labels.
create or replace function flow_field_value(p_kind text, p_options jsonb, p_value jsonb) returns jsonb language plpgsql immutable as $$
begin
    return case p_kind
        when 'select' then coalesce((select o->'label' from jsonb_array_elements(p_options) o where o->'id' = p_value limit 1), p_value)
        when 'multi_select' then coalesce((select jsonb_agg(o->'label') from jsonb_array_elements(p_options) o where p_value @> (o->'id')), p_value)
        else p_value end;
end $$;

create or replace function flow_customer_json(p_org uuid, p_customer uuid) returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('id', c.id, 'name', c.name, 'firstName', split_part(btrim(c.name), ' ', 1), 'kind', c.kind, 'document', c.document,
        'birthDate', c.birth_date, 'country', c.country, 'language', c.language, 'address', c.address, 'source', c.source, 'utm', c.utm,
        'createdAt', ts_json(c.created_at), 'stageId', c.stage_id, 'stage', (select st.name from stages st where st.org_id = p_org and st.id = c.stage_id),
        'phone', (select k.canonical from contacts k where k.org_id = p_org and k.customer_id = c.id and k.kind in ('phone', 'whatsapp') and k.hidden_at is null
                  order by k.is_primary desc, k.created_at limit 1),
        'email', (select k.canonical from contacts k where k.org_id = p_org and k.customer_id = c.id and k.kind = 'email' and k.hidden_at is null
                  order by k.is_primary desc, k.created_at limit 1),
        'tags', (select coalesce(jsonb_agg(t.name order by x.created_at, t.id), '[]') from customer_tags x join tags t on t.org_id = p_org and t.id = x.tag_id
                 where x.org_id = p_org and x.customer_id = c.id),
        'tagIds', (select coalesce(jsonb_agg(x.tag_id order by x.created_at, x.tag_id), '[]') from customer_tags x where x.org_id = p_org and x.customer_id = c.id),
        'fields', (select coalesce(jsonb_object_agg(f.slug, flow_field_value(f.kind, f.options, v.value)), '{}')
                   from field_values v join custom_fields f on f.org_id = p_org and f.id = v.field_id
                   where v.org_id = p_org and v.customer_id = c.id and f.archived_at is null))
      from customers c where c.org_id = p_org and c.id = p_customer);
end $$;

create or replace function flow_chat_json(ch chats) returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('id', ch.id, 'status', ch.status, 'priority', ch.priority, 'teamId', ch.team_id, 'assigneeId', ch.assignee_id,
        'team', (select t.name from teams t where t.org_id = ch.org_id and t.id = ch.team_id),
        'assignee', (select u.name from users u where u.id = ch.assignee_id), 'openedAt', ts_json(ch.opened_at),
        'messageCount', ch.message_count, 'closureTypeId', ch.closure_type_id, 'closureNote', ch.closure_note,
        'closureType', (select x.name from closure_types x where x.org_id = ch.org_id and x.id = ch.closure_type_id), 'visitor', ch.visitor));
end $$;

create or replace function flow_organization_json(o organizations) returns jsonb language sql stable as $$
    select jsonb_build_object('id', o.id, 'name', o.name, 'zone', o.time_zone, 'language', o.language, 'currency', o.currency, 'country', o.country)
$$;

create or replace function flow_context(p_org uuid, ch chats, p_customer uuid) returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('customer', flow_customer_json(p_org, p_customer), 'chat', case when ch.id is not null then flow_chat_json(ch) end,
        'channel', (select jsonb_build_object('id', n.id, 'kind', n.kind, 'name', n.name, 'address', n.address) from channels n
                    where n.org_id = p_org and n.id = ch.channel_id),
        'organization', (select flow_organization_json(o) from organizations o where o.id = p_org)));
end $$;

-- One message as a run reads it.
create or replace function flow_message_json(m messages) returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('seq', m.seq, 'kind', m.kind, 'text', m.content, 'data', m.data, 'atMs', (extract(epoch from m.created_at) * 1000)::bigint,
        'files', case when m.kind in ('image', 'video', 'audio', 'document', 'email') then
            (select coalesce(jsonb_agg(jsonb_build_object('id', f.file_id, 'kind', f.kind, 'name', f.name, 'type', f.type, 'sizeBytes', f.size_bytes)
                    order by f.position), '[]') from message_files f where f.org_id = m.org_id and f.message_id = m.id) else '[]' end));
end $$;

-- What triggers must know of a chat: is this its first message since it was opened, is it the first that this customer ever wrote.
create or replace function flow_start_facts(ch chats, p_seq integer) returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object(
        'first', not exists (select from messages m where m.org_id = ch.org_id and m.chat_id = ch.id and m.seq > coalesce(
                     (select max(e.seq) from messages e where e.org_id = ch.org_id and e.chat_id = ch.id and e.direction = 'event'
                         and e.data->>'what' = 'reopened' and e.seq < p_seq), 0) and m.seq < p_seq and m.direction = 'in'),
        'firstContact', not exists (select from messages m where m.org_id = ch.org_id and m.chat_id = ch.id and m.seq between 1 and p_seq - 1 and m.direction = 'in')
                    and not exists (select from chats o where o.org_id = ch.org_id and o.customer_id = ch.customer_id and o.id <> ch.id and o.inbound_count > 0),
        'openHours', flow_open_hours(ch.org_id, null, ch.channel_id, now())));
end $$;

-- Everything a run must know, with chat and session locked. p: {chatId?, sessionId?, seq?}: by the session, or by the chat whose unfinished one
-- it then is, if any. Null: there is neither. Each statement sees what was committed before it began, so what is read after a lock is what
-- its holder left.
create or replace function flow_load(p_org uuid, p jsonb) returns jsonb language plpgsql as $$
declare
    ch chats;
    s flow_sessions;
    o organizations;
    chat uuid := (p->>'chatId')::uuid;
    customer uuid;
    seen integer;
    waits jsonb;
    candidates jsonb := '[]';
begin
    if p ? 'sessionId' then
        select x.chat_id into chat from flow_sessions x where x.org_id = p_org and x.id = (p->>'sessionId')::uuid;
        if not found then return null; end if;
    end if;
    if chat is not null then
        select * into ch from chats c where c.org_id = p_org and c.id = chat for update;
        if not found then return null; end if;
    end if;
    if p ? 'sessionId' then
        select * into s from flow_sessions x where x.org_id = p_org and x.id = (p->>'sessionId')::uuid for update;
    else
        select * into s from flow_sessions x where x.org_id = p_org and x.chat_id = chat and x.status in ('running', 'waiting', 'paused') for update;
    end if;
    perform set_config('app.flow_chat', coalesce(chat::text, ''), true);
    select * into o from organizations x where x.id = p_org;
    customer := coalesce(ch.customer_id, s.customer_id);
    seen := case when s.id is not null then s.seen_seq else greatest(ch.flow_seq, coalesce((p->>'seq')::integer, 1) - 1) end;
    waits := case when ch.id is null then '[]' else
        (select coalesce(jsonb_agg(flow_message_json(m) order by m.seq), '[]') from
            (select * from messages m where m.org_id = p_org and m.chat_id = ch.id and m.seq > seen and m.direction = 'in' and m.deleted_at is null
                and m.data->>'automatic' is distinct from 'true' order by m.seq limit 50) m) end;
    -- What could begin here, or take the place of what runs.
    if not p ? 'sessionId' and waits <> '[]' then
        candidates := flow_candidates(p_org, case when s.id is null then '{channel,keyword,firstContact}'::text[] else '{keyword}' end, ch.channel_id, s.id is not null);
        if s.id is null and ch.response_flow is not null then
            candidates := flow_response_candidate(ch) || candidates;
        end if;
    end if;
    return jsonb_build_object('session', case when s.id is not null then to_jsonb(s) end,
        'chat', case when ch.id is not null then jsonb_build_object('id', ch.id, 'status', ch.status, 'owner', ch.owner, 'assigneeId', ch.assignee_id,
            'channelId', ch.channel_id, 'customerId', ch.customer_id, 'seq', ch.message_count) end,
        'context', flow_context(p_org, ch, customer),
        'channelKind', (select n.kind from channels n where n.org_id = p_org and n.id = ch.channel_id),
        'minute', (select count(*) from (select m.created_at, m.author_kind, m.direction from messages m where m.org_id = p_org and m.chat_id = ch.id and m.seq > 0
                    order by m.seq desc limit 60) x where x.direction = 'out' and x.author_kind = 'bot' and x.created_at > now() - interval '1 minute'),
        'messages', waits, 'candidates', candidates,
        'facts', case when candidates <> '[]' then flow_start_facts(ch, (waits->0->>'seq')::integer) end,
        'last', case when s.id is not null and ch.id is not null then
            (select flow_message_json(m) from messages m where m.org_id = p_org and m.chat_id = ch.id and m.seq <= seen and m.seq > 0 and m.direction = 'in'
                order by m.seq desc limit 1) end,
        'zone', o.time_zone, 'language', o.language, 'currency', o.currency, 'country', o.country);
end $$;

-- The triggers that a message may fire, the first one first: higher priority of the flow, then of the trigger, then published earlier.
create or replace function flow_candidates(p_org uuid, p_kinds text[], p_channel uuid, p_interrupting boolean) returns jsonb language plpgsql stable as $$
begin
    return (select coalesce(jsonb_agg(jsonb_build_object('flowId', t.flow_id, 'versionId', t.version_id, 'key', t.key, 'kind', t.kind, 'data', t.data,
               'debounceMs', t.debounce_ms) order by t.flow_priority desc, t.priority desc, t.published_at, t.flow_id, t.key), '[]')
      from flow_triggers t where t.org_id = p_org and t.kind = any (p_kinds) and (t.channel_ids = '{}' or p_channel = any (t.channel_ids))
       and (not p_interrupting or t.data->>'interrupts' = 'true'));
end $$;

-- ---- what a run leaves ----------------------------------------------------------------------------------------------------

-- A person must look: the chat is theirs, at the end of the queue it belongs to, with a line that says why.
create or replace function flow_hand_over(p_org uuid, p_chat uuid, p_what text, p_data jsonb, p_waits boolean) returns chats language plpgsql as $$
declare
    ch chats;
begin
    update chats c set owner = 'human', version = c.version + 1, updated_at = now(),
           waiting_since = case when p_waits and c.status <> 'closed' then coalesce(c.waiting_since, now()) else c.waiting_since end
     where c.org_id = p_org and c.id = p_chat returning c.* into ch;
    if p_what is not null and ch.status <> 'closed' then
        ch := inbox_note_event(ch, null, '', p_what, p_data);
    end if;
    perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
    if ch.status = 'pending' and ch.assignee_id is null and ch.snoozed_until is null then
        perform inbox_distribute(p_org, ch.team_id);
    end if;
    return ch;
end $$;

-- p: {session: {columns}, steps: [columns of flow_steps], flow: what the chat shows, own, silent, call: {payload}?, job: {id, taken}?}. All in the
-- transaction of flow_load. The job that woke the run ends with it; one that is somebody else's by now undoes it (409 JOB_LOST).
create or replace function flow_save(p_org uuid, p jsonb) returns bigint language plpgsql as $$
declare
    s flow_sessions := jsonb_populate_record(null::flow_sessions, p->'session');
    was text;
    ch chats;
    over boolean;
begin
    s.org_id := p_org;
    s.updated_at := now();
    over := s.status in ('done', 'failed', 'stopped');
    s.ended_at := case when over then coalesce(s.ended_at, now()) end;
    select x.status into was from flow_sessions x where x.org_id = p_org and x.id = s.id;
    if found then
        update flow_sessions x set status = s.status, version_id = s.version_id, flow_id = s.flow_id, node = s.node, wait = s.wait, wake_at = s.wake_at, vars = s.vars,
               stack = s.stack, seen_seq = s.seen_seq, steps = s.steps, sent = s.sent, calls = s.calls, token = x.token + 1, error = s.error, ended_how = s.ended_how,
               test = s.test, clock_offset_ms = s.clock_offset_ms, updated_at = now(), ended_at = s.ended_at
         where x.org_id = p_org and x.id = s.id returning x.* into s;
    else
        s.started_at := coalesce(s.started_at, now());
        insert into flow_sessions select s.*;
    end if;
    insert into flow_steps (org_id, session_id, n, flow_id, version_id, node, type, what, port, data, error, took_us, at)
    select p_org, s.id, t.n, t.flow_id, t.version_id, t.node, t.type, t.what, t.port, t.data, t.error, t.took_us, t.at
      from jsonb_populate_recordset(null::flow_steps, p->'steps') t;

    if s.test is null then
        if s.wake_at is null then
            perform flow_timer_drop(s);
        else
            insert into jobs (org_id, kind, payload, due_at, unique_key)
            values (p_org, 'flow.wake', jsonb_build_object('sessionId', s.id, 'token', s.token), s.wake_at, 'flow.wake:' || s.id)
            on conflict (org_id, unique_key) where unique_key is not null and state in ('waiting', 'blocked')
            do update set due_at = excluded.due_at, payload = excluded.payload;
        end if;
    end if;
    if p ? 'call' then
        insert into jobs (org_id, kind, payload) values (p_org, 'flow.http', (p->'call') || jsonb_build_object('sessionId', s.id, 'token', s.token));
    end if;

    if s.chat_id is not null and not coalesce((p->>'silent')::boolean, false) then
        update chats c set
               owner = case when over or c.status = 'closed' then 'human' when p->>'own' = 'true' then 'bot' else c.owner end,
               flow = case when over or c.status = 'closed' then null else p->'flow' end,
               flow_seq = greatest(c.flow_seq, s.seen_seq),
               response_flow = case when was is null and s.trigger->>'kind' = 'response' then null else c.response_flow end,
               version = c.version + (case when over or was is null then 1 else 0 end), updated_at = now()
         where c.org_id = p_org and c.id = s.chat_id returning c.* into ch;
        if s.status = 'failed' then
            ch := flow_hand_over(p_org, s.chat_id, 'flow_failed', jsonb_build_object('sessionId', s.id, 'flowId', s.flow_id, 'name', p->'flow'->>'name',
                                 'code', s.error->>'code', 'message', s.error->>'message'), true);
        elsif s.status = 'done' and coalesce(s.ended_how, 'end') in ('', 'end') then
            ch := flow_hand_over(p_org, s.chat_id, null, null, false);
        elsif was is null or over then
            perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
        end if;
        perform flow_session_event(s, ch.team_id, ch.assignee_id);
    end if;
    if p ? 'job' and not job_done((p#>>'{job,id}')::bigint, (p#>>'{job,taken}')::bigint, null) then perform fault(409, 'JOB_LOST'); end if;
    return s.token;
end $$;

-- A chat was kept for a flow (inbox_receive), and none wants it.
create or replace function flow_unclaim(p_org uuid, p_chat uuid, p_seq integer) returns void language plpgsql as $$
begin
    update chats c set flow_seq = greatest(c.flow_seq, p_seq) where c.org_id = p_org and c.id = p_chat;
    perform flow_hand_over(p_org, p_chat, null, null, false);
end $$;

-- The running session gives way to another flow. The chat is locked.
create or replace function flow_replaced(p_org uuid, p_session uuid) returns void language sql as $$
    select flow_session_end(s, 'replaced') from flow_sessions s where s.org_id = p_org and s.id = p_session and s.status in ('running', 'waiting', 'paused')
$$;

-- ---- starting -------------------------------------------------------------------------------------------------------------

-- A new session of a flow's live version and the job that runs it. p: {flowId, chatId, customerId, trigger, vars, replace, sessionId?}. Answers
-- the session's id. 409 FLOW_NOT_LIVE, FLOW_RUNNING {sessionId}, CHAT_CLOSED; 404 CHAT_NOT_FOUND.
create or replace function flow_start(p_org uuid, p jsonb) returns uuid language plpgsql as $$
declare
    f flows;
    v flow_versions;
    ch chats;
    s flow_sessions;
begin
    select * into f from flows x where x.org_id = p_org and x.id = (p->>'flowId')::uuid and x.deleted_at is null;
    if not found or not f.enabled or f.version_id is null then perform fault(409, 'FLOW_NOT_LIVE', 'flowId'); end if;
    select * into v from flow_versions x where x.org_id = p_org and x.id = f.version_id;
    s.id := coalesce((p->>'sessionId')::uuid, uuid_v7());
    if p->>'chatId' is not null then
        select * into ch from chats c where c.org_id = p_org and c.id = (p->>'chatId')::uuid for update;
        if not found then perform fault(404, 'CHAT_NOT_FOUND', 'chatId'); end if;
    elsif f.kind = 'general' then
        perform fault(404, 'CHAT_NOT_FOUND', 'chatId');
    end if;
    if f.kind = 'general' then
        if ch.status = 'closed' then perform fault(409, 'CHAT_CLOSED', 'chatId'); end if;
        select * into s from flow_sessions x where x.org_id = p_org and x.chat_id = ch.id and x.status in ('running', 'waiting', 'paused') for update;
        if found then
            if not coalesce((p->>'replace')::boolean, false) then
                perform fault(409, 'FLOW_RUNNING', 'chatId', jsonb_build_object('sessionId', s.id));
            end if;
            perform flow_session_end(s, 'replaced');
        end if;
    end if;
    s := null;
    s.org_id := p_org; s.id := coalesce((p->>'sessionId')::uuid, uuid_v7()); s.flow_id := f.id; s.version_id := v.id; s.status := 'running';
    s.chat_id := case when f.kind = 'general' then ch.id end; s.customer_id := coalesce(ch.customer_id, (p->>'customerId')::uuid); s.channel_id := ch.channel_id;
    s.vars := coalesce(p->'vars', '{}'); s.stack := '[]'; s.seen_seq := coalesce(ch.message_count, 0); s.steps := 0; s.sent := 0; s.calls := 0; s.token := 1;
    s.debounce_ms := coalesce((v.graph->'settings'->>'debounceMs')::integer, 0); s.trigger := coalesce(p->'trigger', '{}'); s.ended_how := '';
    s.clock_offset_ms := 0; s.started_at := now(); s.updated_at := now();
    insert into flow_sessions select s.*;
    update chats c set owner = 'bot', flow = jsonb_build_object('sessionId', s.id, 'flowId', f.id, 'name', v.name, 'nodeName', '', 'status', 'running'),
           version = c.version + 1, updated_at = now()
     where c.org_id = p_org and c.id = s.chat_id returning c.* into ch;
    if found then perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id); end if;
    insert into jobs (org_id, kind, payload) values (p_org, 'flow.run', jsonb_build_object('sessionId', s.id, 'token', s.token));
    return s.id;
end $$;

-- The triggers of a flow's live version, made anew; none of a flow that is switched off, never published, or removed.
create or replace function flow_triggers_put(p_org uuid, p_flow uuid) returns void language sql as $$
    delete from flow_triggers t where t.org_id = p_org and t.flow_id = p_flow;
    insert into flow_triggers (org_id, flow_id, key, version_id, kind, channel_ids, words, priority, flow_priority, debounce_ms, silent, data, published_at)
    select p_org, f.id, x.t->>'id', v.id, x.t->>'kind',
           array(select (jsonb_array_elements_text(case when jsonb_typeof(x.t->'channelIds') = 'array' then x.t->'channelIds' else '[]' end))::uuid),
           case when x.t->>'kind' = 'keyword' and x.t->>'match' is distinct from 'regex' then
               array(select flow_plain(btrim(w)) from jsonb_array_elements_text(case when jsonb_typeof(x.t->'words') = 'array' then x.t->'words' else '[]' end) w
                     where btrim(w) <> '') end,
           coalesce((x.t->>'priority')::smallint, 0), f.priority, coalesce((v.graph->'settings'->>'debounceMs')::integer, 0), f.kind <> 'general', x.t - 'id' - 'kind',
           v.published_at
      from flows f join flow_versions v on v.org_id = p_org and v.id = f.version_id
      cross join lateral (select n from jsonb_array_elements(v.graph->'nodes') n where n->>'type' = 'start' limit 1) start
      cross join lateral jsonb_array_elements(case when jsonb_typeof(start.n->'data'->'triggers') = 'array' then start.n->'data'->'triggers' else '[]' end) as x (t)
     where f.org_id = p_org and f.id = p_flow and f.enabled and f.deleted_at is null and coalesce((x.t->>'enabled')::boolean, true)
       and x.t->>'id' is not null and x.t->>'kind' is not null
    on conflict do nothing
$$;

-- An event (job flow.event): what it may start, and what must be known for it. p: {kind, chatId?, customerId, data, sessionId}. Tags, and stages
-- of flows that talk, are for the customer's newest open chat that nobody and no flow has; silent ones of stages work on the newest open one, whoever has it, or on none. Null: nothing to do, or done before.
create or replace function flow_event_load(p_org uuid, p jsonb) returns jsonb language plpgsql as $$
declare
    ch chats;
    o organizations;
    candidates jsonb;
    d jsonb := p->'data';
    quiet boolean := coalesce((p->>'silent')::boolean, false);
begin
    if exists (select from flow_sessions x where x.org_id = p_org and x.id = (p->>'sessionId')::uuid) then return null; end if;
    if p->>'chatId' is not null then
        select * into ch from chats c where c.org_id = p_org and c.id = (p->>'chatId')::uuid for update;
        if not found then return null; end if;
        if p->>'kind' = 'inactivity' and (ch.flow is not null or ch.status = 'closed' or ch.message_count > (d->>'seq')::integer) then return null; end if;
    elsif p->>'kind' in ('tag', 'stage') and not quiet then
        select * into ch from chats c where c.org_id = p_org and c.customer_id = (p->>'customerId')::uuid and c.status <> 'closed' and c.assignee_id is null
           and c.flow is null order by c.last_message_at desc limit 1 for update;
        if not found or ch.flow is not null or ch.assignee_id is not null then return null; end if;
    elsif p->>'kind' = 'stage' then
        select * into ch from chats c where c.org_id = p_org and c.customer_id = (p->>'customerId')::uuid and c.status <> 'closed'
         order by c.last_message_at desc limit 1 for update;
    end if;
    -- What silent flows do to a chat takes it from the flow that runs there, as when a person does it.
    perform set_config('app.flow_chat', case when quiet then '' else coalesce(ch.id::text, '') end, true);
    perform set_config('app.flow_depth', coalesce(p->>'depth', '1'), true);
    select coalesce(jsonb_agg(jsonb_build_object('flowId', t.flow_id, 'versionId', t.version_id, 'key', t.key, 'kind', t.kind, 'data', t.data)
               order by t.flow_priority desc, t.priority desc, t.published_at, t.flow_id, t.key), '[]') into candidates
      from flow_triggers t
     where t.org_id = p_org and t.kind = p->>'kind' and t.silent = quiet and (t.channel_ids = '{}' or ch.channel_id = any (t.channel_ids))
       and case t.kind when 'tag' then t.data->>'tagId' = d->>'tagId' and coalesce(t.data->>'change', 'added') = d->>'change'
                       when 'stage' then t.data->>'stageId' is null or t.data->>'stageId' = d->>'stageId'
                       when 'closing' then t.data->>'closureTypeId' is null or t.data->>'closureTypeId' = d->>'closureTypeId'
                       when 'transfer' then t.data->>'teamId' is null or t.data->>'teamId' = d->>'teamId'
                       when 'inactivity' then t.flow_id = (d->>'flowId')::uuid and t.key = d->>'key'
                       else false end;
    if candidates = '[]' then return null; end if;
    select * into o from organizations x where x.id = p_org;
    return jsonb_build_object('session', null, 'chat', case when ch.id is not null then jsonb_build_object('id', ch.id, 'status', ch.status, 'owner', ch.owner,
            'assigneeId', ch.assignee_id, 'channelId', ch.channel_id, 'customerId', ch.customer_id, 'seq', ch.message_count) end,
        'context', flow_context(p_org, ch, (p->>'customerId')::uuid),
        'channelKind', (select n.kind from channels n where n.org_id = p_org and n.id = ch.channel_id), 'minute', 0, 'messages', '[]'::jsonb,
        'candidates', candidates, 'zone', o.time_zone, 'language', o.language, 'currency', o.currency, 'country', o.country);
end $$;

-- ---- upkeep ---------------------------------------------------------------------------------------------------------------

-- The job that should have run is parked (src/flows/jobs_flows.c): nobody would answer this chat. One of an earlier state of its session is
-- nothing to anybody.
create or replace function flow_parked(p_org uuid, p jsonb) returns void language plpgsql as $$
declare
    s flow_sessions;
    chat uuid := (p->>'chatId')::uuid;
begin
    if p->>'sessionId' is not null then
        select x.chat_id into chat from flow_sessions x where x.org_id = p_org and x.id = (p->>'sessionId')::uuid and x.token = coalesce((p->>'token')::bigint, x.token);
    end if;
    if chat is null then -- a silent one
        update flow_sessions x set status = 'failed', error = '{"code": "RUN_PARKED", "message": "the run could not be completed"}', ended_how = 'RUN_PARKED',
               token = x.token + 1, ended_at = now(), updated_at = now()
         where x.org_id = p_org and x.id = (p->>'sessionId')::uuid and x.status = 'running';
        return;
    end if;
    perform 1 from chats c where c.org_id = p_org and c.id = chat and c.owner = 'bot' for update;
    if not found then return; end if;
    update flow_sessions x set status = 'failed', error = '{"code": "RUN_PARKED", "message": "the run could not be completed"}', ended_how = 'RUN_PARKED',
           token = x.token + 1, ended_at = now(), updated_at = now()
     where x.org_id = p_org and x.chat_id = chat and x.status in ('running', 'waiting') returning x.* into s;
    if s.id is not null then perform flow_timer_drop(s); end if;
    update chats c set flow = null where c.org_id = p_org and c.id = chat;
    perform flow_hand_over(p_org, chat, case when s.id is not null then 'flow_failed' end,
                           jsonb_build_object('sessionId', s.id, 'flowId', s.flow_id, 'code', 'RUN_PARKED', 'name',
                                              coalesce((select f.name from flows f where f.org_id = p_org and f.id = s.flow_id), '')), true);
end $$;

-- Steps of transactions that are certain, since the last time, into flow_counts. Over all organizations, by the transaction that wrote
-- them: none is counted twice or left out. Tests do not count.
create or replace function flow_roll_up() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    last xid8;
    upto xid8 := pg_snapshot_xmin(pg_current_snapshot());
    n bigint;
begin
    select r.xid into last from flow_roll r for update;
    with fresh as (
        select t.org_id, t.flow_id, t.version_id, t.node, t.what, t.port, t.error is not null as failed, (t.at at time zone 'UTC')::date as day
          from flow_steps t where t.xid >= last and t.xid < upto and t.version_id is not null
           and t.at > now() - interval '3 days' -- not what a restored backup brought with the numbers of another cluster
           and not exists (select from flow_sessions s where s.org_id = t.org_id and s.id = t.session_id and s.test is not null)
    ), lines as (
        select f.org_id, f.flow_id, f.version_id, f.node, f.what, '' as port, f.day from fresh f where f.what in ('entered', 'answered', 'timeout')
        union all
        select f.org_id, f.flow_id, f.version_id, f.node, 'left', f.port, f.day from fresh f where f.port is not null
        union all
        select f.org_id, f.flow_id, f.version_id, f.node, 'failed', '', f.day from fresh f where f.failed
    ), added as (
        insert into flow_counts (org_id, flow_id, version_id, node, what, port, day, n)
        select l.org_id, l.flow_id, l.version_id, l.node, l.what, l.port, l.day, count(*) from lines l group by 1, 2, 3, 4, 5, 6, 7
        on conflict (org_id, flow_id, version_id, node, what, port, day) do update set n = flow_counts.n + excluded.n
        returning 1
    )
    select count(*) into n from added;
    update flow_roll r set xid = upto where r.xid < upto;
    return n;
end $$;

create or replace function flow_idle_all() returns void language sql volatile security definer set search_path = pg_catalog, public as $$
    insert into jobs (org_id, kind, unique_key)
    select distinct t.org_id, 'flow.idle.one', 'flow.idle' from flow_triggers t where t.kind = 'inactivity' on conflict do nothing
$$;

-- Chats that have been silent for as long as a trigger says (the job looks at its conditions), but not a day longer: each silence once: until the customer writes again. Who is silent: the customer after
-- our message, or we after theirs. Chats that sleep, are closed or have a flow are left alone.
create or replace function flow_idle(p_org uuid) returns integer language plpgsql as $$
declare
    t record;
    ch chats;
    started integer := 0;
begin
    for t in select x.*, (x.data->>'afterMs')::bigint * interval '1 millisecond' as after from flow_triggers x
              where x.org_id = p_org and x.kind = 'inactivity' order by x.flow_priority desc, x.priority desc, x.published_at, x.flow_id, x.key loop
        for ch in
            select c.* from chats c
             where c.org_id = p_org and c.status <> 'closed' and c.flow is null and c.snoozed_until is null and c.archived_at is null and c.message_count > 0
               and c.last_message_at < now() - t.after and c.last_message_at > now() - t.after - interval '1 day' and c.last_message_at > t.published_at - t.after
               and c.last_message->>'direction' = case t.data->>'who' when 'team' then 'in' else 'out' end
               and (t.channel_ids = '{}' or c.channel_id = any (t.channel_ids))
               and not exists (select from flow_idle i where i.org_id = p_org and i.chat_id = c.id and i.flow_id = t.flow_id and i.key = t.key and i.seq >= c.inbound_count)
             order by c.last_message_at limit 200 for update skip locked
        loop
            insert into flow_idle (org_id, chat_id, flow_id, key, seq) values (p_org, ch.id, t.flow_id, t.key, ch.inbound_count)
            on conflict (org_id, chat_id, flow_id, key) do update set seq = excluded.seq;
            insert into jobs (org_id, kind, payload)
            values (p_org, 'flow.event', jsonb_build_object('kind', 'inactivity', 'chatId', ch.id, 'customerId', ch.customer_id, 'sessionId', uuid_v7(), 'data',
                    jsonb_build_object('flowId', t.flow_id, 'key', t.key, 'who', t.data->>'who', 'seq', ch.message_count)));
            started := started + 1;
        end loop;
    end loop;
    return started;
end $$;

-- A part of the sessions that ended so long ago, with their logs. Returns how many.
create or replace function flow_clean(p_days integer) returns bigint
language sql volatile security definer set search_path = pg_catalog, public as $$
    with old as (
        delete from flow_sessions s using (
            (select x.org_id, x.id from flow_sessions x where x.test is null and x.ended_at < now() - make_interval(days => p_days) order by x.ended_at limit 500)
            union all   -- also tests that nobody brought to their end
            (select x.org_id, x.id from flow_sessions x where x.test is not null and x.updated_at < now() - interval '2 days' limit 500)) o
        where s.org_id = o.org_id and s.id = o.id returning 1)
    select count(*) from old
$$;
