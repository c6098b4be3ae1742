-- How a connected account looks. Secrets never leave; that there are some is said.
-- p_base: the installation's own address, for the webhook's.
drop function if exists channel_json(channels);
create or replace function channel_json(c channels, p_base text) returns json language sql stable as $$
    select json_build_object('id', c.id, 'kind', c.kind, 'name', c.name, 'address', c.address, 'status', c.status, 'statusReason', c.status_reason,
        'statusSince', ts_json(c.status_since), 'publicKey', c.public_key, 'settings', c.settings, 'hasSecrets', c.secrets is not null,
        'defaultTeamId', c.default_team_id, 'defaultStageId', c.default_stage_id, 'hours', c.hours, 'greeting', c.greeting, 'away', c.away,
        'externalAccount', c.external_account, 'quality', c.quality, 'tokenExpiresAt', ts_json(c.token_expires_at), 'checkedAt', ts_json(c.checked_at),
        'lastError', c.last_error, 'lastEventAt', ts_json(c.last_event_at), 'createdAt', ts_json(c.created_at),
        'webhook', case when c.kind in ('whatsapp', 'messenger', 'instagram') and c.public_key is not null
                        then json_build_object('url', p_base || '/hooks/' || c.kind || '/' || c.public_key, 'verifyToken', coalesce(c.settings->>'verifyToken', '')) end,
        'counts', (select json_build_object('in24h', count(*) filter (where x.direction = 'in'), 'out24h', count(*) filter (where x.direction = 'out'),
                        'failed24h', count(*) filter (where x.status = 'failed'),
                        'parked', (select count(*) from (select from channel_bodies b where b.org_id = c.org_id and b.channel_id = c.id
                                   and b.state = 'parked' limit 1000) p))
                   from (select m.direction, m.status from chats ch join messages m on m.org_id = ch.org_id and m.chat_id = ch.id
                         where ch.org_id = c.org_id and ch.channel_id = c.id and ch.last_message_at > now() - interval '24 hours'
                           and m.created_at > now() - interval '24 hours' limit 10000) x),
        'chats30Days', (select count(*) from (select from chats ch where ch.org_id = c.org_id and ch.channel_id = c.id
                         and ch.opened_at > now() - interval '30 days' limit 10000) x))
$$;

-- Found across organizations by the key in the webhook's address; verified by the kind's own signature afterwards.
create or replace function channel_by_key(p_key text)
returns table (org_id uuid, id uuid, kind text, name text, address text, status text, external_account text, default_team_id uuid, settings jsonb, secrets text)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    return query
        select c.org_id, c.id, c.kind, c.name, c.address, c.status, c.external_account, c.default_team_id, c.settings, c.secrets
          from channels c where c.public_key = p_key and c.kind <> 'webchat' and c.deleted_at is null;
end $$;

-- The same by the platform's id of the account, for what comes to the installation's own app: its signature covers all organizations. Some
-- news speak of what stands above the accounts (WhatsApp's business account): they are for each of them.
create or replace function channel_by_account(p_kind text, p_account text) returns table (org_id uuid, id uuid, status text)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    return query
        select c.org_id, c.id, c.status from channels c
         where c.kind = p_kind and c.external_account = p_account and c.external_account <> '' and c.deleted_at is null
        union
        select c.org_id, c.id, c.status from channels c
         where c.kind = 'whatsapp' and p_kind = 'whatsapp' and c.settings->>'wabaId' = p_account and c.settings->>'wabaId' <> '' and c.deleted_at is null;
end $$;

-- ---- bodies in ----------------------------------------------------------------------------------------------------------

-- The job that reads a channel's bodies, at most one waiting (it returns whether it is new). Who asks for it finds one waiting, perhaps, that is
-- taken and ends in the very moment before the asker's body is committed: then nobody would read that body. So askers hold a shared lock until
-- their commit, and a run ends only after it had the lock alone (channel_bodies_left).
create or replace function channel_receive_job(p_org uuid, p_channel uuid) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('receive:' || p_channel, 0));
    insert into jobs (org_id, kind, payload, order_key, unique_key)
    values (p_org, 'channel.receive', jsonb_build_object('channelId', p_channel), 'receive:' || p_channel, 'receive:' || p_channel)
    on conflict do nothing;
    return found;
end $$;

-- Bodies as they came, with the job that reads them: [{channel, account, body (base64)}, …]. How many of these jobs are new.
create or replace function channel_bodies_add(p_org uuid, p_list jsonb) returns integer language plpgsql as $$
declare
    n integer;
begin
    -- In the order of their ids: two of these must never wait for each other.
    select count(*) filter (where channel_receive_job(p_org, d.channel)) into n
      from (select distinct (x.b->>'channel')::uuid as channel from jsonb_array_elements(p_list) x (b) order by 1) d;
    insert into channel_bodies (org_id, channel_id, account, body)
    select p_org, (x.b->>'channel')::uuid, x.b->>'account', decode(x.b->>'body', 'base64') from jsonb_array_elements(p_list) with ordinality x (b, n)
     order by x.n;
    return n;
end $$;

-- Does this account read what comes in? A paused one keeps it, a removed one shows it.
create or replace function channel_reads(p_org uuid, p_channel uuid) returns boolean language sql stable as $$
    select exists (select from channels c where c.org_id = p_org and c.id = p_channel and c.status <> 'paused' and c.deleted_at is null)
$$;

create or replace function channel_bodies_left(p_org uuid, p_channel uuid) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('receive:' || p_channel, 0));
    return channel_reads(p_org, p_channel)
        and exists (select from channel_bodies b where b.org_id = p_org and b.channel_id = p_channel and b.state = 'waiting');
end $$;

-- One message more at one per p_interval_ms with p_burst at once, by the generic cell rate algorithm: free_at is the theoretical time of the
-- next one. Milliseconds to wait, 0: go. The row's lock makes all workers of all machines one queue.
create or replace function pace_take(p_org uuid, p_channel uuid, p_key text, p_interval_ms integer, p_burst integer) returns integer
language plpgsql as $$
declare
    at timestamptz;
    step interval := p_interval_ms * interval '1 millisecond';
    early interval := greatest(p_burst - 1, 0) * step;
    t timestamptz;
begin
    insert into channel_pace (org_id, channel_id, key, free_at) values (p_org, p_channel, p_key, '-infinity') on conflict do nothing;
    select free_at into at from channel_pace where org_id = p_org and channel_id = p_channel and key = p_key for update;
    t := clock_timestamp();
    if at - early > t then
        return greatest(1, ceil(extract(epoch from at - early - t) * 1000))::integer;
    end if;
    update channel_pace set free_at = greatest(at, t) + step where org_id = p_org and channel_id = p_channel and key = p_key;
    return 0;
end $$;

-- How an account is. Told only when it is news; last_error stays as the newest failure until the account works again.
create or replace function channel_state_set(p_org uuid, p_channel uuid, p_state text, p_code text, p_message text) returns boolean
language plpgsql as $$
declare
    was channels;
    news boolean;
begin
    select * into was from channels c where c.org_id = p_org and c.id = p_channel and c.deleted_at is null for no key update;
    if not found then return false; end if;
    news := was.status <> p_state and was.status <> 'paused';
    if not news and was.last_error->>'code' is not distinct from p_code and was.status = p_state then return false; end if;
    update channels c set
        status = case when news then p_state else c.status end,
        status_reason = case when news or c.status = p_state then case p_state when 'connected' then '' else coalesce(p_code, '') end else c.status_reason end,
        status_since = case when news then now() else c.status_since end,
        last_error = case p_state when 'connected' then null
                     else jsonb_build_object('code', coalesce(p_code, ''), 'message', coalesce(p_message, ''), 'at', ts_json(now())) end,
        updated_at = now()
     where c.org_id = p_org and c.id = p_channel;
    if news and p_state = 'connected' then
        perform channel_go_on(p_org, p_channel);
    end if;
    perform channel_news(p_org, p_channel, case when news then p_state end);
    return news;
end $$;

-- What waited for an account to go on leaves, and is taken in, now.
create or replace function channel_go_on(p_org uuid, p_channel uuid) returns void language plpgsql as $$
begin
    update jobs j set due_at = now() from messages m
     where j.org_id = p_org and j.kind in ('message.send', 'message.react') and j.state = 'waiting' and j.due_at > now()
       and m.org_id = j.org_id and m.id = (j.payload->>'messageId')::uuid and m.channel_id = p_channel;
    perform channel_receive_job(p_org, p_channel);
end $$;

-- Those who manage channels hear that something about one changed; with p_status everybody's list of channels is redrawn.
create or replace function channel_news(p_org uuid, p_channel uuid, p_status text) returns void language plpgsql as $$
begin
    insert into events (org_id, type, payload) values (p_org, 'channel.changed', jsonb_build_object('channelId', p_channel));
    if p_status is not null then
        insert into events (org_id, type, payload)
        values (p_org, 'settings.changed', jsonb_build_object('what', 'channels', 'channelId', p_channel, 'status', p_status));
    end if;
end $$;

-- What is old, of all organizations; in stretches, so that no commit is long.
create or replace function channel_clean() returns bigint
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    n bigint;
    gone bigint := 0;
begin
    delete from channel_bodies b where b.ctid in (select x.ctid from channel_bodies x
        where x.received_at < now() - interval '7 days' and (x.state = 'done' or x.state = 'parked' and x.received_at < now() - interval '90 days') limit 5000);
    get diagnostics n = row_count; gone := gone + n;
    delete from channel_calls b where b.ctid in (select x.ctid from channel_calls x where x.created_at < now() - interval '14 days' limit 5000);
    get diagnostics n = row_count; gone := gone + n;
    delete from channel_early_statuses b where b.ctid in (select x.ctid from channel_early_statuses x where x.created_at < now() - interval '1 day' limit 5000);
    get diagnostics n = row_count; gone := gone + n;
    delete from channel_pace b where b.ctid in (select x.ctid from channel_pace x where x.free_at < now() - interval '1 hour' limit 5000);
    get diagnostics n = row_count; gone := gone + n;
    return gone;
end $$;

-- The accounts that news speak of: with a wabaId, all numbers of that WhatsApp Business account (its webhooks come once, to the address of one of
-- them), of which an address names one; else the account that they came for.
create or replace function channel_news_of(p_org uuid, p_channel uuid, d jsonb) returns setof uuid language sql stable as $$
    select c.id from channels c
     where c.org_id = p_org and c.deleted_at is null
       and case when d ? 'wabaId'
                then c.kind = 'whatsapp' and c.settings->>'wabaId' = d->>'wabaId'
                     and (not d ? 'address' or regexp_replace(c.address, '\D', '', 'g') = regexp_replace(d->>'address', '\D', '', 'g'))
                else c.id = p_channel end
$$;

-- News of an account from its platform: {status?, reason?, message?, quality?}.
create or replace function channel_account_news(p_org uuid, p_channel uuid, d jsonb) returns void language plpgsql as $$
declare
    one uuid;
begin
    for one in select channel_news_of(p_org, p_channel, d) loop
        if d ? 'quality' then
            update channels c set quality = c.quality || (d->'quality'), updated_at = now()
             where c.org_id = p_org and c.id = one and not c.quality @> (d->'quality');
            if found then perform channel_news(p_org, one, null); end if;
        end if;
        if d->>'status' in ('connected', 'reconnecting', 'disconnected') then
            perform channel_state_set(p_org, one, d->>'status', d->>'reason', coalesce(d->>'message', d->>'reason'));
        end if;
    end loop;
end $$;

-- News of a template: {externalId, name, language, status?, reason?, category?, quality?}. One that we have not seen yet comes with the next
-- synchronisation.
create or replace function template_news(p_org uuid, p_channel uuid, d jsonb) returns void language plpgsql as $$
begin
    with changed as (
        update templates t set status = coalesce(d->>'status', t.status), reason = coalesce(d->>'reason', case when d ? 'status' then '' else t.reason end),
               category = coalesce(d->>'category', t.category), quality = coalesce(d->>'quality', t.quality),
               external_id = coalesce(nullif(d->>'externalId', ''), t.external_id), updated_at = now(),
               deleted_at = case d->>'status' when 'DELETED' then now() end
         where t.org_id = p_org and t.channel_id in (select channel_news_of(p_org, p_channel, d)) and t.deleted_at is null
           and (t.external_id = d->>'externalId' and t.external_id <> '' or t.name = d->>'name' and t.language = d->>'language')
        returning t.channel_id
    )
    insert into events (org_id, type, payload)
    select p_org, 'template.changed', jsonb_build_object('channelId', channel_id) from (select distinct channel_id from changed) x;
end $$;

-- Work for an account that was saved, resumed or repaired: subscribe and synchronise.
create or replace function channel_begin(p_org uuid, p_channel uuid) returns void language plpgsql as $$
begin
    insert into jobs (org_id, kind, payload, order_key, unique_key)
    values (p_org, 'channel.connected', jsonb_build_object('channelId', p_channel), 'account:' || p_channel, 'connected:' || p_channel)
    on conflict do nothing;
    perform channel_go_on(p_org, p_channel);
end $$;

-- Hourly, of all organizations: each account that works is looked after by a job of its own.
create or replace function channel_upkeep() returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    x record;
    n integer := 0;
begin
    for x in select c.org_id, c.id from channels c where c.deleted_at is null and c.status in ('connected', 'reconnecting') and c.kind <> 'webchat' loop
        insert into jobs (org_id, kind, payload, due_at, unique_key)
        values (x.org_id, 'channel.upkeep', jsonb_build_object('channelId', x.id), now() + random() * interval '5 minutes', 'upkeep:' || x.id)
        on conflict do nothing;
        n := n + 1;
    end loop;
    return n;
end $$;

-- What a look at the account found.
create or replace function channel_checked(p_org uuid, p_channel uuid, p_ok boolean, p_code text, p_message text, p_found jsonb) returns void
language plpgsql as $$
begin
    update channels c set checked_at = now(),
        quality = c.quality || coalesce(p_found->'quality', '{}'),
        external_account = coalesce(nullif(p_found->>'externalAccount', ''), c.external_account),
        address = coalesce(nullif(c.address, ''), p_found->>'address', ''),
        token_expires_at = case when p_found ? 'tokenExpiresMs' then to_timestamp((p_found->>'tokenExpiresMs')::bigint / 1000.0) else c.token_expires_at end
     where c.org_id = p_org and c.id = p_channel and c.deleted_at is null;
    if p_ok then
        perform channel_state_set(p_org, p_channel, 'connected', null, null);
    else
        update channels c set last_error = jsonb_build_object('code', coalesce(p_code, ''), 'message', coalesce(p_message, ''), 'at', ts_json(now()))
         where c.org_id = p_org and c.id = p_channel and c.deleted_at is null;
    end if;
    perform channel_news(p_org, p_channel, null);
end $$;

-- Bytes as text, whatever they are.
create or replace function text_of(p bytea) returns text language plpgsql immutable as $$
begin
    return convert_from(p, 'UTF8');
exception when others then
    return encode(p, 'escape');
end $$;
