-- E-mail: every Message-ID seen and sent, how far each folder was read, access tokens of mail accounts, who holds which connection.

create table mails (
    org_id      uuid not null references organizations (id) on delete cascade,
    channel_id  uuid not null,
    mail_id     text not null check (length(mail_id) between 1 and 1000),
    direction   text not null check (direction in ('in', 'out')),
    message_id  uuid,
    chat_id     uuid,
    peer        text not null default '',
    subject_key text not null default '',
    refs        text[] not null default '{}',
    digest      text not null default '',
    sender_kind text not null default '',
    file_id     uuid,
    created_at  timestamptz not null default now(),
    primary key (org_id, channel_id, mail_id),
    foreign key (org_id, channel_id) references channels (org_id, id)
);
comment on table mails is 'Every mail that came to or left an account, by its Message-ID: answers find their chat here, and no mail is taken twice.';
comment on column mails.mail_id is 'Message-ID without angle brackets; with "#" and the digest behind it where another mail had the same one.';
comment on column mails.message_id is 'The message that it became; null: it became none (a bounce of a message that we know).';
comment on column mails.peer is 'Address of the other side, in its canonical form.';
comment on column mails.subject_key is 'Subject without Re: and the like, folded: the last resort for finding the chat.';
comment on column mails.refs is 'Message-IDs that it names, oldest first.';
comment on column mails.digest is 'Of sender, date and subject: tells a mail that came twice from another with the same Message-ID.';
comment on column mails.sender_kind is 'Who wrote it: person, auto-reply, bounce, receipt, list, bulk, notification; of ours: person or program.';
comment on column mails.file_id is 'The raw mail (.eml).';
create index mails_message on mails (org_id, message_id) where message_id is not null;
create index mails_chat on mails (org_id, chat_id) where chat_id is not null;
create index mails_peer on mails (org_id, channel_id, peer, created_at desc);
create index mails_file on mails (org_id, file_id) where file_id is not null;
call platform_tenant('mails');

create table mail_folders (
    org_id       uuid not null references organizations (id) on delete cascade,
    channel_id   uuid not null,
    folder       text not null,
    uid_validity bigint not null,
    uid_next     bigint not null,
    synced_at    timestamptz not null default now(),
    imported     boolean not null default false,
    primary key (org_id, channel_id, folder),
    foreign key (org_id, channel_id) references channels (org_id, id)
);
comment on table mail_folders is 'How far each folder was read: all mails with a UID below uid_next were taken.';
comment on column mail_folders.imported is 'The mails from before the account was connected are in.';
call platform_tenant('mail_folders');

create table mail_tokens (
    org_id     uuid not null references organizations (id) on delete cascade,
    channel_id uuid not null,
    sealed     text not null,
    expires_at timestamptz not null,
    primary key (org_id, channel_id),
    foreign key (org_id, channel_id) references channels (org_id, id)
);
comment on table mail_tokens is 'The access token of an account that logs in by OAuth, until it expires, with the refresh token that came with it.';
call platform_tenant('mail_tokens');

create table channel_watches (
    org_id      uuid not null references organizations (id) on delete cascade,
    channel_id  uuid not null,
    holder      text not null default '',
    until       timestamptz,
    due_at      timestamptz not null default now(),
    tries       integer not null default 0,
    account_key text not null default '',
    primary key (org_id, channel_id),
    foreign key (org_id, channel_id) references channels (org_id, id)
);
comment on table channel_watches is 'Which worker holds the connection of an account that we watch (a mailbox).';
comment on column channel_watches.until is 'The lease, renewed while the connection lives; null: free from due_at on.';
comment on column channel_watches.account_key is 'What the account was like when the connection was made: another one ends it.';
call platform_tenant('channel_watches');
