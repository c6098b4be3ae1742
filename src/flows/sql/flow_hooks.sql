-- Webhook triggers: their addresses over the API, and calls of them (the rules are in sql/functions/flow_hooks.sql).

-- name: flow_hook_get
-- The address of a trigger, made when it is first asked for.
select flow_hook_json(h, :base::text) from flow_hook_row(:org::uuid, :flowId::uuid, :triggerId::text, :public_key::text) h;

-- name: flow_hook_secret
-- Set or take away the secret.
with h as (
    select r.* from flow_hook_secret(:org::uuid, :flowId::uuid, :triggerId::text, :public_key::text, :secret::text) r
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'flow.secret_changed', 'flow', f.id, f.name,
                     jsonb_build_object('trigger', h.key, 'set', h.secret is not null))
    from h join flows f on f.org_id = h.org_id and f.id = h.flow_id
)
select flow_hook_json(h::flow_hooks, :base::text) from h left join audit a on true;

-- name: flow_hook_listen
-- Keep what is called in full for five minutes, or no longer.
select flow_hook_json(h, :base::text) from flow_hook_listen(:org::uuid, :flowId::uuid, :triggerId::text, :public_key::text, :on::boolean) h;

-- name: flow_hook_calls
-- What was called lately, newest first.
select jsonb_build_object('listeningUntil', case when h.listen_until > now() then ts_json(h.listen_until) end,
    'calls', (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'at', ts_json(k.at), 'status', k.status, 'code', k.code,
                  'method', coalesce(k.call->>'method', 'POST'),
                  'query', case when :sees_contacts::boolean then coalesce(k.call->'query', '{}') else json_masked(coalesce(k.call->'query', '{}')) end,
                  'headers', case when :sees_contacts::boolean then coalesce(k.call->'headers', '{}') else json_masked(coalesce(k.call->'headers', '{}')) end,
                  'body', case when :sees_contacts::boolean then k.call->'body' else json_masked(k.call->'body') end, 'sessionId', k.session_id) order by k.at desc, k.id desc), '[]')
              from (select * from flow_hook_calls k where k.org_id = h.org_id and k.hook_id = h.id order by k.at desc, k.id desc limit 10) k))
from flow_hook_row(:org::uuid, :flowId::uuid, :triggerId::text, :public_key::text) h;

-- name: flow_hook_by_key
-- The trigger behind an address.
select k.org_id, k.id, k.flow_id, k.key, k.secret, k.listening, k.live::text as live, k.drawn::text as drawn from flow_hook_by_key(:key::text) k;

-- name: flow_hook_keep
-- A call with the work that it wants.
-- wakes: jobs
select flow_hook_keep(:org::uuid, :hook::uuid, :status::integer, :code::text, :call::jsonb, :order::text) as id;

-- name: flow_hook_call
-- A call whose work is to be done, and its trigger as it is live now.
select k.id, k.hook_id, k.call->'body' as body, h.flow_id, h.key, t.data::text as trigger, t.version_id
from flow_hook_calls k join flow_hooks h on h.org_id = k.org_id and h.id = k.hook_id
join flows f on f.org_id = h.org_id and f.id = h.flow_id and f.deleted_at is null
left join flow_triggers t on t.org_id = h.org_id and t.flow_id = h.flow_id and t.key = h.key and t.kind = 'webhook'
where k.org_id = :org::uuid and k.id = :callId::uuid and k.waits;

-- name: flow_hook_chat_free
-- Has no person this chat? Whom an agent talks with is not disturbed.
select ch.id from chats ch where ch.org_id = :org::uuid and ch.id = :chat::uuid and (ch.assignee_id is null or ch.owner = 'bot');

-- name: flow_hook_done
-- What became of a call; what it said goes unless somebody listens.
update flow_hook_calls k set waits = false, code = :code::text, session_id = :session::uuid,
    call = case when h.listen_until > now() then k.call else '{}' end
from flow_hooks h where k.org_id = :org::uuid and k.id = :call::uuid and h.org_id = k.org_id and h.id = k.hook_id;

-- name: flow_hook_sweep
-- What nobody looks at any more, of all organizations.
select flow_hook_sweep() as n;
