-- Flows: graphs that people draw, their published versions, the sessions that run on them and what these did.

create table flows (
    org_id            uuid not null references organizations (id) on delete cascade,
    id                uuid not null default uuid_v7(),
    name              text not null check (length(name) between 1 and 80),
    kind              text not null default 'general' check (kind in ('general', 'closing', 'stage', 'transfer')),
    draft             jsonb not null,
    draft_revision    integer not null default 1,
    draft_by          uuid,
    draft_at          timestamptz not null default now(),
    problems          jsonb not null default '[]',
    changed           boolean not null default true,
    node_count        integer not null default 0,
    triggers          jsonb not null default '[]',
    published_version integer,
    version_id        uuid,
    enabled           boolean not null default false,
    priority          smallint not null default 0 check (priority between -100 and 100),
    created_by        uuid,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    deleted_at        timestamptz,
    primary key (org_id, id)
);
comment on table flows is 'A flow: its draft, and which version of it is live. Removed ones stay while sessions name them.';
comment on column flows.draft is 'The graph as the editor keeps it (docs/FLOWS.md).';
comment on column flows.draft_revision is 'Rises with every save: who saves names the one that they changed.';
comment on column flows.problems is 'What the check said of the draft when it was saved.';
comment on column flows.changed is 'The draft differs from the live version; true as long as there is none.';
comment on column flows.node_count is 'Of the draft.';
comment on column flows.triggers is 'What lists show: [{kind, enabled, channelIds, words}] of the live version, of the draft as long as there is none.';
comment on column flows.version_id is 'The live version; null: never published.';
comment on column flows.priority is 'Of two flows that could start, the higher one does.';
create index flows_org on flows (org_id, id) where deleted_at is null;
call platform_tenant('flows');

create table flow_versions (
    org_id       uuid not null,
    id           uuid not null default uuid_v7(),
    flow_id      uuid not null,
    number       integer not null,
    name         text not null,
    kind         text not null,
    graph        jsonb not null,
    note         text not null default '' check (length(note) <= 500),
    published_by uuid,
    published_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, flow_id) references flows (org_id, id) on delete cascade
);
comment on table flow_versions is 'What was published. A row never changes: sessions end on the version that they began with.';
create unique index flow_versions_number on flow_versions (org_id, flow_id, number);
call platform_tenant('flow_versions');

create table flow_files (
    org_id  uuid not null,
    flow_id uuid not null,
    file_id uuid not null,
    pinned  boolean not null default false,
    primary key (org_id, flow_id, file_id),
    foreign key (org_id, flow_id) references flows (org_id, id) on delete cascade,
    foreign key (org_id, file_id) references files (org_id, id)
);
comment on table flow_files is 'Files that a flow sends: as long as a row names them they are not swept away.';
comment on column flow_files.pinned is 'A published version names it; others only as long as the draft does.';
create index flow_files_file on flow_files (org_id, file_id);
call platform_tenant('flow_files');

create table flow_triggers (
    org_id       uuid not null,
    flow_id      uuid not null,
    key          text not null,
    version_id   uuid not null,
    kind         text not null,
    channel_ids  uuid[] not null default '{}',
    words        text[],
    priority     smallint not null default 0,
    flow_priority smallint not null default 0,
    debounce_ms  integer not null default 0,
    silent       boolean not null default false,
    data         jsonb not null default '{}',
    published_at timestamptz not null,
    primary key (org_id, flow_id, key),
    foreign key (org_id, flow_id) references flows (org_id, id) on delete cascade
);
comment on table flow_triggers is 'What can start the live versions of the flows that are switched on: made anew at publishing and switching.';
comment on column flow_triggers.key is 'Id of the trigger in the graph''s start node.';
comment on column flow_triggers.channel_ids is 'Only there; empty: on all.';
comment on column flow_triggers.words is 'Keywords, folded: a message without any of them needs no further look. Null: look at all (regular expressions).';
create index flow_triggers_kind on flow_triggers (org_id, kind);
call platform_tenant('flow_triggers');

create table flow_sessions (
    org_id          uuid not null references organizations (id) on delete cascade,
    id              uuid not null default uuid_v7(),
    flow_id         uuid not null,
    version_id      uuid,
    chat_id         uuid,
    customer_id     uuid,
    channel_id      uuid,
    status          text not null check (status in ('running', 'waiting', 'paused', 'done', 'failed', 'stopped')),
    node            text,
    wait            jsonb,
    wake_at         timestamptz,
    vars            jsonb not null default '{}',
    stack           jsonb not null default '[]',
    seen_seq        integer not null default 0,
    steps           integer not null default 0,
    sent            integer not null default 0,
    calls           integer not null default 0,
    token           bigint not null default 1,
    debounce_ms     integer not null default 0,
    trigger         jsonb not null default '{}',
    error           jsonb,
    ended_how       text not null default '',
    test            jsonb,
    clock_offset_ms bigint not null default 0,
    started_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    ended_at        timestamptz,
    primary key (org_id, id),
    foreign key (org_id, flow_id) references flows (org_id, id) on delete cascade,
    foreign key (org_id, chat_id) references chats (org_id, id) on delete cascade
);
comment on table flow_sessions is 'One walk through a flow with one customer. Between two commits it stands at one node; nothing of it lives in a process.';
comment on column flow_sessions.version_id is 'The version that it runs on to its end; null: the draft of a test, whose graph is in test.';
comment on column flow_sessions.chat_id is 'Null: of a test, or of a silent flow without a chat.';
comment on column flow_sessions.wait is 'What it waits for: {kind, nodeId, untilMs, data}.';
comment on column flow_sessions.wake_at is 'When its timer is due: there is a job flow.wake for then.';
comment on column flow_sessions.stack is 'Who called: [{flowId, versionId, nodeId}], the innermost last.';
comment on column flow_sessions.seen_seq is 'messages.seq of the last message of the chat that it has read.';
comment on column flow_sessions.sent is 'Messages written so far: numbers their client ids.';
comment on column flow_sessions.token is 'Rises with every change. Timers and answers of calls name the one that they were made under, and do nothing at another.';
comment on column flow_sessions.ended_how is 'Why it is over, or paused: end, transfer, close, taken, chat_closed, stopped, replaced, limit codes …';
comment on column flow_sessions.test is 'Of the test panel: {graph, channelKind, customer, transcript, …}; null: real.';
comment on column flow_sessions.clock_offset_ms is 'Tests: how far their clock is ahead.';
create unique index flow_sessions_one on flow_sessions (org_id, chat_id) where chat_id is not null and status in ('running', 'waiting', 'paused');
comment on index flow_sessions_one is 'FLOW_RUNNING: chatId';
create index flow_sessions_flow on flow_sessions (org_id, flow_id, started_at desc, id desc);
create index flow_sessions_unfinished on flow_sessions (org_id, flow_id, node) where status in ('running', 'waiting', 'paused');
create index flow_sessions_customer on flow_sessions (org_id, customer_id) where customer_id is not null;
create index flow_sessions_chat on flow_sessions (org_id, chat_id, started_at desc) where chat_id is not null;
create index flow_sessions_version on flow_sessions (org_id, version_id) where version_id is not null;
create index flow_sessions_old on flow_sessions (ended_at) where ended_at is not null;
comment on index flow_sessions_old is 'Over all organizations: what is long over is removed.';
create index flow_sessions_tests on flow_sessions (org_id, updated_at desc) where test is not null;
call platform_tenant('flow_sessions');

create table flow_steps (
    org_id     uuid not null,
    session_id uuid not null,
    n          integer not null,
    flow_id    uuid not null,
    version_id uuid,
    node       text not null,
    type       text not null,
    what       text not null,
    port       text,
    data       jsonb,
    error      jsonb,
    took_us    integer not null default 0,
    at         timestamptz not null,
    xid        xid8 not null default pg_current_xact_id(),
    primary key (org_id, session_id, n),
    foreign key (org_id, session_id) references flow_sessions (org_id, id) on delete cascade
);
comment on table flow_steps is 'The log of sessions: a line for every node that was entered, woken or tried again.';
comment on column flow_steps.what is 'entered, answered, timeout, http, returned, retried.';
comment on column flow_steps.port is 'The one that was taken; null: it waits there, ended there, or failed.';
comment on column flow_steps.xid is 'Transaction that wrote it: the roll-up into flow_counts goes by it.';
create index flow_steps_xid on flow_steps (xid);
comment on index flow_steps_xid is 'Over all organizations: what is new since the last roll-up.';
call platform_tenant('flow_steps');

create table flow_counts (
    org_id     uuid not null references organizations (id) on delete cascade,
    flow_id    uuid not null,
    version_id uuid not null,
    node       text not null,
    what       text not null,
    port       text not null default '',
    day        date not null,
    n          bigint not null,
    primary key (org_id, flow_id, version_id, node, what, port, day)
);
comment on table flow_counts is 'How often what happened at a node, by day (UTC): rolled up from flow_steps by the job flow.roll. Tests do not count.';
comment on column flow_counts.what is 'entered, answered, timeout, left (by port), failed.';
call platform_tenant('flow_counts');

create table flow_roll (
    single boolean primary key default true check (single),
    xid    xid8 not null default '0'
);
insert into flow_roll default values;
comment on table flow_roll is 'One row: steps of older transactions are in flow_counts.';

create table flow_idle (
    org_id  uuid not null,
    chat_id uuid not null,
    flow_id uuid not null,
    key     text not null,
    seq     integer not null,
    primary key (org_id, chat_id, flow_id, key),
    foreign key (org_id, chat_id) references chats (org_id, id) on delete cascade
);
comment on table flow_idle is 'Silences that a trigger has answered: one silence starts a flow once.';
comment on column flow_idle.seq is 'How many messages of the customer there were when it did.';
call platform_tenant('flow_idle');

create table flow_hooks (
    org_id     uuid not null,
    id         uuid not null default uuid_v7(),
    flow_id    uuid not null,
    key        text not null,
    public_key text not null,
    secret     text,
    listen_until timestamptz,
    last_call_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (org_id, id),
    foreign key (org_id, flow_id) references flows (org_id, id) on delete cascade
);
comment on table flow_hooks is 'Addresses of webhook triggers. They stay as long as the flow has the trigger, whatever is published.';
comment on column flow_hooks.key is 'Id of the trigger in the graph.';
comment on column flow_hooks.public_key is 'Last part of the address: /flow-hooks/<key>.';
comment on column flow_hooks.secret is 'Sealed (purpose flows.hook): of the check that the trigger asks for.';
comment on column flow_hooks.listen_until is 'Somebody draws from a live call: calls are kept in full until then.';
create unique index flow_hooks_public on flow_hooks (public_key);
comment on index flow_hooks_public is 'Found across organizations only through flow_hook_by_key().';
create unique index flow_hooks_trigger on flow_hooks (org_id, flow_id, key);
call platform_tenant('flow_hooks');

create table flow_hook_calls (
    org_id   uuid not null,
    id       uuid not null default uuid_v7(),
    hook_id  uuid not null,
    at       timestamptz not null default now(),
    status   integer not null,
    code     text not null default '',
    call     jsonb not null default '{}',
    waits    boolean not null default false,
    session_id uuid,
    primary key (org_id, id),
    foreign key (org_id, hook_id) references flow_hooks (org_id, id) on delete cascade
);
comment on table flow_hook_calls is 'The last calls of a webhook trigger: what was answered and why.';
comment on column flow_hook_calls.code is 'Why it was refused; what became of it: STARTED, FLOW_RUNNING, …; empty: nothing yet.';
comment on column flow_hook_calls.call is '{method, query, headers, body} without secrets: until its work is done, and while somebody listens.';
comment on column flow_hook_calls.waits is 'Its job flow.hook has not run yet.';
create index flow_hook_calls_hook on flow_hook_calls (org_id, hook_id, at desc);
create index flow_hook_calls_kept on flow_hook_calls (at) where call <> '{}';
comment on index flow_hook_calls_kept is 'Over all organizations: content goes when nobody listens any more.';
create index flow_hook_calls_age on flow_hook_calls (at);
comment on index flow_hook_calls_age is 'Over all organizations: what is old is removed.';
call platform_tenant('flow_hook_calls');

create table flow_tests (
    org_id     uuid not null,
    id         uuid not null default uuid_v7(),
    flow_id    uuid not null,
    name       text not null check (length(name) between 1 and 80),
    script     jsonb not null,
    created_by uuid,
    created_at timestamptz not null default now(),
    last_result jsonb,
    primary key (org_id, id),
    foreign key (org_id, flow_id) references flows (org_id, id) on delete cascade
);
comment on table flow_tests is 'Recorded conversations with a flow, run again before publishing.';
comment on column flow_tests.script is '{channelKind, customer, steps: [{say|option|skip|http, expect}]}.';
create index flow_tests_flow on flow_tests (org_id, flow_id, created_at);
call platform_tenant('flow_tests');

alter table chats add column flow jsonb;
alter table chats add column flow_seq integer not null default 0;
comment on column chats.flow_seq is 'messages.seq up to which flows have looked at what came in, when none runs: nothing starts a flow twice.';
comment on column chats.flow is 'The flow that runs or pauses here: {sessionId, flowId, name, nodeName, status}; null: none.';

-- Roles of organizations that are there get the new permissions; owners have all.
update roles set permissions = permissions || array['flows.view', 'flows.edit', 'flows.run'] where kind in ('admin', 'manager') and not 'flows.view' = any (permissions);
update roles set permissions = array_append(permissions, 'flows.run') where kind = 'agent' and not 'flows.run' = any (permissions);
