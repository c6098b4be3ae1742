-- For `interflow demo` only: a business that has been there for weeks.

create or replace function demo_exists() returns boolean language sql stable security definer set search_path = pg_catalog, public as $$
    select exists (select from organizations)
$$;

create or replace function demo_customer(p_org uuid, p_name text, p_phone text, p_phone_keys jsonb, p_email text, p_visitor text, p_at timestamptz, p_stage integer,
    out customer_id uuid, out contact_id uuid) language plpgsql as $$
declare
    k uuid;
begin
    insert into customers (org_id, name, source, created_at, updated_at, last_message_at, stage_id, stage_order, stage_since, value_minor)
    values (p_org, p_name, 'webchat', p_at, p_at, p_at,
            (select s.id from stages s where s.org_id = p_org and s.position = p_stage limit 1), extract(epoch from p_at),
            case when p_stage is not null then p_at end, case when p_stage is not null then (abs(hashtext(p_name)) % 180 + 8) * 990 end)
    returning id into customer_id;
    insert into contacts (org_id, customer_id, kind, identifier, canonical, is_primary, created_at)
    values (p_org, customer_id, 'phone', p_phone, p_phone, true, p_at) returning id into k;
    insert into contact_keys (org_id, key, contact_id, customer_id)
    select p_org, x, k, demo_customer.customer_id from jsonb_array_elements_text(p_phone_keys) x on conflict do nothing;
    insert into contacts (org_id, customer_id, kind, identifier, canonical, created_at)
    values (p_org, customer_id, 'email', p_email, p_email, p_at) returning id into k;
    insert into contact_keys (org_id, key, contact_id, customer_id) values (p_org, 'email:' || p_email, k, customer_id) on conflict do nothing;
    insert into contacts (org_id, customer_id, kind, identifier, canonical, created_at)
    values (p_org, customer_id, 'webchat', p_visitor, p_visitor, p_at) returning id into contact_id;
    insert into contact_keys (org_id, key, contact_id, customer_id) values (p_org, 'webchat:' || p_visitor, contact_id, customer_id) on conflict do nothing;
end $$;

create or replace function demo_chat(p_org uuid, p_customer uuid, p_contact uuid, p_channel uuid, p_team uuid, p_agent uuid, p_status text, p_closure integer,
    p_lines jsonb, p_visitor jsonb) returns uuid language plpgsql as $$
declare
    chat uuid := uuid_v7();
    n integer := jsonb_array_length(p_lines);
    last_in timestamptz;
    last_out timestamptz;
    at_end timestamptz := (p_lines->(n - 1)->>'at')::timestamptz;
    agent_name text := (select u.name from users u where u.id = p_agent);
begin
    insert into chats (org_id, id, customer_id, contact_id, channel_id, team_id, assignee_id, status, opened_at, last_message_at, visitor, created_at)
    values (p_org, chat, p_customer, p_contact, p_channel, p_team, p_agent, p_status, (p_lines->0->>'at')::timestamptz, at_end, p_visitor,
            (p_lines->0->>'at')::timestamptz);
    insert into messages (org_id, chat_id, seq, customer_id, channel_id, direction, kind, content, data, status, author_kind, author_id, author_name,
                          created_at, sent_at, delivered_at, read_at)
    select p_org, chat, l.ord, p_customer, p_channel, l.x->>'direction', case when l.x->>'direction' = 'event' then 'event' else 'text' end, l.x->>'content',
           coalesce(l.x->'data', '{}'), case l.x->>'direction' when 'out' then case when l.ord = n then 'delivered' else 'read' end else 'received' end,
           case l.x->>'direction' when 'in' then 'customer' else 'user' end, case when l.x->>'direction' <> 'in' then p_agent end,
           case l.x->>'direction' when 'in' then (select c.name from customers c where c.org_id = p_org and c.id = p_customer) else coalesce(agent_name, '') end,
           (l.x->>'at')::timestamptz, case when l.x->>'direction' = 'out' then (l.x->>'at')::timestamptz end,
           case when l.x->>'direction' = 'out' then (l.x->>'at')::timestamptz + interval '1 second' end,
           case when l.x->>'direction' = 'out' and l.ord < n then (l.x->>'at')::timestamptz + interval '20 seconds' end
      from jsonb_array_elements(p_lines) with ordinality as l (x, ord);
    select max(m.created_at) filter (where m.direction = 'in'), max(m.created_at) filter (where m.direction = 'out') into last_in, last_out
      from messages m where m.org_id = p_org and m.chat_id = chat;
    update chats c set
        message_count = n,
        inbound_count = (select count(*) from messages m where m.org_id = p_org and m.chat_id = chat and m.direction = 'in'),
        first_response_at = (select min(m.created_at) from messages m where m.org_id = p_org and m.chat_id = chat and m.direction = 'out'),
        waiting_since = case when p_status <> 'closed' and last_in > coalesce(last_out, '-infinity') then
            (select min(m.created_at) from messages m where m.org_id = p_org and m.chat_id = chat and m.direction = 'in' and m.created_at > coalesce(last_out, '-infinity')) end,
        last_message = (select message_preview(m) from messages m where m.org_id = p_org and m.chat_id = chat and m.direction <> 'event' order by m.seq desc limit 1),
        closed_at = case when p_status = 'closed' then at_end + interval '4 minutes' end,
        closed_by = case when p_status = 'closed' then p_agent end,
        closure_type_id = case when p_status = 'closed' then (select t.id from closure_types t where t.org_id = p_org order by t.position offset p_closure limit 1) end
     where c.org_id = p_org and c.id = chat;
    update customers c set last_message_at = greatest(c.last_message_at, last_in) where c.org_id = p_org and c.id = p_customer;
    return chat;
end $$;

-- The demonstration's organization: the oldest of the installation. Null: there is none.
create or replace function demo_organization() returns uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select o.id from organizations o order by o.created_at, o.id limit 1
$$;
