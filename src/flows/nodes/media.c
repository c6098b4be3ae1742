/* A picture, a video, a sound or a document, with a text beside it. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/nodes.h"

static enum step run(struct run *r, const struct node *n)
{
    struct flow_message m = {.text = run_text(r, n, "caption")};
    if (!m.text) return run_error(r, ERR_INVALID);
    const char *name = json_get_text(node_json(n, "file"), "name");
    node_files(n, "file", &m);
    if (m.file_count == 0) return run_fail(r, "NO_FILE", "no file was chosen");
    run_note_text(r, "file", name ? name : "");
    if (*m.text) run_note_text(r, "caption", m.text);
    enum err e = run_send(r, &m);
    return e ? run_error(r, e) : run_next(r);
}

static const struct file_limit *limit_of(const struct channel_kind *c, const char *kind)
{
    const struct file_limit *f = c->limits.files;
    while (f && f->kind && strcmp(f->kind, kind) != 0)
        f++;
    return f && f->kind ? f : NULL;
}

/* What a channel takes of the kind; what it cannot show goes as a document where it takes some. */
static void check_on(struct check *k, const struct node *n, const struct channel_kind *c)
{
    const char *kind = node_text(n, "kind"), *caption = node_text(n, "caption");
    const json_t *file = node_json(n, "file");
    const struct file_limit *own = limit_of(c, kind), *l = own ? own : limit_of(c, "document");
    int64_t size = json_get_int(file, "size", 0);
    if (!own)
        check_warning(k, n, "file", "CHANNEL_MEDIA",
                      json_pack("{s:s, s:s}", "channel", c->kind, "kind", kind),
                      l ? "%s takes it as a document" : "%s takes no such file", c->label);
    if (!l) return;
    if (l->bytes_max > 0 && size > l->bytes_max)
        check_error(k, n, "file", "CHANNEL_FILE_SIZE",
                    json_pack("{s:s, s:I}", "channel", c->kind, "max", (json_int_t)l->bytes_max),
                    "larger than %s takes", c->label);
    if (l->caption_max > 0 && !c->limits.text_splits && !strstr(caption, "{{") &&
        text_length(caption) > (size_t)l->caption_max)
        check_error(k, n, "caption", "CHANNEL_TEXT",
                    json_pack("{s:s, s:i}", "channel", c->kind, "max", l->caption_max),
                    "longer than %s takes beside a file", c->label);
}

static void check(struct check *k, const struct node *n)
{
    const char *kind = node_text(n, "kind"),
               *type = json_get_text(node_json(n, "file"), "mimeType");
    size_t len = strlen(kind);
    if (type && strcmp(kind, "document") != 0 &&
        (strncmp(type, kind, len) != 0 || type[len] != '/'))
        check_error(k, n, "file", "FILE_KIND", json_pack("{s:s}", "kind", kind),
                    "the file is no %s", kind);
    for (int i = 0; i < k->channel_count; i++)
        check_on(k, n, k->channels[i]);
}

static const struct node_field fields[] = {
    {.name = "kind",
     .kind = NF_ENUM,
     .values = "image|video|audio|document",
     .required = true,
     .otherwise = "\"image\""},
    {.name = "file", .kind = NF_FILE, .required = true},
    {.name = "caption", .kind = NF_TEMPLATE, .max = 1024},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_media = {
    .type = "media",
    .category = NODE_SEND,
    .icon = "image",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .summary = "caption",
    .run = run,
    .check = check,
};
