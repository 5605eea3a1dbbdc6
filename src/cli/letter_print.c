/* Dead letters as text and JSON. */
#include "cli/letter_print.h"
#include "cli/write.h"
#include "json/json.h"

static const char *
yes_or_no(bool healed)
{
    return healed ? "yes" : "no";
}

static struct lf_bytes
or_dash(struct lf_bytes text)
{
    return text.ptr != NULL ? text : LF_LIT("-");
}

void
lf_letter_print_row(struct lf_buf *out, const struct lf_dead_letter *letter, bool healed)
{
    lf_cli_add_time(out, letter->dead_at_us);
    lf_buf_printf(out, "  %-14.*s  ", LF_FMT(letter->code));
    lf_cli_add_place(out, &letter->place);
    lf_buf_add_text(out, "  ");
    lf_cli_add_safe(out, or_dash(letter->event_type));
    lf_buf_add_text(out, "  ");
    lf_cli_add_safe(out, or_dash(letter->event_id));
    lf_buf_printf(out, "  healed=%s  ", yes_or_no(healed));
    lf_cli_add_safe(out, letter->reason);
    lf_buf_add_char(out, '\n');
}

void
lf_letter_print_full(struct lf_buf *out, const struct lf_dead_letter *letter, bool healed,
                     const struct lf_value *headers)
{
    lf_buf_add_text(out, "place        ");
    lf_cli_add_place(out, &letter->place);
    lf_buf_add_char(out, '\n');
    lf_cli_add_line(out, "eventId", letter->event_id);
    lf_cli_add_line(out, "eventType", letter->event_type);
    lf_cli_add_line(out, "stage", letter->stage);
    lf_cli_add_line(out, "code", letter->code);
    lf_cli_add_line(out, "reason", letter->reason);
    lf_cli_add_line(out, "healed", lf_bytes_of(yes_or_no(healed)));
    lf_buf_add_text(out, "time         ");
    lf_cli_add_time(out, letter->record_time_ms * 1000);
    lf_buf_add_text(out, "\ndeadAt       ");
    lf_cli_add_time(out, letter->dead_at_us);
    lf_buf_add_char(out, '\n');
    lf_cli_add_line(out, "key", letter->key);
    lf_cli_add_header_lines(out, headers);
    lf_cli_add_line(out, "value", letter->value);
}

static void
add_bytes(struct lf_buf *out, const char *name, struct lf_bytes bytes)
{
    lf_buf_printf(out, ",\"%s\":", name);
    lf_json_write_bytes(out, bytes);
}

void
lf_letter_print_json(struct lf_buf *out, const struct lf_dead_letter *letter, bool healed,
                     const struct lf_value *headers)
{
    lf_buf_add_text(out, "{\"eventId\":");
    lf_cli_add_text_or_null(out, letter->event_id);
    lf_cli_add_member(out, "eventType", letter->event_type);
    lf_cli_add_place_members(out, letter->place.topic, letter->place.partition, letter->place.offset);
    lf_cli_add_member(out, "stage", letter->stage);
    lf_cli_add_member(out, "code", letter->code);
    lf_cli_add_member(out, "reason", letter->reason);
    lf_cli_add_member_time(out, "time", letter->record_time_ms * 1000);
    lf_cli_add_member_time(out, "deadAt", letter->dead_at_us);
    lf_buf_printf(out, ",\"healed\":%s", healed ? "true" : "false");
    if (headers != NULL) {
        add_bytes(out, "key", letter->key);
        lf_buf_add_text(out, ",\"headers\":");
        lf_json_write(out, headers);
        add_bytes(out, "value", letter->value);
    } else {
        lf_buf_printf(out, ",\"cursor\":\"%lld\"", (long long)letter->id);
    }
    lf_buf_add_text(out, "}\n");
}
