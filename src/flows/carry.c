/* Flows as files (carry.h): where a graph points to is known from the rows of its nodes and
 * triggers, so that a new kind of node needs nothing here. */
#include "flows/carry.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "flows/flows.h"
#include "flows/node.h"
#include "flows/trigger_rows.h"

#define FILE_KIND   "interflow.flow"
#define FILE_FORMAT 1

struct walk {
    carry_fn *fn;
    void *arg;
    const char *node_id;
};

/* Fields and templates go by names already. */
static bool by_name(const char *kind)
{
    return strcmp(kind, "field") == 0 || strcmp(kind, "waTemplate") == 0;
}

/* --- one value ------------------------------------------------------------------------- */

/* The id under key of obj. */
static void walk_member(struct walk *w, json_t *obj, const char *key, const char *kind)
{
    const char *id = json_get_text(obj, key);
    if (!id || !id[0]) return;
    const char *to = w->fn(w->arg, kind, w->node_id, id);
    if (to != id) json_object_set_new(obj, key, to ? json_string(to) : json_null());
}

static void walk_list(struct walk *w, json_t *list, const char *kind)
{
    if (!json_is_array(list)) return;
    for (size_t i = 0; i < json_array_size(list);) {
        const char *id = json_string_value(json_array_get(list, i));
        const char *to = id ? w->fn(w->arg, kind, w->node_id, id) : NULL;
        if (id && !to) {
            json_array_remove(list, i);
            continue;
        }
        if (to != id) json_array_set_new(list, i, json_string(to));
        i++;
    }
}

/* {fileId, …} under key of obj. */
static void walk_file(struct walk *w, json_t *obj, const char *key)
{
    json_t *file = json_object_get(obj, key);
    const char *id = json_get_text(file, "fileId");
    if (!id) return;
    const char *to = w->fn(w->arg, "file", w->node_id, id);
    if (!to)
        json_object_set_new(obj, key, json_null());
    else if (to != id)
        json_object_set_new(file, "fileId", json_string(to));
}

static void walk_files(struct walk *w, json_t *list)
{
    if (!json_is_array(list)) return;
    for (size_t i = 0; i < json_array_size(list);) {
        json_t *file = json_array_get(list, i);
        const char *id = json_get_text(file, "fileId");
        const char *to = id ? w->fn(w->arg, "file", w->node_id, id) : NULL;
        if (id && !to) {
            json_array_remove(list, i);
            continue;
        }
        if (to != id) json_object_set_new(file, "fileId", json_string(to));
        i++;
    }
}

static void walk_template(struct walk *w, json_t *t)
{
    char text[700];
    const char *name = json_get_text(t, "name"), *language = json_get_text(t, "language");
    walk_member(w, t, "channelId", "channel");
    if (!name || !name[0]) return;
    int n = snprintf(text, sizeof text, "%s/%s", name, language ? language : "");
    if (n > 0 && (size_t)n < sizeof text) (void)w->fn(w->arg, "waTemplate", w->node_id, text);
}

/* --- custom fields in texts ------------------------------------------------------------ */

#define FIELD_PATH "customer.fields."

static void walk_text(struct walk *w, const char *s)
{
    char slug[65];
    while ((s = strstr(s, FIELD_PATH))) {
        s += strlen(FIELD_PATH);
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        if (n == 0 || n >= sizeof slug) continue;
        memcpy(slug, s, n);
        slug[n] = 0;
        (void)w->fn(w->arg, "field", w->node_id, slug);
    }
}

static void walk_texts(struct walk *w, json_t *j)
{
    const char *key;
    json_t *v;
    size_t i;
    if (json_is_string(j))
        walk_text(w, json_string_value(j));
    else if (json_is_array(j))
        json_array_foreach(j, i, v) walk_texts(w, v);
    else
        json_object_foreach(j, key, v) walk_texts(w, v);
}

/* --- fields by their rows -------------------------------------------------------------- */

static void walk_fields(struct walk *w, const struct node_field *fields, json_t *data);

static void walk_triggers(struct walk *w, json_t *list)
{
    size_t i;
    json_t *t;
    if (!json_is_array(list)) return;
    json_array_foreach(list, i, t)
    {
        const struct flow_trigger *row = flow_trigger_find(json_get_text(t, "kind"));
        if (row) walk_fields(w, row->fields, t);
    }
}

static void walk_field(struct walk *w, const struct node_field *f, json_t *data)
{
    json_t *v = json_object_get(data, f->name);
    const char *slug;
    json_t *text;
    switch (f->kind) {
    case NF_CHANNEL: walk_member(w, data, f->name, "channel"); break;
    case NF_CHANNELS: walk_list(w, v, "channel"); break;
    case NF_TEAM: walk_member(w, data, f->name, "team"); break;
    case NF_USER: walk_member(w, data, f->name, "user"); break;
    case NF_TAG: walk_member(w, data, f->name, "tag"); break;
    case NF_TAGS: walk_list(w, v, "tag"); break;
    case NF_STAGE: walk_member(w, data, f->name, "stage"); break;
    case NF_CLOSURE_TYPE: walk_member(w, data, f->name, "closureType"); break;
    case NF_FLOW: walk_member(w, data, f->name, "flow"); break;
    case NF_FILE: walk_file(w, data, f->name); break;
    case NF_FILES: walk_files(w, v); break;
    case NF_WA_TEMPLATE:
        if (json_is_object(v)) walk_template(w, v);
        break;
    case NF_FIELDS:
        json_object_foreach(v, slug, text)(void) w->fn(w->arg, "field", w->node_id, slug);
        break;
    case NF_TRIGGERS: walk_triggers(w, v); break;
    default: break;
    }
}

static void walk_fields(struct walk *w, const struct node_field *fields, json_t *data)
{
    for (const struct node_field *f = fields; f && f->name; f++)
        walk_field(w, f, data);
}

void carry_each(json_t *graph, carry_fn *fn, void *arg)
{
    size_t i;
    json_t *n;
    json_array_foreach(json_object_get(graph, "nodes"), i, n)
    {
        struct walk w = {.fn = fn, .arg = arg, .node_id = json_get_text(n, "id")};
        const char *type = json_get_text(n, "type");
        const struct flow_node *row = type ? flow_node_find(type) : NULL;
        json_t *data = json_object_get(n, "data");
        if (!row || !w.node_id || !json_is_object(data)) continue;
        walk_fields(&w, row->fields, data);
        walk_texts(&w, data);
    }
}

/* --- out ------------------------------------------------------------------------------- */

/* Is this the name of a header or an argument by which somebody proves themselves? */
static bool tells_secret(const char *name)
{
    static const char *const parts[] = {"authorization", "cookie", "token", "secret", "password"};
    size_t len = name ? strlen(name) : 0;
    for (size_t i = 0; name && i < ARRAY_LEN(parts); i++)
        if (strcasestr(name, parts[i])) return true;
    return len >= 3 && strcasecmp(name + len - 3, "key") == 0;
}

/* Keys of calls stay here: a file goes to other people. Values that are filled in when it runs
 * ({{…}}) are none. */
static void drop_secrets(json_t *graph)
{
    static const char *const fields[] = {"headers", "query"};
    size_t i, k;
    json_t *n, *pair;
    json_array_foreach(json_object_get(graph, "nodes"), i, n)
    {
        const char *type = json_get_text(n, "type");
        if (!type || strcmp(type, "http") != 0) continue;
        for (size_t f = 0; f < ARRAY_LEN(fields); f++)
            json_array_foreach(json_object_get(json_object_get(n, "data"), fields[f]), k, pair)
            {
                const char *value = json_get_text(pair, "value");
                if (value && !strstr(value, "{{") && tells_secret(json_get_text(pair, "name")))
                    json_object_set_new(pair, "value", json_string(""));
            }
    }
}

struct out {
    const json_t *names;
    json_t *refs;
};

static const char *note_ref(void *arg, const char *kind, const char *node_id, const char *id)
{
    struct out *o = arg;
    (void)node_id;
    const char *name = json_get_text(json_object_get(o->names, kind), id);
    if (!name || by_name(kind)) return id;
    json_t *of = json_object_get(o->refs, kind);
    if (!of) {
        of = json_object();
        json_object_set_new(o->refs, kind, of);
    }
    json_object_set_new(of, id, json_string(name));
    return id;
}

json_t *carry_out(const char *name, enum flow_kind kind, json_t *graph, const json_t *names)
{
    struct out o = {.names = names, .refs = json_object()};
    carry_each(graph, note_ref, &o);
    drop_secrets(graph);
    return json_pack("{s:i, s:s, s:s, s:s, s:O, s:o}", "format", FILE_FORMAT, "kind", FILE_KIND,
                     "name", name, "flowKind", flow_kind_names[kind], "graph", graph, "refs",
                     o.refs);
}

/* --- in -------------------------------------------------------------------------------- */

static const char *const ref_kinds[] = {"team",  "tag",         "field", "channel", "user",
                                        "stage", "closureType", "flow",  "file",    "waTemplate"};

static bool is_ref_kind(const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(ref_kinds); i++)
        if (strcmp(ref_kinds[i], kind) == 0) return true;
    return false;
}

static const char *refs_fault(const json_t *refs)
{
    const char *kind, *id;
    json_t *of, *name;
    struct uuid u;
    size_t count = 0;
    if (!json_is_object(refs)) return "Must be an object";
    json_object_foreach((json_t *)(uintptr_t)refs, kind, of)
    {
        if (!is_ref_kind(kind) || !json_is_object(of)) return "Has a kind that is not known";
        json_object_foreach(of, id, name)
        {
            const char *text = json_string_value(name);
            if (!text || !text[0] || text_length(text) > CARRY_NAME_MAX || !uuid_parse(id, &u))
                return "Must be names by id";
            if (++count > CARRY_REFS_MAX) return "Has too many names";
        }
    }
    return NULL;
}

static bool has_only(const json_t *file)
{
    static const char *const members[] = {"format", "kind", "name", "flowKind", "graph", "refs"};
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)file, key, v)
    {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(members); i++)
            known = known || strcmp(members[i], key) == 0;
        if (!known) return false;
    }
    return true;
}

enum err carry_read(json_t *file, struct carried *ret, const char **ret_field, const char **ret_why)
{
    const char *name = json_get_text(file, "name"), *kind = json_get_text(file, "kind"),
               *flow_kind = json_get_text(file, "flowKind");
    *ret = (struct carried){.name = name,
                            .graph = json_object_get(file, "graph"),
                            .refs = json_object_get(file, "refs")};
    *ret_field = "file";
    *ret_why = "Is no file of a flow";
    if (!json_is_object(file) || !kind || strcmp(kind, FILE_KIND) != 0 || !has_only(file))
        return ERR_INVALID;
    *ret_field = "file.format";
    *ret_why = "Is of another version";
    if (json_get_int(file, "format", 0) != FILE_FORMAT) return ERR_INVALID;
    *ret_field = "file.name";
    *ret_why = "Must be a text of 1 to 80 characters";
    if (!name || !name[0] || text_length(name) > 80 || !text_valid(name, strlen(name)))
        return ERR_INVALID;
    *ret_field = "file.flowKind";
    *ret_why = "Must be general, closing, stage or transfer";
    if (!flow_kind || !flow_kind_parse(flow_kind, &ret->kind)) return ERR_INVALID;
    *ret_field = "file.refs";
    *ret_why = refs_fault(ret->refs);
    return *ret_why ? ERR_INVALID : ERR_OK;
}

json_t *carry_names(const struct carried *f)
{
    json_t *all = json_object(), *of, *name, *list;
    const char *kind, *id;
    json_object_foreach((json_t *)(uintptr_t)f->refs, kind, of)
    {
        list = json_array();
        json_object_foreach(of, id, name) json_array_append(list, name);
        json_object_set_new(all, kind, list);
    }
    return all;
}

struct in {
    const struct carried *file;
    const json_t *here, *found;
    json_t *missing; /* [{kind, name, nodes}] */
    json_t *index;   /* {"kind name": the one of missing}; borrows them */
};

static void miss(struct in *in, const char *kind, const char *name, const char *node_id)
{
    char key[CARRY_NAME_MAX * 4 + 64];
    snprintf(key, sizeof key, "%s %s", kind, name);
    json_t *one = json_object_get(in->index, key), *seen;
    size_t i;
    if (!one) {
        one = json_pack("{s:s, s:s, s:[]}", "kind", kind, "name", name, "nodes");
        json_array_append_new(in->missing, one);
        json_object_set(in->index, key, one);
    }
    json_t *nodes = json_object_get(one, "nodes");
    json_array_foreach(nodes, i, seen) if (strcmp(json_string_value(seen), node_id) == 0) return;
    json_array_append_new(nodes, json_string(node_id));
}

static const char *link_ref(void *arg, const char *kind, const char *node_id, const char *id)
{
    struct in *in = arg;
    if (json_object_get(json_object_get(in->here, kind), id)) return id;
    const bool named = by_name(kind);
    const char *name = named ? id : json_get_text(json_object_get(in->file->refs, kind), id);
    const char *to = name ? json_get_text(json_object_get(in->found, kind), name) : NULL;
    if (to) return named ? id : to;
    miss(in, kind, name ? name : id, node_id);
    return named ? id : NULL;
}

json_t *carry_link(struct carried *f, const json_t *here, const json_t *found)
{
    struct in in = {
        .file = f, .here = here, .found = found, .missing = json_array(), .index = json_object()};
    carry_each(f->graph, link_ref, &in);
    json_decref(in.index);
    return in.missing;
}
