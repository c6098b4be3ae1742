-- Notes between agents, and taking words back.

-- p: {id, content, clientId, files:[{fileId}], mentions:[user ids], authorId, authorName, authorKind}. Mentioned people who may see the
-- chat get a notice of their own.
create or replace function inbox_note(p_org uuid, p_chat uuid, p jsonb, out note json) language plpgsql as $$
declare
    ch chats;
    m messages;
    r record;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    if not found then raise exception using errcode = 'IF404', message = 'CHAT_NOT_FOUND'; end if;
    if exists (select from jsonb_array_elements_text(coalesce(p->'mentions', '[]')) x
               where not exists (select from memberships ms where ms.org_id = p_org and ms.user_id = x::uuid and ms.status = 'active')) then
        raise exception using errcode = 'IF400', message = 'USER_NOT_FOUND', hint = 'mentions';
    end if;
    m.id := (p->>'id')::uuid;
    m.direction := 'note'; m.kind := 'text'; m.status := 'received';
    m.content := p->>'content';
    m.client_id := p->>'clientId';
    m.author_kind := coalesce(p->>'authorKind', 'user'); m.author_id := (p->>'authorId')::uuid; m.author_name := p->>'authorName';
    select * into r from inbox_append(ch, m, p->'files');
    if not r.is_double then
        insert into mentions (org_id, message_id, user_id, chat_id)
        select p_org, (r.m).id, x::uuid, p_chat from jsonb_array_elements_text(coalesce(p->'mentions', '[]')) x
        on conflict do nothing;
        perform inbox_message_event('message.created', r.ch, r.m);
        insert into events (org_id, type, chat_id, team_id, assignee_id, user_id, payload)
        select p_org, 'notice.mention', p_chat, (r.ch).team_id, (r.ch).assignee_id, mt.user_id,
               jsonb_build_object('chatId', p_chat, 'messageId', (r.m).id, 'authorName', (r.m).author_name, 'content', left((r.m).content, 160))
          from mentions mt where mt.org_id = p_org and mt.message_id = (r.m).id and mt.user_id is distinct from (r.m).author_id;
    end if;
    note := message_json(r.m);
end $$;

create or replace function inbox_changed_event(ch chats, m messages) returns void language plpgsql as $$
begin
    if ch.last_message->>'id' = m.id::text then
        update chats c set last_message = case when m.deleted_at is null then message_preview(m)
                                          else message_preview(m) || '{"text": "", "deleted": true}' end, version = c.version + 1
         where c.org_id = ch.org_id and c.id = ch.id returning c.* into ch;
    end if;
    perform inbox_message_event('message.changed', ch, m);
end $$;

create or replace function inbox_edit(p_org uuid, p_chat uuid, p_message uuid, p_content text, p_actor uuid) returns json
language plpgsql as $$
declare
    ch chats;
    m messages;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    select * into m from messages x where x.org_id = p_org and x.chat_id = p_chat and x.id = p_message;
    if not found then raise exception using errcode = 'IF404', message = 'MESSAGE_NOT_FOUND'; end if;
    if m.deleted_at is not null or not ((m.direction = 'note' and m.author_id = p_actor) or m.status = 'scheduled') then
        raise exception using errcode = 'IF409', message = 'MESSAGE_NOT_EDITABLE';
    end if;
    update messages x set content = p_content, edited_at = now() where x.org_id = p_org and x.id = p_message returning x.* into m;
    perform inbox_changed_event(ch, m);
    return message_json(m);
end $$;

create or replace function inbox_delete(p_org uuid, p_chat uuid, p_message uuid, p_actor uuid) returns json
language plpgsql as $$
declare
    ch chats;
    m messages;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat for update;
    select * into m from messages x where x.org_id = p_org and x.chat_id = p_chat and x.id = p_message;
    if not found then raise exception using errcode = 'IF404', message = 'MESSAGE_NOT_FOUND'; end if;
    if m.deleted_at is not null or not ((m.direction = 'note' and m.author_id = p_actor) or m.status in ('scheduled', 'failed')
        or (m.direction = 'out' and (select c.kind from channels c where c.org_id = p_org and c.id = m.channel_id) = 'webchat')) then
        raise exception using errcode = 'IF409', message = 'MESSAGE_NOT_DELETABLE';
    end if;
    if m.status = 'scheduled' then
        delete from jobs j where j.org_id = p_org and j.unique_key = 'message.release:' || m.id and j.state = 'waiting';
    end if;
    if m.id = ch.pinned_message_id then
        update chats c set pinned_message_id = null, version = c.version + 1 where c.org_id = p_org and c.id = ch.id returning c.* into ch;
        perform inbox_chat_event('chat.changed', ch, ch.team_id, ch.assignee_id);
    end if;
    update messages x set deleted_at = now(), status = case when x.status = 'scheduled' then 'cancelled' else x.status end
     where x.org_id = p_org and x.id = p_message returning x.* into m;
    perform inbox_changed_event(ch, m);
    return message_json(m);
end $$;

-- A reaction of somebody of the team (an empty emoji takes it back). Where the platform shows such things a job puts it on the person's
-- message; elsewhere only the team sees it.
create or replace function inbox_react(p_org uuid, p_chat uuid, p_message uuid, p_actor text, p_actor_name text, p_emoji text) returns json
language plpgsql as $$
declare
    ch chats;
    m messages;
begin
    select * into ch from chats c where c.org_id = p_org and c.id = p_chat;
    select * into m from messages x where x.org_id = p_org and x.chat_id = p_chat and x.id = p_message and x.direction in ('in', 'out')
        and x.deleted_at is null;
    if not found then raise exception using errcode = 'IF404', message = 'MESSAGE_NOT_FOUND'; end if;
    if coalesce(p_emoji, '') = '' then
        delete from reactions x where x.org_id = p_org and x.message_id = p_message and x.actor = p_actor;
    else
        insert into reactions (org_id, message_id, actor, actor_name, emoji) values (p_org, p_message, p_actor, coalesce(p_actor_name, ''), p_emoji)
        on conflict (org_id, message_id, actor) do update set emoji = excluded.emoji, created_at = now();
    end if;
    insert into events (org_id, type, chat_id, team_id, assignee_id, customer_id, payload)
    values (p_org, 'message.reaction', ch.id, ch.team_id, ch.assignee_id, ch.customer_id,
            jsonb_build_object('chatId', ch.id, 'messageId', m.id, 'actor', p_actor, 'actorName', coalesce(p_actor_name, ''),
                               'emoji', coalesce(p_emoji, '')));
    if m.direction = 'in' and m.external_id is not null then
        insert into jobs (org_id, kind, payload, order_key, unique_key)
        select p_org, 'message.react', jsonb_build_object('messageId', m.id), 'chat:' || ch.id, 'message.react:' || m.id
          from channels c where c.org_id = p_org and c.id = ch.channel_id and c.kind <> 'webchat' and c.deleted_at is null
        on conflict do nothing;
    end if;
    return message_json(m);
end $$;
