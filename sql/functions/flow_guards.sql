-- Guards of flows that only the rows can tell: how often flows began by themselves, whose tests lie about.

-- Two programs that answer each other (a bot on the other side, a flow whose call fires another's webhook, tags that flows set for each
-- other) would begin for ever. What people and the API start does not count. 429 STARTS_LIMIT.
create or replace function flow_session_limit() returns trigger language plpgsql as $$
begin
    if (select count(*) from (select s.trigger from flow_sessions s where s.org_id = new.org_id and s.chat_id = new.chat_id
                                 and s.started_at > now() - interval '1 hour' order by s.started_at desc limit 200) x
         where x.trigger->>'kind' not in ('manual', 'api')) >= 60 then
        perform fault(429, 'STARTS_LIMIT', null, '{"limit": 60}');
    end if;
    return new;
end $$;
create or replace trigger flow_session_limit before insert on flow_sessions for each row
    when (new.chat_id is not null and new.trigger->>'kind' not in ('manual', 'api')) execute function flow_session_limit();

-- So the message that would have begun one begins none: a person must look. The line in the conversation comes once an hour.
create or replace function flow_starts_limit(p_org uuid, p_chat uuid) returns void language plpgsql as $$
declare
    ch chats;
    said boolean;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found or ch.flow is not null then return; end if;
    said := exists (select from (select m.direction, m.data, m.created_at from messages m where m.org_id = p_org and m.chat_id = p_chat and m.seq > 0
                                  order by m.seq desc limit 500) m
                     where m.direction = 'event' and m.data->>'code' = 'STARTS_LIMIT' and m.created_at > now() - interval '1 hour');
    update chats c set flow_seq = greatest(c.flow_seq, c.message_count) where c.org_id = p_org and c.id = p_chat;
    perform flow_hand_over(p_org, p_chat, case when not said then 'flow_failed' end, '{"name": "", "code": "STARTS_LIMIT"}', ch.owner = 'bot');
end $$;

-- A test more: of those that lie about only the newest hundred stay.
create or replace function flow_test_limit() returns trigger language plpgsql as $$
begin
    delete from flow_sessions s using (select x.id from flow_sessions x where x.org_id = new.org_id and x.test is not null
                                        order by x.updated_at desc offset 100) gone
     where s.org_id = new.org_id and s.id = gone.id;
    return null;
end $$;
create or replace trigger flow_test_limit after insert on flow_sessions for each row when (new.test is not null) execute function flow_test_limit();

-- A backup was restored (backup_restored()): flows that wanted to go on by now may have done so since it was made. They stop, and a person
-- gets the chat; what waits for a later time goes on then.
create or replace function flow_restored() returns void language plpgsql as $$
begin
    perform flow_parked(j.org_id, j.payload) from jobs j
     where j.kind in ('flow.run', 'flow.wake', 'flow.http') and j.org_id is not null and j.state <> 'parked' and j.due_at <= now() order by j.id;
    delete from jobs j where j.kind in ('flow.run', 'flow.wake', 'flow.http') and j.org_id is not null and j.state <> 'parked' and j.due_at <= now();
end $$;
