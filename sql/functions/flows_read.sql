-- Sessions as people see them.

-- A node's name in a graph: the person's, else its type.
create or replace function flow_node_name(p_graph jsonb, p_node text) returns text language sql immutable as $$
    select coalesce(nullif(n->>'name', ''), n->>'type') from jsonb_array_elements(p_graph->'nodes') n where n->>'id' = p_node limit 1
$$;

-- The graph in which a session stands now: the innermost flow that was called, its own, or the draft of a test.
create or replace function flow_session_graph(s flow_sessions) returns jsonb language sql stable as $$
    select coalesce((select v.graph from flow_versions v where v.org_id = s.org_id
                     and v.id = coalesce((s.stack->-1->>'versionId')::uuid, s.version_id)),
                    s.test#>array['drafts', s.stack->-1->>'versionId', 'graph'], s.test->'graph')
$$;

create or replace function flow_session_json(s flow_sessions) returns jsonb language sql stable as $$
    select jsonb_build_object('id', s.id, 'flowId', s.flow_id,
        'version', (select v.number from flow_versions v where v.org_id = s.org_id and v.id = s.version_id),
        'test', s.test is not null, 'status', s.status, 'endedHow', s.ended_how, 'chatId', s.chat_id, 'customerId', s.customer_id,
        'customerName', coalesce((select customer_display(c) from customers c where c.org_id = s.org_id and c.id = s.customer_id), s.test#>>'{context,customer,name}'),
        'channelId', s.channel_id, 'nodeId', s.node, 'nodeName', flow_node_name(flow_session_graph(s), s.node),
        'wait', case when s.wait->>'kind' is not null then jsonb_build_object('kind', s.wait->>'kind', 'nodeId', s.wait->>'nodeId', 'until', ts_json(s.wake_at),
                     'request', case when s.wait->>'kind' = 'http' then nullif(s.test->'request', 'null') end) end,
        'steps', s.steps, 'trigger', s.trigger, 'error', s.error, 'startedAt', ts_json(s.started_at), 'updatedAt', ts_json(s.updated_at),
        'endedAt', ts_json(s.ended_at))
$$;

-- With its log (the last 500 lines) and, for tests, what was said and the virtual time.
create or replace function flow_session_detail(s flow_sessions) returns jsonb language sql stable as $$
    select flow_session_json(s) || jsonb_build_object('vars', s.vars,
        'log', (select coalesce(jsonb_agg(jsonb_build_object('n', x.n, 'at', ts_json(x.at), 'nodeId', x.node, 'type', x.type, 'what', x.what, 'flowId', x.flow_id,
                    'name', coalesce(flow_node_name(v.graph, x.node), flow_node_name(s.test#>array['drafts', x.version_id::text, 'graph'], x.node),
                        flow_node_name(s.test->'graph', x.node), x.type), 'port', x.port, 'us', x.took_us,
                    'ms', round(x.took_us / 1000.0), 'data', coalesce(x.data, '{}'), 'error', x.error) order by x.n), '[]')
                from (select * from flow_steps t where t.org_id = s.org_id and t.session_id = s.id order by t.n desc limit 500) x
                left join flow_versions v on v.org_id = s.org_id and v.id = x.version_id))
        || case when s.test is null then '{}' else jsonb_build_object('transcript', s.test->'transcript', 'httpReal', s.test->'httpReal',
               'clock', ts_json(coalesce(to_timestamp((s.test->>'clockMs')::bigint / 1000.0), now() + s.clock_offset_ms * interval '1 millisecond'))) end
$$;

-- One that may be seen: of a test by whoever may see flows, of a chat by whoever sees it, of none by whoever sees all.
create or replace function flow_session_seen(s flow_sessions, p_actor uuid, p_sees_all boolean, p_teams uuid[]) returns boolean language sql stable as $$
    select s.test is not null or p_sees_all or exists (select from chats c where c.org_id = s.org_id and c.id = s.chat_id
                                                       and (c.assignee_id = p_actor or c.team_id = any (p_teams)))
$$;

-- A person's hand on a session. p_what: stop, pause, resume, retry. p: {skip: resume without what was written meanwhile}.
create or replace function flow_session_change(p_org uuid, p_session uuid, p_what text, p_skip boolean) returns jsonb language plpgsql as $$
declare
    s flow_sessions;
    ch chats;
    chat uuid;
begin
    select x.chat_id into chat from flow_sessions x where x.org_id = p_org and x.id = p_session;
    if not found then perform fault(404, 'SESSION_NOT_FOUND'); end if;
    if chat is not null then
        select * into ch from chats c where c.org_id = p_org and c.id = chat for update;
    end if;
    select * into s from flow_sessions x where x.org_id = p_org and x.id = p_session for update;
    if p_what = 'stop' then
        if s.status not in ('running', 'waiting', 'paused') then perform fault(409, 'SESSION_OVER'); end if;
        perform flow_session_end(s, 'stopped');
        update chats c set flow = null, flow_seq = greatest(c.flow_seq, c.message_count) where c.org_id = p_org and c.id = chat;
        if ch.id is not null then perform flow_hand_over(p_org, chat, null, null, true); end if;
    elsif p_what = 'pause' then
        if s.status not in ('running', 'waiting') or ch.id is null then perform fault(409, 'SESSION_OVER'); end if;
        perform flow_hand_over(p_org, chat, null, null, true); -- the chats' trigger pauses it
    elsif p_what = 'resume' then
        if s.status <> 'paused' then perform fault(409, 'SESSION_NOT_PAUSED'); end if;
        update flow_sessions x set status = case when x.wait->>'kind' is null then 'running' else 'waiting' end, ended_how = '', token = x.token + 1, updated_at = now(),
               seen_seq = case when p_skip then ch.message_count else x.seen_seq end
         where x.org_id = p_org and x.id = s.id returning x.* into s;
        update chats c set owner = 'bot', flow = c.flow || jsonb_build_object('status', s.status), waiting_since = null, version = c.version + 1
         where c.org_id = p_org and c.id = chat returning c.* into ch;
        perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
        if s.wake_at is not null then
            insert into jobs (org_id, kind, payload, due_at, unique_key)
            values (p_org, 'flow.wake', jsonb_build_object('sessionId', s.id, 'token', s.token), s.wake_at, 'flow.wake:' || s.id) on conflict do nothing;
        end if;
        -- A call that was answered meanwhile is made again, with the same idempotency key.
        insert into jobs (org_id, kind, payload)
        select p_org, case when s.wait->>'kind' = 'http' then 'flow.http' else 'flow.run' end,
               coalesce(case when s.wait->>'kind' = 'http' then s.wait->'request' end, '{}') || jsonb_build_object('sessionId', s.id, 'token', s.token);
        perform flow_session_event(s, ch.team_id, ch.assignee_id);
    elsif p_what = 'retry' then
        if s.status <> 'failed' or s.test is not null then perform fault(409, 'SESSION_NOT_FAILED'); end if;
        if exists (select from flow_versions v where v.org_id = p_org and v.id = s.version_id and v.kind <> 'general') then
            -- A silent one has no part in whose the chat is: it stays as it is until the job has run.
            update flow_sessions x set token = x.token + 1, updated_at = now() where x.org_id = p_org and x.id = s.id returning x.* into s;
            insert into jobs (org_id, kind, payload) values (p_org, 'flow.run', jsonb_build_object('sessionId', s.id, 'token', s.token, 'retry', true));
            return flow_session_json(s);
        end if;
        if ch.id is null or ch.status = 'closed' then perform fault(409, 'CHAT_CLOSED'); end if;
        update flow_sessions x set status = 'running', error = null, ended_how = '', ended_at = null, token = x.token + 1, updated_at = now(), seen_seq = ch.message_count
         where x.org_id = p_org and x.id = s.id returning x.* into s;     -- FLOW_RUNNING when another one runs there
        update chats c set owner = 'bot', flow = jsonb_build_object('sessionId', s.id, 'flowId', s.flow_id, 'status', 'running', 'nodeName',
               coalesce(flow_node_name(flow_session_graph(s), s.node), ''), 'name', (select f.name from flows f where f.org_id = p_org and f.id = s.flow_id)),
               version = c.version + 1
         where c.org_id = p_org and c.id = chat returning c.* into ch;
        perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
        insert into jobs (org_id, kind, payload) values (p_org, 'flow.run', jsonb_build_object('sessionId', s.id, 'token', s.token, 'retry', true));
        perform flow_session_event(s, ch.team_id, ch.assignee_id);
    end if;
    select * into s from flow_sessions x where x.org_id = p_org and x.id = p_session;
    return flow_session_json(s);
end $$;
