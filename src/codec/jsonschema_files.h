/* JSON Schemas in files: where references lead, by maps of URIs to folders and beside the schema itself. */
#ifndef LF_CODEC_JSONSCHEMA_FILES_H
#define LF_CODEC_JSONSCHEMA_FILES_H

#include "codec/jsonschema.h"

struct lf_jsonschema_files {
    const char *const *maps; /* "URI-PREFIX=DIR" */
    size_t map_count;
    enum lf_jsonschema_draft draft; /* of schemas without $schema */
    bool assert_formats;
};

/* Compiles the schema at path. LF_USAGE: a map is none; LF_NOT_FOUND, LF_DENIED, LF_IO: the file; otherwise as
 * lf_jsonschema_compile(). The text begins with the path. */
LF_NODISCARD enum lf_status lf_jsonschema_load(const struct lf_jsonschema_files *files, const char *path,
                                               struct lf_jsonschema **ret, struct lf_err *err);

#endif
