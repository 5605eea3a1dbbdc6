/*
 * One reader for several threads: a log around a real one whose readers, the lanes, share one reader of that log. So a
 * process is one member of its group however many threads work its partitions off. Each partition belongs to one lane,
 * so that order within it is kept.
 *
 * A thread of its own reads the log. It never waits for a lane for long: the group is served however slow the lanes
 * are. What waits for a lane is bounded; of a lane that stays full the partitions are held, and the others go on.
 */
#ifndef LF_LOG_SHARE_H
#define LF_LOG_SHARE_H

#include "log/log.h"

struct lf_log_share_options {
    size_t lanes;       /* at least 1 */
    size_t records_max; /* that wait for one lane; 0: 2,000 */
    size_t bytes_max;   /* so too; one record is always let in; 0: 4 MiB */
    int64_t hold_ms;    /* a full lane is waited for so long, then its partitions are held; 0: 500 */
    int64_t revoke_ms;  /* a lane may finish its batch of a partition that is taken away for so long; then the partition
                           is given away all the same: the store's position fences what comes late; 0: 5,000 */
};

/*
 * Makes a log around inner, which must outlive it. Everything but reading goes to inner. The first reader opened says
 * what is read, for which group; the others must say the same. Each may be used by a thread of its own; the caller's
 * assigned and revoked are called on that thread, in lf_log_read(). A lane's seek is done soon, not at once: no record
 * from before it comes after it.
 * lf_log_reader_open() of more readers than lanes is LF_USAGE. Close the readers, then this log, then inner.
 */
LF_NODISCARD enum lf_status lf_log_share_open(struct lf_log *inner, const struct lf_log_share_options *options,
                                              struct lf_log **ret, struct lf_err *err);

#endif
