/*
 * Fuzz target: the headers of a record of the embedded log, as they stand in a row, are refused as corrupt or read;
 * what is read is written and read again as the same headers.
 */
#include "log/embedded/embedded.h"

#include <stdlib.h>

static void
check_round_trip(const struct lf_record *record, struct lf_arena *arena)
{
    struct lf_record again = {0};
    size_t size = 0;
    LF_ASSERT(lf_emb_headers_size(record, &size));
    char *out = malloc(size + 1); /* of its own, so that writing beyond it is seen */
    if (out == NULL)
        abort();
    lf_emb_headers_write(record, out);
    LF_ASSERT(lf_emb_headers_read(lf_bytes(out, size), arena, &again, NULL) == LF_OK);
    LF_ASSERT(again.header_count == record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct lf_header *one = &record->headers[i];
        const struct lf_header *two = &again.headers[i];
        LF_ASSERT(lf_bytes_equal(one->name, two->name) && lf_bytes_equal(one->value, two->value));
        LF_ASSERT((one->value.ptr == NULL) == (two->value.ptr == NULL));
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_arena arena;
    struct lf_record record = {0};
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_emb_headers_read(lf_bytes((const char *)data, size), &arena, &record, &err);
    LF_ASSERT(st == LF_OK || (st == LF_CORRUPT && err.text[0] != '\0'));
    if (st == LF_OK)
        check_round_trip(&record, &arena);
    lf_arena_release(&arena);
    return 0;
}
