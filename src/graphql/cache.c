/*
 * Documents by text. Each entry owns an arena with its text and tree, and one with its plans, which grow as it is used.
 * The table and every user hold the entry; it goes when neither does.
 */
#include "graphql/cache.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

enum { PLAN_BYTES_MAX = 1024 * 1024 }; /* of one document; what does not fit is planned for each request */

struct entry {
    struct lf_gql_cached cached; /* first: what users see */
    struct lf_arena arena;
    struct lf_arena plan_arena;
    struct lf_gql_source source;
    size_t users;
    size_t bytes; /* as counted in the cache */
    bool listed;
    struct entry *newer;
    struct entry *older;
};

struct lf_gql_cache {
    const struct lf_gql_schema *schema;
    size_t documents_max;
    size_t bytes_max;
    size_t bytes;
    struct lf_map by_text;
    struct lf_arena scratch; /* for validation */
    struct entry *newest;
    struct entry *oldest;
};

static const char source_name[] = "GraphQL request";

struct lf_gql_cache *
lf_gql_cache_new(const struct lf_gql_schema *schema, size_t documents_max, size_t bytes_max)
{
    struct lf_gql_cache *cache = lf_calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->schema = schema;
    cache->documents_max = documents_max;
    cache->bytes_max = bytes_max;
    lf_map_init(&cache->by_text);
    lf_arena_init(&cache->scratch, 0, 0);
    return cache;
}

static void
free_entry(struct entry *entry)
{
    if (entry == NULL)
        return;
    lf_arena_release(&entry->plan_arena);
    lf_arena_release(&entry->arena);
    lf_free(entry);
}

/* --- the list, newest first --- */

static void
unlink_entry(struct lf_gql_cache *cache, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void
link_newest(struct lf_gql_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static size_t
entry_bytes(const struct entry *entry)
{
    return sizeof(*entry) + entry->arena.used + entry->plan_arena.used;
}

static void
drop(struct lf_gql_cache *cache, struct entry *entry)
{
    lf_map_remove(&cache->by_text, entry->source.text);
    unlink_entry(cache, entry);
    cache->bytes -= entry->bytes;
    entry->listed = false;
    if (entry->users == 0)
        free_entry(entry);
}

/* Drops the oldest entries until the rest is within the limits. */
static void
shrink(struct lf_gql_cache *cache, size_t documents, size_t bytes)
{
    while (cache->oldest != NULL && (cache->by_text.count > documents || cache->bytes > bytes))
        drop(cache, cache->oldest);
}

void
lf_gql_cache_free(struct lf_gql_cache *cache)
{
    if (cache == NULL)
        return;
    for (struct entry *entry = cache->oldest; entry != NULL; entry = entry->newer)
        LF_ASSERT(entry->users == 0);
    shrink(cache, 0, 0);
    lf_map_release(&cache->by_text);
    lf_arena_release(&cache->scratch);
    lf_free(cache);
}

/* --- getting --- */

static bool
fill(struct lf_gql_cache *cache, struct entry *entry, struct lf_bytes text, struct lf_gql_errors *errors)
{
    static const struct lf_gql_limits limits = {.tokens = LF_GQL_TOKENS_MAX, .depth = LF_GQL_DEPTH_MAX};
    lf_arena_init(&entry->arena, 0, 0);
    lf_arena_init(&entry->plan_arena, 1024, PLAN_BYTES_MAX);
    entry->source.name = source_name;
    entry->source.text = lf_arena_copy(&entry->arena, text);
    if (entry->source.text.ptr == NULL) {
        lf_gql_errors_add(errors, NULL, NULL, "Out of memory.");
        return false;
    }
    entry->cached.document = lf_gql_parse(&entry->arena, &entry->source, &limits, errors);
    if (entry->cached.document == NULL)
        return false;
    bool valid = lf_gql_validate(cache->schema, entry->cached.document, &cache->scratch, errors);
    lf_arena_reset(&cache->scratch);
    if (!valid)
        return false;
    entry->cached.plans = lf_gql_plans_new(&entry->plan_arena, cache->schema, entry->cached.document);
    if (entry->cached.plans == NULL)
        lf_gql_errors_add(errors, NULL, NULL, "Out of memory.");
    return entry->cached.plans != NULL;
}

/* The errors outlive the entry: their places must not point into it. */
static void
detach(const struct entry *entry, struct lf_gql_errors *errors)
{
    static const struct lf_gql_source gone = {.name = source_name, .text = {"", 0}};
    for (struct lf_gql_error *error = errors->first; error != NULL; error = error->next) {
        for (size_t i = 0; i < error->loc_count; i++) {
            if (error->locs[i].source == &entry->source)
                error->locs[i].source = &gone;
        }
    }
}

static struct entry *
make(struct lf_gql_cache *cache, struct lf_bytes text, struct lf_gql_errors *errors)
{
    struct entry *entry = lf_calloc(1, sizeof(*entry));
    if (entry == NULL) {
        lf_gql_errors_add(errors, NULL, NULL, "Out of memory.");
        return NULL;
    }
    if (fill(cache, entry, text, errors))
        return entry;
    detach(entry, errors);
    free_entry(entry);
    return NULL;
}

/* Keeps the entry for others; without memory or room for it, it serves its first user alone. */
static void
list(struct lf_gql_cache *cache, struct entry *entry)
{
    entry->bytes = entry_bytes(entry);
    if (entry->bytes > cache->bytes_max || lf_map_add(&cache->by_text, entry->source.text, entry) != LF_OK)
        return;
    entry->listed = true;
    cache->bytes += entry->bytes;
    link_newest(cache, entry);
    shrink(cache, cache->documents_max, cache->bytes_max);
}

struct lf_gql_cached *
lf_gql_cache_get(struct lf_gql_cache *cache, struct lf_bytes text, struct lf_gql_errors *errors)
{
    struct entry *entry = lf_map_get(&cache->by_text, text);
    if (entry != NULL) {
        unlink_entry(cache, entry);
        link_newest(cache, entry);
        entry->users++;
        return &entry->cached;
    }
    entry = make(cache, text, errors);
    if (entry == NULL)
        return NULL;
    entry->users = 1; /* before it is listed: shrinking must not free it */
    list(cache, entry);
    return &entry->cached;
}

void
lf_gql_cached_unref(struct lf_gql_cache *cache, struct lf_gql_cached *cached)
{
    struct entry *entry = (struct entry *)cached;
    if (cached == NULL)
        return;
    LF_ASSERT(entry->users > 0);
    entry->users--;
    if (!entry->listed) {
        if (entry->users == 0)
            free_entry(entry);
        return;
    }
    cache->bytes -= entry->bytes; /* its plans may have grown */
    entry->bytes = entry_bytes(entry);
    cache->bytes += entry->bytes;
    shrink(cache, cache->documents_max, cache->bytes_max);
}
