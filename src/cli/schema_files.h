/* JSON Schemas in files: where references lead, by --map and beside the schema itself. */
#ifndef LF_CLI_SCHEMA_FILES_H
#define LF_CLI_SCHEMA_FILES_H

#include "codec/jsonschema.h"
#include "server/config.h"

/* Compiles the schema at path under the options draft, map and format_assertion. */
LF_NODISCARD enum lf_status lf_schema_file_compile(const struct lf_config *config, const char *path,
                                                   struct lf_jsonschema **ret, struct lf_err *err);

#endif
