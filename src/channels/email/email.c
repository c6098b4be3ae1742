/* The channel kind "email": its row in the table of kinds, the fields of its form, the well-known
 * mail services. An account's own address is channels.address. */
#include "channels/email/email.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "channels/channels.h"

#define TEXT_MAX    65536
#define SUBJECT_MAX 500
#define FILE_MAX    ((int64_t)(25 * MIB))

/* --- well-known services -------------------------------------------------------------------- */

static const struct preset {
    const char *name, *imap, *smtp;
    const char *smtp_security;
    const char *token_url;
} presets[] = {
    {"gmail", "imap.gmail.com", "smtp.gmail.com", "tls", "https://oauth2.googleapis.com/token"},
    {"outlook", "outlook.office365.com", "smtp.office365.com", "starttls",
     "https://login.microsoftonline.com/common/oauth2/v2.0/token"},
    {"yahoo", "imap.mail.yahoo.com", "smtp.mail.yahoo.com", "tls",
     "https://api.login.yahoo.com/oauth2/get_token"},
    {"zoho", "imap.zoho.com", "smtp.zoho.com", "tls", "https://accounts.zoho.com/oauth/v2/token"},
    {"other", "", "", "tls", ""},
};

static const struct preset *preset_of(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_LEN(presets); i++)
        if (strcmp(presets[i].name, name) == 0) return &presets[i];
    return &presets[ARRAY_LEN(presets) - 1];
}

static enum smtp_security security_of(const char *name, const char *otherwise)
{
    const char *s = name ? name : otherwise;
    return strcmp(s, "none") == 0       ? SMTP_PLAIN
           : strcmp(s, "starttls") == 0 ? SMTP_STARTTLS
                                        : SMTP_TLS;
}

static const char *text_or(const json_t *o, const char *name, const char *otherwise)
{
    const char *s = json_get_text(o, name);
    return s && *s ? s : otherwise;
}

void email_account_read(struct arena *a, const struct channel *ch, struct email_account *ret)
{
    static const int imap_ports[] = {[SMTP_PLAIN] = 143, [SMTP_STARTTLS] = 143, [SMTP_TLS] = 993};
    static const int smtp_ports[] = {[SMTP_PLAIN] = 25, [SMTP_STARTTLS] = 587, [SMTP_TLS] = 465};
    const json_t *s = ch->settings;
    const struct preset *p = preset_of(json_get_text(s, "preset"));
    char *address = arena_strdup(a, ch->address ? ch->address : "");
    for (char *at = address; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    *ret = (struct email_account){
        .address = address ? address : "",
        .from_name = text_or(s, "fromName", ""),
        .folder = text_or(s, "folder", "INBOX"),
        .oauth = strcmp(text_or(s, "auth", "password"), "oauth2") == 0,
        .token_url = text_or(s, "tokenUrl", p->token_url),
        .import_days = (int)json_get_int(s, "importDays", 7),
        .quote = json_get_bool(s, "quote", true),
    };
    const char *user = text_or(s, "username", ret->address);
    ret->imap =
        (struct mail_login){.protocol = "imap",
                            .host = text_or(s, "imapHost", p->imap),
                            .security = security_of(json_get_text(s, "imapSecurity"), "tls"),
                            .user = user};
    ret->imap.port = (int)json_get_int(s, "imapPort", imap_ports[ret->imap.security]);
    ret->smtp = (struct mail_login){
        .protocol = "smtp",
        .host = text_or(s, "smtpHost", p->smtp),
        .security = security_of(json_get_text(s, "smtpSecurity"), p->smtp_security),
        .user = user};
    ret->smtp.port = (int)json_get_int(s, "smtpPort", smtp_ports[ret->smtp.security]);
}

const char *email_blame(const struct channel *ch, const char *code, bool smtp)
{
    (void)ch;
    if (!code) return NULL;
    if (strcmp(code, "MAIL_LOGIN_FAILED") == 0 || strcmp(code, "SMTP_LOGIN_FAILED") == 0)
        return "secrets.password";
    if (strcmp(code, "TOKEN_REFUSED") == 0) return "secrets.refreshToken";
    if (strcmp(code, "TOKEN_SERVER") == 0 || strcmp(code, "URL_INVALID") == 0)
        return "settings.tokenUrl";
    if (strcmp(code, "MAIL_FOLDER_UNKNOWN") == 0) return "settings.folder";
    if (strcmp(code, "TLS_FAILED") == 0 || strcmp(code, "PLAIN_FORBIDDEN") == 0)
        return smtp ? "settings.smtpSecurity" : "settings.imapSecurity";
    if (strcmp(code, "SENDER_REFUSED") == 0) return "address";
    return smtp ? "settings.smtpHost" : "settings.imapHost";
}

/* --- the form ------------------------------------------------------------------------------- */

static const struct field signature_fields[] = {
    {.name = "pt", .type = F_TEXT, .raw = true, .max = 4000},
    {.name = "es", .type = F_TEXT, .raw = true, .max = 4000},
    {.name = "en", .type = F_TEXT, .raw = true, .max = 4000},
    {0},
};

static const struct field settings_fields[] = {
    {.name = "preset",
     .type = F_ENUM,
     .values = "gmail|outlook|yahoo|zoho|other",
     .otherwise = "\"other\"",
     .help = "Fills in the servers of a well-known service."},
    {.name = "imapHost",
     .type = F_TEXT,
     .max = 253,
     .help = "Where mail is read.",
     .example = "\"imap.loja.example\""},
    {.name = "imapPort", .type = F_INT, .min = 1, .max = 65535, .help = "Default: 993, else 143."},
    {.name = "imapSecurity",
     .type = F_ENUM,
     .values = "tls|starttls|none",
     .otherwise = "\"tls\"",
     .help = "none: only with a server on this machine."},
    {.name = "smtpHost",
     .type = F_TEXT,
     .max = 253,
     .help = "Where mail is sent.",
     .example = "\"smtp.loja.example\""},
    {.name = "smtpPort",
     .type = F_INT,
     .min = 1,
     .max = 65535,
     .help = "Default: 465, else 587, else 25."},
    {.name = "smtpSecurity",
     .type = F_ENUM,
     .values = "tls|starttls|none",
     .help = "Default: what the service wants, else tls."},
    {.name = "username", .type = F_TEXT, .max = 254, .help = "Default: the address."},
    {.name = "fromName",
     .type = F_TEXT,
     .max = 100,
     .help = "The sender's name that people see.",
     .example = "\"Quintal da Lola\""},
    {.name = "folder",
     .type = F_TEXT,
     .max = 200,
     .otherwise = "\"INBOX\"",
     .help = "The folder that is read."},
    {.name = "importDays",
     .type = F_INT,
     .min = 0,
     .max = 90,
     .otherwise = "7",
     .help = "Mails of so many days are taken when the account is connected."},
    {.name = "signature",
     .type = F_OBJECT,
     .fields = signature_fields,
     .help = "Below every mail that leaves."},
    {.name = "quote",
     .type = F_BOOL,
     .otherwise = "true",
     .help = "Put the mail that is answered below the answer."},
    {.name = "auth",
     .type = F_ENUM,
     .values = "password|oauth2",
     .otherwise = "\"password\"",
     .help = "oauth2: XOAUTH2 with a refresh token."},
    {.name = "clientId", .type = F_TEXT, .max = 300, .help = "Of the OAuth app."},
    {.name = "tokenUrl",
     .type = F_URL,
     .max = 300,
     .help = "Where access tokens are given (https); default: the service's."},
    {0},
};

static const struct field secrets_fields[] = {
    {.name = "password",
     .type = F_TEXT,
     .raw = true,
     .secret = true,
     .max = 500,
     .help = "An app password where the service has them."},
    {.name = "refreshToken", .type = F_TEXT, .secret = true, .max = 4000},
    {.name = "clientSecret", .type = F_TEXT, .secret = true, .max = 500},
    {0},
};

static const char *const secrets_go_to[] = {"preset",       "imapHost", "imapPort",
                                            "imapSecurity", "smtpHost", "smtpPort",
                                            "smtpSecurity", "tokenUrl", NULL};

static const struct file_limit file_limits[] = {
    {.kind = "image", .bytes_max = FILE_MAX, .caption_max = TEXT_MAX},
    {.kind = "video", .bytes_max = FILE_MAX, .caption_max = TEXT_MAX},
    {.kind = "audio", .bytes_max = FILE_MAX, .caption_max = TEXT_MAX},
    {.kind = "document", .bytes_max = FILE_MAX, .caption_max = TEXT_MAX},
    {0},
};

const struct channel_kind email_kind = {
    .kind = "email",
    .label = "E-mail",
    .can = CAN_IMAGE | CAN_VIDEO | CAN_AUDIO | CAN_DOCUMENT | CAN_REPLY | CAN_SUBJECT,
    .limits = {.text_max = TEXT_MAX, .files = file_limits, .subject_max = SUBJECT_MAX},
    .identity_kind = "email",
    .opens = "email",
    .settings = settings_fields,
    .secrets = secrets_fields,
    .secrets_go_to = secrets_go_to,
    .check = email_check,
    .watch = email_watch,
    .send = email_send,
    .routes = email_routes,
};
