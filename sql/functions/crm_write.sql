-- The CRM's changes: each function does one thing whole (rows, news, audit) for one commit. They are called by the named
-- queries of src/crm/sql with input that the C rules have checked and normalised; what races is decided here.

-- ---- pieces ---------------------------------------------------------------------------------------------------------------

-- 409 with a pointer to the customer who has it; the name only for those who may see that customer.
create or replace function crm_duplicate_fault(p_org uuid, who crm_actor, p_other uuid, p_field text) returns void
language plpgsql as $$
declare
    o customers;
begin
    select * into o from customers c where c.org_id = p_org and c.id = p_other;
    perform fault(409, 'CUSTOMER_DUPLICATE', p_field, jsonb_build_object('customerId', p_other, 'field', p_field,
        'customerName', case when customer_visible(o, who) then o.name end));
end $$;

create or replace function crm_document_key(p_document text) returns text
language sql immutable as $$
    select nullif(upper(regexp_replace(p_document, '[^[:alnum:]]', '', 'g')), '')
$$;

-- Refuse a document that another customer has. Callers with one document wait for each other.
create or replace function crm_document_free(p_org uuid, who crm_actor, p_document text, p_self uuid) returns void
language plpgsql as $$
declare
    wanted text := crm_document_key(p_document);
    other uuid;
begin
    if wanted is null then return; end if;
    perform pg_advisory_xact_lock(hashtextextended('crm.document:' || p_org || ':' || wanted, 0));
    select c.id into other from customers c
    where c.org_id = p_org and c.document_key = wanted and c.deleted_at is null and c.merged_into_id is null
      and c.id is distinct from p_self;
    if found then
        perform crm_duplicate_fault(p_org, who, other, 'document');
    end if;
end $$;

-- What the input points to must be there, and a picture one that its giver may see: 400 by the name of the field.
drop function if exists crm_check_links(uuid, jsonb);
create or replace function crm_check_links(p_org uuid, who crm_actor, p jsonb) returns void
language plpgsql as $$
begin
    if p->>'stageId' is not null and not exists (select from stages s where s.org_id = p_org and s.id = (p->>'stageId')::uuid) then
        perform fault(400, 'UNKNOWN_REFERENCE', 'stageId');
    end if;
    if p->>'ownerId' is not null and not exists (select from memberships m where m.org_id = p_org and m.user_id = (p->>'ownerId')::uuid) then
        perform fault(400, 'UNKNOWN_REFERENCE', 'ownerId');
    end if;
    if p->>'avatarFileId' is not null
       and not exists (select from files f where f.org_id = p_org and f.id = (p->>'avatarFileId')::uuid and f.kind = 'image'
                       and file_visible(f, who, (who).id)) then
        perform fault(400, 'UNKNOWN_REFERENCE', 'avatarFileId');
    end if;
    if exists (select from jsonb_array_elements_text(coalesce(p->'tagIds', '[]')) as w (id)
               where not exists (select from tags t where t.org_id = p_org and t.id = w.id::uuid)) then
        perform fault(400, 'UNKNOWN_REFERENCE', coalesce(p->>'tagsField', 'tags'));
    end if;
end $$;

-- A chat named beside a change must be the customer's.
create or replace function crm_own_chat(p_org uuid, p_customer uuid, p_chat uuid) returns void
language plpgsql as $$
begin
    if p_chat is not null and not exists (select from chats h where h.org_id = p_org and h.id = p_chat and h.customer_id = p_customer) then
        perform fault(400, 'UNKNOWN_REFERENCE', 'chatId');
    end if;
end $$;

-- Give a customer (row locked, or new) contacts: [{kind, identifier, canonical, keys, label, isPrimary, field}]. Those that
-- are there already only get a new label. 409 when a key is another customer's, unless doubles are allowed: then the contact
-- is kept without the key. All keys are taken in one order, so that two at once wait for each other instead of locking up.
create or replace function crm_contacts_put(p_org uuid, p_customer uuid, who crm_actor, p_contacts jsonb, p_allow_double boolean)
returns jsonb language plpgsql as $$
declare
    k jsonb;
    put uuid;
    double record;
    added jsonb := '[]';
    wanted jsonb := '[]';
begin
    for k in select * from jsonb_array_elements(p_contacts) loop
        select x.id into put from contacts x where x.org_id = p_org and x.customer_id = p_customer and x.kind = k->>'kind'
            and x.canonical = k->>'canonical' and x.hidden_at is null;
        if found then
            update contacts x set label = k->>'label' where x.org_id = p_org and x.id = put and k->>'label' is not null
                and x.label <> k->>'label';
        else
            insert into contacts (org_id, customer_id, kind, identifier, canonical, label, created_at)
            values (p_org, p_customer, k->>'kind', k->>'identifier', k->>'canonical', coalesce(k->>'label', ''), clock_timestamp()) returning id into put;
            added := added || jsonb_build_array(jsonb_build_object('kind', k->>'kind', 'contact', mask_contact(k->>'kind', k->>'canonical')));
        end if;
        if (k->>'isPrimary')::boolean then
            update contacts x set is_primary = (x.id = put) where x.org_id = p_org and x.customer_id = p_customer
                and x.is_primary <> (x.id = put);
        end if;
        wanted := wanted || (select coalesce(jsonb_agg(jsonb_build_object('key', j.key, 'contact', put, 'field', k->>'field')), '[]')
                             from jsonb_array_elements_text(k->'keys') as j (key));
    end loop;
    if (select count(*) from contacts x where x.org_id = p_org and x.customer_id = p_customer and x.hidden_at is null) > 50 then
        perform fault(409, 'LIMIT_REACHED', 'contacts', '{"limit": 50}');
    end if;
    update contacts x set is_primary = true
    where x.org_id = p_org and x.id = (select y.id from contacts y where y.org_id = p_org and y.customer_id = p_customer
                                       and y.hidden_at is null order by y.kind = 'webchat', y.created_at, y.id limit 1)
      and not exists (select from contacts y where y.org_id = p_org and y.customer_id = p_customer and y.hidden_at is null and y.is_primary);

    insert into contact_keys (org_id, key, contact_id, customer_id)
    select distinct on (w->>'key') p_org, w->>'key', (w->>'contact')::uuid, p_customer
    from jsonb_array_elements(wanted) w order by w->>'key'
    on conflict do nothing;
    if not p_allow_double then
        select o.customer_id, w->>'field' as field into double from jsonb_array_elements(wanted) with ordinality as j (w, n)
        join contact_keys o on o.org_id = p_org and o.key = w->>'key' and o.customer_id <> p_customer
        order by n limit 1;
        if found then
            perform crm_duplicate_fault(p_org, who, double.customer_id, double.field);
        end if;
    end if;
    return added;
end $$;

-- Take a contact away: its keys are free again; the row stays, hidden, while chats are held over it.
create or replace function crm_contact_drop(p_org uuid, p_contact uuid) returns void
language plpgsql as $$
declare
    k contacts;
begin
    delete from contact_keys x where x.org_id = p_org and x.contact_id = p_contact;
    if exists (select from chats h where h.org_id = p_org and h.contact_id = p_contact) then
        update contacts x set hidden_at = now(), is_primary = false where x.org_id = p_org and x.id = p_contact returning * into k;
    else
        delete from contacts x where x.org_id = p_org and x.id = p_contact returning * into k;
    end if;
    update contacts x set is_primary = true
    where k.is_primary is not null and x.org_id = p_org
      and x.id = (select y.id from contacts y where y.org_id = p_org and y.customer_id = k.customer_id and y.hidden_at is null
                  order by y.kind = 'webchat', y.created_at, y.id limit 1)
      and not exists (select from contacts y where y.org_id = p_org and y.customer_id = k.customer_id and y.hidden_at is null and y.is_primary);
end $$;

-- A person who makes a customer fills every field that is always required; integrations and the channels may not know them yet,
-- and closing a chat asks again (crm_missing_fields).
create or replace function crm_required_check(p_org uuid, p_customer uuid, who crm_actor) returns void
language plpgsql as $$
declare
    missing text[];
begin
    if (who).kind is distinct from 'user' then return; end if;
    missing := crm_missing_fields(p_org, p_customer, '{always}');
    if missing <> '{}' then
        perform fault(400, 'FIELDS_REQUIRED', 'fields.' || missing[1], jsonb_build_object('missing', missing));
    end if;
end $$;

-- Set values {fieldId: value | null}, checked by the program. p_first_touch fills only what is empty. Answers what changed:
-- {slug: [before, after]}; telephone numbers and e-mail addresses in it are masked, it goes into the audit log. A person cannot empty
-- a field that is always required.
create or replace function crm_values_put(p_org uuid, p_customer uuid, who crm_actor, p_values jsonb, p_first_touch boolean)
returns jsonb language plpgsql as $$
declare
    changed jsonb;
    emptied text[];
begin
    if (who).kind = 'user' and not p_first_touch then
        select array_agg(f.slug order by f.position, f.slug) into emptied
        from custom_fields f where f.org_id = p_org and f.archived_at is null and f.required = 'always'
         and p_values -> f.id::text = 'null';
        if emptied is not null then
            perform fault(400, 'FIELDS_REQUIRED', 'fields.' || emptied[1], jsonb_build_object('missing', emptied));
        end if;
    end if;
    with given as (
        select f.id, f.slug, f.kind, g.value as after, v.value as before
        from jsonb_each(p_values) g
        join custom_fields f on f.org_id = p_org and f.id = g.key::uuid and f.archived_at is null
        left join field_values v on v.org_id = p_org and v.customer_id = p_customer and v.field_id = f.id
    ), news as (
        select * from given where nullif(after, 'null') is distinct from before and not (p_first_touch and before is not null)
    ), gone as (
        delete from field_values v using news n
        where v.org_id = p_org and v.customer_id = p_customer and v.field_id = n.id and n.after = 'null'
    ), put as (
        insert into field_values (org_id, customer_id, field_id, value, updated_by)
        select p_org, p_customer, n.id, n.after, (who).id from news n where n.after <> 'null'
        on conflict (org_id, customer_id, field_id) do update
            set value = excluded.value, updated_at = now(), updated_by = excluded.updated_by
            where not p_first_touch
    )
    select coalesce(jsonb_object_agg(n.slug, jsonb_build_array(field_value_shown(n.kind, n.before, false),
                                                               field_value_shown(n.kind, nullif(n.after, 'null'), false))), '{}')
    into changed from news n;
    return changed;
end $$;

-- Put a customer (row locked) into a stage, or out of the funnel (p_stage null). Another place within the stage is no move.
create or replace function crm_stage_put(p_org uuid, c customers, who crm_actor, p_stage uuid, p_order double precision, p_note text,
                                         p_chat uuid) returns boolean
language plpgsql as $$
declare
    place double precision := p_order;
begin
    if p_stage is not distinct from c.stage_id then
        if p_order is not null and p_order is distinct from c.stage_order then
            update customers x set stage_order = p_order, updated_at = now() where x.org_id = p_org and x.id = c.id;
            return true;
        end if;
        return false;
    end if;
    if p_stage is not null and place is null then
        select coalesce(min(x.stage_order), 0) - 1 into place from customers x
        where x.org_id = p_org and x.stage_id = p_stage and x.deleted_at is null;
    end if;
    update customers x set stage_id = p_stage, stage_order = case when p_stage is not null then place end,
           stage_since = case when p_stage is not null then now() end, updated_at = now()
    where x.org_id = p_org and x.id = c.id;
    insert into stage_moves (org_id, customer_id, from_stage_id, to_stage_id, note, chat_id, seconds_in_stage, moved_by)
    values (p_org, c.id, c.stage_id, p_stage, coalesce(p_note, ''), p_chat,
            case when c.stage_id is not null then extract(epoch from now() - coalesce(c.stage_since, c.created_at))::bigint end, (who).id);
    return true;
end $$;

-- What differs between two states of a customer's own columns, for the audit log: {name: [before, after]}.
create or replace function crm_changes(a customers, b customers) returns jsonb
language sql stable as $$
    select coalesce(jsonb_object_agg(m.public, jsonb_build_array(o.j -> m.own, n.j -> m.own)), '{}')
    from (select to_jsonb(a) as j) o, (select to_jsonb(b) as j) n,
         (values ('name', 'name'), ('kind', 'kind'), ('document', 'document'), ('birthDate', 'birth_date'), ('country', 'country'),
                 ('language', 'language'), ('address', 'address'), ('avatarFileId', 'avatar_file_id'), ('pinnedNote', 'pinned_note'),
                 ('ownerId', 'owner_id'), ('stageId', 'stage_id'), ('valueMinor', 'value_minor'), ('utm', 'utm'))
             as m (public, own)
    where o.j -> m.own is distinct from n.j -> m.own
$$;

-- ---- customers ------------------------------------------------------------------------------------------------------------

-- p: name kind document birthDate country language address avatarFileId pinnedNote ownerId stageId stageOrder valueMinor utm
-- source contacts tagIds values allowDoubles.
create or replace function crm_customer_create(p_org uuid, who crm_actor, p jsonb) returns jsonb
language plpgsql as $$
declare
    c customers;
begin
    perform crm_check_links(p_org, who, p);
    if not coalesce((p->>'allowDoubles')::boolean, false) then
        perform crm_document_free(p_org, who, p->>'document', null);
    end if;
    insert into customers (org_id, name, kind, document, document_key, birth_date, country, language, address, avatar_file_id,
                           pinned_note, owner_id, value_minor, utm, source, created_by)
    values (p_org, coalesce(p->>'name', ''), coalesce(p->>'kind', 'person'), nullif(p->>'document', ''),
            crm_document_key(p->>'document'), (p->>'birthDate')::date, p->>'country', p->>'language',
            coalesce(nullif(p->'address', 'null'), '{}'), (p->>'avatarFileId')::uuid, coalesce(p->>'pinnedNote', ''),
            (p->>'ownerId')::uuid, (p->>'valueMinor')::bigint, coalesce(nullif(p->'utm', 'null'), '{}'),
            coalesce(p->>'source', 'manual'), (who).id)
    returning * into c;
    perform crm_contacts_put(p_org, c.id, who, coalesce(p->'contacts', '[]'), coalesce((p->>'allowDoubles')::boolean, false));
    insert into customer_tags (org_id, customer_id, tag_id, created_by)
    select p_org, c.id, w.id::uuid, (who).id from jsonb_array_elements_text(coalesce(p->'tagIds', '[]')) as w (id)
    on conflict do nothing;
    perform crm_values_put(p_org, c.id, who, coalesce(p->'values', '{}'), false);
    perform crm_required_check(p_org, c.id, who);
    perform crm_stage_put(p_org, c, who, (p->>'stageId')::uuid, (p->>'stageOrder')::double precision, '', null);
    perform crm_audit(p_org, who, 'customer.created', 'customer', c.id, customer_display(c));
    perform crm_event(p_org, 'customer.created', c.id);
    select * into c from customers x where x.org_id = p_org and x.id = c.id;
    return customer_json(c, who);
end $$;

-- Change what p names (as in crm_customer_create; null clears); contacts are added, never removed; tagIds replace all tags.
create or replace function crm_customer_update(p_org uuid, who crm_actor, p_id uuid, p jsonb) returns jsonb
language plpgsql as $$
declare
    was customers := crm_need(p_org, p_id, who, true);
    c customers;
    changes jsonb;
    added jsonb := '[]';
    tags_changed boolean := false;
    n integer;
begin
    if p->>'version' is not null and (p->>'version')::integer <> was.version then
        perform fault(409, 'VERSION_CONFLICT', null, jsonb_build_object('version', was.version));
    end if;
    perform crm_check_links(p_org, who, p);
    if p ? 'document' and not coalesce((p->>'allowDoubles')::boolean, false) then
        perform crm_document_free(p_org, who, p->>'document', p_id);
    end if;
    if p ? 'contacts' then
        added := crm_contacts_put(p_org, p_id, who, p->'contacts', coalesce((p->>'allowDoubles')::boolean, false));
    end if;
    if p ? 'tagIds' then
        delete from customer_tags t where t.org_id = p_org and t.customer_id = p_id
            and t.tag_id not in (select w.id::uuid from jsonb_array_elements_text(p->'tagIds') as w (id));
        tags_changed := found;
        insert into customer_tags (org_id, customer_id, tag_id, created_by)
        select p_org, p_id, w.id::uuid, (who).id from jsonb_array_elements_text(p->'tagIds') as w (id) on conflict do nothing;
        get diagnostics n = row_count;
        tags_changed := tags_changed or n > 0;
    end if;
    changes := (select coalesce(jsonb_object_agg('fields.' || v.key, v.value), '{}')
                from jsonb_each(crm_values_put(p_org, p_id, who, coalesce(p->'values', '{}'), false)) v);
    if p ? 'stageId' or p ? 'stageOrder' then
        perform crm_stage_put(p_org, was, who, case when p ? 'stageId' then (p->>'stageId')::uuid else was.stage_id end,
                              (p->>'stageOrder')::double precision, '', null);
    end if;
    update customers x set
        name = case when p ? 'name' then coalesce(p->>'name', '') else x.name end,
        kind = coalesce(p->>'kind', x.kind),
        document = case when p ? 'document' then nullif(p->>'document', '') else x.document end,
        document_key = case when p ? 'document' then crm_document_key(p->>'document') else x.document_key end,
        birth_date = case when p ? 'birthDate' then (p->>'birthDate')::date else x.birth_date end,
        country = case when p ? 'country' then p->>'country' else x.country end,
        language = case when p ? 'language' then p->>'language' else x.language end,
        address = case when p ? 'address' then coalesce(nullif(p->'address', 'null'), '{}') else x.address end,
        avatar_file_id = case when p ? 'avatarFileId' then (p->>'avatarFileId')::uuid else x.avatar_file_id end,
        pinned_note = case when p ? 'pinnedNote' then coalesce(p->>'pinnedNote', '') else x.pinned_note end,
        owner_id = case when p ? 'ownerId' then (p->>'ownerId')::uuid else x.owner_id end,
        value_minor = case when p ? 'valueMinor' then (p->>'valueMinor')::bigint else x.value_minor end,
        utm = case when p ? 'utm' then coalesce(nullif(p->'utm', 'null'), '{}') else x.utm end,
        version = x.version + 1,
        updated_at = now()
    where x.org_id = p_org and x.id = p_id
    returning * into c;
    changes := changes || crm_changes(was, c)
        || case when added <> '[]' then jsonb_build_object('contacts', jsonb_build_array(null, added)) else '{}' end
        || case when tags_changed then '{"tags": []}'::jsonb else '{}' end;
    if changes <> '{}' then
        perform crm_audit(p_org, who, 'customer.updated', 'customer', p_id, customer_display(c), changes);
    end if;
    perform crm_event(p_org, 'customer.changed', p_id);
    return customer_json(c, who);
end $$;

-- Out of all lists; the chats stay for the history. A person who writes again begins anew.
create or replace function crm_customer_delete(p_org uuid, who crm_actor, p_id uuid) returns boolean
language plpgsql as $$
declare
    c customers;
    open integer;
begin
    -- FOR UPDATE: a message that comes in at this moment (crm_identity: KEY SHARE) waits, and then begins anew.
    perform 1 from customers x where x.org_id = p_org and x.id = p_id for update;
    c := crm_need(p_org, p_id, who, true);
    open := (select count(*) from chats h where h.org_id = p_org and h.customer_id = p_id and h.status <> 'closed');
    if open > 0 then
        perform fault(409, 'CUSTOMER_HAS_OPEN_CHATS', null, jsonb_build_object('openChats', open));
    end if;
    update customers x set deleted_at = now(), updated_at = now() where x.org_id = p_org and x.id = p_id;
    delete from contact_keys k where k.org_id = p_org and k.customer_id = p_id;
    perform crm_audit(p_org, who, 'customer.deleted', 'customer', p_id, customer_display(c));
    perform crm_event(p_org, 'customer.deleted', p_id);
    return true;
end $$;

-- Everything that is known of a person goes for good, chats and messages too: their right by privacy law. What was merged
-- into the record goes with it, and the audit log forgets the words (that something happened, and who did it, stays).
-- The content of its files leaves the disk with the job files.clean.
create or replace function crm_customer_erase(p_org uuid, who crm_actor, p_id uuid) returns boolean
language plpgsql as $$
declare
    c customers;
    people uuid[];
    talks uuid[];
    freed uuid[];
begin
    -- FOR UPDATE, as above: with less, a message coming in and this would wait for each other.
    perform 1 from customers x where x.org_id = p_org and (x.id = p_id or x.merged_into_id = p_id) order by x.id for update;
    c := crm_need(p_org, p_id, who, true);
    select array_agg(x.id) into people from customers x where x.org_id = p_org and (x.id = p_id or x.merged_into_id = p_id);
    talks := array(select h.id from chats h where h.org_id = p_org and h.customer_id = any (people));
    select array_agg(distinct f) into freed from (
        select mf.file_id as f from messages m join message_files mf on mf.org_id = m.org_id and mf.message_id = m.id
        where m.org_id = p_org and m.chat_id in (select h.id from chats h where h.org_id = p_org and h.customer_id = any (people))
          and mf.file_id is not null
        union all
        select x.file_id from mails x where x.org_id = p_org and x.chat_id = any (talks) and x.file_id is not null
        union all
        select x.avatar_file_id from customers x where x.org_id = p_org and x.id = any (people) and x.avatar_file_id is not null
        union all
        select (v.value #>> '{}')::uuid from field_values v join custom_fields d on d.org_id = v.org_id and d.id = v.field_id
        where v.org_id = p_org and v.customer_id = any (people) and d.kind = 'file') x;
    perform channel_erase_begin(p_org, people);
    -- News of the last day hold words too.
    delete from events e where e.org_id = p_org and (e.customer_id = any (people) or e.chat_id in (
        select h.id from chats h where h.org_id = p_org and h.customer_id = any (people)));
    insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
    select p_org, 'chat.removed', h.id, h.team_id, h.assignee_id, p_id, jsonb_build_object('chatId', h.id)
    from chats h where h.org_id = p_org and h.customer_id = any (people);
    delete from merges m where m.org_id = p_org and (m.kept_id = any (people) or m.merged_id = any (people));
    update audit_log a set label = '', changes = '{}'
    where a.org_id = p_org and a.entity = 'customer' and a.entity_id = any (people);
    delete from jobs j where j.org_id = p_org and j.kind = 'flow.http' and j.payload->>'sessionId' in (
        select s.id::text from flow_sessions s where s.org_id = p_org and s.customer_id = any (people));
    delete from flow_sessions s where s.org_id = p_org and s.customer_id = any (people) and s.chat_id is null; -- others go with their chats
    delete from customers x where x.org_id = p_org and x.id = any (people);
    delete from mails x where x.org_id = p_org and x.chat_id = any (talks);
    -- Not what others use too: a file that a shortcut sent (a price list, say) is not theirs.
    delete from files f where f.org_id = p_org and f.id = any (freed) and not file_used(p_org, f.id);
    -- So do notifications in the log of outgoing webhooks; those that wait are not sent any more.
    update webhook_deliveries d set body = '', answer = '', state = case d.state when 'waiting' then 'dead' else d.state end,
           ended_at = coalesce(d.ended_at, now()), error_code = case d.state when 'waiting' then 'CUSTOMER_ERASED' else d.error_code end
     where d.org_id = p_org and d.customer_id = any (people);
    -- Answers kept for a day (idempotency) repeat what was said.
    delete from idempotency_keys k where k.org_id = p_org
       and exists (select from unnest(people || talks) x (id) where position(x.id::text in k.body) > 0);
    perform crm_audit(p_org, who, 'customer.erased', 'customer', p_id, '');
    perform crm_event(p_org, 'customer.deleted', p_id);
    return true;
end $$;

-- ---- contacts, tags, notes, values, stage of one customer ---------------------------------------------------------------------

create or replace function crm_contact_add(p_org uuid, who crm_actor, p_id uuid, p_contact jsonb, p_allow_double boolean) returns jsonb
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
    added jsonb;
begin
    if exists (select from contacts k where k.org_id = p_org and k.customer_id = p_id and k.kind = p_contact->>'kind'
               and k.canonical = p_contact->>'canonical' and k.hidden_at is null) then
        perform fault(409, 'CONTACT_DUPLICATE', 'identifier');
    end if;
    added := crm_contacts_put(p_org, p_id, who, jsonb_build_array(p_contact), p_allow_double);
    perform crm_audit(p_org, who, 'customer.updated', 'customer', p_id, customer_display(c),
                      jsonb_build_object('contacts', jsonb_build_array(null, added)));
    perform crm_event(p_org, 'customer.changed', p_id);
    return customer_json(c, who);
end $$;

-- p: label, isPrimary; with identifier, canonical, keys, kind the contact becomes another one.
create or replace function crm_contact_update(p_org uuid, who crm_actor, p_id uuid, p_contact uuid, p jsonb) returns jsonb
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
    k contacts;
begin
    select * into k from contacts x where x.org_id = p_org and x.id = p_contact and x.customer_id = p_id and x.hidden_at is null;
    if not found then
        perform fault(404, 'CONTACT_NOT_FOUND');
    end if;
    if p ? 'canonical' and p->>'canonical' <> k.canonical then
        perform crm_contact_drop(p_org, k.id);
        perform crm_contacts_put(p_org, p_id, who, jsonb_build_array(jsonb_build_object('label', k.label, 'isPrimary', k.is_primary) || p), false);
        perform crm_audit(p_org, who, 'customer.updated', 'customer', p_id, customer_display(c), jsonb_build_object('contacts', jsonb_build_array(
            jsonb_build_array(jsonb_build_object('kind', k.kind, 'contact', mask_contact(k.kind, k.canonical))),
            jsonb_build_array(jsonb_build_object('kind', k.kind, 'contact', mask_contact(k.kind, p->>'canonical'))))));
    else
        update contacts x set label = coalesce(p->>'label', x.label), identifier = coalesce(p->>'identifier', x.identifier)
        where x.org_id = p_org and x.id = k.id;
        if (p->>'isPrimary')::boolean then
            update contacts x set is_primary = (x.id = k.id) where x.org_id = p_org and x.customer_id = p_id
                and x.is_primary <> (x.id = k.id);
        end if;
    end if;
    perform crm_event(p_org, 'customer.changed', p_id);
    return customer_json(c, who);
end $$;

create or replace function crm_contact_remove(p_org uuid, who crm_actor, p_id uuid, p_contact uuid) returns jsonb
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
    k contacts;
begin
    select * into k from contacts x where x.org_id = p_org and x.id = p_contact and x.customer_id = p_id and x.hidden_at is null;
    if not found then
        perform fault(404, 'CONTACT_NOT_FOUND');
    end if;
    perform crm_contact_drop(p_org, k.id);
    perform crm_audit(p_org, who, 'customer.updated', 'customer', p_id, customer_display(c), jsonb_build_object('contacts',
        jsonb_build_array(jsonb_build_array(jsonb_build_object('kind', k.kind, 'contact', mask_contact(k.kind, k.canonical))), null)));
    perform crm_event(p_org, 'customer.changed', p_id);
    return customer_json(c, who);
end $$;

create or replace function crm_customer_tag(p_org uuid, who crm_actor, p_id uuid, p_tag uuid, p_chat uuid, p_on boolean) returns jsonb
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
begin
    if not exists (select from tags t where t.org_id = p_org and t.id = p_tag) then
        perform fault(case when p_on then 400 else 404 end, case when p_on then 'UNKNOWN_REFERENCE' else 'TAG_NOT_FOUND' end,
                      case when p_on then 'tagId' end);
    end if;
    perform crm_own_chat(p_org, p_id, p_chat);
    if p_on then
        insert into customer_tags (org_id, customer_id, tag_id, created_by) values (p_org, p_id, p_tag, (who).id) on conflict do nothing;
    else
        delete from customer_tags t where t.org_id = p_org and t.customer_id = p_id and t.tag_id = p_tag;
    end if;
    if found then
        perform crm_event(p_org, 'customer.changed', p_id, jsonb_build_object('tagId', p_tag, 'tagged', p_on));
    end if;
    return jsonb_build_object('customerId', p_id, 'tagId', p_tag, 'tags', customer_tag_ids(c));
end $$;

-- p_note null makes one; else changes it (a null title or content stays).
create or replace function crm_note_put(p_org uuid, who crm_actor, p_id uuid, p_note uuid, p_title text, p_content text) returns json
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
    n notes;
begin
    if p_note is null then
        if (select count(*) from notes x where x.org_id = p_org and x.customer_id = p_id) >= 2000 then
            perform fault(409, 'LIMIT_REACHED', null, '{"limit": 2000}');
        end if;
        insert into notes (org_id, customer_id, title, content, created_by)
        values (p_org, p_id, coalesce(p_title, ''), coalesce(p_content, ''), (who).id) returning * into n;
    else
        update notes x set title = coalesce(p_title, x.title), content = coalesce(p_content, x.content), updated_at = now()
        where x.org_id = p_org and x.id = p_note and x.customer_id = p_id returning * into n;
        if not found then
            perform fault(404, 'NOTE_NOT_FOUND');
        end if;
    end if;
    perform crm_event(p_org, 'customer.changed', p_id, case when p_note is null then jsonb_build_object('noteId', n.id) else '{}' end);
    return note_json(n);
end $$;

create or replace function crm_note_remove(p_org uuid, who crm_actor, p_id uuid, p_note uuid) returns boolean
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
    n notes;
begin
    delete from notes x where x.org_id = p_org and x.id = p_note and x.customer_id = p_id returning * into n;
    if not found then
        perform fault(404, 'NOTE_NOT_FOUND');
    end if;
    perform crm_audit(p_org, who, 'note.deleted', 'customer', p_id, customer_display(c), jsonb_build_object('title', jsonb_build_array(n.title, null)));
    perform crm_event(p_org, 'customer.changed', p_id);
    return true;
end $$;

create or replace function crm_customer_values(p_org uuid, who crm_actor, p_id uuid, p_values jsonb) returns jsonb
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
    changed jsonb := crm_values_put(p_org, p_id, who, p_values, false);
begin
    if changed <> '{}' then
        update customers x set updated_at = now() where x.org_id = p_org and x.id = p_id;
        perform crm_audit(p_org, who, 'customer.updated', 'customer', p_id, customer_display(c),
                          (select jsonb_object_agg('fields.' || v.key, v.value) from jsonb_each(changed) v));
        perform crm_event(p_org, 'customer.changed', p_id);
    end if;
    return customer_fields_json(c, (who).sees_contacts);
end $$;

create or replace function crm_customer_stage(p_org uuid, who crm_actor, p_id uuid, p_stage uuid, p_order double precision, p_note text,
                                              p_chat uuid) returns jsonb
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
begin
    perform crm_check_links(p_org, who, jsonb_build_object('stageId', p_stage));
    perform crm_own_chat(p_org, p_id, p_chat);
    if crm_stage_put(p_org, c, who, p_stage, p_order, p_note, p_chat) then
        perform crm_event(p_org, 'customer.changed', p_id, jsonb_build_object('stageId', p_stage, 'previousStageId', c.stage_id));
    end if;
    select * into c from customers x where x.org_id = p_org and x.id = p_id;
    return customer_json(c, who);
end $$;

-- ---- many at once ----------------------------------------------------------------------------------------------------------

-- One customer of a bulk action gets an owner, or none.
create or replace function crm_customer_owner(p_org uuid, who crm_actor, p_id uuid, p_owner uuid) returns boolean
language plpgsql as $$
declare
    c customers := crm_need(p_org, p_id, who, true);
begin
    perform crm_check_links(p_org, who, jsonb_build_object('ownerId', p_owner));
    if c.owner_id is not distinct from p_owner then return true; end if;
    update customers x set owner_id = p_owner, version = x.version + 1, updated_at = now() where x.org_id = p_org and x.id = p_id;
    perform crm_audit(p_org, who, 'customer.updated', 'customer', p_id, customer_display(c),
                      jsonb_build_object('ownerId', jsonb_build_array(c.owner_id, p_owner)));
    perform crm_event(p_org, 'customer.changed', p_id);
    return true;
end $$;

-- ---- find or create, first touch ------------------------------------------------------------------------------------------------

-- p: {customerId?, kind, identifier, canonical, keys, name, source, extra: [{field, kind, identifier, canonical, keys}]}.
-- Answers {customerId, contactId, created, contactsApplied, contactsSkipped}. With customerId the identity must be that
-- customer's or nobody's. An extra contact is only added where the customer has none of its family.
create or replace function crm_find_or_create(p_org uuid, who crm_actor, p jsonb) returns jsonb
language plpgsql as $$
declare
    r record;
    c customers;
    keys text[] := array(select jsonb_array_elements_text(p->'keys'));
    family text[];
    x jsonb;
    applied jsonb := '[]';
    skipped jsonb := '[]';
    reason text;
    made boolean := false;
    contact uuid;
begin
    if p->>'customerId' is not null then
        c := crm_need(p_org, (p->>'customerId')::uuid, who, true);
        perform crm_contacts_put(p_org, c.id, who, jsonb_build_array(jsonb_build_object('kind', p->>'kind', 'identifier', p->>'identifier',
            'canonical', p->>'canonical', 'keys', p->'keys', 'field', coalesce(p->>'field', 'contactValue'))), false);
        contact := crm_identity_contact(p_org, c.id, p->>'kind', p->>'identifier', p->>'canonical', keys);
    else
        select * into r from crm_identity(p_org, p->>'kind', p->>'identifier', p->>'canonical', keys, p->>'name', coalesce(p->>'source', 'api'));
        made := r.created;
        contact := r.contact_id;
        update customers y set created_by = (who).id where made and (who).id is not null and y.org_id = p_org and y.id = r.customer_id;
        select * into c from customers y where y.org_id = p_org and y.id = r.customer_id;
    end if;
    for x in select * from jsonb_array_elements(coalesce(p->'extra', '[]')) loop
        family := case when x->>'kind' in ('phone', 'whatsapp') then '{phone,whatsapp}' else array[x->>'kind'] end;
        reason := case
            when x->>'canonical' = p->>'canonical' then 'same_as_contact'
            when exists (select from contacts k where k.org_id = p_org and k.customer_id = c.id and k.kind = any (family)
                         and k.hidden_at is null) then 'already_filled'
            when crm_add_contact(p_org, c.id, x->>'kind', x->>'identifier', x->>'canonical',
                                 array(select jsonb_array_elements_text(x->'keys'))) is null then 'duplicate' end;
        if reason is null then
            applied := applied || jsonb_build_array(x->>'field');
        else
            skipped := skipped || jsonb_build_array(jsonb_build_object('field', x->>'field', 'reason', reason));
        end if;
    end loop;
    return jsonb_build_object('customerId', c.id, 'contactId', contact, 'created', made, 'customerName', c.name,
                              'contactsApplied', applied, 'contactsSkipped', skipped);
end $$;

-- Fill what is empty: p = {utm: {…}, values: {fieldId: value}, tags: [names]}. Tags are given by name, existing ones only.
-- Answers {utmApplied, fieldsApplied: [slug], fieldsFilled: [slug], tagsApplied: [name], tagsMissing: [name]}.
create or replace function crm_first_touch(p_org uuid, who crm_actor, p_customer uuid, p jsonb) returns jsonb
language plpgsql as $$
declare
    values_changed jsonb;
    utm_applied boolean := false;
    n integer := 0;
    applied jsonb;
    missing jsonb;
    given jsonb := coalesce(p->'values', '{}');
begin
    perform 1 from customers c where c.org_id = p_org and c.id = p_customer for no key update;
    if coalesce(p->'utm', '{}') <> '{}' then
        update customers c set utm = (p->'utm') || c.utm, updated_at = now()
        where c.org_id = p_org and c.id = p_customer and (p->'utm') || c.utm <> c.utm
          and length(((p->'utm') || c.utm)::text) <= 8192;     -- each caller may bring names of its own
        utm_applied := found;
    end if;
    values_changed := crm_values_put(p_org, p_customer, who, given, true);
    with named as (
        select w.name, (select t.id from tags t where t.org_id = p_org and fold(t.name) = fold(btrim(w.name))) as id
        from jsonb_array_elements_text(coalesce(p->'tags', '[]')) as w (name)
    ), put as (
        insert into customer_tags (org_id, customer_id, tag_id, created_by)
        select distinct p_org, p_customer, x.id, (who).id from named x where x.id is not null on conflict do nothing returning 1
    )
    select coalesce(jsonb_agg(x.name) filter (where x.id is not null), '[]'), coalesce(jsonb_agg(x.name) filter (where x.id is null), '[]'),
           (select count(*) from put)
    into applied, missing, n from named x;
    if n > 0 or utm_applied or values_changed <> '{}' then
        perform crm_event(p_org, 'customer.changed', p_customer);
    end if;
    return jsonb_build_object('utmApplied', utm_applied,
        'fieldsApplied', (select coalesce(jsonb_agg(f.slug order by f.position, f.slug), '[]') from custom_fields f
                          where f.org_id = p_org and f.archived_at is null and given ? f.id::text and values_changed ? f.slug),
        'fieldsFilled', (select coalesce(jsonb_agg(f.slug order by f.position, f.slug), '[]') from custom_fields f
                         where f.org_id = p_org and f.archived_at is null and given ? f.id::text and not values_changed ? f.slug),
        'tagsApplied', applied, 'tagsMissing', missing);
end $$;

drop function if exists crm_missing_fields(uuid, uuid); -- before it had p_required
-- Slugs of the fields that must be filled before a chat of the customer is closed (p_required: by how they are required), and are
-- not.
create or replace function crm_missing_fields(p_org uuid, p_customer uuid, p_required text[] default '{close,always}') returns text[]
language sql stable as $$
    select coalesce(array_agg(f.slug order by f.position, f.slug), '{}') from custom_fields f
    where f.org_id = p_org and f.archived_at is null and f.required = any (p_required)
      and not exists (select from field_values v where v.org_id = p_org and v.customer_id = p_customer and v.field_id = f.id)
$$;
