/* For tests of Protocol Buffers: values as JSON text, bytes as hexadecimal digits. */
#ifndef LF_TEST_CODEC_PROTOBUF_KIT_H
#define LF_TEST_CODEC_PROTOBUF_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/protobuf.h"
#include "json/json.h"

static inline struct lf_proto_schema *
kit_parse(const char *text)
{
    struct lf_proto_schema *schema = NULL;
    struct lf_err err = {0};
    if (lf_proto_schema_parse(lf_bytes_of(text), NULL, 0, &schema, &err) != LF_OK)
        fail_msg("%s: %s", text, err.text);
    return schema;
}

/* A schema is parsed whole or not at all, whichever allocation fails, and all after it. */
static inline void
kit_parse_short_of_memory(const char *text, const struct lf_proto_file_text *references, size_t count)
{
    struct lf_proto_schema *schema = NULL;
    struct lf_err err = {0};
    const int64_t live = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        lf_mem_fail_at(n, true);
        enum lf_status st = lf_proto_schema_parse(lf_bytes_of(text), references, count, &schema, &err);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        assert_true(!hit || lf_mem_live() == live);
    }
    lf_proto_schema_free(schema);
    assert_int_equal(lf_mem_live(), live);
}

static inline struct lf_bytes
kit_bytes(struct lf_arena *arena, const char *hex)
{
    const size_t len = strlen(hex);
    char *bytes = lf_arena_alloc(arena, len / 2);
    assert_non_null(bytes);
    for (size_t i = 0; i < len / 2; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (char)byte;
    }
    return lf_bytes(bytes, len / 2);
}

/* The bytes of a value, or the text of the error. */
static inline const char *
kit_encode(const struct lf_proto_schema *schema, const char *json, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    struct lf_buf out, hex;
    if (lf_json_parse(arena, lf_bytes_of(json), &value, &err) != LF_OK)
        fail_msg("%s: %s", json, err.text);
    lf_buf_init(&out, 1000000);
    lf_buf_init(&hex, 2000001);
    lf_buf_add_text(&out, "!");
    if (lf_proto_encode(lf_proto_schema_first(schema), &value, &out, &err) != LF_OK) {
        assert_int_equal(out.len, 1); /* as it was */
        lf_buf_add_text(&hex, err.text);
    }
    for (size_t i = 1; i < out.len; i++)
        lf_buf_printf(&hex, "%02x", (unsigned char)out.ptr[i]);
    const char *text = lf_arena_text(arena, lf_buf_view(&hex));
    lf_buf_release(&out);
    lf_buf_release(&hex);
    assert_non_null(text);
    return text;
}

/* The value of bytes, as JSON, or the text of the error. */
static inline const char *
kit_decode(const struct lf_proto_schema *schema, const char *hex, unsigned flags, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    struct lf_buf out;
    lf_buf_init(&out, 1000000);
    if (lf_proto_decode(lf_proto_schema_first(schema), kit_bytes(arena, hex), flags, arena, &value, &err) == LF_OK)
        lf_json_write(&out, &value);
    else
        lf_buf_add_text(&out, err.text);
    const char *text = lf_arena_text(arena, lf_buf_view(&out));
    lf_buf_release(&out);
    assert_non_null(text);
    return text;
}

#endif
