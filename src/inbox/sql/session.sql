-- What a page needs to begin with, and what it may fetch beside.

-- name: inbox_bootstrap
-- Everything that a page needs to start, with the position from which events go on: one snapshot.
select (auth_bootstrap_json(:org::uuid, :actor::uuid) || jsonb_build_object(
    'position', event_position(),
    'tags', (select coalesce(json_agg(tag_json(t) order by fold(t.name)), '[]') from tags t where t.org_id = :org::uuid),
    'fields', (select coalesce(json_agg(custom_field_json(f) order by f.position, f.name), '[]') from custom_fields f
               where f.org_id = :org::uuid and f.archived_at is null),
    'funnels', (select coalesce(json_agg(funnel_json(f) order by f.position, f.name), '[]') from funnels f where f.org_id = :org::uuid),
    'closureTypes', (select coalesce(json_agg(closure_type_json(t) order by t.position, t.name), '[]') from closure_types t
                     where t.org_id = :org::uuid and t.archived_at is null),
    'views', (select coalesce(json_agg(inbox_view_json(v) order by v.position, v.created_at), '[]') from inbox_views v
              where v.org_id = :org::uuid and v.user_id = :actor::uuid),
    'channels', (select coalesce(json_agg(json_build_object('id', c.id, 'kind', c.kind, 'name', c.name, 'address', c.address, 'status', c.status,
                     'deleted', c.deleted_at is not null,
                     'signature', case when c.kind = 'email' then coalesce(case jsonb_typeof(c.settings->'signature') when 'string' then c.settings->>'signature'
                         else c.settings->'signature'->>(select o.language from organizations o where o.id = c.org_id) end, '') end) order by c.created_at), '[]') from channels c
                 where c.org_id = :org::uuid and (c.deleted_at is null or c.id in (
                       -- removed accounts only for chats that pages still show: open ones, and those of the last months
                       select d.id from channels d where d.org_id = :org::uuid and d.deleted_at is not null and exists (
                              select from (select h.status, h.last_message_at from chats h where h.org_id = d.org_id and h.channel_id = d.id
                                           order by h.opened_at desc limit 1000) h
                              where h.status <> 'closed' or h.last_message_at > now() - interval '90 days')
                       order by d.deleted_at desc limit 500)))))::text as boot;

-- name: inbox_file_visible
-- A file that the actor may see: one they brought, or one of a message, customer or shortcut within their reach.
select f.id from files f
where f.org_id = :org::uuid and f.id = :fileId::uuid
  and file_visible(f, crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[]), :actor_id::uuid);

-- name: inbox_files_missing
-- The first of these ids that is no file which the actor may see (and so attach), by its place in the list (from 0).
select x.ord - 1 as at from jsonb_array_elements_text(:ids::jsonb) with ordinality x (id, ord)
where not exists (select from files f where f.org_id = :org::uuid and f.id = x.id::uuid
  and file_visible(f, crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[]), :actor_id::uuid))
order by x.ord limit 1;
