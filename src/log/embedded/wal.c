/*
 * SQLite ends the write-ahead log at the first frame whose checksum is wrong: right for a torn tail, wrong for damage
 * in the middle, after which acknowledged records would silently be gone. The difference can be seen. Each transaction
 * is synced before the next one begins, so a torn tail holds frames of one transaction only: at most one commit mark.
 * Two or more of the same generation (salt) behind the first bad frame mean that something synced was damaged.
 *
 *   file:   header (32 bytes), then frames of 24 bytes and one page each
 *   header: magic, format, page size, checkpoint number, salt 1, salt 2, checksum 1, checksum 2
 *   frame:  page number, database size (commit mark if not 0), salt 1, salt 2, checksum 1, checksum 2
 *   each a big-endian number of 4 bytes (www.sqlite.org/fileformat2.html#walformat)
 */
#include "log/embedded/embedded.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_SIZE = 32, FRAME_SIZE = 24, MAGIC = 0x377f0682 };

struct wal {
    int fd;
    bool big_endian; /* checksums are over words of this order */
    uint32_t page_size;
    unsigned char salt[8];
    uint32_t sums[2]; /* so far */
    unsigned char *frame;
};

static uint32_t
word(const unsigned char *at, bool big_endian)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? value : __builtin_bswap32(value);
}

static void
add_sums(struct wal *wal, const unsigned char *at, size_t len)
{
    uint32_t a = wal->sums[0];
    uint32_t b = wal->sums[1];
    for (size_t i = 0; i < len; i += 8) {
        a += word(at + i, wal->big_endian) + b;
        b += word(at + i + 4, wal->big_endian) + a;
    }
    wal->sums[0] = a;
    wal->sums[1] = b;
}

/* False if there is no valid header, hence nothing that SQLite would replay. */
static bool
read_header(struct wal *wal)
{
    unsigned char header[HEADER_SIZE];
    if (pread(wal->fd, header, sizeof(header), 0) != HEADER_SIZE || (word(header, true) & ~1U) != MAGIC)
        return false;
    wal->big_endian = (word(header, true) & 1) != 0;
    wal->page_size = word(header + 8, true);
    if (wal->page_size < 512 || wal->page_size > 65536 || (wal->page_size & (wal->page_size - 1)) != 0)
        return false;
    memcpy(wal->salt, header + 16, 8);
    wal->sums[0] = wal->sums[1] = 0;
    add_sums(wal, header, 24);
    return wal->sums[0] == word(header + 24, true) && wal->sums[1] == word(header + 28, true);
}

/* Reads a frame, its first len bytes; false at the end of the file. */
static bool
read_frame(struct wal *wal, off_t index, size_t len)
{
    off_t at = HEADER_SIZE + index * (off_t)(FRAME_SIZE + wal->page_size);
    return pread(wal->fd, wal->frame, len, at) == (ssize_t)len;
}

static bool
frame_is_good(struct wal *wal)
{
    if (memcmp(wal->frame + 8, wal->salt, 8) != 0 || word(wal->frame, true) == 0)
        return false;
    add_sums(wal, wal->frame, 8);
    add_sums(wal, wal->frame + FRAME_SIZE, wal->page_size);
    return wal->sums[0] == word(wal->frame + 16, true) && wal->sums[1] == word(wal->frame + 20, true);
}

/* Commit marks of this generation from the first bad frame on; *ret_frame is that frame. */
static size_t
count_lost_commits(struct wal *wal, off_t *ret_frame)
{
    off_t index = 0;
    while (read_frame(wal, index, FRAME_SIZE + wal->page_size) && frame_is_good(wal))
        index++;
    *ret_frame = index;
    size_t commits = 0;
    for (; read_frame(wal, index, FRAME_SIZE); index++) {
        if (memcmp(wal->frame + 8, wal->salt, 8) == 0 && word(wal->frame + 4, true) != 0)
            commits++;
    }
    return commits;
}

/* Has another process begun the file anew meanwhile? Then what was read is a mixture. */
static bool
is_unchanged(const struct wal *wal)
{
    unsigned char salt[8];
    return pread(wal->fd, salt, sizeof(salt), 16) == 8 && memcmp(salt, wal->salt, 8) == 0;
}

/* Is the file damaged at *ret_frame? Looked at twice: another process may be writing at the very place. */
static bool
is_damaged(struct wal *wal, off_t *ret_frame)
{
    off_t frame;
    const uint32_t start[2] = {wal->sums[0], wal->sums[1]};
    if (count_lost_commits(wal, &frame) < 2)
        return false;
    memcpy(wal->sums, start, sizeof(start));
    return count_lost_commits(wal, ret_frame) >= 2 && *ret_frame == frame && is_unchanged(wal);
}

static enum lf_status
check(struct wal *wal, const char *path, struct lf_err *err)
{
    if (!read_header(wal))
        return LF_OK;
    wal->frame = lf_malloc(FRAME_SIZE + wal->page_size);
    if (wal->frame == NULL)
        return lf_no_memory(err);
    off_t frame;
    if (!is_damaged(wal, &frame))
        return LF_OK;
    return lf_fail(
        err, LF_CORRUPT,
        "'%.200s' is damaged at byte %lld, with committed records behind it: restore the directory from a backup", path,
        (long long)HEADER_SIZE + (long long)frame * (FRAME_SIZE + (long long)wal->page_size));
}

enum lf_status
lf_emb_check_wal(const struct lf_emb_log *log, struct lf_err *err)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof(path), "%s-wal", log->file) >= sizeof(path))
        return LF_OK; /* too long for SQLite as well */
    struct wal wal = {.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (wal.fd < 0)
        return LF_OK; /* none: closed cleanly. Not readable: SQLite says it better */
    enum lf_status st = check(&wal, path, err);
    lf_free(wal.frame);
    close(wal.fd);
    return st;
}
