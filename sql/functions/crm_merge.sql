-- The CRM's doubles: two records that are one person become one, and pairs that are none. Each function does one thing whole (rows, news,
-- audit) for one commit, as those of crm_write.sql, whose pieces they use.

-- p_from goes into p_into: contacts, chats, notes, tags, values, stage moves move over; where both say something the kept one
-- wins. The merged record stays as a row that points to the kept one, and as it was in merges.snapshot. A contact that both
-- have becomes one; only when both hold an open chat over it on one channel its double stays, hidden, for that chat.
-- p_take: where both say something, what the kept one takes from the other all the same: name, document, birthDate, address, owner,
-- stage, value, pinnedNote, field:<slug>.
drop function if exists crm_customer_merge(uuid, crm_actor, uuid, uuid);
create or replace function crm_customer_merge(p_org uuid, who crm_actor, p_into uuid, p_from uuid, p_take text[]) returns jsonb
language plpgsql as $$
declare
    kept customers;
    was customers;
    gone customers;
    pair record;
begin
    if p_into = p_from then
        perform fault(400, 'SAME_CUSTOMER', 'mergeId');
    end if;
    if exists (select from unnest(p_take) as w (what)
               where w.what not in ('name', 'document', 'birthDate', 'address', 'owner', 'stage', 'value', 'pinnedNote')
                 and not exists (select from custom_fields f where f.org_id = p_org and 'field:' || f.slug = w.what)) then
        perform fault(400, 'INVALID_CHOICE', 'values');
    end if;
    -- One order of locks, whoever is merged into whom; FOR UPDATE makes receiving a message of either wait.
    perform 1 from customers x where x.org_id = p_org and x.id in (p_into, p_from) order by x.id for update;
    kept := crm_need(p_org, p_into, who, true);
    was := kept;
    select * into gone from customers x where x.org_id = p_org and x.id = p_from and x.deleted_at is null;
    if gone.id is null or not customer_visible(gone, who) then
        perform fault(404, 'CUSTOMER_NOT_FOUND', 'mergeId');
    elsif gone.merged_into_id is not null then
        perform fault(409, 'CUSTOMER_MERGED', 'mergeId', jsonb_build_object('mergedIntoId', gone.merged_into_id));
    end if;
    insert into merges (org_id, kept_id, merged_id, merged_name, snapshot, merged_by)
    values (p_org, p_into, p_from, gone.name, customer_json(gone, crm_reader(null, true, true, null)), (who).id);

    update contacts k set is_primary = false where k.org_id = p_org and k.customer_id = p_from and k.is_primary
        and exists (select from contacts o where o.org_id = p_org and o.customer_id = p_into and o.is_primary and o.hidden_at is null);
    for pair in select d.id as double, o.id as original from contacts d
                join contacts o on o.org_id = p_org and o.customer_id = p_into and o.kind = d.kind and o.canonical = d.canonical
                    and o.hidden_at is null
                where d.org_id = p_org and d.customer_id = p_from and d.hidden_at is null loop
        update contact_keys k set contact_id = pair.original where k.org_id = p_org and k.contact_id = pair.double;
        update chats h set contact_id = pair.original where h.org_id = p_org and h.contact_id = pair.double
            and (h.status = 'closed' or not exists (select from chats o where o.org_id = p_org and o.contact_id = pair.original
                                                    and o.channel_id = h.channel_id and o.status <> 'closed'));
        if exists (select from chats h where h.org_id = p_org and h.contact_id = pair.double) then
            update contacts k set hidden_at = now() where k.org_id = p_org and k.id = pair.double;
        else
            delete from contacts k where k.org_id = p_org and k.id = pair.double;
        end if;
    end loop;
    update contacts k set customer_id = p_into where k.org_id = p_org and k.customer_id = p_from;
    update contact_keys k set customer_id = p_into where k.org_id = p_org and k.customer_id = p_from;
    update chats h set customer_id = p_into, version = h.version + 1 where h.org_id = p_org and h.customer_id = p_from;
    update messages m set customer_id = p_into
    where m.org_id = p_org and m.customer_id = p_from and m.chat_id in (select h.id from chats h where h.org_id = p_org and h.customer_id = p_into);
    update notes n set customer_id = p_into where n.org_id = p_org and n.customer_id = p_from;
    update stage_moves s set customer_id = p_into where s.org_id = p_org and s.customer_id = p_from;
    insert into customer_tags (org_id, customer_id, tag_id, created_at, created_by)
    select p_org, p_into, t.tag_id, t.created_at, t.created_by from customer_tags t where t.org_id = p_org and t.customer_id = p_from
    on conflict do nothing;
    delete from customer_tags t where t.org_id = p_org and t.customer_id = p_from;
    delete from field_values v using custom_fields f
    where v.org_id = p_org and v.customer_id = p_into and f.org_id = p_org and f.id = v.field_id and 'field:' || f.slug = any (p_take)
      and exists (select from field_values o where o.org_id = p_org and o.customer_id = p_from and o.field_id = v.field_id);
    insert into field_values (org_id, customer_id, field_id, value, updated_at, updated_by)
    select p_org, p_into, v.field_id, v.value, v.updated_at, v.updated_by from field_values v
    where v.org_id = p_org and v.customer_id = p_from
    on conflict do nothing;
    delete from field_values v where v.org_id = p_org and v.customer_id = p_from;
    update merges m set kept_id = p_into where m.org_id = p_org and m.kept_id = p_from;
    update customers x set merged_into_id = p_into where x.org_id = p_org and x.merged_into_id = p_from;

    update customers x set merged_into_id = p_into, stage_id = null, stage_order = null, stage_since = null, updated_at = now()
    where x.org_id = p_org and x.id = p_from;
    update customers x set
        name = case when 'name' = any (p_take) and gone.name <> '' or x.name = '' then gone.name else x.name end,
        document = case when 'document' = any (p_take) then coalesce(gone.document, x.document) else coalesce(x.document, gone.document) end,
        document_key = case when 'document' = any (p_take) and gone.document is not null or x.document is null then gone.document_key
                            else x.document_key end,
        birth_date = case when 'birthDate' = any (p_take) then coalesce(gone.birth_date, x.birth_date)
                          else coalesce(x.birth_date, gone.birth_date) end,
        country = coalesce(x.country, gone.country),
        language = coalesce(x.language, gone.language),
        address = case when 'address' = any (p_take) and gone.address <> '{}' then gone.address else gone.address || x.address end,
        avatar_file_id = coalesce(x.avatar_file_id, gone.avatar_file_id),
        pinned_note = case when 'pinnedNote' = any (p_take) and gone.pinned_note <> '' or x.pinned_note = '' then gone.pinned_note
                           else x.pinned_note end,
        owner_id = case when 'owner' = any (p_take) then coalesce(gone.owner_id, x.owner_id) else coalesce(x.owner_id, gone.owner_id) end,
        stage_id = coalesce(x.stage_id, gone.stage_id),
        stage_order = case when x.stage_id is null then gone.stage_order else x.stage_order end,
        stage_since = case when x.stage_id is null then gone.stage_since else x.stage_since end,
        value_minor = case when 'value' = any (p_take) then coalesce(gone.value_minor, x.value_minor)
                           else coalesce(x.value_minor, gone.value_minor) end,
        utm = gone.utm || x.utm,
        last_message_at = greatest(x.last_message_at, gone.last_message_at),
        version = x.version + 1,
        updated_at = now()
    where x.org_id = p_org and x.id = p_into
    returning * into kept;
    if 'stage' = any (p_take) and gone.stage_id is not null and crm_stage_put(p_org, kept, who, gone.stage_id, null, '', null) then
        select * into kept from customers x where x.org_id = p_org and x.id = p_into;
    end if;
    perform crm_audit(p_org, who, 'customer.merged', 'customer', p_into, customer_display(kept),
                      jsonb_build_object('mergedId', jsonb_build_array(null, p_from), 'mergedName', jsonb_build_array(null, gone.name))
                      || case when p_take <> '{}' then crm_changes(was, kept) else '{}' end);
    perform crm_event(p_org, 'customer.merged', p_into, jsonb_build_object('mergedId', p_from));
    return customer_json(kept, who);
end $$;

-- Two people after all: the pair is not suggested any more, to nobody.
create or replace function crm_duplicate_dismiss(p_org uuid, who crm_actor, p_id uuid, p_other uuid) returns boolean
language plpgsql as $$
declare
    c customers;
    o customers;
begin
    if p_id = p_other then
        perform fault(400, 'SAME_CUSTOMER', 'otherId');
    end if;
    c := crm_need(p_org, p_id, who, false);
    o := crm_need(p_org, p_other, who, false);
    insert into duplicate_dismissals (org_id, low_id, high_id, dismissed_by)
    values (p_org, least(p_id, p_other), greatest(p_id, p_other), (who).id)
    on conflict do nothing;
    if found then
        perform crm_audit(p_org, who, 'customer.duplicate_dismissed', 'customer', p_id, customer_display(c),
                          jsonb_build_object('otherId', jsonb_build_array(null, p_other), 'otherName', jsonb_build_array(null, customer_display(o))));
        perform crm_event(p_org, 'customer.changed', p_id);
        perform crm_event(p_org, 'customer.changed', p_other);
    end if;
    return true;
end $$;
