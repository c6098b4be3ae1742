-- Flows over the API: the list, drafts, versions (the rules are in sql/functions/flow_api.sql).

-- name: flows_list
-- All of the organization, by name.
select json_build_object('items', coalesce(json_agg(flow_json(f) order by fold(f.name), f.id), '[]'), 'next', null)
from flows f where f.org_id = :org::uuid and f.deleted_at is null;

-- name: flow_get
-- One with its draft.
select flow_detail_json(f) from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;

-- name: flow_item
-- One as the list shows it.
select flow_json(f) from flows f where f.org_id = :org::uuid and f.id = :flow::uuid and f.deleted_at is null;

-- name: flow_draft
-- What checks and copies need of one.
select f.id, f.name, f.kind, f.draft, f.draft_revision, f.enabled, f.published_version
from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;

-- name: flow_lock
-- The same under lock, to publish it.
select f.id, f.name, f.kind, f.draft, f.draft_revision, f.enabled, f.published_version
from flow_locked(:org::uuid, :flowId::uuid) f;

-- name: flow_add
-- A new one, as a draft.
-- wakes: events
with f as (
    select n.* from flow_add(:org::uuid, :name::text, :kind::text, :graph::jsonb, :problems::jsonb,
                             array(select jsonb_array_elements_text(:files::jsonb)::uuid), :actor::uuid) n
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'flow.created', 'flow', f.id, f.name,
                     jsonb_build_object('from', :from::text, 'kind', f.kind)) from f
)
select flow_detail_json(f::flows) as json, f.id from f left join audit a on true;

-- name: flow_change
-- Name, priority, switch.
-- wakes: events
with was as (
    select w.* from flow_locked(:org::uuid, :flowId::uuid) w
), f as (
    update flows f set name = coalesce(:name::text, f.name), priority = coalesce(:priority::smallint, f.priority),
        enabled = coalesce(:enabled::boolean, f.enabled), updated_at = now()
    from was where f.org_id = was.org_id and f.id = was.id
      and (not coalesce(:enabled::boolean, false) or was.version_id is not null or fault(409, 'FLOW_NOT_PUBLISHED', 'enabled'))
    returning f.*
), news as (
    select flow_news(f.org_id, f.id, 'settings', f.draft_revision, :actor::uuid) from f
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'flow.changed', 'flow', f.id, f.name,
        audit_diff(jsonb_build_object('name', was.name, 'priority', was.priority, 'enabled', was.enabled),
                         jsonb_build_object('name', f.name, 'priority', f.priority, 'enabled', f.enabled))) from f, was
)
select flow_json(f::flows) as json from f left join audit a on true cross join (select count(*) from news) n;

-- name: flow_remove
-- Away from lists. What runs goes on to its end on the version that it began with; nothing starts any more.
-- wakes: events
with was as (
    select w.* from flow_locked(:org::uuid, :flowId::uuid) w
), f as (
    update flows f set deleted_at = now(), enabled = false, updated_at = now() from was
    where f.org_id = was.org_id and f.id = was.id returning f.*
), hooks as (
    delete from flow_hooks h using f where h.org_id = f.org_id and h.flow_id = f.id
), news as (
    select flow_news(f.org_id, f.id, 'removed', null, :actor::uuid) from f
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'flow.removed', 'flow', f.id, f.name, '{}') from f
)
select f.id from f left join audit a on true cross join (select count(*) from news) n;

-- name: flow_draft_save
-- Keep a draft; 409 REVISION_CONFLICT says who was faster.
-- wakes: events
select jsonb_build_object('revision', f.draft_revision, 'problems', f.problems, 'savedAt', ts_json(f.draft_at))
from flow_draft_save(:org::uuid, :flowId::uuid, :revision::integer, :graph::jsonb, :problems::jsonb,
                     array(select jsonb_array_elements_text(:files::jsonb)::uuid), :actor::uuid) f;

-- name: flow_publish
-- The draft becomes the live version.
-- wakes: events
with f as (
    select p.* from flow_publish(:org::uuid, :flowId::uuid, coalesce(:note::text, ''), :actor::uuid, nullif(:tests::jsonb, 'null')) p
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'flow.published', 'flow', f.id, f.name,
                     jsonb_strip_nulls(jsonb_build_object('version', f.published_version, 'note', coalesce(:note::text, ''), 'tests', nullif(:tests::jsonb, 'null')))) from f
)
select jsonb_build_object('version', f.published_version, 'flow', flow_json(f::flows)) from f left join audit a on true;

-- name: flow_versions_list
-- What was published, newest first.
with page as (
    select v from flow_versions v
    where v.org_id = :org::uuid and v.flow_id = :flowId::uuid and (:cursor::text is null or v.number < nullif(regexp_replace(:cursor::text, '\D', '', 'g'), '')::bigint)
    order by v.number desc limit :limit::int + 1
), numbered as (
    select p.v, row_number() over (order by (p.v).number desc) as n from page p
)
select json_build_object('items', coalesce((select json_agg(flow_version_json(n.v) order by (n.v).number desc) from numbered n where n.n <= :limit::int), '[]'),
    'next', (select (n.v).number::text from numbered n where n.n = :limit::int and (select count(*) from numbered) > :limit::int))
from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;

-- name: flow_version_get
-- One with its graph.
select jsonb_build_object('number', v.number, 'note', v.note, 'by', v.published_by, 'at', ts_json(v.published_at), 'graph', v.graph)
from flow_versions v join flows f on f.org_id = v.org_id and f.id = v.flow_id and f.deleted_at is null
where v.org_id = :org::uuid and v.flow_id = :flowId::uuid and v.number = :number::integer;

-- name: flow_version_graph
-- The graph of one, to make it the draft again.
select v.graph, f.kind, f.draft_revision
from flow_versions v join flows f on f.org_id = v.org_id and f.id = v.flow_id and f.deleted_at is null
where v.org_id = :org::uuid and v.flow_id = :flowId::uuid and v.number = :number::integer;

-- name: flow_audit
-- A line of the log about a flow.
select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, :action::text, 'flow', f.id, f.name,
                 coalesce(:changes::jsonb, '{}'))
from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid;

-- name: flow_world
-- What exists of the things that a graph names (ids), and all that a check looks at as a whole.
select jsonb_build_object(
    'channels', (select coalesce(jsonb_object_agg(c.id, c.kind), '{}') from channels c where c.org_id = :org::uuid and c.deleted_at is null),
    'teams', (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from teams t where t.org_id = :org::uuid and t.id = any (w.ids)),
    'users', (select coalesce(jsonb_object_agg(m.user_id, ''), '{}') from memberships m
              where m.org_id = :org::uuid and m.user_id = any (w.ids) and m.status = 'active'),
    'tags', (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from tags t where t.org_id = :org::uuid and t.id = any (w.ids)),
    'stages', (select coalesce(jsonb_object_agg(s.id, s.name), '{}') from stages s where s.org_id = :org::uuid and s.id = any (w.ids)),
    'closureTypes', (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from closure_types t
                     where t.org_id = :org::uuid and t.id = any (w.ids) and t.archived_at is null),
    'flows', (select coalesce(jsonb_object_agg(f.id, f.kind), '{}') from flows f
              where f.org_id = :org::uuid and f.id = any (w.ids) and f.deleted_at is null and f.version_id is not null),
    'fields', (select coalesce(jsonb_object_agg(x.slug, x.kind), '{}') from custom_fields x where x.org_id = :org::uuid and x.archived_at is null),
    'files', (select coalesce(jsonb_object_agg(f.id, f.name), '{}') from files f
              where f.org_id = :org::uuid and f.id = any (w.ids)
                and (exists (select from flow_files x where x.org_id = f.org_id and x.flow_id = :flow::uuid and x.file_id = f.id)
                     or file_visible(f, crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[]), :actor_id::uuid))),
    'templates', (select coalesce(jsonb_object_agg(t.name || '/' || t.language, t.channel_id), '{}') from templates t
                  where t.org_id = :org::uuid and t.deleted_at is null and t.status = 'APPROVED'))::text as world
from (select array(select jsonb_array_elements_text(:ids::jsonb)::uuid) as ids) w;

-- name: flow_names
-- Names of what these ids mean, for a file.
select flow_names(:org::uuid, array(select jsonb_array_elements_text(:ids::jsonb)::uuid))::text as names;

-- name: flow_ids
-- Ids of what a file names.
select flow_ids(:org::uuid, :names::jsonb)::text as ids;

-- name: flow_name_free
-- A name for a copy: the first of "x", "x 2", "x 3" … that no flow has.
select left(:name::text, 74) || case when n = 1 then '' else ' ' || n end as name
from generate_series(1, 1000) n
where not exists (select from flows f where f.org_id = :org::uuid and f.deleted_at is null
                  and fold(f.name) = fold(left(:name::text, 74) || case when n = 1 then '' else ' ' || n end))
order by n limit 1;

-- name: flow_head
-- What a draft must fit to.
select f.kind from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;
