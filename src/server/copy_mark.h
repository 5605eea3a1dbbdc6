/* What the target has already, for copy.c: found by the headers of its records. */
#ifndef LF_SERVER_COPY_MARK_H
#define LF_SERVER_COPY_MARK_H

#include "log/log.h"

enum lf_copy_verdict { LF_COPY_NEEDED, LF_COPY_PRESENT, LF_COPY_HOLE };

/* The copies of one partition of the source in one partition of the target. */
struct lf_copy_mark {
    int64_t lowest, highest; /* offsets in the source, as far as was looked; highest -1: none */
    bool whole;              /* the target's partition was looked at from its first record ever */
};

/* A set of offsets, a bit each, in pieces that are made when needed. */
struct lf_copy_bits {
    unsigned char **pieces;
    size_t count;
    int64_t base;
};

struct lf_copy_marks {
    struct lf_bytes topic;
    size_t sources, targets;     /* partitions, numbered from 0 */
    struct lf_copy_mark *marks;  /* [target * sources + source] */
    struct lf_copy_bits *copied; /* [source] */
    bool foreign;                /* the target has records that are no copies of this topic */
};

/* ranges: of the source's partitions; the number of each is its index. */
LF_NODISCARD enum lf_status lf_copy_marks_init(struct lf_copy_marks *marks, struct lf_bytes topic,
                                               const struct lf_log_range *ranges, size_t sources, size_t targets,
                                               struct lf_err *err);
void lf_copy_marks_release(struct lf_copy_marks *marks);

/* Takes note of a record of the target. LF_CONFLICT: a copy of a record that the source does not have. */
LF_NODISCARD enum lf_status lf_copy_mark(struct lf_copy_marks *marks, const struct lf_record *record,
                                         const struct lf_log_range *ranges, struct lf_err *err);
/* Is the record that would go to the target's partition there? */
enum lf_copy_verdict lf_copy_judge(const struct lf_copy_marks *marks, int32_t target, int32_t source, int64_t offset);
/* The lowest offset of the source's partition that lf_copy_judge() must be asked about, if its records go to target. */
int64_t lf_copy_begin(const struct lf_copy_marks *marks, int32_t target, int32_t source, int64_t first);

#endif
