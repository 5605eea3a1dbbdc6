/* Events as text and JSON. */
#include "cli/event_print.h"
#include "base/clock.h"
#include "json/json.h"

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

/* Bytes for a terminal: what is no printable text becomes an escape. */
static void
add_safe(struct lf_buf *out, struct lf_bytes bytes)
{
    bool text = lf_utf8_valid(bytes, NULL);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c < ' ' || c == 0x7f || (!text && c >= 0x80))
            lf_buf_printf(out, "\\x%02x", c);
        else
            lf_buf_add_char(out, (char)c);
    }
}

static void
add_place(struct lf_buf *out, const struct lf_place *place)
{
    lf_buf_add(out, place->topic);
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
        lf_json_write(out, &event->event.payload);
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
        lf_buf_add_char(out, '\n');
    }
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        line(out, "value", stored->letter.value);
        return;
    }
    lf_buf_add_text(out, "payload      ");
    lf_json_write_pretty(out, &event->payload);
    lf_buf_add_char(out, '\n');
}

/* ,"name":"text" or null where it is absent or no text */
static void
member(struct lf_buf *out, const char *name, struct lf_bytes value)
{
    lf_buf_printf(out, ",\"%s\":", name);
    if (value.ptr != NULL && lf_utf8_valid(value, NULL))
        lf_json_write_string(out, value);
    else
        lf_buf_add_text(out, "null");
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
    if (event->id.ptr != NULL)
        lf_json_write_string(out, event->id);
    else
        lf_buf_add_text(out, "null");
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

bool
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
        lf_buf_printf(out, "  %s\n", why);
    }
    return out->failed == LF_OK;
}

struct lf_value
lf_event_headers_value(const struct lf_header *headers, size_t count, struct lf_arena *arena)
{
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, count);
    if (members == NULL)
        return LF_VALUE_NULL;
    for (size_t i = 0; i < count; i++) {
        bool text = headers[i].value.ptr != NULL && lf_utf8_valid(headers[i].value, NULL);
        members[i] = (struct lf_member){headers[i].name, text ? lf_value_string(headers[i].value) : LF_VALUE_NULL};
    }
    return lf_value_object(members, count);
}
