/* Flows to begin with (starters.h): their texts, put into one language. */
#include "flows/starters.h"

#include <string.h>

#include "base/json.h"

/* {"pt", "es", "en"} and nothing else. */
static bool is_words(const json_t *j)
{
    return json_is_object(j) && json_object_size(j) == 3 &&
           json_is_string(json_object_get(j, "pt")) && json_is_string(json_object_get(j, "es")) &&
           json_is_string(json_object_get(j, "en"));
}

/* A copy in which words stand in the language. */
static json_t *speak(const json_t *j, const char *language)
{
    const char *key;
    json_t *v, *out;
    size_t i;
    if (is_words(j)) return json_incref(json_object_get(j, language));
    if (json_is_array(j)) {
        out = json_array();
        json_array_foreach(j, i, v) json_array_append_new(out, speak(v, language));
        return out;
    }
    if (!json_is_object(j)) return json_deep_copy(j);
    out = json_object();
    json_object_foreach((json_t *)(uintptr_t)j, key, v)
        json_object_set_new(out, key, speak(v, language));
    return out;
}

static json_t *starter_read(const struct starter_text *t)
{
    json_t *j = NULL;
    return json_parse(NULL, t->json, strlen(t->json), &j, NULL) == ERR_OK ? j : NULL;
}

json_t *starter_graph(const char *id, const char *language, enum flow_kind *ret_kind)
{
    bool known = language && (strcmp(language, "pt") == 0 || strcmp(language, "es") == 0);
    for (const struct starter_text *t = starter_texts; t->id; t++) {
        if (strcmp(t->id, id) != 0) continue;
        CLEANUP(json_decrefp) json_t *j = starter_read(t);
        const char *kind = json_get_text(j, "kind");
        if (!j || !kind || !flow_kind_parse(kind, ret_kind)) return NULL;
        return speak(json_object_get(j, "graph"), known ? language : "en");
    }
    return NULL;
}

json_t *starters_json(void)
{
    json_t *items = json_array();
    for (const struct starter_text *t = starter_texts; t->id; t++) {
        CLEANUP(json_decrefp) json_t *j = starter_read(t);
        const json_t *nodes = json_object_get(json_object_get(j, "graph"), "nodes");
        json_array_append_new(items, json_pack("{s:s, s:O, s:O, s:O, s:I}", "id", t->id, "kind",
                                               json_object_get(j, "kind"), "name",
                                               json_object_get(j, "name"), "text",
                                               json_object_get(j, "text"), "nodeCount",
                                               (json_int_t)json_array_size(nodes)));
    }
    return json_pack("{s:o, s:n}", "items", items, "next");
}

json_t *graph_empty(void)
{
    return json_pack("{s:i, s:[{s:s, s:s, s:s, s:i, s:i, s:{s:[]}}], s:[], s:[], s:[], s:[], "
                     "s:{s:i, s:s}}",
                     "format", 1, "nodes", "id", "start", "type", "start", "name", "", "x", 80, "y",
                     200, "data", "triggers", "edges", "groups", "comments", "variables",
                     "settings", "debounceMs", 2000, "language", "");
}
