/* Options that a customer chooses from: shown as buttons or a list where the channel has them, as
 * numbered lines where it has not; and what they answered, whichever way. */
#ifndef INTERFLOW_FLOWS_NODES_CHOICES_H
#define INTERFLOW_FLOWS_NODES_CHOICES_H

#include "flows/run.h"

enum choice_style { CHOICE_BUTTONS, CHOICE_LIST, CHOICE_NUMBERS };
/* How a channel (NULL: numbers) shows options under a text: as asked ("buttons", "list", "numbers";
 * "": buttons), or as near as its limits allow. What would be told apart by nothing, because titles
 * are equal once they are cut, is numbered: some platforms refuse the whole message. */
enum choice_style choices_style(const struct channel_kind *k, const json_t *options,
                                const char *text, const char *asked);
/* A title, or what was written instead, as they are compared: folded, without white space and marks
 * around it. "" for what is too long to be one. */
const char *choices_said(struct arena *a, const char *s);
/* Are two titles the same where a channel cuts them to `most` characters (0: it does not)? */
bool choices_alike(const json_t *options, int most);

struct choices {
    const json_t *options;   /* [{id, title, description?}], as of an NF_OPTIONS field */
    const char *style;       /* "buttons", "list", "numbers"; "" or NULL: buttons */
    const char *list_button; /* what opens a list; "" or NULL: words of the session's language */
};

/* Send text with them, in the style asked for; what the channel cannot show so becomes a list, what
 * it cannot show so either becomes numbered lines. Without options the text alone. */
MUST_USE enum err choices_send(struct run *r, const struct node *n, const char *text,
                               const struct choices *c);
/* The id of the option that was meant: its button, its number ("2", "opção 2"), its title, or the
 * beginning of one title alone (case and accents folded); of several lines the last that fits.
 * NULL: none. */
const char *choices_match(struct run *r, const struct node *n, const json_t *options,
                          const struct answer *a);
/* The option's title, filled in; "" when there is none. */
const char *choices_title(struct run *r, const json_t *options, const char *id);

#endif
