/*
 * Fuzz target: lock files, and two JSON Schemas against each other, whoever wrote them. The first byte says which. A
 * schema reads itself; a lock file that parses is brought up to date, and then is.
 */
#include "codec/schema.h"
#include "codec/schema_compat.h"

static struct lf_model *model;

static void
make_model(void)
{
    static const char sdl[] = "type E @event { a: Int b: C! o: O } enum C { R G } type O { x: String o: O }";
    const struct lf_model_file file = {"fuzz.graphql", {sdl, sizeof(sdl) - 1}};
    struct lf_arena arena;
    struct lf_gql_errors errors;
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    model = lf_model_compile(&file, 1, &errors);
    LF_ASSERT(model != NULL);
    lf_arena_release(&arena);
}

static void
try_lock(struct lf_bytes text)
{
    struct lf_schema_lock *lock = NULL, *again = NULL;
    struct lf_buf out, same;
    if (lf_schema_lock_parse(text, &lock, NULL) != LF_OK)
        return;
    lf_buf_init(&out, LF_SCHEMA_LOCK_BYTES_MAX);
    lf_buf_init(&same, LF_SCHEMA_LOCK_BYTES_MAX);
    struct lf_schema_options options = {.model = model, .lock = lock};
    if (lf_schema_lock_update(&options, LF_FORMAT_PROTOBUF, &out, NULL) == LF_OK) {
        LF_ASSERT(lf_schema_lock_parse(lf_buf_view(&out), &again, NULL) == LF_OK);
        options.lock = again;
        LF_ASSERT(lf_schema_lock_update(&options, LF_FORMAT_PROTOBUF, &same, NULL) == LF_OK);
        LF_ASSERT(lf_bytes_equal(lf_buf_view(&out), lf_buf_view(&same)));
    }
    lf_schema_lock_free(lock);
    lf_schema_lock_free(again);
    lf_buf_release(&out);
    lf_buf_release(&same);
}

/* Two texts with a line end between them. */
static void
try_compare(struct lf_bytes text)
{
    struct lf_arena arena;
    struct lf_schema_verdict verdict = {0};
    size_t len = lf_bytes_index(text, '\n');
    const struct lf_schema_version now = {.text = lf_bytes(text.ptr, len != SIZE_MAX ? len : text.len)};
    const struct lf_schema_version before = {.text = len != SIZE_MAX ? lf_bytes(text.ptr + len + 1, text.len - len - 1)
                                                                     : text};
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_schema_compare(LF_FORMAT_JSON, LF_COMPAT_FULL, &before, 1, &now, &arena, &verdict, NULL);
    LF_ASSERT(st == LF_OK || st == LF_INVALID || st == LF_LIMIT);
    st = lf_schema_compare(LF_FORMAT_JSON, LF_COMPAT_FULL, &now, 1, &now, &arena, &verdict, NULL);
    LF_ASSERT(st != LF_OK || verdict.count == 0);
    lf_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (model == NULL)
        make_model();
    struct lf_bytes text = lf_bytes((const char *)data + 1, size - 1);
    if (data[0] == 'L')
        try_lock(text);
    else
        try_compare(text);
    return 0;
}
