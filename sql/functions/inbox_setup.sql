-- Shapes of what agents keep beside the chats, the greeting by the hour, and what a new organization begins with.

create or replace function shortcut_json(s shortcuts) returns json language sql stable as $$
    select json_build_object('id', s.id, 'keyword', s.keyword, 'title', s.title, 'steps', s.steps, 'shared', s.user_id is null,
        'teamIds', s.team_ids, 'uses', s.uses, 'updatedAt', ts_json(s.updated_at))
$$;

create or replace function closure_type_json(t closure_types) returns json language sql stable as $$
    select json_build_object('id', t.id, 'name', t.name, 'color', t.color, 'needsNote', t.needs_note, 'position', t.position,
        'archivedAt', ts_json(t.archived_at))
$$;

create or replace function inbox_view_json(v inbox_views) returns json language sql stable as $$
    select json_build_object('id', v.id, 'name', v.name, 'icon', v.icon, 'color', v.color, 'filter', v.filter, 'position', v.position)
$$;

-- "Bom dia", by the hour where the organization is.
create or replace function inbox_greeting(p_zone text, p_language text) returns text language sql stable as $$
    select case when h < 12 then case p_language when 'es' then 'Buenos días' when 'en' then 'Good morning' else 'Bom dia' end
                when h < 18 then case p_language when 'es' then 'Buenas tardes' when 'en' then 'Good afternoon' else 'Boa tarde' end
                else case p_language when 'es' then 'Buenas noches' when 'en' then 'Good evening' else 'Boa noite' end end
    from (select extract(hour from now() at time zone p_zone) as h) x
$$;

-- Closure types and a few shortcuts, in the organization's language.
create or replace function inbox_seed(p_org uuid) returns void language plpgsql as $$
declare
    lang text;
begin
    select o.language into lang from organizations o where o.id = p_org;
    insert into closure_types (org_id, name, color, position, needs_note)
    select p_org, case lang when 'es' then x.es when 'en' then x.en else x.pt end, x.color, x.position, false
      from (values ('Resolvido', 'Resuelto', 'Resolved', '#1f9d63', 1), ('Venda realizada', 'Venta realizada', 'Sale made', '#5a4fd6', 2),
                   ('Sem interesse', 'Sin interés', 'Not interested', '#c27c0a', 3), ('Sem resposta', 'Sin respuesta', 'No answer', '#5b6475', 4)
           ) as x (pt, es, en, color, position)
    on conflict do nothing;
    insert into shortcuts (org_id, keyword, title, steps)
    select p_org, case lang when 'es' then x.kes when 'en' then x.ken else x.kpt end, case lang when 'es' then x.tes when 'en' then x.ten else x.tpt end,
           jsonb_build_array(jsonb_build_object('content', case lang when 'es' then x.es when 'en' then x.en else x.pt end, 'fileIds', '[]'::jsonb, 'delayMs', 0))
      from (values
        ('ola', 'hola', 'hello', 'Saudação', 'Saludo', 'Greeting',
         '{{greeting}}, {{customer.firstName|default:tudo bem}}! Aqui é {{agent.firstName}}, da {{organization.name}}. Como posso ajudar?',
         '¡{{greeting}}, {{customer.firstName|default:qué tal}}! Le saluda {{agent.firstName}}, de {{organization.name}}. ¿En qué puedo ayudar?',
         '{{greeting}}, {{customer.firstName|default:there}}! This is {{agent.firstName}} from {{organization.name}}. How can I help?'),
        ('obrigado', 'gracias', 'thanks', 'Agradecimento', 'Agradecimiento', 'Thanks',
         'Obrigado pelo contato, {{customer.firstName|default:e até logo}}! Se precisar, é só chamar por aqui.',
         '¡Gracias por escribirnos, {{customer.firstName|default:hasta pronto}}! Si necesita algo más, aquí estamos.',
         'Thank you for writing, {{customer.firstName|default:see you soon}}! If you need anything else, just write here.')
        ) as x (kpt, kes, ken, tpt, tes, ten, pt, es, en)
    on conflict do nothing;
end $$;

-- A team is about to go: nothing may point to it.
create or replace function inbox_team_removed(p_org uuid, p_team uuid) returns void language plpgsql as $$
declare
    ch chats;
begin
    update channels c set default_team_id = null, updated_at = now() where c.org_id = p_org and c.default_team_id = p_team;
    update shortcuts s set team_ids = array_remove(s.team_ids, p_team) where s.org_id = p_org and p_team = any(s.team_ids);
    for ch in select * from chats c where c.org_id = p_org and c.team_id = p_team order by c.id for update loop
        update chats c set team_id = null, version = c.version + 1 where c.org_id = p_org and c.id = ch.id returning c.* into ch;
        if ch.status <> 'closed' then
            perform inbox_chat_event('chat.changed', ch, p_team, ch.assignee_id);
        end if;
    end loop;
end $$;
