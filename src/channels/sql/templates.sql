-- Templates: our copy of what a platform approved.

-- name: templates_list
-- Of one account, all states.
select json_build_object('items', (select coalesce(json_agg(template_json(t) order by t.name, t.language), '[]') from templates t
    where t.org_id = c.org_id and t.channel_id = c.id and t.deleted_at is null), 'next', null)
from channels c where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null;

-- name: templates_usable
-- Those that can be sent.
select json_build_object('items', coalesce(json_agg(template_json(t) order by t.name, t.language), '[]'), 'next', null)
from templates t join channels c on c.org_id = t.org_id and c.id = t.channel_id and c.deleted_at is null
where t.org_id = :org::uuid and t.deleted_at is null and t.status = 'APPROVED' and (:channelId::uuid is null or t.channel_id = :channelId::uuid);

-- name: template_find
-- One for sending, by its id or by name and language.
select template_json(t) from templates t
where t.org_id = :org::uuid and t.channel_id = :channel::uuid and t.deleted_at is null
  and (t.id = :id::uuid or (t.name = :name::text and t.language = :language::text))
limit 1;

-- name: template_names
-- What the platform calls it.
select t.external_id, t.name from templates t
where t.org_id = :org::uuid and t.channel_id = :channelId::uuid and t.id = :templateId::uuid and t.deleted_at is null;

-- name: templates_sync
-- Bring the copy into step with the platform's list: new ones, changed ones, those that are gone. What changed here since it was asked for
-- (:since_ms) is newer than the list and stays. Told only when something changed.
-- wakes: events
with given as (
    select distinct on (x->>'name', x->>'language') x->>'externalId' as external_id, x->>'name' as name, x->>'language' as language,
           coalesce(x->>'category', '') as category, coalesce(x->>'status', '') as status, coalesce(x->>'reason', '') as reason,
           coalesce(x->>'quality', '') as quality, coalesce(x->>'format', 'positional') as format, coalesce(x->'components', '[]'::jsonb) as components
    from jsonb_array_elements(:list::jsonb) x
    where length(x->>'name') between 1 and 512 and length(x->>'language') between 2 and 10
), kept as (
    insert into templates as t (org_id, channel_id, external_id, name, language, category, status, reason, quality, format, components)
    select :org::uuid, :channel::uuid, coalesce(g.external_id, ''), g.name, g.language, g.category, g.status, g.reason, g.quality, g.format, g.components from given g
    on conflict (org_id, channel_id, name, language) where deleted_at is null
    do update set external_id = excluded.external_id, category = excluded.category, status = excluded.status, reason = excluded.reason,
        quality = excluded.quality, format = excluded.format, components = excluded.components, updated_at = now()
    where t.updated_at < to_timestamp(:since_ms::bigint / 1000.0) and (t.external_id, t.category, t.status, t.reason, t.quality, t.format, t.components)
        is distinct from (excluded.external_id, excluded.category, excluded.status, excluded.reason, excluded.quality, excluded.format, excluded.components)
    returning 1
), gone as (
    update templates t set deleted_at = now(), updated_at = now()
    where t.org_id = :org::uuid and t.channel_id = :channel::uuid and t.deleted_at is null
      and t.updated_at < to_timestamp(:since_ms::bigint / 1000.0)
      and not exists (select from given g where g.name = t.name and g.language = t.language)
    returning 1
)
insert into events (org_id, type, payload)
select :org::uuid, 'template.changed', jsonb_build_object('channelId', :channel::uuid)
where exists (select from kept) or exists (select from gone);

-- name: template_add
-- One that the platform took for approval.
-- wakes: events
with t as (
    insert into templates (org_id, channel_id, external_id, name, language, category, status, format, components)
    select c.org_id, c.id, coalesce(:external_id::text, ''), :name::text, :language::text, :category::text, coalesce(:status::text, 'PENDING'),
        :format::text, :components::jsonb
    from channels c where c.org_id = :org::uuid and c.id = :channelId::uuid and c.deleted_at is null
    on conflict (org_id, channel_id, name, language) where deleted_at is null
    do update set external_id = excluded.external_id, category = excluded.category, status = excluded.status, reason = '', format = excluded.format,
        components = excluded.components, updated_at = now()
    returning *
), news as (
    insert into events (org_id, type, payload) select org_id, 'template.changed', jsonb_build_object('channelId', channel_id) from t
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'template.created', 'template', t.id, t.name, '{}') from t
)
select template_json(t::templates) from t left join audit a on true;

-- name: template_remove
-- The platform has removed it.
-- wakes: events
with t as (
    update templates t set deleted_at = now(), updated_at = now()
    where t.org_id = :org::uuid and t.channel_id = :channelId::uuid and t.id = :templateId::uuid and t.deleted_at is null returning t.*
), news as (
    insert into events (org_id, type, payload) select org_id, 'template.changed', jsonb_build_object('channelId', channel_id) from t
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address_of_client::text, :trace::text, 'template.deleted', 'template', t.id, t.name, '{}') from t
)
select '{}'::json from t left join audit a on true;
