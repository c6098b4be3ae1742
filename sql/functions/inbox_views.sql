-- The numbers beside a person's saved filters: how many chats each shows, counted up to 1000. The conditions are those of the
-- filtered lists (src/inbox/sql/chats.sql); a filter is what the interface keeps: the query of GET /chats as an object, lists joined
-- by commas. Runs as the caller, so that row-level security holds.
create or replace function inbox_view_count(p_org uuid, p_actor uuid, p_sees_all boolean, p_teams uuid[], f jsonb) returns bigint
language sql stable as $$
    select count(*) from (
        select from chats ch
        where ch.org_id = p_org
          and case f->>'view' when 'closed' then ch.status = 'closed' when 'any' then true else ch.status <> 'closed' end
          and case f->>'view' when 'mine' then ch.assignee_id = p_actor when 'unassigned' then ch.assignee_id is null
                         when 'waiting' then ch.waiting_since is not null else true end
          and (f->>'archived' = 'true' or ch.archived_at is null)
          and (case when f->>'snoozed' = 'true' then ch.snoozed_until > now() else ch.snoozed_until is null or ch.snoozed_until <= now() end)
          and (coalesce(f->>'status', '') = '' or ch.status = any(string_to_array(f->>'status', ',')))
          and (coalesce(f->>'teamId', '') = '' or ch.team_id::text = any(string_to_array(f->>'teamId', ',')))
          and (coalesce(f->>'channelId', '') = '' or ch.channel_id::text = any(string_to_array(f->>'channelId', ',')))
          and (coalesce(f->>'assigneeId', '') = '' or ch.assignee_id::text = any(string_to_array(f->>'assigneeId', ',')))
          and (coalesce(f->>'tagId', '') = '' or exists (select from customer_tags ct where ct.org_id = ch.org_id
               and ct.customer_id = ch.customer_id and ct.tag_id::text = any(string_to_array(f->>'tagId', ','))))
          and (f->>'unread' is distinct from 'true' or ch.inbound_count > coalesce((select cr.inbound_seen from chat_reads cr
               where cr.org_id = ch.org_id and cr.user_id = p_actor and cr.chat_id = ch.id), 0))
          and (p_sees_all or ch.assignee_id = p_actor or ch.team_id = any(p_teams))
        limit 1000) x
$$;
