/* Options as the channel can show them, and answers to them (choices.h).
 *
 * What is sent out with a button is "<node>.<option>": a button of an older message, pressed while
 * another node asks, counts only by its title, as if it had been written. Titles are cut to what the
 * channel takes; publishing warned of it. */
#include "flows/nodes/choices.h"

#include <string.h>

#include "base/json.h"

#define LINE_MAX   1000 /* bytes of an answer that is looked at */
#define LINES_MAX  50   /* of a burst that are */
#define PREFIX_MIN 3    /* bytes of a title that are enough when no other begins so */

static const char *const style_names[] = {"buttons", "list", "numbers"};

/* Bytes of s that a channel shows of it before its "…"; all of them when it is not cut. */
static size_t cut_length(const char *s, int most)
{
    if (most <= 0 || text_length(s) <= (size_t)most) return strlen(s);
    size_t bytes = 0;
    for (int i = 0; i < most - 1; i++) {
        bytes++;
        while (((unsigned char)s[bytes] & 0xC0) == 0x80)
            bytes++;
    }
    return bytes;
}

bool choices_alike(const json_t *options, int most)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const char *a = json_get_text(json_array_get(options, i), "title");
        size_t len = cut_length(a ? a : "", most);
        for (size_t k = 0; a && k < i; k++) {
            const char *b = json_get_text(json_array_get(options, k), "title");
            if (b && cut_length(b, most) == len && memcmp(a, b, len) == 0 && !a[len] == !b[len])
                return true;
        }
    }
    return false;
}

static bool within(size_t n, int most)
{
    return most == 0 || n <= (size_t)most;
}

enum choice_style choices_style(const struct channel_kind *k, const json_t *options,
                                const char *text, const char *asked)
{
    size_t count = json_array_size(options), chars = text_length(text);
    bool blank = text[strspn(text, " \t\r\n")] == 0;
    if (!k || blank || strcmp(asked, "numbers") == 0) return CHOICE_NUMBERS;
    const struct channel_limits *l = &k->limits;
    bool buttons = k->can & CAN_BUTTONS && within(count, l->buttons_max) &&
                   within(chars, l->buttons_text_max) &&
                   !choices_alike(options, l->button_title_max);
    bool list = k->can & CAN_LIST && within(count, l->list_rows_max) &&
                within(chars, l->list_text_max) && !choices_alike(options, l->list_title_max);
    if (strcmp(asked, "list") == 0 && list) return CHOICE_LIST;
    if (buttons) return CHOICE_BUTTONS;
    return list ? CHOICE_LIST : CHOICE_NUMBERS;
}

/* At most `most` characters (0: all), the last one "…" when it was cut. */
static const char *cut(struct run *r, const char *s, int most)
{
    size_t bytes = cut_length(s, most);
    return s[bytes] ? arena_printf(r->arena, "%.*s…", (int)bytes, s) : s;
}

static const char *wire_id(struct run *r, const struct node *n, const char *option)
{
    return arena_printf(r->arena, "%s.%s", n->id, option);
}

/* [{id, title, description?}] with titles filled in; NULL: a title cannot be read. */
static json_t *filled(struct run *r, const json_t *options)
{
    json_t *list = json_array();
    arena_on_free(r->arena, (void (*)(void *))json_decref, list);
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *o = json_array_get(options, i);
        const char *id = json_get_text(o, "id"), *title = json_get_text(o, "title"),
                   *more = json_get_text(o, "description");
        if (!id) continue;
        title = run_fill(r, title ? title : "", TEMPLATE_PLAIN);
        more = run_fill(r, more ? more : "", TEMPLATE_PLAIN);
        if (!title || !more) return NULL;
        if (!title[strspn(title, " \t\r\n")]) title = arena_printf(r->arena, "%zu", i + 1);
        json_t *item = json_pack("{s:s, s:s}", "id", id, "title", title);
        if (*more) json_object_set_new(item, "description", json_string(more));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *buttons(struct run *r, const struct node *n, const json_t *list)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        int most = r->channel ? r->channel->limits.button_title_max : 0;
        json_array_append_new(out,
                              json_pack("{s:s, s:s}", "id", wire_id(r, n, json_get_text(o, "id")),
                                        "title", cut(r, json_get_text(o, "title"), most)));
    }
    return json_pack("{s:o}", "buttons", out);
}

static const char *list_button(const struct run *r)
{
    const char *l = r->env.language ? r->env.language : "en";
    return strcmp(l, "pt") == 0 ? "Ver opções" : strcmp(l, "es") == 0 ? "Ver opciones" : "Options";
}

static json_t *rows(struct run *r, const struct node *n, const json_t *list, const char *button)
{
    const struct channel_limits *l = &r->channel->limits;
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *more = json_get_text(o, "description");
        json_t *row = json_pack("{s:s, s:s}", "id", wire_id(r, n, json_get_text(o, "id")), "title",
                                cut(r, json_get_text(o, "title"), l->list_title_max));
        if (more)
            json_object_set_new(row, "description",
                                json_string(cut(r, more, l->list_description_max)));
        json_array_append_new(out, row);
    }
    return json_pack("{s:{s:s, s:[{s:o}]}}", "list", "button",
                     cut(r, *button ? button : list_button(r), l->list_button_max), "sections",
                     "rows", out);
}

static const char *numbered(struct run *r, const char *text, const json_t *list)
{
    const char *out = arena_printf(r->arena, "%s%s", text, *text ? "\n" : "");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *more = json_get_text(o, "description");
        out = arena_printf(r->arena, "%s\n%zu. %s%s%s", out, i + 1, json_get_text(o, "title"),
                           more ? " - " : "", more ? more : "");
    }
    return out;
}

enum err choices_send(struct run *r, const struct node *n, const char *text,
                      const struct choices *c)
{
    struct flow_message m = {.text = text};
    json_t *list = filled(r, c->options);
    if (!list) return r->abort ? r->abort : ERR_INVALID;
    if (json_array_size(list) == 0) return run_send(r, &m);
    m.options = list;
    enum choice_style s = choices_style(r->channel, list, text, c->style ? c->style : "");
    m.display = style_names[s];
    if (s == CHOICE_BUTTONS) m.data = buttons(r, n, list);
    if (s == CHOICE_LIST) m.data = rows(r, n, list, c->list_button ? c->list_button : "");
    if (s == CHOICE_NUMBERS) m.text = numbered(r, text, list);
    if (m.data) arena_on_free(r->arena, (void (*)(void *))json_decref, m.data);
    run_note_text(r, "shown", style_names[s]);
    return run_send(r, &m);
}

/* --- answers ---------------------------------------------------------------------------- */

const char *choices_said(struct arena *a, const char *s)
{
    static const char marks[] = " \t\r\n*.,:;!?-()[]\"'";
    s += strspn(s, marks);
    size_t len = strlen(s);
    while (len > 0 && strchr(marks, s[len - 1]))
        len--;
    return len > LINE_MAX ? "" : flow_fold(a, s, len);
}

static const char *by_id(const json_t *options, const char *id, size_t len)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const char *x = json_get_text(json_array_get(options, i), "id");
        if (x && strlen(x) == len && memcmp(x, id, len) == 0) return x;
    }
    return NULL;
}

/* "2", "opção 2", "2\xE2\x83\xA3" (a key with a digit): said is folded. */
static const char *by_number(const json_t *options, const char *said)
{
    static const char *const before[] = {"opcao ", "opcion ", "option ", "numero ", "number "};
    static const char variant[] = "\xEF\xB8\x8F", keycap[] = "\xE2\x83\xA3";
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        if (strncmp(said, before[i], strlen(before[i])) == 0) said += strlen(before[i]);
    size_t digits = strspn(said, "0123456789"), n = 0;
    if (digits == 0 || digits > 3) return NULL;
    for (size_t i = 0; i < digits; i++)
        n = 10 * n + (size_t)(said[i] - '0');
    said += digits;
    if (strncmp(said, variant, sizeof variant - 1) == 0) said += sizeof variant - 1;
    if (strncmp(said, keycap, sizeof keycap - 1) == 0) said += sizeof keycap - 1;
    if (*said || n < 1 || n > json_array_size(options)) return NULL;
    return json_get_text(json_array_get(options, n - 1), "id");
}

/* "2. Consulta", "2 - consulta": the title as it stands in the numbered text. */
static const char *after_number(const char *said)
{
    size_t digits = strspn(said, "0123456789");
    size_t marks = digits > 0 ? strspn(said + digits, " .)-") : 0;
    return marks > 0 ? said + digits + marks : said;
}

/* The option whose title is what was said, or (begins) the only one that begins with it. */
static const char *by_title(struct run *r, const json_t *options, const char *said, bool begins)
{
    const char *found = NULL;
    size_t len = strlen(said), count = 0;
    if (begins && len < PREFIX_MIN) return NULL;
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *o = json_array_get(options, i);
        const char *title = json_get_text(o, "title"), *id = json_get_text(o, "id");
        title = title ? run_fill(r, title, TEMPLATE_PLAIN) : NULL;
        const char *folded = title ? choices_said(r->arena, title) : NULL;
        if (!folded || !*folded) continue;
        if (begins ? strncmp(folded, said, len) != 0
                   : strcmp(folded, said) != 0 && strcmp(folded, after_number(said)) != 0)
            continue;
        found = id;
        count++;
    }
    return count == 1 || !begins ? found : NULL;
}

/* Titles before numbers: of "10", "9", "8" the customer means what stands there. */
static const char *by_line(struct run *r, const json_t *options, const char *line)
{
    const char *said = choices_said(r->arena, line), *found = NULL;
    if (!said || !*said) return NULL;
    found = by_title(r, options, said, false);
    if (!found) found = by_number(options, said);
    return found ? found : by_title(r, options, said, true);
}

const char *choices_match(struct run *r, const struct node *n, const json_t *options,
                          const struct answer *a)
{
    const char *found = NULL, *p = a->text;
    if (a->option) {
        size_t len = strlen(n->id);
        if (strncmp(a->option, n->id, len) == 0 && a->option[len] == '.') {
            const char *id = a->option + len + 1;
            return by_id(options, id, strlen(id));
        }
    }
    /* Of a burst the last line that fits. */
    for (int lines = 0; p && *p && lines < LINES_MAX; lines++) {
        size_t len = strcspn(p, "\n");
        const char *line = arena_strndup(r->arena, p, len);
        const char *x = line ? by_line(r, options, line) : NULL;
        if (x) found = x;
        p += len + (p[len] == '\n');
    }
    return found;
}

const char *choices_title(struct run *r, const json_t *options, const char *id)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *o = json_array_get(options, i);
        const char *x = json_get_text(o, "id"), *title = json_get_text(o, "title");
        if (!x || strcmp(x, id) != 0) continue;
        title = title ? run_fill(r, title, TEMPLATE_PLAIN) : NULL;
        return title ? title : "";
    }
    return "";
}
