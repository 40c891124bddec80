/* What a C program does with files, by the C library: streams and descriptors, directories, attributes, times.
 *
 * Works in the directory that is its argument, with symbolic links if the next one is "links", and judges itself: a wrong answer is one line on stderr and exit code 1. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(truth)                                                           \
    do {                                                                       \
        if (!(truth)) {                                                        \
            fprintf(stderr, "failed: %s:%d: %s (%s)\n", __FILE__, __LINE__,    \
                    #truth, strerror(errno));                                  \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

static void streams(void) {
    FILE *file = fopen("lines", "w+");
    CHECK(file != NULL);
    for (int line = 0; line < 1000; line++)
        CHECK(fprintf(file, "line %d\n", line) > 0);
    CHECK(fseek(file, 0, SEEK_SET) == 0);
    char text[64];
    for (int line = 0; line < 1000; line++) {
        char expected[64];
        snprintf(expected, sizeof expected, "line %d\n", line);
        CHECK(fgets(text, sizeof text, file) != NULL && strcmp(text, expected) == 0);
    }
    CHECK(fgetc(file) == EOF && feof(file));
    CHECK(fseek(file, -9, SEEK_END) == 0 && ftell(file) == 8890 - 9);
    CHECK(fclose(file) == 0);

    file = fopen("lines", "a");
    CHECK(file != NULL && fputs("the end\n", file) >= 0 && fclose(file) == 0);
    struct stat stats;
    CHECK(stat("lines", &stats) == 0 && stats.st_size == 8898 && S_ISREG(stats.st_mode));
}

static void descriptors(void) {
    int fd = open("numbers", O_RDWR | O_CREAT | O_TRUNC, 0666);
    CHECK(fd >= 0);
    CHECK(write(fd, "0123456789", 10) == 10);
    char digits[4] = "";
    CHECK(pread(fd, digits, 3, 4) == 3 && strcmp(digits, "456") == 0);
    CHECK(pwrite(fd, "xyz", 3, 8) == 3 && lseek(fd, 0, SEEK_END) == 11);
    CHECK(ftruncate(fd, 5) == 0 && lseek(fd, 0, SEEK_END) == 5);
    struct timespec times[2] = {{.tv_sec = 1000000000, .tv_nsec = 5}, {.tv_sec = 1100000000}};
    CHECK(futimens(fd, times) == 0);
    struct stat stats;
    CHECK(fstat(fd, &stats) == 0 && stats.st_mtim.tv_sec == 1100000000);
    CHECK(fsync(fd) == 0 && close(fd) == 0);
    CHECK(open("numbers", O_CREAT | O_EXCL | O_RDWR, 0666) == -1 && errno == EEXIST);
    CHECK(open("nowhere", O_RDONLY) == -1 && errno == ENOENT);
    CHECK(write(99, "x", 1) == -1 && errno == EBADF);
}

static void names(void) {
    CHECK(mkdir("folder", 0777) == 0 && mkdir("folder", 0777) == -1 && errno == EEXIST);
    CHECK(rename("numbers", "folder/moved") == 0 && access("numbers", F_OK) == -1);
    struct stat one, two;
    CHECK(stat("folder/moved", &one) == 0 && one.st_ino != 0);
    CHECK(link("folder/moved", "second") == 0);
    CHECK(stat("second", &two) == 0 && two.st_nlink == 2 && two.st_ino == one.st_ino);
    CHECK(rmdir("folder") == -1 && errno == ENOTEMPTY);
    CHECK(unlink("folder/moved") == 0 && unlink("second") == 0 && rmdir("folder") == 0);
}

static void links(void) {
    CHECK(mkdir("folder", 0777) == 0 && fclose(fopen("folder/file", "w")) == 0);
    CHECK(symlink("folder/file", "link") == 0);
    char target[64];
    ssize_t length = readlink("link", target, sizeof target);
    CHECK(length == 11 && memcmp(target, "folder/file", 11) == 0);
    struct stat one, two;
    CHECK(lstat("link", &one) == 0 && S_ISLNK(one.st_mode));
    CHECK(stat("link", &one) == 0 && stat("folder/file", &two) == 0);
    CHECK(one.st_ino == two.st_ino && one.st_dev == two.st_dev && one.st_ino != 0);
    CHECK(unlink("link") == 0 && unlink("folder/file") == 0 && rmdir("folder") == 0);
}

/* More entries than fit one buffer of the C library's, each listed once, and again after a step back. */
static void listing(void) {
    enum { MANY = 500 };
    CHECK(mkdir("many", 0777) == 0);
    char name[64];
    for (int index = 0; index < MANY; index++) {
        snprintf(name, sizeof name, "many/entry-of-some-length-%04d", index);
        CHECK(fclose(fopen(name, "w")) == 0);
    }
    DIR *directory = opendir("many");
    CHECK(directory != NULL);
    for (int round = 0; round < 2; round++) {
        static char seen[MANY];
        memset(seen, 0, sizeof seen);
        int others = 0;
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            int index;
            if (sscanf(entry->d_name, "entry-of-some-length-%d", &index) != 1) {
                others++;
                continue;
            }
            CHECK(index >= 0 && index < MANY && !seen[index] && entry->d_type == DT_REG && entry->d_ino != 0);
            seen[index] = 1;
        }
        CHECK(memchr(seen, 0, sizeof seen) == NULL && others == 2);
        rewinddir(directory);
    }
    CHECK(closedir(directory) == 0);
}

int main(int count, char **arguments) {
    CHECK(count >= 2 && chdir(arguments[1]) == 0);
    streams();
    descriptors();
    names();
    if (count == 3 && strcmp(arguments[2], "links") == 0)
        links();
    listing();
    puts("files: all well");
    return 0;
}
