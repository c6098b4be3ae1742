-- WhatsApp accounts.

-- name: chat_last_inbound
-- The platform's id of the newest message from the person: typing is shown beneath it.
select m.external_id from messages m
where m.org_id = :org::uuid and m.chat_id = :chat::uuid and m.direction = 'in' and m.external_id <> '' order by m.seq desc limit 1;

-- name: whatsapp_parts_out
-- So many parts of a message have left.
update messages m set parts_sent = greatest(m.parts_sent, :parts::int) where m.org_id = :org::uuid and m.id = :message::uuid;

-- name: channel_found
-- What looking after an account found out: quality, when its token ends, that it was looked at.
-- wakes: events
with c as (
    update channels c set quality = c.quality || coalesce(:quality::jsonb, '{}'), checked_at = now(),
        address = coalesce(nullif(:address::text, ''), c.address), external_account = coalesce(nullif(:external_account::text, ''), c.external_account),
        token_expires_at = case when :token_expires_ms::bigint is null then c.token_expires_at
                                when :token_expires_ms::bigint = 0 then null else to_timestamp(:token_expires_ms::bigint / 1000.0) end,
        updated_at = case when c.quality @> coalesce(:quality::jsonb, '{}') then c.updated_at else now() end
    where c.org_id = :org::uuid and c.id = :channel::uuid and c.deleted_at is null
    returning c.org_id, c.id, c.updated_at = now() as changed
)
insert into events (org_id, type, payload) select org_id, 'channel.changed', jsonb_build_object('channelId', id) from c where changed;

-- name: whatsapp_siblings
-- Other living accounts of the same WABA.
select c.id from channels c
where c.org_id = :org::uuid and c.kind = 'whatsapp' and c.id <> :channel::uuid and c.deleted_at is null and c.settings->>'wabaId' = :waba::text limit 1;
