-- name: flow_sessions_list
-- Sessions of a flow, newest first.
with page as (
    select s.* from flow_sessions s
     where s.org_id = :org::uuid and s.flow_id = :flowId::uuid and s.test is null
       and (:status::text is null or s.status = any (string_to_array(:status::text, ',')))
       and (:from::timestamptz is null or s.started_at >= :from::timestamptz) and (:to::timestamptz is null or s.started_at < :to::timestamptz)
       and (:nodeId::text is null or s.node = :nodeId::text)
       and (:search::text is null or exists (select from customers c where c.org_id = s.org_id and c.id = s.customer_id
                                             and c.name_key like '%' || crm_like(fold(:search::text)) || '%'))
       and (:cursor::text is null or (s.started_at, s.id) < (cursor_time(:cursor::text), cursor_id(:cursor::text)))
       and flow_session_seen(s, :actor::uuid, :sees_all::boolean, :teams::uuid[])
     order by s.started_at desc, s.id desc limit :limit::integer + 1
), shown as (
    select p.*, row_number() over (order by p.started_at desc, p.id desc) as place from page p
)
select json_build_object(
    'items', coalesce((select json_agg(flow_session_shown(flow_session_json(s), :sees_contacts::boolean) order by h.place) from shown h
                       join flow_sessions s on s.org_id = :org::uuid and s.id = h.id where h.place <= :limit::integer), '[]'),
    'next', (select cursor_make(h.started_at, h.id) from shown h where h.place = :limit::integer
             and exists (select from shown x where x.place > :limit::integer)))
from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;

-- name: flow_session_get
-- One session with its log.
select flow_session_shown(flow_session_detail(s), :sees_contacts::boolean) from flow_sessions s
where s.org_id = :org::uuid and s.id = :sessionId::uuid and flow_session_seen(s, :actor::uuid, :sees_all::boolean, :teams::uuid[]);

-- name: flow_session_change
-- Stop, pause, go on, try again.
-- wakes: events, jobs
select flow_session_shown(flow_session_change(:org::uuid, s.id, :what::text, coalesce(:skip::boolean, false)), :sees_contacts::boolean) from flow_sessions s
where s.org_id = :org::uuid and s.id = :sessionId::uuid and flow_session_seen(s, :actor::uuid, :sees_all::boolean, :teams::uuid[]);

-- name: flow_chat_seen
-- Is it a chat that the actor may see?
select ch.id from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid and {chat_visible};

-- name: flow_chat_flows
-- The live flows that a person may start in a chat, by name.
select json_build_object('items', (select coalesce(json_agg(json_build_object('id', f.id, 'name', f.name) order by fold(f.name), f.id), '[]') from flows f
       where f.org_id = ch.org_id and f.deleted_at is null and f.enabled
         and exists (select from flow_triggers t where t.org_id = f.org_id and t.flow_id = f.id and t.kind = 'manual')), 'next', null)
from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid and {chat_visible};

-- name: flow_tests_list
-- Recorded tests of a flow.
select json_build_object('items', (select coalesce(json_agg(json_build_object('id', t.id, 'name', t.name, 'at', ts_json(t.created_at), 'by', t.created_by,
       'lastResult', t.last_result) order by t.created_at), '[]') from flow_tests t where t.org_id = f.org_id and t.flow_id = f.id), 'next', null)
from flows f where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;

-- name: flow_test_add
-- Keep a conversation as a test of its flow: at most 50.
with files as (        -- that the customer sends in it: they stay
    insert into flow_files (org_id, flow_id, file_id, pinned)
    select distinct x.org_id, f.id, x.id, true from flows f cross join jsonb_array_elements(:script::jsonb->'steps') s
      join files x on x.org_id = f.org_id and x.id = (s->>'file')::uuid
     where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null
    on conflict (org_id, flow_id, file_id) do update set pinned = true
)
insert into flow_tests (org_id, flow_id, name, script, created_by)
select :org::uuid, f.id, :name::text, :script::jsonb, :actor::uuid from flows f
where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null
  and ((select count(*) from flow_tests t where t.org_id = f.org_id and t.flow_id = f.id) < 50 or fault(409, 'LIMIT_REACHED', null, '{"limit": 50}'))
returning json_build_object('id', id, 'name', name, 'at', ts_json(created_at), 'by', created_by, 'lastResult', null);

-- name: flow_test_remove
-- Forget a recorded test.
delete from flow_tests t where t.org_id = :org::uuid and t.flow_id = :flowId::uuid and t.id = :testId::uuid returning json_build_object('id', t.id);

-- name: flow_tests_run
-- The scripts of a flow's tests.
select t.id, t.name, t.script::text as script from flow_tests t where t.org_id = :org::uuid and t.flow_id = :flow::uuid order by t.created_at;

-- name: flow_test_result
-- How a recorded test went.
update flow_tests t set last_result = :result::jsonb where t.org_id = :org::uuid and t.id = :test::uuid;

-- name: flow_test_forget
-- A test that was only played again leaves nothing.
delete from flow_sessions s where s.org_id = :org::uuid and s.id = :session::uuid and s.test is not null;
