-- What platforms send: bodies in, and out again for the drain; calls, pace, state of an account.

-- name: channel_by_key
-- The account behind the last part of a webhook's address.
select k.org_id, k.id, k.kind, k.name, k.address, k.status, k.external_account, k.default_team_id, k.settings::text as settings, k.secrets
from channel_by_key(:key::text) k;

-- name: channel_by_account
-- The account of a kind that the platform calls so, over all organizations (the installation's own app).
select k.org_id, k.id, k.status from channel_by_account(:kind::text, :account::text) k;

-- name: channel_sibling
-- Another account of the organization, by the platform's id of it.
select c.id from channels c
where c.org_id = :org::uuid and c.kind = :kind::text and c.external_account = :account::text and c.deleted_at is null;

-- name: channel_bodies_add
-- Bodies of webhooks with the job that drains each channel: [{"channel", "account", "body" (base64)}, …]. new_jobs: how many of these were not
-- there yet; only then anybody must be woken.
select channel_bodies_add(:org::uuid, :list::jsonb) as new_jobs;

-- name: channel_bodies_next
-- The oldest waiting bodies of an account, a lot of at most :count and about :bytes.
select q.id, q.account, q.tries, translate(encode(q.body, 'base64'), E'\n', '') as body from (
    select b.id, b.account, b.tries, b.body, sum(length(b.body)) over (order by b.id) - length(b.body) as before
    from (select * from channel_bodies w where w.org_id = :org::uuid and w.channel_id = :channel::uuid and w.state = 'waiting'
            and channel_reads(:org::uuid, :channel::uuid)
          order by w.id limit :count::int) b) q
where q.before < :bytes::bigint order by q.id;

-- name: channel_bodies_left
-- Is there really nothing left to read, now that no body is on its way in?
select channel_bodies_left(:org::uuid, :channel::uuid) as any_left;

-- name: channel_bodies_tried
-- A lot of these could not be stored.
update channel_bodies b set tries = b.tries + 1
where b.org_id = :org::uuid and b.id in (select x::uuid from jsonb_array_elements_text(:ids::jsonb) x) and b.tries < 1000;

-- name: channel_bodies_end
-- What became of them: [{"id", "state", "code", "error", "summary", "body"?: without what must not be kept, base64}, …].
-- A parked one is news for those who look at the account.
with ended as (
    update channel_bodies b set state = x.e->>'state', error_code = coalesce(x.e->>'code', ''), error = coalesce(x.e->>'error', ''),
        summary = coalesce(x.e->'summary', '{}'), body = coalesce(decode(x.e->>'body', 'base64'), b.body), tries = b.tries + 1, done_at = now()
    from jsonb_array_elements(:list::jsonb) x (e) where b.org_id = :org::uuid and b.id = (x.e->>'id')::uuid
    returning b.channel_id, b.state
)
insert into events (org_id, type, payload)
select distinct :org::uuid, 'channel.changed', jsonb_build_object('channelId', e.channel_id) from ended e where e.state = 'parked' and e.channel_id is not null;

-- name: channel_call_add
-- A line in the log of calls.
insert into channel_calls (org_id, channel_id, what, method, address, status, took_ms, request, answer, error, message_id)
select :org::uuid, c.id, :what::text, :method::text, :address_called::text, :status::int, :took_ms::int, coalesce(:request::text, ''), coalesce(:answer::text, ''),
       coalesce(:error::text, ''), :message::uuid
from channels c where c.org_id = :org::uuid and c.id = :channel::uuid;

-- name: channel_pace_take
-- GCRA: milliseconds to wait; 0: the place is taken.
select pace_take(:org::uuid, :channel::uuid, :key::text, :interval_ms::int, :burst::int) as wait_ms;

-- name: channel_state_set
-- Connected, reconnecting, disconnected, with the reason.
-- wakes: events, jobs
select channel_state_set(:org::uuid, :channel::uuid, :state::text, :code::text, :message::text) as changed;

-- name: channel_clean
-- Old bodies, calls, early states and paces, a batch of each; how many went.
select channel_clean() as gone;
