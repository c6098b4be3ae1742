-- name: api_key_list
-- Keys that work, newest first.
select json_build_object('items', coalesce(json_agg(api_key_json(k) order by k.created_at desc, k.id), '[]'), 'next', null)
from api_keys k where k.org_id = :org::uuid and k.revoked_at is null;

-- name: api_key_create
-- A key, by its hash.
insert into api_keys (org_id, name, prefix, key_hash, role_id, permissions, allowed_addresses, rate_per_minute, created_by)
values (:org::uuid, :name, :prefix, :key_hash, :roleId::uuid, :permission_names::text[],
        array(select x from jsonb_array_elements_text(coalesce(:allowedAddresses::jsonb, '[]')) x), :ratePerMinute::integer, :actor::uuid)
returning id, api_key_json(api_keys) as json;

-- name: api_key_revoke
-- The key stops working; its line stays for the log.
update api_keys set revoked_at = now() where org_id = :org::uuid and id = :keyId::uuid and revoked_at is null returning name;
