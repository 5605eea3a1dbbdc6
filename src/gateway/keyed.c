/* Idempotency keys: a map, and a list of the answered from oldest to newest. */
#include "gateway/keyed.h"
#include "base/mem.h"

#include <string.h>

struct lf_keyed {
    struct lf_map map;
    struct lf_keyed_entry *oldest, *newest; /* answered ones */
    size_t answered;
    size_t max;
};

struct lf_keyed *
lf_keyed_new(size_t max)
{
    struct lf_keyed *keyed = lf_calloc(1, sizeof(*keyed));
    if (keyed == NULL)
        return NULL;
    lf_map_init(&keyed->map);
    keyed->max = max;
    return keyed;
}

void
lf_keyed_free(struct lf_keyed *keyed)
{
    if (keyed == NULL)
        return;
    size_t at = 0;
    for (const struct lf_map_entry *e = lf_map_next(&keyed->map, &at); e != NULL; e = lf_map_next(&keyed->map, &at))
        lf_free(e->value);
    lf_map_release(&keyed->map);
    lf_free(keyed);
}

struct lf_keyed_entry *
lf_keyed_find(struct lf_keyed *keyed, const char *event_id)
{
    return lf_map_get_text(&keyed->map, event_id);
}

struct lf_keyed_entry *
lf_keyed_add(struct lf_keyed *keyed, const char *event_id, const uint8_t digest[32])
{
    struct lf_keyed_entry *entry = lf_calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    memcpy(entry->event_id, event_id, sizeof(entry->event_id));
    memcpy(entry->digest, digest, sizeof(entry->digest));
    if (lf_map_add(&keyed->map, lf_bytes_of(entry->event_id), entry) != LF_OK) {
        lf_free(entry);
        return NULL;
    }
    return entry;
}

static void
unlink_answered(struct lf_keyed *keyed, struct lf_keyed_entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &keyed->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &keyed->newest) = entry->older;
    keyed->answered--;
}

void
lf_keyed_drop(struct lf_keyed *keyed, struct lf_keyed_entry *entry)
{
    LF_ASSERT(entry->waiters == NULL);
    if (entry->done)
        unlink_answered(keyed, entry);
    lf_map_remove(&keyed->map, lf_bytes_of(entry->event_id));
    lf_free(entry);
}

void
lf_keyed_done(struct lf_keyed *keyed, struct lf_keyed_entry *entry, const struct lf_receipt *receipt)
{
    LF_ASSERT(!entry->done);
    entry->done = true;
    entry->receipt = *receipt;
    entry->older = keyed->newest;
    *(keyed->newest != NULL ? &keyed->newest->newer : &keyed->oldest) = entry;
    keyed->newest = entry;
    keyed->answered++;
    while (keyed->answered > keyed->max)
        lf_keyed_drop(keyed, keyed->oldest);
}
