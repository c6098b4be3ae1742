-- Connecting by login: tickets between the platform's answer and the choice of an account.

-- name: channel_ticket_add
-- A new ticket; those of the organization that have expired go.
with old as (
    delete from channel_tickets t where t.org_id = :org::uuid and t.expires_at < now()
)
insert into channel_tickets (org_id, kind, owner_id, sealed, expires_at)
values (:org::uuid, :kind::text, :actor::uuid, :sealed::text, now() + interval '15 minutes') returning id;

-- name: channel_ticket_get
-- An own ticket that is still good.
select t.sealed from channel_tickets t
where t.org_id = :org::uuid and t.id = :ticket::uuid and t.kind = :kind::text and t.owner_id = :actor::uuid and t.expires_at > now();

-- name: channel_tickets_clean
-- Expired tickets of all organizations.
select channel_tickets_clean() as gone;

-- name: channels_connected
-- Which of these accounts of a platform are connected already, here or in another organization: [{"account", "here"}, …].
select coalesce(json_agg(json_build_object('account', x.account, 'here', x.here)), '[]') from channels_connected(:org::uuid, :kind::text, :accounts::jsonb) x;

-- name: channel_page_shared
-- Is there another account, of any organization, on the same Facebook page (its subscription must stay)?
select channel_page_shared(:channel::uuid, :page::text) as shared;

-- name: channel_token_age
-- Until when an account's token is good and since when the account is here (milliseconds of Unix time, null when not known); settings and secrets.
select (extract(epoch from c.token_expires_at) * 1000)::bigint as expires, (extract(epoch from c.created_at) * 1000)::bigint as since,
       c.settings::text as settings, c.secrets
from channels c where c.org_id = :org::uuid and c.id = :channel::uuid;

-- name: channel_token_renewed
-- A token that was renewed, unless the account was given another one meanwhile.
update channels c set secrets = :sealed::text, token_expires_at = to_timestamp(:expires::bigint / 1000.0), checked_at = now(), updated_at = now()
where c.org_id = :org::uuid and c.id = :channel::uuid and c.deleted_at is null and c.secrets is not distinct from :was::text;

-- name: contact_profile_set
-- Name and picture of a person, where ours are empty; what the platform said stays with the contact.
-- wakes: events
select contact_profile_set(:org::uuid, :customer::uuid, :kind::text, :identifier::text, :name::text, :username::text, :picture::uuid) as changed;

-- name: message_part_sent
-- A part of a message is out, others follow.
-- wakes: events
select message_part_sent(:org::uuid, :message::uuid, :part::int, :external::text) as known;
