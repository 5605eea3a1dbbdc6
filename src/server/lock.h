/* A lock file that says who has it, held until release or the end of the process. */
#ifndef LF_SERVER_LOCK_H
#define LF_SERVER_LOCK_H

#include "base/err.h"

struct lf_lock;

/* Takes the lock at path (made if missing) for purpose ("the consumer"). LF_BUSY names the owner's process id;
 * LF_DENIED, LF_IO. */
LF_NODISCARD enum lf_status lf_lock_take(const char *path, const char *purpose, struct lf_lock **ret,
                                         struct lf_err *err);
void lf_lock_release(struct lf_lock *lock); /* NULL is fine; the file stays */

#endif
