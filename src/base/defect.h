/*
 * Deliberate defects, so that the tests that look for such things can be tested: tests/sim and tests/crash switch on
 * one after the other and must catch each. Only where LF_DEFECTS is defined (the simulation's second build of the
 * consumer, and -Dcrash_points=true); in the product every LF_DEFECT() is the constant false. base/defect.def has the
 * list.
 */
#ifndef LF_BASE_DEFECT_H
#define LF_BASE_DEFECT_H

#include <stdbool.h>

#ifdef LF_DEFECTS
struct lf_defects {
#define LF_DEFECT_ROW(room, name) bool name;
#include "base/defect.def"
#undef LF_DEFECT_ROW
};
/* All off, save the one that LOGFIRST_DEFECT names in the environment. Change it before threads start. */
extern struct lf_defects lf_defects;
#define LF_DEFECT(name) (lf_defects.name)
#else
#define LF_DEFECT(name) (false)
#endif

#endif
