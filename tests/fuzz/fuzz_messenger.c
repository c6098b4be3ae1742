/* Bodies of Messenger's webhook (messaging_body.h). */
#include "channels/messenger/messenger.h"
#include "messaging_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return messaging_body_check(messenger_decode, data, size);
}
