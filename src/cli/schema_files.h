/* JSON Schemas in files: where references lead, by --map and beside the schema itself. */
#ifndef LF_CLI_SCHEMA_FILES_H
#define LF_CLI_SCHEMA_FILES_H

#include "base/buf.h"
#include "codec/jsonschema.h"
#include "server/config.h"

/* Appends a file's content. LF_NOT_FOUND, LF_DENIED, LF_IO, LF_LIMIT, with the path. */
LF_NODISCARD enum lf_status lf_schema_file_read(const char *path, struct lf_buf *out, struct lf_err *err);

/* Compiles the schema at path under the options draft, map and format_assertion. */
LF_NODISCARD enum lf_status lf_schema_file_compile(const struct lf_config *config, const char *path,
                                                   struct lf_jsonschema **ret, struct lf_err *err);

#endif
