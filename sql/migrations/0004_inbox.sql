-- Channels, chats, messages, and what agents keep beside them.

-- Words without accents, and no stemming: conversations mix languages, and people search for what they saw.
create text search configuration interflow (copy = simple);
alter text search configuration interflow
    alter mapping for word, hword, hword_part, numword, numhword, hword_numpart with unaccent, simple;

create table channels (
    org_id          uuid not null references organizations (id) on delete cascade,
    id              uuid not null default uuid_v7(),
    kind            text not null check (kind in ('webchat', 'whatsapp', 'instagram', 'messenger', 'email')),
    name            text not null check (length(name) between 1 and 60),
    address         text not null default '',
    status          text not null default 'connected' check (status in ('connected', 'reconnecting', 'disconnected', 'paused')),
    status_reason   text not null default '',
    status_since    timestamptz not null default now(),
    public_key      text,
    settings        jsonb not null default '{}',
    secrets         text,
    default_team_id uuid,
    hours           jsonb,
    last_event_at   timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    primary key (org_id, id),
    foreign key (org_id, default_team_id) references teams (org_id, id)
);
comment on table channels is 'One connected account. Deleted ones stay for their history.';
comment on column channels.address is 'What people know it by: number, handle, mailbox, site.';
comment on column channels.secrets is 'Sealed JSON (purpose channels.secrets).';
comment on column channels.public_key is 'Webchat: named by the script tag. Found across tenants only through channel_by_public_key().';
create unique index channels_public_key on channels (public_key) where public_key is not null;
create index channels_org on channels (org_id, id) where deleted_at is null;
call platform_tenant('channels');

create table closure_types (
    org_id     uuid not null references organizations (id) on delete cascade,
    id         uuid not null default uuid_v7(),
    name       text not null check (length(name) between 1 and 60),
    color      text not null default '#5b6475' check (color ~ '^#[0-9a-f]{6}$'),
    needs_note boolean not null default false,
    position   integer not null default 0,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (org_id, id)
);
create unique index closure_types_name on closure_types (org_id, fold(name)) where archived_at is null;
comment on index closure_types_name is 'CLOSURE_TYPE_DUPLICATE: name';
call platform_tenant('closure_types');

create table chats (
    org_id            uuid not null references organizations (id) on delete cascade,
    id                uuid not null default uuid_v7(),
    customer_id       uuid not null,
    contact_id        uuid not null,
    channel_id        uuid not null,
    status            text not null default 'pending' check (status in ('pending', 'in_progress', 'waiting', 'closed')),
    assignee_id       uuid,
    team_id           uuid,
    owner             text not null default 'human' check (owner in ('human', 'bot')),
    priority          smallint not null default 0 check (priority between 0 and 3),
    snoozed_until     timestamptz,
    archived_at       timestamptz,
    opened_at         timestamptz not null default now(),
    first_response_at timestamptz,
    waiting_since     timestamptz,
    last_message_at   timestamptz not null default now(),
    last_message      jsonb not null default '{}',
    message_count     integer not null default 0,
    inbound_count     integer not null default 0,
    closed_at         timestamptz,
    closed_by         uuid,
    closure_type_id   uuid,
    closure_note      text not null default '',
    pinned_message_id uuid,
    visitor           jsonb not null default '{}',
    version           integer not null default 1,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, customer_id) references customers (org_id, id) on delete cascade,
    foreign key (org_id, contact_id) references contacts (org_id, id) on delete cascade,
    foreign key (org_id, channel_id) references channels (org_id, id),
    foreign key (org_id, team_id) references teams (org_id, id),
    foreign key (org_id, closure_type_id) references closure_types (org_id, id)
);
comment on table chats is 'One attendance with a customer on a channel.';
comment on column chats.message_count is 'Number of messages, and the seq of the newest: given out under this row''s lock.';
comment on column chats.inbound_count is 'Messages from the customer; unread of an agent = this minus chat_reads.inbound_seen.';
comment on column chats.waiting_since is 'Since when the customer waits for an answer; null when nobody waits.';
comment on column chats.last_message is 'What the list shows: {id, kind, direction, text, status, authorName}.';
comment on column chats.visitor is 'Webchat: page, referrer, agent of the browser, as the visitor''s script said.';
create unique index chats_one_open on chats (org_id, contact_id, channel_id) where status <> 'closed';
comment on index chats_one_open is 'CHAT_ALREADY_OPEN: chatId';
create index chats_recent on chats (org_id, last_message_at desc, id desc);
create index chats_open on chats (org_id, last_message_at desc, id desc) where status <> 'closed';
create index chats_closed on chats (org_id, last_message_at desc, id desc) where status = 'closed';
create index chats_assignee on chats (org_id, assignee_id, last_message_at desc, id desc) where status <> 'closed' and assignee_id is not null;
create index chats_unassigned on chats (org_id, last_message_at desc, id desc) where status <> 'closed' and assignee_id is null;
create index chats_team on chats (org_id, team_id, last_message_at desc, id desc) where status <> 'closed';
create index chats_waiting on chats (org_id, waiting_since, id) where waiting_since is not null and status <> 'closed';
create index chats_customer on chats (org_id, customer_id, opened_at desc);
create index chats_contact on chats (org_id, contact_id, channel_id, opened_at desc);
create index chats_channel on chats (org_id, channel_id, opened_at desc);
create index chats_snoozed on chats (snoozed_until) where snoozed_until is not null;
-- Whose customers a restricted agent sees, closed chats included.
create index chats_assignee_customer on chats (org_id, assignee_id, customer_id) where assignee_id is not null;
create index chats_team_customer on chats (org_id, team_id, customer_id) where team_id is not null;
call platform_tenant('chats');

create table messages (
    org_id       uuid not null,
    id           uuid not null default uuid_v7(),
    chat_id      uuid not null,
    seq          integer not null,
    customer_id  uuid not null,
    channel_id   uuid not null,
    direction    text not null check (direction in ('in', 'out', 'note', 'event')),
    kind         text not null default 'text' check (kind in ('text', 'image', 'video', 'audio', 'document', 'location',
                                                              'contact', 'template', 'email', 'unsupported', 'event')),
    content      text not null default '' check (length(content) <= 65536),
    data         jsonb not null default '{}',
    status       text not null default 'received' check (status in ('received', 'scheduled', 'queued', 'sent', 'delivered', 'read', 'failed', 'cancelled')),
    error        jsonb,
    author_kind  text not null default 'user' check (author_kind in ('customer', 'user', 'key', 'bot', 'system')),
    author_id    uuid,
    author_name  text not null default '',
    external_id  text,
    client_id    text,
    reply_to_id  uuid,
    sequence_id  uuid,
    scheduled_for timestamptz,
    created_at   timestamptz not null default now(),
    sent_at      timestamptz,
    delivered_at timestamptz,
    read_at      timestamptz,
    edited_at    timestamptz,
    deleted_at   timestamptz,
    primary key (org_id, id),
    foreign key (org_id, chat_id) references chats (org_id, id) on delete cascade
);
comment on table messages is 'Everything said in a chat, in order of seq: of the customer (in), to the customer (out), between agents (note), what happened (event).';
comment on column messages.status is 'Ranked: queued < sent < delivered < read; only rises. failed only from queued or sent.';
comment on column messages.error is 'What the platform said: {code, message, raw}.';
comment on column messages.client_id is 'Made by the sender: the same one never makes a second message.';
create unique index messages_seq on messages (org_id, chat_id, seq);
create unique index messages_external on messages (org_id, channel_id, external_id) where external_id is not null;
create unique index messages_client on messages (org_id, chat_id, client_id) where client_id is not null;
create index messages_text on messages using gin (org_id, to_tsvector('interflow', content)) where direction in ('in', 'out', 'note') and content <> '';
call platform_tenant('messages');

create table message_files (
    org_id      uuid not null,
    message_id  uuid not null,
    position    smallint not null default 0,
    file_id     uuid,
    kind        text not null check (kind in ('image', 'video', 'audio', 'document')),
    name        text not null default '',
    type        text not null default '',
    size_bytes  bigint,
    state       text not null default 'ready' check (state in ('ready', 'pending', 'failed')),
    source      jsonb not null default '{}',
    error       text not null default '',
    duration_ms integer,
    primary key (org_id, message_id, position),
    foreign key (org_id, message_id) references messages (org_id, id) on delete cascade,
    foreign key (org_id, file_id) references files (org_id, id)
);
comment on table message_files is 'Attachments. Those that must be fetched are rows in state pending with a job of their own; the message is there before.';
create index message_files_file on message_files (org_id, file_id) where file_id is not null;
call platform_tenant('message_files');

create table reactions (
    org_id      uuid not null,
    message_id  uuid not null,
    actor       text not null,
    actor_name  text not null default '',
    emoji       text not null check (length(emoji) between 1 and 16),
    created_at  timestamptz not null default now(),
    primary key (org_id, message_id, actor),
    foreign key (org_id, message_id) references messages (org_id, id) on delete cascade
);
comment on column reactions.actor is '"customer" or a user''s id.';
call platform_tenant('reactions');

create table mentions (
    org_id      uuid not null,
    message_id  uuid not null,
    user_id     uuid not null,
    chat_id     uuid not null,
    seen_at     timestamptz,
    created_at  timestamptz not null default now(),
    primary key (org_id, message_id, user_id),
    foreign key (org_id, message_id) references messages (org_id, id) on delete cascade
);
create index mentions_user on mentions (org_id, user_id, created_at desc);
call platform_tenant('mentions');

create table chat_reads (
    org_id       uuid not null,
    chat_id      uuid not null,
    user_id      uuid not null,
    inbound_seen integer not null default 0,
    seq_seen     integer not null default 0,
    updated_at   timestamptz not null default now(),
    primary key (org_id, user_id, chat_id),
    foreign key (org_id, chat_id) references chats (org_id, id) on delete cascade
);
create index chat_reads_chat on chat_reads (org_id, chat_id);
call platform_tenant('chat_reads');

create table shortcuts (
    org_id     uuid not null references organizations (id) on delete cascade,
    id         uuid not null default uuid_v7(),
    user_id    uuid,
    keyword    text not null check (keyword ~ '^[^[:space:]/]{1,40}$'),
    title      text not null default '' check (length(title) <= 120),
    steps      jsonb not null,
    team_ids   uuid[] not null default '{}',
    uses       integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (org_id, id)
);
comment on column shortcuts.user_id is 'Null: of the organization; else one person''s own.';
comment on column shortcuts.steps is '1-10 of {"content":"…","fileIds":["…"],"delayMs":0}.';
create unique index shortcuts_keyword on shortcuts (org_id, coalesce(user_id, '00000000-0000-0000-0000-000000000000'), fold(keyword));
comment on index shortcuts_keyword is 'SHORTCUT_DUPLICATE: keyword';
call platform_tenant('shortcuts');

create table inbox_views (
    org_id     uuid not null references organizations (id) on delete cascade,
    id         uuid not null default uuid_v7(),
    user_id    uuid not null,
    name       text not null check (length(name) between 1 and 40),
    icon       text not null default 'star',
    color      text not null default '#5b6475',
    filter     jsonb not null default '{}',
    position   integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (org_id, id)
);
comment on table inbox_views is 'Saved filters of one person.';
create index inbox_views_user on inbox_views (org_id, user_id, position);
call platform_tenant('inbox_views');

create table agent_turns (
    org_id     uuid not null references organizations (id) on delete cascade,
    user_id    uuid not null,
    idle_since timestamptz not null,
    primary key (org_id, user_id)
);
comment on table agent_turns is 'Automatic distribution: when a person was last given a chat, or last ended one.';
call platform_tenant('agent_turns');
