/* Pieces of rows, pages and JSON Lines. */
#include "cli/write.h"
#include "base/clock.h"
#include "json/json.h"

void
lf_cli_add_time(struct lf_buf *out, int64_t us)
{
    char text[LF_TIME_TEXT_SIZE];
    lf_buf_add(out, lf_bytes(text, lf_time_format(us, 6, text)));
}

void
lf_cli_add_safe(struct lf_buf *out, struct lf_bytes bytes)
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

void
lf_cli_add_safe_json(struct lf_buf *out, const struct lf_value *value, bool pretty)
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
        lf_cli_add_safe(out, lf_bytes(left.ptr, end));
        lf_buf_add_char(out, '\n');
    }
    lf_cli_add_safe(out, left);
    lf_buf_release(&json);
}

void
lf_cli_add_place(struct lf_buf *out, const struct lf_place *place)
{
    lf_cli_add_safe(out, place->topic);
    lf_buf_printf(out, "/%d@%lld", place->partition, (long long)place->offset);
}

void
lf_cli_add_line(struct lf_buf *out, const char *name, struct lf_bytes value)
{
    if (value.ptr == NULL)
        return;
    lf_buf_printf(out, "%-12s ", name);
    lf_cli_add_safe(out, value);
    lf_buf_add_char(out, '\n');
}

void
lf_cli_add_header_lines(struct lf_buf *out, const struct lf_value *headers)
{
    for (uint32_t i = 0; headers->type == LF_V_OBJECT && i < headers->count; i++) {
        const struct lf_member *header = &headers->u.members[i];
        lf_buf_add_text(out, "header       ");
        lf_cli_add_safe(out, header->name);
        lf_buf_add_text(out, ": ");
        if (header->value.type == LF_V_STRING)
            lf_cli_add_safe(out, lf_value_text(&header->value));
        else
            lf_cli_add_safe_json(out, &header->value, false);
        lf_buf_add_char(out, '\n');
    }
}

void
lf_cli_add_text_or_null(struct lf_buf *out, struct lf_bytes value)
{
    if (value.ptr != NULL && lf_utf8_valid(value, NULL))
        lf_json_write_string(out, value);
    else
        lf_buf_add_text(out, "null");
}

void
lf_cli_add_member(struct lf_buf *out, const char *name, struct lf_bytes value)
{
    lf_buf_printf(out, ",\"%s\":", name);
    lf_cli_add_text_or_null(out, value);
}

void
lf_cli_add_member_time(struct lf_buf *out, const char *name, int64_t us)
{
    char text[LF_TIME_TEXT_SIZE];
    lf_cli_add_member(out, name, us != 0 ? lf_bytes(text, lf_time_format(us, 6, text)) : LF_BYTES_NONE);
}

void
lf_cli_add_place_members(struct lf_buf *out, struct lf_bytes topic, int32_t partition, int64_t offset)
{
    lf_cli_add_member(out, "topic", topic);
    lf_buf_printf(out, ",\"partition\":%d,\"offset\":%lld", partition, (long long)offset);
}
