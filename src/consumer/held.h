/*
 * Partitions that wait for a schema: the registry has not said yet what their next record was written with. They are
 * held at that record, and nothing of them is worked off, while the others go on; once the registry has answered, or
 * after a while, they are read again from the store's position. The consumer's thread only.
 */
#ifndef LF_CONSUMER_HELD_H
#define LF_CONSUMER_HELD_H

#include "consumer/loop.h"

/* After a batch: spares the log the reading of what it has held, and tells the operator. */
void lf_held_note(struct lf_consumer *consumer);
/* Before a read: lets go what may be tried again. Returns for how long the read may wait, at most timeout_ms. */
int64_t lf_held_release(struct lf_consumer *consumer, int64_t timeout_ms);

#endif
