-- Nodes: machines that serve from one database (bus_nodes.c).

-- name: node_seen
-- This node is alive; how many others are (seen within a minute)?
with gone as (delete from nodes where seen_at < now() - interval '1 day'),
     self as (insert into nodes (id, name, version) values (:id::uuid, :name, :version)
              on conflict (id) do update set seen_at = now())
select count(*) as others from nodes where id <> :id::uuid and seen_at > now() - interval '60 seconds';

-- name: node_notify
-- News for the other nodes.
select pg_notify('interflow', :payload);

