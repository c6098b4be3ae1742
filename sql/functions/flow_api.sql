-- Flows as the API shows and changes them. What runs and what starts them: flows*.sql beside it.

-- What a list shows of a graph's triggers.
create or replace function flow_graph_triggers(p_graph jsonb) returns jsonb
language sql immutable as $$
    select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'kind', t.x->>'kind', 'enabled', coalesce(t.x->>'enabled', 'true') = 'true', 'channelIds', t.x->'channelIds',
               'words', case when jsonb_array_length(case when jsonb_typeof(t.x->'words') = 'array' then t.x->'words' else '[]' end) > 0
                        then (select jsonb_agg(left(w.w #>> '{}', 60)) from (select w from jsonb_array_elements(t.x->'words') w limit 10) w) end)) order by t.place), '[]')
    from jsonb_array_elements(p_graph->'nodes') n
    cross join jsonb_array_elements(case when jsonb_typeof(n->'data'->'triggers') = 'array' then n->'data'->'triggers' else '[]' end)
               with ordinality t (x, place)
    where n->>'type' = 'start'
$$;

-- A flow in lists.
create or replace function flow_json(f flows) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'id', f.id, 'name', f.name, 'kind', f.kind, 'enabled', f.enabled, 'priority', f.priority, 'publishedVersion', f.published_version,
        'draftRevision', f.draft_revision, 'changed', f.changed, 'triggers', f.triggers, 'nodeCount', f.node_count,
        'sessionsRunning', (select count(*) from flow_sessions s where s.org_id = f.org_id and s.flow_id = f.id
                            and s.status in ('running', 'waiting', 'paused') and s.test is null),
        'draftAt', ts_json(f.draft_at), 'draftBy', f.draft_by, 'createdAt', ts_json(f.created_at))
$$;

-- One flow with its draft.
create or replace function flow_detail_json(f flows) returns jsonb
language sql stable as $$
    select flow_json(f) || jsonb_build_object('draft', f.draft, 'problems', f.problems,
        'published', (select jsonb_build_object('number', v.number, 'at', ts_json(v.published_at), 'by', v.published_by, 'note', v.note)
                      from flow_versions v where v.org_id = f.org_id and v.id = f.version_id))
$$;

-- A version in lists; sessions: unfinished ones that run on it.
create or replace function flow_version_json(v flow_versions) returns jsonb
language sql stable as $$
    select jsonb_build_object('number', v.number, 'note', v.note, 'by', v.published_by, 'at', ts_json(v.published_at),
        'tests', v.tests, 'live', exists (select from flows f where f.org_id = v.org_id and f.id = v.flow_id and f.version_id = v.id),
        'sessions', (select count(*) from flow_sessions s where s.org_id = v.org_id and s.version_id = v.id
                     and s.status in ('running', 'waiting', 'paused') and s.test is null))
$$;

-- Pages that show flows hear of every change of one.
create or replace function flow_news(p_org uuid, p_flow uuid, p_what text, p_revision integer default null, p_user uuid default null)
returns void language sql as $$
    insert into events (org_id, type, permission, payload)
    values (p_org, 'flow.changed', permission_number('flows.view'),
            jsonb_strip_nulls(jsonb_build_object('flowId', p_flow, 'what', p_what, 'revision', p_revision, 'userId', p_user)))
$$;

-- The row under lock, or 404.
create or replace function flow_locked(p_org uuid, p_flow uuid) returns flows
language plpgsql as $$
declare
    f flows;
begin
    select * into f from flows x where x.org_id = p_org and x.id = p_flow and x.deleted_at is null for update;
    if not found then
        perform fault(404, 'FLOW_NOT_FOUND');
    end if;
    return f;
end $$;

-- The files that the draft names (those that whoever saved it may use).
create or replace function flow_files_put(p_org uuid, p_flow uuid, p_files uuid[]) returns void
language plpgsql as $$
begin
    delete from flow_files x where x.org_id = p_org and x.flow_id = p_flow and not x.pinned and x.file_id <> all (p_files);
    insert into flow_files (org_id, flow_id, file_id)
    select p_org, p_flow, f.id from files f where f.org_id = p_org and f.id = any (p_files) order by f.id
    on conflict do nothing;
end $$;

-- A new flow, as a draft.
create or replace function flow_add(p_org uuid, p_name text, p_kind text, p_graph jsonb, p_problems jsonb, p_files uuid[], p_actor uuid)
returns flows language plpgsql as $$
declare
    f flows;
begin
    insert into flows (org_id, name, kind, draft, problems, draft_by, created_by, node_count, triggers)
    values (p_org, p_name, p_kind, p_graph, p_problems, p_actor, p_actor, jsonb_array_length(p_graph->'nodes'), flow_graph_triggers(p_graph))
    returning * into f;
    perform flow_files_put(p_org, f.id, p_files);
    perform flow_news(p_org, f.id, 'created', f.draft_revision, p_actor);
    return f;
end $$;

-- A draft of somebody who saw p_revision.
create or replace function flow_draft_save(p_org uuid, p_flow uuid, p_revision integer, p_graph jsonb, p_problems jsonb, p_files uuid[],
                                           p_actor uuid)
returns flows language plpgsql as $$
declare
    f flows := flow_locked(p_org, p_flow);
    live jsonb;
begin
    if f.draft_revision <> p_revision then
        perform fault(409, 'REVISION_CONFLICT', null,
                      jsonb_build_object('revision', f.draft_revision, 'by', f.draft_by, 'at', ts_json(f.draft_at)));
    end if;
    select v.graph into live from flow_versions v where v.org_id = p_org and v.id = f.version_id;
    update flows x set draft = p_graph, problems = p_problems, draft_revision = x.draft_revision + 1, draft_by = p_actor, draft_at = now(),
        updated_at = now(), changed = live is distinct from p_graph, node_count = jsonb_array_length(p_graph->'nodes'),
        triggers = case when x.version_id is null then flow_graph_triggers(p_graph) else x.triggers end
    where x.org_id = p_org and x.id = p_flow returning * into f;
    perform flow_files_put(p_org, p_flow, p_files);
    perform flow_news(p_org, p_flow, 'draft', f.draft_revision, p_actor);
    return f;
end $$;

-- The draft, which was checked under the same lock, becomes the live version. The first one switches the flow on.
-- p_tests: how the recorded tests went; null: there were none.
drop function if exists flow_publish(uuid, uuid, text, uuid);
create or replace function flow_publish(p_org uuid, p_flow uuid, p_note text, p_actor uuid, p_tests jsonb) returns flows
language plpgsql as $$
declare
    f flows := flow_locked(p_org, p_flow);
    v flow_versions;
begin
    insert into flow_versions (org_id, flow_id, number, name, kind, graph, note, published_by, tests)
    values (p_org, p_flow, (select coalesce(max(x.number), 0) + 1 from flow_versions x where x.org_id = p_org and x.flow_id = p_flow),
            f.name, f.kind, f.draft, p_note, p_actor, p_tests)
    returning * into v;
    update flow_files x set pinned = true where x.org_id = p_org and x.flow_id = p_flow and not x.pinned;
    update flows x set version_id = v.id, published_version = v.number, changed = false, enabled = x.enabled or x.version_id is null,
        triggers = flow_graph_triggers(f.draft), updated_at = now()
    where x.org_id = p_org and x.id = p_flow returning * into f;
    perform flow_news(p_org, p_flow, 'published', f.draft_revision, p_actor);
    return f;
end $$;

-- Names as they stand in files: an export names what its graph points to, an import finds it by name here. p_ids: text of ids that
-- the graph holds. Users by e-mail and name: two people may share a name.
create or replace function flow_names(p_org uuid, p_ids uuid[]) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'team', (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from teams t where t.org_id = p_org and t.id = any (p_ids)),
        'tag', (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from tags t where t.org_id = p_org and t.id = any (p_ids)),
        'channel', (select coalesce(jsonb_object_agg(c.id, c.name), '{}') from channels c
                    where c.org_id = p_org and c.id = any (p_ids) and c.deleted_at is null),
        'user', (select coalesce(jsonb_object_agg(u.id, u.name), '{}') from memberships m join users u on u.id = m.user_id
                 where m.org_id = p_org and m.user_id = any (p_ids)),
        'stage', (select coalesce(jsonb_object_agg(s.id, f.name || ' / ' || s.name), '{}') from stages s
                  join funnels f on f.org_id = s.org_id and f.id = s.funnel_id where s.org_id = p_org and s.id = any (p_ids)),
        'closureType', (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from closure_types t
                        where t.org_id = p_org and t.id = any (p_ids) and t.archived_at is null),
        'flow', (select coalesce(jsonb_object_agg(f.id, f.name), '{}') from flows f
                 where f.org_id = p_org and f.id = any (p_ids) and f.deleted_at is null),
        'file', (select coalesce(jsonb_object_agg(f.id, f.name), '{}') from files f where f.org_id = p_org and f.id = any (p_ids)))
$$;

-- The other way: ids of these names, {kind: {name: id}}, without regard to case and accents. p_names: {kind: [names]}. Of two that
-- share a name the older one.
create or replace function flow_ids(p_org uuid, p_names jsonb) returns jsonb
language sql stable as $$
    with wanted as (
        select k.key as kind, n.name from jsonb_each(p_names) k cross join jsonb_array_elements_text(k.value) n (name)
    ), known as (
        select 'team' as kind, t.name, t.id from teams t where t.org_id = p_org and p_names ? 'team'
        union all select 'tag', t.name, t.id from tags t where t.org_id = p_org and p_names ? 'tag'
        union all select 'channel', c.name, c.id from channels c where c.org_id = p_org and c.deleted_at is null and p_names ? 'channel'
        union all select 'user', u.name, u.id from memberships m join users u on u.id = m.user_id
                  where m.org_id = p_org and m.status = 'active' and p_names ? 'user'
        union all select 'stage', f.name || ' / ' || s.name, s.id from stages s join funnels f on f.org_id = s.org_id and f.id = s.funnel_id
                  where s.org_id = p_org and p_names ? 'stage'
        union all select 'closureType', t.name, t.id from closure_types t
                  where t.org_id = p_org and t.archived_at is null and p_names ? 'closureType'
        union all select 'flow', f.name, f.id from flows f where f.org_id = p_org and f.deleted_at is null and p_names ? 'flow'
    ), found as (
        select distinct on (w.kind, w.name) w.kind, w.name, k.id
        from wanted w join known k on k.kind = w.kind and fold(k.name) = fold(w.name)
        order by w.kind, w.name, (k.name = w.name) desc, k.id
    )
    select coalesce(jsonb_object_agg(x.kind, x.names), '{}')
    from (select f.kind, jsonb_object_agg(f.name, f.id) as names from found f group by f.kind) x
$$;
