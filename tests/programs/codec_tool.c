/*
 * {"op": "avro.encode", …} a line -> {"status": "OK", …} a line; a failure has its status and text. Ends with its
 * input.
 */
#include "codec_tool.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tool_command *const tables[] = {tool_avro, tool_protobuf};

struct lf_bytes
tool_text(const struct lf_value *command, const char *name)
{
    const struct lf_value *member = lf_value_get_text(command, name);
    return member != NULL && member->type == LF_V_STRING ? lf_value_text(member) : LF_BYTES_NONE;
}

static int
digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10;
}

struct lf_bytes
tool_bytes(const struct lf_value *command, const char *name)
{
    struct lf_bytes text = tool_text(command, name);
    char *bytes = malloc(text.len / 2);
    LF_ASSERT(bytes != NULL || text.len == 0);
    for (size_t i = 0; i < text.len / 2; i++)
        bytes[i] = (char)(digit(text.ptr[2 * i]) << 4 | digit(text.ptr[2 * i + 1]));
    return lf_bytes(bytes, text.len / 2);
}

static void
add_name(struct lf_buf *out, const char *name)
{
    lf_json_write_string(out, lf_bytes_of(name));
    lf_buf_add_char(out, ':');
}

void
tool_add_hex(struct lf_buf *out, const char *name, struct lf_bytes bytes)
{
    add_name(out, name);
    lf_buf_add_char(out, '"');
    for (size_t i = 0; i < bytes.len; i++)
        lf_buf_printf(out, "%02x", (unsigned char)bytes.ptr[i]);
    lf_buf_add_text(out, "\",");
}

void
tool_add_value(struct lf_buf *out, const char *name, const struct lf_value *value)
{
    add_name(out, name);
    lf_json_write(out, value);
    lf_buf_add_char(out, ',');
}

void
tool_add_text(struct lf_buf *out, const char *name, struct lf_bytes text)
{
    add_name(out, name);
    lf_json_write_string(out, text);
    lf_buf_add_char(out, ',');
}

static tool_fn *
find(struct lf_bytes name)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct tool_command *row = tables[i]; row->name != NULL; row++) {
            if (lf_bytes_equal_text(name, row->name))
                return row->run;
        }
    }
    return NULL;
}

static enum lf_status
answer(struct lf_bytes line, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    struct lf_value command;
    enum lf_status st = lf_json_parse(arena, line, &command, err);
    if (st != LF_OK)
        return st;
    tool_fn *run = find(tool_text(&command, "op"));
    return run != NULL ? run(&command, arena, out, err) : lf_fail(err, LF_USAGE, "no such op");
}

static void
answer_line(struct lf_bytes line)
{
    struct lf_arena arena;
    struct lf_buf out;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&out, TOOL_BYTES_MAX);
    lf_buf_add_char(&out, '{');
    enum lf_status st = answer(line, &arena, &out, &err);
    if (st != LF_OK)
        tool_add_text(&out, "text", lf_bytes_of(err.text));
    tool_add_text(&out, "status", lf_bytes_of(lf_status_name(st)));
    LF_ASSERT(lf_buf_status(&out, NULL) == LF_OK);
    out.ptr[out.len - 1] = '}'; /* the last comma */
    printf("%.*s\n", (int)out.len, out.ptr);
    fflush(stdout);
    lf_buf_release(&out);
    lf_arena_release(&arena);
}

int
main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    while ((len = getline(&line, &size, stdin)) > 0)
        answer_line(lf_bytes(line, (size_t)len));
    free(line);
    return 0;
}
