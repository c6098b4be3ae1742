/* Expressions: the small pure language of flows (docs/EXPRESSIONS.md). Text → tree, once; tree and
 * environment → value, as often as wanted. No database, no clock, no chance of its own: those come
 * through struct flow_env. Every evaluation is bounded in operations, memory, depth and size of the
 * result; whatever the text or the data, it ends with a value or an error that says where. */
#ifndef INTERFLOW_FLOWS_EXPR_H
#define INTERFLOW_FLOWS_EXPR_H

#include "flows/error.h"
#include "flows/path.h"
#include "flows/value.h"
#include "flows/zone.h"

#define EXPR_TEXT_MAX       (16 * KIB) /* bytes of an expression */
#define EXPR_DEPTH_MAX      40         /* parentheses, calls, operators inside each other */
#define EXPR_OPERATIONS_MAX 10000      /* of one evaluation; of one whole template or condition */
#define EXPR_MEMORY_MAX     (1 * MIB)  /* in between */
#define EXPR_VALUE_MAX      (16 * KIB) /* of the result, when the environment does not say */
#define EXPR_REGEX_MAX      1000       /* bytes of a regular expression */

/* What an evaluation knows of the world. Filled by the host; nothing is kept after the call. */
struct flow_env {
    void *arg; /* for the functions below */

    /* MUST. The value at the beginning of a path: path->steps[0].name is always a name. Sets how
     * many steps of the path the value answers (1: the whole of "customer"; more: the host looked
     * up that deep itself); the rest is walked here. The value must stay until the call ends. 0 also
     * for what does not exist: empty. Any other error stops the evaluation (FLOW_UNAVAILABLE). Asked
     * each time the expression comes to the path, and only then: so contexts can be loaded when
     * first used, and the trace can say what was used (path->text). */
    enum err (*lookup)(void *arg, const struct path *path, size_t *ret_used,
                       struct value *ret_value);
    int64_t (*now_ms)(void *arg);  /* MAY be NULL: now() is FLOW_UNAVAILABLE */
    uint64_t (*random)(void *arg); /* 64 random bits; MAY be NULL: random() is FLOW_UNAVAILABLE */

    struct flow_zones *zones; /* MAY be NULL: read anew each time, slower */
    const char *language;     /* "pt" "es" "en"; others, NULL: "en" */
    const char *zone;         /* IANA name; unknown, NULL: "UTC" */
    const char *currency;     /* "BRL"; NULL: "USD" */
    const char *country;      /* "BR"; NULL: telephone numbers only with their country code */
    size_t value_max_bytes;   /* 0: EXPR_VALUE_MAX */
    int64_t *work; /* operations that all evaluations together have left (a run's, a look at
                               triggers'); counted down. Without any, the next one is FLOW_BUDGET. MAY
                               be NULL: as many as wanted */
};

struct expr; /* immutable, in the arena that it was parsed into */

/* The whole of text (NUL-terminated) as one expression. Functions, numbers of arguments and
 * constant regular expressions are checked here. False: *ret_error, *ret_expr untouched. */
bool expr_parse(struct arena *a, const char *text, struct expr **ret_expr,
                struct flow_error *ret_error);
/* The value, copied into a. False: *ret_error (its texts in a), *ret_value untouched. */
bool expr_eval(const struct expr *e, const struct flow_env *env, struct arena *a,
               struct value *ret_value, struct flow_error *ret_error);
/* parse + eval. */
bool expr_run(const char *text, const struct flow_env *env, struct arena *a,
              struct value *ret_value, struct flow_error *ret_error);

/* Every variable that the expression names, for static checks: fn(arg, path, at). Steps after the
 * first that is only known when it runs (a[b]) are missing from path. */
typedef void expr_path_fn(void *arg, const struct path *path, size_t at);
void expr_each_path(const struct expr *e, expr_path_fn *fn, void *arg);

/* --- values in an environment ------------------------------------------------------------ */

/* As shown to a customer: "" for empty, "true"/"false", numbers plain ("1234.5"), dates in the
 * environment's language and zone, lists joined by ", ", objects as JSON. NULL: the arena's limit. */
const char *flow_value_text(const struct flow_env *env, struct arena *a, const struct value *v);
/* As a variable of that type (text number bool date list json) would hold it: "12,5" becomes 12.5,
 * "28/02/2026" a date, "sim" yes, one value a list of one. False: it cannot be one (*ret untouched);
 * blank values become empty and are always fine. */
bool flow_value_as(const struct flow_env *env, struct arena *a, const char *type,
                   const struct value *v, struct value *ret_value);
/* Lower case without accents, all of Unicode: what "the same text" means for keywords and
 * conditions. White space is kept. NULL: the arena's limit. */
char *flow_fold(struct arena *a, const char *s, size_t len);
/* s percent-encoded as in RFC 3986 (all but unreserved characters). */
void add_url_encoded(struct buf *b, const char *s, size_t len);
/* Does the pattern (PCRE2, UTF, cost bounded) match anywhere in text? any_case: capital and small
 * letters are one. work: as in struct flow_env; may be NULL. False: *ret_error (FLOW_BAD_PATTERN,
 * FLOW_PATTERN_COST, FLOW_BUDGET). */
bool flow_regex_match(struct arena *a, const char *pattern, const char *text, bool any_case,
                      int64_t *work, bool *ret_match, struct flow_error *ret_error);
/* Is it one at all? For checks. */
bool flow_regex_check(struct arena *a, const char *pattern, struct flow_error *ret_error);

#endif
