/* The order of mails that are taken at the same time: who must wait for whom. Two mails that share a
 * person, a conversation or a Message-ID go one after the other, as they lay in the mailbox; all
 * others go beside each other. Pure. */
#ifndef INTERFLOW_CHANNELS_EMAIL_MAIL_ORDER_H
#define INTERFLOW_CHANNELS_EMAIL_MAIL_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAIL_TURN_KEYS_MAX 200 /* of one mail; one that has more waits for all and is waited for */

struct co;

/* One mail on its way in. Lies with whoever takes it, from mail_order_add to mail_order_remove. */
struct mail_turn {
    struct mail_order *order;
    struct mail_turn *before, *next;
    uint32_t uid;
    uint64_t keys[MAIL_TURN_KEYS_MAX];
    int key_count;
    bool known;    /* its keys are complete */
    bool any;      /* it has to do with every other one */
    struct co *co; /* waits for its turn; NULL: nobody does */
};

/* Oldest first. */
struct mail_order {
    struct mail_turn *first, *last;
    bool stopped; /* nobody's turn comes any more */
};

/* Behind all that are there. */
void mail_order_add(struct mail_order *o, struct mail_turn *t, uint32_t uid);
/* Nothing when it was removed already. */
void mail_order_remove(struct mail_turn *t);
/* It has to do with whatever else has this text under this letter. Empty and NULL ones: nothing. */
void mail_turn_key(struct mail_turn *t, char kind, const char *text, size_t len);
/* Is everything in that must be in before it? */
bool mail_turn_free(const struct mail_turn *t);

#endif
