-- What agents keep beside the chats: shortcuts, closure types, saved filters.

-- name: shortcuts_list
-- The organization's shortcuts (of my teams, or of all) and my own.
select json_build_object('items', coalesce(json_agg(shortcut_json(s) order by fold(s.keyword)), '[]'), 'next', null)
from shortcuts s where s.org_id = :org::uuid
  and (s.user_id = :actor::uuid or (s.user_id is null and (s.team_ids = '{}' or :sees_all::boolean or s.team_ids && :teams::uuid[])));

-- name: shortcut_add
-- A new shortcut; shared ones are the organization's. Its teams and files were checked (shortcut_check).
-- wakes: events
with s as (
    insert into shortcuts (org_id, user_id, keyword, title, steps, team_ids)
    values (:org::uuid, case when :shared::boolean then null else :actor::uuid end, :keyword::text, coalesce(:title::text, ''), :steps::jsonb,
            array(select jsonb_array_elements_text(:teamIds::jsonb))::uuid[])
    returning *
), news as (
    insert into events (org_id, type, user_id, payload)
    select org_id, 'settings.changed', user_id, '{"what": "shortcuts"}' from s
)
select shortcut_json(s::shortcuts) from s;

-- name: shortcut_find
-- Whose is it?
select user_id is null as shared from shortcuts where org_id = :org::uuid and id = :shortcutId::uuid and (user_id is null or user_id = :actor::uuid);

-- name: shortcut_change
-- Change what was given.
-- wakes: events
with s as (
    update shortcuts s set keyword = coalesce(:keyword::text, s.keyword), title = coalesce(:title::text, s.title), steps = coalesce(:steps::jsonb, s.steps),
        team_ids = case when :teamIds::jsonb is null then s.team_ids else array(select jsonb_array_elements_text(:teamIds::jsonb))::uuid[] end,
        updated_at = now()
    where s.org_id = :org::uuid and s.id = :shortcutId::uuid and (s.user_id is null or s.user_id = :actor::uuid)
    returning s.*
), news as (
    insert into events (org_id, type, user_id, payload) select org_id, 'settings.changed', user_id, '{"what": "shortcuts"}' from s
)
select shortcut_json(s::shortcuts) from s;

-- name: shortcut_remove
-- Remove one.
-- wakes: events
with s as (
    delete from shortcuts s where s.org_id = :org::uuid and s.id = :shortcutId::uuid and (s.user_id is null or s.user_id = :actor::uuid) returning s.*
), news as (
    insert into events (org_id, type, user_id, payload) select org_id, 'settings.changed', user_id, '{"what": "shortcuts"}' from s
)
select '{}'::json from s;

-- name: shortcut_use
-- The steps of a shortcut, and what its variables may name: the chat's customer, the agent, the organization.
with used as (
    update shortcuts s set uses = s.uses + 1 where s.org_id = :org::uuid and s.id = :shortcutId::uuid
      and (s.user_id = :actor::uuid or (s.user_id is null and (s.team_ids = '{}' or :sees_all::boolean or s.team_ids && :teams::uuid[])))
      and exists (select from chats ch where ch.org_id = :org::uuid and ch.id = :chatId::uuid
                  and {chat_visible})
    returning s.steps
)
select u.steps::text as steps, json_build_object(
    'customer', json_build_object('name', cu.name, 'firstName', split_part(cu.name, ' ', 1), 'document', case when :sees_contacts::boolean then cu.document end,
        'email', case when :sees_contacts::boolean then (select co.canonical from contacts co where co.org_id = cu.org_id and co.customer_id = cu.id and co.kind = 'email' and co.hidden_at is null order by co.is_primary desc limit 1) end,
        'phone', case when :sees_contacts::boolean then (select contact_display(co.kind, co.canonical) from contacts co where co.org_id = cu.org_id and co.customer_id = cu.id and co.kind in ('phone', 'whatsapp') and co.hidden_at is null order by co.is_primary desc limit 1) end),
    'agent', json_build_object('name', :actor_name::text, 'firstName', split_part(:actor_name::text, ' ', 1)),
    'organization', json_build_object('name', o.name),
    'channel', json_build_object('name', cn.name),
    'greeting', inbox_greeting(o.time_zone, coalesce(cu.language, o.language)),
    'currentTime', to_char(now() at time zone o.time_zone, 'HH24:MI'),
    'currentDate', to_char(now() at time zone o.time_zone, 'DD/MM/YYYY'))::text as vars
from used u
join organizations o on o.id = :org::uuid
join chats ch on ch.org_id = o.id and ch.id = :chatId::uuid
  and {chat_visible}
join customers cu on cu.org_id = ch.org_id and cu.id = ch.customer_id
join channels cn on cn.org_id = ch.org_id and cn.id = ch.channel_id;

-- name: closure_types_list
-- All that are not archived.
select json_build_object('items', coalesce(json_agg(closure_type_json(t) order by t.position, t.name), '[]'), 'next', null)
from closure_types t where t.org_id = :org::uuid and t.archived_at is null;

-- name: closure_type_add
-- A new one, last in the list.
-- wakes: events
with t as (
    insert into closure_types (org_id, name, color, needs_note, position)
    values (:org::uuid, :name::text, coalesce(:color::text, '#5b6475'), coalesce(:needsNote::boolean, false),
            coalesce(:position::int, (select coalesce(max(x.position), 0) + 1 from closure_types x where x.org_id = :org::uuid)))
    returning *
), news as (
    insert into events (org_id, type, payload) select org_id, 'settings.changed', '{"what": "closureTypes"}' from t
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'closure_type.created', 'closure_type', t.id, t.name, '{}') from t
)
select closure_type_json(t::closure_types) from t left join audit a on true;

-- name: closure_type_change
-- Change what was given.
-- wakes: events
with was as (
    select t as row from closure_types t where t.org_id = :org::uuid and t.id = :closureTypeId::uuid and t.archived_at is null for update
), t as (
    update closure_types t set name = coalesce(:name::text, t.name), color = coalesce(:color::text, t.color), needs_note = coalesce(:needsNote::boolean, t.needs_note),
        position = coalesce(:position::int, t.position)
    from was where t.org_id = :org::uuid and t.id = (was.row).id returning t.*
), news as (
    insert into events (org_id, type, payload) select org_id, 'settings.changed', '{"what": "closureTypes"}' from t
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'closure_type.changed', 'closure_type', t.id, t.name,
                     audit_diff(closure_type_json(was.row)::jsonb, closure_type_json(t::closure_types)::jsonb)) from t, was
)
select closure_type_json(t::closure_types) from t left join audit a on true;

-- name: closure_type_remove
-- Out of the list; chats that ended with it keep it.
-- wakes: events
with t as (
    update closure_types t set archived_at = now() where t.org_id = :org::uuid and t.id = :closureTypeId::uuid and t.archived_at is null returning t.*
), news as (
    insert into events (org_id, type, payload) select org_id, 'settings.changed', '{"what": "closureTypes"}' from t
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'closure_type.removed', 'closure_type', t.id, t.name, '{}') from t
)
select '{}'::json from t left join audit a on true;

-- name: views_list
-- My saved filters.
select json_build_object('items', coalesce(json_agg(inbox_view_json(v) order by v.position, v.created_at), '[]'), 'next', null)
from inbox_views v where v.org_id = :org::uuid and v.user_id = :actor::uuid;

-- name: view_add
-- Save a filter.
with v as (
    insert into inbox_views (org_id, user_id, name, icon, color, filter, position)
    select :org::uuid, :actor::uuid, :name::text, coalesce(:icon::text, 'star'), coalesce(:color::text, '#5b6475'), coalesce(:filter::jsonb, '{}'),
           coalesce(:position::int, (select coalesce(max(x.position), 0) + 1 from inbox_views x where x.org_id = :org::uuid and x.user_id = :actor::uuid))
    where (select count(*) from inbox_views x where x.org_id = :org::uuid and x.user_id = :actor::uuid) < 50
       or fault(409, 'TOO_MANY_VIEWS', 'name')
    returning *
)
select inbox_view_json(v::inbox_views) from v;

-- name: view_change
-- Change what was given.
with v as (
    update inbox_views v set name = coalesce(:name::text, v.name), icon = coalesce(:icon::text, v.icon), color = coalesce(:color::text, v.color),
        filter = coalesce(:filter::jsonb, v.filter), position = coalesce(:position::int, v.position)
    where v.org_id = :org::uuid and v.id = :viewId::uuid and v.user_id = :actor::uuid returning v.*
)
select inbox_view_json(v::inbox_views) from v;

-- name: view_remove
-- Remove one.
with v as (delete from inbox_views v where v.org_id = :org::uuid and v.id = :viewId::uuid and v.user_id = :actor::uuid returning 1)
select '{}'::json from v;

-- name: teams_missing
-- The first of these ids that is no team, by its place in the list (from 0).
select x.ord - 1 as at from jsonb_array_elements_text(:ids::jsonb) with ordinality x (id, ord)
where not exists (select from teams t where t.org_id = :org::uuid and t.id = x.id::uuid) order by x.ord limit 1;
