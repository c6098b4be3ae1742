/* A small table of accounts (accounts.h): few are busy at once, and one that is pushed out is only
 * asked for again. */
#include "channels/accounts.h"

#include <string.h>

#include "base/mem.h"
#include "channels/worker.h"
#include "core/events.h"

#define SLOTS 64 /* a power of two */

struct slot {
    char *key; /* NULL: empty */
    struct account account;
    int64_t since_ms;
};

struct accounts {
    struct slot slots[SLOTS];
};

static struct slot *slot_of(const struct accounts *a, const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *p = key; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return (struct slot *)(uintptr_t)&a->slots[hash & (SLOTS - 1)];
}

#define TEXTS 9

/* Where an account's texts are. */
static void account_texts(struct account *a, const char **texts[TEXTS])
{
    const char **const all[TEXTS] = {
        &a->kind,     &a->name,    &a->address,  &a->status, &a->external_account,
        &a->language, &a->country, &a->settings, &a->sealed};
    memcpy(texts, all, sizeof all);
}

static void slot_clear(struct slot *s)
{
    const char **texts[TEXTS];
    account_texts(&s->account, texts);
    for (int i = 0; i < TEXTS; i++)
        mem_free((void *)(uintptr_t)*texts[i]);
    mem_free(s->key);
    *s = (struct slot){0};
}

static void on_event(void *arg, const struct event *e)
{
    const struct app *app = arg;
    const struct channels_worker *w = app->channels; /* NULL when the worker ends */
    if (!w || strcmp(e->type, "settings.changed") != 0) return;
    struct accounts *a = w->accounts;
    for (int i = 0; i < SLOTS; i++)
        if (a->slots[i].key && uuid_equal(a->slots[i].account.org, e->org))
            slot_clear(&a->slots[i]);
}

struct accounts *accounts_new(struct app *app)
{
    struct accounts *a = mem_alloc(sizeof *a);
    if (app->events) event_reader_on(app->events, on_event, app);
    return a;
}

void accounts_free(struct accounts *a)
{
    if (!a) return;
    for (int i = 0; i < SLOTS; i++)
        slot_clear(&a->slots[i]);
    mem_free(a);
}

const struct account *accounts_get(const struct accounts *a, const char *key, int64_t now_ms)
{
    const struct slot *s = a ? slot_of(a, key) : NULL;
    return s && s->key && strcmp(s->key, key) == 0 && now_ms - s->since_ms <= ACCOUNT_MS
               ? &s->account
               : NULL;
}

void accounts_put(struct accounts *a, const char *key, const struct account *account,
                  int64_t now_ms)
{
    if (!a) return;
    struct slot *s = slot_of(a, key);
    slot_clear(s);
    *s = (struct slot){.key = mem_strdup(key), .account = *account, .since_ms = now_ms};
    const char **texts[TEXTS];
    account_texts(&s->account, texts);
    for (int i = 0; i < TEXTS; i++)
        *texts[i] = mem_strdup(*texts[i]);
}
