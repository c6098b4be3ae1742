/* For tests and fuzzers of the language of flows: an environment over a JSON object, with a clock and
 * a chance that stand still. */
#ifndef INTERFLOW_TESTS_FLOW_CASES_H
#define INTERFLOW_TESTS_FLOW_CASES_H

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "flows/condition.h"
#include "flows/template.h"

struct flow_world {
    struct arena *arena;
    const json_t *variables;
    int64_t now_ms;
    uint64_t random;
    int lookups;
    const char *broken; /* a variable that cannot be read now */
    struct flow_zones *zones;
};

static inline enum err world_lookup(void *arg, const struct path *path, size_t *ret_used,
                                    struct value *ret_value)
{
    struct flow_world *w = arg;
    w->lookups++;
    *ret_used = 1;
    if (w->broken && strcmp(path->steps[0].name, w->broken) == 0) return ERR_UNAVAILABLE;
    const json_t *j = json_object_get(w->variables, path->steps[0].name);
    return j ? value_from_json(w->arena, j, ret_value) : ERR_NOT_FOUND;
}

static inline int64_t world_now(void *arg)
{
    return ((struct flow_world *)arg)->now_ms;
}

static inline uint64_t world_random(void *arg)
{
    struct flow_world *w = arg;
    w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return w->random;
}

/* Settings are {"language", "zone", "currency", "country", "now"}; what is missing is Brazil, on
 * 2026-11-19 at 10:42 in São Paulo. */
static inline struct flow_env world_env(struct flow_world *w, const json_t *settings)
{
    const char *language = json_get_text(settings, "language");
    const char *zone = json_get_text(settings, "zone");
    const char *currency = json_get_text(settings, "currency");
    const char *country = json_get_text(settings, "country");
    const char *now = json_get_text(settings, "now");
    if (!now || !time_parse(now, &w->now_ms)) (void)time_parse("2026-11-19T13:42:05Z", &w->now_ms);
    return (struct flow_env){
        .arg = w,
        .lookup = world_lookup,
        .now_ms = world_now,
        .random = world_random,
        .zones = w->zones,
        .language = language ? language : "pt",
        .zone = zone ? zone : "America/Sao_Paulo",
        .currency = currency ? currency : "BRL",
        .country = country ? country : "BR",
    };
}

#endif
