-- Web chat: the public key, what a visitor may see, how far they have read.

-- Found across organizations by the public key of the script tag; only what the page may know leaves here.
create or replace function webchat_by_key(p_key text, p_language text)
returns table (org_id uuid, id uuid, name text, status text, default_team_id uuid, settings jsonb, language text, country text,
               is_open boolean, is_staffed boolean)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    return query
        select c.org_id, c.id, c.name, c.status, c.default_team_id, c.settings, coalesce(p_language, nullif(c.settings->>'language', ''), o.language),
               o.country, (c.hours is null or hours_open(c.hours, o.time_zone, now())) and not is_holiday(o, now()),
               exists (select from memberships m where m.org_id = c.org_id and m.status = 'active' and m.availability = 'online'
                       and m.last_seen_at > now() - interval '2 minutes')
        from channels c join organizations o on o.id = c.org_id
        where c.public_key = p_key and c.kind = 'webchat' and c.deleted_at is null and c.status <> 'paused';
end $$;

-- Is it within opening hours? {"mon": [["08:00", "12:00"], …], …}; no hours: always; a day without a list: closed.
create or replace function hours_open(p_hours jsonb, p_zone text, p_at timestamptz) returns boolean
language plpgsql stable as $$
begin
    return p_hours is null or p_hours = '{}' or exists (
        select from jsonb_array_elements(p_hours->(array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'])[extract(dow from p_at at time zone p_zone)::int + 1]) as span
        where (p_at at time zone p_zone)::time >= (span->>0)::time
          and ((p_at at time zone p_zone)::time < (span->>1)::time or span->>1 = '24:00'));
end $$;

-- Is it a day on which nobody of the organization works? settings.holidays: ["2026-12-24", of every year "12-25"].
create or replace function is_holiday(o organizations, p_at timestamptz) returns boolean language sql stable as $$
    select coalesce(o.settings->'holidays' ?| array[to_char(p_at at time zone o.time_zone, 'YYYY-MM-DD'), to_char(p_at at time zone o.time_zone, 'MM-DD')], false)
$$;

-- What a visitor sees of a conversation: never notes, never what the team does among itself.
create or replace function webchat_shows(m messages) returns boolean language sql stable as $$
    select m.direction in ('in', 'out') and m.status not in ('scheduled', 'cancelled')
        or m.direction = 'event' and m.data->>'what' in ('closed')
$$;

-- What a message of ours offers to press: buttons, a list or a link. Its sender may have kept more beside the titles, which is not the
-- visitor's.
create or replace function webchat_offer(p_data jsonb) returns json language sql immutable as $$
    select case
        when p_data ? 'buttons' then json_build_object('buttons', (
            select json_agg(json_build_object('id', b.o->'id', 'title', b.o->'title') order by b.n)
              from jsonb_path_query(p_data, '$.buttons[*]') with ordinality as b (o, n)))
        when p_data ? 'link' then json_build_object('link', json_build_object('title', p_data #> '{link,title}', 'url', p_data #> '{link,url}'))
        when p_data ? 'list' then json_build_object('list', json_build_object('button', p_data #> '{list,button}', 'sections', (
            select json_agg(json_build_object('title', s.o->'title', 'rows', (
                       select json_agg(json_build_object('id', r.o->'id', 'title', r.o->'title', 'description', r.o->'description') order by r.n)
                         from jsonb_path_query(s.o, '$.rows[*]') with ordinality as r (o, n))) order by s.n)
              from jsonb_path_query(p_data, '$.list.sections[*]') with ordinality as s (o, n)))) end
$$;

-- A message as the visitor sees it (a set-returning function, see chat_item).
create or replace function webchat_item(m messages) returns table (item json) language sql stable as $$
    select json_build_object('id', m.id, 'chatId', m.chat_id, 'seq', m.seq, 'cursor', cursor_make(m.created_at, m.id),
        'from', case m.direction when 'in' then 'visitor' when 'out' then 'agent' else 'system' end,
        'kind', case when m.direction = 'event' then m.data->>'what' else m.kind end,
        'text', case when m.deleted_at is null then m.content else '' end, 'deleted', m.deleted_at is not null,
        'files', case when m.deleted_at is null and m.kind <> 'event' then
            (select coalesce(json_agg(json_build_object('id', mf.file_id, 'kind', mf.kind, 'name', mf.name, 'type', mf.type, 'sizeBytes', mf.size_bytes,
                        'width', f.width, 'height', f.height) order by mf.position), '[]')
             from message_files mf left join files f on f.org_id = mf.org_id and f.id = mf.file_id
             where mf.org_id = m.org_id and mf.message_id = m.id and mf.state = 'ready') else '[]' end,
        'status', m.status, 'clientId', case when m.direction = 'in' then m.client_id end,
        'authorName', case when m.direction = 'out' and m.author_kind = 'user' then split_part(m.author_name, ' ', 1) else '' end,
        'at', ts_json(m.created_at),
        'replyTo', case when m.reply_to_id is not null then
            (select json_build_object('id', r.id, 'text', left(r.content, 120), 'from', case r.direction when 'in' then 'visitor' else 'agent' end)
             from messages r where r.org_id = m.org_id and r.id = m.reply_to_id and r.direction in ('in', 'out')) end,
        'offer', case when m.direction = 'out' and m.deleted_at is null then webchat_offer(m.data) end,
        'answer', case when m.direction = 'in' and m.deleted_at is null and m.data ? 'answer' then
            json_build_object('id', m.data #> '{answer,id}', 'title', m.data #> '{answer,title}') end)
$$;

-- Raise the states of the team's messages up to the given one. Returns how many changed.
create or replace function webchat_progress(p_org uuid, p_channel uuid, p_visitor text, p_message uuid, p_status text) returns integer
language plpgsql as $$
declare
    target record;
    x record;
    n integer := 0;
begin
    select m.chat_id, m.seq into target
    from messages m join chats ch on ch.org_id = m.org_id and ch.id = m.chat_id
    join contact_keys k on k.org_id = ch.org_id and k.contact_id = ch.contact_id
    where m.org_id = p_org and m.id = p_message and m.channel_id = p_channel and k.key = 'webchat:' || p_visitor;
    if not found then return 0; end if;
    for x in select m.id from messages m where m.org_id = p_org and m.chat_id = target.chat_id and m.seq between greatest(target.seq - 200, 1) and target.seq
                and m.direction = 'out' and message_status_rank(m.status) < message_status_rank(p_status) and m.status not in ('scheduled', 'failed', 'cancelled')
              order by m.seq loop
        if inbox_raise_status(p_org, x.id, p_status, now(), null, null) then n := n + 1; end if;
    end loop;
    return n;
end $$;
