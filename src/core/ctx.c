/* The context of one unit of work (ctx.h) and the readers of its input.
 *
 * The context lives inside its own arena: ctx_free frees the arena and with it everything that
 * the work allocated, results of queries and parsed JSON included (they register themselves with
 * arena_on_free). The input `in` starts as an empty object, so that the readers below need no
 * checks; fields.c fills it. */
#include "core/ctx.h"

#include <string.h>

#include "base/crypto.h"
#include "base/json.h"

static void release_json(void *arg)
{
    json_decref(arg);
}

struct ctx *ctx_new(struct app *app, size_t arena_limit_bytes, int64_t deadline_ms)
{
    struct arena *a = arena_new(arena_limit_bytes);
    struct ctx *c = arena_alloc(a, sizeof *c);
    unsigned char random[16];
    crypto_random(random, sizeof random);
    hex_encode(random, sizeof random, c->trace);
    c->app = app;
    c->arena = a;
    c->deadline_ms = deadline_ms;
    c->address = "";
    c->actor.team_ids = "{}";
    c->actor.language = "en";
    c->in = json_object();
    arena_on_free(a, release_json, c->in);
    return c;
}

void ctx_free(struct ctx *c)
{
    if (c) arena_free(c->arena); /* c itself lives there */
}

void ctx_freep(struct ctx **c)
{
    ctx_free(*c);
    *c = NULL;
}

bool in_has(const struct ctx *c, const char *name)
{
    return json_object_get(c->in, name) != NULL;
}

const char *in_text(const struct ctx *c, const char *name)
{
    return json_string_value(json_object_get(c->in, name));
}

int64_t in_int(const struct ctx *c, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(c->in, name);
    return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

bool in_bool(const struct ctx *c, const char *name, bool otherwise)
{
    const json_t *v = json_object_get(c->in, name);
    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

struct uuid in_uuid(const struct ctx *c, const char *name)
{
    struct uuid u = {0};
    const char *text = in_text(c, name);
    if (text && !uuid_parse(text, &u)) return (struct uuid){0};
    return u;
}

json_t *in_json(const struct ctx *c, const char *name)
{
    return json_object_get(c->in, name);
}
