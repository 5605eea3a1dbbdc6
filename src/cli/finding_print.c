/* Findings for people and for programs. */
#include "cli/finding_print.h"

#include "json/json.h"

enum { LINE_BYTES_MAX = 1024 * 1024 };

/* Text as it is, other bytes as question marks. */
static void
add_text(struct lf_buf *out, struct lf_bytes text, bool json)
{
    struct lf_buf clean;
    lf_buf_init(&clean, LINE_BYTES_MAX);
    bool utf8 = lf_utf8_valid(text, NULL);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = c >= ' ' && c != 0x7f && (utf8 || c < 0x80);
        lf_buf_add_char(&clean, plain ? (char)c : '?');
    }
    if (json)
        lf_json_write_string(out, utf8 ? text : lf_buf_view(&clean));
    else
        lf_buf_add(out, lf_buf_view(&clean));
    lf_buf_release(&clean);
}

static void
add_member(struct lf_buf *out, const char *name, struct lf_bytes text)
{
    if (text.ptr == NULL)
        return;
    lf_buf_printf(out, ",\"%s\":", name);
    add_text(out, text, true);
}

static void
write_json(struct lf_buf *out, const char *what, const struct lf_finding *finding)
{
    lf_buf_printf(out, "{\"%s\":\"%s\"", what, finding->kind);
    add_member(out, "eventId", finding->event_id);
    if (finding->place.partition >= 0) {
        add_member(out, "topic", finding->place.topic);
        lf_buf_printf(out, ",\"partition\":%d,\"offset\":%lld", finding->place.partition,
                      (long long)finding->place.offset);
    }
    add_member(out, "entityType", finding->entity_type);
    add_member(out, "entityKey", finding->entity_key);
    add_member(out, "expected", finding->expected);
    add_member(out, "seen", finding->seen);
    lf_buf_add_text(out, "}\n");
}

/* missing  business-events/0@7  <eventId>  Quote c1  expected: …  seen: … */
static void
write_text(struct lf_buf *out, const struct lf_finding *finding)
{
    lf_buf_printf(out, "%s", finding->kind);
    if (finding->place.partition >= 0)
        lf_buf_printf(out, "  %.*s/%d@%lld", LF_FMT(finding->place.topic), finding->place.partition,
                      (long long)finding->place.offset);
    if (finding->event_id.ptr != NULL) {
        lf_buf_add_text(out, "  ");
        add_text(out, finding->event_id, false);
    }
    if (finding->entity_type.ptr != NULL) {
        lf_buf_printf(out, "  %.*s ", LF_FMT(finding->entity_type));
        add_text(out, finding->entity_key, false);
    }
    lf_buf_add_text(out, "  expected: ");
    add_text(out, finding->expected, false);
    lf_buf_add_text(out, "  seen: ");
    add_text(out, finding->seen, false);
    lf_buf_add_char(out, '\n');
}

void
lf_finding_write(struct lf_buf *out, const char *what, const struct lf_finding *finding, bool json)
{
    if (json)
        write_json(out, what, finding);
    else
        write_text(out, finding);
}
