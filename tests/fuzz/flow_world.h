/* For the fuzzers of the language of flows: variables with awkward values, and what must hold of every
 * value and error. */
#ifndef INTERFLOW_TESTS_FLOW_WORLD_H
#define INTERFLOW_TESTS_FLOW_WORLD_H

#include <stdint.h>
#include <stdlib.h>

#include "../unit/flow_cases.h"

static inline void must(int condition)
{
    if (!condition) abort();
}

static const char world_variables[] =
    "{\"customer\":{\"name\":\"Ana Lúcia\",\"fields\":{\"x "
    "y\":1,\"cpf\":\"123\"},\"tags\":[\"a\",\"É\",3]},"
    "\"a\":\"x\",\"b\":[1,2,[3,[4,[]]]],\"c\":{\"d\":{\"e\":{\"f\":[{\"g\":1},{\"g\":null}]}}},"
    "\"n\":42,\"big\":9007199254740993,\"tiny\":1e-300,\"huge\":1e300,\"yes\":true,\"none\":null,"
    "\"blank\":\" \\t\\n\",\"evil\":\"{{n}} \\\" \\\\ <&>\",\"ß\":\"Straße ÿ İı ﷺ "
    "👍🏽\","
    "\"date\":{\"$date\":\"2026-11-19T13:42:05.000Z\",\"zone\":\"Europe/Lisbon\"},"
    "\"day\":{\"$date\":\"0001-01-01\"},\"last\":{\"$date\":\"9999-12-31T23:59:59.999Z\"},"
    "\"when\":\"28/02/2026 às "
    "14h30\",\"many\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}";

/* Variables and environment in a; the first byte of an input chooses the language and zone. */
static inline struct flow_env world_open(struct arena *a, struct flow_world *w, uint8_t choice)
{
    static const char *const languages[] = {"pt", "es", "en", NULL};
    static const char *const zones[] = {"America/Sao_Paulo", "America/New_York", "UTC",
                                        "Australia/Lord_Howe"};
    json_t *variables = NULL;
    must(json_parse(a, world_variables, strlen(world_variables), &variables, NULL) == ERR_OK);
    w->arena = a;
    w->variables = variables;
    struct flow_env env = world_env(w, NULL);
    env.language = languages[choice % 4];
    env.zone = zones[choice / 4 % 4];
    env.currency = choice & 16 ? "MXN" : "BRL";
    return env;
}

static inline void must_be_error(const struct flow_error *e, size_t len)
{
    must(e->code > FLOW_OK && e->code < FLOW_CODE_COUNT);
    must(*flow_code_name(e->code) != '\0');
    must(e->message != NULL && e->at <= len);
    must(text_valid(e->message, strlen(e->message)));
    must(!e->subject || text_valid(e->subject, strlen(e->subject)));
}

/* Its texts are UTF-8, it can be kept and comes back the same. */
static inline void must_be_value(struct arena *a, const struct flow_env *env, const struct value *v)
{
    struct value again;
    json_t *j = value_store(v);
    must(j != NULL && value_size(v, EXPR_VALUE_MAX) <= EXPR_VALUE_MAX);
    must(value_from_json(a, j, &again) == ERR_OK);
    json_decref(j);
    /* A text that looks stored, or an object that does, may come back as something else. */
    if (v->type != VALUE_OBJECT && v->type != VALUE_LIST) must(value_same(v, &again));
    const char *text = flow_value_text(env, a, v);
    must(text == NULL || text_valid(text, strlen(text)));
}

#endif
