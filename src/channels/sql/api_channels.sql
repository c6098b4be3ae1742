-- Connected accounts over the API.

-- name: channels_list
-- All that are not deleted, with what they did in the last 30 days.
select json_build_object('items', coalesce(json_agg(channel_json(c) order by c.created_at), '[]'), 'next', null)
from channels c where c.org_id = :org::uuid and c.deleted_at is null;

-- name: channel_get
-- One account.
select channel_json(c) from channels c where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null;

-- name: channel_add
-- A new account.
-- wakes: events
with c as (
    insert into channels (org_id, kind, name, address, public_key, settings, secrets, default_team_id, hours)
    values (:org::uuid, :kind::text, :name::text, coalesce(:address::text, ''), :public_key::text, :settings_json::jsonb, :sealed::text, :defaultTeamId::uuid, :hours::jsonb)
    returning *
), news as (
    insert into events (org_id, type, payload) select org_id, 'settings.changed', '{"what": "channels"}' from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.created', 'channel', c.id, c.name, '{}') from c
)
select channel_json(c::channels) from c left join audit a on true;

-- name: channel_change
-- Change what was given.
-- wakes: events
with c as (
    update channels c set name = coalesce(:name::text, c.name), address = coalesce(:address::text, c.address), settings = coalesce(:settings_json::jsonb, c.settings),
        secrets = coalesce(:sealed::text, c.secrets), default_team_id = case when :has_team::boolean then :defaultTeamId::uuid else c.default_team_id end,
        hours = case when :has_hours::boolean then :hours::jsonb else c.hours end, updated_at = now()
    where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null returning c.*
), news as (
    insert into events (org_id, type, payload) select org_id, 'settings.changed', '{"what": "channels"}' from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.changed', 'channel', c.id, c.name, '{}') from c
)
select channel_json(c::channels) from c left join audit a on true;

-- name: channel_status
-- Pause or resume.
-- wakes: events, jobs
with c as (
    update channels c set status = :status::text, status_reason = '', status_since = now(), updated_at = now()
    where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null returning c.*
), due as (
    -- What waited for the channel to go on leaves now.
    update jobs j set due_at = now() from messages m, c
    where j.org_id = c.org_id and j.kind = 'message.send' and j.state = 'waiting' and j.due_at > now() and c.status = 'connected'
      and m.org_id = j.org_id and m.id = (j.payload->>'messageId')::uuid and m.channel_id = c.id
), news as (
    insert into events (org_id, type, payload)
    select org_id, 'settings.changed', json_build_object('what', 'channels', 'channelId', id, 'status', status) from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.' || :status::text, 'channel', c.id, c.name, '{}') from c
)
select channel_json(c::channels) from c left join audit a on true;

-- name: channel_remove
-- Disconnect for good: its chats and messages stay.
-- wakes: events
with c as (
    update channels c set deleted_at = now(), secrets = null, public_key = null, status = 'disconnected', updated_at = now()
    where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null returning c.*
), news as (
    insert into events (org_id, type, payload)
    select org_id, 'settings.changed', json_build_object('what', 'channels', 'channelId', id, 'status', 'removed') from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.removed', 'channel', c.id, c.name, '{}') from c
)
select '{}'::json from c left join audit a on true;
