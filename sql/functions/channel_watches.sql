-- Who holds the connection of which account (src/channels/watch.c). These look at the accounts of all organizations: a worker holds
-- connections for any of them.

drop function if exists channel_watches_renew(text, integer);
drop function if exists channel_watches_claim(text, text[], integer, integer);

-- What a connection depends on.
create or replace function channel_watch_key(c channels) returns text language sql immutable as $$
    select md5(c.settings::text || coalesce(c.secrets, '') || c.address)
$$;

-- Take up to p_max accounts of these kinds that nobody holds and that are due, for so many seconds.
create or replace function channel_watches_claim(p_holder text, p_kinds jsonb, p_seconds integer, p_max integer)
returns table (org_id uuid, id uuid, tries integer)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    insert into channel_watches as n (org_id, channel_id)
    select c.org_id, c.id from channels c where c.kind in (select jsonb_array_elements_text(p_kinds)) and c.deleted_at is null
       and not exists (select from channel_watches w where w.org_id = c.org_id and w.channel_id = c.id)
    on conflict do nothing;
    return query
        with free as (
            select w.org_id, w.channel_id from channel_watches w join channels c on c.org_id = w.org_id and c.id = w.channel_id
             where (w.until is null or w.until < now()) and c.deleted_at is null and c.status <> 'paused'
               and c.kind in (select jsonb_array_elements_text(p_kinds))
               and (w.due_at <= now() or w.account_key <> channel_watch_key(c))
             order by w.due_at limit p_max for update of w skip locked
        )
        update channel_watches w set holder = p_holder, until = now() + make_interval(secs => p_seconds), account_key = channel_watch_key(c)
          from free f join channels c on c.org_id = f.org_id and c.id = f.channel_id
         where w.org_id = f.org_id and w.channel_id = f.channel_id
        returning w.org_id, w.channel_id, w.tries;
end $$;

-- Hold on to what is held; which of it is to end, because the account is another now.
create or replace function channel_watches_renew(p_holder text, p_seconds integer)
returns table (org_id uuid, id uuid, ends boolean)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    return query
        update channel_watches w set until = now() + make_interval(secs => p_seconds)
          from channels c
         where w.holder = p_holder and w.until is not null and c.org_id = w.org_id and c.id = w.channel_id
        returning w.org_id, w.channel_id,
                  c.deleted_at is not null or c.status = 'paused' or w.account_key <> channel_watch_key(c);
end $$;
