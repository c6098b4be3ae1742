-- Pairs of customers that look like one person and of which somebody said that they are two.

create table duplicate_dismissals (
    org_id       uuid not null,
    low_id       uuid not null,
    high_id      uuid not null,
    dismissed_by uuid,
    created_at   timestamptz not null default now(),
    primary key (org_id, low_id, high_id),
    foreign key (org_id, low_id) references customers (org_id, id) on delete cascade,
    foreign key (org_id, high_id) references customers (org_id, id) on delete cascade,
    constraint duplicate_dismissals_order check (low_id < high_id)
);
comment on table duplicate_dismissals is 'Two different people, whatever they have in common: not suggested as doubles any more.';
create index duplicate_dismissals_high on duplicate_dismissals (org_id, high_id);
call platform_tenant('duplicate_dismissals');
