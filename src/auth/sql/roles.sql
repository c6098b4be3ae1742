-- name: role_list
-- All roles, the built-in ones first.
select json_build_object('items', coalesce(json_agg(role_json(r) order by role_rank(r.kind), fold(r.name), r.id), '[]'), 'next', null)
from roles r where r.org_id = :org::uuid;

-- name: role_get
-- A role, with what decides who may give or change it; the row is locked.
select r.kind, r.name, role_permissions(r) as permissions from roles r where r.org_id = :org::uuid and r.id = :roleId::uuid for update;

-- name: role_create
-- A custom role.
insert into roles (org_id, name, permissions) values (:org::uuid, :name, :permission_names::text[])
returning id, role_json(roles) as json;

-- name: role_update
-- Change its name or what it may do.
update roles set name = coalesce(:name, name), permissions = coalesce(:permission_names::text[], permissions), updated_at = now()
where org_id = :org::uuid and id = :roleId::uuid
returning role_json(roles) as json;

-- name: role_uses
-- Who has this role: members, open invitations, keys.
select (select count(*) from memberships m where m.org_id = :org::uuid and m.role_id = :roleId::uuid) as members,
       (select count(*) from invitations i where i.org_id = :org::uuid and i.role_id = :roleId::uuid and i.accepted_at is null) as invitations,
       (select count(*) from api_keys k where k.org_id = :org::uuid and k.role_id = :roleId::uuid and k.revoked_at is null) as keys;

-- name: role_delete
-- Remove a custom role that nobody has. What is over (taken invitations, revoked keys) goes with it.
with i as (
    delete from invitations where org_id = :org::uuid and role_id = :roleId::uuid and accepted_at is not null returning id),
k as (
    delete from api_keys where org_id = :org::uuid and role_id = :roleId::uuid and revoked_at is not null returning id)
delete from roles where org_id = :org::uuid and id = :roleId::uuid and kind = 'custom'
  and (select count(*) from i) + (select count(*) from k) >= 0
returning id;
