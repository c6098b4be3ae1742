/* What must hold of any body of Messenger's or Instagram's webhook, however it is decoded. */
#ifndef INTERFLOW_TESTS_MESSAGING_BODY_H
#define INTERFLOW_TESTS_MESSAGING_BODY_H

#include <stdint.h>

#include "channels/meta/meta_forget.h"
#include "inbound_check.h"

typedef enum err messaging_decoder(struct arena *a, struct bytes body,
                                   struct inbound_list *ret_list, const char **ret_why);

/* The events hold to the contract, and what is refused says why. */
static inline int messaging_body_check(messaging_decoder *decode, const uint8_t *data, size_t size)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(32 * MIB);
    struct inbound_list list = {.arena = a};
    const char *why = NULL;
    struct bytes body = {.data = data, .len = size};
    enum err e = decode(a, body, &list, &why);
    if (e == ERR_OK)
        inbound_check(&list);
    else
        inbound_must(e == ERR_INVALID && why && *why);
    /* What must not be kept goes, and is gone. */
    struct bytes left = {0}, again = {0};
    if (meta_body_forget(a, body, NULL, &left))
        inbound_must(!meta_body_forget(a, left, NULL, &again));
    if (meta_body_forget(a, body, "m_1", &left))
        inbound_must(!meta_body_forget(a, left, "m_1", &again) || arena_exceeded(a));
    return 0;
}

#endif
