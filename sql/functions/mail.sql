-- The chat that a mail answers. What it names decides (References with In-Reply-To, the newest first), and only among the mails of the same
-- person: somebody else who answers in copy gets a chat of their own. The subject is the last resort, for an answer (p_subject_key is not
-- null) whose program dropped the references.
create or replace function mail_thread(p_org uuid, p_channel uuid, p_refs jsonb, p_key text, p_peer text, p_subject_key text,
    out chat_id uuid, out parent text)
language plpgsql stable as $$
declare
    who uuid;
begin
    select k.customer_id into who from contact_keys k where k.org_id = p_org and k.key = p_key;
    if not found then return; end if;
    select m.chat_id, m.mail_id into chat_id, parent
      from jsonb_array_elements_text(p_refs) with ordinality r (id, n)
      join mails m on m.org_id = p_org and m.channel_id = p_channel and m.mail_id = r.id
      join chats c on c.org_id = p_org and c.id = m.chat_id and c.customer_id = who
     order by r.n desc limit 1;
    if found or coalesce(p_subject_key, '') = '' then return; end if;
    select m.chat_id, m.mail_id into chat_id, parent
      from mails m join chats c on c.org_id = p_org and c.id = m.chat_id and c.customer_id = who
     where m.org_id = p_org and m.channel_id = p_channel and m.peer = p_peer and m.subject_key = p_subject_key
       and m.created_at > now() - interval '60 days'
     order by m.created_at desc limit 1;
end $$;

-- A mail that becomes a message: rows of its files, the message, and what the mail is found by, in one commit. p: as inbox_receive takes
-- it, with `mail` (receive.c of the e-mail channel writes it). wakes: jobs may have come of it.
drop function if exists mail_receive(uuid, uuid, jsonb); -- before it had wakes
create or replace function mail_receive(p_org uuid, p_channel uuid, p jsonb,
    out chat_id uuid, out message_id uuid, out seq integer, out customer_id uuid, out is_double boolean, out is_new boolean, out wakes boolean)
language plpgsql as $$
declare
    mail jsonb := p->'mail';
    got record;
begin
    insert into files (org_id, id, name, type, kind, size_bytes, sha256, width, height, source)
    select p_org, f.id, f.name, f.type, f.kind, f.size_bytes, f.sha256, nullif(f.width, 0), nullif(f.height, 0), 'mail'
      from jsonb_to_recordset(mail->'files')
           as f (id uuid, name text, type text, kind text, size_bytes bigint, sha256 text, width integer, height integer);
    select * into got from inbox_receive(p_org, p_channel, p - 'mail');
    insert into mails (org_id, channel_id, mail_id, direction, message_id, chat_id, peer, subject_key, refs, digest, sender_kind, file_id, created_at)
    values (p_org, p_channel, mail->>'mailId', mail->>'direction', got.message_id, got.chat_id, mail->>'peer', mail->>'subjectKey',
            array(select jsonb_array_elements_text(mail->'refs')), mail->>'digest', mail->>'senderKind', (mail->>'fileId')::uuid, now())
    on conflict do nothing;
    chat_id := got.chat_id; message_id := got.message_id; seq := got.seq; customer_id := got.customer_id;
    is_double := got.is_double; is_new := got.is_new;
    wakes := is_new or exists (select from jobs j where j.org_id = p_org and j.unique_key = 'flow.in:' || got.chat_id and j.state = 'waiting');
end $$;
