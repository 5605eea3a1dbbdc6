/*
 * A file system for SQLite that fails on purpose: the default one with writes and syncs of the write-ahead log that can
 * be made to fail or hang. It becomes the default of the process.
 */
#ifndef LF_TESTS_LOG_FAULT_VFS_H
#define LF_TESTS_LOG_FAULT_VFS_H

void fault_vfs_install(void);

/* From the n-th call from now on (1: the next; 0: never) writes or syncs of the write-ahead log fail with code. */
void fault_vfs_fail_writes(int n, int code);
void fault_vfs_fail_syncs(int n, int code);
/* Syncs hang until told otherwise. */
void fault_vfs_hang_syncs(int hang);

#endif
