/* The contract of a channel: one const struct of functions per kind, registered in channels.c. The
 * inbox knows only this. A channel verifies and decodes what comes in to one neutral form, says
 * what it can do and its limits, and sends. To add one: a folder with its struct, a row in
 * channels.c (docs/ADDING.md). Functions are MUST or MAY as marked.
 *
 * What a platform calls us for takes this way (hooks.c): verify over the raw bytes → the body
 * committed as a row → 200 → job "channel.receive": decode, which is pure and never waits → the
 * events of the body, in lots, through the sink → the body is done. What a channel fetches by
 * itself (a mailbox), or is ours (web chat), goes to the sink directly. */
#ifndef INTERFLOW_CHANNELS_CHANNEL_H
#define INTERFLOW_CHANNELS_CHANNEL_H

#include "core/files.h"
#include "core/http_client.h"
#include "core/router.h"

enum message_kind {
    MESSAGE_TEXT,
    MESSAGE_IMAGE,
    MESSAGE_VIDEO,
    MESSAGE_AUDIO,
    MESSAGE_DOCUMENT,
    MESSAGE_LOCATION,
    MESSAGE_CONTACT,
    MESSAGE_TEMPLATE,
    MESSAGE_EMAIL,
    MESSAGE_UNSUPPORTED,
    MESSAGE_KIND_COUNT
};

/* Delivery states, ranked: a state only rises; failed only from queued or sent. */
enum message_status { STATUS_QUEUED, STATUS_SENT, STATUS_DELIVERED, STATUS_READ, STATUS_FAILED };

enum channel_can {
    CAN_IMAGE = 1,
    CAN_VIDEO = 2,
    CAN_AUDIO = 4,
    CAN_DOCUMENT = 8,
    CAN_LOCATION = 16,
    CAN_CONTACT = 32,
    CAN_REACTION = 64,
    CAN_REPLY = 128,
    CAN_BUTTONS = 256,
    CAN_LIST = 512,
    CAN_TEMPLATE = 1024,
    CAN_EDIT = 2048,
    CAN_DELETE = 4096,
    CAN_TYPING = 8192,
    CAN_DELIVERED = 16384,
    CAN_READ = 32768,
    CAN_SUBJECT = 65536,
    CAN_LINK = 131072, /* a button that opens an address */
};

#define MESSAGE_FILES_MAX 10

/* --- limits ---------------------------------------------------------------------------- */

/* What a kind takes of one kind of file. */
struct file_limit {
    const char *kind;  /* "image" "video" "audio" "document"; NULL ends a list */
    const char *types; /* media types with commas; NULL: any */
    int64_t bytes_max;
    int caption_max; /* characters; 0: none, the text leaves as a message of its own */
};

/* For the composer, the editor of flows, and the check before anything is written. 0: no limit of
 * its own. */
struct channel_limits {
    int text_max;       /* MUST: characters of one message */
    int text_bytes_max; /* UTF-8 bytes, where the platform counts those */
    bool text_splits;   /* longer ones leave in several parts instead of being refused */
    const struct file_limit *files; /* MUST when it takes files */
    int files_max;                  /* of one message; default MESSAGE_FILES_MAX */
    int buttons_max, button_title_max, buttons_text_max;
    bool choices_with_file; /* one file may stand above buttons, a list or a link */
    int list_rows_max, list_sections_max, list_title_max, list_description_max, list_button_max,
        list_text_max;
    int subject_max;
    int window_hours;      /* 24: afterwards only what the platform approved; 0: always open */
    int human_agent_hours; /* until when a person may still write after that; 0: no such thing */
};

/* --- accounts -------------------------------------------------------------------------- */

/* A connected account, as a channel's functions see it. */
struct channel {
    struct uuid id; /* nil: not saved yet */
    const char *kind;
    const char *name;
    const char *address;
    const char *status;
    const char *external_account; /* the platform's id of it; "" when unknown */
    const char *public_key;       /* the last part of its webhook's address; NULL: none */
    json_t *settings;             /* validated by the kind's setting fields */
    json_t *secrets;              /* opened; never logged */
    struct uuid default_team;
};

/* The steps of looking whether an account works, in the order done. Words of codes are in the
 * interface, in three languages. */
#define CHECK_STEPS_MAX 12
struct check_step {
    const char *id; /* "token", "number", "webhook", "imap", "smtp", … */
    bool ok;
    const char *code;    /* what is wrong, stable: "TOKEN_EXPIRED"; NULL when ok */
    const char *message; /* the same for a person, in English */
    const char *field;   /* the setting or secret that is wrong ("secrets.token"); NULL: none */
};
struct check_result {
    struct check_step steps[CHECK_STEPS_MAX];
    int count;
    const char *name, *address, *external_account; /* found out; may be NULL */
    json_t *quality;                               /* found out, owned by the arena; may be NULL */
    int64_t token_expires_unix_ms;                 /* 0: never, or unknown */
};

/* --- what comes in --------------------------------------------------------------------- */

enum inbound_type {
    INBOUND_MESSAGE,  /* somebody wrote; with echo: the business did, elsewhere */
    INBOUND_STATUS,   /* external_id, status, sent_unix_ms, error; our_message when it came back */
    INBOUND_REACTION, /* target_external_id, emoji; "" takes it back */
    INBOUND_EDIT,     /* target_external_id, text */
    INBOUND_REMOVAL,  /* target_external_id: our copy is blanked */
    INBOUND_WATERMARK, /* identifier, status (delivered, read), sent_unix_ms: all of ours till then */
    INBOUND_IDENTITY, /* previous → identifier: the same person */
    INBOUND_ACCOUNT,  /* data {status?, reason?, quality?}: news of the account itself */
    INBOUND_NAME,     /* customer_name: what the account's own address book calls identifier */
    INBOUND_TEMPLATE, /* data {externalId, name, language, status?, reason?, category?, quality?} */
    INBOUND_NOTE,     /* understood, nothing to do: text says what it was */
};

/* Strings live as long as the context or arena that they were made in. */
struct inbound_file {
    enum message_kind kind;
    const char *name, *type;
    struct uuid file; /* kept already; nil: fetch later */
    json_t *source;   /* how to fetch it (kind->fetch, a job of its own); NULL when kept */
    int64_t size_bytes;
};
struct inbound {
    enum inbound_type type;
    const char *account;       /* the platform's id of the account that it is for; NULL: this one */
    const char *external_id;   /* the platform's id; unique per channel: doubles are dropped by the
                                  database */
    const char *identity_kind; /* contacts.kind: "whatsapp", "webchat", … */
    const char *identifier;    /* as received */
    const char *previous;      /* INBOUND_IDENTITY */
    const char *customer_name; /* may be NULL: used only while the customer has none */
    const char *email, *phone; /* further contacts of the same person; may be NULL */
    const char *also; /* a second identifier of the same kind (business-scoped user id beside
                                  the phone number); may be NULL */
    enum message_kind kind;
    const char *text;                 /* "" when none */
    json_t *data;                     /* kind's own (location, buttons pressed, …); may be NULL */
    const char *reply_to_external_id; /* may be NULL */
    const char *target_external_id;   /* of a reaction, edit, removal */
    const char *emoji;
    enum message_status status;
    json_t *error;           /* of a failed status: {code, message, raw}; may be NULL */
    struct uuid our_message; /* our own id, where the platform gives it back; nil: none */
    int our_part; /* > 0: it says that the first our_part parts of that message are out, no more */
    struct uuid reply_to; /* our own message id, for channels of ours; nil: none */
    struct uuid
        thread_chat;       /* the chat that it answers by the platform's own threading (mail); taken
                                where it is of the same person; nil: none */
    const char *client_id; /* made by the sender (web chat): unique in its chat; may be NULL */
    struct inbound_file files[MESSAGE_FILES_MAX];
    int file_count;
    int64_t sent_unix_ms; /* by the platform's clock; 0: now */
    bool echo;            /* sent by the business elsewhere (phone app): stored as out */
    bool history;         /* from before the account was connected: makes no news, opens no chat */
    bool automatic;       /* an auto-reply or a bounce: kept, never answered by a program */
    json_t *visitor;      /* webchat: page, referrer; may be NULL */
    json_t *mail;         /* e-mail: rows that are written in the same commit, as the SQL function
                     mail_receive takes them; may be NULL */
};

/* The events of one body. Grows in its arena. */
struct inbound_list {
    struct arena *arena;
    struct inbound *items;
    int count, capacity;
};
#define INBOUND_EVENTS_MAX 10000 /* of one body */
/* A new zeroed event at the end; NULL when there are too many. */
struct inbound *inbound_add(struct inbound_list *list, enum inbound_type type);

/* --- what goes out --------------------------------------------------------------------- */

/* One message to send. */
struct outbound {
    struct uuid message;
    struct uuid chat;
    const char *identifier; /* of the contact, as received */
    const char *also;       /* the person's other identifier of the kind; NULL: none */
    enum message_kind kind;
    const char *text;
    const json_t *data; /* {buttons|list|link|template|location|contacts|mail: …} */
    const char *reply_to_external_id;
    const char *last_inbound_external_id; /* the newest message from the person; NULL: none */
    struct file files[MESSAGE_FILES_MAX];
    int file_count;
    bool human;                   /* a person wrote it, not a program */
    int64_t window_until_unix_ms; /* 0: no window */
    int part;                     /* > 0: the first `part` parts of it have gone out already */
    int tries;
};

/* What sending said. */
enum send_outcome {
    SEND_OK,           /* external_id and status are set */
    SEND_LATER,        /* again after retry_after_ms (0: the usual back-off) */
    SEND_DISCONNECTED, /* the account must be connected again: the channel's state changes, its
                          messages wait */
    SEND_REFUSED,      /* never: error_code, error_message (words for a person) */
};
struct send_result {
    enum send_outcome outcome;
    enum message_status status;
    const char *external_id;
    const char *error_code, *error_message;
    const char *advice; /* "template", "reconnect", "recipient", "content", "account", "later": what
                           a person can do about it; NULL: nothing */
    json_t *error_raw;  /* the platform's own words, kept and shown */
    int64_t retry_after_ms;
    bool untried; /* SEND_LATER: there was no room, nothing was tried: what failed before stays
                     counted */
    int part;     /* SEND_LATER: parts that are out already */
};

/* What a platform tells of a person. */
struct profile {
    const char *name, *username; /* NULL: not told */
    struct uuid picture;         /* kept as a file of ours; nil: none */
};

/* --- the contract ---------------------------------------------------------------------- */

struct template_functions;

struct channel_kind {
    const char *kind;             /* MUST: "webchat" */
    const char *label;            /* MUST: English name for documents */
    uint32_t can;                 /* MUST: enum channel_can */
    struct channel_limits limits; /* MUST */
    const char *identity_kind;    /* MUST: contacts.kind of its people */
    const char *opens; /* contacts.kinds, with commas, that a conversation can be begun with; NULL:
                          only who wrote before is answered */
    const struct field *settings; /* MUST: rows of settings, for validation and the form */
    const struct field *secrets;  /* MAY */
    /* MAY: names of the settings that say where the secrets are sent, NULL at the end. Who changes
     * one of them enters the secrets anew: nobody can have them sent elsewhere. */
    const char *const *secrets_go_to;
    /* MAY: does the account work? Calls out; never in a transaction. A step that fails is no error
     * of the function. Saving refuses with the first failed step; the button shows all. */
    enum err (*check)(struct ctx *c, const struct channel *ch, struct check_result *ret);
    /* MAY: job after an account was saved or resumed: subscribe, first synchronisation. */
    enum err (*connected)(struct ctx *c, const struct channel *ch);
    /* MAY: job channel.settled, which connected() adds for later: what needs that its first data are
     * in. */
    enum err (*settled)(struct ctx *c, const struct channel *ch);
    /* MAY: job before its secrets go: unsubscribe. Best effort. */
    enum err (*removed)(struct ctx *c, const struct channel *ch);
    /* MAY: GET of its webhook address (the platform looks whether it is ours). */
    enum err (*handshake)(struct ctx *c, const struct channel *ch, struct request *r,
                          struct reply *p);
    /* MUST with decode: ERR_UNAUTHORIZED unless the raw body is the platform's. */
    enum err (*verify)(struct ctx *c, const struct channel *ch, const struct request *r);
    /* MAY: a raw body to events. Pure: it may run in a fuzzer. ERR_INVALID with *ret_why: the body
     * is parked. */
    enum err (*decode)(struct arena *a, struct bytes body, struct inbound_list *ret_list,
                       const char **ret_why);
    /* MAY: is it the echo of what this program sent through the account, by the platform's own
     * word? It is dropped. */
    bool (*ours)(struct ctx *c, const struct channel *ch, const struct inbound *in);
    /* MAY: a body without what must not be kept: addresses of stories, people of an address book
     * and, where external_id is not NULL, the content of that message. Pure. False: there was nothing of it. */
    bool (*forget)(struct arena *a, struct bytes body, const char *external_id,
                   struct bytes *ret_body);
    /* MUST: runs in the "message.send" job, in order per chat, may run twice for one message. */
    enum err (*send)(struct ctx *c, const struct channel *ch, const struct outbound *m,
                     struct send_result *ret_result);
    /* MAY: put emoji ("" takes back) on the person's message. m names the chat and contact. */
    enum err (*react)(struct ctx *c, const struct channel *ch, const struct outbound *m,
                      const char *external_id, const char *emoji, struct send_result *ret_result);
    /* MAY: the team has read up to the person's message. Best effort, a job. */
    enum err (*seen)(struct ctx *c, const struct channel *ch, const char *identifier,
                     const char *external_id);
    /* MAY: an agent types. Best effort. */
    void (*typing)(struct ctx *c, const struct channel *ch, struct uuid chat,
                   const char *identifier, bool on);
    /* MAY: fetch an inbound file's content and keep it. ERR_NOT_FOUND: gone for good; other errors
     * are tried again. */
    enum err (*fetch)(struct ctx *c, const struct channel *ch, const struct inbound_file *f,
                      struct file *ret_file);
    /* MAY: name and picture of a person who wrote (job contact.profile). That the platform tells
     * nothing is usual: ERR_OK with an empty profile; other errors are tried again. */
    enum err (*profile)(struct ctx *c, const struct channel *ch, const char *identifier,
                        struct profile *ret_profile);
    /* MAY: hourly: token, subscription, templates, quality. */
    enum err (*upkeep)(struct ctx *c, const struct channel *ch);
    /* MAY: hold a connection as long as the account is connected; one worker at a time has it.
     * Returns when cancelled (the account changed, the program ends) or broken (tried again with
     * back-off). */
    enum err (*watch)(struct ctx *c, const struct channel *ch);
    /* MAY: its people read the chat itself: what a program writes while the account is connected is
     * sent with its commit, without a job. */
    bool reads_here;
    const struct template_functions *templates; /* MAY: with CAN_TEMPLATE (templates.h) */
    const struct route *routes;                 /* MAY: its own routes */
};

/* Rows, NULL at the end. */
extern const struct channel_kind *const channel_kinds[];
const struct channel_kind *channel_kind_find(const char *kind);
/* Load an account with opened secrets. ERR_NOT_FOUND, also for deleted ones unless deleted_too. */
MUST_USE enum err channel_load(struct ctx *c, struct uuid id, bool deleted_too,
                               struct channel *ret_channel);

/* Settings (JSON) and sealed secrets (NULL: none) of a row into ch. */
MUST_USE enum err channel_texts_open(struct ctx *c, const char *settings, const char *sealed,
                                     struct channel *ch);

/* Seal the secrets of an account for its row; NULL when there are none. */
const char *channel_secrets_seal(struct ctx *c, const json_t *secrets);

/* What channels ask of the inbox, given by src/inbox at start (news goes upwards through this one
 * door). */
struct channel_sink {
    /* Store one inbound message: identity → customer → open chat (or a new one) → message, events,
     * jobs; one transaction. A double is ERR_OK with *ret_double. *ret_seen (may be NULL): the
     * message as JSON for the visitor of a web chat, where it was at hand, else NULL. */
    enum err (*message)(struct ctx *c, const struct channel *ch, const struct inbound *in,
                        struct uuid *ret_chat, struct uuid *ret_message, bool *ret_double,
                        const char **ret_seen);
    /* A delivery state from the platform; ranked, unknown ids are ERR_NOT_FOUND (the caller keeps
     * and retries). */
    enum err (*status)(struct ctx *c, const struct channel *ch, const char *external_id,
                       enum message_status status, int64_t at_unix_ms, const json_t *error);
    enum err (*reaction)(struct ctx *c, const struct channel *ch, const char *external_id,
                         const char *identifier, const char *emoji);
    /* What bodies held, each person's in order. Doubles, and events about messages that we do not
     * know, are no errors. After an error some are stored and some are not, and all may be given
     * again. */
    enum err (*events)(struct ctx *c, const struct channel *ch, const struct inbound_list *list);
    void (*typing)(struct ctx *c, const struct channel *ch, struct uuid chat, bool on);
};
void channel_sink_set(const struct channel_sink *sink);
const struct channel_sink *channel_sink(void);

#endif
