/* The inbox: chats and messages. This is what other domains (flows, campaigns, the web chat's
 * routes) may call; the rows of its API are in api_*.c, its jobs in jobs_messages.c, what browsers
 * see live in live.c.
 *
 * Invariants: one open chat per contact and channel (partial unique index); messages of a chat are
 * numbered without gaps under the chat's row lock; what must leave the house is a job in the same
 * transaction as the message. */
#ifndef INTERFLOW_INBOX_INBOX_H
#define INTERFLOW_INBOX_INBOX_H

#include "channels/channel.h"

extern const struct route inbox_chat_routes[]; /* lists, details, changes of state */
extern const struct route inbox_message_routes[];
extern const struct route inbox_bulk_routes[];
extern const struct route inbox_setup_routes[]; /* shortcuts, closure types, saved filters */
extern const struct route inbox_search_routes[];
extern const struct route inbox_public_routes[];  /* the paths that integrators know */
extern const struct route public_flow_routes[];   /* flows on them */
extern const struct route inbox_session_routes[]; /* bootstrap, events, files */
extern const struct job_kind inbox_job_kinds[];
extern const struct hub_kind inbox_hub_kind;

#define MESSAGE_STEPS_MAX 10

/* A message of ours to a customer. */
struct message_new {
    struct uuid chat;
    const char *content;   /* may be empty when there are files */
    const char *client_id; /* idempotency within the chat; NULL: none */
    struct uuid reply_to;  /* nil: none */
    struct uuid files[MESSAGE_FILES_MAX];
    int file_count;
    int64_t scheduled_unix_ms; /* 0: now */
    struct uuid sequence;      /* nil: not part of one */
    int64_t delay_ms;          /* of a sequence's step, after the one before */
    bool bot;                  /* written by the program, not by the actor */
    bool keep_pending;         /* a chat that nobody has stays so */
    json_t *data; /* borrowed; kept with the message: {buttons|list|link|location|contacts|mail,
                     metadata}; may be NULL */
    const json_t *template_given; /* borrowed; a template to be filled in instead of content */
};

/* Write an outgoing message and the job that sends it; in the open transaction when there is one.
 * *ret_json is the message (also of a double, *ret_double). ERR_NOT_FOUND; ERR_CONFLICT
 * CHAT_CLOSED; ERR_INVALID MESSAGE_TOO_LONG (by the channel's limit), UNSUPPORTED_MEDIA,
 * FILE_TOO_LARGE, or naming content, fileIds, data, replyToMessageId; ERR_UNPROCESSABLE
 * CHANNEL_DISCONNECTED, WINDOW_CLOSED, TEMPLATE_…; ERR_FORBIDDEN. */
MUST_USE enum err inbox_send(struct ctx *c, const struct message_new *m, const char **ret_json,
                             bool *ret_double);

struct crm_person;

/* How a chat begins that its customer did not begin. */
enum inbox_begin {
    BEGIN_PENDING, /* waits for somebody */
    BEGIN_STARTED, /* in progress: a first message is about to leave */
    BEGIN_BOT,     /* a program has it: nobody is given it meanwhile */
};
struct inbox_opened {
    struct uuid customer, contact, chat;
    bool existing; /* the chat was open already */
    bool customer_created;
    const char *formatted; /* the contact as the actor may see it; NULL */
};
/* The customer behind an identity, found or made, and their open chat on a channel, found or made
 * (team nil: the channel's); in the open transaction when there is one. ERR_INVALID (identity,
 * team), ERR_CONFLICT CUSTOMER_DUPLICATE, CHAT_ASSIGNED (not the actor's to see), ERR_NOT_FOUND
 * CUSTOMER_NOT_FOUND, ERR_UNPROCESSABLE CONTACT_NOT_REACHABLE: this kind of channel only
 * answers. */
MUST_USE enum err inbox_chat_open(struct ctx *c, const struct channel *ch,
                                  const struct crm_person *person, struct uuid team,
                                  enum inbox_begin how, struct inbox_opened *ret);
/* The last step of it alone, for a contact (of this kind) that was found before. */
MUST_USE enum err inbox_chat_open_with(struct ctx *c, const struct channel *ch, const char *kind,
                                       struct uuid customer, struct uuid contact, struct uuid team,
                                       enum inbox_begin how, struct inbox_opened *ret);

/* The channel_sink's message(): see channels/channel.h. */
MUST_USE enum err inbox_receive(struct ctx *c, const struct channel *ch, const struct inbound *in,
                                struct uuid *ret_chat, struct uuid *ret_message, bool *ret_double,
                                const char **ret_seen);

/* What flows give the inbox at their start; in the open transaction. vars: {name: value}, may be
 * NULL; *ret_name: the flow's. Faults as flows/store.h says, ERR_NOT_FOUND FLOW_NOT_FOUND. */
struct inbox_flows {
    /* Begin a live flow in a chat. */
    enum err (*begin)(struct ctx *c, struct uuid flow, struct uuid chat, const json_t *vars,
                      bool replace, struct uuid *ret_session, const char **ret_name);
    /* Begin it when the customer writes there; instead of the one that waits for that.
     * ERR_CONFLICT CHAT_TAKEN: a person has the chat. */
    enum err (*on_answer)(struct ctx *c, struct uuid flow, struct uuid chat, const json_t *vars,
                          const char **ret_name);
};
void inbox_flows_set(const struct inbox_flows *flows);

/* Module start: gives the channels their sink, makes the queue of what comes in. */
enum err inbox_start(struct app *app);
void inbox_stop(struct app *app);

#endif
