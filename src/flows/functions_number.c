/* Functions on numbers and money. Results are kept to 15 significant digits (value_round). */
#include "flows/functions_impl.h"

#include <math.h>
#include <string.h>

#include "crm/field_value.h"

static bool done(struct eval *ev, const struct call *call, double n, struct value *ret)
{
    if (!isfinite(n)) return eval_fail(ev, FLOW_RANGE, call->at, NULL, "the number gets too large");
    *ret = value_number(value_round(n));
    return true;
}

/* Half away from zero, to the decimals that one sees: 1.005 to 2 decimals is 1.01. */
bool fn_round(struct eval *ev, const struct call *call, struct value *ret)
{
    double n = call->args[0].number;
    double decimals = call->count > 1 ? call->args[1].number : 0;
    if (decimals < -15 || decimals > 15)
        return eval_fail(ev, FLOW_RANGE, call->arg_at[1], NULL, "from -15 to 15 decimals");
    if (fabs(n) >= 1e15 && decimals >= 0) return done(ev, call, n, ret);
    double scale = pow(10, fabs(decimals));
    double scaled = value_round(decimals < 0 ? n / scale : n * scale);
    if (!isfinite(scaled)) return done(ev, call, n, ret);
    scaled = round(scaled);
    return done(ev, call, decimals < 0 ? scaled * scale : scaled / scale, ret);
}

bool fn_floor(struct eval *ev, const struct call *call, struct value *ret)
{
    return done(ev, call, floor(call->args[0].number), ret);
}

bool fn_ceil(struct eval *ev, const struct call *call, struct value *ret)
{
    return done(ev, call, ceil(call->args[0].number), ret);
}

bool fn_abs(struct eval *ev, const struct call *call, struct value *ret)
{
    return done(ev, call, fabs(call->args[0].number), ret);
}

/* --- of many --------------------------------------------------------------------------- */

/* The numbers of min, max, sum, average: the items of a list, or the arguments. Blank ones are
 * passed over. */
struct numbers {
    const struct value *items;
    size_t count, at;
};

static struct numbers numbers_of(const struct call *call)
{
    if (call->count == 1 && call->args[0].type == VALUE_LIST)
        return (struct numbers){call->args[0].list.items, call->args[0].list.count, 0};
    return (struct numbers){call->args, call->count, 0};
}

/* The next number; *ret_more false: there is none. */
static bool next_number(struct eval *ev, const struct call *call, struct numbers *n, double *ret,
                        bool *ret_more)
{
    *ret_more = false;
    while (n->at < n->count && value_is_blank(&n->items[n->at]))
        n->at++;
    if (n->at == n->count) return true;
    size_t arg = n->items == call->args ? n->at : 0;
    const struct value *v = &n->items[n->at++];
    *ret_more = true;
    return eval_spend(ev, 1, call->at) && eval_number(ev, v, call->arg_at[arg], ret);
}

/* The smallest (sign 1) or largest (sign -1); of nothing empty. */
static bool extreme(struct eval *ev, const struct call *call, double sign, struct value *ret)
{
    struct numbers all = numbers_of(call);
    bool more = true;
    *ret = value_empty();
    for (double n = 0;;) {
        if (!next_number(ev, call, &all, &n, &more)) return false;
        if (!more) return true;
        if (ret->type == VALUE_EMPTY || n * sign < ret->number * sign) *ret = value_number(n);
    }
}

bool fn_min(struct eval *ev, const struct call *call, struct value *ret)
{
    return extreme(ev, call, 1, ret);
}

bool fn_max(struct eval *ev, const struct call *call, struct value *ret)
{
    return extreme(ev, call, -1, ret);
}

static bool add_up(struct eval *ev, const struct call *call, double *ret_sum, size_t *ret_count)
{
    struct numbers all = numbers_of(call);
    bool more = true;
    *ret_sum = 0;
    *ret_count = 0;
    for (double n = 0;;) {
        if (!next_number(ev, call, &all, &n, &more)) return false;
        if (!more) return true;
        *ret_sum = value_round(*ret_sum + n);
        ++*ret_count;
    }
}

bool fn_sum(struct eval *ev, const struct call *call, struct value *ret)
{
    double sum = 0;
    size_t count = 0;
    return add_up(ev, call, &sum, &count) && done(ev, call, sum, ret);
}

bool fn_average(struct eval *ev, const struct call *call, struct value *ret)
{
    double sum = 0;
    size_t count = 0;
    *ret = value_empty();
    if (!add_up(ev, call, &sum, &count)) return false;
    return count == 0 || done(ev, call, sum / (double)count, ret);
}

/* --- as people write them ------------------------------------------------------------------ */

static enum language language_of(const struct eval *ev, const struct call *call, size_t i)
{
    return call->count > i && call->args[i].text.len > 0 ? locale_language(call->args[i].text.s)
                                                         : ev->language;
}

bool fn_parse_number(struct eval *ev, const struct call *call, struct value *ret)
{
    double n = 0;
    struct value text;
    *ret = call->args[0];
    if (ret->type == VALUE_NUMBER) return true;
    if (!eval_text(ev, &call->args[0], call->arg_at[0], &text) ||
        !eval_spend(ev, text.text.len / 16, call->at))
        return false;
    bool ok = locale_parse_number(language_of(ev, call, 1), ev->env->currency, text.text.s,
                                  text.text.len, &n);
    *ret = ok ? value_number(n) : value_empty();
    return true;
}

static bool decimals_of(struct eval *ev, const struct call *call, int *ret)
{
    *ret = -1;
    if (call->count < 2) return true;
    double n = call->args[1].number;
    if (n < 0 || n > 15)
        return eval_fail(ev, FLOW_RANGE, call->arg_at[1], NULL, "from 0 to 15 decimals");
    *ret = (int)n;
    return true;
}

bool fn_format_number(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    int decimals = -1;
    if (!decimals_of(ev, call, &decimals)) return false;
    double n = call->args[0].number;
    if (decimals >= 0) { /* rounded as round() does */
        struct value rounded;
        if (!fn_round(ev, call, &rounded)) return false;
        n = rounded.number;
    }
    locale_number(&b, language_of(ev, call, 2), ev->env->currency, n, decimals);
    return eval_take_buf(ev, &b, call->at, ret);
}

/* Three capital letters. */
static bool currency_ok(const char *s)
{
    return strlen(s) == 3 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

bool fn_money(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    const char *home = ev->env->currency ? ev->env->currency : "USD";
    const char *currency =
        call->count > 1 && call->args[1].text.len > 0 ? call->args[1].text.s : home;
    if (!currency_ok(currency))
        return eval_fail(ev, FLOW_RANGE, call->arg_at[call->count > 1 ? 1 : 0], currency,
                         "a currency is three letters like BRL");
    locale_money(&b, language_of(ev, call, 2), currency, home, round(call->args[0].number));
    return eval_take_buf(ev, &b, call->at, ret);
}

/* random(): from 0 up to 1; random(a, b): a whole number, both included. */
bool fn_random(struct eval *ev, const struct call *call, struct value *ret)
{
    if (!ev->env->random)
        return eval_fail(ev, FLOW_UNAVAILABLE, call->at, "random", "there is no chance here");
    uint64_t bits = ev->env->random(ev->env->arg);
    if (call->count == 0)
        return done(ev, call, floor((double)(bits >> 11) / 9007199254740992.0 * 1e15) / 1e15, ret);
    if (call->count == 1)
        return eval_fail(ev, FLOW_ARGUMENTS, call->at, "random", "random() takes 0 or 2 arguments");
    double from = call->args[0].number, to = call->args[1].number;
    if (to < from)
        return eval_fail(ev, FLOW_RANGE, call->at, NULL, "the second must not be smaller");
    double span = to - from + 1;
    if (span > 4294967296.0)
        return eval_fail(ev, FLOW_RANGE, call->at, NULL, "the numbers are too far apart");
    return done(ev, call, from + floor((double)(bits >> 11) / 9007199254740992.0 * span), ret);
}

/* --- formatters ------------------------------------------------------------------------- */

/* Numbers, and texts that are numbers in any notation; others stay as they are. */
static bool format_input(struct eval *ev, const struct call *call, double *ret, bool *ret_is)
{
    const struct value *v = &call->args[0];
    *ret_is = v->type == VALUE_NUMBER;
    if (*ret_is) *ret = v->number;
    if (v->type == VALUE_TEXT)
        *ret_is = value_number_parse(v->text.s, v->text.len, ret) ||
                  locale_parse_number(ev->language, ev->env->currency, v->text.s, v->text.len, ret);
    return true;
}

bool format_number(struct eval *ev, const struct call *call, struct value *ret)
{
    double n = 0;
    bool is = false;
    if (!format_input(ev, call, &n, &is)) return false;
    if (!is) return eval_show(ev, &call->args[0], call->at, ret);
    struct value args[2] = {value_number(n), call->count > 1 ? call->args[1] : value_empty()};
    struct call inner = *call;
    inner.args = args;
    return fn_format_number(ev, &inner, ret);
}

/* An amount in whole money (19.9 is R$ 19,90), or a field's {"amountMinor", "currency"}. The function
 * money() takes minor units. */
bool format_money(struct eval *ev, const struct call *call, struct value *ret)
{
    CLEANUP(buf_free) struct buf b = BUF_INIT(EXPR_TEXT_LIMIT);
    double n = 0;
    bool is = false;
    const char *home = ev->env->currency ? ev->env->currency : "USD";
    const char *currency =
        call->count > 1 && call->args[1].text.len > 0 ? call->args[1].text.s : home;
    const struct value *minor = value_member(&call->args[0], "amountMinor", 11);
    const struct value *own = value_member(&call->args[0], "currency", 8);
    if (minor && own && own->type == VALUE_TEXT && call->count < 2) currency = own->text.s;
    if (!currency_ok(currency))
        return eval_fail(ev, FLOW_RANGE, call->at, currency,
                         "a currency is three letters like BRL");
    if (minor && minor->type == VALUE_NUMBER) {
        n = minor->number;
        is = true;
    } else {
        if (!format_input(ev, call, &n, &is)) return false;
        int decimals = currency_decimals(currency);
        n = round(value_round(n * (decimals == 0 ? 1 : decimals == 3 ? 1000 : 100)));
    }
    if (!is || !isfinite(n)) return eval_show(ev, &call->args[0], call->at, ret);
    locale_money(&b, ev->language, currency, home, n);
    return eval_take_buf(ev, &b, call->at, ret);
}
