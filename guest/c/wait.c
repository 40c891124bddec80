/* Time and waiting by the C library: clocks, sleep, poll; and what comes on stdin, line by line, in capitals. */

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) exit(2);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void) {
    double before = seconds(CLOCK_MONOTONIC);
    struct timespec pause = {.tv_nsec = 20000000};
    if (nanosleep(&pause, NULL) != 0 || seconds(CLOCK_MONOTONIC) - before < 0.02) return 1;
    if (seconds(CLOCK_REALTIME) < 1.6e9 || getenv("UNSET") != NULL) return 1;

    struct pollfd both[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
    if (poll(both, 2, 10000) < 1 || !(both[1].revents & POLLOUT)) return 1;
    while (poll(both, 1, -1) == 1) {
        char text[256];
        ssize_t length = read(0, text, sizeof text);
        if (length <= 0) break;
        for (ssize_t index = 0; index < length; index++) text[index] = (char)toupper((unsigned char)text[index]);
        if (fwrite(text, 1, (size_t)length, stdout) != (size_t)length) return 1;
    }
    fputs("wait: all well\n", stderr);
    return 0;
}
