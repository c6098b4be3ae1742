-- name: channel_load
-- One connected account with its sealed secrets.
select kind, name, address, status, external_account, public_key, default_team_id, settings::text as settings, secrets
from channels where org_id = :org::uuid and id = :id::uuid and (:deleted_too::boolean or deleted_at is null);
