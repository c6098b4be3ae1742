/* One run of a session: from where it stands, node after node, until it waits, ends, fails or meets
 * a limit. Pure: whatever it wants to know or do goes through its host (host_live.c: rows in the one
 * open transaction; host_test.c: the test panel; the unit tests' own). All memory is the run's
 * arena's and goes with it; the session is stored by who made the run (store.c). */
#ifndef INTERFLOW_FLOWS_RUN_H
#define INTERFLOW_FLOWS_RUN_H

#include "base/arena.h"
#include "base/err.h"
#include "channels/channel.h"
#include "flows/expr.h"
#include "flows/flows.h"
#include "flows/node.h"
#include "flows/template.h"

/* --- what wakes ------------------------------------------------------------------------ */

enum woken_kind {
    WOKE_START,  /* the first step; nodes do not see it */
    WOKE_ANSWER, /* the customer wrote */
    WOKE_TIMER,  /* run->wait.until_ms is here */
    WOKE_HTTP,   /* the answer of run_wait_http is here */
    WOKE_RETURN, /* the called flow ended */
    WOKE_LOOK,   /* something may have come: a message, the time, a person who lets it go on. The
                  loop sees what; nodes do not see this */
    WOKE_RETRY,  /* a person retries the node that failed: it is entered again */
};

/* What a customer said, read together: one message, or those that came within the debounce. */
struct answer {
    const char *text;    /* lines joined by \n; "" */
    const char *option;  /* "node.option" of the button pressed, as it was sent; NULL */
    const char *kind;    /* of the last: text image video audio document location contact … */
    const json_t *data;  /* of the last */
    const json_t *files; /* [{id, kind, name, type, sizeBytes, url}] of all; may be empty */
    int64_t at_ms;       /* of the last */
    int64_t seq;         /* of the last, in its chat */
    int count;
};

struct flow_reply {
    int status;            /* 0: no answer; then code and error say why */
    const char *code;      /* "TIMEOUT" "REFUSED" "TOO_LARGE" … ; "" */
    const char *error;     /* English words; "" */
    const char *body;      /* text, at most FLOW_HTTP_MAX_BYTES */
    const json_t *json;    /* of the body, NULL when it is none */
    const json_t *headers; /* [{name, value}] as they came, texts cleaned; NULL */
    int64_t took_ms;
    int tries;
};

struct woken {
    enum woken_kind kind;
    const struct answer *answer;   /* WOKE_ANSWER */
    const struct flow_reply *http; /* WOKE_HTTP */
};

enum wait_kind { WAIT_NONE, WAIT_ANSWER, WAIT_TIMER, WAIT_HTTP, WAIT_CALL };
extern const char *const wait_kind_names[]; /* "none" "answer" "timer" "http" "call" */

struct wait {
    enum wait_kind kind;
    const char *node_id;
    int64_t until_ms; /* 0: no end. Unix time of the run's clock; WAIT_ANSWER: then WOKE_TIMER */
    json_t *data;     /* the node's own, from one wait to the next ({"tries": 1}); an object */
};

/* --- what a run does ------------------------------------------------------------------- */

/* A message to the customer. */
struct flow_message {
    const char *text; /* "" with files */
    json_t *data;     /* as message_new.data ({buttons|list|link|mail}); NULL */
    struct uuid files[MESSAGE_FILES_MAX];
    int file_count;
    const json_t *template_given; /* as message_new.template_given; NULL */
    const json_t *options; /* [{id, title, description}] as asked for, however the channel shows
                                  them: for the test panel; NULL */
    const char *display;   /* "buttons" "list" "numbers"; NULL */
    struct uuid channel;   /* a mailbox: in the conversation that the customer has over it with the
                              address `to`, found or made; nil: in this chat */
    const char *to;
};

struct flow_transfer {
    struct uuid team, user; /* nil: not */
    int priority;           /* 0…3; -1: as it is */
    const char *note;       /* for the team; "" */
};

struct flow_request {
    const char *method, *url; /* GET POST PUT PATCH DELETE */
    const json_t *headers;    /* {name: value} */
    const char *body;         /* NULL: none */
    int timeout_ms;           /* 1,000 … 60,000 */
    int retries;              /* 0 … 5 more tries, with back-off, after 5xx, 429 and no answer */
};

/* What hosts give. All are MUST. Those that act return ERR_OK, a refusal (the step fails with the
 * run's fault: flow_refuses), or any other error: then the whole run is given up and rolled back,
 * and comes again. Ids of things that are gone are refusals. */
struct flow_host {
    int64_t (*now_ms)(struct run *r);  /* Unix, virtual in tests */
    uint32_t (*random)(struct run *r); /* all 32 bits */
    /* Around what a node does: undo takes back its effects (savepoint). */
    enum err (*begin)(struct run *r);
    enum err (*keep)(struct run *r);
    enum err (*undo)(struct run *r);
    enum err (*send)(struct run *r, const struct flow_message *m);
    /* {name, email, phone, document, birthDate, language, fields: {slug: text}}: only what is
     * there changes; run->context is new afterwards (as after tag and stage). */
    enum err (*customer)(struct run *r, const json_t *changes);
    enum err (*tag)(struct run *r, struct uuid tag, bool on);
    enum err (*stage)(struct run *r, struct uuid stage, const char *note);
    enum err (*transfer)(struct run *r, const struct flow_transfer *t); /* the chat is a person's */
    enum err (*note)(struct run *r, const char *text); /* for the team, in the conversation */
    enum err (*close)(struct run *r, struct uuid closure_type, const char *note);
    /* Opening hours of a team (nil: the organization's, or the channel's where it has some). */
    enum err (*open_hours)(struct run *r, struct uuid team, bool *ret_open);
    /* Keep the request: a job makes it once this run is stored (tests: real, or by hand). */
    enum err (*http)(struct run *r, const struct flow_request *q);
    /* The live version of another flow, for calls. */
    enum err (*flow)(struct run *r, struct uuid id, const struct flow **ret_flow);
    /* One of the versions that the stack names. */
    enum err (*version)(struct run *r, struct uuid version, const struct flow **ret_flow);
};

/* Is it the fault of what was asked for (the step fails), not of the machine (the run comes
 * again)? */
bool flow_refuses(enum err e);

/* --- the run --------------------------------------------------------------------------- */

/* How a run left its session. */
enum run_end {
    RUN_WAITING,
    RUN_DONE,
    RUN_FAILED, /* run->fault, at run->node; a person takes over */
    RUN_ABORT,  /* run->abort: nothing of it may be stored */
};

struct frame { /* who called */
    struct uuid flow, version;
    const char *node_id;
};

/* A line of the log: one node, once. */
struct run_step {
    int n;
    int64_t at_ms;
    const struct flow *flow;
    const char *node_id, *type;
    const char *port;         /* the one that was taken; NULL: none (it waits, ended, failed) */
    const char *what;         /* entered answered timeout http returned retried */
    json_t *data;             /* values a person wants to see, bounded; NULL */
    const char *code, *error; /* NULL */
    int64_t took_us;
};

/* What a variable was read as. It holds its JSON, so that another one is never at its place. */
struct run_known {
    const json_t *json;
    const struct flow_variable *declared;
    struct value value;
};
#define RUN_KNOWN_MAX 256

struct run_fault {
    const char *code; /* "STEPS_LIMIT" "WINDOW_CLOSED" … */
    const char *message;
};

struct run {
    struct arena *arena;
    const struct flow_host *host;
    void *host_arg;
    /* Where it stands. */
    struct uuid session;
    bool test;
    const struct flow *flow;
    const struct node *node;
    struct wait wait; /* when resuming: what was waited for, data included */
    json_t *vars;     /* {name: value as value.h writes it}; one space for all called flows */
    struct frame stack[FLOW_DEPTH_MAX];
    int depth;
    int steps;         /* of the session so far */
    int message_count; /* messages that programs wrote in the chat during the last minute */
    int sent;          /* messages of this session so far: numbers their client ids */
    int http_count;    /* requests of this session so far */
    /* What it knows: {customer, chat, channel, organization}, made by the host; NULL members when
     * there is none (a silent flow may have no chat). */
    json_t *context;
    json_t *trigger;    /* {kind, …, data}: what began it */
    struct answer last; /* the newest message of the customer that the session has read; text "" */
    struct answer *answers; /* unread, oldest first, put together by the debounce */
    int answer_count;
    int started_by; /* WOKE_START: so many of them began it, and answer nothing */
    const struct channel_kind *channel; /* NULL: no chat */
    struct flow_env env; /* of expressions: lookup, clock, zone and language of the customer */
    /* What came of it. */
    struct run_step *log;
    int log_count, log_capacity;
    struct run_fault fault;
    struct run_fault error; /* what the last error port led around: path error.message */
    enum err abort;
    /* The node's answer. */
    struct {
        const char *port;
        int target;
        const struct flow *flow;
    } out;
    /* Of the loop and its helpers (run.c, run_values.c). */
    json_t *note;         /* values of the step under way */
    json_t *vars_before;  /* the variables as they were before the step; NULL: unchanged */
    int run_steps;        /* since the last wait */
    int answer_next;      /* the first of answers that no wait has taken */
    bool limit;           /* the fault is a limit's: no error port leads around it */
    int64_t work;         /* operations that its expressions may still take */
    struct value seen[5]; /* context and trigger as values, made when first asked for */
    bool seen_made[5];
    struct run_known *known; /* variables as values, likewise */
    int known_count;
};

/* Variables that a session was started with, as their declared types where they can be so. */
void run_vars_typed(struct run *r);
/* Make ready: zeroed but for arena, host, host_arg; everything else is set by the caller after this.
 * Sets env's functions. */
void run_begin(struct run *r);
/* Go on, as `how` says: WOKE_START at the flow's start; WOKE_LOOK, WOKE_HTTP (with http) and
 * WOKE_RETRY at r->node. Answers are given to the waits that ask for them, in order. */
enum run_end run_go(struct run *r, enum woken_kind how, const struct flow_reply *http);
/* WOKE_LOOK: would it do anything at all? */
bool run_is_due(struct run *r);
/* How many of the answers were read: what the session has seen. */
int run_answers_read(const struct run *r);
/* After the host changed r->context. */
void run_context_changed(struct run *r);

/* --- for nodes: answers ------------------------------------------------------------------ */

enum step run_port(struct run *r, const char *port);
enum step run_next(struct run *r); /* port "next" */
enum step run_end_flow(struct run *r);
enum step run_over(struct run *r);
enum step run_jump(struct run *r, int target);
enum step run_call(struct run *r, const struct flow *flow);
enum step run_fail(struct run *r, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* One of the limits of flows.h was met: the session fails, whatever ports there are. */
enum step run_limit(struct run *r, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* After a host's error: STEP_FAIL with the fault that it left, or the end of the run. */
enum step run_error(struct run *r, enum err e);
/* Wait for what the customer writes; timeout_ms 0: for ever. data (may be NULL) is borrowed. */
enum step run_wait_answer(struct run *r, int64_t timeout_ms, json_t *data);
/* At once over WOKE_TIMER when the time has come already. */
enum step run_wait_until(struct run *r, int64_t unix_ms, json_t *data);
enum step run_wait_http(struct run *r, const struct flow_request *q, json_t *data);

/* --- for nodes: doing ------------------------------------------------------------------ */

int64_t run_now_ms(struct run *r);
/* Counts against FLOW_MESSAGES_PER_MINUTE, then the host's. */
MUST_USE enum err run_send(struct run *r, const struct flow_message *m);
/* Set a variable: converted to its declared type; refused (VALUE_TYPE, VALUE_LARGE, VARS_LARGE)
 * with the run's fault. */
MUST_USE enum err run_set(struct run *r, const char *name, const struct value *v);
MUST_USE enum err run_set_text(struct run *r, const char *name, const char *text);
MUST_USE enum err run_set_json(struct run *r, const char *name, const json_t *j);
/* Say a fault; returns ERR_INVALID, a refusal. For hosts and helpers. */
enum err run_refuse(struct run *r, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A value for the log of the step under way; texts are cut. Steals v. */
void run_note(struct run *r, const char *key, json_t *v);
void run_note_text(struct run *r, const char *key, const char *text);
/* A template field filled in ("" when the field is absent). In the arena; NULL: it cannot be read
 * (unknown function, budget, too large): the run's fault is set, return run_error(r, ERR_INVALID). */
const char *run_text(struct run *r, const struct node *n, const char *field);
const char *run_fill(struct run *r, const char *template, enum template_use use);
/* The value of a template that is one {{…}}, else its text. A refusal with the fault. */
MUST_USE enum err run_fill_value(struct run *r, const char *template, struct value *ret_value);
MUST_USE enum err run_expression(struct run *r, const char *text, struct value *ret_value);
/* A conditions field (condition.h), its rows noted in the step under key. NULL json: yes. */
MUST_USE enum err run_condition(struct run *r, const json_t *conditions, const char *key,
                                bool *ret_yes);
/* The wall clock of a zone ("" or unknown: the organization's) is in zone.h: */
const struct flow_zone *run_zone(struct run *r, const char *name);

#endif
