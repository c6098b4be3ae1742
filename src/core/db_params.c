/* The values of a statement's parameters, found by name: what the caller gives, then what the
 * context knows, then the validated input. A name that is nowhere is null, so that one statement
 * serves an update of any subset of fields.
 *
 * All values travel as text; PostgreSQL knows their types from the statement. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/db_impl.h"

static const char *json_whole(struct ctx *c, const json_t *j, bool *failed)
{
    const char *text = json_text(c->arena, j);
    if (!text) *failed = true; /* too large; null would be a silent loss */
    return text;
}

static const char *json_value(struct ctx *c, const json_t *j, bool *failed)
{
    switch (json_typeof(j)) {
    case JSON_NULL: return NULL;
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_STRING: return json_string_value(j);
    case JSON_INTEGER: return arena_printf(c->arena, "%lld", (long long)json_integer_value(j));
    case JSON_REAL:
    case JSON_OBJECT:
    case JSON_ARRAY: break;
    }
    return json_whole(c, j, failed);
}

static const char *uuid_value(struct ctx *c, struct uuid u)
{
    if (uuid_is_nil(u)) return NULL;
    char *text = arena_alloc(c->arena, UUID_TEXT_SIZE);
    return text ? uuid_text(u, text) : NULL;
}

static const char *param_value(struct ctx *c, const struct param *p, bool *failed)
{
    switch (p->type) {
    case PARAM_TEXT: return p->text;
    case PARAM_INT: return arena_printf(c->arena, "%lld", (long long)p->number);
    case PARAM_BOOL: return p->number ? "true" : "false";
    case PARAM_UUID: return uuid_value(c, p->uuid);
    case PARAM_JSON: return p->json ? json_whole(c, p->json, failed) : NULL;
    case PARAM_NULL:
    case PARAM_END: break;
    }
    return NULL;
}

static const char *actor_kind_name(enum actor_kind kind)
{
    switch (kind) {
    case ACTOR_NONE: return "none";
    case ACTOR_USER: return "user";
    case ACTOR_KEY: return "key";
    case ACTOR_SYSTEM: return "system";
    case ACTOR_VISITOR: return "visitor";
    }
    return "none";
}

/* False: the context has no value of this name. */
static bool context_value(struct ctx *c, const char *name, bool *failed, const char **ret)
{
    const struct actor *a = &c->actor;
    if (strcmp(name, "org") == 0) {
        *ret = uuid_value(c, c->org);
    } else if (strcmp(name, "actor") == 0) {
        *ret = a->kind == ACTOR_USER ? uuid_value(c, a->id) : NULL;
    } else if (strcmp(name, "actor_id") == 0) {
        *ret = uuid_value(c, a->id);
    } else if (strcmp(name, "actor_kind") == 0) {
        *ret = actor_kind_name(a->kind);
    } else if (strcmp(name, "actor_name") == 0) {
        *ret = a->name;
    } else if (strcmp(name, "sees_all") == 0) {
        *ret = a->sees_all_chats ? "true" : "false";
    } else if (strcmp(name, "sees_contacts") == 0) {
        *ret = a->sees_contacts ? "true" : "false";
    } else if (strcmp(name, "teams") == 0) {
        *ret = a->team_ids ? a->team_ids : "{}";
    } else if (strcmp(name, "lang") == 0) {
        *ret = a->language;
    } else if (strcmp(name, "trace") == 0) {
        *ret = c->trace;
    } else if (strcmp(name, "address") == 0) {
        *ret = c->address;
    } else if (strcmp(name, "now_ms") == 0) {
        *ret = arena_printf(c->arena, "%lld", (long long)clock_unix_ms());
    } else if (strcmp(name, "in") == 0) {
        *ret = json_whole(c, c->in, failed);
    } else {
        return false;
    }
    return true;
}

static const char *value_of(struct ctx *c, const char *name, const struct param *params,
                            bool *failed)
{
    for (const struct param *p = params; p && p->type != PARAM_END; p++) {
        if (strcmp(p->name, name) == 0) return param_value(c, p, failed);
    }
    const char *value = NULL;
    if (context_value(c, name, failed, &value)) return value;
    const json_t *j = c->in ? json_object_get(c->in, name) : NULL;
    return j ? json_value(c, j, failed) : NULL;
}

const char *const *db_params_values(struct ctx *c, const struct sql *q, const struct param *params)
{
    static const char *const none[] = {NULL};
    if (q->param_count == 0) return none;
    const char **values = arena_array(c->arena, (size_t)q->param_count, sizeof *values);
    if (!values) return NULL;
    bool failed = false;
    for (int i = 0; i < q->param_count; i++) {
        values[i] = value_of(c, q->params[i], params, &failed);
    }
    if (failed || arena_exceeded(c->arena))
        return NULL; /* a value without room would be stored as null */
    return values;
}
