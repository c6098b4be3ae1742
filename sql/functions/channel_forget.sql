-- What platforms forbid to keep: addresses of stories that are over, and what somebody has taken back, wherever it was written down.

-- ---- stories ------------------------------------------------------------------------------------------------------------

-- The data of a message without the address of the story that it is about; that one goes into story_links, and an address of ours stands in
-- its place. m: about to be inserted, with its ids.
create or replace function story_take(m messages) returns jsonb language plpgsql as $$
declare
    what text;
    d jsonb := m.data - 'storyUntil';
    address text;
    ends timestamptz;
begin
    foreach what in array array['storyReply', 'storyMention', 'story'] loop
        continue when m.data->what is null;
        address := m.data #>> array[what, 'url'];
        ends := (m.data #>> array[what, 'until'])::timestamptz;
        d := d #- array[what, 'url'];
        continue when address is null or ends is null or ends <= clock_timestamp();
        insert into story_links (org_id, message_id, url, until) values (m.org_id, m.id, address, ends) on conflict do nothing;
        if found then
            d := jsonb_set(d, array[what, 'url'], to_jsonb('/api/' || m.org_id || '/chats/' || m.chat_id || '/messages/' || m.id || '/story'));
        end if;
    end loop;
    return d;
end $$;

-- Those that are over, and parts whose echoes have long come; of all organizations. How many went.
create or replace function story_links_clean() returns bigint
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    n bigint;
    gone bigint := 0;
begin
    delete from story_links s where s.ctid in (select x.ctid from story_links x where x.until <= now() limit 5000);
    get diagnostics n = row_count; gone := gone + n;
    delete from message_parts s where s.ctid in (select x.ctid from message_parts x where x.created_at < now() - interval '2 days' limit 5000);
    get diagnostics n = row_count; gone := gone + n;
    return gone;
end $$;

-- Bodies of webhooks that were not taken within a day and speak of stories, some megabytes of them. (Those that were taken lost the addresses
-- then.)
create or replace function story_bodies() returns table (org_id uuid, id uuid, channel_id uuid, kind text, body text)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    return query
        select x.org_id, x.id, x.channel_id, x.kind, translate(encode(x.body, 'base64'), E'\n', '')
          from (select y.*, sum(length(y.body)) over (order by y.id) as bytes, row_number() over (order by y.id) as n
                  from (select b.org_id, b.id, b.channel_id, c.kind, b.body
                          from channel_bodies b join channels c on c.org_id = b.org_id and c.id = b.channel_id
                         where b.state in ('waiting', 'parked') and c.kind in ('messenger', 'instagram') and b.received_at < now() - interval '24 hours'
                           and not b.summary ? 'forgotten' and position('story'::bytea in b.body) > 0
                         limit 50) y) x
         where x.n = 1 or x.bytes <= 8388608;
end $$;

create or replace function story_body_put(p_org uuid, p_id uuid, p_body text) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update channel_bodies b set body = coalesce(decode(p_body, 'base64'), b.body), summary = b.summary || '{"forgotten": true}'
     where b.org_id = p_org and b.id = p_id;
end $$;

-- ---- parts --------------------------------------------------------------------------------------------------------------

-- A part of a message is out, others are still to come. An echo of it that was faster makes way.
create or replace function message_part_sent(p_org uuid, p_message uuid, p_part integer, p_external text) returns boolean language plpgsql as $$
declare
    m messages;
begin
    select * into m from messages x where x.org_id = p_org and x.id = p_message;
    if not found then return false; end if;
    insert into message_parts (org_id, channel_id, external_id, message_id) values (p_org, m.channel_id, p_external, p_message) on conflict do nothing;
    perform inbox_echo_away(m, p_external);
    update messages x set parts_sent = greatest(coalesce(x.parts_sent, 0), p_part) where x.org_id = p_org and x.id = p_message;
    return true;
end $$;

-- ---- what was taken back ------------------------------------------------------------------------------------------------

-- A notification without the content of a message; null when it does not speak of it.
create or replace function webhook_body_forget(p_body text, p_message uuid) returns text language plpgsql immutable as $$
declare
    b jsonb := p_body::jsonb;
    id text := p_message::text;
    was jsonb := b;
begin
    if b #>> '{data,message,id}' = id then
        b := jsonb_set(jsonb_set(jsonb_set(b, '{data,message,content}', '""'), '{data,message,data}', '{}'), '{data,message,files}', '[]');
    end if;
    if b #>> '{data,message,replyTo,id}' = id then
        b := jsonb_set(b, '{data,message,replyTo,content}', '""');
    end if;
    if b #>> '{data,chat,lastMessage,id}' = id then
        b := jsonb_set(b, '{data,chat,lastMessage,text}', '""');
    end if;
    return case when b <> was then b::text end;
exception when others then
    return null;
end $$;

-- Notifications about it in the log of outgoing webhooks; of those that still wait what goes out.
create or replace function message_forget(p_org uuid, p_message uuid) returns integer language plpgsql as $$
declare
    n integer;
begin
    update webhook_deliveries d set body = x.body
      from (select y.id, webhook_body_forget(y.body, p_message) as body from messages m
              join webhook_deliveries y on y.org_id = p_org and y.customer_id = m.customer_id and y.body <> ''
             where m.org_id = p_org and m.id = p_message and position(p_message::text in y.body) > 0) x
     where d.org_id = p_org and d.id = x.id and x.body is not null;
    get diagnostics n = row_count;
    return n;
end $$;

-- ---- a customer who was erased --------------------------------------------------------------------------------------------

-- Raw bodies and calls of the channels over which somebody was spoken with repeat what was said: they go, too, with the job channel.erase.
-- Called while the customers and their contacts are still there.
create or replace function channel_erase_begin(p_org uuid, p_people uuid[]) returns void language plpgsql as $$
declare
    names jsonb;
begin
    -- Numbers without the "+", as platforms write them. What is short would be found in everything.
    select jsonb_agg(distinct ltrim(x.name, '+')) into names
      from contacts k
      left join contact_keys y on y.org_id = k.org_id and y.contact_id = k.id
      cross join lateral (values (k.identifier), (k.canonical), (k.also), (substr(y.key, position(':' in y.key) + 1))) x (name)
     where k.org_id = p_org and k.customer_id = any (p_people) and length(ltrim(x.name, '+')) >= 6;
    if names is null then return; end if;
    insert into jobs (org_id, kind, payload)
    select p_org, 'channel.erase', jsonb_build_object('channelId', h.channel_id, 'names', names)
      from chats h where h.org_id = p_org and h.customer_id = any (p_people) group by h.channel_id;
end $$;

create or replace function text_names(p_text text, p_names text[]) returns boolean
language sql immutable as $$ select exists (select from unnest(p_names) n where position(n in p_text) > 0) $$;

-- A lot of a thousand after the other, so that no statement takes long: where the next one begins, null at the end. What waits is not touched:
-- somebody writes again.
create or replace function channel_erase_bodies(p_org uuid, p_channel uuid, p_names text[], p_after uuid) returns uuid language plpgsql as $$
declare
    lot uuid[];
begin
    lot := array(select b.id from channel_bodies b where b.org_id = p_org and b.channel_id = p_channel and b.id > p_after order by b.id limit 1000);
    delete from channel_bodies b where b.org_id = p_org and b.id = any (lot) and b.state <> 'waiting'
       and exists (select from unnest(p_names) n where position(convert_to(n, 'UTF8') in b.body) > 0);
    return lot[1000];
end $$;

create or replace function channel_erase_calls(p_org uuid, p_channel uuid, p_names text[], p_after uuid) returns uuid language plpgsql as $$
declare
    lot uuid[];
begin
    lot := array(select x.id from channel_calls x where x.org_id = p_org and x.channel_id = p_channel and x.id > p_after order by x.id limit 1000);
    delete from channel_calls x where x.org_id = p_org and x.id = any (lot)
       and (text_names(x.request, p_names) or text_names(x.answer, p_names) or text_names(x.address, p_names));
    return lot[1000];
end $$;

-- ---- what came before its message ---------------------------------------------------------------------------------------

-- An edit, a removal or a reaction whose message is not there: platforms do not keep the order after a failure. It is tried again a while.
create or replace function inbox_late(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
begin
    if e ? 'late' then return; end if;
    insert into jobs (org_id, kind, payload, due_at, unique_key)
    values (p_org, 'channel.late', jsonb_build_object('channelId', p_channel, 'event', e), now() + interval '2 seconds',
            'late:' || p_channel || ':' || (e->>'type') || ':' || md5(e::text))
    on conflict do nothing;
end $$;

-- Once more. False: still not there.
create or replace function inbox_late_apply(p_org uuid, p_channel uuid, e jsonb) returns boolean language plpgsql as $$
begin
    if not exists (select from messages m where m.org_id = p_org and m.channel_id = p_channel and m.external_id = e->>'target') then return false; end if;
    perform inbox_apply(p_org, p_channel, jsonb_build_array(e || '{"late": true}'));
    return true;
end $$;
