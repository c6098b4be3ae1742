-- The CRM's lists: customers (filters, sorts, search), the timeline, doubles, exports.
--
-- Search: under row-level security PostgreSQL may not use trigram indexes (their operators are not leakproof), so what
-- searches runs as the owner, SECURITY DEFINER, and names the organization in every condition. It refuses an organization
-- other than the statement group's own.

-- ---- what to look for ---------------------------------------------------------------------------------------------------------

create or replace function crm_like(p_text text) returns text
language sql immutable as $$
    select replace(replace(replace(p_text, '\', '\\'), '%', '\%'), '_', '\_')
$$;

-- What a search text means, as text of SQL. Two halves, because each has its own best plan: a condition on the name of `c`
-- (frequent names are found by walking the list's order, rare ones by the trigram index; PostgreSQL chooses by the word),
-- and a union of index scans that gives the ids found by anything else; $1 is the organization.
--
-- Words of a name from their beginning (from anywhere when they have three letters), accents ignored; parts of telephone
-- numbers, e-mail addresses and handles; whole numbers in any notation through p_keys (the forms that mean the same); a
-- whole document. p_exact: only whole contacts are found, for those who may not see them: parts would let them be guessed
-- digit by digit.
create or replace function crm_search_names(p_q text) returns text
language plpgsql stable as $$
declare
    word text;
    names text := 'true';
begin
    foreach word in array (regexp_split_to_array(btrim(fold(p_q)), '\s+'))[1:6] loop
        names := names || case when length(word) >= 3 then format(' and c.name_key like %L', '%' || crm_like(word) || '%')
            else format(' and (c.name_key like %L or c.name_key like %L)', crm_like(word) || '%', '% ' || crm_like(word) || '%') end;
    end loop;
    return names;
end $$;

create or replace function crm_search_ids(p_q text, p_keys text[], p_exact boolean) returns text
language plpgsql stable as $$
declare
    q text := btrim(fold(p_q));
    digits text := ltrim(regexp_replace(p_q, '\D', '', 'g'), '0');
    statement text := format('select k.customer_id from contact_keys k where k.org_id = $1 and k.key = any (%L::text[])', coalesce(p_keys, '{}'));
begin
    if not p_exact and p_q ~ '^[0-9+() ./-]+$' and length(digits) >= 4 then
        statement := statement || format(' union all select k.customer_id from contacts k where k.org_id = $1 and k.hidden_at is null'
            ' and k.canonical like %L and k.kind in (''phone'', ''whatsapp'')', '%' || digits || '%');
    elsif not p_exact and length(q) >= 3 and position(' ' in q) = 0 then
        statement := statement || format(' union all select k.customer_id from contacts k where k.org_id = $1 and k.hidden_at is null'
            ' and k.canonical like %L and k.kind <> ''webchat''', '%' || crm_like(lower(ltrim(btrim(p_q), '@'))) || '%');
    end if;
    if length(crm_document_key(p_q)) >= 5 then
        statement := statement || format(' union all select d.id from customers d where d.org_id = $1 and d.document_key = %L'
            ' and d.deleted_at is null and d.merged_into_id is null', crm_document_key(p_q));
    end if;
    return statement;
end $$;

-- The customers of a list as text of SQL: a row `c` each, in order, at most p_limit (text of SQL too). p_conditions begin with
-- " and …" and may use $1 organization, $2 who and what the caller binds.
create or replace function crm_list_sql(p_conditions text, p_search text, p_keys text[], p_exact boolean, p_order text, p_limit text)
returns text language plpgsql stable as $$
declare
    base text := 'select c from customers c where c.org_id = $1 and c.deleted_at is null and c.merged_into_id is null' || p_conditions;
begin
    if coalesce(btrim(p_search), '') = '' then
        return base || ' order by ' || p_order || ' limit ' || p_limit;
    end if;
    return format('select u.c from ((%1$s and %2$s order by %3$s limit %4$s) union all (%1$s and not (%2$s) and c.id in (%5$s) order by %3$s limit %4$s)) u
                   order by %6$s limit %4$s',
                  base, crm_search_names(p_search), p_order, p_limit, crm_search_ids(p_search, p_keys, p_exact),
                  regexp_replace(p_order, '\mc\.', '(u.c).', 'g'));
end $$;

create or replace function crm_own_org(p_org uuid) returns void
language plpgsql stable as $$
begin
    if p_org is distinct from app_org() then
        raise exception 'search in an organization that is not the context''s';
    end if;
end $$;

-- Who a restricted agent sees, as a condition on `c`; $1 organization, $2 who. With few chats the list begins with them, with
-- many it is walked in its own order with a look at each.
create or replace function crm_visible_sql(p_org uuid, who crm_actor) returns text
language plpgsql stable as $$
declare
    few boolean;
begin
    if (who).sees_all then
        return '';
    end if;
    select count(*) < 2000 into few from (
        (select from chats h where h.org_id = p_org and h.assignee_id = (who).id limit 2000)
        union all
        (select from chats h where h.org_id = p_org and h.team_id = any ((who).teams) limit 2000)) x;
    if few then
        return ' and c.id in (select h.customer_id from chats h where h.org_id = $1 and h.assignee_id = ($2).id
            union all select h.customer_id from chats h where h.org_id = $1 and h.team_id = any (($2).teams)
            union all select m.id from customers m where m.org_id = $1 and m.created_by = ($2).id
            union all select m.id from customers m where m.org_id = $1 and m.owner_id = ($2).id)';
    end if;
    return ' and (c.created_by = ($2).id or c.owner_id = ($2).id or exists (select from chats h where h.org_id = c.org_id
        and h.customer_id = c.id and (h.assignee_id = ($2).id or h.team_id = any (($2).teams))))';
end $$;

-- Customers that match q and that these eyes may see, those active last first. For other domains' searches (chats by
-- customer, the search box over everything).
create or replace function crm_search(p_org uuid, who crm_actor, p_q text, p_keys text[], p_limit integer)
returns table (customer_id uuid)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    perform crm_own_org(p_org);
    return query execute 'select (s.c).id from (' || crm_list_sql(crm_visible_sql(p_org, who), p_q, p_keys, not (who).sees_contacts,
        'coalesce(c.last_message_at, c.created_at) desc, c.id desc', '$3') || ') s'
        using p_org, who, p_limit;
end $$;

-- ---- the list -------------------------------------------------------------------------------------------------------------------

-- The conditions of a list as text of SQL, without the search; $1 organization, $2 who.
create or replace function crm_filter_sql(p_org uuid, who crm_actor, f jsonb) returns text
language plpgsql stable as $$
declare
    s text := '';
begin
    if f->>'tagId' is not null then
        s := s || format(' and exists (select from customer_tags t where t.org_id = c.org_id and t.customer_id = c.id and t.tag_id = %L)', f->>'tagId');
    end if;
    if f->>'stageId' is not null then
        s := s || format(' and c.stage_id = %L', f->>'stageId');
    end if;
    if f->>'ownerId' is not null then
        s := s || format(' and c.owner_id = %L', f->>'ownerId');
    end if;
    if f->>'channelKind' is not null then
        s := s || format(' and exists (select from contacts k where k.org_id = c.org_id and k.customer_id = c.id and k.kind = %L and k.hidden_at is null)',
                         f->>'channelKind');
    end if;
    if f->>'createdFrom' is not null then
        s := s || format(' and c.created_at >= %L', f->>'createdFrom');
    end if;
    if f->>'createdTo' is not null then
        s := s || format(' and c.created_at < %L', f->>'createdTo');
    end if;
    return s || crm_visible_sql(p_org, who);
end $$;

create or replace function crm_name_cursor(p_name text, p_id uuid) returns text
language sql immutable as $$
    select translate(encode(convert_to(p_id || p_name, 'UTF8'), 'base64'), E'\n', '')
$$;
create or replace function crm_name_cursor_read(p_cursor text, out name text, out id uuid)
language plpgsql immutable as $$
declare
    t text;
begin
    t := convert_from(decode(p_cursor, 'base64'), 'UTF8');
    id := left(t, 36)::uuid;
    name := substr(t, 37);
exception when others then
    perform fault(400, 'INVALID_CURSOR', 'cursor');
end $$;

-- A page: f is the validated query {search tagId stageId ownerId channelKind createdFrom createdTo sort limit cursor}, p_keys
-- the contact keys that the search text may mean. {items, next}. The statement is put together so that it holds only the
-- conditions that are asked for: each combination gets its own plan.
create or replace function crm_customers_page(p_org uuid, who crm_actor, f jsonb, p_keys text[]) returns json
language plpgsql stable as $$
declare
    by_name boolean := f->>'sort' = 'name';
    key text := case f->>'sort' when 'name' then 'c.name_key' when 'activity' then 'coalesce(c.last_message_at, c.created_at)' else 'c.created_at' end;
    dir text := case when by_name then '' else ' desc' end;
    after_name text;
    after_at timestamptz;
    after_id uuid;
    page integer := coalesce((f->>'limit')::integer, 50);
    conditions text;
    answer json;
begin
    if f->>'cursor' is not null and by_name then
        select r.name, r.id into after_name, after_id from crm_name_cursor_read(f->>'cursor') r;
    elsif f->>'cursor' is not null then
        after_at := cursor_time(f->>'cursor');
        after_id := cursor_id(f->>'cursor');
    end if;
    conditions := crm_filter_sql(p_org, who, f)
        || case when after_id is null then '' when by_name then ' and (c.name_key, c.id) > ($4, $6)' else ' and (' || key || ', c.id) < ($5, $6)' end;
    execute format($s$
        select json_build_object(
            'items', coalesce(json_agg(j.item order by p.n) filter (where p.n <= $3), '[]'),
            'next', max(case when p.n = $3 and p.more then %s end))
        from (select l.c, row_number() over () as n, count(*) over () > $3 as more from (%s) l) p
        cross join lateral customer_item(p.c, $2) j $s$,
        case when by_name then 'crm_name_cursor((p.c).name_key, (p.c).id)' else 'cursor_make(' || replace(key, 'c.', '(p.c).') || ', (p.c).id)' end,
        crm_list_sql(conditions, f->>'search', p_keys, not (who).sees_contacts, key || dir || ', c.id' || dir, '$3 + 1'))
    into answer using p_org, who, page, after_name, after_at, after_id;
    return answer;
end $$;

-- The same for lists with a search text (see the head).
create or replace function crm_customers_search(p_org uuid, who crm_actor, f jsonb, p_keys text[]) returns json
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    perform crm_own_org(p_org);
    return crm_customers_page(p_org, who, f, p_keys);
end $$;

-- How many a list has; counting stops at 10,000, which nobody tells apart from more.
create or replace function crm_customers_count(p_org uuid, who crm_actor, f jsonb, p_keys text[]) returns json
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
    n bigint;
begin
    perform crm_own_org(p_org);
    execute 'select count(*) from (' || crm_list_sql(crm_filter_sql(p_org, who, f), f->>'search', p_keys, not (who).sees_contacts, 'c.id', '$3') || ') l'
        into n using p_org, who, 10001;
    return json_build_object('count', least(n, 10000), 'capped', n > 10000);
end $$;

-- Rows for an export, by id; the same filter as the list. Runs as the owner for the sake of `search`.
create or replace function crm_export_rows(p_org uuid, who crm_actor, f jsonb, p_keys text[], p_after uuid, p_limit integer)
returns table (id uuid, item jsonb)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    perform crm_own_org(p_org);
    return query execute 'select (p.c).id, j.item from ('
        || crm_list_sql(crm_filter_sql(p_org, who, f) || case when p_after is not null then ' and c.id > $3' else '' end,
                        f->>'search', p_keys, not (who).sees_contacts, 'c.id', '$4')
        || ') p cross join lateral customer_full(p.c, $2) j'
        using p_org, who, p_after, p_limit;
end $$;

-- Ids alone, for what is done to all that a filter matches.
create or replace function crm_customers_ids(p_org uuid, who crm_actor, f jsonb, p_keys text[], p_after uuid, p_limit integer)
returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    perform crm_own_org(p_org);
    return query execute 'select (p.c).id from ('
        || crm_list_sql(crm_filter_sql(p_org, who, f) || case when p_after is not null then ' and c.id > $3' else '' end,
                        f->>'search', p_keys, not (who).sees_contacts, 'c.id', '$4')
        || ') p order by 1'
        using p_org, who, p_after, p_limit;
end $$;

-- ---- doubles ----------------------------------------------------------------------------------------------------------------------

-- Other records that may be the same person: one of its e-mail addresses, telephone numbers or handles, the same document, or
-- the same full name (two words at least) where nothing speaks against it: the birth dates do not differ and one of the
-- two has neither telephone number nor e-mail address. Not those that somebody said are two people (crm_duplicate_dismiss).
create or replace function crm_duplicates(p_org uuid, who crm_actor, c customers)
returns table (id uuid, name text, reason text)
language sql stable as $$
    select o.id, o.name, min(d.reason)
    from (select y.customer_id, case when x.kind in ('phone', 'whatsapp') then '1phone' when x.kind = 'email' then '2email' else '4handle' end as reason
          from contacts x
          join contacts y on y.org_id = x.org_id and y.canonical = x.canonical and y.customer_id <> x.customer_id and y.hidden_at is null
               and (y.kind = x.kind or y.kind in ('phone', 'whatsapp') and x.kind in ('phone', 'whatsapp'))
          where x.org_id = p_org and x.customer_id = c.id and x.hidden_at is null
          union all
          select y.id, '3document' from customers y
          where y.org_id = p_org and y.document_key = c.document_key and y.id <> c.id and y.deleted_at is null and y.merged_into_id is null
          union all
          (select y.id, '5name' from customers y
           where y.org_id = p_org and y.name_key = c.name_key and position(' ' in c.name_key) > 0 and y.id <> c.id
             and y.deleted_at is null and y.merged_into_id is null
             and (y.birth_date is null or c.birth_date is null or y.birth_date = c.birth_date)
             and (y.document_key is null or c.document_key is null)
             and (not exists (select from contacts k where k.org_id = p_org and k.customer_id = y.id and k.hidden_at is null
                              and k.kind in ('phone', 'whatsapp', 'email'))
                  or not exists (select from contacts k where k.org_id = p_org and k.customer_id = c.id and k.hidden_at is null
                                 and k.kind in ('phone', 'whatsapp', 'email')))
           limit 20)) d
    join customers o on o.org_id = p_org and o.id = d.customer_id and o.deleted_at is null and o.merged_into_id is null
    where customer_visible(o, who)
      and not exists (select from duplicate_dismissals n where n.org_id = p_org and n.low_id = least(o.id, c.id) and n.high_id = greatest(o.id, c.id))
    group by o.id, o.name
    order by min(d.reason), o.id
    limit 20
$$;

create or replace function crm_duplicates_json(p_org uuid, who crm_actor, p_id uuid) returns json
language plpgsql stable as $$
declare
    c customers := crm_need(p_org, p_id, who, false);
begin
    return (select json_build_object('items', coalesce(json_agg(json_build_object('id', d.id, 'name', d.name, 'reason', substr(d.reason, 2),
                                                                                  'customer', customer_item_json(o, who))), '[]'), 'next', null)
            from crm_duplicates(p_org, who, c) d join customers o on o.org_id = p_org and o.id = d.id);
end $$;

-- One customer with the first possible double.
create or replace function crm_customer_get(p_org uuid, who crm_actor, p_id uuid) returns jsonb
language plpgsql stable as $$
declare
    c customers := crm_need(p_org, p_id, who, false);
    double jsonb;
begin
    if c.merged_into_id is null then
        select jsonb_build_object('duplicateOf', jsonb_build_object('id', d.id, 'name', d.name, 'reason', substr(d.reason, 2)))
        into double from crm_duplicates(p_org, who, c) d limit 1;
    end if;
    return customer_json(c, who) || coalesce(double, '{}');
end $$;

-- ---- timeline ---------------------------------------------------------------------------------------------------------------------

-- Everything that happened with a customer, newest first: {id, type, at, actorName, data}. Each kind gives at most a page from
-- its own index; chats only those that these eyes may see.
create or replace function crm_timeline(p_org uuid, who crm_actor, p_id uuid, p_cursor text, p_limit integer) returns json
language plpgsql stable as $$
declare
    c customers := crm_need(p_org, p_id, who, false);
    at_before timestamptz := coalesce(cursor_time(p_cursor), 'infinity');
    id_before uuid := coalesce(cursor_id(p_cursor), 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
    return (
        with items as (
            (select h.id, 'chat' as type, h.opened_at as at, h.assignee_id as actor, json_build_object('chatId', h.id, 'status', h.status,
                    'channelId', h.channel_id, 'teamId', h.team_id, 'assigneeId', h.assignee_id, 'closedAt', ts_json(h.closed_at),
                    'closureTypeId', h.closure_type_id, 'messageCount', h.message_count, 'lastMessageAt', ts_json(h.last_message_at)) as data
             from chats h
             where h.org_id = p_org and h.customer_id = p_id and (h.opened_at, h.id) < (at_before, id_before)
               and ((who).sees_all or h.assignee_id = (who).id or h.team_id = any ((who).teams))
             order by h.opened_at desc, h.id desc limit p_limit + 1)
            union all
            (select n.id, 'note', n.created_at, n.created_by, json_build_object('title', n.title, 'content', n.content, 'updatedAt', ts_json(n.updated_at))
             from notes n
             where n.org_id = p_org and n.customer_id = p_id and (n.created_at, n.id) < (at_before, id_before)
             order by n.created_at desc, n.id desc limit p_limit + 1)
            union all
            (select s.id, 'stage', s.created_at, s.moved_by, json_build_object('fromStageId', s.from_stage_id, 'toStageId', s.to_stage_id,
                    'note', s.note, 'chatId', s.chat_id, 'secondsInStage', s.seconds_in_stage)
             from stage_moves s
             where s.org_id = p_org and s.customer_id = p_id and (s.created_at, s.id) < (at_before, id_before)
             order by s.created_at desc, s.id desc limit p_limit + 1)
            union all
            (select m.id, 'merge', m.created_at, m.merged_by, json_build_object('mergedId', m.merged_id, 'mergedName', m.merged_name)
             from merges m
             where m.org_id = p_org and m.kept_id = p_id and (m.created_at, m.id) < (at_before, id_before)
             order by m.created_at desc, m.id desc limit p_limit + 1)
            union all
            (select a.id, 'field', a.created_at, a.actor_id, json_build_object('changes', a.changes)
             from audit_log a
             where a.org_id = p_org and a.entity = 'customer' and a.entity_id = p_id and a.action = 'customer.updated'
               and (a.created_at, a.id) < (at_before, id_before)
             order by a.id desc limit p_limit + 1)
            union all
            (select c.id, 'created', c.created_at, c.created_by, json_build_object('source', c.source)
             where (c.created_at, c.id) < (at_before, id_before))
        ), page as (
            select i.*, row_number() over (order by i.at desc, i.id desc) as n, count(*) over () > p_limit as more
            from items i order by i.at desc, i.id desc limit p_limit + 1
        )
        select json_build_object(
            'items', coalesce(json_agg(json_build_object('id', p.id, 'type', p.type, 'at', ts_json(p.at), 'actorId', p.actor,
                'actorName', coalesce((select u.name from users u where u.id = p.actor), ''), 'data', p.data) order by p.n)
                filter (where p.n <= p_limit), '[]'),
            'next', max(case when p.n = p_limit and p.more then cursor_make(p.at, p.id) end))
        from page p);
end $$;

-- ---- one person's data --------------------------------------------------------------------------------------------------------------

-- Everything that is kept of one customer, for the person themselves (privacy law): one document.
create or replace function crm_customer_export(p_org uuid, who crm_actor, p_id uuid) returns jsonb
language plpgsql stable as $$
declare
    c customers := crm_need(p_org, p_id, who, false);
begin
    return jsonb_build_object(
        'exportedAt', ts_json(now()),
        'customer', customer_json(c, who),
        'tags', (select coalesce(jsonb_agg(t.name order by t.name), '[]') from customer_tags ct join tags t on t.org_id = ct.org_id and t.id = ct.tag_id
                 where ct.org_id = p_org and ct.customer_id = p_id),
        'notes', (select coalesce(jsonb_agg(note_json(n) order by n.created_at), '[]') from notes n where n.org_id = p_org and n.customer_id = p_id),
        'stageMoves', (select coalesce(jsonb_agg(jsonb_build_object('from', a.name, 'to', b.name, 'at', ts_json(s.created_at), 'note', s.note)
                                                 order by s.created_at), '[]')
                       from stage_moves s left join stages a on a.org_id = p_org and a.id = s.from_stage_id
                       left join stages b on b.org_id = p_org and b.id = s.to_stage_id
                       where s.org_id = p_org and s.customer_id = p_id),
        'merged', (select coalesce(jsonb_agg(case when (who).sees_contacts then m.snapshot else m.snapshot - 'contacts' - 'fields' end
                                             order by m.created_at), '[]') from merges m where m.org_id = p_org and m.kept_id = p_id),
        'chats', (select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'status', h.status, 'openedAt', ts_json(h.opened_at),
                        'closedAt', ts_json(h.closed_at), 'visitor', h.visitor, 'messages',
                        (select coalesce(jsonb_agg(jsonb_build_object('seq', m.seq, 'direction', m.direction, 'kind', m.kind, 'content', m.content,
                                'authorName', m.author_name, 'createdAt', ts_json(m.created_at), 'files',
                                (select coalesce(jsonb_agg(jsonb_build_object('fileId', mf.file_id, 'name', mf.name, 'type', mf.type)), '[]')
                                 from message_files mf where mf.org_id = p_org and mf.message_id = m.id)) order by m.seq), '[]')
                         from messages m where m.org_id = p_org and m.chat_id = h.id and m.deleted_at is null)) order by h.opened_at), '[]')
                  from chats h where h.org_id = p_org and h.customer_id = p_id
                    and ((who).sees_all or h.assignee_id = (who).id or h.team_id = any ((who).teams))));
end $$;
