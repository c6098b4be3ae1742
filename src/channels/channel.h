/* The contract of a channel: one const struct of functions per kind, registered in channels.c. The
 * inbox knows only this. A channel verifies and decodes what comes in to one neutral form, says
 * what it can do and its limits, and sends. To add one: a folder with its struct, a row in
 * channels.c (docs/ADDING.md). Functions are MUST or MAY as marked. */
#ifndef INTERFLOW_CHANNELS_CHANNEL_H
#define INTERFLOW_CHANNELS_CHANNEL_H

#include "core/files.h"
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
};

#define MESSAGE_FILES_MAX 10

/* A connected account, as a channel's functions see it. */
struct channel {
    struct uuid id;
    const char *kind;
    const char *name;
    const char *address;
    const char *status;
    const json_t *settings; /* validated by the kind's setting fields */
    const json_t *secrets;  /* opened; never logged */
    struct uuid default_team;
};

/* One message from outside, neutral. Strings live as long as the context. */
struct inbound_file {
    enum message_kind kind;
    const char *name, *type;
    struct uuid file; /* kept already; nil: fetch later */
    json_t *source;   /* how to fetch it (a job of its own); NULL when kept */
    int64_t size_bytes;
};
struct inbound {
    const char *external_id;   /* the platform's id; unique per channel: doubles are dropped by the
                                  database */
    const char *identity_kind; /* contacts.kind: "whatsapp", "webchat", … */
    const char *identifier;    /* as received */
    const char *customer_name; /* may be NULL: used only while the customer has none */
    const char *email, *phone; /* further contacts given (pre-chat form); may be NULL */
    enum message_kind kind;
    const char *text;                 /* "" when none */
    json_t *data;                     /* kind's own (location, buttons pressed, …); may be NULL */
    const char *reply_to_external_id; /* may be NULL */
    struct uuid reply_to;             /* our own message id, for channels of ours; nil: none */
    const char *client_id; /* made by the sender (web chat): unique in its chat; may be NULL */
    struct inbound_file files[MESSAGE_FILES_MAX];
    int file_count;
    int64_t sent_unix_ms; /* by the platform's clock; 0: now */
    bool echo;            /* sent by the business elsewhere (phone app): stored as out */
    json_t *visitor;      /* webchat: page, referrer; may be NULL */
};

/* One message to send. */
struct outbound {
    struct uuid message;
    struct uuid chat;
    const char *identifier; /* of the contact, as received */
    enum message_kind kind;
    const char *text;
    const json_t *data;
    const char *reply_to_external_id;
    struct file files[MESSAGE_FILES_MAX];
    int file_count;
    int tries;
};

/* What sending said. */
enum send_outcome {
    SEND_OK,           /* external_id and status are set */
    SEND_LATER,        /* try again after retry_after_ms (0: the usual back-off) */
    SEND_DISCONNECTED, /* the account must be connected again: the channel's state changes, the
                          message waits */
    SEND_REFUSED,      /* never: error_code, error_message (words for a person) */
};
struct send_result {
    enum send_outcome outcome;
    enum message_status status;
    const char *external_id;
    const char *error_code, *error_message;
    json_t *error_raw; /* the platform's own words, kept and shown */
    int64_t retry_after_ms;
};

struct channel_kind {
    const char *kind;  /* MUST: "webchat" */
    const char *label; /* MUST: English name for documents */
    uint32_t can;      /* MUST: enum channel_can */
    int text_max;      /* MUST: characters of one message; longer ones are refused before sending */
    int64_t file_max_bytes;       /* MUST */
    int window_hours;             /* 0: none; 24: only templates afterwards */
    const char *identity_kind;    /* MUST: contacts.kind of its people */
    const struct field *settings; /* MUST: rows of settings, for validation and the form */
    const struct field *secrets;  /* MAY */
    /* MAY: check a new or changed account before it is saved; may call out. Fault on refusal. */
    enum err (*connect)(struct ctx *c, struct channel *ch);
    /* MUST: runs in the "message.send" job, in order per chat, may run twice for one message. */
    enum err (*send)(struct ctx *c, const struct channel *ch, const struct outbound *m,
                     struct send_result *ret_result);
    /* MAY: decode a stored raw body (kinds with webhooks). */
    enum err (*receive)(struct ctx *c, const struct channel *ch, struct bytes body);
    /* MAY: an agent types. Best effort. */
    void (*typing)(struct ctx *c, const struct channel *ch, struct uuid chat,
                   const char *identifier, bool on);
    const struct route *routes; /* MAY: its own routes */
};

/* Rows, NULL at the end. */
extern const struct channel_kind *const channel_kinds[];
const struct channel_kind *channel_kind_find(const char *kind);
/* Load an account with opened secrets. ERR_NOT_FOUND, also for deleted ones unless deleted_too. */
MUST_USE enum err channel_load(struct ctx *c, struct uuid id, bool deleted_too,
                               struct channel *ret_channel);

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
    void (*typing)(struct ctx *c, const struct channel *ch, struct uuid chat, bool on);
};
void channel_sink_set(const struct channel_sink *sink);
const struct channel_sink *channel_sink(void);

#endif
