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
                     'deleted', c.deleted_at is not null) order by c.created_at), '[]') from channels c where c.org_id = :org::uuid)))::text as boot;

-- name: inbox_file_visible
-- A file that the actor may see: one they brought, or one of a message, customer or shortcut within their reach.
select f.id from files f
where f.org_id = :org::uuid and f.id = :fileId::uuid
  and (:sees_all::boolean or f.created_by = :actor_id::uuid
       or exists (select from message_files mf join messages m on m.org_id = mf.org_id and m.id = mf.message_id
                  join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
                  where mf.org_id = f.org_id and mf.file_id = f.id and m.deleted_at is null
                    and (ch.assignee_id = :actor::uuid or ch.team_id = any(:teams::uuid[])))
       or exists (select from customers cu where cu.org_id = f.org_id and cu.avatar_file_id = f.id
                  and customer_visible(cu, crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[])))
       or exists (select from shortcuts s where s.org_id = f.org_id and s.steps::text like '%' || f.id || '%'
                  and (s.user_id = :actor::uuid or (s.user_id is null and (s.team_ids = '{}' or s.team_ids && :teams::uuid[])))));

-- name: inbox_files_missing
-- The first of these ids that is no file which the actor may see (and so attach), by its place in the list (from 0).
select x.ord - 1 as at from jsonb_array_elements_text(:ids::jsonb) with ordinality x (id, ord)
where not exists (select from files f where f.org_id = :org::uuid and f.id = x.id::uuid
  and (:sees_all::boolean or f.created_by = :actor_id::uuid
       or exists (select from message_files mf join messages m on m.org_id = mf.org_id and m.id = mf.message_id
                  join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
                  where mf.org_id = f.org_id and mf.file_id = f.id and m.deleted_at is null
                    and (ch.assignee_id = :actor::uuid or ch.team_id = any(:teams::uuid[])))
       or exists (select from customers cu where cu.org_id = f.org_id and cu.avatar_file_id = f.id
                  and customer_visible(cu, crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[])))
       or exists (select from shortcuts s where s.org_id = f.org_id and s.steps::text like '%' || f.id || '%'
                  and (s.user_id = :actor::uuid or (s.user_id is null and (s.team_ids = '{}' or s.team_ids && :teams::uuid[]))))))
order by x.ord limit 1;
