/* Parsed and validated documents by text, least recently used ones dropped. One thread (the gateway's loop). */
#ifndef LF_GRAPHQL_CACHE_H
#define LF_GRAPHQL_CACHE_H

#include "graphql/execute.h"
#include "graphql/parse.h"
#include "graphql/validate.h"

struct lf_gql_cache;

/* A document in use; stays valid until unref, even if the cache drops it meanwhile. */
struct lf_gql_cached {
    const struct lf_gql_document *document;
    struct lf_gql_plans *plans; /* for struct lf_gql_request */
    /* private parts follow in cache.c */
};

/* bytes_max bounds what documents kept take together, roughly. NULL out of memory. */
struct lf_gql_cache *lf_gql_cache_new(const struct lf_gql_schema *schema, size_t documents_max, size_t bytes_max);
void lf_gql_cache_free(struct lf_gql_cache *cache); /* all references must be gone */

/* The document for text: from the cache, or parsed and validated now. On failure NULL and errors (not cached). */
struct lf_gql_cached *lf_gql_cache_get(struct lf_gql_cache *cache, struct lf_bytes text, struct lf_gql_errors *errors);
void lf_gql_cached_unref(struct lf_gql_cache *cache, struct lf_gql_cached *cached);

#endif
