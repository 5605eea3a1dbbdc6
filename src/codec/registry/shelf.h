/*
 * The lock file of a folder of schemas (files:DIR): which schema has which id, and which are the versions of each
 * subject. JSON, so that it can be read, compared and kept in version control beside the schemas:
 *
 *   {
 *     "format": 1,
 *     "nextId": 3,
 *     "level": "BACKWARD",
 *     "schemas": [
 *       {"id": 1, "type": "AVRO", "file": "schemas/1.avsc", "sha256": "…", "references": [ … ]}
 *     ],
 *     "subjects": [
 *       {"subject": "orders-value", "level": "FULL", "versions": [{"version": 1, "id": 1}]}
 *     ]
 *   }
 *
 * "references" and a subject's "level" may be absent. sha256 is that of the text; of Avro and JSON schemas that of the
 * canonical form of their JSON, so that they may be formatted anew. Ids are never used again. Pure.
 */
#ifndef LF_CODEC_REGISTRY_SHELF_H
#define LF_CODEC_REGISTRY_SHELF_H

#include "base/buf.h"
#include "codec/registry.h"

enum { LF_SHELF_BYTES_MAX = 64 * 1024 * 1024, LF_SHELF_DIGEST_LEN = 64 };

struct lf_shelf_schema {
    uint32_t id;
    struct lf_bytes file;         /* relative to the folder: "schemas/1.avsc" */
    struct lf_bytes digest;       /* hexadecimal */
    struct lf_schema_text schema; /* type and references; the text is in the file */
};

struct lf_shelf_version {
    int32_t version;
    uint32_t id;
};

struct lf_shelf_subject {
    struct lf_bytes name;
    bool has_level;
    enum lf_compat_level level;
    struct lf_shelf_version *versions; /* ascending */
    size_t version_count, version_cap;
};

struct lf_shelf {
    struct lf_arena *arena; /* owns everything */
    uint32_t next_id;
    enum lf_compat_level level;
    struct lf_shelf_schema *schemas;
    size_t schema_count, schema_cap;
    struct lf_shelf_subject *subjects;
    size_t subject_count, subject_cap;
};

/* Nothing registered yet. */
void lf_shelf_init(struct lf_shelf *shelf, struct lf_arena *arena);
/* LF_CORRUPT: the text is no lock file, says something twice or refers to what is not there; LF_UNSUPPORTED: of a later
 * format. The text must outlive the shelf. */
LF_NODISCARD enum lf_status lf_shelf_read(struct lf_shelf *shelf, struct lf_arena *arena, struct lf_bytes text,
                                          struct lf_err *err);
void lf_shelf_write(struct lf_buf *out, const struct lf_shelf *shelf);

/* NULL: not there. */
const struct lf_shelf_schema *lf_shelf_schema(const struct lf_shelf *shelf, uint32_t id);
struct lf_shelf_subject *lf_shelf_subject(const struct lf_shelf *shelf, struct lf_bytes name);
/* The schema of that type, digest and references. */
const struct lf_shelf_schema *lf_shelf_same(const struct lf_shelf *shelf, const struct lf_schema_text *schema,
                                            struct lf_bytes digest);

/* Adds; NULL: out of memory. Texts are borrowed. */
struct lf_shelf_schema *lf_shelf_add_schema(struct lf_shelf *shelf, const struct lf_schema_text *schema,
                                            struct lf_bytes digest);
struct lf_shelf_subject *lf_shelf_add_subject(struct lf_shelf *shelf, struct lf_bytes name);
LF_NODISCARD bool lf_shelf_add_version(struct lf_shelf *shelf, struct lf_shelf_subject *subject, uint32_t id);

/* What sha256 holds. LF_INVALID: an Avro or JSON schema that is no JSON. */
LF_NODISCARD enum lf_status lf_shelf_digest(const struct lf_schema_text *schema, struct lf_arena *arena,
                                            struct lf_bytes *ret, struct lf_err *err);

#endif
