-- Automatic distribution: the waiting chats of a team go to its people, in the transaction of whatever made it possible.
--
-- One distribution runs at a time in an organization (an advisory lock until the commit), so that nobody gets more than their capacity
-- from two teams at once. It is the last lock that a transaction takes: whoever holds it waits for nobody (chats that others have
-- locked are passed over; inbox_wake comes back for them), so that no circle can close.

-- Who of a team may be given a chat now, the next one first: least_open by open chats, round_robin in turn; ties to the longest idle.
create or replace function inbox_next_agent(p_org uuid, p_team uuid, p_mode text, p_not uuid)
returns table (user_id uuid, name text) language sql stable as $$
    select tm.user_id, u.name
      from team_members tm
      join memberships ms on ms.org_id = tm.org_id and ms.user_id = tm.user_id
      join users u on u.id = tm.user_id
      left join agent_turns turn on turn.org_id = tm.org_id and turn.user_id = tm.user_id
      cross join lateral (select count(*) as open from chats c
                          where c.org_id = p_org and c.assignee_id = tm.user_id and c.status <> 'closed') load
     where tm.org_id = p_org and tm.team_id = p_team and ms.status = 'active' and ms.availability = 'online'
       and (ms.capacity = 0 or load.open < ms.capacity) and tm.user_id is distinct from p_not
     order by case when p_mode = 'least_open' then load.open end, turn.idle_since nulls first, tm.position, tm.user_id limit 1
$$;

-- A person's turn is over: they were given a chat, or one of theirs ended. Only under the lock of the distribution.
create or replace function inbox_turn(p_org uuid, p_user uuid) returns void language sql as $$
    insert into agent_turns (org_id, user_id, idle_since) values (p_org, p_user, clock_timestamp())
    on conflict (org_id, user_id) do update set idle_since = excluded.idle_since
$$;

-- Give the waiting chats of a team (null: nothing to do) to its people, at most 200 of them at once: it may be the request of somebody
-- who comes online on a Monday, and inbox_wake goes on a moment later. p_left: a chat that p_by has just given back, who does not get
-- it again here; without it p_by, who is leaving, gets none at all. Returns how many were given.
create or replace function inbox_distribute(p_org uuid, p_team uuid, p_left uuid default null, p_by uuid default null) returns integer
language plpgsql as $$
declare
    mode text;
    agent record;
    ch chats;
    passed uuid[] := '{}';
    given integer := 0;
begin
    select t.distribution into mode from teams t where t.org_id = p_org and t.id = p_team;
    if coalesce(mode, 'manual') = 'manual' or not exists (select from inbox_next_agent(p_org, p_team, mode, null)) then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('inbox.distribution ' || p_org, 0));
    loop
        select * into ch from chats c where c.org_id = p_org and c.team_id = p_team and c.status = 'pending' and c.assignee_id is null
            and c.owner = 'human' and c.snoozed_until is null and c.archived_at is null and c.id <> all (passed)
          order by c.priority desc, c.opened_at, c.id limit 1 for update skip locked;
        exit when not found or given >= 200;
        select * into agent from inbox_next_agent(p_org, p_team, mode, case when p_left is null or ch.id = p_left then p_by end);
        if not found then
            exit when ch.id is distinct from p_left;
            passed := passed || ch.id;
            continue;
        end if;
        update chats c set assignee_id = agent.user_id, status = 'in_progress', version = c.version + 1, updated_at = clock_timestamp()
         where c.org_id = p_org and c.id = ch.id returning c.* into ch;
        perform inbox_turn(p_org, agent.user_id);
        ch := inbox_note_event(ch, null, '', 'distributed', jsonb_build_object('userId', agent.user_id, 'userName', agent.name));
        perform inbox_chat_event('chat.changed', ch, ch.team_id, null);
        given := given + 1;
    end loop;
    return given;
end $$;

-- A person has room again (p_ended: because a chat of theirs ended or went away): drain the queues of their teams.
create or replace function inbox_distribute_for(p_org uuid, p_user uuid, p_left uuid default null, p_ended boolean default false)
returns void language plpgsql as $$
declare
    teams uuid[];
    team uuid;
begin
    select array_agg(tm.team_id order by tm.team_id) into teams
      from team_members tm join teams t on t.org_id = tm.org_id and t.id = tm.team_id
     where tm.org_id = p_org and tm.user_id = p_user and t.distribution <> 'manual';
    if teams is null then return; end if;
    if p_ended then
        perform pg_advisory_xact_lock(hashtextextended('inbox.distribution ' || p_org, 0));
        perform inbox_turn(p_org, p_user);
    end if;
    foreach team in array teams loop
        perform inbox_distribute(p_org, team, p_left, case when p_left is not null then p_user end);
    end loop;
end $$;

-- A person leaves the organization (called before they are gone): what they had waits for others.
create or replace function inbox_user_removed(p_org uuid, p_user uuid) returns void
language plpgsql as $$
declare
    ch chats;
    team uuid;
begin
    for ch in select * from chats c where c.org_id = p_org and c.assignee_id = p_user and c.status <> 'closed' order by c.id for update loop
        update chats c set assignee_id = null, status = 'pending', version = c.version + 1, updated_at = now()
         where c.org_id = p_org and c.id = ch.id returning c.* into ch;
        ch := inbox_note_event(ch, null, '', 'released', null);
        perform inbox_chat_event('chat.changed', ch, ch.team_id, p_user);
    end loop;
    for team in select distinct c.team_id from chats c where c.org_id = p_org and c.status = 'pending' and c.assignee_id is null
                and c.team_id is not null order by 1 loop
        perform inbox_distribute(p_org, team, null, p_user);
    end loop;
end $$;

-- Snoozes that are over, of one organization: the chats come back to the top of their lists. And queues that somebody could serve
-- although nothing happened (their chats were locked when it did) are drained.
drop function if exists inbox_wake();
create or replace function inbox_wake(p_org uuid) returns integer language plpgsql as $$
declare
    ch chats;
    team uuid;
    n integer := 0;
begin
    for ch in select * from chats c where c.org_id = p_org and c.snoozed_until <= now() order by c.snoozed_until limit 500
              for update skip locked loop
        update chats c set snoozed_until = null, last_message_at = greatest(c.last_message_at, now()), version = c.version + 1, updated_at = now()
         where c.org_id = ch.org_id and c.id = ch.id returning c.* into ch;
        ch := inbox_note_event(ch, null, '', 'woken', null);
        perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
        n := n + 1;
    end loop;
    for team in select t.id from teams t
                 where t.org_id = p_org and t.distribution <> 'manual' and exists (select from chats c where c.org_id = t.org_id
                    and c.team_id = t.id and c.status = 'pending' and c.assignee_id is null and c.owner = 'human'
                    and c.snoozed_until is null and c.archived_at is null)
                 order by t.id loop
        perform inbox_distribute(p_org, team);
    end loop;
    return n;
end $$;

-- The organizations for which there is something to do in inbox_wake.
create or replace function inbox_wake_orgs() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select c.org_id from chats c where c.snoozed_until <= now()
    union
    select t.org_id from teams t
     where t.distribution <> 'manual' and exists (select from chats c where c.org_id = t.org_id and c.team_id = t.id and c.status = 'pending'
           and c.assignee_id is null and c.owner = 'human' and c.snoozed_until is null and c.archived_at is null)
$$;

-- ---- what frees capacity elsewhere -------------------------------------------------------------------------------------

-- Somebody comes online, is let in again, may have more chats, joins a team; a team begins to distribute.
create or replace function inbox_member_ready() returns trigger language plpgsql as $$
begin
    perform inbox_distribute_for(new.org_id, new.user_id);
    return null;
end $$;
create or replace trigger inbox_member_ready after update of availability, status, capacity on memberships
    for each row when (new.status = 'active' and new.availability = 'online'
                       and (old.status, old.availability, old.capacity) is distinct from (new.status, new.availability, new.capacity))
    execute function inbox_member_ready();
create or replace trigger inbox_member_joined after insert on team_members for each row execute function inbox_member_ready();

create or replace function inbox_team_ready() returns trigger language plpgsql as $$
begin
    perform inbox_distribute(new.org_id, new.id);
    return null;
end $$;
create or replace trigger inbox_team_ready after update of distribution on teams
    for each row when (new.distribution <> 'manual' and old.distribution is distinct from new.distribution)
    execute function inbox_team_ready();
