-- What platforms tell besides usual messages: who somebody is, states of what we sent, reactions, edits, removals, what was before the account
-- was connected; and what the beginning of a chat brings with it.

-- ---- people -------------------------------------------------------------------------------------------------------------

-- The person behind a message. A platform may name one person in two ways (a phone number, and an id of its own for those who hide
-- it): whoever is known by either keeps one contact, and so one chat. p: as inbox_receive; keys holds the forms of both.
create or replace function inbox_identity(p_org uuid, chan channels, p jsonb, out customer_id uuid, out contact_id uuid, out created boolean)
language plpgsql as $$
#variable_conflict use_column
declare
    co contacts;
    keys text[] := array(select jsonb_array_elements_text(p->'keys'));
begin
    created := false;
    select x.* into co from contact_keys k
      join contacts x on x.org_id = p_org and x.id = k.contact_id and x.kind = p->>'identityKind' and x.hidden_at is null
      join customers cu on cu.org_id = p_org and cu.id = x.customer_id and cu.deleted_at is null and cu.merged_into_id is null
     where k.org_id = p_org and k.key = any (keys)
       and (x.also = p->>'identifier' or x.also = p->>'also' or x.identifier = p->>'also')
     order by x.identifier = p->>'identifier' desc, x.created_at limit 1;
    if found then
        contact_id := co.id;
        inbox_identity.customer_id := co.customer_id;
        if p ? 'also' and co.identifier = p->>'also' and not exists (select from contacts x where x.org_id = p_org and x.kind = co.kind
                and x.canonical = p->>'canonical' and x.customer_id = co.customer_id and x.hidden_at is null) then
            -- Known by the platform's own id so far; now the number came.
            update contacts x set identifier = p->>'identifier', canonical = p->>'canonical', also = p->>'also' where x.org_id = p_org and x.id = co.id;
            insert into contact_keys (org_id, key, contact_id, customer_id) select p_org, y.key, co.id, co.customer_id from unnest(keys) as y (key)
             order by y.key on conflict do nothing;
            perform crm_event(p_org, 'customer.changed', co.customer_id);
        end if;
        update customers x set name = left(btrim(p->>'name'), 120), updated_at = now()
         where x.org_id = p_org and x.id = co.customer_id and x.name = '' and btrim(coalesce(p->>'name', '')) <> '';
        if found and co.kind = 'whatsapp' then perform contact_called(p_org, co.id, p->>'name'); end if;
        return;
    end if;
    select i.customer_id, i.contact_id, i.created into inbox_identity.customer_id, inbox_identity.contact_id, inbox_identity.created
      from crm_identity(p_org, p->>'identityKind', p->>'identifier', p->>'canonical', keys, p->>'name', chan.kind) i;
    if p ? 'also' then
        update contacts x set also = p->>'also' where x.org_id = p_org and x.id = inbox_identity.contact_id and x.also is distinct from p->>'also';
    end if;
    if created and chan.default_stage_id is not null then
        perform crm_stage_put(p_org, cu, null::crm_actor, chan.default_stage_id, null, '', null)
           from customers cu where cu.org_id = p_org and cu.id = inbox_identity.customer_id;
    end if;
    if created and chan.kind in ('messenger', 'instagram') then
        insert into jobs (org_id, kind, payload, unique_key)
        values (p_org, 'contact.profile', jsonb_build_object('channelId', chan.id, 'customerId', inbox_identity.customer_id, 'identifier', p->>'identifier'),
                'contact.profile:' || inbox_identity.customer_id)
        on conflict do nothing;
    end if;
end $$;

-- A person is known by another identifier from now on. The old number may soon be somebody else's: it no longer leads here. Who talks with
-- them reads that it changed, in every open chat and in the newest: masked, because agents who see no contact data read it too.
create or replace function inbox_identity_changed(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    co contacts;
    ch chats;
    old_keys text[] := array(select jsonb_array_elements_text(e->'previousKeys'));
    keys text[] := array(select jsonb_array_elements_text(e->'keys'));
begin
    select x.* into co from contact_keys k join contacts x on x.org_id = p_org and x.id = k.contact_id and x.kind = e->>'identityKind' and x.hidden_at is null
     where k.org_id = p_org and k.key = any (old_keys) order by x.created_at limit 1;
    if not found then return; end if;
    if exists (select from contact_keys k where k.org_id = p_org and k.key = any (keys) and k.contact_id <> co.id) then
        return; -- they wrote from the new one before: two customers that a person may merge
    end if;
    delete from contact_keys k where k.org_id = p_org and k.contact_id = co.id and k.key = any (old_keys) and not k.key = any (keys);
    insert into contact_keys (org_id, key, contact_id, customer_id) select p_org, y.key, co.id, co.customer_id from unnest(keys) as y (key)
     order by y.key on conflict do nothing;
    if co.also = e->>'previous' then
        update contacts x set also = e->>'identifier' where x.org_id = p_org and x.id = co.id;
    else
        update contacts x set identifier = e->>'identifier', canonical = e->>'canonical' where x.org_id = p_org and x.id = co.id;
        if co.canonical like '+%' and e->>'canonical' like '+%' then
            for ch in select c.* from chats c where c.org_id = p_org and c.contact_id = co.id
                    and (c.status <> 'closed' or c.id = (select y.id from chats y where y.org_id = p_org and y.contact_id = co.id order by y.opened_at desc limit 1))
                    order by c.id for update loop
                perform inbox_note_event(ch, null, '', 'number_changed', jsonb_build_object('from', mask_contact(co.kind, co.canonical),
                                                                                            'to', mask_contact(co.kind, e->>'canonical')));
            end loop;
        end if;
    end if;
    perform crm_event(p_org, 'customer.changed', co.customer_id);
end $$;

-- The account's own address book (the phone app that a number is shared with) calls somebody so. Only whom we know gets the name, and
-- only while nobody wrote another: a name that is missing, a number, the platform's, or what the address book said before. Of people
-- whom we do not know nothing is kept.
create or replace function inbox_named(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    keys text[] := array(select jsonb_array_elements_text(e->'keys'));
    called text := left(btrim(regexp_replace(e->>'name', '\s+', ' ', 'g')), 120);
    sent bigint := coalesce((e->>'sentMs')::bigint, 0);
    k contacts;
    c customers;
begin
    if called = '' or name_is_number(called) then return; end if;
    select x.* into k from contact_keys y
      join contacts x on x.org_id = p_org and x.id = y.contact_id and x.hidden_at is null
     where y.org_id = p_org and y.key = any (keys) order by x.kind = e->>'identityKind' desc, x.created_at limit 1;
    if not found then return; end if;
    select x.* into c from customers x where x.org_id = p_org and x.id = k.customer_id and x.deleted_at is null and x.merged_into_id is null for update;
    if not found then return; end if;
    select x.* into k from contacts x where x.org_id = p_org and x.id = k.id;
    if sent < coalesce((k.profile->>'bookMs')::bigint, 0) then return; end if; -- a later one came before it
    if c.name <> '' and not name_is_number(c.name) and not exists (
            select from contacts x where x.org_id = p_org and x.customer_id = c.id and c.name in (x.profile->>'name', x.profile->>'book')) then
        return;
    end if;
    update contacts x set profile = x.profile || jsonb_build_object('book', called, 'bookMs', sent) where x.org_id = p_org and x.id = k.id;
    if c.name <> called then
        update customers x set name = called, updated_at = now() where x.org_id = p_org and x.id = c.id;
        perform crm_event(p_org, 'customer.changed', c.id);
    end if;
end $$;

-- ---- messages -----------------------------------------------------------------------------------------------------------

-- The row of a message from outside, without its place in a chat. writer: the customer's name; null: none yet.
create or replace function inbox_inbound_row(p jsonb, writer text) returns messages language plpgsql as $$
declare
    m messages;
    echo boolean := coalesce((p->>'echo')::boolean, false);
begin
    m.id := (p->>'id')::uuid;
    m.direction := case when echo then 'out' else 'in' end;
    m.kind := p->>'kind';
    m.content := left(p->>'text', 65536);
    m.data := coalesce(p->'data', '{}') || case when echo then '{"echo": true}'::jsonb else '{}' end
              || case when (p->>'automatic')::boolean then '{"automatic": true}'::jsonb else '{}' end;
    m.status := case when echo then coalesce(p->>'status', 'sent') else 'received' end;
    m.author_kind := case when echo then 'user' else 'customer' end;
    m.author_name := case when echo then '' else coalesce(writer, p->>'name', '') end;
    m.external_id := p->>'externalId';
    m.client_id := p->>'clientId';
    m.created_at := coalesce(least(to_timestamp((p->>'sentMs')::bigint / 1000.0), clock_timestamp()), clock_timestamp());
    if echo then m.sent_at := m.created_at; end if;
    return m;
end $$;

-- Until when one may write freely to a contact, from what they wrote in an earlier chat.
create or replace function inbox_window(p_org uuid, p_contact uuid, p_channel uuid) returns timestamptz language sql stable as $$
    select c.window_until from chats c where c.org_id = p_org and c.contact_id = p_contact and c.channel_id = p_channel
     order by c.opened_at desc limit 1
$$;

-- What was said before the account was connected: no news, no work, nobody waits. It lies in closed chats of its own, each in the order
-- of time; what comes later but is older goes into one more, further down in the customer's past.
create or replace function inbox_history(p_org uuid, p_channel uuid, p jsonb, out chat_id uuid, out message_id uuid, out seq integer, out customer_id uuid,
    out is_double boolean) language plpgsql as $$
#variable_conflict use_column
declare
    chan channels;
    ident record;
    ch chats;
    m messages;
    r record;
begin
    is_double := true;
    select x.chat_id, x.id, x.seq, x.customer_id into inbox_history.chat_id, inbox_history.message_id, inbox_history.seq, inbox_history.customer_id
      from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = p->>'externalId';
    if found then return; end if;
    is_double := false;
    select * into chan from channels c where c.org_id = p_org and c.id = p_channel and c.deleted_at is null;
    if not found then
        raise exception using errcode = 'IF404', message = 'CHANNEL_NOT_FOUND';
    end if;
    select * into ident from inbox_identity(p_org, chan, p);
    inbox_history.customer_id := ident.customer_id;
    m := inbox_inbound_row(p, (select nullif(c.name, '') from customers c where c.org_id = p_org and c.id = ident.customer_id));
    select c.* into ch from chats c where c.org_id = p_org and c.contact_id = ident.contact_id and c.channel_id = p_channel and c.status = 'closed'
        and c.visitor->>'history' = 'true' and c.last_message_at <= m.created_at
     order by c.last_message_at desc limit 1 for update;
    if not found then
        insert into chats (org_id, customer_id, contact_id, channel_id, team_id, status, visitor, opened_at, closed_at, last_message_at)
        values (p_org, ident.customer_id, ident.contact_id, p_channel, chan.default_team_id, 'closed', '{"history": true}', m.created_at, m.created_at, m.created_at)
        returning * into ch;
    end if;
    if p ? 'replyTo' then
        select x.id into m.reply_to_id from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = p->>'replyTo';
    end if;
    select * into r from inbox_append(ch, m, p->'files');
    update chats c set closed_at = c.last_message_at, waiting_since = null, first_response_at = null, inbound_count = 0
     where c.org_id = p_org and c.id = ch.id;
    inbox_history.chat_id := ch.id;
    inbox_history.message_id := (r.m).id;
    inbox_history.seq := (r.m).seq;
end $$;

-- The first answer of a chat that the customer has begun: the greeting, or what is said outside opening hours, in the customer's
-- language, else the organization's, else any that there is. Written by the bot, so that nobody counts as having answered.
create or replace function inbox_greet(p_org uuid, ch chats) returns chats language plpgsql as $$
declare
    chan channels;
    o organizations;
    words jsonb;
    lang text;
    m messages;
    r record;
begin
    select * into chan from channels c where c.org_id = p_org and c.id = ch.channel_id;
    if chan.greeting = '{}' and chan.away = '{}' then return ch; end if;
    select * into o from organizations x where x.id = p_org;
    words := case when hours_open(chan.hours, o.time_zone, now()) and not is_holiday(o, now()) then chan.greeting else chan.away end;
    select coalesce(cu.language, o.language) into lang from customers cu where cu.org_id = p_org and cu.id = ch.customer_id;
    m.content := coalesce(nullif(btrim(words->>lang), ''), nullif(btrim(words->>o.language), ''),
                          (select x.value from jsonb_each_text(words) x where btrim(x.value) <> '' order by x.key limit 1));
    if m.content is null then return ch; end if;
    m.direction := 'out'; m.kind := 'text'; m.status := 'queued'; m.author_kind := 'bot';
    m.author_name := left(o.name, 120);
    m.data := '{"greeting": true}';
    select * into r from inbox_append(ch, m, null);
    insert into jobs (org_id, kind, payload, order_key, unique_key)
    values (p_org, 'message.send', jsonb_build_object('messageId', (r.m).id), 'chat:' || ch.id, 'message.send:' || (r.m).id)
    on conflict do nothing;
    -- Whom a program greeted still waits for a person.
    update chats c set waiting_since = ch.waiting_since where c.org_id = p_org and c.id = ch.id returning c.* into ch;
    perform inbox_message_event('message.created', ch, r.m);
    return ch;
end $$;

-- ---- what happened to messages --------------------------------------------------------------------------------------------

-- Several events of an account in one commit, in order: [{"type", …}, …] as src/inbox/events.c writes them. What is about messages that we
-- do not have is no error.
create or replace function inbox_apply(p_org uuid, p_channel uuid, p_events jsonb) returns integer language plpgsql as $$
declare
    e jsonb;
    n integer := 0;
begin
    for e in select x.e from jsonb_array_elements(p_events) with ordinality as x (e, n) order by x.n loop
        case e->>'type'
            when 'status' then perform inbox_status(p_org, p_channel, e);
            when 'reaction' then perform inbox_reaction(p_org, p_channel, e);
            when 'edit' then perform inbox_edited(p_org, p_channel, e);
            when 'removal' then perform inbox_removed(p_org, p_channel, e);
            when 'watermark' then perform inbox_watermark(p_org, p_channel, e);
            when 'identity' then perform inbox_identity_changed(p_org, p_channel, e);
            when 'name' then perform inbox_named(p_org, p_channel, e);
            when 'account' then perform channel_account_news(p_org, p_channel, e->'data');
            when 'template' then perform template_news(p_org, p_channel, e->'data');
            else null;
        end case;
        n := n + 1;
    end loop;
    return n;
end $$;

-- A delivery state. It finds its message by the platform's id, or by ours where the platform gives it back (then the platform's id is
-- learned here, if the answer to the call is still on its way or never came). Else it waits for its message a day.
create or replace function inbox_status(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    m messages;
    at timestamptz := coalesce(least(to_timestamp((e->>'sentMs')::bigint / 1000.0), clock_timestamp()), clock_timestamp());
begin
    select * into m from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = e->>'externalId';
    if not found and e ? 'ourMessage' then
        if e ? 'ourPart' then -- one of several: a run whose answer was lost need not send it again
            update messages x set parts_sent = greatest(x.parts_sent, (e->>'ourPart')::int)
             where x.org_id = p_org and x.id = (e->>'ourMessage')::uuid and x.channel_id = p_channel and x.status = 'queued';
            return;
        end if;
        select * into m from messages x where x.org_id = p_org and x.id = (e->>'ourMessage')::uuid and x.channel_id = p_channel and x.direction = 'out';
        if not found then return; end if;
        if m.external_id is not null and e->>'status' <> 'failed' then
            return; -- of another part of it
        end if;
        if m.external_id is null then
            update messages x set external_id = e->>'externalId' where x.org_id = p_org and x.id = m.id;
        end if;
    elsif not found then
        insert into channel_early_statuses (org_id, channel_id, external_id, status, at, error)
        values (p_org, p_channel, e->>'externalId', e->>'status', at, e->'error') on conflict do nothing;
        return;
    end if;
    perform inbox_raise_status(p_org, m.id, e->>'status', at, null, e->'error');
end $$;

-- What we take to be the echo of a message of ours that was faster than the answer makes way.
create or replace function inbox_echo_away(m messages, p_external text) returns void language plpgsql as $$
declare
    echo messages;
    ch chats;
begin
    select * into ch from chats c where c.org_id = m.org_id and c.id = m.chat_id for update;
    delete from message_files f using messages y where y.org_id = m.org_id and y.channel_id = m.channel_id and y.external_id = p_external and y.id <> m.id
       and y.direction = 'out' and y.data->>'echo' = 'true' and f.org_id = m.org_id and f.message_id = y.id;
    update messages y set external_id = null, deleted_at = now(), content = '', data = '{}'
     where y.org_id = m.org_id and y.channel_id = m.channel_id and y.external_id = p_external and y.id <> m.id and y.direction = 'out'
       and y.data->>'echo' = 'true'
    returning y.* into echo;
    if found and echo.chat_id = ch.id then perform inbox_changed_event(ch, echo); end if;
end $$;

-- What became of a message that was given to its channel: its state, the platform's id, and states that were faster than the answer. An
-- echo that was faster than the answer (it names no message of ours) makes way.
create or replace function inbox_sent(p_org uuid, p_message uuid, p_status text, p_external text) returns boolean language plpgsql as $$
declare
    m messages;
    x record;
begin
    select * into m from messages y where y.org_id = p_org and y.id = p_message;
    if not found then return false; end if;
    if p_external is not null and p_external is distinct from m.external_id then
        perform inbox_echo_away(m, p_external);
        update messages y set external_id = p_external where y.org_id = p_org and y.id = p_message;
    end if;
    update messages y set attempted_at = null where y.org_id = p_org and y.id = p_message and y.attempted_at is not null;
    perform inbox_raise_status(p_org, p_message, p_status, now(), null, null);
    for x in delete from channel_early_statuses s where s.org_id = p_org and s.channel_id = m.channel_id and s.external_id = p_external
             returning s.status, s.at, s.error loop
        perform inbox_raise_status(p_org, p_message, x.status, x.at, null, x.error);
    end loop;
    return true;
end $$;

-- Before the platform is called: since when a try is under way. previous: of a run whose end nobody knows.
create or replace function inbox_attempt(p_org uuid, p_message uuid, p_doubt_ms integer, out previous timestamptz) language plpgsql as $$
begin
    select m.attempted_at into previous from messages m where m.org_id = p_org and m.id = p_message;
    update messages m set attempted_at = clock_timestamp() where m.org_id = p_org and m.id = p_message and m.status = 'queued'
        and (previous is null or previous < now() - p_doubt_ms * interval '1 millisecond');
end $$;

create or replace function inbox_reaction(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    m messages;
    ch chats;
    emoji text := left(coalesce(e->>'emoji', ''), 16);
begin
    select * into m from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = e->>'target';
    if coalesce((e->>'echo')::boolean, false) then return; end if;
    if not found then
        perform inbox_late(p_org, p_channel, e);
        return;
    end if;
    select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id for update;
    if emoji = '' then
        delete from reactions x where x.org_id = p_org and x.message_id = m.id and x.actor = 'customer';
    else
        insert into reactions (org_id, message_id, actor, emoji) values (p_org, m.id, 'customer', emoji)
        on conflict (org_id, message_id, actor) do update set emoji = excluded.emoji, created_at = now();
    end if;
    if e ? 'windowHours' then
        update chats c set window_until = greatest(c.window_until, coalesce(least(to_timestamp((e->>'sentMs')::bigint / 1000.0), now()), now())
                                                   + make_interval(hours => (e->>'windowHours')::int))
         where c.org_id = p_org and c.id = ch.id;
    end if;
    insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
    values (p_org, 'message.reaction', ch.id, ch.team_id, ch.assignee_id, ch.customer_id,
            jsonb_build_object('chatId', ch.id, 'messageId', m.id, 'actor', 'customer', 'emoji', emoji));
end $$;

create or replace function inbox_edited(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    m messages;
    ch chats;
begin
    select * into m from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = e->>'target';
    if not found then perform inbox_late(p_org, p_channel, e); end if;
    if m.id is null or m.deleted_at is not null then return; end if;
    select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id for update;
    update messages x set content = left(coalesce(e->>'text', ''), 65536), edited_at = coalesce(least(to_timestamp((e->>'sentMs')::bigint / 1000.0), now()), now())
     where x.org_id = p_org and x.id = m.id and x.content is distinct from e->>'text'
       and (x.edited_at is null or x.edited_at <= coalesce(to_timestamp((e->>'sentMs')::bigint / 1000.0), now())) returning x.* into m;
    if found then perform inbox_changed_event(ch, m); end if;
end $$;

-- Taken back by who wrote it: our copy goes, its place stays.
create or replace function inbox_removed(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    m messages;
    ch chats;
    freed uuid[];
begin
    select * into m from messages x where x.org_id = p_org and x.channel_id = p_channel and x.external_id = e->>'target';
    if not found then perform inbox_late(p_org, p_channel, e); end if;
    if m.id is null or m.deleted_at is not null then return; end if;
    select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id for update;
    delete from story_links s where s.org_id = p_org and s.message_id = m.id;
    insert into jobs (org_id, kind, payload, unique_key)
    values (p_org, 'channel.forget', jsonb_build_object('channelId', p_channel, 'messageId', m.id, 'target', e->>'target'), 'forget:' || m.id)
    on conflict do nothing;
    with gone as (
        delete from message_files f where f.org_id = p_org and f.message_id = m.id returning f.file_id
    )
    select array_agg(g.file_id) into freed from gone g where g.file_id is not null;
    delete from files f where f.org_id = p_org and f.id = any (freed) and not file_used(p_org, f.id);
    delete from reactions x where x.org_id = p_org and x.message_id = m.id;
    update messages x set deleted_at = now(), content = '', data = '{}' where x.org_id = p_org and x.id = m.id returning x.* into m;
    perform inbox_changed_event(ch, m);
end $$;

-- Everything of ours up to a time, or up to one message, was delivered or read.
create or replace function inbox_watermark(p_org uuid, p_channel uuid, e jsonb) returns void language plpgsql as $$
declare
    keys text[] := array(select jsonb_array_elements_text(e->'keys'));
    at timestamptz := coalesce(to_timestamp((e->>'sentMs')::bigint / 1000.0), now());
    target messages;
    x record;
begin
    if e ? 'target' then
        select * into target from messages m where m.org_id = p_org and m.channel_id = p_channel and m.external_id = e->>'target';
        if not found then return; end if;
    end if;
    for x in
        select m.id from (
            select distinct on (c.id) c.id, c.opened_at from contact_keys k
              join contacts co on co.org_id = p_org and co.customer_id = k.customer_id and co.kind = e->>'identityKind' and co.hidden_at is null
              join chats c on c.org_id = p_org and c.contact_id = co.id and c.channel_id = p_channel
             where k.org_id = p_org and k.key = any (keys) and c.last_message_at > now() - interval '30 days') ch
          join messages m on m.org_id = p_org and m.chat_id = ch.id
         where m.direction = 'out' and m.status in ('sent', 'delivered') and message_status_rank(m.status) < message_status_rank(e->>'status')
           and case when target.id is not null then m.chat_id = target.chat_id and m.seq <= target.seq else m.created_at <= at end
         order by m.chat_id, m.seq desc limit 500
    loop
        perform inbox_raise_status(p_org, x.id, e->>'status', at, null, null);
    end loop;
end $$;

-- ---- files ----------------------------------------------------------------------------------------------------------------

-- A file that had to be fetched is here (p_file), or cannot be had (p_error).
create or replace function inbox_file_fetched(p_org uuid, p_message uuid, p_position integer, p_file uuid, p_error text) returns boolean
language plpgsql as $$
declare
    m messages;
    ch chats;
begin
    select * into m from messages x where x.org_id = p_org and x.id = p_message;
    if not found then return false; end if;
    select * into ch from chats c where c.org_id = p_org and c.id = m.chat_id for update;
    update message_files mf set file_id = coalesce(f.id, mf.file_id), kind = coalesce(f.kind, mf.kind), name = coalesce(nullif(mf.name, ''), f.name, ''),
           type = coalesce(f.type, mf.type), size_bytes = coalesce(f.size_bytes, mf.size_bytes),
           state = case when f.id is null then 'failed' else 'ready' end, error = coalesce(p_error, '')
      from (select 1) one left join files f on f.org_id = p_org and f.id = p_file
     where mf.org_id = p_org and mf.message_id = p_message and mf.position = p_position and mf.state <> 'ready';
    if not found then return false; end if;
    perform inbox_message_event('message.changed', ch, m);
    return true;
end $$;

-- Try a file that could not be fetched again.
create or replace function inbox_file_retry(p_org uuid, p_chat uuid, p_message uuid, p_position integer) returns json language plpgsql as $$
declare
    m messages;
    ch chats;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    select * into m from messages x where x.org_id = p_org and x.chat_id = p_chat and x.id = p_message;
    if not found then raise exception using errcode = 'IF404', message = 'MESSAGE_NOT_FOUND'; end if;
    update message_files mf set state = 'pending', error = '' where mf.org_id = p_org and mf.message_id = p_message and mf.position = p_position
        and mf.state = 'failed' and mf.source <> '{}';
    if not found then raise exception using errcode = 'IF409', message = 'FILE_NOT_FAILED'; end if;
    insert into jobs (org_id, kind, payload, unique_key)
    values (p_org, 'message.fetch', jsonb_build_object('messageId', p_message, 'position', p_position), 'message.fetch:' || p_message || ':' || p_position)
    on conflict do nothing;
    perform inbox_message_event('message.changed', ch, m);
    return message_json(m);
end $$;
