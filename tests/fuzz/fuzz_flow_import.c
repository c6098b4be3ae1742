/* Files of flows, as anybody may send them: refused with a place, or a graph that the rest of the program can work with: linked to
 * what is here its shape still holds, it can be parsed and checked, and goes out as a file that comes in again. A JSON text that is
 * no file is taken for a bare graph. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "flows/carry.h"
#include "flows/check.h"
#include "flows/hook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) abort();                                                                         \
    } while (0)

/* Ids of things that are here, as the database would give them. */
static const char here_text[] =
    "{\"team\":{\"0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d10\":\"Vendas\"},"
    "\"tag\":{\"0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d11\":\"Vip\"},\"field\":{\"cor\":\"text\"},"
    "\"waTemplate\":{\"hello/pt_BR\":\"x\"}}";
static const char found_text[] = "{\"team\":{\"Suporte\":\"0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d20\"},"
                                 "\"channel\":{\"Site\":\"0192f3c4-7a1e-7b52-9c1d-3f2a6b8e4d21\"}}";

static void graph_fits(struct arena *a, json_t *graph, enum flow_kind kind)
{
    struct problems p = {.arena = a};
    struct flow *flow = NULL;
    struct check_world world = {0};
    enum err e = graph_parse(a, graph, &p, &flow);
    must(e == ERR_OK || e == ERR_NO_MEMORY || p.errors > 0);
    if (e) return;
    struct problems found = {.arena = a};
    e = flow_check(a, graph, kind, &world, &found);
    must(e == ERR_OK || e == ERR_NO_MEMORY);
    json_t *list = problems_json(&found);
    must(list && (int)json_array_size(list) == found.count);
    json_decref(list);
}

static void file_fits(struct arena *a, struct carried *f)
{
    json_t *here = NULL, *found = NULL;
    must(json_parse(a, here_text, strlen(here_text), &here, NULL) == ERR_OK);
    must(json_parse(a, found_text, strlen(found_text), &found, NULL) == ERR_OK);
    CLEANUP(json_decrefp) json_t *names = carry_names(f);
    must(json_is_object(names));
    CLEANUP(json_decrefp) json_t *missing = carry_link(f, here, found);
    must(json_is_array(missing));
    struct problems p = {.arena = a};
    must(graph_shape(f->graph, &p) == ERR_OK); /* linking breaks nothing */
    CLEANUP(json_decrefp) json_t *again = carry_link(f, here, found);
    graph_fits(a, f->graph, f->kind);

    struct carried back;
    const char *field = NULL, *why = NULL;
    CLEANUP(json_decrefp) json_t *out = carry_out(f->name, f->kind, f->graph, here);
    must(out && carry_read(out, &back, &field, &why) == ERR_OK);
    must(back.kind == f->kind && json_equal(back.graph, f->graph));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    json_t *j = NULL;
    struct carried f;
    const char *field = NULL, *why = NULL;
    if (json_parse(a, (const char *)data, size, &j, NULL)) return 0;
    if (carry_read(j, &f, &field, &why)) {
        must(field && why);
        f = (struct carried){.name = "x", .kind = FLOW_GENERAL, .graph = j};
    }
    struct problems p = {.arena = a};
    enum err e = graph_shape(f.graph, &p);
    must(e == ERR_OK || p.errors > 0 || e == ERR_NO_MEMORY);
    if (!e) {
        if (!f.refs) f.refs = json_object_get(j, "settings"); /* an object of no kinds */
        if (json_is_object(f.refs) && f.graph != j)
            file_fits(a, &f);
        else
            graph_fits(a, f.graph, f.kind);
    }
    return 0;
}
