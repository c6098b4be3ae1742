-- Events: the worker's reader (all organizations), the catch-up of one client, the clean-up.

-- name: event_position
-- Where a reader that has seen nothing begins.
select event_position() as position;

-- name: event_read
-- Events of all organizations after a position; those not settled may only be awaited.
select xid, id, org_id, type, chat_id, team_id, assignee_id, previous_team_id, previous_assignee_id, user_id, customer_id,
       permission, payload, created_ms, settled
from event_read(:xid::xid8, :id::bigint, :limit::integer);

-- name: events_since
-- Events of one organization after a position, in order; no rows but known = false when the client must reload. The extra row
-- of nulls carries known when there is nothing new.
select k.known, e.xid, e.id, e.org_id, e.type, e.chat_id, e.team_id, e.assignee_id, e.previous_team_id, e.previous_assignee_id,
       e.user_id, e.customer_id, e.permission, e.payload, (extract(epoch from e.created_at) * 1000)::bigint as created_ms
from (select event_position_known(:xid::xid8) as known) k
left join lateral (
    select * from events x
    where x.org_id = :org and (x.xid, x.id) > (:xid::xid8, :id::bigint) and x.xid < pg_snapshot_xmin(pg_current_snapshot())
      and k.known
    order by x.xid, x.id
    limit :limit::integer
) e on true
order by e.xid, e.id;

-- name: event_prune
-- Remove the oldest events beyond the time that is kept (seconds); removed = 0 when nothing is left to do.
select event_prune(:keep_s::integer * interval '1 second', :limit::integer) as removed;
