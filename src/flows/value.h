/* The values of a flow: what variables hold, expressions give and conditions compare.
 *
 * Seven types. A value is small and passed by copy; what it points to (text, items, members) lies in
 * an arena and is never changed, so values may share it. Texts are text_valid (UTF-8 without control
 * characters but tab and line ends) and followed by a NUL. Numbers are finite doubles: whole numbers
 * are exact up to 2^53, others are kept to 15 significant digits, so that 0.1 + 0.2 is 0.3. */
#ifndef INTERFLOW_FLOWS_VALUE_H
#define INTERFLOW_FLOWS_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define VALUE_DEPTH_MAX   32 /* lists and objects inside each other */
#define VALUE_NUMBER_SIZE 32 /* bytes of a number's text */

enum value_type {
    VALUE_EMPTY, /* nothing: absent, null */
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_DATE, /* an instant, shown in a zone; or a whole day there */
    VALUE_LIST,
    VALUE_OBJECT,
    VALUE_TYPE_COUNT
};

struct value;
struct value_member;

struct value {
    enum value_type type;
    bool day; /* VALUE_DATE: a calendar day, whatever the zone; unix_ms is its midnight in UTC */
    union {
        bool yes;
        double number;
        struct {
            const char *s;
            size_t len; /* bytes */
        } text;
        struct {
            int64_t unix_ms;
            const char *zone; /* NULL: the environment's */
        } date;
        struct {
            const struct value *items;
            size_t count;
        } list;
        struct {
            const struct value_member *members;
            size_t count;
        } object;
    };
};

struct value_member {
    const char *key;
    size_t key_len;
    struct value value;
};

/* --- making ---------------------------------------------------------------------------- */

struct value value_empty(void);
struct value value_bool(bool yes);
struct value value_number(double n);    /* not finite: empty */
struct value value_text(const char *s); /* not copied; NULL: empty */
struct value value_text_n(const char *s, size_t len);
struct value value_date(int64_t unix_ms, const char *zone);
/* The calendar day of c; its clock is not looked at. */
struct value value_day(const struct civil *c);

/* Texts are copied, control characters go. Texts that look like dates stay texts; what value_store wrote comes back as it
 * was. Whole numbers beyond 2^53 become texts, so that no digit is lost. ERR_NO_MEMORY, ERR_INVALID
 * (nested deeper than VALUE_DEPTH_MAX). */
MUST_USE enum err value_from_json(struct arena *a, const json_t *j, struct value *ret_value);
/* For the world: a new reference. Dates become RFC 3339 in UTC, whole days "YYYY-MM-DD". NULL only
 * when out of memory. */
json_t *value_to_json(const struct value *v);
/* For keeping: as value_to_json, but dates become {"$date": text, "zone": name}, which
 * value_from_json reads back. */
json_t *value_store(const struct value *v);
/* A deep copy into a, of at most max_bytes (value_size): ERR_TOO_LARGE, ERR_NO_MEMORY; ERR_INVALID:
 * nested too deeply. */
MUST_USE enum err value_copy(struct arena *a, const struct value *v, size_t max_bytes,
                             struct value *ret_value);

/* --- looking --------------------------------------------------------------------------- */

/* "empty" "bool" "number" "text" "date" "list" "object". */
const char *value_type_name(enum value_type t);
/* Nothing to see: empty, text of white space only, no items, no members. */
bool value_is_blank(const struct value *v);
/* yes for: true, a number other than 0, and whatever else is not blank. */
bool value_is_yes(const struct value *v);
/* NULL: none, or not an object. */
const struct value *value_member(const struct value *v, const char *key, size_t key_len);
/* Negative indexes count from the end. NULL: none, or not a list. */
const struct value *value_item(const struct value *v, int64_t index);
/* Bytes that the value takes as JSON, roughly (never less than half of it). Stops counting past
 * `enough`. */
size_t value_size(const struct value *v, size_t enough);
/* Same type and content; all blank values are the same; the order of members does not matter. */
bool value_same(const struct value *a, const struct value *b);
/* To 15 significant digits, unless it is whole and below 2^53: what arithmetic does to its results. */
double value_round(double n);

/* --- as text --------------------------------------------------------------------------- */

/* "12", "-0.5", "1e+300": no noise, never a comma. Returns out. */
const char *value_number_text(double n, char out[VALUE_NUMBER_SIZE]);
/* A whole text that is a plain number ("12", "-0.5", ".5", "1e3"; white space around it is fine). */
bool value_number_parse(const char *s, size_t len, double *ret_number);
/* Compact JSON, numbers as value_number_text. */
void value_add_json(struct buf *b, const struct value *v);

#endif
