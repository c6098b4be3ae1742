-- The CRM: how customers and what belongs to them look as JSON, who may see which of them, and identities.
-- Changes are in crm_write.sql, merging in crm_merge.sql, lists, search and the timeline in crm_read.sql.

-- ---- who ----------------------------------------------------------------------------------------------------------------

create or replace function crm_reader(p_actor uuid, p_sees_all boolean, p_sees_contacts boolean, p_teams uuid[]) returns crm_actor
language sql immutable as $$
    select row(p_actor, null, null, null, null, coalesce(p_sees_all, false), coalesce(p_sees_contacts, false),
               coalesce(p_teams, '{}'))::crm_actor
$$;

create or replace function crm_writer(p_actor uuid, p_kind text, p_name text, p_address text, p_trace text, p_sees_all boolean,
                                      p_sees_contacts boolean, p_teams uuid[]) returns crm_actor
language sql immutable as $$
    select row(p_actor, p_kind, p_name, p_address, p_trace, coalesce(p_sees_all, false), coalesce(p_sees_contacts, false),
               coalesce(p_teams, '{}'))::crm_actor
$$;

-- A restricted agent sees the customers of chats of their teams or their own, those they made, and those they own.
create or replace function customer_visible(c customers, who crm_actor) returns boolean
language sql stable as $$
    select (who).sees_all or c.created_by is not distinct from (who).id and c.created_by is not null
        or c.owner_id is not distinct from (who).id and c.owner_id is not null
        or exists (select from chats h where h.org_id = c.org_id and h.customer_id = c.id
                   and (h.assignee_id = (who).id or h.team_id = any ((who).teams)))
$$;

-- The customer that a request is about. Not found when it is gone, another organization's, or not for these eyes. A record
-- that was merged away can be read (it says where it went) but not changed; p_lock keeps it as it is until the commit.
create or replace function crm_need(p_org uuid, p_id uuid, who crm_actor, p_lock boolean) returns customers
language plpgsql as $$
declare
    c customers;
begin
    if p_lock then
        select * into c from customers x where x.org_id = p_org and x.id = p_id and x.deleted_at is null for no key update;
    else
        select * into c from customers x where x.org_id = p_org and x.id = p_id and x.deleted_at is null;
    end if;
    if c.id is null or not customer_visible(c, who) then
        perform fault(404, 'CUSTOMER_NOT_FOUND');
    end if;
    if p_lock and c.merged_into_id is not null then
        perform fault(409, 'CUSTOMER_MERGED', null, jsonb_build_object('mergedIntoId', c.merged_into_id));
    end if;
    return c;
end $$;

-- ---- contacts for people, and hidden from them ------------------------------------------------------------------------------

-- A telephone number in groups, as phone_format() of the program does for the countries we meet most; else in threes.
create or replace function contact_display(p_kind text, p_canonical text) returns text
language plpgsql immutable parallel safe as $$
declare
    m text[];
begin
    if p_kind not in ('phone', 'whatsapp') or left(p_canonical, 1) <> '+' then
        return p_canonical;
    elsif p_canonical ~ '^\+55\d{10,11}$' then
        return regexp_replace(p_canonical, '^\+55(\d\d)(\d{4,5})(\d{4})$', '+55 \1 \2-\3');
    elsif p_canonical ~ '^\+1\d{10}$' then
        return regexp_replace(p_canonical, '^\+1(\d{3})(\d{3})(\d{4})$', '+1 \1 \2-\3');
    elsif p_canonical ~ '^\+52\d{10}$' then
        return regexp_replace(p_canonical, '^\+52(\d\d)(\d{4})(\d{4})$', '+52 \1 \2 \3');
    elsif p_canonical ~ '^\+54911\d{8}$' then
        return regexp_replace(p_canonical, '^\+54911(\d{4})(\d{4})$', '+54 9 11 \1-\2');
    elsif p_canonical ~ '^\+56\d{9}$' then
        return regexp_replace(p_canonical, '^\+56(\d)(\d{4})(\d{4})$', '+56 \1 \2 \3');
    elsif p_canonical ~ '^\+57\d{10}$' then
        return regexp_replace(p_canonical, '^\+57(\d{3})(\d{3})(\d{4})$', '+57 \1 \2 \3');
    end if;
    m := regexp_match(p_canonical, '^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]'
                                   || '|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[05789]|9[679])\d)(\d+)$');
    return coalesce('+' || m[1] || ' ' || regexp_replace(m[2], '(\d{3})(?=\d\d)', '\1 ', 'g'), p_canonical);
end $$;

-- What somebody without contacts.view sees: "+55 •• •••••-7730", "b•••@uol.com.br", "l•••".
create or replace function mask_contact(p_kind text, p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
    shown text;
begin
    if p_text is null or p_text = '' then
        return p_text;
    elsif p_kind in ('phone', 'whatsapp') and p_text ~ '^\+?[0-9 ()./-]{6,}$' then
        shown := contact_display(p_kind, p_text);
        return coalesce(substring(shown from '^\+\d+ '), '')
            || regexp_replace(left(coalesce(substring(shown from '^\+\d+ (.*)$'), shown), -4), '\d', '•', 'g') || right(p_text, 4);
    elsif position('@' in p_text) > 1 then
        return left(p_text, 1) || '•••' || substring(p_text from '@[^@]*$');
    elsif length(p_text) < 3 then
        return '•••';
    end if;
    return left(p_text, 1) || '•••';
end $$;

-- What people see of a contact whom a platform knows by a number of its own: the name there, where it told us one.
create or replace function contact_shown(k contacts) returns text
language sql stable as $$
    select case when k.kind in ('instagram', 'messenger') then coalesce('@' || nullif(k.profile->>'username', ''), nullif(k.profile->>'name', ''), k.canonical)
                else contact_display(k.kind, k.canonical) end
$$;

create or replace function contact_json(k contacts, p_sees boolean) returns jsonb
language plpgsql stable as $$
declare
    shown text := case when p_sees then contact_shown(k) else mask_contact(k.kind, k.canonical) end;
begin
    return jsonb_build_object('id', k.id, 'kind', k.kind, 'identifier', case when p_sees then k.identifier else shown end,
                              'canonical', case when p_sees then k.canonical else shown end, 'display', shown, 'label', k.label,
                              'isPrimary', k.is_primary, 'masked', not p_sees);
end $$;

-- The name that people see for a customer; a person without one is known by a masked contact, so that it may go anywhere. In two
-- functions, so that the first is put into the statements that use it: nearly everybody has a name.
create or replace function customer_display(c customers) returns text
language sql stable as $$
    select case when c.name <> '' then c.name else customer_nameless(c.org_id, c.id) end
$$;

create or replace function customer_nameless(p_org uuid, p_id uuid) returns text
language plpgsql stable as $$
begin
    return coalesce((select mask_contact(k.kind, k.canonical) from contacts k
                     where k.org_id = p_org and k.customer_id = p_id and k.hidden_at is null and k.kind <> 'webchat'
                     order by k.is_primary desc, k.created_at, k.id limit 1), '');
end $$;

-- ---- shapes ---------------------------------------------------------------------------------------------------------------

create or replace function tag_json(t tags) returns json
language sql stable as $$
    select json_build_object('id', t.id, 'name', t.name, 'color', t.color, 'createdAt', ts_json(t.created_at),
                             'updatedAt', ts_json(t.updated_at))
$$;

create or replace function stage_json(s stages) returns json
language sql stable as $$
    select json_build_object('id', s.id, 'funnelId', s.funnel_id, 'name', s.name, 'color', s.color, 'kind', s.kind,
                             'position', s.position)
$$;

create or replace function funnel_json(f funnels) returns json
language sql stable as $$
    select json_build_object('id', f.id, 'name', f.name, 'position', f.position, 'stages',
        (select coalesce(json_agg(stage_json(s) order by s.position, s.created_at, s.id), '[]') from stages s
         where s.org_id = f.org_id and s.funnel_id = f.id))
$$;

create or replace function custom_field_json(f custom_fields) returns json
language sql stable as $$
    select json_build_object('id', f.id, 'slug', f.slug, 'name', f.name, 'help', f.help, 'kind', f.kind, 'options', f.options,
                             'required', f.required, 'position', f.position)
$$;

create or replace function note_json(n notes) returns json
language sql stable as $$
    select json_build_object('id', n.id, 'customerId', n.customer_id, 'title', n.title, 'content', n.content,
        'createdBy', n.created_by, 'authorName', coalesce((select u.name from users u where u.id = n.created_by), ''),
        'createdAt', ts_json(n.created_at), 'updatedAt', ts_json(n.updated_at))
$$;

-- A value for these eyes: telephone numbers and e-mail addresses in custom fields are contacts too.
create or replace function field_value_shown(p_kind text, p_value jsonb, p_sees boolean) returns jsonb
language sql immutable as $$
    select case when not p_sees and p_kind in ('phone', 'email') then to_jsonb(mask_contact(p_kind, p_value #>> '{}'))
                else p_value end
$$;

create or replace function customer_fields_json(c customers, p_sees boolean) returns jsonb
language sql stable as $$
    select coalesce(jsonb_object_agg(f.slug, field_value_shown(f.kind, v.value, p_sees)), '{}')
    from field_values v
    join custom_fields f on f.org_id = v.org_id and f.id = v.field_id
    where v.org_id = c.org_id and v.customer_id = c.id and f.archived_at is null
$$;

create or replace function customer_tag_ids(c customers) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(t.tag_id order by t.created_at, t.tag_id), '[]') from customer_tags t
    where t.org_id = c.org_id and t.customer_id = c.id
$$;

-- The whole customer, as one row: a set-returning function in SQL is taken into the query that calls it, so that a page of
-- customers is one plan. The scalar forms below are for single ones.
create or replace function customer_full(c customers, who crm_actor) returns table (item jsonb)
language sql stable as $$
    select jsonb_build_object(
        'id', c.id, 'name', c.name, 'kind', c.kind, 'document', c.document, 'birthDate', c.birth_date, 'country', c.country,
        'language', c.language, 'address', c.address, 'avatarUrl', '/api/' || c.org_id || '/files/' || c.avatar_file_id,
        'avatarFileId', c.avatar_file_id, 'pinnedNote', c.pinned_note, 'ownerId', c.owner_id, 'stageId', c.stage_id,
        'stageOrder', c.stage_order, 'stageSince', ts_json(c.stage_since), 'valueMinor', c.value_minor, 'utm', c.utm,
        'source', c.source,
        'contacts', (select coalesce(jsonb_agg(contact_json(k, (who).sees_contacts)
                                               order by k.is_primary desc, k.created_at, k.id), '[]')
                     from contacts k where k.org_id = c.org_id and k.customer_id = c.id and k.hidden_at is null),
        'tags', (select coalesce(jsonb_agg(t.tag_id order by t.created_at, t.tag_id), '[]') from customer_tags t
                 where t.org_id = c.org_id and t.customer_id = c.id),
        'fields', (select coalesce(jsonb_object_agg(f.slug, case when not (who).sees_contacts and f.kind in ('phone', 'email')
                                                                 then field_value_shown(f.kind, v.value, false) else v.value end), '{}')
                   from field_values v
                   join custom_fields f on f.org_id = v.org_id and f.id = v.field_id
                   where v.org_id = c.org_id and v.customer_id = c.id and f.archived_at is null),
        'openChats', (select count(*) from chats h
                      where h.org_id = c.org_id and h.customer_id = c.id and h.status <> 'closed'
                        and ((who).sees_all or h.assignee_id = (who).id or h.team_id = any ((who).teams))),
        'lastMessageAt', ts_json(c.last_message_at), 'createdAt', ts_json(c.created_at), 'updatedAt', ts_json(c.updated_at),
        'version', c.version, 'mergedIntoId', c.merged_into_id)
$$;

create or replace function customer_json(c customers, who crm_actor) returns jsonb
language plpgsql stable as $$
begin
    return (select f.item from customer_full(c, who) f);
end $$;

-- What lists show of a customer.
create or replace function customer_item(c customers, who crm_actor) returns table (item json)
language sql stable as $$
    select json_build_object(
        'id', c.id, 'name', c.name, 'kind', c.kind, 'avatarUrl', '/api/' || c.org_id || '/files/' || c.avatar_file_id,
        'contacts', (select coalesce(json_agg(contact_json(k, (who).sees_contacts)), '[]')
                     from (select * from contacts x where x.org_id = c.org_id and x.customer_id = c.id and x.hidden_at is null
                           order by x.is_primary desc, x.created_at, x.id limit 1) k),
        'tags', (select coalesce(json_agg(t.tag_id order by t.created_at, t.tag_id), '[]') from customer_tags t
                 where t.org_id = c.org_id and t.customer_id = c.id),
        'stageId', c.stage_id, 'ownerId', c.owner_id, 'valueMinor', c.value_minor,
        'lastMessageAt', ts_json(c.last_message_at), 'createdAt', ts_json(c.created_at),
        'openChats', (select count(*) from chats h
                      where h.org_id = c.org_id and h.customer_id = c.id and h.status <> 'closed'
                        and ((who).sees_all or h.assignee_id = (who).id or h.team_id = any ((who).teams))))
$$;

create or replace function customer_item_json(c customers, who crm_actor) returns json
language plpgsql stable as $$
begin
    return (select f.item from customer_item(c, who) f);
end $$;

-- ---- news and audit ---------------------------------------------------------------------------------------------------------

create or replace function crm_event(p_org uuid, p_type text, p_customer uuid, p_more jsonb default '{}') returns void
language plpgsql as $$
begin
    insert into events (org_id, type, customer_id, payload)
    values (p_org, p_type, p_customer, jsonb_build_object('customerId', p_customer) || p_more);
end $$;

create or replace function crm_settings_event(p_org uuid, p_what text) returns void
language sql as $$
    insert into events (org_id, type, payload) values (p_org, 'settings.changed', jsonb_build_object('what', p_what))
$$;

create or replace function crm_audit(p_org uuid, who crm_actor, p_action text, p_entity text, p_id uuid, p_label text,
                                     p_changes jsonb default '{}') returns void
language sql as $$
    insert into audit_log (org_id, actor_kind, actor_id, actor_name, action, entity, entity_id, label, changes, address, trace)
    values (p_org, coalesce((who).kind, 'system'), (who).id, coalesce((who).name, ''), p_action, p_entity, p_id,
            left(coalesce(p_label, ''), 200), p_changes, coalesce((who).address, ''), coalesce((who).trace, ''))
$$;

-- ---- identities -------------------------------------------------------------------------------------------------------------

-- The contact of kind p_kind that this customer has for an identity, made when there is none (chats are held over a contact
-- of their own kind: who was entered by telephone number and writes on WhatsApp gets a second contact). Keys that are free
-- become the contact's.
create or replace function crm_identity_contact(p_org uuid, p_customer uuid, p_kind text, p_identifier text, p_canonical text,
                                                p_keys text[]) returns uuid
language plpgsql as $$
declare
    found_id uuid;
begin
    loop
        select k.id into found_id from contacts k
        where k.org_id = p_org and k.customer_id = p_customer and k.kind = p_kind and k.canonical = p_canonical
          and k.hidden_at is null;
        exit when found_id is not null;
        insert into contacts (org_id, customer_id, kind, identifier, canonical, is_primary)
        values (p_org, p_customer, p_kind, p_identifier, p_canonical,
                not exists (select from contacts k where k.org_id = p_org and k.customer_id = p_customer and k.hidden_at is null))
        on conflict (org_id, kind, canonical, customer_id) where hidden_at is null do nothing
        returning id into found_id;
        exit when found_id is not null;
    end loop;
    insert into contact_keys (org_id, key, contact_id, customer_id)
    select p_org, x.key, found_id, p_customer from unnest(p_keys) as x (key)
    where not exists (select from contact_keys o where o.org_id = p_org and o.key = x.key)
    order by x.key
    on conflict do nothing;
    return found_id;
end $$;

-- A customer's name is the platform's: whoever knows a better one may say it (inbox_named), as long as no person wrote another.
create or replace function contact_called(p_org uuid, p_contact uuid, p_name text) returns void
language sql volatile as $$
    update contacts k set profile = k.profile || jsonb_build_object('name', left(btrim(p_name), 120)) where k.org_id = p_org and k.id = p_contact
$$;

-- A telephone number in the place of a name.
create or replace function name_is_number(p_name text) returns boolean
language sql immutable parallel safe as $$
    select p_name ~ '^[+0-9 ()./-]*[0-9][+0-9 ()./-]*$'
$$;

-- The person behind an identity: found by any of its keys, made when unknown. However many ask at once for a new person, one
-- is made: the keys are unique, and who comes second waits for the first and finds it. A name is only set while there is none.
create or replace function crm_identity(p_org uuid, p_kind text, p_identifier text, p_canonical text, p_keys text[], p_name text,
                                        p_source text, out customer_id uuid, out contact_id uuid, out created boolean)
language plpgsql as $$
#variable_conflict use_column
declare
    c customers;
    missed integer;
    turns integer := 0;
begin
    p_name := left(btrim(coalesce(p_name, '')), 120);
    loop
        turns := turns + 1;
        if turns > 100 then -- a key that points nowhere: never by our own hands
            raise exception 'crm_identity: keys % lead to no customer', p_keys;
        end if;
        created := false;
        select k.customer_id into crm_identity.customer_id from contact_keys k
        where k.org_id = p_org and k.key = any (p_keys)
        order by array_position(p_keys, k.key) limit 1;
        if found then
            -- Waits for a merge under way, and then looks again.
            select * into c from customers x where x.org_id = p_org and x.id = crm_identity.customer_id for key share;
            continue when c.id is null or c.deleted_at is not null or c.merged_into_id is not null;
            if c.name = '' and p_name <> '' then
                update customers x set name = p_name, updated_at = now() where x.org_id = p_org and x.id = c.id and x.name = '';
                perform crm_event(p_org, 'customer.changed', c.id);
            end if;
            contact_id := crm_identity_contact(p_org, c.id, p_kind, p_identifier, p_canonical, p_keys);
            if c.name = '' and p_name <> '' and p_kind = 'whatsapp' and p_source = p_kind then
                perform contact_called(p_org, contact_id, p_name);
            end if;
            return;
        end if;

        insert into customers (org_id, name, source) values (p_org, p_name, coalesce(p_source, 'manual')) returning id into crm_identity.customer_id;
        insert into contacts (org_id, customer_id, kind, identifier, canonical, is_primary, profile)
        values (p_org, crm_identity.customer_id, p_kind, p_identifier, p_canonical, true,
                case when p_source = p_kind and p_kind = 'whatsapp' and p_name <> '' then jsonb_build_object('name', p_name) else '{}' end)
        returning id into crm_identity.contact_id;
        with made as (
            insert into contact_keys (org_id, key, contact_id, customer_id)
            select p_org, x.key, crm_identity.contact_id, crm_identity.customer_id from unnest(p_keys) as x (key) order by x.key
            on conflict do nothing returning 1)
        select cardinality(p_keys) - count(*) into missed from made;
        if missed = 0 then
            created := true;
            perform crm_event(p_org, 'customer.created', crm_identity.customer_id);
            return;
        end if;
        delete from customers x where x.org_id = p_org and x.id = crm_identity.customer_id;
    end loop;
end $$;

-- A further contact that a person gave of themselves. Null when it is somebody else's already: then it is kept with them too,
-- without its key, so that the two show up as possible doubles, and only a person decides.
create or replace function crm_add_contact(p_org uuid, p_customer uuid, p_kind text, p_identifier text, p_canonical text,
                                           p_keys text[]) returns uuid
language plpgsql as $$
declare
    contact uuid;
begin
    if exists (select from contacts k where k.org_id = p_org and k.customer_id = p_customer and k.kind = p_kind
               and k.canonical = p_canonical and k.hidden_at is null) then
        return (select k.id from contacts k where k.org_id = p_org and k.customer_id = p_customer and k.kind = p_kind
                and k.canonical = p_canonical and k.hidden_at is null);
    end if;
    -- Strangers give these (pre-chat forms), as often as they write.
    if (select count(*) from contacts k where k.org_id = p_org and k.customer_id = p_customer and k.hidden_at is null) >= 50 then
        return null;
    end if;
    contact := crm_identity_contact(p_org, p_customer, p_kind, p_identifier, p_canonical, p_keys);
    perform crm_event(p_org, 'customer.changed', p_customer);
    return case when not exists (select from contact_keys k where k.org_id = p_org and k.key = any (p_keys)
                                 and k.customer_id <> p_customer) then contact end;
end $$;
