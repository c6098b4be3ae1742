/* The channel kind "webchat". Sending needs no outside call: the message is in the database, the
 * visitor's page takes it from the live stream or asks for it when it comes back; "delivered" and
 * "read" are what the page says. */
#include "channels/webchat/webchat.h"

#include "base/mem.h"
#include "core/bus.h"

#define TEXT_MAX         4000
#define CHOICES_MAX      10
#define CHOICE_TITLE_MAX 40

static enum err webchat_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                             struct send_result *ret_result)
{
    (void)c;
    (void)ch;
    (void)m;
    *ret_result = (struct send_result){.outcome = SEND_OK, .status = STATUS_SENT};
    return ERR_OK;
}

/* An agent types: told to the visitor's page, wherever it is connected. */
static void webchat_typing(struct ctx *c, const struct channel *ch, struct uuid chat,
                           const char *identifier, bool on)
{
    (void)ch;
    (void)identifier;
    char o[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE];
    json_t *p = json_pack("{s:s, s:s, s:b}", "org", uuid_text(c->org, o), "chat",
                          uuid_text(chat, id), "on", on);
    char *text = p ? json_dumps(p, JSON_COMPACT) : NULL;
    if (text) bus_send(c->app->bus, "webchat", text);
    mem_free(text);
    json_decref(p);
}

static const struct field text_per_language[] = {
    {.name = "pt", .type = F_TEXT, .max = 300},
    {.name = "es", .type = F_TEXT, .max = 300},
    {.name = "en", .type = F_TEXT, .max = 300},
    {0},
};

static const struct field pre_chat_fields[] = {
    {.name = "enabled",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "Ask before the first message."},
    {.name = "fields",
     .type = F_ARRAY,
     .of = F_ENUM,
     .values = "name|email|phone",
     .max = 3,
     .otherwise = "[\"name\"]",
     .help = "Of name, email, phone.",
     .example = "[\"name\",\"email\"]"},
    {.name = "required",
     .type = F_ARRAY,
     .of = F_ENUM,
     .values = "name|email|phone",
     .max = 3,
     .otherwise = "[\"name\"]"},
    {0},
};

static const struct field settings_fields[] = {
    {.name = "title",
     .type = F_OBJECT,
     .fields = text_per_language,
     .help = "Head of the chat; default: the channel's name."},
    {.name = "welcome",
     .type = F_OBJECT,
     .fields = text_per_language,
     .help = "First line that a visitor reads."},
    {.name = "hoursText",
     .type = F_OBJECT,
     .fields = text_per_language,
     .help = "Shown outside opening hours."},
    {.name = "color",
     .type = F_COLOR,
     .otherwise = "\"#5a4fd6\"",
     .help = "Of the button, the head and the visitor's bubbles."},
    {.name = "position", .type = F_ENUM, .values = "right|left", .otherwise = "\"right\""},
    {.name = "language",
     .type = F_ENUM,
     .values = "pt|es|en",
     .nullable = true,
     .help = "Default: the page's, else the organization's."},
    {.name = "origins",
     .type = F_ARRAY,
     .of = F_TEXT,
     .max = 50,
     .item_max = 200,
     .otherwise = "[]",
     .help = "Sites that may show it: https://loja.example, loja.example or *.loja.example; empty: "
             "all.",
     .example = "[\"https://loja.example\"]"},
    {.name = "preChat", .type = F_OBJECT, .fields = pre_chat_fields},
    {0},
};

static const struct file_limit file_limits[] = {
    {.kind = "image", .bytes_max = WEBCHAT_FILE_MAX, .caption_max = TEXT_MAX},
    {.kind = "video", .bytes_max = WEBCHAT_FILE_MAX, .caption_max = TEXT_MAX},
    {.kind = "audio", .bytes_max = WEBCHAT_FILE_MAX, .caption_max = TEXT_MAX},
    {.kind = "document", .bytes_max = WEBCHAT_FILE_MAX, .caption_max = TEXT_MAX},
    {0},
};

const struct channel_kind webchat_kind = {
    .kind = "webchat",
    .label = "Web chat",
    .can = CAN_IMAGE | CAN_VIDEO | CAN_AUDIO | CAN_DOCUMENT | CAN_REPLY | CAN_DELETE | CAN_TYPING |
           CAN_DELIVERED | CAN_READ | CAN_BUTTONS | CAN_LIST | CAN_LINK,
    .limits = {.text_max = TEXT_MAX,
               .files = file_limits,
               .buttons_max = CHOICES_MAX,
               .button_title_max = CHOICE_TITLE_MAX,
               .buttons_text_max = TEXT_MAX,
               .choices_with_file = true,
               .list_rows_max = CHOICES_MAX,
               .list_sections_max = CHOICES_MAX,
               .list_title_max = CHOICE_TITLE_MAX,
               .list_description_max = 100,
               .list_button_max = CHOICE_TITLE_MAX,
               .list_text_max = TEXT_MAX},
    .identity_kind = "webchat",
    .opens = "webchat",
    .settings = settings_fields,
    .send = webchat_send,
    .reads_here = true,
    .typing = webchat_typing,
    .routes = webchat_routes,
};
