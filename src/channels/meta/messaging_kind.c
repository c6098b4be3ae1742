/* The functions of struct channel_kind that Messenger and Instagram share. */
#include "channels/meta/messaging_kind.h"

#include <string.h>

#include "channels/meta/messaging.h"
#include "channels/meta/messaging_account.h"

static const struct messaging_platform *platform_of(const struct channel *ch)
{
    return strcmp(ch->kind, "instagram") == 0 ? &messaging_instagram : &messaging_messenger;
}

enum err messaging_kind_send(struct ctx *c, const struct channel *ch, const struct outbound *m,
                             struct send_result *ret_result)
{
    return messaging_send(c, ch, platform_of(ch), m, ret_result);
}

enum err messaging_kind_react(struct ctx *c, const struct channel *ch, const struct outbound *m,
                              const char *external_id, const char *emoji,
                              struct send_result *ret_result)
{
    return messaging_react(c, ch, platform_of(ch), m, external_id, emoji, ret_result);
}

enum err messaging_kind_seen(struct ctx *c, const struct channel *ch, const char *identifier,
                             const char *external_id)
{
    (void)external_id; /* all that the person wrote so far */
    return messaging_action(c, ch, platform_of(ch), identifier, "mark_seen");
}

void messaging_kind_typing(struct ctx *c, const struct channel *ch, struct uuid chat,
                           const char *identifier, bool on)
{
    (void)chat;
    if (messaging_action(c, ch, platform_of(ch), identifier, on ? "typing_on" : "typing_off"))
        fault_clear(c);
}

enum err messaging_kind_profile(struct ctx *c, const struct channel *ch, const char *identifier,
                                struct profile *ret_profile)
{
    return messaging_profile(c, ch, platform_of(ch), identifier, ret_profile);
}

enum err messaging_kind_check(struct ctx *c, const struct channel *ch, struct check_result *ret)
{
    return messaging_check(c, ch, platform_of(ch), ret);
}

enum err messaging_kind_connected(struct ctx *c, const struct channel *ch)
{
    return messaging_subscribe(c, ch, platform_of(ch));
}

enum err messaging_kind_removed(struct ctx *c, const struct channel *ch)
{
    return messaging_unsubscribe(c, ch, platform_of(ch));
}

enum err messaging_kind_upkeep(struct ctx *c, const struct channel *ch)
{
    return messaging_upkeep(c, ch, platform_of(ch));
}
