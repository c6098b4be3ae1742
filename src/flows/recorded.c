/* Recorded tests (recorded.h): a conversation becomes a script, and a script a conversation, of which
 * line by line is told where it differs. Clock and chance are those of the recording, so that the
 * same draft says the same. */
#include "flows/recorded.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "flows/api.h"
#include "flows/testing.h"
#include "sql.h"

#define ACT_MAX_BYTES (64 * MIB)

/* --- recording ------------------------------------------------------------------------------ */

/* Of a line what a person would see: text, titles, what happened. */
static json_t *seen_line(const json_t *line)
{
    const json_t *options = json_object_get(line, "options"), *ev = json_object_get(line, "event");
    json_t *titles = json_array();
    for (size_t i = 0; i < json_array_size(options); i++)
        json_array_append(titles, json_object_get(json_array_get(options, i), "title"));
    json_t *out = json_pack("{s:O, s:O, s:o}", "kind", json_object_get(line, "kind"), "text",
                            json_object_get(line, "text"), "options", titles);
    if (json_is_object(ev)) json_object_set(out, "event", json_object_get(ev, "kind"));
    return out;
}

static json_t *seen_lines(const json_t *transcript)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(transcript); i++) {
        const json_t *line = json_array_get(transcript, i);
        const char *from = json_get_text(line, "from");
        if (from && strcmp(from, "customer") != 0) json_array_append_new(out, seen_line(line));
    }
    return out;
}

enum err recorded_script(struct ctx *c, struct uuid session, json_t **ret_script)
{
    json_t *state = NULL;
    enum err e = flow_test_state(c, session, &state);
    if (e) return e;
    json_int_t began = (json_int_t)json_get_int(state, "beganMs", clock_unix_ms());
    *ret_script =
        flow_arena_json(c, json_pack("{s:O, s:O?, s:O?, s:I, s:I, s:O, s:o}", "channelKind",
                                     json_object_get(state, "channelKind"), "customer",
                                     json_object_get(state, "customer"), "trigger",
                                     json_object_get(state, "trigger"), "clockMs", began, "seed",
                                     (json_int_t)json_get_int(state, "firstSeed", 1), "steps",
                                     json_object_get(state, "script"), "expect",
                                     seen_lines(json_object_get(state, "transcript"))));
    return *ret_script ? ERR_OK : ERR_NO_MEMORY;
}

/* --- playing -------------------------------------------------------------------------------- */

/* A context for one act, of the same person: graphs may be large, and there are many acts. */
static struct ctx *of_same(const struct ctx *c)
{
    struct ctx *own = ctx_new(c->app, ACT_MAX_BYTES, c->deadline_ms);
    if (!own) return NULL;
    own->org = c->org;
    own->actor = c->actor;
    memcpy(own->trace, c->trace, sizeof own->trace);
    return own;
}

static enum err act(struct ctx *c, struct test_do *d, struct uuid *ret_session)
{
    CLEANUP(ctx_freep) struct ctx *own = of_same(c);
    if (!own) return ERR_NO_MEMORY;
    enum err e = flow_test_do(own, d, ret_session);
    if (!e) return ERR_OK;
    const struct fault *f = &own->fault;
    return fault(c, e, f->code ? arena_strdup(c->arena, f->code) : NULL, "%s",
                 f->detail_count > 0 ? f->details[0].message
                 : f->message        ? f->message
                                     : "not possible");
}

static enum err play_step(struct ctx *c, struct uuid session, const json_t *step)
{
    const json_t *http = json_object_get(step, "http"), *skip_ms = json_object_get(step, "skip");
    const char *file = json_get_text(step, "file");
    struct flow_reply reply;
    struct test_do d = {.act = TEST_SAY,
                        .session = session,
                        .text = json_get_text(step, "say"),
                        .option = json_get_text(step, "option")};
    if (file) (void)uuid_parse(file, &d.file);
    if (skip_ms) {
        d.act = TEST_SKIP;
        d.skip_ms = json_integer_value(skip_ms);
    } else if (http) {
        const char *code = json_get_text(http, "code"), *error = json_get_text(http, "error");
        reply =
            flow_test_reply(c, (int)json_get_int(http, "status", 200), json_get_text(http, "body"));
        if (code) reply.code = code;
        if (error) reply.error = error;
        d.act = TEST_ANSWER;
        d.reply = &reply;
    }
    return act(c, &d, NULL);
}

/* The whole conversation. *ret_step: the one that was not possible, from 1; then the fault says why
 * and the error is ERR_OK. */
static enum err play(struct ctx *c, struct uuid flow, json_t *graph, const json_t *script,
                     struct uuid *ret_session, size_t *ret_step)
{
    const char *kind = json_get_text(script, "channelKind");
    struct test_do d = {
        .act = TEST_BEGIN,
        .flow = flow,
        .graph = graph,
        .channel_kind = kind ? kind : "webchat",
        .customer = json_object_get(script, "customer"),
        .trigger = json_object_get(script, "trigger"),
        .clock_ms = json_get_int(script, "clockMs", 1),
        .seed = json_get_int(script, "seed", 1),
    };
    const json_t *steps = json_object_get(script, "steps");
    enum err e = act(c, &d, ret_session);
    for (size_t i = 0; !e && i < json_array_size(steps); i++) {
        e = play_step(c, *ret_session, json_array_get(steps, i));
        if (e != ERR_CONFLICT && e != ERR_INVALID) continue;
        *ret_step = i + 1;
        return ERR_OK;
    }
    return e;
}

static json_t *line_at(const json_t *lines, size_t i)
{
    json_t *line = json_array_get(lines, i);
    return line ? json_incref(line) : json_null();
}

static const char *words_of(const json_t *lines, size_t i)
{
    const char *text = json_get_text(json_array_get(lines, i), "text");
    return text ? text : "nothing";
}

/* {ok, message, step, line, expected, got}: the first difference, if any; new. */
static json_t *result_of(struct ctx *c, const json_t *want, const json_t *got, size_t step)
{
    size_t wanted = json_array_size(want), came = json_array_size(got), i = 0;
    while (i < wanted && i < came && json_equal(json_array_get(want, i), json_array_get(got, i)))
        i++;
    bool same = i == wanted && i == came, ok = same && step == 0;
    const char *why = "";
    if (step > 0)
        why = arena_printf(c->arena, "step %zu: %s", step,
                           c->fault.message ? c->fault.message : "not possible");
    else if (!same)
        why = arena_printf(c->arena, "line %zu: expected \"%s\", came \"%s\"", i + 1,
                           words_of(want, i), words_of(got, i));
    return json_pack("{s:b, s:s, s:o, s:o, s:o, s:o}", "ok", ok, "message", why, "step",
                     step ? json_integer((json_int_t)step) : json_null(), "line",
                     same ? json_null() : json_integer((json_int_t)i), "expected",
                     same ? json_null() : line_at(want, i), "got",
                     same ? json_null() : line_at(got, i));
}

/* *ret_result: new. */
static enum err run_one(struct ctx *c, struct uuid flow, json_t *graph, const char *script_text,
                        json_t **ret_result)
{
    json_t *script = NULL, *state = NULL;
    struct uuid session = {0};
    size_t step = 0;
    enum err e = json_parse(c->arena, script_text, strlen(script_text), &script, NULL);
    if (!e) e = play(c, flow, graph, script, &session, &step);
    if (!e) e = flow_test_state(c, session, &state);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *got = seen_lines(json_object_get(state, "transcript"));
    *ret_result = result_of(c, json_object_get(script, "expect"), got, step);
    fault_clear(c);
    if (!*ret_result) return ERR_NO_MEMORY;
    return db_exec(c, &SQL_FLOW_TEST_FORGET, PARAMS(P_UUID("session", session)));
}

static enum err run_alone(struct ctx *c, struct uuid flow, json_t *graph, const char *script,
                          json_t **ret_result)
{
    CLEANUP(ctx_freep) struct ctx *own = of_same(c);
    enum err e = own ? run_one(own, flow, graph, script, ret_result) : ERR_NO_MEMORY;
    if (own && e && own->fault.code)
        return fault(c, e, arena_strdup(c->arena, own->fault.code), "%s",
                     own->fault.message ? own->fault.message : "");
    return e;
}

static enum err keep(struct ctx *c, const char *test, json_t *result)
{
    char at[TIME_TEXT_SIZE];
    CLEANUP(json_decrefp) json_t *kept = json_copy(result);
    json_object_set_new(kept, "at", json_string(time_text(clock_unix_ms(), at)));
    return db_exec(c, &SQL_FLOW_TEST_RESULT, PARAMS(P_TEXT("test", test), P_JSON("result", kept)));
}

enum err recorded_run(struct ctx *c, struct uuid flow, json_t *graph, json_t **ret_items,
                      int *ret_failed)
{
    struct rows *rows = NULL;
    *ret_failed = 0;
    *ret_items = flow_arena_json(c, json_array());
    enum err e = db_query(c, &SQL_FLOW_TESTS_RUN, PARAMS(P_UUID("flow", flow)), &rows);
    for (int i = 0; !e && i < rows_count(rows); i++) {
        json_t *result = NULL;
        const char *id = rows_text(rows, i, "id"), *name = rows_text(rows, i, "name");
        e = run_alone(c, flow, graph, rows_text(rows, i, "script"), &result);
        if (!e) e = keep(c, id, result);
        if (!json_get_bool(result, "ok", false)) ++*ret_failed;
        json_t *item = json_pack("{s:s, s:s}", "id", id, "name", name);
        json_object_update(item, result);
        json_array_append_new(*ret_items, item);
        json_decref(result);
    }
    return e;
}
