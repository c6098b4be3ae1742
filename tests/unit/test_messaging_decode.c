/* Bodies of Messenger and Instagram as events: every shape of the platforms' pages, the odd ones that
 * were seen in the field, and nonsense that must not hurt. */
#include "check.h"

#include "base/buf.h"
#include "channels/instagram/instagram.h"
#include "channels/messenger/messenger.h"
#include "channels/meta/messaging.h"
#include "channels/meta/meta_forget.h"

#define PAGE   "104857600000001"
#define IG     "17841400000000001"
#define PERSON "7000000000000001"

struct decoded {
    struct arena *arena;
    struct inbound_list list;
};

static void decoded_free(struct decoded *d)
{
    arena_free(d->arena);
}

static enum err read_body(struct decoded *d, bool instagram, const char *body, const char **why)
{
    d->arena = arena_new(32 * MIB);
    d->list = (struct inbound_list){.arena = d->arena};
    struct bytes raw = {.data = (const unsigned char *)body, .len = strlen(body)};
    return instagram ? instagram_decode(d->arena, raw, &d->list, why)
                     : messenger_decode(d->arena, raw, &d->list, why);
}

/* One item of messaging[]; quotes are written as ' . */
static void read_item(struct decoded *d, bool instagram, const char *list, const char *item)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(MIB);
    buf_addf(&b, "{'object':'%s','entry':[{'id':'%s','time':1760000000500,'%s':[",
             instagram ? "instagram" : "page", instagram ? IG : PAGE, list);
    buf_addf(&b,
             "{'sender':{'id':'" PERSON "'},'recipient':{'id':'%s'},'timestamp':1760000000000,%s}",
             instagram ? IG : PAGE, item);
    buf_adds(&b, "]}]}");
    for (char *p = b.data; *p; p++)
        if (*p == '\'') *p = '"';
    const char *why = NULL;
    enum err e = read_body(d, instagram, buf_str(&b), &why);
    if (e) fail_msg("%s: %s", item, why);
}

static const struct inbound *only(const struct decoded *d, enum inbound_type type)
{
    assert_int_equal(d->list.count, 1);
    const struct inbound *in = &d->list.items[0];
    if (in->type != type) fail_msg("type %d, text %s", in->type, in->text ? in->text : "");
    return in;
}

static const char *data_text(const struct inbound *in, const char *key, const char *sub)
{
    const char *text = json_get_text(json_object_get(in->data, key), sub);
    return text ? text : "";
}

/* One item that becomes one message. */
static const struct inbound *message(struct decoded *d, bool instagram, const char *item)
{
    read_item(d, instagram, "messaging", item);
    const struct inbound *in = only(d, INBOUND_MESSAGE);
    assert_string_equal(in->identifier, PERSON);
    assert_string_equal(in->identity_kind, instagram ? "instagram" : "messenger");
    assert_string_equal(in->account, instagram ? IG : PAGE);
    assert_int_equal(in->sent_unix_ms, 1760000000000);
    return in;
}

#define DECODED(name) CLEANUP(decoded_free) struct decoded name = {0}

static void text_and_answers(void **state)
{
    (void)state;
    DECODED(d);
    const struct inbound *in =
        message(&d, false, "'message':{'mid':'m_1','text':'Oi \\u00e4 \\ud83d\\ude00'}");
    assert_string_equal(in->external_id, "m_1");
    assert_string_equal(in->text, "Oi \u00e4 \U0001F600");
    assert_int_equal(in->kind, MESSAGE_TEXT);
    assert_false(in->echo || in->automatic || in->history);
    DECODED(quick);
    in = message(&quick, true,
                 "'message':{'mid':'m_2','text':'Sim','quick_reply':{'payload':'yes'},"
                 "'reply_to':{'mid':'m_1','is_self_reply':false}}");
    assert_string_equal(data_text(in, "answer", "id"), "yes");
    assert_string_equal(data_text(in, "answer", "title"), "Sim");
    assert_string_equal(in->reply_to_external_id, "m_1");
    DECODED(postback);
    in = message(&postback, false,
                 "'postback':{'mid':'m_3','title':'Menu','payload':'menu','referral':{'ref':'r1',"
                 "'source':'ADS','type':'OPEN_THREAD','ad_id':123,'ads_context_data':{'ad_title':'"
                 "Banho'}}}");
    assert_string_equal(in->text, "Menu");
    assert_string_equal(data_text(in, "answer", "id"), "menu");
    assert_string_equal(data_text(in, "referral", "adId"), "123");
    assert_string_equal(data_text(in, "referral", "title"), "Banho");
    DECODED(old);
    in = message(&old, false, "'postback':{'title':'Menu','payload':'menu'}");
    assert_string_equal(in->external_id, "postback:" PERSON ":1760000000000");
    DECODED(came);
    in = message(&came, false,
                 "'referral':{'ref':'vitrine','source':'SHORTLINK','type':'OPEN_THREAD'}");
    assert_string_equal(data_text(in, "referral", "ref"), "vitrine");
    assert_string_equal(in->text, "");
}

static void attachments(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum message_kind kind;
    } files[] = {{"image", MESSAGE_IMAGE},   {"video", MESSAGE_VIDEO}, {"audio", MESSAGE_AUDIO},
                 {"file", MESSAGE_DOCUMENT}, {"media", MESSAGE_IMAGE}, {"ig_post", MESSAGE_IMAGE},
                 {"ig_reel", MESSAGE_VIDEO}, {"reel", MESSAGE_VIDEO},  {"sticker", MESSAGE_IMAGE}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        DECODED(d);
        CLEANUP(buf_free) struct buf b = BUF_INIT(4096);
        buf_addf(&b,
                 "'message':{'mid':'m_1','attachments':[{'type':'%s','payload':{'url':"
                 "'https://scontent.fbcdn.net/v/x?a=1'}}]}",
                 files[i].type);
        const struct inbound *in = message(&d, true, buf_str(&b));
        if (in->kind != files[i].kind || in->file_count != 1) fail_msg("%s", files[i].type);
        assert_int_equal(in->files[0].kind, files[i].kind);
        assert_string_equal(json_get_text(in->files[0].source, "url"),
                            "https://scontent.fbcdn.net/v/x?a=1");
    }
    DECODED(album);
    CLEANUP(buf_free) struct buf b = BUF_INIT(16384);
    buf_adds(&b, "'message':{'mid':'m_1','text':'fotos','attachments':[");
    for (int i = 0; i < 12; i++)
        buf_addf(&b, "%s{'type':'image','payload':{'url':'https://a.example/%d'}}", i ? "," : "",
                 i);
    buf_adds(&b, "]}");
    const struct inbound *in = message(&album, true, buf_str(&b));
    assert_int_equal(in->file_count, MESSAGE_FILES_MAX);
    assert_int_equal(json_integer_value(json_object_get(in->data, "omitted")), 2);
    DECODED(object); /* one sample of the platform writes it without brackets */
    in = message(&object, true,
                 "'message':{'mid':'m_1','attachments':{'type':'image','payload':{'url':"
                 "'https://a.example/1'}}}");
    assert_int_equal(in->file_count, 1);
}

static void attachments_that_are_no_files(void **state)
{
    (void)state;
    DECODED(place);
    const struct inbound *in =
        message(&place, false,
                "'message':{'mid':'m_1','attachments':[{'type':'location','title':'Loja','payload':"
                "{'coordinates':{'lat':-23.5,'long':-46}}}]}");
    assert_int_equal(in->kind, MESSAGE_LOCATION);
    assert_true(json_real_value(json_object_get(in->data, "latitude")) < -23.4);
    assert_true(json_real_value(json_object_get(in->data, "longitude")) < -45.9);
    DECODED(link);
    in = message(&link, false,
                 "'message':{'mid':'m_1','text':'veja','attachments':[{'type':'fallback','title':"
                 "'Loja','payload':{'url':'https://loja.example/a'}}]}");
    assert_string_equal(in->text, "veja");
    assert_string_equal(data_text(in, "link", "url"), "https://loja.example/a");
    DECODED(empty);
    in = message(&empty, false,
                 "'message':{'mid':'m_1','attachments':[{'type':'fallback','title':'So',"
                 "'payload':null}]}");
    assert_string_equal(in->text, "So");
    DECODED(script); /* no address that a browser would run */
    in = message(&script, false,
                 "'message':{'mid':'m_1','attachments':[{'type':'fallback','title':'x','payload':"
                 "{'url':'javascript:alert(1)'}}]}");
    assert_string_equal(data_text(in, "link", "url"), "");
    DECODED(cards);
    in = message(&cards, true,
                 "'message':{'mid':'m_1','attachments':[{'type':'template','payload':{'product':"
                 "{'elements':[{'title':'Racao','subtitle':'R$ 10'},{'title':'Osso'}]}}}]}");
    assert_string_equal(in->text, "Racao\nOsso");
    assert_int_equal(json_array_size(json_object_get(in->data, "cards")), 2);
    DECODED(heart);
    in = message(&heart, true, "'message':{'mid':'m_1','attachments':[{'type':'like_heart'}]}");
    assert_string_equal(in->text, "\u2764\uFE0F");
    assert_int_equal(in->kind, MESSAGE_TEXT);
    DECODED(post); /* the page of a post is no file */
    in = message(&post, true,
                 "'message':{'mid':'m_1','attachments':[{'type':'share','payload':{'url':"
                 "'https://www.instagram.com/p/abc'}}]}");
    assert_int_equal(in->file_count, 0);
    assert_string_equal(data_text(in, "share", "url"), "https://www.instagram.com/p/abc");
    assert_int_equal(in->kind, MESSAGE_TEXT);
}

static void stories_are_not_kept(void **state)
{
    (void)state;
    DECODED(reply);
    const struct inbound *in =
        message(&reply, true,
                "'message':{'mid':'m_1','text':'lindo','reply_to':{'story':{'id':'9','url':"
                "'https://cdn.example/s'}}}");
    assert_string_equal(data_text(in, "storyReply", "url"), "https://cdn.example/s");
    assert_string_equal(data_text(in, "storyReply", "until"), "2025-10-10T08:53:20.000Z");
    assert_int_equal(in->file_count, 0);
    assert_null(in->reply_to_external_id);
    DECODED(mention);
    in = message(&mention, true,
                 "'message':{'mid':'m_1','attachments':[{'type':'story_mention','payload':{'url':"
                 "'https://cdn.example/s'}}]}");
    assert_string_equal(data_text(in, "storyMention", "url"), "https://cdn.example/s");
    assert_int_equal(in->file_count, 0);
    assert_int_equal(in->kind, MESSAGE_TEXT);
}

static void echoes(void **state)
{
    (void)state;
    static const char ours[] =
        "{\"object\":\"page\",\"entry\":[{\"id\":\"" PAGE
        "\",\"messaging\":[{\"sender\":{\"id\":\"" PAGE "\"},\"recipient\":{\"id\":\"" PERSON
        "\"},\"timestamp\":1760000000000,\"message\":{\"mid\":\"m_9\","
        "\"is_echo\":true,\"app_id\":26390203743090,\"text\":\"oi\"%s}}]}]}";
    static const char id[] = "0199c0de-0000-7000-8000-000000000001";
    CLEANUP(buf_free) struct buf b = BUF_INIT(4096);
    const char *why = NULL;
    DECODED(elsewhere);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_addf(&b, ours, "");
    assert_int_equal(read_body(&elsewhere, false, buf_str(&b), &why), ERR_OK);
    const struct inbound *in = only(&elsewhere, INBOUND_MESSAGE);
    assert_true(in->echo);
    assert_string_equal(in->identifier, PERSON);
    assert_string_equal(json_get_text(in->data, "appId"), "26390203743090");
    DECODED(own);
    buf_clear(&b);
    buf_addf(&b, ours, ",\"metadata\":\"interflow:0199c0de-0000-7000-8000-000000000001\"");
    assert_int_equal(read_body(&own, false, buf_str(&b), &why), ERR_OK);
    in = only(&own, INBOUND_STATUS);
    char text[UUID_TEXT_SIZE];
    assert_string_equal(uuid_text(in->our_message, text), id);
    assert_string_equal(in->external_id, "m_9");
    assert_int_equal(in->status, STATUS_SENT);
    DECODED(part);
    buf_clear(&b);
    buf_addf(&b, ours, ",\"metadata\":\"interflow:0199c0de-0000-7000-8000-000000000001#1\"");
    assert_int_equal(read_body(&part, false, buf_str(&b), &why), ERR_OK);
    in = only(&part, INBOUND_STATUS);
    assert_int_equal(in->our_part, 1);
    DECODED(strange);
    buf_clear(&b);
    buf_addf(&b, ours, ",\"metadata\":\"interflow:nobody\"");
    assert_int_equal(read_body(&strange, false, buf_str(&b), &why), ERR_OK);
    only(&strange, INBOUND_MESSAGE);
#pragma GCC diagnostic pop
}

static void what_happens_to_messages(void **state)
{
    (void)state;
    DECODED(react);
    read_item(&react, false, "messaging",
              "'reaction':{'mid':'m_1','action':'react','reaction':'love','emoji':'\\u2764'}");
    const struct inbound *in = only(&react, INBOUND_REACTION);
    assert_string_equal(in->target_external_id, "m_1");
    assert_string_equal(in->emoji, "\u2764");
    DECODED(named);
    read_item(&named, false, "messaging",
              "'reaction':{'mid':'m_1','action':'react','reaction':'wow'}");
    assert_string_equal(only(&named, INBOUND_REACTION)->emoji, "\U0001F62E");
    DECODED(back);
    read_item(&back, true, "messaging", "'reaction':{'mid':'m_1','action':'unreact'}");
    assert_string_equal(only(&back, INBOUND_REACTION)->emoji, "");
    DECODED(edit);
    read_item(&edit, true, "messaging", "'message_edit':{'mid':'m_1','text':'novo','num_edit':1}");
    assert_string_equal(only(&edit, INBOUND_EDIT)->text, "novo");
    DECODED(gone);
    read_item(&gone, true, "messaging", "'message':{'mid':'m_1','is_deleted':true}");
    assert_string_equal(only(&gone, INBOUND_REMOVAL)->target_external_id, "m_1");
    DECODED(none);
    read_item(&none, true, "messaging", "'message':{'mid':'m_1','is_unsupported':true}");
    assert_int_equal(only(&none, INBOUND_MESSAGE)->kind, MESSAGE_UNSUPPORTED);
    DECODED(unknown);
    read_item(&unknown, false, "messaging",
              "'message':{'mid':'m_1','attachments':[{'type':'hologram','payload':{}}]}");
    in = only(&unknown, INBOUND_MESSAGE);
    assert_int_equal(in->kind, MESSAGE_UNSUPPORTED);
    assert_string_equal(data_text(in, "unsupported", "type"), "hologram");
}

static void marks(void **state)
{
    (void)state;
    DECODED(delivered);
    read_item(&delivered, false, "messaging",
              "'delivery':{'mids':['m_1','m_2'],'watermark':1760000000123}");
    assert_int_equal(delivered.list.count, 3);
    assert_int_equal(delivered.list.items[0].type, INBOUND_STATUS);
    assert_string_equal(delivered.list.items[1].external_id, "m_2");
    const struct inbound *in = &delivered.list.items[2];
    assert_int_equal(in->type, INBOUND_WATERMARK);
    assert_int_equal(in->status, STATUS_DELIVERED);
    assert_int_equal(in->sent_unix_ms, 1760000000123);
    assert_null(in->target_external_id);
    DECODED(seconds);
    read_item(&seconds, false, "messaging", "'read':{'watermark':1760000000}");
    assert_int_equal(only(&seconds, INBOUND_WATERMARK)->sent_unix_ms, 1760000000000);
    DECODED(seen); /* Instagram names a message, not a time */
    read_item(&seen, true, "messaging", "'read':{'mid':'m_7'}");
    in = only(&seen, INBOUND_WATERMARK);
    assert_int_equal(in->status, STATUS_READ);
    assert_string_equal(in->target_external_id, "m_7");
}

static void envelopes(void **state)
{
    (void)state;
    DECODED(standby);
    read_item(&standby, false, "standby", "'message':{'mid':'m_1','text':'Oi'}");
    const struct inbound *in = only(&standby, INBOUND_MESSAGE);
    assert_true(in->automatic);
    assert_true(json_is_true(json_object_get(in->data, "standby")));
    static const char *const noted[] = {"'pass_thread_control':{'new_owner_app_id':'1'}",
                                        "'optin':{'ref':'x'}", "'something_new':{'a':1}",
                                        "'message':{'text':'without id'}", "'read':{}"};
    for (size_t i = 0; i < ARRAY_LEN(noted); i++) {
        DECODED(d);
        read_item(&d, false, "messaging", noted[i]);
        only(&d, INBOUND_NOTE);
    }
    static const char *const bodies[] = {
        "{\"object\":\"instagram\",\"entry\":[{\"id\":\"" IG
        "\",\"time\":1,\"changes\":[{\"field\":\"comments\","
        "\"value\":{\"from\":{\"id\":\"1\"},\"id\":\"2\",\"text\":\"x\"}}]}]}",
        "{\"object\":\"instagram\",\"entry\":[{\"id\":\"" IG
        "\",\"field\":\"comments\",\"value\":{\"text\":\"x\"}}]}"};
    const char *why = NULL;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        DECODED(d);
        assert_int_equal(read_body(&d, true, bodies[i], &why), ERR_OK);
        only(&d, INBOUND_NOTE);
    }
    DECODED(change); /* messages in changes[], as Instagram's test button sends them */
    assert_int_equal(
        read_body(
            &change, true,
            "{\"object\":\"instagram\",\"entry\":[{\"id\":\"" IG
            "\",\"time\":1760000000,\"changes\":"
            "[{\"field\":\"messages\",\"value\":{\"sender\":{\"id\":\"5\"},\"recipient\":{\"id\":"
            "\"" IG
            "\"},\"timestamp\":\"1760000001\",\"message\":{\"mid\":\"m\",\"text\":\"t\"}}}]}]}",
            &why),
        ERR_OK);
    assert_int_equal(only(&change, INBOUND_MESSAGE)->sent_unix_ms, 1760000001000);
    DECODED(policy);
    read_item(&policy, false, "messaging",
              "'policy_enforcement':{'action':'block','reason':'spam'}");
    assert_string_equal(json_get_text(only(&policy, INBOUND_ACCOUNT)->data, "reason"), "spam");
}

static void nonsense_is_refused_with_words(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "null",
                                         "{}",
                                         "{\"object\":\"page\"}",
                                         "{\"object\":\"instagram\",\"entry\":[]}",
                                         "{\"object\":\"page\",\"entry\":{}}",
                                         "{\"object\":\"page\",\"entry\":[}"};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        DECODED(d);
        const char *why = NULL;
        if (read_body(&d, false, bodies[i], &why) != ERR_INVALID || !why) fail_msg("%s", bodies[i]);
    }
    static const char *const odd[] = {
        "{\"object\":\"page\",\"entry\":[1,null,{}]}",
        "{\"object\":\"page\",\"entry\":[{\"id\":5,\"messaging\":[1,{},{\"message\":[]}]}]}",
        "{\"object\":\"page\",\"entry\":[{\"messaging\":{\"a\":1}}]}"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        DECODED(d);
        const char *why = NULL;
        assert_int_equal(read_body(&d, false, odd[i], &why), ERR_OK);
        for (int k = 0; k < d.list.count; k++)
            assert_int_equal(d.list.items[k].type, INBOUND_NOTE);
    }
}

static const char *without(struct arena *a, const char *text, const char *external_id)
{
    struct bytes body = {.data = (const unsigned char *)text, .len = strlen(text)}, left = {0};
    if (!meta_body_forget(a, body, external_id, &left)) return NULL;
    return arena_strndup(a, (const char *)left.data, left.len);
}

static void what_must_not_be_kept(void **state)
{
    (void)state;
    struct arena *a = arena_new(MIB);
    static const char reply[] =
        "{\"entry\":[{\"messaging\":[{\"sender\":{\"id\":\"1\"},\"message\":{\"mid\":\"m_1\","
        "\"text\":\"lindo\",\"reply_to\":{\"story\":{\"id\":\"5\",\"url\":\"https://x/a\"}}}}]}]}";
    const char *left = without(a, reply, NULL);
    assert_non_null(left);
    assert_null(strstr(left, "https://x/a"));
    assert_non_null(strstr(left, "lindo"));
    assert_null(without(a, left, NULL)); /* nothing is left of it */
    static const char *const attached[] = {"story_mention", "ig_story", "story"};
    for (size_t i = 0; i < ARRAY_LEN(attached); i++) {
        const char *body = arena_printf(
            a,
            "{\"message\":{\"mid\":\"m\",\"attachments\":[{\"payload\":{\"url\":\"https://x/s\"},"
            "\"type\":\"%s\"},{\"type\":\"image\",\"payload\":{\"url\":\"https://x/i\"}}]}}",
            attached[i]);
        left = without(a, body, NULL);
        assert_non_null(left);
        assert_null(strstr(left, "https://x/s"));
        assert_non_null(strstr(left, "https://x/i"));
    }
    /* One message goes, the others stay; which it was and whose can still be seen. */
    static const char two[] =
        "{\"messaging\":[{\"sender\":{\"id\":\"77\"},\"message\":{\"mid\":\"m\\/1\",\"text\":"
        "\"segredo\",\"attachments\":[{\"type\":\"location\",\"title\":\"casa\",\"payload\":"
        "{\"coordinates\":{\"lat\":-23.5,\"long\":-46.6}}}]}},{\"message\":{\"mid\":\"m/2\","
        "\"text\":\"fica\"}},{\"message_edit\":{\"mid\":\"m/1\",\"text\":\"segredo dois\"}}]}";
    left = without(a, two, "m/1");
    assert_non_null(left);
    assert_null(strstr(left, "segredo"));
    assert_null(strstr(left, "casa"));
    assert_null(strstr(left, "23.5"));
    assert_non_null(strstr(left, "fica"));
    assert_non_null(strstr(left, "77"));
    assert_null(without(a, two, "m/3"));
    /* WhatsApp's names. */
    static const char wa[] =
        "{\"messages\":[{\"id\":\"wamid.A=\",\"from\":\"5511\",\"type\":\"text\","
        "\"text\":{\"body\":\"segredo\"}}]}";
    left = without(a, wa, "wamid.A=");
    assert_non_null(left);
    assert_null(strstr(left, "segredo"));
    assert_non_null(strstr(left, "5511"));
    assert_null(without(a, "nonsense", NULL));
    assert_null(without(a, "[]", "m"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_answers),
        cmocka_unit_test(attachments),
        cmocka_unit_test(attachments_that_are_no_files),
        cmocka_unit_test(stories_are_not_kept),
        cmocka_unit_test(echoes),
        cmocka_unit_test(what_happens_to_messages),
        cmocka_unit_test(marks),
        cmocka_unit_test(what_must_not_be_kept),
        cmocka_unit_test(envelopes),
        cmocka_unit_test(nonsense_is_refused_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
