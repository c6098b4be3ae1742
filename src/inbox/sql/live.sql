-- name: live_chat
-- What live news must know of a chat that the actor may see.
select ch.team_id, ch.assignee_id, ch.customer_id, ch.channel_id, co.identifier
from chats ch join contacts co on co.org_id = ch.org_id and co.id = ch.contact_id
where ch.org_id = :org::uuid and ch.id = :chat::uuid
  and {chat_visible};

-- name: live_seen
-- A page of the actor is open.
update memberships set last_seen_at = now() where org_id = :org::uuid and user_id = :actor::uuid
   and coalesce(last_seen_at, '-infinity') < now() - interval '30 seconds';
