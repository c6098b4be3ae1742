/* The host of tests: what nodes do becomes lines of a transcript (store.h). Sessions of tests are rows
 * like the others, but have no chat: their customer, messages and clock are in the column test:
 *
 *   {flowId, graph, channelKind, customer…, httpReal, beganMs, clockMs?, firstSeed, seed, seq,
 *    minute: [ms…],
 *    context: {customer, chat, channel, organization}, inbox: [messages], transcript: [lines],
 *    request: {…}|null, script: [what the tester did],
 *    drafts?: {flowId: {name, kind, graph}} of flows that were called and never published (the
 *    flow's id stands for the version)}
 *
 * The clock is the real one, ahead by clock_offset_ms, or stands at clockMs (recorded and golden runs)
 * until it is moved. Nothing of a test is seen by anybody else. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "flows/testing.h"
#include "sql.h"

static struct session *session_of(struct run *r)
{
    return r->host_arg;
}

int64_t flow_test_now_ms(const struct session *s)
{
    int64_t fixed = json_get_int(s->test, "clockMs", 0);
    return fixed ? fixed : clock_unix_ms() + json_get_int(s->row, "clock_offset_ms", 0);
}

static int64_t now_ms(struct run *r)
{
    return flow_test_now_ms(session_of(r));
}

/* Of the test's seed: a recorded conversation takes the same ways again. */
static uint32_t random_bits(struct run *r)
{
    struct session *s = session_of(r);
    uint64_t seed = (uint64_t)json_get_int(s->test, "seed", 1) + 0x9E3779B97F4A7C15u;
    uint64_t z = seed; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    json_object_set_new(s->test, "seed", json_integer((json_int_t)(seed & INT64_MAX)));
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* --- the transcript ------------------------------------------------------------------------- */

void flow_test_line(struct session *s, json_t *line)
{
    char text[TIME_TEXT_SIZE];
    json_t *list = json_object_get(s->test, "transcript");
    json_object_set_new(line, "id",
                        json_string(arena_printf(s->c->arena, "%zu", json_array_size(list) + 1)));
    json_object_set_new(line, "at", json_string(time_text(flow_test_now_ms(s), text)));
    if (!json_object_get(line, "nodeId"))
        json_object_set_new(line, "nodeId",
                            s->run && s->run->node ? json_string(s->run->node->id) : json_null());
    json_array_append_new(list, line);
}

static void event(struct run *r, const char *kind, const char *text)
{
    flow_test_line(session_of(r),
                   json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "from", "event", "kind", "event",
                             "text", text, "event", "kind", kind, "text", text));
    run_note_text(r, kind, text);
}

/* --- steps ---------------------------------------------------------------------------------- */

static enum err begin(struct run *r)
{
    static const char *const changed[] = {"context", "minute"};
    struct session *s = session_of(r);
    /* Steps add lines to the transcript, change these, and put others in place of the rest: a deep
     * copy of all, graph included, for every step would be large. */
    s->test_before = json_copy(s->test);
    arena_on_free(r->arena, (void (*)(void *))json_decref, s->test_before);
    for (size_t i = 0; i < ARRAY_LEN(changed); i++)
        json_object_set_new(s->test_before, changed[i],
                            json_deep_copy(json_object_get(s->test, changed[i])));
    s->lines_before = json_array_size(json_object_get(s->test, "transcript"));
    s->call_before = s->call;
    s->how_before = s->how;
    return ERR_OK;
}

static enum err keep(struct run *r)
{
    (void)r;
    return ERR_OK;
}

static void context_taken(struct run *r)
{
    r->context = json_object_get(session_of(r)->test, "context");
    run_context_changed(r);
}

static enum err undo(struct run *r)
{
    struct session *s = session_of(r);
    /* The run knows texts of it (names, what was said): they stay as long as the run. */
    json_t *old = json_copy(s->test);
    arena_on_free(r->arena, (void (*)(void *))json_decref, old);
    json_t *lines = json_object_get(s->test, "transcript");
    while (json_array_size(lines) > s->lines_before)
        json_array_remove(lines, json_array_size(lines) - 1);
    json_object_clear(s->test);
    json_object_update(s->test, s->test_before);
    s->call = s->call_before;
    s->how = s->how_before;
    context_taken(r);
    return ERR_OK;
}

/* The name behind an id. kind: "team" "user" "tag" "stage" "closureType". */
static enum err name_of(struct run *r, const char *kind, struct uuid id, const char *code,
                        const char **ret)
{
    struct ctx *c = session_of(r)->c;
    struct rows *rows = NULL;
    enum err e =
        db_one(c, &SQL_FLOW_NAME_OF, PARAMS(P_TEXT("kind", kind), P_UUID("id", id)), &rows);
    if (e == ERR_NOT_FOUND) return run_refuse(r, code, "this %s is not there any more", kind);
    if (!e) *ret = rows_text(rows, 0, "name");
    return e;
}

/* --- what nodes do ---------------------------------------------------------------------------- */

/* As the inbox has it: after so many hours without a word of the customer only a template goes. */
static enum err window(struct run *r, const struct flow_message *m)
{
    const struct channel_kind *k = r->channel;
    int64_t hours = k ? k->limits.window_hours : 0, now = now_ms(r);
    const json_t *lines = json_object_get(session_of(r)->test, "transcript");
    int64_t wrote = json_get_int(session_of(r)->test, "beganMs", now);
    if (m->template_given && !(k && k->can & CAN_TEMPLATE))
        return run_refuse(r, "TEMPLATE_NOT_SUPPORTED", "%s has no templates",
                          k ? k->label : "this channel");
    if (hours == 0 || m->template_given || !uuid_is_nil(m->channel)) return ERR_OK;
    for (size_t i = json_array_size(lines); i-- > 0;) {
        const json_t *line = json_array_get(lines, i);
        const char *from = json_get_text(line, "from"), *at = json_get_text(line, "at");
        int64_t ms;
        if (!from || strcmp(from, "customer") != 0) continue;
        if (at && time_parse(at, &ms)) wrote = ms;
        break;
    }
    if (now < wrote + hours * 3600 * 1000) return ERR_OK;
    return run_refuse(r, "WINDOW_CLOSED", "the customer has not written for %d hours", (int)hours);
}

static enum err send(struct run *r, const struct flow_message *m)
{
    struct session *s = session_of(r);
    const struct channel_limits *l = r->channel ? &r->channel->limits : NULL;
    enum err refusal = window(r, m);
    if (refusal) return refusal;
    if (l && l->text_max > 0 && !l->text_splits && text_length(m->text) > (size_t)l->text_max)
        return run_refuse(r, "MESSAGE_TOO_LONG", "%s takes at most %d characters",
                          r->channel->label, l->text_max);
    json_t *files = json_array();
    for (int i = 0; i < m->file_count; i++) {
        char id[UUID_TEXT_SIZE];
        const char *name = "";
        enum err e = name_of(r, "file", m->files[i], "FILE_NOT_FOUND", &name);
        if (e) {
            json_decref(files);
            return e;
        }
        json_array_append_new(
            files, json_pack("{s:s, s:s}", "fileId", uuid_text(m->files[i], id), "name", name));
    }
    const json_t *mail = json_object_get(m->data, "mail");
    const char *text = m->text ? m->text : "";
    if (mail) text = arena_printf(r->arena, "%s\n\n%s", json_get_text(mail, "subject"), text);
    const char *kind = m->template_given ? "template"
                       : mail            ? "email"
                       : m->file_count   ? "media"
                                         : "text";
    flow_test_line(s, json_pack("{s:s, s:s, s:s, s:O?, s:s?, s:o, s:O?}", "from", "flow", "kind",
                                kind, "text", text, "options", m->options, "display", m->display,
                                "files", files, "template", m->template_given));
    json_array_append_new(json_object_get(s->test, "minute"), json_integer(now_ms(r)));
    return ERR_OK;
}

static enum err customer(struct run *r, const json_t *changes)
{
    struct session *s = session_of(r);
    json_t *who = json_object_get(json_object_get(s->test, "context"), "customer"), *v;
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)changes, key, v)
    {
        if (strcmp(key, "fields") == 0)
            json_object_update(json_object_get(who, "fields"), v);
        else
            json_object_set(who, key, v);
    }
    const char *name = json_get_text(who, "name");
    if (name) json_object_set_new(who, "firstName", json_stringn(name, strcspn(name, " ")));
    context_taken(r);
    char *text = json_text(r->arena, changes);
    event(r, "customer", text ? text : "");
    return ERR_OK;
}

static enum err tag(struct run *r, struct uuid id, bool on)
{
    const char *name = NULL;
    enum err e = name_of(r, "tag", id, "TAG_NOT_FOUND", &name);
    if (e) return e;
    json_t *who = json_object_get(json_object_get(session_of(r)->test, "context"), "customer");
    json_t *tags = json_object_get(who, "tags");
    for (size_t i = json_array_size(tags); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(tags, i)), name) == 0)
            json_array_remove(tags, i);
    if (on) json_array_append_new(tags, json_string(name));
    context_taken(r);
    event(r, on ? "tag" : "untag", name);
    return ERR_OK;
}

static enum err stage(struct run *r, struct uuid id, const char *note)
{
    char text[UUID_TEXT_SIZE];
    const char *name = NULL;
    (void)note;
    enum err e = name_of(r, "stage", id, "STAGE_NOT_FOUND", &name);
    if (e) return e;
    json_t *who = json_object_get(json_object_get(session_of(r)->test, "context"), "customer");
    json_object_set_new(who, "stage", json_string(name));
    json_object_set_new(who, "stageId", json_string(uuid_text(id, text)));
    context_taken(r);
    event(r, "stage", name);
    return ERR_OK;
}

static enum err transfer(struct run *r, const struct flow_transfer *t)
{
    const char *team = NULL, *user = NULL;
    enum err e = ERR_OK;
    if (!uuid_is_nil(t->team)) e = name_of(r, "team", t->team, "TEAM_NOT_FOUND", &team);
    if (!e && !uuid_is_nil(t->user)) e = name_of(r, "user", t->user, "USER_NOT_FOUND", &user);
    if (e) return e;
    session_of(r)->how = "transfer";
    event(r, "transfer",
          team && user ? arena_printf(r->arena, "%s, %s", team, user)
          : team       ? team
          : user       ? user
                       : "");
    if (t->note && *t->note) event(r, "note", t->note);
    return ERR_OK;
}

static enum err note(struct run *r, const char *text)
{
    event(r, "note", text);
    return ERR_OK;
}

static enum err close_chat(struct run *r, struct uuid closure_type, const char *words)
{
    const char *name = "";
    enum err e = ERR_OK;
    (void)words;
    if (!uuid_is_nil(closure_type))
        e = name_of(r, "closureType", closure_type, "CLOSURE_TYPE_NOT_FOUND", &name);
    if (e) return e;
    session_of(r)->how = "close";
    event(r, "close", name);
    return ERR_OK;
}

static enum err open_hours(struct run *r, struct uuid team, bool *ret_open)
{
    struct ctx *c = session_of(r)->c;
    struct rows *rows = NULL;
    const char *name;
    enum err e = uuid_is_nil(team) ? ERR_OK : name_of(r, "team", team, "TEAM_NOT_FOUND", &name);
    if (!e)
        e = db_one(c, &SQL_FLOW_OPEN_HOURS,
                   PARAMS(P_UUID("team", team), P_NULL("channel"), P_INT("at_ms", now_ms(r))),
                   &rows);
    if (!e) *ret_open = rows_bool(rows, 0, "open");
    return e;
}

static enum err http(struct run *r, const struct flow_request *q)
{
    struct session *s = session_of(r);
    json_t *request = flow_request_json(r, q);
    if (!request) return ERR_NO_MEMORY;
    json_object_set(s->test, "request", request);
    return ERR_OK;
}

/* --- called flows --------------------------------------------------------------------------- */

enum err flow_test_version(struct ctx *c, const json_t *state, struct uuid version,
                           const struct flow **ret_flow)
{
    char id[UUID_TEXT_SIZE];
    json_t *draft = json_object_get(json_object_get(state, "drafts"), uuid_text(version, id));
    if (!draft) return flow_version_get(c, version, ret_flow);
    enum err e = flow_graph_read(c, json_object_get(draft, "graph"), ret_flow);
    if (e) return e;
    struct flow *own = (struct flow *)(uintptr_t)*ret_flow; /* made just now */
    const char *name = json_get_text(draft, "name");
    own->id = own->version = version;
    own->name = name ? name : "";
    (void)flow_kind_parse(json_get_text(draft, "kind"), &own->kind);
    return ERR_OK;
}

/* The draft of a flow that was never published, as it is now, kept with the test. */
static enum err draft_take(struct session *s, struct uuid id)
{
    char text[UUID_TEXT_SIZE];
    struct rows *rows = NULL;
    json_t *draft = NULL, *drafts = json_object_get(s->test, "drafts");
    enum err e = db_one(s->c, &SQL_FLOW_TEST_DRAFT, PARAMS(P_UUID("flow", id)), &rows);
    if (e) return e;
    const char *json = rows_text(rows, 0, "draft");
    e = json_parse(s->c->arena, json, strlen(json), &draft, NULL);
    if (e) return e;
    if (!drafts) json_object_set_new(s->test, "drafts", drafts = json_object());
    json_object_set(drafts, uuid_text(id, text), draft);
    return ERR_OK;
}

/* As it will be: the flow under test calls itself as it is drawn, others as they are live. One that
 * was never published is called as it is drawn, too, or nothing that is new could be tried; the
 * trace says so. */
static enum err flow_of(struct run *r, struct uuid id, const struct flow **ret_flow)
{
    struct session *s = session_of(r);
    const char *as = "live";
    enum err e = ERR_OK;
    if (uuid_equal(id, s->root->id)) {
        as = "itself";
        *ret_flow = s->root;
    } else {
        e = flow_live_get(s->c, id, ret_flow);
        if (flow_refuses(e)) {
            fault_clear(s->c);
            as = "draft";
            e = draft_take(s, id);
            if (!e) e = flow_test_version(s->c, s->test, id, ret_flow);
        }
    }
    if (!e) run_note_text(r, "called", as);
    if (!flow_refuses(e)) return e;
    fault_clear(s->c);
    return run_refuse(r, "FLOW_NOT_LIVE", "this flow is not there, or not switched on");
}

static enum err version_of(struct run *r, struct uuid version, const struct flow **ret_flow)
{
    struct session *s = session_of(r);
    if (!uuid_is_nil(version)) return flow_test_version(s->c, s->test, version, ret_flow);
    *ret_flow = s->root;
    return ERR_OK;
}

const struct flow_host flow_host_test = {
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
