/* The parser's floor: tokens, failures, and what stands at the top of a file. */
#include "codec/protobuf/parser.h"

#include <stdarg.h>
#include <stdio.h>

enum { PATH_BYTES_MAX = 4096 };

bool
lf_proto_parser_fail(struct lf_proto_parser *p, struct lf_proto_place place, enum lf_status status, const char *fmt,
                     ...)
{
    char text[LF_ERR_TEXT_MAX];
    va_list ap;
    if (p->failed != LF_OK)
        return false;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    p->failed = lf_proto_fail_at(p->err, p->file, place, status, "%s", text);
    return false;
}

bool
lf_proto_parser_no_memory(struct lf_proto_parser *p)
{
    if (p->failed == LF_OK)
        p->failed = lf_no_memory(p->err);
    return false;
}

bool
lf_proto_advance(struct lf_proto_parser *p)
{
    if (p->failed == LF_OK)
        p->failed = lf_proto_lexer_next(&p->lexer, &p->token, p->err);
    if (p->failed != LF_OK)
        p->token = (struct lf_proto_token){.kind = LF_PROTO_TOKEN_END, .place = p->token.place};
    return p->failed == LF_OK;
}

bool
lf_proto_at(const struct lf_proto_parser *p, const char *text)
{
    return (p->token.kind == LF_PROTO_TOKEN_NAME || p->token.kind == LF_PROTO_TOKEN_SYMBOL) &&
           lf_bytes_equal_text(p->token.text, text);
}

bool
lf_proto_accept(struct lf_proto_parser *p, const char *text)
{
    return lf_proto_at(p, text) && lf_proto_advance(p);
}

/* Names what was wanted and what is there. */
static bool
unexpected(struct lf_proto_parser *p, const char *wanted)
{
    if (p->token.kind == LF_PROTO_TOKEN_END)
        return lf_proto_wrong(p, p->token.place, "expected %s, but the file ends here", wanted);
    return lf_proto_wrong(p, p->token.place, "expected %s, found \"%.*s\"", wanted,
                          (int)(p->token.text.len < 60 ? p->token.text.len : 60), p->token.text.ptr);
}

bool
lf_proto_expect(struct lf_proto_parser *p, const char *text)
{
    char wanted[40];
    if (lf_proto_at(p, text))
        return lf_proto_advance(p);
    snprintf(wanted, sizeof(wanted), "\"%s\"", text);
    return unexpected(p, wanted);
}

bool
lf_proto_expect_name(struct lf_proto_parser *p, const char *what, struct lf_bytes *ret)
{
    if (p->token.kind != LF_PROTO_TOKEN_NAME)
        return unexpected(p, what);
    *ret = p->token.text;
    return lf_proto_advance(p);
}

bool
lf_proto_expect_path(struct lf_proto_parser *p, bool rooted, struct lf_bytes *ret)
{
    struct lf_bytes path = LF_LIT(""), part = LF_BYTES_NONE;
    const bool is_rooted = rooted && lf_proto_accept(p, ".");
    do {
        if (!lf_proto_expect_name(p, "a name", &part))
            return false;
        path = lf_proto_join(p->schema, path, part);
        if (path.ptr == NULL)
            return lf_proto_parser_no_memory(p);
        if (path.len > PATH_BYTES_MAX)
            return lf_proto_parser_fail(p, p->token.place, LF_LIMIT, "a name of more than %d bytes", PATH_BYTES_MAX);
    } while (lf_proto_accept(p, "."));
    if (is_rooted) { /* as written */
        char *text = lf_arena_printf(&p->schema->arena, ".%.*s", (int)path.len, path.ptr);
        path = text != NULL ? lf_bytes(text, path.len + 1) : LF_BYTES_NONE;
    }
    *ret = path;
    return ret->ptr != NULL ? p->failed == LF_OK : lf_proto_parser_no_memory(p);
}

bool
lf_proto_expect_integer(struct lf_proto_parser *p, int64_t min, int64_t max, int64_t *ret)
{
    const struct lf_proto_place place = p->token.place;
    const bool negative = min < 0 && lf_proto_accept(p, "-");
    uint64_t value;
    if (p->token.kind != LF_PROTO_TOKEN_INTEGER)
        return unexpected(p, "an integer");
    if (!lf_proto_integer_of(p->token.text, &value) || value > (uint64_t)INT64_MAX ||
        (negative ? -(int64_t)value < min : (int64_t)value > max || (int64_t)value < min))
        return lf_proto_wrong(p, place, "%s%.*s is not between %lld and %lld", negative ? "-" : "",
                              LF_FMT(p->token.text), (long long)min, (long long)max);
    *ret = negative ? -(int64_t)value : (int64_t)value;
    return lf_proto_advance(p);
}

/* Adjacent strings are one. */
bool
lf_proto_expect_string(struct lf_proto_parser *p, struct lf_bytes *ret)
{
    struct lf_buf buf;
    if (p->token.kind != LF_PROTO_TOKEN_STRING)
        return unexpected(p, "a string");
    lf_buf_init(&buf, LF_PROTO_TEXT_BYTES_MAX);
    while (p->token.kind == LF_PROTO_TOKEN_STRING) {
        if (!lf_proto_unquote(&buf, p->token.text))
            lf_proto_wrong(p, p->token.place, "this string has an escape that there is not");
        lf_proto_advance(p);
    }
    *ret = lf_arena_copy(&p->schema->arena, lf_buf_view(&buf));
    const bool done = lf_buf_status(&buf, NULL) == LF_OK && ret->ptr != NULL;
    lf_buf_release(&buf);
    return done ? p->failed == LF_OK : lf_proto_parser_no_memory(p);
}

bool
lf_proto_skip_block(struct lf_proto_parser *p)
{
    const struct lf_proto_place start = p->token.place;
    size_t depth = 0;
    if (!lf_proto_at(p, "{"))
        return unexpected(p, "\"{\"");
    do {
        depth += lf_proto_at(p, "{") ? 1 : 0;
        depth -= lf_proto_at(p, "}") ? 1 : 0;
        if (p->token.kind == LF_PROTO_TOKEN_END)
            return lf_proto_wrong(p, start, "this \"{\" has no \"}\"");
        if (!lf_proto_advance(p))
            return false;
    } while (depth != 0);
    return true;
}

struct lf_bytes
lf_proto_join(struct lf_proto_schema *schema, struct lf_bytes parent, struct lf_bytes name)
{
    if (parent.len == 0)
        return name;
    char *text = lf_arena_printf(&schema->arena, "%.*s.%.*s", (int)parent.len, parent.ptr, (int)name.len, name.ptr);
    return text != NULL ? lf_bytes(text, parent.len + 1 + name.len) : LF_BYTES_NONE;
}

/* --- the top of a file -------------------------------------------------------------------------------------------- */

static const struct lf_proto_features of_proto2 = {LF_PROTO_EXPLICIT, LF_PROTO_CLOSED, LF_PROTO_EXPANDED,
                                                   LF_PROTO_LENGTH_PREFIXED};
static const struct lf_proto_features of_proto3 = {LF_PROTO_IMPLICIT, LF_PROTO_OPEN, LF_PROTO_PACKED,
                                                   LF_PROTO_LENGTH_PREFIXED};
static const struct lf_proto_features of_editions = {LF_PROTO_EXPLICIT, LF_PROTO_OPEN, LF_PROTO_PACKED,
                                                     LF_PROTO_LENGTH_PREFIXED};

/* "syntax = …;" or "edition = …;", or neither: proto2. */
static bool
parse_syntax(struct lf_proto_parser *p)
{
    struct lf_bytes value = LF_BYTES_NONE;
    p->file->features = of_proto2;
    const bool edition = lf_proto_at(p, "edition");
    if (!edition && !lf_proto_at(p, "syntax"))
        return true;
    lf_proto_advance(p);
    if (!lf_proto_expect(p, "="))
        return false;
    const struct lf_proto_place place = p->token.place;
    if (!lf_proto_expect_string(p, &value) || !lf_proto_expect(p, ";"))
        return false;
    if (edition && (lf_bytes_equal_text(value, "2023") || lf_bytes_equal_text(value, "2024"))) {
        p->file->syntax = LF_PROTO_EDITION;
        p->file->features = of_editions;
    } else if (!edition && lf_bytes_equal_text(value, "proto3")) {
        p->file->syntax = LF_PROTO_PROTO3;
        p->file->features = of_proto3;
    } else if (edition || !lf_bytes_equal_text(value, "proto2")) {
        return lf_proto_wrong(p, place, "%s \"%.*s\" is not known: proto2, proto3, or edition 2023 or 2024",
                              edition ? "edition" : "syntax", LF_FMT(value));
    }
    return true;
}

static bool
parse_import(struct lf_proto_parser *p)
{
    struct lf_proto_file *file = p->file;
    struct lf_proto_import import = {0};
    import.is_public = lf_proto_accept(p, "public");
    import.is_option = !import.is_public && file->syntax == LF_PROTO_EDITION && lf_proto_accept(p, "option");
    if (!import.is_public && !import.is_option)
        lf_proto_accept(p, "weak");
    import.place = p->token.place;
    if (!lf_proto_expect_string(p, &import.name) || !lf_proto_expect(p, ";"))
        return false;
    if (import.is_option)
        return true;
    if (file->import_count == LF_PROTO_FILES_MAX)
        return lf_proto_parser_fail(p, import.place, LF_LIMIT, "more than %d imports", LF_PROTO_FILES_MAX);
    if (!LF_PROTO_ROOM(&p->schema->arena, file->imports, file->import_count, file->import_cap))
        return lf_proto_parser_no_memory(p);
    file->imports[file->import_count++] = import;
    return true;
}

static bool
parse_package(struct lf_proto_parser *p)
{
    if (p->file->package.len != 0)
        return lf_proto_wrong(p, p->token.place, "a second package of one file");
    if (p->file->message_count + p->file->enum_count != 0)
        return lf_proto_wrong(p, p->token.place, "the package has to stand before messages and enums");
    p->file->package_place = p->token.place;
    return lf_proto_expect_path(p, false, &p->file->package) && lf_proto_expect(p, ";");
}

static bool
take_file_option(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option)
{
    struct lf_proto_file *file = target;
    return lf_proto_take_feature(p, option, &file->features);
}

static bool
skip_named_block(struct lf_proto_parser *p)
{
    struct lf_bytes name;
    return lf_proto_expect_path(p, true, &name) && lf_proto_skip_block(p);
}

static bool
parse_top(struct lf_proto_parser *p)
{
    if (p->file->syntax == LF_PROTO_EDITION && !lf_proto_accept(p, "export"))
        lf_proto_accept(p, "local"); /* visibility, of edition 2024: what is imported is seen */
    if (lf_proto_accept(p, ";"))
        return true;
    if (lf_proto_accept(p, "message"))
        return lf_proto_parse_message(p, NULL);
    if (lf_proto_accept(p, "enum"))
        return lf_proto_parse_enum(p, NULL);
    if (lf_proto_accept(p, "import"))
        return parse_import(p);
    if (lf_proto_accept(p, "package"))
        return parse_package(p);
    if (lf_proto_accept(p, "option"))
        return lf_proto_parse_option(p, take_file_option, p->file);
    if (lf_proto_accept(p, "service") || lf_proto_accept(p, "extend"))
        return skip_named_block(p);
    return unexpected(p, "message, enum, import, package, option, service or extend");
}

enum lf_status
lf_proto_parse_file(struct lf_proto_schema *schema, struct lf_proto_file *file, struct lf_bytes text,
                    struct lf_err *err)
{
    size_t at;
    struct lf_proto_parser p = {.schema = schema, .file = file, .err = err};
    file->package = LF_LIT("");
    if (text.len > LF_PROTO_TEXT_BYTES_MAX)
        return lf_proto_fail_at(err, file, ((struct lf_proto_place){1, 1}), LF_LIMIT,
                                "a file of %zu bytes: %d are allowed", text.len, LF_PROTO_TEXT_BYTES_MAX);
    if (!lf_utf8_valid(text, &at))
        return lf_proto_fail_at(err, file, ((struct lf_proto_place){1, 1}), LF_INVALID,
                                "the file is not UTF-8 at byte %zu", at);
    lf_proto_lexer_init(&p.lexer, file, text);
    if (lf_proto_advance(&p) && parse_syntax(&p)) {
        while (p.token.kind != LF_PROTO_TOKEN_END && parse_top(&p))
            ;
    }
    return p.failed;
}
