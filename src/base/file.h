/* Small files, read and written whole; folders. Any thread. */
#ifndef LF_BASE_FILE_H
#define LF_BASE_FILE_H

#include "base/buf.h"

/* Appends a file's content to out. LF_NOT_FOUND, LF_DENIED, LF_INVALID (a folder), LF_LIMIT (larger than out may be),
 * LF_NO_MEMORY, LF_IO; the text names the file. */
LF_NODISCARD enum lf_status lf_file_read(const char *path, struct lf_buf *out, struct lf_err *err);
/*
 * Puts content in the place of the file, durably and at once: whoever reads it, at whatever moment and after whatever
 * crash, sees the old content or the new. Two writers at a time must lock each other out. LF_DENIED, LF_NOT_FOUND (no
 * such folder), LF_UNAVAILABLE (no room): the file is as it was. LF_IO: it may be the new one, perhaps not durably.
 */
LF_NODISCARD enum lf_status lf_file_write(const char *path, struct lf_bytes content, struct lf_err *err);

/* Makes a folder and those above it, as far as they are missing. LF_DENIED, LF_INVALID (no name), LF_IO. */
LF_NODISCARD enum lf_status lf_folder_make(const char *path, struct lf_err *err);

#endif
