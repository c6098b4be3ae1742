-- What flows do to chats and customers, as their hosts ask for it (src/flows/host_live.c). The chat's row is locked by flow_load().

create or replace function flow_actor(p_name text) returns crm_actor language sql immutable as $$
    select row(null, 'system', p_name, '', '', true, true, '{}')::crm_actor
$$;

-- To a team, a person, or both. p: {teamId, userId, priority, note, name}. Nobody given: whoever is next in the chat's own queue.
create or replace function flow_transfer(p_org uuid, p_chat uuid, p jsonb) returns boolean language plpgsql as $$
declare
    ch chats;
    team teams;
    person text;
    changes jsonb := '{"snoozed_until": null}';
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found then perform fault(422, 'NO_CHAT'); end if;
    if ch.status = 'closed' then perform fault(409, 'CHAT_CLOSED'); end if;
    if p->>'teamId' is not null then
        select * into team from teams t where t.org_id = p_org and t.id = (p->>'teamId')::uuid;
        if not found then perform fault(422, 'TEAM_NOT_FOUND'); end if;
        changes := changes || jsonb_build_object('team_id', team.id);
    end if;
    if p->>'userId' is not null then
        select u.name into person from memberships m join users u on u.id = m.user_id
         where m.org_id = p_org and m.user_id = (p->>'userId')::uuid and m.status = 'active';
        if not found then perform fault(422, 'USER_NOT_FOUND'); end if;
    end if;
    changes := changes || jsonb_build_object('assignee_id', p->>'userId', 'status', case when person is null then 'pending' else 'in_progress' end);
    if (p->>'priority')::integer between 0 and 3 then
        changes := changes || jsonb_build_object('priority', (p->>'priority')::integer);
    end if;
    -- First whose it is, so that the queue that it now enters gives it out.
    update chats c set owner = 'human', waiting_since = coalesce(c.waiting_since, now()) where c.org_id = p_org and c.id = p_chat;
    perform inbox_change(p_org, p_chat, changes, 'transferred', jsonb_build_object('userId', p->>'userId', 'userName', person, 'teamId', team.id,
                         'teamName', team.name, 'note', coalesce(p->>'note', ''), 'flow', p->>'name'), null, p->>'name');
    return true;
end $$;

create or replace function flow_note(p_org uuid, p_chat uuid, p jsonb) returns boolean language plpgsql as $$
begin
    perform inbox_note(p_org, p_chat, jsonb_build_object('id', uuid_v7(), 'content', p->>'content', 'clientId', p->>'clientId', 'authorKind', 'bot',
                       'authorName', p->>'name'));
    return true;
end $$;

-- The same rules as for people: a type that exists, its note, the fields that must be filled. p: {closureTypeId, note, name}.
create or replace function flow_close(p_org uuid, p_chat uuid, p jsonb) returns boolean language plpgsql as $$
declare
    ch chats;
    kind closure_types;
    missing text[];
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found then perform fault(422, 'NO_CHAT'); end if;
    if ch.status = 'closed' then perform fault(409, 'CHAT_CLOSED'); end if;
    if p->>'closureTypeId' is not null then
        select * into kind from closure_types t where t.org_id = p_org and t.id = (p->>'closureTypeId')::uuid and t.archived_at is null;
        if not found then perform fault(422, 'CLOSURE_TYPE_NOT_FOUND'); end if;
        if kind.needs_note and btrim(coalesce(p->>'note', '')) = '' then perform fault(422, 'NOTE_REQUIRED'); end if;
    end if;
    missing := crm_missing_fields(p_org, ch.customer_id);
    if missing <> '{}' then perform fault(409, 'FIELDS_REQUIRED', null, jsonb_build_object('missing', missing)); end if;
    perform inbox_change(p_org, p_chat, jsonb_build_object('status', 'closed', 'closure_type_id', kind.id, 'closure_note', coalesce(p->>'note', ''),
                         'snoozed_until', null), 'closed', jsonb_build_object('closureTypeId', kind.id, 'note', coalesce(p->>'note', ''), 'flow', p->>'name'),
                         null, p->>'name');
    return true;
end $$;

-- Is a team at work now; without one the channel, or the organization where the channel has no hours of its own.
-- On a holiday nobody is.
create or replace function flow_open_hours(p_org uuid, p_team uuid, p_channel uuid, p_at timestamptz) returns boolean language plpgsql stable as $$
declare
    o organizations;
    hours jsonb;
begin
    select * into o from organizations x where x.id = p_org;
    if p_team is not null then
        select t.hours into hours from teams t where t.org_id = p_org and t.id = p_team;
        if not found then perform fault(422, 'TEAM_NOT_FOUND'); end if;
    else
        select n.hours into hours from channels n where n.org_id = p_org and n.id = p_channel;
        hours := coalesce(hours, o.settings->'hours');
    end if;
    return hours_open(hours, o.time_zone, p_at) and not is_holiday(o, p_at);
end $$;

-- Custom fields by their slugs, for the program to read values with.
create or replace function flow_field_defs(p_org uuid, p_slugs text[]) returns jsonb language sql stable as $$
    select coalesce(jsonb_object_agg(f.slug, jsonb_build_object('id', f.id, 'kind', f.kind, 'options', f.options)), '{}')
      from custom_fields f where f.org_id = p_org and f.slug = any (p_slugs) and f.archived_at is null
$$;

-- Each answers the customer as it now is, for the run's context.
create or replace function flow_customer_set(p_org uuid, p_customer uuid, p_name text, p jsonb) returns jsonb language plpgsql as $$
begin
    perform crm_customer_update(p_org, flow_actor(p_name), p_customer, p);
    return flow_customer_json(p_org, p_customer);
end $$;

create or replace function flow_customer_tag(p_org uuid, p_customer uuid, p_name text, p_tag uuid, p_on boolean) returns jsonb language plpgsql as $$
begin
    if not exists (select from tags t where t.org_id = p_org and t.id = p_tag) then perform fault(422, 'TAG_NOT_FOUND'); end if;
    perform crm_customer_tag(p_org, flow_actor(p_name), p_customer, p_tag, null, p_on);
    return flow_customer_json(p_org, p_customer);
end $$;

create or replace function flow_customer_stage(p_org uuid, p_customer uuid, p_name text, p_stage uuid, p_note text, p_chat uuid) returns jsonb
language plpgsql as $$
begin
    if not exists (select from stages t where t.org_id = p_org and t.id = p_stage) then perform fault(422, 'STAGE_NOT_FOUND'); end if;
    perform crm_customer_stage(p_org, flow_actor(p_name), p_customer, p_stage, null, p_note, p_chat);
    return flow_customer_json(p_org, p_customer);
end $$;

-- ---- what starts flows besides messages -----------------------------------------------------------------------------------

-- Something happened that flows may be for: one look whether there are any, then a job for those that are silent, and one for those that talk.
-- A chain of flows that set each other off is cut (app.flow_depth says how deep this transaction is in one).
create or replace function flow_happened(p_org uuid, p_kind text, p_chat uuid, p_customer uuid, p_data jsonb) returns void language plpgsql as $$
declare
    depth integer := coalesce(nullif(current_setting('app.flow_depth', true), ''), '0')::integer;
begin
    if depth >= 8 then return; end if;
    insert into jobs (org_id, kind, payload)
    select p_org, 'flow.event', jsonb_build_object('kind', p_kind, 'silent', t.silent, 'chatId', p_chat, 'customerId', p_customer, 'data', p_data,
                                                   'depth', depth + 1, 'sessionId', uuid_v7())
      from (select distinct x.silent from flow_triggers x where x.org_id = p_org and x.kind = p_kind) t;
end $$;

create or replace function flow_on_tag() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform flow_happened(new.org_id, 'tag', null, new.customer_id, jsonb_build_object('tagId', new.tag_id, 'change', 'added'));
    else
        perform flow_happened(old.org_id, 'tag', null, old.customer_id, jsonb_build_object('tagId', old.tag_id, 'change', 'removed'));
    end if;
    return null;
end $$;
create or replace trigger flow_on_tag after insert or delete on customer_tags for each row execute function flow_on_tag();

create or replace function flow_on_stage() returns trigger language plpgsql as $$
begin
    perform flow_happened(new.org_id, 'stage', null, new.id, jsonb_build_object('stageId', new.stage_id, 'previousStageId', old.stage_id));
    return null;
end $$;
create or replace trigger flow_on_stage after update of stage_id on customers for each row
    when (old.stage_id is distinct from new.stage_id) execute function flow_on_stage();

create or replace function flow_on_chat() returns trigger language plpgsql as $$
begin
    if new.status = 'closed' and old.status <> 'closed' then
        perform flow_happened(new.org_id, 'closing', new.id, new.customer_id, jsonb_build_object('closureTypeId', new.closure_type_id));
    end if;
    if new.team_id is not null and new.team_id is distinct from old.team_id then
        perform flow_happened(new.org_id, 'transfer', new.id, new.customer_id, jsonb_build_object('teamId', new.team_id, 'previousTeamId', old.team_id));
    end if;
    return null;
end $$;
create or replace trigger flow_on_chat after update of status, team_id on chats for each row
    when (new.status = 'closed' and old.status <> 'closed' or new.team_id is not null and new.team_id is distinct from old.team_id) execute function flow_on_chat();
