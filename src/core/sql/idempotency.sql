-- Answers kept for a second request with the same Idempotency-Key (idempotency.c).

-- name: idempotency_take
-- Take the key for this request: one row when it is new (or older than 24 h), none when it was used. Waits for a
-- transaction that is working on the same key.
insert into idempotency_keys (org_id, actor_id, route, key, request_hash)
values (:org, :actor_id, :route, :key, :request_hash)
on conflict (org_id, actor_id, route, key) do update
   set request_hash = excluded.request_hash, status = null, content_type = null, body = null, created_at = now()
 where idempotency_keys.created_at < now() - interval '24 hours'
returning key;

-- name: idempotency_get
-- The answer that was kept.
select request_hash, status, content_type, body
  from idempotency_keys
 where org_id = :org and actor_id = :actor_id and route = :route and key = :key
   and created_at >= now() - interval '24 hours';

-- name: idempotency_keep
-- Keep the answer, in the transaction that did the work.
update idempotency_keys
   set status = :status, content_type = :content_type, body = :body
 where org_id = :org and actor_id = :actor_id and route = :route and key = :key;

-- name: idempotency_clean
-- Forget answers older than 24 h, of all organizations.
select idempotency_clean() as removed;
