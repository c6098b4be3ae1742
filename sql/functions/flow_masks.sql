-- What somebody without contacts.view reads of sessions: which way they went, not what was said in them. Names of variables and members
-- stay, their values do not: any of them may be an address, a number or a document. Tests are shown as they are: their customers are made up.

-- The same with every text and number hidden.
create or replace function json_masked(j jsonb) returns jsonb language plpgsql immutable parallel safe as $$
begin
    return case jsonb_typeof(j)
        when 'object' then (select coalesce(jsonb_object_agg(x.key, json_masked(x.value)), '{}') from jsonb_each(j) x)
        when 'array' then (select coalesce(jsonb_agg(json_masked(x.value) order by x.n), '[]') from jsonb_array_elements(j) with ordinality x (value, n))
        when 'string' then '"•••"'::jsonb when 'number' then '"•••"'::jsonb
        else j end;
end $$;

-- A line of the log: how a question was shown, and what another system answered by its number, are nobody's values.
create or replace function flow_line_masked(line jsonb) returns jsonb language sql immutable parallel safe as $$
    select line || jsonb_build_object('data', json_masked(coalesce(line->'data', '{}') - '{shown,status,tries}'::text[])
                   || (select coalesce(jsonb_object_agg(x.key, x.value), '{}') from jsonb_each(coalesce(line->'data', '{}')) x where x.key in ('shown', 'status', 'tries')))
        || case when jsonb_typeof(line->'error') = 'object' then jsonb_build_object('error', (line->'error') || '{"message": ""}') else '{}' end
$$;

-- What flow_session_json and flow_session_detail made, for these eyes.
create or replace function flow_session_shown(j jsonb, p_sees boolean) returns jsonb language sql immutable parallel safe as $$
    select case when p_sees or (j->>'test')::boolean then j || '{"masked": false}' else
        j || jsonb_build_object('masked', true, 'trigger', jsonb_strip_nulls(jsonb_build_object('kind', j#>'{trigger,kind}', 'key', j#>'{trigger,key}')))
        || case when jsonb_typeof(j->'error') = 'object' then jsonb_build_object('error', (j->'error') || '{"message": ""}') else '{}' end
        || case when j ? 'vars' then jsonb_build_object('vars', json_masked(j->'vars')) else '{}' end
        || case when j ? 'log' then jsonb_build_object('log',
               (select coalesce(jsonb_agg(flow_line_masked(x.line) order by x.n), '[]') from jsonb_array_elements(j->'log') with ordinality x (line, n))) else '{}' end
        end
$$;
