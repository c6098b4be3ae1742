-- Functions of the platform: faults, the event readers, the life of jobs. Applied again whenever this text changes.
--
-- Security definer functions cross the wall between organizations on purpose: they run as the owner, with a fixed
-- search_path, and are the only way to read events and to take jobs of all organizations.

-- Stop with a public error. status: HTTP status; code: UPPER_SNAKE; field and data may be null. Never returns; the type lets
-- it stand where a condition is expected.
create or replace function fault(status integer, code text, field text default null, data jsonb default null)
returns boolean language plpgsql volatile as $$
begin
    raise exception using errcode = 'IF' || status, message = code, hint = coalesce(field, ''), detail = coalesce(data::text, '');
end $$;

-- --- ids ------------------------------------------------------------------------------------------------------------------
-- A new id that sorts by time, to a quarter of a microsecond: the twelve bits behind the version are the fraction of the millisecond
-- (RFC 9562, 6.2, method 3). What one person sent twice within a millisecond keeps its order (channel_bodies).
create or replace function uuid_v7() returns uuid language sql volatile parallel safe
    return (overlay(lpad(to_hex((extract(epoch from clock_timestamp()) * 4096000)::bigint), 15, '0') placing '7' from 13 for 0)
            || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid;

-- --- events ---------------------------------------------------------------------------------------------------------------
-- Events of all organizations after a position, in commit order. Rows with settled = false may still get older neighbours
-- (a transaction that began before is under way): they must not be consumed, only be awaited.
create or replace function event_read(after_xid xid8, after_id bigint, at_most integer)
returns table (xid xid8, id bigint, org_id uuid, type text, chat_id uuid, team_id uuid, assignee_id uuid, previous_team_id uuid,
               previous_assignee_id uuid, user_id uuid, customer_id uuid, permission smallint, payload json,
               created_ms bigint, settled boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
    select e.xid, e.id, e.org_id, e.type, e.chat_id, e.team_id, e.assignee_id, e.previous_team_id,
           e.previous_assignee_id, e.user_id, e.customer_id, e.permission, e.payload,
           (extract(epoch from e.created_at) * 1000)::bigint, e.xid < pg_snapshot_xmin(pg_current_snapshot())
    from events e
    where (e.xid, e.id) > (after_xid, after_id)
    order by e.xid, e.id
    limit at_most
$$;

-- Where a reader that has seen nothing begins: everything before it is committed or rolled back, and visible to whoever reads
-- after this call.
create or replace function event_position() returns text language sql stable as $$
    select pg_snapshot_xmin(pg_current_snapshot())::text || '-0'
$$;

-- Can a reader go on from this position? Not when events after it were removed, nor when it comes from another database.
create or replace function event_position_known(position_xid xid8) returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
    select position_xid > (select h.xid from event_horizon h) and position_xid <= pg_snapshot_xmax(pg_current_snapshot())
$$;

-- Readers that remember their place (event_cursors) find what they have not read yet, for a week at most.
-- Remove what is older than keep, oldest first, at most at_most rows looked at. Returns the number removed: call again while it
-- is not 0. Also removes rows that another cluster left (a restored backup): their xid is not born yet here.
create or replace function event_prune(keep interval, at_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    last xid8;
    held xid8 := (select min(c.xid) from event_cursors c where c.busy);
    removed integer;
begin
    select max(o.xid) into last
    from (select e.xid, e.created_at from events e order by e.xid, e.id limit at_most) o
    where o.created_at < now() - keep and o.xid < pg_snapshot_xmin(pg_current_snapshot())
      and (held is null or o.xid < held or o.created_at < now() - interval '7 days');
    if last is null then
        return 0;
    end if;
    update event_horizon h set xid = last where h.xid < last;
    delete from events e where e.xid <= last;
    get diagnostics removed = row_count;
    return removed;
end $$;

-- After a restore into another cluster transaction numbers begin anew: what they say there means nothing here.
create or replace function event_adopt() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    newest xid8 := pg_snapshot_xmax(pg_current_snapshot());
    removed integer;
begin
    delete from events e where e.xid > newest;
    get diagnostics removed = row_count;
    update event_horizon h set xid = pg_snapshot_xmin(pg_current_snapshot()) where h.xid > newest;
    update event_cursors c set xid = pg_snapshot_xmin(pg_current_snapshot()), id = 0 where c.xid > newest;
    update webhooks w set from_xid = '0' where w.from_xid > newest;
    update flow_roll r set xid = pg_snapshot_xmin(pg_current_snapshot()) where r.xid > newest;
    return removed;
end $$;

-- A backup was restored. What browsers have seen since it was made is not what the tables say now: every position of before is too
-- old, whatever its number, and all load afresh. What an organization's jobs wanted to do at once or until now may have been done
-- since (messages, mails): it waits for a person, among the parked ones. For the owner, by `interflow restore`.
create or replace function backup_restored() returns void language plpgsql volatile as $$
begin
    delete from events;
    update event_horizon set xid = pg_snapshot_xmin(pg_current_snapshot());
    update event_cursors set xid = pg_snapshot_xmin(pg_current_snapshot()), id = 0;
    update webhooks set from_xid = '0';
    update flow_roll set xid = pg_snapshot_xmin(pg_current_snapshot());
    update webhook_deliveries set state = 'dead', ended_at = now(), error_code = 'RESTORED', error = 'restored from a backup: perhaps it was sent already'
    where state = 'waiting';
    delete from jobs where kind = 'webhook.deliver';
    perform flow_restored();
    update jobs set state = 'parked', parked_at = now(), lease_until = null, error = 'restored from a backup: perhaps it was done already'
    where org_id is not null and not recurring and state <> 'parked' and due_at <= now();
end $$;

-- --- jobs -----------------------------------------------------------------------------------------------------------------
-- Of jobs with one order key all but the oldest are set aside ("blocked") when they come up, so that they cost nothing while they
-- wait; whatever ends the oldest (done, parked, deleted by anybody) frees the next one through this trigger. Nothing is lost between
-- the two: job_take sets a job aside only while it holds a share lock on one that stands before it, so that the end of that one
-- comes after, and sees it.
create or replace function job_unblock() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    next_id bigint;
begin
    select j.id into next_id
    from jobs j
    where j.org_id is not distinct from old.org_id and j.order_key = old.order_key and j.state <> 'parked' and j.id <> old.id
    order by j.id
    limit 1
    for update;
    if found then
        update jobs j set state = 'waiting' where j.id = next_id and j.state = 'blocked';
    end if;
    return null;
end $$;
create or replace trigger jobs_gone after delete on jobs
    for each row when (old.order_key is not null and old.state <> 'parked') execute function job_unblock();
create or replace trigger jobs_set_aside after update of state on jobs
    for each row when (old.order_key is not null and old.state <> 'parked' and new.state = 'parked') execute function job_unblock();

-- Organizations that have so many jobs of a kind under way.
create or replace function jobs_full(p_kind text, most integer) returns uuid[]
language sql stable security definer set search_path = pg_catalog, public as $$
    select array(select j.org_id from jobs j where j.state = 'running' and j.kind = p_kind and j.org_id is not null
                 group by j.org_id having count(*) >= most)
$$;

-- Take due jobs: of kinds[i] at most rooms[i], each under a lease of leases[i] seconds; of one organization, over all workers, no more
-- than per_orgs[i] at once (0: any number). What must wait for that stays where it is and holds up nobody else's. Jobs whose lease ran
-- out (their worker died) come first.
drop function if exists job_take(text[], integer[], integer[]);
create or replace function job_take(kinds text[], rooms integer[], leases integer[], per_orgs integer[] default null)
returns table (id bigint, org_id uuid, kind text, payload jsonb, tries integer, taken bigint)
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
#variable_conflict use_column
declare
    picked bigint[];
    got bigint[];
    later bigint[];
    passed bigint[] := '{}';
    chosen bigint[];
    busy uuid[];
    most integer;
    left_over integer[] := rooms;
    i integer;
begin
    -- Of the many kinds few have anything to do: one look finds them.
    for i in select k.i from unnest(kinds) with ordinality as k (kind, i)
              where exists (select from jobs j where j.state = 'waiting' and j.kind = k.kind and j.due_at <= now())
                 or exists (select from jobs j where j.state = 'running' and j.kind = k.kind and j.lease_until < clock_timestamp())
              order by k.i
    loop
        if left_over[i] <= 0 then
            continue;
        end if;
        select coalesce(array_agg(x.id), '{}') into got
        from (select j.id from jobs j
              where j.state = 'running' and j.lease_until < clock_timestamp() and j.kind = kinds[i]
              order by j.lease_until limit left_over[i] for update skip locked) x;
        picked := picked || got;
        left_over[i] := left_over[i] - cardinality(got);
        most := coalesce(per_orgs[i], 0);
        busy := '{}';
        chosen := '{}';
        if most > 0 then
            -- Who counts takes alone; others come back for this kind a moment later.
            continue when not pg_try_advisory_xact_lock(hashtext('job_take'), hashtext(kinds[i]));
            busy := jobs_full(kinds[i], most);
        end if;
        -- A round may find only jobs that must stand back: those are set aside, and the next round looks further.
        for round in 1 .. 50 loop
            exit when left_over[i] <= 0;
            select coalesce(array_agg(x.id), '{}') into got
            from (select j.id from jobs j
                  where j.state = 'waiting' and j.due_at <= now() and j.kind = kinds[i] and j.id <> all (coalesce(picked, '{}') || passed)
                    and (j.org_id is null or j.org_id <> all (busy))
                  order by j.due_at, j.id limit left_over[i] for update skip locked) x;
            exit when cardinality(got) = 0;
            with mine as (
                select j.id, j.org_id, j.order_key from jobs j where j.id = any (got) and j.order_key is not null
            ), behind as (
                select b.id from mine b
                where exists (select from jobs o
                              where o.org_id is not distinct from b.org_id and o.order_key = b.order_key and o.state <> 'parked'
                                and (o.id < b.id or o.id > b.id and o.state = 'running'))
            ), held as (
                select b.id from behind n join mine b on b.id = n.id
                cross join lateral (select o.id from jobs o
                                    where o.org_id is not distinct from b.org_id and o.order_key = b.order_key and o.state <> 'parked'
                                      and (o.id < b.id or o.id > b.id and o.state = 'running')
                                    order by o.id limit 1 for share skip locked) first
            ), aside as (
                update jobs j set state = 'blocked' from held h where j.id = h.id
            )
            -- The one before is ending right now: neither taken nor set aside, but looked at again soon.
            select coalesce(array_agg(n.id), '{}') into later from behind n;
            passed := passed || later;
            got := array(select g.id from unnest(got) as g (id) where g.id <> all (later));
            if most > 0 then -- more of one organization than it may have
                with ranked as (
                    select j.id, j.org_id, row_number() over (partition by j.org_id order by j.due_at, j.id)
                           + (select count(*) from jobs r where r.state = 'running' and r.kind = kinds[i] and r.org_id = j.org_id)
                           + (select count(*) from jobs r where r.id = any (chosen) and r.org_id = j.org_id) as n
                    from jobs j where j.id = any (got) and j.org_id is not null
                )
                select coalesce(array_agg(x.id), '{}'), busy || coalesce(array_agg(distinct x.org_id), '{}') into later, busy
                from ranked x where x.n > most;
                passed := passed || later;
                got := array(select g.id from unnest(got) as g (id) where g.id <> all (later));
                chosen := chosen || got;
            end if;
            picked := picked || got;
            left_over[i] := left_over[i] - cardinality(got);
        end loop;
    end loop;
    return query
        update jobs j
        set state = 'running', tries = j.tries + 1, taken = j.taken + 1,
            lease_until = clock_timestamp() + make_interval(secs => leases[array_position(kinds, j.kind)])
        where j.id = any (picked)
        returning j.id, j.org_id, j.kind, j.payload, j.tries, j.taken;
end $$;

-- Milliseconds until something of these kinds is due or a lease runs out; 0 when already; null when nothing waits. What job_take would
-- leave because its organization has enough under way does not count: the end of one of those wakes whoever ran it.
drop function if exists jobs_next_due(text[]);
create or replace function jobs_next_due(kinds text[], per_orgs integer[] default null) returns bigint
language sql stable security definer set search_path = pg_catalog, public as $$
    select greatest(0, ceil(extract(epoch from min(x.at) - clock_timestamp()) * 1000))::bigint
    from (select (select j.due_at from jobs j where j.state = 'waiting' and j.kind = k.kind and (j.org_id is null or j.org_id <> all (k.busy))
                  order by j.due_at limit 1) as at
          from (select u.kind, case when u.most > 0 then jobs_full(u.kind, u.most) else '{}' end as busy from unnest(kinds, per_orgs) as u (kind, most)) k
          union all
          select min(j.lease_until) from jobs j where j.state = 'running' and j.kind = any (kinds)) x
$$;

-- Renew leases; returns the jobs that are still ours. The others were taken by somebody else meanwhile.
create or replace function job_renew(ids bigint[], takens bigint[], leases integer[]) returns table (id bigint)
language sql volatile security definer set search_path = pg_catalog, public as $$
    update jobs j
    set lease_until = clock_timestamp() + make_interval(secs => m.lease)
    from unnest(ids, takens, leases) as m (id, taken, lease)
    where j.id = m.id and j.taken = m.taken and j.state = 'running'
    returning j.id
$$;

-- The ends of a run. Each answers whether the job was still this runner's.
create or replace function job_done(job_id bigint, job_taken bigint, next_due timestamptz) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
begin
    update jobs j
    set state = 'waiting', due_at = coalesce(next_due, now()), tries = 0, lease_until = null, error = null
    where j.id = job_id and j.taken = job_taken and j.state = 'running' and j.recurring;
    if found then
        return true;
    end if;
    delete from jobs j where j.id = job_id and j.taken = job_taken and j.state = 'running';
    return found;
end $$;

-- Run it again at due: after a failure (why not null) or as the runner asked (tries begin anew; untried: this run counts for nothing,
-- those before it stay counted). When a new job with the same unique key waits meanwhile, that one does the work.
drop function if exists job_again(bigint, bigint, timestamptz, text);
create or replace function job_again(job_id bigint, job_taken bigint, due timestamptz, why text, untried boolean default false) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
begin
    update jobs j
    set state = 'waiting', due_at = due, lease_until = null, error = case when untried then j.error else why end,
        tries = case when untried then greatest(j.tries - 1, 0) when why is null then 0 else j.tries end
    where j.id = job_id and j.taken = job_taken and j.state = 'running';
    return found;
exception when unique_violation then
    delete from jobs j where j.id = job_id and j.taken = job_taken and j.state = 'running';
    return found;
end $$;

create or replace function job_park(job_id bigint, job_taken bigint, why text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
begin
    update jobs j
    set state = 'parked', parked_at = now(), lease_until = null, error = why
    where j.id = job_id and j.taken = job_taken and j.state = 'running';
    return found;
end $$;

-- Parked jobs of all organizations and of the installation that nobody wanted for so many days. Returns how many.
create or replace function jobs_parked_sweep(days integer) returns bigint
language sql volatile security definer set search_path = pg_catalog, public as $$
    with old as (delete from jobs j where j.state = 'parked' and j.parked_at < now() - make_interval(days => days) returning 1)
    select count(*) from old
$$;

-- The one row of each recurring kind.
create or replace function job_recurring(kinds text[]) returns void
language sql volatile security definer set search_path = pg_catalog, public as $$
    insert into jobs (kind, recurring)
    select k.kind, true from unnest(kinds) as k (kind)
    on conflict do nothing
$$;

-- --- idempotency ----------------------------------------------------------------------------------------------------------
-- Remove the answers of all organizations that are older than a day. Returns how many.
create or replace function idempotency_clean() returns bigint
language sql volatile security definer set search_path = pg_catalog, public as $$
    with old as (delete from idempotency_keys k where k.created_at < now() - interval '24 hours' returning 1)
    select count(*) from old
$$;

-- --- pages of lists -------------------------------------------------------------------------------------------------------
-- The opaque cursor of a keyset page: the sort key of the last row and its id. Unreadable ones are the caller's 400.
create or replace function cursor_make(at timestamptz, id uuid) returns text language sql stable as $$
    select to_char(at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || '.' || id
$$;
create or replace function cursor_time(cursor text) returns timestamptz language plpgsql immutable as $$
begin
    if cursor is null then
        return null;
    end if;
    return to_timestamp(substr(cursor, 1, 20), 'YYYYMMDDHH24MISSUS')::timestamp at time zone 'UTC';
exception when others then
    raise exception using errcode = 'IF400', message = 'INVALID_CURSOR', hint = 'cursor';
end $$;
create or replace function cursor_id(cursor text) returns uuid language plpgsql immutable as $$
begin
    return substr(cursor, 22)::uuid;
exception when others then
    raise exception using errcode = 'IF400', message = 'INVALID_CURSOR', hint = 'cursor';
end $$;
