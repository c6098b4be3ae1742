-- Search in the words of messages. Full text is not leakproof, so under row-level security its index would not be used: this function
-- runs as the owner, filters by the organization itself (crm_own_org refuses another than the session's), and judges each chat by the
-- same rule as the lists.

-- A query as people type it: every word must occur, the last one may be unfinished.
create or replace function inbox_tsquery(p_q text) returns tsquery language sql stable as $$
    select coalesce(string_agg(quote_literal(w) || ':*', ' & '), '')::tsquery
    from (select lower(unaccent(x)) as w from regexp_split_to_table(p_q, '[^[:alnum:]]+') x where x <> '' limit 12) y
$$;

-- The newest matches, exactly, by the cheapest of several ways; no single plan is right for all, and the planner cannot tell them apart (it
-- takes every unfinished word for a frequent one). The newest thousand messages show how frequent the words are. Frequent ones are soon met
-- by walking on from the newest (WALK at most), rare ones are in the index, whose cost grows with the matches. Who sees few chats is
-- answered from these alone.
create or replace function inbox_search_messages(p_org uuid, p_actor uuid, p_sees_all boolean, p_teams uuid[], p_q text, p_limit integer)
returns table (chat_id uuid, message_id uuid, seq integer, snippet text, customer_id uuid, direction text, created_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
    NEWEST constant integer := 1000;
    FREQUENT constant integer := 10;    -- matches among these
    WALK constant integer := 20000;
    FEW constant integer := 200;        -- chats
    query tsquery := inbox_tsquery(p_q);
    chats_seen uuid[];
    hits uuid[];
    matches integer;
begin
    perform crm_own_org(p_org);
    if numnode(query) = 0 then
        return;
    end if;
    if not p_sees_all then
        chats_seen := array(select ch.id from chats ch where ch.org_id = p_org and ch.assignee_id = p_actor
                            union select ch.id from chats ch where ch.org_id = p_org and ch.team_id = any (p_teams) limit FEW + 1);
    end if;
    if cardinality(chats_seen) <= FEW then
        hits := array(
            select m.id from messages m
            where m.org_id = p_org and m.chat_id = any (chats_seen) and m.direction in ('in', 'out', 'note') and m.content <> '' and m.deleted_at is null
              and to_tsvector('interflow', m.content) @@ query
            order by m.id desc limit p_limit);
    else
        select count(*), (array_agg(f.id order by f.id desc) filter (where f.visible))[:p_limit] into matches, hits
        from (select x.id, p_sees_all or exists (select from chats ch where ch.org_id = p_org and ch.id = x.chat_id
                                                 and (ch.assignee_id = p_actor or ch.team_id = any (p_teams))) as visible
              from (select m.* from messages m where m.org_id = p_org order by m.id desc limit NEWEST) x
              where x.direction in ('in', 'out', 'note') and x.content <> '' and x.deleted_at is null
                and to_tsvector('interflow', x.content) @@ query) f;
        if coalesce(cardinality(hits), 0) < p_limit and matches >= FREQUENT then
            hits := array(
                select x.id from (select m.* from messages m where m.org_id = p_org order by m.id desc limit WALK) x
                where x.direction in ('in', 'out', 'note') and x.content <> '' and x.deleted_at is null
                  and (p_sees_all or exists (select from chats ch where ch.org_id = p_org and ch.id = x.chat_id
                                             and (ch.assignee_id = p_actor or ch.team_id = any (p_teams))))
                  and to_tsvector('interflow', x.content) @@ query
                order by x.id desc limit p_limit);
        end if;
        if coalesce(cardinality(hits), 0) < p_limit then
            hits := array(
                with found as materialized (
                    select m.id, m.chat_id from messages m
                    where m.org_id = p_org and m.direction in ('in', 'out', 'note') and m.content <> '' and m.deleted_at is null
                      and to_tsvector('interflow', m.content) @@ query)
                select x.id from found x
                where p_sees_all or exists (select from chats ch where ch.org_id = p_org and ch.id = x.chat_id
                                            and (ch.assignee_id = p_actor or ch.team_id = any (p_teams)))
                order by x.id desc limit p_limit);
        end if;
    end if;
    return query
        select m.chat_id, m.id, m.seq,
               ts_headline('interflow', m.content, query, format('StartSel=%s, StopSel=%s, MaxWords=24, MinWords=8, MaxFragments=1', chr(1), chr(2))),
               m.customer_id, m.direction, m.created_at
        from messages m
        where m.org_id = p_org and m.id = any (hits)
        order by m.id desc;
end $$;
