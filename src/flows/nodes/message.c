/* A message: text, files, buttons. It waits when one of its buttons leads somewhere, or when it has a
 * time-out that does. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/choices.h"
#include "flows/nodes/nodes.h"

#define TEXT_MAX    4096
#define BUTTONS_MAX 10

static bool waits_here(const struct node *n)
{
    for (int i = 0; i < n->port_count; i++)
        if (strcmp(n->ports[i].id, "next") != 0 && strcmp(n->ports[i].id, "error") != 0 &&
            n->ports[i].target >= 0)
            return true;
    return false;
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \t\r\n")] == 0;
}

/* Files and text in one message; what is chosen from is one of its own, after the files. */
static enum err say(struct run *r, const struct node *n, const char *text)
{
    struct flow_message files = {.text = ""};
    struct choices c = {node_json(n, "buttons"), "", NULL};
    bool alone = json_array_size(c.options) == 0;
    node_files(n, "files", &files);
    if (alone) files.text = text;
    if (files.file_count > 0) {
        enum err e = run_send(r, &files);
        if (e || alone) return e;
    }
    if (alone && is_blank(text))
        return run_refuse(r, "MESSAGE_EMPTY", "nothing is left to send once it is filled in");
    return choices_send(r, n, text, &c);
}

static enum step run(struct run *r, const struct node *n)
{
    const char *text = run_text(r, n, "text");
    if (!text) return run_error(r, ERR_INVALID);
    run_note_text(r, "text", text);
    enum err e = say(r, n, text);
    if (e) return run_error(r, e);
    return waits_here(n) ? ask_wait(r, n, 0) : run_next(r);
}

static enum step resume(struct run *r, const struct node *n, const struct woken *w)
{
    if (w->kind == WOKE_TIMER) return run_port(r, "timeout");
    const char *option = choices_match(r, n, node_json(n, "buttons"), w->answer);
    run_note_text(r, "answer", w->answer->text);
    if (!option) return run_next(r);
    run_note_text(r, "option", choices_title(r, node_json(n, "buttons"), option));
    return run_port(r, option);
}

static void check(struct check *k, const struct node *n)
{
    const char *text = node_text(n, "text");
    const json_t *buttons = node_json(n, "buttons");
    bool has_files = json_array_size(node_json(n, "files")) > 0;
    if (is_blank(text) && (!has_files || json_array_size(buttons) > 0))
        check_error(k, n, "text", "REQUIRED", NULL,
                    "needs a text, or files and no buttons without one");
    check_text_length(k, n, "text", text);
    check_options(k, n, "buttons", buttons, text, "");
}

static const struct node_field fields[] = {
    {.name = "text", .kind = NF_TEMPLATE, .max = TEXT_MAX},
    {.name = "files", .kind = NF_FILES, .max = MESSAGE_FILES_MAX, .advanced = true},
    {.name = "buttons", .kind = NF_OPTIONS, .max = BUTTONS_MAX},
    {.name = "timeoutMs",
     .kind = NF_DURATION,
     .max = FLOW_WAIT_MAX_MS,
     .when = {"buttons", ""},
     .advanced = true},
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_FINE, {0}},
    {"timeout", PORT_TIMEOUT, OPEN_FINE, {"timeoutMs", ""}},
    {"error", PORT_ERROR, OPEN_FINE, {0}},
    {0},
};

const struct flow_node node_message = {
    .type = "message",
    .category = NODE_SEND,
    .icon = "message-square",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .ports_field = "buttons",
    .waits = true,
    .waits_here = waits_here,
    .summary = "text",
    .run = run,
    .resume = resume,
    .check = check,
};
