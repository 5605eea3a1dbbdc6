/* The dead letters' places and digests, all of them, in the log's order. */
#include "base/mem.h"
#include "server/verify_inner.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t
mix(uint64_t digest, struct lf_bytes part)
{
    uint64_t hash = part.ptr != NULL ? lf_bytes_hash(part) : 0x9e3779b97f4a7c15u;
    return (digest ^ hash) * 0x100000001b3u + (digest >> 29);
}

uint64_t
lf_verify_digest(struct lf_bytes key, struct lf_bytes value, const struct lf_header *headers, size_t header_count)
{
    uint64_t digest = mix(mix(header_count + 1, key), value);
    for (size_t i = 0; i < header_count; i++)
        digest = mix(mix(digest, headers[i].name), headers[i].value);
    return digest;
}

static uint64_t
digest_of(const struct lf_dead_letter *letter)
{
    uint64_t digest = mix(mix(letter->header_count + 1, letter->key), letter->value);
    for (size_t i = 0; i < letter->header_count; i++)
        digest = mix(mix(digest, letter->headers[i].name), letter->headers[i].value);
    return digest;
}

static enum lf_status
keep(struct lf_verify *verify, const struct lf_verify_letter *letter, struct lf_err *err)
{
    if (verify->letter_count == verify->letter_cap) {
        size_t cap = verify->letter_cap != 0 ? verify->letter_cap * 2 : 256;
        struct lf_verify_letter *more = lf_realloc(verify->letters, cap * sizeof(*more));
        if (more == NULL)
            return lf_no_memory(err);
        verify->letters = more;
        verify->letter_cap = cap;
    }
    verify->letters[verify->letter_count++] = *letter;
    return LF_OK;
}

static enum lf_status
take(struct lf_verify *verify, const struct lf_dead_letter *letter, struct lf_err *err)
{
    struct lf_verify_partition *partition = lf_verify_partition(verify, letter->place.topic, letter->place.partition);
    if (partition == NULL) {
        verify->result->elsewhere++;
        return LF_OK;
    }
    if (letter->place.offset > partition->highest)
        partition->highest = letter->place.offset;
    if (letter->place.offset < partition->first) {
        verify->result->gone++;
        return LF_OK;
    }
    if (letter->place.offset >= lf_verify_limit(partition))
        verify->result->beyond++;
    const struct lf_verify_letter kept = {.partition = (uint32_t)(partition - verify->partitions),
                                          .offset = letter->place.offset,
                                          .digest = digest_of(letter)};
    return keep(verify, &kept, err);
}

static int
compare(const void *left, const void *right)
{
    const struct lf_verify_letter *a = left, *b = right;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

static enum lf_status
read_all(struct lf_verify *verify, struct lf_arena *arena, struct lf_err *err)
{
    struct lf_letter_query query = {.max = LF_VERIFY_PAGE_FIRST};
    for (;;) {
        struct lf_dead_letter *letters = NULL;
        size_t count = 0;
        lf_arena_reset(arena);
        enum lf_status st = lf_store_dead_letters(verify->session, &query, arena, &letters, &count, err);
        if (st != LF_OK || count == 0)
            return st;
        for (size_t i = 0; st == LF_OK && i < count; i++)
            st = take(verify, &letters[i], err);
        if (st == LF_OK)
            st = lf_progress_tell(&verify->options->progress, "dead letters", (int64_t)verify->letter_count, -1, err);
        if (st != LF_OK)
            return st;
        query.after = letters[count - 1].id;
        query.max = lf_verify_page_size(query.max, arena->used);
    }
}

enum lf_status
lf_verify_letters(struct lf_verify *verify, struct lf_err *err)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 64 * 1024, 0);
    enum lf_status st = read_all(verify, &arena, err);
    lf_arena_release(&arena);
    if (st == LF_OK && verify->letter_count != 0)
        qsort(verify->letters, verify->letter_count, sizeof(*verify->letters), compare);
    return st;
}

void
lf_verify_letters_beyond(struct lf_verify *verify, const struct lf_verify_partition *partition)
{
    char text[64];
    snprintf(text, sizeof(text), "nothing: the log ends at %lld", (long long)partition->end);
    for (size_t i = 0; i < verify->letter_count; i++) {
        const struct lf_verify_letter *letter = &verify->letters[i];
        if (&verify->partitions[letter->partition] != partition || letter->offset < partition->end)
            continue;
        const struct lf_finding finding = {.kind = "not_in_log",
                                           .place = {partition->topic, partition->number, letter->offset},
                                           .expected = lf_bytes_of(text),
                                           .seen = LF_LIT("a dead letter")};
        lf_verify_found(verify, &finding);
    }
}
