-- Tags, custom fields, funnels and stages: what an organization sets up for its CRM.

-- name: tag_list
-- All tags by name.
select json_build_object('success', true, 'data', coalesce(json_agg(tag_json(t) order by fold(t.name), t.id), '[]')) from tags t where t.org_id = :org;

-- name: tag_create
-- Make a tag.
-- wakes: events
select json_build_object('success', true, 'data', crm_tag_put(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           null, :name, :color));

-- name: tag_update
-- Rename or recolour a tag.
-- wakes: events
select json_build_object('success', true, 'data', crm_tag_put(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :tagId, :name, :color));

-- name: tag_delete
-- Remove a tag from everywhere.
-- wakes: events
select json_build_object('success', true, 'data', crm_tag_delete(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :tagId));

-- name: field_list
-- All custom fields in their order.
select json_build_object('items', coalesce(json_agg(custom_field_json(f) order by f.position, f.slug), '[]'), 'next', null)
from custom_fields f where f.org_id = :org and f.archived_at is null;

-- name: field_create
-- Define a custom field.
-- wakes: events
select crm_field_create(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :in::jsonb);

-- name: field_update
-- Change a custom field.
-- wakes: events
select crm_field_update(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :fieldId, :in::jsonb);

-- name: field_delete
-- Put a custom field away.
-- wakes: events
select crm_field_delete(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :fieldId);

-- name: funnel_list
-- All funnels with their stages.
select json_build_object('items', coalesce(json_agg(funnel_json(f) order by f.position, f.created_at, f.id), '[]'), 'next', null)
from funnels f where f.org_id = :org;

-- name: funnel_create
-- Make a funnel with its stages.
-- wakes: events
select crm_funnel_put(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           null, :name, :position, :stages::jsonb);

-- name: funnel_update
-- Rename or move a funnel.
-- wakes: events
select crm_funnel_put(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :funnelId, :name, :position, null);

-- name: funnel_delete
-- Remove a funnel; its customers go to :moveToId.
-- wakes: events
select crm_funnel_delete(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :funnelId, :moveToId);

-- name: stage_create
-- Add a stage to a funnel.
-- wakes: events
select crm_stage_define(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :funnelId, null, :name, :color, :kind, :position);

-- name: stage_update
-- Change a stage.
-- wakes: events
select crm_stage_define(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           null, :stageId, :name, :color, :kind, :position);

-- name: stage_delete
-- Remove a stage; its customers go to :moveToId.
-- wakes: events
select crm_stage_delete(:org,
           crm_writer(:actor, :actor_kind, :actor_name, :address, :trace, :sees_all, :sees_contacts, :teams),
           :stageId, :moveToId);
