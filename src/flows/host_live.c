/* The host of real sessions: what nodes do becomes rows of the one open transaction (run.h, store.h).
 *
 * Around a node lies a savepoint, made when its first effect comes: what the database or the inbox
 * refuses (a closed window, a channel that is gone, a text that is too long) is undone and becomes
 * that step's failure. Refusals leave their words in the context's fault; from there they are taken
 * into the run's. */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "crm/crm.h"
#include "crm/field_value.h"
#include "flows/store.h"
#include "inbox/inbox.h"
#include "sql.h"

#define FIELDS_MAX 50

static struct session *session_of(struct run *r)
{
    return r->host_arg;
}

static struct ctx *ctx_of(struct run *r)
{
    return session_of(r)->c;
}

static int64_t now_ms(struct run *r)
{
    (void)r;
    return clock_unix_ms();
}

static uint32_t random_bits(struct run *r)
{
    uint32_t x = 0;
    (void)r;
    crypto_random(&x, sizeof x);
    return x;
}

/* --- savepoints -------------------------------------------------------------------------- */

static enum err begin(struct run *r)
{
    struct session *s = session_of(r);
    s->marked = false;
    s->call_before = s->call;
    s->how_before = s->how;
    s->context_before = r->context;
    return ERR_OK;
}

/* Before the first effect of a step. */
static enum err mark(struct run *r)
{
    struct session *s = session_of(r);
    if (s->marked) return ERR_OK;
    s->marked = true;
    return db_savepoint(s->c);
}

static enum err keep(struct run *r)
{
    struct session *s = session_of(r);
    return s->marked ? db_savepoint_keep(s->c) : ERR_OK;
}

static enum err undo(struct run *r)
{
    struct session *s = session_of(r);
    s->call = s->call_before;
    s->how = s->how_before;
    r->context = s->context_before;
    run_context_changed(r);
    return s->marked ? db_savepoint_undo(s->c) : ERR_OK;
}

/* The words of a refusal; what is the machine's trouble goes on as it is. */
static enum err refused(struct run *r, enum err e)
{
    struct ctx *c = ctx_of(r);
    if (!e) return ERR_OK;
    bool again = e == ERR_CONFLICT && c->fault.code && strcmp(c->fault.code, "RETRY") == 0;
    if (!flow_refuses(e) || again) return again ? ERR_UNAVAILABLE : e;
    const struct fault *f = &c->fault;
    const char *code = f->code ? f->code : err_row(e)->code;
    const char *words = f->message ? f->message : err_row(e)->text;
    if (f->detail_count > 0) {
        if (f->details[0].code) code = f->details[0].code;
        if (f->details[0].message)
            words = arena_printf(r->arena, "%s: %s", f->details[0].field, f->details[0].message);
    }
    code = arena_strdup(r->arena, code);
    words = arena_strdup(r->arena, words);
    fault_clear(c);
    (void)run_refuse(r, code, "%s", words);
    return ERR_INVALID;
}

static enum err needs_chat(struct run *r)
{
    if (!uuid_is_nil(session_of(r)->chat)) return ERR_OK;
    return run_refuse(r, "NO_CHAT", "this session has no chat");
}

/* --- messages ----------------------------------------------------------------------------- */

static const char *client_id(struct run *r, const char *what)
{
    char id[UUID_TEXT_SIZE];
    return arena_printf(r->arena, "flow:%s:%s%d", uuid_text(r->session, id), what, r->sent);
}

/* The customer's conversation over a mailbox, for an e-mail beside this one. */
static enum err mail_chat(struct run *r, const struct flow_message *m, struct uuid *ret_chat)
{
    struct session *s = session_of(r);
    struct channel ch;
    struct inbox_opened opened = {0};
    enum err e = channel_load(s->c, m->channel, false, &ch);
    if (!e) {
        const struct channel_kind *kind = channel_kind_find(ch.kind);
        struct crm_person person = {
            .customer = s->customer,
            .kind = "email",
            .identifier = m->to,
        };
        if (!kind || !(kind->can & CAN_SUBJECT))
            return run_refuse(r, "EMAIL_CHANNEL", "the channel that was chosen sends no e-mail");
        e = inbox_chat_open(s->c, &ch, &person, (struct uuid){0}, BEGIN_BOT, &opened);
    }
    if (!e && !opened.existing)
        e = db_exec(s->c, &SQL_FLOW_MAIL_CHAT, PARAMS(P_UUID("chat", opened.chat)));
    *ret_chat = opened.chat;
    return e;
}

static enum err send(struct run *r, const struct flow_message *m)
{
    struct session *s = session_of(r);
    struct uuid chat = s->chat;
    enum err e = needs_chat(r);
    if (!e) e = mark(r);
    if (!e && !uuid_is_nil(m->channel)) e = mail_chat(r, m, &chat);
    if (e) return refused(r, e);
    struct message_new n = {
        .chat = chat,
        .content = m->text,
        .client_id = client_id(r, ""),
        .file_count = m->file_count,
        .bot = true,
        .keep_pending = true,
        .data = m->data,
        .template_given = m->template_given,
    };
    memcpy(n.files, m->files, sizeof n.files);
    const char *before = s->c->actor.name, *json = NULL;
    s->c->actor.name = s->author;
    e = inbox_send(s->c, &n, &json, NULL);
    s->c->actor.name = before;
    return refused(r, e);
}

static enum err note(struct run *r, const char *text)
{
    struct session *s = session_of(r);
    enum err e = needs_chat(r);
    if (!e) e = mark(r);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *p = json_pack("{s:s, s:s, s:s}", "content", text, "name", r->flow->name, "clientId",
                          arena_printf(r->arena, "%s%d", client_id(r, "note"), r->steps));
    return refused(
        r, db_exec(s->c, &SQL_FLOW_EFFECT_NOTE, PARAMS(P_UUID("chat", s->chat), P_JSON("p", p))));
}

/* --- the chat ----------------------------------------------------------------------------- */

static json_t *id_json(struct uuid id)
{
    char text[UUID_TEXT_SIZE];
    return uuid_is_nil(id) ? json_null() : json_string(uuid_text(id, text));
}

static enum err transfer(struct run *r, const struct flow_transfer *t)
{
    struct session *s = session_of(r);
    enum err e = needs_chat(r);
    if (!e) e = mark(r);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *p = json_pack("{s:o, s:o, s:i, s:s, s:s}", "teamId", id_json(t->team), "userId",
                          id_json(t->user), "priority", t->priority, "note", t->note ? t->note : "",
                          "name", r->flow->name);
    e = db_exec(s->c, &SQL_FLOW_EFFECT_TRANSFER, PARAMS(P_UUID("chat", s->chat), P_JSON("p", p)));
    if (!e) s->how = "transfer";
    return refused(r, e);
}

static enum err close_chat(struct run *r, struct uuid closure_type, const char *words)
{
    struct session *s = session_of(r);
    enum err e = needs_chat(r);
    if (!e) e = mark(r);
    if (e) return e;
    CLEANUP(json_decrefp)
    json_t *p = json_pack("{s:o, s:s, s:s}", "closureTypeId", id_json(closure_type), "note",
                          words ? words : "", "name", r->flow->name);
    e = db_exec(s->c, &SQL_FLOW_EFFECT_CLOSE, PARAMS(P_UUID("chat", s->chat), P_JSON("p", p)));
    if (!e) s->how = "close";
    return refused(r, e);
}

static enum err open_hours(struct run *r, struct uuid team, bool *ret_open)
{
    struct session *s = session_of(r);
    struct rows *rows = NULL;
    const char *channel = json_get_text(json_object_get(s->load, "chat"), "channelId");
    enum err e = mark(r); /* a team that is gone is refused */
    if (!e)
        e = db_one(
            s->c, &SQL_FLOW_OPEN_HOURS,
            PARAMS(P_UUID("team", team), P_TEXT("channel", channel), P_INT("at_ms", run_now_ms(r))),
            &rows);
    if (e) return refused(r, e);
    *ret_open = rows_bool(rows, 0, "open");
    return ERR_OK;
}

/* --- the customer -------------------------------------------------------------------------- */

/* The customer as they are now, into the context that expressions see. */
static enum err customer_taken(struct run *r, const char *text)
{
    json_t *customer = NULL;
    enum err e = json_parse(r->arena, text, strlen(text), &customer, NULL);
    if (e) return e;
    json_t *context = json_copy(r->context);
    arena_on_free(r->arena, (void (*)(void *))json_decref, context);
    json_object_set(context, "customer", customer);
    r->context = context;
    run_context_changed(r);
    return ERR_OK;
}

static enum err with_customer(struct run *r, const struct sql *q, const struct param *params)
{
    const char *text = NULL;
    enum err e = mark(r);
    if (!e) e = db_json(ctx_of(r), q, params, &text);
    if (e) return refused(r, e);
    return customer_taken(r, text);
}

static void contact_add(struct run *r, json_t *contacts, const char *kind, const char *identifier,
                        enum err *e)
{
    struct contact_form form;
    if (*e || !identifier || !*identifier) return;
    *e = contact_normalise(ctx_of(r), kind, identifier, &form);
    if (*e) return;
    json_t *keys = json_array();
    for (int i = 0; i < form.key_count; i++)
        json_array_append_new(keys, json_string(form.keys[i]));
    json_array_append_new(contacts, json_pack("{s:s, s:s, s:s, s:o, s:s}", "kind", kind,
                                              "identifier", identifier, "canonical", form.canonical,
                                              "keys", keys, "field", kind));
}

/* {slug: text} to {fieldId: value}, each as its kind wants it. */
static enum err field_values(struct run *r, const json_t *fields, json_t *values)
{
    struct ctx *c = ctx_of(r);
    CLEANUP(json_decrefp) json_t *slugs = json_array();
    const char *slug, *text = NULL;
    json_t *v, *defs = NULL;
    if (json_object_size(fields) > FIELDS_MAX)
        return run_refuse(r, "TOO_MANY", "more than %d fields", FIELDS_MAX);
    json_object_foreach((json_t *)(uintptr_t)fields, slug, v)
        json_array_append_new(slugs, json_string(slug));
    enum err e = db_json(c, &SQL_FLOW_FIELD_DEFS, PARAMS(P_JSON("slugs", slugs)), &text);
    if (!e) e = json_parse(r->arena, text, strlen(text), &defs, NULL);
    if (e) return e;
    struct field_home home = {.country = r->env.country, .currency = r->env.currency};
    json_object_foreach((json_t *)(uintptr_t)fields, slug, v)
    {
        const json_t *row = json_object_get(defs, slug);
        if (!row) return run_refuse(r, "UNKNOWN_FIELD", "there is no field %s", slug);
        struct field_def def = {json_get_text(row, "kind"), json_object_get(row, "options")};
        const char *json = NULL, *code = NULL, *why = NULL;
        e = field_value_read(r->arena, &def, &home, v, &json, &code, &why);
        if (e == ERR_INVALID) return run_refuse(r, code, "%s: %s", slug, why);
        json_t *value = NULL;
        if (!e) e = json_parse(r->arena, json, strlen(json), &value, NULL);
        if (e) return e;
        json_object_set(values, json_get_text(row, "id"), value);
    }
    return ERR_OK;
}

static enum err customer(struct run *r, const json_t *changes)
{
    static const char *const plain[] = {"name",     "document", "birthDate",
                                        "language", "country",  "pinnedNote"};
    struct session *s = session_of(r);
    CLEANUP(json_decrefp) json_t *p = json_object();
    json_t *contacts = json_array(), *values = json_object();
    enum err e = mark(r);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        json_t *v = json_object_get(changes, plain[i]);
        if (v) json_object_set(p, plain[i], v);
    }
    contact_add(r, contacts, "email", json_get_text(changes, "email"), &e);
    contact_add(r, contacts, "phone", json_get_text(changes, "phone"), &e);
    json_object_set_new(p, "contacts", contacts);
    json_object_set_new(p, "values", values);
    const json_t *fields = json_object_get(changes, "fields");
    if (!e && json_object_size(fields) > 0) e = field_values(r, fields, values);
    if (e) return refused(r, e);
    return with_customer(
        r, &SQL_FLOW_EFFECT_CUSTOMER,
        PARAMS(P_UUID("customer", s->customer), P_TEXT("name", r->flow->name), P_JSON("p", p)));
}

static enum err tag(struct run *r, struct uuid id, bool on)
{
    return with_customer(r, &SQL_FLOW_EFFECT_TAG,
                         PARAMS(P_UUID("customer", session_of(r)->customer),
                                P_TEXT("name", r->flow->name), P_UUID("tag", id),
                                P_BOOL("on", on)));
}

static enum err stage(struct run *r, struct uuid id, const char *words)
{
    struct session *s = session_of(r);
    return with_customer(r, &SQL_FLOW_EFFECT_STAGE,
                         PARAMS(P_UUID("customer", s->customer), P_TEXT("name", r->flow->name),
                                P_UUID("stage", id), P_TEXT("note", words ? words : ""),
                                P_UUID("chat", s->chat)));
}

/* --- calls and flows ------------------------------------------------------------------------ */

static enum err http(struct run *r, const struct flow_request *q)
{
    struct session *s = session_of(r);
    s->call = flow_request_json(r, q);
    return s->call ? ERR_OK : ERR_NO_MEMORY;
}

static enum err flow_of(struct run *r, struct uuid id, const struct flow **ret_flow)
{
    return refused(r, flow_live_get(ctx_of(r), id, ret_flow));
}

static enum err version_of(struct run *r, struct uuid version, const struct flow **ret_flow)
{
    return refused(r, flow_version_get(ctx_of(r), version, ret_flow));
}

const struct flow_host flow_host_live = {
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
