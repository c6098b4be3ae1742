-- Jobs: taking, renewing, ending (the functions are in sql/functions/platform.sql), and what people may do with parked ones.

-- name: job_add
-- A job for the organization of the context (null: of the installation), due at a time (unix milliseconds) or after a delay. A
-- waiting one with the same unique_key stays instead.
insert into jobs (org_id, kind, payload, due_at, order_key, unique_key)
values (:org, :kind, coalesce(:payload::jsonb, '{}'),
        coalesce(to_timestamp(nullif(:due_ms::bigint, 0) / 1000.0), now() + :delay_ms::bigint * interval '1 millisecond'),
        :order_key, :unique_key)
on conflict do nothing;

-- name: job_take
-- Due jobs of these kinds, at most so many of each, under leases in seconds.
select id, org_id, kind, payload, tries, taken from job_take(:kinds::text[], :rooms::integer[], :leases::integer[]);

-- name: jobs_next_due
-- Milliseconds until there is something to take, null: nothing waits.
select jobs_next_due(:kinds::text[]) as wait_ms;

-- name: job_renew
-- Renew leases; the rows are the jobs that are still ours.
select id from job_renew(:ids::bigint[], :takens::bigint[], :leases::integer[]);

-- name: job_done
-- The end of a run that went well; a recurring job waits for its next time (delay in milliseconds).
select job_done(:id::bigint, :taken::bigint, now() + :next_ms::bigint * interval '1 millisecond') as ours;

-- name: job_retry
-- The end of a run that failed: again after a delay in milliseconds.
select job_again(:id::bigint, :taken::bigint, now() + :delay_ms::bigint * interval '1 millisecond', coalesce(:error, 'failed')) as ours;

-- name: job_again
-- The runner wants to go on at a time (unix milliseconds); not a failure.
select job_again(:id::bigint, :taken::bigint, to_timestamp(:due_ms::bigint / 1000.0), null) as ours;

-- name: job_park
-- The end of a run that must not be repeated by itself.
select job_park(:id::bigint, :taken::bigint, coalesce(:error, 'failed')) as ours;

-- name: job_recurring
-- Make sure that every recurring kind has its one row.
select job_recurring(:kinds::text[]);

-- name: jobs_parked
-- Parked jobs of the organization, newest first; after: the cursor of the page before.
select jsonb_build_object('id', j.id::text, 'kind', j.kind, 'payload', j.payload, 'tries', j.tries, 'error', j.error,
                          'createdAt', ts_json(j.created_at), 'parkedAt', ts_json(j.parked_at)) as item,
       (extract(epoch from j.parked_at) * 1000000)::bigint || '-' || j.id as cursor
from jobs j
where j.org_id = :org and j.state = 'parked'
  and (:after::text is null
       or (j.parked_at, j.id) < (timestamptz 'epoch' + split_part(:after, '-', 1)::bigint * interval '1 microsecond',
                                 split_part(:after, '-', 2)::bigint))
order by j.parked_at desc, j.id desc
limit coalesce(:limit::integer, 50);

-- name: job_parked_retry
-- A person wants a parked job to run again. Without a row: it is not parked (any more).
-- wakes: jobs
update jobs set state = 'waiting', due_at = now(), tries = 0, parked_at = null
where org_id = :org and id = :jobId::bigint and state = 'parked'
returning jsonb_build_object('id', id::text);

-- name: job_parked_drop
-- A person gives a parked job up.
delete from jobs where org_id = :org and id = :jobId::bigint and state = 'parked'
returning jsonb_build_object('id', id::text);
