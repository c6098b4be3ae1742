/* An e-mail: in this conversation when it is one of e-mail, else over the mailbox that the node
 * names, to the customer's address or another one. */
#include <string.h>

#include "base/json.h"
#include "core/field_text.h"
#include "flows/nodes/nodes.h"

#define TEXT_MAX    16000
#define SUBJECT_MAX 200
#define CC_MAX      10

/* A list with commas to a JSON array; NULL with the run's fault: one is no address. */
static json_t *addresses(struct run *r, const char *list)
{
    json_t *out = json_array();
    arena_on_free(r->arena, (void (*)(void *))json_decref, out);
    for (const char *p = list; *p;) {
        p += strspn(p, " \t\r\n,;");
        size_t len = strcspn(p, " \t\r\n,;");
        if (len == 0) break;
        const char *one = arena_strndup(r->arena, p, len);
        if (!one || !field_email(one) || json_array_size(out) == CC_MAX) {
            (void)run_refuse(r, "INVALID_EMAIL", "%s is no e-mail address, or one too many",
                             one ? one : "");
            return NULL;
        }
        json_array_append_new(out, json_string(one));
        p += len;
    }
    return out;
}

static enum step run(struct run *r, const struct node *n)
{
    const char *subject = run_text(r, n, "subject"), *text = run_text(r, n, "text"),
               *to = run_text(r, n, "to"), *cc = run_text(r, n, "cc");
    if (!subject || !text || !to || !cc) return run_error(r, ERR_INVALID);
    struct flow_message m = {.text = text, .channel = node_uuid(n, "channelId")};
    bool here = uuid_is_nil(m.channel);
    json_t *copies = addresses(r, cc);
    if (!copies) return run_error(r, ERR_INVALID);
    to += strspn(to, " \t\r\n");
    run_note_text(r, "subject", subject);
    if (here && !(r->channel && r->channel->can & CAN_SUBJECT))
        return run_fail(r, "EMAIL_CHANNEL",
                        "this conversation is not one of e-mail, and no "
                        "mailbox was chosen");
    if (!here) {
        m.to = arena_strndup(r->arena, to, strcspn(to, " \t\r\n"));
        run_note_text(r, "to", m.to);
        if (!m.to || !field_email(m.to))
            return run_fail(
                r, "INVALID_EMAIL",
                *to ? "%s is no e-mail address" : "the customer has no e-mail address%s", to);
    }
    json_t *mail = json_pack("{s:s}", "subject", subject);
    if (json_array_size(copies) > 0) json_object_set(mail, "cc", copies);
    m.data = json_pack("{s:o}", "mail", mail);
    arena_on_free(r->arena, (void (*)(void *))json_decref, m.data);
    node_files(n, "files", &m);
    enum err e = run_send(r, &m);
    return e ? run_error(r, e) : run_next(r);
}

static void check(struct check *k, const struct node *n)
{
    const char *id = json_get_text(n->data, "channelId");
    const char *kind = id ? json_get_text(k->world->channels, id) : NULL;
    const struct channel_kind *c = kind ? channel_kind_find(kind) : NULL;
    if (c && !(c->can & CAN_SUBJECT))
        check_error(k, n, "channelId", "CHANNEL_EMAIL", json_pack("{s:s}", "channel", c->kind),
                    "%s sends no e-mail", c->label);
    for (int i = 0; !id && i < k->channel_count; i++)
        if (!(k->channels[i]->can & CAN_SUBJECT))
            check_error(k, n, "channelId", "CHANNEL_EMAIL",
                        json_pack("{s:s}", "channel", k->channels[i]->kind),
                        "on %s the mailbox must be said", k->channels[i]->label);
}

static const struct node_field fields[] = {
    {.name = "channelId", .kind = NF_CHANNEL, .of = "email"},
    {.name = "to",
     .kind = NF_TEMPLATE,
     .required = true,
     .max = 300,
     .when = {"channelId", ""},
     .otherwise = "\"{{customer.email}}\""},
    {.name = "cc", .kind = NF_TEMPLATE, .max = 1000, .advanced = true},
    {.name = "subject", .kind = NF_TEMPLATE, .required = true, .max = SUBJECT_MAX},
    {.name = "text", .kind = NF_TEMPLATE, .required = true, .max = TEXT_MAX},
    {.name = "files", .kind = NF_FILES, .max = MESSAGE_FILES_MAX, .advanced = true},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_WARNING, {0}},
    {0},
};

const struct flow_node node_email = {
    .type = "email",
    .category = NODE_SEND,
    .icon = "mail",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .summary = "subject",
    .run = run,
    .check = check,
};
