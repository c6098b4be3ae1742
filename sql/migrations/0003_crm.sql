-- Files, customers, contacts, tags, custom fields, funnels, notes.
--
-- Unique indexes that people can run into carry their public code as a comment ("CODE: field").

create type crm_actor as (
    id            uuid,
    kind          text,
    name          text,
    address       text,
    trace         text,
    sees_all      boolean,
    sees_contacts boolean,
    teams         uuid[]
);
comment on type crm_actor is 'Who reads or changes: made by crm_reader() and crm_writer() from the parameters of every query.';

create table files (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    name        text not null check (length(name) between 1 and 255),
    type        text not null,
    kind        text not null check (kind in ('image', 'video', 'audio', 'document')),
    size_bytes  bigint not null check (size_bytes >= 0),
    sha256      text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    width       integer,
    height      integer,
    source      text not null default 'agent',
    created_by  uuid,
    created_at  timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table files is 'A name and a type for content on disk (data/files, by hash).';
create index files_sha256 on files (org_id, sha256);
create index files_content on files (sha256);
comment on index files_content is 'Over all organizations: may this content be removed from the disk?';
call platform_tenant('files');

create table tags (
    org_id     uuid not null references organizations (id) on delete cascade,
    id         uuid not null default uuid_v7(),
    name       text not null check (length(name) between 1 and 60),
    color      text not null default '#5b6475' check (color ~ '^#[0-9a-f]{6}$'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (org_id, id)
);
create unique index tags_name on tags (org_id, fold(name));
comment on index tags_name is 'TAG_DUPLICATE: name';
call platform_tenant('tags');

create table funnels (
    org_id     uuid not null references organizations (id) on delete cascade,
    id         uuid not null default uuid_v7(),
    name       text not null check (length(name) between 1 and 60),
    position   integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (org_id, id)
);
create unique index funnels_name on funnels (org_id, fold(name));
comment on index funnels_name is 'FUNNEL_DUPLICATE: name';
call platform_tenant('funnels');

create table stages (
    org_id     uuid not null,
    id         uuid not null default uuid_v7(),
    funnel_id  uuid not null,
    name       text not null check (length(name) between 1 and 60),
    color      text not null default '#5b6475',
    kind       text not null default 'open' check (kind in ('open', 'won', 'lost')),
    position   integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, funnel_id) references funnels (org_id, id) on delete cascade
);
create index stages_funnel on stages (org_id, funnel_id, position);
call platform_tenant('stages');

create table customers (
    org_id          uuid not null references organizations (id) on delete cascade,
    id              uuid not null default uuid_v7(),
    name            text not null default '' check (length(name) <= 120),
    name_key        text collate "C" not null generated always as (fold(name)) stored,
    kind            text not null default 'person' check (kind in ('person', 'company')),
    document        text,
    document_key    text,
    birth_date      date,
    country         text,
    language        text check (language in ('pt', 'es', 'en')),
    address         jsonb not null default '{}',
    avatar_file_id  uuid,
    pinned_note     text not null default '' check (length(pinned_note) <= 4000),
    owner_id        uuid,
    stage_id        uuid,
    stage_order     double precision,
    stage_since     timestamptz,
    value_minor     bigint,
    utm             jsonb not null default '{}',
    source          text not null default 'manual',
    created_by      uuid,
    merged_into_id  uuid,
    last_message_at timestamptz,
    version         integer not null default 1,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    primary key (org_id, id),
    foreign key (org_id, stage_id) references stages (org_id, id),
    foreign key (org_id, avatar_file_id) references files (org_id, id)
);
comment on table customers is 'A person or company that writes. A phone is optional: identities are in contacts.';
comment on column customers.name_key is 'The name for sorting and search: lower case, without accents.';
comment on column customers.stage_order is 'Place among the cards of its stage, lowest on top.';
comment on column customers.document_key is 'document in its matching form: letters and digits only, upper case.';
comment on column customers.merged_into_id is 'Set when this record was merged away; the row stays so that old links resolve.';
create unique index customers_document on customers (org_id, document_key)
    where document_key is not null and deleted_at is null and merged_into_id is null;
comment on index customers_document is 'CUSTOMER_DUPLICATE: document';
create index customers_recent on customers (org_id, created_at desc, id desc) where deleted_at is null and merged_into_id is null;
create index customers_by_name on customers (org_id, name_key, id) where deleted_at is null and merged_into_id is null;
create index customers_activity on customers (org_id, coalesce(last_message_at, created_at) desc, id desc) where deleted_at is null and merged_into_id is null;
create index customers_name_search on customers using gin (org_id, name_key gin_trgm_ops) where deleted_at is null and merged_into_id is null;
create index customers_stage on customers (org_id, stage_id, stage_order) where stage_id is not null and deleted_at is null;
create index customers_owner on customers (org_id, owner_id) where owner_id is not null;
create index customers_created_by on customers (org_id, created_by) where created_by is not null;
create index customers_merged on customers (org_id, merged_into_id) where merged_into_id is not null;
create index customers_avatar on customers (org_id, avatar_file_id) where avatar_file_id is not null;
call platform_tenant('customers');

create table contacts (
    org_id      uuid not null,
    id          uuid not null default uuid_v7(),
    customer_id uuid not null,
    kind        text not null check (kind in ('phone', 'whatsapp', 'email', 'instagram', 'messenger', 'telegram', 'webchat', 'other')),
    identifier  text not null check (length(identifier) between 1 and 320),
    canonical   text not null,
    label       text not null default '',
    is_primary  boolean not null default false,
    profile     jsonb not null default '{}',
    created_at  timestamptz not null default now(),
    hidden_at   timestamptz,
    primary key (org_id, id),
    foreign key (org_id, customer_id) references customers (org_id, id) on delete cascade
);
comment on table contacts is 'An identity (kind, identifier) of a customer. identifier is kept as received and answered to; canonical is for people.';
create index contacts_customer on contacts (org_id, customer_id);
create index contacts_search on contacts using gin (org_id, canonical gin_trgm_ops);
create index contacts_canonical on contacts (org_id, canonical) where hidden_at is null;
comment on column contacts.hidden_at is 'Set when it was removed, or is the double that a merge left: it stays for the chats held over it and is shown nowhere.';
create unique index contacts_identity on contacts (org_id, kind, canonical, customer_id) where hidden_at is null;
comment on index contacts_identity is 'CONTACT_DUPLICATE: identifier';
call platform_tenant('contacts');

create table contact_keys (
    org_id      uuid not null,
    key         text not null,
    contact_id  uuid not null,
    customer_id uuid not null,
    primary key (org_id, key),
    foreign key (org_id, contact_id) references contacts (org_id, id) on delete cascade
);
comment on table contact_keys is 'Every form under which a contact is found ("phone:5511984217730", "email:a@b.c", "instagram:178…"); the unique key is what blocks doubles, whatever the race.';
create index contact_keys_contact on contact_keys (org_id, contact_id);
create index contact_keys_customer on contact_keys (org_id, customer_id);
call platform_tenant('contact_keys');

create table customer_tags (
    org_id      uuid not null,
    customer_id uuid not null,
    tag_id      uuid not null,
    created_at  timestamptz not null default now(),
    created_by  uuid,
    primary key (org_id, customer_id, tag_id),
    foreign key (org_id, customer_id) references customers (org_id, id) on delete cascade,
    foreign key (org_id, tag_id) references tags (org_id, id) on delete cascade
);
create index customer_tags_tag on customer_tags (org_id, tag_id, customer_id);
call platform_tenant('customer_tags');

create table custom_fields (
    org_id      uuid not null references organizations (id) on delete cascade,
    id          uuid not null default uuid_v7(),
    slug        text not null check (slug ~ '^[a-z][a-z0-9_]{0,39}$'),
    name        text not null check (length(name) between 1 and 60),
    help        text not null default '',
    kind        text not null check (kind in ('text', 'long_text', 'number', 'money', 'date', 'datetime', 'select',
                                              'multi_select', 'yes_no', 'link', 'phone', 'email', 'file')),
    options     jsonb not null default '[]',
    required    text not null default 'no' check (required in ('no', 'close', 'always')),
    position    integer not null default 0,
    archived_at timestamptz,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (org_id, id)
);
comment on column custom_fields.options is 'For select kinds: [{"id":"…","label":"…","color":"#…"}]; values hold ids, so that a label can change.';
comment on column custom_fields.required is 'close: a chat cannot be closed while it is empty.';
create unique index custom_fields_slug on custom_fields (org_id, slug) where archived_at is null;
comment on constraint custom_fields_slug_check on custom_fields is 'INVALID_SLUG: slug';
comment on index custom_fields_slug is 'FIELD_DUPLICATE: slug';
call platform_tenant('custom_fields');

create table field_values (
    org_id      uuid not null,
    customer_id uuid not null,
    field_id    uuid not null,
    value       jsonb not null,
    updated_at  timestamptz not null default now(),
    updated_by  uuid,
    primary key (org_id, customer_id, field_id),
    foreign key (org_id, customer_id) references customers (org_id, id) on delete cascade,
    foreign key (org_id, field_id) references custom_fields (org_id, id) on delete cascade
);
create index field_values_field on field_values (org_id, field_id);
call platform_tenant('field_values');

create table notes (
    org_id      uuid not null,
    id          uuid not null default uuid_v7(),
    customer_id uuid not null,
    title       text not null default '' check (length(title) <= 120),
    content     text not null default '' check (length(content) <= 10000),
    created_by  uuid,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, customer_id) references customers (org_id, id) on delete cascade
);
create index notes_customer on notes (org_id, customer_id, created_at desc);
call platform_tenant('notes');

create table stage_moves (
    org_id        uuid not null,
    id            uuid not null default uuid_v7(),
    customer_id   uuid not null,
    from_stage_id uuid,
    to_stage_id   uuid,
    note          text not null default '',
    chat_id       uuid,
    seconds_in_stage bigint,
    moved_by      uuid,
    created_at    timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, customer_id) references customers (org_id, id) on delete cascade
);
comment on column stage_moves.seconds_in_stage is 'How long the customer had been in from_stage_id.';
create index stage_moves_customer on stage_moves (org_id, customer_id, created_at desc);
call platform_tenant('stage_moves');

create table merges (
    org_id      uuid not null,
    id          uuid not null default uuid_v7(),
    kept_id     uuid not null,
    merged_id   uuid not null,
    merged_name text not null default '',
    snapshot    jsonb not null,
    merged_by   uuid,
    created_at  timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table merges is 'What was merged into what, with the record as it was.';
create index merges_kept on merges (org_id, kept_id, created_at desc);
call platform_tenant('merges');
