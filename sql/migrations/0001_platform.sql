-- The ground that every other table stands on: extensions, the program's role, helpers, events, jobs, idempotency.
--
-- Run by the owner (core/migrate.c), inside one transaction. The program works as interflow_app, which owns nothing and
-- does not bypass row-level security; migrate makes that role before the first migration.

-- --- extensions ------------------------------------------------------------------------------------------------------
-- All four are "trusted": the owner of a database may create them. Elsewhere they must be there already.
create extension if not exists unaccent;
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
create extension if not exists btree_gist;

-- --- helpers that tables are made of (what may change later is in sql/functions) ------------------------------------------
-- Text for search: without accents, lower case. Immutable in truth as long as nobody edits the unaccent rules; the schema of
-- the extension is written into the body because security definer functions run with a fixed search_path.
do $$
declare
    place text := (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
                   where e.extname = 'unaccent');
begin
    execute format(
        'create function fold(value text) returns text language sql immutable strict parallel safe
             return lower(%1$s.unaccent(%2$L::regdictionary, value))', place, place || '.unaccent');
end $$;
comment on function fold(text) is 'Text for search: lower case, without accents';

create function uuid_v7() returns uuid language sql volatile parallel safe
    return (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
            || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid;
comment on function uuid_v7() is 'A new id that sorts by time (RFC 9562, version 7)';

create function ts_json(value timestamptz) returns text language sql stable parallel safe
    return to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
comment on function ts_json(timestamptz) is 'RFC 3339 in UTC with milliseconds, as the API writes every time';

create function app_org() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.org', true), '')::uuid;
comment on function app_org() is 'The organization of this statement group, null when none was set';

-- Make a table the tenants' own: second wall (row-level security) and grants. The organization is written out as a scalar
-- sub-select, so that it is computed once per statement and plans stay index scans.
create procedure platform_tenant(target regclass) language plpgsql as $$
begin
    if not exists (select from pg_attribute where attrelid = target and attname = 'org_id' and attnotnull and not attisdropped) then
        raise exception 'platform_tenant(%): needs a column org_id uuid not null', target;
    end if;
    execute format('alter table %s enable row level security', target);
    execute format('create policy tenant on %s
                        using (org_id = (select nullif(current_setting(''app.org'', true), '''')::uuid))
                        with check (org_id = (select nullif(current_setting(''app.org'', true), '''')::uuid))', target);
    execute format('grant select, insert, update, delete on %s to interflow_app', target);
end $$;
comment on procedure platform_tenant(regclass) is 'Row-level security by org_id and the grants of a tenant table';

-- A table of the whole installation that the program may use: users, sessions, organizations themselves.
create procedure platform_shared(target regclass) language plpgsql as $$
begin
    execute format('grant select, insert, update, delete on %s to interflow_app', target);
end $$;
comment on procedure platform_shared(regclass) is 'Grants of a table that belongs to no organization';

-- --- events ---------------------------------------------------------------------------------------------------------------
create table events (
    org_id uuid not null,
    xid xid8 not null default pg_current_xact_id(),
    id bigint generated always as identity,
    type text not null,
    chat_id uuid,
    team_id uuid,
    assignee_id uuid,
    previous_team_id uuid,
    previous_assignee_id uuid,
    user_id uuid,
    customer_id uuid,
    permission smallint not null default 0,
    payload json not null default '{}',
    created_at timestamptz not null default now(),
    primary key (org_id, xid, id)
) with (toast_tuple_target = 8160);
create index events_order on events (xid, id);
call platform_tenant('events');
comment on table events is 'News of committed changes, kept for a day; written by the statement that makes the change';
comment on column events.payload is 'What clients get. Text, not jsonb, and not compressed: it is written once and read by every worker a moment later';
comment on column events.xid is 'Transaction that wrote it. Readers go by (xid, id) below the snapshot''s xmin: no late commit is skipped';
comment on column events.previous_team_id is 'Team before the change, when the chat moved: those who lost it are told';
comment on column events.user_id is 'Set: for this user only';
comment on column events.permission is 'Above 0: only for holders of this permission';

create table event_horizon (
    single boolean primary key default true check (single),
    xid xid8 not null default '0'
);
insert into event_horizon default values;
comment on table event_horizon is 'One row: events of this transaction and older ones were removed; older positions are too old';

-- --- jobs -----------------------------------------------------------------------------------------------------------------
create table jobs (
    id bigint generated always as identity primary key,
    org_id uuid,
    kind text not null,
    payload jsonb not null default '{}',
    due_at timestamptz not null default now(),
    order_key text,
    unique_key text,
    recurring boolean not null default false,
    state text not null default 'waiting' check (state in ('waiting', 'blocked', 'running', 'parked')),
    tries integer not null default 0,
    taken bigint not null default 0,
    lease_until timestamptz,
    error text,
    created_at timestamptz not null default now(),
    parked_at timestamptz
);
create index jobs_due on jobs (kind, due_at, id) where state = 'waiting';
create index jobs_lease on jobs (lease_until) where state = 'running';
create index jobs_order on jobs (org_id, order_key, id) where order_key is not null and state <> 'parked';
create index jobs_parked on jobs (org_id, parked_at desc, id) where state = 'parked';
create unique index jobs_unique on jobs (org_id, unique_key) nulls not distinct
    where unique_key is not null and state in ('waiting', 'blocked');
create unique index jobs_recurring on jobs (kind) where recurring;
-- As a tenant table; without an organization the context is the installation, whose jobs have none.
alter table jobs enable row level security;
create policy tenant on jobs
    using (org_id = (select nullif(current_setting('app.org', true), '')::uuid))
    with check (org_id = (select nullif(current_setting('app.org', true), '')::uuid)
                or (org_id is null and (select nullif(current_setting('app.org', true), '')) is null));
grant select, insert, update, delete on jobs to interflow_app;
comment on table jobs is 'Work that must happen. Inserted by the transaction that wants it, removed when done';
comment on column jobs.org_id is 'Null: a job of the installation';
comment on column jobs.order_key is 'Of the jobs of an organization with one key only the oldest runs; the others are blocked until it is gone or parked';
comment on column jobs.unique_key is 'At most one waiting job with it';
comment on column jobs.recurring is 'The one row of a recurring kind';
comment on column jobs.taken is 'Times taken; the number that a runner must show to renew, finish or fail (fencing)';
comment on column jobs.error is 'Why the last try failed';

-- --- idempotency ----------------------------------------------------------------------------------------------------------
create table idempotency_keys (
    org_id uuid not null,
    actor_id uuid not null,
    route text not null,
    key text not null,
    request_hash text not null,
    status integer,
    content_type text,
    body text,
    created_at timestamptz not null default now(),
    primary key (org_id, actor_id, route, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
call platform_tenant('idempotency_keys');
comment on table idempotency_keys is 'Answers by Idempotency-Key, kept for a day: the same request gets the same answer';
comment on column idempotency_keys.status is 'Null only inside the transaction that works on the key';

-- --- nodes ----------------------------------------------------------------------------------------------------------------
create table nodes (
    id uuid primary key,
    name text not null,
    version text not null,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);
call platform_shared('nodes');
comment on table nodes is 'Machines that serve from this database; each renews its row, and notifies only while others are alive';
