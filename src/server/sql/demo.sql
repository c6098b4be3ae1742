-- The demonstration's rows (cli_demo.c). Times lie in the past, so nothing here goes through the inbox's own functions; the numbers of a
-- chat are made to agree at its end.

-- name: demo_wanted
-- Only an installation without any organization gets the demonstration.
select not demo_exists() as wanted;

-- name: demo_team
-- A team.
insert into teams (org_id, name, color, distribution) values (:org::uuid, :name::text, :color::text, 'manual') returning id;

-- name: demo_team_member
-- Its members.
insert into team_members (org_id, team_id, user_id, position) values (:org::uuid, :team::uuid, :user::uuid, :position::int) on conflict do nothing;

-- name: demo_tag
-- A tag.
insert into tags (org_id, name, color) values (:org::uuid, :name::text, :color::text)
on conflict (org_id, fold(name)) do update set color = excluded.color returning id;

-- name: demo_field
-- A custom field.
insert into custom_fields (org_id, slug, name, kind, options, position) values (:org::uuid, :slug::text, :name::text, :kind::text, :options::jsonb, :position::int)
returning id;

-- name: demo_value
-- Its value for a customer.
insert into field_values (org_id, customer_id, field_id, value) values (:org::uuid, :customer::uuid, :field::uuid, :value::jsonb) on conflict do nothing;

-- name: demo_shortcut
-- A shared shortcut.
insert into shortcuts (org_id, keyword, title, steps)
values (:org::uuid, :keyword::text, :title::text, jsonb_build_array(jsonb_build_object('content', :content::text, 'fileIds', '[]'::jsonb, 'delayMs', 0)))
on conflict do nothing;

-- name: demo_channel
-- A web chat.
insert into channels (org_id, kind, name, address, public_key, settings, default_team_id)
values (:org::uuid, 'webchat', :name::text, :address::text, :key::text, :settings::jsonb, :team::uuid) returning id;

-- name: demo_customer
-- A person with a telephone number and an e-mail address.
select customer_id, contact_id from demo_customer(:org::uuid, :name::text, :phone::text, :phone_keys::jsonb, :email::text, :visitor::text, :at::timestamptz,
    :stage::int);

-- name: demo_customer_tag
-- A tag on a customer.
insert into customer_tags (org_id, customer_id, tag_id) values (:org::uuid, :customer::uuid, :tag::uuid) on conflict do nothing;

-- name: demo_note
-- A note on a customer.
insert into notes (org_id, customer_id, title, content, created_by, created_at) values (:org::uuid, :customer::uuid, :title::text, :content::text, :user::uuid, :at::timestamptz);

-- name: demo_chat
-- A chat with all its messages: lines = [{direction, content, at, author, authorName}].
select demo_chat(:org::uuid, :customer::uuid, :contact::uuid, :channel::uuid, :team::uuid, :agent::uuid, :status::text, :closure::int, :lines::jsonb, :visitor::jsonb);

-- name: demo_read
-- The owner has read all but what came last.
insert into chat_reads (org_id, chat_id, user_id, inbound_seen, seq_seen)
select ch.org_id, ch.id, m.user_id, case when ch.status = 'closed' or ch.waiting_since is null then ch.inbound_count else greatest(ch.inbound_count - 1, 0) end, ch.message_count
from chats ch join memberships m on m.org_id = ch.org_id where ch.org_id = :org::uuid on conflict do nothing;

-- name: demo_channels_seen
-- When each web chat last had something.
update channels c set last_event_at = (select max(ch.last_message_at) from chats ch where ch.org_id = c.org_id and ch.channel_id = c.id) where c.org_id = :org::uuid;

-- name: demo_flow
-- A flow, as a draft.
select f.id from flow_add(:org::uuid, :name::text, :kind::text, :graph::jsonb, '[]', '{}', null) f;

-- name: demo_flow_publish
-- Its draft goes live.
select flow_triggers_put(f.org_id, f.id) from flow_publish(:org::uuid, :flow::uuid, '', null, null) f;

-- name: demo_organization
-- Whose channels `demo --channels` connects; null: no organization yet.
select demo_organization() as id;

-- name: demo_peer_channel
-- An account at the stand-in platform; connected anew at each start.
insert into channels (org_id, kind, name, address, external_account, public_key, settings, secrets)
values (:org::uuid, :kind::text, :name::text, :address::text, :account::text, :key::text, :settings::jsonb, :sealed::text)
on conflict (public_key) where public_key is not null do update
set settings = excluded.settings, secrets = excluded.secrets, status = 'connected', status_reason = '', deleted_at = null, updated_at = now();
