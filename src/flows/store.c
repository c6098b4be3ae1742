/* One look at a session, in one transaction (store.h): load, decide, run, save, commit.
 *
 * Nothing outside of the database happens in here: messages, calls and timers are jobs of the same
 * commit. A deadlock or a lost serialization begins anew; any other trouble of the machine gives the
 * error back to the job, which comes again. */
#include "flows/store.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/jobs.h"
#include "sql.h"

#define CLOCKS_APART_MS (60LL * 1000) /* ours and the database's, at most */
#define BURST_TIMES     10 /* a burst that does not end is read after so many times its pause */

struct look {
    const struct flow_go *go;
    int64_t again_ms;
};

static json_t *what_to_load(struct ctx *c, const struct flow_go *g)
{
    char id[UUID_TEXT_SIZE];
    json_t *p = json_object();
    arena_on_free(c->arena, (void (*)(void *))json_decref, p);
    if (!uuid_is_nil(g->session))
        json_object_set_new(p, "sessionId", json_string(uuid_text(g->session, id)));
    else
        json_object_set_new(p, "chatId", json_string(uuid_text(g->chat, id)));
    if (g->seq > 0) json_object_set_new(p, "seq", json_integer(g->seq));
    return p;
}

static enum err load(struct ctx *c, const struct flow_go *g, json_t **ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_LOAD, PARAMS(P_JSON("p", what_to_load(c, g))), &rows);
    if (e) return e;
    const char *text = rows_text(rows, 0, "loaded");
    *ret = NULL;
    return text ? json_parse(c->arena, text, strlen(text), ret, NULL) : ERR_OK;
}

/* Until when more of a burst may come; 0: read it now. */
static int64_t burst_until(const json_t *messages, int debounce_ms)
{
    size_t count = json_array_size(messages);
    if (debounce_ms <= 0 || count == 0) return 0;
    int64_t now_ms = clock_unix_ms();
    int64_t first = json_get_int(json_array_get(messages, 0), "atMs", 0);
    int64_t last = json_get_int(json_array_get(messages, count - 1), "atMs", 0);
    int64_t until = last + debounce_ms;
    int64_t most = first + (int64_t)BURST_TIMES * debounce_ms;
    if (until > most) until = most;
    return until > now_ms ? until : 0;
}

/* --- a new one --------------------------------------------------------------------------- */

static enum err unclaim(struct ctx *c, const json_t *loaded)
{
    const json_t *chat = json_object_get(loaded, "chat");
    const char *owner = json_get_text(chat, "owner"), *id = json_get_text(chat, "id");
    if (!owner || strcmp(owner, "bot") != 0) return ERR_OK;
    return db_exec(c, &SQL_FLOW_UNCLAIM,
                   PARAMS(P_TEXT("chat", id), P_INT("seq", json_get_int(chat, "seq", 0))));
}

/* message: the one of loaded's that began it. */
static enum err begin(struct ctx *c, const struct flow_go *g, const json_t *loaded,
                      const json_t *candidate, int message)
{
    struct uuid version = {0};
    const struct flow *flow = NULL;
    struct session *s = NULL;
    if (!uuid_parse(json_get_text(candidate, "versionId"), &version)) return ERR_INTERNAL;
    enum err e = flow_version_get(c, version, &flow);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *trigger = json_pack("{s:O, s:O}", "kind", json_object_get(candidate, "kind"), "key",
                                json_object_get(candidate, "key"));
    e = session_open(c, loaded, flow, uuid_v7(), trigger, &s);
    if (e) return e;
    s->job = g->job;
    s->run->host = &flow_host_live;
    bool joined = flow->debounce_ms > 0;
    session_answers(s->run, json_object_get(loaded, "messages"), joined);
    s->run->started_by = joined ? 1 : message + 1;
    json_t *vars = json_object_get(candidate, "vars"); /* of a flow that waited for the answer */
    if (vars) json_object_update(s->run->vars, vars);
    enum run_end end = run_go(s->run, WOKE_START, NULL);
    return end == RUN_ABORT ? s->run->abort : session_save(s, end, NULL);
}

/* A message in a chat that has no session: does it start one? */
static enum err maybe_begin(struct ctx *c, const struct flow_go *g, const json_t *loaded)
{
    const json_t *candidate = NULL, *messages = json_object_get(loaded, "messages");
    int message = 0;
    const json_t *chat = json_object_get(loaded, "chat");
    const char *status = json_get_text(chat, "status");
    bool taken = json_is_string(json_object_get(chat, "assigneeId"));
    if (!taken && status && strcmp(status, "closed") != 0 && json_array_size(messages) > 0) {
        enum err e = flow_pick(c, loaded, &candidate, &message);
        if (e) return e;
    }
    return candidate ? begin(c, g, loaded, candidate, message) : unclaim(c, loaded);
}

/* --- one that is there -------------------------------------------------------------------- */

static bool is_status(const json_t *row, const char *name)
{
    const char *s = json_get_text(row, "status");
    return s && strcmp(s, name) == 0;
}

/* How to go on with it: a session that has not begun is begun, whoever looks first. */
static bool how_to_go(const struct flow_go *g, const json_t *row, enum woken_kind *ret_how)
{
    if (is_status(row, "running"))
        *ret_how = json_is_string(json_object_get(row, "node")) ? WOKE_RETRY : WOKE_START;
    else if (is_status(row, "waiting") && g->how != WOKE_RETRY)
        *ret_how = g->how;
    else if (is_status(row, "failed") && g->how == WOKE_RETRY)
        *ret_how = WOKE_RETRY; /* a silent one: others are running again by then */
    else
        return false;
    return true;
}

/* A timer came by the database's clock, and by ours it is not time yet (0: it is no such timer): by
 * so much as ours is behind it comes again, or it would be lost. */
static int64_t timer_again(const struct flow_go *g, struct run *r)
{
    int64_t left_ms = r->wait.until_ms - run_now_ms(r);
    if (g->token <= 0 || r->wait.until_ms <= 0 || left_ms > CLOCKS_APART_MS) return 0;
    return r->wait.until_ms + left_ms;
}

static enum err stop(struct session *s, const char *code, const char *message)
{
    s->run->fault = (struct run_fault){code, message};
    return session_save(s, RUN_FAILED, NULL);
}

static enum err go_on(struct ctx *c, const struct flow_go *g, const json_t *loaded,
                      int64_t *ret_again_ms)
{
    const json_t *row = json_object_get(loaded, "session"),
                 *messages = json_object_get(loaded, "messages");
    const struct flow *flow = NULL;
    struct session *s = NULL;
    enum woken_kind how;
    if (g->token > 0 && g->token != json_get_int(row, "token", 0)) return ERR_OK;
    if (!how_to_go(g, row, &how)) return ERR_OK;
    enum err e = flow_version_get(c, session_flow(row), &flow);
    if (e) return e;
    e = session_open(c, loaded, flow, (struct uuid){0}, NULL, &s);
    if (e) return e;
    struct run *r = s->run;
    s->job = g->job;
    r->host = &flow_host_live;
    session_answers(r, messages, flow->debounce_ms > 0);
    if (how != WOKE_START && !r->node)
        return stop(s, "NODE_GONE", "the node where it stood is not in its version");
    if (how == WOKE_LOOK) {
        int64_t until = r->wait.kind == WAIT_ANSWER ? burst_until(messages, flow->debounce_ms) : 0;
        if (until > 0 && !(r->wait.until_ms > 0 && r->wait.until_ms < until)) {
            *ret_again_ms = until;
            return ERR_OK;
        }
        if (!run_is_due(r)) {
            *ret_again_ms = timer_again(g, r);
            return ERR_OK;
        }
    }
    if (how == WOKE_HTTP && r->wait.kind != WAIT_HTTP) return ERR_OK;
    enum run_end end = run_go(r, how, g->http);
    return end == RUN_ABORT ? r->abort : session_save(s, end, NULL);
}

/* A keyword that interrupts: the session that runs gives way. */
static enum err maybe_replace(struct ctx *c, const struct flow_go *g, json_t *loaded,
                              bool *ret_done)
{
    const json_t *candidate = NULL;
    int message = 0;
    *ret_done = false;
    if (json_array_size(json_object_get(loaded, "candidates")) == 0 ||
        json_array_size(json_object_get(loaded, "messages")) == 0)
        return ERR_OK;
    enum err e = flow_pick(c, loaded, &candidate, &message);
    if (e || !candidate) return e;
    const char *id = json_get_text(json_object_get(loaded, "session"), "id");
    e = db_exec(c, &SQL_FLOW_REPLACED, PARAMS(P_TEXT("session", id)));
    if (e) return e;
    json_object_set_new(loaded, "session", json_null());
    *ret_done = true;
    return begin(c, g, loaded, candidate, message);
}

static enum err look(struct ctx *c, void *arg)
{
    struct look *l = arg;
    json_t *loaded = NULL;
    l->again_ms = 0;
    if (l->go->job) l->go->job->ended = false;
    enum err e = load(c, l->go, &loaded);
    if (e || !loaded) return e;
    const json_t *row = json_object_get(loaded, "session");
    if (!json_is_object(row)) return maybe_begin(c, l->go, loaded);
    bool replaced = false;
    if (!uuid_is_nil(l->go->chat) && !is_status(row, "paused"))
        e = maybe_replace(c, l->go, loaded, &replaced);
    if (e || replaced) return e;
    return go_on(c, l->go, loaded, &l->again_ms);
}

bool flow_starts_too_often(const struct ctx *c, enum err e)
{
    return e == ERR_RATE_LIMITED && c->fault.code && strcmp(c->fault.code, "STARTS_LIMIT") == 0;
}

enum err flow_continue(struct ctx *c, const struct flow_go *g, int64_t *ret_again_ms)
{
    struct look l = {.go = g};
    enum err e = db_retry(c, look, &l);
    if (e && g->job) g->job->ended = false;
    if (flow_starts_too_often(c, e)) {
        char chat[UUID_TEXT_SIZE];
        log_event(LOG_WARN, c->trace, "flows begin too often in a chat",
                  LOG_FIELDS(LOG_TEXT("chat", uuid_text(g->chat, chat))));
        fault_clear(c);
        e = db_exec(c, &SQL_FLOW_STARTS_LIMIT, PARAMS(P_UUID("chat", g->chat)));
    }
    if (ret_again_ms) *ret_again_ms = l.again_ms;
    return e;
}
