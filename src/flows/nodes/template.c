/* A message that the platform approved beforehand: the one that may be sent when the customer has
 * not written for a day. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "flows/nodes/nodes.h"

/* The header's file, for templates that have a picture, a video or a document there. */
static json_t *header_file(const json_t *file)
{
    static const char *const kinds[] = {"image", "video"};
    const char *type = json_get_text(file, "mimeType"), *kind = "document";
    for (size_t i = 0; type && i < ARRAY_LEN(kinds); i++)
        if (strncmp(type, kinds[i], strlen(kinds[i])) == 0) kind = kinds[i];
    return json_pack("{s:s, s:O}", "type", kind, "fileId", json_object_get(file, "fileId"));
}

/* {"body.1": text, "header.x": text, "button.0": text}, filled in, as a channel takes them:
 * {header: {x: …}, body: {1: …}, buttons: [{index, text}]}. NULL: one cannot be read. */
static json_t *parameters(struct run *r, const json_t *given, const json_t *file)
{
    json_t *header = json_object(), *body = json_object(), *buttons = json_array();
    json_t *all = json_pack("{s:o, s:o}", "body", body, "buttons", buttons);
    const char *key;
    json_t *v;
    arena_on_free(r->arena, (void (*)(void *))json_decref, all);
    arena_on_free(r->arena, (void (*)(void *))json_decref, header);
    json_object_foreach((json_t *)(uintptr_t)given, key, v)
    {
        const char *text =
            run_fill(r, json_is_string(v) ? json_string_value(v) : "", TEMPLATE_PLAIN);
        if (!text) return NULL;
        run_note_text(r, key, text);
        if (strncmp(key, "body.", 5) == 0)
            json_object_set_new(body, key + 5, json_string(text));
        else if (strncmp(key, "header.", 7) == 0)
            json_object_set_new(header, key + 7, json_string(text));
        else if (strncmp(key, "button.", 7) == 0)
            json_array_append_new(buttons, json_pack("{s:i, s:s}", "index",
                                                     (int)strtol(key + 7, NULL, 10), "text", text));
    }
    if (json_get_text(file, "fileId"))
        json_object_set_new(all, "header", json_pack("[o]", header_file(file)));
    else if (json_object_size(header) > 0)
        json_object_set(all, "header", header);
    return all;
}

static enum step run(struct run *r, const struct node *n)
{
    const json_t *t = node_json(n, "template");
    const char *name = json_get_text(t, "name"), *language = json_get_text(t, "language");
    if (!name) return run_fail(r, "TEMPLATE_NOT_FOUND", "no template was chosen");
    run_note_text(r, "template", name);
    json_t *values = parameters(r, json_object_get(t, "parameters"), node_json(n, "file"));
    if (!values) return run_error(r, ERR_INVALID);
    json_t *given = json_pack("{s:s, s:s, s:O}", "name", name, "language", language ? language : "",
                              "parameters", values);
    arena_on_free(r->arena, (void (*)(void *))json_decref, given);
    struct flow_message m = {.text = name, .template_given = given};
    enum err e = run_send(r, &m);
    return e ? run_error(r, e) : run_next(r);
}

static void check(struct check *k, const struct node *n)
{
    const char *channel = json_get_text(node_json(n, "template"), "channelId");
    if (channel && k->world->channels && !json_object_get(k->world->channels, channel))
        check_error(k, n, "template", "UNKNOWN_REFERENCE", json_pack("{s:s}", "kind", "channel"),
                    "the channel of the template does not exist here");
    for (int i = 0; i < k->channel_count; i++)
        if (!(k->channels[i]->can & CAN_TEMPLATE))
            check_warning(k, n, "template", "CHANNEL_TEMPLATE",
                          json_pack("{s:s}", "channel", k->channels[i]->kind),
                          "%s has no templates", k->channels[i]->label);
}

static const struct node_field fields[] = {
    {.name = "template", .kind = NF_WA_TEMPLATE, .required = true},
    {.name = "file", .kind = NF_FILE, .advanced = true},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_WARNING, {0}},
    {0},
};

const struct flow_node node_template = {
    .type = "template",
    .category = NODE_SEND,
    .icon = "layout-template",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .summary = "template",
    .run = run,
    .check = check,
};
