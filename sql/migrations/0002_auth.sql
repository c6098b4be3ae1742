-- Organizations, people, access. Users are of the installation (one person, several organizations); everything else is a
-- tenant's. What must work before an organization is known (login, session and key lookup, invitations, resets) goes
-- through SECURITY DEFINER functions in sql/functions/auth.sql; the program's role cannot read these tables otherwise.

create table organizations (
    id          uuid primary key default uuid_v7(),
    name        text not null check (length(name) between 1 and 120),
    time_zone   text not null default 'America/Sao_Paulo',
    language    text not null default 'pt' check (language in ('pt', 'es', 'en')),
    currency    text not null default 'BRL' check (currency ~ '^[A-Z]{3}$'),
    country     text not null default 'BR' check (country ~ '^[A-Z]{2}$'),
    settings    jsonb not null default '{}',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
comment on table organizations is 'A tenant. id is what every other table calls org_id.';
comment on column organizations.country is 'Assumed for telephone numbers without a country code.';
alter table organizations enable row level security;
create policy tenant on organizations
    using (id = (select nullif(current_setting('app.org', true), '')::uuid))
    with check (id = (select nullif(current_setting('app.org', true), '')::uuid));
grant select, update on organizations to interflow_app;

create table users (
    id              uuid primary key default uuid_v7(),
    email           text not null check (email = lower(email)),
    name            text not null check (length(name) between 1 and 120),
    password_hash   text,
    language        text not null default 'pt' check (language in ('pt', 'es', 'en')),
    settings        jsonb not null default '{}',
    totp_secret     text,
    totp_enabled_at timestamptz,
    totp_last_step  bigint not null default 0,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
comment on table users is 'A person of the staff, over all organizations of this installation.';
comment on column users.settings is 'Of the interface: theme, sounds, notifications.';
comment on column users.totp_secret is 'Sealed (purpose users.totp_secret).';
create unique index users_email on users (email);
-- Secrets of people (password_hash, totp_secret) are reached only by the functions that need them.
grant select (id, email, name, language, totp_enabled_at, created_at) on users to interflow_app;

create table roles (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    kind        text not null default 'custom' check (kind in ('owner', 'admin', 'manager', 'agent', 'custom')),
    name        text not null check (length(name) between 1 and 60),
    permissions text[] not null default '{}' check (cardinality(permissions) <= 64),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table roles is 'Named sets of permissions. The four built-in kinds exist once per organization; owner cannot be changed.';
create unique index roles_kind on roles (org_id, kind) where kind <> 'custom';
create unique index roles_name on roles (org_id, fold(name));
call platform_tenant('roles');

create table memberships (
    org_id        uuid not null references organizations (id) on delete cascade,
    user_id       uuid not null references users (id) on delete cascade,
    role_id       uuid not null,
    status        text not null default 'active' check (status in ('active', 'suspended')),
    availability  text not null default 'online' check (availability in ('online', 'away')),
    capacity      integer not null default 0 check (capacity between 0 and 1000),
    last_seen_at  timestamptz,
    created_at    timestamptz not null default now(),
    primary key (org_id, user_id),
    foreign key (org_id, role_id) references roles (org_id, id)
);
comment on table memberships is 'A user in an organization.';
comment on column memberships.capacity is 'Open chats at once for automatic distribution; 0 = no limit.';
create index memberships_user on memberships (user_id);
create index memberships_role on memberships (org_id, role_id);
call platform_tenant('memberships');

-- People are visible to those they work with.
alter table users enable row level security;
create policy colleagues on users using (id in (select user_id from memberships));

create table teams (
    org_id       uuid not null references organizations (id) on delete cascade,
    id           uuid not null default uuid_v7(),
    name         text not null check (length(name) between 1 and 60),
    color        text not null default '#5b6475' check (color ~ '^#[0-9a-f]{6}$'),
    leader_id    uuid,
    hours        jsonb,
    distribution text not null default 'manual' check (distribution in ('manual', 'least_open', 'round_robin')),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    primary key (org_id, id)
);
comment on column teams.hours is 'Opening hours: {"mon":[["08:00","18:00"]], …} in the organization''s zone; null = always.';
create unique index teams_name on teams (org_id, fold(name));
call platform_tenant('teams');

create table team_members (
    org_id   uuid not null,
    team_id  uuid not null,
    user_id  uuid not null,
    position integer not null default 0,
    primary key (org_id, team_id, user_id),
    foreign key (org_id, team_id) references teams (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references memberships (org_id, user_id) on delete cascade
);
create index team_members_user on team_members (org_id, user_id);
call platform_tenant('team_members');

create table audit_log (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    actor_kind  text not null,
    actor_id    uuid,
    actor_name  text not null default '',
    action      text not null,
    entity      text not null,
    entity_id   uuid,
    label       text not null default '',
    changes     jsonb not null default '{}',
    address     text not null default '',
    trace       text not null default '',
    created_at  timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table audit_log is 'Who did what, when, from where. Written in the transaction of the change; never changed.';
create index audit_log_entity on audit_log (org_id, entity, entity_id, id desc);
create index audit_log_actor on audit_log (org_id, actor_id, id desc);
call platform_tenant('audit_log');

-- --- of an organization: invitations, API keys, mail ---------------------------------------------------------------------
create table invitations (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    email       text check (email = lower(email)),
    role_id     uuid not null,
    team_ids    uuid[] not null default '{}',
    token_hash  text not null check (token_hash ~ '^[0-9a-f]{64}$'),
    created_by  uuid,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null default now() + interval '7 days',
    accepted_at timestamptz,
    accepted_by uuid,
    primary key (org_id, id),
    foreign key (org_id, role_id) references roles (org_id, id)
);
comment on table invitations is 'A link that makes whoever opens it a member, once, for seven days.';
comment on column invitations.email is 'Null: whoever has the link. Else only an account with this address may use it.';
comment on column invitations.token_hash is 'SHA-256 of the token in the link, which is shown once and kept nowhere.';
create unique index invitations_token on invitations (token_hash);
create unique index invitations_email on invitations (org_id, email) where accepted_at is null and email is not null;
create index invitations_role on invitations (org_id, role_id);
call platform_tenant('invitations');

create table api_keys (
    org_id            uuid not null references organizations (id) on delete cascade,
    id                uuid not null default uuid_v7(),
    name              text not null check (length(name) between 1 and 60),
    prefix            text not null,
    key_hash          text not null check (key_hash ~ '^[0-9a-f]{64}$'),
    role_id           uuid,
    permissions       text[] check (cardinality(permissions) <= 64),
    allowed_addresses text[] not null default '{}',
    rate_per_minute   integer not null default 600 check (rate_per_minute between 1 and 60000),
    created_by        uuid,
    created_at        timestamptz not null default now(),
    last_used_at      timestamptz,
    last_used_from    text not null default '',
    revoked_at        timestamptz,
    primary key (org_id, id),
    foreign key (org_id, role_id) references roles (org_id, id),
    constraint api_keys_rights check ((role_id is null) <> (permissions is null))
);
comment on table api_keys is 'Keys of integrations. They may do what their role or their own list says.';
comment on column api_keys.key_hash is 'SHA-256 of the key, which is shown once. A key is 256 random bits: no slow hash is needed.';
comment on column api_keys.prefix is 'The first characters of the key, so that people can tell keys apart.';
comment on column api_keys.allowed_addresses is 'Networks in CIDR notation that may use the key; empty: all.';
create unique index api_keys_hash on api_keys (key_hash);
create unique index api_keys_name on api_keys (org_id, fold(name)) where revoked_at is null;
create index api_keys_role on api_keys (org_id, role_id) where role_id is not null;
call platform_tenant('api_keys');

create table smtp_settings (
    org_id     uuid not null primary key references organizations (id) on delete cascade,
    host       text not null check (length(host) between 1 and 253),
    port       integer not null check (port between 1 and 65535),
    security   text not null check (security in ('tls', 'starttls', 'none')),
    username   text not null default '',
    password   text,
    from_email text not null,
    from_name  text not null default '',
    updated_at timestamptz not null default now()
);
comment on table smtp_settings is 'The mail server through which an organization writes to its staff.';
comment on column smtp_settings.password is 'Sealed (purpose smtp_settings.password).';
call platform_tenant('smtp_settings');

-- --- of the installation: what proves who somebody is. No policy and no grant: only the functions of
-- --- sql/functions/auth.sql come here. ------------------------------------------------------------------------------------
create table sessions (
    id           uuid primary key default uuid_v7(),
    user_id      uuid not null references users (id) on delete cascade,
    token_hash   text not null check (token_hash ~ '^[0-9a-f]{64}$'),
    address      text not null default '',
    user_agent   text not null default '' check (length(user_agent) <= 400),
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null default now() + interval '30 days'
);
comment on table sessions is 'Logins. The cookie holds 256 random bits, of which only the SHA-256 is kept here.';
create unique index sessions_token on sessions (token_hash);
create index sessions_user on sessions (user_id, last_seen_at desc);
create index sessions_expiry on sessions (expires_at);
alter table sessions enable row level security;

create table login_tickets (
    token_hash text primary key check (token_hash ~ '^[0-9a-f]{64}$'),
    user_id    uuid not null references users (id) on delete cascade,
    tries      integer not null default 0,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '5 minutes'
);
comment on table login_tickets is 'Between a right password and the code of the second factor: five minutes, five tries.';
create index login_tickets_user on login_tickets (user_id);
alter table login_tickets enable row level security;

create table recovery_codes (
    user_id   uuid not null references users (id) on delete cascade,
    code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
    used_at   timestamptz,
    primary key (user_id, code_hash)
);
comment on table recovery_codes is 'For who lost the second factor: 80 random bits each, kept as SHA-256, good once.';
alter table recovery_codes enable row level security;

create table password_resets (
    id         uuid primary key default uuid_v7(),
    user_id    uuid not null references users (id) on delete cascade,
    token_hash text check (token_hash ~ '^[0-9a-f]{64}$'),
    mailed     boolean not null default false,
    created_by uuid,
    address    text not null default '',
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '1 day'
);
comment on table password_resets is 'Asked for and not yet used. Without a token: waiting for an admin who hands over a link.';
create unique index password_resets_token on password_resets (token_hash);
create index password_resets_user on password_resets (user_id);
alter table password_resets enable row level security;

create table login_throttles (
    key           text primary key,
    failures      integer not null default 0,
    last_at       timestamptz not null default now(),
    blocked_until timestamptz
);
comment on table login_throttles is 'Tries by account and by address: counted before the password is looked at, so that many at once count too.';
comment on column login_throttles.key is 'What is counted and the SHA-256 of whom: an e-mail address that nobody has is counted like any other.';
create index login_throttles_age on login_throttles (last_at);
alter table login_throttles enable row level security;

-- --- codes of what the constraints refuse --------------------------------------------------------------------------------
comment on index users_email is 'EMAIL_TAKEN: email';
comment on index roles_name is 'ROLE_DUPLICATE: name';
comment on index teams_name is 'TEAM_DUPLICATE: name';
comment on index api_keys_name is 'KEY_DUPLICATE: name';
comment on index invitations_email is 'INVITATION_DUPLICATE: email';
comment on constraint memberships_pkey on memberships is 'ALREADY_MEMBER: email';
