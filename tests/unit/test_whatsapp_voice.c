/* Recordings to voice notes, and what is no recording: by the real ffmpeg, in a process with
 * limits. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "channels/whatsapp/voice.h"
#include "core/loop.h"

#include "check.h"

#define RATE 16000

static char folder[] = "/tmp/interflow-voice-XXXXXX";

struct take {
    struct app app;
    const char *path;
    enum err e;
    bool made, ready;
    char fault[64];
};

static void body(void *arg)
{
    struct take *j = arg;
    CLEANUP(ctx_freep) struct ctx *c = ctx_new(&j->app, MIB, clock_mono_ms() + 5 * MINUTE_MS);
    const char *out = NULL;
    j->e = voice_convert(c, j->path, &out);
    if (c->fault.code) (void)snprintf(j->fault, sizeof j->fault, "%s", c->fault.code);
    unsigned char head[512];
    CLEANUP(fd_closep) int fd = out ? open(out, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    j->made = fd >= 0;
    j->ready = n > 0 && voice_is_ready((struct bytes){.data = head, .len = (size_t)n});
    if (out) unlink(out);
    loop_stop(j->app.loop);
}

static struct take convert(const char *name, const void *data, size_t len)
{
    struct config config = {.data_dir = folder};
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    struct take j = {.app = {.config = &config}, .path = path};
    j.app.loop = loop_new(4, 1);
    assert_int_equal(loop_spawn(j.app.loop, body, &j, NULL), ERR_OK);
    loop_run(j.app.loop);
    loop_free(j.app.loop);
    return j;
}

/* Half a second of a tone as WAV, 16 bits. Returns its length. */
static size_t wav(unsigned char *out, int channels)
{
    const uint32_t data = (uint32_t)(RATE / 2 * channels * 2);
    const uint32_t words[] = {36 + data, 16, RATE, (uint32_t)(RATE * channels * 2), data};
    size_t n = 0;
#define PUT(bytes, count) (memcpy(out + n, (bytes), (count)), n += (count))
    const unsigned char format[] = {1, 0, (unsigned char)channels, 0};
    const unsigned char block[] = {(unsigned char)(channels * 2), 0, 16, 0};
    PUT("RIFF", 4);
    PUT(&words[0], 4);
    PUT("WAVEfmt ", 8);
    PUT(&words[1], 4);
    PUT(format, 4);
    PUT(&words[2], 4);
    PUT(&words[3], 4);
    PUT(block, 4);
    PUT("data", 4);
    PUT(&words[4], 4);
#undef PUT
    for (uint32_t i = 0; i < data; i++)
        out[n++] = (unsigned char)((i / 64) % 2 ? 0x10 : 0xf0);
    return n;
}

static void test_ready(void **state)
{
    (void)state;
    unsigned char head[48] = "OggS";
    memcpy(head + 28, "OpusHead\1\1", 10);
    assert_true(voice_is_ready((struct bytes){head, sizeof head}));
    head[37] = 2;
    assert_false(voice_is_ready((struct bytes){head, sizeof head}));
    head[37] = 1;
    assert_false(voice_is_ready((struct bytes){head, 37})); /* cut before the channels */
    assert_false(voice_is_ready((struct bytes){head, 3}));
    assert_false(voice_is_ready((struct bytes){0}));
    head[0] = 'R';
    assert_false(voice_is_ready((struct bytes){head, sizeof head}));
    const struct bytes none = {0};
    assert_true(audio_is_taken("audio/mpeg", none));
    assert_true(audio_is_taken("AUDIO/MP4; codecs=mp4a", none));
    assert_false(audio_is_taken("audio/ogg", none));
    assert_false(audio_is_taken("audio/webm", none));
    assert_false(audio_is_taken(NULL, none));
}

static void test_converted(void **state)
{
    (void)state;
    CLEANUP(mem_freep) unsigned char *bytes = mem_alloc((size_t)RATE * 4);
    for (int channels = 1; channels <= 2; channels++) {
        struct take j = convert("recording.wav", bytes, wav(bytes, channels));
        assert_int_equal(j.e, ERR_OK);
        assert_true(j.made && j.ready);
    }
}

/* Lists that name other files, which ffmpeg would open for whoever wrote them. */
static void test_lists(void **state)
{
    (void)state;
    CLEANUP(mem_freep) unsigned char *bytes = mem_alloc((size_t)RATE * 4);
    assert_int_equal(convert("inner.wav", bytes, wav(bytes, 1)).e, ERR_OK);
    char list[512];
    int n = snprintf(list, sizeof list, "ffconcat version 1.0\nfile 'inner.wav'\n");
    struct take j = convert("list.ffconcat", list, (size_t)n);
    assert_int_equal(j.e, ERR_MEDIA_TYPE);
    assert_string_equal(j.fault, "VOICE_UNREADABLE");
    n = snprintf(list, sizeof list,
                 "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://%s/inner.wav\n"
                 "#EXT-X-ENDLIST\n",
                 folder);
    assert_int_equal(convert("list.m3u8", list, (size_t)n).e, ERR_MEDIA_TYPE);
}

static void test_nonsense(void **state)
{
    (void)state;
    unsigned char bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 7);
    struct take j = convert("noise", bytes, sizeof bytes);
    assert_int_equal(j.e, ERR_MEDIA_TYPE);
    assert_string_equal(j.fault, "VOICE_UNREADABLE");
    memcpy(bytes, "OggS", 4);
    assert_int_equal(convert("noise.ogg", bytes, sizeof bytes).e, ERR_MEDIA_TYPE);
    assert_int_equal(convert("empty", "", 0).e, ERR_MEDIA_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_converted),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_nonsense),
    };
    char command[128], tmp[128];
    if (!mkdtemp(folder)) return 1;
    (void)snprintf(tmp, sizeof tmp, "%s/tmp", folder);
    if (mkdir(tmp, 0700) != 0) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? failed : 1;
}
