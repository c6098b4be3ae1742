/* Bodies that go to WhatsApp: what each message becomes, in how many parts, and what is refused
 * before the platform does. With INTERFLOW_BODIES=FILE every body is also written there, one JSON a
 * line, for the check against the published schema (tests/channels/whatsapp_bodies.test.ts). */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "channels/templates.h"
#include "channels/whatsapp/build.h"

static const char id[] = "0190a5f0-1111-7000-8000-000000000001";
static FILE *dump;

static struct outbound outbound_of(const char *text)
{
    struct outbound m = {.identifier = "5511987654321",
                         .also = "BR.13491208655302741918",
                         .kind = MESSAGE_TEXT,
                         .text = text};
    assert_true(uuid_parse(id, &m.message));
    return m;
}

static json_t *parse(struct arena *a, const char *text)
{
    json_t *j = NULL;
    const char *why = NULL;
    if (json_parse(a, text, strlen(text), &j, &why) != ERR_OK) fail_msg("%s: %s", why, text);
    return j;
}

static void keep(const json_t *body)
{
    if (!dump) return;
    char *text = json_dumps(body, JSON_COMPACT);
    fprintf(dump, "%s\n", text);
    mem_free(text);
}

/* Planned and taken; with media ids as after the uploads. */
static struct wa_plan *planned(struct arena *a, const struct outbound *m)
{
    struct wa_plan *p = arena_alloc(a, sizeof *p);
    whatsapp_plan(a, m, p);
    if (p->code) fail_msg("refused: %s", p->code);
    for (int i = 0; i < p->count; i++) {
        if (p->parts[i].media)
            json_object_set_new(p->parts[i].media, "id", json_string("1037543291543636"));
        keep(p->parts[i].body);
    }
    return p;
}

static const char *refused(struct arena *a, const struct outbound *m)
{
    struct wa_plan *p = arena_alloc(a, sizeof *p);
    whatsapp_plan(a, m, p);
    assert_int_equal(p->count, 0);
    assert_non_null(p->words);
    return p->code ? p->code : "";
}

static const char *at(const json_t *j, const char *path)
{
    char key[64];
    while (*path) {
        size_t n = strcspn(path, ".");
        memcpy(key, path, n);
        key[n] = '\0';
        j = json_is_array(j) ? json_array_get(j, (size_t)strtoul(key, NULL, 10))
                             : json_object_get(j, key);
        path += n + (path[n] == '.');
    }
    return json_is_true(j) ? "true" : json_string_value(j);
}

static const char *repeated(struct arena *a, const char *piece, size_t times)
{
    size_t n = strlen(piece);
    char *out = arena_alloc(a, n * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(out + i * n, piece, n);
    return out;
}

/* --- text ------------------------------------------------------------------------------ */

static void test_text(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct outbound m = outbound_of("Olá, Ana! https://loja.example/x");
    m.reply_to_external_id = "wamid.A";
    struct wa_plan *p = planned(a, &m);
    assert_int_equal(p->count, 1);
    const json_t *b = p->parts[0].body;
    assert_string_equal(at(b, "messaging_product"), "whatsapp");
    assert_string_equal(at(b, "to"), "+5511987654321");
    assert_null(at(b, "recipient"));
    assert_string_equal(at(b, "text.body"), m.text);
    assert_string_equal(at(b, "text.preview_url"), "true");
    assert_string_equal(at(b, "context.message_id"), "wamid.A");
    assert_string_equal(at(b, "biz_opaque_callback_data"), id);
}

static void test_recipients(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        const char *identifier, *also, *to, *recipient;
    } rows[] = {
        {"+55 (11) 98765-4321", NULL, "+5511987654321", NULL},
        {"US.13491208655302741918", NULL, NULL, "US.13491208655302741918"},
        {"US.13491208655302741918", "15551234567", "+15551234567", NULL},
        {"unknown.wamid.x", NULL, NULL, NULL},
        {"123", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outbound m = outbound_of("x");
        m.identifier = rows[i].identifier;
        m.also = rows[i].also;
        if (!rows[i].to && !rows[i].recipient) {
            assert_string_equal(refused(a, &m), "RECIPIENT_INVALID");
            continue;
        }
        const json_t *b = planned(a, &m)->parts[0].body;
        if (rows[i].to)
            assert_string_equal(at(b, "to"), rows[i].to);
        else
            assert_string_equal(at(b, "recipient"), rows[i].recipient);
    }
}

static void test_long_text(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    /* No place to cut: between two characters, never inside one. */
    struct outbound m = outbound_of(repeated(a, "é", 10000));
    m.reply_to_external_id = "wamid.A";
    struct wa_plan *p = planned(a, &m);
    assert_int_equal(p->count, 3);
    size_t sum = 0;
    for (int i = 0; i < p->count; i++) {
        const char *piece = at(p->parts[i].body, "text.body");
        assert_true(text_valid(piece, strlen(piece)));
        assert_true(text_length(piece) <= WA_TEXT_MAX);
        sum += text_length(piece);
    }
    assert_int_equal(sum, 10000);
    assert_non_null(at(p->parts[0].body, "context.message_id"));
    assert_null(at(p->parts[1].body, "context.message_id"));
    assert_string_equal(at(p->parts[0].body, "biz_opaque_callback_data"),
                        arena_printf(a, "%s:1", id));
    assert_string_equal(at(p->parts[2].body, "biz_opaque_callback_data"), id);
    /* Words stay whole; nothing is lost. */
    m.text = repeated(a, "palavra ", 1000);
    p = planned(a, &m);
    assert_int_equal(p->count, 2);
    const char *first = at(p->parts[0].body, "text.body");
    assert_int_equal(first[strlen(first) - 1], ' ');
    assert_int_equal(strlen(first) + strlen(at(p->parts[1].body, "text.body")), 8000);
    /* Exactly as much as fits is one. */
    m.text = repeated(a, "x", WA_TEXT_MAX);
    assert_int_equal(planned(a, &m)->count, 1);
    m.text = repeated(a, "x", WA_TEXT_MAX + 1);
    assert_int_equal(planned(a, &m)->count, 2);
    m.text = repeated(a, "x", (size_t)WA_TEXT_MAX * (WA_PARTS_MAX + 1));
    assert_string_equal(refused(a, &m), "TEXT_TOO_LONG");
    m.text = " \n ";
    assert_string_equal(refused(a, &m), "MESSAGE_EMPTY");
    m.text = NULL;
    assert_string_equal(refused(a, &m), "MESSAGE_EMPTY");
}

/* --- files ----------------------------------------------------------------------------- */

static void test_files(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct outbound m = outbound_of("Segue o orçamento");
    m.kind = MESSAGE_DOCUMENT;
    m.files[0] =
        (struct file){.name = "Orçamento nº 12.pdf", .type = "application/pdf", .kind = "document"};
    m.file_count = 1;
    struct wa_plan *p = planned(a, &m);
    assert_int_equal(p->count, 1);
    assert_int_equal(p->parts[0].file, 0);
    assert_string_equal(at(p->parts[0].body, "document.caption"), "Segue o orçamento");
    assert_string_equal(at(p->parts[0].body, "document.filename"), "Orçamento nº 12.pdf");
    /* A long name keeps its ending. */
    m.files[0].name = arena_printf(a, "%s.pdf", repeated(a, "ã", 300));
    const char *name = at(planned(a, &m)->parts[0].body, "document.filename");
    assert_true(text_length(name) <= WA_FILENAME_MAX);
    assert_string_equal(name + strlen(name) - 4, ".pdf");
    /* Too long for a caption: after the file, as a text. */
    m.text = repeated(a, "x", WA_CAPTION_MAX + 1);
    p = planned(a, &m);
    assert_int_equal(p->count, 2);
    assert_null(at(p->parts[0].body, "document.caption"));
    assert_string_equal(at(p->parts[1].body, "type"), "text");
    /* Audio has no caption. */
    m = outbound_of("escute");
    m.kind = MESSAGE_AUDIO;
    m.files[0] = (struct file){.name = "a.ogg", .type = "audio/ogg", .kind = "audio"};
    m.file_count = 1;
    p = planned(a, &m);
    assert_int_equal(p->count, 2);
    assert_string_equal(at(p->parts[0].body, "type"), "audio");
    assert_string_equal(at(p->parts[1].body, "text.body"), "escute");
    /* Several: one part each, the words with the first. */
    m = outbound_of("duas fotos");
    m.kind = MESSAGE_IMAGE;
    m.files[0] = (struct file){.name = "1.jpg", .type = "image/jpeg", .kind = "image"};
    m.files[1] = (struct file){.name = "2.mp4", .type = "video/mp4", .kind = "video"};
    m.files[2] = (struct file){.name = "3.webp", .type = "image/webp", .kind = "image"};
    m.file_count = 3;
    p = planned(a, &m);
    assert_int_equal(p->count, 3);
    assert_string_equal(at(p->parts[0].body, "image.caption"), "duas fotos");
    assert_string_equal(at(p->parts[1].body, "type"), "video");
    assert_null(at(p->parts[1].body, "video.caption"));
    assert_string_equal(at(p->parts[2].body, "type"), "sticker");
    assert_string_equal(at(p->parts[2].body, "biz_opaque_callback_data"), id);
    /* A WebP picture is a sticker there, and those are small. */
    m.files[2].size_bytes = WA_STICKER_BYTES + 1;
    assert_string_equal(refused(a, &m), "STICKER_TOO_LARGE");
}

/* --- interactive ----------------------------------------------------------------------- */

static const char *data_refused(struct arena *a, const char *text, const char *data)
{
    struct outbound m = outbound_of(text);
    m.data = parse(a, data);
    return refused(a, &m);
}

static void test_buttons(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct outbound m = outbound_of("Confirma para amanhã?");
    m.data = parse(a, "{\"buttons\":[{\"id\":\"s\",\"title\":\"Sim\"},{\"id\":\"n\",\"title\":"
                      "\"Não\"},{\"id\":\"d\",\"title\":\"Depois\"}],\"footer\":\"Clínica\","
                      "\"header\":\"Consulta\"}");
    const json_t *b = planned(a, &m)->parts[0].body;
    assert_string_equal(at(b, "interactive.type"), "button");
    assert_string_equal(at(b, "interactive.action.buttons.1.reply.title"), "Não");
    assert_string_equal(at(b, "interactive.header.text"), "Consulta");
    assert_string_equal(at(b, "interactive.footer.text"), "Clínica");
    m.files[0] = (struct file){.name = "1.jpg", .type = "image/jpeg", .kind = "image"};
    m.file_count = 1;
    struct wa_plan *p = planned(a, &m);
    assert_int_equal(p->parts[0].file, 0);
    assert_string_equal(at(p->parts[0].body, "interactive.header.image.id"), "1037543291543636");
    assert_string_equal(data_refused(a, "x", "{\"buttons\":[]}"), "BUTTONS_COUNT");
    assert_string_equal(data_refused(a, "x",
                                     "{\"buttons\":[{\"id\":\"1\",\"title\":\"a\"},{\"id\":\"2\","
                                     "\"title\":\"b\"},{\"id\":\"3\",\"title\":\"c\"},{\"id\":"
                                     "\"4\",\"title\":\"d\"}]}"),
                        "BUTTONS_COUNT");
    assert_string_equal(
        data_refused(a, "x", "{\"buttons\":[{\"id\":\"1\",\"title\":\"123456789012345678901\"}]}"),
        "BUTTON_TITLE");
    assert_string_equal(data_refused(a, "x",
                                     "{\"buttons\":[{\"id\":\"1\",\"title\":\"a\"},{\"id\":"
                                     "\"2\",\"title\":\"a\"}]}"),
                        "BUTTON_DOUBLE");
    assert_string_equal(data_refused(a, "x", "{\"buttons\":[{\"id\":\" \",\"title\":\"a\"}]}"),
                        "BUTTON_ID");
    assert_string_equal(data_refused(a, "", "{\"buttons\":[{\"id\":\"1\",\"title\":\"a\"}]}"),
                        "INTERACTIVE_TEXT");
    assert_string_equal(
        data_refused(a, repeated(a, "x", 1025), "{\"buttons\":[{\"id\":\"1\",\"title\":\"a\"}]}"),
        "INTERACTIVE_TEXT");
}

static void test_list(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(8 * MIB);
    struct outbound m = outbound_of(repeated(a, "x", 4096));
    m.data = parse(a, "{\"list\":{\"button\":\"Ver horários\",\"sections\":[{\"title\":\"Manhã\","
                      "\"rows\":[{\"id\":\"9\",\"title\":\"9 h\",\"description\":\"Dra. Lia\"}]},"
                      "{\"title\":\"Tarde\",\"rows\":[{\"id\":\"14\",\"title\":\"14 h\"}]}]}}");
    const json_t *b = planned(a, &m)->parts[0].body;
    assert_string_equal(at(b, "interactive.action.sections.0.rows.0.description"), "Dra. Lia");
    /* Ten rows over all sections, not each. */
    json_t *rows = json_array();
    for (int i = 0; i < 6; i++)
        json_array_append_new(
            rows, json_pack("{s:s, s:s}", "id", arena_printf(a, "r%d", i), "title", "x"));
    json_t *other = json_array();
    for (int i = 0; i < 5; i++)
        json_array_append_new(
            other, json_pack("{s:s, s:s}", "id", arena_printf(a, "q%d", i), "title", "x"));
    json_t *d = json_pack("{s:{s:s, s:[{s:s, s:o}, {s:s, s:o}]}}", "list", "button", "Ver",
                          "sections", "title", "A", "rows", rows, "title", "B", "rows", other);
    m.data = d;
    assert_string_equal(refused(a, &m), "ROWS_COUNT");
    json_decref(d);
    assert_string_equal(data_refused(a, "x",
                                     "{\"list\":{\"button\":\"Ver\",\"sections\":[{\"rows\""
                                     ":[{\"id\":\"1\",\"title\":\"x\"}]},{\"title\":\"B\","
                                     "\"rows\":[{\"id\":\"2\",\"title\":\"y\"}]}]}}"),
                        "SECTION_TITLE");
    assert_string_equal(data_refused(a, "x",
                                     "{\"list\":{\"button\":\"Ver\",\"sections\":[{\"rows\""
                                     ":[{\"id\":\"1\",\"title\":\"x\"},{\"id\":\"1\","
                                     "\"title\":\"y\"}]}]}}"),
                        "ROW_DOUBLE");
    assert_string_equal(data_refused(a, "x", "{\"list\":{\"button\":\"\",\"sections\":[]}}"),
                        "LIST_BUTTON");
    assert_string_equal(data_refused(a, "x", "{\"list\":[]}"), "LIST_BUTTON");
}

static void test_link_and_asks(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct outbound m = outbound_of("Pague aqui");
    m.data = parse(a, "{\"link\":{\"title\":\"Pagar\",\"url\":\"https://loja.example/p?id=1\"}}");
    assert_string_equal(at(planned(a, &m)->parts[0].body, "interactive.action.parameters.url"),
                        "https://loja.example/p?id=1");
    m.data = parse(a, "{\"ask\":\"location\"}");
    assert_string_equal(at(planned(a, &m)->parts[0].body, "interactive.action.name"),
                        "send_location");
    m.data = parse(a, "{\"ask\":\"contact\"}");
    assert_string_equal(at(planned(a, &m)->parts[0].body, "interactive.type"),
                        "request_contact_info");
    assert_string_equal(
        data_refused(a, "x", "{\"link\":{\"title\":\"Pagar\",\"url\":\"javascript:1\"}}"),
        "LINK_URL");
}

static void test_places_and_people(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct outbound m = outbound_of("");
    m.kind = MESSAGE_LOCATION;
    m.data = parse(a, "{\"latitude\":-23.5614,\"longitude\":-46.6559,\"name\":\"Clínica\"}");
    assert_string_equal(at(planned(a, &m)->parts[0].body, "location.name"), "Clínica");
    m.data = parse(a, "{\"latitude\":91,\"longitude\":0}");
    assert_string_equal(refused(a, &m), "LOCATION_INVALID");
    m.data = parse(a, "{\"longitude\":0}");
    assert_string_equal(refused(a, &m), "LOCATION_INVALID");
    m.kind = MESSAGE_CONTACT;
    m.data =
        parse(a, "{\"contacts\":[{\"name\":{\"formatted_name\":\"Bruno Lima\"},\"origin\":\"x\","
                 "\"phones\":[{\"phone\":\"+55 21 99876-5432\",\"type\":\"CELL\"}],\"emails\":"
                 "[{\"email\":\"b@x.example\"}],\"org\":{\"company\":\"Loja\"}},{\"name\":"
                 "\"Ana\",\"phones\":[\"+5511\"]}]}");
    const json_t *b = planned(a, &m)->parts[0].body;
    assert_string_equal(at(b, "contacts.0.name.first_name"), "Bruno Lima");
    assert_null(at(b, "contacts.0.origin"));
    assert_string_equal(at(b, "contacts.1.phones.0.phone"), "+5511");
    m.data = parse(a, "{\"contacts\":[{}]}");
    assert_string_equal(refused(a, &m), "CONTACT_NAME");
    m.data = parse(a, "{\"contacts\":[]}");
    assert_string_equal(refused(a, &m), "CONTACTS_COUNT");
}

/* --- templates ------------------------------------------------------------------------- */

static const char positional[] =
    "{\"name\":\"pedido\",\"language\":\"pt_BR\",\"format\":\"positional\",\"components\":[{"
    "\"type\":"
    "\"HEADER\",\"format\":\"TEXT\",\"text\":\"Pedido {{1}}\"},{\"type\":\"BODY\",\"text\":\"Olá "
    "{{1}}, chega {{2}}. Até, {{1}}!\"},{\"type\":\"FOOTER\",\"text\":\"Loja\"},{\"type\":"
    "\"BUTTONS\",\"buttons\":[{\"type\":\"QUICK_REPLY\",\"text\":\"Ok\"},{\"type\":\"URL\","
    "\"text\":"
    "\"Ver\",\"url\":\"https://x.example/{{1}}\"}]}]}";

static void test_template_positional(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct template_filled f;
    const char *field = NULL;
    const json_t *t = parse(a, positional);
    assert_null(
        template_fill(a, t,
                      parse(a, "{\"header\":[\"12\"],\"body\":[\"Ana\",\"hoje\"],\"buttons\""
                               ":[{\"index\":1,\"text\":\"12\"}]}"),
                      &f, &field));
    assert_string_equal(f.text, "Pedido 12\n\nOlá Ana, chega hoje. Até, Ana!\n\nLoja");
    assert_int_equal(json_array_size(f.buttons), 2);
    struct outbound m = outbound_of(f.text);
    m.kind = MESSAGE_TEMPLATE;
    json_t *data = json_pack("{s:O}", "template", f.send);
    m.data = data;
    const json_t *b = planned(a, &m)->parts[0].body;
    assert_string_equal(at(b, "template.language.code"), "pt_BR");
    assert_string_equal(at(b, "template.components.0.type"), "header");
    assert_string_equal(at(b, "template.components.1.parameters.1.text"), "hoje");
    assert_null(at(b, "template.components.1.parameters.2.text"));
    assert_string_equal(at(b, "template.components.2.sub_type"), "url");
    assert_string_equal(at(b, "template.components.2.index"), "1");
    json_decref(data);
    assert_non_null(
        template_fill(a, t, parse(a, "{\"header\":[\"12\"],\"body\":[\"Ana\"]}"), &f, &field));
    assert_string_equal(field, "template.parameters.body");
    assert_non_null(template_fill(
        a, t, parse(a, "{\"header\":[\"12\"],\"body\":[\"Ana\",\"a\\nb\"]}"), &f, &field));
    assert_non_null(template_fill(
        a, t, parse(a, "{\"header\":[\"12\"],\"body\":[\"Ana\",\"b\",\"c\"]}"), &f, &field));
    assert_non_null(template_fill(a, t, parse(a, "{\"header\":[\"12\"],\"body\":[\"Ana\",\"b\"]}"),
                                  &f, &field));
    assert_string_equal(field, "template.parameters.buttons");
    assert_non_null(template_fill(a, t, NULL, &f, &field));
    assert_string_equal(field, "template.parameters.header");
}

/* The platform counts values by number, wherever the text has them. */
static void test_template_order(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct template_filled f;
    const char *field = NULL;
    const json_t *t = parse(a, "{\"name\":\"x\",\"language\":\"pt_BR\",\"components\":[{\"type\":"
                               "\"BODY\",\"text\":\"A {{2}} B {{1}} C {{2}} D\"}]}");
    assert_null(template_fill(a, t, parse(a, "{\"body\":[\"um\",\"dois\"]}"), &f, &field));
    assert_string_equal(f.text, "A dois B um C dois D");
    struct outbound m = outbound_of(f.text);
    m.kind = MESSAGE_TEMPLATE;
    CLEANUP(json_decrefp) json_t *data = json_pack("{s:O}", "template", f.send);
    m.data = data;
    const json_t *b = planned(a, &m)->parts[0].body;
    assert_string_equal(at(b, "template.components.0.parameters.0.text"), "um");
    assert_string_equal(at(b, "template.components.0.parameters.1.text"), "dois");
    assert_null(at(b, "template.components.0.parameters.2.text"));
}

/* A code to log in goes to a number only. */
static void test_template_code(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct template_filled f;
    const char *field = NULL;
    const json_t *t = parse(a, "{\"name\":\"c\",\"language\":\"pt_BR\",\"category\":"
                               "\"AUTHENTICATION\",\"components\":[{\"type\":\"BODY\",\"text\":"
                               "\"{{1}}\"}]}");
    assert_null(template_fill(a, t, parse(a, "{\"body\":[\"123456\"]}"), &f, &field));
    struct outbound m = outbound_of(f.text);
    m.kind = MESSAGE_TEMPLATE;
    CLEANUP(json_decrefp) json_t *data = json_pack("{s:O}", "template", f.send);
    m.data = data;
    assert_null(at(planned(a, &m)->parts[0].body, "template.category"));
    m.identifier = "BR.13491208655302741918";
    m.also = NULL;
    assert_string_equal(refused(a, &m), "META_NEEDS_PHONE");
}

static void test_template_named(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct template_filled f;
    const char *field = NULL;
    const json_t *t = parse(
        a, "{\"name\":\"x\",\"language\":\"es\",\"format\":\"named\",\"components\":[{\"type\":"
           "\"HEADER\",\"format\":\"IMAGE\"},{\"type\":\"BODY\",\"text\":\"Hola {{nombre}}, su "
           "cita es {{ dia }}.\"}]}");
    assert_null(
        template_fill(a, t,
                      parse(a, "{\"header\":[{\"type\":\"image\",\"fileId\":\"0190a5f0-2222-"
                               "7000-8000-000000000001\"}],\"body\":{\"dia\":\"lunes\","
                               "\"nombre\":\"Ana\"}}"),
                      &f, &field));
    assert_string_equal(f.text, "Hola Ana, su cita es lunes.");
    assert_false(uuid_is_nil(f.file));
    struct outbound m = outbound_of(f.text);
    m.kind = MESSAGE_TEMPLATE;
    json_t *data = json_pack("{s:O}", "template", f.send);
    m.data = data;
    assert_string_equal(refused(a, &m), "TEMPLATE_FILE");
    m.files[0] = (struct file){.name = "1.jpg", .type = "image/jpeg", .kind = "image"};
    m.file_count = 1;
    struct wa_plan *p = planned(a, &m);
    assert_int_equal(p->parts[0].file, 0);
    assert_string_equal(at(p->parts[0].body, "template.components.0.parameters.0.image.id"),
                        "1037543291543636");
    assert_string_equal(at(p->parts[0].body, "template.components.1.parameters.0.parameter_name"),
                        "nombre");
    json_decref(data);
    assert_non_null(
        template_fill(a, t, parse(a, "{\"body\":{\"dia\":\"l\",\"nombre\":\"A\"}}"), &f, &field));
    assert_string_equal(field, "template.parameters.header");
}

static void test_small(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct outbound m = outbound_of("");
    json_t *b = whatsapp_reaction_body(a, &m, "wamid.A", "👍");
    assert_string_equal(at(b, "reaction.emoji"), "👍");
    keep(b);
    b = whatsapp_reaction_body(a, &m, "wamid.A", "");
    assert_string_equal(at(b, "reaction.emoji"), "");
    keep(b);
    b = whatsapp_read_body(a, "wamid.A", true);
    assert_string_equal(at(b, "status"), "read");
    assert_string_equal(at(b, "typing_indicator.type"), "text");
    assert_null(at(whatsapp_read_body(a, "wamid.A", false), "typing_indicator.type"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_recipients),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_buttons),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_link_and_asks),
        cmocka_unit_test(test_places_and_people),
        cmocka_unit_test(test_template_positional),
        cmocka_unit_test(test_template_order),
        cmocka_unit_test(test_template_code),
        cmocka_unit_test(test_template_named),
        cmocka_unit_test(test_small),
    };
    const char *path = getenv("INTERFLOW_BODIES");
    if (path) dump = fopen(path, "w");
    int wrong = cmocka_run_group_tests(tests, NULL, NULL);
    if (dump) fclose(dump);
    return wrong;
}
