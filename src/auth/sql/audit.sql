-- name: audit_add
-- One line of the audit log, in the transaction of the change.
select audit_add(:org::uuid, :actor_kind, :actor_id::uuid, :actor_name, :address, :trace, :action, :entity, :entity_id::uuid, :label,
                 :changes::jsonb);

-- name: audit_list
-- The log, newest first, filtered.
with page as (
    select a, a.id from audit_log a
    where a.org_id = :org::uuid
      and (:cursor::text is null or a.id < cursor_uuid(:cursor))
      and (:actorId::uuid is null or a.actor_id = :actorId::uuid)
      and (:entity::text is null or a.entity = :entity)
      and (:entityId::uuid is null or a.entity_id = :entityId::uuid)
      and (:action::text is null or a.action = :action or a.action like :action || '.%')
      and (:from::timestamptz is null or a.created_at >= :from::timestamptz)
      and (:to::timestamptz is null or a.created_at < :to::timestamptz)
    order by a.id desc limit :limit::integer + 1)
select json_build_object(
    'items', coalesce((select json_agg(audit_json(p.a) order by p.id desc)
                       from (select * from page order by id desc limit :limit::integer) p), '[]'),
    'next', (select case when count(*) > :limit::integer then (array_agg(id order by id desc))[:limit::integer] end from page));

-- name: settings_changed
-- Tell everybody in the organization to load something anew.
insert into events (org_id, type, payload)
values (:org::uuid, 'settings.changed', jsonb_build_object('what', :what::text));

-- name: auth_changed
-- One person's rights changed.
insert into events (org_id, type, user_id, payload)
values (:org::uuid, 'auth.changed', :user::uuid, jsonb_build_object('userId', :user::uuid));

-- name: auth_role_changed
-- What a role allows changed.
-- wakes: events
select auth_role_changed(:org::uuid, :roleId::uuid);

-- name: auth_key_revoked
-- A key ended. Its id stands where a person's would: no live connection closes.
insert into events (org_id, type, user_id, payload)
values (:org::uuid, 'auth.changed', :keyId::uuid, jsonb_build_object('keyId', :keyId::uuid));

-- name: audit_sweep
-- Entries of all organizations that are older than the installation keeps them.
select audit_sweep(:days::integer) as removed;
