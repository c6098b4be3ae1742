-- E-mail accounts: what is known of mails, how far folders were read, what an answer needs.

-- name: mail_look
-- Is a mail known (its digest, when so), and which chat does it answer? Always one row.
select k.digest, k.direction, t.chat_id, t.parent
from (select 1) one
left join mails k on k.org_id = :org::uuid and k.channel_id = :channel::uuid and k.mail_id = :mail_id::text
cross join mail_thread(:org::uuid, :channel::uuid, :refs::jsonb, :key::text, :peer::text, :subject_key::text) t;

-- name: mail_meet
-- What can be said of a mail before its turn: is this very mail known, and whose address is it? Always one row.
select exists (select from mails m where m.org_id = :org::uuid and m.channel_id = :channel::uuid and m.mail_id = :mail_id::text
                  and (m.direction = 'out' or m.digest = :digest::text)) as known,
       (select k.customer_id from contact_keys k where k.org_id = :org::uuid and k.key = :key::text) as customer_id;

-- name: mail_add
-- Note a mail as taken or on its way. A known one stays as it is.
insert into mails (org_id, channel_id, mail_id, direction, message_id, chat_id, peer, subject_key, refs, digest, sender_kind, file_id, created_at)
select :org::uuid, :channel::uuid, :mail_id::text, :direction::text, :message::uuid, :chat::uuid, :peer::text, :subject_key::text,
       array(select jsonb_array_elements_text(:refs::jsonb)), :digest::text, :sender_kind::text, :file::uuid, now()
on conflict do nothing;

-- name: mail_sent_find
-- The mail of ours that a bounce is about: by its Message-ID, which only those know who got it; else, as anybody can write such a bounce,
-- only the newest to that very address, of the days before the bounce, not told to have arrived, after which that address wrote nothing.
-- Whoever answered a mail has got it, whatever a bounce says. :at_ms: when the mail server took the bounce (0: now).
select m.message_id, m.chat_id, m.mail_id from (
    select m.message_id, m.chat_id, m.mail_id, 0 as rank, m.created_at from mails m
    where m.org_id = :org::uuid and m.channel_id = :channel::uuid and m.direction = 'out' and m.message_id is not null
      and m.mail_id in (select jsonb_array_elements_text(:ids::jsonb))
      and m.created_at > coalesce(to_timestamp(nullif(:at_ms::bigint, 0) / 1000.0), now()) - interval '30 days'
      and not exists (select from mails i where i.org_id = m.org_id and i.channel_id = m.channel_id and i.peer = :peer::text
                         and i.direction = 'in' and i.sender_kind <> 'bounce' and m.mail_id = any (i.refs))
    union all
    select m.message_id, m.chat_id, m.mail_id, 1, m.created_at from mails m
    join messages x on x.org_id = m.org_id and x.id = m.message_id and x.status in ('queued', 'sent')
    cross join (select coalesce(to_timestamp(nullif(:at_ms::bigint, 0) / 1000.0), now()) as at) b
    where m.org_id = :org::uuid and m.channel_id = :channel::uuid and m.direction = 'out' and m.peer = :peer::text
      and m.created_at > b.at - interval '5 days' and m.created_at < b.at + interval '5 minutes' -- two clocks
      and not exists (select from mails i where i.org_id = m.org_id and i.channel_id = m.channel_id and i.peer = m.peer
                         and i.direction = 'in' and i.sender_kind <> 'bounce' and i.created_at > m.created_at)) m
order by m.rank, m.created_at desc limit 1;

-- name: mail_state_raise
-- The delivery state of a message, as a mail server told it.
-- wakes: events
select inbox_raise_status(:org::uuid, :message::uuid, :status::text, now(), null, :error::jsonb) as changed;

-- name: mail_folder_get
-- How far a folder was read.
select uid_validity, uid_next, extract(epoch from synced_at)::bigint * 1000 as synced_ms, imported from mail_folders
where org_id = :org::uuid and channel_id = :channel::uuid and folder = :folder::text;

-- name: mail_folder_set
-- A folder was read up to here.
insert into mail_folders (org_id, channel_id, folder, uid_validity, uid_next, imported)
values (:org::uuid, :channel::uuid, :folder::text, :uid_validity::bigint, :uid_next::bigint, :imported::boolean)
on conflict (org_id, channel_id, folder) do update
set uid_validity = excluded.uid_validity, uid_next = excluded.uid_next, imported = excluded.imported, synced_at = now();

-- name: mail_parent
-- What an answer needs to know: the mail that it answers (the one named, else the newest of the chat, the person's own first; the
-- newest is the one that came last: dates are what senders' clocks say), its
-- references, and the language of the organization. Always one row.
select o.language, p.mail_id, p.refs, p.data, p.content, p.direction, p.created_ms, p.author, p.no_answer
from organizations o
left join lateral (
    select m.mail_id, to_json(m.refs)::text as refs, (x.data->'mail')::text as data, x.content, m.direction,
           (extract(epoch from x.created_at) * 1000)::bigint as created_ms, x.author_name as author,
           coalesce((x.data->>'automatic')::boolean, false) as no_answer
    from messages x join mails m on m.org_id = x.org_id and m.message_id = x.id
    where x.org_id = :org::uuid and x.chat_id = :chat::uuid and x.id <> :message::uuid and m.channel_id = :channel::uuid
    order by m.mail_id = :reply_to::text desc, m.direction = 'in' desc, x.seq desc limit 1) p on true
where o.id = :org::uuid;

-- name: mail_receiver_set
-- Whom a mail of ours really goes to, where that is not the address of the chat (the person's mail asked for answers elsewhere): shown.
update messages set data = coalesce(data, '{}') || jsonb_build_object('mail', coalesce(data->'mail', '{}') || jsonb_build_object('to', :to::jsonb))
where org_id = :org::uuid and id = :message::uuid;

-- name: mail_programs_sent
-- How many mails of programs this address was sent within the hour, without this one (a further try of it).
select count(*) as sent from mails m
where m.org_id = :org::uuid and m.channel_id = :channel::uuid and m.peer = :peer::text and m.direction = 'out' and m.sender_kind = 'program'
  and m.message_id is distinct from :message::uuid and m.created_at > now() - interval '1 hour';

-- name: mail_of_message
-- The raw mail behind a message of a chat that the actor may see.
select m.file_id, m.mail_id, x.direction, x.deleted_at is not null as deleted,
       (select json_agg(json_build_object('fileId', f.file_id, 'name', f.name, 'sizeBytes', f.size_bytes) order by f.position)
        from message_files f where f.org_id = x.org_id and f.message_id = x.id)::text as files
from messages x join chats ch on ch.org_id = x.org_id and ch.id = x.chat_id
left join mails m on m.org_id = x.org_id and m.message_id = x.id
where x.org_id = :org::uuid and x.id = :messageId::uuid and x.chat_id = :chatId::uuid and {chat_visible};

-- name: mail_token_get
-- The sealed tokens of an account, and whether the access token is good for another minute.
select sealed, expires_at > now() + interval '1 minute' as fresh from mail_tokens
where org_id = :org::uuid and channel_id = :channel::uuid;

-- name: mail_token_put
-- Keep the tokens of an account.
insert into mail_tokens (org_id, channel_id, sealed, expires_at)
values (:org::uuid, :channel::uuid, :sealed::text, now() + make_interval(secs => :seconds::int))
on conflict (org_id, channel_id) do update set sealed = excluded.sealed, expires_at = excluded.expires_at;

-- name: mail_token_forget
-- The access token was refused.
update mail_tokens set expires_at = now() where org_id = :org::uuid and channel_id = :channel::uuid;
