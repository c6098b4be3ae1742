-- name: live_chat
-- What live news must know of a chat that the actor may see.
select ch.team_id, ch.assignee_id, ch.customer_id, ch.channel_id, co.identifier
from chats ch join contacts co on co.org_id = ch.org_id and co.id = ch.contact_id
where ch.org_id = :org::uuid and ch.id = :chat::uuid
  and (:sees_all::boolean or ch.assignee_id = :actor::uuid or ch.team_id = any(:teams::uuid[]));
