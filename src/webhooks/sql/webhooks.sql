-- Outgoing webhooks: the API's rows, the reader's step, and the sender's (the rules are in sql/functions/webhooks.sql).

-- name: webhooks_list
-- All of the organization, oldest first.
select json_build_object('items', coalesce(json_agg(webhook_json(w) order by w.created_at, w.id), '[]'), 'next', null)
from webhooks w where w.org_id = :org::uuid;

-- name: webhook_get
-- One.
select webhook_json(w) from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid;

-- name: webhook_begin
-- Where a webhook that is switched on now begins. First of all in the transaction: the reader locks in this order.
select webhook_begin() as xid;

-- name: webhook_links_missing
-- The first of these teams and channels that is not there: its field and its place in the list, from 0.
select x.field, x.ord - 1 as at from (
    select 'teamIds' as field, t.id, t.ord from jsonb_array_elements_text(coalesce(:teamIds::jsonb, '[]')) with ordinality t (id, ord)
     where not exists (select from teams r where r.org_id = :org::uuid and r.id = t.id::uuid)
    union all
    select 'channelIds', t.id, t.ord from jsonb_array_elements_text(coalesce(:channelIds::jsonb, '[]')) with ordinality t (id, ord)
     where not exists (select from channels r where r.org_id = :org::uuid and r.id = t.id::uuid and r.deleted_at is null)) x
order by x.field, x.ord limit 1;

-- name: webhook_add
-- A new one. The address's owner is who names it.
-- wakes: events
with w as (
    insert into webhooks (org_id, name, url, events, team_ids, channel_ids, active, secret, secret_hint, from_xid, owner_kind, owner_id, created_by_name)
    values (:org::uuid, :name::text, :url::text, array(select distinct jsonb_array_elements_text(:events::jsonb)),
            array(select jsonb_array_elements_text(coalesce(:teamIds::jsonb, '[]')))::uuid[],
            array(select jsonb_array_elements_text(coalesce(:channelIds::jsonb, '[]')))::uuid[],
            :active::boolean, :secret::text, :hint::text, :xid::xid8, :actor_kind::text, :actor_id::uuid, coalesce(:actor_name::text, ''))
    returning *
), news as (
    insert into events (org_id, type, permission, payload)
    select org_id, 'webhook.changed', permission_number('webhooks.manage'), json_build_object('webhookId', id, 'what', 'settings') from w
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'webhook.created', 'webhook', w.id, w.name,
                     jsonb_build_object('url', w.url, 'events', w.events)) from w
)
select webhook_json(w::webhooks) from w left join audit a on true;

-- name: webhook_change
-- Change what was given. Another address has another owner; switching on (xid is given) begins anew and forgets old failures.
-- wakes: events, jobs
with was as (
    select w as row from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid for update
), w as (
    update webhooks w set
        name = coalesce(:name::text, w.name), url = coalesce(:url::text, w.url),
        events = case when :events::jsonb is null then w.events else array(select distinct jsonb_array_elements_text(:events::jsonb)) end,
        team_ids = case when :teamIds::jsonb is null then w.team_ids else array(select jsonb_array_elements_text(:teamIds::jsonb))::uuid[] end,
        channel_ids = case when :channelIds::jsonb is null then w.channel_ids else array(select jsonb_array_elements_text(:channelIds::jsonb))::uuid[] end,
        active = coalesce(:active::boolean, w.active),
        off_reason = case when :active::boolean then '' else w.off_reason end,
        off_at = case when :active::boolean then null when not :active::boolean and w.active then now() else w.off_at end,
        from_xid = case when not w.active and :active::boolean then :xid::xid8 else w.from_xid end,
        failures = case when (not w.active and :active::boolean) or :url::text <> w.url then 0 else w.failures end,
        failing_since = case when (not w.active and :active::boolean) or :url::text <> w.url then null else w.failing_since end,
        paused_until = case when (not w.active and :active::boolean) or :url::text <> w.url then null else w.paused_until end,
        owner_kind = case when :url::text <> w.url then :actor_kind::text else w.owner_kind end,
        owner_id = case when :url::text <> w.url then :actor_id::uuid else w.owner_id end,
        updated_at = now()
    from was where w.org_id = :org::uuid and w.id = (was.row).id returning w.*
), news as (
    insert into events (org_id, type, permission, payload)
    select org_id, 'webhook.changed', permission_number('webhooks.manage'), json_build_object('webhookId', id, 'what', 'settings') from w
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'webhook.changed', 'webhook', w.id, w.name,
        audit_diff(jsonb_build_object('name', (was.row).name, 'url', (was.row).url, 'events', (was.row).events, 'teamIds', (was.row).team_ids,
                                      'channelIds', (was.row).channel_ids, 'active', (was.row).active),
                   jsonb_build_object('name', w.name, 'url', w.url, 'events', w.events, 'teamIds', w.team_ids, 'channelIds', w.channel_ids,
                                      'active', w.active))) from w, was
), work as (
    select webhook_wake(w.org_id, w.id) from w where w.active
)
select webhook_json(w::webhooks) from w left join audit a on true cross join (select count(*) from work) k;

-- name: webhook_remove
-- Away with it, and with its log.
-- wakes: events
with w as (
    delete from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid returning w.*
), news as (
    insert into events (org_id, type, permission, payload)
    select org_id, 'webhook.changed', permission_number('webhooks.manage'), json_build_object('webhookId', id, 'what', 'settings') from w
), work as (
    delete from jobs j using w where j.org_id = :org::uuid and j.kind = 'webhook.deliver' and j.state in ('waiting', 'blocked', 'parked')
       and j.payload->>'webhookId' = w.id::text
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'webhook.removed', 'webhook', w.id, w.name,
                     jsonb_build_object('url', w.url)) from w
)
select '{}'::json from w left join audit a on true;

-- name: webhook_rotate
-- A new secret; the one of before signs along for a day.
-- wakes: events
with w as (
    update webhooks w set previous_secret = w.secret, previous_until = now() + interval '24 hours', secret = :secret::text, secret_hint = :hint::text,
        updated_at = now()
    where w.org_id = :org::uuid and w.id = :webhookId::uuid returning w.*
), news as (
    insert into events (org_id, type, permission, payload)
    select org_id, 'webhook.changed', permission_number('webhooks.manage'), json_build_object('webhookId', id, 'what', 'settings') from w
), audit as (
    select audit_add(:org::uuid, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'webhook.secret_rotated', 'webhook', w.id,
                     w.name, '{}') from w
)
select webhook_json(w::webhooks) from w left join audit a on true;

-- name: webhook_ping_add
-- A test notification, kept in the log like the others; expired before it could be tried by anybody but who makes it.
insert into webhook_deliveries (org_id, webhook_id, event_id, type, occurred_at, body, lane, due_at)
select w.org_id, w.id, :event::uuid, 'ping', now(), json_build_object('id', :event::uuid, 'type', 'ping', 'version', 1, 'occurredAt', ts_json(now()),
        'sequence', 0, 'organizationId', w.org_id, 'webhookId', w.id,
        'data', json_build_object('webhookName', w.name, 'sentBy', coalesce(:actor_name::text, '')))::text, -1, 'infinity'
from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid
returning id, event_id, type, body, 0 as tries,
    (select w.url from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid) as url,
    (select w.secret from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid) as secret,
    (select w.previous_secret from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid and w.previous_until > now()) as previous_secret;

-- name: webhook_ping_done
-- What came of it. It is not tried again, and a good one ends the pause after failures.
-- wakes: jobs
with d as (
    update webhook_deliveries d set tries = 1, due_at = now(), state = case when :code::text = '' then 'delivered' else 'dead' end, ended_at = now(),
        status = nullif(:status::integer, 0), error_code = :code::text, error = :error::text, answer = :answer::text, took_ms = :took::integer,
        attempts = jsonb_build_array(jsonb_build_object('at', ts_json(now()), 'status', nullif(:status::integer, 0), 'code', :code::text,
                                                        'error', :error::text, 'tookMs', :took::integer))
    where d.org_id = :org::uuid and d.id = :id::uuid returning d.*
), w as (
    update webhooks w set failures = 0, failing_since = null, paused_until = null, last_success_at = now()
    from d where w.org_id = d.org_id and w.id = d.webhook_id and d.state = 'delivered' returning w.org_id, w.id, w.active
), work as (
    select webhook_wake(w.org_id, w.id) from w where w.active
)
select jsonb_build_object('ok', d.state = 'delivered', 'answer', d.answer) || webhook_delivery_json(d::webhook_deliveries)
from d cross join (select count(*) from work) k;

-- name: webhook_exists
-- Is there one?
select true as there from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid;

-- name: webhook_deliveries_list
-- The log, newest first.
with page as materialized (
    select d.* from webhook_deliveries d
    where d.org_id = :org::uuid and d.webhook_id = :webhookId::uuid
      and (:state::text is null or d.state = :state::text) and (:type::text is null or d.type = :type::text)
      and (:cursor::text is null or d.n < cursor_number(:cursor::text))
    order by d.n desc limit coalesce(:limit::integer, 50) + 1
), shown as materialized (
    select p.* from page p order by p.n desc limit coalesce(:limit::integer, 50)
)
select json_build_object(
    'items', coalesce((select json_agg(webhook_delivery_json(d) order by d.n desc) from shown x
                       join webhook_deliveries d on d.org_id = :org::uuid and d.id = x.id), '[]'),
    'next', case when (select count(*) from page) > coalesce(:limit::integer, 50) then (select min(x.n)::text from shown x) end)
from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid;

-- name: webhook_delivery_get
-- One, with all that was said. The body is hidden from who may not see telephone numbers and e-mail addresses when it holds some, and from
-- who does not see all chats.
select webhook_delivery_json(d) || jsonb_build_object(
    'body', case when h.hidden then '' else d.body end, 'bodyHidden', h.hidden, 'answer', d.answer, 'attempts', d.attempts)
from webhook_deliveries d
cross join lateral (select d.contacts and not :sees_contacts::boolean
                        or (d.chat_id is not null or d.customer_id is not null) and not :sees_all::boolean as hidden) h
where d.org_id = :org::uuid and d.webhook_id = :webhookId::uuid and d.id = :deliveryId::uuid;

-- name: webhook_replay
-- Send one again, with the same event id, whatever became of it.
-- wakes: jobs
with d as (
    update webhook_deliveries d set state = 'waiting', tries = 0, due_at = now(), expires_at = now() + interval '27 hours', ended_at = null,
        lane = greatest(d.lane, 0)
    where d.org_id = :org::uuid and d.webhook_id = :webhookId::uuid and d.id = :deliveryId::uuid
      and (d.body <> '' or fault(409, 'WEBHOOK_NOT_REPLAYABLE')) and (d.type <> 'ping' or fault(409, 'WEBHOOK_NOT_REPLAYABLE'))
    returning d.*
), work as (
    select webhook_wake(d.org_id, d.webhook_id, d.lane) from d
)
select webhook_delivery_json(d::webhook_deliveries) from d cross join (select count(*) from work) k;

-- name: webhook_replay_dead
-- Send again all that was given up since a time, at most 10,000, oldest first; more: there are others.
-- wakes: jobs
with picked as materialized (
    select d.id, d.n from webhook_deliveries d
    where d.org_id = :org::uuid and d.webhook_id = :webhookId::uuid and d.state = 'dead' and d.body <> '' and d.type <> 'ping'
      and d.created_at >= :since::timestamptz
    order by d.n limit 10001
), d as (
    update webhook_deliveries d set state = 'waiting', tries = 0, due_at = now(), expires_at = now() + interval '27 hours', ended_at = null
    where d.org_id = :org::uuid and d.id in (select p.id from picked p order by p.n limit 10000) and d.state = 'dead'
    returning 1
), work as (
    select webhook_wake(:org::uuid, :webhookId::uuid) from (select count(*) as n from d) x where x.n > 0
), audit as (
    select audit_add(w.org_id, :actor_kind::text, :actor_id::uuid, :actor_name::text, :address::text, :trace::text, 'webhook.replayed', 'webhook', w.id, w.name,
                     jsonb_build_object('since', :since::timestamptz, 'count', (select count(*) from d)))
    from webhooks w where w.org_id = :org::uuid and w.id = :webhookId::uuid
)
select json_build_object('queued', (select count(*) from d), 'more', (select count(*) > 10000 from picked))
from webhooks w cross join (select count(*) from work) k left join audit a on true
where w.org_id = :org::uuid and w.id = :webhookId::uuid;

-- name: webhook_organizations
-- Who has a webhook that is on.
select webhook_organizations() as id;

-- name: webhook_pump
-- The reader's step.
-- wakes: jobs
select outcome, read, made from webhook_pump(:at_most::integer);

-- name: webhook_next
-- Of one lane the next notification that is due, with what is needed to send it; else (id null) when there will be one. No row: the
-- webhook is gone. Nothing is due while it is off or paused.
select d.id, d.event_id, d.type, d.body, d.tries, w.url, w.secret, case when w.previous_until > now() then w.previous_secret end as previous_secret,
       (extract(epoch from greatest(w.paused_until, (
            select min(n.due_at) from webhook_deliveries n
             where n.org_id = w.org_id and n.webhook_id = w.id and n.lane = :lane::smallint and n.state = 'waiting' and w.active))) * 1000)::bigint as wait_unix_ms,
       w.active and exists (select from webhook_deliveries n
             where n.org_id = w.org_id and n.webhook_id = w.id and n.lane = :lane::smallint and n.state = 'waiting') as more
from webhooks w
left join lateral (
    select x.* from webhook_deliveries x
    where x.org_id = w.org_id and x.webhook_id = w.id and x.lane = :lane::smallint and x.state = 'waiting' and x.due_at <= now()
      and w.active and (w.paused_until is null or w.paused_until <= now())
    order by x.due_at, x.n limit 1) d on true
where w.org_id = :org::uuid and w.id = :webhookId::uuid;

-- name: webhook_tried
-- What came of a try; the reason when the webhook was switched off by it.
-- wakes: events
select webhook_tried(:org::uuid, :id::uuid, jsonb_build_object('status', nullif(:status::integer, 0), 'code', :code::text, 'error', :error::text,
                                                              'answer', :answer::text, 'tookMs', :took::integer)) as off_reason;

-- name: webhook_people
-- Who is to be told that a webhook was switched off: name, address, language; and what it is about.
select u.name, u.email, u.language, w.name as webhook, w.url, o.name as organization
from webhooks w
join organizations o on o.id = w.org_id
join memberships m on m.org_id = w.org_id and m.status = 'active'
join roles r on r.org_id = m.org_id and r.id = m.role_id and 'webhooks.manage' = any (role_permissions(r))
join users u on u.id = m.user_id
where w.org_id = :org::uuid and w.id = :webhookId::uuid
order by u.created_at limit 20;

-- name: webhook_clean
-- Give up what waited too long, remove what is old.
select webhook_clean(:at_most::integer) as touched;
