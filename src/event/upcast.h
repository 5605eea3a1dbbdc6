/* Events of older versions in the form that the schema has today, by @upcast. Pure. */
#ifndef LF_EVENT_UPCAST_H
#define LF_EVENT_UPCAST_H

#include "event/event.h"

/* The header that tells the version of an event's payload: an extension attribute of CloudEvents' Kafka binding. Absent
 * (or no number): 1, the form of events before there were others. */
#define LF_EVENT_VERSION_HEADER LF_LIT("ce_dataversion")

/*
 * Sets *ret to the payload as an event of the type's present version would have it: the event's own where it is as new
 * (or newer, or of no known type). May share memory with the event's payload; what is new is in arena. What stands in
 * an old event under a new name already stays. LF_INVALID (reject): a step leads into something that is no object;
 * LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_event_upcast(const struct lf_event *event, struct lf_arena *arena, struct lf_value *ret,
                                            struct lf_err *err);

/* The version that a header's text tells, a number from 1 on; 0: none. */
int32_t lf_event_version_read(struct lf_bytes text);

#endif
