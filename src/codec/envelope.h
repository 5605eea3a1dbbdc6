/* Names of the envelope and of CloudEvents 1.0 in Kafka headers. For the files of this room. */
#ifndef LF_CODEC_ENVELOPE_H
#define LF_CODEC_ENVELOPE_H

#include "base/bytes.h"
#include "event/upcast.h"

enum { LF_EVENT_NAME_BYTES_MAX = 255 }; /* of an eventId or eventType */

#define LF_ENVELOPE_ID LF_LIT("eventId")
#define LF_ENVELOPE_TYPE LF_LIT("eventType")
#define LF_ENVELOPE_PAYLOAD LF_LIT("payload")

#define LF_CE_SPECVERSION LF_LIT("ce_specversion")
#define LF_CE_ID LF_LIT("ce_id")
#define LF_CE_SOURCE LF_LIT("ce_source")
#define LF_CE_TYPE LF_LIT("ce_type")
#define LF_CE_TIME LF_LIT("ce_time")
#define LF_CE_SUBJECT LF_LIT("ce_subject")
#define LF_CE_DATAVERSION LF_EVENT_VERSION_HEADER
#define LF_CONTENT_TYPE LF_LIT("content-type")

#endif
