-- Small things that the C rules of the CRM look up.

-- name: crm_country
-- The country that telephone numbers without a code belong to.
select country from organizations where id = :org;

-- name: crm_home
-- What reading values needs: country, currency and all custom fields.
select o.country, o.currency,
       (select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'slug', f.slug, 'kind', f.kind, 'options', f.options)
                                  order by f.position, f.slug), '[]')
        from custom_fields f where f.org_id = :org and f.archived_at is null) as fields
from organizations o where o.id = :org;

-- name: crm_file_exists
-- Is this a file of the organization that the actor may see? It stays until the end of the transaction.
select file_hold(:org, :file::uuid) and exists (select from files f where f.org_id = :org and f.id = :file::uuid
       and file_visible(f, crm_reader(:actor, :sees_all, :sees_contacts, :teams), :actor_id)) as found;

-- name: crm_find_or_create
-- The customer behind an identity, made when unknown (:p as in the function).
-- wakes: events
select r->>'customerId' as customer, r->>'contactId' as contact, r->>'customerName' as name, (r->>'created')::boolean as created,
       r->'contactsApplied' as applied, r->'contactsSkipped' as skipped
from crm_find_or_create(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :p::jsonb) r;

-- name: crm_first_touch
-- Fill what is empty: utm, values, tags by name.
-- wakes: events, jobs
select crm_first_touch(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :customer::uuid, :p::jsonb || jsonb_build_object('values', :values::jsonb));
