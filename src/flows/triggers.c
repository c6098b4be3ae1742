/* What starts flows (store.h): which of the candidates that the database names is the one.
 *
 * SQL orders them (higher priority of the flow, of the trigger, then published earlier) and leaves
 * out what cannot be by channel; here each is held against the message and its conditions. One flow
 * runs per chat: the first that fits. */
#include <string.h>

#include "base/json.h"
#include "core/log.h"
#include "flows/store.h"
#include "sql.h"

/* --- keywords ----------------------------------------------------------------------------- */

/* The messages of a look, as keywords are held against them; made once, however many triggers. */
struct said {
    struct arena *arena;
    const char **texts, **folded; /* NULL: not folded yet */
    size_t count;
    int64_t work; /* operations that conditions and regular expressions of all triggers have left */
};

static enum err said_read(struct arena *a, const json_t *messages, struct said *ret)
{
    size_t count = json_array_size(messages);
    *ret = (struct said){.arena = a, .count = count, .work = FLOW_LOOK_WORK_MAX};
    ret->texts = arena_array(a, count + 1, sizeof *ret->texts);
    ret->folded = arena_array(a, count + 1, sizeof *ret->folded);
    if (!ret->texts || !ret->folded) return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        ret->texts[i] = json_get_text(json_array_get(messages, i), "text");
    return ERR_OK;
}

static const char *folded_trim(struct arena *a, const char *s)
{
    while (*s && strchr(" \t\r\n", *s))
        s++;
    size_t len = strlen(s);
    while (len > 0 && strchr(" \t\r\n.,!?;:", s[len - 1]))
        len--;
    return flow_fold(a, s, len);
}

static bool regex_fits(struct said *x, const char *pattern, const char *text)
{
    bool yes = false;
    struct flow_error e = {0};
    return flow_regex_match(x->arena, pattern, text, true, &x->work, &yes, &e) && yes;
}

static bool keyword_fits(struct said *x, const json_t *data, size_t i)
{
    const char *match = json_get_text(data, "match"), *text = x->texts[i];
    const json_t *words = json_object_get(data, "words");
    bool regex = match && strcmp(match, "regex") == 0, exact = match && strcmp(match, "exact") == 0;
    if (!text) return false;
    if (!regex && !x->folded[i]) x->folded[i] = folded_trim(x->arena, text);
    const char *said = x->folded[i];
    for (size_t k = 0; k < json_array_size(words); k++) {
        const char *word = json_string_value(json_array_get(words, k));
        if (!word) continue;
        if (regex) {
            if (regex_fits(x, word, text)) return true;
            continue;
        }
        const char *wanted = folded_trim(x->arena, word);
        if (!said || !wanted || !*wanted) continue;
        if (exact ? strcmp(said, wanted) == 0 : strstr(said, wanted) != NULL) return true;
    }
    return false;
}

/* --- one candidate ------------------------------------------------------------------------- */

static bool hours_fit(const json_t *data, const json_t *facts)
{
    const char *hours = json_get_text(data, "hours");
    if (!hours || strcmp(hours, "any") == 0) return true;
    return json_get_bool(facts, "openHours", true) == (strcmp(hours, "open") == 0);
}

static bool kind_fits(struct said *x, const json_t *candidate, const json_t *facts,
                      int *ret_message)
{
    *ret_message = 0;
    const char *kind = json_get_text(candidate, "kind");
    const json_t *data = json_object_get(candidate, "data");
    if (strcmp(kind, "channel") == 0) return json_get_bool(facts, "first", false);
    if (strcmp(kind, "firstContact") == 0) return json_get_bool(facts, "firstContact", false);
    if (strcmp(kind, "keyword") != 0) return true; /* an event's: SQL compared it */
    for (size_t i = 0; i < x->count; i++) {
        if (!keyword_fits(x, data, i)) continue;
        *ret_message = (int)i;
        return true;
    }
    return false;
}

/* A run of no flow, to evaluate conditions in. */
static enum err probe(struct ctx *c, const json_t *load, const json_t *candidate,
                      struct session **ret)
{
    struct uuid version;
    const struct flow *flow = NULL;
    if (!uuid_parse(json_get_text(candidate, "versionId"), &version)) return ERR_INTERNAL;
    enum err e = flow_version_get(c, version, &flow);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *bare = json_copy((json_t *)(uintptr_t)load);
    json_object_set_new(bare, "session", json_null());
    e = session_open(c, bare, flow, (struct uuid){0}, NULL, ret);
    if (e) return e;
    (*ret)->run->host = &flow_host_live;
    session_answers((*ret)->run, json_object_get(load, "messages"), true);
    if ((*ret)->run->answer_count > 0) (*ret)->run->last = (*ret)->run->answers[0];
    return ERR_OK;
}

/* Of one whose kind fits: can its version be read, and do its conditions hold? What cannot be
 * evaluated does not hold, and a version that this program cannot read starts nothing. */
static enum err conditions_fit(struct ctx *c, struct said *x, const json_t *load,
                               const json_t *candidate, bool *ret_yes)
{
    struct session *s = NULL;
    struct fault before = c->fault;
    *ret_yes = false;
    enum err e = probe(c, load, candidate, &s);
    if (e && !flow_refuses(e)) return e;
    if (e) {
        log_event(LOG_ERROR, c->trace, "a published flow cannot be read",
                  LOG_FIELDS(LOG_TEXT("version", json_get_text(candidate, "versionId"))));
        c->fault = before;
        return ERR_OK;
    }
    s->run->env.work = &x->work;
    const json_t *data = json_object_get(candidate, "data");
    e = run_condition(s->run, json_object_get(data, "conditions"), NULL, ret_yes);
    if (!e) return ERR_OK;
    *ret_yes = false;
    return flow_refuses(e) ? ERR_OK : e;
}

enum err flow_pick(struct ctx *c, const json_t *load, const json_t **ret_candidate,
                   int *ret_message)
{
    const json_t *list = json_object_get(load, "candidates"),
                 *facts = json_object_get(load, "facts");
    struct said x;
    *ret_candidate = NULL;
    enum err e = said_read(c->arena, json_object_get(load, "messages"), &x);
    for (size_t i = 0; !e && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        bool yes = false;
        if (x.work <= 0) {
            log_event(LOG_WARN, c->trace, "the triggers of flows take too long, no more are tried",
                      LOG_FIELDS(LOG_INT("tried", (int64_t)i)));
            return ERR_OK;
        }
        if (!kind_fits(&x, one, facts, ret_message) ||
            !hours_fit(json_object_get(one, "data"), facts))
            continue;
        e = conditions_fit(c, &x, load, one, &yes);
        if (e || !yes) continue;
        *ret_candidate = one;
        return ERR_OK;
    }
    return e;
}

/* --- from outside --------------------------------------------------------------------------- */

enum err flow_trigger_fits(struct ctx *c, struct uuid chat, struct uuid version, const json_t *data,
                           json_t *trigger, bool *ret_fits)
{
    const json_t *conditions = json_object_get(data, "conditions");
    char a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];
    struct rows *rows = NULL;
    struct session *s = NULL;
    json_t *load = NULL;
    *ret_fits = true;
    if (!json_is_object(conditions)) return ERR_OK;
    CLEANUP(json_decrefp) json_t *p = json_pack("{s:s}", "chatId", uuid_text(chat, a));
    CLEANUP(json_decrefp)
    json_t *candidate = json_pack("{s:s}", "versionId", uuid_text(version, b));
    enum err e = db_one(c, &SQL_FLOW_LOAD, PARAMS(P_JSON("p", p)), &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "loaded");
    if (!text) return fault(c, ERR_NOT_FOUND, "CHAT_NOT_FOUND", "there is no such chat");
    e = json_parse(c->arena, text, strlen(text), &load, NULL);
    if (!e) e = probe(c, load, candidate, &s);
    if (e) return e;
    s->run->trigger = trigger;
    json_t *vars = json_object_get(trigger, "vars");
    if (vars) json_object_update(s->run->vars, vars);
    e = run_condition(s->run, conditions, NULL, ret_fits);
    if (e && flow_refuses(e)) { /* one that cannot be evaluated does not hold */
        *ret_fits = false;
        fault_clear(c);
        return ERR_OK;
    }
    return e;
}

enum err flow_vars_check(struct ctx *c, const json_t *vars)
{
    const char *name;
    json_t *value;
    json_object_foreach(
        (json_t *)(uintptr_t)vars, name,
        value) if (!flow_name_valid(name)) return fault_field(c, "variables", "INVALID_NAME",
                                                              "%s is no name of a variable",
                                                              text_clean(c->arena, name,
                                                                         strnlen(name, 60)));
    if (vars && json_dumpb(vars, NULL, 0, JSON_COMPACT) > FLOW_VARS_MAX_BYTES)
        return fault_field(c, "variables", "TOO_LARGE", "at most %d KB",
                           FLOW_VARS_MAX_BYTES / 1024);
    return ERR_OK;
}

enum err flow_start(struct ctx *c, struct uuid flow, struct uuid chat, const json_t *trigger,
                    bool replace, struct uuid *ret_session)
{
    char a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];
    struct rows *rows = NULL;
    const json_t *vars = json_object_get(trigger, "vars");
    CLEANUP(json_decrefp)
    json_t *told = trigger ? json_copy((json_t *)(uintptr_t)trigger) : json_object();
    json_object_del(told, "vars");
    CLEANUP(json_decrefp)
    json_t *p = json_pack("{s:s, s:O, s:b}", "flowId", uuid_text(flow, a), "trigger", told,
                          "replace", replace);
    if (!uuid_is_nil(chat)) json_object_set_new(p, "chatId", json_string(uuid_text(chat, b)));
    const char *customer =
        uuid_is_nil(chat) ? json_get_text(json_object_get(trigger, "data"), "customerId") : NULL;
    if (customer) json_object_set_new(p, "customerId", json_string(customer));
    if (vars) json_object_set(p, "vars", (json_t *)(uintptr_t)vars);
    enum err e = flow_vars_check(c, vars);
    if (!e) e = db_one(c, &SQL_FLOW_START, PARAMS(P_JSON("p", p)), &rows);
    if (!e && ret_session) *ret_session = rows_uuid(rows, 0, "session");
    return e;
}

enum err flow_triggers_put(struct ctx *c, struct uuid flow)
{
    return db_exec(c, &SQL_FLOW_TRIGGERS_PUT, PARAMS(P_UUID("flow", flow)));
}

/* --- events --------------------------------------------------------------------------------- */

struct happened {
    const json_t *payload;
};

static enum err event_run(struct ctx *c, const json_t *load, const json_t *candidate,
                          const json_t *payload)
{
    struct uuid version, id = {0};
    const struct flow *flow = NULL;
    struct session *s = NULL;
    if (!uuid_parse(json_get_text(candidate, "versionId"), &version)) return ERR_INTERNAL;
    if (!uuid_parse(json_get_text(payload, "sessionId"), &id)) id = uuid_v7();
    enum err e = flow_version_get(c, version, &flow);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *trigger =
        json_pack("{s:O, s:O, s:O}", "kind", json_object_get(candidate, "kind"), "key",
                  json_object_get(candidate, "key"), "data", json_object_get(payload, "data"));
    e = session_open(c, load, flow, id, trigger, &s);
    if (e) return e;
    s->run->host = &flow_host_live;
    enum run_end end = run_go(s->run, WOKE_START, NULL);
    return end == RUN_ABORT ? s->run->abort : session_save(s, end, NULL);
}

static enum err event_body(struct ctx *c, void *arg)
{
    const struct happened *h = arg;
    struct rows *rows = NULL;
    json_t *load = NULL;
    const json_t *candidate = NULL;
    enum err e = db_one(c, &SQL_FLOW_EVENT_LOAD, PARAMS(P_JSON("p", h->payload)), &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "loaded");
    if (!text) return ERR_OK;
    e = json_parse(c->arena, text, strlen(text), &load, NULL);
    int message = 0;
    if (!e) e = flow_pick(c, load, &candidate, &message);
    return e || !candidate ? e : event_run(c, load, candidate, h->payload);
}

enum err flow_event(struct ctx *c, const json_t *payload)
{
    struct happened h = {payload};
    enum err e = db_retry(c, event_body, &h);
    if (!flow_starts_too_often(c, e)) return e;
    log_event(LOG_WARN, c->trace, "flows begin too often in a chat",
              LOG_FIELDS(LOG_TEXT("chat", json_get_text(payload, "chatId"))));
    fault_clear(c);
    return ERR_OK;
}
