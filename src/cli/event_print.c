/* Events as text and JSON. */
#include "cli/event_print.h"
#include "base/clock.h"
#include "json/json.h"

enum { HEADERS_SHOWN_MAX = 1000 }; /* finding repeated names takes their square */

static const char *
status_name(enum lf_event_status status)
{
    static const char *const names[] = {"UNKNOWN", "LOGGED", "STORED", "DEAD_LETTERED"};
    return names[status];
}

static void
add_time(struct lf_buf *out, int64_t us)
{
    char text[LF_TIME_TEXT_SIZE];
    lf_buf_add(out, lf_bytes(text, lf_time_format(us, 6, text)));
}

/* Bytes for a terminal: what is no printable text becomes an escape, U+0080 to U+009F (terminals obey them) too. */
static void
add_safe(struct lf_buf *out, struct lf_bytes bytes)
{
    bool text = lf_utf8_valid(bytes, NULL);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        bool control = text && c == 0xc2 && (unsigned char)bytes.ptr[i + 1] < 0xa0;
        if (c < ' ' || c == 0x7f || (!text && c >= 0x80))
            lf_buf_printf(out, "\\x%02x", c);
        else if (control)
            lf_buf_printf(out, "\\u%04x", (unsigned char)bytes.ptr[++i]);
        else
            lf_buf_add_char(out, (char)c);
    }
}

/* JSON for a terminal; the newlines of the pretty form stay. */
static void
add_safe_json(struct lf_buf *out, const struct lf_value *value, bool pretty)
{
    struct lf_buf json;
    lf_buf_init(&json, out->max);
    if (pretty)
        lf_json_write_pretty(&json, value);
    else
        lf_json_write(&json, value);
    if (json.failed != LF_OK)
        out->failed = json.failed;
    struct lf_bytes left = lf_buf_view(&json);
    for (size_t end; (end = lf_bytes_index(left, '\n')) != SIZE_MAX;
         left = lf_bytes(left.ptr + end + 1, left.len - end - 1)) {
        add_safe(out, lf_bytes(left.ptr, end));
        lf_buf_add_char(out, '\n');
    }
    add_safe(out, left);
    lf_buf_release(&json);
}

static void
add_place(struct lf_buf *out, const struct lf_place *place)
{
    add_safe(out, place->topic);
    lf_buf_printf(out, "/%d@%lld", place->partition, (long long)place->offset);
}

void
lf_event_print_row(struct lf_buf *out, const struct lf_stored_event *event)
{
    add_time(out, event->event.time_us);
    lf_buf_printf(out, "  %-13s  ", status_name(event->status));
    add_place(out, &event->event.place);
    lf_buf_add_text(out, "  ");
    add_safe(out, event->event.type_name.ptr != NULL ? event->event.type_name : LF_LIT("-"));
    lf_buf_add_text(out, "  ");
    add_safe(out, event->event.id.ptr != NULL ? event->event.id : LF_LIT("-"));
    lf_buf_add_text(out, "  ");
    if (event->status == LF_EVENT_DEAD_LETTERED)
        add_safe(out, event->letter.reason);
    else
        add_safe_json(out, &event->event.payload, false);
    lf_buf_add_char(out, '\n');
}

static void
line(struct lf_buf *out, const char *name, struct lf_bytes value)
{
    if (value.ptr == NULL)
        return;
    lf_buf_printf(out, "%-12s ", name);
    add_safe(out, value);
    lf_buf_add_char(out, '\n');
}

void
lf_event_print_full(struct lf_buf *out, const struct lf_stored_event *stored)
{
    const struct lf_event *event = &stored->event;
    line(out, "eventId", event->id);
    line(out, "eventType", event->type_name);
    line(out, "status", lf_bytes_of(status_name(stored->status)));
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        line(out, "stage", stored->letter.stage);
        line(out, "code", stored->letter.code);
        line(out, "reason", stored->letter.reason);
    }
    lf_buf_add_text(out, "time         ");
    add_time(out, event->time_us);
    lf_buf_add_text(out, "\nstoredAt     ");
    add_time(out, stored->stored_at_us);
    lf_buf_add_text(out, "\nplace        ");
    add_place(out, &event->place);
    lf_buf_add_char(out, '\n');
    line(out, "key", event->key);
    line(out, "entityType", stored->entity_type);
    line(out, "entityKey", event->entity_key);
    for (uint32_t i = 0; stored->headers.type == LF_V_OBJECT && i < stored->headers.count; i++) {
        const struct lf_member *header = &stored->headers.u.members[i];
        lf_buf_add_text(out, "header       ");
        add_safe(out, header->name);
        lf_buf_add_text(out, ": ");
        if (header->value.type == LF_V_STRING)
            add_safe(out, lf_value_text(&header->value));
        else
            add_safe_json(out, &header->value, false);
        lf_buf_add_char(out, '\n');
    }
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        line(out, "value", stored->letter.value);
        return;
    }
    lf_buf_add_text(out, "payload      ");
    add_safe_json(out, &event->payload, true);
    lf_buf_add_char(out, '\n');
}

/* "text" or null where it is absent or no text */
static void
text_or_null(struct lf_buf *out, struct lf_bytes value)
{
    if (value.ptr != NULL && lf_utf8_valid(value, NULL))
        lf_json_write_string(out, value);
    else
        lf_buf_add_text(out, "null");
}

static void
member(struct lf_buf *out, const char *name, struct lf_bytes value)
{
    lf_buf_printf(out, ",\"%s\":", name);
    text_or_null(out, value);
}

static void
member_time(struct lf_buf *out, const char *name, int64_t us)
{
    char text[LF_TIME_TEXT_SIZE];
    member(out, name, us != 0 ? lf_bytes(text, lf_time_format(us, 6, text)) : LF_BYTES_NONE);
}

static void
add_place_members(struct lf_buf *out, struct lf_bytes topic, int32_t partition, int64_t offset)
{
    member(out, "topic", topic);
    lf_buf_printf(out, ",\"partition\":%d,\"offset\":%lld", partition, (long long)offset);
}

void
lf_event_print_json(struct lf_buf *out, const struct lf_stored_event *stored, struct lf_bytes cursor)
{
    const struct lf_event *event = &stored->event;
    lf_buf_add_text(out, "{\"eventId\":");
    text_or_null(out, event->id);
    member(out, "eventType", event->type_name);
    lf_buf_add_text(out, ",\"payload\":");
    lf_json_write(out, &event->payload);
    member(out, "status", lf_bytes_of(status_name(stored->status)));
    member_time(out, "time", event->time_us);
    member_time(out, "storedAt", stored->stored_at_us);
    add_place_members(out, event->place.topic, event->place.partition, event->place.offset);
    member(out, "key", event->key);
    member(out, "entityType", stored->entity_type);
    member(out, "entityKey", event->entity_key);
    lf_buf_add_text(out, ",\"headers\":");
    lf_json_write(out, &stored->headers);
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        member(out, "stage", stored->letter.stage);
        member(out, "code", stored->letter.code);
        member(out, "reason", stored->letter.reason);
    }
    if (cursor.ptr != NULL)
        member(out, "cursor", cursor);
    lf_buf_add_text(out, "}\n");
}

void
lf_event_print_garbage(struct lf_buf *out, const struct lf_record *record, const char *why, bool json)
{
    const struct lf_place place = {record->topic, record->partition, record->offset};
    if (json) {
        lf_buf_add_text(out, "{\"eventId\":null");
        add_place_members(out, place.topic, place.partition, place.offset);
        member(out, "reason", lf_bytes_of(why));
        lf_buf_add_text(out, "}\n");
    } else {
        add_time(out, record->timestamp_ms * 1000);
        lf_buf_add_text(out, "  NOT AN EVENT   ");
        add_place(out, &place);
        lf_buf_add_text(out, "  ");
        add_safe(out, lf_bytes_of(why));
        lf_buf_add_char(out, '\n');
    }
}

static struct lf_value
header_value(const struct lf_header *header)
{
    bool text = header->value.ptr != NULL && lf_utf8_valid(header->value, NULL);
    return text ? lf_value_string(header->value) : LF_VALUE_NULL;
}

static struct lf_bytes
header_name(const struct lf_header *header, struct lf_arena *arena)
{
    if (lf_utf8_valid(header->name, NULL))
        return header->name;
    struct lf_buf safe;
    lf_buf_init(&safe, SIZE_MAX);
    add_safe(&safe, header->name);
    struct lf_bytes name = safe.failed == LF_OK ? lf_arena_copy(arena, lf_buf_view(&safe)) : LF_BYTES_NONE;
    lf_buf_release(&safe);
    return name;
}

/* All values of the i-th header's name: one as it is, several as a list. False out of memory. */
static bool
header_values(const struct lf_header *headers, size_t count, size_t i, struct lf_arena *arena, struct lf_value *ret)
{
    size_t found = 0;
    for (size_t k = i; k < count; k++)
        found += lf_bytes_equal(headers[k].name, headers[i].name);
    *ret = header_value(&headers[i]);
    if (found == 1)
        return true;
    struct lf_value *items = LF_ARENA_ARRAY(arena, struct lf_value, found);
    found = 0;
    for (size_t k = i; items != NULL && k < count; k++) {
        if (lf_bytes_equal(headers[k].name, headers[i].name))
            items[found++] = header_value(&headers[k]);
    }
    *ret = lf_value_list(items, found);
    return items != NULL;
}

static bool
stands_before(const struct lf_header *headers, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (lf_bytes_equal(headers[k].name, headers[i].name))
            return true;
    }
    return false;
}

struct lf_value
lf_event_headers_value(const struct lf_header *headers, size_t count, struct lf_arena *arena)
{
    if (count > HEADERS_SHOWN_MAX)
        count = HEADERS_SHOWN_MAX;
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, count);
    if (members == NULL)
        return LF_VALUE_NULL;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (stands_before(headers, i))
            continue;
        struct lf_member *member = &members[used++];
        member->name = header_name(&headers[i], arena);
        if (member->name.ptr == NULL || !header_values(headers, count, i, arena, &member->value))
            return LF_VALUE_NULL;
    }
    return lf_value_object(members, used);
}
