/* Events as text and JSON. */
#include "cli/event_print.h"
#include "cli/write.h"
#include "json/json.h"

enum { HEADERS_SHOWN_MAX = 1000 }; /* finding repeated names takes their square */

static const char *
status_name(enum lf_event_status status)
{
    static const char *const names[] = {"UNKNOWN", "LOGGED", "STORED", "DEAD_LETTERED"};
    return names[status];
}

void
lf_event_print_row(struct lf_buf *out, const struct lf_stored_event *event)
{
    lf_cli_add_time(out, event->event.time_us);
    lf_buf_printf(out, "  %-13s  ", status_name(event->status));
    lf_cli_add_place(out, &event->event.place);
    lf_buf_add_text(out, "  ");
    lf_cli_add_safe(out, event->event.type_name.ptr != NULL ? event->event.type_name : LF_LIT("-"));
    lf_buf_add_text(out, "  ");
    lf_cli_add_safe(out, event->event.id.ptr != NULL ? event->event.id : LF_LIT("-"));
    lf_buf_add_text(out, "  ");
    if (event->status == LF_EVENT_DEAD_LETTERED)
        lf_cli_add_safe(out, event->letter.reason);
    else
        lf_cli_add_safe_json(out, &event->event.payload, false);
    lf_buf_add_char(out, '\n');
}

void
lf_event_print_full(struct lf_buf *out, const struct lf_stored_event *stored)
{
    const struct lf_event *event = &stored->event;
    lf_cli_add_line(out, "eventId", event->id);
    lf_cli_add_line(out, "eventType", event->type_name);
    lf_cli_add_line(out, "status", lf_bytes_of(status_name(stored->status)));
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        lf_cli_add_line(out, "stage", stored->letter.stage);
        lf_cli_add_line(out, "code", stored->letter.code);
        lf_cli_add_line(out, "reason", stored->letter.reason);
    }
    lf_buf_add_text(out, "time         ");
    lf_cli_add_time(out, event->time_us);
    lf_buf_add_text(out, "\nstoredAt     ");
    lf_cli_add_time(out, stored->stored_at_us);
    lf_buf_add_text(out, "\nplace        ");
    lf_cli_add_place(out, &event->place);
    lf_buf_add_char(out, '\n');
    lf_cli_add_line(out, "key", event->key);
    lf_cli_add_line(out, "entityType", stored->entity_type);
    lf_cli_add_line(out, "entityKey", event->entity_key);
    lf_cli_add_header_lines(out, &stored->headers);
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        lf_cli_add_line(out, "value", stored->letter.value);
        return;
    }
    lf_buf_add_text(out, "payload      ");
    lf_cli_add_safe_json(out, &event->payload, true);
    lf_buf_add_char(out, '\n');
}

void
lf_event_print_json(struct lf_buf *out, const struct lf_stored_event *stored, struct lf_bytes cursor)
{
    const struct lf_event *event = &stored->event;
    lf_buf_add_text(out, "{\"eventId\":");
    lf_cli_add_text_or_null(out, event->id);
    lf_cli_add_member(out, "eventType", event->type_name);
    lf_buf_add_text(out, ",\"payload\":");
    lf_json_write(out, &event->payload);
    lf_cli_add_member(out, "status", lf_bytes_of(status_name(stored->status)));
    lf_cli_add_member_time(out, "time", event->time_us);
    lf_cli_add_member_time(out, "storedAt", stored->stored_at_us);
    lf_cli_add_place_members(out, event->place.topic, event->place.partition, event->place.offset);
    lf_cli_add_member(out, "key", event->key);
    lf_cli_add_member(out, "entityType", stored->entity_type);
    lf_cli_add_member(out, "entityKey", event->entity_key);
    lf_buf_add_text(out, ",\"headers\":");
    lf_json_write(out, &stored->headers);
    if (stored->status == LF_EVENT_DEAD_LETTERED) {
        lf_cli_add_member(out, "stage", stored->letter.stage);
        lf_cli_add_member(out, "code", stored->letter.code);
        lf_cli_add_member(out, "reason", stored->letter.reason);
    }
    if (cursor.ptr != NULL)
        lf_cli_add_member(out, "cursor", cursor);
    lf_buf_add_text(out, "}\n");
}

void
lf_event_print_garbage(struct lf_buf *out, const struct lf_record *record, const char *why, bool json)
{
    const struct lf_place place = {record->topic, record->partition, record->offset};
    if (json) {
        lf_buf_add_text(out, "{\"eventId\":null");
        lf_cli_add_place_members(out, place.topic, place.partition, place.offset);
        lf_cli_add_member(out, "reason", lf_bytes_of(why));
        lf_buf_add_text(out, "}\n");
    } else {
        lf_cli_add_time(out, record->timestamp_ms * 1000);
        lf_buf_add_text(out, "  NOT AN EVENT   ");
        lf_cli_add_place(out, &place);
        lf_buf_add_text(out, "  ");
        lf_cli_add_safe(out, lf_bytes_of(why));
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
    lf_cli_add_safe(&safe, header->name);
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
