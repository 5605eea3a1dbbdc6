/* JSON Schemas against each other. For the files of this folder. */
#ifndef LF_CODEC_SCHEMA_COMPAT_JSON_H
#define LF_CODEC_SCHEMA_COMPAT_JSON_H

#include "codec/compat.h"
#include "json/value.h"

/* Adds to report each reason why a reader with one schema would not take all that a writer with the other may write.
 * LF_OK whether there are any or not; LF_LIMIT, LF_NO_MEMORY: not compared to the end. */
LF_NODISCARD enum lf_status lf_jsonschema_compat(const struct lf_value *reader, const struct lf_value *writer,
                                                 struct lf_compat_report *report, struct lf_err *err);

#endif
