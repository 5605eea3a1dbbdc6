/* Sets of members and items: bits, on the stack where they are few. */
#include "base/mem.h"
#include "codec/jsonschema/check.h"

#include <string.h>

static size_t
words(const struct lf_js_marks *marks)
{
    return ((size_t)marks->count + 63) / 64;
}

bool
lf_js_marks_init(struct lf_js_marks *marks, uint32_t count)
{
    *marks = (struct lf_js_marks){.count = count};
    marks->bits = words(marks) <= 2 ? marks->few : lf_calloc(words(marks), sizeof(uint64_t));
    return marks->bits != NULL;
}

void
lf_js_marks_release(struct lf_js_marks *marks)
{
    if (marks->bits != marks->few)
        lf_free(marks->bits);
    marks->bits = NULL;
}

void
lf_js_marks_add(struct lf_js_marks *marks, const struct lf_js_marks *more)
{
    for (size_t i = 0; i < words(marks); i++)
        marks->bits[i] |= more->bits[i];
}

void
lf_js_marks_set_all(struct lf_js_marks *marks)
{
    if (marks != NULL)
        memset(marks->bits, 0xff, words(marks) * sizeof(uint64_t));
}
