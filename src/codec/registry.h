/*
 * Schema registries: schemas by id, and the versions of each subject. One interface, two back ends, chosen by URL:
 *
 *   http://HOST:PORT/PATH, https://…   a server that speaks the Confluent REST API, version 7
 *   files:DIR                          a folder of schemas, ids kept in a lock file: for teams without a server
 *
 * Every call may block: over HTTP as long as the time-out and its repetitions take, on files as long as another process
 * holds the lock. So none of them belongs on the gateway's loop. A registry is safe to share between threads; over HTTP
 * one request is under way at a time.
 *
 * What failures mean, by status. The text says what the registry said:
 *   LF_UNAVAILABLE  nothing is known: not reached, too slow, 408, 429, 5xx, or an answer that is none of a registry
 *                   (HTML, a body cut off or too large, 404 without a registry's code). Ask again later.
 *   LF_NOT_FOUND    the registry says that there is no such subject, version or schema (40401, 40402, 40403)
 *   LF_CONFLICT     the registry refuses a schema as incompatible with the subject's versions (409)
 *   LF_INVALID      the registry refuses a schema or a request as malformed (422), or an argument is
 *   LF_DENIED       credentials are missing or wrong (401, 403), or the folder's rights are
 *   LF_UNSUPPORTED  any other 4xx; or the back end has no such thing
 *   LF_CORRUPT      files: the lock file is damaged, or a schema file is not what was registered
 *   LF_CLOSED       lf_registry_stop() was called
 */
#ifndef LF_CODEC_REGISTRY_H
#define LF_CODEC_REGISTRY_H

#include "base/arena.h"

struct lf_registry;

enum lf_schema_type { LF_SCHEMA_AVRO, LF_SCHEMA_JSON, LF_SCHEMA_PROTOBUF };

/* Names as registries have them: "AVRO", "JSON", "PROTOBUF". */
const char *lf_schema_type_name(enum lf_schema_type type);
bool lf_schema_type_parse(struct lf_bytes name, enum lf_schema_type *ret);

enum lf_compat_level {
    LF_COMPAT_NONE,
    LF_COMPAT_BACKWARD,
    LF_COMPAT_BACKWARD_TRANSITIVE,
    LF_COMPAT_FORWARD,
    LF_COMPAT_FORWARD_TRANSITIVE,
    LF_COMPAT_FULL,
    LF_COMPAT_FULL_TRANSITIVE,
};
/* "BACKWARD_TRANSITIVE" and so on. */
const char *lf_compat_level_name(enum lf_compat_level level);
bool lf_compat_level_parse(struct lf_bytes name, enum lf_compat_level *ret);

/* Another schema that a schema's text uses under a name: a $ref URI, an import's path, an Avro type's full name. */
struct lf_schema_reference {
    struct lf_bytes name;
    struct lf_bytes subject;
    int32_t version;
};

struct lf_schema_text {
    enum lf_schema_type type;
    struct lf_bytes text;
    const struct lf_schema_reference *references;
    size_t reference_count;
};

struct lf_registered {
    uint32_t id;     /* 0: not told */
    int32_t version; /* in the subject; 0: not told */
    struct lf_schema_text schema;
};

enum {
    LF_REGISTRY_LATEST = -1, /* as a version */
    LF_REGISTRY_NAME_BYTES_MAX = 1024,
    LF_REGISTRY_REFERENCES_MAX = 256, /* of a schema, and of what it refers to, together */
    LF_REGISTRY_VERSIONS_MAX = 10000, /* of a subject */
    LF_REGISTRY_ANSWER_BYTES_MAX = 16 * 1024 * 1024,
};

struct lf_registry_options {
    const char *url;
    /* http: credentials; NULL or "": none. A URL may have user:password@ too. */
    const char *user, *password;
    const char *token; /* bearer */
    /* https: PEM files; NULL or "": the system's authorities, no client certificate */
    const char *ca_file, *cert_file, *key_file;
    bool insecure;      /* https: believes any certificate */
    int64_t timeout_ms; /* http: of one request; 0: 5,000 */
    int tries;          /* http: requests until LF_UNAVAILABLE is returned, with backoff and jitter; 0: 3 */
    bool read_only;     /* files: DIR must be there, nothing is written; registering is LF_DENIED */
};

/* Opens a registry. Nothing is asked over HTTP yet; files: makes the folder. LF_INVALID: the URL; LF_NOT_FOUND,
 * LF_DENIED, LF_IO: the folder. Texts are copied. */
LF_NODISCARD enum lf_status lf_registry_open(const struct lf_registry_options *options, struct lf_registry **ret,
                                             struct lf_err *err);
/* Ends calls that wait, and all later ones, with LF_CLOSED. Thread-safe. */
void lf_registry_stop(struct lf_registry *registry);
void lf_registry_close(struct lf_registry *registry); /* NULL is fine; no call may be under way */
/* For people: the URL without secrets. Lives as long as the registry. */
const char *lf_registry_name(const struct lf_registry *registry);

/* ---- looking up: texts and lists of results live in arena ---- */

LF_NODISCARD enum lf_status lf_registry_by_id(struct lf_registry *registry, uint32_t id, struct lf_arena *arena,
                                              struct lf_schema_text *ret, struct lf_err *err);
/* By the 16 bytes that name a schema in all of a vendor's registries (newer servers). files: LF_NOT_FOUND. */
LF_NODISCARD enum lf_status lf_registry_by_guid(struct lf_registry *registry, const uint8_t guid[16],
                                                struct lf_arena *arena, struct lf_schema_text *ret, struct lf_err *err);
/* A version of a subject, or LF_REGISTRY_LATEST. Versions that were deleted are found as well. */
LF_NODISCARD enum lf_status lf_registry_version(struct lf_registry *registry, struct lf_bytes subject, int32_t version,
                                                struct lf_arena *arena, struct lf_registered *ret, struct lf_err *err);
/* Numbers of a subject's versions, ascending. LF_NOT_FOUND: no such subject. */
LF_NODISCARD enum lf_status lf_registry_versions(struct lf_registry *registry, struct lf_bytes subject,
                                                 struct lf_arena *arena, int32_t **ret_versions, size_t *ret_count,
                                                 struct lf_err *err);
/* Whether the subject has this very schema: its id and version. LF_NOT_FOUND: no such subject, or not this schema. */
LF_NODISCARD enum lf_status lf_registry_lookup(struct lf_registry *registry, struct lf_bytes subject,
                                               const struct lf_schema_text *schema, uint32_t *ret_id,
                                               int32_t *ret_version, struct lf_err *err);
/* The subject's level of compatibility, or the one of all subjects where it has none. */
LF_NODISCARD enum lf_status lf_registry_level(struct lf_registry *registry, struct lf_bytes subject,
                                              enum lf_compat_level *ret, struct lf_err *err);
/*
 * Whether the registry would take the schema as the subject's next version, by its own rules: *ret_why gets its
 * messages, one a line ("" if compatible). version: against that one or LF_REGISTRY_LATEST; 0: as the subject's level
 * has it. files: LF_UNSUPPORTED (compare the versions' texts instead).
 */
LF_NODISCARD enum lf_status lf_registry_compatible(struct lf_registry *registry, struct lf_bytes subject,
                                                   int32_t version, const struct lf_schema_text *schema,
                                                   struct lf_arena *arena, bool *ret_compatible,
                                                   struct lf_bytes *ret_why, struct lf_err *err);

/* ---- changing ---- */

/* Makes the schema the subject's next version, unless it is one already; its id in either case. May be repeated. files:
 * compatibility is the caller's to check. */
LF_NODISCARD enum lf_status lf_registry_register(struct lf_registry *registry, struct lf_bytes subject,
                                                 const struct lf_schema_text *schema, uint32_t *ret_id,
                                                 struct lf_err *err);
/* Sets the subject's level. */
LF_NODISCARD enum lf_status lf_registry_set_level(struct lf_registry *registry, struct lf_bytes subject,
                                                  enum lf_compat_level level, struct lf_err *err);

/* ---- references ---- */

/* A schema that another refers to, directly or not, under the name that it is referred to by. */
struct lf_schema_part {
    struct lf_bytes name;
    struct lf_bytes text;
};
/*
 * Fetches what a schema refers to and what that refers to, each once, what is referred to before who refers to it.
 * LF_LIMIT beyond LF_REGISTRY_REFERENCES_MAX; LF_INVALID: one name for two schemas, or references in a circle;
 * otherwise as lf_registry_version().
 */
LF_NODISCARD enum lf_status lf_registry_parts(struct lf_registry *registry, const struct lf_schema_text *schema,
                                              struct lf_arena *arena, struct lf_schema_part **ret, size_t *ret_count,
                                              struct lf_err *err);

/* ---- subjects ---- */

enum lf_subject_strategy { LF_SUBJECT_TOPIC, LF_SUBJECT_RECORD, LF_SUBJECT_TOPIC_RECORD };

/* The subject of a topic's values: "TOPIC-value", "RECORD" or "TOPIC-RECORD". record: the full name of the schema's
 * record, message or title. In arena; ptr NULL: out of memory. */
struct lf_bytes lf_registry_subject(enum lf_subject_strategy strategy, struct lf_bytes topic, struct lf_bytes record,
                                    struct lf_arena *arena);

#endif
