-- Connecting by login: what a platform granted waits here, sealed, until the person has chosen an account.

create table channel_tickets (
    org_id     uuid not null references organizations (id) on delete cascade,
    id         uuid not null default uuid_v7(),
    kind       text not null,
    owner_id   uuid not null,
    sealed     text not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table channel_tickets is 'Accounts and tokens that a login at a platform gave, sealed; they never go to the browser. A quarter of an hour.';
comment on column channel_tickets.owner_id is 'The user who logged in; nobody else may use it.';
comment on column channel_tickets.sealed is '[{id, name, address, settings, secrets}, …] under the installation''s key.';
create index channel_tickets_old on channel_tickets (expires_at);
call platform_tenant('channel_tickets');
