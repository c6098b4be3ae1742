-- How a template looks.
create or replace function template_json(t templates) returns json language sql stable as $$
    select json_build_object('id', t.id, 'channelId', t.channel_id, 'externalId', t.external_id, 'name', t.name, 'language', t.language,
        'category', t.category, 'status', t.status, 'reason', t.reason, 'quality', t.quality, 'format', t.format, 'components', t.components,
        'createdAt', ts_json(t.created_at), 'updatedAt', ts_json(t.updated_at))
$$;
