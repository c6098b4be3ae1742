-- name: member_list
-- The staff, in the order in which they came.
select json_build_object('items', coalesce(json_agg(member_json(m) order by m.created_at, m.user_id), '[]'), 'next', null)
from memberships m where m.org_id = :org::uuid;

-- name: member_get
-- A member, with what decides who may change them; the row is locked.
select r.kind as role_kind, role_permissions(r) as permissions, m.role_id, m.status, u.name, u.email, m.capacity,
       array(select tm.team_id from team_members tm where tm.org_id = m.org_id and tm.user_id = m.user_id order by tm.team_id) as team_ids
from memberships m
join roles r on r.org_id = m.org_id and r.id = m.role_id
join users u on u.id = m.user_id
where m.org_id = :org::uuid and m.user_id = :userId::uuid
for update of m;

-- name: member_update
-- Role, status, capacity: what is given.
update memberships
set role_id = coalesce(:roleId::uuid, role_id), status = coalesce(:status, status), capacity = coalesce(:capacity::integer, capacity)
where org_id = :org::uuid and user_id = :userId::uuid;

-- name: member_json
-- A member as colleagues see them.
select member_json(m) from memberships m where m.org_id = :org::uuid and m.user_id = :userId::uuid;

-- name: member_teams_set
-- Put a member into exactly these teams.
select member_teams_set(:org::uuid, :userId::uuid, array(select x::uuid from jsonb_array_elements_text(:teamIds::jsonb) x));

-- name: member_owner_guard
-- Refuse to go on when nobody else owns the organization.
select member_owner_guard(:org::uuid, :userId::uuid);

-- name: member_gone
-- A member was suspended or removed: chats, teams, news.
-- wakes: events, jobs
select member_gone(:org::uuid, :userId::uuid);

-- name: member_delete
-- End a membership; the account stays.
delete from memberships where org_id = :org::uuid and user_id = :userId::uuid;

-- name: member_availability
-- Online or away, told to everybody.
with m as (
    update memberships set availability = :availability
    where org_id = :org::uuid and user_id = :actor::uuid
    returning org_id, user_id, availability)
insert into events (org_id, type, payload)
select org_id, 'presence', jsonb_build_object('userId', user_id, 'availability', availability) from m
returning json_build_object('availability', payload ->> 'availability');

-- name: invitation_list
-- Invitations that nobody has taken yet.
select json_build_object('items', coalesce(json_agg(invitation_json(i) order by i.created_at desc, i.id), '[]'), 'next', null)
from invitations i where i.org_id = :org::uuid and i.accepted_at is null;

-- name: invitation_create
-- A link for somebody; an older one for the same address that has expired is replaced.
with old as (
    delete from invitations i where i.org_id = :org::uuid and i.email = :email and i.accepted_at is null and i.expires_at <= now()
    returning i.id)
insert into invitations as i (org_id, email, role_id, team_ids, token_hash, created_by)
select :org::uuid, :email, :roleId::uuid, array(select x::uuid from jsonb_array_elements_text(coalesce(:teamIds::jsonb, '[]')) x),
       :token_hash, :actor::uuid
where (select count(*) from old) >= 0
returning id, invitation_json(i) as json;

-- name: invitation_context
-- What the rules and the mail of an invitation need to know.
select o.name as organization, o.language,
       exists (select from smtp_settings s where s.org_id = o.id) as mail,
       exists (select from memberships m join users u on u.id = m.user_id where m.org_id = o.id and u.email = :email) as member,
       exists (select from jsonb_array_elements_text(coalesce(:teamIds::jsonb, '[]')) x
               where not exists (select from teams t where t.org_id = o.id and t.id = x::uuid)) as unknown_team
from organizations o where o.id = :org::uuid;

-- name: invitation_delete
-- Take an invitation back.
delete from invitations where org_id = :org::uuid and id = :invitationId::uuid and accepted_at is null
returning coalesce(email, '') as label;

-- name: reset_list
-- Members who forgot their password and wait for an admin.
select auth_resets(:org::uuid);

-- name: reset_link
-- A link for one of them.
select ts_json(auth_reset_link(:org::uuid, :actor::uuid, :userId::uuid, :token_hash, :address)) as expires_at;

-- name: actor_rights
-- What the actor may do, as it is now.
select r.kind, role_permissions(r) as permissions
from memberships m join roles r on r.org_id = m.org_id and r.id = m.role_id
where m.org_id = :org::uuid and m.user_id = :actor::uuid and m.status = 'active';
