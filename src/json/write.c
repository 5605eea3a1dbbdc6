/* Values -> JSON text. Open containers are kept on a stack of our own, so that no depth can exhaust the thread's. */
#include "base/base64.h"
#include "base/mem.h"
#include "json/json.h"

#include <string.h>

/* --- strings ------------------------------------------------------------------------------------------------------ */

/* What follows the backslash; 'u' for the six-character form, 0 where nothing needs escaping. */
static const char escapes[256] = {
    [0x00] = 'u', [0x01] = 'u', [0x02] = 'u', [0x03] = 'u', [0x04] = 'u', [0x05] = 'u',  [0x06] = 'u',
    [0x07] = 'u', [0x08] = 'b', [0x09] = 't', [0x0a] = 'n', [0x0b] = 'u', [0x0c] = 'f',  [0x0d] = 'r',
    [0x0e] = 'u', [0x0f] = 'u', [0x10] = 'u', [0x11] = 'u', [0x12] = 'u', [0x13] = 'u',  [0x14] = 'u',
    [0x15] = 'u', [0x16] = 'u', [0x17] = 'u', [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u',  [0x1b] = 'u',
    [0x1c] = 'u', [0x1d] = 'u', [0x1e] = 'u', [0x1f] = 'u', ['"'] = '"',  ['\\'] = '\\',
};

/* lf_buf_reserve() without the call where there is room already. */
static inline char *
reserve(struct lf_buf *out, size_t len)
{
    if (out->cap - out->len >= len && out->failed == LF_OK)
        return out->ptr + out->len;
    return lf_buf_reserve(out, len);
}

static inline void
add(struct lf_buf *out, const char *ptr, size_t len)
{
    char *at = reserve(out, len);
    if (at != NULL) {
        memcpy(at, ptr, len);
        out->len += len;
    }
}

static inline void
add_char(struct lf_buf *out, char c)
{
    add(out, &c, 1);
}

static void
write_escape(struct lf_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char text[6] = {'\\', escapes[c], '0', '0', hex[c >> 4], hex[c & 15]};
    add(out, text, escapes[c] == 'u' ? 6 : 2);
}

/* Whether one of eight bytes may need escaping: below 0x20, a quote or a backslash. */
static inline bool
any_to_escape(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = ones << 7;
    const uint64_t quote = eight ^ (ones * '"');
    const uint64_t backslash = eight ^ (ones * '\\');
    uint64_t found = (eight - ones * 0x20) & ~eight;
    found |= (quote - ones) & ~quote;
    found |= (backslash - ones) & ~backslash;
    return (found & highs) != 0;
}

/* How many bytes from at need no escaping. */
static size_t
plain_length(const char *at, size_t len)
{
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, at + i, 8);
        if (any_to_escape(eight))
            break;
    }
    while (i < len && escapes[(unsigned char)at[i]] == 0)
        i++;
    return i;
}

static void
write_escaped(struct lf_buf *out, const char *at, size_t rest)
{
    add_char(out, '"');
    while (rest != 0) {
        size_t plain = plain_length(at, rest);
        add(out, at, plain);
        at += plain;
        rest -= plain;
        if (rest != 0) {
            write_escape(out, (unsigned char)*at);
            at++;
            rest--;
        }
    }
    add_char(out, '"');
}

void
lf_json_write_string(struct lf_buf *out, struct lf_bytes text)
{
    if (plain_length(text.ptr, text.len) != text.len) {
        write_escaped(out, text.ptr, text.len);
        return;
    }
    char *at = reserve(out, text.len + 2);
    if (at == NULL)
        return;
    at[0] = '"';
    if (text.len != 0)
        memcpy(at + 1, text.ptr, text.len);
    at[text.len + 1] = '"';
    out->len += text.len + 2;
}

void
lf_json_write_bytes(struct lf_buf *out, struct lf_bytes bytes)
{
    if (bytes.ptr == NULL) {
        add(out, "null", 4);
    } else if (lf_utf8_valid(bytes, NULL)) {
        lf_json_write_string(out, bytes);
    } else {
        lf_buf_add_text(out, "{\"base64\":\"");
        lf_base64_write(out, bytes, false);
        lf_buf_add_text(out, "\"}");
    }
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

enum { INLINE_DEPTH = 48 };

struct frame {
    const struct lf_value *container;
    uint32_t next; /* child to be written */
};

struct writer {
    struct lf_buf *out;
    bool pretty;
    struct frame *frames;
    size_t depth;
    size_t cap;
    struct frame first_frames[INLINE_DEPTH];
};

static bool
is_container(const struct lf_value *value)
{
    return value->type == LF_V_LIST || value->type == LF_V_OBJECT;
}

static void
write_leaf(struct lf_buf *out, const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_BOOL: add(out, value->u.boolean ? "true" : "false", value->u.boolean ? 4 : 5); break;
    case LF_V_INT: lf_buf_add_i64(out, value->u.integer); break;
    case LF_V_FLOAT:
        if (value->raw != NULL)
            add(out, value->raw, value->count);
        else
            lf_json_write_double(out, value->u.number);
        break;
    case LF_V_STRING:
    case LF_V_ENUM: lf_json_write_string(out, lf_value_text(value)); break;
    default: add(out, "null", 4); break;
    }
}

static bool
grow_frames(struct writer *writer)
{
    size_t size;
    if (!lf_size_mul(writer->cap, 2 * sizeof(struct frame), &size))
        return false;
    struct frame *frames = lf_malloc(size);
    if (frames == NULL)
        return false;
    memcpy(frames, writer->frames, writer->depth * sizeof(struct frame));
    if (writer->frames != writer->first_frames)
        lf_free(writer->frames);
    writer->frames = frames;
    writer->cap *= 2;
    return true;
}

static void
open_container(struct writer *writer, const struct lf_value *value)
{
    const bool list = value->type == LF_V_LIST;
    if (value->count == 0) {
        add(writer->out, list ? "[]" : "{}", 2);
        return;
    }
    if (writer->depth == writer->cap && !grow_frames(writer)) {
        writer->out->failed = LF_NO_MEMORY;
        return;
    }
    add_char(writer->out, list ? '[' : '{');
    writer->frames[writer->depth++] = (struct frame){value, 0};
}

static void
write_value(struct writer *writer, const struct lf_value *value)
{
    if (is_container(value))
        open_container(writer, value);
    else
        write_leaf(writer->out, value);
}

static void
break_line(struct writer *writer)
{
    if (!writer->pretty)
        return;
    add_char(writer->out, '\n');
    for (size_t i = 0; i < writer->depth; i++)
        add(writer->out, "  ", 2);
}

static void
write_next_child(struct writer *writer, struct frame *frame)
{
    const struct lf_value *container = frame->container;
    const uint32_t i = frame->next++;
    if (i != 0)
        add_char(writer->out, ',');
    break_line(writer);
    if (container->type == LF_V_LIST) {
        write_value(writer, &container->u.items[i]);
        return;
    }
    const struct lf_member *member = &container->u.members[i];
    lf_json_write_string(writer->out, member->name);
    add(writer->out, ": ", writer->pretty ? 2 : 1);
    write_value(writer, &member->value);
}

static void
write_all(struct lf_buf *out, const struct lf_value *value, bool pretty)
{
    struct writer writer; /* the frames stay uninitialised on purpose */
    writer.out = out;
    writer.pretty = pretty;
    writer.frames = writer.first_frames;
    writer.depth = 0;
    writer.cap = INLINE_DEPTH;
    write_value(&writer, value);
    while (writer.depth != 0 && out->failed == LF_OK) {
        struct frame *top = &writer.frames[writer.depth - 1];
        if (top->next < top->container->count) {
            write_next_child(&writer, top);
            continue;
        }
        writer.depth--;
        break_line(&writer);
        add_char(out, top->container->type == LF_V_LIST ? ']' : '}');
    }
    if (writer.frames != writer.first_frames)
        lf_free(writer.frames);
}

void
lf_json_write(struct lf_buf *out, const struct lf_value *value)
{
    write_all(out, value, false);
}

void
lf_json_write_pretty(struct lf_buf *out, const struct lf_value *value)
{
    write_all(out, value, true);
}
