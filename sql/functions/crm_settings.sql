-- What an organization sets up for its CRM: tags, custom fields, funnels with stages; and the few that a new one starts with.
-- Every change is in the audit log and tells the browsers (settings.changed).

create or replace function crm_limit(p_count bigint, p_limit integer) returns void
language plpgsql as $$
begin
    if p_count >= p_limit then
        perform fault(409, 'LIMIT_REACHED', null, jsonb_build_object('limit', p_limit));
    end if;
end $$;

-- {key: [before, after]} of the members of two JSON objects that differ.
create or replace function crm_diff(a jsonb, b jsonb) returns jsonb
language sql immutable as $$
    select coalesce(jsonb_object_agg(k, jsonb_build_array(a -> k, b -> k)), '{}')
    from (select jsonb_object_keys(a || b) as k) x
    where a -> k is distinct from b -> k and k not in ('updatedAt', 'createdAt', 'stages')
$$;

-- ---- tags -----------------------------------------------------------------------------------------------------------------

create or replace function crm_tag_put(p_org uuid, who crm_actor, p_id uuid, p_name text, p_color text) returns json
language plpgsql as $$
declare
    was tags;
    t tags;
begin
    if p_id is null then
        perform crm_limit((select count(*) from tags x where x.org_id = p_org), 1000);
        insert into tags (org_id, name, color) values (p_org, p_name, coalesce(lower(p_color), '#5b6475')) returning * into t;
        perform crm_audit(p_org, who, 'tag.created', 'tag', t.id, t.name);
    else
        select * into was from tags x where x.org_id = p_org and x.id = p_id for update;
        if not found then
            perform fault(404, 'TAG_NOT_FOUND');
        end if;
        update tags x set name = coalesce(p_name, x.name), color = coalesce(lower(p_color), x.color), updated_at = now()
        where x.org_id = p_org and x.id = p_id returning * into t;
        perform crm_audit(p_org, who, 'tag.updated', 'tag', t.id, t.name, crm_diff(tag_json(was)::jsonb, tag_json(t)::jsonb));
    end if;
    perform crm_settings_event(p_org, 'tags');
    return tag_json(t);
end $$;

create or replace function crm_tag_delete(p_org uuid, who crm_actor, p_id uuid) returns json
language plpgsql as $$
declare
    t tags;
begin
    delete from tags x where x.org_id = p_org and x.id = p_id returning * into t;
    if not found then
        perform fault(404, 'TAG_NOT_FOUND');
    end if;
    perform crm_audit(p_org, who, 'tag.deleted', 'tag', t.id, t.name);
    perform crm_settings_event(p_org, 'tags');
    return tag_json(t);
end $$;

-- ---- custom fields ----------------------------------------------------------------------------------------------------------

-- A slug from a name: "Data de nascimento" → data_de_nascimento, made free with a number where it is taken.
create or replace function crm_field_slug(p_org uuid, p_name text) returns text
language plpgsql stable as $$
declare
    base text := btrim(regexp_replace(fold(p_name), '[^a-z0-9]+', '_', 'g'), '_');
    found text;
    n integer := 1;
begin
    if base !~ '^[a-z]' then
        base := 'field_' || base;
    end if;
    base := rtrim(left(base, 36), '_');
    found := base;
    while exists (select from custom_fields f where f.org_id = p_org and f.slug = found and f.archived_at is null) loop
        n := n + 1;
        found := base || '_' || n;
    end loop;
    return found;
end $$;

-- Options as given ([{id?, label, color?}]) with ids of their own: a label can change, its id stays. Answers null for kinds
-- without options.
create or replace function crm_field_options(p_kind text, p_options jsonb) returns jsonb
language plpgsql as $$
declare
    o jsonb;
    out jsonb := '[]';
begin
    if p_kind not in ('select', 'multi_select') then
        if jsonb_array_length(coalesce(p_options, '[]')) > 0 then
            perform fault(400, 'INVALID_OPTIONS', 'options');
        end if;
        return '[]';
    end if;
    for o in select * from jsonb_array_elements(coalesce(p_options, '[]')) loop
        out := out || jsonb_build_array(jsonb_build_object('id', coalesce(o->>'id', substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)),
                                                           'label', o->>'label', 'color', coalesce(lower(o->>'color'), '#5b6475')));
    end loop;
    if jsonb_array_length(out) = 0 then
        perform fault(400, 'INVALID_OPTIONS', 'options');
    end if;
    if (select count(distinct x->>'id') < count(*) or count(distinct fold(x->>'label')) < count(*) from jsonb_array_elements(out) x) then
        perform fault(400, 'INVALID_OPTIONS', 'options');
    end if;
    return out;
end $$;

-- p: slug name kind options required help position.
create or replace function crm_field_create(p_org uuid, who crm_actor, p jsonb) returns json
language plpgsql as $$
declare
    f custom_fields;
begin
    perform pg_advisory_xact_lock(hashtextextended('crm.fields:' || p_org, 0));
    perform crm_limit((select count(*) from custom_fields x where x.org_id = p_org and x.archived_at is null), 200);
    insert into custom_fields (org_id, slug, name, help, kind, options, required, position)
    values (p_org, coalesce(p->>'slug', crm_field_slug(p_org, p->>'name')), p->>'name', coalesce(p->>'help', ''), p->>'kind',
            crm_field_options(p->>'kind', p->'options'), coalesce(p->>'required', 'no'),
            coalesce((p->>'position')::integer, (select coalesce(max(x.position), -1) + 1 from custom_fields x where x.org_id = p_org and x.archived_at is null)))
    returning * into f;
    perform crm_audit(p_org, who, 'field.created', 'field', f.id, f.name);
    perform crm_settings_event(p_org, 'fields');
    return custom_field_json(f);
end $$;

-- The kind stays: values of another kind would lose their meaning. An option that values use cannot go.
create or replace function crm_field_update(p_org uuid, who crm_actor, p_id uuid, p jsonb) returns json
language plpgsql as $$
declare
    was custom_fields;
    f custom_fields;
    chosen jsonb;
    used bigint;
begin
    select * into was from custom_fields x where x.org_id = p_org and x.id = p_id and x.archived_at is null for update;
    if not found then
        perform fault(404, 'FIELD_NOT_FOUND');
    end if;
    chosen := case when p ? 'options' then crm_field_options(was.kind, p->'options') else was.options end;
    select count(*) into used from field_values v
    where v.org_id = p_org and v.field_id = p_id and exists (
        select from jsonb_array_elements(was.options) o
        where not exists (select from jsonb_array_elements(chosen) n where n->>'id' = o->>'id')
          and (v.value = o->'id' or jsonb_typeof(v.value) = 'array' and v.value ? (o->>'id')));
    if used > 0 then
        perform fault(409, 'FIELD_OPTION_IN_USE', 'options', jsonb_build_object('customers', used));
    end if;
    update custom_fields x set slug = coalesce(p->>'slug', x.slug), name = coalesce(p->>'name', x.name), help = coalesce(p->>'help', x.help),
           options = chosen, required = coalesce(p->>'required', x.required),
           position = coalesce((p->>'position')::integer, x.position), updated_at = now()
    where x.org_id = p_org and x.id = p_id returning * into f;
    perform crm_audit(p_org, who, 'field.updated', 'field', f.id, f.name, crm_diff(custom_field_json(was)::jsonb, custom_field_json(f)::jsonb));
    perform crm_settings_event(p_org, 'fields');
    return custom_field_json(f);
end $$;

-- A field with values is put away with them; one without is gone.
create or replace function crm_field_delete(p_org uuid, who crm_actor, p_id uuid) returns boolean
language plpgsql as $$
declare
    f custom_fields;
begin
    select * into f from custom_fields x where x.org_id = p_org and x.id = p_id and x.archived_at is null for update;
    if not found then
        perform fault(404, 'FIELD_NOT_FOUND');
    end if;
    if exists (select from field_values v where v.org_id = p_org and v.field_id = p_id) then
        update custom_fields x set archived_at = now(), updated_at = now() where x.org_id = p_org and x.id = p_id;
    else
        delete from custom_fields x where x.org_id = p_org and x.id = p_id;
    end if;
    perform crm_audit(p_org, who, 'field.deleted', 'field', f.id, f.name);
    perform crm_settings_event(p_org, 'fields');
    return true;
end $$;

-- ---- funnels and stages ---------------------------------------------------------------------------------------------------------

create or replace function crm_funnel_put(p_org uuid, who crm_actor, p_id uuid, p_name text, p_position integer, p_stages jsonb) returns json
language plpgsql as $$
declare
    f funnels;
begin
    if p_id is null then
        perform crm_limit((select count(*) from funnels x where x.org_id = p_org), 50);
        insert into funnels (org_id, name, position)
        values (p_org, p_name, coalesce(p_position, (select coalesce(max(x.position), -1) + 1 from funnels x where x.org_id = p_org))) returning * into f;
        insert into stages (org_id, funnel_id, name, color, kind, position)
        select p_org, f.id, s->>'name', coalesce(lower(s->>'color'), '#5b6475'), coalesce(s->>'kind', 'open'), (n - 1)::integer
        from jsonb_array_elements(coalesce(p_stages, '[]')) with ordinality as x (s, n);
        perform crm_audit(p_org, who, 'funnel.created', 'funnel', f.id, f.name);
    else
        update funnels x set name = coalesce(p_name, x.name), position = coalesce(p_position, x.position)
        where x.org_id = p_org and x.id = p_id returning * into f;
        if not found then
            perform fault(404, 'FUNNEL_NOT_FOUND');
        end if;
        perform crm_audit(p_org, who, 'funnel.updated', 'funnel', f.id, f.name);
    end if;
    perform crm_settings_event(p_org, 'funnels');
    return funnel_json(f);
end $$;

-- Before stages go their customers need another place: p_move_to (null refuses while there are any). History keeps the ids.
create or replace function crm_stages_empty(p_org uuid, who crm_actor, p_stages uuid[], p_move_to uuid) returns void
language plpgsql as $$
declare
    c customers;
    n bigint;
begin
    if p_move_to is null then
        select count(*) into n from customers x where x.org_id = p_org and x.stage_id = any (p_stages) and x.deleted_at is null;
        if n > 0 then
            perform fault(409, 'STAGE_IN_USE', null, jsonb_build_object('customers', n));
        end if;
    else
        if p_move_to = any (p_stages) or not exists (select from stages s where s.org_id = p_org and s.id = p_move_to) then
            perform fault(400, 'UNKNOWN_REFERENCE', 'moveToId');
        end if;
        for c in select * from customers x where x.org_id = p_org and x.stage_id = any (p_stages) and x.deleted_at is null
                 order by x.stage_order, x.id for no key update loop
            perform crm_stage_put(p_org, c, who, p_move_to, c.stage_order, '', null);
            perform crm_event(p_org, 'customer.changed', c.id);
        end loop;
    end if;
    update customers x set stage_id = null where x.org_id = p_org and x.stage_id = any (p_stages); -- deleted ones
end $$;

create or replace function crm_funnel_delete(p_org uuid, who crm_actor, p_id uuid, p_move_to uuid) returns boolean
language plpgsql as $$
declare
    f funnels;
begin
    select * into f from funnels x where x.org_id = p_org and x.id = p_id for update;
    if not found then
        perform fault(404, 'FUNNEL_NOT_FOUND');
    end if;
    perform crm_stages_empty(p_org, who, (select coalesce(array_agg(s.id), '{}') from stages s where s.org_id = p_org and s.funnel_id = p_id), p_move_to);
    delete from funnels x where x.org_id = p_org and x.id = p_id;
    perform crm_audit(p_org, who, 'funnel.deleted', 'funnel', f.id, f.name);
    perform crm_settings_event(p_org, 'funnels');
    return true;
end $$;

-- p_id null makes one in p_funnel.
create or replace function crm_stage_define(p_org uuid, who crm_actor, p_funnel uuid, p_id uuid, p_name text, p_color text, p_kind text,
                                            p_position integer) returns json
language plpgsql as $$
declare
    was stages;
    s stages;
begin
    if p_id is null then
        if not exists (select from funnels f where f.org_id = p_org and f.id = p_funnel) then
            perform fault(404, 'FUNNEL_NOT_FOUND');
        end if;
        perform crm_limit((select count(*) from stages x where x.org_id = p_org and x.funnel_id = p_funnel), 50);
        insert into stages (org_id, funnel_id, name, color, kind, position)
        values (p_org, p_funnel, p_name, coalesce(lower(p_color), '#5b6475'), coalesce(p_kind, 'open'),
                coalesce(p_position, (select coalesce(max(x.position), -1) + 1 from stages x where x.org_id = p_org and x.funnel_id = p_funnel)))
        returning * into s;
        perform crm_audit(p_org, who, 'stage.created', 'stage', s.id, s.name);
    else
        select * into was from stages x where x.org_id = p_org and x.id = p_id for update;
        if not found then
            perform fault(404, 'STAGE_NOT_FOUND');
        end if;
        update stages x set name = coalesce(p_name, x.name), color = coalesce(lower(p_color), x.color), kind = coalesce(p_kind, x.kind),
               position = coalesce(p_position, x.position)
        where x.org_id = p_org and x.id = p_id returning * into s;
        perform crm_audit(p_org, who, 'stage.updated', 'stage', s.id, s.name, crm_diff(stage_json(was)::jsonb, stage_json(s)::jsonb));
    end if;
    perform crm_settings_event(p_org, 'funnels');
    return stage_json(s);
end $$;

create or replace function crm_stage_delete(p_org uuid, who crm_actor, p_id uuid, p_move_to uuid) returns boolean
language plpgsql as $$
declare
    s stages;
begin
    select * into s from stages x where x.org_id = p_org and x.id = p_id for update;
    if not found then
        perform fault(404, 'STAGE_NOT_FOUND');
    end if;
    perform crm_stages_empty(p_org, who, array[p_id], p_move_to);
    delete from stages x where x.org_id = p_org and x.id = p_id;
    perform crm_audit(p_org, who, 'stage.deleted', 'stage', s.id, s.name);
    perform crm_settings_event(p_org, 'funnels');
    return true;
end $$;

-- ---- a new organization -----------------------------------------------------------------------------------------------------------

-- A few tags and one funnel, in the organization's language. Does nothing where there are some already.
create or replace function crm_seed(p_org uuid) returns void
language plpgsql as $$
declare
    lang text := (select o.language from organizations o where o.id = p_org);
    funnel uuid;
begin
    if not exists (select from tags t where t.org_id = p_org) then
        insert into tags (org_id, name, color)
        select p_org, case lang when 'es' then x.es when 'en' then x.en else x.pt end, x.color
        from (values ('Novo cliente', 'Cliente nuevo', 'New customer', '#2563eb'), ('VIP', 'VIP', 'VIP', '#7c3aed'),
                     ('Orçamento', 'Presupuesto', 'Quote', '#b45309'), ('Reclamação', 'Reclamo', 'Complaint', '#b91c1c'),
                     ('Pós-venda', 'Posventa', 'After-sales', '#047857')) as x (pt, es, en, color);
    end if;
    if not exists (select from funnels f where f.org_id = p_org) then
        insert into funnels (org_id, name) values (p_org, case lang when 'es' then 'Ventas' when 'en' then 'Sales' else 'Vendas' end) returning id into funnel;
        insert into stages (org_id, funnel_id, name, color, kind, position)
        select p_org, funnel, case lang when 'es' then x.es when 'en' then x.en else x.pt end, x.color, x.kind, x.position
        from (values (0, 'Novo contato', 'Nuevo contacto', 'New lead', '#5b6475', 'open'),
                     (1, 'Em conversa', 'En conversación', 'In conversation', '#2563eb', 'open'),
                     (2, 'Proposta enviada', 'Propuesta enviada', 'Proposal sent', '#b45309', 'open'),
                     (3, 'Ganho', 'Ganado', 'Won', '#047857', 'won'),
                     (4, 'Perdido', 'Perdido', 'Lost', '#b91c1c', 'lost')) as x (position, pt, es, en, color, kind);
    end if;
end $$;
