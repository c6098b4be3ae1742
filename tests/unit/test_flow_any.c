/* Any graph: whatever is drawn, answered, timed out, refused and cut off, a run ends or waits within
 * its limits, the same dice give the same run, what is kept of a session between two runs is all
 * that matters, and a run that the machine's trouble gave up leaves nothing. FLOW_GRAPHS=20000 looks
 * at more of them, FLOW_SEED=17 at one. */
#include "flow_any.h"

#include "base/buf.h"
#include "core/ctx.h"
#include "flows/store.h"

#define EVENTS_MAX 25
#define SENT_MAX   2000

/* How the same conversation is held. */
enum manner {
    STAYING, /* in one struct run from beginning to end */
    KEPT,    /* each run from what the last one left, as JSON */
    CUT,     /* and each is first given up at some effect */
};

struct house {
    struct app app;
    const struct flow *flows[ANY_FLOWS];
    const char *channel;
    bool grumpy; /* what is asked for is refused now and then */
    int64_t now_ms;
    struct dice dice; /* of what others do */
    struct buf said;
    int64_t sent_at[SENT_MAX];
    int sent;
    json_t *context;
    int until_trouble; /* effects; 0: none */
    struct {           /* the step under way */
        size_t said;
        int sent;
    } before;
    struct session *session;
    int runaways;                 /* runs that went on without a wait */
    bool calls;                   /* one of the flows calls one */
    json_t *types, *codes, *ends; /* what came to pass, of all runs */
};

static struct house house;

/* --- the host -------------------------------------------------------------------------- */

static int64_t now_ms(struct run *r)
{
    (void)r;
    return house.now_ms;
}

static uint32_t random_bits(struct run *r)
{
    (void)r;
    return roll(&house.dice);
}

/* The machine's trouble, a refusal, or neither. */
static enum err effect(struct run *r, int refused)
{
    if (house.until_trouble > 0 && --house.until_trouble == 0) return ERR_UNAVAILABLE;
    if (refused && house.grumpy && one_in(&house.dice, refused))
        return run_refuse(r, "REFUSED", "not today (%d)", below(&house.dice, 9));
    return ERR_OK;
}

static enum err begin(struct run *r)
{
    struct session *s = house.session;
    house.before.said = house.said.len;
    house.before.sent = house.sent;
    s->call_before = s->call;
    s->how_before = s->how;
    s->context_before = r->context;
    return effect(r, 0);
}

static enum err keep(struct run *r)
{
    return effect(r, 0);
}

static void said_cut(size_t len)
{
    house.said.len = len;
    if (house.said.data) house.said.data[len] = 0;
}

static enum err undo(struct run *r)
{
    struct session *s = house.session;
    said_cut(house.before.said);
    house.sent = house.before.sent;
    s->call = s->call_before;
    s->how = s->how_before;
    house.context = r->context = s->context_before;
    run_context_changed(r);
    return effect(r, 0);
}

static enum err did(struct run *r, const char *what, const char *text)
{
    buf_addf(&house.said, "[%s %s]", what, text ? text : "");
    return effect(r, 12);
}

static enum err send(struct run *r, const struct flow_message *m)
{
    assert_true(house.sent < SENT_MAX);
    house.sent_at[house.sent++] = house.now_ms;
    buf_addf(&house.said, "#%d", r->sent);
    return did(r, m->display ? m->display : "says", m->text);
}

static void context_set(struct run *r, const char *key, json_t *v)
{
    json_t *context = json_deep_copy(r->context);
    json_object_set_new(json_object_get(context, "customer"), key, v);
    arena_on_free(r->arena, (void (*)(void *))json_decref, context);
    house.context = r->context = context;
    run_context_changed(r);
}

static enum err customer(struct run *r, const json_t *changes)
{
    json_t *name = json_object_get(changes, "name");
    if (name) context_set(r, "name", json_incref(name));
    return did(r, "customer", json_string_value(name));
}

static enum err tag(struct run *r, struct uuid id, bool on)
{
    char text[UUID_TEXT_SIZE];
    context_set(r, "tag", json_boolean(on));
    return did(r, on ? "tag" : "untag", uuid_text(id, text));
}

static enum err stage(struct run *r, struct uuid id, const char *words)
{
    (void)id;
    return did(r, "stage", words);
}

static enum err transfer(struct run *r, const struct flow_transfer *t)
{
    house.session->how = "transfer";
    return did(r, "transfer", t->note);
}

static enum err note(struct run *r, const char *text)
{
    return did(r, "note", text);
}

static enum err close_chat(struct run *r, struct uuid type, const char *words)
{
    (void)type;
    house.session->how = "close";
    return did(r, "close", words);
}

static enum err open_hours(struct run *r, struct uuid team, bool *ret_open)
{
    (void)team;
    *ret_open = one_in(&house.dice, 2);
    return did(r, "hours", *ret_open ? "open" : "closed");
}

static enum err http(struct run *r, const struct flow_request *q)
{
    house.session->call = flow_request_json(r, q);
    assert_non_null(house.session->call);
    return did(r, q->method, q->url);
}

static enum err flow_of(struct run *r, struct uuid id, const struct flow **ret)
{
    for (int i = 0; i < ANY_FLOWS; i++)
        if (uuid_equal(house.flows[i]->id, id)) {
            *ret = house.flows[i];
            return effect(r, 10);
        }
    return run_refuse(r, "FLOW_NOT_LIVE", "not there");
}

static enum err version_of(struct run *r, struct uuid version, const struct flow **ret)
{
    enum err e = effect(r, 0);
    for (int i = 0; !e && i < ANY_FLOWS; i++)
        if (uuid_equal(house.flows[i]->version, version)) *ret = house.flows[i];
    return e;
}

static const struct flow_host host = {
    .now_ms = now_ms,
    .random = random_bits,
    .begin = begin,
    .keep = keep,
    .undo = undo,
    .send = send,
    .customer = customer,
    .tag = tag,
    .stage = stage,
    .transfer = transfer,
    .note = note,
    .close = close_chat,
    .open_hours = open_hours,
    .http = http,
    .flow = flow_of,
    .version = version_of,
};

/* --- a conversation --------------------------------------------------------------------- */

/* What happens next, the same in every manner. */
struct event {
    enum woken_kind how;
    json_t *messages; /* unread */
    struct flow_reply reply;
    json_t *json;
};

struct talk {
    enum manner manner;
    struct ctx *c; /* of the run under way, or all of them (STAYING) */
    json_t *row;   /* of the session; NULL: it has not begun */
    json_t *messages, *last;
    int64_t seq;
    int steps; /* that it begins with */
    struct dice dice;
    struct buf *trace;
};

static json_t *message(struct talk *t)
{
    static const char *const texts[] = {"1",   "2",          "banho", "Ana", "ana@example.com",
                                        "sim", "amanhã",     "não",   "30",  "11 98421-7730",
                                        "",    "consulta x", "👍"};
    struct dice *d = &t->dice;
    json_t *m = json_pack("{s:I, s:s, s:s, s:{}, s:I, s:[]}", "seq", (json_int_t)++t->seq, "kind",
                          "text", "text", PICK(d, texts), "data", "atMs",
                          (json_int_t)(house.now_ms - below(d, 3)), "files");
    if (one_in(d, 4)) {
        char id[24];
        snprintf(id, sizeof id, "n%d.%c", below(d, 9), 'a' + below(d, 3));
        json_object_set_new(m, "data", json_pack("{s:{s:s}}", "answer", "id", id));
    }
    if (one_in(d, 6)) {
        json_object_set_new(m, "kind", json_string("image"));
        json_array_append_new(json_object_get(m, "files"),
                              json_pack("{s:s, s:s, s:s, s:s, s:i}", "id", any_flow_ids[0], "kind",
                                        "image", "name", "a.png", "type", "image/png", "sizeBytes",
                                        10));
    }
    return m;
}

static void reply_make(struct talk *t, struct event *e)
{
    static const int statuses[] = {200, 200, 201, 404, 500, 0};
    static char large[20 * 1024];
    struct dice *d = &t->dice;
    e->reply = (struct flow_reply){.code = "", .error = "", .body = "{}", .tries = 1};
    e->reply.status = PICK(d, statuses);
    if (!e->reply.status) e->reply.code = "CALL_TIMEOUT";
    memset(large, 'x', sizeof large - 1);
    switch (below(d, 5)) {
    case 0: e->reply.body = large; break;
    case 1: e->json = json_pack("{s:{s:[i]}, s:s}", "a", "b", 7, "c", "ok"); break;
    case 2: e->json = json_pack("{s:[{s:s},{s:i}]}", "items", "name", "x", "name", 3); break;
    case 3:
        e->json = json_null();
        for (int i = 0; i < 40; i++)
            e->json = json_pack("{s:o}", "deep", e->json);
        break;
    default: break;
    }
    e->reply.json = e->json;
}

static struct event next(struct talk *t, const struct wait *w)
{
    struct dice *d = &t->dice;
    struct event e = {.how = WOKE_LOOK, .messages = json_array()};
    house.now_ms += 1 + below(d, 4000);
    for (int i = below(d, w->kind == WAIT_ANSWER ? 4 : 6) - 2; i >= 0; i--)
        json_array_append_new(e.messages, message(t));
    if (w->kind == WAIT_HTTP) {
        e.how = WOKE_HTTP;
        reply_make(t, &e);
    } else if (w->until_ms > 0 && (w->kind == WAIT_TIMER || one_in(d, 3))) {
        if (w->until_ms > house.now_ms) house.now_ms = w->until_ms + below(d, 2);
    }
    return e;
}

/* As flow_load() tells it. */
static json_t *loaded(struct talk *t)
{
    int minute = 0;
    for (int i = 0; i < house.sent; i++)
        minute += house.sent_at[i] > house.now_ms - 60000;
    return json_pack("{s:O?, s:{s:s, s:I, s:s}, s:O, s:s?, s:i, s:O?, s:s, s:s, s:s, s:s}",
                     "session", t->row, "chat", "id", any_flow_ids[0], "seq", (json_int_t)t->seq,
                     "channelId", any_flow_ids[1], "context", house.context, "channelKind",
                     house.channel, "minute", minute, "last", t->last, "zone", "America/Sao_Paulo",
                     "language", "pt", "currency", "BRL", "country", "BR");
}

/* The session for the next run: made anew from what was kept, or the one that stayed. */
static struct run *open(struct talk *t)
{
    if (t->manner == STAYING && house.session) {
        struct run *r = house.session->run;
        r->run_steps = r->log_count = r->answer_count = r->answer_next = 0;
        r->limit = false;
        house.session->call = NULL;
        json_t *load = loaded(t);
        r->message_count = (int)json_integer_value(json_object_get(load, "minute"));
        json_decref(load);
        return r;
    }
    if (t->manner != STAYING || !t->c) {
        t->c = ctx_new(&house.app, 64 * MIB, 0);
    }
    json_t *load = loaded(t);
    arena_on_free(t->c->arena, (void (*)(void *))json_decref, load);
    struct uuid id = {.b = {1}}, version = t->row ? session_flow(t->row) : (struct uuid){0};
    const struct flow *flow = house.flows[0];
    for (int i = 0; t->row && i < ANY_FLOWS; i++)
        if (uuid_equal(house.flows[i]->version, version)) flow = house.flows[i];
    CLEANUP(json_decrefp) json_t *trigger = json_pack("{s:s}", "kind", "manual");
    struct session *s = NULL;
    assert_int_equal(session_open(t->c, load, flow, id, trigger, &s), ERR_OK);
    s->run->host = &host;
    if (!t->row) s->run->steps = t->steps;
    house.session = s;
    return s->run;
}

static void remember(json_t *set, const char *key)
{
    if (key) json_object_set_new(set, key, json_true());
}

static void write_down(struct talk *t, const struct run *r, enum run_end end)
{
    static const char *const ends[] = {"waiting", "done", "failed", "abort"};
    for (int i = 0; i < r->log_count; i++) {
        const struct run_step *x = &r->log[i];
        char *data = x->data ? json_dumps(x->data, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        assert_true(!data || strlen(data) <= FLOW_STEP_DATA_MAX_BYTES);
        buf_addf(t->trace, "%d %s %s > %s %s %s\n", x->n, x->node_id, x->what,
                 x->port ? x->port : "-", x->code ? x->code : "", data ? data : "");
        free(data);
        remember(house.types, x->type);
        remember(house.types, x->what);
        remember(house.codes, x->code);
    }
    char *vars = json_dumps(r->vars, JSON_COMPACT | JSON_SORT_KEYS);
    assert_true(strlen(vars) <= FLOW_VARS_MAX_BYTES);
    buf_addf(t->trace, "%s %s %s\n", ends[end], end == RUN_FAILED ? r->fault.code : "", vars);
    free(vars);
    remember(house.ends, ends[end]);
    if (end != RUN_FAILED) return;
    remember(house.codes, r->fault.code);
    house.runaways += strcmp(r->fault.code, "STEPS_LIMIT") == 0;
}

static void within_limits(const struct run *r, enum run_end end)
{
    assert_int_not_equal(end, RUN_ABORT);
    assert_true(r->steps <= FLOW_SESSION_STEPS_MAX);
    assert_true(r->run_steps <= FLOW_RUN_STEPS_MAX);
    assert_true(r->message_count <= FLOW_MESSAGES_PER_MINUTE);
    assert_true(r->depth >= 0 && r->depth <= FLOW_DEPTH_MAX);
    assert_true(run_answers_read(r) <= r->answer_count);
    if (end == RUN_FAILED) assert_true(r->fault.code && *r->fault.code && r->fault.message);
    if (end != RUN_WAITING) return;
    assert_true(r->node && r->node->type->resume);
    assert_true(r->wait.kind != WAIT_NONE && r->wait.kind != WAIT_CALL);
    assert_string_equal(r->wait.node_id, r->node->id);
    assert_true(r->wait.until_ms <= house.now_ms + FLOW_WAIT_MAX_MS);
    assert_true((r->wait.kind == WAIT_HTTP) == (house.session->call != NULL));
}

/* One run; in the manner CUT once more, after it was given up in the middle. */
static enum run_end go(struct talk *t, const struct event *e)
{
    struct house before = house;
    struct dice dice = t->dice;
    house.until_trouble = t->manner == CUT ? 1 + below(&dice, 25) : 0;
    struct run *r = open(t);
    session_answers(r, e->messages, false);
    enum run_end end = run_go(r, e->how, e->how == WOKE_HTTP ? &e->reply : NULL);
    if (end != RUN_ABORT) return end;
    assert_int_equal(t->manner, CUT);
    assert_int_equal(r->abort, ERR_UNAVAILABLE);
    before.said.data = house.said.data; /* it may have grown elsewhere */
    before.said.cap = house.said.cap;
    memcpy(before.sent_at, house.sent_at, sizeof before.sent_at);
    house = before;
    said_cut(before.said.len);
    ctx_free(t->c);
    house.until_trouble = 0;
    r = open(t);
    session_answers(r, e->messages, false);
    return run_go(r, e->how, e->how == WOKE_HTTP ? &e->reply : NULL);
}

/* What the database keeps: the row as JSON, the messages that were not read, the last one that was. */
static void store(struct talk *t, const struct run *r, const struct event *e, enum run_end end)
{
    CLEANUP(json_decrefp) json_t *row = session_row(house.session, end);
    char *text = json_dumps(row, 0);
    if (t->row) json_decref(t->row);
    t->row = json_loads(text, 0, NULL);
    free(text);
    int read = run_answers_read(r);
    if (read > 0) {
        json_t *newest = json_array_get(e->messages, (size_t)read - 1);
        json_incref(newest);
        if (t->last) json_decref(t->last);
        t->last = newest;
    }
    json_t *left = json_array();
    for (size_t i = (size_t)read; i < json_array_size(e->messages); i++)
        json_array_append(left, json_array_get(e->messages, i));
    if (t->messages) json_decref(t->messages);
    t->messages = left;
    /* What the run knew of the customer is the customer's. */
    house.context = json_deep_copy(house.context);
}

/* All that was said and done, as text; the caller frees it. */
static char *hold(uint32_t seed, enum manner manner)
{
    CLEANUP(buf_free) struct buf trace = BUF_INIT(64 * MIB);
    CLEANUP(json_decrefp) json_t *kept = json_array(); /* until the end of a talk that stays */
    struct talk t = {.manner = manner, .dice = {seed * 3 + 1}, .trace = &trace};
    struct event e = {.how = WOKE_START, .messages = json_array()};
    house.dice = (struct dice){seed * 3 + 2};
    house.now_ms = INT64_C(1770000000000) + below(&t.dice, 86400000);
    house.sent = 0;
    house.said = (struct buf)BUF_INIT(16 * MIB);
    house.session = NULL;
    house.context =
        json_pack("{s:{s:s, s:i}, s:n, s:{s:s}, s:{s:s}}", "customer", "name", "Ana Lima", "x", 3,
                  "chat", "channel", "kind", "whatsapp", "organization", "name", "Quintal");
    house.channel = one_in(&t.dice, 2) ? "whatsapp" : one_in(&t.dice, 3) ? "email" : "webchat";
    house.grumpy = one_in(&t.dice, 2);
    t.steps = one_in(&t.dice, 20) ? FLOW_SESSION_STEPS_MAX - below(&t.dice, 30) : 0;
    bool retried = false;
    for (int i = 0; i < EVENTS_MAX; i++) {
        json_t *context = house.context;
        if (t.messages && e.how != WOKE_START) {
            json_array_extend(t.messages, e.messages);
            json_decref(e.messages);
            e.messages = json_incref(t.messages);
        }
        enum run_end end = go(&t, &e);
        const struct run *r = house.session->run;
        within_limits(r, end);
        write_down(&t, r, end);
        store(&t, r, &e, end);
        json_array_append_new(kept, context);
        json_array_append_new(kept, e.messages);
        if (e.json) json_array_append_new(kept, e.json);
        e.messages = e.json = NULL;
        struct wait wait = r->wait;
        if (manner != STAYING) ctx_free(t.c);
        if (end == RUN_FAILED && !retried && one_in(&t.dice, 2)) {
            e = (struct event){.how = WOKE_RETRY, .messages = json_array()};
            retried = true;
        } else if (end == RUN_WAITING) {
            e = next(&t, &wait);
        } else {
            break;
        }
    }
    buf_addf(&trace, "%s\n", buf_str(&house.said));
    buf_free(&house.said);
    json_decref(house.context);
    if (manner == STAYING) ctx_free(t.c);
    json_decref(t.row);
    json_decref(t.messages);
    json_decref(t.last);
    json_decref(e.messages);
    json_decref(e.json);
    assert_false(buf_failed(&trace));
    return strdup(buf_str(&trace));
}

/* --- many of them -------------------------------------------------------------------------- */

static struct arena *graphs;

/* The flows of a seed. False: one has not even the shape of a graph. *ret_fit: publishing would take
 * all of them. */
static bool draw(uint32_t seed, enum care care, bool *ret_fit)
{
    struct dice d = {seed};
    static const struct check_world world;
    *ret_fit = true;
    house.calls = false;
    for (int i = 0; i < ANY_FLOWS; i++) {
        struct problems shape = {.arena = graphs}, found = {.arena = graphs};
        struct flow *flow = NULL;
        json_t *graph = any_graph(graphs, &d, care);
        if (!graph) return false;
        arena_on_free(graphs, (void (*)(void *))json_decref, graph);
        assert_int_equal(graph_parse(graphs, graph, &shape, &flow), ERR_OK);
        assert_int_equal(flow_check(graphs, graph, FLOW_GENERAL, &world, &found), ERR_OK);
        if (found.errors) *ret_fit = false;
        assert_true(uuid_parse(any_flow_ids[i], &flow->id));
        flow->version = flow->id;
        flow->version.b[0] = 9;
        flow->name = "Fluxo";
        house.flows[i] = flow;
        for (int k = 0; k < flow->node_count; k++)
            house.calls = house.calls || flow->nodes[k].type == &node_call;
    }
    return true;
}

static void same(uint32_t seed, const char *what, char *a, char *b)
{
    size_t at = 0;
    while (a[at] && a[at] == b[at])
        at++;
    size_t from = at > 300 ? at - 300 : 0;
    if (a[at] != b[at])
        fail_msg("seed %u, %s: they part here:\n%.500s\n----\n%.500s", seed, what, a + from,
                 b + from);
    free(b);
}

static int number_of(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? (int)strtol(text, NULL, 10) : otherwise;
}

static void hold_all(uint32_t seed)
{
    char *staying = hold(seed, STAYING);
    if (number_of("FLOW_SEED", 0)) print_message("%s", staying);
    same(seed, "again", staying, hold(seed, STAYING));
    same(seed, "kept as JSON between the runs", staying, hold(seed, KEPT));
    same(seed, "given up in the middle", staying, hold(seed, CUT));
    free(staying);
}

static void test_any_graph(void **state)
{
    enum care care = *(const enum care *)*state;
    int fit = 0, all = 0;
    int one = number_of("FLOW_SEED", 0), count = number_of("FLOW_GRAPHS", 200);
    for (int seed = one ? one : 1; seed <= (one ? one : count); seed++) {
        bool fits = false;
        graphs = arena_new(64 * MIB);
        if (draw((uint32_t)seed, care, &fits)) {
            all++;
            fit += fits;
            house.runaways = 0;
            hold_all((uint32_t)seed);
            /* What publishing takes does not run away; flows that call each other still may. */
            if (fits && !house.calls && house.runaways)
                fail_msg("seed %d runs away, although publishing takes it", seed);
        }
        arena_free(graphs);
    }
    print_message("%d flows, %d of them fit to be published\n", all, fit);
    if (one) return;
    assert_true(all > count / 4);
    if (care == FIT) assert_true(fit > count / 4);
}

/* What the runs above came by: every kind of node, every way to be woken, most limits. */
static void test_they_came_around(void **state)
{
    static const char *const what[] = {"answered", "timeout", "http", "returned", "retried"};
    static const char *const codes[] = {
        "STEPS_LIMIT",          "SESSION_LIMIT",       "MESSAGES_LIMIT", "DEPTH_LIMIT",
        "EXPRESSION_TOO_LARGE", "EXPRESSION_DIVISION", "ANSWER_LARGE",   "REFUSED"};
    (void)state;
    if (number_of("FLOW_SEED", 0)) return;
    for (int i = 0; flow_nodes[i]; i++)
        if (!json_object_get(house.types, flow_nodes[i]->type))
            fail_msg("no run came by a node %s", flow_nodes[i]->type);
    for (size_t i = 0; i < ARRAY_LEN(what); i++)
        if (!json_object_get(house.types, what[i])) fail_msg("nothing was %s", what[i]);
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (!json_object_get(house.codes, codes[i])) fail_msg("nobody met %s", codes[i]);
    assert_int_equal(json_object_size(house.ends), 3);
}

static int set_up(void **state)
{
    (void)state;
    house.types = json_object();
    house.codes = json_object();
    house.ends = json_object();
    return flows_start(&house.app) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(house.types);
    json_decref(house.codes);
    json_decref(house.ends);
    flows_stop(&house.app);
    return 0;
}

int main(void)
{
    static enum care cares[] = {FIT, LOOSE, WILD};
    const struct CMUnitTest tests[] = {
        {"any graph that can be published", test_any_graph, NULL, NULL, &cares[0]},
        {"any careless graph", test_any_graph, NULL, NULL, &cares[1]},
        {"any nonsense that has the shape of a graph", test_any_graph, NULL, NULL, &cares[2]},
        cmocka_unit_test(test_they_came_around),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
