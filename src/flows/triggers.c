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

static const char *folded_trim(struct run *r, const char *s)
{
    while (*s && strchr(" \t\r\n", *s))
        s++;
    size_t len = strlen(s);
    while (len > 0 && strchr(" \t\r\n.,!?;:", s[len - 1]))
        len--;
    return flow_fold(r->arena, s, len);
}

static bool keyword_fits(struct run *r, const json_t *data, const char *text)
{
    const char *match = json_get_text(data, "match");
    const json_t *words = json_object_get(data, "words");
    const char *said = folded_trim(r, text);
    for (size_t i = 0; said && i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        if (!word) continue;
        if (match && strcmp(match, "regex") == 0) {
            bool yes = false;
            struct flow_error e = {0};
            if (flow_regex_match(r->arena, word, text, true, &yes, &e) && yes) return true;
            continue;
        }
        const char *wanted = folded_trim(r, word);
        if (!wanted || !*wanted) continue;
        if (match && strcmp(match, "exact") == 0 ? strcmp(said, wanted) == 0
                                                 : strstr(said, wanted) != NULL)
            return true;
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

static bool kind_fits(struct run *r, const json_t *candidate, const json_t *load, int *ret_message)
{
    *ret_message = 0;
    const char *kind = json_get_text(candidate, "kind");
    const json_t *data = json_object_get(candidate, "data"),
                 *facts = json_object_get(load, "facts");
    if (strcmp(kind, "channel") == 0) return json_get_bool(facts, "first", false);
    if (strcmp(kind, "firstContact") == 0) return json_get_bool(facts, "firstContact", false);
    if (strcmp(kind, "keyword") != 0) return true; /* an event's: SQL compared it */
    const json_t *messages = json_object_get(load, "messages");
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const char *text = json_get_text(json_array_get(messages, i), "text");
        if (!text || !keyword_fits(r, data, text)) continue;
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

enum err flow_pick(struct ctx *c, const json_t *load, const json_t **ret_candidate,
                   int *ret_message)
{
    const json_t *list = json_object_get(load, "candidates");
    *ret_candidate = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *x = json_array_get(list, i), *data = json_object_get(x, "data");
        struct session *s = NULL;
        struct fault before = c->fault;
        enum err e = probe(c, load, x, &s);
        if (e && !flow_refuses(e)) return e;
        if (e) { /* a version that this program cannot read starts nothing */
            log_event(LOG_ERROR, c->trace, "a published flow cannot be read",
                      LOG_FIELDS(LOG_TEXT("version", json_get_text(x, "versionId"))));
            c->fault = before;
            continue;
        }
        if (!kind_fits(s->run, x, load, ret_message) ||
            !hours_fit(data, json_object_get(load, "facts")))
            continue;
        bool yes = false;
        e = run_condition(s->run, json_object_get(data, "conditions"), NULL, &yes);
        if (e && !flow_refuses(e)) return e;
        if (e || !yes) continue; /* a condition that cannot be evaluated does not hold */
        *ret_candidate = x;
        return ERR_OK;
    }
    return ERR_OK;
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
    if (vars) {
        if (json_dumpb(vars, NULL, 0, JSON_COMPACT) > FLOW_VARS_MAX_BYTES)
            return fault_field(c, "vars", "TOO_LARGE", "at most %d KB", FLOW_VARS_MAX_BYTES / 1024);
        json_object_set(p, "vars", (json_t *)(uintptr_t)vars);
    }
    enum err e = db_one(c, &SQL_FLOW_START, PARAMS(P_JSON("p", p)), &rows);
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
    return db_retry(c, event_body, &h);
}
