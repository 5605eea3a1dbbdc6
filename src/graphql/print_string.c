/* Strings as literals: quoted, or as block strings where reading them back gives the same text. */
#include "graphql/print.h"

enum { ONE_LINE_MAX = 70 }; /* characters of a block string that stays beside its quotes */

static void
escape(struct lf_buf *out, unsigned char c)
{
    switch (c) {
    case '"': lf_buf_add_text(out, "\\\""); break;
    case '\\': lf_buf_add_text(out, "\\\\"); break;
    case '\b': lf_buf_add_text(out, "\\b"); break;
    case '\f': lf_buf_add_text(out, "\\f"); break;
    case '\n': lf_buf_add_text(out, "\\n"); break;
    case '\r': lf_buf_add_text(out, "\\r"); break;
    case '\t': lf_buf_add_text(out, "\\t"); break;
    default: lf_buf_printf(out, "\\u%04X", (unsigned)c);
    }
}

void
lf_gql_print_string(struct lf_buf *out, struct lf_bytes text)
{
    size_t plain = 0; /* start of what needs no escape */
    lf_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        /* U+0080 to U+009F are C2 80 to C2 9F */
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0;
        if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f && !c1)
            continue;
        lf_buf_add(out, lf_bytes(text.ptr + plain, i - plain));
        if (c1)
            i++;
        escape(out, (unsigned char)text.ptr[i]);
        plain = i + 1;
    }
    if (text.len > plain)
        lf_buf_add(out, lf_bytes(text.ptr + plain, text.len - plain));
    lf_buf_add_char(out, '"');
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the first line off *rest; false when nothing is left (ptr NULL). */
static bool
next_line(struct lf_bytes *rest, struct lf_bytes *ret_line)
{
    if (rest->ptr == NULL)
        return false;
    size_t end = lf_bytes_index(*rest, '\n');
    if (end == SIZE_MAX) {
        *ret_line = *rest;
        *rest = LF_BYTES_NONE;
    } else {
        *ret_line = lf_bytes(rest->ptr, end);
        *rest = lf_bytes(rest->ptr + end + 1, rest->len - end - 1);
    }
    return true;
}

/* Nothing that has to be escaped, or that the reader would take for a line end. */
static bool
is_plain_text(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' && c != '\t' && c != '\n')
            return false;
    }
    return true;
}

/* BlockStringValue() would drop blank lines at both ends and indentation that all lines share. */
static bool
survives_block_string(struct lf_bytes text)
{
    bool shared_indent = true;
    bool last_blank = true;
    struct lf_bytes rest = text;
    struct lf_bytes line;
    if (text.len == 0)
        return true;
    if (!is_plain_text(text))
        return false;
    for (size_t i = 0; next_line(&rest, &line); i++) {
        last_blank = lf_bytes_trim(line).len == 0;
        if (last_blank && i == 0)
            return false;
        shared_indent = shared_indent && (last_blank || is_blank(line.ptr[0]));
    }
    return !last_blank && !(shared_indent && lf_bytes_index(text, '\n') != SIZE_MAX);
}

/* All lines but the first are empty or indented: the first would not count for the common indentation. */
static bool
rest_is_indented(struct lf_bytes text)
{
    struct lf_bytes line;
    (void)next_line(&text, &line);
    while (next_line(&text, &line)) {
        if (line.len != 0 && !is_blank(line.ptr[0]))
            return false;
    }
    return true;
}

static void
print_escaped_line(struct lf_buf *out, struct lf_bytes line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '"' && line.len - i >= 3 && line.ptr[i + 1] == '"' && line.ptr[i + 2] == '"') {
            lf_buf_add_text(out, "\\\"\"\"");
            i += 2;
        } else {
            lf_buf_add_char(out, line.ptr[i]);
        }
    }
}

static void
print_lines(struct lf_gql_printer *p, struct lf_bytes text)
{
    struct lf_bytes line;
    for (bool first = true; next_line(&text, &line); first = false) {
        if (!first && line.len != 0)
            lf_gql_print_newline(p);
        else if (!first)
            lf_buf_add_char(p->out, '\n'); /* no blanks on empty lines */
        print_escaped_line(p->out, line);
    }
}

void
lf_gql_print_block_string(struct lf_gql_printer *p, struct lf_bytes text)
{
    bool one_line = lf_bytes_index(text, '\n') == SIZE_MAX;
    bool tricky_end = lf_bytes_ends_with(text, LF_LIT("\"")) || lf_bytes_ends_with(text, LF_LIT("\\"));
    bool spread = !one_line || lf_utf8_count(text) > ONE_LINE_MAX || tricky_end;
    bool blank_start = one_line && text.len != 0 && is_blank(text.ptr[0]); /* a line break would cost the blanks */
    lf_buf_add_text(p->out, "\"\"\"");
    if ((spread && !blank_start) || (!one_line && rest_is_indented(text)))
        lf_gql_print_newline(p);
    print_lines(p, text);
    if (spread)
        lf_gql_print_newline(p);
    lf_buf_add_text(p->out, "\"\"\"");
}

void
lf_gql_print_description(struct lf_buf *out, struct lf_bytes text, unsigned indent)
{
    struct lf_gql_printer p = {.out = out, .indent = indent};
    if (text.ptr == NULL)
        return;
    if (survives_block_string(text))
        lf_gql_print_block_string(&p, text);
    else
        lf_gql_print_string(out, text);
    lf_gql_print_newline(&p);
}
