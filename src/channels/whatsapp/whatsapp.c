/* The channel kind "whatsapp": what it can, its limits and the rows of its settings (whatsapp.h
 * names the files behind the functions). */
#include "channels/whatsapp/whatsapp.h"

#include "channels/meta/meta_fields.h"
#include "channels/meta/meta_forget.h"
#include "channels/meta/meta_signature.h"
#include "channels/templates.h"
#include "channels/whatsapp/build.h"

static const struct file_limit files[] = {
    {.kind = "image",
     .types = "image/jpeg,image/png,image/webp",
     .bytes_max = (int64_t)(5 * MIB),
     .caption_max = WA_CAPTION_MAX},
    {.kind = "video",
     .types = "video/mp4,video/3gpp",
     .bytes_max = (int64_t)(16 * MIB),
     .caption_max = WA_CAPTION_MAX},
    /* Other audio is converted. */
    {.kind = "audio", .bytes_max = (int64_t)(16 * MIB)},
    {.kind = "document",
     .types = "text/plain,text/csv,application/pdf,application/msword,application/vnd.ms-excel,"
              "application/vnd.ms-powerpoint,"
              "application/vnd.openxmlformats-officedocument.wordprocessingml.document,"
              "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,"
              "application/vnd.openxmlformats-officedocument.presentationml.presentation",
     .bytes_max = (int64_t)(100 * MIB),
     .caption_max = WA_CAPTION_MAX},
    {0},
};

static const struct field settings_fields[] = {
    {.name = "phoneNumberId",
     .type = F_TEXT,
     .required = true,
     .min = 5,
     .max = 40,
     .help = "Phone number ID, from the app's WhatsApp page at Meta.",
     .example = "\"106540352242922\""},
    {.name = "wabaId",
     .type = F_TEXT,
     .required = true,
     .min = 5,
     .max = 40,
     .help = "WhatsApp Business Account ID, from the same page.",
     .example = "\"102290129340398\""},
    META_FIELD_VERIFY_TOKEN,
    {.name = "coexistence",
     .type = F_BOOL,
     .otherwise = "false",
     .help = "The number is also used in the WhatsApp Business app on a phone."},
    {.name = "perSecond",
     .type = F_INT,
     .min = 1,
     .max = 1000,
     .help = "Messages that the number sends in a second at most: 80 (20 when shared with a phone) "
             "unless Meta raised it."},
    {0},
};

static const struct field secrets_fields[] = {
    {.name = "token",
     .type = F_TEXT,
     .required = true,
     .secret = true,
     .min = 20,
     .max = 1000,
     .help = "Access token with whatsapp_business_messaging and whatsapp_business_management; best "
             "of a system user, which does not end."},
    META_FIELD_APP_SECRET,
    {.name = "appSecretOld",
     .type = F_TEXT,
     .secret = true,
     .max = 200,
     .help = "The app's secret before it was changed: what is signed with it is taken too."},
    {.name = "pin",
     .type = F_TEXT,
     .secret = true,
     .max = 6,
     .help = "Six digits; only for a number that is not registered yet."},
    {0},
};

const struct channel_kind whatsapp_kind = {
    .kind = "whatsapp",
    .label = "WhatsApp",
    .can = CAN_IMAGE | CAN_VIDEO | CAN_AUDIO | CAN_DOCUMENT | CAN_LOCATION | CAN_CONTACT |
           CAN_REACTION | CAN_REPLY | CAN_BUTTONS | CAN_LIST | CAN_LINK | CAN_TEMPLATE |
           CAN_TYPING | CAN_DELIVERED | CAN_READ,
    .limits = {.text_max = WA_TEXT_MAX,
               .text_splits = true,
               .files = files,
               .files_max = MESSAGE_FILES_MAX,
               .buttons_max = WA_BUTTONS_MAX,
               .button_title_max = WA_BUTTON_TITLE_MAX,
               .buttons_text_max = WA_INTERACTIVE_MAX,
               .list_rows_max = WA_ROWS_MAX,
               .list_sections_max = WA_SECTIONS_MAX,
               .list_title_max = WA_ROW_TITLE_MAX,
               .list_description_max = WA_DESCRIPTION_MAX,
               .list_button_max = WA_BUTTON_TITLE_MAX,
               .list_text_max = WA_TEXT_MAX,
               .window_hours = 24},
    .identity_kind = "whatsapp",
    .opens = "whatsapp,phone",
    .settings = settings_fields,
    .secrets = secrets_fields,
    .check = whatsapp_check,
    .connected = whatsapp_connected,
    .settled = whatsapp_settled,
    .removed = whatsapp_removed,
    .handshake = meta_handshake,
    .verify = meta_verify,
    .decode = whatsapp_decode,
    .forget = meta_body_forget,
    .send = whatsapp_send,
    .react = whatsapp_react,
    .seen = whatsapp_seen,
    .typing = whatsapp_typing,
    .fetch = whatsapp_fetch,
    .upkeep = whatsapp_upkeep,
    .templates = &whatsapp_templates,
};
