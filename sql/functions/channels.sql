-- How a connected account looks. Secrets never leave; that there are some is said.
create or replace function channel_json(c channels) returns json language sql stable as $$
    select json_build_object('id', c.id, 'kind', c.kind, 'name', c.name, 'address', c.address, 'status', c.status, 'statusReason', c.status_reason,
        'statusSince', ts_json(c.status_since), 'publicKey', c.public_key, 'settings', c.settings, 'hasSecrets', c.secrets is not null,
        'defaultTeamId', c.default_team_id, 'hours', c.hours, 'lastEventAt', ts_json(c.last_event_at), 'createdAt', ts_json(c.created_at),
        'chats30Days', (select count(*) from (select from chats ch where ch.org_id = c.org_id and ch.channel_id = c.id
                         and ch.opened_at > now() - interval '30 days' limit 10000) x))
$$;
