-- Starting a flow over the API, and the figures of its nodes.

-- name: flow_start_chat
-- A chat that the actor may see.
select ch.id, ch.customer_id from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid and {chat_visible};

-- name: flow_stats
-- What happened at each node in a period, and who waits there now.
-- class: report
with period as (
    select coalesce(:from::date, (now() at time zone 'UTC')::date - 29) as first, coalesce(:to::date, (now() at time zone 'UTC')::date) as last
), counted as (
    select c.node, c.what, c.port, sum(c.n)::bigint as n
    from flow_counts c cross join period p
    where c.org_id = :org::uuid and c.flow_id = :flowId::uuid and c.day between p.first and p.last
      and (:version::integer is null or c.version_id = (select v.id from flow_versions v where v.org_id = :org::uuid
                                                         and v.flow_id = :flowId::uuid and v.number = :version::integer))
    group by c.node, c.what, c.port
), waiting as (
    select s.node, count(*) as n from flow_sessions s
    where s.org_id = :org::uuid and s.flow_id = :flowId::uuid and s.status in ('running', 'waiting', 'paused') and s.test is null and s.node is not null
      and (:version::integer is null or s.version_id = (select v.id from flow_versions v where v.org_id = :org::uuid
                                                         and v.flow_id = :flowId::uuid and v.number = :version::integer))
    group by s.node
), nodes as (
    select node from counted union select node from waiting
)
select jsonb_build_object('from', p.first, 'to', p.last, 'version', :version::integer, 'nodes',
    (select coalesce(jsonb_agg(jsonb_build_object('nodeId', n.node,
        'entered', coalesce((select sum(c.n) from counted c where c.node = n.node and c.what = 'entered'), 0),
        'waiting', coalesce((select w.n from waiting w where w.node = n.node), 0),
        'answered', coalesce((select sum(c.n) from counted c where c.node = n.node and c.what = 'answered'), 0),
        'left', coalesce((select sum(c.n) from counted c where c.node = n.node and c.what = 'left'), 0),
        'failed', coalesce((select sum(c.n) from counted c where c.node = n.node and c.what = 'failed'), 0),
        'ports', (select coalesce(jsonb_agg(jsonb_build_object('port', c.port, 'n', c.n) order by c.n desc, c.port), '[]')
                  from counted c where c.node = n.node and c.what = 'left' and c.port <> '')) order by n.node), '[]')
     from nodes n))
from flows f cross join period p where f.org_id = :org::uuid and f.id = :flowId::uuid and f.deleted_at is null;

-- name: flow_called
-- What a flow is called; no row: it is gone.
select f.name from flows f where f.org_id = :org::uuid and f.id = :flow::uuid and f.deleted_at is null;

-- name: flow_response_set
-- A flow that starts when the customer answers.
-- wakes: events
select flow_response_set(:org::uuid, :chat::uuid, :flow::uuid, coalesce(nullif(:vars::jsonb, 'null'), '{}'));

-- name: flow_response_drop
-- No flow starts when the customer answers.
-- wakes: events
select flow_response_drop(:org::uuid, ch.id) from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid and {chat_visible};
