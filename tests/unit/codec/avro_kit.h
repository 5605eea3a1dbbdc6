/* For tests of Avro: schemas, values and bytes as texts. */
#ifndef LF_TEST_CODEC_AVRO_KIT_H
#define LF_TEST_CODEC_AVRO_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/avro.h"
#include "json/json.h"

enum { KIT_TEXT_MAX = 8192, KIT_BYTES_MAX = 1024 * 1024 };

/* Texts of tests have ' where JSON has ". */
static inline struct lf_bytes
kit_text(const char *text, char space[KIT_TEXT_MAX])
{
    const size_t len = strlen(text);
    assert_true(len < KIT_TEXT_MAX);
    for (size_t i = 0; i <= len; i++)
        space[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    return lf_bytes(space, len);
}

/* The same of a text that was put together; *ret stays NULL where it is refused. */
static inline enum lf_status
kit_parse_buf(struct lf_buf *text, struct lf_avro_schema **ret)
{
    for (size_t i = 0; i < text->len; i++)
        text->ptr[i] = (char)(text->ptr[i] == '\'' ? '"' : text->ptr[i]);
    enum lf_status st = lf_avro_schema_parse(NULL, lf_buf_view(text), ret, NULL);
    assert_true((st == LF_OK) == (*ret != NULL));
    return st;
}

static inline struct lf_avro_schema *
kit_parse(const char *text)
{
    char space[KIT_TEXT_MAX];
    struct lf_avro_schema *schema = NULL;
    struct lf_err err = {0};
    if (lf_avro_schema_parse(NULL, kit_text(text, space), &schema, &err) != LF_OK)
        fail_msg("%s: %s", text, err.text);
    return schema;
}

/* Comparisons in which ' and " are the same. */
static inline bool
kit_equal(const char *text, const char *wanted)
{
    char space[2][KIT_TEXT_MAX];
    return strcmp(kit_text(text, space[0]).ptr, kit_text(wanted, space[1]).ptr) == 0;
}

static inline bool
kit_contains(const char *text, const char *words)
{
    char space[2][KIT_TEXT_MAX];
    return strstr(kit_text(text, space[0]).ptr, kit_text(words, space[1]).ptr) != NULL;
}

/* The status of encoding a JSON text, and the bytes in hexadecimal digits or the error's text. */
static inline enum lf_status
kit_encode(const char *schema_text, const char *json, char ret[KIT_TEXT_MAX])
{
    struct lf_avro_schema *schema = kit_parse(schema_text);
    struct lf_arena arena;
    struct lf_value value;
    struct lf_buf bytes;
    struct lf_err err = {0};
    char space[KIT_TEXT_MAX];
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&bytes, KIT_BYTES_MAX);
    lf_buf_add_text(&bytes, "kept");
    assert_int_equal(lf_json_parse(&arena, kit_text(json, space), &value, &err), LF_OK);
    enum lf_status st = lf_avro_encode(schema, &value, &bytes, &err);
    snprintf(ret, KIT_TEXT_MAX, "%s", err.text);
    if (st != LF_OK)
        assert_int_equal(bytes.len, 4); /* as before */
    for (size_t i = 4; i < bytes.len && st == LF_OK; i++)
        snprintf(ret + (i - 4) * 2, 3, "%02x", (unsigned char)bytes.ptr[i]);
    lf_buf_release(&bytes);
    lf_arena_release(&arena);
    lf_avro_schema_free(schema);
    return st;
}

/* The status of decoding hexadecimal digits, and the JSON text or the error's. reader NULL: as written. */
static inline enum lf_status
kit_decode(const char *writer_text, const char *reader_text, const char *hex, char ret[KIT_TEXT_MAX])
{
    struct lf_avro_schema *writer = kit_parse(writer_text);
    struct lf_avro_schema *reader_schema = reader_text != NULL ? kit_parse(reader_text) : NULL;
    struct lf_avro_reader *reader = NULL;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_buf text;
    struct lf_err err = {0};
    char bytes[KIT_TEXT_MAX];
    const size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (char)byte;
    }
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&text, KIT_TEXT_MAX - 1);
    enum lf_status st = lf_avro_reader_new(writer, reader_schema, &reader, &err);
    lf_avro_schema_free(writer);
    lf_avro_schema_free(reader_schema);
    if (st == LF_OK)
        st = lf_avro_decode(reader, lf_bytes(bytes, len), &arena, &value, &err);
    if (st == LF_OK)
        lf_json_write(&text, &value);
    snprintf(ret, KIT_TEXT_MAX, "%.*s", (int)text.len, text.ptr);
    if (st != LF_OK)
        snprintf(ret, KIT_TEXT_MAX, "%s", err.text);
    lf_buf_release(&text);
    lf_arena_release(&arena);
    lf_avro_reader_free(reader);
    return st;
}

/* The canonical form is the wanted one. */
static inline void
kit_check_canonical(const struct lf_avro_schema *schema, const char *wanted)
{
    struct lf_buf out;
    lf_buf_init(&out, KIT_TEXT_MAX);
    assert_int_equal(lf_avro_canonical(schema, &out, NULL), LF_OK);
    lf_buf_add_char(&out, '\0');
    if (!kit_equal(out.ptr, wanted))
        fail_msg("%s is not %s", out.ptr, wanted);
    lf_buf_release(&out);
}

/* A schema, a value, its bytes: one way and back. */
struct kit_both {
    const char *schema, *json, *hex;
};

static inline void
kit_there_and_back(const struct kit_both *rows, size_t count)
{
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < count; i++) {
        if (kit_encode(rows[i].schema, rows[i].json, text) != LF_OK || !kit_equal(text, rows[i].hex))
            fail_msg("%s of %s: %s", rows[i].schema, rows[i].json, text);
        if (kit_decode(rows[i].schema, NULL, rows[i].hex, text) != LF_OK || !kit_equal(text, rows[i].json))
            fail_msg("%s of %s: %s", rows[i].schema, rows[i].hex, text);
    }
}

/* A schema, what is refused, and words of why. */
struct kit_refused {
    const char *schema, *input, *words;
};

static inline void
kit_refuses_to_encode(const struct kit_refused *rows, size_t count, enum lf_status status)
{
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < count; i++) {
        if (kit_encode(rows[i].schema, rows[i].input, text) != status || !kit_contains(text, rows[i].words))
            fail_msg("%s of %s: %s", rows[i].schema, rows[i].input, text);
    }
}

static inline void
kit_refuses_to_decode(const struct kit_refused *rows, size_t count, enum lf_status status)
{
    char text[KIT_TEXT_MAX];
    for (size_t i = 0; i < count; i++) {
        if (kit_decode(rows[i].schema, NULL, rows[i].input, text) != status || !kit_contains(text, rows[i].words))
            fail_msg("%s of %s: %s", rows[i].schema, rows[i].input, text);
    }
}

#endif
