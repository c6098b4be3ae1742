/* Bodies of Instagram's webhook (messaging_body.h). */
#include "channels/instagram/instagram.h"
#include "messaging_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return messaging_body_check(instagram_decode, data, size);
}
