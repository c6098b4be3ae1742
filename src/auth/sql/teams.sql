-- name: team_list
-- All teams by name.
select json_build_object('items', coalesce(json_agg(team_json(t) order by fold(t.name)), '[]'), 'next', null)
from teams t where t.org_id = :org::uuid;

-- name: team_create
-- A team, still without members.
insert into teams (org_id, name, color, leader_id, hours, distribution)
values (:org::uuid, :name, coalesce(:color, '#5b6475'), :leaderId::uuid, :hours::jsonb, coalesce(:distribution, 'manual'))
returning id;

-- name: team_get
-- A team as it is; the row is locked.
select t.name, team_json(t)::jsonb as json from teams t where t.org_id = :org::uuid and t.id = :teamId::uuid for update;

-- name: team_update
-- Change what is given; leader and hours can be cleared.
update teams
set name = coalesce(:name, name), color = coalesce(:color, color), distribution = coalesce(:distribution, distribution),
    leader_id = case when :in::jsonb ? 'leaderId' then :leaderId::uuid else leader_id end,
    hours = case when :in::jsonb ? 'hours' then :hours::jsonb else hours end, updated_at = now()
where org_id = :org::uuid and id = :teamId::uuid;

-- name: team_members_set
-- Give a team exactly these members.
-- wakes: events
select team_members_set(:org::uuid, :teamId::uuid, array(select x::uuid from jsonb_array_elements_text(:memberIds::jsonb) x));

-- name: team_json
-- A team, and what changed since :before.
select team_json(t) as json, audit_diff(coalesce(:before::jsonb, '{}'), team_json(t)::jsonb) as changes
from teams t where t.org_id = :org::uuid and t.id = :teamId::uuid;

-- name: team_member_exists
-- Is this person a member of the organization?
select exists (select from memberships where org_id = :org::uuid and user_id = :user::uuid) as found;

-- name: team_delete
-- Before a team goes: its members lose what they saw by it, the inbox frees its chats and channels.
-- wakes: events, jobs
select auth_members_changed(:org::uuid, array(select m.user_id from team_members m where m.org_id = :org::uuid and m.team_id = :teamId::uuid)),
       auth_hook('inbox_team_removed', :org::uuid, :teamId::uuid);

-- name: team_delete_row
-- The team itself, and its place in open invitations.
with i as (
    update invitations set team_ids = array_remove(team_ids, :teamId::uuid)
    where org_id = :org::uuid and :teamId::uuid = any (team_ids) returning id)
delete from teams where org_id = :org::uuid and id = :teamId::uuid and (select count(*) from i) >= 0 returning name;
