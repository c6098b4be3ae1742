/* The loop (run.h): one node after the other until it waits, ends, fails or meets a limit.
 *
 * Invariants: a node that fails leaves nothing behind but its line in the log (the host's undo, the
 * variables as before, the counters too); a wait that is over is over once; whatever the graph, the
 * loop ends, because every turn of it is a step that counts. Values, templates and conditions are in
 * run_values.c. */
#include "flows/run.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"

const char *const wait_kind_names[] = {"none", "answer", "timer", "http", "call"};

bool flow_refuses(enum err e)
{
    switch (e) {
    case ERR_INVALID:
    case ERR_FORBIDDEN:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
    case ERR_TOO_LARGE:
    case ERR_MEDIA_TYPE:
    case ERR_UNPROCESSABLE:
    case ERR_RATE_LIMITED: return true;
    default: return false;
    }
}

/* --- what nodes answer ------------------------------------------------------------------ */

enum step run_port(struct run *r, const char *port)
{
    /* An option without an id: in a draft, which nobody has checked. */
    if (!port) return run_fail(r, "NODE_FAILED", "the option that was taken has no id");
    r->out.port = port;
    return STEP_PORT;
}

enum step run_next(struct run *r)
{
    return run_port(r, "next");
}

enum step run_end_flow(struct run *r)
{
    (void)r;
    return STEP_END;
}

enum step run_over(struct run *r)
{
    (void)r;
    return STEP_OVER;
}

enum step run_jump(struct run *r, int target)
{
    if (target < 0 || target >= r->flow->node_count)
        return run_fail(r, "UNKNOWN_NODE", "the node to go on with does not exist");
    r->out.target = target;
    return STEP_JUMP;
}

enum step run_call(struct run *r, const struct flow *flow)
{
    r->out.flow = flow;
    return STEP_CALL;
}

static void fault_put(struct run *r, const char *code, const char *fmt, va_list ap)
{
    if (r->fault.code) return; /* the first says why */
    const char *words = arena_vprintf(r->arena, fmt, ap);
    r->fault = (struct run_fault){code, words ? words : ""};
}

enum step run_fail(struct run *r, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fault_put(r, code, fmt, ap);
    va_end(ap);
    return STEP_FAIL;
}

enum step run_limit(struct run *r, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    r->fault = (struct run_fault){0};
    fault_put(r, code, fmt, ap);
    va_end(ap);
    r->limit = true;
    return STEP_FAIL;
}

enum err run_refuse(struct run *r, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fault_put(r, code, fmt, ap);
    va_end(ap);
    return ERR_INVALID;
}

enum step run_error(struct run *r, enum err e)
{
    if (!flow_refuses(e)) {
        r->abort = e;
        return STEP_FAIL;
    }
    return run_fail(r, err_row(e)->code, "%s", err_row(e)->text);
}

static void wait_set(struct run *r, enum wait_kind kind, int64_t until_ms, json_t *data)
{
    r->wait = (struct wait){
        .kind = kind,
        .node_id = r->node->id,
        .until_ms = until_ms,
        .data = data ? json_incref(data) : json_object(),
    };
    arena_on_free(r->arena, (void (*)(void *))json_decref, r->wait.data);
}

enum step run_wait_answer(struct run *r, int64_t timeout_ms, json_t *data)
{
    if (timeout_ms > FLOW_WAIT_MAX_MS) timeout_ms = FLOW_WAIT_MAX_MS;
    wait_set(r, WAIT_ANSWER, timeout_ms > 0 ? run_now_ms(r) + timeout_ms : 0, data);
    return STEP_WAIT;
}

enum step run_wait_until(struct run *r, int64_t unix_ms, json_t *data)
{
    int64_t most = run_now_ms(r) + FLOW_WAIT_MAX_MS;
    wait_set(r, WAIT_TIMER, unix_ms > most ? most : unix_ms, data);
    return STEP_WAIT;
}

enum step run_wait_http(struct run *r, const struct flow_request *q, json_t *data)
{
    wait_set(r, WAIT_HTTP, 0, data);
    r->http_count++;
    enum err e = r->host->http(r, q);
    return e ? run_error(r, e) : STEP_WAIT;
}

/* --- doing ------------------------------------------------------------------------------ */

int64_t run_now_ms(struct run *r)
{
    return r->host->now_ms(r);
}

enum err run_send(struct run *r, const struct flow_message *m)
{
    if (r->message_count >= FLOW_MESSAGES_PER_MINUTE) {
        (void)run_limit(r, "MESSAGES_LIMIT", "more than %d messages in a minute",
                        FLOW_MESSAGES_PER_MINUTE);
        return ERR_RATE_LIMITED;
    }
    if (r->sent >= FLOW_SESSION_MESSAGES_MAX) {
        (void)run_limit(r, "SESSION_LIMIT", "more than %d messages", FLOW_SESSION_MESSAGES_MAX);
        return ERR_RATE_LIMITED;
    }
    r->message_count++;
    r->sent++;
    return r->host->send(r, m);
}

/* --- the log ---------------------------------------------------------------------------- */

static const char *what_of(enum woken_kind k)
{
    switch (k) {
    case WOKE_ANSWER: return "answered";
    case WOKE_TIMER: return "timeout";
    case WOKE_HTTP: return "http";
    case WOKE_RETURN: return "returned";
    case WOKE_RETRY: return "retried";
    case WOKE_START:
    case WOKE_LOOK: break;
    }
    return "entered";
}

static struct run_step *log_add(struct run *r, enum woken_kind why)
{
    if (r->log_count == r->log_capacity) {
        int capacity = r->log_capacity ? 2 * r->log_capacity : 16;
        struct run_step *more = arena_array(r->arena, (size_t)capacity, sizeof *more);
        if (!more) return NULL;
        if (r->log_count) memcpy(more, r->log, (size_t)r->log_count * sizeof *more);
        r->log = more;
        r->log_capacity = capacity;
    }
    struct run_step *s = &r->log[r->log_count++];
    *s = (struct run_step){
        .n = ++r->steps,
        .at_ms = run_now_ms(r),
        .flow = r->flow,
        .node_id = r->node->id,
        .type = r->node->type->type,
        .what = what_of(why),
    };
    r->run_steps++;
    return s;
}

/* --- one node --------------------------------------------------------------------------- */

/* What a step may change and must not when it fails. */
struct before {
    int message_count, sent, http_count;
    struct wait wait;
};

static void note_reset(struct run *r)
{
    if (r->note) json_decref(r->note);
    r->note = NULL;
    if (r->vars_before) json_decref(r->vars_before);
    r->vars_before = NULL;
}

static enum err step_keep(struct run *r)
{
    return r->host->keep(r);
}

static enum err step_undo(struct run *r, const struct before *b)
{
    r->message_count = b->message_count;
    r->sent = b->sent;
    r->http_count = b->http_count;
    r->wait = b->wait;
    if (r->vars_before) {
        json_decref(r->vars);
        r->vars = r->vars_before;
        r->vars_before = NULL;
    }
    return r->host->undo(r);
}

/* Run or wake the node; the answer's consequences for the host. STEP_FAIL comes back with the fault
 * set, r->abort, or both unset only when the node gave its error port itself. */
static enum step perform(struct run *r, const struct woken *w, struct run_step *line)
{
    const struct node *n = r->node;
    struct before b = {r->message_count, r->sent, r->http_count, r->wait};
    bool enters = w->kind == WOKE_START || w->kind == WOKE_RETRY;
    int64_t began_us = clock_mono_us();
    r->fault = (struct run_fault){0};
    r->out.port = NULL;
    enum err e = r->host->begin(r);
    enum step step = e ? run_error(r, e) : enters ? n->type->run(r, n) : n->type->resume(r, n, w);
    if (r->limit) step = STEP_FAIL; /* also when the node did not mind */
    if (step != STEP_WAIT && !r->abort) r->wait = (struct wait){0};
    if (!r->abort) {
        e = step == STEP_FAIL ? step_undo(r, &b) : step_keep(r);
        if (e) r->abort = flow_refuses(e) ? ERR_INTERNAL : e;
    }
    line->took_us = clock_mono_us() - began_us;
    line->data = r->note;
    r->note = NULL;
    if (line->data) arena_on_free(r->arena, (void (*)(void *))json_decref, line->data);
    note_reset(r);
    return r->abort ? STEP_FAIL : step;
}

/* --- where to next ---------------------------------------------------------------------- */

enum turn { TURN_ON, TURN_WAIT, TURN_DONE, TURN_FAILED, TURN_ABORT };

/* The flow is over: back to who called, or the session is done. */
static enum turn leave(struct run *r, struct woken *w)
{
    if (r->depth == 0) return TURN_DONE;
    const struct frame *caller = &r->stack[--r->depth];
    const struct flow *f = NULL;
    enum err e = r->host->version(r, caller->version, &f);
    if (e && !flow_refuses(e)) {
        r->abort = e;
        return TURN_ABORT;
    }
    const struct node *n = e ? NULL : flow_node_by_id(f, caller->node_id);
    if (!n || !n->type->resume) {
        (void)run_fail(r, "CALLER_GONE", "the flow that called is not there any more");
        return TURN_FAILED;
    }
    r->flow = f;
    r->node = n;
    *w = (struct woken){.kind = WOKE_RETURN};
    return TURN_ON;
}

static enum turn enter(struct run *r, int target, struct woken *w)
{
    r->node = &r->flow->nodes[target];
    *w = (struct woken){.kind = WOKE_START};
    return TURN_ON;
}

static enum turn call(struct run *r, struct woken *w)
{
    if (r->depth == FLOW_DEPTH_MAX) {
        (void)run_limit(r, "DEPTH_LIMIT", "more than %d flows inside each other", FLOW_DEPTH_MAX);
        return TURN_FAILED;
    }
    r->stack[r->depth++] = (struct frame){r->flow->id, r->flow->version, r->node->id};
    r->flow = r->out.flow;
    return enter(r, r->flow->start, w);
}

static enum turn fail(struct run *r, struct run_step *line, struct woken *w)
{
    if (r->abort) return TURN_ABORT;
    if (!r->fault.code) r->fault = (struct run_fault){"NODE_FAILED", "this step did not succeed"};
    line->code = r->fault.code;
    line->error = r->fault.message;
    int target = r->limit ? -1 : node_target(r->node, "error");
    if (target < 0) return TURN_FAILED;
    line->port = "error";
    r->error = r->fault;
    return enter(r, target, w);
}

static enum turn follow(struct run *r, enum step step, struct run_step *line, struct woken *w)
{
    switch (step) {
    case STEP_WAIT: return TURN_WAIT;
    case STEP_END: return leave(r, w);
    case STEP_OVER: return TURN_DONE;
    case STEP_FAIL: return fail(r, line, w);
    case STEP_CALL: return call(r, w);
    case STEP_JUMP: return enter(r, r->out.target, w);
    case STEP_PORT: break;
    }
    line->port = r->out.port;
    int target = node_target(r->node, r->out.port);
    if (target >= 0) return enter(r, target, w);
    if (strcmp(r->out.port, "error") == 0) return fail(r, line, w);
    return leave(r, w);
}

/* --- waits ------------------------------------------------------------------------------ */

/* What the customer wrote while the flow was busy otherwise is read and passed. */
static void pass_answers(struct run *r)
{
    if (r->answer_next < r->answer_count) r->last = r->answers[r->answer_count - 1];
    r->answer_next = r->answer_count;
}

/* Is what the wait is for here? An answer that came in time counts even when the timer is looked at
 * first. */
static bool wait_over(struct run *r, struct woken *w)
{
    const struct wait *x = &r->wait;
    bool due = x->until_ms > 0 && x->until_ms <= run_now_ms(r);
    if (x->kind == WAIT_ANSWER && r->answer_next < r->answer_count) {
        struct answer *a = &r->answers[r->answer_next];
        if (x->until_ms == 0 || a->at_ms <= x->until_ms) {
            *w = (struct woken){.kind = WOKE_ANSWER, .answer = a};
            return true;
        }
    }
    if (!due || x->kind == WAIT_HTTP) return false;
    *w = (struct woken){.kind = WOKE_TIMER};
    return true;
}

static void wait_taken(struct run *r, const struct woken *w)
{
    if (w->kind == WOKE_ANSWER) {
        r->last = r->answers[r->answer_next++];
    } else if (w->kind == WOKE_HTTP || (w->kind == WOKE_TIMER && r->wait.kind == WAIT_TIMER)) {
        pass_answers(r);
    }
}

bool run_is_due(struct run *r)
{
    struct woken w;
    return wait_over(r, &w);
}

int run_answers_read(const struct run *r)
{
    return r->answer_next;
}

/* --- the loop --------------------------------------------------------------------------- */

/* How it begins; TURN_ON: with *w at r->node. */
static enum turn begin(struct run *r, enum woken_kind how, const struct flow_reply *http,
                       struct woken *w)
{
    *w = (struct woken){.kind = how};
    switch (how) {
    case WOKE_START:
        r->answer_next = r->started_by < r->answer_count ? r->started_by : r->answer_count;
        if (r->answer_next > 0) r->last = r->answers[r->answer_next - 1];
        run_vars_typed(r);
        return enter(r, r->flow->start, w);
    case WOKE_RETRY: return TURN_ON;
    case WOKE_HTTP:
        if (r->wait.kind != WAIT_HTTP) return TURN_WAIT;
        w->http = http;
        break;
    default:
        if (!wait_over(r, w)) return TURN_WAIT;
    }
    wait_taken(r, w);
    return TURN_ON;
}

static bool too_many(struct run *r)
{
    if (r->run_steps >= FLOW_RUN_STEPS_MAX)
        (void)run_limit(r, "STEPS_LIMIT", "more than %d steps without a wait", FLOW_RUN_STEPS_MAX);
    else if (r->steps >= FLOW_SESSION_STEPS_MAX)
        (void)run_limit(r, "SESSION_LIMIT", "more than %d steps", FLOW_SESSION_STEPS_MAX);
    else
        return false;
    return true;
}

enum run_end run_go(struct run *r, enum woken_kind how, const struct flow_reply *http)
{
    struct woken w;
    enum turn turn = begin(r, how, http, &w);
    while (turn == TURN_ON) {
        if (too_many(r)) {
            turn = TURN_FAILED;
            break;
        }
        struct run_step *line = log_add(r, w.kind);
        if (!line) {
            r->abort = ERR_NO_MEMORY;
            break;
        }
        enum step step = perform(r, &w, line);
        turn = follow(r, step, line, &w);
        if (turn == TURN_FAILED && !line->code) {
            line->code = r->fault.code;
            line->error = r->fault.message;
        }
        if (turn != TURN_WAIT) continue;
        /* Perhaps what it waits for is here already. */
        if (!wait_over(r, &w)) break;
        wait_taken(r, &w);
        turn = TURN_ON;
    }
    if (r->abort) return RUN_ABORT;
    if (turn == TURN_FAILED) return RUN_FAILED;
    return turn == TURN_DONE ? RUN_DONE : RUN_WAITING;
}
