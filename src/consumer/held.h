/*
 * Partitions that are held: their next record cannot be worked off yet, because the registry has not said what it was
 * written with, or because the log refuses it as a dead letter. Nothing of them is taken while the others go on; after
 * a while, or once the registry has answered, they are read again from the store's position. lf_partition_hold() begins
 * it. The consumer's thread only.
 */
#ifndef LF_CONSUMER_HELD_H
#define LF_CONSUMER_HELD_H

#include "consumer/loop.h"

/* After a batch: spares the log the reading of what it has held, and tells the operator of schemas. */
void lf_held_note(struct lf_consumer *consumer);
/* Before a read: lets go what may be tried again. Returns for how long the read may wait, at most timeout_ms. */
int64_t lf_held_release(struct lf_consumer *consumer, int64_t timeout_ms);

#endif
