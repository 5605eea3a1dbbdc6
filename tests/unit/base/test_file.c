/* Files are read whole or refused; a write is there as a whole, or the file is as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../log/temp_dir.h"
#include "base/file.h"

#include <sys/stat.h>

static struct temp_dir dir;

static const char *
in(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir.path, name);
    return path;
}

static int
set_up(void **state)
{
    (void)state;
    dir = make_temp_dir();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    remove_tree(dir.path);
    return 0;
}

static void
assert_content(const char *name, const char *content)
{
    struct lf_buf out;
    lf_buf_init(&out, 1000);
    assert_int_equal(lf_file_read(in(name), &out, NULL), LF_OK);
    assert_true(lf_bytes_equal_text(lf_buf_view(&out), content));
    lf_buf_release(&out);
}

static void
written_and_read(void **state)
{
    (void)state;
    assert_int_equal(lf_file_write(in("a"), LF_LIT("first"), NULL), LF_OK);
    assert_content("a", "first");
    assert_int_equal(lf_file_write(in("a"), LF_LIT(""), NULL), LF_OK);
    assert_content("a", "");
    assert_int_not_equal(access(in("a.new"), F_OK), 0);
}

static void
what_cannot_be_read(void **state)
{
    (void)state;
    struct lf_buf out;
    struct lf_err err = {0};
    lf_buf_init(&out, 4);
    assert_int_equal(lf_file_read(in("absent"), &out, &err), LF_NOT_FOUND);
    assert_non_null(strstr(err.text, "absent"));
    assert_int_equal(lf_file_read(dir.path, &out, &err), LF_INVALID);
    assert_int_equal(lf_file_write(in("large"), LF_LIT("12345"), NULL), LF_OK);
    assert_int_equal(lf_file_read(in("large"), &out, &err), LF_LIMIT);
    assert_non_null(strstr(err.text, "large"));
    lf_buf_release(&out);
}

static void
what_cannot_be_written_stays(void **state)
{
    (void)state;
    assert_int_equal(lf_file_write(in("a"), LF_LIT("kept"), NULL), LF_OK);
    assert_int_equal(mkdir(in("a.new"), 0755), 0); /* in the way */
    assert_int_not_equal(lf_file_write(in("a"), LF_LIT("lost"), NULL), LF_OK);
    assert_content("a", "kept");
    assert_int_equal(lf_file_write(in("no/such/folder"), LF_LIT("x"), NULL), LF_NOT_FOUND);
}

static void
folders(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(lf_folder_make(in("x/y//z"), NULL), LF_OK);
    assert_int_equal(lf_folder_make(in("x/y/z"), NULL), LF_OK);
    assert_int_equal(stat(in("x/y/z"), &info), 0);
    assert_int_equal(lf_file_write(in("file"), LF_LIT(""), NULL), LF_OK);
    assert_int_equal(lf_folder_make(in("file/below"), NULL), LF_IO);
    assert_int_equal(lf_folder_make("", NULL), LF_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_and_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
