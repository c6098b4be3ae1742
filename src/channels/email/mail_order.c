/* Who waits for whom among the mails of a mailbox that are taken at the same time (mail_order.h).
 *
 * A mail is known by keys: its person, the Message-IDs that it has and names. As long as the keys of
 * an older mail are not known (it is being read on a thread), everything behind it waits. Keys are
 * 64-bit digests: two that are the same by chance cost a moment of waiting, no more. Waiting goes
 * to older mails only, so that it ends. */
#include "channels/email/mail_order.h"

void mail_order_add(struct mail_order *o, struct mail_turn *t, uint32_t uid)
{
    *t = (struct mail_turn){.order = o, .before = o->last, .uid = uid};
    if (o->last)
        o->last->next = t;
    else
        o->first = t;
    o->last = t;
}

void mail_order_remove(struct mail_turn *t)
{
    struct mail_order *o = t->order;
    if (!o) return;
    if (t->before)
        t->before->next = t->next;
    else
        o->first = t->next;
    if (t->next)
        t->next->before = t->before;
    else
        o->last = t->before;
    t->order = NULL;
}

void mail_turn_key(struct mail_turn *t, char kind, const char *text, size_t len)
{
    if (!text || len == 0) return;
    if (t->key_count == MAIL_TURN_KEYS_MAX) {
        t->any = true;
        return;
    }
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    h = (h ^ (unsigned char)kind) * 1099511628211u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    t->keys[t->key_count++] = h;
}

static bool related(const struct mail_turn *a, const struct mail_turn *b)
{
    if (a->any || b->any) return true;
    for (int i = 0; i < a->key_count; i++)
        for (int k = 0; k < b->key_count; k++)
            if (a->keys[i] == b->keys[k]) return true;
    return false;
}

bool mail_turn_free(const struct mail_turn *t)
{
    for (const struct mail_turn *o = t->before; o; o = o->before)
        if (!o->known || related(o, t)) return false;
    return true;
}
