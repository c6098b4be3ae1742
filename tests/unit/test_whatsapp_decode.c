/* Webhooks of WhatsApp to neutral events: every type, and the oddities that have been seen. */
#include "check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "channels/whatsapp/whatsapp.h"

#define NUMBER "106540352242922"

/* The events of a body. */
static struct inbound_list decoded(struct arena *a, const char *body)
{
    struct inbound_list list = {.arena = a};
    const char *why = NULL;
    struct bytes b = {.data = (const unsigned char *)body, .len = strlen(body)};
    if (whatsapp_decode(a, b, &list, &why) != ERR_OK) fail_msg("%s: %s", why ? why : "?", body);
    return list;
}

static const char *change(struct arena *a, const char *field, const char *value)
{
    return arena_printf(a,
                        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1022\","
                        "\"changes\":[{\"field\":\"%s\",\"value\":{\"messaging_product\":"
                        "\"whatsapp\",\"metadata\":{\"display_phone_number\":\"551130000000\","
                        "\"phone_number_id\":\"" NUMBER "\"},%s}}]}]}",
                        field, value);
}

/* One message with a phone and a user id; inner: its members after the usual ones. */
static struct inbound message(struct arena *a, const char *inner)
{
    const char *value = arena_printf(
        a,
        "\"contacts\":[{\"profile\":{\"name\":\"Ana\"},\"wa_id\":\"5511987654321\",\"user_id\":"
        "\"BR.1349\"}],\"messages\":[{\"from\":\"5511987654321\",\"from_user_id\":\"BR.1349\","
        "\"id\":\"wamid.A\",\"timestamp\":\"1762000000\",%s}]",
        inner);
    struct inbound_list list = decoded(a, change(a, "messages", value));
    assert_int_equal(list.count, 1);
    return list.items[0];
}

static const char *text_at(const json_t *data, const char *object, const char *key)
{
    const json_t *o = object ? json_object_get(data, object) : data;
    return json_get_text(o, key);
}

/* --- messages -------------------------------------------------------------------------- */

static void test_text(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in = message(a, "\"type\":\"text\",\"text\":{\"body\":\"Oi \\u00e4 \\/\"},"
                                   "\"context\":{\"from\":\"551130000000\",\"id\":\"wamid.Q\"}");
    assert_int_equal(in.type, INBOUND_MESSAGE);
    assert_string_equal(in.account, NUMBER);
    assert_string_equal(in.external_id, "wamid.A");
    assert_string_equal(in.identifier, "5511987654321");
    assert_string_equal(in.also, "BR.1349");
    assert_string_equal(in.customer_name, "Ana");
    assert_string_equal(in.text, "Oi ä /");
    assert_string_equal(in.reply_to_external_id, "wamid.Q");
    assert_int_equal(in.sent_unix_ms, INT64_C(1762000000000));
    assert_int_equal(in.kind, MESSAGE_TEXT);
    assert_false(in.echo);
    assert_false(in.history);
}

static void test_files(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        const char *type, *extra;
        enum message_kind kind;
        const char *flag;
    } rows[] = {
        {"image", "", MESSAGE_IMAGE, NULL},
        {"video", "", MESSAGE_VIDEO, NULL},
        {"document", ",\"filename\":\"Or\\u00e7amento.pdf\"", MESSAGE_DOCUMENT, NULL},
        {"audio", ",\"voice\":true", MESSAGE_AUDIO, "voice"},
        {"audio", ",\"voice\":false", MESSAGE_AUDIO, NULL},
        {"sticker", ",\"animated\":true", MESSAGE_IMAGE, "sticker"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inbound in = message(
            a,
            arena_printf(a,
                         "\"type\":\"%s\",\"%s\":{\"id\":\"77\",\"mime_type\":\"x/y\",\"sha256\":"
                         "\"abc=\",\"caption\":\"olha\"%s}",
                         rows[i].type, rows[i].type, rows[i].extra));
        assert_int_equal(in.kind, rows[i].kind);
        assert_int_equal(in.file_count, 1);
        assert_string_equal(json_get_text(in.files[0].source, "id"), "77");
        assert_string_equal(json_get_text(in.files[0].source, "sha256"), "abc=");
        assert_string_equal(in.text, "olha");
        if (rows[i].flag) assert_true(json_is_true(json_object_get(in.data, rows[i].flag)));
    }
    struct inbound in =
        message(a, "\"type\":\"document\",\"document\":{\"id\":77,\"filename\":\"x\"}");
    assert_string_equal(json_get_text(in.files[0].source, "id"), "77");
    assert_string_equal(in.files[0].name, "x");
    /* A file without id or address cannot be fetched. */
    in = message(a, "\"type\":\"image\",\"image\":{\"caption\":\"x\"}");
    assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    assert_int_equal(in.file_count, 0);
}

static void test_places_people_goods(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in = message(a, "\"type\":\"location\",\"location\":{\"latitude\":-23.5,"
                                   "\"longitude\":-46.6}");
    assert_int_equal(in.kind, MESSAGE_LOCATION);
    assert_true(json_is_real(json_object_get(in.data, "latitude")));
    in = message(a, "\"type\":\"location\",\"location\":{\"latitude\":1,\"longitude\":2,\"name\":"
                    "\"Loja\",\"address\":\"Rua 1\",\"url\":\"https://x.example\"}");
    assert_string_equal(text_at(in.data, NULL, "address"), "Rua 1");
    in = message(a, "\"type\":\"location\",\"location\":{\"latitude\":\"-23.5\",\"longitude\":"
                    "\"-46.6\"}");
    assert_true(json_real_value(json_object_get(in.data, "latitude")) == -23.5);
    static const char *const nowhere[] = {"{\"latitude\":1}", "{\"latitude\":91,\"longitude\":0}",
                                          "{\"latitude\":{},\"longitude\":0}",
                                          "{\"latitude\":\"nan\",\"longitude\":0}",
                                          "{\"latitude\":\"1x\",\"longitude\":0}"};
    for (size_t i = 0; i < ARRAY_LEN(nowhere); i++) {
        in = message(a, arena_printf(a, "\"type\":\"location\",\"location\":%s", nowhere[i]));
        assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    }
    in = message(a, "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Bruno\"},"
                    "\"origin\":\"contact_request\"},{\"name\":{\"first_name\":\"Lia\"}},{}]");
    assert_int_equal(in.kind, MESSAGE_CONTACT);
    assert_string_equal(in.text, "Bruno, Lia");
    assert_int_equal(json_array_size(json_object_get(in.data, "contacts")), 3);
    assert_null(in.phone);
    /* Who was asked for their number gave it; a card of somebody else is only a card. */
    in = message(a, "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Ana\"},"
                    "\"phones\":[{\"phone\":\"+55 11 98765-4321\",\"wa_id\":\"5511987654321\"}],"
                    "\"origin\":\"contact_request\",\"vcard\":\"BEGIN:VCARD\"}]");
    assert_string_equal(in.phone, "+5511987654321");
    assert_null(json_object_get(json_array_get(json_object_get(in.data, "contacts"), 0), "vcard"));
    in = message(a, "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Bia\"},"
                    "\"phones\":[{\"wa_id\":\"5511900000000\"}],\"origin\":\"other\"}]");
    assert_null(in.phone);
    in = message(a, "\"type\":\"order\",\"order\":{\"catalog_id\":\"9\",\"text\":\"urgente\","
                    "\"product_items\":[{\"product_retailer_id\":\"r15\",\"quantity\":2,"
                    "\"item_price\":189.9,\"currency\":\"BRL\"},{}]}");
    assert_string_equal(text_at(in.data, "order", "catalogId"), "9");
    assert_string_equal(in.text, "urgente\n2 × r15\n1 × ?");
}

static void test_answers(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in = message(a, "\"type\":\"button\",\"button\":{\"payload\":\"P\",\"text\":"
                                   "\"Sim\"}");
    assert_string_equal(in.text, "Sim");
    assert_string_equal(text_at(in.data, "answer", "id"), "P");
    in = message(a, "\"type\":\"interactive\",\"interactive\":{\"type\":\"list_reply\","
                    "\"list_reply\":{\"id\":\"9\",\"title\":\"9 h\",\"description\":\"Lia\"}}");
    assert_string_equal(text_at(in.data, "answer", "description"), "Lia");
    in = message(a, "\"type\":\"interactive\",\"interactive\":{\"button_reply\":{\"id\":\"1\","
                    "\"title\":\"Ok\"}}");
    assert_string_equal(in.text, "Ok");
    in = message(a, "\"type\":\"interactive\",\"interactive\":{\"type\":\"call_permission_reply\","
                    "\"call_permission_reply\":{\"response\":\"accept\"}}");
    assert_string_equal(text_at(in.data, "answer", "id"), "call_permission_reply");
    in =
        message(a, "\"type\":\"interactive\",\"interactive\":{\"type\":\"new_reply\",\"new_reply\":"
                   "{\"x\":1}}");
    assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    assert_string_equal(text_at(in.data, "unsupported", "type"), "new_reply");
}

static void test_forms(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        const char *json, *key;
    } rows[] = {
        {"\"{\\\"nome\\\":\\\"Ana\\\"}\"", "values"},
        {"\"[1,2]\"", "value"},
        {"\"\\\"sim\\\"\"", "value"},
        {"\"isto n\\u00e3o \\u00e9 JSON\"", "text"},
        {"{\"nome\":\"Ana\"}", "values"},
        {"7", "value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inbound in = message(
            a, arena_printf(a,
                            "\"type\":\"interactive\",\"interactive\":{\"type\":\"nfm_reply\","
                            "\"nfm_reply\":{\"name\":\"flow\",\"body\":\"Enviado\","
                            "\"response_json\":%s}}",
                            rows[i].json));
        assert_string_equal(in.text, "Enviado");
        assert_non_null(json_object_get(json_object_get(in.data, "form"), rows[i].key));
    }
    struct inbound in =
        message(a, "\"type\":\"interactive\",\"interactive\":{\"type\":\"nfm_reply\","
                   "\"nfm_reply\":{}}");
    assert_non_null(json_object_get(in.data, "form"));
}

static void test_reactions(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in = message(a, "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.M\","
                                   "\"emoji\":\"\\ud83d\\udc4d\"}");
    assert_int_equal(in.type, INBOUND_REACTION);
    assert_string_equal(in.target_external_id, "wamid.M");
    assert_string_equal(in.emoji, "👍");
    in = message(a,
                 "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.M\",\"emoji\":\"\"}");
    assert_string_equal(in.emoji, "");
    in = message(a, "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.M\"}");
    assert_string_equal(in.emoji, "");
    in = message(a, "\"type\":\"reaction\",\"reaction\":{}");
    assert_int_equal(in.type, INBOUND_NOTE);
}

static void test_around(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in = message(a, "\"type\":\"text\",\"text\":{\"body\":\"x\"},\"context\":"
                                   "{\"frequently_forwarded\":true}");
    assert_true(json_is_true(json_object_get(in.data, "forwarded")));
    assert_null(in.reply_to_external_id);
    in = message(a, "\"type\":\"text\",\"text\":{\"body\":\"x\"},\"context\":{\"id\":\"wamid.Q\","
                    "\"referred_product\":{\"catalog_id\":\"9\",\"product_retailer_id\":\"r\"}}");
    assert_string_equal(text_at(in.data, "product", "retailerId"), "r");
    assert_string_equal(in.reply_to_external_id, "wamid.Q");
    in = message(a, "\"type\":\"text\",\"text\":{\"body\":\"x\"},\"referral\":{\"source_url\":"
                    "\"https://fb.me/x\",\"source_type\":\"ad\",\"headline\":\"Banho\","
                    "\"ctwa_clid\":\"Aff\",\"welcome_message\":{\"text\":\"Oi\"}}");
    assert_string_equal(text_at(in.data, "referral", "title"), "Banho");
    assert_string_equal(text_at(in.data, "referral", "clickId"), "Aff");
    assert_string_equal(text_at(in.data, "referral", "welcome"), "Oi");
}

static void test_unsupported(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in =
        message(a, "\"type\":\"unsupported\",\"unsupported\":{\"type\":\"poll_creation\"},"
                   "\"errors\":[{\"code\":131051,\"title\":\"Message type unknown\","
                   "\"error_data\":{\"details\":\"not supported\"}}]");
    assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    assert_string_equal(text_at(in.data, "unsupported", "type"), "poll_creation");
    assert_string_equal(text_at(in.data, "unsupported", "reason"), "not supported");
    in = message(a, "\"type\":\"unknown\",\"errors\":[{\"code\":131051,\"title\":\"t\"}]");
    assert_string_equal(text_at(in.data, "unsupported", "reason"), "t");
    in = message(a, "\"type\":\"hologram\",\"hologram\":{\"x\":[1,2]}");
    assert_string_equal(text_at(in.data, "unsupported", "type"), "hologram");
    assert_non_null(json_object_get(json_object_get(in.data, "unsupported"), "content"));
    in = message(a, "\"x\":1");
    assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    in = message(a, "\"type\":\"text\",\"text\":null");
    assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    /* interactive without its object, the reason beside the messages */
    struct inbound_list list = decoded(
        a,
        change(a, "messages",
               "\"messages\":[{\"from\":\"5511987654321\",\"id\":\"wamid.A\",\"timestamp\":\"1\","
               "\"type\":\"interactive\"}],\"errors\":[{\"code\":131000,\"title\":"
               "\"Unsupported webhook payload\"}]"));
    assert_int_equal(list.count, 1);
    assert_string_equal(text_at(list.items[0].data, "unsupported", "reason"),
                        "Unsupported webhook payload");
    assert_int_equal(list.items[0].sent_unix_ms, 0);
}

/* --- who ------------------------------------------------------------------------------- */

static void test_people(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        const char *contacts, *from, *identifier, *also, *name;
    } rows[] = {
        /* no phone shown */
        {"[{\"profile\":{\"name\":\"Ana\",\"username\":\"ana\"},\"user_id\":\"BR.1\"}]",
         "\"from_user_id\":\"BR.1\",", "BR.1", NULL, "Ana"},
        /* a user id where a phone should be */
        {"[{\"profile\":{\"name\":\"Ana\"},\"wa_id\":\"BR.1\"}]", "\"from\":\"BR.1\",", "BR.1",
         NULL, "Ana"},
        /* nothing at the message, something beside it */
        {"[{\"profile\":{\"username\":\"ana\"},\"wa_id\":\"5511\",\"user_id\":\"BR.1\"}]", "",
         "BR.1", NULL, "ana"},
        /* several beside it: the right one */
        {"[{\"wa_id\":\"551199\",\"profile\":{\"name\":\"Z\"}},{\"wa_id\":\"551188888888\","
         "\"user_id\":\"BR.2\",\"profile\":{\"name\":\"B\"}}]",
         "\"from\":\"551188888888\",", "551188888888", "BR.2", "B"},
        /* nobody beside it */
        {"[]", "\"from\":\"551188888888\",", "551188888888", NULL, NULL},
        /* nothing at all */
        {"[]", "", "unknown.wamid.A", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inbound_list list = decoded(
            a,
            change(a, "messages",
                   arena_printf(a,
                                "\"contacts\":%s,\"messages\":[{%s\"id\":\"wamid.A\",\"timestamp\""
                                ":1762000000,\"type\":\"text\",\"text\":{\"body\":\"x\"}}]",
                                rows[i].contacts, rows[i].from)));
        const struct inbound *in = &list.items[0];
        assert_string_equal(in->identifier, rows[i].identifier);
        if (rows[i].also)
            assert_string_equal(in->also, rows[i].also);
        else
            assert_null(in->also);
        if (rows[i].name) assert_string_equal(in->customer_name, rows[i].name);
        assert_int_equal(in->sent_unix_ms, INT64_C(1762000000000));
    }
}

static void test_identities(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound_list list = decoded(
        a,
        change(a, "messages",
               "\"messages\":[{\"from\":\"5511111111\",\"id\":\"w\",\"timestamp\":\"1762000000\","
               "\"type\":\"system\",\"system\":{\"type\":\"user_changed_number\",\"body\":\"x\","
               "\"wa_id\":\"5522222222\"}}]"));
    assert_int_equal(list.items[0].type, INBOUND_IDENTITY);
    assert_string_equal(list.items[0].previous, "5511111111");
    assert_string_equal(list.items[0].identifier, "5522222222");
    list = decoded(a, change(a, "messages",
                             "\"messages\":[{\"from_user_id\":\"BR.1\",\"id\":\"w\",\"timestamp\":"
                             "\"1762000000\",\"type\":\"system\",\"system\":{\"type\":"
                             "\"user_changed_user_id\",\"user_id\":\"BR.2\"}}]"));
    assert_int_equal(list.items[0].type, INBOUND_IDENTITY);
    assert_string_equal(list.items[0].previous, "BR.1");
    assert_string_equal(list.items[0].identifier, "BR.2");
    list = decoded(a, change(a, "messages",
                             "\"messages\":[{\"from\":\"5511111111\",\"id\":\"w\",\"timestamp\":"
                             "\"1\",\"type\":\"system\",\"identity\":{\"hash\":\"h\"},\"system\":"
                             "{\"type\":\"customer_identity_changed\",\"body\":\"b\"}}]"));
    assert_int_equal(list.items[0].type, INBOUND_NOTE);
    list =
        decoded(a, change(a, "user_id_update",
                          "\"user_id_update\":[{\"wa_id\":\"5511111111\",\"user_id\":{\"previous\""
                          ":\"BR.1\",\"current\":\"BR.2\"},\"timestamp\":\"1762000000\"},{}]"));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].previous, "BR.1");
    assert_string_equal(list.items[0].also, "5511111111");
}

/* --- states ---------------------------------------------------------------------------- */

static void test_statuses(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    static const struct {
        const char *name;
        enum message_status status;
    } rows[] = {{"sent", STATUS_SENT},
                {"delivered", STATUS_DELIVERED},
                {"read", STATUS_READ},
                {"played", STATUS_READ}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct inbound_list list = decoded(
            a,
            change(a, "messages",
                   arena_printf(a,
                                "\"statuses\":[{\"id\":\"wamid.M\",\"status\":\"%s\",\"timestamp\":"
                                "\"1762000000\",\"recipient_id\":\"5511987654321\","
                                "\"biz_opaque_callback_data\":"
                                "\"0190a5f0-1111-7000-8000-000000000001\"}]",
                                rows[i].name)));
        const struct inbound *in = &list.items[0];
        assert_int_equal(in->type, INBOUND_STATUS);
        assert_int_equal(in->status, rows[i].status);
        assert_string_equal(in->external_id, "wamid.M");
        assert_false(uuid_is_nil(in->our_message));
    }
    struct inbound_list list = decoded(
        a,
        change(a, "messages",
               "\"statuses\":[{\"id\":\"wamid.M\",\"status\":\"failed\",\"timestamp\":1762000000,"
               "\"errors\":[{\"code\":131026,\"title\":\"Message undeliverable\"}],"
               "\"biz_opaque_callback_data\":\"0190a5f0-1111-7000-8000-000000000001:1\"},"
               "{\"id\":\"wamid.N\",\"status\":\"sent\",\"biz_opaque_callback_data\":"
               "\"0190a5f0-1111-7000-8000-000000000001:1\"},{\"id\":\"wamid.O\",\"status\":"
               "\"warning\"},{\"id\":\"wamid.P\",\"status\":\"failed\"},7,{\"id\":\"wamid.Q\","
               "\"status\":\"sent\",\"biz_opaque_callback_data\":"
               "\"0190a5f0-1111-7000-8000-000000000001:99999999999999999999\"}]"));
    assert_int_equal(list.count, 6);
    assert_true(uuid_is_nil(list.items[5].our_message)); /* no part of ours */
    assert_string_equal(json_get_text(list.items[0].error, "code"), "META_UNDELIVERABLE");
    assert_false(uuid_is_nil(list.items[0].our_message));
    assert_int_equal(list.items[0].our_part, 0); /* what failed in part failed */
    assert_int_equal(list.items[1].our_part, 1); /* a part is not the whole */
    assert_int_equal(list.items[2].type, INBOUND_NOTE);
    assert_non_null(list.items[3].error);
    assert_int_equal(list.items[4].type, INBOUND_NOTE);
}

/* --- phone app ------------------------------------------------------------------------- */

static void test_echoes(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound_list list = decoded(
        a,
        change(a, "smb_message_echoes",
               "\"message_echoes\":[{\"from\":\"551130000000\",\"to\":\"5511987654321\","
               "\"to_user_id\":\"BR.1\",\"id\":\"wamid.E\",\"timestamp\":\"1762000000\",\"type\":"
               "\"text\",\"text\":{\"body\":\"Oi\"}},{\"from\":\"551130000000\",\"to\":"
               "\"5511987654321\",\"id\":\"wamid.F\",\"timestamp\":\"1\",\"type\":\"revoke\","
               "\"revoke\":{\"original_message_id\":\"wamid.E\"}},{\"from\":\"551130000000\","
               "\"to_user_id\":\"BR.1\",\"id\":\"wamid.G\",\"type\":\"edit\",\"edit\":"
               "{\"original_message_id\":\"wamid.E\",\"message\":{\"type\":\"text\",\"text\":"
               "{\"body\":\"Ol\\u00e1\"}}}},{\"from\":\"551130000000\",\"id\":\"wamid.H\","
               "\"type\":\"text\",\"text\":{\"body\":\"x\"}}]"));
    assert_int_equal(list.count, 4);
    assert_true(list.items[0].echo);
    assert_string_equal(list.items[0].identifier, "5511987654321");
    assert_string_equal(list.items[0].also, "BR.1");
    assert_int_equal(list.items[1].type, INBOUND_REMOVAL);
    assert_string_equal(list.items[1].target_external_id, "wamid.E");
    assert_int_equal(list.items[2].type, INBOUND_EDIT);
    assert_string_equal(list.items[2].text, "Olá");
    assert_int_equal(list.items[3].type, INBOUND_NOTE);
}

static void test_address_book(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound_list list = decoded(
        a, change(a, "smb_app_state_sync",
                  "\"state_sync\":[{\"type\":\"contact\",\"contact\":{\"full_name\":\"Pablo "
                  "Morales\",\"first_name\":\"Pablo\",\"phone_number\":\"16505551234\"},"
                  "\"action\":\"add\",\"metadata\":{\"timestamp\":\"1739321024\"}},{\"contact\":{"
                  "\"first_name\":\"Bia\",\"phone_number\":\"5511987654321\"},\"action\":\"edit\"},"
                  "{\"contact\":{\"phone_number\":\"16505551234\"},\"action\":\"remove\"},7,{"
                  "\"contact\":{\"full_name\":\"x\",\"phone_number\":\"no number\"},\"action\":"
                  "\"add\"},{\"contact\":{\"full_name\":\"\",\"phone_number\":\"16505551234\"},"
                  "\"action\":\"add\"}]"));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.items[0].type, INBOUND_NAME);
    assert_string_equal(list.items[0].identifier, "16505551234");
    assert_string_equal(list.items[0].customer_name, "Pablo Morales");
    assert_int_equal(list.items[0].sent_unix_ms, 1739321024000);
    assert_int_equal(list.items[1].type, INBOUND_NAME);
    assert_string_equal(list.items[1].customer_name, "Bia");
    assert_int_equal(list.items[2].type, INBOUND_NOTE); /* nobody loses a name */
    assert_string_equal(list.items[2].text, "address book: 4 others");
}

static void test_edits(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in =
        message(a, "\"type\":\"edit\",\"edit\":{\"original_message_id\":\"wamid.O\","
                   "\"message\":{\"type\":\"image\",\"image\":{\"caption\":\"c\"}}}");
    assert_int_equal(in.type, INBOUND_EDIT);
    assert_string_equal(in.text, "c");
    in = message(a, "\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"wamid.O\"}");
    assert_int_equal(in.type, INBOUND_REMOVAL);
    in = message(a, "\"type\":\"unsupported\",\"unsupported\":{\"type\":\"edit\"},\"errors\":[]");
    assert_int_equal(in.kind, MESSAGE_UNSUPPORTED);
    in = message(a, "\"type\":\"edit\",\"edit\":{}");
    assert_int_equal(in.type, INBOUND_NOTE);
}

static void test_history(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound_list list = decoded(
        a,
        change(a, "history",
               "\"history\":[{\"metadata\":{\"phase\":0,\"chunk_order\":2,\"progress\":50},"
               "\"threads\":[{\"id\":\"5511987654321\",\"messages\":[{\"from\":\"5511987654321\","
               "\"id\":\"wamid.1\",\"timestamp\":\"1761000000\",\"type\":\"text\",\"text\":"
               "{\"body\":\"a\"},\"history_context\":{\"status\":\"READ\"}},{\"from\":"
               "\"551130000000\",\"to\":\"5511987654321\",\"id\":\"wamid.2\",\"timestamp\":"
               "\"1761000001\",\"type\":\"text\",\"text\":{\"body\":\"b\"},\"history_context\":"
               "{\"status\":\"DELIVERED\"}},{\"from\":\"5511987654321\",\"id\":\"wamid.3\",\"type\""
               ":\"media_placeholder\"}]}]},{\"errors\":[{\"code\":2593109,\"title\":\"off\"}]}],"
               "\"messages\":[{\"from\":\"5511987654321\",\"id\":\"wamid.3\",\"timestamp\":"
               "\"1761000002\",\"type\":\"image\",\"image\":{\"id\":\"7\"}}]"));
    assert_int_equal(list.count, 5);
    assert_true(list.items[0].history);
    assert_false(list.items[0].echo);
    assert_string_equal(list.items[0].identifier, "5511987654321");
    assert_true(list.items[1].echo);
    assert_string_equal(list.items[1].identifier, "5511987654321");
    assert_int_equal(list.items[1].status, STATUS_DELIVERED);
    assert_int_equal(list.items[2].type, INBOUND_NOTE);
    assert_int_equal(list.items[3].type, INBOUND_NOTE);
    assert_true(list.items[4].history);
    assert_int_equal(list.items[4].kind, MESSAGE_IMAGE);
}

/* --- news ------------------------------------------------------------------------------ */

static struct inbound news(struct arena *a, const char *field, const char *value)
{
    struct inbound_list list = decoded(
        a, arena_printf(a,
                        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1022\","
                        "\"time\":1762000000,\"changes\":[{\"field\":\"%s\",\"value\":{%s}}]}]}",
                        field, value));
    assert_int_equal(list.count, 1);
    return list.items[0];
}

static void test_news(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(MIB);
    struct inbound in =
        news(a, "message_template_status_update",
             "\"event\":\"REJECTED\",\"message_template_id\":594425479261596,"
             "\"message_template_name\":\"x\",\"message_template_language\":\"en-US\","
             "\"reason\":null,\"rejection_info\":{\"reason\":\"INVALID\"}");
    assert_int_equal(in.type, INBOUND_TEMPLATE);
    assert_null(in.account);
    assert_string_equal(text_at(in.data, NULL, "externalId"), "594425479261596");
    assert_string_equal(text_at(in.data, NULL, "language"), "en_US");
    assert_string_equal(text_at(in.data, NULL, "status"), "REJECTED");
    assert_string_equal(text_at(in.data, NULL, "reason"), "INVALID");
    in = news(a, "message_template_status_update",
              "\"event\":\"REINSTATED\",\"message_template_id\":1,\"reason\":\"NONE\"");
    assert_string_equal(text_at(in.data, NULL, "status"), "APPROVED");
    assert_string_equal(text_at(in.data, NULL, "reason"), "");
    in = news(a, "message_template_status_update", "\"event\":\"LOCKED\"");
    assert_null(text_at(in.data, NULL, "status"));
    in = news(a, "message_template_quality_update", "\"new_quality_score\":\"YELLOW\"");
    assert_string_equal(text_at(in.data, NULL, "quality"), "YELLOW");
    in = news(a, "template_category_update", "\"new_category\":\"MARKETING\"");
    assert_string_equal(text_at(in.data, NULL, "category"), "MARKETING");
    in = news(
        a, "phone_number_quality_update",
        "\"display_phone_number\":\"5511\",\"event\":\"FLAGGED\",\"current_limit\":\"TIER_2K\"");
    assert_int_equal(in.type, INBOUND_ACCOUNT);
    assert_string_equal(text_at(in.data, "quality", "tier"), "TIER_2K");
    in = news(a, "phone_number_name_update", "\"decision\":\"APPROVED\"");
    assert_string_equal(text_at(in.data, "quality", "nameStatus"), "APPROVED");
    in = news(a, "account_update", "\"event\":\"PARTNER_REMOVED\"");
    assert_string_equal(text_at(in.data, NULL, "status"), "disconnected");
    in = news(a, "account_update",
              "\"event\":\"DISABLED_UPDATE\",\"ban_info\":{\"waba_ban_state\":\"REINSTATE\"}");
    assert_string_equal(text_at(in.data, NULL, "status"), "connected");
    in = news(
        a, "account_update",
        "\"event\":\"ACCOUNT_RESTRICTION\",\"restriction_info\":[{\"restriction_type\":\"R\"}]");
    assert_null(text_at(in.data, NULL, "status"));
    assert_string_equal(text_at(in.data, NULL, "reason"), "ACCOUNT_RESTRICTION: R");
    in = news(a, "account_alerts", "\"alert_description\":\"d\"");
    assert_string_equal(text_at(in.data, NULL, "reason"), "d");
    in = news(a, "user_preferences",
              "\"user_preferences\":[{\"wa_id\":\"5511\",\"category\":\"marketing_messages\","
              "\"value\":\"stop\"}]");
    assert_string_equal(in.text, "marketing_messages: stop");
    in = news(a, "field_of_tomorrow", "\"x\":1");
    assert_int_equal(in.type, INBOUND_NOTE);
    /* errors without messages: of the account */
    struct inbound_list list =
        decoded(a, change(a, "messages", "\"errors\":[{\"code\":0,\"title\":\"AuthException\"}]"));
    assert_int_equal(list.items[0].type, INBOUND_ACCOUNT);
    assert_string_equal(text_at(list.items[0].data, NULL, "reason"), "AuthException");
}

/* --- envelope -------------------------------------------------------------------------- */

/* Thousands of people and messages in one body: each finds its own, in time. */
static void test_crowd(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(64 * MIB);
    const int count = 5000;
    CLEANUP(buf_free) struct buf value = BUF_INIT(4 * MIB);
    buf_adds(&value, "\"contacts\":[");
    for (int i = 0; i < count; i++)
        buf_addf(&value, "%s{\"profile\":{\"name\":\"P%d\"},\"wa_id\":\"55119%08d\"}", i ? "," : "",
                 i, i);
    buf_adds(&value, "],\"messages\":[");
    for (int i = 0; i < count; i++)
        buf_addf(
            &value,
            "%s{\"from\":\"55119%08d\",\"id\":\"wamid.%d\",\"type\":\"text\",\"text\":{\"body\":"
            "\"x\"}}",
            i ? "," : "", count - 1 - i, i);
    buf_addc(&value, ']');
    int64_t began_ms = clock_mono_ms();
    struct inbound_list list = decoded(a, change(a, "messages", buf_str(&value)));
    assert_true(clock_mono_ms() - began_ms < 60 * SECOND_MS);
    assert_int_equal(list.count, count);
    for (int i = 0; i < count; i++)
        assert_string_equal(list.items[i].customer_name, arena_printf(a, "P%d", count - 1 - i));
}

static void test_envelope(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *a = arena_new(4 * MIB);
    static const char *const bad[] = {"",
                                      "x",
                                      "[]",
                                      "7",
                                      "{}",
                                      "null",
                                      "{\"object\":\"page\",\"entry\":[{}]}",
                                      "{\"object\":\"whatsapp_business_account\"}",
                                      "{\"object\":\"whatsapp_business_account\",\"entry\":[]}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct inbound_list list = {.arena = a};
        const char *why = NULL;
        struct bytes b = {.data = (const unsigned char *)bad[i], .len = strlen(bad[i])};
        assert_int_equal(whatsapp_decode(a, b, &list, &why), ERR_INVALID);
        assert_non_null(why);
    }
    /* Several entries, changes, messages; odd neighbours; two numbers. */
    struct inbound_list list = decoded(
        a,
        "{\"object\":\"whatsapp_business_account\",\"entry\":[7,{\"id\":\"1\",\"changes\":[{"
        "\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"A\"},\"messages\":"
        "[{\"id\":\"1\",\"from\":\"551111111111\",\"type\":\"text\",\"text\":{\"body\":\"a\"}},"
        "null,{\"id\":\"2\",\"from\":\"551111111111\",\"type\":\"text\",\"text\":{\"body\":\"b\"}}"
        "],\"statuses\":[{\"id\":\"3\",\"status\":\"read\"}]}},{\"field\":\"messages\",\"value\":"
        "[]},{}]},{\"id\":\"2\",\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":"
        "{\"phone_number_id\":77},\"messages\":[{\"from\":\"551111111111\",\"type\":\"text\","
        "\"text\":{\"body\":\"c\"}}]}}]}]}");
    assert_int_equal(list.count, 7);
    assert_string_equal(list.items[0].account, "A");
    assert_int_equal(list.items[1].type, INBOUND_NOTE);
    assert_int_equal(list.items[3].type, INBOUND_STATUS);
    assert_string_equal(list.items[6].account, "77");
    assert_non_null(list.items[6].external_id); /* made, the same each time */
    /* A name that was cut in the middle of an emoji spoils nothing. */
    list = decoded(
        a, change(a, "messages",
                  "\"contacts\":[{\"profile\":{\"name\":\"Ana \\ud83d\"},\"wa_id\":"
                  "\"551111111111\"}],\"messages\":[{\"id\":\"1\",\"from\":"
                  "\"551111111111\",\"type\":\"text\",\"text\":{\"body\":\"x\\u0000y\"}}]"));
    assert_string_equal(list.items[0].customer_name, "Ana \xef\xbf\xbd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_places_people_goods),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_reactions),
        cmocka_unit_test(test_around),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_echoes),
        cmocka_unit_test(test_address_book),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_envelope),
    };
    if (crypto_init() != ERR_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
