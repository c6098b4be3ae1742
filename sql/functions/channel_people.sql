-- Connecting by login, and what platforms tell of people.

create or replace function channel_tickets_clean() returns bigint
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    n bigint;
begin
    delete from channel_tickets t where t.ctid in (select x.ctid from channel_tickets x where x.expires_at < now() limit 5000);
    get diagnostics n = row_count;
    return n;
end $$;

-- Of the accounts that a platform offers: those that are connected. That another organization has one is said, not which.
create or replace function channels_connected(p_org uuid, p_kind text, p_accounts jsonb) returns table (account text, here boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
    select c.external_account, c.org_id = p_org from channels c
    where c.kind = p_kind and c.deleted_at is null and c.external_account in (select jsonb_array_elements_text(p_accounts))
$$;

-- A person's name and picture as the platform tells them: only where we have none. True when something changed.
create or replace function contact_profile_set(p_org uuid, p_customer uuid, p_kind text, p_identifier text, p_name text, p_username text, p_picture uuid)
returns boolean language plpgsql as $$
declare
    display text := left(coalesce(nullif(p_name, ''), nullif(p_username, ''), ''), 120);
    changed boolean := false;
begin
    update contacts k set profile = k.profile || jsonb_strip_nulls(jsonb_build_object('name', nullif(p_name, ''), 'username', nullif(p_username, '')))
    where k.org_id = p_org and k.customer_id = p_customer and k.kind = p_kind and k.identifier = p_identifier;
    update customers c set name = case when c.name = '' then display else c.name end,
        avatar_file_id = coalesce(c.avatar_file_id, p_picture), updated_at = now()
    where c.org_id = p_org and c.id = p_customer and c.deleted_at is null
      and (c.name = '' and display <> '' or c.avatar_file_id is null and p_picture is not null)
    returning true into changed;
    if changed then
        perform crm_event(p_org, 'customer.changed', p_customer);
    end if;
    return coalesce(changed, false);
end $$;

-- Is another account, of whatever organization, on the same Facebook page? One app is subscribed to a page once.
create or replace function channel_page_shared(p_channel uuid, p_page text) returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
    select exists (select from channels c where c.id <> p_channel and c.deleted_at is null and p_page <> ''
                   and (c.kind = 'messenger' and c.external_account = p_page or c.kind = 'instagram' and c.settings->>'pageId' = p_page))
$$;
