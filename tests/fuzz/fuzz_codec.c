/*
 * Fuzz target: a record of any bytes, with headers, is refused with a reason or read; what is read is written and read
 * again as the same event. The input is the value, or "name: value" lines of headers, an empty line, and the value.
 */
#include "codec/codec.h"
#include "json/json.h"

enum { HEADERS_MAX = 8 };

/* Takes the lines before the value as headers. */
static size_t
take_headers(struct lf_bytes *text, struct lf_header headers[HEADERS_MAX])
{
    size_t count = 0;
    while (count < HEADERS_MAX) {
        size_t end = lf_bytes_index(*text, '\n');
        struct lf_bytes line = end != SIZE_MAX ? lf_bytes(text->ptr, end) : LF_BYTES_NONE;
        size_t colon = lf_bytes_index(line, ':');
        if (end == SIZE_MAX || (line.len != 0 && (colon == SIZE_MAX || line.ptr[0] == '{')))
            break;
        *text = lf_bytes(text->ptr + end + 1, text->len - end - 1);
        if (line.len == 0)
            break;
        headers[count].name = lf_bytes(line.ptr, colon);
        headers[count++].value = lf_bytes_trim(lf_bytes(line.ptr + colon + 1, line.len - colon - 1));
    }
    return count;
}

/* Among the members of another envelope than ours: they cannot be written. */
static bool
has_envelope_member(const struct lf_value *extra)
{
    return lf_value_get_text(extra, "eventId") != NULL || lf_value_get_text(extra, "eventType") != NULL ||
           lf_value_get_text(extra, "payload") != NULL;
}

static void
check_round_trip(const struct lf_codec_options *options, struct lf_event *event, struct lf_arena *arena)
{
    struct lf_encoded encoded;
    struct lf_event again;
    struct lf_err err = {0};
    event->headers = NULL;
    event->header_count = 0;
    enum lf_status st = lf_codec_encode(options, event, arena, &encoded, &err);
    if (st == LF_LIMIT)
        return;
    LF_ASSERT(st == LF_OK);
    LF_ASSERT(lf_codec_decode(options, &encoded, 0, event->place, arena, &again, &err) == LF_OK);
    LF_ASSERT(lf_bytes_equal(again.id, event->id) && lf_bytes_equal(again.type_name, event->type_name));
    LF_ASSERT(lf_value_equal(&again.payload, &event->payload));
    LF_ASSERT(lf_value_equal(&again.extra, &event->extra) || has_envelope_member(&event->extra));
    LF_ASSERT(again.time_us == event->time_us);
}

static void
check_record(const struct lf_codec_options *options, struct lf_bytes text, struct lf_arena *arena)
{
    struct lf_header headers[HEADERS_MAX];
    struct lf_event event;
    struct lf_err err = {0};
    struct lf_encoded encoded = {.headers = headers, .header_count = take_headers(&text, headers)};
    encoded.value = text;
    const struct lf_place place = {LF_LIT("t"), 0, 7};
    enum lf_status st = lf_codec_decode(options, &encoded, 1700000000000, place, arena, &event, &err);
    LF_ASSERT(st == LF_OK || (st == LF_INVALID && err.fate == LF_FATE_REJECT && err.text[0] != '\0'));
    LF_ASSERT(event.place.offset == 7);
    if (st == LF_OK)
        check_round_trip(options, &event, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lf_model empty;
    const struct lf_codec_options options = {.model = &empty, .source = LF_LIT("/fuzz")};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    check_record(&options, lf_bytes((const char *)data, size), &arena);
    lf_arena_release(&arena);
    return 0;
}
