-- name: flow_version_read
-- A published version, to be parsed.
select v.flow_id, v.name, v.kind, v.graph::text as graph from flow_versions v where v.org_id = :org::uuid and v.id = :version::uuid;

-- name: flow_live_version
-- The version that new sessions of a flow run on.
select f.version_id from flows f
where f.org_id = :org::uuid and f.id = :flow::uuid and f.enabled and f.deleted_at is null and f.version_id is not null;

-- name: flow_load
-- Everything a run must know, with chat and session locked.
select flow_load(:org::uuid, :p::jsonb)::text as loaded;

-- name: flow_save
-- Everything a run leaves: session, log, timer, owner, news.
-- wakes: events, jobs
select flow_save(:org::uuid, :p::jsonb) as token;

-- name: flow_replaced
-- A session gives way to another flow.
-- wakes: events
select flow_replaced(:org::uuid, :session::uuid);

-- name: flow_starts_limit
-- Flows began too often in this chat: it goes to a person.
-- wakes: events, jobs
select flow_starts_limit(:org::uuid, :chat::uuid);

-- name: flow_unclaim
-- No flow wants the chat that was kept for one: it goes to its queue.
-- wakes: events, jobs
select flow_unclaim(:org::uuid, :chat::uuid, :seq::integer);

-- name: flow_start
-- A new session, and the job that runs it; the chat is the flow's.
-- wakes: events, jobs
select flow_start(:org::uuid, :p::jsonb) as session;

-- name: flow_triggers_put
-- What can start a flow, made anew.
select flow_triggers_put(:org::uuid, :flow::uuid);

-- name: flow_event_load
-- What an event may start, and what must be known for it.
select flow_event_load(:org::uuid, :p::jsonb)::text as loaded;

-- name: flow_effect_transfer
-- The chat goes to people.
-- wakes: events, jobs
select flow_transfer(:org::uuid, :chat::uuid, :p::jsonb);

-- name: flow_mail_chat
-- A chat that a flow opened to write a mail: nobody's yet, and in the queue once the customer answers.
update chats c set owner = 'human', status = 'waiting', version = c.version + 1 where c.org_id = :org::uuid and c.id = :chat::uuid;

-- name: flow_effect_note
-- A note for the team.
-- wakes: events, jobs
select flow_note(:org::uuid, :chat::uuid, :p::jsonb);

-- name: flow_effect_close
-- The chat ends.
-- wakes: events, jobs
select flow_close(:org::uuid, :chat::uuid, :p::jsonb);

-- name: flow_effect_customer
-- Change the customer; answers them as they are now.
-- wakes: events, jobs
select flow_customer_set(:org::uuid, :customer::uuid, :name::text, :p::jsonb)::text as customer;

-- name: flow_effect_tag
-- Put a tag on the customer, or take it away.
-- wakes: events, jobs
select flow_customer_tag(:org::uuid, :customer::uuid, :name::text, :tag::uuid, :on::boolean)::text as customer;

-- name: flow_effect_stage
-- Move the customer in the funnel.
-- wakes: events, jobs
select flow_customer_stage(:org::uuid, :customer::uuid, :name::text, :stage::uuid, :note::text, :chat::uuid)::text as customer;

-- name: flow_open_hours
-- Is it within opening hours?
select flow_open_hours(:org::uuid, :team::uuid, :channel::uuid, to_timestamp(:at_ms::bigint / 1000.0)) as open;

-- name: flow_field_defs
-- Custom fields by their slugs.
select flow_field_defs(:org::uuid, array(select jsonb_array_elements_text(:slugs::jsonb)))::text as defs;

-- name: flow_token
-- Does anybody wait for this call's answer?
select s.token from flow_sessions s where s.org_id = :org::uuid and s.id = :session::uuid and s.status in ('running', 'waiting');

-- name: flow_parked
-- A run that the machine could not do: the session fails, the chat goes to a person.
-- wakes: events, jobs
select flow_parked(:org::uuid, :p::jsonb);

-- name: flow_roll
-- Steps since the last time into the counts, of all organizations.
select flow_roll_up() where :none::text is null;

-- name: flow_idle_all
-- A job for each organization that has triggers of silence.
-- wakes: jobs
select flow_idle_all() where :none::text is null;

-- name: flow_idle
-- Start what answers to the silences of this organization.
-- wakes: events, jobs
select flow_idle(:org::uuid) where :none::text is null;

-- name: flow_clean
-- Some sessions of all organizations that ended long ago.
select flow_clean(:days::integer) as removed;

-- name: flow_name_of
-- What an id is called; no row: it is gone.
select x.name from (
    select t.name from teams t where :kind::text = 'team' and t.org_id = :org::uuid and t.id = :id::uuid
    union all select u.name from memberships m join users u on u.id = m.user_id
               where :kind::text = 'user' and m.org_id = :org::uuid and m.user_id = :id::uuid and m.status = 'active'
    union all select t.name from tags t where :kind::text = 'tag' and t.org_id = :org::uuid and t.id = :id::uuid
    union all select s.name from stages s where :kind::text = 'stage' and s.org_id = :org::uuid and s.id = :id::uuid
    union all select t.name from closure_types t where :kind::text = 'closureType' and t.org_id = :org::uuid and t.id = :id::uuid and t.archived_at is null
    union all select f.name from files f where :kind::text = 'file' and f.org_id = :org::uuid and f.id = :id::uuid) x limit 1;

-- name: flow_test_head
-- The draft that is to be tested, and the organization as flows see it.
select jsonb_build_object('id', f.id, 'name', f.name, 'kind', f.kind, 'draft', f.draft,
       'organization', (select flow_organization_json(o) from organizations o where o.id = f.org_id))::text as head
from flows f where f.org_id = :org::uuid and f.id = :flow::uuid and f.deleted_at is null;

-- name: flow_test_draft
-- A flow that was never published, as it is drawn.
select jsonb_build_object('name', f.name, 'kind', f.kind, 'graph', f.draft)::text as draft
from flows f where f.org_id = :org::uuid and f.id = :flow::uuid and f.deleted_at is null and f.version_id is null;

-- name: flow_test_lock
-- A test, for its next act.
select to_jsonb(s)::text as session from flow_sessions s where s.org_id = :org::uuid and s.id = :session::uuid and s.test is not null for update;

-- name: flow_test_state
-- What a test has come to.
select s.test::text as test from flow_sessions s where s.org_id = :org::uuid and s.id = :session::uuid and s.test is not null;

-- name: flow_test_file
-- A file that the tester sends.
select f.name, f.type, f.kind from files f where f.org_id = :org::uuid and f.id = :file::uuid;
