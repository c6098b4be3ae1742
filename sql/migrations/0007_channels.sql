-- The channels for real: what comes in before it is understood, what we asked of the outside, templates, windows.

alter table channels
    add column external_account text not null default '',
    add column quality          jsonb not null default '{}',
    add column default_stage_id uuid,
    add column greeting         jsonb not null default '{}',
    add column away             jsonb not null default '{}',
    add column token_expires_at timestamptz,
    add column checked_at       timestamptz,
    add column last_error       jsonb,
    add foreign key (org_id, default_stage_id) references stages (org_id, id) on delete set null (default_stage_id);
comment on column channels.external_account is 'The platform''s id of the account: phone number id, page, Instagram account, mailbox. What comes in is routed by it.';
comment on column channels.quality is 'What the platform says of the account: {rating, tier, nameStatus, limit, …}.';
comment on column channels.default_stage_id is 'Where a customer who writes here for the first time is put in the funnel; null: nowhere.';
comment on column channels.greeting is 'Sent at the beginning of a chat, by language: {"pt": "…", "es": "…", "en": "…"}.';
comment on column channels.away is 'The same, outside the opening hours.';
comment on column channels.last_error is 'The newest failure that a person should know of: {code, message, at}. Null: none since it last worked.';
create unique index channels_account on channels (kind, external_account) where deleted_at is null and external_account <> '' and kind <> 'email';
comment on index channels_account is 'CHANNEL_ALREADY_CONNECTED: address';
-- A mailbox is what somebody typed, and any mail server says yes: nobody may keep it from another organization. Nothing is routed by it.
create unique index channels_mailbox on channels (org_id, external_account) where deleted_at is null and external_account <> '' and kind = 'email';
comment on index channels_mailbox is 'CHANNEL_ALREADY_CONNECTED: address';
create index channels_waba on channels ((settings->>'wabaId')) where deleted_at is null and kind = 'whatsapp';

alter table chats add column window_until timestamptz;
alter table contacts add column also text;
comment on column contacts.also is 'A second identifier of the same person and kind: the business-scoped user id beside the phone number. It has a row in contact_keys, too.';

-- Nullable, without a default: nothing is rewritten.
alter table messages add column attempted_at timestamptz, add column parts_sent smallint;
comment on column messages.attempted_at is 'Since when a try to send is under way whose end is not known: written before the platform is called.';
comment on column messages.parts_sent is 'A long text leaves in parts: so many are out already.';

comment on column chats.window_until is 'Until when the platform lets us write freely to this contact; null: no such limit, or never written.';

create table channel_bodies (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    channel_id  uuid not null,
    body        bytea not null,
    account     text not null default '',
    state       text not null default 'waiting' check (state in ('waiting', 'done', 'parked')),
    tries       smallint not null default 0,
    error_code  text not null default '',
    error       text not null default '',
    summary     jsonb not null default '{}',
    received_at timestamptz not null default now(),
    done_at     timestamptz,
    primary key (org_id, id),
    foreign key (org_id, channel_id) references channels (org_id, id)
);
comment on table channel_bodies is 'What platforms sent, as it came, committed before it was acknowledged. Done ones stay a week, parked ones three months.';
comment on column channel_bodies.account is 'Only what is for this account of the platform; empty: all of it. A body of the installation''s own app may speak of several organizations.';
comment on column channel_bodies.error_code is 'Why it was parked: NOT_JSON, UNKNOWN_ACCOUNT, …';
comment on column channel_bodies.summary is 'What was in it: {"messages": 2, "statuses": 1}.';
create index channel_bodies_waiting on channel_bodies (org_id, channel_id, id) where state = 'waiting';
create index channel_bodies_log on channel_bodies (org_id, channel_id, id);
create index channel_bodies_parked on channel_bodies (org_id, channel_id, id) where state = 'parked';
create index channel_bodies_old on channel_bodies using brin (received_at);
call platform_tenant('channel_bodies');

create table channel_calls (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    channel_id  uuid not null,
    what        text not null,
    method      text not null,
    address     text not null,
    status      integer not null default 0,
    took_ms     integer not null default 0,
    request     text not null default '',
    answer      text not null default '',
    error       text not null default '',
    message_id  uuid,
    created_at  timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table channel_calls is 'What we asked of platforms and mail servers, without secrets, cut to 16 KB; two weeks.';
comment on column channel_calls.status is 'HTTP status; 0: no answer came.';
create index channel_calls_log on channel_calls (org_id, channel_id, id);
create index channel_calls_old on channel_calls using brin (created_at);
call platform_tenant('channel_calls');

create table channel_early_statuses (
    org_id      uuid not null references organizations (id) on delete cascade,
    channel_id  uuid not null,
    external_id text not null,
    status      text not null check (status in ('sent', 'delivered', 'read', 'failed')),
    at          timestamptz not null,
    error       jsonb,
    created_at  timestamptz not null default now(),
    primary key (org_id, channel_id, external_id, status)
);
comment on table channel_early_statuses is 'Delivery states of messages that we do not know (yet): the platform was faster than its own answer. A day.';
create index channel_early_statuses_old on channel_early_statuses (created_at);
call platform_tenant('channel_early_statuses');

create table channel_pace (
    org_id     uuid not null references organizations (id) on delete cascade,
    channel_id uuid not null,
    key        text not null,
    free_at    timestamptz not null,
    primary key (org_id, channel_id, key)
);
comment on table channel_pace is 'Limits of sending that all workers share (GCRA): the theoretical time of the next message, per account (key '''') and per person.';
create index channel_pace_old on channel_pace (free_at);
call platform_tenant('channel_pace');

create table templates (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    channel_id  uuid not null,
    external_id text not null default '',
    name        text not null check (length(name) between 1 and 512),
    language    text not null check (length(language) between 2 and 10),
    category    text not null default '',
    status      text not null default 'PENDING',
    reason      text not null default '',
    quality     text not null default '',
    format      text not null default 'positional' check (format in ('positional', 'named')),
    components  jsonb not null default '[]',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    deleted_at  timestamptz,
    primary key (org_id, id),
    foreign key (org_id, channel_id) references channels (org_id, id)
);
comment on table templates is 'Messages that a platform approved beforehand; its copy, kept in step.';
comment on column templates.status is 'In the platform''s words: APPROVED, PENDING, REJECTED, PAUSED, DISABLED, …';
comment on column templates.components is 'As the platform writes them: HEADER, BODY, FOOTER, BUTTONS.';
create unique index templates_name on templates (org_id, channel_id, name, language) where deleted_at is null;
comment on index templates_name is 'TEMPLATE_DUPLICATE: name';
call platform_tenant('templates');
