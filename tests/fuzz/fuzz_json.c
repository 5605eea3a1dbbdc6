/* Fuzz target: what parses is written, parsed again and is the same value with the same canonical form. */
#include "json/json.h"

static void
check_round_trip(struct lf_arena *arena, const struct lf_value *value,
                 void (*write)(struct lf_buf *, const struct lf_value *))
{
    struct lf_buf text;
    struct lf_value again;
    uint8_t digest[32];
    uint8_t digest_again[32];
    lf_buf_init(&text, SIZE_MAX);
    write(&text, value);
    LF_ASSERT(lf_buf_status(&text, NULL) == LF_OK);
    LF_ASSERT(lf_json_parse(arena, lf_buf_view(&text), &again, NULL) == LF_OK);
    LF_ASSERT(lf_value_equal(value, &again));
    LF_ASSERT(lf_json_digest(value, digest, NULL) == LF_OK);
    LF_ASSERT(lf_json_digest(&again, digest_again, NULL) == LF_OK);
    LF_ASSERT(lf_bytes_equal(lf_bytes((const char *)digest, 32), lf_bytes((const char *)digest_again, 32)));
    lf_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    if (lf_json_parse(&arena, lf_bytes((const char *)data, size), &value, &err) == LF_OK) {
        struct lf_value copy;
        LF_ASSERT(lf_value_copy(&arena, &value, &copy));
        LF_ASSERT(lf_value_equal(&copy, &value));
        check_round_trip(&arena, &value, lf_json_write);
        check_round_trip(&arena, &value, lf_json_write_pretty);
    }
    lf_arena_release(&arena);
    return 0;
}
