/*
 * Fuzz target: the first byte says what the rest is: an answer of a registry, a lock file, or the bytes in front of a
 * record's value. Whatever comes is refused with words or read; a lock file that is read is written and read again to
 * the same bytes.
 */
#include "codec/registry/answer.h"
#include "codec/registry/shelf.h"
#include "codec/registry/wire.h"

static void
check_answers(struct lf_bytes body, struct lf_arena *arena)
{
    struct lf_registered found;
    struct lf_bytes text;
    struct lf_err err = {0};
    uint32_t id;
    int32_t version, *versions;
    size_t count;
    enum lf_compat_level level;
    bool compatible;
    (void)lf_answer_error(body, arena, &text);
    enum lf_status st = lf_answer_schema(body, arena, &found, &err);
    LF_ASSERT(st == LF_OK || err.text[0] != '\0');
    LF_ASSERT(st != LF_OK || found.schema.text.ptr != NULL || found.schema.text.len == 0);
    (void)!lf_answer_id(body, arena, &id, &version, &err);
    if (lf_answer_versions(body, arena, &versions, &count, &err) == LF_OK) {
        for (size_t i = 0; i < count; i++)
            LF_ASSERT(versions[i] > 0 && (i == 0 || versions[i - 1] <= versions[i]));
    }
    (void)!lf_answer_level(body, arena, &level, &err);
    (void)!lf_answer_compatible(body, arena, &compatible, &text, &err);
}

static void
check_shelf(struct lf_bytes text, struct lf_arena *arena)
{
    struct lf_shelf shelf, again;
    struct lf_err err = {0};
    struct lf_buf first, second;
    if (lf_shelf_read(&shelf, arena, text, &err) != LF_OK) {
        LF_ASSERT(err.text[0] != '\0');
        return;
    }
    lf_buf_init(&first, LF_SHELF_BYTES_MAX);
    lf_buf_init(&second, LF_SHELF_BYTES_MAX);
    lf_shelf_write(&first, &shelf);
    LF_ASSERT(lf_shelf_read(&again, arena, lf_buf_view(&first), &err) == LF_OK);
    lf_shelf_write(&second, &again);
    LF_ASSERT(lf_bytes_equal(lf_buf_view(&first), lf_buf_view(&second)));
    lf_buf_release(&first);
    lf_buf_release(&second);
}

static void
check_wire(struct lf_bytes bytes)
{
    struct lf_schema_name name;
    struct lf_bytes rest;
    struct lf_err err = {0};
    if (lf_wire_read_name(bytes, &name, &rest, &err) == LF_OK)
        LF_ASSERT(rest.ptr + rest.len == bytes.ptr + bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_arena arena;
    if (size == 0)
        return 0;
    struct lf_bytes rest = lf_bytes((const char *)data + 1, size - 1);
    lf_arena_init(&arena, 0, 0);
    if (data[0] == 'a')
        check_answers(rest, &arena);
    else if (data[0] == 's')
        check_shelf(rest, &arena);
    else
        check_wire(rest);
    lf_arena_release(&arena);
    return 0;
}
