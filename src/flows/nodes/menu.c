/* A menu: a text and options, asked again a few times when the answer is none of them. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/choices.h"
#include "flows/nodes/nodes.h"

static enum step ask(struct run *r, const struct node *n, const char *field, int64_t tries)
{
    const char *text = run_text(r, n, field), *button = run_text(r, n, "listButton");
    if (!text || !button) return run_error(r, ERR_INVALID);
    struct choices c = {node_json(n, "options"), node_text(n, "display"), button};
    run_note_text(r, "text", text);
    enum err e = choices_send(r, n, text, &c);
    return e ? run_error(r, e) : ask_wait(r, n, tries);
}

static enum step run(struct run *r, const struct node *n)
{
    return ask(r, n, "text", 0);
}

static enum step resume(struct run *r, const struct node *n, const struct woken *w)
{
    if (w->kind == WOKE_TIMER) return run_port(r, "timeout");
    const json_t *options = node_json(n, "options");
    const char *option = choices_match(r, n, options, w->answer);
    run_note_text(r, "answer", w->answer->text);
    if (!option) return ask_again(r, n, ask);
    const char *title = choices_title(r, options, option), *name = node_text(n, "variable");
    enum err e = *name ? run_set_text(r, name, title) : ERR_OK;
    if (e) return run_error(r, e);
    run_note_text(r, "option", title);
    return run_port(r, option);
}

static void check(struct check *k, const struct node *n)
{
    const char *text = node_text(n, "text");
    check_text_length(k, n, "text", text);
    check_options(k, n, "options", node_json(n, "options"), text, node_text(n, "display"));
}

static const struct node_field fields[] = {
    {.name = "text", .kind = NF_TEMPLATE, .required = true, .max = ASK_TEXT_MAX},
    {.name = "display",
     .kind = NF_ENUM,
     .values = "buttons|list|numbers",
     .otherwise = "\"buttons\""},
    {.name = "options", .kind = NF_OPTIONS, .required = true, .min = 1, .max = FLOW_OPTIONS_MAX},
    {.name = "listButton",
     .kind = NF_TEMPLATE,
     .max = 20,
     .when = {"display", "list"},
     .advanced = true},
    {.name = "variable", .kind = NF_VARIABLE, .advanced = true},
    ASK_FIELDS,
    {0},
};
static const struct node_port ports[] = {ASK_PORTS, {0}};

const struct flow_node node_menu = {
    .type = "menu",
    .category = NODE_ASK,
    .icon = "list",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .ports_field = "options",
    .option_open = OPEN_WARNING,
    .waits = true,
    .summary = "text",
    .run = run,
    .resume = resume,
    .check = check,
};
