/* measure.c - runs a command and tells what it took.
 *
 *     measure FILE COMMAND [ARGUMENTS]...
 *
 * Writes one line to FILE: seconds, seconds of processor (user and system, all threads), and peak
 * resident memory in KiB. What the command reads and writes is its own. Exits as the command. It is
 * small itself, since a child's peak begins with that of the program it was forked from.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage used;
    double const started = now();
    double taken;
    pid_t child;
    FILE *file;
    int status = 0;
    if (argc < 3) {
        (void)fprintf(stderr, "usage: measure FILE COMMAND [ARGUMENTS]...\n");
        return 2;
    }
    child = fork();
    if (child == 0) {
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child ||
        getrusage(RUSAGE_CHILDREN, &used) != 0) {
        perror("measure");
        return 1;
    }
    taken = now() - started;
    file = fopen(argv[1], "w");
    if (file == NULL ||
        fprintf(file, "%.6f %.6f %ld\n", taken, seconds(used.ru_utime) + seconds(used.ru_stime),
                used.ru_maxrss) < 0 ||
        fclose(file) != 0) {
        perror(argv[1]);
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
