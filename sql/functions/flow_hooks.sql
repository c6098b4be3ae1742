-- Webhook triggers: addresses, and the calls of them.

-- The trigger behind an address, whoever's it is: the caller knows nothing but the address. live: the trigger as it was published and
-- is on; drawn: as the draft has it, for who listens before publishing.
create or replace function flow_hook_by_key(p_key text)
returns table (org_id uuid, id uuid, flow_id uuid, key text, secret text, listening boolean, live jsonb, drawn jsonb)
language sql stable security definer set search_path = pg_catalog, public as $$
    select h.org_id, h.id, h.flow_id, h.key, h.secret, coalesce(h.listen_until > now(), false),
           (select t.data from flow_triggers t where t.org_id = h.org_id and t.flow_id = h.flow_id and t.key = h.key and t.kind = 'webhook'),
           case when h.listen_until > now() then flow_draft_trigger(f.draft, h.key) end
    from flow_hooks h join flows f on f.org_id = h.org_id and f.id = h.flow_id
    where h.public_key = p_key and f.deleted_at is null
$$;
revoke all on function flow_hook_by_key(text) from public;
grant execute on function flow_hook_by_key(text) to interflow_app;

-- The webhook trigger of this id in a graph; null: there is none.
create or replace function flow_draft_trigger(p_graph jsonb, p_key text) returns jsonb
language sql immutable as $$
    select t.x from jsonb_array_elements(p_graph->'nodes') n
    cross join jsonb_array_elements(case when jsonb_typeof(n->'data'->'triggers') = 'array' then n->'data'->'triggers' else '[]' end) t (x)
    where n->>'type' = 'start' and t.x->>'id' = p_key and t.x->>'kind' = 'webhook' limit 1
$$;

create or replace function flow_hook_json(h flow_hooks, p_base text) returns jsonb
language sql stable as $$
    select jsonb_build_object('triggerId', h.key, 'url', p_base || '/flow-hooks/' || h.public_key, 'secretSet', h.secret is not null,
        'listeningUntil', case when h.listen_until > now() then ts_json(h.listen_until) end, 'lastCallAt', ts_json(h.last_call_at))
$$;

-- The row of a trigger that the draft or the live version has; made when it is first asked for.
create or replace function flow_hook_row(p_org uuid, p_flow uuid, p_key text, p_public_key text) returns flow_hooks
language plpgsql as $$
declare
    h flow_hooks;
    f flows;
begin
    select * into f from flows x where x.org_id = p_org and x.id = p_flow and x.deleted_at is null;
    if not found then
        perform fault(404, 'FLOW_NOT_FOUND');
    end if;
    if flow_draft_trigger(f.draft, p_key) is null and not exists (select from flow_triggers t where t.org_id = p_org
           and t.flow_id = p_flow and t.key = p_key and t.kind = 'webhook') then
        perform fault(404, 'FLOW_TRIGGER_NOT_FOUND');
    end if;
    insert into flow_hooks (org_id, flow_id, key, public_key) values (p_org, p_flow, p_key, p_public_key) on conflict do nothing;
    select * into h from flow_hooks x where x.org_id = p_org and x.flow_id = p_flow and x.key = p_key for update;
    return h;
end $$;

-- The secret (sealed; null: none), and whether somebody listens for five minutes from now on.
create or replace function flow_hook_secret(p_org uuid, p_flow uuid, p_key text, p_public_key text, p_secret text) returns flow_hooks
language plpgsql as $$
declare
    h flow_hooks := flow_hook_row(p_org, p_flow, p_key, p_public_key);
begin
    update flow_hooks x set secret = p_secret where x.org_id = p_org and x.id = h.id returning x.* into h;
    return h;
end $$;

create or replace function flow_hook_listen(p_org uuid, p_flow uuid, p_key text, p_public_key text, p_on boolean) returns flow_hooks
language plpgsql as $$
declare
    h flow_hooks := flow_hook_row(p_org, p_flow, p_key, p_public_key);
begin
    update flow_hooks x set listen_until = case when p_on then now() + interval '5 minutes' end where x.org_id = p_org and x.id = h.id returning x.* into h;
    if not p_on then
        update flow_hook_calls k set call = '{}' where k.org_id = p_org and k.hook_id = h.id and not k.waits and k.call <> '{}';
    end if;
    return h;
end $$;

-- A call, kept with the work that it wants (p_order: one after the other). Null p_order: only kept for who listens.
create or replace function flow_hook_keep(p_org uuid, p_hook uuid, p_status integer, p_code text, p_call jsonb, p_order text) returns uuid
language plpgsql as $$
declare
    call uuid;
begin
    insert into flow_hook_calls (org_id, hook_id, status, code, call, waits)
    values (p_org, p_hook, p_status, p_code, p_call, p_order is not null) returning id into call;
    update flow_hooks h set last_call_at = now()
    where h.org_id = p_org and h.id = p_hook and (h.last_call_at is null or h.last_call_at < now() - interval '10 seconds');
    if p_order is not null then
        insert into jobs (org_id, kind, payload, order_key) values (p_org, 'flow.hook', jsonb_build_object('callId', call), p_order);
    end if;
    -- What nobody looks at any more: all but the last fifty.
    delete from flow_hook_calls x using (
        select c.id from flow_hook_calls c where c.org_id = p_org and c.hook_id = p_hook order by c.at desc, c.id desc offset 50 limit 200) old
    where x.org_id = p_org and x.id = old.id and not x.waits;
    return call;
end $$;

-- Of all organizations: the content of calls goes once their work is done and nobody listens, the lines after thirty days. Returns how many
-- rows it touched.
create or replace function flow_hook_sweep() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public as $$
declare
    n integer;
    m integer;
begin
    update flow_hook_calls k set call = '{}'
     where k.call <> '{}' and not k.waits
       and not exists (select from flow_hooks h where h.org_id = k.org_id and h.id = k.hook_id and h.listen_until > now());
    get diagnostics n = row_count;
    delete from flow_hook_calls k where k.at < now() - interval '30 days';
    get diagnostics m = row_count;
    return n + m;
end $$;
revoke all on function flow_hook_sweep() from public;
grant execute on function flow_hook_sweep() to interflow_app;
