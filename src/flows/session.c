/* A session between its row and a run: what flow_load() gave becomes a struct run, what came of the
 * run becomes what flow_save() takes (store.h). Names of JSON members of the row are the columns'. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/jobs.h"
#include "flows/store.h"
#include "sql.h"

static void release(void *j)
{
    json_decref(j);
}

static struct uuid uuid_of(const json_t *o, const char *key)
{
    struct uuid id = {0};
    const char *s = json_get_text(o, key);
    if (s) (void)uuid_parse(s, &id);
    return id;
}

static json_t *uuid_json(struct uuid id)
{
    char text[UUID_TEXT_SIZE];
    return uuid_is_nil(id) ? json_null() : json_string(uuid_text(id, text));
}

/* A reference that goes with the context; an empty object when there is none. */
static json_t *kept(struct ctx *c, json_t *j, bool object)
{
    json_t *held = j && !json_is_null(j) ? json_incref(j) : object ? json_object() : NULL;
    if (held) arena_on_free(c->arena, release, held);
    return held;
}

/* --- answers ---------------------------------------------------------------------------- */

static struct answer answer_of(json_t *m)
{
    const json_t *data = json_object_get(m, "data");
    const char *option = json_get_text(json_object_get(data, "answer"), "id");
    const char *text = json_get_text(m, "text"), *kind = json_get_text(m, "kind");
    json_t *files = json_object_get(m, "files");
    return (struct answer){
        .text = text ? text : "",
        .option = option && *option ? option : NULL,
        .kind = kind ? kind : "text",
        .data = data,
        .files = files,
        .at_ms = json_get_int(m, "atMs", 0),
        .seq = json_get_int(m, "seq", 0),
        .count = 1,
    };
}

/* Two of one burst: the texts below each other, the files together, the last button. */
static void join(struct run *r, struct answer *a, const struct answer *more)
{
    if (*a->text && *more->text)
        a->text = arena_printf(r->arena, "%s\n%s", a->text, more->text);
    else if (*more->text)
        a->text = more->text;
    if (json_array_size(more->files) > 0) {
        json_t *all = json_array();
        arena_on_free(r->arena, release, all);
        json_array_extend(all, (json_t *)(uintptr_t)a->files);
        json_array_extend(all, (json_t *)(uintptr_t)more->files);
        a->files = all;
    }
    if (more->option) a->option = more->option;
    a->kind = more->kind;
    a->data = more->data;
    a->at_ms = more->at_ms;
    a->seq = more->seq;
    a->count++;
}

void session_answers(struct run *r, const json_t *messages, bool joined)
{
    size_t count = json_array_size(messages);
    r->answers = arena_array(r->arena, count + 1, sizeof *r->answers);
    r->answer_count = r->answer_next = 0;
    for (size_t i = 0; r->answers && i < count; i++) {
        struct answer a = answer_of(json_array_get(messages, i));
        if (joined && r->answer_count > 0)
            join(r, &r->answers[r->answer_count - 1], &a);
        else
            r->answers[r->answer_count++] = a;
    }
}

/* --- open ------------------------------------------------------------------------------- */

static enum wait_kind wait_kind_of(const char *name)
{
    for (int k = WAIT_ANSWER; name && k <= WAIT_CALL; k++)
        if (strcmp(wait_kind_names[k], name) == 0) return (enum wait_kind)k;
    return WAIT_NONE;
}

static struct frame frame_of(const json_t *o)
{
    return (struct frame){uuid_of(o, "flowId"), uuid_of(o, "versionId"),
                          json_get_text(o, "nodeId")};
}

struct uuid session_flow(const json_t *row)
{
    const json_t *stack = json_object_get(row, "stack");
    size_t count = json_array_size(stack);
    return count ? uuid_of(json_array_get(stack, count - 1), "versionId")
                 : uuid_of(row, "version_id");
}

static const char *language_of(const struct flow *flow, const json_t *load)
{
    const char *own =
        json_get_text(json_object_get(json_object_get(load, "context"), "customer"), "language");
    const char *home = json_get_text(load, "language");
    if (*flow->language) return flow->language;
    return own ? own : home ? home : "en";
}

static void open_row(struct session *s)
{
    struct run *r = s->run;
    const json_t *row = s->row, *wait = json_object_get(row, "wait");
    const json_t *stack = json_object_get(row, "stack");
    size_t frames = json_array_size(stack);
    r->node = flow_node_by_id(r->flow, json_get_text(row, "node"));
    r->wait = (struct wait){
        .kind = wait_kind_of(json_get_text(wait, "kind")),
        .node_id = json_get_text(wait, "nodeId"),
        .until_ms = json_get_int(wait, "untilMs", 0),
        .data = kept(s->c, json_object_get(wait, "data"), true),
    };
    const json_t *error = json_object_get(wait, "error");
    r->error = (struct run_fault){json_get_text(error, "code"), json_get_text(error, "message")};
    /* The last frame is where it stands now. */
    for (size_t i = 0; i + 1 < frames && i < FLOW_DEPTH_MAX; i++)
        r->stack[r->depth++] = frame_of(json_array_get(stack, i));
    r->steps = (int)json_get_int(row, "steps", 0);
    r->sent = (int)json_get_int(row, "sent", 0);
    r->http_count = (int)json_get_int(row, "calls", 0);
}

/* Whatever object they are by then: a step that fails puts the ones of before back. */
static void vars_release(void *run)
{
    struct run *r = run;
    json_decref(r->vars);
}

enum err session_open(struct ctx *c, const json_t *load, const struct flow *flow,
                      struct uuid new_id, json_t *trigger, struct session **ret_session)
{
    struct session *s = arena_alloc(c->arena, sizeof *s);
    struct run *r = arena_alloc(c->arena, sizeof *r);
    if (!s || !r) return fault(c, ERR_NO_MEMORY, NULL, "Too much data for one run");
    json_t *row = json_object_get(load, "session");
    const json_t *chat = json_object_get(load, "chat"), *context = json_object_get(load, "context");
    const char *kind = json_get_text(load, "channelKind");
    const char *author = json_get_text(json_object_get(context, "organization"), "name");
    bool is_new = !row || json_is_null(row);
    *s = (struct session){
        .c = c,
        .id = is_new ? new_id : uuid_of(row, "id"),
        .chat = uuid_of(chat, "id"),
        .customer = uuid_of(json_object_get(context, "customer"), "id"),
        .row = kept(c, is_new ? NULL : row, true),
        .load = load,
        .run = r,
        .is_new = is_new,
        .silent = flow->kind != FLOW_GENERAL,
        .author = author ? author : "",
    };
    *r = (struct run){
        .arena = c->arena,
        .host_arg = s,
        .session = s->id,
        .flow = flow,
        .vars = json_deep_copy(json_object_get(s->row, "vars")),
        .message_count = (int)json_get_int(load, "minute", 0),
        .context = kept(c, json_object_get(load, "context"), true),
        .trigger = kept(c, is_new ? trigger : json_object_get(row, "trigger"), true),
        .channel = kind ? channel_kind_find(kind) : NULL,
    };
    if (!r->vars) r->vars = json_object();
    arena_on_free(c->arena, vars_release, r);
    if (is_new) s->root = flow;
    run_begin(r);
    r->env.zones = flow_worker_zones(c->app);
    r->env.zone = json_get_text(load, "zone");
    r->env.language = language_of(flow, load);
    r->env.currency = json_get_text(load, "currency");
    r->env.country = json_get_text(load, "country");
    if (!is_new) open_row(s);
    json_t *last = json_object_get(load, "last");
    if (json_is_object(last)) r->last = answer_of(last);
    *ret_session = s;
    return ERR_OK;
}

/* --- save ------------------------------------------------------------------------------- */

static json_t *time_json(int64_t unix_ms)
{
    char text[TIME_TEXT_SIZE];
    return unix_ms > 0 ? json_string(time_text(unix_ms, text)) : json_null();
}

static json_t *error_json(const struct run_fault *f)
{
    return json_pack("{s:s, s:s}", "code", f->code, "message", f->message ? f->message : "");
}

/* What it waits for, with the request that is under way, so that it can be made again; and the error
 * that a port led around: what comes after the wait, or after a retry, may tell of it. */
static json_t *wait_json(const struct run *r, enum run_end end, json_t *call)
{
    const struct wait *w = &r->wait;
    json_t *j = json_object();
    if (end == RUN_WAITING) {
        json_object_set_new(j, "kind", json_string(wait_kind_names[w->kind]));
        json_object_set_new(j, "nodeId", json_string(w->node_id ? w->node_id : ""));
        json_object_set_new(j, "untilMs", json_integer(w->until_ms));
        json_object_set(j, "data", w->data);
        if (call && w->kind == WAIT_HTTP) json_object_set(j, "request", call);
    }
    if (r->error.code && end != RUN_DONE) json_object_set_new(j, "error", error_json(&r->error));
    if (json_object_size(j) > 0) return j;
    json_decref(j);
    return json_null();
}

static json_t *stack_json(const struct run *r)
{
    json_t *list = json_array();
    for (int i = 0; i < r->depth; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:s}", "flowId", uuid_json(r->stack[i].flow), "versionId",
                            uuid_json(r->stack[i].version), "nodeId", r->stack[i].node_id));
    if (r->depth > 0)
        json_array_append_new(list, json_pack("{s:o, s:o}", "flowId", uuid_json(r->flow->id),
                                              "versionId", uuid_json(r->flow->version)));
    return list;
}

static json_t *fault_json(const char *code, const char *message, const char *node)
{
    if (!code) return json_null();
    return json_pack("{s:s, s:s, s:s*}", "code", code, "message", message ? message : "", "nodeId",
                     node);
}

static json_t *steps_json(const struct run *r)
{
    json_t *list = json_array();
    for (int i = 0; i < r->log_count; i++) {
        const struct run_step *x = &r->log[i];
        json_array_append_new(
            list, json_pack("{s:i, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:o}", "n", x->n,
                            "flow_id", uuid_json(x->flow->id), "version_id",
                            uuid_json(x->flow->version), "node", x->node_id, "type", x->type,
                            "what", x->what, "port", x->port ? json_string(x->port) : json_null(),
                            "data", x->data ? json_incref(x->data) : json_null(), "error",
                            fault_json(x->code, x->error, NULL), "took_us", (json_int_t)x->took_us,
                            "at", time_json(x->at_ms)));
    }
    return list;
}

static int64_t seen_of(const struct session *s)
{
    const struct run *r = s->run;
    int read = run_answers_read(r);
    if (read > 0) return r->answers[read - 1].seq;
    /* One that no message began has read all that there was. */
    if (s->is_new) return json_get_int(json_object_get(s->load, "chat"), "seq", 0);
    return json_get_int(s->row, "seen_seq", 0);
}

static const char *status_of(enum run_end end)
{
    switch (end) {
    case RUN_WAITING: return "waiting";
    case RUN_DONE: return "done";
    case RUN_FAILED:
    case RUN_ABORT: break;
    }
    return "failed";
}

/* How a session of this row began is in the row; everything else is written anew. */
json_t *session_row(const struct session *s, enum run_end end)
{
    const struct run *r = s->run;
    bool waits = end == RUN_WAITING;
    const json_t *row = s->row;
    json_t *out = json_object();
    json_object_set_new(out, "id", uuid_json(s->id));
    json_object_set_new(out, "flow_id",
                        s->is_new ? uuid_json(s->root->id)
                                  : json_incref(json_object_get(row, "flow_id")));
    json_object_set_new(out, "version_id",
                        s->is_new ? uuid_json(s->root->version)
                                  : json_incref(json_object_get(row, "version_id")));
    json_object_set_new(out, "chat_id", uuid_json(s->chat));
    json_object_set_new(out, "customer_id", uuid_json(s->customer));
    json_object_set_new(out, "channel_id",
                        uuid_json(uuid_of(json_object_get(s->load, "chat"), "channelId")));
    json_object_set_new(out, "status", json_string(status_of(end)));
    json_object_set_new(out, "node", r->node ? json_string(r->node->id) : json_null());
    json_object_set_new(out, "wait", wait_json(r, end, s->call));
    json_object_set_new(out, "wake_at", waits ? time_json(r->wait.until_ms) : json_null());
    json_object_set(out, "vars", r->vars);
    json_object_set_new(out, "stack", stack_json(r));
    json_object_set_new(out, "seen_seq", json_integer(seen_of(s)));
    json_object_set_new(out, "steps", json_integer(r->steps));
    json_object_set_new(out, "sent", json_integer(r->sent));
    json_object_set_new(out, "calls", json_integer(r->http_count));
    json_object_set_new(out, "token", json_integer(json_get_int(row, "token", 1)));
    json_object_set_new(out, "debounce_ms", json_integer(r->flow->debounce_ms));
    json_object_set(out, "trigger", r->trigger);
    json_object_set_new(out, "error",
                        end == RUN_FAILED ? fault_json(r->fault.code, r->fault.message,
                                                       r->node ? r->node->id : NULL)
                                          : json_null());
    json_object_set_new(out, "ended_how",
                        json_string(waits               ? ""
                                    : end == RUN_FAILED ? r->fault.code
                                    : s->how            ? s->how
                                                        : "end"));
    json_object_set_new(out, "test", s->test ? json_incref(s->test) : json_null());
    json_object_set_new(out, "clock_offset_ms",
                        json_integer(json_get_int(row, "clock_offset_ms", 0)));
    json_t *started = json_object_get(row, "started_at");
    if (started) json_object_set(out, "started_at", started);
    return out;
}

enum err session_save(struct session *s, enum run_end end, int64_t *ret_token)
{
    const struct run *r = s->run;
    json_t *p = json_pack("{s:o, s:o, s:b, s:b}", "session", session_row(s, end), "steps",
                          steps_json(r), "silent", s->silent, "own", true);
    arena_on_free(s->c->arena, release, p);
    const char *name = r->node && *r->node->name ? r->node->name
                       : r->node                 ? r->node->type->type
                                                 : "";
    json_object_set_new(
        p, "flow",
        json_pack("{s:o, s:o, s:s, s:s, s:s}", "sessionId", uuid_json(s->id), "flowId",
                  json_incref(json_object_get(json_object_get(p, "session"), "flow_id")), "name",
                  r->flow->name, "nodeName", name, "status", status_of(end)));
    if (s->call) json_object_set(p, "call", s->call);
    if (s->job)
        json_object_set_new(p, "job",
                            json_pack("{s:I, s:I}", "id", (json_int_t)s->job->id, "taken",
                                      (json_int_t)s->job->taken));
    struct rows *rows = NULL;
    enum err e = db_one(s->c, &SQL_FLOW_SAVE, PARAMS(P_JSON("p", p)), &rows);
    if (!e && s->job) s->job->ended = true;
    if (!e && ret_token) *ret_token = rows_int(rows, 0, "token", 0);
    return e;
}
