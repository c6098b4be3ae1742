/* The list of all kinds of nodes, and how their rows look in the API (node.h). To add one: its file
 * in nodes/, a line here and one in meson.build (docs/ADDING.md). */
#include <string.h>

#include "base/json.h"
#include "flows/node.h"
#include "flows/nodes/nodes.h"

const struct flow_node *const flow_nodes[] = {
    &node_start,    &node_message,   &node_media,    &node_template, &node_email, &node_menu,
    &node_question, &node_condition, &node_hours,    &node_split,    &node_delay, &node_jump,
    &node_set,      &node_http,      &node_customer, &node_transfer, &node_note,  &node_call,
    &node_close,    &node_end,       NULL,
};

const char *const node_field_kind_names[NF_KIND_COUNT] = {
    [NF_TEMPLATE] = "template",
    [NF_TEXT] = "text",
    [NF_NUMBER] = "number",
    [NF_BOOL] = "bool",
    [NF_ENUM] = "enum",
    [NF_DURATION] = "duration",
    [NF_TIME] = "time",
    [NF_WEEKDAYS] = "weekdays",
    [NF_ZONE] = "zone",
    [NF_OPTIONS] = "options",
    [NF_WEIGHTS] = "weights",
    [NF_CASES] = "cases",
    [NF_CONDITIONS] = "conditions",
    [NF_EXPRESSION] = "expression",
    [NF_VARIABLE] = "variable",
    [NF_MAPPING] = "mapping",
    [NF_PAIRS] = "pairs",
    [NF_FILE] = "file",
    [NF_FILES] = "files",
    [NF_CHANNEL] = "channel",
    [NF_CHANNELS] = "channels",
    [NF_TEAM] = "team",
    [NF_USER] = "user",
    [NF_TAG] = "tag",
    [NF_TAGS] = "tags",
    [NF_STAGE] = "stage",
    [NF_CLOSURE_TYPE] = "closureType",
    [NF_FLOW] = "flow",
    [NF_NODE] = "node",
    [NF_FIELDS] = "fields",
    [NF_ASSIGNMENTS] = "assignments",
    [NF_WA_TEMPLATE] = "waTemplate",
    [NF_URL] = "url",
    [NF_JSON] = "json",
    [NF_WORDS] = "words",
    [NF_TRIGGERS] = "triggers",
};

const char *const node_category_names[] = {"send", "ask", "decide", "do", "other"};

static const char *const role_names[] = {"next",    "yes",     "no",   "else",
                                         "nomatch", "timeout", "error"};

const struct flow_node *flow_node_find(const char *type)
{
    for (size_t i = 0; flow_nodes[i]; i++)
        if (strcmp(flow_nodes[i]->type, type) == 0) return flow_nodes[i];
    return NULL;
}

/* --- when ------------------------------------------------------------------------------- */

/* Is s one of "a|b|c"? */
static bool listed(const char *values, const char *s)
{
    size_t len = strlen(s);
    for (const char *p = values; *p;) {
        size_t n = strcspn(p, "|");
        if (n == len && memcmp(p, s, n) == 0) return true;
        p += n + (p[n] == '|');
    }
    return false;
}

static bool is_set(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
    case JSON_FALSE: return false;
    case JSON_STRING: return json_string_length(v) > 0;
    case JSON_INTEGER: return json_integer_value(v) != 0;
    case JSON_ARRAY: return json_array_size(v) > 0;
    case JSON_OBJECT: return json_object_size(v) > 0;
    default: return true;
    }
}

bool node_when_holds(const struct node_when *w, const json_t *data)
{
    if (!w->field) return true;
    const json_t *v = json_object_get(data, w->field);
    if (!w->in || !*w->in) return v && is_set(v);
    if (json_is_string(v)) return listed(w->in, json_string_value(v));
    if (json_is_boolean(v)) return listed(w->in, json_is_true(v) ? "true" : "false");
    return false;
}

/* --- as JSON ---------------------------------------------------------------------------- */

static json_t *split(const char *values)
{
    json_t *list = json_array();
    for (const char *p = values; p && *p;) {
        size_t n = strcspn(p, "|");
        json_array_append_new(list, json_stringn(p, n));
        p += n + (p[n] == '|');
    }
    return list;
}

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

static json_t *when_json(const struct node_when *w)
{
    if (!w->field) return json_null();
    return json_pack("{s:s, s:o}", "field", w->field, "in", split(w->in));
}

static json_t *default_json(const struct node_field *f)
{
    json_t *v = f->otherwise ? json_loads(f->otherwise, JSON_DECODE_ANY, NULL) : NULL;
    return v ? v : json_null();
}

json_t *node_fields_json(const struct node_field *fields)
{
    json_t *list = json_array();
    for (const struct node_field *f = fields; f && f->name; f++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "name", f->name,
                            "kind", node_field_kind_names[f->kind], "required", f->required, "min",
                            f->min ? json_integer(f->min) : json_null(), "max",
                            f->max ? json_integer(f->max) : json_null(), "values", split(f->values),
                            "default", default_json(f), "of", text_or_null(f->of), "when",
                            when_json(&f->when), "advanced", f->advanced));
    return list;
}

static json_t *ports_json(const struct node_port *ports)
{
    json_t *list = json_array();
    for (const struct node_port *p = ports; p && p->id; p++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "id", p->id, "role",
                                              role_names[p->role], "when", when_json(&p->when)));
    return list;
}

static json_t *kinds_json(uint32_t kinds)
{
    json_t *list = json_array();
    for (int k = 0; k < FLOW_KIND_COUNT; k++)
        if (kinds & FLOW_KIND_BIT(k)) json_array_append_new(list, json_string(flow_kind_names[k]));
    return list;
}

json_t *flow_nodes_json(void)
{
    json_t *list = json_array();
    for (size_t i = 0; flow_nodes[i]; i++) {
        const struct flow_node *n = flow_nodes[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "type", n->type,
                      "category", node_category_names[n->category], "icon", n->icon, "kinds",
                      kinds_json(n->kinds), "waits", n->waits, "max",
                      n->max ? json_integer(n->max) : json_null(), "summary",
                      text_or_null(n->summary), "fields", node_fields_json(n->fields), "ports",
                      ports_json(n->ports), "portsField", text_or_null(n->ports_field)));
    }
    return json_pack("{s:o}", "items", list);
}
