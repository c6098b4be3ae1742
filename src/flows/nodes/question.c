/* A question with a free answer that is read as what was asked for, and kept in a variable. */
#include <string.h>

#include "base/json.h"
#include "flows/nodes/answers.h"
#include "flows/nodes/choices.h"
#include "flows/nodes/nodes.h"

static bool is_yesno(const struct node *n)
{
    return answer_kind_of(node_text(n, "kind")) == ANSWER_YESNO;
}

/* Yes and no, to press where the channel has buttons. New. */
static json_t *yes_and_no(const struct run *r)
{
    const char *l = r->env.language ? r->env.language : "en";
    bool pt = strcmp(l, "pt") == 0, es = strcmp(l, "es") == 0;
    return json_pack("[{s:s, s:s}, {s:s, s:s}]", "id", "yes", "title",
                     pt   ? "Sim"
                     : es ? "Sí"
                          : "Yes",
                     "id", "no", "title", pt ? "Não" : "No");
}

static enum step ask(struct run *r, const struct node *n, const char *field, int64_t tries)
{
    const char *text = run_text(r, n, field);
    if (!text) return run_error(r, ERR_INVALID);
    run_note_text(r, "text", text);
    CLEANUP(json_decrefp) json_t *both = is_yesno(n) ? yes_and_no(r) : NULL;
    bool shown = both && r->channel && r->channel->can & CAN_BUTTONS;
    struct choices c = {.options = shown ? both : NULL};
    enum err e = choices_send(r, n, text, &c);
    return e ? run_error(r, e) : ask_wait(r, n, tries);
}

static enum step run(struct run *r, const struct node *n)
{
    return ask(r, n, "text", 0);
}

static struct answer_rules rules_of(const struct node *n)
{
    const char *range = node_text(n, "range");
    const json_t *min = node_json(n, "min"), *max = node_json(n, "max");
    return (struct answer_rules){
        .kind = answer_kind_of(node_text(n, "kind")),
        .has_min = json_is_number(min),
        .has_max = json_is_number(max),
        .min = json_number_value(min),
        .max = json_number_value(max),
        .pattern = node_text(n, "pattern"),
        .file_kind = node_text(n, "fileKind"),
        .range = strcmp(range, "past") == 0 ? -1 : strcmp(range, "future") == 0,
    };
}

/* A button's answer is its id, whatever it is called. */
static bool pressed(struct run *r, const struct node *n, const struct answer *a, struct value *ret)
{
    CLEANUP(json_decrefp) json_t *both = yes_and_no(r);
    const char *option = a->option ? choices_match(r, n, both, a) : NULL;
    if (!option) return false;
    *ret = value_bool(strcmp(option, "yes") == 0);
    return true;
}

static enum step resume(struct run *r, const struct node *n, const struct woken *w)
{
    if (w->kind == WOKE_TIMER) return run_port(r, "timeout");
    struct answer_rules rules = rules_of(n);
    struct value v;
    const char *why = "", *name = node_text(n, "variable");
    run_note_text(r, "answer", w->answer->text);
    bool fits = rules.kind == ANSWER_YESNO && pressed(r, n, w->answer, &v);
    if (!fits && !answer_read(&r->env, r->arena, &rules, w->answer, &v, &why)) {
        run_note_text(r, "why", why);
        return ask_again(r, n, ask);
    }
    enum err e = *name ? run_set(r, name, &v) : ERR_OK;
    if (e) return run_error(r, e);
    if (rules.kind != ANSWER_YESNO) return run_next(r);
    return run_port(r, v.yes ? "yes" : "no");
}

static void check(struct check *k, const struct node *n)
{
    struct answer_rules rules = rules_of(n);
    struct flow_error e = {0};
    check_text_length(k, n, "text", node_text(n, "text"));
    if ((rules.kind == ANSWER_NUMBER || rules.kind == ANSWER_TEXT) && rules.has_min &&
        rules.has_max && rules.min > rules.max)
        check_error(k, n, "max", "RANGE_EMPTY", NULL, "the least is more than the most");
    if (rules.kind == ANSWER_TEXT && *rules.pattern &&
        !flow_regex_check(k->problems->arena, rules.pattern, &e))
        check_error(k, n, "pattern", "BAD_PATTERN", NULL, "%s",
                    e.message ? e.message : "cannot be read");
    if (rules.kind == ANSWER_FILE && !*node_text(n, "variable"))
        check_warning(k, n, "variable", "NOT_KEPT", NULL, "the file is kept only in the chat");
}

#define NUMBER_MAX 1000000000000LL

static const struct node_field fields[] = {
    {.name = "text", .kind = NF_TEMPLATE, .required = true, .max = ASK_TEXT_MAX},
    {.name = "kind",
     .kind = NF_ENUM,
     .values = "text|number|email|phone|date|file|yesno",
     .required = true,
     .otherwise = "\"text\""},
    {.name = "variable", .kind = NF_VARIABLE},
    {.name = "min",
     .kind = NF_NUMBER,
     .min = -NUMBER_MAX,
     .max = NUMBER_MAX,
     .when = {"kind", "number|text"},
     .advanced = true},
    {.name = "max",
     .kind = NF_NUMBER,
     .min = -NUMBER_MAX,
     .max = NUMBER_MAX,
     .when = {"kind", "number|text"},
     .advanced = true},
    {.name = "pattern",
     .kind = NF_TEXT,
     .max = EXPR_REGEX_MAX,
     .when = {"kind", "text"},
     .advanced = true},
    {.name = "range",
     .kind = NF_ENUM,
     .values = "any|past|future",
     .otherwise = "\"any\"",
     .when = {"kind", "date"},
     .advanced = true},
    {.name = "fileKind",
     .kind = NF_ENUM,
     .values = "any|image|video|audio|document",
     .otherwise = "\"any\"",
     .when = {"kind", "file"},
     .advanced = true},
    ASK_FIELDS,
    {0},
};
static const struct node_port ports[] = {
    {"next", PORT_NEXT, OPEN_WARNING, {"kind", "text|number|email|phone|date|file"}},
    {"yes", PORT_YES, OPEN_WARNING, {"kind", "yesno"}},
    {"no", PORT_NO, OPEN_WARNING, {"kind", "yesno"}},
    ASK_PORTS,
    {0},
};

const struct flow_node node_question = {
    .type = "question",
    .category = NODE_ASK,
    .icon = "circle-help",
    .kinds = FLOW_TALKS,
    .fields = fields,
    .ports = ports,
    .waits = true,
    .summary = "text",
    .run = run,
    .resume = resume,
    .check = check,
};
