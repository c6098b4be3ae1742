/* Tests of a draft: the conversations of the test panel (testing.h; recorded ones: recorded.c). The state is one JSON document in the session's row (host_test.c tells its members). */
#include "flows/testing.h"

#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "sql.h"

#define CALLS_MAX 20 /* real ones after one act */

static void release(void *j)
{
    json_decref(j);
}

static json_t *keep(struct ctx *c, json_t *j)
{
    if (j) arena_on_free(c->arena, release, j);
    return j;
}

static json_t *uuid_json(struct uuid id)
{
    char text[UUID_TEXT_SIZE];
    return uuid_is_nil(id) ? json_null() : json_string(uuid_text(id, text));
}

/* --- the state ---------------------------------------------------------------------------- */

static json_t *customer_json(const json_t *given)
{
    json_t *who = json_pack("{s:s, s:s, s:o, s:o, s:o, s:n, s:n, s:o}", "name", "", "firstName", "",
                            "tags", json_array(), "tagIds", json_array(), "fields", json_object(),
                            "stage", "stageId", "address", json_object());
    if (json_is_object(given)) json_object_update(who, (json_t *)(uintptr_t)given);
    const char *name = json_get_text(who, "name");
    if (name) json_object_set_new(who, "firstName", json_stringn(name, strcspn(name, " ")));
    if (!json_is_object(json_object_get(who, "fields")))
        json_object_set_new(who, "fields", json_object());
    if (!json_is_array(json_object_get(who, "tags")))
        json_object_set_new(who, "tags", json_array());
    return who;
}

static json_t *state_new(struct ctx *c, const struct test_do *d, const json_t *head)
{
    CLEANUP(json_decrefp)
    json_t *context =
        json_pack("{s:o, s:{s:s, s:i}, s:{s:s, s:s}, s:O}", "customer", customer_json(d->customer),
                  "chat", "status", "pending", "priority", 0, "channel", "kind", d->channel_kind,
                  "name", d->channel_kind, "organization", json_object_get(head, "organization"));
    json_t *graph = d->graph ? d->graph : json_object_get(head, "draft");
    json_t *state =
        json_pack("{s:O, s:O, s:s, s:b, s:i, s:o, s:O, s:o, s:o, s:n, s:o, s:O, s:O, s:O?, s:O?}",
                  "graph", graph, "kind", json_object_get(head, "kind"), "channelKind",
                  d->channel_kind, "httpReal", d->http_real, "seq", 0, "minute", json_array(),
                  "context", context, "inbox", json_array(), "transcript", json_array(), "request",
                  "script", json_array(), "flowName", json_object_get(head, "name"), "flowId",
                  json_object_get(head, "id"), "customer", d->customer, "trigger", d->trigger);
    json_int_t began = (json_int_t)(d->clock_ms > 0 ? d->clock_ms : clock_unix_ms());
    json_int_t seed = (json_int_t)d->seed;
    if (seed <= 0) seed = 1;
    if (d->seed <= 0 && d->clock_ms <= 0) {
        crypto_random(&seed, sizeof seed);
        seed &= INT64_MAX;
    }
    if (state) {
        json_object_set_new(state, "beganMs", json_integer(began));
        json_object_set_new(state, "firstSeed", json_integer(seed));
        json_object_set_new(state, "seed", json_integer(seed));
        if (d->clock_ms > 0) json_object_set_new(state, "clockMs", json_integer(d->clock_ms));
    }
    return keep(c, state);
}

static void minute_count(struct session *s)
{
    json_t *minute = json_object_get(s->test, "minute");
    int64_t since = flow_test_now_ms(s) - MINUTE_MS;
    while (json_array_size(minute) > 0 && json_integer_value(json_array_get(minute, 0)) <= since)
        json_array_remove(minute, 0);
    s->run->message_count = (int)json_array_size(minute);
}

/* What a run gets instead of flow_load()'s. */
static json_t *load_of(struct ctx *c, json_t *state, json_t *row)
{
    const json_t *home = json_object_get(json_object_get(state, "context"), "organization");
    return keep(c, json_pack("{s:O?, s:n, s:O, s:O, s:O, s:O*, s:O*, s:O*, s:O*, s:o}", "session",
                             row, "chat", "context", json_object_get(state, "context"),
                             "channelKind", json_object_get(state, "channelKind"), "messages",
                             json_object_get(state, "inbox"), "zone", json_object_get(home, "zone"),
                             "language", json_object_get(home, "language"), "currency",
                             json_object_get(home, "currency"), "country",
                             json_object_get(home, "country"), "candidates", json_array()));
}

static enum err session_of(struct ctx *c, json_t *state, json_t *row, struct session **ret)
{
    const struct flow *root = NULL, *flow = NULL;
    struct uuid version = row ? session_flow(row) : (struct uuid){0};
    enum err e = flow_graph_read(c, json_object_get(state, "graph"), &root);
    if (e) return e;
    struct flow *own = (struct flow *)(uintptr_t)root; /* made just now */
    const char *name = json_get_text(state, "flowName");
    own->name = name ? name : "";
    (void)flow_kind_parse(json_get_text(state, "kind"), &own->kind);
    const char *id = json_get_text(state, "flowId");
    if (id) (void)uuid_parse(id, &own->id);
    flow = root;
    if (!uuid_is_nil(version)) e = flow_test_version(c, state, version, &flow);
    if (e) return e;
    struct session *s = NULL;
    e = session_open(c, load_of(c, state, row), flow, uuid_v7(), json_object_get(state, "trigger"),
                     &s);
    if (e) return e;
    s->root = root;
    s->test = state;
    s->silent = true; /* no chat to mark */
    s->run->test = true;
    s->run->host = &flow_host_test;
    session_answers(s->run, json_object_get(state, "inbox"), s->run->flow->debounce_ms > 0);
    minute_count(s);
    *ret = s;
    return ERR_OK;
}

/* --- acts --------------------------------------------------------------------------------- */

struct doing {
    struct test_do *d;
    struct uuid session;
    json_t *request; /* a real call that is wanted now */
    int64_t token;
};

static json_t *message_new(struct session *s, const char *text, const char *option,
                           const json_t *files)
{
    int64_t seq = json_get_int(s->test, "seq", 0) + 1;
    json_object_set_new(s->test, "seq", json_integer(seq));
    json_t *m =
        json_pack("{s:I, s:s, s:s, s:o, s:I, s:o}", "seq", (json_int_t)seq, "kind", "text", "text",
                  text, "data", json_object(), "atMs", (json_int_t)flow_test_now_ms(s), "files",
                  files ? json_incref((json_t *)(uintptr_t)files) : json_array());
    if (option)
        json_object_set_new(m, "data",
                            json_pack("{s:{s:s, s:s}}", "answer", "id", option, "title", text));
    return m;
}

/* The title under which an option was offered last. */
static const char *title_of(const json_t *transcript, const char *option)
{
    for (size_t i = json_array_size(transcript); i-- > 0;) {
        const json_t *list = json_object_get(json_array_get(transcript, i), "options");
        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *id = json_get_text(json_array_get(list, k), "id");
            if (id && strcmp(id, option) == 0)
                return json_get_text(json_array_get(list, k), "title");
        }
    }
    return NULL;
}

static enum err say(struct session *s, const struct test_do *d)
{
    const json_t *transcript = json_object_get(s->test, "transcript");
    const char *text = d->text, *wire = NULL;
    if (d->option) {
        const char *title = title_of(transcript, d->option);
        if (!title) return fault_field(s->c, "optionId", "NOT_FOUND", "no such option was offered");
        text = title;
        wire = s->run->node ? arena_printf(s->c->arena, "%s.%s", s->run->node->id, d->option)
                            : d->option;
    }
    CLEANUP(json_decrefp) json_t *files = json_array();
    const char *kind = "text";
    if (!uuid_is_nil(d->file)) {
        struct rows *rows = NULL;
        enum err e = db_one(s->c, &SQL_FLOW_TEST_FILE, PARAMS(P_UUID("file", d->file)), &rows);
        if (e == ERR_NOT_FOUND)
            return fault_field(s->c, "fileId", "NOT_FOUND", "there is no such file");
        if (e) return e;
        kind = arena_strdup(s->c->arena, rows_text(rows, 0, "kind"));
        json_array_append_new(files, json_pack("{s:o, s:s, s:s, s:s}", "id", uuid_json(d->file),
                                               "kind", kind, "name", rows_text(rows, 0, "name"),
                                               "type", rows_text(rows, 0, "type")));
    }
    json_t *m = message_new(s, text ? text : "", wire, files);
    json_object_set_new(m, "kind", json_string(kind));
    json_array_append_new(json_object_get(s->test, "inbox"), m);
    flow_test_line(s, json_pack("{s:s, s:s, s:s, s:O}", "from", "customer", "kind",
                                json_array_size(files) ? "media" : "text", "text", text ? text : "",
                                "files", files));
    json_t *step = d->option ? json_pack("{s:s}", "option", d->option)
                             : json_pack("{s:s}", "say", text ? text : "");
    if (!uuid_is_nil(d->file)) json_object_set_new(step, "file", uuid_json(d->file));
    json_array_append_new(json_object_get(s->test, "script"), step);
    session_answers(s->run, json_object_get(s->test, "inbox"), s->run->flow->debounce_ms > 0);
    return ERR_OK;
}

static enum err skip(struct session *s, const struct test_do *d)
{
    int64_t now_ms = flow_test_now_ms(s);
    int64_t until_ms = d->skip_ms > 0 ? now_ms + d->skip_ms : s->run->wait.until_ms;
    if (until_ms <= 0)
        return fault(s->c, ERR_CONFLICT, "NOTHING_TO_SKIP", "nothing waits for a time");
    if (until_ms > now_ms) {
        if (json_get_int(s->test, "clockMs", 0))
            json_object_set_new(s->test, "clockMs", json_integer(until_ms));
        else
            json_object_set_new(
                s->row, "clock_offset_ms",
                json_integer(json_get_int(s->row, "clock_offset_ms", 0) + until_ms - now_ms));
    }
    json_array_append_new(json_object_get(s->test, "script"),
                          json_pack("{s:I}", "skip", (json_int_t)d->skip_ms));
    minute_count(s);
    return ERR_OK;
}

static enum err answer(struct session *s, const struct test_do *d)
{
    if (s->run->wait.kind != WAIT_HTTP)
        return fault(s->c, ERR_CONFLICT, "NO_REQUEST", "nothing waits for an answer to a call");
    json_object_set_new(s->test, "request", json_null());
    json_array_append_new(json_object_get(s->test, "script"),
                          json_pack("{s:{s:i, s:s, s:s, s:s}}", "http", "status", d->reply->status,
                                    "body", d->reply->body, "code", d->reply->code, "error",
                                    d->reply->error));
    return ERR_OK;
}

/* Messages that were read are not given again. */
static void inbox_trim(struct session *s)
{
    json_t *inbox = json_object_get(s->test, "inbox");
    const struct run *r = s->run;
    int read = run_answers_read(r);
    int64_t seen = read > 0 ? r->answers[read - 1].seq : json_get_int(s->row, "seen_seq", 0);
    while (json_array_size(inbox) > 0 && json_get_int(json_array_get(inbox, 0), "seq", 0) <= seen)
        json_array_remove(inbox, 0);
}

static enum err finish(struct session *s, struct doing *x, enum woken_kind how)
{
    struct run *r = s->run;
    enum run_end end = RUN_WAITING;
    bool due = how != WOKE_LOOK || run_is_due(r);
    if (due) end = run_go(r, how, x->d->reply);
    if (end == RUN_ABORT) return r->abort;
    inbox_trim(s);
    if (end == RUN_FAILED)
        flow_test_line(s, json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "from", "event", "kind",
                                    "event", "text", r->fault.message, "event", "kind", "failed",
                                    "text", r->fault.code));
    enum err e = session_save(s, end, &x->token);
    x->session = s->id;
    json_t *request = json_object_get(s->test, "request");
    x->request = !e && end == RUN_WAITING && json_get_bool(s->test, "httpReal", false) &&
                         json_is_object(request)
                     ? keep(s->c, json_deep_copy(request))
                     : NULL;
    return e;
}

enum err flow_test_open(struct ctx *c, const struct test_do *d, struct session **ret_session)
{
    struct rows *rows = NULL;
    json_t *head = NULL;
    enum err e = db_one(c, &SQL_FLOW_TEST_HEAD, PARAMS(P_UUID("flow", d->flow)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "FLOW_NOT_FOUND", "there is no such flow");
    if (e) return e;
    const char *text = rows_text(rows, 0, "head");
    e = json_parse(c->arena, text, strlen(text), &head, NULL);
    if (e) return e;
    json_t *state = state_new(c, d, head);
    return state ? session_of(c, state, NULL, ret_session) : ERR_NO_MEMORY;
}

static enum err begin_body(struct ctx *c, void *arg)
{
    struct doing *x = arg;
    struct session *s = NULL;
    enum err e = flow_test_open(c, x->d, &s);
    if (e) return e;
    json_t *state = s->test;
    const char *first = json_get_text(x->d->trigger, "text");
    if (first) {
        json_t *m = message_new(s, first, NULL, NULL);
        json_array_append_new(json_object_get(state, "inbox"), m);
        flow_test_line(s, json_pack("{s:s, s:s, s:s, s:[]}", "from", "customer", "kind", "text",
                                    "text", first, "files"));
        session_answers(s->run, json_object_get(state, "inbox"), false);
        s->run->started_by = 1;
    }
    return finish(s, x, WOKE_START);
}

static enum err act_body(struct ctx *c, void *arg)
{
    struct doing *x = arg;
    struct rows *rows = NULL;
    json_t *row = NULL;
    struct session *s = NULL;
    enum err e = db_one(c, &SQL_FLOW_TEST_LOCK, PARAMS(P_UUID("session", x->d->session)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "SESSION_NOT_FOUND", "there is no such test");
    if (e) return e;
    const char *text = rows_text(rows, 0, "session");
    e = json_parse(c->arena, text, strlen(text), &row, NULL);
    if (e) return e;
    const char *status = json_get_text(row, "status");
    if (!status || strcmp(status, "waiting") != 0)
        return fault(c, ERR_CONFLICT, "SESSION_OVER", "this test is over");
    e = session_of(c, json_object_get(row, "test"), row, &s);
    if (e) return e;
    switch (x->d->act) {
    case TEST_SAY: e = say(s, x->d); break;
    case TEST_SKIP: e = skip(s, x->d); break;
    case TEST_ANSWER: e = answer(s, x->d); break;
    case TEST_BEGIN: break;
    }
    return e ? e : finish(s, x, x->d->act == TEST_ANSWER ? WOKE_HTTP : WOKE_LOOK);
}

enum err flow_test_do(struct ctx *c, struct test_do *d, struct uuid *ret_session)
{
    struct doing x = {.d = d, .session = d->session};
    enum err e = db_retry(c, d->act == TEST_BEGIN ? begin_body : act_body, &x);
    for (int calls = 0; !e && x.request && calls < CALLS_MAX; calls++) {
        struct flow_reply reply;
        char id[UUID_TEXT_SIZE];
        json_object_set_new(x.request, "sessionId", json_string(uuid_text(x.session, id)));
        e = flow_http_call(c, x.request, &reply);
        if (e) break;
        struct test_do more = {.act = TEST_ANSWER, .session = x.session, .reply = &reply};
        x.d = &more;
        e = db_retry(c, act_body, &x);
    }
    if (ret_session) *ret_session = x.session;
    return e;
}

enum err flow_test_state(struct ctx *c, struct uuid session, json_t **ret_state)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, &SQL_FLOW_TEST_STATE, PARAMS(P_UUID("session", session)), &rows);
    if (e == ERR_NOT_FOUND) return fault(c, e, "SESSION_NOT_FOUND", "there is no such test");
    if (e) return e;
    const char *text = rows_text(rows, 0, "test");
    return json_parse(c->arena, text, strlen(text), ret_state, NULL);
}

struct flow_reply flow_test_reply(struct ctx *c, int status, const char *body)
{
    json_t *json = NULL;
    if (body && json_parse(c->arena, body, strlen(body), &json, NULL)) json = NULL;
    return (struct flow_reply){
        .status = status,
        .code = status ? "" : "CALL_TIMEOUT",
        .error = status ? "" : "no answer",
        .body = body ? body : "",
        .json = json,
        .tries = 1,
    };
}
