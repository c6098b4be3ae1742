/* `interflow demo`: fills a new installation with a business that looks lived in: people, teams,
 * tags, fields, shortcuts, three web chats and a few hundred conversations over the last five
 * weeks. The same numbers each time (a generator with a fixed seed), times relative to now. Does
 * nothing where an organization exists. What it prints is shown by `serve` at each start. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/json.h"
#include "core/db.h"
#include "crm/crm.h"
#include "server/cli_demo.h"
#include "server/demo_data.h"
#include "sql.h"

#define DEMO_ORGANIZATION "Quintal da Lola"
#define DEMO_PASSWORD     "quintal-da-lola"
#define CUSTOMERS         190
#define CLOSED_CHATS      290
#define OPEN_CHATS        44
#define WEEKS             5
#define NAMES_MAX         64

struct demo {
    uint64_t seed;
    struct uuid users[NAMES_MAX], teams[NAMES_MAX], tags[NAMES_MAX], channels[3];
    struct uuid field_pet, field_breed, field_weight, field_origin;
    struct {
        struct uuid id, contact;
        const char *name, *pet;
        char visitor[UUID_TEXT_SIZE];
    } customers[CUSTOMERS];
    int scripts, agents;
};

/* xorshift: the same demonstration each time. */
static unsigned pick(struct demo *d, unsigned below)
{
    d->seed ^= d->seed << 13;
    d->seed ^= d->seed >> 7;
    d->seed ^= d->seed << 17;
    return (unsigned)(d->seed >> 33) % below;
}

static unsigned count(const char *const *list)
{
    unsigned n = 0;
    while (list[n])
        n++;
    return n;
}

static int pair_index(const char *const (*list)[2], const char *name)
{
    for (int i = 0; list[i][0]; i++)
        if (name && strcmp(list[i][0], name) == 0) return i;
    return 0;
}

static enum err add_id(struct ctx *c, const struct sql *q, const struct param *params,
                       struct uuid *ret)
{
    struct rows *rows = NULL;
    enum err e = db_one(c, q, params, &rows);
    if (!e) *ret = rows_uuid(rows, 0, "id");
    return e;
}

/* --- people, teams, tags, fields, channels --------------------------------------------- */

static enum err add_people(struct ctx *c, struct demo *d)
{
    const char *hash = NULL, *text = NULL;
    enum err e = password_make(c, DEMO_PASSWORD, &hash);
    for (int i = 0; !e && demo_agents[i].name; i++, d->agents++) {
        const struct demo_agent *a = &demo_agents[i];
        e = db_json(c, &SQL_AUTH_CLI_USER_ADD,
                    PARAMS(P_TEXT("email", a->email), P_TEXT("name", a->name),
                           P_TEXT("password_hash", hash), P_TEXT("organization", DEMO_ORGANIZATION),
                           P_TEXT("role", a->role), P_TEXT("language", "pt")),
                    &text);
        if (e) return e;
        CLEANUP(json_decrefp) json_t *j = json_loads(text, 0, NULL);
        if (!uuid_parse(json_get_text(j, "userId"), &d->users[i]) ||
            !uuid_parse(json_get_text(j, "organizationId"), &c->org))
            return fault(c, ERR_INTERNAL, NULL, "the demonstration's people were not made");
    }
    return e;
}

static enum err add_teams_and_tags(struct ctx *c, struct demo *d)
{
    enum err e = ERR_OK;
    for (int i = 0; !e && demo_teams[i][0]; i++)
        e = add_id(c, &SQL_DEMO_TEAM,
                   PARAMS(P_TEXT("name", demo_teams[i][0]), P_TEXT("color", demo_teams[i][1])),
                   &d->teams[i]);
    for (int i = 0; !e && demo_agents[i].name; i++)
        for (int t = 0; !e && t < 3 && demo_agents[i].teams[t]; t++)
            e = db_exec(
                c, &SQL_DEMO_TEAM_MEMBER,
                PARAMS(P_UUID("team", d->teams[pair_index(demo_teams, demo_agents[i].teams[t])]),
                       P_UUID("user", d->users[i]), P_INT("position", i)));
    for (int i = 0; !e && demo_tags[i][0]; i++)
        e = add_id(c, &SQL_DEMO_TAG,
                   PARAMS(P_TEXT("name", demo_tags[i][0]), P_TEXT("color", demo_tags[i][1])),
                   &d->tags[i]);
    for (int i = 0; !e && demo_shortcuts[i].keyword; i++)
        e = db_exec(c, &SQL_DEMO_SHORTCUT,
                    PARAMS(P_TEXT("keyword", demo_shortcuts[i].keyword),
                           P_TEXT("title", demo_shortcuts[i].title),
                           P_TEXT("content", demo_shortcuts[i].content)));
    return e;
}

static enum err add_fields(struct ctx *c, struct demo *d)
{
    CLEANUP(json_decrefp) json_t *none = json_array();
    CLEANUP(json_decrefp)
    json_t *origins = json_pack("[{s:s,s:s},{s:s,s:s},{s:s,s:s}]", "id", "indicacao", "label",
                                "Indicação de cliente", "id", "instagram", "label", "Instagram",
                                "id", "passou", "label", "Passou na frente");
    const struct {
        const char *slug, *name, *kind;
        json_t *options;
        struct uuid *id;
    } fields[] = {
        {"pet", "Pet", "text", none, &d->field_pet},
        {"raca", "Raça", "text", none, &d->field_breed},
        {"peso", "Peso (kg)", "number", none, &d->field_weight},
        {"como_conheceu", "Como conheceu", "select", origins, &d->field_origin},
    };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < ARRAY_LEN(fields); i++)
        e = add_id(c, &SQL_DEMO_FIELD,
                   PARAMS(P_TEXT("slug", fields[i].slug), P_TEXT("name", fields[i].name),
                          P_TEXT("kind", fields[i].kind), P_JSON("options", fields[i].options),
                          P_INT("position", (int)i)),
                   fields[i].id);
    return e;
}

static enum err add_channels(struct ctx *c, struct demo *d)
{
    static const struct {
        const char *name, *address, *key, *color, *welcome, *team;
    } rows[] = {
        {"Site", "quintaldalola.example", "demo-shop", "#7a3f12",
         "Oi! Aqui é a equipe do Quintal da Lola. Como podemos ajudar?", "Recepção"},
        {"Loja on-line", "loja.quintaldalola.example", "demo-store", "#0d7f86",
         "Dúvidas sobre um produto? Pergunte aqui.", "Loja"},
        {"Portal do plano", "plano.quintaldalola.example", "demo-plan", "#5a4fd6",
         "Fale com o atendimento do seu plano.", "Financeiro"},
    };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < ARRAY_LEN(rows); i++) {
        CLEANUP(json_decrefp)
        json_t *settings = json_pack("{s:s, s:s, s:[], s:{s:s}, s:{s:s}}", "color", rows[i].color,
                                     "position", "right", "origins", "title", "pt",
                                     DEMO_ORGANIZATION, "welcome", "pt", rows[i].welcome);
        e = add_id(c, &SQL_DEMO_CHANNEL,
                   PARAMS(P_TEXT("name", rows[i].name), P_TEXT("address", rows[i].address),
                          P_TEXT("key", rows[i].key), P_JSON("settings", settings),
                          P_UUID("team", d->teams[pair_index(demo_teams, rows[i].team)])),
                   &d->channels[i]);
    }
    return e;
}

/* --- customers ------------------------------------------------------------------------- */

/* Lower-case ASCII of a name, for an e-mail address: letters with accents lose them. */
static void plain(const char *name, char *out, size_t size)
{
    static const char *const from[] = {"á", "â", "ã", "é", "ê", "í", "ó", "ô", "ú", "ç", "Í", "É"},
                             *const to = "aaaeeioouciee";
    size_t n = 0;
    while (*name && n + 1 < size) {
        bool found = false;
        for (size_t i = 0; !found && i < ARRAY_LEN(from); i++) {
            size_t len = strlen(from[i]);
            if (strncmp(name, from[i], len) == 0) {
                out[n++] = to[i];
                name += len;
                found = true;
            }
        }
        if (!found) {
            char ch = *name++;
            out[n++] = ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch;
        }
    }
    out[n] = '\0';
}

static enum err add_values(struct ctx *c, struct demo *d, int i)
{
    static const char *const origins[] = {"indicacao", "instagram", "passou"};
    CLEANUP(json_decrefp) json_t *pet = json_string(d->customers[i].pet);
    CLEANUP(json_decrefp) json_t *breed = json_string(demo_breeds[pick(d, count(demo_breeds))]);
    CLEANUP(json_decrefp) json_t *weight = json_real((20 + pick(d, 300)) / 10.0);
    CLEANUP(json_decrefp) json_t *origin = json_string(origins[pick(d, 3)]);
    const struct {
        struct uuid field;
        json_t *value;
        bool given;
    } values[] = {{d->field_pet, pet, true},
                  {d->field_breed, breed, pick(d, 4) > 0},
                  {d->field_weight, weight, pick(d, 3) > 0},
                  {d->field_origin, origin, pick(d, 2) > 0}};
    enum err e = ERR_OK;
    for (size_t n = 0; !e && n < ARRAY_LEN(values); n++)
        if (values[n].given)
            e = db_exec(c, &SQL_DEMO_VALUE,
                        PARAMS(P_UUID("customer", d->customers[i].id),
                               P_UUID("field", values[n].field), P_JSON("value", values[n].value)));
    return e;
}

static enum err add_customer(struct ctx *c, struct demo *d, int i)
{
    const char *first = demo_first_names[pick(d, count(demo_first_names))],
               *last = demo_last_names[pick(d, count(demo_last_names))];
    char f[40], l[40], at[TIME_TEXT_SIZE];
    plain(first, f, sizeof f);
    plain(last, l, sizeof l);
    const char *phone = arena_printf(c->arena, "+5511%u%07u", 96 + pick(d, 4), pick(d, 10000000));
    struct contact_form form;
    enum err e = contact_normalise(c, "phone", phone, &form);
    if (e) return e;
    CLEANUP(json_decrefp) json_t *keys = json_array();
    for (int k = 0; k < form.key_count; k++)
        json_array_append_new(keys, json_string(form.keys[k]));
    uuid_text(uuid_v7(), d->customers[i].visitor);
    d->customers[i].name = arena_printf(c->arena, "%s %s", first, last);
    d->customers[i].pet = demo_pets[pick(d, count(demo_pets))];
    int64_t since = clock_unix_ms() - (int64_t)(1 + pick(d, 400)) * DAY_MS;
    unsigned stage = pick(d, 9);
    struct rows *rows = NULL;
    e = db_one(c, &SQL_DEMO_CUSTOMER,
               PARAMS(P_TEXT("name", d->customers[i].name), P_TEXT("phone", form.canonical),
                      P_JSON("phone_keys", keys),
                      P_TEXT("email", arena_printf(c->arena, "%s.%s%d@mail.example", f, l, i)),
                      P_TEXT("visitor", d->customers[i].visitor),
                      P_TEXT("at", time_text(since, at)),
                      stage < 5 ? P_INT("stage", stage) : P_NULL("stage")),
               &rows);
    if (e) return e;
    d->customers[i].id = rows_uuid(rows, 0, "customer_id");
    d->customers[i].contact = rows_uuid(rows, 0, "contact_id");
    if (i % 6 == 0)
        e = db_exec(c, &SQL_DEMO_NOTE,
                    PARAMS(P_UUID("customer", d->customers[i].id), P_TEXT("title", "Preferências"),
                           P_TEXT("content", demo_notes[i / 6 % 4]),
                           P_UUID("user", d->users[pick(d, (unsigned)d->agents)]),
                           P_TEXT("at", time_text(since + DAY_MS, at))));
    return e ? e : add_values(c, d, i);
}

/* --- conversations --------------------------------------------------------------------- */

/* {name} {pet} {agent} filled in. */
static json_t *line_text(struct ctx *c, const char *text, const char *name, const char *pet,
                         const char *agent)
{
    const struct {
        const char *mark, *value;
    } marks[] = {{"{name}", arena_strndup(c->arena, name, strcspn(name, " "))},
                 {"{pet}", pet},
                 {"{agent}", arena_strndup(c->arena, agent, strcspn(agent, " "))}};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        const char *at;
        while ((at = strstr(text, marks[i].mark)))
            text = arena_printf(c->arena, "%.*s%s%s", (int)(at - text), text, marks[i].value,
                                at + strlen(marks[i].mark));
    }
    return json_string(text);
}

static void add_line(json_t *lines, const char *direction, json_t *content, int64_t at_ms,
                     const char *what)
{
    char at[TIME_TEXT_SIZE];
    json_t *o = json_pack("{s:s, s:o, s:s}", "direction", direction, "content", content, "at",
                          time_text(at_ms, at));
    if (what) json_object_set_new(o, "data", json_pack("{s:s}", "what", what));
    json_array_append_new(lines, o);
}

/* The first `upto` lines of a script, the first of them at start_ms; with "took the chat" before
 * the first answer. */
static json_t *script_lines(struct ctx *c, const struct demo_script *s, int i, struct demo *d,
                            const char *agent, int64_t start_ms, int upto, bool closed)
{
    json_t *lines = json_array();
    bool taken = false;
    int64_t at = start_ms;
    for (int n = 0; n < upto && s->lines[n].who; n++) {
        const struct demo_line *l = &s->lines[n];
        at += l->after_s * SECOND_MS;
        if (l->who != 'c' && !taken) {
            add_line(lines, "event", json_string(""), at - 2 * SECOND_MS, "taken");
            taken = true;
        }
        add_line(lines,
                 l->who == 'c'   ? "in"
                 : l->who == 'a' ? "out"
                                 : "note",
                 line_text(c, l->text, d->customers[i].name, d->customers[i].pet, agent), at, NULL);
    }
    if (closed) add_line(lines, "event", json_string(""), at + 4 * MINUTE_MS, "closed");
    return lines;
}

static int script_length(const struct demo_script *s, int64_t *ret_span_ms)
{
    int n = 0;
    for (*ret_span_ms = 0; s->lines[n].who; n++)
        *ret_span_ms += s->lines[n].after_s * SECOND_MS;
    return n;
}

/* Somebody of the script's team. */
static int agent_of(struct demo *d, const char *team)
{
    for (;;) {
        int i = (int)pick(d, (unsigned)d->agents);
        for (int t = 0; t < 3 && demo_agents[i].teams[t]; t++)
            if (strcmp(demo_agents[i].teams[t], team) == 0) return i;
    }
}

static enum err add_chat(struct ctx *c, struct demo *d, int customer, int64_t end_ms, bool closed,
                         int upto, bool taken)
{
    const struct demo_script *s = &demo_scripts[pick(d, (unsigned)d->scripts)];
    int64_t span = 0;
    int length = script_length(s, &span), agent = agent_of(d, s->team);
    if (upto > length || upto == 0) upto = length;
    if (!taken) upto = 1;
    int64_t start = end_ms;
    for (int n = 0; n < upto; n++)
        start -= s->lines[n].after_s * SECOND_MS;
    CLEANUP(json_decrefp)
    json_t *lines = script_lines(c, s, customer, d, demo_agents[agent].name, start, upto, closed);
    CLEANUP(json_decrefp)
    json_t *visitor = json_pack("{s:s, s:s, s:s}", "id", d->customers[customer].visitor, "page",
                                "https://quintaldalola.example/", "language", "pt");
    struct uuid nobody = {0};
    unsigned channel = strcmp(s->team, "Financeiro") == 0 ? 2
                       : strcmp(s->team, "Loja") == 0     ? 1
                                                          : 0;
    enum err e = db_exec(c, &SQL_DEMO_CHAT,
                         PARAMS(P_UUID("customer", d->customers[customer].id),
                                P_UUID("contact", d->customers[customer].contact),
                                P_UUID("channel", d->channels[channel]),
                                P_UUID("team", d->teams[pair_index(demo_teams, s->team)]),
                                P_UUID("agent", taken ? d->users[agent] : nobody),
                                P_TEXT("status", closed  ? "closed"
                                                 : taken ? "in_progress"
                                                         : "pending"),
                                P_INT("closure", s->closure), P_JSON("lines", lines),
                                P_JSON("visitor", visitor)));
    if (e || !s->tag || !taken) return e;
    return db_exec(c, &SQL_DEMO_CUSTOMER_TAG,
                   PARAMS(P_UUID("customer", d->customers[customer].id),
                          P_UUID("tag", d->tags[pair_index(demo_tags, s->tag)])));
}

static enum err add_chats(struct ctx *c, struct demo *d)
{
    int64_t now = clock_unix_ms();
    enum err e = ERR_OK;
    for (int i = 0; !e && i < CLOSED_CHATS; i++) {
        int64_t end =
            now - (int64_t)(2 + pick(d, WEEKS * 7 * 24 - 2)) * HOUR_MS - pick(d, 3600) * SECOND_MS;
        e = add_chat(c, d, (int)pick(d, CUSTOMERS), end, true, 0, true);
    }
    for (int i = 0; !e && i < OPEN_CHATS; i++) {
        bool taken = i % 5 != 0;
        int64_t end = now - (int64_t)(taken ? i * i * 40 + 60 : i * 45 + 70) * SECOND_MS;
        e = add_chat(c, d, i, end, false, 1 + (int)pick(d, 5),
                     taken); /* each customer once: one open chat */
    }
    return e;
}

static enum err fill(struct ctx *c, void *arg)
{
    struct demo *d = arg;
    CLEANUP(db_rollbackp) struct db_tx *tx = NULL;
    enum err e = db_begin(c, &tx);
    if (!e) e = add_teams_and_tags(c, d);
    if (!e) e = add_fields(c, d);
    if (!e) e = add_channels(c, d);
    for (int i = 0; !e && i < CUSTOMERS; i++)
        e = add_customer(c, d, i);
    if (!e) e = add_chats(c, d);
    if (!e) e = db_exec(c, &SQL_DEMO_READ, NULL);
    if (!e) e = db_exec(c, &SQL_DEMO_CHANNELS_SEEN, NULL);
    if (!e) e = demo_flows_add(c, d->channels[1]);
    return e ? e : db_commit(c, &tx);
}

#define NOTE_FILE "demo.txt" /* in the data folder; "{url}" stands for the address */

void demo_show(const struct config *config, const char *url)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * KIB);
    FILE *f = fopen(data_path(a, config, NOTE_FILE), "re");
    char line[400];
    while (f && fgets(line, sizeof line, f)) {
        const char *mark = strstr(line, "{url}");
        if (mark)
            printf("  %.*s%s%s", (int)(mark - line), line, url, mark + strlen("{url}"));
        else
            printf("  %s", line);
    }
    if (f) fclose(f);
}

struct demo_run {
    bool channels; /* connect those of the stand-in, too */
    FILE *note;    /* what is to be known of a demonstration that was made now */
};

static int body(struct ctx *c, void *arg)
{
    const struct demo_run *run = arg;
    struct rows *rows = NULL;
    struct demo *d = arena_alloc(c->arena, sizeof(*d));
    enum err e = d ? db_one(c, &SQL_DEMO_WANTED, NULL, &rows) : ERR_NO_MEMORY;
    bool wanted = !e && rows_bool(rows, 0, "wanted");
    if (wanted) {
        d->seed = UINT64_C(0x9e3779b97f4a7c15);
        while (demo_scripts[d->scripts].lines)
            d->scripts++;
        e = add_people(c, d);
        if (!e) e = fill(c, d);
    }
    if (e)
        return cli_fail("the demonstration could not be made: %s",
                        c->fault.message ? c->fault.message : err_row(e)->text);
    if (wanted)
        fprintf(run->note,
                "Login       %s / %s\nAgent       %s / %s\nDemo shop   {url}/demo-shop\n",
                demo_agents[0].email, DEMO_PASSWORD, demo_agents[4].email, DEMO_PASSWORD);
    return run->channels ? demo_channels_connect(c) : 0;
}

/* As a process of its own: what works on the data becomes the system user for good, while the data
 * folder may be its owner's alone, and a server may have to be started afterwards. */
static int run_apart(const struct config *config, struct demo_run *run)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) return cli_fail("%s", strerror(errno));
    if (pid == 0) {
        int status = cli_run_app(config, body, run);
        if (fflush(NULL) != 0 && !status) status = cli_fail("%s", strerror(errno));
        _exit(status);
    }
    int ended = 0;
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : 1;
}

static int note_keep(struct arena *a, const struct config *config, FILE *note)
{
    char text[400];
    rewind(note);
    size_t length = fread(text, 1, sizeof text, note);
    if (length == 0) return 0;
    const char *path = data_path(a, config, NOTE_FILE);
    FILE *f = fopen(path, "we");
    bool written = f && fwrite(text, 1, length, f) == length;
    if (f && fclose(f) != 0) written = false;
    return written ? 0 : cli_fail("cannot write %s", path);
}

int cli_demo(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct config config;
    struct demo_run run = {.channels = cli_switch(&argc, argv, "--channels"), .note = tmpfile()};
    const char *port = cli_option(&argc, argv, "--peer-port");
    int status = cli_config("demo", a, &argc, argv, 0, &config);
    if (!status && !run.note) status = cli_fail("cannot make a temporary file");
    if (!status) status = run_apart(&config, &run);
    if (!status) status = note_keep(a, &config, run.note);
    if (run.note) fclose(run.note);
    if (status) return status;
    if (run.channels) return demo_channels_serve(a, &config, port);
    demo_show(&config, arena_printf(a, "http://%s:%d", config.listen_host, config.listen_port));
    return 0;
}
