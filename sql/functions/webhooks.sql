-- Outgoing webhooks: which events mean which notification, what it says, the reader that fills the outbox, and what the outcome of a
-- try means. The calls themselves are made by src/webhooks/deliver.c.

-- ---- what an event is called outside ----------------------------------------------------------------------------------

-- Names are documented (docs/WEBHOOKS.md) and never change their meaning. One event may be several notifications, or none.
create or replace function webhook_types(p_type text, p_payload json, p_team uuid, p_previous_team uuid, p_assignee uuid, p_previous_assignee uuid)
returns text[] language plpgsql immutable as $$
declare
    m json;
    what text;
begin
    case p_type
        when 'message.created' then
            m := p_payload->'message';
            case m->>'direction'
                when 'in' then return array['message.received'];
                when 'note' then return array['note.created'];
                when 'out' then return case when m->>'status' = 'scheduled' then '{}' else array['message.sent'] end;
                else
                    what := m->'data'->>'what';
                    return case what when 'closed' then array['chat.closed'] when 'reopened' then array['chat.reopened'] else '{}' end;
            end case;
        when 'message.changed' then
            m := p_payload->'message';
            if p_payload->>'status' is not null then
                return array['message.status'];
            elsif m->>'direction' = 'out' and m->>'status' = 'queued' and m->>'scheduledFor' is not null and m->>'editedAt' is null
                  and m->>'deletedAt' is null then
                return array['message.sent'];           -- its hour has come
            end if;
            return array['message.updated'];
        when 'message.reaction' then return array['message.reaction'];
        when 'chat.created' then return array['chat.created'];
        when 'chat.changed' then
            return array_remove(array[case when p_assignee is distinct from p_previous_assignee then 'chat.assigned' end,
                                      case when p_team is distinct from p_previous_team then 'chat.transferred' end], null);
        when 'customer.created' then return array['customer.created'];
        when 'customer.changed' then
            if p_payload->>'noteId' is not null then
                return array['note.created'];
            elsif p_payload->>'tagId' is not null then
                return array['customer.updated', case when (p_payload->>'tagged')::boolean then 'customer.tag_added' else 'customer.tag_removed' end];
            elsif p_payload->'stageId' is not null then
                return array['customer.updated', 'customer.stage_changed'];
            end if;
            return array['customer.updated'];
        when 'customer.merged' then return array['customer.merged'];
        when 'customer.deleted' then return array['customer.deleted'];
        when 'settings.changed', 'channel.changed' then
            if p_payload->>'channelId' is null then return '{}'; end if;
            return case p_payload->>'status' when 'connected' then array['channel.connected'] when 'paused' then array['channel.paused']
                   when 'disconnected' then array['channel.disconnected'] when 'removed' then array['channel.disconnected'] else '{}' end;
        else return '{}';
    end case;
end $$;

-- ---- what it says -----------------------------------------------------------------------------------------------------

-- The chat as the API shows it, for no particular reader; p_sees: with the contact in clear.
create or replace function webhook_chat(p_org uuid, p_chat uuid, p_known json, p_sees boolean) returns jsonb
language plpgsql stable as $$
declare
    chat jsonb := p_known::jsonb;
    co contacts;
begin
    if chat is null then
        select chat_json(ch, false)::jsonb into chat from chats ch where ch.org_id = p_org and ch.id = p_chat;
    end if;
    if chat is null then return null; end if;
    select * into co from contacts k where k.org_id = p_org and k.id = (chat->'contact'->>'id')::uuid;
    if found then
        chat := jsonb_set(chat, '{contact}', jsonb_build_object('id', co.id, 'kind', co.kind,
            'value', case when p_sees and co.kind <> 'webchat' then co.canonical end,
            'display', case when co.kind = 'webchat' then null when p_sees then contact_display(co.kind, co.canonical)
                            else mask_contact(co.kind, co.canonical) end));
    end if;
    return chat - 'inboundSeen';
end $$;

create or replace function webhook_customer(p_org uuid, p_customer uuid, p_sees boolean) returns jsonb
language plpgsql stable as $$
begin
    return (select customer_json(c, crm_reader(null, true, p_sees, '{}')) from customers c
            where c.org_id = p_org and c.id = p_customer and c.deleted_at is null);
end $$;

-- The member "data" of a notification. Whatever goes wrong here must not hold up the others: then it is the ids alone.
create or replace function webhook_data(p_type text, p_org uuid, p_chat uuid, p_customer uuid, p_team uuid, p_previous_team uuid, p_assignee uuid,
                                        p_previous_assignee uuid, p_payload json, p_sees boolean) returns jsonb
language plpgsql stable as $$
declare
    m jsonb := (p_payload->'message')::jsonb;
    chat jsonb;
begin
    if p_chat is not null then
        chat := jsonb_build_object('chat', coalesce(webhook_chat(p_org, p_chat, p_payload->'chat', p_sees), jsonb_build_object('id', p_chat)));
    end if;
    case p_type
        when 'chat.created' then return chat;
        when 'chat.assigned' then return chat || jsonb_build_object('assigneeId', p_assignee, 'previousAssigneeId', p_previous_assignee);
        when 'chat.transferred' then return chat || jsonb_build_object('teamId', p_team, 'previousTeamId', p_previous_team);
        when 'chat.closed', 'chat.reopened' then
            return chat || jsonb_build_object('by', jsonb_build_object('kind', m->'authorKind', 'id', m->'authorId', 'name', m->'authorName'));
        when 'message.received', 'message.sent', 'message.updated' then return chat || jsonb_build_object('message', m);
        when 'message.status' then return chat || jsonb_build_object('message', m, 'status', p_payload->'status');
        when 'message.reaction' then
            return chat || jsonb_build_object('messageId', p_payload->'messageId', 'emoji', p_payload->'emoji', 'actor', p_payload->'actor',
                                              'actorName', p_payload->'actorName');
        when 'note.created' then
            if p_chat is not null then
                return chat || jsonb_build_object('customerId', p_customer, 'note', jsonb_build_object('id', m->'id', 'title', '',
                    'content', m->'content', 'authorId', m->'authorId', 'authorName', m->'authorName', 'createdAt', m->'createdAt'));
            end if;
            return jsonb_build_object('chat', null, 'customerId', p_customer, 'note', (
                select jsonb_build_object('id', n.id, 'title', n.title, 'content', n.content, 'authorId', n.created_by,
                           'authorName', coalesce((select u.name from users u where u.id = n.created_by), ''), 'createdAt', ts_json(n.created_at))
                  from notes n where n.org_id = p_org and n.id = (p_payload->>'noteId')::uuid));
        when 'customer.created', 'customer.updated' then
            return jsonb_build_object('customerId', p_customer, 'customer', webhook_customer(p_org, p_customer, p_sees));
        when 'customer.stage_changed' then
            return jsonb_build_object('customerId', p_customer, 'customer', webhook_customer(p_org, p_customer, p_sees),
                                      'stageId', p_payload->'stageId', 'previousStageId', p_payload->'previousStageId');
        when 'customer.tag_added', 'customer.tag_removed' then
            return jsonb_build_object('customerId', p_customer, 'customer', webhook_customer(p_org, p_customer, p_sees), 'tagId', p_payload->'tagId',
                'tagName', (select t.name from tags t where t.org_id = p_org and t.id = (p_payload->>'tagId')::uuid));
        when 'customer.merged' then
            return jsonb_build_object('customerId', p_customer, 'customer', webhook_customer(p_org, p_customer, p_sees),
                                      'mergedId', p_payload->'mergedId');
        when 'customer.deleted' then return jsonb_build_object('customerId', p_customer);
        else
            return jsonb_build_object('channel', (
                select jsonb_build_object('id', cn.id, 'kind', cn.kind, 'name', cn.name, 'address', cn.address, 'status', p_payload->>'status',
                           'statusReason', cn.status_reason)
                  from channels cn where cn.org_id = p_org and cn.id = (p_payload->>'channelId')::uuid));
    end case;
exception when others then
    raise warning 'webhook_data(%): %', p_type, sqlerrm;
    return jsonb_strip_nulls(jsonb_build_object('chatId', p_chat, 'customerId', p_customer));
end $$;

-- May who named the address still see telephone numbers and e-mail addresses? Only then are they sent there.
create or replace function webhook_sees(w webhooks) returns boolean language sql stable as $$
    select case w.owner_kind
        when 'user' then exists (select from memberships m join roles r on r.org_id = m.org_id and r.id = m.role_id
                                 where m.org_id = w.org_id and m.user_id = w.owner_id and m.status = 'active'
                                   and 'contacts.view' = any (role_permissions(r)))
        else exists (select from api_keys k left join roles r on r.org_id = k.org_id and r.id = k.role_id
                     where k.org_id = w.org_id and k.id = w.owner_id and k.revoked_at is null
                       and 'contacts.view' = any (coalesce(k.permissions, role_permissions(r)))) end
$$;

-- ---- the reader -------------------------------------------------------------------------------------------------------

-- To be called before a webhook is switched on, before its row is touched (the reader locks in this order, too): where it begins.
create or replace function webhook_begin() returns xid8
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    now_at xid8;
    cur event_cursors;
begin
    select * into cur from event_cursors c where c.name = 'webhooks' for update;
    now_at := pg_snapshot_xmin(pg_current_snapshot());
    if not cur.busy then
        update event_cursors c set busy = true, xid = now_at, id = 0 where c.name = 'webhooks';
    end if;
    return now_at;
end $$;

-- The organizations that have a webhook that is on.
create or replace function webhook_organizations() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select distinct w.org_id from webhooks w where w.active
$$;

-- One step: the next events of all organizations become rows of the outbox, and the jobs that send them; the reader's place moves in the
-- same commit. Only settled events are taken (see event_read). One at a time: who finds somebody at it goes away (outcome "busy").
-- read: events passed; made: rows written. Runs as the owner because it reads the events of all organizations.
create or replace function webhook_pump(at_most integer, out outcome text, out read integer, out made integer)
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    cur event_cursors;
    last_xid xid8;
    last_id bigint;
begin
    read := 0;
    made := 0;
    select * into cur from event_cursors c where c.name = 'webhooks' for update skip locked;
    if not found then
        outcome := 'busy';
        return;
    end if;
    outcome := 'done';
    if not cur.busy then return; end if;
    if not exists (select from webhooks w where w.active) then
        update event_cursors c set busy = false where c.name = 'webhooks';
        return;
    end if;

    with batch as materialized (
        select e.* from events e
         where (e.xid, e.id) > (cur.xid, cur.id) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
         order by e.xid, e.id limit at_most
    ), listeners as materialized (
        select w.*, webhook_sees(w) as sees from webhooks w where w.active and exists (select from batch b where b.org_id = w.org_id)
    ), hits as materialized (
        select b.xid, b.id as event_row, t.ord, uuid_v7() as event_id, b.org_id, t.type, b.chat_id, b.customer_id, b.team_id, b.previous_team_id,
               b.assignee_id, b.previous_assignee_id, b.payload, b.created_at
          from batch b
          cross join lateral unnest(webhook_types(b.type, b.payload, b.team_id, b.previous_team_id, b.assignee_id, b.previous_assignee_id))
               with ordinality t (type, ord)
         where b.org_id in (select l.org_id from listeners l)
    ), wanted as materialized (
        select h.*, l.id as webhook_id, l.sees, l.paused_until,
               l.sequence + row_number() over (partition by l.org_id, l.id order by h.xid, h.event_row, h.ord) as sequence
          from hits h join listeners l on l.org_id = h.org_id and h.type = any (l.events) and h.xid >= l.from_xid
         where h.chat_id is null
            or ((l.team_ids = '{}' or h.team_id = any (l.team_ids))
                and (l.channel_ids = '{}' or exists (select from chats c where c.org_id = h.org_id and c.id = h.chat_id and c.channel_id = any (l.channel_ids))))
    ), counted as (
        update webhooks w set sequence = x.top
          from (select q.org_id, q.webhook_id, max(q.sequence) as top from wanted q group by 1, 2) x
         where w.org_id = x.org_id and w.id = x.webhook_id
    ), put as (
        insert into webhook_deliveries (org_id, webhook_id, event_id, type, sequence, occurred_at, chat_id, customer_id, contacts, lane, body)
        select q.org_id, q.webhook_id, q.event_id, q.type, q.sequence, q.created_at, q.chat_id, q.customer_id, q.sees, q.sequence % 4,
               json_build_object('id', q.event_id, 'type', q.type, 'version', 1, 'occurredAt', ts_json(q.created_at), 'sequence', q.sequence,
                   'organizationId', q.org_id, 'webhookId', q.webhook_id,
                   'data', webhook_data(q.type, q.org_id, q.chat_id, q.customer_id, q.team_id, q.previous_team_id, q.assignee_id,
                                        q.previous_assignee_id, q.payload, q.sees))::text
          from wanted q
         order by q.xid, q.event_row, q.ord
        returning 1
    ), work as (
        insert into jobs (org_id, kind, payload, due_at, order_key, unique_key)
        select q.org_id, 'webhook.deliver', jsonb_build_object('webhookId', q.webhook_id, 'lane', q.sequence % 4),
               greatest(now(), max(q.paused_until)), 'webhook:' || q.webhook_id || ':' || q.sequence % 4, 'webhook:' || q.webhook_id || ':' || q.sequence % 4
          from wanted q group by q.org_id, q.webhook_id, q.sequence % 4
        on conflict (org_id, unique_key) where unique_key is not null and jobs.state in ('waiting', 'blocked')
            do update set due_at = least(jobs.due_at, excluded.due_at)
    )
    select b.xid, b.id, (select count(*) from batch), (select count(*) from put) into last_xid, last_id, read, made
      from batch b order by b.xid desc, b.id desc limit 1;
    if last_xid is not null then
        update event_cursors c set xid = last_xid, id = last_id where c.name = 'webhooks';
    end if;
    read := coalesce(read, 0);
    made := coalesce(made, 0);
end $$;

-- ---- sending ----------------------------------------------------------------------------------------------------------

-- Make sure that somebody looks at these lanes of a webhook at once (p_lane null: at all of them).
create or replace function webhook_wake(p_org uuid, p_webhook uuid, p_lane integer default null) returns void language sql as $$
    insert into jobs (org_id, kind, payload, order_key, unique_key)
    select p_org, 'webhook.deliver', jsonb_build_object('webhookId', p_webhook, 'lane', l.n), 'webhook:' || p_webhook || ':' || l.n,
           'webhook:' || p_webhook || ':' || l.n
      from generate_series(0, 3) l (n) where p_lane is null or l.n = p_lane
    on conflict (org_id, unique_key) where unique_key is not null and jobs.state in ('waiting', 'blocked')
        do update set due_at = least(jobs.due_at, excluded.due_at)
$$;

-- Seconds until the next try after so many: twelve tries in 24 hours.
create or replace function webhook_delay_s(p_tries integer) returns integer language sql immutable as $$
    select (array[5, 30, 120, 300, 900, 1800, 3600, 7200, 14400, 21600, 36600])[p_tries]
$$;

-- Pages that show it look again. Only of those who may, and never for each notification.
create or replace function webhook_news(w webhooks) returns void language sql as $$
    insert into events (org_id, type, permission, payload)
    values (w.org_id, 'webhook.changed', permission_number('webhooks.manage'), jsonb_build_object('webhookId', w.id, 'what', 'state'))
$$;

-- Switch a webhook off because of its receiver, and tell the people who can do something about it.
create or replace function webhook_off(p_org uuid, p_webhook uuid, p_reason text) returns boolean language plpgsql as $$
declare
    w webhooks;
begin
    update webhooks x set active = false, off_reason = p_reason, off_at = now(), updated_at = now()
     where x.org_id = p_org and x.id = p_webhook and x.active returning * into w;
    if not found then return false; end if;
    perform audit_add(p_org, 'system', null, 'interflow', '', '', 'webhook.off', 'webhook', w.id, w.name,
                      jsonb_build_object('reason', p_reason, 'failingSince', ts_json(w.failing_since)));
    insert into events (org_id, type, permission, payload)
    values (p_org, 'notice.webhook', permission_number('webhooks.manage'),
            jsonb_build_object('webhookId', w.id, 'name', w.name, 'reason', p_reason)),
           (p_org, 'webhook.changed', permission_number('webhooks.manage'), jsonb_build_object('webhookId', w.id, 'what', 'settings'));
    return true;
end $$;

-- What came of a try. p: {status, code, error, answer, tookMs}; code '' means that the receiver took it. Answers the reason when the
-- webhook was switched off by it, else null.
create or replace function webhook_tried(p_org uuid, p_delivery uuid, p jsonb) returns text language plpgsql as $$
declare
    d webhook_deliveries;
    w webhooks;
    before webhooks;
    good boolean := p->>'code' = '';
    next_s integer;
    reason text;
begin
    select * into d from webhook_deliveries x where x.org_id = p_org and x.id = p_delivery for update;
    if not found or d.state <> 'waiting' then return null; end if;
    d.tries := d.tries + 1;
    next_s := webhook_delay_s(d.tries);
    if p->>'code' = 'GONE' then next_s := null; end if;
    update webhook_deliveries x set
        tries = d.tries,
        state = case when good then 'delivered' when next_s is null or now() + make_interval(secs => next_s) > d.expires_at then 'dead' else 'waiting' end,
        due_at = case when good or next_s is null then x.due_at else now() + make_interval(secs => next_s * (1 + random() * 0.05)) end,
        ended_at = case when good or next_s is null or now() + make_interval(secs => next_s) > d.expires_at then now() end,
        status = (p->>'status')::integer, error_code = p->>'code', error = p->>'error', answer = p->>'answer', took_ms = (p->>'tookMs')::integer,
        attempts = (case when jsonb_array_length(x.attempts) >= 24 then x.attempts - 0 else x.attempts end) || jsonb_build_object(
            'at', ts_json(clock_timestamp()), 'status', p->'status', 'code', p->'code', 'error', p->'error', 'tookMs', p->'tookMs')
     where x.org_id = p_org and x.id = p_delivery;
    if good then
        -- Not with every one: all lanes would stand in line for this row.
        select * into before from webhooks x where x.org_id = p_org and x.id = d.webhook_id;
        update webhooks x set failures = 0, failing_since = null, paused_until = null, last_success_at = now()
         where x.org_id = p_org and x.id = d.webhook_id
           and (x.failing_since is not null or x.last_success_at is null or x.last_success_at < now() - interval '5 seconds')
        returning * into w;
        if found and before.failures >= 2 then
            perform webhook_news(w);
        end if;
        return null;
    end if;
    update webhooks x set failures = x.failures + 1, failing_since = coalesce(x.failing_since, now()), last_failure_at = now(),
        last_error = jsonb_build_object('code', p->'code', 'message', p->'error', 'status', p->'status', 'at', ts_json(now())),
        -- Five in a row: something is wrong with the address, not with one notification. Then one try now and again is enough.
        paused_until = case when x.failures >= 4 then now() + make_interval(secs => least(300, 10 * power(2, least(x.failures - 4, 6)))) end
     where x.org_id = p_org and x.id = d.webhook_id returning * into w;
    if not found then return null; end if;
    if p->>'code' = 'GONE' then
        reason := 'gone';
    elsif w.failing_since < now() - interval '24 hours' then
        reason := 'failing';
    elsif w.failures = 2 then
        perform webhook_news(w);
    end if;
    if reason is not null and webhook_off(p_org, w.id, reason) then
        return reason;
    end if;
    return null;
end $$;

-- Hourly: what was not taken in its time is given up, visibly; what is older than 14 days goes. At most so many rows of each; the number
-- of rows touched, to be called again while it is not 0. Over all organizations, therefore as the owner.
create or replace function webhook_clean(at_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    n integer;
    total integer;
begin
    update webhook_deliveries d set state = 'dead', error_code = 'EXPIRED', ended_at = now(),
           error = case when d.tries = 0 then 'it waited for more than a day while the webhook was off or paused' else d.error end
     where (d.org_id, d.id) in (select x.org_id, x.id from webhook_deliveries x where x.state = 'waiting' and x.expires_at < now() limit at_most);
    get diagnostics total = row_count;
    delete from webhook_deliveries d
     where (d.org_id, d.id) in (select x.org_id, x.id from webhook_deliveries x where x.created_at < now() - interval '14 days'
                                order by x.created_at limit at_most);
    get diagnostics n = row_count;
    update webhooks w set previous_secret = null, previous_until = null where w.previous_until < now();
    return total + n;
end $$;

-- The number that the cursor of the log is. 400 for anything else.
create or replace function cursor_number(p_cursor text) returns bigint language plpgsql immutable as $$
begin
    return p_cursor::bigint;
exception when others then
    raise exception using errcode = 'IF400', message = 'INVALID_CURSOR', hint = 'cursor';
end $$;

-- ---- shapes -----------------------------------------------------------------------------------------------------------

create or replace function webhook_json(w webhooks) returns json language sql stable as $$
    select json_build_object('id', w.id, 'name', w.name, 'url', w.url, 'events', w.events, 'teamIds', w.team_ids, 'channelIds', w.channel_ids,
        'active', w.active, 'offReason', nullif(w.off_reason, ''), 'offAt', ts_json(w.off_at), 'secretHint', w.secret_hint,
        'previousSecretUntil', case when w.previous_until > now() then ts_json(w.previous_until) end,
        'sendsContacts', webhook_sees(w), 'failingSince', ts_json(w.failing_since), 'pausedUntil', case when w.paused_until > now() then ts_json(w.paused_until) end,
        'lastSuccessAt', ts_json(w.last_success_at), 'lastFailureAt', ts_json(w.last_failure_at), 'lastError', w.last_error,
        'waiting', (select count(*) from (select from webhook_deliveries d where d.org_id = w.org_id and d.webhook_id = w.id and d.state = 'waiting' limit 10000) x),
        'dead', (select count(*) from (select from webhook_deliveries d where d.org_id = w.org_id and d.webhook_id = w.id and d.state = 'dead' limit 10000) x),
        'createdByName', w.created_by_name, 'createdAt', ts_json(w.created_at), 'updatedAt', ts_json(w.updated_at))
$$;

create or replace function webhook_delivery_json(d webhook_deliveries) returns jsonb language sql stable as $$
    select jsonb_build_object('id', d.id, 'webhookId', d.webhook_id, 'eventId', d.event_id, 'type', d.type, 'sequence', d.sequence,
        'state', d.state, 'tries', d.tries, 'status', d.status, 'errorCode', nullif(d.error_code, ''), 'error', nullif(d.error, ''),
        'tookMs', d.took_ms, 'occurredAt', ts_json(d.occurred_at), 'createdAt', ts_json(d.created_at), 'endedAt', ts_json(d.ended_at),
        'nextTryAt', case when d.state = 'waiting' and isfinite(d.due_at) then ts_json(d.due_at) end)
$$;

create or replace trigger row_limit before insert on webhooks for each row execute function row_limit('20', 'true');
