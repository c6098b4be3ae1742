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
-- Due jobs of these kinds, at most so many of each and of each organization (0: any number), under leases in seconds.
select id, org_id, kind, payload, tries, taken from job_take(:kinds::text[], :rooms::integer[], :leases::integer[], :per_orgs::integer[]);

-- name: jobs_next_due
-- Milliseconds until there is something to take, null: nothing waits.
select jobs_next_due(:kinds::text[], :per_orgs::integer[]) as wait_ms;

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
-- The runner wants to go on at a time (unix milliseconds); not a failure. untried: as if it had not run.
select job_again(:id::bigint, :taken::bigint, to_timestamp(:due_ms::bigint / 1000.0), null, :untried::boolean) as ours;

-- name: job_park
-- The end of a run that must not be repeated by itself.
select job_park(:id::bigint, :taken::bigint, coalesce(:error, 'failed')) as ours;

-- name: job_recurring
-- Make sure that every recurring kind has its one row.
select job_recurring(:kinds::text[]);

-- name: jobs_parked
-- Parked jobs of the organization, newest first; without what they carry.
select json_build_object('items', coalesce(json_agg(json_build_object('id', p.id, 'kind', p.kind, 'tries', p.tries, 'error', p.error,
               'createdAt', ts_json(p.created_at), 'parkedAt', ts_json(p.parked_at)) order by p.parked_at desc, p.id), '[]'), 'next', null)
from (select * from jobs j where j.org_id = :org::uuid and j.state = 'parked' order by j.parked_at desc, j.id limit 200) p;

-- name: job_parked_retry
-- A person wants a parked job to run again. Without a row: it is not parked (any more).
-- wakes: jobs
update jobs set state = 'waiting', due_at = now(), tries = 0, parked_at = null, error = null
where org_id = :org::uuid and id = :jobId::bigint and state = 'parked'
returning kind;

-- name: job_parked_drop
-- A person gives a parked job up.
delete from jobs where org_id = :org::uuid and id = :jobId::bigint and state = 'parked' returning kind;

-- name: jobs_parked_sweep
-- Nobody looked for so many days: parked jobs of all organizations and of the installation go.
select jobs_parked_sweep(:days::integer) as removed;
