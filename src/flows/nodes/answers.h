/* What a customer answers to a question, read as the kind that was asked for: numbers and dates as
 * people write them in their language, telephone numbers by country, yes and no in many words. Pure. */
#ifndef INTERFLOW_FLOWS_NODES_ANSWERS_H
#define INTERFLOW_FLOWS_NODES_ANSWERS_H

#include "flows/run.h"

enum answer_kind {
    ANSWER_TEXT,   /* a text */
    ANSWER_NUMBER, /* a number; one alone among words is found ("tenho 30 anos") */
    ANSWER_EMAIL,  /* a text, the domain in small letters */
    ANSWER_PHONE,  /* a text, E.164 */
    ANSWER_DATE,   /* a date, mostly a whole day */
    ANSWER_FILE,   /* an object {id, kind, name, type, sizeBytes}: the first that fits */
    ANSWER_YESNO,  /* yes or no */
    ANSWER_KIND_COUNT
};
/* "text" "number" …; unknown names are ANSWER_TEXT. */
enum answer_kind answer_kind_of(const char *name);

/* What else is asked of it. */
struct answer_rules {
    enum answer_kind kind;
    bool has_min, has_max;
    double min, max;       /* of a number; of a text: characters */
    const char *pattern;   /* of a text; "" or NULL: any */
    const char *file_kind; /* "image" "video" "audio" "document"; "any", "" or NULL */
    int range;             /* of a date: -1 today or before, 1 today or after, 0 any */
};

/* False: it does not fit; *ret_why says so in a few English words, for the log. A pattern that
 * costs too much does not fit either. */
bool answer_read(const struct flow_env *env, struct arena *a, const struct answer_rules *rules,
                 const struct answer *answer, struct value *ret_value, const char **ret_why);

#endif
