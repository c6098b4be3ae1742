-- Connections that are held for accounts.

-- name: channel_watches_claim
-- Accounts that this worker watches from now on.
select org_id, id, tries from channel_watches_claim(:holder::text, :kinds::jsonb, :seconds::int, :max::int);

-- name: channel_watches_renew
-- Keep what this worker watches; "ends": the account is another now.
select org_id, id, ends from channel_watches_renew(:holder::text, :seconds::int);

-- name: channel_watch_end
-- Nobody watches it any more; the next try in so many milliseconds.
update channel_watches set until = null, holder = '', tries = :tries::int, due_at = now() + make_interval(secs => :delay_ms::bigint / 1000.0)
where org_id = :org::uuid and channel_id = :channel::uuid and holder = :holder::text;
