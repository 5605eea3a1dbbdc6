/* Timestamp and Duration as texts, FieldMask paths. Pure. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_TIMES_H
#define LF_CODEC_PROTOBUF_TIMES_H

#include "base/buf.h"

/* Seconds with nanoseconds that have their sign (Duration) or count up (Timestamp). */
struct lf_proto_time {
    int64_t seconds;
    int32_t nanos;
};

enum { LF_PROTO_TIME_TEXT_SIZE = 40 };

/* RFC 3339 with any offset and up to nine digits that are not zero; years 1 to 9999. */
bool lf_proto_timestamp_of_text(struct lf_bytes text, struct lf_proto_time *ret);
/* "2026-11-24T08:46:34.5Z" with 0, 3, 6 or 9 digits; 0 if out of range. */
size_t lf_proto_timestamp_text(struct lf_proto_time time, char out[LF_PROTO_TIME_TEXT_SIZE]);
/* "-3.000000001s", within 10,000 years. */
bool lf_proto_duration_of_text(struct lf_bytes text, struct lf_proto_time *ret);
size_t lf_proto_duration_text(struct lf_proto_time time, char out[LF_PROTO_TIME_TEXT_SIZE]);

/* "user.displayName" for "user.display_name", and back. False: the other would not lead back. */
bool lf_proto_mask_of_path(struct lf_bytes path, struct lf_buf *out);
bool lf_proto_path_of_mask(struct lf_bytes mask, struct lf_buf *out);

#endif
