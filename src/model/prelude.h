/* The part of the served schema that is the same for every model. For the files of this room. */
#ifndef LF_MODEL_PRELUDE_H
#define LF_MODEL_PRELUDE_H

/* SDL: Receipt, Event, EventStatus, paging, @await. */
extern const char lf_model_prelude[];

#endif
