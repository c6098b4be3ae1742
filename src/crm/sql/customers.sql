-- Customers and what hangs on one of them. The functions are in sql/functions/crm*.sql.

-- name: customer_list
-- A page of customers by the filters of the query.
select crm_customers_page(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :in::jsonb, '{}');

-- name: customer_search
-- The same with a search text.
-- class: search
select crm_customers_search(:org,
           crm_reader(:actor, :sees_all, :sees_contacts, :teams),
           :in::jsonb, array(select jsonb_array_elements_text(:keys::jsonb)));

-- name: customer_count
-- How many customers a filter matches, at most 10,000.
-- class: search
select crm_customers_count(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :in::jsonb,
                           array(select jsonb_array_elements_text(:keys::jsonb)));

-- name: customer_get
-- One customer with everything, and the first possible double.
select crm_customer_get(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :customerId);

-- name: customer_create
-- Make a customer; answers in the shape of the public path.
-- wakes: events, jobs
select jsonb_build_object('success', true)
       || crm_customer_create(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :p::jsonb || jsonb_build_object('values', :values::jsonb));

-- name: customer_update
-- Change what is named.
-- wakes: events, jobs
select jsonb_build_object('success', true, 'message', 'Customer updated', 'data',
       crm_customer_update(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :p::jsonb || jsonb_build_object('values', :values::jsonb)));

-- name: customer_delete
-- Take a customer out of all lists.
-- wakes: events
select crm_customer_delete(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId);

-- name: customer_erase
-- Remove everything that is known of a person.
-- wakes: events
select crm_customer_erase(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId);

-- name: customer_merge
-- Merge :mergeId into :customerId, which takes over what :values names.
-- wakes: events
select crm_customer_merge(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :mergeId, array(select jsonb_array_elements_text(coalesce(:values::jsonb, '[]'))));

-- name: customer_owner
-- Give a customer to somebody, or nobody.
-- wakes: events
select crm_customer_owner(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :ownerId);

-- name: customer_bulk_check
-- What a bulk action points to must be there.
select crm_check_links(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), jsonb_build_object('stageId', :stageId::uuid, 'ownerId', :ownerId::uuid, 'tagsField', 'tagId',
           'tagIds', to_jsonb(array_remove(array[:tagId::uuid], null))));

-- name: customer_bulk_ids
-- The ids that a filter matches, by id, after :after.
-- class: search
select r.id from crm_customers_ids(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :filter::jsonb,
           array(select jsonb_array_elements_text(:keys::jsonb)), :after::uuid, :limit::integer) r (id);

-- name: customer_dismiss_duplicate
-- Remember that two customers are two people.
-- wakes: events
select crm_duplicate_dismiss(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :otherId);

-- name: customer_duplicates
-- Other records that may be the same person.
select crm_duplicates_json(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :customerId);

-- name: customer_timeline
-- Everything that happened with a customer, newest first.
select crm_timeline(:org,
           crm_reader(:actor, :sees_all, :sees_contacts, :teams),
           :customerId, :cursor, :limit);

-- name: customer_chats
-- The chats of a customer that the reader may see, newest first.
with c as (select (crm_need(:org, :customerId, crm_reader(:actor, :sees_all, :sees_contacts, :teams), false)).id),
     page as (select l.h, row_number() over () as n, count(*) over () > :limit::integer as more
              from (select h from c join chats h on h.org_id = :org and h.customer_id = c.id
                    where (:sees_all::boolean or h.assignee_id = :actor::uuid or h.team_id = any (:teams::uuid[]))
                      and (:cursor::text is null or (h.opened_at, h.id) < (cursor_time(:cursor), cursor_id(:cursor)))
                    order by h.opened_at desc, h.id desc limit :limit::integer + 1) l)
select json_build_object('items', coalesce(json_agg(i.item order by p.n) filter (where p.n <= :limit::integer), '[]'),
                         'next', max(case when p.n = :limit::integer and p.more then cursor_make((p.h).opened_at, (p.h).id) end))
from c left join page p on true left join lateral chat_item(p.h, :sees_contacts::boolean, null,
     crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[])) i on true;

-- name: customer_files
-- The files in a customer's messages that the reader may see, newest first.
with c as (select (crm_need(:org, :customerId, crm_reader(:actor, :sees_all, :sees_contacts, :teams), false)).id),
     page as (select l.*, row_number() over () as n, count(*) over () > :limit::integer as more
              from (select f.id, f.name, f.type, f.kind, f.size_bytes, m.chat_id, m.created_at
                    from c
                    join chats h on h.org_id = :org and h.customer_id = c.id
                         and (:sees_all::boolean or h.assignee_id = :actor::uuid or h.team_id = any (:teams::uuid[]))
                    join messages m on m.org_id = :org and m.chat_id = h.id and m.deleted_at is null
                    join message_files mf on mf.org_id = :org and mf.message_id = m.id
                    join files f on f.org_id = :org and f.id = mf.file_id
                    where :cursor::text is null or (m.created_at, f.id) < (cursor_time(:cursor), cursor_id(:cursor))
                    order by m.created_at desc, f.id desc limit :limit::integer + 1) l)
select json_build_object('items', coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'type', p.type, 'kind', p.kind,
                             'sizeBytes', p.size_bytes, 'url', '/api/' || :org::uuid || '/files/' || p.id, 'chatId', p.chat_id,
                             'createdAt', ts_json(p.created_at)) order by p.n) filter (where p.n <= :limit::integer), '[]'),
                         'next', max(case when p.n = :limit::integer and p.more then cursor_make(p.created_at, p.id) end))
from c left join page p on true;

-- name: customer_export
-- Everything that is kept of one person.
-- class: report
select crm_customer_export(:org, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :customerId);

-- name: customer_export_audit
-- That data left the house.
select crm_audit(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :action, 'customer', :customer::uuid, '', '{}');

-- name: customer_export_rows
-- A stretch of an export, by id.
-- class: report
select r.id, r.item from crm_export_rows(:org,
           crm_reader(:actor, :sees_all, :sees_contacts, :teams),
           :in::jsonb, array(select jsonb_array_elements_text(:keys::jsonb)), :after::uuid, :limit::integer) r;

-- name: customer_export_names
-- Names of what exported rows point to.
select (select coalesce(jsonb_object_agg(t.id, t.name), '{}') from tags t where t.org_id = :org) as tags,
       (select coalesce(jsonb_object_agg(s.id, f.name || ': ' || s.name), '{}') from stages s
        join funnels f on f.org_id = s.org_id and f.id = s.funnel_id where s.org_id = :org) as stages,
       (select coalesce(jsonb_object_agg(u.id, u.name), '{}') from memberships m join users u on u.id = m.user_id where m.org_id = :org) as users,
       (select coalesce(jsonb_agg(custom_field_json(f) order by f.position, f.slug), '[]') from custom_fields f
        where f.org_id = :org and f.archived_at is null) as fields,
       (select o.currency from organizations o where o.id = :org) as currency;

-- name: contact_add
-- Give a customer a contact.
-- wakes: events
select crm_contact_add(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :p::jsonb, :allowDuplicateContacts);

-- name: contact_update
-- Change label, primary mark or identifier.
-- wakes: events
select crm_contact_update(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :contactId, :p::jsonb);

-- name: contact_kind
-- The kind of a contact, for reading a new identifier.
select k.kind from contacts k where k.org_id = :org and k.id = :contactId::uuid and k.customer_id = :customerId::uuid and k.hidden_at is null;

-- name: contact_remove
-- Take a contact away.
-- wakes: events
select crm_contact_remove(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :contactId);

-- name: customer_tag_add
-- Tag a customer.
-- wakes: events, jobs
select json_build_object('success', true, 'data', crm_customer_tag(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :tagId, :chatId, true));

-- name: customer_tag_remove
-- Take a tag off.
-- wakes: events, jobs
select json_build_object('success', true, 'data', crm_customer_tag(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :tagId, null, false));

-- name: customer_note_list
-- The notes of a customer, newest first.
with c as (select (crm_need(:org, :customerId, crm_reader(:actor, :sees_all, :sees_contacts, :teams), false)).id),
     page as (select l.note, row_number() over () as n, count(*) over () > :limit::integer as more
              from (select n as note from c join notes n on n.org_id = :org and n.customer_id = c.id
                    where :cursor::text is null or (n.created_at, n.id) < (cursor_time(:cursor), cursor_id(:cursor))
                    order by n.created_at desc, n.id desc limit :limit::integer + 1) l)
select json_build_object('items', coalesce(json_agg(note_json(p.note) order by p.n) filter (where p.n <= :limit::integer), '[]'),
                         'next', max(case when p.n = :limit::integer and p.more then cursor_make((p.note).created_at, (p.note).id) end))
from c left join page p on true;

-- name: customer_note_add
-- Write a note.
-- wakes: events
select json_build_object('success', true, 'data', crm_note_put(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, null, :title, :content));

-- name: customer_note_update
-- Change a note.
-- wakes: events
select json_build_object('success', true, 'data', crm_note_put(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :noteId, :title, :content));

-- name: customer_note_remove
-- Remove a note.
-- wakes: events
select json_build_object('success', crm_note_remove(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :noteId), 'data', json_build_object('id', :noteId::uuid));

-- name: customer_stage
-- Move a customer within or out of the funnel.
-- wakes: events, jobs
select json_build_object('success', true, 'message', 'Stage updated', 'data',
       crm_customer_stage(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :stageId, :stageOrder, :notes, :chatId));

-- name: field_value_list
-- All custom fields of a customer, filled or not.
with c as (select (crm_need(:org, :customerId, crm_reader(:actor, :sees_all, :sees_contacts, :teams), false)).id)
select json_build_object('success', true, 'data', coalesce(json_agg(json_build_object(
           'fieldId', f.id, 'slug', f.slug, 'name', f.name, 'kind', f.kind, 'required', f.required,
           'value', field_value_shown(f.kind, v.value, :sees_contacts::boolean), 'updatedAt', ts_json(v.updated_at)) order by f.position, f.slug)
           filter (where f.id is not null), '[]'))
from c
left join custom_fields f on f.org_id = :org and f.archived_at is null
left join field_values v on v.org_id = :org and v.customer_id = c.id and v.field_id = f.id;

-- name: field_value_put
-- Set one value.
-- wakes: events
select json_build_object('success', true, 'data', json_build_object('slug', :slug::text, 'fieldId', :field::uuid,
       'value', crm_customer_values(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customerId, :values::jsonb) -> :slug::text));
