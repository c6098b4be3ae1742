-- Messenger and Instagram: addresses of stories, which may only be known while these live, and the parts that a message left in.

create table story_links (
    org_id     uuid not null,
    message_id uuid not null,
    url        text not null,
    until      timestamptz not null,
    primary key (org_id, message_id),
    foreign key (org_id, message_id) references messages (org_id, id) on delete cascade deferrable initially deferred
);
comment on table story_links is 'Where the story that a message is about can be seen, and until when: kept nowhere else, in no backup, and gone when the story is';
create index story_links_over on story_links (until);
comment on index story_links_over is 'Over all organizations: what is over is removed';
call platform_tenant('story_links');

create table message_parts (
    org_id      uuid not null references organizations (id) on delete cascade,
    channel_id  uuid not null,
    external_id text not null,
    message_id  uuid not null,
    created_at  timestamptz not null default now(),
    primary key (org_id, channel_id, external_id)
);
comment on table message_parts is 'The platform''s ids of the parts of a message but the last, whose id is the message''s own: their echoes are no messages. Two days';
create index message_parts_old on message_parts (created_at);
call platform_tenant('message_parts');
