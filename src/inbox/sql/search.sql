-- Search.

-- name: inbox_search
-- People by name, number or address, and messages by their words.
-- class: search
select json_build_object(
    'customers', (select coalesce(json_agg(json_build_object('id', cu.id, 'name', customer_display(cu),
            'display', (select case when co.kind = 'webchat' then null when :sees_contacts::boolean then contact_display(co.kind, co.canonical) else mask_contact(co.kind, co.canonical) end
                        from contacts co where co.org_id = cu.org_id and co.customer_id = cu.id and co.hidden_at is null order by co.is_primary desc, co.created_at limit 1),
            'chatId', (select ch.id from chats ch where ch.org_id = cu.org_id and ch.customer_id = cu.id
                       and {chat_visible}
                       order by ch.last_message_at desc limit 1))), '[]')
        from crm_search(:org::uuid, crm_reader(:actor::uuid, :sees_all::boolean, :sees_contacts::boolean, :teams::uuid[]), :q::text, array(select jsonb_array_elements_text(:keys::jsonb)), :limit::int) s (id)
        join customers cu on cu.org_id = :org::uuid and cu.id = s.id
        -- who may not look at customers finds those that they talk to
        where :customers_too::boolean or exists (select from chats ch where ch.org_id = cu.org_id and ch.customer_id = cu.id
              and {chat_visible})),
    'messages', (select coalesce(json_agg(json_build_object('chatId', m.chat_id, 'messageId', m.message_id, 'seq', m.seq, 'snippet', m.snippet,
            'customerName', (select customer_display(cu) from customers cu where cu.org_id = :org::uuid and cu.id = m.customer_id),
            'direction', m.direction, 'createdAt', ts_json(m.created_at)) order by m.created_at desc), '[]')
        from inbox_search_messages(:org::uuid, :actor::uuid, :sees_all::boolean, :teams::uuid[], :q::text, :limit::int) m));
