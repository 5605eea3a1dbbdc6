/*
 * JSON Schema, drafts 2020-12 and 07: a schema is compiled once, with everything that it refers to, and then checks any
 * number of values. Values are compared exactly: numbers by decimal value whatever their size.
 *
 * Both sides may be hostile. Compiling is bounded by the memory and the number of documents that options allow,
 * validating by steps, by depth and by the work of each regular expression; there is no recursion without end.
 */
#ifndef LF_CODEC_JSONSCHEMA_H
#define LF_CODEC_JSONSCHEMA_H

#include "base/arena.h"
#include "json/value.h"

enum lf_jsonschema_draft { LF_JSONSCHEMA_2020_12, LF_JSONSCHEMA_07 };

enum {
    LF_JSONSCHEMA_MEMORY_MAX = 64 * 1024 * 1024, /* of a compiled schema and all documents behind it */
    LF_JSONSCHEMA_DOCUMENTS_MAX = 1000,
    LF_JSONSCHEMA_STEPS_MAX = 20 * 1000 * 1000, /* of one validation */
    LF_JSONSCHEMA_DEPTH_MAX = 1024,             /* schemas within one another, of one validation */
};

struct lf_jsonschema; /* immutable: share it between threads */

/*
 * Fetches the document at an absolute URI without fragment: sets *ret_text, which has to live until the call of
 * lf_jsonschema_compile() returns (put it into arena). LF_NOT_FOUND with words of what was looked for; any other
 * failure ends the compilation with it. The metaschemas of both drafts are never asked for.
 */
typedef enum lf_status lf_jsonschema_resolve_fn(void *user, struct lf_bytes uri, struct lf_arena *arena,
                                                struct lf_bytes *ret_text, struct lf_err *err);

struct lf_jsonschema_options {
    struct lf_bytes base_uri;          /* absolute; relative references and $id are resolved against it; may be empty */
    enum lf_jsonschema_draft draft;    /* of schemas without $schema */
    bool assert_formats;               /* "format" refuses values; otherwise it is an annotation */
    lf_jsonschema_resolve_fn *resolve; /* NULL: only built-in documents can be referred to */
    void *user;                        /* for resolve */
    size_t memory_max;                 /* 0: LF_JSONSCHEMA_MEMORY_MAX */
    int64_t steps_max;                 /* 0: LF_JSONSCHEMA_STEPS_MAX */
};

/* Compiles a schema. LF_INVALID: the text is no JSON, a keyword has a value that it may not have, a reference leads
 * nowhere or in a circle; LF_UNSUPPORTED: another draft, or a vocabulary that is required and not known; LF_LIMIT;
 * LF_NO_MEMORY; or what resolve fails with. The error's text begins with the place in the schema. */
LF_NODISCARD enum lf_status lf_jsonschema_compile(const struct lf_jsonschema_options *options, struct lf_bytes text,
                                                  struct lf_jsonschema **ret, struct lf_err *err);
/* The same for a schema that has been parsed; the value is copied. */
LF_NODISCARD enum lf_status lf_jsonschema_compile_value(const struct lf_jsonschema_options *options,
                                                        const struct lf_value *value, struct lf_jsonschema **ret,
                                                        struct lf_err *err);
void lf_jsonschema_free(struct lf_jsonschema *schema); /* NULL is fine */

/* What is wrong with a value. Texts live in the arena of the validation and are cut at some kilobytes. */
struct lf_jsonschema_error {
    struct lf_bytes instance; /* JSON Pointer (RFC 6901) to the value; empty: the whole document */
    struct lf_bytes keyword;  /* "maxLength" */
    struct lf_bytes schema;   /* where the keyword is: "#/properties/name/maxLength"; with its URI in other documents */
    struct lf_bytes message;  /* a clause with the value: "\"abc\" has 3 characters, at most 2 are allowed" */
};

/*
 * Checks a value, whose objects must not have repeated names. LF_OK: valid. LF_INVALID: *ret_count errors (at most max,
 * at least one if max > 0) in errors; errors may be NULL with max 0, which is fastest. LF_LIMIT: too much work or
 * depth, LF_NO_MEMORY: no verdict. err tells the first error in one sentence. Thread-safe on a shared schema.
 */
LF_NODISCARD enum lf_status lf_jsonschema_validate(const struct lf_jsonschema *schema, const struct lf_value *value,
                                                   struct lf_arena *arena, struct lf_jsonschema_error *errors,
                                                   size_t max, size_t *ret_count, struct lf_err *err);

/* Whether a format can be asserted; others are ignored, as the specification has it. */
bool lf_jsonschema_format_known(struct lf_bytes name);

#endif
