-- Connected accounts over the API. :base is the installation's own address.

-- name: channels_list
-- All that are not deleted, with what they did in the last 30 days.
select json_build_object('items', coalesce(json_agg(channel_json(c, :base::text) order by c.created_at), '[]'), 'next', null)
from channels c where c.org_id = :org::uuid and c.deleted_at is null;

-- name: channel_get
-- One account.
select channel_json(c, :base::text) from channels c where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null;

-- name: channel_add
-- A new account, with the work that it begins with.
-- wakes: events, jobs
with c as (
    insert into channels (org_id, kind, name, address, public_key, settings, secrets, default_team_id, default_stage_id, hours, greeting, away, external_account,
                          quality, token_expires_at, checked_at)
    values (:org::uuid, :kind::text, :name::text, coalesce(:address::text, ''), :public_key::text, :settings_json::jsonb, :sealed::text, :defaultTeamId::uuid,
            :defaultStageId::uuid, :hours::jsonb, coalesce(:greeting::jsonb, '{}'), coalesce(:away::jsonb, '{}'), coalesce(:external_account::text, ''),
            coalesce(:quality::jsonb, '{}'), to_timestamp(:token_expires_ms::bigint / 1000.0), case when :checked::boolean then now() end)
    returning *
), news as (
    insert into events (org_id, type, payload)
    select org_id, 'settings.changed', json_build_object('what', 'channels', 'channelId', id, 'status', status) from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.created', 'channel', c.id, c.name, '{}') from c
)
select channel_json(c::channels, :base::text) as channel, c.id from c left join audit a on true;

-- name: channel_begin
-- The work of an account that was saved, resumed or repaired.
-- wakes: jobs
select channel_begin(:org::uuid, :channel::uuid);

-- name: channel_change
-- Change what was given.
-- wakes: events
with c as (
    update channels c set name = coalesce(:name::text, c.name), address = coalesce(:address::text, c.address), settings = coalesce(:settings_json::jsonb, c.settings),
        secrets = case when :has_secrets::boolean then :sealed::text else c.secrets end, default_team_id = case when :has_team::boolean then :defaultTeamId::uuid else c.default_team_id end,
        default_stage_id = case when :has_stage::boolean then :defaultStageId::uuid else c.default_stage_id end,
        hours = case when :has_hours::boolean then :hours::jsonb else c.hours end,
        greeting = coalesce(:greeting::jsonb, c.greeting), away = coalesce(:away::jsonb, c.away),
        external_account = coalesce(nullif(:external_account::text, ''), c.external_account), quality = c.quality || coalesce(:quality::jsonb, '{}'),
        token_expires_at = case when :checked::boolean then to_timestamp(:token_expires_ms::bigint / 1000.0) else c.token_expires_at end,
        checked_at = case when :checked::boolean then now() else c.checked_at end, updated_at = now()
    where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null returning c.*
), news as (
    insert into events (org_id, type, payload)
    select org_id, 'settings.changed', json_build_object('what', 'channels', 'channelId', id, 'restart', true) from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.changed', 'channel', c.id, c.name, '{}') from c
)
select channel_json(c::channels, :base::text) from c left join audit a on true;

-- name: channel_status
-- Pause or resume.
-- wakes: events, jobs
with c as (
    update channels c set status = :status::text, status_reason = '', status_since = now(), updated_at = now()
    where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null returning c.*
), due as (
    -- What waited for the channel to go on leaves now.
    select channel_begin(c.org_id, c.id) from c where c.status = 'connected'
), news as (
    insert into events (org_id, type, payload)
    select org_id, 'settings.changed', json_build_object('what', 'channels', 'channelId', id, 'status', status, 'restart', true) from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.' || :status::text, 'channel', c.id, c.name, '{}') from c
)
select channel_json(c::channels, :base::text) from c left join audit a on true left join due d on true;

-- name: channel_remove
-- Disconnect for good: its chats and messages stay. Where the platform must be told, its secrets stay until a job has done it.
-- wakes: events, jobs
with c as (
    update channels c set deleted_at = now(), secrets = case when :told::boolean then c.secrets end, public_key = null, status = 'disconnected',
        status_reason = 'removed', updated_at = now()
    where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null returning c.*
), work as (
    insert into jobs (org_id, kind, payload, order_key)
    select c.org_id, 'channel.removed', jsonb_build_object('channelId', c.id), 'account:' || c.id from c where :told::boolean
), news as (
    insert into events (org_id, type, payload)
    select org_id, 'settings.changed', json_build_object('what', 'channels', 'channelId', id, 'status', 'removed', 'restart', true) from c
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'channel.removed', 'channel', c.id, c.name, '{}') from c
)
select '{}'::json from c left join audit a on true;

-- name: channel_forget
-- The secrets of a removed account go.
update channels c set secrets = null where c.org_id = :org::uuid and c.id = :channel::uuid and c.deleted_at is not null;

-- name: channel_upkeep
-- A job for each account that works.
-- wakes: jobs
select channel_upkeep() as accounts;

-- name: account_checked
-- What a look at the account found.
-- wakes: events, jobs
select channel_checked(:org::uuid, :channel::uuid, :ok::boolean, :code::text, :message::text, :found::jsonb);

-- ---- the log ----------------------------------------------------------------------------------------------------------

-- name: channel_log
-- What came in and what was asked, newest first; search looks into the texts, for those who may see them.
-- class: search
with found as (
    (select b.id, 'in' as direction, b.received_at as at, 'webhook' as what, b.state, null::int as status, null::int as took_ms, b.error_code as code,
            b.error, b.summary, null::text as method, null::text as address
     from channel_bodies b
     where b.org_id = :org::uuid and b.channel_id = :channelId::uuid and :direction::text is distinct from 'out'
       and (:state::text is null or b.state = :state::text)
       and (:search::text is null or b.error ilike '%' || :search::text || '%'
            or :sees_all::boolean and :sees_contacts::boolean and position(convert_to(:search::text, 'UTF8') in b.body) > 0)
       and (:cursor::text is null or b.id < cursor_id(:cursor::text))
     order by b.id desc limit :limit::int + 1)
    union all
    (select k.id, 'out', k.created_at, k.what, case when k.error <> '' or k.status >= 400 then 'failed' else 'done' end, k.status, k.took_ms, k.error, '', '{}',
            k.method, k.address
     from channel_calls k
     where k.org_id = :org::uuid and k.channel_id = :channelId::uuid and :direction::text is distinct from 'in'
       and (:state::text is null or :state::text = case when k.error <> '' or k.status >= 400 then 'failed' else 'done' end)
       and (:search::text is null or position(lower(:search::text) in lower(k.what || ' ' || k.address
            || case when :sees_all::boolean and :sees_contacts::boolean then ' ' || k.request || ' ' || k.answer else '' end)) > 0)
       and (:cursor::text is null or k.id < cursor_id(:cursor::text))
     order by k.id desc limit :limit::int + 1)
), page as (
    select f.*, row_number() over (order by f.id desc) as n from found f order by f.id desc limit :limit::int + 1
)
select json_build_object(
    'items', coalesce((select json_agg(json_build_object('id', p.id, 'direction', p.direction, 'at', ts_json(p.at), 'what', p.what, 'state', p.state,
                  'status', p.status, 'tookMs', p.took_ms, 'method', p.method, 'address', p.address, 'summary', p.summary,
                  'error', case when p.code <> '' then json_build_object('code', p.code, 'message', p.error) end) order by p.n)
              from page p where p.n <= :limit::int), '[]'),
    'next', (select cursor_make(p.at, p.id) from page p where p.n = :limit::int and exists (select from page q where q.n > :limit::int)))
from channels c where c.org_id = :org::uuid and c.id = :channelId::uuid;

-- name: channel_log_entry
-- One of them with its texts: only for who sees all chats, telephone numbers and addresses, since these stand in them.
select json_build_object('id', b.id, 'direction', 'in', 'at', ts_json(b.received_at), 'what', 'webhook', 'state', b.state, 'status', null, 'tookMs', null,
           'method', 'POST', 'address', null, 'summary', b.summary, 'error', case when b.error_code <> '' then json_build_object('code', b.error_code, 'message', b.error) end,
           'request', case when :sees_all::boolean and :sees_contacts::boolean then left(text_of(b.body), 262144) else '' end, 'answer', null, 'messageId', null)
from channel_bodies b where b.org_id = :org::uuid and b.channel_id = :channelId::uuid and b.id = :entryId::uuid
union all
select json_build_object('id', k.id, 'direction', 'out', 'at', ts_json(k.created_at), 'what', k.what,
           'state', case when k.error <> '' or k.status >= 400 then 'failed' else 'done' end, 'status', k.status, 'tookMs', k.took_ms, 'method', k.method,
           'address', k.address, 'summary', '{}'::jsonb, 'error', case when k.error <> '' then json_build_object('code', k.error, 'message', '') end,
           'request', case when :sees_all::boolean and :sees_contacts::boolean then k.request else '' end,
           'answer', case when :sees_all::boolean and :sees_contacts::boolean then k.answer else '' end, 'messageId', k.message_id)
from channel_calls k where k.org_id = :org::uuid and k.channel_id = :channelId::uuid and k.id = :entryId::uuid;

-- name: channel_log_replay
-- Read a body again: what is in it already is not taken twice.
-- wakes: jobs
with b as (
    update channel_bodies b set state = 'waiting', error_code = '', error = '', done_at = null, tries = 0
    where b.org_id = :org::uuid and b.channel_id = :channelId::uuid and b.id = :entryId::uuid and b.state in ('parked', 'done')
      and exists (select from channels c where c.org_id = b.org_id and c.id = b.channel_id and c.deleted_at is null) returning b.*
), work as (
    select channel_receive_job(b.org_id, b.channel_id) from b
)
select json_build_object('id', b.id, 'state', b.state) from b left join work on true;
