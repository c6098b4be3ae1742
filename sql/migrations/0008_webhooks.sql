-- Outgoing webhooks: what an organization wants to be told at which address, and every notification as a row (the outbox).
--
-- The outbox is filled by one reader of the table of events, whose place is a row here: the rows of the outbox and the reader's
-- step commit together, so that nothing is left out and nothing is written twice, whatever dies in between.

create table event_cursors (
    name text primary key,
    xid  xid8 not null default '0',
    id   bigint not null default 0,
    busy boolean not null default false
);
comment on table event_cursors is 'Readers of the events that remember their place. Reached only by functions that run as the owner';
comment on column event_cursors.busy is 'Somebody wants what it reads: events that it has not read are kept beyond their day';
insert into event_cursors (name) values ('webhooks');

create table webhooks (
    org_id          uuid not null references organizations (id) on delete cascade,
    id              uuid not null default uuid_v7(),
    name            text not null check (length(name) between 1 and 60),
    url             text not null check (length(url) between 8 and 2000),
    events          text[] not null check (cardinality(events) between 1 and 100),
    team_ids        uuid[] not null default '{}',
    channel_ids     uuid[] not null default '{}',
    active          boolean not null default true,
    off_reason      text not null default '' check (off_reason in ('', 'gone', 'failing')),
    off_at          timestamptz,
    secret          text not null,
    secret_hint     text not null,
    previous_secret text,
    previous_until  timestamptz,
    from_xid        xid8 not null default '0',
    sequence        bigint not null default 0,
    failures        integer not null default 0,
    failing_since   timestamptz,
    paused_until    timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_error      jsonb,
    owner_kind      text not null check (owner_kind in ('user', 'key')),
    owner_id        uuid,
    created_by_name text not null default '',
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table webhooks is 'Addresses that are told of events';
comment on column webhooks.team_ids is 'Of chats and messages only those of these teams; empty: all';
comment on column webhooks.channel_ids is 'Of chats and messages only those of these channels; empty: all';
comment on column webhooks.off_reason is 'Why the program switched it off: the address said 410, or a day of nothing but failures';
comment on column webhooks.secret is 'Sealed (purpose webhooks.secret)';
comment on column webhooks.previous_secret is 'Sealed; signs along until previous_until, so that receivers can change over';
comment on column webhooks.from_xid is 'Events of before it was switched on are not its';
comment on column webhooks.sequence is 'Given to the last notification: 1, 2, 3 … without gap, in the order of the commits';
comment on column webhooks.failures is 'Tries that failed since one went well';
comment on column webhooks.paused_until is 'After several failures in a row nothing is tried until then';
comment on column webhooks.owner_id is 'Who named the address. Telephone numbers and e-mail addresses are sent as long as that person or key may see them';
create unique index webhooks_name on webhooks (org_id, fold(name));
comment on index webhooks_name is 'WEBHOOK_DUPLICATE: name';
create index webhooks_active on webhooks (org_id) where active;
call platform_tenant('webhooks');

create table webhook_deliveries (
    org_id       uuid not null,
    id           uuid not null default uuid_v7(),
    n            bigint generated always as identity,
    webhook_id   uuid not null,
    event_id     uuid not null,
    type         text not null,
    sequence     bigint not null default 0,
    occurred_at  timestamptz not null,
    chat_id      uuid,
    customer_id  uuid,
    body         text not null,
    contacts     boolean not null default false,
    lane         smallint not null default 0,
    state        text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
    tries        integer not null default 0,
    due_at       timestamptz not null default now(),
    expires_at   timestamptz not null default now() + interval '27 hours',
    error_code   text not null default '',
    error        text not null default '',
    status       integer,
    answer       text not null default '',
    took_ms      integer,
    attempts     jsonb not null default '[]',
    created_at   timestamptz not null default now(),
    ended_at     timestamptz,
    primary key (org_id, id),
    foreign key (org_id, webhook_id) references webhooks (org_id, id) on delete cascade
);
comment on table webhook_deliveries is 'Notifications: waiting to be taken by the receiver, delivered, or dead (given up, can be sent again). Kept 14 days';
comment on column webhook_deliveries.n is 'The order of the log';
comment on column webhook_deliveries.event_id is 'The same for every try and every webhook: receivers drop what they have seen';
comment on column webhook_deliveries.body is 'Exactly what is sent, and signed. Empty once the customer was erased';
comment on column webhook_deliveries.contacts is 'The body holds telephone numbers or e-mail addresses in clear';
comment on column webhook_deliveries.lane is 'Each webhook has a few lanes, of which each sends one after the other';
comment on column webhook_deliveries.expires_at is 'Not tried after that';
comment on column webhook_deliveries.answer is 'What the receiver said last, at most 4 KB of it';
comment on column webhook_deliveries.attempts is 'Of the tries: at, status, error, tookMs';
create unique index webhook_deliveries_once on webhook_deliveries (org_id, webhook_id, event_id);
create index webhook_deliveries_due on webhook_deliveries (org_id, webhook_id, lane, due_at, n) where state = 'waiting';
create index webhook_deliveries_log on webhook_deliveries (org_id, webhook_id, state, n desc);
create index webhook_deliveries_newest on webhook_deliveries (org_id, webhook_id, n desc);
create index webhook_deliveries_customer on webhook_deliveries (org_id, customer_id) where customer_id is not null;
create index webhook_deliveries_age on webhook_deliveries (created_at);
comment on index webhook_deliveries_age is 'Over all organizations: what is old is removed';
call platform_tenant('webhook_deliveries');

-- Administrators of organizations that are there get the new permission; owners have all.
update roles set permissions = array_append(permissions, 'webhooks.manage') where kind = 'admin' and not 'webhooks.manage' = any (permissions);
