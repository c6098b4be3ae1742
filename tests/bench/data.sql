-- The data set of ./bench: one organization with 200,000 customers, 120,000 chats of which 2,000 are open, 1,000,000 messages.
-- Run by the owner through psql: -v org=… -v owner=… -v customers=… -v chats=… -v open=… -v messages=…
-- Made by sets with the secondary indexes taken away and without foreign key triggers: minutes instead of an hour.
\set ON_ERROR_STOP on
set session_replication_role = replica;
set client_min_messages = warning;
set maintenance_work_mem = '512MB';
set synchronous_commit = off;
select set_config('app.org', :'org', false);
select setseed(0.5);

create temp table kept_indexes as
select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as made
from pg_index i join pg_class t on t.oid = i.indrelid
where t.relname in ('customers', 'contacts', 'contact_keys', 'customer_tags', 'chats', 'messages', 'chat_reads', 'reactions') and not i.indisprimary
  and t.relnamespace = 'public'::regnamespace;
select format('drop index %s', name) from kept_indexes \gexec

-- Words: a few hundred that everybody uses, thousands that are rare.
create temp table words as
select row_number() over () as n, w from (
    select unnest(string_to_array('oi bom dia boa tarde tudo bem o pedido ainda não chegou pode verificar obrigado claro já vou olhar aqui um momento por favor '
        'qual é o prazo de entrega para o meu endereço quanto custa o frete aceita cartão pix boleto parcelado tem desconto à vista queria trocar o tamanho '
        'da camisa veio errado quero devolver produto com defeito garantia nota fiscal segunda via fatura vencida pagamento confirmado horário amanhã hoje '
        'agendar consulta banho tosa vacina cachorro gato ração remédio receita exame resultado médico retorno cliente cadastro senha acesso aplicativo '
        'problema erro tela não funciona resolvido ótimo perfeito valeu até mais disponível estoque loja filial rua número bairro cidade telefone contato '
        'orçamento proposta contrato assinatura renovação cancelamento reembolso transferência banco conta saldo comprovante enviado recebido aguardando '
        'retirada motoboy correios rastreio código', ' ')) as w
    union all
    select (array['ca', 're', 'mo', 'li', 'tu', 'pa', 'ne', 'vi', 'do', 'sa'])[1 + g % 10] || (array['ra', 'te', 'no', 'lu', 'mi', 'ção', 'dor', 'ba', 'ge', 'fo'])[1 + g / 10 % 10]
        || (array['s', 'da', 'mento', 'vel', 'ria', 'nte', 'zinho', 'do', 'l', 'gem'])[1 + g / 100 % 10] || (array['', 's', 'a', 'o'])[1 + g / 1000]
    from generate_series(0, 3999) g) x;
create unique index on words (n);
analyze words;

-- 20,000 sentences of 2 to 24 words; frequent words are frequent in them.
create temp table sentences as
select s as n, string_agg(w.w, ' ' order by p.p) as text
from (select s, 2 + (random() * random() * 22)::int as len from generate_series(0, 19999) s) x
cross join lateral generate_series(1, x.len) as p (p)
cross join lateral (select 1 + floor(power(random(), 4) * (select count(*) from words) + 0 * p.p)::int as k) r
join words w on w.n = least(r.k, (select count(*) from words))
group by s;
create unique index on sentences (n);
analyze sentences;

-- ---- people of the team ----
insert into users (email, name, password_hash, language)
select 'agente' || g || '@bench.example', 'Agente ' || g, '', 'pt' from generate_series(1, 12) g;
insert into memberships (org_id, user_id, role_id)
select :'org', u.id, (select r.id from roles r where r.org_id = :'org' and r.kind = 'agent') from users u where u.email like 'agente%@bench.example';
insert into teams (org_id, name) select :'org', x from unnest(array['Vendas', 'Suporte', 'Financeiro', 'Pós-venda']) x;
insert into team_members (org_id, team_id, user_id)
select :'org', t.id, m.user_id from teams t join memberships m on m.org_id = t.org_id where t.org_id = :'org' and random() < 0.5;
insert into tags (org_id, name) select :'org', 'Etiqueta ' || g from generate_series(1, 20) g;
create temp table agents as select row_number() over () - 1 as n, u.user_id, us.name from memberships u join users us on us.id = u.user_id where u.org_id = :'org';
create temp table team_numbers as select row_number() over () - 1 as n, id from teams where org_id = :'org';
create temp table tag_numbers as select row_number() over () - 1 as n, id from tags where org_id = :'org';
create temp table channel_numbers as select row_number() over () - 1 as n, id from channels where org_id = :'org' and deleted_at is null;

-- ---- customers ----
create temp table people as
select g as n, uuid_v7() as id, uuid_v7() as contact_id, gen_random_uuid() as visitor,
       (array['Ana', 'Maria', 'João', 'José', 'Pedro', 'Lucas', 'Mariana', 'Beatriz', 'Carlos', 'Paulo', 'Juliana', 'Fernanda', 'Rafael', 'Gabriel', 'Camila',
              'Larissa', 'Rodrigo', 'Felipe', 'Bruno', 'Aline', 'Patrícia', 'Sofía', 'Mateo', 'Valentina', 'Santiago', 'Emma', 'Oliver', 'Luísa', 'Helena', 'Davi'])[1 + floor(random() * 30)::int]
       || ' ' || (array['Silva', 'Santos', 'Oliveira', 'Souza', 'Rodrigues', 'Ferreira', 'Alves', 'Pereira', 'Lima', 'Gomes', 'Costa', 'Ribeiro', 'Martins',
              'Carvalho', 'Almeida', 'Lopes', 'Soares', 'Fernandes', 'Vieira', 'Barbosa', 'Rocha', 'Dias', 'Nascimento', 'Andrade', 'Moreira', 'Nunes', 'Marques',
              'García', 'Martínez', 'López'])[1 + floor(random() * 30)::int]
       || ' ' || (select initcap(w.w) from words w where w.n = 150 + (g * 7919) % 3900) as name,
       now() - random() * interval '700 days' as created_at, 11900000000 + (g::bigint * 7919 % 99999999) as phone
from generate_series(1, :customers) g;
create unique index on people (n);
analyze people;

insert into customers (org_id, id, name, source, created_at, updated_at, owner_id, value_minor)
select :'org', p.id, p.name, 'webchat', p.created_at, p.created_at,
       case when p.n % 5 = 0 then (select a.user_id from agents a where a.n = p.n % 12) end, case when p.n % 3 = 0 then p.n % 100000 end
from people p order by p.created_at;
insert into contacts (org_id, id, customer_id, kind, identifier, canonical, is_primary, created_at)
select :'org', p.contact_id, p.id, 'webchat', p.visitor::text, p.visitor::text, true, p.created_at from people p;
insert into contacts (org_id, customer_id, kind, identifier, canonical, created_at)
select :'org', p.id, 'phone', '+55' || p.phone, '+55' || p.phone, p.created_at from people p where p.n % 7 <> 0;
insert into contacts (org_id, customer_id, kind, identifier, canonical, created_at)
select :'org', p.id, 'email', x.e, x.e, p.created_at from people p
cross join lateral (select replace(lower(unaccent(p.name)), ' ', '.') || p.n || '@correio.example' as e) x where p.n % 5 < 3;
insert into contact_keys (org_id, key, contact_id, customer_id)
select k.org_id, case k.kind when 'phone' then 'phone:' || substr(k.canonical, 2) else k.kind || ':' || k.canonical end, k.id, k.customer_id
from contacts k where k.org_id = :'org' on conflict do nothing;
insert into customer_tags (org_id, customer_id, tag_id, created_at)
select :'org'::uuid, p.id, t.id, p.created_at from people p join tag_numbers t on t.n = (p.n * 31) % 20 where p.n % 5 < 2
union all
select :'org'::uuid, p.id, t.id, p.created_at from people p join tag_numbers t on t.n = (p.n * 31 + 7) % 20 where p.n % 9 = 0;

-- ---- chats ----
create temp table talks as
select g as n, uuid_v7() as id, p.id as customer_id, p.contact_id, p.name as customer_name, c.id as channel_id, g > :chats - :open as is_open,
       t.id as team_id, case when g <= :chats - :open or g % 3 > 0 then a.user_id end as agent_id, a.name as agent_name,
       case when g % 600 = 1 then 300 else 2 + floor(least(-ln(random() + 1e-9), 8) * (:messages::float / :chats - 2.0))::int end as size,
       now() - (:chats - g) * (interval '400 days' / :chats) - interval '2 days' as opened_at
from generate_series(1, :chats) g
join people p on p.n = 1 + (g::bigint * 7) % :customers
join channel_numbers c on c.n = g % (select count(*) from channel_numbers)
join team_numbers t on t.n = g % 4
join agents a on a.n = g % (select count(*) from agents);
create unique index on talks (n);
analyze talks;

create temp table lines as
select t.n as talk, s.s as seq, uuid_v7() as id, t.opened_at + s.s * interval '4 minutes' + random() * interval '3 minutes' as at,
       case when s.s = 1 or random() < 0.55 then 'in' when random() < 0.93 then 'out' when random() < 0.5 then 'note' else 'event' end as direction,
       floor(random() * 20000)::int as sentence
from talks t cross join lateral generate_series(1, t.size) as s (s);

insert into messages (org_id, id, chat_id, seq, customer_id, channel_id, direction, kind, content, data, status, author_kind, author_id, author_name, client_id,
                      created_at, sent_at, delivered_at, read_at)
select :'org', l.id, t.id, l.seq, t.customer_id, t.channel_id, l.direction, case l.direction when 'event' then 'event' else 'text' end,
       case l.direction when 'event' then '' else s.text end, case l.direction when 'event' then '{"what": "assigned"}'::jsonb else '{}'::jsonb end,
       case l.direction when 'out' then 'read' else 'received' end, case l.direction when 'in' then 'customer' else 'user' end,
       case when l.direction <> 'in' then coalesce(t.agent_id, :'owner') end, case l.direction when 'in' then t.customer_name else t.agent_name end,
       case when l.direction in ('in', 'out') then l.id::text end, l.at, case when l.direction = 'out' then l.at end,
       case when l.direction = 'out' then l.at + interval '1 second' end, case when l.direction = 'out' then l.at + interval '1 minute' end
from lines l join talks t on t.n = l.talk join sentences s on s.n = l.sentence
order by l.at;

insert into chats (org_id, id, customer_id, contact_id, channel_id, status, assignee_id, team_id, opened_at, first_response_at, waiting_since, last_message_at,
                   last_message, message_count, inbound_count, closed_at, closed_by, closure_type_id, visitor, created_at, updated_at)
select :'org', t.id, t.customer_id, t.contact_id, t.channel_id, case when not t.is_open then 'closed' when t.agent_id is null then 'pending' else 'in_progress' end,
       t.agent_id, t.team_id, t.opened_at, x.first_out, case when t.is_open and x.last_in > coalesce(x.last_out, '-infinity') then x.last_in end, x.last_at,
       '{}', t.size, x.ins, case when not t.is_open then x.last_at + interval '5 minutes' end, case when not t.is_open then t.agent_id end,
       case when not t.is_open then (select c.id from closure_types c where c.org_id = :'org' order by c.position offset t.n % 4 limit 1) end,
       jsonb_build_object('page', 'https://loja.example/produto/' || t.n % 500, 'language', 'pt'), t.opened_at, x.last_at
from talks t
join (select l.talk, min(l.at) filter (where l.direction = 'out') as first_out, max(l.at) filter (where l.direction = 'in') as last_in,
             max(l.at) filter (where l.direction = 'out') as last_out, max(l.at) filter (where l.direction <> 'event') as last_at, count(*) filter (where l.direction = 'in') as ins
      from lines l group by l.talk) x on x.talk = t.n
order by t.n;

select made from kept_indexes where name not like '%text%' \gexec
select made from kept_indexes where name like '%text%' \gexec
set session_replication_role = origin;

update chats c set last_message = message_preview(m) from messages m
where c.org_id = :'org' and m.org_id = c.org_id and m.chat_id = c.id and m.seq = c.message_count and m.direction <> 'event';
update chats c set last_message = message_preview(m) from messages m
where c.org_id = :'org' and m.org_id = c.org_id and m.chat_id = c.id and m.seq = c.message_count - 1 and c.last_message = '{}';
update customers c set last_message_at = x.at
from (select customer_id, max(last_message_at) as at from chats where org_id = :'org' group by customer_id) x where c.org_id = :'org' and c.id = x.customer_id;
update messages m set reply_to_id = o.id from messages o
where m.org_id = :'org' and o.org_id = m.org_id and o.chat_id = m.chat_id and o.seq = m.seq - 2 and m.direction = 'out' and abs(hashtext(m.id::text)) % 20 = 0;
insert into reactions (org_id, message_id, actor, emoji)
select :'org', m.id, 'customer', '👍' from messages m where m.org_id = :'org' and m.direction = 'out' and abs(hashtext(m.id::text)) % 50 = 1;
insert into chat_reads (org_id, chat_id, user_id, inbound_seen, seq_seen)
select :'org', c.id, :'owner', greatest(c.inbound_count - 1, 0), greatest(c.message_count - 1, 0) from chats c where c.org_id = :'org' and (c.status <> 'closed' or abs(hashtext(c.id::text)) % 3 = 0);
vacuum (analyze) customers, contacts, contact_keys, customer_tags, chats, messages, chat_reads, reactions;
analyze;
checkpoint;
