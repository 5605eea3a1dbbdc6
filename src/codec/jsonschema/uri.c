/* RFC 3986: splitting a reference into its components (appendix B) and resolving it (section 5.2). */
#include "codec/jsonschema/uri.h"
#include "base/ascii.h"
#include "base/buf.h"

#include <string.h>

struct uri {
    struct lf_bytes scheme; /* ptr NULL: none; the same below */
    struct lf_bytes authority;
    struct lf_bytes path;
    struct lf_bytes query;
};

struct lf_bytes
lf_js_uri_split(struct lf_bytes uri, struct lf_bytes *ret_fragment)
{
    size_t at = lf_bytes_index(uri, '#');
    *ret_fragment = at != SIZE_MAX ? lf_bytes(uri.ptr + at + 1, uri.len - at - 1) : LF_BYTES_NONE;
    return at != SIZE_MAX ? lf_bytes(uri.ptr, at) : uri;
}

static bool
is_scheme_char(char c)
{
    return lf_is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* Cuts len bytes and a delimiter of skip bytes behind them off the front. */
static struct lf_bytes
take(struct lf_bytes *text, size_t len, size_t skip)
{
    struct lf_bytes taken = lf_bytes(text->ptr, len);
    *text = lf_bytes(text->ptr + len + skip, text->len - len - skip);
    return taken;
}

static struct uri
parse(struct lf_bytes text)
{
    struct uri uri = {0};
    struct lf_bytes fragment;
    text = lf_js_uri_split(text, &fragment);
    size_t len = 0;
    while (len < text.len && is_scheme_char(text.ptr[len]))
        len++;
    if (len > 0 && len < text.len && text.ptr[len] == ':' && lf_is_letter(text.ptr[0]))
        uri.scheme = take(&text, len, 1);
    if (lf_bytes_starts_with(text, LF_LIT("//"))) {
        (void)take(&text, 0, 2);
        for (len = 0; len < text.len && text.ptr[len] != '/' && text.ptr[len] != '?';)
            len++;
        uri.authority = take(&text, len, 0);
    }
    size_t mark = lf_bytes_index(text, '?');
    uri.path = mark != SIZE_MAX ? take(&text, mark, 1) : text;
    if (mark != SIZE_MAX)
        uri.query = text;
    return uri;
}

/* Drops the last segment of what was written since start. */
static void
drop_segment(struct lf_buf *out, size_t start)
{
    while (out->len > start && out->ptr[out->len - 1] != '/')
        out->len--;
    if (out->len > start)
        out->len--;
}

/* Section 5.2.4, on whole segments; path begins with '/'. */
static void
add_without_dots(struct lf_buf *out, struct lf_bytes path)
{
    size_t start = out->len;
    while (path.len > 0) {
        struct lf_bytes rest = lf_bytes(path.ptr + 1, path.len - 1);
        size_t slash = lf_bytes_index(rest, '/');
        struct lf_bytes segment = slash != SIZE_MAX ? lf_bytes(rest.ptr, slash) : rest;
        bool last = slash == SIZE_MAX;
        path = last ? LF_BYTES_NONE : lf_bytes(rest.ptr + slash, rest.len - slash);
        bool up = lf_bytes_equal_text(segment, "..");
        if (up)
            drop_segment(out, start);
        if (!up && !lf_bytes_equal_text(segment, ".")) {
            lf_buf_add_char(out, '/');
            lf_buf_add(out, segment);
        } else if (last) {
            lf_buf_add_char(out, '/');
        }
    }
}

/* Section 5.2.3, and 5.2.4 on its result. */
static void
add_merged(struct lf_buf *out, const struct uri *base, struct lf_bytes path, struct lf_arena *arena)
{
    size_t keep = base->path.len;
    while (keep > 0 && base->path.ptr[keep - 1] != '/')
        keep--;
    char *merged = lf_arena_printf(arena, "%s%.*s%.*s", keep == 0 && base->authority.ptr != NULL ? "/" : "", (int)keep,
                                   base->path.ptr, LF_FMT(path));
    if (merged == NULL)
        out->failed = LF_NO_MEMORY;
    else if (merged[0] == '/')
        add_without_dots(out, lf_bytes_of(merged));
    else
        lf_buf_add_text(out, merged); /* both are relative: nothing to resolve against */
}

static void
add_path(struct lf_buf *out, const struct uri *base, const struct uri *reference, struct lf_arena *arena)
{
    bool absolute = reference->path.len > 0 && reference->path.ptr[0] == '/';
    if (absolute)
        add_without_dots(out, reference->path);
    else if (reference->scheme.ptr != NULL || reference->authority.ptr != NULL)
        lf_buf_add(out, reference->path); /* a URN, or nothing */
    else if (reference->path.len == 0)
        lf_buf_add(out, base->path);
    else
        add_merged(out, base, reference->path, arena);
}

enum lf_status
lf_js_uri_resolve(struct lf_bytes base_text, struct lf_bytes text, struct lf_arena *arena, struct lf_bytes *ret,
                  struct lf_err *err)
{
    if (text.len > LF_JS_URI_BYTES_MAX)
        return lf_fail(err, LF_INVALID, "a URI of %zu bytes: %d are allowed", text.len, LF_JS_URI_BYTES_MAX);
    struct uri base = parse(base_text);
    struct uri reference = parse(text);
    bool own_scheme = reference.scheme.ptr != NULL;
    bool own_authority = own_scheme || reference.authority.ptr != NULL;
    bool own_query = own_authority || reference.path.len != 0 || reference.query.ptr != NULL;
    struct lf_bytes scheme = own_scheme ? reference.scheme : base.scheme;
    struct lf_bytes authority = own_authority ? reference.authority : base.authority;
    struct lf_bytes query = own_query ? reference.query : base.query;

    struct lf_buf out;
    lf_buf_init(&out, LF_JS_URI_BYTES_MAX * 3);
    if (scheme.ptr != NULL) {
        lf_buf_add(&out, scheme);
        lf_buf_add_char(&out, ':');
    }
    if (authority.ptr != NULL) {
        lf_buf_add_text(&out, "//");
        lf_buf_add(&out, authority);
    }
    add_path(&out, &base, &reference, arena);
    if (query.ptr != NULL) {
        lf_buf_add_char(&out, '?');
        lf_buf_add(&out, query);
    }
    enum lf_status st = lf_buf_status(&out, err);
    if (st == LF_OK && out.len > LF_JS_URI_BYTES_MAX)
        st = lf_fail(err, LF_INVALID, "a URI of %zu bytes: %d are allowed", out.len, LF_JS_URI_BYTES_MAX);
    if (st == LF_OK) {
        struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&out));
        if (copy.ptr != NULL)
            *ret = copy;
        else
            st = lf_no_memory(err);
    }
    lf_buf_release(&out);
    return st;
}

bool
lf_js_uri_decode(struct lf_bytes text, char *out, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            out[len++] = text.ptr[i];
            continue;
        }
        int high = i + 2 < text.len ? lf_hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? lf_hex_digit(text.ptr[i + 2]) : -1;
        if (low < 0)
            return false;
        out[len++] = (char)(high * 16 + low);
        i += 2;
    }
    *ret_len = len;
    return true;
}
