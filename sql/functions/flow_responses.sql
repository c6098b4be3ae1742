-- A flow that waits for the customer's answer (chats.response_flow; chat/create's responseFlowId). It starts with the next message of the
-- customer that no flow takes, before any trigger is looked at. It goes when a later one takes its place, somebody takes the chat or answers
-- from the phone, the chat is closed, or the flow is not live any more when the message comes.

create or replace function flow_response_set(p_org uuid, p_chat uuid, p_flow uuid, p_vars jsonb) returns void language plpgsql as $$
declare
    f flows;
    ch chats;
begin
    select * into f from flows x where x.org_id = p_org and x.id = p_flow and x.deleted_at is null;
    if not found or not f.enabled or f.version_id is null or f.kind <> 'general' then perform fault(409, 'FLOW_NOT_LIVE', 'responseFlowId'); end if;
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found then perform fault(404, 'CHAT_NOT_FOUND'); end if;
    if ch.status = 'closed' then perform fault(409, 'CHAT_CLOSED'); end if;
    if ch.assignee_id is not null then perform fault(409, 'CHAT_TAKEN'); end if;
    update chats c set response_flow = jsonb_build_object('flowId', f.id, 'name', f.name, 'at', ts_json(now()), 'vars', p_vars),
           version = c.version + 1, updated_at = now()
     where c.org_id = p_org and c.id = p_chat returning c.* into ch;
    perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
end $$;

create or replace function flow_response_drop(p_org uuid, p_chat uuid) returns void language plpgsql as $$
declare
    ch chats;
begin
    update chats c set response_flow = null, version = c.version + 1, updated_at = now()
     where c.org_id = p_org and c.id = p_chat and c.response_flow is not null returning c.* into ch;
    if found then perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id); end if;
end $$;

-- As flow_candidates() names triggers: none when it is not live any more.
create or replace function flow_response_candidate(ch chats) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('flowId', f.id, 'versionId', f.version_id, 'key', null, 'kind', 'response', 'data', '{}'::jsonb,
               'vars', ch.response_flow->'vars', 'debounceMs', coalesce((v.graph->'settings'->>'debounceMs')::integer, 0))), '[]')
      from flows f join flow_versions v on v.org_id = f.org_id and v.id = f.version_id
     where f.org_id = ch.org_id and f.id = (ch.response_flow->>'flowId')::uuid and f.enabled and f.deleted_at is null
$$;

-- Somebody took the chat, or it is over.
create or replace function flow_response_changing() returns trigger language plpgsql as $$
begin
    if new.status = 'closed' or new.assignee_id is not null and new.assignee_id is distinct from old.assignee_id then
        new.response_flow := null;
    end if;
    return new;
end $$;
create or replace trigger flow_response_changing before update on chats for each row
    when (old.response_flow is not null) execute function flow_response_changing();
