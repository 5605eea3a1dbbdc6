/* Accept and Content-Type (RFC 9110 sections 8.3 and 12.5.1), as far as two media types need it. */
#include "gateway/accept.h"

/* Cuts the part before the first separator off *text (quotes are respected); false when nothing is left. */
static bool
next_part(struct lf_bytes *text, char separator, struct lf_bytes *ret)
{
    if (text->ptr == NULL)
        return false;
    bool quoted = false;
    size_t i = 0;
    for (; i < text->len && (quoted || text->ptr[i] != separator); i++) {
        if (text->ptr[i] == '"')
            quoted = !quoted;
    }
    *ret = lf_bytes_trim(lf_bytes(text->ptr, i));
    *text = i < text->len ? lf_bytes(text->ptr + i + 1, text->len - i - 1) : LF_BYTES_NONE;
    return true;
}

/* "q=0.5" in thousandths; what is no weight counts as 1. */
static int
weight_of(struct lf_bytes parameters)
{
    struct lf_bytes parameter;
    while (next_part(&parameters, ';', &parameter)) {
        if (parameter.len < 3 || (parameter.ptr[0] != 'q' && parameter.ptr[0] != 'Q') || parameter.ptr[1] != '=')
            continue;
        double q;
        if (lf_bytes_to_f64(lf_bytes(parameter.ptr + 2, parameter.len - 2), &q) && q >= 0 && q <= 1)
            return (int)(q * 1000);
    }
    return 1000;
}

struct choice {
    int weight;      /* thousandths; -1: not mentioned */
    int specificity; /* of the range that set it: 1 all, 2 application/, 3 itself */
};

static void
offer(struct choice *choice, struct lf_bytes range, const char *type, int weight)
{
    int specificity = lf_bytes_equal_text(range, "*/*")                       ? 1
                      : lf_bytes_equal_nocase(range, LF_LIT("application/*")) ? 2
                      : lf_bytes_equal_nocase(range, lf_bytes_of(type))       ? 3
                                                                              : 0;
    if (specificity > choice->specificity)
        *choice = (struct choice){weight, specificity};
}

enum lf_media
lf_accept_choose(struct lf_bytes accept)
{
    if (accept.ptr == NULL || lf_bytes_trim(accept).len == 0)
        return LF_MEDIA_JSON;
    struct choice graphql = {-1, 0}, json = {-1, 0};
    struct lf_bytes part, range;
    while (next_part(&accept, ',', &part)) {
        struct lf_bytes rest = part;
        if (!next_part(&rest, ';', &range))
            continue;
        int weight = weight_of(rest);
        offer(&graphql, range, "application/graphql-response+json", weight);
        offer(&json, range, "application/json", weight);
    }
    if (graphql.weight <= 0 && json.weight <= 0)
        return LF_MEDIA_NONE;
    if (graphql.weight != json.weight)
        return graphql.weight > json.weight ? LF_MEDIA_GRAPHQL : LF_MEDIA_JSON;
    return graphql.specificity == 3 ? LF_MEDIA_GRAPHQL : LF_MEDIA_JSON;
}

bool
lf_content_type_is_json(struct lf_bytes content_type)
{
    struct lf_bytes type, parameter;
    if (!next_part(&content_type, ';', &type) || !lf_bytes_equal_nocase(type, LF_LIT("application/json")))
        return false;
    while (next_part(&content_type, ';', &parameter)) {
        if (parameter.len < 8 || !lf_bytes_equal_nocase(lf_bytes(parameter.ptr, 8), LF_LIT("charset=")))
            continue;
        struct lf_bytes charset = lf_bytes(parameter.ptr + 8, parameter.len - 8);
        if (!lf_bytes_equal_nocase(charset, LF_LIT("utf-8")) && !lf_bytes_equal_nocase(charset, LF_LIT("\"utf-8\"")))
            return false;
    }
    return true;
}
