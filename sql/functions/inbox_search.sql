-- Search in the words of messages. Full text is not leakproof, so under row-level security its index would not be used: this function
-- runs as the owner, filters by the organization itself (crm_own_org refuses another than the session's), and judges each chat by the
-- same rule as the lists.

-- A query as people type it: every word must occur, the last one may be unfinished.
create or replace function inbox_tsquery(p_q text) returns tsquery language sql stable as $$
    select coalesce(string_agg(quote_literal(w) || ':*', ' & '), '')::tsquery
    from (select lower(unaccent(x)) as w from regexp_split_to_table(p_q, '[^[:alnum:]]+') x where x <> '' limit 12) y
$$;

create or replace function inbox_search_messages(p_org uuid, p_actor uuid, p_sees_all boolean, p_teams uuid[], p_q text, p_limit integer)
returns table (chat_id uuid, message_id uuid, seq integer, snippet text, customer_id uuid, direction text, created_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
    query tsquery := inbox_tsquery(p_q);
begin
    perform crm_own_org(p_org);
    if numnode(query) = 0 then
        return;
    end if;
    return query
        select m.chat_id, m.id, m.seq,
               ts_headline('interflow', m.content, query, format('StartSel=%s, StopSel=%s, MaxWords=24, MinWords=8, MaxFragments=1', chr(1), chr(2))),
               m.customer_id, m.direction, m.created_at
        from (select x.* from messages x
              where x.org_id = p_org and x.direction in ('in', 'out', 'note') and x.content <> '' and x.deleted_at is null
                and to_tsvector('interflow', x.content) @@ query
                and (p_sees_all or exists (select from chats ch where ch.org_id = p_org and ch.id = x.chat_id
                                           and (ch.assignee_id = p_actor or ch.team_id = any (p_teams))))
              order by x.id desc limit p_limit) m
        order by m.id desc;
end $$;
